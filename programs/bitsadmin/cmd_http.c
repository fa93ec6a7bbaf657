/*
 * HTTP options of a job: credentials, custom headers, the method, security flags. Called from the
 * command table. Client certificates are in cmd_certificate.c.
 */
#include "handlers.h"

#include <bits1_5.h>
#include <bits10_2.h>
#include <bits10_3.h>
#include <bits2_5.h>
#include <stdlib.h>
#include <wchar.h>

#include "output.h"
#include "session.h"
#include "words.h"

static bool read_target(const struct invocation *invocation, ULONG *target, ULONG *scheme)
{
    return word_value(auth_target_words, L"target", invocation->args[0], target) &&
           word_value(auth_scheme_words, L"authentication scheme", invocation->args[1], scheme);
}

static HRESULT query_job2(const struct invocation *invocation, IBackgroundCopyJob2 **job)
{
    return query_version(invocation->session, invocation->job, &IID_IBackgroundCopyJob2, L"1.5",
                         (void **)job);
}

/* bitsadmin-setcredentials. NULL for name and password asks for the owner's own (implicit)
 * credentials, as bitsadmin-gethelpertokenflags tells. */
HRESULT command_set_credentials(const struct invocation *invocation)
{
    BG_AUTH_CREDENTIALS credentials = {0};
    IBackgroundCopyJob2 *job;
    ULONG target, scheme;
    HRESULT hr;

    if (!read_target(invocation, &target, &scheme))
        return BITSADMIN_E_USAGE;
    credentials.Target = target;
    credentials.Scheme = scheme;
    credentials.Credentials.Basic.UserName = (WCHAR *)null_word(invocation->args[2]);
    credentials.Credentials.Basic.Password = (WCHAR *)null_word(invocation->args[3]);
    hr = query_job2(invocation, &job);
    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJob2_SetCredentials(job, &credentials);
    IBackgroundCopyJob2_Release(job);
    SecureZeroMemory(invocation->args[3], wcslen(invocation->args[3]) * sizeof(WCHAR));
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"add the credentials to the job");
    output_print(L"Credentials for %ls, %ls added to the job.\n",
                 word_for(auth_target_words, target), word_for(auth_scheme_words, scheme));
    return S_OK;
}

/* nf-bits1_5-ibackgroundcopyjob2-removecredentials: S_FALSE where there were none. */
HRESULT command_remove_credentials(const struct invocation *invocation)
{
    IBackgroundCopyJob2 *job;
    ULONG target, scheme;
    HRESULT hr;

    if (!read_target(invocation, &target, &scheme))
        return BITSADMIN_E_USAGE;
    hr = query_job2(invocation, &job);
    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJob2_RemoveCredentials(job, target, scheme);
    IBackgroundCopyJob2_Release(job);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"remove the credentials from the job");
    output_print(hr == S_FALSE ? L"The job has no such credentials.\n"
                               : L"Credentials removed from the job.\n");
    return S_OK;
}

static HRESULT query_options(const struct invocation *invocation,
                             IBackgroundCopyJobHttpOptions **options)
{
    return query_version(invocation->session, invocation->job, &IID_IBackgroundCopyJobHttpOptions,
                         L"2.5", (void **)options);
}

HRESULT command_get_custom_headers(const struct invocation *invocation)
{
    IBackgroundCopyJobHttpOptions *options;
    WCHAR *headers;
    HRESULT hr = query_options(invocation, &options);

    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJobHttpOptions_GetCustomHeaders(options, &headers);
    IBackgroundCopyJobHttpOptions_Release(options);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"get the custom headers");
    output_answer(invocation->session, L"%ls", hr == S_OK && headers ? headers : L"");
    CoTaskMemFree(headers);
    return S_OK;
}

/* The headers as one text with a line end after each; the caller's to free(). */
static WCHAR *join_headers(int count, WCHAR **headers)
{
    size_t size = 1;
    WCHAR *text;
    int i;

    for (i = 0; i < count; i++)
        size += wcslen(headers[i]) + 2;
    text = malloc(size * sizeof(*text));
    if (!text)
        return NULL;
    *text = 0;
    for (i = 0; i < count; i++) {
        wcscat(text, headers[i]);
        wcscat(text, L"\r\n");
    }
    return text;
}

/* bitsadmin-setcustomheaders; a lone NULL takes the headers away. */
HRESULT command_set_custom_headers(const struct invocation *invocation)
{
    bool remove = invocation->count == 1 && !null_word(invocation->args[0]);
    IBackgroundCopyJobHttpOptions *options;
    WCHAR *headers = NULL;
    HRESULT hr = query_options(invocation, &options);

    if (FAILED(hr))
        return hr;
    if (!remove && !(headers = join_headers(invocation->count, invocation->args)))
        hr = E_OUTOFMEMORY;
    else
        hr = IBackgroundCopyJobHttpOptions_SetCustomHeaders(options, headers);
    IBackgroundCopyJobHttpOptions_Release(options);
    free(headers);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"set the custom headers");
    output_print(remove ? L"Custom headers removed.\n" : L"Custom headers set.\n");
    return S_OK;
}

HRESULT command_make_custom_headers_write_only(const struct invocation *invocation)
{
    IBackgroundCopyJobHttpOptions3 *options;
    HRESULT hr = query_version(invocation->session, invocation->job,
                               &IID_IBackgroundCopyJobHttpOptions3, L"10.3", (void **)&options);

    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJobHttpOptions3_MakeCustomHeadersWriteOnly(options);
    IBackgroundCopyJobHttpOptions3_Release(options);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"make the custom headers write-only");
    output_print(L"The custom headers of the job are write-only.\n");
    return S_OK;
}

static HRESULT query_options2(const struct invocation *invocation,
                              IBackgroundCopyJobHttpOptions2 **options)
{
    return query_version(invocation->session, invocation->job, &IID_IBackgroundCopyJobHttpOptions2,
                         L"10.2", (void **)options);
}

HRESULT command_get_http_method(const struct invocation *invocation)
{
    IBackgroundCopyJobHttpOptions2 *options;
    WCHAR *method;
    HRESULT hr = query_options2(invocation, &options);

    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJobHttpOptions2_GetHttpMethod(options, &method);
    IBackgroundCopyJobHttpOptions2_Release(options);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"get the HTTP method");
    output_answer(invocation->session, L"%ls", method ? method : L"");
    CoTaskMemFree(method);
    return S_OK;
}

HRESULT command_set_http_method(const struct invocation *invocation)
{
    IBackgroundCopyJobHttpOptions2 *options;
    HRESULT hr = query_options2(invocation, &options);

    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJobHttpOptions2_SetHttpMethod(options, invocation->args[0]);
    IBackgroundCopyJobHttpOptions2_Release(options);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"set the HTTP method");
    output_print(L"HTTP method set to %ls.\n", invocation->args[0]);
    return S_OK;
}

/* The bits of the security flags in words (bitsadmin-setsecurityflags). */
static void print_security_flags(ULONG flags)
{
    static const struct {
        ULONG flag;
        const WCHAR *text;
    } rows[] = {
        {BG_SSL_ENABLE_CRL_CHECK, L"Check the certificate revocation list   "},
        {BG_SSL_IGNORE_CERT_CN_INVALID, L"Ignore a wrong name in the certificate  "},
        {BG_SSL_IGNORE_CERT_DATE_INVALID, L"Ignore wrong dates in the certificate   "},
        {BG_SSL_IGNORE_UNKNOWN_CA, L"Ignore an unknown certificate authority "},
        {BG_SSL_IGNORE_CERT_WRONG_USAGE, L"Ignore a wrong usage of the certificate "},
        {BG_HTTP_REDIRECT_POLICY_ALLOW_HTTPS_TO_HTTP, L"Allow redirects from HTTPS to HTTP      "},
    };
    const WCHAR *policy = L"unknown";
    size_t i;

    for (i = 0; i < ARRAYSIZE(rows); i++)
        output_print(L"%ls: %ls\n", rows[i].text, flags & rows[i].flag ? L"true" : L"false");
    switch (flags & BG_HTTP_REDIRECT_POLICY_MASK) {
    case BG_HTTP_REDIRECT_POLICY_ALLOW_SILENT:
        policy = L"allowed";
        break;
    case BG_HTTP_REDIRECT_POLICY_ALLOW_REPORT:
        policy = L"allowed, the remote name is updated";
        break;
    case BG_HTTP_REDIRECT_POLICY_DISALLOW:
        policy = L"not allowed, the job fails";
        break;
    }
    output_print(L"Redirects                               : %ls\n", policy);
}

HRESULT command_get_security_flags(const struct invocation *invocation)
{
    IBackgroundCopyJobHttpOptions *options;
    ULONG flags;
    HRESULT hr = query_options(invocation, &options);

    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJobHttpOptions_GetSecurityFlags(options, &flags);
    IBackgroundCopyJobHttpOptions_Release(options);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"get the security flags");
    output_answer(invocation->session, L"0x%04lx", flags);
    if (!invocation->session->raw)
        print_security_flags(flags);
    return S_OK;
}

HRESULT command_set_security_flags(const struct invocation *invocation)
{
    IBackgroundCopyJobHttpOptions *options;
    ULONG flags;
    HRESULT hr;

    if (!parse_number(L"set of security flags", invocation->args[0], &flags))
        return BITSADMIN_E_USAGE;
    hr = query_options(invocation, &options);
    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJobHttpOptions_SetSecurityFlags(options, flags);
    IBackgroundCopyJobHttpOptions_Release(options);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"set the security flags");
    output_print(L"Security flags set to 0x%04lx.\n", flags);
    return S_OK;
}
