/*
 * What the native tests share: cmocka with its includes, and a seeded generator, so that a failure
 * of a randomised test can be repeated (BC_TEST_SEED in the environment chooses another seed).
 */
#ifndef TESTS_LIBS_SUPPORT_H
#define TESTS_LIBS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Compares HRESULTs and shows them in hexadecimal, with what was being tried. */
#define assert_hr(actual, expected, what)                                                          \
    do {                                                                                           \
        int32_t got = (actual), want = (expected);                                                 \
        if (got != want)                                                                           \
            fail_msg("%s: got 0x%08x, expected 0x%08x", what, (unsigned)got, (unsigned)want);      \
    } while (0)

static inline uint64_t random_seed(void)
{
    const char *text = getenv("BC_TEST_SEED");
    uint64_t seed = text ? strtoull(text, NULL, 0) : 0x9e3779b97f4a7c15u;

    printf("seed %llu\n", (unsigned long long)seed);
    return seed ? seed : 1;
}

/* xorshift64*: state must not be 0. */
static inline uint64_t random_next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1du;
}

static inline size_t random_below(uint64_t *state, size_t limit)
{
    return (size_t)(random_next(state) >> 11) % limit;
}

/*
 * Makes hostile text of at most size - 1 bytes: pieces of the given words, random bytes and random
 * printable characters, without zero bytes. Returns its length; the text is terminated.
 */
static inline size_t random_text(uint64_t *state, char *text, size_t size, const char *const *words,
                                 size_t word_count)
{
    size_t pieces = random_below(state, 12), len = 0;

    while (pieces--) {
        char one[2] = {0, 0};
        const char *piece = one;
        size_t n;

        switch (random_below(state, 4)) {
        case 0:
            one[0] = (char)(1 + random_below(state, 255));
            break;
        case 1:
            one[0] = (char)(' ' + random_below(state, 95));
            break;
        default:
            piece = words[random_below(state, word_count)];
            break;
        }
        n = strlen(piece);
        if (n && random_below(state, 8) == 0)
            n = random_below(state, n) + 1;
        if (n >= size - len)
            break;
        memcpy(text + len, piece, n);
        len += n;
    }
    text[len] = 0;
    return len;
}

#endif
