/*
 * Keeps every interface of the service registered with RPC for as long as the service runs.
 *
 * Wine's COM registers an interface with RPC when the first stub for it is made and unregisters it
 * when the last one goes. Unregistering waits for calls of that interface that are still on their
 * way out, with a lock held that every other marshalling needs; where such a call ends between
 * RpcServerUnregisterIf looking at it and waiting for it, the wait has no end and no client is
 * served any more. A stub that never goes keeps that from happening. On Windows, stubs share no
 * such registration, and one more does no harm.
 *
 * dll.c calls this before it registers the factories; all of it ends with the process. Calls COM
 * only.
 */
#include "legacy.h"

/* What clients hold: the interfaces of our objects, and, first, those that activation passes
 * along. */
static const IID *const pinned[] = {
    &IID_IUnknown,
    &IID_IClassFactory,
    &IID_IBackgroundCopyManager,
    &IID_IBackgroundCopyJob,
    &IID_IBackgroundCopyJob2,
    &IID_IBackgroundCopyJob3,
    &IID_IBackgroundCopyJob4,
    &IID_IBackgroundCopyJob5,
    &IID_IBackgroundCopyJobHttpOptions,
    &IID_IBackgroundCopyJobHttpOptions2,
    &IID_IBackgroundCopyJobHttpOptions3,
    &IID_IBackgroundCopyFile,
    &IID_IBackgroundCopyFile2,
    &IID_IBackgroundCopyFile3,
    &IID_IBackgroundCopyFile4,
    &IID_IBackgroundCopyFile5,
    &IID_IBackgroundCopyFile6,
    &IID_IBackgroundCopyError,
    &IID_IEnumBackgroundCopyJobs,
    &IID_IEnumBackgroundCopyFiles,
    &IID_IBitsTokenOptions,
    &IID_IBitsPeerCacheAdministration,
    &IID_IBitsPeerCacheRecord,
    &IID_IEnumBitsPeerCacheRecords,
    &IID_IBitsPeer,
    &IID_IEnumBitsPeers,
    &IID_IBackgroundCopyQMgr,
    &IID_IBackgroundCopyGroup,
    &IID_IBackgroundCopyJob1,
    &IID_IEnumBackgroundCopyGroups,
    &IID_IEnumBackgroundCopyJobs1,
};

/* An object that claims to be all of them. Nobody gets a reference to it, so that only the methods
 * of IUnknown are ever called. */
static HRESULT STDMETHODCALLTYPE pin_QueryInterface(IUnknown *iface, REFIID iid, void **out)
{
    *out = NULL;
    for (ULONG i = 0; i < ARRAYSIZE(pinned); i++) {
        if (IsEqualIID(iid, pinned[i])) {
            *out = iface;
            return S_OK;
        }
    }
    return E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE pin_AddRef(IUnknown *iface)
{
    return 2;
}

static ULONG STDMETHODCALLTYPE pin_Release(IUnknown *iface)
{
    return 1;
}

static const IUnknownVtbl pin_vtbl = {
    .QueryInterface = pin_QueryInterface,
    .AddRef = pin_AddRef,
    .Release = pin_Release,
};

static IUnknown pin = {(IUnknownVtbl *)&pin_vtbl};

void pin_interfaces(void)
{
    for (ULONG i = 0; i < ARRAYSIZE(pinned); i++) {
        IStream *stream;

        if (FAILED(CreateStreamOnHGlobal(NULL, TRUE, &stream)))
            return;
        /* An interface whose proxy is not registered cannot be marshalled to clients either. */
        CoMarshalInterface(stream, pinned[i], &pin, MSHCTX_LOCAL, NULL, MSHLFLAGS_TABLESTRONG);
        IStream_Release(stream);
    }
}
