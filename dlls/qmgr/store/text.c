/*
 * Text of the store: UTF-8 in which a lone surrogate is three bytes of its own.
 *
 * File names and most other strings of a client are any sequence of UTF-16 units; this way each
 * comes back exactly as it was given. Called by row.c; calls the allocators only.
 */
#include <stdlib.h>
#include <wchar.h>

#include "store_private.h"

/* Above anything the engine writes: headers, proxy lists, paths. */
#define MAX_TEXT_BYTES (4u << 20)

static size_t encode(const WCHAR *text, size_t length, unsigned char *out)
{
    size_t used = 0;

    for (size_t i = 0; i < length; i++) {
        ULONG c = text[i];

        if (c >= 0xd800 && c < 0xdc00 && text[i + 1] >= 0xdc00 && text[i + 1] < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10) + (text[++i] - 0xdc00u);
            out[used++] = (unsigned char)(0xf0 | c >> 18);
            out[used++] = (unsigned char)(0x80 | (c >> 12 & 0x3f));
            out[used++] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
            out[used++] = (unsigned char)(0x80 | (c & 0x3f));
        } else if (c >= 0x800) {
            out[used++] = (unsigned char)(0xe0 | c >> 12);
            out[used++] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
            out[used++] = (unsigned char)(0x80 | (c & 0x3f));
        } else if (c >= 0x80) {
            out[used++] = (unsigned char)(0xc0 | c >> 6);
            out[used++] = (unsigned char)(0x80 | (c & 0x3f));
        } else {
            out[used++] = (unsigned char)c;
        }
    }
    return used;
}

char *store_text_encode(const WCHAR *text, struct store_texts *texts, int *bytes,
                        sqlite3_destructor_type *release)
{
    size_t length = wcslen(text), size = 3 * length; /* no unit has more than three bytes */
    char *out;

    if (length > MAX_TEXT_BYTES / 3)
        return NULL;
    if (size <= sizeof(texts->bytes) - texts->used) {
        out = texts->bytes + texts->used;
        *release = SQLITE_STATIC;
    } else {
        if (!(out = sqlite3_malloc64(size)))
            return NULL;
        *release = sqlite3_free;
    }
    *bytes = (int)encode(text, length, (unsigned char *)out);
    if (*release == SQLITE_STATIC)
        texts->used += (size_t)*bytes;
    return out;
}

/* Decodes one character of text[0..size); its length, or 0 when it is malformed. */
static size_t decode_char(const unsigned char *text, size_t size, ULONG *c)
{
    static const ULONG least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length, i;

    if (text[0] < 0x80) {
        *c = text[0];
        return text[0] ? 1 : 0;
    }
    if (text[0] >= 0xc0 && text[0] < 0xe0)
        length = 2;
    else if (text[0] >= 0xe0 && text[0] < 0xf0)
        length = 3;
    else if (text[0] >= 0xf0 && text[0] < 0xf5)
        length = 4;
    else
        return 0;
    if (size < length)
        return 0;
    *c = text[0] & (0x7fu >> length);
    for (i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        *c = *c << 6 | (text[i] & 0x3f);
    }
    return *c >= least[length] && *c < 0x110000 ? length : 0;
}

HRESULT store_text_decode(const unsigned char *text, size_t size, WCHAR **out)
{
    size_t i = 0, used = 0, length;
    ULONG c;
    WCHAR *wide;

    if (size > MAX_TEXT_BYTES)
        return S_FALSE;
    if (!(wide = malloc((size + 1) * sizeof(WCHAR))))
        return E_OUTOFMEMORY;
    for (; i < size; i += length) {
        if (!(length = decode_char(text + i, size - i, &c))) {
            free(wide);
            return S_FALSE;
        }
        if (c >= 0x10000) {
            wide[used++] = (WCHAR)(0xd800 + ((c - 0x10000) >> 10));
            wide[used++] = (WCHAR)(0xdc00 + ((c - 0x10000) & 0x3ff));
        } else {
            wide[used++] = (WCHAR)c;
        }
    }
    wide[used++] = 0;
    /* Most text is shorter in UTF-16 units than in bytes; 100,000 files are worth the trim. */
    if (used < size + 1) {
        WCHAR *trimmed = realloc(wide, used * sizeof(WCHAR));

        if (trimmed)
            wide = trimmed;
    }
    *out = wide;
    return S_OK;
}
