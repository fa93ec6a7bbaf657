/*
 * What the two halves of bc_url share: bc_url.c parses whole names, bc_url_form.c parses the
 * references of redirects with the same rules. Private to bitscore.
 */
#ifndef BITSCORE_BC_URL_PARTS_H
#define BITSCORE_BC_URL_PARTS_H

#include <bitscore/bc_url.h>

static inline bool bc_url_is_slash(char c)
{
    return c == '/' || c == '\\';
}

/* The text from begin up to end. */
static inline struct bc_span bc_url_take(const char *begin, const char *end)
{
    return (struct bc_span){begin, (size_t)(end - begin)};
}

/* Reads "/path?query#fragment" into url. */
void bc_url_parse_tail(const char *text, struct bc_url *url);

/* Reads what follows "http://"; url->scheme is set. Returns BC_S_OK or BC_E_INVALIDARG. */
int32_t bc_url_parse_http(const char *text, struct bc_url *url);

#endif
