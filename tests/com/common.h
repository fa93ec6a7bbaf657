/*
 * What the COM tests share: the connection to the service, jobs that are cancelled and interfaces
 * that are released after each test, local and remote names, waiting with a deadline, a callback
 * object, and a small client of the fault server.
 *
 * A test file is one cmocka group: its main() hands an array of com_test() to run_group(). Whatever
 * goes wrong in here fails the running test. Everything handed out lives until the end of the test.
 */
#ifndef TESTS_COM_COMMON_H
#define TESTS_COM_COMMON_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <winsock2.h>
#include <windows.h>
#include <objbase.h>

#include <bits.h>
#include <bitsmsg.h>

#include <stdio.h>

#include <cmocka.h>

/* How long anything may take that the service does on its own (ms). */
#define DEADLINE 40000

/* What a proxy says to a null pointer where the contract wants a reference. */
#define NULL_REF HRESULT_FROM_WIN32(RPC_X_NULL_REF_POINTER)

/* A method of a COM object: call(job, SetPriority, BG_JOB_PRIORITY_LOW). */
#define call(object, method, ...)                                                                  \
    ({                                                                                             \
        __typeof__(object) called_object = (object);                                               \
        called_object->lpVtbl->method(called_object, ##__VA_ARGS__);                               \
    })

#define expect(wanted, expression)                                                                 \
    expect_result(wanted, (expression), #expression, __FILE__, __LINE__)
#define ok(expression) expect(S_OK, expression)
void expect_result(HRESULT wanted, HRESULT got, const char *what, const char *file, int line);

/* Both strings must be given and the same; the first is task memory and freed. */
#define assert_text(task, wanted) check_text(task, wanted, __FILE__, __LINE__)
void check_text(WCHAR *task, const WCHAR *wanted, const char *file, int line);

extern IBackgroundCopyManager *manager;

#define com_test(function) cmocka_unit_test_teardown(function, com_clean)
/* A test that waits for a delay of the service, many seconds, and looks at nothing that depends on
 * the client's bitness: 32-bit clients leave it out (cmocka passes over what has no name). */
#ifdef _WIN64
#define com_test_delay(function) com_test(function)
#else
#define com_test_delay(function)                                                                   \
    {                                                                                              \
        .test_func = function                                                                      \
    }
#endif
#define run_group(name, tests) run_com_tests(name, tests, ARRAYSIZE(tests))
int com_clean(void **state);
int run_com_tests(const char *name, const struct CMUnitTest *tests, size_t count);

/* Released when the test ends. */
void *track(void *object);
/* Releases all of that now. */
void release_tracked(void);

/* ---- names ---- */

/* An environment variable of scripts/test-env ("FAULT"); skips the test if it is not set. */
const WCHAR *environment(const char *name);
/* server is a name for environment(): url("FAULT", "data/a?size=%u", 10). */
const WCHAR *url(const char *server, const char *format, ...)
    __attribute__((format(gnu_printf, 2, 3)));
/* A path in the folder of this program; a folder of its own that goes away with it. */
const WCHAR *local(const char *format, ...) __attribute__((format(gnu_printf, 1, 2)));
/* length characters c, or head followed by as many as make length. */
WCHAR *fill(const WCHAR *head, WCHAR c, size_t length);

/* ---- jobs ---- */

IBackgroundCopyJob5 *new_job(BG_JOB_TYPE type);
/* A foreground download with one file: what the remote name has comes to local("file"). */
IBackgroundCopyJob5 *new_download(const WCHAR *remote);
/* ... of the fault server: data/test with these settings ("size=10&seed=1"); the next one of a test
 * is data/test2, and so on. */
IBackgroundCopyJob5 *new_fault_download(const char *settings);

/* Runs this program with these arguments to its end; it must exit with that code. */
void run_self(const WCHAR *arguments, DWORD code);
/* The job's other faces. */
void *query(void *object, const IID *iid);
#define http_options(job)                                                                          \
    ((IBackgroundCopyJobHttpOptions3 *)query(job, &IID_IBackgroundCopyJobHttpOptions3))
#define token_options(job) ((IBitsTokenOptions *)query(job, &IID_IBitsTokenOptions))
IBackgroundCopyFile6 *job_file(IBackgroundCopyJob5 *job, ULONG index);
BG_JOB_STATE state_of(IBackgroundCopyJob5 *job);
GUID id_of(IBackgroundCopyJob5 *job);
/* Fails at once when the job comes to a state that it does not leave by itself. */
void wait_state(IBackgroundCopyJob5 *job, BG_JOB_STATE wanted);
/* Resumes and waits for TRANSFERRED. */
void transfer(IBackgroundCopyJob5 *job);
/* Waits for ERROR or TRANSIENT_ERROR and checks what the error object says. */
void wait_error(IBackgroundCopyJob5 *job, BG_JOB_STATE state, HRESULT code,
                BG_ERROR_CONTEXT context);
/* Brings a job to CANCELLED (an empty one) or ACKNOWLEDGED. */
void end_job(IBackgroundCopyJob5 *job);
/* A job in each of the two final states, for the calls that must refuse them. */
IBackgroundCopyJob5 *ended_job(BOOL acknowledged);
ULONGLONG modified(IBackgroundCopyJob5 *job);

/* ---- files ---- */

/* The file must consist of these bytes of the fault server's pattern. */
#define assert_pattern(path, seed, offset, size)                                                   \
    check_pattern(path, seed, offset, size, __FILE__, __LINE__)
void check_pattern(const WCHAR *path, uint64_t seed, uint64_t offset, size_t size, const char *file,
                   int line);
BOOL exists(const WCHAR *path);
/* The path of that name in a folder of the kernel's where not even Linux's root may make files; one
 * at a time. Skips the test where there is none. */
const WCHAR *unwritable(const WCHAR *name);
/* Whole files; read_file() adds a zero byte, free(). */
void write_file(const WCHAR *path, const void *data, size_t size);
char *read_file(const WCHAR *path, size_t *size);
/* A file of the document root of nginx, with the fault server's pattern; gone after the test. */
void publish(const char *name, uint64_t seed, size_t size);

/* ---- the fault server ---- */

/* {"path": ..., "set": {...}}, see tests/server/faultserver.py. */
void fault_control(const char *json);
/* Lets go of what stalls at that path until the job is TRANSFERRED. */
void fault_release(const char *path, IBackgroundCopyJob5 *job);
/* The log of one path as JSON text, free(). */
char *fault_log(const char *path);
/* What became of the uploads to that path as JSON text, free(); see tests/server/bits_upload.py. */
char *fault_uploads(const char *path);
/* How often text occurs in that log. */
int fault_count(const char *path, const char *text);

/* ---- callbacks ---- */

enum kind { TRANSFERRED, FAILED_JOB, MODIFICATION, FILE_TRANSFERRED, FILE_RANGES, KINDS };

struct callback;
typedef HRESULT (*callback_action)(struct callback *callback, enum kind kind,
                                   IBackgroundCopyJob *job, IUnknown *about);

struct callback {
    IBackgroundCopyCallback3 iface;
    LONG refs;
    int version; /* 1 to 3: newest interface it admits to */
    volatile LONG count[KINDS];
    volatile LONG order[KINDS]; /* at which call, from 1, the latest of the kind came */
    volatile LONG calls;
    volatile LONG at_once, most_at_once;
    HANDLE called;             /* set by every call */
    LONG fail;                 /* this many calls of each kind fail, with E_FAIL */
    DWORD reserved;            /* of the last JobModification */
    BG_FILE_RANGE ranges[256]; /* all that FileRangesTransferred told of */
    volatile LONG range_count;
    callback_action action; /* runs inside the call; NULL: S_OK */
    void *context;
};

struct callback *new_callback(int version);
/* Sets it as the job's interface with these flags. */
struct callback *listen_to(IBackgroundCopyJob5 *job, ULONG flags);
/* Until the kind has been called that many times. */
void wait_calls(struct callback *callback, enum kind kind, LONG count);
/* FALSE if it was not called within that time (ms): for what must not happen. */
BOOL called_within(struct callback *callback, enum kind kind, LONG count, DWORD time);

#endif
