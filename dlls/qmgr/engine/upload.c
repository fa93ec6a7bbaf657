/*
 * Upload and upload-reply jobs: what follows what, and what of it survives.
 *
 * An upload is a row of orders to the transfers: the file, then the reply, which is an ordinary
 * download beside the job's one file, then the end of the session. What an order has brought is
 * stored before the next is given, so that a crash neither sends a file twice nor loses a reply.
 * The session is live here and staged into each change of the job; a new one makes the worker
 * store it at once. A job that was cancelled stays among the graves until its server knows.
 *
 * Called by fetch.c, schedule.c, finish.c and engine.c; calls transfer/ and the store.
 */
#include "internal.h"

#include <bitsmsg.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

/* The reply's place among the rows of the job's files: an upload job has but one file. */
#define REPLY_ORDINAL 1
/* How long a cancelled job's session is tried to be cancelled (nf-bits-ibackgroundcopyjob-cancel),
 * in seconds. */
#define CANCEL_SECONDS (24 * 60 * 60)
/* When the store could not take what was brought, in ms. */
#define STORE_AGAIN_MS 1000

enum stage { STAGE_FILE, STAGE_REPLY, STAGE_CLOSE, STAGE_DONE };

HRESULT job_upload_new(struct job *job)
{
    struct job_upload *upload;

    if (job->data.type == BG_JOB_TYPE_DOWNLOAD)
        return S_OK;
    upload = calloc(1, sizeof(*upload));
    job->upload = upload;
    if (!upload || FAILED(model_set_string(&upload->session, job->data.upload_session)) ||
        FAILED(model_set_string(&upload->host, job->data.upload_host)))
        return E_OUTOFMEMORY;
    return S_OK;
}

void job_upload_free(struct job *job)
{
    if (!job->upload)
        return;
    if (job->upload->reply)
        file_free(job->upload->reply);
    free(job->upload->session);
    free(job->upload->host);
    free(job->upload);
}

void job_upload_load_reply(struct job *job, struct file *file)
{
    if (job->upload->reply || file->data.ordinal != REPLY_ORDINAL) {
        file_free(file);
        return;
    }
    job->upload->reply = file;
    file->created = TRUE;
    if (file->data.progress.completed)
        file->phase = FILE_DONE;
}

HRESULT job_upload_stage(struct job *job, struct model_job *next)
{
    const struct file *reply;
    HRESULT hr;

    AcquireSRWLockShared(&job->engine->lock);
    reply = job->upload->reply;
    hr = model_set_string(&next->upload_session, job->upload->session);
    if (SUCCEEDED(hr))
        hr = model_set_string(&next->upload_host, job->upload->host);
    if (reply) {
        next->reply_total = reply->total;
        next->reply_transferred = reply->data.progress.transferred;
    }
    ReleaseSRWLockShared(&job->engine->lock);
    return hr;
}

/* Lock held. */
static enum stage stage_of(const struct job *job)
{
    const struct job_upload *upload = job->upload;

    if (!job->file_count || job->files[0]->phase != FILE_DONE)
        return STAGE_FILE;
    if (upload->reply && upload->reply->phase != FILE_DONE)
        return STAGE_REPLY;
    return upload->session ? STAGE_CLOSE : STAGE_DONE;
}

BOOL job_upload_done(const struct job *job)
{
    return stage_of(job) == STAGE_DONE;
}

void job_upload_stop(struct job *job)
{
    if (job->upload->download)
        transfer_cancel(job->engine->transfer, job->upload->download);
}

/* ---- the session ---- */

/* Lock held. Takes over both strings. */
static void set_session(struct job *job, WCHAR *session, WCHAR *host)
{
    free(job->upload->session);
    free(job->upload->host);
    job->upload->session = session;
    job->upload->host = host;
    job->upload->session_dirty = TRUE;
    engine_wake(job->engine);
}

/* Host and fallback time-out as model_job.upload_host has them. */
static WCHAR *write_host(const struct upload_session *session)
{
    WCHAR *host = session->host[0] ? wide_from_utf8(session->host) : NULL, *both;
    size_t room;

    if (!host || !session->has_fallback)
        return host;
    room = wcslen(host) + 16;
    both = malloc(room * sizeof(*both));
    if (both)
        swprintf(both, room, L"%ls %lu", host, session->fallback);
    free(host);
    return both;
}

/* The other way round: cuts host at the blank. */
static void read_host(char *host, struct upload_session *session)
{
    char *blank = host ? strchr(host, ' ') : NULL;

    session->host = host ? host : "";
    if (!blank)
        return;
    *blank = 0;
    session->has_fallback = TRUE;
    session->fallback = strtoul(blank + 1, NULL, 10);
}

/* ---- the version of the local file ---- */

/* Kept where a download has its validator. Lock held. */
static BOOL set_version(struct file *file, UINT64 size, UINT64 modified)
{
    WCHAR text[40];

    swprintf(text, ARRAYSIZE(text), L"%llx-%llx", size, modified);
    return SUCCEEDED(model_set_string(&file->data.etag, text));
}

static void read_version(const struct model_file *data, struct upload_spec *spec)
{
    unsigned long long size, modified;

    spec->size = BG_SIZE_UNKNOWN;
    if (data->etag && swscanf(data->etag, L"%llx-%llx", &size, &modified) == 2) {
        spec->size = size;
        spec->modified = modified;
    }
}

/* Lock held. The next order sends the file, as it is then, from its first byte in a new session. */
static void forget_file(struct job *job)
{
    struct file *file = job->files[0];

    free(file->data.etag);
    file->data.etag = NULL;
    file->data.progress.transferred = 0;
    file->data.progress.total = BG_SIZE_UNKNOWN;
    file_set_live(file, 0, BG_SIZE_UNKNOWN);
    mark_dirty(file);
    file_write(file);
    set_session(job, NULL, NULL);
}

/* ---- events; context is the job ---- */

static void on_connecting(void *context)
{
}

static void on_began(void *context, UINT64 size, UINT64 modified)
{
    struct job *job = context;
    struct file *file = job->files[0];

    AcquireSRWLockExclusive(&job->engine->lock);
    if (!file->data.etag && set_version(file, size, modified)) {
        file->data.progress.total = size;
        file_set_live(file, file->bytes, size);
        mark_dirty(file);
        file_write(file);
    }
    ReleaseSRWLockExclusive(&job->engine->lock);
}

static void on_answered(void *context)
{
    struct job *job = context;

    AcquireSRWLockExclusive(&job->engine->lock);
    note_connected(job);
    ReleaseSRWLockExclusive(&job->engine->lock);
}

static void on_session(void *context, const struct upload_session *session)
{
    struct job *job = context;

    AcquireSRWLockExclusive(&job->engine->lock);
    set_session(job, session->id[0] ? wide_from_utf8(session->id) : NULL, write_host(session));
    ReleaseSRWLockExclusive(&job->engine->lock);
}

static void on_acknowledged(void *context, UINT64 bytes)
{
    struct job *job = context;
    struct file *file = job->files[0];

    AcquireSRWLockExclusive(&job->engine->lock);
    file->data.progress.transferred = bytes;
    file_set_live(file, bytes, file->total);
    note_progress(job);
    mark_dirty(file);
    file_write_progress(file);
    ReleaseSRWLockExclusive(&job->engine->lock);
}

static void on_progress(void *context, UINT64 bytes)
{
    struct job *job = context;

    AcquireSRWLockExclusive(&job->engine->lock);
    note_connected(job); /* a share does not answer otherwise */
    file_set_live(job->files[0], bytes, job->files[0]->total);
    note_progress(job);
    ReleaseSRWLockExclusive(&job->engine->lock);
}

static HRESULT on_certificate(void *context, const BYTE *cert, ULONG cert_size, const BYTE *store,
                              ULONG store_size)
{
    struct job *job = context;

    return file_certificate(job->files[0], cert, cert_size, store, store_size);
}

/* Lock held. Every order ends here; order_ended() follows. */
static void order_done(struct job *job)
{
    job->upload->download = NULL;
    job->upload->ordered = FALSE;
    job->active--;
}

/* Lock held, and left. */
static void order_ended(struct job *job)
{
    job_transfer_ended(job, job_upload_start);
}

/* Lock held. What the order brought has to be stored before the next is given. */
static void advance(struct job *job)
{
    job->upload->advance = TRUE;
    engine_wake(job->engine);
}

/* Lock held. The file is at the server, the reply at url. */
static HRESULT make_reply(struct job *job, const char *url)
{
    struct model_file data;
    HRESULT hr;

    if (!url)
        return S_OK;
    model_file_init(&data);
    data.ordinal = REPLY_ORDINAL;
    data.remote_name = wide_from_utf8(url);
    hr =
        data.remote_name ? model_set_string(&data.local_name, job->data.reply_file) : E_OUTOFMEMORY;
    if (SUCCEEDED(hr))
        hr = name_beside(data.local_name, &data.temporary_name);
    if (SUCCEEDED(hr)) {
        job->upload->reply = file_new(job, &data);
        hr = job->upload->reply ? S_OK : E_OUTOFMEMORY;
    }
    model_file_release(&data);
    return hr;
}

static void on_file_done(void *context, const struct download_result *result)
{
    struct job *job = context;
    struct file *file = job->files[0];
    HRESULT hr = result->hr;

    AcquireSRWLockExclusive(&job->engine->lock);
    order_done(job);
    job->upload->host_failing_since = result->host_failing_since;
    if (hr == S_OK) {
        hr = make_reply(job, result->reply_url);
        file->data.progress.transferred = file->data.progress.total = result->bytes;
        file_set_live(file, result->bytes, result->bytes);
        mark_dirty(file);
        note_progress(job);
        if (SUCCEEDED(hr)) {
            file_mark_done(file);
            advance(job);
        } else {
            job_fail(job, file, hr, BG_ERROR_CONTEXT_GENERAL_QUEUE_MANAGER, TRUE, 0);
        }
    } else {
        if (result->discard || custom_method(&job->data)) {
            forget_file(job);
        } else {
            file->data.progress.transferred = result->bytes;
            file_set_live(file, result->bytes, file->total);
            mark_dirty(file);
        }
        if (hr != E_ABORT)
            job_fail(job, file, hr, result->context, result->transient, result->retry_after_ms);
    }
    order_ended(job);
}

static void on_close_done(void *context, const struct download_result *result)
{
    struct job *job = context;

    AcquireSRWLockExclusive(&job->engine->lock);
    order_done(job);
    job->upload->host_failing_since = result->host_failing_since;
    /* The file is there: only what may pass is worth trying again. */
    if (SUCCEEDED(result->hr) || (result->hr != E_ABORT && !result->transient))
        set_session(job, NULL, NULL);
    else if (result->hr != E_ABORT)
        job_fail(job, job->files[0], result->hr, result->context, TRUE, result->retry_after_ms);
    order_ended(job);
}

/* ---- the reply; context is the job ---- */

static void on_reply_headers(void *context, const struct download_headers *headers)
{
    struct job *job = context;
    struct file *reply = job->upload->reply;

    AcquireSRWLockExclusive(&job->engine->lock);
    note_connected(job);
    free(reply->data.etag);
    free(reply->data.last_modified);
    reply->data.etag = wide_from_utf8(headers->etag);
    reply->data.last_modified = wide_from_utf8(headers->last_modified);
    reply->data.remote_size = headers->remote_size;
    reply->data.progress.total = reply->total = headers->total;
    if (headers->restarted)
        reply->data.progress.transferred = reply->bytes = 0;
    file_write(reply);
    ReleaseSRWLockExclusive(&job->engine->lock);
}

static void on_reply_progress(void *context, UINT64 bytes)
{
    struct job *job = context;

    AcquireSRWLockExclusive(&job->engine->lock);
    job->upload->reply->bytes = bytes;
    note_progress(job);
    ReleaseSRWLockExclusive(&job->engine->lock);
}

static void on_reply_durable(void *context, UINT64 bytes)
{
    struct job *job = context;

    AcquireSRWLockExclusive(&job->engine->lock);
    job->upload->reply->data.progress.transferred = bytes;
    file_write(job->upload->reply);
    ReleaseSRWLockExclusive(&job->engine->lock);
}

static HRESULT on_reply_dropping(void *context)
{
    struct job *job = context;
    struct file *reply = job->upload->reply;

    AcquireSRWLockExclusive(&job->engine->lock);
    reply->data.progress.transferred = reply->bytes = 0;
    reply->forgotten = TRUE;
    ReleaseSRWLockExclusive(&job->engine->lock);
    return file_write_forgotten(reply);
}

static HRESULT on_reply_certificate(void *context, const BYTE *cert, ULONG cert_size,
                                    const BYTE *store, ULONG store_size)
{
    struct job *job = context;

    return file_certificate(job->upload->reply, cert, cert_size, store, store_size);
}

static void on_reply_done(void *context, const struct download_result *result)
{
    struct job *job = context;
    struct file *reply = job->upload->reply;

    AcquireSRWLockExclusive(&job->engine->lock);
    order_done(job);
    reply->data.progress.transferred = reply->bytes = result->discard ? 0 : result->bytes;
    reply->forgotten = reply->forgotten || result->discard;
    if (result->hr == S_OK) {
        reply->data.progress.total = reply->total = result->bytes;
        reply->data.progress.completed = TRUE;
        reply->phase = FILE_DONE;
        note_progress(job);
        notify_job(job, NOTIFY_FILE_TRANSFERRED, reply);
        advance(job);
    } else if (!result->discard || ++reply->restarts > ENGINE_MAX_RESTARTS) {
        if (result->hr != E_ABORT)
            job_fail(job, job->files[0], result->hr, result->context, result->transient,
                     result->retry_after_ms);
    }
    order_ended(job);
}

/* ---- a session whose job was cancelled ---- */

BOOL job_upload_lingers(const struct job *job)
{
    const struct job_upload *upload = job->upload;
    ULONGLONG limit = job->data.no_progress_timeout, since;
    FILETIME now;

    if (!upload->session || job->data.state != BG_JOB_STATE_CANCELLED)
        return FALSE;
    if (!upload->cancel_at)
        return TRUE; /* once in any case */
    if (limit > CANCEL_SECONDS)
        limit = CANCEL_SECONDS;
    engine_now(job->engine, &now);
    since = filetime_value(&job->data.modified); /* nothing changes a job any more */
    return filetime_value(&now) < since || filetime_value(&now) - since < limit * 10000000;
}

static void on_cancel_done(void *context, const struct download_result *result)
{
    struct job *job = context;

    AcquireSRWLockExclusive(&job->engine->lock);
    order_done(job);
    job->upload->host_failing_since = result->host_failing_since;
    if (result->hr != E_ABORT && (SUCCEEDED(result->hr) || !result->transient))
        set_session(job, NULL, NULL);
    job->upload->cancel_at = engine_ticks(job->engine) + job->data.minimum_retry_delay * 1000ull;
    job_idle(job);
    ReleaseSRWLockExclusive(&job->engine->lock);
    job_release(job); /* the order's */
}

/* ---- giving orders ---- */

static const struct upload_events upload_events = {
    .began = on_began,
    .answered = on_answered,
    .session = on_session,
    .acknowledged = on_acknowledged,
};
static const struct download_events file_events = {
    .connecting = on_connecting,
    .progress = on_progress,
    .certificate = on_certificate,
    .done = on_file_done,
};
static const struct download_events close_events = {
    .certificate = on_certificate,
    .done = on_close_done,
};
static const struct download_events reply_events = {
    .headers = on_reply_headers,
    .progress = on_reply_progress,
    .durable = on_reply_durable,
    .dropping = on_reply_dropping,
    .certificate = on_reply_certificate,
    .done = on_reply_done,
};
static const struct download_events cancel_events = {
    .certificate = on_certificate,
    .done = on_cancel_done,
};

/* What an order needs, copied under the lock. */
struct order {
    enum stage stage;
    BOOL cancel; /* STAGE_CLOSE: the job is dead */
    struct model_file file;
    WCHAR *session, *host;
    UINT64 host_failing_since;
    BOOL validate;
    UINT64 rate;
    ULONG number;
};

static void order_release(struct order *order)
{
    model_file_release(&order->file);
    free(order->session);
    free(order->host);
}

/* Lock held. */
static HRESULT order_copy(struct job *job, struct order *order)
{
    struct file *file = order->stage == STAGE_REPLY ? job->upload->reply : job->files[0];
    HRESULT hr;

    order->validate = job->certificate_callback != NULL;
    order->rate = engine_rate(job->engine, job->data.priority);
    order->host_failing_since = job->upload->host_failing_since;
    order->number = ++job->upload->start;
    hr = model_file_copy(&file->data, &order->file);
    if (SUCCEEDED(hr))
        hr = model_set_string(&order->session, job->upload->session);
    if (SUCCEEDED(hr))
        hr = model_set_string(&order->host, job->upload->host);
    if (order->stage == STAGE_REPLY)
        file->created = TRUE;
    return hr;
}

static HRESULT give_reply_order(struct job *job, const struct order *order,
                                struct download_spec *spec, struct download **download)
{
    char *etag = utf8_from_wide(order->file.etag);
    char *last_modified = utf8_from_wide(order->file.last_modified);
    HRESULT hr;

    spec->method = NULL; /* a client's own method is the upload's */
    spec->offset = order->file.progress.transferred;
    spec->remote_size = order->file.remote_size;
    spec->etag = etag;
    spec->last_modified = last_modified;
    hr = file_write_forgotten(job->upload->reply);
    if (SUCCEEDED(hr))
        hr = transfer_download(job->engine->transfer, spec, &reply_events, job, download);
    free(etag);
    free(last_modified);
    return hr;
}

static HRESULT give_upload_order(struct job *job, const struct order *order,
                                 struct download_spec *spec, struct download **download)
{
    const WCHAR *name = wcsrchr(order->file.local_name, '\\');
    char *utf8 = utf8_from_wide(name ? name + 1 : order->file.local_name);
    char *session = utf8_from_wide(order->session), *host = utf8_from_wide(order->host);
    struct upload_spec upload = {.order = UPLOAD_FILE, .events = &upload_events};
    const struct download_events *events = &file_events;
    HRESULT hr = E_OUTOFMEMORY;

    if (order->stage == STAGE_CLOSE) {
        upload.order = order->cancel ? UPLOAD_CANCEL : UPLOAD_CLOSE;
        events = order->cancel ? &cancel_events : &close_events;
    }
    upload.wants_reply = job->data.type == BG_JOB_TYPE_UPLOAD_REPLY;
    upload.name = utf8;
    upload.session.id = session ? session : "";
    read_host(host, &upload.session);
    upload.host_failing_since = order->host_failing_since;
    read_version(&order->file, &upload);
    spec->offset = order->file.progress.transferred;
    spec->upload = &upload;
    if (utf8)
        hr = transfer_download(job->engine->transfer, spec, events, job, download);
    free(utf8);
    free(session);
    free(host);
    return hr;
}

static HRESULT give_order(struct job *job, const struct order *order, struct download **download)
{
    char *url = utf8_from_wide(order->file.remote_name);
    struct download_spec spec = {0};
    WCHAR *path = NULL;
    struct run *run;
    HRESULT hr = job_current_run(job, &run);

    if (SUCCEEDED(hr) && !url)
        hr = E_OUTOFMEMORY;
    if (SUCCEEDED(hr))
        hr = local_path_extended(order->stage == STAGE_REPLY ? order->file.temporary_name
                                                             : order->file.local_name,
                                 &path);
    if (SUCCEEDED(hr)) {
        run_fill_spec(run, &spec);
        spec.url = url;
        spec.path = path;
        spec.validate_server_certificate = order->validate;
        spec.rate = order->rate;
        if (order->stage == STAGE_REPLY)
            hr = give_reply_order(job, order, &spec, download);
        else
            hr = give_upload_order(job, order, &spec, download);
    }
    run_release(run);
    free(path);
    free(url);
    return hr;
}

/* Gives the order that was marked as under way; the reference it holds is there. No lock. */
static void begin_order(struct job *job, struct order *order, HRESULT hr)
{
    struct download *download;

    if (SUCCEEDED(hr))
        hr = give_order(job, order, &download);
    AcquireSRWLockExclusive(&job->engine->lock);
    if (FAILED(hr)) {
        order_done(job);
        job->upload->cancel_at =
            engine_ticks(job->engine) + job->data.minimum_retry_delay * 1000ull;
        job_fail(job, job->files[0], hr, BG_ERROR_CONTEXT_GENERAL_QUEUE_MANAGER,
                 hr == E_OUTOFMEMORY, 0);
        job_idle(job);
    } else if (job->upload->ordered && job->upload->start == order->number) {
        job->upload->download = download;
        if (!job->running && !order->cancel)
            transfer_cancel(job->engine->transfer, download);
    }
    ReleaseSRWLockExclusive(&job->engine->lock);
    if (FAILED(hr))
        job_release(job); /* the order that never was */
    order_release(order);
}

/* Lock held. */
static BOOL may_order(const struct job *job)
{
    return job->running && job->outcome == OUTCOME_NONE && !job->engine->stopping &&
           !job->upload->ordered && !job->upload->advance && stage_of(job) != STAGE_DONE;
}

void job_upload_start(struct job *job)
{
    struct order order = {0};
    HRESULT hr = S_OK;
    BOOL may;

    AcquireSRWLockExclusive(&job->engine->lock);
    may = may_order(job);
    if (may) {
        order.stage = stage_of(job);
        job->upload->ordered = TRUE;
        job->active++;
        job_addref(job); /* the order's */
        hr = order_copy(job, &order);
    }
    ReleaseSRWLockExclusive(&job->engine->lock);
    if (may)
        begin_order(job, &order, hr);
}

BOOL job_upload_cancel(struct job *job, ULONGLONG now, ULONGLONG *deadline)
{
    struct order order = {.stage = STAGE_CLOSE, .cancel = TRUE};
    HRESULT hr = S_OK;
    BOOL lingers, due;

    AcquireSRWLockExclusive(&job->engine->lock);
    lingers = job_upload_lingers(job) && job->file_count;
    due = lingers && !job->engine->stopping && now >= job->upload->cancel_at;
    if (due) {
        job->upload->ordered = TRUE;
        job->active++;
        job_addref(job); /* the order's */
        hr = order_copy(job, &order);
    } else if (lingers && job->upload->cancel_at < *deadline) {
        *deadline = job->upload->cancel_at;
    }
    if (!lingers) {
        free(job->upload->session);
        job->upload->session = NULL;
    }
    ReleaseSRWLockExclusive(&job->engine->lock);
    if (due)
        begin_order(job, &order, hr);
    return lingers;
}

/* ---- the store ---- */

BOOL job_upload_needs_store(const struct job *job, ULONGLONG now, ULONGLONG *deadline)
{
    const struct job_upload *upload = job->upload;

    if ((!upload->advance || job->active) && !upload->session_dirty)
        return FALSE;
    if (now >= upload->store_at)
        return TRUE;
    if (upload->store_at < *deadline)
        *deadline = upload->store_at;
    return FALSE;
}

HRESULT job_upload_put(struct job *job, struct store_txn *txn)
{
    struct model_file *data = job->upload->reply ? &job->upload->reply->data : NULL;

    return data ? store_txn_put_files(txn, &job->data.id, &data, 1) : S_OK;
}

void job_upload_store(struct job *job)
{
    struct job_upload *upload = job->upload;
    struct job_change change;
    struct store_txn *txn;
    HRESULT hr = S_OK;
    BOOL all, dirty;

    AcquireSRWLockExclusive(&job->engine->lock);
    dirty = upload->session_dirty || upload->advance;
    upload->session_dirty = FALSE; /* before the copy is taken: what comes later is told again */
    ReleaseSRWLockExclusive(&job->engine->lock);
    if (!dirty || FAILED(job_change_begin(job, &change)))
        return;
    AcquireSRWLockExclusive(&job->engine->lock);
    /* While an order is under way its files change; its session does not wait for that. */
    all = upload->advance && !job->active;
    ReleaseSRWLockExclusive(&job->engine->lock);
    txn = store_txn_begin(job->engine->store);
    if (txn && all)
        hr = job_put_dirty_files(job, txn);
    if (txn && all && SUCCEEDED(hr))
        hr = job_upload_put(job, txn);
    if (FAILED(hr)) {
        store_txn_discard(txn);
        model_job_release(&change.next);
    } else {
        hr = job_store_and_publish(job, &change.next, txn);
    }
    AcquireSRWLockExclusive(&job->engine->lock);
    if (FAILED(hr)) {
        upload->session_dirty = TRUE;
        upload->store_at = engine_ticks(job->engine) + STORE_AGAIN_MS;
    } else if (all) {
        upload->advance = FALSE;
        job->files[0]->dirty = job->files[0]->progress_dirty = FALSE;
        job->dirty = job->progress_dirty = FALSE;
    }
    ReleaseSRWLockExclusive(&job->engine->lock);
    job_unlatch(job);
    if (SUCCEEDED(hr))
        job_upload_start(job);
}
