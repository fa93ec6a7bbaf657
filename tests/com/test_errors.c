/*
 * Errors at run time: which become ERROR and which TRANSIENT_ERROR, their codes and contexts, the
 * error object, the retry of transient errors.
 */
#include "common.h"

#include <stdio.h>
#include <stdlib.h>

static IBackgroundCopyError *error_of(IBackgroundCopyJob5 *job)
{
    IBackgroundCopyError *error = NULL;

    ok(call(job, GetError, &error));
    return track(error);
}

static void errors_http_status(void **state)
{
    static const struct {
        int status;
        BOOL fatal;
    } cases[] = {
        {404, TRUE},  {400, TRUE},  {401, TRUE},  {403, TRUE},  {405, TRUE},  {410, TRUE},
        {414, TRUE},  {501, TRUE},  {505, TRUE},  {300, TRUE},  {305, TRUE},  {408, FALSE},
        {409, FALSE}, {500, FALSE}, {502, FALSE}, {503, FALSE}, {504, FALSE},
    };

    for (size_t i = 0; i < ARRAYSIZE(cases); i++) {
        char settings[50];
        IBackgroundCopyJob5 *job;
        ULONG count;

        snprintf(settings, sizeof(settings), "size=10&status=%d", cases[i].status);
        job = new_fault_download(settings);
        ok(call(job, Resume));
        wait_error(job, cases[i].fatal ? BG_JOB_STATE_ERROR : BG_JOB_STATE_TRANSIENT_ERROR,
                   (HRESULT)(0x80190000 + cases[i].status), BG_ERROR_CONTEXT_REMOTE_FILE);
        ok(call(job, GetErrorCount, &count));
        assert_int_equal(count, 1);
        ok(call(job, Cancel));
    }
}

static void errors_none(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10");
    IBackgroundCopyError *error = (IBackgroundCopyError *)1;

    expect(BG_E_ERROR_INFORMATION_UNAVAILABLE, call(job, GetError, &error));
    assert_null(error);
    expect(E_NOTIMPL, call(job, SetPriority, (BG_JOB_PRIORITY)7));
    expect(BG_E_ERROR_INFORMATION_UNAVAILABLE, call(job, GetError, &error));
    transfer(job);
    expect(BG_E_ERROR_INFORMATION_UNAVAILABLE, call(job, GetError, &error));
    assert_null(error);
}

static void errors_object(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10&seed=1");
    IBackgroundCopyError *error;
    IBackgroundCopyFile *file = NULL;
    BG_ERROR_CONTEXT context;
    WCHAR *text = NULL, *same = NULL;
    HRESULT code;

    ok(call(job, AddFile, url("FAULT", "data/b?size=100&seed=2&status=404&times=1"), local("b")));
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_ERROR);
    error = error_of(job);
    ok(call(error, GetFile, &file));
    track(file);
    ok(call(file, GetLocalName, &text));
    assert_text(text, local("b"));
    ok(call(error, GetProtocol, &text));
    assert_text(text, L"http");
    ok(call(error, GetErrorDescription, 0x409, &text));
    ok(call(manager, GetErrorDescription, BG_E_HTTP_ERROR_404, 0x409, &same));
    assert_text(text, same);
    CoTaskMemFree(same);
    ok(call(error, GetErrorContextDescription, 0x409, &text));
    assert_true(wcslen(text) > 10);
    CoTaskMemFree(text);
    text = (WCHAR *)1;
    expect(E_INVALIDARG, call(error, GetErrorDescription, 0, &text));
    assert_null(text);
    expect(E_INVALIDARG, call(error, GetErrorContextDescription, 0, &text));
    expect(HRESULT_FROM_WIN32(ERROR_RESOURCE_LANG_NOT_FOUND),
           call(error, GetErrorDescription, MAKELANGID(LANG_THAI, 1), &text));
    expect(HRESULT_FROM_WIN32(ERROR_RESOURCE_LANG_NOT_FOUND),
           call(error, GetErrorContextDescription, MAKELANGID(LANG_THAI, 1), &text));
    expect(NULL_REF, call(error, GetError, NULL, &code));
    expect(NULL_REF, call(error, GetError, &context, NULL));
    expect(NULL_REF, call(error, GetFile, NULL));
    expect(NULL_REF, call(error, GetErrorDescription, 0x409, NULL));
    expect(NULL_REF, call(error, GetErrorContextDescription, 0x409, NULL));
    expect(NULL_REF, call(error, GetProtocol, NULL));
    /* The job gets over it, the object does not. */
    transfer(job);
    ok(call(error, GetError, &context, &code));
    expect(BG_E_HTTP_ERROR_404, code);
    assert_int_equal(context, BG_ERROR_CONTEXT_REMOTE_FILE);
    expect(BG_E_ERROR_INFORMATION_UNAVAILABLE, call(job, GetError, &error));
}

/* After Resume the old error is told until the server has answered. */
static void errors_until_transferring(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=100&delay=0.7&stall=50");
    IBackgroundCopyError *error;
    ULONGLONG end = GetTickCount64() + DEADLINE;

    fault_control("{\"path\": \"/data/test\", \"set\": {\"status\": 404}}");
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_ERROR);
    fault_control("{\"path\": \"/data/test\", \"clear\": true}");
    ok(call(job, Resume));
    error_of(job);
    while (state_of(job) != BG_JOB_STATE_TRANSFERRING) {
        assert_true(GetTickCount64() < end);
        Sleep(5);
    }
    expect(BG_E_ERROR_INFORMATION_UNAVAILABLE, call(job, GetError, &error));
}

static void errors_protocols(void **state)
{
    IBackgroundCopyJob5 *job = new_download(url("HTTPS", "nosuchfile"));
    WCHAR *text = NULL;

    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_ERROR, BG_E_HTTP_ERROR_404, BG_ERROR_CONTEXT_REMOTE_FILE);
    ok(call(error_of(job), GetProtocol, &text));
    assert_text(text, L"http");
    job = new_download(L"file://c:/no/such/file");
    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_ERROR, HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND),
               BG_ERROR_CONTEXT_REMOTE_FILE);
    ok(call(error_of(job), GetProtocol, &text));
    assert_text(text, L"file");
    job = new_download(L"c:\\windows\\no such file");
    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_ERROR, HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND),
               BG_ERROR_CONTEXT_REMOTE_FILE);
}

/* The target's directory goes away: the error is local, and of no protocol. */
static void errors_local_file(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    IBackgroundCopyError *error;
    BG_ERROR_CONTEXT context;
    WCHAR *text = (WCHAR *)1;
    HRESULT code;

    assert_true(CreateDirectoryW(local("sub"), NULL));
    ok(call(job, SetPriority, BG_JOB_PRIORITY_FOREGROUND));
    ok(call(job, AddFile, url("FAULT", "data/test?size=1000&seed=3"), local("sub\\f")));
    assert_true(RemoveDirectoryW(local("sub")));
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_ERROR);
    error = error_of(job);
    ok(call(error, GetError, &context, &code));
    assert_int_equal(context, BG_ERROR_CONTEXT_LOCAL_FILE);
    expect(HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND), code);
    expect(BG_E_PROTOCOL_NOT_AVAILABLE, call(error, GetProtocol, &text));
    assert_null(text);
    /* The cause is removed, the job resumed. */
    assert_true(CreateDirectoryW(local("sub"), NULL));
    transfer(job);
    ok(call(job, Complete));
    assert_pattern(local("sub\\f"), 3, 0, 1000);
    DeleteFileW(local("sub\\f"));
}

static void errors_connection(void **state)
{
    IBackgroundCopyJob5 *job = new_download(L"http://127.0.0.1:9/nobody");
    BG_ERROR_CONTEXT context;
    HRESULT code;

    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_TRANSIENT_ERROR);
    ok(call(error_of(job), GetError, &context, &code));
    assert_true(FAILED(code));
    ok(call(job, Cancel));
    job = new_download(L"http://host.invalid/a");
    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_TRANSIENT_ERROR, (HRESULT)0x80072ee7,
               BG_ERROR_CONTEXT_REMOTE_FILE);
}

static void errors_bad_servers(void **state)
{
    static const struct {
        const char *settings;
        HRESULT code;
    } cases[] = {
        {"size=1000&framing=chunked", BG_E_MISSING_FILE_SIZE},
        {"size=1000&framing=close", BG_E_MISSING_FILE_SIZE},
    };

    for (size_t i = 0; i < ARRAYSIZE(cases); i++) {
        IBackgroundCopyJob5 *job = new_fault_download(cases[i].settings);

        ok(call(job, Resume));
        wait_error(job, BG_JOB_STATE_ERROR, cases[i].code, BG_ERROR_CONTEXT_REMOTE_FILE);
        ok(call(job, Cancel));
    }
}

static void errors_http10(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=1000&seed=1&http10=1");

    transfer(job);
    ok(call(job, Complete));
    assert_pattern(local("file"), 1, 0, 1000);
}

/* What is no file's fault: the queue manager's own error, without a file. */
static void errors_of_the_queue(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=1000&stall=100");
    IBackgroundCopyFile *file = (IBackgroundCopyFile *)1;
    WCHAR *text = (WCHAR *)1;

    ok(call(job, SetMaximumDownloadTime, 1));
    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_ERROR, BG_E_MAXDOWNLOAD_TIMEOUT,
               BG_ERROR_CONTEXT_GENERAL_QUEUE_MANAGER);
    expect(BG_E_FILE_NOT_AVAILABLE, call(error_of(job), GetFile, &file));
    assert_null(file);
    expect(BG_E_PROTOCOL_NOT_AVAILABLE, call(error_of(job), GetProtocol, &text));
    assert_null(text);
}

/* A server without ranges has to give the file in one go: in the background an interruption is an
 * error, in the foreground the file is fetched again. */
static void errors_interrupted_without_ranges(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=2000000&seed=5&ranges=off&stall=1000000"
                                                  "&times=1&rate=4000000");
    ULONGLONG end = GetTickCount64() + DEADLINE;
    BG_JOB_PROGRESS progress;

    ok(call(job, SetPriority, BG_JOB_PRIORITY_NORMAL));
    ok(call(job, Resume));
    do {
        ok(call(job, GetProgress, &progress));
        assert_true(GetTickCount64() < end);
        Sleep(5);
    } while (progress.BytesTransferred < 500000);
    ok(call(job, Suspend));
    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_ERROR, BG_E_INSUFFICIENT_RANGE_SUPPORT,
               BG_ERROR_CONTEXT_REMOTE_FILE);
    ok(call(job, SetPriority, BG_JOB_PRIORITY_FOREGROUND));
    transfer(job);
    ok(call(job, Complete));
    assert_pattern(local("file"), 5, 0, 2000000);
}

/* With no time for progress every error is fatal; so it is if the delay is longer than that time.
 */
static void errors_no_progress_timeout(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10&status=503");

    ok(call(job, SetNoProgressTimeout, 0));
    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_ERROR, BG_E_HTTP_ERROR_503, BG_ERROR_CONTEXT_REMOTE_FILE);
    ok(call(job, Cancel));
    job = new_fault_download("size=10&status=503");
    ok(call(job, SetMinimumRetryDelay, 100));
    ok(call(job, SetNoProgressTimeout, 50));
    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_ERROR, BG_E_HTTP_ERROR_503, BG_ERROR_CONTEXT_REMOTE_FILE);
}

/* Retried after the delay, not before; each failed try counts. */
static void errors_retry(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10&seed=1&status=503&times=2");
    ULONGLONG began, end;
    ULONG count = 0;

    ok(call(job, SetMinimumRetryDelay, 5));
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_TRANSIENT_ERROR);
    began = GetTickCount64();
    end = began + DEADLINE;
    while (state_of(job) != BG_JOB_STATE_TRANSFERRED) {
        assert_true(GetTickCount64() < end);
        Sleep(20);
    }
    assert_true(GetTickCount64() - began >= 9000);
    ok(call(job, GetErrorCount, &count));
    assert_int_equal(count, 2);
    ok(call(job, Complete));
    assert_pattern(local("file"), 1, 0, 10);
}

/* The time without progress is over while the job waits for its next try. */
static void errors_no_progress_expires(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10&status=503");
    struct callback *callback = listen_to(job, BG_NOTIFY_JOB_ERROR | BG_NOTIFY_JOB_TRANSFERRED);

    ok(call(job, SetMinimumRetryDelay, 5));
    ok(call(job, SetNoProgressTimeout, 6));
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_TRANSIENT_ERROR);
    assert_int_equal(callback->count[FAILED_JOB], 0);
    wait_calls(callback, FAILED_JOB, 1);
    wait_error(job, BG_JOB_STATE_ERROR, BG_E_HTTP_ERROR_503, BG_ERROR_CONTEXT_REMOTE_FILE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        com_test(errors_http_status),  com_test(errors_none),
        com_test(errors_object),       com_test(errors_until_transferring),
        com_test(errors_protocols),    com_test(errors_local_file),
        com_test(errors_connection),   com_test(errors_bad_servers),
        com_test(errors_http10),       com_test(errors_no_progress_timeout),
        com_test_delay(errors_retry),  com_test_delay(errors_no_progress_expires),
        com_test(errors_of_the_queue), com_test(errors_interrupted_without_ranges),
    };

    return run_group("errors", tests);
}
