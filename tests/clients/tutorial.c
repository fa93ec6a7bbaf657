/*
 * "Using BITS" from beginning to end, in C: connect, create a job, add a file, resume, poll,
 * complete. usage: tutorial URL LOCAL-FILE
 */
#define COBJMACROS
#include <windows.h>
#include <bits.h>
#include <stdio.h>

int wmain(int argc, WCHAR **argv);

static int failed(const char *what, HRESULT hr)
{
    printf("%s: 0x%08lx\n", what, (unsigned long)hr);
    return 1;
}

/* Polls as the documentation does, every so often. */
static HRESULT wait_for_job(IBackgroundCopyJob *job)
{
    for (;;) {
        BG_JOB_PROGRESS progress;
        BG_JOB_STATE state;
        HRESULT hr = IBackgroundCopyJob_GetState(job, &state);

        if (FAILED(hr))
            return hr;
        if (state == BG_JOB_STATE_TRANSFERRED)
            return S_OK;
        if (state == BG_JOB_STATE_ERROR || state == BG_JOB_STATE_TRANSIENT_ERROR) {
            IBackgroundCopyError *error;
            BG_ERROR_CONTEXT context;
            HRESULT code = E_FAIL;

            if (SUCCEEDED(IBackgroundCopyJob_GetError(job, &error))) {
                IBackgroundCopyError_GetError(error, &context, &code);
                IBackgroundCopyError_Release(error);
            }
            return code;
        }
        if (SUCCEEDED(IBackgroundCopyJob_GetProgress(job, &progress)) &&
            progress.BytesTotal != BG_SIZE_UNKNOWN)
            printf("%lu of %lu bytes\n", (unsigned long)progress.BytesTransferred,
                   (unsigned long)progress.BytesTotal);
        Sleep(100);
    }
}

int wmain(int argc, WCHAR **argv)
{
    IBackgroundCopyManager *manager = NULL;
    IBackgroundCopyJob *job = NULL;
    GUID id;
    HRESULT hr;

    if (argc != 3)
        return 2;
    hr = CoInitializeEx(NULL, COINIT_APARTMENTTHREADED);
    if (FAILED(hr))
        return failed("CoInitializeEx", hr);
    hr = CoCreateInstance(&CLSID_BackgroundCopyManager, NULL, CLSCTX_LOCAL_SERVER,
                          &IID_IBackgroundCopyManager, (void **)&manager);
    if (FAILED(hr))
        return failed("CoCreateInstance", hr);
    hr = IBackgroundCopyManager_CreateJob(manager, L"MyJobName", BG_JOB_TYPE_DOWNLOAD, &id, &job);
    if (FAILED(hr))
        return failed("CreateJob", hr);
    hr = IBackgroundCopyJob_AddFile(job, argv[1], argv[2]);
    if (SUCCEEDED(hr))
        hr = IBackgroundCopyJob_Resume(job);
    if (SUCCEEDED(hr))
        hr = wait_for_job(job);
    if (SUCCEEDED(hr))
        hr = IBackgroundCopyJob_Complete(job);
    if (FAILED(hr)) {
        failed("the job", hr);
        IBackgroundCopyJob_Cancel(job);
    }
    IBackgroundCopyJob_Release(job);
    IBackgroundCopyManager_Release(manager);
    CoUninitialize();
    return SUCCEEDED(hr) ? 0 : 1;
}
