/*
 * Small text tools shared by the parsers.
 *
 * Owns spans (text that is not null-terminated), ASCII comparison without locale, UTF-8 checking
 * and a bounded output buffer that remembers overflow. Called by every parser of bitscore and free
 * for its callers; calls nothing but the C library.
 */
#ifndef BITSCORE_BC_TEXT_H
#define BITSCORE_BC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bitscore/bc_result.h>

/* A piece of somebody else's text. ptr may be NULL only when len is 0. */
struct bc_span {
    const char *ptr;
    size_t len;
};

/* A span over a null-terminated string; NULL gives the empty span. */
struct bc_span bc_span_of(const char *text);

/* True when both spans hold the same bytes. */
bool bc_span_equal(struct bc_span a, struct bc_span b);

/* True when both spans are equal, ASCII letters compared without case. */
bool bc_span_equal_nocase(struct bc_span a, struct bc_span b);

/* True when the span equals a null-terminated word, ASCII letters compared without case. */
bool bc_span_is(struct bc_span span, const char *word);

/* The span without spaces and tabs at both ends (the optional white space of RFC 9110). */
struct bc_span bc_span_trim(struct bc_span span);

/*
 * Reads a span of one or more decimal digits and nothing else into *out. False on any other
 * character, on an empty span and when the value does not fit in 64 bits; *out is then untouched.
 */
bool bc_span_to_u64(struct bc_span span, uint64_t *out);

/* ASCII character classes that do not depend on the locale. */
bool bc_is_digit(char c);
bool bc_is_alpha(char c);
bool bc_is_hex(char c);
char bc_to_lower(char c);
/* Value of a hexadecimal digit, -1 for any other character. */
int bc_hex_value(char c);

/*
 * Checks that text is well-formed UTF-8 (no overlong forms, surrogates or values above U+10FFFF)
 * and counts the UTF-16 units it makes, the unit in which BITS states its limits. False when it is
 * malformed; *units is then untouched. units may be NULL.
 */
bool bc_utf8_units(const char *text, size_t len, size_t *units);

/*
 * Bounded output. Writes go to a buffer the caller owns; what does not fit is dropped and
 * remembered, so that a builder checks once, at the end, with bc_out_finish.
 */
struct bc_out {
    char *buffer;
    size_t size; /* bytes of buffer, the terminator included */
    size_t used;
    bool overflow;
};

void bc_out_init(struct bc_out *out, char *buffer, size_t size);
void bc_out_char(struct bc_out *out, char c);
void bc_out_text(struct bc_out *out, const char *text);
void bc_out_span(struct bc_out *out, struct bc_span span);
void bc_out_u64(struct bc_out *out, uint64_t value);

/*
 * Terminates the text. Returns BC_S_OK, or BC_E_WIN32_INSUFFICIENT_BUFFER when something was
 * dropped; the buffer then holds the empty string (if it has any room at all).
 */
int32_t bc_out_finish(struct bc_out *out);

#endif
