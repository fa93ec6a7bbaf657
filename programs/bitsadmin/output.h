/*
 * Everything bitsadmin.exe prints goes through here: Unicode on a console, the console's output
 * code page (else UTF-8) in a file or a pipe. Owns the wrap setting. Called by every other file.
 */
#ifndef BITSADMIN_OUTPUT_H
#define BITSADMIN_OUTPUT_H

#include "bitsadmin.h"

/* Looks at standard output once, before anything is printed. */
void output_init(void);

/* false cuts lines off at the right edge of the console window (/NOWRAP); no effect elsewhere. */
void output_set_wrap(bool wrap);

/* True when standard output is a console window, so that lines can be overwritten. */
bool output_is_console(void);

/* Formats as wprintf does; wide strings are %ls. A text that cannot be formatted is dropped. */
void output_print(const WCHAR *format, ...);

/* The same to standard error: what is no answer to the command. */
void output_warn(const WCHAR *format, ...);

/* The answer to a query: formatted, with a line end unless /RAWRETURN was given. */
void output_answer(const struct session *session, const WCHAR *format, ...);

/* Goes back to the line where the last call of this function was made and blanks what has been
 * printed since, so that a display changes in place; to be called at the start of a line. Only on a
 * console: elsewhere it does nothing and returns false. */
bool output_rewind(void);

/* Forgets that line, so that the next output_rewind() starts a new block. */
void output_release(void);

#endif
