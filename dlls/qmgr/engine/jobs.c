/*
 * Jobs as things: making, finding, listing, reference counts, and the change protocol (latch,
 * staged copy, commit, publish) that makes every change durable before it is visible.
 */
#include "internal.h"

#include <bits2_5.h>
#include <bitsmsg.h>
#include <objbase.h>
#include <stdlib.h>

/* The enumerations of bitscore are those of the SDK under other names. */
C_ASSERT((int)BC_STATE_CANCELLED == (int)BG_JOB_STATE_CANCELLED);
C_ASSERT((int)BC_TYPE_UPLOAD_REPLY == (int)BG_JOB_TYPE_UPLOAD_REPLY);
C_ASSERT((int)BC_PRIORITY_LOW == (int)BG_JOB_PRIORITY_LOW);

void job_facts(const struct job *job, struct bc_job_facts *facts)
{
    facts->state = (enum bc_job_state)job->data.state;
    facts->type = (enum bc_job_type)job->data.type;
    facts->file_count = job->file_count;
    facts->all_transferred = job->file_count && job->files_done == job->file_count &&
                             (!job->upload || job_upload_done(job));
    facts->resumed_once = job->data.resumed_once;
    facts->reply_started =
        job->upload && (job->upload->reply || job->data.state == BG_JOB_STATE_TRANSFERRED);
}

HRESULT job_check(struct job *job, enum bc_call call, size_t adding)
{
    struct bc_job_facts facts;

    AcquireSRWLockShared(&job->engine->lock);
    job_facts(job, &facts);
    ReleaseSRWLockShared(&job->engine->lock);
    return bc_state_check(call, &facts, adding);
}

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

HRESULT job_new(struct engine *engine, struct job **out)
{
    struct job *job = calloc(1, sizeof(*job));

    *out = job;
    if (!job)
        return E_OUTOFMEMORY;
    job->refs = 1;
    job->engine = engine;
    model_job_init(&job->data);
    bc_retry_init(&job->retry);
    return S_OK;
}

void job_free(struct job *job)
{
    for (ULONG i = 0; i < job->file_count; i++)
        file_free(job->files[i]);
    free(job->files);
    job_upload_free(job);
    run_release(job->run);
    free(job->accepted);
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

HRESULT engine_insert_grave(struct engine *engine, struct job *job)
{
    if (engine->grave_count == engine->grave_capacity) {
        ULONG capacity = engine->grave_capacity ? engine->grave_capacity * 2 : 64;
        struct job **graves = realloc(engine->graves, capacity * sizeof(*graves));

        if (!graves)
            return E_OUTOFMEMORY;
        engine->graves = graves;
        engine->grave_capacity = capacity;
    }
    job_addref(job);
    engine->graves[engine->grave_count++] = job;
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

/* Lock held. How many jobs of the queue are this user's. */
static ULONG count_jobs_of(const struct engine *engine, const WCHAR *sid)
{
    ULONG mine = 0;

    for (ULONG i = 0; i < engine->job_count; i++)
        mine += !lstrcmpiW(engine->jobs[i]->data.owner_sid, sid);
    return mine;
}

/* Lock held. The group under that id; NULL: there is none. */
static struct job *find_group(const struct engine *engine, const GUID *group)
{
    for (ULONG i = 0; i < engine->job_count; i++) {
        if (IsEqualGUID(&engine->jobs[i]->data.group, group))
            return engine->jobs[i];
    }
    return NULL;
}

/* Puts a job that has its own properties into the store and the queue. Consumes the reference on
 * failure. */
static HRESULT add_job(struct engine *engine, struct job *job, const struct os_identity *owner)
{
    BOOL group = model_job_is_group(&job->data);
    struct store_txn *txn = NULL;
    struct bc_limits limits;
    HRESULT hr = CoCreateGuid(&job->data.id);

    if (SUCCEEDED(hr))
        hr = model_set_string(&job->data.owner_sid, owner->sid);
    if (FAILED(hr))
        goto release;
    hr = job_upload_new(job);
    if (FAILED(hr))
        goto release;
    job->data.owner_integrity = owner->integrity;
    job->data.owner_elevated = owner->elevated;
    engine_now(engine, &job->data.created);
    job->data.modified = job->data.created;
    job->data.active = filetime_from(engine_steady(engine));
    if (!owner->administrator) {
        bc_limits_init(&limits);
        limits.jobs_per_machine =
            engine->world->policy_dword(L"MaxJobsPerMachine", limits.jobs_per_machine);
        limits.jobs_per_user = engine->world->policy_dword(L"MaxJobsPerUser", limits.jobs_per_user);
    }

    AcquireSRWLockExclusive(&engine->lock);
    job->data.sequence = engine->next_sequence++;
    hr = owner->administrator ? S_OK
                              : bc_limits_check_job(&limits, FALSE, engine->job_count,
                                                    count_jobs_of(engine, owner->sid));
    if (group && find_group(engine, &job->data.group))
        hr = E_INVALIDARG;
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
    if (group && find_group(engine, &job->data.group))
        hr = E_INVALIDARG; /* another client was quicker */
    else
        hr = engine_insert_job(engine, job);
    if (engine->service && !engine->automatic)
        engine_wake(engine); /* for the start type */
    ReleaseSRWLockExclusive(&engine->lock);
    if (FAILED(hr)) {
        txn = store_txn_begin(engine->store);
        if (txn && SUCCEEDED(store_txn_delete_job(txn, &job->data.id)))
            store_commit(engine->store, txn);
        goto release;
    }
    return S_OK;

release:
    job_release(job);
    return hr;
}

HRESULT engine_create_job(struct engine *engine, const WCHAR *name, BG_JOB_TYPE type,
                          const struct os_identity *owner, struct job **out)
{
    struct job *job;
    HRESULT hr = job_new(engine, &job);

    *out = NULL;
    if (FAILED(hr))
        return hr;
    job->data.type = type;
    hr = model_set_string(&job->data.display_name, name);
    if (FAILED(hr)) {
        job_release(job);
        return hr;
    }
    hr = add_job(engine, job, owner);
    if (SUCCEEDED(hr))
        *out = job;
    return hr;
}

HRESULT engine_create_group(struct engine *engine, const GUID *group,
                            const struct os_identity *owner, struct job **out)
{
    struct job *job;
    HRESULT hr = job_new(engine, &job);

    *out = NULL;
    if (FAILED(hr))
        return hr;
    job->data.group = *group;
    job->data.notify_flags = BG_NOTIFY_JOB_ERROR; /* ne-qmgr-groupprop */
    hr = add_job(engine, job, owner);
    if (SUCCEEDED(hr))
        *out = job;
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

HRESULT engine_find_group(struct engine *engine, const GUID *group, struct job **out)
{
    *out = NULL;
    AcquireSRWLockShared(&engine->lock);
    if (!IsEqualGUID(group, &GUID_NULL))
        *out = find_group(engine, group);
    if (*out)
        job_addref(*out);
    ReleaseSRWLockShared(&engine->lock);
    return *out ? S_OK : BG_E_NOT_FOUND;
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

HRESULT job_store_and_publish(struct job *job, struct model_job *next, struct store_txn *txn)
{
    HRESULT hr = txn ? S_OK : E_OUTOFMEMORY;

    engine_now(job->engine, &next->modified);
    AcquireSRWLockShared(&job->engine->lock);
    if (job->moved_steady > filetime_value(&next->active))
        next->active = filetime_from(job->moved_steady);
    ReleaseSRWLockShared(&job->engine->lock);
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
    HRESULT hr = job_change_begin_call(job, BC_CALL_TAKE_OWNERSHIP, &change);

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

void job_reply_progress(struct job *job, BG_JOB_REPLY_PROGRESS *progress)
{
    const struct file *reply;

    AcquireSRWLockShared(&job->engine->lock);
    reply = job->upload ? job->upload->reply : NULL;
    progress->BytesTransferred = reply ? reply->bytes : 0;
    progress->BytesTotal = progress->BytesTransferred;
    if (reply && reply->total != BG_SIZE_UNKNOWN)
        progress->BytesTotal = reply->total;
    else if (!reply && job->data.state != BG_JOB_STATE_TRANSFERRED &&
             job->data.state != BG_JOB_STATE_ACKNOWLEDGED)
        progress->BytesTotal = BG_SIZE_UNKNOWN;
    ReleaseSRWLockShared(&job->engine->lock);
}

HRESULT job_reply_path(struct job *job, WCHAR **path)
{
    const struct file *reply;
    HRESULT hr = S_OK;

    *path = NULL;
    AcquireSRWLockShared(&job->engine->lock);
    reply = job->upload ? job->upload->reply : NULL;
    if (reply)
        hr = model_set_string(path,
                              reply->placed ? reply->data.local_name : reply->data.temporary_name);
    ReleaseSRWLockShared(&job->engine->lock);
    return hr;
}

HRESULT job_set_reply_file(struct job *job, const WCHAR *name)
{
    struct job_change change;
    HRESULT hr = job_check(job, BC_CALL_SET_REPLY_FILE_NAME, 0);

    if (SUCCEEDED(hr) && name)
        hr = check_local_name(name);
    if (SUCCEEDED(hr))
        hr = job_change_begin_call(job, BC_CALL_SET_REPLY_FILE_NAME, &change);
    if (FAILED(hr))
        return hr;
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
    if (SUCCEEDED(hr)) {
        hr = model_set_string(&change.next.helper_token_sid, sid);
        if (FAILED(hr))
            job_change_cancel(&change);
    }
    if (FAILED(hr)) {
        if (copy)
            CloseHandle(copy);
        return hr;
    }
    /* The latch is kept until the token is there, too: it must not be another caller's. */
    change.next.active = filetime_from(engine_steady(job->engine));
    hr = job_store_and_publish(job, &change.next, store_txn_begin(job->engine->store));
    old = copy;
    if (SUCCEEDED(hr)) {
        AcquireSRWLockExclusive(&job->engine->lock);
        old = job->helper_token;
        job->helper_token = copy;
        job->version++;
        ReleaseSRWLockExclusive(&job->engine->lock);
    }
    job_unlatch(job);
    if (old)
        CloseHandle(old);
    return hr;
}

HRESULT job_set_notify_interface(struct job *job, IUnknown *target)
{
    IUnknown *old;

    AcquireSRWLockExclusive(&job->engine->lock);
    if (bc_state_is_final((enum bc_job_state)job->data.state)) {
        ReleaseSRWLockExclusive(&job->engine->lock);
        return BG_E_INVALID_STATE;
    }
    old = job->notify;
    job->notify = target;
    if (target)
        IUnknown_AddRef(target);
    /* Also for what has happened before it was set (nn-bits-ibackgroundcopycallback). */
    if (target && job->data.state == BG_JOB_STATE_TRANSFERRED)
        notify_job(job, NOTIFY_TRANSFERRED, NULL);
    else if (target && job->data.state == BG_JOB_STATE_ERROR)
        notify_job(job, NOTIFY_ERROR, NULL);
    notify_forget(job, old);
    ReleaseSRWLockExclusive(&job->engine->lock);
    return S_OK;
}

HRESULT job_set_certificate_interface(struct job *job, IUnknown *target)
{
    struct bc_job_facts facts;
    HRESULT hr;

    AcquireSRWLockExclusive(&job->engine->lock);
    job_facts(job, &facts);
    hr = bc_state_check(BC_CALL_SET_WHEN_SUSPENDED, &facts, 0);
    if (SUCCEEDED(hr)) {
        notify_forget(job, job->certificate_callback);
        job->certificate_callback = target;
        job->accepted_count = 0;
        job->version++;
        if (target)
            IUnknown_AddRef(target);
    }
    ReleaseSRWLockExclusive(&job->engine->lock);
    return hr;
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
