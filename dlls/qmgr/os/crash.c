/*
 * What Windows does for a service that dies, and Wine does not: start it again, and forget the COM
 * classes it had registered.
 *
 * Wine's RpcSs keeps the registrations of a process that was killed, hands them to every client,
 * the oldest first, and asks nobody to start the service: without what is done here no client
 * reaches BITS any more before the prefix ends. A volatile value in the registry tells a start that
 * the last one of this prefix did not end well; RpcSs is then stopped, and with it the dead
 * registrations; COM starts it anew. The guard (bitssvc /guard, programs/bitssvc/guard.c) waits for
 * this process to die and has the service started.
 *
 * Called by com/service.c and com/dll.c; calls advapi32. On Windows all of it does nothing.
 */
#include <windows.h>
#include <stdio.h>

#include "os_private.h"

#define STATE_KEY     L"Software\\Microsoft\\Windows\\CurrentVersion\\BITS\\Session"
#define STATE_VALUE   L"Registered"
#define STOP_DEADLINE 10000 /* how long RpcSs may take to stop (ms) */

/* Sets or clears the mark; TRUE when it was set before. */
static BOOL mark_registered(BOOL registered)
{
    DWORD one = 1, before = 0, size = sizeof(before);
    HKEY key;

    if (RegCreateKeyExW(HKEY_LOCAL_MACHINE, STATE_KEY, 0, NULL, REG_OPTION_VOLATILE,
                        KEY_QUERY_VALUE | KEY_SET_VALUE, NULL, &key, NULL))
        return FALSE;
    if (RegQueryValueExW(key, STATE_VALUE, NULL, NULL, (BYTE *)&before, &size))
        before = 0;
    if (registered)
        RegSetValueExW(key, STATE_VALUE, 0, REG_DWORD, (const BYTE *)&one, sizeof(one));
    else
        RegDeleteValueW(key, STATE_VALUE);
    RegCloseKey(key);
    return before != 0;
}

/* Waits for the process, not for the state: a process that says that it has stopped still takes
 * registrations for a moment, and loses them. */
static void stop_rpcss(void)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT), service = NULL;
    SERVICE_STATUS_PROCESS before;
    SERVICE_STATUS status;
    HANDLE process = NULL;
    DWORD size;

    if (manager)
        service = OpenServiceW(manager, L"RpcSs", SERVICE_STOP | SERVICE_QUERY_STATUS);
    if (service && QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&before,
                                        sizeof(before), &size))
        process = OpenProcess(SYNCHRONIZE, FALSE, before.dwProcessId);
    if (process) {
        if (ControlService(service, SERVICE_CONTROL_STOP, &status))
            WaitForSingleObject(process, STOP_DEADLINE);
        CloseHandle(process);
    }
    if (service)
        CloseServiceHandle(service);
    if (manager)
        CloseServiceHandle(manager);
}

/* Starts the guard of this process; stop is the event that says that it may end. */
static void start_guard(HANDLE stop)
{
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION guard;
    WCHAR program[MAX_PATH + 16], line[MAX_PATH + 80];
    HANDLE self = NULL, event = NULL, us = GetCurrentProcess();
    UINT length = GetSystemDirectoryW(program, MAX_PATH);

    if (!length || length >= MAX_PATH)
        return;
    lstrcatW(program, L"\\bitssvc.exe");
    if (DuplicateHandle(us, us, us, &self, SYNCHRONIZE, TRUE, 0) &&
        DuplicateHandle(us, stop, us, &event, SYNCHRONIZE, TRUE, 0)) {
        swprintf(line, ARRAYSIZE(line), L"\"%ls\" /guard %lu %lu", program, HandleToULong(self),
                 HandleToULong(event));
        if (CreateProcessW(program, line, NULL, NULL, TRUE, DETACHED_PROCESS, NULL, NULL, &startup,
                           &guard)) {
            CloseHandle(guard.hThread);
            CloseHandle(guard.hProcess);
        }
    }
    if (self)
        CloseHandle(self);
    if (event)
        CloseHandle(event);
}

void os_service_begins(HANDLE stop)
{
    if (os_is_wine())
        start_guard(stop);
}

void os_service_registers(void)
{
    if (os_is_wine() && mark_registered(TRUE))
        stop_rpcss();
}

void os_service_ended(void)
{
    if (os_is_wine())
        mark_registered(FALSE);
}
