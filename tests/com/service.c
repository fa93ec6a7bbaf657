/*
 * See service.h. Called by the tests of this folder; calls the service control manager and the
 * registry.
 */
#include "service.h"

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

void restart_service(void)
{
    SC_HANDLE control = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT), service;
    SERVICE_STATUS status;

    assert_non_null(control);
    service = OpenServiceW(control, L"BITS", SERVICE_START | SERVICE_STOP | SERVICE_QUERY_STATUS);
    assert_non_null(service);
    call(manager, Release);
    manager = NULL;
    assert_true(ControlService(service, SERVICE_CONTROL_STOP, &status));
    wait_service(service, SERVICE_STOPPED);
    assert_true(StartServiceW(service, 0, NULL));
    wait_service(service, SERVICE_RUNNING);
    CloseServiceHandle(service);
    CloseServiceHandle(control);
    ok(CoCreateInstance(&CLSID_BackgroundCopyManager, NULL, CLSCTX_LOCAL_SERVER,
                        &IID_IBackgroundCopyManager, (void **)&manager));
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

int clear_policies(void **state)
{
    HKEY key;

    if (policy_count && RegOpenKeyExW(HKEY_LOCAL_MACHINE, POLICY_KEY, 0,
                                      KEY_SET_VALUE | KEY_WOW64_64KEY, &key) == ERROR_SUCCESS) {
        while (policy_count)
            RegDeleteValueW(key, policies[--policy_count]);
        RegCloseKey(key);
    }
    return com_clean(state);
}
