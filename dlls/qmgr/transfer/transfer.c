/*
 * The transfer thread: libcurl's multi interface, and the list of downloads that something happened
 * to.
 *
 * The engine calls the functions of transfer.h from any thread; they only note what is wanted,
 * put the download on the posted list and wake the thread if it sleeps. The thread hands posted
 * downloads and finished requests to the files beside this one. A wake-up is dear under Wine, so it
 * is made only when the thread really sleeps, once, and never from the thread itself.
 */
#include "transfer_private.h"

#include <process.h>
#include <stdlib.h>

/* Downloads are looked at for checkpoints that often, in ms. */
#define SCAN_MS 100

static INIT_ONCE curl_once = INIT_ONCE_STATIC_INIT;

static BOOL CALLBACK init_curl(INIT_ONCE *once, void *parameter, void **context)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

INT64 time_now(void)
{
    FILETIME now;

    GetSystemTimeAsFileTime(&now);
    return bc_time_from_filetime((UINT64)now.dwHighDateTime << 32 | now.dwLowDateTime);
}

void transfer_post(struct download *download, ULONG todo)
{
    struct transfer *transfer = download->transfer;
    BOOL wake = FALSE;

    AcquireSRWLockExclusive(&transfer->lock);
    if (!download->detached) {
        download->todo |= todo;
        if (!link_in_list(&download->posted))
            link_append(&transfer->posted, &download->posted);
        wake = transfer->sleeping && !transfer->woken;
        if (wake)
            transfer->woken = TRUE;
    }
    ReleaseSRWLockExclusive(&transfer->lock);
    if (wake)
        waiter_wake(transfer->waiter);
}

void transfer_detach(struct download *download)
{
    struct transfer *transfer = download->transfer;

    link_remove(&download->link);
    AcquireSRWLockExclusive(&transfer->lock);
    download->detached = TRUE;
    link_remove(&download->posted);
    ReleaseSRWLockExclusive(&transfer->lock);
}

void transfer_release(struct download *download)
{
    struct transfer *transfer = download->transfer;

    AcquireSRWLockExclusive(&transfer->lock);
    link_remove(&download->sibling);
    if (transfer->closing)
        WakeAllConditionVariable(&transfer->empty);
    ReleaseSRWLockExclusive(&transfer->lock);
    download_free(download);
}

CURL *transfer_take_easy(struct transfer *transfer)
{
    if (transfer->spare_count)
        return transfer->spare[--transfer->spare_count];
    return curl_easy_init();
}

void transfer_give_easy(struct transfer *transfer, CURL *easy)
{
    if (transfer->spare_count < SPARE_HANDLES) {
        curl_easy_reset(easy);
        transfer->spare[transfer->spare_count++] = easy;
    } else {
        curl_easy_cleanup(easy);
    }
}

/* Takes the next posted download, or NULL. */
static struct download *take_posted(struct transfer *transfer, ULONG *todo, BOOL *closing)
{
    struct download *download = NULL;

    AcquireSRWLockExclusive(&transfer->lock);
    transfer->sleeping = transfer->woken = FALSE;
    *closing = transfer->closing;
    if (!link_empty(&transfer->posted)) {
        download = container_of(transfer->posted.next, struct download, posted);
        link_remove(&download->posted);
        *todo = download->todo;
        download->todo = 0;
    }
    ReleaseSRWLockExclusive(&transfer->lock);
    return download;
}

/* From now on whoever posts has to wake the thread. FALSE: something has been posted already. */
static BOOL fall_asleep(struct transfer *transfer)
{
    BOOL sleeping;

    AcquireSRWLockExclusive(&transfer->lock);
    sleeping = transfer->sleeping = link_empty(&transfer->posted);
    ReleaseSRWLockExclusive(&transfer->lock);
    return sleeping;
}

/* Looks at the clock for all downloads; returns how long the thread may sleep, in ms. */
static int scan(struct transfer *transfer)
{
    ULONGLONG now = GetTickCount64();
    struct link *item, *next;
    BOOL waiting = FALSE;

    if (now - transfer->scan_time < SCAN_MS)
        return SCAN_MS;
    transfer->scan_time = now;
    for (item = transfer->downloads.next; item != &transfer->downloads; item = next) {
        struct download *download = container_of(item, struct download, link);

        next = item->next;
        if (download_tick(download, now))
            waiting = TRUE;
    }
    return waiting ? SCAN_MS : 60000;
}

/* Hands on what libcurl has finished. FALSE: nothing. */
static BOOL take_messages(struct transfer *transfer)
{
    struct download *download;
    CURLMsg *message;
    BOOL any = FALSE;
    int left;

    while ((message = curl_multi_info_read(transfer->multi, &left))) {
        CURLcode code = message->data.result;

        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &download);
        http_done(download, code);
        any = TRUE;
    }
    return any;
}

static unsigned __stdcall transfer_thread(void *argument)
{
    struct transfer *transfer = argument;
    struct download *download;
    int running, sleep_ms;
    BOOL closing;
    ULONG todo;

    for (;;) {
        while ((download = take_posted(transfer, &todo, &closing)))
            download_look(download, todo);
        if (closing && link_empty(&transfer->downloads))
            return 0;
        curl_multi_perform(transfer->multi, &running);
        if (take_messages(transfer))
            continue; /* what they began has not been performed yet */
        sleep_ms = scan(transfer);
        if (fall_asleep(transfer))
            waiter_wait(transfer->waiter, transfer->multi, sleep_ms);
    }
}

static ULONG value_or(ULONG value, ULONG otherwise)
{
    return value ? value : otherwise;
}

static void set_options(struct transfer_options *to, const struct transfer_options *from)
{
    static const struct transfer_options nothing;

    if (!from)
        from = &nothing;
    to->receive_buffer = value_or(from->receive_buffer, 2 * 1024 * 1024);
    to->flush_threads = value_or(from->flush_threads, 16);
    to->checkpoint_bytes = value_or(from->checkpoint_bytes, 32 * 1024 * 1024);
    to->checkpoint_ms = value_or(from->checkpoint_ms, 1000);
    to->piece_bytes = from->piece_bytes ? from->piece_bytes : 2147483648u;
    to->unflushed_bytes = value_or(from->unflushed_bytes, 256 * 1024 * 1024);
    to->connect_timeout_ms = value_or(from->connect_timeout_ms, 60000);
    to->stall_timeout_ms = value_or(from->stall_timeout_ms, 60000);
    to->connections_per_host = value_or(from->connections_per_host, 8);
}

HRESULT transfer_create(const struct transfer_options *options, struct transfer **out)
{
    struct transfer *transfer;
    HRESULT hr = E_OUTOFMEMORY;

    *out = NULL;
    if (!InitOnceExecuteOnce(&curl_once, init_curl, NULL, NULL))
        return E_FAIL;
    transfer = calloc(1, sizeof(*transfer));
    if (!transfer)
        return E_OUTOFMEMORY;
    InitializeSRWLock(&transfer->lock);
    InitializeSRWLock(&transfer->proxy_lock);
    InitializeConditionVariable(&transfer->empty);
    link_init(&transfer->posted);
    link_init(&transfer->downloads);
    link_init(&transfer->hosts);
    link_init(&transfer->everyone);
    set_options(&transfer->options, options);
    transfer->multi = curl_multi_init();
    if (!transfer->multi)
        goto free_transfer;
    curl_multi_setopt(transfer->multi, CURLMOPT_MAXCONNECTS, 64L);
    hr = waiter_create(&transfer->waiter);
    if (FAILED(hr))
        goto cleanup_multi;
    hr = pool_create(transfer->options.flush_threads, &transfer->pool);
    if (FAILED(hr))
        goto destroy_waiter;
    transfer->thread = (HANDLE)_beginthreadex(NULL, 0, transfer_thread, transfer, 0, NULL);
    if (!transfer->thread) {
        hr = E_OUTOFMEMORY;
        goto destroy_pool;
    }
    *out = transfer;
    return S_OK;

destroy_pool:
    pool_destroy(transfer->pool);
destroy_waiter:
    waiter_destroy(transfer->waiter);
cleanup_multi:
    curl_multi_cleanup(transfer->multi);
free_transfer:
    free(transfer);
    return hr;
}

void transfer_destroy(struct transfer *transfer)
{
    struct link *item;

    if (!transfer)
        return;
    AcquireSRWLockExclusive(&transfer->lock);
    transfer->closing = TRUE;
    for (item = transfer->everyone.next; item != &transfer->everyone; item = item->next) {
        struct download *download = container_of(item, struct download, sibling);

        InterlockedExchange(&download->cancelled, TRUE);
        if (download->detached)
            continue;
        download->todo |= TODO_CANCEL;
        if (!link_in_list(&download->posted))
            link_append(&transfer->posted, &download->posted);
    }
    ReleaseSRWLockExclusive(&transfer->lock);
    waiter_wake(transfer->waiter);
    WaitForSingleObject(transfer->thread, INFINITE);
    CloseHandle(transfer->thread);
    AcquireSRWLockExclusive(&transfer->lock);
    while (!link_empty(&transfer->everyone))
        SleepConditionVariableSRW(&transfer->empty, &transfer->lock, INFINITE, 0);
    ReleaseSRWLockExclusive(&transfer->lock);
    pool_destroy(transfer->pool);
    while (transfer->spare_count)
        curl_easy_cleanup(transfer->spare[--transfer->spare_count]);
    curl_multi_cleanup(transfer->multi);
    waiter_destroy(transfer->waiter);
    proxy_forget(transfer);
    free(transfer);
}

HRESULT transfer_download(struct transfer *transfer, const struct download_spec *spec,
                          const struct download_events *events, void *context,
                          struct download **out)
{
    struct download *download;
    HRESULT hr;

    *out = NULL;
    hr = download_create(transfer, spec, events, context, &download);
    if (FAILED(hr))
        return hr;
    *out = download;
    AcquireSRWLockExclusive(&transfer->lock);
    link_append(&transfer->everyone, &download->sibling);
    ReleaseSRWLockExclusive(&transfer->lock);
    transfer_post(download, TODO_START);
    return S_OK;
}

void transfer_cancel(struct transfer *transfer, struct download *download)
{
    InterlockedExchange(&download->cancelled, TRUE);
    transfer_post(download, TODO_CANCEL);
}

void transfer_set_rate(struct transfer *transfer, struct download *download, UINT64 rate)
{
    AcquireSRWLockExclusive(&transfer->lock);
    download->new_rate = rate;
    ReleaseSRWLockExclusive(&transfer->lock);
    transfer_post(download, TODO_RATE);
}
