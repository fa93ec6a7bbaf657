/*
 * The enumerators of jobs and of files: pictures of a list at the time they were made. One body
 * serves both; only the tables and what an element becomes differ.
 */
#include "com.h"

#include <stdlib.h>
#include <string.h>

/* The list itself, shared by clones. */
struct snapshot {
    LONG refs;
    ULONG count;
    struct job **jobs; /* one of the two */
    struct file **files;
    BOOL privileged;
};

struct enumerator {
    union {
        IEnumBackgroundCopyJobs jobs_iface;
        IEnumBackgroundCopyFiles files_iface;
    };
    LONG refs;
    SRWLOCK lock;
    ULONG position;
    struct snapshot *snapshot;
};

static const IEnumBackgroundCopyJobsVtbl enum_jobs_vtbl;
static const IEnumBackgroundCopyFilesVtbl enum_files_vtbl;

static void snapshot_release(struct snapshot *snapshot)
{
    if (InterlockedDecrement(&snapshot->refs))
        return;
    if (snapshot->jobs)
        engine_free_jobs(snapshot->jobs, snapshot->count);
    if (snapshot->files)
        job_free_files(snapshot->files, snapshot->count);
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
    if (snapshot->jobs)
        object->jobs_iface.lpVtbl = &enum_jobs_vtbl;
    else
        object->files_iface.lpVtbl = &enum_files_vtbl;
    object->refs = 1;
    object->position = position;
    object->snapshot = snapshot;
    InitializeSRWLock(&object->lock);
    com_module_addref();
    return S_OK;
}

static ULONG enumerator_release(struct enumerator *object)
{
    ULONG refs = InterlockedDecrement(&object->refs);

    if (!refs) {
        snapshot_release(object->snapshot);
        free(object);
        com_module_release();
    }
    return refs;
}

static HRESULT make_element(struct snapshot *snapshot, ULONG index, IUnknown **out)
{
    if (snapshot->jobs)
        return job_object_create(snapshot->jobs[index], snapshot->privileged,
                                 (IBackgroundCopyJob **)out);
    return file_object_create(snapshot->files[index], (IBackgroundCopyFile **)out);
}

static HRESULT enumerator_next(struct enumerator *object, ULONG count, IUnknown **out,
                               ULONG *fetched)
{
    ULONG first, given = 0;
    HRESULT hr = S_OK;

    if (fetched)
        *fetched = 0;
    if ((count && !out) || (!fetched && count != 1))
        return E_INVALIDARG; /* nf-bits-ienumbackgroundcopyjobs-next */
    memset(out, 0, count * sizeof(*out));
    AcquireSRWLockExclusive(&object->lock);
    first = object->position;
    if (count > object->snapshot->count - first) {
        count = object->snapshot->count - first;
        hr = S_FALSE;
    }
    object->position += count;
    ReleaseSRWLockExclusive(&object->lock);
    while (given < count) {
        HRESULT hr_element = make_element(object->snapshot, first + given, &out[given]);

        if (FAILED(hr_element)) {
            while (given-- > 0) {
                IUnknown_Release(out[given]);
                out[given] = NULL;
            }
            return hr_element;
        }
        given++;
    }
    if (fetched)
        *fetched = count;
    return hr;
}

static HRESULT enumerator_skip(struct enumerator *object, ULONG count)
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

static HRESULT enumerator_reset(struct enumerator *object)
{
    AcquireSRWLockExclusive(&object->lock);
    object->position = 0;
    ReleaseSRWLockExclusive(&object->lock);
    return S_OK;
}

static HRESULT enumerator_clone(struct enumerator *object, struct enumerator **out)
{
    ULONG position;

    AcquireSRWLockShared(&object->lock);
    position = object->position;
    ReleaseSRWLockShared(&object->lock);
    InterlockedIncrement(&object->snapshot->refs);
    return enumerator_create(object->snapshot, position, out);
}

/* ---- jobs ---- */

static struct enumerator *impl_from_jobs(IEnumBackgroundCopyJobs *iface)
{
    return CONTAINING_RECORD(iface, struct enumerator, jobs_iface);
}

static HRESULT STDMETHODCALLTYPE jobs_QueryInterface(IEnumBackgroundCopyJobs *iface, REFIID iid,
                                                     void **out)
{
    if (!out)
        return E_INVALIDARG;
    *out = NULL;
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IEnumBackgroundCopyJobs))
        return E_NOINTERFACE;
    IEnumBackgroundCopyJobs_AddRef(iface);
    *out = iface;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE jobs_AddRef(IEnumBackgroundCopyJobs *iface)
{
    return InterlockedIncrement(&impl_from_jobs(iface)->refs);
}

static ULONG STDMETHODCALLTYPE jobs_Release(IEnumBackgroundCopyJobs *iface)
{
    return enumerator_release(impl_from_jobs(iface));
}

static HRESULT STDMETHODCALLTYPE jobs_Next(IEnumBackgroundCopyJobs *iface, ULONG count,
                                           IBackgroundCopyJob **out, ULONG *fetched)
{
    return enumerator_next(impl_from_jobs(iface), count, (IUnknown **)out, fetched);
}

static HRESULT STDMETHODCALLTYPE jobs_Skip(IEnumBackgroundCopyJobs *iface, ULONG count)
{
    return enumerator_skip(impl_from_jobs(iface), count);
}

static HRESULT STDMETHODCALLTYPE jobs_Reset(IEnumBackgroundCopyJobs *iface)
{
    return enumerator_reset(impl_from_jobs(iface));
}

static HRESULT STDMETHODCALLTYPE jobs_Clone(IEnumBackgroundCopyJobs *iface,
                                            IEnumBackgroundCopyJobs **out)
{
    struct enumerator *clone;
    HRESULT hr;

    if (!out)
        return E_INVALIDARG;
    hr = enumerator_clone(impl_from_jobs(iface), &clone);
    *out = SUCCEEDED(hr) ? &clone->jobs_iface : NULL;
    return hr;
}

static HRESULT STDMETHODCALLTYPE jobs_GetCount(IEnumBackgroundCopyJobs *iface, ULONG *out)
{
    if (!out)
        return E_INVALIDARG;
    *out = impl_from_jobs(iface)->snapshot->count;
    return S_OK;
}

static const IEnumBackgroundCopyJobsVtbl enum_jobs_vtbl = {
    .QueryInterface = jobs_QueryInterface,
    .AddRef = jobs_AddRef,
    .Release = jobs_Release,
    .Next = jobs_Next,
    .Skip = jobs_Skip,
    .Reset = jobs_Reset,
    .Clone = jobs_Clone,
    .GetCount = jobs_GetCount,
};

HRESULT enum_jobs_create(struct engine *engine, const WCHAR *owner, BOOL privileged,
                         IEnumBackgroundCopyJobs **out)
{
    struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
    struct enumerator *object;
    HRESULT hr;

    *out = NULL;
    if (!snapshot)
        return E_OUTOFMEMORY;
    snapshot->refs = 1;
    snapshot->privileged = privileged;
    hr = engine_snapshot_jobs(engine, owner, &snapshot->jobs, &snapshot->count);
    if (FAILED(hr)) {
        free(snapshot);
        return hr;
    }
    hr = enumerator_create(snapshot, 0, &object);
    if (SUCCEEDED(hr))
        *out = &object->jobs_iface;
    return hr;
}

/* ---- files ---- */

static struct enumerator *impl_from_files(IEnumBackgroundCopyFiles *iface)
{
    return CONTAINING_RECORD(iface, struct enumerator, files_iface);
}

static HRESULT STDMETHODCALLTYPE files_QueryInterface(IEnumBackgroundCopyFiles *iface, REFIID iid,
                                                      void **out)
{
    if (!out)
        return E_INVALIDARG;
    *out = NULL;
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IEnumBackgroundCopyFiles))
        return E_NOINTERFACE;
    IEnumBackgroundCopyFiles_AddRef(iface);
    *out = iface;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE files_AddRef(IEnumBackgroundCopyFiles *iface)
{
    return InterlockedIncrement(&impl_from_files(iface)->refs);
}

static ULONG STDMETHODCALLTYPE files_Release(IEnumBackgroundCopyFiles *iface)
{
    return enumerator_release(impl_from_files(iface));
}

static HRESULT STDMETHODCALLTYPE files_Next(IEnumBackgroundCopyFiles *iface, ULONG count,
                                            IBackgroundCopyFile **out, ULONG *fetched)
{
    return enumerator_next(impl_from_files(iface), count, (IUnknown **)out, fetched);
}

static HRESULT STDMETHODCALLTYPE files_Skip(IEnumBackgroundCopyFiles *iface, ULONG count)
{
    return enumerator_skip(impl_from_files(iface), count);
}

static HRESULT STDMETHODCALLTYPE files_Reset(IEnumBackgroundCopyFiles *iface)
{
    return enumerator_reset(impl_from_files(iface));
}

static HRESULT STDMETHODCALLTYPE files_Clone(IEnumBackgroundCopyFiles *iface,
                                             IEnumBackgroundCopyFiles **out)
{
    struct enumerator *clone;
    HRESULT hr;

    if (!out)
        return E_INVALIDARG;
    hr = enumerator_clone(impl_from_files(iface), &clone);
    *out = SUCCEEDED(hr) ? &clone->files_iface : NULL;
    return hr;
}

static HRESULT STDMETHODCALLTYPE files_GetCount(IEnumBackgroundCopyFiles *iface, ULONG *out)
{
    if (!out)
        return E_INVALIDARG;
    *out = impl_from_files(iface)->snapshot->count;
    return S_OK;
}

static const IEnumBackgroundCopyFilesVtbl enum_files_vtbl = {
    .QueryInterface = files_QueryInterface,
    .AddRef = files_AddRef,
    .Release = files_Release,
    .Next = files_Next,
    .Skip = files_Skip,
    .Reset = files_Reset,
    .Clone = files_Clone,
    .GetCount = files_GetCount,
};

HRESULT enum_files_create(struct job *job, IEnumBackgroundCopyFiles **out)
{
    struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
    struct enumerator *object;
    HRESULT hr;

    *out = NULL;
    if (!snapshot)
        return E_OUTOFMEMORY;
    snapshot->refs = 1;
    hr = job_snapshot_files(job, &snapshot->files, &snapshot->count);
    if (FAILED(hr)) {
        free(snapshot);
        return hr;
    }
    hr = enumerator_create(snapshot, 0, &object);
    if (SUCCEEDED(hr))
        *out = &object->files_iface;
    return hr;
}
