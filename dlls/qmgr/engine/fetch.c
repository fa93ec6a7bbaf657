/*
 * What a turn consists of: starting a job's files, ending the turn.
 *
 * schedule.c gives turns; from then on a job's files follow one another on the transfer thread,
 * from inside the events (fetch_event.c), without the worker: for many small files that is the
 * difference between microseconds and milliseconds. Files start in order; the next one starts
 * before those before it have ended only when little is left of them, so a large file has the line
 * for itself.
 *
 * Called by schedule.c, by the events of downloads and uploads, and by whoever changes a job that
 * may be under way (job_stop()); calls transfer/ and run.c.
 */
#include "internal.h"

#include <bitsmsg.h>
#include <stdlib.h>
#include <string.h>

void job_idle(struct job *job)
{
    if (job->active)
        return;
    WakeAllConditionVariable(&job->engine->idle);
    engine_wake(job->engine);
}

void job_stop(struct job *job)
{
    BOOL was_running = job->running;

    if (job->running)
        job->transferring_ms += engine_ticks(job->engine) - job->slice_began;
    job->running = FALSE;
    job->connected = FALSE;
    for (ULONG i = job->first_open; job->active && i < job->file_count; i++) {
        struct file *file = job->files[i];

        if (file->phase == FILE_ACTIVE && file->download)
            transfer_cancel(job->engine->transfer, file->download);
    }
    if (job->upload)
        job_upload_stop(job);
    if (was_running)
        job_idle(job);
}

void job_stop_and_wait(struct job *job, DWORD ms)
{
    AcquireSRWLockExclusive(&job->engine->lock);
    job_stop(job);
    while (job->active && SleepConditionVariableSRW(&job->engine->idle, &job->engine->lock, ms, 0))
        ;
    ReleaseSRWLockExclusive(&job->engine->lock);
}

void job_fail(struct job *job, struct file *file, HRESULT hr, BG_ERROR_CONTEXT context,
              BOOL transient, ULONG retry_after_ms)
{
    if (job->outcome != OUTCOME_NONE || job->data.state != BG_JOB_STATE_QUEUED)
        return;
    if (hr == HRESULT_FROM_WIN32(ERROR_NOT_LOGGED_ON) &&
        context == BG_ERROR_CONTEXT_GENERAL_QUEUE_MANAGER) {
        job->owner_away = TRUE;
        job_stop(job);
        return;
    }
    job->outcome = OUTCOME_FAILED;
    job->failure.code = hr;
    job->failure.context = context;
    job->failure.file = file ? file->data.ordinal : MODEL_NO_FILE;
    job->failure_transient = transient;
    job->retry_after_ms = retry_after_ms;
    job_stop(job);
    engine_wake(job->engine);
}

void job_transfer_ended(struct job *job, void (*go_on)(struct job *job))
{
    enum job_outcome outcome;

    if (job->running && job_satisfied(job, &outcome)) {
        job->outcome = outcome;
        engine_wake(job->engine);
    }
    job_addref(job); /* who waits for the job to be idle may let go of it */
    job_idle(job);
    ReleaseSRWLockExclusive(&job->engine->lock);
    go_on(job);
    job_release(job);
    job_release(job); /* the transfer's */
}

/* ---- starting files ---- */

/* Lock held. Little left of every file under way, and their number bounded. */
static BOOL may_look_ahead(struct job *job)
{
    ULONG seen = 0;

    if (job->active >= ENGINE_FILES_IN_FLIGHT)
        return FALSE;
    /* The limit is one for all: a file at a time keeps it. */
    if (job->active && engine_rate(job->engine, job->data.priority))
        return FALSE;
    for (ULONG i = job->first_open; i < job->file_count && seen < job->active; i++) {
        struct file *file = job->files[i];

        if (file->phase != FILE_ACTIVE)
            continue;
        seen++;
        if (file->total == BG_SIZE_UNKNOWN || file->total - file->bytes >= ENGINE_SMALL_REST)
            return FALSE;
    }
    return TRUE;
}

/* Lock held. The next file in order that is neither done nor under way, marked as under way; NULL
 * when none may start. */
static struct file *pick_file(struct job *job)
{
    if (!job->running || job->outcome != OUTCOME_NONE || job->engine->stopping ||
        !may_look_ahead(job))
        return NULL;
    for (ULONG i = job->first_open; i < job->file_count; i++) {
        struct file *file = job->files[i];

        if (!file_wants(file))
            continue;
        file->phase = FILE_ACTIVE;
        file->download = NULL;
        file->unchecked = FALSE;
        file->start++;
        job->active++;
        job_addref(job); /* the download's */
        return file;
    }
    return NULL;
}

/* After a crash of the service alone the file's own length tells how far it came: it was written
 * front to back. */
static UINT64 trusted_size(const struct model_file *data)
{
    WIN32_FILE_ATTRIBUTE_DATA attributes;
    WCHAR *path;
    UINT64 size;

    /* Before the first checkpoint the disk may have bytes of an earlier start, of any version: a
     * small file is not cut while its bytes are held in memory. */
    if (!data->progress.transferred || data->progress.total == BG_SIZE_UNKNOWN ||
        FAILED(local_path_extended(data->temporary_name, &path)))
        return data->progress.transferred;
    if (!GetFileAttributesExW(path, GetFileExInfoStandard, &attributes)) {
        free(path);
        return data->progress.transferred;
    }
    free(path);
    size = ((UINT64)attributes.nFileSizeHigh << 32) | attributes.nFileSizeLow;
    if (size < data->progress.transferred || size > data->progress.total)
        return data->progress.transferred;
    return size;
}

/* Whether bytes may be added to a file that has some: not on another volume than where those are.
 * No lock. */
static HRESULT check_volume(const struct engine *engine, const struct model_file *data)
{
    DWORD serial;

    if (!data->volume)
        return S_OK;
    if (bc_is_volume_locked(engine->world->volume_serial(data->temporary_name, &serial)))
        return BG_E_DESTINATION_LOCKED;
    return serial && serial != data->volume ? BG_E_VOLUME_CHANGED : S_OK;
}

/* What a file's download needs, copied under the lock. */
struct start {
    struct model_file data;
    struct run *run; /* a reference */
    BG_FILE_RANGE *ranges;
    ULONG range_count;
    BOOL sparse;
    BOOL trust;
    BOOL forgotten;
    BOOL renamed;
    ULONG number; /* file->start */
};

static void start_release(struct start *start)
{
    model_file_release(&start->data);
    free(start->ranges);
    run_release(start->run);
}

static HRESULT start_download(struct job *job, struct file *file, const struct start *start,
                              struct download **download)
{
    const struct model_file *data = &start->data;
    const struct run *run = start->run;
    char *url = utf8_from_wide(data->remote_name), *etag = utf8_from_wide(data->etag);
    char *last_modified = utf8_from_wide(data->last_modified);
    struct download_spec spec = {0};
    WCHAR *path = NULL, *exact = NULL;
    HRESULT hr = url && data->temporary_name ? local_path_extended(data->temporary_name, &path)
                                             : E_OUTOFMEMORY;

    if (SUCCEEDED(hr) && !run->data.high_performance && !run->data.acl_flags)
        exact = os_exact_path(path);

    run_fill_spec(run, &spec);
    spec.url = url;
    spec.path = exact ? exact : path;
    spec.offset = start->sparse  ? sparse_end(data)
                  : start->trust ? trusted_size(data)
                                 : data->progress.transferred;
    if (SUCCEEDED(hr) && spec.offset)
        hr = check_volume(job->engine, data);
    spec.create = FALSE; /* the name is ours since it was stored: what is there is of an earlier,
                            cut-off start */
    spec.remote_size = data->remote_size;
    spec.etag = etag;
    spec.last_modified = last_modified;
    spec.ranges = start->sparse ? start->ranges : data->ranges;
    spec.range_count = start->sparse ? start->range_count : data->range_count;
    spec.sparse = start->sparse;
    /* bits-return-values, BG_E_INSUFFICIENT_RANGE_SUPPORT; nf-bits2_0-ibackgroundcopyfile2-
     * setremotename: after a change of name the file starts again. */
    spec.needs_ranges = !spec.foreground && !start->renamed;
    AcquireSRWLockExclusive(&job->engine->lock);
    spec.validate_server_certificate = job->certificate_callback != NULL;
    spec.rate = engine_rate(job->engine, run->data.priority);
    spec.keep_open = !file->shown && !run->data.high_performance;
    if (!start->sparse)
        file_set_live(file, spec.offset, file->total);
    if (run->data.maximum_download_size)
        /* Of what the other files have taken; their announced sizes are checked by
         * over_maximum(). */
        spec.maximum_size = run->data.maximum_download_size > job->bytes - spec.offset
                                ? run->data.maximum_download_size - (job->bytes - spec.offset)
                                : 0;
    if (start->sparse && run->data.maximum_download_size)
        spec.maximum_size = BG_SIZE_UNKNOWN; /* compared with the whole file's size there */
    ReleaseSRWLockExclusive(&job->engine->lock);
    if (SUCCEEDED(hr))
        hr = transfer_download(job->engine->transfer, &spec, &fetch_events, file, download);
    free(path);
    free(exact);
    free(url);
    free(etag);
    free(last_modified);
    return hr;
}

/* Lock held. Takes the copies for one picked file; *fresh gets a new run when the job's properties
 * have changed since the last was made. */
static HRESULT start_prepare(struct job *job, struct file *file, struct start *start,
                             struct run **fresh)
{
    HRESULT hr = S_OK;

    *fresh = NULL;
    memset(start, 0, sizeof(*start));
    start->number = file->start;
    start->sparse = file->sparse;
    start->trust = file->trust_size;
    start->forgotten = file->forgotten;
    start->renamed = file->renamed;
    file->base = file->sparse ? sparse_bytes(file) : 0;
    if (job->run->version != job->version)
        hr = run_new(job, fresh);
    start->run = *fresh ? *fresh : job->run;
    InterlockedIncrement(&start->run->refs);
    if (SUCCEEDED(hr))
        hr = model_file_copy(&file->data, &start->data);
    if (SUCCEEDED(hr) && file->sparse)
        hr = sparse_plan(file, &start->ranges, &start->range_count);
    return hr;
}

/* A file that was picked could not be started. */
static void start_failed(struct job *job, struct file *file, HRESULT hr, BOOL transient)
{
    BG_ERROR_CONTEXT context = hr == BG_E_VOLUME_CHANGED || hr == BG_E_DESTINATION_LOCKED
                                   ? BG_ERROR_CONTEXT_LOCAL_FILE
                                   : BG_ERROR_CONTEXT_GENERAL_QUEUE_MANAGER;

    AcquireSRWLockExclusive(&job->engine->lock);
    file->phase = FILE_IDLE;
    job->active--;
    job_fail(job, file, hr, context, transient, 0);
    job_idle(job);
    ReleaseSRWLockExclusive(&job->engine->lock);
    job_release(job); /* the download that never was */
}

/* Publishes the download of a started file, if it is not over already. */
static void start_succeeded(struct job *job, struct file *file, ULONG number,
                            struct download *download)
{
    AcquireSRWLockExclusive(&job->engine->lock);
    if (file->phase == FILE_ACTIVE && file->start == number) {
        file->download = download;
        if (!job->running)
            transfer_cancel(job->engine->transfer, download);
    }
    ReleaseSRWLockExclusive(&job->engine->lock);
}

void job_start_files(struct job *job)
{
    struct engine *engine = job->engine;
    HRESULT hr = S_OK;

    if (job->upload) {
        job_upload_start(job);
        return;
    }
    while (SUCCEEDED(hr)) {
        struct download *download;
        struct run *fresh, *old = NULL;
        struct start start;
        struct file *file;

        AcquireSRWLockExclusive(&engine->lock);
        file = pick_file(job);
        if (file)
            hr = start_prepare(job, file, &start, &fresh);
        ReleaseSRWLockExclusive(&engine->lock);
        if (!file)
            return;
        if (SUCCEEDED(hr) && fresh) {
            hr = run_prepare(fresh);
            AcquireSRWLockExclusive(&engine->lock);
            if (SUCCEEDED(hr)) {
                old = job->run;
                job->run = fresh;
                fresh = NULL;
            }
            ReleaseSRWLockExclusive(&engine->lock);
        }
        file_let_go(file);
        if (SUCCEEDED(hr) && start.forgotten)
            hr = file_write_forgotten(file);
        if (SUCCEEDED(hr))
            hr = start_download(job, file, &start, &download);
        if (SUCCEEDED(hr))
            start_succeeded(job, file, start.number, download);
        else
            start_failed(job, file, hr,
                         hr == E_OUTOFMEMORY || hr == BG_E_DESTINATION_LOCKED || start.forgotten);
        run_release(fresh);
        run_release(old);
        start_release(&start);
    }
}
