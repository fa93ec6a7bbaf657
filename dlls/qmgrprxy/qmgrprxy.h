/*
 * The private header of qmgrprxy.dll, which widl's tables include as well: what they need beside
 * the contracts, and what tables.c gives to qmgrprxy.c.
 */
#ifndef OPENBITS_QMGRPRXY_H
#define OPENBITS_QMGRPRXY_H

#define USE_STUBLESS_PROXY /* the interfaces are marshalled by interpreted tables */
#include <rpcproxy.h>
#include <bits.h>
#include <qmgr.h>
#include <bitscfg.h>

/* rpcrt4 exports these; mingw-w64 declares them for C++ only. */
HRESULT STDMETHODCALLTYPE IUnknown_QueryInterface_Proxy(IUnknown *This, REFIID riid,
                                                        void **ppvObject);
ULONG STDMETHODCALLTYPE IUnknown_AddRef_Proxy(IUnknown *This);
ULONG STDMETHODCALLTYPE IUnknown_Release_Proxy(IUnknown *This);

/* IBackgroundCopyFile5::GetProperty is [local] to this DLL only; see bits5_0.idl. */
HRESULT CALLBACK IBackgroundCopyFile5_GetProperty_Proxy(IBackgroundCopyFile5 *This,
                                                        BITS_FILE_PROPERTY_ID PropertyId,
                                                        BITS_FILE_PROPERTY_VALUE *PropertyValue);
HRESULT __RPC_STUB IBackgroundCopyFile5_GetProperty_Stub(IBackgroundCopyFile5 *This,
                                                         BITS_FILE_PROPERTY_ID PropertyId,
                                                         BITS_FILE_PROPERTY_VALUE *PropertyValue);
HRESULT STDMETHODCALLTYPE IBackgroundCopyFile5_GetPropertyCleared_Proxy(
    IBackgroundCopyFile5 *This, BITS_FILE_PROPERTY_ID PropertyId,
    BITS_FILE_PROPERTY_VALUE *PropertyValue);

/* So are these, see bits2_0.idl and bits10_1.idl. */
HRESULT CALLBACK IBackgroundCopyJob3_AddFileWithRanges_Proxy(IBackgroundCopyJob3 *This,
                                                             LPCWSTR RemoteUrl, LPCWSTR LocalName,
                                                             DWORD RangeCount,
                                                             BG_FILE_RANGE Ranges[]);
HRESULT __RPC_STUB IBackgroundCopyJob3_AddFileWithRanges_Stub(IBackgroundCopyJob3 *This,
                                                              LPCWSTR RemoteUrl, LPCWSTR LocalName,
                                                              DWORD RangeCount,
                                                              BG_FILE_RANGE Ranges[]);
HRESULT STDMETHODCALLTYPE IBackgroundCopyJob3_AddFileWithRangesGiven_Proxy(
    IBackgroundCopyJob3 *This, LPCWSTR RemoteUrl, LPCWSTR LocalName, DWORD RangeCount,
    BG_FILE_RANGE Ranges[]);
HRESULT CALLBACK IBackgroundCopyFile6_RequestFileRanges_Proxy(IBackgroundCopyFile6 *This,
                                                              DWORD rangeCount,
                                                              const BG_FILE_RANGE ranges[]);
HRESULT __RPC_STUB IBackgroundCopyFile6_RequestFileRanges_Stub(IBackgroundCopyFile6 *This,
                                                               DWORD rangeCount,
                                                               const BG_FILE_RANGE ranges[]);
HRESULT STDMETHODCALLTYPE IBackgroundCopyFile6_RequestFileRangesGiven_Proxy(
    IBackgroundCopyFile6 *This, DWORD rangeCount, const BG_FILE_RANGE ranges[]);

/* These two say first what keep.c wants to know. */
HRESULT CALLBACK IBackgroundCopyManager_CreateJob_Proxy(IBackgroundCopyManager *This,
                                                        LPCWSTR DisplayName, BG_JOB_TYPE Type,
                                                        GUID *pJobId, IBackgroundCopyJob **ppJob);
HRESULT __RPC_STUB IBackgroundCopyManager_CreateJob_Stub(IBackgroundCopyManager *This,
                                                         LPCWSTR DisplayName, BG_JOB_TYPE Type,
                                                         GUID *pJobId, IBackgroundCopyJob **ppJob);
HRESULT STDMETHODCALLTYPE IBackgroundCopyManager_CreateJobKept_Proxy(IBackgroundCopyManager *This,
                                                                     LPCWSTR DisplayName,
                                                                     BG_JOB_TYPE Type, GUID *pJobId,
                                                                     IBackgroundCopyJob **ppJob);
HRESULT CALLBACK IBackgroundCopyManager_EnumJobs_Proxy(IBackgroundCopyManager *This, DWORD dwFlags,
                                                       IEnumBackgroundCopyJobs **ppEnum);
HRESULT __RPC_STUB IBackgroundCopyManager_EnumJobs_Stub(IBackgroundCopyManager *This, DWORD dwFlags,
                                                        IEnumBackgroundCopyJobs **ppEnum);
HRESULT STDMETHODCALLTYPE IBackgroundCopyManager_EnumJobsKept_Proxy(
    IBackgroundCopyManager *This, DWORD dwFlags, IEnumBackgroundCopyJobs **ppEnum);

/* This one packs the names of its files; see bits.idl. */
HRESULT CALLBACK IBackgroundCopyJob_AddFileSet_Proxy(IBackgroundCopyJob *This, ULONG cFileCount,
                                                     BG_FILE_INFO *pFileSet);
HRESULT __RPC_STUB IBackgroundCopyJob_AddFileSet_Stub(IBackgroundCopyJob *This, ULONG cFileCount,
                                                      ULONG cUnits, WCHAR *pNames);
HRESULT STDMETHODCALLTYPE IBackgroundCopyJob_AddFileSetPacked_Proxy(IBackgroundCopyJob *This,
                                                                    ULONG cFileCount, ULONG cUnits,
                                                                    WCHAR *pNames);

/* Makes the factory of class clsid known to COM in the caller's apartment, in place of the registry
 * (nf-combaseapi-coregisterpsclsid). What fails here is looked up there, as ever. */
void qmgrprxy_keep_factory(REFCLSID clsid, IUnknown *factory);

/* Has COM keep what it lets go of objects by, for as long as the client has this proxy of the
 * manager. It costs a call, so unless many objects are to come it is not made for the first. */
void qmgrprxy_keep_channel(IUnknown *manager, BOOL many);

/* The list of proxy files that the rpcrt4 entry points take: ours has one, then NULL. */
extern const ProxyFileInfo *qmgrprxy_files[];

/* Completes qmgrprxy_files; called once, before anything reads the list. */
void qmgrprxy_tables_init(void);

#endif /* OPENBITS_QMGRPRXY_H */
