/*
 * The callback object of common.h. Its methods come on threads of the RPC runtime, so what they
 * count is changed by interlocked operations, and they never fail the test themselves.
 */
#include "common.h"

#include <stdlib.h>

static struct callback *impl_from_iface(IBackgroundCopyCallback3 *iface)
{
    return CONTAINING_RECORD(iface, struct callback, iface);
}

static HRESULT STDMETHODCALLTYPE callback_QueryInterface(IBackgroundCopyCallback3 *iface,
                                                         REFIID iid, void **out)
{
    int version = impl_from_iface(iface)->version;

    if (IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_IBackgroundCopyCallback) ||
        (version >= 2 && IsEqualIID(iid, &IID_IBackgroundCopyCallback2)) ||
        (version >= 3 && IsEqualIID(iid, &IID_IBackgroundCopyCallback3))) {
        *out = iface;
        call(iface, AddRef);
        return S_OK;
    }
    *out = NULL;
    return E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE callback_AddRef(IBackgroundCopyCallback3 *iface)
{
    return InterlockedIncrement(&impl_from_iface(iface)->refs);
}

static ULONG STDMETHODCALLTYPE callback_Release(IBackgroundCopyCallback3 *iface)
{
    struct callback *callback = impl_from_iface(iface);
    ULONG refs = InterlockedDecrement(&callback->refs);

    if (!refs) {
        CloseHandle(callback->called);
        free(callback);
    }
    return refs;
}

static HRESULT take(IBackgroundCopyCallback3 *iface, enum kind kind, IBackgroundCopyJob *job,
                    void *about)
{
    struct callback *callback = impl_from_iface(iface);
    LONG number = InterlockedIncrement(&callback->calls);
    LONG now = InterlockedIncrement(&callback->at_once);
    LONG most = callback->most_at_once;
    LONG count;
    HRESULT hr = S_OK;

    while (now > most)
        most = InterlockedCompareExchange(&callback->most_at_once, now, most) == most
                   ? now
                   : callback->most_at_once;
    call(iface, AddRef);
    if (callback->action)
        hr = callback->action(callback, kind, job, about);
    InterlockedExchange(&callback->order[kind], number);
    count = InterlockedIncrement(&callback->count[kind]);
    InterlockedDecrement(&callback->at_once);
    SetEvent(callback->called);
    if (count <= callback->fail)
        hr = E_FAIL;
    call(iface, Release);
    return hr;
}

static HRESULT STDMETHODCALLTYPE callback_JobTransferred(IBackgroundCopyCallback3 *iface,
                                                         IBackgroundCopyJob *job)
{
    return take(iface, TRANSFERRED, job, NULL);
}

static HRESULT STDMETHODCALLTYPE callback_JobError(IBackgroundCopyCallback3 *iface,
                                                   IBackgroundCopyJob *job,
                                                   IBackgroundCopyError *error)
{
    return take(iface, FAILED_JOB, job, error);
}

static HRESULT STDMETHODCALLTYPE callback_JobModification(IBackgroundCopyCallback3 *iface,
                                                          IBackgroundCopyJob *job, DWORD reserved)
{
    impl_from_iface(iface)->reserved = reserved;
    return take(iface, MODIFICATION, job, NULL);
}

static HRESULT STDMETHODCALLTYPE callback_FileTransferred(IBackgroundCopyCallback3 *iface,
                                                          IBackgroundCopyJob *job,
                                                          IBackgroundCopyFile *file)
{
    return take(iface, FILE_TRANSFERRED, job, file);
}

static HRESULT STDMETHODCALLTYPE callback_FileRangesTransferred(IBackgroundCopyCallback3 *iface,
                                                                IBackgroundCopyJob *job,
                                                                IBackgroundCopyFile *file,
                                                                DWORD count,
                                                                const BG_FILE_RANGE ranges[])
{
    struct callback *callback = impl_from_iface(iface);

    /* One call at a time: the interface is told of nothing else meanwhile. */
    for (DWORD i = 0; i < count && callback->range_count < (LONG)ARRAYSIZE(callback->ranges); i++)
        callback->ranges[callback->range_count++] = ranges[i];
    return take(iface, FILE_RANGES, job, file);
}

static const IBackgroundCopyCallback3Vtbl callback_vtbl = {
    .QueryInterface = callback_QueryInterface,
    .AddRef = callback_AddRef,
    .Release = callback_Release,
    .JobTransferred = callback_JobTransferred,
    .JobError = callback_JobError,
    .JobModification = callback_JobModification,
    .FileTransferred = callback_FileTransferred,
    .FileRangesTransferred = callback_FileRangesTransferred,
};

struct callback *new_callback(int version)
{
    struct callback *callback = calloc(1, sizeof(*callback));

    assert_non_null(callback);
    callback->iface.lpVtbl = (IBackgroundCopyCallback3Vtbl *)&callback_vtbl;
    callback->refs = 1;
    callback->version = version;
    callback->called = CreateEventW(NULL, FALSE, FALSE, NULL);
    track(&callback->iface);
    return callback;
}

struct callback *listen_to(IBackgroundCopyJob5 *job, ULONG flags)
{
    struct callback *callback = new_callback(3);

    ok(call(job, SetNotifyFlags, flags));
    ok(call(job, SetNotifyInterface, (IUnknown *)&callback->iface));
    return callback;
}

BOOL called_within(struct callback *callback, enum kind kind, LONG count, DWORD time)
{
    ULONGLONG now = GetTickCount64(), end = now + time;

    while (callback->count[kind] < count) {
        now = GetTickCount64();
        if (now >= end)
            return FALSE;
        WaitForSingleObject(callback->called, (DWORD)(end - now));
    }
    return TRUE;
}

void wait_calls(struct callback *callback, enum kind kind, LONG count)
{
    if (!called_within(callback, kind, count, DEADLINE))
        fail_msg("%ld calls of kind %d instead of %ld", callback->count[kind], kind, count);
}
