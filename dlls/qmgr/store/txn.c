/*
 * Transactions: recording operations, and applying them to an open database.
 *
 * Recording runs on the engine's threads and only copies what is small; applying runs on the
 * writer (or while salvaging) inside a transaction of SQLite's. Calls row.c and schema.c.
 */
#include <stdlib.h>
#include <string.h>

#include "store_private.h"

#define MAX_SETTING_BYTES (1u << 20)

struct store_txn *store_txn_begin(struct store *store)
{
    struct store_txn *txn = calloc(1, sizeof(*txn));

    if (txn)
        InitializeConditionVariable(&txn->ended);
    return txn;
}

void store_txn_unflushed(struct store_txn *txn)
{
    txn->unflushed = TRUE;
}

void store_txn_discard(struct store_txn *txn)
{
    size_t i;

    if (!txn)
        return;
    for (i = 0; i < txn->count; i++) {
        struct store_op *op = &txn->ops[i];

        if (op->kind == OP_PUT_FILES) {
            free(op->u.put_files.files);
        } else if (op->kind == OP_PUT_SETTING) {
            free(op->u.setting.name);
            free(op->u.setting.data);
        }
    }
    free(txn->ops);
    free(txn);
}

/* A zeroed operation at the end of the transaction, not counted yet: ++count makes it part. */
static struct store_op *next_op(struct store_txn *txn, enum store_op_kind kind)
{
    struct store_op *op;

    if (txn->count == txn->capacity) {
        size_t capacity = txn->capacity ? txn->capacity * 2 : 4;
        struct store_op *ops;

        if (capacity > SIZE_MAX / sizeof(*ops) ||
            !(ops = realloc(txn->ops, capacity * sizeof(*ops)))) {
            return NULL;
        }
        txn->ops = ops;
        txn->capacity = capacity;
    }
    op = &txn->ops[txn->count];
    memset(op, 0, sizeof(*op));
    op->kind = kind;
    return op;
}

HRESULT store_txn_put_job(struct store_txn *txn, const struct model_job *job)
{
    struct store_op *op = next_op(txn, OP_PUT_JOB);

    if (!op)
        return E_OUTOFMEMORY;
    op->job = job->id;
    op->u.put_job = job;
    txn->count++;
    return S_OK;
}

HRESULT store_txn_delete_job(struct store_txn *txn, const GUID *id)
{
    struct store_op *op = next_op(txn, OP_DELETE_JOB);

    if (!op)
        return E_OUTOFMEMORY;
    op->job = *id;
    txn->count++;
    return S_OK;
}

static HRESULT record_files(struct store_txn *txn, const GUID *job, struct model_file *const *files,
                            ULONG count, enum store_statement statement)
{
    struct store_op *op = next_op(txn, OP_PUT_FILES);

    if (!op)
        return E_OUTOFMEMORY;
    if (count && !(op->u.put_files.files = calloc(count, sizeof(*files))))
        return E_OUTOFMEMORY;
    if (count)
        memcpy(op->u.put_files.files, files, count * sizeof(*files));
    op->job = *job;
    op->u.put_files.count = count;
    op->u.put_files.statement = statement;
    txn->count++;
    return S_OK;
}

HRESULT store_txn_put_files(struct store_txn *txn, const GUID *job, struct model_file *const *files,
                            ULONG count)
{
    return record_files(txn, job, files, count, STMT_FILE_REPLACE);
}

HRESULT store_txn_add_files(struct store_txn *txn, const GUID *job, struct model_file *const *files,
                            ULONG count)
{
    return record_files(txn, job, files, count, STMT_FILE_INSERT);
}

HRESULT store_txn_put_progress(struct store_txn *txn, const GUID *job, ULONG ordinal,
                               const struct model_progress *progress)
{
    struct store_op *op = next_op(txn, OP_PUT_PROGRESS);

    if (!op)
        return E_OUTOFMEMORY;
    op->job = *job;
    op->u.progress.ordinal = ordinal;
    op->u.progress.progress = *progress;
    txn->count++;
    return S_OK;
}

HRESULT store_txn_put_setting(struct store_txn *txn, const char *name, const void *data, ULONG size)
{
    struct store_op *op;
    size_t length = strlen(name) + 1;

    if (!name[0] || size > MAX_SETTING_BYTES)
        return E_INVALIDARG;
    if (!(op = next_op(txn, OP_PUT_SETTING)))
        return E_OUTOFMEMORY;
    op->u.setting.name = malloc(length);
    op->u.setting.data = size ? malloc(size) : NULL;
    if (!op->u.setting.name || (size && !op->u.setting.data)) {
        free(op->u.setting.name);
        free(op->u.setting.data);
        return E_OUTOFMEMORY;
    }
    memcpy(op->u.setting.name, name, length);
    if (size)
        memcpy(op->u.setting.data, data, size);
    op->u.setting.size = size;
    txn->count++;
    return S_OK;
}

/* The row of a job; SQLITE_NOTFOUND when it is not in the store. */
static int find_job(struct store_db *db, const GUID *id, sqlite3_int64 *row)
{
    int rc;
    sqlite3_stmt *find = store_statement(db, STMT_JOB_FIND, &rc);

    if (!find)
        return rc;
    if ((rc = sqlite3_bind_blob(find, 1, id, sizeof(*id), SQLITE_STATIC)) == SQLITE_OK)
        rc = sqlite3_step(find);
    if (rc == SQLITE_ROW) {
        *row = sqlite3_column_int64(find, 0);
        rc = SQLITE_OK;
    } else if (rc == SQLITE_DONE) {
        rc = SQLITE_NOTFOUND;
    }
    sqlite3_reset(find);
    sqlite3_clear_bindings(find);
    return rc;
}

static int put_credentials(struct store_db *db, sqlite3_int64 row, const struct model_job *job)
{
    struct store_texts texts;
    sqlite3_stmt *statement;
    ULONG i;
    int rc;

    if (!(statement = store_statement(db, STMT_CREDENTIALS_DELETE, &rc)))
        return rc;
    if ((rc = sqlite3_bind_int64(statement, 1, row)) != SQLITE_OK ||
        (rc = store_run(statement)) != SQLITE_OK) {
        return rc;
    }
    for (i = 0; i < job->credential_count; i++) {
        if (!(statement = store_statement(db, STMT_CREDENTIAL_INSERT, &rc)))
            return rc;
        texts.used = 0;
        if ((rc = sqlite3_bind_int64(statement, 1, row)) == SQLITE_OK)
            rc = store_bind_credential(statement, 2, &job->credentials[i], &texts);
        if (rc == SQLITE_OK)
            rc = store_run(statement);
        if (rc != SQLITE_OK)
            break;
    }
    return rc;
}

static int put_job(struct store_db *db, const struct model_job *job)
{
    struct store_texts texts;
    sqlite3_stmt *statement;
    sqlite3_int64 row = 0;
    BOOL present;
    int rc;

    rc = find_job(db, &job->id, &row);
    if (rc != SQLITE_OK && rc != SQLITE_NOTFOUND)
        return rc;
    present = rc == SQLITE_OK;
    if (!(statement = store_statement(db, present ? STMT_JOB_UPDATE : STMT_JOB_INSERT, &rc)))
        return rc;
    texts.used = 0;
    rc = store_bind_job(statement, 1, job, &texts);
    if (rc == SQLITE_OK && present)
        rc = sqlite3_bind_int64(statement, store_job_columns + 1, row);
    if (rc == SQLITE_OK)
        rc = store_run(statement);
    if (rc != SQLITE_OK)
        return rc;
    if (!present)
        row = sqlite3_last_insert_rowid(db->handle);
    /* A fresh job has none to take out, and most jobs never have any. */
    return present || job->credential_count ? put_credentials(db, row, job) : SQLITE_OK;
}

static int put_files(struct store_db *db, const struct store_op *op)
{
    struct store_texts texts;
    sqlite3_stmt *statement;
    sqlite3_int64 row;
    ULONG i;
    int rc;

    if ((rc = find_job(db, &op->job, &row)) != SQLITE_OK)
        return rc;
    if (!(statement = store_statement(db, op->u.put_files.statement, &rc)))
        return rc;
    for (i = 0; i < op->u.put_files.count && rc == SQLITE_OK; i++) {
        texts.used = 0;
        rc = store_bind_file(statement, 1, op->u.put_files.files[i], &texts);
        if (rc == SQLITE_OK)
            rc = sqlite3_bind_int64(statement, store_file_columns + 1, row);
        if (rc == SQLITE_OK)
            rc = store_run(statement);
    }
    return rc;
}

static int put_progress(struct store_db *db, const struct store_op *op)
{
    const struct model_progress *progress = &op->u.progress.progress;
    int rc;
    sqlite3_stmt *statement = store_statement(db, STMT_PROGRESS, &rc);

    if (!statement)
        return rc;
    if ((rc = sqlite3_bind_int64(statement, 1, (sqlite3_int64)progress->total)) != SQLITE_OK ||
        (rc = sqlite3_bind_int64(statement, 2, (sqlite3_int64)progress->transferred)) !=
            SQLITE_OK ||
        (rc = sqlite3_bind_int(statement, 3, progress->completed ? 1 : 0)) != SQLITE_OK ||
        (rc = sqlite3_bind_blob(statement, 4, &op->job, sizeof(op->job), SQLITE_STATIC)) !=
            SQLITE_OK ||
        (rc = sqlite3_bind_int64(statement, 5, op->u.progress.ordinal)) != SQLITE_OK) {
        return rc;
    }
    return store_run(statement);
}

static int put_setting(struct store_db *db, const struct store_op *op)
{
    int rc;
    sqlite3_stmt *statement = store_statement(db, STMT_SETTING_PUT, &rc);

    if (!statement)
        return rc;
    rc = sqlite3_bind_text(statement, 1, op->u.setting.name, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK) {
        /* A null pointer would bind NULL, and an empty setting is not an absent one. */
        rc = sqlite3_bind_blob(statement, 2, op->u.setting.size ? op->u.setting.data : "",
                               (int)op->u.setting.size, SQLITE_STATIC);
    }
    return rc == SQLITE_OK ? store_run(statement) : rc;
}

static int delete_job(struct store_db *db, const GUID *id)
{
    int rc;
    sqlite3_stmt *statement = store_statement(db, STMT_JOB_DELETE, &rc);

    if (!statement)
        return rc;
    rc = sqlite3_bind_blob(statement, 1, id, sizeof(*id), SQLITE_STATIC);
    return rc == SQLITE_OK ? store_run(statement) : rc;
}

int store_txn_apply(struct store_txn *txn, struct store_db *db)
{
    size_t i;
    int rc = SQLITE_OK;

    for (i = 0; i < txn->count && rc == SQLITE_OK; i++) {
        const struct store_op *op = &txn->ops[i];

        switch (op->kind) {
        case OP_PUT_JOB:
            rc = put_job(db, op->u.put_job);
            break;
        case OP_DELETE_JOB:
            rc = delete_job(db, &op->job);
            break;
        case OP_PUT_FILES:
            rc = put_files(db, op);
            break;
        case OP_PUT_PROGRESS:
            rc = put_progress(db, op);
            break;
        case OP_PUT_SETTING:
            rc = put_setting(db, op);
            break;
        }
    }
    return rc;
}
