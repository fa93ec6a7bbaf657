/*
 * The legacy queue manager of qmgr.h: groups, their one job, properties, enumerators, OnStatus.
 */
#include "service.h"

#include <oleauto.h>
#include <qmgr.h>
#include <stdlib.h>

/* ---- a client's callback ---- */

struct status {
    IBackgroundCopyCallback1 iface;
    LONG refs;
    HANDLE called;
    volatile LONG calls, progress;
    LONG refuse; /* so many calls are answered S_FALSE */
    /* Of the last call. */
    GUID group, job;
    DWORD file, status, retries, win32_result, transport_result;
};

static struct status *impl_from_callback(IBackgroundCopyCallback1 *iface)
{
    return CONTAINING_RECORD(iface, struct status, iface);
}

static HRESULT STDMETHODCALLTYPE status_QueryInterface(IBackgroundCopyCallback1 *iface, REFIID iid,
                                                       void **out)
{
    *out = NULL;
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IBackgroundCopyCallback1))
        return E_NOINTERFACE;
    *out = iface;
    call(iface, AddRef);
    return S_OK;
}

static ULONG STDMETHODCALLTYPE status_AddRef(IBackgroundCopyCallback1 *iface)
{
    return InterlockedIncrement(&impl_from_callback(iface)->refs);
}

static ULONG STDMETHODCALLTYPE status_Release(IBackgroundCopyCallback1 *iface)
{
    struct status *status = impl_from_callback(iface);
    ULONG refs = InterlockedDecrement(&status->refs);

    if (!refs) {
        CloseHandle(status->called);
        free(status);
    }
    return refs;
}

static HRESULT STDMETHODCALLTYPE status_OnStatus(IBackgroundCopyCallback1 *iface,
                                                 IBackgroundCopyGroup *group,
                                                 IBackgroundCopyJob1 *job, DWORD file, DWORD status,
                                                 DWORD retries, DWORD win32_result,
                                                 DWORD transport_result)
{
    struct status *object = impl_from_callback(iface);

    object->group = object->job = GUID_NULL;
    if (group)
        call(group, get_GroupID, &object->group);
    if (job)
        call(job, get_JobID, &object->job);
    object->file = file;
    object->status = status;
    object->retries = retries;
    object->win32_result = win32_result;
    object->transport_result = transport_result;
    InterlockedIncrement(&object->calls);
    SetEvent(object->called);
    return object->calls <= object->refuse ? S_FALSE : S_OK;
}

static HRESULT STDMETHODCALLTYPE status_OnProgress(IBackgroundCopyCallback1 *iface, DWORD type,
                                                   IBackgroundCopyGroup *group,
                                                   IBackgroundCopyJob1 *job, DWORD file,
                                                   DWORD value)
{
    InterlockedIncrement(&impl_from_callback(iface)->progress);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE status_OnProgressEx(IBackgroundCopyCallback1 *iface, DWORD type,
                                                     IBackgroundCopyGroup *group,
                                                     IBackgroundCopyJob1 *job, DWORD file,
                                                     DWORD value, DWORD size, BYTE *bytes)
{
    InterlockedIncrement(&impl_from_callback(iface)->progress);
    return S_OK;
}

static IBackgroundCopyCallback1Vtbl status_vtbl = {
    status_QueryInterface, status_AddRef,     status_Release,
    status_OnStatus,       status_OnProgress, status_OnProgressEx,
};

static struct status *new_status(void)
{
    struct status *status = calloc(1, sizeof(*status));

    assert_non_null(status);
    status->iface.lpVtbl = &status_vtbl;
    status->refs = 1;
    status->called = CreateEventW(NULL, FALSE, FALSE, NULL);
    return track(status);
}

static void wait_status(struct status *status, LONG calls)
{
    ULONGLONG end = GetTickCount64() + DEADLINE;

    while (status->calls < calls) {
        ULONGLONG now = GetTickCount64();

        assert_true(now < end);
        WaitForSingleObject(status->called, (DWORD)(end - now));
    }
}

/* ---- groups ---- */

static IBackgroundCopyQMgr *queue(void)
{
    void *object = NULL;

    ok(CoCreateInstance(&CLSID_BackgroundCopyQMgr, NULL, CLSCTX_LOCAL_SERVER,
                        &IID_IBackgroundCopyQMgr, &object));
    return track(object);
}

static GUID new_id(void)
{
    GUID id;

    ok(CoCreateGuid(&id));
    return id;
}

static IBackgroundCopyGroup *new_group(GUID *id)
{
    IBackgroundCopyGroup *group = NULL;

    *id = new_id();
    ok(call(queue(), CreateGroup, *id, &group));
    return track(group);
}

static IBackgroundCopyJob1 *new_legacy_job(IBackgroundCopyGroup *group)
{
    IBackgroundCopyJob1 *job = NULL;

    ok(call(group, CreateJob, new_id(), &job));
    return track(job);
}

static HRESULT add_file(IBackgroundCopyJob1 *job, const WCHAR *remote, const WCHAR *name)
{
    FILESETINFO file = {.dwSizeHint = 0}, *set = &file;
    HRESULT hr;

    file.bstrRemoteFile = remote ? SysAllocString(remote) : NULL;
    file.bstrLocalFile = name ? SysAllocString(name) : NULL;
    hr = call(job, AddFiles, 1, &set);
    SysFreeString(file.bstrRemoteFile);
    SysFreeString(file.bstrLocalFile);
    return hr;
}

static DWORD group_status(IBackgroundCopyGroup *group)
{
    DWORD status = 0, index = 99;

    ok(call(group, GetStatus, &status, &index));
    assert_int_equal(index, 0);
    return status;
}

/* The other way to look at it. */
static IBackgroundCopyJob5 *new_interface(IBackgroundCopyGroup *group)
{
    IUnknown *job = NULL;

    ok(call(group, QueryNewJobInterface, &IID_IBackgroundCopyJob5, &job));
    return track(job);
}

/* A group whose job has one file, data/NAME of the fault server to local(NAME). */
static IBackgroundCopyGroup *new_group_of(const char *name, const char *settings,
                                          IBackgroundCopyJob1 **job)
{
    IBackgroundCopyGroup *group;
    GUID id;

    group = new_group(&id);
    *job = new_legacy_job(group);
    ok(add_file(*job, url("FAULT", "data/%s?%s", name, settings), local("%s", name)));
    return group;
}

static void wait_group(IBackgroundCopyGroup *group, DWORD wanted)
{
    ULONGLONG end = GetTickCount64() + DEADLINE;

    while (!(group_status(group) & wanted)) {
        if (GetTickCount64() > end)
            fail_msg("the group's status is 0x%lx", group_status(group));
        Sleep(5);
    }
}

static void wait_size(IBackgroundCopyGroup *group, DWORD wanted)
{
    ULONGLONG end = GetTickCount64() + DEADLINE;
    DWORD size = 0;

    while (ok(call(group, GetProgress, QM_PROGRESS_SIZE_DONE, &size)), size < wanted) {
        assert_true(GetTickCount64() < end);
        Sleep(5);
    }
}

static void legacy_create_group(void **state)
{
    IBackgroundCopyQMgr *qmgr = queue();
    IBackgroundCopyGroup *group, *again = (IBackgroundCopyGroup *)1;
    GUID id, got = GUID_NULL;

    group = new_group(&id);
    assert_int_equal(group_status(group), QM_STATUS_GROUP_INCOMPLETE | QM_STATUS_GROUP_SUSPENDED);
    ok(call(group, get_GroupID, &got));
    assert_memory_equal(&got, &id, sizeof(id));
    expect(E_INVALIDARG, call(qmgr, CreateGroup, id, &again));
    assert_null(again);
    expect(E_INVALIDARG, call(qmgr, CreateGroup, GUID_NULL, &again));
    ok(call(group, CancelGroup));
    ok(call(qmgr, CreateGroup, id, &again)); /* free once more */
    track(again);
    assert_int_equal(group_status(again), QM_STATUS_GROUP_INCOMPLETE | QM_STATUS_GROUP_SUSPENDED);
}

static void legacy_get_group(void **state)
{
    IBackgroundCopyQMgr *qmgr = queue();
    IBackgroundCopyGroup *group = NULL;
    GUID id, got = GUID_NULL;

    new_group(&id);
    ok(call(qmgr, GetGroup, id, &group));
    track(group);
    ok(call(group, get_GroupID, &got));
    assert_memory_equal(&got, &id, sizeof(id));
    expect(QM_E_ITEM_NOT_FOUND, call(qmgr, GetGroup, new_id(), &group));
    assert_null(group);
    expect(QM_E_ITEM_NOT_FOUND, call(qmgr, GetGroup, GUID_NULL, &group));
    expect(QM_E_ITEM_NOT_FOUND, call(qmgr, GetGroup, id_of(new_job(BG_JOB_TYPE_DOWNLOAD)), &group));
}

static void legacy_null_pointers(void **state)
{
    IBackgroundCopyQMgr *qmgr = queue();
    IEnumBackgroundCopyGroups *groups = NULL;
    IBackgroundCopyGroup *group;
    IBackgroundCopyJob1 *job;
    FILESETINFO *none = NULL;
    DWORD a = 0;
    GUID id;

    group = new_group(&id);
    job = new_legacy_job(group);
    expect(NULL_REF, call(qmgr, CreateGroup, new_id(), NULL));
    expect(NULL_REF, call(qmgr, GetGroup, id, NULL));
    expect(NULL_REF, call(qmgr, EnumGroups, 0, NULL));
    expect(NULL_REF, call(group, GetProp, GROUPPROP_PRIORITY, NULL));
    expect(NULL_REF, call(group, GetProgress, QM_PROGRESS_SIZE_DONE, NULL));
    expect(NULL_REF, call(group, GetStatus, NULL, &a));
    expect(NULL_REF, call(group, GetStatus, &a, NULL));
    expect(NULL_REF, call(group, get_Size, NULL));
    expect(NULL_REF, call(group, get_GroupID, NULL));
    expect(NULL_REF, call(group, GetJob, id, NULL));
    expect(NULL_REF, call(group, EnumJobs, 0, NULL));
    expect(NULL_REF, call(job, GetStatus, &a, &a, &a, NULL));
    expect(NULL_REF, call(job, GetFile, 0, NULL));
    expect(NULL_REF, call(job, GetFileCount, NULL));
    expect(NULL_REF, call(job, get_JobID, NULL));
    /* What may be null on the wire. */
    expect(E_INVALIDARG, call(job, AddFiles, 1, &none));
    expect(E_INVALIDARG, add_file(job, NULL, local("a")));
    expect(E_INVALIDARG, add_file(job, L"http://localhost/a", NULL));
    ok(call(qmgr, EnumGroups, 0, &groups));
    track(groups);
    expect(NULL_REF, call(groups, Next, 1, &id, NULL));
}

/* Groups among jobs: ids of the groups alone. */
static void legacy_enum_groups(void **state)
{
    IBackgroundCopyQMgr *qmgr = queue();
    IEnumBackgroundCopyGroups *groups = NULL, *clone = NULL;
    GUID ids[3], found[4];
    ULONG fetched = 99, count = 99;

    for (int i = 0; i < 3; i++) {
        new_group(&ids[i]);
        new_job(BG_JOB_TYPE_DOWNLOAD);
    }
    ok(call(qmgr, EnumGroups, 0, &groups));
    track(groups);
    new_group(&found[0]); /* too late */
    ok(call(groups, GetCount, &count));
    assert_int_equal(count, 3);
    ok(call(groups, Next, 1, found, &fetched));
    assert_int_equal(fetched, 1);
    assert_memory_equal(found, ids, sizeof(GUID));
    ok(call(groups, Clone, &clone));
    track(clone);
    expect(S_FALSE, call(groups, Next, 4, found, &fetched));
    assert_int_equal(fetched, 2);
    assert_memory_equal(found, ids + 1, 2 * sizeof(GUID));
    ok(call(clone, Next, 1, found, &fetched));
    assert_memory_equal(found, ids + 1, sizeof(GUID));
    expect(S_FALSE, call(clone, Skip, 2));
    ok(call(clone, Reset));
    ok(call(clone, Skip, 2));
    ok(call(clone, Next, 1, found, &fetched));
    assert_memory_equal(found, ids + 2, sizeof(GUID));
    expect(E_NOTIMPL, call(qmgr, EnumGroups, 1, &groups));
    assert_null(groups);
}

static void legacy_job_of_group(void **state)
{
    IEnumBackgroundCopyJobs1 *jobs = NULL, *clone = NULL;
    IBackgroundCopyGroup *group;
    IBackgroundCopyJob1 *job = NULL;
    GUID id, job_id = new_id(), found[2];
    ULONG fetched = 99, count = 99;

    group = new_group(&id);
    ok(call(group, EnumJobs, 0, &jobs));
    track(jobs);
    ok(call(jobs, GetCount, &count));
    assert_int_equal(count, 0);
    expect(QM_E_ITEM_NOT_FOUND, call(group, GetJob, job_id, &job));
    expect(QM_E_ITEM_NOT_FOUND, call(group, GetJob, GUID_NULL, &job));
    expect(E_INVALIDARG, call(group, CreateJob, GUID_NULL, &job));
    ok(call(group, CreateJob, job_id, &job));
    track(job);
    ok(call(job, get_JobID, &found[0]));
    assert_memory_equal(&found[0], &job_id, sizeof(GUID));
    expect(E_NOTIMPL, call(group, CreateJob, new_id(), &job));
    assert_null(job);
    expect(E_NOTIMPL, call(group, CreateJob, job_id, &job));
    expect(QM_E_ITEM_NOT_FOUND, call(group, GetJob, id, &job));
    ok(call(group, GetJob, job_id, &job));
    track(job);
    expect(E_NOTIMPL, call(group, EnumJobs, 1, &jobs));
    ok(call(group, EnumJobs, 0, &jobs));
    track(jobs);
    ok(call(jobs, GetCount, &count));
    assert_int_equal(count, 1);
    ok(call(jobs, Clone, &clone));
    track(clone);
    expect(S_FALSE, call(jobs, Next, 2, found, &fetched));
    assert_int_equal(fetched, 1);
    assert_memory_equal(&found[0], &job_id, sizeof(GUID));
    ok(call(jobs, Reset));
    ok(call(jobs, Next, 1, found, &fetched));
    assert_int_equal(fetched, 1);
    ok(call(clone, Next, 1, found, &fetched)); /* where the other one was */
    ok(call(clone, Reset));
    ok(call(clone, Skip, 1));
    expect(S_FALSE, call(clone, Skip, 1));
}

static void legacy_files(void **state)
{
    FILESETINFO files[2] = {{.dwSizeHint = 1}, {.dwSizeHint = 2}};
    FILESETINFO *set[2] = {&files[0], &files[1]}, found = {NULL, NULL, 0};
    IBackgroundCopyGroup *group;
    IBackgroundCopyJob1 *job;
    DWORD count = 99;
    GUID id;

    group = new_group(&id);
    job = new_legacy_job(group);
    ok(call(job, GetFileCount, &count));
    assert_int_equal(count, 0);
    expect(QM_E_ITEM_NOT_FOUND, call(job, GetFile, 0, &found));
    for (int i = 0; i < 2; i++) {
        files[i].bstrRemoteFile = SysAllocString(i ? L"http://localhost/b" : L"http://localhost/a");
        files[i].bstrLocalFile = SysAllocString(local("%d", i));
    }
    ok(call(job, AddFiles, 2, set));
    ok(call(job, GetFileCount, &count));
    assert_int_equal(count, 2);
    for (int i = 0; i < 2; i++) {
        ok(call(job, GetFile, i, &found));
        assert_int_equal(wcscmp(found.bstrRemoteFile, files[i].bstrRemoteFile), 0);
        assert_int_equal(wcscmp(found.bstrLocalFile, files[i].bstrLocalFile), 0);
        SysFreeString(found.bstrRemoteFile);
        SysFreeString(found.bstrLocalFile);
        SysFreeString(files[i].bstrRemoteFile);
        SysFreeString(files[i].bstrLocalFile);
    }
    expect(QM_E_ITEM_NOT_FOUND, call(job, GetFile, 2, &found));
    expect(QM_E_ITEM_NOT_FOUND, call(job, GetFile, 0xffffffff, &found));
    expect(E_INVALIDARG, add_file(job, L"ftp://localhost/a", local("c")));
    expect(E_INVALIDARG, add_file(job, L"http://localhost/a", L"relative"));
    expect(E_INVALIDARG, call(job, AddFiles, 0, set));
    ok(call(job, GetFileCount, &count));
    assert_int_equal(count, 2);
    expect(E_ACCESSDENIED, add_file(job, L"http://localhost/a", unwritable(L"a")));
    ok(call(job, GetFileCount, &count));
    assert_int_equal(count, 2);
}

/* ---- properties ---- */

static HRESULT set_integer(IBackgroundCopyGroup *group, GROUPPROP id, VARTYPE type, LONG value)
{
    VARIANT variant;

    VariantInit(&variant);
    V_VT(&variant) = type;
    V_I4(&variant) = value;
    return call(group, SetProp, id, &variant);
}

static HRESULT set_string(IBackgroundCopyGroup *group, GROUPPROP id, const WCHAR *value)
{
    VARIANT variant;
    HRESULT hr;

    VariantInit(&variant);
    V_VT(&variant) = VT_BSTR;
    V_BSTR(&variant) = SysAllocString(value);
    hr = call(group, SetProp, id, &variant);
    VariantClear(&variant);
    return hr;
}

static LONG get_integer(IBackgroundCopyGroup *group, GROUPPROP id)
{
    VARIANT variant;

    VariantInit(&variant);
    ok(call(group, GetProp, id, &variant));
    assert_int_equal(V_VT(&variant), VT_I4);
    return V_I4(&variant);
}

#define assert_prop(group, id, wanted)                                                             \
    do {                                                                                           \
        VARIANT property;                                                                          \
        VariantInit(&property);                                                                    \
        ok(call(group, GetProp, id, &property));                                                   \
        assert_int_equal(V_VT(&property), VT_BSTR);                                                \
        assert_int_equal(wcscmp(V_BSTR(&property) ? V_BSTR(&property) : L"", wanted), 0);          \
        VariantClear(&property);                                                                   \
    } while (0)

static void legacy_properties(void **state)
{
    static const VARTYPE types[] = {VT_I2, VT_I4, VT_UI2, VT_UI4, VT_INT, VT_UINT};
    static const LONG flags[] = {QM_NOTIFY_GROUP_DONE, QM_NOTIFY_DISABLE_NOTIFY,
                                 QM_NOTIFY_GROUP_DONE | QM_NOTIFY_DISABLE_NOTIFY, 0};
    IBackgroundCopyGroup *group;
    GUID id;

    group = new_group(&id);
    assert_int_equal(get_integer(group, GROUPPROP_PRIORITY), 1);
    assert_int_equal(get_integer(group, GROUPPROP_PROTOCOLFLAGS), QM_PROTOCOL_HTTP);
    assert_int_equal(get_integer(group, GROUPPROP_NOTIFYFLAGS), 0);
    assert_prop(group, GROUPPROP_NOTIFYCLSID, L"");
    assert_prop(group, GROUPPROP_DISPLAYNAME, L"");
    assert_prop(group, GROUPPROP_DESCRIPTION, L"");
    for (size_t i = 0; i < ARRAYSIZE(types); i++) {
        ok(set_integer(group, GROUPPROP_PRIORITY, types[i], 1));
        ok(set_integer(group, GROUPPROP_PROTOCOLFLAGS, types[i], QM_PROTOCOL_HTTP));
        ok(set_integer(group, GROUPPROP_NOTIFYFLAGS, types[i], QM_NOTIFY_GROUP_DONE));
    }
    for (size_t i = 0; i < ARRAYSIZE(flags); i++) {
        ok(set_integer(group, GROUPPROP_NOTIFYFLAGS, VT_I4, flags[i]));
        assert_int_equal(get_integer(group, GROUPPROP_NOTIFYFLAGS), flags[i]);
    }
    ok(set_string(group, GROUPPROP_NOTIFYCLSID, L"{12345678-1234-ABCD-1234-0123456789AB}"));
    assert_prop(group, GROUPPROP_NOTIFYCLSID, L"{12345678-1234-ABCD-1234-0123456789AB}");
    ok(set_string(group, GROUPPROP_NOTIFYCLSID, L""));
    assert_prop(group, GROUPPROP_NOTIFYCLSID, L"");
    ok(set_string(group, GROUPPROP_DISPLAYNAME, fill(L"", 'n', 256)));
    assert_prop(group, GROUPPROP_DISPLAYNAME, fill(L"", 'n', 256));
    ok(set_string(group, GROUPPROP_DESCRIPTION, fill(L"", 'd', 1024)));
    assert_prop(group, GROUPPROP_DESCRIPTION, fill(L"", 'd', 1024));
}

static void legacy_properties_refused(void **state)
{
    static const GROUPPROP unsupported[] = {
        GROUPPROP_REMOTEUSERID, GROUPPROP_REMOTEUSERPWD, GROUPPROP_LOCALUSERID,
        GROUPPROP_LOCALUSERPWD, GROUPPROP_PROGRESSSIZE,  GROUPPROP_PROGRESSPERCENT,
        GROUPPROP_PROGRESSTIME, (GROUPPROP)13,           (GROUPPROP)0x7fff};
    static const LONG bad_flags[] = {QM_NOTIFY_FILE_DONE, QM_NOTIFY_JOB_DONE,
                                     QM_NOTIFY_USE_PROGRESSEX, 0x100,
                                     QM_NOTIFY_GROUP_DONE | QM_NOTIFY_JOB_DONE};
    IBackgroundCopyGroup *group;
    VARIANT variant;
    GUID id;

    group = new_group(&id);
    VariantInit(&variant);
    for (size_t i = 0; i < ARRAYSIZE(unsupported); i++) {
        expect(E_NOTIMPL, call(group, GetProp, unsupported[i], &variant));
        assert_int_equal(V_VT(&variant), VT_EMPTY);
        expect(E_NOTIMPL, set_integer(group, unsupported[i], VT_I4, 1));
        expect(E_NOTIMPL, set_string(group, unsupported[i], L"x"));
    }
    expect(E_NOTIMPL, set_integer(group, GROUPPROP_PRIORITY, VT_I4, 2));
    expect(E_NOTIMPL, set_integer(group, GROUPPROP_PRIORITY, VT_I4, 0));
    expect(E_NOTIMPL, set_integer(group, GROUPPROP_PROTOCOLFLAGS, VT_I4, QM_PROTOCOL_FTP));
    for (size_t i = 0; i < ARRAYSIZE(bad_flags); i++)
        expect(E_NOTIMPL, set_integer(group, GROUPPROP_NOTIFYFLAGS, VT_I4, bad_flags[i]));
    assert_int_equal(get_integer(group, GROUPPROP_NOTIFYFLAGS), 0);
    expect(E_INVALIDARG, set_string(group, GROUPPROP_NOTIFYCLSID, L"no GUID"));
    expect(E_INVALIDARG, set_string(group, GROUPPROP_NOTIFYCLSID, fill(L"{", '1', 39)));
    expect(E_INVALIDARG, set_string(group, GROUPPROP_DISPLAYNAME, fill(L"", 'n', 257)));
    expect(E_INVALIDARG, set_string(group, GROUPPROP_DESCRIPTION, fill(L"", 'd', 1025)));
    /* Types that do not fit. */
    expect(E_INVALIDARG, set_string(group, GROUPPROP_PRIORITY, L"1"));
    expect(E_INVALIDARG, set_string(group, GROUPPROP_NOTIFYFLAGS, L"4"));
    expect(E_INVALIDARG, set_integer(group, GROUPPROP_PROTOCOLFLAGS, VT_BOOL, 1));
    expect(E_INVALIDARG, set_integer(group, GROUPPROP_NOTIFYCLSID, VT_I4, 1));
    expect(E_INVALIDARG, set_integer(group, GROUPPROP_DISPLAYNAME, VT_I4, 1));
    expect(E_INVALIDARG, set_integer(group, GROUPPROP_DESCRIPTION, VT_EMPTY, 1));
    assert_prop(group, GROUPPROP_DISPLAYNAME, L"");
}

/* ---- transfers ---- */

static void legacy_download(void **state)
{
    IBackgroundCopyQMgr *qmgr = queue();
    IBackgroundCopyGroup *group, *gone = NULL;
    IBackgroundCopyJob1 *job;
    DWORD value = 99, win32_result = 99, transport = 99, retries = 99;
    GUID id;

    group = new_group(&id);
    expect(QM_E_INVALID_STATE, call(group, ResumeGroup));
    job = new_legacy_job(group);
    expect(BG_E_EMPTY, call(group, ResumeGroup));
    ok(call(group, get_Size, &value));
    assert_int_equal(value, 0);
    ok(add_file(job, url("FAULT", "data/a?size=3000&seed=1"), local("a")));
    ok(add_file(job, url("FAULT", "data/b?size=5000&seed=2"), local("b")));
    ok(call(group, get_Size, &value));
    assert_int_equal(value, 0); /* nobody knows yet */
    ok(call(job, GetProgress, QM_PROGRESS_PERCENT_DONE, &value));
    assert_int_equal(value, 0);
    ok(call(group, SwitchToForeground));
    ok(call(group, ResumeGroup));
    wait_group(group, QM_STATUS_GROUP_COMPLETE);
    assert_int_equal(group_status(group), QM_STATUS_GROUP_COMPLETE | QM_STATUS_GROUP_FOREGROUND);
    /* There is no Complete: the files are there. */
    assert_pattern(local("a"), 1, 0, 3000);
    assert_pattern(local("b"), 2, 0, 5000);
    ok(call(group, get_Size, &value));
    assert_int_equal(value, 8000);
    ok(call(group, GetProgress, QM_PROGRESS_PERCENT_DONE, &value));
    assert_int_equal(value, 100);
    ok(call(job, GetProgress, QM_PROGRESS_SIZE_DONE, &value));
    assert_int_equal(value, 8000);
    ok(call(job, GetStatus, &value, &win32_result, &transport, &retries));
    assert_int_equal(value, QM_STATUS_JOB_COMPLETE);
    assert_int_equal(win32_result, 0);
    ok(call(group, CancelGroup));
    expect(QM_E_ITEM_NOT_FOUND, call(qmgr, GetGroup, id, &gone));
    expect(QM_E_INVALID_STATE, call(group, CancelGroup));
    expect(QM_E_INVALID_STATE, call(group, SwitchToForeground));
    expect(QM_E_INVALID_STATE, add_file(job, L"http://localhost/a", local("c")));
    assert_pattern(local("a"), 1, 0, 3000);
    assert_pattern(local("b"), 2, 0, 5000);
}

static void legacy_running(void **state)
{
    IBackgroundCopyGroup *group;
    IBackgroundCopyJob1 *job, *other = NULL;
    DWORD value = 99, zero = 99;

    group = new_group_of("slow", "size=100000&seed=3&stall=40000", &job);
    ok(call(group, SwitchToForeground));
    ok(call(group, ResumeGroup));
    wait_size(group, 40000);
    assert_int_equal(group_status(group), QM_STATUS_GROUP_INCOMPLETE | QM_STATUS_GROUP_FOREGROUND);
    ok(call(job, GetStatus, &value, &zero, &zero, &zero));
    assert_int_equal(value, QM_STATUS_JOB_INCOMPLETE);
    ok(call(job, GetProgress, QM_PROGRESS_PERCENT_DONE, &value));
    assert_int_equal(value, 40);
    ok(call(group, get_Size, &value));
    assert_int_equal(value, 100000);
    expect(QM_E_INVALID_STATE, call(group, CreateJob, new_id(), &other));
    ok(call(group, SuspendGroup));
    assert_int_equal(group_status(group), QM_STATUS_GROUP_INCOMPLETE | QM_STATUS_GROUP_SUSPENDED |
                                              QM_STATUS_GROUP_FOREGROUND);
    ok(call(group, SuspendGroup));
    fault_control("{\"path\": \"/data/slow\", \"set\": {\"stall\": \"1000000\"}}");
    ok(call(group, ResumeGroup));
    wait_group(group, QM_STATUS_GROUP_COMPLETE);
    assert_pattern(local("slow"), 3, 0, 100000);
}

static void legacy_cancel_keeps_files(void **state)
{
    IBackgroundCopyGroup *group;
    IBackgroundCopyJob1 *job;

    group = new_group_of("first", "size=1000&seed=4", &job);
    ok(add_file(job, url("FAULT", "data/second?size=100000&stall=5000"), local("second")));
    ok(call(group, SwitchToForeground));
    ok(call(group, ResumeGroup));
    wait_size(group, 6000);
    ok(call(group, CancelGroup));
    assert_pattern(local("first"), 4, 0, 1000);
    assert_false(exists(local("second")));
}

static void legacy_not_implemented(void **state)
{
    BACKGROUND_COPY_TIMES times;
    IBackgroundCopyGroup *group;
    IBackgroundCopyJob1 *job;
    DWORD value = 99;
    GUID id;

    group = new_group(&id);
    job = new_legacy_job(group);
    expect(E_NOTIMPL, call(job, CancelJob));
    expect(E_NOTIMPL, call(job, SwitchToForeground));
    expect(E_NOTIMPL, call(job, GetTimes, &times));
    expect(E_NOTIMPL, call(job, GetProgress, QM_PROGRESS_TIME_DONE, &value));
    expect(E_NOTIMPL, call(group, GetProgress, QM_PROGRESS_TIME_DONE, &value));
    expect(E_NOTIMPL, call(group, GetProgress, 0, &value));
    expect(E_NOTIMPL, call(group, GetProgress, 4, &value));
}

/* The last rename fails: an error, which the group leaves when the way is free. */
static void legacy_name_taken(void **state)
{
    IBackgroundCopyGroup *group;
    IBackgroundCopyJob1 *job;
    DWORD value = 99, win32_result = 0, transport = 99, retries = 99;

    group = new_group_of("taken", "size=1000&seed=5", &job);
    assert_true(CreateDirectoryW(local("taken"), NULL));
    ok(call(group, ResumeGroup));
    wait_group(group, QM_STATUS_GROUP_ERROR);
    ok(call(job, GetStatus, &value, &win32_result, &transport, &retries));
    assert_int_equal(value, QM_STATUS_JOB_ERROR);
    assert_int_not_equal(win32_result, 0);
    assert_int_equal(transport, 0);
    assert_true(RemoveDirectoryW(local("taken")));
    ok(call(group, ResumeGroup));
    wait_group(group, QM_STATUS_GROUP_COMPLETE);
    assert_pattern(local("taken"), 5, 0, 1000);
}

/* ---- notifications ---- */

static void set_pointer(IBackgroundCopyGroup *group, struct status *status)
{
    ok(call(group, SetNotificationPointer, &IID_IBackgroundCopyCallback1,
            (IUnknown *)&status->iface));
}

static void legacy_on_status_complete(void **state)
{
    struct status *status = new_status();
    IBackgroundCopyGroup *group;
    IBackgroundCopyJob1 *job;
    GUID id;

    group = new_group_of("done", "size=1000&seed=6", &job);
    set_pointer(group, status);
    ok(set_integer(group, GROUPPROP_NOTIFYFLAGS, VT_I4, QM_NOTIFY_GROUP_DONE));
    ok(call(group, ResumeGroup));
    wait_status(status, 1);
    assert_false(status->status & QM_STATUS_GROUP_ERROR);
    assert_int_equal(status->file, 0xffffffff); /* none */
    ok(call(group, get_GroupID, &id));
    assert_memory_equal(&status->group, &id, sizeof(id));
    ok(call(job, get_JobID, &id));
    assert_memory_equal(&status->job, &id, sizeof(id));
    assert_pattern(local("done"), 6, 0, 1000); /* there before it is told */
    assert_int_equal(status->progress, 0);
}

static void legacy_on_status_error(void **state)
{
    struct status *status = new_status();
    IBackgroundCopyGroup *group;
    IBackgroundCopyJob1 *job;
    DWORD value, win32_result, transport, retries;

    group = new_group_of("good", "size=10", &job);
    ok(add_file(job, url("FAULT", "data/bad?status=404"), local("bad")));
    set_pointer(group, status); /* no flags: errors are told all the same */
    ok(call(group, ResumeGroup));
    wait_status(status, 1);
    assert_int_equal(status->status, QM_STATUS_GROUP_ERROR);
    assert_int_equal(status->file, 1);
    assert_int_equal(status->transport_result, 404);
    assert_int_equal(group_status(group), QM_STATUS_GROUP_ERROR);
    ok(call(job, GetStatus, &value, &win32_result, &transport, &retries));
    assert_int_equal(value, QM_STATUS_JOB_ERROR);
    assert_int_equal(transport, 404);
    assert_int_equal(win32_result, status->win32_result);
    assert_int_equal(retries, status->retries);
    assert_int_equal(status->progress, 0);
}

static void legacy_on_status_again(void **state)
{
    struct status *status = new_status();
    IBackgroundCopyGroup *group;
    IBackgroundCopyJob1 *job;

    status->refuse = 1;
    group = new_group_of("again", "size=10", &job);
    set_pointer(group, status);
    ok(set_integer(group, GROUPPROP_NOTIFYFLAGS, VT_I4, QM_NOTIFY_GROUP_DONE));
    ok(call(new_interface(group), SetMinimumRetryDelay, 5));
    ok(call(group, ResumeGroup));
    wait_status(status, 2);
    assert_false(status->status & QM_STATUS_GROUP_ERROR);
}

/* Two groups end; only the one that asked for it is told. */
static void legacy_on_status_unasked(void **state)
{
    struct status *status = new_status(), *asked = new_status();
    IBackgroundCopyGroup *groups[3], *last;
    IBackgroundCopyJob1 *job;

    groups[0] = new_group_of("one", "size=10", &job); /* no GROUP_DONE */
    groups[1] = new_group_of("two", "size=10", &job);
    ok(set_integer(groups[1], GROUPPROP_NOTIFYFLAGS, VT_I4,
                   QM_NOTIFY_GROUP_DONE | QM_NOTIFY_DISABLE_NOTIFY));
    groups[2] = new_group_of("three", "status=404", &job);
    ok(set_integer(groups[2], GROUPPROP_NOTIFYFLAGS, VT_I4, QM_NOTIFY_DISABLE_NOTIFY));
    for (int i = 0; i < 3; i++) {
        set_pointer(groups[i], status);
        ok(call(groups[i], ResumeGroup));
    }
    wait_group(groups[0], QM_STATUS_GROUP_COMPLETE);
    wait_group(groups[1], QM_STATUS_GROUP_COMPLETE);
    wait_group(groups[2], QM_STATUS_GROUP_ERROR);
    last = new_group_of("last", "size=10", &job);
    set_pointer(last, asked);
    ok(set_integer(last, GROUPPROP_NOTIFYFLAGS, VT_I4, QM_NOTIFY_GROUP_DONE));
    ok(call(last, ResumeGroup));
    wait_status(asked, 1);
    assert_int_equal(status->calls, 0);
}

/* ---- CLSID activation ---- */

static struct status *activated;
static volatile LONG made;

static HRESULT STDMETHODCALLTYPE class_QueryInterface(IClassFactory *iface, REFIID iid, void **out)
{
    *out = NULL;
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IClassFactory))
        return E_NOINTERFACE;
    *out = iface;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE class_AddRef(IClassFactory *iface)
{
    return 2;
}

static ULONG STDMETHODCALLTYPE class_Release(IClassFactory *iface)
{
    return 1;
}

static HRESULT STDMETHODCALLTYPE class_CreateInstance(IClassFactory *iface, IUnknown *outer,
                                                      REFIID iid, void **out)
{
    InterlockedIncrement(&made);
    return call(&activated->iface, QueryInterface, iid, out);
}

static HRESULT STDMETHODCALLTYPE class_LockServer(IClassFactory *iface, BOOL lock)
{
    return S_OK;
}

static IClassFactoryVtbl class_vtbl = {class_QueryInterface, class_AddRef, class_Release,
                                       class_CreateInstance, class_LockServer};
static IClassFactory class = {&class_vtbl};

static void legacy_notify_clsid(void **state)
{
    IBackgroundCopyGroup *group;
    IBackgroundCopyJob1 *job;
    GUID id = new_id();
    WCHAR text[40];
    DWORD cookie;

    activated = new_status();
    ok(CoRegisterClassObject(&id, (IUnknown *)&class, CLSCTX_LOCAL_SERVER, REGCLS_MULTIPLEUSE,
                             &cookie));
    StringFromGUID2(&id, text, ARRAYSIZE(text));
    group = new_group_of("class", "size=10", &job);
    ok(set_string(group, GROUPPROP_NOTIFYCLSID, text));
    ok(set_integer(group, GROUPPROP_NOTIFYFLAGS, VT_I4, QM_NOTIFY_GROUP_DONE));
    assert_int_equal(made, 0);
    ok(call(group, ResumeGroup));
    wait_status(activated, 1);
    assert_int_equal(made, 1);
    assert_false(activated->status & QM_STATUS_GROUP_ERROR);
    ok(CoRevokeClassObject(cookie));
}

/* ---- beside the newer interfaces, and over a restart ---- */

static void legacy_new_interface(void **state)
{
    IBackgroundCopyGroup *group;
    IBackgroundCopyJob5 *job;
    IBackgroundCopyJob *same = NULL;
    IUnknown *none = (IUnknown *)1;
    IEnumBackgroundCopyJobs *jobs = NULL;
    struct callback *callback = new_callback(1);
    BG_JOB_TYPE type;
    WCHAR *name = NULL;
    ULONG count = 0;
    GUID id;

    group = new_group(&id);
    ok(set_string(group, GROUPPROP_DISPLAYNAME, L"a group"));
    job = new_interface(group);
    ok(call(job, GetType, &type));
    assert_int_equal(type, BG_JOB_TYPE_DOWNLOAD);
    assert_int_equal(state_of(job), BG_JOB_STATE_SUSPENDED);
    ok(call(job, GetDisplayName, &name));
    assert_text(name, L"a group");
    ok(call(job, SetDescription, L"of both"));
    assert_prop(group, GROUPPROP_DESCRIPTION, L"of both");
    id = id_of(job);
    ok(call(manager, GetJob, &id, &same));
    track(same);
    ok(call(manager, EnumJobs, 0, &jobs));
    track(jobs);
    ok(call(jobs, GetCount, &count));
    assert_int_equal(count, 1);
    expect(E_NOINTERFACE, call(group, QueryNewJobInterface, &IID_IBackgroundCopyManager, &none));
    assert_null(none);
    expect(E_NOINTERFACE, call(group, SetNotificationPointer, &IID_IBackgroundCopyCallback,
                               (IUnknown *)&callback->iface));
    expect(E_NOINTERFACE, call(group, SetNotificationPointer, &IID_IBackgroundCopyCallback1,
                               (IUnknown *)&callback->iface));
    ok(call(group, SetNotificationPointer, &IID_IBackgroundCopyCallback1, NULL));
}

static void legacy_survives_restart(void **state)
{
    IBackgroundCopyGroup *group, *again = NULL;
    IBackgroundCopyJob1 *job = NULL;
    GUID id, job_id, got;
    DWORD count = 0;

    group = new_group_of("kept", "size=1000&seed=7", &job);
    ok(call(group, get_GroupID, &id));
    ok(call(job, get_JobID, &job_id));
    ok(set_string(group, GROUPPROP_DISPLAYNAME, L"kept"));
    ok(set_integer(group, GROUPPROP_NOTIFYFLAGS, VT_I4, QM_NOTIFY_GROUP_DONE));
    restart_service();
    ok(call(queue(), GetGroup, id, &again));
    track(again);
    assert_prop(again, GROUPPROP_DISPLAYNAME, L"kept");
    assert_int_equal(get_integer(again, GROUPPROP_NOTIFYFLAGS), QM_NOTIFY_GROUP_DONE);
    ok(call(again, GetJob, job_id, &job));
    track(job);
    ok(call(job, get_JobID, &got));
    assert_memory_equal(&got, &job_id, sizeof(got));
    ok(call(job, GetFileCount, &count));
    assert_int_equal(count, 1);
    ok(call(again, ResumeGroup));
    wait_group(again, QM_STATUS_GROUP_COMPLETE);
    /* Complete, with its file in place, after another one, too. */
    restart_service();
    ok(call(queue(), GetGroup, id, &again));
    track(again);
    assert_int_equal(group_status(again), QM_STATUS_GROUP_COMPLETE);
    ok(call(again, CancelGroup));
    assert_pattern(local("kept"), 7, 0, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        com_test(legacy_create_group),       com_test(legacy_get_group),
        com_test(legacy_null_pointers),      com_test(legacy_enum_groups),
        com_test(legacy_job_of_group),       com_test(legacy_files),
        com_test(legacy_properties),         com_test(legacy_properties_refused),
        com_test(legacy_download),           com_test(legacy_running),
        com_test(legacy_cancel_keeps_files), com_test(legacy_not_implemented),
        com_test(legacy_name_taken),         com_test(legacy_on_status_complete),
        com_test(legacy_on_status_error),    com_test(legacy_on_status_again),
        com_test(legacy_on_status_unasked),  com_test(legacy_notify_clsid),
        com_test(legacy_new_interface),      com_test(legacy_survives_restart),
    };

    return run_group("legacy", tests);
}
