/*
 * The schema and its history, how a connection is set up, and the statements it keeps.
 *
 * One process uses the store at a time, so the connection holds its lock for good: the write-ahead
 * log then needs no shared memory, which costs dearly under Wine, and a second opener fails at
 * once. The lock is a lock on the open file: it ends with the process, however that ends. Called
 * by the other files of the store; calls SQLite.
 */
#include <stdlib.h>
#include <string.h>

#include "store_private.h"
#include "../utf8.h"

#define APPLICATION_ID 0x4f424954 /* "OBIT": tells our file from any other SQLite file */

/* What the log has before the first commit, and keeps: what it grows to until an idle writer copies
 * it. A flush is much cheaper where the file does not grow. */
#define LOG_FIRST_BYTES 4194304

#define BUSY_MS 1000 /* how long a predecessor may take to let go of the file */

static int schema_1(sqlite3 *handle)
{
    static const char sql[] =
        "CREATE TABLE job(row INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, type INTEGER, "
        "state INTEGER, priority INTEGER, sequence INTEGER, display_name TEXT, description TEXT, "
        "owner_sid TEXT, owner_integrity INTEGER, owner_elevated INTEGER, created INTEGER, "
        "modified INTEGER, transferred INTEGER, active INTEGER, notify_flags INTEGER, "
        "notify_program TEXT, notify_parameters TEXT, notify_pending INTEGER, "
        "minimum_retry_delay INTEGER, no_progress_timeout INTEGER, maximum_download_time INTEGER, "
        "error_count INTEGER, error_context INTEGER, error_code INTEGER, error_file INTEGER, "
        "retry_at INTEGER, proxy_usage INTEGER, proxy_list TEXT, proxy_bypass TEXT, "
        "reply_file TEXT, upload_session TEXT, upload_host TEXT, reply_total INTEGER, "
        "reply_transferred INTEGER, acl_flags INTEGER, peer_flags INTEGER, "
        "certificate_present INTEGER, certificate_by_id INTEGER, certificate_location INTEGER, "
        "certificate_store TEXT, certificate_subject TEXT, certificate_hash BLOB, "
        "custom_headers TEXT, custom_headers_write_only INTEGER, security_flags INTEGER, "
        "http_method TEXT, cost_flags INTEGER, notify_clsid BLOB, dynamic_content INTEGER, "
        "high_performance INTEGER, maximum_download_size INTEGER, stored_credentials INTEGER, "
        "minimum_notification_interval INTEGER, on_demand INTEGER, resumed_once INTEGER, "
        "helper_token_flags INTEGER, helper_token_sid TEXT, legacy_group BLOB, legacy_job BLOB);"
        "CREATE TABLE file(job INTEGER NOT NULL REFERENCES job(row) ON DELETE CASCADE, "
        "ordinal INTEGER NOT NULL, total INTEGER, transferred INTEGER, completed INTEGER, "
        "remote_name TEXT, local_name TEXT, temporary_name TEXT, etag TEXT, last_modified TEXT, "
        "remote_size INTEGER, renamed INTEGER, validated INTEGER, validation_set INTEGER, "
        "bytes_from_origin INTEGER, bytes_from_peers INTEGER, response_headers TEXT, "
        "ranges BLOB, filled BLOB, PRIMARY KEY(job, ordinal)) WITHOUT ROWID;"
        "CREATE TABLE credential(job INTEGER NOT NULL REFERENCES job(row) ON DELETE CASCADE, "
        "target INTEGER NOT NULL, scheme INTEGER NOT NULL, user TEXT, secret BLOB, "
        "PRIMARY KEY(job, target, scheme)) WITHOUT ROWID;"
        "CREATE TABLE setting(name TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;";

    return sqlite3_exec(handle, sql, NULL, NULL, NULL);
}

/* Requests of on-demand jobs; headers are protected from now on, and those in clear text go. */
static int schema_2(sqlite3 *handle)
{
    static const char sql[] =
        "ALTER TABLE file ADD COLUMN wanted BLOB;"
        "UPDATE job SET custom_headers = NULL WHERE typeof(custom_headers) <> 'blob';";

    return sqlite3_exec(handle, sql, NULL, NULL, NULL);
}

/* The volume of the temporary file. */
static int schema_3(sqlite3 *handle)
{
    return sqlite3_exec(handle, "ALTER TABLE file ADD COLUMN volume INTEGER NOT NULL DEFAULT 0",
                        NULL, NULL, NULL);
}

const store_migration store_migrations[] = {schema_1, schema_2, schema_3};
const int store_schema_version = ARRAYSIZE(store_migrations);

HRESULT store_error(sqlite3 *handle, int rc)
{
    int system;

    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return S_OK;
    case SQLITE_NOMEM:
        return E_OUTOFMEMORY;
    case SQLITE_FULL:
        return HRESULT_FROM_WIN32(ERROR_DISK_FULL);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return BG_E_DATABASE_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return HRESULT_FROM_WIN32(ERROR_SHARING_VIOLATION);
    case SQLITE_READONLY:
        return HRESULT_FROM_WIN32(ERROR_WRITE_PROTECT);
    case SQLITE_TOOBIG:
        return HRESULT_FROM_WIN32(ERROR_FILE_TOO_LARGE);
    case SQLITE_MISMATCH:
        return HRESULT_FROM_WIN32(ERROR_REVISION_MISMATCH);
    case SQLITE_NOTFOUND:
        return BG_E_NOT_FOUND;
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
        system = handle ? sqlite3_system_errno(handle) : 0;
        return HRESULT_FROM_WIN32(system ? (DWORD)system : ERROR_IO_DEVICE);
    default:
        return E_FAIL;
    }
}

/* Errors of the connection's own settings matter: a store without them keeps no promise. */
static int configure(sqlite3 *handle, enum store_db_use use)
{
    sqlite3_int64 value;
    int rc;

    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, BUSY_MS);
    /* The file may have been made by anyone: nothing in its schema is to run code. */
    if (use == DB_SALVAGE) /* also reads a file that is shorter than it says */
        sqlite3_db_config(handle, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1, NULL);
    else
        sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    /* Not a byte changes before the file has proved to be ours and sound. */
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    rc = sqlite3_exec(handle,
                      "PRAGMA locking_mode=EXCLUSIVE; PRAGMA temp_store=MEMORY;"
                      "PRAGMA cache_size=-32768; PRAGMA wal_autocheckpoint=0;"
                      "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
                      NULL, NULL, NULL);
    if (rc == SQLITE_OK && use == DB_SALVAGE)
        return sqlite3_exec(handle, "PRAGMA query_only=ON", NULL, NULL, NULL);
    /* The first read takes the lock, replays the log and tells whether this is a database. */
    if (rc == SQLITE_OK)
        rc = store_query_int(handle, "PRAGMA user_version", &value);
    return rc;
}

/* Gives the log some length at once, in zeros, which are no frames: the flush of a file that
 * grows costs twice as much. What cannot be had now is had by growing. */
static void fill_log(sqlite3 *handle)
{
    sqlite3_file *log = NULL;
    sqlite3_int64 size;
    void *zeros;

    if (sqlite3_file_control(handle, NULL, SQLITE_FCNTL_JOURNAL_POINTER, &log) != SQLITE_OK ||
        !log || !log->pMethods || log->pMethods->xFileSize(log, &size) != SQLITE_OK ||
        size >= LOG_FIRST_BYTES || !(zeros = calloc(1, (size_t)(LOG_FIRST_BYTES - size)))) {
        return;
    }
    if (log->pMethods->xWrite(log, zeros, (int)(LOG_FIRST_BYTES - size), size) == SQLITE_OK)
        log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
    free(zeros);
}

HRESULT store_db_start_log(struct store_db *db)
{
    char sql[80];
    int rc;

    sqlite3_snprintf(sizeof(sql), sql, "PRAGMA journal_mode=WAL; PRAGMA journal_size_limit=%d",
                     LOG_FIRST_BYTES);
    rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    if (rc == SQLITE_OK)
        fill_log(db->handle);
    return store_error(db->handle, rc);
}

HRESULT store_db_open(const WCHAR *path, enum store_db_use use, struct store_db *db)
{
    int mode = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    char *utf8 = NULL;
    int rc;
    HRESULT hr;

    memset(db, 0, sizeof(*db));
    if (use == DB_BUILD)
        mode |= SQLITE_OPEN_CREATE;
    if (!(utf8 = utf8_from_wide(path)))
        return E_OUTOFMEMORY;
    rc = sqlite3_open_v2(utf8, &db->handle, mode, NULL);
    free(utf8);
    if (rc == SQLITE_OK)
        rc = configure(db->handle, use);
    if (rc == SQLITE_OK)
        return S_OK;
    hr = store_error(db->handle, rc);
    store_db_close(db);
    return hr;
}

void store_db_close(struct store_db *db)
{
    size_t i;

    for (i = 0; i < STMT_COUNT; i++)
        sqlite3_finalize(db->statements[i]);
    sqlite3_close(db->handle);
    memset(db, 0, sizeof(*db));
}

static const char *const statement_sql[STMT_COUNT] = {
    [STMT_BEGIN] = "BEGIN IMMEDIATE",
    [STMT_COMMIT] = "COMMIT",
    [STMT_ROLLBACK] = "ROLLBACK",
    [STMT_SAVEPOINT] = "SAVEPOINT one",
    [STMT_RELEASE] = "RELEASE one",
    [STMT_ROLLBACK_TO] = "ROLLBACK TO one",
    [STMT_JOB_FIND] = "SELECT row FROM job WHERE id = ?1",
    [STMT_JOB_DELETE] = "DELETE FROM job WHERE id = ?1",
    [STMT_CREDENTIALS_DELETE] = "DELETE FROM credential WHERE job = ?1",
    [STMT_CREDENTIAL_INSERT] = "INSERT INTO credential(job, target, scheme, user, secret) "
                               "VALUES(?1, ?2, ?3, ?4, ?5)",
    [STMT_PROGRESS] = "UPDATE file SET total = ?1, transferred = ?2, completed = ?3 "
                      "WHERE job = (SELECT row FROM job WHERE id = ?4) AND ordinal = ?5",
    [STMT_SETTING_PUT] = "INSERT OR REPLACE INTO setting(name, value) VALUES(?1, ?2)",
    [STMT_SETTING_DELETE] = "DELETE FROM setting WHERE name = ?1",
    [STMT_SETTING_GET] = "SELECT value FROM setting WHERE name = ?1",
};

sqlite3_stmt *store_statement(struct store_db *db, enum store_statement which, int *rc)
{
    sqlite3_stmt **slot = &db->statements[which];
    const char *sql = statement_sql[which];
    char *built = NULL;

    *rc = SQLITE_OK;
    if (*slot)
        return *slot;
    if (!sql)
        sql = built = store_sql_write(which);
    *rc = sql ? sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, slot, NULL)
              : SQLITE_NOMEM;
    sqlite3_free(built);
    return *slot;
}

int store_run(sqlite3_stmt *statement)
{
    int rc;

    while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
        ;
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int store_execute(struct store_db *db, enum store_statement which)
{
    int rc;
    sqlite3_stmt *statement = store_statement(db, which, &rc);

    return statement ? store_run(statement) : rc;
}

int store_query_int(sqlite3 *handle, const char *sql, sqlite3_int64 *value)
{
    sqlite3_stmt *statement;
    int rc;

    *value = 0;
    if ((rc = sqlite3_prepare_v2(handle, sql, -1, &statement, NULL)) != SQLITE_OK)
        return rc;
    if ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        *value = sqlite3_column_int64(statement, 0);
        rc = SQLITE_OK;
    } else if (rc == SQLITE_DONE) {
        rc = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return rc;
}

int store_migrate(sqlite3 *handle, const store_migration *steps, int count)
{
    sqlite3_int64 version, id;
    char sql[96];
    int rc, i;

    if ((rc = store_query_int(handle, "PRAGMA user_version", &version)) != SQLITE_OK ||
        (rc = store_query_int(handle, "PRAGMA application_id", &id)) != SQLITE_OK) {
        return rc;
    }
    if (version < 0 || (version > 0 && id != APPLICATION_ID))
        return SQLITE_NOTADB;
    if (version > count)
        return SQLITE_MISMATCH;
    if (version == count)
        return SQLITE_OK;
    if ((rc = sqlite3_exec(handle, "BEGIN IMMEDIATE", NULL, NULL, NULL)) != SQLITE_OK)
        return rc;
    for (i = (int)version; i < count && rc == SQLITE_OK; i++)
        rc = steps[i](handle);
    if (rc == SQLITE_OK) {
        sqlite3_snprintf(sizeof(sql), sql, "PRAGMA application_id=%d; PRAGMA user_version=%d",
                         APPLICATION_ID, count);
        rc = sqlite3_exec(handle, sql, NULL, NULL, NULL);
    }
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(handle, "COMMIT", NULL, NULL, NULL);
    if (rc != SQLITE_OK && !sqlite3_get_autocommit(handle))
        sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

HRESULT store_check_with(sqlite3 *handle, const char *pragma)
{
    sqlite3_stmt *statement;
    const unsigned char *text;
    HRESULT hr = S_OK;
    int rc;

    rc = sqlite3_prepare_v2(handle, pragma, -1, &statement, NULL);
    if (rc == SQLITE_OK) {
        while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
            text = sqlite3_column_text(statement, 0);
            if (!text || strcmp((const char *)text, "ok"))
                hr = S_FALSE;
        }
        sqlite3_finalize(statement);
    }
    if (rc != SQLITE_OK && rc != SQLITE_DONE)
        hr = store_error(handle, rc);
    return hr == BG_E_DATABASE_CORRUPT ? S_FALSE : hr;
}
