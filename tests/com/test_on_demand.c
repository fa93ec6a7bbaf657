/*
 * Files whose bytes come in the order a client wants: IBackgroundCopyFile6, the on-demand mode of
 * IBackgroundCopyJob5, IBackgroundCopyCallback3.
 */
#include "common.h"

#include <stdlib.h>
#include <string.h>

#include "../server/pattern.h"

#define SIZE 1000000u

static void on_demand(IBackgroundCopyJob5 *job)
{
    BITS_JOB_PROPERTY_VALUE value = {.Enable = TRUE};

    ok(call(job, SetProperty, BITS_JOB_PROPERTY_ON_DEMAND_MODE, value));
}

static void dynamic(IBackgroundCopyJob5 *job)
{
    BITS_JOB_PROPERTY_VALUE value = {.Enable = TRUE};

    ok(call(job, SetProperty, BITS_JOB_PROPERTY_DYNAMIC_CONTENT, value));
}

static HRESULT request(IBackgroundCopyFile6 *file, UINT64 offset, UINT64 length)
{
    BG_FILE_RANGE range = {offset, length};

    return call(file, RequestFileRanges, 1, &range);
}

static void assert_filled(IBackgroundCopyFile6 *file, const BG_FILE_RANGE *wanted, DWORD count)
{
    BG_FILE_RANGE *ranges = NULL;
    DWORD got = 1000;

    ok(call(file, GetFilledFileRanges, &got, &ranges));
    for (DWORD i = 0; i < got && got != count; i++)
        print_error("%u, %u\n", (unsigned)ranges[i].InitialOffset, (unsigned)ranges[i].Length);
    assert_int_equal(got, count);
    if (count)
        assert_memory_equal(ranges, wanted, count * sizeof(*ranges));
    CoTaskMemFree(ranges);
}

/* How many bytes of bodies the server has sent for the file of the test. */
static UINT64 bytes_sent(void)
{
    char *log = fault_log("/data/test");
    UINT64 sum = 0;

    for (const char *at = log; (at = strstr(at, "\"sent\": ")) != NULL; at++)
        sum += strtoul(at + 8, NULL, 10);
    free(log);
    return sum;
}

static void demand_defaults(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=1000");
    IBackgroundCopyFile6 *file = job_file(job, 0);
    BG_FILE_RANGE range = {0, 10}, *ranges = (BG_FILE_RANGE *)1;
    DWORD count = 1;

    on_demand(job);
    ok(call(file, GetFilledFileRanges, &count, &ranges));
    assert_int_equal(count, 0);
    CoTaskMemFree(ranges);
    expect(E_INVALIDARG, call(file, RequestFileRanges, 0, &range));
    expect(NULL_REF, call(file, RequestFileRanges, 1, NULL));
    expect(BG_E_INVALID_RANGE, request(file, 5, 0));
    ok(request(file, 0, 10));
    /* Nothing is fetched before Resume, and it is fetched to a file of its own. */
    assert_int_equal(state_of(job), BG_JOB_STATE_SUSPENDED);
    assert_int_equal(fault_count("/data/test", "\"id\""), 0);
}

/* Only what is asked for, at its own offset, once; SUSPENDED until the file is whole. */
static void demand_ranges(void **state)
{
    static const BG_FILE_RANGE there[] = {{100000, 60000}, {500000, 1000}}, all[] = {{0, SIZE}};
    BG_FILE_RANGE first[] = {{100000, 50000}, {500000, 1000}, {120000, 40000}};
    BG_FILE_RANGE rest[] = {{90000, 80000}, {0, BG_LENGTH_TO_EOF}};
    IBackgroundCopyJob5 *job = new_fault_download("size=1000000&seed=21");
    IBackgroundCopyFile6 *file = job_file(job, 0);
    BG_FILE_PROGRESS progress;
    WCHAR *name = NULL;
    size_t size;
    char *bytes;

    on_demand(job);
    ok(call(file, RequestFileRanges, ARRAYSIZE(first), first));
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_SUSPENDED);
    assert_filled(file, there, ARRAYSIZE(there));
    assert_int_equal(bytes_sent(), 61000);
    ok(call(file, GetProgress, &progress));
    assert_int_equal(progress.BytesTransferred, 61000);
    assert_int_equal(progress.BytesTotal, SIZE);
    ok(call(file, GetTemporaryName, &name));
    bytes = read_file(name, &size);
    assert_true(size >= 501000);
    assert_int_equal(pattern_first_difference(21, 100000, bytes + 100000, 60000), 60000);
    assert_int_equal(pattern_first_difference(21, 500000, bytes + 500000, 1000), 1000);
    free(bytes);
    CoTaskMemFree(name);
    expect(BG_E_INVALID_RANGE, request(file, SIZE, 1));
    expect(BG_E_INVALID_RANGE, request(file, SIZE - 10, 11));

    ok(call(file, RequestFileRanges, ARRAYSIZE(rest), rest));
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_TRANSFERRED);
    assert_filled(file, all, 1);
    assert_int_equal(bytes_sent(), SIZE);
    ok(call(job, Complete));
    assert_pattern(local("file"), 21, 0, SIZE);
}

static void demand_ended(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=1000");
    IBackgroundCopyFile6 *file = job_file(job, 0), *done;

    on_demand(job);
    ok(call(job, Cancel));
    expect(BG_E_INVALID_STATE, request(file, 0, 10));
    expect(BG_E_INVALID_STATE, call(file, UpdateDownloadPosition, 0));
    job = new_fault_download("size=1000");
    done = job_file(job, 0);
    transfer(job);
    ok(call(job, Complete));
    expect(BG_E_INVALID_STATE, request(done, 0, 10));
    expect(BG_E_INVALID_STATE, call(done, UpdateDownloadPosition, 0));
}

static void expect_no_random_access(IBackgroundCopyFile6 *file)
{
    BG_FILE_RANGE *ranges = (BG_FILE_RANGE *)1;
    DWORD count = 1;

    expect(BG_E_RANDOM_ACCESS_NOT_SUPPORTED, request(file, 0, 10));
    expect(BG_E_RANDOM_ACCESS_NOT_SUPPORTED, call(file, UpdateDownloadPosition, 5));
    expect(BG_E_RANDOM_ACCESS_NOT_SUPPORTED, call(file, GetFilledFileRanges, &count, &ranges));
    assert_int_equal(count, 0);
    assert_null(ranges);
}

static void demand_not_supported(void **state)
{
    IBackgroundCopyJob5 *job;

    write_file(local("source"), "some bytes", 10);
    for (int type = BG_JOB_TYPE_UPLOAD; type <= BG_JOB_TYPE_UPLOAD_REPLY; type++) {
        job = new_job((BG_JOB_TYPE)type);
        ok(call(job, AddFile, url("FAULT", "upload/a"), local("source")));
        expect_no_random_access(job_file(job, 0));
    }
    job = new_fault_download("size=1000");
    dynamic(job);
    expect_no_random_access(job_file(job, 0));
    expect_no_random_access(job_file(new_download(local("source")), 0));
    expect_no_random_access(job_file(new_download(L"\\\\server\\share\\file"), 0));
}

/* The server takes ranges at first, and none any more later. */
static void demand_support_lost(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=1000000&seed=4");
    IBackgroundCopyFile6 *file = job_file(job, 0);

    on_demand(job);
    ok(request(file, 1000, 1000));
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_SUSPENDED);
    fault_control("{\"path\": \"/data/test\", \"set\": {\"ranges\": \"off\"}}");
    ok(request(file, 500000, 1000));
    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_ERROR, BG_E_INSUFFICIENT_RANGE_SUPPORT,
               BG_ERROR_CONTEXT_REMOTE_FILE);
    expect_no_random_access(file);
}

static void wait_bytes(IBackgroundCopyJob5 *job, UINT64 bytes)
{
    ULONGLONG end = GetTickCount64() + DEADLINE;
    BG_JOB_PROGRESS progress;

    do {
        ok(call(job, GetProgress, &progress));
        assert_true(GetTickCount64() < end);
        Sleep(5);
    } while (progress.BytesTransferred < bytes);
}

/* An ordinary download: its position is moved forward, then ranges in the middle are wanted. */
static void demand_position(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=4000000&seed=6&rate=2000000");
    IBackgroundCopyFile6 *file = job_file(job, 0);
    BG_FILE_RANGE *ranges = NULL;
    DWORD count = 0;

    ok(call(job, Resume));
    wait_bytes(job, 300000);
    expect(BG_E_INVALID_RANGE, call(file, UpdateDownloadPosition, 4000000));
    expect(BG_E_INVALID_RANGE, call(file, UpdateDownloadPosition, ~0ull));
    ok(call(file, UpdateDownloadPosition, 3000000));
    for (ULONGLONG end = GetTickCount64() + DEADLINE;; Sleep(5)) {
        ok(call(file, GetFilledFileRanges, &count, &ranges));
        if (count == 2)
            break;
        assert_true(GetTickCount64() < end && state_of(job) != BG_JOB_STATE_TRANSFERRED);
        CoTaskMemFree(ranges);
    }
    assert_int_equal(ranges[0].InitialOffset, 0);
    assert_int_equal(ranges[1].InitialOffset, 3000000);
    assert_true(ranges[0].Length < 3000000 && ranges[1].Length > 0);
    CoTaskMemFree(ranges);
    wait_state(job, BG_JOB_STATE_TRANSFERRED);
    assert_true(bytes_sent() < 8000000);
    ok(call(job, Complete));
    assert_pattern(local("file"), 6, 0, 4000000);
}

/* ---- IBackgroundCopyCallback3 ---- */

static HRESULT remember_names(struct callback *callback, enum kind kind, IBackgroundCopyJob *job,
                              IUnknown *about)
{
    struct {
        GUID id;
        WCHAR *name;
    } *seen = callback->context;

    if (kind != FILE_RANGES)
        return S_OK;
    CoTaskMemFree(seen->name);
    seen->name = NULL;
    call(job, GetId, &seen->id);
    call((IBackgroundCopyFile *)about, GetLocalName, &seen->name);
    return S_OK;
}

static UINT64 told_bytes(struct callback *callback)
{
    UINT64 sum = 0;

    for (LONG i = 0; i < callback->range_count; i++)
        sum += callback->ranges[i].Length;
    return sum;
}

static void wait_told(struct callback *callback, UINT64 bytes)
{
    ULONGLONG end = GetTickCount64() + DEADLINE;

    while (told_bytes(callback) < bytes || callback->at_once) {
        assert_true(GetTickCount64() < end);
        Sleep(5);
    }
}

/* Job, file and ranges; every byte that was asked for once. */
static void demand_told(void **state)
{
    BG_FILE_RANGE wanted[] = {{0, 5000}, {20000, 7000}, {4000, 2000}};
    IBackgroundCopyJob5 *job = new_fault_download("size=100000&seed=3");
    IBackgroundCopyFile6 *file = job_file(job, 0);
    struct callback *callback = listen_to(job, BG_NOTIFY_FILE_RANGES_TRANSFERRED);
    struct {
        GUID id;
        WCHAR *name;
    } seen = {.name = NULL};
    GUID id = id_of(job);
    BYTE told[100000] = {0};

    callback->context = &seen;
    callback->action = remember_names;
    on_demand(job);
    ok(call(file, RequestFileRanges, ARRAYSIZE(wanted), wanted));
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_SUSPENDED);
    wait_told(callback, 13000);
    /* More of the file: only what is new is told. */
    ok(request(file, 0, 50000));
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_SUSPENDED);
    wait_told(callback, 50000);
    assert_int_equal(told_bytes(callback), 50000);
    for (LONG i = 0; i < callback->range_count; i++) {
        for (UINT64 j = 0; j < callback->ranges[i].Length; j++)
            assert_int_equal(told[callback->ranges[i].InitialOffset + j]++, 0);
    }
    assert_memory_equal(&seen.id, &id, sizeof(id));
    assert_text(seen.name, local("file"));
    assert_int_equal(callback->calls, callback->count[FILE_RANGES]);
}

/* A file that comes in many pieces is told of at most once in an interval. */
static void demand_told_seldom(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=3000000&seed=3&rate=1500000");
    IBackgroundCopyFile6 *file = job_file(job, 0);
    struct callback *callback = listen_to(job, BG_NOTIFY_FILE_RANGES_TRANSFERRED);
    struct callback *quick;
    ULONGLONG began, taken;

    on_demand(job);
    for (UINT64 i = 0; i < 20; i++)
        ok(request(file, i * 150000, 140000));
    began = GetTickCount64();
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_SUSPENDED);
    wait_told(callback, 20 * 140000);
    taken = GetTickCount64() - began;
    assert_true(callback->count[FILE_RANGES] <= (LONG)(taken / 500) + 2);
    /* Without the flag there are no calls. */
    quick = listen_to(job, BG_NOTIFY_JOB_TRANSFERRED);
    ok(request(file, 0, BG_LENGTH_TO_EOF));
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_TRANSFERRED);
    wait_calls(quick, TRANSFERRED, 1);
    assert_int_equal(quick->calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        com_test(demand_defaults),      com_test(demand_ranges),       com_test(demand_ended),
        com_test(demand_not_supported), com_test(demand_support_lost), com_test(demand_position),
        com_test(demand_told),          com_test(demand_told_seldom),
    };

    return run_group("on_demand", tests);
}
