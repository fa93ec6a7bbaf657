/*
 * The machine: which run of it this is, and where the queue lives on it. Called by the engine at
 * start; calls kernel32, advapi32 and shell32.
 */
#include <windows.h>
#include <shlobj.h>
#include <sddl.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "os_private.h"

#define BOOT_KEY L"SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\BITS\\Boot"

BOOL os_is_wine(void)
{
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");

    return ntdll && GetProcAddress(ntdll, "wine_get_version");
}

/* Reads 32 hexadecimal digits with dashes among them. */
static BOOL parse_boot_id(const char *text, DWORD length, GUID *identity)
{
    BYTE bytes[sizeof(GUID)] = {0};
    DWORD i, digits = 0;

    for (i = 0; i < length && digits < 32; i++) {
        char c = text[i];
        int value;

        if (c == '-')
            continue;
        if (c >= '0' && c <= '9')
            value = c - '0';
        else if (c >= 'a' && c <= 'f')
            value = c - 'a' + 10;
        else
            return FALSE;
        bytes[digits / 2] = (BYTE)(bytes[digits / 2] << 4 | value);
        digits++;
    }
    if (digits < 32)
        return FALSE;
    memcpy(identity, bytes, sizeof(bytes));
    return TRUE;
}

/* Wine's own state ends with the last program of the prefix; the Linux kernel's does not. */
static BOOL linux_boot_id(GUID *identity)
{
    char text[64];
    DWORD length = 0;
    HANDLE file;
    BOOL ok;

    file = CreateFileW(L"\\\\?\\unix\\proc\\sys\\kernel\\random\\boot_id", GENERIC_READ,
                       FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return FALSE;
    ok = ReadFile(file, text, sizeof(text), &length, NULL) && parse_boot_id(text, length, identity);
    CloseHandle(file);
    return ok;
}

/*
 * A volatile registry key lives exactly as long as Windows runs. The boot time would do as well but
 * for clocks that are set, which move it. Where Wine runs without Linux the key ends with the
 * prefix: earlier than it need, never later.
 */
static HRESULT volatile_boot_id(GUID *identity)
{
    DWORD size = sizeof(*identity), type;
    HKEY key;
    LSTATUS status;
    HRESULT hr = S_OK;

    status = RegCreateKeyExW(HKEY_LOCAL_MACHINE, BOOT_KEY, 0, NULL, REG_OPTION_VOLATILE,
                             KEY_QUERY_VALUE | KEY_SET_VALUE, NULL, &key, NULL);
    if (status)
        return HRESULT_FROM_WIN32(status);
    status = RegQueryValueExW(key, L"Identity", NULL, &type, (BYTE *)identity, &size);
    if (status || type != REG_BINARY || size != sizeof(*identity)) {
        hr = CoCreateGuid(identity);
        if (SUCCEEDED(hr)) {
            status = RegSetValueExW(key, L"Identity", 0, REG_BINARY, (const BYTE *)identity,
                                    sizeof(*identity));
            hr = HRESULT_FROM_WIN32(status);
        }
    }
    RegCloseKey(key);
    return hr;
}

HRESULT os_boot_identity(GUID *identity)
{
    memset(identity, 0, sizeof(*identity));
    if (os_is_wine() && linux_boot_id(identity))
        return S_OK;
    return volatile_boot_id(identity);
}

/*
 * The all-users profile as the shell knows it, LocalFree. Not the variable ALLUSERSPROFILE: under
 * Wine services get one of an older Windows.
 */
static HRESULT all_users_profile(WCHAR **path)
{
    WCHAR *known;
    HRESULT hr;

    *path = NULL;
    hr = SHGetKnownFolderPath(&FOLDERID_ProgramData, 0, NULL, &known);
    if (FAILED(hr))
        return hr;
    *path = LocalAlloc(LMEM_FIXED, (wcslen(known) + 1) * sizeof(WCHAR));
    if (*path)
        wcscpy(*path, known);
    CoTaskMemFree(known);
    return *path ? S_OK : E_OUTOFMEMORY;
}

/* Full access for the system, administrators and the account we run as; nobody else. LocalFree. */
static PSECURITY_DESCRIPTOR private_security(void)
{
    static const WCHAR format[] = L"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;";
    PSECURITY_DESCRIPTOR descriptor = NULL;
    struct os_identity self;
    WCHAR *sddl;
    size_t length;

    if (FAILED(os_process_identity(&self)))
        return NULL;
    length = wcslen(format) + wcslen(self.sid) + 2;
    if ((sddl = malloc(length * sizeof(WCHAR)))) {
        wcscpy(sddl, format);
        wcscat(sddl, self.sid);
        wcscat(sddl, L")");
        if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl, SDDL_REVISION_1,
                                                                  &descriptor, NULL)) {
            descriptor = NULL;
        }
        free(sddl);
    }
    os_identity_release(&self);
    return descriptor;
}

HRESULT os_downloader_folder(WCHAR **path)
{
    static const WCHAR *const parts[] = {L"\\Microsoft", L"\\Network", L"\\Downloader"};
    SECURITY_ATTRIBUTES security = {sizeof(security), NULL, FALSE};
    WCHAR *base, *folder;
    DWORD error = 0, attributes;
    HRESULT hr;
    size_t i;

    *path = NULL;
    if (FAILED(hr = all_users_profile(&base)))
        return hr;
    folder = LocalAlloc(LMEM_FIXED, (wcslen(base) + 40) * sizeof(WCHAR));
    if (folder)
        wcscpy(folder, base);
    LocalFree(base);
    if (!folder)
        return E_OUTOFMEMORY;
    for (i = 0; i < ARRAYSIZE(parts); i++) {
        wcscat(folder, parts[i]);
        if (i == ARRAYSIZE(parts) - 1)
            security.lpSecurityDescriptor = private_security();
        error = CreateDirectoryW(folder, security.lpSecurityDescriptor ? &security : NULL)
                    ? 0
                    : GetLastError();
    }
    LocalFree(security.lpSecurityDescriptor);
    attributes = GetFileAttributesW(folder);
    if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY)) {
        *path = folder;
        return S_OK;
    }
    LocalFree(folder);
    return HRESULT_FROM_WIN32(error ? error : ERROR_PATH_NOT_FOUND);
}

/* LocalSystem has it, but not in force. */
static void use_restore_privilege(void)
{
    TOKEN_PRIVILEGES privileges = {1, {{{0, 0}, SE_PRIVILEGE_ENABLED}}};
    HANDLE token;

    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token))
        return;
    if (LookupPrivilegeValueW(NULL, SE_RESTORE_NAME, &privileges.Privileges[0].Luid))
        AdjustTokenPrivileges(token, FALSE, &privileges, 0, NULL, NULL);
    CloseHandle(token);
}

void os_give_file(const WCHAR *path, const WCHAR *text)
{
    SECURITY_DESCRIPTOR descriptor;
    PSID sid;

    if (!ConvertStringSidToSidW(text, &sid))
        return;
    use_restore_privilege();
    if (InitializeSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION) &&
        SetSecurityDescriptorOwner(&descriptor, sid, FALSE))
        SetFileSecurityW(path, OWNER_SECURITY_INFORMATION, &descriptor);
    LocalFree(sid);
}
