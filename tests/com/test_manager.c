/*
 * IBackgroundCopyManager, and what it takes to get one: classes, versions, interfaces.
 */
#include "common.h"

#include <stdlib.h>

static void manager_create_job(void **state)
{
    static const BG_JOB_TYPE types[] = {BG_JOB_TYPE_DOWNLOAD, BG_JOB_TYPE_UPLOAD,
                                        BG_JOB_TYPE_UPLOAD_REPLY};
    GUID ids[ARRAYSIZE(types)];

    for (size_t i = 0; i < ARRAYSIZE(types); i++) {
        IBackgroundCopyJob *job = NULL;
        BG_JOB_STATE job_state;
        BG_JOB_TYPE type;
        GUID id;

        ok(call(manager, CreateJob, L"same name", types[i], &ids[i], &job));
        track(job);
        ok(call(job, GetId, &id));
        assert_memory_equal(&id, &ids[i], sizeof(id));
        ok(call(job, GetType, &type));
        assert_int_equal(type, types[i]);
        ok(call(job, GetState, &job_state));
        assert_int_equal(job_state, BG_JOB_STATE_SUSPENDED);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(&ids[i], &ids[j], sizeof(id));
    }
}

static void manager_create_job_names(void **state)
{
    static const struct {
        int length;
        HRESULT result;
    } cases[] = {{0, S_OK}, {256, S_OK}, {257, E_INVALIDARG}, {100000, E_INVALIDARG}};
    GUID id;

    for (size_t i = 0; i < ARRAYSIZE(cases); i++) {
        IBackgroundCopyJob *job = NULL;
        WCHAR *name, *text = fill(L"", 'n', cases[i].length);

        expect(cases[i].result, call(manager, CreateJob, text, BG_JOB_TYPE_DOWNLOAD, &id, &job));
        if (cases[i].result != S_OK) {
            assert_null(job);
            continue;
        }
        track(job);
        ok(call(job, GetDisplayName, &name));
        assert_text(name, text);
    }
}

static void manager_create_job_bad_type(void **state)
{
    static const int types[] = {3, 4, 255, -1, INT_MIN, INT_MAX};
    IBackgroundCopyJob *job = NULL;
    GUID id;

    /* A proxy refuses what does not fit into the 16 bits of an enumeration. */
    for (size_t i = 0; i < ARRAYSIZE(types); i++) {
        HRESULT hr = call(manager, CreateJob, L"x", (BG_JOB_TYPE)types[i], &id, &job);

        if (hr != HRESULT_FROM_WIN32(RPC_X_ENUM_VALUE_OUT_OF_RANGE))
            expect(E_NOTIMPL, hr);
        assert_null(job);
    }
}

static void manager_null_pointers(void **state)
{
    IBackgroundCopyJob *job = NULL;
    GUID id = {0};

    expect(NULL_REF, call(manager, CreateJob, NULL, BG_JOB_TYPE_DOWNLOAD, &id, &job));
    expect(NULL_REF, call(manager, CreateJob, L"x", BG_JOB_TYPE_DOWNLOAD, NULL, &job));
    expect(NULL_REF, call(manager, CreateJob, L"x", BG_JOB_TYPE_DOWNLOAD, &id, NULL));
    expect(NULL_REF, call(manager, GetJob, &id, NULL));
    expect(NULL_REF, call(manager, EnumJobs, 0, NULL));
    expect(NULL_REF, call(manager, GetErrorDescription, BG_E_EMPTY, 0x409, NULL));
}

/* Administrators are not bound by the limits of 60 jobs a user and 300 a machine. */
static void manager_many_jobs(void **state)
{
    IEnumBackgroundCopyJobs *jobs;
    ULONG count;

    for (int i = 0; i < 305; i++) {
        IBackgroundCopyJob *job = NULL;
        GUID id;

        ok(call(manager, CreateJob, L"one of many", BG_JOB_TYPE_DOWNLOAD, &id, &job));
        call(job, Release);
    }
    ok(call(manager, EnumJobs, 0, &jobs));
    track(jobs);
    ok(call(jobs, GetCount, &count));
    assert_int_equal(count, 305);
}

static void manager_get_job(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    IBackgroundCopyJob *found = NULL;
    GUID id = id_of(job), other;
    WCHAR *name;

    ok(call(manager, GetJob, &id, &found));
    track(found);
    ok(call(job, SetDisplayName, L"changed"));
    ok(call(found, GetDisplayName, &name));
    assert_text(name, L"changed");
    ok(CoCreateGuid(&other));
    found = (void *)1;
    expect(BG_E_NOT_FOUND, call(manager, GetJob, &other, &found));
    assert_null(found);
}

static void manager_get_job_ended(void **state)
{
    for (int acknowledged = 0; acknowledged < 2; acknowledged++) {
        IBackgroundCopyJob5 *job = ended_job(acknowledged);
        IBackgroundCopyJob *found = NULL;
        GUID id = id_of(job);

        expect(BG_E_NOT_FOUND, call(manager, GetJob, &id, &found));
        assert_null(found);
    }
}

static ULONG count_jobs(DWORD flags)
{
    IEnumBackgroundCopyJobs *jobs = NULL;
    ULONG count = 1000;

    ok(call(manager, EnumJobs, flags, &jobs));
    ok(call(jobs, GetCount, &count));
    call(jobs, Release);
    return count;
}

static void manager_enum_jobs(void **state)
{
    IEnumBackgroundCopyJobs *jobs;
    IBackgroundCopyJob5 *job;
    IBackgroundCopyJob *found = NULL;
    ULONG count = 0;
    WCHAR *name;

    assert_int_equal(count_jobs(0), 0);
    job = new_job(BG_JOB_TYPE_DOWNLOAD);
    end_job(new_job(BG_JOB_TYPE_DOWNLOAD));
    ended_job(TRUE);
    ok(call(manager, EnumJobs, 0, &jobs));
    track(jobs);
    new_job(BG_JOB_TYPE_DOWNLOAD);
    ok(call(job, SetDisplayName, L"changed after"));
    ok(call(jobs, GetCount, &count));
    assert_int_equal(count, 1);
    ok(call(jobs, Next, 1, &found, NULL));
    track(found);
    ok(call(found, GetDisplayName, &name));
    assert_text(name, L"changed after");
    assert_int_equal(count_jobs(0), 2);
    assert_int_equal(count_jobs(BG_JOB_ENUM_ALL_USERS), 2);
}

static void manager_enum_jobs_bad_flags(void **state)
{
    static const DWORD flags[] = {2, 3, 0x100, 0xffffffff};
    IEnumBackgroundCopyJobs *jobs = NULL;

    for (size_t i = 0; i < ARRAYSIZE(flags); i++) {
        expect(E_NOTIMPL, call(manager, EnumJobs, flags[i], &jobs));
        assert_null(jobs);
    }
}

/* Every result of bitsmsg.h that a client can meet (the events of the log are none). */
static const HRESULT codes[] = {
#define CODE(name) name,
#include "codes.h"
#undef CODE
};

static void manager_error_descriptions(void **state)
{
    WCHAR *described[ARRAYSIZE(codes)];

    for (size_t i = 0; i < ARRAYSIZE(codes); i++) {
        size_t letters = 0;

        described[i] = NULL;
        ok(call(manager, GetErrorDescription, codes[i], 0x409, &described[i]));
        assert_non_null(described[i]);
        for (const WCHAR *c = described[i]; *c; c++)
            letters += (*c >= 'a' && *c <= 'z');
        assert_true(letters > 10);
        for (size_t j = 0; j < i; j++) {
            if (codes[i] != codes[j] && !wcscmp(described[i], described[j]))
                fail_msg("0x%08lx and 0x%08lx have the same text", (unsigned long)codes[i],
                         (unsigned long)codes[j]);
        }
    }
    for (size_t i = 0; i < ARRAYSIZE(codes); i++)
        CoTaskMemFree(described[i]);
}

static void manager_error_description_languages(void **state)
{
    WCHAR *text = NULL, *same = NULL;

    ok(call(manager, GetErrorDescription, BG_E_NOT_FOUND, 0x409, &text));
    ok(call(manager, GetErrorDescription, BG_E_NOT_FOUND, 0, &same));
    assert_text(same, text);
    CoTaskMemFree(text);
    text = (void *)1;
    expect(HRESULT_FROM_WIN32(ERROR_RESOURCE_LANG_NOT_FOUND),
           call(manager, GetErrorDescription, BG_E_NOT_FOUND, MAKELANGID(LANG_THAI, 1), &text));
    assert_null(text);
    ok(call(manager, GetErrorDescription, E_ACCESSDENIED, 0x409, &text));
    assert_true(wcslen(text) > 5);
    CoTaskMemFree(text);
    ok(call(manager, GetErrorDescription, HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND), 0x409, &text));
    assert_true(wcslen(text) > 5);
    CoTaskMemFree(text);
    text = (void *)1;
    assert_true(FAILED(call(manager, GetErrorDescription, (HRESULT)0x8abcdef1, 0x409, &text)));
    assert_null(text);
}

static void manager_classes(void **state)
{
    static const CLSID *const classes[] = {
        &CLSID_BackgroundCopyManager,     &CLSID_BackgroundCopyManager1_5,
        &CLSID_BackgroundCopyManager2_0,  &CLSID_BackgroundCopyManager2_5,
        &CLSID_BackgroundCopyManager3_0,  &CLSID_BackgroundCopyManager4_0,
        &CLSID_BackgroundCopyManager5_0,  &CLSID_BackgroundCopyManager10_1,
        &CLSID_BackgroundCopyManager10_2, &CLSID_BackgroundCopyManager10_3};

    for (size_t i = 0; i < ARRAYSIZE(classes); i++) {
        IBackgroundCopyManager *other = NULL;
        IBackgroundCopyJob *job = NULL;
        GUID id;

        ok(CoCreateInstance(classes[i], NULL, CLSCTX_LOCAL_SERVER, &IID_IBackgroundCopyManager,
                            (void **)&other));
        track(other);
        ok(call(other, CreateJob, L"versions", BG_JOB_TYPE_DOWNLOAD, &id, &job));
        track(job);
    }
    assert_int_equal(count_jobs(0), ARRAYSIZE(classes));
}

static void manager_interfaces(void **state)
{
    static const IID *const job_interfaces[] = {
        &IID_IUnknown,
        &IID_IBackgroundCopyJob,
        &IID_IBackgroundCopyJob2,
        &IID_IBackgroundCopyJob3,
        &IID_IBackgroundCopyJob4,
        &IID_IBackgroundCopyJob5,
        &IID_IBackgroundCopyJobHttpOptions,
        &IID_IBackgroundCopyJobHttpOptions2,
        &IID_IBackgroundCopyJobHttpOptions3,
        &IID_IBitsTokenOptions,
    };
    static const IID *const file_interfaces[] = {
        &IID_IUnknown,
        &IID_IBackgroundCopyFile,
        &IID_IBackgroundCopyFile2,
        &IID_IBackgroundCopyFile3,
        &IID_IBackgroundCopyFile4,
        &IID_IBackgroundCopyFile5,
        &IID_IBackgroundCopyFile6,
    };
    IBackgroundCopyJob5 *job = new_download(L"http://localhost/a");
    IBackgroundCopyFile6 *file = job_file(job, 0);
    void *face;

    for (size_t i = 0; i < ARRAYSIZE(job_interfaces); i++)
        query(query(job, job_interfaces[i]), job_interfaces[ARRAYSIZE(job_interfaces) - 1 - i]);
    for (size_t i = 0; i < ARRAYSIZE(file_interfaces); i++)
        query(file, file_interfaces[i]);
    assert_ptr_equal(query(job, &IID_IUnknown), query(http_options(job), &IID_IUnknown));
    face = (void *)1;
    expect(E_NOINTERFACE, call(job, QueryInterface, &IID_IBackgroundCopyFile, &face));
    assert_null(face);
    expect(E_NOINTERFACE, call(file, QueryInterface, &IID_IBackgroundCopyJob, &face));
    expect(E_NOINTERFACE, call(manager, QueryInterface, &IID_IDispatch, &face));
}

/* Objects come and go, more of them than the first. */
static void use_objects(IBackgroundCopyManager *of)
{
    IEnumBackgroundCopyJobs *jobs;
    IBackgroundCopyJob *job;
    ULONG count = 0;
    GUID id;

    for (int i = 0; i < 3; i++) {
        ok(call(of, CreateJob, L"comes and goes", BG_JOB_TYPE_DOWNLOAD, &id, &job));
        call(job, Release);
    }
    ok(call(of, EnumJobs, 0, &jobs));
    while (call(jobs, Next, 1, &job, NULL) == S_OK) {
        ok(call(job, Cancel));
        call(job, Release);
        count++;
    }
    assert_int_equal(count, 3);
    call(jobs, Release);
}

static DWORD WINAPI use_from_apartment(void *kind)
{
    IBackgroundCopyManager *own;

    ok(CoInitializeEx(NULL, *(DWORD *)kind));
    ok(CoCreateInstance(&CLSID_BackgroundCopyManager, NULL, CLSCTX_LOCAL_SERVER,
                        &IID_IBackgroundCopyManager, (void **)&own));
    use_objects(own);
    call(own, Release);
    CoUninitialize();
    return 0;
}

/* Apartments that come and go, with the proxies in them. */
static void manager_apartments(void **state)
{
    DWORD kinds[] = {COINIT_APARTMENTTHREADED, COINIT_MULTITHREADED, COINIT_APARTMENTTHREADED};

    for (size_t i = 0; i < ARRAYSIZE(kinds); i++) {
        HANDLE thread = CreateThread(NULL, 0, use_from_apartment, &kinds[i], 0, NULL);

        assert_non_null(thread);
        assert_int_equal(WaitForSingleObject(thread, DEADLINE), WAIT_OBJECT_0);
        CloseHandle(thread);
    }
}

/* A process that ends COM and begins it again. */
static void manager_again(void **state)
{
    for (int i = 0; i < 3; i++) {
        call(manager, Release);
        CoUninitialize();
        ok(CoInitializeEx(NULL, i % 2 ? COINIT_APARTMENTTHREADED : COINIT_MULTITHREADED));
        ok(CoCreateInstance(&CLSID_BackgroundCopyManager, NULL, CLSCTX_LOCAL_SERVER,
                            &IID_IBackgroundCopyManager, (void **)&manager));
        use_objects(manager);
    }
}

/* nf-combaseapi-coregisterpsclsid: under Wine COM is told once of the proxies, and does not look
 * for them in the registry at each object. */
static void manager_proxies_known(void **state)
{
    static const WCHAR nobody[] = L"{11111111-2222-3333-4444-555555555555}";
    WCHAR iid[40], path[120], before[40];
    DWORD size = sizeof(before);
    HKEY key;
    HRESULT hr;

    if (!GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version"))
        skip();
    use_objects(manager);
    StringFromGUID2(&IID_IBackgroundCopyJob, iid, ARRAYSIZE(iid));
    swprintf(path, ARRAYSIZE(path), L"Software\\Classes\\Interface\\%ls\\ProxyStubClsid32", iid);
    assert_int_equal(RegOpenKeyExW(HKEY_LOCAL_MACHINE, path, 0, KEY_READ | KEY_WRITE, &key), 0);
    assert_int_equal(RegQueryValueExW(key, NULL, NULL, NULL, (BYTE *)before, &size), 0);
    RegSetValueExW(key, NULL, 0, REG_SZ, (const BYTE *)nobody, sizeof(nobody));
    {
        IBackgroundCopyJob *job = NULL;
        GUID id;

        hr = call(manager, CreateJob, L"known", BG_JOB_TYPE_DOWNLOAD, &id, &job);
        if (job)
            track(job);
    }
    RegSetValueExW(key, NULL, 0, REG_SZ, (const BYTE *)before, size);
    RegCloseKey(key);
    ok(hr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        com_test(manager_create_job),
        com_test(manager_create_job_names),
        com_test(manager_create_job_bad_type),
        com_test(manager_null_pointers),
        com_test(manager_many_jobs),
        com_test(manager_get_job),
        com_test(manager_get_job_ended),
        com_test(manager_enum_jobs),
        com_test(manager_enum_jobs_bad_flags),
        com_test(manager_error_descriptions),
        com_test(manager_error_description_languages),
        com_test(manager_classes),
        com_test(manager_interfaces),
        com_test(manager_proxies_known),
        com_test(manager_apartments),
        com_test(manager_again),
    };

    return run_group("manager", tests);
}
