/* bc_headers: the text of SetCustomHeaders and the method of SetHttpMethod. */
#include <bitscore/bc_headers.h>
#include <bitscore/bc_http.h>

#include "support.h"

static void test_check(void **state)
{
    static const char *const good[] = {
        "",
        "X: y\r\n",
        "X: y",
        "MyHeader_1: Header One Value\nMyHeader_2: Header Two Value\n", /* the page's example */
        "Authorization: Bearer abc\r\nCookie: a=b; c=d\r\nUser-Agent: x\r\nHost: y\r\n",
        "X:\r\n",
        "X: \xc3\xa4\r\n",
    };
    static const char *const bad[] = {
        "X",
        "X: y\r\n\r\n",
        "\r\nX: y\r\n",
        "X: y\r\n\r\nGET / HTTP/1.1\r\n",
        "X: y\rZ: w\r\n",
        "X: y\r\r\n",
        "X: y\x01\r\n",
        "X : y\r\n",
        " X: y\r\n",
        "X: y\r\n folded\r\n",
        "X: \xff\r\n",
        "Range: bytes=0-1\r\n",
        "X: y\r\nif-range: \"a\"\r\n",
        "Content-Length: 5\r\n",
        "transfer-encoding: chunked\r\n",
        "Connection: close\r\n",
        "BITS-Packet-Type: Ping\r\n",
        "bits-x: y\r\n",
        "BITS-: y\r\n",
    };
    char text[BC_HEADERS_MAX_CHARS + 16] = "X: ";

    assert_hr(bc_headers_check(NULL), BC_S_OK, "NULL");
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_hr(bc_headers_check(good[i]), BC_S_OK, good[i]);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_hr(bc_headers_check(bad[i]), BC_E_INVALIDARG, bad[i]);
    memset(text + 3, 'v', sizeof(text) - 3);
    text[BC_HEADERS_MAX_CHARS - 1] = 0;
    assert_hr(bc_headers_check(text), BC_S_OK, "16,383 characters and the terminator");
    text[BC_HEADERS_MAX_CHARS - 1] = 'v';
    text[BC_HEADERS_MAX_CHARS] = 0;
    assert_hr(bc_headers_check(text), BC_E_STRING_TOO_LONG, "16,384 characters");
}

static void test_split(void **state)
{
    const char *cursor = "A: 1\r\nB: 2\nC: 3";
    struct bc_span line;

    assert_true(bc_headers_next(&cursor, &line));
    assert_true(bc_span_is(line, "A: 1"));
    assert_true(bc_headers_next(&cursor, &line));
    assert_true(bc_span_is(line, "B: 2"));
    assert_true(bc_headers_next(&cursor, &line));
    assert_true(bc_span_is(line, "C: 3"));
    assert_false(bc_headers_next(&cursor, &line));
}

static void test_method(void **state)
{
    char method[BC_METHOD_MAX_CHARS + 2];

    assert_hr(bc_headers_check_method("GET"), BC_S_OK, "GET");
    assert_hr(bc_headers_check_method("M-SEARCH"), BC_S_OK, "M-SEARCH");
    assert_hr(bc_headers_check_method(NULL), BC_E_INVALIDARG, "NULL");
    assert_hr(bc_headers_check_method(""), BC_E_INVALIDARG, "empty");
    assert_hr(bc_headers_check_method("GET /"), BC_E_INVALIDARG, "blank");
    assert_hr(bc_headers_check_method("GET\r\n"), BC_E_INVALIDARG, "line end");
    memset(method, 'M', sizeof(method));
    method[BC_METHOD_MAX_CHARS] = 0;
    assert_hr(bc_headers_check_method(method), BC_S_OK, "longest");
    method[BC_METHOD_MAX_CHARS] = 'M';
    method[BC_METHOD_MAX_CHARS + 1] = 0;
    assert_hr(bc_headers_check_method(method), BC_E_INVALIDARG, "too long");
}

static void test_random(void **state)
{
    static const char *const words[] = {
        "X: y", "\r\n", "\n", "\r", "A", ":", " ", "\t", "Range", "BITS-", "\xc3\xa4", "Y:z\r\n",
    };
    uint64_t seed = random_seed();
    int accepted = 0;
    char text[256];

    for (int i = 0; i < 100000; i++) {
        const char *cursor = text;
        struct bc_span line;

        random_text(&seed, text, sizeof(text), words, COUNT_OF(words));
        if (bc_failed(bc_headers_check(text)))
            continue;
        accepted++;
        /* Every line that comes out is one header and holds no line end. */
        while (bc_headers_next(&cursor, &line)) {
            assert_null(memchr(line.ptr, '\r', line.len));
            assert_null(memchr(line.ptr, '\n', line.len));
            assert_non_null(memchr(line.ptr, ':', line.len));
        }
    }
    assert_true(accepted > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_method),
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
