/*
 * bc_url: remote names as ns-bits-_bg_file_info describes them, their wire form, redirects and
 * prefixes.
 */
#include <bitscore/bc_url.h>

#include "support.h"

static bool span_is(struct bc_span span, const char *text)
{
    return bc_span_equal(span, bc_span_of(text));
}

static void repeat(char *text, char c, size_t n)
{
    memset(text, c, n);
    text[n] = 0;
}

static void test_parse_http(void **state)
{
    struct bc_url url;

    assert_hr(bc_url_parse("http://server/path/file.ext", &url), BC_S_OK, "plain");
    assert_int_equal(url.scheme, BC_SCHEME_HTTP);
    assert_true(span_is(url.host, "server"));
    assert_int_equal(url.port, 80);
    assert_false(url.has_port);
    assert_true(span_is(url.path, "/path/file.ext"));
    assert_false(url.has_query);

    assert_hr(bc_url_parse("HttpS://me:pa%3Ass@Example.COM:8443/a?b=c?d#e?f", &url), BC_S_OK,
              "all");
    assert_int_equal(url.scheme, BC_SCHEME_HTTPS);
    assert_true(span_is(url.userinfo, "me:pa%3Ass"));
    assert_true(span_is(url.host, "Example.COM"));
    assert_int_equal(url.port, 8443);
    assert_true(url.has_port);
    assert_true(span_is(url.path, "/a"));
    assert_true(span_is(url.query, "b=c?d"));
    assert_true(span_is(url.fragment, "e?f"));

    assert_hr(bc_url_parse("http://a@b@host/", &url), BC_S_OK, "two at signs");
    assert_true(span_is(url.userinfo, "a@b"));
    assert_true(span_is(url.host, "host"));

    assert_hr(bc_url_parse("https://[2001:db8::1]:8080", &url), BC_S_OK, "IPv6");
    assert_true(span_is(url.host, "[2001:db8::1]"));
    assert_int_equal(url.port, 8080);
    assert_int_equal(url.path.len, 0);

    assert_hr(bc_url_parse("https://host:/x", &url), BC_S_OK, "empty port");
    assert_int_equal(url.port, 443);

    /* The host ends at the backslash: what follows is path, not a host behind user information. */
    assert_hr(bc_url_parse("http://good.example\\@evil.example/", &url), BC_S_OK, "backslash");
    assert_true(span_is(url.host, "good.example"));
    assert_int_equal(url.userinfo.len, 0);
}

static void test_check(void **state)
{
    static const char *const good[] = {
        "http://server/file",
        "http://server",
        "http://server/",
        "https://server:1/a%20b/\xc3\xa4?q=1*2",
        "http://127.0.0.1:8080/f{x}|[1]^~`",
        "http://server\\dir\\file",
        "\\\\server\\share\\dir\\file.ext",
        "\\\\server\\share$\\file",
        "X:\\dir\\file.ext",
        "x:/dir/file.ext",
        "file://server/share/file",
        "file:///c:/dir/file.ext",
        "file://c:\\dir\\file.ext",
        "file://localhost/c:/x",
        "FILE:////server/share/my%20file",
        "file:\\\\server\\share\\file",
    };
    static const char *const bad[] = {
        "",
        "server/file",
        "ftp://server/file",
        "http:/server/file",
        "http:server",
        "http://",
        "http:///file",
        "http://:80/file",
        "http://ser ver/file",
        "http://ser%20ver/file",
        "http://s\xc3\xa4rver/file",
        "http://server:0/",
        "http://server:65536/",
        "http://server:8o/",
        "http://server:-1/",
        "http://[::1/",
        "http://[::g]/",
        "http://.server/",
        "http://server/fi\nle",
        "http://server/fi\x7fle",
        "http://server/fi\xffle",
        " http://server/file",
        "http://server/fi le",
        "http://server/file ",
        "http://server/file?a b",
        "http://server/*.txt",
        "http://server/<file>",
        "http://server/\"file\"",
        "\\\\server",
        "\\\\server\\share",
        "\\\\server\\share\\",
        "\\\\server\\share\\dir\\",
        "\\\\server\\share\\*.txt",
        "\\\\server\\share\\fil?",
        "\\\\server\\share\\file:stream",
        "\\\\ser*er\\share\\file",
        "\\\\ser ver\\share\\file",
        "\\\\server\\pipe\\name",
        "\\\\server\\PIPE\\name",
        "\\\\server\\mailslot\\name",
        "\\\\.\\pipe\\name",
        "\\\\?\\c:\\file",
        "\\\\server\\share\\nul",
        "c:file",
        "c:\\",
        "c:\\dir\\",
        "c:\\con.txt",
        "file:server/share",
        "file:///share/file",
        "file://server/share/a%2fb",
        "file://server/share/a%5Cb",
        "file://server/share/a%00b",
        "file://server/share/%ff",
        "file://server/share/a%2A",
        "relative.txt",
    };

    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_hr(bc_url_check_remote_name(good[i], NULL), BC_S_OK, good[i]);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_hr(bc_url_check_remote_name(bad[i], NULL), BC_E_INVALIDARG, bad[i]);
    assert_hr(bc_url_check_remote_name(NULL, NULL), BC_E_INVALIDARG, "NULL");
}

static void test_limits(void **state)
{
    char text[BC_URL_UTF8_SIZE + 16] = "http://s/";

    /* 2,200 characters in all; segments of at most 260. */
    while (strlen(text) < 2100)
        strcat(text, "123456789/");
    repeat(text + strlen(text), 'a', 2200 - strlen(text));
    assert_int_equal(strlen(text), 2200);
    assert_hr(bc_url_check_remote_name(text, NULL), BC_S_OK, "2200 characters");
    strcat(text, "a");
    assert_hr(bc_url_check_remote_name(text, NULL), BC_E_INVALIDARG, "2201 characters");

    strcpy(text, "http://s/");
    repeat(text + 9, 'a', 260);
    assert_hr(bc_url_check_remote_name(text, NULL), BC_S_OK, "segment of 260");
    strcat(text, "/b");
    assert_hr(bc_url_check_remote_name(text, NULL), BC_S_OK, "segment of 260 and another");
    repeat(text + 9, 'a', 261);
    assert_hr(bc_url_check_remote_name(text, NULL), BC_E_INVALIDARG, "segment of 261");
    strcpy(text, "http://s/a?");
    repeat(text + 11, 'q', 1000);
    assert_hr(bc_url_check_remote_name(text, NULL), BC_S_OK, "long query");

    /* The unit is the UTF-16 unit, not the byte: 200 times U+1F600 is 400 units, 800 bytes. */
    strcpy(text, "http://s/a?");
    for (int i = 0; i < 1094; i++)
        strcat(text, "\xf0\x9f\x98\x80");
    assert_hr(bc_url_check_remote_name(text, NULL), BC_S_OK, "2199 units");
    strcat(text, "ab");
    assert_hr(bc_url_check_remote_name(text, NULL), BC_E_INVALIDARG, "2201 units");
}

static void check_wire(const char *text, const char *expected, const char *target)
{
    char buffer[BC_URL_WIRE_SIZE];
    struct bc_url url;

    assert_hr(bc_url_check_remote_name(text, &url), BC_S_OK, text);
    assert_hr(bc_url_to_wire(&url, buffer, sizeof(buffer)), BC_S_OK, text);
    assert_string_equal(buffer, expected);
    assert_hr(bc_url_to_target(&url, buffer, sizeof(buffer)), BC_S_OK, text);
    assert_string_equal(buffer, target);
    assert_hr(bc_url_to_wire(&url, buffer, strlen(expected)), BC_E_WIN32_INSUFFICIENT_BUFFER, text);
    assert_string_equal(buffer, "");
}

static void test_wire(void **state)
{
    char text[BC_URL_UTF8_SIZE] = "https://s:8080/a?", buffer[BC_URL_WIRE_SIZE];
    struct bc_url url;

    check_wire("http://Server", "http://server/", "/");
    check_wire("HTTP://u:p@Server:80/a#frag", "http://server/a", "/a");
    check_wire("https://s:80?x", "https://s:80/?x", "/?x");
    check_wire("https://s:443/%20%zz", "https://s/%20%zz", "/%20%zz");
    check_wire("http://s/a`b\\c\xc3\xa4?x^y|\\", "http://s/a%60b/c%C3%A4?x%5Ey%7C%5C",
               "/a%60b/c%C3%A4?x%5Ey%7C%5C");
    check_wire("http://s/?", "http://s/?", "/?");

    while (strlen(text) + 3 < sizeof(text) - 40)
        strcat(text, "\xe4\xb8\xad");
    assert_hr(bc_url_check_remote_name(text, &url), BC_S_OK, "all escaped");
    assert_hr(bc_url_to_wire(&url, buffer, sizeof(buffer)), BC_S_OK, "longest wire form");

    assert_hr(bc_url_check_remote_name("c:\\a", &url), BC_S_OK, "drive");
    assert_hr(bc_url_to_wire(&url, buffer, sizeof(buffer)), BC_E_INVALIDARG, "drive on the wire");
}

static void test_path(void **state)
{
    static const char *const pairs[][2] = {
        {"\\\\Server/share/a\\b", "\\\\Server\\share\\a\\b"},
        {"x:/a/b", "x:\\a\\b"},
        {"x:\\a%20b", "x:\\a%20b"},
        {"file://server/share/a%20b", "\\\\server\\share\\a b"},
        {"file:///C:/a/b%25", "C:\\a\\b%"},
        {"file:////server/share/x", "\\\\server\\share\\x"},
    };
    char buffer[BC_URL_UTF8_SIZE];
    struct bc_url url;

    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        assert_hr(bc_url_check_remote_name(pairs[i][0], &url), BC_S_OK, pairs[i][0]);
        assert_hr(bc_url_to_path(&url, buffer, sizeof(buffer)), BC_S_OK, pairs[i][0]);
        assert_string_equal(buffer, pairs[i][1]);
    }
    assert_hr(bc_url_parse("http://s/", &url), BC_S_OK, "http");
    assert_hr(bc_url_to_path(&url, buffer, sizeof(buffer)), BC_E_INVALIDARG, "http as path");
}

static void test_userinfo(void **state)
{
    char user[16], password[16];
    struct bc_url url;

    assert_hr(bc_url_parse("http://me%40x:a:b%20@s/", &url), BC_S_OK, "parse");
    assert_hr(bc_url_userinfo(&url, user, sizeof(user), password, sizeof(password)), BC_S_OK, "u");
    assert_string_equal(user, "me@x");
    assert_string_equal(password, "a:b ");
    assert_hr(bc_url_parse("http://s/", &url), BC_S_OK, "parse");
    assert_hr(bc_url_userinfo(&url, user, 16, password, 16), BC_S_FALSE, "none");
    assert_string_equal(user, "");
    assert_hr(bc_url_parse("http://a%0db@s/", &url), BC_S_OK, "parse");
    assert_hr(bc_url_userinfo(&url, user, 16, password, 16), BC_E_INVALIDARG, "control");
    assert_hr(bc_url_parse("http://0123456789abcdefg@s/", &url), BC_S_OK, "parse");
    assert_hr(bc_url_userinfo(&url, user, 16, password, 16), BC_E_WIN32_INSUFFICIENT_BUFFER, "len");
}

static void test_resolve(void **state)
{
    /* The examples of RFC 3986, 5.4, as far as they concern http, and some of our own. */
    static const char *const pairs[][2] = {
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g/"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q"},
        {"g#s", "http://a/b/c/g"},
        {";x", "http://a/b/c/;x"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../g", "http://a/g"},
        {"../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"HTTPS://User:pw@Host:444/x y", "https://host:444/x%20y"},
        {"//other:81/z", "http://other:81/z"},
        {"\\x", "http://a/x"},
        {"1:2", "http://a/b/c/1:2"},
    };
    static const char *const bad[] = {
        "ftp://h/x", "file://server/share/x", "http:g",     "javascript:x",
        "//",        "http://h/\r\nX: y",     "//h:99999/",
    };
    char buffer[BC_URL_WIRE_SIZE];
    struct bc_url base;

    assert_hr(bc_url_parse("http://a/b/c/d;p?q", &base), BC_S_OK, "base");
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        assert_hr(bc_url_resolve(&base, pairs[i][0], buffer, sizeof(buffer)), BC_S_OK, pairs[i][0]);
        assert_string_equal(buffer, pairs[i][1]);
        assert_hr(bc_url_resolve(&base, pairs[i][0], buffer, strlen(pairs[i][1])),
                  BC_E_WIN32_INSUFFICIENT_BUFFER, pairs[i][0]);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_hr(bc_url_resolve(&base, bad[i], buffer, sizeof(buffer)), BC_E_INVALIDARG, bad[i]);
    assert_hr(bc_url_parse("https://h:8443", &base), BC_S_OK, "base without path");
    assert_hr(bc_url_resolve(&base, "x/y", buffer, sizeof(buffer)), BC_S_OK, "relative");
    assert_string_equal(buffer, "https://h:8443/x/y");
}

static void test_redirect_policy(void **state)
{
    struct bc_url http, https;

    assert_hr(bc_url_parse("http://h/", &http), BC_S_OK, "http");
    assert_hr(bc_url_parse("https://h/", &https), BC_S_OK, "https");
    assert_hr(bc_url_redirect_allowed(0, &http, &https, 301), BC_S_OK, "up");
    assert_hr(bc_url_redirect_allowed(0, &http, &http, 302), BC_S_OK, "across");
    assert_hr(bc_url_redirect_allowed(BC_REDIRECT_ALLOW_REPORT, &https, &https, 302), BC_S_OK, "r");
    assert_hr(bc_url_redirect_allowed(0, &https, &http, 307), BC_E_HTTP_ERROR_307, "down");
    assert_hr(bc_url_redirect_allowed(BC_REDIRECT_ALLOW_HTTPS_TO_HTTP, &https, &http, 307), BC_S_OK,
              "down, allowed");
    assert_hr(bc_url_redirect_allowed(BC_REDIRECT_DISALLOW, &http, &http, 301), BC_E_HTTP_ERROR_301,
              "disallowed");

    assert_true(bc_url_same_origin(&http, &http));
    assert_false(bc_url_same_origin(&http, &https));
    assert_hr(bc_url_parse("https://H:443/x", &http), BC_S_OK, "port");
    assert_true(bc_url_same_origin(&http, &https));
    assert_hr(bc_url_parse("https://h:444/x", &http), BC_S_OK, "port");
    assert_false(bc_url_same_origin(&http, &https));
}

static void test_replace_prefix(void **state)
{
    char buffer[BC_URL_UTF8_SIZE] = "untouched", longer[2300];

    assert_hr(bc_url_replace_prefix("http://Server/Path/File.ext", "http://server", "http://n",
                                    buffer, sizeof(buffer)),
              BC_S_FALSE, "the search is case-sensitive");
    assert_string_equal(buffer, "untouched");
    assert_hr(bc_url_replace_prefix("http://Server/Path/File.ext", "http://Server",
                                    "http://NewServerName", buffer, sizeof(buffer)),
              BC_S_OK, "documented example");
    assert_string_equal(buffer, "http://NewServerName/Path/File.ext");
    assert_hr(bc_url_replace_prefix("\\\\Server\\Dir\\File.ext", "\\\\", "http://", buffer,
                                    sizeof(buffer)),
              BC_S_OK, "other protocol");
    assert_string_equal(buffer, "http://Server\\Dir\\File.ext");
    assert_hr(bc_url_replace_prefix("http://a/b", "http://a/b/c", "x", buffer, sizeof(buffer)),
              BC_S_FALSE, "prefix longer than the name");
    assert_hr(bc_url_replace_prefix("http://a/b", "", "http://c", buffer, sizeof(buffer)),
              BC_E_INVALIDARG, "empty old prefix");
    assert_hr(bc_url_replace_prefix("http://a/b", "", "http://c/", buffer, sizeof(buffer)),
              BC_E_INVALIDARG, "empty old prefix, though the result would be valid");
    assert_hr(bc_url_replace_prefix("http://a/b", NULL, "http://c/", buffer, sizeof(buffer)),
              BC_E_INVALIDARG, "no old prefix");
    assert_hr(bc_url_replace_prefix("http://a/b", "http://a", "", buffer, sizeof(buffer)),
              BC_E_INVALIDARG, "empty new prefix");
    assert_hr(bc_url_replace_prefix("http://a/b", "http://a", "gopher://a", buffer, sizeof(buffer)),
              BC_E_INVALIDARG, "invalid result");
    strcpy(longer, "http://a/?");
    repeat(longer + 10, 'x', 2190);
    assert_hr(bc_url_replace_prefix("http://a/b", "http://a", longer, buffer, sizeof(buffer)),
              BC_E_INVALIDARG, "result too long");
}

static void test_random(void **state)
{
    static const char *const words[] = {
        "http://",  "https://", "file:",     "\\\\", "server", "share", "/",     "\\",  ":80", "@",
        "?",        "#",        "%20",       "..",   ".",      "[::1]", "c:",    "con", "a",   "b",
        "\xc3\xa4", "//",       "localhost", "pipe", ":",      "%2f",   "http:", "*",
    };
    uint64_t seed = random_seed();
    char text[256], other[256], buffer[BC_URL_WIRE_SIZE], user[64];
    int accepted = 0;

    for (int i = 0; i < 60000; i++) {
        struct bc_url url, again;

        size_t n = random_below(&seed, 2) ? strlen(strcpy(text, "http://server/")) : 0;

        random_text(&seed, text + n, sizeof(text) - n, words, COUNT_OF(words));
        random_text(&seed, other, sizeof(other), words, COUNT_OF(words));
        if (bc_failed(bc_url_check_remote_name(text, &url)))
            continue;
        accepted++;
        bc_url_userinfo(&url, user, sizeof(user), buffer, 8);
        if (!bc_url_is_http(url.scheme)) {
            assert_hr(bc_url_to_path(&url, buffer, sizeof(buffer)), BC_S_OK, text);
            assert_hr(bc_url_check_remote_name(buffer, NULL), BC_S_OK, buffer);
            continue;
        }
        /* The wire form is a URL of the same origin, and its own wire form. */
        assert_hr(bc_url_to_wire(&url, buffer, sizeof(buffer)), BC_S_OK, text);
        assert_hr(bc_url_parse(buffer, &again), BC_S_OK, buffer);
        assert_true(bc_url_same_origin(&url, &again));
        for (const char *c = buffer; *c; c++)
            assert_true(*c > ' ' && *c < 0x7f && *c != '\\');
        if (bc_succeeded(bc_url_resolve(&url, other, buffer, sizeof(buffer)))) {
            char twice[BC_URL_WIRE_SIZE];

            assert_hr(bc_url_parse(buffer, &again), BC_S_OK, buffer);
            assert_hr(bc_url_resolve(&url, buffer, twice, sizeof(twice)), BC_S_OK, buffer);
            assert_string_equal(buffer, twice);
        }
    }
    assert_true(accepted > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_http),     cmocka_unit_test(test_check),
        cmocka_unit_test(test_limits),         cmocka_unit_test(test_wire),
        cmocka_unit_test(test_path),           cmocka_unit_test(test_userinfo),
        cmocka_unit_test(test_resolve),        cmocka_unit_test(test_redirect_policy),
        cmocka_unit_test(test_replace_prefix), cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
