/*
 * What the tests of the transfers share: one download from its order to its done event, with
 * everything that was told on the way.
 *
 * Used by the test programs of this folder; calls the transfers of qmgr.dll in this process. The
 * servers are those of scripts/test-env.
 */
#ifndef TESTS_TRANSFER_FETCH_H
#define TESTS_TRANSFER_FETCH_H

#include <winsock2.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "transfer/transfer.h"

/* How long anything may take before a test gives up, in ms. */
#define DEADLINE_MS 60000

#define UNKNOWN ((UINT64)BG_SIZE_UNKNOWN)

struct fetch {
    struct download_spec spec;
    struct download_events events; /* fetch_init() fills in all of them */
    char url[2400];
    WCHAR path[MAX_PATH + 300];
    struct download *download;
    HANDLE done, first_bytes; /* events: the end; bytes have come or the headers have */
    struct download_result result;

    /* Under lock until done. */
    SRWLOCK lock;
    ULONG connecting, headers, progress, durables, restarts;
    UINT64 progress_bytes, durable, total, remote_size;
    BOOL out_of_order; /* an event came beside or after another where it must not */
    volatile LONG inside;
    char etag[300], last_modified[64], final_url[2400], redirect_url[2400];
    char *text;
    BG_FILE_RANGE filled[64];
    ULONG filled_count;
    HRESULT dropping_answer;
    ULONG droppings;
    UINT64 dropping_size; /* of the local file when its bytes were about to be dropped */
    HRESULT certificate_answer;
    ULONG certificates, certificate_size, store_size;
    BOOL cancel_in_headers;
    HANDLE hold; /* waited for in the certificate event, when set */
};

/* The transfers every test of a program uses; made by fetch_setup(), ended by fetch_teardown(). */
extern struct transfer *transfer;
int fetch_setup(void **state);
int fetch_teardown(void **state);

/* A server's address from the environment; skips the test when the variable is not set. */
const char *server(const char *variable);
/* The fault server's address and a name nobody else uses, then the parameters: the URL of fetch. */
void fault_url(struct fetch *fetch, const char *parameters);

/* An order for url into a new name in the temporary folder. */
void fetch_init(struct fetch *fetch, const char *url);
void fetch_begin(struct fetch *fetch);
void fetch_wait(struct fetch *fetch);
/* fetch_begin() and fetch_wait(). */
void fetch_run(struct fetch *fetch);
/* Asks for what is missing after a failed run, as the engine would after a restart. */
void fetch_again(struct fetch *fetch);
/* Releases everything and deletes the local file. */
void fetch_free(struct fetch *fetch);

/* Fails the test unless the local file is exactly size bytes of the fault server's data. */
void check_pattern(const struct fetch *fetch, UINT64 seed, UINT64 offset, UINT64 size);
/* The same for a part of the file: size bytes at position are those from offset on. */
void check_part(const struct fetch *fetch, UINT64 position, UINT64 seed, UINT64 offset,
                UINT64 size);
UINT64 file_size(const WCHAR *path);
BOOL file_exists(const WCHAR *path);
void write_file(const WCHAR *path, const void *data, DWORD size);
/* The seed of a generation of the fault server's data. */
UINT64 generation_seed(UINT64 seed, ULONG generation);

/* A failure as it is expected. */
void check_failure(const struct fetch *fetch, HRESULT hr, BG_ERROR_CONTEXT context, BOOL transient);
void check_success(const struct fetch *fetch, UINT64 size);

#endif
