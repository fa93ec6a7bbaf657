/*
 * Words and numbers of the command line. See words.h; the lists come from the pages of the commands
 * (bitsadmin-setpriority, bitsadmin-setcredentials, bitsadmin-setproxysettings ...).
 */
#include "words.h"

#include <bits2_5.h>
#include <errno.h>
#include <stdlib.h>
#include <wchar.h>

#include "output.h"

const struct word job_type_words[] = {{L"DOWNLOAD", BG_JOB_TYPE_DOWNLOAD},
                                      {L"UPLOAD", BG_JOB_TYPE_UPLOAD},
                                      {L"UPLOAD-REPLY", BG_JOB_TYPE_UPLOAD_REPLY},
                                      {NULL, 0}};

const struct word job_state_words[] = {{L"QUEUED", BG_JOB_STATE_QUEUED},
                                       {L"CONNECTING", BG_JOB_STATE_CONNECTING},
                                       {L"TRANSFERRING", BG_JOB_STATE_TRANSFERRING},
                                       {L"SUSPENDED", BG_JOB_STATE_SUSPENDED},
                                       {L"ERROR", BG_JOB_STATE_ERROR},
                                       {L"TRANSIENT_ERROR", BG_JOB_STATE_TRANSIENT_ERROR},
                                       {L"TRANSFERRED", BG_JOB_STATE_TRANSFERRED},
                                       {L"ACKNOWLEDGED", BG_JOB_STATE_ACKNOWLEDGED},
                                       {L"CANCELED", BG_JOB_STATE_CANCELLED},
                                       {NULL, 0}};

const struct word job_priority_words[] = {{L"FOREGROUND", BG_JOB_PRIORITY_FOREGROUND},
                                          {L"HIGH", BG_JOB_PRIORITY_HIGH},
                                          {L"NORMAL", BG_JOB_PRIORITY_NORMAL},
                                          {L"LOW", BG_JOB_PRIORITY_LOW},
                                          {NULL, 0}};

const struct word proxy_usage_words[] = {{L"PRECONFIG", BG_JOB_PROXY_USAGE_PRECONFIG},
                                         {L"NO_PROXY", BG_JOB_PROXY_USAGE_NO_PROXY},
                                         {L"OVERRIDE", BG_JOB_PROXY_USAGE_OVERRIDE},
                                         {L"AUTODETECT", BG_JOB_PROXY_USAGE_AUTODETECT},
                                         {NULL, 0}};

const struct word auth_target_words[] = {
    {L"SERVER", BG_AUTH_TARGET_SERVER}, {L"PROXY", BG_AUTH_TARGET_PROXY}, {NULL, 0}};

const struct word auth_scheme_words[] = {
    {L"BASIC", BG_AUTH_SCHEME_BASIC},       {L"DIGEST", BG_AUTH_SCHEME_DIGEST},
    {L"NTLM", BG_AUTH_SCHEME_NTLM},         {L"NEGOTIATE", BG_AUTH_SCHEME_NEGOTIATE},
    {L"PASSPORT", BG_AUTH_SCHEME_PASSPORT}, {NULL, 0}};

const struct word cert_location_words[] = {
    {L"CURRENT_USER", BG_CERT_STORE_LOCATION_CURRENT_USER},
    {L"LOCAL_MACHINE", BG_CERT_STORE_LOCATION_LOCAL_MACHINE},
    {L"CURRENT_SERVICE", BG_CERT_STORE_LOCATION_CURRENT_SERVICE},
    {L"SERVICES", BG_CERT_STORE_LOCATION_SERVICES},
    {L"USERS", BG_CERT_STORE_LOCATION_USERS},
    {L"CURRENT_USER_GROUP_POLICY", BG_CERT_STORE_LOCATION_CURRENT_USER_GROUP_POLICY},
    {L"LOCAL_MACHINE_GROUP_POLICY", BG_CERT_STORE_LOCATION_LOCAL_MACHINE_GROUP_POLICY},
    {L"LOCAL_MACHINE_ENTERPRISE", BG_CERT_STORE_LOCATION_LOCAL_MACHINE_ENTERPRISE},
    {NULL, 0}};

const struct word boolean_words[] = {{L"TRUE", TRUE}, {L"FALSE", FALSE}, {NULL, 0}};

const WCHAR *word_for(const struct word *words, ULONG value)
{
    for (; words->text; words++) {
        if (words->value == value)
            return words->text;
    }
    return L"UNKNOWN";
}

bool word_value(const struct word *words, const WCHAR *what, const WCHAR *text, ULONG *value)
{
    const struct word *word;

    for (word = words; word->text; word++) {
        if (!_wcsicmp(word->text, text)) {
            *value = word->value;
            return true;
        }
    }
    output_print(L"\"%ls\" is not a valid %ls. Use ", text, what);
    for (word = words; word->text; word++) {
        const WCHAR *separator = !word[1].text ? L".\n" : !word[2].text ? L" or " : L", ";
        output_print(L"%ls%ls", word->text, separator);
    }
    return false;
}

bool looks_like_switch(const WCHAR *argument)
{
    return argument[0] == '/' || argument[0] == '-';
}

bool is_switch(const WCHAR *argument, const WCHAR *name)
{
    return looks_like_switch(argument) && !_wcsicmp(argument + 1, name);
}

/* Digits only up to the end character; wcstoull would also take signs and spaces. */
static bool scan_number(const WCHAR *text, UINT64 max, const WCHAR **end, UINT64 *value)
{
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const WCHAR *at = hex ? text + 2 : text;
    WCHAR *stop;

    if (!(hex ? iswxdigit(*at) : iswdigit(*at)) || *at > 127)
        return false;
    errno = 0;
    *value = wcstoull(at, &stop, hex ? 16 : 10);
    *end = stop;
    return !errno && *value <= max;
}

bool parse_number(const WCHAR *what, const WCHAR *text, ULONG *value)
{
    const WCHAR *end;
    UINT64 number;

    if (!scan_number(text, MAXDWORD, &end, &number) || *end) {
        output_print(L"\"%ls\" is not a valid %ls: a number from 0 to 4294967295 is expected.\n",
                     text, what);
        return false;
    }
    *value = (ULONG)number;
    return true;
}

bool parse_acl_flags(const WCHAR *text, DWORD *flags)
{
    const WCHAR *at;

    *flags = 0;
    for (at = text; *at; at++) {
        switch (*at) {
        case 'o':
        case 'O':
            *flags |= BG_COPY_FILE_OWNER;
            break;
        case 'g':
        case 'G':
            *flags |= BG_COPY_FILE_GROUP;
            break;
        case 'd':
        case 'D':
            *flags |= BG_COPY_FILE_DACL;
            break;
        case 's':
        case 'S':
            *flags |= BG_COPY_FILE_SACL;
            break;
        default:
            output_print(L"\"%ls\" are not valid ACL flags. Use one or more of O, G, D and S.\n",
                         text);
            return false;
        }
    }
    return true;
}

static bool scan_range(const WCHAR **at, BG_FILE_RANGE *range)
{
    if (!scan_number(*at, MAXLONGLONG, at, &range->InitialOffset) || **at != ':')
        return false;
    ++*at;
    if (!_wcsnicmp(*at, L"eof", 3)) {
        range->Length = BG_LENGTH_TO_EOF;
        *at += 3;
        return true;
    }
    return scan_number(*at, MAXLONGLONG, at, &range->Length);
}

bool parse_ranges(const WCHAR *text, BG_FILE_RANGE **ranges, DWORD *count)
{
    const WCHAR *at = text;
    BG_FILE_RANGE *list;
    size_t size = 1;

    for (; *at; at++)
        size += *at == ',';
    list = calloc(size, sizeof(*list));
    if (!list) {
        output_print(L"Out of memory.\n");
        return false;
    }
    *count = 0;
    for (at = text;; at++) {
        if (!scan_range(&at, &list[(*count)++]) || (*at && *at != ','))
            break;
        if (!*at) {
            *ranges = list;
            return true;
        }
    }
    output_print(L"\"%ls\" is not a valid list of ranges. Use offset:length pairs with commas\n"
                 L"between them; eof as a length means up to the end of the file.\n",
                 text);
    free(list);
    return false;
}

static int hex_digit(WCHAR digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

bool parse_hex(const WCHAR *what, const WCHAR *text, BYTE *bytes, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        int high = hex_digit(text[2 * i]);
        int low = high < 0 ? -1 : hex_digit(text[2 * i + 1]);
        if (low < 0)
            break;
        bytes[i] = (BYTE)(high << 4 | low);
    }
    if (i == size && !text[2 * i])
        return true;
    output_print(L"\"%ls\" is not a valid %ls: %u hexadecimal digits are expected.\n", text, what,
                 (unsigned)(2 * size));
    return false;
}

const WCHAR *null_word(const WCHAR *text)
{
    return *text && _wcsicmp(text, L"NULL") ? text : NULL;
}
