/*
 * Delivering one notification: to the client's interface, else to the job's command line.
 *
 * What an interface does not take (JobTransferred, JobError) goes to the command line, and is tried
 * again after the job's retry delay, as is a program that ends with an exit code other than 0.
 *
 * Called by notify.c on its threads, without any lock; calls the client, which may never return,
 * and os/ for programs.
 */
#include "notify.h"

#include <stdlib.h>

const ULONG notify_flags[] = {
    [NOTIFY_TRANSFERRED] = BG_NOTIFY_JOB_TRANSFERRED,
    [NOTIFY_ERROR] = BG_NOTIFY_JOB_ERROR,
    [NOTIFY_MODIFICATION] = BG_NOTIFY_JOB_MODIFICATION,
    [NOTIFY_FILE_TRANSFERRED] = BG_NOTIFY_FILE_TRANSFERRED,
    [NOTIFY_FILE_RANGES] = BG_NOTIFY_FILE_RANGES_TRANSFERRED,
};

/* No program is run for service accounts. */
ULONG notify_pending_for(const struct model_job *job, enum notification_kind kind)
{
    if (!job->notify_program || os_is_service_account(job->owner_sid) ||
        (job->notify_flags & BG_NOTIFY_DISABLE))
        return 0;
    return job->notify_flags & notify_flags[kind];
}

/* Strikes the command line off the job's list, durably. */
static void clear_pending(struct job *job, enum notification_kind kind)
{
    struct job_change change;

    if (FAILED(job_change_begin(job, &change)))
        return;
    if (!(change.next.notify_pending & notify_flags[kind])) {
        job_change_cancel(&change);
        return;
    }
    change.next.notify_pending &= ~notify_flags[kind];
    job_change_store(&change);
}

/* S_FALSE when there is none to run. */
static HRESULT run_command_line(struct job *job, enum notification_kind kind, HANDLE *process)
{
    const struct model_job *data = job_lock(job);
    WCHAR *program = NULL, *parameters = NULL, *owner = NULL;
    HANDLE token = NULL;
    HRESULT hr = S_FALSE;

    if (data->notify_pending & notify_flags[kind]) {
        hr = model_set_string(&owner, data->owner_sid);
        if (SUCCEEDED(hr))
            hr = model_set_string(&program, data->notify_program);
        if (SUCCEEDED(hr))
            hr = model_set_string(&parameters, data->notify_parameters);
    }
    job_unlock(job);
    if (hr == S_OK && program)
        hr = os_user_token(owner, &token);
    if (hr == S_OK && program)
        hr = os_run_program(token, program, parameters, process);
    if (token)
        CloseHandle(token);
    free(owner);
    free(program);
    free(parameters);
    return hr;
}

/* ---- delivery ---- */

/* The interface to call: the one set, or the object of the notification CLSID. *target may come
 * back NULL. */
static void find_target(struct notifier *notifier, struct notify_item *item)
{
    struct job *job = item->notification.job;
    GUID clsid;

    if (item->target)
        return;
    clsid = job_lock(job)->notify_clsid;
    job_unlock(job);
    if (IsEqualGUID(&clsid, &GUID_NULL) ||
        FAILED(notifier->engine->client->activate(job, &clsid, &item->target)))
        return;
    AcquireSRWLockExclusive(&job->engine->lock);
    if (!job->notify && !job->dead) {
        job->notify = item->target;
        IUnknown_AddRef(job->notify);
    }
    ReleaseSRWLockExclusive(&job->engine->lock);
}

/* Drops an interface whose client is gone. */
static void forget_target(struct job *job, IUnknown *target)
{
    BOOL ours;

    AcquireSRWLockExclusive(&job->engine->lock);
    ours = job->notify == target;
    if (ours)
        job->notify = NULL;
    ReleaseSRWLockExclusive(&job->engine->lock);
    if (ours)
        IUnknown_Release(target);
}

BOOL notify_client_gone(HRESULT hr)
{
    return hr == RPC_E_DISCONNECTED || hr == CO_E_OBJNOTCONNECTED || hr == RPC_E_SERVER_DIED ||
           hr == RPC_E_SERVER_DIED_DNE || hr == HRESULT_FROM_WIN32(RPC_S_SERVER_UNAVAILABLE) ||
           hr == HRESULT_FROM_WIN32(RPC_S_CALL_FAILED) ||
           hr == HRESULT_FROM_WIN32(RPC_S_CALL_FAILED_DNE);
}

/* TRUE while the event is still worth telling: the job is in the state it speaks of. */
static BOOL still_true(const struct notification *notification)
{
    BG_JOB_STATE state = job_state(notification->job);

    if (notification->kind == NOTIFY_TRANSFERRED)
        return state == BG_JOB_STATE_TRANSFERRED;
    if (notification->kind == NOTIFY_ERROR)
        return state == BG_JOB_STATE_ERROR;
    return !bc_state_is_final((enum bc_job_state)state);
}

/* Delivers the item once more after the job's retry delay, if it is still true then. */
static void queue_again(struct notifier *notifier, struct notify_item *item)
{
    struct job *job = item->notification.job;

    item->not_before =
        engine_ticks(job->engine) + (ULONGLONG)job_lock(job)->minimum_retry_delay * 1000;
    job_unlock(job);
    /* In front, for what comes after the file has to wait for it. */
    notify_queue_item(notifier, item, item->notification.kind == NOTIFY_FILE_TRANSFERRED);
}

/* Takes an item off the list of running programs; FALSE: it is not there any more. Lock held. */
static BOOL unlist_program(struct notifier *notifier, struct notify_item *item)
{
    for (struct notify_item **link = &notifier->programs; *link; link = &(*link)->next) {
        if (*link != item)
            continue;
        *link = item->next;
        return TRUE;
    }
    return FALSE;
}

/* A command line has ended; on a thread of the system's pool. */
static void CALLBACK program_ended(void *context, BOOLEAN timed_out)
{
    struct notify_item *item = context;
    struct notifier *notifier = item->notification.job->engine->notifier;
    DWORD code = 1;
    BOOL ours;

    AcquireSRWLockExclusive(&notifier->lock);
    ours = unlist_program(notifier, item);
    notifier->threads += ours; /* notifier_stop() waits for it */
    ReleaseSRWLockExclusive(&notifier->lock);
    if (!ours)
        return; /* notifier_stop() has it */
    UnregisterWaitEx(item->wait, NULL);
    GetExitCodeProcess(item->process, &code);
    CloseHandle(item->process);
    item->process = item->wait = NULL;
    if (!code)
        clear_pending(item->notification.job, item->notification.kind);
    if (code && still_true(&item->notification))
        queue_again(notifier, item);
    else
        notify_item_free(item);
    AcquireSRWLockExclusive(&notifier->lock);
    notifier->threads--;
    WakeAllConditionVariable(&notifier->ended);
    ReleaseSRWLockExclusive(&notifier->lock);
}

/* From now on the item belongs to program_ended(). FALSE: it cannot be watched. */
static BOOL watch_program(struct notifier *notifier, struct notify_item *item)
{
    BOOL good;

    AcquireSRWLockExclusive(&notifier->lock);
    good = !notifier->stopping &&
           RegisterWaitForSingleObject(&item->wait, item->process, program_ended, item, INFINITE,
                                       WT_EXECUTEONLYONCE);
    if (good) {
        item->next = notifier->programs;
        notifier->programs = item;
    }
    ReleaseSRWLockExclusive(&notifier->lock);
    return good;
}

/* What the interface did not take goes to the command line. */
static void deliver_otherwise(struct notifier *notifier, struct notify_item *item)
{
    struct job *job = item->notification.job;
    HRESULT hr = run_command_line(job, item->notification.kind, &item->process);

    if (hr == S_OK) {
        if (watch_program(notifier, item))
            return;
        CloseHandle(item->process);
        notify_item_free(item);
    } else if ((FAILED(hr) || item->target) && still_true(&item->notification)) {
        queue_again(notifier, item);
    } else {
        notify_item_free(item);
    }
}

/* Takes over what is to be told, when it is told. */
static void fill_notification(struct notification *notification)
{
    struct job *job = notification->job;
    struct file *file = notification->file;

    AcquireSRWLockExclusive(&job->engine->lock);
    if (notification->kind == NOTIFY_MODIFICATION) {
        job->modification_queued = FALSE;
        job->modification_at = engine_ticks(job->engine);
    } else if (notification->kind == NOTIFY_FILE_RANGES) {
        file->ranges_queued = FALSE;
        file->ranges_at = engine_ticks(job->engine);
        notification->ranges = (BG_FILE_RANGE *)file->untold.items;
        notification->range_count = (ULONG)file->untold.count;
        bc_ranges_init(&file->untold);
    }
    ReleaseSRWLockExclusive(&job->engine->lock);
}

void notify_deliver(struct notifier *notifier, struct notify_item *item)
{
    struct notification *notification = &item->notification;
    struct job *job = notification->job;
    HRESULT hr = E_NOINTERFACE;

    if (item->forget) {
        notify_item_free(item);
        return;
    }
    fill_notification(notification);
    if (!still_true(notification)) {
        notify_item_free(item);
        return;
    }
    /* In place of an interface whose client is gone comes an object of the job's class. */
    for (int tries = 0; tries < 2; tries++) {
        find_target(notifier, item);
        if (!item->target)
            break;
        hr = notifier->engine->client->deliver(item->target, notification);
        if (!notify_client_gone(hr))
            break;
        forget_target(job, item->target);
        IUnknown_Release(item->target);
        item->target = NULL;
    }
    if (notification->kind == NOTIFY_FILE_TRANSFERRED && FAILED(hr) && hr != E_NOINTERFACE &&
        item->target && still_true(notification)) {
        queue_again(notifier, item);
    } else if (notification->kind != NOTIFY_TRANSFERRED && notification->kind != NOTIFY_ERROR) {
        notify_item_free(item);
    } else if (SUCCEEDED(hr)) {
        clear_pending(job, notification->kind);
        notify_item_free(item);
    } else {
        deliver_otherwise(notifier, item);
    }
}

void notify_forget_programs(struct notifier *notifier)
{
    for (;;) {
        struct notify_item *item;

        AcquireSRWLockExclusive(&notifier->lock);
        item = notifier->programs;
        if (item)
            notifier->programs = item->next;
        ReleaseSRWLockExclusive(&notifier->lock);
        if (!item)
            return;
        UnregisterWaitEx(item->wait, INVALID_HANDLE_VALUE);
        CloseHandle(item->process);
        notify_item_free(item);
    }
}
