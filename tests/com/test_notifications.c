/*
 * Callbacks and command lines: which event calls what, order, repetition, coalescing, clients that
 * refuse or let go.
 */
#include "common.h"

#include <stdlib.h>

/* Time for something that must not happen (ms). */
#define QUIET 700

static IBackgroundCopyJob5 *failing(const char *settings)
{
    IBackgroundCopyJob5 *job = new_fault_download(settings);

    ok(call(job, SetMinimumRetryDelay, 5));
    return job;
}

static void notify_transferred(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10");
    struct callback *callback = listen_to(job, BG_NOTIFY_JOB_TRANSFERRED);

    transfer(job);
    wait_calls(callback, TRANSFERRED, 1);
    assert_false(called_within(callback, TRANSFERRED, 2, QUIET));
    assert_int_equal(callback->calls, 1);
}

static void notify_error(void **state)
{
    IBackgroundCopyJob5 *job = failing("size=10&status=404");
    struct callback *callback = listen_to(job, BG_NOTIFY_JOB_TRANSFERRED | BG_NOTIFY_JOB_ERROR);

    ok(call(job, Resume));
    wait_calls(callback, FAILED_JOB, 1);
    assert_int_equal(state_of(job), BG_JOB_STATE_ERROR);
    ok(call(job, Cancel));
    fault_control("{\"reset\": true}");
    job = failing("size=10&status=503");
    ok(call(job, SetMinimumRetryDelay, 600));
    callback = listen_to(job, BG_NOTIFY_JOB_TRANSFERRED | BG_NOTIFY_JOB_ERROR);
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_TRANSIENT_ERROR);
    assert_false(called_within(callback, FAILED_JOB, 1, QUIET));
}

static void notify_flags(void **state)
{
    static const struct {
        ULONG flags;
        const char *settings;
        BG_JOB_STATE end;
    } cases[] = {
        {0, "size=10", BG_JOB_STATE_TRANSFERRED},
        {BG_NOTIFY_JOB_ERROR, "size=10", BG_JOB_STATE_TRANSFERRED},
        {BG_NOTIFY_JOB_TRANSFERRED, "size=10&status=404", BG_JOB_STATE_ERROR},
        {BG_NOTIFY_FILE_RANGES_TRANSFERRED, "size=10", BG_JOB_STATE_TRANSFERRED},
        {0x3f, "size=10", BG_JOB_STATE_TRANSFERRED}, /* with BG_NOTIFY_DISABLE */
    };
    struct callback *callbacks[ARRAYSIZE(cases)];

    for (size_t i = 0; i < ARRAYSIZE(cases); i++) {
        char settings[100];
        IBackgroundCopyJob5 *job;

        fault_control("{\"reset\": true}");
        snprintf(settings, sizeof(settings), "%s", cases[i].settings);
        job = failing(settings);
        callbacks[i] = listen_to(job, cases[i].flags);
        ok(call(job, Resume));
        wait_state(job, cases[i].end);
    }
    Sleep(QUIET);
    for (size_t i = 0; i < ARRAYSIZE(cases); i++)
        assert_int_equal(callbacks[i]->calls, 0);
}

/* JobTransferred and JobError come again until they are taken. */
static void notify_again(void **state)
{
    IBackgroundCopyJob5 *job = failing("size=10");
    struct callback *callback = listen_to(job, BG_NOTIFY_JOB_TRANSFERRED);
    IBackgroundCopyJob5 *bad;
    struct callback *errors;

    callback->fail = 1;
    ok(call(job, Resume));
    bad = new_job(BG_JOB_TYPE_DOWNLOAD);
    ok(call(bad, SetPriority, BG_JOB_PRIORITY_FOREGROUND));
    ok(call(bad, SetMinimumRetryDelay, 5));
    ok(call(bad, AddFile, url("FAULT", "data/bad?status=404"), local("bad")));
    errors = listen_to(bad, BG_NOTIFY_JOB_ERROR);
    errors->fail = 1;
    ok(call(bad, Resume));
    wait_calls(callback, TRANSFERRED, 2);
    wait_calls(errors, FAILED_JOB, 2);
    assert_false(called_within(callback, TRANSFERRED, 3, 6000));
    assert_int_equal(errors->count[FAILED_JOB], 2);
}

/* What the four kinds are given, and what may be done inside. */
static HRESULT inside(struct callback *callback, enum kind kind, IBackgroundCopyJob *job,
                      IUnknown *about)
{
    volatile HRESULT *results = callback->context;
    IBackgroundCopyError *error = NULL;
    BG_ERROR_CONTEXT context = BG_ERROR_CONTEXT_NONE, same_context = BG_ERROR_CONTEXT_UNKNOWN;
    HRESULT code = S_OK, same = S_FALSE;
    GUID id;

    results[0] = call(job, GetId, &id);
    if (kind == TRANSFERRED) {
        results[1] = call(job, Complete);
    } else if (kind == FAILED_JOB) {
        call((IBackgroundCopyError *)about, GetError, &context, &code);
        if (SUCCEEDED(call(job, GetError, &error))) {
            call(error, GetError, &same_context, &same);
            call(error, Release);
        }
        results[1] = code == same && context == same_context ? code : E_UNEXPECTED;
        results[2] = call(job, Cancel);
    } else if (kind == FILE_TRANSFERRED) {
        WCHAR *name = NULL;

        results[3] = call((IBackgroundCopyFile *)about, GetLocalName, &name);
        CoTaskMemFree(name);
    }
    return S_OK;
}

static void notify_complete_inside(void **state)
{
    volatile HRESULT results[4] = {E_FAIL, E_FAIL, E_FAIL, E_FAIL};
    IBackgroundCopyJob5 *job = new_fault_download("size=10&seed=3");
    struct callback *callback =
        listen_to(job, BG_NOTIFY_JOB_TRANSFERRED | BG_NOTIFY_FILE_TRANSFERRED);

    callback->context = (void *)results;
    callback->action = inside;
    ok(call(job, Resume));
    wait_calls(callback, TRANSFERRED, 1);
    ok(results[0]);
    ok(results[1]);
    ok(results[3]);
    assert_int_equal(state_of(job), BG_JOB_STATE_ACKNOWLEDGED);
    assert_pattern(local("file"), 3, 0, 10);
}

static void notify_cancel_inside(void **state)
{
    volatile HRESULT results[4] = {E_FAIL, E_FAIL, E_FAIL, E_FAIL};
    IBackgroundCopyJob5 *job = failing("size=10&status=404");
    struct callback *callback = listen_to(job, BG_NOTIFY_JOB_ERROR);

    callback->context = (void *)results;
    callback->action = inside;
    ok(call(job, Resume));
    wait_calls(callback, FAILED_JOB, 1);
    ok(results[0]);
    expect(BG_E_HTTP_ERROR_404, results[1]);
    ok(results[2]);
    assert_int_equal(state_of(job), BG_JOB_STATE_CANCELLED);
}

/* An interface that is set when all is over is still told. */
static void notify_set_late(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10");

    transfer(job);
    wait_calls(listen_to(job, BG_NOTIFY_JOB_TRANSFERRED), TRANSFERRED, 1);
    ok(call(job, Cancel));
    fault_control("{\"reset\": true}");
    job = failing("size=10&status=404");
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_ERROR);
    wait_calls(listen_to(job, BG_NOTIFY_JOB_ERROR), FAILED_JOB, 1);
}

/* Until only the test holds it. */
static void wait_released(struct callback *callback)
{
    ULONGLONG end = GetTickCount64() + DEADLINE;

    while (callback->refs > 1) {
        if (GetTickCount64() > end)
            fail_msg("%ld references are left", callback->refs);
        Sleep(5);
    }
}

static void notify_last_one_wins(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10");
    struct callback *first = listen_to(job, BG_NOTIFY_JOB_TRANSFERRED);
    struct callback *second = listen_to(job, BG_NOTIFY_JOB_TRANSFERRED);
    IUnknown *current = NULL;

    ok(call(job, GetNotifyInterface, &current));
    assert_ptr_equal(query(current, &IID_IBackgroundCopyCallback), &second->iface);
    call(current, Release);
    wait_released(first);
    transfer(job);
    wait_calls(second, TRANSFERRED, 1);
    assert_int_equal(first->calls, 0);
}

static void notify_removed(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10");
    struct callback *callback = listen_to(job, BG_NOTIFY_JOB_TRANSFERRED);
    IUnknown *current = (IUnknown *)1;

    ok(call(job, SetNotifyInterface, NULL));
    ok(call(job, GetNotifyInterface, &current));
    assert_null(current);
    wait_released(callback);
    transfer(job);
    assert_false(called_within(callback, TRANSFERRED, 1, QUIET));
    /* A job that ends lets go of its interface too. */
    job = new_job(BG_JOB_TYPE_DOWNLOAD);
    callback = listen_to(job, BG_NOTIFY_JOB_TRANSFERRED);
    ok(call(job, Cancel));
    wait_released(callback);
}

static void notify_wrong_object(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);

    /* The service's own manager is no callback. */
    expect(E_NOINTERFACE, call(job, SetNotifyInterface, (IUnknown *)manager));
}

/* One FileTransferred for each file, one at a time, all before JobTransferred. */
static void notify_files(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10");
    struct callback *callback =
        listen_to(job, BG_NOTIFY_JOB_TRANSFERRED | BG_NOTIFY_FILE_TRANSFERRED);

    for (int i = 0; i < 9; i++)
        ok(call(job, AddFile, url("FAULT", "data/f%d?size=10", i), local("%d", i)));
    ok(call(job, Resume));
    wait_calls(callback, TRANSFERRED, 1);
    wait_calls(callback, FILE_TRANSFERRED, 10);
    assert_int_equal(callback->most_at_once, 1);
    assert_int_equal(callback->order[TRANSFERRED], 11);
    assert_int_equal(callback->calls, 11);
}

static void notify_files_again(void **state)
{
    IBackgroundCopyJob5 *job = failing("size=10");
    struct callback *callback =
        listen_to(job, BG_NOTIFY_JOB_TRANSFERRED | BG_NOTIFY_FILE_TRANSFERRED);

    callback->fail = 1;
    ok(call(job, Resume));
    wait_calls(callback, FILE_TRANSFERRED, 2);
    wait_calls(callback, TRANSFERRED, 2);
    assert_true(callback->order[TRANSFERRED] > callback->order[FILE_TRANSFERRED]);
}

/* Objects of older clients: no call that they do not know, all others. */
static void notify_old_clients(void **state)
{
    for (int version = 1; version <= 2; version++) {
        IBackgroundCopyJob5 *job = new_fault_download("size=10");
        struct callback *callback = new_callback(version);

        ok(call(job, SetNotifyFlags, 0x3b));
        ok(call(job, SetNotifyInterface, (IUnknown *)&callback->iface));
        ok(call(job, Resume));
        wait_calls(callback, TRANSFERRED, 1);
        assert_int_equal(callback->count[FILE_TRANSFERRED], version - 1);
        assert_int_equal(callback->count[FILE_RANGES], 0);
        ok(call(job, Cancel));
    }
}

static void notify_modification(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10");
    BITS_JOB_PROPERTY_VALUE interval = {.Dword = 0};
    struct callback *callback = listen_to(job, BG_NOTIFY_JOB_MODIFICATION);
    LONG before;

    ok(call(job, SetProperty, BITS_JOB_PROPERTY_MINIMUM_NOTIFICATION_INTERVAL_MS, interval));
    wait_calls(callback, MODIFICATION, 1);
#define MODIFIES(expression)                                                                       \
    do {                                                                                           \
        Sleep(50);                                                                                 \
        before = callback->count[MODIFICATION];                                                    \
        ok(expression);                                                                            \
        wait_calls(callback, MODIFICATION, before + 1);                                            \
    } while (0)
    callback->fail = 1000000; /* it does not matter what the client says */
    MODIFIES(call(job, SetDescription, L"changed"));
    MODIFIES(call(job, AddFile, url("FAULT", "data/b?size=10"), local("b")));
    MODIFIES(call(job, Resume));
#undef MODIFIES
    wait_state(job, BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(callback->reserved, 0);
    assert_int_equal(callback->count[TRANSFERRED], 0);
}

/* Bytes alone, in the middle of a file, are a modification, too. */
static void notify_modification_by_bytes(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=3000000&rate=1000000");
    struct callback *callback = listen_to(job, BG_NOTIFY_JOB_MODIFICATION);

    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_TRANSFERRING);
    wait_calls(callback, MODIFICATION, callback->count[MODIFICATION] + 3);
    assert_int_equal(state_of(job), BG_JOB_STATE_TRANSFERRING);
}

/* A file that is refused when it is told of puts its job in error. */
static HRESULT refuse_file(struct callback *callback, enum kind kind, IBackgroundCopyJob *job,
                           IUnknown *about)
{
    volatile HRESULT *result = callback->context;
    IBackgroundCopyFile3 *file = NULL;

    if (kind != FILE_TRANSFERRED)
        return S_OK;
    *result = call(about, QueryInterface, &IID_IBackgroundCopyFile3, (void **)&file);
    if (SUCCEEDED(*result)) {
        *result = call(file, SetValidationState, FALSE);
        call(file, Release);
    }
    return S_OK;
}

static void notify_file_refused_inside(void **state)
{
    IBackgroundCopyJob5 *job = failing("size=10");
    struct callback *callback = listen_to(job, BG_NOTIFY_FILE_TRANSFERRED | BG_NOTIFY_JOB_ERROR);
    volatile HRESULT result = E_FAIL;

    callback->context = (void *)&result;
    callback->action = refuse_file;
    ok(call(job, Resume));
    wait_calls(callback, FAILED_JOB, 1);
    ok(result);
    wait_error(job, BG_JOB_STATE_ERROR, BG_E_VALIDATION_FAILED, BG_ERROR_CONTEXT_LOCAL_FILE);
}

/* Many changes, few calls: no more than one in an interval. */
static void notify_modification_coalesced(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    struct callback *callback = listen_to(job, BG_NOTIFY_JOB_MODIFICATION);
    ULONGLONG began = GetTickCount64();
    LONG calls;

    while (GetTickCount64() - began < 1500)
        ok(call(job, SetDescription, L"again"));
    Sleep(QUIET);
    calls = callback->count[MODIFICATION];
    assert_in_range(calls, 1, 6);
}

/* ---- command lines ---- */

/* A command that leaves its command line in a file, and ends with a code. */
static void set_command(IBackgroundCopyJob5 *job, const WCHAR *parameters)
{
    WCHAR program[MAX_PATH];

    GetSystemDirectoryW(program, MAX_PATH);
    wcscat(program, L"\\cmd.exe");
    ok(call(job, SetNotifyCmdLine, program, parameters));
}

static void wait_file(const WCHAR *path)
{
    ULONGLONG end = GetTickCount64() + DEADLINE;

    while (!exists(path)) {
        if (GetTickCount64() > end)
            fail_msg("%ls does not come", path);
        Sleep(10);
    }
}

/* format with the path of a file of the test's folder. */
static const WCHAR *command(const WCHAR *format, const char *name)
{
    const WCHAR *path = local("%s", name);
    WCHAR *line = fill(L"", 'x', wcslen(format) + wcslen(path));

    swprintf(line, wcslen(line) + 1, format, path);
    return line;
}

static void notify_program(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10"), *bad;

    set_command(job, command(L"cmd /c echo done>%ls", "done"));
    transfer(job);
    wait_file(local("done"));
    bad = new_job(BG_JOB_TYPE_DOWNLOAD);
    ok(call(bad, SetPriority, BG_JOB_PRIORITY_FOREGROUND));
    ok(call(bad, AddFile, url("FAULT", "data/bad?status=404"), local("bad")));
    set_command(bad, command(L"cmd /c echo failed>%ls", "failed"));
    ok(call(bad, Resume));
    wait_file(local("failed"));
}

static void notify_program_set_late(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10");

    transfer(job);
    set_command(job, command(L"cmd /c echo done>%ls", "done"));
    wait_file(local("done"));
}

/* Not run: flag not set, or a callback that takes the event. */
static void notify_program_not_run(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10");
    struct callback *callback;

    set_command(job, command(L"cmd /c echo no>%ls", "no"));
    ok(call(job, SetNotifyFlags,
            BG_NOTIFY_JOB_ERROR | BG_NOTIFY_JOB_MODIFICATION | BG_NOTIFY_FILE_TRANSFERRED));
    transfer(job);
    ok(call(job, Cancel));
    job = new_fault_download("size=10");
    set_command(job, command(L"cmd /c echo no>%ls", "no"));
    callback = listen_to(job, BG_NOTIFY_JOB_TRANSFERRED);
    transfer(job);
    wait_calls(callback, TRANSFERRED, 1);
    Sleep(QUIET);
    assert_false(exists(local("no")));
}

/* A callback that refuses leaves it to the program. */
static void notify_program_after_callback(void **state)
{
    IBackgroundCopyJob5 *job = failing("size=10");
    struct callback *callback = listen_to(job, BG_NOTIFY_JOB_TRANSFERRED);

    callback->fail = 1000;
    set_command(job, command(L"cmd /c echo done>%ls", "done"));
    transfer(job);
    wait_file(local("done"));
    assert_false(called_within(callback, TRANSFERRED, 2, 6000));
}

/* A program that cannot be started is tried again after the delay. */
static void notify_program_missing(void **state)
{
    IBackgroundCopyJob5 *job = failing("size=10");
    WCHAR program[MAX_PATH];

    GetSystemDirectoryW(program, MAX_PATH);
    wcscat(program, L"\\cmd.exe");
    ok(call(job, SetNotifyCmdLine, local("late.exe"),
            command(L"late.exe /c echo done>%ls", "done")));
    transfer(job);
    Sleep(QUIET);
    assert_true(CopyFileW(program, local("late.exe"), TRUE));
    wait_file(local("done"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        com_test(notify_transferred),
        com_test(notify_error),
        com_test(notify_flags),
        com_test_delay(notify_again),
        com_test(notify_complete_inside),
        com_test(notify_cancel_inside),
        com_test(notify_set_late),
        com_test(notify_last_one_wins),
        com_test(notify_removed),
        com_test(notify_wrong_object),
        com_test(notify_files),
        com_test_delay(notify_files_again),
        com_test(notify_old_clients),
        com_test(notify_modification),
        com_test(notify_modification_coalesced),
        com_test(notify_program),
        com_test(notify_program_set_late),
        com_test(notify_program_not_run),
        com_test_delay(notify_program_after_callback),
        com_test_delay(notify_program_missing),
        com_test(notify_modification_by_bytes),
        com_test(notify_file_refused_inside),
    };

    return run_group("notifications", tests);
}
