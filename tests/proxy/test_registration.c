/*
 * What DllRegisterServer of qmgrprxy.dll writes, and that DllUnregisterServer takes all of it away.
 *
 * HKEY_CLASSES_ROOT is a key of the test's own meanwhile, so that the registration of the machine
 * stays as it is.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

#include "processes.h"

#define KEY_LENGTH 64

typedef HRESULT(WINAPI *registration)(void);

static WCHAR scratch_name[KEY_LENGTH];
static HKEY scratch;
static struct proxy_dll dll;

static int start(void **state)
{
    swprintf(scratch_name, KEY_LENGTH, L"Software\\OpenBITS-test-%lu", GetCurrentProcessId());
    if (FAILED(CoInitializeEx(NULL, COINIT_MULTITHREADED)) || !proxy_dll_load(&dll))
        return -1;
    if (RegCreateKeyExW(HKEY_CURRENT_USER, scratch_name, 0, NULL, 0, KEY_ALL_ACCESS, NULL, &scratch,
                        NULL))
        return -1;
    return RegOverridePredefKey(HKEY_CLASSES_ROOT, scratch) ? -1 : 0;
}

static int finish(void **state)
{
    RegOverridePredefKey(HKEY_CLASSES_ROOT, NULL);
    RegCloseKey(scratch);
    CoUninitialize();
    return RegDeleteTreeW(HKEY_CURRENT_USER, scratch_name) ? -1 : 0;
}

static HRESULT call_export(const char *name)
{
    registration entry = (registration)(void *)GetProcAddress(dll.module, name);

    assert_non_null(entry);
    return entry();
}

/* The default value of a key below the scratch key; an empty string if there is no such key. */
static void read_default(const WCHAR *group, const GUID *guid, const WCHAR *below,
                         WCHAR value[MAX_PATH])
{
    DWORD size = MAX_PATH * sizeof(WCHAR);
    WCHAR text[39], key[128];

    StringFromGUID2(guid, text, ARRAYSIZE(text));
    swprintf(key, ARRAYSIZE(key), L"%ls\\%ls%ls", group, text, below);
    if (RegGetValueW(scratch, key, NULL, RRF_RT_REG_SZ, NULL, value, &size))
        value[0] = 0;
}

static DWORD subkeys(const WCHAR *group)
{
    DWORD count = 0;
    HKEY key;

    if (RegOpenKeyExW(scratch, group, 0, KEY_READ, &key))
        return 0;
    RegQueryInfoKeyW(key, NULL, NULL, NULL, &count, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    RegCloseKey(key);
    return count;
}

static void every_interface_is_registered(void **state)
{
    WCHAR value[MAX_PATH], path[MAX_PATH], clsid[39], name[64];
    unsigned int i;

    assert_int_equal(call_export("DllRegisterServer"), S_OK);
    StringFromGUID2(dll.clsid, clsid, ARRAYSIZE(clsid));
    for (i = 0; i < object_class_count; i++) {
        read_default(L"Interface", object_classes[i].iid, L"\\ProxyStubClsid32", value);
        assert_int_equal(_wcsicmp(value, clsid), 0);
        swprintf(name, ARRAYSIZE(name), L"%hs", object_classes[i].name);
        read_default(L"Interface", object_classes[i].iid, L"", value);
        assert_int_equal(wcscmp(value, name), 0);
    }
    assert_int_equal(subkeys(L"Interface"), object_class_count);

    assert_in_range(GetModuleFileNameW(dll.module, path, MAX_PATH), 1, MAX_PATH - 1);
    read_default(L"CLSID", dll.clsid, L"\\InProcServer32", value);
    assert_int_equal(_wcsicmp(value, path), 0);
}

static void nothing_is_left_when_it_is_taken_back(void **state)
{
    assert_int_equal(call_export("DllUnregisterServer"), S_OK);
    assert_int_equal(subkeys(L"Interface"), 0);
    assert_int_equal(subkeys(L"CLSID"), 0);
}

static void taking_back_twice_does_no_harm(void **state)
{
    assert_int_equal(call_export("DllRegisterServer"), S_OK);
    assert_int_equal(call_export("DllRegisterServer"), S_OK);
    assert_int_equal(subkeys(L"Interface"), object_class_count);
    assert_int_equal(call_export("DllUnregisterServer"), S_OK);
    assert_int_equal(call_export("DllUnregisterServer"), S_OK);
    assert_int_equal(subkeys(L"Interface"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_interface_is_registered),
        cmocka_unit_test(nothing_is_left_when_it_is_taken_back),
        cmocka_unit_test(taking_back_twice_does_no_harm),
    };

    return cmocka_run_group_tests_name("registration", tests, start, finish);
}
