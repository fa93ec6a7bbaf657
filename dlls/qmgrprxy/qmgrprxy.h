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

/* The list of proxy files that the rpcrt4 entry points take: ours has one, then NULL. */
extern const ProxyFileInfo *qmgrprxy_files[];

/* Completes qmgrprxy_files; called once, before anything reads the list. */
void qmgrprxy_tables_init(void);

#endif /* OPENBITS_QMGRPRXY_H */
