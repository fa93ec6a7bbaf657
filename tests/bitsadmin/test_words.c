/*
 * The pure parts of bitsadmin.exe: what it makes of numbers, flags, ranges and words on the command
 * line, of the file of /ADDFILESET, and how it prints sizes and times. Runs in Wine without a
 * service. Messages to the user go to standard output among cmocka's lines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#include "fileset.h"
#include "format.h"
#include "output.h"
#include "words.h"

#include <bits1_5.h>
#include <bits2_0.h>

static void test_numbers(void **state)
{
    static const WCHAR *const bad[] = {
        L"",    L" 1", L"+1",     L"-1",         L"1 ",          L"0x",
        L"0xg", L"1a", L"\x0661", L"4294967296", L"0x100000000", L"99999999999999999999999"};
    ULONG value;
    size_t i;

    assert_true(parse_number(L"number", L"0", &value));
    assert_int_equal(value, 0);
    assert_true(parse_number(L"number", L"4294967295", &value));
    assert_int_equal(value, MAXDWORD);
    assert_true(parse_number(L"number", L"0X0fF", &value));
    assert_int_equal(value, 255);
    assert_true(parse_number(L"number", L"010", &value));
    assert_int_equal(value, 10);
    for (i = 0; i < ARRAYSIZE(bad); i++)
        assert_false(parse_number(L"number", bad[i], &value));
}

static void test_words(void **state)
{
    ULONG value;

    assert_true(word_value(job_priority_words, L"priority", L"ForeGround", &value));
    assert_int_equal(value, BG_JOB_PRIORITY_FOREGROUND);
    assert_false(word_value(job_priority_words, L"priority", L"", &value));
    assert_false(word_value(job_priority_words, L"priority", L"LOWER", &value));
    assert_true(
        !wcscmp(word_for(job_state_words, BG_JOB_STATE_TRANSIENT_ERROR), L"TRANSIENT_ERROR"));
    assert_true(!wcscmp(word_for(job_state_words, 99), L"UNKNOWN"));
    assert_true(!wcscmp(word_for(auth_scheme_words, BG_AUTH_SCHEME_PASSPORT), L"PASSPORT"));
    assert_true(is_switch(L"/verbose", L"VERBOSE"));
    assert_true(is_switch(L"-VERBOSE", L"VERBOSE"));
    assert_false(is_switch(L"verbose", L"VERBOSE"));
    assert_false(is_switch(L"/verbos", L"VERBOSE"));
    assert_null(null_word(L"null"));
    assert_null(null_word(L""));
    assert_non_null(null_word(L"NULLS"));
}

static void test_acl_flags(void **state)
{
    WCHAR text[FLAGS_TEXT];
    DWORD flags;

    assert_true(parse_acl_flags(L"sdgo", &flags));
    assert_int_equal(flags, BG_COPY_FILE_ALL);
    assert_true(!wcscmp(format_acl_flags(flags, text), L"OGDS"));
    assert_true(parse_acl_flags(L"OO", &flags));
    assert_int_equal(flags, BG_COPY_FILE_OWNER);
    assert_true(parse_acl_flags(L"", &flags));
    assert_int_equal(flags, 0);
    assert_true(!wcscmp(format_acl_flags(flags, text), L""));
    assert_false(parse_acl_flags(L"O G", &flags));
}

static void test_ranges(void **state)
{
    static const WCHAR *const bad[] = {
        L"",     L"1",      L"1:",   L":1",   L"1:2,",    L",1:2",  L"1:2,,3:4",
        L"1:-2", L"1:eofx", L"1:eo", L"1 :2", L"1:2;3:4", L"1:2:3", L"9223372036854775808:1"};
    BG_FILE_RANGE *ranges;
    DWORD count;
    size_t i;

    assert_true(parse_ranges(L"0:100,2000:0x10,9223372036854775807:EoF", &ranges, &count));
    assert_int_equal(count, 3);
    assert_true(ranges[0].InitialOffset == 0 && ranges[0].Length == 100);
    assert_true(ranges[1].InitialOffset == 2000 && ranges[1].Length == 16);
    assert_true(ranges[2].InitialOffset == MAXLONGLONG && ranges[2].Length == BG_LENGTH_TO_EOF);
    free(ranges);
    for (i = 0; i < ARRAYSIZE(bad); i++)
        assert_false(parse_ranges(bad[i], &ranges, &count));
}

static void test_hex(void **state)
{
    BYTE bytes[2];

    assert_true(parse_hex(L"hash", L"0aF9", bytes, sizeof(bytes)));
    assert_int_equal(bytes[0], 0x0a);
    assert_int_equal(bytes[1], 0xf9);
    assert_false(parse_hex(L"hash", L"0af", bytes, sizeof(bytes)));
    assert_false(parse_hex(L"hash", L"0af90", bytes, sizeof(bytes)));
    assert_false(parse_hex(L"hash", L"0ag9", bytes, sizeof(bytes)));
    assert_false(parse_hex(L"hash", L"", bytes, sizeof(bytes)));
}

static void test_formats(void **state)
{
    FILETIME none = {0}, some = {0xd53e8000, 0x019db1de}, wild = {MAXDWORD, MAXDWORD};
    WCHAR size[SIZE_TEXT], time[TIME_TEXT], id[GUID_TEXT];

    assert_true(!wcscmp(format_size(0, size), L"0"));
    assert_true(!wcscmp(format_size(18446744073709551614u, size), L"18446744073709551614"));
    assert_true(!wcscmp(format_size(BG_SIZE_UNKNOWN, size), L"UNKNOWN"));
    assert_true(!wcscmp(format_time(&none, time), L"UNKNOWN"));
    assert_true(!wcscmp(format_time(&wild, time), L"UNKNOWN"));
    assert_non_null(wcschr(format_time(&some, time), ' '));
    assert_true(!wcscmp(format_guid(&IID_IUnknown, id), L"{00000000-0000-0000-C000-000000000046}"));
    assert_true(!wcscmp(or_null(NULL), L"NULL"));
    assert_true(!wcscmp(or_null(L""), L"NULL"));
    assert_true(!wcscmp(or_null(L"x"), L"x"));
}

static WCHAR list_path[MAX_PATH];

static void write_list(const void *bytes, DWORD size)
{
    DWORD written;
    HANDLE file = CreateFileW(list_path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);

    assert_true(file != INVALID_HANDLE_VALUE);
    assert_true(WriteFile(file, bytes, size, &written, NULL) && written == size);
    CloseHandle(file);
}

static int make_list(void **state)
{
    WCHAR folder[MAX_PATH];

    return !GetTempPathW(ARRAYSIZE(folder), folder) ||
           !GetTempFileNameW(folder, L"set", 0, list_path);
}

static int remove_list(void **state)
{
    return !DeleteFileW(list_path);
}

static HRESULT read_text(const char *text, struct fileset *set)
{
    write_list(text, (DWORD)strlen(text));
    return fileset_read(list_path, set);
}

static void test_file_set(void **state)
{
    static const WCHAR utf16[] = L"\xfeffhttp://h/\x65e5 C:\\\x672c";
    struct fileset set;

    assert_int_equal(
        read_text("# c\r\n\r\n \thttp://h/1 \t C:\\1 \r\n#x y z\nhttp://h/2 \"C:\\a b\"", &set),
        S_OK);
    assert_int_equal(set.count, 2);
    assert_true(!wcscmp(set.files[0].RemoteName, L"http://h/1"));
    assert_true(!wcscmp(set.files[0].LocalName, L"C:\\1"));
    assert_true(!wcscmp(set.files[1].LocalName, L"C:\\a b"));
    fileset_free(&set);

    assert_int_equal(read_text("\xef\xbb\xbfhttp://h/\xc3\xa4 C:\\x\n", &set), S_OK);
    assert_int_equal(set.count, 1);
    assert_true(!wcscmp(set.files[0].RemoteName, L"http://h/\x00e4"));
    fileset_free(&set);

    write_list(utf16, sizeof(utf16) - sizeof(WCHAR));
    assert_int_equal(fileset_read(list_path, &set), S_OK);
    assert_true(!wcscmp(set.files[0].RemoteName, L"http://h/\x65e5"));
    assert_true(!wcscmp(set.files[0].LocalName, L"C:\\\x672c"));
    fileset_free(&set);

    /* Not UTF-8: the ANSI code page, whatever that is, and no failure. */
    assert_int_equal(read_text("http://h/\xe4 C:\\x\n", &set), S_OK);
    assert_int_equal(set.count, 1);
    fileset_free(&set);
}

static void test_bad_file_set(void **state)
{
    static const char *const bad[] = {"",
                                      "\xef\xbb\xbf",
                                      "# only a comment",
                                      "http://h/1",
                                      "http://h/1 C:\\1 C:\\2",
                                      "http://h/1 \"C:\\1",
                                      "http://h/1 \"\"",
                                      "\"\" C:\\1",
                                      "http://h/1 C:\\1\nhttp://h/2\n"};
    struct fileset set;
    size_t i;

    for (i = 0; i < ARRAYSIZE(bad); i++)
        assert_int_equal(read_text(bad[i], &set), BITSADMIN_E_USAGE);
    assert_int_equal(fileset_read(L"C:\\no\\such\\file", &set),
                     HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND));
    write_list("\xff\xfe", 2);
    assert_int_equal(fileset_read(list_path, &set), BITSADMIN_E_USAGE);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_acl_flags),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_formats),
        cmocka_unit_test_setup_teardown(test_file_set, make_list, remove_list),
        cmocka_unit_test_setup_teardown(test_bad_file_set, make_list, remove_list),
    };

    output_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
