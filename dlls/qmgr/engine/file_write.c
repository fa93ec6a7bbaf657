/*
 * Writing files to the store: what of them differs, all of one file, its progress alone.
 *
 * Called by the events of the transfers, which must not wait, by the worker for the small files'
 * progress, and by whoever has a transaction of its own. Calls the store.
 */
#include "internal.h"

#include <stdlib.h>

void mark_dirty(struct file *file)
{
    file->dirty = file->progress_dirty = TRUE;
    if (!file->job->progress_dirty)
        engine_wake(file->job->engine); /* it has a new deadline: the next flush */
    file->job->dirty = file->job->progress_dirty = TRUE;
}

/* context is the copy of a file's durable side that was on its way to the store. */
static void file_written(void *context, HRESULT hr)
{
    model_file_release(context);
    free(context);
}

/* Lock held. Takes a copy of the file's durable side into a transaction of its own; from then on
 * the file counts as written. *copy is for file_written() once the transaction is over. */
static HRESULT stage_file(struct file *file, struct store_txn **txn, struct model_file **copy)
{
    HRESULT hr;

    *txn = store_txn_begin(file->job->engine->store);
    *copy = malloc(sizeof(**copy));
    hr = *txn && *copy ? model_file_copy(&file->data, *copy) : E_OUTOFMEMORY;
    if (FAILED(hr)) {
        store_txn_discard(*txn);
        free(*copy);
        return hr;
    }
    hr = store_txn_put_files(*txn, &file->job->data.id, copy, 1);
    if (FAILED(hr)) {
        store_txn_discard(*txn);
        file_written(*copy, hr);
        return hr;
    }
    file->dirty = file->progress_dirty = file->version_dirty = FALSE;
    return S_OK;
}

/* When memory is short the store keeps the older state, which is still true: validators and
 * progress only ever follow what is on the disk. */
void file_write(struct file *file)
{
    struct model_file *copy;
    struct store_txn *txn;

    if (SUCCEEDED(stage_file(file, &txn, &copy)))
        store_commit_async(file->job->engine->store, txn, file_written, copy);
}

HRESULT file_write_forgotten(struct file *file)
{
    struct engine *engine = file->job->engine;
    struct model_file *copy;
    struct store_txn *txn;
    HRESULT hr;

    AcquireSRWLockExclusive(&engine->lock);
    hr = file->forgotten ? stage_file(file, &txn, &copy) : S_FALSE;
    ReleaseSRWLockExclusive(&engine->lock);
    if (hr != S_OK)
        return hr;
    hr = store_commit(engine->store, txn);
    file_written(copy, hr);
    AcquireSRWLockExclusive(&engine->lock);
    if (SUCCEEDED(hr)) {
        file->forgotten = FALSE;
    } else {
        file->version_dirty = TRUE;
        mark_dirty(file);
    }
    ReleaseSRWLockExclusive(&engine->lock);
    return hr;
}

void file_write_progress(struct file *file)
{
    struct store *store = file->job->engine->store;
    struct store_txn *txn;

    if (file->version_dirty) {
        file_write(file);
        return;
    }
    txn = store_txn_begin(store);
    if (txn && SUCCEEDED(store_txn_put_progress(txn, &file->job->data.id, file->data.ordinal,
                                                &file->data.progress))) {
        store_commit_async(store, txn, NULL, NULL);
        file->progress_dirty = FALSE;
    } else {
        store_txn_discard(txn);
    }
}

HRESULT job_put_dirty_files(struct job *job, struct store_txn *txn)
{
    struct model_file **data;
    ULONG count = 0;
    HRESULT hr;

    if (!job->dirty)
        return S_OK;
    data = malloc((job->file_count + 1) * sizeof(*data));
    if (!data)
        return E_OUTOFMEMORY;
    for (ULONG i = 0; i < job->file_count; i++) {
        if (job->files[i]->dirty)
            data[count++] = &job->files[i]->data;
    }
    hr = store_txn_put_files(txn, &job->data.id, data, count);
    free(data);
    return hr;
}

void job_flush_progress(struct job *job)
{
    AcquireSRWLockExclusive(&job->engine->lock);
    if (job->progress_dirty && !job->dead) {
        /* The files stay dirty: the rest of what changed is written when the job settles. */
        for (ULONG i = 0; i < job->file_count; i++) {
            if (job->files[i]->progress_dirty)
                file_write_progress(job->files[i]);
        }
        job->progress_dirty = FALSE;
    }
    ReleaseSRWLockExclusive(&job->engine->lock);
}
