/*
 * Every operation again and again, its 1st, 2nd, 3rd ... call into the file system, or allocation,
 * failing, until one run completes clean. After each the store is opened anew: it must be sound and
 * hold exactly what was acknowledged.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <sqlite3.h>

#include "faults.h"
#include "support.h"
#include "store/store_private.h"

#define STEPS 6
#define FILES 8

/* Made once: the runs themselves allocate nothing but what the store does. */
static struct model_job job_a, job_b, job_c;
static struct model_file files[FILES], changed;

/* What was acknowledged; a step that failed may be tried in a later run only. */
struct acked {
    BOOL step[STEPS];
};

/* A closed store that holds jobs A and C; each run begins with a copy. */
static WCHAR *base;

static WCHAR *copy_base(void)
{
    WCHAR *folder = make_folder();

    assert_true(CopyFileW(in_folder(base, L"qmgr.db"), in_folder(folder, L"qmgr.db"), TRUE));
    return folder;
}

/* One transaction of each kind, one after the other. */
static void run_steps(struct store *store, struct acked *acked)
{
    struct store_txn *txn;
    HRESULT hr = E_OUTOFMEMORY;

    acked->step[0] = put_job(store, &job_b, files, FILES) == S_OK;
    acked->step[1] = put_progress(store, &job_a.id, 1, 4711) == S_OK;
    acked->step[2] = put_job(store, &job_a, &changed, 1) == S_OK;
    if ((txn = store_txn_begin(store)))
        hr = store_txn_put_setting(txn, "name", "value", 5);
    if (SUCCEEDED(hr))
        acked->step[3] = store_commit(store, txn) == S_OK;
    else
        store_txn_discard(txn);
    acked->step[4] = delete_job(store, &job_c.id) == S_OK;
    acked->step[5] = put_progress(store, &job_a.id, 2, 4712) == S_OK;
}

/* Opens the store without faults and holds it against what was acknowledged. */
static void verify(const WCHAR *folder, const struct acked *acked, const char *what, LONG n)
{
    const struct loaded_job *a, *b, *c;
    enum store_found found;
    struct loaded loaded;
    struct store *store;
    WCHAR *aside;
    void *data;
    ULONG size;

    if (store_open(folder, &store, &found, &aside) != S_OK || found != STORE_INTACT)
        fail_msg("%s %ld: does not open, or found %d", what, n, found);
    if (store_check(store) != S_OK || load_all(store, &loaded) != S_OK)
        fail_msg("%s %ld: not sound", what, n);
    a = find_job(&loaded, &job_a.id);
    b = find_job(&loaded, &job_b.id);
    c = find_job(&loaded, &job_c.id);
    if (!a || a->count != FILES)
        fail_msg("%s %ld: job A is damaged", what, n);
    if ((b != NULL) != acked->step[0] || (b && b->count != FILES))
        fail_msg("%s %ld: job B is %s", what, n, b ? "there" : "missing");
    if ((a->files[1].progress.transferred == 4711) != acked->step[1])
        fail_msg("%s %ld: progress 1", what, n);
    if ((a->files[3].etag == NULL) != acked->step[2])
        fail_msg("%s %ld: changed file", what, n);
    if ((store_get_setting(store, "name", &data, &size) == S_OK) != acked->step[3])
        fail_msg("%s %ld: setting", what, n);
    LocalFree(data);
    if ((c == NULL) != acked->step[4])
        fail_msg("%s %ld: deleted job", what, n);
    if ((a->files[2].progress.transferred == 4712) != acked->step[5])
        fail_msg("%s %ld: progress 2", what, n);
    release_loaded(&loaded);
    store_close(store);
}

/* Faults while transactions are committed. */
static void commit_under(enum fault_kind kind, BOOL persistent, LONG stride, const char *what)
{
    LONG n = 1, count;

    do {
        WCHAR *folder = copy_base();
        struct store *store = open_store(folder, STORE_INTACT);
        struct acked acked = {{FALSE}};

        faults_arm(kind, n, persistent);
        run_steps(store, &acked);
        count = faults_disarm();
        store_close(store);
        verify(folder, &acked, what, n);
        remove_folder(folder);
        n += stride;
    } while (count >= n - stride);
    assert_true(n > 10);
}

static HRESULT count_jobs(void *context, struct model_job *job, struct model_file *list,
                          ULONG count)
{
    ++*(int *)context;
    return S_OK;
}

/* Faults from the opening to the closing: an error, or everything. */
static void open_under(enum fault_kind kind, BOOL persistent, LONG stride, const char *what)
{
    LONG n = 1, count;

    do {
        WCHAR *folder = copy_base(), *aside;
        struct acked acked = {{FALSE}};
        enum store_found found;
        struct store *store;
        HRESULT hr;
        int jobs = 0;

        faults_arm(kind, n, persistent);
        hr = store_open(folder, &store, &found, &aside);
        if (SUCCEEDED(hr)) {
            assert_int_equal(found, STORE_INTACT);
            hr = store_load(store, count_jobs, &jobs);
            if (SUCCEEDED(hr))
                assert_int_equal(jobs, 2);
            store_close(store);
        } else {
            assert_null(store);
            assert_null(aside);
        }
        count = faults_disarm();
        verify(folder, &acked, what, n);
        remove_folder(folder);
        n += stride;
    } while (count >= n - stride);
    assert_true(n > 10);
}

/* A group that is committed together: the writer is held up until all of it waits. */
#define GROUP 6

struct held {
    HANDLE go;
    LONG count;
    HRESULT results[GROUP];
};

struct member {
    struct held *held;
    int index;
};

static void hold_writer(void *context, HRESULT hr)
{
    WaitForSingleObject(((struct held *)context)->go, INFINITE);
}

static void note_result(void *context, HRESULT hr)
{
    const struct member *member = context;

    member->held->results[member->index] = hr;
}

/* Member 3 of the group cannot be applied; the others are jobs 100 to 105. */
static void commit_group_under(enum fault_kind kind, LONG *n, LONG stride, BOOL persistent)
{
    GUID nobody = guid_number(77);
    struct model_file *pointer = &files[0];
    struct member members[GROUP];
    struct model_job jobs[GROUP];
    WCHAR *folder = copy_base();
    struct store *store = open_store(folder, STORE_INTACT);
    struct store_txn *txn;
    struct loaded loaded;
    struct held held = {CreateEventW(NULL, TRUE, FALSE, NULL), 0, {0}};
    LONG count;
    int i;

    assert_non_null(txn = store_txn_begin(store));
    store_commit_async(store, txn, hold_writer, &held);
    for (i = 0; i < GROUP; i++) {
        members[i] = (struct member){&held, i};
        fill_job(&jobs[i], 100 + (unsigned int)i);
        assert_non_null(txn = store_txn_begin(store));
        assert_int_equal(store_txn_put_job(txn, &jobs[i]), S_OK);
        if (i == 3)
            assert_int_equal(store_txn_put_files(txn, &nobody, &pointer, 1), S_OK);
        store_commit_async(store, txn, note_result, &members[i]);
    }
    faults_arm(kind, *n, persistent);
    SetEvent(held.go);
    /* Waits for the group, too: the queue keeps its order. */
    put_progress(store, &GUID_NULL, 0, 0);
    count = faults_disarm();
    store_close(store);

    store = open_store(folder, STORE_INTACT);
    assert_int_equal(store_check(store), S_OK);
    assert_int_equal(load_all(store, &loaded), S_OK);
    assert_true(FAILED(held.results[3]));
    for (i = 0; i < GROUP; i++) {
        if ((find_job(&loaded, &jobs[i].id) != NULL) != (held.results[i] == S_OK))
            fail_msg("fault %ld: job %d is not what its commit said", *n, i);
        /* One failing call spoils one transaction at most. */
        if (!persistent && i != 3 && FAILED(held.results[i]) && held.count++)
            fail_msg("fault %ld: more than one failed", *n);
        model_job_release(&jobs[i]);
    }
    release_loaded(&loaded);
    store_close(store);
    remove_folder(folder);
    CloseHandle(held.go);
    *n = count >= *n ? *n + stride : 0;
}

static void test_group(void **state)
{
    LONG n;

    for (n = 1; n;)
        commit_group_under(FAULT_FILE, &n, 1, FALSE);
    for (n = 1; n;)
        commit_group_under(FAULT_FILE, &n, 1, TRUE);
    for (n = 1; n;)
        commit_group_under(FAULT_MEMORY, &n, 3, FALSE);
}

/* The disk fills up after each number of bytes; once there is room again all goes on. */
static void test_disk_full(void **state)
{
    BOOL complete = FALSE;
    LONG64 room;
    int i;

    for (room = 0; !complete; room += 1500) {
        WCHAR *folder = copy_base();
        struct store *store = open_store(folder, STORE_INTACT);
        struct acked acked = {{FALSE}};

        faults_set_room(room);
        run_steps(store, &acked);
        if (!acked.step[0]) {
            assert_int_equal(put_job(store, &job_b, files, FILES),
                             HRESULT_FROM_WIN32(ERROR_DISK_FULL));
        }
        faults_set_room(-1);
        for (i = 0, complete = TRUE; i < STEPS; i++)
            complete = complete && acked.step[i];
        if (!complete && room % 1000) {
            store_close(store);
            verify(folder, &acked, "disk full after byte", (LONG)room);
            store = open_store(folder, STORE_INTACT);
        }
        run_steps(store, &acked);
        for (i = 0; i < STEPS; i++)
            assert_true(acked.step[i]);
        store_close(store);
        verify(folder, &acked, "room again after byte", (LONG)room);
        remove_folder(folder);
    }
    assert_true(room > 10000);
}

/* The machine is switched off after the last step: what was acknowledged had reached the disk. */
static void test_power_failure(void **state)
{
    WCHAR *folder = copy_base(), *after = make_folder();
    struct acked acked = {{FALSE}};
    struct store *store;

    faults_flush(TRUE);
    faults_record();
    store = open_store(folder, STORE_INTACT);
    run_steps(store, &acked);
    faults_power_off(after);
    faults_flush(FALSE);
    assert_true(acked.step[0] && acked.step[STEPS - 1]);
    verify(after, &acked, "power failure", 0);
    store_close(store);
    remove_folder(folder);
    remove_folder(after);
}

/* Faults while a damaged store is put aside and carried over: nothing of it may be lost. */
static void salvage_under(enum fault_kind kind, BOOL persistent, LONG stride, const char *what)
{
    static const BYTE size[4] = {0x7f, 0, 0, 0}; /* the header: far more pages than there are */
    WIN32_FIND_DATAW data;
    LONG n = 1, count;
    HANDLE find;

    do {
        WCHAR *folder = copy_base(), *aside;
        enum store_found found, before;
        struct loaded loaded;
        struct store *store;
        DWORD written;
        HANDLE file;
        HRESULT hr;

        file = CreateFileW(in_folder(folder, L"qmgr.db"), GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0,
                           NULL);
        assert_ptr_not_equal(file, INVALID_HANDLE_VALUE);
        SetFilePointer(file, 28, NULL, FILE_BEGIN);
        assert_true(WriteFile(file, size, sizeof(size), &written, NULL));
        CloseHandle(file);

        faults_arm(kind, n, persistent);
        hr = store_open(folder, &store, &before, &aside);
        store_close(store);
        count = faults_disarm();
        LocalFree(aside);

        /* Told by the first start, or by the one that lives to tell. */
        if (store_open(folder, &store, &found, &aside) != S_OK)
            fail_msg("%s %ld: does not open", what, n);
        LocalFree(aside);
        if (FAILED(hr) ? found == STORE_LOST || found == STORE_FRESH : found != STORE_INTACT)
            fail_msg("%s %ld: found %d after %#lx", what, n, found, hr);
        assert_int_equal(store_check(store), S_OK);
        assert_int_equal(load_all(store, &loaded), S_OK);
        if (loaded.count != 2 || loaded.jobs[0].count != FILES || loaded.jobs[1].count != 1)
            fail_msg("%s %ld: not all of it was carried over", what, n);
        release_loaded(&loaded);
        store_close(store);
        find = FindFirstFileW(in_folder(folder, L"qmgr.db.damaged-*"), &data);
        if (find == INVALID_HANDLE_VALUE)
            fail_msg("%s %ld: the damaged store is not aside", what, n);
        FindClose(find);
        remove_folder(folder);
        n += stride;
    } while (count >= n - stride);
    assert_true(n > 10);
}

static void test_salvage_file(void **state)
{
    salvage_under(FAULT_FILE, FALSE, 1, "salvage, call of the file system");
    salvage_under(FAULT_FILE, TRUE, 1, "salvage, file system from call");
}

static void test_salvage_memory(void **state)
{
    salvage_under(FAULT_MEMORY, FALSE, 5, "salvage, allocation");
    salvage_under(FAULT_MEMORY, TRUE, 41, "salvage, allocations from");
}

static void test_commit_file(void **state)
{
    commit_under(FAULT_FILE, FALSE, 1, "commit, call of the file system");
}

static void test_commit_file_persistent(void **state)
{
    commit_under(FAULT_FILE, TRUE, 1, "commit, file system from call");
}

static void test_commit_memory(void **state)
{
    commit_under(FAULT_MEMORY, FALSE, 1, "commit, allocation");
}

static void test_commit_memory_persistent(void **state)
{
    commit_under(FAULT_MEMORY, TRUE, 5, "commit, allocations from");
}

static void test_open_file(void **state)
{
    open_under(FAULT_FILE, FALSE, 1, "open, call of the file system");
}

static void test_open_file_persistent(void **state)
{
    open_under(FAULT_FILE, TRUE, 1, "open, file system from call");
}

static void test_open_memory(void **state)
{
    open_under(FAULT_MEMORY, FALSE, 1, "open, allocation");
}

static int set_up(void **state)
{
    struct store *store;
    ULONG i;

    faults_install();
    faults_flush(FALSE);
    fill_job(&job_a, 1);
    fill_job(&job_b, 2);
    fill_job(&job_c, 3);
    for (i = 0; i < FILES; i++)
        fill_file(&files[i], 1, i);
    fill_file(&changed, 1, 3);
    model_set_string(&changed.etag, NULL);
    base = make_folder();
    store = open_store(base, STORE_FRESH);
    assert_int_equal(put_job(store, &job_a, files, FILES), S_OK);
    assert_int_equal(put_job(store, &job_c, files, 1), S_OK);
    store_close(store);
    return 0;
}

static int tear_down(void **state)
{
    ULONG i;

    remove_folder(base);
    for (i = 0; i < FILES; i++)
        model_file_release(&files[i]);
    model_file_release(&changed);
    model_job_release(&job_a);
    model_job_release(&job_b);
    model_job_release(&job_c);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_failure),
        cmocka_unit_test(test_disk_full),
        cmocka_unit_test(test_group),
        cmocka_unit_test(test_commit_file),
        cmocka_unit_test(test_commit_file_persistent),
        cmocka_unit_test(test_commit_memory),
        cmocka_unit_test(test_commit_memory_persistent),
        cmocka_unit_test(test_open_file),
        cmocka_unit_test(test_open_file_persistent),
        cmocka_unit_test(test_open_memory),
        cmocka_unit_test(test_salvage_file),
        cmocka_unit_test(test_salvage_memory),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
