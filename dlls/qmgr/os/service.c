/*
 * The service's place in the system: policy from the registry, start type, event log. Called by
 * the engine; calls advapi32.
 */
#include <windows.h>

#include "os_private.h"

#define POLICY_KEY   L"Software\\Policies\\Microsoft\\Windows\\BITS"
#define STATE_KEY    L"SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\BITS"
#define DAMAGE_VALUE L"DamagedQueue"
#define LSA_KEY      L"System\\CurrentControlSet\\Control\\Lsa"
#define SERVICE_NAME L"BITS"
#define SERVICE_KEY  L"System\\CurrentControlSet\\Services\\BITS"

/* QUERY_SERVICE_CONFIG with its strings never takes more (nf-winsvc-queryserviceconfigw). */
#define CONFIG_BYTES 8192

static DWORD read_dword(const WCHAR *key, const WCHAR *name, DWORD fallback)
{
    DWORD value, size = sizeof(value);

    if (RegGetValueW(HKEY_LOCAL_MACHINE, key, name, RRF_RT_REG_DWORD, NULL, &value, &size))
        return fallback;
    return value;
}

DWORD os_policy_dword(const WCHAR *name, DWORD fallback)
{
    return read_dword(POLICY_KEY, name, fallback);
}

BOOL os_unasked_credentials(void)
{
    DWORD use = read_dword(STATE_KEY, L"UseLMCompat", 2);

    return !use || (use == 1 && read_dword(LSA_KEY, L"LmCompatibilityLevel", 0) >= 2);
}

static HRESULT change_start_type(SC_HANDLE service, BOOL automatic)
{
    union {
        QUERY_SERVICE_CONFIGW config;
        BYTE bytes[CONFIG_BYTES];
    } buffer;
    DWORD wanted = automatic ? SERVICE_AUTO_START : SERVICE_DEMAND_START, size;
    SERVICE_DELAYED_AUTO_START_INFO delayed = {TRUE};

    if (QueryServiceConfigW(service, &buffer.config, sizeof(buffer), &size) &&
        buffer.config.dwStartType == wanted) {
        return S_OK;
    }
    if (!ChangeServiceConfigW(service, SERVICE_NO_CHANGE, wanted, SERVICE_NO_CHANGE, NULL, NULL,
                              NULL, NULL, NULL, NULL, NULL)) {
        return HRESULT_FROM_WIN32(GetLastError());
    }
    /* A Wine prefix may be gone before a delayed service would start. */
    if (automatic && !os_is_wine())
        ChangeServiceConfig2W(service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &delayed);
    return S_OK;
}

void os_note_damage(const WCHAR *aside)
{
    RegSetKeyValueW(HKEY_LOCAL_MACHINE, STATE_KEY, DAMAGE_VALUE, REG_SZ, aside,
                    (DWORD)((lstrlenW(aside) + 1) * sizeof(*aside)));
}

void os_check_damage_note(void)
{
    WCHAR path[MAX_PATH];
    DWORD size = sizeof(path);

    if (!RegGetValueW(HKEY_LOCAL_MACHINE, STATE_KEY, DAMAGE_VALUE, RRF_RT_REG_SZ, NULL, path,
                      &size) &&
        GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES &&
        (GetLastError() == ERROR_FILE_NOT_FOUND || GetLastError() == ERROR_PATH_NOT_FOUND))
        RegDeleteKeyValueW(HKEY_LOCAL_MACHINE, STATE_KEY, DAMAGE_VALUE);
}

/* The start type is to be on the disk before the machine may crash. Wine 8 takes no notice and
 * writes its registry every half minute. */
static void write_down(void)
{
    HKEY key;

    if (!RegOpenKeyExW(HKEY_LOCAL_MACHINE, SERVICE_KEY, 0, KEY_QUERY_VALUE, &key)) {
        RegFlushKey(key);
        RegCloseKey(key);
    }
}

HRESULT os_set_start_type(BOOL automatic)
{
    SC_HANDLE manager, service;
    HRESULT hr;

    if (!(manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT)))
        return HRESULT_FROM_WIN32(GetLastError());
    service = OpenServiceW(manager, SERVICE_NAME, SERVICE_QUERY_CONFIG | SERVICE_CHANGE_CONFIG);
    if (service) {
        hr = change_start_type(service, automatic);
        if (SUCCEEDED(hr))
            write_down();
        CloseServiceHandle(service);
    } else {
        DWORD error = GetLastError();

        hr = error == ERROR_SERVICE_DOES_NOT_EXIST ? S_FALSE : HRESULT_FROM_WIN32(error);
    }
    CloseServiceHandle(manager);
    return hr;
}

void os_log_event(WORD type, DWORD id, const WCHAR *text)
{
    HANDLE source = RegisterEventSourceW(NULL, L"Bits");
    const WCHAR *strings[] = {text};

    if (!source)
        return;
    ReportEventW(source, type, 0, id, NULL, text ? 1 : 0, 0, text ? strings : NULL, NULL);
    DeregisterEventSource(source);
}
