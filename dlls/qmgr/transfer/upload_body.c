/*
 * What an upload's requests are made of: the local file's bytes and the packet's headers.
 *
 * Called by upload.c, http_options.c, share_upload.c and libcurl on the transfer thread; calls the
 * file system, as the helper where the job has one.
 */
#include "upload.h"

#include <stdlib.h>
#include <string.h>

/* What libcurl hands to a socket at once: under Wine each send is a round trip. */
#define SEND_BUFFER (512u * 1024)
/* The last fragment's answer may wait for the server's application (ack-for-fragment): so many
 * times as long as other silence. */
#define APPLICATION_PATIENCE 5

/* Size and time of the file as they are now. Returns a Win32 code. */
static DWORD read_version(HANDLE file, UINT64 *size, UINT64 *modified)
{
    BY_HANDLE_FILE_INFORMATION information;

    if (!GetFileInformationByHandle(file, &information))
        return GetLastError();
    *size = (UINT64)information.nFileSizeHigh << 32 | information.nFileSizeLow;
    *modified = (UINT64)information.ftLastWriteTime.dwHighDateTime << 32 |
                information.ftLastWriteTime.dwLowDateTime;
    return ERROR_SUCCESS;
}

/* Writers are let in: that they were there shows in size and time. */
DWORD upload_open_file(struct download *download)
{
    struct upload *upload = download->upload;
    HANDLE token = download->spec.token;
    DWORD error = ERROR_SUCCESS;

    if (token && !SetThreadToken(NULL, token))
        return GetLastError();
    upload->file = CreateFileW(download->spec.path, GENERIC_READ,
                               FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                               OPEN_EXISTING, FILE_FLAG_SEQUENTIAL_SCAN, NULL);
    if (upload->file == INVALID_HANDLE_VALUE)
        error = GetLastError();
    if (token)
        SetThreadToken(NULL, NULL);
    return error ? error : read_version(upload->file, &upload->size, &upload->modified);
}

struct failure upload_failure_changed(void)
{
    struct failure failure = {
        .hr = BC_E_LOCAL_FILE_CHANGED, .context = BG_ERROR_CONTEXT_LOCAL_FILE, .discard = TRUE};

    return failure;
}

BOOL upload_same_file(struct download *download, struct failure *failure)
{
    struct upload *upload = download->upload;
    UINT64 size = 0, modified = 0;
    DWORD error = read_version(upload->file, &size, &modified);

    *failure = error ? failure_local(error) : upload_failure_changed();
    return !error && size == upload->size && modified == upload->modified;
}

/* libcurl wants the next bytes of the packet's body. */
static size_t read_body(char *buffer, size_t size, size_t count, void *user)
{
    struct download *download = user;
    struct upload *upload = download->upload;
    UINT64 left = upload->packet.length - upload->sent, offset;
    OVERLAPPED where = {0};
    DWORD wanted = (DWORD)(size * count), done = 0;

    if (download->cancelled)
        return CURL_READFUNC_ABORT;
    if (!left)
        return 0;
    if (wanted > left)
        wanted = (DWORD)left;
    offset = upload->packet.offset + upload->sent;
    where.Offset = (DWORD)offset;
    where.OffsetHigh = (DWORD)(offset >> 32);
    if (!ReadFile(upload->file, buffer, wanted, &done, &where) || !done) {
        DWORD error = GetLastError();

        upload->read_failed = TRUE;
        upload->failure = done || error == ERROR_HANDLE_EOF || !error ? upload_failure_changed()
                                                                      : failure_local(error);
        return CURL_READFUNC_ABORT;
    }
    upload->sent += done;
    event_progress(download, offset + done, GetTickCount64());
    return done;
}

/* The body once more, for another attempt with credentials or on another connection. */
static int seek_body(void *user, curl_off_t offset, int origin)
{
    struct upload *upload = ((struct download *)user)->upload;

    if (origin != SEEK_SET || offset < 0 || (UINT64)offset > upload->packet.length)
        return CURL_SEEKFUNC_FAIL;
    upload->sent = (UINT64)offset;
    return CURL_SEEKFUNC_OK;
}

BOOL upload_is_own_header(struct bc_span name)
{
    struct bc_span head = name;

    head.len = head.len < 5 ? head.len : 5;
    return bc_span_is(head, "bits-") || bc_span_is(name, "content-name") ||
           bc_span_is(name, "content-encoding") || bc_span_is(name, "expect");
}

/* The lines of a packet become headers of the request; libcurl makes the length itself. */
static BOOL add_packet_headers(struct download *download)
{
    const struct upload *upload = download->upload;
    char *text = malloc(BC_UPLOAD_HEADERS_SIZE), *next;
    BOOL good =
        text && bc_succeeded(bc_upload_packet_format(&upload->state, &upload->packet, upload->name,
                                                     text, BC_UPLOAD_HEADERS_SIZE));

    for (char *line = text; good && *line; line = next) {
        next = strstr(line, "\r\n");
        *next = 0;
        next += 2;
        if (_strnicmp(line, "Content-Length:", 15))
            good = http_add_header(download, line);
    }
    free(text);
    return good;
}

/* TRUE when the client's headers have a type for the body, which libcurl would else make one up
 * for. */
static BOOL has_content_type(const struct download *download)
{
    const char *line = download->spec.custom_headers;

    for (; line && *line; line += strcspn(line, "\n"), line += *line == '\n')
        if (!_strnicmp(line, "Content-Type:", 13))
            return TRUE;
    return FALSE;
}

BOOL upload_options(struct download *download, CURL *easy)
{
    const struct transfer_options *options = &download->transfer->options;
    struct upload *upload = download->upload;
    UINT64 end = upload->packet.offset + upload->packet.length;

    bc_upload_ack_init(&upload->ack);
    upload->sent = 0;
    upload->read_failed = FALSE;
    upload->asked_at = GetTickCount64();
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST,
                     upload->plain ? download->spec.method : BC_UPLOAD_METHOD);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)upload->packet.length);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_body);
    curl_easy_setopt(easy, CURLOPT_READDATA, download);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek_body);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, download);
    if (upload->packet.length > SEND_BUFFER && !download->spec.rate)
        curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)SEND_BUFFER);
    if (upload->spec.order == UPLOAD_FILE && end == upload->size)
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                         (long)((options->stall_timeout_ms + 999) / 1000 * APPLICATION_PATIENCE));
    return http_add_header(download, "Expect:") &&
           (has_content_type(download) || http_add_header(download, "Content-Type:")) &&
           (upload->plain || add_packet_headers(download));
}
