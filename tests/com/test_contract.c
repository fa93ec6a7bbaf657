/*
 * What clients find before they hold a job: versions, classes that are not there, and what the
 * proxies and the policies say for the service.
 */
#include "service.h"

#include <aclapi.h>
#include <bitscfg.h>
#include <sddl.h>

#define policy_test(function) cmocka_unit_test_teardown(function, clear_policies)

/* The version by which clients tell one BITS from another
 * (determining-the-version-of-bits-on-a-computer). */
static void contract_file_version(void **state)
{
    static const WCHAR *const names[] = {L"qmgr.dll", L"qmgrprxy.dll", L"bitsadmin.exe",
                                         L"bitssvc.exe"};

    for (size_t i = 0; i < ARRAYSIZE(names); i++) {
        WCHAR path[MAX_PATH];
        VS_FIXEDFILEINFO *fixed = NULL;
        BYTE block[4096];
        WCHAR *text = NULL;
        UINT size = 0;

        GetSystemDirectoryW(path, MAX_PATH);
        wcscat(path, L"\\");
        wcscat(path, names[i]);
        if (!GetFileVersionInfoW(path, 0, sizeof(block), block))
            fail_msg("%ls has no version: error %lu", names[i], GetLastError());
        assert_true(VerQueryValueW(block, L"\\", (void **)&fixed, &size));
        assert_int_equal(fixed->dwFileVersionMS, MAKELONG(8, 7));
        assert_int_equal(fixed->dwFileType, i < 2 ? VFT_DLL : VFT_APP);
        assert_true(VerQueryValueW(block, L"\\StringFileInfo\\040904B0\\OriginalFilename",
                                   (void **)&text, &size));
        assert_int_equal(wcscmp(text, names[i]), 0);
    }
}

/* The classes of the IIS extension come with it (nn-bitscfg-ibitsextensionsetupfactory): without
 * it there is no object of them to be had, by either way. */
static void contract_no_extension_setup(void **state)
{
    IUnknown *object = (IUnknown *)1;

    expect(REGDB_E_CLASSNOTREG,
           CoCreateInstance(&CLSID_BITSExtensionSetupFactory, NULL, CLSCTX_ALL,
                            &IID_IBITSExtensionSetupFactory, (void **)&object));
    assert_null(object);
    assert_true(FAILED(CoGetObject(L"IIS://localhost/W3SVC/1/Root/upload", NULL,
                                   &IID_IBITSExtensionSetup, (void **)&object)));
}

static void contract_null_arrays(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    BG_FILE_RANGE range = {0, 10};
    IBackgroundCopyFile6 *file;
    BG_JOB_PROGRESS progress;

    expect(NULL_REF, call(job, AddFileWithRanges, L"http://localhost/a", local("a"), 1, NULL));
    expect(NULL_REF, call(job, AddFileWithRanges, L"http://localhost/a", local("a"), 0, NULL));
    expect(NULL_REF, call(job, AddFileSet, 1, NULL));
    ok(call(job, GetProgress, &progress));
    assert_int_equal(progress.FilesTotal, 0);
    ok(call(job, AddFileWithRanges, L"http://localhost/a", local("a"), 1, &range));
    file = job_file(job, 0);
    expect(NULL_REF, call(file, RequestFileRanges, 1, NULL));
    expect(NULL_REF, call(file, RequestFileRanges, 0, NULL));
}

/* A reply may not go where its owner cannot write. */
static void contract_reply_not_writable(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_UPLOAD_REPLY);
    WCHAR *name = (WCHAR *)1;

    expect(E_ACCESSDENIED, call(job, SetReplyFileName, unwritable(L"reply")));
    ok(call(job, GetReplyFileName, &name));
    assert_null(name);
}

/* A high-performance job writes to the destination itself. */
static void contract_high_performance_name(void **state)
{
    BITS_JOB_PROPERTY_VALUE yes = {.Enable = TRUE};
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    WCHAR *name = NULL;

    ok(call(job, SetPriority, BG_JOB_PRIORITY_FOREGROUND));
    ok(call(job, SetProperty, BITS_JOB_PROPERTY_HIGH_PERFORMANCE, yes));
    ok(call(job, AddFile, url("FAULT", "data/test?size=1000&seed=1"), local("file")));
    ok(call(job_file(job, 0), GetTemporaryName, &name));
    assert_text(name, local("file"));
    transfer(job);
    assert_pattern(local("file"), 1, 0, 1000);
}

/* Ranges of what is made on request would be of different things. */
static void contract_dynamic_without_ranges(void **state)
{
    BITS_JOB_PROPERTY_VALUE yes = {.Enable = TRUE};
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    BG_FILE_RANGE range = {0, 10};
    BG_JOB_PROGRESS progress;

    ok(call(job, SetProperty, BITS_JOB_PROPERTY_DYNAMIC_CONTENT, yes));
    expect(BG_E_UNSUPPORTED_JOB_CONFIGURATION,
           call(job, AddFileWithRanges, L"http://localhost/a", local("a"), 1, &range));
    ok(call(job, GetProgress, &progress));
    assert_int_equal(progress.FilesTotal, 0);
    ok(call(job, AddFile, L"http://localhost/a", local("a")));
}

/* Without peer caching on the computer the job's flags are kept, and do nothing. */
static void contract_peers_not_enabled(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=1000&seed=1");
    UINT64 origin = 0, peers = 1;
    DWORD flags = 0;

    ok(call(job, SetPeerCachingFlags,
            BG_JOB_ENABLE_PEERCACHING_CLIENT | BG_JOB_ENABLE_PEERCACHING_SERVER));
    transfer(job);
    ok(call(job, GetPeerCachingFlags, &flags));
    assert_int_equal(flags, BG_JOB_ENABLE_PEERCACHING_CLIENT | BG_JOB_ENABLE_PEERCACHING_SERVER);
    ok(call(job_file(job, 0), GetPeerDownloadStats, &origin, &peers));
    assert_int_equal(origin, 1000);
    assert_int_equal(peers, 0);
}

static void contract_download_time_policy(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    ULONG seconds = 0;

    set_policy(L"MaxDownloadTime", 3600);
    ok(call(job, GetMaximumDownloadTime, &seconds));
    assert_int_equal(seconds, 3600);
    ok(call(job, SetMaximumDownloadTime, 60)); /* a job's own value counts */
    ok(call(job, GetMaximumDownloadTime, &seconds));
    assert_int_equal(seconds, 60);
}

/* The access list of a file as text, free by LocalFree(). */
static WCHAR *access_list(const WCHAR *path)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    WCHAR *text = NULL;

    assert_int_equal(GetNamedSecurityInfoW((WCHAR *)path, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION,
                                           NULL, NULL, NULL, NULL, &descriptor),
                     ERROR_SUCCESS);
    assert_true(ConvertSecurityDescriptorToStringSecurityDescriptorW(
        descriptor, SDDL_REVISION_1, DACL_SECURITY_INFORMATION, &text, NULL));
    LocalFree(descriptor);
    return text;
}

/* Downloads a file from a source that all the world may write; gives the copy's access list. */
static WCHAR *copy_with(DWORD flags, WCHAR **of_source)
{
    const WCHAR *source = local("source");
    IBackgroundCopyJob5 *job;
    PSECURITY_DESCRIPTOR wanted;
    ACL *acl;
    BOOL present, defaulted;

    if (!exists(source)) {
        write_file(source, "some bytes", 10);
        assert_true(ConvertStringSecurityDescriptorToSecurityDescriptorW(
            L"D:P(A;;FA;;;WD)", SDDL_REVISION_1, &wanted, NULL));
        assert_true(GetSecurityDescriptorDacl(wanted, &present, &acl, &defaulted));
        assert_int_equal(
            SetNamedSecurityInfoW((WCHAR *)source, SE_FILE_OBJECT,
                                  DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION,
                                  NULL, NULL, acl, NULL),
            ERROR_SUCCESS);
        LocalFree(wanted);
    }
    *of_source = access_list(source);
    job = new_download(source);
    ok(call(job, SetFileACLFlags, flags));
    transfer(job);
    ok(call(job, Complete));
    return access_list(local("file"));
}

static void contract_acl_flags_applied(void **state)
{
    WCHAR *source, *with, *without;

    without = copy_with(0, &source);
    if (!wcscmp(without, source))
        fail_msg("both have %ls", source);
    LocalFree(source);
    with = copy_with(BG_COPY_FILE_DACL, &source);
    if (wcscmp(with, source))
        fail_msg("%ls instead of %ls", with, source);
    LocalFree(source);
    LocalFree(with);
    LocalFree(without);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        com_test(contract_file_version),          com_test(contract_no_extension_setup),
        com_test(contract_null_arrays),           policy_test(contract_download_time_policy),
        com_test(contract_acl_flags_applied),     com_test(contract_reply_not_writable),
        com_test(contract_high_performance_name), com_test(contract_dynamic_without_ranges),
        com_test(contract_peers_not_enabled),
    };

    return run_group("contract", tests);
}
