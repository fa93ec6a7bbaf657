/*
 * The local file of a download: opening, writing at explicit offsets, flushing and closing.
 *
 * Called by the downloads; calls the pool. One writer at a time (the transfer thread, or the worker
 * that copies from a share) opens, writes and restarts; flushing and closing happen on pool threads
 * beside it, at most one of them at a time for each sink. The rule that the rest relies on: durable
 * grows only after FlushFileBuffers() succeeded on everything it counts.
 */
#include "transfer_private.h"

#include <stdlib.h>
#include <wchar.h>

static void sink_run(struct work *work);

void sink_init(struct sink *sink, struct pool *pool, const WCHAR *path, HANDLE token)
{
    memset(sink, 0, sizeof(*sink));
    sink->file = INVALID_HANDLE_VALUE;
    sink->pool = pool;
    sink->path = path;
    sink->token = token;
    sink->work.run = sink_run;
    InitializeSRWLock(&sink->lock);
}

static DWORD set_end(HANDLE file, UINT64 size)
{
    FILE_END_OF_FILE_INFO end;

    end.EndOfFile.QuadPart = size;
    if (!SetFileInformationByHandle(file, FileEndOfFileInfo, &end, sizeof(end)))
        return GetLastError();
    return ERROR_SUCCESS;
}

static HANDLE open_with(const struct sink *sink, DWORD access, DWORD disposition)
{
    return CreateFileW(sink->path, access, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, disposition,
                       FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_NORMAL, NULL);
}

DWORD sink_open(struct sink *sink, BOOL create, UINT64 offset, BOOL keep)
{
    DWORD disposition, error = ERROR_SUCCESS;
    LARGE_INTEGER size;

    disposition = create ? CREATE_NEW : offset ? OPEN_EXISTING : OPEN_ALWAYS;
    if (sink->token && !SetThreadToken(NULL, sink->token))
        return GetLastError();
    if (sink->keep_open) {
        sink->file = open_with(sink, GENERIC_WRITE | DELETE | FILE_READ_ATTRIBUTES, disposition);
        sink->keep_open = sink->file != INVALID_HANDLE_VALUE;
    }
    if (!sink->keep_open) /* the right to write may be there without the others */
        sink->file = open_with(sink, GENERIC_WRITE, disposition);
    if (sink->file == INVALID_HANDLE_VALUE)
        error = GetLastError();
    else if (!create && GetLastError() != ERROR_ALREADY_EXISTS && !offset)
        create = TRUE;
    if (sink->token)
        SetThreadToken(NULL, NULL);
    if (!error && !create && (offset || !keep)) {
        if (!GetFileSizeEx(sink->file, &size))
            error = GetLastError();
        else if ((UINT64)size.QuadPart < offset)
            error = ERROR_HANDLE_EOF;
        else if (!keep && (UINT64)size.QuadPart > offset)
            error = set_end(sink->file, offset);
    }
    if (error && sink->file != INVALID_HANDLE_VALUE) {
        CloseHandle(sink->file);
        sink->file = INVALID_HANDLE_VALUE;
    }
    if (!error) {
        sink->written = sink->durable = sink->flush_asked = keep ? 0 : offset;
        sink->position = 0;
        sink->flush_time = GetTickCount64();
    }
    return error;
}

DWORD sink_hold(struct sink *sink, BOOL create, size_t size)
{
    sink->held = malloc(size);
    if (!sink->held)
        return sink_open(sink, create, 0, FALSE);
    sink->held_room = size;
    sink->held_create = create;
    sink->flush_time = GetTickCount64();
    sink->written = sink->durable = sink->flush_asked = 0;
    return ERROR_SUCCESS;
}

DWORD sink_unhold(struct sink *sink)
{
    size_t size = (size_t)sink->written;
    char *held = sink->held;
    DWORD error;

    if (!held)
        return ERROR_SUCCESS;
    sink->held = NULL;
    error = sink_open(sink, sink->held_create, 0, FALSE);
    if (!error)
        error = sink_write(sink, 0, held, size);
    free(held);
    return error;
}

void sink_free(struct sink *sink)
{
    free(sink->held);
    sink->held = NULL;
}

DWORD sink_write(struct sink *sink, UINT64 position, const void *data, size_t length)
{
    const char *bytes = data;
    size_t left = length;

    if (sink->held && length <= sink->held_room - sink->written) {
        memcpy(sink->held + sink->written, data, length);
        AcquireSRWLockExclusive(&sink->lock);
        sink->written += length;
        ReleaseSRWLockExclusive(&sink->lock);
        return ERROR_SUCCESS;
    }
    if (sink->held) {
        DWORD error = sink_unhold(sink);

        if (error)
            return error;
    }
    if (position != sink->position) {
        LARGE_INTEGER to = {.QuadPart = position};

        if (!SetFilePointerEx(sink->file, to, NULL, FILE_BEGIN))
            return GetLastError();
        sink->position = position;
    }
    while (left) {
        DWORD part = left > 0x40000000 ? 0x40000000 : (DWORD)left, done;

        /* Without an OVERLAPPED: with one, Wine asks its server at each write. */
        if (!WriteFile(sink->file, bytes, part, &done, NULL)) {
            DWORD error = GetLastError();

            sink->position = MAXUINT64;
            return error;
        }
        if (!done)
            return ERROR_WRITE_FAULT;
        bytes += done;
        left -= done;
        sink->position += done;
    }
    AcquireSRWLockExclusive(&sink->lock);
    sink->written += length;
    ReleaseSRWLockExclusive(&sink->lock);
    return ERROR_SUCCESS;
}

DWORD sink_restart(struct sink *sink)
{
    AcquireSRWLockExclusive(&sink->lock);
    sink->written = sink->durable = 0;
    sink->epoch++;
    ReleaseSRWLockExclusive(&sink->lock);
    sink->flush_asked = 0;
    sink_free(sink);
    return sink->file == INVALID_HANDLE_VALUE ? ERROR_SUCCESS : set_end(sink->file, 0);
}

UINT64 sink_unflushed(struct sink *sink)
{
    UINT64 bytes;

    AcquireSRWLockShared(&sink->lock);
    bytes = sink->written - sink->durable;
    ReleaseSRWLockShared(&sink->lock);
    return bytes;
}

/* Queues the work unless it is already; under lock. TRUE: the caller submits it. */
static BOOL claim(struct sink *sink)
{
    if (sink->busy)
        return FALSE;
    sink->busy = TRUE;
    return TRUE;
}

void sink_checkpoint(struct sink *sink, ULONG bytes, ULONG ms, ULONGLONG now, BOOL force)
{
    UINT64 fresh = sink->written - sink->flush_asked; /* the writer alone changes both */
    BOOL submit;

    if (sink->held || !fresh || (!force && fresh < bytes && now - sink->flush_time < ms))
        return;
    AcquireSRWLockExclusive(&sink->lock);
    submit = claim(sink);
    sink->again = !submit; /* the worker is not done yet: it makes another round */
    ReleaseSRWLockExclusive(&sink->lock);
    sink->flush_asked = sink->written;
    sink->flush_time = now;
    if (submit)
        pool_submit(sink->pool, &sink->work);
}

void sink_finish(struct sink *sink, const FILETIME *time)
{
    BOOL submit;

    AcquireSRWLockExclusive(&sink->lock);
    sink->finish = TRUE;
    sink->has_time = time != NULL;
    if (time)
        sink->time = *time;
    submit = claim(sink);
    ReleaseSRWLockExclusive(&sink->lock);
    if (submit)
        pool_submit(sink->pool, &sink->work);
}

/* One flush of what is written by now. */
static void flush_once(struct sink *sink)
{
    BOOL tell = FALSE;
    UINT64 written;
    DWORD error;
    ULONG epoch;

    AcquireSRWLockExclusive(&sink->lock);
    written = sink->written;
    epoch = sink->epoch;
    error = sink->error;
    if (written == sink->durable)
        error = ERROR_NO_DATA;
    ReleaseSRWLockExclusive(&sink->lock);
    if (error)
        return;

    error = FlushFileBuffers(sink->file) ? ERROR_SUCCESS : GetLastError();

    AcquireSRWLockExclusive(&sink->lock);
    if (error) {
        sink->error = error;
    } else if (epoch == sink->epoch) {
        sink->durable = written;
        tell = TRUE;
    }
    ReleaseSRWLockExclusive(&sink->lock);
    if (tell || error)
        sink->flushed(sink, error ? 0 : written, epoch);
}

static void sink_run(struct work *work)
{
    struct sink *sink = container_of(work, struct sink, work);
    FILETIME time;
    BOOL finish, again, has_time;
    DWORD error;

    do {
        if (sink->file != INVALID_HANDLE_VALUE)
            flush_once(sink);
        AcquireSRWLockExclusive(&sink->lock);
        finish = sink->finish;
        again = sink->again && !finish;
        sink->again = FALSE;
        sink->busy = finish || again;
        ReleaseSRWLockExclusive(&sink->lock);
    } while (again);
    if (!finish)
        return;

    if (sink->held && sink->written)
        sink->error = sink_unhold(sink);
    if (sink->file != INVALID_HANDLE_VALUE) {
        flush_once(sink);
        has_time = sink->has_time;
        time = sink->time;
        error = sink->error;
        if (!error && has_time) {
            /* Not SetFileTime: under Wine 10 it makes a hidden file visible. A file system that
             * cannot keep this time keeps its own. */
            FILE_BASIC_INFO basic = {.FileAttributes = FILE_ATTRIBUTE_HIDDEN};

            basic.LastWriteTime.LowPart = time.dwLowDateTime;
            basic.LastWriteTime.HighPart = (LONG)time.dwHighDateTime;
            SetFileInformationByHandle(sink->file, FileBasicInfo, &basic, sizeof(basic));
        }
        if (error || !sink->keep_open) {
            CloseHandle(sink->file);
            sink->file = INVALID_HANDLE_VALUE;
        }
    } else {
        error = sink->error;
    }
    sink->finished(sink, error);
}
