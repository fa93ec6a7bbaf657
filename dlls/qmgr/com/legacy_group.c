/*
 * IBackgroundCopyGroup: a download job of the queue under its legacy name. Properties are those of
 * the job where it has them (ne-qmgr-groupprop).
 *
 * The pages call QueryNewJobInterface and SetNotificationPointer internal and say no more; here
 * they do what they are called: give the job's newer interfaces, and set the callback that the
 * class of GROUPPROP_NOTIFYCLSID would otherwise make.
 */
#include "legacy.h"

#include <oleauto.h>
#include <stdlib.h>

#define GROUP_PRIORITY 1 /* ne-qmgr-groupprop: the only one */

struct legacy_group {
    IBackgroundCopyGroup group_iface;
    LONG refs;
    struct job *job;
    BOOL privileged;
};

static struct legacy_group *impl_from_group(IBackgroundCopyGroup *iface)
{
    return CONTAINING_RECORD(iface, struct legacy_group, group_iface);
}

static HRESULT STDMETHODCALLTYPE group_QueryInterface(IBackgroundCopyGroup *iface, REFIID iid,
                                                      void **out)
{
    if (!out)
        return E_INVALIDARG;
    *out = NULL;
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IBackgroundCopyGroup))
        return E_NOINTERFACE;
    IBackgroundCopyGroup_AddRef(iface);
    *out = iface;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE group_AddRef(IBackgroundCopyGroup *iface)
{
    return InterlockedIncrement(&impl_from_group(iface)->refs);
}

static ULONG STDMETHODCALLTYPE group_Release(IBackgroundCopyGroup *iface)
{
    struct legacy_group *object = impl_from_group(iface);
    ULONG refs = InterlockedDecrement(&object->refs);

    if (!refs) {
        job_release(object->job);
        free(object);
        com_module_release();
    }
    return refs;
}

/* ---- properties ---- */

static HRESULT read_integer(const VARIANT *variant, DWORD *out)
{
    switch (V_VT(variant)) {
    case VT_I2:
    case VT_UI2:
        *out = V_UI2(variant);
        return S_OK;
    case VT_I4:
    case VT_UI4:
    case VT_INT:
    case VT_UINT:
        *out = V_UI4(variant);
        return S_OK;
    default:
        return E_INVALIDARG;
    }
}

/* *out belongs to the variant. */
static HRESULT read_string(const VARIANT *variant, size_t limit, const WCHAR **out)
{
    if (V_VT(variant) != VT_BSTR)
        return E_INVALIDARG;
    *out = V_BSTR(variant) ? V_BSTR(variant) : L"";
    return com_length(*out, limit) > limit ? E_INVALIDARG : S_OK;
}

static ULONG flags_from_legacy(DWORD legacy)
{
    return BG_NOTIFY_JOB_ERROR | (legacy & QM_NOTIFY_GROUP_DONE ? BG_NOTIFY_JOB_TRANSFERRED : 0) |
           (legacy & QM_NOTIFY_DISABLE_NOTIFY ? BG_NOTIFY_DISABLE : 0);
}

static DWORD flags_to_legacy(ULONG flags)
{
    return (flags & BG_NOTIFY_JOB_TRANSFERRED ? QM_NOTIFY_GROUP_DONE : 0) |
           (flags & BG_NOTIFY_DISABLE ? QM_NOTIFY_DISABLE_NOTIFY : 0);
}

static HRESULT give_integer(DWORD value, VARIANT *out)
{
    V_VT(out) = VT_I4;
    V_I4(out) = (LONG)value;
    return S_OK;
}

static HRESULT give_string(const WCHAR *value, VARIANT *out)
{
    BSTR string = SysAllocString(value ? value : L"");

    if (!string)
        return E_OUTOFMEMORY;
    V_VT(out) = VT_BSTR;
    V_BSTR(out) = string;
    return S_OK;
}

static HRESULT give_clsid(const GUID *clsid, VARIANT *out)
{
    WCHAR text[40] = L"";

    if (!IsEqualGUID(clsid, &GUID_NULL))
        StringFromGUID2(clsid, text, ARRAYSIZE(text));
    return give_string(text, out);
}

static HRESULT STDMETHODCALLTYPE group_GetProp(IBackgroundCopyGroup *iface, GROUPPROP id,
                                               VARIANT *out)
{
    struct job *job = impl_from_group(iface)->job;
    const struct model_job *data;
    HRESULT hr;

    if (!out)
        return E_INVALIDARG;
    VariantInit(out);
    data = job_lock(job);
    switch (id) {
    case GROUPPROP_PRIORITY:
        hr = give_integer(GROUP_PRIORITY, out);
        break;
    case GROUPPROP_PROTOCOLFLAGS:
        hr = give_integer(QM_PROTOCOL_HTTP, out);
        break;
    case GROUPPROP_NOTIFYFLAGS:
        hr = give_integer(flags_to_legacy(data->notify_flags), out);
        break;
    case GROUPPROP_NOTIFYCLSID:
        hr = give_clsid(&data->notify_clsid, out);
        break;
    case GROUPPROP_DISPLAYNAME:
        hr = give_string(data->display_name, out);
        break;
    case GROUPPROP_DESCRIPTION:
        hr = give_string(data->description, out);
        break;
    default:
        hr = E_NOTIMPL;
        break;
    }
    job_unlock(job);
    return hr;
}

/* What a property must be; for those that change the job, its change. */
static HRESULT put_property(struct model_job *next, GROUPPROP id, const VARIANT *value)
{
    const WCHAR *text;
    DWORD number;
    HRESULT hr;

    switch (id) {
    case GROUPPROP_PRIORITY:
        hr = read_integer(value, &number);
        return SUCCEEDED(hr) && number != GROUP_PRIORITY ? E_NOTIMPL : hr;
    case GROUPPROP_PROTOCOLFLAGS:
        hr = read_integer(value, &number);
        return SUCCEEDED(hr) && number != QM_PROTOCOL_HTTP ? E_NOTIMPL : hr;
    case GROUPPROP_NOTIFYFLAGS:
        hr = read_integer(value, &number);
        if (SUCCEEDED(hr) && (number & ~(DWORD)(QM_NOTIFY_GROUP_DONE | QM_NOTIFY_DISABLE_NOTIFY)))
            hr = E_NOTIMPL;
        if (SUCCEEDED(hr))
            next->notify_flags = flags_from_legacy(number);
        return hr;
    case GROUPPROP_NOTIFYCLSID:
        hr = read_string(value, 38, &text); /* a GUID in braces, or nothing */
        if (SUCCEEDED(hr) && *text)
            hr = IIDFromString(text, &next->notify_clsid);
        else if (SUCCEEDED(hr))
            next->notify_clsid = GUID_NULL;
        return SUCCEEDED(hr) ? S_OK : E_INVALIDARG;
    case GROUPPROP_DISPLAYNAME:
        hr = read_string(value, COM_MAX_DISPLAY_NAME, &text);
        return SUCCEEDED(hr) ? model_set_string(&next->display_name, text) : hr;
    case GROUPPROP_DESCRIPTION:
        hr = read_string(value, COM_MAX_DESCRIPTION, &text);
        return SUCCEEDED(hr) ? model_set_string(&next->description, text) : hr;
    default:
        return E_NOTIMPL; /* nf-qmgr-ibackgroundcopygroup-setprop */
    }
}

static HRESULT STDMETHODCALLTYPE group_SetProp(IBackgroundCopyGroup *iface, GROUPPROP id,
                                               VARIANT *value)
{
    struct job *job = impl_from_group(iface)->job;
    struct job_change change;
    HRESULT hr;

    if (!value)
        return E_INVALIDARG;
    hr = job_change_begin(job, &change);
    if (FAILED(hr))
        return legacy_result(hr);
    hr = job_change_end(&change, put_property(&change.next, id, value));
    /* The object of the class before is of no use any more. */
    if (SUCCEEDED(hr) && id == GROUPPROP_NOTIFYCLSID)
        hr = job_set_notify_interface(job, NULL);
    return legacy_result(hr);
}

/* ---- state ---- */

static HRESULT STDMETHODCALLTYPE group_GetProgress(IBackgroundCopyGroup *iface, DWORD flags,
                                                   DWORD *progress)
{
    return legacy_progress(impl_from_group(iface)->job, flags, progress);
}

static HRESULT STDMETHODCALLTYPE group_GetStatus(IBackgroundCopyGroup *iface, DWORD *status,
                                                 DWORD *job_index)
{
    struct legacy_status now;

    if (!status || !job_index)
        return E_INVALIDARG;
    legacy_status(impl_from_group(iface)->job, &now);
    *job_index = 0; /* there is only one */
    *status = now.foreground ? QM_STATUS_GROUP_FOREGROUND : 0;
    if (now.state == BG_JOB_STATE_ERROR)
        *status |= QM_STATUS_GROUP_ERROR;
    else if (now.state == BG_JOB_STATE_TRANSFERRED || now.state == BG_JOB_STATE_ACKNOWLEDGED)
        *status |= QM_STATUS_GROUP_COMPLETE;
    else
        *status |= QM_STATUS_GROUP_INCOMPLETE;
    if (now.state == BG_JOB_STATE_SUSPENDED)
        *status |= QM_STATUS_GROUP_SUSPENDED;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE group_SuspendGroup(IBackgroundCopyGroup *iface)
{
    return legacy_result(job_suspend(impl_from_group(iface)->job));
}

/* The id of the group's job; FALSE when there is none yet. */
static BOOL get_job_id(struct legacy_group *group, GUID *id)
{
    *id = job_lock(group->job)->group_job;
    job_unlock(group->job);
    return !IsEqualGUID(id, &GUID_NULL);
}

static HRESULT STDMETHODCALLTYPE group_ResumeGroup(IBackgroundCopyGroup *iface)
{
    struct legacy_group *group = impl_from_group(iface);
    GUID id;

    if (!get_job_id(group, &id))
        return QM_E_INVALID_STATE;
    return legacy_result(job_resume(group->job));
}

/* nf-qmgr-ibackgroundcopygroup-cancelgroup: the files that are there stay, as with Complete. */
static HRESULT STDMETHODCALLTYPE group_CancelGroup(IBackgroundCopyGroup *iface)
{
    HRESULT hr = job_complete(impl_from_group(iface)->job);

    return FAILED(hr) ? legacy_result(hr) : S_OK;
}

static HRESULT STDMETHODCALLTYPE group_get_Size(IBackgroundCopyGroup *iface, DWORD *size)
{
    BG_JOB_PROGRESS progress;

    if (!size)
        return E_INVALIDARG;
    job_progress(impl_from_group(iface)->job, &progress);
    *size = progress.BytesTotal == BG_SIZE_UNKNOWN ? 0 : (DWORD)min(progress.BytesTotal, MAXDWORD);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE group_get_GroupID(IBackgroundCopyGroup *iface, GUID *id)
{
    struct job *job = impl_from_group(iface)->job;

    if (!id)
        return E_INVALIDARG;
    *id = job_lock(job)->group;
    job_unlock(job);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE group_SwitchToForeground(IBackgroundCopyGroup *iface)
{
    struct job_change change;
    HRESULT hr = job_change_begin(impl_from_group(iface)->job, &change);

    if (FAILED(hr))
        return legacy_result(hr);
    change.next.priority = BG_JOB_PRIORITY_FOREGROUND;
    return job_change_end(&change, S_OK);
}

/* ---- the job ---- */

static HRESULT STDMETHODCALLTYPE group_CreateJob(IBackgroundCopyGroup *iface, GUID id,
                                                 IBackgroundCopyJob1 **out)
{
    struct legacy_group *group = impl_from_group(iface);
    struct job_change change;
    HRESULT hr;

    if (!out)
        return E_INVALIDARG;
    *out = NULL;
    if (IsEqualGUID(&id, &GUID_NULL))
        return E_INVALIDARG;
    hr = job_change_begin(group->job, &change);
    if (FAILED(hr))
        return legacy_result(hr);
    if (change.next.state != BG_JOB_STATE_SUSPENDED)
        hr = QM_E_INVALID_STATE;
    else if (!IsEqualGUID(&change.next.group_job, &GUID_NULL))
        hr = E_NOTIMPL; /* nf-qmgr-ibackgroundcopygroup-createjob: one job to a group */
    change.next.group_job = id;
    hr = job_change_end(&change, hr);
    return FAILED(hr) ? hr : legacy_job_create(group->job, group->privileged, out);
}

static HRESULT STDMETHODCALLTYPE group_GetJob(IBackgroundCopyGroup *iface, GUID id,
                                              IBackgroundCopyJob1 **out)
{
    struct legacy_group *group = impl_from_group(iface);
    GUID own;

    if (!out)
        return E_INVALIDARG;
    *out = NULL;
    if (!get_job_id(group, &own) || !IsEqualGUID(&own, &id))
        return QM_E_ITEM_NOT_FOUND;
    return legacy_job_create(group->job, group->privileged, out);
}

static HRESULT STDMETHODCALLTYPE group_EnumJobs(IBackgroundCopyGroup *iface, DWORD flags,
                                                IEnumBackgroundCopyJobs1 **out)
{
    GUID id;

    if (!out)
        return E_INVALIDARG;
    *out = NULL;
    if (flags)
        return E_NOTIMPL; /* nf-qmgr-ibackgroundcopygroup-enumjobs */
    return enum_jobs1_create(get_job_id(impl_from_group(iface), &id) ? &id : NULL, out);
}

static HRESULT STDMETHODCALLTYPE group_QueryNewJobInterface(IBackgroundCopyGroup *iface, REFIID iid,
                                                            IUnknown **out)
{
    struct legacy_group *group = impl_from_group(iface);
    IBackgroundCopyJob *job;
    HRESULT hr;

    if (!out)
        return E_INVALIDARG;
    *out = NULL;
    hr = job_object_create(group->job, group->privileged, &job);
    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJob_QueryInterface(job, iid, (void **)out);
    IBackgroundCopyJob_Release(job);
    return hr;
}

static HRESULT STDMETHODCALLTYPE group_SetNotificationPointer(IBackgroundCopyGroup *iface,
                                                              REFIID iid, IUnknown *target)
{
    IUnknown *callback = NULL;
    HRESULT hr = S_OK;

    if (!IsEqualIID(iid, &IID_IBackgroundCopyCallback1))
        return E_NOINTERFACE;
    if (target)
        hr = IUnknown_QueryInterface(target, iid, (void **)&callback);
    if (SUCCEEDED(hr))
        hr = legacy_result(job_set_notify_interface(impl_from_group(iface)->job, target));
    if (callback)
        IUnknown_Release(callback);
    return hr;
}

static const IBackgroundCopyGroupVtbl group_vtbl = {
    .QueryInterface = group_QueryInterface,
    .AddRef = group_AddRef,
    .Release = group_Release,
    .GetProp = group_GetProp,
    .SetProp = group_SetProp,
    .GetProgress = group_GetProgress,
    .GetStatus = group_GetStatus,
    .GetJob = group_GetJob,
    .SuspendGroup = group_SuspendGroup,
    .ResumeGroup = group_ResumeGroup,
    .CancelGroup = group_CancelGroup,
    .get_Size = group_get_Size,
    .get_GroupID = group_get_GroupID,
    .CreateJob = group_CreateJob,
    .EnumJobs = group_EnumJobs,
    .SwitchToForeground = group_SwitchToForeground,
    .QueryNewJobInterface = group_QueryNewJobInterface,
    .SetNotificationPointer = group_SetNotificationPointer,
};

HRESULT legacy_group_create(struct job *job, BOOL privileged, IBackgroundCopyGroup **out)
{
    struct legacy_group *object = calloc(1, sizeof(*object));

    *out = NULL;
    if (!object)
        return E_OUTOFMEMORY;
    object->group_iface.lpVtbl = &group_vtbl;
    object->refs = 1;
    object->job = job;
    object->privileged = privileged;
    job_addref(job);
    com_module_addref();
    *out = &object->group_iface;
    return S_OK;
}
