/*
 * Who may have a connection to a host now, and who waits for one.
 *
 * Called by http.c on the transfer thread. libcurl could queue requests by itself, but the time
 * they wait would count as time spent connecting; here a request is given to libcurl only when it
 * can begin at once. Foreground downloads are served first.
 */
#include "transfer_private.h"

#include <stdlib.h>
#include <string.h>

struct host {
    struct link link;    /* in transfer->hosts */
    struct link waiting; /* downloads */
    ULONG running;
    size_t length;
    char name[]; /* scheme, host and port as they stand in the URL */
};

static size_t origin_length(const char *url)
{
    const char *host = strstr(url, "://");

    return host ? host + 3 - url + strcspn(host + 3, "/?") : strlen(url);
}

static struct host *find_host(struct transfer *transfer, const char *url)
{
    size_t length = origin_length(url);
    struct host *host;

    for (struct link *item = transfer->hosts.next; item != &transfer->hosts; item = item->next) {
        host = container_of(item, struct host, link);
        if (host->length == length && !memcmp(host->name, url, length))
            return host;
    }
    host = calloc(1, sizeof(*host) + length);
    if (!host)
        return NULL;
    memcpy(host->name, url, length);
    host->length = length;
    link_init(&host->waiting);
    link_append(&transfer->hosts, &host->link);
    return host;
}

static void wait_in_line(struct host *host, struct download *download)
{
    struct link *before = &host->waiting;

    if (download->spec.foreground) {
        before = host->waiting.next;
        while (before != &host->waiting &&
               container_of(before, struct download, waiting)->spec.foreground)
            before = before->next;
    }
    link_append(before, &download->waiting); /* in front of that element */
}

HRESULT host_enter(struct download *download)
{
    struct transfer *transfer = download->transfer;
    struct host *host = find_host(transfer, download->url);

    if (!host)
        return E_OUTOFMEMORY;
    download->host = host;
    if (host->running < transfer->options.connections_per_host) {
        host->running++;
        return S_OK;
    }
    wait_in_line(host, download);
    return S_FALSE;
}

void host_leave(struct download *download)
{
    struct host *host = download->host;
    struct download *next;

    download->host = NULL;
    if (!host)
        return;
    if (link_in_list(&download->waiting)) {
        link_remove(&download->waiting);
    } else if (!link_empty(&host->waiting)) { /* its place goes to the next in line */
        next = container_of(host->waiting.next, struct download, waiting);
        link_remove(&next->waiting);
        transfer_post(next, TODO_PLACE);
    } else {
        host->running--;
    }
    if (!host->running && link_empty(&host->waiting)) {
        link_remove(&host->link);
        free(host);
    }
}
