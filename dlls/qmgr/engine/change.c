/*
 * The change protocol: latch, staged copy, commit, publish. It makes every change of a job durable
 * before it is visible.
 *
 * Called by whoever changes a job: the COM facade (job_change_begin() to job_change_end()), the
 * worker, other files of this folder. Calls the store, without the lock; what follows from a change
 * of state is set going in job_publish().
 */
#include "internal.h"

#include <bits2_5.h>
#include <bitsmsg.h>

BOOL custom_method(const struct model_job *job)
{
    const WCHAR *own = job->type == BG_JOB_TYPE_DOWNLOAD ? L"GET" : L"BITS_POST";

    return job->http_method && lstrcmpW(job->http_method, own);
}

/* nf-bits10_2-ibackgroundcopyjobhttpoptions2-sethttpmethod: a method of the client's own makes the
 * job a foreground job for good, and goes with neither of two properties. */
static HRESULT check_method(const struct model_job *old, struct model_job *next)
{
    if (!custom_method(next))
        return S_OK;
    if (next->dynamic_content || next->on_demand)
        return BG_E_NOT_SUPPORTED_WITH_CUSTOM_HTTP_METHOD;
    if (!custom_method(old))
        next->priority = BG_JOB_PRIORITY_FOREGROUND;
    return next->priority == BG_JOB_PRIORITY_FOREGROUND
               ? S_OK
               : BG_E_NOT_SUPPORTED_WITH_CUSTOM_HTTP_METHOD;
}

/* ne-bits5_0-bits_job_property_id: what is dynamic has no parts that could be asked for. */
static HRESULT check_dynamic(const struct job *job, const struct model_job *next)
{
    if (!next->dynamic_content ||
        (job->data.dynamic_content && job->data.on_demand == next->on_demand))
        return S_OK;
    if (next->on_demand)
        return BG_E_UNSUPPORTED_JOB_CONFIGURATION;
    for (ULONG i = 0; i < job->file_count; i++) {
        if (job->files[i]->data.ranges)
            return BG_E_UNSUPPORTED_JOB_CONFIGURATION;
    }
    return S_OK;
}

HRESULT job_latch(struct job *job)
{
    HRESULT hr = S_OK;

    AcquireSRWLockExclusive(&job->engine->lock);
    while (job->latched)
        SleepConditionVariableSRW(&job->engine->unlatched, &job->engine->lock, INFINITE, 0);
    if (bc_state_is_final((enum bc_job_state)job->data.state))
        hr = BG_E_INVALID_STATE;
    else
        job->latched = TRUE;
    ReleaseSRWLockExclusive(&job->engine->lock);
    return hr;
}

void job_unlatch(struct job *job)
{
    AcquireSRWLockExclusive(&job->engine->lock);
    job->latched = FALSE;
    ReleaseSRWLockExclusive(&job->engine->lock);
    WakeAllConditionVariable(&job->engine->unlatched);
}

HRESULT job_change_begin(struct job *job, struct job_change *change)
{
    HRESULT hr = job_latch(job);

    if (FAILED(hr))
        return hr;
    change->job = job;
    /* Only the latch's holder writes data, so it may be read here without the lock. */
    hr = model_job_copy(&job->data, &change->next);
    if (SUCCEEDED(hr) && job->upload) {
        hr = job_upload_stage(job, &change->next);
        if (FAILED(hr))
            model_job_release(&change->next);
    }
    if (FAILED(hr))
        job_unlatch(job);
    return hr;
}

HRESULT job_change_begin_call(struct job *job, enum bc_call call, struct job_change *change)
{
    struct bc_job_facts facts;
    HRESULT hr = job_check(job, call, 0); /* first: what a job type has not is not there at all */

    if (SUCCEEDED(hr))
        hr = job_change_begin(job, change);
    if (FAILED(hr))
        return hr;
    job_facts(job, &facts);
    hr = bc_state_check(call, &facts, 0);
    if (FAILED(hr))
        job_change_cancel(change);
    return hr;
}

void job_change_cancel(struct job_change *change)
{
    model_job_release(&change->next);
    job_unlatch(change->job);
}

void job_publish(struct job *job, struct model_job *next)
{
    struct engine *engine = job->engine;
    struct model_job old;
    ULONG fresh;
    BOOL moved, wake;

    AcquireSRWLockExclusive(&engine->lock);
    old = job->data;
    job->data = *next;
    job->version++;
    job->owner_away = FALSE; /* it may have another owner */
    moved = old.state != job->data.state;
    bc_retry_set_delay(&job->retry, job->data.minimum_retry_delay);
    bc_retry_set_no_progress(&job->retry, job->data.no_progress_timeout);
    if (old.on_demand != job->data.on_demand) {
        for (ULONG i = 0; i < job->file_count; i++)
            job->files[i]->sparse = job->data.on_demand;
    }
    if (job->data.security_flags & ~old.security_flags & BG_SSL_ENABLE_CRL_CHECK)
        job_check_again(job);
    if (moved && old.state == BG_JOB_STATE_TRANSIENT_ERROR)
        bc_retry_started(&job->retry);
    if (moved && job->data.state == BG_JOB_STATE_QUEUED)
        job->turn = engine->next_turn++;
    if (moved) {
        if (job->data.state != BG_JOB_STATE_QUEUED)
            job_stop(job);
        job->outcome = OUTCOME_NONE;
        if (job->data.state == BG_JOB_STATE_ERROR ||
            job->data.state == BG_JOB_STATE_TRANSIENT_ERROR)
            job->error_past = FALSE;
        if (bc_state_is_final((enum bc_job_state)job->data.state)) {
            job->dead = TRUE;
            engine_remove_job(engine, job);
        }
    }
    fresh = job->data.notify_pending & ~old.notify_pending;
    if (job->data.state == BG_JOB_STATE_TRANSFERRED &&
        (moved || (fresh & BG_NOTIFY_JOB_TRANSFERRED)))
        notify_job(job, NOTIFY_TRANSFERRED, NULL);
    else if (job->data.state == BG_JOB_STATE_ERROR && (moved || (fresh & BG_NOTIFY_JOB_ERROR)))
        notify_job(job, NOTIFY_ERROR, NULL);
    else if (!job->dead)
        notify_job(job, NOTIFY_MODIFICATION, NULL);
    if (job->dead) {
        notify_forget(job, job->notify);
        notify_forget(job, job->certificate_callback);
        job->notify = job->certificate_callback = NULL;
    }
    if (job->dead && !old.resumed_once)
        /* Nothing hung on it but, of the last job, the start type. */
        wake = !engine->job_count && !engine->start_type_waits;
    else
        wake = moved || job->data.state == BG_JOB_STATE_QUEUED ||
               job->data.state == BG_JOB_STATE_TRANSIENT_ERROR;
    if (wake)
        engine_wake(engine);
    ReleaseSRWLockExclusive(&engine->lock);
    model_job_release(&old);
    ZeroMemory(next, sizeof(*next));
}

void job_spare_flush(const struct model_job *job, struct store_txn *txn)
{
    if (job->state == BG_JOB_STATE_SUSPENDED && !job->resumed_once)
        store_txn_unflushed(txn);
}

HRESULT job_store_and_publish(struct job *job, struct model_job *next, struct store_txn *txn)
{
    HRESULT hr = txn ? S_OK : E_OUTOFMEMORY;

    engine_now(job->engine, &next->modified);
    AcquireSRWLockShared(&job->engine->lock);
    if (job->moved_steady > filetime_value(&next->active))
        next->active = filetime_from(job->moved_steady);
    ReleaseSRWLockShared(&job->engine->lock);
    if (SUCCEEDED(hr)) {
        job_spare_flush(next, txn);
        hr = store_txn_put_job(txn, next);
    }
    if (SUCCEEDED(hr))
        hr = store_commit(job->engine->store, txn);
    else
        store_txn_discard(txn);
    if (SUCCEEDED(hr))
        job_publish(job, next);
    else
        model_job_release(next);
    return hr;
}

void job_keep_activity(struct job *job)
{
    struct job_change change;
    BOOL newer;

    AcquireSRWLockShared(&job->engine->lock);
    newer = !job->dead && job->moved_steady > filetime_value(&job->data.active);
    ReleaseSRWLockShared(&job->engine->lock);
    if (newer && SUCCEEDED(job_change_begin(job, &change)))
        job_change_store(&change);
}

HRESULT job_change_commit(struct job_change *change)
{
    change->next.active = filetime_from(engine_steady(change->job->engine));
    return job_change_store(change);
}

HRESULT job_change_store(struct job_change *change)
{
    struct job *job = change->job;
    HRESULT hr = check_method(&job->data, &change->next);

    if (SUCCEEDED(hr))
        hr = check_dynamic(job, &change->next);
    if (FAILED(hr)) {
        job_change_cancel(change);
        return hr;
    }
    hr = job_store_and_publish(job, &change->next, store_txn_begin(job->engine->store));
    job_unlatch(job);
    return hr;
}

HRESULT job_change_end(struct job_change *change, HRESULT hr)
{
    if (SUCCEEDED(hr))
        return job_change_commit(change);
    job_change_cancel(change);
    return hr;
}
