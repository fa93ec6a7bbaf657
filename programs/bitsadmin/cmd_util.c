/*
 * /UTIL /VERSION and /UTIL /ENABLEANALYTICCHANNEL. Called from the command table. The other utility
 * commands are in util_service.c and util_proxy.c.
 */
#include "handlers.h"

#include <bits10_1.h>
#include <bits10_2.h>
#include <bits10_3.h>
#include <bits1_5.h>
#include <bits2_0.h>
#include <bits2_5.h>
#include <bits3_0.h>
#include <bits4_0.h>
#include <bits5_0.h>
#include <stdlib.h>
#include <wchar.h>

#include "output.h"
#include "session.h"
#include "words.h"

static const struct {
    const CLSID *clsid;
    const WCHAR *version;
} managers[] = {
    {&CLSID_BackgroundCopyManager10_3, L"10.3"}, {&CLSID_BackgroundCopyManager10_2, L"10.2"},
    {&CLSID_BackgroundCopyManager10_1, L"10.1"}, {&CLSID_BackgroundCopyManager5_0, L"5.0"},
    {&CLSID_BackgroundCopyManager4_0, L"4.0"},   {&CLSID_BackgroundCopyManager3_0, L"3.0"},
    {&CLSID_BackgroundCopyManager2_5, L"2.5"},   {&CLSID_BackgroundCopyManager2_0, L"2.0"},
    {&CLSID_BackgroundCopyManager1_5, L"1.5"},   {&CLSID_BackgroundCopyManager, L"1.0"},
};

/* The version of the newest manager that the service creates (page "Connecting to the BITS
 * service"). Starts the service. */
static HRESULT find_version(const WCHAR **version)
{
    IBackgroundCopyManager *manager;
    HRESULT hr = E_FAIL;
    size_t i;

    for (i = 0; i < ARRAYSIZE(managers); i++) {
        hr = CoCreateInstance(managers[i].clsid, NULL, CLSCTX_LOCAL_SERVER,
                              &IID_IBackgroundCopyManager, (void **)&manager);
        if (SUCCEEDED(hr)) {
            IBackgroundCopyManager_Release(manager);
            *version = managers[i].version;
            break;
        }
    }
    return hr;
}

static void print_file_version(const WCHAR *name)
{
    WCHAR path[MAX_PATH];
    UINT length = GetSystemDirectoryW(path, ARRAYSIZE(path)), size;
    VS_FIXEDFILEINFO *fixed;
    DWORD bytes, ignored;
    void *info;

    if (!length || length + 1 + wcslen(name) >= ARRAYSIZE(path))
        return;
    path[length] = '\\';
    wcscpy(path + length + 1, name);
    if (GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES) {
        output_print(L"%ls not installed\n", name);
        return;
    }
    bytes = GetFileVersionInfoSizeW(path, &ignored);
    info = bytes ? malloc(bytes) : NULL;
    if (info && GetFileVersionInfoW(path, 0, bytes, info) &&
        VerQueryValueW(info, L"\\", (void **)&fixed, &size) && size >= sizeof(*fixed))
        output_print(L"%ls %u.%u.%u.%u\n", name, HIWORD(fixed->dwFileVersionMS),
                     LOWORD(fixed->dwFileVersionMS), HIWORD(fixed->dwFileVersionLS),
                     LOWORD(fixed->dwFileVersionLS));
    else
        output_print(L"%ls has no version information\n", name);
    free(info);
}

HRESULT command_util_version(const struct invocation *invocation)
{
    bool verbose = invocation->count == 1;
    const WCHAR *version;
    HRESULT hr;

    if (verbose && !is_switch(invocation->args[0], L"VERBOSE")) {
        output_print(L"\"%ls\" is not a switch of this command.\n", invocation->args[0]);
        return BITSADMIN_E_USAGE;
    }
    if (verbose) {
        print_file_version(L"qmgr.dll");
        print_file_version(L"qmgrprxy.dll");
    }
    hr = find_version(&version);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"start the BITS service");
    if (verbose)
        output_print(L"The BITS service can be started.\n");
    output_answer(invocation->session, L"%ls", version);
    return S_OK;
}

/* The few names of the event log API that are needed; it is loaded at run time, as systems without
 * event channels may lack it. */
struct event_log {
    HANDLE(WINAPI *open)(HANDLE session, const WCHAR *channel, DWORD flags);
    BOOL(WINAPI *set)(HANDLE channel, int property, DWORD flags, void *variant);
    BOOL(WINAPI *save)(HANDLE channel, DWORD flags);
    BOOL(WINAPI *close)(HANDLE channel);
};

/* EVT_VARIANT with a BOOL, and EvtChannelConfigEnabled, as winevt.h has them. */
struct event_boolean {
    union {
        BOOL value;
        UINT64 room;
    };
    DWORD count;
    DWORD type;
};
#define EVENT_TYPE_BOOLEAN    13
#define EVENT_CONFIG_ENABLED  0
#define ANALYTIC_CHANNEL_NAME L"Microsoft-Windows-Bits-Client/Analytic"
#define CHANNEL_KEY           L"SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WINEVT\\Channels\\"

/* Wine's event log takes every call for every channel and keeps nothing; so the list of the
 * channels that are installed decides. */
static bool is_channel_installed(void)
{
    HKEY key;

    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, CHANNEL_KEY ANALYTIC_CHANNEL_NAME, 0,
                      KEY_READ | KEY_WOW64_64KEY, &key))
        return false;
    RegCloseKey(key);
    return true;
}

static bool load_event_log(struct event_log *log)
{
    HMODULE module = LoadLibraryExW(L"wevtapi.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);

    if (!module)
        return false;
    log->open = (void *)GetProcAddress(module, "EvtOpenChannelConfig");
    log->set = (void *)GetProcAddress(module, "EvtSetChannelConfigProperty");
    log->save = (void *)GetProcAddress(module, "EvtSaveChannelConfig");
    log->close = (void *)GetProcAddress(module, "EvtClose");
    return log->open && log->set && log->save && log->close;
}

HRESULT command_util_enable_analytic_channel(const struct invocation *invocation)
{
    struct event_boolean enabled = {.type = EVENT_TYPE_BOOLEAN};
    struct event_log log;
    HRESULT hr = S_OK;
    HANDLE channel = NULL;
    ULONG value;

    if (!word_value(boolean_words, L"value", invocation->args[0], &value))
        return BITSADMIN_E_USAGE;
    if (is_channel_installed() && load_event_log(&log))
        channel = log.open(NULL, ANALYTIC_CHANNEL_NAME, 0);
    if (!channel) {
        output_print(L"This system has no event channel %ls.\n", ANALYTIC_CHANNEL_NAME);
        return HRESULT_FROM_WIN32(ERROR_NOT_SUPPORTED);
    }
    enabled.value = value;
    if (!log.set(channel, EVENT_CONFIG_ENABLED, 0, &enabled) || !log.save(channel, 0))
        hr = HRESULT_FROM_WIN32(GetLastError());
    log.close(channel);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"change the analytic channel");
    output_print(L"Analytic channel %ls.\n", value ? L"enabled" : L"disabled");
    return S_OK;
}
