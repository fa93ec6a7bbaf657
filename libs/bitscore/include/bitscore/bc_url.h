/*
 * Remote names: the URLs, UNC names and drive paths a file of a job comes from or goes to.
 *
 * Owns their grammar and limits (ns-bits-_bg_file_info, RemoteName), the form in which a URL goes
 * over the wire, the resolution of redirects, the redirect policy and the replacement of prefixes.
 * Called by the COM facade (validation), the engine and the transfers; calls bc_text and bc_path.
 * Text is UTF-8; every function only reads its input and writes to buffers of the caller.
 */
#ifndef BITSCORE_BC_URL_H
#define BITSCORE_BC_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bitscore/bc_text.h>

/* A remote name has at most this many UTF-16 units, the terminator not counted. */
#define BC_URL_MAX_CHARS 2200
/* Each segment of its path has at most this many (MAX_PATH). */
#define BC_URL_SEGMENT_MAX_CHARS 260
/* Bytes that hold any valid remote name as UTF-8 with its terminator. */
#define BC_URL_UTF8_SIZE (3 * BC_URL_MAX_CHARS + 1)
/* Bytes that hold any valid remote name in wire form, each byte escaped, with its terminator. */
#define BC_URL_WIRE_SIZE (9 * BC_URL_MAX_CHARS + 16)
/* Redirects followed for one request before the last 3xx answer becomes the error. */
#define BC_URL_MAX_REDIRECTS 10

/* Security flags that carry the redirect policy
 * (nf-bits2_5-ibackgroundcopyjobhttpoptions-setsecurityflags). */
#define BC_REDIRECT_ALLOW_SILENT        0x0000u
#define BC_REDIRECT_ALLOW_REPORT        0x0100u
#define BC_REDIRECT_DISALLOW            0x0200u
#define BC_REDIRECT_MASK                0x0700u
#define BC_REDIRECT_ALLOW_HTTPS_TO_HTTP 0x0800u

enum bc_scheme {
    BC_SCHEME_HTTP,
    BC_SCHEME_HTTPS,
    BC_SCHEME_UNC,       /* \\server\share\... */
    BC_SCHEME_DRIVE,     /* X:\... */
    BC_SCHEME_FILE_UNC,  /* file://server/share/... */
    BC_SCHEME_FILE_DRIVE /* file:///X:/... */
};

/* The parts of a remote name: spans into the text that was parsed. Absent parts have length 0. */
struct bc_url {
    enum bc_scheme scheme;
    struct bc_span userinfo; /* before the '@', without it; http and https only */
    struct bc_span host;     /* with the brackets of an IPv6 address; server name for UNC */
    uint16_t port;           /* given or default; 0 for files */
    bool has_port;           /* a port was written */
    struct bc_span path;     /* from the first separator after the host; drives: from the letter */
    struct bc_span query;    /* after the '?', without it */
    struct bc_span fragment; /* after the '#', without it */
    bool has_query;
};

/* True for http and https. */
bool bc_url_is_http(enum bc_scheme scheme);

/*
 * Splits a remote name and checks its characters, host and port, but not the length limits of BITS:
 * the form for names that come from a server. Returns BC_S_OK or BC_E_INVALIDARG; *url is defined
 * only on success and lives as long as text.
 */
int32_t bc_url_parse(const char *text, struct bc_url *url);

/*
 * Checks a remote name that a client gives to AddFile, AddFileSet, AddFileWithRanges, SetRemoteName
 * or ReplaceRemotePrefix: bc_url_parse plus the limits of 2,200 characters in all and 260 in each
 * segment of the path; names of files must name a file, hold no wildcard and no pipe or device.
 * url may be NULL. Returns BC_S_OK or BC_E_INVALIDARG (ns-bits-_bg_file_info).
 */
int32_t bc_url_check_remote_name(const char *text, struct bc_url *url);

/*
 * Writes the URL a client library is given: scheme and host in lower case, without user
 * information and fragment, backslashes as slashes, and everything that may not stand in a URL
 * percent-encoded (existing escapes stay as they are, the pages say that no escape processing is
 * performed). BC_URL_WIRE_SIZE bytes always suffice for a checked remote name.
 * Returns BC_S_OK, BC_E_INVALIDARG for schemes other than http and https,
 * BC_E_WIN32_INSUFFICIENT_BUFFER.
 */
int32_t bc_url_to_wire(const struct bc_url *url, char *buffer, size_t size);

/*
 * Writes the path and query of the wire form, beginning with '/': the request target of a message
 * and of a Digest calculation. Same results as bc_url_to_wire.
 */
int32_t bc_url_to_target(const struct bc_url *url, char *buffer, size_t size);

/*
 * Writes the Windows path of a remote name that is a file: \\server\share\... or X:\..., with
 * backslashes, the escapes of file:// names resolved. Returns BC_S_OK, BC_E_INVALIDARG for http and
 * for a path that escapes made invalid, BC_E_WIN32_INSUFFICIENT_BUFFER.
 */
int32_t bc_url_to_path(const struct bc_url *url, char *buffer, size_t size);

/*
 * Splits and decodes the user information of a URL (user[:password]) into two buffers. Returns
 * BC_S_OK, BC_S_FALSE when the URL has none (both are then empty strings), BC_E_INVALIDARG when an
 * escape makes a control character or malformed UTF-8, BC_E_WIN32_INSUFFICIENT_BUFFER.
 */
int32_t bc_url_userinfo(const struct bc_url *url, char *user, size_t user_size, char *password,
                        size_t password_size);

/*
 * Resolves the Location of a redirect against the http or https URL it answered (RFC 3986, 5.2) and
 * writes the result in wire form, dot segments removed. Returns BC_S_OK, BC_E_INVALIDARG when the
 * result is no http or https URL ("BITS does not support redirection to SMB"),
 * BC_E_WIN32_INSUFFICIENT_BUFFER.
 */
int32_t bc_url_resolve(const struct bc_url *base, const char *reference, char *buffer, size_t size);

/*
 * Tells whether a download may follow a redirect answer with this status from one URL to another,
 * given the job's security flags. Returns BC_S_OK, or the fatal error of the job: the HTTP status
 * as HRESULT, when redirects are disallowed or the new URL would leave https without leave to.
 * Whether the remote name changes is (flags & BC_REDIRECT_MASK) != BC_REDIRECT_ALLOW_SILENT.
 */
int32_t bc_url_redirect_allowed(uint32_t security_flags, const struct bc_url *from,
                                const struct bc_url *to, int status);

/*
 * True when two http(s) URLs share scheme, host and port: only then do credentials and custom
 * headers meant for one go to the other.
 */
bool bc_url_same_origin(const struct bc_url *a, const struct bc_url *b);

/*
 * ReplaceRemotePrefix for one name (nf-bits2_0-ibackgroundcopyjob3-replaceremoteprefix): when name
 * begins with old_prefix, byte for byte (case-sensitive, no locale), writes new_prefix plus the
 * rest to buffer and checks the result as a remote name. Returns BC_S_OK, BC_S_FALSE when the name
 * does not match (buffer is then untouched), BC_E_INVALIDARG for an empty prefix or an invalid
 * result, BC_E_WIN32_INSUFFICIENT_BUFFER is never given with BC_URL_UTF8_SIZE bytes.
 */
int32_t bc_url_replace_prefix(const char *name, const char *old_prefix, const char *new_prefix,
                              char *buffer, size_t size);

#endif
