/*
 * Credentials and proxies: what is taken, what is sent to whom, what a refusal leads to, and that
 * no password lies on the disk.
 */
#include "common.h"

#include <stdlib.h>
#include <string.h>

static HRESULT set(IBackgroundCopyJob5 *job, int target, int scheme, const WCHAR *user,
                   const WCHAR *password)
{
    BG_AUTH_CREDENTIALS credentials = {
        (BG_AUTH_TARGET)target, (BG_AUTH_SCHEME)scheme, {{(WCHAR *)user, (WCHAR *)password}}};

    return call(job, SetCredentials, &credentials);
}

enum { SERVER = BG_AUTH_TARGET_SERVER, PROXY = BG_AUTH_TARGET_PROXY };
enum {
    BASIC = BG_AUTH_SCHEME_BASIC,
    DIGEST = BG_AUTH_SCHEME_DIGEST,
    NTLM = BG_AUTH_SCHEME_NTLM,
    NEGOTIATE = BG_AUTH_SCHEME_NEGOTIATE,
    PASSPORT = BG_AUTH_SCHEME_PASSPORT
};

static void credentials_rules(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    const struct {
        int target, scheme;
        const WCHAR *user, *password;
        HRESULT result;
    } cases[] = {
        {SERVER, BASIC, L"user", L"password", S_OK},
        {SERVER, DIGEST, L"user", L"password", S_OK},
        {SERVER, NTLM, L"user", L"password", S_OK},
        {SERVER, NEGOTIATE, L"domain\\user", L"password", S_OK},
        {SERVER, PASSPORT, L"user", L"password", S_OK},
        {PROXY, BASIC, L"user", L"password", S_OK},
        {PROXY, BASIC, L"other", L"", S_OK},
        {SERVER, BASIC, NULL, NULL, E_INVALIDARG},
        {SERVER, BASIC, L"user", NULL, E_INVALIDARG},
        {SERVER, DIGEST, NULL, NULL, E_INVALIDARG},
        {SERVER, DIGEST, L"user", NULL, E_INVALIDARG},
        {SERVER, NTLM, NULL, NULL, S_OK},
        {PROXY, NEGOTIATE, NULL, NULL, S_OK},
        {SERVER, NTLM, NULL, L"password", E_INVALIDARG},
        {SERVER, BASIC, NULL, L"password", E_INVALIDARG},
        {SERVER, PASSPORT, NULL, NULL, E_INVALIDARG},
        {SERVER, BASIC, fill(L"", 'u', 300), L"p", S_OK},
        {SERVER, BASIC, fill(L"", 'u', 301), L"p", BG_E_USERNAME_TOO_LARGE},
        {SERVER, BASIC, L"u", fill(L"", 'p', 65536), S_OK},
        {SERVER, BASIC, L"u", fill(L"", 'p', 65537), BG_E_PASSWORD_TOO_LARGE},
        {0, BASIC, L"u", L"p", BG_E_INVALID_AUTH_TARGET},
        {3, BASIC, L"u", L"p", BG_E_INVALID_AUTH_TARGET},
    };

    for (size_t i = 0; i < ARRAYSIZE(cases); i++) {
        HRESULT hr = set(job, cases[i].target, cases[i].scheme, cases[i].user, cases[i].password);

        if (hr != cases[i].result)
            fail_msg("case %u: 0x%08lx", (unsigned)i, (unsigned long)hr);
    }
}

/* The scheme selects the union's member, so the proxy sees a wrong one first. */
static void credentials_wrong_scheme(void **state)
{
    static const int schemes[] = {0, 6, 1000};
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);

    for (size_t i = 0; i < ARRAYSIZE(schemes); i++) {
        HRESULT hr = set(job, SERVER, schemes[i], L"u", L"p");

        if (hr != HRESULT_FROM_WIN32(RPC_S_INVALID_TAG))
            expect(BG_E_INVALID_AUTH_SCHEME, hr);
        expect(BG_E_INVALID_AUTH_SCHEME,
               call(job, RemoveCredentials, BG_AUTH_TARGET_SERVER, (BG_AUTH_SCHEME)schemes[i]));
    }
}

static void credentials_remove(void **state)
{
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);

    expect(S_FALSE, call(job, RemoveCredentials, BG_AUTH_TARGET_SERVER, BG_AUTH_SCHEME_BASIC));
    ok(set(job, SERVER, BASIC, L"u", L"p"));
    expect(S_FALSE, call(job, RemoveCredentials, BG_AUTH_TARGET_PROXY, BG_AUTH_SCHEME_BASIC));
    expect(S_FALSE, call(job, RemoveCredentials, BG_AUTH_TARGET_SERVER, BG_AUTH_SCHEME_DIGEST));
    ok(call(job, RemoveCredentials, BG_AUTH_TARGET_SERVER, BG_AUTH_SCHEME_BASIC));
    expect(S_FALSE, call(job, RemoveCredentials, BG_AUTH_TARGET_SERVER, BG_AUTH_SCHEME_BASIC));
    expect(BG_E_INVALID_AUTH_TARGET,
           call(job, RemoveCredentials, (BG_AUTH_TARGET)7, BG_AUTH_SCHEME_BASIC));
}

/* Wrong ones are an error; the right ones and Resume heal it; removed they are used no more. */
static void credentials_basic(void **state)
{
    IBackgroundCopyJob5 *job;

    publish("basic.bin", 21, 3000);
    job = new_download(url("HTTP_BASIC", "basic.bin"));
    ok(set(job, SERVER, BASIC, L"user", L"wrong"));
    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_ERROR, BG_E_HTTP_ERROR_401, BG_ERROR_CONTEXT_REMOTE_FILE);
    ok(set(job, SERVER, DIGEST, L"user", L"also wrong"));
    ok(set(job, SERVER, BASIC, L"user", L"secret"));
    transfer(job);
    ok(call(job, Complete));
    assert_pattern(local("file"), 21, 0, 3000);
    job = new_download(url("HTTP_BASIC", "basic.bin"));
    ok(set(job, SERVER, BASIC, L"user", L"secret"));
    ok(call(job, RemoveCredentials, BG_AUTH_TARGET_SERVER, BG_AUTH_SCHEME_BASIC));
    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_ERROR, BG_E_HTTP_ERROR_401, BG_ERROR_CONTEXT_REMOTE_FILE);
}

static void credentials_in_url(void **state)
{
    WCHAR name[200];
    IBackgroundCopyJob5 *job;

    publish("basic.bin", 22, 3000);
    swprintf(name, ARRAYSIZE(name), L"http://user:secret@%ls",
             url("HTTP_BASIC", "basic.bin") + wcslen(L"http://"));
    job = new_download(name);
    transfer(job);
    ok(call(job, Complete));
    assert_pattern(local("file"), 22, 0, 3000);
}

static void credentials_digest(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=1000&seed=1&auth=digest");

    ok(set(job, SERVER, BASIC, L"user", L"not this one"));
    ok(set(job, SERVER, DIGEST, L"user", L"password"));
    transfer(job);
    ok(call(job, Complete));
    assert_pattern(local("file"), 1, 0, 1000);
}

/* A name and password need nothing of Wine. The owner's own identity this server does not know. */
static void credentials_ntlm(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=1000&seed=1&auth=ntlm");

    ok(set(job, SERVER, NTLM, NULL, NULL));
    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_ERROR, BG_E_HTTP_ERROR_401, BG_ERROR_CONTEXT_REMOTE_FILE);
    ok(set(job, SERVER, NTLM, L"user", L"wrong"));
    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_ERROR, BG_E_HTTP_ERROR_401, BG_ERROR_CONTEXT_REMOTE_FILE);
    ok(set(job, SERVER, NTLM, L"user", L"password"));
    transfer(job);
    ok(call(job, Complete));
    assert_pattern(local("file"), 1, 0, 1000);
}

/* Without a name it is who Wine says is logged on (tests/server/samba), by its own NTLM. */
static void credentials_of_owner(void **state)
{
    static const char *const servers[] = {
        "size=1000&seed=1&auth=ntlm&user=somebody&password=theirs",
        "size=1000&seed=1&auth=negotiate&user=somebody&password=theirs"};

    if (!getenv("OPENBITS_TEST_LOGGED_ON"))
        skip();
    for (size_t i = 0; i < ARRAYSIZE(servers); i++) {
        IBackgroundCopyJob5 *job = new_fault_download(servers[i]);

        ok(set(job, SERVER, i ? NEGOTIATE : NTLM, NULL, NULL));
        transfer(job);
        ok(call(job, Complete));
        assert_pattern(local("file"), 1, 0, 1000);
    }
}

static void credentials_not_asked_for(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=1000&seed=1");

    ok(set(job, SERVER, BASIC, L"user", L"password"));
    transfer(job);
    assert_int_equal(fault_count("/data/test", "authorization"), 0);
}

/* TRUE if the bytes are in the file. */
static BOOL contains(const WCHAR *path, const void *bytes, size_t length)
{
    size_t size;
    char *data = read_file(path, &size);
    BOOL found = FALSE;

    for (size_t i = 0; !found && i + length <= size; i++)
        found = !memcmp(data + i, bytes, length);
    free(data);
    return found;
}

static void credentials_on_disk(void **state)
{
    static const WCHAR password[] = L"Open-Sesame-8735";
    static const char *const files[] = {"qmgr.db", "qmgr.db-wal"};
    IBackgroundCopyJob5 *job = new_job(BG_JOB_TYPE_DOWNLOAD);
    char narrow[100];

    ok(call(job, SetDescription, L"Marker-8737")); /* this one must be found */
    ok(set(job, SERVER, BASIC, L"user", password));
    ok(call(http_options(job), SetCustomHeaders, L"X-Secret: Open-Sesame-8735\r\n"));
    for (int wide = 0, found = 0; wide < 2; wide++) {
        for (size_t i = 0; i < ARRAYSIZE(files); i++) {
            WCHAR path[MAX_PATH];
            static const WCHAR marker[] = L"Marker-8737";

            swprintf(path, MAX_PATH, L"%hs\\Microsoft\\Network\\Downloader\\%hs",
                     getenv("ProgramData"), files[i]);
            if (!exists(path))
                continue;
            if (wide) {
                assert_false(contains(path, password, sizeof(password) - 2));
                found += contains(path, marker, sizeof(marker) - 2);
            } else {
                snprintf(narrow, sizeof(narrow), "%ls", password);
                assert_false(contains(path, narrow, strlen(narrow)));
                found += contains(path, "Marker-8737", 11);
            }
        }
        if (wide)
            assert_true(found > 0);
    }
}

/* ---- proxies ---- */

/* host:port of the fault server, which is a proxy too. */
static const WCHAR *fault_proxy(void)
{
    WCHAR *name = (WCHAR *)url("FAULT", "%s", "") + wcslen(L"http://");

    name[wcslen(name) - 1] = 0;
    return name;
}

static void proxy_override(void **state)
{
    const WCHAR *proxy = fault_proxy();
    const struct {
        const WCHAR *format;
    } cases[] = {
        {L"%ls"}, {L"http://%ls"}, {L"http=%ls https=127.0.0.1:9"}, {L"https=127.0.0.1:9 %ls"}};

    for (size_t i = 0; i < ARRAYSIZE(cases); i++) {
        IBackgroundCopyJob5 *job = new_download(L"http://nowhere.invalid/data/test?size=10&seed=1");
        WCHAR list[200];

        swprintf(list, ARRAYSIZE(list), cases[i].format, proxy);
        ok(call(job, SetProxySettings, BG_JOB_PROXY_USAGE_OVERRIDE, list, NULL));
        transfer(job);
        ok(call(job, Complete));
        assert_pattern(local("file"), 1, 0, 10);
        assert_true(fault_count("/data/test", "\"proxied\": true") > (int)i);
    }
}

static void proxy_bypass(void **state)
{
    const WCHAR *port = wcsrchr(environment("FAULT"), ':');
    const struct {
        const WCHAR *host, *bypass;
    } cases[] = {{L"127.0.0.1", L"example.org 127.0.0.1"},
                 {L"127.0.0.1", L"example.org;127.0.0.1"},
                 {L"127.0.0.1", L"*.0.1"},
                 {L"localhost", L"<local>"}};

    for (size_t i = 0; i < ARRAYSIZE(cases); i++) {
        IBackgroundCopyJob5 *job;
        WCHAR name[200];

        swprintf(name, ARRAYSIZE(name), L"http://%ls%lsdata/test?size=10&seed=1", cases[i].host,
                 port);
        job = new_download(name);
        ok(call(job, SetProxySettings, BG_JOB_PROXY_USAGE_OVERRIDE, L"127.0.0.1:9",
                cases[i].bypass));
        transfer(job);
        ok(call(job, Complete));
    }
    assert_int_equal(fault_count("/data/test", "\"proxied\": true"), 0);
}

static void proxy_none(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10");

    ok(call(job, SetProxySettings, BG_JOB_PROXY_USAGE_NO_PROXY, NULL, NULL));
    transfer(job);
}

static void proxy_bad_list(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=10");

    ok(call(job, SetProxySettings, BG_JOB_PROXY_USAGE_OVERRIDE, L"ftp://:x:y", NULL));
    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_ERROR, BG_E_INVALID_PROXY_INFO,
               BG_ERROR_CONTEXT_GENERAL_TRANSPORT);
}

/* Set in the middle of a file: that one goes on, the next goes through the proxy. */
static void proxy_while_transferring(void **state)
{
    IBackgroundCopyJob5 *job = new_fault_download("size=2000000&seed=1&stall=1000000");
    ULONGLONG end = GetTickCount64() + DEADLINE;

    ok(call(job, AddFile, L"http://nowhere.invalid/data/second?size=10&seed=2", local("second")));
    ok(call(job, Resume));
    while (state_of(job) != BG_JOB_STATE_TRANSFERRING) {
        assert_true(GetTickCount64() < end);
        Sleep(5);
    }
    ok(call(job, SetProxySettings, BG_JOB_PROXY_USAGE_OVERRIDE, fault_proxy(), NULL));
    fault_release("/data/test", job);
    assert_int_equal(fault_count("/data/test", "\"proxied\": true"), 0);
    assert_int_equal(fault_count("/data/second", "\"proxied\": true"), 1);
    ok(call(job, Complete));
    assert_pattern(local("file"), 1, 0, 2000000);
    assert_pattern(local("second"), 2, 0, 10);
}

#define CONNECTIONS L"Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\Connections"

/* The user's settings as Internet Explorer keeps them: this proxy for all; NULL: none. */
static void set_user_proxy(const WCHAR *proxy)
{
    struct {
        DWORD magic, version, flags, length;
        char rest[200];
    } blob = {0x46, 1, 3, 0, ""};
    HKEY key;

    assert_int_equal(RegCreateKeyExW(HKEY_CURRENT_USER, CONNECTIONS, 0, NULL, 0, KEY_SET_VALUE,
                                     NULL, &key, NULL),
                     ERROR_SUCCESS);
    if (proxy) {
        blob.length = (DWORD)snprintf(blob.rest, 100, "%ls", proxy);
        assert_int_equal(RegSetValueExW(key, L"DefaultConnectionSettings", 0, REG_BINARY,
                                        (BYTE *)&blob, 16 + blob.length + 40),
                         ERROR_SUCCESS);
    } else {
        RegDeleteValueW(key, L"DefaultConnectionSettings");
    }
    RegCloseKey(key);
}

static int no_user_proxy(void **state)
{
    set_user_proxy(NULL);
    return com_clean(state);
}

/* What the user has set counts for PRECONFIG alone. The hosts differ, for answers are kept. */
static void proxy_of_the_user(void **state)
{
    IBackgroundCopyJob5 *job;
    WCHAR *list, *bypass;
    BG_JOB_PROXY_USAGE usage;

    set_user_proxy(fault_proxy());
    job = new_download(L"http://of-the-user.invalid/data/test?size=10&seed=1");
    ok(call(job, GetProxySettings, &usage, &list, &bypass));
    assert_int_equal(usage, BG_JOB_PROXY_USAGE_PRECONFIG);
    transfer(job);
    ok(call(job, Complete));
    assert_int_equal(fault_count("/data/test", "\"proxied\": true"), 1);
    job = new_download(L"http://no-proxy.invalid/data/test?size=10&seed=1");
    ok(call(job, SetProxySettings, BG_JOB_PROXY_USAGE_NO_PROXY, NULL, NULL));
    ok(call(job, Resume));
    wait_error(job, BG_JOB_STATE_TRANSIENT_ERROR, (HRESULT)0x80072ee7,
               BG_ERROR_CONTEXT_REMOTE_FILE);
    assert_int_equal(fault_count("/data/test", "\"proxied\": true"), 1);
}

static void proxy_credentials(void **state)
{
    IBackgroundCopyJob5 *job;
    BG_ERROR_CONTEXT context;
    IBackgroundCopyError *error = NULL;
    HRESULT code;

    publish("proxied.bin", 23, 3000);
    job = new_download(url("HTTP", "proxied.bin"));
    ok(call(job, SetProxySettings, BG_JOB_PROXY_USAGE_OVERRIDE, environment("PROXY_AUTH"), NULL));
    for (int wrong = 0; wrong < 2; wrong++) {
        ok(call(job, Resume));
        wait_state(job, BG_JOB_STATE_ERROR);
        ok(call(job, GetError, &error));
        track(error);
        ok(call(error, GetError, &context, &code));
        expect(BG_E_HTTP_ERROR_407, code);
        ok(set(job, PROXY, BASIC, L"user", wrong ? L"secret" : L"wrong"));
    }
    transfer(job);
    ok(call(job, Complete));
    assert_pattern(local("file"), 23, 0, 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        com_test(credentials_rules),
        com_test(credentials_wrong_scheme),
        com_test(credentials_remove),
        com_test(credentials_basic),
        com_test(credentials_in_url),
        com_test(credentials_digest),
        com_test(credentials_ntlm),
        com_test(credentials_of_owner),
        com_test(credentials_not_asked_for),
        com_test(credentials_on_disk),
        com_test(proxy_override),
        com_test(proxy_bypass),
        com_test(proxy_none),
        com_test(proxy_bad_list),
        com_test(proxy_credentials),
        com_test(proxy_while_transferring),
        cmocka_unit_test_teardown(proxy_of_the_user, no_user_proxy),
    };

    return run_group("credentials_proxy", tests);
}
