/*
 * bitsadmin.exe: manages the jobs of the BITS service from the command line, with the syntax, the
 * output and the exit codes of the tool of that name (page "bitsadmin"). This file reads the
 * options in front of the command, finds its row in the tables of commands.c, checks the number of
 * arguments, looks up the job and runs the handler.
 */
#include "bitsadmin.h"

#include <wchar.h>

#include "output.h"
#include "report.h"
#include "session.h"
#include "words.h"

/* What a parent sees on Unix is the low byte alone: it must not read as success. */
static int exit_code(HRESULT hr)
{
    if (SUCCEEDED(hr))
        return 0;
    if (hr == BITSADMIN_E_USAGE || !(hr & 0xff))
        return 1;
    return hr;
}

static void print_banner(void)
{
    output_print(L"\nBITSADMIN version 3.0\nBITS administration utility.\n"
                 L"(C) Copyright the OpenBITS authors.\n\n");
}

static void print_usage_line(void)
{
    output_print(L"USAGE: BITSADMIN [/RAWRETURN] [/WRAP | /NOWRAP] command\n");
}

static void print_help(void)
{
    print_usage_line();
    output_print(L"The following commands are available:\n\n"
                 L"/HELP or /?\n    Prints this help.\n");
    command_print_help(top_commands, L"/");
    output_print(
        L"\nThese options stand in front of the command:\n"
        L"/RAWRETURN\n    Prints bare values, for programs that read them. For /CREATE and /GET*.\n"
        L"/WRAP\n    Long lines go on in the next line of the window (default).\n"
        L"/NOWRAP\n    Long lines are cut off at the edge of the window (default of /MONITOR).\n\n"
        L"<job> is the name of a job, or its GUID in braces. A name that several jobs have is\n"
        L"refused. Switches may be written with / or -, in any case.\n");
}

static bool is_help(const WCHAR *argument)
{
    return is_switch(argument, L"?") || is_switch(argument, L"HELP");
}

/* Runs a row with its arguments, the job argument among them still. */
static HRESULT run_command(struct session *session, const struct command *command, int count,
                           WCHAR **args)
{
    struct invocation invocation = {.session = session, .count = count, .args = args};
    HRESULT hr;

    if (command->flags & (COMMAND_CONNECTS | COMMAND_ON_JOB)) {
        hr = session_connect(session);
        if (FAILED(hr))
            return report_failure(session, hr, L"connect to BITS");
        warn_of_damage();
    }
    if (command->flags & COMMAND_ON_JOB) {
        hr = session_find_job(session, args[0], &invocation.job);
        if (FAILED(hr))
            return hr;
        invocation.count--;
        invocation.args++;
    }
    hr = command->handler(&invocation);
    if (invocation.job)
        IBackgroundCopyJob_Release(invocation.job);
    return hr;
}

/* Finds the row for args[0], in the table of a family if need be, and runs it. */
static HRESULT dispatch(struct session *session, const struct command *table, const WCHAR *prefix,
                        int count, WCHAR **args)
{
    const struct command *command = command_find(table, args[0]);
    HRESULT hr;

    if (!command) {
        output_print(L"Invalid command: %ls\n", args[0]);
        print_usage_line();
        output_print(L"BITSADMIN %ls? lists the commands.\n", prefix);
        return BITSADMIN_E_USAGE;
    }
    count--;
    args++;
    if (command->flags & COMMAND_FAMILY) {
        if (!count || is_help(args[0])) {
            command_print_help(command->family, command->usage);
            return S_OK;
        }
        return dispatch(session, command->family, command->usage, count, args);
    }
    if (count < command->min_args ||
        (command->max_args != ANY_NUMBER && count > command->max_args)) {
        output_print(count < command->min_args ? L"Too few arguments for %ls%ls.\n"
                                               : L"Too many arguments for %ls%ls.\n",
                     prefix, command->name);
        hr = BITSADMIN_E_USAGE;
    } else {
        hr = run_command(session, command, count, args);
    }
    if (hr == BITSADMIN_E_USAGE)
        command_print_usage(command, prefix);
    return hr;
}

/* Moves over the options in front of the command; *wrap is left alone where none speaks of it. */
static int read_options(struct session *session, int count, WCHAR **args, bool *wrap)
{
    int at;

    for (at = 1; at < count; at++) {
        if (is_switch(args[at], L"RAWRETURN"))
            session->raw = true;
        else if (is_switch(args[at], L"WRAP"))
            *wrap = true;
        else if (is_switch(args[at], L"NOWRAP"))
            *wrap = false;
        else
            break;
    }
    return at;
}

/* The entry point that -municode asks for; no header declares it. */
int wmain(int count, WCHAR **args);

int wmain(int count, WCHAR **args)
{
    struct session session = {0};
    bool monitors, wrap;
    HRESULT hr;
    int at;

    output_init();
    at = read_options(&session, count, args, &wrap);
    monitors = at < count && is_switch(args[at], L"MONITOR");
    wrap = !monitors;
    read_options(&session, count, args, &wrap);
    output_set_wrap(wrap);
    if (!session.raw)
        print_banner();
    if (at == count) {
        output_print(L"A command is missing.\n");
        print_help();
        return exit_code(BITSADMIN_E_USAGE);
    }
    if (is_help(args[at])) {
        print_help();
        return 0;
    }
    hr = session_init();
    if (FAILED(hr)) {
        report_failure(&session, hr, L"initialize COM");
        return exit_code(hr);
    }
    hr = dispatch(&session, top_commands, L"/", count - at, args + at);
    session_close(&session);
    CoUninitialize();
    return exit_code(hr);
}
