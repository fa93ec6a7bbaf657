/*
 * HTTPS: what is checked of a server's certificate and what flags overlook, revoked certificates,
 * redirects that leave HTTPS, certificates that the job shows.
 */
#include "service.h"

#include "../server/pattern.h"

#include <aclapi.h>
#include <stdlib.h>
#include <string.h>
#include <wincrypt.h>
#include <winhttp.h>

#define BY_ID(location, store, hash)                                                               \
    call(http, SetClientCertificateByID, (BG_CERT_STORE_LOCATION)(location), store, hash)
#define BY_NAME(location, store, name)                                                             \
    call(http, SetClientCertificateByName, (BG_CERT_STORE_LOCATION)(location), store, name)

/* ---- server certificates ---- */

static const struct {
    const char *server;
    ULONG flag;
    DWORD code;
} faults[] = {
    {"FAULT_WRONGHOST", BG_SSL_IGNORE_CERT_CN_INVALID, ERROR_WINHTTP_SECURE_CERT_CN_INVALID},
    {"FAULT_EXPIRED", BG_SSL_IGNORE_CERT_DATE_INVALID, ERROR_WINHTTP_SECURE_CERT_DATE_INVALID},
    {"FAULT_WRONGUSE", BG_SSL_IGNORE_CERT_WRONG_USAGE, ERROR_WINHTTP_SECURE_CERT_WRONG_USAGE},
};

/* Each fault ends the job, whatever else is overlooked, unless that fault is. */
static void tls_faults(void **state)
{
    const ULONG all = BG_SSL_IGNORE_CERT_CN_INVALID | BG_SSL_IGNORE_CERT_DATE_INVALID |
                      BG_SSL_IGNORE_UNKNOWN_CA | BG_SSL_IGNORE_CERT_WRONG_USAGE;

    for (size_t i = 0; i < ARRAYSIZE(faults); i++) {
        IBackgroundCopyJob5 *job = new_download(url(faults[i].server, "data/tls?size=10&seed=3"));
        IBackgroundCopyJobHttpOptions3 *http = http_options(job);
        const ULONG tries[] = {0, all & ~faults[i].flag};

        for (size_t j = 0; j < ARRAYSIZE(tries); j++) {
            ok(call(http, SetSecurityFlags, tries[j]));
            ok(call(job, Resume));
            wait_error(job, BG_JOB_STATE_ERROR, HRESULT_FROM_WIN32(faults[i].code),
                       BG_ERROR_CONTEXT_REMOTE_FILE);
        }
        assert_int_equal(fault_count("/data/tls", "\"method\""), 0); /* nothing was asked */
        ok(call(http, SetSecurityFlags, faults[i].flag));
        transfer(job);
        ok(call(job, Complete));
        assert_pattern(local("file"), 3, 0, 10);
        com_clean(state);
    }
}

static void tls_revoked(void **state)
{
    IBackgroundCopyJob5 *job = new_download(url("FAULT_LISTED", "data/l?size=10"));

    ok(call(http_options(job), SetSecurityFlags, BG_SSL_ENABLE_CRL_CHECK));
    transfer(job);
    assert_true(fault_count("/ca.crl", "\"method\"") > 0);
    job = new_download(url("FAULT_REVOKED", "data/r?size=10"));
    ok(call(http_options(job), SetSecurityFlags, BG_SSL_ENABLE_CRL_CHECK));
    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_ERROR, HRESULT_FROM_WIN32(ERROR_WINHTTP_SECURE_CERT_REVOKED),
               BG_ERROR_CONTEXT_REMOTE_FILE);
    ok(call(http_options(job), SetSecurityFlags, 0)); /* nobody asks for the list */
    transfer(job);
    job = new_download(url("FAULT_GOOD", "data/g?size=10")); /* says of no list */
    ok(call(http_options(job), SetSecurityFlags, BG_SSL_ENABLE_CRL_CHECK));
    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_ERROR, HRESULT_FROM_WIN32(ERROR_WINHTTP_SECURE_CERT_REV_FAILED),
               BG_ERROR_CONTEXT_REMOTE_FILE);
}

static void wait_bytes(IBackgroundCopyJob5 *job, UINT64 bytes)
{
    ULONGLONG end = GetTickCount64() + DEADLINE;
    BG_JOB_PROGRESS progress = {0};

    while (progress.BytesTransferred < bytes) {
        assert_true(GetTickCount64() < end);
        Sleep(5);
        ok(call(job, GetProgress, &progress));
    }
}

/* The check is wanted in the middle of a file: that one comes again, the one before is kept. */
static void tls_check_again(void **state)
{
    IBackgroundCopyJob5 *job = new_download(url("FAULT_LISTED", "data/first?size=1000&seed=7"));

    ok(call(job, AddFile, url("FAULT_LISTED", "data/half?size=100000&seed=8&stall=50000&times=1"),
            local("half")));
    ok(call(job, Resume));
    wait_bytes(job, 51000);
    ok(call(http_options(job), SetSecurityFlags, BG_SSL_ENABLE_CRL_CHECK));
    wait_state(job, BG_JOB_STATE_TRANSFERRED);
    assert_int_equal(fault_count("/data/first", "\"method\""), 1);
    assert_int_equal(fault_count("/data/half", "\"method\""), 2);
    assert_int_equal(fault_count("/data/half", "\"range\""), 0);
    ok(call(job, Complete));
    assert_pattern(local("half"), 8, 0, 100000);
    job = new_download(url("FAULT_GOOD", "data/g?size=100000&stall=50000&times=1"));
    ok(call(job, Resume));
    wait_bytes(job, 50000);
    ok(call(http_options(job), SetSecurityFlags, BG_SSL_ENABLE_CRL_CHECK));
    wait_error(job, BG_JOB_STATE_ERROR, HRESULT_FROM_WIN32(ERROR_WINHTTP_SECURE_CERT_REV_FAILED),
               BG_ERROR_CONTEXT_REMOTE_FILE);
}

static void tls_redirect_to_http(void **state)
{
    IBackgroundCopyJob5 *job = new_download(url(
        "FAULT_GOOD", "data/s?redirect=302&redirect_to=%%7bhttp%%7d/data/p%%3fsize=10%%26seed=4"));

    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_ERROR);
    assert_int_equal(fault_count("/data/p", "\"method\""), 0);
    ok(call(http_options(job), SetSecurityFlags, BG_HTTP_REDIRECT_POLICY_ALLOW_HTTPS_TO_HTTP));
    transfer(job);
    assert_int_equal(fault_count("/data/p", "\"proto\": \"http\""), 1);
    ok(call(job, Complete));
    assert_pattern(local("file"), 4, 0, 10);
}

/* The upload protocol goes over HTTPS, too. */
static void tls_upload(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_UPLOAD);
    static char data[300000];
    char *facts;

    pattern_fill(9, 0, data, sizeof(data));
    write_file(local("up"), data, sizeof(data));
    ok(call(job, SetPriority, BG_JOB_PRIORITY_FOREGROUND));
    ok(call(job, AddFile, url("FAULT_GOOD", "bits/tls?seed=9"), local("up")));
    transfer(job);
    facts = fault_uploads("/bits/tls");
    assert_non_null(strstr(facts, "\"good\": true"));
    free(facts);
    assert_int_equal(fault_count("/bits/tls", "\"proto\": \"https\""),
                     fault_count("/bits/tls", "\"method\""));
    assert_true(fault_count("/bits/tls", "\"proto\": \"https\"") > 0);
}

/* ---- client certificates ---- */

static const char *const certificates[] = {"client", "stranger", "nameless", "signer"};
static BYTE hashes[ARRAYSIZE(certificates)][20];
enum { CLIENT, STRANGER, NAMELESS, SIGNER };

/* Puts a certificate and its key into the user's own store. */
static void import(int which)
{
    WCHAR path[MAX_PATH];
    CRYPT_DATA_BLOB blob;
    HCERTSTORE file, own;
    PCCERT_CONTEXT found;
    DWORD hash = 20;
    size_t size;

    swprintf(path, MAX_PATH, L"%ls\\%hs.p12", environment("CLIENTS"), certificates[which]);
    blob.pbData = (BYTE *)read_file(path, &size);
    blob.cbData = (DWORD)size;
    file = PFXImportCertStore(&blob, L"", CRYPT_USER_KEYSET);
    if (!file)
        fail_msg("%ls: 0x%lx", path, GetLastError());
    free(blob.pbData);
    found = CertEnumCertificatesInStore(file, NULL);
    assert_non_null(found);
    own = CertOpenStore(CERT_STORE_PROV_SYSTEM_W, 0, 0, CERT_SYSTEM_STORE_CURRENT_USER, L"MY");
    assert_non_null(own);
    assert_true(
        CertAddCertificateContextToStore(own, found, CERT_STORE_ADD_REPLACE_EXISTING, NULL));
    assert_true(
        CertGetCertificateContextProperty(found, CERT_SHA1_HASH_PROP_ID, hashes[which], &hash));
    CertFreeCertificateContext(found);
    CertCloseStore(own, 0);
    CertCloseStore(file, 0);
}

static void import_all(void)
{
    for (int i = 0; i < (int)ARRAYSIZE(certificates); i++)
        import(i);
}

static int forget_certificates(void **state)
{
    HCERTSTORE own =
        CertOpenStore(CERT_STORE_PROV_SYSTEM_W, 0, 0, CERT_SYSTEM_STORE_CURRENT_USER, L"MY");
    PCCERT_CONTEXT found;

    for (size_t i = 0; own && i < ARRAYSIZE(hashes); i++) {
        CRYPT_HASH_BLOB blob = {20, hashes[i]};

        found =
            CertFindCertificateInStore(own, X509_ASN_ENCODING, 0, CERT_FIND_SHA1_HASH, &blob, NULL);
        if (found)
            CertDeleteCertificateFromStore(found);
    }
    if (own)
        CertCloseStore(own, 0);
    return com_clean(state);
}

/* A server that turns away who does not show a certificate of its authority. */
static void tls_client_certificate(void **state)
{
    IBackgroundCopyJobHttpOptions3 *http;
    IBackgroundCopyJob5 *job;

    import_all();
    publish("clients.bin", 41, 5000);
    job = new_download(url("HTTPS_CLIENT", "clients.bin"));
    http = http_options(job);
    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_ERROR, BG_E_HTTP_ERROR_403, BG_ERROR_CONTEXT_REMOTE_FILE);
    ok(BY_NAME(BG_CERT_STORE_LOCATION_CURRENT_USER, L"MY", L"Test stranger"));
    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_ERROR, BG_E_HTTP_ERROR_403, BG_ERROR_CONTEXT_REMOTE_FILE);
    ok(BY_ID(BG_CERT_STORE_LOCATION_CURRENT_USER, L"MY", hashes[CLIENT]));
    transfer(job);
    ok(call(job, Complete));
    assert_pattern(local("file"), 41, 0, 5000);
}

/* The job has the certificate of that hash, and says so with that subject. */
static void check_certificate(IBackgroundCopyJobHttpOptions3 *http, int which, const WCHAR *name)
{
    BG_CERT_STORE_LOCATION location = 99;
    WCHAR *store = NULL, *subject = NULL;
    BYTE *hash = NULL;

    ok(call(http, GetClientCertificate, &location, &store, &hash, &subject));
    assert_int_equal(location, BG_CERT_STORE_LOCATION_CURRENT_USER);
    assert_text(store, L"MY");
    assert_memory_equal(hash, hashes[which], 20);
    CoTaskMemFree(hash);
    assert_text(subject, name);
}

/* Names are those of the subject, the last one first. */
static void tls_subjects(void **state)
{
    IBackgroundCopyJobHttpOptions3 *http = http_options(new_job(BG_JOB_TYPE_DOWNLOAD));
    const WCHAR *whole = L"Test client, Their clients, Some tests";

    import_all();
    ok(BY_NAME(BG_CERT_STORE_LOCATION_CURRENT_USER, L"MY", L"client, their Clients"));
    check_certificate(http, CLIENT, whole);
    ok(BY_ID(BG_CERT_STORE_LOCATION_CURRENT_USER, L"MY", hashes[NAMELESS]));
    check_certificate(http, NAMELESS, L"");
    ok(BY_ID(BG_CERT_STORE_LOCATION_CURRENT_USER, L"MY", hashes[CLIENT]));
    check_certificate(http, CLIENT, whole);
    expect(CRYPT_E_NOT_FOUND,
           BY_NAME(BG_CERT_STORE_LOCATION_CURRENT_USER, L"MY", L"client, Some tests"));
    /* For signing only. */
    expect(CRYPT_E_NOT_FOUND, BY_NAME(BG_CERT_STORE_LOCATION_CURRENT_USER, L"MY", L"Test signer"));
    check_certificate(http, CLIENT, whole);
}

static void tls_certificate_ended(void **state)
{
    import(CLIENT);
    for (int acknowledged = 0; acknowledged < 2; acknowledged++) {
        IBackgroundCopyJobHttpOptions3 *http = http_options(ended_job(acknowledged));

        expect(BG_E_INVALID_STATE,
               BY_ID(BG_CERT_STORE_LOCATION_CURRENT_USER, L"MY", hashes[CLIENT]));
        expect(BG_E_INVALID_STATE,
               BY_NAME(BG_CERT_STORE_LOCATION_CURRENT_USER, L"MY", L"Test client"));
    }
}

/* A store of the machine that is closed to everybody. */
static void tls_closed_store(void **state)
{
    static const WCHAR path[] = L"Software\\Microsoft\\SystemCertificates\\OpenBITSclosed";
    IBackgroundCopyJobHttpOptions3 *http = http_options(new_job(BG_JOB_TYPE_DOWNLOAD));
    SECURITY_DESCRIPTOR closed;
    BYTE hash[20] = {1};
    ACL nobody;
    HKEY key;

    assert_true(InitializeSecurityDescriptor(&closed, SECURITY_DESCRIPTOR_REVISION));
    assert_true(InitializeAcl(&nobody, sizeof(nobody), ACL_REVISION));
    assert_true(SetSecurityDescriptorDacl(&closed, TRUE, &nobody, FALSE));
    assert_int_equal(RegCreateKeyExW(HKEY_LOCAL_MACHINE, path, 0, NULL, REG_OPTION_VOLATILE,
                                     KEY_ALL_ACCESS | KEY_WOW64_64KEY, NULL, &key, NULL),
                     ERROR_SUCCESS);
    assert_int_equal(RegSetKeySecurity(key, DACL_SECURITY_INFORMATION, &closed), ERROR_SUCCESS);
    expect(E_ACCESSDENIED, BY_ID(BG_CERT_STORE_LOCATION_LOCAL_MACHINE, L"OpenBITSclosed", hash));
    expect(E_ACCESSDENIED, BY_NAME(BG_CERT_STORE_LOCATION_LOCAL_MACHINE, L"OpenBITSclosed", L"x"));
    assert_true(SetSecurityDescriptorDacl(&closed, TRUE, NULL, FALSE));
    assert_int_equal(RegSetKeySecurity(key, DACL_SECURITY_INFORMATION, &closed), ERROR_SUCCESS);
    expect(CRYPT_E_NOT_FOUND, BY_ID(BG_CERT_STORE_LOCATION_LOCAL_MACHINE, L"OpenBITSclosed", hash));
    RegCloseKey(key);
    RegDeleteKeyExW(HKEY_LOCAL_MACHINE, path, KEY_WOW64_64KEY, 0);
}

int main(void)
{
#define CLIENT_TEST(function) cmocka_unit_test_teardown(function, forget_certificates)
    const struct CMUnitTest tests[] = {
        com_test(tls_faults),       com_test(tls_revoked),
        com_test(tls_check_again),  com_test(tls_redirect_to_http),
        com_test(tls_upload),       CLIENT_TEST(tls_client_certificate),
        CLIENT_TEST(tls_subjects),  CLIENT_TEST(tls_certificate_ended),
        com_test(tls_closed_store),
    };

    return run_group("tls", tests);
}
