/*
 * Strings for clients, descriptions of results, and the checks of strings that bitscore decides.
 */
#include "com.h"
#include "../utf8.h"

#include <bitscore/bc_errtext.h>
#include <bitscore/bc_headers.h>
#include <stdlib.h>
#include <string.h>

WCHAR *com_string(const WCHAR *text)
{
    size_t size = ((text ? wcslen(text) : 0) + 1) * sizeof(WCHAR);
    WCHAR *copy = CoTaskMemAlloc(size);

    if (copy)
        memcpy(copy, text ? text : L"", size);
    return copy;
}

HRESULT com_string_or_null(const WCHAR *text, WCHAR **out)
{
    *out = text ? com_string(text) : NULL;
    return text && !*out ? E_OUTOFMEMORY : S_OK;
}

size_t com_length(const WCHAR *text, size_t limit)
{
    size_t length = wcsnlen(text, limit + 1);

    return length;
}

/* Task memory from UTF-8. */
static HRESULT give_utf8(const char *text, WCHAR **out)
{
    WCHAR *wide = wide_from_utf8(text);

    *out = wide ? com_string(wide) : NULL;
    free(wide);
    return *out ? S_OK : E_OUTOFMEMORY;
}

/* There are English texts only; the user's language falls back to them as Windows does with neutral
 * ones. */
static HRESULT check_language(DWORD language)
{
    WORD primary = PRIMARYLANGID(LANGIDFROMLCID(language));

    if (primary == LANG_ENGLISH || primary == LANG_NEUTRAL ||
        primary == PRIMARYLANGID(GetSystemDefaultLangID()) ||
        primary == PRIMARYLANGID(GetUserDefaultLangID()))
        return S_OK;
    return HRESULT_FROM_WIN32(ERROR_RESOURCE_LANG_NOT_FOUND);
}

/* What the system says about codes that are not ours. */
static HRESULT system_text(HRESULT code, WCHAR **out)
{
    WCHAR *text = NULL;
    DWORD length = FormatMessageW(FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM |
                                      FORMAT_MESSAGE_IGNORE_INSERTS,
                                  NULL, code, 0, (WCHAR *)&text, 0, NULL);

    if (!length)
        return HRESULT_FROM_WIN32(GetLastError());
    *out = com_string(text);
    LocalFree(text);
    return *out ? S_OK : E_OUTOFMEMORY;
}

HRESULT com_error_text(HRESULT code, DWORD language, WCHAR **out)
{
    HRESULT hr = check_language(language);
    const char *text;
    char http[256];

    *out = NULL;
    if (FAILED(hr))
        return hr;
    text = bc_errtext_describe(code);
    if (text)
        return give_utf8(text, out);
    if (SUCCEEDED(bc_errtext_http(code, http, sizeof(http))))
        return give_utf8(http, out);
    return system_text(code, out);
}

HRESULT com_context_text(BG_ERROR_CONTEXT context, DWORD language, WCHAR **out)
{
    HRESULT hr = check_language(language);
    const char *text;

    *out = NULL;
    if (FAILED(hr))
        return hr;
    text = bc_errtext_context(context);
    return text ? give_utf8(text, out) : E_INVALIDARG;
}

/* Runs a check of bitscore over a UTF-16 string. */
static HRESULT check_utf8(const WCHAR *text, int32_t (*check)(const char *text))
{
    char *utf8;
    HRESULT hr = utf8_from_wide_exactly(text, &utf8);

    if (SUCCEEDED(hr))
        hr = check(utf8);
    free(utf8);
    return hr;
}

HRESULT com_check_headers(const WCHAR *headers)
{
    return headers ? check_utf8(headers, bc_headers_check) : S_OK;
}

HRESULT com_check_method(const WCHAR *method)
{
    return method ? check_utf8(method, bc_headers_check_method) : E_INVALIDARG;
}
