/*
 * Is there a network: the question, and a thread that notices when the answer changes
 * (users-and-network-connections). Called by the engine; calls iphlpapi.
 */
#include <winsock2.h>
#include <windows.h>
#include <iphlpapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#include "os_private.h"

/* ipifcons.h of older SDKs stops before mobile broadband. */
#ifndef IF_TYPE_WWANPP
#define IF_TYPE_WWANPP  243
#define IF_TYPE_WWANPP2 244
#endif

/* Address changes are told at once; a link that comes or goes without one is noticed by then. */
#define POLL_MS 15000

/* One request to be told of the next address change. */
struct notification {
    OVERLAPPED overlapped;
    BOOL pending;
};

/*
 * Wine 8 cannot cancel such a request, and completes it into this memory whenever an address
 * changes. So it is kept for the next watch.
 */
static struct notification *parked;

struct os_network_watch {
    void (*changed)(void *context);
    void *context;
    HANDLE stop, thread;
    struct notification *notification;
};

/* Whether an adapter that is down means that the cable, or the radio, is off. */
static BOOL carries_traffic(const IP_ADAPTER_ADDRESSES *adapter)
{
    static const WCHAR format[] = L"\\\\?\\unix\\sys\\class\\net\\%ls\\device";
    WCHAR path[MAX_PATH];
    DWORD type = adapter->IfType;

    if (type != IF_TYPE_ETHERNET_CSMACD && type != IF_TYPE_IEEE80211 && type != IF_TYPE_PPP &&
        type != IF_TYPE_WWANPP && type != IF_TYPE_WWANPP2) {
        return FALSE;
    }
    if (!os_is_wine() || !adapter->FriendlyName || wcspbrk(adapter->FriendlyName, L"\\/"))
        return TRUE;
    /* Linux calls its bridges, dummies and virtual pairs Ethernet, too; a device makes it one. */
    if (_snwprintf(path, ARRAYSIZE(path), format, adapter->FriendlyName) < 0)
        return TRUE;
    path[ARRAYSIZE(path) - 1] = 0;
    return GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES;
}

BOOL os_network_connected(void)
{
    ULONG flags = GAA_FLAG_SKIP_UNICAST | GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST |
                  GAA_FLAG_SKIP_DNS_SERVER;
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
            down = down || carries_traffic(adapter);
        else
            up = TRUE;
    }
    free(adapters);
    return up || !down;
}

static struct notification *take_notification(void)
{
    struct notification *notification = InterlockedExchangePointer((void **)&parked, NULL);

    if (notification || !(notification = calloc(1, sizeof(*notification))))
        return notification;
    notification->overlapped.hEvent = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (notification->overlapped.hEvent)
        return notification;
    free(notification);
    return NULL;
}

static void return_notification(struct notification *notification)
{
    if (notification->pending && CancelIPChangeNotify(&notification->overlapped)) {
        WaitForSingleObject(notification->overlapped.hEvent, INFINITE);
        notification->pending = FALSE;
    }
    /* Two at a time is for tests: the second that cannot be cancelled is left where it is. */
    if (notification->pending) {
        InterlockedCompareExchangePointer((void **)&parked, notification, NULL);
        return;
    }
    CloseHandle(notification->overlapped.hEvent);
    free(notification);
}

static DWORD WINAPI watch_thread(void *argument)
{
    struct os_network_watch *watch = argument;
    struct notification *notification = watch->notification;
    HANDLE handles[2] = {watch->stop, notification->overlapped.hEvent};
    BOOL connected = os_network_connected(), now;
    DWORD wait;

    for (;;) {
        HANDLE ignored = NULL;

        if (!notification->pending)
            notification->pending =
                NotifyAddrChange(&ignored, &notification->overlapped) == ERROR_IO_PENDING;
        wait = WaitForMultipleObjects(notification->pending ? 2 : 1, handles, FALSE, POLL_MS);
        if (wait == WAIT_OBJECT_0 || wait == WAIT_FAILED)
            return 0;
        if (wait == WAIT_OBJECT_0 + 1)
            notification->pending = FALSE;
        now = os_network_connected();
        if (wait == WAIT_OBJECT_0 + 1 || now != connected)
            watch->changed(watch->context);
        connected = now;
    }
}

static void release_watch(struct os_network_watch *watch)
{
    if (watch->thread)
        CloseHandle(watch->thread);
    if (watch->stop)
        CloseHandle(watch->stop);
    if (watch->notification)
        return_notification(watch->notification);
    free(watch);
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
    watch->notification = take_notification();
    if (watch->stop && watch->notification)
        watch->thread = CreateThread(NULL, 0, watch_thread, watch, 0, NULL);
    if (watch->thread) {
        *out = watch;
        return S_OK;
    }
    hr = GetLastError() ? HRESULT_FROM_WIN32(GetLastError()) : E_OUTOFMEMORY;
    release_watch(watch);
    return hr;
}

void os_network_unwatch(struct os_network_watch *watch)
{
    if (!watch)
        return;
    SetEvent(watch->stop);
    WaitForSingleObject(watch->thread, INFINITE);
    release_watch(watch);
}
