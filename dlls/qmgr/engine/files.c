/*
 * Files of jobs: adding them, their live progress and the sums kept over them, changing their
 * names, writing what changed to the store.
 */
#include "internal.h"

#include <bitscore/bc_path.h>
#include <bitscore/bc_ranges.h>
#include <bitscore/bc_url.h>
#include <bitsmsg.h>
#include <objbase.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

/* The local files of larger sets are not looked at one by one before their transfer: asking for a
 * name that is not there may read the whole directory. */
#define CHECKED_FILES 500

/* BG_FILE_RANGE and bc_range are the same thing under two names. */
C_ASSERT(sizeof(BG_FILE_RANGE) == sizeof(struct bc_range));

static UINT64 ranges_size(const struct model_file *data)
{
    return bc_file_ranges_local_size((const struct bc_range *)data->ranges, data->range_count);
}

struct file *file_new(struct job *job, struct model_file *data)
{
    struct file *file = calloc(1, sizeof(*file));

    if (!file)
        return NULL;
    file->job = job;
    file->data = *data;
    file->sparse = job->data.on_demand || file->data.filled_count || file->data.wanted_count;
    ZeroMemory(data, sizeof(*data));
    file->bytes = file->data.progress.transferred;
    file->total = file->data.progress.total;
    return file;
}

void file_free(struct file *file)
{
    bc_ranges_free(&file->untold);
    model_file_release(&file->data);
    free(file);
}

HRESULT job_append_file(struct job *job, struct file *file)
{
    if (job->file_count == job->file_capacity) {
        ULONG capacity = job->file_capacity ? job->file_capacity * 2 : 4;
        struct file **files = realloc(job->files, capacity * sizeof(*files));

        if (!files)
            return E_OUTOFMEMORY;
        job->files = files;
        job->file_capacity = capacity;
    }
    job->files[job->file_count++] = file;
    job->bytes += file->bytes;
    if (file->total == BG_SIZE_UNKNOWN)
        job->unknown_totals++;
    else
        job->total += file->total;
    return S_OK;
}

void file_set_live(struct file *file, UINT64 bytes, UINT64 total)
{
    struct job *job = file->job;

    job->bytes += bytes - file->bytes;
    if (file->total == BG_SIZE_UNKNOWN)
        job->unknown_totals--;
    else
        job->total -= file->total;
    if (total == BG_SIZE_UNKNOWN)
        job->unknown_totals++;
    else
        job->total += total;
    file->bytes = bytes;
    file->total = total;
}

void file_mark_done(struct file *file)
{
    struct job *job = file->job;

    file->phase = FILE_DONE;
    file->data.progress.completed = TRUE;
    job->files_done++;
    while (job->first_open < job->file_count && job->files[job->first_open]->phase == FILE_DONE)
        job->first_open++;
}

/* The full path of the temporary file: in the target's directory, so that Complete is a rename. */
static HRESULT temporary_name(const char *local, UINT32 number, WCHAR **out)
{
    struct bc_span directory = bc_path_directory(local);
    char path[BC_PATH_UTF8_SIZE + BC_PATH_TEMP_NAME_SIZE];
    WCHAR *wide;
    HRESULT hr;

    memcpy(path, directory.ptr, directory.len);
    hr = bc_path_temp_name(number, path + directory.len, sizeof(path) - directory.len);
    if (FAILED(hr))
        return hr;
    wide = wide_from_utf8(path);
    if (!wide)
        return E_OUTOFMEMORY;
    free(*out);
    *out = wide;
    return S_OK;
}

HRESULT local_path_extended(const WCHAR *path, WCHAR **extended)
{
    BOOL unc = path[0] == '\\' && path[1] == '\\';
    size_t length = wcslen(path);
    WCHAR *out = malloc((length + 9) * sizeof(*out));

    *extended = out;
    if (!out)
        return E_OUTOFMEMORY;
    wcscpy(out, unc ? L"\\\\?\\UNC\\" : L"\\\\?\\");
    wcscat(out, unc ? path + 2 : path);
    return S_OK;
}

/* The directory must be there; the last one asked about is remembered, for whole sets go to one. */
static HRESULT check_directory(const char *local, WCHAR **last)
{
    struct bc_span span = bc_path_directory(local);
    char path[BC_PATH_UTF8_SIZE];
    WCHAR *wide;
    DWORD attributes;

    memcpy(path, span.ptr, span.len);
    path[span.len] = 0;
    wide = wide_from_utf8(path);
    if (!wide)
        return E_OUTOFMEMORY;
    if (*last && !wcscmp(*last, wide)) {
        free(wide);
        return S_OK;
    }
    free(*last);
    *last = wide;
    attributes = GetFileAttributesW(wide);
    if (attributes == INVALID_FILE_ATTRIBUTES) {
        DWORD error = GetLastError();

        free(wide);
        *last = NULL;
        if (error == ERROR_ACCESS_DENIED)
            return E_ACCESSDENIED;
        return HRESULT_FROM_WIN32(error == ERROR_FILE_NOT_FOUND ? ERROR_PATH_NOT_FOUND : error);
    }
    return attributes & FILE_ATTRIBUTE_DIRECTORY ? S_OK : HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND);
}

HRESULT check_local_name(const WCHAR *name)
{
    char *local = utf8_from_wide(name);
    char plain[BC_PATH_UTF8_SIZE];
    WCHAR *directory = NULL;
    HRESULT hr = local ? bc_path_check_local_name(local) : E_INVALIDARG;

    if (SUCCEEDED(hr))
        hr = bc_path_normalize(local, plain, sizeof(plain));
    if (SUCCEEDED(hr))
        hr = check_directory(plain, &directory);
    free(directory);
    free(local);
    return hr;
}

/* What must be true of the local file itself: an upload's is there, a download's is no directory.
 */
static HRESULT check_local_file(const WCHAR *name, BG_JOB_TYPE type)
{
    DWORD attributes = GetFileAttributesW(name);
    DWORD error = GetLastError();

    if (attributes != INVALID_FILE_ATTRIBUTES)
        return attributes & FILE_ATTRIBUTE_DIRECTORY ? E_INVALIDARG : S_OK;
    return type == BG_JOB_TYPE_DOWNLOAD ? S_OK : HRESULT_FROM_WIN32(error);
}

/* Checks one request and fills the durable side of its file (ns-bits-bg_file_info). */
static HRESULT model_file_make(const struct model_job *job, const struct file_request *request,
                               size_t range_limit, UINT32 number, BOOL few, WCHAR **directory,
                               struct model_file *out)
{
    char *remote = utf8_from_wide(request->remote_name),
         *local = utf8_from_wide(request->local_name);
    char plain[BC_PATH_UTF8_SIZE];
    struct bc_url url;
    HRESULT hr = E_INVALIDARG;

    model_file_init(out);
    if (!remote || !local)
        goto done;
    hr = bc_url_check_remote_name(remote, &url);
    if (SUCCEEDED(hr))
        hr = bc_path_check_local_name(local);
    if (SUCCEEDED(hr))
        hr = bc_path_normalize(local, plain, sizeof(plain));
    if (FAILED(hr))
        goto done;
    if ((request->ranges || job->type == BG_JOB_TYPE_UPLOAD_REPLY) && !bc_url_is_http(url.scheme)) {
        hr = E_INVALIDARG;
        goto done;
    }
    if (request->ranges) {
        hr = bc_file_ranges_check((const struct bc_range *)request->ranges, request->range_count,
                                  range_limit);
        if (FAILED(hr))
            goto done;
        out->ranges = malloc(request->range_count * sizeof(*out->ranges));
        if (!out->ranges) {
            hr = E_OUTOFMEMORY;
            goto done;
        }
        memcpy(out->ranges, request->ranges, request->range_count * sizeof(*out->ranges));
        out->range_count = request->range_count;
        out->progress.total = ranges_size(out);
    }
    hr = check_directory(plain, directory);
    if (SUCCEEDED(hr) && few)
        hr = check_local_file(request->local_name, job->type);
    if (SUCCEEDED(hr))
        hr = model_set_string(&out->remote_name, request->remote_name);
    if (SUCCEEDED(hr))
        hr = model_set_string(&out->local_name, request->local_name);
    if (SUCCEEDED(hr) && job->type == BG_JOB_TYPE_DOWNLOAD)
        hr = job->high_performance ? model_set_string(&out->temporary_name, out->local_name)
                                   : temporary_name(plain, number, &out->temporary_name);

done:
    free(remote);
    free(local);
    if (FAILED(hr))
        model_file_release(out);
    return hr;
}

static void free_files(struct file **files, ULONG count)
{
    for (ULONG i = 0; i < count; i++)
        file_free(files[i]);
    free(files);
}

static HRESULT make_files(struct job *job, const struct file_request *requests, ULONG count,
                          BOOL privileged, const struct bc_limits *limits, struct file ***out)
{
    size_t range_limit = bc_limits_ranges(limits, privileged);
    struct file **files = calloc(count, sizeof(*files));
    WCHAR *directory = NULL;
    HRESULT hr = S_OK;
    GUID random;
    ULONG made = 0;

    *out = NULL;
    if (!files)
        return E_OUTOFMEMORY;
    hr = CoCreateGuid(&random);
    while (SUCCEEDED(hr) && made < count) {
        struct model_file data;

        hr = model_file_make(&job->data, &requests[made], range_limit, random.Data1 + made,
                             count <= CHECKED_FILES, &directory, &data);
        if (FAILED(hr))
            break;
        data.ordinal = job->file_count + made;
        files[made] = file_new(job, &data);
        if (!files[made]) {
            model_file_release(&data);
            hr = E_OUTOFMEMORY;
            break;
        }
        made++;
    }
    free(directory);
    if (FAILED(hr))
        free_files(files, made);
    else
        *out = files;
    return hr;
}

/* Puts the new files in the store with their job, then in the job. The latch is held. */
static HRESULT store_files(struct job *job, struct model_job *next, struct file **files,
                           ULONG count)
{
    struct store_txn *txn = store_txn_begin(job->engine->store);
    struct model_file **data = malloc(count * sizeof(*data));
    struct file **room;
    HRESULT hr = txn && data ? S_OK : E_OUTOFMEMORY;

    if (SUCCEEDED(hr)) {
        /* Room first: after the commit nothing may fail. */
        AcquireSRWLockExclusive(&job->engine->lock);
        room = realloc(job->files, (job->file_count + count) * sizeof(*room));
        if (room) {
            job->files = room;
            if (job->file_capacity < job->file_count + count)
                job->file_capacity = job->file_count + count;
        } else {
            hr = E_OUTOFMEMORY;
        }
        ReleaseSRWLockExclusive(&job->engine->lock);
    }
    for (ULONG i = 0; SUCCEEDED(hr) && i < count; i++)
        data[i] = &files[i]->data;
    if (SUCCEEDED(hr)) {
        /* A job's row comes first: its files refer to it. */
        engine_now(job->engine, &next->modified);
        next->active = filetime_from(engine_steady(job->engine));
        hr = store_txn_put_job(txn, next);
    }
    if (SUCCEEDED(hr))
        hr = store_txn_put_files(txn, &next->id, data, count);
    if (SUCCEEDED(hr))
        hr = store_commit(job->engine->store, txn);
    else
        store_txn_discard(txn);
    if (SUCCEEDED(hr)) {
        AcquireSRWLockExclusive(&job->engine->lock);
        for (ULONG i = 0; i < count; i++)
            job_append_file(job, files[i]);
        ReleaseSRWLockExclusive(&job->engine->lock);
        job_publish(job, next);
    }
    free(data);
    return hr;
}

HRESULT name_beside(const WCHAR *file, WCHAR **out)
{
    char *local = utf8_from_wide(file);
    char plain[BC_PATH_UTF8_SIZE];
    HRESULT hr = local ? bc_path_normalize(local, plain, sizeof(plain)) : E_OUTOFMEMORY;
    GUID random;

    if (SUCCEEDED(hr))
        hr = CoCreateGuid(&random);
    if (SUCCEEDED(hr))
        hr = temporary_name(plain, random.Data1, out);
    free(local);
    return hr;
}

HRESULT job_name_reply(struct model_job *next, const WCHAR *upload)
{
    return name_beside(upload, &next->reply_file);
}

HRESULT job_add_files(struct job *job, const struct file_request *requests, ULONG count,
                      BOOL privileged)
{
    struct job_change change;
    struct file **files = NULL;
    struct bc_job_facts facts;
    struct bc_limits limits;
    HRESULT hr;

    if (!count)
        return E_INVALIDARG;
    hr = job_change_begin(job, &change);
    if (FAILED(hr))
        return hr;
    bc_limits_init(&limits);
    limits.files_per_job =
        job->engine->world->policy_dword(L"MaxFilesPerJob", limits.files_per_job);
    limits.ranges_per_file =
        job->engine->world->policy_dword(L"MaxRangesPerFile", limits.ranges_per_file);
    job_facts(job, &facts);
    hr = bc_state_check(requests->ranges ? BC_CALL_ADD_FILE_RANGES : BC_CALL_ADD_FILE, &facts,
                        count);
    if (SUCCEEDED(hr) && requests->ranges && change.next.dynamic_content)
        hr = BG_E_UNSUPPORTED_JOB_CONFIGURATION; /* ne-bits5_0-bits_job_property_id */
    if (SUCCEEDED(hr))
        hr = bc_limits_check_files(&limits, privileged, job->file_count, count);
    if (SUCCEEDED(hr))
        hr = make_files(job, requests, count, privileged, &limits, &files);
    if (FAILED(hr)) {
        job_change_cancel(&change);
        return hr;
    }
    change.next.state = (BG_JOB_STATE)bc_state_after(BC_CALL_ADD_FILE, &facts);
    if (change.next.type == BG_JOB_TYPE_UPLOAD_REPLY && !change.next.reply_file)
        hr = job_name_reply(&change.next, files[0]->data.local_name);
    if (SUCCEEDED(hr))
        hr = store_files(job, &change.next, files, count);
    if (FAILED(hr)) {
        free_files(files, count);
        job_change_cancel(&change);
        return hr;
    }
    free(files);
    job_unlatch(job);
    AcquireSRWLockExclusive(&job->engine->lock);
    if (job->data.state == BG_JOB_STATE_QUEUED)
        engine_wake(job->engine);
    ReleaseSRWLockExclusive(&job->engine->lock);
    return S_OK;
}

HRESULT job_snapshot_files(struct job *job, struct file ***out, ULONG *count)
{
    struct file **files;

    AcquireSRWLockShared(&job->engine->lock);
    files = malloc((job->file_count + 1) * sizeof(*files));
    *count = files ? job->file_count : 0;
    for (ULONG i = 0; i < *count; i++) {
        files[i] = job->files[i];
        job_addref(job);
    }
    ReleaseSRWLockShared(&job->engine->lock);
    *out = files;
    return files ? S_OK : E_OUTOFMEMORY;
}

void job_free_files(struct file **files, ULONG count)
{
    for (ULONG i = 0; i < count; i++)
        file_release(files[i]);
    free(files);
}

void file_addref(struct file *file)
{
    job_addref(file->job);
}

void file_release(struct file *file)
{
    job_release(file->job);
}

struct job *file_job(struct file *file)
{
    return file->job;
}

const struct model_file *file_data(struct file *file)
{
    return &file->data;
}

void file_progress(struct file *file, BG_FILE_PROGRESS *progress)
{
    AcquireSRWLockShared(&file->job->engine->lock);
    progress->BytesTotal = file->total;
    progress->BytesTransferred = file->bytes;
    progress->Completed =
        file->placed || (file->job->data.type != BG_JOB_TYPE_DOWNLOAD && file->phase == FILE_DONE);
    ReleaseSRWLockShared(&file->job->engine->lock);
}

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
    job_stop_and_wait(job);
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

/* Lock held. A file that was done is to be fetched again from its first byte. */
static void file_mark_undone(struct file *file)
{
    struct job *job = file->job;

    file->phase = FILE_IDLE;
    file->placed = file->trust_size = FALSE;
    job->files_done--;
    for (ULONG i = 0; i < job->first_open; i++) {
        if (job->files[i] == file)
            job->first_open = i;
    }
    file_set_live(file, 0, file->data.progress.total);
}

/* The bytes are of no use any more. */
static void undo_data(struct model_file *data)
{
    data->progress.transferred = 0;
    data->progress.completed = data->renamed = FALSE;
    free(data->wanted); /* what was asked for and there is wanted again */
    data->wanted = data->filled;
    data->wanted_count = data->filled_count;
    data->filled = NULL;
    data->filled_count = 0;
    free(data->etag);
    free(data->last_modified);
    data->etag = data->last_modified = NULL;
}

void file_lose(struct file *file)
{
    undo_data(&file->data);
    file_mark_undone(file);
    file->dirty = file->progress_dirty = TRUE;
    file->job->dirty = file->job->progress_dirty = TRUE;
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
        job_stop_and_wait(job);
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
