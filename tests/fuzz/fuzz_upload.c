/*
 * libFuzzer program: upload packets, read as a request by a server and as an answer by a client.
 * Build with CC=clang, -Dfuzz=true and -Db_sanitize=address,undefined -Db_lundef=false.
 */
#include <bitscore/bc_upload.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 201, 302, 404, 416, 500, 501, 503};
    struct bc_upload_session session = {100, true, 250, 1000};
    struct bc_upload_request request;
    struct bc_upload_packet packet;
    struct bc_upload upload;
    struct bc_upload_ack ack;
    char headers[BC_UPLOAD_HEADERS_SIZE];
    size_t at = 2;
    int32_t error;

    if (size < 2)
        return 0;
    bc_upload_request_init(&request);
    bc_upload_ack_init(&ack);
    while (at < size) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t n = end ? (size_t)(end - data) + 1 - at : size - at;
        char *line = fuzz_text(data + at, n);

        bc_upload_request_line(&request, line, n);
        bc_upload_ack_line(&ack, line, n);
        free(line);
        at += n;
    }
    if (bc_upload_request_check(&request, &error) == 200 && request.type == BC_PACKET_FRAGMENT) {
        struct bc_upload_verdict_fragment verdict = bc_upload_fragment_check(&session, &request);

        if (verdict.status == 200)
            CHECK(verdict.skip + verdict.write == request.count &&
                  session.received + verdict.write <= session.total);
    }
    if (!ack.malformed)
        CHECK(!bc_upload_ack_format(&ack, headers, sizeof(headers)));
    bc_upload_init(&upload, data[0], 1 + data[1] % 64u, data[1] & 64);
    if (data[1] & 128)
        bc_upload_resume(&upload, "session", data[0] / 2u);
    packet = bc_upload_next(&upload);
    bc_upload_acked(&upload, &packet, statuses[data[1] % 8u], &ack);
    CHECK(upload.offset <= upload.total);
    packet = bc_upload_next(&upload);
    if (packet.type != BC_PACKET_NONE)
        CHECK(!bc_upload_packet_format(&upload, &packet, "name", headers, sizeof(headers)));
    return 0;
}
