/*
 * Queue policy: see bc_policy.h. The choice makes two passes over the jobs and no copies: a queue
 * may hold thousands of them.
 */
#include <bitscore/bc_policy.h>

static bool slice_ended(const struct bc_queue_job *job, uint32_t time_slice, uint64_t now)
{
    return job->running && now >= job->slice_start && now - job->slice_start >= time_slice;
}

/* Order within a level: who is in the middle of its slice, then those waiting, then whose slice is
 * over (it goes on only if nobody waits). Within a group by turn. */
static int group_of(const struct bc_queue_job *job, uint32_t time_slice, uint64_t now)
{
    if (!job->running)
        return 1;
    return slice_ended(job, time_slice, now) ? 2 : 0;
}

static bool goes_before(const struct bc_queue_job *a, const struct bc_queue_job *b,
                        uint32_t time_slice, uint64_t now)
{
    int group_a = group_of(a, time_slice, now), group_b = group_of(b, time_slice, now);

    return a->priority != b->priority ? a->priority < b->priority
           : group_a != group_b       ? group_a < group_b
                                      : a->turn < b->turn;
}

uint64_t bc_policy_choose(struct bc_queue_job *jobs, size_t count, uint32_t time_slice,
                          uint64_t now, uint64_t *next_turn)
{
    struct bc_queue_job *best = NULL;
    uint64_t start;
    bool waiting = false;

    for (size_t i = 0; i < count; i++) {
        jobs[i].run = jobs[i].priority == BC_PRIORITY_FOREGROUND;
        if (!jobs[i].run && (!best || goes_before(&jobs[i], best, time_slice, now)))
            best = &jobs[i];
    }
    if (!best)
        return UINT64_MAX;
    best->run = true;
    for (size_t i = 0; i < count; i++) {
        if (jobs[i].priority != best->priority || &jobs[i] == best)
            continue;
        waiting = true;
        if (slice_ended(&jobs[i], time_slice, now))
            jobs[i].turn = (*next_turn)++;
    }
    if (!waiting || slice_ended(best, time_slice, now))
        return UINT64_MAX;
    start = best->running ? best->slice_start : now;
    return start > UINT64_MAX - time_slice ? UINT64_MAX : start + time_slice;
}

/* True for x in the cyclic span from..to (to excluded); equal ends mean everywhere. */
static bool in_cycle(unsigned x, unsigned from, unsigned to)
{
    if (from == to)
        return true;
    return from < to ? x >= from && x < to : x >= from || x < to;
}

uint32_t bc_bandwidth_limit(const struct bc_bandwidth_policy *policy, unsigned hour)
{
    uint32_t limit;

    if (!policy->enabled)
        return BC_BANDWIDTH_UNLIMITED;
    if (in_cycle(hour, policy->hour_from % 24u, policy->hour_to % 24u))
        limit = policy->on;
    else
        limit = policy->use_system_maximum ? BC_BANDWIDTH_UNLIMITED : policy->off;
    return limit && limit < BC_BANDWIDTH_MIN ? BC_BANDWIDTH_MIN : limit;
}

uint64_t bc_bandwidth_bytes(uint32_t kilobits)
{
    return kilobits == BC_BANDWIDTH_UNLIMITED ? UINT64_MAX : (uint64_t)kilobits * 1000 / 8;
}

void bc_limits_init(struct bc_limits *limits)
{
    limits->jobs_per_machine = BC_MAX_JOBS_PER_MACHINE_DEFAULT;
    limits->jobs_per_user = BC_MAX_JOBS_PER_USER_DEFAULT;
    limits->files_per_job = BC_MAX_FILES_PER_JOB_DEFAULT;
    limits->ranges_per_file = BC_MAX_RANGES_PER_FILE_DEFAULT;
}

int32_t bc_limits_check_job(const struct bc_limits *limits, bool exempt, size_t machine_jobs,
                            size_t user_jobs)
{
    if (exempt)
        return BC_S_OK;
    if (user_jobs >= limits->jobs_per_user)
        return BC_E_TOO_MANY_JOBS_PER_USER;
    return machine_jobs >= limits->jobs_per_machine ? BC_E_TOO_MANY_JOBS_PER_MACHINE : BC_S_OK;
}

int32_t bc_limits_check_files(const struct bc_limits *limits, bool exempt, size_t files,
                              size_t adding)
{
    if (exempt)
        return BC_S_OK;
    return files > limits->files_per_job || adding > limits->files_per_job - files
               ? BC_E_TOO_MANY_FILES_IN_JOB
               : BC_S_OK;
}

size_t bc_limits_ranges(const struct bc_limits *limits, bool exempt)
{
    return exempt ? SIZE_MAX : limits->ranges_per_file;
}
