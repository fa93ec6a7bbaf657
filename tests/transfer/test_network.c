/*
 * What lies between: TLS, proxies and credentials.
 */
#include "fetch.h"

#include <bitscore/bc_result.h>

#include <stdio.h>
#include <stdlib.h>

#define REMOTE    BG_ERROR_CONTEXT_REMOTE_FILE
#define TRANSPORT BG_ERROR_CONTEXT_GENERAL_TRANSPORT

#define IGNORE_CN   0x02
#define IGNORE_DATE 0x04
#define IGNORE_CA   0x08

static WCHAR served[MAX_PATH];

/* A file below the servers' root, and an order for it from the server that the variable names. */
static void serve(struct fetch *fetch, const char *variable)
{
    const char *base = server(variable), *root = server("OPENBITS_TEST_ROOT");
    char url[600], data[5000];

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (char)(i * 7);
    snprintf(url, sizeof(url), "%stransfer-%lu", base, GetCurrentProcessId());
    swprintf(served, ARRAYSIZE(served), L"%hs\\transfer-%lu", root, GetCurrentProcessId());
    write_file(served, data, sizeof(data));
    fetch_init(fetch, url);
}

static void serve_free(struct fetch *fetch)
{
    fetch_free(fetch);
    DeleteFileW(served);
}

/* ---- TLS ---- */

static void https(void **state)
{
    struct fetch f;

    serve(&f, "OPENBITS_TEST_HTTPS");
    fetch_run(&f);
    check_success(&f, 5000);
    assert_non_null(strstr(f.text, "HTTP/2 200"));
    serve_free(&f);
}

static void https_unknown(void **state)
{
    struct fetch f;

    serve(&f, "OPENBITS_TEST_HTTPS_UNKNOWN");
    fetch_run(&f);
    check_failure(&f, HRESULT_FROM_WIN32(12045), REMOTE, FALSE); /* invalid CA */
    assert_false(file_exists(f.path));
    f.spec.security_flags = IGNORE_CN | IGNORE_DATE;
    fetch_run(&f);
    check_failure(&f, HRESULT_FROM_WIN32(12045), REMOTE, FALSE);
    f.spec.security_flags = IGNORE_CA;
    fetch_run(&f);
    check_success(&f, 5000);
    serve_free(&f);
}

/* The certificate is made out to localhost. */
static void https_wrong_name(void **state)
{
    struct fetch f;
    char *host;

    serve(&f, "OPENBITS_TEST_HTTPS");
    host = strstr(f.url, "localhost");
    assert_non_null(host);
    memcpy(host, "127.0.0.1", 9);
    fetch_run(&f);
    if (FAILED(f.result.hr))
        check_failure(&f, HRESULT_FROM_WIN32(12038), REMOTE, FALSE);
    f.spec.security_flags = IGNORE_CN;
    f.spec.create = FALSE;
    fetch_run(&f);
    check_success(&f, 5000);
    serve_free(&f);
}

static void certificate_callback(void **state)
{
    struct fetch f;

    serve(&f, "OPENBITS_TEST_HTTPS");
    f.spec.validate_server_certificate = TRUE;
    fetch_run(&f);
    check_success(&f, 5000);
    assert_int_equal(f.certificates, 1);
    assert_true(f.certificate_size > 100);
    assert_true(f.store_size > f.certificate_size);
    f.certificate_answer = E_FAIL;
    f.spec.create = FALSE;
    fetch_run(&f);
    check_failure(&f, E_FAIL, BG_ERROR_CONTEXT_SERVER_CERTIFICATE_CALLBACK, FALSE);
    serve_free(&f);
}

/* A client that takes its time holds up nobody else. */
static void certificate_callback_hangs(void **state)
{
    struct fetch slow, other[20];

    serve(&slow, "OPENBITS_TEST_HTTPS");
    slow.spec.validate_server_certificate = TRUE;
    slow.hold = CreateEventW(NULL, TRUE, FALSE, NULL);
    fetch_begin(&slow);
    for (ULONG i = 0; i < ARRAYSIZE(other); i++) {
        fetch_init(&other[i], slow.url);
        fetch_begin(&other[i]);
    }
    for (ULONG i = 0; i < ARRAYSIZE(other); i++) {
        fetch_wait(&other[i]);
        check_success(&other[i], 5000);
        fetch_free(&other[i]);
    }
    assert_int_equal(WaitForSingleObject(slow.done, 0), WAIT_TIMEOUT);
    transfer_cancel(transfer, slow.download);
    SetEvent(slow.hold);
    fetch_wait(&slow);
    assert_int_equal(slow.result.hr, E_ABORT);
    CloseHandle(slow.hold);
    serve_free(&slow);
}

/* ---- proxies ---- */

static void use_proxy(struct fetch *fetch, const char *list, const char *bypass)
{
    fetch->spec.proxy.usage = BG_JOB_PROXY_USAGE_OVERRIDE;
    fetch->spec.proxy.list = list;
    fetch->spec.proxy.bypass = bypass;
}

static void proxy_http(void **state)
{
    struct fetch f;

    serve(&f, "OPENBITS_TEST_HTTP");
    use_proxy(&f, server("OPENBITS_TEST_PROXY"), NULL);
    fetch_run(&f);
    check_success(&f, 5000);
    assert_non_null(strstr(f.text, "Via:"));
    serve_free(&f);
}

static void proxy_https(void **state)
{
    char list[200];
    struct fetch f;

    serve(&f, "OPENBITS_TEST_HTTPS");
    snprintf(list, sizeof(list), "http=127.0.0.1:1;https=http://%s", server("OPENBITS_TEST_PROXY"));
    use_proxy(&f, list, NULL);
    fetch_run(&f);
    check_success(&f, 5000);
    serve_free(&f);
}

static void proxy_second(void **state)
{
    char list[200];
    struct fetch f;

    serve(&f, "OPENBITS_TEST_HTTP");
    snprintf(list, sizeof(list), "127.0.0.1:1 %s", server("OPENBITS_TEST_PROXY"));
    use_proxy(&f, list, "");
    fetch_run(&f);
    check_success(&f, 5000);
    assert_non_null(strstr(f.text, "Via:"));
    serve_free(&f);
}

static void proxy_bypassed(void **state)
{
    static const char *const lists[] = {"127.*", "*.example;127.0.0.1", "http://127.0.0.1",
                                        "<local>, x *.0.1"};
    struct fetch f;

    for (size_t i = 0; i < ARRAYSIZE(lists); i++) {
        fault_url(&f, "size=10&seed=1");
        use_proxy(&f, "127.0.0.1:1", lists[i]);
        fetch_run(&f);
        check_success(&f, 10);
        fetch_free(&f);
    }
    fault_url(&f, "size=10&seed=1");
    use_proxy(&f, "127.0.0.1:1", "<local>;*.0.2;https://127.0.0.1");
    fetch_run(&f);
    check_failure(&f, (HRESULT)0x80072efd, REMOTE, TRUE);
    fetch_free(&f);
}

static void proxy_invalid(void **state)
{
    struct fetch f;

    fault_url(&f, "size=10&seed=1");
    use_proxy(&f, "ho$st/with?everything", NULL);
    fetch_run(&f);
    check_failure(&f, BC_E_INVALID_PROXY_INFO, TRANSPORT, FALSE);
    fetch_free(&f);
}

static void proxy_preconfigured(void **state)
{
    struct fetch f;

    fault_url(&f, "size=10&seed=1");
    f.spec.proxy.usage = BG_JOB_PROXY_USAGE_PRECONFIG;
    fetch_run(&f);
    check_success(&f, 10);
    fetch_free(&f);
}

/* ---- credentials ---- */

static void set_credential(struct fetch *fetch, struct transfer_credential *credential,
                           BG_AUTH_TARGET target, BG_AUTH_SCHEME scheme, const char *user,
                           const char *password)
{
    credential->target = target;
    credential->scheme = scheme;
    credential->user = user;
    credential->password = password;
    fetch->spec.credential_count++;
}

static void auth_server(void **state)
{
    static const struct {
        const char *parameters;
        BG_AUTH_SCHEME scheme;
    } kinds[] = {
        {"size=10&seed=1&auth=basic", BG_AUTH_SCHEME_BASIC},
        {"size=10&seed=1&auth=digest", BG_AUTH_SCHEME_DIGEST},
        {"size=10&seed=1&auth=digest&digest=SHA-256", BG_AUTH_SCHEME_DIGEST},
        {"size=10&seed=1&auth=digest&qop=none", BG_AUTH_SCHEME_DIGEST},
    };
    struct transfer_credential list[3];
    struct fetch f;

    for (size_t i = 0; i < ARRAYSIZE(kinds); i++) {
        fault_url(&f, kinds[i].parameters);
        fetch_run(&f);
        check_failure(&f, BC_E_HTTP_ERROR_401, REMOTE, FALSE);
        f.spec.credentials = list;
        set_credential(&f, &list[0], BG_AUTH_TARGET_SERVER, kinds[i].scheme, "user", "wrong");
        fetch_run(&f);
        check_failure(&f, BC_E_HTTP_ERROR_401, REMOTE, FALSE);
        list[0].password = "password";
        fetch_run(&f);
        check_success(&f, 10);
        check_pattern(&f, 1, 0, 10);
        fetch_free(&f);
    }
    /* Another name for each scheme: the ones that fit are found. */
    fault_url(&f, kinds[0].parameters);
    f.spec.credentials = list;
    set_credential(&f, &list[0], BG_AUTH_TARGET_SERVER, BG_AUTH_SCHEME_DIGEST, "a", "b");
    set_credential(&f, &list[1], BG_AUTH_TARGET_PROXY, BG_AUTH_SCHEME_BASIC, "c", "d");
    set_credential(&f, &list[2], BG_AUTH_TARGET_SERVER, BG_AUTH_SCHEME_BASIC, "user", "password");
    fetch_run(&f);
    check_success(&f, 10);
    fetch_free(&f);
}

static void auth_resumed(void **state)
{
    struct transfer_credential credential;
    struct fetch f;

    fault_url(&f, "size=100000&seed=1&auth=digest&cut=50000&times=1&skip=1");
    f.spec.credentials = &credential;
    set_credential(&f, &credential, BG_AUTH_TARGET_SERVER, BG_AUTH_SCHEME_DIGEST, "user",
                   "password");
    fetch_run(&f);
    assert_int_equal(f.result.bytes, 50000);
    fetch_again(&f);
    check_success(&f, 100000);
    assert_int_equal(f.restarts, 0);
    check_pattern(&f, 1, 0, 100000);
    fetch_free(&f);
}

static void auth_proxy(void **state)
{
    static const BG_AUTH_SCHEME schemes[] = {BG_AUTH_SCHEME_BASIC, BG_AUTH_SCHEME_DIGEST};
    static const char *const servers[] = {"OPENBITS_TEST_HTTP", "OPENBITS_TEST_HTTPS"};
    struct transfer_credential credential;
    struct fetch f;

    for (size_t i = 0; i < 4; i++) {
        serve(&f, servers[i / 2]);
        use_proxy(&f, server("OPENBITS_TEST_PROXY_AUTH"), NULL);
        fetch_run(&f);
        check_failure(&f, BC_E_HTTP_ERROR_407, TRANSPORT, FALSE);
        f.spec.credentials = &credential;
        set_credential(&f, &credential, BG_AUTH_TARGET_PROXY, schemes[i % 2], "user", "secret");
        fetch_run(&f);
        check_success(&f, 5000);
        serve_free(&f);
    }
}

/* Neither credentials nor custom headers go to where a redirect to another origin leads. */
static void redirect_keeps_secrets(void **state)
{
    struct transfer_credential credential;
    char parameters[400];
    struct fetch f;

    snprintf(parameters, sizeof(parameters),
             "size=10&seed=1&redirect=302&redirect_to=http://localhost:%s"
             "data/elsewhere-%lu?size=10%%26seed=1%%26auth=basic",
             strrchr(server("OPENBITS_TEST_FAULT"), ':') + 1, GetCurrentProcessId());
    fault_url(&f, parameters);
    f.spec.credentials = &credential;
    f.spec.custom_headers = "Authorization: Basic dXNlcjpwYXNzd29yZA==";
    set_credential(&f, &credential, BG_AUTH_TARGET_SERVER, BG_AUTH_SCHEME_BASIC, "user",
                   "password");
    fetch_run(&f);
    check_failure(&f, BC_E_HTTP_ERROR_401, REMOTE, FALSE);
    fetch_free(&f);
}

static void redirect_absolute(void **state)
{
    struct fetch f;

    fault_url(&f, "size=10&seed=1&redirect=302&redirect_to={http}/data/plain?size=10%26seed=1");
    fetch_run(&f);
    check_success(&f, 10);
    fetch_free(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(https),
        cmocka_unit_test(https_unknown),
        cmocka_unit_test(https_wrong_name),
        cmocka_unit_test(certificate_callback),
        cmocka_unit_test(certificate_callback_hangs),
        cmocka_unit_test(proxy_http),
        cmocka_unit_test(proxy_https),
        cmocka_unit_test(proxy_second),
        cmocka_unit_test(proxy_bypassed),
        cmocka_unit_test(proxy_invalid),
        cmocka_unit_test(proxy_preconfigured),
        cmocka_unit_test(auth_server),
        cmocka_unit_test(auth_resumed),
        cmocka_unit_test(auth_proxy),
        cmocka_unit_test(redirect_keeps_secrets),
        cmocka_unit_test(redirect_absolute),
    };

    return cmocka_run_group_tests(tests, fetch_setup, fetch_teardown);
}
