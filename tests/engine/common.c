/*
 * The engine in this process for the tests of this folder: opened on a store in a temporary folder,
 * with a client that counts what it is told.
 */
#include "common.h"

#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

static WCHAR folder[MAX_PATH]; /* of the store */
WCHAR target[MAX_PATH];        /* of the downloads */
struct engine *engine;
struct os_identity owner;

volatile LONG told[NOTIFY_FILE_RANGES + 1];
volatile LONG refuse; /* so many notifications are not taken */
HANDLE hang;          /* deliver waits for it, when set */
volatile LONG hung;   /* so many times it began to */

/* A client that counts what it is told. */
static HRESULT deliver(IUnknown *to, const struct notification *notification)
{
    if (hang) {
        InterlockedIncrement(&hung);
        WaitForSingleObject(hang, INFINITE);
    }
    InterlockedIncrement(&told[notification->kind]);
    return refuse && InterlockedDecrement(&refuse) >= 0 ? E_FAIL : S_OK;
}

const struct engine_client client = {deliver, NULL, NULL};

static HRESULT STDMETHODCALLTYPE target_QueryInterface(IUnknown *iface, REFIID iid, void **out)
{
    *out = NULL;
    return E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE target_AddRef(IUnknown *iface)
{
    return 2;
}

static const IUnknownVtbl target_vtbl = {target_QueryInterface, target_AddRef, target_AddRef};
IUnknown notify_target = {(IUnknownVtbl *)&target_vtbl};

WCHAR *url(const char *variable, const WCHAR *rest)
{
    static WCHAR text[1024];
    const char *base = getenv(variable);

    if (!base) {
        print_message("%s is not set\n", variable);
        fail();
    }
    swprintf(text, ARRAYSIZE(text), L"%hs%ls", base, rest);
    return text;
}

WCHAR *local(const WCHAR *name)
{
    static WCHAR text[MAX_PATH];

    swprintf(text, ARRAYSIZE(text), L"%ls\\%ls", target, name);
    return text;
}

const WCHAR *store_folder(void)
{
    return folder;
}

struct engine_options engine_options;

/* As far as most tests care all users are logged on. */
static HRESULT everybody(const WCHAR *sid, HANDLE *token)
{
    *token = NULL;
    return S_OK;
}

void open_engine(void)
{
    struct engine_options options = engine_options;

    options.folder = folder;
    if (!options.client)
        options.client = &client;
    if (!options.user_token)
        options.user_token = everybody;
    assert_int_equal(engine_open(&options, &engine), S_OK);
}

struct job *new_job(void)
{
    struct job *job;

    assert_int_equal(engine_create_job(engine, L"test", BG_JOB_TYPE_DOWNLOAD, &owner, &job), S_OK);
    return job;
}

HRESULT add(struct job *job, const WCHAR *remote, const WCHAR *name)
{
    struct file_request request = {remote, local(name), NULL, 0};

    return job_add_files(job, &request, 1, TRUE);
}

void set_priority(struct job *job, BG_JOB_PRIORITY priority)
{
    struct job_change change;

    assert_int_equal(job_change_begin(job, &change), S_OK);
    change.next.priority = priority;
    assert_int_equal(job_change_end(&change, S_OK), S_OK);
}

BG_JOB_STATE wait_for(struct job *job, BG_JOB_STATE wanted)
{
    ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;
    BG_JOB_STATE state;

    while ((state = job_state(job)) != wanted && GetTickCount64() < deadline) {
        if (state == BG_JOB_STATE_ERROR && wanted != state)
            break;
        Sleep(5);
    }
    return state;
}

BOOL wait_count(volatile LONG *count, LONG wanted)
{
    ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;

    while (*count < wanted && GetTickCount64() < deadline)
        Sleep(5);
    return *count >= wanted;
}

UINT64 size_of(const WCHAR *path)
{
    WIN32_FILE_ATTRIBUTE_DATA data;

    if (!GetFileAttributesExW(path, GetFileExInfoStandard, &data))
        return ~0ull;
    return ((UINT64)data.nFileSizeHigh << 32) | data.nFileSizeLow;
}

/* How many files of a folder match a pattern. */
int count_files(const WCHAR *pattern)
{
    WIN32_FIND_DATAW data;
    HANDLE find = FindFirstFileW(local(pattern), &data);
    int count = 0;

    if (find == INVALID_HANDLE_VALUE)
        return 0;
    do
        count += !(data.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY);
    while (FindNextFileW(find, &data));
    FindClose(find);
    return count;
}

void delete_all(const WCHAR *path)
{
    WCHAR pattern[MAX_PATH];
    WIN32_FIND_DATAW data;
    HANDLE find;

    swprintf(pattern, ARRAYSIZE(pattern), L"%ls\\*", path);
    find = FindFirstFileW(pattern, &data);
    if (find == INVALID_HANDLE_VALUE)
        return;
    do {
        WCHAR file[MAX_PATH];

        swprintf(file, ARRAYSIZE(file), L"%ls\\%ls", path, data.cFileName);
        SetFileAttributesW(file, FILE_ATTRIBUTE_NORMAL);
        DeleteFileW(file);
    } while (FindNextFileW(find, &data));
    FindClose(find);
}

static struct {
    const WCHAR *name;
    DWORD value;
} policies[8];

static DWORD policy(const WCHAR *name, DWORD fallback)
{
    for (size_t i = 0; i < ARRAYSIZE(policies) && policies[i].name; i++) {
        if (!wcscmp(policies[i].name, name))
            return policies[i].value;
    }
    return fallback;
}

void set_policy(const WCHAR *name, DWORD value)
{
    static struct os_world world;
    size_t i = 0;

    world = os_world;
    world.policy_dword = policy;
    engine_options.world = &world;
    while (policies[i].name && wcscmp(policies[i].name, name)) {
        i++;
        assert_true(i < ARRAYSIZE(policies));
    }
    policies[i].value = value;
    policies[i].name = name;
}

int setup(void **state)
{
    memset(policies, 0, sizeof(policies));
    memset((void *)told, 0, sizeof(told));
    memset(&engine_options, 0, sizeof(engine_options));
    refuse = 0;
    hang = NULL;
    hung = 0;
    open_engine();
    return 0;
}

int teardown(void **state)
{
    engine_close(engine);
    delete_all(folder);
    delete_all(target);
    return 0;
}

void change(struct job *job, void (*edit)(struct model_job *next))
{
    struct job_change staged;

    assert_int_equal(job_change_begin(job, &staged), S_OK);
    edit(&staged.next);
    assert_int_equal(job_change_end(&staged, S_OK), S_OK);
}

HRESULT error_of(struct job *job)
{
    struct model_error error;
    struct file *file;
    HRESULT hr = job_error(job, &error, &file);

    if (file)
        file_release(file);
    return SUCCEEDED(hr) ? error.code : hr;
}

void wait_bytes(struct job *job, UINT64 bytes)
{
    ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;
    BG_JOB_PROGRESS progress;

    do {
        Sleep(5);
        job_progress(job, &progress);
    } while (progress.BytesTransferred < bytes && GetTickCount64() < deadline);
    assert_true(progress.BytesTransferred >= bytes);
}

struct job *reopen(struct job *job)
{
    GUID id = job_lock(job)->id;

    job_unlock(job);
    job_release(job);
    engine_close(engine);
    open_engine();
    assert_int_equal(engine_find_job(engine, &id, &job), S_OK);
    return job;
}

int run_engine_tests(const struct CMUnitTest *tests, size_t count)
{
    WCHAR base[MAX_PATH];
    int failed;

    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    GetTempPathW(MAX_PATH - 40, base);
    swprintf(folder, MAX_PATH, L"%lsobe-%lu-store", base, GetCurrentProcessId());
    swprintf(target, MAX_PATH, L"%lsobe-%lu-files", base, GetCurrentProcessId());
    CreateDirectoryW(folder, NULL);
    CreateDirectoryW(target, NULL);
    if (FAILED(os_client_identity(&owner)))
        return 1;
    owner.administrator = TRUE;
    failed = _cmocka_run_group_tests("engine", tests, count, NULL, NULL);
    RemoveDirectoryW(folder);
    RemoveDirectoryW(target);
    return failed;
}
