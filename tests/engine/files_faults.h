/*
 * Failures on demand of the calls that our own code makes for files of one folder: the linker sends
 * them here (meson.build, --wrap). Other folders, and SQLite, are left alone.
 */
#ifndef OPENBITS_TESTS_ENGINE_FILES_FAULTS_H
#define OPENBITS_TESTS_ENGINE_FILES_FAULTS_H

#include <windows.h>

/* Calls that name a file below folder, or use a handle of one, count from now on; the n-th (from 1)
 * fails; with lasting all after it do, too, until file_faults_mend(). */
void file_faults_arm(const WCHAR *folder, LONG n, BOOL lasting);

/* No file below folder can be opened from now on, with that error, until file_faults_mend(). */
void file_faults_lock(const WCHAR *folder, DWORD error);

/* The cause of the failures is gone. */
void file_faults_mend(void);

/* Up to which byte a file below folder was flushed since they count, of several the furthest. */
UINT64 file_faults_flushed(void);

/* How many files below folder, open or closed, were written to after their last flush that
 * succeeded. One that is opened again counts anew. */
ULONG file_faults_unflushed(void);

/* Ends the counting; returns how many calls there were. *name is the function that failed first,
 * NULL: none. */
LONG file_faults_disarm(const char **name);

#endif
