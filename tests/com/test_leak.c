/*
 * 100,000 calls over the methods that ask, of all interfaces (fewer from a 32-bit client). What the
 * service holds (handles, threads, memory) and what this client holds (task memory) must not grow
 * with them, once all is warm.
 */
#include "service.h"

#include <psapi.h>
#include <stdlib.h>

enum {
    CALLS = sizeof(void *) == 8 ? 100000 : 20000,
    WARM_UP = 5000,
    /* A heap grows in steps, now and then; what leaks grows in every part of the calls. */
    PARTS = 4,
    STEADY = 128 * 1024, /* bytes in each part: 6 a call (64-bit) */
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

/* A call that may be answered or refused; what it gives is freed by its caller. */
static void asked(HRESULT hr)
{
    if (hr == RPC_E_SERVERFAULT || hr == RPC_E_DISCONNECTED)
        fail_msg("0x%08lx", (unsigned long)hr);
    calls++;
}

/* A call that gives a string or, when refused, nothing. */
#define asked_text(object, method)                                                                 \
    do {                                                                                           \
        WCHAR *given = NULL;                                                                       \
        asked(call(object, method, &given));                                                       \
        CoTaskMemFree(given);                                                                      \
    } while (0)

/* The numbers and strings of a job's newer interfaces. */
static void ask_job_more(IBackgroundCopyJob5 *job)
{
    BITS_JOB_PROPERTY_VALUE value;
    BG_JOB_REPLY_PROGRESS reply;
    BG_JOB_PRIORITY priority;
    BG_JOB_TYPE type;
    UINT64 length = 0;
    BYTE *data = NULL;
    ULONG number;
    DWORD flags;
    BOOL yes;
    GUID id;

    asked(call(job, GetId, &id));
    asked(call(job, GetType, &type));
    asked(call(job, GetPriority, &priority));
    asked(call(job, GetNotifyFlags, &number));
    asked(call(job, GetMinimumRetryDelay, &number));
    asked(call(job, GetNoProgressTimeout, &number));
    asked(call(job, GetErrorCount, &number));
    asked(call(job, GetReplyProgress, &reply));
    asked(call(job, GetReplyData, &data, &length));
    CoTaskMemFree(data);
    asked_text(job, GetReplyFileName);
    asked(call(job, GetFileACLFlags, &flags));
    asked(call(job, GetPeerCachingFlags, &flags));
    asked(call(job, GetOwnerIntegrityLevel, &number));
    asked(call(job, GetOwnerElevationState, &yes));
    asked(call(job, GetMaximumDownloadTime, &number));
    asked(call(job, GetProperty, BITS_JOB_PROPERTY_ID_COST_FLAGS, &value));
    asked(call(job, GetProperty, BITS_JOB_PROPERTY_NOTIFICATION_CLSID, &value));
}

static void ask_options(IBackgroundCopyJobHttpOptions3 *http, IBitsTokenOptions *token)
{
    WCHAR *store = NULL, *subject = NULL;
    BG_CERT_STORE_LOCATION location;
    BYTE *hash = NULL;
    ULONG number;
    DWORD flags;

    asked_text(http, GetCustomHeaders);
    asked_text(http, GetHttpMethod);
    asked(call(http, GetSecurityFlags, &number));
    asked(call(http, GetClientCertificate, &location, &store, &hash, &subject));
    CoTaskMemFree(store);
    CoTaskMemFree(hash);
    CoTaskMemFree(subject);
    asked(call(token, GetHelperTokenFlags, &flags));
    asked_text(token, GetHelperTokenSid);
}

static void ask_file(IBackgroundCopyFile6 *file)
{
    BITS_FILE_PROPERTY_VALUE value = {.String = NULL};
    BG_FILE_RANGE *ranges = NULL;
    UINT64 origin, peers;
    DWORD count;
    BOOL yes;

    asked_text(file, GetTemporaryName);
    asked(call(file, GetValidationState, &yes));
    asked(call(file, IsDownloadedFromPeer, &yes));
    asked(call(file, GetPeerDownloadStats, &origin, &peers));
    asked(call(file, GetProperty, BITS_FILE_PROPERTY_ID_HTTP_RESPONSE_HEADERS, &value));
    CoTaskMemFree(value.String);
    asked(call(file, GetFilledFileRanges, &count, &ranges));
    CoTaskMemFree(ranges);
}

static void ask_peer_cache(IBitsPeerCacheAdministration *cache)
{
    IEnumBitsPeerCacheRecords *records = NULL;
    IEnumBitsPeers *peers = NULL;
    DWORD number;

    asked(call(cache, GetMaximumCacheSize, &number));
    asked(call(cache, GetMaximumContentAge, &number));
    asked(call(cache, GetConfigurationFlags, &number));
    asked(call(cache, EnumRecords, &records));
    call(records, Release);
    asked(call(cache, EnumPeers, &peers));
    call(peers, Release);
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

struct faces {
    IBackgroundCopyJob5 *job;
    IBackgroundCopyJobHttpOptions3 *http;
    IBitsTokenOptions *token;
    IBackgroundCopyFile6 *file;
    IBitsPeerCacheAdministration *cache;
    GUID id;
};

static void round_trip(const struct faces *faces)
{
    for (int i = 0; i < 5; i++) {
        ask_job(faces->job);
        ask_job_more(faces->job);
        ask_options(faces->http, faces->token);
        ask_file(faces->file);
    }
    ask_peer_cache(faces->cache);
    ask_interfaces(faces->job, &faces->id);
}

static SIZE_T grown(SIZE_T before, SIZE_T after)
{
    return after > before ? after - before : 0;
}

static void leak_none(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    BG_FILE_RANGE range = {0, 10};
    HANDLE service = service_process(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ);
    SIZE_T service_least = ~(SIZE_T)0, own_least = ~(SIZE_T)0;
    struct usage before, after;
    struct faces faces;

    ok(call(job, AddFileWithRanges, L"http://localhost/r", local("r"), 1, &range));
    faces.job = job;
    faces.http = http_options(job);
    faces.token = token_options(job);
    faces.file = job_file(job, 0);
    faces.cache = query(manager, &IID_IBitsPeerCacheAdministration);
    faces.id = id_of(job);
    while (calls < WARM_UP)
        round_trip(&faces);
    before = measure(service);
    for (int part = 1; part <= PARTS; part++) {
        while (calls < WARM_UP + (CALLS - WARM_UP) / PARTS * part)
            round_trip(&faces);
        after = measure(service);
        print_message("%ld calls: handles %lu, service %lu KiB, client %lu KiB\n", calls,
                      after.handles, (unsigned long)(after.service_memory >> 10),
                      (unsigned long)(after.own_memory >> 10));
        assert_true(after.handles <= before.handles + 20);
        service_least = min(service_least, grown(before.service_memory, after.service_memory));
        own_least = min(own_least, grown(before.own_memory, after.own_memory));
        before = after;
    }
    CloseHandle(service);
    assert_true(service_least <= STEADY);
    assert_true(own_least <= STEADY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {com_test(leak_none)};

    return run_group("leak", tests);
}
