/*
 * See utf8.h.
 */
#include "utf8.h"

#include <stdlib.h>

WCHAR *wide_from_utf8(const char *text)
{
    int size = text ? MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0) : 0;
    WCHAR *wide = size > 0 ? malloc((size_t)size * sizeof(*wide)) : NULL;

    if (wide)
        MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, size);
    return wide;
}

static HRESULT convert(const WCHAR *text, DWORD flags, char **out)
{
    int size = WideCharToMultiByte(CP_UTF8, flags, text, -1, NULL, 0, NULL, NULL);

    *out = NULL;
    if (size <= 0)
        return E_INVALIDARG;
    *out = malloc((size_t)size);
    if (!*out)
        return E_OUTOFMEMORY;
    WideCharToMultiByte(CP_UTF8, flags, text, -1, *out, size, NULL, NULL);
    return S_OK;
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
