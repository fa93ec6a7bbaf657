/*
 * The text file of /ADDFILESET. See fileset.h; the form is that of the page "bitsadmin addfileset":
 * names separated by spaces, '#' starts a comment line.
 */
#include "fileset.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "output.h"

/* A list of a million files of ordinary length fits. */
#define FILESET_MAX_BYTES (512 * 1024 * 1024)

static HRESULT last_error(void)
{
    return HRESULT_FROM_WIN32(GetLastError());
}

static HRESULT read_bytes(HANDLE handle, BYTE *bytes, DWORD size)
{
    DWORD got;

    for (; size; size -= got, bytes += got) {
        if (!ReadFile(handle, bytes, size, &got, NULL))
            return last_error();
        if (!got)
            return HRESULT_FROM_WIN32(ERROR_HANDLE_EOF);
    }
    return S_OK;
}

static HRESULT load(const WCHAR *path, BYTE **bytes, DWORD *size)
{
    HRESULT hr = S_OK;
    LARGE_INTEGER length;
    HANDLE handle = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);

    if (handle == INVALID_HANDLE_VALUE)
        return last_error();
    if (!GetFileSizeEx(handle, &length))
        hr = last_error();
    else if (length.QuadPart > FILESET_MAX_BYTES)
        hr = HRESULT_FROM_WIN32(ERROR_FILE_TOO_LARGE);
    if (FAILED(hr))
        goto close_file;
    *size = (DWORD)length.QuadPart;
    *bytes = malloc(*size + sizeof(WCHAR));
    if (!*bytes) {
        hr = E_OUTOFMEMORY;
        goto close_file;
    }
    hr = read_bytes(handle, *bytes, *size);
    if (FAILED(hr))
        free(*bytes);
close_file:
    CloseHandle(handle);
    return hr;
}

static WCHAR *widen(const BYTE *bytes, DWORD size)
{
    UINT code_page = CP_UTF8;
    DWORD flags = MB_ERR_INVALID_CHARS;
    WCHAR *text;
    int length;

    if (size >= 2 && bytes[0] == 0xff && bytes[1] == 0xfe) {
        length = (int)(size / sizeof(WCHAR)) - 1;
        text = malloc((length + 1) * sizeof(WCHAR));
        if (text) {
            memcpy(text, bytes + 2, length * sizeof(WCHAR));
            text[length] = 0;
        }
        return text;
    }
    if (size >= 3 && bytes[0] == 0xef && bytes[1] == 0xbb && bytes[2] == 0xbf) {
        bytes += 3;
        size -= 3;
    }
    if (!size)
        return calloc(1, sizeof(WCHAR));
    length = MultiByteToWideChar(code_page, flags, (const char *)bytes, size, NULL, 0);
    if (!length) {
        code_page = CP_ACP;
        flags = 0;
        length = MultiByteToWideChar(code_page, flags, (const char *)bytes, size, NULL, 0);
    }
    text = malloc((length + 1) * sizeof(WCHAR));
    if (!text)
        return NULL;
    MultiByteToWideChar(code_page, flags, (const char *)bytes, size, text, length);
    text[length] = 0;
    return text;
}

/* Cuts the next name off the line; NULL where there is none. */
static WCHAR *next_name(WCHAR **line)
{
    WCHAR *name = *line + wcsspn(*line, L" \t"), *end;

    if (!*name)
        return NULL;
    if (*name == '"') {
        end = wcschr(++name, '"');
        if (!end)
            return NULL;
    } else {
        end = name + wcscspn(name, L" \t");
    }
    *line = *end ? end + 1 : end;
    *end = 0;
    return name;
}

/* False for a line that is neither blank, nor a comment, nor two names. */
static bool parse_line(WCHAR *line, struct fileset *set)
{
    WCHAR *remote, *local;

    line += wcsspn(line, L" \t");
    if (!*line || *line == '#')
        return true;
    remote = next_name(&line);
    local = remote ? next_name(&line) : NULL;
    if (!local || !*remote || !*local || line[wcsspn(line, L" \t")])
        return false;
    set->files[set->count].RemoteName = remote;
    set->files[set->count++].LocalName = local;
    return true;
}

static HRESULT parse_text(const WCHAR *path, struct fileset *set)
{
    size_t lines = 1, number;
    WCHAR *at;

    for (at = set->text; *at; at++)
        lines += *at == '\n';
    set->files = calloc(lines, sizeof(*set->files));
    if (!set->files)
        return E_OUTOFMEMORY;
    at = set->text;
    for (number = 1; number <= lines; number++) {
        size_t length = wcscspn(at, L"\n");
        WCHAR *line = at;

        at += length + (at[length] ? 1 : 0);
        line[length] = 0;
        if (length && line[length - 1] == '\r')
            line[length - 1] = 0;
        if (!parse_line(line, set)) {
            output_print(L"%ls, line %lu: a remote name and a local name are expected.\n", path,
                         (unsigned long)number);
            return BITSADMIN_E_USAGE;
        }
    }
    if (set->count)
        return S_OK;
    output_print(L"%ls names no files.\n", path);
    return BITSADMIN_E_USAGE;
}

HRESULT fileset_read(const WCHAR *path, struct fileset *set)
{
    BYTE *bytes = NULL;
    DWORD size = 0;
    HRESULT hr = load(path, &bytes, &size);

    if (FAILED(hr))
        return hr;
    *set = (struct fileset){.text = widen(bytes, size)};
    free(bytes);
    hr = set->text ? parse_text(path, set) : E_OUTOFMEMORY;
    if (FAILED(hr))
        fileset_free(set);
    return hr;
}

void fileset_free(struct fileset *set)
{
    free(set->files);
    free(set->text);
    *set = (struct fileset){0};
}
