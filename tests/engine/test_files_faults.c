/*
 * Every call into the file system that a job makes fails, the first, the second, ... until a run
 * comes to its end without a failure: once, or with all after it until the client does something
 * about it. The job may say so, but nothing is lost: it can be gone
 * on with, its files end as the server's, and nothing else stays in the folder.
 */
#include "common.h"
#include "files_faults.h"

#include "../server/pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

/* More calls than any run makes. */
#define ENOUGH 400

struct part {
    const WCHAR *name;
    ULONG size;
    ULONG seed;
};

/* One that is held in memory until it is whole, and one that comes in several writes. */
static const struct part parts[] = {{L"small", 1000, 5}, {L"large", 300000, 6}};

static BOOL lasting;     /* ... and all after it, until something is done about it */
static const char *what; /* the call that failed in this run */

/* A failed assertion is to name the run. */
#define CHECK(condition, n)                                                                        \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            print_error("call %ld (%s): %s\n", (long)(n), what ? what : "?", #condition);          \
            fail();                                                                                \
        }                                                                                          \
    } while (0)

static BOOL is_equal(const struct part *part)
{
    BYTE *bytes = malloc(part->size);
    HANDLE file =
        CreateFileW(local(part->name), GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    DWORD done = 0;
    BOOL equal;

    equal = bytes && file != INVALID_HANDLE_VALUE && size_of(local(part->name)) == part->size &&
            ReadFile(file, bytes, part->size, &done, NULL) && done == part->size &&
            pattern_first_difference(part->seed, 0, bytes, done) == done;
    if (file != INVALID_HANDLE_VALUE)
        CloseHandle(file);
    free(bytes);
    return equal;
}

static void file_faults_mend_if(BOOL failed)
{
    if (failed)
        file_faults_mend();
}

/* Adding may fail, and does not fail again. */
static void add_parts(struct job *job, LONG n, ULONG rate)
{
    for (ULONG i = 0; i < ARRAYSIZE(parts); i++) {
        WCHAR rest[128];
        HRESULT hr;

        swprintf(rest, ARRAYSIZE(rest), L"data/faults-%ls?size=%lu&seed=%lu&rate=%lu",
                 parts[i].name, parts[i].size, parts[i].seed, rate);
        hr = add(job, FAULT(rest), parts[i].name);
        file_faults_mend_if(FAILED(hr));
        if (FAILED(hr))
            hr = add(job, FAULT(rest), parts[i].name);
        CHECK(hr == S_OK, n);
    }
}

/* What a client does whose job is in error: it resumes it. */
static void finish(struct job *job, LONG n)
{
    HRESULT hr = E_FAIL;

    for (int tries = 0; hr != S_OK && tries < 4; tries++) {
        ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;
        BG_JOB_STATE state;

        while ((state = job_state(job)) != BG_JOB_STATE_TRANSFERRED &&
               GetTickCount64() < deadline) {
            if (state == BG_JOB_STATE_ERROR || state == BG_JOB_STATE_TRANSIENT_ERROR ||
                state == BG_JOB_STATE_SUSPENDED) {
                file_faults_mend();
                job_resume(job);
            }
            Sleep(2);
        }
        CHECK(state == BG_JOB_STATE_TRANSFERRED, n);
        CHECK(!file_faults_unflushed(), n); /* the bytes come before the claim */
        hr = job_complete(job);
        CHECK(hr != BG_S_PARTIAL_COMPLETE, n);
        file_faults_mend_if(FAILED(hr));
    }
    CHECK(hr == S_OK || hr == BG_S_UNABLE_TO_DELETE_FILES, n);
}

static void make_old(void)
{
    HANDLE file = CreateFileW(local(parts[0].name), GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    DWORD done;

    assert_true(file != INVALID_HANDLE_VALUE);
    assert_true(WriteFile(file, "old", 3, &done, NULL));
    CloseHandle(file);
}

/* Runs a job n times over, until no call fails any more. */
static void each_call_once(void (*run)(LONG n))
{
    LONG n, count;

    for (n = 1; n <= ENOUGH; n++) {
        what = NULL;
        make_old(); /* to be replaced, and until then to stay */
        file_faults_arm(target, n, lasting);
        run(n);
        count = file_faults_disarm(&what);
        delete_all(target);
        if (!what)
            break;
    }
    print_message("%ld calls\n", (long)count);
    assert_true(n > 10 && n <= ENOUGH);
}

static void each_call(void (*run)(LONG n))
{
    lasting = FALSE;
    each_call_once(run);
    lasting = TRUE;
    each_call_once(run);
}

static void check_whole(LONG n)
{
    file_faults_disarm(&what);
    for (ULONG i = 0; i < ARRAYSIZE(parts); i++)
        CHECK(is_equal(&parts[i]), n);
    CHECK(count_files(L"*") == ARRAYSIZE(parts), n);
}

static void download(LONG n)
{
    struct job *job = new_job();

    set_priority(job, BG_JOB_PRIORITY_FOREGROUND);
    add_parts(job, n, 0);
    CHECK(SUCCEEDED(job_resume(job)), n);
    finish(job, n);
    job_release(job);
    check_whole(n);
}

static void test_download(void **state)
{
    each_call(download);
}

static void wait_some(struct job *job, UINT64 bytes)
{
    ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;
    BG_JOB_PROGRESS progress;

    do {
        Sleep(2);
        job_progress(job, &progress);
        if (job_state(job) == BG_JOB_STATE_ERROR ||
            job_state(job) == BG_JOB_STATE_TRANSIENT_ERROR) {
            file_faults_mend();
            job_resume(job);
        }
    } while (progress.BytesTransferred < bytes && GetTickCount64() < deadline);
}

/* The service ends and starts again in the middle. */
static void restarted(LONG n)
{
    struct job *job = new_job();

    set_priority(job, BG_JOB_PRIORITY_FOREGROUND);
    add_parts(job, n, 1500000);
    CHECK(SUCCEEDED(job_resume(job)), n);
    wait_some(job, 100000);
    job = reopen(job);
    finish(job, n);
    job_release(job);
    check_whole(n);
}

static void test_restart(void **state)
{
    each_call(restarted);
}

/* Cancelled in the middle; what could not be deleted goes when the service looks again. */
static void cancelled(LONG n)
{
    struct job *job = new_job();
    HRESULT hr;

    set_priority(job, BG_JOB_PRIORITY_FOREGROUND);
    add_parts(job, n, 1500000);
    CHECK(SUCCEEDED(job_resume(job)), n);
    wait_some(job, 100000);
    hr = job_cancel(job);
    CHECK(hr == S_OK || hr == BG_S_UNABLE_TO_DELETE_FILES, n);
    job_release(job);
    if (hr != S_OK) {
        ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;

        CHECK(count_files(L"BIT*.tmp") >= 1, n); /* both, where none can be deleted */
        file_faults_mend();
        engine_close(engine);
        open_engine();
        while (count_files(L"*") > 1 && GetTickCount64() < deadline)
            Sleep(5);
    }
    file_faults_disarm(&what);
    CHECK(count_files(L"*") == 1, n);
    CHECK(size_of(local(parts[0].name)) == 3, n);
}

static void test_cancel(void **state)
{
    each_call(cancelled);
}

/* What the store may know of a file's progress is what was flushed, at every moment. */
static void test_claims_follow_flushes(void **state)
{
    struct job *job = new_job();
    ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;
    BG_JOB_STATE now = BG_JOB_STATE_QUEUED;
    struct file **all;
    UINT64 claimed, flushed;
    ULONG count, steps = 0;

    what = NULL;
    file_faults_arm(target, MAXLONG, FALSE); /* they only watch */
    set_priority(job, BG_JOB_PRIORITY_FOREGROUND);
    assert_int_equal(add(job, FAULT(L"data/claims?size=6000000&seed=8&rate=2500000"), L"claims"),
                     S_OK);
    assert_int_equal(job_snapshot_files(job, &all, &count), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    while (now != BG_JOB_STATE_TRANSFERRED && GetTickCount64() < deadline) {
        job_lock(job);
        claimed = file_data(all[0])->progress.transferred;
        job_unlock(job);
        flushed = file_faults_flushed();
        now = job_state(job);
        if (claimed > flushed)
            fail_msg("%lu bytes claimed, %lu flushed", (unsigned long)claimed,
                     (unsigned long)flushed);
        steps += claimed && claimed < 6000000;
        Sleep(1);
    }
    assert_int_equal(now, BG_JOB_STATE_TRANSFERRED);
    assert_true(steps);
    assert_int_equal(file_faults_unflushed(), 0);
    file_faults_disarm(&what);
    job_free_files(all, count);
    assert_int_equal(job_complete(job), S_OK);
    assert_int_equal(size_of(local(L"claims")), 6000000);
    job_release(job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(test_claims_follow_flushes),
        ENGINE_TEST(test_download),
        ENGINE_TEST(test_restart),
        ENGINE_TEST(test_cancel),
    };

    return run_engine_tests(tests, ARRAYSIZE(tests));
}
