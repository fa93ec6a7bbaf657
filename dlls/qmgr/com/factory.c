/*
 * Class factories: every version's BackgroundCopyManager class makes the same manager; the legacy
 * class makes the legacy one.
 */
#include "legacy.h"

static const CLSID *const classes[COM_CLASS_COUNT] = {
    &CLSID_BackgroundCopyManager,     &CLSID_BackgroundCopyManager1_5,
    &CLSID_BackgroundCopyManager2_0,  &CLSID_BackgroundCopyManager2_5,
    &CLSID_BackgroundCopyManager3_0,  &CLSID_BackgroundCopyManager4_0,
    &CLSID_BackgroundCopyManager5_0,  &CLSID_BackgroundCopyManager10_1,
    &CLSID_BackgroundCopyManager10_2, &CLSID_BackgroundCopyManager10_3,
    &CLSID_BackgroundCopyQMgr,
};

static HRESULT STDMETHODCALLTYPE factory_QueryInterface(IClassFactory *iface, REFIID iid,
                                                        void **out)
{
    if (!out)
        return E_POINTER;
    *out = NULL;
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IClassFactory))
        return E_NOINTERFACE;
    *out = iface;
    return S_OK;
}

/* Factories are static: they live as long as the DLL. */
static ULONG STDMETHODCALLTYPE factory_AddRef(IClassFactory *iface)
{
    return 2;
}

static ULONG STDMETHODCALLTYPE factory_Release(IClassFactory *iface)
{
    return 1;
}

static IClassFactory manager_factory, legacy_factory;

static HRESULT STDMETHODCALLTYPE factory_CreateInstance(IClassFactory *iface, IUnknown *outer,
                                                        REFIID iid, void **out)
{
    IUnknown *manager;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    if (outer)
        return CLASS_E_NOAGGREGATION;
    if (!com_engine())
        return CO_E_SERVER_STOPPING;
    if (iface == &legacy_factory)
        hr = legacy_manager_create((IBackgroundCopyQMgr **)&manager);
    else
        hr = manager_create((IBackgroundCopyManager **)&manager);
    if (SUCCEEDED(hr)) {
        hr = IUnknown_QueryInterface(manager, iid, out);
        IUnknown_Release(manager);
    }
    return hr;
}

static HRESULT STDMETHODCALLTYPE factory_LockServer(IClassFactory *iface, BOOL lock)
{
    if (lock)
        com_module_addref();
    else
        com_module_release();
    return S_OK;
}

static const IClassFactoryVtbl factory_vtbl = {
    .QueryInterface = factory_QueryInterface,
    .AddRef = factory_AddRef,
    .Release = factory_Release,
    .CreateInstance = factory_CreateInstance,
    .LockServer = factory_LockServer,
};

static IClassFactory manager_factory = {&factory_vtbl}, legacy_factory = {&factory_vtbl};

static IClassFactory *factory_of(const CLSID *class)
{
    return IsEqualCLSID(class, &CLSID_BackgroundCopyQMgr) ? &legacy_factory : &manager_factory;
}

HRESULT factory_create(REFCLSID clsid, REFIID iid, void **out)
{
    if (!out)
        return E_POINTER;
    *out = NULL;
    for (ULONG i = 0; i < COM_CLASS_COUNT; i++) {
        if (IsEqualCLSID(clsid, classes[i]))
            return IClassFactory_QueryInterface(factory_of(clsid), iid, out);
    }
    return CLASS_E_CLASSNOTAVAILABLE;
}

static HRESULT register_factory(const CLSID *class, IClassFactory *factory, DWORD *cookie)
{
    return CoRegisterClassObject(class, (IUnknown *)factory, CLSCTX_LOCAL_SERVER,
                                 REGCLS_MULTIPLEUSE | REGCLS_SUSPENDED, cookie);
}

/* The alias stands for all classes of the manager, the GUID after it for the legacy one. */
static HRESULT register_aliases(DWORD *cookies, const GUID *alias)
{
    GUID legacy = *alias;
    HRESULT hr;

    legacy.Data1++;
    hr = register_factory(alias, &manager_factory, &cookies[0]);
    if (SUCCEEDED(hr))
        hr = register_factory(&legacy, &legacy_factory, &cookies[1]);
    if (SUCCEEDED(hr))
        hr = CoResumeClassObjects();
    for (ULONG i = 0; SUCCEEDED(hr) && i < COM_CLASS_COUNT; i++)
        register_alias(classes[i], factory_of(classes[i]) == &legacy_factory ? &legacy : alias);
    return hr;
}

HRESULT factory_register_all(DWORD *cookies, const GUID *alias)
{
    HRESULT hr = S_OK;

    for (ULONG i = 0; SUCCEEDED(hr) && i < COM_CLASS_COUNT; i++)
        hr = register_factory(classes[i], factory_of(classes[i]), &cookies[i]);
    if (SUCCEEDED(hr))
        hr = CoResumeClassObjects();
    if (SUCCEEDED(hr) && alias)
        hr = register_aliases(cookies + COM_CLASS_COUNT, alias);
    if (FAILED(hr))
        factory_revoke_all(cookies, COM_COOKIE_COUNT);
    return hr;
}

void factory_revoke_all(DWORD *cookies, ULONG count)
{
    for (ULONG i = 0; i < count; i++) {
        if (cookies[i])
            CoRevokeClassObject(cookies[i]);
        cookies[i] = 0;
    }
}

const CLSID *factory_class(ULONG index)
{
    return index < COM_CLASS_COUNT ? classes[index] : NULL;
}
