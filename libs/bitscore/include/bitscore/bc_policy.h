/*
 * Queue policy: which jobs run, how fast, and how many there may be.
 *
 * Owns the choice of running jobs by priority and time slice (ne-bits-bg_job_priority,
 * life-cycle-of-a-bits-job), the bandwidth schedules and the limits of the group policies
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
    uint32_t owner;       /* a small number the engine gives each owner */
    bool running;         /* CONNECTING or TRANSFERRING */
    uint64_t turn;        /* in, out: place in the round, less comes first */
    uint64_t slice_start; /* ms of a monotonic clock; when it began to run */
    bool run;             /* out: the job shall run */
    bool slice_over;      /* out: it ran, and gives way to another of its level */
};

struct bc_queue_limits {
    uint32_t time_slice;     /* ms; BC_TIME_SLICE_DEFAULT */
    size_t foreground;       /* foreground jobs at once; SIZE_MAX: all of them */
    size_t background;       /* background jobs at once, of the highest level that has any */
    size_t background_owner; /* background jobs of one owner at once */
};

/* The documented policy: all foreground jobs and, beside them, one background job. */
void bc_queue_limits_init(struct bc_queue_limits *limits);

/*
 * Chooses the jobs that shall run and sets run and slice_over in each. Foreground jobs all run (up
 * to the limit, earliest turn first). Of the background jobs only those of the highest level
 * present do: a higher level preempts, and jobs of one level share time, each getting its slice in
 * order of turn. A job keeps running when its slice is over and nobody of its level waits. To a job
 * with slice_over the engine gives a turn after all others; new and resumed jobs get one, too.
 * Returns when to choose again, in ms of the same clock: the end of the earliest slice that
 * somebody waits for, UINT64_MAX if there is none.
 */
uint64_t bc_policy_choose(struct bc_queue_job *jobs, size_t count,
                          const struct bc_queue_limits *limits, uint64_t now, uint64_t *next_turn);

/* ---- bandwidth ---- */

/* Kilobits per second without limit. */
#define BC_BANDWIDTH_UNLIMITED UINT32_MAX
/* Less than two kilobits per second count as two; zero blocks (MaxInternetBandwidth). */
#define BC_BANDWIDTH_MIN 2u

/* Hours of days: from day_from to day_to (0 Sunday to 6 Saturday, both included) between hour_from
 * (included) and hour_to (excluded), local time. Days and hours may wrap around; equal hours mean
 * the whole day. */
struct bc_schedule {
    uint8_t day_from;
    uint8_t day_to;
    uint8_t hour_from;
    uint8_t hour_to;
};

/* Limits of one period for each background priority, in kilobits per second. */
struct bc_bandwidth_limits {
    uint32_t high;
    uint32_t normal;
    uint32_t low;
};

/* The bandwidth policies as the registry has them. All off is zero bytes. */
struct bc_bandwidth_policy {
    /* EnableBITSMaxBandwidth: MaxTransferRateOnSchedule between MaxBandwidthValidFrom and -To,
     * else MaxTransferRateOffSchedule, or all there is with UseSystemMaximum. */
    bool max_enabled;
    uint8_t max_hour_from;
    uint8_t max_hour_to;
    uint32_t max_on; /* kilobits per second */
    uint32_t max_off;
    bool use_system_maximum;
    /* EnableBandwidthLimits: work and non-work hours. */
    bool work_enabled;
    struct bc_schedule work;
    struct bc_bandwidth_limits work_limits;
    struct bc_bandwidth_limits nonwork_limits;
    /* EnableMaintenanceLimits: supersede all others while they last. */
    bool maintenance_enabled;
    struct bc_schedule maintenance;
    struct bc_bandwidth_limits maintenance_limits;
    bool ignore_on_lan; /* IgnoreBandwidthLimitsOnLan: no limits between machines of one subnet */
};

/* True when the schedule includes this hour (0 to 23) of this day (0 Sunday to 6 Saturday). */
bool bc_schedule_includes(const struct bc_schedule *schedule, unsigned day, unsigned hour);

/*
 * The limit for all background jobs of one priority, in kilobits per second, at an hour of a day,
 * local time: BC_BANDWIDTH_UNLIMITED, or 0 when the policy blocks background jobs: they then go to
 * TRANSIENT_ERROR with BC_E_BLOCKED_BY_POLICY. Foreground jobs are never limited. Schedules change
 * at full hours only; ask again then.
 */
uint32_t bc_bandwidth_limit(const struct bc_bandwidth_policy *policy, enum bc_job_priority priority,
                            unsigned day, unsigned hour, bool on_lan);

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
