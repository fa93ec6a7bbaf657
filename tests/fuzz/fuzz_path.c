/*
 * libFuzzer program: local names and names of temporary files.
 * Build with CC=clang, -Dfuzz=true and -Db_sanitize=address,undefined -Db_lundef=false.
 */
#include <bitscore/bc_path.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char plain[BC_PATH_UTF8_SIZE], again[BC_PATH_UTF8_SIZE], name[BC_PATH_TEMP_NAME_SIZE];
    char *text = fuzz_text(data, size);
    uint32_t number;

    if (bc_succeeded(bc_path_check_local_name(text))) {
        CHECK(!bc_path_normalize(text, plain, sizeof(plain)));
        CHECK(!bc_path_check_local_name(plain));
        CHECK(!bc_path_normalize(plain, again, sizeof(again)) && !strcmp(plain, again));
        CHECK(bc_path_file_name(plain).len && bc_path_root(plain).len);
        CHECK(bc_path_directory(plain).len + bc_path_file_name(plain).len == strlen(plain));
    }
    if (bc_path_is_temp_name((struct bc_span){(const char *)data, size}, &number)) {
        CHECK(!bc_path_temp_name(number, name, sizeof(name)));
        CHECK(bc_span_is((struct bc_span){(const char *)data, size}, name));
    }
    free(text);
    return 0;
}
