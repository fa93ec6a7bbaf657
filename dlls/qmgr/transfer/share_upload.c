/*
 * Uploads to a file: on a share (\\server\share\..., file://server/share/...) or a drive.
 *
 * Called by upload.c and download.c on the transfer thread; the copying runs on the workers, a
 * piece at a time. The bytes go to a file beside the target that takes its name at the end, with
 * the times of the local file, so that whoever reads the target sees the old version or the whole
 * new one. What is cut off begins again: its file beside the target is deleted, and after a crash
 * it is written anew under the same name.
 */
#include "transfer_private.h"

#include <stdlib.h>
#include <wchar.h>

/* Bytes copied per turn of a worker. */
#define PIECE            (1024u * 1024)
#define TEMPORARY_SUFFIX L".BIT.tmp"

struct share_upload {
    struct work work;
    struct download *download;
    WCHAR *target, *temporary;
    HANDLE source, file;
    BYTE *buffer;
    UINT64 position;
    volatile LONG finished, waiting;
    ULONGLONG resume_at; /* tick; for the rate limit, while waiting */
    struct failure failure;
};

static HANDLE open_as(HANDLE token, const WCHAR *path, DWORD access, DWORD share, DWORD how)
{
    HANDLE file = INVALID_HANDLE_VALUE;

    if (token && !SetThreadToken(NULL, token))
        return file;
    file = CreateFileW(path, access, share, NULL, how, FILE_FLAG_SEQUENTIAL_SCAN, NULL);
    if (token) {
        DWORD error = GetLastError();

        SetThreadToken(NULL, NULL);
        SetLastError(error);
    }
    return file;
}

/* Gives the new file its name. A Win32 error. */
static DWORD rename_as(HANDLE token, const WCHAR *from, const WCHAR *to)
{
    DWORD error = ERROR_SUCCESS;

    if (token && !SetThreadToken(NULL, token))
        return GetLastError();
    if (!MoveFileExW(from, to, MOVEFILE_REPLACE_EXISTING)) {
        error = GetLastError();
        DeleteFileW(from);
    }
    if (token)
        SetThreadToken(NULL, NULL);
    return error;
}

static void close_both(struct share_upload *share)
{
    if (share->source != INVALID_HANDLE_VALUE)
        CloseHandle(share->source);
    if (share->file != INVALID_HANDLE_VALUE)
        CloseHandle(share->file);
    share->source = share->file = INVALID_HANDLE_VALUE;
}

static void finish(struct share_upload *share, struct failure failure)
{
    BOOL began = share->file != INVALID_HANDLE_VALUE;

    close_both(share);
    if (began && FAILED(failure.hr))
        DeleteFileW(share->temporary);
    share->failure = failure;
    InterlockedExchange(&share->finished, TRUE);
    transfer_post(share->download, TODO_COPIED);
}

static void finish_remote(struct share_upload *share)
{
    finish(share, failure_share(GetLastError()));
}

/* The first turn: opens both files. FALSE: it has been finished. */
static BOOL begin(struct share_upload *share)
{
    const struct download_spec *spec = &share->download->spec;

    share->buffer = malloc(PIECE);
    if (!share->buffer) {
        finish(share, failure_memory());
        return FALSE;
    }
    share->source = open_as(spec->token, spec->path, GENERIC_READ,
                            FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, OPEN_EXISTING);
    if (share->source == INVALID_HANDLE_VALUE) {
        finish(share, failure_local(GetLastError()));
        return FALSE;
    }
    share->file =
        open_as(spec->network_token, share->temporary, GENERIC_WRITE | DELETE, 0, CREATE_ALWAYS);
    if (share->file == INVALID_HANDLE_VALUE) {
        finish_remote(share);
        return FALSE;
    }
    return TRUE;
}

/* Everything is copied: gives the target its times and its name. */
static void end(struct share_upload *share)
{
    struct failure failure, none = {0};
    FILETIME created, accessed, written;
    DWORD error;

    if (!upload_same_file(share->download, &failure)) {
        finish(share, failure);
        return;
    }
    if (!GetFileTime(share->source, &created, &accessed, &written)) {
        finish(share, failure_local(GetLastError()));
        return;
    }
    if (!SetFileTime(share->file, &created, &accessed, &written) ||
        !FlushFileBuffers(share->file)) {
        finish_remote(share);
        return;
    }
    CloseHandle(share->file);
    share->file = INVALID_HANDLE_VALUE;
    error = rename_as(share->download->spec.network_token, share->temporary, share->target);
    finish(share, error ? failure_share(error) : none);
}

static void copy_run(struct work *work)
{
    struct share_upload *share = container_of(work, struct share_upload, work);
    struct download *download = share->download;
    UINT64 rate = download->spec.rate;
    struct failure abort = {.hr = E_ABORT};
    DWORD wanted = rate && rate / 8 < PIECE ? (DWORD)(rate / 8) + 1 : PIECE, got, done;

    if (download->cancelled) {
        finish(share, abort);
        return;
    }
    if (share->source == INVALID_HANDLE_VALUE && !begin(share))
        return;
    if (!ReadFile(share->source, share->buffer, wanted, &got, NULL)) {
        finish(share, failure_local(GetLastError()));
        return;
    }
    if (!got) {
        end(share);
        return;
    }
    if (!WriteFile(share->file, share->buffer, got, &done, NULL) || done != got) {
        finish_remote(share);
        return;
    }
    share->position += got;
    event_progress(download, share->position, GetTickCount64());
    if (rate) {
        share->resume_at = GetTickCount64() + (UINT64)got * 1000 / rate;
        InterlockedExchange(&share->waiting, TRUE);
        transfer_post(download, TODO_COPIED);
    } else {
        pool_submit(download->transfer->pool, &share->work);
    }
}

static WCHAR *target_path(const struct bc_url *url, const WCHAR *suffix)
{
    char path[BC_URL_UTF8_SIZE];
    size_t room = BC_URL_UTF8_SIZE + wcslen(suffix);
    WCHAR *wide = malloc(room * sizeof(*wide));

    if (wide && (bc_failed(bc_url_to_path(url, path, sizeof(path))) ||
                 !MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, BC_URL_UTF8_SIZE))) {
        free(wide);
        return NULL;
    }
    if (wide)
        wcscat(wide, suffix);
    return wide;
}

struct share_upload *share_upload_start(struct download *download, const struct bc_url *url)
{
    struct share_upload *share = calloc(1, sizeof(*share));

    if (!share)
        return NULL;
    share->download = download;
    share->source = share->file = INVALID_HANDLE_VALUE;
    share->work.run = copy_run;
    share->target = target_path(url, L"");
    share->temporary = target_path(url, TEMPORARY_SUFFIX);
    if (!share->target || !share->temporary) {
        share_upload_free(share);
        return NULL;
    }
    download->state = STATE_COPYING;
    event_connecting(download);
    pool_submit(download->transfer->pool, &share->work);
    return share;
}

BOOL share_upload_look(struct share_upload *share, struct failure *failure)
{
    if (share->waiting && (share->download->cancelled || GetTickCount64() >= share->resume_at)) {
        InterlockedExchange(&share->waiting, FALSE);
        pool_submit(share->download->transfer->pool, &share->work);
    }
    *failure = share->failure;
    return share->finished;
}

void share_upload_free(struct share_upload *share)
{
    if (!share)
        return;
    close_both(share);
    free(share->target);
    free(share->temporary);
    free(share->buffer);
    free(share);
}
