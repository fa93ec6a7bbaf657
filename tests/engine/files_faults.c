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
static HANDLE handles[HANDLES]; /* of files of the folder */

static void *real(const char *name)
{
    return (void *)GetProcAddress(GetModuleHandleW(L"kernel32.dll"), name);
}

#define REAL(name) ((__typeof__(fault_##name) *)real(#name))

void file_faults_arm(const WCHAR *folder, LONG n, BOOL lasting)
{
    /* By its own name: the engine also uses the host's path to it. */
    wcscpy(below, wcsrchr(folder, '\\'));
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

/* Puts a handle on the list, or takes it off. */
static BOOL exchange(HANDLE from, HANDLE to)
{
    BOOL found = FALSE;

    AcquireSRWLockExclusive(&lock);
    for (ULONG i = 0; i < HANDLES && !found; i++) {
        if (handles[i] == from) {
            handles[i] = to;
            found = TRUE;
        }
    }
    ReleaseSRWLockExclusive(&lock);
    return found;
}

static BOOL is_ours(HANDLE file)
{
    return file && exchange(file, file);
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

        exchange(NULL, file);
        SetLastError(error);
    }
    return file;
}

static BOOL WINAPI fault_CloseHandle(HANDLE handle)
{
    if (handle)
        exchange(handle, NULL);
    return REAL(CloseHandle)(handle);
}

static BOOL WINAPI fault_WriteFile(HANDLE file, const void *data, DWORD size, DWORD *done,
                                   OVERLAPPED *overlapped)
{
    if (is_ours(file) && fails("WriteFile", ERROR_DISK_FULL)) {
        /* Some of it was written, as is usual. */
        REAL(WriteFile)(file, data, size / 2, done, overlapped);
        SetLastError(ERROR_DISK_FULL);
        return FALSE;
    }
    return REAL(WriteFile)(file, data, size, done, overlapped);
}

static BOOL WINAPI fault_FlushFileBuffers(HANDLE file)
{
    return is_ours(file) && fails("FlushFileBuffers", ERROR_IO_DEVICE)
               ? FALSE
               : REAL(FlushFileBuffers)(file);
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
    return is_ours(file) && fails("SetFilePointerEx", ERROR_IO_DEVICE)
               ? FALSE
               : REAL(SetFilePointerEx)(file, to, now, from);
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
