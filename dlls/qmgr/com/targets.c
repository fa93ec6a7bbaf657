/*
 * The local files of a job and their caller: whether the caller may make them, and whose they are
 * in the end. Called by the job object; asks os for the caller.
 */
#include "com.h"

#include <stdlib.h>

HRESULT com_check_writable(const struct file_request *requests, ULONG count)
{
    WCHAR last[MAX_PATH + 1] = L"", directory[MAX_PATH + 1];
    struct com_acting acting;
    HRESULT hr = com_act_as_caller(&acting);

    if (FAILED(hr))
        return hr;
    for (ULONG i = 0; SUCCEEDED(hr) && i < count; i++) {
        const WCHAR *name = requests[i].local_name;
        const WCHAR *end =
            name && com_length(name, MAX_PATH) <= MAX_PATH ? wcsrchr(name, '\\') : NULL;

        if (!end)
            continue;
        lstrcpynW(directory, name, (int)(end - name) + 2);
        if (!wcscmp(directory, last))
            continue; /* whole sets go to one */
        lstrcpynW(last, directory, ARRAYSIZE(last));
        if (!os_may_make_files(directory))
            hr = E_ACCESSDENIED;
    }
    com_act_as_self(&acting);
    return hr;
}

/* nf-bits-ibackgroundcopyjob-complete: the new files are the caller's, unless the job keeps the
 * owner of the source. */
static BOOL gives_files(struct job *job, const struct os_identity *caller)
{
    const struct model_job *data = job_lock(job);
    BOOL gives = caller->token && data->type == BG_JOB_TYPE_DOWNLOAD &&
                 !(data->acl_flags & BG_COPY_FILE_OWNER);

    job_unlock(job);
    return gives;
}

HRESULT com_complete(struct job *job)
{
    struct os_identity caller;
    struct file **files = NULL;
    ULONG count = 0;
    HRESULT hr = os_client_identity(&caller);

    if (FAILED(hr))
        return hr;
    if (gives_files(job, &caller))
        hr = job_snapshot_files(job, &files, &count);
    if (SUCCEEDED(hr))
        hr = job_complete(job);
    for (ULONG i = 0; i < count; i++) {
        BG_FILE_PROGRESS progress;

        file_progress(files[i], &progress);
        if (progress.Completed) /* its names do not change any more */
            os_give_file(file_data(files[i])->local_name, caller.sid);
    }
    if (files)
        job_free_files(files, count);
    os_identity_release(&caller);
    return hr;
}
