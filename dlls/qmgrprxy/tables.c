/*
 * The marshalling tables: widl's output for qmgrprxy.idl, put right where it concerns the
 * asynchronous interface. qmgrprxy.c calls qmgrprxy_tables_init when the DLL is loaded.
 *
 * rpcrt4 reads the list of asynchronous interfaces in step with the list of interfaces: beside an
 * interface with an [async_uuid] stands the IID of its asynchronous form, beside the asynchronous
 * form stands -1, and beside all others NULL. widl writes only the pairs, one after the other, so
 * that a reader goes past their end. And rpcrt4 fills in the empty methods of an asynchronous stub,
 * which widl makes constant; all but Release, which is always the DLL's own. Both are replaced
 * here.
 */
#include "qmgrprxy.h"

#include "widl.h"

#define INTERFACE_COUNT (sizeof(_widl_h_StubVtblList) / sizeof(_widl_h_StubVtblList[0]) - 1)

static const IID *async_iids[INTERFACE_COUNT];
static const CInterfaceStubVtbl *stubs[INTERFACE_COUNT + 1];
static CInterfaceStubVtbl async_stub;

static const ProxyFileInfo proxy_file = {
    (const PCInterfaceProxyVtblList *)_widl_h_ProxyVtblList,
    (const PCInterfaceStubVtblList *)stubs,
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

    memcpy(stubs, _widl_h_StubVtblList, sizeof(stubs));
    if (_widl_h_IID_Lookup(&IID_IBackgroundCopyCallback, &index))
        async_iids[index] = &IID_AsyncIBackgroundCopyCallback;
    if (_widl_h_IID_Lookup(&IID_AsyncIBackgroundCopyCallback, &index)) {
        async_iids[index] = (const IID *)(LONG_PTR)-1;
        async_stub = *stubs[index];
        async_stub.Vtbl.Release = CStdStubBuffer_Release;
        stubs[index] = &async_stub;
    }
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

HRESULT CALLBACK IBackgroundCopyFile5_GetProperty_Proxy(IBackgroundCopyFile5 *This,
                                                        BITS_FILE_PROPERTY_ID PropertyId,
                                                        BITS_FILE_PROPERTY_VALUE *PropertyValue)
{
    if (!PropertyValue)
        return HRESULT_FROM_WIN32(RPC_X_NULL_REF_POINTER);
    memset(PropertyValue, 0, sizeof(*PropertyValue));
    return IBackgroundCopyFile5_GetPropertyCleared_Proxy(This, PropertyId, PropertyValue);
}

HRESULT __RPC_STUB IBackgroundCopyFile5_GetProperty_Stub(IBackgroundCopyFile5 *This,
                                                         BITS_FILE_PROPERTY_ID PropertyId,
                                                         BITS_FILE_PROPERTY_VALUE *PropertyValue)
{
    return IBackgroundCopyFile5_GetProperty(This, PropertyId, PropertyValue);
}

/* The same for the two methods whose arrays must not be null. */

HRESULT CALLBACK IBackgroundCopyJob3_AddFileWithRanges_Proxy(IBackgroundCopyJob3 *This,
                                                             LPCWSTR RemoteUrl, LPCWSTR LocalName,
                                                             DWORD RangeCount,
                                                             BG_FILE_RANGE Ranges[])
{
    if (!Ranges)
        return HRESULT_FROM_WIN32(RPC_X_NULL_REF_POINTER);
    return IBackgroundCopyJob3_AddFileWithRangesGiven_Proxy(This, RemoteUrl, LocalName, RangeCount,
                                                            Ranges);
}

HRESULT __RPC_STUB IBackgroundCopyJob3_AddFileWithRanges_Stub(IBackgroundCopyJob3 *This,
                                                              LPCWSTR RemoteUrl, LPCWSTR LocalName,
                                                              DWORD RangeCount,
                                                              BG_FILE_RANGE Ranges[])
{
    return IBackgroundCopyJob3_AddFileWithRanges(This, RemoteUrl, LocalName, RangeCount, Ranges);
}

HRESULT CALLBACK IBackgroundCopyFile6_RequestFileRanges_Proxy(IBackgroundCopyFile6 *This,
                                                              DWORD rangeCount,
                                                              const BG_FILE_RANGE ranges[])
{
    if (!ranges)
        return HRESULT_FROM_WIN32(RPC_X_NULL_REF_POINTER);
    return IBackgroundCopyFile6_RequestFileRangesGiven_Proxy(This, rangeCount, ranges);
}

HRESULT __RPC_STUB IBackgroundCopyFile6_RequestFileRanges_Stub(IBackgroundCopyFile6 *This,
                                                               DWORD rangeCount,
                                                               const BG_FILE_RANGE ranges[])
{
    return IBackgroundCopyFile6_RequestFileRanges(This, rangeCount, ranges);
}

HRESULT CALLBACK IBackgroundCopyManager_CreateJob_Proxy(IBackgroundCopyManager *This,
                                                        LPCWSTR DisplayName, BG_JOB_TYPE Type,
                                                        GUID *pJobId, IBackgroundCopyJob **ppJob)
{
    qmgrprxy_keep_channel((IUnknown *)This, FALSE);
    return IBackgroundCopyManager_CreateJobKept_Proxy(This, DisplayName, Type, pJobId, ppJob);
}

HRESULT __RPC_STUB IBackgroundCopyManager_CreateJob_Stub(IBackgroundCopyManager *This,
                                                         LPCWSTR DisplayName, BG_JOB_TYPE Type,
                                                         GUID *pJobId, IBackgroundCopyJob **ppJob)
{
    return IBackgroundCopyManager_CreateJob(This, DisplayName, Type, pJobId, ppJob);
}

HRESULT CALLBACK IBackgroundCopyManager_EnumJobs_Proxy(IBackgroundCopyManager *This, DWORD dwFlags,
                                                       IEnumBackgroundCopyJobs **ppEnum)
{
    qmgrprxy_keep_channel((IUnknown *)This, TRUE);
    return IBackgroundCopyManager_EnumJobsKept_Proxy(This, dwFlags, ppEnum);
}

HRESULT __RPC_STUB IBackgroundCopyManager_EnumJobs_Stub(IBackgroundCopyManager *This, DWORD dwFlags,
                                                        IEnumBackgroundCopyJobs **ppEnum)
{
    return IBackgroundCopyManager_EnumJobs(This, dwFlags, ppEnum);
}
