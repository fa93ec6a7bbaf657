/*
 * The BITS upload protocol, both sides.
 *
 * Owns the packets (bits-upload-protocol and the pages of each packet): their headers written and
 * read, the client's choice of the next packet after an acknowledgement, and the server's verdict
 * on a request. Called by the transfers (client) and by the BITS server; calls bc_http and bc_url.
 * No I/O: the caller sends and receives, and stores what the pages say must survive.
 */
#ifndef BITSCORE_BC_UPLOAD_H
#define BITSCORE_BC_UPLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bitscore/bc_http.h>
#include <bitscore/bc_url.h>

/* The request method of every packet. */
#define BC_UPLOAD_METHOD "BITS_POST"
/* The one upload protocol there is, "BITS 1.5 Upload Protocol" (create-session). */
#define BC_UPLOAD_PROTOCOL "{7df0354d-249b-430f-820d-3d2a9bef4931}"
/* A session identifier is any text of at most 100 characters (ack-for-create-session). */
#define BC_UPLOAD_SESSION_MAX 100
/* BITSHostId is limited to 300 characters (bits-iis-extension-properties). */
#define BC_UPLOAD_HOST_MAX 300
/* A Content-Name, as UTF-8. */
#define BC_UPLOAD_NAME_MAX 1023
/* Bytes that hold the headers of any packet, as written here. */
#define BC_UPLOAD_HEADERS_SIZE 8192
/* How often a session may be lost, or fragments in a row bring nothing, before the job waits. */
#define BC_UPLOAD_STALL_MAX 3

enum bc_packet {
    BC_PACKET_NONE,
    BC_PACKET_PING,
    BC_PACKET_CREATE_SESSION,
    BC_PACKET_FRAGMENT,
    BC_PACKET_CLOSE_SESSION,
    BC_PACKET_CANCEL_SESSION,
    BC_PACKET_ACK
};

/* The value of BITS-Packet-Type for a packet, NULL for BC_PACKET_NONE. */
const char *bc_packet_name(enum bc_packet packet);

/* The packet of a BITS-Packet-Type value, BC_PACKET_NONE for any other text. */
enum bc_packet bc_packet_of(struct bc_span value);

/* ---- acknowledgements ---- */

/* The headers of an Ack that are of the upload protocol. The client reads it, the server fills it
 * in. Absent texts are "". */
struct bc_upload_ack {
    bool is_ack; /* BITS-Packet-Type: Ack was there */
    char session_id[BC_UPLOAD_SESSION_MAX + 1];
    char protocol[BC_UPLOAD_SESSION_MAX + 1];
    char host_id[BC_UPLOAD_HOST_MAX + 1];
    bool has_fallback;
    uint32_t fallback; /* BITS-Host-Id-Fallback-Timeout, seconds */
    bool has_received;
    uint64_t received; /* BITS-Received-Content-Range: offset of the next byte expected */
    char reply_url[BC_URL_UTF8_SIZE];
    int32_t error;          /* BITS-Error-Code, 0 when absent */
    uint32_t error_context; /* BITS-Error-Context, 0 when absent */
    bool malformed;         /* a header of the protocol was there and could not be read */
};

void bc_upload_ack_init(struct bc_upload_ack *ack);

/* Client: takes the next header line of an answer; a status line starts afresh. */
void bc_upload_ack_line(struct bc_upload_ack *ack, const char *line, size_t len);

/*
 * Server: writes the headers of an Ack, each ended by CR LF, with Content-Length: 0 (the pages
 * require it). Returns BC_S_OK, BC_E_INVALIDARG when a text holds control characters,
 * BC_E_WIN32_INSUFFICIENT_BUFFER; BC_UPLOAD_HEADERS_SIZE bytes suffice.
 */
int32_t bc_upload_ack_format(const struct bc_upload_ack *ack, char *buffer, size_t size);

/* ---- client ---- */

enum bc_upload_phase {
    BC_UPLOAD_PING,
    BC_UPLOAD_CREATE,
    BC_UPLOAD_SEND,
    BC_UPLOAD_REPLY, /* the file is there; the caller fetches reply_url ("" means no reply) */
    BC_UPLOAD_CLOSE,
    BC_UPLOAD_CANCEL,
    BC_UPLOAD_DONE
};

/* One upload. What has to survive a restart: session_id, host_id, has_fallback, fallback,
 * reply_url, offset, and whether the phase is REPLY or CLOSE. */
struct bc_upload {
    enum bc_upload_phase phase;
    bool wants_reply;  /* an upload-reply job */
    uint64_t total;    /* size of the local file */
    uint64_t offset;   /* bytes the server has acknowledged */
    uint64_t fragment; /* largest body of a Fragment, in bytes, > 0 */
    char session_id[BC_UPLOAD_SESSION_MAX + 1];
    char host_id[BC_UPLOAD_HOST_MAX + 1]; /* server to talk to instead of the URL's; "" none */
    bool has_fallback;
    uint32_t fallback;           /* seconds without connection after which host_id is given up */
    bool host_failing;           /* host_id could not be reached since host_failing_since */
    uint64_t host_failing_since; /* ms of a monotonic clock */
    unsigned stalls;             /* fragments in a row that brought nothing */
    unsigned lost;               /* sessions lost since the last TRANSIENT_ERROR */
    char reply_url[BC_URL_UTF8_SIZE];
};

/* A packet to send. */
struct bc_upload_packet {
    enum bc_packet type; /* BC_PACKET_NONE: nothing to send in this phase */
    uint64_t offset;     /* Fragment: first byte of the body */
    uint64_t length;     /* Fragment: bytes of the body; 0 only for an empty file */
};

enum bc_upload_verdict {
    BC_UPLOAD_NEXT,      /* go on with bc_upload_next */
    BC_UPLOAD_FINISHED,  /* the phase is DONE */
    BC_UPLOAD_TRANSIENT, /* TRANSIENT_ERROR with code and context; later go on with bc_upload_next
                          */
    BC_UPLOAD_FATAL      /* ERROR with code and context */
};

struct bc_upload_outcome {
    enum bc_upload_verdict verdict;
    int32_t code;
    enum bc_error_context context;
};

/* A new upload of total bytes, in fragments of at most fragment bytes (0 counts as 1). */
void bc_upload_init(struct bc_upload *upload, uint64_t total, uint64_t fragment, bool wants_reply);

/*
 * Goes on with a stored session; "" begins a new one. offset is what the server had acknowledged:
 * should it know less or more, its answer tells.
 */
void bc_upload_resume(struct bc_upload *upload, const char *session_id, uint64_t offset);

/* The reply has been fetched (or there was none): the session can be closed. */
void bc_upload_reply_done(struct bc_upload *upload);

/* The job was cancelled: the next packet is Cancel-Session, or nothing without a session. */
void bc_upload_cancel(struct bc_upload *upload);

/* The packet to send now. */
struct bc_upload_packet bc_upload_next(const struct bc_upload *upload);

/*
 * Writes the headers of a packet, each ended by CR LF, Content-Length included. file_name is the
 * last component of the local name, sent with the first fragment (control characters in it are
 * dropped). Returns BC_S_OK, BC_E_INVALIDARG for BC_PACKET_NONE, BC_E_WIN32_INSUFFICIENT_BUFFER;
 * BC_UPLOAD_HEADERS_SIZE bytes suffice.
 */
int32_t bc_upload_packet_format(const struct bc_upload *upload,
                                const struct bc_upload_packet *packet, const char *file_name,
                                char *buffer, size_t size);

/*
 * Takes the answer to a packet: its HTTP status and its Ack headers. Moves the upload on, or says
 * which error the job meets: BITS-Error-Code and -Context if given, else the status as HRESULT
 * (handling-server-application-errors); BC_E_CLIENT_SERVER_PROTOCOL_MISMATCH,
 * BC_E_INVALID_SERVER_RESPONSE. A lost session begins anew by itself, BC_UPLOAD_STALL_MAX times
 * before it is a transient error. Close and Cancel are repeated for 5xx only
 * (ack-for-close-session).
 */
struct bc_upload_outcome bc_upload_acked(struct bc_upload *upload,
                                         const struct bc_upload_packet *packet, int status,
                                         const struct bc_upload_ack *ack);

/* Notes whether the server named by host_id could be reached; now is ms of a monotonic clock. */
void bc_upload_connected(struct bc_upload *upload, bool connected, uint64_t now);

/*
 * Writes the URL to send to: the remote name, on the host of host_id unless its fallback time-out
 * is over (ack-for-create-session). BC_URL_WIRE_SIZE + BC_UPLOAD_HOST_MAX bytes suffice. Same
 * results as bc_url_to_wire.
 */
int32_t bc_upload_url(const struct bc_upload *upload, const struct bc_url *remote, uint64_t now,
                      char *buffer, size_t size);

/* ---- server ---- */

/* The headers of a request that are of the upload protocol. */
struct bc_upload_request {
    enum bc_packet type;
    char session_id[BC_UPLOAD_SESSION_MAX + 1];
    bool supports_protocol; /* BITS-Supported-Protocols names BC_UPLOAD_PROTOCOL */
    char content_name[BC_UPLOAD_NAME_MAX + 1];
    bool has_length;
    uint64_t length; /* Content-Length */
    bool has_range;
    uint64_t first; /* Content-Range of a Fragment */
    uint64_t count; /* bytes of the range, 0 for an empty file */
    uint64_t total;
    bool encoded;   /* Content-Encoding other than identity */
    bool malformed; /* a header of the protocol was there and could not be read */
};

void bc_upload_request_init(struct bc_upload_request *request);

/* Takes the next header line of a request (not the request line). */
void bc_upload_request_line(struct bc_upload_request *request, const char *line, size_t len);

/*
 * Judges a request by itself. Returns 200, or the status to answer with: 400 for a packet that is
 * unknown, malformed or lacks a header it needs, 411 for a fragment without a length, 415 for a
 * content encoding. *error then gets the BITS-Error-Code (BC_E_CLIENT_SERVER_PROTOCOL_MISMATCH or
 * BC_E_INVALIDARG), else BC_S_OK.
 */
int bc_upload_request_check(const struct bc_upload_request *request, int32_t *error);

/* What a server keeps of a session. */
struct bc_upload_session {
    uint64_t received; /* bytes written, from offset zero without gaps */
    bool has_total;
    uint64_t total;   /* size of the file, from the first fragment */
    uint64_t maximum; /* BITSMaximumUploadSize, UINT64_MAX for none */
};

/* What to do with the body of a Fragment. */
struct bc_upload_verdict_fragment {
    int status;     /* 200, 400, 413 or 416 */
    int32_t error;  /* BITS-Error-Code, BC_S_OK with 200 */
    uint64_t skip;  /* bytes of the body to drop: they are there already */
    uint64_t write; /* bytes to write at session->received after that */
    bool complete;  /* with them the file is complete */
};

/*
 * Judges a checked Fragment (fragment, ack-for-fragment): overlaps are skipped, never written
 * again; a gap is 416, a total that changed is 400, one above the maximum 413 with BC_E_TOO_LARGE.
 * The session is not changed: add the bytes really written to received.
 */
struct bc_upload_verdict_fragment bc_upload_fragment_check(const struct bc_upload_session *session,
                                                           const struct bc_upload_request *request);

#endif
