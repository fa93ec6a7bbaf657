/*
 * The text file of /ADDFILESET: one remote and one local name a line. Reads and parses it, talks to
 * nobody. Called by cmd_file.c.
 */
#ifndef BITSADMIN_FILESET_H
#define BITSADMIN_FILESET_H

#include "bitsadmin.h"

struct fileset {
    ULONG count;
    BG_FILE_INFO *files; /* the names point into text */
    WCHAR *text;
};

/* Reads the file: UTF-16 or UTF-8 where a byte order mark says so, else UTF-8 if it is valid UTF-8,
 * else the ANSI code page. Names with spaces may stand in double quotes. An unusable line is
 * reported by its number and gives BITSADMIN_E_USAGE; I/O failures are returned, not reported.
 * On success the caller frees the set with fileset_free(). */
HRESULT fileset_read(const WCHAR *path, struct fileset *set);

void fileset_free(struct fileset *set);

#endif
