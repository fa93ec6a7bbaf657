/*
 * The typed properties of IBackgroundCopyJob5, and the helper token's flags: types, defaults, what
 * may be set when.
 */
#include "service.h"

#define BITS_JOB_PROPERTY(id) ((BITS_JOB_PROPERTY_ID)(id))

static BITS_JOB_PROPERTY_VALUE get(IBackgroundCopyJob5 *job, int id)
{
    BITS_JOB_PROPERTY_VALUE value;

    memset(&value, 0xee, sizeof(value));
    ok(call(job, GetProperty, BITS_JOB_PROPERTY(id), &value));
    return value;
}

static HRESULT set(IBackgroundCopyJob5 *job, int id, UINT64 number)
{
    BITS_JOB_PROPERTY_VALUE value = {.Uint64 = 0};

    if (id == BITS_JOB_PROPERTY_MAX_DOWNLOAD_SIZE)
        value.Uint64 = number;
    else if (id == BITS_JOB_PROPERTY_NOTIFICATION_CLSID)
        value.ClsID.Data1 = (ULONG)number;
    else
        value.Dword = (DWORD)number;
    return call(job, SetProperty, BITS_JOB_PROPERTY(id), value);
}

enum {
    COST = BITS_JOB_PROPERTY_ID_COST_FLAGS,
    CLASS = BITS_JOB_PROPERTY_NOTIFICATION_CLSID,
    DYNAMIC = BITS_JOB_PROPERTY_DYNAMIC_CONTENT,
    HIGH = BITS_JOB_PROPERTY_HIGH_PERFORMANCE,
    MAX_SIZE = BITS_JOB_PROPERTY_MAX_DOWNLOAD_SIZE,
    STORED = BITS_JOB_PROPERTY_USE_STORED_CREDENTIALS,
    INTERVAL = BITS_JOB_PROPERTY_MINIMUM_NOTIFICATION_INTERVAL_MS,
    DEMAND = BITS_JOB_PROPERTY_ON_DEMAND_MODE
};

static void properties5_defaults(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    GUID clsid = get(job, CLASS).ClsID;

    assert_memory_equal(&clsid, &GUID_NULL, sizeof(clsid));
    assert_int_equal(get(job, COST).Dword, 0x800000ff);
    assert_int_equal(get(job, DYNAMIC).Enable, FALSE);
    assert_int_equal(get(job, HIGH).Enable, FALSE);
    assert_int_equal(get(job, DEMAND).Enable, FALSE);
    assert_int_equal(get(job, INTERVAL).Dword, 500);
    assert_true(get(job, MAX_SIZE).Uint64 == BG_SIZE_UNKNOWN);
    assert_int_equal(get(job, STORED).Target, 0);
}

static void properties5_set(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    static const DWORD costs[] = {0x800000ff, 0x8000007f, 0x8000006f, 0x80000067, 0x80000021, 1};

    for (size_t i = 0; i < ARRAYSIZE(costs); i++) {
        ok(set(job, COST, costs[i]));
        assert_int_equal(get(job, COST).Dword, costs[i]);
    }
    ok(set(job, CLASS, 0x12345678));
    assert_int_equal(get(job, CLASS).ClsID.Data1, 0x12345678);
    ok(set(job, CLASS, 0));
    assert_int_equal(get(job, CLASS).ClsID.Data1, 0);
    ok(set(job, DYNAMIC, TRUE));
    assert_int_equal(get(job, DYNAMIC).Enable, TRUE);
    ok(set(job, DYNAMIC, FALSE));
    ok(set(job, HIGH, TRUE));
    assert_int_equal(get(job, HIGH).Enable, TRUE);
    ok(set(job, HIGH, FALSE));
    ok(set(job, MAX_SIZE, 0x123456789aull));
    assert_true(get(job, MAX_SIZE).Uint64 == 0x123456789aull);
    expect(BG_E_MAX_DOWNLOAD_SIZE_INVALID_VALUE, set(job, MAX_SIZE, 0));
    ok(set(job, STORED, BG_AUTH_TARGET_PROXY));
    assert_int_equal(get(job, STORED).Target, BG_AUTH_TARGET_PROXY);
    expect(BG_E_USE_STORED_CREDENTIALS_NOT_SUPPORTED, set(job, STORED, BG_AUTH_TARGET_SERVER));
    expect(BG_E_USE_STORED_CREDENTIALS_NOT_SUPPORTED, set(job, STORED, 77));
    ok(set(job, INTERVAL, 1));
    assert_int_equal(get(job, INTERVAL).Dword, 1);
    ok(set(job, DEMAND, TRUE));
    assert_int_equal(get(job, DEMAND).Enable, TRUE);
}

/* What is dynamic has no parts. */
static void properties5_conflicts(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    BG_FILE_RANGE range = {0, 10};

    ok(set(job, DEMAND, TRUE));
    expect(BG_E_UNSUPPORTED_JOB_CONFIGURATION, set(job, DYNAMIC, TRUE));
    assert_int_equal(get(job, DYNAMIC).Enable, FALSE);
    ok(set(job, DEMAND, FALSE));
    ok(set(job, DYNAMIC, TRUE));
    expect(BG_E_UNSUPPORTED_JOB_CONFIGURATION, set(job, DEMAND, TRUE));
    assert_int_equal(get(job, DEMAND).Enable, FALSE);
    ok(call(job, SetDescription, L"still of use"));
    job = new_job(BG_JOB_TYPE_DOWNLOAD);
    ok(call(job, AddFileWithRanges, L"http://localhost/r", local("r"), 1, &range));
    expect(BG_E_UNSUPPORTED_JOB_CONFIGURATION, set(job, DYNAMIC, TRUE));
    assert_int_equal(get(job, DYNAMIC).Enable, FALSE);
}

static void properties5_interval_late(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=100000&stall=50000&times=1");

    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_TRANSFERRING);
    ok(set(job, INTERVAL, 100));
    assert_int_equal(get(job, INTERVAL).Dword, 100);
    assert_int_equal(state_of(job), BG_JOB_STATE_TRANSFERRING);
}

/* Dynamic content is not slowed down: with a limit on the bandwidth it does not run in the
 * background, while others do. */
static void properties5_dynamic_throttled(void **state)
{
    IBackgroundCopyJob5 *dynamic, *other;

    set_policy(L"EnableBITSMaxBandwidth", 1);
    set_policy(L"MaxTransferRateOnSchedule", 10000);
    set_policy(L"MaxTransferRateOffSchedule", 10000);
    restart_service();
    dynamic = new_fault_download("size=10&seed=4");
    ok(set(dynamic, DYNAMIC, TRUE));
    ok(call(dynamic, SetPriority, BG_JOB_PRIORITY_HIGH));
    other = new_job(BG_JOB_TYPE_DOWNLOAD);
    ok(call(other, AddFile, url("FAULT", "data/other?size=10"), local("other")));
    ok(call(dynamic, Resume));
    transfer(other);
    assert_int_equal(state_of(dynamic), BG_JOB_STATE_QUEUED);
    assert_int_equal(fault_count("/data/test", "\"method\""), 0);
    ok(call(dynamic, SetPriority, BG_JOB_PRIORITY_FOREGROUND));
    wait_state(dynamic, BG_JOB_STATE_TRANSFERRED);
    ok(call(dynamic, Complete));
    assert_pattern(local("file"), 4, 0, 10);
}

static int without_policies(void **state)
{
    clear_policies(state);
    restart_service();
    return 0;
}

/* The id is the union's tag: a proxy refuses what the contract does not list. */
static void properties5_unknown(void **state)
{
    static const int ids[] = {0, 6, 8, 11, 1000};
    IBackgroundCopyJob5 *job = new_download(L"http://localhost/a");
    IBackgroundCopyFile6 *file = job_file(job, 0);

    for (size_t i = 0; i < ARRAYSIZE(ids); i++) {
        BITS_JOB_PROPERTY_VALUE value = {.Dword = 1};
        BITS_FILE_PROPERTY_VALUE file_value = {.String = NULL};
        HRESULT got = call(job, GetProperty, BITS_JOB_PROPERTY(ids[i]), &value);
        HRESULT put = call(job, SetProperty, BITS_JOB_PROPERTY(ids[i]), value);
        HRESULT file_got =
            call(file, GetProperty, (BITS_FILE_PROPERTY_ID)(ids[i] + 2), &file_value);
        HRESULT file_put = call(file, SetProperty, (BITS_FILE_PROPERTY_ID)(ids[i] + 2), file_value);

        if (got != HRESULT_FROM_WIN32(RPC_S_INVALID_TAG))
            expect(BG_E_UNKNOWN_PROPERTY_ID, got);
        if (put != HRESULT_FROM_WIN32(RPC_S_INVALID_TAG))
            expect(BG_E_UNKNOWN_PROPERTY_ID, put);
        if (file_got != HRESULT_FROM_WIN32(RPC_S_INVALID_TAG))
            expect(BG_E_UNKNOWN_PROPERTY_ID, file_got);
        if (file_put != HRESULT_FROM_WIN32(RPC_S_INVALID_TAG))
            expect(BG_E_UNKNOWN_PROPERTY_ID, file_put);
    }
}

static void properties5_downloads_only(void **state)
{
    for (int type = BG_JOB_TYPE_UPLOAD; type <= BG_JOB_TYPE_UPLOAD_REPLY; type++) {
        IBackgroundCopyJob5 *job = new_job((BG_JOB_TYPE)type);

        expect(BG_E_PROPERTY_SUPPORTED_FOR_DOWNLOAD_JOBS_ONLY, set(job, DYNAMIC, TRUE));
        expect(BG_E_PROPERTY_SUPPORTED_FOR_DOWNLOAD_JOBS_ONLY, set(job, HIGH, TRUE));
        expect(BG_E_PROPERTY_SUPPORTED_FOR_DOWNLOAD_JOBS_ONLY, set(job, MAX_SIZE, 10));
        expect(BG_E_PROPERTY_SUPPORTED_FOR_DOWNLOAD_JOBS_ONLY, set(job, DEMAND, TRUE));
        ok(set(job, INTERVAL, 100));
        ok(set(job, COST, 1));
    }
}

static void properties5_too_late(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10");

    expect(BG_E_READ_ONLY_PROPERTY_AFTER_ADDFILE, set(job, HIGH, TRUE));
    transfer(job);
    expect(BG_E_READ_ONLY_PROPERTY_AFTER_RESUME, set(job, DYNAMIC, TRUE));
    expect(BG_E_READ_ONLY_PROPERTY_AFTER_RESUME, set(job, MAX_SIZE, 10));
    expect(BG_E_READ_ONLY_PROPERTY_AFTER_RESUME, set(job, DEMAND, TRUE));
    ok(set(job, COST, 1));
    ok(set(job, INTERVAL, 100));
}

static void properties5_size_limit(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=1000");

    ok(set(job, MAX_SIZE, 999));
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_ERROR);
    {
        IBackgroundCopyError *error = NULL;
        BG_ERROR_CONTEXT context;
        HRESULT code;

        ok(call(job, GetError, &error));
        track(error);
        ok(call(error, GetError, &context, &code));
        expect(BG_E_MAX_DOWNLOAD_SIZE_LIMIT_REACHED, code);
    }
    ok(call(job, Cancel));
    job = new_fault_download("size=1000");
    ok(set(job, MAX_SIZE, 1000));
    transfer(job);
}

/* No length, no ranges, an interruption: from the start again. */
static void properties5_dynamic_content(void **state)
{
    IBackgroundCopyJob5 *job =
        new_fault_download("size=50000&seed=4&framing=chunked&ranges=off&cut=20000&times=1");

    ok(set(job, DYNAMIC, TRUE));
    ok(call(job, SetMinimumRetryDelay, 5));
    ok(call(job, Resume));
    for (ULONGLONG end = GetTickCount64() + DEADLINE; state_of(job) != BG_JOB_STATE_TRANSFERRED;) {
        assert_true(GetTickCount64() < end);
        Sleep(20);
    }
    ok(call(job, Complete));
    assert_pattern(local("file"), 4, 0, 50000);
}

static void properties5_helper_token_flags(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    IBitsTokenOptions *token = token_options(job);
    WCHAR *sid = (WCHAR *)1;
    DWORD flags = 1;

    ok(call(token, GetHelperTokenFlags, &flags));
    assert_int_equal(flags, 0);
    ok(call(token, GetHelperTokenSid, &sid));
    assert_null(sid);
    ok(call(token, ClearHelperToken));
    for (DWORD wanted = 0; wanted < 4; wanted++) {
        ok(call(token, SetHelperTokenFlags, 3 - wanted));
        ok(call(token, GetHelperTokenFlags, &flags));
        assert_int_equal(flags, 3 - wanted);
    }
    expect(E_NOTIMPL, call(token, SetHelperTokenFlags, 4));
    expect(E_NOTIMPL, call(token, SetHelperTokenFlags, 0xffffffff));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        com_test(properties5_defaults),
        com_test(properties5_set),
        com_test(properties5_unknown),
        com_test(properties5_downloads_only),
        com_test(properties5_too_late),
        com_test(properties5_size_limit),
        com_test(properties5_dynamic_content),
        com_test(properties5_helper_token_flags),
        com_test(properties5_conflicts),
        com_test(properties5_interval_late),
        cmocka_unit_test_teardown(properties5_dynamic_throttled, without_policies),
    };

    return run_group("properties5", tests);
}
