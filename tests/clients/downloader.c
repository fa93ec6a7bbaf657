/*
 * A downloader that is told instead of asking: a callback object, registered with the job, prints
 * what happens and ends the program. usage: downloader FOLDER URL...
 *
 * Each URL's last part is the name in the folder.
 */
#define COBJMACROS
#include <windows.h>
#include <bits.h>
#include <stdio.h>

int wmain(int argc, WCHAR **argv);

static HANDLE finished;
static volatile LONG result = 1;

static HRESULT STDMETHODCALLTYPE notify_QueryInterface(IBackgroundCopyCallback2 *self, REFIID iid,
                                                       void **out)
{
    if (IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_IBackgroundCopyCallback) ||
        IsEqualIID(iid, &IID_IBackgroundCopyCallback2)) {
        *out = self;
        return S_OK;
    }
    *out = NULL;
    return E_NOINTERFACE;
}

/* The one object lives as long as the program. */
static ULONG STDMETHODCALLTYPE notify_AddRef(IBackgroundCopyCallback2 *self)
{
    return 2;
}

static ULONG STDMETHODCALLTYPE notify_Release(IBackgroundCopyCallback2 *self)
{
    return 1;
}

static HRESULT STDMETHODCALLTYPE notify_JobTransferred(IBackgroundCopyCallback2 *self,
                                                       IBackgroundCopyJob *job)
{
    HRESULT hr = IBackgroundCopyJob_Complete(job);

    if (FAILED(hr))
        return hr; /* BITS calls again */
    printf("all files are here\n");
    result = hr == S_OK ? 0 : 1;
    SetEvent(finished);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE notify_JobError(IBackgroundCopyCallback2 *self,
                                                 IBackgroundCopyJob *job,
                                                 IBackgroundCopyError *error)
{
    BG_ERROR_CONTEXT context;
    WCHAR *text = NULL;
    HRESULT code;

    if (SUCCEEDED(IBackgroundCopyError_GetError(error, &context, &code)) &&
        SUCCEEDED(IBackgroundCopyError_GetErrorDescription(error, LANGIDFROMLCID(GetThreadLocale()),
                                                           &text))) {
        printf("0x%08lx: %ls\n", (unsigned long)code, text);
        CoTaskMemFree(text);
    }
    IBackgroundCopyJob_Cancel(job);
    SetEvent(finished);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE notify_JobModification(IBackgroundCopyCallback2 *self,
                                                        IBackgroundCopyJob *job, DWORD reserved)
{
    BG_JOB_PROGRESS progress;

    if (SUCCEEDED(IBackgroundCopyJob_GetProgress(job, &progress)))
        printf("%lu of %lu files\n", progress.FilesTransferred, progress.FilesTotal);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE notify_FileTransferred(IBackgroundCopyCallback2 *self,
                                                        IBackgroundCopyJob *job,
                                                        IBackgroundCopyFile *file)
{
    WCHAR *name;

    if (SUCCEEDED(IBackgroundCopyFile_GetLocalName(file, &name))) {
        printf("%ls\n", name);
        CoTaskMemFree(name);
    }
    return S_OK;
}

static IBackgroundCopyCallback2Vtbl notify_vtbl = {
    notify_QueryInterface, notify_AddRef,          notify_Release,         notify_JobTransferred,
    notify_JobError,       notify_JobModification, notify_FileTransferred,
};
static IBackgroundCopyCallback2 notify = {&notify_vtbl};

static HRESULT add_files(IBackgroundCopyJob *job, const WCHAR *folder, int count, WCHAR **urls)
{
    HRESULT hr = S_OK;

    for (int i = 0; SUCCEEDED(hr) && i < count; i++) {
        const WCHAR *name = wcsrchr(urls[i], '/');
        WCHAR local[MAX_PATH];

        if (!name || !name[1] || wcslen(folder) + wcslen(name) >= MAX_PATH)
            return E_INVALIDARG;
        wcscpy(local, folder);
        wcscat(local, L"\\");
        wcscat(local, name + 1);
        hr = IBackgroundCopyJob_AddFile(job, urls[i], local);
    }
    return hr;
}

int wmain(int argc, WCHAR **argv)
{
    IBackgroundCopyManager *manager = NULL;
    IBackgroundCopyJob *job = NULL;
    GUID id;
    HRESULT hr;

    if (argc < 3)
        return 2;
    finished = CreateEventW(NULL, TRUE, FALSE, NULL);
    hr = CoInitializeEx(NULL, COINIT_MULTITHREADED);
    /* The service must be allowed to call back, and to know who is calling. */
    if (SUCCEEDED(hr))
        hr = CoInitializeSecurity(NULL, -1, NULL, NULL, RPC_C_AUTHN_LEVEL_CONNECT,
                                  RPC_C_IMP_LEVEL_IMPERSONATE, NULL, EOAC_DYNAMIC_CLOAKING, NULL);
    if (SUCCEEDED(hr))
        hr = CoCreateInstance(&CLSID_BackgroundCopyManager, NULL, CLSCTX_LOCAL_SERVER,
                              &IID_IBackgroundCopyManager, (void **)&manager);
    if (SUCCEEDED(hr))
        hr = IBackgroundCopyManager_CreateJob(manager, L"downloader", BG_JOB_TYPE_DOWNLOAD, &id,
                                              &job);
    if (SUCCEEDED(hr))
        hr = add_files(job, argv[1], argc - 2, argv + 2);
    if (SUCCEEDED(hr))
        hr = IBackgroundCopyJob_SetNotifyFlags(
            job, BG_NOTIFY_JOB_TRANSFERRED | BG_NOTIFY_JOB_ERROR | BG_NOTIFY_JOB_MODIFICATION |
                     BG_NOTIFY_FILE_TRANSFERRED);
    if (SUCCEEDED(hr))
        hr = IBackgroundCopyJob_SetNotifyInterface(job, (IUnknown *)&notify);
    if (SUCCEEDED(hr))
        hr = IBackgroundCopyJob_SetPriority(job, BG_JOB_PRIORITY_FOREGROUND);
    if (SUCCEEDED(hr))
        hr = IBackgroundCopyJob_Resume(job);
    if (SUCCEEDED(hr)) {
        WaitForSingleObject(finished, INFINITE);
    } else {
        printf("0x%08lx\n", (unsigned long)hr);
        if (job)
            IBackgroundCopyJob_Cancel(job);
    }
    if (job)
        IBackgroundCopyJob_Release(job);
    if (manager)
        IBackgroundCopyManager_Release(manager);
    CoUninitialize();
    return SUCCEEDED(hr) ? (int)result : 1;
}
