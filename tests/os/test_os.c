/*
 * os/: each function against the system it asks, and against the system's own tools for the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <windows.h>
#include <sddl.h>
#include <shlobj.h>
#include <knownfolders.h>
#include <cmocka.h>

#include "os/os.h"

#define POLICY      L"Software\\Policies\\Microsoft\\Windows\\BITS"
#define DEADLINE_MS 20000

static void test_secret(void **state)
{
    static const WCHAR password[] = L"correct horse \x20ac battery";
    WCHAR *clear;
    BYTE *blob;
    ULONG size, i;
    BOOL refused = FALSE;

    assert_int_equal(os_protect(password, &blob, &size), S_OK);
    assert_true(size > sizeof(password));
    for (i = 0; i + 8 <= size; i++)
        assert_memory_not_equal(blob + i, L"horse", 8);
    assert_int_equal(os_unprotect(blob, size, &clear), S_OK);
    assert_true(!wcscmp(clear, password));
    os_wipe_free(clear);

    /* Damage is noticed, and when not, nothing else goes wrong. */
    for (i = 0; i < size; i += 7) {
        blob[i] ^= 0x40;
        if (FAILED(os_unprotect(blob, size, &clear)))
            refused = TRUE;
        else
            os_wipe_free(clear);
        blob[i] ^= 0x40;
    }
    assert_true(refused);
    assert_true(FAILED(os_unprotect(blob, size / 2, &clear)));
    assert_null(clear);
    assert_true(FAILED(os_unprotect(NULL, 0, &clear)));
    free(blob);

    assert_int_equal(os_protect(L"", &blob, &size), S_OK);
    assert_int_equal(os_unprotect(blob, size, &clear), S_OK);
    assert_int_equal(clear[0], 0);
    os_wipe_free(clear);
    free(blob);
    os_wipe_free(NULL);
}

static void test_boot_identity(void **state)
{
    GUID first, second;
    char text[64] = "", digits[33] = "";
    size_t used = 0, i;
    FILE *file;

    assert_int_equal(os_boot_identity(&first), S_OK);
    assert_int_equal(os_boot_identity(&second), S_OK);
    assert_true(IsEqualGUID(&first, &second));
    assert_false(IsEqualGUID(&first, &GUID_NULL));
    if (!(file = fopen("Z:\\proc\\sys\\kernel\\random\\boot_id", "r")))
        return; /* Windows */
    assert_non_null(fgets(text, sizeof(text), file));
    fclose(file);
    for (i = 0; i < sizeof(first); i++)
        used += (size_t)sprintf(digits + used, "%02x", ((const BYTE *)&first)[i]);
    for (i = used = 0; text[i]; i++) {
        if (text[i] != '-')
            text[used++] = text[i];
    }
    assert_memory_equal(text, digits, 32);
}

static void test_downloader_folder(void **state)
{
    WCHAR expected[MAX_PATH], file[MAX_PATH + 8], *path, *known;
    HANDLE handle;

    /* The shell's answer counts: under Wine the variable is another one in services. */
    assert_true(SetEnvironmentVariableW(L"ALLUSERSPROFILE", L"C:\\nowhere"));
    assert_int_equal(SHGetKnownFolderPath(&FOLDERID_ProgramData, 0, NULL, &known), S_OK);
    swprintf(expected, MAX_PATH, L"%ls\\Microsoft\\Network\\Downloader", known);
    CoTaskMemFree(known);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(os_downloader_folder(&path), S_OK);
        assert_int_equal(wcscmp(path, expected), 0);
        LocalFree(path);
    }
    /* Whoever made it can use it. */
    swprintf(file, ARRAYSIZE(file), L"%ls\\file", expected);
    handle = CreateFileW(file, GENERIC_WRITE, 0, NULL, CREATE_NEW, FILE_FLAG_DELETE_ON_CLOSE, NULL);
    assert_ptr_not_equal(handle, INVALID_HANDLE_VALUE);
    CloseHandle(handle);
}

/* The file that Wine needs to tell whether a directory takes one does not outlive a crash. */
static void test_probe_left_by_a_crash(void **state)
{
    WCHAR folder[MAX_PATH], probe[MAX_PATH + 16], kept[MAX_PATH + 16], note[MAX_PATH + 16];
    const WCHAR *noted[] = {probe, kept};
    DWORD written;
    HANDLE file;

    assert_true(GetTempPathW(ARRAYSIZE(folder), folder));
    swprintf(probe, ARRAYSIZE(probe), L"%lsBITprobe.tmp", folder);
    swprintf(kept, ARRAYSIZE(kept), L"%lsBITkept.tmp", folder);
    swprintf(note, ARRAYSIZE(note), L"%lsprobe", folder);
    folder[wcslen(folder) - 1] = 0;
    for (int i = 0; i < 2; i++) {
        file = CreateFileW(noted[i], GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
        assert_ptr_not_equal(file, INVALID_HANDLE_VALUE);
        if (i)
            assert_true(WriteFile(file, "data", 4, &written, NULL));
        CloseHandle(file);
        file = CreateFileW(note, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
        assert_ptr_not_equal(file, INVALID_HANDLE_VALUE);
        assert_true(
            WriteFile(file, noted[i], (DWORD)(wcslen(noted[i]) * sizeof(WCHAR)), &written, NULL));
        CloseHandle(file);
        os_probe_notes(folder);
        assert_int_equal(GetFileAttributesW(note), INVALID_FILE_ATTRIBUTES);
    }
    assert_int_equal(GetFileAttributesW(probe), INVALID_FILE_ATTRIBUTES);
    assert_true(DeleteFileW(kept)); /* that was nobody's probe */
}

static void test_identity(void **state)
{
    struct os_identity self, client;
    PSID sid;

    assert_int_equal(os_client_identity(&self), S_OK);
    assert_null(self.token);
    assert_true(ConvertStringSidToSidW(self.sid, &sid));
    LocalFree(sid);
    assert_true(self.integrity >= SECURITY_MANDATORY_LOW_RID);
    assert_true(self.integrity <= SECURITY_MANDATORY_PROTECTED_PROCESS_RID);
    assert_false(self.restricted);

    assert_true(ImpersonateSelf(SecurityImpersonation));
    assert_int_equal(os_client_identity(&client), S_OK);
    assert_true(RevertToSelf());
    assert_non_null(client.token);
    assert_int_equal(wcscmp(client.sid, self.sid), 0);
    assert_int_equal(client.integrity, self.integrity);
    assert_int_equal(client.elevated, self.elevated);
    assert_int_equal(client.administrator, self.administrator);
    /* The token stays good for acting as the client. */
    assert_true(ImpersonateLoggedOnUser(client.token));
    assert_true(RevertToSelf());
    os_identity_release(&client);
    assert_null(client.sid);
    os_identity_release(&self);
}

/* Who hides is nobody, and least of all the service. */
static void test_anonymous(void **state)
{
    HANDLE self, anonymous;
    struct os_identity client;

    assert_true(OpenProcessToken(GetCurrentProcess(), TOKEN_DUPLICATE | TOKEN_QUERY, &self));
    assert_true(DuplicateTokenEx(self, TOKEN_ALL_ACCESS, NULL, SecurityAnonymous,
                                 TokenImpersonation, &anonymous));
    assert_true(SetThreadToken(NULL, anonymous));
    assert_int_equal(os_client_identity(&client), E_ACCESSDENIED);
    assert_true(SetThreadToken(NULL, NULL));
    assert_null(client.sid);
    os_identity_release(&client);
    CloseHandle(anonymous);
    CloseHandle(self);
}

static void test_user_token(void **state)
{
    struct os_identity self;
    HANDLE token;

    assert_int_equal(os_client_identity(&self), S_OK);
    assert_int_equal(os_user_token(self.sid, &token), S_OK);
    assert_null(token);
    os_identity_release(&self);
    assert_int_equal(os_user_token(L"S-1-5-21-1-2-3-4", &token),
                     HRESULT_FROM_WIN32(ERROR_NOT_LOGGED_ON));
    assert_null(token);
    assert_int_equal(os_user_token(L"nobody", &token), E_INVALIDARG);
    assert_int_equal(os_user_token(NULL, &token), E_INVALIDARG);
}

static void test_restricted_identity(void **state)
{
    SID_IDENTIFIER_AUTHORITY world = {SECURITY_WORLD_SID_AUTHORITY};
    HANDLE token, restricted;
    SID_AND_ATTRIBUTES sids[1] = {0};
    struct os_identity client;

    assert_true(OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &token));
    assert_true(
        AllocateAndInitializeSid(&world, 1, SECURITY_WORLD_RID, 0, 0, 0, 0, 0, 0, 0, &sids[0].Sid));
    assert_true(CreateRestrictedToken(token, 0, 0, NULL, 0, NULL, 1, sids, &restricted));
    assert_true(ImpersonateLoggedOnUser(restricted));
    assert_int_equal(os_client_identity(&client), S_OK);
    assert_true(RevertToSelf());
    /* Wine may leave the restricting SIDs out: what counts is what the token says. */
    assert_int_equal(!client.restricted, !IsTokenRestricted(restricted));
    os_identity_release(&client);
    FreeSid(sids[0].Sid);
    CloseHandle(restricted);
    CloseHandle(token);
}

static void on_change(void *context)
{
    InterlockedIncrement(context);
}

static void test_network(void **state)
{
    struct os_network_watch *watch;
    LONG calls = 0;
    DWORD start = GetTickCount();
    int i;

    /* The tests run on loopback: a machine that has nothing else counts as connected. */
    assert_true(os_network_connected());
    for (i = 0; i < 20; i++) {
        assert_int_equal(os_network_watch(on_change, &calls, &watch), S_OK);
        os_network_unwatch(watch);
    }
    os_network_unwatch(NULL);
    assert_true(GetTickCount() - start < DEADLINE_MS);
}

static void test_policy(void **state)
{
    DWORD value = 77;
    HKEY key;

    assert_int_equal(os_policy_dword(L"OpenBitsTestAbsent", 5), 5);
    if (RegCreateKeyExW(HKEY_LOCAL_MACHINE, POLICY, 0, NULL, 0, KEY_SET_VALUE, NULL, &key, NULL))
        skip(); /* no right to set policies */
    assert_int_equal(RegSetValueExW(key, L"OpenBitsTest", 0, REG_DWORD, (BYTE *)&value, 4), 0);
    assert_int_equal(os_policy_dword(L"OpenBitsTest", 5), 77);
    assert_int_equal(RegSetValueExW(key, L"OpenBitsTest", 0, REG_SZ, (const BYTE *)L"7", 4), 0);
    assert_int_equal(os_policy_dword(L"OpenBitsTest", 5), 5);
    assert_int_equal(RegSetValueExW(key, L"OpenBitsTest", 0, REG_BINARY, (BYTE *)&value, 3), 0);
    assert_int_equal(os_policy_dword(L"OpenBitsTest", 5), 5);
    RegDeleteValueW(key, L"OpenBitsTest");
    RegCloseKey(key);
}

/* nf-bits1_5-ibackgroundcopyjob2-setcredentials, authentication: the table of UseLMCompat. */
static void test_unasked_credentials(void **state)
{
    static const struct {
        int use, level;
        BOOL unasked;
    } cases[] = {{-1, -1, FALSE}, {-1, 5, FALSE}, {0, -1, TRUE}, {0, 0, TRUE},  {1, -1, FALSE},
                 {1, 1, FALSE},   {1, 2, TRUE},   {1, 5, TRUE},  {2, 5, FALSE}, {3, 5, FALSE}};
    static const WCHAR state_key[] = L"Software\\Microsoft\\Windows\\CurrentVersion\\BITS";
    static const WCHAR lsa_key[] = L"System\\CurrentControlSet\\Control\\Lsa";
    HKEY bits, lsa;
    DWORD before, size = sizeof(before);
    BOOL had;

    if (!GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version"))
        skip(); /* not on somebody's Windows */
    had = !RegGetValueW(HKEY_LOCAL_MACHINE, lsa_key, L"LmCompatibilityLevel", RRF_RT_REG_DWORD,
                        NULL, &before, &size);
    assert_int_equal(RegCreateKeyW(HKEY_LOCAL_MACHINE, state_key, &bits), 0);
    assert_int_equal(RegCreateKeyW(HKEY_LOCAL_MACHINE, lsa_key, &lsa), 0);
    for (size_t i = 0; i < ARRAYSIZE(cases); i++) {
        RegDeleteValueW(bits, L"UseLMCompat");
        RegDeleteValueW(lsa, L"LmCompatibilityLevel");
        if (cases[i].use >= 0)
            RegSetValueExW(bits, L"UseLMCompat", 0, REG_DWORD, (const BYTE *)&cases[i].use, 4);
        if (cases[i].level >= 0)
            RegSetValueExW(lsa, L"LmCompatibilityLevel", 0, REG_DWORD,
                           (const BYTE *)&cases[i].level, 4);
        if (os_unasked_credentials() != cases[i].unasked)
            fail_msg("UseLMCompat %d, LmCompatibilityLevel %d", cases[i].use, cases[i].level);
    }
    RegDeleteValueW(bits, L"UseLMCompat");
    RegDeleteValueW(lsa, L"LmCompatibilityLevel");
    if (had)
        RegSetValueExW(lsa, L"LmCompatibilityLevel", 0, REG_DWORD, (const BYTE *)&before, 4);
    RegCloseKey(bits);
    RegCloseKey(lsa);
}

static DWORD start_type(SC_HANDLE service)
{
    union {
        QUERY_SERVICE_CONFIGW config;
        BYTE bytes[8192];
    } buffer;
    DWORD size;

    assert_true(QueryServiceConfigW(service, &buffer.config, sizeof(buffer), &size));
    return buffer.config.dwStartType;
}

static void test_start_type(void **state)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT), service;
    DWORD before;

    assert_non_null(manager);
    service = OpenServiceW(manager, L"BITS", SERVICE_QUERY_CONFIG | SERVICE_CHANGE_CONFIG);
    if (!service) {
        if (GetLastError() == ERROR_SERVICE_DOES_NOT_EXIST)
            assert_int_equal(os_set_start_type(TRUE), S_FALSE);
        CloseServiceHandle(manager);
        return;
    }
    before = start_type(service);
    assert_int_equal(os_set_start_type(TRUE), S_OK);
    assert_int_equal(start_type(service), SERVICE_AUTO_START);
    assert_int_equal(os_set_start_type(TRUE), S_OK);
    assert_int_equal(os_set_start_type(FALSE), S_OK);
    assert_int_equal(start_type(service), SERVICE_DEMAND_START);
    ChangeServiceConfigW(service, SERVICE_NO_CHANGE, before, SERVICE_NO_CHANGE, NULL, NULL, NULL,
                         NULL, NULL, NULL, NULL);
    CloseServiceHandle(service);
    CloseServiceHandle(manager);
}

static void test_event(void **state)
{
    os_log_event(EVENTLOG_INFORMATION_TYPE, 0x40000001, L"A test of OpenBITS.");
    os_log_event(EVENTLOG_INFORMATION_TYPE, 0x40000001, NULL);
}

/* Waits for the child below to have written its command line. */
static void assert_child_says(const WCHAR *path, const WCHAR *expected)
{
    DWORD start = GetTickCount(), size = 0;
    WCHAR text[1024];
    HANDLE file;

    do {
        file = CreateFileW(path, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
        if (file == INVALID_HANDLE_VALUE)
            SwitchToThread();
    } while (file == INVALID_HANDLE_VALUE && GetTickCount() - start < DEADLINE_MS);
    assert_ptr_not_equal(file, INVALID_HANDLE_VALUE);
    assert_true(ReadFile(file, text, sizeof(text) - sizeof(WCHAR), &size, NULL));
    CloseHandle(file);
    assert_true(DeleteFileW(path));
    text[size / sizeof(WCHAR)] = 0;
    if (wcscmp(text, expected))
        fail_msg("%ls instead of %ls", text, expected);
}

/* The child: writes its command line to a file that appears with its content. */
static int say_command_line(const WCHAR *path)
{
    const WCHAR *line = GetCommandLineW();
    DWORD written;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);

    if (file == INVALID_HANDLE_VALUE)
        return 1;
    WriteFile(file, line, (DWORD)(wcslen(line) * sizeof(WCHAR)), &written, NULL);
    CloseHandle(file);
    return 0;
}

static HRESULT run_program(HANDLE token, const WCHAR *program, const WCHAR *parameters)
{
    HANDLE process;
    HRESULT hr = os_run_program(token, program, parameters, &process);

    if (process)
        CloseHandle(process);
    return hr;
}

static void test_run_program(void **state)
{
    static const WCHAR arguments[] = L"program {5f1f4a80-0000-0000-0000-000000000000} \"a b\"  c";
    WCHAR program[MAX_PATH], out[MAX_PATH], expected[MAX_PATH + 8];
    struct os_identity client;

    GetModuleFileNameW(NULL, program, MAX_PATH);
    GetTempPathW(MAX_PATH - 40, out);
    swprintf(out + wcslen(out), 40, L"obrun-%lu", GetCurrentProcessId());
    SetEnvironmentVariableW(L"OPENBITS_TEST_SAY", out);

    assert_int_equal(run_program(NULL, program, arguments), S_OK);
    assert_child_says(out, arguments);
    assert_int_equal(run_program(NULL, program, NULL), S_OK);
    swprintf(expected, ARRAYSIZE(expected), L"\"%ls\"", program);
    assert_child_says(out, expected);

    assert_true(FAILED(run_program(NULL, L"C:\\no\\such\\program.exe", arguments)));
    assert_true(FAILED(run_program(NULL, L"", arguments)));
    assert_true(FAILED(run_program(NULL, NULL, NULL)));
    SetEnvironmentVariableW(L"OPENBITS_TEST_SAY", NULL);

    /* As the owner: the environment is then the owner's, so the child is told by its arguments. */
    assert_true(ImpersonateSelf(SecurityImpersonation));
    assert_int_equal(os_client_identity(&client), S_OK);
    assert_true(RevertToSelf());
    swprintf(expected, ARRAYSIZE(expected), L"x say \"%ls\"", out);
    assert_int_equal(run_program(client.token, program, expected), S_OK);
    assert_child_says(out, expected);
    assert_true(FAILED(run_program(client.token, L"C:\\no\\such\\program.exe", NULL)));
    os_identity_release(&client);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secret),
        cmocka_unit_test(test_boot_identity),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_user_token),
        cmocka_unit_test(test_anonymous),
        cmocka_unit_test(test_restricted_identity),
        cmocka_unit_test(test_network),
        cmocka_unit_test(test_policy),
        cmocka_unit_test(test_unasked_credentials),
        cmocka_unit_test(test_start_type),
        cmocka_unit_test(test_event),
        cmocka_unit_test(test_run_program),
        cmocka_unit_test(test_downloader_folder),
        cmocka_unit_test(test_probe_left_by_a_crash),
    };
    WCHAR path[MAX_PATH];

    if (GetEnvironmentVariableW(L"OPENBITS_TEST_SAY", path, MAX_PATH))
        return say_command_line(path);
    if (argc == 3 && !strcmp(argv[1], "say") &&
        MultiByteToWideChar(CP_ACP, 0, argv[2], -1, path, MAX_PATH)) {
        return say_command_line(path);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
