/*
 * Downloads over HTTP: whole files, resumed ones, ranges, answers that are wrong, hostile servers.
 */
#include "fetch.h"

#include "../server/pattern.h"

#include <bitscore/bc_result.h>

#include <stdio.h>
#include <stdlib.h>

#define REMOTE    BG_ERROR_CONTEXT_REMOTE_FILE
#define TRANSPORT BG_ERROR_CONTEXT_GENERAL_TRANSPORT

static void whole_file(void **state)
{
    struct fetch f;
    WIN32_FILE_ATTRIBUTE_DATA data;
    SYSTEMTIME time;

    fault_url(&f, "size=300000&seed=7");
    fetch_run(&f);
    check_success(&f, 300000);
    check_pattern(&f, 7, 0, 300000);
    assert_int_equal(f.connecting, 1);
    assert_int_equal(f.headers, 1);
    assert_int_equal(f.restarts, 0);
    assert_int_equal(f.total, 300000);
    assert_int_equal(f.remote_size, 300000);
    assert_int_equal(f.durable, 300000);
    assert_int_equal(f.result.received, 300000);
    assert_string_equal(f.etag, "\"7-0-493e0\"");
    assert_string_equal(f.last_modified, "Thu, 02 Jan 2020 03:04:05 GMT");
    assert_string_equal(f.final_url, f.url);
    assert_non_null(strstr(f.text, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(f.text, "Content-Length: 300000\r\n"));
    assert_true(GetFileAttributesExW(f.path, GetFileExInfoStandard, &data));
    assert_true(data.dwFileAttributes & FILE_ATTRIBUTE_HIDDEN);
    FileTimeToSystemTime(&data.ftLastWriteTime, &time);
    assert_int_equal(time.wYear, 2020);
    assert_int_equal(time.wHour, 3);
    assert_int_equal(time.wSecond, 5);
    fetch_free(&f);
}

static void sizes(void **state)
{
    static const ULONG list[] = {0, 1, 4095, 16384, 16385, 131072, 3000001};
    char parameters[64];
    struct fetch f;

    for (size_t i = 0; i < ARRAYSIZE(list); i++) {
        snprintf(parameters, sizeof(parameters), "size=%lu&seed=%u", list[i], (unsigned)i);
        fault_url(&f, parameters);
        fetch_run(&f);
        check_success(&f, list[i]);
        check_pattern(&f, i, 0, list[i]);
        fetch_free(&f);
    }
}

/* Cut in the middle: the bytes are kept, and the next attempt asks for the rest only. */
static void resume(void **state)
{
    static const char *const kinds[] = {"both", "etag", "weak", "lm", "none"};
    char parameters[128];
    struct fetch f;

    for (size_t i = 0; i < ARRAYSIZE(kinds); i++) {
        snprintf(parameters, sizeof(parameters),
                 "size=200000&seed=3&validators=%s&cut=70000&times=1", kinds[i]);
        fault_url(&f, parameters);
        fetch_run(&f);
        check_failure(&f, BC_E_CONNECTION_CLOSED, REMOTE, TRUE);
        assert_false(f.result.discard);
        assert_int_equal(f.result.bytes, 70000);
        assert_int_equal(file_size(f.path), 70000);
        assert_true(GetFileAttributesW(f.path) & FILE_ATTRIBUTE_HIDDEN);
        fetch_again(&f);
        check_success(&f, 200000);
        assert_int_equal(f.result.received, 130000);
        assert_int_equal(f.restarts, 0);
        check_pattern(&f, 3, 0, 200000);
        fetch_free(&f);
    }
}

/* What has the temporary file's name and is none of the job's is left alone. */
static void name_is_taken(void **state)
{
    struct fetch f;

    fault_url(&f, "size=200000&seed=3");
    write_file(f.path, "mine", 4);
    fetch_run(&f);
    check_failure(&f, HRESULT_FROM_WIN32(ERROR_FILE_EXISTS), BG_ERROR_CONTEXT_LOCAL_FILE, FALSE);
    assert_int_equal(file_size(f.path), 4);
    fetch_free(&f);
}

/* Somebody has cut the temporary file short: it is not filled with nothing. */
static void shorter_than_known(void **state)
{
    struct fetch f;
    HANDLE file;

    fault_url(&f, "size=200000&seed=3&cut=70000&times=1");
    fetch_run(&f);
    assert_int_equal(f.result.bytes, 70000);
    file = CreateFileW(f.path, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    assert_true(file != INVALID_HANDLE_VALUE);
    SetFilePointer(file, 1000, NULL, FILE_BEGIN);
    assert_true(SetEndOfFile(file));
    CloseHandle(file);
    fetch_again(&f);
    if (FAILED(f.result.hr)) { /* from zero, then */
        assert_true(f.result.discard);
        fetch_again(&f);
    }
    check_success(&f, 200000);
    check_pattern(&f, 3, 0, 200000);
    fetch_free(&f);
}

/* The remote file changes between two attempts: everything comes anew, in the same answer. */
static void changed(void **state)
{
    static const char *const kinds[] = {"both", "etag", "lm", "weak", "none"};
    char parameters[160];
    struct fetch f;
    ULONG requests;

    for (size_t i = 0; i < ARRAYSIZE(kinds); i++) {
        snprintf(parameters, sizeof(parameters),
                 "size=200000&seed=3&validators=%s&cut=70000&times=1&gen_after=1&size_step=%d",
                 kinds[i], i < 3 ? 0 : 5);
        fault_url(&f, parameters);
        fetch_run(&f);
        assert_int_equal(f.result.bytes, 70000);
        requests = f.connecting;
        fetch_again(&f);
        check_success(&f, i < 3 ? 200000 : 200005);
        assert_int_equal(f.restarts, 1);
        if (i < 3) /* If-Range: no second request */
            assert_int_equal(f.connecting, requests + 1);
        check_pattern(&f, generation_seed(3, 1), 0, i < 3 ? 200000 : 200005);
        fetch_free(&f);
    }
}

/* The version that comes in place of another has no entity tag: it does not inherit the other's. */
static void changed_without_tag(void **state)
{
    struct fetch f;

    fault_url(&f, "size=200000&seed=3&validators=both&cut=70000&times=1");
    fetch_run(&f);
    assert_int_equal(f.result.bytes, 70000);
    assert_true(f.etag[0]);
    snprintf(strchr(f.url, '?'), 200, "?size=200000&seed=4&validators=lm");
    fetch_again(&f);
    check_success(&f, 200000);
    assert_int_equal(f.restarts, 1);
    check_pattern(&f, 4, 0, 200000);
    assert_string_equal(f.etag, "");
    assert_true(f.last_modified[0]);
    fetch_free(&f);
}

/* A server that looks at no condition and sends a part of another version. */
static void changed_behind_conditions(void **state)
{
    struct fetch f;

    fault_url(&f, "size=200000&seed=3&cut=70000&times=1&gen_after=1&ignore_conditions=1");
    fetch_run(&f);
    assert_int_equal(f.result.bytes, 70000);
    fetch_again(&f);
    check_success(&f, 200000);
    assert_int_equal(f.restarts, 1);
    check_pattern(&f, generation_seed(3, 1), 0, 200000);
    fetch_free(&f);
}

/*
 * Every answer is cut and the remote file changes again and again: whatever happens, the local file
 * is of one version in the end.
 */
static void never_mixed(void **state)
{
    static const char *const kinds[] = {"validators=both",
                                        "validators=etag",
                                        "validators=lm",
                                        "validators=weak&size_step=3",
                                        "validators=none&size_step=3",
                                        "validators=both&ignore_conditions=1",
                                        "validators=both&ranges=silent",
                                        "validators=etag&keepalive=off"};
    char parameters[160];
    struct fetch f;

    for (size_t i = 0; i < ARRAYSIZE(kinds); i++) {
        ULONG gen = 0, attempts = 0;

        snprintf(parameters, sizeof(parameters), "size=300000&seed=3&cut=70000&gen_every=7&%s",
                 kinds[i]);
        fault_url(&f, parameters);
        fetch_run(&f);
        while (FAILED(f.result.hr)) {
            assert_true(f.result.transient);
            assert_true(++attempts < 60);
            fetch_again(&f);
        }
        while (gen < 20) { /* which version it is, the first bytes tell */
            BYTE byte[8] = {0};
            HANDLE file = CreateFileW(f.path, GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
            DWORD done;

            assert_true(ReadFile(file, byte, sizeof(byte), &done, NULL) && done == sizeof(byte));
            CloseHandle(file);
            if (pattern_first_difference(generation_seed(3, gen), 0, byte, 8) == 8)
                break;
            gen++;
        }
        check_pattern(&f, generation_seed(3, gen), 0, f.result.bytes);
        assert_int_equal(f.result.bytes, f.result.total);
        fetch_free(&f);
    }
}

/* Servers of the old kind, and those that close connections without saying so. */
static void old_servers(void **state)
{
    static const char *const kinds[] = {"http10=1", "keepalive=lie", "keepalive=off",
                                        "ranges=silent"};
    char parameters[100];
    struct fetch f;

    for (size_t i = 0; i < 3 * ARRAYSIZE(kinds); i++) {
        snprintf(parameters, sizeof(parameters), "size=100000&seed=3&%s",
                 kinds[i % ARRAYSIZE(kinds)]);
        fault_url(&f, parameters);
        fetch_run(&f);
        check_success(&f, 100000);
        check_pattern(&f, 3, 0, 100000);
        fetch_free(&f);
    }
}

/* A connection that was used a moment ago may be closed by now, or have more bytes on it than were
 * announced: the next file is whole all the same. */
static void one_after_the_other(void **state)
{
    static const char *const kinds[] = {"keepalive=lie", "length_delta=-100", "keepalive=on"};
    char parameters[100];
    struct fetch f;

    for (size_t i = 0; i < 10 * ARRAYSIZE(kinds); i++) {
        const char *kind = kinds[i % ARRAYSIZE(kinds)];

        snprintf(parameters, sizeof(parameters), "size=1100&seed=3&%s", kind);
        fault_url(&f, parameters);
        fetch_run(&f);
        check_success(&f, strchr(kind, '-') ? 1000 : 1100);
        check_pattern(&f, 3, 0, strchr(kind, '-') ? 1000 : 1100);
        fetch_free(&f);
    }
}

static void no_ranges(void **state)
{
    struct fetch f;

    fault_url(&f, "size=200000&seed=3&cut=70000&times=1&ranges=off");
    fetch_run(&f);
    assert_int_equal(f.result.bytes, 70000);
    fetch_again(&f);
    check_success(&f, 200000);
    assert_int_equal(f.restarts, 1);
    assert_int_equal(f.result.received, 200000);
    check_pattern(&f, 3, 0, 200000);
    fetch_free(&f);
    /* Where ranges are needed that is an error; the bytes stay. */
    fault_url(&f, "size=200000&seed=3&cut=70000&times=1&ranges=off");
    f.spec.needs_ranges = TRUE;
    fetch_run(&f);
    fetch_again(&f);
    check_failure(&f, BC_E_INSUFFICIENT_RANGE_SUPPORT, REMOTE, FALSE);
    assert_int_equal(f.result.bytes, 70000);
    fetch_free(&f);
}

/* A file that is larger than one request may ask for. */
static void pieces(void **state)
{
    const struct transfer_options small = {.piece_bytes = 100000};
    const BG_FILE_RANGE range = {50000, 250000};
    struct transfer *others = transfer;
    struct fetch f;

    assert_int_equal(transfer_create(&small, &transfer), S_OK);
    fault_url(&f, "size=350000&seed=3");
    fetch_run(&f);
    check_success(&f, 350000);
    check_pattern(&f, 3, 0, 350000);
    assert_non_null(strstr(f.text, "Content-Range: bytes 0-99999/350000\r\n"));
    assert_int_equal(f.headers, 1);
    fetch_free(&f);
    fault_url(&f, "size=350000&seed=3");
    f.spec.ranges = &range;
    f.spec.range_count = 1;
    fetch_run(&f);
    check_success(&f, 250000);
    check_pattern(&f, 3, 50000, 250000);
    assert_non_null(strstr(f.text, "Content-Range: bytes 50000-149999/350000\r\n"));
    fetch_free(&f);
    fault_url(&f, "size=350000&seed=3&ranges=off"); /* gives all, whatever it is asked for */
    fetch_run(&f);
    check_success(&f, 350000);
    check_pattern(&f, 3, 0, 350000);
    fetch_free(&f);
    fault_url(&f, "size=350000&seed=3&gen_after=3"); /* changes between two pieces */
    fetch_run(&f);
    check_success(&f, 350000);
    check_pattern(&f, generation_seed(3, 1), 0, 350000);
    fetch_free(&f);
    transfer_destroy(transfer);
    transfer = others;
}

/* What is claimed of the file is taken back before its bytes go: at a 200 in place of a 206, at a
 * 416. When that fails, the bytes stay. */
static void asks_before_dropping(void **state)
{
    static const char *const kinds[] = {"off", "always416"};
    char parameters[160];
    struct fetch f;

    for (size_t i = 0; i < 2 * ARRAYSIZE(kinds); i++) {
        snprintf(parameters, sizeof(parameters), "size=200000&seed=3&cut=70000&times=1&ranges=%s",
                 kinds[i / 2]);
        fault_url(&f, parameters);
        fetch_run(&f);
        assert_int_equal(f.droppings, 0);
        f.dropping_answer = i % 2 ? HRESULT_FROM_WIN32(ERROR_DISK_FULL) : S_OK;
        fetch_again(&f);
        assert_int_equal(f.droppings, 1);
        assert_true(f.dropping_size == 70000);
        if (i % 2) {
            check_failure(&f, HRESULT_FROM_WIN32(ERROR_DISK_FULL),
                          BG_ERROR_CONTEXT_GENERAL_QUEUE_MANAGER, TRUE);
            assert_true(file_size(f.path) == 70000);
        } else {
            check_success(&f, 200000);
        }
        fetch_free(&f);
    }
}

static void always_416(void **state)
{
    struct fetch f;

    fault_url(&f, "size=200000&seed=3&cut=70000&times=1&ranges=always416");
    fetch_run(&f);
    fetch_again(&f);
    check_success(&f, 200000);
    assert_int_equal(f.restarts, 1);
    check_pattern(&f, 3, 0, 200000);
    fetch_free(&f);
}

/* Every byte is there already: nothing is asked for. */
static void already_whole(void **state)
{
    struct fetch f;

    fault_url(&f, "size=5000&seed=3");
    fetch_run(&f);
    check_success(&f, 5000);
    f.headers = 0;
    fetch_again(&f);
    check_success(&f, 5000);
    assert_int_equal(f.headers, 0);
    assert_int_equal(f.result.received, 0);
    check_pattern(&f, 3, 0, 5000);
    fetch_free(&f);
}

static void unsized(void **state)
{
    static const char *const framings[] = {"size=100000&seed=4&framing=chunked",
                                           "size=100000&seed=4&framing=close"};
    struct fetch f;

    for (size_t i = 0; i < ARRAYSIZE(framings); i++) {
        fault_url(&f, framings[i]);
        fetch_run(&f);
        check_failure(&f, BC_E_MISSING_FILE_SIZE, REMOTE, FALSE);
        assert_false(file_exists(f.path));
        fetch_free(&f);
        fault_url(&f, framings[i]);
        f.spec.dynamic_content = TRUE;
        fetch_run(&f);
        check_success(&f, 100000);
        assert_int_equal(f.total, UNKNOWN);
        check_pattern(&f, 4, 0, 100000);
        fetch_free(&f);
    }
}

static void limits(void **state)
{
    struct fetch f;

    fault_url(&f, "size=100000&seed=4");
    f.spec.maximum_size = 99999;
    fetch_run(&f);
    check_failure(&f, BC_E_MAX_DOWNLOAD_SIZE_LIMIT_REACHED, REMOTE, FALSE);
    fetch_free(&f);
    fault_url(&f, "size=100000&seed=4&framing=chunked");
    f.spec.maximum_size = 50000;
    f.spec.dynamic_content = TRUE;
    fetch_run(&f);
    check_failure(&f, BC_E_MAX_DOWNLOAD_SIZE_LIMIT_REACHED, REMOTE, FALSE);
    assert_true(f.result.bytes <= 50000);
    fetch_free(&f);
    fault_url(&f, "size=100000&seed=4");
    f.spec.maximum_size = 100000;
    fetch_run(&f);
    check_success(&f, 100000);
    fetch_free(&f);
}

/* ---- wrong answers ---- */

static const struct {
    const char *parameters;
    HRESULT hr;
    BG_ERROR_CONTEXT context;
    BOOL transient;
} faults[] = {
    {"status=404", BC_E_HTTP_ERROR_404, REMOTE, FALSE},
    {"status=403", BC_E_HTTP_ERROR_403, REMOTE, FALSE},
    {"status=401", BC_E_HTTP_ERROR_401, REMOTE, FALSE},
    {"status=408", BC_E_HTTP_ERROR_408, REMOTE, TRUE},
    {"status=500", BC_E_HTTP_ERROR_500, REMOTE, TRUE},
    {"status=501", BC_E_HTTP_ERROR_501, REMOTE, FALSE},
    {"status=503", BC_E_HTTP_ERROR_503, REMOTE, TRUE},
    {"status=407", BC_E_HTTP_ERROR_407, TRANSPORT, FALSE},
    {"drop=1", BC_E_CONNECTION_CLOSED, REMOTE, TRUE},
    {"drop=1&reset=1", BC_E_CONNECTION_CLOSED, REMOTE, TRUE},
    {"drop_body=1", BC_E_CONNECTION_CLOSED, REMOTE, TRUE},
    {"cut=10&reset=1", BC_E_CONNECTION_CLOSED, REMOTE, TRUE},
    {"length_delta=10&keepalive=off", BC_E_CONNECTION_CLOSED, REMOTE, TRUE},
    {"gzip=1", BC_E_INVALID_SERVER_RESPONSE, REMOTE, FALSE},
    {"raw=hello%20world%0d%0a%0d%0a", BC_E_INVALID_SERVER_RESPONSE, REMOTE, FALSE},
    {"raw=HTTP/1.1%20abc%20OK%0d%0a%0d%0a", BC_E_INVALID_SERVER_RESPONSE, REMOTE, FALSE},
    {"header=Content-Length:%2077%0d%0aContent-Length:%2078", BC_E_INVALID_SERVER_RESPONSE, REMOTE,
     FALSE},
    {"header_bytes=400000", BC_E_INVALID_SERVER_RESPONSE, REMOTE, FALSE},
    {"header_bytes=90000", BC_E_INVALID_SERVER_RESPONSE, REMOTE, FALSE},
    {"header_count=20000", BC_E_INVALID_SERVER_RESPONSE, REMOTE, FALSE},
};

static void wrong_answers(void **state)
{
    char parameters[300];
    struct fetch f;

    for (size_t i = 0; i < ARRAYSIZE(faults); i++) {
        snprintf(parameters, sizeof(parameters), "size=65536&seed=1&%s", faults[i].parameters);
        fault_url(&f, parameters);
        fetch_run(&f);
        check_failure(&f, faults[i].hr, faults[i].context, faults[i].transient);
        fetch_free(&f);
    }
}

/* Answers to a range request that contradict it: never a wrong byte in the file. */
static void wrong_ranges(void **state)
{
    static const char *const kinds[] = {"shift",    "first",    "total",   "missing",  "unit",
                                        "reversed", "overflow", "garbage", "negative", "beyond"};
    char parameters[200];
    struct fetch f;

    for (size_t i = 0; i < ARRAYSIZE(kinds); i++) {
        snprintf(parameters, sizeof(parameters), "size=200000&seed=3&cut=70000&times=1");
        fault_url(&f, parameters);
        fetch_run(&f);
        assert_int_equal(f.result.bytes, 70000);
        snprintf(strchr(f.url, '?'), 200, "?size=200000&seed=3&content_range=%s", kinds[i]);
        fetch_again(&f);
        if (SUCCEEDED(f.result.hr)) {
            check_pattern(&f, 3, 0, 200000);
        } else {
            check_failure(&f, BC_E_INVALID_SERVER_RESPONSE, REMOTE, FALSE);
            check_part(&f, 0, 3, 0, f.result.bytes);
        }
        fetch_free(&f);
    }
}

static void too_many_bytes(void **state)
{
    struct fetch f;

    fault_url(&f, "size=200000&seed=3&length_delta=-1000");
    fetch_run(&f);
    /* What comes after the announced end belongs to no answer; the file ends where it should. */
    check_success(&f, 199000);
    check_pattern(&f, 3, 0, 199000);
    fetch_free(&f);
    fault_url(&f, "size=200000&seed=3&cut=70000&times=1");
    fetch_run(&f);
    snprintf(strchr(f.url, '?'), 200, "?size=200000&seed=3&body_delta=500");
    fetch_again(&f);
    check_failure(&f, BC_E_INVALID_SERVER_RESPONSE, REMOTE, FALSE);
    assert_int_equal(f.result.bytes, 70000);
    check_part(&f, 0, 3, 0, 70000);
    fetch_free(&f);
    /* The same without a length that would end the body. */
    fault_url(&f, "size=200000&seed=3&cut=70000&times=1");
    fetch_run(&f);
    snprintf(strchr(f.url, '?'), 200, "?size=200000&seed=3&body_delta=500&framing=chunked");
    fetch_again(&f);
    check_failure(&f, BC_E_INVALID_SERVER_RESPONSE, REMOTE, FALSE);
    assert_true(file_size(f.path) <= 200000);
    check_part(&f, 0, 3, 0, 70000);
    fetch_free(&f);
}

static void retry_after(void **state)
{
    struct fetch f;

    fault_url(&f, "status=503&retry_after=120");
    fetch_run(&f);
    assert_int_equal(f.result.retry_after_ms, 120000);
    fetch_free(&f);
}

static void no_server(void **state)
{
    struct fetch f;

    fetch_init(&f, "http://127.0.0.1:1/x");
    fetch_run(&f);
    check_failure(&f, (HRESULT)0x80072efd, REMOTE, TRUE);
    fetch_free(&f);
    fetch_init(&f, "http://no-such-host.invalid/x");
    fetch_run(&f);
    check_failure(&f, (HRESULT)0x80072ee7, REMOTE, TRUE);
    fetch_free(&f);
}

static void stalled(void **state)
{
    static const struct transfer_options options = {.stall_timeout_ms = 2000, .checkpoint_ms = 200};
    struct transfer *shared = transfer;
    struct fetch f;

    assert_int_equal(transfer_create(&options, &transfer), S_OK);
    fault_url(&f, "size=100000&seed=2&stall=40000");
    fetch_run(&f);
    transfer_destroy(transfer);
    transfer = shared;
    check_failure(&f, (HRESULT)0x80072ee2, REMOTE, TRUE);
    assert_int_equal(f.result.bytes, 40000);
    check_part(&f, 0, 2, 0, 40000);
    /* The checkpoint came while nothing else did. */
    assert_int_equal(f.durable, 40000);
    fetch_free(&f);
}

/* A small file waits in memory for the rest of it, but not for long. */
static void small_file_stalled(void **state)
{
    ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;
    struct fetch f;

    fault_url(&f, "size=50000&seed=2&stall=4000");
    fetch_begin(&f);
    while (!file_exists(f.path) || file_size(f.path) != 4000) {
        assert_true(GetTickCount64() < deadline);
        Sleep(10);
    }
    transfer_cancel(transfer, f.download);
    fetch_wait(&f);
    assert_int_equal(f.result.bytes, 4000);
    check_part(&f, 0, 2, 0, 4000);
    fetch_free(&f);
}

static void small_file_without_folder(void **state)
{
    struct fetch f;

    fault_url(&f, "size=1000&seed=1");
    swprintf(wcsrchr(f.path, '.'), 12, L"\\none.tmp");
    fetch_run(&f);
    check_failure(&f, HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND), BG_ERROR_CONTEXT_LOCAL_FILE, FALSE);
    assert_int_equal(f.result.bytes, 0);
    fetch_free(&f);
}

/* ---- ranges ---- */

static const BG_FILE_RANGE three[] = {{50000, 1000}, {0, 10}, {90000, (UINT64)BG_LENGTH_TO_EOF}};

static void ranges(void **state)
{
    struct fetch f;

    fault_url(&f, "size=100000&seed=9");
    f.spec.ranges = three;
    f.spec.range_count = 3;
    fetch_run(&f);
    check_success(&f, 11010);
    assert_int_equal(f.remote_size, 100000);
    assert_int_equal(f.headers, 1);
    assert_int_equal(file_size(f.path), 11010);
    check_part(&f, 0, 9, 50000, 1000);
    check_part(&f, 1000, 9, 0, 10);
    check_part(&f, 1010, 9, 90000, 10000);
    fetch_free(&f);
}

static void ranges_resume(void **state)
{
    struct fetch f;

    fault_url(&f, "size=100000&seed=9&cut_at=95000&times=1&skip=2");
    f.spec.ranges = three;
    f.spec.range_count = 3;
    fetch_run(&f);
    check_failure(&f, BC_E_CONNECTION_CLOSED, REMOTE, TRUE);
    assert_int_equal(f.result.bytes, 6010);
    fetch_again(&f);
    check_success(&f, 11010);
    assert_int_equal(f.result.received, 5000);
    check_part(&f, 1010, 9, 90000, 10000);
    fetch_free(&f);
}

static void ranges_changed(void **state)
{
    struct fetch f;

    fault_url(&f, "size=100000&seed=9&gen_after=1");
    f.spec.ranges = three;
    f.spec.range_count = 3;
    fetch_run(&f);
    check_success(&f, 11010);
    assert_int_equal(f.restarts, 1);
    check_part(&f, 0, generation_seed(9, 1), 50000, 1000);
    check_part(&f, 1010, generation_seed(9, 1), 90000, 10000);
    fetch_free(&f);
}

static void ranges_sparse(void **state)
{
    UINT64 filled = 0;
    struct fetch f;

    fault_url(&f, "size=100000&seed=9");
    f.spec.ranges = three;
    f.spec.range_count = 3;
    f.spec.sparse = TRUE;
    fetch_run(&f);
    assert_int_equal(f.result.hr, S_OK);
    assert_int_equal(f.total, 100000);
    check_part(&f, 50000, 9, 50000, 1000);
    check_part(&f, 0, 9, 0, 10);
    check_part(&f, 90000, 9, 90000, 10000);
    for (ULONG i = 0; i < f.filled_count; i++)
        filled += f.filled[i].Length;
    assert_int_equal(filled, 11010);
    fetch_free(&f);
}

static void ranges_wrong(void **state)
{
    static const BG_FILE_RANGE beyond[] = {{0, 10}, {99999, 2}}, past[] = {{100000, 1}};
    struct fetch f;

    fault_url(&f, "size=100000&seed=9");
    f.spec.ranges = beyond;
    f.spec.range_count = 2;
    fetch_run(&f);
    check_failure(&f, BC_E_INVALID_RANGE, REMOTE, FALSE);
    fetch_free(&f);
    fault_url(&f, "size=100000&seed=9");
    f.spec.ranges = past;
    f.spec.range_count = 1;
    fetch_run(&f);
    check_failure(&f, BC_E_INVALID_RANGE, REMOTE, FALSE);
    fetch_free(&f);
    fault_url(&f, "size=100000&seed=9&ranges=off");
    f.spec.ranges = three;
    f.spec.range_count = 3;
    fetch_run(&f);
    check_failure(&f, BC_E_INSUFFICIENT_RANGE_SUPPORT, REMOTE, FALSE);
    fetch_free(&f);
}

/* ---- redirects ---- */

static void redirects(void **state)
{
    struct fetch f;

    fault_url(&f, "size=30000&seed=5&redirect=302&hops=3");
    fetch_run(&f);
    check_success(&f, 30000);
    check_pattern(&f, 5, 0, 30000);
    assert_non_null(strstr(f.final_url, "hop="));
    fetch_free(&f);
    fault_url(&f, "size=30000&seed=5&redirect=301&hops=50");
    fetch_run(&f);
    check_failure(&f, BC_E_HTTP_ERROR_301, REMOTE, FALSE);
    fetch_free(&f);
    fault_url(&f, "size=30000&seed=5&redirect=307");
    f.spec.security_flags = 0x200; /* BG_HTTP_REDIRECT_POLICY_DISALLOW */
    fetch_run(&f);
    check_failure(&f, BC_E_HTTP_ERROR_307, REMOTE, FALSE);
    assert_int_equal(strncmp(f.redirect_url, f.url, strlen(f.url)), 0);
    assert_non_null(strstr(f.redirect_url, "hop=1"));
    fetch_free(&f);
    fault_url(&f, "size=30000&seed=5&redirect=302&redirect_to=file:///c:/windows/win.ini");
    fetch_run(&f);
    check_failure(&f, BC_E_INVALID_SERVER_RESPONSE, REMOTE, FALSE);
    fetch_free(&f);
}

/* ---- orders and their end ---- */

static void headers_sent(void **state)
{
    struct fetch f;

    fault_url(&f, "size=10&seed=1&auth=basic&user=me&password=secret");
    f.spec.custom_headers = "X-One: 1\r\nAuthorization: Basic bWU6c2VjcmV0\r\nRange: bytes=5-\r\n"
                            "no header\r\n";
    fetch_run(&f);
    check_success(&f, 10);
    check_pattern(&f, 1, 0, 10);
    fetch_free(&f);
}

static void method(void **state)
{
    struct fetch f;

    fault_url(&f, "size=10&seed=1&methods=PATCH");
    fetch_run(&f);
    check_failure(&f, BC_E_HTTP_ERROR_405, REMOTE, FALSE);
    fetch_free(&f);
}

static void cancel(void **state)
{
    struct fetch f;

    fault_url(&f, "size=1000000&seed=1&stall=100000");
    fetch_begin(&f);
    assert_int_equal(WaitForSingleObject(f.first_bytes, DEADLINE_MS), WAIT_OBJECT_0);
    transfer_cancel(transfer, f.download);
    transfer_cancel(transfer, f.download);
    fetch_wait(&f);
    assert_int_equal(f.result.hr, E_ABORT);
    assert_int_equal(file_exists(f.path) ? file_size(f.path) : 0, f.result.bytes);
    fetch_free(&f);
    fault_url(&f, "size=1000000&seed=1");
    f.cancel_in_headers = TRUE;
    fetch_run(&f);
    assert_int_equal(f.result.hr, E_ABORT);
    fetch_free(&f);
    fault_url(&f, "size=1000000&seed=1");
    fetch_begin(&f);
    transfer_cancel(transfer, f.download);
    fetch_wait(&f);
    fetch_free(&f);
}

static void rate(void **state)
{
    ULONGLONG begin = GetTickCount64();
    struct fetch f;

    fault_url(&f, "size=300000&seed=1");
    f.spec.rate = 150000;
    fetch_run(&f);
    check_success(&f, 300000);
    assert_true(GetTickCount64() - begin >= 1000);
    fetch_free(&f);
    fault_url(&f, "size=3000000&seed=1");
    f.spec.rate = 1000;
    fetch_begin(&f);
    assert_int_equal(WaitForSingleObject(f.first_bytes, DEADLINE_MS), WAIT_OBJECT_0);
    transfer_set_rate(transfer, f.download, 0);
    fetch_wait(&f);
    check_success(&f, 3000000);
    fetch_free(&f);
}

static void bad_orders(void **state)
{
    static const BG_FILE_RANGE empty[] = {{5, 0}}, overflow[] = {{5, UNKNOWN - 2}};
    struct download *download;
    struct fetch f;

    fetch_init(&f, "http://127.0.0.1/x");
    f.spec.path = NULL;
    assert_int_equal(transfer_download(transfer, &f.spec, &f.events, &f, &download), E_INVALIDARG);
    f.spec.path = f.path;
    f.spec.ranges = empty;
    f.spec.range_count = 1;
    assert_int_equal(transfer_download(transfer, &f.spec, &f.events, &f, &download), E_INVALIDARG);
    f.spec.ranges = overflow;
    assert_int_equal(transfer_download(transfer, &f.spec, &f.events, &f, &download), E_INVALIDARG);
    fetch_free(&f);
    fetch_init(&f, "gopher://127.0.0.1/x");
    fetch_run(&f);
    check_failure(&f, E_INVALIDARG, REMOTE, FALSE);
    fetch_free(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_file),
        cmocka_unit_test(sizes),
        cmocka_unit_test(resume),
        cmocka_unit_test(name_is_taken),
        cmocka_unit_test(shorter_than_known),
        cmocka_unit_test(changed),
        cmocka_unit_test(changed_without_tag),
        cmocka_unit_test(changed_behind_conditions),
        cmocka_unit_test(never_mixed),
        cmocka_unit_test(old_servers),
        cmocka_unit_test(one_after_the_other),
        cmocka_unit_test(no_ranges),
        cmocka_unit_test(always_416),
        cmocka_unit_test(asks_before_dropping),
        cmocka_unit_test(already_whole),
        cmocka_unit_test(unsized),
        cmocka_unit_test(limits),
        cmocka_unit_test(wrong_answers),
        cmocka_unit_test(wrong_ranges),
        cmocka_unit_test(too_many_bytes),
        cmocka_unit_test(retry_after),
        cmocka_unit_test(no_server),
        cmocka_unit_test(stalled),
        cmocka_unit_test(small_file_stalled),
        cmocka_unit_test(small_file_without_folder),
        cmocka_unit_test(ranges),
        cmocka_unit_test(ranges_resume),
        cmocka_unit_test(ranges_changed),
        cmocka_unit_test(ranges_sparse),
        cmocka_unit_test(ranges_wrong),
        cmocka_unit_test(redirects),
        cmocka_unit_test(headers_sent),
        cmocka_unit_test(method),
        cmocka_unit_test(cancel),
        cmocka_unit_test(rate),
        cmocka_unit_test(bad_orders),
        cmocka_unit_test(pieces),
    };

    return cmocka_run_group_tests(tests, fetch_setup, fetch_teardown);
}
