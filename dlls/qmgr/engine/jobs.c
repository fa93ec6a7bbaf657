/*
 * Jobs as things: making, finding and listing them, the queue and the graves they are in, reference
 * counts.
 *
 * Called by the COM facade (engine_create_job() and its neighbours), by engine.c for what it loads,
 * by whoever ends a job; calls the store for a job's first row.
 */
#include "internal.h"

#include <bitsmsg.h>
#include <objbase.h>
#include <stdlib.h>

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
    job_spare_flush(&job->data, txn);
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
