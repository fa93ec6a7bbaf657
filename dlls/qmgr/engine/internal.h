/*
 * The engine's inside: shared by the files of this folder and by nobody else.
 *
 * Locks: engine->lock guards everything below that is not said to be constant. A job's latch
 * (job->latched) is held by whoever changes its durable data, across the commit, without the lock;
 * who holds a latch takes no other latch. The order is latch, then lock, then the insides of
 * transfer and store.
 */
#ifndef OPENBITS_ENGINE_INTERNAL_H
#define OPENBITS_ENGINE_INTERNAL_H

#include "engine.h"
#include "../store/store.h"
#include "../utf8.h"

#include <bitscore/bc_policy.h>
#include <bitscore/bc_ranges.h>
#include <bitscore/bc_retry.h>

/* Files of one job that may be under way at once, when those before are nearly through. */
#define ENGINE_FILES_IN_FLIGHT 24
/* A file with less than this to go does not keep the next one waiting (bytes). */
#define ENGINE_SMALL_REST (256 * 1024)
/* The validators of smaller files are not stored before they are complete: they are cheaper to
 * fetch again. */
#define ENGINE_SMALL_FILE (256 * 1024)
/* How often the progress of small files is written (ms). */
#define ENGINE_FLUSH_MS 500
/* How long a look at the policies and at the network's cost holds (ms). */
#define ENGINE_LIMITS_MS 10000
/* A remote file that changes more often than this in one run of its job is an error. */
#define ENGINE_MAX_RESTARTS 5
/* Small files that stay open between their transfer and Complete: how many, and how long (ms). */
#define ENGINE_KEPT_FILES 512
#define ENGINE_KEPT_MS    2000
/* Threads that rename the files of one job in Complete, and files worth one more of them. */
#define ENGINE_PLACING_THREADS 4
#define ENGINE_PLACING_SHARE   32

enum file_phase {
    FILE_IDLE,   /* waits for its turn, or for the job's */
    FILE_ACTIVE, /* a download is under way, or being ended */
    FILE_DONE    /* all bytes are in the temporary file, flushed */
};

struct file {
    struct job *job;
    struct model_file data;
    enum file_phase phase;
    struct download *download; /* while FILE_ACTIVE, once it is known */
    ULONG start;               /* counts downloads: tells a stale pointer from a good one */
    UINT64 bytes;              /* what clients see: written, perhaps not flushed yet */
    UINT64 total;
    BOOL dirty;          /* data differs from the store */
    BOOL progress_dirty; /* ... its progress does, and was not yet handed to the store */
    BOOL version_dirty;  /* ... what is known of the remote version does: no progress may be stored
                            before it, or bytes of one version would be gone on with as another's */
    BOOL forgotten;      /* ... the store may still claim bytes that no download may build on: it is
                            written before the next one touches the file */
    BOOL created;        /* the temporary file may exist */
    BOOL shown;          /* a client knows the temporary file's name: it is not kept open */
    ULONG kept;          /* 0: not kept open, else one more than its place in engine->kept */
    BOOL placed;         /* Complete has put it under its final name */
    BOOL unchecked;      /* what has come may not be gone on with, see job_check_again() */
    BOOL trust_size; /* after a crash of the service alone: the file's own length is the truth */
    ULONG restarts;
    BOOL renamed;            /* since a server has answered: the new one may be without ranges */
    BOOL sparse;             /* its bytes come in any order, at their own offsets */
    UINT64 position;         /* of a sparse file: what comes first, UpdateDownloadPosition */
    UINT64 base;             /* of a sparse file: bytes there when the download began */
    struct bc_ranges untold; /* filled since the last FileRangesTransferred */
    BOOL ranges_queued;      /* ... the next one is on its way */
    ULONGLONG ranges_at;     /* tick of the last one */
};

enum job_outcome {
    OUTCOME_NONE,
    OUTCOME_FINISHED,
    OUTCOME_RANGES_DONE, /* on-demand: nothing is wanted any more, the files are not whole */
    OUTCOME_FAILED
};

/* What a job's downloads have in common, made ready for the transfer layer. Constant, counted. */
struct run {
    LONG refs;
    ULONG version; /* of the job */
    char *method;
    char *headers;
    char *proxy_list;
    char *proxy_bypass;
    struct transfer_credential *credentials;
    ULONG credential_count;
    HANDLE token;         /* the helper token, where it is to open local files */
    HANDLE network_token; /* ... where it is for shares, proxies and credentials */
    HANDLE owner;         /* the owner's, NULL: who this process is, or a service account */
    HRESULT (*user_token)(const WCHAR *sid, HANDLE *token);
    BOOL unasked;          /* as the engine's */
    struct model_job data; /* for what the spec takes as it is */
};

/* What jobs of both upload types have besides (upload.c). */
struct job_upload {
    WCHAR *session; /* open at the server, NULL: none; as in model_job, but up to date */
    WCHAR *host;
    BOOL session_dirty; /* the store does not know it yet */
    BOOL advance;       /* an order has ended, what it brought is to be stored before the next */
    ULONGLONG store_at; /* tick; not before, the store could not take it */
    UINT64 host_failing_since;
    struct file *reply;        /* once the server has said where it is; not among the job's files */
    struct download *download; /* of the order under way, once it is known */
    BOOL ordered;              /* an order is under way */
    ULONG start;               /* counts orders: tells a stale pointer from a good one */
    ULONGLONG cancel_at;       /* tick; when a cancelled job's session is to be cancelled next */
};

/* A server certificate that the job's client has accepted: SHA-256 of server, port and certificate.
 */
struct accepted {
    BYTE digest[32];
};

struct job {
    LONG refs;
    struct engine *engine;
    struct model_job data;
    BOOL latched;
    BOOL dead; /* cancelled or completed: no longer in the queue */

    struct file **files;
    ULONG file_count;
    ULONG file_capacity;
    ULONG first_open; /* all files before this one are done */
    ULONG files_done;
    ULONG unknown_totals; /* files whose size is not known */
    UINT64 bytes;         /* sums over the files */
    UINT64 total;

    BOOL running;              /* has its turn */
    BOOL connected;            /* the server has answered in this turn */
    BOOL owner_away;           /* not logged on when last looked at: gets no turn */
    ULONG active;              /* downloads under way */
    struct job_upload *upload; /* NULL for downloads */
    struct run *run;
    ULONG version; /* counts changes of data: tells whether run is stale */
    ULONGLONG slice_began;
    UINT64 turn; /* place in the round of its priority */

    enum job_outcome outcome;
    struct model_error failure;
    BOOL failure_transient;
    ULONG retry_after_ms;
    struct bc_retry retry;     /* ticks */
    ULONGLONG settle_again;    /* tick; the store could not take the outcome before */
    BOOL error_past;           /* data.error is of before the last connection: no longer shown */
    ULONGLONG transferring_ms; /* time spent transferring, for the maximum download time */
    BOOL dirty;                /* some file is */
    BOOL progress_dirty;
    ULONGLONG bury_at; /* tick; of a dead job whose files could not be deleted: when to try again */

    IUnknown *notify;
    IUnknown *certificate_callback;
    struct accepted *accepted;
    ULONG accepted_count;
    HANDLE helper_token;
    FILETIME moved;      /* when bytes last came */
    UINT64 moved_steady; /* the same, engine_steady() */
    BOOL modification_queued;
    ULONGLONG modification_at; /* tick of the last modification notification */
    UINT64 held_back;          /* the notifier's: its search that found a file not told of yet */
};

struct notifier;

/* A file that is kept open (kept.c). */
struct kept {
    struct file *file; /* with a reference to its job */
    HANDLE handle;
};

struct engine {
    SRWLOCK lock;
    CONDITION_VARIABLE unlatched; /* some latch was released */
    CONDITION_VARIABLE idle;      /* some job has no download under way any more */
    CONDITION_VARIABLE work;      /* for the worker */
    struct store *store;
    struct transfer *transfer;
    struct notifier *notifier;
    struct os_network_watch *network_watch;
    const struct engine_client *client;
    const struct os_world *world;
    BOOL service;

    struct job **jobs; /* the queue, in order of sequence */
    ULONG job_count;
    ULONG job_capacity;
    struct job **graves; /* ended jobs whose files are still to be deleted */
    ULONG grave_count;
    ULONG grave_capacity;
    struct kept kept[ENGINE_KEPT_FILES];
    ULONG kept_count;
    ULONGLONG kept_until; /* tick; when they are closed, if there are any */
    UINT64 next_sequence;
    UINT64 next_turn;

    HANDLE worker;
    BOOL work_pending;
    BOOL stopping;
    BOOL network_changed;
    BOOL network_up;
    BOOL automatic; /* the service's start type as last set */
    BOOL start_type_known;
    BOOL start_type_waits; /* the worker looks at it again by itself */
    ULONGLONG empty_since; /* tick; the worker's */
    ULONGLONG flush_at;
    ULONGLONG scavenge_at;
    UINT64 utc_began;      /* UTC when the engine was opened (100 ns), ... */
    ULONGLONG ticks_began; /* ... the tick then, ... */
    INT64 error_began;     /* ... and engine_steady() minus UTC; constant */
    INT64 clock_error;     /* the same as last stored; the worker's */

    ULONG time_slice_ms;
    ULONGLONG limits_at; /* tick; when to look at what follows again */
    ULONG kilobits;      /* a second, for background jobs; BC_BANDWIDTH_UNLIMITED, 0: blocked */
    ULONG cost;          /* BITS_COST_STATE_* of the network */
    ULONG cost_given;    /* the same, by engine_options; 0: ask the system */
    HRESULT (*user_token)(const WCHAR *sid, HANDLE *token);
    ULONG download_time_s; /* MaxDownloadTime */
    BOOL unasked;          /* os_unasked_credentials() */
};

/* engine.c */
void engine_wake(struct engine *engine);                     /* lock held */
void engine_now(const struct engine *engine, FILETIME *now); /* UTC, for times that clients see */
ULONGLONG engine_ticks(const struct engine *engine);         /* ms, for everything that waits */
/* 100-ns units like UTC, as it would be had nobody set the clock since the service began. */
UINT64 engine_unset_clock(const struct engine *engine);
/* The same since the first service of this queue began: for what is counted in days and over
 * restarts. */
UINT64 engine_steady(const struct engine *engine);
UINT64 filetime_value(const FILETIME *time);
FILETIME filetime_from(UINT64 value);

/* jobs.c */
HRESULT job_new(struct engine *engine, struct job **job);
void job_free(struct job *job);
HRESULT engine_insert_grave(struct engine *engine,
                            struct job *job); /* lock held; takes a reference */
HRESULT engine_insert_job(struct engine *engine,
                          struct job *job); /* lock held; takes a reference */
void engine_remove_job(struct engine *engine,
                       struct job *job); /* lock held; gives it back later by job_release */

/* property.c */
/* What bitscore wants to know of a job; lock or latch held. */
void job_facts(const struct job *job, struct bc_job_facts *facts);

/* change.c */
/* TRUE for a method other than the job type's own
 * (nf-bits10_2-ibackgroundcopyjobhttpoptions2-sethttpmethod). */
BOOL custom_method(const struct model_job *job);
/* The latch alone, for changes that do not touch model_job. E_ABORT style result:
 * BG_E_INVALID_STATE when the job has ended. */
HRESULT job_latch(struct job *job);
void job_unlatch(struct job *job);
/* job_change_commit() for what the service itself changes: no activity that keeps the job from
 * being cancelled (group-policies, JobInactivityTimeout). */
HRESULT job_change_store(struct job_change *change);
/* Stores when bytes last came, where the store does not know. No lock. */
void job_keep_activity(struct job *job);
/* Publishes next under the lock and reacts to a change of state. Latch held. */
void job_publish(struct job *job, struct model_job *next);
/* A job that was never resumed is still being made up: what is stored of it outlives the service at
 * once, but does not wait for the flush. A loss of power in the next 10 ms takes its maker along;
 * Resume waits. */
void job_spare_flush(const struct model_job *job, struct store_txn *txn);
/* Commits txn and publishes; consumes both. Latch held and kept. Counts bytes that have come as
 * activity of the job, but not the change itself. */
HRESULT job_store_and_publish(struct job *job, struct model_job *next, struct store_txn *txn);

/* files.c */
struct file *file_new(struct job *job, struct model_file *data); /* moves data in */
void file_free(struct file *file);
HRESULT job_append_file(struct job *job, struct file *file); /* lock held */
void file_set_live(struct file *file, UINT64 bytes,
                   UINT64 total);       /* lock held: keeps the job's sums */
void file_mark_done(struct file *file); /* lock held */
/* The bytes are of no use any more: of the durable side, ... */
void undo_data(struct model_file *data);
/* ... and of a file that was done: it is fetched again from its first byte. Lock held. */
void file_mark_undone(struct file *file);
/* Both, for a file that has lost its bytes. Lock held. */
void file_lose(struct file *file);
HRESULT local_path_extended(const WCHAR *path, WCHAR **extended); /* \\?\ form, free() */

/* kept.c; no lock held */
/* Keeps the temporary file open for Complete, or closes it. */
void file_keep(struct file *file, HANDLE handle);
/* The kept file's handle, now the caller's; NULL: it is not kept. */
HANDLE file_take_kept(struct file *file);
/* Closes what was kept long enough; now: the tick, ~0: all. Returns the tick when more is due. */
ULONGLONG engine_close_kept(struct engine *engine, ULONGLONG now);

/* file_add.c */
HRESULT check_local_name(
    const WCHAR *name); /* the rules of AddFile for a local name, its directory included */
/* Makes up the name of the reply's file, in the directory of the upload's. */
HRESULT job_name_reply(struct model_job *next, const WCHAR *upload);
/* A fresh name for a temporary file in the directory of that file; free(). */
HRESULT name_beside(const WCHAR *file, WCHAR **out);

/* on_demand.c */
/* What a sparse file's next download fetches; free(). Lock held. */
HRESULT sparse_plan(struct file *file, BG_FILE_RANGE **ranges, ULONG *count);
/* A part of a sparse file is on the disk. Lock held. */
void sparse_filled(struct file *file, const BG_FILE_RANGE *range);
/* TRUE when a sparse file has all its bytes. Lock held. */
BOOL sparse_whole(const struct file *file);
UINT64 sparse_bytes(const struct file *file);
/* The remote file turns out to end at size: what was asked for to its end ends there. Lock held. */
void sparse_ends_at(struct file *file, UINT64 size);
/* A request that cannot be met goes. Lock held. */
void sparse_unwant(struct file *file);
/* Where the last of the bytes that are there ends. */
UINT64 sparse_end(const struct model_file *data);
/* Nothing of a sparse file is of use any more: all that was there is wanted again. Lock held. */
void sparse_forget(struct file *file);
/* TRUE when the file waits for a download: idle, and something of it is to be fetched. Lock held.
 */
BOOL file_wants(const struct file *file);
/* TRUE when nothing of the job is to be fetched any more: *outcome tells how it ends. Lock held. */
BOOL job_satisfied(const struct job *job, enum job_outcome *outcome);

/* run.c */
/* *token gets a handle of the caller's own, or stays as it is when the job has no helper token for
 * that use (nf-bits4_0-ibitstokenoptions-sethelpertokenflags). Lock held. */
HRESULT job_helper_token(struct job *job, DWORD use, HANDLE *token);
/* Copies what is needed of the job; lock held. */
HRESULT run_new(struct job *job, struct run **run);
/* Makes the copy ready for use; no lock. */
HRESULT run_prepare(struct run *run);
void run_release(struct run *run); /* takes NULL */
/* Gives a reference to the job's run, a fresh one when its properties have changed. No lock. */
HRESULT job_current_run(struct job *job, struct run **run);
/* What the downloads and uploads of a job have in common; the spec points into the run. */
void run_fill_spec(const struct run *run, struct download_spec *spec);

/* file_write.c */
/* Lock held: data differs from the store. */
void mark_dirty(struct file *file);
/* Writes all of a file to the store without waiting; lock held. */
void file_write(struct file *file);
/* No lock held. Before a download that begins at 0 cuts the file: makes sure that the store claims
 * no bytes of it. Blocks for a commit, if there is something to write. */
HRESULT file_write_forgotten(struct file *file);
/* Lock held: hands the file's progress to the store, with its version if that is not there yet. */
void file_write_progress(struct file *file);
/* Adds the dirty files to txn by pointer; only while nothing is active and the latch is held. */
HRESULT job_put_dirty_files(struct job *job, struct store_txn *txn);
/* Writes progress of dirty files without waiting. */
void job_flush_progress(struct job *job);

/* certificate.c */
/* The certificate event of a file's download or upload. */
HRESULT file_certificate(struct file *file, const BYTE *cert, ULONG cert_size, const BYTE *store,
                         ULONG store_size);

/* fetch_event.c */
extern const struct download_events fetch_events;
/* Lock held: bytes have come or gone. */
void note_progress(struct job *job);
/* Lock held: the server has answered in this turn. */
void note_connected(struct job *job);
/* Lock held: revoked certificates are refused from now on. Files that came in part, by HTTPS, begin
 * again (nf-bits2_5-ibackgroundcopyjobhttpoptions-setsecurityflags). */
void job_check_again(struct job *job);

/* fetch.c */
void job_start_files(struct job *job); /* no lock */
void job_stop(struct job *job);        /* lock held: ends the turn, asks downloads to end */
/* No lock, latch held, so that nothing is begun meanwhile: ends the turn and waits until no
 * download is under way, or none has ended for ms. */
void job_stop_and_wait(struct job *job, DWORD ms);
/* Lock held, and left: a transfer of the job has ended and is counted as such. Settles the job or
 * goes on, and releases the transfer's reference. */
void job_transfer_ended(struct job *job, void (*go_on)(struct job *job));
void job_idle(struct job *job); /* lock held: to be called when active has become less */
/* Lock held. Ends the turn with a failure; the first one of a turn decides, the others are its
 * echo. That the owner is not logged on is none: the job stays QUEUED. */
void job_fail(struct job *job, struct file *file, HRESULT hr, BG_ERROR_CONTEXT context,
              BOOL transient, ULONG retry_after_ms);

/* upload.c; upload_order.c: job_upload_start(), job_upload_cancel() */
HRESULT job_upload_new(struct job *job); /* for a job whose data is there */
void job_upload_free(struct job *job);
/* Takes a file of the store that is the reply; it is no file of the job's. */
void job_upload_load_reply(struct job *job, struct file *file);
/* Adds the live side to a staged copy; latch held, no lock. */
HRESULT job_upload_stage(struct job *job, struct model_job *next);
/* Gives the next order if there is one and the job has its turn. No lock. */
void job_upload_start(struct job *job);
/* Lock held. Asks the order under way to end. */
void job_upload_stop(struct job *job);
/* Lock held. TRUE when nothing of the job is left to do. */
BOOL job_upload_done(const struct job *job);
/* Lock held. TRUE when the worker is to call job_upload_store(); shortens *deadline otherwise. */
BOOL job_upload_needs_store(const struct job *job, ULONGLONG now, ULONGLONG *deadline);
/* Stores what the orders have brought, then gives the next one. No lock. */
void job_upload_store(struct job *job);
/* Adds the reply's row to a transaction; nothing active, latch held. */
HRESULT job_upload_put(struct job *job, struct store_txn *txn);
/* Lock held. TRUE while the server still has a session of a job that was cancelled. */
BOOL job_upload_lingers(const struct job *job);
/* Works on the session of a grave; worker only, no lock. TRUE: it is still to be kept, look again
 * at *deadline. */
BOOL job_upload_cancel(struct job *job, ULONGLONG now, ULONGLONG *deadline);

/* schedule.c */
ULONGLONG
engine_schedule(struct engine *engine); /* no lock, worker only: gives the next deadline */
/* What a background download may take, as transfer_set_rate() wants it. Lock held. */
UINT64 engine_rate(const struct engine *engine, BG_JOB_PRIORITY priority);

/* place.c */
/* The helper token opens local files, until SetThreadToken(NULL, NULL). On failure nobody's files
 * are to be touched. No lock. */
HRESULT job_act_as_helper(struct job *job);
/* Whether an earlier Complete, cut off by a crash, has put the file under its final name. */
BOOL file_was_placed(const struct file *file);
/* ERROR_FILE_NOT_FOUND or ERROR_PATH_NOT_FOUND when the temporary file is gone, ERROR_SUCCESS when
 * it is there or nobody can tell. */
DWORD file_temporary_gone(const struct file *file);
/* Puts one file under its final name. S_OK also when an earlier Complete had done it and was cut
 * off; then the temporary file is gone and the target has the right size. No lock. */
HRESULT file_put_in_place(struct file *file);
/* Renames the whole files; the error is that of the first one that failed, whose ordinal *failed
 * gets. The latch is held, not the lock. */
HRESULT job_place_files(struct job *job, ULONG *placed, ULONG *failed);

/* finish.c */
HRESULT job_bury(struct job *job); /* no lock: deletes temporary files and the store's row */
/* A legacy group has no Complete: its files get their names when the last one has arrived. S_FALSE
 * when that failed, *failure tells; other failures are the store's. The latch is held. */
HRESULT job_place_group(struct job *job, struct model_error *failure);

/* state.c */
void job_settle(struct job *job); /* no lock: turns an outcome into a state */
/* ERROR, with what has to be told of it. */
void job_apply_fatal(struct model_job *next, const struct model_error *error);
/* No lock: what happens to a job from outside its downloads. error NULL for BC_EVENT_RETRY. S_FALSE
 * when the event means nothing in the job's state. */
HRESULT job_move(struct job *job, enum bc_event event, const struct model_error *error);

/* notify.c; deliver.c: notify_client_gone(), notify_pending_for() */
HRESULT notifier_create(struct engine *engine, struct notifier **notifier);
void notifier_stop(struct notifier *notifier);
void notifier_destroy(struct notifier *notifier);
/* Queue a notification if the job's flags ask for it; lock held, never blocks. */
void notify_job(struct job *job, enum notification_kind kind, struct file *file);
/* Gives the reference back on a notification thread: a client that hangs holds up nobody. Lock held
 * or not. */
void notify_forget(struct job *job, IUnknown *target);
void notify_ranges(struct file *file, const BG_FILE_RANGE *range);
/* TRUE for results that mean that the client is not there any more. */
BOOL notify_client_gone(HRESULT hr);
/* BG_NOTIFY_* bits that a command line still has to be run for when the job gets to that state. */
ULONG notify_pending_for(const struct model_job *job, enum notification_kind kind);

#endif
