/*
 * bc_policy: who runs (ne-bits-bg_job_priority, life-cycle-of-a-bits-job), the bandwidth policy and
 * limits (group-policies).
 */
#include <bitscore/bc_policy.h>

#include "support.h"

#define SLICE      BC_TIME_SLICE_DEFAULT
#define FOREGROUND BC_PRIORITY_FOREGROUND
#define HIGH       BC_PRIORITY_HIGH
#define NORMAL     BC_PRIORITY_NORMAL
#define LOW        BC_PRIORITY_LOW

/* The jobs chosen, as letters: a for the first. */
static const char *chosen(const struct bc_queue_job *jobs, size_t count)
{
    static char names[27];
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        if (jobs[i].run)
            names[n++] = (char)('a' + i);
    names[n] = 0;
    return names;
}

static void test_levels(void **state)
{
    uint64_t turn = 100;
    struct bc_queue_job jobs[] = {
        {.priority = LOW, .turn = 1},        {.priority = NORMAL, .turn = 2},
        {.priority = HIGH, .turn = 3},       {.priority = FOREGROUND, .turn = 4},
        {.priority = FOREGROUND, .turn = 5}, {.priority = HIGH, .turn = 6},
    };

    /* All foreground jobs and one background job, of the highest level. */
    assert_int_equal(bc_policy_choose(jobs, 6, SLICE, 0, &turn), 300000);
    assert_string_equal(chosen(jobs, 6), "cde");
    /* A job of a higher level preempts one that runs. */
    jobs[0].running = true;
    assert_int_equal(bc_policy_choose(jobs, 2, SLICE, 0, &turn), UINT64_MAX);
    assert_string_equal(chosen(jobs, 2), "b");
    assert_int_equal(jobs[0].turn, 1);
    assert_int_equal(bc_policy_choose(jobs, 0, SLICE, 0, &turn), UINT64_MAX);
}

static void test_slices(void **state)
{
    uint64_t turn = 100;
    struct bc_queue_job jobs[] = {
        {.priority = NORMAL, .turn = 1, .running = true, .slice_start = 1000},
        {.priority = NORMAL, .turn = 3},
        {.priority = NORMAL, .turn = 2},
    };

    assert_int_equal(bc_policy_choose(jobs, 3, SLICE, 300999, &turn), 301000);
    assert_string_equal(chosen(jobs, 3), "a");
    /* The slice is over: the next in turn runs, and this one goes to the end. */
    bc_policy_choose(jobs, 3, SLICE, 301000, &turn);
    assert_string_equal(chosen(jobs, 3), "c");
    assert_int_equal(jobs[0].turn, 100);
    assert_int_equal(turn, 101);
    assert_int_equal(jobs[1].turn, 3);
    /* Alone it goes on, and gives way at once to a newcomer. */
    assert_int_equal(bc_policy_choose(jobs, 1, SLICE, 900000, &turn), UINT64_MAX);
    assert_string_equal(chosen(jobs, 1), "a");
}

static void test_round_robin(void **state)
{
    struct bc_queue_job jobs[5];
    uint64_t turn = 0, now = 0;
    int slices[5] = {0};

    memset(jobs, 0, sizeof(jobs));
    for (int i = 0; i < 5; i++) {
        jobs[i].priority = NORMAL;
        jobs[i].turn = turn++;
    }
    /* The engine's part of the bargain, for 100 slices: everybody gets as much. */
    for (int round = 0; round < 100; round++) {
        uint64_t next = bc_policy_choose(jobs, 5, SLICE, now, &turn);
        int running = 0;

        for (int i = 0; i < 5; i++) {
            if (jobs[i].run && !jobs[i].running) {
                jobs[i].slice_start = now;
                slices[i]++;
            }
            jobs[i].running = jobs[i].run;
            running += jobs[i].run;
        }
        assert_int_equal(running, 1);
        assert_int_equal(next, now + SLICE);
        now = next;
    }
    for (int i = 0; i < 5; i++)
        assert_int_equal(slices[i], 20);
}

static void test_random_choice(void **state)
{
    uint64_t seed = random_seed();

    for (int round = 0; round < 10000; round++) {
        struct bc_queue_job jobs[12];
        size_t count = random_below(&seed, COUNT_OF(jobs) + 1), n[4] = {0}, ran[4] = {0};
        uint64_t now = 1000000, turn = 50;
        int level = FOREGROUND;

        for (size_t i = 0; i < count; i++) {
            jobs[i] = (struct bc_queue_job){
                .priority = (enum bc_job_priority)random_below(&seed, 4),
                .running = random_below(&seed, 2),
                .turn = random_below(&seed, 50),
                .slice_start = now - random_below(&seed, 600000),
            };
            n[jobs[i].priority]++;
        }
        assert_true(bc_policy_choose(jobs, count, SLICE, now, &turn) > now);
        for (size_t i = 0; i < count; i++) {
            ran[jobs[i].priority] += jobs[i].run;
            assert_false(jobs[i].turn >= 50 && (jobs[i].run || !jobs[i].running));
        }
        for (int p = HIGH; p <= LOW && level == FOREGROUND; p++)
            if (n[p])
                level = p;
        assert_int_equal(ran[FOREGROUND], n[FOREGROUND]);
        for (int p = HIGH; p <= LOW; p++)
            assert_int_equal(ran[p], p == level && n[p] ? 1 : 0);
    }
}

static void test_bandwidth(void **state)
{
    struct bc_bandwidth_policy policy = {0};

    assert_int_equal(bc_bandwidth_limit(&policy, 9), BC_BANDWIDTH_UNLIMITED);

    /* The page's example: 10 Kbps from 8 to 17, all there is at other times. */
    policy.enabled = true;
    policy.hour_from = 8;
    policy.hour_to = 17;
    policy.on = 10;
    policy.use_system_maximum = true;
    assert_int_equal(bc_bandwidth_limit(&policy, 8), 10);
    assert_int_equal(bc_bandwidth_limit(&policy, 16), 10);
    assert_int_equal(bc_bandwidth_limit(&policy, 17), BC_BANDWIDTH_UNLIMITED);
    policy.use_system_maximum = false;
    policy.off = 1;
    assert_int_equal(bc_bandwidth_limit(&policy, 7), 2);
    policy.off = 0;
    assert_int_equal(bc_bandwidth_limit(&policy, 17), 0);
    /* Over midnight, and all day. */
    policy.hour_from = 22;
    policy.hour_to = 6;
    assert_int_equal(bc_bandwidth_limit(&policy, 23), 10);
    assert_int_equal(bc_bandwidth_limit(&policy, 5), 10);
    assert_int_equal(bc_bandwidth_limit(&policy, 6), 0);
    policy.hour_to = 22;
    for (unsigned hour = 0; hour < 24; hour++)
        assert_int_equal(bc_bandwidth_limit(&policy, hour), 10);

    assert_int_equal(bc_bandwidth_bytes(10), 1250);
    assert_int_equal(bc_bandwidth_bytes(BC_BANDWIDTH_UNLIMITED), UINT64_MAX);
}

static void test_limits(void **state)
{
    struct bc_limits limits;

    bc_limits_init(&limits);
    assert_hr(bc_limits_check_job(&limits, false, 299, 59), BC_S_OK, "the 300th and 60th");
    assert_hr(bc_limits_check_job(&limits, false, 299, 60), BC_E_TOO_MANY_JOBS_PER_USER, "61st");
    assert_hr(bc_limits_check_job(&limits, false, 300, 5), BC_E_TOO_MANY_JOBS_PER_MACHINE, "301st");
    assert_hr(bc_limits_check_job(&limits, true, 3000, 3000), BC_S_OK, "administrator");
    assert_hr(bc_limits_check_files(&limits, false, 199, 1), BC_S_OK, "200th");
    assert_hr(bc_limits_check_files(&limits, false, 0, 201), BC_E_TOO_MANY_FILES_IN_JOB, "201");
    assert_hr(bc_limits_check_files(&limits, false, 300, 0), BC_E_TOO_MANY_FILES_IN_JOB, "over");
    assert_hr(bc_limits_check_files(&limits, false, 1, SIZE_MAX), BC_E_TOO_MANY_FILES_IN_JOB, "w");
    assert_hr(bc_limits_check_files(&limits, true, 1, SIZE_MAX), BC_S_OK, "administrator");
    assert_int_equal(bc_limits_ranges(&limits, false), 500);
    assert_int_equal(bc_limits_ranges(&limits, true), SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),      cmocka_unit_test(test_slices),
        cmocka_unit_test(test_round_robin), cmocka_unit_test(test_random_choice),
        cmocka_unit_test(test_bandwidth),   cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
