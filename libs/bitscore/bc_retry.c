/*
 * Retry decisions: see bc_retry.h. Additions of times saturate at BC_NEVER, so that a time-out of
 * 136 years (all bits set) means never and not yesterday.
 */
#include <bitscore/bc_retry.h>

#include <string.h>

static uint64_t later(uint64_t time, uint64_t ms)
{
    return ms > BC_NEVER - time ? BC_NEVER : time + ms;
}

void bc_retry_init(struct bc_retry *retry)
{
    memset(retry, 0, sizeof(*retry));
    retry->delay = BC_RETRY_DELAY_DEFAULT;
    retry->no_progress = BC_NO_PROGRESS_DEFAULT;
}

void bc_retry_set_delay(struct bc_retry *retry, uint32_t seconds)
{
    retry->delay = seconds < BC_RETRY_DELAY_MIN ? BC_RETRY_DELAY_MIN : seconds;
}

void bc_retry_set_no_progress(struct bc_retry *retry, uint32_t seconds)
{
    retry->no_progress = seconds;
}

/* Errors whose end is an event and not a delay. */
static bool waits_for_event(int32_t error)
{
    switch (error) {
    case BC_E_NETWORK_DISCONNECTED:
    case BC_E_DESTINATION_LOCKED:
    case BC_E_BLOCKED_BY_POLICY:
    case BC_E_BLOCKED_BY_COST_TRANSFER_POLICY:
    case BC_E_BLOCKED_BY_BATTERY_POLICY:
    case BC_E_BLOCKED_BY_BATTERY_SAVER:
    case BC_E_BLOCKED_BY_BACKGROUND_ACCESS_POLICY:
    case BC_E_BLOCKED_BY_GAME_MODE:
    case BC_E_BLOCKED_BY_SYSTEM_POLICY:
    case BC_E_STANDBY_MODE:
        return true;
    default:
        return false;
    }
}

bool bc_retry_counts(int32_t error)
{
    return error != BC_E_NETWORK_DISCONNECTED && error != BC_E_DESTINATION_LOCKED &&
           error != BC_E_BLOCKED_BY_POLICY;
}

static uint64_t give_up_at(const struct bc_retry *retry)
{
    uint64_t limit = 1000 * (uint64_t)retry->no_progress;

    return later(retry->failing_since, limit);
}

static uint64_t retry_at(const struct bc_retry *retry)
{
    uint64_t delay = 1000 * (uint64_t)retry->delay;

    if (retry->by_event)
        return BC_NEVER;
    return later(retry->last_error, delay > retry->retry_after ? delay : retry->retry_after);
}

bool bc_retry_failed(struct bc_retry *retry, int32_t error, uint64_t retry_after, uint64_t now)
{
    if (!retry->failing) {
        retry->failing = true;
        retry->failing_since = now;
    }
    retry->waiting = true;
    retry->by_event = waits_for_event(error);
    retry->last_error = now;
    retry->retry_after = retry_after > BC_NEVER / 1000 ? BC_NEVER : retry_after * 1000;
    if (!retry->no_progress || retry->delay > retry->no_progress || now >= give_up_at(retry)) {
        retry->waiting = false;
        return false;
    }
    return true;
}

void bc_retry_progress(struct bc_retry *retry)
{
    retry->failing = false;
}

void bc_retry_started(struct bc_retry *retry)
{
    retry->waiting = false;
}

void bc_retry_reset(struct bc_retry *retry)
{
    retry->waiting = false;
    retry->failing = false;
}

enum bc_retry_verdict bc_retry_verdict(const struct bc_retry *retry, uint64_t now)
{
    if (!retry->waiting)
        return BC_RETRY_WAIT;
    if (retry->delay > retry->no_progress || now >= give_up_at(retry))
        return BC_RETRY_GIVE_UP;
    return now >= retry_at(retry) ? BC_RETRY_NOW : BC_RETRY_WAIT;
}

uint64_t bc_retry_due(const struct bc_retry *retry)
{
    uint64_t give_up = give_up_at(retry), again = retry_at(retry);

    if (!retry->waiting)
        return BC_NEVER;
    if (retry->delay > retry->no_progress)
        return retry->last_error;
    return give_up < again ? give_up : again;
}

void bc_retry_restore(struct bc_retry *retry, int32_t error, uint64_t retry_in, uint64_t now)
{
    uint64_t delay = 1000 * (uint64_t)retry->delay,
             waited = delay > retry_in ? delay - retry_in : 0;

    retry->failing = retry->waiting = true;
    retry->by_event = waits_for_event(error);
    retry->last_error = now > waited ? now - waited : 0;
    retry->retry_after = 0;
    retry->failing_since = now;
}
