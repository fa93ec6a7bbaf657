/*
 * The life of a job: create, suspend, resume, cancel, complete, take ownership. One call of
 * IBackgroundCopyJob each. Called from the command table.
 */
#include "handlers.h"

#include "bitsmsg.h"
#include "format.h"
#include "output.h"
#include "session.h"
#include "words.h"

/* bitsadmin-create: [/DOWNLOAD | /UPLOAD | /UPLOAD-REPLY] name. */
HRESULT command_create(const struct invocation *invocation)
{
    BG_JOB_TYPE type = BG_JOB_TYPE_DOWNLOAD;
    const WCHAR *name = invocation->args[invocation->count - 1];
    WCHAR text[GUID_TEXT];
    IBackgroundCopyJob *job;
    HRESULT hr;
    GUID id;

    if (invocation->count == 2) {
        ULONG value;
        if (!looks_like_switch(invocation->args[0])) {
            output_print(L"A job has one name; put it in quotes if it contains spaces.\n");
            return BITSADMIN_E_USAGE;
        }
        if (!word_value(job_type_words, L"job type", invocation->args[0] + 1, &value))
            return BITSADMIN_E_USAGE;
        type = value;
    }
    if (looks_like_switch(name)) {
        output_print(L"A job name is missing.\n");
        return BITSADMIN_E_USAGE;
    }
    hr = IBackgroundCopyManager_CreateJob(invocation->session->manager, name, type, &id, &job);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"create a job");
    IBackgroundCopyJob_Release(job);
    format_guid(&id, text);
    if (invocation->session->raw)
        output_answer(invocation->session, L"%ls", text);
    else
        output_print(L"Created job %ls.\n", text);
    return S_OK;
}

HRESULT command_suspend(const struct invocation *invocation)
{
    HRESULT hr = IBackgroundCopyJob_Suspend(invocation->job);

    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"suspend the job");
    output_print(L"Job suspended.\n");
    return S_OK;
}

HRESULT command_resume(const struct invocation *invocation)
{
    HRESULT hr = IBackgroundCopyJob_Resume(invocation->job);

    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"resume the job");
    output_print(L"Job resumed.\n");
    return S_OK;
}

HRESULT command_cancel(const struct invocation *invocation)
{
    HRESULT hr = IBackgroundCopyJob_Cancel(invocation->job);

    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"cancel the job");
    output_print(L"Job canceled.\n");
    if (hr == BG_S_UNABLE_TO_DELETE_FILES)
        output_print(L"Some temporary files of the job could not be deleted.\n");
    return S_OK;
}

/* nf-bits-ibackgroundcopyjob-complete: BG_S_PARTIAL_COMPLETE drops what had not been transferred.
 */
HRESULT command_complete(const struct invocation *invocation)
{
    HRESULT hr = IBackgroundCopyJob_Complete(invocation->job);

    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"complete the job");
    output_print(L"Job completed.\n");
    if (hr == BG_S_PARTIAL_COMPLETE)
        output_print(L"Only the files that had been transferred are available.\n");
    else if (hr == BG_S_UNABLE_TO_DELETE_FILES)
        output_print(L"Some temporary files of the job could not be deleted.\n");
    return S_OK;
}

HRESULT command_take_ownership(const struct invocation *invocation)
{
    HRESULT hr = IBackgroundCopyJob_TakeOwnership(invocation->job);

    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"take ownership of the job");
    output_print(L"Took ownership of the job.\n");
    return S_OK;
}
