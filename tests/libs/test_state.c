/*
 * bc_state: the life cycle of a job, call by call and event by event, against the sentences of
 * life-cycle-of-a-bits-job and the pages of the methods.
 */
#include <bitscore/bc_state.h>

#include "support.h"

#define STATES (BC_STATE_CANCELLED + 1)

static struct bc_job_facts job_in(int state, int type)
{
    struct bc_job_facts job = {
        .state = (enum bc_job_state)state, .type = (enum bc_job_type)type, .file_count = 1};
    return job;
}

static void test_final_states(void **state)
{
    for (int s = 0; s < STATES; s++) {
        bool final = s == BC_STATE_ACKNOWLEDGED || s == BC_STATE_CANCELLED;

        assert_int_equal(bc_state_is_final((enum bc_job_state)s), final);
        for (int call = 0; final && call < BC_CALL_COUNT; call++) {
            for (int type = 0; type < 3; type++) {
                struct bc_job_facts job = job_in(s, type);

                /* Nothing that changes a job succeeds once it is gone. */
                if (call == BC_CALL_GET_REPLY || call == BC_CALL_GET_REPLY_DATA)
                    continue;
                assert_true(bc_failed(bc_state_check((enum bc_call)call, &job, 1)));
            }
        }
    }
    assert_false(bc_state_is_final((enum bc_job_state)99));
    assert_false(bc_state_is_final((enum bc_job_state) - 1));
}

static void test_state_changing_calls(void **state)
{
    for (int s = 0; s < BC_STATE_ACKNOWLEDGED; s++) {
        for (int type = 0; type < 3; type++) {
            struct bc_job_facts job = job_in(s, type);
            bool complete = type == BC_TYPE_DOWNLOAD || s == BC_STATE_TRANSFERRED;

            assert_hr(bc_state_check(BC_CALL_SUSPEND, &job, 0), BC_S_OK, "Suspend");
            assert_int_equal(bc_state_after(BC_CALL_SUSPEND, &job),
                             s == BC_STATE_TRANSFERRED ? s : BC_STATE_SUSPENDED);
            assert_hr(bc_state_check(BC_CALL_CANCEL, &job, 0), BC_S_OK, "Cancel");
            assert_int_equal(bc_state_after(BC_CALL_CANCEL, &job), BC_STATE_CANCELLED);
            assert_hr(bc_state_check(BC_CALL_COMPLETE, &job, 0),
                      complete ? BC_S_OK : BC_E_INVALID_STATE, "Complete");
            assert_int_equal(bc_state_after(BC_CALL_COMPLETE, &job), BC_STATE_ACKNOWLEDGED);

            assert_hr(bc_state_check(BC_CALL_RESUME, &job, 0), BC_S_OK, "Resume");
            assert_int_equal(bc_state_after(BC_CALL_RESUME, &job),
                             s <= BC_STATE_TRANSFERRING ? s : BC_STATE_QUEUED);
            job.all_transferred = true;
            if (s > BC_STATE_TRANSFERRING)
                assert_int_equal(bc_state_after(BC_CALL_RESUME, &job), BC_STATE_TRANSFERRED);
            job.file_count = 0;
            assert_hr(bc_state_check(BC_CALL_RESUME, &job, 0), BC_E_EMPTY, "Resume, empty");
            assert_int_equal(bc_state_after(BC_CALL_SET_PROPERTY, &job), s);
        }
    }
}

static void test_files(void **state)
{
    struct bc_job_facts job = job_in(BC_STATE_SUSPENDED, BC_TYPE_DOWNLOAD);

    assert_hr(bc_state_check(BC_CALL_ADD_FILE, &job, 100), BC_S_OK, "download");
    assert_hr(bc_state_check(BC_CALL_ADD_FILE_RANGES, &job, 1), BC_S_OK, "download ranges");
    assert_hr(bc_state_check(BC_CALL_SET_REMOTE_NAME, &job, 0), BC_S_OK, "download rename");
    job.type = BC_TYPE_UPLOAD;
    assert_hr(bc_state_check(BC_CALL_ADD_FILE, &job, 1), BC_E_TOO_MANY_FILES, "second upload");
    assert_hr(bc_state_check(BC_CALL_ADD_FILE_RANGES, &job, 1), BC_E_NOTIMPL, "upload ranges");
    assert_hr(bc_state_check(BC_CALL_SET_REMOTE_NAME, &job, 0), BC_E_NOTIMPL, "upload rename");
    job.file_count = 0;
    assert_hr(bc_state_check(BC_CALL_ADD_FILE, &job, 1), BC_S_OK, "first upload");
    assert_hr(bc_state_check(BC_CALL_ADD_FILE, &job, 2), BC_E_TOO_MANY_FILES, "two at once");
    job.type = BC_TYPE_UPLOAD_REPLY;
    assert_hr(bc_state_check(BC_CALL_ADD_FILE, &job, 2), BC_E_TOO_MANY_FILES, "two at once");
    job.state = BC_STATE_CANCELLED;
    assert_hr(bc_state_check(BC_CALL_ADD_FILE_RANGES, &job, 1), BC_E_NOTIMPL, "upload, gone");
}

static void test_reply(void **state)
{
    struct bc_job_facts job = job_in(BC_STATE_TRANSFERRING, BC_TYPE_UPLOAD_REPLY);

    assert_hr(bc_state_check(BC_CALL_SET_REPLY_FILE_NAME, &job, 0), BC_S_OK, "before the reply");
    assert_hr(bc_state_check(BC_CALL_GET_REPLY, &job, 0), BC_S_OK, "reply");
    for (int s = 0; s < STATES; s++) {
        struct bc_job_facts other = job_in(s, BC_TYPE_UPLOAD_REPLY);
        bool there = s == BC_STATE_TRANSFERRED || s == BC_STATE_ACKNOWLEDGED;

        assert_hr(bc_state_check(BC_CALL_GET_REPLY_DATA, &other, 0),
                  there ? BC_S_OK : BC_E_INVALID_STATE, "GetReplyData");
    }
    job.reply_started = true;
    assert_hr(bc_state_check(BC_CALL_SET_REPLY_FILE_NAME, &job, 0), BC_E_INVALID_STATE, "after");
    for (int type = BC_TYPE_DOWNLOAD; type <= BC_TYPE_UPLOAD; type++) {
        job.type = (enum bc_job_type)type;
        assert_hr(bc_state_check(BC_CALL_SET_REPLY_FILE_NAME, &job, 0), BC_E_NOTIMPL, "set");
        assert_hr(bc_state_check(BC_CALL_GET_REPLY, &job, 0), BC_E_NOTIMPL, "get");
        assert_hr(bc_state_check(BC_CALL_GET_REPLY_DATA, &job, 0), BC_E_NOTIMPL, "data");
    }
}

static void test_properties(void **state)
{
    struct bc_job_facts job = job_in(BC_STATE_SUSPENDED, BC_TYPE_DOWNLOAD);

    for (int s = 0; s < BC_STATE_ACKNOWLEDGED; s++) {
        struct bc_job_facts other = job_in(s, BC_TYPE_UPLOAD);

        assert_hr(bc_state_check(BC_CALL_SET_WHEN_SUSPENDED, &other, 0),
                  s == BC_STATE_SUSPENDED ? BC_S_OK : BC_E_READ_ONLY_WHEN_JOB_ACTIVE, "callback");
        assert_int_equal(bc_state_after(BC_CALL_ADD_FILE, &other),
                         s == BC_STATE_TRANSFERRED ? BC_STATE_SUSPENDED : s);
        assert_hr(bc_state_check(BC_CALL_SET_PROPERTY, &other, 0), BC_S_OK, "setter");
        assert_hr(bc_state_check(BC_CALL_TAKE_OWNERSHIP, &other, 0), BC_S_OK, "TakeOwnership");
        for (int call = BC_CALL_SET_PROPERTY_BEFORE_RESUME; call < BC_CALL_COUNT; call++)
            assert_hr(bc_state_check((enum bc_call)call, &other, 0),
                      BC_E_PROPERTY_SUPPORTED_FOR_DOWNLOAD_JOBS_ONLY, "upload");
    }
    assert_hr(bc_state_check(BC_CALL_SET_PROPERTY_BEFORE_RESUME, &job, 0), BC_S_OK, "fresh");
    assert_hr(bc_state_check(BC_CALL_SET_PROPERTY_BEFORE_ADD_FILE, &job, 0),
              BC_E_READ_ONLY_PROPERTY_AFTER_ADDFILE, "has a file");
    job.file_count = 0;
    assert_hr(bc_state_check(BC_CALL_SET_PROPERTY_BEFORE_ADD_FILE, &job, 0), BC_S_OK, "no file");
    job.resumed_once = true;
    assert_hr(bc_state_check(BC_CALL_SET_PROPERTY_BEFORE_RESUME, &job, 0),
              BC_E_READ_ONLY_PROPERTY_AFTER_RESUME, "resumed");
    assert_hr(bc_state_check(BC_CALL_SET_HTTP_METHOD, &job, 0),
              BC_E_READ_ONLY_PROPERTY_AFTER_RESUME, "method after Resume");
    job.resumed_once = false;
    assert_hr(bc_state_check(BC_CALL_SET_HTTP_METHOD, &job, 0), BC_S_OK, "method");
    assert_hr(bc_state_check(BC_CALL_COUNT, &job, 0), BC_E_INVALIDARG, "no call");
}

static void test_events(void **state)
{
    /* A row for each event: the state after it from QUEUED, CONNECTING, TRANSFERRING, SUSPENDED,
     * ERROR, TRANSIENT_ERROR, TRANSFERRED; '-' where it changes nothing. */
    static const char *const rows[BC_EVENT_COUNT] = {
        [BC_EVENT_TRANSFERRED] = "666----",     [BC_EVENT_RANGES_DONE] = "333----",
        [BC_EVENT_TRANSIENT_ERROR] = "555----", [BC_EVENT_FATAL_ERROR] = "444--44",
        [BC_EVENT_RETRY] = "-----0-",
    };
    enum bc_job_state next;

    for (int event = 0; event < BC_EVENT_COUNT; event++) {
        for (int s = 0; s < STATES; s++) {
            char expected = s < BC_STATE_ACKNOWLEDGED ? rows[event][s] : '-';

            next = (enum bc_job_state)77;
            if (expected == '-') {
                assert_false(bc_state_event((enum bc_event)event, (enum bc_job_state)s, &next));
                assert_int_equal(next, 77);
            } else {
                assert_true(bc_state_event((enum bc_event)event, (enum bc_job_state)s, &next));
                assert_int_equal(next, expected - '0');
            }
        }
    }
    assert_false(bc_state_event(BC_EVENT_COUNT, BC_STATE_QUEUED, &next));
    assert_false(bc_state_event(BC_EVENT_RETRY, (enum bc_job_state)40, &next));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_final_states), cmocka_unit_test(test_state_changing_calls),
        cmocka_unit_test(test_files),        cmocka_unit_test(test_reply),
        cmocka_unit_test(test_properties),   cmocka_unit_test(test_events),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
