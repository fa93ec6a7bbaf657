/*
 * The BITS upload protocol: the headers of its packets, read and written, and the server's
 * verdicts. See bc_upload.h. Texts that do not fit or hold anything but visible characters make a
 * packet malformed: no part of the protocol cuts a text short.
 */
#include <bitscore/bc_upload.h>

#include <string.h>

static const char *const packet_names[] = {
    [BC_PACKET_PING] = "Ping",
    [BC_PACKET_CREATE_SESSION] = "Create-Session",
    [BC_PACKET_FRAGMENT] = "Fragment",
    [BC_PACKET_CLOSE_SESSION] = "Close-Session",
    [BC_PACKET_CANCEL_SESSION] = "Cancel-Session",
    [BC_PACKET_ACK] = "Ack",
};

const char *bc_packet_name(enum bc_packet packet)
{
    return (unsigned)packet <= BC_PACKET_ACK ? packet_names[packet] : NULL;
}

enum bc_packet bc_packet_of(struct bc_span value)
{
    for (int i = BC_PACKET_PING; i <= BC_PACKET_ACK; i++)
        if (bc_span_is(value, packet_names[i]))
            return (enum bc_packet)i;
    return BC_PACKET_NONE;
}

/* Copies visible ASCII without blanks: identifiers, hosts and URLs. */
static bool copy_token(struct bc_span value, char *buffer, size_t size)
{
    if (!value.len || value.len >= size)
        return false;
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] <= 0x20 || value.ptr[i] >= 0x7f)
            return false;
    memcpy(buffer, value.ptr, value.len);
    buffer[value.len] = 0;
    return true;
}

/* A host name or address as bc_url takes it: the URL it is put into must stay one. */
static bool copy_host(struct bc_span value, char *buffer)
{
    char text[BC_UPLOAD_HOST_MAX + 16] = "http://";
    struct bc_url url;

    if (!copy_token(value, text + 7, BC_UPLOAD_HOST_MAX + 1) ||
        bc_failed(bc_url_parse(text, &url)) || url.host.len != value.len)
        return false;
    memcpy(buffer, text + 7, value.len + 1);
    return true;
}

/* A hexadecimal number of at most 32 bits, with or without 0x. */
static bool read_hex(struct bc_span value, uint32_t *out)
{
    uint32_t number = 0;

    if (value.len > 2 && value.ptr[0] == '0' && bc_to_lower(value.ptr[1]) == 'x') {
        value.ptr += 2;
        value.len -= 2;
    }
    if (!value.len || value.len > 8)
        return false;
    for (size_t i = 0; i < value.len; i++) {
        int digit = bc_hex_value(value.ptr[i]);

        if (digit < 0)
            return false;
        number = number << 4 | (uint32_t)digit;
    }
    *out = number;
    return true;
}

void bc_upload_ack_init(struct bc_upload_ack *ack)
{
    memset(ack, 0, sizeof(*ack));
}

static bool read_ack_field(struct bc_upload_ack *ack, struct bc_span name, struct bc_span value)
{
    uint32_t number;
    uint64_t wide;

    if (bc_span_is(name, "bits-packet-type")) {
        ack->is_ack = bc_packet_of(value) == BC_PACKET_ACK;
    } else if (bc_span_is(name, "bits-session-id")) {
        return copy_token(value, ack->session_id, sizeof(ack->session_id));
    } else if (bc_span_is(name, "bits-protocol")) {
        return copy_token(value, ack->protocol, sizeof(ack->protocol));
    } else if (bc_span_is(name, "bits-host-id")) {
        return copy_host(value, ack->host_id);
    } else if (bc_span_is(name, "bits-host-id-fallback-timeout")) {
        if (!bc_span_to_u64(value, &wide))
            return false;
        ack->has_fallback = true;
        ack->fallback = wide > UINT32_MAX ? UINT32_MAX : (uint32_t)wide;
    } else if (bc_span_is(name, "bits-received-content-range")) {
        ack->has_received = bc_span_to_u64(value, &ack->received);
        return ack->has_received;
    } else if (bc_span_is(name, "bits-reply-url")) {
        return copy_token(value, ack->reply_url, sizeof(ack->reply_url));
    } else if (bc_span_is(name, "bits-error-code") || bc_span_is(name, "bits-error")) {
        if (!read_hex(value, &number))
            return false;
        ack->error = (int32_t)number;
    } else if (bc_span_is(name, "bits-error-context")) {
        return read_hex(value, &ack->error_context);
    }
    return true;
}

void bc_upload_ack_line(struct bc_upload_ack *ack, const char *line, size_t len)
{
    struct bc_span name, value;

    if (len >= 5 && !memcmp(line, "HTTP/", 5))
        bc_upload_ack_init(ack);
    else if (bc_http_split_field(line, len, &name, &value) && !read_ack_field(ack, name, value))
        ack->malformed = true;
}

static void put_text(struct bc_out *out, const char *name, const char *value, bool *good)
{
    if (!*value)
        return;
    for (const char *c = value; *c; c++)
        if (*c <= 0x20 || *c >= 0x7f)
            *good = false;
    bc_out_text(out, name);
    bc_out_text(out, ": ");
    bc_out_text(out, value);
    bc_out_text(out, "\r\n");
}

static void put_number(struct bc_out *out, const char *name, uint64_t value)
{
    bc_out_text(out, name);
    bc_out_text(out, ": ");
    bc_out_u64(out, value);
    bc_out_text(out, "\r\n");
}

static void put_hex(struct bc_out *out, const char *name, uint32_t value)
{
    static const char digits[] = "0123456789abcdef";
    int shift = 28;

    while (shift && !(value >> shift & 15))
        shift -= 4;
    bc_out_text(out, name);
    bc_out_text(out, ": 0x");
    for (; shift >= 0; shift -= 4)
        bc_out_char(out, digits[value >> shift & 15]);
    bc_out_text(out, "\r\n");
}

int32_t bc_upload_ack_format(const struct bc_upload_ack *ack, char *buffer, size_t size)
{
    struct bc_out out;
    bool good = true;
    int32_t hr;

    bc_out_init(&out, buffer, size);
    put_text(&out, "BITS-Packet-Type", "Ack", &good);
    put_text(&out, "BITS-Protocol", ack->protocol, &good);
    put_text(&out, "BITS-Session-Id", ack->session_id, &good);
    put_text(&out, "BITS-Host-Id", ack->host_id, &good);
    if (ack->has_fallback && ack->host_id[0])
        put_number(&out, "BITS-Host-Id-Fallback-Timeout", ack->fallback);
    if (ack->protocol[0])
        put_text(&out, "Accept-Encoding", "Identity", &good);
    if (ack->has_received)
        put_number(&out, "BITS-Received-Content-Range", ack->received);
    put_text(&out, "BITS-Reply-URL", ack->reply_url, &good);
    if (bc_failed(ack->error)) {
        put_hex(&out, "BITS-Error-Code", (uint32_t)ack->error);
        put_hex(&out, "BITS-Error-Context", ack->error_context);
    }
    put_number(&out, "Content-Length", 0);
    hr = bc_out_finish(&out);
    return good ? hr : BC_E_INVALIDARG;
}

void bc_upload_request_init(struct bc_upload_request *request)
{
    memset(request, 0, sizeof(*request));
}

/* The list of protocols is separated by blanks; commas are taken as well. */
static bool names_protocol(struct bc_span list)
{
    size_t begin = 0;

    for (size_t i = 0; i <= list.len; i++) {
        if (i < list.len && list.ptr[i] != ' ' && list.ptr[i] != '\t' && list.ptr[i] != ',')
            continue;
        if (bc_span_is((struct bc_span){list.ptr + begin, i - begin}, BC_UPLOAD_PROTOCOL))
            return true;
        begin = i + 1;
    }
    return false;
}

/* The range of an empty file has no last byte; "0-0/0", "0-<2^64-1>/0" and an asterisk are seen. */
static bool read_range(struct bc_upload_request *request, struct bc_span value)
{
    static const char *const empty[] = {"bytes 0-18446744073709551615/0", "bytes 0-0/0",
                                        "bytes */0"};
    struct bc_content_range range;

    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
        if (bc_span_is(value, empty[i])) {
            request->has_range = true;
            request->first = request->count = request->total = 0;
            return true;
        }
    }
    if (!bc_http_parse_content_range(value, &range) || !range.satisfied ||
        range.total == BC_SIZE_UNKNOWN)
        return false;
    request->has_range = true;
    request->first = range.first;
    request->count = range.last - range.first + 1;
    request->total = range.total;
    return true;
}

static bool read_request_field(struct bc_upload_request *request, struct bc_span name,
                               struct bc_span value)
{
    if (bc_span_is(name, "bits-packet-type")) {
        if (request->type != BC_PACKET_NONE)
            return false;
        request->type = bc_packet_of(value);
    } else if (bc_span_is(name, "bits-session-id")) {
        return !request->session_id[0] &&
               copy_token(value, request->session_id, sizeof(request->session_id));
    } else if (bc_span_is(name, "bits-supported-protocols")) {
        request->supports_protocol = request->supports_protocol || names_protocol(value);
    } else if (bc_span_is(name, "content-name")) {
        if (value.len > BC_UPLOAD_NAME_MAX)
            return false;
        if (value.len)
            memcpy(request->content_name, value.ptr, value.len);
        request->content_name[value.len] = 0;
    } else if (bc_span_is(name, "content-length")) {
        uint64_t length;

        if (!bc_span_to_u64(value, &length) || (request->has_length && length != request->length))
            return false;
        request->has_length = true;
        request->length = length;
    } else if (bc_span_is(name, "content-range")) {
        return !request->has_range && read_range(request, value);
    } else if (bc_span_is(name, "content-encoding")) {
        request->encoded = !bc_span_is(value, "identity");
    }
    return true;
}

void bc_upload_request_line(struct bc_upload_request *request, const char *line, size_t len)
{
    struct bc_span name, value;

    if (bc_http_split_field(line, len, &name, &value) && !read_request_field(request, name, value))
        request->malformed = true;
}

int bc_upload_request_check(const struct bc_upload_request *request, int32_t *error)
{
    *error = BC_E_INVALIDARG;
    if (request->malformed)
        return 400;
    switch (request->type) {
    case BC_PACKET_PING:
        break;
    case BC_PACKET_CREATE_SESSION:
        if (!request->supports_protocol) {
            *error = BC_E_CLIENT_SERVER_PROTOCOL_MISMATCH;
            return 400;
        }
        break;
    case BC_PACKET_FRAGMENT:
        if (!request->session_id[0] || !request->has_range)
            return 400;
        if (!request->has_length)
            return 411;
        if (request->encoded)
            return 415;
        if (request->length != request->count)
            return 400;
        break;
    case BC_PACKET_CLOSE_SESSION:
    case BC_PACKET_CANCEL_SESSION:
        if (!request->session_id[0])
            return 400;
        break;
    case BC_PACKET_ACK:
    case BC_PACKET_NONE:
        return 400;
    }
    *error = BC_S_OK;
    return 200;
}

struct bc_upload_verdict_fragment bc_upload_fragment_check(const struct bc_upload_session *session,
                                                           const struct bc_upload_request *request)
{
    struct bc_upload_verdict_fragment verdict = {.status = 400, .error = BC_E_INVALIDARG};
    uint64_t end = request->first + request->count;

    if (session->has_total && session->total != request->total)
        return verdict;
    if (request->total > session->maximum) {
        verdict.status = 413;
        verdict.error = BC_E_TOO_LARGE;
        return verdict;
    }
    if (request->first > session->received) {
        verdict.status = 416;
        verdict.error = BC_E_INVALID_RANGE;
        return verdict;
    }
    verdict.status = 200;
    verdict.error = BC_S_OK;
    verdict.write = end > session->received ? end - session->received : 0;
    verdict.skip = request->count - verdict.write;
    verdict.complete = session->received + verdict.write == request->total;
    return verdict;
}
