/*
 * Where the transfer thread sleeps: until a socket of libcurl is ready, libcurl's own time is up,
 * or somebody wakes it.
 *
 * In place of curl_multi_poll(), which under Wine costs three round trips to the wineserver for
 * each socket and each wait. Here each wanted socket is tied to one event anew before each wait,
 * which is one round trip, and says at once when it is ready already: nothing is missed. Not
 * select(): from when a socket of it is ready to when the thread has run, the wineserver of Wine 8
 * spins, on the processor that the thread wants. Called by transfer.c alone.
 */
#include "transfer_private.h"

#include <stdlib.h>
#include <winsock2.h>

/* How long to wait, in ms, when the sockets cannot say that they are ready. */
#define UNARMED_MS 10

struct waiter {
    HANDLE wake;  /* auto-reset */
    HANDLE ready; /* auto-reset: something happened to a socket */
    struct curl_waitfd *sockets;
    unsigned int capacity;
};

HRESULT waiter_create(struct waiter **out)
{
    struct waiter *waiter = calloc(1, sizeof(*waiter));

    *out = NULL;
    if (!waiter)
        return E_OUTOFMEMORY;
    waiter->wake = CreateEventW(NULL, FALSE, FALSE, NULL);
    waiter->ready = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (!waiter->wake || !waiter->ready) {
        HRESULT hr = HRESULT_FROM_WIN32(GetLastError());

        waiter_destroy(waiter);
        return hr;
    }
    *out = waiter;
    return S_OK;
}

void waiter_destroy(struct waiter *waiter)
{
    if (!waiter)
        return;
    if (waiter->wake)
        CloseHandle(waiter->wake);
    if (waiter->ready)
        CloseHandle(waiter->ready);
    free(waiter->sockets);
    free(waiter);
}

void waiter_wake(struct waiter *waiter)
{
    SetEvent(waiter->wake);
}

/* The sockets that libcurl waits for; FALSE out of memory. */
static BOOL get_sockets(struct waiter *waiter, CURLM *multi, unsigned int *count)
{
    /* Asked without an array, libcurl only counts. */
    while (curl_multi_waitfds(multi, waiter->sockets, waiter->capacity, count) != CURLM_OK ||
           *count > waiter->capacity) {
        unsigned int capacity = waiter->capacity ? waiter->capacity * 2 : 32;
        struct curl_waitfd *sockets;

        if (capacity > UINT_MAX / 4)
            return FALSE;
        sockets = realloc(waiter->sockets, capacity * sizeof(*sockets));
        if (!sockets)
            return FALSE;
        waiter->sockets = sockets;
        waiter->capacity = capacity;
    }
    return TRUE;
}

/* FALSE: not a socket that can be tied to the event. */
static BOOL arm(struct waiter *waiter, const struct curl_waitfd *socket)
{
    long events = 0;

    if (socket->events & CURL_WAIT_POLLIN)
        events |= FD_READ | FD_CLOSE;
    if (socket->events & CURL_WAIT_POLLOUT)
        events |= FD_WRITE | FD_CONNECT | FD_CLOSE;
    return !WSAEventSelect(socket->fd, waiter->ready, events);
}

void waiter_wait(struct waiter *waiter, CURLM *multi, int timeout_ms)
{
    HANDLE handles[] = {waiter->wake, waiter->ready};
    unsigned int count;
    long due_ms = -1;

    curl_multi_timeout(multi, &due_ms);
    if (!due_ms)
        return; /* libcurl has something to do at once: no need to ask for anything */
    if (due_ms > 0 && due_ms < timeout_ms)
        timeout_ms = due_ms;
    if (!get_sockets(waiter, multi, &count)) {
        timeout_ms = min(timeout_ms, UNARMED_MS);
        count = 0;
    }
    for (unsigned int i = 0; i < count; i++) {
        if (!arm(waiter, &waiter->sockets[i]))
            timeout_ms = min(timeout_ms, UNARMED_MS);
    }
    WaitForMultipleObjects(ARRAYSIZE(handles), handles, FALSE, (DWORD)timeout_ms);
}
