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
        download->answered_at = time_now();
        free(download->location);
        download->location = NULL;
    }
    bc_http_response_line(&download->response, data, length, download->answered_at);
    if (download->upload)
        upload_header(download, data, length);
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

/* Under Wine each receive is a round trip, and each large allocation dear: a body gets a larger
 * buffer than the first when it fills it more than once. */
static void set_buffer(struct download *download)
{
    ULONG large = download->transfer->options.receive_buffer, buffer = FIRST_BUFFER;
    UINT64 rate = download->spec.rate;

    if (download->body_length > 2 * SMALL_BUFFER && (!rate || rate >= SMALL_BUFFER))
        buffer = SMALL_BUFFER;
    if (download->body_length / 2 > large && !rate)
        buffer = large;
    if (buffer != FIRST_BUFFER)
        curl_easy_setopt(download->easy, CURLOPT_BUFFERSIZE, (long)buffer);
}

/* All of a file that is larger than one request may ask for: now that its size is known it is asked
 * for in pieces. A server that then gives all of it again is taken at its word. */
static BOOL is_too_large(const struct download *download, const struct bc_http_decision *decision)
{
    const struct bc_http_request *request = &download->request;
    UINT64 piece = download->transfer->options.piece_bytes;

    return !request->ranged && !request->dynamic && !download->response.ranges_none &&
           download->response.version >= 11 && decision->body_length != BC_SIZE_UNKNOWN &&
           decision->body_length > piece && decision->total != BC_SIZE_UNKNOWN &&
           !http_own_method(download);
}

/* The body is wanted: makes everything ready for its first byte. */
static void accept_body(struct download *download, const struct bc_http_decision *decision)
{
    struct bc_validators said = download->response.validators;
    struct failure failure = {0};

    said.total = decision->total;
    if (is_too_large(download, decision)) {
        download->known = said;
        download->outcome = OUTCOME_PIECES;
        return;
    }
    if (decision->no_ranges && download->spec.needs_ranges) {
        fail(download, failure_remote(BC_E_INSUFFICIENT_RANGE_SUPPORT));
        return;
    }
    if (!version_accept(download, decision->verdict == BC_VERDICT_RESTART, &said, &failure)) {
        fail(download, failure);
        return;
    }
    download->limit = download->body_length = decision->body_length;
    download->outcome = OUTCOME_BODY;
    set_buffer(download);
}

void answer_note_retry_after(struct download *download)
{
    if (download->response.has_retry_after)
        download->retry_after_ms = (ULONG)(download->response.retry_after < MAXDWORD / 1000
                                               ? download->response.retry_after * 1000
                                               : MAXDWORD);
}

void answer_decide(struct download *download)
{
    struct bc_http_decision decision;

    if (download->upload) {
        download->outcome = OUTCOME_ANSWERED;
        return;
    }
    decision = bc_http_decide(&download->request, &download->response);
    if (decision.verdict == BC_VERDICT_ERROR)
        answer_note_retry_after(download);
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

size_t answer_body(char *data, size_t size, size_t count, void *user)
{
    struct download *download = user;
    size_t length = size * count;
    struct failure failure;

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
    if (sink_unflushed(&download->sink) > download->transfer->options.unflushed_bytes) {
        sink_checkpoint(&download->sink, 0, 0, GetTickCount64(), TRUE);
        download->paused = TRUE;
        return CURL_WRITEFUNC_PAUSE;
    }
    if (!version_write(download, data, length, &failure)) {
        fail(download, failure);
        return CURL_WRITEFUNC_ERROR;
    }
    if (download->limit != BC_SIZE_UNKNOWN)
        download->limit -= length;
    return length;
}
