/*
 * Is there a network: the question, and a thread that notices when the answer changes
 * (users-and-network-connections). Called by the engine; calls iphlpapi.
 */
#include <winsock2.h>
#include <windows.h>
#include <iphlpapi.h>
#include <stdlib.h>

#include "os.h"

/* ipifcons.h of older SDKs stops before mobile broadband. */
#ifndef IF_TYPE_WWANPP
#define IF_TYPE_WWANPP  243
#define IF_TYPE_WWANPP2 244
#endif

/* Address changes are told at once; a link that comes or goes without one is noticed by then. */
#define POLL_MS 15000

struct os_network_watch {
    void (*changed)(void *context);
    void *context;
    HANDLE stop, event, thread;
};

/* Whether an adapter that is down means that the cable, or the radio, is off. */
static BOOL carries_traffic(DWORD type)
{
    return type == IF_TYPE_ETHERNET_CSMACD || type == IF_TYPE_IEEE80211 || type == IF_TYPE_PPP ||
           type == IF_TYPE_WWANPP || type == IF_TYPE_WWANPP2;
}

BOOL os_network_connected(void)
{
    ULONG flags = GAA_FLAG_SKIP_UNICAST | GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST |
                  GAA_FLAG_SKIP_DNS_SERVER | GAA_FLAG_SKIP_FRIENDLY_NAME;
    IP_ADAPTER_ADDRESSES *adapters = NULL, *adapter;
    ULONG size = 16384, error, attempt;
    BOOL up = FALSE, down = FALSE;

    for (attempt = 0, error = ERROR_BUFFER_OVERFLOW; attempt < 4 && error == ERROR_BUFFER_OVERFLOW;
         attempt++) {
        free(adapters);
        if (!(adapters = malloc(size)))
            return TRUE;
        error = GetAdaptersAddresses(AF_UNSPEC, flags, NULL, adapters, &size);
    }
    /* Not knowing must not stop a transfer: it finds out by itself. */
    for (adapter = error ? NULL : adapters; adapter; adapter = adapter->Next) {
        if (adapter->IfType == IF_TYPE_SOFTWARE_LOOPBACK)
            continue;
        if (adapter->OperStatus == IfOperStatusDown)
            down = down || carries_traffic(adapter->IfType);
        else
            up = TRUE;
    }
    free(adapters);
    return up || !down;
}

static DWORD WINAPI watch_thread(void *argument)
{
    struct os_network_watch *watch = argument;
    HANDLE handles[2] = {watch->stop, watch->event};
    BOOL connected = os_network_connected(), now;
    OVERLAPPED overlapped = {0};
    BOOL pending = FALSE;
    DWORD wait;

    overlapped.hEvent = watch->event;
    for (;;) {
        HANDLE ignored = NULL;

        if (!pending)
            pending = NotifyAddrChange(&ignored, &overlapped) == ERROR_IO_PENDING;
        wait = WaitForMultipleObjects(pending ? 2 : 1, handles, FALSE, POLL_MS);
        if (wait == WAIT_OBJECT_0 || wait == WAIT_FAILED)
            break;
        if (wait == WAIT_OBJECT_0 + 1)
            pending = FALSE;
        now = os_network_connected();
        if (wait == WAIT_OBJECT_0 + 1 || now != connected)
            watch->changed(watch->context);
        connected = now;
    }
    /* overlapped is on this stack: it must be done before the stack goes. */
    if (pending && CancelIPChangeNotify(&overlapped))
        WaitForSingleObject(watch->event, INFINITE);
    return 0;
}

HRESULT os_network_watch(void (*changed)(void *context), void *context,
                         struct os_network_watch **out)
{
    struct os_network_watch *watch = calloc(1, sizeof(*watch));
    HRESULT hr;

    *out = NULL;
    if (!watch)
        return E_OUTOFMEMORY;
    watch->changed = changed;
    watch->context = context;
    watch->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    watch->event = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (watch->stop && watch->event)
        watch->thread = CreateThread(NULL, 0, watch_thread, watch, 0, NULL);
    if (watch->thread) {
        *out = watch;
        return S_OK;
    }
    hr = HRESULT_FROM_WIN32(GetLastError());
    if (watch->stop)
        CloseHandle(watch->stop);
    if (watch->event)
        CloseHandle(watch->event);
    free(watch);
    return hr;
}

void os_network_unwatch(struct os_network_watch *watch)
{
    if (!watch)
        return;
    SetEvent(watch->stop);
    WaitForSingleObject(watch->thread, INFINITE);
    CloseHandle(watch->thread);
    CloseHandle(watch->stop);
    CloseHandle(watch->event);
    free(watch);
}
