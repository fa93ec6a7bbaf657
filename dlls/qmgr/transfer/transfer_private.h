/*
 * The inside of the transfers, shared by the files of this folder and by nobody else.
 *
 * Three kinds of threads meet here. The transfer thread owns libcurl and every struct download
 * except the few fields marked otherwise. Worker threads (the pool) flush, close, copy from shares
 * and wait for answers. Callers of transfer.h only put a download on the list of posted ones and
 * wake the transfer thread. Lock order: event lock of a download, then the lock of the transfer;
 * the pool's lock is a leaf.
 */
#ifndef OPENBITS_TRANSFER_PRIVATE_H
#define OPENBITS_TRANSFER_PRIVATE_H

#include <winsock2.h>
#include "transfer.h"

#include <curl/curl.h>

#include <bitscore/bc_http.h>
#include <bitscore/bc_url.h>

/* Bytes of one answer's head that are kept; a longer head is an invalid answer. */
#define HEAD_MAX (64u * 1024)
/* Bytes of a body nobody wants that are read to keep the connection, instead of closing it. */
#define DRAIN_MAX (64u * 1024)
/* Times one download begins again from zero by itself because the remote file changed. */
#define RESTART_MAX 5
/* Shortest time between two progress events of one download, in ms. */
#define PROGRESS_MS 50
/* Receive buffer, bytes, until the length of the body is known. */
#define FIRST_BUFFER (32u * 1024)
/* And of a body that is not large, or may come only slowly. */
#define SMALL_BUFFER (128u * 1024)
/* A file of up to so many bytes may come in one piece; until then it is kept in memory. */
#define HOLD_MAX (64u * 1024)
/* But no longer than this, in ms. */
#define HOLD_MS 100
/* Easy handles kept for the next download. */
#define SPARE_HANDLES 64

/* ---- a list whose links lie in its elements ---- */

struct link {
    struct link *next, *prev; /* both NULL when in no list */
};

static inline void link_init(struct link *head)
{
    head->next = head->prev = head;
}

static inline BOOL link_empty(const struct link *head)
{
    return head->next == head;
}

static inline BOOL link_in_list(const struct link *item)
{
    return item->next != NULL;
}

static inline void link_append(struct link *head, struct link *item)
{
    item->prev = head->prev;
    item->next = head;
    head->prev->next = item;
    head->prev = item;
}

static inline void link_remove(struct link *item)
{
    if (!item->next)
        return;
    item->prev->next = item->next;
    item->next->prev = item->prev;
    item->next = item->prev = NULL;
}

#define container_of(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

/* ---- workers (pool.c) ---- */

/* One piece of work; owned by the caller, who must not touch it before run() has been called. */
struct work {
    struct link link;
    void (*run)(struct work *work);
};

struct pool;

/* A pool of at most threads threads, made when they are first needed. */
HRESULT pool_create(ULONG threads, struct pool **pool);
/* Runs work on some thread, in the order it came. Never fails: if no thread can be made and none
 * is there, the caller runs it. */
void pool_submit(struct pool *pool, struct work *work);
/* Waits until the queue is empty and ends the threads. */
void pool_destroy(struct pool *pool);

/* ---- errors (errors.c) ---- */

/* An error with everything the engine wants to know of it. */
struct failure {
    HRESULT hr;
    BG_ERROR_CONTEXT context;
    BOOL transient;
    BOOL discard;
};

/* Out of memory. */
struct failure failure_memory(void);
/* The connection was closed too early. */
struct failure failure_closed(void);
/* Fatal error of the remote side with a code of BITS itself. */
struct failure failure_remote(HRESULT hr);
/* Error of the local file; error is a Win32 code. */
struct failure failure_local(DWORD error);
/* Error while reading a file on a share; error is a Win32 code. */
struct failure failure_share(DWORD error);
/* What libcurl reports; reads the details of the transfer from easy. */
struct failure failure_curl(CURL *easy, CURLcode code);
/* From bitscore's judgement of an answer. */
struct failure failure_http(const struct bc_http_meaning *meaning);

/* ---- the local file (sink.c) ---- */

struct sink {
    HANDLE file; /* INVALID_HANDLE_VALUE while closed */
    struct pool *pool;
    const WCHAR *path; /* the download's */
    HANDLE token;      /* impersonated while opening, may be NULL */

    /* Writer only: the transfer thread, or the copying worker. */
    UINT64 position;      /* of the file pointer; unknown after an error */
    UINT64 flush_asked;   /* written when the last flush was asked for */
    ULONGLONG flush_time; /* of the last flush, before it of the opening */
    char *held; /* the bytes written so far of a small file that is not opened yet, or NULL */
    size_t held_room;
    BOOL held_create;
    BOOL keep_open; /* of a held file: finished() is to find it open, if all goes well */

    /* Under lock. */
    SRWLOCK lock;
    struct work work;
    UINT64 written; /* bytes written since the file's beginning; sparse: since the start */
    UINT64 durable; /* how many of them are flushed */
    ULONG epoch;    /* number of restarts */
    BOOL busy;      /* work is queued or running */
    BOOL again;     /* a flush was asked for while busy */
    BOOL finish;    /* flush, set the time, close, tell finished() */
    BOOL has_time;  /* time is to be set */
    FILETIME time;
    DWORD error; /* Win32 code of the first flush that failed */

    /* On a pool thread. flushed(): bytes up to durable are safe, or the flush failed (error).
     * finished(): the file is closed, or open as keep_open says; error tells the first
     * failure. */
    void (*flushed)(struct sink *sink, UINT64 durable, ULONG epoch);
    void (*finished)(struct sink *sink, DWORD error);
};

void sink_init(struct sink *sink, struct pool *pool, const WCHAR *path, HANDLE token);
/*
 * Opens the file. create: it must not exist yet. Otherwise it is opened and cut off at offset
 * (made when offset is 0 and it is missing); keep leaves what is behind offset alone. Returns a
 * Win32 code; ERROR_HANDLE_EOF when the file is shorter than offset.
 */
DWORD sink_open(struct sink *sink, BOOL create, UINT64 offset, BOOL keep);
/*
 * In place of sink_open() for a new file of size bytes, written front to back: the bytes are kept
 * in memory until sink_finish() opens the file on its worker, or sink_unhold() is called. Without
 * memory it is a sink_open().
 */
DWORD sink_hold(struct sink *sink, BOOL create, size_t size);
/* Opens a held file and writes what there is of it; nothing for others. Returns a Win32 code. */
DWORD sink_unhold(struct sink *sink);
/* Whether bytes can be written. */
static inline BOOL sink_is_open(const struct sink *sink)
{
    return sink->file != INVALID_HANDLE_VALUE || sink->held;
}
/* Frees what a sink that was never finished still holds. */
void sink_free(struct sink *sink);
/* Writes at position and counts length bytes as written. Returns a Win32 code. */
DWORD sink_write(struct sink *sink, UINT64 position, const void *data, size_t length);
/* Cuts the file to nothing, counts from zero. Returns a Win32 code. */
DWORD sink_restart(struct sink *sink);
/* Asks for a flush if enough is written or enough time has passed since the last; force: if
 * anything at all is unflushed. */
void sink_checkpoint(struct sink *sink, ULONG bytes, ULONG ms, ULONGLONG now, BOOL force);
/* Bytes written and not known to be flushed. */
UINT64 sink_unflushed(struct sink *sink);
/* Flushes, sets the time (NULL: leaves it), closes and calls finished(), on a pool thread. */
void sink_finish(struct sink *sink, const FILETIME *time);

/* ---- downloads ---- */

/* What the transfer thread is asked to do with a download. */
enum {
    TODO_START = 1,
    TODO_CANCEL = 2,
    TODO_RATE = 4,
    TODO_FLUSHED = 8,   /* room for more unflushed bytes */
    TODO_ANSWERED = 16, /* the proxy is known, the certificate was judged */
    TODO_PLACE = 32,    /* it is its turn to have a connection */
    TODO_COPIED = 64    /* share_copy wants to go on or to end */
};

enum download_state {
    STATE_NEW,
    STATE_PREPARING, /* a worker finds the proxy */
    STATE_WAITING,   /* for a connection to the host */
    STATE_RUNNING,   /* easy is in the multi handle */
    STATE_ASKING,    /* the certificate() event runs on a worker */
    STATE_COPYING,   /* a worker copies from a share */
    STATE_FINISHING, /* the last flush */
    STATE_ENDED
};

/* What is to happen once libcurl has let go of the request. */
enum outcome {
    OUTCOME_NONE,     /* nothing known yet */
    OUTCOME_BODY,     /* the body is wanted and written */
    OUTCOME_COMPLETE, /* there is nothing left to fetch */
    OUTCOME_CHANGED,  /* begin again from zero */
    OUTCOME_PIECES, /* the file is larger than what a request may ask for: its size is known now */
    OUTCOME_REDIRECT,
    OUTCOME_ANSWERED, /* an upload's packet */
    OUTCOME_ASK,      /* the client has to judge the server's certificate first */
    OUTCOME_FAILED
};

struct host;
struct share_copy;
struct share_upload;
struct upload;
struct server_certificate;

struct download {
    struct transfer *transfer;
    struct link link;    /* in transfer->downloads; transfer thread */
    struct link sibling; /* in transfer->everyone; under the transfer's lock, as the next four */
    struct link posted;  /* in transfer->posted */
    BOOL detached;       /* the transfer thread has let go of it: not to be posted */
    ULONG todo;          /* TODO_* */
    UINT64 new_rate;
    volatile LONG cancelled;

    struct download_events events;
    void *context;
    SRWLOCK event_lock; /* held while an event is delivered */
    UINT64 durable_told;
    BOOL connecting_told;

    /* The order, copied. */
    struct download_spec spec;
    LUID user_id; /* of the token that network_token, else user, was copied from: which one it is */
    enum download_state state;
    struct sink sink;
    struct share_copy *copy;
    struct upload *upload; /* of an upload */

    /* The version being fetched. */
    struct bc_validators known;
    BOOL told_headers; /* the headers event came for this version */
    ULONG restarts;
    UINT64 total; /* bytes the local file will have */

    /* Where in the file. */
    ULONG range;        /* index of the range being fetched */
    UINT64 range_done;  /* bytes of it that are written */
    UINT64 position;    /* bytes of the local file, or of this download when sparse */
    UINT64 body_length; /* of this answer, or BC_SIZE_UNKNOWN */
    UINT64 limit;       /* body bytes still wanted from this answer, or BC_SIZE_UNKNOWN */
    UINT64 received;
    struct bc_http_request request;

    /* The request under way. */
    struct host *host;   /* where it waits for a connection or has one (hosts.c) */
    struct link waiting; /* in the host's line */
    CURL *easy;
    struct curl_slist *headers;
    char *url;          /* of the request, as it goes over the wire */
    char *redirect_url; /* a redirect that the policy disallows */
    ULONG redirects;
    BOOL left_origin; /* a redirect led to another origin: no credentials, no custom headers */
    struct bc_http_response response;
    char *head; /* lines of the answer's head */
    size_t head_size, head_room;
    INT64 answered_at; /* when the answer began, seconds since 1970 */
    char *location;
    enum outcome outcome;
    UINT64 drained;
    struct failure failure;
    ULONG retry_after_ms;
    BOOL paused;
    ULONGLONG progress_time;

    char *proxy;         /* proxies to try, for libcurl; "" for none; NULL: not yet known */
    ULONG proxy_index;   /* which of them */
    ULONG auth_round[2]; /* which credentials are tried, by BG_AUTH_TARGET - 1 */
    /* Basic or Digest, when that is what the server has asked for: of an upload the next request
     * has it from the start. With Digest it is asked for with an empty body then, before the body
     * goes. */
    unsigned long scheme;
    struct server_certificate *certificate; /* asked about or accepted (tls.c) */
    struct work work;                       /* preparing */
    HRESULT prepared;                       /* what it came to */
};

/* What was found out about proxies a moment ago (proxy.c). */
struct proxy_answer {
    char *key, *proxies;
    ULONGLONG time;
};

/* A server's certificate that was found good a moment ago (tls.c). */
struct tls_verdict {
    BYTE hash[20];
    char host[256];
    ULONG flags;
    ULONGLONG time;
};

/* wait.c: where the transfer thread sleeps. */
struct waiter;
HRESULT waiter_create(struct waiter **waiter);
void waiter_destroy(struct waiter *waiter); /* takes NULL */
void waiter_wake(struct waiter *waiter);    /* from any thread */
void waiter_wait(struct waiter *waiter, CURLM *multi, int timeout_ms);

struct transfer {
    struct transfer_options options;
    struct pool *pool;
    HANDLE thread;

    SRWLOCK lock;
    CONDITION_VARIABLE empty; /* everyone has become empty while closing */
    struct link everyone;     /* every download until its done event has returned */
    struct link posted;
    BOOL sleeping, woken, closing;

    SRWLOCK proxy_lock;
    struct proxy_answer proxy_cache[16];
    ULONG proxy_next;

    /* The transfer thread's own. */
    struct tls_verdict verdicts[16];
    ULONG verdict_next;
    CURLM *multi;
    struct waiter *waiter;
    struct link downloads;
    struct link hosts;
    CURL *spare[SPARE_HANDLES];
    ULONG spare_count;
    ULONGLONG scan_time;
};

/* transfer.c: seconds since 1970; time() is dear under Wine. */
INT64 time_now(void);
/* transfer.c: asks the transfer thread to look at the download; any thread. */
void transfer_post(struct download *download, ULONG todo);
/* transfer.c: the transfer thread lets go of a download, whose last flush frees it. */
void transfer_detach(struct download *download);
/* transfer.c: frees a download after its last event; any thread. */
void transfer_release(struct download *download);
/* transfer.c: an easy handle for a request; transfer thread. NULL: out of memory. */
CURL *transfer_take_easy(struct transfer *transfer);
void transfer_give_easy(struct transfer *transfer, CURL *easy);

/* download.c: all on the transfer thread, but for download_create and download_free. */
HRESULT download_create(struct transfer *transfer, const struct download_spec *spec,
                        const struct download_events *events, void *context,
                        struct download **download);
void download_free(struct download *download);
/* Acts on what was posted. */
void download_look(struct download *download, ULONG todo);
/* Called every now and then: checkpoints that time asks for. TRUE: call again soon. */
BOOL download_tick(struct download *download, ULONGLONG now);
/* Ends the download: flushes what is written, closes, tells. It may be gone afterwards. */
void download_end(struct download *download, const struct failure *failure);
/* Ends it with S_OK, and with E_ABORT. */
void download_succeed(struct download *download);
void download_abort(struct download *download);
/* TRUE when every byte that was ordered is written. */
BOOL download_is_whole(const struct download *download);
/* Opens the sink if it is not open. FALSE: *failure is set. */
BOOL download_open_sink(struct download *download, struct failure *failure);
/* Cuts the local file to nothing and counts from zero, for a new version of the remote file. FALSE:
 * *failure is set. */
BOOL download_restart(struct download *download, struct failure *failure);

/* events.c: deliver events, one at a time. */
void event_connecting(struct download *download);
void event_headers(struct download *download, const struct download_headers *headers);
void event_progress(struct download *download, UINT64 bytes, ULONGLONG now);
void event_flushed(struct sink *sink, UINT64 durable, ULONG epoch);
void event_finished(struct sink *sink, DWORD error);

/* http.c: requests and answers; transfer thread. Most of them may end the download. */
void http_start(struct download *download, const struct bc_url *url);
/* Acts on what was posted while STATE_RUNNING. */
void http_look(struct download *download, ULONG todo);
/* The worker of STATE_PREPARING or STATE_ASKING is done. */
void http_answered(struct download *download);
/* Something was posted while STATE_WAITING. */
void http_place(struct download *download);
/* libcurl has finished the request. */
void http_done(struct download *download, CURLcode code);
/* Finds the proxy and sends the next request. */
void http_request(struct download *download);
/* A method of the client's own: nothing is known of what the server makes of it. */
BOOL http_own_method(const struct download *download);
/* Sends the next request to another URL, which is taken over. */
void http_go_to(struct download *download, char *url);
/* Takes the request away from libcurl. */
void http_stop(struct download *download);
void http_free(struct download *download);

/* hosts.c: a place among the connections to the host of download->url. S_FALSE: TODO_PLACE is
 * posted when there is one; E_OUTOFMEMORY. */
HRESULT host_enter(struct download *download);
/* Gives the place back, or stops waiting for one; harmless without. */
void host_leave(struct download *download);

/* answer.c: libcurl's callbacks, on the transfer thread, and what an answer means. */
size_t answer_header(char *data, size_t size, size_t count, void *user);
size_t answer_body(char *data, size_t size, size_t count, void *user);
/* Settles download->outcome from the head that was read. */
void answer_decide(struct download *download);

/* ... how long the server asked to be left alone. */
void answer_note_retry_after(struct download *download);

/* upload.c, upload_body.c: the packets of an upload; transfer thread, but for upload_create and
 * upload_free. */
HRESULT upload_create(struct download *download, const struct upload_spec *spec);
void upload_free(struct upload *upload); /* takes NULL */
/* Begins; may end the download. */
void upload_start(struct download *download, const struct bc_url *url);
/* What libcurl has to know of the packet that is due. FALSE: out of memory. */
BOOL upload_options(struct download *download, CURL *easy);
/* TRUE for headers of the protocol, which no custom header may replace. */
BOOL upload_is_own_header(struct bc_span name);
/* A line of the answer's head. */
void upload_header(struct download *download, const char *line, size_t length);
/* The answer is complete, or there will be none; may end the download. */
void upload_answered(struct download *download);
void upload_unanswered(struct download *download, struct failure failure);
/* Something was posted while STATE_COPYING; may end the upload. */
void upload_look(struct download *download);
/* FALSE: the local file is not the one any more that the upload began with
 * (file-transfer-consistency). Any thread, while nobody else uses the upload. */
BOOL upload_same_file(struct download *download, struct failure *failure);
/* Adds what the caller has to know of the end. */
void upload_result(const struct download *download, struct download_result *result);

/* version.c: the version of the remote file that is fetched, called by the writer. FALSE: *failure
 * is set. */
/* An answer of this version was accepted: checks it against the order, opens the sink, tells the
 * headers. restart: what is on the disk is of another one. */
BOOL version_accept(struct download *download, BOOL restart, const struct bc_validators *said,
                    struct failure *failure);
/* Writes the next bytes, tells progress, checkpoints. */
BOOL version_write(struct download *download, const void *data, size_t length,
                   struct failure *failure);

/* http_options.c: everything libcurl has to know of a request. hr of the result is S_OK or why the
 * request cannot be made. */
struct failure http_options(struct download *download, CURL *easy);
/* One more line for the request that is being made. FALSE: out of memory. */
BOOL http_add_header(struct download *download, const char *line);
/* Remembers which scheme the server asks for, so that the next packet of an upload need not be sent
 * twice. */
void http_note_schemes(struct download *download, CURL *easy);
/* After a 401 (BG_AUTH_TARGET_SERVER) or 407: TRUE when there are other credentials to try. */
BOOL http_next_credentials(struct download *download, BG_AUTH_TARGET target);

/* tls.c: what is checked of the server, and the client certificate. S_OK, or why the request cannot
 * be made. */
struct failure tls_options(struct download *download, CURL *easy);
/* Asks the client for its judgement of the certificate, on a thread of its own. */
void tls_ask(struct download *download);
/* ... it has answered: goes on or ends the download. */
void tls_answered(struct download *download);
void tls_free(struct download *download);

/* proxy.c: finds the proxies for download->url and leaves them in download->proxy. S_FALSE: it has
 * to be asked again by a thread that may block (block TRUE). Errors: E_OUTOFMEMORY,
 * BG_E_INVALID_PROXY_INFO. */
HRESULT proxy_find(struct download *download, BOOL block);
/* The proxy to try now, "" for none. Lives as long as the download's url. */
const char *proxy_current(struct download *download);
/* Frees what is kept about proxies. */
void proxy_forget(struct transfer *transfer);
/* Goes on to the next proxy; FALSE: there is none. */
BOOL proxy_next(struct download *download);

/* share_copy.c: sources on a share or a drive; transfer thread. */
void share_copy_start(struct download *download, const struct bc_url *url);
void share_copy_look(struct download *download);
/* As download_tick(). */
BOOL share_copy_tick(struct download *download, ULONGLONG now);
void share_copy_free(struct share_copy *copy);

/* share_upload.c: targets on a share or a drive; transfer thread. NULL: out of memory. */
struct share_upload *share_upload_start(struct download *download, const struct bc_url *url);
/* TRUE: it has ended, with *failure. */
BOOL share_upload_look(struct share_upload *share, struct failure *failure);
void share_upload_free(struct share_upload *share); /* takes NULL */

/* share_acl.c: gives the copy what of the source's security the BG_COPY_FILE_* flags name. A Win32
 * code, ERROR_ACCESS_DENIED also for a privilege that is missing. */
DWORD share_acl_copy(const WCHAR *source, const WCHAR *target, HANDLE token, ULONG flags);

#endif
