/*
 * Files that are fetched in any order: RequestFileRanges, UpdateDownloadPosition, what is filled,
 * and what of it survives. Against the fault server, in this process.
 */
#include "common.h"

#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#include "../server/pattern.h"

static void on_demand(struct model_job *next)
{
    next->on_demand = TRUE;
}

static struct file *only_file(struct job *job)
{
    struct file **files, *file;
    ULONG count;

    assert_int_equal(job_snapshot_files(job, &files, &count), S_OK);
    assert_int_equal(count, 1);
    file = files[0];
    job_free_files(files, count); /* the job's reference keeps it */
    return file;
}

static void assert_filled(struct file *file, const BG_FILE_RANGE *wanted, ULONG wanted_count)
{
    BG_FILE_RANGE *ranges;
    ULONG count;

    assert_int_equal(file_filled_ranges(file, &ranges, &count), S_OK);
    assert_int_equal(count, wanted_count);
    assert_memory_equal(ranges, wanted, count * sizeof(*ranges));
    free(ranges);
}

/* The bytes of a file from an offset on are those of the server. */
static void assert_bytes(const WCHAR *path, UINT64 seed, UINT64 offset, ULONG length)
{
    OVERLAPPED where = {.Offset = (DWORD)offset};
    BYTE *have = malloc(length), *want = malloc(length);
    DWORD done;
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                              OPEN_EXISTING, 0, NULL);

    assert_ptr_not_equal(file, INVALID_HANDLE_VALUE);
    assert_true(have && want && ReadFile(file, have, length, &done, &where));
    assert_int_equal(done, length);
    pattern_fill(seed, offset, want, length);
    assert_memory_equal(have, want, length);
    CloseHandle(file);
    free(have);
    free(want);
}

static void test_ranges(void **state)
{
    const BG_FILE_RANGE request[] = {{100000, 50000}, {140000, 20000}, {500000, 1000}};
    const BG_FILE_RANGE there[] = {{100000, 60000}, {500000, 1000}};
    const BG_FILE_RANGE beyond = {999999, 2}, whole = {0, BG_LENGTH_TO_EOF};
    const BG_FILE_RANGE all = {0, 1000000};
    struct job *job = new_job();
    BG_FILE_PROGRESS progress;
    struct file *file;
    WCHAR temporary[MAX_PATH];

    change(job, on_demand);
    assert_int_equal(add(job, FAULT(L"data/o?size=1000000&seed=21"), L"o"), S_OK);
    assert_int_equal(job_set_notify_interface(job, &notify_target), S_OK);
    file = only_file(job);
    assert_int_equal(file_request_ranges(file, request, 3), S_OK);
    assert_int_equal(job_state(job), BG_JOB_STATE_SUSPENDED);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_SUSPENDED), BG_JOB_STATE_SUSPENDED);
    assert_filled(file, there, 2);
    file_progress(file, &progress);
    assert_int_equal(progress.BytesTransferred, 61000);
    assert_int_equal(progress.BytesTotal, 1000000);
    wcscpy(temporary, file_data(file)->temporary_name);
    assert_bytes(temporary, 21, 100000, 60000);
    assert_bytes(temporary, 21, 500000, 1000);
    assert_int_equal(file_request_ranges(file, &beyond, 1), BG_E_INVALID_RANGE);

    /* What is there is there after a restart, too, and is not fetched again. */
    job = reopen(job);
    file = only_file(job);
    assert_filled(file, there, 2);
    assert_int_equal(file_request_ranges(file, &whole, 1), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_filled(file, &all, 1);
    assert_int_equal(file_data(file)->bytes_from_origin, 1000000);
    assert_int_equal(job_complete(job), S_OK);
    assert_bytes(local(L"o"), 21, 0, 1000000);
    job_release(job);
}

/* A request that was accepted outlives the service, before it has begun and half done. */
static void test_request_survives(void **state)
{
    const BG_FILE_RANGE request[] = {{200000, 1000}, {700000, BG_LENGTH_TO_EOF}};
    const BG_FILE_RANGE there[] = {{200000, 1000}, {700000, 300000}};
    struct job *job = new_job();
    struct file *file;

    change(job, on_demand);
    assert_int_equal(add(job, FAULT(L"data/v?size=1000000&seed=27&stall=250000&times=1"), L"v"),
                     S_OK);
    assert_int_equal(file_request_ranges(only_file(job), request, 2), S_OK);
    job = reopen(job);
    assert_int_equal(job_state(job), BG_JOB_STATE_SUSPENDED);
    assert_int_equal(file_data(only_file(job))->wanted_count, 2);
    assert_int_equal(job_resume(job), S_OK);
    wait_bytes(job, 100000);
    job = reopen(job);
    file = only_file(job);
    assert_int_equal(wait_for(job, BG_JOB_STATE_SUSPENDED), BG_JOB_STATE_SUSPENDED);
    assert_filled(file, there, 2);
    assert_int_equal(file_data(file)->wanted_count, 0);
    assert_bytes(file_data(file)->temporary_name, 27, 200000, 1000);
    assert_bytes(file_data(file)->temporary_name, 27, 700000, 300000);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
}

/* What is there is gone with the temporary file: it is fetched again, never a hole taken for data.
 */
static void test_temporary_lost(void **state)
{
    const BG_FILE_RANGE first[] = {{50000, 1000}, {400000, 2000}}, more = {700000, 500};
    const BG_FILE_RANGE there[] = {{50000, 1000}, {400000, 2000}, {700000, 500}};
    struct job *job = new_job();
    struct file *file;
    WCHAR temporary[MAX_PATH];

    change(job, on_demand);
    assert_int_equal(add(job, FAULT(L"data/l?size=1000000&seed=28"), L"l"), S_OK);
    file = only_file(job);
    assert_int_equal(file_request_ranges(file, first, 2), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_SUSPENDED), BG_JOB_STATE_SUSPENDED);
    wcscpy(temporary, file_data(file)->temporary_name);
    SetFileAttributesW(temporary, FILE_ATTRIBUTE_NORMAL);
    assert_true(DeleteFileW(temporary));
    assert_int_equal(file_request_ranges(file, &more, 1), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_SUSPENDED), BG_JOB_STATE_SUSPENDED);
    assert_filled(file, there, 3);
    assert_bytes(temporary, 28, 50000, 1000);
    assert_bytes(temporary, 28, 400000, 2000);
    assert_bytes(temporary, 28, 700000, 500);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
}

/* Without a request there is nothing to do; to the end of a file whose size is not known yet. */
static void test_to_the_end(void **state)
{
    const BG_FILE_RANGE tail = {990000, BG_LENGTH_TO_EOF}, there = {990000, 10000};
    const BG_FILE_RANGE beyond = {2000000, 5}, empty = {5, 0};
    struct job *job = new_job();
    struct file *file;

    change(job, on_demand);
    assert_int_equal(add(job, FAULT(L"data/e?size=1000000&seed=22"), L"e"), S_OK);
    file = only_file(job);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_SUSPENDED), BG_JOB_STATE_SUSPENDED);
    assert_int_equal(file_request_ranges(file, &empty, 1), BG_E_INVALID_RANGE);
    /* Not known to be wrong before the server was asked. */
    assert_int_equal(file_request_ranges(file, &beyond, 1), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_SUSPENDED), BG_JOB_STATE_ERROR);
    assert_int_equal(error_of(job), BG_E_INVALID_RANGE);
    assert_int_equal(file_request_ranges(file, &tail, 1), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_SUSPENDED), BG_JOB_STATE_SUSPENDED);
    assert_filled(file, &there, 1);
    assert_int_equal(job_cancel(job), S_OK);
    assert_int_equal(count_files(L"*"), 0);
    assert_int_equal(file_request_ranges(file, &tail, 1), BG_E_INVALID_STATE);
    job_release(job);
}

/* A download like any other, part of which is wanted first. */
static void test_ordinary_job(void **state)
{
    const BG_FILE_RANGE tail = {7000000, 1000000};
    struct job *job = new_job();
    BG_FILE_RANGE *ranges;
    struct file *file;
    ULONG count;

    assert_int_equal(add(job, FAULT(L"data/n?size=8000000&seed=23&rate=3000000"), L"n"), S_OK);
    file = only_file(job);
    assert_int_equal(job_resume(job), S_OK);
    wait_bytes(job, 500000);
    assert_int_equal(file_request_ranges(file, &tail, 1), S_OK);
    assert_int_equal(file_filled_ranges(file, &ranges, &count), S_OK);
    assert_int_equal(count, 1);
    assert_int_equal(ranges[0].InitialOffset, 0);
    assert_true(ranges[0].Length >= 500000);
    free(ranges);
    wait_bytes(job, 2500000);
    assert_int_equal(job_suspend(job), S_OK);
    job = reopen(job);
    file = only_file(job);
    assert_int_equal(file_filled_ranges(file, &ranges, &count), S_OK);
    assert_int_equal(count, 2); /* the front, and what was wanted */
    free(ranges);
    assert_int_equal(file_update_position(file, 6000000), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_complete(job), S_OK);
    assert_bytes(local(L"n"), 23, 0, 8000000);
    job_release(job);
}

static void dynamic(struct model_job *next)
{
    next->dynamic_content = TRUE;
}

static void test_not_supported(void **state)
{
    const BG_FILE_RANGE range = {0, 10};
    struct job *job = new_job(), *poor = new_job();
    BG_FILE_RANGE *ranges;
    struct file *file;
    ULONG count;

    change(job, dynamic);
    assert_int_equal(add(job, FAULT(L"data/d?size=1000"), L"d"), S_OK);
    file = only_file(job);
    assert_int_equal(file_request_ranges(file, &range, 1), BG_E_RANDOM_ACCESS_NOT_SUPPORTED);
    assert_int_equal(file_update_position(file, 0), BG_E_RANDOM_ACCESS_NOT_SUPPORTED);
    assert_int_equal(file_filled_ranges(file, &ranges, &count), BG_E_RANDOM_ACCESS_NOT_SUPPORTED);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
    /* A server without ranges. */
    change(poor, on_demand);
    assert_int_equal(add(poor, FAULT(L"data/x?size=100000&ranges=off"), L"x"), S_OK);
    file = only_file(poor);
    assert_int_equal(file_request_ranges(file, &range, 1), S_OK);
    assert_int_equal(job_resume(poor), S_OK);
    assert_int_equal(wait_for(poor, BG_JOB_STATE_SUSPENDED), BG_JOB_STATE_ERROR);
    assert_int_equal(error_of(poor), BG_E_INSUFFICIENT_RANGE_SUPPORT);
    assert_int_equal(file_request_ranges(file, &range, 1), BG_E_RANDOM_ACCESS_NOT_SUPPORTED);
    assert_int_equal(job_cancel(poor), S_OK);
    job_release(poor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(test_ranges),         ENGINE_TEST(test_request_survives),
        ENGINE_TEST(test_temporary_lost), ENGINE_TEST(test_to_the_end),
        ENGINE_TEST(test_ordinary_job),   ENGINE_TEST(test_not_supported),
    };

    return run_engine_tests(tests, ARRAYSIZE(tests));
}
