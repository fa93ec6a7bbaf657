/*
 * Clients that mean harm, or are broken: wild values, callbacks that hang, processes that die
 * inside a call or a callback. The service answers everybody else all the while, which each test
 * checks.
 *
 * Where another process is needed, the program starts itself with the part to play as argument.
 */
#include "common.h"

#include <stdlib.h>
#include <string.h>

/* What an undisturbed client does, within a time that no hanging one may add to (ms). */
static void service_is_well(void)
{
    ULONGLONG began = GetTickCount64();
    IBackgroundCopyManager *other = NULL;
    IBackgroundCopyJob *job = NULL;
    GUID id;

    ok(CoCreateInstance(&CLSID_BackgroundCopyManager, NULL, CLSCTX_LOCAL_SERVER,
                        &IID_IBackgroundCopyManager, (void **)&other));
    ok(call(other, CreateJob, L"well", BG_JOB_TYPE_DOWNLOAD, &id, &job));
    ok(call(job, AddFile, url("FAULT", "data/well?size=10"), local("well")));
    ok(call(job, SetDescription, L"still well"));
    ok(call(job, Cancel));
    call(job, Release);
    call(other, Release);
    assert_true(GetTickCount64() - began < 20000);
}

/* This program in another process, playing a part on a job. */
static HANDLE start(const char *part, const GUID *id)
{
    WCHAR program[MAX_PATH], line[MAX_PATH + 200], text[50];
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION process;

    GetModuleFileNameW(NULL, program, MAX_PATH);
    StringFromGUID2(id, text, ARRAYSIZE(text));
    swprintf(line, ARRAYSIZE(line), L"\"%ls\" %hs %ls", program, part, text);
    assert_true(
        CreateProcessW(program, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process));
    CloseHandle(process.hThread);
    return process.hProcess;
}

static void stop(HANDLE process)
{
    TerminateProcess(process, 1);
    WaitForSingleObject(process, DEADLINE);
    CloseHandle(process);
}

/* Until the other process has come to the point that it marks in the job's description. */
static void wait_mark(IBackgroundCopyJob5 *job, const WCHAR *mark)
{
    ULONGLONG end = GetTickCount64() + DEADLINE;

    for (;;) {
        WCHAR *text = NULL;
        BOOL there;

        ok(call(job, GetDescription, &text));
        there = !wcscmp(text, mark);
        CoTaskMemFree(text);
        if (there)
            return;
        if (GetTickCount64() > end)
            fail_msg("no sign of %ls", mark);
        Sleep(10);
    }
}

static void hostile_values(void **state)
{
    static const int wild[] = {-1, 0x7fff, 0x8000, 0xffff, INT_MAX, INT_MIN};
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    BG_FILE_INFO info = {(WCHAR *)L"http://localhost/a", (WCHAR *)local("a")};
    BG_FILE_RANGE range = {0, 1};

    for (size_t i = 0; i < ARRAYSIZE(wild); i++) {
        BITS_JOB_PROPERTY_VALUE value = {.Uint64 = ~0ull};
        BG_AUTH_CREDENTIALS credentials = {
            (BG_AUTH_TARGET)wild[i], (BG_AUTH_SCHEME)wild[i], {{(WCHAR *)L"u", (WCHAR *)L"p"}}};
        IEnumBackgroundCopyJobs *jobs = NULL;
        IBackgroundCopyJob *made = NULL;
        GUID id;

        assert_true(FAILED(call(job, SetPriority, (BG_JOB_PRIORITY)wild[i])));
        assert_true(FAILED(call(job, SetProxySettings, (BG_JOB_PROXY_USAGE)wild[i], NULL, NULL)));
        assert_true(FAILED(call(job, SetCredentials, &credentials)));
        assert_true(
            FAILED(call(job, RemoveCredentials, (BG_AUTH_TARGET)wild[i], (BG_AUTH_SCHEME)wild[i])));
        assert_true(FAILED(call(job, SetProperty, (BITS_JOB_PROPERTY_ID)wild[i], value)));
        assert_true(FAILED(call(job, GetProperty, (BITS_JOB_PROPERTY_ID)wild[i], &value)));
        assert_true(FAILED(call(job, SetNotifyFlags, 0x40u | (ULONG)wild[i])));
        assert_true(FAILED(call(manager, EnumJobs, 2u | (DWORD)wild[i], &jobs)));
        assert_true(
            FAILED(call(manager, CreateJob, L"x", (BG_JOB_TYPE)(wild[i] | 0x4000), &id, &made)));
    }
    assert_true(FAILED(call(job, AddFileSet, 0, &info)));
    assert_true(FAILED(call(job, AddFileSet, 0, NULL)));
    assert_true(FAILED(call(job, AddFileWithRanges, info.RemoteName, info.LocalName, 0, &range)));
    service_is_well();
}

static void hostile_strings(void **state)
{
    IBackgroundCopyJob5 *job = new_download(L"http://localhost/a");
    WCHAR *huge = fill(L"http://localhost/", 'x', 4000000);
    BG_FILE_INFO set[3];

    for (int i = 0; i < 3; i++) {
        set[i].RemoteName = huge;
        set[i].LocalName = huge;
    }
    assert_true(FAILED(call(job, SetDisplayName, huge)));
    assert_true(FAILED(call(job, SetDescription, huge)));
    assert_true(FAILED(call(job, SetNotifyCmdLine, huge, huge)));
    assert_true(FAILED(call(job, SetProxySettings, BG_JOB_PROXY_USAGE_OVERRIDE, huge, huge)));
    assert_true(FAILED(call(job, AddFile, huge, huge)));
    assert_true(FAILED(call(job, AddFileSet, 3, set)));
    set[1].RemoteName = (WCHAR *)16;
    expect(HRESULT_FROM_WIN32(ERROR_NOACCESS), call(job, AddFileSet, 3, set));
    expect(HRESULT_FROM_WIN32(ERROR_NOACCESS), call(job, AddFileSet, 3, (BG_FILE_INFO *)16));
    assert_true(FAILED(call(job, AddFileSet, 0xffffffff, set)));
    assert_true(FAILED(call(job, ReplaceRemotePrefix, L"http", huge)));
    assert_true(FAILED(call(job_file(job, 0), SetRemoteName, huge)));
    assert_true(FAILED(call(http_options(job), SetCustomHeaders, huge)));
    assert_true(FAILED(call(http_options(job), SetHttpMethod, huge)));
    service_is_well();
}

/* A part: connects to the job and is killed while it calls without end. */
static int play_caller(IBackgroundCopyJob5 *job)
{
    call(job, SetDescription, L"calling");
    while (SUCCEEDED(call(job, SetDisplayName, L"again"))) {
        IEnumBackgroundCopyFiles *files = NULL;
        IEnumBackgroundCopyJobs *jobs = NULL;
        WCHAR *text = NULL;

        call(job, GetDisplayName, &text);
        CoTaskMemFree(text);
        call(job, EnumFiles, &files); /* and never released */
        call(manager, EnumJobs, 0, &jobs);
    }
    return 0;
}

static void hostile_client_killed_in_a_call(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    GUID id = id_of(job);

    for (int i = 0; i < 3; i++) {
        HANDLE process;

        ok(call(job, SetDescription, L""));
        process = start("caller", &id);
        wait_mark(job, L"calling");
        service_is_well();
        stop(process);
        service_is_well();
    }
    ok(call(job, SetDisplayName, L"mine again"));
}

/* A part: sets a callback and hangs in it for ever. */
static HRESULT hang(struct callback *callback, enum kind kind, IBackgroundCopyJob *job,
                    IUnknown *about)
{
    if (kind != TRANSFERRED)
        return S_OK;
    call(job, SetDescription, L"hanging");
    Sleep(INFINITE);
    return S_OK;
}

static int play_hanger(IBackgroundCopyJob5 *job)
{
    struct callback *callback = listen_to(job, BG_NOTIFY_JOB_TRANSFERRED);

    callback->action = hang;
    call(job, Resume);
    Sleep(INFINITE);
    return 0;
}

/* Another client is told of its own jobs, and may do with the hanging one's job what it likes. */
static void hostile_callback_hangs(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10"), *mine;
    struct callback *callback;
    GUID id = id_of(job);
    HANDLE process = start("hanger", &id);

    wait_mark(job, L"hanging");
    service_is_well();
    mine = new_fault_download("size=10");
    callback = listen_to(mine, BG_NOTIFY_JOB_TRANSFERRED);
    ok(call(mine, Resume));
    wait_calls(callback, TRANSFERRED, 1);
    ok(call(job, SetNotifyInterface, NULL));
    ok(call(job, Complete));
    service_is_well();
    stop(process);
    service_is_well();
}

/* The client dies inside its callback: the next interface is told instead. */
static void hostile_callback_dies(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10");
    GUID id = id_of(job);
    HANDLE process;

    ok(call(job, SetMinimumRetryDelay, 5));
    process = start("hanger", &id);
    wait_mark(job, L"hanging");
    stop(process);
    service_is_well();
    wait_calls(listen_to(job, BG_NOTIFY_JOB_TRANSFERRED), TRANSFERRED, 1);
}

/* Gone before the event: nobody is called, the job goes its way. */
static int play_leaver(IBackgroundCopyJob5 *job)
{
    listen_to(job, BG_NOTIFY_JOB_TRANSFERRED | BG_NOTIFY_JOB_MODIFICATION);
    call(job, SetDescription, L"leaving");
    Sleep(INFINITE);
    return 0;
}

static void hostile_client_gone(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10&seed=1");
    GUID id = id_of(job);
    HANDLE process = start("leaver", &id);

    wait_mark(job, L"leaving");
    stop(process);
    ok(call(job, SetMinimumRetryDelay, 5));
    transfer(job);
    wait_calls(listen_to(job, BG_NOTIFY_JOB_TRANSFERRED), TRANSFERRED, 1);
    ok(call(job, Complete));
    assert_pattern(local("file"), 1, 0, 10);
    service_is_well();
}

/* Callbacks that fail, for as long as they like. */
static void hostile_callback_fails(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    struct callback *callback = listen_to(job, 0x3b);
    BITS_JOB_PROPERTY_VALUE interval = {.Dword = 0};

    ok(call(job, SetProperty, BITS_JOB_PROPERTY_MINIMUM_NOTIFICATION_INTERVAL_MS, interval));
    ok(call(job, SetPriority, BG_JOB_PRIORITY_FOREGROUND));
    callback->fail = 1000000;
    for (int i = 0; i < 20; i++)
        ok(call(job, AddFile, url("FAULT", "data/%d?size=10", i), local("%d", i)));
    transfer(job);
    wait_calls(callback, FILE_TRANSFERRED, 1);
    service_is_well();
    ok(call(job, Cancel));
    service_is_well();
}

/* One release too many frees what the proxy holds, and nothing of the service. */
static void hostile_releases(void **state)
{
    for (int i = 0; i < 20; i++) {
        IBackgroundCopyJob *job = NULL, *again = NULL;
        GUID id;

        ok(call(manager, CreateJob, L"r", BG_JOB_TYPE_DOWNLOAD, &id, &job));
        for (int j = 0; j < 10; j++)
            call(job, AddRef);
        while (call(job, Release))
            ;
        ok(call(manager, GetJob, &id, &again));
        ok(call(again, Cancel));
        call(again, Release);
    }
    service_is_well();
}

/* The other process: "PART {job id}". */
static int play(const char *part, const char *text)
{
    static const struct {
        const char *name;
        int (*run)(IBackgroundCopyJob5 *job);
    } parts[] = {{"caller", play_caller}, {"hanger", play_hanger}, {"leaver", play_leaver}};
    IBackgroundCopyJob *job = NULL;
    IBackgroundCopyJob5 *job5 = NULL;
    WCHAR wide[50];
    GUID id;

    MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, ARRAYSIZE(wide));
    if (FAILED(CLSIDFromString(wide, &id)) || FAILED(CoInitializeEx(NULL, COINIT_MULTITHREADED)) ||
        FAILED(CoCreateInstance(&CLSID_BackgroundCopyManager, NULL, CLSCTX_LOCAL_SERVER,
                                &IID_IBackgroundCopyManager, (void **)&manager)) ||
        FAILED(call(manager, GetJob, &id, &job)) ||
        FAILED(call(job, QueryInterface, &IID_IBackgroundCopyJob5, (void **)&job5)))
        return 1;
    for (size_t i = 0; i < ARRAYSIZE(parts); i++) {
        if (!strcmp(part, parts[i].name))
            return parts[i].run(job5);
    }
    return 1;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        com_test(hostile_values),
        com_test(hostile_strings),
        com_test(hostile_callback_fails),
        com_test(hostile_releases),
        com_test(hostile_client_killed_in_a_call),
        com_test(hostile_callback_hangs),
        com_test(hostile_callback_dies),
        com_test(hostile_client_gone),
    };

    if (argc == 3)
        return play(argv[1], argv[2]);
    return run_group("hostile", tests);
}
