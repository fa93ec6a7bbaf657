/* See faults.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <sqlite3.h>

#include "faults.h"

struct fault_file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct */
    struct flushed *flushed;
};

/* What is on the disk for certain. */
struct flushed {
    char name[64];
    BYTE *bytes;
    sqlite3_int64 size;
};

#define FLUSHED_FILES 8

static struct flushed flushed_files[FLUSHED_FILES];
static volatile LONG recording;

static sqlite3_vfs *real_vfs;
static volatile LONG armed_kind = -1, armed_at, armed_persistent, calls;
static volatile LONG64 room = -1;
static volatile LONG flushing = TRUE;

void faults_arm(enum fault_kind kind, LONG n, BOOL persistent)
{
    calls = 0;
    armed_at = n;
    armed_persistent = persistent;
    armed_kind = (LONG)kind;
}

LONG faults_disarm(void)
{
    armed_kind = -1;
    return calls;
}

void faults_set_room(LONG64 bytes)
{
    room = bytes;
}

void faults_flush(BOOL flush)
{
    flushing = flush;
}

static BOOL fails(enum fault_kind kind)
{
    LONG call;

    if (armed_kind != (LONG)kind)
        return FALSE;
    call = InterlockedIncrement(&calls);
    return armed_at && (call == armed_at || (armed_persistent && call > armed_at));
}

/* Allocations: -Wl,--wrap sends every call of the program's own objects here. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

void *__wrap_malloc(size_t size)
{
    return fails(FAULT_MEMORY) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails(FAULT_MEMORY) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return fails(FAULT_MEMORY) ? NULL : __real_realloc(memory, size);
}

/* The entry of a file by the last part of its name. */
static struct flushed *find_flushed(const char *path)
{
    const char *name = path ? strrchr(path, '\\') : NULL;
    size_t i;

    if (!name || !recording)
        return NULL;
    for (i = 0; i < FLUSHED_FILES; i++) {
        struct flushed *flushed = &flushed_files[i];

        if (!flushed->name[0])
            sqlite3_snprintf(sizeof(flushed->name), flushed->name, "%s", name + 1);
        if (!strcmp(flushed->name, name + 1))
            return flushed;
    }
    abort();
}

static void remember(struct fault_file *file)
{
    struct flushed *flushed = file->flushed;
    sqlite3_int64 size;
    BYTE *bytes;

    if (!recording || !flushed || file->real->pMethods->xFileSize(file->real, &size) != SQLITE_OK ||
        !(bytes = __real_malloc((size_t)size + 1)) ||
        (size && file->real->pMethods->xRead(file->real, bytes, (int)size, 0) != SQLITE_OK)) {
        return;
    }
    free(flushed->bytes);
    flushed->bytes = bytes;
    flushed->size = size;
}

void faults_record(void)
{
    memset(flushed_files, 0, sizeof(flushed_files));
    recording = TRUE;
}

void faults_power_off(const WCHAR *folder)
{
    WCHAR path[MAX_PATH];
    DWORD written;
    HANDLE file;
    size_t i;

    recording = FALSE;
    for (i = 0; i < FLUSHED_FILES && flushed_files[i].name[0]; i++) {
        struct flushed *flushed = &flushed_files[i];

        if (!flushed->bytes)
            continue;
        _snwprintf(path, MAX_PATH, L"%ls\\%hs", folder, flushed->name);
        file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
        if (file == INVALID_HANDLE_VALUE ||
            !WriteFile(file, flushed->bytes, (DWORD)flushed->size, &written, NULL)) {
            abort();
        }
        CloseHandle(file);
        free(flushed->bytes);
    }
    memset(flushed_files, 0, sizeof(flushed_files));
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct fault_file *)file)->real;
}

static int file_close(sqlite3_file *file)
{
    /* Closing may fail as well, but has to close. */
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int file_read(sqlite3_file *file, void *buffer, int size, sqlite3_int64 offset)
{
    if (fails(FAULT_FILE))
        return SQLITE_IOERR_READ;
    return real_of(file)->pMethods->xRead(real_of(file), buffer, size, offset);
}

static int file_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    if (fails(FAULT_FILE))
        return SQLITE_IOERR_WRITE;
    if (room >= 0) {
        if (room < size)
            return SQLITE_FULL;
        room -= size;
    }
    return real_of(file)->pMethods->xWrite(real_of(file), data, size, offset);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    if (fails(FAULT_FILE))
        return SQLITE_IOERR_TRUNCATE;
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int file_sync(sqlite3_file *file, int flags)
{
    if (fails(FAULT_FILE))
        return SQLITE_IOERR_FSYNC;
    remember((struct fault_file *)file);
    return flushing ? real_of(file)->pMethods->xSync(real_of(file), flags) : SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    if (fails(FAULT_FILE))
        return SQLITE_IOERR_FSTAT;
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int file_lock(sqlite3_file *file, int level)
{
    if (fails(FAULT_FILE))
        return SQLITE_IOERR_LOCK;
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int file_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int file_check_lock(sqlite3_file *file, int *locked)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), locked);
}

static int file_control(sqlite3_file *file, int op, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), op, argument);
}

static int file_sector_size(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int file_characteristics(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

/* Version 1: no shared memory and no mapping, which the store does not use. */
static const sqlite3_io_methods file_methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    struct fault_file *fault = (struct fault_file *)file;
    int rc;

    memset(fault, 0, sizeof(*fault));
    if (fails(FAULT_FILE))
        return SQLITE_CANTOPEN;
    fault->real = (sqlite3_file *)(fault + 1);
    rc = real_vfs->xOpen(real_vfs, name, fault->real, flags, out);
    if (fault->real->pMethods)
        fault->base.pMethods = &file_methods;
    fault->flushed = find_flushed(name);
    remember(fault); /* what was there before is on the disk */
    return rc;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    if (fails(FAULT_FILE))
        return SQLITE_IOERR_DELETE;
    if (find_flushed(name)) {
        free(find_flushed(name)->bytes);
        find_flushed(name)->bytes = NULL;
    }
    return real_vfs->xDelete(real_vfs, name, sync);
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *result)
{
    if (fails(FAULT_FILE))
        return SQLITE_IOERR_ACCESS;
    return real_vfs->xAccess(real_vfs, name, flags, result);
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    return real_vfs->xFullPathname(real_vfs, name, size, out);
}

void faults_install(void)
{
    static sqlite3_vfs vfs;

    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs;
    vfs.szOsFile = (int)sizeof(struct fault_file) + real_vfs->szOsFile;
    vfs.zName = "faults";
    vfs.pNext = NULL;
    vfs.xOpen = vfs_open;
    vfs.xDelete = vfs_delete;
    vfs.xAccess = vfs_access;
    vfs.xFullPathname = vfs_full_path;
    sqlite3_vfs_register(&vfs, 1);
}
