/*
 * Opening and closing the engine, loading the queue, and the worker: the one thread that gives jobs
 * their turn, settles what transfers ended with, fires time-outs and writes what is not urgent. It
 * waits only for the store and for latches, both short.
 */
#include "internal.h"

#include <bitsmsg.h>
#include <stdlib.h>

#define SCAVENGE_MS (60 * 60 * 1000)
/* How long the queue must have been empty before the service's start type is demand start. */
#define DEMAND_START_MS 5000
/* By how much the clock may differ from the ticks before it counts as set (100 ns): a minute. */
#define CLOCK_SLACK (60ll * 10000000)

void engine_now(const struct engine *engine, FILETIME *now)
{
    engine->world->utc(now);
}

ULONGLONG engine_ticks(const struct engine *engine)
{
    return engine->world->ticks();
}

UINT64 engine_unset_clock(const struct engine *engine)
{
    return engine->utc_began + (engine_ticks(engine) - engine->ticks_began) * 10000;
}

UINT64 engine_steady(const struct engine *engine)
{
    return engine_unset_clock(engine) + (UINT64)engine->error_began;
}

UINT64 filetime_value(const FILETIME *time)
{
    return ((UINT64)time->dwHighDateTime << 32) | time->dwLowDateTime;
}

FILETIME filetime_from(UINT64 value)
{
    FILETIME time = {(DWORD)value, (DWORD)(value >> 32)};
    return time;
}

void engine_wake(struct engine *engine)
{
    engine->work_pending = TRUE;
    WakeConditionVariable(&engine->work);
}

/* What store_load() hands over, one job at a time. */
struct load {
    struct engine *engine;
    BOOL same_boot;
};

/* Whether the length of the local file can tell how far it came: it was written front to back, by a
 * job that makes checkpoints. */
static BOOL may_trust(const struct model_job *job, const struct model_file *file)
{
    return !file->filled_count && !job->on_demand && !job->dynamic_content &&
           !job->high_performance && !custom_method(job);
}

/* Whether every byte of a file was flushed before the crash that kept it from being called whole.
 */
static BOOL is_whole(const struct model_job *job, const struct model_file *file)
{
    return may_trust(job, file) && file->progress.transferred &&
           file->progress.transferred == file->progress.total &&
           (file->etag || file->last_modified);
}

static HRESULT load_files(struct job *job, struct model_file *files, ULONG count, BOOL same_boot)
{
    /* Without a Resume nothing was fetched: its end need not look for 100,000 files. */
    BOOL ran = job->data.resumed_once || job->data.state != BG_JOB_STATE_SUSPENDED;

    for (ULONG i = 0; i < count; i++) {
        struct file *file = file_new(job, &files[i]);
        HRESULT hr;

        if (!file)
            return E_OUTOFMEMORY;
        if (job->upload && job->file_count) {
            job_upload_load_reply(job, file);
            continue;
        }
        hr = job_append_file(job, file);
        if (FAILED(hr)) {
            file_free(file);
            return hr;
        }
        file->created = ran && file->data.temporary_name;
        if (file->data.renamed && file->data.temporary_name)
            file->placed = file_was_placed(file);
        if (file->data.progress.completed || is_whole(&job->data, &file->data))
            file_mark_done(file);
        else
            /* Only bytes of a version we can name can be gone on with. */
            file->trust_size = same_boot && may_trust(&job->data, &file->data) &&
                               file->data.remote_size != BG_SIZE_UNKNOWN &&
                               (file->data.etag || file->data.last_modified);
    }
    return S_OK;
}

/* How long a job in TRANSIENT_ERROR still waits. */
static void load_retry(struct job *job)
{
    FILETIME now;
    UINT64 due = filetime_value(&job->data.retry_at), left = 0;

    bc_retry_set_delay(&job->retry, job->data.minimum_retry_delay);
    bc_retry_set_no_progress(&job->retry, job->data.no_progress_timeout);
    if (job->data.state != BG_JOB_STATE_TRANSIENT_ERROR)
        return;
    engine_now(job->engine, &now);
    if (due > filetime_value(&now))
        left = (due - filetime_value(&now)) / 10000;
    bc_retry_restore(&job->retry, job->data.error.code, left, engine_ticks(job->engine));
}

static HRESULT load_job(void *context, struct model_job *data, struct model_file *files,
                        ULONG count)
{
    struct load *load = context;
    struct engine *engine = load->engine;
    struct job *job;
    HRESULT hr = job_new(engine, &job);

    if (FAILED(hr))
        return hr;
    model_job_release(&job->data);
    job->data = *data;
    ZeroMemory(data, sizeof(*data));
    hr = job_upload_new(job);
    if (SUCCEEDED(hr))
        hr = load_files(job, files, count, load->same_boot);
    if (SUCCEEDED(hr)) {
        if (job->data.sequence >= engine->next_sequence)
            engine->next_sequence = job->data.sequence + 1;
        load_retry(job);
        job->turn = engine->next_turn++;
        if (bc_state_is_final((enum bc_job_state)job->data.state)) {
            job->dead = TRUE;
            hr = engine_insert_grave(engine, job);
        } else {
            hr = engine_insert_job(engine, job);
        }
    }
    job_release(job);
    return hr;
}

/* Tells whether the machine has run on since the store was last used, and remembers this run. */
static BOOL same_boot(struct engine *engine)
{
    GUID now;
    void *before = NULL;
    ULONG size = 0;
    BOOL same = FALSE;
    struct store_txn *txn;

    if (FAILED(os_boot_identity(&now)))
        return FALSE;
    if (store_get_setting(engine->store, "boot", &before, &size) == S_OK)
        same = size == sizeof(now) && !memcmp(before, &now, sizeof(now));
    LocalFree(before);
    if (!same && (txn = store_txn_begin(engine->store))) {
        /* Not stored: the worse that happens is that bytes behind a checkpoint are fetched again.
         */
        if (SUCCEEDED(store_txn_put_setting(txn, "boot", &now, sizeof(now))))
            store_commit(engine->store, txn);
        else
            store_txn_discard(txn);
    }
    return same;
}

/* Begins the clocks that nobody sets: with UTC, put right by what was found before. */
static void start_clock(struct engine *engine)
{
    FILETIME now;

    engine_now(engine, &now);
    engine->utc_began = filetime_value(&now);
    engine->ticks_began = engine_ticks(engine);
    engine->error_began = engine->clock_error = (INT64)engine_setting(engine, "clock error", 0);
}

/*
 * Remembers by how much the system's clock was set while the service ran, so that the days of
 * inactivity are not reckoned with it after a restart. A clock that is set while no service runs
 * cannot be told from time that goes by.
 */
static void watch_clock(struct engine *engine)
{
    FILETIME now;
    INT64 error;

    engine_now(engine, &now);
    error = (INT64)(engine_steady(engine) - filetime_value(&now));
    if (error - engine->clock_error < CLOCK_SLACK && engine->clock_error - error < CLOCK_SLACK)
        return;
    if (SUCCEEDED(engine_set_setting(engine, "clock error", (UINT64)error)))
        engine->clock_error = error;
}

/* Cancels what has had no activity for so long: neither transfer progress nor property changes
 * (group-policies, JobInactivityTimeout). */
static void scavenge(struct engine *engine)
{
    UINT64 days =
        engine->world->policy_dword(L"JobInactivityTimeout", BC_JOB_INACTIVITY_DEFAULT / 86400);
    UINT64 now = engine_steady(engine);
    struct job **jobs;
    ULONG count;

    if (FAILED(engine_snapshot_jobs(engine, NULL, &jobs, &count)))
        return;
    for (ULONG i = 0; i < count; i++) {
        UINT64 active;
        BOOL stale;

        job_keep_activity(jobs[i]);
        active = filetime_value(&job_lock(jobs[i])->active);
        job_unlock(jobs[i]);
        stale = now > active && now - active > days * 86400 * 10000000;
        if (stale && SUCCEEDED(job_cancel(jobs[i])))
            os_log_event(EVENTLOG_WARNING_TYPE, BITS_MC_JOB_SCAVENGED,
                         L"A job was cancelled: it was not touched for too long.");
    }
    engine_free_jobs(jobs, count);
}

/* A network that came back starts every job that waits, whatever its error
 * (users-and-network-connections). One that went away is a limit: see blocked_by(). */
static void network_returned(struct engine *engine)
{
    struct job **jobs;
    ULONG count;

    if (FAILED(engine_snapshot_jobs(engine, NULL, &jobs, &count)))
        return;
    for (ULONG i = 0; i < count; i++)
        job_move(jobs[i], BC_EVENT_RETRY, NULL);
    engine_free_jobs(jobs, count);
}

static void network_changed(void *context)
{
    struct engine *engine = context;

    AcquireSRWLockExclusive(&engine->lock);
    engine->network_changed = TRUE;
    engine_wake(engine);
    ReleaseSRWLockExclusive(&engine->lock);
}

/*
 * Automatic while there are jobs (bits-startup-type). The way back waits a little, so that a client
 * that makes and ends jobs one after the other does not change it each time. Returns when to look
 * again.
 */
static ULONGLONG follow_start_type(struct engine *engine, ULONGLONG now)
{
    ULONGLONG deadline = ~0ull;
    BOOL jobs, change = FALSE;

    AcquireSRWLockExclusive(&engine->lock);
    jobs = engine->job_count != 0;
    if (jobs || !engine->automatic)
        engine->empty_since = now;
    if (!engine->start_type_known || engine->automatic != jobs) {
        if (engine->start_type_known && !jobs && now - engine->empty_since < DEMAND_START_MS)
            deadline = engine->empty_since + DEMAND_START_MS;
        else
            change = engine->start_type_known = TRUE;
    }
    if (change)
        engine->automatic = jobs;
    engine->start_type_waits = deadline != ~0ull;
    ReleaseSRWLockExclusive(&engine->lock);
    if (change)
        engine->world->set_start_type(jobs);
    return deadline;
}

/* Deletes what ended jobs left, once their downloads have stopped and no server has a session of
 * theirs any more. Returns when to look again. */
static ULONGLONG bury_jobs(struct engine *engine)
{
    ULONGLONG now = engine_ticks(engine), deadline = ~0ull;
    ULONG index = 0;

    for (;;) {
        struct job *job = NULL;

        AcquireSRWLockExclusive(&engine->lock);
        while (index < engine->grave_count && engine->graves[index]->active)
            index++;
        if (index < engine->grave_count) {
            job = engine->graves[index];
            job_addref(job);
        }
        ReleaseSRWLockExclusive(&engine->lock);
        if (!job)
            return deadline;
        if (job->bury_at > now) {
            if (deadline > job->bury_at)
                deadline = job->bury_at;
            index++;
        } else if (job->upload && job_upload_cancel(job, now, &deadline)) {
            index++;
        } else {
            job_bury(job);
            AcquireSRWLockExclusive(&engine->lock);
            engine->graves[index] = engine->graves[--engine->grave_count];
            ReleaseSRWLockExclusive(&engine->lock);
            job_release(job);
        }
        job_release(job);
    }
}

static DWORD WINAPI worker_main(void *context)
{
    struct engine *engine = context;

    for (;;) {
        ULONGLONG deadline, now, graves, look = ~0ull;
        BOOL network;

        AcquireSRWLockExclusive(&engine->lock);
        network = engine->network_changed;
        engine->network_changed = FALSE;
        engine->work_pending = FALSE;
        if (engine->stopping) {
            ReleaseSRWLockExclusive(&engine->lock);
            return 0;
        }
        ReleaseSRWLockExclusive(&engine->lock);

        if (network) {
            BOOL up = engine->world->network_connected(), returned;

            AcquireSRWLockExclusive(&engine->lock);
            returned = up && !engine->network_up;
            engine->network_up = up;
            ReleaseSRWLockExclusive(&engine->lock);
            if (returned)
                network_returned(engine);
        }
        graves = bury_jobs(engine);
        deadline = engine_schedule(engine);
        if (deadline > graves)
            deadline = graves;
        now = engine_ticks(engine);
        if (now >= engine->scavenge_at) {
            engine->scavenge_at = now + SCAVENGE_MS;
            scavenge(engine);
        }
        watch_clock(engine);
        if (engine->service)
            look = follow_start_type(engine, now);
        if (deadline > look)
            deadline = look;
        if (deadline > engine->scavenge_at)
            deadline = engine->scavenge_at;

        AcquireSRWLockExclusive(&engine->lock);
        now = engine_ticks(engine);
        while (!engine->work_pending && !engine->stopping && now < deadline) {
            ULONGLONG wait = deadline - now;

            SleepConditionVariableSRW(&engine->work, &engine->lock,
                                      wait > 0x7fffffff ? 0x7fffffff : (DWORD)wait, 0);
            now = engine_ticks(engine);
        }
        ReleaseSRWLockExclusive(&engine->lock);
    }
}

static void report_found(const struct engine *engine, enum store_found found, const WCHAR *aside)
{
    WCHAR text[MAX_PATH + 128];

    if (engine->service)
        os_check_damage_note();
    if (!aside)
        return;
    if (engine->service)
        os_note_damage(aside);
    lstrcpynW(text,
              found == STORE_RECOVERED
                  ? L"The job queue was damaged; what could be read was kept. The damaged file: "
                  : L"The job queue was damaged and could not be read. The damaged file: ",
              128);
    lstrcpynW(text + lstrlenW(text), aside, MAX_PATH);
    os_log_event(EVENTLOG_ERROR_TYPE, BITS_MC_STATE_FILE_CORRUPT, text);
}

static void engine_free(struct engine *engine)
{
    for (ULONG i = 0; i < engine->job_count; i++)
        job_release(engine->jobs[i]);
    for (ULONG i = 0; i < engine->grave_count; i++)
        job_release(engine->graves[i]);
    notifier_destroy(engine->notifier);
    store_close(engine->store);
    free(engine->jobs);
    free(engine->graves);
    free(engine);
}

HRESULT engine_open(const struct engine_options *options, struct engine **out)
{
    struct engine *engine = calloc(1, sizeof(*engine));
    WCHAR *folder = NULL, *aside = NULL;
    enum store_found found;
    struct load load = {engine, FALSE};
    HRESULT hr;

    *out = NULL;
    if (!engine)
        return E_OUTOFMEMORY;
    InitializeSRWLock(&engine->lock);
    InitializeConditionVariable(&engine->unlatched);
    InitializeConditionVariable(&engine->idle);
    InitializeConditionVariable(&engine->work);
    engine->client = options->client;
    engine->world = options->world ? options->world : &os_world;
    engine->unasked = engine->world->unasked_credentials();
    engine->service = options->service;
    engine->next_sequence = engine->next_turn = 1;
    engine->network_up = TRUE;
    engine->network_changed = TRUE;
    engine->time_slice_ms = options->time_slice_ms ? options->time_slice_ms : BC_TIME_SLICE_DEFAULT;
    engine->cost_given = options->network_cost;
    engine->user_token = options->user_token ? options->user_token : os_user_token;
    engine->kilobits = BC_BANDWIDTH_UNLIMITED;

    hr = options->folder ? model_set_string(&folder, options->folder)
                         : os_downloader_folder(&folder);
    if (SUCCEEDED(hr))
        hr = store_open(folder, &engine->store, &found, &aside);
    if (SUCCEEDED(hr))
        os_probe_notes(folder);
    if (options->folder)
        free(folder);
    else
        LocalFree(folder);
    if (SUCCEEDED(hr)) {
        report_found(engine, found, aside);
        LocalFree(aside);
        load.same_boot = same_boot(engine);
        start_clock(engine);
        hr = store_load(engine->store, load_job, &load);
    }
    if (SUCCEEDED(hr))
        hr = notifier_create(engine, &engine->notifier);
    if (SUCCEEDED(hr))
        hr = transfer_create(options->transfer, &engine->transfer);
    if (SUCCEEDED(hr)) {
        engine->worker = CreateThread(NULL, 0, worker_main, engine, 0, NULL);
        if (!engine->worker)
            hr = HRESULT_FROM_WIN32(GetLastError());
    }
    if (FAILED(hr)) {
        transfer_destroy(engine->transfer);
        if (engine->notifier)
            notifier_stop(engine->notifier);
        engine_free(engine);
        return hr;
    }
    AcquireSRWLockExclusive(&engine->lock);
    for (ULONG i = 0; i < engine->job_count; i++) {
        /* Command lines that were due when the service ended; interfaces do not outlive it. */
        if (engine->jobs[i]->data.notify_pending & BG_NOTIFY_JOB_TRANSFERRED)
            notify_job(engine->jobs[i], NOTIFY_TRANSFERRED, NULL);
        if (engine->jobs[i]->data.notify_pending & BG_NOTIFY_JOB_ERROR)
            notify_job(engine->jobs[i], NOTIFY_ERROR, NULL);
    }
    ReleaseSRWLockExclusive(&engine->lock);
    /* A machine that cannot tell about its network is taken to have one. */
    if (FAILED(engine->world->network_watch(network_changed, engine, &engine->network_watch)))
        engine->network_watch = NULL;
    *out = engine;
    return S_OK;
}

void engine_stop(struct engine *engine)
{
    if (!engine->worker)
        return;
    if (engine->network_watch)
        engine->world->network_unwatch(engine->network_watch);
    engine->network_watch = NULL;
    AcquireSRWLockExclusive(&engine->lock);
    engine->stopping = TRUE;
    for (ULONG i = 0; i < engine->job_count; i++)
        job_stop(engine->jobs[i]);
    engine_wake(engine);
    ReleaseSRWLockExclusive(&engine->lock);
    WaitForSingleObject(engine->worker, INFINITE);
    CloseHandle(engine->worker);
    engine->worker = NULL;
    transfer_destroy(engine->transfer);
    engine->transfer = NULL;
    engine_close_kept(engine, ~0ull);
    notifier_stop(engine->notifier);
    for (ULONG i = 0; i < engine->job_count; i++) {
        job_flush_progress(engine->jobs[i]);
        job_keep_activity(engine->jobs[i]);
        if (engine->jobs[i]->upload)
            job_upload_store(engine->jobs[i]);
    }
}

void engine_close(struct engine *engine)
{
    if (!engine)
        return;
    engine_stop(engine);
    engine_free(engine);
}

UINT64 engine_setting(struct engine *engine, const char *name, UINT64 fallback)
{
    void *data = NULL;
    ULONG size = 0;
    UINT64 value = fallback;

    if (store_get_setting(engine->store, name, &data, &size) == S_OK && size == sizeof(value))
        memcpy(&value, data, sizeof(value));
    LocalFree(data);
    return value;
}

HRESULT engine_set_setting(struct engine *engine, const char *name, UINT64 value)
{
    struct store_txn *txn = store_txn_begin(engine->store);
    HRESULT hr;

    if (!txn)
        return E_OUTOFMEMORY;
    hr = store_txn_put_setting(txn, name, &value, sizeof(value));
    if (FAILED(hr)) {
        store_txn_discard(txn);
        return hr;
    }
    return store_commit(engine->store, txn);
}
