/*
 * The reading half of loadclient.exe: gets properties of jobs and files and prints them, see
 * loadclient.h. Called by loadclient.c only.
 */
#include "loadclient.h"

#include <stdio.h>

BOOL connection_broke(HRESULT hr)
{
    switch (hr) {
    case RPC_E_DISCONNECTED:
    case RPC_E_SERVER_DIED:
    case RPC_E_SERVER_DIED_DNE:
    case RPC_E_CONNECTION_TERMINATED:
    case RPC_E_FAULT:
    case CO_E_OBJNOTCONNECTED:
    case CO_E_SERVER_STOPPING:
        return TRUE;
    }
    if (HRESULT_FACILITY(hr) != FACILITY_WIN32)
        return FALSE;
    switch (HRESULT_CODE(hr)) {
    case RPC_S_SERVER_UNAVAILABLE:
    case RPC_S_CALL_FAILED:
    case RPC_S_CALL_FAILED_DNE:
    case RPC_S_COMM_FAILURE:
    case RPC_S_UNKNOWN_IF:
    case ERROR_BROKEN_PIPE:
    case ERROR_PIPE_NOT_CONNECTED:
        return TRUE;
    }
    return FALSE;
}

static void print_text(const char *key, const WCHAR *text)
{
    char utf8[16384];
    int i;

    printf(" %s=", key);
    if (!text || !WideCharToMultiByte(CP_UTF8, 0, text, -1, utf8, sizeof(utf8), NULL, NULL))
        return;
    for (i = 0; utf8[i]; i++) {
        unsigned char c = (unsigned char)utf8[i];

        if (c <= ' ' || c == '%' || c == '=' || c >= 0x7f)
            printf("%%%02x", c);
        else
            putchar(c);
    }
}

/* Prints a string that a method returned and frees it; a failure shows as key!=0x... */
static void print_string(const char *key, HRESULT hr, WCHAR *text)
{
    if (FAILED(hr)) {
        printf(" %s!=0x%08lx", key, (unsigned long)hr);
        return;
    }
    print_text(key, text);
    CoTaskMemFree(text);
}

static void print_number(const char *key, HRESULT hr, UINT64 value)
{
    if (FAILED(hr))
        printf(" %s!=0x%08lx", key, (unsigned long)hr);
    else
        printf(" %s=%llu", key, (unsigned long long)value);
}

void print_guid(const char *key, const GUID *guid)
{
    WCHAR text[64];

    StringFromGUID2(guid, text, ARRAYSIZE(text));
    print_text(key, text);
}

static UINT64 filetime_value(const FILETIME *time)
{
    return (UINT64)time->dwHighDateTime << 32 | time->dwLowDateTime;
}

/* The properties of a file; their prefix is its number in the job. */
static HRESULT print_file(IBackgroundCopyFile *file, unsigned int number)
{
    BG_FILE_PROGRESS progress;
    IBackgroundCopyFile3 *file3;
    WCHAR *text = NULL;
    char key[32];
    HRESULT hr;

    snprintf(key, sizeof(key), "f%u.remote", number);
    hr = IBackgroundCopyFile_GetRemoteName(file, &text);
    if (connection_broke(hr))
        return hr;
    print_string(key, hr, text);
    snprintf(key, sizeof(key), "f%u.local", number);
    hr = IBackgroundCopyFile_GetLocalName(file, &text);
    if (connection_broke(hr))
        return hr;
    print_string(key, hr, text);
    hr = IBackgroundCopyFile_GetProgress(file, &progress);
    if (connection_broke(hr))
        return hr;
    snprintf(key, sizeof(key), "f%u.total", number);
    print_number(key, hr, progress.BytesTotal);
    snprintf(key, sizeof(key), "f%u.transferred", number);
    print_number(key, hr, progress.BytesTransferred);
    snprintf(key, sizeof(key), "f%u.completed", number);
    print_number(key, hr, progress.Completed != 0);
    if (SUCCEEDED(
            IBackgroundCopyFile_QueryInterface(file, &IID_IBackgroundCopyFile3, (void **)&file3))) {
        snprintf(key, sizeof(key), "f%u.temp", number);
        hr = IBackgroundCopyFile3_GetTemporaryName(file3, &text);
        if (SUCCEEDED(hr))
            print_string(key, hr, text);
        IBackgroundCopyFile3_Release(file3);
        if (connection_broke(hr))
            return hr;
    }
    return S_OK;
}

static HRESULT print_files(IBackgroundCopyJob *job)
{
    IEnumBackgroundCopyFiles *files;
    IBackgroundCopyFile *file;
    unsigned int count = 0;
    HRESULT hr = IBackgroundCopyJob_EnumFiles(job, &files);

    if (FAILED(hr))
        return hr;
    while ((hr = IEnumBackgroundCopyFiles_Next(files, 1, &file, NULL)) == S_OK) {
        hr = print_file(file, count++);
        IBackgroundCopyFile_Release(file);
        if (FAILED(hr))
            break;
    }
    IEnumBackgroundCopyFiles_Release(files);
    if (SUCCEEDED(hr))
        printf(" files=%u", count);
    return SUCCEEDED(hr) ? S_OK : hr;
}

static HRESULT print_error(IBackgroundCopyJob *job)
{
    IBackgroundCopyError *error;
    BG_ERROR_CONTEXT context;
    HRESULT code, hr = IBackgroundCopyJob_GetError(job, &error);

    if (FAILED(hr))
        return connection_broke(hr) ? hr : S_OK;
    hr = IBackgroundCopyError_GetError(error, &context, &code);
    if (SUCCEEDED(hr))
        printf(" error=0x%08lx context=%d", (unsigned long)code, (int)context);
    IBackgroundCopyError_Release(error);
    return hr;
}

/* The properties of the later interfaces; those that the service does not know are left out. */
static HRESULT print_later_properties(IBackgroundCopyJob *job)
{
    IBackgroundCopyJobHttpOptions *http;
    IBackgroundCopyJob2 *job2;
    WCHAR *text = NULL, *more = NULL;
    HRESULT hr;

    hr = IBackgroundCopyJob_QueryInterface(job, &IID_IBackgroundCopyJob2, (void **)&job2);
    if (SUCCEEDED(hr)) {
        hr = IBackgroundCopyJob2_GetNotifyCmdLine(job2, &text, &more);
        if (SUCCEEDED(hr)) {
            print_string("program", hr, text);
            print_string("parameters", hr, more);
        }
        IBackgroundCopyJob2_Release(job2);
    }
    if (connection_broke(hr))
        return hr;
    hr = IBackgroundCopyJob_QueryInterface(job, &IID_IBackgroundCopyJobHttpOptions, (void **)&http);
    if (SUCCEEDED(hr)) {
        hr = IBackgroundCopyJobHttpOptions_GetCustomHeaders(http, &text);
        if (SUCCEEDED(hr))
            print_string("headers", hr, text);
        IBackgroundCopyJobHttpOptions_Release(http);
    }
    return connection_broke(hr) ? hr : S_OK;
}

HRESULT print_job(IBackgroundCopyJob *job)
{
    BG_JOB_PROXY_USAGE usage;
    BG_JOB_PROGRESS progress;
    BG_JOB_PRIORITY priority;
    WCHAR *text = NULL, *bypass = NULL;
    BG_JOB_STATE state;
    BG_JOB_TIMES times;
    BG_JOB_TYPE type;
    ULONG number;
    HRESULT hr;

    hr = IBackgroundCopyJob_GetState(job, &state);
    if (FAILED(hr))
        return hr;
    print_number("state", hr, state);
    hr = IBackgroundCopyJob_GetDisplayName(job, &text);
    print_string("name", hr, text);
    if (connection_broke(hr))
        return hr;
    hr = IBackgroundCopyJob_GetDescription(job, &text);
    print_string("description", hr, text);
    if (connection_broke(hr))
        return hr;
    hr = IBackgroundCopyJob_GetType(job, &type);
    print_number("type", hr, type);
    hr = IBackgroundCopyJob_GetPriority(job, &priority);
    print_number("priority", hr, priority);
    hr = IBackgroundCopyJob_GetMinimumRetryDelay(job, &number);
    print_number("retry", hr, number);
    hr = IBackgroundCopyJob_GetNoProgressTimeout(job, &number);
    print_number("noprogress", hr, number);
    hr = IBackgroundCopyJob_GetNotifyFlags(job, &number);
    print_number("flags", hr, number);
    hr = IBackgroundCopyJob_GetErrorCount(job, &number);
    print_number("errors", hr, number);
    hr = IBackgroundCopyJob_GetOwner(job, &text);
    print_string("owner", hr, text);
    if (connection_broke(hr))
        return hr;
    hr = IBackgroundCopyJob_GetTimes(job, &times);
    print_number("created", hr, filetime_value(&times.CreationTime));
    print_number("modified", hr, filetime_value(&times.ModificationTime));
    print_number("finished", hr, filetime_value(&times.TransferCompletionTime));
    hr = IBackgroundCopyJob_GetProxySettings(job, &usage, &text, &bypass);
    print_number("usage", hr, usage);
    print_string("proxy", hr, text);
    print_string("bypass", hr, bypass);
    if (connection_broke(hr))
        return hr;
    hr = print_later_properties(job);
    if (SUCCEEDED(hr))
        hr = print_error(job);
    if (SUCCEEDED(hr))
        hr = print_files(job);
    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJob_GetProgress(job, &progress);
    print_number("bytes", hr, progress.BytesTransferred);
    print_number("bytestotal", hr, progress.BytesTotal);
    print_number("filesdone", hr, progress.FilesTransferred);
    return hr;
}

HRESULT print_state(IBackgroundCopyJob *job)
{
    BG_JOB_PROGRESS progress;
    BG_JOB_STATE state;
    HRESULT hr = IBackgroundCopyJob_GetState(job, &state);

    if (FAILED(hr))
        return hr;
    print_number("state", hr, state);
    hr = IBackgroundCopyJob_GetProgress(job, &progress);
    print_number("bytes", hr, progress.BytesTransferred);
    print_number("bytestotal", hr, progress.BytesTotal);
    print_number("filesdone", hr, progress.FilesTransferred);
    print_number("files", hr, progress.FilesTotal);
    return connection_broke(hr) ? hr : S_OK;
}
