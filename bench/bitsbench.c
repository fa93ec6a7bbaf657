/*
 * bitsbench.exe: times what a BITS client does, against whatever BITS the prefix has (OpenBITS or
 * Wine's own). It uses only interfaces of BITS 1.0 and prints one line "NAME VALUE UNIT" per
 * measurement. bench/run starts it.
 */
#include <windows.h>

#include <initguid.h>
#include <bits.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

int wmain(int argc, WCHAR **argv);

static IBackgroundCopyManager *manager;

static void check(HRESULT hr, const char *what)
{
    if (SUCCEEDED(hr))
        return;
    fprintf(stderr, "bitsbench: %s: 0x%08lx\n", what, hr);
    exit(1);
}

static double now(void)
{
    LARGE_INTEGER counter, frequency;

    QueryPerformanceCounter(&counter);
    QueryPerformanceFrequency(&frequency);
    return (double)counter.QuadPart / (double)frequency.QuadPart;
}

static IBackgroundCopyJob *create_job(BOOL foreground)
{
    IBackgroundCopyJob *job;
    GUID id;

    check(IBackgroundCopyManager_CreateJob(manager, L"bench", BG_JOB_TYPE_DOWNLOAD, &id, &job),
          "CreateJob");
    if (foreground)
        check(IBackgroundCopyJob_SetPriority(job, BG_JOB_PRIORITY_FOREGROUND), "SetPriority");
    return job;
}

static void add_files(IBackgroundCopyJob *job, const WCHAR *url, const WCHAR *folder, ULONG first,
                      ULONG count)
{
    BG_FILE_INFO *set = calloc(count, sizeof(*set));

    for (ULONG i = 0; i < count; i++) {
        set[i].RemoteName = malloc(1024 * sizeof(WCHAR));
        set[i].LocalName = malloc(MAX_PATH * sizeof(WCHAR));
        _snwprintf(set[i].RemoteName, 1024, L"%ls%lu", url, first + i);
        _snwprintf(set[i].LocalName, MAX_PATH, L"%ls\\f%lu", folder, first + i);
    }
    check(IBackgroundCopyJob_AddFileSet(job, count, set), "AddFileSet");
    for (ULONG i = 0; i < count; i++) {
        free(set[i].RemoteName);
        free(set[i].LocalName);
    }
    free(set);
}

static void wait_for(IBackgroundCopyJob *job)
{
    BG_JOB_STATE state;

    for (;;) {
        check(IBackgroundCopyJob_GetState(job, &state), "GetState");
        if (state == BG_JOB_STATE_TRANSFERRED)
            return;
        if (state == BG_JOB_STATE_ERROR || state == BG_JOB_STATE_TRANSIENT_ERROR) {
            fprintf(stderr, "bitsbench: the job came to state %d\n", state);
            exit(1);
        }
        Sleep(10);
    }
}

/* one URL FILE: a foreground download of one file, from CreateJob to the end of Complete. */
static void bench_one(WCHAR **argv)
{
    double start = now();
    IBackgroundCopyJob *job = create_job(TRUE);

    check(IBackgroundCopyJob_AddFile(job, argv[0], argv[1]), "AddFile");
    check(IBackgroundCopyJob_Resume(job), "Resume");
    wait_for(job);
    check(IBackgroundCopyJob_Complete(job), "Complete");
    printf("one %.4f s\n", now() - start);
    IBackgroundCopyJob_Release(job);
}

/* files URLPREFIX FOLDER COUNT: COUNT small files in one foreground job. */
static void bench_files(WCHAR **argv)
{
    ULONG count = wcstoul(argv[2], NULL, 10);
    double start = now(), added, transferred;
    IBackgroundCopyJob *job = create_job(TRUE);

    add_files(job, argv[0], argv[1], 0, count);
    added = now();
    check(IBackgroundCopyJob_Resume(job), "Resume");
    wait_for(job);
    transferred = now();
    check(IBackgroundCopyJob_Complete(job), "Complete");
    printf("files %.4f s (added %.4f, transferred %.4f, completed %.4f)\n", now() - start,
           added - start, transferred - added, now() - transferred);
    IBackgroundCopyJob_Release(job);
}

/* jobs URLPREFIX FOLDER COUNT: COUNT foreground jobs of one file each, all at once. */
static void bench_jobs(WCHAR **argv)
{
    ULONG count = wcstoul(argv[2], NULL, 10);
    IBackgroundCopyJob **jobs = calloc(count, sizeof(*jobs));
    double start = now(), resumed;

    for (ULONG i = 0; i < count; i++) {
        jobs[i] = create_job(TRUE);
        add_files(jobs[i], argv[0], argv[1], i, 1);
        check(IBackgroundCopyJob_Resume(jobs[i]), "Resume");
    }
    resumed = now();
    for (ULONG i = 0; i < count; i++) {
        wait_for(jobs[i]);
        check(IBackgroundCopyJob_Complete(jobs[i]), "Complete");
        IBackgroundCopyJob_Release(jobs[i]);
    }
    printf("jobs %.4f s (resumed %.4f)\n", now() - start, resumed - start);
    free(jobs);
}

/* state COUNT: GetState calls per second. */
static void bench_state(WCHAR **argv)
{
    ULONG count = wcstoul(argv[0], NULL, 10);
    IBackgroundCopyJob *job = create_job(FALSE);
    BG_JOB_STATE state;
    double start = now();

    for (ULONG i = 0; i < count; i++)
        check(IBackgroundCopyJob_GetState(job, &state), "GetState");
    printf("state %.0f calls/s\n", count / (now() - start));
    check(IBackgroundCopyJob_Cancel(job), "Cancel");
    IBackgroundCopyJob_Release(job);
}

/* cycle URL FOLDER COUNT: create, add one file, cancel. */
static void bench_cycle(WCHAR **argv)
{
    ULONG count = wcstoul(argv[2], NULL, 10);
    double start = now();

    for (ULONG i = 0; i < count; i++) {
        IBackgroundCopyJob *job = create_job(FALSE);

        add_files(job, argv[0], argv[1], i, 1);
        check(IBackgroundCopyJob_Cancel(job), "Cancel");
        IBackgroundCopyJob_Release(job);
    }
    printf("cycle %.0f cycles/s\n", count / (now() - start));
}

/* set URL FOLDER COUNT: one AddFileSet of COUNT files. */
static void bench_set(WCHAR **argv)
{
    ULONG count = wcstoul(argv[2], NULL, 10);
    IBackgroundCopyJob *job = create_job(FALSE);
    double start = now();

    add_files(job, argv[0], argv[1], 0, count);
    printf("set %.4f s\n", now() - start);
    check(IBackgroundCopyJob_Cancel(job), "Cancel");
    IBackgroundCopyJob_Release(job);
}

/* fill URL FOLDER JOBS FILES: leaves that many suspended jobs behind, for measuring the service's
 * start. */
static void bench_fill(WCHAR **argv)
{
    ULONG jobs = wcstoul(argv[2], NULL, 10), files = wcstoul(argv[3], NULL, 10);
    double start = now();

    for (ULONG i = 0; i < jobs; i++) {
        IBackgroundCopyJob *job = create_job(FALSE);

        for (ULONG done = 0; done < files; done += min(files - done, 10000))
            add_files(job, argv[0], argv[1], done, min(files - done, 10000));
        IBackgroundCopyJob_Release(job);
    }
    printf("fill %.4f s\n", now() - start);
}

/* list: connect (which starts the service), then enumerate every job and count its files. */
static void bench_list(WCHAR **argv)
{
    IEnumBackgroundCopyJobs *list;
    IBackgroundCopyJob *job;
    BG_JOB_PROGRESS progress;
    ULONG jobs = 0, files = 0;
    double start = now();

    check(IBackgroundCopyManager_EnumJobs(manager, 0, &list), "EnumJobs");
    while (IEnumBackgroundCopyJobs_Next(list, 1, &job, NULL) == S_OK) {
        check(IBackgroundCopyJob_GetProgress(job, &progress), "GetProgress");
        jobs++;
        files += progress.FilesTotal;
        IBackgroundCopyJob_Release(job);
    }
    IEnumBackgroundCopyJobs_Release(list);
    printf("list %.4f s (%lu jobs, %lu files)\n", now() - start, jobs, files);
}

static void wait_service(SC_HANDLE service, DWORD wanted)
{
    SERVICE_STATUS status;

    while (QueryServiceStatus(service, &status) && status.dwCurrentState != wanted)
        Sleep(1);
}

/* restart: stops the service; from its start to a list of the jobs. */
static void bench_restart(WCHAR **argv)
{
    SC_HANDLE control = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service =
        OpenServiceW(control, L"BITS", SERVICE_START | SERVICE_STOP | SERVICE_QUERY_STATUS);
    IEnumBackgroundCopyJobs *list;
    SERVICE_STATUS status;
    ULONG jobs = 0;
    double start;

    IBackgroundCopyManager_Release(manager);
    check(ControlService(service, SERVICE_CONTROL_STOP, &status)
              ? S_OK
              : HRESULT_FROM_WIN32(GetLastError()),
          "ControlService");
    wait_service(service, SERVICE_STOPPED);
    start = now();
    check(StartServiceW(service, 0, NULL) ? S_OK : HRESULT_FROM_WIN32(GetLastError()),
          "StartService");
    check(CoCreateInstance(&CLSID_BackgroundCopyManager, NULL, CLSCTX_LOCAL_SERVER,
                           &IID_IBackgroundCopyManager, (void **)&manager),
          "CoCreateInstance");
    check(IBackgroundCopyManager_EnumJobs(manager, 0, &list), "EnumJobs");
    check(IEnumBackgroundCopyJobs_GetCount(list, &jobs), "GetCount");
    printf("restart %.4f s (%lu jobs)\n", now() - start, jobs);
    IEnumBackgroundCopyJobs_Release(list);
    CloseServiceHandle(service);
    CloseServiceHandle(control);
}

/* clear: cancels every job. */
static void bench_clear(WCHAR **argv)
{
    IEnumBackgroundCopyJobs *list;
    IBackgroundCopyJob *job;
    double start = now();

    check(IBackgroundCopyManager_EnumJobs(manager, 0, &list), "EnumJobs");
    while (IEnumBackgroundCopyJobs_Next(list, 1, &job, NULL) == S_OK) {
        IBackgroundCopyJob_Cancel(job);
        IBackgroundCopyJob_Release(job);
    }
    IEnumBackgroundCopyJobs_Release(list);
    printf("clear %.4f s\n", now() - start);
}

static const struct {
    const WCHAR *name;
    int arguments;
    void (*run)(WCHAR **argv);
} benches[] = {
    {L"one", 2, bench_one},         {L"files", 3, bench_files}, {L"jobs", 3, bench_jobs},
    {L"state", 1, bench_state},     {L"cycle", 3, bench_cycle}, {L"set", 3, bench_set},
    {L"fill", 4, bench_fill},       {L"list", 0, bench_list},   {L"clear", 0, bench_clear},
    {L"restart", 0, bench_restart},
};

int wmain(int argc, WCHAR **argv)
{
    double start;

    for (ULONG i = 0; argc > 1 && i < ARRAYSIZE(benches); i++) {
        if (_wcsicmp(argv[1], benches[i].name) || argc != benches[i].arguments + 2)
            continue;
        setvbuf(stdout, NULL, _IONBF, 0); /* who waits for a large queue sees that it has begun */
        check(CoInitializeEx(NULL, COINIT_MULTITHREADED), "CoInitializeEx");
        start = now();
        check(CoCreateInstance(&CLSID_BackgroundCopyManager, NULL, CLSCTX_LOCAL_SERVER,
                               &IID_IBackgroundCopyManager, (void **)&manager),
              "CoCreateInstance");
        printf("connect %.4f s\n", now() - start);
        benches[i].run(argv + 2);
        IBackgroundCopyManager_Release(manager);
        return 0;
    }
    fprintf(stderr, "usage: bitsbench one URL FILE | files|jobs|cycle|set URLPREFIX FOLDER COUNT | "
                    "state COUNT |\n"
                    "       fill URLPREFIX FOLDER JOBS FILES | restart | list | clear\n");
    return 2;
}
