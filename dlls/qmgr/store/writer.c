/*
 * The writer: one thread that commits waiting transactions in groups.
 *
 * Everything that waits when it looks shares one transaction of SQLite's, each inside a savepoint
 * of its own, and so one flush. What fails inside its savepoint fails alone. When the whole fails
 * (the commit, or an error that makes SQLite roll everything back), each is tried once more by
 * itself, so that only the guilty one fails. Checkpoints run here too, when nobody waits. Who comes
 * while nothing is waiting or being written commits on its own thread, which saves waking the
 * writer and being woken. Called by store.c and the engine; calls txn.c and schema.c.
 */
#include <stdlib.h>
#include <string.h>

#include "store_private.h"

/* Pages in the log at which an idle writer copies them into the database, and a busy one must. */
#define CHECKPOINT_IDLE 1000
#define CHECKPOINT_BUSY 8000

/* Undoes an open transaction that SQLite has not already rolled back. */
static void roll_back(struct store_db *db)
{
    if (!sqlite3_get_autocommit(db->handle))
        store_execute(db, STMT_ROLLBACK);
    /* Out of memory for the cached statement must not leave the transaction open. */
    if (!sqlite3_get_autocommit(db->handle))
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

/* Applies and commits one transaction by itself. */
static HRESULT commit_single(struct store_db *db, struct store_txn *txn)
{
    HRESULT hr;
    int rc;

    if ((rc = store_execute(db, STMT_BEGIN)) == SQLITE_OK) {
        rc = store_txn_apply(txn, db);
        if (rc == SQLITE_OK)
            rc = store_execute(db, STMT_COMMIT);
    }
    hr = store_error(db->handle, rc);
    roll_back(db);
    return hr;
}

/* Applies one transaction of a group; FALSE when the group as a whole is gone. */
static BOOL apply_in_group(struct store_db *db, struct store_txn *txn)
{
    int rc = store_execute(db, STMT_SAVEPOINT);

    if (rc != SQLITE_OK)
        return FALSE;
    if ((rc = store_txn_apply(txn, db)) == SQLITE_OK)
        return store_execute(db, STMT_RELEASE) == SQLITE_OK;
    switch (rc & 0xff) {
    case SQLITE_NOMEM:
    case SQLITE_FULL:
    case SQLITE_IOERR:
        /* May be a neighbour's doing, and may have taken the whole transaction along. */
        txn->stage = TXN_ALONE;
        break;
    default:
        txn->hr = store_error(db->handle, rc);
        txn->stage = TXN_DECIDED;
        break;
    }
    return !sqlite3_get_autocommit(db->handle) &&
           store_execute(db, STMT_ROLLBACK_TO) == SQLITE_OK &&
           store_execute(db, STMT_RELEASE) == SQLITE_OK;
}

static void commit_group(struct store_db *db, struct store_txn *group)
{
    struct store_txn *txn;
    BOOL whole;

    if (!group->next) {
        group->hr = commit_single(db, group);
        return;
    }
    for (txn = group; txn; txn = txn->next)
        txn->stage = TXN_GROUPED;
    whole = store_execute(db, STMT_BEGIN) == SQLITE_OK;
    for (txn = group; txn && whole; txn = txn->next)
        whole = apply_in_group(db, txn);
    if (whole)
        whole = store_execute(db, STMT_COMMIT) == SQLITE_OK;
    roll_back(db);
    for (txn = group; txn; txn = txn->next) {
        if (txn->stage == TXN_GROUPED && whole)
            txn->hr = S_OK;
        else if (txn->stage != TXN_DECIDED)
            txn->hr = commit_single(db, txn);
    }
}

/* Tells everyone of the group how it went; frees what nobody waits for. */
static void finish_group(struct store *store, struct store_txn *group)
{
    struct store_txn *txn, *next;

    for (txn = group; txn; txn = next) {
        next = txn->next;
        if (txn->waited) {
            AcquireSRWLockExclusive(&store->queue_lock);
            txn->finished = TRUE;
            WakeConditionVariable(&txn->ended);
            ReleaseSRWLockExclusive(&store->queue_lock); /* txn is the waiter's from here on */
        } else {
            if (txn->done)
                txn->done(txn->context, txn->hr);
            store_txn_discard(txn);
        }
    }
}

/* Copies the log into the database when it has grown past pages. Failing only postpones it. */
static void checkpoint(struct store *store, int pages)
{
    AcquireSRWLockExclusive(&store->db_lock);
    if (store->wal_pages >= pages) {
        sqlite3_wal_checkpoint_v2(store->db.handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        sqlite3_db_release_memory(store->db.handle);
        store->wal_pages = 0;
    }
    ReleaseSRWLockExclusive(&store->db_lock);
}

/* Waits for work; the whole queue, or NULL when only the log wants to be copied or, *stopped, the
 * store is closing and nothing is left. */
static struct store_txn *take_group(struct store *store, BOOL *stopped)
{
    struct store_txn *group;
    BOOL idle;

    AcquireSRWLockExclusive(&store->queue_lock);
    idle = !store->first;
    ReleaseSRWLockExclusive(&store->queue_lock);
    checkpoint(store, idle ? CHECKPOINT_IDLE : CHECKPOINT_BUSY);

    AcquireSRWLockExclusive(&store->queue_lock);
    while (store->writing || (!store->first && !store->stopping && !store->log_is_long))
        SleepConditionVariableSRW(&store->work, &store->queue_lock, INFINITE, 0);
    group = store->first;
    store->first = store->last = NULL;
    store->writing = group != NULL;
    *stopped = !group && store->stopping;
    store->log_is_long = FALSE;
    ReleaseSRWLockExclusive(&store->queue_lock);
    return group;
}

static DWORD WINAPI writer_thread(void *argument)
{
    struct store *store = argument;
    struct store_txn *group;
    BOOL stopped;

    for (;;) {
        group = take_group(store, &stopped);
        if (stopped)
            return 0;
        if (!group)
            continue;
        AcquireSRWLockExclusive(&store->db_lock);
        commit_group(&store->db, group);
        ReleaseSRWLockExclusive(&store->db_lock);
        finish_group(store, group);
        AcquireSRWLockExclusive(&store->queue_lock);
        store->writing = FALSE;
        ReleaseSRWLockExclusive(&store->queue_lock);
    }
}

HRESULT store_writer_start(struct store *store)
{
    store->writer = CreateThread(NULL, 0, writer_thread, store, 0, NULL);
    return store->writer ? S_OK : HRESULT_FROM_WIN32(GetLastError());
}

void store_writer_stop(struct store *store)
{
    AcquireSRWLockExclusive(&store->queue_lock);
    store->stopping = TRUE;
    WakeConditionVariable(&store->work);
    ReleaseSRWLockExclusive(&store->queue_lock);
    WaitForSingleObject(store->writer, INFINITE);
    CloseHandle(store->writer);
    store->writer = NULL;
}

/* Caller holds queue_lock. */
static void enqueue(struct store *store, struct store_txn *txn)
{
    txn->next = NULL;
    if (store->last)
        store->last->next = txn;
    else
        store->first = txn;
    store->last = txn;
    WakeConditionVariable(&store->work);
}

/* Commits on the caller's thread, which has set store->writing. */
static HRESULT commit_here(struct store *store, struct store_txn *txn)
{
    BOOL long_log;
    HRESULT hr;

    AcquireSRWLockExclusive(&store->db_lock);
    hr = commit_single(&store->db, txn);
    long_log = store->wal_pages >= CHECKPOINT_IDLE;
    ReleaseSRWLockExclusive(&store->db_lock);
    AcquireSRWLockExclusive(&store->queue_lock);
    store->writing = FALSE;
    store->log_is_long = long_log;
    if (store->first || store->stopping || long_log)
        WakeConditionVariable(&store->work);
    ReleaseSRWLockExclusive(&store->queue_lock);
    store_txn_discard(txn);
    return hr;
}

HRESULT store_commit(struct store *store, struct store_txn *txn)
{
    HRESULT hr;

    AcquireSRWLockExclusive(&store->queue_lock);
    if (!store->first && !store->writing) {
        store->writing = TRUE;
        ReleaseSRWLockExclusive(&store->queue_lock);
        return commit_here(store, txn);
    }
    txn->waited = TRUE;
    enqueue(store, txn);
    while (!txn->finished)
        SleepConditionVariableSRW(&txn->ended, &store->queue_lock, INFINITE, 0);
    ReleaseSRWLockExclusive(&store->queue_lock);
    hr = txn->hr;
    store_txn_discard(txn);
    return hr;
}

void store_commit_async(struct store *store, struct store_txn *txn, store_done_fn done,
                        void *context)
{
    AcquireSRWLockExclusive(&store->queue_lock);
    txn->done = done;
    txn->context = context;
    enqueue(store, txn);
    ReleaseSRWLockExclusive(&store->queue_lock);
}
