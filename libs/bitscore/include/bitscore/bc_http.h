/*
 * HTTP answers: reading them and deciding what they mean for a file.
 *
 * Owns the parsing of header lines (RFC 9110), the dates, the validators, the table that turns a
 * status into an HRESULT, a class and an error context, and the decision what to do with the answer
 * to a (possibly resumed) download request. Called by the transfers; calls bc_text. Every line is
 * taken as hostile: parsing is bounded and an unusable header counts as absent or as an error.
 */
#ifndef BITSCORE_BC_HTTP_H
#define BITSCORE_BC_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bitscore/bc_text.h>

/* Longest entity tag that is kept, quotes included; a longer one counts as absent. */
#define BC_HTTP_ETAG_MAX 255
/* Size of an IMF-fixdate ("Sun, 06 Nov 1994 08:49:37 GMT") with its terminator. */
#define BC_HTTP_DATE_SIZE 30
/* Size of a Range header value with its terminator ("bytes=first-last"). */
#define BC_HTTP_RANGE_SIZE 56
/* Length that stands for "to the end of the file", BG_LENGTH_TO_EOF (ns-bits2_0-_bg_file_range). */
#define BC_LENGTH_TO_EOF UINT64_MAX
/* Total size that is not known, BG_SIZE_UNKNOWN. */
#define BC_SIZE_UNKNOWN UINT64_MAX

/* ---- dates ---- */

/*
 * Reads an HTTP date in any of the three forms of RFC 9110, 5.6.7 (IMF-fixdate, RFC 850, asctime).
 * now is the current time in seconds since 1970, UTC: RFC 850 years are taken less than 50 years in
 * its future. On success *seconds has seconds since 1970, UTC. False when the text is no date.
 */
bool bc_http_parse_date(struct bc_span text, int64_t now, int64_t *seconds);

/*
 * Writes an IMF-fixdate. BC_HTTP_DATE_SIZE bytes suffice. Returns BC_S_OK,
 * BC_E_INVALIDARG for a time outside the years 1601 to 9999, BC_E_WIN32_INSUFFICIENT_BUFFER.
 */
int32_t bc_http_format_date(int64_t seconds, char *buffer, size_t size);

/*
 * Seconds since 1970 to FILETIME (100 ns since 1601) and back. Times before 1601 or past the range
 * give 0; the way back rounds down to whole seconds.
 */
uint64_t bc_time_to_filetime(int64_t seconds);
int64_t bc_time_from_filetime(uint64_t filetime);

/* ---- header lines ---- */

/*
 * Splits a header line "Name: value" (with or without its line end) into name and trimmed value.
 * False when the line is no header: no colon, an empty name or one with characters that are not a
 * token, a control character in the value.
 */
bool bc_http_split_field(const char *line, size_t len, struct bc_span *name, struct bc_span *value);

/* A Content-Range value. */
struct bc_content_range {
    bool satisfied; /* first and last are given: not the "bytes * / total" of a 416 answer */
    uint64_t first; /* offset of the first byte of the body */
    uint64_t last;  /* offset of its last byte, >= first */
    uint64_t total; /* size of the whole file or BC_SIZE_UNKNOWN */
};

/* Reads a Content-Range value. False when malformed, reversed, beyond its total or not in bytes. */
bool bc_http_parse_content_range(struct bc_span value, struct bc_content_range *range);

/*
 * Writes the value of a Range header for length bytes from offset (length may be
 * BC_LENGTH_TO_EOF). Returns BC_S_OK, BC_E_INVALIDARG for an empty range or one that passes 2^64,
 * BC_E_WIN32_INSUFFICIENT_BUFFER.
 */
int32_t bc_http_format_range(uint64_t offset, uint64_t length, char *buffer, size_t size);

/* What tells one version of a file from another. Absent parts: "", has_… false, unknown size. */
struct bc_validators {
    char etag[BC_HTTP_ETAG_MAX + 1]; /* as sent, with quotes and W/; "" when absent */
    bool has_last_modified;
    int64_t last_modified; /* seconds since 1970, UTC */
    uint64_t total;        /* size of the whole file or BC_SIZE_UNKNOWN */
};

/* Validators of which nothing is known. */
void bc_validators_init(struct bc_validators *validators);

/* True when the entity tag is given and strong: fit for If-Match and If-Range. */
bool bc_validators_strong(const struct bc_validators *validators);

/*
 * True when both may describe the same version: nothing that both sides know differs. Entity tags
 * are compared weakly, times and sizes exactly (file-transfer-consistency: a file whose size or
 * time stamp changes is transferred anew).
 */
bool bc_validators_same(const struct bc_validators *a, const struct bc_validators *b);

/*
 * Chooses the value of an If-Range header for a resumed request: the strong entity tag, else the
 * last-modified date. Returns BC_S_OK, BC_S_FALSE when there is neither (buffer is then ""),
 * BC_E_WIN32_INSUFFICIENT_BUFFER. BC_HTTP_ETAG_MAX + 1 bytes suffice.
 */
int32_t bc_validators_if_range(const struct bc_validators *validators, char *buffer, size_t size);

/* Everything of an answer that the decisions here need. */
struct bc_http_response {
    int status;        /* 100 to 999, 0 before the status line */
    int version;       /* 10 * major + minor: 9, 10, 11, 20, 30 */
    bool malformed;    /* contradicting or unreadable framing headers */
    bool has_length;   /* Content-Length was given */
    bool chunked;      /* a Transfer-Encoding was given: the length is not known in advance */
    bool has_range;    /* a readable Content-Range was given */
    bool multipart;    /* Content-Type multipart/byteranges */
    bool encoded;      /* Content-Encoding other than identity */
    bool ranges_none;  /* Accept-Ranges: none */
    bool ranges_bytes; /* Accept-Ranges: bytes */
    bool has_retry_after;
    uint64_t length;      /* Content-Length */
    uint64_t retry_after; /* seconds from now, at most one day over a year */
    struct bc_content_range range;
    struct bc_validators validators; /* total from Content-Range or, for 200, Content-Length */
};

/* An answer of which nothing has been read. */
void bc_http_response_init(struct bc_http_response *response);

/*
 * Takes the next line of an answer's head, with or without its line end. A status line starts
 * afresh, so that interim answers (1xx), redirects and authentication rounds may pass through. now
 * is the current time in seconds since 1970. Unknown headers are ignored. Returns BC_S_OK,
 * or BC_E_INVALID_SERVER_RESPONSE when the line makes the answer unusable (malformed is then set).
 */
int32_t bc_http_response_line(struct bc_http_response *response, const char *line, size_t len,
                              int64_t now);

/* ---- what a status means ---- */

enum bc_http_class {
    BC_HTTP_SUCCESS,   /* the body is what was asked for: 200, 203, 206 */
    BC_HTTP_REDIRECT,  /* 301, 302, 303, 307, 308: follow the Location if policy allows */
    BC_HTTP_TRANSIENT, /* the job goes to TRANSIENT_ERROR and is tried again */
    BC_HTTP_FATAL      /* the job goes to ERROR */
};

struct bc_http_meaning {
    enum bc_http_class klass;
    int32_t code; /* BC_S_OK for success, else the status as HRESULT (BG_E_HTTP_ERROR_nnn) */
    enum bc_error_context context;
};

/*
 * Classifies the status of a download answer (handling-server-application-errors): 3xx are
 * transient except 300 to 305 and 307, which are fatal unless followed; 4xx fatal except 408 and
 * 409; 5xx transient except 501 and 505; all other codes transient. 407 has the general transport
 * as its context, all others the remote file.
 */
struct bc_http_meaning bc_http_classify(int status);

/* ---- what an answer means for a file ---- */

/* The request as it was sent. */
struct bc_http_request {
    uint64_t offset; /* first byte asked for: the bytes before it are on disk */
    uint64_t length; /* bytes asked for or BC_LENGTH_TO_EOF */
    bool ranged;     /* a Range header was sent; otherwise offset is 0, length to the end */
    bool user_range; /* the range was given by the client (AddFileWithRanges), not by a resume */
    bool dynamic;    /* BITS_JOB_PROPERTY_DYNAMIC_CONTENT: size and ranges are not required */
    struct bc_validators known; /* of the version whose bytes are on disk */
};

enum bc_http_verdict {
    BC_VERDICT_APPEND,         /* the body continues at request.offset */
    BC_VERDICT_RESTART,        /* the body is the whole file: write it from offset zero */
    BC_VERDICT_REMOTE_CHANGED, /* drop body and bytes on disk, ask for the whole file */
    BC_VERDICT_COMPLETE,       /* every byte is already on disk, there is no body to take */
    BC_VERDICT_REDIRECT,       /* follow the Location or fail with code */
    BC_VERDICT_ERROR           /* fail with code, class and context */
};

struct bc_http_decision {
    enum bc_http_verdict verdict;
    bool no_ranges;       /* RESTART because the server ignored the range, not for a change */
    uint64_t body_offset; /* offset in the remote file of the first byte of the body */
    uint64_t body_length; /* bytes of the body or BC_SIZE_UNKNOWN */
    uint64_t total;       /* size of the remote file or BC_SIZE_UNKNOWN */
    struct bc_http_meaning error; /* BC_HTTP_SUCCESS and BC_S_OK unless verdict is an error */
};

/*
 * Decides what becomes of the answer to a download request. APPEND and RESTART promise that the
 * body belongs to the version described by response.validators; bytes of two versions are never
 * mixed. Errors of its own: BC_E_MISSING_FILE_SIZE (no Content-Length, and not dynamic),
 * BC_E_INSUFFICIENT_RANGE_SUPPORT (a client's range and no 206), BC_E_INVALID_RANGE (it lies
 * outside the file), BC_E_INSUFFICIENT_HTTP_SUPPORT (older than HTTP/1.0),
 * BC_E_INVALID_SERVER_RESPONSE (contradicts itself or the request); all of them are fatal
 * (nf-bits2_0-ibackgroundcopyjob3-addfilewithranges, bits-return-values).
 */
struct bc_http_decision bc_http_decide(const struct bc_http_request *request,
                                       const struct bc_http_response *response);

#endif
