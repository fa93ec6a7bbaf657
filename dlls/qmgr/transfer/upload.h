/*
 * What upload.c and upload_body.c share, and nobody else uses.
 */
#ifndef OPENBITS_TRANSFER_UPLOAD_H
#define OPENBITS_TRANSFER_UPLOAD_H

#include "transfer_private.h"

#include <bitscore/bc_upload.h>

struct upload {
    struct upload_spec spec; /* its strings are not used: the name is here, the rest in state */
    char *name;
    BOOL plain; /* one request with a method of the client's own */
    struct bc_upload state;
    struct bc_upload_packet packet;
    struct bc_upload_ack ack;
    UINT64 sent;        /* bytes of the packet's body that libcurl has taken */
    UINT64 limit;       /* the largest fragment that the server takes */
    ULONGLONG asked_at; /* tick of the packet */
    BOOL has_answered;
    BOOL read_failed; /* libcurl was stopped: the local file gave no more; *failure says why */
    struct failure failure;
    HANDLE file;
    UINT64 size, modified;
    char *reply_url;
    struct share_upload *share; /* the target is a file */
};

/* upload_body.c */
/* Opens the local file and looks at its size and time. A Win32 code. */
DWORD upload_open_file(struct download *download);
/* The local file is not the one any more that the upload began with. */
struct failure upload_failure_changed(void);

#endif
