/*
 * What the downloads of one job have in common, taken from the job when its turn begins or its
 * properties change: a copy, with passwords unprotected and texts as the transfers want them.
 * Called by fetch.c, upload_order.c and schedule.c; calls os/ for the secrets.
 */
#include "internal.h"

#include <bits4_0.h>
#include <stdlib.h>

static void wipe(const char *text)
{
    if (text)
        SecureZeroMemory((char *)text, strlen(text));
    free((char *)text);
}

void run_release(struct run *run)
{
    if (!run || InterlockedDecrement(&run->refs))
        return;
    for (ULONG i = 0; i < run->credential_count; i++) {
        free((char *)run->credentials[i].user);
        wipe(run->credentials[i].password);
    }
    free(run->credentials);
    free(run->method);
    wipe(run->headers);
    free(run->proxy_list);
    free(run->proxy_bypass);
    if (run->token)
        CloseHandle(run->token);
    if (run->network_token)
        CloseHandle(run->network_token);
    if (run->owner)
        CloseHandle(run->owner);
    model_job_release(&run->data);
    free(run);
}

/* nf-bits1_5-ibackgroundcopyjob2-setcredentials: the owner's own identity, given for the proxy,
 * serves the server as well, unless that has credentials of its own. There is room for as many
 * again. */
static void share_implicit(struct run *run)
{
    ULONG given = run->credential_count;

    for (ULONG i = 0; i < given; i++) {
        if (run->credentials[i].target == BG_AUTH_TARGET_SERVER)
            return;
    }
    for (ULONG i = 0; i < given; i++) {
        if (run->credentials[i].user)
            continue;
        run->credentials[run->credential_count] = run->credentials[i];
        run->credentials[run->credential_count++].target = BG_AUTH_TARGET_SERVER;
    }
}

/* authentication, UseLMCompat: the same for a target that has nothing for these schemes, without
 * being asked. There is room for two. */
static void add_unasked(struct run *run)
{
    for (int target = BG_AUTH_TARGET_SERVER; target <= BG_AUTH_TARGET_PROXY; target++) {
        struct transfer_credential *added = &run->credentials[run->credential_count];
        BOOL given = FALSE;

        for (ULONG i = 0; i < run->credential_count; i++) {
            const struct transfer_credential *one = &run->credentials[i];

            given |= (int)one->target == target && (one->scheme == BG_AUTH_SCHEME_NTLM ||
                                                    one->scheme == BG_AUTH_SCHEME_NEGOTIATE);
        }
        if (given)
            continue;
        added->target = (BG_AUTH_TARGET)target;
        added->scheme = BG_AUTH_SCHEME_NEGOTIATE;
        run->credential_count++;
    }
}

/* Whether the transfers can act as the owner or the helper. LocalService and NetworkService have no
 * credentials of use (authentication), and must not get those of this process in their place. */
static BOOL has_identity(const struct run *run)
{
    HANDLE token;
    HRESULT hr;

    if (run->network_token || run->owner || !os_is_service_account(run->data.owner_sid))
        return TRUE;
    hr = run->user_token(run->data.owner_sid, &token);
    if (SUCCEEDED(hr) && token)
        CloseHandle(token);
    return hr == S_OK && !token; /* this process's own account */
}

static void drop_implicit(struct run *run)
{
    ULONG kept = 0;

    for (ULONG i = 0; i < run->credential_count; i++)
        if (run->credentials[i].user)
            run->credentials[kept++] = run->credentials[i];
    run->credential_count = kept;
}

static HRESULT run_credentials(struct run *run)
{
    run->credentials = calloc(run->data.credential_count * 2 + 2, sizeof(*run->credentials));
    if (!run->credentials)
        return E_OUTOFMEMORY;
    for (ULONG i = 0; i < run->data.credential_count; i++) {
        const struct model_credential *from = &run->data.credentials[i];
        struct transfer_credential *to = &run->credentials[i];

        to->target = from->target;
        to->scheme = from->scheme;
        to->user = utf8_from_wide(from->user);
        if (from->secret) {
            WCHAR *clear;
            HRESULT hr = os_unprotect(from->secret, from->secret_size, &clear);

            if (FAILED(hr)) {
                free((char *)to->user);
                return hr;
            }
            to->password = utf8_from_wide(clear);
            os_wipe_free(clear);
        }
        run->credential_count++;
    }
    share_implicit(run);
    if (run->unasked)
        add_unasked(run);
    if (!has_identity(run))
        drop_implicit(run);
    return S_OK;
}

HRESULT job_helper_token(struct job *job, DWORD use, HANDLE *token)
{
    if (!job->helper_token || !(job->data.helper_token_flags & use))
        return S_OK;
    return DuplicateHandle(GetCurrentProcess(), job->helper_token, GetCurrentProcess(), token, 0,
                           FALSE, DUPLICATE_SAME_ACCESS)
               ? S_OK
               : HRESULT_FROM_WIN32(GetLastError());
}

HRESULT run_new(struct job *job, struct run **out)
{
    struct run *run = calloc(1, sizeof(*run));
    HRESULT hr;

    *out = NULL;
    if (!run)
        return E_OUTOFMEMORY;
    run->refs = 1;
    run->version = job->version;
    run->user_token = job->engine->user_token;
    run->unasked = job->engine->unasked;
    hr = model_job_copy(&job->data, &run->data);
    if (SUCCEEDED(hr))
        hr = job_helper_token(job, BG_TOKEN_LOCAL_FILE, &run->token);
    if (SUCCEEDED(hr))
        hr = job_helper_token(job, BG_TOKEN_NETWORK, &run->network_token);
    if (FAILED(hr))
        run_release(run);
    else
        *out = run;
    return hr;
}

void run_fill_spec(const struct run *run, struct download_spec *spec)
{
    spec->method = run->method;
    spec->token = run->token;
    spec->network_token = run->network_token;
    spec->user = run->owner;
    spec->dynamic_content = run->data.dynamic_content;
    spec->maximum_size = BG_SIZE_UNKNOWN;
    spec->custom_headers = run->headers;
    spec->proxy.usage = run->data.proxy_usage;
    spec->proxy.list = run->proxy_list;
    spec->proxy.bypass = run->proxy_bypass;
    spec->credentials = run->credentials;
    spec->credential_count = run->credential_count;
    spec->certificate = run->data.certificate.present ? &run->data.certificate : NULL;
    spec->security_flags = run->data.security_flags;
    spec->acl_flags = run->data.acl_flags;
    spec->foreground = run->data.priority == BG_JOB_PRIORITY_FOREGROUND;
}

HRESULT job_current_run(struct job *job, struct run **out)
{
    struct run *run = NULL, *old;
    HRESULT hr = S_OK;
    BOOL current;

    AcquireSRWLockExclusive(&job->engine->lock);
    current = job->run && job->run->version == job->version;
    if (current) {
        run = job->run;
        InterlockedIncrement(&run->refs);
    } else {
        hr = run_new(job, &run);
    }
    ReleaseSRWLockExclusive(&job->engine->lock);
    *out = run;
    if (FAILED(hr) || current)
        return hr;
    hr = run_prepare(run);
    if (FAILED(hr)) {
        run_release(run);
        *out = NULL;
        return hr;
    }
    InterlockedIncrement(&run->refs); /* the job's */
    AcquireSRWLockExclusive(&job->engine->lock);
    old = job->run;
    job->run = run;
    ReleaseSRWLockExclusive(&job->engine->lock);
    run_release(old);
    return S_OK;
}

static HRESULT run_headers(struct run *run)
{
    const struct model_secret *secret = &run->data.custom_headers;
    WCHAR *clear;
    HRESULT hr;

    if (!secret->data)
        return S_OK;
    hr = os_unprotect(secret->data, secret->size, &clear);
    if (FAILED(hr))
        return hr;
    run->headers = utf8_from_wide(clear);
    os_wipe_free(clear);
    return run->headers ? S_OK : E_OUTOFMEMORY;
}

HRESULT run_prepare(struct run *run)
{
    const struct model_job *data = &run->data;
    HRESULT hr;

    run->method = utf8_from_wide(data->http_method);
    run->proxy_list = utf8_from_wide(data->proxy_list);
    run->proxy_bypass = utf8_from_wide(data->proxy_bypass);
    if ((data->http_method && !run->method) || (data->proxy_list && !run->proxy_list) ||
        (data->proxy_bypass && !run->proxy_bypass))
        return E_OUTOFMEMORY;
    /* The system's own accounts are always logged on. */
    hr = os_is_service_account(data->owner_sid) ? S_OK
                                                : run->user_token(data->owner_sid, &run->owner);
    if (SUCCEEDED(hr))
        hr = run_headers(run);
    return SUCCEEDED(hr) ? run_credentials(run) : hr;
}
