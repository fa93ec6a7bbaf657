/*
 * Putting downloaded files in place: what Complete does with the temporary files, one by one or
 * many at a time.
 *
 * Called by finish.c and, after a restart, by engine.c; calls the file system. Before it gives a
 * file its name Wine looks through the whole folder for one that differs in case only. Of many
 * files that go to one folder that would be most of the work, so the folder is read once instead.
 */
#include "internal.h"

#include <stdlib.h>
#include <wchar.h>

/* The helper token opens local files (helper-tokens-for-bits-transfer-jobs). What it may not touch
 * fails by itself. *token is the caller's, NULL: the job has none. The job's own may be exchanged
 * or go at any time. */
static HRESULT local_token(struct job *job, HANDLE *token)
{
    HRESULT hr;

    AcquireSRWLockShared(&job->engine->lock);
    hr = job_helper_token(job, BG_TOKEN_LOCAL_FILE, token);
    ReleaseSRWLockShared(&job->engine->lock);
    return hr;
}

static HRESULT act_as(HANDLE token)
{
    return SetThreadToken(NULL, token) ? S_OK : HRESULT_FROM_WIN32(GetLastError());
}

HRESULT job_act_as_helper(struct job *job)
{
    HANDLE token = NULL;
    HRESULT hr = local_token(job, &token);

    if (FAILED(hr) || !token)
        return hr;
    hr = act_as(token);
    CloseHandle(token);
    return hr;
}

static BOOL set_attributes(HANDLE file, DWORD attributes)
{
    FILE_BASIC_INFO basic = {.FileAttributes = attributes};

    return SetFileInformationByHandle(file, FileBasicInfo, &basic, sizeof(basic));
}

static DWORD rename_to(HANDLE file, const WCHAR *name, BOOL replace)
{
    size_t length = wcslen(name) * sizeof(*name);
    FILE_RENAME_INFO *rename = calloc(1, sizeof(*rename) + length);
    DWORD error = ERROR_SUCCESS;

    if (!rename)
        return ERROR_NOT_ENOUGH_MEMORY;
    rename->ReplaceIfExists = (BOOLEAN)replace;
    rename->FileNameLength = (DWORD)length;
    memcpy(rename->FileName, name, length);
    if (!SetFileInformationByHandle(file, FileRenameInfo, rename, sizeof(*rename) + (DWORD)length))
        error = GetLastError();
    free(rename);
    return error;
}

static BOOL is_read_only(const WCHAR *path)
{
    DWORD attributes = GetFileAttributesW(path);

    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_READONLY);
}

/* Makes a temporary file visible and gives it its final name, if there is one; in one opening of
 * the file, which under Wine takes half the time of SetFileAttributes and MoveFileEx. Closes it.
 * exact: the final name, when it is known to be new, or NULL. A Win32 error. */
static DWORD show_and_rename(HANDLE file, const WCHAR *to, const WCHAR *exact)
{
    DWORD error = ERROR_SUCCESS;

    set_attributes(file, FILE_ATTRIBUTE_NORMAL);
    if (to) {
        if (!exact || rename_to(file, exact, FALSE))
            error = rename_to(file, to, FALSE);
        if (error == ERROR_ALREADY_EXISTS || error == ERROR_FILE_EXISTS) {
            /* Wine would replace a read-only file, too. */
            error = is_read_only(to) ? ERROR_ACCESS_DENIED : rename_to(file, to, TRUE);
        }
        if (error)
            set_attributes(file, FILE_ATTRIBUTE_HIDDEN);
    }
    CloseHandle(file);
    return error;
}

static DWORD open_and_rename(const WCHAR *from, const WCHAR *to, const WCHAR *exact)
{
    HANDLE file = CreateFileW(from, DELETE | FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES,
                              FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, NULL);

    return file == INVALID_HANDLE_VALUE ? GetLastError() : show_and_rename(file, to, exact);
}

/* A file of the right size has the final name. */
static BOOL is_placed(const struct file *file, const WCHAR *to)
{
    WIN32_FILE_ATTRIBUTE_DATA there;

    return GetFileAttributesExW(to, GetFileExInfoStandard, &there) &&
           (((UINT64)there.nFileSizeHigh << 32) | there.nFileSizeLow) == file->data.progress.total;
}

DWORD file_temporary_gone(const struct file *file)
{
    DWORD error = ERROR_SUCCESS;
    WCHAR *path;

    if (FAILED(local_path_extended(file->data.temporary_name, &path)))
        return ERROR_SUCCESS;
    if (GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES)
        error = GetLastError();
    free(path);
    return error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND ? error : ERROR_SUCCESS;
}

BOOL file_was_placed(const struct file *file)
{
    WCHAR *to;
    BOOL placed;

    if (!file_temporary_gone(file) || FAILED(local_path_extended(file->data.local_name, &to)))
        return FALSE;
    placed = is_placed(file, to);
    free(to);
    return placed;
}

/* again: as file_put_in_place(). names: of the folder it goes to, perhaps, or NULL. */
static HRESULT put_in_place(struct file *file, BOOL again, struct os_names *names)
{
    WCHAR *from = NULL, *to = NULL, *exact = NULL;
    HRESULT hr = local_path_extended(file->data.temporary_name, &from);

    if (SUCCEEDED(hr))
        hr = local_path_extended(file->data.local_name, &to);
    if (SUCCEEDED(hr)) {
        BOOL moves = !file->job->data.high_performance;
        HANDLE kept = file_take_kept(file);
        DWORD error;

        if (names && moves && os_names_take(names, to))
            exact = os_exact_path(to);
        if (!kept || show_and_rename(kept, moves ? to : NULL, exact))
            error = open_and_rename(from, moves ? to : NULL, exact);
        else
            error = ERROR_SUCCESS;
        if (error && !(again && error == ERROR_FILE_NOT_FOUND && is_placed(file, to)))
            hr = HRESULT_FROM_WIN32(error);
    }
    free(from);
    free(to);
    free(exact);
    return hr;
}

HRESULT file_put_in_place(struct file *file)
{
    return put_in_place(file, TRUE, NULL);
}

/* The renaming of a job's files, shared by some threads: each takes the next file. */
struct placing {
    struct job *job;
    HANDLE token;           /* of all the threads, also when the job's goes meanwhile; or NULL */
    struct os_names *names; /* of the folder of the first one, or NULL */
    volatile LONG next;     /* the file whose turn it is */
    volatile LONG placed;
    SRWLOCK lock;
    ULONG failed_file; /* the first of those that failed, and its error */
    HRESULT hr;
};

/* hr: whether this thread is who it is to be. */
static void place_file(struct placing *placing, ULONG ordinal, HRESULT hr)
{
    struct job *job = placing->job;
    struct file *file = job->files[ordinal];

    if (file->phase != FILE_DONE)
        return;
    if (SUCCEEDED(hr) && !file->placed) {
        hr = put_in_place(file, FALSE, placing->names);
        if (SUCCEEDED(hr)) {
            AcquireSRWLockExclusive(&job->engine->lock);
            file->placed = TRUE;
            file->created = FALSE;
            ReleaseSRWLockExclusive(&job->engine->lock);
        }
    }
    if (SUCCEEDED(hr)) {
        InterlockedIncrement(&placing->placed);
        return;
    }
    AcquireSRWLockExclusive(&placing->lock);
    if (SUCCEEDED(placing->hr) || ordinal < placing->failed_file) {
        placing->hr = hr;
        placing->failed_file = ordinal;
    }
    ReleaseSRWLockExclusive(&placing->lock);
}

static DWORD WINAPI place_thread(void *argument)
{
    struct placing *placing = argument;
    HRESULT hr = placing->token ? act_as(placing->token) : S_OK;
    ULONG ordinal;

    while ((ordinal = (ULONG)InterlockedIncrement(&placing->next) - 1) < placing->job->file_count)
        place_file(placing, ordinal, hr);
    if (placing->token)
        SetThreadToken(NULL, NULL);
    return 0;
}

/* For as many files as are worth a second thread, the names of the folder that the first goes to.
 */
static struct os_names *read_names(const struct job *job)
{
    struct os_names *names;
    WCHAR *to;

    if (job->file_count <= ENGINE_PLACING_SHARE ||
        FAILED(local_path_extended(job->files[0]->data.local_name, &to)))
        return NULL;
    names = os_names_read(to);
    free(to);
    return names;
}

HRESULT job_place_files(struct job *job, ULONG *placed, ULONG *failed)
{
    struct placing placing = {.job = job, .lock = SRWLOCK_INIT, .failed_file = MODEL_NO_FILE};
    HANDLE helpers[ENGINE_PLACING_THREADS - 1];
    ULONG count = 0;
    HRESULT hr = local_token(job, &placing.token);

    if (FAILED(hr))
        return hr;
    placing.names = read_names(job);
    while (count < ARRAYSIZE(helpers) && (count + 1) * ENGINE_PLACING_SHARE < job->file_count) {
        helpers[count] = CreateThread(NULL, 0, place_thread, &placing, 0, NULL);
        if (!helpers[count])
            break;
        count++;
    }
    place_thread(&placing);
    for (ULONG i = 0; i < count; i++) {
        WaitForSingleObject(helpers[i], INFINITE);
        CloseHandle(helpers[i]);
    }
    os_names_free(placing.names);
    if (placing.token)
        CloseHandle(placing.token);
    *placed = (ULONG)placing.placed;
    *failed = placing.failed_file;
    return placing.hr;
}
