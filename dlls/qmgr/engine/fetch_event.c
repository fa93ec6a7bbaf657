/*
 * Downloads: what the transfers tell of a file, and what it means for the file and its job. The
 * context of all events is the file.
 *
 * Called by the transfers, through the table at the end, and for what is the same in uploads by
 * upload_event.c. Calls file_write.c, which does not wait, but for bytes that are to be dropped.
 */
#include "internal.h"

#include <bitscore/bc_url.h>
#include <bits2_5.h>
#include <bitsmsg.h>
#include <stdlib.h>
#include <string.h>

void note_progress(struct job *job)
{
    bc_retry_progress(&job->retry);
    engine_now(job->engine, &job->moved);
    job->moved_steady = engine_steady(job->engine);
    notify_job(job, NOTIFY_MODIFICATION, NULL);
}

void note_connected(struct job *job)
{
    if (!job->running || job->connected)
        return;
    job->connected = TRUE;
    job->error_past = TRUE;
    notify_job(job, NOTIFY_MODIFICATION, NULL);
}

/* Lock held. BITS_JOB_PROPERTY_MAX_DOWNLOAD_SIZE is over the whole job. */
static BOOL over_maximum(struct job *job)
{
    UINT64 maximum = job->data.maximum_download_size;

    return maximum && (job->bytes > maximum || (!job->data.on_demand && job->total > maximum));
}

static void check_maximum(struct job *job, struct file *file)
{
    if (over_maximum(job))
        job_fail(job, file, BG_E_MAX_DOWNLOAD_SIZE_LIMIT_REACHED, BG_ERROR_CONTEXT_REMOTE_FILE,
                 FALSE, 0);
}

/* Lock held. A download of this job that is cut off begins again from zero, whatever the server
 * can (ne-bits5_0-bits_job_property_id, nf-bits10_2-ibackgroundcopyjobhttpoptions2-sethttpmethod).
 */
static BOOL starts_over(const struct job *job)
{
    return job->data.dynamic_content || custom_method(&job->data);
}

static HRESULT set_wide(WCHAR **slot, const char *value)
{
    WCHAR *wide = wide_from_utf8(value);

    if (value && !wide)
        return E_OUTOFMEMORY;
    free(*slot);
    *slot = wide;
    return S_OK;
}

static void on_connecting(void *context)
{
    struct file *file = context;

    AcquireSRWLockExclusive(&file->job->engine->lock);
    file->created = TRUE;
    ReleaseSRWLockExclusive(&file->job->engine->lock);
}

/* Lock held. With BG_HTTP_REDIRECT_POLICY_ALLOW_REPORT and BG_HTTP_REDIRECT_POLICY_DISALLOW the
 * remote name becomes the URL that was redirected to. */
static BOOL report_redirect(struct file *file, const char *final_url)
{
    char *name = utf8_from_wide(file->data.remote_name), *wire = malloc(BC_URL_WIRE_SIZE);
    struct bc_url url;
    BOOL moved = FALSE;

    if (name && wire && bc_succeeded(bc_url_parse(name, &url)) &&
        bc_succeeded(bc_url_to_wire(&url, wire, BC_URL_WIRE_SIZE)) && strcmp(wire, final_url))
        moved = SUCCEEDED(set_wide(&file->data.remote_name, final_url));
    free(name);
    free(wire);
    return moved;
}

/* The number of the volume that the file's bytes go to, 0 when it is not known. No lock. */
static DWORD volume_of(struct file *file)
{
    DWORD serial = 0;
    WCHAR *path = NULL;
    HRESULT hr;

    job_lock(file->job);
    hr = model_set_string(&path, file->data.temporary_name);
    job_unlock(file->job);
    if (SUCCEEDED(hr) && path)
        file->job->engine->world->volume_serial(path, &serial);
    free(path);
    return serial;
}

static void on_headers(void *context, const struct download_headers *headers)
{
    struct file *file = context;
    struct job *job = file->job;
    BOOL large = headers->total > ENGINE_SMALL_FILE, moved = FALSE;
    DWORD volume = large ? volume_of(file) : 0;

    AcquireSRWLockExclusive(&job->engine->lock);
    file->data.volume = volume;
    note_connected(job);
    set_wide(&file->data.etag, headers->etag);
    set_wide(&file->data.last_modified, headers->last_modified);
    set_wide(&file->data.response_headers, headers->text);
    file->version_dirty = TRUE;
    file->renamed = FALSE;
    file->data.remote_size = headers->remote_size;
    file->data.progress.total = headers->total;
    if (headers->restarted)
        file->data.progress.transferred = 0;
    file_set_live(file, headers->restarted ? 0 : file->bytes, headers->total);
    if (file->sparse && headers->remote_size != BG_SIZE_UNKNOWN)
        sparse_ends_at(file, headers->remote_size);
    if (headers->final_url && (job->data.security_flags & BG_HTTP_REDIRECT_POLICY_MASK) ==
                                  BG_HTTP_REDIRECT_POLICY_ALLOW_REPORT)
        moved = report_redirect(file, headers->final_url);
    mark_dirty(file);
    if (large || moved || file->sparse)
        file_write(file);
    check_maximum(job, file);
    ReleaseSRWLockExclusive(&job->engine->lock);
    job_start_files(job);
}

static void on_progress(void *context, UINT64 bytes)
{
    struct file *file = context;
    struct job *job = file->job;
    BOOL nearly;

    AcquireSRWLockExclusive(&job->engine->lock);
    file_set_live(file, file->sparse ? file->base + bytes : bytes, file->total);
    note_progress(job);
    check_maximum(job, file);
    nearly = file->total != BG_SIZE_UNKNOWN && file->total - bytes < ENGINE_SMALL_REST;
    ReleaseSRWLockExclusive(&job->engine->lock);
    if (nearly)
        job_start_files(job);
}

static void on_durable(void *context, UINT64 bytes)
{
    struct file *file = context;
    struct job *job = file->job;

    AcquireSRWLockExclusive(&job->engine->lock);
    if (!file->sparse && bytes > file->bytes)
        file_set_live(file, bytes, file->total);
    if (file->sparse || starts_over(job) || job->data.high_performance) {
        /* Nothing to go on from: on_range_filled() tells, or there are no checkpoints. */
        ReleaseSRWLockExclusive(&job->engine->lock);
        return;
    }
    file->data.progress.transferred = bytes;
    mark_dirty(file);
    if (file->total > ENGINE_SMALL_FILE) /* many small ones share the worker's next write */
        file_write_progress(file);
    ReleaseSRWLockExclusive(&job->engine->lock);
}

static void on_range_filled(void *context, const BG_FILE_RANGE *range)
{
    struct file *file = context;

    AcquireSRWLockExclusive(&file->job->engine->lock);
    sparse_filled(file, range);
    file->data.progress.transferred = sparse_bytes(file);
    mark_dirty(file);
    file_write(file);
    notify_ranges(file, range);
    ReleaseSRWLockExclusive(&file->job->engine->lock);
}

static HRESULT on_certificate(void *context, const BYTE *cert, ULONG cert_size, const BYTE *store,
                              ULONG store_size)
{
    return file_certificate(context, cert, cert_size, store, store_size);
}

/* Forgets what is known of the remote file: the next download begins at 0, when that is stored.
 * Lock held. */
static void forget_version(struct file *file)
{
    set_wide(&file->data.etag, NULL);
    set_wide(&file->data.last_modified, NULL);
    file->version_dirty = TRUE;
    file->data.remote_size = BG_SIZE_UNKNOWN;
    file->data.progress.transferred = 0;
    if (!file->data.ranges)
        file->data.progress.total = BG_SIZE_UNKNOWN;
    if (file->sparse)
        sparse_forget(file);
    file_set_live(file, 0, file->data.progress.total);
    file->trust_size = FALSE;
    file->forgotten = TRUE;
    mark_dirty(file);
}

static HRESULT on_dropping(void *context)
{
    struct file *file = context;

    AcquireSRWLockExclusive(&file->job->engine->lock);
    forget_version(file);
    ReleaseSRWLockExclusive(&file->job->engine->lock);
    return file_write_forgotten(file);
}

void job_check_again(struct job *job)
{
    BOOL active = FALSE;

    if (job->upload)
        return;
    for (ULONG i = job->first_open; i < job->file_count; i++) {
        struct file *file = job->files[i];

        if (_wcsnicmp(file->data.remote_name, L"https:", 6))
            continue;
        if (file->phase == FILE_ACTIVE)
            active = file->unchecked = TRUE;
        else if (file->phase == FILE_IDLE && file->data.progress.transferred)
            forget_version(file);
    }
    if (active)
        job_stop(job);
}

/* Lock held. All that the download was to bring is there. */
static void take_file(struct file *file, const struct download_result *result)
{
    struct job *job = file->job;
    UINT64 bytes = file->sparse ? sparse_bytes(file) : result->bytes;
    UINT64 total = file->sparse ? file->data.remote_size : result->bytes;

    file->data.progress.transferred = bytes;
    file->data.progress.total = total;
    file_set_live(file, bytes, total);
    mark_dirty(file);
    note_progress(job);
    if (over_maximum(job)) {
        /* Its size was not known before; it may not be taken. */
        forget_version(file);
        job_fail(job, file, BG_E_MAX_DOWNLOAD_SIZE_LIMIT_REACHED, BG_ERROR_CONTEXT_REMOTE_FILE,
                 FALSE, 0);
        return;
    }
    if (file->sparse && !sparse_whole(file))
        return;
    file_mark_done(file);
    notify_job(job, NOTIFY_FILE_TRANSFERRED, file);
}

/* Lock held. The download was cut off: what of it can be gone on with. */
static void keep_part(struct file *file, const struct download_result *result)
{
    struct job *job = file->job;

    if (starts_over(job) || file->unchecked) {
        forget_version(file);
        return;
    }
    if (result->hr == BG_E_INVALID_RANGE)
        sparse_unwant(file);
    file->data.progress.transferred = file->sparse ? sparse_bytes(file) : result->bytes;
    file_set_live(file, file->data.progress.transferred, file->total);
    mark_dirty(file);
}

static void on_done(void *context, const struct download_result *result)
{
    struct file *file = context;
    struct job *job = file->job;

    if (result->file)
        file_keep(file, result->file);
    AcquireSRWLockExclusive(&job->engine->lock);
    file->download = NULL;
    file->phase = FILE_IDLE;
    file->trust_size = FALSE;
    file->data.bytes_from_origin += result->received;
    job->active--;
    if (result->hr == S_OK && !file->unchecked) {
        take_file(file, result);
    } else if (result->discard) {
        forget_version(file);
        if (++file->restarts > ENGINE_MAX_RESTARTS)
            job_fail(job, file, result->hr, result->context, result->transient,
                     result->retry_after_ms);
    } else {
        keep_part(file, result);
        if (result->redirect_url && report_redirect(file, result->redirect_url))
            file_write(file);
        if (FAILED(result->hr) && result->hr != E_ABORT)
            job_fail(job, file, result->hr, result->context,
                     result->transient ||
                         result->context == BG_ERROR_CONTEXT_SERVER_CERTIFICATE_CALLBACK,
                     result->retry_after_ms);
    }
    job_transfer_ended(job, job_start_files);
}

const struct download_events fetch_events = {
    .connecting = on_connecting,
    .headers = on_headers,
    .progress = on_progress,
    .durable = on_durable,
    .dropping = on_dropping,
    .range_filled = on_range_filled,
    .certificate = on_certificate,
    .done = on_done,
};
