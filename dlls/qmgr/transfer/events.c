/*
 * The events of a download, delivered one at a time.
 *
 * Called on the transfer thread and on pool threads; calls the engine's handlers under the
 * download's event lock. The lock also settles which flush counts: a flush that began before the
 * file was cut to nothing is not told, because the epoch has changed by then.
 */
#include "transfer_private.h"

void event_connecting(struct download *download)
{
    if (download->connecting_told)
        return;
    download->connecting_told = TRUE;
    if (!download->events.connecting)
        return;
    AcquireSRWLockExclusive(&download->event_lock);
    download->events.connecting(download->context);
    ReleaseSRWLockExclusive(&download->event_lock);
}

void event_headers(struct download *download, const struct download_headers *headers)
{
    if (!download->events.headers)
        return;
    AcquireSRWLockExclusive(&download->event_lock);
    download->events.headers(download->context, headers);
    ReleaseSRWLockExclusive(&download->event_lock);
}

void event_progress(struct download *download, UINT64 bytes, ULONGLONG now)
{
    if (!download->events.progress || now - download->progress_time < PROGRESS_MS)
        return;
    download->progress_time = now;
    AcquireSRWLockExclusive(&download->event_lock);
    download->events.progress(download->context, bytes);
    ReleaseSRWLockExclusive(&download->event_lock);
}

/* Tells which parts of the ranges the bytes from first to last of a sparse download are. */
static void tell_ranges(struct download *download, UINT64 first, UINT64 last)
{
    const struct download_spec *spec = &download->spec;
    UINT64 start = 0; /* of the range, counted as first and last are */

    for (ULONG i = 0; i < spec->range_count && start < last; i++) {
        UINT64 length = spec->ranges[i].Length, skip, end;
        BG_FILE_RANGE part;

        end = length > MAXUINT64 - start ? MAXUINT64 : start + length;
        if (end > first) {
            skip = first > start ? first - start : 0;
            part.InitialOffset = spec->ranges[i].InitialOffset + skip;
            part.Length = (end < last ? end : last) - (start + skip);
            if (part.Length)
                download->events.range_filled(download->context, &part);
        }
        start = end;
    }
}

/* The bytes up to durable are flushed; under the event lock. */
static void tell_durable(struct download *download, UINT64 durable)
{
    if (durable <= download->durable_told)
        return;
    if (download->spec.sparse && download->events.range_filled)
        tell_ranges(download, download->durable_told, durable);
    download->durable_told = durable;
    if (download->events.durable)
        download->events.durable(download->context, durable);
}

void event_flushed(struct sink *sink, UINT64 durable, ULONG epoch)
{
    struct download *download = container_of(sink, struct download, sink);

    AcquireSRWLockExclusive(&download->event_lock);
    if (durable && epoch == sink->epoch)
        tell_durable(download, durable);
    ReleaseSRWLockExclusive(&download->event_lock);
    transfer_post(download, TODO_FLUSHED);
}

void event_finished(struct sink *sink, DWORD error)
{
    struct download *download = container_of(sink, struct download, sink);
    struct download_result result = {0};

    if (error && SUCCEEDED(download->failure.hr)) {
        download->failure = failure_local(error);
        download->failure.discard = download->failure.discard && download->spec.offset;
    }
    result.hr = download->failure.hr;
    result.context = download->failure.context;
    result.file = sink->file == INVALID_HANDLE_VALUE ? NULL : sink->file;
    result.transient = download->failure.transient;
    result.discard = download->failure.discard;
    result.retry_after_ms = download->retry_after_ms;
    result.bytes = result.discard ? 0 : sink->durable;
    result.total = download->total;
    result.received = download->received;
    result.redirect_url = download->redirect_url;
    if (download->upload)
        upload_result(download, &result);
    if (download->events.done) {
        AcquireSRWLockExclusive(&download->event_lock);
        download->events.done(download->context, &result);
        ReleaseSRWLockExclusive(&download->event_lock);
    }
    transfer_release(download);
}
