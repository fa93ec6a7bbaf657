/*
 * Who may have a job, and what only its owner or only an administrator may do to it. Called by the
 * classes of this folder where they hand out jobs and in the methods that have rules of their own.
 */
#include "com.h"

#include <stdlib.h>

static BOOL is_owner(const struct model_job *data, const struct os_identity *caller)
{
    return !lstrcmpiW(data->owner_sid, caller->sid);
}

HRESULT com_admit(struct job *job, const struct os_identity *caller)
{
    const struct model_job *data = job_lock(job);
    HRESULT hr = S_OK;

    if (!caller->administrator &&
        (!is_owner(data, caller) || (data->owner_elevated && !caller->elevated) ||
         caller->integrity < data->owner_integrity))
        hr = E_ACCESSDENIED;
    job_unlock(job);
    return hr;
}

HRESULT com_check_owner(struct job *job)
{
    struct os_identity caller;
    HRESULT hr = os_client_identity(&caller);

    if (FAILED(hr))
        return hr;
    hr = is_owner(job_lock(job), &caller) ? S_OK : E_ACCESSDENIED;
    job_unlock(job);
    os_identity_release(&caller);
    return hr;
}

HRESULT com_check_helper(struct job *job, const struct os_identity *caller)
{
    const struct model_job *data = job_lock(job);
    HRESULT hr = caller->administrator && !data->owner_elevated && !is_owner(data, caller)
                     ? E_ACCESSDENIED
                     : S_OK;

    job_unlock(job);
    return hr;
}

/* ---- TakeOwnership ---- */

/* The file can be written and deleted by who the thread acts as. */
static BOOL may_write(const WCHAR *path)
{
    HANDLE file = CreateFileW(path, GENERIC_READ | GENERIC_WRITE | DELETE,
                              FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, 0, NULL);

    if (file == INVALID_HANDLE_VALUE)
        return GetLastError() != ERROR_ACCESS_DENIED;
    CloseHandle(file);
    return TRUE;
}

/* What the drive of a path is to who acts; empty for a path without a drive. */
static void drive_target(HANDLE token, const WCHAR *path, WCHAR *target, DWORD size)
{
    WCHAR drive[] = {path[0], ':', 0};

    target[0] = 0;
    if (!path[0] || path[1] != ':')
        return;
    if (token)
        SetThreadToken(NULL, token);
    if (!QueryDosDeviceW(drive, target, size))
        target[0] = 0;
    if (token)
        SetThreadToken(NULL, NULL);
}

static HRESULT check_file(const WCHAR *local, const WCHAR *temporary, HANDLE owner, HANDLE next)
{
    WCHAR of_owner[MAX_PATH], of_next[MAX_PATH];
    BOOL good = TRUE;

    drive_target(owner, local, of_owner, ARRAYSIZE(of_owner));
    drive_target(next, local, of_next, ARRAYSIZE(of_next));
    if (lstrcmpiW(of_owner, of_next))
        return BG_E_NEW_OWNER_DIFF_MAPPING;
    if (!temporary)
        return S_OK;
    if (next)
        SetThreadToken(NULL, next);
    good = may_write(temporary);
    if (next)
        SetThreadToken(NULL, NULL);
    return good ? S_OK : BG_E_NEW_OWNER_NO_FILE_ACCESS;
}

HRESULT com_check_new_owner(struct job *job, const struct os_identity *caller)
{
    WCHAR *sid = NULL, *local = NULL, *temporary = NULL;
    HANDLE owner = NULL;
    struct file **files;
    ULONG count;
    HRESULT hr = model_set_string(&sid, job_lock(job)->owner_sid);

    job_unlock(job);
    if (SUCCEEDED(hr))
        hr = job_snapshot_files(job, &files, &count);
    if (FAILED(hr)) {
        free(sid);
        return hr;
    }
    /* An owner who is logged off has no drives to compare. */
    if (FAILED(os_user_token(sid, &owner)))
        owner = NULL;
    for (ULONG i = 0; i < count && SUCCEEDED(hr); i++) {
        const struct model_file *data;

        file_let_go(files[i]);
        job_lock(job);
        data = file_data(files[i]);
        hr = model_set_string(&local, data->local_name);
        if (SUCCEEDED(hr))
            hr = model_set_string(&temporary, data->temporary_name);
        job_unlock(job);
        if (SUCCEEDED(hr))
            hr = check_file(local, temporary, owner, caller->token);
    }
    job_free_files(files, count);
    if (owner)
        CloseHandle(owner);
    free(sid);
    free(local);
    free(temporary);
    return hr;
}

HRESULT com_act_as_caller(struct com_acting *acting)
{
    HRESULT hr = os_client_identity(&acting->caller);

    if (FAILED(hr))
        return hr;
    acting->before = NULL;
    if (!acting->caller.token)
        return S_OK;
    if (!OpenThreadToken(GetCurrentThread(), TOKEN_IMPERSONATE, TRUE, &acting->before))
        acting->before = NULL;
    if (SetThreadToken(NULL, acting->caller.token))
        return S_OK;
    com_act_as_self(acting);
    return E_ACCESSDENIED;
}

void com_act_as_self(struct com_acting *acting)
{
    if (acting->caller.token)
        SetThreadToken(NULL, acting->before);
    if (acting->before)
        CloseHandle(acting->before);
    os_identity_release(&acting->caller);
}
