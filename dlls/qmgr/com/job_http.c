/*
 * IBackgroundCopyJobHttpOptions to HttpOptions3 of the job object.
 */
#include "com.h"

#include <stdlib.h>
#include <string.h>
#include <wincrypt.h>

static struct job_object *impl_from_http(IBackgroundCopyJobHttpOptions3 *iface)
{
    return CONTAINING_RECORD(iface, struct job_object, http_iface);
}

static HRESULT STDMETHODCALLTYPE http_QueryInterface(IBackgroundCopyJobHttpOptions3 *iface,
                                                     REFIID iid, void **out)
{
    return IBackgroundCopyJob5_QueryInterface(&impl_from_http(iface)->job_iface, iid, out);
}

static ULONG STDMETHODCALLTYPE http_AddRef(IBackgroundCopyJobHttpOptions3 *iface)
{
    return IBackgroundCopyJob5_AddRef(&impl_from_http(iface)->job_iface);
}

static ULONG STDMETHODCALLTYPE http_Release(IBackgroundCopyJobHttpOptions3 *iface)
{
    return IBackgroundCopyJob5_Release(&impl_from_http(iface)->job_iface);
}

/* ---- client certificate ---- */

static const DWORD store_location[] = {
    [BG_CERT_STORE_LOCATION_CURRENT_USER] = CERT_SYSTEM_STORE_CURRENT_USER,
    [BG_CERT_STORE_LOCATION_LOCAL_MACHINE] = CERT_SYSTEM_STORE_LOCAL_MACHINE,
    [BG_CERT_STORE_LOCATION_CURRENT_SERVICE] = CERT_SYSTEM_STORE_CURRENT_SERVICE,
    [BG_CERT_STORE_LOCATION_SERVICES] = CERT_SYSTEM_STORE_SERVICES,
    [BG_CERT_STORE_LOCATION_USERS] = CERT_SYSTEM_STORE_USERS,
    [BG_CERT_STORE_LOCATION_CURRENT_USER_GROUP_POLICY] =
        CERT_SYSTEM_STORE_CURRENT_USER_GROUP_POLICY,
    [BG_CERT_STORE_LOCATION_LOCAL_MACHINE_GROUP_POLICY] =
        CERT_SYSTEM_STORE_LOCAL_MACHINE_GROUP_POLICY,
    [BG_CERT_STORE_LOCATION_LOCAL_MACHINE_ENTERPRISE] = CERT_SYSTEM_STORE_LOCAL_MACHINE_ENTERPRISE,
};

static HRESULT open_store(BG_CERT_STORE_LOCATION location, const WCHAR *name, HCERTSTORE *store)
{
    if ((unsigned)location >= ARRAYSIZE(store_location))
        return E_NOTIMPL; /* nf-bits2_5-ibackgroundcopyjobhttpoptions-setclientcertificatebyid */
    if (!name || !*name)
        return E_INVALIDARG;
    if (com_length(name, COM_MAX_CERTIFICATE_STRING) > COM_MAX_CERTIFICATE_STRING)
        return BG_E_STRING_TOO_LONG;
    *store = CertOpenStore(
        CERT_STORE_PROV_SYSTEM_W, 0, 0,
        store_location[location] | CERT_STORE_OPEN_EXISTING_FLAG | CERT_STORE_READONLY_FLAG, name);
    if (*store)
        return S_OK;
    return GetLastError() == ERROR_ACCESS_DENIED ? E_ACCESSDENIED
                                                 : HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND);
}

/* Whether the certificate may authenticate a client: it says so, or does not say what it is for. */
static BOOL for_clients(const CERT_CONTEXT *certificate)
{
    CERT_ENHKEY_USAGE *usage;
    BOOL good = FALSE;
    DWORD size = 0;

    if (!CertGetEnhancedKeyUsage(certificate, 0, NULL, &size))
        return GetLastError() == (DWORD)CRYPT_E_NOT_FOUND;
    usage = malloc(size);
    if (usage && CertGetEnhancedKeyUsage(certificate, 0, usage, &size)) {
        /* An empty list: with this error every use is good, otherwise none. */
        good = !usage->cUsageIdentifier && GetLastError() == (DWORD)CRYPT_E_NOT_FOUND;
        for (DWORD i = 0; i < usage->cUsageIdentifier && !good; i++)
            good = !strcmp(usage->rgpszUsageIdentifier[i], szOID_PKIX_KP_CLIENT_AUTH);
    }
    free(usage);
    return good;
}

/* Whether name occurs in the values of the certificate's subject, the last one first: "name3,
 * name2, name1" for CN=name1, OU=name2, O=name3. */
static BOOL has_name(const CERT_CONTEXT *certificate, const WCHAR *name)
{
    const DWORD form = CERT_SIMPLE_NAME_STR;
    CERT_NAME_BLOB *subject = &certificate->pCertInfo->Subject;
    DWORD size = CertNameToStrW(X509_ASN_ENCODING, subject, form, NULL, 0);
    WCHAR *text = malloc(size * sizeof(*text)), *reverse = malloc(size * sizeof(*reverse));
    BOOL found = FALSE;

    if (text && reverse && CertNameToStrW(X509_ASN_ENCODING, subject, form, text, size)) {
        CertNameToStrW(X509_ASN_ENCODING, subject, form | CERT_NAME_STR_REVERSE_FLAG, reverse,
                       size);
        CharLowerW(text);
        CharLowerW(reverse);
        found = wcsstr(text, name) || wcsstr(reverse, name);
    }
    free(text);
    free(reverse);
    return found;
}

/* The first certificate whose subject has that in it and that may authenticate a client
 * (nf-bits2_5-ibackgroundcopyjobhttpoptions-setclientcertificatebyname); NULL: there is none. */
static const CERT_CONTEXT *find_by_name(HCERTSTORE store, const WCHAR *subject)
{
    const CERT_CONTEXT *certificate = NULL;
    WCHAR *name = _wcsdup(subject);

    if (!name)
        return NULL;
    CharLowerW(name);
    while ((certificate = CertEnumCertificatesInStore(store, certificate)) &&
           !(has_name(certificate, name) && for_clients(certificate)))
        ;
    free(name);
    return certificate;
}

/* The certificate's subject as GetClientCertificate gives it: values only, the last one first;
 * free(). NULL: no memory. */
static WCHAR *subject_of(const CERT_CONTEXT *certificate)
{
    const DWORD form = CERT_SIMPLE_NAME_STR | CERT_NAME_STR_REVERSE_FLAG;
    CERT_NAME_BLOB *subject = &certificate->pCertInfo->Subject;
    DWORD size = CertNameToStrW(X509_ASN_ENCODING, subject, form, NULL, 0);
    WCHAR *text = calloc(size + 1, sizeof(*text));

    if (text)
        CertNameToStrW(X509_ASN_ENCODING, subject, form, text, size);
    return text;
}

/* Looks up the certificate with the client's eyes, by hash or, when that is NULL, by name. */
static HRESULT find_certificate(BG_CERT_STORE_LOCATION location, const WCHAR *name,
                                const BYTE *hash, const WCHAR *subject, const CERT_CONTEXT **found)
{
    CRYPT_HASH_BLOB blob = {20, (BYTE *)hash};
    struct com_acting acting;
    HCERTSTORE store;
    HRESULT hr = com_act_as_caller(&acting);

    if (FAILED(hr))
        return hr;
    hr = open_store(location, name, &store);
    if (SUCCEEDED(hr)) {
        *found = hash ? CertFindCertificateInStore(store, X509_ASN_ENCODING, 0, CERT_FIND_SHA1_HASH,
                                                   &blob, NULL)
                      : find_by_name(store, subject);
        if (!*found)
            hr = CRYPT_E_NOT_FOUND;
        CertCloseStore(store, 0);
    }
    com_act_as_self(&acting);
    return hr;
}

/* Puts a certificate that was found into the job. */
static HRESULT put_certificate(struct job *job, BG_CERT_STORE_LOCATION location, const WCHAR *store,
                               BOOL by_id, const CERT_CONTEXT *certificate)
{
    struct job_change change;
    struct model_certificate *put = &change.next.certificate;
    DWORD size = sizeof(put->hash);
    WCHAR *subject;
    HRESULT hr = job_change_begin(job, &change);

    if (FAILED(hr))
        return hr;
    put->present = TRUE;
    put->by_id = by_id;
    put->location = location;
    if (!CertGetCertificateContextProperty(certificate, CERT_SHA1_HASH_PROP_ID, put->hash, &size))
        hr = HRESULT_FROM_WIN32(GetLastError());
    subject = subject_of(certificate);
    if (SUCCEEDED(hr))
        hr = subject ? model_set_string(&put->store, store) : E_OUTOFMEMORY;
    if (SUCCEEDED(hr))
        hr = model_set_string(&put->subject, subject);
    free(subject);
    return job_change_end(&change, hr);
}

static HRESULT set_certificate(struct job *job, BG_CERT_STORE_LOCATION location, const WCHAR *name,
                               const BYTE *hash, const WCHAR *subject)
{
    const CERT_CONTEXT *certificate;
    HRESULT hr = com_check_owner(job);

    if (SUCCEEDED(hr))
        hr = find_certificate(location, name, hash, subject, &certificate);
    if (FAILED(hr))
        return hr;
    hr = put_certificate(job, location, name, hash != NULL, certificate);
    CertFreeCertificateContext(certificate);
    return hr;
}

static HRESULT STDMETHODCALLTYPE
http_SetClientCertificateByID(IBackgroundCopyJobHttpOptions3 *iface,
                              BG_CERT_STORE_LOCATION location, LPCWSTR name, byte *hash)
{
    if (!hash)
        return E_INVALIDARG;
    return set_certificate(impl_from_http(iface)->job, location, name, hash, NULL);
}

static HRESULT STDMETHODCALLTYPE
http_SetClientCertificateByName(IBackgroundCopyJobHttpOptions3 *iface,
                                BG_CERT_STORE_LOCATION location, LPCWSTR name, LPCWSTR subject)
{
    if (!subject || !*subject)
        return E_INVALIDARG;
    if (com_length(subject, COM_MAX_CERTIFICATE_STRING) > COM_MAX_CERTIFICATE_STRING)
        return BG_E_STRING_TOO_LONG;
    return set_certificate(impl_from_http(iface)->job, location, name, NULL, subject);
}

static HRESULT STDMETHODCALLTYPE http_RemoveClientCertificate(IBackgroundCopyJobHttpOptions3 *iface)
{
    struct job_change change;
    HRESULT hr = job_change_begin(impl_from_http(iface)->job, &change);

    if (FAILED(hr))
        return hr;
    if (!change.next.certificate.present) {
        job_change_cancel(&change);
        return S_FALSE;
    }
    change.next.certificate.present = FALSE;
    hr = model_set_string(&change.next.certificate.store, NULL);
    if (SUCCEEDED(hr))
        hr = model_set_string(&change.next.certificate.subject, NULL);
    return job_change_end(&change, hr);
}

/* Without a certificate, or for others than its owner, the documented answer is
 * RPC_X_BAD_STUB_DATA.
 */
static HRESULT STDMETHODCALLTYPE http_GetClientCertificate(IBackgroundCopyJobHttpOptions3 *iface,
                                                           BG_CERT_STORE_LOCATION *location,
                                                           LPWSTR *store, byte **hash,
                                                           LPWSTR *subject)
{
    struct job *job = impl_from_http(iface)->job;
    const struct model_certificate *certificate;
    HRESULT hr = S_OK;

    if (!location || !store || !hash || !subject)
        return E_INVALIDARG;
    *store = *subject = NULL;
    *hash = NULL;
    if (FAILED(com_check_owner(job)))
        return HRESULT_FROM_WIN32(RPC_X_BAD_STUB_DATA);
    certificate = &job_lock(job)->certificate;
    if (!certificate->present) {
        job_unlock(job);
        return HRESULT_FROM_WIN32(RPC_X_BAD_STUB_DATA);
    }
    *location = certificate->location;
    *store = com_string(certificate->store);
    *subject = com_string(certificate->subject);
    *hash = CoTaskMemAlloc(sizeof(certificate->hash));
    if (*store && *subject && *hash)
        memcpy(*hash, certificate->hash, sizeof(certificate->hash));
    else
        hr = E_OUTOFMEMORY;
    job_unlock(job);
    if (FAILED(hr)) {
        CoTaskMemFree(*store);
        CoTaskMemFree(*subject);
        CoTaskMemFree(*hash);
        *store = *subject = NULL;
        *hash = NULL;
    }
    return hr;
}

/* ---- headers, security, method ---- */

static HRESULT STDMETHODCALLTYPE http_SetCustomHeaders(IBackgroundCopyJobHttpOptions3 *iface,
                                                       LPCWSTR headers)
{
    struct model_secret secret = {0};
    struct job_change change;
    HRESULT hr;

    if (headers && com_length(headers, COM_MAX_CUSTOM_HEADERS) > COM_MAX_CUSTOM_HEADERS)
        return BG_E_STRING_TOO_LONG;
    hr = com_check_headers(headers);
    if (SUCCEEDED(hr) && headers) /* user-account-control-and-bits: encrypted on the disk */
        hr = os_protect(headers, &secret.data, &secret.size);
    if (SUCCEEDED(hr))
        hr = com_check_owner(impl_from_http(iface)->job);
    if (SUCCEEDED(hr))
        hr = job_change_begin(impl_from_http(iface)->job, &change);
    if (FAILED(hr)) {
        model_secret_release(&secret);
        return hr;
    }
    model_secret_release(&change.next.custom_headers);
    change.next.custom_headers = secret;
    return job_change_end(&change, S_OK);
}

static HRESULT STDMETHODCALLTYPE http_GetCustomHeaders(IBackgroundCopyJobHttpOptions3 *iface,
                                                       LPWSTR *headers)
{
    struct job *job = impl_from_http(iface)->job;
    const struct model_job *data;
    WCHAR *clear;
    HRESULT hr;

    if (!headers)
        return E_INVALIDARG;
    *headers = NULL;
    hr = com_check_owner(job);
    if (FAILED(hr))
        return hr;
    data = job_lock(job);
    if (data->custom_headers_write_only)
        hr =
            E_ACCESSDENIED; /* nf-bits10_3-ibackgroundcopyjobhttpoptions3-makecustomheaderswriteonly
                             */
    else if (!data->custom_headers.data)
        hr = S_FALSE;
    else
        hr = os_unprotect(data->custom_headers.data, data->custom_headers.size, &clear);
    job_unlock(job);
    if (hr != S_OK)
        return hr;
    hr = com_string_or_null(clear, headers);
    os_wipe_free(clear);
    return hr;
}

static HRESULT STDMETHODCALLTYPE http_SetSecurityFlags(IBackgroundCopyJobHttpOptions3 *iface,
                                                       ULONG flags)
{
    const ULONG valid = BG_SSL_ENABLE_CRL_CHECK | BG_SSL_IGNORE_CERT_CN_INVALID |
                        BG_SSL_IGNORE_CERT_DATE_INVALID | BG_SSL_IGNORE_UNKNOWN_CA |
                        BG_SSL_IGNORE_CERT_WRONG_USAGE | BG_HTTP_REDIRECT_POLICY_MASK |
                        BG_HTTP_REDIRECT_POLICY_ALLOW_HTTPS_TO_HTTP;
    struct job_change change;
    HRESULT hr;

    if ((flags & ~valid) ||
        (flags & BG_HTTP_REDIRECT_POLICY_MASK) > BG_HTTP_REDIRECT_POLICY_DISALLOW)
        return E_NOTIMPL; /* nf-bits2_5-ibackgroundcopyjobhttpoptions-setsecurityflags */
    hr = job_change_begin(impl_from_http(iface)->job, &change);
    if (FAILED(hr))
        return hr;
    change.next.security_flags = flags;
    return job_change_end(&change, S_OK);
}

static HRESULT STDMETHODCALLTYPE http_GetSecurityFlags(IBackgroundCopyJobHttpOptions3 *iface,
                                                       ULONG *flags)
{
    struct job *job = impl_from_http(iface)->job;

    if (!flags)
        return E_INVALIDARG;
    *flags = job_lock(job)->security_flags;
    job_unlock(job);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE http_SetHttpMethod(IBackgroundCopyJobHttpOptions3 *iface,
                                                    LPCWSTR method)
{
    struct job_change change;
    HRESULT hr = com_check_method(method);

    if (SUCCEEDED(hr))
        hr = job_change_begin_call(impl_from_http(iface)->job, BC_CALL_SET_HTTP_METHOD, &change);
    if (FAILED(hr))
        return hr;
    return job_change_end(&change, model_set_string(&change.next.http_method, method));
}

/* The default depends on the type (nf-bits10_2-ibackgroundcopyjobhttpoptions2-gethttpmethod). */
static HRESULT STDMETHODCALLTYPE http_GetHttpMethod(IBackgroundCopyJobHttpOptions3 *iface,
                                                    LPWSTR *method)
{
    struct job *job = impl_from_http(iface)->job;
    const struct model_job *data;

    if (!method)
        return E_INVALIDARG;
    data = job_lock(job);
    if (data->http_method)
        *method = com_string(data->http_method);
    else
        *method = com_string(data->type == BG_JOB_TYPE_DOWNLOAD ? L"GET" : L"BITS_POST");
    job_unlock(job);
    return *method ? S_OK : E_OUTOFMEMORY;
}

static HRESULT STDMETHODCALLTYPE http_SetServerCertificateValidationInterface(
    IBackgroundCopyJobHttpOptions3 *iface, IUnknown *callback)
{
    IUnknown *typed = NULL;
    HRESULT hr = S_OK;

    if (callback) {
        hr = IUnknown_QueryInterface(
            callback, &IID_IBackgroundCopyServerCertificateValidationCallback, (void **)&typed);
        if (FAILED(hr))
            return E_NOINTERFACE;
    }
    hr = job_set_certificate_interface(impl_from_http(iface)->job, typed);
    if (typed)
        IUnknown_Release(typed);
    return hr;
}

static HRESULT STDMETHODCALLTYPE
http_MakeCustomHeadersWriteOnly(IBackgroundCopyJobHttpOptions3 *iface)
{
    struct job_change change;
    HRESULT hr = job_change_begin(impl_from_http(iface)->job, &change);

    if (FAILED(hr))
        return hr;
    change.next.custom_headers_write_only = TRUE;
    return job_change_end(&change, S_OK);
}

const IBackgroundCopyJobHttpOptions3Vtbl job_http_vtbl = {
    .QueryInterface = http_QueryInterface,
    .AddRef = http_AddRef,
    .Release = http_Release,
    .SetClientCertificateByID = http_SetClientCertificateByID,
    .SetClientCertificateByName = http_SetClientCertificateByName,
    .RemoveClientCertificate = http_RemoveClientCertificate,
    .GetClientCertificate = http_GetClientCertificate,
    .SetCustomHeaders = http_SetCustomHeaders,
    .GetCustomHeaders = http_GetCustomHeaders,
    .SetSecurityFlags = http_SetSecurityFlags,
    .GetSecurityFlags = http_GetSecurityFlags,
    .SetHttpMethod = http_SetHttpMethod,
    .GetHttpMethod = http_GetHttpMethod,
    .SetServerCertificateValidationInterface = http_SetServerCertificateValidationInterface,
    .MakeCustomHeadersWriteOnly = http_MakeCustomHeadersWriteOnly,
};
