/*
 * The durable queue: SQLite in the downloader folder, one writer thread, group commit.
 *
 * The engine is the only caller. A change is collected in a transaction, then committed; every
 * transaction that is waiting when the writer wakes shares one SQLite transaction and so one flush.
 * A transaction is applied whole or not at all, also when a neighbour in the same group fails.
 * Nothing here knows the engine's lock; store_commit() blocks and must be called without it.
 */
#ifndef OPENBITS_STORE_H
#define OPENBITS_STORE_H

#include "../model.h"

struct store;
struct store_txn;

/* How the store was found by store_open(). */
enum store_found {
    STORE_FRESH,     /* there was none */
    STORE_INTACT,    /* opened (and migrated where its schema was older) */
    STORE_RECOVERED, /* damaged: put aside, what could be read was carried over */
    STORE_LOST       /* damaged beyond reading: put aside, a fresh one begun */
};

/*
 * Opens or makes <folder>\qmgr.db; the folder is made when missing. A damaged file is renamed to
 * qmgr.db.damaged-<UTC time> (its -wal and -shm with it), never deleted; *aside then gets that path
 * (LocalFree), else NULL. A store of a newer schema than ours fails with
 * HRESULT_FROM_WIN32(ERROR_REVISION_MISMATCH) and is left alone, one that another process has open
 * with HRESULT_FROM_WIN32(ERROR_SHARING_VIOLATION). Errors: E_OUTOFMEMORY, HRESULT_FROM_WIN32 of
 * the file system's; nothing has changed then that the next call does not find and finish.
 */
HRESULT store_open(const WCHAR *folder, struct store **store, enum store_found *found,
                   WCHAR **aside);

/* Commits what is still queued, stops the writer, closes the file. Takes NULL. */
void store_close(struct store *store);

/*
 * Reads the whole queue in order of model_job.sequence: job() once per job with its files in order
 * of ordinal. The callback may move contents out (and zero what it took); what is left is released
 * after it. A failing callback ends the load with its HRESULT. Called once, before any commit.
 * Rows that cannot be true (enums out of range, malformed text, ranges past 2^64) are left out one
 * by one, with an event in the log; progress past a file's total counts as none.
 */
typedef HRESULT (*store_job_fn)(void *context, struct model_job *job, struct model_file *files,
                                ULONG count);
HRESULT store_load(struct store *store, store_job_fn job, void *context);

/* A new empty transaction, or NULL (out of memory). */
struct store_txn *store_txn_begin(struct store *store);

/* Drops a transaction that was not committed. Takes NULL. */
void store_txn_discard(struct store_txn *txn);

/*
 * Operations only record: the job and files pointed at must stay unchanged until the commit has
 * ended (GUIDs, settings and progress are copied). On E_OUTOFMEMORY the transaction is to be
 * discarded.
 */
HRESULT store_txn_put_job(struct store_txn *txn,
                          const struct model_job *job); /* insert or replace */
HRESULT store_txn_delete_job(struct store_txn *txn,
                             const GUID *id); /* and its files; absent is fine */
HRESULT store_txn_put_files(struct store_txn *txn, const GUID *job, struct model_file *const *files,
                            ULONG count); /* insert or replace; the array of pointers is copied */
HRESULT store_txn_add_files(struct store_txn *txn, const GUID *job, struct model_file *const *files,
                            ULONG count); /* the same for files that are new, which costs less */
HRESULT store_txn_put_progress(struct store_txn *txn, const GUID *job, ULONG ordinal,
                               const struct model_progress *progress);
/* At most 1 MiB; names with "store." are the store's own. */
HRESULT store_txn_put_setting(struct store_txn *txn, const char *name, const void *data,
                              ULONG size);

/*
 * What is recorded need only outlive this process, not a loss of power in the next moment:
 * store_commit() leaves the flush to the next transaction, or to the writer thread 10 ms later.
 */
void store_txn_unflushed(struct store_txn *txn);

/*
 * Commits and frees the transaction (also on failure); blocks until it is on the disk. Errors:
 * BG_E_NOT_FOUND when files are put into a job that is not there (progress of such is ignored),
 * E_OUTOFMEMORY, HRESULT_FROM_WIN32(ERROR_DISK_FULL), HRESULT_FROM_WIN32 of an I/O error,
 * BG_E_DATABASE_CORRUPT: nothing of it is stored then.
 */
HRESULT store_commit(struct store *store, struct store_txn *txn);

/*
 * The same without waiting: done() is called on the thread that commits it, once it is decided, and
 * must not block. It may be NULL. What was recorded by pointer must stay valid until then.
 */
typedef void (*store_done_fn)(void *context, HRESULT hr);
void store_commit_async(struct store *store, struct store_txn *txn, store_done_fn done,
                        void *context);

/* Reads a setting into *data (LocalFree); S_FALSE and NULL when there is none. */
HRESULT store_get_setting(struct store *store, const char *name, void **data, ULONG *size);

/* PRAGMA integrity_check and foreign_key_check: S_OK or BG_E_DATABASE_CORRUPT. */
HRESULT store_check(struct store *store);

#endif
