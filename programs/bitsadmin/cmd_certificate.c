/*
 * The client certificate of a job, by its SHA-1 hash or by its subject. Called from the command
 * table; methods of IBackgroundCopyJobHttpOptions.
 */
#include "handlers.h"

#include <bits2_5.h>
#include <wchar.h>

#include "bitsmsg.h"
#include "format.h"
#include "output.h"
#include "session.h"
#include "words.h"

/* A SHA-1 hash (nf-bits2_5-ibackgroundcopyjobhttpoptions-setclientcertificatebyid). */
#define CERT_HASH_BYTES 20

/* The tool counts the store locations from 1, the interface from 0; names are taken as well, with
 * or without the prefix of the constants (bitsadmin-setclientcertificatebyid). */
static bool parse_location(const WCHAR *text, BG_CERT_STORE_LOCATION *location)
{
    static const WCHAR prefix[] = L"BG_CERT_STORE_LOCATION_";
    ULONG value;

    if (text[0] >= '1' && text[0] <= '8' && !text[1]) {
        *location = text[0] - '1';
        return true;
    }
    if (!_wcsnicmp(text, prefix, ARRAYSIZE(prefix) - 1))
        text += ARRAYSIZE(prefix) - 1;
    if (!word_value(cert_location_words, L"store location (1 to 8)", text, &value))
        return false;
    *location = value;
    return true;
}

static HRESULT query_options(const struct invocation *invocation,
                             IBackgroundCopyJobHttpOptions **options)
{
    return query_version(invocation->session, invocation->job, &IID_IBackgroundCopyJobHttpOptions,
                         L"2.5", (void **)options);
}

static HRESULT finish_set(const struct invocation *invocation,
                          IBackgroundCopyJobHttpOptions *options, HRESULT hr)
{
    IBackgroundCopyJobHttpOptions_Release(options);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"set the client certificate");
    output_print(L"Client certificate set.\n");
    return S_OK;
}

HRESULT command_set_client_certificate_by_id(const struct invocation *invocation)
{
    IBackgroundCopyJobHttpOptions *options;
    BG_CERT_STORE_LOCATION location;
    BYTE hash[CERT_HASH_BYTES];
    HRESULT hr;

    if (!parse_location(invocation->args[0], &location) ||
        !parse_hex(L"certificate hash", invocation->args[2], hash, sizeof(hash)))
        return BITSADMIN_E_USAGE;
    hr = query_options(invocation, &options);
    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJobHttpOptions_SetClientCertificateByID(options, location,
                                                                invocation->args[1], hash);
    return finish_set(invocation, options, hr);
}

HRESULT command_set_client_certificate_by_name(const struct invocation *invocation)
{
    IBackgroundCopyJobHttpOptions *options;
    BG_CERT_STORE_LOCATION location;
    HRESULT hr;

    if (!parse_location(invocation->args[0], &location))
        return BITSADMIN_E_USAGE;
    hr = query_options(invocation, &options);
    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJobHttpOptions_SetClientCertificateByName(
        options, location, invocation->args[1], invocation->args[2]);
    return finish_set(invocation, options, hr);
}

HRESULT command_remove_client_certificate(const struct invocation *invocation)
{
    IBackgroundCopyJobHttpOptions *options;
    HRESULT hr = query_options(invocation, &options);

    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJobHttpOptions_RemoveClientCertificate(options);
    IBackgroundCopyJobHttpOptions_Release(options);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"remove the client certificate");
    output_print(L"Client certificate removed.\n");
    return S_OK;
}

static void print_certificate(BG_CERT_STORE_LOCATION location, const WCHAR *store, const BYTE *hash,
                              const WCHAR *subject)
{
    int i;

    output_print(L"STORE LOCATION: %d (%ls)\n", location + 1,
                 word_for(cert_location_words, location));
    output_print(L"STORE NAME: %ls\nCERTIFICATE HASH: ", or_null(store));
    for (i = 0; hash && i < CERT_HASH_BYTES; i++)
        output_print(L"%02x", hash[i]);
    output_print(L"\nSUBJECT NAME: %ls\n", or_null(subject));
}

/* How GetClientCertificate says that there is none; the page gives the code without its facility.
 */
static bool is_absent(HRESULT hr)
{
    return hr == RPC_X_BAD_STUB_DATA || hr == HRESULT_FROM_WIN32(RPC_X_BAD_STUB_DATA);
}

HRESULT command_get_client_certificate(const struct invocation *invocation)
{
    IBackgroundCopyJobHttpOptions *options;
    WCHAR *store = NULL, *subject = NULL;
    BG_CERT_STORE_LOCATION location;
    BYTE *hash = NULL;
    HRESULT hr = query_options(invocation, &options);

    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJobHttpOptions_GetClientCertificate(options, &location, &store, &hash,
                                                            &subject);
    IBackgroundCopyJobHttpOptions_Release(options);
    if (is_absent(hr)) {
        output_answer(invocation->session, L"The job has no client certificate.");
        hr = S_OK;
    } else if (FAILED(hr)) {
        report_failure(invocation->session, hr, L"get the client certificate");
    } else {
        print_certificate(location, store, hash, subject);
    }
    CoTaskMemFree(store);
    CoTaskMemFree(hash);
    CoTaskMemFree(subject);
    return hr;
}
