/*
 * bitssvc.exe: the service executable for those who do not use svchost. Everything is in qmgr.dll;
 * this only hands the service control manager its ServiceMain, or, with /console, runs the service
 * in a console until Ctrl+C. With /guard it is the service's guard (guard.c).
 */
#include "guard.h"

#include <stdio.h>
#include <wchar.h>

/* qmgr.dll's entry points. */
VOID WINAPI ServiceMain(DWORD argc, LPWSTR *argv);
HRESULT WINAPI BitsConsoleMain(HANDLE stop);

int wmain(int argc, WCHAR **argv);

static HANDLE stop_event;

static BOOL WINAPI handle_ctrl(DWORD type)
{
    SetEvent(stop_event);
    return TRUE;
}

static int run_console(void)
{
    HRESULT hr;

    stop_event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!stop_event || !SetConsoleCtrlHandler(handle_ctrl, TRUE)) {
        fprintf(stderr, "bitssvc: cannot set up the console: error %lu\n", GetLastError());
        return 1;
    }
    printf("BITS is running; Ctrl+C stops it.\n");
    fflush(stdout);
    hr = BitsConsoleMain(stop_event);
    if (FAILED(hr)) {
        fprintf(stderr, "bitssvc: the service could not start: 0x%08lx\n", hr);
        return 1;
    }
    return 0;
}

int wmain(int argc, WCHAR **argv)
{
    WCHAR name[] = L"BITS";
    const SERVICE_TABLE_ENTRYW table[] = {{name, ServiceMain}, {NULL, NULL}};

    if (argc == 2 && (!_wcsicmp(argv[1], L"/console") || !_wcsicmp(argv[1], L"-console")))
        return run_console();
    if (argc == 4 && !_wcsicmp(argv[1], L"/guard"))
        return guard_run(argv[2], argv[3]);
    if (argc > 1) {
        fprintf(stderr, "usage: bitssvc [/console]\n");
        return 2;
    }
    if (!StartServiceCtrlDispatcherW(table)) {
        fprintf(stderr,
                "bitssvc: not started by the service control manager (error %lu); try bitssvc "
                "/console\n",
                GetLastError());
        return 1;
    }
    return 0;
}
