/*
 * bc_http: header lines, dates, the meaning of statuses, and the decision about each answer to a
 * download request.
 */
#include <bitscore/bc_http.h>

#include "support.h"

#define NOW         1700000000 /* 14 Nov 2023 */
#define ETAG        "\"v1\""
#define MODIFIED    "Sun, 06 Nov 1994 08:49:37 GMT"
#define MODIFIED_AT 784111777

static void test_dates(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } good[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"Thu Jan 01 00:00:00 1970", 0},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Tue, 29 Feb 2000 23:59:60 GMT", 951868800},
        {"Mon, 01 Jan 1601 00:00:00 GMT", -11644473600},
        {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
        {" sun, 06 nov 1994 08:49:37 gmt ", 784111777},
        {"Tuesday, 01-Jan-72 00:00:00 GMT", 3218832000}, /* 2072: not 50 years ahead of 2023 */
        {"Monday, 01-Jan-73 00:00:00 GMT", 94694400},    /* 1973: 2073 would be */
    };
    static const char *const bad[] = {
        "",
        "Sun",
        "Sun,",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 EST",
        "Sun, 06 Nov 1994 08:49:37 GMT x",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 32 Oct 1994 08:49:37 GMT",
        "Wed, 29 Feb 1995 08:49:37 GMT",
        "Thu, 29 Feb 1900 08:49:37 GMT",
        "Sun, 06 Nov 1600 08:49:37 GMT",
        "Xyz, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Xyz 1994 08:49:37 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "784111777",
        "-1",
    };
    char buffer[BC_HTTP_DATE_SIZE];
    uint64_t seed = random_seed();
    int64_t seconds;

    for (size_t i = 0; i < COUNT_OF(good); i++) {
        if (!bc_http_parse_date(bc_span_of(good[i].text), NOW, &seconds))
            fail_msg("%s is refused", good[i].text);
        assert_int_equal(seconds, good[i].seconds);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (bc_http_parse_date(bc_span_of(bad[i]), NOW, &seconds))
            fail_msg("%s is taken", bad[i]);
    assert_hr(bc_http_format_date(784111777, buffer, sizeof(buffer)), BC_S_OK, "format");
    assert_string_equal(buffer, "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_hr(bc_http_format_date(0, buffer, 29), BC_E_WIN32_INSUFFICIENT_BUFFER, "short");
    assert_hr(bc_http_format_date(253402300800, buffer, 30), BC_E_INVALIDARG, "year 10000");
    assert_hr(bc_http_format_date(-11644473601, buffer, 30), BC_E_INVALIDARG, "year 1600");
    for (int i = 0; i < 20000; i++) {
        int64_t there = (int64_t)(random_next(&seed) % 265046774400u) - 11644473600;

        assert_hr(bc_http_format_date(there, buffer, sizeof(buffer)), BC_S_OK, "format");
        assert_true(bc_http_parse_date(bc_span_of(buffer), NOW, &seconds));
        assert_int_equal(seconds, there);
        assert_int_equal(bc_time_from_filetime(bc_time_to_filetime(there)), there);
    }
    assert_int_equal(bc_time_to_filetime(0), 116444736000000000);
    assert_int_equal(bc_time_to_filetime(INT64_MIN), 0);
    assert_int_equal(bc_time_to_filetime(INT64_MAX), 0);
    assert_int_equal(bc_time_from_filetime(116444736009999999), 0);
}

static void test_content_range(void **state)
{
    static const char *const bad[] = {
        "",
        "bytes",
        "bytes */*",
        "bytes 0-1",
        "bytes 2-1/10",
        "bytes 0-10/10",
        "bytes -1/10",
        "bytes 1-/10",
        "bytes 0-1/x",
        "bytes 0-1/18446744073709551616",
        "bytes 0-18446744073709551616/*",
        "items 0-1/2",
        "bytes=0-1/2",
        "bytes 0-1/2, 3-4/5",
        "bytes +0-1/2",
    };
    struct bc_content_range range;
    char buffer[BC_HTTP_RANGE_SIZE];

    assert_true(bc_http_parse_content_range(bc_span_of("bytes 0-499/1234"), &range));
    assert_true(range.satisfied);
    assert_int_equal(range.first, 0);
    assert_int_equal(range.last, 499);
    assert_int_equal(range.total, 1234);
    assert_true(bc_http_parse_content_range(bc_span_of("Bytes  734-1233/*"), &range));
    assert_int_equal(range.first, 734);
    assert_int_equal(range.total, BC_SIZE_UNKNOWN);
    assert_true(bc_http_parse_content_range(bc_span_of("bytes */1234"), &range));
    assert_false(range.satisfied);
    assert_int_equal(range.total, 1234);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (bc_http_parse_content_range(bc_span_of(bad[i]), &range))
            fail_msg("%s is taken", bad[i]);

    assert_hr(bc_http_format_range(0, BC_LENGTH_TO_EOF, buffer, sizeof(buffer)), BC_S_OK, "all");
    assert_string_equal(buffer, "bytes=0-");
    assert_hr(bc_http_format_range(10, 1, buffer, sizeof(buffer)), BC_S_OK, "one");
    assert_string_equal(buffer, "bytes=10-10");
    assert_hr(bc_http_format_range(UINT64_MAX - 1, 2, buffer, sizeof(buffer)), BC_S_OK, "longest");
    assert_string_equal(buffer, "bytes=18446744073709551614-18446744073709551615");
    assert_hr(bc_http_format_range(UINT64_MAX - 1, 3, buffer, 56), BC_E_INVALIDARG, "wraps");
    assert_hr(bc_http_format_range(5, 0, buffer, 56), BC_E_INVALIDARG, "empty");
}

static void test_split_field(void **state)
{
    static const char *const bad[] = {
        "",           ":",           ": x", "Name", "Na me: x", "Name : x", "N\xc3\xa4me: x",
        "Name: a\rb", "Name: a\x01",
    };
    struct bc_span name, value;

    assert_true(bc_http_split_field("ETag: \"x\" \r\n", 12, &name, &value));
    assert_true(bc_span_is(name, "etag"));
    assert_true(bc_span_equal(value, bc_span_of("\"x\"")));
    assert_true(bc_http_split_field("X:", 2, &name, &value));
    assert_int_equal(value.len, 0);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (bc_http_split_field(bad[i], strlen(bad[i]), &name, &value))
            fail_msg("\"%s\" is taken", bad[i]);
}

/* Reads a whole head; lines end with \n. Returns the worst result of a line. */
static int32_t read_head(const char *text, struct bc_http_response *response)
{
    int32_t result = BC_S_OK;

    bc_http_response_init(response);
    while (*text) {
        size_t n = strcspn(text, "\n") + 1;
        int32_t hr = bc_http_response_line(response, text, n, NOW);

        if (bc_failed(hr))
            result = hr;
        text += n;
    }
    return result;
}

static void test_head(void **state)
{
    struct bc_http_response r;

    assert_hr(read_head("HTTP/1.1 100 Continue\r\n\r\n"
                        "HTTP/1.1 206 Partial Content\r\n"
                        "content-length: 500\r\n"
                        "Content-Range: bytes 500-999/8000\r\n"
                        "ETag: W/\"a b\"\r\n"
                        "ETAG: W/\"ab\"\r\n"
                        "Last-Modified: " MODIFIED "\r\n"
                        "Accept-Ranges: bytes\r\n"
                        "Content-Encoding: identity\r\n"
                        "Content-Type: text/plain\r\n"
                        "Retry-After: 120\r\n"
                        "X-Unknown: \xff\r\n"
                        "no header\r\n"
                        "\r\n",
                        &r),
              BC_S_OK, "head");
    assert_int_equal(r.status, 206);
    assert_int_equal(r.version, 11);
    assert_false(r.malformed);
    assert_true(r.has_length);
    assert_int_equal(r.length, 500);
    assert_true(r.has_range);
    assert_int_equal(r.range.first, 500);
    assert_string_equal(r.validators.etag, "W/\"ab\"");
    assert_false(bc_validators_strong(&r.validators));
    assert_true(r.validators.has_last_modified);
    assert_int_equal(r.validators.last_modified, MODIFIED_AT);
    assert_int_equal(r.validators.total, 8000);
    assert_true(r.ranges_bytes);
    assert_false(r.encoded || r.multipart || r.chunked || r.ranges_none);
    assert_true(r.has_retry_after);
    assert_int_equal(r.retry_after, 120);

    assert_hr(read_head("HTTP/2 200\r\nContent-Length: 7, 7\r\nContent-Length: 7\r\n"
                        "Content-Encoding: gzip\r\nAccept-Ranges: none\r\nETag: unquoted\r\n",
                        &r),
              BC_S_OK, "repeated length");
    assert_int_equal(r.version, 20);
    assert_int_equal(r.validators.total, 7);
    assert_true(r.encoded && r.ranges_none);
    assert_string_equal(r.validators.etag, "");

    assert_hr(read_head("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nContent-Length: 9\n", &r),
              BC_S_OK, "chunked");
    assert_int_equal(r.validators.total, BC_SIZE_UNKNOWN);
    assert_hr(read_head("HTTP/1.1 503 Busy\nRetry-After: Tue, 14 Nov 2023 22:15:20 GMT\n", &r),
              BC_S_OK, "date");
    assert_int_equal(r.retry_after, 120);
    assert_hr(read_head("HTTP/1.1 503 Busy\nRetry-After: " MODIFIED "\n", &r), BC_S_OK, "past");
    assert_int_equal(r.retry_after, 0);
    assert_hr(read_head("HTTP/1.1 503 Busy\nRetry-After: 99999999999\n", &r), BC_S_OK, "long");
    assert_int_equal(r.retry_after, 366 * 24 * 3600);
    assert_hr(read_head("HTTP/1.1 503 Busy\nRetry-After: soon\n", &r), BC_S_OK, "unreadable");
    assert_false(r.has_retry_after);
    assert_hr(read_head("HTTP/1.1 206 P\nContent-Type: Multipart/ByteRanges; boundary=x\n", &r),
              BC_S_OK, "multipart");
    assert_true(r.multipart);
    assert_hr(read_head("HTTP/1.1 206 P\nContent-Type: multipart/byterange\n", &r), BC_S_OK, "not");
    assert_false(r.multipart);
}

static void test_bad_head(void **state)
{
    static const char *const heads[] = {
        "HTTP/1.1 200 OK\nContent-Length: 7\nContent-Length: 8\n",
        "HTTP/1.1 200 OK\nContent-Length: 7, 8\n",
        "HTTP/1.1 200 OK\nContent-Length: -7\n",
        "HTTP/1.1 200 OK\nContent-Length: 18446744073709551616\n",
        "HTTP/1.1 200 OK\nContent-Length: 18446744073709551615\n",
        "HTTP/1.1 200 OK\nContent-Length:\n",
        "HTTP/1.1 206 OK\nContent-Range: bytes 1-0/2\n",
        "HTTP/1.1 206 OK\nContent-Range: bytes 0-1/2\nContent-Range: bytes 0-0/2\n",
        "HTTP/1.1 OK\n",
        "HTTP/1.1 20 OK\n",
        "HTTP/1.1 2x0 OK\n",
        "HTTP/1.1 20x OK\n",
        "HTTP/1.1 x00 OK\n",
        "HTTP/1.1 2000 OK\n",
        "HTTP/1.1 099 OK\n",
        "HTTP/x 200 OK\n",
        "HTTP/1.10 200 OK\n",
        "HTTP/\n",
    };
    struct bc_http_request request = {.length = BC_LENGTH_TO_EOF};
    struct bc_http_response r;
    char line[BC_HTTP_ETAG_MAX + 16];

    bc_validators_init(&request.known);
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        struct bc_http_decision decision;

        assert_hr(read_head(heads[i], &r), BC_E_INVALID_SERVER_RESPONSE, heads[i]);
        decision = bc_http_decide(&request, &r);
        assert_int_equal(decision.verdict, BC_VERDICT_ERROR);
        assert_hr(decision.error.code, BC_E_INVALID_SERVER_RESPONSE, heads[i]);
    }
    /* An entity tag that does not fit is none; the longest that does is kept. */
    memset(line, 'e', sizeof(line));
    memcpy(line, "ETag: \"", 7);
    line[6 + BC_HTTP_ETAG_MAX] = '"';
    bc_http_response_init(&r);
    assert_hr(bc_http_response_line(&r, line, 7 + BC_HTTP_ETAG_MAX, NOW), BC_S_OK, "too long");
    assert_string_equal(r.validators.etag, "");
    line[5 + BC_HTTP_ETAG_MAX] = '"';
    assert_hr(bc_http_response_line(&r, line, 6 + BC_HTTP_ETAG_MAX, NOW), BC_S_OK, "longest");
    assert_int_equal(strlen(r.validators.etag), BC_HTTP_ETAG_MAX);
}

static void test_classify(void **state)
{
    /* The sentence of handling-server-application-errors, code by code. */
    for (int status = 100; status < 600; status++) {
        struct bc_http_meaning meaning = bc_http_classify(status);
        enum bc_http_class expected = BC_HTTP_TRANSIENT;

        if (status == 200 || status == 203 || status == 206)
            expected = BC_HTTP_SUCCESS;
        else if ((status >= 300 && status <= 305) || status == 307)
            expected = BC_HTTP_FATAL;
        else if (status >= 400 && status < 500 && status != 408 && status != 409)
            expected = BC_HTTP_FATAL;
        else if (status == 501 || status == 505)
            expected = BC_HTTP_FATAL;
        if (status == 301 || status == 302 || status == 303 || status == 307 || status == 308)
            expected = BC_HTTP_REDIRECT;
        assert_int_equal(meaning.klass, expected);
        if (expected == BC_HTTP_SUCCESS) {
            assert_hr(meaning.code, BC_S_OK, "success");
            continue;
        }
        assert_int_equal((uint32_t)meaning.code, 0x80190000u + (unsigned)status);
        assert_int_equal(meaning.context,
                         status == 407 ? BC_CONTEXT_GENERAL_TRANSPORT : BC_CONTEXT_REMOTE_FILE);
    }
    assert_hr(bc_http_classify(404).code, BC_E_HTTP_ERROR_404, "404");
}

/* What was known of the file: its tag, date and a size of 1,000. */
static struct bc_http_request resumed(uint64_t offset)
{
    struct bc_http_request request = {.offset = offset, .length = BC_LENGTH_TO_EOF, .ranged = true};

    bc_validators_init(&request.known);
    strcpy(request.known.etag, ETAG);
    request.known.has_last_modified = true;
    request.known.last_modified = MODIFIED_AT;
    request.known.total = 1000;
    return request;
}

static struct bc_http_decision decide(const struct bc_http_request *request, const char *head)
{
    struct bc_http_response response;

    read_head(head, &response);
    return bc_http_decide(request, &response);
}

#define expect(request, head, wanted)                                                              \
    do {                                                                                           \
        struct bc_http_decision made = decide(request, head);                                      \
        if (made.verdict != (wanted))                                                              \
            fail_msg("%s: verdict %d, code 0x%08x", head, made.verdict,                            \
                     (unsigned)made.error.code);                                                   \
    } while (0)

#define expect_error(request, head, wanted)                                                        \
    do {                                                                                           \
        struct bc_http_decision made = decide(request, head);                                      \
        assert_int_equal(made.verdict, BC_VERDICT_ERROR);                                          \
        assert_hr(made.error.code, wanted, head);                                                  \
    } while (0)

static void test_decide_first(void **state)
{
    struct bc_http_request request = {.length = BC_LENGTH_TO_EOF};
    struct bc_http_decision d;

    bc_validators_init(&request.known);
    d = decide(&request, "HTTP/1.1 200 OK\nContent-Length: 1000\nETag: " ETAG "\n");
    assert_int_equal(d.verdict, BC_VERDICT_APPEND);
    assert_int_equal(d.body_offset, 0);
    assert_int_equal(d.body_length, 1000);
    assert_int_equal(d.total, 1000);
    assert_hr(d.error.code, BC_S_OK, "no error");
    expect(&request, "HTTP/1.0 200 OK\nContent-Length: 0\n", BC_VERDICT_APPEND);
    expect_error(&request, "HTTP/1.1 200 OK\n", BC_E_MISSING_FILE_SIZE);
    expect_error(&request, "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n", BC_E_MISSING_FILE_SIZE);
    expect_error(&request, "HTTP/0.9 200 OK\nContent-Length: 5\n", BC_E_INSUFFICIENT_HTTP_SUPPORT);
    expect_error(&request, "HTTP/1.1 206 OK\nContent-Length: 5\nContent-Range: bytes 0-4/9\n",
                 BC_E_INVALID_SERVER_RESPONSE);
    expect_error(&request, "HTTP/1.1 404 No\nContent-Length: 5\n", BC_E_HTTP_ERROR_404);
    expect_error(&request, "HTTP/1.1 416 No\nContent-Length: 5\n", BC_E_HTTP_ERROR_416);
    expect_error(&request, "HTTP/1.1 412 No\nContent-Length: 5\n", BC_E_HTTP_ERROR_412);
    expect_error(&request, "HTTP/1.1 204 None\n", BC_E_HTTP_ERROR_204);
    d = decide(&request, "HTTP/1.1 503 Busy\nContent-Length: 5\n");
    assert_int_equal(d.error.klass, BC_HTTP_TRANSIENT);
    assert_int_equal(d.error.context, BC_CONTEXT_REMOTE_FILE);
    d = decide(&request, "HTTP/1.1 302 Found\nLocation: /x\n");
    assert_int_equal(d.verdict, BC_VERDICT_REDIRECT);
    assert_hr(d.error.code, BC_E_HTTP_ERROR_302, "if it may not be followed");

    request.dynamic = true;
    d = decide(&request, "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n");
    assert_int_equal(d.verdict, BC_VERDICT_APPEND);
    assert_int_equal(d.body_length, BC_SIZE_UNKNOWN);
    assert_int_equal(d.total, BC_SIZE_UNKNOWN);
}

static void test_decide_resumed(void **state)
{
    struct bc_http_request request = resumed(400);
    struct bc_http_decision d;

    d = decide(&request, "HTTP/1.1 206 P\nContent-Length: 600\nContent-Range: bytes 400-999/1000\n"
                         "ETag: " ETAG "\nLast-Modified: " MODIFIED "\n");
    assert_int_equal(d.verdict, BC_VERDICT_APPEND);
    assert_int_equal(d.body_offset, 400);
    assert_int_equal(d.body_length, 600);
    assert_int_equal(d.total, 1000);
    /* A server may answer with less than was asked for, and need not repeat the validators. */
    d = decide(&request, "HTTP/1.1 206 P\nContent-Range: bytes 400-499/*\n");
    assert_int_equal(d.verdict, BC_VERDICT_APPEND);
    assert_int_equal(d.body_length, 100);
    assert_int_equal(d.total, 1000);

    /* Another tag, date or size: another version, whatever else agrees. */
    expect(&request, "HTTP/1.1 206 P\nContent-Range: bytes 400-999/1000\nETag: \"v2\"\n",
           BC_VERDICT_REMOTE_CHANGED);
    expect(&request, "HTTP/1.1 206 P\nContent-Range: bytes 400-1099/1100\nETag: " ETAG "\n",
           BC_VERDICT_REMOTE_CHANGED);
    expect(&request,
           "HTTP/1.1 206 P\nContent-Range: bytes 400-999/1000\nETag: " ETAG "\n"
           "Last-Modified: Sun, 06 Nov 1994 08:49:38 GMT\n",
           BC_VERDICT_REMOTE_CHANGED);
    expect(&request, "HTTP/1.1 412 Precondition Failed\n", BC_VERDICT_REMOTE_CHANGED);
    expect(&request, "HTTP/1.1 416 No\nContent-Range: bytes */300\n", BC_VERDICT_REMOTE_CHANGED);
    expect(&request, "HTTP/1.1 416 No\n", BC_VERDICT_REMOTE_CHANGED);

    /* The whole file: changed, or the server knows no ranges. Its body can be used as it comes. */
    d = decide(&request, "HTTP/1.1 200 OK\nContent-Length: 1000\nETag: \"v2\"\n");
    assert_int_equal(d.verdict, BC_VERDICT_RESTART);
    assert_false(d.no_ranges);
    d = decide(&request, "HTTP/1.1 200 OK\nContent-Length: 1000\nETag: " ETAG "\n");
    assert_int_equal(d.verdict, BC_VERDICT_RESTART);
    assert_true(d.no_ranges);
    assert_int_equal(d.body_offset, 0);
    assert_int_equal(d.body_length, 1000);

    /* Answers that contradict the request or themselves. */
    expect_error(&request, "HTTP/1.1 206 P\nContent-Range: bytes 399-999/1000\n",
                 BC_E_INVALID_SERVER_RESPONSE);
    expect_error(&request, "HTTP/1.1 206 P\nContent-Length: 600\n", BC_E_INVALID_SERVER_RESPONSE);
    expect_error(&request, "HTTP/1.1 206 P\nContent-Range: bytes */1000\n",
                 BC_E_INVALID_SERVER_RESPONSE);
    expect_error(&request,
                 "HTTP/1.1 206 P\nContent-Length: 599\nContent-Range: bytes 400-999/1000\n",
                 BC_E_INVALID_SERVER_RESPONSE);
    expect_error(&request, "HTTP/1.1 206 P\nContent-Type: multipart/byteranges; boundary=x\n",
                 BC_E_INVALID_SERVER_RESPONSE);
    expect_error(&request, "HTTP/1.1 206 P\nContent-Range: bytes 0-18446744073709551615/*\n",
                 BC_E_INVALID_SERVER_RESPONSE);
    request.length = 100;
    expect_error(&request, "HTTP/1.1 206 P\nContent-Range: bytes 400-500/1000\n",
                 BC_E_INVALID_SERVER_RESPONSE);
    expect(&request, "HTTP/1.1 206 P\nContent-Range: bytes 400-499/1000\n", BC_VERDICT_APPEND);

    request = resumed(1000);
    expect(&request, "HTTP/1.1 416 No\nContent-Range: bytes */1000\n", BC_VERDICT_COMPLETE);
    expect(&request, "HTTP/1.1 416 No\nContent-Range: bytes */1000\nETag: \"v2\"\n",
           BC_VERDICT_REMOTE_CHANGED);
}

static void test_decide_user_ranges(void **state)
{
    struct bc_http_request request = resumed(400);

    request.user_range = true;
    request.length = 100;
    expect(&request, "HTTP/1.1 206 P\nContent-Range: bytes 400-499/1000\n", BC_VERDICT_APPEND);
    expect(&request, "HTTP/1.1 206 P\nContent-Range: bytes 400-450/1000\n", BC_VERDICT_APPEND);
    expect_error(&request, "HTTP/1.1 416 No\nContent-Range: bytes */1000\n", BC_E_INVALID_RANGE);
    expect_error(&request, "HTTP/1.1 200 OK\nContent-Length: 1000\n",
                 BC_E_INSUFFICIENT_RANGE_SUPPORT);
    expect(&request, "HTTP/1.1 200 OK\nContent-Length: 999\n", BC_VERDICT_REMOTE_CHANGED);
    request.offset = 950;
    expect_error(&request, "HTTP/1.1 206 P\nContent-Range: bytes 950-999/1000\n",
                 BC_E_INVALID_RANGE);
    request.offset = 0;
    request.length = BC_LENGTH_TO_EOF;
    expect(&request, "HTTP/1.1 200 OK\nContent-Length: 1000\n", BC_VERDICT_APPEND);
}

static void test_validators(void **state)
{
    struct bc_validators a, b;
    char buffer[BC_HTTP_ETAG_MAX + 1];

    bc_validators_init(&a);
    bc_validators_init(&b);
    assert_true(bc_validators_same(&a, &b));
    assert_hr(bc_validators_if_range(&a, buffer, sizeof(buffer)), BC_S_FALSE, "nothing");
    assert_string_equal(buffer, "");
    a.has_last_modified = true;
    a.last_modified = MODIFIED_AT;
    assert_true(bc_validators_same(&a, &b));
    assert_hr(bc_validators_if_range(&a, buffer, sizeof(buffer)), BC_S_OK, "date");
    assert_string_equal(buffer, MODIFIED);
    strcpy(a.etag, "W/\"x\"");
    assert_hr(bc_validators_if_range(&a, buffer, sizeof(buffer)), BC_S_OK, "weak tag");
    assert_string_equal(buffer, MODIFIED);
    strcpy(b.etag, "\"x\"");
    assert_true(bc_validators_same(&a, &b));
    strcpy(b.etag, "\"y\"");
    assert_false(bc_validators_same(&a, &b));
    assert_hr(bc_validators_if_range(&b, buffer, sizeof(buffer)), BC_S_OK, "strong tag");
    assert_string_equal(buffer, "\"y\"");
}

static void test_random(void **state)
{
    static const char *const words[] = {
        "HTTP/1.1 206 X\n",
        "HTTP/1.1 200 X\n",
        "HTTP/1.1 416 X\n",
        "Content-Length: ",
        "Content-Range: bytes ",
        "400-999/1000\n",
        "400-499/",
        "*",
        "/1000\n",
        "1000\n",
        "600\n",
        "ETag: ",
        ETAG "\n",
        "\"v2\"\n",
        "Last-Modified: ",
        MODIFIED "\n",
        "\n",
        ",",
        "Sun, ",
        "18446744073709551615",
        "499",
        "999",
        "449/",
        "Retry-After: ",
        "Transfer-Encoding: chunked\n",
        "0-",
    };
    uint64_t seed = random_seed();
    char text[512];
    int appended = 0;

    for (int i = 0; i < 100000; i++) {
        struct bc_http_request request = resumed(400);
        struct bc_http_response response;
        struct bc_http_decision d;

        size_t n = 0;

        if (random_below(&seed, 2))
            n = strlen(strcpy(text, "HTTP/1.1 206 P\nContent-Range: bytes 400-499/1000\n"));
        if (n && random_below(&seed, 2))
            n -= random_below(&seed, 12);
        random_text(&seed, text + n, sizeof(text) - n, words, COUNT_OF(words));
        request.user_range = random_below(&seed, 2);
        if (random_below(&seed, 2))
            request.length = 100;
        read_head(text, &response);
        d = bc_http_decide(&request, &response);
        if (d.verdict != BC_VERDICT_APPEND)
            continue;
        /* Whatever was sent, bytes are only appended where the disk ends, within what was asked
         * for, and never when a validator speaks against it. */
        appended++;
        assert_int_equal(d.body_offset, 400);
        assert_true(d.body_length > 0 && d.body_length <= request.length);
        assert_true(bc_validators_same(&request.known, &response.validators));
    }
    assert_true(appended > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_content_range),
        cmocka_unit_test(test_split_field),
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_bad_head),
        cmocka_unit_test(test_classify),
        cmocka_unit_test(test_decide_first),
        cmocka_unit_test(test_decide_resumed),
        cmocka_unit_test(test_decide_user_ranges),
        cmocka_unit_test(test_validators),
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
