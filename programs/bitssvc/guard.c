/*
 * The guard of the service under Wine, where nobody starts a service again that died: waits for the
 * service's process to end and, unless it was told to stop, has it started.
 *
 * qmgr.dll starts it (dlls/qmgr/os/crash.c) as "bitssvc /guard PROCESS EVENT", two handles that are
 * inherited; bitssvc.c calls it. It calls the service control manager, and Wine's ntdll to count as
 * a process of the system, so that it does not keep a prefix alive.
 */
#include "guard.h"

#include <stdlib.h>

/* A service that dies within so many ms of its start is not started at once, but after as many. */
#define SHORT_LIFE 200

/* How often it is started when it dies before it runs, and how often we look (ms). */
#define START_TRIES 5
#define START_LOOK  50

/* Wine's own NtSetInformationProcess class: hands out the event that is set when the last process
 * ends that is none of the system. */
#define MAKE_PROCESS_SYSTEM 1000

static HANDLE become_system(void)
{
    LONG(WINAPI * set)(HANDLE, ULONG, void *, ULONG);
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    HANDLE ended = NULL;

    if (!ntdll || !GetProcAddress(ntdll, "wine_get_version"))
        return NULL;
    set = (void *)GetProcAddress(ntdll, "NtSetInformationProcess");
    if (!set || set(GetCurrentProcess(), MAKE_PROCESS_SYSTEM, &ended, sizeof(HANDLE *)) < 0)
        return NULL;
    return ended;
}

/* Waits until the service's start is over, one way or the other: FALSE when it died in it. Wine
 * leaves the state of a process that is killed then at START_PENDING for ever. */
static BOOL see_through(SC_HANDLE service, HANDLE ended)
{
    HANDLE wait[] = {ended, NULL};
    SERVICE_STATUS_PROCESS status = {0};
    DWORD size, first = WAIT_TIMEOUT;

    while (QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&status, sizeof(status),
                                &size) &&
           status.dwCurrentState == SERVICE_START_PENDING && first == WAIT_TIMEOUT) {
        wait[1] = OpenProcess(SYNCHRONIZE, FALSE, status.dwProcessId);
        if (!wait[1])
            return FALSE;
        first = WaitForMultipleObjects(2, wait, FALSE, START_LOOK);
        CloseHandle(wait[1]);
    }
    return first != WAIT_OBJECT_0 + 1 && status.dwCurrentState != SERVICE_STOPPED;
}

/* Starts the service and sees it through to its being started, for a service that is killed before
 * has no guard of its own yet. ended is the end of the prefix. */
static int start_service(SC_HANDLE service, HANDLE ended)
{
    for (int tries = 0; tries < START_TRIES; tries++) {
        StartServiceW(service, 0, NULL); /* the state tells whether it could */
        if (see_through(service, ended))
            return 0;
    }
    return 1;
}

static int start_again(HANDLE ended)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT), service = NULL;
    int status = 1;

    if (manager)
        service = OpenServiceW(manager, L"BITS", SERVICE_START | SERVICE_QUERY_STATUS);
    if (service) {
        status = start_service(service, ended);
        CloseServiceHandle(service);
    }
    if (manager)
        CloseServiceHandle(manager);
    return status;
}

int guard_run(const WCHAR *process, const WCHAR *stop)
{
    ULONGLONG began = GetTickCount64();
    /* In this order: with several set at once the first one counts. */
    HANDLE wait[] = {become_system(), ULongToHandle(wcstoul(stop, NULL, 10)),
                     ULongToHandle(wcstoul(process, NULL, 10))};

    if (!wait[0] || WaitForMultipleObjects(3, wait, FALSE, INFINITE) != WAIT_OBJECT_0 + 2)
        return 0;
    if (GetTickCount64() - began < SHORT_LIFE &&
        WaitForSingleObject(wait[0], SHORT_LIFE) != WAIT_TIMEOUT)
        return 0;
    return start_again(wait[0]);
}
