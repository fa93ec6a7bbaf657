/*
 * Reads parts of a remote file: first the asked-for ranges as one local file, then the same ranges
 * on demand, each at its own place of a file that is never fetched whole.
 * usage: ranges URL FOLDER OFFSET LENGTH [OFFSET LENGTH]...
 *
 * Leaves FOLDER\parts with the ranges one behind the other, and prints what on-demand mode filled.
 */
#define COBJMACROS
#include <windows.h>
#include <bits.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_RANGES 16

int wmain(int argc, WCHAR **argv);

static HRESULT wait_while_busy(IBackgroundCopyJob *job, BG_JOB_STATE *state)
{
    for (;;) {
        HRESULT hr = IBackgroundCopyJob_GetState(job, state);

        if (FAILED(hr))
            return hr;
        if (*state == BG_JOB_STATE_ERROR || *state == BG_JOB_STATE_TRANSIENT_ERROR)
            return E_FAIL;
        if (*state == BG_JOB_STATE_TRANSFERRED || *state == BG_JOB_STATE_SUSPENDED)
            return S_OK;
        Sleep(50);
    }
}

static HRESULT new_job(IBackgroundCopyManager *manager, IBackgroundCopyJob5 **out)
{
    IBackgroundCopyJob *job;
    GUID id;
    HRESULT hr =
        IBackgroundCopyManager_CreateJob(manager, L"ranges", BG_JOB_TYPE_DOWNLOAD, &id, &job);

    if (FAILED(hr))
        return hr;
    IBackgroundCopyJob_SetPriority(job, BG_JOB_PRIORITY_FOREGROUND);
    /* Found only where BITS is new enough. */
    hr = IBackgroundCopyJob_QueryInterface(job, &IID_IBackgroundCopyJob5, (void **)out);
    if (FAILED(hr))
        IBackgroundCopyJob_Cancel(job);
    IBackgroundCopyJob_Release(job);
    return hr;
}

static HRESULT fetch_parts(IBackgroundCopyManager *manager, const WCHAR *url, const WCHAR *local,
                           DWORD count, BG_FILE_RANGE *ranges)
{
    IBackgroundCopyJob5 *job;
    BG_JOB_STATE state;
    HRESULT hr = new_job(manager, &job);

    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJob5_AddFileWithRanges(job, url, local, count, ranges);
    if (SUCCEEDED(hr))
        hr = IBackgroundCopyJob5_Resume(job);
    if (SUCCEEDED(hr))
        hr = wait_while_busy((IBackgroundCopyJob *)job, &state);
    if (SUCCEEDED(hr))
        hr = IBackgroundCopyJob5_Complete(job);
    else
        IBackgroundCopyJob5_Cancel(job);
    IBackgroundCopyJob5_Release(job);
    return hr;
}

/* The job's only file, with the interface for random access. */
static HRESULT only_file(IBackgroundCopyJob5 *job, IBackgroundCopyFile6 **out)
{
    IEnumBackgroundCopyFiles *files;
    IBackgroundCopyFile *file;
    HRESULT hr = IBackgroundCopyJob5_EnumFiles(job, &files);

    if (FAILED(hr))
        return hr;
    hr = IEnumBackgroundCopyFiles_Next(files, 1, &file, NULL);
    IEnumBackgroundCopyFiles_Release(files);
    if (hr != S_OK)
        return FAILED(hr) ? hr : E_UNEXPECTED;
    hr = IBackgroundCopyFile_QueryInterface(file, &IID_IBackgroundCopyFile6, (void **)out);
    IBackgroundCopyFile_Release(file);
    return hr;
}

static HRESULT fetch_on_demand(IBackgroundCopyManager *manager, const WCHAR *url,
                               const WCHAR *local, DWORD count, const BG_FILE_RANGE *ranges)
{
    BITS_JOB_PROPERTY_VALUE on = {0};
    IBackgroundCopyFile6 *file = NULL;
    BG_FILE_RANGE *filled = NULL;
    IBackgroundCopyJob5 *job;
    BG_JOB_STATE state;
    DWORD filled_count = 0;
    HRESULT hr = new_job(manager, &job);

    if (FAILED(hr))
        return hr;
    on.Enable = TRUE;
    hr = IBackgroundCopyJob5_SetProperty(job, BITS_JOB_PROPERTY_ON_DEMAND_MODE, on);
    if (SUCCEEDED(hr))
        hr = IBackgroundCopyJob5_AddFile(job, url, local);
    if (SUCCEEDED(hr))
        hr = only_file(job, &file);
    if (SUCCEEDED(hr))
        hr = IBackgroundCopyFile6_RequestFileRanges(file, count, ranges);
    if (SUCCEEDED(hr))
        hr = IBackgroundCopyJob5_Resume(job);
    if (SUCCEEDED(hr))
        hr = wait_while_busy((IBackgroundCopyJob *)job, &state);
    if (SUCCEEDED(hr))
        hr = IBackgroundCopyFile6_GetFilledFileRanges(file, &filled_count, &filled);
    for (DWORD i = 0; SUCCEEDED(hr) && i < filled_count; i++)
        printf("filled %lu %lu\n", (unsigned long)filled[i].InitialOffset,
               (unsigned long)filled[i].Length);
    CoTaskMemFree(filled);
    if (file)
        IBackgroundCopyFile6_Release(file);
    IBackgroundCopyJob5_Cancel(job);
    IBackgroundCopyJob5_Release(job);
    return hr;
}

int wmain(int argc, WCHAR **argv)
{
    IBackgroundCopyManager *manager = NULL;
    BG_FILE_RANGE ranges[MAX_RANGES];
    WCHAR parts[MAX_PATH], sparse[MAX_PATH];
    DWORD count = 0;
    HRESULT hr;

    if (argc < 5 || argc > 3 + 2 * MAX_RANGES || argc % 2 == 0 || wcslen(argv[2]) > 240)
        return 2;
    for (int i = 3; i < argc; i += 2) {
        ranges[count].InitialOffset = (UINT64)_wtoi64(argv[i]);
        ranges[count++].Length = (UINT64)_wtoi64(argv[i + 1]);
    }
    wcscpy(parts, argv[2]);
    wcscat(parts, L"\\parts");
    wcscpy(sparse, argv[2]);
    wcscat(sparse, L"\\sparse");
    hr = CoInitializeEx(NULL, COINIT_MULTITHREADED);
    if (SUCCEEDED(hr))
        hr = CoCreateInstance(&CLSID_BackgroundCopyManager10_1, NULL, CLSCTX_LOCAL_SERVER,
                              &IID_IBackgroundCopyManager, (void **)&manager);
    if (SUCCEEDED(hr))
        hr = fetch_parts(manager, argv[1], parts, count, ranges);
    if (SUCCEEDED(hr)) {
        printf("parts done\n");
        hr = fetch_on_demand(manager, argv[1], sparse, count, ranges);
    }
    if (FAILED(hr))
        printf("0x%08lx\n", (unsigned long)hr);
    if (manager)
        IBackgroundCopyManager_Release(manager);
    CoUninitialize();
    return SUCCEEDED(hr) ? 0 : 1;
}
