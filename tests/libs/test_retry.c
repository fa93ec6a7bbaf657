/* bc_retry: the pages of SetMinimumRetryDelay and SetNoProgressTimeout, with a clock of our own. */
#include <bitscore/bc_retry.h>

#include "support.h"

#define SECOND 1000u
#define DAY    (86400u * SECOND)

static void test_defaults(void **state)
{
    struct bc_retry r;

    bc_retry_init(&r);
    assert_int_equal(r.delay, 600);
    assert_int_equal(r.no_progress, 14 * 86400);
    assert_int_equal(bc_retry_due(&r), BC_NEVER);
    assert_int_equal(bc_retry_verdict(&r, UINT64_MAX), BC_RETRY_WAIT);
    bc_retry_set_delay(&r, 4);
    assert_int_equal(r.delay, 5);
    bc_retry_set_delay(&r, 0);
    assert_int_equal(r.delay, 5);
    bc_retry_set_delay(&r, 6);
    assert_int_equal(r.delay, 6);
}

static void test_delay(void **state)
{
    struct bc_retry r;

    bc_retry_init(&r);
    assert_true(bc_retry_failed(&r, BC_E_HTTP_ERROR_503, 0, 1000 * SECOND));
    assert_int_equal(bc_retry_due(&r), 1600 * SECOND);
    assert_int_equal(bc_retry_verdict(&r, 1600 * SECOND - 1), BC_RETRY_WAIT);
    assert_int_equal(bc_retry_verdict(&r, 1600 * SECOND), BC_RETRY_NOW);
    /* A new delay holds for the job that is waiting already. */
    bc_retry_set_delay(&r, 5);
    assert_int_equal(bc_retry_verdict(&r, 1005 * SECOND), BC_RETRY_NOW);
    bc_retry_started(&r);
    assert_int_equal(bc_retry_verdict(&r, 1005 * SECOND), BC_RETRY_WAIT);
    assert_int_equal(bc_retry_due(&r), BC_NEVER);
    /* Retry-After lengthens the delay, and never shortens it. */
    assert_true(bc_retry_failed(&r, BC_E_HTTP_ERROR_503, 60, 2000 * SECOND));
    assert_int_equal(bc_retry_due(&r), 2060 * SECOND);
    assert_true(bc_retry_failed(&r, BC_E_HTTP_ERROR_503, 1, 2000 * SECOND));
    assert_int_equal(bc_retry_due(&r), 2005 * SECOND);
}

static void test_no_progress(void **state)
{
    struct bc_retry r;

    bc_retry_init(&r);
    bc_retry_set_delay(&r, 60);
    bc_retry_set_no_progress(&r, 100);
    assert_true(bc_retry_failed(&r, BC_E_CONNECT_FAILURE, 0, 0));
    assert_int_equal(bc_retry_due(&r), 60 * SECOND);
    bc_retry_started(&r);
    assert_true(bc_retry_failed(&r, BC_E_CONNECT_FAILURE, 0, 61 * SECOND));
    /* The period runs from the first error, not from the last. */
    assert_int_equal(bc_retry_due(&r), 100 * SECOND);
    assert_int_equal(bc_retry_verdict(&r, 100 * SECOND - 1), BC_RETRY_WAIT);
    assert_int_equal(bc_retry_verdict(&r, 100 * SECOND), BC_RETRY_GIVE_UP);
    /* Progress resets it. */
    bc_retry_started(&r);
    bc_retry_progress(&r);
    assert_true(bc_retry_failed(&r, BC_E_CONNECT_FAILURE, 0, 500 * SECOND));
    assert_int_equal(bc_retry_verdict(&r, 560 * SECOND), BC_RETRY_NOW);
    bc_retry_started(&r);
    assert_false(bc_retry_failed(&r, BC_E_CONNECT_FAILURE, 0, 600 * SECOND));
    assert_int_equal(bc_retry_due(&r), BC_NEVER);
    assert_int_equal(bc_retry_verdict(&r, BC_NEVER), BC_RETRY_WAIT);
    /* Resume gives the whole period again. */
    bc_retry_reset(&r);
    assert_true(bc_retry_failed(&r, BC_E_CONNECT_FAILURE, 0, 700 * SECOND));

    /* 0: no retries for any error. A delay longer than the period: likewise. */
    bc_retry_init(&r);
    bc_retry_set_no_progress(&r, 0);
    assert_false(bc_retry_failed(&r, BC_E_NETWORK_DISCONNECTED, 0, 5));
    bc_retry_init(&r);
    bc_retry_set_no_progress(&r, 599);
    assert_false(bc_retry_failed(&r, BC_E_HTTP_ERROR_500, 0, 5));
    bc_retry_set_no_progress(&r, 600);
    bc_retry_reset(&r);
    assert_true(bc_retry_failed(&r, BC_E_HTTP_ERROR_500, 0, 5));
    bc_retry_set_delay(&r, 601);
    assert_int_equal(bc_retry_verdict(&r, 6), BC_RETRY_GIVE_UP);
    assert_true(bc_retry_due(&r) <= 6);
}

static void test_events(void **state)
{
    static const int32_t by_event[] = {BC_E_BLOCKED_BY_POLICY, BC_E_DESTINATION_LOCKED,
                                       BC_E_BLOCKED_BY_COST_TRANSFER_POLICY};
    struct bc_retry r;

    bc_retry_init(&r);
    assert_true(bc_retry_failed(&r, BC_E_NETWORK_DISCONNECTED, 0, 0));
    assert_int_equal(bc_retry_verdict(&r, 13 * (uint64_t)DAY), BC_RETRY_WAIT);
    assert_int_equal(bc_retry_due(&r), 14 * (uint64_t)DAY);
    assert_int_equal(bc_retry_verdict(&r, 14 * (uint64_t)DAY), BC_RETRY_GIVE_UP);
    for (size_t i = 0; i < COUNT_OF(by_event); i++) {
        bc_retry_init(&r);
        assert_true(bc_retry_failed(&r, by_event[i], 0, 0));
        assert_int_equal(bc_retry_due(&r), 14 * (uint64_t)DAY);
    }
    assert_true(bc_retry_counts(BC_E_HTTP_ERROR_503));
    assert_false(bc_retry_counts(BC_E_NETWORK_DISCONNECTED));
    assert_false(bc_retry_counts(BC_E_DESTINATION_LOCKED));
    assert_false(bc_retry_counts(BC_E_BLOCKED_BY_POLICY));
}

static void test_restart(void **state)
{
    struct bc_retry r;

    bc_retry_init(&r);
    bc_retry_set_delay(&r, 10);
    bc_retry_set_no_progress(&r, 1000);
    bc_retry_restore(&r, BC_E_HTTP_ERROR_503, 4 * SECOND, 5000 * SECOND);
    assert_int_equal(bc_retry_due(&r), 5004 * SECOND);
    assert_int_equal(bc_retry_verdict(&r, 5004 * SECOND), BC_RETRY_NOW);
    /* A clock that was set back meanwhile cannot make it wait longer than its delay. */
    bc_retry_restore(&r, BC_E_HTTP_ERROR_503, UINT64_MAX, 5000 * SECOND);
    assert_int_equal(bc_retry_due(&r), 5010 * SECOND);
    /* The time without progress begins anew. */
    bc_retry_set_delay(&r, 1000);
    assert_int_equal(bc_retry_verdict(&r, 6000 * SECOND - 1), BC_RETRY_WAIT);
    assert_int_equal(bc_retry_verdict(&r, 6000 * SECOND), BC_RETRY_GIVE_UP);
    /* A monotonic clock younger than the delay. */
    bc_retry_restore(&r, BC_E_HTTP_ERROR_503, 0, 3);
    assert_true(bc_retry_due(&r) <= 1000 * SECOND);
    bc_retry_restore(&r, BC_E_NETWORK_DISCONNECTED, 0, 3);
    assert_int_equal(bc_retry_due(&r), 1000 * SECOND + 3);
}

static void test_far_times(void **state)
{
    struct bc_retry r;

    /* All bits set means as good as never, and never wraps to a time that is over. */
    bc_retry_init(&r);
    bc_retry_set_delay(&r, UINT32_MAX);
    bc_retry_set_no_progress(&r, UINT32_MAX);
    assert_true(bc_retry_failed(&r, BC_E_HTTP_ERROR_503, UINT64_MAX, UINT64_MAX - 5));
    assert_int_equal(bc_retry_due(&r), BC_NEVER);
    assert_int_equal(bc_retry_verdict(&r, UINT64_MAX - 1), BC_RETRY_WAIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),    cmocka_unit_test(test_delay),
        cmocka_unit_test(test_no_progress), cmocka_unit_test(test_events),
        cmocka_unit_test(test_restart),     cmocka_unit_test(test_far_times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
