/*
 * AddFileWithRanges: rules, what is fetched and where it lands, servers that do not play along.
 */
#include "common.h"

#include <stdlib.h>
#include <string.h>

#include "../server/pattern.h"

#define TO_EOF ((UINT64)BG_LENGTH_TO_EOF)

static void ranges_rules(void **state)
{
    static const struct {
        DWORD count;
        BG_FILE_RANGE ranges[3];
        HRESULT result;
    } cases[] = {
        {1, {{0, 1}}, S_OK},
        {1, {{0, TO_EOF}}, S_OK},
        {2, {{10, 10}, {0, 10}}, S_OK}, /* neighbours, in any order */
        {3, {{100, 1}, {200, TO_EOF}, {0, 1}}, S_OK},
        {1, {{TO_EOF, 1}}, BG_E_INVALID_RANGE},
        {1, {{TO_EOF, TO_EOF}}, BG_E_INVALID_RANGE},
        {1, {{5, 0}}, BG_E_INVALID_RANGE},
        {1, {{TO_EOF - 5, 10}}, BG_E_INVALID_RANGE},
        {2, {{0, 10}, {5, 10}}, BG_E_OVERLAPPING_RANGES},
        {2, {{5, 10}, {0, 6}}, BG_E_OVERLAPPING_RANGES},
        {2, {{5, 10}, {5, 10}}, BG_E_OVERLAPPING_RANGES},
        {2, {{5, TO_EOF}, {50, 10}}, BG_E_OVERLAPPING_RANGES},
        {2, {{50, 10}, {5, TO_EOF}}, BG_E_OVERLAPPING_RANGES},
        {2, {{5, 0}, {5, 10}}, BG_E_OVERLAPPING_RANGES},
        {2, {{5, 10}, {5, 0}}, BG_E_OVERLAPPING_RANGES},
    };
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    ULONG added = 0;

    for (size_t i = 0; i < ARRAYSIZE(cases); i++) {
        BG_FILE_RANGE *got = NULL;
        DWORD count = 0;
        HRESULT hr = call(job, AddFileWithRanges, L"http://localhost/r", local("r"), cases[i].count,
                          (BG_FILE_RANGE *)cases[i].ranges);

        if (hr != cases[i].result)
            fail_msg("case %u: 0x%08lx", (unsigned)i, (unsigned long)hr);
        if (hr != S_OK)
            continue;
        ok(call(job_file(job, added++), GetFileRanges, &count, &got));
        assert_int_equal(count, cases[i].count);
        assert_memory_equal(got, cases[i].ranges, count * sizeof(*got));
        CoTaskMemFree(got);
    }
}

static void ranges_names(void **state)
{
    static BG_FILE_RANGE range = {0, 1};
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    const struct {
        const WCHAR *remote, *local;
    } cases[] = {
        {L"\\\\server\\share\\f", local("f")},
        {L"file://c:/f", local("f")},
        {L"c:\\f", local("f")},
        {L"ftp://localhost/f", local("f")},
        {L"http://localhost/f", L"relative"},
        {L"http://localhost/f", local("f*")},
    };
    BG_FILE_RANGE *got = (BG_FILE_RANGE *)1;
    DWORD count = 1;

    for (size_t i = 0; i < ARRAYSIZE(cases); i++)
        expect(E_INVALIDARG,
               call(job, AddFileWithRanges, cases[i].remote, cases[i].local, 1, &range));
    expect(E_INVALIDARG,
           call(job, AddFileWithRanges, L"http://localhost/f", local("f"), 0, &range));
    ok(call(job, AddFile, L"http://localhost/whole", local("whole")));
    expect(S_FALSE, call(job_file(job, 0), GetFileRanges, &count, &got));
    assert_int_equal(count, 0);
    assert_null(got);
}

static void ranges_many(void **state)
{
    BG_FILE_RANGE ranges[501];
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);

    for (UINT64 i = 0; i < 501; i++) {
        ranges[i].InitialOffset = i * 10;
        ranges[i].Length = 5;
    }
    ok(call(job, AddFileWithRanges, L"http://localhost/r", local("a"), 500, ranges));
    /* Administrators are not bound by the limit. */
    ok(call(job, AddFileWithRanges, L"http://localhost/r", local("b"), 501, ranges));
}

/* Fetches these ranges of 100,000 bytes and compares the file with them. */
static void fetch(const char *server, const char *name, DWORD count, const BG_FILE_RANGE *ranges)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    BG_FILE_PROGRESS file_progress;
    BG_JOB_PROGRESS progress;
    UINT64 total = 0;
    char *data;
    size_t size, at = 0;

    ok(call(job, SetPriority, BG_JOB_PRIORITY_FOREGROUND));
    ok(call(job, AddFileWithRanges, url(server, "%s", name), local("r"), count,
            (BG_FILE_RANGE *)ranges));
    transfer(job);
    for (DWORD i = 0; i < count; i++) {
        total += ranges[i].Length == TO_EOF ? 100000 - ranges[i].InitialOffset : ranges[i].Length;
    }
    ok(call(job, GetProgress, &progress));
    assert_int_equal(progress.BytesTotal, total);
    assert_int_equal(progress.BytesTransferred, total);
    ok(call(job_file(job, 0), GetProgress, &file_progress));
    assert_int_equal(file_progress.BytesTotal, total);
    ok(call(job, Complete));
    data = read_file(local("r"), &size);
    assert_int_equal(size, total);
    for (DWORD i = 0; i < count; i++) {
        size_t length = (size_t)(ranges[i].Length == TO_EOF ? 100000 - ranges[i].InitialOffset
                                                            : ranges[i].Length);

        assert_int_equal(pattern_first_difference(77, ranges[i].InitialOffset, data + at, length),
                         length);
        at += length;
    }
    free(data);
}

static const BG_FILE_RANGE scattered[] = {{50000, 10}, {0, 5000}, {99000, TO_EOF}, {20000, 1}};

static void ranges_transfer(void **state)
{
    static const BG_FILE_RANGE all[] = {{0, TO_EOF}}, neighbours[] = {{10, 10}, {20, 10}};

    publish("ranges.bin", 77, 100000);
    fetch("HTTP", "ranges.bin", ARRAYSIZE(scattered), scattered);
    fetch("HTTP", "ranges.bin", 1, all);
    fetch("HTTP", "ranges.bin", 2, neighbours);
}

static void ranges_transfer_https(void **state)
{
    publish("ranges.bin", 77, 100000);
    fetch("HTTPS", "ranges.bin", ARRAYSIZE(scattered), scattered);
}

static void ranges_transfer_faultserver(void **state)
{
    fetch("FAULT", "data/test?size=100000&seed=77", ARRAYSIZE(scattered), scattered);
}

/* Cut between the ranges: only what is missing is asked for again. */
static void ranges_interrupted(void **state)
{
    fetch("FAULT", "data/test?size=100000&seed=77&cut=3000&times=1", ARRAYSIZE(scattered),
          scattered);
}

static void ranges_wrong(const char *settings, UINT64 offset, HRESULT code)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    BG_FILE_RANGE range = {offset, 1000};

    fault_control("{\"reset\": true}");
    ok(call(job, SetPriority, BG_JOB_PRIORITY_FOREGROUND));
    ok(call(job, AddFileWithRanges, url("FAULT", "data/test?size=100000&%s", settings), local("r"),
            1, &range));
    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_ERROR, code, BG_ERROR_CONTEXT_REMOTE_FILE);
    ok(call(job, Cancel));
}

static void ranges_beyond_the_file(void **state)
{
    ranges_wrong("", 200000, BG_E_INVALID_RANGE);
    ranges_wrong("", 99500, BG_E_INVALID_RANGE);
}

static void ranges_server_without(void **state)
{
    ranges_wrong("ranges=off", 50000, BG_E_INSUFFICIENT_RANGE_SUPPORT);
}

static void ranges_server_wrong(void **state)
{
    ranges_wrong("content_range=shift", 50000, BG_E_INVALID_SERVER_RESPONSE);
    ranges_wrong("content_range=garbage", 50000, BG_E_INVALID_SERVER_RESPONSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        com_test(ranges_rules),          com_test(ranges_names),
        com_test(ranges_many),           com_test(ranges_transfer),
        com_test(ranges_transfer_https), com_test(ranges_transfer_faultserver),
        com_test(ranges_interrupted),    com_test(ranges_beyond_the_file),
        com_test(ranges_server_without), com_test(ranges_server_wrong),
    };

    return run_group("ranges", tests);
}
