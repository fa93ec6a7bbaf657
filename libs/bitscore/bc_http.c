/*
 * HTTP answers, the reading half: header lines, Content-Range, validators. See bc_http.h. A header
 * given twice with different values makes an answer malformed where it frames the body; elsewhere
 * the first readable value counts.
 */
#include <bitscore/bc_http.h>

#include <string.h>

/* One year and a day: longer Retry-After values gain nothing over the retry rules. */
#define RETRY_AFTER_MAX (366u * 24 * 3600)

static bool is_token(char c)
{
    return bc_is_alpha(c) || bc_is_digit(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static struct bc_span chop_line_end(const char *line, size_t len)
{
    if (len && line[len - 1] == '\n')
        len--;
    if (len && line[len - 1] == '\r')
        len--;
    return (struct bc_span){line, len};
}

bool bc_http_split_field(const char *line, size_t len, struct bc_span *name, struct bc_span *value)
{
    struct bc_span text = chop_line_end(line, len);
    size_t colon = 0;

    while (colon < text.len && is_token(text.ptr[colon]))
        colon++;
    if (!colon || colon == text.len || text.ptr[colon] != ':')
        return false;
    for (size_t i = colon + 1; i < text.len; i++)
        if (((unsigned char)text.ptr[i] < 0x20 && text.ptr[i] != '\t') || text.ptr[i] == 0x7f)
            return false;
    *name = (struct bc_span){text.ptr, colon};
    *value = bc_span_trim((struct bc_span){text.ptr + colon + 1, text.len - colon - 1});
    return true;
}

/* Takes the text before the first separator from *rest; false when there is no separator. */
static bool cut(struct bc_span *rest, char separator, struct bc_span *head)
{
    for (size_t i = 0; i < rest->len; i++) {
        if (rest->ptr[i] == separator) {
            *head = bc_span_trim((struct bc_span){rest->ptr, i});
            rest->ptr += i + 1;
            rest->len -= i + 1;
            *rest = bc_span_trim(*rest);
            return true;
        }
    }
    return false;
}

bool bc_http_parse_content_range(struct bc_span value, struct bc_content_range *range)
{
    struct bc_span unit, span, first;
    struct bc_content_range parsed = {.total = BC_SIZE_UNKNOWN};

    if (!cut(&value, ' ', &unit) || !bc_span_is(unit, "bytes") || !cut(&value, '/', &span))
        return false;
    if (!bc_span_is(value, "*") &&
        (!bc_span_to_u64(value, &parsed.total) || parsed.total == BC_SIZE_UNKNOWN))
        return false;
    if (!bc_span_is(span, "*")) {
        if (!cut(&span, '-', &first) || !bc_span_to_u64(first, &parsed.first) ||
            !bc_span_to_u64(span, &parsed.last) || parsed.first > parsed.last ||
            parsed.last >= parsed.total)
            return false;
        parsed.satisfied = true;
    } else if (parsed.total == BC_SIZE_UNKNOWN) {
        return false;
    }
    *range = parsed;
    return true;
}

static bool same_range(const struct bc_content_range *a, const struct bc_content_range *b)
{
    return a->satisfied == b->satisfied && a->first == b->first && a->last == b->last &&
           a->total == b->total;
}

int32_t bc_http_format_range(uint64_t offset, uint64_t length, char *buffer, size_t size)
{
    struct bc_out out;

    if (!length || (length != BC_LENGTH_TO_EOF && length - 1 > UINT64_MAX - offset))
        return BC_E_INVALIDARG;
    bc_out_init(&out, buffer, size);
    bc_out_text(&out, "bytes=");
    bc_out_u64(&out, offset);
    bc_out_char(&out, '-');
    if (length != BC_LENGTH_TO_EOF)
        bc_out_u64(&out, offset + (length - 1));
    return bc_out_finish(&out);
}

void bc_validators_init(struct bc_validators *validators)
{
    memset(validators, 0, sizeof(*validators));
    validators->total = BC_SIZE_UNKNOWN;
}

bool bc_validators_strong(const struct bc_validators *validators)
{
    return validators->etag[0] == '"';
}

bool bc_validators_same(const struct bc_validators *a, const struct bc_validators *b)
{
    const char *tag_a = a->etag, *tag_b = b->etag;

    if (!strncmp(tag_a, "W/", 2))
        tag_a += 2;
    if (!strncmp(tag_b, "W/", 2))
        tag_b += 2;
    if (*tag_a && *tag_b && strcmp(tag_a, tag_b))
        return false;
    if (a->has_last_modified && b->has_last_modified && a->last_modified != b->last_modified)
        return false;
    return a->total == BC_SIZE_UNKNOWN || b->total == BC_SIZE_UNKNOWN || a->total == b->total;
}

int32_t bc_validators_if_range(const struct bc_validators *validators, char *buffer, size_t size)
{
    struct bc_out out;
    int32_t hr;

    if (!bc_validators_strong(validators) && validators->has_last_modified) {
        hr = bc_http_format_date(validators->last_modified, buffer, size);
        if (hr != BC_E_INVALIDARG)
            return hr;
    }
    bc_out_init(&out, buffer, size);
    if (bc_validators_strong(validators))
        bc_out_text(&out, validators->etag);
    hr = bc_out_finish(&out);
    return bc_failed(hr) || out.used ? hr : BC_S_FALSE;
}

/* Keeps a well-formed entity tag: [W/]"visible characters". */
static void read_etag(struct bc_span value, struct bc_validators *validators)
{
    size_t open = value.len > 2 && !strncmp(value.ptr, "W/", 2) ? 2 : 0;

    if (validators->etag[0] || value.len > BC_HTTP_ETAG_MAX || value.len < open + 2 ||
        value.ptr[open] != '"' || value.ptr[value.len - 1] != '"')
        return;
    for (size_t i = open + 1; i + 1 < value.len; i++)
        if ((unsigned char)value.ptr[i] <= 0x20 || value.ptr[i] == '"')
            return;
    memcpy(validators->etag, value.ptr, value.len);
    validators->etag[value.len] = 0;
}

/* Content-Length may repeat one value, in one header or several (RFC 9110, 8.6). */
static bool read_length(struct bc_span value, struct bc_http_response *response)
{
    struct bc_span item;
    uint64_t length;
    bool more;

    do {
        more = cut(&value, ',', &item);
        if (!bc_span_to_u64(more ? item : value, &length) || length == BC_SIZE_UNKNOWN ||
            (response->has_length && response->length != length))
            return false;
        response->has_length = true;
        response->length = length;
    } while (more);
    return true;
}

static void read_retry_after(struct bc_span value, int64_t now, struct bc_http_response *response)
{
    uint64_t seconds;
    int64_t date;

    if (response->has_retry_after)
        return;
    if (!bc_span_to_u64(value, &seconds)) {
        if (!bc_http_parse_date(value, now, &date))
            return;
        seconds = date > now ? (uint64_t)date - (uint64_t)now : 0;
    }
    response->has_retry_after = true;
    response->retry_after = seconds > RETRY_AFTER_MAX ? RETRY_AFTER_MAX : seconds;
}

/* "HTTP/1.1 206 Partial Content", "HTTP/2 200" */
static bool read_status_line(struct bc_span line, struct bc_http_response *response)
{
    struct bc_span version, status;
    size_t i = 5;

    while (i < line.len && line.ptr[i] != ' ')
        i++;
    version = (struct bc_span){line.ptr + 5, i - 5};
    if (version.len == 1 && bc_is_digit(version.ptr[0]))
        response->version = 10 * (version.ptr[0] - '0');
    else if (version.len == 3 && bc_is_digit(version.ptr[0]) && version.ptr[1] == '.' &&
             bc_is_digit(version.ptr[2]))
        response->version = 10 * (version.ptr[0] - '0') + (version.ptr[2] - '0');
    else
        return false;
    status = (struct bc_span){line.ptr + i, line.len - i};
    if (status.len < 4 || !bc_is_digit(status.ptr[1]) || !bc_is_digit(status.ptr[2]) ||
        !bc_is_digit(status.ptr[3]) || status.ptr[1] == '0' ||
        (status.len > 4 && status.ptr[4] != ' '))
        return false;
    response->status =
        100 * (status.ptr[1] - '0') + 10 * (status.ptr[2] - '0') + (status.ptr[3] - '0');
    return true;
}

void bc_http_response_init(struct bc_http_response *response)
{
    memset(response, 0, sizeof(*response));
    bc_validators_init(&response->validators);
}

/* The size of the whole file, as far as the headers read so far tell. */
static void update_total(struct bc_http_response *response)
{
    if (response->has_range)
        response->validators.total = response->range.total;
    else if (response->has_length && !response->chunked &&
             (response->status == 200 || response->status == 203))
        response->validators.total = response->length;
    else
        response->validators.total = BC_SIZE_UNKNOWN;
}

static bool read_field(struct bc_span name, struct bc_span value, int64_t now,
                       struct bc_http_response *response)
{
    struct bc_validators *validators = &response->validators;

    if (bc_span_is(name, "content-length")) {
        if (!read_length(value, response))
            return false;
    } else if (bc_span_is(name, "transfer-encoding")) {
        response->chunked = true;
    } else if (bc_span_is(name, "content-range")) {
        struct bc_content_range range;

        if (!bc_http_parse_content_range(value, &range) ||
            (response->has_range && !same_range(&range, &response->range)))
            return false;
        response->has_range = true;
        response->range = range;
    } else if (bc_span_is(name, "content-type")) {
        static const char multipart[] = "multipart/byteranges";

        if (value.len >= sizeof(multipart) - 1)
            value.len = sizeof(multipart) - 1;
        response->multipart = bc_span_is(value, multipart);
    } else if (bc_span_is(name, "content-encoding")) {
        response->encoded = response->encoded || (value.len && !bc_span_is(value, "identity"));
    } else if (bc_span_is(name, "accept-ranges")) {
        response->ranges_none = bc_span_is(value, "none");
        response->ranges_bytes = bc_span_is(value, "bytes");
    } else if (bc_span_is(name, "etag")) {
        read_etag(value, validators);
    } else if (bc_span_is(name, "last-modified")) {
        if (!validators->has_last_modified)
            validators->has_last_modified =
                bc_http_parse_date(value, now, &validators->last_modified);
    } else if (bc_span_is(name, "retry-after")) {
        read_retry_after(value, now, response);
    }
    update_total(response);
    return true;
}

int32_t bc_http_response_line(struct bc_http_response *response, const char *line, size_t len,
                              int64_t now)
{
    struct bc_span text = chop_line_end(line, len), name, value;

    if (text.len >= 5 && !memcmp(text.ptr, "HTTP/", 5)) {
        bc_http_response_init(response);
        if (read_status_line(text, response))
            return BC_S_OK;
    } else if (!bc_http_split_field(line, len, &name, &value) ||
               read_field(name, value, now, response)) {
        return BC_S_OK; /* lines that are no header (the end, folded ones) frame nothing */
    }
    response->malformed = true;
    return BC_E_INVALID_SERVER_RESPONSE;
}
