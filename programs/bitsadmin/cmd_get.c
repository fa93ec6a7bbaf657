/*
 * The /GET commands that read one property of a job and print it, as a bare value under /RAWRETURN.
 * Called from the command table; one method of IBackgroundCopyJob to Job4 each.
 */
#include "handlers.h"

#include <bits1_5.h>
#include <bits2_0.h>
#include <bits3_0.h>

#include "bitsmsg.h"
#include "format.h"
#include "output.h"
#include "report.h"
#include "session.h"
#include "words.h"

/* Prints a number that a method returned, or its failure. */
static HRESULT answer_number(const struct invocation *invocation, HRESULT hr, UINT64 number,
                             const WCHAR *doing)
{
    if (FAILED(hr))
        return report_failure(invocation->session, hr, doing);
    output_answer(invocation->session, L"%llu", number);
    return S_OK;
}

/* Prints a string that a method returned and frees it, or prints the failure. */
static HRESULT answer_string(const struct invocation *invocation, HRESULT hr, WCHAR *text,
                             const WCHAR *doing)
{
    if (FAILED(hr))
        return report_failure(invocation->session, hr, doing);
    output_answer(invocation->session, L"%ls", text ? text : L"");
    CoTaskMemFree(text);
    return S_OK;
}

HRESULT command_get_type(const struct invocation *invocation)
{
    BG_JOB_TYPE type;
    HRESULT hr = IBackgroundCopyJob_GetType(invocation->job, &type);

    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"get the job type");
    output_answer(invocation->session, L"%ls", word_for(job_type_words, type));
    return S_OK;
}

HRESULT command_get_state(const struct invocation *invocation)
{
    BG_JOB_STATE state;
    HRESULT hr = IBackgroundCopyJob_GetState(invocation->job, &state);

    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"get the job state");
    output_answer(invocation->session, L"%ls", word_for(job_state_words, state));
    return S_OK;
}

HRESULT command_get_priority(const struct invocation *invocation)
{
    BG_JOB_PRIORITY priority;
    HRESULT hr = IBackgroundCopyJob_GetPriority(invocation->job, &priority);

    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"get the job priority");
    output_answer(invocation->session, L"%ls", word_for(job_priority_words, priority));
    return S_OK;
}

HRESULT command_get_owner(const struct invocation *invocation)
{
    WCHAR *owner;
    HRESULT hr = IBackgroundCopyJob_GetOwner(invocation->job, &owner);

    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"get the job owner");
    print_account(owner);
    CoTaskMemFree(owner);
    output_answer(invocation->session, L"");
    return S_OK;
}

HRESULT command_get_display_name(const struct invocation *invocation)
{
    WCHAR *name;
    HRESULT hr = IBackgroundCopyJob_GetDisplayName(invocation->job, &name);

    return answer_string(invocation, hr, name, L"get the display name");
}

HRESULT command_get_description(const struct invocation *invocation)
{
    WCHAR *description;
    HRESULT hr = IBackgroundCopyJob_GetDescription(invocation->job, &description);

    return answer_string(invocation, hr, description, L"get the description");
}

HRESULT command_get_bytes_total(const struct invocation *invocation)
{
    WCHAR text[SIZE_TEXT];
    BG_JOB_PROGRESS progress;
    HRESULT hr = IBackgroundCopyJob_GetProgress(invocation->job, &progress);

    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"get the job progress");
    output_answer(invocation->session, L"%ls", format_size(progress.BytesTotal, text));
    return S_OK;
}

HRESULT command_get_bytes_transferred(const struct invocation *invocation)
{
    BG_JOB_PROGRESS progress;
    HRESULT hr = IBackgroundCopyJob_GetProgress(invocation->job, &progress);

    return answer_number(invocation, hr, progress.BytesTransferred, L"get the job progress");
}

HRESULT command_get_files_total(const struct invocation *invocation)
{
    BG_JOB_PROGRESS progress;
    HRESULT hr = IBackgroundCopyJob_GetProgress(invocation->job, &progress);

    return answer_number(invocation, hr, progress.FilesTotal, L"get the job progress");
}

HRESULT command_get_files_transferred(const struct invocation *invocation)
{
    BG_JOB_PROGRESS progress;
    HRESULT hr = IBackgroundCopyJob_GetProgress(invocation->job, &progress);

    return answer_number(invocation, hr, progress.FilesTransferred, L"get the job progress");
}

static HRESULT answer_time(const struct invocation *invocation, HRESULT hr, const FILETIME *time)
{
    WCHAR text[TIME_TEXT];

    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"get the job times");
    output_answer(invocation->session, L"%ls", format_time(time, text));
    return S_OK;
}

HRESULT command_get_creation_time(const struct invocation *invocation)
{
    BG_JOB_TIMES times;
    HRESULT hr = IBackgroundCopyJob_GetTimes(invocation->job, &times);

    return answer_time(invocation, hr, &times.CreationTime);
}

HRESULT command_get_modification_time(const struct invocation *invocation)
{
    BG_JOB_TIMES times;
    HRESULT hr = IBackgroundCopyJob_GetTimes(invocation->job, &times);

    return answer_time(invocation, hr, &times.ModificationTime);
}

HRESULT command_get_completion_time(const struct invocation *invocation)
{
    BG_JOB_TIMES times;
    HRESULT hr = IBackgroundCopyJob_GetTimes(invocation->job, &times);

    return answer_time(invocation, hr, &times.TransferCompletionTime);
}

/* A job without an error is no failure of the command. */
HRESULT command_get_error(const struct invocation *invocation)
{
    HRESULT hr = print_job_error(invocation->session, invocation->job, NULL);

    if (hr == BG_E_ERROR_INFORMATION_UNAVAILABLE) {
        output_answer(invocation->session, L"The job has no error information.");
        return S_OK;
    }
    return FAILED(hr) ? report_failure(invocation->session, hr, L"get the error") : S_OK;
}

HRESULT command_get_error_count(const struct invocation *invocation)
{
    ULONG count;
    HRESULT hr = IBackgroundCopyJob_GetErrorCount(invocation->job, &count);

    return answer_number(invocation, hr, count, L"get the error count");
}

HRESULT command_get_notify_flags(const struct invocation *invocation)
{
    ULONG flags;
    HRESULT hr = IBackgroundCopyJob_GetNotifyFlags(invocation->job, &flags);

    return answer_number(invocation, hr, flags, L"get the notification flags");
}

HRESULT command_get_notify_interface(const struct invocation *invocation)
{
    IUnknown *callback = NULL;
    HRESULT hr = IBackgroundCopyJob_GetNotifyInterface(invocation->job, &callback);

    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"get the notification interface");
    output_answer(invocation->session, L"%ls", callback ? L"REGISTERED" : L"UNREGISTERED");
    if (callback)
        IUnknown_Release(callback);
    return S_OK;
}

HRESULT command_get_notify_cmd_line(const struct invocation *invocation)
{
    WCHAR *program, *parameters;
    IBackgroundCopyJob2 *job;
    HRESULT hr = query_version(invocation->session, invocation->job, &IID_IBackgroundCopyJob2,
                               L"1.5", (void **)&job);

    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJob2_GetNotifyCmdLine(job, &program, &parameters);
    IBackgroundCopyJob2_Release(job);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"get the notification command line");
    output_answer(invocation->session, L"'%ls' '%ls'", or_null(program), or_null(parameters));
    CoTaskMemFree(program);
    CoTaskMemFree(parameters);
    return S_OK;
}

HRESULT command_get_min_retry_delay(const struct invocation *invocation)
{
    ULONG seconds;
    HRESULT hr = IBackgroundCopyJob_GetMinimumRetryDelay(invocation->job, &seconds);

    return answer_number(invocation, hr, seconds, L"get the minimum retry delay");
}

HRESULT command_get_no_progress_timeout(const struct invocation *invocation)
{
    ULONG seconds;
    HRESULT hr = IBackgroundCopyJob_GetNoProgressTimeout(invocation->job, &seconds);

    return answer_number(invocation, hr, seconds, L"get the no progress timeout");
}

HRESULT command_get_max_download_time(const struct invocation *invocation)
{
    IBackgroundCopyJob4 *job;
    ULONG seconds;
    HRESULT hr = query_version(invocation->session, invocation->job, &IID_IBackgroundCopyJob4,
                               L"3.0", (void **)&job);

    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJob4_GetMaximumDownloadTime(job, &seconds);
    IBackgroundCopyJob4_Release(job);
    return answer_number(invocation, hr, seconds, L"get the maximum download time");
}

enum proxy_part { PROXY_USAGE, PROXY_LIST, PROXY_BYPASS };

static HRESULT get_proxy(const struct invocation *invocation, enum proxy_part part)
{
    BG_JOB_PROXY_USAGE usage;
    WCHAR *list, *bypass;
    HRESULT hr = IBackgroundCopyJob_GetProxySettings(invocation->job, &usage, &list, &bypass);

    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"get the proxy settings");
    if (part == PROXY_USAGE)
        output_answer(invocation->session, L"%ls", word_for(proxy_usage_words, usage));
    else
        output_answer(invocation->session, L"%ls", or_null(part == PROXY_LIST ? list : bypass));
    CoTaskMemFree(list);
    CoTaskMemFree(bypass);
    return S_OK;
}

HRESULT command_get_proxy_usage(const struct invocation *invocation)
{
    return get_proxy(invocation, PROXY_USAGE);
}

HRESULT command_get_proxy_list(const struct invocation *invocation)
{
    return get_proxy(invocation, PROXY_LIST);
}

HRESULT command_get_proxy_bypass_list(const struct invocation *invocation)
{
    return get_proxy(invocation, PROXY_BYPASS);
}

HRESULT command_get_acl_flags(const struct invocation *invocation)
{
    WCHAR text[FLAGS_TEXT];
    IBackgroundCopyJob3 *job;
    DWORD flags;
    HRESULT hr = query_version(invocation->session, invocation->job, &IID_IBackgroundCopyJob3,
                               L"2.0", (void **)&job);

    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJob3_GetFileACLFlags(job, &flags);
    IBackgroundCopyJob3_Release(job);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"get the ACL flags");
    output_answer(invocation->session, L"%ls", format_acl_flags(flags, text));
    return S_OK;
}

HRESULT command_get_peer_caching_flags(const struct invocation *invocation)
{
    IBackgroundCopyJob4 *job;
    DWORD flags;
    HRESULT hr = query_version(invocation->session, invocation->job, &IID_IBackgroundCopyJob4,
                               L"3.0", (void **)&job);

    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJob4_GetPeerCachingFlags(job, &flags);
    IBackgroundCopyJob4_Release(job);
    return print_peer_caching_flags(invocation->session, hr, flags);
}
