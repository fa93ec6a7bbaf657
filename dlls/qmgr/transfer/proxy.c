/*
 * Proxies: which ones a request may go through, in the order to be tried.
 *
 * Called by http.c before each request and by http_options.c; calls WinHTTP for the user's settings
 * and for automatic detection, and bitscore for URLs. Automatic detection asks DNS and may run a
 * script, therefore it happens on a worker. Answers are kept for some seconds: the many small files
 * of one job ask the same question (nf-bits-ibackgroundcopyjob-setproxysettings).
 *
 * A list of proxies for libcurl is kept as strings one after the other, the last one empty.
 */
#include "transfer_private.h"
#include "../utf8.h"

#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winhttp.h>

/* Answers are kept so long, in ms. */
#define CACHE_MS 10000

static const char separators[] = "; \t\r\n";

/* ---- lists ---- */

/* TRUE when text matches a pattern in which * stands for anything; letters without case. */
static BOOL match(struct bc_span pattern, struct bc_span text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;

    while (t < text.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.len && bc_to_lower(pattern.ptr[p]) == bc_to_lower(text.ptr[t])) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++mark;
        } else {
            return FALSE;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

/* Takes the next item of a list; FALSE: there is none. */
static BOOL next_item(const char **list, struct bc_span *item)
{
    const char *start = *list + strspn(*list, separators);

    item->ptr = start;
    item->len = strcspn(start, separators);
    *list = start + item->len;
    return item->len > 0;
}

/* Cuts "http://" or "http=" off; FALSE: the item is for another scheme. */
static BOOL cut_scheme(struct bc_span *item, enum bc_scheme scheme, char mark)
{
    const char *name = scheme == BC_SCHEME_HTTPS ? "https" : "http";

    for (size_t i = 0; i < item->len; i++) {
        BOOL url = item->len - i >= 3 && !memcmp(item->ptr + i, "://", 3);

        if (!(mark == '=' ? item->ptr[i] == '=' : url))
            continue;
        if (!bc_span_is((struct bc_span){item->ptr, i}, name))
            return FALSE;
        i += mark == '=' ? 1 : 3;
        *item = (struct bc_span){item->ptr + i, item->len - i};
        break;
    }
    return TRUE;
}

static BOOL bypassed(const char *bypass, const struct bc_url *url)
{
    struct bc_span item, host = url->host;
    char with_port[300];

    if (!bypass || host.len > sizeof(with_port) - 8)
        return FALSE;
    snprintf(with_port, sizeof(with_port), "%.*s:%u", (int)host.len, host.ptr, url->port);
    while (next_item(&bypass, &item)) {
        if (bc_span_is(item, "<local>")) {
            if (!memchr(host.ptr, '.', host.len) && !memchr(host.ptr, ':', host.len))
                return TRUE;
        } else if (cut_scheme(&item, url->scheme, ':') &&
                   (match(item, host) || match(item, bc_span_of(with_port)))) {
            return TRUE;
        }
    }
    return FALSE;
}

/* A host and perhaps a port, nothing that could mean something else to libcurl. */
static BOOL is_server(struct bc_span item)
{
    for (size_t i = 0; i < item.len; i++)
        if (!bc_is_alpha(item.ptr[i]) && !bc_is_digit(item.ptr[i]) &&
            !strchr(".-_:[]", item.ptr[i]))
            return FALSE;
    return item.len > 0;
}

static BOOL has_port(struct bc_span item)
{
    size_t i = item.len;

    while (i && bc_is_digit(item.ptr[i - 1]))
        i--;
    return i && i < item.len && item.ptr[i - 1] == ':';
}

/*
 * Turns a list of WinHTTP's form ("[scheme=][scheme://]server[:port]" and separators) into proxies
 * for libcurl. NULL: out of memory. *invalid: something in it is no server.
 */
static char *choose(const char *list, const struct bc_url *url, BOOL *invalid)
{
    char *proxies = malloc(2 * strlen(list) + 32 * (strlen(list) / 2 + 1)), *end = proxies;
    struct bc_span item;

    *invalid = FALSE;
    if (!proxies)
        return NULL;
    while (next_item(&list, &item)) {
        if (!cut_scheme(&item, url->scheme, '='))
            continue;
        if (item.len > 7 && !memcmp(item.ptr, "http://", 7))
            item = (struct bc_span){item.ptr + 7, item.len - 7};
        if (item.len && item.ptr[item.len - 1] == '/')
            item.len--;
        if (!is_server(item)) {
            *invalid = TRUE;
            break;
        }
        end += sprintf(end, "http://%.*s%s", (int)item.len, item.ptr, has_port(item) ? "" : ":80");
        end++;
    }
    *end = 0;
    return proxies;
}

/* ---- the user's settings ---- */

struct settings {
    char *list, *bypass;
    WCHAR *script; /* address of a PAC script */
    BOOL detect;
};

static void settings_free(struct settings *settings)
{
    free(settings->list);
    free(settings->bypass);
    if (settings->script)
        GlobalFree(settings->script);
}

/* What the user has set (as the browser knows it), else what the machine has. */
static void settings_read(struct settings *settings)
{
    WINHTTP_CURRENT_USER_IE_PROXY_CONFIG user = {0};
    WINHTTP_PROXY_INFO machine = {0};

    memset(settings, 0, sizeof(*settings));
    if (WinHttpGetIEProxyConfigForCurrentUser(&user)) {
        settings->list = utf8_from_wide(user.lpszProxy);
        settings->bypass = utf8_from_wide(user.lpszProxyBypass);
        settings->script = user.lpszAutoConfigUrl;
        settings->detect = user.fAutoDetect;
        GlobalFree(user.lpszProxy);
        GlobalFree(user.lpszProxyBypass);
    }
    if (settings->list || settings->script || settings->detect)
        return;
    if (WinHttpGetDefaultProxyConfiguration(&machine)) {
        if (machine.dwAccessType == WINHTTP_ACCESS_TYPE_NAMED_PROXY) {
            settings->list = utf8_from_wide(machine.lpszProxy);
            settings->bypass = utf8_from_wide(machine.lpszProxyBypass);
        }
        GlobalFree(machine.lpszProxy);
        GlobalFree(machine.lpszProxyBypass);
    }
}

/* Asks the network, or the script; leaves a list in settings where there is an answer. May take
 * seconds. */
static void detect(const char *url, struct settings *settings)
{
    WINHTTP_AUTOPROXY_OPTIONS options = {.fAutoLogonIfChallenged = TRUE};
    WINHTTP_PROXY_INFO info = {0};
    WCHAR *wide = wide_from_utf8(url);
    HINTERNET session;

    session = WinHttpOpen(L"OpenBITS", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, 0);
    if (!session || !wide)
        goto close;
    if (settings->detect) {
        options.dwFlags |= WINHTTP_AUTOPROXY_AUTO_DETECT;
        options.dwAutoDetectFlags = WINHTTP_AUTO_DETECT_TYPE_DHCP | WINHTTP_AUTO_DETECT_TYPE_DNS_A;
    }
    if (settings->script) {
        options.dwFlags |= WINHTTP_AUTOPROXY_CONFIG_URL;
        options.lpszAutoConfigUrl = settings->script;
    }
    if (WinHttpGetProxyForUrl(session, wide, &options, &info)) {
        free(settings->list);
        free(settings->bypass);
        settings->list = utf8_from_wide(info.lpszProxy);
        settings->bypass = utf8_from_wide(info.lpszProxyBypass);
        GlobalFree(info.lpszProxy);
        GlobalFree(info.lpszProxyBypass);
    }
close:
    if (session)
        WinHttpCloseHandle(session);
    free(wide);
}

/* ---- answers that are kept ---- */

/* Whose settings count; NULL: this process's. */
static HANDLE proxy_user(const struct download *download)
{
    return download->spec.network_token ? download->spec.network_token : download->spec.user;
}

/* Who asks for which host: the key of the cache; to be freed. */
static char *cache_key(struct download *download, const struct bc_url *url)
{
    char user[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    char *key = malloc(url->host.len + 256), *sid = NULL;
    DWORD size;

    if (!key)
        return NULL;
    if (proxy_user(download) &&
        GetTokenInformation(proxy_user(download), TokenUser, user, sizeof(user), &size))
        ConvertSidToStringSidA(((TOKEN_USER *)user)->User.Sid, &sid);
    snprintf(key, url->host.len + 256, "%d %d %s %.*s:%u", download->spec.proxy.usage, url->scheme,
             sid ? sid : "", (int)url->host.len, url->host.ptr, url->port);
    if (sid)
        LocalFree(sid);
    return key;
}

static size_t list_size(const char *proxies)
{
    const char *end = proxies;

    while (*end)
        end += strlen(end) + 1;
    return end + 1 - proxies;
}

static char *list_copy(const char *proxies)
{
    char *copy = malloc(list_size(proxies));

    if (copy)
        memcpy(copy, proxies, list_size(proxies));
    return copy;
}

static char *cache_look(struct transfer *transfer, const char *key)
{
    char *proxies = NULL;

    AcquireSRWLockExclusive(&transfer->proxy_lock);
    for (size_t i = 0; i < ARRAYSIZE(transfer->proxy_cache) && !proxies; i++) {
        const struct proxy_answer *answer = &transfer->proxy_cache[i];

        if (answer->key && !strcmp(answer->key, key) && GetTickCount64() - answer->time < CACHE_MS)
            proxies = list_copy(answer->proxies);
    }
    ReleaseSRWLockExclusive(&transfer->proxy_lock);
    return proxies;
}

/* Takes key. */
static void cache_keep(struct transfer *transfer, char *key, const char *proxies)
{
    struct proxy_answer *answer;
    char *copy = list_copy(proxies);

    if (!copy) {
        free(key);
        return;
    }
    AcquireSRWLockExclusive(&transfer->proxy_lock);
    answer = &transfer->proxy_cache[transfer->proxy_next++ % ARRAYSIZE(transfer->proxy_cache)];
    free(answer->key);
    free(answer->proxies);
    answer->key = key;
    answer->proxies = copy;
    answer->time = GetTickCount64();
    ReleaseSRWLockExclusive(&transfer->proxy_lock);
}

void proxy_forget(struct transfer *transfer)
{
    for (size_t i = 0; i < ARRAYSIZE(transfer->proxy_cache); i++) {
        free(transfer->proxy_cache[i].key);
        free(transfer->proxy_cache[i].proxies);
    }
}

/* ---- what the downloads call ---- */

/* The user's settings for this URL; S_FALSE: a thread that may block has to ask. */
static HRESULT find_configured(struct download *download, const struct bc_url *url, BOOL block)
{
    char *key = cache_key(download, url);
    struct settings settings;
    BOOL invalid = FALSE, impersonating;

    if (!key)
        return E_OUTOFMEMORY;
    download->proxy = cache_look(download->transfer, key);
    if (download->proxy) {
        free(key);
        return S_OK;
    }
    impersonating = proxy_user(download) && SetThreadToken(NULL, proxy_user(download));
    if (download->spec.proxy.usage == BG_JOB_PROXY_USAGE_AUTODETECT) {
        memset(&settings, 0, sizeof(settings));
        settings.detect = TRUE;
    } else {
        settings_read(&settings);
    }
    if (settings.detect || settings.script) {
        if (!block) {
            if (impersonating)
                SetThreadToken(NULL, NULL);
            settings_free(&settings);
            free(key);
            return S_FALSE;
        }
        detect(download->url, &settings);
    }
    if (impersonating)
        SetThreadToken(NULL, NULL);
    if (settings.list && !bypassed(settings.bypass, url))
        download->proxy = choose(settings.list, url, &invalid);
    else
        download->proxy = calloc(1, 1);
    settings_free(&settings);
    if (!download->proxy) {
        free(key);
        return E_OUTOFMEMORY;
    }
    cache_keep(download->transfer, key, download->proxy);
    return S_OK;
}

HRESULT proxy_find(struct download *download, BOOL block)
{
    const struct transfer_proxy *wanted = &download->spec.proxy;
    BOOL invalid = FALSE;
    struct bc_url url;

    if (download->proxy)
        return S_OK;
    download->proxy_index = 0;
    if (bc_failed(bc_url_parse(download->url, &url)))
        return E_INVALIDARG;
    switch (wanted->usage) {
    case BG_JOB_PROXY_USAGE_PRECONFIG:
    case BG_JOB_PROXY_USAGE_AUTODETECT:
        return find_configured(download, &url, block);
    case BG_JOB_PROXY_USAGE_OVERRIDE:
        if (wanted->list && !bypassed(wanted->bypass, &url))
            download->proxy = choose(wanted->list, &url, &invalid);
        else
            download->proxy = calloc(1, 1);
        break;
    default:
        download->proxy = calloc(1, 1);
        break;
    }
    if (!download->proxy)
        return E_OUTOFMEMORY;
    return invalid ? BC_E_INVALID_PROXY_INFO : S_OK;
}

const char *proxy_current(struct download *download)
{
    const char *proxy = download->proxy ? download->proxy : "";

    for (ULONG i = 0; i < download->proxy_index && *proxy; i++)
        proxy += strlen(proxy) + 1;
    return proxy;
}

BOOL proxy_next(struct download *download)
{
    const char *proxy = proxy_current(download);

    if (!*proxy || !proxy[strlen(proxy) + 1])
        return FALSE;
    download->proxy_index++;
    return TRUE;
}
