/*
 * Making a store: a fresh one, or a new one with what a damaged one still holds.
 *
 * Either is built complete beside the place it will take, under another name and without a
 * write-ahead log, so that a rename puts it in force and a crash before leaves everything as it
 * was. Called by store.c; calls walk.c, txn.c and schema.c.
 */
#include <stdlib.h>
#include <string.h>

#include "store_private.h"

struct salvage {
    struct store_db *to;
    ULONG rows; /* carried over */
};

static HRESULT carry_job(void *context, struct model_job *job, struct model_file *files,
                         ULONG count)
{
    struct salvage *salvage = context;
    struct store_txn *txn = store_txn_begin(NULL);
    struct model_file **pointers = NULL;
    HRESULT hr;
    ULONG i;

    if (!txn)
        return E_OUTOFMEMORY;
    hr = store_txn_put_job(txn, job);
    if (SUCCEEDED(hr) && count) {
        if (!(pointers = calloc(count, sizeof(*pointers))))
            hr = E_OUTOFMEMORY;
        for (i = 0; i < count && pointers; i++)
            pointers[i] = &files[i];
        if (pointers)
            hr = store_txn_put_files(txn, &job->id, pointers, count);
        free(pointers);
    }
    if (SUCCEEDED(hr))
        hr = store_error(salvage->to->handle, store_txn_apply(txn, salvage->to));
    store_txn_discard(txn);
    salvage->rows++;
    return hr;
}

static HRESULT put_setting(struct store_db *db, const char *name, const void *data, ULONG size)
{
    struct store_txn *txn = store_txn_begin(NULL);
    HRESULT hr;

    if (!txn)
        return E_OUTOFMEMORY;
    hr = store_txn_put_setting(txn, name, data, size);
    if (SUCCEEDED(hr))
        hr = store_error(db->handle, store_txn_apply(txn, db));
    store_txn_discard(txn);
    return hr;
}

static HRESULT carry_setting(void *context, const char *name, const void *data, ULONG size)
{
    struct salvage *salvage = context;
    HRESULT hr = put_setting(salvage->to, name, data, size);

    if (hr == E_INVALIDARG) /* no setting of ours looks like that */
        return S_OK;
    salvage->rows++;
    return hr;
}

/* Copies what can be read in path; nothing can is a result, too. */
static HRESULT carry_over(const WCHAR *path, struct salvage *salvage)
{
    struct store_losses losses = {0};
    struct store_db from;
    HRESULT hr;

    hr = store_db_open(path, DB_SALVAGE, &from);
    if (SUCCEEDED(hr)) {
        hr = store_walk_jobs(&from, carry_job, salvage, &losses);
        if (SUCCEEDED(hr))
            hr = store_walk_settings(&from, carry_setting, salvage, &losses);
        store_db_close(&from);
    }
    return hr == BG_E_DATABASE_CORRUPT ? S_OK : hr;
}

HRESULT store_build(const WCHAR *path, const WCHAR *damaged, const WCHAR *aside)
{
    struct salvage salvage = {0};
    struct store_db db;
    HRESULT hr;

    if (FAILED(hr = store_db_open(path, DB_BUILD, &db)))
        return hr;
    salvage.to = &db;
    hr = store_error(db.handle, store_migrate(db.handle, store_migrations, store_schema_version));
    if (FAILED(hr) || !damaged)
        goto close;
    if (FAILED(hr = store_error(db.handle, store_execute(&db, STMT_BEGIN))))
        goto close;
    hr = carry_over(damaged, &salvage);
    if (SUCCEEDED(hr)) {
        hr = put_setting(&db, SETTING_ASIDE, aside, (ULONG)((wcslen(aside) + 1) * sizeof(*aside)));
    }
    if (SUCCEEDED(hr) && !salvage.rows)
        hr = put_setting(&db, SETTING_LOST, NULL, 0);
    if (SUCCEEDED(hr))
        hr = store_error(db.handle, store_execute(&db, STMT_COMMIT));
close:
    store_db_close(&db); /* rolls back what is not committed */
    return hr;
}
