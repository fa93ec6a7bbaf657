/*
 * See utf8.h.
 */
#include "utf8.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

WCHAR *wide_from_utf8(const char *text)
{
    size_t size = text ? strlen(text) + 1 : 0; /* no character has more units than bytes */
    WCHAR *wide = size && size <= INT_MAX ? malloc(size * sizeof(*wide)) : NULL;

    if (wide)
        MultiByteToWideChar(CP_UTF8, 0, text, (int)size, wide, (int)size);
    return wide;
}

static HRESULT convert(const WCHAR *text, DWORD flags, char **out)
{
    size_t units = wcslen(text) + 1, size = 3 * units; /* no unit has more than three bytes */

    *out = NULL;
    if (units > INT_MAX / 3)
        return E_INVALIDARG;
    *out = malloc(size);
    if (!*out)
        return E_OUTOFMEMORY;
    if (WideCharToMultiByte(CP_UTF8, flags, text, (int)units, *out, (int)size, NULL, NULL) > 0)
        return S_OK;
    free(*out);
    *out = NULL;
    return E_INVALIDARG;
}

char *utf8_from_wide(const WCHAR *text)
{
    char *utf8 = NULL;

    if (text)
        convert(text, 0, &utf8);
    return utf8;
}

HRESULT utf8_from_wide_exactly(const WCHAR *text, char **out)
{
    return convert(text, WC_ERR_INVALID_CHARS, out);
}
