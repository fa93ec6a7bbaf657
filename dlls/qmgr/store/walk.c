/*
 * Reading the queue out of a database, past damage where there is any.
 *
 * Every table is read upwards by its key. Where a page cannot be read the walk looks further on, in
 * steps that double, and at last comes down from the other end: what lies around one damaged place
 * is all found. Rows that are read but cannot be true are left out one by one. Serves store_load()
 * and salvage; calls row.c and SQLite.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store_private.h"

/* One table, or one job's part of it: ?1 is the job, ?2 the bound; column 0 is the key. */
struct span {
    sqlite3_stmt *up;   /* key >= ?2, ascending */
    sqlite3_stmt *down; /* key <= ?2, descending */
    sqlite3_int64 low, high;
    HRESULT (*row)(void *context, sqlite3_stmt *statement);
    void *context;
};

static BOOL is_damage(int rc)
{
    return (rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB;
}

/* Delivers rows from *bound on until the end (SQLITE_DONE), an error, or a failing callback. */
static int read_run(const struct span *span, BOOL upwards, sqlite3_int64 *bound, BOOL *any,
                    HRESULT *hr)
{
    sqlite3_stmt *statement = upwards ? span->up : span->down;
    int rc;

    *any = FALSE;
    *hr = S_OK;
    rc = sqlite3_bind_int64(statement, 2, *bound);
    while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        sqlite3_int64 key = sqlite3_column_int64(statement, 0);

        if (key < span->low || key > span->high || (upwards ? key < *bound : key > *bound)) {
            rc = SQLITE_CORRUPT; /* out of order: the page is not what it says */
            break;
        }
        *any = TRUE;
        *hr = span->row(span->context, statement);
        if (FAILED(*hr) || (upwards ? key == span->high : key == span->low)) {
            rc = SQLITE_DONE;
            break;
        }
        *bound = upwards ? key + 1 : key - 1;
        rc = SQLITE_OK;
    }
    sqlite3_reset(statement);
    return rc;
}

/* S_OK when every row was read, S_FALSE when there is damage, else the error. */
static HRESULT read_span(const struct span *span, sqlite3 *handle)
{
    sqlite3_int64 bound = span->low, skip = 1;
    HRESULT hr;
    BOOL any;
    int rc;

    for (;;) {
        rc = read_run(span, TRUE, &bound, &any, &hr);
        if (FAILED(hr))
            return hr;
        if (rc == SQLITE_DONE)
            return skip == 1 ? S_OK : S_FALSE;
        if (!is_damage(rc))
            return store_error(handle, rc);
        if (any)
            skip = 1;
        if (bound > span->high - skip || skip > INT64_MAX / 4)
            break;
        bound += skip;
        skip *= 2;
    }
    bound = span->high;
    rc = read_run(span, FALSE, &bound, &any, &hr);
    if (FAILED(hr))
        return hr;
    return rc == SQLITE_DONE || is_damage(rc) ? S_FALSE : store_error(handle, rc);
}

/* Prepares and frees built SQL. SQLITE_ERROR (a table or column is missing) counts as damage. */
static int prepare(sqlite3 *handle, char *sql, sqlite3_stmt **statement)
{
    int rc = SQLITE_NOMEM;

    *statement = NULL;
    if (sql)
        rc = sqlite3_prepare_v2(handle, sql, -1, statement, NULL);
    sqlite3_free(sql);
    return rc == SQLITE_ERROR ? SQLITE_CORRUPT : rc;
}

/* A growing array. */
struct list {
    void *items;
    size_t count, capacity;
};

static void *append(struct list *list, size_t size)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 16;
        void *items;

        if (capacity > SIZE_MAX / size || !(items = realloc(list->items, capacity * size)))
            return NULL;
        list->items = items;
        list->capacity = capacity;
    }
    return (char *)list->items + list->count++ * size;
}

/* Where a job is, and its place in the queue. */
struct place {
    sqlite3_int64 row;
    UINT64 sequence;
};

static HRESULT add_place(void *context, sqlite3_stmt *statement)
{
    struct place *place = append(context, sizeof(*place));

    if (!place)
        return E_OUTOFMEMORY;
    place->row = sqlite3_column_int64(statement, 0);
    place->sequence = (UINT64)sqlite3_column_int64(statement, 1);
    return S_OK;
}

static int compare_places(const void *a, const void *b)
{
    const struct place *left = a, *right = b;

    if (left->sequence != right->sequence)
        return left->sequence < right->sequence ? -1 : 1;
    return left->row < right->row ? -1 : left->row > right->row;
}

/* All jobs' places in queue order, each once. */
static HRESULT find_places(struct store_db *db, struct list *places, struct store_losses *losses)
{
    struct span span = {.low = INT64_MIN, .high = INT64_MAX, .row = add_place, .context = places};
    HRESULT hr;
    int rc;

    rc = prepare(db->handle,
                 sqlite3_mprintf("SELECT row, sequence FROM job WHERE row >= ?2 ORDER BY row"),
                 &span.up);
    if (rc == SQLITE_OK) {
        rc = prepare(
            db->handle,
            sqlite3_mprintf("SELECT row, sequence FROM job WHERE row <= ?2 ORDER BY row DESC"),
            &span.down);
    }
    if (rc == SQLITE_OK)
        hr = read_span(&span, db->handle);
    else
        hr = is_damage(rc) ? S_FALSE : store_error(db->handle, rc);
    sqlite3_finalize(span.up);
    sqlite3_finalize(span.down);
    if (hr == S_FALSE)
        losses->gaps++;
    if (SUCCEEDED(hr) && places->count)
        qsort(places->items, places->count, sizeof(struct place), compare_places);
    return hr;
}

/* What reads one job after another. */
struct walker {
    struct store_db *db;
    struct store_losses *losses;
    sqlite3_stmt *job, *credentials;
    struct span span;  /* of the job's files */
    struct list files; /* struct model_file */
};

static HRESULT add_file(void *context, sqlite3_stmt *statement)
{
    struct walker *walker = context;
    struct model_file file, *slot;
    HRESULT hr = store_read_file(statement, 0, &file);

    if (hr == S_FALSE)
        walker->losses->files++;
    if (hr != S_OK)
        return hr;
    if (!(slot = append(&walker->files, sizeof(*slot)))) {
        model_file_release(&file);
        return E_OUTOFMEMORY;
    }
    *slot = file;
    return S_OK;
}

static int compare_files(const void *a, const void *b)
{
    const struct model_file *left = a, *right = b;

    return left->ordinal < right->ordinal ? -1 : left->ordinal > right->ordinal;
}

/* Reading from both ends can find a file twice. */
static void unite_files(struct list *list)
{
    struct model_file *files = list->items;
    size_t i, kept = 0;

    if (list->count)
        qsort(files, list->count, sizeof(*files), compare_files);
    for (i = 0; i < list->count; i++) {
        if (kept && files[kept - 1].ordinal == files[i].ordinal)
            model_file_release(&files[i]);
        else
            files[kept++] = files[i];
    }
    list->count = kept;
}

static HRESULT read_credentials(struct walker *walker, sqlite3_int64 row, struct model_job *job)
{
    struct list list = {0};
    HRESULT hr = S_OK;
    int rc = sqlite3_bind_int64(walker->credentials, 1, row);

    while (SUCCEEDED(hr) && rc == SQLITE_OK &&
           (rc = sqlite3_step(walker->credentials)) == SQLITE_ROW) {
        struct model_credential credential, *slot;

        rc = SQLITE_OK;
        hr = store_read_credential(walker->credentials, 0, &credential);
        if (hr == S_FALSE)
            walker->losses->credentials++;
        if (hr != S_OK)
            continue;
        if ((slot = append(&list, sizeof(*slot)))) {
            *slot = credential;
        } else {
            free(credential.user);
            free(credential.secret);
            hr = E_OUTOFMEMORY;
        }
    }
    sqlite3_reset(walker->credentials);
    job->credentials = list.items;
    job->credential_count = (ULONG)list.count;
    if (FAILED(hr))
        return hr;
    if (is_damage(rc))
        walker->losses->gaps++;
    else if (rc != SQLITE_DONE)
        return store_error(walker->db->handle, rc);
    return S_OK;
}

/* Reads one job's row and credentials. S_FALSE: there is no such job to be had. */
static HRESULT read_job(struct walker *walker, sqlite3_int64 row, struct model_job *job)
{
    HRESULT hr = S_FALSE;
    int rc = sqlite3_bind_int64(walker->job, 1, row);

    if (rc == SQLITE_OK && (rc = sqlite3_step(walker->job)) == SQLITE_ROW)
        hr = store_read_job(walker->job, 0, job);
    else if (!is_damage(rc) && rc != SQLITE_DONE)
        hr = store_error(walker->db->handle, rc);
    sqlite3_reset(walker->job);
    if (hr == S_FALSE)
        walker->losses->jobs++;
    if (hr != S_OK)
        return hr;
    hr = read_credentials(walker, row, job);
    if (FAILED(hr))
        model_job_release(job);
    return hr;
}

static HRESULT deliver_job(struct walker *walker, sqlite3_int64 row, store_job_fn fn, void *context)
{
    struct model_job job;
    struct model_file *files;
    HRESULT hr;
    size_t i;
    int rc;

    if ((hr = read_job(walker, row, &job)) != S_OK)
        return SUCCEEDED(hr) ? S_OK : hr;
    if ((rc = sqlite3_bind_int64(walker->span.up, 1, row)) == SQLITE_OK)
        rc = sqlite3_bind_int64(walker->span.down, 1, row);
    hr = rc == SQLITE_OK ? read_span(&walker->span, walker->db->handle)
                         : store_error(walker->db->handle, rc);
    if (hr == S_FALSE) {
        walker->losses->gaps++;
        unite_files(&walker->files);
    }
    files = walker->files.items;
    if (SUCCEEDED(hr))
        hr = fn(context, &job, files, (ULONG)walker->files.count);
    for (i = 0; i < walker->files.count; i++)
        model_file_release(&files[i]);
    model_job_release(&job);
    walker->files.count = 0;
    return FAILED(hr) ? hr : S_OK;
}

/* Either direction of reading a job's files; a damaged store may be of an earlier schema. */
static int prepare_files(sqlite3 *handle, const char *tail, sqlite3_stmt **statement)
{
    int rc = SQLITE_CORRUPT;

    for (int version = store_schema_version; version > 0 && is_damage(rc); version--)
        rc = prepare(handle, store_sql_select_file(tail, version), statement);
    return rc;
}

static int prepare_walker(struct walker *walker)
{
    sqlite3 *handle = walker->db->handle;
    int rc;

    rc = prepare(handle, store_sql_select_job("WHERE row = ?1"), &walker->job);
    if (rc == SQLITE_OK) {
        rc = prepare(handle,
                     sqlite3_mprintf("SELECT target, scheme, user, secret FROM credential "
                                     "WHERE job = ?1 ORDER BY target, scheme"),
                     &walker->credentials);
    }
    if (rc == SQLITE_OK) {
        rc = prepare_files(handle, "WHERE job = ?1 AND ordinal >= ?2 ORDER BY job, ordinal",
                           &walker->span.up);
    }
    if (rc == SQLITE_OK) {
        rc = prepare_files(handle,
                           "WHERE job = ?1 AND ordinal <= ?2 ORDER BY job DESC, ordinal DESC",
                           &walker->span.down);
    }
    return rc;
}

HRESULT store_walk_jobs(struct store_db *db, store_job_fn job, void *context,
                        struct store_losses *losses)
{
    struct walker walker = {.db = db, .losses = losses};
    struct list places = {0};
    HRESULT hr;
    size_t i;
    int rc;

    walker.span.low = 0;
    walker.span.high = MODEL_NO_FILE;
    walker.span.row = add_file;
    walker.span.context = &walker;
    hr = find_places(db, &places, losses);
    if (SUCCEEDED(hr) && places.count) {
        rc = prepare_walker(&walker);
        if (is_damage(rc))
            losses->gaps++;
        else
            hr = store_error(db->handle, rc);
        for (i = 0; i < places.count && rc == SQLITE_OK && SUCCEEDED(hr); i++) {
            const struct place *place = (const struct place *)places.items + i;

            if (i && place->row == place[-1].row)
                continue;
            hr = deliver_job(&walker, place->row, job, context);
        }
    }
    sqlite3_finalize(walker.job);
    sqlite3_finalize(walker.credentials);
    sqlite3_finalize(walker.span.up);
    sqlite3_finalize(walker.span.down);
    free(walker.files.items);
    free(places.items);
    return FAILED(hr) ? hr : S_OK;
}

HRESULT store_walk_settings(struct store_db *db, store_setting_fn setting, void *context,
                            struct store_losses *losses)
{
    sqlite3_stmt *statement;
    HRESULT hr = S_OK;
    int rc;

    rc = prepare(db->handle, sqlite3_mprintf("SELECT name, value FROM setting ORDER BY name"),
                 &statement);
    while (rc == SQLITE_OK && SUCCEEDED(hr) && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        const unsigned char *name = sqlite3_column_text(statement, 0);
        const void *value = sqlite3_column_blob(statement, 1);
        int size = sqlite3_column_bytes(statement, 1);

        rc = SQLITE_OK;
        if (!name || sqlite3_column_type(statement, 1) != SQLITE_BLOB || size < 0)
            losses->settings++;
        else
            hr = setting(context, (const char *)name, value, (ULONG)size);
    }
    if (is_damage(rc))
        losses->gaps++;
    else if (SUCCEEDED(hr) && rc != SQLITE_DONE)
        hr = store_error(db->handle, rc);
    sqlite3_finalize(statement);
    return FAILED(hr) ? hr : S_OK;
}
