/*
 * See common.h. Called by every test of this folder; calls the service through COM, and the fault
 * server through a socket.
 */
#include "common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../server/pattern.h"

#define POLL_MS 5

IBackgroundCopyManager *manager;

static WCHAR folder[MAX_PATH];
static int fault_jobs;
static void *tracked[4096];
static size_t tracked_count;
static void *texts[4096];
static size_t text_count;

void expect_result(HRESULT wanted, HRESULT got, const char *what, const char *file, int line)
{
    if (got == wanted)
        return;
    print_error("%s: 0x%08lx instead of 0x%08lx\n", what, (unsigned long)got,
                (unsigned long)wanted);
    _fail(file, line);
}

void check_text(WCHAR *task, const WCHAR *wanted, const char *file, int line)
{
    BOOL same = task && !wcscmp(task, wanted);

    if (!same)
        print_error("\"%ls\" instead of \"%ls\"\n", task ? task : L"(null)", wanted);
    CoTaskMemFree(task);
    if (!same)
        _fail(file, line);
}

void *track(void *object)
{
    assert_non_null(object);
    assert_true(tracked_count < ARRAYSIZE(tracked));
    tracked[tracked_count++] = object;
    return object;
}

void release_tracked(void)
{
    while (tracked_count) {
        IUnknown *object = tracked[--tracked_count];

        call(object, Release);
    }
}

static void *keep(void *text)
{
    assert_non_null(text);
    assert_true(text_count < ARRAYSIZE(texts));
    texts[text_count++] = text;
    return text;
}

/* ---- names ---- */

const WCHAR *environment(const char *name)
{
    char full[64];
    const char *value;
    WCHAR *wide;
    int size;

    snprintf(full, sizeof(full), "OPENBITS_TEST_%s", name);
    value = getenv(full);
    if (!value)
        skip();
    size = MultiByteToWideChar(CP_UTF8, 0, value, -1, NULL, 0);
    wide = keep(malloc(size * sizeof(*wide)));
    MultiByteToWideChar(CP_UTF8, 0, value, -1, wide, size);
    return wide;
}

/* head, separator and the formatted rest (UTF-8) as one wide string. */
static const WCHAR *join(const WCHAR *head, const WCHAR *separator, const char *format,
                         va_list arguments)
{
    char rest[4096];
    size_t length = wcslen(head) + wcslen(separator);
    WCHAR *text;
    int size;

    vsnprintf(rest, sizeof(rest), format, arguments);
    size = MultiByteToWideChar(CP_UTF8, 0, rest, -1, NULL, 0);
    text = keep(malloc((length + size) * sizeof(*text)));
    wcscpy(text, head);
    wcscat(text, separator);
    MultiByteToWideChar(CP_UTF8, 0, rest, -1, text + length, size);
    return text;
}

const WCHAR *url(const char *server, const char *format, ...)
{
    const WCHAR *text;
    va_list arguments;

    va_start(arguments, format);
    text = join(environment(server), L"", format, arguments);
    va_end(arguments);
    return text;
}

const WCHAR *local(const char *format, ...)
{
    const WCHAR *text;
    va_list arguments;

    va_start(arguments, format);
    text = join(folder, L"\\", format, arguments);
    va_end(arguments);
    return text;
}

WCHAR *fill(const WCHAR *head, WCHAR c, size_t length)
{
    WCHAR *text = keep(malloc((length + 1) * sizeof(*text)));
    size_t i = wcslen(head);

    assert_true(i <= length);
    wcscpy(text, head);
    while (i < length)
        text[i++] = c;
    text[i] = 0;
    return text;
}

/* ---- jobs ---- */

IBackgroundCopyJob5 *new_job(BG_JOB_TYPE type)
{
    IBackgroundCopyJob *job = NULL;
    IBackgroundCopyJob5 *job5;
    GUID id;

    ok(call(manager, CreateJob, L"test", type, &id, &job));
    job5 = query(job, &IID_IBackgroundCopyJob5);
    call(job, Release);
    return job5;
}

IBackgroundCopyJob5 *new_download(const WCHAR *remote)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);

    ok(call(job, SetPriority, BG_JOB_PRIORITY_FOREGROUND));
    ok(call(job, AddFile, remote, local("file")));
    return job;
}

IBackgroundCopyJob5 *new_fault_download(const char *settings)
{
    fault_jobs++;
    return new_download(fault_jobs == 1 ? url("FAULT", "data/test?%s", settings)
                                        : url("FAULT", "data/test%d?%s", fault_jobs, settings));
}

void *query(void *object, const IID *iid)
{
    void *face = NULL;

    ok(call((IUnknown *)object, QueryInterface, iid, &face));
    return track(face);
}

IBackgroundCopyFile6 *job_file(IBackgroundCopyJob5 *job, ULONG index)
{
    IEnumBackgroundCopyFiles *files = NULL;
    IBackgroundCopyFile *file = NULL;
    IBackgroundCopyFile6 *file6;

    ok(call(job, EnumFiles, &files));
    if (index)
        ok(call(files, Skip, index));
    ok(call(files, Next, 1, &file, NULL));
    call(files, Release);
    file6 = query(file, &IID_IBackgroundCopyFile6);
    call(file, Release);
    return file6;
}

BG_JOB_STATE state_of(IBackgroundCopyJob5 *job)
{
    BG_JOB_STATE state = (BG_JOB_STATE)-1;

    ok(call(job, GetState, &state));
    return state;
}

GUID id_of(IBackgroundCopyJob5 *job)
{
    GUID id;

    ok(call(job, GetId, &id));
    return id;
}

/* For the message of a test that fails. */
static void explain(IBackgroundCopyJob5 *job)
{
    IBackgroundCopyError *error;
    BG_ERROR_CONTEXT context;
    HRESULT code;

    print_error("the job is in state %d\n", state_of(job));
    if (FAILED(call(job, GetError, &error)))
        return;
    if (SUCCEEDED(call(error, GetError, &context, &code)))
        print_error("its error is 0x%08lx, context %d\n", (unsigned long)code, context);
    call(error, Release);
}

static BOOL lasting(BG_JOB_STATE state)
{
    return state == BG_JOB_STATE_ERROR || state == BG_JOB_STATE_TRANSFERRED ||
           state >= BG_JOB_STATE_ACKNOWLEDGED || state == BG_JOB_STATE_TRANSIENT_ERROR;
}

void wait_state(IBackgroundCopyJob5 *job, BG_JOB_STATE wanted)
{
    ULONGLONG end = GetTickCount64() + DEADLINE;

    for (;;) {
        BG_JOB_STATE state = state_of(job);

        if (state == wanted)
            return;
        if (lasting(state) || GetTickCount64() > end) {
            explain(job);
            fail_msg("waited for state %d", wanted);
        }
        Sleep(POLL_MS);
    }
}

void transfer(IBackgroundCopyJob5 *job)
{
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_TRANSFERRED);
}

void wait_error(IBackgroundCopyJob5 *job, BG_JOB_STATE state, HRESULT code,
                BG_ERROR_CONTEXT context)
{
    IBackgroundCopyError *error = NULL;
    BG_ERROR_CONTEXT got_context = BG_ERROR_CONTEXT_NONE;
    HRESULT got = S_OK;

    wait_state(job, state);
    ok(call(job, GetError, &error));
    ok(call(error, GetError, &got_context, &got));
    call(error, Release);
    expect(code, got);
    assert_int_equal(got_context, context);
}

void end_job(IBackgroundCopyJob5 *job)
{
    ok(call(job, Cancel));
    assert_int_equal(state_of(job), BG_JOB_STATE_CANCELLED);
}

IBackgroundCopyJob5 *ended_job(BOOL acknowledged)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);

    if (acknowledged)
        ok(call(job, Complete));
    else
        ok(call(job, Cancel));
    assert_int_equal(state_of(job),
                     acknowledged ? BG_JOB_STATE_ACKNOWLEDGED : BG_JOB_STATE_CANCELLED);
    return job;
}

ULONGLONG modified(IBackgroundCopyJob5 *job)
{
    BG_JOB_TIMES times;

    ok(call(job, GetTimes, &times));
    return (ULONGLONG)times.ModificationTime.dwHighDateTime << 32 |
           times.ModificationTime.dwLowDateTime;
}

/* ---- files ---- */

char *read_file(const WCHAR *path, size_t *size)
{
    HANDLE file =
        CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    NULL, OPEN_EXISTING, 0, NULL);
    DWORD read = 0, length;
    char *data;

    if (file == INVALID_HANDLE_VALUE)
        fail_msg("%ls: error %lu", path, GetLastError());
    length = GetFileSize(file, NULL);
    data = malloc(length + 1);
    assert_non_null(data);
    assert_true(ReadFile(file, data, length, &read, NULL));
    CloseHandle(file);
    assert_int_equal(read, length);
    data[length] = 0;
    *size = length;
    return data;
}

void write_file(const WCHAR *path, const void *data, size_t size)
{
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    DWORD written = 0;

    if (file == INVALID_HANDLE_VALUE)
        fail_msg("%ls: error %lu", path, GetLastError());
    assert_true(WriteFile(file, data, (DWORD)size, &written, NULL));
    CloseHandle(file);
    assert_int_equal(written, size);
}

void check_pattern(const WCHAR *path, uint64_t seed, uint64_t offset, size_t size, const char *file,
                   int line)
{
    size_t got, same;
    char *data = read_file(path, &got);

    same = pattern_first_difference(seed, offset, data, got < size ? got : size);
    free(data);
    if (got == size && same == size)
        return;
    print_error("%ls: %u bytes instead of %u, the first %u as they should be\n", path,
                (unsigned)got, (unsigned)size, (unsigned)same);
    _fail(file, line);
}

const WCHAR *unwritable(const WCHAR *name)
{
    static const WCHAR *const folders[] = {L"Z:\\sys\\kernel", L"Z:\\dev\\pts"};
    static WCHAR path[MAX_PATH];
    size_t i = 0;

    while (i < ARRAYSIZE(folders) && !exists(folders[i]))
        i++;
    if (i == ARRAYSIZE(folders))
        skip();
    swprintf(path, ARRAYSIZE(path), L"%ls\\%ls", folders[i], name);
    return path;
}

BOOL exists(const WCHAR *path)
{
    return GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES;
}

static WCHAR *published[64];
static size_t published_count;

void publish(const char *name, uint64_t seed, size_t size)
{
    WCHAR path[MAX_PATH];
    char *data = malloc(size + 1);

    assert_non_null(data);
    swprintf(path, MAX_PATH, L"%ls\\%hs", environment("ROOT"), name);
    pattern_fill(seed, 0, data, size);
    write_file(path, data, size);
    free(data);
    assert_true(published_count < ARRAYSIZE(published));
    published[published_count++] = _wcsdup(path);
}

/* ---- the fault server ---- */

/* Where the body begins once all of the answer is there, else NULL. */
static char *answer_body(char *answer, size_t size)
{
    char *body = strstr(answer, "\r\n\r\n");
    char *length = strstr(answer, "Content-Length: ");

    if (!body || !length || length > body)
        return NULL;
    body += 4;
    return size - (size_t)(body - answer) >= strtoul(length + 16, NULL, 10) ? body : NULL;
}

/* One request; the body of the answer, free(). */
static char *fault_request(const char *method, const char *path, const char *body)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    const WCHAR *server = environment("FAULT");
    size_t length = strlen(body), size = 0, room = 65536;
    char *head = malloc(length + 1024), *answer = malloc(room + 1), *data = NULL;
    SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
    int got;

    assert_true(s != INVALID_SOCKET && head && answer);
    address.sin_port = htons((u_short)_wtoi(wcsrchr(server, ':') + 1));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(s, (struct sockaddr *)&address, sizeof(address)), 0);
    got = snprintf(head, length + 1024,
                   "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %u\r\n\r\n%s", method,
                   path, (unsigned)length, body);
    assert_int_equal(send(s, head, got, 0), got);
    free(head);
    while (!data && (got = recv(s, answer + size, (int)(room - size), 0)) > 0) {
        size += (size_t)got;
        if (size == room)
            answer = realloc(answer, (room *= 2) + 1);
        assert_non_null(answer);
        answer[size] = 0;
        data = answer_body(answer, size);
    }
    closesocket(s);
    if (!data || strncmp(answer, "HTTP/1.1 20", 11))
        fail_msg("fault server: %s", answer);
    memmove(answer, data, strlen(data) + 1);
    return answer;
}

void fault_control(const char *json)
{
    free(fault_request("POST", "/control", json));
}

void fault_release(const char *path, IBackgroundCopyJob5 *job)
{
    ULONGLONG end = GetTickCount64() + DEADLINE;
    char order[200];

    snprintf(order, sizeof(order), "{\"path\": \"%s\", \"release\": true}", path);
    while (state_of(job) != BG_JOB_STATE_TRANSFERRED) {
        assert_true(GetTickCount64() < end);
        fault_control(order);
        Sleep(20);
    }
}

char *fault_log(const char *path)
{
    char target[512];

    snprintf(target, sizeof(target), "/log?path=%s", path);
    return fault_request("GET", target, "");
}

char *fault_uploads(const char *path)
{
    char target[512];

    snprintf(target, sizeof(target), "/uploads?path=%s", path);
    return fault_request("GET", target, "");
}

int fault_count(const char *path, const char *text)
{
    char *log = fault_log(path);
    int count = 0;

    for (const char *at = log; (at = strstr(at, text)) != NULL; at += strlen(text))
        count++;
    free(log);
    return count;
}

/* ---- the group ---- */

static void cancel_all(void)
{
    IEnumBackgroundCopyJobs *jobs;
    IBackgroundCopyJob *job;

    if (FAILED(call(manager, EnumJobs, 0, &jobs)))
        return;
    while (call(jobs, Next, 1, &job, NULL) == S_OK) {
        call(job, Cancel);
        call(job, Release);
    }
    call(jobs, Release);
}

static void empty_folder(void)
{
    WIN32_FIND_DATAW found;
    WCHAR path[MAX_PATH * 2];
    HANDLE find;

    swprintf(path, ARRAYSIZE(path), L"%ls\\*", folder);
    find = FindFirstFileW(path, &found);
    if (find == INVALID_HANDLE_VALUE)
        return;
    do {
        swprintf(path, ARRAYSIZE(path), L"%ls\\%ls", folder, found.cFileName);
        SetFileAttributesW(path, FILE_ATTRIBUTE_NORMAL);
        if (!DeleteFileW(path))
            RemoveDirectoryW(path);
    } while (FindNextFileW(find, &found));
    FindClose(find);
}

int com_clean(void **state)
{
    cancel_all();
    fault_jobs = 0;
    release_tracked();
    while (text_count)
        free(texts[--text_count]);
    while (published_count) {
        DeleteFileW(published[--published_count]);
        free(published[published_count]);
    }
    empty_folder();
    if (getenv("OPENBITS_TEST_FAULT")) {
        fault_control("{\"reset\": true}");
        free(fault_request("DELETE", "/log", ""));
        while (text_count)
            free(texts[--text_count]);
    }
    return 0;
}

static int group_setup(void **state)
{
    const char *temp = getenv("OPENBITS_TEST_TEMP");
    WSADATA sockets;
    HRESULT hr;

    if (!temp || WSAStartup(MAKEWORD(2, 2), &sockets))
        return -1;
    swprintf(folder, ARRAYSIZE(folder), L"%hs\\com%lu", temp, GetCurrentProcessId());
    if (!CreateDirectoryW(folder, NULL) && GetLastError() != ERROR_ALREADY_EXISTS)
        return -1;
    hr = CoInitializeEx(NULL, COINIT_MULTITHREADED);
    if (SUCCEEDED(hr))
        hr = CoInitializeSecurity(NULL, -1, NULL, NULL, RPC_C_AUTHN_LEVEL_DEFAULT,
                                  RPC_C_IMP_LEVEL_IMPERSONATE, NULL, EOAC_NONE, NULL);
    if (SUCCEEDED(hr))
        hr = CoCreateInstance(&CLSID_BackgroundCopyManager, NULL, CLSCTX_LOCAL_SERVER,
                              &IID_IBackgroundCopyManager, (void **)&manager);
    if (FAILED(hr)) {
        print_error("no connection to BITS: 0x%08lx\n", (unsigned long)hr);
        return -1;
    }
    cancel_all();
    return 0;
}

static int group_teardown(void **state)
{
    if (manager)
        call(manager, Release);
    CoUninitialize();
    RemoveDirectoryW(folder);
    return 0;
}

int run_com_tests(const char *name, const struct CMUnitTest *tests, size_t count)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    return _cmocka_run_group_tests(name, tests, count, group_setup, group_teardown) ? 1 : 0;
}

void run_self(const WCHAR *arguments, DWORD code)
{
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    WCHAR program[MAX_PATH], line[MAX_PATH + 64];
    PROCESS_INFORMATION process;
    DWORD exited = ~code;

    assert_true(GetModuleFileNameW(NULL, program, MAX_PATH));
    swprintf(line, ARRAYSIZE(line), L"\"%ls\" %ls", program, arguments);
    assert_true(
        CreateProcessW(program, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process));
    assert_int_equal(WaitForSingleObject(process.hProcess, DEADLINE), WAIT_OBJECT_0);
    assert_true(GetExitCodeProcess(process.hProcess, &exited));
    assert_int_equal(exited, code);
    CloseHandle(process.hProcess);
    CloseHandle(process.hThread);
}
