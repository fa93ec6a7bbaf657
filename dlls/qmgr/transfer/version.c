/*
 * One version of a remote file on its way into the local one: what is known of it, whether it fits
 * the order, where its bytes go.
 *
 * Called by answer.c on the transfer thread and by share_copy.c on a worker, whoever is the writer;
 * calls the sink and the events.
 */
#include "transfer_private.h"

#include <time.h>

/* Takes over what an accepted answer says of the version. */
static void learn(struct download *download, const struct bc_validators *said)
{
    struct bc_validators *known = &download->known;

    if (said->etag[0])
        memcpy(known->etag, said->etag, sizeof(known->etag));
    if (said->has_last_modified) {
        known->has_last_modified = TRUE;
        known->last_modified = said->last_modified;
    }
    if (said->total != BC_SIZE_UNKNOWN)
        known->total = said->total;
}

/* Bytes the local file will have. FALSE: a range lies outside the remote file. */
static BOOL local_total(const struct download *download, UINT64 *total)
{
    const struct download_spec *spec = &download->spec;
    UINT64 remote = download->known.total, sum = 0;

    *total = remote;
    for (ULONG i = 0; i < spec->range_count; i++) {
        UINT64 length = spec->ranges[i].Length;

        if (remote != BC_SIZE_UNKNOWN) {
            if (spec->ranges[i].InitialOffset >= remote)
                return FALSE;
            if (length == (UINT64)BG_LENGTH_TO_EOF)
                length = remote - spec->ranges[i].InitialOffset;
            else if (length > remote - spec->ranges[i].InitialOffset)
                return FALSE;
        }
        if (length == (UINT64)BG_LENGTH_TO_EOF || length > MAXUINT64 - 1 - sum)
            sum = (UINT64)BG_SIZE_UNKNOWN;
        else if (sum != (UINT64)BG_SIZE_UNKNOWN)
            sum += length;
    }
    if (spec->range_count && !spec->sparse)
        *total = sum;
    return TRUE;
}

static void tell_headers(struct download *download)
{
    char modified[BC_HTTP_DATE_SIZE] = "";
    struct download_headers headers = {
        .total = download->total,
        .remote_size = download->known.total,
        .etag = download->known.etag[0] ? download->known.etag : NULL,
        .text = download->head ? download->head : "",
        .final_url = download->url,
        .restarted = download->restarts > 0,
    };

    if (download->known.has_last_modified &&
        bc_succeeded(
            bc_http_format_date(download->known.last_modified, modified, sizeof(modified))))
        headers.last_modified = modified;
    download->told_headers = TRUE;
    event_headers(download, &headers);
}

BOOL version_accept(struct download *download, BOOL restart, const struct bc_validators *said,
                    struct failure *failure)
{
    const struct download_spec *spec = &download->spec;

    if (restart && download->position && !download_restart(download, failure))
        return FALSE;
    if (restart)
        bc_validators_init(&download->known);
    learn(download, said);
    if (!local_total(download, &download->total)) {
        *failure = failure_remote(BC_E_INVALID_RANGE);
        return FALSE;
    }
    if (spec->maximum_size != (UINT64)BG_SIZE_UNKNOWN &&
        download->total != (UINT64)BG_SIZE_UNKNOWN && download->total > spec->maximum_size) {
        *failure = failure_remote(BC_E_MAX_DOWNLOAD_SIZE_LIMIT_REACHED);
        return FALSE;
    }
    if (!download_open_sink(download, failure))
        return FALSE;
    if (!download->told_headers)
        tell_headers(download);
    return TRUE;
}

/* Where in the local file the next byte belongs. */
static UINT64 write_position(const struct download *download)
{
    const struct download_spec *spec = &download->spec;

    if (spec->sparse && spec->range_count)
        return spec->ranges[download->range].InitialOffset + download->range_done;
    return download->position;
}

BOOL version_write(struct download *download, const void *data, size_t length,
                   struct failure *failure)
{
    const struct transfer_options *options = &download->transfer->options;
    ULONGLONG now = GetTickCount64();
    DWORD error;

    if (download->position > download->spec.maximum_size ||
        length > download->spec.maximum_size - download->position) {
        *failure = failure_remote(BC_E_MAX_DOWNLOAD_SIZE_LIMIT_REACHED);
        return FALSE;
    }
    error = sink_write(&download->sink, write_position(download), data, length);
    if (error) {
        *failure = failure_local(error);
        return FALSE;
    }
    download->position += length;
    download->range_done += length;
    download->received += length;
    event_progress(download, download->position, now);
    sink_checkpoint(&download->sink, options->checkpoint_bytes, options->checkpoint_ms, now, FALSE);
    return TRUE;
}
