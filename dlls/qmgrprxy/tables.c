/*
 * The marshalling tables: widl's output for qmgrprxy.idl, and a list of asynchronous interfaces in
 * place of widl's own.
 *
 * rpcrt4 reads that list in step with the list of interfaces: beside an interface with an
 * [async_uuid] stands the IID of its asynchronous form, beside the asynchronous form stands -1, and
 * beside all others NULL. widl writes only the pairs, one after the other, so that a reader goes
 * past their end. The list here has one entry for each interface.
 *
 * qmgrprxy.c calls qmgrprxy_tables_init when the DLL is loaded; nothing else is called from
 * outside.
 */
#include "qmgrprxy.h"

#include "widl.h"

#define INTERFACE_COUNT (sizeof(_widl_h_StubVtblList) / sizeof(_widl_h_StubVtblList[0]) - 1)

static const IID *async_iids[INTERFACE_COUNT];

static const ProxyFileInfo proxy_file = {
    (const PCInterfaceProxyVtblList *)_widl_h_ProxyVtblList,
    (const PCInterfaceStubVtblList *)_widl_h_StubVtblList,
    _widl_h_InterfaceNamesList,
    _widl_h_BaseIIDList,
    _widl_h_IID_Lookup,
    INTERFACE_COUNT,
    6, /* the version of this structure in which the list of asynchronous interfaces is valid */
    async_iids,
    0,
    0,
    0,
};

const ProxyFileInfo *qmgrprxy_files[] = {&proxy_file, NULL};

void qmgrprxy_tables_init(void)
{
    int index;

    if (_widl_h_IID_Lookup(&IID_IBackgroundCopyCallback, &index))
        async_iids[index] = &IID_AsyncIBackgroundCopyCallback;
    if (_widl_h_IID_Lookup(&IID_AsyncIBackgroundCopyCallback, &index))
        async_iids[index] = (const IID *)(LONG_PTR)-1;
}

/* IBackgroundCopyGroup::SetProp is [local]: this is how it becomes the call on the wire and back.
 */

HRESULT CALLBACK IBackgroundCopyGroup_SetProp_Proxy(IBackgroundCopyGroup *This, GROUPPROP propID,
                                                    VARIANT *pvarVal)
{
    return IBackgroundCopyGroup_InternalSetProp_Proxy(This, propID, pvarVal);
}

HRESULT __RPC_STUB IBackgroundCopyGroup_SetProp_Stub(IBackgroundCopyGroup *This, GROUPPROP propID,
                                                     VARIANT *pvarVal)
{
    return IBackgroundCopyGroup_SetProp(This, propID, pvarVal);
}
