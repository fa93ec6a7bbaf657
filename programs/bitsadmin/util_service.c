/*
 * /UTIL /REPAIRSERVICE: looks over the service entry of BITS, corrects what keeps it from starting,
 * and starts it. Called from the command table; uses the service control manager and the registry,
 * not the service itself (page "bitsadmin util and repairservice").
 */
#include "handlers.h"

#include <stdlib.h>
#include <wchar.h>

#include "output.h"
#include "session.h"
#include "words.h"

#define SERVICE_NAME    L"BITS"
#define SERVICE_TITLE   L"Background Intelligent Transfer Service"
#define SERVICE_PROGRAM L"%SystemRoot%\\System32\\svchost.exe -k netsvcs"
#define SERVICE_DLL     L"%SystemRoot%\\System32\\qmgr.dll"
#define SERVICE_KEY     L"SYSTEM\\CurrentControlSet\\Services\\BITS\\Parameters"

/* Time that the service gets to stop, in milliseconds. */
#define STOP_TIME 30000
#define STOP_STEP 100

static HRESULT last_error(void)
{
    return HRESULT_FROM_WIN32(GetLastError());
}

/* svchost finds the DLL of a service here. */
static HRESULT write_service_dll(void)
{
    static const WCHAR path[] = SERVICE_DLL;
    LSTATUS status = RegSetKeyValueW(HKEY_LOCAL_MACHINE, SERVICE_KEY, L"ServiceDll", REG_EXPAND_SZ,
                                     path, sizeof(path));

    return HRESULT_FROM_WIN32(status);
}

static HRESULT create_service(const struct session *session, SC_HANDLE manager, SC_HANDLE *service)
{
    HRESULT hr;

    *service =
        CreateServiceW(manager, SERVICE_NAME, SERVICE_TITLE, SERVICE_ALL_ACCESS,
                       SERVICE_WIN32_SHARE_PROCESS, SERVICE_DEMAND_START, SERVICE_ERROR_NORMAL,
                       SERVICE_PROGRAM, NULL, NULL, L"RpcSs\0", L"LocalSystem", NULL);
    if (!*service)
        return report_failure(session, last_error(), L"create the service");
    hr = write_service_dll();
    if (FAILED(hr)) {
        CloseServiceHandle(*service);
        return report_failure(session, hr, L"set the library of the service");
    }
    output_print(L"The service was created.\n");
    return S_OK;
}

static HRESULT stop_service(SC_HANDLE service)
{
    ULONGLONG deadline = GetTickCount64() + STOP_TIME;
    SERVICE_STATUS status;

    if (!ControlService(service, SERVICE_CONTROL_STOP, &status)) {
        DWORD error = GetLastError();
        return error == ERROR_SERVICE_NOT_ACTIVE ? S_OK : HRESULT_FROM_WIN32(error);
    }
    while (status.dwCurrentState != SERVICE_STOPPED) {
        if (GetTickCount64() >= deadline)
            return HRESULT_FROM_WIN32(ERROR_SERVICE_REQUEST_TIMEOUT);
        Sleep(STOP_STEP);
        if (!QueryServiceStatus(service, &status))
            return last_error();
    }
    return S_OK;
}

static HRESULT delete_service(const struct session *session, SC_HANDLE service)
{
    HRESULT hr = stop_service(service);

    if (FAILED(hr))
        return report_failure(session, hr, L"stop the service");
    if (!DeleteService(service))
        return report_failure(session, last_error(), L"delete the service");
    output_print(L"The service was deleted.\n");
    return S_OK;
}

static QUERY_SERVICE_CONFIGW *read_config(SC_HANDLE service)
{
    QUERY_SERVICE_CONFIGW *config;
    DWORD size = 0;

    QueryServiceConfigW(service, NULL, 0, &size);
    config = size ? malloc(size) : NULL;
    if (config && !QueryServiceConfigW(service, config, size, &size)) {
        free(config);
        config = NULL;
    }
    return config;
}

/* BITS works without the workstation service; an entry that asks for it does not start where that
 * one is missing. Takes it out of the list in place; true if it was there. */
static bool drop_workstation(WCHAR *dependencies)
{
    WCHAR *from = dependencies, *to = dependencies;
    bool found = false;

    if (!dependencies)
        return false;
    while (*from) {
        size_t length = wcslen(from) + 1;

        if (_wcsicmp(from, L"LanmanWorkstation")) {
            wmemmove(to, from, length);
            to += length;
        } else {
            found = true;
        }
        from += length;
    }
    *to = 0;
    return found;
}

static HRESULT correct_config(const struct session *session, SC_HANDLE service)
{
    QUERY_SERVICE_CONFIGW *config = read_config(service);
    DWORD start = SERVICE_NO_CHANGE;
    bool dependencies;
    HRESULT hr = S_OK;

    if (!config)
        return report_failure(session, last_error(), L"read the configuration of the service");
    if (config->dwStartType == SERVICE_DISABLED) {
        start = SERVICE_DEMAND_START;
        output_print(L"The service was disabled; it starts on demand now.\n");
    }
    dependencies = drop_workstation(config->lpDependencies);
    if (dependencies)
        output_print(L"The dependency on the workstation service was removed.\n");
    /* An empty list is said with an empty text; NULL would leave the list as it is. */
    if ((dependencies || start != SERVICE_NO_CHANGE) &&
        !ChangeServiceConfigW(service, SERVICE_NO_CHANGE, start, SERVICE_NO_CHANGE, NULL, NULL,
                              NULL, dependencies ? config->lpDependencies : NULL, NULL, NULL,
                              NULL)) {
        hr = last_error();
        report_failure(session, hr, L"correct the configuration of the service");
    }
    free(config);
    return hr;
}

static HRESULT start_service(const struct session *session, SC_HANDLE service)
{
    if (!StartServiceW(service, 0, NULL) && GetLastError() != ERROR_SERVICE_ALREADY_RUNNING)
        return report_failure(session, last_error(), L"start the service");
    output_print(L"The service runs.\n");
    return S_OK;
}

static HRESULT repair(const struct session *session, SC_HANDLE manager, bool force)
{
    SC_HANDLE service = OpenServiceW(manager, SERVICE_NAME, SERVICE_ALL_ACCESS);
    HRESULT hr = S_OK;

    if (!service && GetLastError() != ERROR_SERVICE_DOES_NOT_EXIST)
        return report_failure(session, last_error(), L"open the service");
    if (service && force) {
        hr = delete_service(session, service);
        CloseServiceHandle(service);
        service = NULL;
    }
    if (SUCCEEDED(hr) && !service)
        hr = create_service(session, manager, &service);
    if (FAILED(hr))
        return hr;
    hr = correct_config(session, service);
    if (SUCCEEDED(hr))
        hr = start_service(session, service);
    CloseServiceHandle(service);
    return hr;
}

HRESULT command_util_repair_service(const struct invocation *invocation)
{
    bool force = invocation->count == 1;
    SC_HANDLE manager;
    HRESULT hr;

    if (force && !is_switch(invocation->args[0], L"FORCE")) {
        output_print(L"\"%ls\" is not a switch of this command.\n", invocation->args[0]);
        return BITSADMIN_E_USAGE;
    }
    manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE);
    if (!manager)
        return report_failure(invocation->session, last_error(),
                              L"open the service control manager");
    hr = repair(invocation->session, manager, force);
    CloseServiceHandle(manager);
    return hr;
}
