/*
 * The store as the engine uses it: what goes in comes out, whole and in order, from one process or
 * many threads; versions and foreign files are told apart; rows that make no sense stay out alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <sqlite3.h>

#include "support.h"
#include "store/store_private.h"

#define THREADS 16
#define COMMITS 20

static int set_up(void **state)
{
    *state = make_folder();
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    remove_folder(*state);
    return 0;
}

/* Runs SQL on the closed store with the tests' own connection. */
static void execute(const WCHAR *folder, const char *sql)
{
    char path[MAX_PATH * 3];
    sqlite3 *handle;

    WideCharToMultiByte(CP_UTF8, 0, in_folder(folder, L"qmgr.db"), -1, path, sizeof(path), NULL,
                        NULL);
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    sqlite3_exec(handle, "PRAGMA locking_mode=EXCLUSIVE", NULL, NULL, NULL);
    if (sqlite3_exec(handle, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(handle));
    sqlite3_close(handle);
}

static void test_round_trip(void **state)
{
    struct store *store = open_store(*state, STORE_FRESH);
    struct model_file files[3];
    struct loaded loaded;
    struct model_job job;
    ULONG i;

    fill_job(&job, 7);
    for (i = 0; i < 3; i++)
        fill_file(&files[i], 7, i * 10);
    assert_int_equal(put_job(store, &job, files, 3), S_OK);
    assert_int_equal(store_check(store), S_OK);
    store_close(store);

    store = open_store(*state, STORE_INTACT);
    assert_int_equal(load_all(store, &loaded), S_OK);
    assert_int_equal(loaded.count, 1);
    assert_same_job(&loaded.jobs[0].job, &job);
    assert_int_equal(loaded.jobs[0].count, 3);
    for (i = 0; i < 3; i++) {
        assert_same_file(&loaded.jobs[0].files[i], &files[i]);
        model_file_release(&files[i]);
    }
    release_loaded(&loaded);
    model_job_release(&job);
    store_close(store);
}

/* Nothing set: no strings, no arrays, the documented defaults. */
static void test_bare_job(void **state)
{
    struct store *store = open_store(*state, STORE_FRESH);
    struct model_file file;
    struct loaded loaded;
    struct model_job job;

    model_job_init(&job);
    job.id = guid_number(1);
    job.state = BG_JOB_STATE_TRANSFERRING;
    model_file_init(&file);
    model_set_string(&file.remote_name, L"http://a/");
    model_set_string(&file.local_name, L"C:\\a");
    assert_int_equal(put_job(store, &job, &file, 1), S_OK);
    assert_int_equal(load_all(store, &loaded), S_OK);
    assert_int_equal(loaded.count, 1);
    job.state = BG_JOB_STATE_QUEUED; /* running states are not durable */
    assert_same_job(&loaded.jobs[0].job, &job);
    assert_int_equal(loaded.jobs[0].count, 1);
    assert_same_file(&loaded.jobs[0].files[0], &file);
    assert_null(loaded.jobs[0].job.display_name);
    assert_null(loaded.jobs[0].files[0].ranges);
    assert_int_equal(loaded.jobs[0].job.minimum_retry_delay, 600);
    assert_int_equal(loaded.jobs[0].job.no_progress_timeout, 14 * 24 * 3600);
    release_loaded(&loaded);
    model_file_release(&file);
    store_close(store);
}

static void test_replace_progress_delete(void **state)
{
    struct store *store = open_store(*state, STORE_FRESH);
    struct model_file files[2];
    struct loaded loaded;
    struct model_job job, other;
    GUID nobody = guid_number(99);

    fill_job(&job, 1);
    fill_job(&other, 2);
    fill_file(&files[0], 1, 0);
    fill_file(&files[1], 1, 1);
    assert_int_equal(put_job(store, &job, files, 2), S_OK);
    assert_int_equal(put_job(store, &other, files, 2), S_OK);

    /* Replacing a job keeps its files and drops credentials that are gone. */
    model_set_string(&job.display_name, L"renamed");
    job.credential_count = 1;
    job.priority = BG_JOB_PRIORITY_FOREGROUND;
    assert_int_equal(put_job(store, &job, NULL, 0), S_OK);
    /* Replacing a file, and progress alone. */
    model_set_string(&files[1].etag, NULL);
    assert_int_equal(put_job(store, &job, &files[1], 1), S_OK);
    assert_int_equal(put_progress(store, &job.id, 0, 12345), S_OK);
    files[0].progress.total = BG_SIZE_UNKNOWN;
    files[0].progress.transferred = 12345;
    files[0].progress.completed = FALSE;

    assert_int_equal(load_all(store, &loaded), S_OK);
    assert_int_equal(loaded.count, 2);
    assert_same_job(&loaded.jobs[0].job, &job);
    assert_int_equal(loaded.jobs[0].count, 2);
    assert_same_file(&loaded.jobs[0].files[0], &files[0]);
    assert_same_file(&loaded.jobs[0].files[1], &files[1]);
    release_loaded(&loaded);

    assert_int_equal(delete_job(store, &job.id), S_OK);
    assert_int_equal(delete_job(store, &job.id), S_OK);
    assert_int_equal(put_progress(store, &job.id, 0, 1), S_OK);
    assert_int_equal(put_progress(store, &nobody, 0, 1), S_OK);
    assert_int_equal(load_all(store, &loaded), S_OK);
    assert_int_equal(loaded.count, 1);
    assert_same_job(&loaded.jobs[0].job, &other);
    assert_int_equal(loaded.jobs[0].count, 2);
    release_loaded(&loaded);
    assert_int_equal(store_check(store), S_OK);

    job.credential_count = 2;
    model_job_release(&job);
    model_job_release(&other);
    model_file_release(&files[0]);
    model_file_release(&files[1]);
    store_close(store);
}

static void test_whole_or_nothing(void **state)
{
    struct store *store = open_store(*state, STORE_FRESH);
    struct store_txn *txn = store_txn_begin(store);
    struct model_file file, *pointer = &file;
    GUID nobody = guid_number(50);
    struct loaded loaded;
    struct model_job job;

    fill_job(&job, 1);
    fill_file(&file, 1, 0);
    assert_int_equal(store_txn_put_setting(txn, "s", "x", 1), S_OK);
    assert_int_equal(store_txn_put_job(txn, &job), S_OK);
    assert_int_equal(store_txn_put_files(txn, &nobody, &pointer, 1), S_OK);
    assert_int_equal(store_commit(store, txn), BG_E_NOT_FOUND);
    assert_int_equal(load_all(store, &loaded), S_OK);
    assert_int_equal(loaded.count, 0);
    release_loaded(&loaded);
    model_job_release(&job);
    model_file_release(&file);
    store_close(store);
}

static volatile LONG flushes, other_flushes;
static DWORD flushing_thread;

static BOOL WINAPI count_flush(HANDLE file)
{
    InterlockedIncrement(GetCurrentThreadId() == flushing_thread ? &flushes : &other_flushes);
    return FlushFileBuffers(file);
}

/* What is committed is on the disk, not in its cache alone, unless it need not be: then it is soon.
 */
static void test_commit_is_flushed(void **state)
{
    static const BOOL unflushed[] = {FALSE, FALSE, TRUE, TRUE, FALSE, TRUE, FALSE, TRUE};
    struct store *store = open_store(*state, STORE_FRESH);
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    ULONGLONG deadline = GetTickCount64() + 60000;
    LONG flushed[ARRAYSIZE(unflushed)] = {0}, last;
    struct model_job job;
    HRESULT hr = S_OK;

    fill_job(&job, 1);
    assert_int_equal(put_job(store, &job, NULL, 0), S_OK);
    flushing_thread = GetCurrentThreadId();
    assert_int_equal(vfs->xSetSystemCall(vfs, "FlushFileBuffers", (sqlite3_syscall_ptr)count_flush),
                     SQLITE_OK);
    for (ULONG i = 0; i < ARRAYSIZE(unflushed) && hr == S_OK; i++) {
        struct store_txn *txn = store_txn_begin(store);
        LONG before = flushes;

        if (unflushed[i])
            store_txn_unflushed(txn);
        hr = store_txn_put_job(txn, &job);
        last = other_flushes;
        if (hr == S_OK)
            hr = store_commit(store, txn);
        flushed[i] = flushes - before;
    }
    while (other_flushes == last && GetTickCount64() < deadline)
        Sleep(1);
    vfs->xSetSystemCall(vfs, "FlushFileBuffers", NULL);
    assert_int_equal(hr, S_OK);
    for (ULONG i = 0; i < ARRAYSIZE(unflushed); i++)
        assert_int_equal(flushed[i], !unflushed[i]);
    assert_true(other_flushes > last);
    model_job_release(&job);
    store_close(store);
}

static void test_settings(void **state)
{
    struct store *store = open_store(*state, STORE_FRESH);
    struct store_txn *txn = store_txn_begin(store);
    void *data;
    ULONG size;

    assert_int_equal(store_get_setting(store, "a", &data, &size), S_FALSE);
    assert_null(data);
    assert_int_equal(store_txn_put_setting(txn, "a", "one", 3), S_OK);
    assert_int_equal(store_txn_put_setting(txn, "a", "two\0!", 5), S_OK);
    assert_int_equal(store_txn_put_setting(txn, "empty", NULL, 0), S_OK);
    assert_int_equal(store_commit(store, txn), S_OK);
    store_close(store);
    store = open_store(*state, STORE_INTACT);
    assert_int_equal(store_get_setting(store, "a", &data, &size), S_OK);
    assert_int_equal(size, 5);
    assert_memory_equal(data, "two\0!", 5);
    LocalFree(data);
    assert_int_equal(store_get_setting(store, "empty", &data, &size), S_OK);
    assert_int_equal(size, 0);
    LocalFree(data);
    store_close(store);
}

static void test_order(void **state)
{
    static const unsigned int numbers[] = {5, 1, 4, 2, 3};
    struct store *store = open_store(*state, STORE_FRESH);
    struct loaded loaded;
    struct model_job job;
    size_t i;

    for (i = 0; i < ARRAYSIZE(numbers); i++) {
        fill_job(&job, numbers[i]);
        if (numbers[i] == 5)
            job.sequence = 0xffffffffffffffffull; /* unsigned: the last, not the first */
        assert_int_equal(put_job(store, &job, NULL, 0), S_OK);
        model_job_release(&job);
    }
    assert_int_equal(load_all(store, &loaded), S_OK);
    assert_int_equal(loaded.count, 5);
    for (i = 0; i < 5; i++)
        assert_int_equal(loaded.jobs[i].job.id.Data1, i + 1);
    release_loaded(&loaded);
    store_close(store);
}

static HRESULT refuse_second(void *context, struct model_job *job, struct model_file *files,
                             ULONG count)
{
    return ++*(int *)context == 2 ? E_ABORT : S_OK;
}

static void test_load_stops_with_callback(void **state)
{
    struct store *store = open_store(*state, STORE_FRESH);
    struct model_job job;
    unsigned int i;
    int calls = 0;

    for (i = 0; i < 4; i++) {
        fill_job(&job, i);
        assert_int_equal(put_job(store, &job, NULL, 0), S_OK);
        model_job_release(&job);
    }
    assert_int_equal(store_load(store, refuse_second, &calls), E_ABORT);
    assert_int_equal(calls, 2);
    store_close(store);
}

static void test_second_opener(void **state)
{
    struct store *store = open_store(*state, STORE_FRESH), *second;
    enum store_found found;
    WCHAR *aside;

    assert_int_equal(store_open(*state, &second, &found, &aside),
                     HRESULT_FROM_WIN32(ERROR_SHARING_VIOLATION));
    assert_null(second);
    assert_null(aside);
    assert_int_equal(put_progress(store, &GUID_NULL, 0, 0), S_OK);
    store_close(store);
    store_close(open_store(*state, STORE_INTACT));
}

struct load {
    struct store *store;
    unsigned int thread;
    LONG failures;
};

/* Each thread alternates good transactions and ones that cannot be applied. */
static DWORD WINAPI commit_thread(void *argument)
{
    struct load *load = argument;
    struct model_job job;
    unsigned int i;

    for (i = 0; i < COMMITS; i++) {
        fill_job(&job, load->thread * COMMITS + i);
        if (put_job(load->store, &job, NULL, 0) != S_OK)
            load->failures++;
        if (i % 4 == 3) {
            GUID nobody = guid_number(0xffffff);
            struct model_file file, *pointer = &file;
            struct store_txn *txn = store_txn_begin(load->store);

            fill_file(&file, 1, 0);
            model_set_string(&job.display_name, L"must not be seen");
            store_txn_put_job(txn, &job);
            store_txn_put_files(txn, &nobody, &pointer, 1);
            if (store_commit(load->store, txn) != BG_E_NOT_FOUND)
                load->failures++;
            model_file_release(&file);
        }
        model_job_release(&job);
    }
    return 0;
}

static void test_group_commit(void **state)
{
    struct store *store = open_store(*state, STORE_FRESH);
    struct load loads[THREADS];
    HANDLE threads[THREADS];
    struct loaded loaded;
    unsigned int i;

    for (i = 0; i < THREADS; i++) {
        loads[i] = (struct load){store, i, 0};
        threads[i] = CreateThread(NULL, 0, commit_thread, &loads[i], 0, NULL);
        assert_non_null(threads[i]);
    }
    for (i = 0; i < THREADS; i++) {
        assert_int_equal(WaitForSingleObject(threads[i], 60000), WAIT_OBJECT_0);
        CloseHandle(threads[i]);
        assert_int_equal(loads[i].failures, 0);
    }
    store_close(store);
    store = open_store(*state, STORE_INTACT);
    assert_int_equal(store_check(store), S_OK);
    assert_int_equal(load_all(store, &loaded), S_OK);
    assert_int_equal(loaded.count, THREADS * COMMITS);
    for (i = 0; i < THREADS * COMMITS; i++) {
        struct model_job job;

        fill_job(&job, i);
        assert_same_job(&loaded.jobs[i].job, &job);
        model_job_release(&job);
    }
    release_loaded(&loaded);
    store_close(store);
}

struct done {
    LONG count, failures;
};

static void count_done(void *context, HRESULT hr)
{
    struct done *done = context;

    if (hr != S_OK)
        InterlockedIncrement(&done->failures);
    InterlockedIncrement(&done->count);
}

static void test_async(void **state)
{
    struct store *store = open_store(*state, STORE_FRESH);
    struct model_job jobs[50];
    struct done done = {0, 0};
    struct loaded loaded;
    unsigned int i;

    for (i = 0; i < 50; i++) {
        struct store_txn *txn = store_txn_begin(store);

        fill_job(&jobs[i], i);
        assert_int_equal(store_txn_put_job(txn, &jobs[i]), S_OK);
        store_commit_async(store, txn, i % 5 ? count_done : NULL, &done);
    }
    store_close(store); /* commits what is queued */
    assert_int_equal(done.count, 40);
    assert_int_equal(done.failures, 0);
    store = open_store(*state, STORE_INTACT);
    assert_int_equal(load_all(store, &loaded), S_OK);
    assert_int_equal(loaded.count, 50);
    release_loaded(&loaded);
    for (i = 0; i < 50; i++)
        model_job_release(&jobs[i]);
    store_close(store);
}

/* A schema of two steps, to see a store of the first go to the second. */
static int step_one(sqlite3 *handle)
{
    return sqlite3_exec(handle, "CREATE TABLE t(a); INSERT INTO t VALUES(1)", NULL, NULL, NULL);
}

static int step_two(sqlite3 *handle)
{
    return sqlite3_exec(handle, "ALTER TABLE t ADD COLUMN b DEFAULT 2", NULL, NULL, NULL);
}

static int step_broken(sqlite3 *handle)
{
    int rc = sqlite3_exec(handle, "DROP TABLE t", NULL, NULL, NULL);

    return rc == SQLITE_OK ? SQLITE_FULL : rc;
}

static void test_migration(void **state)
{
    static const store_migration steps[] = {step_one, step_two, step_broken};
    const WCHAR *path = in_folder(*state, L"other.db");
    sqlite3_int64 value;
    struct store_db db;

    assert_int_equal(store_db_open(path, DB_BUILD, &db), S_OK);
    assert_int_equal(store_migrate(db.handle, steps, 1), SQLITE_OK);
    store_db_close(&db);
    assert_int_equal(store_db_open(path, DB_NORMAL, &db), S_OK);
    assert_int_equal(store_migrate(db.handle, steps, 2), SQLITE_OK);
    assert_int_equal(store_query_int(db.handle, "SELECT a + b FROM t", &value), SQLITE_OK);
    assert_int_equal(value, 3);
    /* A step that fails leaves the version before it. */
    assert_int_equal(store_migrate(db.handle, steps, 3), SQLITE_FULL);
    store_query_int(db.handle, "PRAGMA user_version", &value);
    assert_int_equal(value, 2);
    assert_int_equal(store_query_int(db.handle, "SELECT a + b FROM t", &value), SQLITE_OK);
    assert_int_equal(value, 3);
    assert_int_equal(store_migrate(db.handle, steps, 1), SQLITE_MISMATCH);
    store_db_close(&db);
}

static void test_newer_schema(void **state)
{
    struct store *store;
    enum store_found found;
    WCHAR *aside;

    store_close(open_store(*state, STORE_FRESH));
    execute(*state, "PRAGMA user_version=99");
    assert_int_equal(store_open(*state, &store, &found, &aside),
                     HRESULT_FROM_WIN32(ERROR_REVISION_MISMATCH));
    assert_null(store);
    assert_null(aside);
    execute(*state, "PRAGMA user_version=3");
    store_close(open_store(*state, STORE_INTACT));
}

/* What turns a store of the present schema into one of the second, and that into one of the first.
 */
#define SECOND_SCHEMA "ALTER TABLE file DROP COLUMN volume; PRAGMA user_version=2;"
#define FIRST_SCHEMA                                                                               \
    SECOND_SCHEMA                                                                                  \
    "ALTER TABLE file DROP COLUMN wanted; UPDATE job SET custom_headers='X: 1';"                   \
    "PRAGMA user_version=1;"

/* A store of the first schema: its jobs stay, headers in clear text go; so also when damaged. */
static void test_first_schema(void **state)
{
    struct model_file files[2];
    struct model_job job;
    struct loaded loaded;
    struct store *store = open_store(*state, STORE_FRESH);

    fill_job(&job, 1);
    fill_file(&files[0], 1, 0);
    fill_file(&files[1], 1, 1);
    assert_int_equal(put_job(store, &job, files, 2), S_OK);
    store_close(store);
    execute(*state, FIRST_SCHEMA);
    store = open_store(*state, STORE_INTACT);
    assert_int_equal(load_all(store, &loaded), S_OK);
    assert_int_equal(loaded.count, 1);
    assert_int_equal(loaded.jobs[0].count, 2);
    assert_null(loaded.jobs[0].job.custom_headers.data);
    assert_int_equal(loaded.jobs[0].files[0].wanted_count, 0);
    release_loaded(&loaded);
    store_close(store);
    execute(*state, FIRST_SCHEMA "DROP TABLE setting;");
    store = open_store(*state, STORE_RECOVERED);
    assert_int_equal(load_all(store, &loaded), S_OK);
    assert_int_equal(loaded.count, 1);
    assert_int_equal(loaded.jobs[0].count, 2);
    release_loaded(&loaded);
    store_close(store);
    model_job_release(&job);
    model_file_release(&files[0]);
    model_file_release(&files[1]);
}

/* A store of the second schema: nothing is known of volumes, all else stays; so also when damaged.
 */
static void test_second_schema(void **state)
{
    static const char *const damages[] = {SECOND_SCHEMA, SECOND_SCHEMA "DROP TABLE setting;"};
    struct model_file file;
    struct model_job job;
    struct loaded loaded;
    struct store *store = open_store(*state, STORE_FRESH);

    fill_job(&job, 1);
    fill_file(&file, 1, 0);
    assert_int_equal(put_job(store, &job, &file, 1), S_OK);
    store_close(store);
    file.volume = 0;
    for (ULONG i = 0; i < ARRAYSIZE(damages); i++) {
        execute(*state, damages[i]);
        store = open_store(*state, i ? STORE_RECOVERED : STORE_INTACT);
        assert_int_equal(load_all(store, &loaded), S_OK);
        assert_int_equal(loaded.count, 1);
        assert_int_equal(loaded.jobs[0].count, 1);
        assert_same_file(&file, &loaded.jobs[0].files[0]);
        release_loaded(&loaded);
        store_close(store);
    }
    model_job_release(&job);
    model_file_release(&file);
}

/* Each statement spoils job 1, or file 0 of job 2, in its own way. */
static void test_bad_rows(void **state)
{
    static const struct {
        const char *sql;
        size_t jobs;
        ULONG files; /* of job 2 */
    } cases[] = {
        {"UPDATE job SET type=3 WHERE row=1", 2, 3},
        {"UPDATE job SET state=-1 WHERE row=1", 2, 3},
        {"UPDATE job SET state=9 WHERE row=1", 2, 3},
        {"UPDATE job SET priority='high' WHERE row=1", 2, 3},
        {"UPDATE job SET id=x'0102' WHERE row=1", 2, 3},
        {"UPDATE job SET owner_elevated=2 WHERE row=1", 2, 3},
        {"UPDATE job SET created=-5 WHERE row=1", 2, 3},
        {"UPDATE job SET created=NULL WHERE row=1", 2, 3},
        {"UPDATE job SET error_code=4294967296 WHERE row=1", 2, 3},
        {"UPDATE job SET notify_flags=4294967296 WHERE row=1", 2, 3},
        {"UPDATE job SET certificate_hash=x'00' WHERE row=1", 2, 3},
        {"UPDATE job SET display_name=x'41' WHERE row=1", 2, 3},
        {"UPDATE job SET display_name=CAST(x'c0af' AS TEXT) WHERE row=1", 2, 3},
        {"UPDATE job SET display_name=CAST(x'4100' AS TEXT) WHERE row=1", 2, 3},
        {"UPDATE job SET display_name=CAST(x'e282' AS TEXT) WHERE row=1", 2, 3},
        {"UPDATE job SET display_name=CAST(x'f4908080' AS TEXT) WHERE row=1", 2, 3},
        {"UPDATE credential SET target=3 WHERE job=2 AND target=1", 3, 3},
        {"UPDATE credential SET scheme=0 WHERE job=2 AND target=1", 3, 3},
        {"UPDATE credential SET secret=zeroblob(100000) WHERE job=2 AND target=1", 3, 3},
        {"UPDATE file SET ordinal=-1 WHERE job=2 AND ordinal=0", 3, 2},
        {"UPDATE file SET ordinal=4294967295 WHERE job=2 AND ordinal=0", 3, 2},
        {"UPDATE file SET remote_name=NULL WHERE job=2 AND ordinal=0", 3, 2},
        {"UPDATE file SET ranges=x'00' WHERE job=2 AND ordinal=0", 3, 2},
        {"UPDATE file SET ranges=x'ffffffffffffffff0200000000000000' WHERE job=2 AND ordinal=0", 3,
         2},
        {"UPDATE file SET completed='yes' WHERE job=2 AND ordinal=0", 3, 2},
        {"UPDATE file SET transferred=total+1 WHERE job=2 AND ordinal=0", 3, 3},
    };
    struct model_file files[3];
    struct loaded loaded;
    struct model_job job;
    struct store *store;
    size_t c;
    ULONG i;

    for (i = 0; i < 3; i++)
        fill_file(&files[i], 2, i);
    for (c = 0; c < ARRAYSIZE(cases); c++) {
        WCHAR *folder = make_folder();

        store = open_store(folder, STORE_FRESH);
        for (i = 1; i <= 3; i++) {
            fill_job(&job, i);
            assert_int_equal(put_job(store, &job, files, 3), S_OK);
            model_job_release(&job);
        }
        store_close(store);
        execute(folder, cases[c].sql);
        store = open_store(folder, STORE_INTACT);
        assert_int_equal(load_all(store, &loaded), S_OK);
        if (loaded.count != cases[c].jobs)
            fail_msg("%s: %u jobs", cases[c].sql, (unsigned int)loaded.count);
        job.id = guid_number(2);
        assert_non_null(find_job(&loaded, &job.id));
        if (find_job(&loaded, &job.id)->count != cases[c].files)
            fail_msg("%s: %lu files", cases[c].sql, find_job(&loaded, &job.id)->count);
        for (i = 0; i < loaded.jobs[1].count; i++) {
            const struct model_progress *progress = &loaded.jobs[1].files[i].progress;

            assert_true(progress->transferred <= progress->total);
        }
        release_loaded(&loaded);
        store_close(store);
        remove_folder(folder);
    }
    for (i = 0; i < 3; i++)
        model_file_release(&files[i]);
}

static void test_model_copy(void **state)
{
    struct model_job job, copy;
    struct model_file file, twin;

    fill_job(&job, 3);
    assert_int_equal(model_job_copy(&job, &copy), S_OK);
    assert_same_job(&copy, &job);
    assert_ptr_not_equal(copy.display_name, job.display_name);
    assert_ptr_not_equal(copy.credentials[1].secret, job.credentials[1].secret);
    model_job_release(&job);
    assert_null(job.credentials);
    model_job_release(&copy);

    fill_file(&file, 3, 4);
    assert_int_equal(model_file_copy(&file, &twin), S_OK);
    assert_same_file(&twin, &file);
    assert_ptr_not_equal(twin.filled, file.filled);
    model_file_release(&file);
    model_file_release(&twin);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bare_job, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_replace_progress_delete, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_whole_or_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_commit_is_flushed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_settings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_load_stops_with_callback, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_second_opener, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_group_commit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_async, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_migration, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_newer_schema, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_first_schema, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_second_schema, set_up, tear_down),
        cmocka_unit_test(test_bad_rows),
        cmocka_unit_test(test_model_copy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
