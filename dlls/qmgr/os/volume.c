/*
 * The volume that a file lies on. Called by the engine without its lock; calls kernel32.
 */
#include "os.h"

#include <stdlib.h>
#include <wchar.h>

/* Wine gives a drive whose number it cannot find out a number made of the drive's letter. */
static BOOL is_letter(const WCHAR *root, DWORD serial)
{
    return root[0] && root[1] == ':' && serial == (DWORD)towupper(root[0]) << 24;
}

DWORD os_volume_serial(const WCHAR *path, DWORD *serial)
{
    size_t size = wcslen(path) + 2; /* a root of its own may end in a backslash more */
    WCHAR *root = malloc(size * sizeof(*root));
    DWORD error = ERROR_SUCCESS;

    *serial = 0;
    if (!root)
        return ERROR_NOT_ENOUGH_MEMORY;
    if (!GetVolumePathNameW(path, root, (DWORD)size) ||
        !GetVolumeInformationW(root, NULL, 0, serial, NULL, NULL, NULL, 0))
        error = GetLastError();
    if (error || is_letter(root, *serial))
        *serial = 0;
    free(root);
    return error;
}
