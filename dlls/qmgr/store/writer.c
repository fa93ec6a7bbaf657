/*
 * Committing waiting transactions in groups, on the thread of one of those who wait.
 *
 * Everything that waits when it looks shares one transaction of SQLite's, each inside a savepoint
 * of its own, and so one flush. What fails inside its savepoint fails alone. When the whole fails
 * (the commit, or an error that makes SQLite roll everything back), each is tried once more by
 * itself, so that only the guilty one fails. Who comes while nothing is being written commits what
 * there is; the others wait until he is through, and the first of them is next. The writer thread
 * commits what nobody waits for, flushes what was committed without, and copies the log into the
 * database when nobody waits at all.
 * Called by store.c and the engine; calls txn.c and schema.c.
 */
#include <stdlib.h>
#include <string.h>

#include "store_private.h"

/* Pages in the log at which an idle writer copies them into the database, and a busy one must. */
#define CHECKPOINT_IDLE 1000
#define CHECKPOINT_BUSY 8000

/* How long a transaction that need not be flushed waits for the flush of another (ms). */
#define FLUSH_DELAY 10

/* Undoes an open transaction that SQLite has not already rolled back. */
static void roll_back(struct store_db *db)
{
    if (!sqlite3_get_autocommit(db->handle))
        store_execute(db, STMT_ROLLBACK);
    /* Out of memory for the cached statement must not leave the transaction open. */
    if (!sqlite3_get_autocommit(db->handle))
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

/* How the next transaction is committed. An SQLite code. */
static int set_unflushed(struct store_db *db, BOOL unflushed)
{
    int rc = SQLITE_OK;

    if (db->unflushed != unflushed)
        rc = sqlite3_exec(db->handle,
                          unflushed ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL", NULL,
                          NULL, NULL);
    if (rc == SQLITE_OK)
        db->unflushed = unflushed;
    return rc;
}

/* Applies and commits one transaction by itself. */
static HRESULT commit_single(struct store_db *db, struct store_txn *txn)
{
    HRESULT hr;
    int rc;

    if ((rc = set_unflushed(db, txn->unflushed)) == SQLITE_OK &&
        (rc = store_execute(db, STMT_BEGIN)) == SQLITE_OK) {
        rc = store_txn_apply(txn, db);
        if (rc == SQLITE_OK)
            rc = store_execute(db, STMT_COMMIT);
        if (rc == SQLITE_OK)
            db->owes_flush = txn->unflushed;
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
    whole = set_unflushed(db, FALSE) == SQLITE_OK && store_execute(db, STMT_BEGIN) == SQLITE_OK;
    for (txn = group; txn && whole; txn = txn->next)
        whole = apply_in_group(db, txn);
    if (whole)
        whole = store_execute(db, STMT_COMMIT) == SQLITE_OK;
    if (whole)
        db->owes_flush = FALSE;
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

/* Takes the whole queue, and with it the right to write. queue_lock is held. */
static struct store_txn *take_queue(struct store *store)
{
    struct store_txn *group = store->first;

    store->first = store->last = NULL;
    store->writing = group != NULL;
    return group;
}

static BOOL flush_is_due(const struct store *store)
{
    return store->flush_due && (store->stopping || GetTickCount64() >= store->flush_due);
}

/* Somebody else may write now: the first who waits for his transaction takes what there is, else
 * the writer thread does. pages: in the log; owes_flush: struct store_db's. queue_lock is held. */
static void pass_on(struct store *store, int pages, BOOL owes_flush)
{
    struct store_txn *txn = store->first;
    BOOL sets_time = owes_flush && !store->flush_due;

    store->writing = FALSE;
    store->log_is_long = pages >= (txn ? CHECKPOINT_BUSY : CHECKPOINT_IDLE);
    if (sets_time)
        store->flush_due = GetTickCount64() + FLUSH_DELAY;
    else if (!owes_flush)
        store->flush_due = 0;
    while (txn && !txn->waited)
        txn = txn->next;
    if (txn)
        WakeConditionVariable(&txn->ended);
    if (store->log_is_long || (store->first && !txn) || store->stopping || sets_time ||
        flush_is_due(store))
        WakeConditionVariable(&store->work);
}

/* Commits what take_queue() gave, tells of it and passes the right on. */
static void write_group(struct store *store, struct store_txn *group)
{
    BOOL owes_flush;
    int pages;

    AcquireSRWLockExclusive(&store->db_lock);
    commit_group(&store->db, group);
    pages = store->wal_pages;
    owes_flush = store->db.owes_flush;
    ReleaseSRWLockExclusive(&store->db_lock);
    finish_group(store, group);
    AcquireSRWLockExclusive(&store->queue_lock);
    pass_on(store, pages, owes_flush);
    ReleaseSRWLockExclusive(&store->queue_lock);
}

/* Puts the log on the disk and passes on the right to write. That it failed is told to nobody: who
 * made the changes has gone on, and the next who waits for a flush meets the same disk. */
static void flush_log(struct store *store)
{
    sqlite3_file *log = NULL;
    int pages;

    AcquireSRWLockExclusive(&store->db_lock);
    if (!sqlite3_file_control(store->db.handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) &&
        log && log->pMethods)
        log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
    store->db.owes_flush = FALSE;
    pages = store->wal_pages;
    ReleaseSRWLockExclusive(&store->db_lock);
    AcquireSRWLockExclusive(&store->queue_lock);
    pass_on(store, pages, FALSE);
    ReleaseSRWLockExclusive(&store->queue_lock);
}

/* How long the writer thread may sleep (ms). Who writes when the flush is due wakes it. */
static DWORD until_flush(const struct store *store)
{
    ULONGLONG now = GetTickCount64();

    if (!store->flush_due || (store->writing && now >= store->flush_due))
        return INFINITE;
    return now < store->flush_due ? (DWORD)(store->flush_due - now) : 0;
}

enum writer_task { TASK_STOP, TASK_CHECKPOINT, TASK_WRITE, TASK_FLUSH };

/* Waits for work. TASK_WRITE gives the whole queue, and with it, like TASK_FLUSH, the right to
 * write; TASK_STOP comes when the store is closing and nothing is left. */
static enum writer_task wait_for_task(struct store *store, struct store_txn **group)
{
    enum writer_task task = TASK_CHECKPOINT;

    AcquireSRWLockExclusive(&store->queue_lock);
    while (!store->log_is_long &&
           (store->writing || (!store->first && !store->stopping && !flush_is_due(store))))
        SleepConditionVariableSRW(&store->work, &store->queue_lock, until_flush(store), 0);
    if (!store->writing) {
        *group = take_queue(store);
        if (*group) {
            task = TASK_WRITE;
        } else if (flush_is_due(store)) {
            task = TASK_FLUSH;
            store->writing = TRUE;
        } else if (store->stopping) {
            task = TASK_STOP;
        }
    }
    store->log_is_long = FALSE;
    ReleaseSRWLockExclusive(&store->queue_lock);
    return task;
}

static DWORD WINAPI writer_thread(void *argument)
{
    struct store *store = argument;
    struct store_txn *group;
    BOOL idle;

    for (;;) {
        switch (wait_for_task(store, &group)) {
        case TASK_STOP:
            return 0;
        case TASK_WRITE:
            write_group(store, group);
            break;
        case TASK_FLUSH:
            flush_log(store);
            break;
        case TASK_CHECKPOINT:
            break;
        }
        AcquireSRWLockExclusive(&store->queue_lock);
        idle = !store->first;
        ReleaseSRWLockExclusive(&store->queue_lock);
        checkpoint(store, idle ? CHECKPOINT_IDLE : CHECKPOINT_BUSY);
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
}

HRESULT store_commit(struct store *store, struct store_txn *txn)
{
    HRESULT hr;

    AcquireSRWLockExclusive(&store->queue_lock);
    txn->waited = TRUE;
    enqueue(store, txn);
    while (!txn->finished) {
        if (store->writing) {
            SleepConditionVariableSRW(&txn->ended, &store->queue_lock, INFINITE, 0);
        } else {
            struct store_txn *group = take_queue(store);

            ReleaseSRWLockExclusive(&store->queue_lock);
            write_group(store, group);
            AcquireSRWLockExclusive(&store->queue_lock);
        }
    }
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
    if (!store->writing)
        WakeConditionVariable(&store->work);
    ReleaseSRWLockExclusive(&store->queue_lock);
}
