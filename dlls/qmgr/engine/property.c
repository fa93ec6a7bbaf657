/*
 * What clients read of a job, and what they set of it that is more than an edit of model_job: its
 * owner, the reply's name, the helper token, the interfaces to call.
 *
 * Called by the COM facade; job_facts(), for what is legal now, by the whole folder. Calls
 * change.c.
 */
#include "internal.h"

#include <bitsmsg.h>

/* The enumerations of bitscore are those of the SDK under other names. */
C_ASSERT((int)BC_STATE_CANCELLED == (int)BG_JOB_STATE_CANCELLED);
C_ASSERT((int)BC_TYPE_UPLOAD_REPLY == (int)BG_JOB_TYPE_UPLOAD_REPLY);
C_ASSERT((int)BC_PRIORITY_LOW == (int)BG_JOB_PRIORITY_LOW);

void job_facts(const struct job *job, struct bc_job_facts *facts)
{
    facts->state = (enum bc_job_state)job->data.state;
    facts->type = (enum bc_job_type)job->data.type;
    facts->file_count = job->file_count;
    facts->all_transferred = job->file_count && job->files_done == job->file_count &&
                             (!job->upload || job_upload_done(job));
    facts->resumed_once = job->data.resumed_once;
    facts->reply_started =
        job->upload && (job->upload->reply || job->data.state == BG_JOB_STATE_TRANSFERRED);
}

HRESULT job_check(struct job *job, enum bc_call call, size_t adding)
{
    struct bc_job_facts facts;

    AcquireSRWLockShared(&job->engine->lock);
    job_facts(job, &facts);
    ReleaseSRWLockShared(&job->engine->lock);
    return bc_state_check(call, &facts, adding);
}

const struct model_job *job_lock(struct job *job)
{
    AcquireSRWLockShared(&job->engine->lock);
    return &job->data;
}

void job_unlock(struct job *job)
{
    ReleaseSRWLockShared(&job->engine->lock);
}

BG_JOB_STATE job_state(struct job *job)
{
    BG_JOB_STATE state;

    AcquireSRWLockShared(&job->engine->lock);
    state = job->data.state;
    if (state == BG_JOB_STATE_QUEUED && job->running)
        state = job->connected ? BG_JOB_STATE_TRANSFERRING : BG_JOB_STATE_CONNECTING;
    ReleaseSRWLockShared(&job->engine->lock);
    return state;
}

void job_progress(struct job *job, BG_JOB_PROGRESS *progress)
{
    AcquireSRWLockShared(&job->engine->lock);
    progress->BytesTotal = job->unknown_totals ? BG_SIZE_UNKNOWN : job->total;
    progress->BytesTransferred = job->bytes;
    progress->FilesTotal = job->file_count;
    progress->FilesTransferred = job->files_done;
    ReleaseSRWLockShared(&job->engine->lock);
}

HRESULT job_error(struct job *job, struct model_error *error, struct file **file)
{
    HRESULT hr = BG_E_ERROR_INFORMATION_UNAVAILABLE;

    *file = NULL;
    AcquireSRWLockShared(&job->engine->lock);
    /* There until the job transfers again (nf-bits-ibackgroundcopyjob-geterror). */
    if (FAILED(job->data.error.code) && !job->error_past) {
        *error = job->data.error;
        if (error->file < job->file_count) {
            *file = job->files[error->file];
            job_addref(job);
        }
        hr = S_OK;
    }
    ReleaseSRWLockShared(&job->engine->lock);
    return hr;
}

void job_times(struct job *job, BG_JOB_TIMES *times)
{
    AcquireSRWLockShared(&job->engine->lock);
    times->CreationTime = job->data.created;
    times->ModificationTime = job->data.modified;
    if (filetime_value(&job->moved) > filetime_value(&job->data.modified))
        times->ModificationTime = job->moved;
    times->TransferCompletionTime = job->data.transferred;
    ReleaseSRWLockShared(&job->engine->lock);
}

HRESULT job_take_ownership(struct job *job, const struct os_identity *owner)
{
    struct job_change change;
    HRESULT hr = job_change_begin_call(job, BC_CALL_TAKE_OWNERSHIP, &change);

    if (FAILED(hr))
        return hr;
    if (!lstrcmpiW(change.next.owner_sid, owner->sid)) {
        job_change_cancel(&change);
        return S_OK;
    }
    model_job_disown(&change.next);
    change.next.owner_integrity = owner->integrity;
    change.next.owner_elevated = owner->elevated;
    return job_change_end(&change, model_set_string(&change.next.owner_sid, owner->sid));
}

void job_reply_progress(struct job *job, BG_JOB_REPLY_PROGRESS *progress)
{
    const struct file *reply;

    AcquireSRWLockShared(&job->engine->lock);
    reply = job->upload ? job->upload->reply : NULL;
    progress->BytesTransferred = reply ? reply->bytes : 0;
    progress->BytesTotal = progress->BytesTransferred;
    if (reply && reply->total != BG_SIZE_UNKNOWN)
        progress->BytesTotal = reply->total;
    else if (!reply && job->data.state != BG_JOB_STATE_TRANSFERRED &&
             job->data.state != BG_JOB_STATE_ACKNOWLEDGED)
        progress->BytesTotal = BG_SIZE_UNKNOWN;
    ReleaseSRWLockShared(&job->engine->lock);
}

HRESULT job_reply_path(struct job *job, WCHAR **path)
{
    const struct file *reply;
    HRESULT hr = S_OK;

    *path = NULL;
    AcquireSRWLockShared(&job->engine->lock);
    reply = job->upload ? job->upload->reply : NULL;
    if (reply)
        hr = model_set_string(path,
                              reply->placed ? reply->data.local_name : reply->data.temporary_name);
    ReleaseSRWLockShared(&job->engine->lock);
    return hr;
}

HRESULT job_set_reply_file(struct job *job, const WCHAR *name)
{
    struct job_change change;
    HRESULT hr = job_check(job, BC_CALL_SET_REPLY_FILE_NAME, 0);

    if (SUCCEEDED(hr) && name)
        hr = check_local_name(name);
    if (SUCCEEDED(hr))
        hr = job_change_begin_call(job, BC_CALL_SET_REPLY_FILE_NAME, &change);
    if (FAILED(hr))
        return hr;
    if (SUCCEEDED(hr))
        hr = model_set_string(&change.next.reply_file, name);
    if (SUCCEEDED(hr) && !name && job->file_count)
        hr = job_name_reply(&change.next, job->files[0]->data.local_name);
    return job_change_end(&change, hr);
}

HRESULT job_set_helper_token(struct job *job, HANDLE token, const WCHAR *sid)
{
    struct job_change change;
    HANDLE copy = NULL, old;
    HRESULT hr;

    if (token && !DuplicateTokenEx(token, TOKEN_QUERY | TOKEN_IMPERSONATE | TOKEN_DUPLICATE, NULL,
                                   SecurityImpersonation, TokenImpersonation, &copy))
        return HRESULT_FROM_WIN32(GetLastError());
    hr = job_change_begin(job, &change);
    if (SUCCEEDED(hr)) {
        hr = model_set_string(&change.next.helper_token_sid, sid);
        if (FAILED(hr))
            job_change_cancel(&change);
    }
    if (FAILED(hr)) {
        if (copy)
            CloseHandle(copy);
        return hr;
    }
    /* The latch is kept until the token is there, too: it must not be another caller's. */
    change.next.active = filetime_from(engine_steady(job->engine));
    hr = job_store_and_publish(job, &change.next, store_txn_begin(job->engine->store));
    old = copy;
    if (SUCCEEDED(hr)) {
        AcquireSRWLockExclusive(&job->engine->lock);
        old = job->helper_token;
        job->helper_token = copy;
        job->version++;
        ReleaseSRWLockExclusive(&job->engine->lock);
    }
    job_unlatch(job);
    if (old)
        CloseHandle(old);
    return hr;
}

HRESULT job_set_notify_interface(struct job *job, IUnknown *target)
{
    IUnknown *old;

    AcquireSRWLockExclusive(&job->engine->lock);
    if (bc_state_is_final((enum bc_job_state)job->data.state)) {
        ReleaseSRWLockExclusive(&job->engine->lock);
        return BG_E_INVALID_STATE;
    }
    old = job->notify;
    job->notify = target;
    if (target)
        IUnknown_AddRef(target);
    /* Also for what has happened before it was set (nn-bits-ibackgroundcopycallback). */
    if (target && job->data.state == BG_JOB_STATE_TRANSFERRED)
        notify_job(job, NOTIFY_TRANSFERRED, NULL);
    else if (target && job->data.state == BG_JOB_STATE_ERROR)
        notify_job(job, NOTIFY_ERROR, NULL);
    notify_forget(job, old);
    ReleaseSRWLockExclusive(&job->engine->lock);
    return S_OK;
}

HRESULT job_set_certificate_interface(struct job *job, IUnknown *target)
{
    struct bc_job_facts facts;
    HRESULT hr;

    AcquireSRWLockExclusive(&job->engine->lock);
    job_facts(job, &facts);
    hr = bc_state_check(BC_CALL_SET_WHEN_SUSPENDED, &facts, 0);
    if (SUCCEEDED(hr)) {
        notify_forget(job, job->certificate_callback);
        job->certificate_callback = target;
        job->accepted_count = 0;
        job->version++;
        if (target)
            IUnknown_AddRef(target);
    }
    ReleaseSRWLockExclusive(&job->engine->lock);
    return hr;
}

HRESULT job_get_notify_interface(struct job *job, IUnknown **target)
{
    AcquireSRWLockShared(&job->engine->lock);
    *target = job->notify;
    if (*target)
        IUnknown_AddRef(*target);
    ReleaseSRWLockShared(&job->engine->lock);
    return S_OK;
}
