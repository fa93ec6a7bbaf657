/*
 * Times that are counted: without progress, in transfer. What begins them anew and what does not
 * count. The engine in this process.
 */
#include "common.h"
static void five_and_eight(struct model_job *next)
{
    next->minimum_retry_delay = 5;
    next->no_progress_timeout = 8;
}

/* Fails twice, five seconds apart, but gets on each time: the eight seconds begin anew. */
static void test_progress_begins_time_anew(void **state)
{
    struct job *job = new_job();
    ULONG errors;

    change(job, five_and_eight);
    assert_int_equal(add(job, FAULT(L"data/np?size=80&seed=1&cut=20&times=3"), L"np"), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    errors = job_lock(job)->error_count;
    job_unlock(job);
    assert_int_equal(errors, 3);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
}

static void two_seconds(struct model_job *next)
{
    next->maximum_download_time = 2;
    next->minimum_retry_delay = 5;
}

/* Only the time of transfers counts: not that in which the job waits for its turn, or after an
 * error. */
static void test_waiting_does_not_count(void **state)
{
    struct job *first = new_job(), *last = new_job(), *failing = new_job();

    set_priority(first, BG_JOB_PRIORITY_HIGH);
    set_priority(last, BG_JOB_PRIORITY_LOW);
    set_priority(failing, BG_JOB_PRIORITY_FOREGROUND);
    change(last, two_seconds);
    change(failing, two_seconds);
    assert_int_equal(add(first, FAULT(L"data/w1?size=1000&stall=500&stall_for=4"), L"w1"), S_OK);
    assert_int_equal(add(last, FAULT(L"data/w2?size=1000"), L"w2"), S_OK);
    assert_int_equal(add(failing, FAULT(L"data/w3?size=1000&status=503&times=1"), L"w3"), S_OK);
    assert_int_equal(job_resume(first), S_OK);
    assert_int_equal(wait_for(first, BG_JOB_STATE_TRANSFERRING), BG_JOB_STATE_TRANSFERRING);
    assert_int_equal(job_resume(last), S_OK);
    assert_int_equal(job_resume(failing), S_OK);
    assert_int_equal(wait_for(first, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(wait_for(last, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(wait_for(failing, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_cancel(first), S_OK);
    assert_int_equal(job_cancel(last), S_OK);
    assert_int_equal(job_cancel(failing), S_OK);
    job_release(first);
    job_release(last);
    job_release(failing);
}

static void an_hour(struct model_job *next)
{
    next->maximum_download_time = 3600;
}

/* The policy is for jobs without a time of their own. */
static void test_own_time_before_policy(void **state)
{
    struct job *own, *other;

    engine_close(engine);
    set_policy(L"MaxDownloadTime", 1);
    open_engine();
    own = new_job();
    other = new_job();
    set_priority(own, BG_JOB_PRIORITY_FOREGROUND);
    set_priority(other, BG_JOB_PRIORITY_FOREGROUND);
    change(own, an_hour);
    assert_int_equal(add(own, FAULT(L"data/ow?size=2000000&rate=1000000"), L"ow"), S_OK);
    assert_int_equal(add(other, FAULT(L"data/ot?size=2000000&rate=1000000"), L"ot"), S_OK);
    assert_int_equal(job_resume(own), S_OK);
    assert_int_equal(job_resume(other), S_OK);
    assert_int_equal(wait_for(other, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_ERROR);
    assert_int_equal(error_of(other), BG_E_MAXDOWNLOAD_TIMEOUT);
    assert_int_equal(wait_for(own, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_cancel(own), S_OK);
    assert_int_equal(job_cancel(other), S_OK);
    job_release(own);
    job_release(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_progress_begins_time_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(test_waiting_does_not_count, setup, teardown),
        cmocka_unit_test_setup_teardown(test_own_time_before_policy, setup, teardown),
    };

    return run_engine_tests(tests, ARRAYSIZE(tests));
}
