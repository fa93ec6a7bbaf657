/*
 * Command lines in detail: what the program is given and run as, when it is not run. The program is
 * this one: with an argument it records how it was called.
 */
#include "common.h"

#include <sddl.h>
#include <stdlib.h>

/* Time for something that must not happen (ms). */
#define QUIET 700

/* ---- the program ---- */

/* The SID of this process's user as text; LocalFree(). */
static WCHAR *own_sid(void)
{
    BYTE buffer[256];
    TOKEN_USER *user = (TOKEN_USER *)buffer;
    WCHAR *text = NULL;
    HANDLE token;
    DWORD size;

    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
        return NULL;
    if (GetTokenInformation(token, TokenUser, user, sizeof(buffer), &size))
        ConvertSidToStringSidW(user->User.Sid, &text);
    CloseHandle(token);
    return text;
}

/* record FILE [CODE [GATE]]: adds a line "argv[0]|command line|user" to FILE; ends with CODE once
 * GATE is there. */
static int run_as_program(int argc, wchar_t **argv)
{
    WCHAR *sid = own_sid();
    FILE *file = _wfopen(argv[2], L"ab");

    if (!file || !sid)
        return 99;
    fprintf(file, "%ls|%ls|%ls\n", argv[0], GetCommandLineW(), sid);
    fclose(file);
    LocalFree(sid);
    for (int i = 0; argc > 4 && i < 4000 && !exists(argv[4]); i++)
        Sleep(10);
    return argc > 3 ? _wtoi(argv[3]) : 0;
}

/* ---- the tests' side ---- */

static const WCHAR *program(void)
{
    static WCHAR path[MAX_PATH];

    GetModuleFileNameW(NULL, path, MAX_PATH);
    return path;
}

/* `"program" record FILE rest` */
static const WCHAR *record(const char *file, const char *format, ...)
{
    WCHAR *line = fill(L"", 'x', 2000);
    char rest[1000];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(rest, sizeof(rest), format, arguments);
    va_end(arguments);
    swprintf(line, 2000, L"program record \"%ls\" %hs", local("%s", file), rest);
    return line;
}

static IBackgroundCopyJob5 *with_program(const char *settings, const WCHAR *parameters)
{
    IBackgroundCopyJob5 *job = new_fault_download(settings);

    ok(call(job, SetMinimumRetryDelay, 5));
    ok(call(job, SetNotifyCmdLine, program(), parameters));
    return job;
}

/* What was recorded, once a whole line is there; free(). */
static char *wait_record(const char *name)
{
    ULONGLONG end = GetTickCount64() + DEADLINE;
    const WCHAR *path = local("%s", name);

    for (;; Sleep(10)) {
        size_t size;
        char *text = exists(path) ? read_file(path, &size) : NULL;

        if (text && strchr(text, '\n'))
            return text;
        free(text);
        if (GetTickCount64() > end)
            fail_msg("%s does not come", name);
    }
}

static int lines(const char *name)
{
    char *text = wait_record(name);
    int count = 0;

    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        count++;
    free(text);
    return count;
}

/* The parameters are the command line as they are: no variable is expanded, the first of them is
 * argv[0], whatever it is. The program runs as the job's owner. */
static void command_line_as_given(void **state)
{
    const WCHAR *line = fill(L"", 'x', 2000);
    WCHAR wanted[4000], *sid = NULL;
    IBackgroundCopyJob5 *job;
    char *text, expected[4000];

    swprintf((WCHAR *)line, 2000, L"\"C:\\a folder\\a name.exe\" record \"%ls\" 0  %%SystemRoot%%",
             local("record"));
    job = with_program("size=10", line);
    ok(call(job, GetOwner, &sid));
    transfer(job);
    text = wait_record("record");
    swprintf(wanted, ARRAYSIZE(wanted), L"C:\\a folder\\a name.exe|%ls|%ls\n", line, sid);
    CoTaskMemFree(sid);
    snprintf(expected, sizeof(expected), "%ls", wanted);
    assert_string_equal(text, expected);
    free(text);
}

/* Neither the search path nor variables lead to a program. */
static void command_line_no_search(void **state)
{
    static const WCHAR *const names[] = {L"cmd.exe", L"cmd", L"%SystemRoot%\\system32\\cmd.exe"};
    WCHAR line[1000];

    for (size_t i = 0; i < ARRAYSIZE(names); i++) {
        IBackgroundCopyJob5 *job = new_fault_download("size=10");

        swprintf(line, ARRAYSIZE(line), L"cmd /c echo no>%ls", local("no"));
        ok(call(job, SetNotifyCmdLine, names[i], line));
        transfer(job);
    }
    Sleep(2 * QUIET);
    assert_false(exists(local("no")));
}

/* No event of the program's: an error that passes, a change. */
static void command_line_only_at_the_end(void **state)
{
    IBackgroundCopyJob5 *job = with_program("size=10&status=503", record("no", ""));

    ok(call(job, SetNotifyFlags,
            BG_NOTIFY_JOB_TRANSFERRED | BG_NOTIFY_JOB_ERROR | BG_NOTIFY_JOB_MODIFICATION |
                BG_NOTIFY_FILE_TRANSFERRED));
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_TRANSIENT_ERROR);
    ok(call(job, SetDescription, L"changed"));
    Sleep(QUIET);
    assert_false(exists(local("no")));
}

/* A program that fails, but has ended the job, is not run again; here the test does it while the
 * program runs. */
static void command_line_ends_the_job(void **state)
{
    const WCHAR *gate = local("gate");
    IBackgroundCopyJob5 *jobs[2];

    for (int i = 0; i < 2; i++) {
        const char *name = i ? "two" : "one";

        jobs[i] = with_program("size=10", record(name, "1 \"%ls\"", gate));
        transfer(jobs[i]);
        assert_int_equal(lines(name), 1);
    }
    ok(call(jobs[0], Complete));
    ok(call(jobs[1], Cancel));
    write_file(gate, "", 0);
    Sleep(5000 + QUIET); /* the retry delay is over */
    assert_int_equal(lines("one"), 1);
    assert_int_equal(lines("two"), 1);
}

/* The program stands in for an interface that does not take JobError, which is then not told
 * again. */
static void command_line_after_job_error(void **state)
{
    IBackgroundCopyJob5 *job = with_program("size=10&status=404", record("failed", ""));
    struct callback *callback = listen_to(job, BG_NOTIFY_JOB_ERROR);

    callback->fail = 1000;
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_ERROR);
    assert_int_equal(lines("failed"), 1);
    assert_false(called_within(callback, FAILED_JOB, 2, 5000 + QUIET));
    assert_int_equal(lines("failed"), 1);
}

/* Neither takes it: the interface is told again after the delay, not before. */
static void command_line_fails_too(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10");
    struct callback *callback = listen_to(job, BG_NOTIFY_JOB_TRANSFERRED);

    callback->fail = 1;
    ok(call(job, SetMinimumRetryDelay, 5));
    ok(call(job, SetNotifyCmdLine, local("nosuch.exe"), NULL));
    transfer(job);
    wait_calls(callback, TRANSFERRED, 1);
    assert_false(called_within(callback, TRANSFERRED, 2, 4000));
    wait_calls(callback, TRANSFERRED, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        com_test(command_line_as_given),        com_test(command_line_no_search),
        com_test(command_line_only_at_the_end), com_test(command_line_ends_the_job),
        com_test(command_line_after_job_error), com_test(command_line_fails_too),
    };

    int count;
    WCHAR **arguments = CommandLineToArgvW(GetCommandLineW(), &count);

    if (count > 2 && !wcscmp(arguments[1], L"record"))
        return run_as_program(count, arguments);
    return run_group("command_lines", tests);
}
