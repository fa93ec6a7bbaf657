/*
 * How the engine reaches its clients: calls of their callback interfaces, on the engine's
 * notification threads.
 */
#include "legacy.h"

static HRESULT call_file_transferred(IUnknown *target, IBackgroundCopyJob *job, struct file *file)
{
    IBackgroundCopyCallback2 *callback;
    IBackgroundCopyFile *file_object;
    HRESULT hr = IUnknown_QueryInterface(target, &IID_IBackgroundCopyCallback2, (void **)&callback);

    if (hr == E_NOINTERFACE)
        return S_OK; /* an older client: it gets fewer calls */
    if (FAILED(hr))
        return hr;
    hr = file_object_create(file, &file_object);
    if (SUCCEEDED(hr)) {
        hr = IBackgroundCopyCallback2_FileTransferred(callback, job, file_object);
        IBackgroundCopyFile_Release(file_object);
    }
    IBackgroundCopyCallback2_Release(callback);
    return hr;
}

static HRESULT call_ranges_transferred(IUnknown *target, IBackgroundCopyJob *job,
                                       const struct notification *what)
{
    IBackgroundCopyCallback3 *callback;
    IBackgroundCopyFile *file_object;
    HRESULT hr = IUnknown_QueryInterface(target, &IID_IBackgroundCopyCallback3, (void **)&callback);

    if (hr == E_NOINTERFACE)
        return S_OK; /* an older client: it gets fewer calls */
    if (FAILED(hr))
        return hr;
    hr = file_object_create(what->file, &file_object);
    if (SUCCEEDED(hr)) {
        hr = IBackgroundCopyCallback3_FileRangesTransferred(callback, job, file_object,
                                                            what->range_count, what->ranges);
        IBackgroundCopyFile_Release(file_object);
    }
    IBackgroundCopyCallback3_Release(callback);
    return hr;
}

static HRESULT call_job_error(IBackgroundCopyCallback *callback, IBackgroundCopyJob *job,
                              const struct notification *what)
{
    IBackgroundCopyError *error;
    struct model_error now;
    struct file *file;
    HRESULT hr = job_error(what->job, &now, &file);

    if (FAILED(hr))
        return S_OK; /* resumed or cancelled meanwhile: nothing to tell */
    hr = error_object_create(&now, file, &error);
    if (file)
        file_release(file);
    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyCallback_JobError(callback, job, error);
    IBackgroundCopyError_Release(error);
    return hr;
}

/* nf-qmgr-ibackgroundcopycallback1-onstatus: the group is complete, or in error. E_NOINTERFACE for
 * a client that is none of a legacy group. */
static HRESULT call_status(IUnknown *target, const struct notification *what, BOOL privileged)
{
    BOOL failed = what->kind == NOTIFY_ERROR;
    IBackgroundCopyCallback1 *callback;
    IBackgroundCopyGroup *group = NULL;
    IBackgroundCopyJob1 *job = NULL;
    struct legacy_status now;
    HRESULT hr;

    hr = IUnknown_QueryInterface(target, &IID_IBackgroundCopyCallback1, (void **)&callback);
    if (FAILED(hr))
        return hr;
    hr = legacy_group_create(what->job, privileged, &group);
    if (SUCCEEDED(hr))
        hr = legacy_job_create(what->job, privileged, &job);
    if (SUCCEEDED(hr)) {
        legacy_status(what->job, &now);
        hr = IBackgroundCopyCallback1_OnStatus(
            callback, group, job, failed ? now.file : MODEL_NO_FILE,
            failed ? QM_STATUS_GROUP_ERROR : QM_STATUS_GROUP_COMPLETE, failed ? now.retries : 0,
            failed ? now.win32_result : 0, failed ? now.transport_result : 0);
    }
    if (job)
        IBackgroundCopyJob1_Release(job);
    if (group)
        IBackgroundCopyGroup_Release(group);
    IBackgroundCopyCallback1_Release(callback);
    return SUCCEEDED(hr) && hr != S_OK ? E_FAIL : hr; /* only S_OK ends the calls */
}

static HRESULT deliver(IUnknown *target, const struct notification *what)
{
    IBackgroundCopyCallback *callback = NULL;
    IBackgroundCopyJob *job;
    const struct model_job *data = job_lock(what->job);
    BOOL privileged = data->owner_elevated, group = model_job_is_group(data);
    HRESULT hr;

    job_unlock(what->job);
    if (group && (what->kind == NOTIFY_TRANSFERRED || what->kind == NOTIFY_ERROR)) {
        hr = call_status(target, what, privileged);
        if (hr != E_NOINTERFACE)
            return hr;
    }
    hr = job_object_create(what->job, privileged, &job);
    if (FAILED(hr))
        return hr;
    if (what->kind == NOTIFY_FILE_TRANSFERRED) {
        hr = call_file_transferred(target, job, what->file);
    } else if (what->kind == NOTIFY_FILE_RANGES) {
        hr = call_ranges_transferred(target, job, what);
    } else {
        hr = IUnknown_QueryInterface(target, &IID_IBackgroundCopyCallback, (void **)&callback);
        if (SUCCEEDED(hr)) {
            if (what->kind == NOTIFY_TRANSFERRED)
                hr = IBackgroundCopyCallback_JobTransferred(callback, job);
            else if (what->kind == NOTIFY_ERROR)
                hr = call_job_error(callback, job, what);
            else
                hr = IBackgroundCopyCallback_JobModification(callback, job, 0);
            IBackgroundCopyCallback_Release(callback);
        }
    }
    IBackgroundCopyJob_Release(job);
    return hr;
}

static HRESULT activate(struct job *job, const GUID *clsid, IUnknown **target)
{
    BOOL group = model_job_is_group(job_lock(job));

    job_unlock(job);
    return CoCreateInstance(clsid, NULL, CLSCTX_LOCAL_SERVER,
                            group ? &IID_IBackgroundCopyCallback1 : &IID_IBackgroundCopyCallback,
                            (void **)target);
}

static HRESULT validate(IUnknown *target, struct job *job, struct file *file, const BYTE *cert,
                        ULONG cert_size, const BYTE *store, ULONG store_size)
{
    IBackgroundCopyServerCertificateValidationCallback *callback =
        (IBackgroundCopyServerCertificateValidationCallback *)
            target; /* as the setter asked for it */
    IBackgroundCopyJob *job_object;
    IBackgroundCopyFile *file_object = NULL;
    HRESULT hr = job_object_create(job, FALSE, &job_object);

    if (FAILED(hr))
        return hr;
    hr = file_object_create(file, &file_object);
    if (SUCCEEDED(hr)) {
        hr = IBackgroundCopyServerCertificateValidationCallback_ValidateServerCertificate(
            callback, job_object, file_object, cert_size, cert, 1 /* X509_ASN_ENCODING */,
            store_size, store);
        IBackgroundCopyFile_Release(file_object);
    }
    IBackgroundCopyJob_Release(job_object);
    return hr;
}

const struct engine_client com_client = {deliver, activate, validate};
