/*
 * Words of the command line and their values, both ways: priorities, states, authentication schemes
 * and so on; and the parsers for numbers and flags. Pure functions, called by every handler.
 */
#ifndef BITSADMIN_WORDS_H
#define BITSADMIN_WORDS_H

#include "bitsadmin.h"

struct word {
    const WCHAR *text; /* NULL ends a list */
    ULONG value;
};

extern const struct word job_type_words[];      /* BG_JOB_TYPE */
extern const struct word job_state_words[];     /* BG_JOB_STATE */
extern const struct word job_priority_words[];  /* BG_JOB_PRIORITY */
extern const struct word proxy_usage_words[];   /* BG_JOB_PROXY_USAGE */
extern const struct word auth_target_words[];   /* BG_AUTH_TARGET */
extern const struct word auth_scheme_words[];   /* BG_AUTH_SCHEME */
extern const struct word cert_location_words[]; /* BG_CERT_STORE_LOCATION */
extern const struct word boolean_words[];       /* TRUE, FALSE */

/* The word for a value, L"UNKNOWN" where there is none. */
const WCHAR *word_for(const struct word *words, ULONG value);

/* The value of a word, in any case. Says what was expected and returns false where it is none of
 * them; `what` names the argument, such as L"priority". */
bool word_value(const struct word *words, const WCHAR *what, const WCHAR *text, ULONG *value);

/* True for "/name" and "-name" in any case. */
bool is_switch(const WCHAR *argument, const WCHAR *name);

/* True for anything that starts like a switch. */
bool looks_like_switch(const WCHAR *argument);

/* An unsigned 32-bit number, decimal or 0x-hexadecimal, nothing after it. Says what is wrong and
 * returns false otherwise. */
bool parse_number(const WCHAR *what, const WCHAR *text, ULONG *value);

/* "OGDS" in any order and case to BG_COPY_FILE_*; says what is wrong and returns false otherwise.
 */
bool parse_acl_flags(const WCHAR *text, DWORD *flags);

/* "offset:length,offset:length,..." with "eof" for a length; the array is the caller's to free().
 * Says what is wrong and returns false otherwise. */
struct _BG_FILE_RANGE;
bool parse_ranges(const WCHAR *text, struct _BG_FILE_RANGE **ranges, DWORD *count);

/* Pairs of hexadecimal digits, exactly size of them; says what is wrong and returns false
 * otherwise.
 */
bool parse_hex(const WCHAR *what, const WCHAR *text, BYTE *bytes, size_t size);

/* NULL for the word "NULL" in any case and for an empty text, as the tool's pages use it. */
const WCHAR *null_word(const WCHAR *text);

#endif
