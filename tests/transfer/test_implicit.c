/*
 * Credentials without a name: NTLM and Negotiate with the identity of the job's owner or helper.
 *
 * The security package is the test's own, put into the table through which libcurl calls SSPI:
 * Wine's needs Samba. It makes real NTLM messages, in which the user's name is who the calling
 * thread acted as when it was called. The server is that of tests/server/ntlm.py.
 */
#include "fetch.h"

#define SECURITY_WIN32
#include <sspi.h>

#include <bitscore/bc_result.h>

#include <stdio.h>
#include <stdlib.h>

#define REMOTE BG_ERROR_CONTEXT_REMOTE_FILE
#define NTLM   "auth=ntlm&user=*&size=1000&seed=1"
#define NEGO   "auth=negotiate&user=*&size=1000&seed=1"

/* Who a thread acts as shows in the privileges that are enabled: all tokens here have one SID. */
static const WCHAR *const marks[] = {SE_BACKUP_NAME, SE_RESTORE_NAME};
/* The users of the tests: tokens with another number of mark enabled each. */
static HANDLE users[3];

static volatile LONG acquired, explicit_ones, refused, strangers, nobody_has_any, still_acting;

/* ---- the security package ---- */

static BOOL is_enabled(const TOKEN_PRIVILEGES *privileges, const WCHAR *name)
{
    LUID luid;

    assert_true(LookupPrivilegeValueW(NULL, name, &luid));
    for (ULONG i = 0; i < privileges->PrivilegeCount; i++)
        if (!memcmp(&privileges->Privileges[i].Luid, &luid, sizeof(luid)))
            return (privileges->Privileges[i].Attributes & SE_PRIVILEGE_ENABLED) != 0;
    return FALSE;
}

/* 0 for a thread that acts as nobody, else 1 + which of users. */
static ULONG_PTR acting_as(void)
{
    union {
        TOKEN_PRIVILEGES privileges;
        BYTE room[4096];
    } information;
    ULONG_PTR who = 1;
    HANDLE token;
    DWORD size;

    if (!OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token))
        return 0;
    assert_true(
        GetTokenInformation(token, TokenPrivileges, &information, sizeof(information), &size));
    CloseHandle(token);
    for (ULONG i = 0; i < ARRAYSIZE(marks); i++)
        who += is_enabled(&information.privileges, marks[i]) ? 1u << i : 0;
    return who;
}

static SECURITY_STATUS SEC_ENTRY query_package(SEC_WCHAR *name, SecPkgInfoW **info)
{
    static SecPkgInfoW package = {.cbMaxToken = 1024};

    *info = &package;
    return SEC_E_OK;
}

static SECURITY_STATUS SEC_ENTRY free_buffer(void *buffer)
{
    return SEC_E_OK;
}

static SECURITY_STATUS SEC_ENTRY acquire(SEC_WCHAR *principal, SEC_WCHAR *package, ULONG use,
                                         void *logon, void *identity, SEC_GET_KEY_FN get_key,
                                         void *argument, CredHandle *credentials, TimeStamp *expiry)
{
    InterlockedIncrement(&acquired);
    if (nobody_has_any) {
        InterlockedIncrement(&refused);
        return SEC_E_NO_CREDENTIALS;
    }
    if (identity)
        InterlockedIncrement(&explicit_ones);
    credentials->dwLower = identity ? 100 : acting_as();
    credentials->dwUpper = identity ? acting_as() : credentials->dwLower;
    return SEC_E_OK;
}

static SECURITY_STATUS SEC_ENTRY free_credentials(CredHandle *credentials)
{
    return SEC_E_OK;
}

/* Type 1, or a type 3 with nothing but the name. */
static ULONG make_message(BYTE *message, BOOL first, ULONG_PTR who)
{
    WCHAR name[20];
    USHORT length;

    memset(message, 0, 64);
    memcpy(message, "NTLMSSP", 8);
    message[8] = first ? 1 : 3;
    if (first)
        return 32;
    swprintf(name, ARRAYSIZE(name), L"user-%u", (unsigned)who);
    length = (USHORT)(wcslen(name) * sizeof(WCHAR));
    memcpy(message + 36, &length, 2);
    memcpy(message + 38, &length, 2);
    message[40] = 64;
    memcpy(message + 64, name, length);
    return 64u + length;
}

static SECURITY_STATUS SEC_ENTRY initialize(CredHandle *credentials, CtxtHandle *context,
                                            SEC_WCHAR *target, ULONG flags, ULONG reserved,
                                            ULONG representation, SecBufferDesc *input,
                                            ULONG reserved2, CtxtHandle *new_context,
                                            SecBufferDesc *output, ULONG *attributes,
                                            TimeStamp *expiry)
{
    SecBuffer *buffer = &output->pBuffers[0];

    if (acting_as() != credentials->dwUpper)
        InterlockedIncrement(&strangers);
    buffer->cbBuffer = make_message(buffer->pvBuffer, !context, credentials->dwLower);
    new_context->dwLower = 1;
    return context ? SEC_E_OK : SEC_I_CONTINUE_NEEDED;
}

static SECURITY_STATUS SEC_ENTRY delete_context(CtxtHandle *context)
{
    return SEC_E_OK;
}

static HANDLE make_user(ULONG number)
{
    struct {
        DWORD count;
        LUID_AND_ATTRIBUTES entry[ARRAYSIZE(marks)];
    } wanted = {.count = ARRAYSIZE(marks)};
    HANDLE self, token;

    assert_true(OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &self));
    assert_true(DuplicateTokenEx(self, TOKEN_ALL_ACCESS, NULL, SecurityImpersonation,
                                 TokenImpersonation, &token));
    for (ULONG i = 0; i < ARRAYSIZE(marks); i++) {
        assert_true(LookupPrivilegeValueW(NULL, marks[i], &wanted.entry[i].Luid));
        wanted.entry[i].Attributes = number & (1u << i) ? SE_PRIVILEGE_ENABLED : 0;
    }
    assert_true(AdjustTokenPrivileges(token, FALSE, (TOKEN_PRIVILEGES *)&wanted, 0, NULL, NULL));
    CloseHandle(self);
    return token;
}

static int setup(void **state)
{
    SecurityFunctionTableW *table = InitSecurityInterfaceW();
    DWORD before;

    if (!table || !VirtualProtect(table, sizeof(*table), PAGE_READWRITE, &before))
        return -1;
    table->QuerySecurityPackageInfoW = query_package;
    table->FreeContextBuffer = free_buffer;
    table->AcquireCredentialsHandleW = acquire;
    table->FreeCredentialsHandle = free_credentials;
    table->InitializeSecurityContextW = initialize;
    table->DeleteSecurityContext = delete_context;
    for (ULONG i = 0; i < ARRAYSIZE(users); i++)
        users[i] = make_user(i);
    return fetch_setup(state);
}

static int teardown(void **state)
{
    for (ULONG i = 0; i < ARRAYSIZE(users); i++)
        CloseHandle(users[i]);
    return fetch_teardown(state);
}

/* Counts from zero; a test that fails leaves nothing to the next. */
static int begin(void **state)
{
    acquired = explicit_ones = refused = strangers = nobody_has_any = still_acting = 0;
    return 0;
}

/* ---- orders ---- */

static void (*told_headers)(void *context, const struct download_headers *headers);

/* On the transfer thread, between two requests. */
static void on_headers(void *context, const struct download_headers *headers)
{
    if (acting_as())
        InterlockedIncrement(&still_acting);
    told_headers(context, headers);
}

/* One file with one credential without a name. */
static void get(struct fetch *fetch, const char *parameters, BG_AUTH_SCHEME scheme, HANDLE owner,
                HANDLE helper)
{
    const struct transfer_credential credential = {.target = BG_AUTH_TARGET_SERVER,
                                                   .scheme = scheme};

    fault_url(fetch, parameters);
    fetch->spec.credentials = &credential;
    fetch->spec.credential_count = 1;
    fetch->spec.user = owner;
    fetch->spec.network_token = helper;
    told_headers = fetch->events.headers;
    fetch->events.headers = on_headers;
    fetch_run(fetch);
    assert_int_equal(strangers, 0);
    assert_int_equal(still_acting, 0);
}

static int connection_of(const struct fetch *fetch)
{
    const char *line = strstr(fetch->text, "X-Connection: ");

    assert_non_null(line);
    return atoi(line + strlen("X-Connection: "));
}

static void check_user(const struct fetch *fetch, const char *name)
{
    char line[40];

    check_success(fetch, 1000);
    snprintf(line, sizeof(line), "X-User: %s\r\n", name);
    if (!strstr(fetch->text, line))
        fail_msg("not %s: %s", name, fetch->text);
}

/* ---- tests ---- */

/* The helper token's user before the owner, and without both whoever the process is. Either scheme
 * answers what the server asks for. */
static void implicit_whose(void **state)
{
    static const struct {
        const char *server;
        BG_AUTH_SCHEME given;
    } cases[] = {{NTLM, BG_AUTH_SCHEME_NTLM},
                 {NEGO, BG_AUTH_SCHEME_NEGOTIATE},
                 {NTLM, BG_AUTH_SCHEME_NEGOTIATE},
                 {NEGO, BG_AUTH_SCHEME_NTLM}};

    for (ULONG i = 0; i < ARRAYSIZE(cases); i++) {
        struct fetch f;

        get(&f, cases[i].server, cases[i].given, users[1], NULL);
        check_user(&f, "user-2");
        fetch_free(&f);
        get(&f, cases[i].server, cases[i].given, users[1], users[2]);
        check_user(&f, "user-3");
        fetch_free(&f);
        get(&f, cases[i].server, cases[i].given, NULL, NULL);
        check_user(&f, "user-0");
        fetch_free(&f);
    }
}

/* Nobody gets to use another's connection; the next file of the same user does. */
static void implicit_connections(void **state)
{
    for (int negotiate = 0; negotiate < 2; negotiate++) {
        const char *server = negotiate ? NEGO : NTLM;
        struct fetch f;
        int first, other;
        LONG before;

        get(&f, server, BG_AUTH_SCHEME_NTLM, NULL, users[0]);
        check_user(&f, "user-1");
        first = connection_of(&f);
        fetch_free(&f);
        before = acquired;
        get(&f, server, BG_AUTH_SCHEME_NTLM, NULL, users[0]);
        check_user(&f, "user-1");
        assert_int_equal(connection_of(&f), first);
        if (!negotiate) /* with Negotiate libcurl may ask again */
            assert_int_equal(acquired, before);
        fetch_free(&f);
        get(&f, server, BG_AUTH_SCHEME_NTLM, NULL, users[1]);
        check_user(&f, "user-2");
        other = connection_of(&f);
        assert_int_not_equal(other, first);
        fetch_free(&f);
        get(&f, server, BG_AUTH_SCHEME_NTLM, users[1], NULL); /* as the owner it is the same user */
        check_user(&f, "user-2");
        assert_int_equal(connection_of(&f), other);
        fetch_free(&f);
        fault_url(&f, server); /* a job without credentials */
        fetch_run(&f);
        check_failure(&f, BC_E_HTTP_ERROR_401, REMOTE, FALSE);
        fetch_free(&f);
    }
}

/* A name and password: NTLM by libcurl's own code, Negotiate by SSPI, as nobody but the service. */
static void implicit_beside_a_name(void **state)
{
    static const char *const parameters[] = {"auth=ntlm&size=1000&seed=1", NEGO};
    struct transfer_credential credential = {
        .target = BG_AUTH_TARGET_SERVER, .user = "user", .password = "password"};
    struct fetch f;

    for (int negotiate = 0; negotiate < 2; negotiate++) {
        credential.scheme = negotiate ? BG_AUTH_SCHEME_NEGOTIATE : BG_AUTH_SCHEME_NTLM;
        for (int wrong = 0; wrong < 2; wrong++) {
            fault_url(&f, parameters[negotiate]);
            credential.password = wrong ? "another" : "password";
            f.spec.credentials = &credential;
            f.spec.credential_count = 1;
            f.spec.user = users[1];
            f.spec.network_token = users[2];
            fetch_run(&f);
            if (negotiate)
                check_user(&f, "user-100");
            else if (wrong)
                check_failure(&f, BC_E_HTTP_ERROR_401, REMOTE, FALSE);
            else
                check_user(&f, "user");
            fetch_free(&f);
        }
        assert_int_equal(acquired, negotiate ? 2 : 0);
    }
    assert_int_equal(explicit_ones, 2);
    assert_int_equal(strangers, 0);
}

/* An empty name does not become the owner, let alone the service. */
static void implicit_empty_name(void **state)
{
    struct transfer_credential credential = {
        .target = BG_AUTH_TARGET_SERVER, .user = "", .password = ""};
    struct fetch f;

    for (int negotiate = 0; negotiate < 2; negotiate++) {
        credential.scheme = negotiate ? BG_AUTH_SCHEME_NEGOTIATE : BG_AUTH_SCHEME_NTLM;
        fault_url(&f, negotiate ? NEGO : NTLM);
        f.spec.credentials = &credential;
        f.spec.credential_count = 1;
        f.spec.user = users[1];
        fetch_run(&f);
        check_failure(&f, BC_E_HTTP_ERROR_401, REMOTE, FALSE);
        fetch_free(&f);
    }
    assert_int_equal(acquired, 0);
}

/* A user who has no credentials: what the server, or the proxy, says to that. */
static void implicit_none_to_be_had(void **state)
{
    HANDLE poor = make_user(1); /* no connection is his yet */

    nobody_has_any = TRUE;
    for (int negotiate = 0; negotiate < 2; negotiate++) {
        for (int again = 0; again < 2; again++) {
            struct fetch f;

            get(&f, negotiate ? NEGO : NTLM, BG_AUTH_SCHEME_NTLM, poor, NULL);
            check_failure(&f, BC_E_HTTP_ERROR_401, REMOTE, FALSE);
            fetch_free(&f);
        }
        assert_true(refused > negotiate);
    }
    nobody_has_any = FALSE;
    for (int negotiate = 0; negotiate < 2; negotiate++) { /* and now he has some */
        struct fetch f;

        get(&f, negotiate ? NEGO : NTLM, BG_AUTH_SCHEME_NTLM, poor, NULL);
        check_user(&f, "user-2");
        fetch_free(&f);
    }
    CloseHandle(poor);
}

static void use_proxy(struct fetch *fetch, char *list, const char *parameters)
{
    const char *server_url = server("OPENBITS_TEST_FAULT") + strlen("http://");

    snprintf(list, 100, "%.*s", (int)strcspn(server_url, "/"), server_url);
    fault_url(fetch, parameters);
    fetch->spec.proxy.usage = BG_JOB_PROXY_USAGE_OVERRIDE;
    fetch->spec.proxy.list = list;
}

static void implicit_proxies(void **state)
{
    static const struct transfer_credential credential = {.target = BG_AUTH_TARGET_PROXY,
                                                          .scheme = BG_AUTH_SCHEME_NEGOTIATE};
    static const char *const parameters[] = {"proxy_auth=ntlm&user=*&size=1000&seed=1",
                                             "proxy_auth=negotiate&user=*&size=1000&seed=1"};

    for (ULONG i = 0; i < ARRAYSIZE(parameters); i++) {
        for (ULONG who = 1; who < 4; who++) {
            char list[100], name[20];
            struct fetch f;

            use_proxy(&f, list, parameters[i]);
            f.spec.credentials = &credential;
            f.spec.credential_count = 1;
            f.spec.user = users[0];
            f.spec.network_token = who < 3 ? users[who] : NULL;
            nobody_has_any = who == 3;
            fetch_run(&f);
            snprintf(name, sizeof(name), "user-%u", (unsigned)who + 1);
            if (nobody_has_any)
                check_failure(&f, BC_E_HTTP_ERROR_407, BG_ERROR_CONTEXT_GENERAL_TRANSPORT, FALSE);
            else
                check_user(&f, name);
            fetch_free(&f);
        }
        nobody_has_any = FALSE;
    }
    assert_int_equal(strangers, 0);
}

/* Who is not asked tells nothing. */
static void implicit_not_asked(void **state)
{
    struct fetch f;

    get(&f, "size=1000&seed=1", BG_AUTH_SCHEME_NTLM, users[1], NULL);
    check_success(&f, 1000);
    assert_int_equal(acquired, 0);
    fetch_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(implicit_whose, begin),
        cmocka_unit_test_setup(implicit_connections, begin),
        cmocka_unit_test_setup(implicit_beside_a_name, begin),
        cmocka_unit_test_setup(implicit_empty_name, begin),
        cmocka_unit_test_setup(implicit_none_to_be_had, begin),
        cmocka_unit_test_setup(implicit_proxies, begin),
        cmocka_unit_test_setup(implicit_not_asked, begin),
    };

    return cmocka_run_group_tests_name("transfer-implicit", tests, setup, teardown);
}
