/*
 * Small text tools: see bc_text.h. Pure functions over the caller's memory; the only ones of the
 * library that look at single bytes of UTF-8.
 */
#include <bitscore/bc_text.h>

#include <string.h>

struct bc_span bc_span_of(const char *text)
{
    struct bc_span span = {text, text ? strlen(text) : 0};
    return span;
}

bool bc_span_equal(struct bc_span a, struct bc_span b)
{
    return a.len == b.len && (!a.len || !memcmp(a.ptr, b.ptr, a.len));
}

bool bc_span_equal_nocase(struct bc_span a, struct bc_span b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (bc_to_lower(a.ptr[i]) != bc_to_lower(b.ptr[i]))
            return false;
    return true;
}

bool bc_span_is(struct bc_span span, const char *word)
{
    return bc_span_equal_nocase(span, bc_span_of(word));
}

struct bc_span bc_span_trim(struct bc_span span)
{
    while (span.len && (span.ptr[0] == ' ' || span.ptr[0] == '\t')) {
        span.ptr++;
        span.len--;
    }
    while (span.len && (span.ptr[span.len - 1] == ' ' || span.ptr[span.len - 1] == '\t'))
        span.len--;
    return span;
}

bool bc_span_to_u64(struct bc_span span, uint64_t *out)
{
    uint64_t value = 0;

    if (!span.len)
        return false;
    for (size_t i = 0; i < span.len; i++) {
        uint64_t digit;

        if (!bc_is_digit(span.ptr[i]))
            return false;
        digit = (uint64_t)(span.ptr[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

bool bc_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool bc_is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool bc_is_hex(char c)
{
    return bc_hex_value(c) >= 0;
}

char bc_to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

int bc_hex_value(char c)
{
    if (bc_is_digit(c))
        return c - '0';
    c = bc_to_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool bc_utf8_units(const char *text, size_t len, size_t *units)
{
    size_t count = 0;

    for (size_t i = 0; i < len;) {
        unsigned char lead = (unsigned char)text[i];
        uint32_t value, least;
        size_t more;

        if (lead < 0x80) {
            more = 0, value = lead, least = 0;
        } else if (lead >= 0xc2 && lead <= 0xdf) {
            more = 1, value = lead & 0x1fu, least = 0x80;
        } else if (lead >= 0xe0 && lead <= 0xef) {
            more = 2, value = lead & 0x0fu, least = 0x800;
        } else if (lead >= 0xf0 && lead <= 0xf4) {
            more = 3, value = lead & 0x07u, least = 0x10000;
        } else {
            return false;
        }
        if (len - i <= more)
            return false;
        for (size_t k = 1; k <= more; k++) {
            unsigned char next = (unsigned char)text[i + k];

            if ((next & 0xc0u) != 0x80)
                return false;
            value = value << 6 | (next & 0x3fu);
        }
        if (value < least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
            return false;
        count += value > 0xffff ? 2 : 1;
        i += more + 1;
    }
    if (units)
        *units = count;
    return true;
}

void bc_out_init(struct bc_out *out, char *buffer, size_t size)
{
    out->buffer = buffer;
    out->size = size;
    out->used = 0;
    out->overflow = !size;
}

void bc_out_char(struct bc_out *out, char c)
{
    if (out->overflow || out->size - out->used < 2) {
        out->overflow = true;
        return;
    }
    out->buffer[out->used++] = c;
}

void bc_out_text(struct bc_out *out, const char *text)
{
    bc_out_span(out, bc_span_of(text));
}

void bc_out_span(struct bc_out *out, struct bc_span span)
{
    if (out->overflow || out->size - out->used - 1 < span.len) {
        out->overflow = true;
        return;
    }
    if (span.len)
        memcpy(out->buffer + out->used, span.ptr, span.len);
    out->used += span.len;
}

void bc_out_u64(struct bc_out *out, uint64_t value)
{
    char digits[20];
    size_t n = sizeof(digits);

    do {
        digits[--n] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    bc_out_span(out, (struct bc_span){digits + n, sizeof(digits) - n});
}

int32_t bc_out_finish(struct bc_out *out)
{
    if (!out->size)
        return BC_E_WIN32_INSUFFICIENT_BUFFER;
    if (out->overflow) {
        out->buffer[0] = 0;
        return BC_E_WIN32_INSUFFICIENT_BUFFER;
    }
    out->buffer[out->used] = 0;
    return BC_S_OK;
}
