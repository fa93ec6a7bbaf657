/*
 * Opening, loading and closing the store, and what a damaged one is put through.
 *
 * <folder>\qmgr.db is always a complete store: a new one is built as qmgr.db.new and renamed. A
 * damaged one moves out of the way in the order database, log, new store, so that whatever a crash
 * leaves is told apart at the next start: no database but a complete qmgr.db.new means the move was
 * not finished. Called by the engine; calls the other files of the store, and os/ for the event
 * log.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "../os/os.h"
#include "store_private.h"

/* Names get suffixes of at most this many characters. */
#define SUFFIX_ROOM 48

/* Pages of the database, and how many of them per cent free, at which a start compacts it. */
#define COMPACT_PAGES   512
#define COMPACT_PERCENT 75

/* No SQLite database is smaller. */
#define HEADER_BYTES 512

struct paths {
    WCHAR *database;
    WCHAR *fresh; /* qmgr.db.new */
    WCHAR *aside; /* qmgr.db.damaged-<now> */
};

static WCHAR *join(const WCHAR *a, const WCHAR *b)
{
    size_t left = wcslen(a), right = wcslen(b) + 1;
    WCHAR *joined;

    if (left > SIZE_MAX / sizeof(WCHAR) - right ||
        !(joined = malloc((left + right) * sizeof(WCHAR)))) {
        return NULL;
    }
    memcpy(joined, a, left * sizeof(WCHAR));
    memcpy(joined + left, b, right * sizeof(WCHAR));
    return joined;
}

static void release_paths(struct paths *paths)
{
    free(paths->database);
    free(paths->fresh);
    free(paths->aside);
}

static BOOL exists(const WCHAR *path)
{
    return GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES;
}

/* Files that SQLite keeps beside a database. */
static const WCHAR *const companions[] = {L"-wal", L"-shm", L"-journal"};

/* Whether a name, or a companion's of that name, is taken; TRUE out of memory. */
static BOOL is_taken(const WCHAR *path)
{
    BOOL taken = exists(path);
    size_t i;

    for (i = 0; i < ARRAYSIZE(companions) && !taken; i++) {
        WCHAR *companion = join(path, companions[i]);

        taken = !companion || exists(companion);
        free(companion);
    }
    return taken;
}

static HRESULT make_paths(const WCHAR *folder, struct paths *paths)
{
    WCHAR suffix[SUFFIX_ROOM];
    SYSTEMTIME now;
    unsigned int attempt = 0;

    memset(paths, 0, sizeof(*paths));
    paths->database = join(folder, L"\\qmgr.db");
    paths->fresh = join(folder, L"\\qmgr.db.new");
    if (!paths->database || !paths->fresh)
        goto fail;
    GetSystemTime(&now);
    do {
        _snwprintf(suffix, SUFFIX_ROOM,
                   attempt ? L".damaged-%04u%02u%02uT%02u%02u%02uZ-%u"
                           : L".damaged-%04u%02u%02uT%02u%02u%02uZ",
                   now.wYear, now.wMonth, now.wDay, now.wHour, now.wMinute, now.wSecond, attempt);
        suffix[SUFFIX_ROOM - 1] = 0;
        free(paths->aside);
        if (!(paths->aside = join(paths->database, suffix)))
            goto fail;
    } while (is_taken(paths->aside) && attempt++ < 1000);
    return S_OK;
fail:
    release_paths(paths);
    return E_OUTOFMEMORY;
}

/* Makes a folder with its parents. */
static HRESULT make_folder(const WCHAR *folder)
{
    WCHAR *path = join(folder, L""), *p;
    DWORD attributes;

    if (!path)
        return E_OUTOFMEMORY;
    /* Parents that cannot be made (drives, shares, folders without access) may well be there. */
    for (p = path; *p; p++) {
        if ((*p == '\\' || *p == '/') && p > path) {
            WCHAR separator = *p;

            *p = 0;
            if (!exists(path))
                CreateDirectoryW(path, NULL);
            *p = separator;
        }
    }
    free(path);
    if (CreateDirectoryW(folder, NULL))
        return S_OK;
    if (GetLastError() != ERROR_ALREADY_EXISTS)
        return HRESULT_FROM_WIN32(GetLastError());
    attributes = GetFileAttributesW(folder);
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY)
               ? S_OK
               : HRESULT_FROM_WIN32(ERROR_DIRECTORY);
}

/* Renames from+suffix to to+suffix where there is such a file. */
static HRESULT move_file(const WCHAR *from, const WCHAR *to, const WCHAR *suffix)
{
    WCHAR *source = join(from, suffix), *target = join(to, suffix);
    HRESULT hr = E_OUTOFMEMORY;

    if (source && target) {
        hr = S_OK;
        if (exists(source) && !MoveFileExW(source, target, MOVEFILE_WRITE_THROUGH))
            hr = HRESULT_FROM_WIN32(GetLastError());
    }
    free(source);
    free(target);
    return hr;
}

/* Removes a qmgr.db.new that was never finished. */
static HRESULT remove_fresh(const struct paths *paths)
{
    WCHAR *journal = join(paths->fresh, L"-journal");
    HRESULT hr = S_OK;

    if (!journal)
        return E_OUTOFMEMORY;
    if ((exists(paths->fresh) && !DeleteFileW(paths->fresh)) ||
        (exists(journal) && !DeleteFileW(journal))) {
        hr = HRESULT_FROM_WIN32(GetLastError());
    }
    free(journal);
    return hr;
}

/* Whether qmgr.db.new was finished. S_FALSE when not. */
static HRESULT fresh_complete(const struct paths *paths)
{
    sqlite3_int64 version;
    struct store_db db;
    HRESULT hr;

    if (!exists(paths->fresh))
        return S_FALSE;
    hr = store_db_open(paths->fresh, DB_BUILD, &db);
    if (hr == BG_E_DATABASE_CORRUPT)
        return S_FALSE;
    if (FAILED(hr))
        return hr;
    hr = store_error(db.handle, store_query_int(db.handle, "PRAGMA user_version", &version));
    if (SUCCEEDED(hr))
        hr = version == store_schema_version ? store_check_with(db.handle, "PRAGMA quick_check(1)")
                                             : S_FALSE;
    store_db_close(&db);
    return hr;
}

/* Puts qmgr.db.new in force. There is no qmgr.db; whatever goes with its name moves aside. */
static HRESULT install_fresh(const struct paths *paths)
{
    HRESULT hr = S_OK;
    size_t i;

    for (i = 0; i < ARRAYSIZE(companions) && SUCCEEDED(hr); i++)
        hr = move_file(paths->database, paths->aside, companions[i]);
    if (SUCCEEDED(hr))
        hr = move_file(paths->fresh, paths->database, L"");
    return hr;
}

/* Makes sure that there is a qmgr.db; *found is STORE_FRESH when it was made here. */
static HRESULT ensure_database(const struct paths *paths, enum store_found *found)
{
    HRESULT hr;

    *found = STORE_INTACT;
    if (exists(paths->database))
        return remove_fresh(paths);
    hr = fresh_complete(paths);
    if (hr == S_FALSE) {
        *found = STORE_FRESH;
        if (SUCCEEDED(hr = remove_fresh(paths)))
            hr = store_build(paths->fresh, NULL, NULL);
    }
    return SUCCEEDED(hr) ? install_fresh(paths) : hr;
}

/* Whether the tables are the ones the statements want: user_version alone is no proof. */
static HRESULT check_schema(struct store_db *db)
{
    static const enum store_statement probes[] = {STMT_JOB_INSERT, STMT_FILE_REPLACE,
                                                  STMT_CREDENTIAL_INSERT, STMT_SETTING_GET};
    size_t i;
    int rc = SQLITE_OK;

    for (i = 0; i < ARRAYSIZE(probes) && rc == SQLITE_OK; i++)
        store_statement(db, probes[i], &rc);
    return rc == SQLITE_ERROR ? BG_E_DATABASE_CORRUPT : store_error(db->handle, rc);
}

/* A queue that was once large leaves a large file behind, which every check reads again. */
static void compact(struct store_db *db)
{
    sqlite3_int64 pages, free_pages;

    if (store_query_int(db->handle, "PRAGMA page_count", &pages) == SQLITE_OK &&
        store_query_int(db->handle, "PRAGMA freelist_count", &free_pages) == SQLITE_OK &&
        pages >= COMPACT_PAGES && free_pages * 100 >= pages * COMPACT_PERCENT) {
        sqlite3_exec(db->handle, "VACUUM", NULL, NULL, NULL);
    }
}

/* Checks an open qmgr.db, and only then lets it be written to. */
static HRESULT prove_database(struct store_db *db)
{
    /* The whole check, for it compares the index that finds a job with the jobs: it is small. */
    static const char check[] = "PRAGMA integrity_check(1)";
    HRESULT hr = store_check_with(db->handle, check);
    int rc;

    /* The check calls a page damaged, too, that failed to be read for once. */
    if (hr == S_FALSE && (hr = store_check_with(db->handle, check)) == S_FALSE)
        hr = BG_E_DATABASE_CORRUPT;
    if (SUCCEEDED(hr)) {
        rc = store_migrate(db->handle, store_migrations, store_schema_version);
        /* A table that is not there, or a column that is: not our tables. */
        hr = rc == SQLITE_ERROR ? BG_E_DATABASE_CORRUPT : store_error(db->handle, rc);
    }
    if (SUCCEEDED(hr))
        hr = check_schema(db);
    return SUCCEEDED(hr) ? store_db_start_log(db) : hr;
}

/* Opens qmgr.db, checked and with the present schema. BG_E_DATABASE_CORRUPT: it is damaged. */
static HRESULT open_database(const struct paths *paths, struct store_db *db)
{
    WIN32_FILE_ATTRIBUTE_DATA data;
    HRESULT hr;

    /* SQLite takes an empty file for a new database, and deletes its log. */
    if (GetFileAttributesExW(paths->database, GetFileExInfoStandard, &data) &&
        !(data.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) && !data.nFileSizeHigh &&
        data.nFileSizeLow < HEADER_BYTES) {
        return BG_E_DATABASE_CORRUPT;
    }
    if (FAILED(hr = store_db_open(paths->database, DB_NORMAL, db)))
        return hr;
    if (FAILED(hr = prove_database(db)))
        store_db_close(db);
    else
        compact(db);
    return hr;
}

/* Builds a new store from the damaged one and lets them change places. */
static HRESULT replace_damaged(const struct paths *paths)
{
    HRESULT hr = remove_fresh(paths);

    if (SUCCEEDED(hr))
        hr = store_build(paths->fresh, paths->database, paths->aside);

    if (SUCCEEDED(hr))
        hr = move_file(paths->database, paths->aside, L"");
    return SUCCEEDED(hr) ? install_fresh(paths) : hr;
}

/* Reads a setting; S_FALSE when there is none. */
static HRESULT read_setting(struct store_db *db, const char *name, void **data, ULONG *size)
{
    sqlite3_stmt *statement;
    HRESULT hr = S_FALSE;
    int rc;

    *data = NULL;
    *size = 0;
    if (!(statement = store_statement(db, STMT_SETTING_GET, &rc)))
        return store_error(db->handle, rc);
    if ((rc = sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC)) == SQLITE_OK)
        rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW && sqlite3_column_type(statement, 0) == SQLITE_BLOB) {
        const void *blob = sqlite3_column_blob(statement, 0);
        int bytes = sqlite3_column_bytes(statement, 0);

        hr = E_OUTOFMEMORY;
        if ((blob || !bytes) && (*data = LocalAlloc(LMEM_FIXED, bytes ? (SIZE_T)bytes : 1))) {
            if (bytes)
                memcpy(*data, blob, (size_t)bytes);
            *size = (ULONG)bytes;
            hr = S_OK;
        }
    } else if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        hr = store_error(db->handle, rc);
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return hr;
}

static HRESULT drop_setting(struct store_db *db, const char *name)
{
    int rc;
    sqlite3_stmt *statement = store_statement(db, STMT_SETTING_DELETE, &rc);

    if (statement && (rc = sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC)) == SQLITE_OK)
        rc = store_run(statement);
    return store_error(db->handle, rc);
}

/* A store that was salvaged, now or at a start that did not live to tell, tells it once. */
static HRESULT tell_of_salvage(struct store_db *db, enum store_found *found, WCHAR **aside)
{
    WCHAR *path = NULL;
    void *lost = NULL;
    ULONG size;
    HRESULT hr;

    if ((hr = read_setting(db, SETTING_ASIDE, (void **)&path, &size)) != S_OK)
        return SUCCEEDED(hr) ? S_OK : hr;
    if (size < sizeof(WCHAR) || size % sizeof(WCHAR) || path[size / sizeof(WCHAR) - 1]) {
        LocalFree(path);
        path = NULL;
    }
    hr = read_setting(db, SETTING_LOST, &lost, &size);
    LocalFree(lost);
    if (SUCCEEDED(hr)) {
        *found = hr == S_OK ? STORE_LOST : STORE_RECOVERED;
        hr = drop_setting(db, SETTING_LOST);
    }
    if (SUCCEEDED(hr))
        hr = drop_setting(db, SETTING_ASIDE);
    if (FAILED(hr)) {
        LocalFree(path);
        return hr;
    }
    *aside = path;
    return S_OK;
}

static int on_commit(void *context, sqlite3 *handle, const char *database, int pages)
{
    ((struct store *)context)->wal_pages = pages;
    return SQLITE_OK;
}

static BOOL CALLBACK set_up_sqlite(INIT_ONCE *once, void *parameter, void **context)
{
    /* Savepoints keep their undo pages in memory instead of a temporary file. Refused, harmlessly,
     * when the process has used SQLite before. */
    sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, -1);
    return TRUE;
}

HRESULT store_open(const WCHAR *folder, struct store **out, enum store_found *found, WCHAR **aside)
{
    static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
    struct store *store = NULL;
    struct paths paths;
    HRESULT hr;

    *out = NULL;
    *aside = NULL;
    *found = STORE_INTACT;
    InitOnceExecuteOnce(&once, set_up_sqlite, NULL, NULL);
    if (FAILED(hr = make_paths(folder, &paths)))
        return hr;
    if (!(store = calloc(1, sizeof(*store)))) {
        hr = E_OUTOFMEMORY;
        goto paths;
    }
    InitializeSRWLock(&store->db_lock);
    InitializeSRWLock(&store->queue_lock);
    InitializeConditionVariable(&store->work);

    if (FAILED(hr = make_folder(folder)) || FAILED(hr = ensure_database(&paths, found)))
        goto paths;
    hr = open_database(&paths, &store->db);
    if (hr == BG_E_DATABASE_CORRUPT && SUCCEEDED(hr = replace_damaged(&paths)))
        hr = open_database(&paths, &store->db);
    if (FAILED(hr))
        goto paths;
    sqlite3_wal_hook(store->db.handle, on_commit, store);
    if (FAILED(hr = tell_of_salvage(&store->db, found, aside)) ||
        FAILED(hr = store_writer_start(store))) {
        goto database;
    }
    *out = store;
    release_paths(&paths);
    return S_OK;

database:
    LocalFree(*aside);
    *aside = NULL;
    store_db_close(&store->db);
paths:
    release_paths(&paths);
    free(store);
    return hr;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    store_writer_stop(store);
    store_db_close(&store->db);
    free(store);
}

HRESULT store_load(struct store *store, store_job_fn job, void *context)
{
    struct store_losses losses = {0};
    WCHAR text[160];
    HRESULT hr;

    AcquireSRWLockExclusive(&store->db_lock);
    hr = store_walk_jobs(&store->db, job, context, &losses);
    sqlite3_db_release_memory(store->db.handle);
    ReleaseSRWLockExclusive(&store->db_lock);
    if (losses.jobs || losses.files || losses.credentials || losses.gaps) {
        _snwprintf(text, ARRAYSIZE(text),
                   L"The queue has entries that make no sense and were left out: %lu jobs, %lu "
                   L"files, %lu credentials, %lu unreadable places.",
                   losses.jobs, losses.files, losses.credentials, losses.gaps);
        text[ARRAYSIZE(text) - 1] = 0;
        os_log_event(EVENTLOG_WARNING_TYPE, BITS_MC_STATE_FILE_CORRUPT, text);
    }
    return hr;
}

HRESULT store_get_setting(struct store *store, const char *name, void **data, ULONG *size)
{
    HRESULT hr;

    AcquireSRWLockExclusive(&store->db_lock);
    hr = read_setting(&store->db, name, data, size);
    ReleaseSRWLockExclusive(&store->db_lock);
    return hr;
}

HRESULT store_check(struct store *store)
{
    HRESULT hr;
    sqlite3_stmt *statement;
    int rc;

    AcquireSRWLockExclusive(&store->db_lock);
    hr = store_check_with(store->db.handle, "PRAGMA integrity_check(1)");
    if (hr == S_OK) {
        rc = sqlite3_prepare_v2(store->db.handle, "PRAGMA foreign_key_check", -1, &statement, NULL);
        if (rc == SQLITE_OK)
            rc = sqlite3_step(statement);
        hr = rc == SQLITE_ROW ? S_FALSE : store_error(store->db.handle, rc);
        sqlite3_finalize(statement);
    }
    ReleaseSRWLockExclusive(&store->db_lock);
    return hr == S_FALSE ? BG_E_DATABASE_CORRUPT : hr;
}
