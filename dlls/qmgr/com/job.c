/*
 * The job object: IBackgroundCopyJob to Job5 on one table. The methods of the first version are
 * here, those of the later ones in job_extended.c, the HTTP options in job_http.c, the token
 * options in job_token.c.
 */
#include "com.h"

#include <stdlib.h>

static HRESULT STDMETHODCALLTYPE job_QueryInterface(IBackgroundCopyJob5 *iface, REFIID iid,
                                                    void **out)
{
    struct job_object *object = impl_from_job5(iface);

    if (!out)
        return E_INVALIDARG;
    *out = NULL;
    if (IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_IBackgroundCopyJob) ||
        IsEqualIID(iid, &IID_IBackgroundCopyJob2) || IsEqualIID(iid, &IID_IBackgroundCopyJob3) ||
        IsEqualIID(iid, &IID_IBackgroundCopyJob4) || IsEqualIID(iid, &IID_IBackgroundCopyJob5))
        *out = &object->job_iface;
    else if (IsEqualIID(iid, &IID_IBackgroundCopyJobHttpOptions) ||
             IsEqualIID(iid, &IID_IBackgroundCopyJobHttpOptions2) ||
             IsEqualIID(iid, &IID_IBackgroundCopyJobHttpOptions3))
        *out = &object->http_iface;
    else if (IsEqualIID(iid, &IID_IBitsTokenOptions))
        *out = &object->token_iface;
    if (!*out)
        return E_NOINTERFACE;
    IBackgroundCopyJob5_AddRef(iface);
    return S_OK;
}

static ULONG STDMETHODCALLTYPE job_AddRef(IBackgroundCopyJob5 *iface)
{
    return InterlockedIncrement(&impl_from_job5(iface)->refs);
}

static ULONG STDMETHODCALLTYPE job_Release(IBackgroundCopyJob5 *iface)
{
    struct job_object *object = impl_from_job5(iface);
    ULONG refs = InterlockedDecrement(&object->refs);

    if (!refs) {
        job_release(object->job);
        free(object);
        com_module_release();
    }
    return refs;
}

static HRESULT add_files(struct job_object *object, const struct file_request *requests,
                         ULONG count)
{
    BOOL download = job_lock(object->job)->type == BG_JOB_TYPE_DOWNLOAD;
    HRESULT hr;

    job_unlock(object->job);
    hr = download ? com_check_writable(requests, count) : S_OK;
    return SUCCEEDED(hr) ? job_add_files(object->job, requests, count, object->privileged) : hr;
}

static HRESULT STDMETHODCALLTYPE job_AddFileSet(IBackgroundCopyJob5 *iface, ULONG count,
                                                BG_FILE_INFO *set)
{
    struct job_object *object = impl_from_job5(iface);
    struct file_request *requests;
    HRESULT hr;

    if (!count || !set)
        return E_INVALIDARG;
    requests = calloc(count, sizeof(*requests));
    if (!requests)
        return E_OUTOFMEMORY;
    for (ULONG i = 0; i < count; i++) {
        requests[i].remote_name = set[i].RemoteName;
        requests[i].local_name = set[i].LocalName;
    }
    hr = add_files(object, requests, count);
    free(requests);
    return hr;
}

static HRESULT STDMETHODCALLTYPE job_AddFile(IBackgroundCopyJob5 *iface, LPCWSTR remote,
                                             LPCWSTR local)
{
    struct job_object *object = impl_from_job5(iface);
    struct file_request request = {remote, local, NULL, 0};

    return add_files(object, &request, 1);
}

static HRESULT STDMETHODCALLTYPE job_EnumFiles(IBackgroundCopyJob5 *iface,
                                               IEnumBackgroundCopyFiles **out)
{
    if (!out)
        return E_INVALIDARG;
    return enum_files_create(impl_from_job5(iface)->job, out);
}

static HRESULT STDMETHODCALLTYPE job_Suspend(IBackgroundCopyJob5 *iface)
{
    return job_suspend(impl_from_job5(iface)->job);
}

static HRESULT STDMETHODCALLTYPE job_Resume(IBackgroundCopyJob5 *iface)
{
    return job_resume(impl_from_job5(iface)->job);
}

static HRESULT STDMETHODCALLTYPE job_Cancel(IBackgroundCopyJob5 *iface)
{
    return job_cancel(impl_from_job5(iface)->job);
}

static HRESULT STDMETHODCALLTYPE job_Complete(IBackgroundCopyJob5 *iface)
{
    return com_complete(impl_from_job5(iface)->job);
}

static HRESULT STDMETHODCALLTYPE job_GetId(IBackgroundCopyJob5 *iface, GUID *out)
{
    struct job *job = impl_from_job5(iface)->job;

    if (!out)
        return E_INVALIDARG;
    *out = job_lock(job)->id;
    job_unlock(job);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE job_GetType(IBackgroundCopyJob5 *iface, BG_JOB_TYPE *out)
{
    struct job *job = impl_from_job5(iface)->job;

    if (!out)
        return E_INVALIDARG;
    *out = job_lock(job)->type;
    job_unlock(job);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE job_GetProgress(IBackgroundCopyJob5 *iface, BG_JOB_PROGRESS *out)
{
    if (!out)
        return E_INVALIDARG;
    job_progress(impl_from_job5(iface)->job, out);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE job_GetTimes(IBackgroundCopyJob5 *iface, BG_JOB_TIMES *out)
{
    if (!out)
        return E_INVALIDARG;
    job_times(impl_from_job5(iface)->job, out);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE job_GetState(IBackgroundCopyJob5 *iface, BG_JOB_STATE *out)
{
    if (!out)
        return E_INVALIDARG;
    *out = job_state(impl_from_job5(iface)->job);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE job_GetError(IBackgroundCopyJob5 *iface,
                                              IBackgroundCopyError **out)
{
    struct model_error error;
    struct file *file;
    HRESULT hr;

    if (!out)
        return E_INVALIDARG;
    *out = NULL;
    hr = job_error(impl_from_job5(iface)->job, &error, &file);
    if (FAILED(hr))
        return hr;
    hr = error_object_create(&error, file, out);
    if (file)
        file_release(file);
    return hr;
}

/* One string property into *out, copied under the lock. */
static HRESULT get_string(struct job *job, const WCHAR *text, WCHAR **out)
{
    *out = com_string(text);
    job_unlock(job);
    return *out ? S_OK : E_OUTOFMEMORY;
}

static HRESULT STDMETHODCALLTYPE job_GetOwner(IBackgroundCopyJob5 *iface, LPWSTR *out)
{
    struct job *job = impl_from_job5(iface)->job;

    if (!out)
        return E_INVALIDARG;
    return get_string(job, job_lock(job)->owner_sid, out);
}

static HRESULT STDMETHODCALLTYPE job_SetDisplayName(IBackgroundCopyJob5 *iface, LPCWSTR value)
{
    struct job_change change;
    HRESULT hr;

    if (!value)
        return E_INVALIDARG;
    if (com_length(value, COM_MAX_DISPLAY_NAME) > COM_MAX_DISPLAY_NAME)
        return BG_E_STRING_TOO_LONG;
    hr = job_change_begin(impl_from_job5(iface)->job, &change);
    if (FAILED(hr))
        return hr;
    return job_change_end(&change, model_set_string(&change.next.display_name, value));
}

static HRESULT STDMETHODCALLTYPE job_GetDisplayName(IBackgroundCopyJob5 *iface, LPWSTR *out)
{
    struct job *job = impl_from_job5(iface)->job;

    if (!out)
        return E_INVALIDARG;
    return get_string(job, job_lock(job)->display_name, out);
}

static HRESULT STDMETHODCALLTYPE job_SetDescription(IBackgroundCopyJob5 *iface, LPCWSTR value)
{
    struct job_change change;
    HRESULT hr;

    if (!value)
        return E_INVALIDARG;
    if (com_length(value, COM_MAX_DESCRIPTION) > COM_MAX_DESCRIPTION)
        return BG_E_STRING_TOO_LONG;
    hr = job_change_begin(impl_from_job5(iface)->job, &change);
    if (FAILED(hr))
        return hr;
    return job_change_end(&change, model_set_string(&change.next.description, value));
}

static HRESULT STDMETHODCALLTYPE job_GetDescription(IBackgroundCopyJob5 *iface, LPWSTR *out)
{
    struct job *job = impl_from_job5(iface)->job;

    if (!out)
        return E_INVALIDARG;
    return get_string(job, job_lock(job)->description, out);
}

static HRESULT STDMETHODCALLTYPE job_SetPriority(IBackgroundCopyJob5 *iface, BG_JOB_PRIORITY value)
{
    struct job_change change;
    HRESULT hr;

    if ((unsigned)value > BG_JOB_PRIORITY_LOW)
        return E_NOTIMPL; /* nf-bits-ibackgroundcopyjob-setpriority */
    hr = job_change_begin(impl_from_job5(iface)->job, &change);
    if (FAILED(hr))
        return hr;
    change.next.priority = value;
    return job_change_end(&change, S_OK);
}

static HRESULT STDMETHODCALLTYPE job_GetPriority(IBackgroundCopyJob5 *iface, BG_JOB_PRIORITY *out)
{
    struct job *job = impl_from_job5(iface)->job;

    if (!out)
        return E_INVALIDARG;
    *out = job_lock(job)->priority;
    job_unlock(job);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE job_SetNotifyFlags(IBackgroundCopyJob5 *iface, ULONG value)
{
    const ULONG valid = BG_NOTIFY_JOB_TRANSFERRED | BG_NOTIFY_JOB_ERROR | BG_NOTIFY_DISABLE |
                        BG_NOTIFY_JOB_MODIFICATION | BG_NOTIFY_FILE_TRANSFERRED |
                        BG_NOTIFY_FILE_RANGES_TRANSFERRED;
    struct job_change change;
    HRESULT hr;

    if (value & ~valid)
        return E_NOTIMPL; /* nf-bits-ibackgroundcopyjob-setnotifyflags */
    hr = job_change_begin(impl_from_job5(iface)->job, &change);
    if (FAILED(hr))
        return hr;
    change.next.notify_flags = value;
    return job_change_end(&change, S_OK);
}

static HRESULT STDMETHODCALLTYPE job_GetNotifyFlags(IBackgroundCopyJob5 *iface, ULONG *out)
{
    struct job *job = impl_from_job5(iface)->job;

    if (!out)
        return E_INVALIDARG;
    *out = job_lock(job)->notify_flags;
    job_unlock(job);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE job_SetNotifyInterface(IBackgroundCopyJob5 *iface, IUnknown *value)
{
    IUnknown *callback = NULL;
    HRESULT hr = S_OK;

    if (value)
        hr = IUnknown_QueryInterface(value, &IID_IBackgroundCopyCallback, (void **)&callback);
    if (SUCCEEDED(hr))
        hr = job_set_notify_interface(impl_from_job5(iface)->job, value);
    if (callback)
        IUnknown_Release(callback);
    return hr;
}

static HRESULT STDMETHODCALLTYPE job_GetNotifyInterface(IBackgroundCopyJob5 *iface, IUnknown **out)
{
    if (!out)
        return E_INVALIDARG;
    return job_get_notify_interface(impl_from_job5(iface)->job, out);
}

static HRESULT STDMETHODCALLTYPE job_SetMinimumRetryDelay(IBackgroundCopyJob5 *iface, ULONG seconds)
{
    struct job_change change;
    HRESULT hr = job_change_begin(impl_from_job5(iface)->job, &change);

    if (FAILED(hr))
        return hr;
    change.next.minimum_retry_delay = max(seconds, COM_MINIMUM_RETRY_DELAY);
    return job_change_end(&change, S_OK);
}

static HRESULT STDMETHODCALLTYPE job_GetMinimumRetryDelay(IBackgroundCopyJob5 *iface, ULONG *out)
{
    struct job *job = impl_from_job5(iface)->job;

    if (!out)
        return E_INVALIDARG;
    *out = job_lock(job)->minimum_retry_delay;
    job_unlock(job);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE job_SetNoProgressTimeout(IBackgroundCopyJob5 *iface, ULONG seconds)
{
    struct job_change change;
    HRESULT hr = job_change_begin(impl_from_job5(iface)->job, &change);

    if (FAILED(hr))
        return hr;
    change.next.no_progress_timeout = seconds;
    return job_change_end(&change, S_OK);
}

static HRESULT STDMETHODCALLTYPE job_GetNoProgressTimeout(IBackgroundCopyJob5 *iface, ULONG *out)
{
    struct job *job = impl_from_job5(iface)->job;

    if (!out)
        return E_INVALIDARG;
    *out = job_lock(job)->no_progress_timeout;
    job_unlock(job);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE job_GetErrorCount(IBackgroundCopyJob5 *iface, ULONG *out)
{
    struct job *job = impl_from_job5(iface)->job;

    if (!out)
        return E_INVALIDARG;
    *out = job_lock(job)->error_count;
    job_unlock(job);
    return S_OK;
}

/* nf-bits-ibackgroundcopyjob-setproxysettings */
static HRESULT STDMETHODCALLTYPE job_SetProxySettings(IBackgroundCopyJob5 *iface,
                                                      BG_JOB_PROXY_USAGE usage, const WCHAR *list,
                                                      const WCHAR *bypass)
{
    struct job_change change;
    HRESULT hr;

    if ((unsigned)usage > BG_JOB_PROXY_USAGE_AUTODETECT)
        return E_NOTIMPL; /* nf-bits-ibackgroundcopyjob-setproxysettings */
    if (usage == BG_JOB_PROXY_USAGE_OVERRIDE ? !list : list || bypass)
        return E_INVALIDARG;
    if (list && com_length(list, COM_MAX_PROXY_LIST) > COM_MAX_PROXY_LIST)
        return BG_E_PROXY_LIST_TOO_LARGE;
    if (bypass && com_length(bypass, COM_MAX_PROXY_LIST) > COM_MAX_PROXY_LIST)
        return BG_E_PROXY_BYPASS_LIST_TOO_LARGE;
    hr = job_change_begin(impl_from_job5(iface)->job, &change);
    if (FAILED(hr))
        return hr;
    change.next.proxy_usage = usage;
    hr = model_set_string(&change.next.proxy_list, list);
    if (SUCCEEDED(hr))
        hr = model_set_string(&change.next.proxy_bypass, bypass);
    return job_change_end(&change, hr);
}

static HRESULT STDMETHODCALLTYPE job_GetProxySettings(IBackgroundCopyJob5 *iface,
                                                      BG_JOB_PROXY_USAGE *usage, LPWSTR *list,
                                                      LPWSTR *bypass)
{
    struct job *job = impl_from_job5(iface)->job;
    const struct model_job *data;
    HRESULT hr;

    if (!usage || !list || !bypass)
        return E_INVALIDARG;
    *list = *bypass = NULL;
    data = job_lock(job);
    *usage = data->proxy_usage;
    hr = com_string_or_null(data->proxy_list, list);
    if (SUCCEEDED(hr))
        hr = com_string_or_null(data->proxy_bypass, bypass);
    job_unlock(job);
    if (FAILED(hr)) {
        CoTaskMemFree(*list);
        *list = NULL;
    }
    return hr;
}

static HRESULT STDMETHODCALLTYPE job_TakeOwnership(IBackgroundCopyJob5 *iface)
{
    struct job *job = impl_from_job5(iface)->job;
    struct os_identity caller;
    HRESULT hr = os_client_identity(&caller);

    if (FAILED(hr))
        return hr;
    hr = caller.administrator ? com_check_new_owner(job, &caller) : E_ACCESSDENIED;
    if (SUCCEEDED(hr))
        hr = job_take_ownership(job, &caller);
    os_identity_release(&caller);
    return hr;
}

const IBackgroundCopyJob5Vtbl job_vtbl = {
    .QueryInterface = job_QueryInterface,
    .AddRef = job_AddRef,
    .Release = job_Release,
    .AddFileSet = job_AddFileSet,
    .AddFile = job_AddFile,
    .EnumFiles = job_EnumFiles,
    .Suspend = job_Suspend,
    .Resume = job_Resume,
    .Cancel = job_Cancel,
    .Complete = job_Complete,
    .GetId = job_GetId,
    .GetType = job_GetType,
    .GetProgress = job_GetProgress,
    .GetTimes = job_GetTimes,
    .GetState = job_GetState,
    .GetError = job_GetError,
    .GetOwner = job_GetOwner,
    .SetDisplayName = job_SetDisplayName,
    .GetDisplayName = job_GetDisplayName,
    .SetDescription = job_SetDescription,
    .GetDescription = job_GetDescription,
    .SetPriority = job_SetPriority,
    .GetPriority = job_GetPriority,
    .SetNotifyFlags = job_SetNotifyFlags,
    .GetNotifyFlags = job_GetNotifyFlags,
    .SetNotifyInterface = job_SetNotifyInterface,
    .GetNotifyInterface = job_GetNotifyInterface,
    .SetMinimumRetryDelay = job_SetMinimumRetryDelay,
    .GetMinimumRetryDelay = job_GetMinimumRetryDelay,
    .SetNoProgressTimeout = job_SetNoProgressTimeout,
    .GetNoProgressTimeout = job_GetNoProgressTimeout,
    .GetErrorCount = job_GetErrorCount,
    .SetProxySettings = job_SetProxySettings,
    .GetProxySettings = job_GetProxySettings,
    .TakeOwnership = job_TakeOwnership,
    .SetNotifyCmdLine = job_SetNotifyCmdLine,
    .GetNotifyCmdLine = job_GetNotifyCmdLine,
    .GetReplyProgress = job_GetReplyProgress,
    .GetReplyData = job_GetReplyData,
    .SetReplyFileName = job_SetReplyFileName,
    .GetReplyFileName = job_GetReplyFileName,
    .SetCredentials = job_SetCredentials,
    .RemoveCredentials = job_RemoveCredentials,
    .ReplaceRemotePrefix = job_ReplaceRemotePrefix,
    .AddFileWithRanges = job_AddFileWithRanges,
    .SetFileACLFlags = job_SetFileACLFlags,
    .GetFileACLFlags = job_GetFileACLFlags,
    .SetPeerCachingFlags = job_SetPeerCachingFlags,
    .GetPeerCachingFlags = job_GetPeerCachingFlags,
    .GetOwnerIntegrityLevel = job_GetOwnerIntegrityLevel,
    .GetOwnerElevationState = job_GetOwnerElevationState,
    .SetMaximumDownloadTime = job_SetMaximumDownloadTime,
    .GetMaximumDownloadTime = job_GetMaximumDownloadTime,
    .SetProperty = job_SetProperty,
    .GetProperty = job_GetProperty,
};

HRESULT job_object_create(struct job *job, BOOL privileged, IBackgroundCopyJob **out)
{
    struct job_object *object = calloc(1, sizeof(*object));

    *out = NULL;
    if (!object)
        return E_OUTOFMEMORY;
    object->job_iface.lpVtbl = &job_vtbl;
    object->http_iface.lpVtbl = &job_http_vtbl;
    object->token_iface.lpVtbl = &job_token_vtbl;
    object->refs = 1;
    object->privileged = privileged;
    object->job = job;
    job_addref(job);
    com_module_addref();
    *out = (IBackgroundCopyJob *)&object->job_iface;
    return S_OK;
}
