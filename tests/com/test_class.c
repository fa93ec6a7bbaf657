/*
 * BITS_JOB_PROPERTY_NOTIFICATION_CLSID: a class that the service creates to call it. The class is
 * this program, which COM starts with a parameter: it writes down what it is told.
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

static const GUID class_id = {
    0x6c1f8a52, 0x2f0b, 0x4c37, {0x9d, 0x1b, 0x5a, 0x3e, 0x77, 0x0c, 0x41, 0x9e}};
#define CLASS_KEY L"Software\\Classes\\CLSID\\{6C1F8A52-2F0B-4C37-9D1B-5A3E770C419E}"

/* ---- the other process ---- */

static const char *notes;      /* where it writes */
static volatile LONG existing; /* objects */
static HANDLE unused;          /* set when the last one has gone */

static void note(const char *text)
{
    HANDLE file = CreateFileA(notes, FILE_APPEND_DATA, FILE_SHARE_READ, NULL, OPEN_ALWAYS, 0, NULL);
    DWORD written;

    WriteFile(file, text, (DWORD)strlen(text), &written, NULL);
    CloseHandle(file);
}

static HRESULT STDMETHODCALLTYPE object_QueryInterface(IBackgroundCopyCallback *iface, REFIID iid,
                                                       void **out)
{
    *out = IsEqualGUID(iid, &IID_IUnknown) || IsEqualGUID(iid, &IID_IBackgroundCopyCallback) ? iface
                                                                                             : NULL;
    if (*out)
        call(iface, AddRef);
    return *out ? S_OK : E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE object_AddRef(IBackgroundCopyCallback *iface)
{
    return (ULONG)InterlockedIncrement(&existing);
}

static ULONG STDMETHODCALLTYPE object_Release(IBackgroundCopyCallback *iface)
{
    LONG left = InterlockedDecrement(&existing);

    if (!left)
        SetEvent(unused);
    return (ULONG)left;
}

static HRESULT STDMETHODCALLTYPE object_JobTransferred(IBackgroundCopyCallback *iface,
                                                       IBackgroundCopyJob *job)
{
    note("transferred ");
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE object_JobError(IBackgroundCopyCallback *iface,
                                                 IBackgroundCopyJob *job,
                                                 IBackgroundCopyError *error)
{
    note("error ");
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE object_JobModification(IBackgroundCopyCallback *iface,
                                                        IBackgroundCopyJob *job, DWORD reserved)
{
    return S_OK;
}

static const IBackgroundCopyCallbackVtbl object_vtbl = {
    .QueryInterface = object_QueryInterface,
    .AddRef = object_AddRef,
    .Release = object_Release,
    .JobTransferred = object_JobTransferred,
    .JobError = object_JobError,
    .JobModification = object_JobModification,
};
static IBackgroundCopyCallback object = {(IBackgroundCopyCallbackVtbl *)&object_vtbl};

static HRESULT STDMETHODCALLTYPE factory_QueryInterface(IClassFactory *iface, REFIID iid,
                                                        void **out)
{
    *out = IsEqualGUID(iid, &IID_IUnknown) || IsEqualGUID(iid, &IID_IClassFactory) ? iface : NULL;
    return *out ? S_OK : E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE factory_AddRef(IClassFactory *iface)
{
    return 2;
}

static ULONG STDMETHODCALLTYPE factory_Release(IClassFactory *iface)
{
    return 1;
}

static HRESULT STDMETHODCALLTYPE factory_CreateInstance(IClassFactory *iface, IUnknown *outer,
                                                        REFIID iid, void **out)
{
    note("created ");
    return call(&object, QueryInterface, iid, out);
}

static HRESULT STDMETHODCALLTYPE factory_LockServer(IClassFactory *iface, BOOL lock)
{
    return S_OK;
}

static const IClassFactoryVtbl factory_vtbl = {
    .QueryInterface = factory_QueryInterface,
    .AddRef = factory_AddRef,
    .Release = factory_Release,
    .CreateInstance = factory_CreateInstance,
    .LockServer = factory_LockServer,
};
static IClassFactory factory = {(IClassFactoryVtbl *)&factory_vtbl};

/* Until nobody has the object any more. */
static int serve(const char *path)
{
    DWORD cookie;

    notes = path;
    unused = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (FAILED(CoInitializeEx(NULL, COINIT_MULTITHREADED)) ||
        FAILED(CoRegisterClassObject(&class_id, (IUnknown *)&factory, CLSCTX_LOCAL_SERVER,
                                     REGCLS_MULTIPLEUSE, &cookie)))
        return 1;
    WaitForSingleObject(unused, DEADLINE);
    CoRevokeClassObject(cookie);
    CoUninitialize();
    return 0;
}

/* ---- tests ---- */

static const WCHAR *register_class(void)
{
    const WCHAR *path = local("notes");
    WCHAR program[MAX_PATH], line[2 * MAX_PATH + 20];
    HKEY key, server;

    assert_true(GetModuleFileNameW(NULL, program, MAX_PATH));
    swprintf(line, ARRAYSIZE(line), L"\"%ls\" class \"%ls\"", program, path);
    assert_int_equal(RegCreateKeyExW(HKEY_LOCAL_MACHINE, CLASS_KEY, 0, NULL, 0,
                                     KEY_ALL_ACCESS | KEY_WOW64_64KEY, NULL, &key, NULL),
                     ERROR_SUCCESS);
    assert_int_equal(RegCreateKeyExW(key, L"LocalServer32", 0, NULL, 0,
                                     KEY_SET_VALUE | KEY_WOW64_64KEY, NULL, &server, NULL),
                     ERROR_SUCCESS);
    assert_int_equal(RegSetValueExW(server, NULL, 0, REG_SZ, (BYTE *)line,
                                    (DWORD)(wcslen(line) + 1) * sizeof(WCHAR)),
                     ERROR_SUCCESS);
    RegCloseKey(server);
    RegCloseKey(key);
    return path;
}

static int forget_class(void **state)
{
    int result = com_clean(state); /* its jobs let go of the class, which ends */

    RegDeleteKeyExW(HKEY_LOCAL_MACHINE, CLASS_KEY L"\\LocalServer32", KEY_WOW64_64KEY, 0);
    RegDeleteKeyExW(HKEY_LOCAL_MACHINE, CLASS_KEY, KEY_WOW64_64KEY, 0);
    return result;
}

static void use_class(IBackgroundCopyJob5 *job)
{
    BITS_JOB_PROPERTY_VALUE value = {.ClsID = class_id};

    ok(call(job, SetProperty, BITS_JOB_PROPERTY_NOTIFICATION_CLSID, value));
}

/* Until the class has written that. */
static void wait_notes(const WCHAR *path, const char *wanted)
{
    ULONGLONG end = GetTickCount64() + DEADLINE;
    char *text = NULL;
    size_t size;

    do {
        assert_true(GetTickCount64() < end);
        Sleep(10);
        free(text);
        text = exists(path) ? read_file(path, &size) : _strdup("");
    } while (strlen(text) < strlen(wanted));
    assert_string_equal(text, wanted);
    free(text);
}

/* Another event of the job: it gets a file more. */
static void transfer_another(IBackgroundCopyJob5 *job)
{
    ok(call(job, AddFile, url("FAULT", "data/another?size=10"), local("another")));
    transfer(job);
}

static void class_created(void **state)
{
    const WCHAR *path = register_class();
    IBackgroundCopyJob5 *job = new_fault_download("size=10");

    use_class(job);
    ok(call(job, SetNotifyFlags, BG_NOTIFY_JOB_TRANSFERRED | BG_NOTIFY_JOB_ERROR));
    transfer(job);
    wait_notes(path, "created transferred ");
    transfer_another(job);
    wait_notes(path, "created transferred transferred ");
}

static void class_beside_interface(void **state)
{
    const WCHAR *path = register_class();
    IBackgroundCopyJob5 *job = new_fault_download("size=10");
    struct callback *callback;

    use_class(job);
    callback = listen_to(job, BG_NOTIFY_JOB_TRANSFERRED | BG_NOTIFY_JOB_ERROR);
    transfer(job);
    wait_calls(callback, TRANSFERRED, 1);
    transfer_another(job);
    wait_calls(callback, TRANSFERRED, 2);
    assert_false(exists(path));
}

/* This program, as a client that sets an interface and goes away. */
static int leave(const char *text)
{
    IBackgroundCopyJob *job;
    WCHAR wide[40];
    GUID id;

    MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, ARRAYSIZE(wide));
    notes = "NUL";
    if (SUCCEEDED(CoInitializeEx(NULL, COINIT_MULTITHREADED)) &&
        SUCCEEDED(CoCreateInstance(&CLSID_BackgroundCopyManager, NULL, CLSCTX_LOCAL_SERVER,
                                   &IID_IBackgroundCopyManager, (void **)&manager)) &&
        SUCCEEDED(CLSIDFromString(wide, &id)) && SUCCEEDED(call(manager, GetJob, &id, &job)) &&
        SUCCEEDED(call(job, SetNotifyInterface, (IUnknown *)&object)))
        TerminateProcess(GetCurrentProcess(), 7);
    return 1;
}

static void class_after_client(void **state)
{
    const WCHAR *path = register_class();
    IBackgroundCopyJob5 *job = new_fault_download("size=10");
    WCHAR line[64], text[40];
    GUID id = id_of(job);

    use_class(job);
    ok(call(job, SetNotifyFlags, BG_NOTIFY_JOB_TRANSFERRED));
    StringFromGUID2(&id, text, ARRAYSIZE(text));
    swprintf(line, ARRAYSIZE(line), L"leave %ls", text);
    run_self(line, 7);
    transfer(job);
    wait_notes(path, "created transferred ");
    transfer_another(job);
    wait_notes(path, "created transferred transferred ");
}

int main(int argc, char **argv)
{
#define CLASS_TEST(function) cmocka_unit_test_teardown(function, forget_class)
    const struct CMUnitTest tests[] = {
        CLASS_TEST(class_created),
        CLASS_TEST(class_beside_interface),
        CLASS_TEST(class_after_client),
    };

    if (argc > 2 && !strcmp(argv[1], "class"))
        return serve(argv[2]);
    if (argc > 2 && !strcmp(argv[1], "leave"))
        return leave(argv[2]);
    return run_group("class", tests);
}
