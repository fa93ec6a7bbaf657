/*
 * Notifications: a queue and as many threads as there are clients that take their time, within a
 * bound.
 *
 * The engine queues under its lock and goes on; delivery happens here, without any lock. One client
 * interface gets one call at a time and one user four, so a client that hangs in its callback holds
 * few threads and delays nobody else. What an interface does not take (JobTransferred, JobError)
 * goes to the job's command line, and is tried again after the job's retry delay, as is a program
 * that ends with an exit code other than 0. FileTransferred comes before the other two, file by
 * file.
 */
#include "internal.h"

#include <bitsmsg.h>
#include <stdlib.h>

#define MAX_THREADS    64
#define THREAD_IDLE_MS 10000
/* nf-bits-ibackgroundcopyjob-setnotifyinterface: notifications at once for one user. */
#define MAX_PER_USER 4

struct item {
    struct item *next;
    struct notification notification;
    IUnknown *target; /* NULL: only the command line */
    BOOL forget;      /* nothing to tell: only gives the target back */
    ULONGLONG not_before;
    UINT64 owner;   /* stands for the job's owner */
    HANDLE process; /* of the command line, while it runs */
    HANDLE wait;
};

/* A notification that is being delivered. */
struct delivery {
    BOOL used;
    IUnknown *target;
    struct job *job;
    enum notification_kind kind;
    UINT64 owner;
};

struct notifier {
    struct engine *engine;
    SRWLOCK lock; /* innermost: nothing of ours is called with it held */
    CONDITION_VARIABLE work;
    CONDITION_VARIABLE ended;
    struct item *first;
    struct item **last;
    struct item *programs; /* those whose command line runs */
    struct delivery busy[MAX_THREADS];
    UINT64 search; /* counts calls of take_item() */
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

/* No program is run for service accounts. */
ULONG notify_pending_for(const struct model_job *job, enum notification_kind kind)
{
    if (!job->notify_program || os_is_service_account(job->owner_sid) ||
        (job->notify_flags & BG_NOTIFY_DISABLE))
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
    job_change_store(&change);
}

/* S_FALSE when there is none to run. */
static HRESULT run_command_line(struct job *job, enum notification_kind kind, HANDLE *process)
{
    const struct model_job *data = job_lock(job);
    WCHAR *program = NULL, *parameters = NULL, *owner = NULL;
    HANDLE token = NULL;
    HRESULT hr = S_FALSE;

    if (data->notify_pending & pending_flag[kind]) {
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
static void find_target(struct notifier *notifier, struct item *item)
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

static void queue_item(struct notifier *notifier, struct item *item, BOOL in_front);

/* Delivers the item once more after the job's retry delay, if it is still true then. */
static void queue_again(struct notifier *notifier, struct item *item)
{
    struct job *job = item->notification.job;

    item->not_before =
        engine_ticks(job->engine) + (ULONGLONG)job_lock(job)->minimum_retry_delay * 1000;
    job_unlock(job);
    /* In front, for what comes after the file has to wait for it. */
    queue_item(notifier, item, item->notification.kind == NOTIFY_FILE_TRANSFERRED);
}

/* Takes an item off the list of running programs; FALSE: it is not there any more. Lock held. */
static BOOL unlist_program(struct notifier *notifier, struct item *item)
{
    for (struct item **link = &notifier->programs; *link; link = &(*link)->next) {
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
    struct item *item = context;
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
        item_free(item);
    AcquireSRWLockExclusive(&notifier->lock);
    notifier->threads--;
    WakeAllConditionVariable(&notifier->ended);
    ReleaseSRWLockExclusive(&notifier->lock);
}

/* From now on the item belongs to program_ended(). FALSE: it cannot be watched. */
static BOOL watch_program(struct notifier *notifier, struct item *item)
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
static void deliver_otherwise(struct notifier *notifier, struct item *item)
{
    struct job *job = item->notification.job;
    HRESULT hr = run_command_line(job, item->notification.kind, &item->process);

    if (hr == S_OK) {
        if (watch_program(notifier, item))
            return;
        CloseHandle(item->process);
        item_free(item);
    } else if ((FAILED(hr) || item->target) && still_true(&item->notification)) {
        queue_again(notifier, item);
    } else {
        item_free(item);
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

/* Delivers one item and frees it, or queues it again for later. */
static void deliver(struct notifier *notifier, struct item *item)
{
    struct notification *notification = &item->notification;
    struct job *job = notification->job;
    HRESULT hr = E_NOINTERFACE;

    if (item->forget) {
        item_free(item);
        return;
    }
    fill_notification(notification);
    if (!still_true(notification)) {
        item_free(item);
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
        item_free(item);
    } else if (SUCCEEDED(hr)) {
        clear_pending(job, notification->kind);
        item_free(item);
    } else {
        deliver_otherwise(notifier, item);
    }
}

/* ---- the queue ---- */

/* Lock held. Whether what is being delivered lets this item go first, too. */
static BOOL may_go(const struct notifier *notifier, const struct item *item)
{
    ULONG of_owner = 0;

    for (ULONG i = 0; i < MAX_THREADS; i++) {
        const struct delivery *busy = &notifier->busy[i];

        if (!busy->used)
            continue;
        if (item->target && busy->target == item->target)
            return FALSE;
        if (busy->job == item->notification.job && busy->kind == NOTIFY_FILE_TRANSFERRED)
            return FALSE;
        of_owner += busy->owner == item->owner;
    }
    return of_owner < MAX_PER_USER;
}

/* TRUE for what has to wait until the files before it were told of. */
static BOOL in_order(enum notification_kind kind)
{
    return kind == NOTIFY_FILE_TRANSFERRED || kind == NOTIFY_TRANSFERRED || kind == NOTIFY_ERROR;
}

/* Lock held. Takes the first item that may be delivered now; *wait is shortened to the next one's
 * time. */
static struct item *take_item(struct notifier *notifier, DWORD *wait)
{
    ULONGLONG now = engine_ticks(notifier->engine);
    UINT64 search = ++notifier->search;

    for (struct item **link = &notifier->first; *link; link = &(*link)->next) {
        struct item *item = *link;
        struct job *job = item->notification.job;
        BOOL later = item->not_before > now;

        if (in_order(item->notification.kind) && job->held_back == search)
            continue;
        if (later && item->not_before - now < *wait)
            *wait = (DWORD)(item->not_before - now);
        if (later || !may_go(notifier, item)) {
            if (item->notification.kind == NOTIFY_FILE_TRANSFERRED)
                job->held_back = search;
            continue;
        }
        *link = item->next;
        if (notifier->last == &item->next)
            notifier->last = link;
        return item;
    }
    return NULL;
}

/* Lock held; left while the item is delivered. */
static void deliver_unlocked(struct notifier *notifier, struct item *item)
{
    struct delivery *busy = notifier->busy;
    struct delivery ours = {TRUE, item->target, item->notification.job, item->notification.kind,
                            item->owner};

    while (busy->used)
        busy++;
    *busy = ours;
    job_addref(ours.job);
    if (ours.target)
        IUnknown_AddRef(ours.target);
    ReleaseSRWLockExclusive(&notifier->lock);
    deliver(notifier, item);
    AcquireSRWLockExclusive(&notifier->lock);
    busy->used = FALSE;
    /* What waited for this one may go: this thread takes one, another the next. */
    WakeConditionVariable(&notifier->work);
    ReleaseSRWLockExclusive(&notifier->lock);
    if (ours.target)
        IUnknown_Release(ours.target);
    job_release(ours.job);
    AcquireSRWLockExclusive(&notifier->lock);
}

static DWORD WINAPI thread_main(void *context)
{
    struct notifier *notifier = context;
    BOOL com = SUCCEEDED(CoInitializeEx(NULL, COINIT_MULTITHREADED));

    AcquireSRWLockExclusive(&notifier->lock);
    for (;;) {
        DWORD wait = THREAD_IDLE_MS;
        struct item *item = notifier->stopping ? NULL : take_item(notifier, &wait);
        BOOL woken;

        if (item) {
            deliver_unlocked(notifier, item);
            continue;
        }
        if (notifier->stopping)
            break;
        notifier->idle++;
        woken = SleepConditionVariableSRW(&notifier->work, &notifier->lock, wait, 0);
        notifier->idle--;
        /* The last thread stays while something waits for its time. */
        if (!woken && wait == THREAD_IDLE_MS && (notifier->threads > 1 || !notifier->first))
            break;
    }
    notifier->threads--;
    WakeAllConditionVariable(&notifier->ended);
    ReleaseSRWLockExclusive(&notifier->lock);
    if (com)
        CoUninitialize();
    return 0;
}

static void queue_item(struct notifier *notifier, struct item *item, BOOL in_front)
{
    struct item **where;
    BOOL grow;

    AcquireSRWLockExclusive(&notifier->lock);
    where = in_front ? &notifier->first : notifier->last;
    item->next = *where;
    *where = item;
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

/* A number that stands for a user; two users with the same one share what one may have. */
static UINT64 owner_number(const WCHAR *sid)
{
    UINT64 number = 14695981039346656037u;

    for (; sid && *sid; sid++)
        number = (number ^ *sid) * 1099511628211u;
    return number;
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
    item->owner = owner_number(job->data.owner_sid);
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
    /* May be dropped when memory is short (nf-bits10_1-ibackgroundcopycallback3-
     * filerangestransferred). */
    if (bc_failed(bc_ranges_add(&file->untold, range->InitialOffset, range->Length)) ||
        file->ranges_queued)
        return;
    item = new_item(job, NOTIFY_FILE_RANGES, file);
    if (!item)
        return;
    file->ranges_queued = TRUE;
    if (file->ranges_at)
        item->not_before = file->ranges_at + job->data.minimum_notification_interval;
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

/* Lets go of the programs that run; they are run again by the next service. */
static void forget_programs(struct notifier *notifier)
{
    for (;;) {
        struct item *item;

        AcquireSRWLockExclusive(&notifier->lock);
        item = notifier->programs;
        if (item)
            notifier->programs = item->next;
        ReleaseSRWLockExclusive(&notifier->lock);
        if (!item)
            return;
        UnregisterWaitEx(item->wait, INVALID_HANDLE_VALUE);
        CloseHandle(item->process);
        item_free(item);
    }
}

void notifier_stop(struct notifier *notifier)
{
    ULONGLONG deadline = GetTickCount64() + 5000, now;

    AcquireSRWLockExclusive(&notifier->lock);
    notifier->stopping = TRUE;
    WakeAllConditionVariable(&notifier->work);
    ReleaseSRWLockExclusive(&notifier->lock);
    forget_programs(notifier);
    AcquireSRWLockExclusive(&notifier->lock);
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
