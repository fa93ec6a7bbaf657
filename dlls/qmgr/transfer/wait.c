/*
 * Where the transfer thread sleeps: until a socket of libcurl is ready, libcurl's own time is up,
 * or somebody wakes it.
 *
 * In place of curl_multi_poll(), which under Wine costs three round trips to the wineserver for
 * each socket and each wait: select() asks for all sockets in one. Who wakes sends a byte to a
 * socket of ours. Called by transfer.c alone.
 */
#define FD_SETSIZE 512 /* before winsock2.h: more sockets than that wait in curl_multi_poll() */
#include "transfer_private.h"

#include <stdlib.h>
#include <winsock2.h>

struct waiter {
    SOCKET wake; /* a datagram socket connected to itself */
    struct curl_waitfd *sockets;
    unsigned int capacity;
};

/* A socket that what is sent to comes back from. */
static HRESULT make_wake(SOCKET *out)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int size = sizeof(address);
    u_long nonblocking = 1;
    SOCKET wake = socket(AF_INET, SOCK_DGRAM, 0);
    HRESULT hr = S_OK;

    if (wake == INVALID_SOCKET)
        return HRESULT_FROM_WIN32(WSAGetLastError());
    if (bind(wake, (struct sockaddr *)&address, sizeof(address)) ||
        getsockname(wake, (struct sockaddr *)&address, &size) ||
        connect(wake, (struct sockaddr *)&address, sizeof(address)) ||
        ioctlsocket(wake, FIONBIO, &nonblocking)) {
        hr = HRESULT_FROM_WIN32(WSAGetLastError());
        closesocket(wake);
        wake = INVALID_SOCKET;
    }
    *out = wake;
    return hr;
}

HRESULT waiter_create(struct waiter **out)
{
    struct waiter *waiter = calloc(1, sizeof(*waiter));
    HRESULT hr;

    *out = NULL;
    if (!waiter)
        return E_OUTOFMEMORY;
    hr = make_wake(&waiter->wake);
    if (FAILED(hr)) {
        free(waiter);
        return hr;
    }
    *out = waiter;
    return S_OK;
}

void waiter_destroy(struct waiter *waiter)
{
    if (!waiter)
        return;
    closesocket(waiter->wake);
    free(waiter->sockets);
    free(waiter);
}

void waiter_wake(struct waiter *waiter)
{
    /* A full buffer means that a wake-up is there already. */
    send(waiter->wake, "", 1, 0);
}

/* The sockets that libcurl waits for; FALSE when they do not fit. */
static BOOL get_sockets(struct waiter *waiter, CURLM *multi, unsigned int *count)
{
    /* Asked without an array, libcurl only counts. */
    while (curl_multi_waitfds(multi, waiter->sockets, waiter->capacity, count) != CURLM_OK ||
           *count > waiter->capacity) {
        unsigned int capacity = waiter->capacity ? waiter->capacity * 2 : 32;
        struct curl_waitfd *sockets;

        if (capacity > FD_SETSIZE)
            return FALSE;
        sockets = realloc(waiter->sockets, capacity * sizeof(*sockets));
        if (!sockets)
            return FALSE;
        waiter->sockets = sockets;
        waiter->capacity = capacity;
    }
    return *count < FD_SETSIZE;
}

static void drain(struct waiter *waiter)
{
    char bytes[64];

    while (recv(waiter->wake, bytes, sizeof(bytes), 0) > 0)
        ;
}

void waiter_wait(struct waiter *waiter, CURLM *multi, int timeout_ms)
{
    struct curl_waitfd extra = {.fd = waiter->wake, .events = CURL_WAIT_POLLIN};
    fd_set readable, writable, failed;
    struct timeval timeout;
    unsigned int count;
    long due_ms = -1;

    if (!get_sockets(waiter, multi, &count)) {
        curl_multi_poll(multi, &extra, 1, timeout_ms, NULL);
        if (extra.revents)
            drain(waiter);
        return;
    }
    curl_multi_timeout(multi, &due_ms);
    if (!due_ms)
        return; /* libcurl has something to do at once: no need to ask for anything */
    if (due_ms > 0 && due_ms < timeout_ms)
        timeout_ms = due_ms;
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    FD_ZERO(&failed);
    FD_SET(waiter->wake, &readable);
    for (unsigned int i = 0; i < count; i++) {
        const struct curl_waitfd *socket = &waiter->sockets[i];

        if (socket->events & CURL_WAIT_POLLIN)
            FD_SET(socket->fd, &readable);
        if (socket->events & CURL_WAIT_POLLOUT) {
            FD_SET(socket->fd, &writable);
            FD_SET(socket->fd, &failed); /* how Windows tells of a connection that failed */
        }
    }
    timeout.tv_sec = timeout_ms / 1000;
    timeout.tv_usec = timeout_ms % 1000 * 1000;
    if (select(0, &readable, &writable, &failed, &timeout) > 0 && FD_ISSET(waiter->wake, &readable))
        drain(waiter);
}
