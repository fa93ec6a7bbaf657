/*
 * The engine: jobs, files, limits, scheduling, timers, notifications. It owns the one lock.
 *
 * The COM facade (and the tests, in process) calls these functions; the engine calls the store, the
 * transfers and the operating system. Everything is reached from a struct engine: there are no
 * globals. No function here is called with the lock held except between job_lock() and
 * job_unlock(), where only reading is allowed.
 *
 * A call that changes something returns success once the change is in the store, and nobody can see
 * it before.
 */
#ifndef OPENBITS_ENGINE_H
#define OPENBITS_ENGINE_H

#include "../model.h"
#include "../os/os.h"
#include "../transfer/transfer.h"

#include <bitscore/bc_state.h>

struct engine;
struct job;
struct file;

/* What is told to a client, on a notification thread. The pointers live until deliver() returns. */
enum notification_kind {
    NOTIFY_TRANSFERRED,
    NOTIFY_ERROR,
    NOTIFY_MODIFICATION,
    NOTIFY_FILE_TRANSFERRED,
    NOTIFY_FILE_RANGES
};

struct notification {
    enum notification_kind kind;
    struct job *job;
    struct file *file;        /* FILE_TRANSFERRED and FILE_RANGES */
    struct model_error error; /* ERROR: as it was when the job came to that state */
    BG_FILE_RANGE *ranges;    /* FILE_RANGES */
    ULONG range_count;
};

/* How the engine reaches its clients; the COM facade provides it. Called without the lock, may
 * block for ever. */
struct engine_client {
    /* Calls the client's interface. A failure of the RPC layer means the client is gone. */
    HRESULT (*deliver)(IUnknown *target, const struct notification *notification);
    /* Makes the callback object of a job that has a notification CLSID. */
    HRESULT (*activate)(struct job *job, const GUID *clsid, IUnknown **target);
    /* Asks the job's server certificate callback. */
    HRESULT(*validate)
    (IUnknown *target, struct job *job, struct file *file, const BYTE *cert, ULONG cert_size,
     const BYTE *store, ULONG store_size);
};

struct engine_options {
    const WCHAR *folder;                     /* of the store; NULL: the downloader folder */
    const struct engine_client *client;      /* NULL: nobody is notified */
    const struct transfer_options *transfer; /* NULL: defaults */
    BOOL service;                 /* keep the service's start type in step with the queue */
    ULONG time_slice_ms;          /* of a background job when others wait; 0: the default */
    ULONG network_cost;           /* BITS_COST_STATE_*; 0: ask the system */
    const struct os_world *world; /* NULL: the machine's clocks, network and policies */
    /* The token of a user who is logged on; NULL: os_user_token(), whose contract it has. */
    HRESULT (*user_token)(const WCHAR *sid, HANDLE *token);
};

/*
 * Opens the store, loads the queue and goes on with it. Errors: those of store_open(),
 * E_OUTOFMEMORY. engine_close() stops all transfers, writes what is left to write and frees
 * everything; no call may be under way and no job or file may be referenced any more.
 */
HRESULT engine_open(const struct engine_options *options, struct engine **engine);
/* Stops transfers, timers and notifications and writes what is left to write; jobs may still be
 * looked at. For a process that ends. */
void engine_stop(struct engine *engine);
void engine_close(struct engine *engine);

/* Somebody has logged on or off: jobs run only while their owner is logged on
 * (users-and-network-connections). Without such a call it is noticed a little later. */
void engine_sessions_changed(struct engine *engine);

/* Jobs. *job is a reference for job_release(). */
HRESULT engine_create_job(struct engine *engine, const WCHAR *name, BG_JOB_TYPE type,
                          const struct os_identity *owner, struct job **job);
/* A download job that is a legacy group under the client's id
 * (nf-qmgr-ibackgroundcopyqmgr-creategroup). E_INVALIDARG when there is a group of that id. */
HRESULT engine_create_group(struct engine *engine, const GUID *group,
                            const struct os_identity *owner, struct job **job);
/* BG_E_NOT_FOUND when there is no such job in the queue. */
HRESULT engine_find_job(struct engine *engine, const GUID *id, struct job **job);
HRESULT engine_find_group(struct engine *engine, const GUID *group, struct job **job);
/* The jobs of owner (NULL: of all) in order of creation; *jobs by engine_free_jobs(). */
HRESULT engine_snapshot_jobs(struct engine *engine, const WCHAR *owner, struct job ***jobs,
                             ULONG *count);
void engine_free_jobs(struct job **jobs, ULONG count);

void job_addref(struct job *job);
void job_release(struct job *job);
struct engine *job_engine(struct job *job);

/* Reading. The pointers inside are good until job_unlock(). */
const struct model_job *job_lock(struct job *job);
void job_unlock(struct job *job);

/* The state as clients see it, with CONNECTING and TRANSFERRING. */
BG_JOB_STATE job_state(struct job *job);
void job_progress(struct job *job, BG_JOB_PROGRESS *progress);
void job_times(struct job *job, BG_JOB_TIMES *times);
/* The error of a job in ERROR or TRANSIENT_ERROR; BG_E_ERROR_INFORMATION_UNAVAILABLE otherwise.
 * *file may come back NULL. */
HRESULT job_error(struct job *job, struct model_error *error, struct file **file);

/* Whether a call is legal now (bc_state_check); adding: files, for BC_CALL_ADD_FILE. */
HRESULT job_check(struct job *job, enum bc_call call, size_t adding);

/*
 * Changing a property: begin takes the job's latch and copies it to next; the caller edits next
 * (with model_set_string and friends) and ends with commit or cancel. begin fails with
 * BG_E_INVALID_STATE for a cancelled or completed job.
 */
struct job_change {
    struct job *job;
    struct model_job next;
};
HRESULT job_change_begin(struct job *job, struct job_change *change);
/* The same for a call that is not legal in every state: fails with what job_check() says. */
HRESULT job_change_begin_call(struct job *job, enum bc_call call, struct job_change *change);
/* Fails, too, when properties do not go together: BG_E_NOT_SUPPORTED_WITH_CUSTOM_HTTP_METHOD. */
HRESULT job_change_commit(struct job_change *change);
void job_change_cancel(struct job_change *change);
/* Commits when hr is a success, else cancels and gives hr back. */
HRESULT job_change_end(struct job_change *change, HRESULT hr);

/* State-changing methods (life-cycle-of-a-bits-job). */
HRESULT job_suspend(struct job *job);
HRESULT job_resume(struct job *job);
HRESULT job_cancel(struct job *job);
HRESULT job_complete(struct job *job);
/* nf-bits-ibackgroundcopyjob-takeownership; what belonged to the old owner (credentials,
 * certificate, headers, command line) goes. */
HRESULT job_take_ownership(struct job *job, const struct os_identity *owner);

/* Files. */
struct file_request {
    const WCHAR *remote_name;
    const WCHAR *local_name;
    const BG_FILE_RANGE *ranges; /* NULL: the whole file */
    ULONG range_count;
};
/* All of them or none (nf-bits-ibackgroundcopyjob-addfileset). privileged: the per-user limits do
 * not apply. */
HRESULT job_add_files(struct job *job, const struct file_request *requests, ULONG count,
                      BOOL privileged);
/* The files in order; each is a reference for file_release(). *files by job_free_files(). */
HRESULT job_snapshot_files(struct job *job, struct file ***files, ULONG *count);
void job_free_files(struct file **files, ULONG count);
HRESULT job_replace_remote_prefix(struct job *job, const WCHAR *old_prefix,
                                  const WCHAR *new_prefix);

/* A file lives as long as its job: a reference to a file is one to the job. */
void file_addref(struct file *file);
void file_release(struct file *file);
struct job *file_job(struct file *file);
/* Between job_lock() and job_unlock() of its job. */
const struct model_file *file_data(struct file *file);
void file_progress(struct file *file, BG_FILE_PROGRESS *progress);
/* The temporary file is to be opened by somebody else: the service holds no handle of it. No lock
 * held. */
void file_let_go(struct file *file);
/* The same for as long as there is a temporary file: a client learns its name. */
void file_show_temporary(struct file *file);
HRESULT file_set_remote_name(struct file *file, const WCHAR *name);
HRESULT file_set_validation(struct file *file, BOOL valid);

/* nf-bits1_5-ibackgroundcopyjob2-getreplyprogress: the total is BG_SIZE_UNKNOWN until the server
 * has said that there is a reply; from then on the reply has begun. */
void job_reply_progress(struct job *job, BG_JOB_REPLY_PROGRESS *progress);
/* Where the reply is at present; NULL without one, free(). E_OUTOFMEMORY. */
HRESULT job_reply_path(struct job *job, WCHAR **path);
/* nf-bits1_5-ibackgroundcopyjob2-setreplyfilename; NULL: BITS chooses. */
HRESULT job_set_reply_file(struct job *job, const WCHAR *name);
/* The helper token is held in memory only; its SID is the job's. token is duplicated; NULL clears.
 */
HRESULT job_set_helper_token(struct job *job, HANDLE token, const WCHAR *sid);

/* Files that can be fetched in any order (nf-bits10_1-ibackgroundcopyfile6-requestfileranges).
 * BG_E_RANDOM_ACCESS_NOT_SUPPORTED for others. */
HRESULT file_check_random_access(struct file *file);
/* What is there: an array for free(). */
HRESULT file_filled_ranges(struct file *file, BG_FILE_RANGE **ranges, ULONG *count);
HRESULT file_request_ranges(struct file *file, const BG_FILE_RANGE *ranges, ULONG count);
HRESULT file_update_position(struct file *file, UINT64 offset);

/* The client's callback: kept until the job ends or the client is gone, not stored. target may be
 * NULL. */
HRESULT job_set_notify_interface(struct job *job, IUnknown *target);
HRESULT job_get_notify_interface(struct job *job, IUnknown **target);
HRESULT job_set_certificate_interface(struct job *job, IUnknown *target);

/* A service-wide setting, durable (peer cache configuration). fallback when it was never set. */
UINT64 engine_setting(struct engine *engine, const char *name, UINT64 fallback);
HRESULT engine_set_setting(struct engine *engine, const char *name, UINT64 value);

#endif
