/*
 * Marshals a call of every method of every BITS interface between two processes.
 *
 * The client (this program without "server") starts the server, gets one object of each interface
 * from it, and calls all methods in every way worth trying: arguments present and absent, every arm
 * of the unions, success and failure. Objects that go along are called back through, in whichever
 * direction. "--server PROGRAM" names a server of another bitness.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

#include "processes.h"

#define INTERFACES_MAX 64
#define COUNT_BOUND    0x100000 /* the most elements that Next may be asked for */
#define SKIPPED        77       /* what meson takes for that */

static struct shared_state *shared;
static struct proxy_dll dll;
static const WCHAR *server_program;
static void *objects[INTERFACES_MAX];

static int start(void **state)
{
    unsigned int i;

    if (FAILED(CoInitializeEx(NULL, COINIT_MULTITHREADED)) || !proxy_dll_load(&dll))
        return -1;
    shared = server_start(server_program);
    if (!shared)
        return -1;
    support_init(shared, 0);
    for (i = 0; i < object_class_count; i++)
        if (server_object(i, &objects[i]) != S_OK)
            return -1;
    return 0;
}

/* Every object must be gone, on both sides: a reference too many would keep one. */
static int finish(void **state)
{
    ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;
    bool left;
    unsigned int i;

    if (!shared)
        return -1;
    for (i = 0; i < object_class_count; i++)
        release_object(objects[i]);
    while ((shared->objects[0] || shared->objects[1]) && GetTickCount64() < deadline)
        SwitchToThread();
    left = shared->objects[0] || shared->objects[1];
    if (left)
        printf("objects left: client %ld, server %ld\n", shared->objects[0], shared->objects[1]);
    if (server_stop())
        left = true;
    CoUninitialize();
    return left ? -1 : 0;
}

static void *object_of(const IID *iid)
{
    unsigned int i;

    for (i = 0; i < object_class_count; i++)
        if (IsEqualIID(object_classes[i].iid, iid))
            return objects[i];
    fail_msg("no such interface");
    return NULL;
}

static void all_methods_of_the_interface(void **state)
{
    unsigned int number = (unsigned int)(uintptr_t)*state;

    call_lists[number].all(objects[number]);
    assert_true(server_alive());
    assert_int_equal(InterlockedExchange(&shared->failures, 0), 0);
}

/* What the server does not get to see. */

static void null_references_are_refused(void **state)
{
    IBackgroundCopyJob *job = object_of(&IID_IBackgroundCopyJob);
    IBackgroundCopyManager *manager = object_of(&IID_IBackgroundCopyManager);
    HRESULT refused = HRESULT_FROM_WIN32(RPC_X_NULL_REF_POINTER);

    assert_int_equal(IBackgroundCopyJob_AddFile(job, NULL, L"c:\\file"), refused);
    assert_int_equal(IBackgroundCopyJob_AddFileSet(job, 1, NULL), refused);
    assert_int_equal(IBackgroundCopyJob_GetId(job, NULL), refused);
    assert_int_equal(IBackgroundCopyJob_GetDisplayName(job, NULL), refused);
    assert_int_equal(IBackgroundCopyManager_GetJob(manager, NULL, NULL), refused);
    assert_true(server_alive());
    assert_int_equal(shared->failures, 0);
}

static void an_unknown_tag_is_refused(void **state)
{
    IBackgroundCopyJob5 *job = object_of(&IID_IBackgroundCopyJob5);
    IBackgroundCopyFile5 *file = object_of(&IID_IBackgroundCopyFile5);
    HRESULT refused = HRESULT_FROM_WIN32(RPC_S_INVALID_TAG);
    BITS_JOB_PROPERTY_VALUE value = {0};
    BITS_FILE_PROPERTY_VALUE header = {0};

    assert_int_equal(IBackgroundCopyJob5_SetProperty(job, (BITS_JOB_PROPERTY_ID)77, value),
                     refused);
    assert_int_equal(IBackgroundCopyFile5_SetProperty(file, (BITS_FILE_PROPERTY_ID)77, header),
                     refused);
    assert_true(server_alive());
    assert_int_equal(shared->failures, 0);
}

static void an_enum_beyond_16_bits_is_refused(void **state)
{
    IBackgroundCopyJob *job = object_of(&IID_IBackgroundCopyJob);

    assert_int_equal(IBackgroundCopyJob_SetPriority(job, (BG_JOB_PRIORITY)0x10002),
                     HRESULT_FROM_WIN32(RPC_X_ENUM_VALUE_OUT_OF_RANGE));
    assert_true(server_alive());
    assert_int_equal(shared->failures, 0);
}

/* A stub makes room for celt elements before the method runs; the contract sets a bound. */
static void a_wild_count_is_refused(void **state)
{
    IEnumBackgroundCopyJobs *jobs = object_of(&IID_IEnumBackgroundCopyJobs);
    IEnumBackgroundCopyGroups *groups = object_of(&IID_IEnumBackgroundCopyGroups);
    HRESULT refused = HRESULT_FROM_WIN32(RPC_S_INVALID_BOUND);
    void *room = calloc(COUNT_BOUND + 1, sizeof(GUID));
    ULONG fetched = 0;

    assert_non_null(room);
    assert_int_equal(IEnumBackgroundCopyJobs_Next(jobs, COUNT_BOUND + 1, room, &fetched), refused);
    assert_int_equal(IEnumBackgroundCopyGroups_Next(groups, COUNT_BOUND + 1, room, &fetched),
                     refused);
    free(room);
    assert_true(server_alive());
    assert_int_equal(shared->failures, 0);
}

static void dual_interfaces_answer_as_idispatch(void **state)
{
    IBITSExtensionSetup *setup = object_of(&IID_IBITSExtensionSetup);
    WCHAR *name = task_text("name");
    DISPID id = 0;
    UINT count = 0;

    assert_int_equal(IBITSExtensionSetup_GetTypeInfoCount(setup, &count), S_OK);
    assert_int_equal(count, TYPE_INFO_COUNT);
    assert_int_equal(IBITSExtensionSetup_GetIDsOfNames(setup, &IID_NULL, &name, 1, 0, &id), S_OK);
    assert_int_equal(id, NAMED_DISPID);
    assert_int_equal(shared->failures, 0);
    CoTaskMemFree(name);
}

/* The tables of the DLL. */

static void every_interface_has_a_proxy(void **state)
{
    unsigned int i;
    int index;

    assert_null(dll.files[1]);
    assert_int_equal(dll.files[0]->TableSize, object_class_count);
    for (i = 0; i < object_class_count; i++) {
        assert_true(dll.files[0]->pIIDLookupRtn(object_classes[i].iid, &index));
        assert_string_equal(dll.files[0]->pNamesArray[index], object_classes[i].name);
    }
}

static void the_asynchronous_twin_stands_beside_its_interface(void **state)
{
    int sync, async, i;

    assert_true(dll.files[0]->pIIDLookupRtn(&IID_IBackgroundCopyCallback, &sync));
    assert_true(dll.files[0]->pIIDLookupRtn(&IID_AsyncIBackgroundCopyCallback, &async));
    for (i = 0; i < dll.files[0]->TableSize; i++) {
        const IID *entry = dll.files[0]->pAsyncIIDLookup[i];

        if (i == sync)
            assert_true(IsEqualIID(entry, &IID_AsyncIBackgroundCopyCallback));
        else
            assert_ptr_equal(entry, i == async ? (const IID *)(LONG_PTR)-1 : NULL);
    }
}

int wmain(int argc, WCHAR **argv);

int wmain(int argc, WCHAR **argv)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(null_references_are_refused),
        cmocka_unit_test(an_unknown_tag_is_refused),
        cmocka_unit_test(an_enum_beyond_16_bits_is_refused),
        cmocka_unit_test(a_wild_count_is_refused),
        cmocka_unit_test(dual_interfaces_answer_as_idispatch),
        cmocka_unit_test(every_interface_has_a_proxy),
        cmocka_unit_test(the_asynchronous_twin_stands_beside_its_interface),
    };
    static struct CMUnitTest tests[INTERFACES_MAX + ARRAYSIZE(others)];
    unsigned int i;

    if (argc == 3 && !wcscmp(argv[1], L"server"))
        return server_main(argv[2]);
    if (argc == 3 && !wcscmp(argv[1], L"--server"))
        server_program = argv[2];
    if (server_program && GetFileAttributesW(server_program) == INVALID_FILE_ATTRIBUTES)
        return SKIPPED;
    if (object_class_count > INTERFACES_MAX)
        return 1;
    for (i = 0; i < object_class_count; i++) {
        tests[i].name = object_classes[i].name;
        tests[i].test_func = all_methods_of_the_interface;
        tests[i].initial_state = (void *)(uintptr_t)i;
    }
    memcpy(&tests[i], others, sizeof(others));
    return _cmocka_run_group_tests("proxy", tests, object_class_count + ARRAYSIZE(others), start,
                                   finish);
}
