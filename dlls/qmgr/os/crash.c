/*
 * What Windows does for a service that dies, and Wine does not: start it again, and forget the COM
 * classes it had registered.
 *
 * Wine's RpcSs keeps the registrations of a process that was killed, hands them to every client,
 * the oldest first, and asks nobody to start the service: without what is done here no client
 * reaches BITS any more before the prefix ends. A volatile key of the registry, which lives as long
 * as RpcSs, tells a start that the last one did not end well: the classes are then registered under
 * an alias, too, which nobody has registered before (com/register.c leads clients to it). The guard
 * (bitssvc /guard, programs/bitssvc/guard.c) waits for this process to die and has the service
 * started.
 *
 * Called by com/service.c and com/dll.c; calls advapi32. On Windows all of it does nothing.
 */
#include <windows.h>
#include <objbase.h>
#include <stdio.h>

#include "os_private.h"

#define SESSION_KEY L"Software\\Microsoft\\Windows\\CurrentVersion\\BITS\\Session"

static HKEY session_key(void)
{
    HKEY key = NULL;

    if (RegCreateKeyExW(HKEY_LOCAL_MACHINE, SESSION_KEY, 0, NULL, REG_OPTION_VOLATILE,
                        KEY_QUERY_VALUE | KEY_SET_VALUE, NULL, &key, NULL))
        return NULL;
    return key;
}

BOOL os_class_alias(GUID *alias)
{
    HKEY key = os_is_wine() ? session_key() : NULL;
    DWORD one = 1, size = sizeof(*alias);
    BOOL use = FALSE;

    if (!key)
        return FALSE;
    if (!RegQueryValueExW(key, L"Running", NULL, NULL, NULL, NULL)) {
        use = SUCCEEDED(CoCreateGuid(alias));
        if (use)
            RegSetValueExW(key, L"Alias", 0, REG_BINARY, (const BYTE *)alias, sizeof(*alias));
    } else {
        /* It ended well, but clients still look for the alias that it had. */
        use = !RegQueryValueExW(key, L"Alias", NULL, NULL, (BYTE *)alias, &size) &&
              size == sizeof(*alias);
    }
    RegSetValueExW(key, L"Running", 0, REG_DWORD, (const BYTE *)&one, sizeof(one));
    RegCloseKey(key);
    return use;
}

void os_service_ended(void)
{
    HKEY key = os_is_wine() ? session_key() : NULL;

    if (!key)
        return;
    RegDeleteValueW(key, L"Running");
    RegCloseKey(key);
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
