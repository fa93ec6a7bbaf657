/*
 * What the tests of the store share: a folder of their own, filled jobs and files, comparing them,
 * loading a store into memory.
 */
#ifndef OPENBITS_TESTS_STORE_SUPPORT_H
#define OPENBITS_TESTS_STORE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <windows.h>
#include <cmocka.h>

#include "store/store.h"

/* A fresh folder under the temporary one; NULL where that fails. remove_folder() frees it. */
WCHAR *make_folder(void);
void remove_folder(WCHAR *folder);

/* folder\name, in a static buffer that the call after the next overwrites. */
const WCHAR *in_folder(const WCHAR *folder, const WCHAR *name);

/* The only file that matches folder\pattern, copied to name; FALSE when there is none. */
BOOL find_one(const WCHAR *folder, const WCHAR *pattern, WCHAR name[MAX_PATH]);

/* Deterministic GUID number n. */
GUID guid_number(unsigned int n);

/* A job with every member set to something of its own, that differs for each n. */
void fill_job(struct model_job *job, unsigned int n);
void fill_file(struct model_file *file, unsigned int n, ULONG ordinal);

/* Compare every member; fail the test naming the one that differs. */
void assert_same_job(const struct model_job *a, const struct model_job *b);
void assert_same_file(const struct model_file *a, const struct model_file *b);

/* A store loaded into memory. */
struct loaded_job {
    struct model_job job;
    struct model_file *files;
    ULONG count;
};
struct loaded {
    struct loaded_job *jobs;
    size_t count;
};
HRESULT load_all(struct store *store, struct loaded *loaded);
void release_loaded(struct loaded *loaded);
struct loaded_job *find_job(struct loaded *loaded, const GUID *id);

/* Opens and expects success. */
struct store *open_store(const WCHAR *folder, enum store_found expected);

/* Commits one job with count files (ordinals from 0). */
HRESULT put_job(struct store *store, const struct model_job *job, struct model_file *files,
                ULONG count);
HRESULT put_progress(struct store *store, const GUID *id, ULONG ordinal, UINT64 transferred);
HRESULT delete_job(struct store *store, const GUID *id);

#endif
