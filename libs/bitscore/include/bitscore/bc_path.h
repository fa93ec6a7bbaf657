/*
 * Local names: the Windows paths that downloads are written to and uploads are read from.
 *
 * Owns the rules a local name must meet (ns-bits-_bg_file_info, LocalName), the split into
 * directory and file, and the names of temporary files. Called by the COM facade, the engine and
 * bc_url; calls bc_text. No file system is touched: existence and permission are the caller's.
 */
#ifndef BITSCORE_BC_PATH_H
#define BITSCORE_BC_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bitscore/bc_text.h>

/* A local name has at most this many UTF-16 units, the terminator not counted (MAX_PATH). */
#define BC_PATH_MAX_CHARS 260
/* One component of a path has at most this many on the file systems of Windows. */
#define BC_PATH_SEGMENT_MAX_CHARS 255
/* Bytes that hold any valid local name as UTF-8 with its terminator. */
#define BC_PATH_UTF8_SIZE (3 * BC_PATH_MAX_CHARS + 1)
/* Bytes that hold the name of a temporary file ("BITxxxx.tmp", up to eight digits). */
#define BC_PATH_TEMP_NAME_SIZE 16

/*
 * True when a path component can name a file or directory: valid UTF-8, not empty, at most 255
 * characters, without wildcards, streams or other characters Windows forbids, and no DOS device
 * (CON, NUL, COM1 ..., also with an extension). "." and ".." are components and pass.
 */
bool bc_path_segment_valid(struct bc_span segment);

/*
 * Checks a local name a client gives to AddFile and its relatives: fully qualified (X:\... or
 * \\server\share\...), no \\?\ or \\.\ prefix, no wildcard or stream, no reserved name, names a
 * file, at most 260 characters. Slashes count as backslashes. Returns BC_S_OK or BC_E_INVALIDARG.
 */
int32_t bc_path_check_local_name(const char *name);

/*
 * Writes a checked local name in its plain form: backslashes only, runs of them joined, "." and
 * ".." resolved (never above the drive or share). Two names of one file differ then only in case.
 * BC_PATH_UTF8_SIZE bytes suffice. Returns BC_S_OK, BC_E_INVALIDARG (the result names no file),
 * BC_E_WIN32_INSUFFICIENT_BUFFER.
 */
int32_t bc_path_normalize(const char *name, char *buffer, size_t size);

/*
 * The directory of a path, with its last separator, as a span into it: the place of its temporary
 * file. Empty when the path has no separator.
 */
struct bc_span bc_path_directory(const char *path);

/* The last component of a path, as a span into it: what follows the last separator. */
struct bc_span bc_path_file_name(const char *path);

/* The root of a checked path, "X:\" or "\\server\share\", as a span into it. */
struct bc_span bc_path_root(const char *path);

/*
 * Writes the name of a temporary file from a number: "BIT", four or more hexadecimal digits in
 * upper case, ".tmp". BC_PATH_TEMP_NAME_SIZE bytes suffice.
 */
int32_t bc_path_temp_name(uint32_t number, char *buffer, size_t size);

/*
 * True when a file name has the form bc_path_temp_name writes, letters in either case; *number
 * (may be NULL) then gets the number. Used to find orphans after a crash.
 */
bool bc_path_is_temp_name(struct bc_span name, uint32_t *number);

#endif
