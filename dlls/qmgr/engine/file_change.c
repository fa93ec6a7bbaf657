/*
 * What clients change of a file after it was added: its remote name, and whether it is valid.
 *
 * Called by the COM facade; stops the job's downloads, calls the store in one commit.
 */
#include "internal.h"

#include <bitscore/bc_url.h>
#include <bitsmsg.h>
#include <stdlib.h>
#include <wchar.h>

/* Under its new name the file is known by size and time stamp
 * (nf-bits2_0-ibackgroundcopyfile2-setremotename): another server tags the same file otherwise. */
static void forget_tag(struct model_file *data)
{
    if (!data->last_modified)
        return;
    free(data->etag);
    data->etag = NULL;
}

/* Stores data[i] as the durable side of files[i] and publishes what clients can change of it. Latch
 * held. */
static HRESULT store_file_changes(struct job *job, struct file **files, struct model_file *data,
                                  ULONG count, struct model_job *next)
{
    struct store_txn *txn = store_txn_begin(job->engine->store);
    struct model_file **pointers = malloc(count * sizeof(*pointers));
    HRESULT hr = txn && pointers ? S_OK : E_OUTOFMEMORY;

    for (ULONG i = 0; SUCCEEDED(hr) && i < count; i++)
        pointers[i] = &data[i];
    if (SUCCEEDED(hr))
        hr = store_txn_put_files(txn, &job->data.id, pointers, count);
    if (FAILED(hr)) {
        store_txn_discard(txn);
        model_job_release(next);
    } else {
        hr = job_store_and_publish(job, next, txn);
    }
    free(pointers);
    if (FAILED(hr))
        return hr;
    AcquireSRWLockExclusive(&job->engine->lock);
    for (ULONG i = 0; i < count; i++) {
        /* Only what a client can change: the rest may have moved on meanwhile, and is then the
         * younger. */
        WCHAR *name = files[i]->data.remote_name;

        files[i]->data.remote_name = data[i].remote_name;
        data[i].remote_name = name;
        files[i]->renamed |= wcscmp(name, files[i]->data.remote_name) != 0;
        if (!data[i].etag)
            forget_tag(&files[i]->data);
        files[i]->data.validated = data[i].validated;
        files[i]->data.validation_set = data[i].validation_set;
        files[i]->dirty = job->dirty = TRUE;
    }
    ReleaseSRWLockExclusive(&job->engine->lock);
    return S_OK;
}

static HRESULT rename_files(struct job *job, struct file **files, WCHAR **names, ULONG count)
{
    struct model_file *data = calloc(count, sizeof(*data));
    struct job_change change;
    HRESULT hr;

    if (!data)
        return E_OUTOFMEMORY;
    hr = job_change_begin_call(job, BC_CALL_SET_REMOTE_NAME, &change);
    if (FAILED(hr)) {
        free(data);
        return hr;
    }
    /* It may be under way: it is stopped, and begun again by the scheduler. */
    job_stop_and_wait(job, INFINITE);
    for (ULONG i = 0; SUCCEEDED(hr) && i < count; i++) {
        hr = model_file_copy(&files[i]->data, &data[i]);
        if (SUCCEEDED(hr))
            hr = model_set_string(&data[i].remote_name, names[i]);
        forget_tag(&data[i]);
    }
    if (SUCCEEDED(hr))
        hr = store_file_changes(job, files, data, count, &change.next);
    else
        model_job_release(&change.next);
    job_unlatch(job);
    AcquireSRWLockExclusive(&job->engine->lock);
    engine_wake(job->engine);
    ReleaseSRWLockExclusive(&job->engine->lock);
    for (ULONG i = 0; i < count; i++)
        model_file_release(&data[i]);
    free(data);
    return hr;
}

HRESULT file_set_remote_name(struct file *file, const WCHAR *name)
{
    char *utf8 = utf8_from_wide(name);
    WCHAR *copy = NULL;
    struct bc_url url;
    HRESULT hr = utf8 ? bc_url_check_remote_name(utf8, &url) : E_INVALIDARG;

    if (SUCCEEDED(hr) && file->data.ranges && !bc_url_is_http(url.scheme))
        hr = E_INVALIDARG;
    free(utf8);
    if (SUCCEEDED(hr))
        hr = model_set_string(&copy, name);
    if (SUCCEEDED(hr))
        hr = rename_files(file->job, &file, &copy, 1);
    free(copy);
    return hr;
}

HRESULT job_replace_remote_prefix(struct job *job, const WCHAR *old_prefix, const WCHAR *new_prefix)
{
    char *from = utf8_from_wide(old_prefix), *to = utf8_from_wide(new_prefix);
    struct file **files = NULL, **matching = NULL;
    WCHAR **names = NULL;
    ULONG count = 0, matches = 0;
    HRESULT hr = from && to ? job_snapshot_files(job, &files, &count) : E_INVALIDARG;

    if (SUCCEEDED(hr))
        hr = job_check(job, BC_CALL_SET_REMOTE_NAME, 0);
    if (SUCCEEDED(hr)) {
        names = calloc(count + 1, sizeof(*names));
        matching = calloc(count + 1, sizeof(*matching));
        hr = names && matching ? S_OK : E_OUTOFMEMORY;
    }
    if (SUCCEEDED(hr) && (!*from || !*to))
        hr = E_INVALIDARG;
    for (ULONG i = 0; SUCCEEDED(hr) && i < count; i++) {
        char buffer[BC_URL_UTF8_SIZE];
        char *name;

        job_lock(job);
        name = utf8_from_wide(files[i]->data.remote_name);
        job_unlock(job);
        if (!name) {
            hr = E_OUTOFMEMORY;
            break;
        }
        hr = bc_url_replace_prefix(name, from, to, buffer, sizeof(buffer));
        free(name);
        if (hr != S_OK)
            continue;
        names[matches] = wide_from_utf8(buffer);
        if (!names[matches])
            hr = E_OUTOFMEMORY;
        else
            matching[matches++] = files[i];
    }
    if (SUCCEEDED(hr))
        hr = matches ? rename_files(job, matching, names, matches) : S_FALSE;
    for (ULONG i = 0; i < matches; i++)
        free(names[i]);
    free(names);
    free(matching);
    if (files)
        job_free_files(files, count);
    free(from);
    free(to);
    return hr;
}

/* What SetValidationState(FALSE) does: the file is no good, the job is in error
 * (nf-bits3_0-ibackgroundcopyfile3-setvalidationstate). */
static void reject_file(struct model_job *next, struct model_file *data)
{
    struct model_error error = {BG_ERROR_CONTEXT_LOCAL_FILE, BG_E_VALIDATION_FAILED, data->ordinal};

    job_apply_fatal(next, &error);
    next->error_count++;
    undo_data(data);
}

HRESULT file_set_validation(struct file *file, BOOL valid)
{
    struct job *job = file->job;
    struct job_change change;
    struct model_file data, old;
    HRESULT hr = job_change_begin(job, &change);

    if (FAILED(hr))
        return hr;
    AcquireSRWLockShared(&job->engine->lock);
    /* E_PENDING: nf-bits3_0-ibackgroundcopyfile3-setvalidationstate */
    hr = file->phase == FILE_DONE ? S_OK : E_PENDING;
    if (SUCCEEDED(hr))
        hr = model_file_copy(&file->data, &data);
    ReleaseSRWLockShared(&job->engine->lock);
    if (FAILED(hr)) {
        job_change_cancel(&change);
        return hr;
    }
    data.validated = valid;
    data.validation_set = TRUE;
    if (!valid) {
        job_stop_and_wait(job, INFINITE);
        reject_file(&change.next, &data);
    }
    hr = store_file_changes(job, &file, &data, 1, &change.next);
    if (SUCCEEDED(hr) && !valid) {
        AcquireSRWLockExclusive(&job->engine->lock);
        old = file->data;
        file->data = data;
        data = old;
        file_mark_undone(file);
        ReleaseSRWLockExclusive(&job->engine->lock);
    }
    model_file_release(&data);
    job_unlatch(job);
    return hr;
}
