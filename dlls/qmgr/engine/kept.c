/*
 * Temporary files that stay open for a while after their transfer.
 *
 * A client that transfers many small files completes the job as soon as they have come. Opening
 * each once more is, under Wine, half of what Complete costs. So the handle that the file was
 * written by is kept for the rename, for a few at a time and not for long; and not of a file whose
 * temporary name a client has asked for (nf-bits3_0-ibackgroundcopyfile3-gettemporaryname), for it
 * may open that in any mode of sharing.
 *
 * Called by the events of downloads, by who touches the temporary file next, and by the worker.
 */
#include "internal.h"

/* Lock held. */
static HANDLE take(struct engine *engine, struct file *file)
{
    struct kept *place = &engine->kept[file->kept - 1];
    HANDLE handle = place->handle;

    *place = engine->kept[--engine->kept_count];
    place->file->kept = file->kept;
    file->kept = 0;
    return handle;
}

void file_keep(struct file *file, HANDLE handle)
{
    struct engine *engine = file->job->engine;

    AcquireSRWLockExclusive(&engine->lock);
    if (!file->shown && !engine->stopping && engine->kept_count < ENGINE_KEPT_FILES) {
        if (!engine->kept_count) {
            engine->kept_until = engine_ticks(engine) + ENGINE_KEPT_MS;
            engine_wake(engine);
        }
        job_addref(file->job);
        engine->kept[engine->kept_count].file = file;
        engine->kept[engine->kept_count].handle = handle;
        file->kept = ++engine->kept_count;
        handle = NULL;
    }
    ReleaseSRWLockExclusive(&engine->lock);
    if (handle)
        CloseHandle(handle);
}

HANDLE file_take_kept(struct file *file)
{
    struct engine *engine = file->job->engine;
    HANDLE handle = NULL;

    AcquireSRWLockExclusive(&engine->lock);
    if (file->kept)
        handle = take(engine, file);
    ReleaseSRWLockExclusive(&engine->lock);
    if (handle)
        job_release(file->job); /* the caller has one */
    return handle;
}

void file_let_go(struct file *file)
{
    HANDLE handle = file_take_kept(file);

    if (handle)
        CloseHandle(handle);
}

void file_show_temporary(struct file *file)
{
    AcquireSRWLockExclusive(&file->job->engine->lock);
    file->shown = TRUE;
    ReleaseSRWLockExclusive(&file->job->engine->lock);
    file_let_go(file);
}

ULONGLONG engine_close_kept(struct engine *engine, ULONGLONG now)
{
    struct kept kept[ENGINE_KEPT_FILES];
    ULONG count = 0;
    ULONGLONG due;

    AcquireSRWLockExclusive(&engine->lock);
    while (engine->kept_count && now >= engine->kept_until) {
        kept[count] = engine->kept[engine->kept_count - 1];
        take(engine, kept[count++].file);
    }
    due = engine->kept_count ? engine->kept_until : ~0ull;
    ReleaseSRWLockExclusive(&engine->lock);
    for (ULONG i = 0; i < count; i++) {
        CloseHandle(kept[i].handle);
        job_release(kept[i].file->job);
    }
    return due;
}
