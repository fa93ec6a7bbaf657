/* bc_text: the tools under all parsers. UTF-8 is compared with a decoder written another way. */
#include <bitscore/bc_text.h>

#include "support.h"

static void test_spans(void **state)
{
    struct bc_span none = {NULL, 0};

    assert_int_equal(bc_span_of(NULL).len, 0);
    assert_true(bc_span_equal(none, bc_span_of("")));
    assert_true(bc_span_equal(bc_span_of("ab"), bc_span_of("ab")));
    assert_false(bc_span_equal(bc_span_of("ab"), bc_span_of("aB")));
    assert_false(bc_span_equal(bc_span_of("ab"), bc_span_of("abc")));
    assert_true(bc_span_equal_nocase(bc_span_of("aZ[`{"), bc_span_of("Az[`{")));
    assert_false(bc_span_equal_nocase(bc_span_of("["), bc_span_of("{")));
    assert_true(bc_span_equal(bc_span_trim(bc_span_of(" \t a b\t ")), bc_span_of("a b")));
    assert_int_equal(bc_span_trim(bc_span_of(" \t ")).len, 0);
}

static void test_numbers(void **state)
{
    static const char *const bad[] = {
        "", "-1", "+1", " 1", "1 ", "0x1", "18446744073709551616", "99999999999999999999",
    };
    uint64_t value = 5;

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_false(bc_span_to_u64(bc_span_of(bad[i]), &value));
        assert_int_equal(value, 5);
    }
    assert_true(bc_span_to_u64(bc_span_of("18446744073709551615"), &value));
    assert_int_equal(value, UINT64_MAX);
    assert_true(bc_span_to_u64(bc_span_of("000"), &value));
    assert_int_equal(value, 0);
    for (int c = 0; c < 256; c++) {
        const char *hex = "0123456789abcdef", *at = strchr(hex, c >= 'A' && c <= 'F' ? c + 32 : c);

        assert_int_equal(bc_hex_value((char)c), c && at ? at - hex : -1);
    }
}

/* Encodes any value up to 21 bits in the shortest form, surrogates too. */
static size_t encode(uint32_t value, char *text)
{
    if (value < 0x80) {
        text[0] = (char)value;
        return 1;
    }
    if (value < 0x800) {
        text[0] = (char)(0xc0 | value >> 6);
        text[1] = (char)(0x80 | (value & 0x3f));
        return 2;
    }
    if (value < 0x10000) {
        text[0] = (char)(0xe0 | value >> 12);
        text[1] = (char)(0x80 | (value >> 6 & 0x3f));
        text[2] = (char)(0x80 | (value & 0x3f));
        return 3;
    }
    text[0] = (char)(0xf0 | value >> 18);
    text[1] = (char)(0x80 | (value >> 12 & 0x3f));
    text[2] = (char)(0x80 | (value >> 6 & 0x3f));
    text[3] = (char)(0x80 | (value & 0x3f));
    return 4;
}

static void test_utf8(void **state)
{
    static const char *const bad[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc2",
        "\xe0\x80\x80",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xe4\xb8",
        "\xe4\xb8g",
        "\xe4g\xad",
        "\xf0\x80\x80\x80",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff",
        "a\xc3",
        "\xc3\xa4\xa4",
    };
    size_t units = 77;

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_false(bc_utf8_units(bad[i], strlen(bad[i]), &units));
        assert_int_equal(units, 77);
    }
    /* Every code point there is. */
    for (uint32_t value = 0; value < 0x200000; value++) {
        bool good = value < 0x110000 && !(value >= 0xd800 && value < 0xe000);
        char text[4];
        size_t len = encode(value, text);

        if (bc_utf8_units(text, len, &units) != good)
            fail_msg("U+%04X is %s", (unsigned)value, good ? "refused" : "taken");
        if (good)
            assert_int_equal(units, value > 0xffff ? 2 : 1);
        assert_false(len > 1 && bc_utf8_units(text, len - 1, NULL));
    }
}

static void test_out(void **state)
{
    char buffer[8];
    struct bc_out out;

    bc_out_init(&out, buffer, sizeof(buffer));
    bc_out_text(&out, "abc");
    bc_out_u64(&out, 1234);
    assert_hr(bc_out_finish(&out), BC_S_OK, "exact");
    assert_string_equal(buffer, "abc1234");
    bc_out_init(&out, buffer, sizeof(buffer));
    bc_out_text(&out, "abcdefg");
    bc_out_char(&out, 'h');
    assert_hr(bc_out_finish(&out), BC_E_WIN32_INSUFFICIENT_BUFFER, "one too many");
    assert_string_equal(buffer, "");
    bc_out_init(&out, buffer, sizeof(buffer));
    bc_out_text(&out, "abcdefgh");
    bc_out_text(&out, "");
    assert_hr(bc_out_finish(&out), BC_E_WIN32_INSUFFICIENT_BUFFER, "text too long");
    bc_out_init(&out, NULL, 0);
    bc_out_char(&out, 'x');
    bc_out_text(&out, "");
    assert_hr(bc_out_finish(&out), BC_E_WIN32_INSUFFICIENT_BUFFER, "no buffer");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
