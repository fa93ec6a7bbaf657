/*
 * The manager: the object every client starts with. Access to jobs is checked here, when an
 * interface is handed out (user-account-control-and-bits), not at each call.
 */
#include "com.h"

#include <stdlib.h>

static struct manager_object *impl_from_manager(IBackgroundCopyManager *iface)
{
    return CONTAINING_RECORD(iface, struct manager_object, manager_iface);
}

static HRESULT STDMETHODCALLTYPE manager_QueryInterface(IBackgroundCopyManager *iface, REFIID iid,
                                                        void **out)
{
    if (!out)
        return E_INVALIDARG;
    *out = NULL;
    if (IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_IBackgroundCopyManager))
        *out = iface;
    else if (IsEqualIID(iid, &IID_IBitsPeerCacheAdministration))
        *out = &impl_from_manager(iface)->peer_cache_iface;
    if (!*out)
        return E_NOINTERFACE;
    IBackgroundCopyManager_AddRef(iface);
    return S_OK;
}

static ULONG STDMETHODCALLTYPE manager_AddRef(IBackgroundCopyManager *iface)
{
    return InterlockedIncrement(&impl_from_manager(iface)->refs);
}

static ULONG STDMETHODCALLTYPE manager_Release(IBackgroundCopyManager *iface)
{
    struct manager_object *object = impl_from_manager(iface);
    ULONG refs = InterlockedDecrement(&object->refs);

    if (!refs) {
        free(object);
        com_module_release();
    }
    return refs;
}

static HRESULT STDMETHODCALLTYPE manager_CreateJob(IBackgroundCopyManager *iface, LPCWSTR name,
                                                   BG_JOB_TYPE type, GUID *id,
                                                   IBackgroundCopyJob **out)
{
    struct os_identity caller;
    struct job *job;
    HRESULT hr;

    if (out)
        *out = NULL;
    if (!name || !id || !out || com_length(name, COM_MAX_DISPLAY_NAME) > COM_MAX_DISPLAY_NAME)
        return E_INVALIDARG;
    if ((unsigned)type > BG_JOB_TYPE_UPLOAD_REPLY)
        return E_NOTIMPL; /* as the other enumerations of BITS */
    hr = os_client_identity(&caller);
    if (FAILED(hr))
        return hr;
    hr = caller.restricted ? E_ACCESSDENIED
                           : engine_create_job(com_engine(), name, type, &caller, &job);
    if (SUCCEEDED(hr)) {
        hr = job_object_create(job, caller.administrator, out);
        *id = job_lock(job)->id;
        job_unlock(job);
        if (FAILED(hr))
            job_cancel(job); /* nobody would know of it */
        job_release(job);
    }
    os_identity_release(&caller);
    return hr;
}

static HRESULT STDMETHODCALLTYPE manager_GetJob(IBackgroundCopyManager *iface, REFGUID id,
                                                IBackgroundCopyJob **out)
{
    struct os_identity caller;
    struct job *job;
    HRESULT hr;

    if (out)
        *out = NULL;
    if (!id || !out)
        return E_INVALIDARG;
    hr = engine_find_job(com_engine(), id, &job);
    if (FAILED(hr))
        return hr;
    hr = os_client_identity(&caller);
    if (SUCCEEDED(hr)) {
        hr = com_admit(job, &caller);
        if (SUCCEEDED(hr))
            hr = job_object_create(job, caller.administrator, out);
        os_identity_release(&caller);
    }
    job_release(job);
    return hr;
}

static HRESULT STDMETHODCALLTYPE manager_EnumJobs(IBackgroundCopyManager *iface, DWORD flags,
                                                  IEnumBackgroundCopyJobs **out)
{
    struct os_identity caller;
    HRESULT hr;

    if (!out)
        return E_INVALIDARG;
    *out = NULL;
    if (flags & ~(DWORD)BG_JOB_ENUM_ALL_USERS)
        return E_NOTIMPL;
    hr = os_client_identity(&caller);
    if (FAILED(hr))
        return hr;
    if (flags && !caller.administrator)
        hr = E_ACCESSDENIED;
    else
        hr = enum_jobs_create(com_engine(), &caller, flags != 0, out);
    os_identity_release(&caller);
    return hr;
}

static HRESULT STDMETHODCALLTYPE manager_GetErrorDescription(IBackgroundCopyManager *iface,
                                                             HRESULT code, DWORD language,
                                                             LPWSTR *out)
{
    if (!out)
        return E_INVALIDARG;
    return com_error_text(code, language, out);
}

static const IBackgroundCopyManagerVtbl manager_vtbl = {
    .QueryInterface = manager_QueryInterface,
    .AddRef = manager_AddRef,
    .Release = manager_Release,
    .CreateJob = manager_CreateJob,
    .GetJob = manager_GetJob,
    .EnumJobs = manager_EnumJobs,
    .GetErrorDescription = manager_GetErrorDescription,
};

HRESULT manager_create(IBackgroundCopyManager **out)
{
    struct manager_object *object = calloc(1, sizeof(*object));

    *out = NULL;
    if (!object)
        return E_OUTOFMEMORY;
    object->manager_iface.lpVtbl = &manager_vtbl;
    object->peer_cache_iface.lpVtbl = &peer_cache_vtbl;
    object->refs = 1;
    com_module_addref();
    *out = &object->manager_iface;
    return S_OK;
}
