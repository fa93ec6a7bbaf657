/*
 * Uploads: what the transfers tell of an order, and what it means for the job. The context of all
 * events is the job.
 *
 * Called by the transfers, through the tables at the end; calls the store without waiting, but for
 * bytes that are to be dropped.
 */
#include "upload.h"

#include <stdlib.h>

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
    job_upload_set_session(job, NULL, NULL);
}

static void on_connecting(void *context)
{
}

static void on_began(void *context, UINT64 size, UINT64 modified)
{
    struct job *job = context;
    struct file *file = job->files[0];

    AcquireSRWLockExclusive(&job->engine->lock);
    if (!file->data.etag && upload_version_write(file, size, modified)) {
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
    job_upload_set_session(job, session->id[0] ? wide_from_utf8(session->id) : NULL,
                           upload_host_write(session));
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

/* order_ended() follows. */
void job_upload_order_done(struct job *job)
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
    job_upload_order_done(job);
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
    job_upload_order_done(job);
    job->upload->host_failing_since = result->host_failing_since;
    /* The file is there: only what may pass is worth trying again. */
    if (SUCCEEDED(result->hr) || (result->hr != E_ABORT && !result->transient))
        job_upload_set_session(job, NULL, NULL);
    else if (result->hr != E_ABORT)
        job_fail(job, job->files[0], result->hr, result->context, TRUE, result->retry_after_ms);
    order_ended(job);
}

/* ---- the reply ---- */

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
    job_upload_order_done(job);
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

static void on_cancel_done(void *context, const struct download_result *result)
{
    struct job *job = context;

    AcquireSRWLockExclusive(&job->engine->lock);
    job_upload_order_done(job);
    job->upload->host_failing_since = result->host_failing_since;
    if (result->hr != E_ABORT && (SUCCEEDED(result->hr) || !result->transient))
        job_upload_set_session(job, NULL, NULL);
    job->upload->cancel_at = engine_ticks(job->engine) + job->data.minimum_retry_delay * 1000ull;
    job_idle(job);
    ReleaseSRWLockExclusive(&job->engine->lock);
    job_release(job); /* the order's */
}

const struct upload_events upload_events = {
    .began = on_began,
    .answered = on_answered,
    .session = on_session,
    .acknowledged = on_acknowledged,
};
const struct download_events upload_file_events = {
    .connecting = on_connecting,
    .progress = on_progress,
    .certificate = on_certificate,
    .done = on_file_done,
};
const struct download_events upload_close_events = {
    .certificate = on_certificate,
    .done = on_close_done,
};
const struct download_events upload_reply_events = {
    .headers = on_reply_headers,
    .progress = on_reply_progress,
    .durable = on_reply_durable,
    .dropping = on_reply_dropping,
    .certificate = on_reply_certificate,
    .done = on_reply_done,
};
const struct download_events upload_cancel_events = {
    .certificate = on_certificate,
    .done = on_cancel_done,
};
