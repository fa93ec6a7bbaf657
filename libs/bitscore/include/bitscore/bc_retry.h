/*
 * When a job in TRANSIENT_ERROR is tried again, and when it is given up.
 *
 * Owns the arithmetic of the minimum retry delay, the no-progress time-out, Retry-After and the
 * inactivity time-out. Called by the engine under its lock; no memory. All times are milliseconds
 * of a monotonic clock that the caller reads: changing the system clock changes nothing
 * (nf-bits-ibackgroundcopyjob-setminimumretrydelay, -setnoprogresstimeout).
 */
#ifndef BITSCORE_BC_RETRY_H
#define BITSCORE_BC_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include <bitscore/bc_result.h>

/* Seconds, from the pages of SetMinimumRetryDelay, SetNoProgressTimeout and of the policies
 * JobInactivityTimeout and MaxDownloadTime. */
#define BC_RETRY_DELAY_DEFAULT       600u
#define BC_RETRY_DELAY_MIN           5u
#define BC_NO_PROGRESS_DEFAULT       1209600u
#define BC_JOB_INACTIVITY_DEFAULT    7776000u
#define BC_MAX_DOWNLOAD_TIME_DEFAULT 7776000u

/* A time that never comes. */
#define BC_NEVER UINT64_MAX

struct bc_retry {
    uint32_t delay;         /* minimum retry delay, seconds, >= BC_RETRY_DELAY_MIN */
    uint32_t no_progress;   /* no-progress time-out, seconds; 0: every error is fatal */
    bool failing;           /* a transient error came since the last progress */
    bool waiting;           /* the job is in TRANSIENT_ERROR */
    bool by_event;          /* what it waits for is an event, not a delay */
    uint64_t failing_since; /* ms; time of the first transient error since the last progress, or of
                               the service start if that was later */
    uint64_t last_error;    /* ms; time of the last one */
    uint64_t retry_after;   /* ms; what the server asked for with the last one, 0 if nothing */
};

enum bc_retry_verdict {
    BC_RETRY_WAIT,   /* not yet */
    BC_RETRY_NOW,    /* back to QUEUED */
    BC_RETRY_GIVE_UP /* to ERROR: no progress for too long */
};

/* The defaults: 600 seconds and 14 days, nothing failing. */
void bc_retry_init(struct bc_retry *retry);

/* SetMinimumRetryDelay: values below 5 seconds become 5. Takes effect on a waiting job, too. */
void bc_retry_set_delay(struct bc_retry *retry, uint32_t seconds);

/* SetNoProgressTimeout, seconds. */
void bc_retry_set_no_progress(struct bc_retry *retry, uint32_t seconds);

/*
 * True when an error counts for GetErrorCount: all but network disconnects, disk locks and the
 * bandwidth policy (nf-bits-ibackgroundcopyjob-geterrorcount).
 */
bool bc_retry_counts(int32_t error);

/*
 * Notes a transient error. retry_after is what the server asked for, in seconds, 0 for nothing.
 * Some errors are not retried after a delay but when their cause is gone (network disconnected,
 * disk locked, blocked by policy, cost, battery, game mode): for them only the no-progress time
 * runs. Returns true when the job may wait in TRANSIENT_ERROR; false when it goes to ERROR at once:
 * the no-progress time-out is 0, less than the retry delay, or over.
 */
bool bc_retry_failed(struct bc_retry *retry, int32_t error, uint64_t retry_after, uint64_t now);

/* Notes that bytes were transferred: the no-progress time starts afresh. */
void bc_retry_progress(struct bc_retry *retry);

/* Notes that the job left TRANSIENT_ERROR (retry, Resume, Suspend); its no-progress time goes on.
 */
void bc_retry_started(struct bc_retry *retry);

/* Forgets everything about errors: Resume gives the job its full no-progress time again. */
void bc_retry_reset(struct bc_retry *retry);

/* What to do with a job in TRANSIENT_ERROR now. */
enum bc_retry_verdict bc_retry_verdict(const struct bc_retry *retry, uint64_t now);

/*
 * When to ask bc_retry_verdict again: the earlier of retry and give-up, BC_NEVER for a job that is
 * not waiting.
 */
uint64_t bc_retry_due(const struct bc_retry *retry);

/*
 * After a restart, when the monotonic clock counts anew, for a job that is in TRANSIENT_ERROR with
 * this error and is to be tried again in retry_in ms (never later than the retry delay says). Its
 * no-progress time starts anew.
 */
void bc_retry_restore(struct bc_retry *retry, int32_t error, uint64_t retry_in, uint64_t now);

#endif
