/*
 * The enumerators: pictures of a list at the time they were made. All of BITS's enumerators have
 * the same methods, but for the type of an element, so one body and one table serve them all; a
 * kind tells what an element is and how a client gets it.
 */
#include "legacy.h"

#include <stdlib.h>
#include <string.h>

struct snapshot;

struct enum_kind {
    const IID *iid;
    size_t size; /* of what a client gets for each element */
    HRESULT (*give)(const struct snapshot *snapshot, ULONG index, void *out);
    void (*drop)(struct snapshot *snapshot); /* the list; NULL: by free() */
};

/* The list itself, shared by clones. */
struct snapshot {
    LONG refs;
    const struct enum_kind *kind;
    ULONG count;
    void *list;
    BOOL privileged;
};

/* Any of the interfaces: Next() fills an array of elements of the kind's size. */
struct enumerator;
struct enum_vtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(struct enumerator *object, REFIID iid, void **out);
    ULONG(STDMETHODCALLTYPE *AddRef)(struct enumerator *object);
    ULONG(STDMETHODCALLTYPE *Release)(struct enumerator *object);
    HRESULT(STDMETHODCALLTYPE *Next)
    (struct enumerator *object, ULONG count, void *out, ULONG *fetched);
    HRESULT(STDMETHODCALLTYPE *Skip)(struct enumerator *object, ULONG count);
    HRESULT(STDMETHODCALLTYPE *Reset)(struct enumerator *object);
    HRESULT(STDMETHODCALLTYPE *Clone)(struct enumerator *object, struct enumerator **out);
    HRESULT(STDMETHODCALLTYPE *GetCount)(struct enumerator *object, ULONG *out);
};
C_ASSERT(sizeof(struct enum_vtbl) == sizeof(IEnumBackgroundCopyJobsVtbl));
C_ASSERT(sizeof(struct enum_vtbl) == sizeof(IEnumBackgroundCopyFilesVtbl));
C_ASSERT(sizeof(struct enum_vtbl) == sizeof(IEnumBitsPeerCacheRecordsVtbl));
C_ASSERT(sizeof(struct enum_vtbl) == sizeof(IEnumBitsPeersVtbl));
C_ASSERT(sizeof(struct enum_vtbl) == sizeof(IEnumBackgroundCopyGroupsVtbl));
C_ASSERT(sizeof(struct enum_vtbl) == sizeof(IEnumBackgroundCopyJobs1Vtbl));

struct enumerator {
    const struct enum_vtbl *vtbl; /* first: a pointer to it is the interface */
    LONG refs;
    SRWLOCK lock;
    ULONG position;
    struct snapshot *snapshot;
};

static const struct enum_vtbl enum_vtbl;

static void snapshot_release(struct snapshot *snapshot)
{
    if (InterlockedDecrement(&snapshot->refs))
        return;
    if (snapshot->kind->drop)
        snapshot->kind->drop(snapshot);
    else
        free(snapshot->list);
    free(snapshot);
}

/* Consumes the reference to snapshot, also on failure. */
static HRESULT enumerator_create(struct snapshot *snapshot, ULONG position, struct enumerator **out)
{
    struct enumerator *object = calloc(1, sizeof(*object));

    *out = object;
    if (!object) {
        snapshot_release(snapshot);
        return E_OUTOFMEMORY;
    }
    object->vtbl = &enum_vtbl;
    object->refs = 1;
    object->position = position;
    object->snapshot = snapshot;
    InitializeSRWLock(&object->lock);
    com_module_addref();
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE enum_QueryInterface(struct enumerator *object, REFIID iid,
                                                     void **out)
{
    if (!out)
        return E_INVALIDARG;
    *out = NULL;
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, object->snapshot->kind->iid))
        return E_NOINTERFACE;
    InterlockedIncrement(&object->refs);
    *out = object;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE enum_AddRef(struct enumerator *object)
{
    return InterlockedIncrement(&object->refs);
}

static ULONG STDMETHODCALLTYPE enum_Release(struct enumerator *object)
{
    ULONG refs = InterlockedDecrement(&object->refs);

    if (!refs) {
        snapshot_release(object->snapshot);
        free(object);
        com_module_release();
    }
    return refs;
}

/* Takes back count elements that the client does not get after all. */
static void take_back(const struct snapshot *snapshot, void *out, ULONG count)
{
    IUnknown **objects = out;

    for (ULONG i = 0; i < count && snapshot->kind->size == sizeof(IUnknown *); i++)
        IUnknown_Release(objects[i]);
    memset(out, 0, count * snapshot->kind->size);
}

static HRESULT STDMETHODCALLTYPE enum_Next(struct enumerator *object, ULONG count, void *out,
                                           ULONG *fetched)
{
    const struct snapshot *snapshot = object->snapshot;
    size_t size = snapshot->kind->size;
    ULONG first;
    HRESULT hr = S_OK;

    if (fetched)
        *fetched = 0;
    if ((count && !out) || (!fetched && count != 1))
        return E_INVALIDARG; /* nf-bits-ienumbackgroundcopyjobs-next */
    memset(out, 0, count * size);
    AcquireSRWLockExclusive(&object->lock);
    first = object->position;
    if (count > snapshot->count - first) {
        count = snapshot->count - first;
        hr = S_FALSE;
    }
    object->position += count;
    ReleaseSRWLockExclusive(&object->lock);
    for (ULONG i = 0; i < count; i++) {
        HRESULT hr_element = snapshot->kind->give(snapshot, first + i, (BYTE *)out + i * size);

        if (FAILED(hr_element)) {
            take_back(snapshot, out, i);
            return hr_element;
        }
    }
    if (fetched)
        *fetched = count;
    return hr;
}

static HRESULT STDMETHODCALLTYPE enum_Skip(struct enumerator *object, ULONG count)
{
    HRESULT hr = S_OK;

    AcquireSRWLockExclusive(&object->lock);
    if (count > object->snapshot->count - object->position) {
        object->position = object->snapshot->count;
        hr = S_FALSE;
    } else {
        object->position += count;
    }
    ReleaseSRWLockExclusive(&object->lock);
    return hr;
}

static HRESULT STDMETHODCALLTYPE enum_Reset(struct enumerator *object)
{
    AcquireSRWLockExclusive(&object->lock);
    object->position = 0;
    ReleaseSRWLockExclusive(&object->lock);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE enum_Clone(struct enumerator *object, struct enumerator **out)
{
    ULONG position;

    if (!out)
        return E_INVALIDARG;
    AcquireSRWLockShared(&object->lock);
    position = object->position;
    ReleaseSRWLockShared(&object->lock);
    InterlockedIncrement(&object->snapshot->refs);
    return enumerator_create(object->snapshot, position, out);
}

static HRESULT STDMETHODCALLTYPE enum_GetCount(struct enumerator *object, ULONG *out)
{
    if (!out)
        return E_INVALIDARG;
    *out = object->snapshot->count;
    return S_OK;
}

static const struct enum_vtbl enum_vtbl = {
    .QueryInterface = enum_QueryInterface,
    .AddRef = enum_AddRef,
    .Release = enum_Release,
    .Next = enum_Next,
    .Skip = enum_Skip,
    .Reset = enum_Reset,
    .Clone = enum_Clone,
    .GetCount = enum_GetCount,
};

/* Takes over the list, also on failure. */
static HRESULT enum_create(const struct enum_kind *kind, void *list, ULONG count, BOOL privileged,
                           void **out)
{
    struct snapshot picture = {1, kind, count, list, privileged};
    struct snapshot *snapshot = malloc(sizeof(*snapshot));
    struct enumerator *object;
    HRESULT hr;

    *out = NULL;
    if (!snapshot) {
        if (kind->drop)
            kind->drop(&picture);
        else
            free(list);
        return E_OUTOFMEMORY;
    }
    *snapshot = picture;
    hr = enumerator_create(snapshot, 0, &object);
    if (SUCCEEDED(hr))
        *out = object;
    return hr;
}

/* ---- jobs ---- */

static HRESULT give_job(const struct snapshot *snapshot, ULONG index, void *out)
{
    struct job **jobs = snapshot->list;

    return job_object_create(jobs[index], snapshot->privileged, out);
}

static void drop_jobs(struct snapshot *snapshot)
{
    engine_free_jobs(snapshot->list, snapshot->count);
}

/* A user's own jobs may be closed to him, too. */
static ULONG drop_closed(struct job **jobs, ULONG count, const struct os_identity *caller)
{
    ULONG kept = 0;

    for (ULONG i = 0; i < count; i++) {
        if (SUCCEEDED(com_admit(jobs[i], caller)))
            jobs[kept++] = jobs[i];
        else
            job_release(jobs[i]);
    }
    return kept;
}

HRESULT enum_jobs_create(struct engine *engine, const struct os_identity *caller, BOOL all,
                         IEnumBackgroundCopyJobs **out)
{
    static const struct enum_kind kind = {&IID_IEnumBackgroundCopyJobs, sizeof(void *), give_job,
                                          drop_jobs};
    struct job **jobs;
    ULONG count;
    HRESULT hr = engine_snapshot_jobs(engine, all ? NULL : caller->sid, &jobs, &count);

    *out = NULL;
    if (FAILED(hr))
        return hr;
    count = drop_closed(jobs, count, caller);
    return enum_create(&kind, jobs, count, caller->administrator, (void **)out);
}

/* ---- files ---- */

static HRESULT give_file(const struct snapshot *snapshot, ULONG index, void *out)
{
    struct file **files = snapshot->list;

    return file_object_create(files[index], out);
}

static void drop_files(struct snapshot *snapshot)
{
    job_free_files(snapshot->list, snapshot->count);
}

HRESULT enum_files_create(struct job *job, IEnumBackgroundCopyFiles **out)
{
    static const struct enum_kind kind = {&IID_IEnumBackgroundCopyFiles, sizeof(void *), give_file,
                                          drop_files};
    struct file **files;
    ULONG count;
    HRESULT hr = job_snapshot_files(job, &files, &count);

    *out = NULL;
    return FAILED(hr) ? hr : enum_create(&kind, files, count, FALSE, (void **)out);
}

/* ---- the peer cache, which has nothing in it (peer_cache.c) ---- */

HRESULT enum_records_create(IEnumBitsPeerCacheRecords **out)
{
    static const struct enum_kind kind = {&IID_IEnumBitsPeerCacheRecords, sizeof(void *), NULL,
                                          NULL};

    return enum_create(&kind, NULL, 0, FALSE, (void **)out);
}

HRESULT enum_peers_create(IEnumBitsPeers **out)
{
    static const struct enum_kind kind = {&IID_IEnumBitsPeers, sizeof(void *), NULL, NULL};

    return enum_create(&kind, NULL, 0, FALSE, (void **)out);
}

/* ---- legacy: ids instead of objects ---- */

static HRESULT give_id(const struct snapshot *snapshot, ULONG index, void *out)
{
    const GUID *ids = snapshot->list;

    *(GUID *)out = ids[index];
    return S_OK;
}

HRESULT enum_groups_create(struct engine *engine, const WCHAR *owner,
                           IEnumBackgroundCopyGroups **out)
{
    static const struct enum_kind kind = {&IID_IEnumBackgroundCopyGroups, sizeof(GUID), give_id,
                                          NULL};
    struct job **jobs;
    ULONG count, groups = 0;
    GUID *ids;
    HRESULT hr = engine_snapshot_jobs(engine, owner, &jobs, &count);

    *out = NULL;
    if (FAILED(hr))
        return hr;
    ids = malloc((count + 1) * sizeof(*ids));
    for (ULONG i = 0; ids && i < count; i++) {
        const struct model_job *data = job_lock(jobs[i]);

        if (model_job_is_group(data))
            ids[groups++] = data->group;
        job_unlock(jobs[i]);
    }
    engine_free_jobs(jobs, count);
    return ids ? enum_create(&kind, ids, groups, FALSE, (void **)out) : E_OUTOFMEMORY;
}

HRESULT enum_jobs1_create(const GUID *id, IEnumBackgroundCopyJobs1 **out)
{
    static const struct enum_kind kind = {&IID_IEnumBackgroundCopyJobs1, sizeof(GUID), give_id,
                                          NULL};
    GUID *ids = malloc(sizeof(*ids));

    *out = NULL;
    if (!ids)
        return E_OUTOFMEMORY;
    if (id)
        *ids = *id;
    return enum_create(&kind, ids, id ? 1 : 0, FALSE, (void **)out);
}
