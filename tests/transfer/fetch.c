/* See fetch.h. */
#include "fetch.h"

#include "../server/pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct transfer *transfer;
static WCHAR folder[MAX_PATH];
static LONG names;

int fetch_setup(void **state)
{
    static const struct transfer_options options = {.checkpoint_ms = 200};
    const WCHAR *base = _wgetenv(L"OPENBITS_TEST_TEMP");

    if (!base)
        base = _wgetenv(L"TEMP");
    swprintf(folder, ARRAYSIZE(folder), L"%ls\\transfer-%lu-%ls", base, GetCurrentProcessId(),
             L"t");
    if (!CreateDirectoryW(folder, NULL))
        return -1;
    return FAILED(transfer_create(&options, &transfer)) ? -1 : 0;
}

int fetch_teardown(void **state)
{
    transfer_destroy(transfer);
    return RemoveDirectoryW(folder) ? 0 : -1; /* every test leaves it empty */
}

const char *server(const char *variable)
{
    const char *value = getenv(variable);

    if (!value) {
        print_message("%s is not set\n", variable);
        skip();
    }
    return value;
}

void fault_url(struct fetch *fetch, const char *parameters)
{
    char url[2400];

    /* The server counts the requests of each path, and may outlive this process. */
    snprintf(url, sizeof(url), "%sdata/x%lu-%llu-%ld?%s", server("OPENBITS_TEST_FAULT"),
             GetCurrentProcessId(), (unsigned long long)time(NULL), InterlockedIncrement(&names),
             parameters);
    fetch_init(fetch, url);
}

/* ---- events ---- */

static void enter(struct fetch *fetch)
{
    if (InterlockedIncrement(&fetch->inside) != 1 ||
        WaitForSingleObject(fetch->done, 0) == WAIT_OBJECT_0)
        fetch->out_of_order = TRUE;
    AcquireSRWLockExclusive(&fetch->lock);
}

static void leave(struct fetch *fetch)
{
    ReleaseSRWLockExclusive(&fetch->lock);
    InterlockedDecrement(&fetch->inside);
}

static void on_connecting(void *context)
{
    struct fetch *fetch = context;

    enter(fetch);
    fetch->connecting++;
    leave(fetch);
}

static void copy(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from ? from : "");
}

static void on_headers(void *context, const struct download_headers *headers)
{
    struct fetch *fetch = context;

    enter(fetch);
    fetch->headers++;
    fetch->restarts += headers->restarted;
    fetch->total = headers->total;
    fetch->remote_size = headers->remote_size;
    if (headers->restarted)
        fetch->durable = fetch->progress_bytes = 0;
    copy(fetch->etag, sizeof(fetch->etag), headers->etag);
    copy(fetch->last_modified, sizeof(fetch->last_modified), headers->last_modified);
    copy(fetch->final_url, sizeof(fetch->final_url), headers->final_url);
    free(fetch->text);
    fetch->text = _strdup(headers->text);
    if (fetch->cancel_in_headers)
        transfer_cancel(transfer, fetch->download);
    leave(fetch);
    SetEvent(fetch->first_bytes);
}

static void on_progress(void *context, UINT64 bytes)
{
    struct fetch *fetch = context;

    enter(fetch);
    fetch->progress++;
    if (bytes < fetch->progress_bytes)
        fetch->out_of_order = TRUE;
    fetch->progress_bytes = bytes;
    leave(fetch);
}

static void on_durable(void *context, UINT64 bytes)
{
    struct fetch *fetch = context;

    enter(fetch);
    if (bytes <= fetch->durable)
        fetch->out_of_order = TRUE;
    fetch->durable = bytes;
    fetch->durables++;
    leave(fetch);
}

static HRESULT on_dropping(void *context)
{
    struct fetch *fetch = context;

    enter(fetch);
    fetch->droppings++;
    fetch->dropping_size = file_size(fetch->path);
    leave(fetch);
    return fetch->dropping_answer;
}

static void on_range(void *context, const BG_FILE_RANGE *range)
{
    struct fetch *fetch = context;

    enter(fetch);
    if (fetch->filled_count < ARRAYSIZE(fetch->filled))
        fetch->filled[fetch->filled_count++] = *range;
    leave(fetch);
}

static HRESULT on_certificate(void *context, const BYTE *cert, ULONG cert_size, const BYTE *store,
                              ULONG store_size)
{
    struct fetch *fetch = context;

    if (fetch->hold)
        WaitForSingleObject(fetch->hold, DEADLINE_MS);
    AcquireSRWLockExclusive(&fetch->lock);
    fetch->certificates++;
    fetch->certificate_size = cert_size;
    fetch->store_size = store_size;
    ReleaseSRWLockExclusive(&fetch->lock);
    SetEvent(fetch->first_bytes);
    return fetch->certificate_answer;
}

static void on_done(void *context, const struct download_result *result)
{
    struct fetch *fetch = context;

    enter(fetch);
    fetch->result = *result;
    copy(fetch->redirect_url, sizeof(fetch->redirect_url), result->redirect_url);
    leave(fetch);
    SetEvent(fetch->done);
}

/* ---- orders ---- */

void fetch_init(struct fetch *fetch, const char *url)
{
    static const struct download_events events = {
        .connecting = on_connecting,
        .headers = on_headers,
        .progress = on_progress,
        .durable = on_durable,
        .dropping = on_dropping,
        .range_filled = on_range,
        .certificate = on_certificate,
        .done = on_done,
    };

    memset(fetch, 0, sizeof(*fetch));
    InitializeSRWLock(&fetch->lock);
    fetch->done = CreateEventW(NULL, TRUE, FALSE, NULL);
    fetch->first_bytes = CreateEventW(NULL, TRUE, FALSE, NULL);
    fetch->events = events;
    snprintf(fetch->url, sizeof(fetch->url), "%s", url);
    swprintf(fetch->path, ARRAYSIZE(fetch->path), L"%ls\\BIT%ld.tmp", folder,
             InterlockedIncrement(&names));
    fetch->spec.url = fetch->url;
    fetch->spec.path = fetch->path;
    fetch->spec.create = TRUE;
    fetch->spec.remote_size = UNKNOWN;
    fetch->spec.maximum_size = UNKNOWN;
    fetch->spec.proxy.usage = BG_JOB_PROXY_USAGE_NO_PROXY;
}

void fetch_begin(struct fetch *fetch)
{
    fetch->durable = fetch->progress_bytes = fetch->spec.sparse ? 0 : fetch->spec.offset;
    ResetEvent(fetch->done);
    ResetEvent(fetch->first_bytes);
    assert_int_equal(
        transfer_download(transfer, &fetch->spec, &fetch->events, fetch, &fetch->download), S_OK);
}

void fetch_wait(struct fetch *fetch)
{
    assert_int_equal(WaitForSingleObject(fetch->done, DEADLINE_MS), WAIT_OBJECT_0);
    assert_false(fetch->out_of_order);
    if (!fetch->spec.sparse &&
        !fetch->result.discard) /* what is claimed is what was told to be flushed */
        assert_true(fetch->result.bytes >= fetch->durable);
}

void fetch_run(struct fetch *fetch)
{
    fetch_begin(fetch);
    fetch_wait(fetch);
}

void fetch_again(struct fetch *fetch)
{
    fetch->spec.create = FALSE;
    fetch->spec.offset = fetch->result.discard ? 0 : fetch->result.bytes;
    fetch->spec.remote_size = fetch->remote_size;
    fetch->spec.etag = fetch->etag[0] ? _strdup(fetch->etag) : NULL;
    fetch->spec.last_modified = fetch->last_modified[0] ? _strdup(fetch->last_modified) : NULL;
    fetch_run(fetch);
    free((char *)fetch->spec.etag);
    free((char *)fetch->spec.last_modified);
    fetch->spec.etag = fetch->spec.last_modified = NULL;
}

void fetch_free(struct fetch *fetch)
{
    DeleteFileW(fetch->path);
    CloseHandle(fetch->done);
    CloseHandle(fetch->first_bytes);
    free(fetch->text);
}

/* ---- files ---- */

void check_part(const struct fetch *fetch, UINT64 position, UINT64 seed, UINT64 offset, UINT64 size)
{
    BYTE *buffer = malloc((size_t)size + 1);
    OVERLAPPED where = {.Offset = (DWORD)position, .OffsetHigh = (DWORD)(position >> 32)};
    HANDLE file = CreateFileW(fetch->path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                              OPEN_EXISTING, 0, NULL);
    DWORD done = 0;

    assert_non_null(buffer);
    assert_true(file != INVALID_HANDLE_VALUE);
    if (size)
        assert_true(ReadFile(file, buffer, (DWORD)size, &done, &where));
    CloseHandle(file);
    assert_int_equal(done, size);
    assert_int_equal(pattern_first_difference(seed, offset, buffer, (size_t)size), size);
    free(buffer);
}

void check_pattern(const struct fetch *fetch, UINT64 seed, UINT64 offset, UINT64 size)
{
    assert_int_equal(file_size(fetch->path), size);
    check_part(fetch, 0, seed, offset, size);
}

UINT64 file_size(const WCHAR *path)
{
    WIN32_FILE_ATTRIBUTE_DATA data;

    assert_true(GetFileAttributesExW(path, GetFileExInfoStandard, &data));
    return (UINT64)data.nFileSizeHigh << 32 | data.nFileSizeLow;
}

BOOL file_exists(const WCHAR *path)
{
    return GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES;
}

void write_file(const WCHAR *path, const void *data, DWORD size)
{
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    DWORD done;

    assert_true(file != INVALID_HANDLE_VALUE);
    assert_true(WriteFile(file, data, size, &done, NULL) && done == size);
    CloseHandle(file);
}

UINT64 generation_seed(UINT64 seed, ULONG generation)
{
    return seed + generation * (UINT64)1000003;
}

void check_failure(const struct fetch *fetch, HRESULT hr, BG_ERROR_CONTEXT context, BOOL transient)
{
    if (fetch->result.hr != hr || fetch->result.context != context ||
        fetch->result.transient != transient)
        fail_msg("%s: got %08lx context %d transient %d, not %08lx %d %d", fetch->url,
                 fetch->result.hr, fetch->result.context, fetch->result.transient, hr, context,
                 transient);
}

void check_success(const struct fetch *fetch, UINT64 size)
{
    if (FAILED(fetch->result.hr))
        fail_msg("%s: %08lx context %d", fetch->url, fetch->result.hr, fetch->result.context);
    assert_int_equal(fetch->result.bytes, size);
    assert_int_equal(fetch->result.total, size);
}
