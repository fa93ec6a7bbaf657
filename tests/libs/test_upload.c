/*
 * bc_upload: each packet against its page, the client's and the server's decisions, and both sides
 * run against each other over a line that loses sessions, answers and offsets.
 */
#include <bitscore/bc_upload.h>

#include "support.h"

#define SESSION "{7b1f2d3c-0000-4000-8000-0123456789ab}"

static void feed_ack(struct bc_upload_ack *ack, const char *text)
{
    bc_upload_ack_init(ack);
    while (*text) {
        size_t n = strcspn(text, "\n") + 1;

        bc_upload_ack_line(ack, text, n);
        text += n;
    }
}

static void feed_request(struct bc_upload_request *request, const char *text)
{
    bc_upload_request_init(request);
    while (*text) {
        size_t n = strcspn(text, "\n");

        n += text[n] == '\n';
        bc_upload_request_line(request, text, n);
        text += n;
    }
}

static void check_packet(const struct bc_upload *upload, enum bc_packet type, const char *expected)
{
    struct bc_upload_packet packet = bc_upload_next(upload);
    char buffer[BC_UPLOAD_HEADERS_SIZE];

    assert_int_equal(packet.type, type);
    assert_hr(bc_upload_packet_format(upload, &packet, "fi\r\nle.bin", buffer, sizeof(buffer)),
              BC_S_OK, "format");
    assert_string_equal(buffer, expected);
}

static void answer(struct bc_upload *upload, int status, const char *head,
                   enum bc_upload_verdict verdict, int32_t code, enum bc_error_context context)
{
    struct bc_upload_packet packet = bc_upload_next(upload);
    struct bc_upload_outcome outcome;
    struct bc_upload_ack ack;

    feed_ack(&ack, head);
    outcome = bc_upload_acked(upload, &packet, status, &ack);
    assert_int_equal(outcome.verdict, verdict);
    assert_hr(outcome.code, code, head);
    assert_int_equal(outcome.context, context);
}

#define ACK "BITS-Packet-Type: Ack\r\n"
#define CREATED                                                                                    \
    ACK "BITS-Protocol: {7DF0354D-249B-430F-820D-3D2A9BEF4931}\r\nBITS-Session-Id: " SESSION "\r"  \
        "\n"

static void go_on(struct bc_upload *upload, int status, const char *head)
{
    answer(upload, status, head, BC_UPLOAD_NEXT, BC_S_OK, BC_CONTEXT_NONE);
}

static void test_whole_upload(void **state)
{
    struct bc_upload upload;

    bc_upload_init(&upload, 250, 100, false);
    check_packet(&upload, BC_PACKET_PING, "BITS-Packet-Type: Ping\r\nContent-Length: 0\r\n");
    go_on(&upload, 200, ACK);
    check_packet(&upload, BC_PACKET_CREATE_SESSION,
                 "BITS-Packet-Type: Create-Session\r\n"
                 "BITS-Supported-Protocols: {7df0354d-249b-430f-820d-3d2a9bef4931}\r\n"
                 "Content-Length: 0\r\n");
    go_on(&upload, 201, CREATED);
    check_packet(&upload, BC_PACKET_FRAGMENT,
                 "BITS-Packet-Type: Fragment\r\nBITS-Session-Id: " SESSION "\r\n"
                 "Content-Name: file.bin\r\nContent-Range: bytes 0-99/250\r\n"
                 "Content-Length: 100\r\n");
    go_on(&upload, 200, ACK "BITS-Received-Content-Range: 100\r\n");
    check_packet(&upload, BC_PACKET_FRAGMENT,
                 "BITS-Packet-Type: Fragment\r\nBITS-Session-Id: " SESSION "\r\n"
                 "Content-Range: bytes 100-199/250\r\nContent-Length: 100\r\n");
    go_on(&upload, 200, ACK);
    check_packet(&upload, BC_PACKET_FRAGMENT,
                 "BITS-Packet-Type: Fragment\r\nBITS-Session-Id: " SESSION "\r\n"
                 "Content-Range: bytes 200-249/250\r\nContent-Length: 50\r\n");
    go_on(&upload, 200, ACK "BITS-Received-Content-Range: 250\r\n");
    check_packet(&upload, BC_PACKET_CLOSE_SESSION,
                 "BITS-Packet-Type: Close-Session\r\nBITS-Session-Id: " SESSION "\r\n"
                 "Content-Length: 0\r\n");
    answer(&upload, 200, ACK, BC_UPLOAD_FINISHED, BC_S_OK, BC_CONTEXT_NONE);
    assert_int_equal(upload.phase, BC_UPLOAD_DONE);
    assert_int_equal(bc_upload_next(&upload).type, BC_PACKET_NONE);
}

static void test_empty_file(void **state)
{
    struct bc_upload upload;
    struct bc_upload_request request;
    char buffer[BC_UPLOAD_HEADERS_SIZE];
    struct bc_upload_packet packet;
    int32_t error;

    bc_upload_init(&upload, 0, 100, false);
    bc_upload_resume(&upload, SESSION, 0);
    packet = bc_upload_next(&upload);
    assert_int_equal(packet.length, 0);
    assert_hr(bc_upload_packet_format(&upload, &packet, "f", buffer, sizeof(buffer)), BC_S_OK, "f");
    assert_non_null(strstr(buffer, "Content-Range: bytes 0-18446744073709551615/0\r\n"));
    feed_request(&request, buffer);
    assert_int_equal(bc_upload_request_check(&request, &error), 200);
    assert_int_equal(request.count, 0);
    go_on(&upload, 200, ACK "BITS-Received-Content-Range: 0\r\n");
    assert_int_equal(upload.phase, BC_UPLOAD_CLOSE);
}

/* Offsets that no 32 bits hold, up to the largest file. */
static void test_large_file(void **state)
{
    const uint64_t total = UINT64_C(0x7fffffffffffffff), last = total - 100;
    struct bc_upload_request request;
    char buffer[BC_UPLOAD_HEADERS_SIZE];
    struct bc_upload_packet packet;
    struct bc_upload upload;
    int32_t error;

    bc_upload_init(&upload, UINT64_C(5000000000), 1000000, false);
    bc_upload_resume(&upload, SESSION, UINT64_C(4294967296));
    check_packet(&upload, BC_PACKET_FRAGMENT,
                 "BITS-Packet-Type: Fragment\r\nBITS-Session-Id: " SESSION "\r\n"
                 "Content-Range: bytes 4294967296-4295967295/5000000000\r\n"
                 "Content-Length: 1000000\r\n");
    go_on(&upload, 200, ACK "BITS-Received-Content-Range: 4295967296\r\n");
    assert_int_equal(bc_upload_next(&upload).offset, UINT64_C(4295967296));

    bc_upload_init(&upload, total, 1000, false);
    bc_upload_resume(&upload, SESSION, last);
    packet = bc_upload_next(&upload);
    assert_int_equal(packet.length, 100);
    assert_hr(bc_upload_packet_format(&upload, &packet, "f", buffer, sizeof(buffer)), BC_S_OK, "f");
    feed_request(&request, buffer);
    assert_int_equal(bc_upload_request_check(&request, &error), 200);
    assert_int_equal(request.first, last);
    assert_int_equal(request.total, total);
    go_on(&upload, 200, ACK "BITS-Received-Content-Range: 9223372036854775807\r\n");
    assert_int_equal(upload.phase, BC_UPLOAD_CLOSE);
}

static void test_reply(void **state)
{
    struct bc_upload upload;

    bc_upload_init(&upload, 10, 100, true);
    bc_upload_resume(&upload, SESSION, 10);
    /* All bytes were acknowledged, the answer was lost: the last byte asks for it again. */
    assert_int_equal(bc_upload_next(&upload).offset, 9);
    assert_int_equal(bc_upload_next(&upload).length, 1);
    go_on(&upload, 200,
          ACK "BITS-Received-Content-Range: 10\r\nBITS-Reply-URL: http://s/r?x=%20y\r\n");
    assert_int_equal(upload.phase, BC_UPLOAD_REPLY);
    assert_string_equal(upload.reply_url, "http://s/r?x=%20y");
    assert_int_equal(bc_upload_next(&upload).type, BC_PACKET_NONE);
    bc_upload_reply_done(&upload);
    assert_int_equal(bc_upload_next(&upload).type, BC_PACKET_CLOSE_SESSION);
}

static struct bc_upload sending(void)
{
    struct bc_upload upload;

    bc_upload_init(&upload, 250, 100, false);
    bc_upload_resume(&upload, SESSION, 100);
    return upload;
}

static void test_offsets(void **state)
{
    struct bc_upload upload = sending();

    /* The server knows less, or more, than the client: its answer says where to go on. */
    go_on(&upload, 416, ACK "BITS-Received-Content-Range: 40\r\n");
    assert_int_equal(bc_upload_next(&upload).offset, 40);
    go_on(&upload, 200, ACK "BITS-Received-Content-Range: 240\r\n");
    assert_int_equal(bc_upload_next(&upload).offset, 240);
    assert_int_equal(bc_upload_next(&upload).length, 10);

    /* It takes part of the last fragment only, or claims more than it was sent. */
    go_on(&upload, 200, ACK "BITS-Received-Content-Range: 245\r\n");
    assert_int_equal(upload.phase, BC_UPLOAD_SEND);
    assert_int_equal(bc_upload_next(&upload).offset, 245);
    upload = sending();
    go_on(&upload, 200, ACK "BITS-Received-Content-Range: 250\r\n");
    assert_int_equal(upload.phase, BC_UPLOAD_SEND);
    assert_int_equal(bc_upload_next(&upload).offset, 249);

    /* It never loops: what brings nothing three times in a row makes the job wait. */
    upload = sending();
    for (int i = 0; i < BC_UPLOAD_STALL_MAX; i++)
        go_on(&upload, 200, ACK "BITS-Received-Content-Range: 100\r\n");
    answer(&upload, 416, ACK "BITS-Received-Content-Range: 100\r\n", BC_UPLOAD_TRANSIENT,
           BC_E_INVALID_SERVER_RESPONSE, BC_CONTEXT_REMOTE_FILE);
    assert_int_equal(bc_upload_next(&upload).type, BC_PACKET_FRAGMENT);

    upload = sending();
    answer(&upload, 200, ACK "BITS-Received-Content-Range: 251\r\n", BC_UPLOAD_FATAL,
           BC_E_INVALID_SERVER_RESPONSE, BC_CONTEXT_REMOTE_FILE);
    answer(&upload, 200, ACK "BITS-Received-Content-Range: x\r\n", BC_UPLOAD_FATAL,
           BC_E_INVALID_SERVER_RESPONSE, BC_CONTEXT_REMOTE_FILE);
    answer(&upload, 416, ACK, BC_UPLOAD_FATAL, BC_E_HTTP_ERROR_416, BC_CONTEXT_REMOTE_FILE);
}

static void test_lost_session(void **state)
{
    struct bc_upload upload = sending();

    for (int i = 0; i < BC_UPLOAD_STALL_MAX; i++) {
        go_on(&upload, 500, ACK "BITS-Error-Code: 0x8020001F\r\nBITS-Error-Context: 0x5\r\n");
        assert_int_equal(bc_upload_next(&upload).type, BC_PACKET_CREATE_SESSION);
        go_on(&upload, 200, CREATED);
        assert_int_equal(bc_upload_next(&upload).offset, 0);
        go_on(&upload, 200, ACK);
    }
    answer(&upload, 404, ACK "BITS-Error-Code: 8020001f\r\n", BC_UPLOAD_TRANSIENT,
           BC_E_SESSION_NOT_FOUND, BC_CONTEXT_REMOTE_FILE);
    assert_int_equal(bc_upload_next(&upload).type, BC_PACKET_CREATE_SESSION);
}

static void test_resume(void **state)
{
    char session[BC_UPLOAD_SESSION_MAX + 2];
    struct bc_upload upload;

    /* What the store holds may be damaged: an unusable session means a new one. */
    bc_upload_init(&upload, 250, 100, false);
    bc_upload_resume(&upload, SESSION, 251);
    assert_int_equal(upload.phase, BC_UPLOAD_PING);
    bc_upload_resume(&upload, "", 10);
    assert_int_equal(upload.phase, BC_UPLOAD_PING);
    memset(session, 's', sizeof(session));
    session[sizeof(session) - 1] = 0;
    bc_upload_resume(&upload, session, 10);
    assert_int_equal(upload.phase, BC_UPLOAD_PING);
    assert_string_equal(upload.session_id, "");
    session[sizeof(session) - 2] = 0;
    bc_upload_resume(&upload, session, 250);
    assert_int_equal(upload.phase, BC_UPLOAD_SEND);
}

static void test_errors(void **state)
{
    struct bc_upload upload = sending();

    answer(&upload, 503, "", BC_UPLOAD_TRANSIENT, BC_E_HTTP_ERROR_503, BC_CONTEXT_REMOTE_FILE);
    answer(&upload, 501, "", BC_UPLOAD_FATAL, BC_E_HTTP_ERROR_501, BC_CONTEXT_REMOTE_FILE);
    answer(&upload, 403, "", BC_UPLOAD_FATAL, BC_E_HTTP_ERROR_403, BC_CONTEXT_REMOTE_FILE);
    answer(&upload, 409, "", BC_UPLOAD_TRANSIENT, BC_E_HTTP_ERROR_409, BC_CONTEXT_REMOTE_FILE);
    answer(&upload, 302, "", BC_UPLOAD_FATAL, BC_E_HTTP_ERROR_302, BC_CONTEXT_REMOTE_FILE);
    answer(&upload, 206, ACK, BC_UPLOAD_FATAL, BC_E_INVALID_SERVER_RESPONSE,
           BC_CONTEXT_REMOTE_FILE);
    answer(&upload, 407, "", BC_UPLOAD_FATAL, BC_E_HTTP_ERROR_407, BC_CONTEXT_GENERAL_TRANSPORT);
    /* The server's own words come first, but only from a BITS server, and only failures. */
    answer(&upload, 413, ACK "BITS-Error-Code: 0x80200020\r\n", BC_UPLOAD_FATAL, BC_E_TOO_LARGE,
           BC_CONTEXT_REMOTE_FILE);
    answer(&upload, 500, ACK "BITS-Error-Code: 0x80190194\r\nBITS-Error-Context: 0x7\r\n",
           BC_UPLOAD_TRANSIENT, BC_E_HTTP_ERROR_404, BC_CONTEXT_REMOTE_APPLICATION);
    answer(&upload, 500, "BITS-Error-Code: 0x80200020\r\n", BC_UPLOAD_TRANSIENT,
           BC_E_HTTP_ERROR_500, BC_CONTEXT_REMOTE_FILE);
    answer(&upload, 500, ACK "BITS-Error-Code: 0x180200020\r\n", BC_UPLOAD_TRANSIENT,
           BC_E_HTTP_ERROR_500, BC_CONTEXT_REMOTE_FILE);
    answer(&upload, 500, ACK "BITS-Error-Code: 0x\r\n", BC_UPLOAD_TRANSIENT, BC_E_HTTP_ERROR_500,
           BC_CONTEXT_REMOTE_FILE);
    answer(&upload, 500, ACK "BITS-Error-Code: 0x0\r\n", BC_UPLOAD_TRANSIENT, BC_E_HTTP_ERROR_500,
           BC_CONTEXT_REMOTE_FILE);
    /* An ordinary web server says 200 to anything. */
    answer(&upload, 200, "Content-Length: 5\r\n", BC_UPLOAD_FATAL, BC_E_INVALID_SERVER_RESPONSE,
           BC_CONTEXT_REMOTE_FILE);

    bc_upload_init(&upload, 250, 100, false);
    go_on(&upload, 200, ACK);
    answer(&upload, 200, ACK "BITS-Session-Id: x\r\n", BC_UPLOAD_FATAL,
           BC_E_CLIENT_SERVER_PROTOCOL_MISMATCH, BC_CONTEXT_REMOTE_FILE);
    answer(&upload, 200, ACK "BITS-Protocol: " BC_UPLOAD_PROTOCOL "\r\n", BC_UPLOAD_FATAL,
           BC_E_INVALID_SERVER_RESPONSE, BC_CONTEXT_REMOTE_FILE);
    answer(&upload, 200, ACK "BITS-Session-Id: a b\r\n", BC_UPLOAD_FATAL,
           BC_E_INVALID_SERVER_RESPONSE, BC_CONTEXT_REMOTE_FILE);
    assert_int_equal(bc_upload_next(&upload).type, BC_PACKET_CREATE_SESSION);
    for (int length = BC_UPLOAD_SESSION_MAX; length <= BC_UPLOAD_SESSION_MAX + 1; length++) {
        char head[256];

        snprintf(head, sizeof(head),
                 ACK "BITS-Protocol: " BC_UPLOAD_PROTOCOL "\r\nBITS-Session-Id: %0*d\r\n", length,
                 7);
        if (length > BC_UPLOAD_SESSION_MAX)
            answer(&upload, 200, head, BC_UPLOAD_FATAL, BC_E_INVALID_SERVER_RESPONSE,
                   BC_CONTEXT_REMOTE_FILE);
        else
            go_on(&upload, 200, head);
        upload.phase = BC_UPLOAD_CREATE;
    }
}

static void test_ending(void **state)
{
    struct bc_upload upload = sending();

    bc_upload_cancel(&upload);
    check_packet(&upload, BC_PACKET_CANCEL_SESSION,
                 "BITS-Packet-Type: Cancel-Session\r\nBITS-Session-Id: " SESSION "\r\n"
                 "Content-Length: 0\r\n");
    /* 5xx is tried again, unless the session is gone; nothing else is. */
    answer(&upload, 500, "", BC_UPLOAD_TRANSIENT, BC_E_HTTP_ERROR_500, BC_CONTEXT_REMOTE_FILE);
    assert_int_equal(bc_upload_next(&upload).type, BC_PACKET_CANCEL_SESSION);
    answer(&upload, 501, "", BC_UPLOAD_TRANSIENT, BC_E_HTTP_ERROR_501, BC_CONTEXT_REMOTE_FILE);
    answer(&upload, 500, ACK "BITS-Error-Code: 0x8020001F\r\n", BC_UPLOAD_FINISHED, BC_S_OK,
           BC_CONTEXT_NONE);
    upload = sending();
    bc_upload_cancel(&upload);
    answer(&upload, 404, "", BC_UPLOAD_FINISHED, BC_S_OK, BC_CONTEXT_NONE);
    bc_upload_init(&upload, 5, 5, false);
    bc_upload_cancel(&upload);
    assert_int_equal(upload.phase, BC_UPLOAD_DONE);
}

static void test_host_id(void **state)
{
    char buffer[BC_URL_WIRE_SIZE + BC_UPLOAD_HOST_MAX];
    struct bc_upload upload;
    struct bc_url remote;

    assert_hr(bc_url_parse("http://farm:8080/dir/f?x", &remote), BC_S_OK, "remote");
    bc_upload_init(&upload, 250, 100, false);
    go_on(&upload, 200, ACK);
    go_on(&upload, 200, CREATED "BITS-Host-Id: Node7\r\nBITS-Host-Id-Fallback-Timeout: 60\r\n");
    assert_hr(bc_upload_url(&upload, &remote, 0, buffer, sizeof(buffer)), BC_S_OK, "host");
    assert_string_equal(buffer, "http://node7:8080/dir/f?x");
    bc_upload_connected(&upload, false, 1000);
    bc_upload_connected(&upload, false, 50000);
    assert_hr(bc_upload_url(&upload, &remote, 60999, buffer, sizeof(buffer)), BC_S_OK, "still");
    assert_string_equal(buffer, "http://node7:8080/dir/f?x");
    assert_hr(bc_upload_url(&upload, &remote, 61000, buffer, sizeof(buffer)), BC_S_OK, "fallback");
    assert_string_equal(buffer, "http://farm:8080/dir/f?x");
    bc_upload_connected(&upload, true, 61000);
    assert_hr(bc_upload_url(&upload, &remote, 99000, buffer, sizeof(buffer)), BC_S_OK, "back");
    assert_string_equal(buffer, "http://node7:8080/dir/f?x");

    /* A host that is none would make another URL of it. */
    bc_upload_init(&upload, 250, 100, false);
    go_on(&upload, 200, ACK);
    answer(&upload, 200, CREATED "BITS-Host-Id: evil/path?\r\n", BC_UPLOAD_FATAL,
           BC_E_INVALID_SERVER_RESPONSE, BC_CONTEXT_REMOTE_FILE);
    answer(&upload, 200, CREATED "BITS-Host-Id: u@evil\r\n", BC_UPLOAD_FATAL,
           BC_E_INVALID_SERVER_RESPONSE, BC_CONTEXT_REMOTE_FILE);
}

static void test_request_check(void **state)
{
    static const struct {
        const char *head;
        int status;
    } rows[] = {
        {"BITS-Packet-Type: Ping\r\nContent-Length: 0\r\n", 200},
        {"bits-packet-type: ping\r\n", 200},
        {"BITS-Packet-Type: Create-Session\r\nBITS-Supported-Protocols: {x} " BC_UPLOAD_PROTOCOL
         "\r\n",
         200},
        {"BITS-Packet-Type: Create-Session\r\nBITS-Supported-Protocols: {x}\r\n", 400},
        {"BITS-Packet-Type: Create-Session\r\n", 400},
        {"BITS-Packet-Type: Fragment\r\nBITS-Session-Id: s\r\nContent-Range: bytes 0-9/10\r\n"
         "Content-Length: 10\r\n",
         200},
        {"BITS-Packet-Type: Fragment\r\nContent-Range: bytes 0-9/10\r\nContent-Length: 10\r\n",
         400},
        {"BITS-Packet-Type: Fragment\r\nBITS-Session-Id: s\r\nContent-Length: 10\r\n", 400},
        {"BITS-Packet-Type: Fragment\r\nBITS-Session-Id: s\r\nContent-Range: bytes 0-9/10\r\n",
         411},
        {"BITS-Packet-Type: Fragment\r\nBITS-Session-Id: s\r\nContent-Range: bytes 0-9/10\r\n"
         "Content-Length: 9\r\n",
         400},
        {"BITS-Packet-Type: Fragment\r\nBITS-Session-Id: s\r\nContent-Range: bytes 0-9/*\r\n"
         "Content-Length: 10\r\n",
         400},
        {"BITS-Packet-Type: Fragment\r\nBITS-Session-Id: s\r\nContent-Range: bytes 0-9/10\r\n"
         "Content-Length: 10\r\nContent-Encoding: gzip\r\n",
         415},
        {"BITS-Packet-Type: Fragment\r\nBITS-Session-Id: s\r\nContent-Range: bytes 0-9/10\r\n"
         "Content-Length: 10\r\nContent-Length: 11\r\n",
         400},
        {"BITS-Packet-Type: Close-Session\r\nBITS-Session-Id: s\r\n", 200},
        {"BITS-Packet-Type: Close-Session\r\n", 400},
        {"BITS-Packet-Type: Cancel-Session\r\nBITS-Session-Id: s\r\nBITS-Session-Id: t\r\n", 400},
        {"BITS-Packet-Type: Ping\r\nBITS-Packet-Type: Fragment\r\n", 400},
        {"BITS-Packet-Type: Ack\r\n", 400},
        {"BITS-Packet-Type: Pong\r\n", 400},
        {"Content-Length: 0\r\n", 400},
    };
    struct bc_upload_request request;
    int32_t error;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int status;

        feed_request(&request, rows[i].head);
        status = bc_upload_request_check(&request, &error);
        if (status != rows[i].status)
            fail_msg("%s: %d", rows[i].head, status);
        assert_int_equal(bc_failed(error), status != 200);
    }
    feed_request(&request, rows[3].head);
    bc_upload_request_check(&request, &error);
    assert_hr(error, BC_E_CLIENT_SERVER_PROTOCOL_MISMATCH, "other protocols only");
}

static struct bc_upload_verdict_fragment judge(uint64_t received, uint64_t first, uint64_t count,
                                               uint64_t total)
{
    struct bc_upload_session session = {received, received > 0, 200, 1000};
    struct bc_upload_request request = {.first = first, .count = count, .total = total};

    return bc_upload_fragment_check(&session, &request);
}

static void test_content_name(void **state)
{
    char head[BC_UPLOAD_NAME_MAX + 64] = "Content-Name: ";
    struct bc_upload_request request;

    feed_request(&request, "Content-Name: n\xc3\xa4me x\r\n");
    assert_string_equal(request.content_name, "n\xc3\xa4me x");
    memset(head + 14, 'n', BC_UPLOAD_NAME_MAX + 1);
    feed_request(&request, head);
    assert_true(request.malformed);
    head[14 + BC_UPLOAD_NAME_MAX] = 0;
    feed_request(&request, head);
    assert_false(request.malformed);
    assert_int_equal(strlen(request.content_name), BC_UPLOAD_NAME_MAX);
}

static void test_fragment_check(void **state)
{
    struct bc_upload_verdict_fragment v;

    /* The page's example: 0 to 100, then 50 to 150. Bytes 101 to 150 are written. */
    v = judge(101, 50, 101, 200);
    assert_int_equal(v.status, 200);
    assert_int_equal(v.skip, 51);
    assert_int_equal(v.write, 50);
    assert_false(v.complete);
    v = judge(101, 0, 50, 200);
    assert_int_equal(v.status, 200);
    assert_int_equal(v.skip, 50);
    assert_int_equal(v.write, 0);
    v = judge(101, 101, 99, 200);
    assert_true(v.complete);
    v = judge(200, 199, 1, 200);
    assert_int_equal(v.write, 0);
    assert_true(v.complete);
    v = judge(0, 0, 0, 0);
    assert_int_equal(v.status, 200);
    assert_true(v.complete);
    v = judge(101, 102, 10, 200);
    assert_int_equal(v.status, 416);
    v = judge(101, 101, 99, 201);
    assert_int_equal(v.status, 400);
    v = judge(0, 0, 10, 1001);
    assert_int_equal(v.status, 413);
    assert_hr(v.error, BC_E_TOO_LARGE, "too large");
    v = judge(0, 0, 10, 1000);
    assert_int_equal(v.status, 200);
}

static void test_ack_format(void **state)
{
    struct bc_upload_ack ack, again;
    char buffer[BC_UPLOAD_HEADERS_SIZE];

    bc_upload_ack_init(&ack);
    assert_hr(bc_upload_ack_format(&ack, buffer, sizeof(buffer)), BC_S_OK, "bare");
    assert_string_equal(buffer, "BITS-Packet-Type: Ack\r\nContent-Length: 0\r\n");
    strcpy(ack.session_id, SESSION);
    strcpy(ack.protocol, BC_UPLOAD_PROTOCOL);
    strcpy(ack.host_id, "node7");
    ack.has_fallback = true;
    ack.fallback = 86400;
    ack.has_received = true;
    ack.received = 213;
    strcpy(ack.reply_url, "http://s/reply");
    ack.error = BC_E_SESSION_NOT_FOUND;
    ack.error_context = BC_CONTEXT_REMOTE_FILE;
    assert_hr(bc_upload_ack_format(&ack, buffer, sizeof(buffer)), BC_S_OK, "full");
    assert_non_null(strstr(buffer, "BITS-Error-Code: 0x8020001f\r\nBITS-Error-Context: 0x5\r\n"));
    assert_non_null(strstr(buffer, "Accept-Encoding: Identity\r\n"));
    feed_ack(&again, buffer);
    ack.is_ack = true;
    assert_memory_equal(&ack, &again, sizeof(ack));
    strcpy(ack.reply_url, "http://s/\r\nX: y");
    assert_hr(bc_upload_ack_format(&ack, buffer, sizeof(buffer)), BC_E_INVALIDARG, "injection");
    assert_hr(bc_upload_ack_format(&again, buffer, 40), BC_E_WIN32_INSUFFICIENT_BUFFER, "short");
}

/* A server in memory, which forgets its session now and then. */
struct server {
    struct bc_upload_session session;
    bool open;
    unsigned serial;
    size_t loss; /* one packet in so many loses the session */
    unsigned char file[1024];
    uint64_t seed;
};

static int serve(struct server *server, const char *head, const unsigned char *body, char *reply)
{
    struct bc_upload_request request;
    struct bc_upload_ack ack;
    int32_t error;
    int status;

    feed_request(&request, head);
    bc_upload_ack_init(&ack);
    status = bc_upload_request_check(&request, &error);
    assert_int_equal(status, 200);
    if (random_below(&server->seed, server->loss) == 0)
        server->open = false;
    if (request.type == BC_PACKET_CREATE_SESSION) {
        server->open = true;
        server->serial++;
        server->session = (struct bc_upload_session){0, false, 0, UINT64_MAX};
        strcpy(ack.protocol, BC_UPLOAD_PROTOCOL);
        snprintf(ack.session_id, sizeof(ack.session_id), "s%u", server->serial);
    } else if (request.type != BC_PACKET_PING) {
        char id[16];

        snprintf(id, sizeof(id), "s%u", server->serial);
        if (!server->open || strcmp(id, request.session_id)) {
            status = 500;
            ack.error = BC_E_SESSION_NOT_FOUND;
            ack.error_context = BC_CONTEXT_REMOTE_FILE;
        } else if (request.type == BC_PACKET_FRAGMENT) {
            struct bc_upload_verdict_fragment v =
                bc_upload_fragment_check(&server->session, &request);
            uint64_t written = v.write;

            status = v.status;
            ack.error = v.error;
            if (status == 200) {
                /* The connection may break in the middle of a body. */
                if (random_below(&server->seed, 6) == 0)
                    written = random_below(&server->seed, (size_t)v.write + 1);
                memcpy(server->file + server->session.received, body + v.skip, (size_t)written);
                server->session.has_total = true;
                server->session.total = request.total;
                server->session.received += written;
            }
            ack.has_received = true;
            ack.received = server->session.received;
            if (written < v.write)
                status = 503;
        }
    }
    assert_hr(bc_upload_ack_format(&ack, reply, BC_UPLOAD_HEADERS_SIZE), BC_S_OK, "ack");
    return status;
}

static void test_both_sides(void **state)
{
    uint64_t seed = random_seed();

    for (int round = 0; round < 400; round++) {
        struct server server = {.seed = seed};
        struct bc_upload upload;
        unsigned char file[1024];
        size_t total = random_below(&seed, sizeof(file) + 1);
        int packets = 0;

        for (size_t i = 0; i < total; i++)
            file[i] = (unsigned char)random_next(&seed);
        bc_upload_init(&upload, total, 1 + random_below(&seed, 200), false);
        server.loss = 10 + total / (size_t)upload.fragment;
        while (upload.phase != BC_UPLOAD_DONE) {
            struct bc_upload_packet packet = bc_upload_next(&upload);
            char head[BC_UPLOAD_HEADERS_SIZE], reply[BC_UPLOAD_HEADERS_SIZE];
            struct bc_upload_outcome outcome;
            struct bc_upload_ack ack;
            int status;

            assert_true(packets++ < 100000);
            assert_hr(bc_upload_packet_format(&upload, &packet, "f", head, sizeof(head)), BC_S_OK,
                      "packet");
            status = serve(&server, head, file + packet.offset, reply);
            if (upload.phase == BC_UPLOAD_CLOSE) {
                assert_int_equal(server.session.received, total);
                assert_memory_equal(server.file, file, total);
            }
            /* The answer may get lost; the client then sends the packet again. */
            if (random_below(&seed, 10) == 0)
                continue;
            feed_ack(&ack, reply);
            outcome = bc_upload_acked(&upload, &packet, status, &ack);
            assert_int_not_equal(outcome.verdict, BC_UPLOAD_FATAL);
            assert_true(upload.offset <= total);
        }
        assert_int_equal(server.session.received, total);
        assert_memory_equal(server.file, file, total);
    }
}

static void test_random(void **state)
{
    static const char *const words[] = {
        "BITS-Packet-Type: ",
        "Ack\r\n",
        "Fragment\r\n",
        "BITS-Session-Id: ",
        SESSION "\r\n",
        "BITS-Received-Content-Range: ",
        "100\r\n",
        "250\r\n",
        "BITS-Reply-URL: ",
        "http://s/\r\n",
        "BITS-Error-Code: ",
        "0x8020001F\r\n",
        "BITS-Host-Id: ",
        "Content-Range: bytes ",
        "0-99/250\r\n",
        "Content-Length: ",
        "HTTP/1.1 200\r\n",
        "BITS-Protocol: ",
        BC_UPLOAD_PROTOCOL "\r\n",
        "Content-Name: ",
    };
    static const int statuses[] = {200, 201, 100, 302, 404, 416, 500, 501, 503};
    uint64_t seed = random_seed();
    char text[512];

    for (int i = 0; i < 50000; i++) {
        struct bc_upload upload = sending();
        struct bc_upload_request request;
        struct bc_upload_packet packet;
        struct bc_upload_ack ack;
        int32_t error;

        random_text(&seed, text, sizeof(text), words, COUNT_OF(words));
        feed_request(&request, text);
        if (bc_upload_request_check(&request, &error) == 200) {
            struct bc_upload_session session = {100, true, 250, 1000};
            struct bc_upload_verdict_fragment v = bc_upload_fragment_check(&session, &request);

            if (request.type == BC_PACKET_FRAGMENT && v.status == 200) {
                assert_int_equal(v.skip + v.write, request.count);
                assert_true(session.received + v.write <= request.total);
            }
        }
        feed_ack(&ack, text);
        upload.phase = (enum bc_upload_phase)random_below(&seed, BC_UPLOAD_DONE);
        packet = bc_upload_next(&upload);
        bc_upload_acked(&upload, &packet, statuses[random_below(&seed, COUNT_OF(statuses))], &ack);
        assert_true(upload.offset <= upload.total);
        packet = bc_upload_next(&upload);
        assert_true(packet.offset + packet.length <= upload.total);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_upload),   cmocka_unit_test(test_empty_file),
        cmocka_unit_test(test_large_file),     cmocka_unit_test(test_reply),
        cmocka_unit_test(test_offsets),        cmocka_unit_test(test_resume),
        cmocka_unit_test(test_lost_session),   cmocka_unit_test(test_errors),
        cmocka_unit_test(test_ending),         cmocka_unit_test(test_host_id),
        cmocka_unit_test(test_request_check),  cmocka_unit_test(test_content_name),
        cmocka_unit_test(test_fragment_check), cmocka_unit_test(test_ack_format),
        cmocka_unit_test(test_both_sides),     cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
