/*
 * The end of a job: Cancel and Complete, and what is left of it on the disk.
 *
 * Cancel and Complete leave a tombstone in the store until the temporary files are gone, so that a
 * crash between the two leaves no orphan; Complete writes down its intent before the first rename,
 * so that a crash inside it leaves each file either under its final name or still in its temporary
 * one.
 *
 * Called by the COM facade; job_bury() by the worker and engine.c, too. Calls place.c, change.c and
 * the file system.
 */
#include "internal.h"

#include <bitsmsg.h>
#include <stdlib.h>

/* How long after its end a job's files that cannot be deleted are tried again (100 ns), and how
 * often (ms). */
#define BURY_FOR      (7ull * 86400 * 10000000)
#define BURY_AGAIN_MS (10 * 60 * 1000)

/* Deletes a temporary file if it may exist; FALSE when it is still there. */
static BOOL delete_temporary(struct file *file)
{
    WCHAR *path;
    BOOL gone;

    file_let_go(file);
    if (!file->created || !file->data.temporary_name || file->placed)
        return TRUE;
    if (FAILED(local_path_extended(file->data.temporary_name, &path)))
        return FALSE;
    SetFileAttributesW(path, FILE_ATTRIBUTE_NORMAL);
    if (file->job->data.high_performance) {
        free(path); /* it is the destination itself, and stays */
        return TRUE;
    }
    gone = DeleteFileW(path) || GetLastError() == ERROR_FILE_NOT_FOUND ||
           GetLastError() == ERROR_PATH_NOT_FOUND;
    free(path);
    if (gone)
        file->created = FALSE;
    return gone;
}

/* The files that a job may have temporary files of, by index, the reply last; NULL: no more. */
static struct file *temporary_of(struct job *job, ULONG index)
{
    if (index < job->file_count)
        return job->files[index];
    return index == job->file_count && job->upload ? job->upload->reply : NULL;
}

/* Keeps a dead job whose files cannot be deleted now: somebody looks at them, say. Not for ever:
 * their volume may be gone for good. */
static BOOL bury_later(struct job *job)
{
    UINT64 ended = filetime_value(&job->data.modified); /* nothing changes a job any more */
    BOOL kept;
    FILETIME now;

    engine_now(job->engine, &now);
    if (filetime_value(&now) > ended && filetime_value(&now) - ended > BURY_FOR)
        return FALSE;
    AcquireSRWLockExclusive(&job->engine->lock);
    job->bury_at = engine_ticks(job->engine) + BURY_AGAIN_MS;
    kept = SUCCEEDED(engine_insert_grave(job->engine, job));
    engine_wake(job->engine);
    ReleaseSRWLockExclusive(&job->engine->lock);
    return kept;
}

/* Keeps a dead job until the server has been told that its session is over. FALSE: out of memory.
 */
static BOOL linger(struct job *job)
{
    BOOL kept = FALSE;

    AcquireSRWLockExclusive(&job->engine->lock);
    if (job->upload && job_upload_lingers(job)) {
        kept = SUCCEEDED(engine_insert_grave(job->engine, job));
        engine_wake(job->engine);
    }
    ReleaseSRWLockExclusive(&job->engine->lock);
    return kept;
}

/* S_OK, or BG_S_UNABLE_TO_DELETE_FILES when some temporary file stayed. */
static HRESULT delete_temporaries(struct job *job)
{
    HRESULT hr = S_OK;
    struct file *file;

    if (FAILED(job_act_as_helper(job)))
        return BG_S_UNABLE_TO_DELETE_FILES;
    for (ULONG i = 0; (file = temporary_of(job, i)); i++) {
        if (!delete_temporary(file)) {
            if (hr == S_OK && !job->bury_at)
                os_log_event(EVENTLOG_WARNING_TYPE, BITS_MC_FILE_DELETION_FAILED,
                             file->data.temporary_name);
            hr = BG_S_UNABLE_TO_DELETE_FILES;
        }
    }
    SetThreadToken(NULL, NULL);
    return hr;
}

/*
 * Deletes what a dead job left on the disk, then its row. Nothing else touches a dead job's files
 * once its downloads have ended. BG_S_UNABLE_TO_DELETE_FILES when something stayed: the row does,
 * too, for some days, and it is tried again now and then and at each start.
 */
HRESULT job_bury(struct job *job)
{
    struct store_txn *txn = store_txn_begin(job->engine->store);
    HRESULT hr = delete_temporaries(job);

    if (linger(job) || (hr != S_OK && bury_later(job))) {
        store_txn_discard(txn);
        return hr;
    }
    if (txn && SUCCEEDED(store_txn_delete_job(txn, &job->data.id)))
        store_commit_async(job->engine->store, txn, NULL, NULL);
    else
        store_txn_discard(txn);
    return hr;
}

/* Lock held: some file of the job may have left something on the disk, or its upload a session. */
static BOOL leaves_something(struct job *job)
{
    struct file *file;

    for (ULONG i = 0; (file = temporary_of(job, i)); i++) {
        if (file->created && !file->placed)
            return TRUE;
    }
    return job->upload && job->upload->session;
}

/* Ends a job for good: one commit that either removes it or leaves the tombstone. Consumes the
 * change. */
static HRESULT job_end(struct job_change *change, BG_JOB_STATE state)
{
    struct job *job = change->job;
    struct store_txn *txn = store_txn_begin(job->engine->store);
    BOOL clean;
    HRESULT hr;

    AcquireSRWLockShared(&job->engine->lock);
    clean = !job->active && !leaves_something(job);
    ReleaseSRWLockShared(&job->engine->lock);
    change->next.state = state;
    if (clean) {
        engine_now(job->engine, &change->next.modified);
        hr = txn ? store_txn_delete_job(txn, &job->data.id) : E_OUTOFMEMORY;
        if (SUCCEEDED(hr))
            hr = store_commit(job->engine->store, txn);
        else
            store_txn_discard(txn);
        if (SUCCEEDED(hr))
            job_publish(job, &change->next);
        else
            model_job_release(&change->next);
    } else {
        hr = job_store_and_publish(job, &change->next, txn);
    }
    job_unlatch(job);
    return FAILED(hr) ? hr : clean ? S_OK : job_bury(job);
}

HRESULT job_cancel(struct job *job)
{
    struct job_change change;
    HRESULT hr = job_change_begin_call(job, BC_CALL_CANCEL, &change);

    if (FAILED(hr))
        return hr;
    job_stop_and_wait(job, INFINITE);
    return job_end(&change, BG_JOB_STATE_CANCELLED);
}

/* Writes down, before the first rename, which files are about to be put in place. The latch is
 * held, nothing is active. It need not outlive a loss of power: a file that was placed by then and
 * is not known to be is fetched once more. */
static HRESULT store_intent(struct job *job)
{
    struct store_txn *txn = store_txn_begin(job->engine->store);
    HRESULT hr;

    AcquireSRWLockExclusive(&job->engine->lock);
    for (ULONG i = 0; i < job->file_count; i++) {
        struct file *file = job->files[i];

        if (file->phase == FILE_DONE && !file->data.renamed)
            file->data.renamed = file->dirty = job->dirty = TRUE;
    }
    ReleaseSRWLockExclusive(&job->engine->lock);
    hr = txn ? job_put_dirty_files(job, txn) : E_OUTOFMEMORY;
    if (SUCCEEDED(hr)) {
        store_txn_unflushed(txn);
        return store_commit(job->engine->store, txn);
    }
    store_txn_discard(txn);
    return hr;
}

/* Files whose temporary file somebody took away after the transfer are to be fetched again. TRUE
 * when there are any; *error is about the first. Latch held, nothing under way. */
static BOOL forget_lost(struct job *job, struct model_error *error)
{
    BOOL lost = FALSE;

    if (FAILED(job_act_as_helper(job)))
        return FALSE; /* nobody can tell */
    for (ULONG i = 0; i < job->file_count; i++) {
        struct file *file = job->files[i];
        DWORD gone;

        if (file->phase != FILE_DONE || file->placed)
            continue;
        file_let_go(file);
        gone = file_temporary_gone(file);
        if (!gone)
            continue;
        if (!lost) {
            error->context = BG_ERROR_CONTEXT_LOCAL_FILE;
            error->code = HRESULT_FROM_WIN32(gone);
            error->file = file->data.ordinal;
        }
        lost = TRUE;
        AcquireSRWLockExclusive(&job->engine->lock);
        file_lose(file);
        ReleaseSRWLockExclusive(&job->engine->lock);
    }
    SetThreadToken(NULL, NULL);
    return lost;
}

/* What Complete does when files are lost: the job is in error, and Resume fetches them again.
 * Consumes the change. */
static void complete_lost(struct job_change *change, const struct model_error *error)
{
    struct job *job = change->job;
    struct store_txn *txn = store_txn_begin(job->engine->store);

    job_apply_fatal(&change->next, error);
    change->next.notify_pending &= ~(ULONG)BG_NOTIFY_JOB_TRANSFERRED;
    ZeroMemory(&change->next.transferred, sizeof(change->next.transferred));
    if (!txn || FAILED(job_put_dirty_files(job, txn))) {
        store_txn_discard(txn);
        job_change_cancel(change);
        return;
    }
    job_store_and_publish(job, &change->next, txn);
    job_unlatch(job);
}

HRESULT job_place_group(struct job *job, struct model_error *failure)
{
    ULONG placed = 0, failed = MODEL_NO_FILE;
    HRESULT hr = store_intent(job);

    if (FAILED(hr))
        return hr;
    hr = job_place_files(job, &placed, &failed);
    if (SUCCEEDED(hr))
        return S_OK;
    forget_lost(job, failure);
    failure->context = BG_ERROR_CONTEXT_LOCAL_FILE;
    failure->code = hr;
    failure->file = failed;
    return S_FALSE;
}

static HRESULT complete_download(struct job_change *change)
{
    struct job *job = change->job;
    struct model_error lost;
    ULONG placed = 0, failed;
    HRESULT hr, hr_end;

    job_stop_and_wait(job, INFINITE);
    hr = store_intent(job);
    if (SUCCEEDED(hr))
        hr = job_place_files(job, &placed, &failed);
    if (FAILED(hr)) {
        if (forget_lost(job, &lost))
            complete_lost(change, &lost);
        else
            job_change_cancel(change);
        AcquireSRWLockExclusive(&job->engine->lock);
        engine_wake(job->engine);
        ReleaseSRWLockExclusive(&job->engine->lock);
        return hr;
    }
    hr = placed == job->file_count ? S_OK : BG_S_PARTIAL_COMPLETE;
    hr_end = job_end(change, BG_JOB_STATE_ACKNOWLEDGED);
    return hr_end == S_OK ? hr : hr_end;
}

/* A reply that the server did not send is an empty file
 * (nf-bits1_5-ibackgroundcopyjob2-setreplyfilename). */
static HRESULT make_empty(const WCHAR *name)
{
    HANDLE file = INVALID_HANDLE_VALUE;
    WCHAR *path;
    HRESULT hr = local_path_extended(name, &path);

    if (FAILED(hr))
        return hr;
    file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE)
        hr = HRESULT_FROM_WIN32(GetLastError());
    else
        CloseHandle(file);
    free(path);
    return hr;
}

/* The reply gets its name; what was sent needs nothing more. */
static HRESULT complete_upload(struct job_change *change)
{
    struct job *job = change->job;
    struct file *reply = job->upload->reply;
    HRESULT hr = job_act_as_helper(job);

    if (SUCCEEDED(hr) && reply && !reply->placed)
        hr = file_put_in_place(reply);
    else if (SUCCEEDED(hr) && !reply && change->next.type == BG_JOB_TYPE_UPLOAD_REPLY)
        hr = make_empty(change->next.reply_file);
    SetThreadToken(NULL, NULL);
    if (FAILED(hr)) {
        job_change_cancel(change);
        return hr;
    }
    if (reply) {
        AcquireSRWLockExclusive(&job->engine->lock);
        reply->placed = TRUE;
        reply->created = FALSE;
        ReleaseSRWLockExclusive(&job->engine->lock);
    }
    return job_end(change, BG_JOB_STATE_ACKNOWLEDGED);
}

HRESULT job_complete(struct job *job)
{
    struct job_change change;
    HRESULT hr = job_change_begin_call(job, BC_CALL_COMPLETE, &change);

    if (FAILED(hr))
        return hr;
    if (change.next.type == BG_JOB_TYPE_DOWNLOAD)
        return complete_download(&change);
    return complete_upload(&change);
}
