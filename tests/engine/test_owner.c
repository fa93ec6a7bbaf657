/*
 * Owners who come and go: a job runs only while its owner is logged on, whoever that is by then.
 * The engine in this process; who is logged on is up to the test.
 */
#include "common.h"

#include <stdio.h>

#define OTHER L"S-1-5-21-11111111-22222222-33333333-1001"
/* Time for something that must not happen (ms). */
#define QUIET 500

static volatile LONG other_here;

/* The other user's token is this process's own: it has no other. */
static HRESULT user_token(const WCHAR *sid, HANDLE *token)
{
    *token = NULL;
    if (lstrcmpiW(sid, OTHER))
        return S_OK;
    if (!other_here)
        return HRESULT_FROM_WIN32(ERROR_NOT_LOGGED_ON);
    assert_true(OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, token));
    return S_OK;
}

static int setup_users(void **state)
{
    setup(state);
    engine_close(engine);
    engine_options.user_token = user_token;
    other_here = FALSE;
    open_engine();
    return 0;
}

static struct os_identity other(void)
{
    static WCHAR sid[] = OTHER;
    struct os_identity identity = owner;

    identity.sid = sid;
    return identity;
}

static struct job *job_of_other(const WCHAR *settings)
{
    struct os_identity identity = other();
    struct job *job;

    assert_int_equal(engine_create_job(engine, L"other", BG_JOB_TYPE_DOWNLOAD, &identity, &job),
                     S_OK);
    assert_int_equal(add(job, FAULT(settings), L"file"), S_OK);
    return job;
}

static void come_or_go(BOOL here)
{
    other_here = here;
    engine_sessions_changed(engine);
}

/* Stays queued, without a byte. */
static void check_waits(struct job *job)
{
    for (ULONGLONG end = GetTickCount64() + QUIET; GetTickCount64() < end; Sleep(5))
        assert_int_equal(job_state(job), BG_JOB_STATE_QUEUED);
}

/* Logs off in the middle of a file: back to QUEUED, and on from there when he is back. */
static void test_owner_logs_off(void **state)
{
    struct job *job;
    BG_JOB_PROGRESS progress;
    ULONG errors;

    come_or_go(TRUE);
    job = job_of_other(L"data/off?size=3000000&seed=5&rate=1000000");
    assert_int_equal(job_resume(job), S_OK);
    wait_bytes(job, 300000);
    come_or_go(FALSE);
    assert_int_equal(wait_for(job, BG_JOB_STATE_QUEUED), BG_JOB_STATE_QUEUED);
    check_waits(job);
    come_or_go(TRUE);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRING), BG_JOB_STATE_TRANSFERRING);
    job_progress(job, &progress);
    assert_true(progress.BytesTransferred >= 300000);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    errors = job_lock(job)->error_count;
    job_unlock(job);
    assert_int_equal(errors, 0);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
}

/* A job of somebody who is away waits until somebody who is here takes it. */
static void test_new_owner_is_here(void **state)
{
    struct job *job = job_of_other(L"data/take?size=1000&seed=5");

    assert_int_equal(job_resume(job), S_OK);
    check_waits(job);
    assert_int_equal(job_take_ownership(job, &owner), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
}

/* The other way about. */
static void test_new_owner_is_away(void **state)
{
    struct os_identity away = other();
    struct job *job = new_job();

    assert_int_equal(add(job, FAULT(L"data/away?size=1000&seed=5"), L"file"), S_OK);
    assert_int_equal(job_take_ownership(job, &away), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    check_waits(job);
    come_or_go(TRUE);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
}

#define USERS_TEST(function) cmocka_unit_test_setup_teardown(function, setup_users, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        USERS_TEST(test_owner_logs_off),
        USERS_TEST(test_new_owner_is_here),
        USERS_TEST(test_new_owner_is_away),
    };

    return run_engine_tests(tests, ARRAYSIZE(tests));
}
