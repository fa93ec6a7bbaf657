/*
 * What results mean, in English sentences.
 *
 * Owns the descriptions of every symbol of bitsmsg.h, of the Win32 and COM errors a job meets most,
 * and of the error contexts. Called for GetErrorDescription and GetErrorContextDescription
 * (nf-bits-ibackgroundcopymanager-geterrordescription,
 * nf-bits-ibackgroundcopyerror-geterrorcontextdescription), by bitsadmin and for the event log.
 * All strings are static and UTF-8 (plain ASCII), without a line end.
 */
#ifndef BITSCORE_BC_ERRTEXT_H
#define BITSCORE_BC_ERRTEXT_H

#include <stddef.h>
#include <stdint.h>

#include <bitscore/bc_result.h>

struct bc_errtext {
    int32_t code;
    const char *symbol; /* the SDK's name, for example "BG_E_NOT_FOUND" */
    const char *text;
};

/*
 * Finds the entry of an HRESULT; NULL for codes not in the table (the caller may then ask the
 * system). HTTP statuses without a symbol of their own are found by bc_errtext_http.
 */
const struct bc_errtext *bc_errtext_find(int32_t hr);

/* The description of an HRESULT, NULL when there is none. */
const char *bc_errtext_describe(int32_t hr);

/*
 * Writes the description of an HTTP status as HRESULT that has no entry ("The server answered with
 * HTTP status 418."). Returns BC_S_OK, BC_E_INVALIDARG when hr is no HTTP status,
 * BC_E_WIN32_INSUFFICIENT_BUFFER. 64 bytes suffice.
 */
int32_t bc_errtext_http(int32_t hr, char *buffer, size_t size);

/* The description of a BG_ERROR_CONTEXT; NULL for a value outside the enumeration. */
const char *bc_errtext_context(uint32_t context);

/* The whole table, for tests and listings; *count gets its length. */
const struct bc_errtext *bc_errtext_table(size_t *count);

#endif
