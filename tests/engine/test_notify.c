/*
 * Who is told what, in which order, how many at once, and the command line. The engine in this
 * process; the program that is run is this one.
 */
#include "common.h"

#include <stdio.h>
#include <wchar.h>

#define TOLD_MAX 64

static SRWLOCK lock = SRWLOCK_INIT;
static enum notification_kind order[TOLD_MAX]; /* as it came */
static ULONG order_count;
static UINT64 ranges_bytes;
static ULONG inside, inside_other; /* in the callback now, of the owner and of another user */
static struct job *others;         /* the other user's job, or one that is counted by itself */
static ULONG told_of_others;

static IUnknown targets[8];

/* Counts who is inside, waits while it hangs, writes down what came. */
static HRESULT deliver(IUnknown *to, const struct notification *notification)
{
    ULONG *count = notification->job == others ? &inside_other : &inside;

    AcquireSRWLockExclusive(&lock);
    ++*count;
    told_of_others += notification->job == others;
    if (order_count < TOLD_MAX)
        order[order_count++] = notification->kind;
    for (ULONG i = 0; i < notification->range_count; i++)
        ranges_bytes += notification->ranges[i].Length;
    ReleaseSRWLockExclusive(&lock);
    if (hang)
        WaitForSingleObject(hang, INFINITE);
    AcquireSRWLockExclusive(&lock);
    --*count;
    ReleaseSRWLockExclusive(&lock);
    InterlockedIncrement(&told[notification->kind]);
    return refuse && InterlockedDecrement(&refuse) >= 0 ? E_FAIL : S_OK;
}

static const struct engine_client recorder = {deliver, NULL, NULL};

static int setup_recorder(void **state)
{
    setup(state);
    engine_close(engine);
    engine_options.client = &recorder;
    open_engine();
    order_count = inside = inside_other = told_of_others = 0;
    ranges_bytes = 0;
    others = NULL;
    for (size_t i = 0; i < ARRAYSIZE(targets); i++)
        targets[i] = notify_target;
    return 0;
}

static void all_files(struct model_job *next)
{
    next->notify_flags =
        BG_NOTIFY_JOB_TRANSFERRED | BG_NOTIFY_JOB_ERROR | BG_NOTIFY_FILE_TRANSFERRED;
    next->minimum_retry_delay = 5;
}

/* Each file until it is taken, and the job only after its files. */
static void test_files_before_job(void **state)
{
    struct job *job = new_job();

    change(job, all_files);
    assert_int_equal(add(job, FAULT(L"data/n1?size=1000"), L"n1"), S_OK);
    assert_int_equal(add(job, FAULT(L"data/n2?size=1000"), L"n2"), S_OK);
    assert_int_equal(job_set_notify_interface(job, &targets[0]), S_OK);
    refuse = 1;
    hang = CreateEventW(NULL, TRUE, FALSE, NULL);
    assert_int_equal(job_resume(job), S_OK);
    /* The job's own has its place behind the files when the first is put back. */
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    SetEvent(hang);
    assert_true(wait_count(&told[NOTIFY_TRANSFERRED], 1));
    CloseHandle(hang);
    hang = NULL;
    assert_int_equal(told[NOTIFY_FILE_TRANSFERRED], 3);
    assert_int_equal(order_count, 4);
    assert_int_equal(order[3], NOTIFY_TRANSFERRED);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
}

static void short_delay(struct model_job *next)
{
    next->minimum_retry_delay = 5;
}

/* What was not taken is not told again when it is true no longer. */
static void test_no_stale_transferred(void **state)
{
    struct job *stale = new_job(), *job = new_job();
    ULONGLONG refused;

    others = stale;
    refuse = 2;
    change(stale, short_delay);
    change(job, short_delay);
    assert_int_equal(add(stale, FAULT(L"data/ns?size=100"), L"ns"), S_OK);
    assert_int_equal(add(job, FAULT(L"data/nj?size=100"), L"nj"), S_OK);
    assert_int_equal(job_set_notify_interface(stale, &targets[0]), S_OK);
    assert_int_equal(job_set_notify_interface(job, &targets[1]), S_OK);
    assert_int_equal(job_resume(stale), S_OK);
    assert_true(wait_count(&told[NOTIFY_TRANSFERRED], 1));
    assert_int_equal(job_resume(job), S_OK);
    assert_true(wait_count(&told[NOTIFY_TRANSFERRED], 2));
    refused = GetTickCount64();
    assert_int_equal(add(stale, FAULT(L"data/na?size=100"), L"na"), S_OK);
    assert_int_equal(job_state(stale), BG_JOB_STATE_SUSPENDED);
    /* The other job's second time comes after that of the first would. */
    assert_true(wait_count(&told[NOTIFY_TRANSFERRED], 3));
    assert_true(GetTickCount64() - refused >= 2000); /* of the 5,000 ms of its delay */
    assert_int_equal(job_cancel(job), S_OK);
    assert_int_equal(job_cancel(stale), S_OK);
    assert_int_equal(order_count, 3);
    assert_int_equal(told_of_others, 1);
    job_release(job);
    job_release(stale);
}

/* The changes to TRANSFERRED and ERROR are no modifications, and each is told by its own name. */
static void modifications(struct model_job *next)
{
    next->notify_flags = BG_NOTIFY_JOB_MODIFICATION | BG_NOTIFY_JOB_ERROR;
    next->minimum_notification_interval = 0;
}

static void test_no_modification_to_error(void **state)
{
    struct job *job = new_job();

    change(job, modifications);
    assert_int_equal(add(job, FAULT(L"data/ne?size=1000&status=404"), L"ne"), S_OK);
    assert_int_equal(job_set_notify_interface(job, &targets[0]), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    assert_true(wait_count(&told[NOTIFY_ERROR], 1));
    assert_true(wait_count(&told[NOTIFY_MODIFICATION], 1));
    assert_int_equal(order[order_count - 1], NOTIFY_ERROR);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
}

static BOOL wait_value(const ULONG *value, ULONG wanted)
{
    ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;
    ULONG now;

    do {
        Sleep(5);
        AcquireSRWLockShared(&lock);
        now = *value;
        ReleaseSRWLockShared(&lock);
    } while (now != wanted && GetTickCount64() < deadline);
    return now == wanted;
}

/* Four at once for one user; another user is not kept waiting. */
static void test_four_at_once(void **state)
{
    struct os_identity other = owner;
    WCHAR sid[] = L"S-1-5-21-9-9-9-9";
    struct job *jobs[6];

    hang = CreateEventW(NULL, TRUE, FALSE, NULL);
    for (int i = 0; i < 6; i++) {
        WCHAR rest[64], name[8];

        jobs[i] = new_job();
        set_priority(jobs[i], BG_JOB_PRIORITY_FOREGROUND);
        swprintf(rest, ARRAYSIZE(rest), L"data/q%d?size=100", i);
        swprintf(name, ARRAYSIZE(name), L"q%d", i);
        assert_int_equal(add(jobs[i], FAULT(rest), name), S_OK);
        assert_int_equal(job_set_notify_interface(jobs[i], &targets[i]), S_OK);
        assert_int_equal(job_resume(jobs[i]), S_OK);
        assert_int_equal(wait_for(jobs[i], BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    }
    assert_true(wait_value(&inside, 4));
    other.sid = sid;
    assert_int_equal(engine_create_job(engine, L"other", BG_JOB_TYPE_DOWNLOAD, &other, &others),
                     S_OK);
    assert_int_equal(add(others, FAULT(L"data/q9?size=100"), L"q9"), S_OK);
    assert_int_equal(job_set_notify_interface(others, &targets[7]), S_OK);
    assert_int_equal(job_resume(others), S_OK);
    /* It came after the six and is told, while two of them still wait. */
    assert_true(wait_value(&inside_other, 1));
    assert_true(wait_value(&inside, 4));
    SetEvent(hang);
    assert_true(wait_count(&told[NOTIFY_TRANSFERRED], 7));
    CloseHandle(hang);
    hang = NULL;
    for (int i = 0; i < 6; i++) {
        assert_int_equal(job_cancel(jobs[i]), S_OK);
        job_release(jobs[i]);
    }
    assert_int_equal(job_cancel(others), S_OK);
    job_release(others);
}

/* An interface gets one call at a time, while others get theirs. */
static void test_one_at_a_time(void **state)
{
    struct job *jobs[3];

    hang = CreateEventW(NULL, TRUE, FALSE, NULL);
    for (int i = 0; i < 3; i++) {
        WCHAR rest[64], name[8];

        jobs[i] = new_job();
        if (i == 2)
            others = jobs[i];
        set_priority(jobs[i], BG_JOB_PRIORITY_FOREGROUND);
        swprintf(rest, ARRAYSIZE(rest), L"data/one%d?size=100", i);
        swprintf(name, ARRAYSIZE(name), L"one%d", i);
        assert_int_equal(add(jobs[i], FAULT(rest), name), S_OK);
        assert_int_equal(job_set_notify_interface(jobs[i], &targets[i == 2]), S_OK);
        assert_int_equal(job_resume(jobs[i]), S_OK);
        assert_int_equal(wait_for(jobs[i], BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    }
    /* It came after the two. */
    assert_true(wait_value(&inside_other, 1));
    assert_true(wait_value(&inside, 1));
    SetEvent(hang);
    assert_true(wait_count(&told[NOTIFY_TRANSFERRED], 3));
    CloseHandle(hang);
    hang = NULL;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(job_cancel(jobs[i]), S_OK);
        job_release(jobs[i]);
    }
}

/* Ranges of an on-demand file are told once each. */
static void on_demand(struct model_job *next)
{
    next->on_demand = TRUE;
    next->notify_flags = BG_NOTIFY_FILE_RANGES_TRANSFERRED;
}

static void test_ranges_told(void **state)
{
    const BG_FILE_RANGE ranges[] = {{0, 5000}, {20000, 7000}, {4000, 2000}};
    struct job *job = new_job();
    struct file **files;
    ULONG count;

    change(job, on_demand);
    assert_int_equal(add(job, FAULT(L"data/od?size=100000"), L"od"), S_OK);
    assert_int_equal(job_set_notify_interface(job, &targets[0]), S_OK);
    assert_int_equal(job_snapshot_files(job, &files, &count), S_OK);
    assert_int_equal(file_request_ranges(files[0], ranges, 3), S_OK);
    job_free_files(files, count);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_SUSPENDED), BG_JOB_STATE_SUSPENDED);
    for (ULONGLONG end = GetTickCount64() + DEADLINE_MS; GetTickCount64() < end; Sleep(5)) {
        UINT64 bytes;

        AcquireSRWLockShared(&lock);
        bytes = ranges_bytes;
        ReleaseSRWLockShared(&lock);
        if (bytes >= 13000)
            break;
    }
    assert_int_equal(ranges_bytes, 13000);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
}

/* ---- command line ---- */

static WCHAR program[MAX_PATH], log_file[MAX_PATH];

static void run_us(struct model_job *next)
{
    WCHAR parameters[2 * MAX_PATH];

    swprintf(parameters, ARRAYSIZE(parameters), L"program \"%ls\"", log_file);
    model_set_string(&next->notify_program, program);
    model_set_string(&next->notify_parameters, parameters);
    next->minimum_retry_delay = 5;
}

static int run_as_program(const char *path)
{
    FILE *log = fopen(path, "ab");
    long size;

    if (!log)
        return 9;
    fseek(log, 0, SEEK_END);
    size = ftell(log);
    fputc('x', log);
    fclose(log);
    return size ? 0 : 3; /* the first time it fails */
}

static ULONG pending(struct job *job)
{
    ULONG bits = job_lock(job)->notify_pending;

    job_unlock(job);
    return bits;
}

/* The program is run again until it ends with 0. */
static void test_program_runs_again(void **state)
{
    struct job *job = new_job();
    ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;

    wcscpy(log_file, local(L"log"));
    change(job, run_us);
    assert_int_equal(add(job, FAULT(L"data/pr?size=100"), L"pr"), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_true(pending(job) & BG_NOTIFY_JOB_TRANSFERRED);
    while (pending(job) && GetTickCount64() < deadline)
        Sleep(5);
    assert_int_equal(pending(job), 0);
    assert_int_equal(size_of(log_file), 2);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
}

/* No program is run for the system's own accounts. */
static void test_no_program_for_services(void **state)
{
    struct os_identity service = owner;
    WCHAR sid[] = L"S-1-5-18";
    struct job *job;

    service.sid = sid;
    wcscpy(log_file, local(L"log"));
    assert_int_equal(engine_create_job(engine, L"x", BG_JOB_TYPE_DOWNLOAD, &service, &job), S_OK);
    change(job, run_us);
    assert_int_equal(add(job, FAULT(L"data/sv?size=100"), L"sv"), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(pending(job), 0);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
}

#define RECORDED(function) cmocka_unit_test_setup_teardown(function, setup_recorder, teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RECORDED(test_files_before_job),
        RECORDED(test_no_stale_transferred),
        RECORDED(test_no_modification_to_error),
        RECORDED(test_four_at_once),
        RECORDED(test_one_at_a_time),
        RECORDED(test_ranges_told),
        RECORDED(test_program_runs_again),
        RECORDED(test_no_program_for_services),
    };

    if (argc > 1)
        return run_as_program(argv[1]);
    GetModuleFileNameW(NULL, program, MAX_PATH);
    return run_engine_tests(tests, ARRAYSIZE(tests));
}
