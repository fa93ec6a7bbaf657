/*
 * Adding files to a job: what is asked of their names and ranges, and the names of temporary files.
 *
 * Called by the COM facade (job_add_files()), and for names by upload.c and property.c. Looks at
 * the file system, calls bitscore for the rules, and the store in one commit for the whole set.
 */
#include "internal.h"

#include <bitscore/bc_path.h>
#include <bitscore/bc_url.h>
#include <bitsmsg.h>
#include <objbase.h>
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

/* A directory as bitscore and as Windows spell it, with its last backslash; whole sets go to one.
 */
struct folder {
    char utf8[BC_PATH_UTF8_SIZE];
    WCHAR *wide; /* NULL: none yet */
};

/* Makes folder that of the local file; S_FALSE when it is already. */
static HRESULT folder_of(struct folder *folder, const char *local)
{
    struct bc_span span = bc_path_directory(local);

    if (folder->wide && !strncmp(folder->utf8, span.ptr, span.len) && !folder->utf8[span.len])
        return S_FALSE;
    free(folder->wide);
    memcpy(folder->utf8, span.ptr, span.len);
    folder->utf8[span.len] = 0;
    folder->wide = wide_from_utf8(folder->utf8);
    return folder->wide ? S_OK : E_OUTOFMEMORY;
}

/* The full path of a temporary file: in the target's directory, so that Complete is a rename. */
static HRESULT temporary_name(const struct folder *folder, UINT32 number, WCHAR **out)
{
    size_t length = wcslen(folder->wide);
    char name[BC_PATH_TEMP_NAME_SIZE];
    HRESULT hr = bc_path_temp_name(number, name, sizeof(name));
    WCHAR *path;

    if (FAILED(hr))
        return hr;
    path = malloc((length + sizeof(name)) * sizeof(*path));
    if (!path)
        return E_OUTOFMEMORY;
    memcpy(path, folder->wide, length * sizeof(*path));
    for (size_t i = 0; i < sizeof(name); i++)
        path[length + i] = name[i];
    free(*out);
    *out = path;
    return S_OK;
}

HRESULT name_beside(const WCHAR *file, WCHAR **out)
{
    char *local = utf8_from_wide(file);
    char plain[BC_PATH_UTF8_SIZE];
    HRESULT hr = local ? bc_path_normalize(local, plain, sizeof(plain)) : E_OUTOFMEMORY;
    struct folder folder;
    GUID random;

    folder.wide = NULL;
    if (SUCCEEDED(hr))
        hr = folder_of(&folder, plain);
    if (SUCCEEDED(hr))
        hr = CoCreateGuid(&random);
    if (SUCCEEDED(hr))
        hr = temporary_name(&folder, random.Data1, out);
    free(folder.wide);
    free(local);
    return hr;
}

HRESULT job_name_reply(struct model_job *next, const WCHAR *upload)
{
    return name_beside(upload, &next->reply_file);
}

/* The directory of a local file must be there; folder: the one last asked about. */
static HRESULT check_directory(const char *local, struct folder *folder)
{
    HRESULT hr = folder_of(folder, local);
    DWORD attributes;

    if (hr != S_OK)
        return SUCCEEDED(hr) ? S_OK : hr;
    attributes = GetFileAttributesW(folder->wide);
    if (attributes == INVALID_FILE_ATTRIBUTES) {
        DWORD error = GetLastError();

        free(folder->wide);
        folder->wide = NULL;
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
    HRESULT hr = local ? bc_path_check_local_name(local) : E_INVALIDARG;
    struct folder folder;

    folder.wide = NULL;
    if (SUCCEEDED(hr))
        hr = bc_path_normalize(local, plain, sizeof(plain));
    if (SUCCEEDED(hr))
        hr = check_directory(plain, &folder);
    free(folder.wide);
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

/* Room for a name in UTF-8, as most are. */
#define NAME_BYTES 512

/* The name in UTF-8: in room where it fits, which saves many files the memory, else for free(). */
static char *name_in(const WCHAR *name, char room[NAME_BYTES])
{
    if (name && WideCharToMultiByte(CP_UTF8, 0, name, -1, room, NAME_BYTES, NULL, NULL))
        return room;
    return utf8_from_wide(name);
}

/* Checks one request and fills the durable side of its file (ns-bits-bg_file_info). */
static HRESULT model_file_make(const struct model_job *job, const struct file_request *request,
                               size_t range_limit, UINT32 number, BOOL few, struct folder *folder,
                               struct model_file *out)
{
    char remote_room[NAME_BYTES], local_room[NAME_BYTES];
    char *remote = name_in(request->remote_name, remote_room),
         *local = name_in(request->local_name, local_room);
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
    hr = check_directory(plain, folder);
    if (SUCCEEDED(hr) && few)
        hr = check_local_file(request->local_name, job->type);
    if (SUCCEEDED(hr))
        hr = model_set_string(&out->remote_name, request->remote_name);
    if (SUCCEEDED(hr))
        hr = model_set_string(&out->local_name, request->local_name);
    if (SUCCEEDED(hr) && job->type == BG_JOB_TYPE_DOWNLOAD)
        hr = job->high_performance ? model_set_string(&out->temporary_name, out->local_name)
                                   : temporary_name(folder, number, &out->temporary_name);

done:
    if (remote != remote_room)
        free(remote);
    if (local != local_room)
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
    struct folder folder;
    HRESULT hr = S_OK;
    GUID random;
    ULONG made = 0;

    *out = NULL;
    folder.wide = NULL;
    if (!files)
        return E_OUTOFMEMORY;
    hr = CoCreateGuid(&random);
    while (SUCCEEDED(hr) && made < count) {
        struct model_file data;

        hr = model_file_make(&job->data, &requests[made], range_limit, random.Data1 + made,
                             count <= CHECKED_FILES, &folder, &data);
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
    free(folder.wide);
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
        job_spare_flush(next, txn);
        hr = store_txn_put_job(txn, next);
    }
    if (SUCCEEDED(hr))
        hr = store_txn_add_files(txn, &next->id, data, count);
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
    if (!privileged) {
        limits.files_per_job =
            job->engine->world->policy_dword(L"MaxFilesPerJob", limits.files_per_job);
        limits.ranges_per_file =
            job->engine->world->policy_dword(L"MaxRangesPerFile", limits.ranges_per_file);
    }
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
