/* See files_faults.h. */
#include "files_faults.h"

#include <wchar.h>

/* A call of an import goes through a pointer in the import table, and the linker gives ours in its
 * place. */
#ifdef _WIN64
#define WRAPPED(name, bytes) asm("__wrap___imp_" #name)
#else
#define WRAPPED(name, bytes) asm("___wrap__imp__" #name "@" #bytes)
#endif

#define HANDLES 64

static WCHAR below[MAX_PATH + 8];
static volatile LONG armed, armed_at, lasts, calls;
static volatile DWORD locked; /* the error of a locked volume, 0: it is not */
static const char *volatile failed;
static SRWLOCK lock = SRWLOCK_INIT;

/* The files of the folder: those that are open, and those that were closed before all that was
 * written to them had been flushed. */
static struct tracked {
    HANDLE handle; /* NULL: closed */
    WCHAR name[16];
    UINT64 written, flushed; /* ends, in bytes from the start of the file */
    UINT64 position;
} files[HANDLES];
static UINT64 furthest; /* byte that was flushed */

static void *real(const char *name)
{
    return (void *)GetProcAddress(GetModuleHandleW(L"kernel32.dll"), name);
}

#define REAL(name) ((__typeof__(fault_##name) *)real(#name))

void file_faults_arm(const WCHAR *folder, LONG n, BOOL lasting)
{
    /* By its own name: the engine also uses the host's path to it. */
    wcscpy(below, wcsrchr(folder, '\\'));
    for (ULONG i = 0; i < HANDLES; i++) {
        if (!files[i].handle)
            ZeroMemory(&files[i], sizeof(files[i]));
    }
    furthest = 0;
    calls = 0;
    failed = NULL;
    armed_at = n;
    lasts = lasting;
    armed = TRUE;
}

void file_faults_lock(const WCHAR *folder, DWORD error)
{
    wcscpy(below, wcsrchr(folder, '\\'));
    locked = error;
}

void file_faults_mend(void)
{
    lasts = FALSE;
    locked = 0;
}

LONG file_faults_disarm(const char **name)
{
    armed = FALSE;
    *name = failed;
    return calls;
}

static BOOL fails(const char *name, DWORD error)
{
    LONG call = armed ? InterlockedIncrement(&calls) : 0;

    if (!call || call < armed_at || (call > armed_at && !lasts))
        return FALSE;
    if (!failed)
        failed = name;
    SetLastError(error);
    return TRUE;
}

static BOOL is_below(const WCHAR *path)
{
    return below[0] && wcsstr(path, below);
}

/* Lock held. The entry of an open file; NULL: it is none of ours. */
static struct tracked *find_open(HANDLE handle)
{
    for (ULONG i = 0; handle && i < HANDLES; i++) {
        if (files[i].handle == handle)
            return &files[i];
    }
    return NULL;
}

/* A file of the folder was opened; what was written before, and not flushed, is there if it is
 * there. */
static void opened(HANDLE handle, const WCHAR *path)
{
    const WCHAR *name = wcsrchr(path, '\\') + 1;
    struct tracked *entry = NULL;

    AcquireSRWLockExclusive(&lock);
    for (ULONG i = 0; i < HANDLES; i++) {
        if (!files[i].handle && (!entry || !wcscmp(files[i].name, name)))
            entry = &files[i];
    }
    if (entry) {
        ZeroMemory(entry, sizeof(*entry));
        entry->handle = handle;
        lstrcpynW(entry->name, name, ARRAYSIZE(entry->name));
    }
    ReleaseSRWLockExclusive(&lock);
}

static void closing(HANDLE handle)
{
    struct tracked *entry;

    AcquireSRWLockExclusive(&lock);
    entry = find_open(handle);
    if (entry && entry->written > entry->flushed)
        entry->handle = NULL;
    else if (entry)
        ZeroMemory(entry, sizeof(*entry));
    ReleaseSRWLockExclusive(&lock);
}

static BOOL is_ours(HANDLE file)
{
    BOOL found;

    AcquireSRWLockExclusive(&lock);
    found = find_open(file) != NULL;
    ReleaseSRWLockExclusive(&lock);
    return found;
}

/* Where the next byte goes, and how far the file was written. */
static void moved(HANDLE handle, UINT64 position, DWORD written)
{
    struct tracked *entry;

    AcquireSRWLockExclusive(&lock);
    entry = find_open(handle);
    if (entry) {
        entry->position = position + written;
        if (written && entry->position > entry->written)
            entry->written = entry->position;
    }
    ReleaseSRWLockExclusive(&lock);
}

static UINT64 position_of(HANDLE handle)
{
    struct tracked *entry;
    UINT64 position;

    AcquireSRWLockExclusive(&lock);
    entry = find_open(handle);
    position = entry ? entry->position : 0;
    ReleaseSRWLockExclusive(&lock);
    return position;
}

UINT64 file_faults_flushed(void)
{
    UINT64 flushed;

    AcquireSRWLockExclusive(&lock);
    flushed = furthest;
    ReleaseSRWLockExclusive(&lock);
    return flushed;
}

ULONG file_faults_unflushed(void)
{
    ULONG count = 0;

    AcquireSRWLockExclusive(&lock);
    for (ULONG i = 0; i < HANDLES; i++)
        count += files[i].written > files[i].flushed;
    ReleaseSRWLockExclusive(&lock);
    return count;
}

static HANDLE WINAPI fault_CreateFileW(const WCHAR *name, DWORD access, DWORD share,
                                       SECURITY_ATTRIBUTES *security, DWORD disposition,
                                       DWORD flags, HANDLE template)
{
    HANDLE file;

    if (is_below(name) && locked) {
        SetLastError(locked);
        return INVALID_HANDLE_VALUE;
    }
    if (is_below(name) && fails("CreateFileW", ERROR_SHARING_VIOLATION))
        return INVALID_HANDLE_VALUE;
    file = REAL(CreateFileW)(name, access, share, security, disposition, flags, template);
    if (file != INVALID_HANDLE_VALUE && is_below(name)) {
        DWORD error = GetLastError();

        opened(file, name);
        SetLastError(error);
    }
    return file;
}

static BOOL WINAPI fault_CloseHandle(HANDLE handle)
{
    if (handle)
        closing(handle);
    return REAL(CloseHandle)(handle);
}

static BOOL WINAPI fault_WriteFile(HANDLE file, const void *data, DWORD size, DWORD *done,
                                   OVERLAPPED *overlapped)
{
    UINT64 position = position_of(file);
    BOOL good;

    if (is_ours(file) && fails("WriteFile", ERROR_DISK_FULL)) {
        /* Some of it was written, as is usual. */
        REAL(WriteFile)(file, data, size / 2, done, overlapped);
        SetLastError(ERROR_DISK_FULL);
        return FALSE;
    }
    good = REAL(WriteFile)(file, data, size, done, overlapped);
    if (good)
        moved(file, position, size);
    return good;
}

static BOOL WINAPI fault_FlushFileBuffers(HANDLE file)
{
    struct tracked *entry;
    UINT64 written;

    if (is_ours(file) && fails("FlushFileBuffers", ERROR_IO_DEVICE))
        return FALSE;
    AcquireSRWLockExclusive(&lock);
    entry = find_open(file);
    written = entry ? entry->written : 0;
    ReleaseSRWLockExclusive(&lock);
    if (!REAL(FlushFileBuffers)(file))
        return FALSE;
    AcquireSRWLockExclusive(&lock);
    entry = find_open(file);
    if (entry && written > entry->flushed)
        entry->flushed = written;
    if (written > furthest)
        furthest = written;
    ReleaseSRWLockExclusive(&lock);
    return TRUE;
}

static BOOL WINAPI fault_SetFileInformationByHandle(HANDLE file, FILE_INFO_BY_HANDLE_CLASS class,
                                                    void *info, DWORD size)
{
    return is_ours(file) && fails("SetFileInformationByHandle", ERROR_ACCESS_DENIED)
               ? FALSE
               : REAL(SetFileInformationByHandle)(file, class, info, size);
}

static BOOL WINAPI fault_GetFileSizeEx(HANDLE file, LARGE_INTEGER *size)
{
    return is_ours(file) && fails("GetFileSizeEx", ERROR_IO_DEVICE)
               ? FALSE
               : REAL(GetFileSizeEx)(file, size);
}

static BOOL WINAPI fault_SetFilePointerEx(HANDLE file, LARGE_INTEGER to, LARGE_INTEGER *now,
                                          DWORD from)
{
    if (is_ours(file) && fails("SetFilePointerEx", ERROR_IO_DEVICE))
        return FALSE;
    if (!REAL(SetFilePointerEx)(file, to, now, from))
        return FALSE;
    moved(file, (UINT64)to.QuadPart, 0); /* all of ours are from the beginning */
    return TRUE;
}

static BOOL WINAPI fault_DeleteFileW(const WCHAR *name)
{
    return is_below(name) && fails("DeleteFileW", ERROR_SHARING_VIOLATION)
               ? FALSE
               : REAL(DeleteFileW)(name);
}

static DWORD WINAPI fault_GetFileAttributesW(const WCHAR *name)
{
    return is_below(name) && fails("GetFileAttributesW", ERROR_ACCESS_DENIED)
               ? INVALID_FILE_ATTRIBUTES
               : REAL(GetFileAttributesW)(name);
}

static BOOL WINAPI fault_GetFileAttributesExW(const WCHAR *name, GET_FILEEX_INFO_LEVELS level,
                                              void *info)
{
    return is_below(name) && fails("GetFileAttributesExW", ERROR_ACCESS_DENIED)
               ? FALSE
               : REAL(GetFileAttributesExW)(name, level, info);
}

static BOOL WINAPI fault_SetFileAttributesW(const WCHAR *name, DWORD attributes)
{
    return is_below(name) && fails("SetFileAttributesW", ERROR_ACCESS_DENIED)
               ? FALSE
               : REAL(SetFileAttributesW)(name, attributes);
}

#define WRAP(name, bytes)                                                                          \
    extern void *const wrapped_##name WRAPPED(name, bytes);                                        \
    void *const wrapped_##name = (void *)fault_##name

WRAP(CreateFileW, 28);
WRAP(CloseHandle, 4);
WRAP(WriteFile, 20);
WRAP(FlushFileBuffers, 4);
WRAP(SetFileInformationByHandle, 16);
WRAP(GetFileSizeEx, 8);
WRAP(SetFilePointerEx, 20);
WRAP(DeleteFileW, 4);
WRAP(GetFileAttributesW, 4);
WRAP(GetFileAttributesExW, 12);
WRAP(SetFileAttributesW, 8);
