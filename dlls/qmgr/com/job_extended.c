/*
 * The methods of IBackgroundCopyJob2 to IBackgroundCopyJob5. The table is in job.c.
 */
#include "com.h"

#include <bitscore/bc_retry.h>
#include <stdlib.h>

/* BITS 1.5 */

HRESULT STDMETHODCALLTYPE job_SetNotifyCmdLine(IBackgroundCopyJob5 *iface, LPCWSTR program,
                                               LPCWSTR parameters)
{
    struct job_change change;
    HRESULT hr;

    if (!program && parameters)
        return E_INVALIDARG;
    if (program && com_length(program, COM_MAX_PROGRAM) > COM_MAX_PROGRAM)
        return BG_E_STRING_TOO_LONG;
    if (parameters && com_length(parameters, COM_MAX_PARAMETERS) > COM_MAX_PARAMETERS)
        return BG_E_STRING_TOO_LONG;
    hr = job_change_begin(impl_from_job5(iface)->job, &change);
    if (FAILED(hr))
        return hr;
    hr = model_set_string(&change.next.notify_program, program);
    if (SUCCEEDED(hr))
        hr = model_set_string(&change.next.notify_parameters, parameters);
    change.next.notify_pending = 0;
    /* Also for what has happened already (registering-to-execute-a-program). */
    if (program && !(change.next.notify_flags & BG_NOTIFY_DISABLE)) {
        if (change.next.state == BG_JOB_STATE_TRANSFERRED)
            change.next.notify_pending = change.next.notify_flags & BG_NOTIFY_JOB_TRANSFERRED;
        else if (change.next.state == BG_JOB_STATE_ERROR)
            change.next.notify_pending = change.next.notify_flags & BG_NOTIFY_JOB_ERROR;
    }
    return job_change_end(&change, hr);
}

/* Two strings of a locked job; unlocks it. */
static HRESULT get_strings(struct job *job, const WCHAR *a, WCHAR **out_a, const WCHAR *b,
                           WCHAR **out_b)
{
    *out_a = com_string(a);
    *out_b = com_string(b);
    job_unlock(job);
    if (*out_a && *out_b)
        return S_OK;
    CoTaskMemFree(*out_a);
    CoTaskMemFree(*out_b);
    *out_a = *out_b = NULL;
    return E_OUTOFMEMORY;
}

HRESULT STDMETHODCALLTYPE job_GetNotifyCmdLine(IBackgroundCopyJob5 *iface, LPWSTR *program,
                                               LPWSTR *parameters)
{
    struct job *job = impl_from_job5(iface)->job;
    const struct model_job *data;

    if (!program || !parameters)
        return E_INVALIDARG;
    data = job_lock(job);
    return get_strings(job, data->notify_program, program, data->notify_parameters, parameters);
}

HRESULT STDMETHODCALLTYPE job_GetReplyProgress(IBackgroundCopyJob5 *iface,
                                               BG_JOB_REPLY_PROGRESS *progress)
{
    struct job *job = impl_from_job5(iface)->job;
    HRESULT hr;

    if (!progress)
        return E_INVALIDARG;
    hr = job_check(job, BC_CALL_GET_REPLY, 0);
    if (SUCCEEDED(hr))
        job_reply_progress(job, progress);
    return hr;
}

/* Reads a whole file of known size into task memory. */
static HRESULT read_reply(const WCHAR *path, ULONG size, byte **out)
{
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, 0, NULL);
    byte *buffer = CoTaskMemAlloc(size);
    HRESULT hr = S_OK;
    DWORD read;

    if (file == INVALID_HANDLE_VALUE || !buffer)
        hr = buffer ? HRESULT_FROM_WIN32(GetLastError()) : E_OUTOFMEMORY;
    else if (!ReadFile(file, buffer, size, &read, NULL))
        hr = HRESULT_FROM_WIN32(GetLastError());
    else if (read != size)
        hr = BG_E_LOCAL_FILE_CHANGED;
    if (file != INVALID_HANDLE_VALUE)
        CloseHandle(file);
    if (FAILED(hr)) {
        CoTaskMemFree(buffer);
        buffer = NULL;
    }
    *out = buffer;
    return hr;
}

HRESULT STDMETHODCALLTYPE job_GetReplyData(IBackgroundCopyJob5 *iface, byte **buffer,
                                           UINT64 *length)
{
    struct job *job = impl_from_job5(iface)->job;
    BG_JOB_REPLY_PROGRESS progress;
    WCHAR *path = NULL;
    UINT64 size;
    HRESULT hr;

    if (!buffer || !length)
        return E_INVALIDARG;
    *buffer = NULL;
    *length = 0;
    hr = job_check(job, BC_CALL_GET_REPLY_DATA, 0);
    if (FAILED(hr))
        return hr;
    job_reply_progress(job, &progress);
    size = progress.BytesTransferred;
    hr = job_reply_path(job, &path);
    if (SUCCEEDED(hr) && size > COM_MAX_REPLY_DATA) {
        *length = size;
        hr = BG_E_TOO_LARGE;
    }
    if (SUCCEEDED(hr) && size && path) {
        hr = read_reply(path, (ULONG)size, buffer);
        if (SUCCEEDED(hr))
            *length = size;
    }
    free(path);
    return hr;
}

HRESULT STDMETHODCALLTYPE job_SetReplyFileName(IBackgroundCopyJob5 *iface, LPCWSTR name)
{
    struct job *job = impl_from_job5(iface)->job;
    const WCHAR *wanted = name && *name ? name : NULL;
    struct file_request request = {.local_name = wanted};
    HRESULT hr = job_check(job, BC_CALL_SET_REPLY_FILE_NAME, 0);

    if (SUCCEEDED(hr) && wanted)
        hr = com_check_writable(&request, 1);
    return SUCCEEDED(hr) ? job_set_reply_file(job, wanted) : hr;
}

HRESULT STDMETHODCALLTYPE job_GetReplyFileName(IBackgroundCopyJob5 *iface, LPWSTR *name)
{
    struct job *job = impl_from_job5(iface)->job;
    HRESULT hr;

    if (!name)
        return E_INVALIDARG;
    *name = NULL;
    hr = job_check(job, BC_CALL_GET_REPLY, 0);
    if (FAILED(hr))
        return hr;
    hr = com_string_or_null(job_lock(job)->reply_file, name);
    job_unlock(job);
    return hr;
}

static HRESULT check_auth(BG_AUTH_TARGET target, BG_AUTH_SCHEME scheme)
{
    if (target != BG_AUTH_TARGET_SERVER && target != BG_AUTH_TARGET_PROXY)
        return BG_E_INVALID_AUTH_TARGET;
    if (scheme < BG_AUTH_SCHEME_BASIC || scheme > BG_AUTH_SCHEME_PASSPORT)
        return BG_E_INVALID_AUTH_SCHEME;
    return S_OK;
}

/* ns-bits1_5-bg_basic_credentials: both strings, or for NTLM and Negotiate none for the caller's
 * own. */
static HRESULT check_credentials(const BG_AUTH_CREDENTIALS *credentials)
{
    const BG_BASIC_CREDENTIALS *basic = &credentials->Credentials.Basic;
    BOOL implicit = credentials->Scheme == BG_AUTH_SCHEME_NTLM ||
                    credentials->Scheme == BG_AUTH_SCHEME_NEGOTIATE;
    HRESULT hr = check_auth(credentials->Target, credentials->Scheme);

    if (FAILED(hr))
        return hr;
    if (!basic->UserName || !basic->Password)
        return implicit && !basic->UserName && !basic->Password ? S_OK : E_INVALIDARG;
    if (com_length(basic->UserName, COM_MAX_USER_NAME) > COM_MAX_USER_NAME)
        return BG_E_USERNAME_TOO_LARGE;
    if (com_length(basic->Password, COM_MAX_PASSWORD) > COM_MAX_PASSWORD)
        return BG_E_PASSWORD_TOO_LARGE;
    return S_OK;
}

HRESULT STDMETHODCALLTYPE job_SetCredentials(IBackgroundCopyJob5 *iface,
                                             BG_AUTH_CREDENTIALS *credentials)
{
    struct model_credential credential = {0};
    struct job_change change;
    HRESULT hr;

    if (!credentials)
        return E_INVALIDARG;
    hr = check_credentials(credentials);
    if (SUCCEEDED(hr))
        hr = com_check_owner(impl_from_job5(iface)->job);
    if (FAILED(hr))
        return hr;
    credential.target = credentials->Target;
    credential.scheme = credentials->Scheme;
    hr = model_set_string(&credential.user, credentials->Credentials.Basic.UserName);
    if (SUCCEEDED(hr) && credentials->Credentials.Basic.Password)
        hr = os_protect(credentials->Credentials.Basic.Password, &credential.secret,
                        &credential.secret_size);
    if (SUCCEEDED(hr))
        hr = job_change_begin(impl_from_job5(iface)->job, &change);
    if (SUCCEEDED(hr))
        hr = job_change_end(&change, model_job_set_credential(&change.next, &credential));
    model_credential_release(&credential);
    return hr;
}

HRESULT STDMETHODCALLTYPE job_RemoveCredentials(IBackgroundCopyJob5 *iface, BG_AUTH_TARGET target,
                                                BG_AUTH_SCHEME scheme)
{
    struct job_change change;
    HRESULT hr = check_auth(target, scheme);

    if (SUCCEEDED(hr))
        hr = job_change_begin(impl_from_job5(iface)->job, &change);
    if (FAILED(hr))
        return hr;
    if (!model_job_remove_credential(&change.next, target, scheme)) {
        job_change_cancel(&change);
        return S_FALSE;
    }
    return job_change_end(&change, S_OK);
}

/* BITS 2.0 */

static BOOL is_download(struct job *job)
{
    BOOL download = job_lock(job)->type == BG_JOB_TYPE_DOWNLOAD;

    job_unlock(job);
    return download;
}

HRESULT STDMETHODCALLTYPE job_ReplaceRemotePrefix(IBackgroundCopyJob5 *iface, LPCWSTR old_prefix,
                                                  LPCWSTR new_prefix)
{
    struct job *job = impl_from_job5(iface)->job;

    if (!is_download(job))
        return E_NOTIMPL; /* nf-bits2_0-ibackgroundcopyjob3-replaceremoteprefix */
    if (!old_prefix || !new_prefix)
        return E_INVALIDARG;
    return job_replace_remote_prefix(job, old_prefix, new_prefix);
}

HRESULT STDMETHODCALLTYPE job_AddFileWithRanges(IBackgroundCopyJob5 *iface, LPCWSTR remote,
                                                LPCWSTR local, DWORD count, BG_FILE_RANGE ranges[])
{
    struct job_object *object = impl_from_job5(iface);
    struct file_request request = {remote, local, ranges, count};
    HRESULT hr;

    if (!is_download(object->job))
        return E_NOTIMPL; /* nf-bits2_0-ibackgroundcopyjob3-addfilewithranges */
    if (!count || !ranges || !remote || !local)
        return E_INVALIDARG;
    hr = com_check_writable(&request, 1);
    if (FAILED(hr))
        return hr;
    return job_add_files(object->job, &request, 1, object->privileged);
}

HRESULT STDMETHODCALLTYPE job_SetFileACLFlags(IBackgroundCopyJob5 *iface, DWORD flags)
{
    struct job_change change;
    HRESULT hr;

    if (flags & ~(DWORD)BG_COPY_FILE_ALL)
        return E_INVALIDARG; /* nf-bits2_0-ibackgroundcopyjob3-setfileaclflags */
    hr = job_change_begin(impl_from_job5(iface)->job, &change);
    if (FAILED(hr))
        return hr;
    /* Too late when the files are here. */
    hr = change.next.state == BG_JOB_STATE_TRANSFERRED ? BG_E_INVALID_STATE : S_OK;
    change.next.acl_flags = flags;
    return job_change_end(&change, hr);
}

HRESULT STDMETHODCALLTYPE job_GetFileACLFlags(IBackgroundCopyJob5 *iface, DWORD *flags)
{
    struct job *job = impl_from_job5(iface)->job;

    if (!flags)
        return E_INVALIDARG;
    *flags = job_lock(job)->acl_flags;
    job_unlock(job);
    return S_OK;
}

/* BITS 3.0 */

HRESULT STDMETHODCALLTYPE job_SetPeerCachingFlags(IBackgroundCopyJob5 *iface, DWORD flags)
{
    const DWORD valid = BG_JOB_ENABLE_PEERCACHING_CLIENT | BG_JOB_ENABLE_PEERCACHING_SERVER |
                        BG_JOB_DISABLE_BRANCH_CACHE;
    struct job_change change;
    HRESULT hr;

    if (flags & ~valid)
        return E_NOTIMPL; /* nf-bits3_0-ibackgroundcopyjob4-getpeercachingflags */
    hr = job_change_begin(impl_from_job5(iface)->job, &change);
    if (FAILED(hr))
        return hr;
    change.next.peer_flags = flags;
    return job_change_end(&change, S_OK);
}

HRESULT STDMETHODCALLTYPE job_GetPeerCachingFlags(IBackgroundCopyJob5 *iface, DWORD *flags)
{
    struct job *job = impl_from_job5(iface)->job;

    if (!flags)
        return E_INVALIDARG;
    *flags = job_lock(job)->peer_flags;
    job_unlock(job);
    return S_OK;
}

HRESULT STDMETHODCALLTYPE job_GetOwnerIntegrityLevel(IBackgroundCopyJob5 *iface, ULONG *level)
{
    struct job *job = impl_from_job5(iface)->job;

    if (!level)
        return E_INVALIDARG;
    *level = job_lock(job)->owner_integrity;
    job_unlock(job);
    return S_OK;
}

HRESULT STDMETHODCALLTYPE job_GetOwnerElevationState(IBackgroundCopyJob5 *iface, BOOL *elevated)
{
    struct job *job = impl_from_job5(iface)->job;

    if (!elevated)
        return E_INVALIDARG;
    *elevated = job_lock(job)->owner_elevated;
    job_unlock(job);
    return S_OK;
}

HRESULT STDMETHODCALLTYPE job_SetMaximumDownloadTime(IBackgroundCopyJob5 *iface, ULONG timeout)
{
    struct job_change change;
    HRESULT hr = job_change_begin(impl_from_job5(iface)->job, &change);

    if (FAILED(hr))
        return hr;
    change.next.maximum_download_time = timeout;
    return job_change_end(&change, S_OK);
}

HRESULT STDMETHODCALLTYPE job_GetMaximumDownloadTime(IBackgroundCopyJob5 *iface, ULONG *timeout)
{
    struct job *job = impl_from_job5(iface)->job;

    if (!timeout)
        return E_INVALIDARG;
    *timeout = job_lock(job)->maximum_download_time;
    job_unlock(job);
    if (*timeout == BC_MAX_DOWNLOAD_TIME_DEFAULT)
        *timeout = os_policy_dword(L"MaxDownloadTime", *timeout);
    return S_OK;
}

/* BITS 5.0: ne-bits5_0-bits_job_property_id has what may be set when. */

/* What setting the property counts as. */
static enum bc_call property_call(BITS_JOB_PROPERTY_ID id)
{
    switch (id) {
    case BITS_JOB_PROPERTY_DYNAMIC_CONTENT:
    case BITS_JOB_PROPERTY_MAX_DOWNLOAD_SIZE:
    case BITS_JOB_PROPERTY_ON_DEMAND_MODE:
        return BC_CALL_SET_PROPERTY_BEFORE_RESUME;
    case BITS_JOB_PROPERTY_HIGH_PERFORMANCE:
        return BC_CALL_SET_PROPERTY_BEFORE_ADD_FILE;
    default:
        return BC_CALL_SET_PROPERTY;
    }
}

static HRESULT put_property(struct model_job *next, BITS_JOB_PROPERTY_ID id,
                            const BITS_JOB_PROPERTY_VALUE *value)
{
    switch (id) {
    case BITS_JOB_PROPERTY_ID_COST_FLAGS:
        next->cost_flags = value->Dword;
        return S_OK;
    case BITS_JOB_PROPERTY_NOTIFICATION_CLSID:
        next->notify_clsid = value->ClsID;
        return S_OK;
    case BITS_JOB_PROPERTY_DYNAMIC_CONTENT:
        next->dynamic_content = !!value->Enable;
        return S_OK;
    case BITS_JOB_PROPERTY_HIGH_PERFORMANCE:
        next->high_performance = !!value->Enable;
        return S_OK;
    case BITS_JOB_PROPERTY_MAX_DOWNLOAD_SIZE:
        if (!value->Uint64)
            return BG_E_MAX_DOWNLOAD_SIZE_INVALID_VALUE;
        next->maximum_download_size = value->Uint64;
        return S_OK;
    case BITS_JOB_PROPERTY_USE_STORED_CREDENTIALS:
        if (value->Target != BG_AUTH_TARGET_PROXY)
            return BG_E_USE_STORED_CREDENTIALS_NOT_SUPPORTED;
        next->stored_credentials = value->Target;
        return S_OK;
    case BITS_JOB_PROPERTY_MINIMUM_NOTIFICATION_INTERVAL_MS:
        next->minimum_notification_interval = value->Dword;
        return S_OK;
    case BITS_JOB_PROPERTY_ON_DEMAND_MODE:
        next->on_demand = !!value->Enable;
        return S_OK;
    default:
        return BG_E_UNKNOWN_PROPERTY_ID;
    }
}

HRESULT STDMETHODCALLTYPE job_SetProperty(IBackgroundCopyJob5 *iface, BITS_JOB_PROPERTY_ID id,
                                          BITS_JOB_PROPERTY_VALUE value)
{
    struct job *job = impl_from_job5(iface)->job;
    struct job_change change;
    HRESULT hr = job_change_begin_call(job, property_call(id), &change);

    if (FAILED(hr))
        return hr;
    return job_change_end(&change, put_property(&change.next, id, &value));
}

HRESULT STDMETHODCALLTYPE job_GetProperty(IBackgroundCopyJob5 *iface, BITS_JOB_PROPERTY_ID id,
                                          BITS_JOB_PROPERTY_VALUE *value)
{
    struct job *job = impl_from_job5(iface)->job;
    const struct model_job *data;
    HRESULT hr = S_OK;

    if (!value)
        return E_INVALIDARG;
    data = job_lock(job);
    switch (id) {
    case BITS_JOB_PROPERTY_ID_COST_FLAGS:
        value->Dword = data->cost_flags;
        break;
    case BITS_JOB_PROPERTY_NOTIFICATION_CLSID:
        value->ClsID = data->notify_clsid;
        break;
    case BITS_JOB_PROPERTY_DYNAMIC_CONTENT:
        value->Enable = data->dynamic_content;
        break;
    case BITS_JOB_PROPERTY_HIGH_PERFORMANCE:
        value->Enable = data->high_performance;
        break;
    case BITS_JOB_PROPERTY_MAX_DOWNLOAD_SIZE:
        value->Uint64 = data->maximum_download_size ? data->maximum_download_size : BG_SIZE_UNKNOWN;
        break;
    case BITS_JOB_PROPERTY_USE_STORED_CREDENTIALS:
        value->Target = (BG_AUTH_TARGET)data->stored_credentials;
        break;
    case BITS_JOB_PROPERTY_MINIMUM_NOTIFICATION_INTERVAL_MS:
        value->Dword = data->minimum_notification_interval;
        break;
    case BITS_JOB_PROPERTY_ON_DEMAND_MODE:
        value->Enable = data->on_demand;
        break;
    default:
        hr = BG_E_UNKNOWN_PROPERTY_ID;
        break;
    }
    job_unlock(job);
    return hr;
}
