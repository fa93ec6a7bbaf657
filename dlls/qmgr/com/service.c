/*
 * ServiceMain: the service "BITS" under svchost or bitssvc. Starts the engine, waits for the stop
 * control, stops it.
 */
#include "com.h"

VOID WINAPI ServiceMain(DWORD argc, LPWSTR *argv);
HRESULT WINAPI BitsConsoleMain(HANDLE stop);

/* How long the stop control waits (ms); Wine gives a control 10 s. */
#define STOP_WAIT 8000

struct service {
    SERVICE_STATUS_HANDLE handle;
    HANDLE stop, stopped;
};

static void report(struct service *service, DWORD state, DWORD error, DWORD wait_hint)
{
    SERVICE_STATUS status = {
        .dwServiceType = SERVICE_WIN32_SHARE_PROCESS,
        .dwCurrentState = state,
        .dwControlsAccepted =
            state == SERVICE_RUNNING
                ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN | SERVICE_ACCEPT_SESSIONCHANGE
                : 0,
        .dwWin32ExitCode = error,
        .dwWaitHint = wait_hint,
    };

    SetServiceStatus(service->handle, &status);
}

static DWORD WINAPI handle_control(DWORD control, DWORD type, LPVOID data, LPVOID context)
{
    struct service *service = context;

    switch (control) {
    case SERVICE_CONTROL_STOP:
    case SERVICE_CONTROL_SHUTDOWN:
        report(service, SERVICE_STOP_PENDING, NO_ERROR, 20000);
        SetEvent(service->stop);
        /* Wine's net stop does not look when the service has stopped, and a client that is told
         * before then that it runs waits half a minute for it. */
        if (control == SERVICE_CONTROL_STOP && os_is_wine())
            WaitForSingleObject(service->stopped, STOP_WAIT);
        return NO_ERROR;
    case SERVICE_CONTROL_SESSIONCHANGE:
        if (type == WTS_SESSION_LOGON || type == WTS_SESSION_LOGOFF)
            engine_sessions_changed(com_engine());
        return NO_ERROR;
    case SERVICE_CONTROL_INTERROGATE:
        return NO_ERROR;
    default:
        return ERROR_CALL_NOT_IMPLEMENTED;
    }
}

VOID WINAPI ServiceMain(DWORD argc, LPWSTR *argv)
{
    struct service service = {0};
    HRESULT hr;

    service.stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    service.stopped = CreateEventW(NULL, TRUE, FALSE, NULL);
    service.handle = RegisterServiceCtrlHandlerExW(L"BITS", handle_control, &service);
    if (!service.handle || !service.stop || !service.stopped)
        return;
    report(&service, SERVICE_START_PENDING, NO_ERROR, 30000);
    os_service_begins(service.stop);
    hr = CoInitializeEx(NULL, COINIT_MULTITHREADED);
    if (SUCCEEDED(hr))
        hr = com_start(TRUE);
    if (FAILED(hr)) {
        os_log_event(EVENTLOG_ERROR_TYPE, BITS_MC_FAILED_TO_START, L"The service could not start.");
        SetEvent(service.stop);
        os_service_ended();
        report(&service, SERVICE_STOPPED,
               HRESULT_FACILITY(hr) == FACILITY_WIN32 ? HRESULT_CODE(hr) : ERROR_GEN_FAILURE, 0);
        return;
    }
    report(&service, SERVICE_RUNNING, NO_ERROR, 0);
    WaitForSingleObject(service.stop, INFINITE);
    com_stop();
    os_service_ended();
    /* Before the report, which Wine lets wait for the answer to the control. */
    SetEvent(service.stopped);
    report(&service, SERVICE_STOPPED, NO_ERROR, 0);
}

/*
 * The same in a console process, until stop is set: for debugging. Returns a failure when it could
 * not start.
 */
HRESULT WINAPI BitsConsoleMain(HANDLE stop)
{
    HRESULT hr = CoInitializeEx(NULL, COINIT_MULTITHREADED);

    if (SUCCEEDED(hr))
        hr = com_start(FALSE);
    if (FAILED(hr))
        return hr;
    WaitForSingleObject(stop, INFINITE);
    com_stop();
    return S_OK;
}
