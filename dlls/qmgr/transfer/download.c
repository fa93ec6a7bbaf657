/*
 * One download from its order to its end: what was asked for, where in the file it is, when it
 * begins again and how it ends. The requests themselves are in http.c, copies in share_copy.c.
 *
 * Called by transfer.c; calls the sink, the events and the two sources. Everything but creation and
 * release happens on the transfer thread. A function that may end the download says so in its
 * result: after download_end() the last flush owns the download and frees it at any moment.
 */
#include "transfer_private.h"

#include <stdlib.h>
#include <time.h>
#include <winioctl.h>
#include <wchar.h>

static BOOL copy_text(const char **slot, const char *text)
{
    *slot = text ? _strdup(text) : NULL;
    return !text || *slot;
}

static BOOL copy_wide(WCHAR **slot, const WCHAR *text)
{
    *slot = text ? _wcsdup(text) : NULL;
    return !text || *slot;
}

static BOOL copy_credentials(struct download_spec *to, const struct download_spec *from)
{
    struct transfer_credential *list;

    to->credentials = NULL;
    to->credential_count = 0;
    if (!from->credential_count)
        return TRUE;
    list = calloc(from->credential_count, sizeof(*list));
    if (!list)
        return FALSE;
    to->credentials = list;
    for (ULONG i = 0; i < from->credential_count; i++) {
        list[i] = from->credentials[i];
        to->credential_count++;
        if (!copy_text(&list[i].user, from->credentials[i].user) |
            !copy_text(&list[i].password, from->credentials[i].password))
            return FALSE;
    }
    return TRUE;
}

static BOOL copy_token(HANDLE *to, HANDLE from)
{
    *to = NULL;
    return !from || DuplicateTokenEx(from, TOKEN_QUERY | TOKEN_IMPERSONATE, NULL,
                                     SecurityImpersonation, TokenImpersonation, to);
}

static BOOL copy_certificate(struct download_spec *to, const struct model_certificate *from)
{
    struct model_certificate *certificate;

    to->certificate = NULL;
    if (!from || !from->present)
        return TRUE;
    certificate = malloc(sizeof(*certificate));
    if (!certificate)
        return FALSE;
    *certificate = *from;
    to->certificate = certificate;
    return copy_wide(&certificate->store, from->store) &
           copy_wide(&certificate->subject, from->subject);
}

static BOOL copy_ranges(struct download_spec *to, const struct download_spec *from)
{
    BG_FILE_RANGE *ranges;

    to->ranges = NULL;
    if (!from->range_count)
        return TRUE;
    ranges = malloc(from->range_count * sizeof(*ranges));
    if (!ranges)
        return FALSE;
    memcpy(ranges, from->ranges, from->range_count * sizeof(*ranges));
    to->ranges = ranges;
    return TRUE;
}

/* Every copy is tried even after one has failed, so that spec never points at the caller's. */
static BOOL copy_spec(struct download_spec *to, const struct download_spec *from)
{
    WCHAR *path = NULL;
    BOOL good = TRUE;

    *to = *from;
    good &= copy_text(&to->url, from->url);
    good &= copy_text(&to->method, from->method);
    good &= copy_wide(&path, from->path);
    to->path = path;
    good &= copy_text(&to->etag, from->etag);
    good &= copy_text(&to->last_modified, from->last_modified);
    good &= copy_text(&to->custom_headers, from->custom_headers);
    good &= copy_text(&to->proxy.list, from->proxy.list);
    good &= copy_text(&to->proxy.bypass, from->proxy.bypass);
    good &= copy_ranges(to, from);
    good &= copy_credentials(to, from);
    good &= copy_certificate(to, from->certificate);
    to->upload = NULL; /* upload.c has its own copy */
    good &= copy_token(&to->token, from->token);
    good &= copy_token(&to->network_token, from->network_token);
    good &= copy_token(&to->user, from->user);
    return good;
}

static void free_secret(const char *text)
{
    if (!text)
        return;
    SecureZeroMemory((char *)text, strlen(text));
    free((char *)text);
}

static void free_spec(struct download_spec *spec)
{
    free((char *)spec->url);
    free((char *)spec->method);
    free((WCHAR *)spec->path);
    free((char *)spec->etag);
    free((char *)spec->last_modified);
    free((char *)spec->custom_headers);
    free((char *)spec->proxy.list);
    free((char *)spec->proxy.bypass);
    free((BG_FILE_RANGE *)spec->ranges);
    for (ULONG i = 0; i < spec->credential_count; i++) {
        free((char *)spec->credentials[i].user);
        free_secret(spec->credentials[i].password);
    }
    free((struct transfer_credential *)spec->credentials);
    if (spec->certificate) {
        free(spec->certificate->store);
        free(spec->certificate->subject);
        free((struct model_certificate *)spec->certificate);
    }
    if (spec->token)
        CloseHandle(spec->token);
    if (spec->network_token)
        CloseHandle(spec->network_token);
    if (spec->user)
        CloseHandle(spec->user);
}

/* A copy of a token is another token: files of one user are known by the one they were given. */
static BOOL read_user_id(const struct download_spec *spec, LUID *id)
{
    HANDLE user = spec->network_token ? spec->network_token : spec->user;
    TOKEN_STATISTICS token;
    DWORD size;

    if (user && !GetTokenInformation(user, TokenStatistics, &token, sizeof(token), &size))
        return FALSE;
    if (user)
        *id = token.TokenId;
    return TRUE;
}

/* What the engine remembers of the version whose bytes are on the disk. */
static void read_known(struct download *download)
{
    const struct download_spec *spec = &download->spec;
    struct bc_validators *known = &download->known;

    bc_validators_init(known);
    if (spec->etag && strlen(spec->etag) <= BC_HTTP_ETAG_MAX)
        strcpy(known->etag, spec->etag);
    if (spec->last_modified)
        known->has_last_modified =
            bc_http_parse_date(bc_span_of(spec->last_modified), time_now(), &known->last_modified);
    known->total = spec->remote_size;
}

HRESULT download_create(struct transfer *transfer, const struct download_spec *spec,
                        const struct download_events *events, void *context, struct download **out)
{
    struct download *download;

    if (!spec->url || !spec->path || (spec->range_count && !spec->ranges) ||
        (spec->credential_count && !spec->credentials))
        return E_INVALIDARG;
    for (ULONG i = 0; i < spec->range_count; i++)
        if (!spec->ranges[i].Length ||
            (spec->ranges[i].Length != (UINT64)BG_LENGTH_TO_EOF &&
             spec->ranges[i].Length - 1 > MAXUINT64 - spec->ranges[i].InitialOffset))
            return E_INVALIDARG;
    download = calloc(1, sizeof(*download));
    if (!download)
        return E_OUTOFMEMORY;
    download->transfer = transfer;
    download->events = *events;
    download->context = context;
    download->total = BG_SIZE_UNKNOWN;
    InitializeSRWLock(&download->event_lock);
    if (!copy_spec(&download->spec, spec) || !read_user_id(spec, &download->user_id) ||
        (spec->upload && FAILED(upload_create(download, spec->upload)))) {
        download_free(download);
        return E_OUTOFMEMORY;
    }
    read_known(download);
    sink_init(&download->sink, transfer->pool, download->spec.path, download->spec.token);
    if (!spec->sparse)
        download->sink.written = download->sink.durable = download->sink.flush_asked = spec->offset;
    download->sink.flushed = event_flushed;
    download->sink.finished = event_finished;
    *out = download;
    return S_OK;
}

void download_free(struct download *download)
{
    free_spec(&download->spec);
    http_free(download);
    share_copy_free(download->copy);
    upload_free(download->upload);
    sink_free(&download->sink);
    free(download);
}

void download_end(struct download *download, const struct failure *failure)
{
    FILETIME *time = NULL, modified;

    if (download->state == STATE_RUNNING || download->state == STATE_WAITING)
        http_stop(download);
    download->failure = *failure;
    if (SUCCEEDED(failure->hr) && download->known.has_last_modified) {
        UINT64 value = bc_time_to_filetime(download->known.last_modified);

        modified.dwLowDateTime = (DWORD)value;
        modified.dwHighDateTime = (DWORD)(value >> 32);
        time = value ? &modified : NULL;
    }
    download->sink.keep_open =
        download->spec.keep_open && download->sink.held && SUCCEEDED(failure->hr);
    download->state = STATE_FINISHING;
    transfer_detach(download);
    sink_finish(&download->sink, time);
}

void download_succeed(struct download *download)
{
    struct failure failure = {0};

    if (download_open_sink(download, &failure) && download->total == (UINT64)BG_SIZE_UNKNOWN)
        download->total = download->position;
    download_end(download, &failure);
}

BOOL download_is_whole(const struct download *download)
{
    const struct download_spec *spec = &download->spec;

    if (spec->range_count)
        return download->range >= spec->range_count;
    return download->position && download->position == download->known.total;
}

void download_abort(struct download *download)
{
    struct failure failure = {.hr = E_ABORT};

    /* Nothing is missing: what came last had just not been told. */
    if (!download->upload && sink_is_open(&download->sink) && download_is_whole(download))
        failure.hr = S_OK;
    download_end(download, &failure);
}

BOOL download_open_sink(struct download *download, struct failure *failure)
{
    const struct download_spec *spec = &download->spec;
    DWORD error;

    if (sink_is_open(&download->sink))
        return TRUE;
    if (!spec->range_count && !download->position && download->total && download->total <= HOLD_MAX)
        error = sink_hold(&download->sink, spec->create, (size_t)download->total);
    else
        error = sink_open(&download->sink, spec->create, download->restarts ? 0 : spec->offset,
                          spec->sparse);
    if (!error && spec->sparse) {
        DWORD done; /* no harm where a file system cannot do it: the file is then just larger */

        DeviceIoControl(download->sink.file, FSCTL_SET_SPARSE, NULL, 0, NULL, 0, &done, NULL);
    }
    if (!error)
        return TRUE;
    *failure = failure_local(error);
    failure->discard = failure->discard && spec->offset;
    return FALSE;
}

BOOL download_restart(struct download *download, struct failure *failure)
{
    DWORD error = ERROR_SUCCESS;
    HRESULT hr = S_OK;

    if (download->spec.sparse) { /* what earlier downloads put into the file is of no use, too */
        *failure = failure_remote(BC_E_REMOTE_FILE_CHANGED);
        failure->discard = TRUE;
        return FALSE;
    }
    if (download->restarts++ >= RESTART_MAX) {
        *failure = failure_remote(BC_E_REMOTE_FILE_CHANGED);
        failure->transient = failure->discard = TRUE;
        return FALSE;
    }
    AcquireSRWLockExclusive(&download->event_lock);
    if (download->events.dropping)
        hr = download->events.dropping(download->context);
    if (SUCCEEDED(hr))
        error = sink_restart(&download->sink);
    download->durable_told = 0;
    ReleaseSRWLockExclusive(&download->event_lock);
    if (FAILED(hr)) {
        *failure = (struct failure){.hr = hr,
                                    .context = BG_ERROR_CONTEXT_GENERAL_QUEUE_MANAGER,
                                    .transient = TRUE,
                                    .discard = TRUE};
        return FALSE;
    }
    if (error) {
        *failure = failure_local(error);
        failure->discard = TRUE;
        return FALSE;
    }
    bc_validators_init(&download->known);
    download->told_headers = FALSE;
    download->position = 0;
    download->range = 0;
    download->range_done = 0;
    return TRUE;
}

/* Finds the range that the valid bytes of the local file end in. */
static void seek_range(struct download *download)
{
    const struct download_spec *spec = &download->spec;
    UINT64 left = spec->sparse ? 0 : spec->offset;

    download->position = left;
    while (download->range < spec->range_count && left >= spec->ranges[download->range].Length)
        left -= spec->ranges[download->range++].Length;
    download->range_done = left;
}

/* Begins; may end the download. */
static void start(struct download *download)
{
    struct failure failure = {0};
    struct bc_url url;

    link_append(&download->transfer->downloads, &download->link);
    seek_range(download);
    if (download->cancelled) {
        download_abort(download);
        return;
    }
    if (download->upload) {
        if (bc_failed(bc_url_parse(download->spec.url, &url))) {
            failure = failure_remote(E_INVALIDARG);
            download_end(download, &failure);
        } else {
            upload_start(download, &url);
        }
        return;
    }
    if (download->spec.offset && !download->spec.sparse &&
        !download_open_sink(download, &failure)) {
        download_end(download, &failure);
        return;
    }
    if (download_is_whole(download)) {
        download->total = download->position;
        download_succeed(download);
        return;
    }
    if (bc_failed(bc_url_parse(download->spec.url, &url))) {
        failure = failure_remote(E_INVALIDARG);
        download_end(download, &failure);
    } else if (bc_url_is_http(url.scheme)) {
        http_start(download, &url);
    } else {
        share_copy_start(download, &url);
    }
}

void download_look(struct download *download, ULONG todo)
{
    if (todo & TODO_START) {
        start(download);
        return;
    }
    if (todo & TODO_RATE)
        download->spec.rate = download->new_rate;
    switch (download->state) {
    case STATE_RUNNING:
        http_look(download, todo);
        break;
    case STATE_WAITING:
        http_place(download);
        break;
    case STATE_PREPARING:
    case STATE_ASKING:
        if (todo & TODO_ANSWERED)
            http_answered(download);
        break;
    case STATE_COPYING:
        if (download->upload)
            upload_look(download);
        else
            share_copy_look(download);
        break;
    default:
        break;
    }
}

BOOL download_tick(struct download *download, ULONGLONG now)
{
    const struct transfer_options *options = &download->transfer->options;

    if (download->state == STATE_COPYING && download->upload) {
        upload_look(download);
        return TRUE;
    }
    if (download->state == STATE_COPYING)
        return share_copy_tick(download, now);
    if (download->state != STATE_RUNNING || !sink_is_open(&download->sink))
        return FALSE;
    if (download->sink.held && now - download->sink.flush_time >= HOLD_MS) {
        struct failure failure;
        DWORD error = sink_unhold(&download->sink);

        if (error) {
            failure = failure_local(error);
            failure.discard = FALSE;
            download_end(download, &failure);
            return FALSE;
        }
    }
    if (download->sink.held)
        return TRUE;
    sink_checkpoint(&download->sink, options->checkpoint_bytes, options->checkpoint_ms, now, FALSE);
    return download->sink.written != download->sink.flush_asked;
}
