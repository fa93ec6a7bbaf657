/*
 * Upload and upload-reply jobs from Resume to Complete: what the server gets, which states and
 * errors clients see, and what is left after the engine was closed at any point.
 */
#include "common.h"

#include "../server/pattern.h"

#include <bitscore/bc_result.h>

#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#define SEED  7
#define LARGE 1500000

static WCHAR place[64]; /* of this test's upload at the server */
static ULONG places;

static void write_pattern(const WCHAR *path, UINT64 size)
{
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    BYTE *data = malloc((size_t)size + 1);
    DWORD done;

    assert_true(file != INVALID_HANDLE_VALUE && data);
    pattern_fill(SEED, 0, data, (size_t)size);
    assert_true(WriteFile(file, data, (DWORD)size, &done, NULL));
    CloseHandle(file);
    free(data);
}

static void set_foreground(struct model_job *next)
{
    next->priority = BG_JOB_PRIORITY_FOREGROUND;
}

static void set_put(struct model_job *next)
{
    assert_int_equal(model_set_string(&next->http_method, L"PUT"), S_OK);
}

static void retry_at_once(struct model_job *next)
{
    next->minimum_retry_delay = 0;
}

/* A job that uploads size bytes of the pattern to a new place below folder of the fault server. */
static struct job *new_upload(BG_JOB_TYPE type, UINT64 size, const WCHAR *folder,
                              const WCHAR *parameters)
{
    WCHAR remote[600];
    struct job *job;

    swprintf(place, ARRAYSIZE(place), L"/%ls/e%lu-%llu-%lu", folder, GetCurrentProcessId(),
             GetTickCount64(), ++places);
    swprintf(remote, ARRAYSIZE(remote), L"%ls?seed=%d&%ls", FAULT(place + 1), SEED, parameters);
    write_pattern(local(L"up.bin"), size);
    assert_int_equal(engine_create_job(engine, L"test", type, &owner, &job), S_OK);
    change(job, set_foreground);
    assert_int_equal(add(job, remote, L"up.bin"), S_OK);
    return job;
}

static char *read_all(const WCHAR *path, DWORD *size)
{
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, 0, NULL);
    char *text;

    assert_true(file != INVALID_HANDLE_VALUE);
    *size = GetFileSize(file, NULL);
    text = calloc(1, *size + 1);
    assert_non_null(text);
    assert_true(ReadFile(file, text, *size, size, NULL));
    CloseHandle(file);
    return text;
}

/* What the server says at that place; free(). */
static char *ask(const WCHAR *where)
{
    struct job *job = new_job();
    char *text;
    DWORD size;

    change(job, set_foreground);
    assert_int_equal(add(job, FAULT(where), L"answer"), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_complete(job), S_OK);
    job_release(job);
    text = read_all(local(L"answer"), &size);
    DeleteFileW(local(L"answer"));
    return text;
}

static BOOL look_for(const char *wanted, BOOL complain)
{
    WCHAR where[128];
    BOOL found;
    char *text;

    swprintf(where, ARRAYSIZE(where), L"uploads?path=%ls", place);
    text = ask(where);
    found = strstr(text, wanted) != NULL;
    if (!found && complain)
        print_message("%s not in %s\n", wanted, text);
    free(text);
    return found;
}

static BOOL has_fact(const char *wanted)
{
    return look_for(wanted, TRUE);
}

static void wait_fact(const char *wanted)
{
    ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;

    while (!look_for(wanted, GetTickCount64() >= deadline)) {
        assert_true(GetTickCount64() < deadline);
        Sleep(50);
    }
}

/* Where in the server's log of this upload a text first stands, from the first packet; -1: nowhere.
 */
static long position_in_log(const WCHAR *path, const char *wanted)
{
    WCHAR where[128];
    char *text, *at;
    long position;

    swprintf(where, ARRAYSIZE(where), L"log?path=%ls", path);
    text = ask(where);
    at = strstr(text, wanted);
    position = at ? (long)(at - text) : -1;
    free(text);
    return position;
}

static void transfer(struct job *job)
{
    assert_int_equal(job_resume(job), S_OK);
    if (wait_for(job, BG_JOB_STATE_TRANSFERRED) != BG_JOB_STATE_TRANSFERRED)
        fail_msg("the job is in state %d, error 0x%08lx", job_state(job),
                 (unsigned long)error_of(job));
}

static void check_delivered(UINT64 size)
{
    char text[64];

    assert_true(has_fact("\"good\": true"));
    snprintf(text, sizeof(text), "\"size\": %llu", (unsigned long long)size);
    assert_true(has_fact(text));
    assert_true(has_fact("\"closed\": 1"));
    assert_true(has_fact("\"open\": 0"));
}

static void check_progress(struct job *job, UINT64 bytes, UINT64 total, ULONG done)
{
    BG_JOB_PROGRESS progress;

    job_progress(job, &progress);
    assert_int_equal(progress.BytesTransferred, bytes);
    assert_int_equal(progress.BytesTotal, total);
    assert_int_equal(progress.FilesTotal, 1);
    assert_int_equal(progress.FilesTransferred, done);
}

static void check_error(struct job *job, HRESULT code, BG_ERROR_CONTEXT context)
{
    struct model_error error;
    struct file *file;

    assert_int_equal(job_error(job, &error, &file), S_OK);
    if (file)
        file_release(file);
    if (error.code != code || error.context != context)
        fail_msg("%08lx context %d, not %08lx %d", error.code, error.context, code, context);
    assert_int_equal(error.file, 0);
}

/* ---- uploads ---- */

static void test_upload(void **state)
{
    static const UINT64 sizes[] = {0, 5, LARGE};

    for (size_t i = 0; i < ARRAYSIZE(sizes); i++) {
        struct job *job = new_upload(BG_JOB_TYPE_UPLOAD, sizes[i], L"bits", L"");
        LONG before = told[NOTIFY_TRANSFERRED];

        assert_int_equal(job_set_notify_interface(job, &notify_target), S_OK);
        check_progress(job, 0, BG_SIZE_UNKNOWN, 0);
        assert_int_equal(job_complete(job), BG_E_INVALID_STATE);
        transfer(job);
        check_progress(job, sizes[i], sizes[i], 1);
        check_delivered(sizes[i]);
        assert_true(wait_count(&told[NOTIFY_TRANSFERRED], before + 1));
        assert_int_equal(job_resume(job), S_OK);
        assert_int_equal(job_state(job), BG_JOB_STATE_TRANSFERRED);
        assert_int_equal(job_complete(job), S_OK);
        assert_int_equal(job_state(job), BG_JOB_STATE_ACKNOWLEDGED);
        job_release(job);
        assert_int_equal(size_of(local(L"up.bin")), sizes[i]);
        assert_int_equal(count_files(L"*"), 1);
    }
    assert_int_equal(told[NOTIFY_FILE_TRANSFERRED], 0);
}

static void test_own_method(void **state)
{
    struct job *job = new_upload(BG_JOB_TYPE_UPLOAD, LARGE, L"upload", L"");

    change(job, set_put);
    transfer(job);
    check_progress(job, LARGE, LARGE, 1);
    assert_true(position_in_log(place, "\"received\": 1500000") >= 0);
    assert_int_equal(job_complete(job), S_OK);
    job_release(job);

    /* What would pass with BITS_POST is an error, and Resume begins again. */
    job = new_upload(BG_JOB_TYPE_UPLOAD, LARGE, L"upload", L"status=503&times=1");
    change(job, set_put);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_ERROR), BG_JOB_STATE_ERROR);
    check_error(job, BC_E_HTTP_ERROR_503, BG_ERROR_CONTEXT_REMOTE_FILE);
    transfer(job);
    assert_int_equal(job_complete(job), S_OK);
    job_release(job);
}

/* ---- replies ---- */

static WCHAR *reply_name(struct job *job)
{
    static WCHAR name[MAX_PATH];

    lstrcpynW(name, job_lock(job)->reply_file, MAX_PATH);
    job_unlock(job);
    return name;
}

static void check_reply(struct job *job, UINT64 bytes, UINT64 total)
{
    BG_JOB_REPLY_PROGRESS progress;

    job_reply_progress(job, &progress);
    assert_int_equal(progress.BytesTransferred, bytes);
    assert_int_equal(progress.BytesTotal, total);
}

static void test_reply(void **state)
{
    struct job *job = new_upload(BG_JOB_TYPE_UPLOAD_REPLY, LARGE, L"bits", L"bits_reply=300000");
    WCHAR *path, reply_path[128];
    char *data;
    DWORD size;

    assert_int_equal(job_set_reply_file(job, local(L"reply.bin")), S_OK);
    assert_int_equal(job_set_notify_interface(job, &notify_target), S_OK);
    change(job, set_foreground);
    check_reply(job, 0, BG_SIZE_UNKNOWN);
    transfer(job);
    check_delivered(LARGE);
    check_progress(job, LARGE, LARGE, 1);
    check_reply(job, 300000, 300000);
    assert_int_equal(job_set_reply_file(job, local(L"other.bin")), BG_E_INVALID_STATE);
    assert_int_equal(size_of(local(L"reply.bin")), ~0ull);
    assert_int_equal(job_reply_path(job, &path), S_OK);
    assert_int_equal(size_of(path), 300000);
    assert_int_equal(wcsncmp(path, target, wcslen(target)), 0);
    assert_int_not_equal(wcscmp(path, local(L"reply.bin")), 0);
    free(path);
    assert_int_equal(job_complete(job), S_OK);
    assert_int_equal(job_reply_path(job, &path), S_OK);
    assert_int_equal(wcscmp(path, local(L"reply.bin")), 0);
    free(path);
    job_release(job);
    data = read_all(local(L"reply.bin"), &size);
    assert_int_equal(size, 300000);
    assert_int_equal(pattern_first_difference(SEED, 0, data, size), size);
    free(data);
    assert_int_equal(count_files(L"*"), 2);
    swprintf(reply_path, ARRAYSIZE(reply_path), L"/data/reply-%ls", wcsrchr(place, '/') + 1);
    assert_true(position_in_log(reply_path, "\"GET\"") >= 0);
}

static void test_no_reply(void **state)
{
    struct job *job = new_upload(BG_JOB_TYPE_UPLOAD_REPLY, 300, L"bits", L"");
    WCHAR name[MAX_PATH], *path;

    transfer(job);
    check_delivered(300);
    check_reply(job, 0, 0);
    assert_int_equal(job_reply_path(job, &path), S_OK);
    assert_null(path);
    lstrcpynW(name, reply_name(job), MAX_PATH);
    assert_int_equal(size_of(name), ~0ull);
    assert_int_equal(job_complete(job), S_OK);
    job_release(job);
    assert_int_equal(size_of(name), 0);
}

static void test_reply_fails(void **state)
{
    struct job *job =
        new_upload(BG_JOB_TYPE_UPLOAD_REPLY, 300, L"bits", L"bits_reply_url=/data/r%3Fstatus=404");

    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_ERROR), BG_JOB_STATE_ERROR);
    check_error(job, BC_E_HTTP_ERROR_404, BG_ERROR_CONTEXT_REMOTE_FILE);
    check_reply(job, 0, 0); /* the upload is through: it was the reply */
    assert_true(has_fact("\"open\": 1"));
    assert_int_equal(job_cancel(job), S_OK);
    wait_fact("\"cancelled\": 1");
    job_release(job);
    assert_int_equal(count_files(L"BIT*"), 0);
}

static void test_cancel_of_reply(void **state)
{
    struct job *job = new_upload(BG_JOB_TYPE_UPLOAD_REPLY, 300, L"bits", L"bits_reply=3000");

    transfer(job);
    assert_int_equal(count_files(L"BIT*"), 1);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
    assert_int_equal(count_files(L"*"), 1);
    assert_true(has_fact("\"delivered\": 1")); /* what was sent stays */
}

/* ---- going on ---- */

/* The engine is closed in the middle of the file: the next one goes on in the same session. */
static void test_survives_restart(void **state)
{
    struct job *job = new_upload(BG_JOB_TYPE_UPLOAD_REPLY, LARGE, L"bits",
                                 L"bits_reply=1000&on=Fragment&skip=1&times=1&delay=2");

    assert_int_equal(job_resume(job), S_OK);
    wait_bytes(job, 256 * 1024);
    wait_fact("\"created\": 1");
    job = reopen(job);
    check_progress(job, 256 * 1024, LARGE, 0);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    check_delivered(LARGE);
    assert_true(has_fact("\"created\": 1"));
    assert_true(has_fact("\"delivered\": 1"));
    job = reopen(job);
    assert_int_equal(job_state(job), BG_JOB_STATE_TRANSFERRED);
    check_progress(job, LARGE, LARGE, 1);
    check_reply(job, 1000, 1000);
    assert_int_equal(job_complete(job), S_OK);
    assert_int_equal(size_of(reply_name(job)), 1000);
    job_release(job);
}

/* ... in the middle of the reply: the file is not sent again. */
static void test_restart_in_reply(void **state)
{
    struct job *job =
        new_upload(BG_JOB_TYPE_UPLOAD_REPLY, 300, L"bits",
                   L"bits_reply_url=/data/slow-%3Fsize=200000%26seed=7%26rate=100000%26times=1");
    BG_JOB_REPLY_PROGRESS progress;
    ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;

    assert_int_equal(job_resume(job), S_OK);
    do {
        Sleep(5);
        job_reply_progress(job, &progress);
    } while (!progress.BytesTransferred && GetTickCount64() < deadline);
    assert_int_equal(progress.BytesTotal, 200000);
    assert_int_equal(job_set_reply_file(job, NULL), BG_E_INVALID_STATE);
    assert_int_not_equal(job_state(job), BG_JOB_STATE_TRANSFERRED);
    job = reopen(job);
    check_progress(job, 300, 300, 1);
    assert_int_equal(job_suspend(job), S_OK);
    assert_int_equal(job_state(job), BG_JOB_STATE_SUSPENDED);
    transfer(job);
    check_delivered(300);
    assert_true(has_fact("\"delivered\": 1"));
    check_reply(job, 200000, 200000);
    assert_int_equal(job_complete(job), S_OK);
    assert_int_equal(size_of(reply_name(job)), 200000);
    job_release(job);
}

/* ... with what is there of the reply cut short in between: it is fetched again. */
static void test_reply_cut_short(void **state)
{
    struct job *job =
        new_upload(BG_JOB_TYPE_UPLOAD_REPLY, 300, L"bits",
                   L"bits_reply_url=/data/cut-%3Fsize=200000%26seed=7%26rate=100000%26times=1");
    BG_JOB_REPLY_PROGRESS progress;
    ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;
    HANDLE file;
    WCHAR *path;

    assert_int_equal(job_resume(job), S_OK);
    do {
        Sleep(5);
        job_reply_progress(job, &progress);
    } while (progress.BytesTransferred < 20000 && GetTickCount64() < deadline);
    assert_int_equal(job_suspend(job), S_OK);
    assert_int_equal(job_reply_path(job, &path), S_OK);
    do { /* until the download lets go of it */
        file = CreateFileW(path, GENERIC_WRITE, 7, NULL, TRUNCATE_EXISTING, 0, NULL);
        Sleep(5);
    } while (file == INVALID_HANDLE_VALUE && GetTickCount64() < deadline);
    assert_ptr_not_equal(file, INVALID_HANDLE_VALUE);
    CloseHandle(file);
    free(path);
    transfer(job);
    check_reply(job, 200000, 200000);
    assert_int_equal(job_complete(job), S_OK);
    assert_int_equal(size_of(reply_name(job)), 200000);
    job_release(job);
}

/* ... and with the file at the server, before the end of its session. */
static void test_restart_before_close(void **state)
{
    struct job *job =
        new_upload(BG_JOB_TYPE_UPLOAD, 300, L"bits", L"on=Close-Session&status=500&times=1");

    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSIENT_ERROR), BG_JOB_STATE_TRANSIENT_ERROR);
    check_progress(job, 300, 300, 1);
    job = reopen(job);
    assert_int_equal(job_state(job), BG_JOB_STATE_TRANSIENT_ERROR);
    check_error(job, BC_E_HTTP_ERROR_500, BG_ERROR_CONTEXT_REMOTE_FILE);
    transfer(job);
    check_delivered(300);
    assert_true(has_fact("\"delivered\": 1"));
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
}

static void test_transient_errors(void **state)
{
    struct job *job = new_upload(BG_JOB_TYPE_UPLOAD, LARGE, L"bits",
                                 L"on=Fragment&skip=1&times=2&read_cut=1000&reset=1");

    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSIENT_ERROR), BG_JOB_STATE_TRANSIENT_ERROR);
    check_error(job, BC_E_CONNECTION_CLOSED, BG_ERROR_CONTEXT_REMOTE_FILE);
    check_progress(job, 256 * 1024, LARGE, 0);
    change(job, retry_at_once);
    transfer(job);
    check_delivered(LARGE);
    assert_true(has_fact("\"created\": 1"));
    assert_int_equal(job_complete(job), S_OK);
    job_release(job);
}

static void test_session_lost(void **state)
{
    struct job *job =
        new_upload(BG_JOB_TYPE_UPLOAD, LARGE, L"bits", L"on=Fragment&skip=1&times=1&bits_lose=1");

    transfer(job);
    check_delivered(LARGE);
    assert_true(has_fact("\"created\": 2"));
    assert_int_equal(job_complete(job), S_OK);
    job_release(job);
}

/* ---- the end of a session ---- */

static void test_cancel(void **state)
{
    struct job *job = new_upload(BG_JOB_TYPE_UPLOAD, LARGE, L"bits", L"on=Fragment&skip=1&delay=1");

    assert_int_equal(job_resume(job), S_OK);
    wait_bytes(job, 256 * 1024);
    assert_int_equal(job_cancel(job), S_OK);
    assert_int_equal(job_state(job), BG_JOB_STATE_CANCELLED);
    job_release(job);
    wait_fact("\"cancelled\": 1");
    assert_true(has_fact("\"open\": 0"));
    assert_int_equal(size_of(local(L"up.bin")), LARGE);

    /* Never begun: there is nothing to cancel at the server. */
    job = new_upload(BG_JOB_TYPE_UPLOAD, 300, L"bits", L"");
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
    assert_int_equal(position_in_log(place, "BITS_POST"), -1);
}

/* A server that cannot be told now is told later, also by the next run of the service. */
static void test_cancel_is_repeated(void **state)
{
    struct job *job = new_upload(BG_JOB_TYPE_UPLOAD, LARGE, L"bits",
                                 L"on=Fragment,Cancel-Session&skip=1&times=2&status=500");
    GUID id = job_lock(job)->id;

    job_unlock(job);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSIENT_ERROR), BG_JOB_STATE_TRANSIENT_ERROR);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
    assert_int_equal(engine_find_job(engine, &id, &job), BG_E_NOT_FOUND);
    while (position_in_log(place, "Cancel-Session") < 0)
        Sleep(20);
    assert_true(has_fact("\"open\": 1"));
    engine_close(engine);
    open_engine();
    wait_fact("\"cancelled\": 1");
    assert_int_equal(engine_find_job(engine, &id, &job), BG_E_NOT_FOUND);
}

/* ---- errors ---- */

static void test_errors(void **state)
{
    static const struct {
        const WCHAR *folder, *parameters;
        HRESULT code;
        BG_ERROR_CONTEXT context;
        BOOL transient;
    } rows[] = {
        {L"bits", L"status=403", BC_E_HTTP_ERROR_403, BG_ERROR_CONTEXT_REMOTE_FILE, FALSE},
        {L"bits", L"status=503", BC_E_HTTP_ERROR_503, BG_ERROR_CONTEXT_REMOTE_FILE, TRUE},
        {L"bits", L"redirect=302", BC_E_HTTP_ERROR_302, BG_ERROR_CONTEXT_REMOTE_FILE, FALSE},
        {L"bits", L"bits_max=10", BC_E_TOO_LARGE, BG_ERROR_CONTEXT_REMOTE_FILE, FALSE},
        {L"bits", L"bits_application=501", BC_E_HTTP_ERROR_501, BG_ERROR_CONTEXT_REMOTE_APPLICATION,
         FALSE},
        {L"bits", L"bits_application=500", BC_E_HTTP_ERROR_500, BG_ERROR_CONTEXT_REMOTE_APPLICATION,
         TRUE},
        {L"bits", L"on=Fragment&bits_lose=1", BC_E_SESSION_NOT_FOUND, BG_ERROR_CONTEXT_REMOTE_FILE,
         TRUE},
        {L"data", L"", BC_E_HTTP_ERROR_405, BG_ERROR_CONTEXT_REMOTE_FILE, FALSE},
        {L"data", L"methods=BITS_POST", BC_E_INVALID_SERVER_RESPONSE, BG_ERROR_CONTEXT_REMOTE_FILE,
         FALSE},
    };

    for (size_t i = 0; i < ARRAYSIZE(rows); i++) {
        BG_JOB_STATE wanted = rows[i].transient ? BG_JOB_STATE_TRANSIENT_ERROR : BG_JOB_STATE_ERROR;
        struct job *job = new_upload(BG_JOB_TYPE_UPLOAD, 300, rows[i].folder, rows[i].parameters);

        assert_int_equal(job_resume(job), S_OK);
        assert_int_equal(wait_for(job, wanted), wanted);
        check_error(job, rows[i].code, rows[i].context);
        assert_int_equal(job_cancel(job), S_OK);
        job_release(job);
    }
}

static void test_file_changes(void **state)
{
    struct job *job =
        new_upload(BG_JOB_TYPE_UPLOAD, LARGE, L"bits", L"on=Fragment&skip=1&times=1&status=503");

    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSIENT_ERROR), BG_JOB_STATE_TRANSIENT_ERROR);
    write_pattern(local(L"up.bin"), 500);
    job = reopen(job);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_ERROR), BG_JOB_STATE_ERROR);
    check_error(job, BC_E_LOCAL_FILE_CHANGED, BG_ERROR_CONTEXT_LOCAL_FILE);
    transfer(job); /* as it is now */
    assert_true(has_fact("\"good\": true"));
    assert_true(has_fact("\"size\": 500"));
    assert_int_equal(job_complete(job), S_OK);
    job_release(job);

    job = new_upload(BG_JOB_TYPE_UPLOAD, 300, L"bits", L"");
    DeleteFileW(local(L"up.bin"));
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_ERROR), BG_JOB_STATE_ERROR);
    check_error(job, HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND), BG_ERROR_CONTEXT_LOCAL_FILE);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(test_upload),
        ENGINE_TEST(test_own_method),
        ENGINE_TEST(test_reply),
        ENGINE_TEST(test_no_reply),
        ENGINE_TEST(test_reply_fails),
        ENGINE_TEST(test_cancel_of_reply),
        ENGINE_TEST(test_survives_restart),
        ENGINE_TEST(test_restart_in_reply),
        ENGINE_TEST(test_reply_cut_short),
        ENGINE_TEST(test_restart_before_close),
        ENGINE_TEST(test_transient_errors),
        ENGINE_TEST(test_session_lost),
        ENGINE_TEST(test_cancel),
        ENGINE_TEST(test_cancel_is_repeated),
        ENGINE_TEST(test_errors),
        ENGINE_TEST(test_file_changes),
    };

    return run_engine_tests(tests, ARRAYSIZE(tests));
}
