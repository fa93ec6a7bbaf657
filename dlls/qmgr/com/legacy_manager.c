/*
 * The legacy queue manager, class BackgroundCopyQMgr: makes, finds and lists groups.
 */
#include "legacy.h"

#include <stdlib.h>

struct legacy_manager {
    IBackgroundCopyQMgr manager_iface;
    LONG refs;
};

static struct legacy_manager *impl_from_manager(IBackgroundCopyQMgr *iface)
{
    return CONTAINING_RECORD(iface, struct legacy_manager, manager_iface);
}

static HRESULT STDMETHODCALLTYPE manager_QueryInterface(IBackgroundCopyQMgr *iface, REFIID iid,
                                                        void **out)
{
    if (!out)
        return E_INVALIDARG;
    *out = NULL;
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IBackgroundCopyQMgr))
        return E_NOINTERFACE;
    IBackgroundCopyQMgr_AddRef(iface);
    *out = iface;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE manager_AddRef(IBackgroundCopyQMgr *iface)
{
    return InterlockedIncrement(&impl_from_manager(iface)->refs);
}

static ULONG STDMETHODCALLTYPE manager_Release(IBackgroundCopyQMgr *iface)
{
    struct legacy_manager *object = impl_from_manager(iface);
    ULONG refs = InterlockedDecrement(&object->refs);

    if (!refs) {
        free(object);
        com_module_release();
    }
    return refs;
}

static HRESULT STDMETHODCALLTYPE manager_CreateGroup(IBackgroundCopyQMgr *iface, GUID id,
                                                     IBackgroundCopyGroup **out)
{
    struct os_identity caller;
    struct job *job;
    HRESULT hr;

    if (!out)
        return E_INVALIDARG;
    *out = NULL;
    if (IsEqualGUID(&id, &GUID_NULL))
        return E_INVALIDARG;
    hr = os_client_identity(&caller);
    if (FAILED(hr))
        return hr;
    hr = caller.restricted ? E_ACCESSDENIED : engine_create_group(com_engine(), &id, &caller, &job);
    if (SUCCEEDED(hr)) {
        hr = legacy_group_create(job, caller.administrator, out);
        if (FAILED(hr))
            job_cancel(job); /* nobody would know of it */
        job_release(job);
    }
    os_identity_release(&caller);
    return hr;
}

/* The quirk of nf-qmgr-ibackgroundcopyqmgr-getgroup: an administrator who asks for a group of
 * somebody else becomes its owner. */
static HRESULT admit(struct job *job, const struct os_identity *caller)
{
    HRESULT hr = com_admit(job, caller);
    BOOL mine = !lstrcmpiW(job_lock(job)->owner_sid, caller->sid);

    job_unlock(job);
    if (FAILED(hr) || mine)
        return hr;
    hr = com_check_new_owner(job, caller);
    return FAILED(hr) ? hr : job_take_ownership(job, caller);
}

static HRESULT STDMETHODCALLTYPE manager_GetGroup(IBackgroundCopyQMgr *iface, GUID id,
                                                  IBackgroundCopyGroup **out)
{
    struct os_identity caller;
    struct job *job;
    HRESULT hr;

    if (!out)
        return E_INVALIDARG;
    *out = NULL;
    if (FAILED(engine_find_group(com_engine(), &id, &job)))
        return QM_E_ITEM_NOT_FOUND;
    hr = os_client_identity(&caller);
    if (SUCCEEDED(hr)) {
        hr = legacy_result(admit(job, &caller));
        if (SUCCEEDED(hr))
            hr = legacy_group_create(job, caller.administrator, out);
        os_identity_release(&caller);
    }
    job_release(job);
    return hr;
}

static HRESULT STDMETHODCALLTYPE manager_EnumGroups(IBackgroundCopyQMgr *iface, DWORD flags,
                                                    IEnumBackgroundCopyGroups **out)
{
    struct os_identity caller;
    HRESULT hr;

    if (!out)
        return E_INVALIDARG;
    *out = NULL;
    if (flags)
        return E_NOTIMPL; /* nf-qmgr-ibackgroundcopyqmgr-enumgroups */
    hr = os_client_identity(&caller);
    if (FAILED(hr))
        return hr;
    hr = enum_groups_create(com_engine(), caller.administrator ? NULL : caller.sid, out);
    os_identity_release(&caller);
    return hr;
}

static const IBackgroundCopyQMgrVtbl manager_vtbl = {
    .QueryInterface = manager_QueryInterface,
    .AddRef = manager_AddRef,
    .Release = manager_Release,
    .CreateGroup = manager_CreateGroup,
    .GetGroup = manager_GetGroup,
    .EnumGroups = manager_EnumGroups,
};

HRESULT legacy_manager_create(IBackgroundCopyQMgr **out)
{
    struct legacy_manager *object = calloc(1, sizeof(*object));

    *out = NULL;
    if (!object)
        return E_OUTOFMEMORY;
    object->manager_iface.lpVtbl = &manager_vtbl;
    object->refs = 1;
    com_module_addref();
    *out = &object->manager_iface;
    return S_OK;
}
