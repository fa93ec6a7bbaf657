/*
 * The DLL's entry points but ServiceMain, and the one engine of the process.
 */
#include "com.h"

#include <stdlib.h>

static HMODULE module_handle;
static LONG module_refs;
static struct engine *engine;
static DWORD cookies[COM_COOKIE_COUNT];

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved);
HRESULT WINAPI DllRegisterServer(void);
HRESULT WINAPI DllUnregisterServer(void);

struct engine *com_engine(void)
{
    return engine;
}

void com_module_addref(void)
{
    InterlockedIncrement(&module_refs);
}

void com_module_release(void)
{
    InterlockedDecrement(&module_refs);
}

HRESULT com_open(const struct engine_options *options)
{
    return engine_open(options, &engine);
}

void com_close(void)
{
    engine_close(engine);
    engine = NULL;
}

HRESULT com_start(BOOL service)
{
    struct engine_options options = {.client = &com_client, .service = service};
    GUID alias;
    HRESULT hr = CoInitializeSecurity(NULL, -1, NULL, NULL, RPC_C_AUTHN_LEVEL_CONNECT,
                                      RPC_C_IMP_LEVEL_IDENTIFY, NULL, EOAC_NONE, NULL);

    /* The host (svchost, a test) may have set it already. */
    if (FAILED(hr) && hr != RPC_E_TOO_LATE)
        return hr;
    hr = com_open(&options);
    if (FAILED(hr))
        return hr;
    pin_interfaces();
    hr = factory_register_all(cookies, service && os_class_alias(&alias) ? &alias : NULL);
    if (FAILED(hr))
        com_close();
    return hr;
}

/*
 * Clients may still hold objects, and so jobs of the engine: the process ends after this, which
 * takes the objects with it, so here the engine only stops and writes what there is to write.
 */
void com_stop(void)
{
    factory_revoke_all(cookies, COM_COOKIE_COUNT);
    engine_stop(engine);
}

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved)
{
    if (reason == DLL_PROCESS_ATTACH) {
        module_handle = instance;
        DisableThreadLibraryCalls(instance);
    }
    return TRUE;
}

HRESULT WINAPI DllGetClassObject(REFCLSID clsid, REFIID iid, LPVOID *out)
{
    return factory_create(clsid, iid, out);
}

HRESULT WINAPI DllCanUnloadNow(void)
{
    return engine || module_refs ? S_FALSE : S_OK;
}

HRESULT WINAPI DllRegisterServer(void)
{
    return register_server(module_handle);
}

HRESULT WINAPI DllUnregisterServer(void)
{
    return unregister_server();
}
