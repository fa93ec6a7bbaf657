/*
 * Rows: which column holds which member of a model struct, how it is written, and what is believed
 * when it is read back.
 *
 * One table per struct drives everything: the SQL text, binding, reading and the checks. Called by
 * txn.c, walk.c and schema.c; calls text.c, SQLite and the model.
 */
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "store_private.h"

/* Sanity of what is read; each is far above what the engine writes. */
#define MAX_SECRET_BYTES (512u << 10) /* a password may have 65,536 characters */
#define MAX_RANGES       (1u << 22)

/* A range is two little-endian 64-bit numbers: offset and length. */
#define RANGE_BYTES 16

enum kind {
    KIND_U32,   /* limit: the greatest value */
    KIND_STATE, /* a BG_JOB_STATE, running states stored as QUEUED */
    KIND_I32,
    KIND_U64,
    KIND_BOOL,
    KIND_TIME,
    KIND_GUID,
    KIND_TEXT,  /* limit: 1 when it must be there */
    KIND_HASH,  /* 20 bytes */
    KIND_SECRET /* struct model_secret */
};

struct column {
    const char *name;
    enum kind kind;
    size_t offset;
    ULONG limit;
};

#define JOB(name, kind, member, limit)                                                             \
    {                                                                                              \
        name, kind, offsetof(struct model_job, member), limit                                      \
    }

static const struct column job_columns[] = {
    JOB("id", KIND_GUID, id, 0),
    JOB("type", KIND_U32, type, BG_JOB_TYPE_UPLOAD_REPLY),
    JOB("state", KIND_STATE, state, BG_JOB_STATE_CANCELLED),
    JOB("priority", KIND_U32, priority, BG_JOB_PRIORITY_LOW),
    JOB("sequence", KIND_U64, sequence, 0),
    JOB("display_name", KIND_TEXT, display_name, 0),
    JOB("description", KIND_TEXT, description, 0),
    JOB("owner_sid", KIND_TEXT, owner_sid, 0),
    JOB("owner_integrity", KIND_U32, owner_integrity, ULONG_MAX),
    JOB("owner_elevated", KIND_BOOL, owner_elevated, 0),
    JOB("created", KIND_TIME, created, 0),
    JOB("modified", KIND_TIME, modified, 0),
    JOB("transferred", KIND_TIME, transferred, 0),
    JOB("active", KIND_TIME, active, 0),
    JOB("notify_flags", KIND_U32, notify_flags, ULONG_MAX),
    JOB("notify_program", KIND_TEXT, notify_program, 0),
    JOB("notify_parameters", KIND_TEXT, notify_parameters, 0),
    JOB("notify_pending", KIND_U32, notify_pending, ULONG_MAX),
    JOB("minimum_retry_delay", KIND_U32, minimum_retry_delay, ULONG_MAX),
    JOB("no_progress_timeout", KIND_U32, no_progress_timeout, ULONG_MAX),
    JOB("maximum_download_time", KIND_U32, maximum_download_time, ULONG_MAX),
    JOB("error_count", KIND_U32, error_count, ULONG_MAX),
    JOB("error_context", KIND_U32, error.context, BG_ERROR_CONTEXT_REMOTE_APPLICATION + 1),
    JOB("error_code", KIND_I32, error.code, 0),
    JOB("error_file", KIND_U32, error.file, ULONG_MAX),
    JOB("retry_at", KIND_TIME, retry_at, 0),
    JOB("proxy_usage", KIND_U32, proxy_usage, BG_JOB_PROXY_USAGE_AUTODETECT),
    JOB("proxy_list", KIND_TEXT, proxy_list, 0),
    JOB("proxy_bypass", KIND_TEXT, proxy_bypass, 0),
    JOB("reply_file", KIND_TEXT, reply_file, 0),
    JOB("upload_session", KIND_TEXT, upload_session, 0),
    JOB("upload_host", KIND_TEXT, upload_host, 0),
    JOB("reply_total", KIND_U64, reply_total, 0),
    JOB("reply_transferred", KIND_U64, reply_transferred, 0),
    JOB("acl_flags", KIND_U32, acl_flags, ULONG_MAX),
    JOB("peer_flags", KIND_U32, peer_flags, ULONG_MAX),
    JOB("certificate_present", KIND_BOOL, certificate.present, 0),
    JOB("certificate_by_id", KIND_BOOL, certificate.by_id, 0),
    JOB("certificate_location", KIND_U32, certificate.location,
        BG_CERT_STORE_LOCATION_LOCAL_MACHINE_ENTERPRISE),
    JOB("certificate_store", KIND_TEXT, certificate.store, 0),
    JOB("certificate_subject", KIND_TEXT, certificate.subject, 0),
    JOB("certificate_hash", KIND_HASH, certificate.hash, 0),
    JOB("custom_headers", KIND_SECRET, custom_headers, 0),
    JOB("custom_headers_write_only", KIND_BOOL, custom_headers_write_only, 0),
    JOB("security_flags", KIND_U32, security_flags, ULONG_MAX),
    JOB("http_method", KIND_TEXT, http_method, 0),
    JOB("cost_flags", KIND_U32, cost_flags, ULONG_MAX),
    JOB("notify_clsid", KIND_GUID, notify_clsid, 0),
    JOB("dynamic_content", KIND_BOOL, dynamic_content, 0),
    JOB("high_performance", KIND_BOOL, high_performance, 0),
    JOB("maximum_download_size", KIND_U64, maximum_download_size, 0),
    JOB("stored_credentials", KIND_U32, stored_credentials, ULONG_MAX),
    JOB("minimum_notification_interval", KIND_U32, minimum_notification_interval, ULONG_MAX),
    JOB("on_demand", KIND_BOOL, on_demand, 0),
    JOB("resumed_once", KIND_BOOL, resumed_once, 0),
    JOB("helper_token_flags", KIND_U32, helper_token_flags, ULONG_MAX),
    JOB("helper_token_sid", KIND_TEXT, helper_token_sid, 0),
    JOB("legacy_group", KIND_GUID, group, 0),
    JOB("legacy_job", KIND_GUID, group_job, 0),
};

#define FILE_COLUMN(name, kind, member, limit)                                                     \
    {                                                                                              \
        name, kind, offsetof(struct model_file, member), limit                                     \
    }

/* ordinal, total, transferred, completed come first: STMT_PROGRESS changes a prefix of the row. */
static const struct column file_columns[] = {
    FILE_COLUMN("ordinal", KIND_U32, ordinal, MODEL_NO_FILE - 1),
    FILE_COLUMN("total", KIND_U64, progress.total, 0),
    FILE_COLUMN("transferred", KIND_U64, progress.transferred, 0),
    FILE_COLUMN("completed", KIND_BOOL, progress.completed, 0),
    FILE_COLUMN("remote_name", KIND_TEXT, remote_name, 1),
    FILE_COLUMN("local_name", KIND_TEXT, local_name, 1),
    FILE_COLUMN("temporary_name", KIND_TEXT, temporary_name, 0),
    FILE_COLUMN("etag", KIND_TEXT, etag, 0),
    FILE_COLUMN("last_modified", KIND_TEXT, last_modified, 0),
    FILE_COLUMN("remote_size", KIND_U64, remote_size, 0),
    FILE_COLUMN("renamed", KIND_BOOL, renamed, 0),
    FILE_COLUMN("validated", KIND_BOOL, validated, 0),
    FILE_COLUMN("validation_set", KIND_BOOL, validation_set, 0),
    FILE_COLUMN("bytes_from_origin", KIND_U64, bytes_from_origin, 0),
    FILE_COLUMN("bytes_from_peers", KIND_U64, bytes_from_peers, 0),
    FILE_COLUMN("response_headers", KIND_TEXT, response_headers, 0),
};

/* Behind the ranges: a damaged store may be of a schema without it. */
static const struct column volume_column = FILE_COLUMN("volume", KIND_U32, volume, ULONG_MAX);

static int bind_text(sqlite3_stmt *statement, int index, const WCHAR *text,
                     struct store_texts *texts)
{
    sqlite3_destructor_type release;
    char *encoded;
    int bytes;

    if (!text)
        return sqlite3_bind_null(statement, index);
    if (!(encoded = store_text_encode(text, texts, &bytes, &release)))
        return SQLITE_NOMEM;
    return sqlite3_bind_text(statement, index, encoded, bytes, release);
}

static int bind_ranges(sqlite3_stmt *statement, int index, const BG_FILE_RANGE *ranges, ULONG count)
{
    unsigned char *blob, *p;
    ULONG i, b;

    if (!ranges || !count)
        return sqlite3_bind_null(statement, index);
    if (count > MAX_RANGES || !(blob = sqlite3_malloc64((sqlite3_uint64)count * RANGE_BYTES)))
        return SQLITE_NOMEM;
    for (i = 0, p = blob; i < count; i++) {
        for (b = 0; b < 8; b++)
            *p++ = (unsigned char)(ranges[i].InitialOffset >> (8 * b));
        for (b = 0; b < 8; b++)
            *p++ = (unsigned char)(ranges[i].Length >> (8 * b));
    }
    return sqlite3_bind_blob(statement, index, blob, (int)(count * RANGE_BYTES), sqlite3_free);
}

static UINT64 little_endian(const unsigned char *bytes)
{
    UINT64 value = 0;
    int b;

    for (b = 7; b >= 0; b--)
        value = value << 8 | bytes[b];
    return value;
}

static HRESULT read_ranges(sqlite3_stmt *statement, int column, BG_FILE_RANGE **ranges,
                           ULONG *count)
{
    const unsigned char *blob;
    int size, i;

    if (sqlite3_column_type(statement, column) == SQLITE_NULL)
        return S_OK;
    if (sqlite3_column_type(statement, column) != SQLITE_BLOB)
        return S_FALSE;
    blob = sqlite3_column_blob(statement, column);
    size = sqlite3_column_bytes(statement, column);
    if (size % RANGE_BYTES || size / RANGE_BYTES > (int)MAX_RANGES)
        return S_FALSE;
    if (!size)
        return S_OK;
    if (!blob || !(*ranges = malloc(size / RANGE_BYTES * sizeof(**ranges))))
        return E_OUTOFMEMORY;
    *count = size / RANGE_BYTES;
    for (i = 0; i < size / RANGE_BYTES; i++) {
        BG_FILE_RANGE *range = &(*ranges)[i];

        range->InitialOffset = little_endian(blob + i * RANGE_BYTES);
        range->Length = little_endian(blob + i * RANGE_BYTES + 8);
        if (range->Length != BG_LENGTH_TO_EOF &&
            range->Length > (UINT64)-1 - range->InitialOffset) {
            return S_FALSE;
        }
    }
    return S_OK;
}

static int bind_secret(sqlite3_stmt *statement, int index, const BYTE *secret, ULONG size)
{
    if (!secret)
        return sqlite3_bind_null(statement, index);
    if (size > MAX_SECRET_BYTES)
        return SQLITE_TOOBIG;
    return sqlite3_bind_blob(statement, index, secret, (int)size, SQLITE_STATIC);
}

static int bind_column(sqlite3_stmt *statement, int index, const struct column *column,
                       const void *base, struct store_texts *texts)
{
    const BYTE *member = (const BYTE *)base + column->offset;

    switch (column->kind) {
    case KIND_U32:
        return sqlite3_bind_int64(statement, index, *(const ULONG *)member);
    case KIND_STATE: {
        BG_JOB_STATE state = *(const BG_JOB_STATE *)member;

        if (state == BG_JOB_STATE_CONNECTING || state == BG_JOB_STATE_TRANSFERRING)
            state = BG_JOB_STATE_QUEUED;
        return sqlite3_bind_int64(statement, index, state);
    }
    case KIND_I32:
        return sqlite3_bind_int64(statement, index, *(const LONG *)member);
    case KIND_U64:
        return sqlite3_bind_int64(statement, index, (sqlite3_int64) * (const UINT64 *)member);
    case KIND_BOOL:
        return sqlite3_bind_int(statement, index, *(const BOOL *)member ? 1 : 0);
    case KIND_TIME: {
        const FILETIME *time = (const FILETIME *)member;

        return sqlite3_bind_int64(
            statement, index,
            (sqlite3_int64)((UINT64)time->dwHighDateTime << 32 | time->dwLowDateTime));
    }
    case KIND_GUID:
        return sqlite3_bind_blob(statement, index, member, sizeof(GUID), SQLITE_STATIC);
    case KIND_TEXT:
        return bind_text(statement, index, *(WCHAR *const *)member, texts);
    case KIND_HASH:
        return sqlite3_bind_blob(statement, index, member, 20, SQLITE_STATIC);
    case KIND_SECRET:
        return bind_secret(statement, index, ((const struct model_secret *)member)->data,
                           ((const struct model_secret *)member)->size);
    }
    return SQLITE_MISUSE;
}

static HRESULT read_blob(sqlite3_stmt *statement, int index, void *out, int size)
{
    const void *blob;

    if (sqlite3_column_type(statement, index) != SQLITE_BLOB)
        return S_FALSE;
    if (sqlite3_column_bytes(statement, index) != size)
        return S_FALSE;
    if (!(blob = sqlite3_column_blob(statement, index)))
        return E_OUTOFMEMORY;
    memcpy(out, blob, size);
    return S_OK;
}

static HRESULT read_secret(sqlite3_stmt *statement, int index, BYTE **secret, ULONG *size)
{
    int type = sqlite3_column_type(statement, index);
    int bytes = sqlite3_column_bytes(statement, index);
    HRESULT hr;

    if (type == SQLITE_NULL)
        return S_OK;
    if (type != SQLITE_BLOB || bytes <= 0 || bytes > (int)MAX_SECRET_BYTES)
        return S_FALSE;
    if (!(*secret = malloc(bytes)))
        return E_OUTOFMEMORY;
    hr = read_blob(statement, index, *secret, bytes);
    if (hr == S_OK)
        *size = bytes;
    return hr;
}

static HRESULT read_column(sqlite3_stmt *statement, int index, const struct column *column,
                           void *base)
{
    BYTE *member = (BYTE *)base + column->offset;
    int type = sqlite3_column_type(statement, index);
    sqlite3_int64 value = 0;

    if (column->kind == KIND_GUID)
        return read_blob(statement, index, member, sizeof(GUID));
    if (column->kind == KIND_HASH)
        return read_blob(statement, index, member, 20);
    if (column->kind == KIND_SECRET && type == SQLITE_TEXT)
        return S_OK; /* clear text of the first schema, in a damaged store: not carried over */
    if (column->kind == KIND_SECRET)
        return read_secret(statement, index, &((struct model_secret *)member)->data,
                           &((struct model_secret *)member)->size);
    if (column->kind == KIND_TEXT) {
        const unsigned char *text;

        if (type == SQLITE_NULL)
            return column->limit ? S_FALSE : S_OK;
        if (type != SQLITE_TEXT)
            return S_FALSE;
        if (!(text = sqlite3_column_text(statement, index)))
            return E_OUTOFMEMORY;
        return store_text_decode(text, (size_t)sqlite3_column_bytes(statement, index),
                                 (WCHAR **)member);
    }
    if (type != SQLITE_INTEGER)
        return S_FALSE;
    value = sqlite3_column_int64(statement, index);
    switch (column->kind) {
    case KIND_U32:
    case KIND_STATE:
        if (value < 0 || value > (sqlite3_int64)column->limit)
            return S_FALSE;
        if (column->kind == KIND_STATE &&
            (value == BG_JOB_STATE_CONNECTING || value == BG_JOB_STATE_TRANSFERRING)) {
            value = BG_JOB_STATE_QUEUED;
        }
        *(ULONG *)member = (ULONG)value;
        break;
    case KIND_I32:
        if (value < LONG_MIN || value > LONG_MAX)
            return S_FALSE;
        *(LONG *)member = (LONG)value;
        break;
    case KIND_U64:
        *(UINT64 *)member = (UINT64)value;
        break;
    case KIND_BOOL:
        if (value != 0 && value != 1)
            return S_FALSE;
        *(BOOL *)member = value ? TRUE : FALSE;
        break;
    default: /* KIND_TIME; past 2^63 FileTimeToSystemTime() fails */
        if (value < 0)
            return S_FALSE;
        ((FILETIME *)member)->dwLowDateTime = (DWORD)value;
        ((FILETIME *)member)->dwHighDateTime = (DWORD)(value >> 32);
        break;
    }
    return S_OK;
}

int store_bind_job(sqlite3_stmt *statement, int first, const struct model_job *job,
                   struct store_texts *texts)
{
    size_t i;
    int rc = SQLITE_OK;

    for (i = 0; i < ARRAYSIZE(job_columns) && rc == SQLITE_OK; i++)
        rc = bind_column(statement, first + (int)i, &job_columns[i], job, texts);
    return rc;
}

HRESULT store_read_job(sqlite3_stmt *statement, int first, struct model_job *out)
{
    size_t i;
    HRESULT hr = S_OK;

    model_job_init(out);
    for (i = 0; i < ARRAYSIZE(job_columns) && hr == S_OK; i++)
        hr = read_column(statement, first + (int)i, &job_columns[i], out);
    if (hr != S_OK)
        model_job_release(out);
    return hr;
}

int store_bind_file(sqlite3_stmt *statement, int first, const struct model_file *file,
                    struct store_texts *texts)
{
    size_t i;
    int rc = SQLITE_OK;

    for (i = 0; i < ARRAYSIZE(file_columns) && rc == SQLITE_OK; i++)
        rc = bind_column(statement, first + (int)i, &file_columns[i], file, texts);
    if (rc == SQLITE_OK)
        rc = bind_ranges(statement, first + (int)i, file->ranges, file->range_count);
    if (rc == SQLITE_OK)
        rc = bind_ranges(statement, first + (int)i + 1, file->filled, file->filled_count);
    if (rc == SQLITE_OK)
        rc = bind_ranges(statement, first + (int)i + 2, file->wanted, file->wanted_count);
    if (rc == SQLITE_OK)
        rc = bind_column(statement, first + (int)i + 3, &volume_column, file, texts);
    return rc;
}

HRESULT store_read_file(sqlite3_stmt *statement, int first, struct model_file *out)
{
    struct model_progress *progress = &out->progress;
    size_t i;
    HRESULT hr = S_OK;

    model_file_init(out);
    for (i = 0; i < ARRAYSIZE(file_columns) && hr == S_OK; i++)
        hr = read_column(statement, first + (int)i, &file_columns[i], out);
    if (hr == S_OK)
        hr = read_ranges(statement, first + (int)i, &out->ranges, &out->range_count);
    if (hr == S_OK)
        hr = read_ranges(statement, first + (int)i + 1, &out->filled, &out->filled_count);
    if (hr == S_OK)
        hr = read_ranges(statement, first + (int)i + 2, &out->wanted, &out->wanted_count);
    if (hr == S_OK)
        hr = read_column(statement, first + (int)i + 3, &volume_column, out);
    if (hr != S_OK) {
        model_file_release(out);
        return hr;
    }
    /* A claim that cannot be true is not worth the file: it is fetched again from the start. */
    if (progress->total != BG_SIZE_UNKNOWN && progress->transferred > progress->total) {
        progress->transferred = 0;
        progress->completed = FALSE;
    }
    return S_OK;
}

int store_bind_credential(sqlite3_stmt *statement, int first,
                          const struct model_credential *credential, struct store_texts *texts)
{
    int rc;

    rc = sqlite3_bind_int(statement, first, credential->target);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int(statement, first + 1, credential->scheme);
    if (rc == SQLITE_OK)
        rc = bind_text(statement, first + 2, credential->user, texts);
    if (rc != SQLITE_OK)
        return rc;
    return bind_secret(statement, first + 3, credential->secret, credential->secret_size);
}

HRESULT store_read_credential(sqlite3_stmt *statement, int first, struct model_credential *out)
{
    static const struct column columns[] = {
        {"target", KIND_U32, offsetof(struct model_credential, target), BG_AUTH_TARGET_PROXY},
        {"scheme", KIND_U32, offsetof(struct model_credential, scheme), BG_AUTH_SCHEME_PASSPORT},
        {"user", KIND_TEXT, offsetof(struct model_credential, user), 0},
    };
    size_t i;
    HRESULT hr = S_OK;

    memset(out, 0, sizeof(*out));
    for (i = 0; i < ARRAYSIZE(columns) && hr == S_OK; i++)
        hr = read_column(statement, first + (int)i, &columns[i], out);
    if (hr == S_OK && (out->target < BG_AUTH_TARGET_SERVER || out->scheme < BG_AUTH_SCHEME_BASIC))
        hr = S_FALSE;
    if (hr == S_OK)
        hr = read_secret(statement, first + 3, &out->secret, &out->secret_size);
    if (hr == S_OK)
        return S_OK;
    free(out->user);
    free(out->secret);
    memset(out, 0, sizeof(*out));
    return hr;
}

/* Appends "a, b, c". */
static void append_columns(sqlite3_str *sql, const struct column *columns, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        sqlite3_str_appendf(sql, "%s%s", i ? ", " : "", columns[i].name);
}

/* Appends "b = ?2, c = ?3": all but the first column, the key. It never changes, and assigning it
 * would write its index anew. */
static void append_assignments(sqlite3_str *sql, const struct column *columns, size_t count)
{
    size_t i;

    for (i = 1; i < count; i++)
        sqlite3_str_appendf(sql, "%s%s = ?%d", i > 1 ? ", " : "", columns[i].name, (int)i + 1);
}

static void append_parameters(sqlite3_str *sql, int count)
{
    int i;

    for (i = 1; i <= count; i++)
        sqlite3_str_appendf(sql, "%s?%d", i > 1 ? ", " : "", i);
}

const int store_job_columns = ARRAYSIZE(job_columns);
const int store_file_columns = ARRAYSIZE(file_columns) + 4; /* and ranges to volume */

char *store_sql_write(enum store_statement which)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);

    if (which == STMT_JOB_INSERT) {
        sqlite3_str_appendall(sql, "INSERT INTO job(");
        append_columns(sql, job_columns, ARRAYSIZE(job_columns));
        sqlite3_str_appendall(sql, ") VALUES(");
        append_parameters(sql, store_job_columns);
    } else if (which == STMT_FILE_INSERT || which == STMT_FILE_REPLACE) {
        sqlite3_str_appendall(sql, which == STMT_FILE_INSERT ? "INSERT INTO file("
                                                             : "INSERT OR REPLACE INTO file(");
        append_columns(sql, file_columns, ARRAYSIZE(file_columns));
        sqlite3_str_appendall(sql, ", ranges, filled, wanted, volume, job) VALUES(");
        append_parameters(sql, store_file_columns + 1);
    } else {
        sqlite3_str_appendall(sql, "UPDATE job SET ");
        append_assignments(sql, job_columns, ARRAYSIZE(job_columns));
        sqlite3_str_appendf(sql, " WHERE (row = ?%d", store_job_columns + 1);
    }
    sqlite3_str_appendall(sql, ")");
    return sqlite3_str_finish(sql);
}

char *store_sql_select_job(const char *tail)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);

    sqlite3_str_appendall(sql, "SELECT ");
    append_columns(sql, job_columns, ARRAYSIZE(job_columns));
    sqlite3_str_appendf(sql, " FROM job %s", tail);
    return sqlite3_str_finish(sql);
}

char *store_sql_select_file(const char *tail, int version)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);

    sqlite3_str_appendall(sql, "SELECT ");
    append_columns(sql, file_columns, ARRAYSIZE(file_columns));
    sqlite3_str_appendf(sql, ", ranges, filled, %s, %s FROM file %s",
                        version < 2 ? "NULL" : "wanted", version < 3 ? "0" : "volume", tail);
    return sqlite3_str_finish(sql);
}
