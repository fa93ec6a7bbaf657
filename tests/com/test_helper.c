/*
 * What a helper token is used for: the COM facade and its engine in this process, where every file
 * that is opened can be seen together with whom it is opened for; and an answer without memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <windows.h>
#include <bits10_1.h>
#include <bitsmsg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "com/com.h"
#include "no_memory.h"

#define call(object, method, ...)                                                                  \
    ({                                                                                             \
        __typeof__(object) called_object = (object);                                               \
        called_object->lpVtbl->method(called_object, ##__VA_ARGS__);                               \
    })
#define expect(wanted, expression) assert_int_equal((ULONG)(wanted), (ULONG)(expression))
#define ok(expression)             expect(S_OK, expression)

static WCHAR folder[MAX_PATH];
static struct engine_options options = {.folder = folder, .client = &com_client};
static IBackgroundCopyManager *manager;
static HANDLE helper;

/* ---- who opens files ---- */

static __typeof__(&CreateFileW) real_create;
static volatile LONG opened[2][2]; /* source or target; as the service, as the helper */
enum { SOURCE, TARGET };

static HANDLE WINAPI seen_create(const WCHAR *path, DWORD access, DWORD share,
                                 SECURITY_ATTRIBUTES *security, DWORD how, DWORD flags,
                                 HANDLE template)
{
    int which = wcsstr(path, L"\\from\\") ? SOURCE : wcsstr(path, L"\\to\\") ? TARGET : -1;
    HANDLE token;

    if (which >= 0) {
        BOOL acting = OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token);

        if (acting)
            CloseHandle(token);
        InterlockedIncrement(&opened[which][acting]);
    }
    return real_create(path, access, share, security, how, flags, template);
}

/* Puts ours in place of CreateFileW in this program's table of imports. */
static void watch_files(void)
{
    BYTE *base = (BYTE *)GetModuleHandleW(NULL);
    IMAGE_NT_HEADERS *nt = (IMAGE_NT_HEADERS *)(base + ((IMAGE_DOS_HEADER *)base)->e_lfanew);
    IMAGE_IMPORT_DESCRIPTOR *imports =
        (IMAGE_IMPORT_DESCRIPTOR *)(base +
                                    nt->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT]
                                        .VirtualAddress);

    real_create = CreateFileW;
    for (; imports->FirstThunk; imports++) {
        void **slot = (void **)(base + imports->FirstThunk);

        for (; *slot; slot++) {
            DWORD before;

            if (*slot != (void *)real_create)
                continue;
            assert_true(VirtualProtect(slot, sizeof(*slot), PAGE_READWRITE, &before));
            *slot = (void *)seen_create;
            VirtualProtect(slot, sizeof(*slot), before, &before);
            return;
        }
    }
    fail_msg("CreateFileW is not imported");
}

/* ---- jobs ---- */

static int setup(void **state)
{
    HANDLE token;

    if (FAILED(com_open(&options)) || FAILED(manager_create(&manager)) ||
        !OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &token) ||
        !DuplicateTokenEx(token, TOKEN_ALL_ACCESS, NULL, SecurityImpersonation, TokenImpersonation,
                          &helper))
        return -1;
    CloseHandle(token);
    memset((void *)opened, 0, sizeof(opened));
    return 0;
}

static int teardown(void **state)
{
    SetThreadToken(NULL, NULL);
    CloseHandle(helper);
    call(manager, Release);
    com_close();
    return 0;
}

static const WCHAR *place(const WCHAR *name)
{
    static WCHAR path[4][MAX_PATH + 16];
    static int next;
    WCHAR *now = path[next++ % 4];

    swprintf(now, MAX_PATH, L"%ls\\%ls", folder, name);
    return now;
}

/* A foreground job that copies a file into another folder, with a helper token for that. */
static IBackgroundCopyJob5 *new_copy(BG_JOB_TYPE type, DWORD flags)
{
    static const char content[100000]; /* a small file would not be opened again by Complete */
    WCHAR remote[MAX_PATH + 8];
    IBitsTokenOptions *tokens = NULL;
    IBackgroundCopyJob5 *job5 = NULL;
    IBackgroundCopyJob *job = NULL;
    HANDLE made;
    DWORD done;
    GUID id;

    CreateDirectoryW(place(L"from"), NULL);
    CreateDirectoryW(place(L"to"), NULL);
    made = real_create(place(L"from\\source"), GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    assert_true(WriteFile(made, content, sizeof(content), &done, NULL));
    CloseHandle(made);
    swprintf(remote, ARRAYSIZE(remote), L"file://%ls",
             place(type == BG_JOB_TYPE_DOWNLOAD ? L"from\\source" : L"to\\target"));
    ok(call(manager, CreateJob, L"helped", type, &id, &job));
    ok(call(job, QueryInterface, &IID_IBackgroundCopyJob5, (void **)&job5));
    ok(call(job, QueryInterface, &IID_IBitsTokenOptions, (void **)&tokens));
    call(job, Release);
    ok(call(job5, SetPriority, BG_JOB_PRIORITY_FOREGROUND));
    ok(call(job5, AddFile, remote,
            place(type == BG_JOB_TYPE_DOWNLOAD ? L"to\\target" : L"from\\source")));
    ok(call(tokens, SetHelperTokenFlags, flags));
    assert_true(SetThreadToken(NULL, helper));
    ok(call(tokens, SetHelperToken));
    assert_true(SetThreadToken(NULL, NULL));
    call(tokens, Release);
    memset((void *)opened, 0, sizeof(opened));
    return job5;
}

static void wait_state(IBackgroundCopyJob5 *job, BG_JOB_STATE wanted)
{
    ULONGLONG end = GetTickCount64() + 30000;
    BG_JOB_STATE now = BG_JOB_STATE_QUEUED;

    while (now != wanted) {
        assert_true(GetTickCount64() < end);
        Sleep(5);
        ok(call(job, GetState, &now));
    }
}

/* All that is opened of the local file, and nothing else, or the other way round. */
static void check_use(BG_JOB_TYPE type, DWORD flags, BOOL source, BOOL target)
{
    IBackgroundCopyJob5 *job = new_copy(type, flags);

    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_TRANSFERRED);
    ok(call(job, Complete));
    call(job, Release);
    assert_true(GetFileAttributesW(place(L"to\\target")) != INVALID_FILE_ATTRIBUTES);
    assert_true(opened[SOURCE][source] > 0);
    assert_int_equal(opened[SOURCE][!source], 0);
    /* To write, and to rename where that needs it. */
    assert_true(opened[TARGET][target] > (type == BG_JOB_TYPE_DOWNLOAD));
    assert_int_equal(opened[TARGET][!target], 0);
    DeleteFileW(place(L"to\\target"));
}

static void helper_none(void **state)
{
    check_use(BG_JOB_TYPE_DOWNLOAD, 0, FALSE, FALSE);
}

static void helper_local_files(void **state)
{
    check_use(BG_JOB_TYPE_DOWNLOAD, BG_TOKEN_LOCAL_FILE, FALSE, TRUE);
}

static void helper_network_files(void **state)
{
    check_use(BG_JOB_TYPE_DOWNLOAD, BG_TOKEN_NETWORK, TRUE, FALSE);
    check_use(BG_JOB_TYPE_DOWNLOAD, BG_TOKEN_NETWORK | BG_TOKEN_LOCAL_FILE, TRUE, TRUE);
}

static void helper_network_uploads(void **state)
{
    check_use(BG_JOB_TYPE_UPLOAD, 0, FALSE, FALSE);
    check_use(BG_JOB_TYPE_UPLOAD, BG_TOKEN_LOCAL_FILE, TRUE, FALSE);
    check_use(BG_JOB_TYPE_UPLOAD, BG_TOKEN_NETWORK, FALSE, TRUE);
    check_use(BG_JOB_TYPE_UPLOAD, BG_TOKEN_NETWORK | BG_TOKEN_LOCAL_FILE, TRUE, TRUE);
}

/* Certificates are the owner's: with a helper token for the network they cannot be used. */
static void helper_certificate(void **state)
{
    IBackgroundCopyJob5 *face = new_copy(BG_JOB_TYPE_DOWNLOAD, BG_TOKEN_NETWORK);
    IBackgroundCopyError *error = NULL;
    BG_ERROR_CONTEXT context;
    struct job_change change;
    struct job *job;
    HRESULT code;
    GUID id;

    ok(call(face, GetId, &id));
    ok(engine_find_job(com_engine(), &id, &job));
    ok(job_change_begin(job, &change));
    change.next.certificate.present = TRUE;
    ok(job_change_end(&change, S_OK));
    ok(call(face, Resume));
    wait_state(face, BG_JOB_STATE_ERROR);
    ok(call(face, GetError, &error));
    ok(call(error, GetError, &context, &code));
    call(error, Release);
    expect(0x80072f9a, code);
    ok(job_change_begin(job, &change));
    change.next.helper_token_flags = BG_TOKEN_LOCAL_FILE;
    ok(job_change_end(&change, S_OK));
    ok(call(face, Resume));
    wait_state(face, BG_JOB_STATE_TRANSFERRED);
    ok(call(face, Cancel));
    call(face, Release);
    job_release(job);
}

static void helper_no_memory(void **state)
{
    const char *server = getenv("OPENBITS_TEST_FAULT");
    IBackgroundCopyJob *job = NULL;
    IBackgroundCopyJob5 *job5 = NULL;
    IEnumBackgroundCopyFiles *files = NULL;
    BG_FILE_RANGE *ranges = (BG_FILE_RANGE *)1;
    IBackgroundCopyFile6 *file6 = NULL;
    IBackgroundCopyFile *file = NULL;
    WCHAR remote[200];
    DWORD count = 99;
    GUID id;

    if (!server)
        skip();
    swprintf(remote, ARRAYSIZE(remote), L"%hsdata/memory?size=10", server);
    ok(call(manager, CreateJob, L"full", BG_JOB_TYPE_DOWNLOAD, &id, &job));
    ok(call(job, QueryInterface, &IID_IBackgroundCopyJob5, (void **)&job5));
    ok(call(job, SetPriority, BG_JOB_PRIORITY_FOREGROUND));
    ok(call(job, AddFile, remote, place(L"memory")));
    ok(call(job, Resume));
    wait_state(job5, BG_JOB_STATE_TRANSFERRED);
    ok(call(job, EnumFiles, &files));
    ok(call(files, Next, 1, &file, NULL));
    ok(call(file, QueryInterface, &IID_IBackgroundCopyFile6, (void **)&file6));
    ok(refuse_task_memory());
    expect(E_OUTOFMEMORY, call(file6, GetFilledFileRanges, &count, &ranges));
    ok(allow_task_memory());
    assert_null(ranges);
    assert_int_equal(count, 0);
    ok(call(file6, GetFilledFileRanges, &count, &ranges));
    assert_int_equal(count, 1);
    CoTaskMemFree(ranges);
    call(file6, Release);
    call(file, Release);
    call(files, Release);
    ok(call(job, Cancel));
    call(job5, Release);
    call(job, Release);
}

int main(void)
{
#define HELPER_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
    const struct CMUnitTest tests[] = {
        HELPER_TEST(helper_none),          HELPER_TEST(helper_local_files),
        HELPER_TEST(helper_network_files), HELPER_TEST(helper_network_uploads),
        HELPER_TEST(helper_certificate),   HELPER_TEST(helper_no_memory),
    };
    static const WCHAR *const names[] = {L"from\\source", L"from", L"to"};
    WCHAR base[MAX_PATH], path[2 * MAX_PATH];
    WIN32_FIND_DATAW found;
    HANDLE find;
    int failed;

    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    GetTempPathW(MAX_PATH - 40, base);
    swprintf(folder, MAX_PATH, L"%lsobe-%lu-helper", base, GetCurrentProcessId());
    CreateDirectoryW(folder, NULL);
    watch_files();
    failed = cmocka_run_group_tests_name("helper", tests, NULL, NULL);
    for (size_t i = 0; i < ARRAYSIZE(names); i++)
        if (!DeleteFileW(place(names[i])))
            RemoveDirectoryW(place(names[i]));
    find = FindFirstFileW(place(L"*"), &found);
    do {
        swprintf(path, ARRAYSIZE(path), L"%ls\\%ls", folder, found.cFileName);
        DeleteFileW(path);
    } while (find != INVALID_HANDLE_VALUE && FindNextFileW(find, &found));
    FindClose(find);
    RemoveDirectoryW(folder);
    return failed;
}
