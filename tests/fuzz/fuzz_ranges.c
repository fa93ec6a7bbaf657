/*
 * libFuzzer program: operations on sets, against a bitmap, and clients' lists.
 * Build with CC=clang, -Dfuzz=true and -Db_sanitize=address,undefined -Db_lundef=false.
 */
#include <bitscore/bc_ranges.h>

#include "fuzz.h"

#define SPACE 256u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool bitmap[2 * SPACE] = {false};
    uint64_t total = 0, local;
    struct bc_ranges set;
    struct bc_range list[64], remote;
    size_t count = 0;

    bc_ranges_init(&set);
    for (size_t i = 0; i + 2 < size; i += 3) {
        bool add = data[i] & 1;

        CHECK(!(add ? bc_ranges_add(&set, data[i + 1], data[i + 2])
                    : bc_ranges_subtract(&set, data[i + 1], data[i + 2])));
        for (unsigned k = 0; k < data[i + 2]; k++)
            bitmap[data[i + 1] + k] = add;
    }
    for (size_t i = 0; i < 2 * SPACE; i++) {
        total += bitmap[i];
        CHECK(bc_ranges_contain(&set, i, 1) == bitmap[i]);
    }
    CHECK(bc_ranges_total(&set) == total);
    bc_ranges_free(&set);

    for (size_t i = 0; i + 16 <= size && count < 64; i += 16) {
        memcpy(&list[count].offset, data + i, 8);
        memcpy(&list[count].length, data + i + 8, 8);
        count++;
    }
    bc_file_ranges_check_request(list, count, 1000000);
    if (!bc_file_ranges_check(list, count, 64)) {
        bc_file_ranges_resolve(list, count, UINT64_MAX - 1);
        for (uint64_t at = 0; at < 32; at++)
            if (bc_file_ranges_at(list, count, at, &remote, NULL) &&
                bc_file_ranges_local_offset(list, count, remote.offset, &local))
                CHECK(local == at);
    }
    return 0;
}
