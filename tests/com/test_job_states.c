/*
 * The life of a job: which call brings it from which state to which, what Complete and Cancel leave
 * behind, several jobs at once.
 */
#include "common.h"

#include <stdlib.h>

/* A download whose server falls silent in the middle: it stays TRANSFERRING. */
static IBackgroundCopyJob5 *stalled(void)
{
    IBackgroundCopyJob5 *job =
        new_fault_download("size=2000000&seed=5&stall=1000000&times=1&rate=4000000");
    ULONGLONG end = GetTickCount64() + DEADLINE;
    BG_JOB_PROGRESS progress;

    ok(call(job, Resume));
    do {
        ok(call(job, GetProgress, &progress));
        assert_true(GetTickCount64() < end);
        Sleep(5);
    } while (progress.BytesTransferred < 500000);
    assert_int_equal(state_of(job), BG_JOB_STATE_TRANSFERRING);
    return job;
}

static IBackgroundCopyJob5 *failed(void)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=100&seed=6&status=404&times=1");

    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_ERROR);
    return job;
}

static IBackgroundCopyJob5 *failed_for_now(void)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=100&seed=6&status=503&times=1");

    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_TRANSIENT_ERROR);
    return job;
}

static IBackgroundCopyJob5 *transferred(void)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=100&seed=6");

    transfer(job);
    return job;
}

/* The names of what is in the test's folder, apart from except. */
static int files_left(const WCHAR *except)
{
    WIN32_FIND_DATAW found;
    HANDLE find = FindFirstFileW(local("*"), &found);
    int count = 0;

    assert_true(find != INVALID_HANDLE_VALUE);
    do {
        count += wcscmp(found.cFileName, L".") && wcscmp(found.cFileName, L"..") &&
                 (!except || wcscmp(found.cFileName, except));
    } while (FindNextFileW(find, &found));
    FindClose(find);
    return count;
}

static BOOL queued_or_beyond(IBackgroundCopyJob5 *job)
{
    BG_JOB_STATE state = state_of(job);

    return state == BG_JOB_STATE_QUEUED || state == BG_JOB_STATE_CONNECTING ||
           state == BG_JOB_STATE_TRANSFERRING || state == BG_JOB_STATE_TRANSFERRED;
}

static void states_resume(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);

    expect(BG_E_EMPTY, call(job, Resume));
    assert_int_equal(state_of(job), BG_JOB_STATE_SUSPENDED);
    job = new_fault_download("size=1000&seed=9");
    ok(call(job, Resume));
    assert_true(queued_or_beyond(job));
    wait_state(job, BG_JOB_STATE_TRANSFERRED);
    ok(call(job, Resume));
    assert_int_equal(state_of(job), BG_JOB_STATE_TRANSFERRED);
    job = stalled();
    ok(call(job, Resume));
    assert_int_equal(state_of(job), BG_JOB_STATE_TRANSFERRING);
}

static void states_resume_after_errors(void **state)
{
    IBackgroundCopyJob5 *job = failed();
    ULONG count = 0;

    ok(call(job, GetErrorCount, &count));
    assert_int_equal(count, 1);
    transfer(job);
    ok(call(job, GetErrorCount, &count));
    assert_int_equal(count, 1);
    ok(call(job, Complete));
    assert_pattern(local("file"), 6, 0, 100);
    fault_control("{\"reset\": true}");
    job = failed_for_now();
    ok(call(job, SetMinimumRetryDelay, 3600));
    transfer(job); /* at once, whatever the delay */
}

static void states_suspend(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);

    ok(call(job, Suspend));
    assert_int_equal(state_of(job), BG_JOB_STATE_SUSPENDED);
    job = transferred();
    ok(call(job, Suspend));
    fault_control("{\"reset\": true}");
    job = failed();
    ok(call(job, Suspend));
    assert_int_equal(state_of(job), BG_JOB_STATE_SUSPENDED);
    fault_control("{\"reset\": true}");
    job = failed_for_now();
    ok(call(job, Suspend));
    assert_int_equal(state_of(job), BG_JOB_STATE_SUSPENDED);
}

/* Stops in the middle of a file and goes on from there. */
static void states_suspend_running(void **state)
{
    IBackgroundCopyJob5 *job = stalled();
    BG_JOB_PROGRESS before, after;

    ok(call(job, Suspend));
    assert_int_equal(state_of(job), BG_JOB_STATE_SUSPENDED);
    ok(call(job, GetProgress, &before));
    assert_true(before.BytesTransferred >= 500000 && before.BytesTransferred <= 1000000);
    transfer(job);
    ok(call(job, GetProgress, &after));
    assert_int_equal(after.BytesTransferred, 2000000);
    assert_int_equal(fault_count("/data/test", "\"range\": \"bytes="), 1);
    ok(call(job, Complete));
    assert_pattern(local("file"), 5, 0, 2000000);
}

static void states_cancel(void **state)
{
    IBackgroundCopyJob5 *(*const makers[])(void) = {failed, failed_for_now, transferred, stalled};

    for (size_t i = 0; i < ARRAYSIZE(makers); i++) {
        IBackgroundCopyJob5 *job;
        IBackgroundCopyJob *found = NULL;
        GUID id;

        fault_control("{\"reset\": true}");
        job = makers[i]();
        id = id_of(job);
        ok(call(job, Cancel));
        assert_int_equal(state_of(job), BG_JOB_STATE_CANCELLED);
        expect(BG_E_NOT_FOUND, call(manager, GetJob, &id, &found));
        assert_int_equal(files_left(NULL), 0);
    }
}

static void states_cancel_some_done(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=1000");

    ok(call(job, AddFile, url("FAULT", "data/b?status=404"), local("b")));
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_ERROR);
    assert_int_equal(files_left(NULL), 1);
    ok(call(job, Cancel));
    assert_int_equal(files_left(NULL), 0);
}

/* A temporary file that another program holds cannot be deleted. */
static void states_cancel_file_in_use(void **state)
{
    IBackgroundCopyJob5 *job = transferred();
    HANDLE handle;
    WCHAR *name;

    ok(call(job_file(job, 0), GetTemporaryName, &name));
    handle = CreateFileW(name, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                         OPEN_EXISTING, 0, NULL);
    assert_true(handle != INVALID_HANDLE_VALUE);
    expect(BG_S_UNABLE_TO_DELETE_FILES, call(job, Cancel));
    assert_int_equal(state_of(job), BG_JOB_STATE_CANCELLED);
    CloseHandle(handle);
    DeleteFileW(name);
    CoTaskMemFree(name);
}

static void states_complete(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=70000&seed=7");
    IBackgroundCopyJob *found = NULL;
    GUID id = id_of(job);
    BG_JOB_TIMES times;

    write_file(local("file"), "old", 3);
    transfer(job);
    ok(call(job, GetTimes, &times));
    assert_true(times.TransferCompletionTime.dwHighDateTime != 0);
    assert_true(CompareFileTime(&times.TransferCompletionTime, &times.CreationTime) >= 0);
    assert_int_equal(files_left(L"file"), 1);
    ok(call(job, Complete));
    assert_int_equal(state_of(job), BG_JOB_STATE_ACKNOWLEDGED);
    expect(BG_E_NOT_FOUND, call(manager, GetJob, &id, &found));
    assert_int_equal(files_left(L"file"), 0);
    assert_pattern(local("file"), 7, 0, 70000);
}

/* HTTP: the server's date is the file's. */
static void states_complete_file_time(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10&seed=7");
    WIN32_FILE_ATTRIBUTE_DATA data;
    BITS_FILE_PROPERTY_VALUE value = {.String = NULL};
    SYSTEMTIME time;
    WCHAR *date;
    int day, year;

    transfer(job);
    ok(call(job_file(job, 0), GetProperty, BITS_FILE_PROPERTY_ID_HTTP_RESPONSE_HEADERS, &value));
    ok(call(job, Complete));
    date = wcsstr(value.String, L"Last-Modified: ");
    assert_non_null(date);
    assert_int_equal(swscanf(date, L"Last-Modified: %*3s, %d %*3s %d", &day, &year), 2);
    assert_true(GetFileAttributesExW(local("file"), GetFileExInfoStandard, &data));
    assert_true(FileTimeToSystemTime(&data.ftLastWriteTime, &time));
    assert_int_equal(time.wDay, day);
    assert_int_equal(time.wYear, year);
    CoTaskMemFree(value.String);
}

static void states_complete_early(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=1000&seed=2");

    ok(call(job, AddFile, url("FAULT", "data/b?status=404"), local("b")));
    ok(call(job, AddFile, url("FAULT", "data/c?size=10"), local("c")));
    expect(BG_S_PARTIAL_COMPLETE, call(new_download(L"http://127.0.0.1:1/a"), Complete));
    assert_int_equal(files_left(NULL), 0);
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_ERROR);
    assert_int_equal(fault_count("/data/c", "\"id\""), 0);
    expect(BG_S_PARTIAL_COMPLETE, call(job, Complete));
    assert_int_equal(state_of(job), BG_JOB_STATE_ACKNOWLEDGED);
    assert_pattern(local("file"), 2, 0, 1000);
    assert_int_equal(files_left(L"file"), 0);
}

static void states_complete_while_transferring(void **state)
{
    IBackgroundCopyJob5 *job = stalled();

    expect(BG_S_PARTIAL_COMPLETE, call(job, Complete));
    assert_int_equal(state_of(job), BG_JOB_STATE_ACKNOWLEDGED);
    assert_int_equal(files_left(NULL), 0);
}

/* The second file's target is in use: the first keeps its name, and Complete can be called again.
 */
static void states_complete_again(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=1000&seed=2");
    IBackgroundCopyFile6 *files[2];
    BG_FILE_PROGRESS progress;
    IBackgroundCopyJob *found;
    GUID id = id_of(job);
    HANDLE handle;

    ok(call(job, AddFile, url("FAULT", "data/b?size=500&seed=3"), local("b")));
    files[0] = job_file(job, 0);
    files[1] = job_file(job, 1);
    transfer(job);
    handle = CreateFileW(local("b"), GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    assert_true(handle != INVALID_HANDLE_VALUE);
    assert_true(FAILED(call(job, Complete)));
    assert_int_equal(state_of(job), BG_JOB_STATE_TRANSFERRED);
    ok(call(manager, GetJob, &id, &found));
    track(found);
    assert_pattern(local("file"), 2, 0, 1000);
    ok(call(files[0], GetProgress, &progress));
    assert_true(progress.Completed);
    ok(call(files[1], GetProgress, &progress));
    assert_false(progress.Completed);
    CloseHandle(handle);
    ok(call(job, Complete));
    assert_pattern(local("b"), 3, 0, 500);
    ok(call(files[1], GetProgress, &progress));
    assert_true(progress.Completed);
}

static void states_add_after_transfer(void **state)
{
    IBackgroundCopyJob5 *job = transferred();

    ok(call(job, AddFile, url("FAULT", "data/b?size=500&seed=3"), local("b")));
    assert_int_not_equal(state_of(job), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(fault_count("/data/b", "\"id\""), 0);
    transfer(job);
    ok(call(job, Complete));
    assert_pattern(local("file"), 6, 0, 100);
    assert_pattern(local("b"), 3, 0, 500);
    assert_int_equal(fault_count("/data/test", "\"GET\""), 1);
}

/* One after the other in the order given, those added on the way too. */
static void states_add_in_any_state(void **state)
{
    IBackgroundCopyJob5 *job = stalled();
    char *log;
    char *first, *second;

    ok(call(job, AddFile, url("FAULT", "data/b?size=10&seed=1"), local("b")));
    ok(call(job, SetPriority, BG_JOB_PRIORITY_HIGH));
    ok(call(job, SetPriority, BG_JOB_PRIORITY_FOREGROUND));
    fault_release("/data/test", job);
    ok(call(job, Complete));
    assert_pattern(local("file"), 5, 0, 2000000);
    assert_pattern(local("b"), 1, 0, 10);
    fault_control("{\"reset\": true}");
    job = failed();
    ok(call(job, AddFile, url("FAULT", "data/c?size=10&seed=1"), local("c")));
    transfer(job);
    ok(call(job, Complete));
    assert_pattern(local("c"), 1, 0, 10);
    fault_control("{\"reset\": true}");
    job = failed_for_now();
    ok(call(job, AddFile, url("FAULT", "data/d?size=10&seed=1"), local("d")));
    transfer(job);
    ok(call(job, Complete));
    log = fault_log("");
    first = strstr(log, "/data/c");
    second = strstr(log, "/data/d");
    assert_true(first && second && first < second);
    free(log);
}

/* The temporary file of a file that is not whole is held by a program: it stays, the job does not.
 */
static void states_complete_file_in_use(void **state)
{
    IBackgroundCopyJob5 *job = stalled();
    WCHAR *name = NULL;
    HANDLE handle;

    ok(call(job_file(job, 0), GetTemporaryName, &name));
    handle = CreateFileW(name, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                         OPEN_EXISTING, 0, NULL);
    CoTaskMemFree(name);
    assert_true(handle != INVALID_HANDLE_VALUE);
    expect(BG_S_UNABLE_TO_DELETE_FILES, call(job, Complete));
    CloseHandle(handle);
    assert_int_equal(state_of(job), BG_JOB_STATE_ACKNOWLEDGED);
    assert_int_equal(files_left(NULL), 1);
}

/* Foreground jobs do not wait for each other, nor for a background job. */
static void states_foreground_together(void **state)
{
    IBackgroundCopyJob5 *slow = stalled(), *jobs[4];

    ok(call(slow, SetPriority, BG_JOB_PRIORITY_NORMAL));
    for (int i = 0; i < 4; i++) {
        jobs[i] = new_job(BG_JOB_TYPE_DOWNLOAD);
        ok(call(jobs[i], SetPriority, BG_JOB_PRIORITY_FOREGROUND));
        ok(call(jobs[i], AddFile, url("FAULT", "data/j%d?size=100&stall=50", i), local("%d", i)));
        ok(call(jobs[i], Resume));
    }
    for (int i = 0; i < 4; i++)
        wait_state(jobs[i], BG_JOB_STATE_TRANSFERRING);
    for (int i = 0; i < 4; i++) {
        char path[20];

        snprintf(path, sizeof(path), "/data/j%d", i);
        fault_release(path, jobs[i]);
    }
}

/* A background job gives way to one of higher priority and goes on after it. */
static void states_priorities(void **state)
{
    IBackgroundCopyJob5 *low = stalled(), *high = new_job(BG_JOB_TYPE_DOWNLOAD);

    ok(call(low, SetPriority, BG_JOB_PRIORITY_LOW));
    ok(call(high, SetPriority, BG_JOB_PRIORITY_HIGH));
    ok(call(high, AddFile, url("FAULT", "data/high?size=1000&seed=1"), local("high")));
    transfer(high);
    wait_state(low, BG_JOB_STATE_TRANSFERRED);
    ok(call(low, Complete));
    assert_pattern(local("file"), 5, 0, 2000000);
}

/* Bytes that come change the modification time; nothing else is needed for it. */
static void states_bytes_change_time(void **state)
{
    /* 20 s at this rate */
    IBackgroundCopyJob5 *job = new_download(url("FAULT", "data/slow?size=20000000&rate=1000000"));
    ULONGLONG before, end = GetTickCount64() + DEADLINE;
    BG_JOB_PROGRESS progress;
    UINT64 had;

    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_TRANSFERRING);
    ok(call(job, SetDescription, L"now"));
    before = modified(job);
    ok(call(job, GetProgress, &progress));
    had = progress.BytesTransferred;
    do {
        assert_true(GetTickCount64() < end);
        Sleep(5);
        ok(call(job, GetProgress, &progress));
    } while (progress.BytesTransferred < had + 200000);
    assert_int_equal(state_of(job), BG_JOB_STATE_TRANSFERRING);
    assert_true(modified(job) > before);
}

/* The file changes on the server while its transfer is interrupted: it starts again, whole. */
static void states_file_changed(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10&seed=1");

    ok(call(job, AddFile,
            url("FAULT", "data/b?size=2000000&seed=5&stall=1000000&times=1&rate=4000000"),
            local("b")));
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_TRANSFERRING);
    for (ULONGLONG end = GetTickCount64() + DEADLINE;;) {
        BG_JOB_PROGRESS progress;

        ok(call(job, GetProgress, &progress));
        if (progress.BytesTransferred > 500000)
            break;
        assert_true(GetTickCount64() < end);
        Sleep(5);
    }
    ok(call(job, Suspend));
    fault_control(
        "{\"path\": \"/data/b\", \"set\": {\"gen\": 1, \"size\": 1500000, \"stall\": 99000000}}");
    transfer(job);
    ok(call(job, Complete));
    assert_pattern(local("file"), 1, 0, 10);
    assert_int_equal(fault_count("/data/test", "\"GET\""), 1);
    {
        size_t size;

        free(read_file(local("b"), &size));
        assert_int_equal(size, 1500000);
    }
}

/* A local source: file: and a drive path. */
static void states_file_source(void **state)
{
    IBackgroundCopyJob5 *job;
    FILETIME stamp = {0x12345678, 0x01c00000};
    HANDLE handle;

    write_file(local("source"), "some bytes", 10);
    handle = CreateFileW(local("source"), GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    assert_true(SetFileTime(handle, NULL, NULL, &stamp));
    CloseHandle(handle);
    job = new_download(local("source"));
    transfer(job);
    ok(call(job, Complete));
    {
        WIN32_FILE_ATTRIBUTE_DATA data;
        size_t size;
        char *bytes = read_file(local("file"), &size);

        assert_string_equal(bytes, "some bytes");
        free(bytes);
        assert_true(GetFileAttributesExW(local("file"), GetFileExInfoStandard, &data));
        assert_int_equal(data.ftLastWriteTime.dwHighDateTime, stamp.dwHighDateTime);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        com_test(states_resume),
        com_test(states_resume_after_errors),
        com_test(states_suspend),
        com_test(states_suspend_running),
        com_test(states_cancel),
        com_test(states_cancel_some_done),
        com_test(states_cancel_file_in_use),
        com_test(states_complete),
        com_test(states_complete_file_time),
        com_test(states_complete_early),
        com_test(states_complete_while_transferring),
        com_test(states_complete_again),
        com_test(states_add_after_transfer),
        com_test(states_add_in_any_state),
        com_test(states_foreground_together),
        com_test(states_priorities),
        com_test(states_file_changed),
        com_test(states_file_source),
        com_test(states_complete_file_in_use),
        com_test(states_bytes_change_time),
    };

    return run_group("job_states", tests);
}
