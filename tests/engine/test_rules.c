/*
 * What jobs may and may not: time slices, limits of time, size, bandwidth and cost, and the
 * properties that change how a job transfers. Against the fault server, in this process.
 */
#include "common.h"

#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#include <bits2_5.h>

/* Two slow jobs of one priority share the line: the second has bytes before the first is through.
 */
static void test_time_slices(void **state)
{
    struct job *first, *second;
    BG_JOB_PROGRESS progress;

    engine_close(engine);
    engine_options.time_slice_ms = 200;
    open_engine();
    first = new_job();
    second = new_job();
    assert_int_equal(add(first, FAULT(L"data/s1?size=3000000&seed=1&rate=1000000"), L"s1"), S_OK);
    assert_int_equal(add(second, FAULT(L"data/s2?size=3000000&seed=2&rate=1000000"), L"s2"), S_OK);
    assert_int_equal(job_resume(first), S_OK);
    wait_bytes(first, 1);
    assert_int_equal(job_resume(second), S_OK);
    wait_bytes(second, 100000);
    job_progress(first, &progress);
    assert_true(progress.BytesTransferred < 3000000);
    /* And the first has its turn again before the second is through. */
    wait_bytes(first, progress.BytesTransferred + 100000);
    assert_int_equal(wait_for(first, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(wait_for(second, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_complete(first), S_OK);
    assert_int_equal(job_complete(second), S_OK);
    assert_int_equal(size_of(local(L"s1")), 3000000);
    job_release(first);
    job_release(second);
}

static void short_delay(struct model_job *next)
{
    next->minimum_retry_delay = 5;
}

/* A transient error is tried again by itself, also when the service was restarted meanwhile. */
static void test_retries(void **state)
{
    struct job *job = new_job();

    assert_int_equal(add(job, FAULT(L"data/re?size=1000&status=503&times=1"), L"re"), S_OK);
    change(job, short_delay);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSIENT_ERROR), BG_JOB_STATE_TRANSIENT_ERROR);
    job = reopen(job);
    assert_int_equal(job_state(job), BG_JOB_STATE_TRANSIENT_ERROR);
    assert_int_equal(error_of(job), BG_E_HTTP_ERROR_503);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(error_of(job), BG_E_ERROR_INFORMATION_UNAVAILABLE);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
}

static void test_validation_refused(void **state)
{
    struct job *job = new_job();
    struct file **files;
    BG_FILE_PROGRESS progress;
    ULONG count;

    assert_int_equal(add(job, FAULT(L"data/v?size=50000&seed=3"), L"v"), S_OK);
    assert_int_equal(add(job, FAULT(L"data/w?size=60000&seed=4"), L"w"), S_OK);
    assert_int_equal(job_snapshot_files(job, &files, &count), S_OK);
    assert_int_equal(file_set_validation(files[0], FALSE), E_PENDING);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(file_set_validation(files[1], TRUE), S_OK);
    assert_int_equal(job_state(job), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(file_set_validation(files[0], FALSE), S_OK);
    assert_int_equal(job_state(job), BG_JOB_STATE_ERROR);
    assert_int_equal(error_of(job), BG_E_VALIDATION_FAILED);
    file_progress(files[0], &progress);
    assert_int_equal(progress.BytesTransferred, 0);
    file_progress(files[1], &progress);
    assert_int_equal(progress.BytesTransferred, 60000);
    job_free_files(files, count);
    job = reopen(job);
    assert_int_equal(job_state(job), BG_JOB_STATE_ERROR);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_complete(job), S_OK);
    assert_int_equal(size_of(local(L"v")), 50000);
    assert_int_equal(size_of(local(L"w")), 60000);
    job_release(job);
}

static void one_second(struct model_job *next)
{
    next->maximum_download_time = 1;
}

static void long_time(struct model_job *next)
{
    next->maximum_download_time = 1000;
}

static void test_maximum_time(void **state)
{
    struct job *job = new_job();

    assert_int_equal(add(job, FAULT(L"data/mt?size=3000000&seed=5&rate=1000000"), L"mt"), S_OK);
    change(job, one_second);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_ERROR);
    assert_int_equal(error_of(job), BG_E_MAXDOWNLOAD_TIMEOUT);
    change(job, long_time);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
}

static void at_most_100000(struct model_job *next)
{
    next->maximum_download_size = 100000;
}

/* Over the whole job: each file alone would do. */
static void test_maximum_size(void **state)
{
    struct job *job = new_job(), *fits = new_job();

    change(job, at_most_100000);
    change(fits, at_most_100000);
    assert_int_equal(add(job, FAULT(L"data/z1?size=60000&seed=6"), L"z1"), S_OK);
    assert_int_equal(add(job, FAULT(L"data/z2?size=60000&seed=7"), L"z2"), S_OK);
    assert_int_equal(add(fits, FAULT(L"data/z3?size=60000&seed=6"), L"z3"), S_OK);
    assert_int_equal(add(fits, FAULT(L"data/z4?size=40000&seed=7"), L"z4"), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_ERROR);
    assert_int_equal(error_of(job), BG_E_MAX_DOWNLOAD_SIZE_LIMIT_REACHED);
    assert_int_equal(job_resume(fits), S_OK);
    assert_int_equal(wait_for(fits, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_cancel(job), S_OK);
    assert_int_equal(job_cancel(fits), S_OK);
    job_release(job);
    job_release(fits);
}

static void fast(struct model_job *next)
{
    next->high_performance = TRUE;
}

static void test_high_performance(void **state)
{
    struct job *job = new_job(), *gone = new_job();

    change(job, fast);
    change(gone, fast);
    assert_int_equal(add(job, FAULT(L"data/h?size=2000000&seed=8"), L"h"), S_OK);
    assert_int_equal(add(gone, FAULT(L"data/g?size=2000000&seed=9&stall=500000"), L"g"), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(size_of(local(L"h")), 2000000);
    assert_int_equal(count_files(L"BIT*.tmp"), 0);
    assert_int_equal(job_complete(job), S_OK);
    assert_int_equal(size_of(local(L"h")), 2000000);
    assert_int_equal(GetFileAttributesW(local(L"h")) & FILE_ATTRIBUTE_HIDDEN, 0);
    /* What a cancelled job has written stays. */
    assert_int_equal(job_resume(gone), S_OK);
    wait_bytes(gone, 100000);
    assert_int_equal(job_cancel(gone), S_OK);
    assert_true(size_of(local(L"g")) >= 100000 && size_of(local(L"g")) < 2000000);
    assert_int_equal(GetFileAttributesW(local(L"g")) & FILE_ATTRIBUTE_HIDDEN, 0);
    job_release(job);
    job_release(gone);
}

static void dynamic(struct model_job *next)
{
    next->dynamic_content = TRUE;
}

/* Content without a size, and any interruption begins again. */
static void test_dynamic_content(void **state)
{
    struct job *job = new_job(), *plain;
    BG_JOB_PROGRESS progress;

    change(job, dynamic);
    assert_int_equal(
        add(job, FAULT(L"data/d?size=2000000&seed=10&framing=chunked&rate=2000000"), L"d"), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    wait_bytes(job, 300000);
    assert_int_equal(job_suspend(job), S_OK);
    job = reopen(job);
    job_progress(job, &progress);
    assert_int_equal(progress.BytesTransferred, 0);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_complete(job), S_OK);
    assert_int_equal(size_of(local(L"d")), 2000000);
    plain = new_job();
    assert_int_equal(add(plain, FAULT(L"data/p?size=20000&seed=10&framing=chunked"), L"p"), S_OK);
    assert_int_equal(job_resume(plain), S_OK);
    assert_int_equal(wait_for(plain, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_ERROR);
    assert_int_equal(error_of(plain), BG_E_MISSING_FILE_SIZE);
    assert_int_equal(job_cancel(plain), S_OK);
    job_release(job);
    job_release(plain);
}

static void post(struct model_job *next)
{
    model_set_string(&next->http_method, L"POST");
}

static HRESULT try_change(struct job *job, enum bc_call call, void (*edit)(struct model_job *next))
{
    struct job_change staged;
    HRESULT hr = job_change_begin_call(job, call, &staged);

    if (FAILED(hr))
        return hr;
    edit(&staged.next);
    return job_change_end(&staged, S_OK);
}

static void low_priority(struct model_job *next)
{
    next->priority = BG_JOB_PRIORITY_LOW;
}

static void get(struct model_job *next)
{
    model_set_string(&next->http_method, L"GET");
}

static void test_http_method(void **state)
{
    struct job *job = new_job(), *normal = new_job();

    assert_int_equal(try_change(job, BC_CALL_SET_HTTP_METHOD, post), S_OK);
    assert_int_equal(job_lock(job)->priority, BG_JOB_PRIORITY_FOREGROUND);
    job_unlock(job);
    assert_int_equal(try_change(job, BC_CALL_SET_PROPERTY, low_priority),
                     BG_E_NOT_SUPPORTED_WITH_CUSTOM_HTTP_METHOD);
    assert_int_equal(try_change(job, BC_CALL_SET_PROPERTY_BEFORE_RESUME, dynamic),
                     BG_E_NOT_SUPPORTED_WITH_CUSTOM_HTTP_METHOD);
    assert_int_equal(add(job, FAULT(L"data/m?size=1000&status=503&times=1"), L"m"), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    /* What would pass by itself is fatal. */
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSIENT_ERROR), BG_JOB_STATE_ERROR);
    assert_int_equal(error_of(job), BG_E_HTTP_ERROR_503);
    assert_int_equal(try_change(job, BC_CALL_SET_HTTP_METHOD, get),
                     BG_E_READ_ONLY_PROPERTY_AFTER_RESUME);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_cancel(job), S_OK);
    /* The default method changes nothing. */
    assert_int_equal(try_change(normal, BC_CALL_SET_HTTP_METHOD, get), S_OK);
    assert_int_equal(job_lock(normal)->priority, BG_JOB_PRIORITY_NORMAL);
    job_unlock(normal);
    assert_int_equal(job_cancel(normal), S_OK);
    job_release(job);
    job_release(normal);
}

static void test_certificate_interface(void **state)
{
    struct job *job = new_job();

    assert_int_equal(add(job, FAULT(L"data/c?size=100000&stall=1000"), L"c"), S_OK);
    assert_int_equal(job_set_certificate_interface(job, &notify_target), S_OK);
    assert_int_equal(job_set_certificate_interface(job, NULL), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(job_set_certificate_interface(job, &notify_target),
                     BG_E_READ_ONLY_WHEN_JOB_ACTIVE);
    assert_int_equal(job_cancel(job), S_OK);
    assert_int_equal(job_set_certificate_interface(job, &notify_target), BG_E_INVALID_STATE);
    job_release(job);
}

static void report(struct model_job *next)
{
    next->security_flags = BG_HTTP_REDIRECT_POLICY_ALLOW_REPORT;
}

static void test_redirect_report(void **state)
{
    struct job *silent = new_job(), *job = new_job();
    WCHAR final[256], first[256];
    struct file **files;
    ULONG count;

    wcscpy(final, FAULT(L"data/there?size=3000"));
    wcscpy(first, FAULT(L"data/here?redirect=302&redirect_to={http}/data/there%3Fsize%3D3000"));
    assert_int_equal(add(silent, first, L"r1"), S_OK);
    assert_int_equal(add(job, first, L"r2"), S_OK);
    change(job, report);
    assert_int_equal(job_resume(silent), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(silent, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_snapshot_files(silent, &files, &count), S_OK);
    job_lock(silent);
    assert_int_equal(wcscmp(file_data(files[0])->remote_name, first), 0);
    job_unlock(silent);
    job_free_files(files, count);
    job_release(silent);
    job = reopen(job);
    assert_int_equal(job_snapshot_files(job, &files, &count), S_OK);
    job_lock(job);
    assert_int_equal(wcscmp(file_data(files[0])->remote_name, final), 0);
    job_unlock(job);
    job_free_files(files, count);
    assert_int_equal(job_complete(job), S_OK);
    assert_int_equal(size_of(local(L"r2")), 3000);
    job_release(job);
}

static void not_roaming(struct model_job *next)
{
    next->cost_flags = 0x8000007f;
}

static void always(struct model_job *next)
{
    next->cost_flags = 0x800000ff;
}

static void test_cost(void **state)
{
    struct job *job;

    engine_close(engine);
    engine_options.network_cost = 0x80; /* roaming */
    open_engine();
    job = new_job();
    change(job, not_roaming);
    assert_int_equal(add(job, FAULT(L"data/co?size=1000"), L"co"), S_OK);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSIENT_ERROR), BG_JOB_STATE_TRANSIENT_ERROR);
    assert_int_equal(error_of(job), BG_E_BLOCKED_BY_COST_TRANSFER_POLICY);
    change(job, always);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
}

static void test_bandwidth(void **state)
{
    struct job *job = new_job(), *foreground;
    ULONGLONG began;
    GUID id;

    assert_int_equal(add(job, FAULT(L"data/b?size=300000"), L"b"), S_OK);
    set_policy(L"EnableBITSMaxBandwidth", 1);
    set_policy(L"MaxTransferRateOnSchedule", 0);
    job = reopen(job);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSIENT_ERROR), BG_JOB_STATE_TRANSIENT_ERROR);
    assert_int_equal(error_of(job), BG_E_BLOCKED_BY_POLICY);
    assert_int_equal(job_lock(job)->error_count, 0);
    job_unlock(job);
    foreground = new_job();
    set_priority(foreground, BG_JOB_PRIORITY_FOREGROUND);
    assert_int_equal(add(foreground, FAULT(L"data/f?size=300000"), L"f"), S_OK);
    assert_int_equal(job_resume(foreground), S_OK);
    assert_int_equal(wait_for(foreground, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_complete(foreground), S_OK);
    job_release(foreground);
    /* 800 kilobits are 100,000 bytes a second. */
    set_policy(L"MaxTransferRateOnSchedule", 800);
    id = job_lock(job)->id;
    job_unlock(job);
    began = GetTickCount64();
    job = reopen(job);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_true(GetTickCount64() - began >= 1500);
    assert_memory_equal(&id, &job_lock(job)->id, sizeof(id));
    job_unlock(job);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
}

static void needs_token(struct model_job *next)
{
    next->helper_token_flags = 1;
    model_set_string(&next->helper_token_sid, L"S-1-5-21-1-2-3-4");
}

static void no_token_flags(struct model_job *next)
{
    next->helper_token_flags = 0;
}

/* A helper token does not outlive the service. */
static void test_token_required(void **state)
{
    struct job *job = new_job();

    assert_int_equal(add(job, FAULT(L"data/t?size=1000"), L"t"), S_OK);
    change(job, needs_token);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_ERROR);
    assert_int_equal(error_of(job), BG_E_TOKEN_REQUIRED);
    change(job, no_token_flags);
    assert_int_equal(job_resume(job), S_OK);
    assert_int_equal(wait_for(job, BG_JOB_STATE_TRANSFERRED), BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(job_cancel(job), S_OK);
    job_release(job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(test_time_slices),
        ENGINE_TEST(test_retries),
        ENGINE_TEST(test_validation_refused),
        ENGINE_TEST(test_maximum_time),
        ENGINE_TEST(test_maximum_size),
        ENGINE_TEST(test_high_performance),
        ENGINE_TEST(test_dynamic_content),
        ENGINE_TEST(test_http_method),
        ENGINE_TEST(test_certificate_interface),
        ENGINE_TEST(test_redirect_report),
        ENGINE_TEST(test_cost),
        ENGINE_TEST(test_bandwidth),
        ENGINE_TEST(test_token_required),
    };

    return run_engine_tests(tests, ARRAYSIZE(tests));
}
