/*
 * Whose turn it is. The worker looks at the whole queue, lets bitscore choose which jobs run, and
 * does to each job what it needs: settle, retry, give up, block, begin its turn.
 *
 * Called by engine.c on the worker thread alone; calls fetch.c for what a turn consists of and
 * state.c for what it ends with. It also keeps the limits that come from outside: the bandwidth
 * policy and the cost of the network.
 */
#include "internal.h"

#include <bits4_0.h>
#include <bitsmsg.h>
#include <stdlib.h>
#include <winhttp.h>

#define LOCAL_SYSTEM_SID L"S-1-5-18"

static BOOL is_background(const struct job *job)
{
    return job->data.priority != BG_JOB_PRIORITY_FOREGROUND;
}

/* ---- limits from outside ---- */

UINT64 engine_rate(const struct engine *engine, BG_JOB_PRIORITY priority)
{
    UINT64 bytes = bc_bandwidth_bytes(engine->kilobits);

    return priority == BG_JOB_PRIORITY_FOREGROUND || bytes == MAXUINT64 ? 0 : bytes;
}

/* Lock held. Tells running background downloads about a new limit. */
static void spread_rate(struct engine *engine)
{
    for (ULONG i = 0; i < engine->job_count; i++) {
        struct job *job = engine->jobs[i];

        for (ULONG j = job->first_open; job->active && j < job->file_count; j++) {
            struct file *file = job->files[j];

            if (file->phase == FILE_ACTIVE && file->download)
                transfer_set_rate(engine->transfer, file->download,
                                  engine_rate(engine, job->data.priority));
        }
        if (job->upload && job->upload->download)
            transfer_set_rate(engine->transfer, job->upload->download,
                              engine_rate(engine, job->data.priority));
    }
}

/* The hour of the day, 0 to 23, by a clock that is not set while the service runs: a new time of
 * day counts after its next start (group-policies, MaxInternetBandwidth). */
static ULONG hour_now(const struct engine *engine)
{
    FILETIME utc = filetime_from(engine_unset_clock(engine));
    SYSTEMTIME time, local;

    if (!FileTimeToSystemTime(&utc, &time) || !SystemTimeToTzSpecificLocalTime(NULL, &time, &local))
        GetLocalTime(&local);
    return local.wHour;
}

/* group-policies, MaxInternetBandwidth. No lock. */
static ULONG bandwidth_now(const struct engine *engine)
{
    struct bc_bandwidth_policy policy = {
        .enabled = engine->world->policy_dword(L"EnableBITSMaxBandwidth", 0) != 0,
        .hour_from = (uint8_t)(engine->world->policy_dword(L"MaxBandwidthValidFrom", 0) % 24),
        .hour_to = (uint8_t)(engine->world->policy_dword(L"MaxBandwidthValidTo", 0) % 24),
        .on = engine->world->policy_dword(L"MaxTransferRateOnSchedule", BC_BANDWIDTH_UNLIMITED),
        .off = engine->world->policy_dword(L"MaxTransferRateOffSchedule", BC_BANDWIDTH_UNLIMITED),
        .use_system_maximum = engine->world->policy_dword(L"UseSystemMaximum", 0) != 0,
    };

    return bc_bandwidth_limit(&policy, hour_now(engine));
}

/* Takes a job's helper token away (helper-tokens-for-bits-transfer-jobs): a job that has not
 * brought everything is in error until it gets another. No lock. */
static void discard_helper_token(struct job *job)
{
    const struct model_error error = {.context = BG_ERROR_CONTEXT_GENERAL_QUEUE_MANAGER,
                                      .code = BG_E_TOKEN_REQUIRED,
                                      .file = MODEL_NO_FILE};
    HANDLE token;
    BOOL running;

    AcquireSRWLockExclusive(&job->engine->lock);
    token = job->helper_token;
    job->helper_token = NULL;
    job->version++;
    running = job->running;
    if (running)
        job_fail(job, NULL, error.code, error.context, FALSE, 0);
    ReleaseSRWLockExclusive(&job->engine->lock);
    if (token)
        CloseHandle(token);
    if (!running)
        job_move(job, BC_EVENT_FATAL_ERROR, &error);
}

/* Ends the turn of a job whose owner has logged off. No lock. */
static void look_at_owner(struct job *job)
{
    HANDLE token = NULL;
    BOOL has_helper;
    WCHAR *sid = NULL;
    HRESULT hr = model_set_string(&sid, job_lock(job)->owner_sid);

    has_helper = job->helper_token != NULL;
    job_unlock(job);
    if (SUCCEEDED(hr) && !os_is_service_account(sid))
        hr = job->engine->user_token(sid, &token);
    free(sid);
    if (token)
        CloseHandle(token);
    if (hr != HRESULT_FROM_WIN32(ERROR_NOT_LOGGED_ON))
        return;
    if (has_helper) {
        discard_helper_token(job);
        return;
    }
    AcquireSRWLockExclusive(&job->engine->lock);
    if (job->running)
        job_fail(job, NULL, hr, BG_ERROR_CONTEXT_GENERAL_QUEUE_MANAGER, FALSE, 0);
    ReleaseSRWLockExclusive(&job->engine->lock);
}

/* Lock held. It matters to the job whether its owner is here. */
static BOOL needs_owner(const struct job *job)
{
    return job->helper_token || (job->running && job->run && job->run->owner);
}

/* Looks at each job for which it matters. When memory is short the next look does it. No lock. */
static void look_at_jobs(struct engine *engine, BOOL (*matters)(const struct job *job),
                         void (*look)(struct job *job))
{
    struct job **jobs = NULL;
    ULONG count = 0, i;

    AcquireSRWLockShared(&engine->lock);
    for (i = 0; i < engine->job_count; i++)
        count += matters(engine->jobs[i]);
    if (count)
        jobs = malloc(count * sizeof(*jobs));
    for (i = count = 0; jobs && i < engine->job_count; i++) {
        if (!matters(engine->jobs[i]))
            continue;
        job_addref(engine->jobs[i]);
        jobs[count++] = engine->jobs[i];
    }
    ReleaseSRWLockShared(&engine->lock);
    for (i = 0; i < count; i++)
        look(jobs[i]);
    engine_free_jobs(jobs, count);
}

/* Who is logged on: owners who were away may be back, others may have gone. No lock. */
static void look_at_owners(struct engine *engine)
{
    AcquireSRWLockExclusive(&engine->lock);
    for (ULONG i = 0; i < engine->job_count; i++)
        engine->jobs[i]->owner_away = FALSE;
    ReleaseSRWLockExclusive(&engine->lock);
    look_at_jobs(engine, needs_owner, look_at_owner);
}

/* Lock held. */
static BOOL waits_for_volume(const struct job *job)
{
    return job->data.state == BG_JOB_STATE_TRANSIENT_ERROR &&
           job->data.error.code == BG_E_DESTINATION_LOCKED && job->file_count;
}

/* A job goes on when the volume of its file is unlocked. No lock. */
static void look_at_volume(struct job *job)
{
    ULONG file = job_lock(job)->error.file;
    WCHAR *path = NULL;
    DWORD serial;
    HRESULT hr =
        model_set_string(&path, job->files[file < job->file_count ? file : 0]->data.local_name);

    job_unlock(job);
    if (SUCCEEDED(hr) && !bc_is_volume_locked(job->engine->world->volume_serial(path, &serial)))
        job_move(job, BC_EVENT_RETRY, NULL);
    free(path);
}

/* No lock. */
static void look_at_limits(struct engine *engine, ULONGLONG now)
{
    ULONG kilobits = bandwidth_now(engine);
    ULONG cost = engine->cost_given ? engine->cost_given : os_network_cost();
    ULONG download_time_s =
        engine->world->policy_dword(L"MaxDownloadTime", BC_MAX_DOWNLOAD_TIME_DEFAULT);
    BOOL unasked = engine->world->unasked_credentials();

    AcquireSRWLockExclusive(&engine->lock);
    engine->limits_at = now + ENGINE_LIMITS_MS;
    engine->cost = cost;
    engine->download_time_s = download_time_s;
    engine->unasked = unasked;
    if (engine->kilobits != kilobits) {
        engine->kilobits = kilobits;
        spread_rate(engine);
    }
    ReleaseSRWLockExclusive(&engine->lock);
}

/* Lock held. S_OK, or the error of a job that may not run now and waits until it may. */
static HRESULT blocked_by(const struct job *job)
{
    if (!job->engine->network_up)
        return BG_E_NETWORK_DISCONNECTED; /* users-and-network-connections */
    if (is_background(job) && !job->engine->kilobits)
        return BG_E_BLOCKED_BY_POLICY;
    if (!(job->data.cost_flags & job->engine->cost))
        return BG_E_BLOCKED_BY_COST_TRANSFER_POLICY;
    return S_OK;
}

/* Lock held. The job waits for a limit that is there no more. */
static BOOL unblocked(const struct job *job)
{
    HRESULT hr = job->data.error.code;

    return (hr == BG_E_BLOCKED_BY_POLICY || hr == BG_E_BLOCKED_BY_COST_TRANSFER_POLICY ||
            hr == BG_E_NETWORK_DISCONNECTED) &&
           SUCCEEDED(blocked_by(job));
}

/* ---- turns ---- */

/* Lock held. ne-bits5_0-bits_job_property_id: dynamic content is not throttled, so in the
 * background it has to wait while it would have to be. */
static BOOL throttled(const struct job *job)
{
    return job->data.dynamic_content && engine_rate(job->engine, job->data.priority);
}

static BOOL waits_for_turn(const struct job *job)
{
    return job->data.state == BG_JOB_STATE_QUEUED && !job->running && !job->active &&
           job->outcome == OUTCOME_NONE && !throttled(job) && !job->owner_away &&
           SUCCEEDED(blocked_by(job));
}

/* Lock held. What keeps the job from transferring anything at all. */
static HRESULT cannot_run(const struct job *job)
{
    if (job->data.helper_token_flags && job->data.helper_token_sid && !job->helper_token)
        return BG_E_TOKEN_REQUIRED; /* helper-tokens-for-bits-transfer-jobs */
    if (job->helper_token && (job->data.helper_token_flags & BG_TOKEN_NETWORK) &&
        job->data.certificate.present && lstrcmpiW(job->data.owner_sid, LOCAL_SYSTEM_SID))
        /* nf-bits4_0-ibitstokenoptions-sethelpertokenflags: certificates are the owner's */
        return HRESULT_FROM_WIN32(ERROR_WINHTTP_CLIENT_CERT_NO_ACCESS_PRIVATE_KEY);
    return S_OK;
}

/* Gives a job its turn. No lock; the caller holds a reference. */
static void begin_turn(struct job *job)
{
    struct engine *engine = job->engine;
    struct run *run = NULL, *old = NULL;
    enum job_outcome outcome = OUTCOME_NONE;
    HRESULT hr;

    if (FAILED(job_latch(job)))
        return;
    AcquireSRWLockShared(&engine->lock);
    hr = run_new(job, &run);
    ReleaseSRWLockShared(&engine->lock);
    if (SUCCEEDED(hr))
        hr = run_prepare(run);
    AcquireSRWLockExclusive(&engine->lock);
    if (waits_for_turn(job) && !engine->stopping) {
        old = job->run;
        job->run = run;
        run = NULL;
        job->running = TRUE;
        job->connected = FALSE;
        job->slice_began = engine_ticks(engine);
        engine_wake(engine); /* the turn has deadlines that the worker has not reckoned with yet */
        for (ULONG i = job->first_open; i < job->file_count; i++)
            job->files[i]->restarts = 0;
        if (SUCCEEDED(hr) && !job_satisfied(job, &outcome))
            hr = cannot_run(job);
        if (FAILED(hr))
            job_fail(job, NULL, hr, BG_ERROR_CONTEXT_GENERAL_QUEUE_MANAGER, hr == E_OUTOFMEMORY, 0);
        else if (outcome != OUTCOME_NONE)
            job->outcome = outcome;
        else
            notify_job(job, NOTIFY_MODIFICATION, NULL);
    }
    ReleaseSRWLockExclusive(&engine->lock);
    run_release(run);
    run_release(old);
    job_unlatch(job);
    if (outcome != OUTCOME_NONE)
        job_settle(job);
    else if (SUCCEEDED(hr))
        job_start_files(job);
}

/* What the worker found that a job needs. */
enum need {
    NEED_NOTHING,
    NEED_SETTLE,
    NEED_RETRY,
    NEED_GIVE_UP,
    NEED_BLOCK,
    NEED_TURN,
    NEED_FLUSH,
    NEED_UPLOAD,
    NEED_TIMEOUT
};

static ULONGLONG earlier(ULONGLONG a, ULONGLONG b)
{
    return a < b ? a : b;
}

/* Lock held. nf-bits3_0-ibackgroundcopyjob4-setmaximumdownloadtime; a job whose own time is the
 * default has the policy's. */
static ULONGLONG download_time_ms(const struct job *job)
{
    ULONG seconds = job->data.maximum_download_time;

    if (seconds == BC_MAX_DOWNLOAD_TIME_DEFAULT)
        seconds = job->engine->download_time_s;
    return (ULONGLONG)seconds * 1000;
}

/* Lock held. */
static enum need job_need(struct job *job, ULONGLONG now, ULONGLONG *deadline)
{
    if (job->upload && job_upload_needs_store(job, now, deadline))
        return NEED_UPLOAD;
    if (job->outcome != OUTCOME_NONE) {
        if (!job->active && now >= job->settle_again)
            return NEED_SETTLE;
        if (!job->active)
            *deadline = earlier(*deadline, job->settle_again);
        return NEED_NOTHING;
    }
    if (job->data.state == BG_JOB_STATE_TRANSIENT_ERROR) {
        enum bc_retry_verdict verdict = bc_retry_verdict(&job->retry, now);

        if (verdict == BC_RETRY_GIVE_UP)
            return NEED_GIVE_UP;
        if (verdict == BC_RETRY_NOW || unblocked(job))
            return NEED_RETRY;
        *deadline = earlier(*deadline, earlier(bc_retry_due(&job->retry), job->engine->limits_at));
        return NEED_NOTHING;
    }
    if (job->data.state == BG_JOB_STATE_QUEUED) {
        *deadline = earlier(*deadline, job->engine->limits_at);
        if (FAILED(blocked_by(job)))
            return NEED_BLOCK;
    }
    if (job->running) {
        ULONGLONG limit = download_time_ms(job);
        ULONGLONG spent = job->transferring_ms + (now - job->slice_began);

        if (spent >= limit)
            return NEED_TIMEOUT;
        *deadline = earlier(*deadline, now + limit - spent);
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
    struct model_error error = {BG_ERROR_CONTEXT_GENERAL_QUEUE_MANAGER, S_OK, MODEL_NO_FILE};

    switch (need) {
    case NEED_SETTLE:
        job_settle(job);
        break;
    case NEED_RETRY:
        job_move(job, BC_EVENT_RETRY, NULL);
        break;
    case NEED_GIVE_UP:
        /* The error that made it wait stays the one it is told by. */
        error = job_lock(job)->error;
        job_unlock(job);
        job_move(job, BC_EVENT_FATAL_ERROR, &error);
        break;
    case NEED_BLOCK:
        job_lock(job);
        error.code = blocked_by(job);
        if (error.code == BG_E_NETWORK_DISCONNECTED)
            error.context = BG_ERROR_CONTEXT_GENERAL_TRANSPORT;
        job_unlock(job);
        if (FAILED(error.code))
            job_move(job, BC_EVENT_TRANSIENT_ERROR, &error);
        break;
    case NEED_TURN:
        begin_turn(job);
        break;
    case NEED_FLUSH:
        job_flush_progress(job);
        break;
    case NEED_UPLOAD:
        job_upload_store(job);
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

/* What one look at the queue has found. */
struct round {
    struct job **jobs; /* referenced */
    enum need *needs;
    ULONG count;
    struct bc_queue_job *queue; /* those that run or may */
    struct job **queued;
    ULONG queue_count;
};

static void round_add(struct round *round, struct job *job, enum need need)
{
    job_addref(job);
    round->jobs[round->count] = job;
    round->needs[round->count++] = need;
}

/* Lock held. Lets bitscore choose who runs; stops who shall not, and notes who shall begin. */
static ULONGLONG give_turns(struct engine *engine, struct round *round, ULONGLONG now)
{
    ULONGLONG next = bc_policy_choose(round->queue, round->queue_count, engine->time_slice_ms, now,
                                      &engine->next_turn);
    BOOL busy = FALSE; /* a background job still has the line */

    for (ULONG i = 0; i < round->queue_count; i++) {
        struct job *job = round->queued[i];

        job->turn = round->queue[i].turn;
        if (job->running && !round->queue[i].run)
            job_stop(job);
    }
    for (ULONG i = 0; i < engine->job_count && !busy; i++)
        busy = is_background(engine->jobs[i]) && engine->jobs[i]->active;
    for (ULONG i = 0; i < round->queue_count; i++) {
        struct job *job = round->queued[i];

        /* When the line is free the worker is woken. */
        if (round->queue[i].run && waits_for_turn(job) && !(is_background(job) && busy))
            round_add(round, job, NEED_TURN);
    }
    return next;
}

/* Lock held. FALSE: out of memory. */
static BOOL look_at_queue(struct engine *engine, struct round *round, ULONGLONG now,
                          ULONGLONG *deadline)
{
    ULONG count = engine->job_count;

    /* A job may be in there twice: for its turn and to have its progress written. */
    round->jobs = malloc((2 * (size_t)count + 1) * sizeof(*round->jobs));
    round->needs = malloc((2 * (size_t)count + 1) * sizeof(*round->needs));
    round->queue = malloc((count + (size_t)1) * sizeof(*round->queue));
    round->queued = malloc((count + (size_t)1) * sizeof(*round->queued));
    if (!round->jobs || !round->needs || !round->queue || !round->queued)
        return FALSE;
    for (ULONG i = 0; i < count; i++) {
        struct job *job = engine->jobs[i];
        enum need need;

        if (job->running && throttled(job))
            job_stop(job);
        need = job_need(job, now, deadline);

        if (need != NEED_NOTHING)
            round_add(round, job, need);
        if (job->running || waits_for_turn(job)) {
            round->queue[round->queue_count] = (struct bc_queue_job){
                .priority = (enum bc_job_priority)job->data.priority,
                .running = job->running,
                .turn = job->turn,
                .slice_start = job->slice_began,
            };
            round->queued[round->queue_count++] = job;
        }
    }
    *deadline = earlier(*deadline, give_turns(engine, round, now));
    return TRUE;
}

void engine_sessions_changed(struct engine *engine)
{
    AcquireSRWLockExclusive(&engine->lock);
    engine->limits_at = 0;
    engine_wake(engine);
    ReleaseSRWLockExclusive(&engine->lock);
}

ULONGLONG engine_schedule(struct engine *engine)
{
    ULONGLONG now = engine_ticks(engine), deadline = engine_close_kept(engine, now);
    struct round round = {0};

    if (now >= engine->limits_at) {
        look_at_limits(engine, now);
        look_at_owners(engine);
        look_at_jobs(engine, waits_for_volume, look_at_volume);
    }
    AcquireSRWLockExclusive(&engine->lock);
    if (!look_at_queue(engine, &round, now, &deadline))
        deadline = earlier(deadline, now + 1000);
    if (now >= engine->flush_at)
        engine->flush_at = now + ENGINE_FLUSH_MS;
    ReleaseSRWLockExclusive(&engine->lock);

    for (ULONG i = 0; i < round.count; i++) {
        job_serve(round.jobs[i], round.needs[i]);
        job_release(round.jobs[i]);
    }
    free(round.jobs);
    free(round.needs);
    free(round.queue);
    free(round.queued);
    /* What was just done may have made new work; it has then woken the worker. */
    return deadline;
}
