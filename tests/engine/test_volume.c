/*
 * The volume that a job's files go to: locked for a while, and another one than before
 * (bits-return-values). What the system says of it is the test's; opening files fails as it does on
 * a locked volume.
 */
#include "common.h"
#include "files_faults.h"

#include <stdio.h>

#define SIZE 600000

static volatile DWORD volume, volume_error;
static volatile LONG asked;

static DWORD volume_serial(const WCHAR *path, DWORD *serial)
{
    InterlockedIncrement(&asked);
    *serial = volume_error ? 0 : volume;
    return volume_error;
}

static int setup_volume(void **state)
{
    static struct os_world world;

    setup(state);
    engine_close(engine);
    world = os_world;
    world.volume_serial = volume_serial;
    volume = 0x12345678;
    volume_error = ERROR_SUCCESS;
    engine_options.world = &world;
    open_engine();
    return 0;
}

static struct job *new_download(const WCHAR *name, ULONG rate)
{
    struct job *job = new_job();
    WCHAR rest[128];

    swprintf(rest, ARRAYSIZE(rest), L"data/volume-%ls?size=%u&seed=3&rate=%lu", name, SIZE, rate);
    set_priority(job, BG_JOB_PRIORITY_FOREGROUND);
    assert_int_equal(add(job, FAULT(rest), name), S_OK);
    return job;
}

/* A job that was suspended when some of its file was there. */
static struct job *cut_off(const WCHAR *name)
{
    struct job *job = new_download(name, 300000);

    assert_int_equal(job_resume(job), S_OK);
    wait_bytes(job, 60000);
    assert_int_equal(job_suspend(job), S_OK);
    return job;
}

static void check_error(struct job *job, BG_JOB_STATE state, HRESULT code)
{
    struct model_error error;
    struct file *file;

    assert_int_equal(wait_for(job, state), state);
    assert_int_equal(job_error(job, &error, &file), S_OK);
    file_release(file);
    assert_int_equal(error.code, code);
    assert_int_equal(error.context, BG_ERROR_CONTEXT_LOCAL_FILE);
    assert_int_equal(error.file, 0);
}

/* The rest is fetched. */
static void finish(struct job *job, const WCHAR *name)
{
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_complete(job), S_OK);
    assert_int_equal(size_of(local(name)), SIZE);
    job_release(job);
}

/* The service looks at the machine, all the way. */
static void look(void)
{
    LONG before = asked;

    engine_sessions_changed(engine);
    assert_true(wait_count(&asked, before + 1));
    before = asked;
    engine_sessions_changed(engine);
    assert_true(wait_count(&asked, before + 1));
}

static void lock_volume(DWORD error)
{
    volume_error = error;
    file_faults_lock(target, error);
}

static void unlock_volume(void)
{
    file_faults_mend();
    volume_error = ERROR_SUCCESS;
    engine_sessions_changed(engine);
}

static const DWORD lock_errors[] = {ERROR_DRIVE_LOCKED, 0x80310000 /* FVE_E_LOCKED_VOLUME */};

/* Before anything was written: opening the file says so. */
static void test_volume_locked(void **state)
{
    for (ULONG i = 0; i < ARRAYSIZE(lock_errors); i++) {
        struct job *job = new_download(i ? L"b" : L"a", 0);

        lock_volume(lock_errors[i]);
        assert_int_equal(job_resume(job), S_OK);
        check_error(job, BG_JOB_STATE_TRANSIENT_ERROR, BG_E_DESTINATION_LOCKED);
        look();
        check_error(job, BG_JOB_STATE_TRANSIENT_ERROR, BG_E_DESTINATION_LOCKED);
        job = reopen(job);
        look();
        check_error(job, BG_JOB_STATE_TRANSIENT_ERROR, BG_E_DESTINATION_LOCKED);
        unlock_volume();
        finish(job, i ? L"b" : L"a");
    }
}

/* With a part of the file on it. */
static void test_volume_locked_later(void **state)
{
    struct job *job = cut_off(L"c");

    lock_volume(lock_errors[0]);
    assert_int_equal(job_resume(job), S_OK);
    check_error(job, BG_JOB_STATE_TRANSIENT_ERROR, BG_E_DESTINATION_LOCKED);
    unlock_volume();
    finish(job, L"c");
}

/* The other disk is in the drive, then the first one again; so also for another service. */
static void test_volume_changed(void **state)
{
    struct job *job = cut_off(L"d");

    volume++;
    assert_int_equal(job_resume(job), S_OK);
    check_error(job, BG_JOB_STATE_ERROR, BG_E_VOLUME_CHANGED);
    job = reopen(job);
    assert_int_equal(job_resume(job), S_OK);
    check_error(job, BG_JOB_STATE_ERROR, BG_E_VOLUME_CHANGED);
    volume--;
    assert_int_equal(job_resume(job), S_OK);
    finish(job, L"d");
}

/* What is not known has not changed. */
static void test_volume_unknown(void **state)
{
    struct job *job = cut_off(L"e");

    volume = 0;
    assert_int_equal(job_resume(job), S_OK);
    finish(job, L"e");
    job = cut_off(L"f");
    volume = 1;
    assert_int_equal(job_resume(job), S_OK);
    finish(job, L"f");
}

#define VOLUME_TEST(function) cmocka_unit_test_setup_teardown(function, setup_volume, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        VOLUME_TEST(test_volume_locked),
        VOLUME_TEST(test_volume_locked_later),
        VOLUME_TEST(test_volume_changed),
        VOLUME_TEST(test_volume_unknown),
    };

    return run_engine_tests(tests, ARRAYSIZE(tests));
}
