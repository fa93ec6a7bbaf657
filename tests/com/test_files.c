/*
 * Adding files: what is taken, what is refused and how; names and progress of files.
 */
#include "common.h"

#include <stdlib.h>

/* Long, but in segments that are short enough. */
static WCHAR *long_url(size_t length)
{
    WCHAR *text = fill(L"http://localhost/", 'u', length);

    for (size_t i = 100; i < length; i += 100)
        text[i] = '/';
    return text;
}

static void files_remote_names(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    const struct {
        const WCHAR *name;
        HRESULT result;
    } cases[] = {
        {L"http://localhost/a", S_OK},
        {L"HTTP://localhost:8080/a/b.c?x=1&y=?*", S_OK},
        {L"https://localhost/a", S_OK},
        {L"http://user:password@localhost/a", S_OK},
        {L"http://xn--bcher-kva.example/a", S_OK},
        {L"http://[::1]:80/a", S_OK},
        {L"http://localhost/p%20q%2Fr", S_OK},
        {L"http://localhost/b\xfc"
         L"cher/\x4e2d",
         S_OK},
        {L"\\\\server\\share\\file", S_OK},
        {L"file://c:/folder/file", S_OK},
        {L"c:\\folder\\file", S_OK},
        {long_url(2200), S_OK},
        {long_url(2201), E_INVALIDARG},
        {fill(L"http://localhost/", 's', 17 + 260), S_OK},
        {fill(L"http://localhost/", 's', 17 + 261), E_INVALIDARG},
        {fill(L"http://localhost/", 's', 1000000), E_INVALIDARG},
        {L"", E_INVALIDARG},
        {L"http://", E_INVALIDARG},
        {L"http:///a", E_INVALIDARG},
        {L"http:/localhost/a", E_INVALIDARG},
        {L"ftp://localhost/a", E_INVALIDARG},
        {L"gopher://localhost/a", E_INVALIDARG},
        {L"unknown", E_INVALIDARG},
        {L"relative\\path", E_INVALIDARG},
        {L"http://localhost/a*b", E_INVALIDARG},
        {L"\\\\server\\share\\fil?", E_INVALIDARG},
        {L"http://localhost/a b", E_INVALIDARG},
        {L"http://localhost/a\tb", E_INVALIDARG},
        {L"http://localhost/a\r\nX: y", E_INVALIDARG},
        {L"http://local host/", E_INVALIDARG},
        {L"http://localhost:99999/a", E_INVALIDARG},
    };
    ULONG added = 0;

    for (size_t i = 0; i < ARRAYSIZE(cases); i++) {
        WCHAR *name = NULL;
        HRESULT hr = call(job, AddFile, cases[i].name, local("f%u", (unsigned)i));

        if (hr != cases[i].result)
            fail_msg("%ls: 0x%08lx", cases[i].name, (unsigned long)hr);
        if (hr != S_OK)
            continue;
        ok(call(job_file(job, added), GetRemoteName, &name));
        assert_text(name, cases[i].name);
        ok(call(job_file(job, added), GetLocalName, &name));
        assert_text(name, local("f%u", (unsigned)i));
        added++;
    }
}

static void files_local_names(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    WCHAR share[MAX_PATH] = L"\\\\localhost\\c$\\windows\\temp\\x";
    const WCHAR *folder =
        local("%s", "a folder with a name that is long, so that a name in it can be "
                    "of 260 characters and still have no part of more than 255");
    const WCHAR *deep = fill(local("%ls\\", wcsrchr(folder, '\\') + 1), 'l', 260);
    const struct {
        const WCHAR *name;
        HRESULT result;
    } cases[] = {
        {local("plain"), S_OK},
        {local("plain"), S_OK}, /* the same once more */
        {deep, S_OK},
        {fill(L"c:\\", 'l', 261), E_INVALIDARG},
        {fill(L"c:\\", 'l', 1000000), E_INVALIDARG},
        {L"", E_INVALIDARG},
        {L"relative", E_INVALIDARG},
        {L"\\rooted", E_INVALIDARG},
        {L"c:relative", E_INVALIDARG},
        {L"http://localhost/a", E_INVALIDARG},
        {local("a*"), E_INVALIDARG},
        {local("a?"), E_INVALIDARG},
        {local("a:stream"), E_INVALIDARG},
        {L"\\\\?\\c:\\a", E_INVALIDARG},
        {local("missing\\a"), HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND)},
        {L"q:\\a", HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND)},
    };

    assert_true(CreateDirectoryW(folder, NULL));
    for (size_t i = 0; i < ARRAYSIZE(cases); i++) {
        HRESULT hr = call(job, AddFile, L"http://localhost/a", cases[i].name);

        if (hr != cases[i].result)
            fail_msg("%ls: 0x%08lx", cases[i].name, (unsigned long)hr);
    }
    /* A share is a full path too: whether it is there is another question. */
    assert_true(call(job, AddFile, L"http://localhost/a", share) != E_INVALIDARG);
}

static void files_local_is_directory(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);

    assert_true(CreateDirectoryW(local("folder"), NULL));
    expect(E_INVALIDARG, call(job, AddFile, L"http://localhost/a", local("folder")));
}

static void files_local_not_writable(void **state)
{
    const WCHAR *name = unwritable(L"file");
    BG_FILE_INFO set[2] = {{(WCHAR *)L"http://localhost/a", (WCHAR *)local("a")},
                           {(WCHAR *)L"http://localhost/b", (WCHAR *)name}};
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    BG_FILE_RANGE range = {0, 1};
    BG_JOB_PROGRESS progress;

    expect(E_ACCESSDENIED, call(job, AddFile, L"http://localhost/a", name));
    expect(E_ACCESSDENIED, call(job, AddFileSet, 2, set));
    expect(E_ACCESSDENIED, call(job, AddFileWithRanges, L"http://localhost/a", name, 1, &range));
    ok(call(job, GetProgress, &progress));
    assert_int_equal(progress.FilesTotal, 0);
}

static void files_set(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    BG_FILE_INFO good[3], bad[3];
    const BG_FILE_INFO wrong[] = {
        {(WCHAR *)L"ftp://localhost/a", (WCHAR *)local("x")},
        {(WCHAR *)L"http://localhost/a", (WCHAR *)L"relative"},
        {NULL, (WCHAR *)local("x")},
        {(WCHAR *)L"http://localhost/a", NULL},
        {NULL, NULL},
    };
    BG_JOB_PROGRESS progress;
    ULONGLONG before;
    WCHAR *name;

    for (int i = 0; i < 3; i++) {
        good[i].RemoteName = (WCHAR *)url("HTTP", "file%d", i);
        good[i].LocalName = (WCHAR *)local("file%d", i);
    }
    expect(E_INVALIDARG, call(job, AddFileSet, 0, good));
    before = modified(job);
    Sleep(2);
    ok(call(job, AddFileSet, 3, good));
    assert_true(modified(job) > before);
    for (ULONG i = 0; i < 3; i++) {
        ok(call(job_file(job, i), GetRemoteName, &name));
        assert_text(name, good[i].RemoteName);
        ok(call(job_file(job, i), GetLocalName, &name));
        assert_text(name, good[i].LocalName);
    }
    for (size_t i = 0; i < ARRAYSIZE(wrong); i++) {
        memcpy(bad, good, sizeof(bad));
        bad[i % 3] = wrong[i];
        expect(E_INVALIDARG, call(job, AddFileSet, 3, bad));
    }
    ok(call(job, GetProgress, &progress));
    assert_int_equal(progress.FilesTotal, 3);
    assert_true(progress.BytesTotal == BG_SIZE_UNKNOWN);
}

/* The names of a set have a form of their own on the wire: every interface that inherits the method
 * must know it. */
static void files_set_by_heirs(void **state)
{
    static const IID *const interfaces[] = {&IID_IBackgroundCopyJob, &IID_IBackgroundCopyJob2,
                                            &IID_IBackgroundCopyJob3, &IID_IBackgroundCopyJob4,
                                            &IID_IBackgroundCopyJob5};
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    WCHAR *name;

    for (ULONG i = 0; i < ARRAYSIZE(interfaces); i++) {
        BG_FILE_INFO info = {(WCHAR *)url("HTTP", "heir%lu", i), (WCHAR *)local("heir%lu", i)};
        IBackgroundCopyJob *heir = NULL;

        ok(call(job, QueryInterface, interfaces[i], (void **)&heir));
        ok(call(heir, AddFileSet, 1, &info));
        call(heir, Release);
        ok(call(job_file(job, i), GetLocalName, &name));
        assert_text(name, info.LocalName);
    }
}

/* Administrators may add more than 200 files; all of them are there, in their order. */
static void files_set_large(void **state)
{
    enum { COUNT = 10000 };
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    BG_FILE_INFO *set = malloc(COUNT * sizeof(*set));
    WCHAR(*remote)[40] = malloc(COUNT * sizeof(*remote)), *name;
    WCHAR *same = (WCHAR *)local("same");
    BG_JOB_PROGRESS progress;

    assert_true(set && remote);
    for (int i = 0; i < COUNT; i++) {
        swprintf(remote[i], 40, L"http://localhost/%d", i);
        set[i].RemoteName = remote[i];
        set[i].LocalName = same;
    }
    ok(call(job, AddFileSet, COUNT, set));
    ok(call(job, GetProgress, &progress));
    assert_int_equal(progress.FilesTotal, COUNT);
    ok(call(job_file(job, COUNT - 1), GetRemoteName, &name));
    assert_text(name, remote[COUNT - 1]);
    ok(call(job, AddFile, L"http://localhost/", local("one more")));
    free(set);
    free(remote);
}

static void files_of_uploads(void **state)
{
    BG_FILE_INFO set[2];
    BG_FILE_RANGE range = {0, 1};

    write_file(local("source"), "x", 1);
    for (int i = 0; i < 2; i++) {
        set[i].RemoteName = (WCHAR *)L"http://localhost/up";
        set[i].LocalName = (WCHAR *)local("source");
    }
    for (int type = BG_JOB_TYPE_UPLOAD; type <= BG_JOB_TYPE_UPLOAD_REPLY; type++) {
        IBackgroundCopyJob5 *job = new_job((BG_JOB_TYPE)type);
        BG_JOB_PROGRESS progress;
        IBackgroundCopyFile6 *file;
        BG_FILE_RANGE *ranges = (BG_FILE_RANGE *)1;
        WCHAR *name = NULL;
        DWORD count = 1;

        expect(BG_E_TOO_MANY_FILES, call(job, AddFileSet, 2, set));
        expect(HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND),
               call(job, AddFile, L"http://localhost/up", local("no such file")));
        ok(call(job, GetProgress, &progress));
        assert_int_equal(progress.FilesTotal, 0);
        if (type == BG_JOB_TYPE_UPLOAD_REPLY)
            expect(E_INVALIDARG, call(job, AddFile, L"\\\\server\\share\\f", local("source")));
        ok(call(job, AddFileSet, 1, set));
        expect(BG_E_TOO_MANY_FILES, call(job, AddFileSet, 1, set));
        expect(BG_E_TOO_MANY_FILES, call(job, AddFile, L"http://localhost/b", local("source")));
        expect(E_NOTIMPL,
               call(job, AddFileWithRanges, L"http://localhost/b", local("source"), 1, &range));
        expect(E_NOTIMPL, call(job, ReplaceRemotePrefix, L"http:", L"https:"));
        file = job_file(job, 0);
        expect(E_NOTIMPL, call(file, SetRemoteName, L"http://localhost/c"));
        expect(S_FALSE, call(file, GetFileRanges, &count, &ranges));
        assert_int_equal(count, 0);
        assert_null(ranges);
        expect(E_NOTIMPL, call(file, GetTemporaryName, &name));
        assert_null(name);
        expect(BG_E_INVALID_STATE, call(job, Complete));
    }
}

static void files_progress(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=300000&seed=3");
    IBackgroundCopyFile6 *file = job_file(job, 0);
    UINT64 origin = 1, peers = 1;
    BG_FILE_PROGRESS progress;
    BG_JOB_PROGRESS job_progress;
    BOOL flag = TRUE;
    WCHAR *name;

    ok(call(file, GetProgress, &progress));
    assert_true(progress.BytesTotal == BG_SIZE_UNKNOWN);
    assert_int_equal(progress.BytesTransferred, 0);
    assert_false(progress.Completed);
    ok(call(job, GetProgress, &job_progress));
    assert_true(job_progress.BytesTotal == BG_SIZE_UNKNOWN);
    ok(call(file, GetPeerDownloadStats, &origin, &peers));
    assert_int_equal(origin, 0);
    assert_int_equal(peers, 0);
    transfer(job);
    ok(call(file, GetProgress, &progress));
    assert_int_equal(progress.BytesTotal, 300000);
    assert_int_equal(progress.BytesTransferred, 300000);
    assert_false(progress.Completed);
    ok(call(job, GetProgress, &job_progress));
    assert_int_equal(job_progress.BytesTotal, 300000);
    assert_int_equal(job_progress.BytesTransferred, 300000);
    assert_int_equal(job_progress.FilesTransferred, 1);
    assert_int_equal(job_progress.FilesTotal, 1);
    ok(call(file, GetPeerDownloadStats, &origin, &peers));
    assert_int_equal(origin, 300000);
    assert_int_equal(peers, 0);
    ok(call(file, IsDownloadedFromPeer, &flag));
    assert_false(flag);
    ok(call(job, Complete));
    ok(call(file, GetProgress, &progress));
    assert_true(progress.Completed);
    ok(call(file, GetLocalName, &name));
    assert_text(name, local("file"));
}

static void files_temporary_name(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=2000000&seed=4&stall=1000000&rate=4000000");
    IBackgroundCopyFile6 *file = job_file(job, 0);
    const WCHAR *target = local("file");
    size_t directory = wcslen(target) - 4;
    WCHAR *early = NULL, *name = NULL;
    BG_FILE_PROGRESS progress;
    ULONGLONG end = GetTickCount64() + DEADLINE;
    HANDLE handle;
    BYTE bytes[4];
    DWORD read;

    ok(call(file, GetTemporaryName, &early));
    ok(call(job, Resume));
    do {
        ok(call(file, GetProgress, &progress));
        assert_true(GetTickCount64() < end);
        Sleep(5);
    } while (progress.BytesTransferred < 500000);
    ok(call(file, GetTemporaryName, &name));
    assert_text(early, name);
    assert_memory_equal(name, target, directory * sizeof(WCHAR));
    assert_null(wcschr(name + directory, '\\'));
    assert_int_not_equal(wcscmp(name, target), 0);
    /* The client may read what is there while the rest comes. */
    handle = CreateFileW(name, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                         NULL, OPEN_EXISTING, 0, NULL);
    assert_true(handle != INVALID_HANDLE_VALUE);
    assert_int_equal(SetFilePointer(handle, 400000, NULL, FILE_BEGIN), 400000);
    assert_true(ReadFile(handle, bytes, sizeof(bytes), &read, NULL));
    assert_int_equal(read, sizeof(bytes));
    fault_release("/data/test", job);
    CloseHandle(handle);
    ok(call(job, Complete));
    assert_false(exists(name));
    assert_pattern(target, 4, 0, 2000000);
    CoTaskMemFree(name);
}

static void files_validation(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=1000");
    IBackgroundCopyFile6 *file = job_file(job, 0);
    BOOL valid = TRUE;

    ok(call(file, GetValidationState, &valid));
    assert_false(valid);
    expect(E_PENDING, call(file, SetValidationState, TRUE));
    transfer(job);
    ok(call(file, SetValidationState, TRUE));
    ok(call(file, GetValidationState, &valid));
    assert_true(valid);
    ok(call(job, Complete));
    expect(BG_E_INVALID_STATE, call(file, SetValidationState, TRUE));
}

/* Headers of the last answer, each file its own. */
static void files_response_headers(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10&header=X-Mine:%201");
    BITS_FILE_PROPERTY_VALUE value = {.String = NULL};
    IBackgroundCopyFile6 *files[2];

    ok(call(job, AddFile, url("FAULT", "data/other?size=10&header=X-Mine:%%202"), local("other")));
    for (ULONG i = 0; i < 2; i++) {
        files[i] = job_file(job, i);
        ok(call(files[i], GetProperty, BITS_FILE_PROPERTY_ID_HTTP_RESPONSE_HEADERS, &value));
        assert_text(value.String, L"");
    }
    transfer(job);
    for (ULONG i = 0; i < 2; i++) {
        value.String = NULL;
        ok(call(files[i], GetProperty, BITS_FILE_PROPERTY_ID_HTTP_RESPONSE_HEADERS, &value));
        assert_non_null(value.String);
        assert_non_null(wcsstr(value.String, i ? L"X-Mine: 2" : L"X-Mine: 1"));
        assert_non_null(wcsstr(value.String, L"Last-Modified: "));
        CoTaskMemFree(value.String);
    }
    value.String = (WCHAR *)L"X: y";
    expect(BG_E_READ_ONLY_PROPERTY,
           call(files[0], SetProperty, BITS_FILE_PROPERTY_ID_HTTP_RESPONSE_HEADERS, value));
}

static void files_set_remote_name(void **state)
{
    IBackgroundCopyJob5 *job = new_download(L"\\\\server\\share\\file");
    IBackgroundCopyFile6 *file = job_file(job, 0);
    const WCHAR *bad[] = {L"", L"ftp://localhost/a", L"http://", L"http://localhost/a b",
                          long_url(2201)};
    WCHAR *name;

    for (size_t i = 0; i < ARRAYSIZE(bad); i++)
        expect(E_INVALIDARG, call(file, SetRemoteName, bad[i]));
    ok(call(file, GetRemoteName, &name));
    assert_text(name, L"\\\\server\\share\\file");
    ok(call(file, SetRemoteName, L"http://localhost/new"));
    ok(call(file, GetRemoteName, &name));
    assert_text(name, L"http://localhost/new");
    ok(call(file, SetRemoteName, long_url(2200)));
    ok(call(job, Cancel));
    expect(BG_E_INVALID_STATE, call(file, SetRemoteName, L"http://localhost/b"));
}

/* A wrong URL is put right and the job resumed. */
static void files_set_remote_name_heals(void **state)
{
    IBackgroundCopyJob5 *job = new_download(url("FAULT", "nowhere"));

    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_ERROR, BG_E_HTTP_ERROR_404, BG_ERROR_CONTEXT_REMOTE_FILE);
    ok(call(job_file(job, 0), SetRemoteName, url("FAULT", "data/right?size=5000&seed=8")));
    transfer(job);
    ok(call(job, Complete));
    assert_pattern(local("file"), 8, 0, 5000);
}

static void files_replace_prefix(void **state)
{
    IBackgroundCopyJob5 *job = new_download(L"http://one/a");
    const struct {
        const WCHAR *old, *new;
        HRESULT result;
        const WCHAR *first, *second;
    } cases[] = {
        {L"http://nobody", L"http://x", S_FALSE, L"http://one/a", L"http://two/one/b"},
        {L"one/", L"x/", S_FALSE, L"http://one/a", L"http://two/one/b"},
        {L"http://ONE/", L"http://x/", S_FALSE, L"http://one/a", L"http://two/one/b"},
        {L"", L"http://x", E_INVALIDARG, L"http://one/a", L"http://two/one/b"},
        {L"http://one", L"", E_INVALIDARG, L"http://one/a", L"http://two/one/b"},
        {L"http://one", L"ftp://one", E_INVALIDARG, L"http://one/a", L"http://two/one/b"},
        {L"http://o", fill(L"http://", 'h', 2205), E_INVALIDARG, L"http://one/a",
         L"http://two/one/b"},
        {L"http://one/", L"https://three/sub/", S_OK, L"https://three/sub/a", L"http://two/one/b"},
        {L"http", L"http", S_OK, L"https://three/sub/a", L"http://two/one/b"},
    };
    WCHAR *name;

    ok(call(job, AddFile, L"http://two/one/b", local("b")));
    for (size_t i = 0; i < ARRAYSIZE(cases); i++) {
        expect(cases[i].result, call(job, ReplaceRemotePrefix, cases[i].old, cases[i].new));
        ok(call(job_file(job, 0), GetRemoteName, &name));
        assert_text(name, cases[i].first);
        ok(call(job_file(job, 1), GetRemoteName, &name));
        assert_text(name, cases[i].second);
    }
}

/* What is already here is not fetched again under its new name. */
static void files_renamed_when_done(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=1000&seed=1");

    ok(call(job, AddFile, url("FAULT", "data/late?size=1000&status=404"), local("late")));
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_ERROR);
    ok(call(job, ReplaceRemotePrefix, url("FAULT", "data/test"), url("FAULT", "data/moved")));
    ok(call(job_file(job, 1), SetRemoteName, url("FAULT", "data/late2?size=1000&seed=2")));
    transfer(job);
    ok(call(job, Complete));
    assert_pattern(local("file"), 1, 0, 1000);
    assert_pattern(local("late"), 2, 0, 1000);
    assert_int_equal(fault_count("/data/moved", "\"id\""), 0);
}

static void files_null_pointers(void **state)
{
    IBackgroundCopyFile6 *file = job_file(new_download(L"http://localhost/a"), 0);
    BG_FILE_RANGE *ranges = NULL;
    UINT64 size;
    DWORD count;

    expect(NULL_REF, call(file, GetRemoteName, NULL));
    expect(NULL_REF, call(file, GetLocalName, NULL));
    expect(NULL_REF, call(file, GetProgress, NULL));
    expect(E_INVALIDARG, call(file, GetFileRanges, NULL, &ranges));
    expect(NULL_REF, call(file, GetFileRanges, &count, NULL));
    expect(NULL_REF, call(file, SetRemoteName, NULL));
    expect(NULL_REF, call(file, GetTemporaryName, NULL));
    expect(NULL_REF, call(file, GetValidationState, NULL));
    expect(NULL_REF, call(file, IsDownloadedFromPeer, NULL));
    expect(NULL_REF, call(file, GetPeerDownloadStats, NULL, &size));
    expect(NULL_REF, call(file, GetPeerDownloadStats, &size, NULL));
    expect(NULL_REF, call(file, GetProperty, BITS_FILE_PROPERTY_ID_HTTP_RESPONSE_HEADERS, NULL));
    expect(NULL_REF, call(file, GetFilledFileRanges, NULL, &ranges));
    expect(NULL_REF, call(file, GetFilledFileRanges, &count, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        com_test(files_remote_names),
        com_test(files_local_names),
        com_test(files_local_is_directory),
        com_test(files_local_not_writable),
        com_test(files_set),
        com_test(files_set_by_heirs),
        com_test(files_set_large),
        com_test(files_of_uploads),
        com_test(files_progress),
        com_test(files_temporary_name),
        com_test(files_validation),
        com_test(files_response_headers),
        com_test(files_set_remote_name),
        com_test(files_set_remote_name_heals),
        com_test(files_replace_prefix),
        com_test(files_renamed_when_done),
        com_test(files_null_pointers),
    };

    return run_group("files", tests);
}
