/*
 * A spy of the task allocator that lets nothing of one thread pass.
 */
#include "no_memory.h"

#include <objbase.h>

static DWORD refused_thread; /* 0: none */

static HRESULT STDMETHODCALLTYPE spy_QueryInterface(IMallocSpy *iface, REFIID iid, void **out)
{
    *out = iface;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE spy_AddRef(IMallocSpy *iface)
{
    return 2;
}

static ULONG STDMETHODCALLTYPE spy_Release(IMallocSpy *iface)
{
    return 1;
}

static SIZE_T STDMETHODCALLTYPE spy_PreAlloc(IMallocSpy *iface, SIZE_T size)
{
    return GetCurrentThreadId() == refused_thread ? 0 : size;
}

static void *STDMETHODCALLTYPE spy_PostAlloc(IMallocSpy *iface, void *memory)
{
    return memory;
}

static void *STDMETHODCALLTYPE spy_PreFree(IMallocSpy *iface, void *memory, WINBOOL spied)
{
    return memory;
}

static void STDMETHODCALLTYPE spy_PostFree(IMallocSpy *iface, WINBOOL spied)
{
}

static const IMallocSpyVtbl spy_vtbl = {
    .QueryInterface = spy_QueryInterface,
    .AddRef = spy_AddRef,
    .Release = spy_Release,
    .PreAlloc = spy_PreAlloc,
    .PostAlloc = spy_PostAlloc,
    .PreFree = spy_PreFree,
    .PostFree = spy_PostFree,
};
static IMallocSpy spy = {(IMallocSpyVtbl *)&spy_vtbl};

HRESULT refuse_task_memory(void)
{
    HRESULT hr = CoRegisterMallocSpy(&spy);

    if (SUCCEEDED(hr))
        refused_thread = GetCurrentThreadId();
    return hr;
}

HRESULT allow_task_memory(void)
{
    refused_thread = 0;
    return CoRevokeMallocSpy();
}
