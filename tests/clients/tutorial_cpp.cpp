/*
 * tutorial.c once more in C++. usage: tutorial_cpp URL LOCAL-FILE
 */
#include <windows.h>
#include <bits.h>
#include <stdio.h>

static HRESULT download(IBackgroundCopyManager *manager, const WCHAR *remote, const WCHAR *local)
{
    IBackgroundCopyJob *job = NULL;
    GUID id;
    HRESULT hr = manager->CreateJob(L"MyJobName", BG_JOB_TYPE_DOWNLOAD, &id, &job);

    if (FAILED(hr))
        return hr;
    hr = job->AddFile(remote, local);
    if (SUCCEEDED(hr))
        hr = job->Resume();
    while (SUCCEEDED(hr)) {
        BG_JOB_STATE state;

        hr = job->GetState(&state);
        if (FAILED(hr) || state == BG_JOB_STATE_TRANSFERRED)
            break;
        if (state == BG_JOB_STATE_ERROR || state == BG_JOB_STATE_TRANSIENT_ERROR)
            hr = E_FAIL;
        else
            Sleep(100);
    }
    if (SUCCEEDED(hr))
        hr = job->Complete();
    else
        job->Cancel();
    job->Release();
    return hr;
}

int main()
{
    int argc = 0;
    WCHAR **argv = CommandLineToArgvW(GetCommandLineW(), &argc);
    IBackgroundCopyManager *manager = NULL;
    HRESULT hr;

    if (argc != 3)
        return 2;
    hr = CoInitializeEx(NULL, COINIT_APARTMENTTHREADED);
    if (FAILED(hr))
        return 1;
    hr = CoCreateInstance(__uuidof(BackgroundCopyManager), NULL, CLSCTX_LOCAL_SERVER,
                          __uuidof(IBackgroundCopyManager), reinterpret_cast<void **>(&manager));
    if (SUCCEEDED(hr)) {
        hr = download(manager, argv[1], argv[2]);
        manager->Release();
    }
    if (FAILED(hr))
        printf("0x%08lx\n", static_cast<unsigned long>(hr));
    CoUninitialize();
    LocalFree(argv);
    return SUCCEEDED(hr) ? 0 : 1;
}
