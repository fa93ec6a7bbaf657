/*
 * IBitsPeerCacheAdministration of the manager: the settings of the peer cache, kept in the store,
 * with the policies above them.
 *
 * BITS takes and gives nothing through peers here, so the cache has no records and the network no
 * peers; that is what the enumerators say. The settings are preferences: saved whatever the policy
 * is, used while it is not set. Who changes anything must be an administrator
 * (nn-bits3_0-ibitspeercacheadministration).
 */
#include "com.h"

/* Values of the policies and settings, their defaults and limits
 * (nf-bits3_0-ibitspeercacheadministration-setmaximumcachesize, -setmaximumcontentage). */
#define DAY_SECONDS     86400u
#define CACHE_MINIMUM   1u /* per cent of the disk */
#define CACHE_DEFAULT   1u
#define CACHE_MAXIMUM   80u
#define AGE_MINIMUM     DAY_SECONDS
#define AGE_DEFAULT     (90 * DAY_SECONDS)
#define AGE_MAXIMUM     (120 * DAY_SECONDS)
#define POLICY_UNSET    0xffffffffu
#define SETTING_SIZE    "peer_cache.size"
#define SETTING_AGE     "peer_cache.age"
#define SETTING_FLAGS   "peer_cache.flags"
#define PEER_CACHE_BOTH (BG_ENABLE_PEERCACHING_CLIENT | BG_ENABLE_PEERCACHING_SERVER)

static struct manager_object *impl_from_administration(IBitsPeerCacheAdministration *iface)
{
    return CONTAINING_RECORD(iface, struct manager_object, peer_cache_iface);
}

static HRESULT STDMETHODCALLTYPE peer_cache_QueryInterface(IBitsPeerCacheAdministration *iface,
                                                           REFIID iid, void **out)
{
    return IBackgroundCopyManager_QueryInterface(&impl_from_administration(iface)->manager_iface,
                                                 iid, out);
}

static ULONG STDMETHODCALLTYPE peer_cache_AddRef(IBitsPeerCacheAdministration *iface)
{
    return IBackgroundCopyManager_AddRef(&impl_from_administration(iface)->manager_iface);
}

static ULONG STDMETHODCALLTYPE peer_cache_Release(IBitsPeerCacheAdministration *iface)
{
    return IBackgroundCopyManager_Release(&impl_from_administration(iface)->manager_iface);
}

static HRESULT check_administrator(void)
{
    struct os_identity caller;
    HRESULT hr = os_client_identity(&caller);

    if (FAILED(hr))
        return hr;
    hr = caller.administrator ? S_OK : E_ACCESSDENIED;
    os_identity_release(&caller);
    return hr;
}

/* Saves a preference; overridden: what to say when the policy has the last word. */
static HRESULT save(const char *name, DWORD value, BOOL by_policy, HRESULT overridden)
{
    HRESULT hr = engine_set_setting(com_engine(), name, value);

    if (FAILED(hr))
        return hr;
    return by_policy ? overridden : S_OK;
}

static DWORD within(DWORD value, DWORD low, DWORD high)
{
    return value < low ? low : value > high ? high : value;
}

/* ---- size ---- */

static HRESULT STDMETHODCALLTYPE peer_cache_GetMaximumCacheSize(IBitsPeerCacheAdministration *iface,
                                                                DWORD *percent)
{
    DWORD policy = os_policy_dword(L"MaxCacheSize", POLICY_UNSET);

    if (!percent)
        return E_INVALIDARG;
    *percent = policy != POLICY_UNSET
                   ? within(policy, CACHE_MINIMUM, CACHE_MAXIMUM)
                   : (DWORD)engine_setting(com_engine(), SETTING_SIZE, CACHE_DEFAULT);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE peer_cache_SetMaximumCacheSize(IBitsPeerCacheAdministration *iface,
                                                                DWORD percent)
{
    HRESULT hr = check_administrator();

    if (FAILED(hr))
        return hr;
    if (percent < CACHE_MINIMUM || percent > CACHE_MAXIMUM)
        return E_INVALIDARG;
    return save(SETTING_SIZE, percent,
                os_policy_dword(L"MaxCacheSize", POLICY_UNSET) != POLICY_UNSET, S_FALSE);
}

/* ---- age ---- */

static HRESULT STDMETHODCALLTYPE
peer_cache_GetMaximumContentAge(IBitsPeerCacheAdministration *iface, ULONG *seconds)
{
    DWORD days = os_policy_dword(L"MaxContentAge", POLICY_UNSET);

    if (!seconds)
        return E_INVALIDARG;
    *seconds =
        days != POLICY_UNSET
            ? within(days, AGE_MINIMUM / DAY_SECONDS, AGE_MAXIMUM / DAY_SECONDS) * DAY_SECONDS
            : (ULONG)engine_setting(com_engine(), SETTING_AGE, AGE_DEFAULT);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE
peer_cache_SetMaximumContentAge(IBitsPeerCacheAdministration *iface, ULONG seconds)
{
    HRESULT hr = check_administrator();

    if (FAILED(hr))
        return hr;
    if (seconds < AGE_MINIMUM || seconds > AGE_MAXIMUM)
        return E_INVALIDARG;
    return save(SETTING_AGE, seconds,
                os_policy_dword(L"MaxContentAge", POLICY_UNSET) != POLICY_UNSET, S_FALSE);
}

/* ---- flags ---- */

/* POLICY_UNSET, or the flags that EnablePeerCaching and the two that take from it make. */
static DWORD policy_flags(void)
{
    DWORD enabled = os_policy_dword(L"EnablePeerCaching", POLICY_UNSET);
    DWORD flags = PEER_CACHE_BOTH;

    if (enabled == POLICY_UNSET || !enabled)
        return enabled;
    if (os_policy_dword(L"DisablePeerCachingClient", 0))
        flags &= ~(DWORD)BG_ENABLE_PEERCACHING_CLIENT;
    if (os_policy_dword(L"DisablePeerCachingServer", 0))
        flags &= ~(DWORD)BG_ENABLE_PEERCACHING_SERVER;
    return flags;
}

static HRESULT STDMETHODCALLTYPE
peer_cache_GetConfigurationFlags(IBitsPeerCacheAdministration *iface, DWORD *flags)
{
    DWORD policy = policy_flags();

    if (!flags)
        return E_INVALIDARG;
    *flags =
        policy != POLICY_UNSET ? policy : (DWORD)engine_setting(com_engine(), SETTING_FLAGS, 0);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE
peer_cache_SetConfigurationFlags(IBitsPeerCacheAdministration *iface, DWORD flags)
{
    DWORD policy = policy_flags();
    HRESULT hr = check_administrator();

    if (FAILED(hr))
        return hr;
    if (flags & ~(DWORD)PEER_CACHE_BOTH)
        return E_NOTIMPL; /* as the other flag setters of BITS */
    return save(SETTING_FLAGS, flags, policy != POLICY_UNSET && policy != flags,
                BG_S_OVERRIDDEN_BY_POLICY);
}

/* ---- records and peers: there are none ---- */

static HRESULT STDMETHODCALLTYPE peer_cache_EnumRecords(IBitsPeerCacheAdministration *iface,
                                                        IEnumBitsPeerCacheRecords **out)
{
    return out ? enum_records_create(out) : E_INVALIDARG;
}

static HRESULT STDMETHODCALLTYPE peer_cache_GetRecord(IBitsPeerCacheAdministration *iface,
                                                      REFGUID id, IBitsPeerCacheRecord **out)
{
    if (!out)
        return E_INVALIDARG;
    *out = NULL;
    return id ? BG_E_NOT_FOUND : E_INVALIDARG;
}

static HRESULT STDMETHODCALLTYPE peer_cache_ClearRecords(IBitsPeerCacheAdministration *iface)
{
    return check_administrator();
}

static HRESULT STDMETHODCALLTYPE peer_cache_DeleteRecord(IBitsPeerCacheAdministration *iface,
                                                         REFGUID id)
{
    HRESULT hr = check_administrator();

    if (FAILED(hr))
        return hr;
    return id ? BG_E_NOT_FOUND : E_INVALIDARG;
}

static HRESULT STDMETHODCALLTYPE peer_cache_DeleteUrl(IBitsPeerCacheAdministration *iface,
                                                      LPCWSTR url)
{
    HRESULT hr = check_administrator();

    if (FAILED(hr))
        return hr;
    return url ? S_FALSE : E_INVALIDARG;
}

static HRESULT STDMETHODCALLTYPE peer_cache_EnumPeers(IBitsPeerCacheAdministration *iface,
                                                      IEnumBitsPeers **out)
{
    return out ? enum_peers_create(out) : E_INVALIDARG;
}

static HRESULT STDMETHODCALLTYPE peer_cache_ClearPeers(IBitsPeerCacheAdministration *iface)
{
    return check_administrator();
}

static HRESULT STDMETHODCALLTYPE peer_cache_DiscoverPeers(IBitsPeerCacheAdministration *iface)
{
    return check_administrator();
}

const IBitsPeerCacheAdministrationVtbl peer_cache_vtbl = {
    .QueryInterface = peer_cache_QueryInterface,
    .AddRef = peer_cache_AddRef,
    .Release = peer_cache_Release,
    .GetMaximumCacheSize = peer_cache_GetMaximumCacheSize,
    .SetMaximumCacheSize = peer_cache_SetMaximumCacheSize,
    .GetMaximumContentAge = peer_cache_GetMaximumContentAge,
    .SetMaximumContentAge = peer_cache_SetMaximumContentAge,
    .GetConfigurationFlags = peer_cache_GetConfigurationFlags,
    .SetConfigurationFlags = peer_cache_SetConfigurationFlags,
    .EnumRecords = peer_cache_EnumRecords,
    .GetRecord = peer_cache_GetRecord,
    .ClearRecords = peer_cache_ClearRecords,
    .DeleteRecord = peer_cache_DeleteRecord,
    .DeleteUrl = peer_cache_DeleteUrl,
    .EnumPeers = peer_cache_EnumPeers,
    .ClearPeers = peer_cache_ClearPeers,
    .DiscoverPeers = peer_cache_DiscoverPeers,
};
