/*
 * Custom request headers: see bc_headers.h. The check is strict about the shape of lines: what
 * passes here goes into a request as it stands, so nothing in it may begin a line of its own.
 */
#include <bitscore/bc_headers.h>
#include <bitscore/bc_http.h>

#include <string.h>

bool bc_headers_next(const char **cursor, struct bc_span *line)
{
    const char *text = *cursor;
    size_t len = strcspn(text, "\n");

    if (!*text)
        return false;
    *cursor = text + len + (text[len] == '\n');
    if (len && text[len - 1] == '\r')
        len--;
    *line = (struct bc_span){text, len};
    return true;
}

bool bc_headers_reserved(struct bc_span name)
{
    static const char *const names[] = {
        "content-length",
        "transfer-encoding",
        "content-range",
        "content-encoding",
        "connection",
        "keep-alive",
        "proxy-connection",
        "upgrade",
        "te",
        "trailer",
        "expect",
        "range",
        "if-range",
        "if-match",
        "if-none-match",
        "if-modified-since",
        "if-unmodified-since",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (bc_span_is(name, names[i]))
            return true;
    return name.len >= 5 && bc_span_is((struct bc_span){name.ptr, 5}, "bits-");
}

int32_t bc_headers_check(const char *text)
{
    struct bc_span line, name, value;
    size_t units;

    if (!text)
        return BC_S_OK;
    if (!bc_utf8_units(text, strlen(text), &units))
        return BC_E_INVALIDARG;
    if (units >= BC_HEADERS_MAX_CHARS)
        return BC_E_STRING_TOO_LONG;
    while (bc_headers_next(&text, &line))
        if (memchr(line.ptr, '\r', line.len) ||
            !bc_http_split_field(line.ptr, line.len, &name, &value) || bc_headers_reserved(name))
            return BC_E_INVALIDARG;
    return BC_S_OK;
}

int32_t bc_headers_check_method(const char *method)
{
    size_t len = method ? strlen(method) : 0;

    if (!len || len > BC_METHOD_MAX_CHARS)
        return BC_E_INVALIDARG;
    for (size_t i = 0; i < len; i++)
        if (!bc_is_alpha(method[i]) && !bc_is_digit(method[i]) &&
            !strchr("!#$%&'*+-.^_`|~", method[i]))
            return BC_E_INVALIDARG;
    return BC_S_OK;
}
