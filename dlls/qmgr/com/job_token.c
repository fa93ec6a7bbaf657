/*
 * IBitsTokenOptions of the job object: the helper token, taken from the caller's impersonation,
 * held by the job in memory only (helper-tokens-for-bits-transfer-jobs).
 */
#include "com.h"

static struct job_object *impl_from_token(IBitsTokenOptions *iface)
{
    return CONTAINING_RECORD(iface, struct job_object, token_iface);
}

static HRESULT STDMETHODCALLTYPE token_QueryInterface(IBitsTokenOptions *iface, REFIID iid,
                                                      void **out)
{
    return IBackgroundCopyJob5_QueryInterface(&impl_from_token(iface)->job_iface, iid, out);
}

static ULONG STDMETHODCALLTYPE token_AddRef(IBitsTokenOptions *iface)
{
    return IBackgroundCopyJob5_AddRef(&impl_from_token(iface)->job_iface);
}

static ULONG STDMETHODCALLTYPE token_Release(IBitsTokenOptions *iface)
{
    return IBackgroundCopyJob5_Release(&impl_from_token(iface)->job_iface);
}

static HRESULT STDMETHODCALLTYPE token_SetHelperTokenFlags(IBitsTokenOptions *iface, DWORD flags)
{
    struct job *job = impl_from_token(iface)->job;
    struct job_change change;
    struct os_identity caller;
    HRESULT hr;

    if (flags & ~(DWORD)(BG_TOKEN_LOCAL_FILE | BG_TOKEN_NETWORK))
        return E_NOTIMPL; /* as the other flag setters of BITS */
    hr = os_client_identity(&caller);
    if (FAILED(hr))
        return hr;
    hr = com_check_helper(job, &caller);
    os_identity_release(&caller);
    if (SUCCEEDED(hr))
        hr = job_change_begin(job, &change);
    if (FAILED(hr))
        return hr;
    change.next.helper_token_flags = flags;
    return job_change_end(&change, S_OK);
}

static HRESULT STDMETHODCALLTYPE token_GetHelperTokenFlags(IBitsTokenOptions *iface, DWORD *flags)
{
    struct job *job = impl_from_token(iface)->job;

    if (!flags)
        return E_INVALIDARG;
    *flags = job_lock(job)->helper_token_flags;
    job_unlock(job);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE token_SetHelperToken(IBitsTokenOptions *iface)
{
    struct job *job = impl_from_token(iface)->job;
    struct os_identity caller;
    HRESULT hr = os_client_identity(&caller);

    if (FAILED(hr))
        return hr;
    hr = caller.token ? com_check_helper(job, &caller) : CO_E_FAILEDTOIMPERSONATE;
    if (SUCCEEDED(hr))
        hr = job_set_helper_token(job, caller.token, caller.sid);
    if (hr == HRESULT_FROM_WIN32(ERROR_BAD_IMPERSONATION_LEVEL))
        hr = CO_E_FAILEDTOIMPERSONATE; /* the client lets itself be identified only */
    os_identity_release(&caller);
    return hr;
}

static HRESULT STDMETHODCALLTYPE token_ClearHelperToken(IBitsTokenOptions *iface)
{
    return job_set_helper_token(impl_from_token(iface)->job, NULL, NULL);
}

static HRESULT STDMETHODCALLTYPE token_GetHelperTokenSid(IBitsTokenOptions *iface, LPWSTR *sid)
{
    struct job *job = impl_from_token(iface)->job;
    HRESULT hr;

    if (!sid)
        return E_INVALIDARG;
    hr = com_string_or_null(job_lock(job)->helper_token_sid, sid);
    job_unlock(job);
    return hr;
}

const IBitsTokenOptionsVtbl job_token_vtbl = {
    .QueryInterface = token_QueryInterface,
    .AddRef = token_AddRef,
    .Release = token_Release,
    .SetHelperTokenFlags = token_SetHelperTokenFlags,
    .GetHelperTokenFlags = token_GetHelperTokenFlags,
    .SetHelperToken = token_SetHelperToken,
    .ClearHelperToken = token_ClearHelperToken,
    .GetHelperTokenSid = token_GetHelperTokenSid,
};
