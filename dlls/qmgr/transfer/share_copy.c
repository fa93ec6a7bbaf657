/*
 * Sources that are files: on a share (\\server\share\..., file://server/share/...) or a drive.
 *
 * Called by download.c on the transfer thread; the copying runs on the workers, a piece at a time,
 * so that many copies share few threads and flushes come between. Size and time of last write tell
 * one version from another: they are compared with those of the bytes on the disk at the beginning,
 * and once more at the end, because the file may have been written to while it was read.
 *
 * A copy belongs to its worker while it is RUNNING, to the transfer thread otherwise.
 */
#include "transfer_private.h"

#include <stdlib.h>

/* Bytes read at once, and at most so many per turn of a worker. */
#define PIECE (1024u * 1024)

enum stage {
    STAGE_RUNNING,
    STAGE_WAITING, /* for the rate limit, or for flushes */
    STAGE_FINISHED
};

struct share_copy {
    struct work work;
    struct download *download;
    WCHAR *path;
    HANDLE source;
    struct bc_validators said;
    BYTE *buffer;
    volatile LONG stage;
    ULONGLONG resume_at; /* not before, while WAITING */
    struct failure failure;
};

static void hand_back(struct share_copy *copy, enum stage stage)
{
    InterlockedExchange(&copy->stage, stage);
    transfer_post(copy->download, TODO_COPIED);
}

/* The source is free for others before anybody hears of the end. */
static void close_source(struct share_copy *copy)
{
    if (copy->source != INVALID_HANDLE_VALUE)
        CloseHandle(copy->source);
    copy->source = INVALID_HANDLE_VALUE;
}

static void finish(struct share_copy *copy, struct failure failure)
{
    close_source(copy);
    copy->failure = failure;
    hand_back(copy, STAGE_FINISHED);
}

/* Size and time of the source as they are now. Returns a Win32 code. */
static DWORD read_version(HANDLE source, struct bc_validators *said)
{
    BY_HANDLE_FILE_INFORMATION information;
    UINT64 time;

    if (!GetFileInformationByHandle(source, &information))
        return GetLastError();
    bc_validators_init(said);
    said->total = (UINT64)information.nFileSizeHigh << 32 | information.nFileSizeLow;
    time = (UINT64)information.ftLastWriteTime.dwHighDateTime << 32 |
           information.ftLastWriteTime.dwLowDateTime;
    said->has_last_modified = TRUE;
    said->last_modified = bc_time_from_filetime(time);
    return ERROR_SUCCESS;
}

static DWORD open_source(struct share_copy *copy)
{
    HANDLE token = copy->download->spec.network_token;
    DWORD error = ERROR_SUCCESS;

    if (token && !SetThreadToken(NULL, token))
        return GetLastError();
    copy->source = CreateFileW(copy->path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                               OPEN_EXISTING, FILE_FLAG_SEQUENTIAL_SCAN, NULL);
    if (copy->source == INVALID_HANDLE_VALUE)
        error = GetLastError();
    if (token)
        SetThreadToken(NULL, NULL);
    return error ? error : read_version(copy->source, &copy->said);
}

/* The first turn: opens both files. FALSE: the copy has been handed back. */
static BOOL begin(struct share_copy *copy)
{
    struct download *download = copy->download;
    struct failure failure = {0};
    DWORD error;

    copy->buffer = malloc(PIECE);
    if (!copy->buffer) {
        finish(copy, failure_memory());
        return FALSE;
    }
    error = open_source(copy);
    if (error) {
        finish(copy, failure_share(error));
        return FALSE;
    }
    if (!version_accept(download, !bc_validators_same(&download->known, &copy->said), &copy->said,
                        &failure)) {
        finish(copy, failure);
        return FALSE;
    }
    return TRUE;
}

/* Where the next piece begins and how long it may be; 0: everything is copied. */
static DWORD next_piece(const struct share_copy *copy, UINT64 *offset)
{
    struct download *download = copy->download;
    const struct download_spec *spec = &download->spec;
    UINT64 left;

    if (spec->range_count) {
        for (;;) {
            const BG_FILE_RANGE *range = &spec->ranges[download->range];

            if (download->range >= spec->range_count)
                return 0;
            *offset = range->InitialOffset + download->range_done;
            left = range->Length == (UINT64)BG_LENGTH_TO_EOF ? copy->said.total - *offset
                                                             : range->Length - download->range_done;
            if (left)
                break;
            download->range++;
            download->range_done = 0;
        }
    } else {
        *offset = download->position;
        left = copy->said.total - *offset;
    }
    if (spec->rate && left > spec->rate / 8 + 1)
        left = spec->rate / 8 + 1;
    return left < PIECE ? (DWORD)left : PIECE;
}

/* Everything is copied: is it still the same version? */
static void check_end(struct share_copy *copy)
{
    struct download *download = copy->download;
    struct failure failure = {0};
    struct bc_validators now;
    DWORD error = read_version(copy->source, &now);

    if (error) {
        finish(copy, failure_share(error));
    } else if (bc_validators_same(&now, &copy->said)) {
        /* A small file may still be in memory only. */
        error = download->spec.acl_flags ? sink_unhold(&download->sink) : ERROR_SUCCESS;
        if (!error)
            error = share_acl_copy(copy->path, download->spec.path, download->spec.token,
                                   download->spec.acl_flags);
        if (error) { /* nf-bits2_0-ibackgroundcopyjob3-setfileaclflags: may be granted later */
            failure = failure_local(error);
            failure.transient = TRUE;
        }
        finish(copy, failure);
    } else {
        copy->said = now;
        if (!version_accept(download, TRUE, &now, &failure))
            finish(copy, failure);
        else
            pool_submit(download->transfer->pool, &copy->work);
    }
}

static void copy_run(struct work *work)
{
    struct share_copy *copy = container_of(work, struct share_copy, work);
    struct download *download = copy->download;
    struct failure failure = {.hr = E_ABORT};
    DWORD length, done;
    OVERLAPPED where = {0};
    UINT64 offset;

    if (download->cancelled) {
        finish(copy, failure);
        return;
    }
    if (copy->source == INVALID_HANDLE_VALUE && !begin(copy))
        return;
    length = next_piece(copy, &offset);
    if (!length) {
        check_end(copy);
        return;
    }
    where.Offset = (DWORD)offset;
    where.OffsetHigh = (DWORD)(offset >> 32);
    if (!ReadFile(copy->source, copy->buffer, length, &done, &where) || !done) {
        DWORD error = GetLastError();

        if (error != ERROR_HANDLE_EOF && error != ERROR_SUCCESS) {
            finish(copy, failure_share(error));
        } else { /* it has become shorter */
            failure = failure_remote(BC_E_REMOTE_FILE_CHANGED);
            failure.transient = failure.discard = TRUE;
            finish(copy, failure);
        }
        return;
    }
    if (!version_write(download, copy->buffer, done, &failure)) {
        finish(copy, failure);
        return;
    }
    if (download->sink.error) {
        finish(copy, failure_local(download->sink.error));
    } else if (download->spec.rate) {
        copy->resume_at = GetTickCount64() + (UINT64)done * 1000 / download->spec.rate;
        hand_back(copy, STAGE_WAITING);
    } else if (sink_unflushed(&download->sink) > download->transfer->options.unflushed_bytes) {
        hand_back(copy, STAGE_WAITING);
    } else {
        pool_submit(download->transfer->pool, &copy->work);
    }
}

static WCHAR *source_path(const struct bc_url *url)
{
    char path[BC_URL_UTF8_SIZE];
    WCHAR *wide = malloc(sizeof(WCHAR) * BC_URL_UTF8_SIZE);

    if (wide && (bc_failed(bc_url_to_path(url, path, sizeof(path))) ||
                 !MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, BC_URL_UTF8_SIZE))) {
        free(wide);
        wide = NULL;
    }
    return wide;
}

void share_copy_start(struct download *download, const struct bc_url *url)
{
    struct share_copy *copy = calloc(1, sizeof(*copy));
    struct failure failure = failure_remote(E_INVALIDARG);

    download->copy = copy;
    if (!copy) {
        failure = failure_memory();
        download_end(download, &failure);
        return;
    }
    copy->download = download;
    copy->source = INVALID_HANDLE_VALUE;
    copy->work.run = copy_run;
    copy->path = source_path(url);
    download->url = _strdup(download->spec.url);
    if (!copy->path || !download->url) {
        download_end(download, &failure);
        return;
    }
    download->state = STATE_COPYING;
    event_connecting(download);
    pool_submit(download->transfer->pool, &copy->work);
}

/* Sends a waiting copy on its way when nothing holds it any longer. */
static void go_on(struct download *download, ULONGLONG now)
{
    struct share_copy *copy = download->copy;

    if (now < copy->resume_at)
        return;
    if (sink_unflushed(&download->sink) > download->transfer->options.unflushed_bytes) {
        sink_checkpoint(&download->sink, 0, 0, now, TRUE);
        return;
    }
    copy->stage = STAGE_RUNNING;
    pool_submit(download->transfer->pool, &copy->work);
}

void share_copy_look(struct download *download)
{
    struct share_copy *copy = download->copy;

    switch (copy->stage) {
    case STAGE_FINISHED:
        if (SUCCEEDED(copy->failure.hr))
            download_succeed(download);
        else
            download_end(download, &copy->failure);
        break;
    case STAGE_WAITING:
        if (download->cancelled) {
            close_source(copy);
            download_abort(download);
        } else {
            go_on(download, GetTickCount64());
        }
        break;
    default:
        break;
    }
}

BOOL share_copy_tick(struct download *download, ULONGLONG now)
{
    if (download->copy->stage == STAGE_WAITING)
        go_on(download, now);
    return TRUE;
}

void share_copy_free(struct share_copy *copy)
{
    if (!copy)
        return;
    close_source(copy);
    free(copy->path);
    free(copy->buffer);
    free(copy);
}
