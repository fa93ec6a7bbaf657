/*
 * What libcurl has to know of a request: URL, headers, range, TLS, proxy, credentials, limits.
 *
 * Called by http.c for every request; calls proxy.c and the setters of libcurl. The handle comes
 * reset, so only what differs from libcurl's defaults is set here. Security flags are those of
 * nf-bits2_5-ibackgroundcopyjobhttpoptions-setsecurityflags.
 */
#include "transfer_private.h"

#include <bitscore/bc_url.h>

#include <stdio.h>
#include <stdlib.h>

/* An option of our libcurl only (subprojects/packagefiles/curl): whose credentials NTLM and
 * Negotiate take where there is no name. Another libcurl does not know it, and gets none. */
#define SSPI_TOKEN ((CURLoption)(CURLOPTTYPE_CBPOINT + 9000))

/* What goes without a name, and authenticates connections instead of requests. */
#define CHALLENGED (CURLAUTH_NTLM | CURLAUTH_NEGOTIATE)

/* Headers that belong to us: a custom header of that name is not sent. */
static const char *const own_headers[] = {
    "range",    "if-range", "accept-encoding", "content-length", "transfer-encoding", "connection",
    "if-match", "te",       "upgrade",         "host",           "content-range",
};

static BOOL is_own_header(const struct download *download, struct bc_span name)
{
    if (download->upload && upload_is_own_header(name))
        return TRUE;
    for (size_t i = 0; i < ARRAYSIZE(own_headers); i++)
        if (bc_span_is(name, own_headers[i]))
            return TRUE;
    return FALSE;
}

BOOL http_add_header(struct download *download, const char *line)
{
    struct curl_slist *list = curl_slist_append(download->headers, line);

    if (list)
        download->headers = list;
    return list != NULL;
}

/* One custom header; a line that is no header is left out, so that it cannot smuggle anything. */
static BOOL add_custom_header(struct download *download, const char *line, size_t length)
{
    struct bc_span name, value;
    char *text;
    BOOL good;

    if (!bc_http_split_field(line, length, &name, &value) || is_own_header(download, name))
        return TRUE;
    text = malloc(name.len + value.len + 3);
    if (!text)
        return FALSE;
    memcpy(text, name.ptr, name.len);
    if (value.len) {
        memcpy(text + name.len, ": ", 2);
        memcpy(text + name.len + 2, value.ptr, value.len);
        text[name.len + 2 + value.len] = 0;
    } else {
        strcpy(text + name.len, ";"); /* libcurl's way to send an empty header */
    }
    good = http_add_header(download, text);
    free(text);
    return good;
}

static BOOL add_custom_headers(struct download *download)
{
    const char *line = download->spec.custom_headers;

    while (line && *line) {
        size_t length = strcspn(line, "\r\n");

        if (length && !add_custom_header(download, line, length))
            return FALSE;
        line += length;
        line += strspn(line, "\r\n");
    }
    return TRUE;
}

/* Range as libcurl's option wants it, and If-Range as a header. */
static BOOL set_range(struct download *download, CURL *easy)
{
    char range[BC_HTTP_RANGE_SIZE], condition[BC_HTTP_ETAG_MAX + 1];
    char line[sizeof(condition) + sizeof("If-Range: ")];

    if (!download->request.ranged)
        return TRUE;
    if (bc_failed(bc_http_format_range(download->request.offset, download->request.length, range,
                                       sizeof(range))))
        return FALSE;
    curl_easy_setopt(easy, CURLOPT_RANGE, range + strlen("bytes="));
    if (bc_validators_if_range(&download->known, condition, sizeof(condition)) != BC_S_OK)
        return TRUE;
    snprintf(line, sizeof(line), "If-Range: %s", condition);
    return http_add_header(download, line);
}

static void set_method(const struct download *download, CURL *easy)
{
    const char *method = download->spec.method;

    if (method && strcmp(method, "GET"))
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

static void set_speed(const struct download *download, CURL *easy)
{
    const struct transfer_options *options = &download->transfer->options;
    UINT64 rate = download->spec.rate;

    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)FIRST_BUFFER);
    if (rate)
        curl_easy_setopt(
            easy, download->upload ? CURLOPT_MAX_SEND_SPEED_LARGE : CURLOPT_MAX_RECV_SPEED_LARGE,
            (curl_off_t)rate);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                     (long)((options->stall_timeout_ms + 999) / 1000));
}

/* TRUE when both are NULL or equal. */
static BOOL same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static unsigned long scheme_bit(BG_AUTH_SCHEME scheme)
{
    switch (scheme) {
    case BG_AUTH_SCHEME_BASIC:
        return CURLAUTH_BASIC;
    case BG_AUTH_SCHEME_DIGEST:
        return CURLAUTH_DIGEST;
    case BG_AUTH_SCHEME_NTLM:
        return CURLAUTH_NTLM;
    case BG_AUTH_SCHEME_NEGOTIATE:
        return CURLAUTH_NEGOTIATE;
    default:
        return 0;
    }
}

/* The schemes of one name and password. The owner's own identity is for both that need no name, as
 * the server likes, unless the target has other credentials for one of them (authentication). */
static unsigned long schemes_of(const struct download *download,
                                const struct transfer_credential *credential)
{
    unsigned long schemes = scheme_bit(credential->scheme);

    if (!(schemes & CHALLENGED) || (credential->user && credential->user[0]))
        return schemes;
    if (credential->user) /* an empty name is nobody's, not the owner's */
        return 0;
    schemes = CHALLENGED;
    for (ULONG i = 0; i < download->spec.credential_count; i++) {
        const struct transfer_credential *other = &download->spec.credentials[i];

        if (other->target == credential->target && other->user)
            schemes &= ~scheme_bit(other->scheme);
    }
    return schemes;
}

/*
 * The credentials of one attempt: the round-th name and password of the target, with all schemes
 * that they are given for. Returns the schemes, 0 when there is no such round.
 */
static unsigned long pick_credentials(const struct download *download, BG_AUTH_TARGET target,
                                      ULONG round, const struct transfer_credential **picked)
{
    const struct transfer_credential *list = download->spec.credentials, *found = NULL;
    unsigned long schemes = 0;

    for (ULONG i = 0; i < download->spec.credential_count; i++) {
        BOOL first = TRUE;

        if (list[i].target != target || !schemes_of(download, &list[i]))
            continue;
        for (ULONG j = 0; j < i && first; j++)
            first = list[j].target != target || !schemes_of(download, &list[j]) ||
                    !same_text(list[j].user, list[i].user) ||
                    !same_text(list[j].password, list[i].password);
        if (!found && first && !round--)
            found = &list[i];
        if (found && same_text(found->user, list[i].user) &&
            same_text(found->password, list[i].password))
            schemes |= schemes_of(download, &list[i]);
    }
    *picked = found;
    return schemes;
}

BOOL http_next_credentials(struct download *download, BG_AUTH_TARGET target)
{
    const struct transfer_credential *picked;
    ULONG *round = &download->auth_round[target == BG_AUTH_TARGET_PROXY];

    if (!pick_credentials(download, target, *round + 1, &picked))
        return FALSE;
    ++*round;
    return TRUE;
}

/* libcurl sends a name and password unasked when Basic is the only scheme that it may use. A second
 * scheme, one that no server asks for, makes it wait for the question. */
static unsigned long when_asked(unsigned long schemes)
{
    return schemes == CURLAUTH_BASIC ? schemes | CURLAUTH_AWS_SIGV4 : schemes;
}

void http_note_schemes(struct download *download, CURL *easy)
{
    const struct transfer_credential *picked;
    long asked = 0;

    curl_easy_getinfo(easy, CURLINFO_HTTPAUTH_AVAIL, &asked);
    if (!asked)
        return;
    asked &= pick_credentials(download, BG_AUTH_TARGET_SERVER, download->auth_round[0], &picked);
    if (asked & (CURLAUTH_NEGOTIATE | CURLAUTH_NTLM))
        download->scheme = 0;
    else
        download->scheme = asked & (long)CURLAUTH_DIGEST ? CURLAUTH_DIGEST : (unsigned long)asked;
}

/* The name and password of the URL itself (authentication), when the job has no others. */
static void set_url_credentials(const struct download *download, CURL *easy)
{
    char user[BC_URL_UTF8_SIZE], password[BC_URL_UTF8_SIZE];
    struct bc_url url;

    if (FAILED(bc_url_parse(download->spec.url, &url)) ||
        bc_url_userinfo(&url, user, sizeof(user), password, sizeof(password)) != BC_S_OK)
        return;
    curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC | CURLAUTH_DIGEST);
    curl_easy_setopt(easy, CURLOPT_USERNAME, user);
    curl_easy_setopt(easy, CURLOPT_PASSWORD, password);
    SecureZeroMemory(password, sizeof(password));
}

/* Adds one target's part of who a connection is authenticated as. */
static size_t add_user(const struct download *download, const struct transfer_credential *picked,
                       char *text, size_t room)
{
    if (!picked)
        return (size_t)snprintf(text, room, "\n");
    if (picked->user)
        return (size_t)snprintf(text, room, "=%s\n%s\n", picked->user,
                                picked->password ? picked->password : "");
    return (size_t)snprintf(text, room, "%lx:%lx\n", download->user_id.HighPart,
                            download->user_id.LowPart);
}

/* NTLM and Negotiate authenticate a connection, not a request: who is named here has it for
 * himself. NULL: no such scheme for that target. */
static BOOL set_connection_user(const struct download *download, CURL *easy,
                                const struct transfer_credential *server,
                                const struct transfer_credential *proxy)
{
    size_t room = add_user(download, server, NULL, 0) + add_user(download, proxy, NULL, 0) + 1;
    char *text = malloc(room);
    size_t used;
    BOOL good;

    if (!text)
        return FALSE;
    used = add_user(download, server, text, room);
    add_user(download, proxy, text + used, room - used);
    good = !curl_easy_setopt(easy, CURLOPT_SASL_AUTHZID, text);
    SecureZeroMemory(text, room);
    free(text);
    return good;
}

/* The credentials for one target, and the schemes they are for; 0: there are none. */
static unsigned long find_credentials(const struct download *download, CURL *easy,
                                      BG_AUTH_TARGET target,
                                      const struct transfer_credential **picked)
{
    ULONG round = download->auth_round[target == BG_AUTH_TARGET_PROXY];
    unsigned long schemes = pick_credentials(download, target, round, picked);

    if (target == BG_AUTH_TARGET_SERVER && download->left_origin)
        return 0;
    if (schemes && !(*picked)->user &&
        curl_easy_setopt(easy, SSPI_TOKEN,
                         download->spec.network_token ? download->spec.network_token
                                                      : download->spec.user))
        return 0;
    return schemes;
}

/* A name without password is the owner's own identity, or that of the helper token in his place;
 * libcurl takes it from an empty pair. FALSE: out of memory. */
static BOOL set_credentials(const struct download *download, CURL *easy)
{
    const struct transfer_credential *server, *proxy;
    unsigned long schemes, proxy_schemes;

    schemes = find_credentials(download, easy, BG_AUTH_TARGET_SERVER, &server);
    proxy_schemes = find_credentials(download, easy, BG_AUTH_TARGET_PROXY, &proxy);
    if (((schemes | proxy_schemes) & CHALLENGED) &&
        !set_connection_user(download, easy, schemes & CHALLENGED ? server : NULL,
                             proxy_schemes & CHALLENGED ? proxy : NULL))
        return FALSE;
    if (schemes) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH,
                         download->scheme ? download->scheme : when_asked(schemes));
        curl_easy_setopt(easy, CURLOPT_USERNAME, server->user ? server->user : "");
        curl_easy_setopt(easy, CURLOPT_PASSWORD, server->password ? server->password : "");
    } else if (!download->left_origin) {
        set_url_credentials(download, easy);
    }
    if (proxy_schemes) {
        curl_easy_setopt(easy, CURLOPT_PROXYAUTH, when_asked(proxy_schemes));
        curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, proxy->user ? proxy->user : "");
        curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD, proxy->password ? proxy->password : "");
        /* libcurl would let another job, without these credentials, use the open tunnel. */
        if (!_strnicmp(download->url, "https:", 6))
            curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    }
    return TRUE;
}

static void set_proxy(struct download *download, CURL *easy)
{
    const char *proxy = proxy_current(download);

    curl_easy_setopt(easy, CURLOPT_PROXY, proxy);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

struct failure http_options(struct download *download, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_PRIVATE, download);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, answer_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, download);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, answer_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, download);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "Microsoft BITS/7.8");
    if (curl_easy_setopt(easy, CURLOPT_URL, download->url))
        return failure_memory();
    set_speed(download, easy);
    set_proxy(download, easy);
    if (!set_credentials(download, easy))
        return failure_memory();
    if (!download->upload)
        set_method(download, easy);
    if (!(download->upload ? upload_options(download, easy) : set_range(download, easy)) ||
        !http_add_header(download, "Accept-Encoding: identity") ||
        (!download->left_origin && !add_custom_headers(download)))
        return failure_memory();
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, download->headers);
    return tls_options(download, easy);
}
