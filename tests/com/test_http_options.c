/*
 * IBackgroundCopyJobHttpOptions to HttpOptions3: custom headers, security flags and redirects,
 * client certificates, the HTTP method.
 */
#include "common.h"

#include <stdlib.h>
#include <string.h>
#include <wincrypt.h>

static void http_headers(void **state)
{
    const struct {
        const WCHAR *text;
        HRESULT result;
    } cases[] = {
        {L"X-Test: 1\r\n", S_OK},
        {L"X-Test: 1\r\nX-Other: two words\r\n", S_OK},
        {L"X-Test: 1\nX-Other: 2\n", S_OK},
        {fill(L"X-Long: ", 'x', 16383), S_OK},
        {fill(L"X-Long: ", 'x', 16384), BG_E_STRING_TOO_LONG},
        {fill(L"X-Long: ", 'x', 1000000), BG_E_STRING_TOO_LONG},
        {L"no colon\r\n", E_INVALIDARG},
        {L"X-Bad: \x01\r\n", E_INVALIDARG},
    };

    for (int type = BG_JOB_TYPE_DOWNLOAD; type <= BG_JOB_TYPE_UPLOAD; type++) {
        IBackgroundCopyJobHttpOptions3 *http = http_options(new_job((BG_JOB_TYPE)type));
        const WCHAR *last = NULL;
        WCHAR *text = (WCHAR *)1;

        expect(S_FALSE, call(http, GetCustomHeaders, &text));
        assert_null(text);
        for (size_t i = 0; i < ARRAYSIZE(cases); i++) {
            expect(cases[i].result, call(http, SetCustomHeaders, cases[i].text));
            last = cases[i].result == S_OK ? cases[i].text : last;
            ok(call(http, GetCustomHeaders, &text));
            assert_text(text, last);
        }
        ok(call(http, SetCustomHeaders, NULL));
        text = (WCHAR *)1;
        expect(S_FALSE, call(http, GetCustomHeaders, &text));
        assert_null(text);
        expect(NULL_REF, call(http, GetCustomHeaders, NULL));
        expect(NULL_REF, call(http, GetSecurityFlags, NULL));
        expect(NULL_REF, call(http, GetHttpMethod, NULL));
    }
}

/* In every request of the job, write-only or not. */
static void http_headers_sent(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10");
    IBackgroundCopyJobHttpOptions3 *http = http_options(job);
    WCHAR *text = (WCHAR *)1;

    ok(call(job, AddFile, url("FAULT", "data/b?size=10"), local("b")));
    ok(call(http, SetCustomHeaders, L"X-One: 11\r\nX-Two: 22\r\n"));
    ok(call(http, MakeCustomHeadersWriteOnly));
    expect(E_ACCESSDENIED, call(http, GetCustomHeaders, &text));
    assert_null(text);
    transfer(job);
    assert_int_equal(fault_count("/data/test", "\"x-one\": \"11\""),
                     fault_count("/data/test", "\"method\""));
    assert_int_equal(fault_count("/data/b", "\"x-two\": \"22\""),
                     fault_count("/data/b", "\"method\""));
    ok(call(http, SetCustomHeaders, L"X-Three: 33\n"));
    expect(E_ACCESSDENIED, call(http, GetCustomHeaders, &text));
    ok(call(job, AddFile, url("FAULT", "data/c?size=10"), local("c")));
    transfer(job);
    assert_true(fault_count("/data/c", "\"x-three\": \"33\"") > 0);
    assert_int_equal(fault_count("/data/c", "x-one"), 0);
}

/* Shares know no headers. */
static void http_headers_share(void **state)
{
    const WCHAR *source = local("source");
    WCHAR remote[MAX_PATH + 8];
    IBackgroundCopyJob5 *job;
    size_t size = 0;
    char *copy;

    write_file(source, "of a share", 10);
    swprintf(remote, ARRAYSIZE(remote), L"file://%ls", source);
    job = new_download(remote);
    ok(call(http_options(job), SetCustomHeaders, L"X-Test: 1\r\n"));
    transfer(job);
    ok(call(job, Complete));
    copy = read_file(local("file"), &size);
    assert_int_equal(size, 10);
    assert_memory_equal(copy, "of a share", 10);
    free(copy);
}

static void http_security_flags(void **state)
{
    static const ULONG bad[] = {0x20, 0x80, 0x300, 0x400, 0x700, 0x1000, 0x80000000, 0xffffffff};
    IBackgroundCopyJobHttpOptions3 *http = http_options(new_job(BG_JOB_TYPE_DOWNLOAD));
    ULONG flags = 1;

    ok(call(http, GetSecurityFlags, &flags));
    assert_int_equal(flags, 0);
    for (ULONG ssl = 0; ssl < 0x20; ssl++) {
        for (ULONG policy = 0; policy <= 0x200; policy += 0x100) {
            for (ULONG down = 0; down <= 0x800; down += 0x800) {
                ok(call(http, SetSecurityFlags, ssl | policy | down));
                ok(call(http, GetSecurityFlags, &flags));
                assert_int_equal(flags, ssl | policy | down);
            }
        }
    }
    for (size_t i = 0; i < ARRAYSIZE(bad); i++)
        expect(E_NOTIMPL, call(http, SetSecurityFlags, bad[i]));
}

static void http_redirects(void **state)
{
    static const char target[] = "redirect=302&redirect_to=%7bhttp%7d/data/end%3fsize=10%26seed=4";
    static const ULONG policies[] = {BG_HTTP_REDIRECT_POLICY_ALLOW_SILENT,
                                     BG_HTTP_REDIRECT_POLICY_ALLOW_REPORT,
                                     BG_HTTP_REDIRECT_POLICY_DISALLOW};

    for (size_t i = 0; i < ARRAYSIZE(policies); i++) {
        IBackgroundCopyJob5 *job = new_fault_download(target);
        IBackgroundCopyFile6 *file = job_file(job, 0);
        WCHAR *before = NULL, *name = NULL;

        ok(call(file, GetRemoteName, &before));
        ok(call(http_options(job), SetSecurityFlags, policies[i]));
        ok(call(job, Resume));
        if (policies[i] == BG_HTTP_REDIRECT_POLICY_DISALLOW)
            wait_error(job, BG_JOB_STATE_ERROR, BG_E_HTTP_ERROR_302, BG_ERROR_CONTEXT_REMOTE_FILE);
        else
            wait_state(job, BG_JOB_STATE_TRANSFERRED);
        ok(call(file, GetRemoteName, &name));
        if (policies[i] == BG_HTTP_REDIRECT_POLICY_ALLOW_SILENT) {
            assert_text(name, before);
        } else {
            if (!wcsstr(name, L"/data/end?size=10&seed=4"))
                fail_msg("policy 0x%lx: %ls", policies[i], name);
            CoTaskMemFree(name);
        }
        CoTaskMemFree(before);
        if (policies[i] != BG_HTTP_REDIRECT_POLICY_DISALLOW) {
            ok(call(job, Complete));
            assert_pattern(local("file"), 4, 0, 10);
        }
    }
}

static void http_redirect_to_share(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("redirect=302&redirect_to=file://server/share/f");

    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_ERROR);
}

static void http_unknown_authority(void **state)
{
    IBackgroundCopyJob5 *job;

    publish("secure.bin", 31, 5000);
    job = new_download(url("HTTPS_UNKNOWN", "secure.bin"));
    ok(call(job, SetNoProgressTimeout, 0));
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_ERROR);
    ok(call(http_options(job), SetSecurityFlags, BG_SSL_IGNORE_UNKNOWN_CA));
    transfer(job);
    ok(call(job, Complete));
    assert_pattern(local("file"), 31, 0, 5000);
}

/* The certificate of the tests' own authority, as a client certificate. */
static PCCERT_CONTEXT find_certificate(BYTE *hash)
{
    HCERTSTORE store = CertOpenSystemStoreW(0, L"Root");
    PCCERT_CONTEXT found = CertFindCertificateInStore(
        store, X509_ASN_ENCODING, 0, CERT_FIND_SUBJECT_STR_W, L"OpenBITS test CA", NULL);
    DWORD size = 20;

    assert_non_null(found);
    assert_true(CertGetCertificateContextProperty(found, CERT_SHA1_HASH_PROP_ID, hash, &size));
    CertCloseStore(store, 0);
    return found;
}

static void http_certificate(void **state)
{
    IBackgroundCopyJobHttpOptions3 *http = http_options(new_job(BG_JOB_TYPE_DOWNLOAD));
    const WCHAR *long_name = fill(L"", 's', 256);
    BYTE hash[20], other[20] = {1, 2, 3}, *got = NULL;
    BG_CERT_STORE_LOCATION location = 99;
    WCHAR *store = NULL, *subject = NULL;

    CertFreeCertificateContext(find_certificate(hash));
#define BY_ID(location, store, hash)                                                               \
    call(http, SetClientCertificateByID, (BG_CERT_STORE_LOCATION)(location), store, hash)
#define BY_NAME(location, store, name)                                                             \
    call(http, SetClientCertificateByName, (BG_CERT_STORE_LOCATION)(location), store, name)
    expect(S_FALSE, call(http, RemoveClientCertificate));
    expect(HRESULT_FROM_WIN32(RPC_X_BAD_STUB_DATA),
           call(http, GetClientCertificate, &location, &store, &got, &subject));
    expect(E_NOTIMPL, BY_ID(8, L"Root", hash));
    expect(E_NOTIMPL, BY_NAME(8, L"Root", L"OpenBITS"));
    expect(HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND), BY_ID(0, L"no such store", hash));
    expect(HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND), BY_NAME(0, L"no such store", L"x"));
    expect(CRYPT_E_NOT_FOUND, BY_ID(0, L"Root", other));
    expect(CRYPT_E_NOT_FOUND, BY_NAME(0, L"Root", L"nobody has this name"));
    expect(E_INVALIDARG, BY_NAME(0, L"Root", L""));
    expect(BG_E_STRING_TOO_LONG, BY_ID(0, long_name, hash));
    expect(BG_E_STRING_TOO_LONG, BY_NAME(0, long_name, L"x"));
    expect(BG_E_STRING_TOO_LONG, BY_NAME(0, L"Root", long_name));
    expect(NULL_REF, BY_ID(0, NULL, hash));
    expect(NULL_REF, BY_NAME(0, NULL, L"x"));
    expect(NULL_REF, BY_NAME(0, L"Root", NULL));
    expect(NULL_REF, call(http, GetClientCertificate, NULL, &store, &got, &subject));
    expect(NULL_REF, call(http, GetClientCertificate, &location, NULL, &got, &subject));
    expect(NULL_REF, call(http, GetClientCertificate, &location, &store, &got, NULL));

    ok(BY_ID(0, L"Root", hash));
    ok(call(http, GetClientCertificate, &location, &store, &got, &subject));
    assert_int_equal(location, BG_CERT_STORE_LOCATION_CURRENT_USER);
    assert_text(store, L"Root");
    assert_memory_equal(got, hash, 20);
    CoTaskMemFree(got);
    CoTaskMemFree(subject);
    ok(call(http, RemoveClientCertificate));
    expect(S_FALSE, call(http, RemoveClientCertificate));
    ok(BY_NAME(0, L"Root", L"OpenBITS test"));
    ok(call(http, GetClientCertificate, &location, &store, &got, &subject));
    assert_memory_equal(got, hash, 20);
    CoTaskMemFree(store);
    CoTaskMemFree(got);
    CoTaskMemFree(subject);
#undef BY_ID
#undef BY_NAME
}

static void http_method(void **state)
{
    static const struct {
        BG_JOB_TYPE type;
        const WCHAR *method;
    } defaults[] = {{BG_JOB_TYPE_DOWNLOAD, L"GET"},
                    {BG_JOB_TYPE_UPLOAD, L"BITS_POST"},
                    {BG_JOB_TYPE_UPLOAD_REPLY, L"BITS_POST"}};
    WCHAR *method = NULL;

    for (size_t i = 0; i < ARRAYSIZE(defaults); i++) {
        IBackgroundCopyJobHttpOptions3 *http = http_options(new_job(defaults[i].type));

        ok(call(http, GetHttpMethod, &method));
        assert_text(method, defaults[i].method);
        ok(call(http, SetHttpMethod, defaults[i].method));
        expect(E_INVALIDARG, call(http, SetHttpMethod, L""));
        expect(E_INVALIDARG, call(http, SetHttpMethod, L"TWO WORDS"));
        expect(NULL_REF, call(http, SetHttpMethod, NULL));
        ok(call(http, GetHttpMethod, &method));
        assert_text(method, defaults[i].method);
    }
}

/* A method of the client's own is what the server sees. */
static void http_own_method(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=1000&seed=6&methods=REPORT");
    IBackgroundCopyJobHttpOptions3 *http = http_options(job);
    WCHAR *method = NULL;

    ok(call(http, SetHttpMethod, L"PUT"));
    ok(call(http, SetHttpMethod, L"REPORT"));
    ok(call(http, GetHttpMethod, &method));
    assert_text(method, L"REPORT");
    transfer(job);
    assert_int_equal(fault_count("/data/test", "\"method\": \"REPORT\""),
                     fault_count("/data/test", "\"method\""));
    ok(call(job, Complete));
    assert_pattern(local("file"), 6, 0, 1000);
}

/* With such a method nothing is tried again by itself, and nothing gone on with. */
static void http_own_method_cut(void **state)
{
    IBackgroundCopyJob5 *job =
        new_fault_download("size=100000&seed=6&cut=50000&times=1&methods=REPORT");

    ok(call(http_options(job), SetHttpMethod, L"REPORT"));
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_ERROR);
    transfer(job);
    assert_int_equal(fault_count("/data/test", "\"method\": \"REPORT\""), 2);
    assert_int_equal(fault_count("/data/test", "\"range\""), 0);
    ok(call(job, Complete));
    assert_pattern(local("file"), 6, 0, 100000);
}

static void http_own_method_alone(void **state)
{
    static const BITS_JOB_PROPERTY_ID others[] = {BITS_JOB_PROPERTY_DYNAMIC_CONTENT,
                                                  BITS_JOB_PROPERTY_ON_DEMAND_MODE};
    BITS_JOB_PROPERTY_VALUE value = {.Enable = TRUE};

    for (size_t i = 0; i < ARRAYSIZE(others); i++) {
        IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
        WCHAR *method = NULL;

        ok(call(job, SetProperty, others[i], value));
        expect(BG_E_NOT_SUPPORTED_WITH_CUSTOM_HTTP_METHOD,
               call(http_options(job), SetHttpMethod, L"POST"));
        ok(call(http_options(job), SetHttpMethod, L"GET"));
        ok(call(http_options(job), GetHttpMethod, &method));
        assert_text(method, L"GET");
    }
}

static void http_certificate_callback(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10");
    IBackgroundCopyJobHttpOptions3 *http = http_options(job);
    struct callback *callback = new_callback(3);

    ok(call(http, SetServerCertificateValidationInterface, NULL));
    expect(E_NOINTERFACE,
           call(http, SetServerCertificateValidationInterface, (IUnknown *)&callback->iface));
    transfer(job);
    expect(BG_E_READ_ONLY_WHEN_JOB_ACTIVE,
           call(http, SetServerCertificateValidationInterface, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        com_test(http_headers),
        com_test(http_headers_sent),
        com_test(http_headers_share),
        com_test(http_security_flags),
        com_test(http_redirects),
        com_test(http_redirect_to_share),
        com_test(http_unknown_authority),
        com_test(http_certificate),
        com_test(http_method),
        com_test(http_own_method),
        com_test(http_own_method_cut),
        com_test(http_own_method_alone),
        com_test(http_certificate_callback),
    };

    return run_group("http_options", tests);
}
