/*
 * Notifications: a queue and as many threads as there are clients that take their time, within a
 * bound.
 *
 * The engine queues under its lock and goes on; delivery (deliver.c) happens on the threads here,
 * without any lock. One client interface gets one call at a time and one user four, so a client
 * that hangs in its callback holds few threads and delays nobody else. FileTransferred comes before
 * JobTransferred and JobError, file by file.
 *
 * Called by the whole folder (notify_job() and its neighbours); calls deliver.c.
 */
#include "notify.h"

#include <stdlib.h>

#define THREAD_IDLE_MS 10000
/* nf-bits-ibackgroundcopyjob-setnotifyinterface: notifications at once for one user. */
#define MAX_PER_USER 4

void notify_item_free(struct notify_item *item)
{
    if (item->target)
        IUnknown_Release(item->target);
    free(item->notification.ranges);
    job_release(item->notification.job);
    free(item);
}

/* Lock held. Whether what is being delivered lets this item go first, too. */
static BOOL may_go(const struct notifier *notifier, const struct notify_item *item)
{
    ULONG of_owner = 0;

    for (ULONG i = 0; i < NOTIFY_MAX_THREADS; i++) {
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
static struct notify_item *take_item(struct notifier *notifier, DWORD *wait)
{
    ULONGLONG now = engine_ticks(notifier->engine);
    UINT64 search = ++notifier->search;

    for (struct notify_item **link = &notifier->first; *link; link = &(*link)->next) {
        struct notify_item *item = *link;
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
static void deliver_unlocked(struct notifier *notifier, struct notify_item *item)
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
    notify_deliver(notifier, item);
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
        struct notify_item *item = notifier->stopping ? NULL : take_item(notifier, &wait);
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

void notify_queue_item(struct notifier *notifier, struct notify_item *item, BOOL in_front)
{
    struct notify_item **where;
    BOOL grow;

    AcquireSRWLockExclusive(&notifier->lock);
    where = in_front ? &notifier->first : notifier->last;
    item->next = *where;
    *where = item;
    if (!item->next)
        notifier->last = &item->next;
    grow = !notifier->idle && notifier->threads < NOTIFY_MAX_THREADS && !notifier->stopping;
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

static struct notify_item *new_item(struct job *job, enum notification_kind kind, struct file *file)
{
    struct notify_item *item = calloc(1, sizeof(*item));

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
    struct notify_item *item;

    if (!job->engine->client || (flags & BG_NOTIFY_DISABLE) || !(flags & notify_flags[kind]))
        return;
    if (!job->notify && IsEqualGUID(&job->data.notify_clsid, &GUID_NULL) &&
        !(job->data.notify_pending & notify_flags[kind]))
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
    notify_queue_item(job->engine->notifier, item, FALSE);
}

void notify_forget(struct job *job, IUnknown *target)
{
    struct notify_item *item = target ? calloc(1, sizeof(*item)) : NULL;

    if (!item)
        return; /* without memory the reference stays until the process ends */
    item->notification.kind = NOTIFY_MODIFICATION;
    item->notification.job = job;
    item->target = target;
    item->forget = TRUE;
    job_addref(job);
    notify_queue_item(job->engine->notifier, item, FALSE);
}

void notify_ranges(struct file *file, const BG_FILE_RANGE *range)
{
    struct job *job = file->job;
    struct notify_item *item;

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
    notify_queue_item(job->engine->notifier, item, FALSE);
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
    ReleaseSRWLockExclusive(&notifier->lock);
    notify_forget_programs(notifier);
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
        struct notify_item *item = notifier->first;

        notifier->first = item->next;
        notify_item_free(item);
    }
    if (!notifier->threads)
        free(notifier);
}
