/*
 * Remote names: how they are sent, and what becomes of a file's bytes when the name or the file
 * behind it changes.
 */
#include "common.h"

#include <stdlib.h>

#define STAMP "seed=5&rate=4000000"

static void remote_name_escapes(void **state)
{
    IBackgroundCopyJob5 *job = new_download(url("FAULT", "data/p%%20q%%2fr%%C3%%BC?size=10"));

    ok(call(job, AddFile,
            url("FAULT", "data/b\xc3\xbc"
                         "cher\xe4\xb8\xad?size=10"),
            local("wide")));
    transfer(job);
    assert_int_equal(fault_count("", "\"path\": \"/data/p%20q%2fr%C3%BC\""), 1);
    assert_int_equal(fault_count("", "\"path\": \"/data/b%C3%BCcher%E4%B8%AD\""), 1);
}

static UINT64 bytes_of(IBackgroundCopyFile6 *file)
{
    BG_FILE_PROGRESS progress;

    ok(call(file, GetProgress, &progress));
    return progress.BytesTransferred;
}

/* data/test of the fault server, silent in the middle of its 2,000,000 bytes. */
static IBackgroundCopyJob5 *stalled(IBackgroundCopyFile6 **file)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=2000000&stall=1000000&times=1&" STAMP);
    ULONGLONG end = GetTickCount64() + DEADLINE;

    *file = job_file(job, 0);
    ok(call(job, Resume));
    while (bytes_of(*file) < 500000) {
        assert_true(GetTickCount64() < end);
        Sleep(5);
    }
    return job;
}

/* The number of requests of a path that began in the middle of the file, or at its beginning. */
static int requests(const char *path, BOOL middle)
{
    char *log = fault_log(path);
    int count = 0;

    for (const char *at = log; (at = strstr(at, "\"first\": ")) != NULL; at++)
        count += (atoll(at + 9) >= 500000) == middle;
    free(log);
    return count;
}

/* The same file elsewhere, by size and time stamp: what is there is kept, although the other server
 * tags it otherwise. */
static void remote_name_same_file(void **state)
{
    IBackgroundCopyFile6 *file;
    IBackgroundCopyJob5 *job = stalled(&file);

    assert_int_equal(state_of(job), BG_JOB_STATE_TRANSFERRING);
    ok(call(file, SetRemoteName, url("FAULT", "data/moved?size=2000000&etag=%%22x%%22&" STAMP)));
    transfer(job);
    assert_int_equal(requests("/data/moved", TRUE), 1);
    assert_int_equal(requests("/data/moved", FALSE), 0);
    ok(call(job, Complete));
    assert_pattern(local("file"), 5, 0, 2000000);
}

/* Another size, or another time stamp: nothing of the old file is kept. */
static void remote_name_other_file(void **state)
{
    static const struct {
        const char *settings;
        UINT64 seed;
        size_t size;
    } cases[] = {{"size=1900000&seed=6", 6, 1900000},
                 {"size=2000000&seed=5&gen=1", 5 + 1000003, 2000000}};

    for (size_t i = 0; i < ARRAYSIZE(cases); i++) {
        IBackgroundCopyFile6 *file;
        IBackgroundCopyJob5 *job = stalled(&file);

        ok(call(file, SetRemoteName,
                url("FAULT", "data/moved%d?%s&stall=100000&times=2", (int)i, cases[i].settings)));
        ok(call(job, Resume));
        for (ULONGLONG end = GetTickCount64() + DEADLINE; bytes_of(file) > 100000;) {
            assert_true(GetTickCount64() < end);
            Sleep(5);
        }
        fault_control(i ? "{\"path\": \"/data/moved1\", \"release\": true}"
                        : "{\"path\": \"/data/moved0\", \"release\": true}");
        fault_release(i ? "/data/moved1" : "/data/moved0", job);
        ok(call(job, Complete));
        assert_pattern(local("file"), cases[i].seed, 0, cases[i].size);
    }
}

/* Another server, all of the prefix: by each of the two ways. */
static void remote_name_prefix(void **state)
{
    const WCHAR *server = url("FAULT", "%s", "");
    WCHAR other[100];

    swprintf(other, ARRAYSIZE(other), L"http://localhost%ls", wcsrchr(server, ':'));
    for (int changed = 0; changed < 2; changed++) {
        IBackgroundCopyFile6 *file;
        IBackgroundCopyJob5 *job = stalled(&file);
        const char *path = changed ? "/data/test2" : "/data/test";
        WCHAR *name = NULL;
        char order[200];

        snprintf(order, sizeof(order), "{\"path\": \"%s\", \"set\": {%s, \"stall\": null}}", path,
                 changed ? "\"gen\": 1" : "\"etag\": \"\\\"x\\\"\"");
        fault_control(order);
        ok(call(job, ReplaceRemotePrefix, server, other));
        ok(call(file, GetRemoteName, &name));
        assert_int_equal(wcsncmp(name, other, wcslen(other)), 0);
        CoTaskMemFree(name);
        transfer(job);
        assert_int_equal(requests(path, TRUE), changed ? 0 : 1);
        ok(call(job, Complete));
        assert_pattern(local("file"), changed ? 5 + 1000003 : 5, 0, 2000000);
    }
}

/* The file changes on its server: its progress is seen to go back. */
static void remote_file_changed_progress(void **state)
{
    IBackgroundCopyFile6 *file;
    IBackgroundCopyJob5 *job = stalled(&file);
    ULONGLONG end = GetTickCount64() + DEADLINE;
    UINT64 bytes;

    ok(call(job, Suspend));
    assert_true(bytes_of(file) >= 500000);
    fault_control(
        "{\"path\": \"/data/test\", \"set\": {\"gen\": 1, \"stall\": 100000, \"times\": 0,"
        " \"rate\": 0}}");
    ok(call(job, Resume));
    while ((bytes = bytes_of(file)) > 100000) {
        assert_true(GetTickCount64() < end);
        Sleep(5);
    }
    fault_control("{\"path\": \"/data/test\", \"set\": {\"stall\": null}}");
    fault_release("/data/test", job);
    ok(call(job, Complete));
    assert_pattern(local("file"), 5 + 1000003, 0, 2000000);
}

/* Names of files: a drive stands for the share. */
static void remote_name_of_a_share(void **state)
{
    const struct {
        const WCHAR *name;
        DWORD error;
    } cases[] = {{L"file://c:/no/such/file", ERROR_PATH_NOT_FOUND},
                 {L"file://c:/windows/no such file", ERROR_FILE_NOT_FOUND},
                 {L"file://c:/windows", ERROR_ACCESS_DENIED}};

    for (size_t i = 0; i < ARRAYSIZE(cases); i++) {
        IBackgroundCopyFile6 *file;
        IBackgroundCopyJob5 *job = stalled(&file);

        ok(call(file, SetRemoteName, cases[i].name));
        wait_error(job, BG_JOB_STATE_ERROR, HRESULT_FROM_WIN32(cases[i].error),
                   BG_ERROR_CONTEXT_REMOTE_FILE);
        ok(call(job, Cancel));
    }
}

/* What is for HTTP alone does no harm to a file that is copied. */
static void remote_name_file_ignores_http(void **state)
{
    BG_AUTH_CREDENTIALS credentials = {.Target = BG_AUTH_TARGET_SERVER,
                                       .Scheme = BG_AUTH_SCHEME_BASIC};
    IBackgroundCopyJob5 *job;

    credentials.Credentials.Basic.UserName = (WCHAR *)L"nobody";
    credentials.Credentials.Basic.Password = (WCHAR *)L"wrong";
    write_file(local("source"), "some bytes", 10);
    job = new_download(local("source"));
    ok(call(job, SetCredentials, &credentials));
    ok(call(http_options(job), SetCustomHeaders, L"X-Test: 1\r\n"));
    transfer(job);
    ok(call(job, Complete));
    assert_true(exists(local("file")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        com_test(remote_name_escapes),           com_test(remote_name_same_file),
        com_test(remote_name_other_file),        com_test(remote_name_prefix),
        com_test(remote_file_changed_progress),  com_test(remote_name_of_a_share),
        com_test(remote_name_file_ignores_http),
    };

    return run_group("remote_names", tests);
}
