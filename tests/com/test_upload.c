/*
 * Upload and upload-reply jobs through the client API, against the fault server's BITS endpoint:
 * what reaches the server, what clients see on the way, replies, errors, Cancel.
 */
#include "service.h"

#include "../server/pattern.h"

#include <bits10_2.h>
#include <stdlib.h>
#include <string.h>

#define SEED  7
#define LARGE 1500000

static char place[64]; /* of this test's upload at the server */

static void write_pattern(const WCHAR *path, size_t size)
{
    char *data = malloc(size + 1);

    assert_non_null(data);
    pattern_fill(SEED, 0, data, size);
    write_file(path, data, size);
    free(data);
}

/* A foreground job that uploads size bytes of the pattern to a new place at the fault server. */
static IBackgroundCopyJob5 *new_upload(BG_JOB_TYPE type, size_t size, const char *settings)
{
    IBackgroundCopyJob5 *job = new_job(type);
    static int places;

    snprintf(place, sizeof(place), "/bits/c%lu-%llu-%d", GetCurrentProcessId(),
             (unsigned long long)GetTickCount64(), ++places);
    write_pattern(local("up.bin"), size);
    ok(call(job, SetPriority, BG_JOB_PRIORITY_FOREGROUND));
    ok(call(job, AddFile, url("FAULT", "%s?seed=%d&%s", place + 1, SEED, settings),
            local("up.bin")));
    return job;
}

static BOOL has_fact(const char *fact)
{
    char *facts = fault_uploads(place);
    BOOL found = strstr(facts, fact) != NULL;

    free(facts);
    return found;
}

static void check_fact(const char *fact)
{
    char *facts = fault_uploads(place);

    if (!strstr(facts, fact))
        fail_msg("%s not in %s", fact, facts);
    free(facts);
}

static void wait_fact(const char *fact)
{
    ULONGLONG end = GetTickCount64() + DEADLINE;

    while (!has_fact(fact) && GetTickCount64() < end)
        Sleep(20);
    check_fact(fact);
}

static void wait_bytes(IBackgroundCopyJob5 *job, UINT64 bytes)
{
    ULONGLONG end = GetTickCount64() + DEADLINE;
    BG_JOB_PROGRESS progress;

    do {
        assert_true(GetTickCount64() < end);
        Sleep(5);
        ok(call(job, GetProgress, &progress));
    } while (progress.BytesTransferred < bytes);
}

static void check_delivered(size_t size)
{
    char text[64];

    check_fact("\"good\": true");
    check_fact("\"delivered\": 1");
    check_fact("\"open\": 0");
    snprintf(text, sizeof(text), "\"size\": %u", (unsigned)size);
    check_fact(text);
}

static void check_reply_progress(IBackgroundCopyJob5 *job, UINT64 bytes, UINT64 total)
{
    BG_JOB_REPLY_PROGRESS progress;

    ok(call(job, GetReplyProgress, &progress));
    assert_true(progress.BytesTransferred == bytes);
    assert_true(progress.BytesTotal == total);
}

/* ---- uploads ---- */

static void upload_sent(void **state)
{
    static const size_t sizes[] = {0, 10, LARGE};

    for (size_t i = 0; i < ARRAYSIZE(sizes); i++) {
        IBackgroundCopyJob5 *job = new_upload(BG_JOB_TYPE_UPLOAD, sizes[i], "");
        struct callback *callback =
            listen_to(job, BG_NOTIFY_JOB_TRANSFERRED | BG_NOTIFY_FILE_TRANSFERRED);
        IBackgroundCopyFile6 *file = job_file(job, 0);
        BG_JOB_PROGRESS progress;
        BG_FILE_PROGRESS one;

        ok(call(file, GetProgress, &one));
        assert_false(one.Completed);
        expect(BG_E_INVALID_STATE, call(job, Complete));
        transfer(job);
        check_delivered(sizes[i]);
        check_fact("\"name\": \"up.bin\"");
        wait_calls(callback, TRANSFERRED, 1);
        assert_int_equal(callback->count[FILE_TRANSFERRED], 0);
        ok(call(file, GetProgress, &one));
        assert_true(one.Completed);
        assert_true(one.BytesTotal == sizes[i] && one.BytesTransferred == sizes[i]);
        ok(call(job, GetProgress, &progress));
        assert_true(progress.BytesTotal == sizes[i] && progress.BytesTransferred == sizes[i]);
        assert_int_equal(progress.FilesTransferred, 1);
        ok(call(job, Complete));
        assert_int_equal(state_of(job), BG_JOB_STATE_ACKNOWLEDGED);
        assert_pattern(local("up.bin"), SEED, 0, sizes[i]);
    }
}

/* With the properties that downloads have, too. */
static void upload_options(void **state)
{
    IBackgroundCopyJob5 *job = new_upload(BG_JOB_TYPE_UPLOAD, 300, "auth=basic");
    BG_AUTH_CREDENTIALS credentials = {BG_AUTH_TARGET_SERVER, BG_AUTH_SCHEME_BASIC, {{NULL}}};

    credentials.Credentials.Basic.UserName = (WCHAR *)L"user";
    credentials.Credentials.Basic.Password = (WCHAR *)L"password";
    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_ERROR, BG_E_HTTP_ERROR_401, BG_ERROR_CONTEXT_REMOTE_FILE);
    ok(call(job, SetCredentials, &credentials));
    ok(call(http_options(job), SetCustomHeaders, L"X-Mine: 1\r\n"));
    transfer(job);
    check_delivered(300);
    assert_true(fault_count(place, "\"x-mine\": \"1\"") >= 4);
    ok(call(job, Complete));
}

/* Schemes that authenticate the connection, with a name and as whoever is logged on. */
static void upload_ntlm(void **state)
{
    static const char *const servers[] = {"auth=ntlm", "auth=ntlm&user=somebody&password=theirs",
                                          "auth=negotiate&user=somebody&password=theirs"};

    for (size_t i = 0; i < ARRAYSIZE(servers) && (!i || getenv("OPENBITS_TEST_LOGGED_ON")); i++) {
        IBackgroundCopyJob5 *job = new_upload(BG_JOB_TYPE_UPLOAD, LARGE, servers[i]);
        BG_AUTH_CREDENTIALS credentials = {BG_AUTH_TARGET_SERVER, BG_AUTH_SCHEME_NTLM, {{NULL}}};

        if (!i) {
            credentials.Credentials.Basic.UserName = (WCHAR *)L"user";
            credentials.Credentials.Basic.Password = (WCHAR *)L"password";
        }
        ok(call(job, SetCredentials, &credentials));
        transfer(job);
        check_delivered(LARGE);
        ok(call(job, Complete));
    }
}

static void upload_own_method(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_UPLOAD);
    BG_JOB_PRIORITY priority;

    write_pattern(local("up.bin"), LARGE);
    ok(call(job, AddFile, url("FAULT", "upload/own"), local("up.bin")));
    ok(call(http_options(job), SetHttpMethod, L"PUT"));
    ok(call(job, GetPriority, &priority));
    assert_int_equal(priority, BG_JOB_PRIORITY_FOREGROUND);
    transfer(job);
    assert_int_equal(fault_count("/upload/own", "\"method\": \"PUT\""), 1);
    assert_int_equal(fault_count("/upload/own", "\"received\": 1500000"), 1);
    ok(call(job, Complete));

    job = new_job(BG_JOB_TYPE_UPLOAD);
    ok(call(job, AddFile, url("FAULT", "upload/fails?status=503&times=1"), local("up.bin")));
    ok(call(http_options(job), SetHttpMethod, L"POST"));
    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_ERROR, BG_E_HTTP_ERROR_503, BG_ERROR_CONTEXT_REMOTE_FILE);
    transfer(job);
    ok(call(job, Complete));
}

/* A share, as far as one can be had: a drive. */
static void upload_to_file(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_UPLOAD);
    WCHAR remote[MAX_PATH + 16];

    write_pattern(local("up.bin"), LARGE);
    swprintf(remote, ARRAYSIZE(remote), L"file:///%ls", local("there.bin"));
    ok(call(job, AddFile, remote, local("up.bin")));
    transfer(job);
    assert_pattern(local("there.bin"), SEED, 0, LARGE);
    ok(call(job, Complete));
    assert_pattern(local("there.bin"), SEED, 0, LARGE);

    job = new_job(BG_JOB_TYPE_UPLOAD);
    swprintf(remote, ARRAYSIZE(remote), L"file:///%ls", local("missing\\there.bin"));
    ok(call(job, AddFile, remote, local("up.bin")));
    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_ERROR, HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND),
               BG_ERROR_CONTEXT_REMOTE_FILE);
}

static void upload_random_access(void **state)
{
    IBackgroundCopyJob5 *job = new_upload(BG_JOB_TYPE_UPLOAD, 300, "");
    IBackgroundCopyFile6 *file = job_file(job, 0);
    BG_FILE_RANGE range = {0, 10}, *ranges = NULL;
    DWORD count = 0;

    expect(BG_E_RANDOM_ACCESS_NOT_SUPPORTED, call(file, UpdateDownloadPosition, 5));
    expect(BG_E_RANDOM_ACCESS_NOT_SUPPORTED, call(file, RequestFileRanges, 1, &range));
    expect(BG_E_RANDOM_ACCESS_NOT_SUPPORTED, call(file, GetFilledFileRanges, &count, &ranges));
}

/* The service ends in the middle; the next run goes on in the same session. */
static void upload_restart(void **state)
{
    IBackgroundCopyJob5 *job =
        new_upload(BG_JOB_TYPE_UPLOAD, LARGE, "on=Fragment&skip=1&times=1&delay=3");
    IBackgroundCopyJob *again = NULL;
    GUID id = id_of(job);

    ok(call(job, Resume));
    wait_bytes(job, 256 * 1024);
    restart_service();
    ok(call(manager, GetJob, &id, &again));
    track(again);
    job = query(again, &IID_IBackgroundCopyJob5);
    wait_state(job, BG_JOB_STATE_TRANSFERRED);
    check_delivered(LARGE);
    check_fact("\"created\": 1");
    ok(call(job, Complete));
}

/* ---- replies ---- */

static void upload_reply(void **state)
{
    IBackgroundCopyJob5 *job =
        new_upload(BG_JOB_TYPE_UPLOAD_REPLY, LARGE, "bits_reply=5000&delay=1&on=Close-Session");
    struct callback *callback =
        listen_to(job, BG_NOTIFY_JOB_TRANSFERRED | BG_NOTIFY_FILE_TRANSFERRED);
    BG_JOB_PROGRESS progress;
    byte *data = NULL;
    UINT64 size = 0;

    ok(call(job, SetReplyFileName, local("reply.bin")));
    check_reply_progress(job, 0, BG_SIZE_UNKNOWN);
    ok(call(job, Resume));
    wait_calls(callback, FILE_TRANSFERRED, 1);
    assert_int_equal(callback->count[TRANSFERRED], 0);
    expect(BG_E_INVALID_STATE, call(job, SetReplyFileName, local("other.bin")));
    wait_calls(callback, TRANSFERRED, 1);
    wait_state(job, BG_JOB_STATE_TRANSFERRED);
    check_delivered(LARGE);
    check_fact("\"closed\": 1");
    assert_int_equal(callback->count[FILE_TRANSFERRED], 1);
    check_reply_progress(job, 5000, 5000);
    ok(call(job, GetProgress, &progress));
    assert_true(progress.BytesTotal == LARGE && progress.BytesTransferred == LARGE);
    assert_int_equal(progress.FilesTotal, 1);
    expect(BG_E_INVALID_STATE, call(job, SetReplyFileName, local("other.bin")));
    assert_false(exists(local("reply.bin")));

    for (int completed = 0; completed < 2; completed++) {
        ok(call(job, GetReplyData, &data, &size));
        assert_int_equal(size, 5000);
        assert_int_equal(pattern_first_difference(SEED, 0, data, 5000), 5000);
        CoTaskMemFree(data);
        if (!completed)
            ok(call(job, Complete));
    }
    assert_pattern(local("reply.bin"), SEED, 0, 5000);
    expect(NULL_REF, call(job, GetReplyData, NULL, &size));
    expect(E_INVALIDARG, call(job, GetReplyData, &data, NULL));
}

static void upload_reply_sizes(void **state)
{
    IBackgroundCopyJob5 *job = new_upload(BG_JOB_TYPE_UPLOAD_REPLY, 10, "bits_reply=1048576");
    byte *data = NULL;
    UINT64 size = 0;

    transfer(job);
    ok(call(job, GetReplyData, &data, &size));
    assert_int_equal(size, 1048576);
    assert_int_equal(pattern_first_difference(SEED, 0, data, 1048576), 1048576);
    CoTaskMemFree(data);
    ok(call(job, Complete));

    job = new_upload(BG_JOB_TYPE_UPLOAD_REPLY, 10, "bits_reply=1048577");
    ok(call(job, SetReplyFileName, local("large.bin")));
    transfer(job);
    data = (byte *)1;
    expect(BG_E_TOO_LARGE, call(job, GetReplyData, &data, &size));
    assert_int_equal(size, 1048577);
    assert_null(data);
    ok(call(job, Complete));
    assert_pattern(local("large.bin"), SEED, 0, 1048577);
}

static void upload_no_reply(void **state)
{
    IBackgroundCopyJob5 *job = new_upload(BG_JOB_TYPE_UPLOAD_REPLY, 10, "");
    byte *data = (byte *)1;
    UINT64 size = 1;
    char *text;
    size_t length;

    ok(call(job, SetReplyFileName, local("empty.bin")));
    transfer(job);
    ok(call(job, GetReplyData, &data, &size));
    assert_null(data);
    assert_int_equal(size, 0);
    assert_false(exists(local("empty.bin")));
    ok(call(job, Complete));
    text = read_file(local("empty.bin"), &length);
    assert_int_equal(length, 0);
    free(text);
}

/* Nobody named the reply's file. */
static void upload_reply_name(void **state)
{
    IBackgroundCopyJob5 *job = new_upload(BG_JOB_TYPE_UPLOAD_REPLY, 10, "bits_reply=20");
    const WCHAR *source = local("up.bin");
    WCHAR *name = NULL;

    ok(call(job, Resume));
    ok(call(job, GetReplyFileName, &name));
    assert_non_null(name);
    assert_memory_equal(name, source, (wcslen(source) - 6) * sizeof(WCHAR));
    wait_state(job, BG_JOB_STATE_TRANSFERRED);
    ok(call(job, Complete));
    assert_pattern(name, SEED, 0, 20);
    DeleteFileW(name);
    CoTaskMemFree(name);
}

static void upload_reply_fails(void **state)
{
    IBackgroundCopyJob5 *job =
        new_upload(BG_JOB_TYPE_UPLOAD_REPLY, 10, "bits_reply_url=/data/r%3Fstatus=404");
    BG_JOB_REPLY_PROGRESS progress;

    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_ERROR, BG_E_HTTP_ERROR_404, BG_ERROR_CONTEXT_REMOTE_FILE);
    ok(call(job, GetReplyProgress, &progress));
    assert_true(progress.BytesTotal != BG_SIZE_UNKNOWN);
    ok(call(job, Cancel));
    wait_fact("\"cancelled\": 1"); /* the reply is cancelled, what was sent stays */
    check_fact("\"delivered\": 1");
}

/* ---- errors ---- */

static void upload_errors(void **state)
{
    static const struct {
        const char *settings;
        HRESULT code;
        BG_ERROR_CONTEXT context;
        BOOL transient;
    } cases[] = {
        {"status=403", BG_E_HTTP_ERROR_403, BG_ERROR_CONTEXT_REMOTE_FILE, FALSE},
        {"status=408", BG_E_HTTP_ERROR_408, BG_ERROR_CONTEXT_REMOTE_FILE, TRUE},
        {"status=409", BG_E_HTTP_ERROR_409, BG_ERROR_CONTEXT_REMOTE_FILE, TRUE},
        {"status=501", BG_E_HTTP_ERROR_501, BG_ERROR_CONTEXT_REMOTE_FILE, FALSE},
        {"status=503", BG_E_HTTP_ERROR_503, BG_ERROR_CONTEXT_REMOTE_FILE, TRUE},
        {"status=505", BG_E_HTTP_ERROR_505, BG_ERROR_CONTEXT_REMOTE_FILE, FALSE},
        {"bits_max=100", BG_E_TOO_LARGE, BG_ERROR_CONTEXT_REMOTE_FILE, FALSE},
        {"on=Fragment&bits_lose=1", BG_E_SESSION_NOT_FOUND, BG_ERROR_CONTEXT_REMOTE_FILE, TRUE},
        {"bits_protocol=%7b0%7d", BG_E_CLIENT_SERVER_PROTOCOL_MISMATCH,
         BG_ERROR_CONTEXT_REMOTE_FILE, FALSE},
        {"header=BITS-Received-Content-Range:%20none", BG_E_INVALID_SERVER_RESPONSE,
         BG_ERROR_CONTEXT_REMOTE_FILE, FALSE},
        {"status=500&bits_error=8020002b", BG_E_INVALID_RANGE, BG_ERROR_CONTEXT_REMOTE_FILE, TRUE},
    };

    for (size_t i = 0; i < ARRAYSIZE(cases); i++) {
        IBackgroundCopyJob5 *job = new_upload(BG_JOB_TYPE_UPLOAD, 300, cases[i].settings);

        ok(call(job, Resume));
        wait_error(job, cases[i].transient ? BG_JOB_STATE_TRANSIENT_ERROR : BG_JOB_STATE_ERROR,
                   cases[i].code, cases[i].context);
        ok(call(job, Cancel));
    }
}

/* handling-server-application-errors */
static void upload_application_errors(void **state)
{
    static const struct {
        int status;
        BOOL transient;
    } cases[] = {{403, FALSE}, {404, FALSE}, {408, TRUE}, {409, TRUE},
                 {500, TRUE},  {501, FALSE}, {503, TRUE}, {505, FALSE}};

    for (size_t i = 0; i < ARRAYSIZE(cases); i++) {
        IBackgroundCopyJob5 *job;
        char settings[64];

        snprintf(settings, sizeof(settings), "bits_application=%d", cases[i].status);
        job = new_upload(BG_JOB_TYPE_UPLOAD_REPLY, 300, settings);
        ok(call(job, Resume));
        wait_error(job, cases[i].transient ? BG_JOB_STATE_TRANSIENT_ERROR : BG_JOB_STATE_ERROR,
                   (HRESULT)(0x80190000u + (unsigned)cases[i].status),
                   BG_ERROR_CONTEXT_REMOTE_APPLICATION);
        check_reply_progress(job, 0, BG_SIZE_UNKNOWN); /* it was the upload */
        ok(call(job, Cancel));
    }
}

static void upload_no_bits_server(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_UPLOAD);

    write_pattern(local("up.bin"), 10);
    ok(call(job, AddFile, url("HTTP", "nowhere"), local("up.bin")));
    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_ERROR, BG_E_HTTP_ERROR_405, BG_ERROR_CONTEXT_REMOTE_FILE);
}

static void upload_redirect(void **state)
{
    static const ULONG policies[] = {BG_HTTP_REDIRECT_POLICY_ALLOW_SILENT,
                                     BG_HTTP_REDIRECT_POLICY_ALLOW_REPORT,
                                     BG_HTTP_REDIRECT_POLICY_DISALLOW};

    for (size_t i = 0; i < ARRAYSIZE(policies); i++) {
        IBackgroundCopyJob5 *job = new_upload(BG_JOB_TYPE_UPLOAD, 10, "redirect=302");
        WCHAR *name = NULL;

        ok(call(http_options(job), SetSecurityFlags, policies[i]));
        ok(call(job, Resume));
        wait_error(job, BG_JOB_STATE_ERROR, BG_E_HTTP_ERROR_302, BG_ERROR_CONTEXT_REMOTE_FILE);
        ok(call(job_file(job, 0), GetRemoteName, &name));
        assert_text(name, url("FAULT", "%s?seed=%d&redirect=302", place + 1, SEED));
        ok(call(job, Cancel));
    }
}

static void upload_file_changes(void **state)
{
    IBackgroundCopyJob5 *job =
        new_upload(BG_JOB_TYPE_UPLOAD, LARGE, "on=Fragment&skip=1&times=1&status=503");

    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_TRANSIENT_ERROR, BG_E_HTTP_ERROR_503,
               BG_ERROR_CONTEXT_REMOTE_FILE);
    write_pattern(local("up.bin"), 500);
    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_ERROR, BG_E_LOCAL_FILE_CHANGED, BG_ERROR_CONTEXT_LOCAL_FILE);
    transfer(job);
    check_fact("\"size\": 500");
    ok(call(job, Complete));
}

/* ---- Cancel ---- */

static void upload_cancelled(void **state)
{
    IBackgroundCopyJob5 *job = new_upload(BG_JOB_TYPE_UPLOAD, LARGE, "on=Fragment&skip=1&delay=1");

    ok(call(job, Resume));
    wait_bytes(job, 256 * 1024);
    ok(call(job, Cancel));
    assert_int_equal(state_of(job), BG_JOB_STATE_CANCELLED);
    wait_fact("\"cancelled\": 1");
    check_fact("\"open\": 0");
    assert_false(has_fact("delivered"));
    assert_pattern(local("up.bin"), SEED, 0, LARGE);
}

/* The server does not take the first request to cancel: there are more. */
static void upload_cancel_repeated(void **state)
{
    IBackgroundCopyJob5 *job = new_upload(BG_JOB_TYPE_UPLOAD, LARGE,
                                          "on=Fragment,Cancel-Session&skip=1&times=2&status=500");

    ok(call(job, SetMinimumRetryDelay, 5));
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_TRANSIENT_ERROR);
    ok(call(job, Cancel));
    wait_fact("\"cancelled\": 1");
    assert_true(fault_count(place, "Cancel-Session") >= 2);
}

static void upload_cancelled_when_done(void **state)
{
    IBackgroundCopyJob5 *job = new_upload(BG_JOB_TYPE_UPLOAD, 300, "");

    transfer(job);
    ok(call(job, Cancel));
    check_delivered(300);
    assert_false(has_fact("cancelled"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        com_test(upload_sent),
        com_test(upload_options),
        com_test(upload_ntlm),
        com_test(upload_own_method),
        com_test(upload_to_file),
        com_test(upload_random_access),
        com_test(upload_restart),
        com_test(upload_reply),
        com_test(upload_reply_sizes),
        com_test(upload_no_reply),
        com_test(upload_reply_name),
        com_test(upload_reply_fails),
        com_test(upload_errors),
        com_test(upload_application_errors),
        com_test(upload_no_bits_server),
        com_test(upload_redirect),
        com_test(upload_file_changes),
        com_test(upload_cancelled),
        com_test(upload_cancel_repeated),
        com_test(upload_cancelled_when_done),
    };

    return run_group("upload", tests);
}
