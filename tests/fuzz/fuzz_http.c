/*
 * libFuzzer program: answers, line by line, and the decision about them.
 * Build with CC=clang, -Dfuzz=true and -Db_sanitize=address,undefined -Db_lundef=false.
 */
#include <bitscore/bc_http.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bc_http_request request = {.offset = 400, .length = BC_LENGTH_TO_EOF, .ranged = true};
    struct bc_http_response response;
    struct bc_http_decision decision;
    char buffer[BC_HTTP_DATE_SIZE];
    size_t at = 1;

    if (!size)
        return 0;
    request.user_range = data[0] & 1;
    request.dynamic = data[0] & 2;
    request.ranged = !(data[0] & 4);
    if (!request.ranged)
        request.offset = 0;
    else if (data[0] & 8)
        request.length = 100;
    bc_validators_init(&request.known);
    if (data[0] & 16) {
        strcpy(request.known.etag, "\"v1\"");
        request.known.total = 1000;
    }
    bc_http_response_init(&response);
    while (at < size) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t n = end ? (size_t)(end - data) + 1 - at : size - at;
        char *line = fuzz_text(data + at, n);

        bc_http_response_line(&response, line, n, 1700000000);
        free(line);
        at += n;
    }
    decision = bc_http_decide(&request, &response);
    if (decision.verdict == BC_VERDICT_APPEND) {
        CHECK(decision.body_offset == request.offset);
        CHECK(!request.ranged || bc_validators_same(&request.known, &response.validators));
        CHECK(request.length == BC_LENGTH_TO_EOF || decision.body_length <= request.length);
    }
    CHECK((decision.verdict == BC_VERDICT_ERROR) <= bc_failed(decision.error.code));
    if (response.validators.has_last_modified)
        CHECK(!bc_http_format_date(response.validators.last_modified, buffer, sizeof(buffer)));
    return 0;
}
