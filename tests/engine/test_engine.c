/*
 * The engine in this process, on a store in a temporary folder, against the fault server: states,
 * turns, restarts, Complete and Cancel, errors and retries, notifications. No COM, no service.
 */
#include "common.h"

#include <sqlite3.h>

#include "../server/pattern.h"
#include "store/store.h"

#include <stdio.h>
#include <wchar.h>

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

/* A file whose remote version changes while the service is away, behind a server that ignores
 * conditions: the bytes of the version before are not gone on with. */
static void test_small_file_changes_while_closed(void **state)
{
    struct job *job = new_job();
    BYTE *bytes = malloc(200000);
    HANDLE file;
    DWORD done;

    assert_int_equal(add(job,
                         FAULT(L"data/w?size=200000&seed=3&gen_after=1&ignore_conditions=1"
                               L"&stall=100000&times=1"),
                         L"w.bin"),
                     S_OK);
    assert_int_equal(job_resume(job), S_OK);
    wait_bytes(job, 100000);
    job = reopen(job);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_complete(job), S_OK);
    file = CreateFileW(local(L"w.bin"), GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    assert_true(file != INVALID_HANDLE_VALUE);
    assert_true(ReadFile(file, bytes, 200000, &done, NULL));
    assert_int_equal(done, 200000);
    CloseHandle(file);
    assert_int_equal(pattern_first_difference(3 + 1000003, 0, bytes, done), done);
    free(bytes);
    job_release(job);
}

/* Everything a client could read is there after the engine was closed and opened again. */
static void test_survives_restart(void **state)
{
    struct job *job = new_job(), *again;
    struct job_change change;
    struct file **files;
    ULONG count;
    BOOL same;
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
    same = !wcscmp(job_lock(again)->description, L"what it is for");
    job_unlock(again);
    assert_true(same);
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

/* What stands behind the last checkpoint after a crash of the machine is nothing to go on from, nor
 * after any crash when the version has no name. Here it is rubbish. */
static void behind_checkpoint(const WCHAR *validators, BOOL other_boot)
{
    static const UINT64 size = 3000000, seed = 21;
    struct job *job = new_job();
    ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;
    BYTE *bytes = calloc(1, (size_t)size);
    BG_JOB_PROGRESS progress;
    WCHAR rest[128], *temporary = NULL, *aside = NULL;
    struct file **files;
    struct store *store;
    enum store_found found;
    struct store_txn *txn;
    GUID id, boot = {0};
    HANDLE file;
    ULONG count;
    DWORD done;

    assert_non_null(bytes);
    swprintf(rest, ARRAYSIZE(rest), L"data/behind?size=3000000&seed=21&rate=2000000&validators=%ls",
             validators);
    assert_int_equal(add(job, url("OPENBITS_TEST_FAULT", rest), L"behind"), S_OK);
    id = job_lock(job)->id;
    job_unlock(job);
    assert_int_equal(job_resume(job), S_OK);
    do {
        Sleep(5);
        job_progress(job, &progress);
    } while (progress.BytesTransferred < 500000 && GetTickCount64() < deadline);
    assert_int_equal(job_suspend(job), S_OK);
    assert_int_equal(job_snapshot_files(job, &files, &count), S_OK);
    job_lock(job);
    assert_int_equal(model_set_string(&temporary, file_data(files[0])->temporary_name), S_OK);
    job_unlock(job);
    job_free_files(files, count);
    job_release(job);
    engine_close(engine);

    file = CreateFileW(temporary, FILE_APPEND_DATA, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    assert_ptr_not_equal(file, INVALID_HANDLE_VALUE);
    assert_true(WriteFile(file, bytes, 100000, &done, NULL));
    CloseHandle(file);
    free(temporary);
    if (other_boot) {
        assert_int_equal(store_open(store_folder(), &store, &found, &aside), S_OK);
        txn = store_txn_begin(store);
        assert_non_null(txn);
        assert_int_equal(store_txn_put_setting(txn, "boot", &boot, sizeof(boot)), S_OK);
        assert_int_equal(store_commit(store, txn), S_OK);
        store_close(store);
    }
    open_engine();
    assert_int_equal(engine_find_job(engine, &id, &job), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_complete(job), S_OK);
    job_release(job);
    assert_int_equal(size_of(local(L"behind")), size);
    file =
        CreateFileW(local(L"behind"), GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    assert_ptr_not_equal(file, INVALID_HANDLE_VALUE);
    assert_true(ReadFile(file, bytes, (DWORD)size, &done, NULL));
    CloseHandle(file);
    assert_int_equal(pattern_first_difference(seed, 0, bytes, done), size);
    free(bytes);
}

static void test_behind_checkpoint_other_boot(void **state)
{
    behind_checkpoint(L"both", TRUE);
}

static void test_behind_checkpoint_nameless(void **state)
{
    behind_checkpoint(L"none", FALSE);
}

/* A small file is in memory at first, and meanwhile the disk may have bytes of an earlier start,
 * of any version: that the version of the later one is stored does not make them its. */
static void test_before_checkpoint(void **state)
{
    static const UINT64 size = 60000, seed = 22;
    const struct model_progress nothing = {.total = size};
    struct job *job = new_job();
    BYTE *bytes = calloc(1, (size_t)size);
    WCHAR temporary[MAX_PATH], *aside = NULL;
    struct file **files;
    struct store *store;
    enum store_found found;
    struct store_txn *txn;
    HANDLE file;
    ULONG count;
    DWORD done;
    GUID id;

    assert_non_null(bytes);
    assert_int_equal(
        add(job, FAULT(L"data/before?size=60000&seed=22&stall=1000&times=1&validators=both"), L"b"),
        S_OK);
    id = job_lock(job)->id;
    job_unlock(job);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRING), BG_JOB_STATE_TRANSFERRING);
    assert_int_equal(job_suspend(job), S_OK);
    assert_int_equal(job_snapshot_files(job, &files, &count), S_OK);
    job_lock(job);
    wcscpy(temporary, file_data(files[0])->temporary_name);
    assert_non_null(file_data(files[0])->etag);
    job_unlock(job);
    job_free_files(files, count);
    job_release(job);
    engine_close(engine);

    assert_int_equal(store_open(store_folder(), &store, &found, &aside), S_OK);
    txn = store_txn_begin(store);
    assert_non_null(txn);
    assert_int_equal(store_txn_put_progress(txn, &id, 0, &nothing), S_OK);
    assert_int_equal(store_commit(store, txn), S_OK);
    store_close(store);
    file = CreateFileW(temporary, GENERIC_WRITE, 0, NULL, OPEN_ALWAYS, 0, NULL);
    assert_ptr_not_equal(file, INVALID_HANDLE_VALUE);
    assert_true(WriteFile(file, bytes, 30000, &done, NULL));
    CloseHandle(file);
    open_engine();
    assert_int_equal(engine_find_job(engine, &id, &job), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_complete(job), S_OK);
    job_release(job);
    file = CreateFileW(local(L"b"), GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    assert_ptr_not_equal(file, INVALID_HANDLE_VALUE);
    assert_true(ReadFile(file, bytes, (DWORD)size, &done, NULL));
    CloseHandle(file);
    assert_int_equal(pattern_first_difference(seed, 0, bytes, done), size);
    free(bytes);
}

/* Jobs keep their order, and new ones come after those of before a restart. */
static void test_order_over_restarts(void **state)
{
    struct job **jobs, *job = NULL;
    GUID id, ids[4];
    ULONG count;

    for (int i = 0; i < 4; i++) {
        if (i == 2)
            job = reopen(job);
        if (job)
            job_release(job);
        job = new_job();
        ids[i] = job_lock(job)->id;
        job_unlock(job);
    }
    job = reopen(job);
    assert_int_equal(engine_snapshot_jobs(engine, NULL, &jobs, &count), S_OK);
    assert_int_equal(count, 4);
    for (ULONG i = 0; i < count; i++) {
        id = job_lock(jobs[i])->id;
        job_unlock(jobs[i]);
        assert_memory_equal(&id, &ids[i], sizeof(id));
    }
    engine_free_jobs(jobs, count);
    job_release(job);
}

/* Many files at once into a folder in which some of the names are taken, in capitals: they replace
 * those, whatever the case. */
static void test_many_replace_whatever_the_case(void **state)
{
    struct job *job = new_job();
    WCHAR remote[60], name[30];
    DWORD written;

    for (int i = 0; i < 80; i++) {
        swprintf(remote, ARRAYSIZE(remote), L"data/m%d?size=%d&seed=6", i, 1000 + i);
        swprintf(name, ARRAYSIZE(name), L"many-%d", i);
        assert_int_equal(add(job, FAULT(remote), name), S_OK);
        if (i % 10 == 5) {
            HANDLE file;

            file =
                CreateFileW(local(CharUpperW(name)), GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
            assert_ptr_not_equal(file, INVALID_HANDLE_VALUE);
            assert_true(WriteFile(file, "old", 3, &written, NULL));
            CloseHandle(file);
        }
    }
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_complete(job), S_OK);
    assert_int_equal(count_files(L"*"), 80);
    for (int i = 0; i < 80; i++) {
        swprintf(name, ARRAYSIZE(name), L"many-%d", i);
        assert_int_equal(size_of(local(name)), 1000 + i);
    }
    job_release(job);
}

/* A job that never ran has no files on the disk, also after a restart: its end asks for none, which
 * for 100,000 would take its time, and deletes nobody else's. */
static void test_cancel_of_what_never_ran(void **state)
{
    struct job *job = new_job();
    WCHAR path[MAX_PATH];
    struct file **files;
    ULONG count;
    HANDLE other;

    assert_int_equal(add(job, url("OPENBITS_TEST_FAULT", L"data/n?size=1000"), L"n"), S_OK);
    job = reopen(job);
    assert_int_equal(job_snapshot_files(job, &files, &count), S_OK);
    assert_int_equal(count, 1);
    job_lock(job);
    wcscpy(path, file_data(files[0])->temporary_name);
    job_unlock(job);
    job_free_files(files, count);
    other = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
    assert_ptr_not_equal(other, INVALID_HANDLE_VALUE);
    CloseHandle(other);
    assert_int_equal(job_cancel(job), S_OK);
    assert_int_equal(size_of(path), 0);
    DeleteFileW(path);
    job_release(job);
}

static BOOL is_completed(struct job *job)
{
    struct file **files;
    BOOL completed;
    ULONG count;

    assert_int_equal(job_snapshot_files(job, &files, &count), S_OK);
    job_lock(job);
    completed = file_data(files[0])->progress.completed;
    job_unlock(job);
    job_free_files(files, count);
    return completed;
}

/* A file that shows all its bytes when Suspend has returned is whole, and Complete takes it; not
 * only once its last flush has ended, which a crash could come before. */
static void test_whole_when_suspended(void **state)
{
    for (int i = 0; i < 10; i++) {
        struct job *job = new_job();
        ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;
        BG_JOB_PROGRESS progress;
        WCHAR remote[60], name[30];

        swprintf(remote, ARRAYSIZE(remote), L"data/w%d?size=20000000&seed=6", i);
        swprintf(name, ARRAYSIZE(name), L"whole-%d", i);
        assert_int_equal(add(job, FAULT(remote), name), S_OK);
        assert_int_equal(job_resume(job), S_OK);
        do
            job_progress(job, &progress);
        while (progress.BytesTransferred < 20000000 && GetTickCount64() < deadline);
        job_suspend(job); /* it may be TRANSFERRED already */
        assert_true(is_completed(job));
        assert_int_equal(job_complete(job), S_OK);
        assert_int_equal(size_of(local(name)), 20000000);
        job_release(job);
    }
}

/* Separators too many, slashes and dots name the file that Windows takes them for. */
static void test_names_that_are_not_plain(void **state)
{
    static const WCHAR *const names[] = {L"\\twice", L"/slash", L"none\\..\\up", L".\\here"};
    static const WCHAR *const plain[] = {L"twice", L"slash", L"up", L"here"};
    struct job *job = new_job();
    WCHAR remote[60];

    for (int i = 0; i < 4; i++) {
        swprintf(remote, ARRAYSIZE(remote), L"data/n%d?size=%d&seed=6", i, 1000 + i);
        assert_int_equal(add(job, FAULT(remote), names[i]), S_OK);
    }
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_complete(job), S_OK);
    for (int i = 0; i < 4; i++)
        assert_int_equal(size_of(local(plain[i])), 1000 + i);
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
    ULONG count;

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
    count = job_lock(job)
                ->error_count; /* no assertion with the lock held: it would not be given back */
    job_unlock(job);
    assert_in_range(count, 1, 2); /* the patience may have run out before Resume, or after it */
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
    /* Complete would take back what is not being told yet. */
    assert_true(wait_count(&hung, 1));
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

/* A job of which Complete gave the first file its name, and not the second: that was in use. */
static struct job *half_complete(void)
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
    return job;
}

static void test_complete_with_target_in_use(void **state)
{
    struct job *job = half_complete();

    assert_int_equal(job_complete(job), S_OK);
    assert_int_equal(size_of(local(L"u2")), 2000);
    job_release(job);
}

/* The service ends between two renames of Complete. What has its name already is known to be the
 * job's own, unless somebody has put another file there meanwhile: that is fetched again. */
static void between_renames(BOOL other)
{
    struct job *job = half_complete();
    HANDLE file;
    DWORD done;

    if (other) {
        file = CreateFileW(local(L"u1"), GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
        assert_ptr_not_equal(file, INVALID_HANDLE_VALUE);
        assert_true(WriteFile(file, "other", 5, &done, NULL));
        CloseHandle(file);
    }
    job = reopen(job);
    if (other) {
        assert_true(FAILED(job_complete(job)));
        assert_int_equal(job_state(job), BG_JOB_STATE_ERROR);
        assert_int_equal(size_of(local(L"u1")), 5);
        assert_int_equal(job_resume(job), S_OK);
    }
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_complete(job), S_OK);
    assert_int_equal(size_of(local(L"u1")), 1000);
    assert_int_equal(size_of(local(L"u2")), 2000);
    assert_int_equal(count_files(L"*"), 2);
    job_release(job);
}

static void test_restart_between_renames(void **state)
{
    between_renames(FALSE);
}

static void test_restart_between_renames_other_file(void **state)
{
    between_renames(TRUE);
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
    if (wait_for(job, BG_JOB_STATE_TRANSFERRED) != BG_JOB_STATE_TRANSFERRED)
        fail_msg("state %d, error 0x%08lx", job_state(job), (unsigned long)error_of(job));
    assert_int_equal(job_complete(job), S_OK);
    assert_int_equal(size_of(local(L"l")), 6000000);
    job_release(job);
}

static BOOL WINAPI disk_full(HANDLE file, const void *data, DWORD size, DWORD *done,
                             OVERLAPPED *overlapped)
{
    SetLastError(ERROR_DISK_FULL);
    return FALSE;
}

/* Whether SQLite can write. */
static void store_writes(BOOL can)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

    assert_int_equal(
        vfs->xSetSystemCall(vfs, "WriteFile", can ? NULL : (sqlite3_syscall_ptr)disk_full),
        SQLITE_OK);
}

static void describe(struct model_job *next)
{
    model_set_string(&next->description, L"described");
}

static BOOL is_described(struct job *job)
{
    const WCHAR *text = job_lock(job)->description;
    BOOL described = text && !wcscmp(text, L"described");

    job_unlock(job);
    return described;
}

/* What the store cannot take is refused, and nobody sees it: not now, not after a restart. */
static void test_store_refuses(void **state)
{
    struct job *job = new_job(), *none = NULL, **jobs;
    struct file **files;
    struct job_change staged;
    ULONG count;

    store_writes(FALSE);
    assert_int_equal(job_change_begin(job, &staged), S_OK);
    describe(&staged.next);
    assert_true(FAILED(job_change_end(&staged, S_OK)));
    assert_false(is_described(job));
    assert_true(FAILED(add(job, FAULT(L"data/refused?size=1"), L"refused")));
    assert_true(FAILED(job_cancel(job)));
    assert_int_equal(job_state(job), BG_JOB_STATE_SUSPENDED);
    assert_true(FAILED(engine_create_job(engine, L"x", BG_JOB_TYPE_DOWNLOAD, &owner, &none)));
    assert_int_equal(engine_snapshot_jobs(engine, NULL, &jobs, &count), S_OK);
    engine_free_jobs(jobs, count);
    assert_int_equal(count, 1);
    store_writes(TRUE);
    job = reopen(job);
    assert_false(is_described(job));
    assert_int_equal(job_snapshot_files(job, &files, &count), S_OK);
    job_free_files(files, count);
    assert_int_equal(count, 0);
    change(job, describe);
    job = reopen(job);
    assert_true(is_described(job));
    job_release(job);
}

static volatile LONG flushes, own_flushes;
static DWORD own_thread;

static BOOL WINAPI count_flush(HANDLE file)
{
    InterlockedIncrement(&flushes);
    if (GetCurrentThreadId() == own_thread)
        InterlockedIncrement(&own_flushes);
    return FlushFileBuffers(file);
}

/* A job that is being made up does not wait for the disk, but is on it soon; Resume waits. */
static void test_flushes(void **state)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;
    LONG made_up, before, resumed;
    struct job *job;
    HRESULT hr;

    flushes = own_flushes = 0;
    own_thread = GetCurrentThreadId();
    assert_int_equal(vfs->xSetSystemCall(vfs, "FlushFileBuffers", (sqlite3_syscall_ptr)count_flush),
                     SQLITE_OK);
    job = new_job();
    hr = add(job, FAULT(L"data/flushes?size=10"), L"flushes");
    change(job, describe);
    made_up = own_flushes;
    while (!flushes && GetTickCount64() < deadline)
        Sleep(1);
    before = flushes;
    if (SUCCEEDED(hr))
        hr = job_resume(job);
    resumed = flushes;
    vfs->xSetSystemCall(vfs, "FlushFileBuffers", NULL);
    assert_int_equal(hr, S_OK);
    assert_int_equal(made_up, 0);
    assert_true(before > 0);
    assert_true(resumed > before);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(test_download_and_complete),
        ENGINE_TEST(test_many_files_in_order),
        ENGINE_TEST(test_small_file_changes_while_closed),
        ENGINE_TEST(test_survives_restart),
        ENGINE_TEST(test_resumes_in_the_middle),
        ENGINE_TEST(test_behind_checkpoint_other_boot),
        ENGINE_TEST(test_behind_checkpoint_nameless),
        ENGINE_TEST(test_before_checkpoint),
        ENGINE_TEST(test_order_over_restarts),
        ENGINE_TEST(test_many_replace_whatever_the_case),
        ENGINE_TEST(test_cancel_of_what_never_ran),
        ENGINE_TEST(test_names_that_are_not_plain),
        ENGINE_TEST(test_whole_when_suspended),
        ENGINE_TEST(test_cancel_leaves_nothing),
        ENGINE_TEST(test_partial_complete),
        ENGINE_TEST(test_missing_file_is_an_error),
        ENGINE_TEST(test_transient_error_and_no_progress),
        ENGINE_TEST(test_priorities),
        ENGINE_TEST(test_hanging_client),
        ENGINE_TEST(test_complete_with_target_in_use),
        ENGINE_TEST(test_restart_between_renames),
        ENGINE_TEST(test_restart_between_renames_other_file),
        ENGINE_TEST(test_temporary_file_lost),
        ENGINE_TEST(test_store_refuses),
        ENGINE_TEST(test_flushes),
    };

    return run_engine_tests(tests, ARRAYSIZE(tests));
}
