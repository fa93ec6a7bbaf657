/*
 * 100,000 calls over the main methods. What the service holds (handles, threads, memory) and what
 * this client holds (task memory) must not grow with them, once all is warm.
 */
#include "service.h"

#include <psapi.h>
#include <stdlib.h>

enum {
    CALLS = 100000,
    WARM_UP = 5000,
    TIME_LIMIT = 60000,       /* ms: a machine that is too slow for all the calls makes fewer */
    GROWTH = 2 * 1024 * 1024, /* bytes: 20 a call would show */
};

static LONG calls;

struct usage {
    DWORD handles;
    SIZE_T service_memory, own_memory;
};

static struct usage measure(HANDLE service)
{
    PROCESS_MEMORY_COUNTERS memory = {.cb = sizeof(memory)};
    struct usage usage = {0};

    assert_true(GetProcessHandleCount(service, &usage.handles));
    assert_true(GetProcessMemoryInfo(service, &memory, sizeof(memory)));
    usage.service_memory = memory.PagefileUsage;
    assert_true(GetProcessMemoryInfo(GetCurrentProcess(), &memory, sizeof(memory)));
    usage.own_memory = memory.PagefileUsage;
    return usage;
}

static void text_call(HRESULT hr, WCHAR *text)
{
    ok(hr);
    assert_non_null(text);
    CoTaskMemFree(text);
    calls++;
}

/* Strings, numbers and structures of a job. */
static void ask_job(IBackgroundCopyJob5 *job)
{
    WCHAR *text = NULL, *other = NULL;
    BG_JOB_PROXY_USAGE usage;
    BG_JOB_PROGRESS progress;
    BG_JOB_STATE job_state;
    BG_JOB_TIMES times;
    HRESULT hr;

    hr = call(job, GetDisplayName, &text);
    text_call(hr, text);
    hr = call(job, GetDescription, &text);
    text_call(hr, text);
    hr = call(job, GetOwner, &text);
    text_call(hr, text);
    hr = call(manager, GetErrorDescription, BG_E_NOT_FOUND, 0x409, &text);
    text_call(hr, text);
    ok(call(job, GetNotifyCmdLine, &text, &other));
    CoTaskMemFree(text);
    CoTaskMemFree(other);
    ok(call(job, GetProxySettings, &usage, &text, &other));
    CoTaskMemFree(text);
    CoTaskMemFree(other);
    ok(call(job, GetState, &job_state));
    ok(call(job, GetProgress, &progress));
    ok(call(job, GetTimes, &times));
    calls += 5;
}

/* Interfaces, of jobs, enumerators and files, arrays and refusals. */
static void ask_interfaces(IBackgroundCopyJob5 *job, const GUID *id)
{
    IEnumBackgroundCopyFiles *files = NULL;
    IEnumBackgroundCopyJobs *jobs = NULL;
    IBackgroundCopyFile *file = NULL;
    IBackgroundCopyJob *found = NULL;
    IBackgroundCopyFile2 *file2 = NULL;
    IBackgroundCopyError *error = NULL;
    BG_FILE_PROGRESS progress;
    BG_FILE_RANGE *ranges = NULL;
    WCHAR *text = NULL;
    DWORD count;
    HRESULT hr;

    ok(call(manager, GetJob, id, &found));
    call(found, Release);
    ok(call(manager, EnumJobs, 0, &jobs));
    ok(call(jobs, Next, 1, &found, NULL));
    call(found, Release);
    call(jobs, Release);
    ok(call(job, EnumFiles, &files));
    ok(call(files, Next, 1, &file, NULL));
    hr = call(file, GetRemoteName, &text);
    text_call(hr, text);
    hr = call(file, GetLocalName, &text);
    text_call(hr, text);
    ok(call(file, GetProgress, &progress));
    ok(call(file, QueryInterface, &IID_IBackgroundCopyFile2, (void **)&file2));
    ok(call(file2, GetFileRanges, &count, &ranges));
    CoTaskMemFree(ranges);
    call(file2, Release);
    call(file, Release);
    call(files, Release);
    expect(BG_E_ERROR_INFORMATION_UNAVAILABLE, call(job, GetError, &error));
    calls += 15;
}

static void round_trip(IBackgroundCopyJob5 *job, const GUID *id)
{
    for (int i = 0; i < 10; i++)
        ask_job(job);
    ask_interfaces(job, id);
}

static void leak_none(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    BG_FILE_RANGE range = {0, 10};
    HANDLE service = service_process(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ);
    ULONGLONG end = GetTickCount64() + TIME_LIMIT;
    struct usage first, last;
    GUID id = id_of(job);
    LONG warm;

    ok(call(job, AddFileWithRanges, L"http://localhost/r", local("r"), 1, &range));
    while (calls < WARM_UP)
        round_trip(job, &id);
    warm = calls;
    first = measure(service);
    while (calls < CALLS && GetTickCount64() < end)
        round_trip(job, &id);
    last = measure(service);
    CloseHandle(service);
    print_message("%ld calls after %ld: handles %lu, then %lu; service %lu, then %lu KiB; client "
                  "%lu, then %lu KiB\n",
                  calls - warm, warm, first.handles, last.handles,
                  (unsigned long)(first.service_memory >> 10),
                  (unsigned long)(last.service_memory >> 10),
                  (unsigned long)(first.own_memory >> 10), (unsigned long)(last.own_memory >> 10));
    assert_true(last.handles <= first.handles + 20);
    assert_true(last.service_memory <= first.service_memory + GROWTH);
    assert_true(last.own_memory <= first.own_memory + GROWTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {com_test(leak_none)};

    return run_group("leak", tests);
}
