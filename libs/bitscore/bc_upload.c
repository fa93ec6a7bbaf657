/*
 * The BITS upload protocol, client side: see bc_upload.h. The upload is a state machine with named
 * phases; bc_upload_next reads it and bc_upload_acked is the only function that an answer moves it
 * by. Nothing the server sends makes it loop: repeats without progress are counted.
 */
#include <bitscore/bc_upload.h>

#include <string.h>

void bc_upload_init(struct bc_upload *upload, uint64_t total, uint64_t fragment, bool wants_reply)
{
    memset(upload, 0, sizeof(*upload));
    upload->phase = BC_UPLOAD_PING;
    upload->total = total;
    upload->fragment = fragment ? fragment : 1;
    upload->wants_reply = wants_reply;
}

void bc_upload_resume(struct bc_upload *upload, const char *session_id, uint64_t offset)
{
    size_t len = strlen(session_id);

    if (!len || len > BC_UPLOAD_SESSION_MAX || offset > upload->total)
        return;
    memcpy(upload->session_id, session_id, len + 1);
    upload->offset = offset;
    upload->phase = BC_UPLOAD_SEND;
}

void bc_upload_reply_done(struct bc_upload *upload)
{
    if (upload->phase == BC_UPLOAD_REPLY)
        upload->phase = BC_UPLOAD_CLOSE;
}

void bc_upload_cancel(struct bc_upload *upload)
{
    upload->phase = upload->session_id[0] ? BC_UPLOAD_CANCEL : BC_UPLOAD_DONE;
}

struct bc_upload_packet bc_upload_next(const struct bc_upload *upload)
{
    struct bc_upload_packet packet = {BC_PACKET_NONE, 0, 0};
    uint64_t left = upload->total - upload->offset;

    switch (upload->phase) {
    case BC_UPLOAD_PING:
        packet.type = BC_PACKET_PING;
        break;
    case BC_UPLOAD_CREATE:
        packet.type = BC_PACKET_CREATE_SESSION;
        break;
    case BC_UPLOAD_SEND:
        packet.type = BC_PACKET_FRAGMENT;
        packet.offset = upload->offset;
        packet.length = left < upload->fragment ? left : upload->fragment;
        /* Everything was acknowledged before a restart: the last byte once more brings the final
         * answer, with the URL of the reply. The server does not write it again. */
        if (!left && upload->total) {
            packet.offset = upload->total - 1;
            packet.length = 1;
        }
        break;
    case BC_UPLOAD_CLOSE:
        packet.type = BC_PACKET_CLOSE_SESSION;
        break;
    case BC_UPLOAD_CANCEL:
        packet.type = BC_PACKET_CANCEL_SESSION;
        break;
    case BC_UPLOAD_REPLY:
    case BC_UPLOAD_DONE:
        break;
    }
    return packet;
}

static void put_header(struct bc_out *out, const char *name, const char *value)
{
    bc_out_text(out, name);
    bc_out_text(out, ": ");
    bc_out_text(out, value);
    bc_out_text(out, "\r\n");
}

static void put_fragment(struct bc_out *out, const struct bc_upload *upload,
                         const struct bc_upload_packet *packet, const char *file_name)
{
    if (!packet->offset) {
        bc_out_text(out, "Content-Name: ");
        for (const char *c = file_name; *c; c++)
            if ((unsigned char)*c >= 0x20 && *c != 0x7f)
                bc_out_char(out, *c);
        bc_out_text(out, "\r\n");
    }
    /* For an empty file the end is one less than zero in 64 bits, as it is one less than the end
     * in every other fragment: "bytes 0-18446744073709551615/0". */
    bc_out_text(out, "Content-Range: bytes ");
    bc_out_u64(out, packet->offset);
    bc_out_char(out, '-');
    bc_out_u64(out, packet->offset + packet->length - 1);
    bc_out_char(out, '/');
    bc_out_u64(out, upload->total);
    bc_out_text(out, "\r\n");
}

int32_t bc_upload_packet_format(const struct bc_upload *upload,
                                const struct bc_upload_packet *packet, const char *file_name,
                                char *buffer, size_t size)
{
    struct bc_out out;

    if (packet->type == BC_PACKET_NONE || packet->type == BC_PACKET_ACK)
        return BC_E_INVALIDARG;
    bc_out_init(&out, buffer, size);
    put_header(&out, "BITS-Packet-Type", bc_packet_name(packet->type));
    if (packet->type == BC_PACKET_CREATE_SESSION)
        put_header(&out, "BITS-Supported-Protocols", BC_UPLOAD_PROTOCOL);
    else if (packet->type != BC_PACKET_PING)
        put_header(&out, "BITS-Session-Id", upload->session_id);
    if (packet->type == BC_PACKET_FRAGMENT)
        put_fragment(&out, upload, packet, file_name);
    bc_out_text(&out, "Content-Length: ");
    bc_out_u64(&out, packet->length);
    bc_out_text(&out, "\r\n");
    return bc_out_finish(&out);
}

static struct bc_upload_outcome outcome(enum bc_upload_verdict verdict, int32_t code,
                                        enum bc_error_context context)
{
    return (struct bc_upload_outcome){verdict, code, context};
}

static struct bc_upload_outcome go_on(void)
{
    return outcome(BC_UPLOAD_NEXT, BC_S_OK, BC_CONTEXT_NONE);
}

static struct bc_upload_outcome fatal(int32_t code)
{
    return outcome(BC_UPLOAD_FATAL, code, BC_CONTEXT_REMOTE_FILE);
}

/* The error of an answer: what the server says it was, with the weight of its status. */
static struct bc_upload_outcome refused(int status, const struct bc_upload_ack *ack)
{
    struct bc_http_meaning meaning = bc_http_classify(status);
    struct bc_upload_outcome result = outcome(
        meaning.klass == BC_HTTP_TRANSIENT ? BC_UPLOAD_TRANSIENT : BC_UPLOAD_FATAL,
        bc_failed(meaning.code) ? meaning.code : BC_E_INVALID_SERVER_RESPONSE, meaning.context);

    if (result.context == BC_CONTEXT_NONE)
        result.context = BC_CONTEXT_REMOTE_FILE;
    if (ack->is_ack && bc_failed(ack->error))
        result.code = ack->error;
    if (ack->is_ack && ack->error_context == BC_CONTEXT_REMOTE_APPLICATION)
        result.context = BC_CONTEXT_REMOTE_APPLICATION;
    return result;
}

/* Counts an answer that moved nothing; after too many of them the job waits its retry delay. */
static struct bc_upload_outcome count_to_limit(unsigned *count, int32_t code)
{
    if (++*count <= BC_UPLOAD_STALL_MAX)
        return go_on();
    *count = 0;
    return outcome(BC_UPLOAD_TRANSIENT, code, BC_CONTEXT_REMOTE_FILE);
}

static struct bc_upload_outcome created(struct bc_upload *upload, const struct bc_upload_ack *ack)
{
    if (!bc_span_is(bc_span_of(ack->protocol), BC_UPLOAD_PROTOCOL))
        return fatal(BC_E_CLIENT_SERVER_PROTOCOL_MISMATCH);
    if (!ack->session_id[0])
        return fatal(BC_E_INVALID_SERVER_RESPONSE);
    memcpy(upload->session_id, ack->session_id, sizeof(upload->session_id));
    memcpy(upload->host_id, ack->host_id, sizeof(upload->host_id));
    upload->has_fallback = ack->has_fallback;
    upload->fallback = ack->fallback;
    upload->host_failing = false;
    upload->offset = 0;
    upload->reply_url[0] = 0;
    upload->phase = BC_UPLOAD_SEND;
    return go_on();
}

/* A fragment was answered with 200, or with 416: the server says where it wants to go on. */
static struct bc_upload_outcome received(struct bc_upload *upload,
                                         const struct bc_upload_packet *packet, int status,
                                         const struct bc_upload_ack *ack)
{
    uint64_t end = packet->offset + packet->length;
    uint64_t next = ack->has_received ? ack->received : end;

    if (next > upload->total || (status != 200 && !ack->has_received))
        return fatal(BC_E_INVALID_SERVER_RESPONSE);
    if (status == 200 && next == upload->total && end == upload->total) {
        upload->offset = next;
        upload->stalls = 0;
        memcpy(upload->reply_url, ack->reply_url, sizeof(upload->reply_url));
        upload->phase = upload->wants_reply ? BC_UPLOAD_REPLY : BC_UPLOAD_CLOSE;
        return go_on();
    }
    if (status == 200 && next > packet->offset) {
        upload->offset = next;
        upload->stalls = 0;
        return go_on();
    }
    upload->offset = next;
    return count_to_limit(&upload->stalls, BC_E_INVALID_SERVER_RESPONSE);
}

struct bc_upload_outcome bc_upload_acked(struct bc_upload *upload,
                                         const struct bc_upload_packet *packet, int status,
                                         const struct bc_upload_ack *ack)
{
    bool good = status == 200 || status == 201;
    bool ending =
        packet->type == BC_PACKET_CLOSE_SESSION || packet->type == BC_PACKET_CANCEL_SESSION;
    bool lost = ack->is_ack && ack->error == BC_E_SESSION_NOT_FOUND;

    if (ending) {
        if (status >= 500 && status <= 599 && !lost)
            return outcome(BC_UPLOAD_TRANSIENT, refused(status, ack).code,
                           refused(status, ack).context);
        upload->phase = BC_UPLOAD_DONE;
        return outcome(BC_UPLOAD_FINISHED, BC_S_OK, BC_CONTEXT_NONE);
    }
    if (lost && packet->type == BC_PACKET_FRAGMENT) {
        upload->session_id[0] = upload->host_id[0] = 0;
        upload->offset = 0;
        upload->phase = BC_UPLOAD_CREATE;
        return count_to_limit(&upload->lost, BC_E_SESSION_NOT_FOUND);
    }
    if (packet->type == BC_PACKET_FRAGMENT && status == 416 && ack->is_ack && ack->has_received)
        return received(upload, packet, status, ack);
    if (!good)
        return refused(status, ack);
    /* A server that does not know the protocol may answer 200 to anything. */
    if (!ack->is_ack || ack->malformed)
        return fatal(BC_E_INVALID_SERVER_RESPONSE);

    switch (packet->type) {
    case BC_PACKET_PING:
        upload->phase = BC_UPLOAD_CREATE;
        return go_on();
    case BC_PACKET_CREATE_SESSION:
        return created(upload, ack);
    case BC_PACKET_FRAGMENT:
        return received(upload, packet, 200, ack);
    default:
        return fatal(BC_E_UNEXPECTED);
    }
}

void bc_upload_connected(struct bc_upload *upload, bool connected, uint64_t now)
{
    if (connected)
        upload->host_failing = false;
    else if (upload->host_id[0] && !upload->host_failing) {
        upload->host_failing = true;
        upload->host_failing_since = now;
    }
}

int32_t bc_upload_url(const struct bc_upload *upload, const struct bc_url *remote, uint64_t now,
                      char *buffer, size_t size)
{
    struct bc_url url = *remote;
    bool given_up = upload->host_failing && upload->has_fallback &&
                    now >= upload->host_failing_since &&
                    now - upload->host_failing_since >= 1000 * (uint64_t)upload->fallback;

    if (upload->host_id[0] && !given_up)
        url.host = bc_span_of(upload->host_id);
    return bc_url_to_wire(&url, buffer, size);
}
