/*
 * /TRANSFER: a job from creation to completion in one command, with its progress on the console.
 * Called from the command table. The job is canceled whenever it cannot be completed: on a bad
 * argument it is not even created (page "bitsadmin transfer").
 */
#include "handlers.h"

#include <bits2_0.h>
#include <bits5_0.h>

#include "bitsmsg.h"
#include "format.h"
#include "output.h"
#include "report.h"
#include "session.h"
#include "words.h"

/* Milliseconds between two looks at the job: short at first, so that a small file is not waited
 * for, then long, so that the service is left in peace. */
#define POLL_FIRST 10
#define POLL_LAST  500

/* A service that went away is looked for again during this time, in milliseconds. */
#define RECONNECT_TIME (60 * 1000)
#define RECONNECT_STEP 1000

struct transfer {
    struct session *session;
    const WCHAR *name;
    BG_JOB_TYPE type;
    BG_JOB_PRIORITY priority;
    bool has_acl_flags;
    DWORD acl_flags;
    bool dynamic;
    int pairs;
    WCHAR **files; /* remote, local, remote, local ... */
    GUID id;
    IBackgroundCopyJob *job;
};

/* Ctrl+C sets the first one. When the console closes, the handler also waits for the second, as the
 * process ends as soon as it returns. Both live as long as the process. */
static HANDLE stop_event, stopped_event;

static BOOL WINAPI handle_control(DWORD type)
{
    SetEvent(stop_event);
    if (type == CTRL_C_EVENT || type == CTRL_BREAK_EVENT)
        return TRUE;
    WaitForSingleObject(stopped_event, INFINITE);
    return FALSE;
}

/* Reads one switch at *at and moves *at over it; false after saying what is wrong. */
static bool read_switch(const struct invocation *invocation, int *at, struct transfer *transfer)
{
    const WCHAR *argument = invocation->args[(*at)++];
    ULONG value;

    if (is_switch(argument, L"DYNAMIC")) {
        transfer->dynamic = true;
        return true;
    }
    if (is_switch(argument, L"PRIORITY") || is_switch(argument, L"ACLFLAGS")) {
        const WCHAR *operand = *at < invocation->count ? invocation->args[(*at)++] : NULL;

        if (!operand) {
            output_print(L"%ls needs a value.\n", argument);
            return false;
        }
        if (is_switch(argument, L"ACLFLAGS")) {
            transfer->has_acl_flags = true;
            return parse_acl_flags(operand, &transfer->acl_flags);
        }
        if (!word_value(job_priority_words, L"priority", operand, &value))
            return false;
        transfer->priority = value;
        return true;
    }
    if (is_switch(argument, L"DOWNLOAD")) {
        transfer->type = BG_JOB_TYPE_DOWNLOAD;
        return true;
    }
    if (is_switch(argument, L"UPLOAD")) {
        transfer->type = BG_JOB_TYPE_UPLOAD;
        return true;
    }
    output_print(L"\"%ls\" is not a switch of this command.\n", argument);
    return false;
}

static bool read_arguments(const struct invocation *invocation, struct transfer *transfer)
{
    int at = 1, rest;

    *transfer = (struct transfer){.session = invocation->session,
                                  .name = invocation->args[0],
                                  .type = BG_JOB_TYPE_DOWNLOAD,
                                  .priority = BG_JOB_PRIORITY_NORMAL};
    if (looks_like_switch(transfer->name)) {
        output_print(L"The job name comes first; \"%ls\" is not one.\n", transfer->name);
        return false;
    }
    while (at < invocation->count && looks_like_switch(invocation->args[at])) {
        if (!read_switch(invocation, &at, transfer))
            return false;
    }
    rest = invocation->count - at;
    if (!rest || rest % 2) {
        output_print(rest ? L"\"%ls\" has no local name to go with it.\n"
                          : L"A remote and a local name are missing.\n",
                     invocation->args[invocation->count - 1]);
        return false;
    }
    transfer->pairs = rest / 2;
    transfer->files = invocation->args + at;
    return true;
}

static HRESULT set_acl_flags(struct transfer *transfer)
{
    IBackgroundCopyJob3 *job;
    HRESULT hr = query_version(transfer->session, transfer->job, &IID_IBackgroundCopyJob3, L"2.0",
                               (void **)&job);

    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJob3_SetFileACLFlags(job, transfer->acl_flags);
    IBackgroundCopyJob3_Release(job);
    return FAILED(hr) ? report_failure(transfer->session, hr, L"set the ACL flags") : hr;
}

static HRESULT set_dynamic(struct transfer *transfer)
{
    BITS_JOB_PROPERTY_VALUE value = {.Enable = TRUE};
    IBackgroundCopyJob5 *job;
    HRESULT hr = query_version(transfer->session, transfer->job, &IID_IBackgroundCopyJob5, L"5.0",
                               (void **)&job);

    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJob5_SetProperty(job, BITS_JOB_PROPERTY_DYNAMIC_CONTENT, value);
    IBackgroundCopyJob5_Release(job);
    return FAILED(hr) ? report_failure(transfer->session, hr, L"allow dynamic content") : hr;
}

/* Everything between CreateJob and Resume; the caller cancels the job on failure. */
static HRESULT prepare(struct transfer *transfer)
{
    HRESULT hr = IBackgroundCopyJob_SetPriority(transfer->job, transfer->priority);
    int i;

    if (FAILED(hr))
        return report_failure(transfer->session, hr, L"set the priority");
    if (transfer->has_acl_flags && FAILED(hr = set_acl_flags(transfer)))
        return hr;
    if (transfer->dynamic && FAILED(hr = set_dynamic(transfer)))
        return hr;
    for (i = 0; i < transfer->pairs; i++) {
        WCHAR **pair = transfer->files + 2 * i;

        hr = IBackgroundCopyJob_AddFile(transfer->job, pair[0], pair[1]);
        if (FAILED(hr)) {
            report_failure(transfer->session, hr, L"add file");
            output_print(L"%ls -> %ls\n", pair[0], pair[1]);
            return hr;
        }
    }
    hr = IBackgroundCopyJob_Resume(transfer->job);
    return FAILED(hr) ? report_failure(transfer->session, hr, L"resume the job") : hr;
}

static void print_progress(struct transfer *transfer, BG_JOB_STATE state,
                           const BG_JOB_PROGRESS *progress)
{
    WCHAR total[SIZE_TEXT];

    output_print(L"DISPLAY: '%ls' TYPE: %ls STATE: %ls\n", transfer->name,
                 word_for(job_type_words, transfer->type), word_for(job_state_words, state));
    output_print(L"PRIORITY: %ls FILES: %lu / %lu BYTES: %llu / %ls",
                 word_for(job_priority_words, transfer->priority), progress->FilesTransferred,
                 progress->FilesTotal, progress->BytesTransferred,
                 format_size(progress->BytesTotal, total));
    if (progress->BytesTotal != BG_SIZE_UNKNOWN && progress->BytesTotal)
        output_print(L" (%u%%)", (unsigned)((double)progress->BytesTransferred * 100 /
                                            (double)progress->BytesTotal));
    output_print(L"\n");
    if (state == BG_JOB_STATE_TRANSIENT_ERROR)
        print_job_error(transfer->session, transfer->job, NULL);
}

/* The job of the same id at a restarted service. */
static HRESULT reconnect(struct transfer *transfer)
{
    IBackgroundCopyJob *job;
    HRESULT hr = session_connect(transfer->session);

    if (SUCCEEDED(hr))
        hr = IBackgroundCopyManager_GetJob(transfer->session->manager, &transfer->id, &job);
    if (FAILED(hr))
        return hr;
    IBackgroundCopyJob_Release(transfer->job);
    transfer->job = job;
    return S_OK;
}

/* Waits in steps for the service to come back, or for Ctrl+C. */
static HRESULT wait_for_service(struct transfer *transfer)
{
    ULONGLONG deadline = GetTickCount64() + RECONNECT_TIME;
    HRESULT hr;

    while (FAILED(hr = reconnect(transfer)) && hr != BG_E_NOT_FOUND) {
        if (GetTickCount64() >= deadline)
            return hr;
        if (WaitForSingleObject(stop_event, RECONNECT_STEP) == WAIT_OBJECT_0)
            return HRESULT_FROM_WIN32(ERROR_CANCELLED);
    }
    return hr;
}

static bool is_final(BG_JOB_STATE state)
{
    return state == BG_JOB_STATE_ERROR || state == BG_JOB_STATE_TRANSFERRED ||
           state == BG_JOB_STATE_ACKNOWLEDGED || state == BG_JOB_STATE_CANCELLED;
}

/* Follows the job until it stops by itself; ERROR_CANCELLED after Ctrl+C. A console sees every
 * change, a file or a pipe only the last state. */
static HRESULT follow(struct transfer *transfer, BG_JOB_STATE *state)
{
    DWORD interval = POLL_FIRST;
    BG_JOB_PROGRESS progress;
    HRESULT hr;

    for (;;) {
        hr = IBackgroundCopyJob_GetState(transfer->job, state);
        if (SUCCEEDED(hr))
            hr = IBackgroundCopyJob_GetProgress(transfer->job, &progress);
        if (is_lost_connection(hr)) {
            hr = wait_for_service(transfer);
            if (SUCCEEDED(hr))
                continue;
        }
        if (FAILED(hr))
            break;
        if (output_rewind() || is_final(*state))
            print_progress(transfer, *state, &progress);
        if (is_final(*state))
            break;
        if (WaitForSingleObject(stop_event, interval) == WAIT_OBJECT_0) {
            hr = HRESULT_FROM_WIN32(ERROR_CANCELLED);
            break;
        }
        interval = interval * 2 > POLL_LAST ? POLL_LAST : interval * 2;
    }
    output_release();
    return hr;
}

/* nf-bits-ibackgroundcopyjob-complete, and what is left to say about an end of another kind. */
static HRESULT finish(struct transfer *transfer, BG_JOB_STATE state)
{
    HRESULT hr, code = E_FAIL;

    switch (state) {
    case BG_JOB_STATE_TRANSFERRED:
        hr = IBackgroundCopyJob_Complete(transfer->job);
        if (FAILED(hr))
            return report_failure(transfer->session, hr, L"complete the job");
        output_print(L"Transfer complete.\n");
        if (hr == BG_S_UNABLE_TO_DELETE_FILES)
            output_print(L"Some temporary files of the job could not be deleted.\n");
        return S_OK;
    case BG_JOB_STATE_ACKNOWLEDGED:
        output_print(L"Transfer complete; the job was completed by another program.\n");
        return S_OK;
    case BG_JOB_STATE_CANCELLED:
        output_print(L"The job was canceled by another program.\n");
        return HRESULT_FROM_WIN32(ERROR_CANCELLED);
    default:
        output_print(L"Unable to complete the transfer.\n");
        hr = print_job_error(transfer->session, transfer->job, &code);
        if (FAILED(hr))
            report_failure(transfer->session, hr, L"get the error");
        return FAILED(code) ? code : E_FAIL;
    }
}

static HRESULT run(struct transfer *transfer)
{
    BG_JOB_STATE state;
    HRESULT hr = prepare(transfer);

    if (FAILED(hr))
        return hr;
    hr = follow(transfer, &state);
    if (SUCCEEDED(hr))
        return finish(transfer, state);
    if (hr == HRESULT_FROM_WIN32(ERROR_CANCELLED))
        output_print(L"The transfer is being canceled.\n");
    else
        report_failure(transfer->session, hr, L"follow the job");
    return hr;
}

static HRESULT run_interruptible(struct transfer *transfer)
{
    HRESULT hr;

    stop_event = CreateEventW(NULL, TRUE, FALSE, NULL);
    stopped_event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!stop_event || !stopped_event || !SetConsoleCtrlHandler(handle_control, TRUE)) {
        hr = HRESULT_FROM_WIN32(GetLastError());
        report_failure(transfer->session, hr, L"prepare for Ctrl+C");
    } else {
        hr = run(transfer);
    }
    if (FAILED(hr))
        IBackgroundCopyJob_Cancel(transfer->job);
    if (stopped_event)
        SetEvent(stopped_event);
    return hr;
}

HRESULT command_transfer(const struct invocation *invocation)
{
    struct transfer transfer;
    HRESULT hr;

    if (!read_arguments(invocation, &transfer))
        return BITSADMIN_E_USAGE;
    hr = IBackgroundCopyManager_CreateJob(invocation->session->manager, transfer.name,
                                          transfer.type, &transfer.id, &transfer.job);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"create a job");
    hr = run_interruptible(&transfer);
    IBackgroundCopyJob_Release(transfer.job);
    return hr;
}
