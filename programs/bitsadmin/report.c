/*
 * The blocks that several commands print. See report.h; their shape is that of the sample outputs
 * on the page "bitsadmin examples".
 */
#include "report.h"

#include <sddl.h>
#include <bits1_5.h>
#include <bits2_0.h>
#include <bits2_5.h>
#include <bits3_0.h>

#include "format.h"
#include "output.h"
#include "session.h"
#include "words.h"

/* What /INFO shows in its first lines; the strings are task memory. */
struct summary {
    GUID id;
    BG_JOB_TYPE type;
    BG_JOB_STATE state;
    BG_JOB_PRIORITY priority;
    BG_JOB_PROGRESS progress;
    BG_JOB_TIMES times;
    BG_JOB_PROXY_USAGE proxy_usage;
    ULONG notify_flags, retry_delay, timeout, error_count;
    WCHAR *name, *owner, *description, *proxies, *bypass;
};

HRESULT print_job_row(const struct session *session, IBackgroundCopyJob *job)
{
    WCHAR id_text[GUID_TEXT], total[SIZE_TEXT];
    BG_JOB_PROGRESS progress;
    BG_JOB_STATE state;
    WCHAR *name;
    HRESULT hr;
    GUID id;

    if (FAILED(hr = IBackgroundCopyJob_GetId(job, &id)) ||
        FAILED(hr = IBackgroundCopyJob_GetState(job, &state)) ||
        FAILED(hr = IBackgroundCopyJob_GetProgress(job, &progress)) ||
        FAILED(hr = IBackgroundCopyJob_GetDisplayName(job, &name)))
        return report_failure(session, hr, L"read a job");
    output_print(L"%ls '%ls' %ls %lu / %lu %llu / %ls\n", format_guid(&id, id_text), name,
                 word_for(job_state_words, state), progress.FilesTransferred, progress.FilesTotal,
                 progress.BytesTransferred, format_size(progress.BytesTotal, total));
    CoTaskMemFree(name);
    return S_OK;
}

static HRESULT print_file(const struct session *session, IBackgroundCopyFile *file,
                          const WCHAR *indent)
{
    WCHAR *remote = NULL, *local = NULL;
    WCHAR total[SIZE_TEXT];
    BG_FILE_PROGRESS progress;
    HRESULT hr;

    if (SUCCEEDED(hr = IBackgroundCopyFile_GetProgress(file, &progress)) &&
        SUCCEEDED(hr = IBackgroundCopyFile_GetRemoteName(file, &remote)))
        hr = IBackgroundCopyFile_GetLocalName(file, &local);
    if (FAILED(hr))
        report_failure(session, hr, L"read a file of the job");
    else
        output_print(L"%ls%llu / %ls %ls %ls -> %ls\n", indent, progress.BytesTransferred,
                     format_size(progress.BytesTotal, total),
                     progress.Completed ? L"COMPLETED" : L"WORKING", remote, local);
    CoTaskMemFree(remote);
    CoTaskMemFree(local);
    return hr;
}

HRESULT print_job_files(const struct session *session, IBackgroundCopyJob *job, const WCHAR *indent)
{
    IEnumBackgroundCopyFiles *files;
    IBackgroundCopyFile *file;
    HRESULT hr = IBackgroundCopyJob_EnumFiles(job, &files);

    if (FAILED(hr))
        return report_failure(session, hr, L"enumerate the files of the job");
    while (SUCCEEDED(hr) && (hr = IEnumBackgroundCopyFiles_Next(files, 1, &file, NULL)) == S_OK) {
        hr = print_file(session, file, indent);
        IBackgroundCopyFile_Release(file);
    }
    IEnumBackgroundCopyFiles_Release(files);
    return FAILED(hr) ? hr : S_OK;
}

static void print_error_file(IBackgroundCopyError *error)
{
    WCHAR *remote = NULL, *local = NULL;
    IBackgroundCopyFile *file;

    /* BG_E_FILE_NOT_AVAILABLE: the error concerns no file. */
    if (FAILED(IBackgroundCopyError_GetFile(error, &file)))
        return;
    if (SUCCEEDED(IBackgroundCopyFile_GetRemoteName(file, &remote)) &&
        SUCCEEDED(IBackgroundCopyFile_GetLocalName(file, &local)))
        output_print(L"ERROR FILE:    %ls -> %ls\n", remote, local);
    CoTaskMemFree(remote);
    CoTaskMemFree(local);
    IBackgroundCopyFile_Release(file);
}

HRESULT print_job_error(const struct session *session, IBackgroundCopyJob *job, HRESULT *code)
{
    static const LANGID english = MAKELANGID(LANG_ENGLISH, SUBLANG_ENGLISH_US);
    LANGID language = GetUserDefaultLangID();
    WCHAR *description = NULL, *place = NULL;
    BG_ERROR_CONTEXT context;
    IBackgroundCopyError *error;
    HRESULT hr = IBackgroundCopyJob_GetError(job, &error), reason;

    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyError_GetError(error, &context, &reason);
    if (SUCCEEDED(hr)) {
        if (FAILED(IBackgroundCopyError_GetErrorDescription(error, language, &description)) &&
            FAILED(IBackgroundCopyError_GetErrorDescription(error, english, &description)))
            description = error_text(session, reason);
        if (FAILED(IBackgroundCopyError_GetErrorContextDescription(error, language, &place)) &&
            FAILED(IBackgroundCopyError_GetErrorContextDescription(error, english, &place)))
            place = NULL;
        print_error_file(error);
        output_print(L"ERROR CODE:    0x%08x%ls%ls\n", (unsigned)reason, description ? L" - " : L"",
                     description ? description : L"");
        output_print(L"ERROR CONTEXT: 0x%08x%ls%ls\n", (unsigned)context, place ? L" - " : L"",
                     place ? place : L"");
        CoTaskMemFree(description);
        CoTaskMemFree(place);
        if (code)
            *code = reason;
    }
    IBackgroundCopyError_Release(error);
    return hr;
}

static HRESULT read_summary(IBackgroundCopyJob *job, struct summary *s)
{
    HRESULT hr;

    if (FAILED(hr = IBackgroundCopyJob_GetId(job, &s->id)) ||
        FAILED(hr = IBackgroundCopyJob_GetType(job, &s->type)) ||
        FAILED(hr = IBackgroundCopyJob_GetState(job, &s->state)) ||
        FAILED(hr = IBackgroundCopyJob_GetPriority(job, &s->priority)) ||
        FAILED(hr = IBackgroundCopyJob_GetProgress(job, &s->progress)) ||
        FAILED(hr = IBackgroundCopyJob_GetTimes(job, &s->times)) ||
        FAILED(hr = IBackgroundCopyJob_GetNotifyFlags(job, &s->notify_flags)) ||
        FAILED(hr = IBackgroundCopyJob_GetMinimumRetryDelay(job, &s->retry_delay)) ||
        FAILED(hr = IBackgroundCopyJob_GetNoProgressTimeout(job, &s->timeout)) ||
        FAILED(hr = IBackgroundCopyJob_GetErrorCount(job, &s->error_count)) ||
        FAILED(hr = IBackgroundCopyJob_GetDisplayName(job, &s->name)) ||
        FAILED(hr = IBackgroundCopyJob_GetDescription(job, &s->description)))
        return hr;
    /* Not every service keeps these two; their absence does not hide the rest. */
    if (FAILED(IBackgroundCopyJob_GetOwner(job, &s->owner)))
        s->owner = NULL;
    if (FAILED(IBackgroundCopyJob_GetProxySettings(job, &s->proxy_usage, &s->proxies, &s->bypass)))
        s->proxies = s->bypass = NULL;
    return hr;
}

static void free_summary(struct summary *s)
{
    CoTaskMemFree(s->name);
    CoTaskMemFree(s->owner);
    CoTaskMemFree(s->description);
    CoTaskMemFree(s->proxies);
    CoTaskMemFree(s->bypass);
}

void print_account(const WCHAR *sid_text)
{
    WCHAR name[256], domain[256];
    DWORD name_size = ARRAYSIZE(name), domain_size = ARRAYSIZE(domain);
    SID_NAME_USE use;
    PSID sid;

    if (!sid_text) {
        output_print(L"UNKNOWN");
        return;
    }
    if (ConvertStringSidToSidW(sid_text, &sid)) {
        if (LookupAccountSidW(NULL, sid, name, &name_size, domain, &domain_size, &use)) {
            output_print(L"%ls%ls%ls", domain, *domain ? L"\\" : L"", name);
            sid_text = NULL;
        }
        LocalFree(sid);
    }
    if (sid_text)
        output_print(L"%ls", sid_text);
}

static void print_times(IBackgroundCopyJob *job, const BG_JOB_TIMES *times)
{
    WCHAR creation[TIME_TEXT], modification[TIME_TEXT], completion[TIME_TEXT], flags[FLAGS_TEXT];
    IBackgroundCopyJob3 *job3;
    DWORD acl_flags = 0;

    output_print(L"CREATION TIME: %ls MODIFICATION TIME: %ls\n",
                 format_time(&times->CreationTime, creation),
                 format_time(&times->ModificationTime, modification));
    if (SUCCEEDED(
            IBackgroundCopyJob_QueryInterface(job, &IID_IBackgroundCopyJob3, (void **)&job3))) {
        if (FAILED(IBackgroundCopyJob3_GetFileACLFlags(job3, &acl_flags)))
            acl_flags = 0;
        IBackgroundCopyJob3_Release(job3);
    }
    output_print(L"COMPLETION TIME: %ls ACL FLAGS: %ls\n",
                 format_time(&times->TransferCompletionTime, completion),
                 format_acl_flags(acl_flags, flags));
}

static void print_notification(IBackgroundCopyJob *job, ULONG flags)
{
    IUnknown *callback = NULL;
    bool registered = SUCCEEDED(IBackgroundCopyJob_GetNotifyInterface(job, &callback)) && callback;

    if (registered)
        IUnknown_Release(callback);
    output_print(L"NOTIFY INTERFACE: %ls NOTIFICATION FLAGS: %lu\n",
                 registered ? L"REGISTERED" : L"UNREGISTERED", flags);
}

static void print_version_1_5(IBackgroundCopyJob *job, BG_JOB_TYPE type)
{
    WCHAR *program = NULL, *parameters = NULL, *reply = NULL;
    BG_JOB_REPLY_PROGRESS progress;
    IBackgroundCopyJob2 *job2;
    WCHAR total[SIZE_TEXT];

    if (FAILED(IBackgroundCopyJob_QueryInterface(job, &IID_IBackgroundCopyJob2, (void **)&job2)))
        return;
    if (SUCCEEDED(IBackgroundCopyJob2_GetNotifyCmdLine(job2, &program, &parameters))) {
        if (program && *program)
            output_print(L"NOTIFICATION COMMAND LINE: '%ls' '%ls'\n", program, or_null(parameters));
        else
            output_print(L"NOTIFICATION COMMAND LINE: none\n");
        CoTaskMemFree(program);
        CoTaskMemFree(parameters);
    }
    if (type == BG_JOB_TYPE_UPLOAD_REPLY &&
        SUCCEEDED(IBackgroundCopyJob2_GetReplyProgress(job2, &progress)) &&
        SUCCEEDED(IBackgroundCopyJob2_GetReplyFileName(job2, &reply))) {
        output_print(L"REPLY FILE: %llu / %ls '%ls'\n", progress.BytesTransferred,
                     format_size(progress.BytesTotal, total), or_null(reply));
        CoTaskMemFree(reply);
    }
    IBackgroundCopyJob2_Release(job2);
}

/* The names of the integrity levels, by their first RID (GetOwnerIntegrityLevel). */
static const WCHAR *integrity_name(ULONG level)
{
    if (level >= SECURITY_MANDATORY_SYSTEM_RID)
        return L"SYSTEM";
    if (level >= SECURITY_MANDATORY_HIGH_RID)
        return L"HIGH";
    if (level >= SECURITY_MANDATORY_MEDIUM_RID)
        return L"MEDIUM";
    return level >= SECURITY_MANDATORY_LOW_RID ? L"LOW" : L"UNTRUSTED";
}

static void print_peer_caching_lines(DWORD flags)
{
    output_print(L"\nPeercaching flags\n"
                 L"         Enable download from peers      :%ls\n"
                 L"         Enable serving to peers         :%ls\n\n",
                 flags & BG_JOB_ENABLE_PEERCACHING_CLIENT ? L"true" : L"false",
                 flags & BG_JOB_ENABLE_PEERCACHING_SERVER ? L"true" : L"false");
}

void warn_of_damage(void)
{
    WCHAR path[MAX_PATH];
    DWORD size = sizeof(path), error;
    HKEY key;

    /* The service's own registry, which is the 64-bit one where there are two. */
    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, L"SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\BITS", 0,
                      KEY_QUERY_VALUE | KEY_WOW64_64KEY, &key))
        return;
    error = RegGetValueW(key, NULL, L"DamagedQueue", RRF_RT_REG_SZ, NULL, path, &size);
    RegCloseKey(key);
    if (error)
        return;
    /* Others than administrators cannot look for it. */
    if (GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES) {
        error = GetLastError();
        if (error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND)
            return;
    }
    output_warn(
        L"WARNING: The job queue was damaged. What could be read of it was kept. The damaged "
        L"file is %ls; this warning ends when it is deleted or moved.\n",
        path);
}

HRESULT print_peer_caching_flags(const struct session *session, HRESULT hr, DWORD flags)
{
    if (FAILED(hr))
        return report_failure(session, hr, L"get the peer caching flags");
    if (session->raw)
        output_answer(session, L"%lu", flags);
    else
        print_peer_caching_lines(flags);
    return hr;
}

static void print_version_3_0(IBackgroundCopyJob *job)
{
    IBackgroundCopyJob4 *job4;
    ULONG level;
    DWORD flags;
    BOOL elevated;

    if (FAILED(IBackgroundCopyJob_QueryInterface(job, &IID_IBackgroundCopyJob4, (void **)&job4)))
        return;
    if (SUCCEEDED(IBackgroundCopyJob4_GetOwnerIntegrityLevel(job4, &level)))
        output_print(L"owner MIC integrity level: %ls\n", integrity_name(level));
    if (SUCCEEDED(IBackgroundCopyJob4_GetOwnerElevationState(job4, &elevated)))
        output_print(L"owner elevated ?           %ls\n", elevated ? L"true" : L"false");
    if (SUCCEEDED(IBackgroundCopyJob4_GetPeerCachingFlags(job4, &flags)))
        print_peer_caching_lines(flags);
    IBackgroundCopyJob4_Release(job4);
}

static void print_http_options(IBackgroundCopyJob *job)
{
    IBackgroundCopyJobHttpOptions *options;
    WCHAR *headers = NULL;

    if (FAILED(IBackgroundCopyJob_QueryInterface(job, &IID_IBackgroundCopyJobHttpOptions,
                                                 (void **)&options)))
        return;
    if (SUCCEEDED(IBackgroundCopyJobHttpOptions_GetCustomHeaders(options, &headers)))
        output_print(L"CUSTOM HEADERS: %ls\n", or_null(headers));
    CoTaskMemFree(headers);
    IBackgroundCopyJobHttpOptions_Release(options);
}

HRESULT print_job_details(const struct session *session, IBackgroundCopyJob *job)
{
    WCHAR id[GUID_TEXT], total[SIZE_TEXT];
    struct summary s = {0};
    HRESULT hr = read_summary(job, &s);

    if (FAILED(hr)) {
        free_summary(&s);
        return report_failure(session, hr, L"read the job");
    }
    output_print(L"GUID: %ls DISPLAY: '%ls'\n", format_guid(&s.id, id), s.name);
    output_print(L"TYPE: %ls STATE: %ls OWNER: ", word_for(job_type_words, s.type),
                 word_for(job_state_words, s.state));
    print_account(s.owner);
    output_print(L"\nPRIORITY: %ls FILES: %lu / %lu BYTES: %llu / %ls\n",
                 word_for(job_priority_words, s.priority), s.progress.FilesTransferred,
                 s.progress.FilesTotal, s.progress.BytesTransferred,
                 format_size(s.progress.BytesTotal, total));
    print_times(job, &s.times);
    print_notification(job, s.notify_flags);
    output_print(L"RETRY DELAY: %lu NO PROGRESS TIMEOUT: %lu ERROR COUNT: %lu\n", s.retry_delay,
                 s.timeout, s.error_count);
    output_print(L"PROXY USAGE: %ls PROXY LIST: %ls PROXY BYPASS LIST: %ls\n",
                 word_for(proxy_usage_words, s.proxy_usage), or_null(s.proxies), or_null(s.bypass));
    if (s.state == BG_JOB_STATE_ERROR || s.state == BG_JOB_STATE_TRANSIENT_ERROR)
        print_job_error(session, job, NULL);
    output_print(L"DESCRIPTION: %ls\nJOB FILES:\n", s.description);
    hr = print_job_files(session, job, L"\t");
    print_version_1_5(job, s.type);
    print_version_3_0(job);
    print_http_options(job);
    free_summary(&s);
    return hr;
}
