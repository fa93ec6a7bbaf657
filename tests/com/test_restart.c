/*
 * The service ends and starts again: what is kept of jobs, files, properties,
 * errors and secrets, and what is not.
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

static BITS_JOB_PROPERTY_VALUE get(IBackgroundCopyJob5 *job, BITS_JOB_PROPERTY_ID id)
{
    BITS_JOB_PROPERTY_VALUE value;

    memset(&value, 0xee, sizeof(value));
    ok(call(job, GetProperty, id, &value));
    return value;
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

/* Who comes as soon as the stop is answered gets a new service, and does not wait for the old. */
static void restart_by_a_client(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=1000");
    GUID id = id_of(job);

    for (int i = 0; i < 3; i++) {
        replace_service();
        assert_int_equal(state_of(again(id)), BG_JOB_STATE_SUSPENDED);
    }
    ok(call(again(id), Cancel));
}

/* A suspended job with a part of its file, its properties and its id; it goes on from there. */
static void restart_keeps_a_job(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=2000000&seed=5&stall=1000000&times=1");
    BG_JOB_PROGRESS before, after;
    BG_JOB_TIMES times, same;
    BG_JOB_PRIORITY priority;
    GUID id = id_of(job), found;
    ULONG value;
    WCHAR *text;

    ok(call(job, SetDescription, L"to be kept"));
    ok(call(job, SetMinimumRetryDelay, 77));
    ok(call(job, SetNoProgressTimeout, 88));
    ok(call(job, SetNotifyFlags, BG_NOTIFY_JOB_ERROR));
    ok(call(job, SetMaximumDownloadTime, 99));
    ok(call(job, AddFile, url("FAULT", "data/b?size=10&seed=6"), local("b")));
    ok(call(job, Resume));
    wait_bytes(job, 500000);
    ok(call(job, Suspend));
    ok(call(job, GetProgress, &before));
    ok(call(job, GetTimes, &times));
    restart_service();

    job = again(id);
    ok(call(job, GetId, &found));
    assert_memory_equal(&found, &id, sizeof(id));
    assert_int_equal(state_of(job), BG_JOB_STATE_SUSPENDED);
    ok(call(job, GetProgress, &after));
    assert_int_equal(after.BytesTransferred, before.BytesTransferred);
    assert_int_equal(after.FilesTotal, 2);
    ok(call(job, GetTimes, &same));
    assert_memory_equal(&same.CreationTime, &times.CreationTime, sizeof(same.CreationTime));
    ok(call(job, GetDisplayName, &text));
    assert_text(text, L"test");
    ok(call(job, GetDescription, &text));
    assert_text(text, L"to be kept");
    ok(call(job, GetPriority, &priority));
    assert_int_equal(priority, BG_JOB_PRIORITY_FOREGROUND);
    ok(call(job, GetMinimumRetryDelay, &value));
    assert_int_equal(value, 77);
    ok(call(job, GetNoProgressTimeout, &value));
    assert_int_equal(value, 88);
    ok(call(job, GetNotifyFlags, &value));
    assert_int_equal(value, BG_NOTIFY_JOB_ERROR);
    ok(call(job, GetMaximumDownloadTime, &value));
    assert_int_equal(value, 99);
    ok(call(job_file(job, 1), GetLocalName, &text));
    assert_text(text, local("b"));
    transfer(job);
    assert_int_equal(fault_count("/data/test", "\"range\": \"bytes="), 1);
    ok(call(job, Complete));
    assert_pattern(local("file"), 5, 0, 2000000);
    assert_pattern(local("b"), 6, 0, 10);
}

static void restart_keeps_states(void **state)
{
    IBackgroundCopyJob5 *done = new_fault_download("size=100&seed=1");
    IBackgroundCopyJob5 *bad = new_fault_download("size=100&status=404");
    IBackgroundCopyError *error = NULL;
    IBackgroundCopyFile *file = NULL;
    GUID done_id = id_of(done), bad_id = id_of(bad);
    BG_JOB_TIMES times;
    ULONG count = 0;

    transfer(done);
    ok(call(bad, Resume));
    wait_state(bad, BG_JOB_STATE_ERROR);
    restart_service();
    done = again(done_id);
    bad = again(bad_id);
    assert_int_equal(state_of(done), BG_JOB_STATE_TRANSFERRED);
    ok(call(done, GetTimes, &times));
    assert_true(times.TransferCompletionTime.dwHighDateTime != 0);
    wait_error(bad, BG_JOB_STATE_ERROR, BG_E_HTTP_ERROR_404, BG_ERROR_CONTEXT_REMOTE_FILE);
    ok(call(bad, GetError, &error));
    track(error);
    ok(call(error, GetFile, &file));
    track(file);
    ok(call(bad, GetErrorCount, &count));
    assert_int_equal(count, 1);
    ok(call(done, Complete));
    assert_pattern(local("file"), 1, 0, 100);
}

static void restart_keeps_properties(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD), *other;
    static const GUID clsid = {0x12345678, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
    BITS_JOB_PROPERTY_VALUE value = {.Uint64 = 0};
    GUID id = id_of(job), other_id, kept;

#define SET(job, id, member, what)                                                                 \
    value.member = what;                                                                           \
    ok(call(job, SetProperty, id, value))
    SET(job, BITS_JOB_PROPERTY_ID_COST_FLAGS, Dword, 0x80000021);
    SET(job, BITS_JOB_PROPERTY_NOTIFICATION_CLSID, ClsID, clsid);
    SET(job, BITS_JOB_PROPERTY_DYNAMIC_CONTENT, Enable, TRUE);
    SET(job, BITS_JOB_PROPERTY_HIGH_PERFORMANCE, Enable, TRUE);
    SET(job, BITS_JOB_PROPERTY_MAX_DOWNLOAD_SIZE, Uint64, 0x123456789aull);
    SET(job, BITS_JOB_PROPERTY_USE_STORED_CREDENTIALS, Target, BG_AUTH_TARGET_PROXY);
    SET(job, BITS_JOB_PROPERTY_MINIMUM_NOTIFICATION_INTERVAL_MS, Dword, 1234);
    other = new_job(BG_JOB_TYPE_DOWNLOAD);
    other_id = id_of(other);
    SET(other, BITS_JOB_PROPERTY_ON_DEMAND_MODE, Enable, TRUE);
#undef SET
    restart_service();
    job = again(id);
    other = again(other_id);
    assert_int_equal(get(job, BITS_JOB_PROPERTY_ID_COST_FLAGS).Dword, 0x80000021);
    kept = get(job, BITS_JOB_PROPERTY_NOTIFICATION_CLSID).ClsID;
    assert_memory_equal(&kept, &clsid, sizeof(clsid));
    assert_int_equal(get(job, BITS_JOB_PROPERTY_DYNAMIC_CONTENT).Enable, TRUE);
    assert_int_equal(get(job, BITS_JOB_PROPERTY_HIGH_PERFORMANCE).Enable, TRUE);
    assert_true(get(job, BITS_JOB_PROPERTY_MAX_DOWNLOAD_SIZE).Uint64 == 0x123456789aull);
    assert_int_equal(get(job, BITS_JOB_PROPERTY_USE_STORED_CREDENTIALS).Target,
                     BG_AUTH_TARGET_PROXY);
    assert_int_equal(get(job, BITS_JOB_PROPERTY_MINIMUM_NOTIFICATION_INTERVAL_MS).Dword, 1234);
    assert_int_equal(get(job, BITS_JOB_PROPERTY_ON_DEMAND_MODE).Enable, FALSE);
    assert_int_equal(get(other, BITS_JOB_PROPERTY_ON_DEMAND_MODE).Enable, TRUE);
}

static void restart_forgets_the_interface(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10");
    struct callback *callback = listen_to(job, BG_NOTIFY_JOB_TRANSFERRED);
    IUnknown *current = (IUnknown *)1;
    GUID id = id_of(job);

    restart_service();
    job = again(id);
    ok(call(job, GetNotifyInterface, &current));
    assert_null(current);
    transfer(job);
    assert_false(called_within(callback, TRANSFERRED, 1, 500));
    wait_calls(listen_to(job, BG_NOTIFY_JOB_TRANSFERRED), TRANSFERRED, 1);
}

static void restart_keeps_secrets(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=1000&seed=1&auth=digest");
    BG_AUTH_CREDENTIALS credentials = {
        BG_AUTH_TARGET_SERVER, BG_AUTH_SCHEME_DIGEST, {{(WCHAR *)L"user", (WCHAR *)L"password"}}};
    IBackgroundCopyJobHttpOptions3 *http = http_options(job);
    GUID id = id_of(job);
    WCHAR *text = NULL;

    ok(call(job, SetCredentials, &credentials));
    ok(call(http, SetCustomHeaders, L"X-Kept: 1\r\n"));
    ok(call(http, MakeCustomHeadersWriteOnly));
    restart_service();
    job = again(id);
    expect(E_ACCESSDENIED, call(http_options(job), GetCustomHeaders, &text));
    assert_null(text);
    transfer(job);
    ok(call(job, Complete));
    assert_pattern(local("file"), 1, 0, 1000);
    assert_true(fault_count("/data/test", "\"x-kept\": \"1\"") > 0);
}

static void restart_keeps_the_command_line(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10");
    ULONGLONG end = GetTickCount64() + DEADLINE;
    WCHAR program[MAX_PATH], line[MAX_PATH + 50], *text, *parameters;
    GUID id = id_of(job);

    GetSystemDirectoryW(program, MAX_PATH);
    wcscat(program, L"\\cmd.exe");
    swprintf(line, ARRAYSIZE(line), L"cmd /c echo done>%ls", local("done"));
    ok(call(job, SetNotifyCmdLine, program, line));
    restart_service();
    job = again(id);
    ok(call(job, GetNotifyCmdLine, &text, &parameters));
    assert_text(text, program);
    assert_text(parameters, line);
    transfer(job);
    while (!exists(local("done"))) {
        assert_true(GetTickCount64() < end);
        Sleep(10);
    }
}

/* The program again, as a client that was not there before: waits for the jobs and completes them.
 */
static int finish_jobs(int count, char **ids)
{
    if (FAILED(CoInitializeEx(NULL, COINIT_MULTITHREADED)))
        return 1;
    for (int i = 0; i < count; i++) {
        ULONGLONG end = GetTickCount64() + DEADLINE;
        IBackgroundCopyJob *job = NULL;
        BG_JOB_STATE state;
        WCHAR text[50];
        GUID id;

        MultiByteToWideChar(CP_UTF8, 0, ids[i], -1, text, ARRAYSIZE(text));
        while (!manager && GetTickCount64() < end) {
            CoCreateInstance(&CLSID_BackgroundCopyManager, NULL, CLSCTX_LOCAL_SERVER,
                             &IID_IBackgroundCopyManager, (void **)&manager);
            Sleep(20); /* the service control manager may not have noticed yet */
        }
        if (FAILED(CLSIDFromString(text, &id)) || !manager ||
            FAILED(call(manager, GetJob, &id, &job)))
            return 2;
        while (SUCCEEDED(call(job, GetState, &state)) && state != BG_JOB_STATE_TRANSFERRED &&
               GetTickCount64() < end)
            Sleep(10);
        if (call(job, Complete) != S_OK)
            return 3;
        call(job, Release);
    }
    return 0;
}

/* Killed in the middle: an ordinary file goes on, one of a high-performance job starts again. */
static void restart_killed(void **state)
{
    BITS_JOB_PROPERTY_VALUE value = {.Enable = TRUE};
    WCHAR program[MAX_PATH], line[MAX_PATH + 100], ids[2][50];
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION process;
    DWORD code = 99;

    for (int fast = 0; fast < 2; fast++) {
        IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
        const char *name = fast ? "fast" : "plain";
        GUID id = id_of(job);

        StringFromGUID2(&id, ids[fast], ARRAYSIZE(ids[fast]));
        ok(call(job, SetPriority, BG_JOB_PRIORITY_FOREGROUND));
        if (fast)
            ok(call(job, SetProperty, BITS_JOB_PROPERTY_HIGH_PERFORMANCE, value));
        ok(call(job, AddFile, url("FAULT", "data/%s?size=3000000&seed=5&rate=1000000", name),
                local("%s", name)));
        ok(call(job, Resume));
        /* The first checkpoint, after a second, is what can be gone on from. */
        wait_bytes(job, fast ? 500000 : 1500000);
    }
    GetModuleFileNameW(NULL, program, MAX_PATH);
    swprintf(line, ARRAYSIZE(line), L"\"%ls\" %ls %ls", program, ids[0], ids[1]);
    kill_service();
    assert_true(
        CreateProcessW(program, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process));
    assert_int_equal(WaitForSingleObject(process.hProcess, 2 * DEADLINE), WAIT_OBJECT_0);
    GetExitCodeProcess(process.hProcess, &code);
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    assert_int_equal(code, 0);
    assert_pattern(local("plain"), 5, 0, 3000000);
    assert_pattern(local("fast"), 5, 0, 3000000);
    assert_int_equal(fault_count("/data/plain", "\"range\": \"bytes="), 1);
    assert_int_equal(fault_count("/data/fast", "\"range\": \"bytes="), 0);
    assert_int_equal(fault_count("/data/fast", "\"GET\""), 2);
    DeleteFileW(local("plain"));
    DeleteFileW(local("fast"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        com_test(restart_by_a_client),
        com_test(restart_keeps_a_job),
        com_test(restart_keeps_states),
        com_test(restart_keeps_properties),
        com_test(restart_keeps_secrets),
        com_test(restart_forgets_the_interface),
        com_test(restart_keeps_the_command_line),
        cmocka_unit_test(restart_killed), /* the last one: see kill_service() */
    };

    if (argc > 1)
        return finish_jobs(argc - 1, argv + 1);
    return run_group("restart", tests);
}
