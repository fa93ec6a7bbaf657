/*
 * Custom request headers of a job.
 *
 * Owns the rules for the text a client gives to SetCustomHeaders and its split into single headers,
 * and the rule for the method of SetHttpMethod. Called by the COM facade (checks) and the transfers
 * (split); calls bc_text and bc_http. Text is UTF-8.
 */
#ifndef BITSCORE_BC_HEADERS_H
#define BITSCORE_BC_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bitscore/bc_text.h>

/* All custom headers together, in UTF-16 units, the terminator included
 * (nf-bits2_5-ibackgroundcopyjobhttpoptions-setcustomheaders). */
#define BC_HEADERS_MAX_CHARS 16384
/* A method given to SetHttpMethod, in characters. */
#define BC_METHOD_MAX_CHARS 128

/*
 * Checks the text given to SetCustomHeaders: lines "Name: value", each ended by CR LF or LF (the
 * end of the last may be missing). Returns BC_S_OK; BC_E_STRING_TOO_LONG past 16,384 characters;
 * BC_E_INVALIDARG for text that is no list of headers (an empty line, a missing colon, a bare CR or
 * another control character, malformed UTF-8) or sets a header BITS itself controls. NULL and ""
 * are BC_S_OK: they remove the headers.
 */
int32_t bc_headers_check(const char *text);

/*
 * Takes the next header of a checked text: *cursor starts at the text and is moved on; *line gets
 * "Name: value" without its end. False at the end of the text.
 */
bool bc_headers_next(const char **cursor, struct bc_span *line);

/*
 * True for names a client may not set, because they frame the message, belong to the connection, or
 * are what BITS asks with: Content-Length, Transfer-Encoding, Connection and their relatives, Range
 * and the conditions, and every name that begins with "BITS-".
 */
bool bc_headers_reserved(struct bc_span name);

/*
 * Checks a method given to SetHttpMethod: a token of RFC 9110 of at most BC_METHOD_MAX_CHARS
 * characters. Returns BC_S_OK or BC_E_INVALIDARG.
 */
int32_t bc_headers_check_method(const char *method);

#endif
