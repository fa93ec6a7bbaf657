/*
 * Uploads without the engine, against the fault server's BITS endpoint (tests/server/bits_upload.py
 * is written from the documentation of the protocol, as the client is) and against servers that
 * know nothing of BITS.
 */
#include "fetch.h"

#include "../server/pattern.h"

#include <bitscore/bc_result.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define REMOTE      BG_ERROR_CONTEXT_REMOTE_FILE
#define LOCAL       BG_ERROR_CONTEXT_LOCAL_FILE
#define APPLICATION BG_ERROR_CONTEXT_REMOTE_APPLICATION
#define SEED        7
/* More than the first fragment. */
#define LARGE 700000

struct sent {
    struct fetch fetch; /* first: the events' context */
    struct upload_spec spec;
    char path[200], reply_url[2400];
    char session[200], host[400];
    BOOL has_fallback;
    ULONG fallback, sessions, answered, acknowledgements;
    UINT64 acknowledged, size, modified;
    BOOL change_file, cancel; /* when the first fragment is acknowledged */
};

static void on_began(void *context, UINT64 size, UINT64 modified)
{
    struct sent *sent = context;

    sent->size = size;
    sent->modified = modified;
}

static void on_answered(void *context)
{
    ((struct sent *)context)->answered++;
}

static void on_session(void *context, const struct upload_session *session)
{
    struct sent *sent = context;

    sent->sessions++;
    snprintf(sent->session, sizeof(sent->session), "%s", session->id);
    snprintf(sent->host, sizeof(sent->host), "%s", session->host);
    sent->has_fallback = session->has_fallback;
    sent->fallback = session->fallback;
}

/* As somebody does who knows nothing of the upload. */
static void append(const WCHAR *path)
{
    HANDLE file =
        CreateFileW(path, FILE_APPEND_DATA, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    DWORD done;

    WriteFile(file, "changed", 7, &done, NULL);
    CloseHandle(file);
}

static void on_acknowledged(void *context, UINT64 bytes)
{
    struct sent *sent = context;

    sent->acknowledged = bytes;
    sent->acknowledgements++;
    if (sent->change_file)
        append(sent->fetch.path);
    if (sent->cancel)
        transfer_cancel(transfer, sent->fetch.download);
}

static void on_done(void *context, const struct download_result *result)
{
    struct sent *sent = context;

    sent->fetch.result = *result;
    snprintf(sent->reply_url, sizeof(sent->reply_url), "%s",
             result->reply_url ? result->reply_url : "");
    SetEvent(sent->fetch.done);
}

static void on_progress(void *context, UINT64 bytes)
{
    struct fetch *fetch = context;

    fetch->progress++;
    fetch->progress_bytes = bytes;
}

/* An order to send size bytes of the pattern to a place of the fault server that nobody else uses.
 */
static void prepare(struct sent *sent, UINT64 size, const char *folder, const char *parameters)
{
    static const struct upload_events events = {on_began, on_answered, on_session, on_acknowledged};
    static LONG names;
    BYTE *data = malloc((size_t)size + 1);
    char url[2400];

    memset(sent, 0, sizeof(*sent));
    snprintf(sent->path, sizeof(sent->path), "/%s/u%lu-%llu-%ld", folder, GetCurrentProcessId(),
             (unsigned long long)time(NULL), InterlockedIncrement(&names));
    snprintf(url, sizeof(url), "%s%s?seed=%d&%s", server("OPENBITS_TEST_FAULT"), sent->path + 1,
             SEED, parameters);
    fetch_init(&sent->fetch, url);
    sent->fetch.events.progress = on_progress;
    sent->fetch.events.done = on_done;
    assert_non_null(data);
    pattern_fill(SEED, 0, data, (size_t)size);
    write_file(sent->fetch.path, data, (DWORD)size);
    free(data);
    sent->spec.name = "file.bin";
    sent->spec.size = UNKNOWN;
    sent->spec.events = &events;
    sent->fetch.spec.upload = &sent->spec;
}

static void run(struct sent *sent)
{
    ResetEvent(sent->fetch.done);
    assert_int_equal(transfer_download(transfer, &sent->fetch.spec, &sent->fetch.events, sent,
                                       &sent->fetch.download),
                     S_OK);
    assert_int_equal(WaitForSingleObject(sent->fetch.done, DEADLINE_MS), WAIT_OBJECT_0);
}

/* The next order, as the engine gives it after an earlier one. */
static void go_on(struct sent *sent, enum upload_order order)
{
    sent->spec.order = order;
    sent->spec.session.id = sent->session;
    sent->spec.session.host = sent->host;
    sent->spec.session.has_fallback = sent->has_fallback;
    sent->spec.session.fallback = sent->fallback;
    sent->spec.host_failing_since = sent->fetch.result.host_failing_since;
    sent->spec.size = sent->size;
    sent->spec.modified = sent->modified;
    sent->fetch.spec.offset = sent->acknowledged;
    run(sent);
}

/* The same after a line that was cut. libcurl itself tries once more on some of those, so that the
 * fault may strike again. */
static void go_on_to_end(struct sent *sent)
{
    for (int i = 0; i < 3 && (!i || sent->fetch.result.transient); i++)
        go_on(sent, UPLOAD_FILE);
}

/* What the server says at target, a zero-terminated text; free(). */
static char *ask(const char *target)
{
    struct fetch fetch;
    char url[2400], *text;
    HANDLE file;
    DWORD done = 0;

    snprintf(url, sizeof(url), "%s%s", server("OPENBITS_TEST_FAULT"), target);
    fetch_init(&fetch, url);
    fetch_run(&fetch);
    assert_int_equal(fetch.result.hr, S_OK);
    text = calloc(1, (size_t)fetch.result.bytes + 1);
    file = CreateFileW(fetch.path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    assert_true(file != INVALID_HANDLE_VALUE && text);
    assert_true(ReadFile(file, text, (DWORD)fetch.result.bytes, &done, NULL));
    CloseHandle(file);
    fetch_free(&fetch);
    return text;
}

/* The server's facts about this upload must hold this text. */
static void check_facts(const struct sent *sent, const char *wanted)
{
    char target[300], *text;

    snprintf(target, sizeof(target), "uploads?path=%s", sent->path);
    text = ask(target);
    if (!strstr(text, wanted))
        fail_msg("%s: %s not in %s", sent->fetch.url, wanted, text);
    free(text);
}

/* How often a text occurs in the server's log of this upload. */
static int count_in_log(const struct sent *sent, const char *text)
{
    char target[300], *log, *at;
    int count = 0;

    snprintf(target, sizeof(target), "log?path=%s", sent->path);
    at = log = ask(target);
    while ((at = strstr(at, text))) {
        at += strlen(text);
        count++;
    }
    free(log);
    return count;
}

static void check_sent(const struct sent *sent, UINT64 size)
{
    char text[64];

    check_success(&sent->fetch, size);
    check_facts(sent, "\"good\": true");
    snprintf(text, sizeof(text), "\"size\": %llu", (unsigned long long)size);
    check_facts(sent, text);
    check_facts(sent, "\"delivered\": 1");
}

/* ---- what an upload consists of ---- */

static void whole(void **state)
{
    struct sent s;

    prepare(&s, LARGE, "bits", "");
    run(&s);
    check_sent(&s, LARGE);
    check_facts(&s, "\"name\": \"file.bin\"");
    check_facts(&s, "\"open\": 1");
    assert_int_equal(s.sessions, 1);
    assert_int_equal(s.answered, 1);
    assert_int_equal(s.acknowledged, LARGE);
    assert_int_equal(s.acknowledgements, 2);
    assert_int_equal(s.size, LARGE);
    assert_true(s.fetch.progress > 0);
    assert_int_equal(s.fetch.connecting, 1);
    assert_int_equal(count_in_log(&s, "\"Ping\""), 1);
    assert_int_equal(count_in_log(&s, "\"content-name\""), 1);
    assert_int_equal(count_in_log(&s, "\"BITS_POST\""), 4);

    go_on(&s, UPLOAD_CLOSE);
    assert_int_equal(s.fetch.result.hr, S_OK);
    check_facts(&s, "\"closed\": 1");
    check_facts(&s, "\"open\": 0");
    fetch_free(&s.fetch);
}

static void empty_and_small(void **state)
{
    static const UINT64 sizes[] = {0, 1, 5, 256 * 1024, 256 * 1024 + 1};
    struct sent s;

    for (size_t i = 0; i < ARRAYSIZE(sizes); i++) {
        prepare(&s, sizes[i], "bits", "");
        run(&s);
        check_sent(&s, sizes[i]);
        assert_int_equal(count_in_log(&s, "\"Fragment\""), sizes[i] > 256 * 1024 ? 2 : 1);
        fetch_free(&s.fetch);
    }
}

/* Fragments grow while the server is quick. */
static void large(void **state)
{
    struct sent s;

    prepare(&s, 20 * 1024 * 1024 + 3, "bits", "");
    run(&s);
    check_sent(&s, 20 * 1024 * 1024 + 3);
    assert_in_range(s.acknowledgements, 2, 12);
    fetch_free(&s.fetch);
}

static void replies(void **state)
{
    static const struct {
        const char *parameters, *wanted;
    } rows[] = {
        {"bits_reply_url=%7Bhttp%7D/data/r?size=5", "data/r?size=5"},
        {"bits_reply_url=/data/r?size=5", "data/r?size=5"},
        {"bits_reply_url=r?size=5", "bits/r?size=5"},
        {"", ""},
    };
    char wanted[300];
    struct sent s;

    for (size_t i = 0; i < ARRAYSIZE(rows); i++) {
        prepare(&s, 300, "bits", rows[i].parameters);
        s.spec.wants_reply = TRUE;
        run(&s);
        check_sent(&s, 300);
        snprintf(wanted, sizeof(wanted), "%s%s",
                 rows[i].wanted[0] ? server("OPENBITS_TEST_FAULT") : "", rows[i].wanted);
        assert_string_equal(s.reply_url, wanted);
        fetch_free(&s.fetch);
    }
    prepare(&s, 300, "bits", "bits_reply_url=ftp://server/file");
    s.spec.wants_reply = TRUE;
    run(&s);
    check_failure(&s.fetch, BC_E_INVALID_SERVER_RESPONSE, REMOTE, FALSE);
    s.spec.wants_reply = FALSE; /* of an upload it means nothing */
    run(&s);
    assert_int_equal(s.fetch.result.hr, S_OK);
    assert_string_equal(s.reply_url, "");
    fetch_free(&s.fetch);
}

/* One request with the client's own method. */
static void own_method(void **state)
{
    struct sent s;

    prepare(&s, LARGE, "upload", "");
    s.fetch.spec.method = "PUT";
    run(&s);
    check_success(&s.fetch, LARGE);
    assert_int_equal(count_in_log(&s, "\"method\": \"PUT\""), 1);
    assert_int_equal(count_in_log(&s, "\"received\": 700000"), 1);
    assert_int_equal(count_in_log(&s, "bits-"), 0);
    assert_int_equal(s.acknowledged, LARGE);
    assert_int_equal(s.sessions, 0);
    fetch_free(&s.fetch);

    prepare(&s, 0, "upload", "status=201");
    s.fetch.spec.method = "POST";
    run(&s);
    check_success(&s.fetch, 0);
    assert_int_equal(count_in_log(&s, "\"method\": \"POST\""), 1);
    fetch_free(&s.fetch);

    prepare(&s, 10, "upload", "status=403");
    s.fetch.spec.method = "POST";
    run(&s);
    check_failure(&s.fetch, BC_E_HTTP_ERROR_403, REMOTE, FALSE);
    fetch_free(&s.fetch);
}

static void headers(void **state)
{
    struct sent s;

    prepare(&s, 300, "bits", "");
    s.fetch.spec.custom_headers = "X-Mine: 1\r\nBITS-Packet-Type: Ping\r\nContent-Name: evil\r\n"
                                  "Content-Range: bytes 1-2/3\r\nContent-Type: text/mine\r\n";
    run(&s);
    check_sent(&s, 300);
    check_facts(&s, "\"name\": \"file.bin\"");
    assert_int_equal(count_in_log(&s, "\"x-mine\": \"1\""), 3);
    assert_int_equal(count_in_log(&s, "text/mine"), 3);
    assert_int_equal(count_in_log(&s, "urlencoded"), 0);
    fetch_free(&s.fetch);
}

static void rate(void **state)
{
    ULONGLONG began = GetTickCount64();
    struct sent s;

    prepare(&s, 200000, "bits", "");
    s.fetch.spec.rate = 100000;
    run(&s);
    check_sent(&s, 200000);
    assert_true(GetTickCount64() - began >= 1000);
    fetch_free(&s.fetch);
}

/* ---- going on ---- */

static void cut_off(void **state)
{
    static const char *const faults[] = {"read_cut=1000", "read_cut=1000&reset=1", "bits_no_ack=1",
                                         "drop=1"};
    char parameters[200];
    struct sent s;

    for (size_t i = 0; i < ARRAYSIZE(faults); i++) {
        snprintf(parameters, sizeof(parameters), "on=Fragment&skip=1&times=2&%s", faults[i]);
        prepare(&s, LARGE, "bits", parameters);
        run(&s);
        check_failure(&s.fetch, BC_E_CONNECTION_CLOSED, REMOTE, TRUE);
        assert_int_equal(s.acknowledged, 256 * 1024);
        assert_int_equal(s.fetch.result.bytes, 256 * 1024);
        go_on_to_end(&s);
        check_success(&s.fetch, LARGE);
        check_facts(&s, "\"good\": true");
        check_facts(&s, "\"created\": 1");
        assert_int_equal(s.acknowledged, LARGE);
        fetch_free(&s.fetch);
    }
    /* The last answer was lost: the file is whole at the server. */
    prepare(&s, 300, "bits", "on=Fragment&times=2&bits_no_ack=1&bits_reply=5");
    s.spec.wants_reply = TRUE;
    run(&s);
    check_failure(&s.fetch, BC_E_CONNECTION_CLOSED, REMOTE, TRUE);
    go_on_to_end(&s);
    check_success(&s.fetch, 300);
    assert_non_null(strstr(s.reply_url, "size=5"));
    fetch_free(&s.fetch);
}

static void session_lost(void **state)
{
    struct sent s;

    prepare(&s, LARGE, "bits", "on=Fragment&skip=1&times=1&bits_lose=1");
    run(&s);
    check_sent(&s, LARGE);
    check_facts(&s, "\"created\": 2");
    assert_int_equal(s.sessions, 3); /* opened, lost, opened */
    fetch_free(&s.fetch);

    prepare(&s, LARGE, "bits", "on=Fragment&bits_lose=1");
    run(&s);
    check_failure(&s.fetch, BC_E_SESSION_NOT_FOUND, REMOTE, TRUE);
    assert_string_equal(s.session, "");
    fetch_free(&s.fetch);
}

/* The server is somewhere else than the client believes. */
static void other_offset(void **state)
{
    struct sent s;

    prepare(&s, LARGE, "bits", "on=Fragment&skip=1&times=2&drop=1");
    run(&s);
    s.acknowledged = LARGE - 5; /* too far: 416 tells */
    go_on_to_end(&s);
    check_success(&s.fetch, LARGE);
    check_facts(&s, "\"good\": true");
    assert_true(count_in_log(&s, "\"status\": 416") >= 1);
    fetch_free(&s.fetch);

    prepare(&s, LARGE, "bits", "on=Fragment&skip=1&times=2&drop=1");
    run(&s);
    s.acknowledged = 100; /* too short: what is there is not written again */
    go_on_to_end(&s);
    check_success(&s.fetch, LARGE);
    check_facts(&s, "\"good\": true");
    fetch_free(&s.fetch);

    prepare(&s, LARGE, "bits", "on=Fragment&bits_range=9999999");
    run(&s);
    check_failure(&s.fetch, BC_E_INVALID_SERVER_RESPONSE, REMOTE, FALSE);
    fetch_free(&s.fetch);
    prepare(&s, LARGE, "bits", "on=Fragment&bits_range=-262144");
    run(&s);
    check_failure(&s.fetch, BC_E_INVALID_SERVER_RESPONSE, REMOTE, TRUE);
    fetch_free(&s.fetch);
}

static void fragment_limits(void **state)
{
    struct sent s;

    prepare(&s, LARGE, "bits", "bits_limit=100000");
    run(&s);
    check_sent(&s, LARGE);
    assert_int_equal(s.acknowledgements, 7);
    assert_int_equal(count_in_log(&s, "\"received\": 100000"), 6);
    fetch_free(&s.fetch);

    prepare(&s, LARGE, "bits", "bits_body_limit=100000");
    run(&s);
    check_sent(&s, LARGE);
    assert_int_equal(count_in_log(&s, "\"status\": 413"), 2);
    fetch_free(&s.fetch);

    prepare(&s, LARGE, "bits", "bits_body_limit=1000");
    run(&s);
    check_failure(&s.fetch, BC_E_HTTP_ERROR_413, REMOTE, FALSE);
    fetch_free(&s.fetch);
}

static void ends(void **state)
{
    struct sent s;

    prepare(&s, LARGE, "bits", "on=Cancel-Session&times=1&status=500");
    s.cancel = TRUE;
    run(&s);
    assert_int_equal(s.fetch.result.hr, E_ABORT);
    check_facts(&s, "\"open\": 1");
    go_on(&s, UPLOAD_CANCEL);
    check_failure(&s.fetch, BC_E_HTTP_ERROR_500, REMOTE, TRUE);
    go_on(&s, UPLOAD_CANCEL);
    assert_int_equal(s.fetch.result.hr, S_OK);
    check_facts(&s, "\"cancelled\": 1");
    check_facts(&s, "\"open\": 0");
    go_on(&s, UPLOAD_CANCEL); /* nobody knows it any more: no matter */
    assert_int_equal(s.fetch.result.hr, S_OK);
    go_on(&s, UPLOAD_CLOSE);
    assert_int_equal(s.fetch.result.hr, S_OK);
    fetch_free(&s.fetch);
}

/* ---- the local file ---- */

static void file_changes(void **state)
{
    struct sent s;

    prepare(&s, LARGE, "bits", "");
    s.change_file = TRUE;
    run(&s);
    check_failure(&s.fetch, BC_E_LOCAL_FILE_CHANGED, LOCAL, FALSE);
    assert_true(s.fetch.result.discard);
    s.change_file = FALSE;
    go_on(&s, UPLOAD_FILE); /* ... and with a fresh order that knows how it was */
    check_failure(&s.fetch, BC_E_LOCAL_FILE_CHANGED, LOCAL, FALSE);

    DeleteFileW(s.fetch.path);
    run(&s);
    check_failure(&s.fetch, HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND), LOCAL, FALSE);
    assert_false(s.fetch.result.discard);
    fetch_free(&s.fetch);
}

/* ---- errors ---- */

static void statuses(void **state)
{
    static const struct {
        int status;
        BOOL transient;
    } rows[] = {{300, FALSE}, {302, FALSE}, {306, TRUE},  {400, FALSE}, {403, FALSE}, {404, FALSE},
                {405, FALSE}, {408, TRUE},  {409, TRUE},  {416, FALSE}, {500, TRUE},  {501, FALSE},
                {502, TRUE},  {503, TRUE},  {505, FALSE}, {599, TRUE}};
    static const char *const packets[] = {"Ping", "Create-Session", "Fragment"};
    char parameters[200];
    struct sent s;

    for (size_t i = 0; i < ARRAYSIZE(rows); i++) {
        snprintf(parameters, sizeof(parameters), "on=%s&status=%d&retry_after=7", packets[i % 3],
                 rows[i].status);
        prepare(&s, 300, "bits", parameters);
        run(&s);
        check_failure(&s.fetch, (HRESULT)(0x80190000u + (ULONG)rows[i].status), REMOTE,
                      rows[i].transient);
        assert_int_equal(s.fetch.result.retry_after_ms, rows[i].transient ? 7000 : 0);
        fetch_free(&s.fetch);
    }
}

static void error_codes(void **state)
{
    static const struct {
        const char *parameters;
        HRESULT hr;
        BG_ERROR_CONTEXT context;
        BOOL transient;
    } rows[] = {
        {"bits_max=200", BC_E_TOO_LARGE, REMOTE, FALSE},
        {"status=500&bits_error=80070005", E_ACCESSDENIED, REMOTE, TRUE},
        {"status=403&bits_error=80070005&on=Create-Session", E_ACCESSDENIED, REMOTE, FALSE},
        {"status=400&bits_error=80070057&on=Fragment", E_INVALIDARG, REMOTE, FALSE},
        {"bits_application=500", BC_E_HTTP_ERROR_500, APPLICATION, TRUE},
        {"bits_application=403", BC_E_HTTP_ERROR_403, APPLICATION, FALSE},
        {"bits_protocol=%7B00000000-0000-0000-0000-000000000000%7D",
         BC_E_CLIENT_SERVER_PROTOCOL_MISMATCH, REMOTE, FALSE},
        {"on=Create-Session&raw=HTTP/1.1 200 OK%0D%0AContent-Length: 0%0D%0A%0D%0A",
         BC_E_INVALID_SERVER_RESPONSE, REMOTE, FALSE},
        {"on=Ping&raw=nonsense%0D%0A%0D%0A", BC_E_INVALID_SERVER_RESPONSE, REMOTE, FALSE},
        {"on=Fragment&header=BITS-Received-Content-Range: x", BC_E_INVALID_SERVER_RESPONSE, REMOTE,
         FALSE},
        {"bits_host=a/b", BC_E_INVALID_SERVER_RESPONSE, REMOTE, FALSE},
    };
    struct sent s;

    for (size_t i = 0; i < ARRAYSIZE(rows); i++) {
        prepare(&s, 300, "bits", rows[i].parameters);
        run(&s);
        check_failure(&s.fetch, rows[i].hr, rows[i].context, rows[i].transient);
        fetch_free(&s.fetch);
    }
}

static void no_bits(void **state)
{
    char nginx[200];
    struct sent s;

    prepare(&s, 300, "data", "");
    run(&s);
    check_failure(&s.fetch, BC_E_HTTP_ERROR_405, REMOTE, FALSE);
    fetch_free(&s.fetch);
    prepare(&s, 300, "data", "methods=BITS_POST"); /* says 200 to anything */
    run(&s);
    check_failure(&s.fetch, BC_E_INVALID_SERVER_RESPONSE, REMOTE, FALSE);
    fetch_free(&s.fetch);
    prepare(&s, 300, "data", "");
    snprintf(nginx, sizeof(nginx), "%supload", server("OPENBITS_TEST_HTTP"));
    s.fetch.spec.url = nginx;
    run(&s);
    check_failure(&s.fetch, BC_E_HTTP_ERROR_405, REMOTE, FALSE);
    s.fetch.spec.url = "http://127.0.0.1:1/";
    run(&s);
    check_failure(&s.fetch, (HRESULT)0x80072efd, REMOTE, TRUE);
    fetch_free(&s.fetch);
}

/* ---- what lies between ---- */

static void use_credentials(struct sent *sent, const char *password)
{
    static struct transfer_credential credential = {BG_AUTH_TARGET_SERVER, BG_AUTH_SCHEME_BASIC,
                                                    "user", NULL};

    credential.password = password;
    sent->fetch.spec.credentials = &credential;
    sent->fetch.spec.credential_count = 1;
}

static void credentials(void **state)
{
    static struct transfer_credential both[] = {
        {BG_AUTH_TARGET_SERVER, BG_AUTH_SCHEME_DIGEST, "user", "password"},
        {BG_AUTH_TARGET_SERVER, BG_AUTH_SCHEME_BASIC, "user", "password"},
    };
    struct sent s;

    prepare(&s, LARGE, "bits", "auth=basic");
    run(&s);
    check_failure(&s.fetch, BC_E_HTTP_ERROR_401, REMOTE, FALSE);
    use_credentials(&s, "wrong");
    run(&s);
    check_failure(&s.fetch, BC_E_HTTP_ERROR_401, REMOTE, FALSE);
    fetch_free(&s.fetch);

    prepare(&s, LARGE, "bits", "auth=basic");
    use_credentials(&s, "password");
    run(&s);
    check_sent(&s, LARGE);
    assert_int_equal(count_in_log(&s, "\"status\": 401"), 1); /* asked once, by the Ping */
    fetch_free(&s.fetch);

    for (ULONG i = 1; i <= ARRAYSIZE(both); i++) {
        prepare(&s, LARGE, "bits", "auth=digest");
        s.fetch.spec.credentials = both;
        s.fetch.spec.credential_count = i;
        run(&s);
        check_sent(&s, LARGE);
        /* No fragment went in vain: what was refused had no body. */
        assert_true(count_in_log(&s, "\"status\": 401") >= 3);
        assert_int_equal(count_in_log(&s, "\"content-length\": \"262144\""), 1);
        assert_int_equal(count_in_log(&s, "\"content-length\": \"437856\""), 1);
        fetch_free(&s.fetch);
    }
}

static void through_proxy(void **state)
{
    struct sent s;

    prepare(&s, LARGE, "bits", "");
    s.fetch.spec.proxy.usage = BG_JOB_PROXY_USAGE_OVERRIDE;
    s.fetch.spec.proxy.list = server("OPENBITS_TEST_PROXY");
    run(&s);
    check_sent(&s, LARGE);
    assert_int_equal(count_in_log(&s, "\"via\""), 4);
    fetch_free(&s.fetch);
}

static void tls(void **state)
{
    struct sent s;

    prepare(&s, 300, "bits", "");
    s.fetch.spec.url = server("OPENBITS_TEST_HTTPS_UNKNOWN");
    run(&s);
    check_failure(&s.fetch, HRESULT_FROM_WIN32(12045), REMOTE, FALSE);
    s.fetch.spec.security_flags = 8; /* BG_SSL_IGNORE_UNKNOWN_CA */
    run(&s);
    check_failure(&s.fetch, BC_E_HTTP_ERROR_405, REMOTE, FALSE); /* nginx has no uploads */
    fetch_free(&s.fetch);
}

static FILETIME written_at(const WCHAR *path)
{
    WIN32_FILE_ATTRIBUTE_DATA data;

    assert_true(GetFileAttributesExW(path, GetFileExInfoStandard, &data));
    return data.ftLastWriteTime;
}

/* A target that is a file: it is whole or as it was. */
static void to_file(void **state)
{
    static const FILETIME old = {0, 0x01c00000};
    WCHAR target[MAX_PATH + 310], beside[MAX_PATH + 320];
    FILETIME time;
    struct sent s;
    char url[1000];
    HANDLE file;

    prepare(&s, LARGE * 4, "bits", "");
    swprintf(target, ARRAYSIZE(target), L"%ls.target", s.fetch.path);
    swprintf(beside, ARRAYSIZE(beside), L"%ls.BIT.tmp", target);
    snprintf(url, sizeof(url), "file:///%ls", target);
    s.fetch.spec.url = url;
    file = CreateFileW(s.fetch.path, FILE_WRITE_ATTRIBUTES, 0, NULL, OPEN_EXISTING, 0, NULL);
    assert_true(SetFileTime(file, NULL, NULL, &old));
    CloseHandle(file);
    write_file(target, "before", 6);

    s.fetch.spec.rate = LARGE; /* time to see it half done */
    assert_int_equal(
        transfer_download(transfer, &s.fetch.spec, &s.fetch.events, &s, &s.fetch.download), S_OK);
    while (!file_exists(beside))
        assert_int_equal(WaitForSingleObject(s.fetch.done, 5), WAIT_TIMEOUT);
    transfer_cancel(transfer, s.fetch.download);
    assert_int_equal(WaitForSingleObject(s.fetch.done, DEADLINE_MS), WAIT_OBJECT_0);
    assert_int_equal(s.fetch.result.hr, E_ABORT);
    assert_false(file_exists(beside));
    assert_int_equal(file_size(target), 6);

    s.fetch.spec.rate = 0;
    run(&s);
    check_success(&s.fetch, LARGE * 4);
    assert_int_equal(s.acknowledged, LARGE * 4);
    assert_false(file_exists(beside));
    time = written_at(target);
    assert_int_equal(CompareFileTime(&time, &old), 0);
    DeleteFileW(s.fetch.path);
    assert_true(MoveFileW(target, s.fetch.path));
    check_part(&s.fetch, 0, SEED, 0, LARGE * 4);

    snprintf(url, sizeof(url), "file:///%ls\\missing\\x", s.fetch.path);
    run(&s);
    check_failure(&s.fetch, HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND), REMOTE, FALSE);
    fetch_free(&s.fetch);
}

/* The packets after Create-Session go to another name of the server. */
static void host_id(void **state)
{
    struct sent s;

    prepare(&s, 300, "bits", "bits_host=localhost&bits_fallback=60");
    run(&s);
    check_sent(&s, 300);
    assert_string_equal(s.host, "localhost");
    assert_true(s.has_fallback);
    assert_int_equal(s.fallback, 60);
    assert_int_equal(count_in_log(&s, "\"host\": \"localhost:"), 1);
    go_on(&s, UPLOAD_CLOSE);
    assert_int_equal(s.fetch.result.hr, S_OK);
    assert_int_equal(count_in_log(&s, "\"host\": \"localhost:"), 2);
    check_facts(&s, "\"closed\": 1");
    fetch_free(&s.fetch);

    /* Out of reach: an error that passes; when the fallback time is over, the first name again. */
    prepare(&s, 300, "bits", "bits_host=127.77.77.77&bits_fallback=1");
    run(&s);
    check_failure(&s.fetch, (HRESULT)0x80072efd, REMOTE, TRUE);
    assert_true(s.fetch.result.host_failing_since > 0);
    s.fetch.result.host_failing_since -= 1000;
    go_on(&s, UPLOAD_FILE);
    check_sent(&s, 300);
    fetch_free(&s.fetch);

    prepare(&s, 300, "bits", "bits_host=127.77.77.77&bits_fallback=0");
    run(&s);
    check_sent(&s, 300);
    fetch_free(&s.fetch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),
        cmocka_unit_test(empty_and_small),
        cmocka_unit_test(large),
        cmocka_unit_test(replies),
        cmocka_unit_test(own_method),
        cmocka_unit_test(headers),
        cmocka_unit_test(rate),
        cmocka_unit_test(cut_off),
        cmocka_unit_test(session_lost),
        cmocka_unit_test(other_offset),
        cmocka_unit_test(fragment_limits),
        cmocka_unit_test(ends),
        cmocka_unit_test(file_changes),
        cmocka_unit_test(statuses),
        cmocka_unit_test(error_codes),
        cmocka_unit_test(no_bits),
        cmocka_unit_test(credentials),
        cmocka_unit_test(through_proxy),
        cmocka_unit_test(tls),
        cmocka_unit_test(host_id),
        cmocka_unit_test(to_file),
    };

    return cmocka_run_group_tests_name("upload", tests, fetch_setup, fetch_teardown);
}
