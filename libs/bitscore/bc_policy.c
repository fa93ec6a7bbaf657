/*
 * Queue policy: see bc_policy.h. The choice makes few passes over the jobs and no copies: slots are
 * few, and a queue may hold thousands of jobs.
 */
#include <bitscore/bc_policy.h>

#include <string.h>

void bc_queue_limits_init(struct bc_queue_limits *limits)
{
    limits->time_slice = BC_TIME_SLICE_DEFAULT;
    limits->foreground = SIZE_MAX;
    limits->background = 1;
    limits->background_owner = SIZE_MAX;
}

static bool slice_ended(const struct bc_queue_job *job, const struct bc_queue_limits *limits,
                        uint64_t now)
{
    return job->running && now >= job->slice_start && now - job->slice_start >= limits->time_slice;
}

/*
 * Order within a level: those in the middle of their slice, then those waiting, then those whose
 * slice is over (they go on only if a slot is left). Within a group by turn.
 */
static int group_of(const struct bc_queue_job *job, const struct bc_queue_limits *limits,
                    uint64_t now)
{
    if (!job->running)
        return 1;
    return slice_ended(job, limits, now) ? 2 : 0;
}

static size_t running_of_owner(const struct bc_queue_job *jobs, size_t count,
                               enum bc_job_priority level, uint32_t owner)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        n += jobs[i].run && jobs[i].priority == level && jobs[i].owner == owner;
    return n;
}

/* Fills the slots of one level. Each slot is one pass: the earliest job not chosen yet. */
static void fill(struct bc_queue_job *jobs, size_t count, enum bc_job_priority level, size_t slots,
                 size_t owner_slots, const struct bc_queue_limits *limits, uint64_t now)
{
    for (size_t slot = 0; slot < slots; slot++) {
        struct bc_queue_job *best = NULL;
        int best_group = 0;

        for (size_t i = 0; i < count; i++) {
            struct bc_queue_job *job = &jobs[i];
            int group;

            if (job->run || job->priority != level)
                continue;
            group = level == BC_PRIORITY_FOREGROUND ? !job->running : group_of(job, limits, now);
            if (best && (group > best_group || (group == best_group && job->turn >= best->turn)))
                continue;
            if (owner_slots < slots &&
                running_of_owner(jobs, count, level, job->owner) >= owner_slots)
                continue;
            best = job;
            best_group = group;
        }
        if (!best)
            return;
        best->run = true;
    }
}

/* Sends those whose slice is over to the end of the round, in the order they came from. */
static void requeue(struct bc_queue_job *jobs, size_t count, uint64_t *next_turn)
{
    const uint64_t first_new = *next_turn;

    for (;;) {
        struct bc_queue_job *earliest = NULL;

        for (size_t i = 0; i < count; i++)
            if (jobs[i].slice_over && jobs[i].turn < first_new &&
                (!earliest || jobs[i].turn < earliest->turn))
                earliest = &jobs[i];
        if (!earliest)
            return;
        earliest->turn = (*next_turn)++;
    }
}

uint64_t bc_policy_choose(struct bc_queue_job *jobs, size_t count,
                          const struct bc_queue_limits *limits, uint64_t now, uint64_t *next_turn)
{
    enum bc_job_priority level = BC_PRIORITY_LOW;
    uint64_t next = UINT64_MAX;
    size_t foreground = 0;
    bool waiting = false;

    for (size_t i = 0; i < count; i++) {
        jobs[i].run = jobs[i].slice_over = false;
        if (jobs[i].priority == BC_PRIORITY_FOREGROUND)
            foreground++;
        else if (jobs[i].priority < level)
            level = jobs[i].priority;
    }
    if (foreground <= limits->foreground) {
        for (size_t i = 0; i < count; i++)
            jobs[i].run = jobs[i].priority == BC_PRIORITY_FOREGROUND;
    } else {
        fill(jobs, count, BC_PRIORITY_FOREGROUND, limits->foreground, SIZE_MAX, limits, now);
    }
    fill(jobs, count, level, limits->background, limits->background_owner, limits, now);

    for (size_t i = 0; i < count; i++) {
        if (jobs[i].priority != level)
            continue;
        if (!jobs[i].run)
            waiting = true;
        jobs[i].slice_over = !jobs[i].run && slice_ended(&jobs[i], limits, now);
    }
    requeue(jobs, count, next_turn);
    for (size_t i = 0; i < count && waiting; i++) {
        uint64_t start = jobs[i].running ? jobs[i].slice_start : now, end;

        if (jobs[i].priority != level || !jobs[i].run || slice_ended(&jobs[i], limits, now))
            continue;
        end = start > UINT64_MAX - limits->time_slice ? UINT64_MAX : start + limits->time_slice;
        if (end < next)
            next = end;
    }
    return next;
}

/* True for x in the cyclic span from..to (to excluded); equal ends mean everywhere. */
static bool in_cycle(unsigned x, unsigned from, unsigned to)
{
    if (from == to)
        return true;
    return from < to ? x >= from && x < to : x >= from || x < to;
}

bool bc_schedule_includes(const struct bc_schedule *schedule, unsigned day, unsigned hour)
{
    unsigned from = schedule->day_from % 7u, to = schedule->day_to % 7u;
    bool day_in = from <= to ? day >= from && day <= to : day >= from || day <= to;

    return day_in && in_cycle(hour, schedule->hour_from % 24u, schedule->hour_to % 24u);
}

static uint32_t of_priority(const struct bc_bandwidth_limits *limits, enum bc_job_priority priority)
{
    switch (priority) {
    case BC_PRIORITY_HIGH:
        return limits->high;
    case BC_PRIORITY_NORMAL:
        return limits->normal;
    default:
        return limits->low;
    }
}

uint32_t bc_bandwidth_limit(const struct bc_bandwidth_policy *policy, enum bc_job_priority priority,
                            unsigned day, unsigned hour, bool on_lan)
{
    uint32_t limit = BC_BANDWIDTH_UNLIMITED, max;

    if (priority == BC_PRIORITY_FOREGROUND || (on_lan && policy->ignore_on_lan))
        return limit;
    if (policy->maintenance_enabled && bc_schedule_includes(&policy->maintenance, day, hour)) {
        limit = of_priority(&policy->maintenance_limits, priority);
    } else {
        if (policy->work_enabled)
            limit = of_priority(bc_schedule_includes(&policy->work, day, hour)
                                    ? &policy->work_limits
                                    : &policy->nonwork_limits,
                                priority);
        if (policy->max_enabled) {
            if (in_cycle(hour, policy->max_hour_from % 24u, policy->max_hour_to % 24u))
                max = policy->max_on;
            else
                max = policy->use_system_maximum ? BC_BANDWIDTH_UNLIMITED : policy->max_off;
            limit = max < limit ? max : limit;
        }
    }
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
