/*
 * What a process keeps so that objects of the service come and go at less cost under Wine.
 *
 * Wine's COM looks into the registry for the proxy of every object that comes, and for that of its
 * own IRemUnknown, by which it lets go of them, for every one that goes; and it makes that one anew
 * each time unless some proxy holds it. For a client that is a third of the time of the two calls.
 * Called by qmgrprxy.c, when COM asks for the factory, and by tables.c, in the calls of the client.
 * On Windows none of it does anything.
 */
#include "qmgrprxy.h"

static BOOL is_wine(void)
{
    return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != NULL;
}

static void keep(REFCLSID clsid, IUnknown *factory)
{
    DWORD cookie; /* the apartment takes it back when it ends */

    CoRegisterClassObject(clsid, factory, CLSCTX_INPROC_SERVER, REGCLS_MULTIPLEUSE, &cookie);
}

static void keep_remote_unknown(void)
{
    static const IID remote_unknown = {0x131, 0, 0, {0xc0, 0, 0, 0, 0, 0, 0, 0x46}};
    IUnknown *factory;
    CLSID clsid;

    if (FAILED(CoGetPSClsid(&remote_unknown, &clsid)) ||
        FAILED(CoGetClassObject(&clsid, CLSCTX_INPROC_SERVER, NULL, &IID_IPSFactoryBuffer,
                                (void **)&factory)))
        return;
    if (SUCCEEDED(CoRegisterPSClsid(&remote_unknown, &clsid)))
        keep(&clsid, factory);
    IUnknown_Release(factory);
}

void qmgrprxy_keep_factory(REFCLSID clsid, IUnknown *factory)
{
    const PCInterfaceStubVtblList *stub = qmgrprxy_files[0]->pStubVtblList;

    if (!is_wine())
        return;
    for (; *stub; stub++)
        CoRegisterPSClsid((*stub)->header.piid, clsid);
    keep(clsid, factory);
    keep_remote_unknown();
}

void qmgrprxy_keep_channel(IUnknown *manager, BOOL many)
{
    /* Only ever compared: that another object may get the same address does no harm. */
    static void *volatile seen, *volatile kept;
    /* Our factory's class, which no object claims to be. */
    static const IID nothing = {
        0x5ce34c0d, 0x0dc9, 0x4c1f, {0x89, 0x7c, 0xda, 0xa1, 0xb7, 0x8c, 0xee, 0x7d}};
    IUnknown *object;

    if (kept == manager)
        return;
    if (InterlockedExchangePointer(&seen, manager) != manager && !many)
        return;
    InterlockedExchangePointer(&kept, manager);
    if (is_wine() && SUCCEEDED(IUnknown_QueryInterface(manager, &nothing, (void **)&object)))
        IUnknown_Release(object);
}
