/*
 * Temporary files that the service keeps open for Complete: how long, and who makes it let go. The
 * engine in this process, with a clock that stands still until a test moves it.
 */
#include "common.h"

#include "os/os.h"

#include <stdio.h>

#define MANY 600 /* more than are kept */

static volatile LONG64 ticks; /* ms */
static struct os_world world;

static ULONGLONG WINAPI world_ticks(void)
{
    return (ULONGLONG)ticks;
}

static int setup_kept(void **state)
{
    setup(state);
    engine_close(engine);
    ticks = (LONG64)GetTickCount64();
    world = engine_options.world ? *engine_options.world : os_world;
    world.ticks = world_ticks;
    engine_options.world = &world;
    open_engine();
    return 0;
}

/* A transferred job of small files. */
static struct job *transferred(ULONG count)
{
    struct job *job = new_job();
    WCHAR name[16], remote[64];

    for (ULONG i = 0; i < count; i++) {
        swprintf(name, ARRAYSIZE(name), L"k%lu", (unsigned long)i);
        swprintf(remote, ARRAYSIZE(remote), L"data/%ls?size=1000&seed=%lu", name, (unsigned long)i);
        assert_int_equal(add(job, FAULT(remote), name), S_OK);
    }
    set_priority(job, BG_JOB_PRIORITY_FOREGROUND);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    return job;
}

static WCHAR *temporary_of(struct file *file, WCHAR path[MAX_PATH])
{
    job_lock(file_job(file));
    wcscpy(path, file_data(file)->temporary_name);
    job_unlock(file_job(file));
    return path;
}

/* Opens a file as somebody does who shares it with nobody. */
static DWORD open_alone(const WCHAR *path)
{
    HANDLE handle = CreateFileW(path, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);

    if (handle == INVALID_HANDLE_VALUE)
        return GetLastError();
    CloseHandle(handle);
    return ERROR_SUCCESS;
}

static void assert_let_go(const WCHAR *path)
{
    ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;

    while (open_alone(path) == ERROR_SHARING_VIOLATION && GetTickCount64() < deadline)
        Sleep(5);
    assert_int_equal(open_alone(path), ERROR_SUCCESS);
}

static void test_let_go(void **state)
{
    struct job *job = transferred(3);
    struct file **files;
    WCHAR path[MAX_PATH];
    ULONG count;

    assert_int_equal(job_snapshot_files(job, &files, &count), S_OK);
    for (ULONG i = 0; i < count; i++)
        assert_int_equal(open_alone(temporary_of(files[i], path)), ERROR_SHARING_VIOLATION);
    /* To who asks for its name: at once. */
    file_show_temporary(files[1]);
    assert_int_equal(open_alone(temporary_of(files[1], path)), ERROR_SUCCESS);
    assert_int_equal(open_alone(temporary_of(files[2], path)), ERROR_SHARING_VIOLATION);
    /* To all others: after two seconds. */
    InterlockedExchangeAdd64(&ticks, 1900);
    engine_sessions_changed(engine); /* the worker looks */
    assert_int_equal(open_alone(temporary_of(files[2], path)), ERROR_SHARING_VIOLATION);
    InterlockedExchangeAdd64(&ticks, 100);
    engine_sessions_changed(engine);
    assert_let_go(temporary_of(files[0], path));
    assert_let_go(temporary_of(files[2], path));
    job_free_files(files, count);
    assert_int_equal(job_complete(job), S_OK);
    assert_int_equal(size_of(local(L"k0")), 1000);
    assert_int_equal(size_of(local(L"k2")), 1000);
    job_release(job);
}

/* Whose name is known before its transfer is not kept at all. */
static void test_shown_before(void **state)
{
    struct job *job = new_job();
    struct file **files;
    WCHAR path[MAX_PATH];
    ULONG count;

    assert_int_equal(add(job, FAULT(L"data/s?size=1000"), L"s"), S_OK);
    assert_int_equal(job_snapshot_files(job, &files, &count), S_OK);
    file_show_temporary(files[0]);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(open_alone(temporary_of(files[0], path)), ERROR_SUCCESS);
    job_free_files(files, count);
    assert_int_equal(job_complete(job), S_OK);
    job_release(job);
}

/* More than are kept, and all are placed: visible, and nobody has them. */
static void test_complete(void **state)
{
    struct job *job = transferred(MANY);
    WCHAR name[16];

    assert_int_equal(job_complete(job), S_OK);
    for (ULONG i = 0; i < MANY; i++) {
        swprintf(name, ARRAYSIZE(name), L"k%lu", (unsigned long)i);
        assert_int_equal(size_of(local(name)), 1000);
        assert_int_equal(open_alone(local(name)), ERROR_SUCCESS);
        assert_false(GetFileAttributesW(local(name)) & FILE_ATTRIBUTE_HIDDEN);
    }
    assert_int_equal(count_files(L"BIT*.tmp"), 0);
    job_release(job);
}

static void test_cancel(void **state)
{
    struct job *job = transferred(3);

    assert_int_equal(count_files(L"BIT*.tmp"), 3);
    assert_int_equal(job_cancel(job), S_OK);
    assert_int_equal(count_files(L"*"), 0);
    job_release(job);
}

/* A target that cannot be replaced: Complete fails, and the job is as it was. */
static void test_complete_again(void **state)
{
    struct job *job = transferred(2);

    assert_true(CreateDirectoryW(local(L"k1"), NULL));
    assert_true(FAILED(job_complete(job)));
    assert_true(RemoveDirectoryW(local(L"k1")));
    assert_int_equal(job_complete(job), S_OK);
    assert_int_equal(size_of(local(L"k0")), 1000);
    assert_int_equal(size_of(local(L"k1")), 1000);
    job_release(job);
}

/* The end of the service lets go of all, and its next start goes on. */
static void test_reopen(void **state)
{
    struct job *job = transferred(1);
    struct file **files;
    WCHAR path[MAX_PATH];
    ULONG count;

    assert_int_equal(job_snapshot_files(job, &files, &count), S_OK);
    temporary_of(files[0], path);
    job_free_files(files, count);
    assert_int_equal(open_alone(path), ERROR_SHARING_VIOLATION);
    job = reopen(job);
    assert_int_equal(open_alone(path), ERROR_SUCCESS);
    assert_int_equal(job_complete(job), S_OK);
    assert_int_equal(size_of(local(L"k0")), 1000);
    job_release(job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_let_go, setup_kept, teardown),
        cmocka_unit_test_setup_teardown(test_shown_before, setup_kept, teardown),
        cmocka_unit_test_setup_teardown(test_complete, setup_kept, teardown),
        cmocka_unit_test_setup_teardown(test_cancel, setup_kept, teardown),
        cmocka_unit_test_setup_teardown(test_complete_again, setup_kept, teardown),
        cmocka_unit_test_setup_teardown(test_reopen, setup_kept, teardown),
    };

    return run_engine_tests(tests, ARRAYSIZE(tests));
}
