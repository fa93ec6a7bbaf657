/*
 * Helper tokens of a job. The service takes the token that the caller impersonates, so a user's
 * token is impersonated around the call. Called from the command table; methods of
 * IBitsTokenOptions (page "Helper tokens for BITS transfer jobs").
 */
#include "handlers.h"

#include <bits4_0.h>
#include <wchar.h>

#include "output.h"
#include "session.h"
#include "words.h"

static HRESULT query_token_options(const struct invocation *invocation, IBitsTokenOptions **options)
{
    return query_version(invocation->session, invocation->job, &IID_IBitsTokenOptions, L"4.0",
                         (void **)options);
}

/* Logs on as user@domain or domain\user; the token is the caller's to close. */
static HRESULT log_on(const WCHAR *user, const WCHAR *password, HANDLE *token)
{
    WCHAR domain[256];
    const WCHAR *slash = wcschr(user, '\\'), *home = NULL;

    if (slash) {
        if (slash - user >= (ptrdiff_t)ARRAYSIZE(domain))
            return HRESULT_FROM_WIN32(ERROR_INVALID_DOMAINNAME);
        wmemcpy(domain, user, slash - user);
        domain[slash - user] = 0;
        home = domain;
        user = slash + 1;
    } else if (!wcschr(user, '@')) {
        home = L".";
    }
    if (!LogonUserW(user, home, password, LOGON32_LOGON_INTERACTIVE, LOGON32_PROVIDER_DEFAULT,
                    token))
        return HRESULT_FROM_WIN32(GetLastError());
    return S_OK;
}

/* nf-bits4_0-ibitstokenoptions-sethelpertoken, with the token of the user where one is named. */
HRESULT command_set_helper_token(const struct invocation *invocation)
{
    IBitsTokenOptions *options;
    HANDLE token = NULL;
    HRESULT hr;

    if (invocation->count == 1) {
        output_print(L"A user name needs a password.\n");
        return BITSADMIN_E_USAGE;
    }
    hr = query_token_options(invocation, &options);
    if (FAILED(hr))
        return hr;
    if (invocation->count == 2) {
        hr = log_on(invocation->args[0], invocation->args[1], &token);
        SecureZeroMemory(invocation->args[1], wcslen(invocation->args[1]) * sizeof(WCHAR));
        if (FAILED(hr)) {
            report_failure(invocation->session, hr, L"log on as the user");
            goto release_options;
        }
        if (!ImpersonateLoggedOnUser(token)) {
            hr = HRESULT_FROM_WIN32(GetLastError());
            report_failure(invocation->session, hr, L"act as the user");
            goto close_token;
        }
    }
    hr = IBitsTokenOptions_SetHelperToken(options);
    if (token)
        RevertToSelf();
    if (FAILED(hr))
        report_failure(invocation->session, hr, L"set the helper token");
    else
        output_print(L"Helper token set.\n");
    if (hr == CO_E_FAILEDTOIMPERSONATE)
        output_print(L"On this system a service cannot take the token of its caller (Wine).\n");
close_token:
    if (token)
        CloseHandle(token);
release_options:
    IBitsTokenOptions_Release(options);
    return hr;
}

/* A job without a helper token gives S_FALSE or no text. */
HRESULT command_get_helper_token_sid(const struct invocation *invocation)
{
    IBitsTokenOptions *options;
    WCHAR *sid = NULL;
    HRESULT hr = query_token_options(invocation, &options);

    if (FAILED(hr))
        return hr;
    hr = IBitsTokenOptions_GetHelperTokenSid(options, &sid);
    IBitsTokenOptions_Release(options);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"get the SID of the helper token");
    output_answer(invocation->session, L"%ls", sid ? sid : L"none");
    CoTaskMemFree(sid);
    return S_OK;
}

HRESULT command_set_helper_token_flags(const struct invocation *invocation)
{
    IBitsTokenOptions *options;
    ULONG flags;
    HRESULT hr;

    if (!parse_number(L"set of helper token flags", invocation->args[0], &flags))
        return BITSADMIN_E_USAGE;
    hr = query_token_options(invocation, &options);
    if (FAILED(hr))
        return hr;
    hr = IBitsTokenOptions_SetHelperTokenFlags(options, flags);
    IBitsTokenOptions_Release(options);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"set the helper token flags");
    output_print(L"Helper token flags set to 0x%04lx.\n", flags);
    return S_OK;
}

HRESULT command_get_helper_token_flags(const struct invocation *invocation)
{
    IBitsTokenOptions *options;
    DWORD flags;
    HRESULT hr = query_token_options(invocation, &options);

    if (FAILED(hr))
        return hr;
    hr = IBitsTokenOptions_GetHelperTokenFlags(options, &flags);
    IBitsTokenOptions_Release(options);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"get the helper token flags");
    output_answer(invocation->session, L"0x%04lx", flags);
    return S_OK;
}
