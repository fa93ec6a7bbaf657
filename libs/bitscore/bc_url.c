/*
 * Remote names: see bc_url.h. Parsing keeps spans into the text; nothing is copied before the
 * wire form or the path is asked for. In http URLs a backslash counts as a slash, as Windows' own
 * URL functions take it; the wire form always has slashes, so that no later reader of the URL can
 * see another host than the one checked here.
 */
#include <bitscore/bc_url.h>
#include <bitscore/bc_path.h>

#include <string.h>

static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

bool bc_url_is_http(enum bc_scheme scheme)
{
    return scheme == BC_SCHEME_HTTP || scheme == BC_SCHEME_HTTPS;
}

static struct bc_span take(const char *begin, const char *end)
{
    return (struct bc_span){begin, (size_t)(end - begin)};
}

static bool has_drive(const char *text)
{
    return bc_is_alpha(text[0]) && text[1] == ':' && is_slash(text[2]);
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
            url->userinfo = take(host.ptr, host.ptr + i - 1);
            host = take(host.ptr + i, host.ptr + host.len);
            break;
        }
    }
    for (i = host.len; i > 0 && host.ptr[i - 1] != ']'; i--) {
        if (host.ptr[i - 1] == ':') {
            port = take(host.ptr + i, host.ptr + host.len);
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

/* /path?query#fragment */
static void parse_tail(const char *text, struct bc_url *url)
{
    const char *end = text + strcspn(text, "?#");

    url->path = take(text, end);
    if (*end == '?') {
        text = end + 1;
        end = text + strcspn(text, "#");
        url->has_query = true;
        url->query = take(text, end);
    }
    if (*end == '#')
        url->fragment = bc_span_of(end + 1);
}

static int32_t parse_http(const char *text, struct bc_url *url)
{
    const char *end = text + strcspn(text, "/\\?#");

    parse_tail(end, url);
    return parse_authority(take(text, end), url);
}

static int32_t parse_unc(const char *text, enum bc_scheme scheme, struct bc_url *url)
{
    const char *end = text + strcspn(text, "/\\");

    url->scheme = scheme;
    url->host = take(text, end);
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
    if (!is_slash(text[0]) || !is_slash(text[1]))
        return BC_E_INVALIDARG;
    text += 2;
    if (starts_with_nocase(text, "localhost") && is_slash(text[9]))
        text += 9;
    if (has_drive(text))
        return parse_drive(text, BC_SCHEME_FILE_DRIVE, url);
    if (!is_slash(text[0]))
        return parse_unc(text, BC_SCHEME_FILE_UNC, url);
    if (has_drive(text + 1))
        return parse_drive(text + 1, BC_SCHEME_FILE_DRIVE, url);
    if (is_slash(text[1]))
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
        return parse_http(text + 7, url);
    }
    if (starts_with_nocase(text, "https://")) {
        url->scheme = BC_SCHEME_HTTPS;
        return parse_http(text + 8, url);
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
        segment = take(at, at + strcspn(at, "\\"));
        if (!bc_path_segment_valid(segment))
            return BC_E_INVALIDARG;
        if (unc && !segments && (bc_span_is(segment, "pipe") || bc_span_is(segment, "mailslot")))
            return BC_E_INVALIDARG;
        segments++;
        at += segment.len;
    }
    return segments >= (unc ? 2 : 1) ? BC_S_OK : BC_E_INVALIDARG;
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
        if (i < parsed.path.len && !is_slash(parsed.path.ptr[i]))
            continue;
        if (i > begin && (!bc_utf8_units(parsed.path.ptr + begin, i - begin, &units) ||
                          units > BC_URL_SEGMENT_MAX_CHARS))
            return BC_E_INVALIDARG;
        begin = i + 1;
    }
    if (!bc_url_is_http(parsed.scheme)) {
        hr = check_file_path(&parsed);
        if (bc_failed(hr))
            return hr;
    }
    if (url)
        *url = parsed;
    return BC_S_OK;
}

static void put_escaped(struct bc_out *out, char c)
{
    static const char hex[] = "0123456789ABCDEF";
    unsigned char byte = (unsigned char)c;

    if (byte > 0x20 && byte < 0x7f && !strchr("\"<>^`{|}\\", c)) {
        bc_out_char(out, c);
        return;
    }
    bc_out_char(out, '%');
    bc_out_char(out, hex[byte >> 4]);
    bc_out_char(out, hex[byte & 15]);
}

static void put_path(struct bc_out *out, struct bc_span path)
{
    for (size_t i = 0; i < path.len; i++) {
        if (path.ptr[i] == '\\')
            bc_out_char(out, '/');
        else
            put_escaped(out, path.ptr[i]);
    }
}

static void put_query(struct bc_out *out, struct bc_span query)
{
    bc_out_char(out, '?');
    for (size_t i = 0; i < query.len; i++)
        put_escaped(out, query.ptr[i]);
}

static void put_origin(struct bc_out *out, const struct bc_url *url)
{
    bc_out_text(out, url->scheme == BC_SCHEME_HTTPS ? "https://" : "http://");
    for (size_t i = 0; i < url->host.len; i++)
        bc_out_char(out, bc_to_lower(url->host.ptr[i]));
    if (url->port != (url->scheme == BC_SCHEME_HTTPS ? 443 : 80)) {
        bc_out_char(out, ':');
        bc_out_u64(out, url->port);
    }
}

static void put_target(struct bc_out *out, const struct bc_url *url)
{
    if (!url->path.len)
        bc_out_char(out, '/');
    put_path(out, url->path);
    if (url->has_query)
        put_query(out, url->query);
}

int32_t bc_url_to_wire(const struct bc_url *url, char *buffer, size_t size)
{
    struct bc_out out;

    if (!bc_url_is_http(url->scheme))
        return BC_E_INVALIDARG;
    bc_out_init(&out, buffer, size);
    put_origin(&out, url);
    put_target(&out, url);
    return bc_out_finish(&out);
}

int32_t bc_url_to_target(const struct bc_url *url, char *buffer, size_t size)
{
    struct bc_out out;

    if (!bc_url_is_http(url->scheme))
        return BC_E_INVALIDARG;
    bc_out_init(&out, buffer, size);
    put_target(&out, url);
    return bc_out_finish(&out);
}

/* Puts text with its escapes resolved. False when an escape hides a separator or a control
 * character, which would turn a checked name into another one. */
static bool put_unescaped(struct bc_out *out, struct bc_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '%' && text.len - i > 2 && bc_is_hex(text.ptr[i + 1]) &&
            bc_is_hex(text.ptr[i + 2])) {
            c = (char)(bc_hex_value(text.ptr[i + 1]) << 4 | bc_hex_value(text.ptr[i + 2]));
            i += 2;
            if ((unsigned char)c < 0x20 || c == 0x7f)
                return false;
        }
        bc_out_char(out, c);
    }
    return true;
}

int32_t bc_url_to_path(const struct bc_url *url, char *buffer, size_t size)
{
    struct bc_out out;
    struct bc_span path = url->path;
    int32_t hr;

    if (bc_url_is_http(url->scheme))
        return BC_E_INVALIDARG;
    bc_out_init(&out, buffer, size);
    if (url->scheme == BC_SCHEME_UNC || url->scheme == BC_SCHEME_FILE_UNC) {
        bc_out_text(&out, "\\\\");
        bc_out_span(&out, url->host);
    }
    if (url->scheme == BC_SCHEME_UNC || url->scheme == BC_SCHEME_DRIVE) {
        for (size_t i = 0; i < path.len; i++)
            bc_out_char(&out, path.ptr[i] == '/' ? '\\' : path.ptr[i]);
        return bc_out_finish(&out);
    }
    while (path.len) {
        size_t n = 0;

        while (n < path.len && !is_slash(path.ptr[n]))
            n++;
        for (size_t i = 0; i + 2 < n; i++)
            if (path.ptr[i] == '%' &&
                (!strncmp(path.ptr + i + 1, "2f", 2) || !strncmp(path.ptr + i + 1, "2F", 2) ||
                 !strncmp(path.ptr + i + 1, "5c", 2) || !strncmp(path.ptr + i + 1, "5C", 2)))
                return BC_E_INVALIDARG;
        if (!put_unescaped(&out, (struct bc_span){path.ptr, n}))
            return BC_E_INVALIDARG;
        if (n < path.len) {
            bc_out_char(&out, '\\');
            n++;
        }
        path.ptr += n;
        path.len -= n;
    }
    hr = bc_out_finish(&out);
    if (bc_succeeded(hr) && !bc_utf8_units(buffer, out.used, NULL))
        return BC_E_INVALIDARG;
    return hr;
}

static int32_t decode_userinfo(struct bc_span text, char *buffer, size_t size)
{
    struct bc_out out;
    int32_t hr;

    bc_out_init(&out, buffer, size);
    if (!put_unescaped(&out, text))
        return BC_E_INVALIDARG;
    hr = bc_out_finish(&out);
    if (bc_succeeded(hr) && !bc_utf8_units(buffer, out.used, NULL))
        return BC_E_INVALIDARG;
    return hr;
}

int32_t bc_url_userinfo(const struct bc_url *url, char *user, size_t user_size, char *password,
                        size_t password_size)
{
    struct bc_span name = url->userinfo, secret = {NULL, 0};
    int32_t hr;

    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == ':') {
            secret = take(name.ptr + i + 1, name.ptr + name.len);
            name.len = i;
            break;
        }
    }
    hr = decode_userinfo(name, user, user_size);
    if (bc_succeeded(hr))
        hr = decode_userinfo(secret, password, password_size);
    if (bc_failed(hr))
        return hr;
    return url->userinfo.len ? BC_S_OK : BC_S_FALSE;
}

/*
 * Removes "." and ".." segments of a path in place (RFC 3986, 5.2.4). The path begins with '/'.
 * Returns the new length; the result begins with '/' too.
 */
static size_t remove_dots(char *path, size_t len)
{
    size_t from = 0, to = 0;

    while (from < len) {
        size_t end = from + 1, n;

        while (end < len && path[end] != '/')
            end++;
        n = end - from - 1;
        if (n == 1 && path[from + 1] == '.') {
            if (end == len)
                path[to++] = '/';
        } else if (n == 2 && path[from + 1] == '.' && path[from + 2] == '.') {
            while (to && path[--to] != '/')
                ;
            if (end == len)
                path[to++] = '/';
        } else {
            memmove(path + to, path + from, end - from);
            to += end - from;
        }
        from = end;
    }
    if (!to)
        path[to++] = '/';
    return to;
}

int32_t bc_url_resolve(const struct bc_url *base, const char *reference, char *buffer, size_t size)
{
    size_t scheme_end = reference ? strcspn(reference, ":/\\?#") : 0;
    struct bc_url target;
    struct bc_out out;
    size_t path_at;

    if (!reference || !bc_url_is_http(base->scheme))
        return BC_E_INVALIDARG;
    for (const char *c = reference; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return BC_E_INVALIDARG;
    if (reference[scheme_end] == ':' && scheme_end && bc_is_alpha(reference[0])) {
        if (bc_failed(bc_url_parse(reference, &target)) || !bc_url_is_http(target.scheme))
            return BC_E_INVALIDARG;
    } else {
        memset(&target, 0, sizeof(target));
        target.scheme = base->scheme;
        if (is_slash(reference[0]) && is_slash(reference[1])) {
            if (bc_failed(parse_http(reference + 2, &target)))
                return BC_E_INVALIDARG;
        } else {
            target.host = base->host;
            target.port = base->port;
            parse_tail(reference, &target);
        }
    }

    bc_out_init(&out, buffer, size);
    put_origin(&out, &target);
    path_at = out.used;
    if (!target.path.len && target.host.ptr == base->host.ptr) {
        if (!target.has_query) {
            target.has_query = base->has_query;
            target.query = base->query;
        }
        target.path = base->path;
    } else if (target.path.len && !is_slash(target.path.ptr[0])) {
        size_t keep = base->path.len;

        while (keep && !is_slash(base->path.ptr[keep - 1]))
            keep--;
        if (!keep)
            bc_out_char(&out, '/');
        put_path(&out, take(base->path.ptr, base->path.ptr + keep));
    }
    if (!target.path.len)
        bc_out_char(&out, '/');
    put_path(&out, target.path);
    if (!out.overflow)
        out.used = path_at + remove_dots(buffer + path_at, out.used - path_at);
    if (target.has_query)
        put_query(&out, target.query);
    return bc_out_finish(&out);
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
