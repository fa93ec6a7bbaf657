/*
 * libFuzzer program: packed names from anybody.
 * Build with CC=clang, -Dfuzz=true and -Db_sanitize=address,undefined -Db_lundef=false.
 */
#include <bitscore/bc_names.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t count = size ? data[0] : 0, units = size / 2, sum;
    uint16_t *packed = malloc(units * sizeof(*packed) + 1), **names, *pool;

    CHECK(packed);
    if (units)
        memcpy(packed, data + size % 2, units * sizeof(*packed));
    sum = bc_names_measure(packed, units, count);
    if (sum != SIZE_MAX) {
        names = malloc((count + 1) * sizeof(*names));
        pool = malloc(sum * sizeof(*pool) + 1);
        CHECK(names && pool);
        bc_names_unpack(packed, count, names, pool);
        for (size_t i = 0; i < count; i++)
            CHECK(!names[i] || (names[i] >= pool && names[i] < pool + sum));
        free(pool);
        free(names);
    }
    free(packed);
    return 0;
}
