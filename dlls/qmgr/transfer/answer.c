/*
 * An answer as it comes in: its head, what it means for the file, and its body.
 *
 * Called by libcurl on the transfer thread; calls bitscore for every judgement, the sink for the
 * bytes, and the events. Nothing here may end the download or touch the multi handle: it leaves
 * what is to happen in download->outcome, and http.c does it once libcurl has let go.
 */
#include "transfer_private.h"

#include <stdlib.h>
#include <time.h>

static void fail(struct download *download, struct failure failure)
{
    download->failure = failure;
    download->outcome = OUTCOME_FAILED;
}

/* Keeps a line of the head; FALSE when there are too many of them. */
static BOOL keep_line(struct download *download, const char *line, size_t length)
{
    size_t size = download->head_size + length + 3;
    char *head;

    if (size > HEAD_MAX)
        return FALSE;
    if (size > download->head_room) {
        size_t room = size > 1024 ? 2 * size : 1024;

        head = realloc(download->head, room);
        if (!head)
            return FALSE;
        download->head = head;
        download->head_room = room;
    }
    head = download->head + download->head_size;
    memcpy(head, line, length);
    memcpy(head + length, "\r\n", 3);
    download->head_size += length + 2;
    return TRUE;
}

static void keep_location(struct download *download, const char *line, size_t length)
{
    struct bc_span name, value;

    if (download->location || !bc_http_split_field(line, length, &name, &value) ||
        !bc_span_is(name, "location"))
        return;
    download->location = malloc(value.len + 1);
    if (!download->location)
        return;
    memcpy(download->location, value.ptr, value.len);
    download->location[value.len] = 0;
}

size_t answer_header(char *data, size_t size, size_t count, void *user)
{
    struct download *download = user;
    size_t length = size * count, bare = length;

    if (download->outcome != OUTCOME_NONE)
        return length; /* trailers, or an answer already judged */
    if (length >= 5 && !memcmp(data, "HTTP/", 5)) {
        download->head_size = 0;
        free(download->location);
        download->location = NULL;
    }
    bc_http_response_line(&download->response, data, length, time(NULL));
    while (bare && (data[bare - 1] == '\n' || data[bare - 1] == '\r'))
        bare--;
    for (size_t i = 0; i < bare; i++)
        if ((unsigned char)data[i] < 0x20 && data[i] != '\t')
            return length; /* not fit to be shown to anybody */
    if (bare && !keep_line(download, data, bare)) {
        fail(download, failure_remote(BC_E_INVALID_SERVER_RESPONSE));
        return 0;
    }
    keep_location(download, data, length);
    return length;
}

/* Takes over what an accepted answer says of the version. */
static void learn(struct download *download, const struct bc_http_decision *decision)
{
    const struct bc_validators *said = &download->response.validators;
    struct bc_validators *known = &download->known;

    if (said->etag[0])
        memcpy(known->etag, said->etag, sizeof(known->etag));
    if (said->has_last_modified) {
        known->has_last_modified = TRUE;
        known->last_modified = said->last_modified;
    }
    if (decision->total != BC_SIZE_UNKNOWN)
        known->total = decision->total;
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

/* The body is wanted: makes everything ready for its first byte. */
static void accept_body(struct download *download, const struct bc_http_decision *decision)
{
    struct failure failure = {0};

    if (decision->verdict == BC_VERDICT_RESTART && download->position &&
        !download_restart(download, &failure)) {
        fail(download, failure);
        return;
    }
    if (decision->verdict == BC_VERDICT_RESTART)
        bc_validators_init(&download->known);
    learn(download, decision);
    if (!local_total(download, &download->total)) {
        fail(download, failure_remote(BC_E_INVALID_RANGE));
        return;
    }
    if (download->spec.maximum_size != (UINT64)BG_SIZE_UNKNOWN &&
        download->total != (UINT64)BG_SIZE_UNKNOWN &&
        download->total > download->spec.maximum_size) {
        fail(download, failure_remote(BC_E_MAX_DOWNLOAD_SIZE_LIMIT_REACHED));
        return;
    }
    if (!download_open_sink(download, &failure)) {
        fail(download, failure);
        return;
    }
    download->limit = download->body_length = decision->body_length;
    download->outcome = OUTCOME_BODY;
    if (!download->told_headers)
        tell_headers(download);
}

void answer_decide(struct download *download)
{
    struct bc_http_decision decision = bc_http_decide(&download->request, &download->response);

    if (download->response.has_retry_after && decision.verdict == BC_VERDICT_ERROR)
        download->retry_after_ms = (ULONG)(download->response.retry_after < MAXDWORD / 1000
                                               ? download->response.retry_after * 1000
                                               : MAXDWORD);
    switch (decision.verdict) {
    case BC_VERDICT_APPEND:
    case BC_VERDICT_RESTART:
        if (download->response.encoded)
            fail(download, failure_remote(BC_E_INVALID_SERVER_RESPONSE));
        else
            accept_body(download, &decision);
        break;
    case BC_VERDICT_REMOTE_CHANGED:
        download->outcome = OUTCOME_CHANGED;
        break;
    case BC_VERDICT_COMPLETE:
        download->outcome = OUTCOME_COMPLETE;
        break;
    case BC_VERDICT_REDIRECT:
        download->failure = failure_http(&decision.error);
        download->outcome = OUTCOME_REDIRECT;
        break;
    case BC_VERDICT_ERROR:
        fail(download, failure_http(&decision.error));
        break;
    }
}

/* A body that nobody wants: read to the end when it is short, for the sake of the connection. */
static size_t drain(struct download *download, size_t length)
{
    const struct bc_http_response *response = &download->response;

    download->drained += length;
    if (download->drained > DRAIN_MAX ||
        (response->has_length && !response->chunked && response->length > DRAIN_MAX))
        return CURL_WRITEFUNC_ERROR;
    return length;
}

/* Where in the local file the next byte belongs. */
static UINT64 write_position(const struct download *download)
{
    const struct download_spec *spec = &download->spec;

    if (spec->sparse && spec->range_count)
        return spec->ranges[download->range].InitialOffset + download->range_done;
    return download->position;
}

size_t answer_body(char *data, size_t size, size_t count, void *user)
{
    struct download *download = user;
    const struct transfer_options *options = &download->transfer->options;
    size_t length = size * count;
    ULONGLONG now;
    DWORD error;

    if (download->cancelled)
        return CURL_WRITEFUNC_ERROR;
    if (download->outcome == OUTCOME_NONE)
        answer_decide(download);
    if (download->outcome != OUTCOME_BODY)
        return drain(download, length);
    if (download->limit != BC_SIZE_UNKNOWN && length > download->limit) {
        fail(download, failure_remote(BC_E_INVALID_SERVER_RESPONSE));
        return CURL_WRITEFUNC_ERROR;
    }
    if (download->position > download->spec.maximum_size ||
        length > download->spec.maximum_size - download->position) {
        fail(download, failure_remote(BC_E_MAX_DOWNLOAD_SIZE_LIMIT_REACHED));
        return CURL_WRITEFUNC_ERROR;
    }
    now = GetTickCount64();
    if (sink_unflushed(&download->sink) > UNFLUSHED_MAX) {
        sink_checkpoint(&download->sink, 0, 0, now, TRUE);
        download->paused = TRUE;
        return CURL_WRITEFUNC_PAUSE;
    }
    error = sink_write(&download->sink, write_position(download), data, length);
    if (error) {
        fail(download, failure_local(error));
        return CURL_WRITEFUNC_ERROR;
    }
    download->position += length;
    download->range_done += length;
    download->received += length;
    if (download->limit != BC_SIZE_UNKNOWN)
        download->limit -= length;
    event_progress(download, download->position, now);
    sink_checkpoint(&download->sink, options->checkpoint_bytes, options->checkpoint_ms, now, FALSE);
    return length;
}
