/*
 * Upload and upload-reply jobs: the live side, and what of it survives.
 *
 * An upload is a row of orders to the transfers: the file, then the reply, which is an ordinary
 * download beside the job's one file, then the end of the session. What an order has brought is
 * stored before the next is given, so that a crash neither sends a file twice nor loses a reply.
 * The session is live here and staged into each change of the job; a new one makes the worker
 * store it at once. A job that was cancelled stays among the graves until its server knows.
 *
 * Called by fetch.c, schedule.c, change.c, finish.c and engine.c, and for session and version by
 * the two files beside, upload_order.c and upload_event.c; calls the store.
 */
#include "upload.h"

#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

/* How long a cancelled job's session is tried to be cancelled (nf-bits-ibackgroundcopyjob-cancel),
 * in seconds. */
#define CANCEL_SECONDS (24 * 60 * 60)
/* When the store could not take what was brought, in ms. */
#define STORE_AGAIN_MS 1000

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

enum upload_stage job_upload_due(const struct job *job)
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
    return job_upload_due(job) == STAGE_DONE;
}

void job_upload_stop(struct job *job)
{
    if (job->upload->download)
        transfer_cancel(job->engine->transfer, job->upload->download);
}

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

/* ---- the session ---- */

void job_upload_set_session(struct job *job, WCHAR *session, WCHAR *host)
{
    free(job->upload->session);
    free(job->upload->host);
    job->upload->session = session;
    job->upload->host = host;
    job->upload->session_dirty = TRUE;
    engine_wake(job->engine);
}

WCHAR *upload_host_write(const struct upload_session *session)
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

void upload_host_read(char *host, struct upload_session *session)
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

BOOL upload_version_write(struct file *file, UINT64 size, UINT64 modified)
{
    WCHAR text[40];

    swprintf(text, ARRAYSIZE(text), L"%llx-%llx", size, modified);
    return SUCCEEDED(model_set_string(&file->data.etag, text));
}

void upload_version_read(const struct model_file *data, struct upload_spec *spec)
{
    unsigned long long size, modified;

    spec->size = BG_SIZE_UNKNOWN;
    if (data->etag && swscanf(data->etag, L"%llx-%llx", &size, &modified) == 2) {
        spec->size = size;
        spec->modified = modified;
    }
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
