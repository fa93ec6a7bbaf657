/*
 * Changes of a job's state by what its transfers end with, and Suspend and Resume.
 *
 * Each is one commit. Called by the worker (job_settle()), by the COM facade and, for what happens
 * to a job from outside its downloads, by schedule.c; calls change.c and, for legacy groups,
 * finish.c.
 */
#include "internal.h"

/* How long Suspend waits for a download to end. */
#define SUSPEND_MS 5000

void job_apply_fatal(struct model_job *next, const struct model_error *error)
{
    next->state = BG_JOB_STATE_ERROR;
    next->error = *error;
    next->notify_pending |= notify_pending_for(next, NOTIFY_ERROR);
}

/* Puts the job into ERROR, or TRANSIENT_ERROR when the error may pass and there is still time.
 * Latch held. */
static void apply_failure(struct job *job, struct model_job *next, const struct model_error *error,
                          BOOL transient, ULONG retry_after_ms)
{
    ULONGLONG now = engine_ticks(job->engine), due;
    enum bc_job_state state = BC_STATE_ERROR;

    next->error = *error;
    if (bc_retry_counts(error->code))
        next->error_count++;
    AcquireSRWLockExclusive(&job->engine->lock);
    /* With a method of the client's own no error is one to recover from. */
    if (transient && !custom_method(next) &&
        bc_retry_failed(&job->retry, error->code, (retry_after_ms + 999ull) / 1000, now))
        state = BC_STATE_TRANSIENT_ERROR;
    due = bc_retry_due(&job->retry);
    ReleaseSRWLockExclusive(&job->engine->lock);
    next->state = (BG_JOB_STATE)state;
    if (state == BC_STATE_ERROR) {
        job_apply_fatal(next, error);
        return;
    }
    engine_now(job->engine, &next->retry_at);
    if (due != BC_NEVER && due > now)
        next->retry_at = filetime_from(filetime_value(&next->retry_at) + (due - now) * 10000);
}

HRESULT job_move(struct job *job, enum bc_event event, const struct model_error *error)
{
    struct job_change change;
    enum bc_job_state to;
    HRESULT hr = job_change_begin(job, &change);

    if (FAILED(hr))
        return hr;
    if (!bc_state_event(event, (enum bc_job_state)change.next.state, &to)) {
        job_change_cancel(&change);
        return S_FALSE;
    }
    change.next.state = (BG_JOB_STATE)to;
    if (event == BC_EVENT_TRANSIENT_ERROR)
        apply_failure(job, &change.next, error, TRUE, 0);
    else if (event == BC_EVENT_FATAL_ERROR)
        job_apply_fatal(&change.next, error);
    return job_change_store(&change);
}

static void apply_transferred(struct job *job, struct model_job *next)
{
    next->state = BG_JOB_STATE_TRANSFERRED;
    engine_now(job->engine, &next->transferred);
    ZeroMemory(&next->error, sizeof(next->error));
    next->error.file = MODEL_NO_FILE;
    next->notify_pending |= notify_pending_for(next, NOTIFY_TRANSFERRED);
}

/* Lock held. Whether what the turn ended with still holds: a client may have been quicker and have
 * suspended the job, added files to it or asked for more ranges. */
static BOOL still_holds(struct job *job, enum job_outcome outcome)
{
    if (job->data.state != BG_JOB_STATE_QUEUED || job->active)
        return FALSE;
    if (outcome == OUTCOME_FINISHED)
        return job->files_done == job->file_count && (!job->upload || job_upload_done(job));
    for (ULONG i = job->first_open; outcome == OUTCOME_RANGES_DONE && i < job->file_count; i++) {
        if (file_wants(job->files[i]))
            return FALSE;
    }
    return TRUE;
}

/* The store has all that there is of the job, when nothing is under way. Latch held. */
static void all_written(struct job *job)
{
    AcquireSRWLockExclusive(&job->engine->lock);
    if (!job->active) {
        for (ULONG i = 0; i < job->file_count && job->dirty; i++) {
            struct file *file = job->files[i];

            file->dirty = file->progress_dirty = file->version_dirty = FALSE;
        }
        job->dirty = job->progress_dirty = FALSE;
    }
    ReleaseSRWLockExclusive(&job->engine->lock);
}

/* Stores the change together with what the files have come to. Consumes the change. */
static HRESULT store_with_files(struct job_change *change)
{
    struct job *job = change->job;
    struct store_txn *txn = store_txn_begin(job->engine->store);
    HRESULT hr = txn ? job_put_dirty_files(job, txn) : E_OUTOFMEMORY;

    if (SUCCEEDED(hr) && job->upload)
        hr = job_upload_put(job, txn);
    if (FAILED(hr)) {
        store_txn_discard(txn);
        job_change_cancel(change);
        return hr;
    }
    hr = job_store_and_publish(job, &change->next, txn);
    if (SUCCEEDED(hr))
        all_written(job);
    job_unlatch(job);
    return hr;
}

void job_settle(struct job *job)
{
    struct job_change change;
    struct model_error failure;
    enum job_outcome outcome;
    BOOL transient;
    ULONG retry_after_ms;
    HRESULT hr, hr_placed = S_OK;

    if (FAILED(job_change_begin(job, &change)))
        return;
    AcquireSRWLockExclusive(&job->engine->lock);
    outcome = job->outcome;
    transient = job->failure_transient;
    retry_after_ms = job->retry_after_ms;
    failure = job->failure;
    if (!still_holds(job, outcome)) {
        if (!job->active)
            job_stop(job);
        job->outcome = OUTCOME_NONE;
        outcome = OUTCOME_NONE;
    }
    ReleaseSRWLockExclusive(&job->engine->lock);
    if (outcome == OUTCOME_NONE) {
        job_change_cancel(&change);
        return;
    }
    if (outcome == OUTCOME_FINISHED && model_job_is_group(&change.next)) {
        hr_placed = job_place_group(job, &failure);
        transient = FALSE;
        if (hr_placed == S_FALSE)
            outcome = OUTCOME_FAILED;
    }
    if (outcome == OUTCOME_FINISHED)
        apply_transferred(job, &change.next);
    else if (outcome == OUTCOME_RANGES_DONE)
        change.next.state = BG_JOB_STATE_SUSPENDED; /* BC_EVENT_RANGES_DONE */
    else
        apply_failure(job, &change.next, &failure, transient, retry_after_ms);
    if (FAILED(hr_placed))
        job_change_cancel(&change);
    hr = FAILED(hr_placed) ? hr_placed : store_with_files(&change);
    if (FAILED(hr)) {
        /* The store cannot take it now (its disk is full, say): the job keeps its turn's outcome
         * and is asked again. */
        AcquireSRWLockExclusive(&job->engine->lock);
        job->settle_again = engine_ticks(job->engine) + 1000;
        ReleaseSRWLockExclusive(&job->engine->lock);
    }
}

/* Ends the downloads first: the progress of a suspended job is that of the store, and a file that
 * shows all its bytes is one that Complete takes. A download that waits for a client's answer is
 * not waited for longer. Consumes the change. */
static HRESULT suspend_download(struct job_change *change)
{
    struct job *job = change->job;
    HRESULT hr;

    job_stop_and_wait(job, SUSPEND_MS);
    change->next.active = filetime_from(engine_steady(job->engine));
    hr = store_with_files(change);
    if (FAILED(hr)) { /* it goes on */
        AcquireSRWLockExclusive(&job->engine->lock);
        engine_wake(job->engine);
        ReleaseSRWLockExclusive(&job->engine->lock);
    }
    return hr;
}

HRESULT job_suspend(struct job *job)
{
    struct bc_job_facts facts;
    struct job_change change;
    HRESULT hr = job_change_begin_call(job, BC_CALL_SUSPEND, &change);

    if (FAILED(hr))
        return hr;
    job_facts(job, &facts);
    change.next.state = (BG_JOB_STATE)bc_state_after(BC_CALL_SUSPEND, &facts);
    if (change.next.state == job->data.state) {
        job_change_cancel(&change);
        return S_OK;
    }
    return job->upload ? job_change_commit(&change) : suspend_download(&change);
}

HRESULT job_resume(struct job *job)
{
    struct bc_job_facts facts;
    struct job_change change;
    struct model_error failure;
    struct bc_retry before;
    HRESULT hr = job_change_begin_call(job, BC_CALL_RESUME, &change);

    if (FAILED(hr))
        return hr;
    job_facts(job, &facts);
    change.next.state = (BG_JOB_STATE)bc_state_after(BC_CALL_RESUME, &facts);
    if (change.next.state == job->data.state) {
        job_change_cancel(&change);
        return S_OK;
    }
    change.next.resumed_once = TRUE;
    if (change.next.state == BG_JOB_STATE_TRANSFERRED) {
        hr = model_job_is_group(&change.next) ? job_place_group(job, &failure) : S_OK;
        if (hr != S_OK) {
            job_change_cancel(&change);
            return FAILED(hr) ? hr : failure.code;
        }
        apply_transferred(job, &change.next);
    }
    /* Before it can fail again: the times without progress and in transfer begin anew. */
    AcquireSRWLockExclusive(&job->engine->lock);
    before = job->retry;
    bc_retry_reset(&job->retry);
    job->transferring_ms = 0;
    ReleaseSRWLockExclusive(&job->engine->lock);
    hr = job_change_commit(&change);
    if (FAILED(hr)) {
        AcquireSRWLockExclusive(&job->engine->lock);
        job->retry = before;
        ReleaseSRWLockExclusive(&job->engine->lock);
    }
    return hr;
}
