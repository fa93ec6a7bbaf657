/*
 * What a turn consists of: starting a job's files, listening to the transfers.
 *
 * schedule.c gives turns; from then on a job's files follow one another on the transfer thread,
 * from inside the events, without the worker: for many small files that is the difference between
 * microseconds and milliseconds. Files start in order; the next one starts before those before it
 * have ended only when little is left of them, so a large file has the line for itself.
 */
#include "internal.h"

#include <bitscore/bc_url.h>
#include <bitsmsg.h>
#include <bits2_5.h>
#include <bcrypt.h>
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

void job_stop_and_wait(struct job *job)
{
    AcquireSRWLockExclusive(&job->engine->lock);
    job_stop(job);
    while (job->active)
        SleepConditionVariableSRW(&job->engine->idle, &job->engine->lock, INFINITE, 0);
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

void mark_dirty(struct file *file)
{
    file->dirty = file->progress_dirty = TRUE;
    if (!file->job->progress_dirty)
        engine_wake(file->job->engine); /* it has a new deadline: the next flush */
    file->job->dirty = file->job->progress_dirty = TRUE;
}

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

/* context is the copy of a file's durable side that was on its way to the store. */
static void file_written(void *context, HRESULT hr)
{
    model_file_release(context);
    free(context);
}

/* When memory is short the store keeps the older state, which is still true: validators and
 * progress only ever follow what is on the disk. */
void file_write(struct file *file)
{
    struct store *store = file->job->engine->store;
    struct store_txn *txn = store_txn_begin(store);
    struct model_file *copy = malloc(sizeof(*copy));

    if (!txn || !copy || FAILED(model_file_copy(&file->data, copy))) {
        store_txn_discard(txn);
        free(copy);
        return;
    }
    if (FAILED(store_txn_put_files(txn, &file->job->data.id, &copy, 1))) {
        store_txn_discard(txn);
        file_written(copy, E_OUTOFMEMORY);
        return;
    }
    store_commit_async(store, txn, file_written, copy);
    file->dirty = file->progress_dirty = file->version_dirty = FALSE;
}

HRESULT file_write_forgotten(struct file *file)
{
    struct engine *engine = file->job->engine;
    struct store_txn *txn;
    struct model_file copy, *put = &copy;
    HRESULT hr;

    AcquireSRWLockExclusive(&engine->lock);
    hr = file->forgotten ? model_file_copy(&file->data, &copy) : S_FALSE;
    if (hr == S_OK)
        file->dirty = file->progress_dirty = file->version_dirty = FALSE;
    ReleaseSRWLockExclusive(&engine->lock);
    if (hr != S_OK)
        return hr;
    txn = store_txn_begin(engine->store);
    hr = txn ? store_txn_put_files(txn, &file->job->data.id, &put, 1) : E_OUTOFMEMORY;
    if (SUCCEEDED(hr))
        hr = store_commit(engine->store, txn);
    else
        store_txn_discard(txn);
    model_file_release(&copy);
    AcquireSRWLockExclusive(&engine->lock);
    if (SUCCEEDED(hr))
        file->forgotten = FALSE;
    else
        file->version_dirty = TRUE;
    if (FAILED(hr))
        mark_dirty(file);
    ReleaseSRWLockExclusive(&engine->lock);
    return hr;
}

void file_write_progress(struct file *file)
{
    struct store *store = file->job->engine->store;
    struct store_txn *txn;

    if (file->version_dirty) {
        file_write(file);
        return;
    }
    txn = store_txn_begin(store);
    if (txn && SUCCEEDED(store_txn_put_progress(txn, &file->job->data.id, file->data.ordinal,
                                                &file->data.progress))) {
        store_commit_async(store, txn, NULL, NULL);
        file->progress_dirty = FALSE;
    } else {
        store_txn_discard(txn);
    }
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

static BOOL digest(const void *const parts[], const ULONG sizes[], ULONG count,
                   struct accepted *pair)
{
    BCRYPT_ALG_HANDLE algorithm;
    BCRYPT_HASH_HANDLE hash;
    BOOL good;

    if (BCryptOpenAlgorithmProvider(&algorithm, BCRYPT_SHA256_ALGORITHM, NULL, 0))
        return FALSE;
    good = !BCryptCreateHash(algorithm, &hash, NULL, 0, NULL, 0, 0);
    if (good) {
        for (ULONG i = 0; i < count && good; i++)
            good = !BCryptHashData(hash, (BYTE *)parts[i], sizes[i], 0);
        good = good && !BCryptFinishHash(hash, pair->digest, sizeof(pair->digest), 0);
        BCryptDestroyHash(hash);
    }
    BCryptCloseAlgorithmProvider(algorithm, 0);
    return good;
}

/* Server, port and certificate as one digest. No lock. */
static BOOL digest_pair(struct file *file, const BYTE *cert, ULONG cert_size, struct accepted *pair)
{
    struct bc_url url;
    BOOL good = FALSE;
    char *name;

    job_lock(file->job);
    name = utf8_from_wide(file->data.remote_name);
    job_unlock(file->job);
    if (name && bc_succeeded(bc_url_parse(name, &url))) {
        const void *parts[] = {&url.port, url.host.ptr, "", cert};
        const ULONG sizes[] = {sizeof(url.port), (ULONG)url.host.len, 1, cert_size};

        good = digest(parts, sizes, ARRAYSIZE(parts), pair);
    }
    free(name);
    return good;
}

/* Lock held. */
static BOOL was_accepted(const struct job *job, const struct accepted *pair)
{
    for (ULONG i = 0; i < job->accepted_count; i++) {
        if (!memcmp(&job->accepted[i], pair, sizeof(*pair)))
            return TRUE;
    }
    return FALSE;
}

/* Lock held. What finds no room is asked again. */
static void remember_accepted(struct job *job, const struct accepted *pair)
{
    struct accepted *list;

    if (was_accepted(job, pair))
        return;
    list = realloc(job->accepted, (job->accepted_count + 1) * sizeof(*list));
    if (!list)
        return;
    job->accepted = list;
    list[job->accepted_count++] = *pair;
}

HRESULT file_certificate(struct file *file, const BYTE *cert, ULONG cert_size, const BYTE *store,
                         ULONG store_size)
{
    struct job *job = file->job;
    IUnknown *callback;
    struct accepted pair;
    BOOL hashed, known;
    HRESULT hr = BG_E_SERVER_CERT_VALIDATION_INTERFACE_REQUIRED;

    hashed = digest_pair(file, cert, cert_size, &pair);
    AcquireSRWLockShared(&job->engine->lock);
    known = hashed && was_accepted(job, &pair);
    callback = job->certificate_callback;
    if (callback)
        IUnknown_AddRef(callback);
    ReleaseSRWLockShared(&job->engine->lock);
    if (known) {
        hr = S_OK;
    } else if (callback) {
        hr = job->engine->client->validate(callback, job, file, cert, cert_size, store, store_size);
        if (notify_client_gone(hr))
            hr = BG_E_SERVER_CERT_VALIDATION_INTERFACE_REQUIRED;
    }
    if (!known && SUCCEEDED(hr) && hashed) {
        AcquireSRWLockExclusive(&job->engine->lock);
        if (job->certificate_callback == callback)
            remember_accepted(job, &pair);
        ReleaseSRWLockExclusive(&job->engine->lock);
    }
    if (callback)
        IUnknown_Release(callback);
    return hr;
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
        if (result->hr != E_ABORT)
            job_fail(job, file, result->hr, result->context,
                     result->transient ||
                         result->context == BG_ERROR_CONTEXT_SERVER_CERTIFICATE_CALLBACK,
                     result->retry_after_ms);
    }
    job_transfer_ended(job, job_start_files);
}

static const struct download_events events = {
    .connecting = on_connecting,
    .headers = on_headers,
    .progress = on_progress,
    .durable = on_durable,
    .dropping = on_dropping,
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

    /* Bytes of a version whose size was never stored may be of any version. */
    if (data->progress.total == BG_SIZE_UNKNOWN ||
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
        hr = transfer_download(job->engine->transfer, &spec, &events, file, download);
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
