/*
 * Transfers: bytes from the network (or a share) into a local file. libcurl's multi interface on
 * one thread and a few flush threads.
 *
 * The engine starts downloads and is told of what happens by events; policy (which file next, when
 * to retry, which state) is the engine's. Events arrive on the transfer thread or a flush thread,
 * one at a time per download; a handler may take the engine lock shortly, must not wait, and may
 * call any function here. char strings are UTF-8.
 */
#ifndef OPENBITS_TRANSFER_H
#define OPENBITS_TRANSFER_H

#include "../model.h"

struct transfer;
struct download;

/* Limits and sizes; zero means the default. */
struct transfer_options {
    ULONG receive_buffer; /* bytes; default 2 MiB for a large file (Wine pays per receive), less for
                             small */
    ULONG flush_threads;  /* default 8 */
    ULONG checkpoint_bytes;   /* flush and report durable after so many new bytes; default 32 MiB */
    ULONG checkpoint_ms;      /* ... or so long after the last; default 1000 */
    ULONG unflushed_bytes;    /* a download with more unflushed bytes waits; default 256 MiB */
    ULONG connect_timeout_ms; /* default 60000 */
    ULONG stall_timeout_ms; /* no byte for so long ends the download as transient; default 60000 */
    ULONG connections_per_host; /* default 8 */
    UINT64 piece_bytes;         /* no request asks for more of a file; default 2 GiB
                                   (nn-bits-ibackgroundcopycallback, best-practices-when-using-bits) */
};

/* Name and password for one target. */
struct transfer_credential {
    BG_AUTH_TARGET target;
    BG_AUTH_SCHEME scheme;
    const char *user; /* NULL with NTLM or NEGOTIATE: the owner's own identity */
    const char *password;
};

struct transfer_proxy {
    BG_JOB_PROXY_USAGE usage;
    const char *list;   /* as in SetProxySettings */
    const char *bypass; /* "<local>", wildcards */
};

/* What an upload does (bits-upload-protocol). The file, its reply and the end of its session are
 * orders of their own, so that the caller can store what one has brought before the next begins. */
enum upload_order {
    UPLOAD_FILE,  /* sends the file; ends when the server has all of it */
    UPLOAD_CLOSE, /* Close-Session */
    UPLOAD_CANCEL /* Cancel-Session */
};

/* A session at the server; strings live until the handler returns. */
struct upload_session {
    const char *id;    /* "": none is open */
    const char *host;  /* BITS-Host-Id, "": none */
    BOOL has_fallback; /* BITS-Host-Id-Fallback-Timeout was given, in seconds */
    ULONG fallback;
};

/* All must be given; on the transfer thread, as the other events. */
struct upload_events {
    /* The local file was opened: its size, and its last write as FILETIME. */
    void (*began)(void *context, UINT64 size, UINT64 modified);
    /* The server has answered, for the first time of this order. */
    void (*answered)(void *context);
    /* A session was opened, or lost. */
    void (*session)(void *context, const struct upload_session *session);
    /* The server has so many bytes; fewer than before when it lost some. */
    void (*acknowledged)(void *context, UINT64 bytes);
};

struct upload_spec {
    enum upload_order order;
    BOOL wants_reply; /* an upload-reply job */
    const char *name; /* Content-Name: the local name without its path */
    struct upload_session session;
    UINT64 host_failing_since; /* tick since which the session's host is out of reach, 0: it is not;
                                  from the last result */
    UINT64 size;               /* of the local file when the upload began, with its last write: */
    UINT64 modified;           /* another one now is an error. BG_SIZE_UNKNOWN: it begins now */
    const struct upload_events *events;
};

/* What to fetch and where to. Everything is copied by transfer_download(). */
struct download_spec {
    const char *url;    /* http, https, file or UNC (\\server\share\...) as the client gave it */
    const char *method; /* NULL: GET */
    const WCHAR *path;  /* the temporary file, hidden; \\?\ in front of a long one */
    /* TRUE: the file must not exist yet. FALSE: it is cut off at offset; when offset is 0 it is
     * made if it is missing. It is opened with the first good answer, or at once when offset is not
     * 0. */
    BOOL create;
    UINT64
    offset; /* bytes of the local file that are valid; what is behind them is cut off first */
    UINT64 remote_size; /* expected size of the remote file, BG_SIZE_UNKNOWN at first */
    const char *etag;   /* validators of the version the first offset bytes are of; NULL at first */
    const char *last_modified;
    const BG_FILE_RANGE
        *ranges; /* NULL: the whole file; else written one after the other in the order given */
    ULONG range_count;
    /* On-demand: each range goes to its own offset in the file instead, nothing is cut off, a file
     * shorter than offset is damaged, and bytes in events and result count what this download has
     * added. */
    BOOL sparse;
    BOOL
        dynamic_content; /* BITS_JOB_PROPERTY_DYNAMIC_CONTENT: no size, no range support demanded */
    UINT64
    maximum_size; /* what MAX_DOWNLOAD_SIZE leaves for this file; BG_SIZE_UNKNOWN: no limit */
    const char *custom_headers; /* CRLF separated, or NULL */
    struct transfer_proxy proxy;
    const struct transfer_credential *credentials;
    ULONG credential_count;
    const struct model_certificate *certificate; /* client certificate, or NULL */
    ULONG security_flags;                        /* BG_SSL_* and BG_HTTP_REDIRECT_POLICY_* */
    BOOL validate_server_certificate;            /* ask the certificate() event */
    UINT64 rate;                                 /* bytes per second at most, 0: no limit */
    BOOL foreground;
    HANDLE token;         /* impersonated for local files, NULL: own identity; duplicated */
    HANDLE network_token; /* the same for what is on a share, for finding proxies, and for
                             credentials without a name */
    ULONG acl_flags;      /* BG_COPY_FILE_*: what of a file's security its copy gets */
    /* A server that has no ranges is an error when there are bytes to go on from; FALSE: all of the
     * file is fetched again. */
    BOOL needs_ranges;
    /* A file that is written in one go stays open, for who renames it next. */
    BOOL keep_open;
    HANDLE user; /* the same without a network_token for proxies and credentials; duplicated */
    /* An upload: path is the file to send, offset what the server has of it. method NULL or
     * BITS_POST is the upload protocol, any other sends the file as the body of one request
     * (nf-bits10_2-ibackgroundcopyjobhttpoptions2-sethttpmethod). Of what is said about the local
     * file only path and token apply. NULL: a download. */
    const struct upload_spec *upload;
};

/* What the first good response said. Strings live until the handler returns. */
struct download_headers {
    UINT64
    total; /* bytes the local file will have, BG_SIZE_UNKNOWN when the server does not tell */
    UINT64 remote_size; /* size of the whole remote file */
    const char *etag;
    const char *last_modified;
    const char *text;      /* header lines of the final response, CRLF separated */
    const char *final_url; /* after redirects */
    BOOL restarted; /* the remote file changed or has no ranges: what was there is dropped, bytes
                       count from 0 */
};

struct download_result {
    HRESULT hr; /* S_OK: the file is whole, flushed and has the server's time; E_ABORT: cancelled */
    HANDLE file; /* the handler's, with the right to rename; NULL: the file is closed, as it is
                    without the spec's keep_open */
    BG_ERROR_CONTEXT context; /* where a failure arose */
    BOOL transient;           /* TRUE: worth trying again by itself */
    ULONG retry_after_ms;     /* from Retry-After, 0: none */
    UINT64 bytes;             /* bytes of the local file that are flushed */
    UINT64 total;
    UINT64 received;          /* body bytes received by this download */
    BOOL discard;             /* the bytes on the disk are of no use: begin again at 0 */
    const char *redirect_url; /* where BG_HTTP_REDIRECT_POLICY_DISALLOW kept it from going, or NULL;
                                 until the handler returns, as the next */
    const char *reply_url;    /* of an upload: absolute, NULL for none; until the handler returns */
    UINT64 host_failing_since; /* of an upload: for the next order's spec */
};

/* All optional but done. bytes count from the start of the local file. */
struct download_events {
    void (*connecting)(void *context);
    void (*headers)(void *context, const struct download_headers *headers);
    void (*progress)(void *context,
                     UINT64 bytes); /* received and written; at most every 50 ms per download */
    void (*durable)(void *context, UINT64 bytes); /* so many bytes are flushed */
    /* What the local file has is about to be dropped, for bytes of another version. S_OK when no
     * claim on it is stored any more; may block for a commit. */
    HRESULT (*dropping)(void *context);
    void (*range_filled)(void *context,
                         const BG_FILE_RANGE *range); /* sparse: this range is flushed */
    /* S_OK to go on. On a thread of its own, which may block; a durable() event may come beside it,
     * and a cancelled download ends only when it has returned. DER certificate, and the chain as a
     * serialized store. Comes after the certificate was found good, before anything is sent. */
    HRESULT(*certificate)
    (void *context, const BYTE *cert, ULONG cert_size, const BYTE *store, ULONG store_size);
    /* The last event; the download is freed when it returns. */
    void (*done)(void *context, const struct download_result *result);
};

/* Starts the threads. options may be NULL. Errors: E_OUTOFMEMORY, HRESULT_FROM_WIN32. */
HRESULT transfer_create(const struct transfer_options *options, struct transfer **transfer);

/* Cancels all downloads (their done events come), waits for them and for the threads. Takes NULL.
 */
void transfer_destroy(struct transfer *transfer);

/*
 * Begins a download; events may arrive before it returns (from other threads). Errors:
 * E_OUTOFMEMORY, E_INVALIDARG; no event comes then.
 */
HRESULT transfer_download(struct transfer *transfer, const struct download_spec *spec,
                          const struct download_events *events, void *context,
                          struct download **download);

/*
 * Asks a download to stop; done comes with E_ABORT once what was written is flushed. Never blocks,
 * harmless twice, not to be called after done has returned.
 */
void transfer_cancel(struct transfer *transfer, struct download *download);

/* Changes the rate limit of a running download; bytes per second, 0: none. */
void transfer_set_rate(struct transfer *transfer, struct download *download, UINT64 rate);

#endif
