/*
 * The requests of a download: which one is next, redirects, the next attempt, the end.
 *
 * Called by download.c and transfer.c on the transfer thread; calls libcurl's multi interface,
 * answer.c for what came back, http_options.c for what goes out. A file is one request, unless
 * ranges, redirects, credentials or a changed remote file make it more; requests of one download
 * follow each other, so that the connection is used again.
 */
#include "transfer_private.h"

#include <stdlib.h>
#include <string.h>

BOOL http_own_method(const struct download *download)
{
    return download->spec.method && strcmp(download->spec.method, "GET");
}

static void end_with(struct download *download, struct failure failure)
{
    download_end(download, &failure);
}

/* Not more than a request may ask for. Of what is made on request there are no pieces. */
static void cut_request(const struct download *download, struct bc_http_request *request)
{
    UINT64 piece = download->transfer->options.piece_bytes, left = request->length;

    if (download->known.total != BC_SIZE_UNKNOWN && download->known.total > request->offset &&
        left > download->known.total - request->offset)
        left = download->known.total - request->offset;
    if (left != BC_LENGTH_TO_EOF && left > piece && !download->spec.dynamic_content &&
        !http_own_method(download))
        request->length = piece;
}

/* What the next request asks for. */
static void plan_request(struct download *download)
{
    const struct download_spec *spec = &download->spec;
    struct bc_http_request *request = &download->request;

    memset(request, 0, sizeof(*request));
    request->length = BC_LENGTH_TO_EOF;
    request->dynamic = spec->dynamic_content;
    request->known = download->known;
    if (spec->range_count) {
        const BG_FILE_RANGE *range = &spec->ranges[download->range];

        request->offset = range->InitialOffset + download->range_done;
        if (range->Length != (UINT64)BG_LENGTH_TO_EOF)
            request->length = range->Length - download->range_done;
        request->user_range = TRUE;
    } else {
        request->offset = download->position;
    }
    cut_request(download, request);
    request->ranged = request->offset || request->length != BC_LENGTH_TO_EOF;
}

/* Sends the next request; may end the download. */
static void send_request(struct download *download)
{
    struct transfer *transfer = download->transfer;
    CURL *easy = transfer_take_easy(transfer);
    struct failure failure;

    if (!easy) {
        host_leave(download);
        end_with(download, failure_memory());
        return;
    }
    plan_request(download);
    bc_http_response_init(&download->response);
    download->head_size = 0;
    free(download->location);
    download->location = NULL;
    download->outcome = OUTCOME_NONE;
    download->drained = 0;
    download->paused = FALSE;
    download->limit = 0;
    download->easy = easy;
    failure = http_options(download, easy);
    if (SUCCEEDED(failure.hr) && curl_multi_add_handle(transfer->multi, easy))
        failure = failure_memory();
    if (FAILED(failure.hr)) {
        http_stop(download);
        end_with(download, failure);
        return;
    }
    download->state = STATE_RUNNING;
    event_connecting(download);
}

static BOOL set_url(struct download *download, const struct bc_url *url)
{
    char *wire = malloc(BC_URL_WIRE_SIZE);

    if (!wire)
        return FALSE;
    if (bc_failed(bc_url_to_wire(url, wire, BC_URL_WIRE_SIZE))) {
        free(wire);
        return FALSE;
    }
    free(download->url);
    download->url = _strdup(wire);
    free(wire);
    return download->url != NULL;
}

static void run_prepare(struct work *work)
{
    struct download *download = container_of(work, struct download, work);

    download->prepared = proxy_find(download, TRUE);
    transfer_post(download, TODO_ANSWERED);
}

/* Sends the request as soon as the host has room for it; may end the download. */
static void enter(struct download *download)
{
    HRESULT hr = host_enter(download);

    if (FAILED(hr)) {
        end_with(download, failure_memory());
    } else if (hr == S_FALSE) {
        download->state = STATE_WAITING;
    } else {
        send_request(download);
    }
}

/* The proxy is known, or cannot be; may end the download. */
static void prepared(struct download *download, HRESULT hr)
{
    struct failure failure = {.hr = hr, .context = BG_ERROR_CONTEXT_GENERAL_TRANSPORT};

    if (hr == E_OUTOFMEMORY)
        end_with(download, failure_memory());
    else if (FAILED(hr))
        end_with(download, failure);
    else
        enter(download);
}

void http_request(struct download *download)
{
    HRESULT hr = proxy_find(download, FALSE);

    if (hr == S_FALSE) {
        download->state = STATE_PREPARING;
        download->work.run = run_prepare;
        pool_submit(download->transfer->pool, &download->work);
    } else {
        prepared(download, hr);
    }
}

void http_go_to(struct download *download, char *url)
{
    free(download->url);
    download->url = url;
    free(download->proxy);
    download->proxy = NULL;
    http_request(download);
}

void http_start(struct download *download, const struct bc_url *url)
{
    if (!set_url(download, url))
        end_with(download, failure_memory());
    else
        http_request(download);
}

void http_answered(struct download *download)
{
    if (download->cancelled)
        download_abort(download);
    else if (download->state == STATE_ASKING)
        tls_answered(download);
    else
        prepared(download, download->prepared);
}

void http_place(struct download *download)
{
    if (download->cancelled)
        download_abort(download);
    else if (!link_in_list(&download->waiting))
        send_request(download);
}

/* Goes on when enough is flushed; may end the download. */
static void unpause(struct download *download)
{
    CURLcode code;

    if (sink_unflushed(&download->sink) > download->transfer->options.unflushed_bytes / 2) {
        sink_checkpoint(&download->sink, 0, 0, GetTickCount64(), TRUE);
        return;
    }
    download->paused = FALSE;
    code = curl_easy_pause(download->easy, CURLPAUSE_CONT); /* delivers what was held back */
    if (code != CURLE_OK)
        http_done(download, code);
}

void http_look(struct download *download, ULONG todo)
{
    if (download->cancelled) {
        download_abort(download);
        return;
    }
    if ((todo & TODO_FLUSHED) && download->sink.error) {
        end_with(download, failure_local(download->sink.error));
        return;
    }
    if (todo & TODO_RATE) {
        curl_easy_setopt(download->easy,
                         download->upload ? CURLOPT_MAX_SEND_SPEED_LARGE
                                          : CURLOPT_MAX_RECV_SPEED_LARGE,
                         (curl_off_t)download->spec.rate);
    }
    if (download->paused)
        unpause(download);
}

void http_stop(struct download *download)
{
    struct transfer *transfer = download->transfer;

    host_leave(download);
    if (!download->easy)
        return;
    curl_multi_remove_handle(transfer->multi, download->easy);
    transfer_give_easy(transfer, download->easy);
    download->easy = NULL;
    curl_slist_free_all(download->headers);
    download->headers = NULL;
}

void http_free(struct download *download)
{
    free(download->url);
    free(download->redirect_url);
    free(download->head);
    free(download->location);
    free(download->proxy);
    tls_free(download);
}

/* Follows the redirect that was read; may end the download. */
static void follow(struct download *download)
{
    struct failure failure = download->failure;
    struct bc_url from, to;
    char *target;

    if (!download->location || download->redirects++ >= BC_URL_MAX_REDIRECTS ||
        bc_failed(bc_url_parse(download->url, &from))) {
        end_with(download, failure);
        return;
    }
    target = malloc(BC_URL_WIRE_SIZE);
    if (!target) {
        end_with(download, failure_memory());
        return;
    }
    if (bc_failed(bc_url_resolve(&from, download->location, target, BC_URL_WIRE_SIZE)) ||
        bc_failed(bc_url_parse(target, &to))) {
        free(target);
        end_with(download, failure_remote(BC_E_INVALID_SERVER_RESPONSE));
        return;
    }
    failure.hr = bc_url_redirect_allowed(download->spec.security_flags, &from, &to,
                                         download->response.status);
    if (FAILED(failure.hr)) {
        if ((download->spec.security_flags & BG_HTTP_REDIRECT_POLICY_MASK) ==
                BG_HTTP_REDIRECT_POLICY_DISALLOW &&
            bc_url_is_http(to.scheme))
            download->redirect_url = target;
        else
            free(target);
        failure.transient = FALSE;
        end_with(download, failure);
        return;
    }
    if (!bc_url_same_origin(&from, &to))
        download->left_origin = TRUE;
    http_go_to(download, target);
}

/* The answer's body has ended as announced; may end the download. */
static void body_done(struct download *download)
{
    const struct download_spec *spec = &download->spec;
    BOOL to_end = TRUE;

    if (download->body_length == BC_SIZE_UNKNOWN) {
        download->total = download->position;
    } else if (spec->range_count) {
        const BG_FILE_RANGE *range = &spec->ranges[download->range];
        UINT64 length = range->Length;

        if (length == (UINT64)BG_LENGTH_TO_EOF) {
            length = download->known.total == BC_SIZE_UNKNOWN
                         ? download->range_done
                         : download->known.total - range->InitialOffset;
        }
        if (download->range_done == length) {
            download->range++;
            download->range_done = 0;
        }
        to_end = download->range == spec->range_count;
    } else if (download->known.total != BC_SIZE_UNKNOWN) {
        to_end = download->position == download->known.total;
    }
    if (to_end)
        download_succeed(download);
    else if (!download->body_length) /* an answer without a byte would go on for ever */
        end_with(download, failure_remote(BC_E_INVALID_SERVER_RESPONSE));
    else
        http_request(download);
}

/* The request failed on its way; may end the download. */
static void request_failed(struct download *download, struct failure failure, CURLcode code)
{
    if ((code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_PROXY) &&
        proxy_next(download))
        http_request(download);
    else if (download->upload)
        upload_unanswered(download, failure);
    else
        end_with(download, failure);
}

/* The answer is an error; may end the download. */
static void answer_failed(struct download *download)
{
    int status = download->response.status;

    if ((status == 401 && http_next_credentials(download, BG_AUTH_TARGET_SERVER)) ||
        (status == 407 && http_next_credentials(download, BG_AUTH_TARGET_PROXY)))
        http_request(download);
    else
        end_with(download, download->failure);
}

void http_done(struct download *download, CURLcode code)
{
    struct failure failure = {0};

    if (download->outcome == OUTCOME_NONE && code == CURLE_OK)
        answer_decide(download);
    if (code != CURLE_OK)
        failure = failure_curl(download->easy, code);
    if (download->upload)
        http_note_schemes(download, download->easy);
    http_stop(download);
    if (download->cancelled) {
        download_abort(download);
        return;
    }
    switch (download->outcome) {
    case OUTCOME_NONE:
        request_failed(download, failure, code);
        break;
    case OUTCOME_BODY:
        if (code != CURLE_OK)
            end_with(download, failure);
        else if (download->limit && download->limit != BC_SIZE_UNKNOWN)
            end_with(download, failure_closed());
        else
            body_done(download);
        break;
    case OUTCOME_PIECES:
        http_request(download);
        break;
    case OUTCOME_COMPLETE:
        download->total = download->position;
        download_succeed(download);
        break;
    case OUTCOME_CHANGED:
        if (download_restart(download, &failure))
            http_request(download);
        else
            end_with(download, failure);
        break;
    case OUTCOME_REDIRECT:
        follow(download);
        break;
    case OUTCOME_ANSWERED:
        upload_answered(download);
        break;
    case OUTCOME_ASK:
        tls_ask(download);
        break;
    case OUTCOME_FAILED:
        answer_failed(download);
        break;
    }
}
