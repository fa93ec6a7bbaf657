/*
 * Queue policy: which jobs run, how fast, and how many there may be.
 *
 * Owns the choice of running jobs by priority and time slice (ne-bits-bg_job_priority,
 * life-cycle-of-a-bits-job), the bandwidth policy and the limits of the group policies
 * (group-policies). Called by the engine under its lock; pure functions over the caller's arrays.
 */
#ifndef BITSCORE_BC_POLICY_H
#define BITSCORE_BC_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bitscore/bc_state.h>

/* ---- who runs next ---- */

/* How long a background job runs before others of its level get their turn, in ms. */
#define BC_TIME_SLICE_DEFAULT 300000u

/* A job in QUEUED, CONNECTING or TRANSFERRING whose owner is logged on, and nothing else. */
struct bc_queue_job {
    enum bc_job_priority priority;
    bool running;         /* CONNECTING or TRANSFERRING */
    uint64_t turn;        /* in, out: place in the round, less comes first */
    uint64_t slice_start; /* ms of a monotonic clock; when it began to run */
    bool run;             /* out: the job shall run */
};

/*
 * Chooses the jobs that shall run and sets run in each: all foreground jobs and, beside them, one
 * background job. That one is of the highest level present: a higher level preempts, and jobs of
 * one level share time, each getting its slice (time_slice, in ms) in order of turn. A job keeps
 * running when its slice is over and nobody of its level waits; otherwise it gives way and gets a
 * turn after all others from *next_turn. New jobs get theirs from there, too. Returns when to
 * choose again, in ms of the same clock: the end of the slice that somebody waits for, UINT64_MAX
 * if there is none.
 */
uint64_t bc_policy_choose(struct bc_queue_job *jobs, size_t count, uint32_t time_slice,
                          uint64_t now, uint64_t *next_turn);

/* ---- bandwidth ---- */

/* Kilobits per second without limit. */
#define BC_BANDWIDTH_UNLIMITED UINT32_MAX
/* Less than two kilobits per second count as two; zero blocks (MaxInternetBandwidth). */
#define BC_BANDWIDTH_MIN 2u

/* The policy MaxInternetBandwidth as the registry has it. All off is zero bytes. Hours are 0 to 23
 * of the local time; equal hours mean the whole day. */
struct bc_bandwidth_policy {
    bool enabled;      /* EnableBITSMaxBandwidth */
    uint8_t hour_from; /* MaxBandwidthValidFrom, included */
    uint8_t hour_to;   /* MaxBandwidthValidTo, excluded; may be less than hour_from */
    uint32_t on;       /* MaxTransferRateOnSchedule, kilobits per second: between these hours */
    uint32_t off;      /* MaxTransferRateOffSchedule: at other times */
    bool use_system_maximum; /* UseSystemMaximum: no limit at other times */
};

/*
 * The limit for all background jobs together, in kilobits per second, at an hour of the day:
 * BC_BANDWIDTH_UNLIMITED, or 0 when the policy blocks background jobs: they then go to
 * TRANSIENT_ERROR with BC_E_BLOCKED_BY_POLICY. Foreground jobs are never limited. The limit changes
 * at full hours only; ask again then.
 */
uint32_t bc_bandwidth_limit(const struct bc_bandwidth_policy *policy, unsigned hour);

/* Kilobits per second to bytes per second; UINT64_MAX for BC_BANDWIDTH_UNLIMITED. */
uint64_t bc_bandwidth_bytes(uint32_t kilobits);

/* ---- how many ---- */

#define BC_MAX_JOBS_PER_MACHINE_DEFAULT 300u
#define BC_MAX_JOBS_PER_USER_DEFAULT    60u
#define BC_MAX_FILES_PER_JOB_DEFAULT    200u
#define BC_MAX_RANGES_PER_FILE_DEFAULT  500u

struct bc_limits {
    uint32_t jobs_per_machine;
    uint32_t jobs_per_user;
    uint32_t files_per_job;
    uint32_t ranges_per_file;
};

/* The default values of the policies. */
void bc_limits_init(struct bc_limits *limits);

/*
 * Tells whether a user may create a job, given how many jobs are in the queue and how many are the
 * user's. Administrators and service accounts (exempt) always may. Returns BC_S_OK,
 * BC_E_TOO_MANY_JOBS_PER_USER or BC_E_TOO_MANY_JOBS_PER_MACHINE.
 */
int32_t bc_limits_check_job(const struct bc_limits *limits, bool exempt, size_t machine_jobs,
                            size_t user_jobs);

/*
 * Tells whether files may be added to a job that has some. Returns BC_S_OK or
 * BC_E_TOO_MANY_FILES_IN_JOB.
 */
int32_t bc_limits_check_files(const struct bc_limits *limits, bool exempt, size_t files,
                              size_t adding);

/* The limit to pass to bc_file_ranges_check. */
size_t bc_limits_ranges(const struct bc_limits *limits, bool exempt);

#endif
