/*
 * The job state machine: see bc_state.h. States are sets of bits here, so that each rule reads as
 * the sentence of its page.
 */
#include <bitscore/bc_state.h>

#define IN(state) (1u << (state))
#define ACTIVE    (IN(BC_STATE_QUEUED) | IN(BC_STATE_CONNECTING) | IN(BC_STATE_TRANSFERRING))
#define FINAL     (IN(BC_STATE_ACKNOWLEDGED) | IN(BC_STATE_CANCELLED))

static bool is_in(enum bc_job_state state, unsigned set)
{
    return (unsigned)state <= BC_STATE_CANCELLED && (IN(state) & set);
}

bool bc_state_is_final(enum bc_job_state state)
{
    return is_in(state, FINAL);
}

int32_t bc_state_check(enum bc_call call, const struct bc_job_facts *job, size_t adding)
{
    bool download = job->type == BC_TYPE_DOWNLOAD;

    /* A method that a job type does not have is not there in any state. */
    if ((call == BC_CALL_ADD_FILE_RANGES || call == BC_CALL_SET_REMOTE_NAME) && !download)
        return BC_E_NOTIMPL;
    if ((call == BC_CALL_SET_REPLY_FILE_NAME || call == BC_CALL_GET_REPLY ||
         call == BC_CALL_GET_REPLY_DATA) &&
        job->type != BC_TYPE_UPLOAD_REPLY)
        return BC_E_NOTIMPL;
    if (call == BC_CALL_GET_REPLY)
        return BC_S_OK;
    if (call == BC_CALL_GET_REPLY_DATA)
        return is_in(job->state, IN(BC_STATE_TRANSFERRED) | IN(BC_STATE_ACKNOWLEDGED))
                   ? BC_S_OK
                   : BC_E_INVALID_STATE;
    if (bc_state_is_final(job->state))
        return BC_E_INVALID_STATE;

    switch (call) {
    case BC_CALL_SUSPEND:
    case BC_CALL_CANCEL:
    case BC_CALL_TAKE_OWNERSHIP:
    case BC_CALL_SET_PROPERTY:
    case BC_CALL_ADD_FILE_RANGES:
    case BC_CALL_SET_REMOTE_NAME:
    case BC_CALL_GET_REPLY:
    case BC_CALL_GET_REPLY_DATA:
        return BC_S_OK;
    case BC_CALL_RESUME:
        return job->file_count ? BC_S_OK : BC_E_EMPTY;
    case BC_CALL_COMPLETE:
        return download || job->state == BC_STATE_TRANSFERRED ? BC_S_OK : BC_E_INVALID_STATE;
    case BC_CALL_ADD_FILE:
        return download || (!job->file_count && adding <= 1) ? BC_S_OK : BC_E_TOO_MANY_FILES;
    case BC_CALL_SET_REPLY_FILE_NAME:
        return job->reply_started ? BC_E_INVALID_STATE : BC_S_OK;
    case BC_CALL_SET_WHEN_SUSPENDED:
        return job->state == BC_STATE_SUSPENDED ? BC_S_OK : BC_E_READ_ONLY_WHEN_JOB_ACTIVE;
    case BC_CALL_SET_HTTP_METHOD:
        return job->resumed_once ? BC_E_READ_ONLY_PROPERTY_AFTER_RESUME : BC_S_OK;
    case BC_CALL_SET_PROPERTY_BEFORE_RESUME:
    case BC_CALL_SET_PROPERTY_BEFORE_ADD_FILE:
        if (!download)
            return BC_E_PROPERTY_SUPPORTED_FOR_DOWNLOAD_JOBS_ONLY;
        if (call == BC_CALL_SET_PROPERTY_BEFORE_RESUME && job->resumed_once)
            return BC_E_READ_ONLY_PROPERTY_AFTER_RESUME;
        if (call == BC_CALL_SET_PROPERTY_BEFORE_ADD_FILE && job->file_count)
            return BC_E_READ_ONLY_PROPERTY_AFTER_ADDFILE;
        return BC_S_OK;
    case BC_CALL_COUNT:
        break;
    }
    return BC_E_INVALIDARG;
}

enum bc_job_state bc_state_after(enum bc_call call, const struct bc_job_facts *job)
{
    switch (call) {
    case BC_CALL_SUSPEND: /* nothing is left to suspend in a job that is through */
        return job->state == BC_STATE_TRANSFERRED ? job->state : BC_STATE_SUSPENDED;
    case BC_CALL_CANCEL:
        return BC_STATE_CANCELLED;
    case BC_CALL_COMPLETE:
        return BC_STATE_ACKNOWLEDGED;
    case BC_CALL_RESUME:
        if (is_in(job->state, ACTIVE))
            return job->state;
        return job->all_transferred ? BC_STATE_TRANSFERRED : BC_STATE_QUEUED;
    case BC_CALL_ADD_FILE:
    case BC_CALL_ADD_FILE_RANGES:
        return job->state == BC_STATE_TRANSFERRED ? BC_STATE_SUSPENDED : job->state;
    default:
        return job->state;
    }
}

bool bc_state_event(enum bc_event event, enum bc_job_state state, enum bc_job_state *next)
{
    static const struct {
        unsigned from;
        enum bc_job_state to;
    } rules[BC_EVENT_COUNT] = {
        [BC_EVENT_TRANSFERRED] = {ACTIVE, BC_STATE_TRANSFERRED},
        [BC_EVENT_RANGES_DONE] = {ACTIVE, BC_STATE_SUSPENDED},
        [BC_EVENT_TRANSIENT_ERROR] = {ACTIVE, BC_STATE_TRANSIENT_ERROR},
        [BC_EVENT_FATAL_ERROR] = {ACTIVE | IN(BC_STATE_TRANSIENT_ERROR) | IN(BC_STATE_TRANSFERRED),
                                  BC_STATE_ERROR},
        [BC_EVENT_RETRY] = {IN(BC_STATE_TRANSIENT_ERROR), BC_STATE_QUEUED},
    };

    if ((unsigned)event >= BC_EVENT_COUNT || !is_in(state, rules[event].from))
        return false;
    *next = rules[event].to;
    return true;
}
