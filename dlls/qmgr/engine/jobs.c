/*
 * Jobs as things: making, finding, listing, reference counts, and the change protocol (latch,
 * staged copy, commit, publish) that makes every change durable before it is visible.
 */
#include "internal.h"

#include <bitsmsg.h>
#include <objbase.h>
#include <stdlib.h>

/* group-policies: MaxJobsPerMachine and MaxJobsPerUser; they bind neither administrators nor
 * services. */
#define DEFAULT_JOBS_PER_MACHINE 300
#define DEFAULT_JOBS_PER_USER    60

BOOL job_state_final(BG_JOB_STATE state)
{
    return state == BG_JOB_STATE_ACKNOWLEDGED || state == BG_JOB_STATE_CANCELLED;
}

HRESULT job_new(struct engine *engine, struct job **out)
{
    struct job *job = calloc(1, sizeof(*job));

    *out = job;
    if (!job)
        return E_OUTOFMEMORY;
    job->refs = 1;
    job->engine = engine;
    model_job_init(&job->data);
    return S_OK;
}

void job_free(struct job *job)
{
    for (ULONG i = 0; i < job->file_count; i++)
        file_free(job->files[i]);
    free(job->files);
    if (job->run)
        run_release(job->run);
    if (job->notify)
        IUnknown_Release(job->notify);
    if (job->certificate_callback)
        IUnknown_Release(job->certificate_callback);
    if (job->helper_token)
        CloseHandle(job->helper_token);
    model_job_release(&job->data);
    free(job);
}

void job_addref(struct job *job)
{
    InterlockedIncrement(&job->refs);
}

void job_release(struct job *job)
{
    if (!InterlockedDecrement(&job->refs))
        job_free(job);
}

struct engine *job_engine(struct job *job)
{
    return job->engine;
}

/* The queue is kept in order of sequence; new jobs come last, loaded ones in order. */
HRESULT engine_insert_job(struct engine *engine, struct job *job)
{
    if (engine->job_count == engine->job_capacity) {
        ULONG capacity = engine->job_capacity ? engine->job_capacity * 2 : 64;
        struct job **jobs = realloc(engine->jobs, capacity * sizeof(*jobs));

        if (!jobs)
            return E_OUTOFMEMORY;
        engine->jobs = jobs;
        engine->job_capacity = capacity;
    }
    job_addref(job);
    engine->jobs[engine->job_count++] = job;
    return S_OK;
}

void engine_remove_job(struct engine *engine, struct job *job)
{
    for (ULONG i = 0; i < engine->job_count; i++) {
        if (engine->jobs[i] != job)
            continue;
        engine->job_count--;
        memmove(engine->jobs + i, engine->jobs + i + 1,
                (engine->job_count - i) * sizeof(*engine->jobs));
        return;
    }
}

/* Lock held. BG_E_TOO_MANY_JOBS_*: nf-bits-ibackgroundcopymanager-createjob. */
static HRESULT check_job_limits(struct engine *engine, const WCHAR *sid, DWORD per_machine,
                                DWORD per_user)
{
    ULONG mine = 0;

    if (engine->job_count >= per_machine)
        return BG_E_TOO_MANY_JOBS_PER_MACHINE;
    for (ULONG i = 0; i < engine->job_count; i++)
        mine += !lstrcmpiW(engine->jobs[i]->data.owner_sid, sid);
    return mine >= per_user ? BG_E_TOO_MANY_JOBS_PER_USER : S_OK;
}

HRESULT engine_create_job(struct engine *engine, const WCHAR *name, BG_JOB_TYPE type,
                          const struct os_identity *owner, struct job **out)
{
    DWORD per_machine = MAXDWORD, per_user = MAXDWORD;
    struct store_txn *txn = NULL;
    struct job *job;
    HRESULT hr;

    *out = NULL;
    hr = job_new(engine, &job);
    if (FAILED(hr))
        return hr;
    hr = CoCreateGuid(&job->data.id);
    if (SUCCEEDED(hr))
        hr = model_set_string(&job->data.display_name, name);
    if (SUCCEEDED(hr))
        hr = model_set_string(&job->data.owner_sid, owner->sid);
    if (FAILED(hr))
        goto release;
    job->data.type = type;
    job->data.owner_integrity = owner->integrity;
    job->data.owner_elevated = owner->elevated;
    engine_now(&job->data.created);
    job->data.modified = job->data.active = job->data.created;
    if (!owner->administrator) {
        per_machine = os_policy_dword(L"MaxJobsPerMachine", DEFAULT_JOBS_PER_MACHINE);
        per_user = os_policy_dword(L"MaxJobsPerUser", DEFAULT_JOBS_PER_USER);
    }

    AcquireSRWLockExclusive(&engine->lock);
    job->data.sequence = engine->next_sequence++;
    hr = owner->administrator ? S_OK : check_job_limits(engine, owner->sid, per_machine, per_user);
    ReleaseSRWLockExclusive(&engine->lock);
    if (FAILED(hr))
        goto release;
    txn = store_txn_begin(engine->store);
    hr = txn ? store_txn_put_job(txn, &job->data) : E_OUTOFMEMORY;
    if (FAILED(hr)) {
        store_txn_discard(txn);
        goto release;
    }
    hr = store_commit(engine->store, txn);
    if (FAILED(hr))
        goto release;

    AcquireSRWLockExclusive(&engine->lock);
    hr = engine_insert_job(engine, job);
    ReleaseSRWLockExclusive(&engine->lock);
    if (FAILED(hr)) {
        txn = store_txn_begin(engine->store);
        if (txn && SUCCEEDED(store_txn_delete_job(txn, &job->data.id)))
            store_commit(engine->store, txn);
        goto release;
    }
    *out = job;
    return S_OK;

release:
    job_release(job);
    return hr;
}

HRESULT engine_find_job(struct engine *engine, const GUID *id, struct job **out)
{
    HRESULT hr = BG_E_NOT_FOUND;

    *out = NULL;
    AcquireSRWLockShared(&engine->lock);
    /* From the end: the youngest job is the one most asked for. */
    for (ULONG i = engine->job_count; i-- > 0;) {
        if (!IsEqualGUID(&engine->jobs[i]->data.id, id))
            continue;
        *out = engine->jobs[i];
        job_addref(*out);
        hr = S_OK;
        break;
    }
    ReleaseSRWLockShared(&engine->lock);
    return hr;
}

HRESULT engine_snapshot_jobs(struct engine *engine, const WCHAR *owner, struct job ***out,
                             ULONG *count)
{
    struct job **jobs;
    ULONG n = 0;

    AcquireSRWLockShared(&engine->lock);
    jobs = malloc((engine->job_count + 1) * sizeof(*jobs));
    for (ULONG i = 0; jobs && i < engine->job_count; i++) {
        struct job *job = engine->jobs[i];

        if (owner && lstrcmpiW(owner, job->data.owner_sid))
            continue;
        job_addref(job);
        jobs[n++] = job;
    }
    ReleaseSRWLockShared(&engine->lock);
    *out = jobs;
    *count = n;
    return jobs ? S_OK : E_OUTOFMEMORY;
}

void engine_free_jobs(struct job **jobs, ULONG count)
{
    for (ULONG i = 0; i < count; i++)
        job_release(jobs[i]);
    free(jobs);
}

const struct model_job *job_lock(struct job *job)
{
    AcquireSRWLockShared(&job->engine->lock);
    return &job->data;
}

void job_unlock(struct job *job)
{
    ReleaseSRWLockShared(&job->engine->lock);
}

BG_JOB_STATE job_state(struct job *job)
{
    BG_JOB_STATE state;

    AcquireSRWLockShared(&job->engine->lock);
    state = job->data.state;
    if (state == BG_JOB_STATE_QUEUED && job->running)
        state = job->connected ? BG_JOB_STATE_TRANSFERRING : BG_JOB_STATE_CONNECTING;
    ReleaseSRWLockShared(&job->engine->lock);
    return state;
}

void job_progress(struct job *job, BG_JOB_PROGRESS *progress)
{
    AcquireSRWLockShared(&job->engine->lock);
    progress->BytesTotal = job->unknown_totals ? BG_SIZE_UNKNOWN : job->total;
    progress->BytesTransferred = job->bytes;
    progress->FilesTotal = job->file_count;
    progress->FilesTransferred = job->files_done;
    ReleaseSRWLockShared(&job->engine->lock);
}

HRESULT job_error(struct job *job, struct model_error *error, struct file **file)
{
    HRESULT hr = BG_E_ERROR_INFORMATION_UNAVAILABLE;

    *file = NULL;
    AcquireSRWLockShared(&job->engine->lock);
    /* There until the job transfers again (nf-bits-ibackgroundcopyjob-geterror). */
    if (FAILED(job->data.error.code) && !job->error_past) {
        *error = job->data.error;
        if (error->file < job->file_count) {
            *file = job->files[error->file];
            job_addref(job);
        }
        hr = S_OK;
    }
    ReleaseSRWLockShared(&job->engine->lock);
    return hr;
}

HRESULT job_latch(struct job *job)
{
    HRESULT hr = S_OK;

    AcquireSRWLockExclusive(&job->engine->lock);
    while (job->latched)
        SleepConditionVariableSRW(&job->engine->unlatched, &job->engine->lock, INFINITE, 0);
    if (job_state_final(job->data.state))
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
    if (FAILED(hr))
        job_unlatch(job);
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
    BOOL moved;

    AcquireSRWLockExclusive(&engine->lock);
    old = job->data;
    job->data = *next;
    job->version++;
    moved = old.state != job->data.state;
    if (moved) {
        if (job->data.state != BG_JOB_STATE_QUEUED)
            job_stop(job);
        job->outcome = OUTCOME_NONE;
        if (job->data.state == BG_JOB_STATE_ERROR ||
            job->data.state == BG_JOB_STATE_TRANSIENT_ERROR)
            job->error_past = FALSE;
        if (job_state_final(job->data.state)) {
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
    if (moved || old.priority != job->data.priority)
        engine_wake(engine);
    ReleaseSRWLockExclusive(&engine->lock);
    model_job_release(&old);
    ZeroMemory(next, sizeof(*next));
}

HRESULT job_store_and_publish(struct job *job, struct model_job *next, struct store_txn *txn)
{
    HRESULT hr = txn ? S_OK : E_OUTOFMEMORY;

    engine_now(&next->modified);
    next->active = next->modified;
    if (SUCCEEDED(hr))
        hr = store_txn_put_job(txn, next);
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

HRESULT job_change_commit(struct job_change *change)
{
    struct job *job = change->job;
    HRESULT hr = job_store_and_publish(job, &change->next, store_txn_begin(job->engine->store));

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

void job_times(struct job *job, BG_JOB_TIMES *times)
{
    AcquireSRWLockShared(&job->engine->lock);
    times->CreationTime = job->data.created;
    times->ModificationTime = job->data.modified;
    if (filetime_value(&job->moved) > filetime_value(&job->data.modified))
        times->ModificationTime = job->moved;
    times->TransferCompletionTime = job->data.transferred;
    ReleaseSRWLockShared(&job->engine->lock);
}

HRESULT job_take_ownership(struct job *job, const struct os_identity *owner)
{
    struct job_change change;
    HRESULT hr = job_change_begin(job, &change);

    if (FAILED(hr))
        return hr;
    if (!lstrcmpiW(change.next.owner_sid, owner->sid)) {
        job_change_cancel(&change);
        return S_OK;
    }
    model_job_disown(&change.next);
    change.next.owner_integrity = owner->integrity;
    change.next.owner_elevated = owner->elevated;
    return job_change_end(&change, model_set_string(&change.next.owner_sid, owner->sid));
}

HRESULT job_set_reply_file(struct job *job, const WCHAR *name)
{
    struct job_change change;
    HRESULT hr = name ? check_local_name(name) : S_OK;

    if (SUCCEEDED(hr))
        hr = job_change_begin(job, &change);
    if (FAILED(hr))
        return hr;
    /* Until the reply's download begins. */
    if (change.next.reply_total != BG_SIZE_UNKNOWN || change.next.state == BG_JOB_STATE_TRANSFERRED)
        hr = BG_E_INVALID_STATE;
    if (SUCCEEDED(hr))
        hr = model_set_string(&change.next.reply_file, name);
    if (SUCCEEDED(hr) && !name && job->file_count)
        hr = job_name_reply(&change.next, job->files[0]->data.local_name);
    return job_change_end(&change, hr);
}

HRESULT job_set_helper_token(struct job *job, HANDLE token, const WCHAR *sid)
{
    struct job_change change;
    HANDLE copy = NULL, old;
    HRESULT hr;

    if (token && !DuplicateTokenEx(token, TOKEN_QUERY | TOKEN_IMPERSONATE | TOKEN_DUPLICATE, NULL,
                                   SecurityImpersonation, TokenImpersonation, &copy))
        return HRESULT_FROM_WIN32(GetLastError());
    hr = job_change_begin(job, &change);
    if (SUCCEEDED(hr))
        hr = job_change_end(&change, model_set_string(&change.next.helper_token_sid, sid));
    if (FAILED(hr)) {
        if (copy)
            CloseHandle(copy);
        return hr;
    }
    AcquireSRWLockExclusive(&job->engine->lock);
    old = job->helper_token;
    job->helper_token = copy;
    ReleaseSRWLockExclusive(&job->engine->lock);
    if (old)
        CloseHandle(old);
    return S_OK;
}

/* A pointer of the job's that is not stored: puts target in *slot, releases the old one outside the
 * lock. */
static HRESULT set_interface(struct job *job, IUnknown **slot, IUnknown *target)
{
    IUnknown *old;

    AcquireSRWLockExclusive(&job->engine->lock);
    if (job_state_final(job->data.state)) {
        ReleaseSRWLockExclusive(&job->engine->lock);
        return BG_E_INVALID_STATE;
    }
    old = *slot;
    *slot = target;
    if (target)
        IUnknown_AddRef(target);
    job->version++;
    if (slot == &job->notify && target) {
        /* Also for what has happened before it was set (nn-bits-ibackgroundcopycallback). */
        if (job->data.state == BG_JOB_STATE_TRANSFERRED)
            notify_job(job, NOTIFY_TRANSFERRED, NULL);
        else if (job->data.state == BG_JOB_STATE_ERROR)
            notify_job(job, NOTIFY_ERROR, NULL);
    }
    notify_forget(job, old);
    ReleaseSRWLockExclusive(&job->engine->lock);
    return S_OK;
}

HRESULT job_set_notify_interface(struct job *job, IUnknown *target)
{
    return set_interface(job, &job->notify, target);
}

HRESULT job_set_certificate_interface(struct job *job, IUnknown *target)
{
    return set_interface(job, &job->certificate_callback, target);
}

HRESULT job_get_notify_interface(struct job *job, IUnknown **target)
{
    AcquireSRWLockShared(&job->engine->lock);
    *target = job->notify;
    if (*target)
        IUnknown_AddRef(*target);
    ReleaseSRWLockShared(&job->engine->lock);
    return S_OK;
}
