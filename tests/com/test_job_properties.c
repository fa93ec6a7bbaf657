/*
 * The properties of IBackgroundCopyJob to Job4: defaults, what a setter takes and a getter gives
 * back, limits, and the answer of a job that has ended.
 */
#include "common.h"

#include <sddl.h>
#include <stdlib.h>

static void properties_defaults(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    IUnknown *callback = (IUnknown *)1;
    WCHAR *text, *other = (WCHAR *)1;
    BG_JOB_PROXY_USAGE usage = 99;
    BG_JOB_PROGRESS progress;
    BG_JOB_PRIORITY priority;
    ULONG value;
    BOOL flag;

    ok(call(job, GetDescription, &text));
    assert_text(text, L"");
    ok(call(job, GetPriority, &priority));
    assert_int_equal(priority, BG_JOB_PRIORITY_NORMAL);
    ok(call(job, GetNotifyFlags, &value));
    assert_int_equal(value, BG_NOTIFY_JOB_TRANSFERRED | BG_NOTIFY_JOB_ERROR);
    ok(call(job, GetNotifyInterface, &callback));
    assert_null(callback);
    ok(call(job, GetMinimumRetryDelay, &value));
    assert_int_equal(value, 600);
    ok(call(job, GetNoProgressTimeout, &value));
    assert_int_equal(value, 1209600);
    ok(call(job, GetErrorCount, &value));
    assert_int_equal(value, 0);
    text = (WCHAR *)1;
    ok(call(job, GetProxySettings, &usage, &text, &other));
    assert_int_equal(usage, BG_JOB_PROXY_USAGE_PRECONFIG);
    assert_null(text);
    assert_null(other);
    ok(call(job, GetNotifyCmdLine, &text, &other));
    assert_text(text, L"");
    assert_text(other, L"");
    ok(call(job, GetFileACLFlags, &value));
    assert_int_equal(value, 0);
    ok(call(job, GetPeerCachingFlags, &value));
    assert_int_equal(value, 0);
    ok(call(job, GetMaximumDownloadTime, &value));
    assert_int_equal(value, 7776000);
    ok(call(job, GetOwnerIntegrityLevel, &value));
    assert_true(value >= SECURITY_MANDATORY_LOW_RID && value <= SECURITY_MANDATORY_SYSTEM_RID);
    ok(call(job, GetOwnerElevationState, &flag));
    assert_true(flag == TRUE || flag == FALSE);
    ok(call(job, GetProgress, &progress));
    assert_int_equal(progress.BytesTotal, 0);
    assert_int_equal(progress.BytesTransferred, 0);
    assert_int_equal(progress.FilesTotal, 0);
    assert_int_equal(progress.FilesTransferred, 0);
}

static void properties_names(void **state)
{
    static const WCHAR beyond_bmp[] = {'a', 0xd83d, 0xde00, 0xe9, 0x4e2d, 0};
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    struct {
        const WCHAR *text;
        HRESULT name, description;
    } cases[] = {
        {L"", S_OK, S_OK},
        {L"a name", S_OK, S_OK},
        {beyond_bmp, S_OK, S_OK},
        {fill(L"", 'n', 256), S_OK, S_OK},
        {fill(L"", 'n', 257), BG_E_STRING_TOO_LONG, S_OK},
        {fill(L"", 'd', 1024), BG_E_STRING_TOO_LONG, S_OK},
        {fill(L"", 'd', 1025), BG_E_STRING_TOO_LONG, BG_E_STRING_TOO_LONG},
        {fill(L"", 'd', 1000000), BG_E_STRING_TOO_LONG, BG_E_STRING_TOO_LONG},
    };
    const WCHAR *name = L"test", *description = L"";
    WCHAR *text;

    for (size_t i = 0; i < ARRAYSIZE(cases); i++) {
        expect(cases[i].name, call(job, SetDisplayName, cases[i].text));
        expect(cases[i].description, call(job, SetDescription, cases[i].text));
        name = cases[i].name == S_OK ? cases[i].text : name;
        description = cases[i].description == S_OK ? cases[i].text : description;
        ok(call(job, GetDisplayName, &text));
        assert_text(text, name);
        ok(call(job, GetDescription, &text));
        assert_text(text, description);
    }
}

static void properties_priority(void **state)
{
    static const int bad[] = {4, 5, 1000, -1};
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_UPLOAD);
    BG_JOB_PRIORITY priority;

    for (int wanted = BG_JOB_PRIORITY_FOREGROUND; wanted <= BG_JOB_PRIORITY_LOW; wanted++) {
        ok(call(job, SetPriority, (BG_JOB_PRIORITY)wanted));
        ok(call(job, GetPriority, &priority));
        assert_int_equal(priority, wanted);
    }
    for (size_t i = 0; i < ARRAYSIZE(bad); i++) {
        HRESULT hr = call(job, SetPriority, (BG_JOB_PRIORITY)bad[i]);

        if (hr != HRESULT_FROM_WIN32(RPC_X_ENUM_VALUE_OUT_OF_RANGE))
            expect(E_NOTIMPL, hr);
    }
    ok(call(job, GetPriority, &priority));
    assert_int_equal(priority, BG_JOB_PRIORITY_LOW);
}

static void properties_notify_flags(void **state)
{
    static const ULONG bad[] = {0x40, 0x80, 0x41, 0x8000, 0x80000000, 0xffffffff};
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    ULONG flags;

    for (ULONG wanted = 0; wanted < 0x40; wanted++) {
        ok(call(job, SetNotifyFlags, wanted));
        ok(call(job, GetNotifyFlags, &flags));
        assert_int_equal(flags, wanted);
    }
    for (size_t i = 0; i < ARRAYSIZE(bad); i++)
        expect(E_NOTIMPL, call(job, SetNotifyFlags, bad[i]));
}

static void properties_retry(void **state)
{
    static const struct {
        ULONG set, stored;
    } delays[] = {{600, 600}, {0, 5}, {4, 5}, {5, 5}, {6, 6}, {0xffffffff, 0xffffffff}};
    static const ULONG times[] = {0, 1, 1209600, 0xffffffff};
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    ULONG value;

    for (size_t i = 0; i < ARRAYSIZE(delays); i++) {
        ok(call(job, SetMinimumRetryDelay, delays[i].set));
        ok(call(job, GetMinimumRetryDelay, &value));
        assert_int_equal(value, delays[i].stored);
    }
    for (size_t i = 0; i < ARRAYSIZE(times); i++) {
        ok(call(job, SetNoProgressTimeout, times[i]));
        ok(call(job, GetNoProgressTimeout, &value));
        assert_int_equal(value, times[i]);
        ok(call(job, SetMaximumDownloadTime, times[i]));
        ok(call(job, GetMaximumDownloadTime, &value));
        assert_int_equal(value, times[i]);
    }
}

static void properties_acl_and_peer_flags(void **state)
{
    static const DWORD bad_acl[] = {0x10, 0x100, 0xffffffff}, bad_peer[] = {8, 0x80, 0xffffffff};
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    DWORD flags;

    for (DWORD wanted = 0; wanted <= BG_COPY_FILE_ALL; wanted++) {
        ok(call(job, SetFileACLFlags, BG_COPY_FILE_ALL - wanted));
        ok(call(job, GetFileACLFlags, &flags));
        assert_int_equal(flags, BG_COPY_FILE_ALL - wanted);
    }
    for (size_t i = 0; i < ARRAYSIZE(bad_acl); i++)
        expect(E_INVALIDARG, call(job, SetFileACLFlags, bad_acl[i]));
    for (DWORD wanted = 0; wanted < 8; wanted++) {
        ok(call(job, SetPeerCachingFlags, 7 - wanted));
        ok(call(job, GetPeerCachingFlags, &flags));
        assert_int_equal(flags, 7 - wanted);
    }
    for (size_t i = 0; i < ARRAYSIZE(bad_peer); i++)
        expect(E_NOTIMPL, call(job, SetPeerCachingFlags, bad_peer[i]));
}

static void properties_acl_flags_transferred(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10");

    ok(call(job, SetFileACLFlags, BG_COPY_FILE_DACL)); /* means nothing for HTTP */
    transfer(job);
    expect(BG_E_INVALID_STATE, call(job, SetFileACLFlags, 0));
}

static void properties_command_line(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    struct {
        const WCHAR *program, *parameters;
        HRESULT result;
    } cases[] = {
        {L"c:\\a b\\p.exe", L"\"c:\\a b\\p.exe\" -x %TEMP%", S_OK},
        {L"c:\\p.exe", NULL, S_OK},
        {NULL, L"x", E_INVALIDARG},
        {fill(L"c:\\", 'p', 260), fill(L"", 'a', 4000), S_OK},
        {fill(L"c:\\", 'p', 261), NULL, BG_E_STRING_TOO_LONG},
        {L"c:\\p.exe", fill(L"", 'a', 4001), BG_E_STRING_TOO_LONG},
        {fill(L"c:\\", 'p', 300000), fill(L"", 'a', 300000), BG_E_STRING_TOO_LONG},
        {NULL, NULL, S_OK},
    };
    const WCHAR *program = L"", *parameters = L"";
    WCHAR *got_program, *got_parameters;

    for (size_t i = 0; i < ARRAYSIZE(cases); i++) {
        expect(cases[i].result, call(job, SetNotifyCmdLine, cases[i].program, cases[i].parameters));
        if (cases[i].result == S_OK) {
            program = cases[i].program ? cases[i].program : L"";
            parameters = cases[i].parameters ? cases[i].parameters : L"";
        }
        ok(call(job, GetNotifyCmdLine, &got_program, &got_parameters));
        assert_text(got_program, program);
        assert_text(got_parameters, parameters);
    }
}

static void properties_proxy(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    struct {
        int usage;
        const WCHAR *list, *bypass;
        HRESULT result;
    } cases[] = {
        {BG_JOB_PROXY_USAGE_OVERRIDE, L"proxy:80", NULL, S_OK},
        {BG_JOB_PROXY_USAGE_OVERRIDE, L"http=a:80 https=b:81", L"<local> *.example.org", S_OK},
        {BG_JOB_PROXY_USAGE_OVERRIDE, NULL, NULL, E_INVALIDARG},
        {BG_JOB_PROXY_USAGE_OVERRIDE, NULL, L"x", E_INVALIDARG},
        {BG_JOB_PROXY_USAGE_PRECONFIG, L"proxy:80", NULL, E_INVALIDARG},
        {BG_JOB_PROXY_USAGE_NO_PROXY, L"proxy:80", NULL, E_INVALIDARG},
        {BG_JOB_PROXY_USAGE_AUTODETECT, L"proxy:80", NULL, E_INVALIDARG},
        {BG_JOB_PROXY_USAGE_PRECONFIG, NULL, L"x", E_INVALIDARG},
        {BG_JOB_PROXY_USAGE_NO_PROXY, NULL, L"x", E_INVALIDARG},
        {BG_JOB_PROXY_USAGE_AUTODETECT, NULL, L"x", E_INVALIDARG},
        {BG_JOB_PROXY_USAGE_OVERRIDE, fill(L"", 'p', 4000), fill(L"", 'b', 4000), S_OK},
        {BG_JOB_PROXY_USAGE_OVERRIDE, fill(L"", 'p', 4001), NULL, BG_E_PROXY_LIST_TOO_LARGE},
        {BG_JOB_PROXY_USAGE_OVERRIDE, L"p", fill(L"", 'b', 4001), BG_E_PROXY_BYPASS_LIST_TOO_LARGE},
        {4, NULL, NULL, E_NOTIMPL},
        {1000, NULL, NULL, E_NOTIMPL},
        {BG_JOB_PROXY_USAGE_NO_PROXY, NULL, NULL, S_OK},
        {BG_JOB_PROXY_USAGE_AUTODETECT, NULL, NULL, S_OK},
        {BG_JOB_PROXY_USAGE_PRECONFIG, NULL, NULL, S_OK},
    };
    size_t last = ARRAYSIZE(cases);

    for (size_t i = 0; i < ARRAYSIZE(cases); i++) {
        BG_JOB_PROXY_USAGE usage = 99;
        WCHAR *list = NULL, *bypass = NULL;

        expect(cases[i].result, call(job, SetProxySettings, (BG_JOB_PROXY_USAGE)cases[i].usage,
                                     cases[i].list, cases[i].bypass));
        if (cases[i].result == S_OK)
            last = i;
        ok(call(job, GetProxySettings, &usage, &list, &bypass));
        assert_int_equal(usage, cases[last].usage);
        if (cases[last].list)
            assert_text(list, cases[last].list);
        else
            assert_null(list);
        if (cases[last].bypass)
            assert_text(bypass, cases[last].bypass);
        else
            assert_null(bypass);
    }
}

static void properties_owner(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    BYTE buffer[256];
    WCHAR *owner, *mine;
    HANDLE token;
    DWORD size;

    assert_true(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
    assert_true(GetTokenInformation(token, TokenUser, buffer, sizeof(buffer), &size));
    CloseHandle(token);
    assert_true(ConvertSidToStringSidW(((TOKEN_USER *)buffer)->User.Sid, &mine));
    ok(call(job, GetOwner, &owner));
    assert_text(owner, mine);
    ok(call(job, TakeOwnership));
    ok(call(job, GetOwner, &owner));
    assert_text(owner, mine);
    LocalFree(mine);
    expect(BG_E_INVALID_STATE, call(ended_job(FALSE), TakeOwnership));
    expect(BG_E_INVALID_STATE, call(ended_job(TRUE), TakeOwnership));
}

/* Every change shows in the modification time; looking does not. */
static void properties_times(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    IBackgroundCopyJobHttpOptions3 *http = http_options(job);
    IBitsTokenOptions *token = token_options(job);
    BITS_JOB_PROPERTY_VALUE value = {.Dword = 700};
    BG_AUTH_CREDENTIALS credentials = {
        BG_AUTH_TARGET_SERVER, BG_AUTH_SCHEME_BASIC, {{(WCHAR *)L"u", (WCHAR *)L"p"}}};
    ULONGLONG before, now;
    FILETIME time;
    BG_JOB_TIMES times;
    WCHAR *text;

    GetSystemTimeAsFileTime(&time);
    now = (ULONGLONG)time.dwHighDateTime << 32 | time.dwLowDateTime;
    ok(call(job, GetTimes, &times));
    before = (ULONGLONG)times.CreationTime.dwHighDateTime << 32 | times.CreationTime.dwLowDateTime;
    assert_true(before <= now && now - before < 60 * 10000000ull);
    assert_true(modified(job) >= before);
    assert_int_equal(times.TransferCompletionTime.dwHighDateTime, 0);
    assert_int_equal(times.TransferCompletionTime.dwLowDateTime, 0);

#define CHANGES(expression)                                                                        \
    do {                                                                                           \
        ULONGLONG old = modified(job);                                                             \
        Sleep(2); /* the clock's step */                                                           \
        ok(expression);                                                                            \
        if (modified(job) <= old)                                                                  \
            fail_msg("not modified by %s", #expression);                                           \
    } while (0)

    CHANGES(call(job, SetDisplayName, L"n"));
    CHANGES(call(job, SetDescription, L"d"));
    CHANGES(call(job, SetPriority, BG_JOB_PRIORITY_LOW));
    CHANGES(call(job, SetNotifyFlags, 0));
    CHANGES(call(job, SetMinimumRetryDelay, 60));
    CHANGES(call(job, SetNoProgressTimeout, 60));
    CHANGES(call(job, SetProxySettings, BG_JOB_PROXY_USAGE_NO_PROXY, NULL, NULL));
    CHANGES(call(job, SetNotifyCmdLine, L"c:\\x.exe", NULL));
    CHANGES(call(job, SetCredentials, &credentials));
    CHANGES(call(job, RemoveCredentials, BG_AUTH_TARGET_SERVER, BG_AUTH_SCHEME_BASIC));
    CHANGES(call(job, SetFileACLFlags, 1));
    CHANGES(call(job, SetPeerCachingFlags, 1));
    CHANGES(call(job, SetMaximumDownloadTime, 60));
    CHANGES(call(job, SetProperty, BITS_JOB_PROPERTY_MINIMUM_NOTIFICATION_INTERVAL_MS, value));
    CHANGES(call(http, SetCustomHeaders, L"A: b\r\n"));
    CHANGES(call(http, SetSecurityFlags, 0));
    CHANGES(call(http, MakeCustomHeadersWriteOnly));
    CHANGES(call(token, SetHelperTokenFlags, 0));
    CHANGES(call(job, AddFile, L"http://127.0.0.1:1/a", local("a")));
    CHANGES(call(job, ReplaceRemotePrefix, L"http://127", L"http://127"));
    CHANGES(call(job_file(job, 0), SetRemoteName, L"http://127.0.0.1:1/b"));
    CHANGES(call(job, Resume));
    CHANGES(call(job, Suspend));
    before = modified(job);
    Sleep(2);
    ok(call(job, GetDisplayName, &text));
    CoTaskMemFree(text);
    state_of(job);
    assert_true(before == modified(job));
    CHANGES(call(job, Cancel));
    job = new_job(BG_JOB_TYPE_DOWNLOAD);
    CHANGES(call(job, Cancel)); /* one that never ran */
#undef CHANGES
}

static void properties_ended(void **state)
{
    BG_AUTH_CREDENTIALS credentials = {
        BG_AUTH_TARGET_SERVER, BG_AUTH_SCHEME_BASIC, {{(WCHAR *)L"u", (WCHAR *)L"p"}}};
    BITS_JOB_PROPERTY_VALUE value = {.Dword = 700};
    BG_FILE_INFO info = {(WCHAR *)L"http://localhost/a", (WCHAR *)local("a")};
    BG_FILE_RANGE range = {0, 1};

    for (int acknowledged = 0; acknowledged < 2; acknowledged++) {
        IBackgroundCopyJob5 *job = ended_job(acknowledged);
        IBackgroundCopyJobHttpOptions3 *http = http_options(job);
        IBitsTokenOptions *token = token_options(job);
        struct callback *callback = new_callback(3);
        BG_JOB_PROGRESS progress;
        WCHAR *text;

#define REFUSED(expression) expect(BG_E_INVALID_STATE, expression)
        REFUSED(call(job, AddFile, L"http://localhost/a", local("a")));
        REFUSED(call(job, AddFileSet, 1, &info));
        REFUSED(call(job, AddFileWithRanges, L"http://localhost/a", local("a"), 1, &range));
        REFUSED(call(job, Suspend));
        REFUSED(call(job, Resume));
        REFUSED(call(job, Cancel));
        REFUSED(call(job, Complete));
        REFUSED(call(job, SetDisplayName, L"n"));
        REFUSED(call(job, SetDescription, L"d"));
        REFUSED(call(job, SetPriority, BG_JOB_PRIORITY_LOW));
        REFUSED(call(job, SetNotifyFlags, 0));
        REFUSED(call(job, SetNotifyInterface, (IUnknown *)&callback->iface));
        REFUSED(call(job, SetMinimumRetryDelay, 60));
        REFUSED(call(job, SetNoProgressTimeout, 60));
        REFUSED(call(job, SetProxySettings, BG_JOB_PROXY_USAGE_NO_PROXY, NULL, NULL));
        REFUSED(call(job, SetNotifyCmdLine, L"c:\\x.exe", NULL));
        REFUSED(call(job, SetCredentials, &credentials));
        REFUSED(call(job, RemoveCredentials, BG_AUTH_TARGET_SERVER, BG_AUTH_SCHEME_BASIC));
        REFUSED(call(job, ReplaceRemotePrefix, L"a", L"b"));
        REFUSED(call(job, SetFileACLFlags, 1));
        REFUSED(call(job, SetPeerCachingFlags, 1));
        REFUSED(call(job, SetMaximumDownloadTime, 60));
        REFUSED(call(job, SetProperty, BITS_JOB_PROPERTY_MINIMUM_NOTIFICATION_INTERVAL_MS, value));
        REFUSED(call(http, SetCustomHeaders, L"A: b\r\n"));
        REFUSED(call(http, SetSecurityFlags, 0));
        REFUSED(call(http, RemoveClientCertificate));
        REFUSED(call(http, SetHttpMethod, L"GET"));
        REFUSED(call(http, SetServerCertificateValidationInterface, NULL));
        REFUSED(call(token, SetHelperTokenFlags, 0));
#undef REFUSED
        /* What can be asked can still be asked. */
        ok(call(job, GetDisplayName, &text));
        assert_text(text, L"test");
        ok(call(job, GetProgress, &progress));
    }
}

static void properties_null_pointers(void **state)
{
    IBackgroundCopyJob5 *job = new_download(L"http://localhost/a");
    BG_JOB_PROXY_USAGE usage;
    WCHAR *text = NULL;

    expect(NULL_REF, call(job, SetDisplayName, NULL));
    expect(NULL_REF, call(job, SetDescription, NULL));
    expect(NULL_REF, call(job, AddFile, NULL, L"c:\\a"));
    expect(NULL_REF, call(job, AddFile, L"http://localhost/b", NULL));
    expect(NULL_REF, call(job, AddFileSet, 1, NULL));
    expect(NULL_REF, call(job, EnumFiles, NULL));
    expect(NULL_REF, call(job, GetId, NULL));
    expect(NULL_REF, call(job, GetType, NULL));
    expect(NULL_REF, call(job, GetProgress, NULL));
    expect(NULL_REF, call(job, GetTimes, NULL));
    expect(NULL_REF, call(job, GetState, NULL));
    expect(NULL_REF, call(job, GetError, NULL));
    expect(NULL_REF, call(job, GetOwner, NULL));
    expect(NULL_REF, call(job, GetDisplayName, NULL));
    expect(NULL_REF, call(job, GetDescription, NULL));
    expect(NULL_REF, call(job, GetPriority, NULL));
    expect(NULL_REF, call(job, GetNotifyFlags, NULL));
    expect(NULL_REF, call(job, GetNotifyInterface, NULL));
    expect(NULL_REF, call(job, GetMinimumRetryDelay, NULL));
    expect(NULL_REF, call(job, GetNoProgressTimeout, NULL));
    expect(NULL_REF, call(job, GetErrorCount, NULL));
    expect(NULL_REF, call(job, GetProxySettings, NULL, &text, &text));
    expect(NULL_REF, call(job, GetProxySettings, &usage, NULL, &text));
    expect(NULL_REF, call(job, GetProxySettings, &usage, &text, NULL));
    expect(NULL_REF, call(job, GetNotifyCmdLine, NULL, &text));
    expect(NULL_REF, call(job, GetNotifyCmdLine, &text, NULL));
    expect(NULL_REF, call(job, GetReplyProgress, NULL));
    expect(NULL_REF, call(job, GetReplyFileName, NULL));
    expect(NULL_REF, call(job, SetCredentials, NULL));
    expect(NULL_REF, call(job, ReplaceRemotePrefix, NULL, L"a"));
    expect(NULL_REF, call(job, ReplaceRemotePrefix, L"a", NULL));
    assert_true(FAILED(call(job, AddFileWithRanges, L"http://localhost/b", L"c:\\a", 1, NULL)));
    expect(NULL_REF, call(job, GetFileACLFlags, NULL));
    expect(NULL_REF, call(job, GetPeerCachingFlags, NULL));
    expect(NULL_REF, call(job, GetOwnerIntegrityLevel, NULL));
    expect(NULL_REF, call(job, GetOwnerElevationState, NULL));
    expect(NULL_REF, call(job, GetMaximumDownloadTime, NULL));
    expect(NULL_REF, call(job, GetProperty, BITS_JOB_PROPERTY_ID_COST_FLAGS, NULL));
    expect(NULL_REF, call(token_options(job), GetHelperTokenFlags, NULL));
    expect(NULL_REF, call(token_options(job), GetHelperTokenSid, NULL));
}

static void properties_reply_of_others(void **state)
{
    for (int type = BG_JOB_TYPE_DOWNLOAD; type <= BG_JOB_TYPE_UPLOAD; type++) {
        IBackgroundCopyJob5 *job = new_job((BG_JOB_TYPE)type);
        BG_JOB_REPLY_PROGRESS progress;
        WCHAR *name = (WCHAR *)1;
        byte *data = NULL;
        UINT64 size = 0;

        expect(E_NOTIMPL, call(job, GetReplyProgress, &progress));
        expect(E_NOTIMPL, call(job, GetReplyData, &data, &size));
        expect(E_NOTIMPL, call(job, GetReplyFileName, &name));
        expect(E_NOTIMPL, call(job, SetReplyFileName, local("reply")));
    }
}

static void properties_reply_name(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_UPLOAD_REPLY);
    const WCHAR *bad[] = {L"relative", local("a*"), local("a:stream"), L"\\\\?\\c:\\reply",
                          fill(L"c:\\", 'r', 261)};
    BG_JOB_REPLY_PROGRESS progress;
    WCHAR *name = (WCHAR *)1;
    byte *data = (byte *)1;
    UINT64 size = 1;

    ok(call(job, GetReplyFileName, &name));
    assert_null(name);
    ok(call(job, SetReplyFileName, local("reply")));
    ok(call(job, GetReplyFileName, &name));
    assert_text(name, local("reply"));
    for (size_t i = 0; i < ARRAYSIZE(bad); i++)
        expect(E_INVALIDARG, call(job, SetReplyFileName, (WCHAR *)bad[i]));
    expect(HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND),
           call(job, SetReplyFileName, local("missing\\reply")));
    ok(call(job, GetReplyFileName, &name));
    assert_text(name, local("reply"));
    ok(call(job, GetReplyProgress, &progress));
    assert_true(progress.BytesTotal == BG_SIZE_UNKNOWN);
    assert_int_equal(progress.BytesTransferred, 0);
    expect(BG_E_INVALID_STATE, call(job, GetReplyData, &data, &size));
    ok(call(job, Cancel));
    expect(BG_E_INVALID_STATE, call(job, SetReplyFileName, local("reply")));
}

static void properties_reply_name_generated(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_UPLOAD_REPLY);
    const WCHAR *source = local("upload");
    WCHAR *name = NULL;

    write_file(source, "x", 1);
    ok(call(job, SetReplyFileName, NULL));
    ok(call(job, SetReplyFileName, L""));
    ok(call(job, AddFile, L"http://localhost/a", source));
    ok(call(job, GetReplyFileName, &name));
    assert_non_null(name);
    assert_true(wcslen(name) > wcslen(source) - 6);
    assert_memory_equal(name, source, (wcslen(source) - 6) * sizeof(WCHAR));
    CoTaskMemFree(name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        com_test(properties_defaults),
        com_test(properties_names),
        com_test(properties_priority),
        com_test(properties_notify_flags),
        com_test(properties_retry),
        com_test(properties_acl_and_peer_flags),
        com_test(properties_acl_flags_transferred),
        com_test(properties_command_line),
        com_test(properties_proxy),
        com_test(properties_owner),
        com_test(properties_times),
        com_test(properties_ended),
        com_test(properties_null_pointers),
        com_test(properties_reply_of_others),
        com_test(properties_reply_name),
        com_test(properties_reply_name_generated),
    };

    return run_group("job_properties", tests);
}
