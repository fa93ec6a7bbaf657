/*
 * The engine in a world of the test's own: clocks that are set and that run ahead, a network that
 * goes and comes back, policies, a service controller. Days pass in no time here.
 */
#include "common.h"

#include <stdio.h>
#include <wchar.h>

#define SECOND  10000000ll /* of UTC */
#define MINUTES 60ll
#define HOURS   3600ll
#define DAYS    86400ll

static volatile LONG64 utc_shift;  /* 100 ns: how far the clock is from the machine's */
static volatile LONG64 tick_shift; /* ms: how much time has gone by besides the machine's */
static volatile LONG connected, asked;
static volatile LONG inactivity, blocked; /* policies; inactivity -1: not set */
static volatile LONG start_type;          /* -1: never told */
static void (*changed)(void *context);
static void *changed_context;

static void WINAPI world_utc(FILETIME *now)
{
    ULARGE_INTEGER value;

    GetSystemTimeAsFileTime(now);
    value.LowPart = now->dwLowDateTime;
    value.HighPart = now->dwHighDateTime;
    value.QuadPart += (ULONGLONG)utc_shift;
    now->dwLowDateTime = value.LowPart;
    now->dwHighDateTime = value.HighPart;
}

static ULONGLONG WINAPI world_ticks(void)
{
    return GetTickCount64() + (ULONGLONG)tick_shift;
}

static BOOL world_connected(void)
{
    InterlockedIncrement(&asked);
    return connected;
}

static HRESULT world_watch(void (*call)(void *context), void *context,
                           struct os_network_watch **watch)
{
    changed = call;
    changed_context = context;
    *watch = (struct os_network_watch *)&connected;
    return S_OK;
}

static void world_unwatch(struct os_network_watch *watch)
{
    assert_ptr_equal(watch, &connected);
    changed = NULL;
}

static DWORD world_policy(const WCHAR *name, DWORD fallback)
{
    if (!wcscmp(name, L"JobInactivityTimeout"))
        return inactivity < 0 ? fallback : (DWORD)inactivity;
    if (blocked && !wcscmp(name, L"EnableBITSMaxBandwidth"))
        return 1;
    /* From midnight to midnight, so the second is the one that holds. */
    if (blocked && (!wcscmp(name, L"MaxTransferRateOnSchedule") ||
                    !wcscmp(name, L"MaxTransferRateOffSchedule")))
        return 0;
    return fallback;
}

static HRESULT world_start_type(BOOL automatic)
{
    start_type = automatic;
    return S_OK;
}

static const struct os_world world = {
    .utc = world_utc,
    .ticks = world_ticks,
    .network_connected = world_connected,
    .network_watch = world_watch,
    .network_unwatch = world_unwatch,
    .policy_dword = world_policy,
    .unasked_credentials = os_unasked_credentials,
    .set_start_type = world_start_type,
    .volume_serial = os_volume_serial,
};

static int setup_world(void **state)
{
    setup(state);
    engine_close(engine);
    utc_shift = tick_shift = 0;
    connected = 1;
    inactivity = -1;
    blocked = 0;
    start_type = -1;
    engine_options.world = &world;
    engine_options.service = TRUE;
    open_engine();
    return 0;
}

/* Has the worker look at everything, and waits until it has. */
static void look(void)
{
    /* It asks for the network before it looks: the second question comes after one whole look. */
    for (int i = 0; i < 2; i++) {
        LONG before = asked;

        changed(changed_context);
        assert_true(wait_count(&asked, before + 1));
    }
}

/* Sets the clock. */
static void set_clock(LONG64 seconds)
{
    InterlockedExchangeAdd64(&utc_shift, seconds * SECOND);
    look();
}

/* Lets time go by; for both clocks. */
static void pass(LONG64 seconds)
{
    InterlockedExchangeAdd64(&utc_shift, seconds * SECOND);
    InterlockedExchangeAdd64(&tick_shift, seconds * 1000);
    if (changed)
        look();
}

static void set_times(struct job *job, ULONG delay, ULONG no_progress)
{
    struct job_change staged;

    assert_int_equal(job_change_begin(job, &staged), S_OK);
    staged.next.minimum_retry_delay = delay;
    staged.next.no_progress_timeout = no_progress;
    assert_int_equal(job_change_end(&staged, S_OK), S_OK);
}

static ULONG errors_of(struct job *job)
{
    ULONG count = job_lock(job)->error_count;

    job_unlock(job);
    return count;
}

static BOOL wait_errors(struct job *job, ULONG wanted)
{
    ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;

    while (errors_of(job) < wanted && GetTickCount64() < deadline)
        Sleep(5);
    return errors_of(job) == wanted;
}

static BOOL wait_error(struct job *job, HRESULT wanted)
{
    ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;

    while (error_of(job) != wanted && GetTickCount64() < deadline)
        Sleep(5);
    return error_of(job) == wanted;
}

/* A job of one file that has been resumed. */
static struct job *started(const WCHAR *rest, const WCHAR *name, ULONG delay, ULONG no_progress)
{
    struct job *job = new_job();

    set_times(job, delay, no_progress);
    assert_int_equal(add(job, FAULT(rest), name), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    return job;
}

static struct job *failing(const WCHAR *rest, const WCHAR *name, ULONG delay, ULONG no_progress)
{
    struct job *job = started(rest, name, delay, no_progress);

    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSIENT_ERROR), BG_JOB_STATE_TRANSIENT_ERROR);
    return job;
}

static BOOL near_clock(const FILETIME *time)
{
    FILETIME now;
    LONG64 apart;

    world_utc(&now);
    apart = ((LONG64)now.dwHighDateTime << 32 | now.dwLowDateTime) -
            ((LONG64)time->dwHighDateTime << 32 | time->dwLowDateTime);
    return apart > -MINUTES * SECOND && apart < MINUTES * SECOND;
}

/* The retry delay is neither shortened nor lengthened by a clock that is set. */
static void test_clock_and_retry_delay(void **state)
{
    struct job *job = failing(L"data/world-d?size=1000&status=503&times=2", L"d", 600, 1000000);
    BG_JOB_TIMES times;

    job_times(job, &times);
    assert_true(near_clock(&times.CreationTime));
    set_clock(3 * DAYS);
    set_clock(5 * HOURS);
    assert_int_equal(errors_of(job), 1);
    set_clock(-10 * DAYS);
    assert_int_equal(job_state(job), BG_JOB_STATE_TRANSIENT_ERROR);
    pass(9 * MINUTES);
    assert_int_equal(errors_of(job), 1);
    pass(MINUTES + 1);
    assert_true(wait_errors(job, 2));
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSIENT_ERROR), BG_JOB_STATE_TRANSIENT_ERROR);
    /* Stored times are those of the clock as it is. */
    job_times(job, &times);
    assert_true(near_clock(&times.ModificationTime));
    assert_false(near_clock(&times.CreationTime));
    /* Not over a restart either: what is left of the delay was stored as a time. */
    InterlockedExchangeAdd64(&utc_shift, -40 * DAYS * SECOND);
    job = reopen(job);
    look();
    assert_int_equal(job_state(job), BG_JOB_STATE_TRANSIENT_ERROR);
    pass(10 * MINUTES + 1);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_complete(job), S_OK);
    assert_int_equal(size_of(local(L"d")), 1000);
    job_release(job);
}

static void test_clock_and_no_progress(void **state)
{
    struct job *job = failing(L"data/world-n?size=1000&status=503", L"n", 2000, 3600);

    set_clock(3 * DAYS);
    set_clock(-9 * DAYS);
    assert_int_equal(job_state(job), BG_JOB_STATE_TRANSIENT_ERROR);
    assert_int_equal(errors_of(job), 1);
    pass(3599 - 60);
    assert_true(wait_errors(job, 2));
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSIENT_ERROR), BG_JOB_STATE_TRANSIENT_ERROR);
    pass(61);
    assert_int_equal(wait_for(job, BG_JOB_STATE_ERROR), BG_JOB_STATE_ERROR);
    assert_int_equal(error_of(job), BG_E_HTTP_ERROR_503);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
}

/* A lost network stops what runs and what waits for its turn, and what is resumed meanwhile. */
static void test_network_lost_and_back(void **state)
{
    struct job *runs = started(L"data/world-r?size=2000000&seed=1&rate=400000", L"r", 600, 1000000);
    struct job *waits, *other, *sleeps = new_job(), *late = new_job();

    wait_bytes(runs, 1);
    assert_int_equal(job_state(runs), BG_JOB_STATE_TRANSFERRING);
    waits = started(L"data/world-q?size=1000&seed=2", L"q", 600, 1000000);
    assert_int_equal(job_state(waits), BG_JOB_STATE_QUEUED);
    other = new_job();
    set_priority(other, BG_JOB_PRIORITY_FOREGROUND);
    set_times(other, 900000, 1000000);
    assert_int_equal(add(other, FAULT(L"data/world-o?size=1000&status=503&times=1"), L"o"), S_OK);
    assert_int_equal(job_resume(other), S_OK);
    assert_true(wait_error(other, BG_E_HTTP_ERROR_503));
    assert_int_equal(add(sleeps, FAULT(L"data/world-s?size=1000"), L"s"), S_OK);
    assert_int_equal(add(late, FAULT(L"data/world-l?size=1000"), L"l"), S_OK);

    connected = 0;
    look();
    assert_int_equal(wait_for(runs, BG_JOB_STATE_TRANSIENT_ERROR), BG_JOB_STATE_TRANSIENT_ERROR);
    assert_int_equal(wait_for(waits, BG_JOB_STATE_TRANSIENT_ERROR), BG_JOB_STATE_TRANSIENT_ERROR);
    assert_int_equal(error_of(runs), BG_E_NETWORK_DISCONNECTED);
    assert_int_equal(error_of(waits), BG_E_NETWORK_DISCONNECTED);
    assert_int_equal(error_of(other), BG_E_HTTP_ERROR_503);
    assert_int_equal(job_state(sleeps), BG_JOB_STATE_SUSPENDED);
    assert_int_equal(job_resume(late), S_OK);
    assert_true(wait_error(late, BG_E_NETWORK_DISCONNECTED));
    assert_int_equal(errors_of(runs), 0); /* nf-bits-ibackgroundcopyjob-geterrorcount */
    /* No delay brings them back. */
    pass(11 * MINUTES);
    assert_int_equal(job_state(runs), BG_JOB_STATE_TRANSIENT_ERROR);
    assert_int_equal(job_state(waits), BG_JOB_STATE_TRANSIENT_ERROR);
    assert_int_equal(error_of(waits), BG_E_NETWORK_DISCONNECTED);

    connected = 1;
    look();
    assert_int_equal(wait_for(runs, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(wait_for(waits, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(wait_for(other, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(wait_for(late, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_state(sleeps), BG_JOB_STATE_SUSPENDED);
    assert_int_equal(job_complete(runs), S_OK);
    assert_int_equal(size_of(local(L"r")), 2000000);
    job_cancel(waits);
    job_cancel(other);
    job_cancel(late);
    job_cancel(sleeps);
    job_release(runs);
    job_release(waits);
    job_release(other);
    job_release(late);
    job_release(sleeps);
}

/* A network that comes back while no service runs. */
static void test_network_back_over_a_restart(void **state)
{
    struct job *job = new_job();

    connected = 0;
    look();
    assert_int_equal(add(job, FAULT(L"data/world-b?size=1000"), L"b"), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    assert_true(wait_error(job, BG_E_NETWORK_DISCONNECTED));
    job = reopen(job); /* still away: it has nothing to go on with */
    look();
    assert_int_equal(error_of(job), BG_E_NETWORK_DISCONNECTED);
    job_release(job);
    engine_close(engine);
    connected = 1;
    open_engine();
    {
        struct job **jobs;
        ULONG count;

        assert_int_equal(engine_snapshot_jobs(engine, NULL, &jobs, &count), S_OK);
        assert_int_equal(count, 1);
        assert_int_equal(wait_for(jobs[0], BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
        assert_int_equal(job_cancel(jobs[0]), S_OK);
        engine_free_jobs(jobs, count);
    }
}

/* A bandwidth of 0 is waited for as long as it is the policy, whatever the retry delay. */
static void test_blocked_by_policy(void **state)
{
    struct job *job;

    blocked = 1;
    pass(11); /* how long a look at the policies holds */
    job = started(L"data/world-p?size=1000", L"p", 600, 1000000);
    assert_true(wait_error(job, BG_E_BLOCKED_BY_POLICY));
    pass(11 * MINUTES);
    assert_int_equal(error_of(job), BG_E_BLOCKED_BY_POLICY);
    assert_int_equal(errors_of(job), 0);
    blocked = 0;
    pass(11);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
}

static void describe(struct model_job *next)
{
    model_set_string(&next->description, L"touched");
}

/* Neither progress nor a change of a property for 90 days: cancelled, and nothing is left of it. */
static void test_inactivity(void **state)
{
    struct job *idle = new_job(), *touched = new_job(), *whole, *hopeless, *moves;

    whole = started(L"data/world-w?size=1000", L"w", 600, 1000000);
    assert_int_equal(wait_for(whole, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    hopeless = failing(L"data/world-h?size=1000&status=503", L"h", 600, 0xffffffff);
    moves = failing(L"data/world-m?size=1000&status=503&times=1", L"m", 50 * DAYS, 0xffffffff);
    assert_int_equal(count_files(L"BIT*.tmp"), 1);
    pass(60 * DAYS);
    change(touched, describe);
    /* Of itself, after its retry delay. */
    assert_int_equal(wait_for(moves, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_true(wait_errors(hopeless, 2));
    assert_int_equal(job_state(idle), BG_JOB_STATE_SUSPENDED);
    pass(29 * DAYS);
    assert_int_equal(job_state(idle), BG_JOB_STATE_SUSPENDED);
    assert_int_equal(job_state(whole), BG_JOB_STATE_TRANSFERRED);
    pass(2 * DAYS);
    assert_int_equal(wait_for(idle, BG_JOB_STATE_CANCELLED), BG_JOB_STATE_CANCELLED);
    assert_int_equal(wait_for(whole, BG_JOB_STATE_CANCELLED), BG_JOB_STATE_CANCELLED);
    assert_int_equal(wait_for(hopeless, BG_JOB_STATE_CANCELLED), BG_JOB_STATE_CANCELLED);
    assert_int_equal(job_state(touched), BG_JOB_STATE_SUSPENDED);
    assert_int_equal(job_state(moves), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(count_files(L"*"), 1); /* of the one that moves */
    pass(60 * DAYS);
    assert_int_equal(wait_for(touched, BG_JOB_STATE_CANCELLED), BG_JOB_STATE_CANCELLED);
    assert_int_equal(wait_for(moves, BG_JOB_STATE_CANCELLED), BG_JOB_STATE_CANCELLED);
    assert_int_equal(count_files(L"*"), 0);
    job_release(idle);
    job_release(touched);
    job_release(whole);
    job_release(hopeless);
    job_release(moves);
}

static ULONG count_jobs(void)
{
    struct job **jobs;
    ULONG count;

    assert_int_equal(engine_snapshot_jobs(engine, NULL, &jobs, &count), S_OK);
    engine_free_jobs(jobs, count);
    return count;
}

/* Closes the engine for some seconds. */
static void away(LONG64 seconds)
{
    engine_close(engine);
    pass(seconds);
    open_engine();
    look();
}

/* Until so many files have been made in the folder of the downloads. */
static void wait_for_files(int wanted)
{
    ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;

    while (count_files(L"*") < wanted && GetTickCount64() < deadline)
        Sleep(5);
    assert_int_equal(count_files(L"*"), wanted);
}

/* The days go on while no service runs, and bytes that have come count there, too. */
static void test_inactivity_over_restarts(void **state)
{
    struct job *job;

    inactivity = 10;
    job_release(new_job());
    job = failing(L"data/world-i?size=1000&status=503&times=1", L"i", 8 * DAYS, 0xffffffff);
    job_release(job);
    away(9 * DAYS); /* its delay is over: the bytes come by themselves */
    assert_int_equal(count_jobs(), 2);
    wait_for_files(1);
    away(2 * DAYS);
    assert_int_equal(count_jobs(), 1);
    assert_int_equal(count_files(L"*"), 1);
    away(9 * DAYS);
    assert_int_equal(count_jobs(), 0);
    assert_int_equal(count_files(L"*"), 0);
}

/* So do bytes of a file that is not whole when the service stops: nothing else changed the job. */
static void test_bytes_are_activity_over_restarts(void **state)
{
    struct job *job;

    inactivity = 10;
    connected = 0;
    job = started(L"data/world-j?size=400000&stall=200000", L"j", 600, 0xffffffff);
    pass(9 * DAYS);
    connected = 1;
    look();
    wait_bytes(job, 100000);
    job_release(job);
    connected = 0; /* no more of them after this */
    away(2 * DAYS);
    assert_int_equal(count_jobs(), 1);
    away(9 * DAYS);
    assert_int_equal(count_jobs(), 0);
}

/* A clock that is set by more than the limit ends no job: neither at once, nor after a restart, nor
 * when it is put right. */
static void test_clock_and_inactivity(void **state)
{
    job_release(new_job());
    set_clock(400 * DAYS);
    pass(2 * HOURS);
    assert_int_equal(count_jobs(), 1);
    away(MINUTES);
    assert_int_equal(count_jobs(), 1);
    set_clock(-800 * DAYS);
    pass(2 * HOURS);
    away(MINUTES);
    assert_int_equal(count_jobs(), 1);
    away(88 * DAYS);
    set_clock(400 * DAYS);
    assert_int_equal(count_jobs(), 1);
    pass(3 * DAYS);
    assert_int_equal(count_jobs(), 0);
}

/* Automatic while there are jobs, whoever ends them; demand start without. */
static void test_start_type(void **state)
{
    struct job *first, *second;

    look();
    assert_int_equal(start_type, 0);
    first = new_job();
    look();
    assert_int_equal(start_type, 1);
    second = started(L"data/world-e?size=1000", L"e", 600, 1000000);
    assert_int_equal(job_cancel(first), S_OK);
    job_release(first);
    pass(MINUTES);
    assert_int_equal(start_type, 1);
    assert_int_equal(wait_for(second, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    start_type = -1;
    second = reopen(second);
    look();
    assert_int_equal(start_type, 1);
    assert_int_equal(job_complete(second), S_OK);
    pass(MINUTES);
    assert_int_equal(start_type, 0);
    job_release(second);
    start_type = -1;
    away(MINUTES);
    assert_int_equal(start_type, 0);
}

#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, setup_world, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_clock_and_retry_delay),
        WORLD_TEST(test_clock_and_no_progress),
        WORLD_TEST(test_network_lost_and_back),
        WORLD_TEST(test_network_back_over_a_restart),
        WORLD_TEST(test_blocked_by_policy),
        WORLD_TEST(test_inactivity),
        WORLD_TEST(test_inactivity_over_restarts),
        WORLD_TEST(test_bytes_are_activity_over_restarts),
        WORLD_TEST(test_clock_and_inactivity),
        WORLD_TEST(test_start_type),
    };

    return run_engine_tests(tests, ARRAYSIZE(tests));
}
