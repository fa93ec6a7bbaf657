/*
 * Output of bitsadmin.exe. See output.h. A console gets UTF-16 through WriteConsoleW; a file or a
 * pipe gets bytes in the console's output code page, or UTF-8 where there is no console at all.
 */
#include "output.h"

#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <wchar.h>

/* Longest text of one call, in characters: a job description may have 1,024, a header block 16 KiB.
 */
#define OUTPUT_MAX (256 * 1024)

static struct output {
    HANDLE handle;
    UINT code_page;
    bool console;
    bool wrap;
    int column;    /* where the next character goes, on a console */
    bool anchored; /* output_rewind() has been here */
    int rows;      /* lines begun since then: scrolling moves the place itself */
} output;

void output_init(void)
{
    DWORD mode;

    output.handle = GetStdHandle(STD_OUTPUT_HANDLE);
    output.console = GetConsoleMode(output.handle, &mode) != 0;
    output.wrap = true;
    output.code_page = GetConsoleOutputCP();
    if (!output.code_page)
        output.code_page = CP_UTF8;
}

void output_set_wrap(bool wrap)
{
    output.wrap = wrap;
}

bool output_is_console(void)
{
    return output.console;
}

static int console_width(void)
{
    CONSOLE_SCREEN_BUFFER_INFO info;

    if (!output.console || !GetConsoleScreenBufferInfo(output.handle, &info))
        return 0;
    return info.srWindow.Right - info.srWindow.Left + 1;
}

static void write_console(const WCHAR *text, size_t length)
{
    DWORD written;

    while (length) {
        DWORD chunk = length > 4096 ? 4096 : (DWORD)length;
        if (!WriteConsoleW(output.handle, text, chunk, &written, NULL) || !written)
            return;
        text += written;
        length -= written;
    }
}

static void write_bytes(const WCHAR *text, size_t length)
{
    int size = WideCharToMultiByte(output.code_page, 0, text, (int)length, NULL, 0, NULL, NULL);
    char *bytes, *at;

    if (size <= 0 || !(bytes = malloc(size)))
        return;
    WideCharToMultiByte(output.code_page, 0, text, (int)length, bytes, size, NULL, NULL);
    for (at = bytes; size > 0;) {
        DWORD written = 0;
        if (!WriteFile(output.handle, at, size, &written, NULL) || !written)
            break;
        at += written;
        size -= (int)written;
    }
    free(bytes);
}

/* Writes to the console, keeping count of lines and columns. Without wrapping it drops what lies
 * beyond the last column; the very last one stays free, as a console goes to the next line by
 * itself once it is filled. */
static void write_counted(const WCHAR *text, size_t length, int width)
{
    const WCHAR *end = text + length, *start = text;

    for (; text < end; text++) {
        if (*text == '\n') {
            write_console(start, text + 1 - start);
            start = text + 1;
            output.column = 0;
            output.rows++;
            continue;
        }
        if (!output.wrap && output.column >= width - 1) {
            if (output.column == width - 1)
                write_console(start, text - start);
            start = text + 1;
        }
        output.column += *text == '\t' ? 8 - output.column % 8 : 1;
        if (output.wrap && output.column > width) {
            output.column = 1;
            output.rows++;
        }
    }
    write_console(start, end - start);
}

static void write_text(const WCHAR *text, size_t length)
{
    int width;

    if (!output.console)
        write_bytes(text, length);
    else if ((width = console_width()) > 1)
        write_counted(text, length, width);
    else
        write_console(text, length);
}

/* Line ends become CR LF outside a console: that is what Windows programs read back. HTTP headers
 * come with CR LF already. */
static void write_lines(const WCHAR *text, size_t length)
{
    const WCHAR *end = text + length;

    if (output.console) {
        write_text(text, length);
        return;
    }
    while (text < end) {
        const WCHAR *line = wmemchr(text, '\n', end - text);
        if (!line) {
            write_text(text, end - text);
            return;
        }
        if (line > text)
            write_text(text, line - text - (line[-1] == '\r'));
        write_text(L"\r\n", 2);
        text = line + 1;
    }
}

static void print_arguments(const WCHAR *format, va_list arguments)
{
    size_t size = 512;
    WCHAR *text = NULL;
    int length = -1;

    for (; size <= OUTPUT_MAX; size *= 4) {
        va_list copy;
        WCHAR *larger = realloc(text, size * sizeof(*text));

        if (!larger)
            break;
        text = larger;
        va_copy(copy, arguments);
        length = vsnwprintf(text, size, format, copy);
        va_end(copy);
        if (length >= 0 && (size_t)length < size) {
            write_lines(text, length);
            break;
        }
    }
    free(text);
}

void output_print(const WCHAR *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_arguments(format, arguments);
    va_end(arguments);
}

void output_warn(const WCHAR *format, ...)
{
    struct output standard = output;
    va_list arguments;
    DWORD mode;

    output.handle = GetStdHandle(STD_ERROR_HANDLE);
    output.console = GetConsoleMode(output.handle, &mode) != 0;
    output.wrap = true;
    va_start(arguments, format);
    print_arguments(format, arguments);
    va_end(arguments);
    output = standard;
}

void output_answer(const struct session *session, const WCHAR *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_arguments(format, arguments);
    va_end(arguments);
    if (!session->raw)
        output_print(L"\n");
}

bool output_rewind(void)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    DWORD written;
    COORD start;

    if (!output.console || !GetConsoleScreenBufferInfo(output.handle, &info))
        return false;
    start.X = 0;
    start.Y = info.dwCursorPosition.Y > output.rows ? info.dwCursorPosition.Y - output.rows : 0;
    if (output.anchored) {
        /* Blank first, so that a shorter text leaves no remains. */
        FillConsoleOutputCharacterW(output.handle, ' ', (DWORD)output.rows * info.dwSize.X, start,
                                    &written);
        SetConsoleCursorPosition(output.handle, start);
    }
    output.anchored = true;
    output.rows = 0;
    output.column = 0;
    return true;
}

void output_release(void)
{
    output.anchored = false;
}
