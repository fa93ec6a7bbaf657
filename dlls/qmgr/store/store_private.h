/*
 * What the files of the store share: the open store, a recorded transaction, and who does what.
 *
 *   schema.c   tables, migrations, how a connection is set up
 *   text.c     UTF-16 <-> the text that is stored
 *   row.c      columns of each table; model struct <-> row, with the checks on what is read
 *   walk.c     reading jobs, files and settings, past damage where there is any
 *   txn.c      recording a transaction, applying it to a connection
 *   writer.c   the thread that commits them in groups
 *   salvage.c  a damaged store: put aside, carried over
 *   store.c    opening, closing, loading
 */
#ifndef OPENBITS_STORE_PRIVATE_H
#define OPENBITS_STORE_PRIVATE_H

#include <windows.h>
#include <sqlite3.h>

#include "store.h"

/* Prepared statements that a connection keeps, see statement() in schema.c. */
enum store_statement {
    STMT_BEGIN,
    STMT_COMMIT,
    STMT_ROLLBACK,
    STMT_SAVEPOINT,
    STMT_RELEASE,
    STMT_ROLLBACK_TO,
    STMT_JOB_FIND,
    STMT_JOB_INSERT,
    STMT_JOB_UPDATE,
    STMT_JOB_DELETE,
    STMT_CREDENTIALS_DELETE,
    STMT_CREDENTIAL_INSERT,
    STMT_FILE_INSERT,
    STMT_FILE_REPLACE,
    STMT_PROGRESS,
    STMT_SETTING_PUT,
    STMT_SETTING_DELETE,
    STMT_SETTING_GET,
    STMT_COUNT
};

/* One open database file with its statements. Used by one thread at a time. */
struct store_db {
    sqlite3 *handle;
    sqlite3_stmt *statements[STMT_COUNT];
    BOOL unflushed;  /* a commit leaves the flush to the next one */
    BOOL owes_flush; /* a commit did */
};

struct store {
    struct store_db db;
    SRWLOCK db_lock; /* owns db; held while SQLite works, never together with queue_lock */
    int wal_pages;   /* in the -wal since the last checkpoint */

    SRWLOCK queue_lock; /* owns what follows */
    CONDITION_VARIABLE work;
    struct store_txn *first, *last;
    BOOL writing;        /* somebody is committing */
    BOOL log_is_long;    /* the writer shall copy the log */
    ULONGLONG flush_due; /* tick count at which it shall flush the log, 0: need not */
    BOOL stopping;

    HANDLE writer;
};

enum store_op_kind { OP_PUT_JOB, OP_DELETE_JOB, OP_PUT_FILES, OP_PUT_PROGRESS, OP_PUT_SETTING };

/* One recorded operation; memory that it points at and owns is freed with it. */
struct store_op {
    enum store_op_kind kind;
    GUID job;
    union {
        const struct model_job *put_job; /* the caller's */
        struct {
            struct model_file **files; /* array owned, files the caller's */
            ULONG count;
            enum store_statement statement; /* STMT_FILE_INSERT or STMT_FILE_REPLACE */
        } put_files;
        struct {
            ULONG ordinal;
            struct model_progress progress;
        } progress;
        struct {
            char *name; /* owned */
            void *data; /* owned */
            ULONG size;
        } setting;
    } u;
};

struct store_txn {
    struct store_op *ops;
    size_t count, capacity;
    BOOL unflushed; /* see store_txn_unflushed() */

    /* writer.c's: place in the queue and outcome. */
    struct store_txn *next;
    store_done_fn done; /* NULL: nobody is told */
    void *context;
    BOOL waited; /* store_commit() waits: it frees the transaction itself */
    BOOL finished;
    CONDITION_VARIABLE ended;
    HRESULT hr;
    enum { TXN_WAITING, TXN_GROUPED, TXN_ALONE, TXN_DECIDED } stage;
};

/* schema.c */

/* A step takes the schema from version i to i + 1, inside the caller's transaction. */
typedef int (*store_migration)(sqlite3 *handle);

/* The steps of the present schema. */
extern const store_migration store_migrations[];
extern const int store_schema_version;

/* HRESULT of an SQLite result code, with the file system's own error where there is one. */
HRESULT store_error(sqlite3 *handle, int rc);

/* What a database file is opened for. */
enum store_db_use {
    DB_NORMAL,
    DB_BUILD,  /* made when missing */
    DB_SALVAGE /* damaged: only read */
};

/*
 * Opens path with the settings every connection has. The file and its log stay as they are until
 * something is written. On failure *db holds nothing.
 * HRESULT_FROM_WIN32(ERROR_SHARING_VIOLATION) when another process has it.
 */
HRESULT store_db_open(const WCHAR *path, enum store_db_use use, struct store_db *db);

/* Turns to a write-ahead log, which is taken in and removed by store_db_close() from then on. */
HRESULT store_db_start_log(struct store_db *db);

void store_db_close(struct store_db *db);

/* The prepared statement, made at its first use; NULL with *rc set when that fails. */
sqlite3_stmt *store_statement(struct store_db *db, enum store_statement which, int *rc);

/* Steps a statement that returns no rows, and resets it with its bindings cleared. */
int store_run(sqlite3_stmt *statement);
int store_execute(struct store_db *db, enum store_statement which);

/* One integer of a pragma or query. */
int store_query_int(sqlite3 *handle, const char *sql, sqlite3_int64 *value);

/*
 * Runs steps[from..count) in one transaction and sets user_version to count. An SQLite code;
 * SQLITE_MISMATCH when the schema is newer than count.
 */
int store_migrate(sqlite3 *handle, const store_migration *steps, int count);

/* S_OK when PRAGMA check says so, S_FALSE when it tells of damage, else an error. */
HRESULT store_check_with(sqlite3 *handle, const char *pragma);

/* row.c */

/* SQL over all columns, in the order of the functions below; sqlite3_free(), NULL: no memory. */
char *store_sql_write(enum store_statement which); /* STMT_JOB_INSERT to STMT_FILE_REPLACE */
char *store_sql_select_job(const char *tail);
char *store_sql_select_file(const char *tail, int version); /* of a store of that schema */

/* How many parameters store_bind_job() and store_bind_file() take; the job's row comes next. */
extern const int store_job_columns;
extern const int store_file_columns;

/* Room for the texts of one row, which must last until its statement has run. */
struct store_texts {
    size_t used; /* 0 at first */
    char bytes[4096];
};

/* Binds all columns from parameter first on; an SQLite code. */
int store_bind_job(sqlite3_stmt *statement, int first, const struct model_job *job,
                   struct store_texts *texts);
int store_bind_file(sqlite3_stmt *statement, int first, const struct model_file *file,
                    struct store_texts *texts);
int store_bind_credential(sqlite3_stmt *statement, int first,
                          const struct model_credential *credential, struct store_texts *texts);

/*
 * Reads a row from column first on into *out, which is filled with defaults before. S_OK, S_FALSE
 * when the row cannot be true (*out is empty), E_OUTOFMEMORY.
 */
HRESULT store_read_job(sqlite3_stmt *statement, int first, struct model_job *out);
HRESULT store_read_file(sqlite3_stmt *statement, int first, struct model_file *out);
HRESULT store_read_credential(sqlite3_stmt *statement, int first, struct model_credential *out);

/* walk.c */

/* What a walk found but could not use. */
struct store_losses {
    ULONG jobs, files, credentials, settings; /* rows that were read and are not believed */
    ULONG gaps;                               /* places that could not be read at all */
};

/* As store_load(), for any connection; losses are counted, not failed on. */
HRESULT store_walk_jobs(struct store_db *db, store_job_fn job, void *context,
                        struct store_losses *losses);

typedef HRESULT (*store_setting_fn)(void *context, const char *name, const void *data, ULONG size);
HRESULT store_walk_settings(struct store_db *db, store_setting_fn setting, void *context,
                            struct store_losses *losses);

/* txn.c */

/* Applies the operations to db, inside the caller's SQLite transaction. An SQLite code. */
int store_txn_apply(struct store_txn *txn, struct store_db *db);

/* writer.c */

HRESULT store_writer_start(struct store *store);
void store_writer_stop(struct store *store);

/* text.c */

/* UTF-16 to UTF-8 in texts, or in memory of its own when it does not fit, which *release frees;
 * NULL: no memory. A lone surrogate takes three bytes. */
char *store_text_encode(const WCHAR *text, struct store_texts *texts, int *bytes,
                        sqlite3_destructor_type *release);

/* The reverse, into malloc() memory. S_FALSE when store_text_encode() does not make such bytes. */
HRESULT store_text_decode(const unsigned char *text, size_t size, WCHAR **out);

/* salvage.c */

/* Settings of our own beside the engine's: names with "store." are ours. */
#define SETTING_ASIDE "store.aside" /* path of the damaged store this one was salvaged from */
#define SETTING_LOST  "store.lost"  /* there when nothing could be read of it */

/*
 * Makes a complete store in path: empty when damaged is NULL, else with what can be read there and
 * a note of aside, the path the damaged one is going to get. damaged itself is left as it is.
 */
HRESULT store_build(const WCHAR *path, const WCHAR *damaged, const WCHAR *aside);

#endif
