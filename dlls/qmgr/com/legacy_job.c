/*
 * IBackgroundCopyJob1: the one job of a legacy group, which is to say its files and how they come
 * along. CancelJob, SwitchToForeground and GetTimes are not implemented
 * (nn-qmgr-ibackgroundcopyjob1): the group has them.
 */
#include "legacy.h"

#include <oleauto.h>
#include <stdlib.h>

struct legacy_job {
    IBackgroundCopyJob1 job_iface;
    LONG refs;
    struct job *job;
    BOOL privileged;
};

static struct legacy_job *impl_from_job1(IBackgroundCopyJob1 *iface)
{
    return CONTAINING_RECORD(iface, struct legacy_job, job_iface);
}

/* ---- what the group says, too ---- */

HRESULT legacy_result(HRESULT hr)
{
    return hr == BG_E_INVALID_STATE ? (HRESULT)QM_E_INVALID_STATE : hr;
}

void legacy_status(struct job *job, struct legacy_status *status)
{
    const struct model_job *data;
    HRESULT code;

    ZeroMemory(status, sizeof(*status));
    status->state = job_state(job);
    data = job_lock(job);
    status->foreground = data->priority == BG_JOB_PRIORITY_FOREGROUND;
    status->retries = data->error_count;
    status->file = data->error.file;
    code = data->error.code;
    job_unlock(job);
    if (status->state != BG_JOB_STATE_ERROR || SUCCEEDED(code))
        return;
    status->win32_result =
        HRESULT_FACILITY(code) == FACILITY_WIN32 ? (DWORD)HRESULT_CODE(code) : (DWORD)code;
    if (HRESULT_FACILITY(code) == FACILITY_HTTP)
        status->transport_result = (DWORD)HRESULT_CODE(code);
}

HRESULT legacy_progress(struct job *job, DWORD flags, DWORD *out)
{
    BG_JOB_PROGRESS progress;
    UINT64 value;

    if (!out)
        return E_INVALIDARG;
    *out = 0;
    job_progress(job, &progress);
    if (flags == QM_PROGRESS_SIZE_DONE)
        value = progress.BytesTransferred;
    else if (flags != QM_PROGRESS_PERCENT_DONE)
        return E_NOTIMPL;
    else if (progress.FilesTotal && progress.FilesTransferred == progress.FilesTotal)
        value = 100;
    else if (progress.BytesTotal == BG_SIZE_UNKNOWN || !progress.BytesTotal)
        value = 0;
    else /* both fit: nobody's file is longer than 2^63 bytes */
        value = (UINT64)((double)progress.BytesTransferred * 100 / (double)progress.BytesTotal);
    *out = (DWORD)min(value, MAXDWORD);
    return S_OK;
}

/* ---- the object ---- */

static HRESULT STDMETHODCALLTYPE job1_QueryInterface(IBackgroundCopyJob1 *iface, REFIID iid,
                                                     void **out)
{
    if (!out)
        return E_INVALIDARG;
    *out = NULL;
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IBackgroundCopyJob1))
        return E_NOINTERFACE;
    IBackgroundCopyJob1_AddRef(iface);
    *out = iface;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE job1_AddRef(IBackgroundCopyJob1 *iface)
{
    return InterlockedIncrement(&impl_from_job1(iface)->refs);
}

static ULONG STDMETHODCALLTYPE job1_Release(IBackgroundCopyJob1 *iface)
{
    struct legacy_job *object = impl_from_job1(iface);
    ULONG refs = InterlockedDecrement(&object->refs);

    if (!refs) {
        job_release(object->job);
        free(object);
        com_module_release();
    }
    return refs;
}

static HRESULT STDMETHODCALLTYPE job1_CancelJob(IBackgroundCopyJob1 *iface)
{
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE job1_GetProgress(IBackgroundCopyJob1 *iface, DWORD flags,
                                                  DWORD *progress)
{
    return legacy_progress(impl_from_job1(iface)->job, flags, progress);
}

static HRESULT STDMETHODCALLTYPE job1_GetStatus(IBackgroundCopyJob1 *iface, DWORD *status,
                                                DWORD *win32_result, DWORD *transport_result,
                                                DWORD *retries)
{
    struct legacy_status now;

    if (!status || !win32_result || !transport_result || !retries)
        return E_INVALIDARG;
    legacy_status(impl_from_job1(iface)->job, &now);
    if (now.state == BG_JOB_STATE_ERROR)
        *status = QM_STATUS_JOB_ERROR;
    else if (now.state == BG_JOB_STATE_TRANSFERRED || now.state == BG_JOB_STATE_ACKNOWLEDGED)
        *status = QM_STATUS_JOB_COMPLETE;
    else
        *status = QM_STATUS_JOB_INCOMPLETE;
    *win32_result = now.win32_result;
    *transport_result = now.transport_result;
    *retries = now.retries;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE job1_AddFiles(IBackgroundCopyJob1 *iface, ULONG count,
                                               FILESETINFO **set)
{
    struct legacy_job *object = impl_from_job1(iface);
    struct file_request *requests;
    HRESULT hr = S_OK;

    if (!count || !set)
        return E_INVALIDARG;
    requests = calloc(count, sizeof(*requests));
    if (!requests)
        return E_OUTOFMEMORY;
    for (ULONG i = 0; i < count && SUCCEEDED(hr); i++) {
        if (set[i]) {
            requests[i].remote_name = set[i]->bstrRemoteFile;
            requests[i].local_name = set[i]->bstrLocalFile;
        } else {
            hr = E_INVALIDARG;
        }
    }
    if (SUCCEEDED(hr))
        hr = com_check_writable(requests, count);
    if (SUCCEEDED(hr))
        hr = legacy_result(job_add_files(object->job, requests, count, object->privileged));
    free(requests);
    return hr;
}

static HRESULT STDMETHODCALLTYPE job1_GetFile(IBackgroundCopyJob1 *iface, ULONG index,
                                              FILESETINFO *out)
{
    struct job *job = impl_from_job1(iface)->job;
    const struct model_file *data;
    struct file **files;
    ULONG count;
    HRESULT hr;

    if (!out)
        return E_INVALIDARG;
    ZeroMemory(out, sizeof(*out));
    hr = job_snapshot_files(job, &files, &count);
    if (FAILED(hr))
        return hr;
    if (index < count) {
        job_lock(job);
        data = file_data(files[index]);
        out->bstrRemoteFile = SysAllocString(data->remote_name);
        out->bstrLocalFile = SysAllocString(data->local_name);
        if (data->progress.total != BG_SIZE_UNKNOWN)
            out->dwSizeHint = (DWORD)min(data->progress.total, MAXDWORD);
        job_unlock(job);
        if (!out->bstrRemoteFile || !out->bstrLocalFile) {
            SysFreeString(out->bstrRemoteFile);
            SysFreeString(out->bstrLocalFile);
            ZeroMemory(out, sizeof(*out));
            hr = E_OUTOFMEMORY;
        }
    } else {
        hr = QM_E_ITEM_NOT_FOUND;
    }
    job_free_files(files, count);
    return hr;
}

static HRESULT STDMETHODCALLTYPE job1_GetFileCount(IBackgroundCopyJob1 *iface, DWORD *count)
{
    BG_JOB_PROGRESS progress;

    if (!count)
        return E_INVALIDARG;
    job_progress(impl_from_job1(iface)->job, &progress);
    *count = progress.FilesTotal;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE job1_SwitchToForeground(IBackgroundCopyJob1 *iface)
{
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE job1_get_JobID(IBackgroundCopyJob1 *iface, GUID *id)
{
    struct job *job = impl_from_job1(iface)->job;

    if (!id)
        return E_INVALIDARG;
    *id = job_lock(job)->group_job;
    job_unlock(job);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE job1_GetTimes(IBackgroundCopyJob1 *iface,
                                               BACKGROUND_COPY_TIMES *times)
{
    return E_NOTIMPL;
}

static const IBackgroundCopyJob1Vtbl job1_vtbl = {
    .QueryInterface = job1_QueryInterface,
    .AddRef = job1_AddRef,
    .Release = job1_Release,
    .CancelJob = job1_CancelJob,
    .GetProgress = job1_GetProgress,
    .GetStatus = job1_GetStatus,
    .AddFiles = job1_AddFiles,
    .GetFile = job1_GetFile,
    .GetFileCount = job1_GetFileCount,
    .SwitchToForeground = job1_SwitchToForeground,
    .get_JobID = job1_get_JobID,
    .GetTimes = job1_GetTimes,
};

HRESULT legacy_job_create(struct job *job, BOOL privileged, IBackgroundCopyJob1 **out)
{
    struct legacy_job *object = calloc(1, sizeof(*object));

    *out = NULL;
    if (!object)
        return E_OUTOFMEMORY;
    object->job_iface.lpVtbl = &job1_vtbl;
    object->refs = 1;
    object->job = job;
    object->privileged = privileged;
    job_addref(job);
    com_module_addref();
    *out = &object->job_iface;
    return S_OK;
}
