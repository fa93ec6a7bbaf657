/*
 * The test data of the fault server in C: see pattern.py, which defines it. A test that downloads
 * /data/<name>?size=N&seed=S checks what it got with pattern_first_difference(). Header only, no
 * dependencies; the caller owns all memory.
 */
#ifndef TESTS_SERVER_PATTERN_H
#define TESTS_SERVER_PATTERN_H

#include <stddef.h>
#include <stdint.h>

#define PATTERN_PERIOD 1044483u /* bytes */
#define PATTERN_PAGE   4096u    /* bytes */

static inline uint64_t pattern_mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* The byte at offset of the resource with this seed. */
static inline uint8_t pattern_byte(uint64_t seed, uint64_t offset)
{
    uint64_t key = pattern_mix(seed);
    uint64_t at = (offset + key % PATTERN_PERIOD) % PATTERN_PERIOD;
    uint8_t byte = (uint8_t)(pattern_mix(at / 8) >> (at % 8 * 8));

    if (offset % PATTERN_PAGE < 8) {
        uint64_t stamp = offset / PATTERN_PAGE ^ key;

        byte ^= (uint8_t)(stamp >> (offset % PATTERN_PAGE * 8));
    }
    return byte;
}

/* Fills size bytes at data with those from offset on. */
static inline void pattern_fill(uint64_t seed, uint64_t offset, void *data, size_t size)
{
    uint8_t *bytes = (uint8_t *)data;
    size_t i;

    for (i = 0; i < size; i++)
        bytes[i] = pattern_byte(seed, offset + i);
}

/* Returns size if the bytes at data are those from offset on, else the index of the first that
 * is not. */
static inline size_t pattern_first_difference(uint64_t seed, uint64_t offset, const void *data,
                                              size_t size)
{
    const uint8_t *bytes = (const uint8_t *)data;
    size_t i;

    for (i = 0; i < size && bytes[i] == pattern_byte(seed, offset + i); i++)
        ;
    return i;
}

#endif
