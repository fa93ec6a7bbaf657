/*
 * The engine in this process, on a store in a temporary folder, against nginx and the fault server:
 * states, turns, restarts, Complete and Cancel, errors and retries, notifications. No COM, no
 * service.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#include <windows.h>
#include <bitsmsg.h>
#include <cmocka.h>

#include "engine/engine.h"

#define DEADLINE_MS 30000

static WCHAR folder[MAX_PATH]; /* of the store */
static WCHAR target[MAX_PATH]; /* of the downloads */
static struct engine *engine;
static struct os_identity owner;

static volatile LONG told[NOTIFY_FILE_RANGES + 1];
static volatile LONG refuse; /* so many notifications are not taken */
static HANDLE hang;          /* deliver waits for it, when set */

/* A client that counts what it is told. */
static HRESULT deliver(IUnknown *to, const struct notification *notification)
{
    if (hang)
        WaitForSingleObject(hang, INFINITE);
    InterlockedIncrement(&told[notification->kind]);
    return refuse && InterlockedDecrement(&refuse) >= 0 ? E_FAIL : S_OK;
}

static const struct engine_client client = {deliver, NULL, NULL};

static HRESULT STDMETHODCALLTYPE target_QueryInterface(IUnknown *iface, REFIID iid, void **out)
{
    *out = NULL;
    return E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE target_AddRef(IUnknown *iface)
{
    return 2;
}

static const IUnknownVtbl target_vtbl = {target_QueryInterface, target_AddRef, target_AddRef};
static IUnknown notify_target = {(IUnknownVtbl *)&target_vtbl};

static WCHAR *url(const char *variable, const WCHAR *rest)
{
    static WCHAR text[1024];
    const char *base = getenv(variable);

    if (!base) {
        print_message("%s is not set\n", variable);
        fail();
    }
    swprintf(text, ARRAYSIZE(text), L"%hs%ls", base, rest);
    return text;
}

static WCHAR *local(const WCHAR *name)
{
    static WCHAR text[MAX_PATH];

    swprintf(text, ARRAYSIZE(text), L"%ls\\%ls", target, name);
    return text;
}

static void open_engine(void)
{
    struct engine_options options = {.folder = folder, .client = &client};

    assert_int_equal(engine_open(&options, &engine), S_OK);
}

static struct job *new_job(void)
{
    struct job *job;

    assert_int_equal(engine_create_job(engine, L"test", BG_JOB_TYPE_DOWNLOAD, &owner, &job), S_OK);
    return job;
}

static HRESULT add(struct job *job, const WCHAR *remote, const WCHAR *name)
{
    struct file_request request = {remote, local(name), NULL, 0};

    return job_add_files(job, &request, 1, TRUE);
}

static void set_priority(struct job *job, BG_JOB_PRIORITY priority)
{
    struct job_change change;

    assert_int_equal(job_change_begin(job, &change), S_OK);
    change.next.priority = priority;
    assert_int_equal(job_change_end(&change, S_OK), S_OK);
}

static BG_JOB_STATE wait_for(struct job *job, BG_JOB_STATE wanted)
{
    ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;
    BG_JOB_STATE state;

    while ((state = job_state(job)) != wanted && GetTickCount64() < deadline) {
        if (state == BG_JOB_STATE_ERROR && wanted != state)
            break;
        Sleep(5);
    }
    return state;
}

static BOOL wait_count(volatile LONG *count, LONG wanted)
{
    ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;

    while (*count < wanted && GetTickCount64() < deadline)
        Sleep(5);
    return *count >= wanted;
}

static UINT64 size_of(const WCHAR *path)
{
    WIN32_FILE_ATTRIBUTE_DATA data;

    if (!GetFileAttributesExW(path, GetFileExInfoStandard, &data))
        return ~0ull;
    return ((UINT64)data.nFileSizeHigh << 32) | data.nFileSizeLow;
}

/* How many files of a folder match a pattern. */
static int count_files(const WCHAR *pattern)
{
    WIN32_FIND_DATAW data;
    HANDLE find = FindFirstFileW(local(pattern), &data);
    int count = 0;

    if (find == INVALID_HANDLE_VALUE)
        return 0;
    do
        count += !(data.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY);
    while (FindNextFileW(find, &data));
    FindClose(find);
    return count;
}

static void delete_all(const WCHAR *path)
{
    WCHAR pattern[MAX_PATH];
    WIN32_FIND_DATAW data;
    HANDLE find;

    swprintf(pattern, ARRAYSIZE(pattern), L"%ls\\*", path);
    find = FindFirstFileW(pattern, &data);
    if (find == INVALID_HANDLE_VALUE)
        return;
    do {
        WCHAR file[MAX_PATH];

        swprintf(file, ARRAYSIZE(file), L"%ls\\%ls", path, data.cFileName);
        SetFileAttributesW(file, FILE_ATTRIBUTE_NORMAL);
        DeleteFileW(file);
    } while (FindNextFileW(find, &data));
    FindClose(find);
}

static int setup(void **state)
{
    memset((void *)told, 0, sizeof(told));
    refuse = 0;
    hang = NULL;
    open_engine();
    return 0;
}

static int teardown(void **state)
{
    engine_close(engine);
    delete_all(folder);
    delete_all(target);
    return 0;
}

static void test_download_and_complete(void **state)
{
    struct job *job = new_job();
    BG_JOB_PROGRESS progress;
    BG_JOB_TIMES times;

    assert_int_equal(job_resume(job), BG_E_EMPTY);
    assert_int_equal(add(job, url("OPENBITS_TEST_FAULT", L"data/a?size=100000&seed=1"), L"a.bin"),
                     S_OK);
    assert_int_equal(job_set_notify_interface(job, &notify_target), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    job_progress(job, &progress);
    assert_int_equal(progress.BytesTotal, 100000);
    assert_int_equal(progress.BytesTransferred, 100000);
    assert_int_equal(progress.FilesTransferred, 1);
    assert_true(wait_count(&told[NOTIFY_TRANSFERRED], 1));
    job_times(job, &times);
    assert_true(times.TransferCompletionTime.dwHighDateTime);
    /* Not there before Complete, no temporary file after it. */
    assert_int_equal(size_of(local(L"a.bin")), ~0ull);
    assert_int_equal(count_files(L"BIT*.tmp"), 1);
    assert_int_equal(job_complete(job), S_OK);
    assert_int_equal(job_state(job), BG_JOB_STATE_ACKNOWLEDGED);
    assert_int_equal(size_of(local(L"a.bin")), 100000);
    assert_int_equal(count_files(L"BIT*.tmp"), 0);
    assert_int_equal(job_complete(job), BG_E_INVALID_STATE);
    assert_int_equal(job_resume(job), BG_E_INVALID_STATE);
    job_release(job);
}

static void test_many_files_in_order(void **state)
{
    struct job *job = new_job();
    BG_JOB_PROGRESS progress;

    set_priority(job, BG_JOB_PRIORITY_FOREGROUND);
    for (int i = 0; i < 60; i++) {
        WCHAR rest[64], name[16];

        swprintf(rest, 64, L"data/m%d?size=%d&seed=%d", i, i * 100, i);
        swprintf(name, 16, L"m%d", i);
        assert_int_equal(add(job, url("OPENBITS_TEST_FAULT", rest), name), S_OK);
    }
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    job_progress(job, &progress);
    assert_int_equal(progress.FilesTransferred, 60);
    assert_int_equal(progress.BytesTransferred, 100 * 60 * 59 / 2);
    assert_int_equal(job_complete(job), S_OK);
    for (int i = 0; i < 60; i++) {
        WCHAR name[16];

        swprintf(name, 16, L"m%d", i);
        assert_int_equal(size_of(local(name)), i * 100);
    }
    job_release(job);
}

/* Everything a client could read is there after the engine was closed and opened again. */
static void test_survives_restart(void **state)
{
    struct job *job = new_job(), *again;
    struct job_change change;
    struct file **files;
    ULONG count;
    GUID id;

    assert_int_equal(add(job, url("OPENBITS_TEST_FAULT", L"data/r?size=5000&seed=3"), L"r.bin"),
                     S_OK);
    assert_int_equal(job_change_begin(job, &change), S_OK);
    model_set_string(&change.next.description, L"what it is for");
    change.next.minimum_retry_delay = 77;
    assert_int_equal(job_change_end(&change, S_OK), S_OK);
    id = job_lock(job)->id;
    job_unlock(job);
    job_release(job);
    engine_close(engine);

    open_engine();
    assert_int_equal(engine_find_job(engine, &id, &again), S_OK);
    assert_int_equal(job_state(again), BG_JOB_STATE_SUSPENDED);
    assert_int_equal(wcscmp(job_lock(again)->description, L"what it is for"), 0);
    job_unlock(again);
    assert_int_equal(job_snapshot_files(again, &files, &count), S_OK);
    assert_int_equal(count, 1);
    job_free_files(files, count);
    assert_int_equal(job_resume(again), S_OK);
    assert_int_equal(wait_for(again, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    job_release(again);
    engine_close(engine);

    open_engine();
    assert_int_equal(engine_find_job(engine, &id, &again), S_OK);
    assert_int_equal(job_state(again), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_complete(again), S_OK);
    assert_int_equal(size_of(local(L"r.bin")), 5000);
    job_release(again);
    assert_int_equal(engine_find_job(engine, &id, &again), BG_E_NOT_FOUND);
}

/* A large file is stopped in the middle, by Suspend and by a restart, and goes on where it was. */
static void test_resumes_in_the_middle(void **state)
{
    struct job *job = new_job();
    BG_JOB_PROGRESS progress;
    ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;
    GUID id;

    assert_int_equal(
        add(job, url("OPENBITS_TEST_FAULT", L"data/big?size=8000000&seed=4&rate=4000000"), L"big"),
        S_OK);
    id = job_lock(job)->id;
    job_unlock(job);
    assert_int_equal(job_resume(job), S_OK);
    do {
        Sleep(5);
        job_progress(job, &progress);
    } while (progress.BytesTransferred < 1000000 && GetTickCount64() < deadline);
    assert_int_equal(job_suspend(job), S_OK);
    assert_int_equal(job_state(job), BG_JOB_STATE_SUSPENDED);
    job_release(job);
    engine_close(engine);

    open_engine();
    assert_int_equal(engine_find_job(engine, &id, &job), S_OK);
    job_progress(job, &progress);
    assert_true(progress.BytesTransferred >= 1000000);
    assert_true(progress.BytesTransferred < 8000000);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_complete(job), S_OK);
    assert_int_equal(size_of(local(L"big")), 8000000);
    job_release(job);
}

static void test_cancel_leaves_nothing(void **state)
{
    struct job *job = new_job(), *gone;
    BG_JOB_PROGRESS progress;
    ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;
    GUID id;

    assert_int_equal(
        add(job, url("OPENBITS_TEST_FAULT", L"data/c?size=8000000&seed=5&rate=1000000"), L"c"),
        S_OK);
    id = job_lock(job)->id;
    job_unlock(job);
    assert_int_equal(job_resume(job), S_OK);
    do {
        Sleep(5);
        job_progress(job, &progress);
    } while (!progress.BytesTransferred && GetTickCount64() < deadline);
    assert_int_equal(job_cancel(job), S_OK);
    assert_int_equal(job_state(job), BG_JOB_STATE_CANCELLED);
    assert_int_equal(count_files(L"*"), 0);
    assert_int_equal(engine_find_job(engine, &id, &gone), BG_E_NOT_FOUND);
    assert_int_equal(job_cancel(job), BG_E_INVALID_STATE);
    job_release(job);
}

static void test_partial_complete(void **state)
{
    struct job *job = new_job();
    ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;
    BG_JOB_PROGRESS progress;

    assert_int_equal(add(job, url("OPENBITS_TEST_FAULT", L"data/p1?size=1000&seed=6"), L"p1"),
                     S_OK);
    assert_int_equal(
        add(job, url("OPENBITS_TEST_FAULT", L"data/p2?size=9000000&seed=7&rate=500000"), L"p2"),
        S_OK);
    assert_int_equal(job_resume(job), S_OK);
    do {
        Sleep(5);
        job_progress(job, &progress);
    } while (progress.FilesTransferred < 1 && GetTickCount64() < deadline);
    assert_int_equal(job_complete(job), BG_S_PARTIAL_COMPLETE);
    assert_int_equal(size_of(local(L"p1")), 1000);
    assert_int_equal(count_files(L"*"), 1);
    job_release(job);
}

static void test_missing_file_is_an_error(void **state)
{
    struct job *job = new_job();
    WCHAR bad[1024];
    struct model_error error;
    struct file *file;

    assert_int_equal(add(job, url("OPENBITS_TEST_FAULT", L"data/x?size=10&status=404"), L"x"),
                     S_OK);
    assert_int_equal(job_error(job, &error, &file), BG_E_ERROR_INFORMATION_UNAVAILABLE);
    assert_int_equal(job_set_notify_interface(job, &notify_target), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_ERROR), BG_JOB_STATE_ERROR);
    assert_int_equal(job_error(job, &error, &file), S_OK);
    assert_int_equal(error.code, BG_E_HTTP_ERROR_404);
    assert_int_equal(error.context, BG_ERROR_CONTEXT_REMOTE_FILE);
    assert_non_null(file);
    file_release(file);
    assert_true(wait_count(&told[NOTIFY_ERROR], 1));
    /* The cause is put right, the job resumed. */
    wcscpy(bad, url("OPENBITS_TEST_FAULT", L"data/x?size=10&status=404"));
    assert_int_equal(
        job_replace_remote_prefix(job, bad, url("OPENBITS_TEST_FAULT", L"data/x?size=10")), S_OK);
    assert_int_equal(job_replace_remote_prefix(job, bad, bad), S_FALSE);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_complete(job), S_OK);
    assert_int_equal(size_of(local(L"x")), 10);
    job_release(job);
}

static void test_transient_error_and_no_progress(void **state)
{
    struct job *job = new_job();
    struct job_change change;
    struct model_error error;
    struct file *file;

    assert_int_equal(add(job, url("OPENBITS_TEST_FAULT", L"data/t?size=10&status=503"), L"t"),
                     S_OK);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSIENT_ERROR), BG_JOB_STATE_TRANSIENT_ERROR);
    assert_int_equal(job_error(job, &error, &file), S_OK);
    assert_int_equal(error.code, BG_E_HTTP_ERROR_503);
    if (file)
        file_release(file);
    /* Without patience the next one is fatal. */
    assert_int_equal(job_change_begin(job, &change), S_OK);
    change.next.no_progress_timeout = 0;
    assert_int_equal(job_change_end(&change, S_OK), S_OK);
    job_resume(job);
    assert_int_equal(wait_for(job, BG_JOB_STATE_ERROR), BG_JOB_STATE_ERROR);
    assert_int_equal(job_lock(job)->error_count, 2);
    job_unlock(job);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
}

/* A foreground job does not wait for a background one, and of two background jobs the higher goes
 * first. */
static void test_priorities(void **state)
{
    struct job *low = new_job(), *high = new_job(), *foreground = new_job();

    set_priority(low, BG_JOB_PRIORITY_LOW);
    set_priority(high, BG_JOB_PRIORITY_HIGH);
    set_priority(foreground, BG_JOB_PRIORITY_FOREGROUND);
    assert_int_equal(
        add(low, url("OPENBITS_TEST_FAULT", L"data/lo?size=3000000&seed=8&rate=1000000"), L"lo"),
        S_OK);
    assert_int_equal(add(high, url("OPENBITS_TEST_FAULT", L"data/hi?size=100000&seed=9"), L"hi"),
                     S_OK);
    assert_int_equal(
        add(foreground, url("OPENBITS_TEST_FAULT", L"data/fg?size=100000&seed=10"), L"fg"), S_OK);
    assert_int_equal(job_resume(low), S_OK);
    assert_int_equal(wait_for(low, BG_JOB_STATE_TRANSFERRING), BG_JOB_STATE_TRANSFERRING);
    assert_int_equal(job_resume(high), S_OK);
    assert_int_equal(job_resume(foreground), S_OK);
    assert_int_equal(wait_for(high, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(wait_for(foreground, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_not_equal(job_state(low), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(wait_for(low, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_complete(low), S_OK);
    assert_int_equal(job_complete(high), S_OK);
    assert_int_equal(job_complete(foreground), S_OK);
    job_release(low);
    job_release(high);
    job_release(foreground);
}

/* A client that hangs in its callback delays no other job. */
static void test_hanging_client(void **state)
{
    struct job *stuck = new_job(), *job = new_job();

    hang = CreateEventW(NULL, TRUE, FALSE, NULL);
    assert_int_equal(add(stuck, url("OPENBITS_TEST_FAULT", L"data/h1?size=1000&seed=11"), L"h1"),
                     S_OK);
    assert_int_equal(add(job, url("OPENBITS_TEST_FAULT", L"data/h2?size=1000&seed=12"), L"h2"),
                     S_OK);
    assert_int_equal(job_set_notify_interface(stuck, &notify_target), S_OK);
    assert_int_equal(job_resume(stuck), S_OK);
    assert_int_equal(wait_for(stuck, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_complete(job), S_OK);
    assert_int_equal(job_complete(stuck), S_OK);
    SetEvent(hang);
    assert_true(wait_count(&told[NOTIFY_TRANSFERRED], 1));
    CloseHandle(hang);
    hang = NULL;
    job_release(stuck);
    job_release(job);
}

static void test_complete_with_target_in_use(void **state)
{
    struct job *job = new_job();
    HANDLE file;

    assert_int_equal(add(job, url("OPENBITS_TEST_FAULT", L"data/u1?size=1000&seed=13"), L"u1"),
                     S_OK);
    assert_int_equal(add(job, url("OPENBITS_TEST_FAULT", L"data/u2?size=2000&seed=14"), L"u2"),
                     S_OK);
    file = CreateFileW(local(L"u2"), GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    assert_ptr_not_equal(file, INVALID_HANDLE_VALUE);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_true(FAILED(job_complete(job)));
    assert_int_equal(job_state(job), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(size_of(local(L"u1")), 1000);
    CloseHandle(file);
    assert_int_equal(job_complete(job), S_OK);
    assert_int_equal(size_of(local(L"u2")), 2000);
    job_release(job);
}

/* The temporary file is deleted behind our back: the file starts again. */
static void test_temporary_file_lost(void **state)
{
    struct job *job = new_job();
    ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;
    BG_JOB_PROGRESS progress;

    assert_int_equal(
        add(job, url("OPENBITS_TEST_FAULT", L"data/l?size=6000000&seed=15&rate=6000000"), L"l"),
        S_OK);
    assert_int_equal(job_resume(job), S_OK);
    do {
        Sleep(5);
        job_progress(job, &progress);
    } while (progress.BytesTransferred < 500000 && GetTickCount64() < deadline);
    assert_int_equal(job_suspend(job), S_OK);
    do { /* until the download has let go of it */
        Sleep(5);
        delete_all(target);
    } while (count_files(L"*") && GetTickCount64() < deadline);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_complete(job), S_OK);
    assert_int_equal(size_of(local(L"l")), 6000000);
    job_release(job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_download_and_complete, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_files_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_survives_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_resumes_in_the_middle, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancel_leaves_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_partial_complete, setup, teardown),
        cmocka_unit_test_setup_teardown(test_missing_file_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(test_transient_error_and_no_progress, setup, teardown),
        cmocka_unit_test_setup_teardown(test_priorities, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hanging_client, setup, teardown),
        cmocka_unit_test_setup_teardown(test_complete_with_target_in_use, setup, teardown),
        cmocka_unit_test_setup_teardown(test_temporary_file_lost, setup, teardown),
    };
    WCHAR base[MAX_PATH];
    int failed;

    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    GetTempPathW(MAX_PATH - 40, base);
    swprintf(folder, MAX_PATH, L"%lsobe-%lu-store", base, GetCurrentProcessId());
    swprintf(target, MAX_PATH, L"%lsobe-%lu-files", base, GetCurrentProcessId());
    CreateDirectoryW(folder, NULL);
    CreateDirectoryW(target, NULL);
    if (FAILED(os_client_identity(&owner)))
        return 1;
    owner.administrator = TRUE;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    RemoveDirectoryW(folder);
    RemoveDirectoryW(target);
    return failed;
}
