/*
 * The guard of the service (bitssvc /guard) and a service that dies while it starts. This program
 * takes the service's place in the service control manager: it says that it is starting, and no
 * more. Run with "/stuck" it is that service, with "/sleep" the process that the guard waits for.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <windows.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEADLINE_MS 30000
#define STARTED     L"Global\\OpenBitsTestGuardStarted" /* semaphore: one for each start */

static WCHAR program[MAX_PATH];

/* ---- the service that never gets on ---- */

static DWORD WINAPI control(DWORD code, DWORD type, void *data, void *context)
{
    return ERROR_CALL_NOT_IMPLEMENTED;
}

static void WINAPI stuck_main(DWORD argc, WCHAR **argv)
{
    SERVICE_STATUS status = {.dwServiceType = SERVICE_WIN32_OWN_PROCESS,
                             .dwCurrentState = SERVICE_START_PENDING,
                             .dwWaitHint = DEADLINE_MS};
    SERVICE_STATUS_HANDLE handle = RegisterServiceCtrlHandlerExW(L"BITS", control, NULL);
    HANDLE started = OpenSemaphoreW(SEMAPHORE_MODIFY_STATE, FALSE, STARTED);

    SetServiceStatus(handle, &status);
    ReleaseSemaphore(started, 1, NULL);
    Sleep(INFINITE);
}

/* ---- the test ---- */

static SC_HANDLE open_service(void)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT), service;

    assert_non_null(manager);
    service = OpenServiceW(manager, L"BITS",
                           SERVICE_START | SERVICE_STOP | SERVICE_QUERY_STATUS |
                               SERVICE_QUERY_CONFIG | SERVICE_CHANGE_CONFIG);
    assert_non_null(service);
    CloseServiceHandle(manager);
    return service;
}

static SERVICE_STATUS_PROCESS status_of(SC_HANDLE service)
{
    SERVICE_STATUS_PROCESS status;
    DWORD size;

    assert_true(QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&status,
                                     sizeof(status), &size));
    return status;
}

static void stop(SC_HANDLE service)
{
    ULONGLONG end = GetTickCount64() + DEADLINE_MS;
    SERVICE_STATUS status;

    /* An earlier test may have left it in any state, also dead in its start. */
    while (status_of(service).dwCurrentState != SERVICE_STOPPED) {
        if (GetTickCount64() > end)
            fail_msg("the service is in state %lu", status_of(service).dwCurrentState);
        if (!ControlService(service, SERVICE_CONTROL_STOP, &status))
            StartServiceW(service, 0, NULL);
        Sleep(50);
    }
}

static HANDLE run(const WCHAR *line)
{
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION process;
    WCHAR copy[2 * MAX_PATH + 100];

    wcscpy(copy, line);
    assert_true(CreateProcessW(NULL, copy, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process));
    CloseHandle(process.hThread);
    return process.hProcess;
}

static HANDLE inherited(HANDLE handle)
{
    assert_true(SetHandleInformation(handle, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT));
    return handle;
}

/* The process of a service whose start is under way, after StartService has come back from it:
 * another one is told then that it runs. */
static HANDLE starting_process(SC_HANDLE service)
{
    ULONGLONG end = GetTickCount64() + DEADLINE_MS;
    HANDLE process;

    while (StartServiceW(service, 0, NULL) || GetLastError() != ERROR_SERVICE_ALREADY_RUNNING) {
        assert_true(GetTickCount64() < end);
        Sleep(10);
    }
    process = OpenProcess(PROCESS_TERMINATE | SYNCHRONIZE, FALSE, status_of(service).dwProcessId);
    assert_non_null(process);
    return process;
}

static void end_process(HANDLE process)
{
    TerminateProcess(process, 1);
    assert_int_equal(WaitForSingleObject(process, DEADLINE_MS), WAIT_OBJECT_0);
    CloseHandle(process);
}

static void killed_while_it_starts(void **state)
{
    SC_HANDLE service = open_service();
    BYTE buffer[8192];
    QUERY_SERVICE_CONFIGW *before = (QUERY_SERVICE_CONFIGW *)buffer;
    HANDLE started = CreateSemaphoreW(NULL, 0, 100, STARTED), watched, told, guard;
    WCHAR line[2 * MAX_PATH + 100];
    DWORD size;

    assert_non_null(started);
    stop(service);
    assert_true(QueryServiceConfigW(service, before, sizeof(buffer), &size));
    swprintf(line, ARRAYSIZE(line), L"\"%ls\" /stuck", program);
    assert_true(ChangeServiceConfigW(service, SERVICE_WIN32_OWN_PROCESS, SERVICE_NO_CHANGE,
                                     SERVICE_NO_CHANGE, line, NULL, NULL, NULL, NULL, NULL, NULL));

    swprintf(line, ARRAYSIZE(line), L"\"%ls\" /sleep", program);
    watched = inherited(run(line));
    told = inherited(CreateEventW(NULL, TRUE, FALSE, NULL));
    swprintf(line, ARRAYSIZE(line), L"bitssvc.exe /guard %lu %lu", HandleToULong(watched),
             HandleToULong(told));
    guard = run(line);
    end_process(watched);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(WaitForSingleObject(started, DEADLINE_MS), WAIT_OBJECT_0);
        end_process(starting_process(service));
    }
    assert_int_equal(WaitForSingleObject(started, DEADLINE_MS), WAIT_OBJECT_0);
    end_process(guard);
    end_process(starting_process(service));

    assert_true(ChangeServiceConfigW(service, before->dwServiceType, SERVICE_NO_CHANGE,
                                     SERVICE_NO_CHANGE, before->lpBinaryPathName, NULL, NULL, NULL,
                                     NULL, NULL, NULL));
    /* Also out of what Wine takes for a start that goes on. */
    assert_true(StartServiceW(service, 0, NULL));
    CloseHandle(started);
    CloseHandle(told);
    CloseServiceHandle(service);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(killed_while_it_starts)};
    SERVICE_TABLE_ENTRYW table[] = {{(WCHAR *)L"BITS", stuck_main}, {NULL, NULL}};

    if (argc > 1 && !strcmp(argv[1], "/stuck"))
        return !StartServiceCtrlDispatcherW(table);
    if (argc > 1 && !strcmp(argv[1], "/sleep"))
        Sleep(INFINITE);
    GetModuleFileNameW(NULL, program, ARRAYSIZE(program));
    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
