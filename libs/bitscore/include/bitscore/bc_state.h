/*
 * The job state machine.
 *
 * Owns the answer to "may this call be made now, and what state follows" for the methods of a job,
 * and the transitions that happen by themselves (scheduler, network, errors, time). Called by the
 * engine under its lock; pure functions, no memory. Sources: life-cycle-of-a-bits-job,
 * ne-bits-bg_job_state and the page of each method.
 */
#ifndef BITSCORE_BC_STATE_H
#define BITSCORE_BC_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bitscore/bc_result.h>

/* BG_JOB_STATE, same values. */
enum bc_job_state {
    BC_STATE_QUEUED = 0,
    BC_STATE_CONNECTING = 1,
    BC_STATE_TRANSFERRING = 2,
    BC_STATE_SUSPENDED = 3,
    BC_STATE_ERROR = 4,
    BC_STATE_TRANSIENT_ERROR = 5,
    BC_STATE_TRANSFERRED = 6,
    BC_STATE_ACKNOWLEDGED = 7,
    BC_STATE_CANCELLED = 8
};

/* BG_JOB_TYPE, same values. */
enum bc_job_type { BC_TYPE_DOWNLOAD = 0, BC_TYPE_UPLOAD = 1, BC_TYPE_UPLOAD_REPLY = 2 };

/* BG_JOB_PRIORITY, same values. */
enum bc_job_priority {
    BC_PRIORITY_FOREGROUND = 0,
    BC_PRIORITY_HIGH = 1,
    BC_PRIORITY_NORMAL = 2,
    BC_PRIORITY_LOW = 3
};

/* What a question about a job needs to know of it. */
struct bc_job_facts {
    enum bc_job_state state;
    enum bc_job_type type;
    size_t file_count;
    bool all_transferred; /* every file, and the reply of an upload-reply job, is transferred */
    bool resumed_once;    /* Resume has succeeded at least once */
    bool reply_started;   /* the reply is being transferred: its BytesTotal is known */
};

/* The calls that depend on state or type. */
enum bc_call {
    BC_CALL_SUSPEND,
    BC_CALL_RESUME,
    BC_CALL_CANCEL,
    BC_CALL_COMPLETE,
    BC_CALL_ADD_FILE,            /* AddFile, AddFileSet */
    BC_CALL_ADD_FILE_RANGES,     /* AddFileWithRanges: download jobs only */
    BC_CALL_SET_REMOTE_NAME,     /* SetRemoteName, ReplaceRemotePrefix: download jobs only */
    BC_CALL_SET_REPLY_FILE_NAME, /* upload-reply jobs only, before the reply begins */
    BC_CALL_GET_REPLY,           /* GetReplyFileName, -Progress: upload-reply jobs only */
    BC_CALL_GET_REPLY_DATA,      /* upload-reply jobs, once TRANSFERRED or completed */
    BC_CALL_TAKE_OWNERSHIP,
    BC_CALL_SET_PROPERTY,                 /* every setter without a rule of its own */
    BC_CALL_SET_WHEN_SUSPENDED,           /* SetServerCertificateValidationInterface */
    BC_CALL_SET_HTTP_METHOD,              /* before the first Resume, any job type */
    BC_CALL_SET_PROPERTY_BEFORE_RESUME,   /* of downloads: dynamic, maximum size, on-demand */
    BC_CALL_SET_PROPERTY_BEFORE_ADD_FILE, /* of downloads: high performance */
    BC_CALL_COUNT
};

/* True for ACKNOWLEDGED and CANCELLED: the job is gone, every changing call fails. */
bool bc_state_is_final(enum bc_job_state state);

/*
 * Tells whether a call is legal. Returns BC_S_OK or what the method returns: BC_E_INVALID_STATE,
 * BC_E_EMPTY (Resume without files), BC_E_TOO_MANY_FILES (a second file for an upload),
 * BC_E_NOTIMPL (wrong job type), BC_E_PROPERTY_SUPPORTED_FOR_DOWNLOAD_JOBS_ONLY,
 * BC_E_READ_ONLY_PROPERTY_AFTER_RESUME, BC_E_READ_ONLY_PROPERTY_AFTER_ADDFILE,
 * BC_E_READ_ONLY_WHEN_JOB_ACTIVE, BC_E_INVALIDARG (no such call). adding is the number of files
 * that BC_CALL_ADD_FILE adds, ignored for other calls.
 */
int32_t bc_state_check(enum bc_call call, const struct bc_job_facts *job, size_t adding);

/*
 * The state after a legal call: SUSPENDED, QUEUED, CANCELLED or ACKNOWLEDGED, TRANSFERRED for a
 * Resume that finds nothing left to transfer, SUSPENDED for a TRANSFERRED job that gets another
 * file, else the state as it was. job holds the facts before the call.
 */
enum bc_job_state bc_state_after(enum bc_call call, const struct bc_job_facts *job);

/* What happens to a job without its client. */
enum bc_event {
    BC_EVENT_TRANSFERRED,     /* every file is done */
    BC_EVENT_RANGES_DONE,     /* on-demand: what was asked for is there, the file is not whole */
    BC_EVENT_TRANSIENT_ERROR, /* an error that may pass, a lost network */
    BC_EVENT_FATAL_ERROR,     /* an error that does not, or no progress for too long */
    BC_EVENT_RETRY,           /* the retry delay is over or the cause is gone */
    BC_EVENT_COUNT
};

/*
 * Applies an event. True when it changes the state: *next then is the new one. False when the event
 * means nothing in this state (a late answer for a job suspended meanwhile, for example).
 */
bool bc_state_event(enum bc_event event, enum bc_job_state state, enum bc_job_state *next);

#endif
