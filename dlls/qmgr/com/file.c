/*
 * The file object: IBackgroundCopyFile to IBackgroundCopyFile6.
 */
#include "com.h"

#include <stdlib.h>
#include <string.h>

struct file_object {
    IBackgroundCopyFile6 file_iface;
    LONG refs;
    struct file *file;
};

static struct file_object *impl_from_file6(IBackgroundCopyFile6 *iface)
{
    return CONTAINING_RECORD(iface, struct file_object, file_iface);
}

/* The file's durable side, locked, and the job to unlock. */
static const struct model_file *lock_file(IBackgroundCopyFile6 *iface, struct job **job)
{
    struct file *file = impl_from_file6(iface)->file;

    *job = file_job(file);
    job_lock(*job);
    return file_data(file);
}

static HRESULT STDMETHODCALLTYPE file_QueryInterface(IBackgroundCopyFile6 *iface, REFIID iid,
                                                     void **out)
{
    if (!out)
        return E_INVALIDARG;
    *out = NULL;
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IBackgroundCopyFile) &&
        !IsEqualIID(iid, &IID_IBackgroundCopyFile2) &&
        !IsEqualIID(iid, &IID_IBackgroundCopyFile3) &&
        !IsEqualIID(iid, &IID_IBackgroundCopyFile4) &&
        !IsEqualIID(iid, &IID_IBackgroundCopyFile5) && !IsEqualIID(iid, &IID_IBackgroundCopyFile6))
        return E_NOINTERFACE;
    IBackgroundCopyFile6_AddRef(iface);
    *out = iface;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE file_AddRef(IBackgroundCopyFile6 *iface)
{
    return InterlockedIncrement(&impl_from_file6(iface)->refs);
}

static ULONG STDMETHODCALLTYPE file_Release(IBackgroundCopyFile6 *iface)
{
    struct file_object *object = impl_from_file6(iface);
    ULONG refs = InterlockedDecrement(&object->refs);

    if (!refs) {
        file_release(object->file);
        free(object);
        com_module_release();
    }
    return refs;
}

static HRESULT STDMETHODCALLTYPE file_GetRemoteName(IBackgroundCopyFile6 *iface, LPWSTR *out)
{
    struct job *job;

    if (!out)
        return E_INVALIDARG;
    *out = com_string(lock_file(iface, &job)->remote_name);
    job_unlock(job);
    return *out ? S_OK : E_OUTOFMEMORY;
}

static HRESULT STDMETHODCALLTYPE file_GetLocalName(IBackgroundCopyFile6 *iface, LPWSTR *out)
{
    struct job *job;

    if (!out)
        return E_INVALIDARG;
    *out = com_string(lock_file(iface, &job)->local_name);
    job_unlock(job);
    return *out ? S_OK : E_OUTOFMEMORY;
}

static HRESULT STDMETHODCALLTYPE file_GetProgress(IBackgroundCopyFile6 *iface,
                                                  BG_FILE_PROGRESS *out)
{
    if (!out)
        return E_INVALIDARG;
    file_progress(impl_from_file6(iface)->file, out);
    return S_OK;
}

/* An array of ranges for the client; S_FALSE, 0 and NULL for none. */
static HRESULT give_ranges(const BG_FILE_RANGE *ranges, ULONG count, DWORD *out_count,
                           BG_FILE_RANGE **out)
{
    *out_count = 0;
    *out = NULL;
    if (!count)
        return S_FALSE;
    *out = CoTaskMemAlloc(count * sizeof(**out));
    if (!*out)
        return E_OUTOFMEMORY;
    memcpy(*out, ranges, count * sizeof(**out));
    *out_count = count;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE file_GetFileRanges(IBackgroundCopyFile6 *iface, DWORD *count,
                                                    BG_FILE_RANGE **out)
{
    const struct model_file *data;
    struct job *job;
    HRESULT hr;

    if (!count || !out)
        return E_INVALIDARG;
    data = lock_file(iface, &job);
    hr = give_ranges(data->ranges, data->range_count, count, out);
    job_unlock(job);
    return hr;
}

static HRESULT STDMETHODCALLTYPE file_SetRemoteName(IBackgroundCopyFile6 *iface, LPCWSTR name)
{
    struct file *file = impl_from_file6(iface)->file;
    struct job *job = file_job(file);
    BOOL download = job_lock(job)->type == BG_JOB_TYPE_DOWNLOAD;

    job_unlock(job);
    if (!download)
        return E_NOTIMPL; /* nf-bits2_0-ibackgroundcopyfile2-setremotename */
    return name ? file_set_remote_name(file, name) : E_INVALIDARG;
}

/* Before the transfer begins it is the name that the file will have. */
static HRESULT STDMETHODCALLTYPE file_GetTemporaryName(IBackgroundCopyFile6 *iface, LPWSTR *out)
{
    const WCHAR *name;
    struct job *job;
    HRESULT hr = E_NOTIMPL; /* nothing is downloaded */

    if (!out)
        return E_INVALIDARG;
    *out = NULL;
    file_show_temporary(impl_from_file6(iface)->file);
    name = lock_file(iface, &job)->temporary_name;
    if (name) {
        *out = com_string(name);
        hr = *out ? S_OK : E_OUTOFMEMORY;
    }
    job_unlock(job);
    return hr;
}

static HRESULT STDMETHODCALLTYPE file_SetValidationState(IBackgroundCopyFile6 *iface, BOOL state)
{
    return file_set_validation(impl_from_file6(iface)->file, !!state);
}

static HRESULT STDMETHODCALLTYPE file_GetValidationState(IBackgroundCopyFile6 *iface, BOOL *out)
{
    struct job *job;

    if (!out)
        return E_INVALIDARG;
    *out = lock_file(iface, &job)->validated;
    job_unlock(job);
    return S_OK;
}

/* Nothing comes from peers as long as there is no peer cache to take it from. */
static HRESULT STDMETHODCALLTYPE file_IsDownloadedFromPeer(IBackgroundCopyFile6 *iface, BOOL *out)
{
    struct job *job;

    if (!out)
        return E_INVALIDARG;
    *out = lock_file(iface, &job)->bytes_from_peers != 0;
    job_unlock(job);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE file_GetPeerDownloadStats(IBackgroundCopyFile6 *iface,
                                                           PUINT64 origin, PUINT64 peers)
{
    const struct model_file *data;
    struct job *job;

    if (!origin || !peers)
        return E_INVALIDARG;
    data = lock_file(iface, &job);
    *origin = data->bytes_from_origin;
    *peers = data->bytes_from_peers;
    job_unlock(job);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE file_SetProperty(IBackgroundCopyFile6 *iface,
                                                  BITS_FILE_PROPERTY_ID id,
                                                  BITS_FILE_PROPERTY_VALUE value)
{
    return id == BITS_FILE_PROPERTY_ID_HTTP_RESPONSE_HEADERS ? BG_E_READ_ONLY_PROPERTY
                                                             : BG_E_UNKNOWN_PROPERTY_ID;
}

static HRESULT STDMETHODCALLTYPE file_GetProperty(IBackgroundCopyFile6 *iface,
                                                  BITS_FILE_PROPERTY_ID id,
                                                  BITS_FILE_PROPERTY_VALUE *value)
{
    struct job *job;

    if (!value)
        return E_INVALIDARG;
    value->String = NULL;
    if (id != BITS_FILE_PROPERTY_ID_HTTP_RESPONSE_HEADERS)
        return BG_E_UNKNOWN_PROPERTY_ID;
    value->String = com_string(lock_file(iface, &job)->response_headers);
    job_unlock(job);
    return value->String ? S_OK : E_OUTOFMEMORY;
}

static HRESULT STDMETHODCALLTYPE file_UpdateDownloadPosition(IBackgroundCopyFile6 *iface,
                                                             UINT64 offset)
{
    return file_update_position(impl_from_file6(iface)->file, offset);
}

static HRESULT STDMETHODCALLTYPE file_RequestFileRanges(IBackgroundCopyFile6 *iface, DWORD count,
                                                        const BG_FILE_RANGE ranges[])
{
    if (!count || !ranges)
        return E_INVALIDARG;
    return file_request_ranges(impl_from_file6(iface)->file, ranges, count);
}

static HRESULT STDMETHODCALLTYPE file_GetFilledFileRanges(IBackgroundCopyFile6 *iface, DWORD *count,
                                                          BG_FILE_RANGE **out)
{
    BG_FILE_RANGE *filled;
    ULONG filled_count;
    HRESULT hr;

    if (!count || !out)
        return E_INVALIDARG;
    *count = 0;
    *out = NULL;
    hr = file_filled_ranges(impl_from_file6(iface)->file, &filled, &filled_count);
    if (SUCCEEDED(hr))
        hr = give_ranges(filled, filled_count, count, out);
    free(filled);
    return hr == S_FALSE ? S_OK : hr; /* nothing there yet is an answer like any other */
}

static const IBackgroundCopyFile6Vtbl file_vtbl = {
    .QueryInterface = file_QueryInterface,
    .AddRef = file_AddRef,
    .Release = file_Release,
    .GetRemoteName = file_GetRemoteName,
    .GetLocalName = file_GetLocalName,
    .GetProgress = file_GetProgress,
    .GetFileRanges = file_GetFileRanges,
    .SetRemoteName = file_SetRemoteName,
    .GetTemporaryName = file_GetTemporaryName,
    .SetValidationState = file_SetValidationState,
    .GetValidationState = file_GetValidationState,
    .IsDownloadedFromPeer = file_IsDownloadedFromPeer,
    .GetPeerDownloadStats = file_GetPeerDownloadStats,
    .SetProperty = file_SetProperty,
    .GetProperty = file_GetProperty,
    .UpdateDownloadPosition = file_UpdateDownloadPosition,
    .RequestFileRanges = file_RequestFileRanges,
    .GetFilledFileRanges = file_GetFilledFileRanges,
};

HRESULT file_object_create(struct file *file, IBackgroundCopyFile **out)
{
    struct file_object *object = calloc(1, sizeof(*object));

    *out = NULL;
    if (!object)
        return E_OUTOFMEMORY;
    object->file_iface.lpVtbl = &file_vtbl;
    object->refs = 1;
    object->file = file;
    file_addref(file);
    com_module_addref();
    *out = (IBackgroundCopyFile *)&object->file_iface;
    return S_OK;
}
