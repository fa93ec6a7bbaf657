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

/* The list of proxy files that the rpcrt4 entry points take: ours has one, then NULL. */
extern const ProxyFileInfo *qmgrprxy_files[];

/* Completes qmgrprxy_files; called once, before anything reads the list. */
void qmgrprxy_tables_init(void);

#endif /* OPENBITS_QMGRPRXY_H */
