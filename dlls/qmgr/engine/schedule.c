/*
 * Whose turn it is, and what a turn consists of: choosing jobs, starting their files, listening to
 * the transfers.
 *
 * The worker gives turns (engine_schedule); from then on a job's files follow one another on the
 * transfer thread, from inside the events, without the worker: for many small files that is the
 * difference between microseconds and milliseconds. Files start in order; the next one starts
 * before those before it have ended only when little is left of them, so a large file has the line
 * for itself.
 */
#include "internal.h"

#include <bitsmsg.h>
#include <stdlib.h>

/* group-policies: MaxDownloadTime. */
#define DEFAULT_MAX_DOWNLOAD_S (90ul * 24 * 60 * 60)

struct run {
    LONG refs;
    ULONG version;
    char *method;
    char *headers;
    char *proxy_list;
    char *proxy_bypass;
    struct transfer_credential *credentials;
    ULONG credential_count;
    struct model_job data; /* for what the spec takes as it is */
};

static void wipe(const char *text)
{
    if (text)
        SecureZeroMemory((char *)text, strlen(text));
    free((char *)text);
}

void run_release(struct run *run)
{
    if (InterlockedDecrement(&run->refs))
        return;
    for (ULONG i = 0; i < run->credential_count; i++) {
        free((char *)run->credentials[i].user);
        wipe(run->credentials[i].password);
    }
    free(run->credentials);
    free(run->method);
    free(run->headers);
    free(run->proxy_list);
    free(run->proxy_bypass);
    model_job_release(&run->data);
    free(run);
}

static HRESULT run_credentials(struct run *run)
{
    run->credentials = calloc(run->data.credential_count + 1, sizeof(*run->credentials));
    if (!run->credentials)
        return E_OUTOFMEMORY;
    for (ULONG i = 0; i < run->data.credential_count; i++) {
        const struct model_credential *from = &run->data.credentials[i];
        struct transfer_credential *to = &run->credentials[i];

        to->target = from->target;
        to->scheme = from->scheme;
        to->user = utf8_from_wide(from->user);
        if (from->secret) {
            WCHAR *clear;
            HRESULT hr = os_unprotect(from->secret, from->secret_size, &clear);

            if (FAILED(hr)) {
                free((char *)to->user);
                return hr;
            }
            to->password = utf8_from_wide(clear);
            os_wipe_free(clear);
        }
        run->credential_count++;
    }
    return S_OK;
}

HRESULT run_create(const struct model_job *data, struct run **out)
{
    struct run *run = calloc(1, sizeof(*run));
    HRESULT hr;

    *out = NULL;
    if (!run)
        return E_OUTOFMEMORY;
    run->refs = 1;
    hr = model_job_copy(data, &run->data);
    if (SUCCEEDED(hr)) {
        run->method = utf8_from_wide(data->http_method);
        run->headers = utf8_from_wide(data->custom_headers);
        run->proxy_list = utf8_from_wide(data->proxy_list);
        run->proxy_bypass = utf8_from_wide(data->proxy_bypass);
        hr = run_credentials(run);
    }
    if (FAILED(hr))
        run_release(run);
    else
        *out = run;
    return hr;
}

/* The job's last download has ended, or its turn has. Lock held. */
static void job_idle(struct job *job)
{
    if (job->active)
        return;
    WakeAllConditionVariable(&job->engine->idle);
    engine_wake(job->engine);
}

void job_stop(struct job *job)
{
    if (job->running)
        job->transferring_ms += GetTickCount64() - job->slice_began;
    job->running = FALSE;
    job->connected = FALSE;
    for (ULONG i = job->first_open; job->active && i < job->file_count; i++) {
        struct file *file = job->files[i];

        if (file->phase == FILE_ACTIVE && file->download)
            transfer_cancel(job->engine->transfer, file->download);
    }
    job_idle(job);
}

/* Lock held. The first failure of a turn decides; the others are its echo. */
static void job_fail(struct job *job, struct file *file, HRESULT hr, BG_ERROR_CONTEXT context,
                     BOOL transient, ULONG retry_after_ms)
{
    if (job->outcome != OUTCOME_NONE || job->data.state != BG_JOB_STATE_QUEUED)
        return;
    job->outcome = OUTCOME_FAILED;
    job->failure.code = hr;
    job->failure.context = context;
    job->failure.file = file ? file->data.ordinal : MODEL_NO_FILE;
    job->failure_transient = transient;
    job->retry_after_ms = retry_after_ms;
    job_stop(job);
    engine_wake(job->engine);
}

static void mark_dirty(struct file *file)
{
    file->dirty = file->progress_dirty = TRUE;
    file->job->dirty = file->job->progress_dirty = TRUE;
}

static void note_progress(struct job *job)
{
    job->stalled_at = 0;
    engine_now(&job->moved);
    notify_job(job, NOTIFY_MODIFICATION, NULL);
}

/* A copy of a file's durable side on its way to the store. */
struct file_write {
    struct model_file data;
};

static void file_written(void *context, HRESULT hr)
{
    struct file_write *write = context;

    model_file_release(&write->data);
    free(write);
}

/*
 * Writes all of a file without waiting. Lock held. When memory is short the store keeps the older
 * state, which is still true: validators and progress only ever follow what is on the disk.
 */
static void write_file(struct file *file)
{
    struct store *store = file->job->engine->store;
    struct store_txn *txn = store_txn_begin(store);
    struct file_write *write = malloc(sizeof(*write));
    struct model_file *pointer;

    if (!txn || !write || FAILED(model_file_copy(&file->data, &write->data))) {
        store_txn_discard(txn);
        free(write);
        return;
    }
    pointer = &write->data;
    if (FAILED(store_txn_put_files(txn, &file->job->data.id, &pointer, 1))) {
        store_txn_discard(txn);
        file_written(write, E_OUTOFMEMORY);
        return;
    }
    store_commit_async(store, txn, file_written, write);
    file->dirty = file->progress_dirty = FALSE;
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

/* ---- events of the transfer; context is the file ---- */

static void on_connecting(void *context)
{
    struct file *file = context;

    AcquireSRWLockExclusive(&file->job->engine->lock);
    file->created = TRUE;
    ReleaseSRWLockExclusive(&file->job->engine->lock);
}

static void on_headers(void *context, const struct download_headers *headers)
{
    struct file *file = context;
    struct job *job = file->job;

    AcquireSRWLockExclusive(&job->engine->lock);
    if (job->running && !job->connected) {
        job->connected = TRUE;
        job->error_past = TRUE;
        notify_job(job, NOTIFY_MODIFICATION, NULL);
    }
    set_wide(&file->data.etag, headers->etag);
    set_wide(&file->data.last_modified, headers->last_modified);
    set_wide(&file->data.response_headers, headers->text);
    file->data.remote_size = headers->remote_size;
    file->data.progress.total = headers->total;
    if (headers->restarted)
        file->data.progress.transferred = 0;
    file_set_live(file, headers->restarted ? 0 : file->bytes, headers->total);
    job->small_files = headers->total < ENGINE_SMALL_REST; /* not when it is unknown */
    mark_dirty(file);
    if (headers->total > ENGINE_SMALL_FILE)
        write_file(file);
    ReleaseSRWLockExclusive(&job->engine->lock);
    job_start_files(job);
}

static void on_progress(void *context, UINT64 bytes)
{
    struct file *file = context;
    struct job *job = file->job;
    BOOL nearly;

    AcquireSRWLockExclusive(&job->engine->lock);
    file_set_live(file, bytes, file->total);
    note_progress(job);
    nearly = file->total != BG_SIZE_UNKNOWN && file->total - bytes < ENGINE_SMALL_REST;
    ReleaseSRWLockExclusive(&job->engine->lock);
    if (nearly)
        job_start_files(job);
}

static void on_durable(void *context, UINT64 bytes)
{
    struct file *file = context;
    struct job *job = file->job;
    struct store_txn *txn;

    AcquireSRWLockExclusive(&job->engine->lock);
    file->data.progress.transferred = bytes;
    mark_dirty(file);
    txn = store_txn_begin(job->engine->store);
    if (txn && SUCCEEDED(store_txn_put_progress(txn, &job->data.id, file->data.ordinal,
                                                &file->data.progress))) {
        store_commit_async(job->engine->store, txn, NULL, NULL);
        file->progress_dirty = FALSE;
    } else {
        store_txn_discard(txn);
    }
    ReleaseSRWLockExclusive(&job->engine->lock);
}

static void on_range_filled(void *context, const BG_FILE_RANGE *range)
{
    struct file *file = context;

    AcquireSRWLockExclusive(&file->job->engine->lock);
    notify_ranges(file, range);
    ReleaseSRWLockExclusive(&file->job->engine->lock);
}

static HRESULT on_certificate(void *context, const BYTE *cert, ULONG cert_size, const BYTE *store,
                              ULONG store_size)
{
    struct file *file = context;
    struct job *job = file->job;
    IUnknown *callback;
    HRESULT hr = BG_E_SERVER_CERT_VALIDATION_INTERFACE_REQUIRED;

    AcquireSRWLockShared(&job->engine->lock);
    callback = job->certificate_callback;
    if (callback)
        IUnknown_AddRef(callback);
    ReleaseSRWLockShared(&job->engine->lock);
    if (callback) {
        hr = job->engine->client->validate(callback, job, file, cert, cert_size, store, store_size);
        IUnknown_Release(callback);
    }
    return hr;
}

/* Forgets what is known of the remote file: the next download begins at 0. Lock held. */
static void forget_version(struct file *file)
{
    set_wide(&file->data.etag, NULL);
    set_wide(&file->data.last_modified, NULL);
    file->data.remote_size = BG_SIZE_UNKNOWN;
    file->data.progress.transferred = 0;
    if (!file->data.ranges)
        file->data.progress.total = BG_SIZE_UNKNOWN;
    file_set_live(file, 0, file->data.progress.total);
    file->trust_size = FALSE;
    mark_dirty(file);
    write_file(file);
}

static void on_done(void *context, const struct download_result *result)
{
    struct file *file = context;
    struct job *job = file->job;

    AcquireSRWLockExclusive(&job->engine->lock);
    file->download = NULL;
    file->phase = FILE_IDLE;
    file->trust_size = FALSE;
    file->data.bytes_from_origin += result->received;
    job->active--;
    if (result->hr == S_OK) {
        file->data.progress.transferred = result->bytes;
        file->data.progress.total = result->bytes;
        file_set_live(file, result->bytes, result->bytes);
        file_mark_done(file);
        mark_dirty(file);
        note_progress(job);
        notify_job(job, NOTIFY_FILE_TRANSFERRED, file);
    } else if (result->discard) {
        forget_version(file);
        if (++file->restarts > ENGINE_MAX_RESTARTS)
            job_fail(job, file, result->hr, result->context, result->transient,
                     result->retry_after_ms);
    } else {
        file->data.progress.transferred = result->bytes;
        file_set_live(file, result->bytes, file->total);
        mark_dirty(file);
        if (result->hr != E_ABORT)
            job_fail(job, file, result->hr, result->context, result->transient,
                     result->retry_after_ms);
    }
    if (job->data.state == BG_JOB_STATE_QUEUED && job->outcome == OUTCOME_NONE &&
        job->files_done == job->file_count && !job->active) {
        job->outcome = OUTCOME_FINISHED;
        engine_wake(job->engine);
    }
    job_addref(job); /* who waits for the job to be idle may let go of it */
    job_idle(job);
    ReleaseSRWLockExclusive(&job->engine->lock);
    job_start_files(job);
    job_release(job);
    job_release(job); /* the download's */
}

static const struct download_events events = {
    .connecting = on_connecting,
    .headers = on_headers,
    .progress = on_progress,
    .durable = on_durable,
    .range_filled = on_range_filled,
    .certificate = on_certificate,
    .done = on_done,
};

/* ---- starting files ---- */

/* Lock held. Little left of every file under way, and their number bounded. */
static BOOL may_look_ahead(struct job *job)
{
    ULONG seen = 0;

    if (job->active >= ENGINE_FILES_IN_FLIGHT)
        return FALSE;
    for (ULONG i = job->first_open; i < job->file_count && seen < job->active; i++) {
        struct file *file = job->files[i];

        if (file->phase != FILE_ACTIVE)
            continue;
        seen++;
        /* What is not known yet is taken to be as the last that is. */
        if (file->total == BG_SIZE_UNKNOWN ? !job->small_files
                                           : file->total - file->bytes >= ENGINE_SMALL_REST)
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

        if (file->phase != FILE_IDLE)
            continue;
        file->phase = FILE_ACTIVE;
        file->download = NULL;
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

    if (FAILED(local_path_extended(data->temporary_name, &path)))
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

static HRESULT start_download(struct job *job, struct file *file, const struct model_file *data,
                              struct run *run, BOOL trust, struct download **download)
{
    char *url = utf8_from_wide(data->remote_name), *etag = utf8_from_wide(data->etag);
    char *last_modified = utf8_from_wide(data->last_modified);
    struct download_spec spec = {0};
    WCHAR *path = NULL;
    HRESULT hr = url && data->temporary_name ? local_path_extended(data->temporary_name, &path)
                                             : E_OUTOFMEMORY;

    spec.url = url;
    spec.method = run->method;
    spec.path = path;
    spec.offset = trust ? trusted_size(data) : data->progress.transferred;
    spec.create = FALSE; /* the name is ours since it was stored: what is there is of an earlier,
                            cut-off start */
    spec.remote_size = data->remote_size;
    spec.etag = etag;
    spec.last_modified = last_modified;
    spec.ranges = data->ranges;
    spec.range_count = data->range_count;
    spec.dynamic_content = run->data.dynamic_content;
    spec.maximum_size = BG_SIZE_UNKNOWN;
    spec.custom_headers = run->headers;
    spec.proxy.usage = run->data.proxy_usage;
    spec.proxy.list = run->proxy_list;
    spec.proxy.bypass = run->proxy_bypass;
    spec.credentials = run->credentials;
    spec.credential_count = run->credential_count;
    spec.certificate = run->data.certificate.present ? &run->data.certificate : NULL;
    spec.security_flags = run->data.security_flags;
    spec.foreground = run->data.priority == BG_JOB_PRIORITY_FOREGROUND;
    AcquireSRWLockExclusive(&job->engine->lock);
    spec.validate_server_certificate = job->certificate_callback != NULL;
    file_set_live(file, spec.offset, file->total);
    if (run->data.maximum_download_size)
        spec.maximum_size = run->data.maximum_download_size > job->bytes - spec.offset
                                ? run->data.maximum_download_size - (job->bytes - spec.offset)
                                : 0;
    ReleaseSRWLockExclusive(&job->engine->lock);
    if (SUCCEEDED(hr))
        hr = transfer_download(job->engine->transfer, &spec, &events, file, download);
    free(path);
    free(url);
    free(etag);
    free(last_modified);
    return hr;
}

/* Starts one picked file; `data` is a copy. Without the lock. */
static void start_file(struct job *job, struct file *file, ULONG start, struct model_file *data,
                       struct run *run, BOOL trust)
{
    struct download *download = NULL;
    HRESULT hr = start_download(job, file, data, run, trust, &download);

    AcquireSRWLockExclusive(&job->engine->lock);
    if (FAILED(hr)) {
        file->phase = FILE_IDLE;
        job->active--;
        job_fail(job, file, hr, BG_ERROR_CONTEXT_GENERAL_QUEUE_MANAGER, hr == E_OUTOFMEMORY, 0);
        job_idle(job);
    } else if (file->phase == FILE_ACTIVE && file->start == start) {
        file->download = download;
        if (!job->running)
            transfer_cancel(job->engine->transfer, download);
    }
    ReleaseSRWLockExclusive(&job->engine->lock);
    if (FAILED(hr))
        job_release(job); /* the download that never was */
}

void job_start_files(struct job *job)
{
    for (;;) {
        struct model_file data;
        struct run *run;
        struct file *file;
        BOOL trust = FALSE;
        ULONG start = 0;
        HRESULT hr = S_OK;

        AcquireSRWLockExclusive(&job->engine->lock);
        file = pick_file(job);
        if (file) {
            run = job->run;
            InterlockedIncrement(&run->refs);
            trust = file->trust_size;
            start = file->start;
            hr = model_file_copy(&file->data, &data);
            if (FAILED(hr)) {
                file->phase = FILE_IDLE;
                job->active--;
                job_fail(job, file, hr, BG_ERROR_CONTEXT_GENERAL_QUEUE_MANAGER, TRUE, 0);
                job_idle(job);
            }
        }
        ReleaseSRWLockExclusive(&job->engine->lock);
        if (!file)
            return;
        if (SUCCEEDED(hr)) {
            start_file(job, file, start, &data, run, trust);
            model_file_release(&data);
        } else {
            job_release(job);
        }
        run_release(run);
        if (FAILED(hr))
            return;
    }
}

/* ---- turns ---- */

static BOOL waits_for_turn(const struct job *job)
{
    return job->data.state == BG_JOB_STATE_QUEUED && !job->running && !job->active &&
           job->outcome == OUTCOME_NONE;
}

/* Lock held. The background job to run next: highest priority first, then who waited longest for a
 * turn. */
static struct job *next_background(struct engine *engine)
{
    struct job *best = NULL;

    for (ULONG i = 0; i < engine->job_count; i++) {
        struct job *job = engine->jobs[i];

        if (!waits_for_turn(job) || job->data.priority == BG_JOB_PRIORITY_FOREGROUND)
            continue;
        if (!best || job->data.priority < best->data.priority ||
            (job->data.priority == best->data.priority && job->turn < best->turn))
            best = job;
    }
    return best;
}

/* Gives a job its turn. The worker only, without the lock; the caller holds a reference. */
static void begin_turn(struct job *job)
{
    struct engine *engine = job->engine;
    struct run *run = NULL;
    BOOL finished = FALSE;
    HRESULT hr;

    if (FAILED(job_latch(job)))
        return;
    hr = run_create(&job->data, &run);
    AcquireSRWLockExclusive(&engine->lock);
    if (waits_for_turn(job) && !engine->stopping) {
        if (job->run)
            run_release(job->run);
        job->run = run;
        run = NULL;
        job->running = TRUE;
        job->connected = FALSE;
        job->slice_began = GetTickCount64();
        job->turn = engine->next_turn++;
        for (ULONG i = job->first_open; i < job->file_count; i++)
            job->files[i]->restarts = 0;
        if (FAILED(hr))
            job_fail(job, NULL, hr, BG_ERROR_CONTEXT_GENERAL_QUEUE_MANAGER, hr == E_OUTOFMEMORY, 0);
        else if (job->files_done == job->file_count)
            finished = TRUE;
        if (finished)
            job->outcome = OUTCOME_FINISHED;
        else
            notify_job(job, NOTIFY_MODIFICATION, NULL);
    }
    ReleaseSRWLockExclusive(&engine->lock);
    if (run)
        run_release(run);
    job_unlatch(job);
    if (finished)
        job_settle(job);
    else if (SUCCEEDED(hr))
        job_start_files(job);
}

static ULONGLONG earlier(ULONGLONG a, ULONGLONG b)
{
    return a < b ? a : b;
}

/* What the worker found that a job needs. */
enum need {
    NEED_NOTHING,
    NEED_SETTLE,
    NEED_RETRY,
    NEED_GIVE_UP,
    NEED_TURN,
    NEED_FLUSH,
    NEED_TIMEOUT
};

/* Lock held. */
static enum need job_need(struct job *job, ULONGLONG now, ULONGLONG *deadline)
{
    if (job->outcome != OUTCOME_NONE && !job->active) {
        if (now >= job->settle_again)
            return NEED_SETTLE;
        *deadline = earlier(*deadline, job->settle_again);
        return NEED_NOTHING;
    }
    if (job->data.state == BG_JOB_STATE_TRANSIENT_ERROR) {
        ULONGLONG end = job->stalled_at + (ULONGLONG)job->data.no_progress_timeout * 1000;

        if (now >= end)
            return NEED_GIVE_UP;
        if (now >= job->retry_at)
            return NEED_RETRY;
        *deadline = earlier(*deadline, earlier(end, job->retry_at));
        return NEED_NOTHING;
    }
    if (waits_for_turn(job) && job->data.priority == BG_JOB_PRIORITY_FOREGROUND)
        return NEED_TURN;
    if (job->running) {
        ULONGLONG limit = job->data.maximum_download_time ? job->data.maximum_download_time
                                                          : DEFAULT_MAX_DOWNLOAD_S;
        ULONGLONG spent = job->transferring_ms + (now - job->slice_began);

        if (spent >= limit * 1000)
            return NEED_TIMEOUT;
        *deadline = earlier(*deadline, now + limit * 1000 - spent);
    }
    if (job->progress_dirty) {
        if (now >= job->engine->flush_at)
            return NEED_FLUSH;
        *deadline = earlier(*deadline, job->engine->flush_at);
    }
    return NEED_NOTHING;
}

static void job_serve(struct job *job, enum need need)
{
    static const struct model_error no_progress = {BG_ERROR_CONTEXT_GENERAL_QUEUE_MANAGER,
                                                   BG_E_NO_PROGRESS, MODEL_NO_FILE};
    struct model_error error;

    switch (need) {
    case NEED_SETTLE:
        job_settle(job);
        break;
    case NEED_RETRY:
        job_move(job, BG_JOB_STATE_TRANSIENT_ERROR, BG_JOB_STATE_QUEUED, NULL, 0);
        break;
    case NEED_GIVE_UP:
        /* The error that made it wait stays the one it is told by, when there is one. */
        error = job_lock(job)->error;
        job_unlock(job);
        job_move(job, BG_JOB_STATE_TRANSIENT_ERROR, BG_JOB_STATE_ERROR,
                 FAILED(error.code) ? &error : &no_progress, 0);
        break;
    case NEED_TURN:
        begin_turn(job);
        break;
    case NEED_FLUSH:
        job_flush_progress(job);
        break;
    case NEED_TIMEOUT:
        AcquireSRWLockExclusive(&job->engine->lock);
        job_fail(job, NULL, BG_E_MAXDOWNLOAD_TIMEOUT, BG_ERROR_CONTEXT_GENERAL_QUEUE_MANAGER, FALSE,
                 0);
        ReleaseSRWLockExclusive(&job->engine->lock);
        break;
    case NEED_NOTHING:
        break;
    }
}

/*
 * Lock held. Sees to it that one background job has its turn: NULL, or the job to begin. A turn
 * ends early when a job of higher priority waits, and after its time slice when any other does.
 */
static struct job *background_turn(struct engine *engine, ULONGLONG now, ULONGLONG *deadline)
{
    struct job *current = NULL, *next;

    for (ULONG i = 0; i < engine->job_count; i++) {
        struct job *job = engine->jobs[i];

        if (job->data.priority != BG_JOB_PRIORITY_FOREGROUND && (job->running || job->active)) {
            current = job;
            break;
        }
    }
    next = next_background(engine);
    if (!current || !next)
        return current ? NULL : next;
    if (!current->running)
        return NULL; /* on its way out: its idle() wakes the worker */
    if (next->data.priority < current->data.priority ||
        (next->data.priority == current->data.priority &&
         now >= current->slice_began + ENGINE_TIME_SLICE_MS)) {
        job_stop(current);
        return NULL;
    }
    if (next->data.priority == current->data.priority)
        *deadline = earlier(*deadline, current->slice_began + ENGINE_TIME_SLICE_MS);
    return NULL;
}

ULONGLONG engine_schedule(struct engine *engine)
{
    ULONGLONG deadline = ~0ull, now = GetTickCount64();
    struct job **jobs = NULL, *turn;
    enum need *needs = NULL;
    ULONG count = 0;

    AcquireSRWLockExclusive(&engine->lock);
    for (int pass = 0; pass < 2; pass++) {
        ULONG found = 0;

        /* First count, then collect: nothing is done to a job while its neighbours are looked at.
         */
        for (ULONG i = 0; i < engine->job_count; i++) {
            enum need need = job_need(engine->jobs[i], now, &deadline);

            if (need == NEED_NOTHING)
                continue;
            if (pass) {
                job_addref(engine->jobs[i]);
                jobs[found] = engine->jobs[i];
                needs[found] = need;
            }
            found++;
        }
        if (!pass && found) {
            jobs = malloc(found * sizeof(*jobs));
            needs = malloc(found * sizeof(*needs));
        }
        if (!found || !jobs || !needs)
            break;
        count = pass ? found : 0;
    }
    if (now >= engine->flush_at)
        engine->flush_at = now + ENGINE_FLUSH_MS;
    turn = background_turn(engine, now, &deadline);
    if (turn)
        job_addref(turn);
    ReleaseSRWLockExclusive(&engine->lock);

    for (ULONG i = 0; i < count; i++) {
        job_serve(jobs[i], needs[i]);
        job_release(jobs[i]);
    }
    free(jobs);
    free(needs);
    if (turn) {
        begin_turn(turn);
        job_release(turn);
    }
    /* What was just done may have made new work; it has then woken the worker. */
    return deadline;
}
