/*
 * What notify.c and deliver.c share, and nobody else uses.
 */
#ifndef OPENBITS_ENGINE_NOTIFY_H
#define OPENBITS_ENGINE_NOTIFY_H

#include "internal.h"

#include <bitsmsg.h>

#define NOTIFY_MAX_THREADS 64

struct notify_item {
    struct notify_item *next;
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
    struct notify_item *first;
    struct notify_item **last;
    struct notify_item *programs; /* those whose command line runs */
    struct delivery busy[NOTIFY_MAX_THREADS];
    UINT64 search; /* counts calls of take_item() */
    ULONG threads;
    ULONG idle;
    BOOL stopping;
};

/* notify.c */
void notify_item_free(struct notify_item *item);
/* Takes the item over; no lock of the notifier's. */
void notify_queue_item(struct notifier *notifier, struct notify_item *item, BOOL in_front);

/* deliver.c */
/* The BG_NOTIFY_* bit of each enum notification_kind. */
extern const ULONG notify_flags[];
/* Delivers one item and frees it, or queues it again for later. No lock. */
void notify_deliver(struct notifier *notifier, struct notify_item *item);
/* Lets go of the programs that run; they are run again by the next service. No lock. */
void notify_forget_programs(struct notifier *notifier);

#endif
