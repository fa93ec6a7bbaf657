/*
 * Values as the tool shows them: GUIDs, sizes, times, ACL flags. Pure functions over caller
 * buffers.
 */
#ifndef BITSADMIN_FORMAT_H
#define BITSADMIN_FORMAT_H

#include "bitsadmin.h"

#define GUID_TEXT  39 /* characters, with the terminator */
#define SIZE_TEXT  24
#define TIME_TEXT  128
#define FLAGS_TEXT 5

/* "{C775D194-...}" */
const WCHAR *format_guid(const GUID *id, WCHAR text[GUID_TEXT]);

/* Bytes in decimal; UNKNOWN for BG_SIZE_UNKNOWN. */
const WCHAR *format_size(UINT64 bytes, WCHAR text[SIZE_TEXT]);

/* A UTC file time in local time and the user's short format; UNKNOWN for a time not set. */
const WCHAR *format_time(const FILETIME *time, WCHAR text[TIME_TEXT]);

/* "OGDS" for BG_COPY_FILE_ALL; empty for 0. */
const WCHAR *format_acl_flags(DWORD flags, WCHAR text[FLAGS_TEXT]);

/* The text, or "NULL" for a null pointer or an empty text. */
const WCHAR *or_null(const WCHAR *text);

#endif
