/*
 * Secrets at rest: passwords of SetCredentials and custom headers under the data protection of the
 * account that the service runs as. Called by the engine and transfers; calls crypt32.
 */
#include <windows.h>
#include <wincrypt.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "os.h"

/* Ties a blob to this use: the same account's other secrets do not pass for ours. */
static BYTE entropy_bytes[] = "OpenBITS credential";

static DATA_BLOB entropy(void)
{
    DATA_BLOB blob = {sizeof(entropy_bytes), entropy_bytes};

    return blob;
}

static HRESULT last_error(void)
{
    DWORD error = GetLastError();

    return error ? HRESULT_FROM_WIN32(error) : E_FAIL;
}

HRESULT os_protect(const WCHAR *clear, BYTE **blob, ULONG *size)
{
    DATA_BLOB in, salt = entropy(), out = {0, NULL};
    size_t length = wcslen(clear) + 1;

    *blob = NULL;
    *size = 0;
    if (length > MAXDWORD / sizeof(WCHAR))
        return E_INVALIDARG;
    in.cbData = (DWORD)(length * sizeof(WCHAR));
    in.pbData = (BYTE *)(UINT_PTR)clear;
    if (!CryptProtectData(&in, NULL, &salt, NULL, NULL, CRYPTPROTECT_UI_FORBIDDEN, &out))
        return last_error();
    if ((*blob = malloc(out.cbData))) {
        memcpy(*blob, out.pbData, out.cbData);
        *size = out.cbData;
    }
    LocalFree(out.pbData);
    return *blob ? S_OK : E_OUTOFMEMORY;
}

HRESULT os_unprotect(const BYTE *blob, ULONG size, WCHAR **clear)
{
    DATA_BLOB in = {size, (BYTE *)(UINT_PTR)blob}, salt = entropy(), out = {0, NULL};
    const WCHAR *text;

    *clear = NULL;
    if (!blob || !size)
        return E_INVALIDARG;
    if (!CryptUnprotectData(&in, NULL, &salt, NULL, NULL, CRYPTPROTECT_UI_FORBIDDEN, &out))
        return last_error();
    text = (const WCHAR *)out.pbData;
    if (out.cbData < sizeof(WCHAR) || out.cbData % sizeof(WCHAR) ||
        text[out.cbData / sizeof(WCHAR) - 1]) {
        SecureZeroMemory(out.pbData, out.cbData);
        LocalFree(out.pbData);
        return HRESULT_FROM_WIN32(ERROR_INVALID_DATA);
    }
    *clear = (WCHAR *)out.pbData;
    return S_OK;
}

void os_wipe_free(WCHAR *clear)
{
    if (clear)
        SecureZeroMemory(clear, wcslen(clear) * sizeof(WCHAR));
    LocalFree(clear);
}
