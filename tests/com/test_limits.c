/*
 * The limits of those who are no administrators, and jobs of others: the objects of dlls/qmgr/com
 * in this process, called on a thread that impersonates somebody else. Wine serves the calls of
 * other processes as the service itself. The service is stopped: its queue is opened here.
 */
#include "service.h"

#include <sddl.h>
#include <stdlib.h>

#include "com/com.h"

#define OTHER L"S-1-5-21-9-9-9-1001"

static IBackgroundCopyManager *ours; /* in this process */
static WCHAR folder[MAX_PATH];
static HANDLE user;
static struct os_identity self;

/* Calls as that token's user. */
#define as(token, expression)                                                                      \
    ({                                                                                             \
        HRESULT as_result;                                                                         \
        assert_true(SetThreadToken(NULL, token));                                                  \
        as_result = (expression);                                                                  \
        assert_true(SetThreadToken(NULL, NULL));                                                   \
        as_result;                                                                                 \
    })

static void stop_service(void)
{
    SC_HANDLE control = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = OpenServiceW(control, L"BITS", SERVICE_STOP | SERVICE_QUERY_STATUS);
    ULONGLONG end = GetTickCount64() + DEADLINE;
    SERVICE_STATUS status;

    ControlService(service, SERVICE_CONTROL_STOP, &status);
    while (QueryServiceStatus(service, &status) && status.dwCurrentState != SERVICE_STOPPED &&
           GetTickCount64() < end)
        Sleep(10);
    CloseServiceHandle(service);
    CloseServiceHandle(control);
}

/* An impersonation token of this user who is no administrator. */
static BOOL make_token(void)
{
    BYTE administrators[SECURITY_MAX_SID_SIZE];
    DWORD size = sizeof(administrators);
    SID_AND_ATTRIBUTES disabled = {administrators, 0};
    HANDLE mine, less;

    return OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &mine) &&
           CreateWellKnownSid(WinBuiltinAdministratorsSid, NULL, administrators, &size) &&
           CreateRestrictedToken(mine, 0, 1, &disabled, 0, NULL, 0, NULL, &less) &&
           DuplicateTokenEx(less, TOKEN_ALL_ACCESS, NULL, SecurityImpersonation, TokenImpersonation,
                            &user);
}

static int open_queue(void **state)
{
    const char *temp = getenv("OPENBITS_TEST_TEMP");
    ULONGLONG end = GetTickCount64() + DEADLINE;
    HRESULT hr;

    if (!temp || FAILED(CoInitializeEx(NULL, COINIT_MULTITHREADED)) || !make_token() ||
        FAILED(os_client_identity(&self)))
        return -1;
    assert_true(self.administrator);
    swprintf(folder, ARRAYSIZE(folder), L"%hs\\limits%lu", temp, GetCurrentProcessId());
    CreateDirectoryW(folder, NULL);
    /* A service that an earlier test has killed may just be starting again. */
    do {
        stop_service();
        hr = com_start(FALSE);
    } while (FAILED(hr) && GetTickCount64() < end);
    if (FAILED(hr)) {
        print_error("the queue cannot be opened: 0x%08lx\n", (unsigned long)hr);
        return -1;
    }
    return manager_create(&ours);
}

static int close_queue(void **state)
{
    if (ours) {
        call(ours, Release);
        com_stop();
    }
    RemoveDirectoryW(folder);
    return 0;
}

static int cancel_everything(void **state)
{
    struct job **jobs;
    ULONG count;

    SetThreadToken(NULL, NULL);
    forget_policies();
    release_tracked();
    if (SUCCEEDED(engine_snapshot_jobs(com_engine(), NULL, &jobs, &count))) {
        for (ULONG i = 0; i < count; i++)
            job_cancel(jobs[i]);
        engine_free_jobs(jobs, count);
    }
    return 0;
}

static const WCHAR *path(const WCHAR *name)
{
    static WCHAR text[MAX_PATH];

    swprintf(text, ARRAYSIZE(text), L"%ls\\%ls", folder, name);
    return text;
}

static HRESULT create(BG_JOB_TYPE type, IBackgroundCopyJob5 **job)
{
    IBackgroundCopyJob *first = NULL;
    GUID id;
    HRESULT hr = call(ours, CreateJob, L"limits", type, &id, &first);

    *job = NULL;
    if (SUCCEEDED(hr)) {
        *job = query(first, &IID_IBackgroundCopyJob5);
        call(first, Release);
    }
    return hr;
}

/* A job of somebody else; its id. */
static GUID make_for_other(void)
{
    struct os_identity other = {.sid = (WCHAR *)OTHER, .administrator = TRUE};
    struct job *job;
    GUID id;

    ok(engine_create_job(com_engine(), L"other", BG_JOB_TYPE_DOWNLOAD, &other, &job));
    id = job_lock(job)->id;
    job_unlock(job);
    job_release(job);
    return id;
}

static HRESULT find(const GUID *id, IBackgroundCopyJob **job)
{
    HRESULT hr = call(ours, GetJob, id, job);

    if (SUCCEEDED(hr))
        track(*job);
    else
        assert_null(*job);
    return hr;
}

static HRESULT count_jobs(DWORD flags, ULONG *count)
{
    IEnumBackgroundCopyJobs *jobs = NULL;
    HRESULT hr = call(ours, EnumJobs, flags, &jobs);

    if (FAILED(hr)) {
        assert_null(jobs);
        return hr;
    }
    track(jobs);
    return call(jobs, GetCount, count);
}

/* 60 jobs for a user who is no administrator; one that ends makes room. */
static void limits_jobs_of_a_user(void **state)
{
    IBackgroundCopyJob5 *jobs[61];

    for (int i = 0; i < 60; i++)
        ok(as(user, create(BG_JOB_TYPE_DOWNLOAD, &jobs[i])));
    expect(BG_E_TOO_MANY_JOBS_PER_USER, as(user, create(BG_JOB_TYPE_DOWNLOAD, &jobs[60])));
    ok(create(BG_JOB_TYPE_DOWNLOAD, &jobs[60])); /* an administrator */
    ok(call(jobs[60], Cancel));
    ok(call(jobs[0], Cancel));
    ok(as(user, create(BG_JOB_TYPE_DOWNLOAD, &jobs[0])));
    expect(BG_E_TOO_MANY_JOBS_PER_USER, as(user, create(BG_JOB_TYPE_DOWNLOAD, &jobs[60])));
    ok(call(jobs[1], Complete));
    ok(as(user, create(BG_JOB_TYPE_DOWNLOAD, &jobs[1])));
}

static void limits_jobs_of_the_machine(void **state)
{
    IBackgroundCopyJob5 *job;

    for (int i = 0; i < 299; i++)
        make_for_other();
    ok(as(user, create(BG_JOB_TYPE_DOWNLOAD, &job)));
    expect(BG_E_TOO_MANY_JOBS_PER_MACHINE, as(user, create(BG_JOB_TYPE_DOWNLOAD, &job)));
}

static void limits_job_policies(void **state)
{
    IBackgroundCopyJob5 *jobs[4];

    set_policy(L"MaxJobsPerUser", 2);
    for (int i = 0; i < 2; i++)
        ok(as(user, create(BG_JOB_TYPE_DOWNLOAD, &jobs[i])));
    expect(BG_E_TOO_MANY_JOBS_PER_USER, as(user, create(BG_JOB_TYPE_DOWNLOAD, &jobs[2])));
    set_policy(L"MaxJobsPerUser", 100);
    set_policy(L"MaxJobsPerMachine", 3);
    ok(as(user, create(BG_JOB_TYPE_DOWNLOAD, &jobs[2])));
    expect(BG_E_TOO_MANY_JOBS_PER_MACHINE, as(user, create(BG_JOB_TYPE_DOWNLOAD, &jobs[3])));
}

static HRESULT add_many(IBackgroundCopyJob5 *job, ULONG count)
{
    BG_FILE_INFO *set = calloc(count, sizeof(*set));
    HRESULT hr;

    assert_non_null(set);
    for (ULONG i = 0; i < count; i++) {
        set[i].RemoteName = (WCHAR *)L"http://localhost/a";
        set[i].LocalName = (WCHAR *)path(L"a");
    }
    hr = call(job, AddFileSet, count, set);
    free(set);
    return hr;
}

static ULONG files_of(IBackgroundCopyJob5 *job)
{
    BG_JOB_PROGRESS progress;

    ok(call(job, GetProgress, &progress));
    return progress.FilesTotal;
}

static void limits_files_of_a_job(void **state)
{
    BG_FILE_RANGE ranges[501], one = {0, 1};
    IBackgroundCopyJob5 *job;

    for (UINT64 i = 0; i < 501; i++) {
        ranges[i].InitialOffset = i * 10;
        ranges[i].Length = 5;
    }
#define ADD(job) as(user, call(job, AddFile, L"http://localhost/a", path(L"a")))
#define ADD_RANGES(job, count, ranges)                                                             \
    as(user, call(job, AddFileWithRanges, L"http://localhost/a", path(L"a"), count, ranges))
    ok(as(user, create(BG_JOB_TYPE_DOWNLOAD, &job)));
    expect(BG_E_TOO_MANY_FILES_IN_JOB, as(user, add_many(job, 201)));
    assert_int_equal(files_of(job), 0);
    ok(as(user, add_many(job, 199)));
    expect(BG_E_TOO_MANY_FILES_IN_JOB, as(user, add_many(job, 2)));
    assert_int_equal(files_of(job), 199);
    ok(ADD(job));
    expect(BG_E_TOO_MANY_FILES_IN_JOB, ADD(job));
    expect(BG_E_TOO_MANY_FILES_IN_JOB, ADD_RANGES(job, 1, &one));
    assert_int_equal(files_of(job), 200);

    ok(as(user, create(BG_JOB_TYPE_DOWNLOAD, &job)));
    expect(BG_E_TOO_MANY_RANGES_IN_FILE, ADD_RANGES(job, 501, ranges));
    ok(ADD_RANGES(job, 500, ranges));
    set_policy(L"MaxRangesPerFile", 3);
    expect(BG_E_TOO_MANY_RANGES_IN_FILE, ADD_RANGES(job, 4, ranges));
    ok(ADD_RANGES(job, 3, ranges));
    set_policy(L"MaxFilesPerJob", 3);
    ok(ADD(job));
    expect(BG_E_TOO_MANY_FILES_IN_JOB, ADD(job));
    expect(E_INVALIDARG, ADD_RANGES(job, 1, NULL));
#undef ADD
#undef ADD_RANGES
}

/* Without an interface of another's job there is no call on it either. */
static void limits_jobs_of_others(void **state)
{
    GUID id = make_for_other();
    IBackgroundCopyJob5 *mine;
    IBackgroundCopyJob *job = (void *)1;
    WCHAR *sid = NULL;
    ULONG count = 0;

    ok(as(user, create(BG_JOB_TYPE_DOWNLOAD, &mine)));
    expect(E_ACCESSDENIED, as(user, find(&id, &job)));
    ok(find(&id, &job));
    ok(call(job, GetOwner, &sid));
    assert_text(sid, OTHER);
    ok(call(job, SetDescription, L"an administrator was here"));
    ok(call(job, AddFile, L"http://localhost/a", path(L"a")));
    ok(as(user, count_jobs(0, &count)));
    assert_int_equal(count, 1);
    ok(count_jobs(0, &count));
    assert_int_equal(count, 1);
    expect(E_ACCESSDENIED, as(user, count_jobs(BG_JOB_ENUM_ALL_USERS, &count)));
    ok(count_jobs(BG_JOB_ENUM_ALL_USERS, &count));
    assert_int_equal(count, 2);
}

/* The file is the caller's who completes the job, here an administrator's. A job runs only while
 * its owner is here, so it gets the other one after that. */
static void limits_completed_file(void **state)
{
    struct os_identity other = {.sid = (WCHAR *)OTHER, .administrator = TRUE};
    struct job *taken;
    IBackgroundCopyJob5 *mine;
    GUID id;
    ULONGLONG end = GetTickCount64() + DEADLINE;
    SECURITY_DESCRIPTOR *descriptor = malloc(4096);
    IBackgroundCopyJob *job;
    WCHAR source[MAX_PATH], *sid = NULL;
    BG_JOB_STATE job_state;
    DWORD size;
    BOOL defaulted;
    PSID owner;

    wcscpy(source, path(L"source"));
    write_file(source, "bytes", 5);
    ok(create(BG_JOB_TYPE_DOWNLOAD, &mine));
    ok(call(mine, GetId, &id));
    ok(find(&id, &job));
    ok(call(job, AddFile, source, path(L"target")));
    ok(call(job, Resume));
    do {
        Sleep(5);
        ok(call(job, GetState, &job_state));
    } while (job_state != BG_JOB_STATE_TRANSFERRED && GetTickCount64() < end);
    ok(engine_find_job(com_engine(), &id, &taken));
    ok(job_take_ownership(taken, &other));
    job_release(taken);
    ok(call(job, Complete));
    assert_true(
        GetFileSecurityW(path(L"target"), OWNER_SECURITY_INFORMATION, descriptor, 4096, &size));
    assert_true(GetSecurityDescriptorOwner(descriptor, &owner, &defaulted));
    assert_true(ConvertSidToStringSidW(owner, &sid));
    assert_int_equal(wcscmp(sid, self.sid), 0);
    LocalFree(sid);
    free(descriptor);
    DeleteFileW(source);
    DeleteFileW(path(L"target"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(limits_jobs_of_a_user, cancel_everything),
        cmocka_unit_test_teardown(limits_jobs_of_the_machine, cancel_everything),
        cmocka_unit_test_teardown(limits_job_policies, cancel_everything),
        cmocka_unit_test_teardown(limits_files_of_a_job, cancel_everything),
        cmocka_unit_test_teardown(limits_jobs_of_others, cancel_everything),
        cmocka_unit_test_teardown(limits_completed_file, cancel_everything),
    };

    setvbuf(stdout, NULL, _IONBF, 0);
    return cmocka_run_group_tests_name("limits", tests, open_queue, close_queue) ? 1 : 0;
}
