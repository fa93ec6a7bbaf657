/*
 * New names in a folder, without Wine's search for those that differ in case only.
 *
 * Before Wine makes or renames a file it reads the whole folder, once for each new name: of many
 * files in one folder that is most of the work. A path in Wine's notation for names of the host
 * (\\?\unix\...) is taken as it is. That is right for a name that nobody else can have, as those of
 * temporary files, and for one that was looked for among all names of the folder, read once.
 *
 * Called by the engine; calls kernel32 and user32. On Windows none of it does anything.
 */
#include <windows.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "os_private.h"

/* How long the host's name of a directory is good for, in ms. */
#define DIRECTORY_MS 1000

typedef char *(CDECL *unix_name_fn)(const WCHAR *);

static SRWLOCK lock = SRWLOCK_INIT;
static WCHAR *last_directory, *last_unix; /* as asked for, and \\?\unix\... with its backslash */
static ULONGLONG last_until;

static WCHAR *unix_directory(const WCHAR *directory)
{
    static const WCHAR prefix[] = L"\\\\?\\unix";
    HMODULE kernel32 = GetModuleHandleW(L"kernel32.dll");
    unix_name_fn unix_name =
        (unix_name_fn)(void *)GetProcAddress(kernel32, "wine_get_unix_file_name");
    char *name = unix_name ? unix_name(directory) : NULL;
    int length = name ? MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, name, -1, NULL, 0) : 0;
    WCHAR *path = length ? malloc((length + ARRAYSIZE(prefix) + 1) * sizeof(*path)) : NULL;

    if (path && !strchr(name, '\\')) {
        wcscpy(path, prefix);
        MultiByteToWideChar(CP_UTF8, 0, name, -1, path + ARRAYSIZE(prefix) - 1, length);
        for (WCHAR *c = path; *c; c++) {
            if (*c == '/')
                *c = '\\';
        }
        if (path[wcslen(path) - 1] != '\\')
            wcscat(path, L"\\");
    } else {
        free(path);
        path = NULL;
    }
    if (name)
        HeapFree(GetProcessHeap(), 0, name);
    return path;
}

/* The lock is held. */
static BOOL is_last(const WCHAR *path, size_t length)
{
    return last_directory && wcslen(last_directory) == length &&
           !wcsncmp(last_directory, path, length) && GetTickCount64() < last_until;
}

static WCHAR *join(const WCHAR *directory, const WCHAR *name)
{
    WCHAR *path = malloc((wcslen(directory) + wcslen(name) + 1) * sizeof(*path));

    if (path) {
        wcscpy(path, directory);
        wcscat(path, name);
    }
    return path;
}

WCHAR *os_exact_path(const WCHAR *path)
{
    const WCHAR *name = wcsrchr(path, '\\');
    WCHAR *directory, *exact = NULL;
    size_t length;

    if (!name || !os_is_wine())
        return NULL;
    length = (size_t)(++name - path);
    AcquireSRWLockExclusive(&lock);
    if (!is_last(path, length)) {
        free(last_directory);
        free(last_unix);
        last_directory = last_unix = NULL;
        directory = malloc((length + 1) * sizeof(*directory));
        if (directory) {
            memcpy(directory, path, length * sizeof(*directory));
            directory[length] = 0;
            last_directory = directory;
            last_unix = unix_directory(directory);
            last_until = GetTickCount64() + DIRECTORY_MS;
        }
    }
    if (last_unix)
        exact = join(last_unix, name);
    ReleaseSRWLockExclusive(&lock);
    return exact;
}

/* ---- the names of a folder: a hash table, in capitals ---- */

struct os_names {
    SRWLOCK lock;
    WCHAR *directory;   /* with its backslash, as the paths asked about have it */
    size_t count, room; /* room: a power of two, more than twice the count */
    WCHAR **slots;
};

static WCHAR **slot_of(struct os_names *names, const WCHAR *name)
{
    size_t hash = 5381, i;

    for (const WCHAR *c = name; *c; c++)
        hash = hash * 33 + *c;
    for (i = hash & (names->room - 1); names->slots[i]; i = (i + 1) & (names->room - 1)) {
        if (!wcscmp(names->slots[i], name))
            break;
    }
    return &names->slots[i];
}

static BOOL grow(struct os_names *names)
{
    struct os_names larger = {.room = names->room ? names->room * 2 : 1024};

    larger.slots = calloc(larger.room, sizeof(*larger.slots));
    if (!larger.slots)
        return FALSE;
    for (size_t i = 0; i < names->room; i++) {
        if (names->slots[i])
            *slot_of(&larger, names->slots[i]) = names->slots[i];
    }
    free(names->slots);
    names->slots = larger.slots;
    names->room = larger.room;
    return TRUE;
}

/* ERROR_ALREADY_EXISTS: it, or one that differs in case only, is there. */
static DWORD add_name(struct os_names *names, const WCHAR *name)
{
    WCHAR *capitals, **slot;

    if ((names->count + 1) * 2 > names->room && !grow(names))
        return ERROR_NOT_ENOUGH_MEMORY;
    capitals = _wcsdup(name);
    if (!capitals)
        return ERROR_NOT_ENOUGH_MEMORY;
    CharUpperW(capitals);
    slot = slot_of(names, capitals);
    if (*slot) {
        free(capitals);
        return ERROR_ALREADY_EXISTS;
    }
    *slot = capitals;
    names->count++;
    return ERROR_SUCCESS;
}

void os_names_free(struct os_names *names)
{
    if (!names)
        return;
    for (size_t i = 0; i < names->room; i++)
        free(names->slots[i]);
    free(names->slots);
    free(names->directory);
    free(names);
}

/* All names of the directory; FALSE: perhaps not all. */
static BOOL read_names(struct os_names *names)
{
    WCHAR *pattern = join(names->directory, L"*");
    WIN32_FIND_DATAW found;
    HANDLE find = pattern ? FindFirstFileExW(pattern, FindExInfoBasic, &found,
                                             FindExSearchNameMatch, NULL, FIND_FIRST_EX_LARGE_FETCH)
                          : INVALID_HANDLE_VALUE;
    BOOL all = TRUE;

    free(pattern);
    if (find == INVALID_HANDLE_VALUE)
        return FALSE;
    do
        all = add_name(names, found.cFileName) != ERROR_NOT_ENOUGH_MEMORY;
    while (all && FindNextFileW(find, &found));
    all = all && GetLastError() == ERROR_NO_MORE_FILES;
    FindClose(find);
    return all;
}

struct os_names *os_names_read(const WCHAR *path)
{
    const WCHAR *end = wcsrchr(path, '\\');
    struct os_names *names;

    if (!end || !os_is_wine())
        return NULL;
    names = calloc(1, sizeof(*names));
    if (!names)
        return NULL;
    InitializeSRWLock(&names->lock);
    names->directory = _wcsdup(path);
    if (names->directory)
        names->directory[end - path + 1] = 0;
    if (!names->directory || !read_names(names)) {
        os_names_free(names);
        return NULL;
    }
    return names;
}

BOOL os_names_take(struct os_names *names, const WCHAR *path)
{
    size_t length = wcslen(names->directory);
    BOOL taken;

    /* With a tilde it may be the short name of another. */
    if (wcsncmp(path, names->directory, length) || wcschr(path + length, '\\') ||
        wcschr(path + length, '~'))
        return FALSE;
    AcquireSRWLockExclusive(&names->lock);
    taken = !add_name(names, path + length);
    ReleaseSRWLockExclusive(&names->lock);
    return taken;
}
