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
 *
 * A method that has another form on the wire is called by way of a thunk. widl lists the thunks
 * only for interfaces that declare such a method, not for those that inherit one; these get their
 * list here. It matters where the forms differ, as those of AddFileSet do.
 */
#include "qmgrprxy.h"

#include <limits.h>
#include <stddef.h>

#include <bitscore/bc_names.h>

#include "widl.h"

#define INTERFACE_COUNT (sizeof(_widl_h_StubVtblList) / sizeof(_widl_h_StubVtblList[0]) - 1)

static const IID *async_iids[INTERFACE_COUNT];
static const CInterfaceStubVtbl *stubs[INTERFACE_COUNT + 1];
static CInterfaceStubVtbl async_stub;

/* The interfaces that inherit AddFileSet, and no list of thunks. */
static const IID *const heirs[] = {&IID_IBackgroundCopyJob2, &IID_IBackgroundCopyJob4,
                                   &IID_IBackgroundCopyJob5};
static CInterfaceStubVtbl heir_stubs[ARRAYSIZE(heirs)];
static MIDL_SERVER_INFO heir_servers[ARRAYSIZE(heirs)];
static STUB_THUNK heir_thunks[sizeof(IBackgroundCopyJob5Vtbl) / sizeof(void *)]; /* by slot */

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
    heir_thunks[offsetof(IBackgroundCopyJobVtbl, AddFileSet) / sizeof(void *)] =
        IBackgroundCopyJob_AddFileSetPacked_Thunk;
    for (size_t i = 0; i < ARRAYSIZE(heirs); i++) {
        if (!_widl_h_IID_Lookup(heirs[i], &index))
            continue;
        heir_stubs[i] = *stubs[index];
        heir_servers[i] = *(const MIDL_SERVER_INFO *)heir_stubs[i].header.pServerInfo;
        heir_servers[i].ThunkTable = heir_thunks;
        heir_stubs[i].header.pServerInfo = &heir_servers[i];
        stubs[index] = &heir_stubs[i];
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

/* The names of a set are packed, for what a large set costs under Wine is its way through the pipe.
 */

C_ASSERT(sizeof(BG_FILE_INFO) == 2 * sizeof(uint16_t *));

/* What the client gave can be read: the marshaller proper would catch the fault. */
static BOOL can_read(const BG_FILE_INFO *set, ULONG count)
{
    if (IsBadReadPtr(set, count * sizeof(*set)))
        return FALSE;
    for (ULONG i = 0; i < count; i++) {
        if ((set[i].RemoteName && IsBadStringPtrW(set[i].RemoteName, UINT_MAX)) ||
            (set[i].LocalName && IsBadStringPtrW(set[i].LocalName, UINT_MAX)))
            return FALSE;
    }
    return TRUE;
}

HRESULT CALLBACK IBackgroundCopyJob_AddFileSet_Proxy(IBackgroundCopyJob *This, ULONG cFileCount,
                                                     BG_FILE_INFO *pFileSet)
{
    uint16_t *const *names = (uint16_t *const *)pFileSet;
    uint16_t *packed;
    size_t room;
    HRESULT hr;

    if (!pFileSet)
        return HRESULT_FROM_WIN32(RPC_X_NULL_REF_POINTER);
    if (cFileCount > LONG_MAX / sizeof(*pFileSet) || !can_read(pFileSet, cFileCount))
        return HRESULT_FROM_WIN32(ERROR_NOACCESS);
    room = bc_names_room(names, 2 * (size_t)cFileCount);
    packed =
        room < LONG_MAX / sizeof(*packed) ? CoTaskMemAlloc((room + 1) * sizeof(*packed)) : NULL;
    if (!packed)
        return E_OUTOFMEMORY;
    room = bc_names_pack(names, 2 * (size_t)cFileCount, packed);
    hr = IBackgroundCopyJob_AddFileSetPacked_Proxy(This, cFileCount, (ULONG)room, packed);
    CoTaskMemFree(packed);
    return hr;
}

HRESULT __RPC_STUB IBackgroundCopyJob_AddFileSet_Stub(IBackgroundCopyJob *This, ULONG cFileCount,
                                                      ULONG cUnits, WCHAR *pNames)
{
    size_t pool = SIZE_MAX;
    BG_FILE_INFO *set;
    HRESULT hr;

    /* A name takes a unit at least: no count that could overflow below comes further. */
    if (cFileCount <= cUnits / 2)
        pool = bc_names_measure(pNames, cUnits, 2 * (size_t)cFileCount);
    if (pool == SIZE_MAX)
        return HRESULT_FROM_WIN32(RPC_X_BAD_STUB_DATA);
    /* One more of each, for a set of none is the service's to refuse. */
    set = CoTaskMemAlloc((cFileCount + (size_t)1) * sizeof(*set) + (pool + 1) * sizeof(WCHAR));
    if (!set)
        return E_OUTOFMEMORY;
    bc_names_unpack(pNames, 2 * (size_t)cFileCount, (uint16_t **)set,
                    (uint16_t *)(set + cFileCount + 1));
    hr = IBackgroundCopyJob_AddFileSet(This, cFileCount, set);
    CoTaskMemFree(set);
    return hr;
}
