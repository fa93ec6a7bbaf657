/*
 * Text between the two worlds of qmgr.dll: UTF-16 towards clients, the model and Windows, UTF-8
 * towards bitscore, libcurl and SQLite. Called from every room; calls Windows only.
 *
 * The store's own text (store/text.c) is something else: it keeps lone surrogates.
 */
#ifndef OPENBITS_UTF8_H
#define OPENBITS_UTF8_H

#include <windows.h>

/* Copies for free(). NULL when text is NULL or memory is short. */
WCHAR *wide_from_utf8(const char *text);
/* What is no UTF-16 (a lone surrogate) becomes U+FFFD. */
char *utf8_from_wide(const WCHAR *text);
/* The same, but S_OK only for proper UTF-16: else E_INVALIDARG, or E_OUTOFMEMORY; *out is NULL. */
HRESULT utf8_from_wide_exactly(const WCHAR *text, char **out);

#endif
