/* See support.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "support.h"

WCHAR *make_folder(void)
{
    static LONG serial;
    WCHAR base[MAX_PATH], *folder = malloc(MAX_PATH * sizeof(WCHAR));

    if (!folder || !GetTempPathW(MAX_PATH - 40, base))
        return NULL;
    /* Process ids come again, and a test that failed leaves its folder behind. */
    do {
        swprintf(folder, MAX_PATH, L"%lsobstore-%lu-%ld", base, GetCurrentProcessId(),
                 InterlockedIncrement(&serial));
    } while (!CreateDirectoryW(folder, NULL) && GetLastError() == ERROR_ALREADY_EXISTS);
    return folder;
}

void remove_folder(WCHAR *folder)
{
    WIN32_FIND_DATAW data;
    HANDLE find = FindFirstFileW(in_folder(folder, L"*"), &data);

    if (find != INVALID_HANDLE_VALUE) {
        do {
            if (!(data.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY))
                DeleteFileW(in_folder(folder, data.cFileName));
        } while (FindNextFileW(find, &data));
        FindClose(find);
    }
    RemoveDirectoryW(folder);
    free(folder);
}

const WCHAR *in_folder(const WCHAR *folder, const WCHAR *name)
{
    static WCHAR paths[2][MAX_PATH];
    static unsigned int turn;
    WCHAR *path = paths[turn++ % 2];

    swprintf(path, MAX_PATH, L"%ls\\%ls", folder, name);
    return path;
}

BOOL find_one(const WCHAR *folder, const WCHAR *pattern, WCHAR name[MAX_PATH])
{
    WIN32_FIND_DATAW data;
    HANDLE find = FindFirstFileW(in_folder(folder, pattern), &data);
    BOOL more;

    if (find == INVALID_HANDLE_VALUE)
        return FALSE;
    wcscpy(name, data.cFileName);
    more = FindNextFileW(find, &data);
    FindClose(find);
    return !more;
}

GUID guid_number(unsigned int n)
{
    GUID guid = {n, 0x1234, 0x4567, {0x89, 0, 0xff, 0x80, 0x7f, 1, 2, 3}};

    return guid;
}

static void set(WCHAR **slot, const WCHAR *name, unsigned int n)
{
    WCHAR text[128];

    /* Beyond ASCII: two and three byte characters, a surrogate pair, and one half of a pair. */
    swprintf(text, ARRAYSIZE(text), L"%ls-%u \x00e9\x20ac\xd83d\xde00\xd800.", name, n);
    assert_int_equal(model_set_string(slot, text), S_OK);
}

static FILETIME time_number(unsigned int n)
{
    FILETIME time = {0xfffffff0u + n, 0x01d00000u + n};

    return time;
}

static void add_credential(struct model_job *job, BG_AUTH_TARGET target, BG_AUTH_SCHEME scheme,
                           unsigned int n)
{
    struct model_credential *credential;

    job->credentials =
        realloc(job->credentials, (job->credential_count + 1) * sizeof(*job->credentials));
    assert_non_null(job->credentials);
    credential = &job->credentials[job->credential_count++];
    memset(credential, 0, sizeof(*credential));
    credential->target = target;
    credential->scheme = scheme;
    set(&credential->user, L"user", n);
    credential->secret_size = 3 + n % 5;
    credential->secret = calloc(1, credential->secret_size);
    assert_non_null(credential->secret);
    credential->secret[0] = (BYTE)n;
    credential->secret[2] = 0xff;
}

void fill_job(struct model_job *job, unsigned int n)
{
    model_job_init(job);
    job->id = guid_number(n);
    job->type = n % 3;
    job->state = n % 2 ? BG_JOB_STATE_TRANSIENT_ERROR : BG_JOB_STATE_SUSPENDED;
    job->priority = n % 4;
    job->sequence = 1000000000000ull + n;
    set(&job->display_name, L"name", n);
    set(&job->description, L"description", n);
    set(&job->owner_sid, L"S-1-5-21", n);
    job->owner_integrity = SECURITY_MANDATORY_HIGH_RID;
    job->owner_elevated = TRUE;
    job->created = time_number(n);
    job->modified = time_number(n + 1);
    job->transferred = time_number(n + 2);
    job->active = time_number(n + 3);
    job->notify_flags = 0x1f;
    set(&job->notify_program, L"C:\\program", n);
    set(&job->notify_parameters, L"parameters", n);
    job->notify_pending = 2;
    job->minimum_retry_delay = 0xffffffff;
    job->no_progress_timeout = n;
    job->maximum_download_time = n + 1;
    job->error_count = n + 2;
    job->error.context = BG_ERROR_CONTEXT_REMOTE_FILE;
    job->error.code = (HRESULT)(0x80190000u + n);
    job->error.file = n + 4;
    job->retry_at = time_number(n + 5);
    job->proxy_usage = BG_JOB_PROXY_USAGE_OVERRIDE;
    set(&job->proxy_list, L"proxy", n);
    set(&job->proxy_bypass, L"bypass", n);
    add_credential(job, BG_AUTH_TARGET_SERVER, BG_AUTH_SCHEME_BASIC, n);
    add_credential(job, BG_AUTH_TARGET_PROXY, BG_AUTH_SCHEME_NEGOTIATE, n + 1);
    set(&job->reply_file, L"reply", n);
    set(&job->upload_session, L"{session}", n);
    set(&job->upload_host, L"host", n);
    job->reply_total = 0xfffffffffffffff0ull - n;
    job->reply_transferred = n + 6;
    job->acl_flags = 15;
    job->peer_flags = 3;
    job->certificate.present = TRUE;
    job->certificate.by_id = TRUE;
    job->certificate.location = BG_CERT_STORE_LOCATION_LOCAL_MACHINE_ENTERPRISE;
    set(&job->certificate.store, L"MY", n);
    set(&job->certificate.subject, L"CN=", n);
    memset(job->certificate.hash, (int)(n | 0x80), sizeof(job->certificate.hash));
    job->custom_headers.size = 5 + n % 50;
    job->custom_headers.data = calloc(1, job->custom_headers.size);
    assert_non_null(job->custom_headers.data);
    memset(job->custom_headers.data, (int)(n | 1), job->custom_headers.size);
    job->custom_headers_write_only = TRUE;
    job->security_flags = 0x10f;
    set(&job->http_method, L"PUT", n);
    job->cost_flags = 0x80000021;
    job->notify_clsid = guid_number(n + 1000000);
    job->dynamic_content = TRUE;
    job->high_performance = TRUE;
    job->maximum_download_size = 0xffffffffffffffffull;
    job->stored_credentials = 4;
    job->minimum_notification_interval = 7;
    job->on_demand = TRUE;
    job->resumed_once = TRUE;
    job->helper_token_flags = 3;
    set(&job->helper_token_sid, L"S-1-5-18", n);
    job->group = guid_number(n + 2000000);
}

static BG_FILE_RANGE *make_ranges(ULONG count, unsigned int n)
{
    BG_FILE_RANGE *ranges = calloc(count, sizeof(*ranges));
    ULONG i;

    assert_non_null(ranges);
    for (i = 0; i < count; i++) {
        ranges[i].InitialOffset = 0x123456789abull * i + n;
        ranges[i].Length = i == count - 1 ? BG_LENGTH_TO_EOF : i + 1;
    }
    return ranges;
}

void fill_file(struct model_file *file, unsigned int n, ULONG ordinal)
{
    model_file_init(file);
    file->ordinal = ordinal;
    set(&file->remote_name, L"http://server/file", n + ordinal);
    set(&file->local_name, L"C:\\folder\\file", n + ordinal);
    set(&file->temporary_name, L"C:\\folder\\BIT1.tmp", n + ordinal);
    file->ranges = make_ranges(3, n);
    file->range_count = 3;
    file->progress.total = 0x100000000ull + n;
    file->progress.transferred = 0x100000000ull;
    file->progress.completed = n % 2;
    set(&file->etag, L"\"etag\"", n);
    set(&file->last_modified, L"Sat, 21 Nov 2026 08:00:00 GMT", n);
    file->remote_size = 0x200000000ull + n;
    file->filled = make_ranges(2, n + 1);
    file->filled_count = 2;
    file->wanted = make_ranges(4, n + 2);
    file->wanted_count = 4;
    file->volume = 0xfedc0000u + n;
    set(&file->response_headers, L"HTTP/1.1 200 OK\r\n", n);
    file->renamed = TRUE;
    file->validated = TRUE;
    file->validation_set = TRUE;
    file->bytes_from_origin = 0x300000000ull + n;
    file->bytes_from_peers = 0x8000000000000000ull;
}

#define SAME_VALUE(member)                                                                         \
    do {                                                                                           \
        if (memcmp(&a->member, &b->member, sizeof(a->member)))                                     \
            fail_msg("%s differs", #member);                                                       \
    } while (0)
#define SAME_TEXT(member)                                                                          \
    do {                                                                                           \
        if (!a->member != !b->member || (a->member && wcscmp(a->member, b->member)))               \
            fail_msg("%s differs", #member);                                                       \
    } while (0)

void assert_same_job(const struct model_job *a, const struct model_job *b)
{
    ULONG i;

    SAME_VALUE(id);
    SAME_VALUE(type);
    SAME_VALUE(state);
    SAME_VALUE(priority);
    SAME_VALUE(sequence);
    SAME_TEXT(display_name);
    SAME_TEXT(description);
    SAME_TEXT(owner_sid);
    SAME_VALUE(owner_integrity);
    SAME_VALUE(owner_elevated);
    SAME_VALUE(created);
    SAME_VALUE(modified);
    SAME_VALUE(transferred);
    SAME_VALUE(active);
    SAME_VALUE(notify_flags);
    SAME_TEXT(notify_program);
    SAME_TEXT(notify_parameters);
    SAME_VALUE(notify_pending);
    SAME_VALUE(minimum_retry_delay);
    SAME_VALUE(no_progress_timeout);
    SAME_VALUE(maximum_download_time);
    SAME_VALUE(error_count);
    SAME_VALUE(error);
    SAME_VALUE(retry_at);
    SAME_VALUE(proxy_usage);
    SAME_TEXT(proxy_list);
    SAME_TEXT(proxy_bypass);
    SAME_VALUE(credential_count);
    for (i = 0; i < a->credential_count; i++) {
        SAME_VALUE(credentials[i].target);
        SAME_VALUE(credentials[i].scheme);
        SAME_TEXT(credentials[i].user);
        SAME_VALUE(credentials[i].secret_size);
        assert_memory_equal(a->credentials[i].secret, b->credentials[i].secret,
                            a->credentials[i].secret_size);
    }
    SAME_TEXT(reply_file);
    SAME_TEXT(upload_session);
    SAME_TEXT(upload_host);
    SAME_VALUE(reply_total);
    SAME_VALUE(reply_transferred);
    SAME_VALUE(acl_flags);
    SAME_VALUE(peer_flags);
    SAME_VALUE(certificate.present);
    SAME_VALUE(certificate.by_id);
    SAME_VALUE(certificate.location);
    SAME_TEXT(certificate.store);
    SAME_TEXT(certificate.subject);
    SAME_VALUE(certificate.hash);
    SAME_VALUE(custom_headers.size);
    assert_memory_equal(a->custom_headers.data, b->custom_headers.data, a->custom_headers.size);
    SAME_VALUE(custom_headers_write_only);
    SAME_VALUE(security_flags);
    SAME_TEXT(http_method);
    SAME_VALUE(cost_flags);
    SAME_VALUE(notify_clsid);
    SAME_VALUE(dynamic_content);
    SAME_VALUE(high_performance);
    SAME_VALUE(maximum_download_size);
    SAME_VALUE(stored_credentials);
    SAME_VALUE(minimum_notification_interval);
    SAME_VALUE(on_demand);
    SAME_VALUE(resumed_once);
    SAME_VALUE(helper_token_flags);
    SAME_TEXT(helper_token_sid);
    SAME_VALUE(group);
}

void assert_same_file(const struct model_file *a, const struct model_file *b)
{
    SAME_VALUE(ordinal);
    SAME_TEXT(remote_name);
    SAME_TEXT(local_name);
    SAME_TEXT(temporary_name);
    SAME_VALUE(range_count);
    assert_memory_equal(a->ranges, b->ranges, a->range_count * sizeof(*a->ranges));
    SAME_VALUE(progress.total);
    SAME_VALUE(progress.transferred);
    SAME_VALUE(progress.completed);
    SAME_TEXT(etag);
    SAME_TEXT(last_modified);
    SAME_VALUE(remote_size);
    SAME_VALUE(filled_count);
    assert_memory_equal(a->filled, b->filled, a->filled_count * sizeof(*a->filled));
    SAME_VALUE(wanted_count);
    assert_memory_equal(a->wanted, b->wanted, a->wanted_count * sizeof(*a->wanted));
    SAME_VALUE(volume);
    SAME_TEXT(response_headers);
    SAME_VALUE(renamed);
    SAME_VALUE(validated);
    SAME_VALUE(validation_set);
    SAME_VALUE(bytes_from_origin);
    SAME_VALUE(bytes_from_peers);
}

/* Takes the job over as an engine would. */
static HRESULT take_job(void *context, struct model_job *job, struct model_file *files, ULONG count)
{
    struct loaded *loaded = context;
    struct loaded_job *jobs = realloc(loaded->jobs, (loaded->count + 1) * sizeof(*jobs)), *slot;

    if (!jobs)
        return E_OUTOFMEMORY;
    loaded->jobs = jobs;
    slot = &jobs[loaded->count];
    slot->files = calloc(count ? count : 1, sizeof(*files));
    if (!slot->files)
        return E_OUTOFMEMORY;
    loaded->count++;
    slot->job = *job;
    slot->count = count;
    memset(job, 0, sizeof(*job));
    if (count) {
        memcpy(slot->files, files, count * sizeof(*files));
        memset(files, 0, count * sizeof(*files));
    }
    return S_OK;
}

HRESULT load_all(struct store *store, struct loaded *loaded)
{
    memset(loaded, 0, sizeof(*loaded));
    return store_load(store, take_job, loaded);
}

void release_loaded(struct loaded *loaded)
{
    size_t i;
    ULONG f;

    for (i = 0; i < loaded->count; i++) {
        for (f = 0; f < loaded->jobs[i].count; f++)
            model_file_release(&loaded->jobs[i].files[f]);
        free(loaded->jobs[i].files);
        model_job_release(&loaded->jobs[i].job);
    }
    free(loaded->jobs);
    memset(loaded, 0, sizeof(*loaded));
}

struct loaded_job *find_job(struct loaded *loaded, const GUID *id)
{
    size_t i;

    for (i = 0; i < loaded->count; i++) {
        if (IsEqualGUID(&loaded->jobs[i].job.id, id))
            return &loaded->jobs[i];
    }
    return NULL;
}

struct store *open_store(const WCHAR *folder, enum store_found expected)
{
    enum store_found found;
    struct store *store;
    WCHAR *aside;

    assert_int_equal(store_open(folder, &store, &found, &aside), S_OK);
    assert_non_null(store);
    assert_int_equal(found, expected);
    if (expected == STORE_FRESH || expected == STORE_INTACT)
        assert_null(aside);
    LocalFree(aside);
    return store;
}

HRESULT put_job(struct store *store, const struct model_job *job, struct model_file *files,
                ULONG count)
{
    struct store_txn *txn = store_txn_begin(store);
    struct model_file **pointers = calloc(count ? count : 1, sizeof(*pointers));
    HRESULT hr = E_OUTOFMEMORY;
    ULONG i;

    for (i = 0; i < count && pointers; i++)
        pointers[i] = &files[i];
    if (txn && pointers && SUCCEEDED(hr = store_txn_put_job(txn, job)) && count)
        hr = store_txn_put_files(txn, &job->id, pointers, count);
    free(pointers);
    if (SUCCEEDED(hr))
        return store_commit(store, txn);
    store_txn_discard(txn);
    return hr;
}

HRESULT put_progress(struct store *store, const GUID *id, ULONG ordinal, UINT64 transferred)
{
    struct model_progress progress = {BG_SIZE_UNKNOWN, transferred, FALSE};
    struct store_txn *txn = store_txn_begin(store);
    HRESULT hr = E_OUTOFMEMORY;

    if (txn && SUCCEEDED(hr = store_txn_put_progress(txn, id, ordinal, &progress)))
        return store_commit(store, txn);
    store_txn_discard(txn);
    return hr;
}

HRESULT delete_job(struct store *store, const GUID *id)
{
    struct store_txn *txn = store_txn_begin(store);
    HRESULT hr = E_OUTOFMEMORY;

    if (txn && SUCCEEDED(hr = store_txn_delete_job(txn, id)))
        return store_commit(store, txn);
    store_txn_discard(txn);
    return hr;
}
