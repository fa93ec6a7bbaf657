/*
 * The forms of a remote name: on the wire, as a Windows path, resolved against another. See
 * bc_url.h. What is written here has been taken apart by bc_url.c before.
 */
#include <bitscore/bc_url.h>

#include <string.h>

#include "bc_url_parts.h"

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

        while (n < path.len && !bc_url_is_slash(path.ptr[n]))
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
            secret = bc_url_take(name.ptr + i + 1, name.ptr + name.len);
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
        if (bc_url_is_slash(reference[0]) && bc_url_is_slash(reference[1])) {
            if (bc_failed(bc_url_parse_http(reference + 2, &target)))
                return BC_E_INVALIDARG;
        } else {
            target.host = base->host;
            target.port = base->port;
            bc_url_parse_tail(reference, &target);
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
    } else if (target.path.len && !bc_url_is_slash(target.path.ptr[0])) {
        size_t keep = base->path.len;

        while (keep && !bc_url_is_slash(base->path.ptr[keep - 1]))
            keep--;
        if (!keep)
            bc_out_char(&out, '/');
        put_path(&out, bc_url_take(base->path.ptr, base->path.ptr + keep));
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
