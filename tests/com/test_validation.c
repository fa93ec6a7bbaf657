/*
 * The client's own judgement of server certificates: IBackgroundCopyServerCertificateValidation-
 * Callback and its setter.
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>
#include <wincrypt.h>

#include <bits10_3.h>

/* ---- the client's object ---- */

struct judge {
    IBackgroundCopyServerCertificateValidationCallback iface;
    LONG refs;
    volatile LONG calls;
    HRESULT answer;
    const char *path; /* what the server must not have been asked for yet, or NULL */
    int asked;        /* how often it had been all the same */
    GUID job;
    WCHAR remote[256];
    BYTE certificate[8192], store[32768];
    DWORD certificate_size, store_size, encoding;
};

static struct judge *impl_from_judge(IBackgroundCopyServerCertificateValidationCallback *iface)
{
    return CONTAINING_RECORD(iface, struct judge, iface);
}

static HRESULT STDMETHODCALLTYPE judge_QueryInterface(
    IBackgroundCopyServerCertificateValidationCallback *iface, REFIID iid, void **out)
{
    if (!IsEqualGUID(iid, &IID_IUnknown) &&
        !IsEqualGUID(iid, &IID_IBackgroundCopyServerCertificateValidationCallback)) {
        *out = NULL;
        return E_NOINTERFACE;
    }
    *out = iface;
    call(iface, AddRef);
    return S_OK;
}

static ULONG STDMETHODCALLTYPE
judge_AddRef(IBackgroundCopyServerCertificateValidationCallback *iface)
{
    return (ULONG)InterlockedIncrement(&impl_from_judge(iface)->refs);
}

static ULONG STDMETHODCALLTYPE
judge_Release(IBackgroundCopyServerCertificateValidationCallback *iface)
{
    struct judge *judge = impl_from_judge(iface);
    LONG refs = InterlockedDecrement(&judge->refs);

    if (!refs)
        free(judge);
    return (ULONG)refs;
}

static HRESULT STDMETHODCALLTYPE judge_ValidateServerCertificate(
    IBackgroundCopyServerCertificateValidationCallback *iface, IBackgroundCopyJob *job,
    IBackgroundCopyFile *file, DWORD certificate_size, const BYTE certificate[], DWORD encoding,
    DWORD store_size, const BYTE store[])
{
    struct judge *judge = impl_from_judge(iface);
    WCHAR *remote = NULL;

    if (judge->path)
        judge->asked = fault_count(judge->path, "\"method\"");
    if (SUCCEEDED(call(file, GetRemoteName, &remote))) {
        lstrcpynW(judge->remote, remote, ARRAYSIZE(judge->remote));
        CoTaskMemFree(remote);
    }
    call(job, GetId, &judge->job);
    judge->encoding = encoding;
    judge->certificate_size = judge->store_size = 0;
    if (certificate_size <= sizeof(judge->certificate) && store_size <= sizeof(judge->store)) {
        memcpy(judge->certificate, certificate, judge->certificate_size = certificate_size);
        memcpy(judge->store, store, judge->store_size = store_size);
    }
    InterlockedIncrement(&judge->calls);
    return judge->answer;
}

static const IBackgroundCopyServerCertificateValidationCallbackVtbl judge_vtbl = {
    .QueryInterface = judge_QueryInterface,
    .AddRef = judge_AddRef,
    .Release = judge_Release,
    .ValidateServerCertificate = judge_ValidateServerCertificate,
};

static struct judge *new_judge(HRESULT answer)
{
    struct judge *judge = calloc(1, sizeof(*judge));

    assert_non_null(judge);
    judge->iface.lpVtbl = (IBackgroundCopyServerCertificateValidationCallbackVtbl *)&judge_vtbl;
    judge->refs = 1;
    judge->answer = answer;
    track(&judge->iface);
    return judge;
}

static void appoint(IBackgroundCopyJob5 *job, struct judge *judge)
{
    ok(call(http_options(job), SetServerCertificateValidationInterface,
            judge ? (IUnknown *)&judge->iface : NULL));
}

/* ---- tests ---- */

/* What the client was shown is the server's certificate, and a serialized store that has it. */
static void check_shown(const struct judge *judge)
{
    PCCERT_CONTEXT shown;
    WCHAR name[100] = L"";
    BOOL has = FALSE;

    assert_int_equal(judge->encoding, X509_ASN_ENCODING);
    shown =
        CertCreateCertificateContext(judge->encoding, judge->certificate, judge->certificate_size);
    assert_non_null(shown);
    CertGetNameStringW(shown, CERT_NAME_SIMPLE_DISPLAY_TYPE, 0, NULL, name, ARRAYSIZE(name));
    assert_int_equal(wcscmp(name, L"localhost"), 0);
    CertFreeCertificateContext(shown);
    /* Wine 8 writes serialized stores, but reads none out of memory. */
    assert_true(judge->store_size > 8 && !memcmp(judge->store + 4, "CERT", 4));
    for (DWORD i = 8; !has && i + judge->certificate_size <= judge->store_size; i++)
        has = !memcmp(judge->store + i, judge->certificate, judge->certificate_size);
    assert_true(has);
}

/* Once for all files of the server, before it was asked for anything. */
static void validation_accepted(void **state)
{
    const WCHAR *remote = url("FAULT_GOOD", "data/v?size=10&seed=3");
    IBackgroundCopyJob5 *job = new_download(remote);
    struct judge *judge = new_judge(S_OK);
    GUID id = id_of(job);

    judge->path = "/data/v";
    ok(call(job, AddFile, url("FAULT_GOOD", "data/w?size=10&seed=3"), local("w")));
    appoint(job, judge);
    transfer(job);
    assert_int_equal(judge->calls, 1);
    assert_int_equal(judge->asked, 0);
    assert_memory_equal(&judge->job, &id, sizeof(id));
    assert_int_equal(wcscmp(judge->remote, remote), 0);
    check_shown(judge);
    ok(call(job, Complete));
    assert_pattern(local("file"), 3, 0, 10);
    assert_pattern(local("w"), 3, 0, 10);
}

static void validation_plain_http(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10");
    struct judge *judge = new_judge(E_FAIL);

    appoint(job, judge);
    transfer(job);
    assert_int_equal(judge->calls, 0);
}

/* A certificate that the system refuses is not shown. */
static void validation_system_first(void **state)
{
    IBackgroundCopyJob5 *job = new_download(url("FAULT_EXPIRED", "data/v?size=10"));
    struct judge *judge = new_judge(S_OK);

    appoint(job, judge);
    ok(call(job, Resume));
    wait_state(job, BG_JOB_STATE_ERROR);
    assert_int_equal(judge->calls, 0);
}

/* Refused, refused again, then accepted. */
static void validation_refused(void **state)
{
    IBackgroundCopyJob5 *job = new_download(url("FAULT_GOOD", "data/v?size=10"));
    struct judge *judge = new_judge(CRYPT_E_REVOKED);

    appoint(job, judge);
    for (LONG i = 1; i <= 2; i++) {
        ok(call(job, Resume));
        wait_error(job, BG_JOB_STATE_TRANSIENT_ERROR, CRYPT_E_REVOKED,
                   BG_ERROR_CONTEXT_SERVER_CERTIFICATE_CALLBACK);
        assert_int_equal(judge->calls, i);
        assert_int_equal(fault_count("/data/v", "\"method\""), 0);
        ok(call(job, Suspend));
    }
    judge->answer = S_OK;
    transfer(job);
    assert_int_equal(judge->calls, 3);
}

/* This program, as a client that goes away. */
static void leave(const WCHAR *id)
{
    struct judge *judge = calloc(1, sizeof(*judge));
    IBackgroundCopyJobHttpOptions3 *http;
    IBackgroundCopyJob *job;
    GUID guid;

    if (judge && SUCCEEDED(CoInitializeEx(NULL, COINIT_MULTITHREADED)) &&
        SUCCEEDED(CoInitializeSecurity(NULL, -1, NULL, NULL, RPC_C_AUTHN_LEVEL_DEFAULT,
                                       RPC_C_IMP_LEVEL_IMPERSONATE, NULL, EOAC_NONE, NULL)) &&
        SUCCEEDED(CoCreateInstance(&CLSID_BackgroundCopyManager, NULL, CLSCTX_LOCAL_SERVER,
                                   &IID_IBackgroundCopyManager, (void **)&manager)) &&
        SUCCEEDED(CLSIDFromString(id, &guid)) && SUCCEEDED(call(manager, GetJob, &guid, &job)) &&
        SUCCEEDED(call(job, QueryInterface, &IID_IBackgroundCopyJobHttpOptions3, (void **)&http))) {
        judge->iface.lpVtbl = (IBackgroundCopyServerCertificateValidationCallbackVtbl *)&judge_vtbl;
        judge->refs = 1;
        if (SUCCEEDED(
                call(http, SetServerCertificateValidationInterface, (IUnknown *)&judge->iface)))
            TerminateProcess(GetCurrentProcess(), 7);
    }
    TerminateProcess(GetCurrentProcess(), 1);
}

static void appoint_one_who_leaves(IBackgroundCopyJob5 *job)
{
    WCHAR text[40];
    GUID id = id_of(job);

    StringFromGUID2(&id, text, ARRAYSIZE(text));
    run_self(text, 7);
}

static void validation_client_gone(void **state)
{
    IBackgroundCopyJob5 *job = new_download(url("FAULT_GOOD", "data/v?size=10"));
    struct judge *judge = new_judge(S_OK);

    appoint_one_who_leaves(job);
    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_TRANSIENT_ERROR, BG_E_SERVER_CERT_VALIDATION_INTERFACE_REQUIRED,
               BG_ERROR_CONTEXT_SERVER_CERTIFICATE_CALLBACK);
    assert_int_equal(fault_count("/data/v", "\"method\""), 0);
    ok(call(job, Suspend));
    appoint(job, judge);
    transfer(job);
    assert_int_equal(judge->calls, 1);
}

/* The last one set is asked, for what the one before it has accepted, too. */
static void validation_set_twice(void **state)
{
    IBackgroundCopyJob5 *job = new_download(url("FAULT_GOOD", "data/v?size=10"));
    struct judge *first = new_judge(E_FAIL), *second = new_judge(S_OK), *third = new_judge(S_OK);

    appoint(job, first);
    appoint(job, second);
    transfer(job);
    assert_int_equal(second->calls, 1);
    ok(call(job, AddFile, url("FAULT_GOOD", "data/w?size=10"), local("w")));
    transfer(job);
    assert_int_equal(second->calls, 1);
    ok(call(job, AddFile, url("FAULT_GOOD", "data/x?size=10"), local("x")));
    appoint(job, third);
    transfer(job);
    assert_int_equal(first->calls, 0);
    assert_int_equal(second->calls, 1);
    assert_int_equal(third->calls, 1);
    ok(call(job, AddFile, url("FAULT_GOOD", "data/y?size=10"), local("y")));
    appoint(job, NULL);
    transfer(job);
    assert_int_equal(third->calls, 1);
}

static void validation_restart(void **state)
{
    IBackgroundCopyJob5 *job = new_download(url("FAULT_GOOD", "data/v?size=10"));
    struct judge *judge = new_judge(E_FAIL);
    GUID id = id_of(job);

    appoint(job, judge);
    restart_service();
    job = again(id);
    transfer(job);
    assert_int_equal(judge->calls, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        com_test(validation_accepted),     com_test(validation_plain_http),
        com_test(validation_system_first), com_test(validation_refused),
        com_test(validation_client_gone),  com_test(validation_set_twice),
        com_test(validation_restart),
    };

    if (argc > 1) {
        WCHAR id[40];

        MultiByteToWideChar(CP_UTF8, 0, argv[1], -1, id, ARRAYSIZE(id));
        leave(id);
    }
    return run_group("validation", tests);
}
