/*
 * How an installer fetches its packages: through a proxy that wants a name and password, with a
 * header that tells the server which product asks, reading the description of what went wrong.
 * usage: installer PROXY USER PASSWORD FOLDER URL
 *
 * PROXY "-" goes without one; the name and password are given to both the proxy and the server.
 */
#define COBJMACROS
#include <windows.h>
#include <bits.h>
#include <stdio.h>

int wmain(int argc, WCHAR **argv);

static HRESULT set_credentials(IBackgroundCopyJob2 *job, WCHAR *user, WCHAR *password)
{
    static const BG_AUTH_SCHEME schemes[] = {BG_AUTH_SCHEME_BASIC, BG_AUTH_SCHEME_DIGEST};
    static const BG_AUTH_TARGET targets[] = {BG_AUTH_TARGET_SERVER, BG_AUTH_TARGET_PROXY};
    BG_AUTH_CREDENTIALS credentials;
    HRESULT hr = S_OK;

    /* Which scheme will be asked for is not known: all are given. */
    for (int target = 0; target < 2; target++) {
        for (int scheme = 0; scheme < 2 && SUCCEEDED(hr); scheme++) {
            credentials.Target = targets[target];
            credentials.Scheme = schemes[scheme];
            credentials.Credentials.Basic.UserName = user;
            credentials.Credentials.Basic.Password = password;
            hr = IBackgroundCopyJob2_SetCredentials(job, &credentials);
        }
    }
    SecureZeroMemory(&credentials, sizeof(credentials));
    return hr;
}

static HRESULT prepare(IBackgroundCopyJob *job, WCHAR **argv)
{
    IBackgroundCopyJobHttpOptions *http = NULL;
    IBackgroundCopyJob2 *job2 = NULL;
    HRESULT hr = IBackgroundCopyJob_SetDescription(job, L"packages of an installer");

    if (SUCCEEDED(hr))
        hr = IBackgroundCopyJob_SetPriority(job, BG_JOB_PRIORITY_FOREGROUND);
    if (SUCCEEDED(hr))
        hr = IBackgroundCopyJob_SetNoProgressTimeout(job, 60);
    if (SUCCEEDED(hr) && wcscmp(argv[1], L"-"))
        hr = IBackgroundCopyJob_SetProxySettings(job, BG_JOB_PROXY_USAGE_OVERRIDE, argv[1],
                                                 L"*.intranet");
    if (SUCCEEDED(hr))
        hr = IBackgroundCopyJob_QueryInterface(job, &IID_IBackgroundCopyJob2, (void **)&job2);
    if (SUCCEEDED(hr))
        hr = set_credentials(job2, argv[2], argv[3]);
    if (SUCCEEDED(hr))
        hr = IBackgroundCopyJob_QueryInterface(job, &IID_IBackgroundCopyJobHttpOptions,
                                               (void **)&http);
    if (SUCCEEDED(hr))
        hr = IBackgroundCopyJobHttpOptions_SetCustomHeaders(
            http, L"X-Product: Sample Setup 1.0\r\nX-Channel: stable\r\n");
    if (http)
        IBackgroundCopyJobHttpOptions_Release(http);
    if (job2)
        IBackgroundCopyJob2_Release(job2);
    return hr;
}

static void print_error(IBackgroundCopyJob *job)
{
    IBackgroundCopyError *error;
    WCHAR *text = NULL, *context = NULL;

    if (FAILED(IBackgroundCopyJob_GetError(job, &error)))
        return;
    if (SUCCEEDED(IBackgroundCopyError_GetErrorDescription(error, 0x0409, &text)) &&
        SUCCEEDED(IBackgroundCopyError_GetErrorContextDescription(error, 0x0409, &context)))
        printf("%ls\n%ls\n", text, context);
    CoTaskMemFree(text);
    CoTaskMemFree(context);
    IBackgroundCopyError_Release(error);
}

static HRESULT wait_for_job(IBackgroundCopyJob *job)
{
    for (;;) {
        BG_JOB_STATE state;
        HRESULT hr = IBackgroundCopyJob_GetState(job, &state);

        if (FAILED(hr) || state == BG_JOB_STATE_TRANSFERRED)
            return hr;
        if (state == BG_JOB_STATE_ERROR) {
            print_error(job);
            return E_FAIL;
        }
        Sleep(100);
    }
}

int wmain(int argc, WCHAR **argv)
{
    IBackgroundCopyManager *manager = NULL;
    IBackgroundCopyJob *job = NULL;
    BG_FILE_INFO file;
    WCHAR local[MAX_PATH];
    GUID id;
    HRESULT hr;

    if (argc != 6 || wcslen(argv[4]) > 240)
        return 2;
    wcscpy(local, argv[4]);
    wcscat(local, L"\\package");
    file.RemoteName = argv[5];
    file.LocalName = local;
    hr = CoInitializeEx(NULL, COINIT_APARTMENTTHREADED);
    if (SUCCEEDED(hr))
        hr = CoCreateInstance(&CLSID_BackgroundCopyManager, NULL, CLSCTX_LOCAL_SERVER,
                              &IID_IBackgroundCopyManager, (void **)&manager);
    if (SUCCEEDED(hr))
        hr = IBackgroundCopyManager_CreateJob(manager, L"Sample Setup", BG_JOB_TYPE_DOWNLOAD, &id,
                                              &job);
    if (SUCCEEDED(hr))
        hr = prepare(job, argv);
    if (SUCCEEDED(hr))
        hr = IBackgroundCopyJob_AddFileSet(job, 1, &file);
    if (SUCCEEDED(hr))
        hr = IBackgroundCopyJob_Resume(job);
    if (SUCCEEDED(hr))
        hr = wait_for_job(job);
    if (SUCCEEDED(hr))
        hr = IBackgroundCopyJob_Complete(job);
    else
        printf("0x%08lx\n", (unsigned long)hr);
    if (job) {
        if (FAILED(hr))
            IBackgroundCopyJob_Cancel(job);
        IBackgroundCopyJob_Release(job);
    }
    if (manager)
        IBackgroundCopyManager_Release(manager);
    CoUninitialize();
    return SUCCEEDED(hr) ? 0 : 1;
}
