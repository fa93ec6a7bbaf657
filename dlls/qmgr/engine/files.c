/*
 * Files of jobs as things: making and listing them, their live progress and the sums kept over
 * them, what becomes of one that has lost its bytes.
 *
 * Called by the whole folder and, for reading, by the COM facade; waits for nothing.
 */
#include "internal.h"

#include <stdlib.h>
#include <wchar.h>

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

HRESULT local_path_extended(const WCHAR *path, WCHAR **extended)
{
    /* Nothing after the prefix is taken for a separator too many, "..", or a slash. */
    DWORD room = GetFullPathNameW(path, 0, NULL, NULL), length;
    WCHAR *full = malloc((room + 1) * sizeof(*full)), *out = NULL;
    BOOL unc;

    *extended = NULL;
    if (!full)
        return E_OUTOFMEMORY;
    length = GetFullPathNameW(path, room + 1, full, NULL);
    if (!length || length > room) {
        free(full);
        return HRESULT_FROM_WIN32(ERROR_INVALID_NAME);
    }
    unc = full[0] == '\\' && full[1] == '\\';
    out = malloc((length + 9) * sizeof(*out));
    if (out) {
        wcscpy(out, unc ? L"\\\\?\\UNC\\" : L"\\\\?\\");
        wcscat(out, unc ? full + 2 : full);
    }
    free(full);
    *extended = out;
    return out ? S_OK : E_OUTOFMEMORY;
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

void file_mark_undone(struct file *file)
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

void undo_data(struct model_file *data)
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
