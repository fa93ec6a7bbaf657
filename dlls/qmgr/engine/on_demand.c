/*
 * Files whose bytes come in any order (nf-bits10_1-ibackgroundcopyfile6-requestfileranges): what is
 * asked for, what is there, what the next download fetches.
 *
 * A file becomes sparse when its job is on-demand, or when a client asks for ranges of it. What is
 * there is in the durable `filled`, which grows only behind flushed bytes; what is asked for in the
 * durable `wanted`: a request that was accepted outlives the service. Called by fetch.c and
 * schedule.c under the lock, and by the COM facade for the three methods of IBackgroundCopyFile6.
 */
#include "internal.h"

#include <bitscore/bc_url.h>
#include <bitsmsg.h>
#include <stdlib.h>
#include <string.h>

/* Ranges of one download; the rest is for the next one. */
#define PLAN_MAX 64

/* filled as a set to be read; it is kept sorted and merged. */
static struct bc_ranges filled_set(const struct model_file *data)
{
    struct bc_ranges set = {(struct bc_range *)data->filled, data->filled_count,
                            data->filled_count};

    return set;
}

/* The same for wanted. */
static struct bc_ranges wanted_set(const struct model_file *data)
{
    struct bc_ranges set = {(struct bc_range *)data->wanted, data->wanted_count,
                            data->wanted_count};

    return set;
}

static void put_wanted(struct model_file *data, const struct bc_ranges *wanted)
{
    data->wanted = (BG_FILE_RANGE *)wanted->items;
    data->wanted_count = (ULONG)wanted->count;
}

/* Takes a range out of what is wanted. When memory is short it stays wanted, and comes again. */
static void unwant(struct model_file *data, UINT64 offset, UINT64 length)
{
    struct bc_ranges wanted = wanted_set(data);

    if (bc_succeeded(bc_ranges_subtract(&wanted, offset, length)))
        put_wanted(data, &wanted);
}

UINT64 sparse_bytes(const struct file *file)
{
    struct bc_ranges filled = filled_set(&file->data);

    return bc_ranges_total(&filled);
}

BOOL sparse_whole(const struct file *file)
{
    struct bc_ranges filled = filled_set(&file->data);

    return file->data.remote_size != BG_SIZE_UNKNOWN &&
           bc_ranges_contain(&filled, 0, file->data.remote_size);
}

BOOL file_wants(const struct file *file)
{
    return file->phase == FILE_IDLE && (!file->job->data.on_demand || file->data.wanted_count);
}

BOOL job_satisfied(const struct job *job, enum job_outcome *outcome)
{
    *outcome = OUTCOME_NONE;
    if (job->active || job->data.state != BG_JOB_STATE_QUEUED || job->outcome != OUTCOME_NONE)
        return FALSE;
    if (job->files_done == job->file_count && (!job->upload || job_upload_done(job))) {
        *outcome = OUTCOME_FINISHED;
        return TRUE;
    }
    if (job->upload)
        return FALSE;
    for (ULONG i = job->first_open; i < job->file_count; i++) {
        if (file_wants(job->files[i]))
            return FALSE;
    }
    *outcome = OUTCOME_RANGES_DONE;
    return TRUE;
}

/* Adds what is missing of [from, end) to the list, at most as much as there is room for. */
static void add_gaps(const struct bc_ranges *filled, UINT64 from, UINT64 end, BG_FILE_RANGE *list,
                     ULONG *count)
{
    struct bc_range gap;

    while (*count < PLAN_MAX && from < end && bc_ranges_next_gap(filled, from, end, &gap)) {
        list[*count].InitialOffset = gap.offset;
        /* The end of the largest number stands for the end of a file of unknown size. */
        list[*count].Length =
            gap.offset + gap.length == MAXUINT64 ? (UINT64)BG_LENGTH_TO_EOF : gap.length;
        ++*count;
        from = gap.offset + gap.length;
    }
}

/* The wanted ranges that lie in [from, end), without what is there. */
static void add_wanted(struct file *file, UINT64 from, UINT64 end, BG_FILE_RANGE *list,
                       ULONG *count)
{
    struct bc_ranges filled = filled_set(&file->data), wanted = wanted_set(&file->data);

    for (size_t i = 0; i < wanted.count; i++) {
        UINT64 first = wanted.items[i].offset, last = first + wanted.items[i].length;

        if (first < from)
            first = from;
        if (last > end)
            last = end;
        if (first < last)
            add_gaps(&filled, first, last, list, count);
    }
}

HRESULT sparse_plan(struct file *file, BG_FILE_RANGE **ranges, ULONG *count)
{
    struct bc_ranges filled = filled_set(&file->data);
    UINT64 size = file->data.remote_size;

    *count = 0;
    *ranges = malloc(PLAN_MAX * sizeof(**ranges));
    if (!*ranges)
        return E_OUTOFMEMORY;
    add_wanted(file, file->position, MAXUINT64, *ranges, count);
    if (!*count)
        add_wanted(file, 0, file->position, *ranges, count);
    if (!*count && !file->job->data.on_demand) {
        /* The rest of the file, nearest behind the position first. */
        if (size == BG_SIZE_UNKNOWN)
            size = MAXUINT64;
        add_gaps(&filled, file->position, size, *ranges, count);
        if (!*count)
            add_gaps(&filled, 0, size, *ranges, count);
    }
    return *count ? S_OK : E_UNEXPECTED;
}

/* FALSE when memory is short: the claim then stays smaller than the truth, the bytes come again. */
static BOOL add_filled(struct model_file *data, const BG_FILE_RANGE *range)
{
    struct bc_ranges filled = filled_set(data);

    if (bc_failed(bc_ranges_add(&filled, range->InitialOffset, range->Length)))
        return FALSE;
    data->filled = (BG_FILE_RANGE *)filled.items;
    data->filled_count = (ULONG)filled.count;
    return TRUE;
}

void sparse_filled(struct file *file, const BG_FILE_RANGE *range)
{
    if (add_filled(&file->data, range))
        unwant(&file->data, range->InitialOffset, range->Length);
}

UINT64 sparse_end(const struct model_file *data)
{
    const BG_FILE_RANGE *last = data->filled_count ? &data->filled[data->filled_count - 1] : NULL;

    return last ? last->InitialOffset + last->Length : 0;
}

void sparse_ends_at(struct file *file, UINT64 size)
{
    unwant(&file->data, size, MAXUINT64 - size);
}

void sparse_unwant(struct file *file)
{
    free(file->data.wanted);
    file->data.wanted = NULL;
    file->data.wanted_count = 0;
}

void sparse_forget(struct file *file)
{
    struct bc_ranges wanted = wanted_set(&file->data);

    for (ULONG i = 0; i < file->data.filled_count; i++)
        bc_ranges_add(&wanted, file->data.filled[i].InitialOffset, file->data.filled[i].Length);
    put_wanted(&file->data, &wanted);
    free(file->data.filled);
    file->data.filled = NULL;
    file->data.filled_count = 0;
}

/* ---- IBackgroundCopyFile6 ---- */

HRESULT file_check_random_access(struct file *file)
{
    const struct model_job *job = job_lock(file->job);
    BOOL good = job->type == BG_JOB_TYPE_DOWNLOAD && !job->dynamic_content && !custom_method(job) &&
                !file->data.range_count && job->error.code != BG_E_INSUFFICIENT_RANGE_SUPPORT;
    char *name = utf8_from_wide(file->data.remote_name);
    struct bc_url url;

    job_unlock(file->job);
    good = good && name && bc_succeeded(bc_url_parse(name, &url)) && bc_url_is_http(url.scheme);
    free(name);
    return good ? S_OK : BG_E_RANDOM_ACCESS_NOT_SUPPORTED;
}

/* Checks one requested range; *end is the first byte behind it, MAXUINT64 while the end of the file
 * is not known. */
static HRESULT range_end(const BG_FILE_RANGE *range, UINT64 size, UINT64 *end)
{
    UINT64 first = range->InitialOffset, limit = size == BG_SIZE_UNKNOWN ? MAXUINT64 : size;

    if (!range->Length || first >= limit)
        return BG_E_INVALID_RANGE;
    if (range->Length == (UINT64)BG_LENGTH_TO_EOF)
        *end = limit;
    else if (range->Length > limit - first)
        return BG_E_INVALID_RANGE;
    else
        *end = first + range->Length;
    return S_OK;
}

/* Adds the ranges to what is wanted, without what is there; all of them or none. */
static HRESULT add_request(struct model_file *data, const BG_FILE_RANGE *ranges, ULONG count)
{
    struct bc_ranges filled = filled_set(data), wanted;
    HRESULT hr;

    bc_ranges_init(&wanted);
    for (ULONG i = 0; i < data->wanted_count; i++) {
        hr = bc_ranges_add(&wanted, data->wanted[i].InitialOffset, data->wanted[i].Length);
        if (FAILED(hr))
            goto free;
    }
    hr = S_OK;
    for (ULONG i = 0; SUCCEEDED(hr) && i < count; i++) {
        UINT64 end;

        hr = range_end(&ranges[i], data->remote_size, &end);
        if (SUCCEEDED(hr))
            hr = bc_ranges_add(&wanted, ranges[i].InitialOffset, end - ranges[i].InitialOffset);
    }
    for (size_t i = 0; SUCCEEDED(hr) && i < filled.count; i++)
        hr = bc_ranges_subtract(&wanted, filled.items[i].offset, filled.items[i].length);
free:
    if (FAILED(hr)) {
        bc_ranges_free(&wanted);
        return hr;
    }
    free(data->wanted);
    put_wanted(data, &wanted);
    return S_OK;
}

/* What the file will be with the request: what was fetched from the front so far becomes the first
 * of the filled ranges. Latch held, no download under way. */
static HRESULT stage_request(const struct file *file, const BG_FILE_RANGE *ranges, ULONG count,
                             struct model_file *next)
{
    BG_FILE_RANGE front = {0, file->data.progress.transferred};
    HRESULT hr = model_file_copy(&file->data, next);

    if (FAILED(hr))
        return hr;
    if (!file->sparse && front.Length && !add_filled(next, &front))
        hr = E_OUTOFMEMORY;
    if (SUCCEEDED(hr))
        hr = add_request(next, ranges, count);
    if (FAILED(hr))
        model_file_release(next);
    return hr;
}

/* Adds ranges to what is wanted, moves the position. A download of the file that is under way is
 * ended, so that the next one has the new order. The request is stored before it is accepted. */
static HRESULT redirect_download(struct file *file, const BG_FILE_RANGE *ranges, ULONG count,
                                 UINT64 position)
{
    struct job *job = file->job;
    struct model_file next, *pointer = &next;
    struct store_txn *txn;
    HRESULT hr = file_check_random_access(file);

    if (SUCCEEDED(hr))
        hr = job_latch(job);
    if (FAILED(hr))
        return hr;
    job_stop_and_wait(job, INFINITE);
    if (position != MAXUINT64 && position >= file->data.remote_size)
        hr = BG_E_INVALID_RANGE; /* an unknown size is larger than all of them */
    if (SUCCEEDED(hr))
        hr = stage_request(file, ranges, count, &next);
    if (SUCCEEDED(hr) && file->phase == FILE_DONE) {
        model_file_release(&next); /* all of it is there */
    } else if (SUCCEEDED(hr)) {
        txn = store_txn_begin(job->engine->store);
        hr = txn ? store_txn_put_files(txn, &job->data.id, &pointer, 1) : E_OUTOFMEMORY;
        if (SUCCEEDED(hr))
            hr = store_commit(job->engine->store, txn);
        else
            store_txn_discard(txn);
        AcquireSRWLockExclusive(&job->engine->lock);
        if (SUCCEEDED(hr)) {
            struct model_file old = file->data;

            file->data = next;
            next = old;
            file->sparse = TRUE;
            file->trust_size = FALSE;
            if (position != MAXUINT64)
                file->position = position;
        }
        ReleaseSRWLockExclusive(&job->engine->lock);
        model_file_release(&next);
    }
    AcquireSRWLockExclusive(&job->engine->lock);
    engine_wake(job->engine);
    ReleaseSRWLockExclusive(&job->engine->lock);
    job_unlatch(job);
    return hr;
}

HRESULT file_request_ranges(struct file *file, const BG_FILE_RANGE *ranges, ULONG count)
{
    return redirect_download(file, ranges, count, MAXUINT64);
}

HRESULT file_update_position(struct file *file, UINT64 offset)
{
    return offset == MAXUINT64 ? BG_E_INVALID_RANGE : redirect_download(file, NULL, 0, offset);
}

HRESULT file_filled_ranges(struct file *file, BG_FILE_RANGE **out, ULONG *count)
{
    struct job *job = file->job;
    HRESULT hr = file_check_random_access(file);
    ULONG filled;

    *out = NULL;
    *count = 0;
    if (FAILED(hr))
        return hr;
    job_lock(job);
    filled = file->data.filled_count;
    *out = malloc((filled + (size_t)1) * sizeof(**out));
    if (!*out) {
        hr = E_OUTOFMEMORY;
    } else if (file->sparse) {
        if (filled)
            memcpy(*out, file->data.filled, filled * sizeof(**out));
        *count = filled;
    } else {
        (*out)->InitialOffset = 0;
        (*out)->Length = file->data.progress.transferred;
        *count = (*out)->Length != 0;
    }
    job_unlock(job);
    return hr;
}
