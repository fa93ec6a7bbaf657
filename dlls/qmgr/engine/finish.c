/*
 * Changes of a job's state: what clients ask for (Suspend, Resume, Cancel, Complete) and what
 * transfers end with.
 *
 * Each is one commit. Cancel and Complete leave a tombstone in the store until the temporary files
 * are gone, so that a crash between the two leaves no orphan; Complete writes down its intent
 * before the first rename, so that a crash inside it leaves each file either under its final name
 * or still in its temporary one.
 */
#include "internal.h"

#include <bitsmsg.h>
#include <stdlib.h>

/* Waits until no download of the job is under way; the latch is held, so none is begun. */
static void stop_downloads(struct job *job)
{
    AcquireSRWLockExclusive(&job->engine->lock);
    job_stop(job);
    while (job->active)
        SleepConditionVariableSRW(&job->engine->idle, &job->engine->lock, INFINITE, 0);
    ReleaseSRWLockExclusive(&job->engine->lock);
}

HRESULT job_move(struct job *job, BG_JOB_STATE from, BG_JOB_STATE to,
                 const struct model_error *error, ULONG retry_delay_ms)
{
    struct job_change change;
    HRESULT hr = job_change_begin(job, &change);

    if (FAILED(hr))
        return hr;
    if (change.next.state != from) {
        job_change_cancel(&change);
        return S_FALSE;
    }
    change.next.state = to;
    if (error)
        change.next.error = *error;
    if (to == BG_JOB_STATE_ERROR)
        change.next.notify_pending |= notify_pending_for(&change.next, NOTIFY_ERROR);
    if (to == BG_JOB_STATE_TRANSIENT_ERROR) {
        AcquireSRWLockExclusive(&job->engine->lock);
        job->retry_at = retry_delay_ms == INFINITE ? ~0ull : GetTickCount64() + retry_delay_ms;
        if (!job->stalled_at)
            job->stalled_at = GetTickCount64();
        ReleaseSRWLockExclusive(&job->engine->lock);
        engine_now(&change.next.retry_at);
        if (retry_delay_ms != INFINITE)
            change.next.retry_at = filetime_from(filetime_value(&change.next.retry_at) +
                                                 (UINT64)retry_delay_ms * 10000);
    }
    return job_change_commit(&change);
}

/* TRUE when a transient error of this job is to be tried again at all (setminimumretrydelay,
 * setnoprogresstimeout). */
static BOOL worth_retrying(struct job *job, const struct model_job *data, ULONGLONG now)
{
    ULONGLONG limit = (ULONGLONG)data->no_progress_timeout * 1000;

    if (!limit || data->minimum_retry_delay > data->no_progress_timeout)
        return FALSE;
    return !job->stalled_at || now < job->stalled_at + limit;
}

static void settle_failure(struct job *job, struct model_job *next, BOOL transient,
                           ULONG retry_after_ms)
{
    ULONGLONG now = GetTickCount64(), delay = (ULONGLONG)next->minimum_retry_delay * 1000;

    if (delay < retry_after_ms)
        delay = retry_after_ms;
    next->error_count++;
    AcquireSRWLockExclusive(&job->engine->lock);
    next->error = job->failure;
    if (transient && worth_retrying(job, next, now)) {
        next->state = BG_JOB_STATE_TRANSIENT_ERROR;
        if (!job->stalled_at)
            job->stalled_at = now;
        job->retry_at = now + delay;
        engine_now(&next->retry_at);
        next->retry_at = filetime_from(filetime_value(&next->retry_at) + delay * 10000);
    } else {
        next->state = BG_JOB_STATE_ERROR;
        next->notify_pending |= notify_pending_for(next, NOTIFY_ERROR);
    }
    ReleaseSRWLockExclusive(&job->engine->lock);
}

void job_settle(struct job *job)
{
    struct job_change change;
    struct store_txn *txn;
    enum job_outcome outcome;
    BOOL transient;
    ULONG retry_after_ms;
    HRESULT hr;

    if (FAILED(job_change_begin(job, &change)))
        return;
    AcquireSRWLockExclusive(&job->engine->lock);
    outcome = job->outcome;
    transient = job->failure_transient;
    retry_after_ms = job->retry_after_ms;
    /* A client was quicker: it suspended the job, or added files to it. */
    if (change.next.state != BG_JOB_STATE_QUEUED || job->active ||
        (outcome == OUTCOME_FINISHED && job->files_done != job->file_count)) {
        if (!job->active)
            job_stop(job);
        job->outcome = OUTCOME_NONE;
        outcome = OUTCOME_NONE;
    }
    ReleaseSRWLockExclusive(&job->engine->lock);
    if (outcome == OUTCOME_NONE) {
        job_change_cancel(&change);
        return;
    }
    if (outcome == OUTCOME_FINISHED) {
        change.next.state = BG_JOB_STATE_TRANSFERRED;
        engine_now(&change.next.transferred);
        ZeroMemory(&change.next.error, sizeof(change.next.error));
        change.next.error.file = MODEL_NO_FILE;
        change.next.notify_pending |= notify_pending_for(&change.next, NOTIFY_TRANSFERRED);
    } else {
        settle_failure(job, &change.next, transient, retry_after_ms);
    }
    txn = store_txn_begin(job->engine->store);
    hr = txn ? job_put_dirty_files(job, txn) : E_OUTOFMEMORY;
    if (FAILED(hr)) {
        store_txn_discard(txn);
        job_change_cancel(&change);
    } else {
        hr = job_store_and_publish(job, &change.next, txn);
        if (SUCCEEDED(hr)) {
            AcquireSRWLockExclusive(&job->engine->lock);
            for (ULONG i = 0; i < job->file_count && job->dirty; i++)
                job->files[i]->dirty = job->files[i]->progress_dirty = FALSE;
            job->dirty = job->progress_dirty = FALSE;
            ReleaseSRWLockExclusive(&job->engine->lock);
        }
        job_unlatch(job);
    }
    if (FAILED(hr)) {
        /* The store cannot take it now (its disk is full, say): the job keeps its turn's outcome
         * and is asked again. */
        AcquireSRWLockExclusive(&job->engine->lock);
        job->settle_again = GetTickCount64() + 1000;
        ReleaseSRWLockExclusive(&job->engine->lock);
    }
}

HRESULT job_suspend(struct job *job)
{
    struct job_change change;
    HRESULT hr = job_change_begin(job, &change);

    if (FAILED(hr))
        return hr;
    if (change.next.state == BG_JOB_STATE_SUSPENDED ||
        change.next.state == BG_JOB_STATE_TRANSFERRED) {
        job_change_cancel(&change);
        return S_OK;
    }
    change.next.state = BG_JOB_STATE_SUSPENDED;
    return job_change_commit(&change);
}

HRESULT job_resume(struct job *job)
{
    struct job_change change;
    HRESULT hr = job_change_begin(job, &change);

    if (FAILED(hr))
        return hr;
    if (!job->file_count)
        hr = BG_E_EMPTY;
    if (FAILED(hr) || change.next.state == BG_JOB_STATE_QUEUED ||
        change.next.state == BG_JOB_STATE_TRANSFERRED) {
        job_change_cancel(&change);
        return hr;
    }
    change.next.state = BG_JOB_STATE_QUEUED;
    change.next.resumed_once = TRUE;
    AcquireSRWLockExclusive(&job->engine->lock);
    job->stalled_at = 0;
    ReleaseSRWLockExclusive(&job->engine->lock);
    return job_change_commit(&change);
}

/* Deletes a temporary file if it may exist; FALSE when it is still there. */
static BOOL delete_temporary(struct file *file)
{
    WCHAR *path;
    BOOL gone;

    if (!file->created || !file->data.temporary_name || file->placed)
        return TRUE;
    if (FAILED(local_path_extended(file->data.temporary_name, &path)))
        return FALSE;
    SetFileAttributesW(path, FILE_ATTRIBUTE_NORMAL);
    gone = DeleteFileW(path) || GetLastError() == ERROR_FILE_NOT_FOUND ||
           GetLastError() == ERROR_PATH_NOT_FOUND;
    free(path);
    if (gone)
        file->created = FALSE;
    return gone;
}

/*
 * Deletes what a dead job left on the disk, then its row. Nothing else touches a dead job's files
 * once its downloads have ended. BG_S_UNABLE_TO_DELETE_FILES when something stayed; the row goes
 * all the same, for nobody would come back.
 */
HRESULT job_bury(struct job *job)
{
    struct store_txn *txn = store_txn_begin(job->engine->store);
    HRESULT hr = S_OK;

    for (ULONG i = 0; i < job->file_count; i++) {
        if (!delete_temporary(job->files[i]))
            hr = BG_S_UNABLE_TO_DELETE_FILES;
    }
    if (hr != S_OK)
        os_log_event(EVENTLOG_WARNING_TYPE, BITS_MC_FILE_DELETION_FAILED,
                     job->files[0]->data.temporary_name);
    if (txn && SUCCEEDED(store_txn_delete_job(txn, &job->data.id)))
        store_commit_async(job->engine->store, txn, NULL, NULL);
    else
        store_txn_discard(txn);
    return hr;
}

/* Lock held: some file of the job may have left something on the disk. */
static BOOL has_temporaries(struct job *job)
{
    for (ULONG i = 0; i < job->file_count; i++) {
        if (job->files[i]->created && !job->files[i]->placed)
            return TRUE;
    }
    return FALSE;
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
    clean = !job->active && !has_temporaries(job);
    ReleaseSRWLockShared(&job->engine->lock);
    change->next.state = state;
    if (clean) {
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
    HRESULT hr = job_change_begin(job, &change);

    if (FAILED(hr))
        return hr;
    stop_downloads(job);
    return job_end(&change, BG_JOB_STATE_CANCELLED);
}

/*
 * Puts one file under its final name. S_OK also when an earlier Complete had done it and was cut
 * off: then the temporary file is gone and the target has the right size.
 */
static HRESULT put_in_place(struct file *file)
{
    WCHAR *from = NULL, *to = NULL;
    WIN32_FILE_ATTRIBUTE_DATA there;
    HRESULT hr = local_path_extended(file->data.temporary_name, &from);

    if (SUCCEEDED(hr))
        hr = local_path_extended(file->data.local_name, &to);
    if (SUCCEEDED(hr)) {
        SetFileAttributesW(from, FILE_ATTRIBUTE_NORMAL);
        if (!MoveFileExW(from, to, MOVEFILE_REPLACE_EXISTING)) {
            DWORD error = GetLastError();

            hr = HRESULT_FROM_WIN32(error);
            if (error == ERROR_FILE_NOT_FOUND &&
                GetFileAttributesExW(to, GetFileExInfoStandard, &there) &&
                (((UINT64)there.nFileSizeHigh << 32) | there.nFileSizeLow) ==
                    file->data.progress.total)
                hr = S_OK;
            else
                SetFileAttributesW(from, FILE_ATTRIBUTE_HIDDEN);
        }
    }
    free(from);
    free(to);
    return hr;
}

/* Writes down, before the first rename, which files are about to be put in place. The latch is
 * held, nothing is active. */
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
    if (SUCCEEDED(hr))
        return store_commit(job->engine->store, txn);
    store_txn_discard(txn);
    return hr;
}

/* Renames the whole files; remembers the first failure. */
static HRESULT place_files(struct job *job, ULONG *placed)
{
    HRESULT hr = S_OK;

    for (ULONG i = 0; i < job->file_count; i++) {
        struct file *file = job->files[i];
        HRESULT hr_file;

        if (file->phase != FILE_DONE)
            continue;
        if (!file->placed) {
            hr_file = put_in_place(file);
            if (FAILED(hr_file)) {
                hr = FAILED(hr) ? hr : hr_file;
                continue;
            }
            AcquireSRWLockExclusive(&job->engine->lock);
            file->placed = TRUE;
            file->created = FALSE;
            ReleaseSRWLockExclusive(&job->engine->lock);
        }
        ++*placed;
    }
    return hr;
}

static HRESULT complete_download(struct job_change *change)
{
    struct job *job = change->job;
    ULONG placed = 0;
    HRESULT hr, hr_end;

    stop_downloads(job);
    hr = store_intent(job);
    if (SUCCEEDED(hr))
        hr = place_files(job, &placed);
    if (FAILED(hr)) {
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

HRESULT job_complete(struct job *job)
{
    struct job_change change;
    HRESULT hr = job_change_begin(job, &change);

    if (FAILED(hr))
        return hr;
    if (change.next.type == BG_JOB_TYPE_DOWNLOAD)
        return complete_download(&change);
    if (change.next.state != BG_JOB_STATE_TRANSFERRED) {
        job_change_cancel(&change);
        return BG_E_INVALID_STATE;
    }
    return job_end(&change, BG_JOB_STATE_ACKNOWLEDGED);
}
