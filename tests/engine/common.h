/*
 * What the engine's tests share: the engine in this process, a client that counts, jobs and files
 * against the fault server. Every helper fails the test when it cannot do its work.
 */
#ifndef OPENBITS_TESTS_ENGINE_COMMON_H
#define OPENBITS_TESTS_ENGINE_COMMON_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <windows.h>
#include <bitsmsg.h>
#include <cmocka.h>

#include "engine/engine.h"

#define DEADLINE_MS 30000

extern struct engine *engine;
extern struct engine_options engine_options; /* for open_engine(); zero after setup() */
extern struct os_identity owner;
extern const struct engine_client client;
extern IUnknown notify_target;                     /* told by the client above */
extern volatile LONG told[NOTIFY_FILE_RANGES + 1]; /* how often */
extern volatile LONG refuse;                       /* so many notifications are not taken */
extern volatile LONG hung;                         /* how many times it began to */
extern HANDLE hang;                                /* the client waits for it, when set */
extern WCHAR target[MAX_PATH];                     /* the folder of the downloads */

/* A group policy of this engine alone, until teardown(): those in the registry are also those of
 * the tests that run beside. An engine looks at some of them only when it is opened. */
void set_policy(const WCHAR *name, DWORD value);

/* Where the engine's store is. */
const WCHAR *store_folder(void);

/* Of a test: opens the engine; closes it and deletes its files. */
int setup(void **state);
int teardown(void **state);
void open_engine(void);
/* Closes the engine and opens it again; the job's reference is exchanged. */
struct job *reopen(struct job *job);

/* The URL that a variable of the test environment holds, and what follows it; one at a time. */
WCHAR *url(const char *variable, const WCHAR *rest);
#define FAULT(rest) url("OPENBITS_TEST_FAULT", rest)
/* The path of a file in the folder of the downloads; one at a time. */
WCHAR *local(const WCHAR *name);

/* A download job, and a file of it. */
struct job *new_job(void);
HRESULT add(struct job *job, const WCHAR *remote, const WCHAR *name);
void set_priority(struct job *job, BG_JOB_PRIORITY priority);
void change(struct job *job, void (*edit)(struct model_job *next));
/* The code of the job's error, or why there is none. */
HRESULT error_of(struct job *job);

/* Until the job is in that state, in ERROR, or the deadline is over; gives the state. */
BG_JOB_STATE wait_for(struct job *job, BG_JOB_STATE wanted);
void wait_bytes(struct job *job, UINT64 bytes);
BOOL wait_count(volatile LONG *count, LONG wanted);

/* Size of a file, ~0 when there is none; how many files match; empties a folder. */
UINT64 size_of(const WCHAR *path);
int count_files(const WCHAR *pattern);
void delete_all(const WCHAR *path);

int run_engine_tests(const struct CMUnitTest *tests, size_t count);
#define ENGINE_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif
