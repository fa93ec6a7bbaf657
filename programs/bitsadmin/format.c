/*
 * Values as the tool shows them. See format.h.
 */
#include "format.h"

#include <bits2_0.h>
#include <stdio.h>
#include <wchar.h>

const WCHAR *format_guid(const GUID *id, WCHAR text[GUID_TEXT])
{
    if (!StringFromGUID2(id, text, GUID_TEXT))
        text[0] = 0;
    return text;
}

const WCHAR *format_size(UINT64 bytes, WCHAR text[SIZE_TEXT])
{
    if (bytes == BG_SIZE_UNKNOWN)
        return wcscpy(text, L"UNKNOWN");
    _ui64tow_s(bytes, text, SIZE_TEXT, 10);
    return text;
}

const WCHAR *format_time(const FILETIME *time, WCHAR text[TIME_TEXT])
{
    SYSTEMTIME utc, local;
    int length;

    if ((!time->dwLowDateTime && !time->dwHighDateTime) || !FileTimeToSystemTime(time, &utc) ||
        !SystemTimeToTzSpecificLocalTime(NULL, &utc, &local))
        return wcscpy(text, L"UNKNOWN");
    length = GetDateFormatW(LOCALE_USER_DEFAULT, DATE_SHORTDATE, &local, NULL, text, TIME_TEXT / 2);
    if (!length)
        return wcscpy(text, L"UNKNOWN");
    text[length - 1] = ' ';
    if (!GetTimeFormatW(LOCALE_USER_DEFAULT, 0, &local, NULL, text + length, TIME_TEXT - length))
        text[length - 1] = 0;
    return text;
}

const WCHAR *format_acl_flags(DWORD flags, WCHAR text[FLAGS_TEXT])
{
    WCHAR *at = text;

    if (flags & BG_COPY_FILE_OWNER)
        *at++ = 'O';
    if (flags & BG_COPY_FILE_GROUP)
        *at++ = 'G';
    if (flags & BG_COPY_FILE_DACL)
        *at++ = 'D';
    if (flags & BG_COPY_FILE_SACL)
        *at++ = 'S';
    *at = 0;
    return text;
}

const WCHAR *or_null(const WCHAR *text)
{
    return text && *text ? text : L"NULL";
}
