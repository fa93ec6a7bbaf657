/* bc_names: sets of names packed and unfolded again, and packed text that nobody packed. */
#include <bitscore/bc_names.h>

#include "support.h"

static uint16_t *units_of(const char *text)
{
    size_t length = strlen(text);
    uint16_t *units = malloc((length + 1) * sizeof(*units));

    assert_non_null(units);
    for (size_t i = 0; i <= length; i++)
        units[i] = (uint16_t)(unsigned char)text[i];
    return units;
}

static bool same(const uint16_t *one, const uint16_t *other)
{
    if (!one || !other)
        return one == other;
    while (*one && *one == *other) {
        one++;
        other++;
    }
    return *one == *other;
}

/* Packs and unfolds; returns the units in between. Buffers are as long as they must be, no longer,
 * for the sanitizers to see what goes past. */
static size_t round_trip(uint16_t *const *names, size_t count)
{
    size_t room = bc_names_room(names, count), used, pool_units;
    uint16_t *packed, *exact, *pool, **back = calloc(count + 1, sizeof(*back));

    assert_true(room < SIZE_MAX);
    packed = malloc((room + 1) * sizeof(*packed));
    assert_non_null(packed);
    assert_non_null(back);
    used = bc_names_pack(names, count, packed);
    assert_true(used <= room);
    exact = malloc(used * sizeof(*exact) + 1);
    assert_non_null(exact);
    memcpy(exact, packed, used * sizeof(*exact));
    pool_units = bc_names_measure(exact, used, count);
    assert_true(pool_units < SIZE_MAX);
    pool = malloc(pool_units * sizeof(*pool) + 1);
    assert_non_null(pool);
    bc_names_unpack(exact, count, back, pool);
    for (size_t i = 0; i < count; i++)
        assert_true(same(names[i], back[i]));
    /* One less or one more is noticed. */
    if (used)
        assert_true(bc_names_measure(exact, used - 1, count) == SIZE_MAX);
    assert_true(bc_names_measure(exact, used, count + 1) == SIZE_MAX);
    if (count)
        assert_true(bc_names_measure(exact, used, count - 1) == SIZE_MAX);
    free(pool);
    free(exact);
    free(packed);
    free(back);
    return used;
}

static void test_few(void **state)
{
    uint16_t *names[10];

    names[0] = units_of("http://host/folder/1");
    names[1] = units_of("C:\\folder\\1");
    names[2] = units_of("http://host/folder/22");
    names[3] = units_of("C:\\folder\\22");
    names[4] = units_of("");
    names[5] = NULL;
    names[6] = NULL;
    names[7] = units_of("C:\\folder\\1");
    names[8] = units_of("http://host/");
    names[9] = units_of("C:\\folder\\1");
    for (size_t count = 0; count <= COUNT_OF(names); count++)
        round_trip(names, count);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        free(names[i]);
}

static void test_many_are_small(void **state)
{
    static uint16_t *names[20000];
    size_t plain = 0, used;
    char text[64];

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(text, sizeof(text),
                 i % 2 ? "C:\\some\\folder\\of\\mine\\%zu" : "http://server/%zu", i / 2);
        names[i] = units_of(text);
        plain += strlen(text) + 1;
    }
    used = round_trip(names, COUNT_OF(names));
    assert_true(used * 4 < plain);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        free(names[i]);
}

/* Lengths on both sides of where a number takes two units. */
static void test_long(void **state)
{
    static const size_t lengths[] = {0x7ffe, 0x7fff, 0x8000, 0x8001, 0x10000, 0x1ffff, 300000};

    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        uint16_t *names[4];

        for (size_t k = 0; k < COUNT_OF(names); k++) {
            names[k] = malloc((lengths[i] + k + 1) * sizeof(*names[k]));
            assert_non_null(names[k]);
            for (size_t at = 0; at < lengths[i] + k; at++)
                names[k][at] = (uint16_t)(0xd800 + at % 0x2000);
            names[k][lengths[i] + k] = 0;
        }
        round_trip(names, COUNT_OF(names));
        for (size_t k = 0; k < COUNT_OF(names); k++)
            free(names[k]);
    }
}

/* Not more is shared than may be; what claims more is refused. */
static void test_shared_has_an_end(void **state)
{
    enum { LENGTH = 1 << 20, COUNT = 40 };
    uint16_t *name = malloc((LENGTH + 1) * sizeof(*name)), *names[COUNT];
    enum { OWN = 0x7fff, MANY = BC_NAMES_SHARED_MAX / OWN };
    static uint16_t forged[3 + OWN + (MANY + 1) * 4], *at = forged;
    size_t used;

    assert_non_null(name);
    for (size_t i = 0; i < LENGTH; i++)
        name[i] = 'x';
    name[LENGTH] = 0;
    for (size_t i = 0; i < COUNT; i++)
        names[i] = name;
    used = round_trip(names, COUNT);
    assert_true(used > (COUNT - BC_NAMES_SHARED_MAX / LENGTH - 1) * (size_t)LENGTH);
    free(name);

    /* A name that all that follow have whole: fine, until it is one too many. */
    *at++ = 1;
    *at++ = OWN;
    for (int i = 0; i < OWN; i++)
        *at++ = 'y';
    *at++ = 0;
    for (int i = 0; i <= MANY; i++) {
        *at++ = 0x8000 | (OWN + 1) >> 16;
        *at++ = (uint16_t)(OWN + 1);
        *at++ = 0;
        *at++ = 0;
        assert_int_equal(bc_names_measure(forged, (size_t)(at - forged), 2 + 2 * (size_t)(i + 1)),
                         i < MANY ? (OWN + 1) * ((size_t)i + 2) : SIZE_MAX);
    }
}

static void test_forged(void **state)
{
    static const struct {
        size_t count, units;
        uint16_t text[8];
    } cases[] = {
        {1, 0, {0}},                       /* nothing there */
        {1, 1, {1}},                       /* no number of own units */
        {1, 3, {1, 2, 'a'}},               /* fewer than it says */
        {1, 3, {1, 0x8000, 5}},            /* the same, in two units */
        {1, 2, {1, 0x8000}},               /* half a number */
        {1, 3, {2, 1, 'a'}},               /* shares with nobody */
        {2, 6, {1, 1, 'a', 2, 1, 'b'}},    /* shares with one of the other kind */
        {3, 7, {1, 1, 'a', 0, 3, 1, 'b'}}, /* shares more than there is */
        {3, 7, {0, 0, 2, 1, 'b', 0, 0}},   /* shares with NULL */
        {1, 3, {0xffff, 0xffff, 0}},       /* shares very much */
        {1, 3, {1, 0xffff, 0xffff}},       /* has very much */
        {2, 4, {0, 0, 0, 0}},              /* more than the names */
    };
    uint64_t random = random_seed();

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint16_t *exact = malloc(cases[i].units * sizeof(*exact) + 1);

        assert_non_null(exact);
        memcpy(exact, cases[i].text, cases[i].units * sizeof(*exact));
        if (bc_names_measure(exact, cases[i].units, cases[i].count) != SIZE_MAX)
            fail_msg("case %zu passes", i);
        free(exact);
    }
    /* Whatever is found good can be unfolded. */
    for (int i = 0; i < 200000; i++) {
        uint16_t text[12], *back[6], *pool;
        size_t units = random_next(&random) % 12, count = random_next(&random) % 6, sum;

        for (size_t k = 0; k < units; k++)
            text[k] = (uint16_t)(random_next(&random) % 4);
        sum = bc_names_measure(text, units, count);
        if (sum == SIZE_MAX)
            continue;
        pool = malloc(sum * sizeof(*pool) + 1);
        assert_non_null(pool);
        bc_names_unpack(text, count, back, pool);
        free(pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few),    cmocka_unit_test(test_many_are_small),
        cmocka_unit_test(test_long),   cmocka_unit_test(test_shared_has_an_end),
        cmocka_unit_test(test_forged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
