/*
 * libFuzzer program: custom headers and methods.
 * Build with CC=clang, -Dfuzz=true and -Db_sanitize=address,undefined -Db_lundef=false.
 */
#include <bitscore/bc_headers.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    const char *cursor = text;
    struct bc_span line;

    bc_headers_check_method(text);
    if (bc_succeeded(bc_headers_check(text))) {
        while (bc_headers_next(&cursor, &line)) {
            CHECK(line.len && memchr(line.ptr, ':', line.len));
            CHECK(!memchr(line.ptr, '\r', line.len) && !memchr(line.ptr, '\n', line.len));
        }
    }
    free(text);
    return 0;
}
