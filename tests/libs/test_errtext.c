/*
 * bc_result and bc_errtext against the facts of bitsmsg.h: BC_TEST_MESSAGES names the table of
 * symbols and values. Every symbol has a value of its own name and a sentence of its own.
 */
#include <bitscore/bc_errtext.h>

#include "support.h"

static void test_facts(void **state)
{
    const char *path = getenv("BC_TEST_MESSAGES");
    FILE *file = path ? fopen(path, "r") : NULL;
    char line[256], symbol[128];
    unsigned value, count = 0;

    if (!path)
        skip();
    if (!file)
        fail_msg("BC_TEST_MESSAGES names no readable file");
    while (fgets(line, sizeof(line), file)) {
        const struct bc_errtext *entry;

        if (sscanf(line, "%127s %x", symbol, &value) != 2 || !strchr(symbol, '_'))
            continue;
        entry = bc_errtext_find((int32_t)value);
        if (!entry)
            fail_msg("%s has no description", symbol);
        assert_string_equal(entry->symbol, symbol);
        count++;
    }
    fclose(file);
    assert_int_equal(count, 144);
}

static void test_table(void **state)
{
    size_t count;
    const struct bc_errtext *table = bc_errtext_table(&count);

    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(table[i].text);

        assert_true(len > 15 && table[i].text[len - 1] == '.');
        for (const char *c = table[i].text; *c; c++)
            assert_true(*c >= ' ' && *c < 0x7f);
        assert_ptr_equal(bc_errtext_find(table[i].code), &table[i]);
        assert_string_equal(bc_errtext_describe(table[i].code), table[i].text);
        for (size_t k = 0; k < i; k++)
            if (!strcmp(table[i].text, table[k].text))
                fail_msg("%s and %s have one text", table[i].symbol, table[k].symbol);
    }
    assert_null(bc_errtext_describe((int32_t)0x8020ffff));
}

static void test_values(void **state)
{
    /* The macros that make codes agree with the table's constants. */
    assert_hr(BC_HR_HTTP(404), BC_E_HTTP_ERROR_404, "404");
    assert_hr(BC_HR_HTTP(505), BC_E_HTTP_ERROR_505, "505");
    assert_hr(BC_HR_WIN32(5u), BC_E_ACCESSDENIED, "ERROR_ACCESS_DENIED");
    assert_hr(BC_HR_WIN32(87u), BC_E_INVALIDARG, "ERROR_INVALID_PARAMETER");
    assert_true(bc_failed(BC_E_NOT_FOUND) && bc_succeeded(BC_S_PARTIAL_COMPLETE));
    assert_true(bc_succeeded(BC_S_OK) && bc_succeeded(BC_S_FALSE));
}

static void test_http(void **state)
{
    char buffer[64];

    assert_hr(bc_errtext_http(BC_HR_HTTP(418), buffer, sizeof(buffer)), BC_S_OK, "418");
    assert_string_equal(buffer, "The server answered with HTTP status 418.");
    assert_hr(bc_errtext_http(BC_HR_HTTP(418), buffer, 10), BC_E_WIN32_INSUFFICIENT_BUFFER,
              "short");
    assert_hr(bc_errtext_http(BC_MC_JOB_CANCELLED, buffer, 64), BC_E_INVALIDARG, "no status");
    assert_hr(bc_errtext_http(BC_E_NOT_FOUND, buffer, 64), BC_E_INVALIDARG, "no HTTP");
}

static void test_contexts(void **state)
{
    for (uint32_t i = 0; i <= BC_CONTEXT_SERVER_CERTIFICATE_CALLBACK; i++) {
        assert_non_null(bc_errtext_context(i));
        for (uint32_t k = 0; k < i; k++)
            assert_string_not_equal(bc_errtext_context(i), bc_errtext_context(k));
    }
    assert_null(bc_errtext_context(9));
    assert_null(bc_errtext_context(UINT32_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts),    cmocka_unit_test(test_table),
        cmocka_unit_test(test_values),   cmocka_unit_test(test_http),
        cmocka_unit_test(test_contexts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
