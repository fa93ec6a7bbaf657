/*
 * Remote names: see bc_url.h. This file parses, checks and judges; bc_url_form.c writes. Parsing
 * keeps spans into the text and copies nothing. In http URLs a backslash counts as a slash, as
 * Windows' own URL functions take it; the wire form always has slashes, so that no later reader of
 * the URL can see another host than the one checked here.
 */
#include <bitscore/bc_url.h>
#include <bitscore/bc_path.h>

#include <string.h>

#include "bc_url_parts.h"

bool bc_url_is_http(enum bc_scheme scheme)
{
    return scheme == BC_SCHEME_HTTP || scheme == BC_SCHEME_HTTPS;
}

static bool has_drive(const char *text)
{
    return bc_is_alpha(text[0]) && text[1] == ':' && bc_url_is_slash(text[2]);
}

static bool starts_with_nocase(const char *text, const char *word)
{
    for (; *word; text++, word++)
        if (bc_to_lower(*text) != *word)
            return false;
    return true;
}

/* A registered name or IPv4 address, or an IPv6 address in brackets. */
static bool http_host_valid(struct bc_span host)
{
    if (!host.len || host.len > 255)
        return false;
    if (host.ptr[0] == '[') {
        if (host.len < 4 || host.ptr[host.len - 1] != ']')
            return false;
        for (size_t i = 1; i + 1 < host.len; i++)
            if (!bc_is_hex(host.ptr[i]) && host.ptr[i] != ':' && host.ptr[i] != '.')
                return false;
        return true;
    }
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];

        if (!bc_is_alpha(c) && !bc_is_digit(c) && c != '-' && c != '.' && c != '_' && c != '~')
            return false;
    }
    return host.ptr[0] != '.';
}

/* Server names of UNC paths: NetBIOS names may hold any letter; '@' marks WebDAV ports. */
static bool unc_host_valid(struct bc_span host)
{
    if (!host.len || host.len > 255 || host.ptr[0] == '.')
        return false;
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];

        if (!bc_is_alpha(c) && !bc_is_digit(c) && !((unsigned char)c & 0x80) &&
            !strchr("-._~@!$&'()", c))
            return false;
    }
    return true;
}

/* [userinfo@]host[:port] */
static int32_t parse_authority(struct bc_span authority, struct bc_url *url)
{
    struct bc_span host = authority, port = {NULL, 0};
    size_t i;

    for (i = host.len; i > 0; i--) {
        if (host.ptr[i - 1] == '@') {
            url->userinfo = bc_url_take(host.ptr, host.ptr + i - 1);
            host = bc_url_take(host.ptr + i, host.ptr + host.len);
            break;
        }
    }
    for (i = host.len; i > 0 && host.ptr[i - 1] != ']'; i--) {
        if (host.ptr[i - 1] == ':') {
            port = bc_url_take(host.ptr + i, host.ptr + host.len);
            host.len = i - 1;
            break;
        }
    }
    if (!http_host_valid(host))
        return BC_E_INVALIDARG;
    url->host = host;
    url->port = url->scheme == BC_SCHEME_HTTPS ? 443 : 80;
    if (port.len) {
        uint64_t value;

        if (!bc_span_to_u64(port, &value) || !value || value > 65535)
            return BC_E_INVALIDARG;
        url->port = (uint16_t)value;
        url->has_port = true;
    }
    return BC_S_OK;
}

void bc_url_parse_tail(const char *text, struct bc_url *url)
{
    const char *end = text + strcspn(text, "?#");

    url->path = bc_url_take(text, end);
    if (*end == '?') {
        text = end + 1;
        end = text + strcspn(text, "#");
        url->has_query = true;
        url->query = bc_url_take(text, end);
    }
    if (*end == '#')
        url->fragment = bc_span_of(end + 1);
}

int32_t bc_url_parse_http(const char *text, struct bc_url *url)
{
    const char *end = text + strcspn(text, "/\\?#");

    bc_url_parse_tail(end, url);
    return parse_authority(bc_url_take(text, end), url);
}

static int32_t parse_unc(const char *text, enum bc_scheme scheme, struct bc_url *url)
{
    const char *end = text + strcspn(text, "/\\");

    url->scheme = scheme;
    url->host = bc_url_take(text, end);
    url->path = bc_span_of(end);
    return unc_host_valid(url->host) ? BC_S_OK : BC_E_INVALIDARG;
}

static int32_t parse_drive(const char *text, enum bc_scheme scheme, struct bc_url *url)
{
    url->scheme = scheme;
    url->path = bc_span_of(text);
    return BC_S_OK;
}

/* What follows "file:": two slashes and a server, or three and a drive (two also seen), or four
 * and a server. */
static int32_t parse_file(const char *text, struct bc_url *url)
{
    if (!bc_url_is_slash(text[0]) || !bc_url_is_slash(text[1]))
        return BC_E_INVALIDARG;
    text += 2;
    if (starts_with_nocase(text, "localhost") && bc_url_is_slash(text[9]))
        text += 9;
    if (has_drive(text))
        return parse_drive(text, BC_SCHEME_FILE_DRIVE, url);
    if (!bc_url_is_slash(text[0]))
        return parse_unc(text, BC_SCHEME_FILE_UNC, url);
    if (has_drive(text + 1))
        return parse_drive(text + 1, BC_SCHEME_FILE_DRIVE, url);
    if (bc_url_is_slash(text[1]))
        return parse_unc(text + 2, BC_SCHEME_FILE_UNC, url);
    return BC_E_INVALIDARG;
}

int32_t bc_url_parse(const char *text, struct bc_url *url)
{
    size_t len = text ? strlen(text) : 0;

    memset(url, 0, sizeof(*url));
    if (!len || !bc_utf8_units(text, len, NULL))
        return BC_E_INVALIDARG;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return BC_E_INVALIDARG;
    if (starts_with_nocase(text, "http://")) {
        url->scheme = BC_SCHEME_HTTP;
        return bc_url_parse_http(text + 7, url);
    }
    if (starts_with_nocase(text, "https://")) {
        url->scheme = BC_SCHEME_HTTPS;
        return bc_url_parse_http(text + 8, url);
    }
    if (starts_with_nocase(text, "file:"))
        return parse_file(text + 5, url);
    if (text[0] == '\\' && text[1] == '\\')
        return parse_unc(text + 2, BC_SCHEME_UNC, url);
    if (has_drive(text))
        return parse_drive(text, BC_SCHEME_DRIVE, url);
    return BC_E_INVALIDARG;
}

/* The name of a file on a share or drive: share and file named, each segment a possible name. */
static int32_t check_file_path(const struct bc_url *url)
{
    bool unc = url->scheme == BC_SCHEME_UNC || url->scheme == BC_SCHEME_FILE_UNC;
    char path[BC_URL_UTF8_SIZE + 2];
    const char *at = path;
    size_t segments = 0;
    int32_t hr = bc_url_to_path(url, path, sizeof(path));

    if (bc_failed(hr))
        return BC_E_INVALIDARG;
    at += unc ? 2 + strcspn(path + 2, "\\") : 2;
    while (*at) {
        struct bc_span segment;

        at++;
        segment = bc_url_take(at, at + strcspn(at, "\\"));
        if (!bc_path_segment_valid(segment))
            return BC_E_INVALIDARG;
        if (unc && !segments && (bc_span_is(segment, "pipe") || bc_span_is(segment, "mailslot")))
            return BC_E_INVALIDARG;
        segments++;
        at += segment.len;
    }
    return segments >= (unc ? 2 : 1) ? BC_S_OK : BC_E_INVALIDARG;
}

/* Clients must give legal URL characters; blanks and quotes are not, and '*' in a path is a
 * wildcard. Backslashes and letters outside ASCII are taken: the wire form makes them legal. */
static bool http_characters_legal(const struct bc_url *url)
{
    for (size_t i = 0; i < url->path.len; i++)
        if (strchr(" \"<>*", url->path.ptr[i]))
            return false;
    for (size_t i = 0; i < url->query.len; i++)
        if (strchr(" \"<>", url->query.ptr[i]))
            return false;
    return true;
}

int32_t bc_url_check_remote_name(const char *text, struct bc_url *url)
{
    struct bc_url parsed;
    size_t units, begin;
    int32_t hr;

    if (!text || !bc_utf8_units(text, strlen(text), &units) || units > BC_URL_MAX_CHARS)
        return BC_E_INVALIDARG;
    hr = bc_url_parse(text, &parsed);
    if (bc_failed(hr))
        return hr;
    begin = 0;
    for (size_t i = 0; i <= parsed.path.len; i++) {
        if (i < parsed.path.len && !bc_url_is_slash(parsed.path.ptr[i]))
            continue;
        if (i > begin && (!bc_utf8_units(parsed.path.ptr + begin, i - begin, &units) ||
                          units > BC_URL_SEGMENT_MAX_CHARS))
            return BC_E_INVALIDARG;
        begin = i + 1;
    }
    if (bc_url_is_http(parsed.scheme))
        hr = http_characters_legal(&parsed) ? BC_S_OK : BC_E_INVALIDARG;
    else
        hr = check_file_path(&parsed);
    if (bc_failed(hr))
        return hr;
    if (url)
        *url = parsed;
    return BC_S_OK;
}

int32_t bc_url_redirect_allowed(uint32_t security_flags, const struct bc_url *from,
                                const struct bc_url *to, int status)
{
    if ((security_flags & BC_REDIRECT_MASK) == BC_REDIRECT_DISALLOW)
        return BC_HR_HTTP(status);
    if (!bc_url_is_http(to->scheme))
        return BC_HR_HTTP(status);
    if (from->scheme == BC_SCHEME_HTTPS && to->scheme == BC_SCHEME_HTTP &&
        !(security_flags & BC_REDIRECT_ALLOW_HTTPS_TO_HTTP))
        return BC_HR_HTTP(status);
    return BC_S_OK;
}

bool bc_url_same_origin(const struct bc_url *a, const struct bc_url *b)
{
    return bc_url_is_http(a->scheme) && a->scheme == b->scheme && a->port == b->port &&
           bc_span_equal_nocase(a->host, b->host);
}

int32_t bc_url_replace_prefix(const char *name, const char *old_prefix, const char *new_prefix,
                              char *buffer, size_t size)
{
    size_t old_len = old_prefix ? strlen(old_prefix) : 0;
    struct bc_out out;
    int32_t hr;

    if (!old_len || !new_prefix || !*new_prefix)
        return BC_E_INVALIDARG;
    if (strncmp(name, old_prefix, old_len))
        return BC_S_FALSE;
    if (strlen(new_prefix) + strlen(name + old_len) >= BC_URL_UTF8_SIZE)
        return BC_E_INVALIDARG;
    bc_out_init(&out, buffer, size);
    bc_out_text(&out, new_prefix);
    bc_out_text(&out, name + old_len);
    hr = bc_out_finish(&out);
    return bc_succeeded(hr) ? bc_url_check_remote_name(buffer, NULL) : hr;
}
