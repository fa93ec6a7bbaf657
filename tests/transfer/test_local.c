/*
 * Local files that cannot be written, and sources that are files themselves.
 */
#include "fetch.h"

#include "../server/pattern.h"

#include <bitscore/bc_result.h>

#include <stdio.h>
#include <stdlib.h>

#define LOCAL  BG_ERROR_CONTEXT_LOCAL_FILE
#define REMOTE BG_ERROR_CONTEXT_REMOTE_FILE

/* ---- the local file ---- */

static void folder_gone(void **state)
{
    struct fetch f;

    fault_url(&f, "size=5000&seed=1");
    wcscat(f.path, L".no\\x.tmp");
    fetch_run(&f);
    check_failure(&f, HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND), LOCAL, FALSE);
    fetch_free(&f);
}

static void already_there(void **state)
{
    struct fetch f;

    fault_url(&f, "size=5000&seed=1");
    write_file(f.path, "mine", 4);
    fetch_run(&f);
    check_failure(&f, HRESULT_FROM_WIN32(ERROR_FILE_EXISTS), LOCAL, FALSE);
    assert_int_equal(file_size(f.path), 4);
    fetch_free(&f);
}

static void open_elsewhere(void **state)
{
    HANDLE file;
    struct fetch f;

    fault_url(&f, "size=5000&seed=1");
    file = CreateFileW(f.path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    f.spec.create = FALSE;
    fetch_run(&f);
    check_failure(&f, HRESULT_FROM_WIN32(ERROR_SHARING_VIOLATION), LOCAL, FALSE);
    CloseHandle(file);
    fetch_run(&f);
    check_success(&f, 5000);
    check_pattern(&f, 1, 0, 5000);
    fetch_free(&f);

    fault_url(&f, "size=200000&seed=3&cut=70000&times=1");
    fetch_run(&f);
    file = CreateFileW(f.path, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    fetch_again(&f);
    check_failure(&f, HRESULT_FROM_WIN32(ERROR_SHARING_VIOLATION), LOCAL, FALSE);
    CloseHandle(file);
    assert_false(f.result.discard);
    assert_int_equal(f.result.bytes, 70000); /* nothing is lost by it */
    fetch_again(&f);
    check_success(&f, 200000);
    check_pattern(&f, 3, 0, 200000);
    fetch_free(&f);
}

/* Devices of the host stand in for a disk without room and for one that cannot flush. */
static void need_device(const WCHAR *path)
{
    HANDLE device = CreateFileW(path, GENERIC_WRITE, 7, NULL, OPEN_EXISTING, 0, NULL);

    if (device == INVALID_HANDLE_VALUE)
        skip();
    CloseHandle(device);
}

static void disk_full(void **state)
{
    struct fetch f;

    need_device(L"Z:\\dev\\full");
    fault_url(&f, "size=5000&seed=1");
    f.spec.path = L"Z:\\dev\\full";
    f.spec.create = FALSE;
    fetch_run(&f);
    check_failure(&f, HRESULT_FROM_WIN32(ERROR_DISK_FULL), LOCAL, FALSE);
    assert_int_equal(f.result.bytes, 0);
    fetch_free(&f);
}

static void flush_fails(void **state)
{
    struct fetch f;

    need_device(L"Z:\\dev\\null");
    fault_url(&f, "size=5000&seed=1");
    f.spec.path = L"Z:\\dev\\null";
    f.spec.create = FALSE;
    fetch_run(&f);
    assert_true(FAILED(f.result.hr));
    assert_int_equal(f.result.context, LOCAL);
    assert_int_equal(f.result.received, 5000);
    assert_int_equal(f.result.bytes, 0);
    assert_int_equal(f.durable, 0);
    fetch_free(&f);
}

/* The temporary file is deleted, or cut, behind our back: the bytes that were claimed are gone. */
static void lost_bytes(void **state)
{
    struct fetch f;

    fault_url(&f, "size=200000&seed=3&cut=70000&times=1");
    fetch_run(&f);
    assert_int_equal(f.result.bytes, 70000);
    assert_true(DeleteFileW(f.path));
    fetch_again(&f);
    check_failure(&f, HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND), LOCAL, FALSE);
    assert_true(f.result.discard);
    fetch_again(&f); /* from zero, into a file that is missing */
    check_success(&f, 200000);
    check_pattern(&f, 3, 0, 200000);
    fetch_free(&f);

    fault_url(&f, "size=200000&seed=3&cut=70000&times=1");
    fetch_run(&f);
    write_file(f.path, "short", 5);
    fetch_again(&f);
    check_failure(&f, HRESULT_FROM_WIN32(ERROR_HANDLE_EOF), LOCAL, FALSE);
    assert_true(f.result.discard);
    fetch_again(&f);
    check_success(&f, 200000);
    check_pattern(&f, 3, 0, 200000);
    fetch_free(&f);
}

/* Bytes behind the last checkpoint are not trusted: they are cut off and fetched again. */
static void bytes_behind_the_claim(void **state)
{
    static const char junk[100000] = {1};
    struct fetch f;

    fault_url(&f, "size=200000&seed=3&cut=70000&times=1");
    fetch_run(&f);
    write_file(f.path, junk, sizeof(junk));
    f.result.bytes = 0;
    f.spec.create = FALSE;
    fetch_again(&f);
    check_success(&f, 200000);
    check_pattern(&f, 3, 0, 200000);
    fetch_free(&f);
}

static void long_path(void **state)
{
    WCHAR folder[MAX_PATH], *slash;
    struct fetch f;

    fault_url(&f, "size=5000&seed=1");
    slash = wcsrchr(f.path, '\\');
    swprintf(slash, 8, L"\\deep");
    wcscpy(folder, f.path);
    assert_true(CreateDirectoryW(folder, NULL));
    wcscat(f.path, L"\\");
    for (int i = 0; i < 240; i++)
        wcscat(f.path, L"x");
    assert_true(wcslen(f.path) > MAX_PATH);
    memmove(f.path + 4, f.path, (wcslen(f.path) + 1) * sizeof(WCHAR));
    memcpy(f.path, L"\\\\?\\", 4 * sizeof(WCHAR));
    fetch_run(&f);
    check_success(&f, 5000);
    assert_int_equal(f.result.bytes, 5000);
    check_pattern(&f, 1, 0, 5000);
    fetch_free(&f);
    assert_true(RemoveDirectoryW(folder));
}

/* A download that outruns the disk waits for it. */
static void waits_for_flushes(void **state)
{
    static const struct transfer_options options = {
        .unflushed_bytes = 50000, .checkpoint_bytes = 1000000000, .checkpoint_ms = 1000000000};
    struct transfer *shared = transfer;
    struct fetch f;

    assert_int_equal(transfer_create(&options, &transfer), S_OK);
    fault_url(&f, "size=2000000&seed=1");
    fetch_run(&f);
    check_success(&f, 2000000);
    check_pattern(&f, 1, 0, 2000000);
    assert_true(f.durables > 2);
    fetch_free(&f);
    fault_url(&f, "size=2000000&seed=1&stall=1000000");
    fetch_begin(&f);
    assert_int_equal(WaitForSingleObject(f.first_bytes, DEADLINE_MS), WAIT_OBJECT_0);
    transfer_cancel(transfer, f.download);
    fetch_wait(&f);
    assert_int_equal(f.result.hr, E_ABORT);
    fetch_free(&f);
    transfer_destroy(transfer);
    transfer = shared;
}

/* ---- sources that are files ---- */

static BYTE source_data[3000000];
static WCHAR source_path[MAX_PATH];

/* A source beside the local file, and an order for it. */
static void source(struct fetch *fetch, ULONG seed)
{
    fetch_init(fetch, "");
    swprintf(source_path, ARRAYSIZE(source_path), L"%ls.source", fetch->path);
    pattern_fill(seed, 0, source_data, sizeof(source_data));
    write_file(source_path, source_data, sizeof(source_data));
    snprintf(fetch->url, sizeof(fetch->url), "%ls", source_path);
}

static void source_free(struct fetch *fetch)
{
    fetch_free(fetch);
    assert_true(DeleteFileW(source_path));
}

static void set_source_time(WORD year)
{
    SYSTEMTIME time = {.wYear = year, .wMonth = 5, .wDay = 6};
    HANDLE file = CreateFileW(source_path, FILE_WRITE_ATTRIBUTES, 7, NULL, OPEN_EXISTING, 0, NULL);
    FILETIME written;

    SystemTimeToFileTime(&time, &written);
    assert_true(SetFileTime(file, NULL, NULL, &written));
    CloseHandle(file);
}

static void copy_whole(void **state)
{
    WIN32_FILE_ATTRIBUTE_DATA data;
    SYSTEMTIME time;
    struct fetch f;

    source(&f, 1);
    set_source_time(2011);
    fetch_run(&f);
    check_success(&f, sizeof(source_data));
    check_pattern(&f, 1, 0, sizeof(source_data));
    assert_int_equal(f.total, sizeof(source_data));
    assert_int_equal(f.connecting, 1);
    assert_true(GetFileAttributesExW(f.path, GetFileExInfoStandard, &data));
    FileTimeToSystemTime(&data.ftLastWriteTime, &time);
    assert_int_equal(time.wYear, 2011);
    source_free(&f);
}

static void copy_waits(void **state)
{
    static const struct transfer_options options = {
        .unflushed_bytes = 50000, .checkpoint_bytes = 1000000000, .checkpoint_ms = 1000000000};
    struct transfer *shared = transfer;
    struct fetch f;

    assert_int_equal(transfer_create(&options, &transfer), S_OK);
    source(&f, 1);
    fetch_run(&f);
    check_success(&f, sizeof(source_data));
    check_pattern(&f, 1, 0, sizeof(source_data));
    source_free(&f);
    transfer_destroy(transfer);
    transfer = shared;
}

static void copy_by_url(void **state)
{
    struct fetch f;

    source(&f, 1);
    snprintf(f.url, sizeof(f.url), "file:///%ls", source_path);
    fetch_run(&f);
    check_success(&f, sizeof(source_data));
    source_free(&f);
}

static void copy_resumed(void **state)
{
    struct fetch f;

    source(&f, 1);
    set_source_time(2012);
    f.spec.rate = 1000000;
    fetch_begin(&f);
    assert_int_equal(WaitForSingleObject(f.first_bytes, DEADLINE_MS), WAIT_OBJECT_0);
    transfer_cancel(transfer, f.download);
    fetch_wait(&f);
    assert_int_equal(f.result.hr, E_ABORT);
    assert_true(f.result.bytes < sizeof(source_data));
    f.spec.rate = 0;
    fetch_again(&f);
    check_success(&f, sizeof(source_data));
    assert_int_equal(f.restarts, 0);
    check_pattern(&f, 1, 0, sizeof(source_data));
    source_free(&f);
}

static void copy_changed(void **state)
{
    struct fetch f;

    source(&f, 1);
    set_source_time(2012);
    fetch_run(&f);
    check_success(&f, sizeof(source_data));
    f.result.bytes = 1000000;
    pattern_fill(2, 0, source_data, sizeof(source_data));
    write_file(source_path, source_data, sizeof(source_data));
    fetch_again(&f);
    check_success(&f, sizeof(source_data));
    assert_int_equal(f.restarts, 1);
    check_pattern(&f, 2, 0, sizeof(source_data));
    source_free(&f);
}

static void copy_ranges(void **state)
{
    static const BG_FILE_RANGE list[] = {{100, 50}, {2999990, (UINT64)BG_LENGTH_TO_EOF}},
                               beyond[] = {{2999990, 11}};
    struct fetch f;

    source(&f, 1);
    f.spec.ranges = list;
    f.spec.range_count = 2;
    fetch_run(&f);
    check_success(&f, 60);
    check_part(&f, 0, 1, 100, 50);
    check_part(&f, 50, 1, 2999990, 10);
    DeleteFileW(f.path);
    f.spec.ranges = beyond;
    f.spec.range_count = 1;
    fetch_run(&f);
    check_failure(&f, BC_E_INVALID_RANGE, REMOTE, FALSE);
    source_free(&f);
}

static void copy_missing(void **state)
{
    struct fetch f;

    source(&f, 1);
    strcat(f.url, ".no");
    fetch_run(&f);
    check_failure(&f, HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND), REMOTE, FALSE);
    assert_false(file_exists(f.path));
    source_free(&f);
}

static void copy_locked(void **state)
{
    HANDLE file;
    struct fetch f;

    source(&f, 1);
    file = CreateFileW(source_path, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    fetch_run(&f);
    check_failure(&f, HRESULT_FROM_WIN32(ERROR_SHARING_VIOLATION), REMOTE, TRUE);
    CloseHandle(file);
    fetch_run(&f);
    check_success(&f, sizeof(source_data));
    source_free(&f);
}

/* ---- many at once ---- */

#define MANY 300

static void many(void **state)
{
    struct fetch *list = calloc(MANY, sizeof(*list));
    char parameters[64];

    assert_non_null(list);
    for (ULONG i = 0; i < MANY; i++) {
        snprintf(parameters, sizeof(parameters), "size=%lu&seed=%lu", 1000 + i, i);
        fault_url(&list[i], parameters);
    }
    for (ULONG i = 0; i < MANY; i++)
        fetch_begin(&list[i]);
    for (ULONG i = 0; i < MANY; i++) {
        fetch_wait(&list[i]);
        check_success(&list[i], 1000 + i);
        check_pattern(&list[i], i, 0, 1000 + i);
        fetch_free(&list[i]);
    }
    free(list);
}

/* Ending the transfers cancels what runs, and every download still hears its done event. */
static void destroyed(void **state)
{
    struct transfer *shared = transfer;
    struct fetch list[20];

    assert_int_equal(transfer_create(NULL, &transfer), S_OK);
    for (ULONG i = 0; i < ARRAYSIZE(list); i++) {
        fault_url(&list[i], "size=100000&seed=1&stall=50000");
        fetch_begin(&list[i]);
    }
    assert_int_equal(WaitForSingleObject(list[0].first_bytes, DEADLINE_MS), WAIT_OBJECT_0);
    transfer_destroy(transfer);
    transfer = shared;
    for (ULONG i = 0; i < ARRAYSIZE(list); i++) {
        assert_int_equal(WaitForSingleObject(list[i].done, 0), WAIT_OBJECT_0);
        assert_int_equal(list[i].result.hr, E_ABORT);
        fetch_free(&list[i]);
    }
    transfer_destroy(NULL);
}

/* A small file gets its source's access list, too, at the first try. */
static void acl_of_small_file(void **state)
{
    WCHAR source[MAX_PATH + 300];
    struct fetch f;

    fetch_init(&f, "");
    swprintf(source, ARRAYSIZE(source), L"%ls.src", f.path);
    snprintf(f.url, sizeof(f.url), "%ls", source);
    write_file(source, "some bytes", 10);
    f.spec.acl_flags = BG_COPY_FILE_DACL;
    fetch_run(&f);
    check_success(&f, 10);
    assert_int_equal(file_size(f.path), 10);
    DeleteFileW(source);
    fetch_free(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(folder_gone),
        cmocka_unit_test(already_there),
        cmocka_unit_test(open_elsewhere),
        cmocka_unit_test(disk_full),
        cmocka_unit_test(flush_fails),
        cmocka_unit_test(lost_bytes),
        cmocka_unit_test(bytes_behind_the_claim),
        cmocka_unit_test(long_path),
        cmocka_unit_test(waits_for_flushes),
        cmocka_unit_test(copy_whole),
        cmocka_unit_test(copy_waits),
        cmocka_unit_test(copy_by_url),
        cmocka_unit_test(copy_resumed),
        cmocka_unit_test(copy_changed),
        cmocka_unit_test(copy_ranges),
        cmocka_unit_test(copy_missing),
        cmocka_unit_test(copy_locked),
        cmocka_unit_test(many),
        cmocka_unit_test(destroyed),
        cmocka_unit_test(acl_of_small_file),
    };

    return cmocka_run_group_tests(tests, fetch_setup, fetch_teardown);
}
