/*
 * Owners who come and go: a job runs only while its owner is logged on, whoever that is by then.
 * The engine in this process; who is logged on is up to the test.
 */
#include "common.h"
#include "engine/internal.h"

#include <stdio.h>

#define OTHER         L"S-1-5-21-11111111-22222222-33333333-1001"
#define LOCAL_SERVICE L"S-1-5-19"
/* Time for something that must not happen (ms). */
#define QUIET 500
/* Of a helper token, while another thread uses it. */
#define EXCHANGES 300

static volatile LONG other_here;

/* The other user's token is this process's own: it has no other. */
static HRESULT user_token(const WCHAR *sid, HANDLE *token)
{
    *token = NULL;
    if (!lstrcmpiW(sid, LOCAL_SERVICE))
        return HRESULT_FROM_WIN32(ERROR_NOT_LOGGED_ON);
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

static void set_helper_flags(struct model_job *next)
{
    next->helper_token_flags = BG_TOKEN_LOCAL_FILE;
}

static void set_network_flag(struct model_job *next)
{
    next->helper_token_flags = BG_TOKEN_NETWORK;
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

/* With its owner a job's helper token goes, and it needs another one. */
static void test_helper_token_goes_with_owner(void **state)
{
    HANDLE token;
    struct job *job;

    assert_true(OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &token));
    come_or_go(TRUE);
    for (int running = 0; running < 2; running++) {
        job = job_of_other(running ? L"data/helped?size=3000000&seed=5&rate=1000000"
                                   : L"data/waits?size=1000&seed=5&status=503&times=1");
        assert_int_equal(job_set_helper_token(job, token, owner.sid), S_OK);
        change(job, set_helper_flags);
        assert_int_equal(job_resume(job), S_OK);
        if (running)
            wait_bytes(job, 300000);
        else
            assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSIENT_ERROR),
                             BG_JOB_STATE_TRANSIENT_ERROR);
        come_or_go(FALSE);
        assert_int_equal(wait_for(job, BG_JOB_STATE_ERROR), BG_JOB_STATE_ERROR);
        assert_int_equal(error_of(job), BG_E_TOKEN_REQUIRED);
        come_or_go(TRUE);
        assert_int_equal(job_resume(job), S_OK);
        assert_int_equal(wait_for(job, BG_JOB_STATE_ERROR), BG_JOB_STATE_ERROR);
        assert_int_equal(error_of(job), BG_E_TOKEN_REQUIRED);
        assert_int_equal(job_set_helper_token(job, token, owner.sid), S_OK);
        assert_int_equal(job_resume(job), S_OK);
        assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
        assert_int_equal(job_cancel(job), S_OK);
        job_release(job);
    }
    CloseHandle(token);
}

struct exchange {
    struct job *job;
    HANDLE token;
    volatile LONG ended;
};

static DWORD WINAPI exchange_tokens(void *argument)
{
    struct exchange *exchange = argument;

    for (ULONG i = 0; i < EXCHANGES; i++) {
        if (FAILED(job_set_helper_token(exchange->job, exchange->token, owner.sid)))
            break;
        exchange->ended++;
    }
    exchange->ended = EXCHANGES;
    return 0;
}

/* Who acts as the helper does so, also while its client gives another token. */
static void test_helper_token_exchanged(void **state)
{
    struct exchange exchange = {.job = new_job()};
    HANDLE thread, mine;
    ULONG failures = 0;

    assert_true(OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &exchange.token));
    change(exchange.job, set_helper_flags);
    assert_int_equal(job_set_helper_token(exchange.job, exchange.token, owner.sid), S_OK);
    thread = CreateThread(NULL, 0, exchange_tokens, &exchange, 0, NULL);
    assert_non_null(thread);
    while (exchange.ended < EXCHANGES) {
        job_act_as_helper(exchange.job);
        if (OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &mine))
            CloseHandle(mine);
        else
            failures++;
        SetThreadToken(NULL, NULL);
    }
    assert_int_equal(WaitForSingleObject(thread, DEADLINE_MS), WAIT_OBJECT_0);
    assert_int_equal(failures, 0);
    CloseHandle(thread);
    CloseHandle(exchange.token);
    assert_int_equal(job_cancel(exchange.job), S_OK);
    job_release(exchange.job);
}

static void give_implicit(struct model_job *next)
{
    static const struct model_credential given[] = {
        {.target = BG_AUTH_TARGET_PROXY, .scheme = BG_AUTH_SCHEME_NTLM},
        {.target = BG_AUTH_TARGET_PROXY, .scheme = BG_AUTH_SCHEME_NEGOTIATE},
    };

    next->credentials = calloc(ARRAYSIZE(given), sizeof(*given));
    assert_non_null(next->credentials);
    memcpy(next->credentials, given, sizeof(given));
    next->credential_count = ARRAYSIZE(given);
}

static void give_server(struct model_job *next)
{
    next->credentials[0].target = BG_AUTH_TARGET_SERVER;
}

/* The owner's own identity, given for the proxy, is for the server, too; unless that has some. */
static void test_implicit_for_both(void **state)
{
    struct job *job = new_job();

    change(job, give_implicit);
    for (int own = 0; own < 2; own++) {
        ULONG servers = 0;
        struct run *run;

        assert_int_equal(run_new(job, &run), S_OK);
        assert_int_equal(run_prepare(run), S_OK);
        for (ULONG i = 0; i < run->credential_count; i++) {
            assert_null(run->credentials[i].user);
            servers += run->credentials[i].target == BG_AUTH_TARGET_SERVER;
        }
        assert_int_equal(servers, own ? 1 : 2);
        assert_int_equal(run->credential_count, own ? 2 : 4);
        run_release(run);
        change(job, give_server);
    }
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
}

static BOOL unasked;

static BOOL world_unasked(void)
{
    return unasked;
}

static void give_names(struct model_job *next)
{
    static const struct model_credential given = {.target = BG_AUTH_TARGET_SERVER,
                                                  .scheme = BG_AUTH_SCHEME_NTLM};

    next->credentials = calloc(1, sizeof(given));
    assert_non_null(next->credentials);
    next->credentials[0] = given;
    next->credentials[0].user = _wcsdup(L"user");
    assert_non_null(next->credentials[0].user);
    next->credential_count = 1;
}

/* Those without a name, by BG_AUTH_TARGET. */
static void count_implicit(struct job *job, ULONG count[3])
{
    struct run *run;

    memset(count, 0, 3 * sizeof(*count));
    assert_int_equal(run_new(job, &run), S_OK);
    assert_int_equal(run_prepare(run), S_OK);
    for (ULONG i = 0; i < run->credential_count; i++)
        if (!run->credentials[i].user)
            count[run->credentials[i].target]++;
    run_release(run);
}

/* The machine's setting gives them to whoever has none; names that were set stay alone. */
static void test_implicit_unasked(void **state)
{
    static struct os_world world;
    ULONG count[3];
    struct job *job;

    world = os_world;
    world.unasked_credentials = world_unasked;
    engine_options.world = &world;
    for (unasked = FALSE; unasked <= TRUE; unasked++) {
        engine_close(engine); /* it reads the setting when it opens, and now and then */
        open_engine();
        job = new_job();
        count_implicit(job, count);
        assert_int_equal(count[BG_AUTH_TARGET_SERVER], unasked);
        assert_int_equal(count[BG_AUTH_TARGET_PROXY], unasked);
        if (unasked)
            break;
        assert_int_equal(job_cancel(job), S_OK);
        job_release(job);
    }
    change(job, give_names);
    count_implicit(job, count);
    assert_int_equal(count[BG_AUTH_TARGET_SERVER], 0);
    assert_int_equal(count[BG_AUTH_TARGET_PROXY], 1);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
}

/* An account without credentials does not get those of the service; its helper's are its own. */
static void test_implicit_of_service_account(void **state)
{
    static WCHAR local_service[] = LOCAL_SERVICE;
    struct os_identity identity = owner;
    ULONG count[3];
    HANDLE token;
    struct job *job;

    identity.sid = local_service;
    assert_int_equal(engine_create_job(engine, L"local", BG_JOB_TYPE_DOWNLOAD, &identity, &job),
                     S_OK);
    change(job, give_implicit);
    count_implicit(job, count);
    assert_int_equal(count[BG_AUTH_TARGET_SERVER] + count[BG_AUTH_TARGET_PROXY], 0);
    assert_true(OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &token));
    assert_int_equal(job_set_helper_token(job, token, owner.sid), S_OK);
    change(job, set_network_flag);
    count_implicit(job, count);
    assert_int_equal(count[BG_AUTH_TARGET_SERVER], 2);
    assert_int_equal(count[BG_AUTH_TARGET_PROXY], 2);
    CloseHandle(token);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
}

#define USERS_TEST(function) cmocka_unit_test_setup_teardown(function, setup_users, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        USERS_TEST(test_owner_logs_off),    USERS_TEST(test_new_owner_is_here),
        USERS_TEST(test_new_owner_is_away), USERS_TEST(test_helper_token_goes_with_owner),
        USERS_TEST(test_implicit_for_both), USERS_TEST(test_helper_token_exchanged),
        USERS_TEST(test_implicit_unasked),  USERS_TEST(test_implicit_of_service_account),
    };

    return run_engine_tests(tests, ARRAYSIZE(tests));
}
