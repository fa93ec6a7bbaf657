/*
 * The two enumerators. They are the same but for the name, so the cases are written once and run
 * over both: five jobs, and one job of five files.
 */
#include "common.h"

enum { COUNT = 5 };

#define ENUMERATOR_CASES(name, enumerator, element, make, key)                                     \
    static void name##_next(void **state)                                                          \
    {                                                                                              \
        enumerator *all = make();                                                                  \
        element *found[COUNT + 1] = {NULL};                                                        \
        ULONG fetched = 99;                                                                        \
                                                                                                   \
        ok(call(all, Next, 0, found, &fetched));                                                   \
        assert_int_equal(fetched, 0);                                                              \
        ok(call(all, Next, 2, found, &fetched));                                                   \
        assert_int_equal(fetched, 2);                                                              \
        assert_int_equal(key(found[0]), 0);                                                        \
        assert_int_equal(key(found[1]), 1);                                                        \
        ok(call(all, Next, 1, found, NULL));                                                       \
        assert_int_equal(key(found[0]), 2);                                                        \
        expect(S_FALSE, call(all, Next, COUNT, found, &fetched));                                  \
        assert_int_equal(fetched, 2);                                                              \
        assert_int_equal(key(found[0]), 3);                                                        \
        assert_int_equal(key(found[1]), 4);                                                        \
        expect(S_FALSE, call(all, Next, 1, found, &fetched));                                      \
        assert_int_equal(fetched, 0);                                                              \
        ok(call(all, Reset));                                                                      \
        ok(call(all, Next, COUNT, found, &fetched));                                               \
        assert_int_equal(fetched, COUNT);                                                          \
        for (ULONG i = 0; i < COUNT; i++)                                                          \
            assert_int_equal(key(found[i]), i);                                                    \
    }                                                                                              \
    static void name##_next_pointers(void **state)                                                 \
    {                                                                                              \
        enumerator *all = make();                                                                  \
        element *found[2] = {NULL};                                                                \
        ULONG fetched = 0;                                                                         \
                                                                                                   \
        expect(E_INVALIDARG, call(all, Next, 2, found, NULL));                                     \
        expect(NULL_REF, call(all, Next, 1, NULL, &fetched));                                      \
        expect(NULL_REF, call(all, GetCount, NULL));                                               \
        expect(NULL_REF, call(all, Clone, NULL));                                                  \
        ok(call(all, Next, 1, found, &fetched)); /* none was lost */                               \
        assert_int_equal(key(found[0]), 0);                                                        \
    }                                                                                              \
    static void name##_skip(void **state)                                                          \
    {                                                                                              \
        enumerator *all = make();                                                                  \
        element *found = NULL;                                                                     \
        ULONG count = 0;                                                                           \
                                                                                                   \
        ok(call(all, Skip, 0));                                                                    \
        ok(call(all, Skip, 3));                                                                    \
        ok(call(all, Next, 1, &found, NULL));                                                      \
        assert_int_equal(key(found), 3);                                                           \
        expect(S_FALSE, call(all, Skip, 2));                                                       \
        expect(S_FALSE, call(all, Next, 1, &found, &count));                                       \
        ok(call(all, Reset));                                                                      \
        expect(S_FALSE, call(all, Skip, 0xffffffff));                                              \
        ok(call(all, GetCount, &count));                                                           \
        assert_int_equal(count, COUNT);                                                            \
    }                                                                                              \
    static void name##_clone(void **state)                                                         \
    {                                                                                              \
        enumerator *all = make(), *clone = NULL;                                                   \
        element *found = NULL;                                                                     \
        ULONG count = 0;                                                                           \
                                                                                                   \
        ok(call(all, Skip, 2));                                                                    \
        ok(call(all, Clone, &clone));                                                              \
        ok(call(clone, GetCount, &count));                                                         \
        assert_int_equal(count, COUNT);                                                            \
        ok(call(clone, Next, 1, &found, NULL));                                                    \
        assert_int_equal(key(found), 2);                                                           \
        ok(call(clone, Skip, 1));                                                                  \
        ok(call(all, Next, 1, &found, NULL));                                                      \
        assert_int_equal(key(found), 2);                                                           \
        call(all, AddRef);                                                                         \
        call(all, Release);                                                                        \
        ok(call(clone, Next, 1, &found, NULL));                                                    \
        assert_int_equal(key(found), 4);                                                           \
        call(clone, Release);                                                                      \
    }

static int job_key(IBackgroundCopyJob *job)
{
    WCHAR *name = NULL;
    int key;

    ok(call(job, GetDisplayName, &name));
    key = name[0] - '0';
    CoTaskMemFree(name);
    call(job, Release);
    return key;
}

static IEnumBackgroundCopyJobs *make_jobs(void)
{
    IEnumBackgroundCopyJobs *jobs = NULL;
    WCHAR name[] = L"0";

    for (int i = 0; i < COUNT; i++, name[0]++)
        ok(call(new_job(BG_JOB_TYPE_DOWNLOAD), SetDisplayName, name));
    ok(call(manager, EnumJobs, 0, &jobs));
    return track(jobs);
}

static int file_key(IBackgroundCopyFile *file)
{
    WCHAR *name = NULL;
    int key;

    ok(call(file, GetRemoteName, &name));
    key = name[wcslen(name) - 1] - '0';
    CoTaskMemFree(name);
    call(file, Release);
    return key;
}

static IEnumBackgroundCopyFiles *make_files(void)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    IEnumBackgroundCopyFiles *files = NULL;
    WCHAR name[] = L"http://localhost/0";

    for (int i = 0; i < COUNT; i++, name[ARRAYSIZE(name) - 2]++)
        ok(call(job, AddFile, name, local("%d", i)));
    ok(call(job, EnumFiles, &files));
    return track(files);
}

ENUMERATOR_CASES(enum_jobs, IEnumBackgroundCopyJobs, IBackgroundCopyJob, make_jobs, job_key)
ENUMERATOR_CASES(enum_files, IEnumBackgroundCopyFiles, IBackgroundCopyFile, make_files, file_key)

/* A snapshot of the list, but not of what is in it. */
static void enum_files_snapshot(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    IEnumBackgroundCopyFiles *empty = NULL, *one = NULL;
    IBackgroundCopyFile *file = NULL;
    BG_FILE_PROGRESS progress;
    ULONG count = 1;

    ok(call(job, EnumFiles, &empty));
    track(empty);
    ok(call(empty, GetCount, &count));
    assert_int_equal(count, 0);
    ok(call(job, AddFile, url("FAULT", "data/a?size=10"), local("a")));
    ok(call(job, EnumFiles, &one));
    track(one);
    ok(call(job, AddFile, url("FAULT", "data/b?size=10"), local("b")));
    ok(call(empty, GetCount, &count));
    assert_int_equal(count, 0);
    ok(call(one, GetCount, &count));
    assert_int_equal(count, 1);
    ok(call(job, SetPriority, BG_JOB_PRIORITY_FOREGROUND));
    transfer(job);
    ok(call(one, Next, 1, &file, NULL));
    ok(call(file, GetProgress, &progress));
    assert_int_equal(progress.BytesTransferred, 10);
    call(file, Release);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        com_test(enum_jobs_next),      com_test(enum_jobs_next_pointers),
        com_test(enum_jobs_skip),      com_test(enum_jobs_clone),
        com_test(enum_files_next),     com_test(enum_files_next_pointers),
        com_test(enum_files_skip),     com_test(enum_files_clone),
        com_test(enum_files_snapshot),
    };

    return run_group("enumerators", tests);
}
