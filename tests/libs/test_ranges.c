/*
 * bc_ranges: the set against a bitmap under random operations, and the lists of AddFileWithRanges
 * against its page.
 */
#include <bitscore/bc_ranges.h>

#include "support.h"

#define SPACE 96

static void check_shape(const struct bc_ranges *set)
{
    for (size_t i = 0; i < set->count; i++) {
        assert_true(set->items[i].length > 0);
        if (i)
            assert_true(set->items[i - 1].offset + set->items[i - 1].length < set->items[i].offset);
    }
}

static void check_against(const struct bc_ranges *set, const bool *bitmap)
{
    uint64_t total = 0;

    check_shape(set);
    for (uint64_t at = 0; at < SPACE; at++) {
        total += bitmap[at];
        assert_int_equal(bc_ranges_contain(set, at, 1), bitmap[at]);
    }
    assert_int_equal(bc_ranges_total(set), total);
}

static void test_random_set(void **state)
{
    uint64_t seed = random_seed();

    for (int round = 0; round < 300; round++) {
        struct bc_ranges set, other, both;
        bool bitmap[SPACE] = {false}, other_bitmap[SPACE] = {false}, both_bitmap[SPACE];

        bc_ranges_init(&set);
        bc_ranges_init(&other);
        bc_ranges_init(&both);
        for (int step = 0; step < 60; step++) {
            uint64_t offset = random_below(&seed, SPACE);
            uint64_t length = random_below(&seed, SPACE - offset + 1) % 24, from, end;
            bool add = random_below(&seed, 5) < 3, all = true, found = false;
            struct bc_range gap = {0, 0};

            assert_hr(add ? bc_ranges_add(&set, offset, length)
                          : bc_ranges_subtract(&set, offset, length),
                      BC_S_OK, "change");
            for (uint64_t i = offset; i < offset + length; i++)
                bitmap[i] = add;
            check_against(&set, bitmap);

            from = random_below(&seed, SPACE);
            end = from + random_below(&seed, SPACE - from + 1);
            for (uint64_t i = from; i < end; i++) {
                all = all && bitmap[i];
                if (!bitmap[i] && (!found || i == gap.offset + gap.length)) {
                    if (!found)
                        gap.offset = i;
                    gap.length++;
                    found = true;
                }
            }
            assert_int_equal(bc_ranges_contain(&set, from, end - from), all);
            {
                struct bc_range got = {7, 7};

                assert_int_equal(bc_ranges_next_gap(&set, from, end, &got), found);
                assert_int_equal(got.offset, found ? gap.offset : 7);
                assert_int_equal(got.length, found ? gap.length : 7);
            }
        }
        for (int step = 0; step < 8; step++) {
            uint64_t offset = random_below(&seed, SPACE - 12), length = random_below(&seed, 12);

            assert_hr(bc_ranges_add(&other, offset, length), BC_S_OK, "other");
            for (uint64_t i = offset; i < offset + length; i++)
                other_bitmap[i] = true;
        }
        for (int i = 0; i < SPACE; i++)
            both_bitmap[i] = bitmap[i] && other_bitmap[i];
        assert_hr(bc_ranges_intersect(&both, &set, &other), BC_S_OK, "intersect");
        check_against(&both, both_bitmap);
        assert_hr(bc_ranges_intersect(&set, &set, &other), BC_S_OK, "intersect in place");
        check_against(&set, both_bitmap);
        assert_hr(bc_ranges_copy(&other, &both), BC_S_OK, "copy");
        check_against(&other, both_bitmap);
        bc_ranges_free(&set);
        bc_ranges_free(&other);
        bc_ranges_free(&both);
    }
}

static void test_edges(void **state)
{
    struct bc_range gap;
    struct bc_ranges set;

    bc_ranges_init(&set);
    assert_false(bc_ranges_contain(&set, 0, 1));
    assert_true(bc_ranges_contain(&set, 5, 0));
    assert_hr(bc_ranges_add(&set, UINT64_MAX, 1), BC_E_INVALIDARG, "end past 2^64");
    assert_hr(bc_ranges_add(&set, 2, UINT64_MAX), BC_E_INVALIDARG, "end past 2^64");
    assert_hr(bc_ranges_add(&set, 0, UINT64_MAX), BC_S_OK, "everything");
    assert_int_equal(bc_ranges_total(&set), UINT64_MAX);
    assert_hr(bc_ranges_add(&set, 10, 10), BC_S_OK, "inside");
    assert_int_equal(set.count, 1);
    assert_false(bc_ranges_next_gap(&set, 0, UINT64_MAX, &gap));
    assert_hr(bc_ranges_subtract(&set, 10, UINT64_MAX - 20), BC_S_OK, "middle");
    assert_int_equal(set.count, 2);
    assert_int_equal(bc_ranges_total(&set), 20);
    assert_false(bc_ranges_contain(&set, 1, UINT64_MAX));
    assert_hr(bc_ranges_subtract(&set, 1, UINT64_MAX), BC_E_INVALIDARG, "end past 2^64");
    bc_ranges_free(&set);
    assert_int_equal(set.count, 0);
}

static void check_list(const struct bc_range *ranges, size_t count, int32_t expected,
                       const char *what)
{
    assert_hr(bc_file_ranges_check(ranges, count, 500), expected, what);
}

static void test_client_list(void **state)
{
    const struct bc_range example[] = {{24, 17}, {111, BC_LENGTH_TO_EOF}, {83, 7}};
    const struct bc_range touching[] = {{10, 5}, {15, 5}, {0, 10}};
    const struct bc_range overlapping[] = {{10, 6}, {15, 5}};
    const struct bc_range duplicate[] = {{10, 6}, {10, 6}};
    const struct bc_range after_eof[] = {{10, BC_LENGTH_TO_EOF}, {20, 1}};
    const struct bc_range before_eof[] = {{10, BC_LENGTH_TO_EOF}, {0, 10}};
    const struct bc_range reversed[] = {{100, 5}, {100, 0}};
    const struct bc_range in_order[] = {{100, 0}, {100, 5}};
    const struct bc_range empty[] = {{100, 0}};
    const struct bc_range bad_offset[] = {{BC_LENGTH_TO_EOF, 1}};
    const struct bc_range wraps[] = {{UINT64_MAX - 4, 6}};
    struct bc_range many[501];

    check_list(example, 3, BC_S_OK, "the page's example");
    check_list(touching, 3, BC_S_OK, "touching");
    check_list(overlapping, 2, BC_E_OVERLAPPING_RANGES, "overlapping");
    check_list(duplicate, 2, BC_E_OVERLAPPING_RANGES, "duplicate");
    check_list(after_eof, 2, BC_E_OVERLAPPING_RANGES, "after a range to the end");
    check_list(before_eof, 2, BC_S_OK, "before a range to the end");
    check_list(reversed, 2, BC_E_OVERLAPPING_RANGES, "the page's reversed ranges");
    check_list(in_order, 2, BC_E_OVERLAPPING_RANGES, "an empty range and another at its offset");
    check_list(empty, 1, BC_E_INVALID_RANGE, "zero length");
    check_list(bad_offset, 1, BC_E_INVALID_RANGE, "offset BG_LENGTH_TO_EOF");
    check_list(wraps, 1, BC_E_INVALID_RANGE, "end past 2^64");
    check_list(example, 0, BC_E_INVALIDARG, "no ranges");
    check_list(NULL, 1, BC_E_INVALIDARG, "no array");
    for (size_t i = 0; i < COUNT_OF(many); i++)
        many[i] = (struct bc_range){(COUNT_OF(many) - i) * 10, 10};
    check_list(many, 500, BC_S_OK, "500 ranges");
    check_list(many, 501, BC_E_TOO_MANY_RANGES_IN_FILE, "501 ranges");
    assert_hr(bc_file_ranges_check(many, 501, SIZE_MAX), BC_S_OK, "no limit");
}

static void test_request(void **state)
{
    const struct bc_range ranges[] = {{0, 10}, {5, 10}, {90, BC_LENGTH_TO_EOF}};
    const struct bc_range empty = {5, 0}, end = {90, 11}, past = {100, BC_LENGTH_TO_EOF};
    const struct bc_range eof = {BC_LENGTH_TO_EOF, 1}, wraps = {UINT64_MAX - 4, 6};

    assert_hr(bc_file_ranges_check_request(ranges, 3, 100), BC_S_OK, "overlapping");
    assert_hr(bc_file_ranges_check_request(ranges, 3, BC_SIZE_UNKNOWN), BC_S_OK, "size unknown");
    assert_hr(bc_file_ranges_check_request(ranges, 0, 100), BC_E_INVALIDARG, "none");
    assert_hr(bc_file_ranges_check_request(NULL, 1, 100), BC_E_INVALIDARG, "no array");
    assert_hr(bc_file_ranges_check_request(&empty, 1, 100), BC_E_INVALID_RANGE, "empty");
    assert_hr(bc_file_ranges_check_request(&end, 1, 100), BC_E_INVALID_RANGE, "one byte too long");
    assert_hr(bc_file_ranges_check_request(&past, 1, 100), BC_E_INVALID_RANGE, "behind the end");
    assert_hr(bc_file_ranges_check_request(&eof, 1, 100), BC_E_INVALID_RANGE, "offset to EOF");
    assert_hr(bc_file_ranges_check_request(&wraps, 1, BC_SIZE_UNKNOWN), BC_E_INVALID_RANGE,
              "wraps");
}

static void test_map(void **state)
{
    /* The page's second example: three hundreds, in the order given. */
    const struct bc_range given[] = {{100, 100}, {900, 100}, {400, 100}};
    struct bc_range ranges[] = {{24, 17}, {111, BC_LENGTH_TO_EOF}, {83, 7}}, remote;
    uint64_t local;
    size_t index;

    assert_int_equal(bc_file_ranges_local_size(given, 3), 300);
    assert_true(bc_file_ranges_at(given, 3, 150, &remote, &index));
    assert_int_equal(index, 1);
    assert_int_equal(remote.offset, 950);
    assert_int_equal(remote.length, 50);
    assert_true(bc_file_ranges_at(given, 3, 299, &remote, NULL));
    assert_int_equal(remote.offset, 499);
    assert_false(bc_file_ranges_at(given, 3, 300, &remote, &index));
    for (uint64_t at = 0; at < 300; at++) {
        assert_true(bc_file_ranges_at(given, 3, at, &remote, NULL));
        assert_true(bc_file_ranges_local_offset(given, 3, remote.offset, &local));
        assert_int_equal(local, at);
    }
    assert_false(bc_file_ranges_local_offset(given, 3, 99, &local));
    assert_false(bc_file_ranges_local_offset(given, 3, 200, &local));

    assert_int_equal(bc_file_ranges_local_size(ranges, 3), BC_SIZE_UNKNOWN);
    assert_true(bc_file_ranges_at(ranges, 3, 20, &remote, NULL));
    assert_int_equal(remote.offset, 114);
    assert_int_equal(remote.length, BC_LENGTH_TO_EOF);
    assert_false(bc_file_ranges_local_offset(ranges, 3, 85, &local));
    assert_hr(bc_file_ranges_resolve(ranges, 3, 111), BC_E_INVALID_RANGE, "nothing to the end");
    assert_int_equal(ranges[1].length, BC_LENGTH_TO_EOF);
    assert_hr(bc_file_ranges_resolve(ranges, 3, 89), BC_E_INVALID_RANGE, "cut");
    assert_hr(bc_file_ranges_resolve(ranges, 3, 112), BC_S_OK, "one byte to the end");
    assert_int_equal(ranges[1].length, 1);
    assert_int_equal(bc_file_ranges_local_size(ranges, 3), 25);
    assert_true(bc_file_ranges_local_offset(ranges, 3, 85, &local));
    assert_int_equal(local, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_set),  cmocka_unit_test(test_edges),
        cmocka_unit_test(test_client_list), cmocka_unit_test(test_request),
        cmocka_unit_test(test_map),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
