/*
 * qmgrprxy.dll: the proxies and stubs of all BITS interfaces, for clients and for the service.
 *
 * COM loads it wherever one of the interfaces crosses a process or an apartment; regsvr32 calls the
 * registration entry points. All the work is rpcrt4's, on the tables of tables.c.
 */
#include "qmgrprxy.h"

/* The class of the factory, under which the interfaces are registered: as with a proxy DLL of
 * default make, the IID of one of its interfaces, here that of IBackgroundCopyManager. */
static const CLSID factory_clsid = {
    0x5ce34c0d, 0x0dc9, 0x4c1f, {0x89, 0x7c, 0xda, 0xa1, 0xb7, 0x8c, 0xee, 0x7c}};

static CStdPSFactoryBuffer factory;
static HINSTANCE module;

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved);
HRESULT WINAPI DllRegisterServer(void);
HRESULT WINAPI DllUnregisterServer(void);
void RPC_ENTRY GetProxyDllInfo(const ProxyFileInfo ***files, const CLSID **clsid);

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved)
{
    if (reason == DLL_PROCESS_ATTACH) {
        module = instance;
        DisableThreadLibraryCalls(instance);
        qmgrprxy_tables_init();
    }
    return TRUE;
}

/* Hands out the proxy factory. COM asks when an apartment first needs one of our proxies or stubs.
 * Errors: CLASS_E_CLASSNOTAVAILABLE, E_NOINTERFACE. */
HRESULT WINAPI DllGetClassObject(REFCLSID clsid, REFIID iid, void **object)
{
    HRESULT hr = NdrDllGetClassObject(clsid, iid, object, qmgrprxy_files, &factory_clsid, &factory);

    if (SUCCEEDED(hr))
        qmgrprxy_keep_factory(&factory_clsid, (IUnknown *)&factory);
    return hr;
}

HRESULT WINAPI DllCanUnloadNow(void)
{
    return NdrDllCanUnloadNow(&factory);
}

/* Writes Interface\{iid} for every interface and CLSID\{factory}, in the view of the registry that
 * belongs to this DLL's bitness. */
HRESULT WINAPI DllRegisterServer(void)
{
    return NdrDllRegisterProxy(module, qmgrprxy_files, &factory_clsid);
}

/* Takes away what DllRegisterServer wrote. */
HRESULT WINAPI DllUnregisterServer(void)
{
    return NdrDllUnregisterProxy(module, qmgrprxy_files, &factory_clsid);
}

/* The tables, for rpcrt4's own use and for tests; nothing is handed over. */
void RPC_ENTRY GetProxyDllInfo(const ProxyFileInfo ***files, const CLSID **clsid)
{
    *files = qmgrprxy_files;
    *clsid = &factory_clsid;
}

/* The last Release of a stub, called through the tables: the factory counts its stubs. */
ULONG WINAPI CStdStubBuffer_Release(IRpcStubBuffer *This)
{
    return NdrCStdStubBuffer_Release(This, (IPSFactoryBuffer *)&factory);
}

/* The same for the stubs that leave IDispatch's methods to another stub. */
ULONG WINAPI CStdStubBuffer2_Release(IRpcStubBuffer *This)
{
    return NdrCStdStubBuffer2_Release(This, (IPSFactoryBuffer *)&factory);
}
