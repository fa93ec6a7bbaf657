/*
 * Worker threads: everything that may block and is not the network. Flushes and closing of files,
 * copies from shares, questions to clients, looking for a proxy.
 *
 * Called by the files of this folder; calls nothing of the project. Threads are made when work
 * comes and none is idle, and stay until the pool is destroyed. The lock is a leaf.
 */
#include "transfer_private.h"

#include <process.h>
#include <stdlib.h>

struct pool {
    SRWLOCK lock;
    CONDITION_VARIABLE work_came;
    struct link queue;
    ULONG waiting; /* pieces of work in the queue */
    ULONG idle;
    ULONG count, maximum;
    BOOL closing;
    HANDLE threads[];
};

static unsigned __stdcall pool_thread(void *argument)
{
    struct pool *pool = argument;

    AcquireSRWLockExclusive(&pool->lock);
    for (;;) {
        struct work *work;

        while (link_empty(&pool->queue) && !pool->closing) {
            pool->idle++;
            SleepConditionVariableSRW(&pool->work_came, &pool->lock, INFINITE, 0);
            pool->idle--;
        }
        if (link_empty(&pool->queue))
            break;
        work = container_of(pool->queue.next, struct work, link);
        link_remove(&work->link);
        pool->waiting--;
        ReleaseSRWLockExclusive(&pool->lock);
        work->run(work);
        AcquireSRWLockExclusive(&pool->lock);
    }
    ReleaseSRWLockExclusive(&pool->lock);
    return 0;
}

HRESULT pool_create(ULONG threads, struct pool **out)
{
    struct pool *pool = calloc(1, sizeof(*pool) + threads * sizeof(HANDLE));

    if (!pool)
        return E_OUTOFMEMORY;
    InitializeSRWLock(&pool->lock);
    InitializeConditionVariable(&pool->work_came);
    link_init(&pool->queue);
    pool->maximum = threads;
    *out = pool;
    return S_OK;
}

void pool_submit(struct pool *pool, struct work *work)
{
    BOOL nobody = FALSE;

    AcquireSRWLockExclusive(&pool->lock);
    link_append(&pool->queue, &work->link);
    pool->waiting++;
    if (pool->idle < pool->waiting && pool->count < pool->maximum) {
        HANDLE thread = (HANDLE)_beginthreadex(NULL, 256 * 1024, pool_thread, pool,
                                               STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);

        if (thread)
            pool->threads[pool->count++] = thread;
    }
    if (!pool->count) {
        link_remove(&work->link);
        pool->waiting--;
        nobody = TRUE;
    }
    ReleaseSRWLockExclusive(&pool->lock);
    if (nobody)
        work->run(work);
    else
        WakeConditionVariable(&pool->work_came);
}

void pool_destroy(struct pool *pool)
{
    AcquireSRWLockExclusive(&pool->lock);
    pool->closing = TRUE;
    ReleaseSRWLockExclusive(&pool->lock);
    WakeAllConditionVariable(&pool->work_came);
    for (ULONG i = 0; i < pool->count; i++) {
        WaitForSingleObject(pool->threads[i], INFINITE);
        CloseHandle(pool->threads[i]);
    }
    free(pool);
}
