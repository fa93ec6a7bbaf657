/*
 * Runs the client programs of this folder, which know nothing of the tests, and looks at what they
 * fetched.
 */
#include "../com/common.h"

#include <stdlib.h>
#include <string.h>

/* Runs a program beside this one with these arguments; gives its exit code. */
static DWORD run(const WCHAR *name, const WCHAR *arguments)
{
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION process;
    WCHAR program[MAX_PATH], line[4096];
    DWORD code = 99;

    GetModuleFileNameW(NULL, program, MAX_PATH);
    wcscpy(wcsrchr(program, '\\') + 1, name);
    swprintf(line, ARRAYSIZE(line), L"\"%ls\" %ls", program, arguments);
    if (!CreateProcessW(program, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process))
        fail_msg("%ls: error %lu", program, GetLastError());
    if (WaitForSingleObject(process.hProcess, DEADLINE)) {
        TerminateProcess(process.hProcess, 98);
        fail_msg("%ls does not end", name);
    }
    GetExitCodeProcess(process.hProcess, &code);
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    return code;
}

/* The folder of this test: what local() begins with, without the separator. */
static const WCHAR *folder(void)
{
    WCHAR *text = (WCHAR *)local("%s", "");

    text[wcslen(text) - 1] = 0;
    return text;
}

static void tutorial(const WCHAR *program)
{
    WCHAR arguments[1000];

    publish("tutorial.bin", 41, 200000);
    swprintf(arguments, ARRAYSIZE(arguments), L"%ls \"%ls\"", url("HTTP", "tutorial.bin"),
             local("file"));
    assert_int_equal(run(program, arguments), 0);
    assert_pattern(local("file"), 41, 0, 200000);
    swprintf(arguments, ARRAYSIZE(arguments), L"%ls \"%ls\"", url("HTTP", "no-such-file"),
             local("none"));
    assert_int_equal(run(program, arguments), 1);
    assert_false(exists(local("none")));
}

static void clients_tutorial(void **state)
{
    tutorial(L"client_tutorial.exe");
}

#ifdef HAVE_CPP
static void clients_tutorial_cpp(void **state)
{
    tutorial(L"client_tutorial_cpp.exe");
}
#endif

static void clients_downloader(void **state)
{
    WCHAR arguments[2000];

    publish("one.bin", 42, 100000);
    publish("two.bin", 43, 5);
    swprintf(arguments, ARRAYSIZE(arguments), L"\"%ls\" %ls %ls", folder(), url("HTTP", "one.bin"),
             url("HTTP", "two.bin"));
    assert_int_equal(run(L"client_downloader.exe", arguments), 0);
    assert_pattern(local("one.bin"), 42, 0, 100000);
    assert_pattern(local("two.bin"), 43, 0, 5);
    swprintf(arguments, ARRAYSIZE(arguments), L"\"%ls\" %ls", folder(), url("HTTP", "missing.bin"));
    assert_int_equal(run(L"client_downloader.exe", arguments), 1);
}

/* The ranges one behind the other; nothing stays of what on-demand mode fetched. */
static void clients_ranges(void **state)
{
    WCHAR arguments[1000];
    size_t size;

    publish("big.bin", 44, 300000);
    swprintf(arguments, ARRAYSIZE(arguments), L"%ls \"%ls\" 1000 500 200000 100",
             url("HTTP", "big.bin"), folder());
    assert_int_equal(run(L"client_ranges.exe", arguments), 0);
    free(read_file(local("parts"), &size));
    assert_int_equal(size, 600);
    assert_false(exists(local("sparse")));
}

static void clients_installer(void **state)
{
    WCHAR arguments[1000];

    swprintf(arguments, ARRAYSIZE(arguments), L"- user password \"%ls\" %ls", folder(),
             url("FAULT", "data/package?size=70000&seed=45&auth=digest"));
    assert_int_equal(run(L"client_installer.exe", arguments), 0);
    assert_pattern(local("package"), 45, 0, 70000);
    assert_true(fault_count("/data/package", "\"x-product\": \"Sample Setup 1.0\"") > 0);
    swprintf(arguments, ARRAYSIZE(arguments), L"- user wrong \"%ls\" %ls", folder(),
             url("FAULT", "data/package?size=70000&seed=45&auth=digest"));
    assert_int_equal(run(L"client_installer.exe", arguments), 1);
}

static void clients_installer_proxy(void **state)
{
    WCHAR arguments[1000];

    publish("package.bin", 46, 70000);
    swprintf(arguments, ARRAYSIZE(arguments), L"%ls user secret \"%ls\" %ls",
             environment("PROXY_AUTH"), folder(), url("HTTP", "package.bin"));
    assert_int_equal(run(L"client_installer.exe", arguments), 0);
    assert_pattern(local("package"), 46, 0, 70000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        com_test(clients_tutorial),
#ifdef HAVE_CPP
        com_test(clients_tutorial_cpp),
#endif
        com_test(clients_downloader),   com_test(clients_ranges),
        com_test(clients_installer),    com_test(clients_installer_proxy),
    };

    return run_group("clients", tests);
}
