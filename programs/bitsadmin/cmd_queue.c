/*
 * The queue as a whole: /LIST, /MONITOR, /RESET. Called from the command table; prints jobs through
 * report.h.
 */
#include "handlers.h"

#include "bitsmsg.h"
#include "format.h"
#include "output.h"
#include "report.h"
#include "session.h"
#include "words.h"

/* bitsadmin-monitor: the seconds between two looks unless /REFRESH says otherwise. */
#define MONITOR_DEFAULT_SECONDS 5
#define MONITOR_MAX_SECONDS     (7 * 24 * 3600)

struct queue_options {
    DWORD whose; /* for EnumJobs */
    bool verbose;
    ULONG refresh; /* seconds */
};

/* Reads the switches; those that the command does not allow are refused like unknown ones. */
static bool read_options(const struct invocation *invocation, bool allow_verbose,
                         bool allow_refresh, struct queue_options *options)
{
    int i;

    *options = (struct queue_options){.refresh = MONITOR_DEFAULT_SECONDS};
    for (i = 0; i < invocation->count; i++) {
        const WCHAR *argument = invocation->args[i];

        if (is_switch(argument, L"ALLUSERS")) {
            options->whose = BG_JOB_ENUM_ALL_USERS;
        } else if (allow_verbose && is_switch(argument, L"VERBOSE")) {
            options->verbose = true;
        } else if (allow_refresh && is_switch(argument, L"REFRESH")) {
            if (++i == invocation->count) {
                output_print(L"/REFRESH needs a number of seconds.\n");
                return false;
            }
            if (!parse_number(L"number of seconds", invocation->args[i], &options->refresh))
                return false;
            if (!options->refresh || options->refresh > MONITOR_MAX_SECONDS) {
                output_print(L"/REFRESH takes from 1 to %d seconds.\n", MONITOR_MAX_SECONDS);
                return false;
            }
        } else {
            output_print(L"\"%ls\" is not a switch of this command.\n", argument);
            return false;
        }
    }
    return true;
}

/* Prints the snapshot that the service hands out; *count is the number of jobs printed. */
static HRESULT print_jobs(const struct session *session, const struct queue_options *options,
                          ULONG *count)
{
    IEnumBackgroundCopyJobs *jobs;
    IBackgroundCopyJob *job;
    HRESULT hr = IBackgroundCopyManager_EnumJobs(session->manager, options->whose, &jobs);

    *count = 0;
    if (FAILED(hr))
        return report_failure(session, hr, L"enumerate the jobs");
    while (SUCCEEDED(hr) && (hr = IEnumBackgroundCopyJobs_Next(jobs, 1, &job, NULL)) == S_OK) {
        hr = options->verbose ? print_job_details(session, job) : print_job_row(session, job);
        if (SUCCEEDED(hr) && options->verbose)
            output_print(L"\n");
        *count += SUCCEEDED(hr);
        IBackgroundCopyJob_Release(job);
    }
    IEnumBackgroundCopyJobs_Release(jobs);
    return FAILED(hr) ? hr : S_OK;
}

HRESULT command_list(const struct invocation *invocation)
{
    struct queue_options options;
    ULONG count;
    HRESULT hr;

    if (!read_options(invocation, true, false, &options))
        return BITSADMIN_E_USAGE;
    hr = print_jobs(invocation->session, &options, &count);
    if (SUCCEEDED(hr))
        output_print(L"%lsListed %lu job(s).\n", count && !options.verbose ? L"\n" : L"", count);
    return hr;
}

/* Runs until Ctrl+C ends the process. */
HRESULT command_monitor(const struct invocation *invocation)
{
    struct queue_options options;
    ULONG count;
    HRESULT hr;

    if (!read_options(invocation, false, true, &options))
        return BITSADMIN_E_USAGE;
    do {
        output_rewind();
        output_print(L"MONITORING BACKGROUND COPY MANAGER(%lu second refresh)\n", options.refresh);
        hr = print_jobs(invocation->session, &options, &count);
        if (SUCCEEDED(hr))
            Sleep(options.refresh * 1000);
    } while (SUCCEEDED(hr));
    return hr;
}

static HRESULT cancel_job(const struct session *session, IBackgroundCopyJob *job)
{
    WCHAR text[GUID_TEXT];
    GUID id;
    HRESULT hr = IBackgroundCopyJob_GetId(job, &id);

    if (SUCCEEDED(hr))
        hr = IBackgroundCopyJob_Cancel(job);
    if (FAILED(hr))
        return report_failure(session, hr, L"cancel a job");
    output_print(L"%ls canceled.\n", format_guid(&id, text));
    return S_OK;
}

/* bitsadmin-reset: every job is tried; the exit code tells whether one could not be canceled. */
HRESULT command_reset(const struct invocation *invocation)
{
    ULONG total = 0, canceled = 0;
    IEnumBackgroundCopyJobs *jobs;
    struct queue_options options;
    IBackgroundCopyJob *job;
    HRESULT hr, result = S_OK;

    if (!read_options(invocation, false, false, &options))
        return BITSADMIN_E_USAGE;
    hr = IBackgroundCopyManager_EnumJobs(invocation->session->manager, options.whose, &jobs);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"enumerate the jobs");
    while (IEnumBackgroundCopyJobs_Next(jobs, 1, &job, NULL) == S_OK) {
        hr = cancel_job(invocation->session, job);
        total++;
        canceled += SUCCEEDED(hr);
        if (FAILED(hr))
            result = hr;
        IBackgroundCopyJob_Release(job);
    }
    IEnumBackgroundCopyJobs_Release(jobs);
    output_print(L"%lu out of %lu jobs canceled.\n", canceled, total);
    return result;
}
