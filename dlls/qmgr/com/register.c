/*
 * Self-registration: the classes, their AppID, which names the service, and the service itself.
 */
#include "com.h"

#include <stdio.h>

/* The AppID in use for the service is the CLSID of the legacy BackgroundCopyQMgr class. */
#define APP_ID      L"{69AD4AEE-51BE-439b-A92C-86AE490E8B30}"
#define SERVICE_KEY L"SYSTEM\\CurrentControlSet\\Services\\BITS"

static LONG set_string(HKEY root, const WCHAR *path, const WCHAR *name, const WCHAR *value,
                       DWORD type)
{
    return RegSetKeyValueW(root, path, name, type, value, (lstrlenW(value) + 1) * sizeof(*value));
}

static LONG set_dword(HKEY root, const WCHAR *path, const WCHAR *name, DWORD value)
{
    return RegSetKeyValueW(root, path, name, REG_DWORD, &value, sizeof(value));
}

static LONG register_classes(void)
{
    WCHAR path[64], clsid[40];
    const CLSID *class;
    LONG error = ERROR_SUCCESS;

    for (ULONG i = 0; !error && (class = factory_class(i)); i++) {
        StringFromGUID2(class, clsid, ARRAYSIZE(clsid));
        swprintf(path, ARRAYSIZE(path), L"CLSID\\%ls", clsid);
        error = set_string(HKEY_CLASSES_ROOT, path, NULL, L"Background Copy Manager", REG_SZ);
        if (!error)
            error = set_string(HKEY_CLASSES_ROOT, path, L"AppID", APP_ID, REG_SZ);
    }
    if (!error)
        error = set_string(HKEY_CLASSES_ROOT, L"AppID\\" APP_ID, NULL, L"BITS", REG_SZ);
    if (!error)
        error = set_string(HKEY_CLASSES_ROOT, L"AppID\\" APP_ID, L"LocalService", L"BITS", REG_SZ);
    return error;
}

/* For as long as Windows runs, in one view of the registry. */
static void set_volatile(const WCHAR *path, REGSAM view, const WCHAR *name, const WCHAR *value)
{
    HKEY key;

    if (RegCreateKeyExW(HKEY_LOCAL_MACHINE, path, 0, NULL, REG_OPTION_VOLATILE,
                        KEY_SET_VALUE | view, NULL, &key, NULL))
        return;
    RegSetValueExW(key, name, 0, REG_SZ, (const BYTE *)value,
                   (lstrlenW(value) + 1) * sizeof(*value));
    RegCloseKey(key);
}

void register_alias(const CLSID *class, const GUID *alias)
{
    static const REGSAM views[] = {KEY_WOW64_64KEY, KEY_WOW64_32KEY};
    WCHAR path[96], clsid[40], other[40];

    StringFromGUID2(class, clsid, ARRAYSIZE(clsid));
    StringFromGUID2(alias, other, ARRAYSIZE(other));
    for (ULONG i = 0; i < ARRAYSIZE(views); i++) {
        swprintf(path, ARRAYSIZE(path), L"Software\\Classes\\CLSID\\%ls", other);
        set_volatile(path, views[i], L"AppID", APP_ID);
        swprintf(path, ARRAYSIZE(path), L"Software\\Classes\\CLSID\\%ls\\TreatAs", clsid);
        set_volatile(path, views[i], NULL, other);
    }
}

/* Adds BITS to the netsvcs group of svchost where it is missing. */
static LONG join_group(void)
{
    static const WCHAR path[] = L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Svchost";
    WCHAR group[4096];
    DWORD size = sizeof(group) - 8 * sizeof(WCHAR), length = 0;

    if (RegGetValueW(HKEY_LOCAL_MACHINE, path, L"netsvcs", RRF_RT_REG_MULTI_SZ, NULL, group, &size))
        group[0] = 0;
    while (group[length]) {
        if (!lstrcmpiW(group + length, L"BITS"))
            return ERROR_SUCCESS;
        length += lstrlenW(group + length) + 1;
    }
    lstrcpyW(group + length, L"BITS");
    length += 5;
    group[length++] = 0;
    return RegSetKeyValueW(HKEY_LOCAL_MACHINE, path, L"netsvcs", REG_MULTI_SZ, group,
                           length * sizeof(WCHAR));
}

/* The service as Windows has it: in svchost's group netsvcs, our DLL as its ServiceDll. */
static LONG register_service(const WCHAR *dll)
{
    LONG error = join_group();
    SC_HANDLE manager, service;

    if (error)
        return error;
    manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CREATE_SERVICE);
    if (!manager)
        return GetLastError();
    service = CreateServiceW(
        manager, L"BITS", L"Background Intelligent Transfer Service", SERVICE_ALL_ACCESS,
        SERVICE_WIN32_SHARE_PROCESS, SERVICE_DEMAND_START, SERVICE_ERROR_NORMAL,
        L"%SystemRoot%\\System32\\svchost.exe -k netsvcs", NULL, NULL, NULL, NULL, NULL);
    if (!service && GetLastError() != ERROR_SERVICE_EXISTS)
        error = GetLastError();
    if (service)
        CloseServiceHandle(service);
    CloseServiceHandle(manager);
    if (!error)
        error = set_string(HKEY_LOCAL_MACHINE, SERVICE_KEY L"\\Parameters", L"ServiceDll", dll,
                           REG_EXPAND_SZ);
    return error;
}

/* The event source "Bits" of the application log. */
static LONG register_event_source(const WCHAR *dll)
{
    static const WCHAR path[] = L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\Bits";
    LONG error = set_string(HKEY_LOCAL_MACHINE, path, L"EventMessageFile", dll, REG_EXPAND_SZ);

    return error ? error : set_dword(HKEY_LOCAL_MACHINE, path, L"TypesSupported", 7);
}

HRESULT register_server(HMODULE module)
{
    WCHAR dll[MAX_PATH];
    DWORD length = GetModuleFileNameW(module, dll, ARRAYSIZE(dll));
    LONG error = length && length < ARRAYSIZE(dll) ? register_classes() : ERROR_INSUFFICIENT_BUFFER;

    if (!error)
        error = register_service(dll);
    if (!error)
        error = register_event_source(dll);
    return HRESULT_FROM_WIN32(error);
}

/* The service entry stays: it belongs to the system, which may have another qmgr.dll to put there.
 */
HRESULT unregister_server(void)
{
    WCHAR path[64], clsid[40];
    const CLSID *class;

    for (ULONG i = 0; (class = factory_class(i)); i++) {
        StringFromGUID2(class, clsid, ARRAYSIZE(clsid));
        swprintf(path, ARRAYSIZE(path), L"CLSID\\%ls", clsid);
        RegDeleteTreeW(HKEY_CLASSES_ROOT, path);
    }
    RegDeleteTreeW(HKEY_CLASSES_ROOT, L"AppID\\" APP_ID);
    RegDeleteTreeW(HKEY_LOCAL_MACHINE,
                   L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\Bits");
    return S_OK;
}
