/*
 * The error object: a picture of a job's error at the time it was asked for.
 */
#include "com.h"

#include <stdlib.h>

struct error_object {
    IBackgroundCopyError error_iface;
    LONG refs;
    struct model_error error;
    struct file *file; /* or NULL */
};

static struct error_object *impl_from_error(IBackgroundCopyError *iface)
{
    return CONTAINING_RECORD(iface, struct error_object, error_iface);
}

static HRESULT STDMETHODCALLTYPE error_QueryInterface(IBackgroundCopyError *iface, REFIID iid,
                                                      void **out)
{
    if (!out)
        return E_INVALIDARG;
    *out = NULL;
    if (!IsEqualIID(iid, &IID_IUnknown) && !IsEqualIID(iid, &IID_IBackgroundCopyError))
        return E_NOINTERFACE;
    IBackgroundCopyError_AddRef(iface);
    *out = iface;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE error_AddRef(IBackgroundCopyError *iface)
{
    return InterlockedIncrement(&impl_from_error(iface)->refs);
}

static ULONG STDMETHODCALLTYPE error_Release(IBackgroundCopyError *iface)
{
    struct error_object *object = impl_from_error(iface);
    ULONG refs = InterlockedDecrement(&object->refs);

    if (!refs) {
        if (object->file)
            file_release(object->file);
        free(object);
        com_module_release();
    }
    return refs;
}

static HRESULT STDMETHODCALLTYPE error_GetError(IBackgroundCopyError *iface,
                                                BG_ERROR_CONTEXT *context, HRESULT *code)
{
    struct error_object *object = impl_from_error(iface);

    if (!context || !code)
        return E_INVALIDARG;
    *context = object->error.context;
    *code = object->error.code;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE error_GetFile(IBackgroundCopyError *iface,
                                               IBackgroundCopyFile **out)
{
    struct error_object *object = impl_from_error(iface);

    if (!out)
        return E_INVALIDARG;
    *out = NULL;
    return object->file ? file_object_create(object->file, out) : BG_E_FILE_NOT_AVAILABLE;
}

static HRESULT STDMETHODCALLTYPE error_GetErrorDescription(IBackgroundCopyError *iface,
                                                           DWORD language, LPWSTR *out)
{
    if (!out)
        return E_INVALIDARG;
    *out = NULL;
    return language ? com_error_text(impl_from_error(iface)->error.code, language, out)
                    : E_INVALIDARG;
}

static HRESULT STDMETHODCALLTYPE error_GetErrorContextDescription(IBackgroundCopyError *iface,
                                                                  DWORD language, LPWSTR *out)
{
    if (!out)
        return E_INVALIDARG;
    *out = NULL;
    return language ? com_context_text(impl_from_error(iface)->error.context, language, out)
                    : E_INVALIDARG;
}

/* "http" stands for HTTPS too, "file" for SMB (nf-bits-ibackgroundcopyerror-getprotocol). */
static HRESULT STDMETHODCALLTYPE error_GetProtocol(IBackgroundCopyError *iface, LPWSTR *out)
{
    struct error_object *object = impl_from_error(iface);
    BOOL http;

    if (!out)
        return E_INVALIDARG;
    *out = NULL;
    if (!object->file || (object->error.context != BG_ERROR_CONTEXT_REMOTE_FILE &&
                          object->error.context != BG_ERROR_CONTEXT_GENERAL_TRANSPORT &&
                          object->error.context != BG_ERROR_CONTEXT_REMOTE_APPLICATION &&
                          object->error.context != BG_ERROR_CONTEXT_SERVER_CERTIFICATE_CALLBACK))
        return BG_E_PROTOCOL_NOT_AVAILABLE;
    job_lock(file_job(object->file));
    http = !_wcsnicmp(file_data(object->file)->remote_name, L"http", 4);
    job_unlock(file_job(object->file));
    *out = com_string(http ? L"http" : L"file");
    return *out ? S_OK : E_OUTOFMEMORY;
}

static const IBackgroundCopyErrorVtbl error_vtbl = {
    .QueryInterface = error_QueryInterface,
    .AddRef = error_AddRef,
    .Release = error_Release,
    .GetError = error_GetError,
    .GetFile = error_GetFile,
    .GetErrorDescription = error_GetErrorDescription,
    .GetErrorContextDescription = error_GetErrorContextDescription,
    .GetProtocol = error_GetProtocol,
};

HRESULT error_object_create(const struct model_error *error, struct file *file,
                            IBackgroundCopyError **out)
{
    struct error_object *object = calloc(1, sizeof(*object));

    *out = NULL;
    if (!object)
        return E_OUTOFMEMORY;
    object->error_iface.lpVtbl = &error_vtbl;
    object->refs = 1;
    object->error = *error;
    object->file = file;
    if (file)
        file_addref(file);
    com_module_addref();
    *out = &object->error_iface;
    return S_OK;
}
