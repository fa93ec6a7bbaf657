/*
 * See service.h. Called by the tests of this folder; calls the service control manager and the
 * registry.
 */
#include "service.h"

#include <tlhelp32.h>

#define POLICY_KEY L"Software\\Policies\\Microsoft\\Windows\\BITS"

static WCHAR policies[16][64];
static size_t policy_count;

static void wait_service(SC_HANDLE service, DWORD wanted)
{
    ULONGLONG end = GetTickCount64() + DEADLINE;
    SERVICE_STATUS status;

    for (;;) {
        assert_true(QueryServiceStatus(service, &status));
        if (status.dwCurrentState == wanted)
            return;
        if (GetTickCount64() > end)
            fail_msg("the service is in state %lu, not in %lu", status.dwCurrentState, wanted);
        Sleep(10);
    }
}

/* Gives up the manager and tells the service to stop; the caller closes the handle. */
static SC_HANDLE stop_service(void)
{
    SC_HANDLE control = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT), service;
    SERVICE_STATUS status;

    assert_non_null(control);
    service = OpenServiceW(control, L"BITS", SERVICE_START | SERVICE_STOP | SERVICE_QUERY_STATUS);
    assert_non_null(service);
    CloseServiceHandle(control);
    call(manager, Release);
    manager = NULL;
    assert_true(ControlService(service, SERVICE_CONTROL_STOP, &status));
    return service;
}

static void connect_service(void)
{
    ok(CoCreateInstance(&CLSID_BackgroundCopyManager, NULL, CLSCTX_LOCAL_SERVER,
                        &IID_IBackgroundCopyManager, (void **)&manager));
}

void restart_service(void)
{
    SC_HANDLE service = stop_service();

    wait_service(service, SERVICE_STOPPED);
    assert_true(StartServiceW(service, 0, NULL));
    wait_service(service, SERVICE_RUNNING);
    CloseServiceHandle(service);
    connect_service();
}

void replace_service(void)
{
    CloseServiceHandle(stop_service());
    connect_service();
}

HANDLE service_process(DWORD access)
{
    SC_HANDLE control = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT), service;
    SERVICE_STATUS_PROCESS status = {0};
    HANDLE process;
    DWORD size;

    assert_non_null(control);
    service = OpenServiceW(control, L"BITS", SERVICE_QUERY_STATUS);
    assert_non_null(service);
    assert_true(QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&status,
                                     sizeof(status), &size));
    CloseServiceHandle(service);
    CloseServiceHandle(control);
    process = OpenProcess(access, FALSE, status.dwProcessId);
    assert_non_null(process);
    return process;
}

/* Wine's rpcss keeps the class registration of a server that was killed, and hands it to clients
 * for ever; killed along with the server it is started anew. */
static void kill_broker(void)
{
    PROCESSENTRY32W entry = {.dwSize = sizeof(entry)};
    HANDLE list, process;

    if (!GetProcAddress(GetModuleHandleW(L"ntdll"), "wine_get_version"))
        return;
    list = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    for (BOOL more = Process32FirstW(list, &entry); more; more = Process32NextW(list, &entry)) {
        if (lstrcmpiW(entry.szExeFile, L"rpcss.exe") ||
            !(process = OpenProcess(PROCESS_TERMINATE | SYNCHRONIZE, FALSE, entry.th32ProcessID)))
            continue;
        TerminateProcess(process, 1);
        WaitForSingleObject(process, DEADLINE);
        CloseHandle(process);
    }
    CloseHandle(list);
}

void kill_service(void)
{
    HANDLE process = service_process(PROCESS_TERMINATE | SYNCHRONIZE);

    release_tracked();
    call(manager, Release);
    manager = NULL;
    assert_true(TerminateProcess(process, 1));
    kill_broker();
    assert_int_equal(WaitForSingleObject(process, DEADLINE), WAIT_OBJECT_0);
    CloseHandle(process);
}

IBackgroundCopyJob5 *again(GUID id)
{
    IBackgroundCopyJob *job = NULL;
    IBackgroundCopyJob5 *job5;

    ok(call(manager, GetJob, &id, &job));
    job5 = query(job, &IID_IBackgroundCopyJob5);
    call(job, Release);
    return job5;
}

void set_policy(const WCHAR *name, DWORD value)
{
    HKEY key;

    assert_true(policy_count < ARRAYSIZE(policies));
    assert_int_equal(RegCreateKeyExW(HKEY_LOCAL_MACHINE, POLICY_KEY, 0, NULL, 0,
                                     KEY_SET_VALUE | KEY_WOW64_64KEY, NULL, &key, NULL),
                     ERROR_SUCCESS);
    wcscpy(policies[policy_count++], name);
    assert_int_equal(RegSetValueExW(key, name, 0, REG_DWORD, (BYTE *)&value, sizeof(value)),
                     ERROR_SUCCESS);
    RegCloseKey(key);
}

void forget_policies(void)
{
    HKEY key;

    if (policy_count && RegOpenKeyExW(HKEY_LOCAL_MACHINE, POLICY_KEY, 0,
                                      KEY_SET_VALUE | KEY_WOW64_64KEY, &key) == ERROR_SUCCESS) {
        while (policy_count)
            RegDeleteValueW(key, policies[--policy_count]);
        RegCloseKey(key);
    }
}

int clear_policies(void **state)
{
    forget_policies();
    return com_clean(state);
}
