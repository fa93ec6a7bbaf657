/*
 * Damaged stores: put aside as they were, what can be read carried over, and an interrupted
 * replacement finished at the next start.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <sqlite3.h>

#include "support.h"
#include "store/store_private.h"

#define JOBS  60
#define FILES 12
#define PAGE  4096

struct image {
    BYTE *bytes;
    DWORD size;
};

static struct image read_image(const WCHAR *path)
{
    struct image image = {NULL, 0};
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    DWORD size;

    assert_ptr_not_equal(file, INVALID_HANDLE_VALUE);
    image.size = GetFileSize(file, NULL);
    image.bytes = malloc(image.size + 1);
    assert_non_null(image.bytes);
    assert_true(ReadFile(file, image.bytes, image.size, &size, NULL) && size == image.size);
    CloseHandle(file);
    return image;
}

static void write_image(const WCHAR *path, const struct image *image)
{
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    DWORD size;

    assert_ptr_not_equal(file, INVALID_HANDLE_VALUE);
    assert_true(WriteFile(file, image->bytes, image->size, &size, NULL) && size == image->size);
    CloseHandle(file);
}

static void assert_image(const WCHAR *path, const struct image *expected)
{
    struct image image = read_image(path);

    assert_int_equal(image.size, expected->size);
    assert_memory_equal(image.bytes, expected->bytes, image.size);
    free(image.bytes);
}

/* A closed store of JOBS jobs with FILES files each and one setting. */
static struct image make_store(const WCHAR *folder)
{
    struct store *store = open_store(folder, STORE_FRESH);
    struct store_txn *txn = store_txn_begin(store);
    struct model_file files[FILES];
    struct model_job job;
    ULONG i, f;

    assert_int_equal(store_txn_put_setting(txn, "engine", "value", 5), S_OK);
    assert_int_equal(store_commit(store, txn), S_OK);
    for (i = 0; i < JOBS; i++) {
        fill_job(&job, i);
        for (f = 0; f < FILES; f++)
            fill_file(&files[f], i, f);
        assert_int_equal(put_job(store, &job, files, FILES), S_OK);
        model_job_release(&job);
        for (f = 0; f < FILES; f++)
            model_file_release(&files[f]);
    }
    store_close(store);
    return read_image(in_folder(folder, L"qmgr.db"));
}

/* What a store holds, each job and file as it was written. */
struct contents {
    ULONG jobs, files;
    BOOL setting;
};

static struct contents look(struct store *store)
{
    struct contents contents = {0, 0, FALSE};
    struct loaded loaded;
    ULONG size, f;
    void *data;
    size_t i;

    assert_int_equal(store_check(store), S_OK);
    assert_int_equal(load_all(store, &loaded), S_OK);
    for (i = 0; i < loaded.count; i++) {
        assert_true(loaded.jobs[i].count <= FILES);
        for (f = 0; f < loaded.jobs[i].count; f++)
            assert_true(loaded.jobs[i].files[f].ordinal < FILES);
        contents.jobs++;
        contents.files += loaded.jobs[i].count;
    }
    release_loaded(&loaded);
    contents.setting = store_get_setting(store, "engine", &data, &size) == S_OK;
    LocalFree(data);
    return contents;
}

/*
 * Opens a store whose file is image. When that is found damaged, the file put aside must be image
 * to the byte; the store in its place must work, and be found intact by the next start.
 */
static enum store_found open_damaged(const WCHAR *folder, const struct image *image,
                                     struct contents *contents)
{
    enum store_found found;
    struct store *store;
    WCHAR *aside;

    write_image(in_folder(folder, L"qmgr.db"), image);
    assert_int_equal(store_open(folder, &store, &found, &aside), S_OK);
    if (found == STORE_INTACT) {
        assert_null(aside);
    } else {
        assert_true(found == STORE_RECOVERED || found == STORE_LOST);
        assert_non_null(aside);
        assert_non_null(wcsstr(aside, L"\\qmgr.db.damaged-"));
        assert_image(aside, image);
        assert_true(DeleteFileW(aside));
    }
    LocalFree(aside);
    *contents = look(store);
    assert_int_equal(put_progress(store, &GUID_NULL, 0, 0), S_OK);
    store_close(store);
    store = open_store(folder, STORE_INTACT);
    assert_int_equal(look(store).jobs, contents->jobs);
    store_close(store);
    return found;
}

static void test_truncated(void **state)
{
    WCHAR *folder = make_folder();
    struct image image = make_store(folder);
    struct contents contents;
    DWORD whole = image.size;

    image.size = whole / 2;
    assert_int_equal(open_damaged(folder, &image, &contents), STORE_RECOVERED);
    assert_true(contents.jobs > 0 && contents.files > 0);
    image.size = whole - PAGE;
    assert_int_equal(open_damaged(folder, &image, &contents), STORE_RECOVERED);
    assert_true(contents.jobs > JOBS / 2);
    image.size = whole / 2 + 1234; /* within a page */
    assert_int_equal(open_damaged(folder, &image, &contents), STORE_RECOVERED);
    image.size = 50; /* within the header */
    assert_int_equal(open_damaged(folder, &image, &contents), STORE_LOST);
    image.size = 0;
    assert_int_equal(open_damaged(folder, &image, &contents), STORE_LOST);
    assert_int_equal(contents.jobs, 0);
    free(image.bytes);
    remove_folder(folder);
}

static void test_garbage(void **state)
{
    WCHAR *folder = make_folder();
    struct image image = make_store(folder), text = {(BYTE *)(UINT_PTR) "Not a database.", 15};
    struct contents contents;
    DWORD i;

    srand(1);
    for (i = 0; i < image.size; i++)
        image.bytes[i] = (BYTE)rand();
    assert_int_equal(open_damaged(folder, &image, &contents), STORE_LOST);
    assert_int_equal(open_damaged(folder, &text, &contents), STORE_LOST);
    free(image.bytes);
    remove_folder(folder);
}

/* Bytes change anywhere: never a crash, never more lost than the places that were hit. */
static void test_flipped(void **state)
{
    WCHAR *folder = make_folder();
    struct image original = make_store(folder), image = original;
    unsigned int seed, hits, recovered = 0, b;
    struct contents contents;

    image.bytes = malloc(image.size);
    assert_non_null(image.bytes);
    for (seed = 0; seed < 40; seed++) {
        srand(seed);
        hits = 1 + seed % 3;
        memcpy(image.bytes, original.bytes, image.size);
        while (hits--) {
            /* A whole run within one page, its header included every other time. */
            DWORD page = 1 + (DWORD)rand() % (image.size / PAGE - 1);
            DWORD offset = seed % 2 ? 0 : (DWORD)rand() % (PAGE - 200);

            for (b = 0; b < 200; b++)
                image.bytes[page * PAGE + offset + b] = (BYTE)rand();
        }
        if (open_damaged(folder, &image, &contents) != STORE_INTACT)
            recovered++;
        /* Every third is hit once; a page holds few of the jobs, but may be an inner one. */
        if (seed % 3 == 0 && seed % 2 == 0 && contents.jobs < JOBS / 2)
            fail_msg("seed %u: only %lu jobs left", seed, contents.jobs);
    }
    assert_true(recovered > 10);
    free(image.bytes);
    free(original.bytes);
    remove_folder(folder);
}

/* One leaf of the file table is gone: the files around it are all there. */
static void test_one_page(void **state)
{
    WCHAR *folder = make_folder();
    struct image image = make_store(folder);
    struct contents contents;
    DWORD page;

    /* A leaf of an index b-tree (tables WITHOUT ROWID are such) begins with 0x0a. */
    for (page = image.size / PAGE / 2; image.bytes[page * PAGE] != 0x0a; page++)
        assert_true(page < image.size / PAGE - 2);
    memset(image.bytes + page * PAGE, 0xff, PAGE);
    assert_int_equal(open_damaged(folder, &image, &contents), STORE_RECOVERED);
    assert_int_equal(contents.jobs, JOBS);
    assert_true(contents.files >= JOBS * FILES - 20);
    assert_true(contents.files < JOBS * FILES);
    assert_true(contents.setting);
    free(image.bytes);
    remove_folder(folder);
}

/* Somebody else's database, and one whose tables are not ours. */
static void test_foreign(void **state)
{
    static const char *const scripts[] = {
        "CREATE TABLE x(y); INSERT INTO x VALUES(1); PRAGMA user_version=1",
        "CREATE TABLE x(y); PRAGMA application_id=1329744212; PRAGMA user_version=1",
        "CREATE VIEW job AS SELECT 1; PRAGMA user_version=1",
    };
    char path[MAX_PATH * 3];
    struct contents contents;
    size_t i;

    for (i = 0; i < ARRAYSIZE(scripts); i++) {
        WCHAR *folder = make_folder();
        struct image image;
        sqlite3 *handle;

        WideCharToMultiByte(CP_UTF8, 0, in_folder(folder, L"qmgr.db"), -1, path, sizeof(path), NULL,
                            NULL);
        assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
        assert_int_equal(sqlite3_exec(handle, scripts[i], NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(handle);
        image = read_image(in_folder(folder, L"qmgr.db"));
        assert_int_equal(open_damaged(folder, &image, &contents), STORE_LOST);
        free(image.bytes);
        remove_folder(folder);
    }
}

/* The log of a store that was not closed goes aside with it. */
static void test_log_goes_along(void **state)
{
    WCHAR *folder = make_folder(), name[MAX_PATH];
    struct image image = make_store(folder), log = {(BYTE *)(UINT_PTR) "a log", 5};

    memset(image.bytes, 0, PAGE);
    write_image(in_folder(folder, L"qmgr.db"), &image);
    write_image(in_folder(folder, L"qmgr.db-wal"), &log);
    store_close(open_store(folder, STORE_LOST));
    assert_true(find_one(folder, L"qmgr.db.damaged-*Z", name));
    assert_image(in_folder(folder, name), &image);
    assert_true(find_one(folder, L"qmgr.db.damaged-*-wal", name));
    assert_image(in_folder(folder, name), &log);
    free(image.bytes);
    remove_folder(folder);
}

/* Each state that a crash inside the replacement leaves. */
static void test_interrupted_replacement(void **state)
{
    WCHAR *folder = make_folder(), database[MAX_PATH], fresh[MAX_PATH], name[MAX_PATH];
    struct image image = make_store(folder), log = {(BYTE *)(UINT_PTR) "a log", 5};
    enum store_found found;
    struct store *store;
    WCHAR *aside;

    wcscpy(database, in_folder(folder, L"qmgr.db"));
    wcscpy(fresh, in_folder(folder, L"qmgr.db.new"));

    /* The new store complete, the damaged one moved away, its log not yet. */
    memset(image.bytes + image.size - PAGE, 0xff, PAGE);
    write_image(database, &image);
    assert_int_equal(store_build(fresh, database, L"C:\\aside"), S_OK);
    assert_image(database, &image);
    assert_true(DeleteFileW(database));
    write_image(in_folder(folder, L"qmgr.db-wal"), &log);
    assert_int_equal(store_open(folder, &store, &found, &aside), S_OK);
    assert_int_equal(found, STORE_RECOVERED);
    assert_int_equal(wcscmp(aside, L"C:\\aside"), 0);
    LocalFree(aside);
    assert_true(look(store).jobs >= JOBS / 2);
    store_close(store);
    assert_true(find_one(folder, L"qmgr.db.damaged-*-wal", name));
    store_close(open_store(folder, STORE_INTACT));

    /* The new store not finished, the old one still there: begun again, or not needed. */
    write_image(fresh, &log);
    store_close(open_store(folder, STORE_INTACT));
    assert_false(find_one(folder, L"qmgr.db.new*", name));

    /* Not finished, and nothing else: the very first start was interrupted. */
    assert_true(DeleteFileW(database));
    write_image(fresh, &log);
    store_close(open_store(folder, STORE_FRESH));
    assert_false(find_one(folder, L"qmgr.db.new*", name));
    free(image.bytes);
    remove_folder(folder);
}

static void test_obstacles(void **state)
{
    WCHAR *folder = make_folder(), path[MAX_PATH];
    enum store_found found;
    struct store *store;
    WCHAR *aside;

    wcscpy(path, in_folder(folder, L"qmgr.db"));
    assert_true(CreateDirectoryW(path, NULL));
    assert_true(FAILED(store_open(folder, &store, &found, &aside)));
    assert_null(store);
    assert_null(aside);
    assert_true(RemoveDirectoryW(path));
    /* The folder is a file. */
    store_close(open_store(folder, STORE_FRESH));
    assert_true(FAILED(store_open(path, &store, &found, &aside)));
    assert_null(store);
    /* The folder is made with its parents. */
    wcscpy(path, in_folder(folder, L"one\\two"));
    store_close(open_store(path, STORE_FRESH));
    store_close(open_store(path, STORE_INTACT));
    assert_true(DeleteFileW(in_folder(path, L"qmgr.db")));
    assert_true(RemoveDirectoryW(path));
    assert_true(RemoveDirectoryW(in_folder(folder, L"one")));
    remove_folder(folder);
}

/* A queue that was large leaves no large file to be read at every start. */
static void test_compaction(void **state)
{
    WCHAR *folder = make_folder();
    struct store *store = open_store(folder, STORE_FRESH);
    struct model_file *files = calloc(10000, sizeof(*files));
    struct model_job job;
    struct image image;
    GUID small = guid_number(2);
    ULONG i;

    assert_non_null(files);
    fill_job(&job, 1);
    for (i = 0; i < 10000; i++)
        fill_file(&files[i], 1, i);
    assert_int_equal(put_job(store, &job, files, 10000), S_OK);
    job.id = small;
    assert_int_equal(put_job(store, &job, files, 10), S_OK);
    job.id = guid_number(1);
    assert_int_equal(delete_job(store, &job.id), S_OK);
    store_close(store);
    image = read_image(in_folder(folder, L"qmgr.db"));
    assert_true(image.size > 4000000);
    free(image.bytes);
    store_close(open_store(folder, STORE_INTACT));
    image = read_image(in_folder(folder, L"qmgr.db"));
    assert_true(image.size < 200000);
    free(image.bytes);
    store = open_store(folder, STORE_INTACT);
    assert_int_equal(look(store).files, 10);
    store_close(store);
    for (i = 0; i < 10000; i++)
        model_file_release(&files[i]);
    free(files);
    model_job_release(&job);
    remove_folder(folder);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_flipped),
        cmocka_unit_test(test_one_page),
        cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_log_goes_along),
        cmocka_unit_test(test_interrupted_replacement),
        cmocka_unit_test(test_obstacles),
        cmocka_unit_test(test_compaction),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
