/*
 * May the user make files in a directory? Called when a client names local files, and by the engine
 * at start; calls kernel32.
 *
 * Wine opens every directory for writing, whatever its permissions are; only a file that is made
 * tells. So that a crash between making and deleting it leaves none behind, its name is noted
 * beside the store before, and the next start deletes what the note names.
 */
#include <windows.h>
#include <stdlib.h>
#include <wchar.h>

#include "os_private.h"

/* How long a directory that took a file counts as writable, in ms. */
#define GOOD_DIRECTORY_MS 10000

#define PROBE_CHARS (MAX_PATH + 32)

static SRWLOCK lock = SRWLOCK_INIT;
static WCHAR note[PROBE_CHARS]; /* path of the note; empty: nobody to clear up after us */
static WCHAR good[MAX_PATH + 1];
static ULONGLONG good_until; /* tick count */

void os_probe_notes(const WCHAR *folder)
{
    WCHAR name[PROBE_CHARS] = L"";
    WIN32_FILE_ATTRIBUTE_DATA there;
    const WCHAR *last;
    DWORD length = 0;
    HANDLE file;

    AcquireSRWLockExclusive(&lock);
    good_until = 0;
    note[0] = 0;
    if (wcslen(folder) <= MAX_PATH)
        _snwprintf(note, ARRAYSIZE(note), L"%ls\\probe", folder);
    file = CreateFileW(note, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        if (!ReadFile(file, name, sizeof(name) - sizeof(*name), &length, NULL))
            length = 0;
        CloseHandle(file);
        name[length / sizeof(*name)] = 0;
        last = wcsrchr(name, '\\');
        /* Whatever the note says, only what a probe can be goes: an empty BIT*.tmp. */
        if (last && !_wcsnicmp(last + 1, L"BIT", 3) &&
            GetFileAttributesExW(name, GetFileExInfoStandard, &there) && !there.nFileSizeLow &&
            !there.nFileSizeHigh && !(there.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY))
            DeleteFileW(name);
        DeleteFileW(note);
    }
    ReleaseSRWLockExclusive(&lock);
}

static BOOL write_note(const WCHAR *name)
{
    DWORD size = (DWORD)(wcslen(name) * sizeof(*name)), written = 0;
    HANDLE file = CreateFileW(note, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    BOOL ok;

    if (file == INVALID_HANDLE_VALUE)
        return FALSE;
    ok = WriteFile(file, name, size, &written, NULL) && written == size;
    CloseHandle(file);
    return ok;
}

/* Makes a file there and deletes it. The lock is held: there is one note. */
static BOOL make_a_file(const WCHAR *directory)
{
    WCHAR name[PROBE_CHARS];
    HANDLE file;

    _snwprintf(name, ARRAYSIZE(name), L"%lsBIT%08lx.tmp", directory,
               GetCurrentThreadId() ^ GetTickCount());
    if (!note[0] || !write_note(name))
        return TRUE; /* the transfer will tell */
    file = CreateFileW(name, GENERIC_WRITE, FILE_SHARE_DELETE, NULL, CREATE_NEW,
                       FILE_ATTRIBUTE_HIDDEN | FILE_FLAG_DELETE_ON_CLOSE, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        DWORD error = GetLastError();

        DeleteFileW(note);
        return error != ERROR_ACCESS_DENIED;
    }
    CloseHandle(file);
    DeleteFileW(note);
    wcscpy(good, directory);
    good_until = GetTickCount64() + GOOD_DIRECTORY_MS;
    return TRUE;
}

/* The directory that was good a moment ago is good: many files go to one. */
static BOOL was_good(const WCHAR *directory)
{
    BOOL was;

    AcquireSRWLockShared(&lock);
    was = GetTickCount64() < good_until && !wcscmp(good, directory);
    ReleaseSRWLockShared(&lock);
    return was;
}

static BOOL may_make_a_file(const WCHAR *directory)
{
    BOOL may;

    if (wcslen(directory) > MAX_PATH)
        return TRUE;
    AcquireSRWLockExclusive(&lock);
    may = make_a_file(directory);
    ReleaseSRWLockExclusive(&lock);
    return may;
}

BOOL os_may_make_files(const WCHAR *directory)
{
    HANDLE handle;

    if (os_is_wine() && was_good(directory))
        return TRUE;
    handle = CreateFileW(directory, FILE_ADD_FILE,
                         FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                         OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (handle == INVALID_HANDLE_VALUE)
        return GetLastError() != ERROR_ACCESS_DENIED;
    CloseHandle(handle);
    return !os_is_wine() || may_make_a_file(directory);
}
