/*
 * Who may do what: the COM facade in this process, on a store of its own, called under tokens that
 * the service's clients would have. Out of process the clients of a Wine prefix are all one
 * administrator.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <windows.h>
#include <bitsmsg.h>
#include <cmocka.h>
#include <stdio.h>

#include "com/legacy.h"

#define call(object, method, ...)                                                                  \
    ({                                                                                             \
        __typeof__(object) called_object = (object);                                               \
        called_object->lpVtbl->method(called_object, ##__VA_ARGS__);                               \
    })
#define expect(wanted, expression) assert_int_equal((ULONG)(wanted), (ULONG)(expression))
#define ok(expression)             expect(S_OK, expression)

#define OTHER_SID L"S-1-5-21-11111111-22222222-33333333-1001"

static WCHAR folder[MAX_PATH]; /* of the store, and of local files */
static struct engine_options options = {.folder = folder, .client = &com_client};
static IBackgroundCopyManager *manager;
static HANDLE user; /* the account of this process without its administrators' group */

/* ---- tokens ---- */

static HANDLE process_token(void)
{
    HANDLE token;

    assert_true(OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &token));
    return token;
}

static HANDLE impersonation(HANDLE token, SECURITY_IMPERSONATION_LEVEL level)
{
    HANDLE copy;

    assert_true(DuplicateTokenEx(token, TOKEN_ALL_ACCESS, NULL, level, TokenImpersonation, &copy));
    return copy;
}

/* A token of this account in which a group is for denial only, or restricts it. */
static HANDLE limited(WELL_KNOWN_SID_TYPE type, BOOL restricting)
{
    BYTE sid[SECURITY_MAX_SID_SIZE];
    DWORD size = sizeof(sid);
    SID_AND_ATTRIBUTES group = {sid, 0};
    HANDLE token = process_token(), made, copy;

    assert_true(CreateWellKnownSid(type, NULL, sid, &size));
    assert_true(CreateRestrictedToken(token, 0, !restricting, restricting ? NULL : &group, 0, NULL,
                                      restricting, restricting ? &group : NULL, &made));
    copy = impersonation(made, SecurityImpersonation);
    CloseHandle(made);
    CloseHandle(token);
    return copy;
}

static void act_as(HANDLE token)
{
    assert_true(SetThreadToken(NULL, token));
}

/* ---- jobs ---- */

static struct job *make_job(const struct os_identity *owner)
{
    struct job *job;

    ok(engine_create_job(com_engine(), L"of somebody", BG_JOB_TYPE_DOWNLOAD, owner, &job));
    return job;
}

static struct job *job_of_other(void)
{
    struct os_identity other = {.sid = (WCHAR *)OTHER_SID,
                                .integrity = SECURITY_MANDATORY_MEDIUM_RID};

    return make_job(&other);
}

/* A job of this account, made with more than a plain user has. */
static struct job *job_of_self(DWORD integrity, BOOL elevated)
{
    struct os_identity self;
    struct job *job;

    ok(os_client_identity(&self));
    self.integrity = integrity;
    self.elevated = elevated;
    job = make_job(&self);
    os_identity_release(&self);
    return job;
}

static GUID id_of(struct job *job)
{
    GUID id = job_lock(job)->id;

    job_unlock(job);
    return id;
}

/* What GetJob says, which is where access is checked. */
static HRESULT get_job(struct job *job, IBackgroundCopyJob5 **out)
{
    IBackgroundCopyJob *found = NULL;
    GUID id = id_of(job);
    HRESULT hr = call(manager, GetJob, &id, &found);

    *out = NULL;
    if (FAILED(hr)) {
        assert_null(found);
        return hr;
    }
    ok(call(found, QueryInterface, &IID_IBackgroundCopyJob5, (void **)out));
    call(found, Release);
    return hr;
}

static ULONG count_jobs(DWORD flags)
{
    IEnumBackgroundCopyJobs *jobs = NULL;
    ULONG count = 99;

    ok(call(manager, EnumJobs, flags, &jobs));
    ok(call(jobs, GetCount, &count));
    call(jobs, Release);
    return count;
}

static int setup(void **state)
{
    if (FAILED(com_open(&options)) || FAILED(manager_create(&manager)))
        return -1;
    user = limited(WinBuiltinAdministratorsSid, FALSE);
    return 0;
}

static void delete_files(void)
{
    WIN32_FIND_DATAW found;
    WCHAR path[2 * MAX_PATH];
    HANDLE find;

    swprintf(path, ARRAYSIZE(path), L"%ls\\*", folder);
    find = FindFirstFileW(path, &found);
    if (find == INVALID_HANDLE_VALUE)
        return;
    do {
        swprintf(path, ARRAYSIZE(path), L"%ls\\%ls", folder, found.cFileName);
        DeleteFileW(path);
    } while (FindNextFileW(find, &found));
    FindClose(find);
}

static int teardown(void **state)
{
    SetThreadToken(NULL, NULL);
    call(manager, Release);
    CloseHandle(user);
    com_close();
    delete_files();
    return 0;
}

/* ---- the manager ---- */

static void access_other_user(void **state)
{
    struct job *job = job_of_other();
    IBackgroundCopyJob5 *face;

    act_as(user);
    expect(E_ACCESSDENIED, get_job(job, &face));
    act_as(NULL);
    ok(get_job(job, &face));
    call(face, Release);
    job_release(job);
}

static void access_enum_jobs(void **state)
{
    struct job *other = job_of_other(), *mine = job_of_self(SECURITY_MANDATORY_LOW_RID, FALSE),
               *closed = job_of_self(SECURITY_MANDATORY_PROTECTED_PROCESS_RID, FALSE);
    IEnumBackgroundCopyJobs *jobs = (IEnumBackgroundCopyJobs *)1;

    assert_int_equal(count_jobs(0), 2);
    assert_int_equal(count_jobs(BG_JOB_ENUM_ALL_USERS), 3);
    act_as(user);
    expect(E_ACCESSDENIED, call(manager, EnumJobs, BG_JOB_ENUM_ALL_USERS, &jobs));
    assert_null(jobs);
    assert_int_equal(count_jobs(0), 1);
    job_release(other);
    job_release(mine);
    job_release(closed);
}

/* A job made with more integrity or elevated is closed to the same user without
 * (user-account-control-and-bits). */
static void access_elevation(void **state)
{
    struct job *higher = job_of_self(SECURITY_MANDATORY_PROTECTED_PROCESS_RID, FALSE);
    struct job *elevated = job_of_self(SECURITY_MANDATORY_LOW_RID, TRUE);
    struct job *plain = job_of_self(SECURITY_MANDATORY_LOW_RID, FALSE);
    struct os_identity caller;
    IBackgroundCopyJob5 *face;

    act_as(user);
    expect(E_ACCESSDENIED, get_job(higher, &face));
    ok(get_job(plain, &face));
    call(face, Release);
    ok(os_client_identity(&caller));
    assert_false(caller.administrator);
    caller.elevated = FALSE; /* Wine's tokens may all say that they are */
    expect(E_ACCESSDENIED, com_admit(elevated, &caller));
    caller.elevated = TRUE;
    ok(com_admit(elevated, &caller));
    os_identity_release(&caller);
    job_release(higher);
    job_release(elevated);
    job_release(plain);
}

static void access_create_job(void **state)
{
    HANDLE token = process_token();
    HANDLE restricted = limited(WinBuiltinUsersSid, TRUE);
    HANDLE anonymous = impersonation(token, SecurityAnonymous);
    IBackgroundCopyJob *job = NULL;
    GUID id;

    if (IsTokenRestricted(restricted)) { /* Wine's tokens forget what restricts them */
        act_as(restricted);
        expect(E_ACCESSDENIED, call(manager, CreateJob, L"x", BG_JOB_TYPE_DOWNLOAD, &id, &job));
        assert_null(job);
    }
    act_as(anonymous);
    expect(E_ACCESSDENIED, call(manager, CreateJob, L"x", BG_JOB_TYPE_DOWNLOAD, &id, &job));
    act_as(user);
    ok(call(manager, CreateJob, L"x", BG_JOB_TYPE_DOWNLOAD, &id, &job));
    call(job, Release);
    act_as(NULL);
    CloseHandle(restricted);
    CloseHandle(anonymous);
    CloseHandle(token);
}

/* 60 jobs are all that a user may have; administrators are not counted. */
static void access_limits(void **state)
{
    IBackgroundCopyJob *job = NULL;
    GUID id;

    act_as(user);
    for (int i = 0; i < 60; i++) {
        ok(call(manager, CreateJob, L"x", BG_JOB_TYPE_DOWNLOAD, &id, &job));
        call(job, Release);
    }
    expect(BG_E_TOO_MANY_JOBS_PER_USER,
           call(manager, CreateJob, L"x", BG_JOB_TYPE_DOWNLOAD, &id, &job));
    act_as(NULL);
    ok(call(manager, CreateJob, L"x", BG_JOB_TYPE_DOWNLOAD, &id, &job));
    call(job, Release);
}

/* 200 files to a job, 500 ranges to a file. */
static void access_file_limits(void **state)
{
    struct job *mine = job_of_self(SECURITY_MANDATORY_LOW_RID, FALSE);
    BG_FILE_RANGE ranges[501];
    WCHAR remote[] = L"http://localhost/b";
    BG_FILE_INFO set = {remote, NULL};
    BG_JOB_PROGRESS progress;
    WCHAR local[MAX_PATH];
    IBackgroundCopyJob5 *job;

    for (int i = 0; i < 501; i++) {
        ranges[i].InitialOffset = (UINT64)i * 2;
        ranges[i].Length = 1;
    }
    act_as(user);
    ok(get_job(mine, &job));
    swprintf(local, MAX_PATH, L"%ls\\local", folder);
    expect(BG_E_TOO_MANY_RANGES_IN_FILE,
           call(job, AddFileWithRanges, L"http://localhost/r", local, 501, ranges));
    ok(call(job, AddFileWithRanges, L"http://localhost/r", local, 500, ranges));
    for (int i = 1; i < 200; i++)
        ok(call(job, AddFile, L"http://localhost/a", local));
    expect(BG_E_TOO_MANY_FILES_IN_JOB, call(job, AddFile, L"http://localhost/a", local));
    expect(BG_E_TOO_MANY_FILES_IN_JOB,
           call(job, AddFileWithRanges, L"http://localhost/a", local, 1, ranges));
    set.LocalName = local;
    expect(BG_E_TOO_MANY_FILES_IN_JOB, call(job, AddFileSet, 1, &set));
    call(job, GetProgress, &progress);
    assert_int_equal(progress.FilesTotal, 200);
    call(job, Release);
    job_release(mine);
}

/* ---- owners ---- */

/* What not even an administrator may do to somebody else's job. */
static void access_owner_only(void **state)
{
    struct job *other = job_of_other();
    BG_AUTH_CREDENTIALS credentials = {.Target = BG_AUTH_TARGET_SERVER,
                                       .Scheme = BG_AUTH_SCHEME_BASIC};
    IBackgroundCopyJobHttpOptions *http = NULL;
    IBackgroundCopyJob5 *job;
    WCHAR user_name[] = L"user", password[] = L"secret", *text = (WCHAR *)1;

    credentials.Credentials.Basic.UserName = user_name;
    credentials.Credentials.Basic.Password = password;
    ok(get_job(other, &job));
    ok(call(job, QueryInterface, &IID_IBackgroundCopyJobHttpOptions, (void **)&http));
    expect(E_ACCESSDENIED, call(job, SetCredentials, &credentials));
    expect(E_ACCESSDENIED, call(http, SetCustomHeaders, L"X-Test: 1\r\n"));
    expect(E_ACCESSDENIED, call(http, GetCustomHeaders, &text));
    assert_null(text);
    ok(call(job, SetDescription, L"an administrator may do that"));
    ok(call(job, TakeOwnership));
    ok(call(job, SetCredentials, &credentials));
    ok(call(http, SetCustomHeaders, L"X-Test: 1\r\n"));
    call(http, Release);
    call(job, Release);
    job_release(other);
}

static void give_away(struct job *job)
{
    struct model_credential credential = {BG_AUTH_TARGET_SERVER, BG_AUTH_SCHEME_BASIC, NULL, NULL,
                                          0};
    struct job_change change;

    ok(job_change_begin(job, &change));
    ok(model_set_string(&change.next.notify_program, L"C:\\windows\\system32\\winver.exe"));
    ok(os_protect(L"X-Test: 1\r\n", &change.next.custom_headers.data,
                  &change.next.custom_headers.size));
    change.next.certificate.present = TRUE;
    ok(model_set_string(&credential.user, L"user"));
    ok(os_protect(L"secret", &credential.secret, &credential.secret_size));
    ok(model_job_set_credential(&change.next, &credential));
    assert_int_equal(change.next.credential_count, 1);
    ok(job_change_end(&change, S_OK));
}

/* The owner's certificate is nothing for an administrator. */
static void access_certificate(void **state)
{
    struct job *other = job_of_other(), *mine = job_of_self(SECURITY_MANDATORY_LOW_RID, FALSE);
    struct job *jobs[] = {other, mine};

    for (int i = 0; i < 2; i++) {
        IBackgroundCopyJobHttpOptions *http = NULL;
        BG_CERT_STORE_LOCATION location;
        WCHAR *store = NULL, *subject = NULL;
        IBackgroundCopyJob5 *job;
        BYTE *hash = NULL;

        give_away(jobs[i]);
        ok(get_job(jobs[i], &job));
        ok(call(job, QueryInterface, &IID_IBackgroundCopyJobHttpOptions, (void **)&http));
        expect(i ? S_OK : HRESULT_FROM_WIN32(RPC_X_BAD_STUB_DATA),
               call(http, GetClientCertificate, &location, &store, &hash, &subject));
        assert_int_equal(hash != NULL, i);
        CoTaskMemFree(store);
        CoTaskMemFree(hash);
        CoTaskMemFree(subject);
        call(http, Release);
        call(job, Release);
        job_release(jobs[i]);
    }
}

/* An administrator becomes the owner: what belonged to the one before is gone. */
static void access_take_ownership(void **state)
{
    struct job *other = job_of_other();
    const struct model_job *data;
    struct os_identity self;
    IBackgroundCopyJob5 *job;
    WCHAR *sid = NULL;
    ULONG level = 0;
    BOOL elevated = 99;

    give_away(other);
    ok(get_job(other, &job));
    act_as(user); /* holds the interface, but is no administrator */
    expect(E_ACCESSDENIED, call(job, TakeOwnership));
    act_as(NULL);
    ok(call(job, GetOwner, &sid));
    assert_int_equal(wcscmp(sid, OTHER_SID), 0);
    CoTaskMemFree(sid);
    ok(call(job, TakeOwnership));
    ok(os_client_identity(&self));
    ok(call(job, GetOwner, &sid));
    assert_int_equal(wcscmp(sid, self.sid), 0);
    CoTaskMemFree(sid);
    ok(call(job, GetOwnerIntegrityLevel, &level));
    assert_int_equal(level, self.integrity);
    ok(call(job, GetOwnerElevationState, &elevated));
    assert_int_equal(elevated, self.elevated);
    os_identity_release(&self);
    data = job_lock(other);
    assert_null(data->notify_program);
    assert_null(data->custom_headers.data);
    assert_false(data->certificate.present);
    assert_int_equal(data->credential_count, 0);
    job_unlock(other);
    call(job, Release);
    job_release(other);
}

static HRESULT STDMETHODCALLTYPE callback_QueryInterface(IBackgroundCopyCallback *iface, REFIID iid,
                                                         void **out)
{
    *out = IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_IBackgroundCopyCallback) ? iface
                                                                                           : NULL;
    return *out ? S_OK : E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE callback_AddRef(IBackgroundCopyCallback *iface)
{
    return 2;
}

static volatile LONG callback_told;

static HRESULT STDMETHODCALLTYPE callback_JobTransferred(IBackgroundCopyCallback *iface,
                                                         IBackgroundCopyJob *job)
{
    InterlockedIncrement(&callback_told);
    return S_OK;
}

static const IBackgroundCopyCallbackVtbl callback_vtbl = {
    .QueryInterface = callback_QueryInterface,
    .AddRef = callback_AddRef,
    .Release = callback_AddRef,
    .JobTransferred = callback_JobTransferred,
};

static void wait_state(struct job *job, BG_JOB_STATE wanted);

#define REMOTE_SIZE (MAX_PATH + 8)

/* An empty file that a job can download: its URL, and the name that the download gets. */
static void make_remote_file(WCHAR remote[REMOTE_SIZE], WCHAR local[MAX_PATH])
{
    WCHAR path[MAX_PATH];
    HANDLE made;

    swprintf(path, MAX_PATH, L"%ls\\remote", folder);
    made = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    assert_true(made != INVALID_HANDLE_VALUE);
    CloseHandle(made);
    swprintf(remote, REMOTE_SIZE, L"file://%ls", path);
    swprintf(local, MAX_PATH, L"%ls\\local", folder);
}

/* The notify interface stays, and is called. A new owner who cannot reach the temporary files is
 * refused: here a folder has the name of one. */
static void access_take_ownership_of_files(void **state)
{
    IBackgroundCopyCallback callback = {(IBackgroundCopyCallbackVtbl *)&callback_vtbl};
    struct job *other = job_of_other();
    WCHAR remote[REMOTE_SIZE], local[MAX_PATH], *temporary = NULL, *sid = NULL;
    ULONGLONG end = GetTickCount64() + 30000;
    IBackgroundCopyFile *file = NULL;
    IEnumBackgroundCopyFiles *files;
    IBackgroundCopyFile3 *file3;
    IBackgroundCopyJob5 *job;
    IUnknown *current = NULL;

    make_remote_file(remote, local);
    ok(get_job(other, &job));
    ok(call(job, AddFile, remote, local));
    ok(call(job, SetNotifyInterface, (IUnknown *)&callback));
    ok(call(job, EnumFiles, &files));
    ok(call(files, Next, 1, &file, NULL));
    ok(call(file, QueryInterface, &IID_IBackgroundCopyFile3, (void **)&file3));
    ok(call(file3, GetTemporaryName, &temporary));
    assert_true(CreateDirectoryW(temporary, NULL));
    expect(BG_E_NEW_OWNER_NO_FILE_ACCESS, call(job, TakeOwnership));
    ok(call(job, GetOwner, &sid));
    assert_int_equal(wcscmp(sid, OTHER_SID), 0);
    CoTaskMemFree(sid);
    assert_true(RemoveDirectoryW(temporary));
    ok(call(job, TakeOwnership));
    ok(call(job, GetNotifyInterface, &current));
    assert_ptr_equal(current, &callback);
    ok(call(job, Resume));
    wait_state(other, BG_JOB_STATE_TRANSFERRED);
    while (!callback_told && GetTickCount64() < end)
        Sleep(5);
    assert_int_equal(callback_told, 1);
    ok(call(job, Complete));
    CoTaskMemFree(temporary);
    call(file3, Release);
    call(file, Release);
    call(files, Release);
    call(job, Release);
    job_release(other);
}

/* ---- helper tokens ---- */

static IBitsTokenOptions *token_options(struct job *job)
{
    IBitsTokenOptions *tokens = NULL;
    IBackgroundCopyJob5 *face;

    ok(get_job(job, &face));
    ok(call(face, QueryInterface, &IID_IBitsTokenOptions, (void **)&tokens));
    call(face, Release);
    return tokens;
}

static void access_helper_token(void **state)
{
    struct job *mine = job_of_self(SECURITY_MANDATORY_LOW_RID, FALSE);
    IBitsTokenOptions *tokens = token_options(mine);
    struct os_identity self;
    DWORD flags = 99;
    WCHAR *sid = NULL;
    HANDLE identify = impersonation(user, SecurityIdentification);

    expect(CO_E_FAILEDTOIMPERSONATE, call(tokens, SetHelperToken)); /* nobody to act as */
    act_as(identify);
    expect(CO_E_FAILEDTOIMPERSONATE, call(tokens, SetHelperToken));
    act_as(user);
    ok(call(tokens, SetHelperTokenFlags, BG_TOKEN_LOCAL_FILE));
    ok(call(tokens, SetHelperToken));
    ok(call(tokens, GetHelperTokenSid, &sid));
    ok(os_client_identity(&self));
    assert_int_equal(wcscmp(sid, self.sid), 0);
    CoTaskMemFree(sid);
    os_identity_release(&self);
    ok(call(tokens, ClearHelperToken));
    ok(call(tokens, GetHelperTokenSid, &sid));
    assert_null(sid);
    ok(call(tokens, GetHelperTokenFlags, &flags));
    assert_int_equal(flags, BG_TOKEN_LOCAL_FILE);
    act_as(NULL);
    call(tokens, Release);
    CloseHandle(identify);
    job_release(mine);
}

/* An administrator's token would give a plain user what he may not have. */
static void access_helper_of_administrator(void **state)
{
    struct job *other = job_of_other();
    HANDLE token = process_token(), administrator = impersonation(token, SecurityImpersonation);
    IBitsTokenOptions *tokens = token_options(other);
    IBackgroundCopyJob5 *face;

    act_as(administrator);
    expect(E_ACCESSDENIED, call(tokens, SetHelperTokenFlags, BG_TOKEN_NETWORK));
    expect(E_ACCESSDENIED, call(tokens, SetHelperToken));
    act_as(user);
    expect(E_ACCESSDENIED, get_job(other, &face));
    act_as(NULL);
    call(tokens, Release);
    CloseHandle(administrator);
    CloseHandle(token);
    job_release(other);
}

static void wait_state(struct job *job, BG_JOB_STATE wanted)
{
    ULONGLONG end = GetTickCount64() + 30000;

    while (job_state(job) != wanted) {
        assert_true(GetTickCount64() < end);
        Sleep(5);
    }
}

/* Tokens live in memory: after a restart a job with flags waits for a new one. */
static void access_helper_token_restart(void **state)
{
    struct job *mine = job_of_self(SECURITY_MANDATORY_LOW_RID, FALSE);
    WCHAR remote[REMOTE_SIZE], local[MAX_PATH];
    IBitsTokenOptions *tokens = token_options(mine);
    struct model_error error;
    IBackgroundCopyJob5 *job;
    struct file *file;
    GUID id = id_of(mine);

    make_remote_file(remote, local);
    act_as(user);
    ok(call(tokens, SetHelperTokenFlags, BG_TOKEN_LOCAL_FILE));
    ok(call(tokens, SetHelperToken));
    act_as(NULL);
    call(tokens, Release);
    ok(get_job(mine, &job));
    ok(call(job, SetPriority, BG_JOB_PRIORITY_FOREGROUND));
    ok(call(job, AddFile, remote, local));
    call(job, Release);
    job_release(mine);
    com_close();
    ok(com_open(&options));
    ok(engine_find_job(com_engine(), &id, &mine));
    ok(job_resume(mine));
    wait_state(mine, BG_JOB_STATE_ERROR);
    ok(job_error(mine, &error, &file));
    expect(BG_E_TOKEN_REQUIRED, error.code);
    if (file)
        file_release(file);
    tokens = token_options(mine);
    act_as(user);
    ok(call(tokens, SetHelperToken));
    act_as(NULL);
    ok(job_resume(mine));
    wait_state(mine, BG_JOB_STATE_TRANSFERRED);
    ok(job_complete(mine));
    assert_true(GetFileAttributesW(local) != INVALID_FILE_ATTRIBUTES);
    call(tokens, Release);
    job_release(mine);
}

/* ---- the peer cache, legacy groups ---- */

static void access_peer_cache(void **state)
{
    IBitsPeerCacheAdministration *cache = NULL;
    GUID id = GUID_NULL;
    DWORD value = 0;

    ok(call(manager, QueryInterface, &IID_IBitsPeerCacheAdministration, (void **)&cache));
    act_as(user);
    expect(E_ACCESSDENIED, call(cache, SetMaximumCacheSize, 2));
    expect(E_ACCESSDENIED, call(cache, SetMaximumContentAge, 86400));
    expect(E_ACCESSDENIED, call(cache, SetConfigurationFlags, BG_ENABLE_PEERCACHING_CLIENT));
    expect(E_ACCESSDENIED, call(cache, ClearRecords));
    expect(E_ACCESSDENIED, call(cache, DeleteRecord, &id));
    expect(E_ACCESSDENIED, call(cache, DeleteUrl, L"http://localhost/"));
    expect(E_ACCESSDENIED, call(cache, ClearPeers));
    expect(E_ACCESSDENIED, call(cache, DiscoverPeers));
    ok(call(cache, GetMaximumCacheSize, &value)); /* who only looks may */
    assert_int_equal(value, 1);
    ok(call(cache, GetConfigurationFlags, &value));
    assert_int_equal(value, 0);
    act_as(NULL);
    call(cache, Release);
}

static void access_groups(void **state)
{
    struct os_identity other = {.sid = (WCHAR *)OTHER_SID,
                                .integrity = SECURITY_MANDATORY_MEDIUM_RID};
    GUID id = {0x12345678, 1, 2, {3}}, mine = {0x12345679, 1, 2, {3}};
    IEnumBackgroundCopyGroups *groups = NULL;
    IBackgroundCopyGroup *group = NULL;
    IBackgroundCopyQMgr *qmgr;
    struct job *job;
    ULONG count = 99;

    ok(engine_create_group(com_engine(), &id, &other, &job));
    ok(legacy_manager_create(&qmgr));
    act_as(user);
    ok(call(qmgr, CreateGroup, mine, &group));
    call(group, Release);
    expect(E_ACCESSDENIED, call(qmgr, GetGroup, id, &group));
    assert_null(group);
    expect(E_INVALIDARG, call(qmgr, CreateGroup, id, &group));
    ok(call(qmgr, EnumGroups, 0, &groups));
    ok(call(groups, GetCount, &count));
    assert_int_equal(count, 1);
    call(groups, Release);
    act_as(NULL);
    ok(call(qmgr, EnumGroups, 0, &groups)); /* an administrator sees them all */
    ok(call(groups, GetCount, &count));
    assert_int_equal(count, 2);
    call(groups, Release);
    ok(call(qmgr, GetGroup, id, &group));
    call(group, Release);
    act_as(user); /* the same account: it has become the owner */
    ok(call(qmgr, GetGroup, id, &group));
    call(group, Release);
    call(qmgr, Release);
    job_release(job);
}

int main(void)
{
#define ACCESS_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
    const struct CMUnitTest tests[] = {
        ACCESS_TEST(access_other_user),
        ACCESS_TEST(access_enum_jobs),
        ACCESS_TEST(access_elevation),
        ACCESS_TEST(access_create_job),
        ACCESS_TEST(access_limits),
        ACCESS_TEST(access_file_limits),
        ACCESS_TEST(access_owner_only),
        ACCESS_TEST(access_certificate),
        ACCESS_TEST(access_take_ownership),
        ACCESS_TEST(access_helper_token),
        ACCESS_TEST(access_helper_of_administrator),
        ACCESS_TEST(access_helper_token_restart),
        ACCESS_TEST(access_peer_cache),
        ACCESS_TEST(access_groups),
        ACCESS_TEST(access_take_ownership_of_files),
    };
    WCHAR base[MAX_PATH];
    int failed;

    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    GetTempPathW(MAX_PATH - 40, base);
    swprintf(folder, MAX_PATH, L"%lsobe-%lu-access", base, GetCurrentProcessId());
    CreateDirectoryW(folder, NULL);
    failed = cmocka_run_group_tests_name("access", tests, NULL, NULL);
    RemoveDirectoryW(folder);
    return failed;
}
