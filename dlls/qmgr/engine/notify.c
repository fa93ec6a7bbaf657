/*
 * Notifications: a queue and as many threads as there are clients that take their time, within a
 * bound.
 *
 * The engine queues under its lock and goes on; delivery happens here, without any lock. One client
 * interface gets one call at a time, so a client that hangs in its callback holds one thread and
 * delays nobody else. What an interface does not take (JobTransferred and JobError) goes to the
 * job's command line, and is tried again after the job's retry delay.
 */
#include "internal.h"

#include <bitsmsg.h>
#include <stdlib.h>

#define MAX_THREADS    64
#define THREAD_IDLE_MS 10000

struct item {
    struct item *next;
    struct notification notification;
    IUnknown *target; /* NULL: only the command line */
    BOOL forget;      /* nothing to tell: only gives the target back */
    ULONGLONG not_before;
};

struct notifier {
    struct engine *engine;
    SRWLOCK lock; /* innermost: nothing is called with it held */
    CONDITION_VARIABLE work;
    CONDITION_VARIABLE ended;
    struct item *first;
    struct item **last;
    IUnknown *busy[MAX_THREADS]; /* interfaces being called */
    ULONG threads;
    ULONG idle;
    BOOL stopping;
};

static void item_free(struct item *item)
{
    if (item->target)
        IUnknown_Release(item->target);
    free(item->notification.ranges);
    job_release(item->notification.job);
    free(item);
}

/* ---- command line (registering-to-execute-a-program) ---- */

static const ULONG pending_flag[] = {
    [NOTIFY_TRANSFERRED] = BG_NOTIFY_JOB_TRANSFERRED,
    [NOTIFY_ERROR] = BG_NOTIFY_JOB_ERROR,
    [NOTIFY_MODIFICATION] = BG_NOTIFY_JOB_MODIFICATION,
    [NOTIFY_FILE_TRANSFERRED] = BG_NOTIFY_FILE_TRANSFERRED,
    [NOTIFY_FILE_RANGES] = BG_NOTIFY_FILE_RANGES_TRANSFERRED,
};

ULONG notify_pending_for(const struct model_job *job, enum notification_kind kind)
{
    if (!job->notify_program || (job->notify_flags & BG_NOTIFY_DISABLE))
        return 0;
    return job->notify_flags & pending_flag[kind];
}

/* Strikes the command line off the job's list, durably. */
static void clear_pending(struct job *job, enum notification_kind kind)
{
    struct job_change change;

    if (FAILED(job_change_begin(job, &change)))
        return;
    if (!(change.next.notify_pending & pending_flag[kind])) {
        job_change_cancel(&change);
        return;
    }
    change.next.notify_pending &= ~pending_flag[kind];
    job_change_commit(&change);
}

static HRESULT run_command_line(struct job *job, enum notification_kind kind)
{
    const struct model_job *data = job_lock(job);
    WCHAR *program = NULL, *parameters = NULL;
    HRESULT hr = S_FALSE;

    if (data->notify_pending & pending_flag[kind]) {
        hr = model_set_string(&program, data->notify_program);
        if (SUCCEEDED(hr))
            hr = model_set_string(&parameters, data->notify_parameters);
    }
    job_unlock(job);
    if (hr == S_OK && program)
        hr = os_run_program(NULL, program, parameters);
    if (hr == S_OK)
        clear_pending(job, kind);
    free(program);
    free(parameters);
    return hr;
}

/* ---- delivery ---- */

/* The interface to call: the one set, or the object of the notification CLSID. *target may come
 * back NULL. */
static void find_target(struct notifier *notifier, struct item *item)
{
    struct job *job = item->notification.job;
    GUID clsid;

    if (item->target)
        return;
    clsid = job_lock(job)->notify_clsid;
    job_unlock(job);
    if (IsEqualGUID(&clsid, &GUID_NULL) ||
        FAILED(notifier->engine->client->activate(&clsid, &item->target)))
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

static BOOL client_gone(HRESULT hr)
{
    return hr == RPC_E_DISCONNECTED || hr == CO_E_OBJNOTCONNECTED || hr == RPC_E_SERVER_DIED ||
           hr == RPC_E_SERVER_DIED_DNE || hr == HRESULT_FROM_WIN32(RPC_S_SERVER_UNAVAILABLE) ||
           hr == HRESULT_FROM_WIN32(RPC_S_CALL_FAILED) ||
           hr == HRESULT_FROM_WIN32(RPC_S_CALL_FAILED_DNE);
}

/* TRUE while the event is still worth telling: the job is in the state it speaks of. */
static BOOL still_true(const struct notification *notification)
{
    BG_JOB_STATE state;

    if (notification->kind != NOTIFY_TRANSFERRED && notification->kind != NOTIFY_ERROR)
        return TRUE;
    state = job_state(notification->job);
    return state == (notification->kind == NOTIFY_TRANSFERRED ? BG_JOB_STATE_TRANSFERRED
                                                              : BG_JOB_STATE_ERROR);
}

static void queue_item(struct notifier *notifier, struct item *item, BOOL first);

/* Queues what was not taken for another try after the job's retry delay. */
static void queue_later(struct notifier *notifier, struct item *item, BOOL first)
{
    struct job *job = item->notification.job;

    item->not_before = GetTickCount64() + (ULONGLONG)job_lock(job)->minimum_retry_delay * 1000;
    job_unlock(job);
    queue_item(notifier, item, first);
}

/* Delivers one item and frees it, or queues it again for later. */
static void deliver(struct notifier *notifier, struct item *item)
{
    struct notification *notification = &item->notification;
    struct job *job = notification->job;
    BOOL insist = notification->kind == NOTIFY_TRANSFERRED || notification->kind == NOTIFY_ERROR;
    HRESULT hr = E_NOINTERFACE;

    if (item->forget || !still_true(notification)) {
        item_free(item);
        return;
    }
    if (notification->kind == NOTIFY_MODIFICATION) {
        AcquireSRWLockExclusive(&job->engine->lock);
        job->modification_queued = FALSE;
        job->modification_at = GetTickCount64();
        ReleaseSRWLockExclusive(&job->engine->lock);
    }
    find_target(notifier, item);
    if (item->target) {
        hr = notifier->engine->client->deliver(item->target, notification);
        if (client_gone(hr)) {
            forget_target(job, item->target);
            IUnknown_Release(item->target);
            item->target = NULL;
        }
    }
    if (SUCCEEDED(hr)) {
        if (insist)
            clear_pending(job, notification->kind);
    } else if (notification->kind == NOTIFY_FILE_TRANSFERRED && item->target &&
               !job_state_final(job_state(job))) {
        queue_later(notifier, item, TRUE);
        return;
    } else if (insist) {
        HRESULT hr_program = run_command_line(job, notification->kind);
        BOOL again = FAILED(hr_program) || (hr_program == S_FALSE && item->target);

        if (again && still_true(notification)) {
            queue_later(notifier, item, FALSE);
            return;
        }
    }
    item_free(item);
}

/* ---- the queue ---- */

static BOOL is_busy(struct notifier *notifier, IUnknown *target)
{
    for (ULONG i = 0; target && i < MAX_THREADS; i++) {
        if (notifier->busy[i] == target)
            return TRUE;
    }
    return FALSE;
}

/* TRUE while a FileTransferred of the job stands before the item: the next one, JobTransferred and
 * JobError come after it succeeded (nf-bits3_0-ibackgroundcopycallback2-filetransferred). */
static BOOL must_wait(struct notifier *notifier, const struct item *item)
{
    if (item->notification.kind == NOTIFY_MODIFICATION ||
        item->notification.kind == NOTIFY_FILE_RANGES)
        return FALSE;
    for (const struct item *before = notifier->first; before != item; before = before->next) {
        if (before->notification.job == item->notification.job &&
            before->notification.kind == NOTIFY_FILE_TRANSFERRED)
            return TRUE;
    }
    return FALSE;
}

/* Lock held. Takes the first item that may be delivered now; *wait is shortened to the next one's
 * time. */
static struct item *take_item(struct notifier *notifier, DWORD *wait)
{
    ULONGLONG now = GetTickCount64();

    for (struct item **link = &notifier->first; *link; link = &(*link)->next) {
        struct item *item = *link;

        if (item->not_before > now) {
            if (item->not_before - now < *wait)
                *wait = (DWORD)(item->not_before - now);
            continue;
        }
        if (is_busy(notifier, item->target) || must_wait(notifier, item))
            continue;
        *link = item->next;
        if (notifier->last == &item->next)
            notifier->last = link;
        return item;
    }
    return NULL;
}

static DWORD WINAPI thread_main(void *context)
{
    struct notifier *notifier = context;
    BOOL com = SUCCEEDED(CoInitializeEx(NULL, COINIT_MULTITHREADED));

    AcquireSRWLockExclusive(&notifier->lock);
    for (;;) {
        DWORD wait = THREAD_IDLE_MS;
        struct item *item = notifier->stopping ? NULL : take_item(notifier, &wait);
        IUnknown *target;
        ULONG slot = 0;

        if (!item) {
            BOOL woken;

            if (notifier->stopping)
                break;
            notifier->idle++;
            woken = SleepConditionVariableSRW(&notifier->work, &notifier->lock, wait, 0);
            notifier->idle--;
            /* The last thread stays while something waits for its time. */
            if (!woken && wait == THREAD_IDLE_MS && (notifier->threads > 1 || !notifier->first))
                break;
            continue;
        }
        while (notifier->busy[slot])
            slot++;
        target = item->target;
        notifier->busy[slot] = target;
        if (target)
            IUnknown_AddRef(target);
        ReleaseSRWLockExclusive(&notifier->lock);
        deliver(notifier, item);
        AcquireSRWLockExclusive(&notifier->lock);
        notifier->busy[slot] = NULL;
        WakeAllConditionVariable(&notifier->work);
        if (target) {
            ReleaseSRWLockExclusive(&notifier->lock);
            IUnknown_Release(target);
            AcquireSRWLockExclusive(&notifier->lock);
        }
    }
    notifier->threads--;
    WakeAllConditionVariable(&notifier->ended);
    ReleaseSRWLockExclusive(&notifier->lock);
    if (com)
        CoUninitialize();
    return 0;
}

static void queue_item(struct notifier *notifier, struct item *item, BOOL first)
{
    BOOL grow;

    AcquireSRWLockExclusive(&notifier->lock);
    item->next = first ? notifier->first : NULL;
    if (first)
        notifier->first = item;
    else
        *notifier->last = item;
    if (!item->next)
        notifier->last = &item->next;
    grow = !notifier->idle && notifier->threads < MAX_THREADS && !notifier->stopping;
    if (grow)
        notifier->threads++;
    WakeConditionVariable(&notifier->work);
    ReleaseSRWLockExclusive(&notifier->lock);
    if (grow) {
        HANDLE thread = CreateThread(NULL, 0, thread_main, notifier, 0, NULL);

        if (thread) {
            CloseHandle(thread);
            return;
        }
        /* The item stays queued for the threads there are, or the next that can be made. */
        AcquireSRWLockExclusive(&notifier->lock);
        notifier->threads--;
        ReleaseSRWLockExclusive(&notifier->lock);
    }
}

static struct item *new_item(struct job *job, enum notification_kind kind, struct file *file)
{
    struct item *item = calloc(1, sizeof(*item));

    if (!item)
        return NULL;
    item->notification.kind = kind;
    item->notification.job = job;
    item->notification.file = file;
    item->notification.error = job->data.error;
    job_addref(job);
    item->target = job->notify;
    if (item->target)
        IUnknown_AddRef(item->target);
    return item;
}

void notify_job(struct job *job, enum notification_kind kind, struct file *file)
{
    ULONG flags = job->data.notify_flags;
    struct item *item;

    if (!job->engine->client || (flags & BG_NOTIFY_DISABLE) || !(flags & pending_flag[kind]))
        return;
    if (!job->notify && IsEqualGUID(&job->data.notify_clsid, &GUID_NULL) &&
        !(job->data.notify_pending & pending_flag[kind]))
        return;
    if (kind == NOTIFY_MODIFICATION && job->modification_queued)
        return;
    item = new_item(job, kind, file);
    if (!item)
        return; /* told at the next event, or when an interface is set again */
    if (kind == NOTIFY_MODIFICATION) {
        job->modification_queued = TRUE;
        item->not_before = job->modification_at + job->data.minimum_notification_interval;
    }
    queue_item(job->engine->notifier, item, FALSE);
}

void notify_forget(struct job *job, IUnknown *target)
{
    struct item *item = target ? calloc(1, sizeof(*item)) : NULL;

    if (!item)
        return; /* without memory the reference stays until the process ends */
    item->notification.kind = NOTIFY_MODIFICATION;
    item->notification.job = job;
    item->target = target;
    item->forget = TRUE;
    job_addref(job);
    queue_item(job->engine->notifier, item, FALSE);
}

void notify_ranges(struct file *file, const BG_FILE_RANGE *range)
{
    struct job *job = file->job;
    struct item *item;

    if (!job->engine->client || !job->notify || (job->data.notify_flags & BG_NOTIFY_DISABLE) ||
        !(job->data.notify_flags & BG_NOTIFY_FILE_RANGES_TRANSFERRED))
        return;
    item = new_item(job, NOTIFY_FILE_RANGES, file);
    if (!item)
        return;
    item->notification.ranges = malloc(sizeof(*range));
    if (!item->notification.ranges) {
        item_free(item);
        return;
    }
    *item->notification.ranges = *range;
    item->notification.range_count = 1;
    queue_item(job->engine->notifier, item, FALSE);
}

HRESULT notifier_create(struct engine *engine, struct notifier **out)
{
    struct notifier *notifier = calloc(1, sizeof(*notifier));

    *out = notifier;
    if (!notifier)
        return E_OUTOFMEMORY;
    notifier->engine = engine;
    InitializeSRWLock(&notifier->lock);
    InitializeConditionVariable(&notifier->work);
    InitializeConditionVariable(&notifier->ended);
    notifier->last = &notifier->first;
    return S_OK;
}

void notifier_stop(struct notifier *notifier)
{
    ULONGLONG deadline = GetTickCount64() + 5000, now;

    AcquireSRWLockExclusive(&notifier->lock);
    notifier->stopping = TRUE;
    WakeAllConditionVariable(&notifier->work);
    /* A hung client must not hang the service's stop: its thread ends with the process. */
    while (notifier->threads && (now = GetTickCount64()) < deadline)
        SleepConditionVariableSRW(&notifier->ended, &notifier->lock, (DWORD)(deadline - now), 0);
    ReleaseSRWLockExclusive(&notifier->lock);
}

void notifier_destroy(struct notifier *notifier)
{
    if (!notifier)
        return;
    while (notifier->first) {
        struct item *item = notifier->first;

        notifier->first = item->next;
        item_free(item);
    }
    if (!notifier->threads)
        free(notifier);
}
