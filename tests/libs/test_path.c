/* bc_path: local names as ns-bits-_bg_file_info describes them, and names of temporary files. */
#include <bitscore/bc_path.h>

#include "support.h"

static void test_check(void **state)
{
    static const char *const good[] = {
        "c:\\file",
        "C:\\dir\\file.ext",
        "c:/dir/file.ext",
        "\\\\server\\share\\file",
        "//server/share/file",
        "c:\\a\\..\\b",
        "c:\\a\\.\\b",
        "c:\\\\a\\\\b",
        "c:\\a b.c d",
        "c:\\console",
        "c:\\com10",
        "c:\\comx",
        "c:\\n\xc3\xa4me",
    };
    static const char *const bad[] = {
        "",
        "file",
        "dir\\file",
        "\\dir\\file",
        "c:file",
        "c:",
        "c:\\",
        "c:\\dir\\",
        "c:\\..",
        "c:\\dir\\..",
        "c:\\dir\\.",
        "c:\\dir\\fi*le",
        "c:\\dir\\fi?le",
        "c:\\di?r\\file",
        "c:\\file:stream",
        "c:\\fi<le",
        "c:\\fi>le",
        "c:\\fi|le",
        "c:\\fi\"le",
        "c:\\fi\nle",
        "c:\\fi\xffle",
        "c:\\con",
        "c:\\NUL.txt",
        "c:\\aux \\x",
        "c:\\dir\\COM1.log.gz",
        "c:\\lpt9",
        "c:\\conout$",
        "\\\\?\\c:\\file",
        "\\\\.\\c:\\file",
        "\\\\server",
        "\\\\server\\share",
        "\\\\server\\share\\",
        "\\\\server\\\\file",
        "\\\\ser*er\\share\\file",
        "http://server/file",
        "1:\\file",
    };

    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_hr(bc_path_check_local_name(good[i]), BC_S_OK, good[i]);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_hr(bc_path_check_local_name(bad[i]), BC_E_INVALIDARG, bad[i]);
    assert_hr(bc_path_check_local_name(NULL), BC_E_INVALIDARG, "NULL");
}

static void test_limits(void **state)
{
    char name[BC_PATH_UTF8_SIZE + 16] = "c:\\";

    for (size_t i = 3; i < 260; i++)
        name[i] = i % 10 == 9 ? '\\' : 'x';
    name[259] = 'x';
    name[260] = 0;
    assert_hr(bc_path_check_local_name(name), BC_S_OK, "260 characters");
    strcat(name, "x");
    assert_hr(bc_path_check_local_name(name), BC_E_INVALIDARG, "261 characters");

    strcpy(name, "c:\\");
    memset(name + 3, 'x', 255);
    name[258] = 0;
    assert_hr(bc_path_check_local_name(name), BC_S_OK, "component of 255");
    strcat(name, "x");
    assert_hr(bc_path_check_local_name(name), BC_E_INVALIDARG, "component of 256");
}

static void test_normalize(void **state)
{
    static const char *const pairs[][2] = {
        {"c:/a//b\\.\\c", "c:\\a\\b\\c"},
        {"c:\\..\\..\\a", "c:\\a"},
        {"c:\\a\\..\\b\\..\\c", "c:\\c"},
        {"//S/share\\..\\..\\a", "\\\\S\\share\\a"},
        {"\\\\s\\share\\d\\f", "\\\\s\\share\\d\\f"},
        {"c:\\a\\...\\b", "c:\\a\\...\\b"},
    };
    char buffer[BC_PATH_UTF8_SIZE];

    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        assert_hr(bc_path_normalize(pairs[i][0], buffer, sizeof(buffer)), BC_S_OK, pairs[i][0]);
        assert_string_equal(buffer, pairs[i][1]);
    }
    assert_hr(bc_path_normalize("c:\\abc", buffer, 6), BC_E_WIN32_INSUFFICIENT_BUFFER, "short");
    assert_hr(bc_path_normalize("abc", buffer, sizeof(buffer)), BC_E_INVALIDARG, "relative");
}

static void test_parts(void **state)
{
    struct bc_span part;

    part = bc_path_directory("c:\\dir\\file");
    assert_true(bc_span_is(part, "c:\\dir\\"));
    part = bc_path_file_name("c:\\dir/file.x");
    assert_true(bc_span_is(part, "file.x"));
    part = bc_path_directory("file");
    assert_int_equal(part.len, 0);
    part = bc_path_root("c:\\dir\\file");
    assert_true(bc_span_is(part, "c:\\"));
    part = bc_path_root("\\\\s\\share\\f");
    assert_true(bc_span_is(part, "\\\\s\\share\\"));
    part = bc_path_root("f");
    assert_int_equal(part.len, 0);
}

static void test_temp_names(void **state)
{
    static const struct {
        uint32_t number;
        const char *name;
    } pairs[] = {
        {0, "BIT0000.tmp"},        {0x1a2b, "BIT1A2B.tmp"},          {0xffff, "BITFFFF.tmp"},
        {0x10000, "BIT10000.tmp"}, {0xffffffffu, "BITFFFFFFFF.tmp"},
    };
    static const char *const others[] = {
        "BIT.tmp",      "BIT123.tmp",       "BITXXXX.tmp",  "BIT1A2B.txt",
        "XBIT1A2B.tmp", "BIT1A2Btmp",       "BIT01A2B.tmp", "",
        "BIT1A2B",      "BIT123456789.tmp",
    };
    char name[BC_PATH_TEMP_NAME_SIZE];
    uint32_t number;

    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        assert_hr(bc_path_temp_name(pairs[i].number, name, sizeof(name)), BC_S_OK, pairs[i].name);
        assert_string_equal(name, pairs[i].name);
        assert_true(bc_path_is_temp_name(bc_span_of(name), &number));
        assert_int_equal(number, pairs[i].number);
    }
    assert_true(bc_path_is_temp_name(bc_span_of("bit00ff.TMP"), &number));
    assert_int_equal(number, 0xff);
    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_false(bc_path_is_temp_name(bc_span_of(others[i]), NULL));
}

static void test_random(void **state)
{
    static const char *const words[] = {
        "c:",   "\\",     "/",    "..",   ".", "a",        "con",
        "\\\\", "server", "nul.", "com1", " ", "\xc3\xa4", "*",
    };
    uint64_t seed = random_seed();
    char text[256], plain[BC_PATH_UTF8_SIZE], again[BC_PATH_UTF8_SIZE];
    int accepted = 0;

    for (int i = 0; i < 100000; i++) {
        size_t n = random_below(&seed, 2) ? strlen(strcpy(text, "c:\\")) : 0;

        random_text(&seed, text + n, sizeof(text) - n, words, COUNT_OF(words));
        bc_path_is_temp_name(bc_span_of(text), NULL);
        if (bc_failed(bc_path_check_local_name(text)))
            continue;
        accepted++;
        assert_hr(bc_path_normalize(text, plain, sizeof(plain)), BC_S_OK, text);
        assert_hr(bc_path_check_local_name(plain), BC_S_OK, plain);
        assert_hr(bc_path_normalize(plain, again, sizeof(again)), BC_S_OK, plain);
        assert_string_equal(plain, again);
        assert_null(strstr(plain + 2, "\\\\"));
        assert_null(strchr(plain, '/'));
    }
    assert_true(accepted > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check),      cmocka_unit_test(test_limits),
        cmocka_unit_test(test_normalize),  cmocka_unit_test(test_parts),
        cmocka_unit_test(test_temp_names), cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
