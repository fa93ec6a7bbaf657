/*
 * An upload: the packets of the BITS upload protocol, one request each, or the whole file as the
 * body of one request when the job has an HTTP method of its own. Targets that are files are
 * share_upload.c's.
 *
 * bc_upload decides which packet is due and what an answer means; this file sizes the fragments,
 * sends the packets (upload_body.c) and tells the engine. Called by download.c and http.c on the
 * transfer thread; requests, proxies, credentials and TLS are those of downloads. A function that
 * may end the upload says so, as in download.c.
 */
#include "upload.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of a fragment: the first one's, and the least and most that its size adapts to. */
#define FRAGMENT_FIRST (256u * 1024)
#define FRAGMENT_MIN   (16u * 1024)
#define FRAGMENT_MAX   (16u * 1024 * 1024)
/* A fragment that took less is followed by one of twice the size, one that took more by half. */
#define FRAGMENT_SHORT_MS 1000
#define FRAGMENT_LONG_MS  5000

static BOOL copy_text(char *to, size_t size, const char *from)
{
    if (!from)
        from = "";
    if (strlen(from) >= size)
        return FALSE;
    strcpy(to, from);
    return TRUE;
}

HRESULT upload_create(struct download *download, const struct upload_spec *spec)
{
    const char *method = download->spec.method;
    struct upload *upload = calloc(1, sizeof(*upload));
    struct bc_upload *state;

    download->upload = upload;
    if (!upload)
        return E_OUTOFMEMORY;
    upload->file = INVALID_HANDLE_VALUE;
    upload->spec = *spec;
    upload->limit = FRAGMENT_MAX;
    upload->plain = method && strcmp(method, "GET") && strcmp(method, BC_UPLOAD_METHOD);
    upload->name = _strdup(spec->name ? spec->name : "");
    if (!upload->name)
        return E_OUTOFMEMORY;
    state = &upload->state;
    bc_upload_init(state, spec->size == (UINT64)BG_SIZE_UNKNOWN ? 0 : spec->size, FRAGMENT_FIRST,
                   spec->wants_reply);
    if (download->spec.rate && download->spec.rate < FRAGMENT_FIRST)
        state->fragment = download->spec.rate > FRAGMENT_MIN ? download->spec.rate : FRAGMENT_MIN;
    /* What does not fit is damaged: the upload then begins with a new session. */
    if (spec->session.id && copy_text(state->host_id, sizeof(state->host_id), spec->session.host)) {
        bc_upload_resume(state, spec->session.id, download->spec.offset);
        state->has_fallback = spec->session.has_fallback;
        state->fallback = spec->session.fallback;
        state->host_failing = spec->host_failing_since != 0;
        state->host_failing_since = spec->host_failing_since;
    }
    return S_OK;
}

/* The local file is free for others before anybody hears of the end. */
static void close_file(struct upload *upload)
{
    if (upload->file != INVALID_HANDLE_VALUE)
        CloseHandle(upload->file);
    upload->file = INVALID_HANDLE_VALUE;
}

void upload_free(struct upload *upload)
{
    if (!upload)
        return;
    close_file(upload);
    share_upload_free(upload->share);
    free(upload->name);
    free(upload->reply_url);
    free(upload);
}

void upload_result(const struct download *download, struct download_result *result)
{
    const struct upload *upload = download->upload;

    result->bytes = upload->state.offset;
    result->total = upload->size;
    result->reply_url = upload->reply_url;
    result->host_failing_since = upload->state.host_failing ? upload->state.host_failing_since : 0;
}

static void end_with(struct download *download, struct failure failure)
{
    close_file(download->upload);
    download_end(download, &failure);
}

static void succeed(struct download *download)
{
    struct failure none = {0};

    end_with(download, none);
}

/* ---- what is told ---- */

static void tell_session(struct download *download)
{
    const struct upload *upload = download->upload;
    struct upload_session session = {upload->state.session_id, upload->state.host_id,
                                     upload->state.has_fallback, upload->state.fallback};

    AcquireSRWLockExclusive(&download->event_lock);
    upload->spec.events->session(download->context, &session);
    ReleaseSRWLockExclusive(&download->event_lock);
}

static void tell_acknowledged(struct download *download)
{
    AcquireSRWLockExclusive(&download->event_lock);
    download->upload->spec.events->acknowledged(download->context, download->upload->state.offset);
    ReleaseSRWLockExclusive(&download->event_lock);
}

static void tell_answered(struct download *download)
{
    struct upload *upload = download->upload;

    if (upload->has_answered)
        return;
    upload->has_answered = TRUE;
    AcquireSRWLockExclusive(&download->event_lock);
    upload->spec.events->answered(download->context);
    ReleaseSRWLockExclusive(&download->event_lock);
}

/* ---- packets ---- */

/* Sends the packet that is due; may end the upload. */
static void send_packet(struct download *download)
{
    struct upload *upload = download->upload;
    size_t room = BC_URL_WIRE_SIZE + BC_UPLOAD_HOST_MAX;
    char *wire = malloc(room);
    struct bc_url url;

    if (!wire) {
        end_with(download, failure_memory());
        return;
    }
    if (bc_failed(bc_url_parse(download->spec.url, &url)) ||
        bc_failed(bc_upload_url(&upload->state, &url, GetTickCount64(), wire, room))) {
        free(wire);
        end_with(download, failure_remote(E_INVALIDARG));
        return;
    }
    if (download->url && !strcmp(download->url, wire)) {
        free(wire);
        http_request(download);
    } else {
        http_go_to(download, wire);
    }
}

/* Goes on with what bc_upload wants next; may end the upload. */
static void next_packet(struct download *download)
{
    struct upload *upload = download->upload;
    struct failure failure;

    if (upload->spec.order == UPLOAD_FILE &&
        (upload->state.phase == BC_UPLOAD_REPLY || upload->state.phase == BC_UPLOAD_CLOSE)) {
        succeed(download); /* the server has the file */
        return;
    }
    upload->packet = bc_upload_next(&upload->state);
    if (upload->packet.type == BC_PACKET_NONE) {
        succeed(download);
        return;
    }
    if (upload->packet.type == BC_PACKET_FRAGMENT && !upload_same_file(download, &failure)) {
        end_with(download, failure);
        return;
    }
    send_packet(download);
}

/* Begins to send the file; may end the upload. */
static void begin_file(struct download *download, const struct bc_url *url)
{
    struct upload *upload = download->upload;
    DWORD error = upload_open_file(download);

    if (error) {
        struct failure failure = failure_local(error);

        failure.discard = FALSE; /* the server still has what it has */
        end_with(download, failure);
        return;
    }
    if (upload->spec.size != (UINT64)BG_SIZE_UNKNOWN &&
        (upload->spec.size != upload->size || upload->spec.modified != upload->modified)) {
        end_with(download, upload_failure_changed());
        return;
    }
    if (upload->spec.size == (UINT64)BG_SIZE_UNKNOWN)
        bc_upload_init(&upload->state, upload->size, upload->state.fragment,
                       upload->spec.wants_reply);
    AcquireSRWLockExclusive(&download->event_lock);
    upload->spec.events->began(download->context, upload->size, upload->modified);
    ReleaseSRWLockExclusive(&download->event_lock);
    if (!bc_url_is_http(url->scheme)) {
        upload->share = share_upload_start(download, url);
        if (!upload->share)
            end_with(download, failure_memory());
    } else if (upload->plain) {
        upload->packet.type = BC_PACKET_FRAGMENT;
        upload->packet.length = upload->size;
        send_packet(download);
    } else {
        next_packet(download);
    }
}

void upload_start(struct download *download, const struct bc_url *url)
{
    struct upload *upload = download->upload;

    if (upload->spec.order == UPLOAD_FILE) {
        begin_file(download, url);
        return;
    }
    if (upload->spec.order == UPLOAD_CANCEL)
        bc_upload_cancel(&upload->state);
    else if (upload->state.session_id[0])
        upload->state.phase = BC_UPLOAD_CLOSE;
    else
        upload->state.phase = BC_UPLOAD_DONE;
    next_packet(download);
}

void upload_look(struct download *download)
{
    struct upload *upload = download->upload;
    struct failure failure;

    if (!share_upload_look(upload->share, &failure))
        return;
    if (SUCCEEDED(failure.hr)) {
        tell_answered(download);
        upload->state.offset = upload->size;
        tell_acknowledged(download);
    }
    end_with(download, failure);
}

/* ---- answers ---- */

void upload_header(struct download *download, const char *line, size_t length)
{
    bc_upload_ack_line(&download->upload->ack, line, length);
}

/* The next fragment's size, from what became of the last one. */
static void adapt_fragment(struct upload *upload)
{
    UINT64 length = upload->packet.length, taken = upload->state.offset - upload->packet.offset;
    ULONGLONG ms = GetTickCount64() - upload->asked_at;

    if (upload->state.offset <= upload->packet.offset || upload->state.phase != BC_UPLOAD_SEND)
        return;
    if (taken < length) {
        upload->limit = taken > FRAGMENT_MIN ? taken : FRAGMENT_MIN; /* it takes no more at once */
    } else if (ms < FRAGMENT_SHORT_MS) {
        length *= 2;
    } else if (ms > FRAGMENT_LONG_MS && length > FRAGMENT_MIN) {
        length /= 2;
    }
    upload->state.fragment = length < upload->limit ? length : upload->limit;
}

/* A web server before the BITS server takes no body of this size: TRUE when smaller ones are still
 * to be tried. */
static BOOL body_too_large(struct upload *upload, int status)
{
    if (status != 413 || upload->ack.is_ack || upload->packet.type != BC_PACKET_FRAGMENT ||
        upload->packet.length <= FRAGMENT_MIN)
        return FALSE;
    upload->limit = upload->packet.length / 2;
    upload->state.fragment = upload->limit;
    return TRUE;
}

/* The URL of the reply as one that can be fetched. FALSE: it is none. */
static BOOL resolve_reply(struct download *download)
{
    struct upload *upload = download->upload;
    struct bc_url base, url;
    const char *reply = upload->plain ? upload->ack.reply_url : upload->state.reply_url;

    if (!upload->spec.wants_reply || !reply[0])
        return TRUE;
    upload->reply_url = malloc(BC_URL_WIRE_SIZE);
    return upload->reply_url && bc_succeeded(bc_url_parse(download->url, &base)) &&
           bc_succeeded(bc_url_resolve(&base, reply, upload->reply_url, BC_URL_WIRE_SIZE)) &&
           bc_succeeded(bc_url_parse(upload->reply_url, &url)) && bc_url_is_http(url.scheme);
}

/* The answer to an upload with a method of the client's own; ends the upload. */
static void plain_answered(struct download *download)
{
    struct upload *upload = download->upload;
    struct bc_http_meaning meaning = bc_http_classify(download->response.status);
    struct failure failure = failure_http(&meaning);

    if (download->response.status >= 200 && download->response.status <= 299) {
        if (!upload_same_file(download, &failure)) {
            end_with(download, failure);
            return;
        }
        if (!resolve_reply(download)) {
            end_with(download, failure_remote(BC_E_INVALID_SERVER_RESPONSE));
            return;
        }
        upload->state.offset = upload->size;
        tell_acknowledged(download);
        succeed(download);
        return;
    }
    end_with(download, failure);
}

/* Acts on what bc_upload made of an answer; may end the upload. */
static void act_on(struct download *download, const struct bc_upload_outcome *outcome)
{
    struct failure failure = {.hr = outcome->code, .context = (BG_ERROR_CONTEXT)outcome->context};

    switch (outcome->verdict) {
    case BC_UPLOAD_NEXT:
        if (download->upload->state.phase == BC_UPLOAD_REPLY && !resolve_reply(download))
            end_with(download, failure_remote(BC_E_INVALID_SERVER_RESPONSE));
        else
            next_packet(download);
        break;
    case BC_UPLOAD_FINISHED:
        succeed(download);
        break;
    case BC_UPLOAD_TRANSIENT:
        answer_note_retry_after(download);
        failure.transient = TRUE;
        end_with(download, failure);
        break;
    case BC_UPLOAD_FATAL:
        end_with(download, failure);
        break;
    }
}

void upload_answered(struct download *download)
{
    struct upload *upload = download->upload;
    int status = download->response.status;
    struct bc_upload_outcome outcome;
    char session[BC_UPLOAD_SESSION_MAX + 1];
    UINT64 offset = upload->state.offset;

    if ((status == 401 && http_next_credentials(download, BG_AUTH_TARGET_SERVER)) ||
        (status == 407 && http_next_credentials(download, BG_AUTH_TARGET_PROXY))) {
        send_packet(download);
        return;
    }
    bc_upload_connected(&upload->state, TRUE, GetTickCount64());
    tell_answered(download);
    if (upload->plain) {
        plain_answered(download);
        return;
    }
    if (body_too_large(upload, status)) {
        next_packet(download);
        return;
    }
    memcpy(session, upload->state.session_id, sizeof(session));
    outcome = bc_upload_acked(&upload->state, &upload->packet, status, &upload->ack);
    if (upload->packet.type == BC_PACKET_FRAGMENT && status == 200)
        adapt_fragment(upload);
    if (strcmp(session, upload->state.session_id))
        tell_session(download);
    if (offset != upload->state.offset)
        tell_acknowledged(download);
    act_on(download, &outcome);
}

void upload_unanswered(struct download *download, struct failure failure)
{
    struct upload *upload = download->upload;
    BOOL failing = upload->state.host_failing;

    if (upload->read_failed) {
        end_with(download, upload->failure);
        return;
    }
    bc_upload_connected(&upload->state, FALSE, GetTickCount64());
    /* With a fallback of no time at all the other host's turn is now. */
    if (!failing && upload->state.host_failing && upload->state.has_fallback &&
        !upload->state.fallback)
        send_packet(download);
    else
        end_with(download, failure);
}
