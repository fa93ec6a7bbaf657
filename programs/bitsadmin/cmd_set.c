/*
 * The /SET commands that change one property of a job. Called from the command table; one method of
 * IBackgroundCopyJob to Job4 each.
 */
#include "handlers.h"

#include <bits1_5.h>
#include <bits2_0.h>
#include <bits3_0.h>
#include <stdlib.h>
#include <wchar.h>

#include "format.h"
#include "output.h"
#include "session.h"
#include "words.h"

/* Joins arguments with spaces, putting those with spaces in quotes if asked to. A lone one is taken
 * as it is. The result is the caller's to free(). */
static WCHAR *join_words(int count, WCHAR **args, bool quote_spaces)
{
    size_t size = 1;
    WCHAR *text, *at;
    int i;

    for (i = 0; i < count; i++)
        size += wcslen(args[i]) + 3;
    at = text = malloc(size * sizeof(*text));
    if (!text)
        return NULL;
    for (i = 0; i < count; i++) {
        bool quote = quote_spaces && count > 1 && (!*args[i] || wcspbrk(args[i], L" \t")) &&
                     !wcschr(args[i], '"');
        if (i)
            *at++ = ' ';
        if (quote)
            *at++ = '"';
        wcscpy(at, args[i]);
        at += wcslen(at);
        if (quote)
            *at++ = '"';
    }
    *at = 0;
    return text;
}

HRESULT command_set_display_name(const struct invocation *invocation)
{
    HRESULT hr = IBackgroundCopyJob_SetDisplayName(invocation->job, invocation->args[0]);

    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"set the display name");
    output_print(L"Display name set to '%ls'.\n", invocation->args[0]);
    return S_OK;
}

/* The page's example has a description of several words without quotes. */
HRESULT command_set_description(const struct invocation *invocation)
{
    WCHAR *description = join_words(invocation->count, invocation->args, false);
    HRESULT hr = E_OUTOFMEMORY;

    if (description)
        hr = IBackgroundCopyJob_SetDescription(invocation->job, description);
    if (FAILED(hr))
        report_failure(invocation->session, hr, L"set the description");
    else
        output_print(L"Description set to '%ls'.\n", description);
    free(description);
    return hr;
}

HRESULT command_set_priority(const struct invocation *invocation)
{
    ULONG priority;
    HRESULT hr;

    if (!word_value(job_priority_words, L"priority", invocation->args[0], &priority))
        return BITSADMIN_E_USAGE;
    hr = IBackgroundCopyJob_SetPriority(invocation->job, priority);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"set the priority");
    output_print(L"Priority set to %ls.\n", word_for(job_priority_words, priority));
    return S_OK;
}

HRESULT command_set_notify_flags(const struct invocation *invocation)
{
    ULONG flags;
    HRESULT hr;

    if (!parse_number(L"set of notification flags", invocation->args[0], &flags))
        return BITSADMIN_E_USAGE;
    hr = IBackgroundCopyJob_SetNotifyFlags(invocation->job, flags);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"set the notification flags");
    output_print(L"Notification flags set to %lu.\n", flags);
    return S_OK;
}

/* bitsadmin-setnotifycmdline: program, then nothing, NULL, or the parameters (which begin with the
 * program's name). NULL NULL removes the command line. */
HRESULT command_set_notify_cmd_line(const struct invocation *invocation)
{
    const WCHAR *program = null_word(invocation->args[0]), *parameters;
    WCHAR *joined = join_words(invocation->count - 1, invocation->args + 1, true);
    IBackgroundCopyJob2 *job;
    HRESULT hr;

    if (!joined)
        return report_failure(invocation->session, E_OUTOFMEMORY, L"read the parameters");
    parameters = null_word(joined);
    if (!program && parameters) {
        output_print(L"Parameters cannot be set without a program.\n");
        hr = BITSADMIN_E_USAGE;
        goto free_parameters;
    }
    hr = query_version(invocation->session, invocation->job, &IID_IBackgroundCopyJob2, L"1.5",
                       (void **)&job);
    if (FAILED(hr))
        goto free_parameters;
    hr = IBackgroundCopyJob2_SetNotifyCmdLine(job, program, parameters);
    IBackgroundCopyJob2_Release(job);
    if (FAILED(hr))
        report_failure(invocation->session, hr, L"set the notification command line");
    else
        output_print(L"Command line to run: '%ls' '%ls'.\n", or_null(program), or_null(parameters));
free_parameters:
    free(joined);
    return hr;
}

HRESULT command_set_min_retry_delay(const struct invocation *invocation)
{
    ULONG seconds;
    HRESULT hr;

    if (!parse_number(L"number of seconds", invocation->args[0], &seconds))
        return BITSADMIN_E_USAGE;
    hr = IBackgroundCopyJob_SetMinimumRetryDelay(invocation->job, seconds);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"set the minimum retry delay");
    output_print(L"Minimum retry delay set to %lu.\n", seconds);
    return S_OK;
}

HRESULT command_set_no_progress_timeout(const struct invocation *invocation)
{
    ULONG seconds;
    HRESULT hr;

    if (!parse_number(L"number of seconds", invocation->args[0], &seconds))
        return BITSADMIN_E_USAGE;
    hr = IBackgroundCopyJob_SetNoProgressTimeout(invocation->job, seconds);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"set the no progress timeout");
    output_print(L"No progress timeout set to %lu.\n", seconds);
    return S_OK;
}

HRESULT command_set_max_download_time(const struct invocation *invocation)
{
    IBackgroundCopyJob4 *job;
    ULONG seconds;
    HRESULT hr;

    if (!parse_number(L"number of seconds", invocation->args[0], &seconds))
        return BITSADMIN_E_USAGE;
    hr = query_version(invocation->session, invocation->job, &IID_IBackgroundCopyJob4, L"3.0",
                       (void **)&job);
    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJob4_SetMaximumDownloadTime(job, seconds);
    IBackgroundCopyJob4_Release(job);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"set the maximum download time");
    output_print(L"Maximum download time set to %lu.\n", seconds);
    return S_OK;
}

/* The command takes proxies with commas between them, the interface with spaces
 * (bitsadmin-setproxysettings, nf-bits-ibackgroundcopyjob-setproxysettings). Changes the argument.
 */
static void commas_to_spaces(WCHAR *list)
{
    for (; *list; list++) {
        if (*list == ',')
            *list = ' ';
    }
}

HRESULT command_set_proxy_settings(const struct invocation *invocation)
{
    const WCHAR *list = NULL, *bypass = NULL;
    ULONG usage;
    HRESULT hr;

    if (!word_value(proxy_usage_words, L"proxy usage", invocation->args[0], &usage))
        return BITSADMIN_E_USAGE;
    if (usage == BG_JOB_PROXY_USAGE_OVERRIDE) {
        if (invocation->count < 2 || !null_word(invocation->args[1])) {
            output_print(L"OVERRIDE needs a list of proxy servers.\n");
            return BITSADMIN_E_USAGE;
        }
        commas_to_spaces(invocation->args[1]);
        list = invocation->args[1];
        bypass = invocation->count > 2 ? null_word(invocation->args[2]) : NULL;
    } else if (invocation->count > 1) {
        output_print(L"%ls takes no list of proxy servers.\n", invocation->args[0]);
        return BITSADMIN_E_USAGE;
    }
    hr = IBackgroundCopyJob_SetProxySettings(invocation->job, usage, list, bypass);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"set the proxy settings");
    output_print(L"Proxy usage set to %ls.\n", word_for(proxy_usage_words, usage));
    if (list)
        output_print(L"Proxy list set to %ls.\nProxy bypass list set to %ls.\n", list,
                     or_null(bypass));
    return S_OK;
}

HRESULT command_set_acl_flags(const struct invocation *invocation)
{
    WCHAR text[FLAGS_TEXT];
    IBackgroundCopyJob3 *job;
    DWORD flags;
    HRESULT hr;

    if (!parse_acl_flags(invocation->args[0], &flags))
        return BITSADMIN_E_USAGE;
    hr = query_version(invocation->session, invocation->job, &IID_IBackgroundCopyJob3, L"2.0",
                       (void **)&job);
    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJob3_SetFileACLFlags(job, flags);
    IBackgroundCopyJob3_Release(job);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"set the ACL flags");
    output_print(L"ACL flags set to '%ls'.\n", format_acl_flags(flags, text));
    return S_OK;
}

HRESULT command_set_peer_caching_flags(const struct invocation *invocation)
{
    IBackgroundCopyJob4 *job;
    ULONG flags;
    HRESULT hr;

    if (!parse_number(L"set of peer caching flags", invocation->args[0], &flags))
        return BITSADMIN_E_USAGE;
    hr = query_version(invocation->session, invocation->job, &IID_IBackgroundCopyJob4, L"3.0",
                       (void **)&job);
    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJob4_SetPeerCachingFlags(job, flags);
    IBackgroundCopyJob4_Release(job);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"set the peer caching flags");
    output_print(L"Peer caching flags set to 0x%04lx.\n", flags);
    return S_OK;
}
