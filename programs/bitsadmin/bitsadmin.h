/*
 * The shapes every part of bitsadmin.exe shares: a row of the command table, the connection to the
 * service, and one invocation of a command. commands.c owns the tables, main.c walks them, the
 * cmd_*.c files hold the handlers. Nothing here knows the inside of the service: only the public
 * BITS headers are used.
 */
#ifndef BITSADMIN_H
#define BITSADMIN_H

#include <stdbool.h>
#include <stddef.h>

#include <windows.h>
#include <bits.h>

/* A handler returns this after it has said what is wrong with the arguments; main.c then prints the
 * usage line of the command. */
#define BITSADMIN_E_USAGE HRESULT_FROM_WIN32(ERROR_BAD_ARGUMENTS)

/* A row without an upper limit on its arguments. */
#define ANY_NUMBER (-1)

/* The first argument names a job; it is looked up before the handler runs. */
#define COMMAND_ON_JOB 0x1
/* The command talks to the service; without this flag the handler gets no manager. */
#define COMMAND_CONNECTS 0x2
/* The row has no handler but a table of its own (/UTIL, /CACHE, /PEERS, /PEERCACHING). */
#define COMMAND_FAMILY 0x4

struct session {
    IBackgroundCopyManager *manager; /* owned; NULL until session_connect() */
    bool raw;                        /* /RAWRETURN was given */
};

struct invocation {
    struct session *session;
    IBackgroundCopyJob *job; /* borrowed; NULL unless the row has COMMAND_ON_JOB */
    int count;               /* of args; the job argument is no longer among them */
    WCHAR **args;            /* borrowed */
};

/* Runs one command. The handler reports its own failures (report_failure) and returns them. */
typedef HRESULT (*command_handler)(const struct invocation *invocation);

struct command {
    const WCHAR *name;  /* without the slash, upper case */
    int min_args;       /* the job argument counts */
    int max_args;       /* or ANY_NUMBER */
    const WCHAR *usage; /* the arguments; of a family the prefix of its commands, L"/UTIL /" */
    const WCHAR *help;
    unsigned flags;
    command_handler handler;
    const struct command *family; /* ends with a row whose name is NULL */
};

extern const struct command top_commands[];

/* Finds the row of that name; a leading '/' or '-' is required, case does not matter. */
const struct command *command_find(const struct command *table, const WCHAR *argument);

/* Prints every row of a table. prefix is what stands before the names, such as L"/UTIL ". */
void command_print_help(const struct command *table, const WCHAR *prefix);

/* Prints "USAGE: BITSADMIN ..." for one row. */
void command_print_usage(const struct command *command, const WCHAR *prefix);

#endif
