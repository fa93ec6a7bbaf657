/*
 * TLS: what is checked of a server's certificate, who else may judge it, and the certificate we
 * show.
 *
 * Called by http_options.c and http.c; calls libcurl's setters, which hand it to Schannel, and the
 * Windows certificate functions. libcurl itself can only check all or nothing, while a job may
 * overlook single faults (nf-bits2_5-ibackgroundcopyjobhttpoptions-setsecurityflags); therefore the
 * check is made here, before each request is sent, on a connection that has not carried it yet. A
 * request whose certificate the client wants to judge is dropped at that point and sent again when
 * the client has said yes.
 */
#define SECURITY_WIN32
#include "transfer_private.h"

#include <process.h>
#include <stdio.h>
#include <stdlib.h>
#include <bits2_5.h>
#include <security.h>
#include <schannel.h>
#include <wincrypt.h>
#include <wininet.h>

/* A certificate found good is not checked again for the same host and flags so long, in ms. */
#define VERDICT_MS 60000

/* ERROR_WINHTTP_SECURE_CERT_WRONG_USAGE, which wininet.h has not. */
#define CERT_WRONG_USAGE 12179

struct server_certificate {
    BYTE *der, *store; /* store: the chain, serialized */
    ULONG size, store_size;
    BOOL accepted;
    HRESULT answer;
    HANDLE thread;
};

static void certificate_free(struct server_certificate *certificate)
{
    if (!certificate)
        return;
    free(certificate->der);
    free(certificate->store);
    free(certificate);
}

void tls_free(struct download *download)
{
    certificate_free(download->certificate);
}

/* ---- the check ---- */

/* The first fault that flags do not overlook, as a WinINet error; 0: none. */
static DWORD chain_fault(DWORD status, ULONG flags)
{
    if (status & CERT_TRUST_IS_REVOKED)
        return ERROR_INTERNET_SEC_CERT_REVOKED;
    if (!(flags & BG_SSL_IGNORE_UNKNOWN_CA) &&
        (status & (CERT_TRUST_IS_UNTRUSTED_ROOT | CERT_TRUST_IS_PARTIAL_CHAIN)))
        return ERROR_INTERNET_INVALID_CA;
    if (!(flags & BG_SSL_IGNORE_CERT_DATE_INVALID) && (status & CERT_TRUST_IS_NOT_TIME_VALID))
        return ERROR_INTERNET_SEC_CERT_DATE_INVALID;
    if (!(flags & BG_SSL_IGNORE_CERT_WRONG_USAGE) && (status & CERT_TRUST_IS_NOT_VALID_FOR_USAGE))
        return CERT_WRONG_USAGE;
    if ((flags & BG_SSL_ENABLE_CRL_CHECK) &&
        (status & (CERT_TRUST_REVOCATION_STATUS_UNKNOWN | CERT_TRUST_IS_OFFLINE_REVOCATION)))
        return ERROR_INTERNET_SEC_CERT_REV_FAILED;
    if (status & (CERT_TRUST_IS_NOT_SIGNATURE_VALID | CERT_TRUST_IS_CYCLIC |
                  CERT_TRUST_INVALID_BASIC_CONSTRAINTS | CERT_TRUST_IS_EXPLICIT_DISTRUST))
        return ERROR_INTERNET_SECURITY_CHANNEL_ERROR;
    return 0;
}

/* TRUE when the certificate is made out to host. */
static BOOL names_host(const CERT_CHAIN_CONTEXT *chain, WCHAR *host)
{
    SSL_EXTRA_CERT_CHAIN_POLICY_PARA extra = {.cbSize = sizeof(extra)};
    CERT_CHAIN_POLICY_PARA parameters = {.cbSize = sizeof(parameters)};
    CERT_CHAIN_POLICY_STATUS status = {.cbSize = sizeof(status)};

    extra.dwAuthType = AUTHTYPE_SERVER;
    extra.fdwChecks = SECURITY_FLAG_IGNORE_UNKNOWN_CA | SECURITY_FLAG_IGNORE_CERT_DATE_INVALID |
                      SECURITY_FLAG_IGNORE_WRONG_USAGE | SECURITY_FLAG_IGNORE_REVOCATION;
    extra.pwszServerName = host;
    parameters.pvExtraPolicyPara = &extra;
    return CertVerifyCertificateChainPolicy(CERT_CHAIN_POLICY_SSL, chain, &parameters, &status) &&
           status.dwError != (DWORD)CERT_E_CN_NO_MATCH;
}

/* Checks the certificate; 0 or a WinINet error. */
static DWORD check(const CERT_CONTEXT *certificate, const char *host, ULONG flags)
{
    static char usage[] = szOID_PKIX_KP_SERVER_AUTH;
    char *usages[] = {usage};
    CERT_CHAIN_PARA parameters = {.cbSize = sizeof(parameters)};
    const CERT_CHAIN_CONTEXT *chain;
    WCHAR wide[256];
    DWORD fault;

    parameters.RequestedUsage.dwType = USAGE_MATCH_TYPE_AND;
    parameters.RequestedUsage.Usage.cUsageIdentifier = 1;
    parameters.RequestedUsage.Usage.rgpszUsageIdentifier = usages;
    if (!CertGetCertificateChain(
            NULL, certificate, NULL, certificate->hCertStore, &parameters,
            flags & BG_SSL_ENABLE_CRL_CHECK ? CERT_CHAIN_REVOCATION_CHECK_CHAIN_EXCLUDE_ROOT : 0,
            NULL, &chain))
        return ERROR_INTERNET_SECURITY_CHANNEL_ERROR;
    fault = chain_fault(chain->TrustStatus.dwErrorStatus, flags);
    if (!fault && !(flags & BG_SSL_IGNORE_CERT_CN_INVALID) &&
        (!MultiByteToWideChar(CP_UTF8, 0, host, -1, wide, ARRAYSIZE(wide)) ||
         !names_host(chain, wide)))
        fault = ERROR_INTERNET_SEC_CERT_CN_INVALID;
    CertFreeCertificateChain(chain);
    return fault;
}

/* The verdict on a certificate seen a moment ago; NULL: none. */
static struct tls_verdict *find_verdict(struct transfer *transfer, const BYTE hash[20],
                                        const char *host, ULONG flags)
{
    for (size_t i = 0; i < ARRAYSIZE(transfer->verdicts); i++) {
        struct tls_verdict *verdict = &transfer->verdicts[i];

        if (verdict->time && GetTickCount64() - verdict->time < VERDICT_MS &&
            verdict->flags == flags && !strcmp(verdict->host, host) &&
            !memcmp(verdict->hash, hash, sizeof(verdict->hash)))
            return verdict;
    }
    return NULL;
}

static DWORD check_once(struct transfer *transfer, const CERT_CONTEXT *certificate,
                        const char *host, ULONG flags)
{
    struct tls_verdict *verdict;
    BYTE hash[20];
    DWORD size = sizeof(hash), fault;

    if (!CertGetCertificateContextProperty(certificate, CERT_SHA1_HASH_PROP_ID, hash, &size))
        return check(certificate, host, flags);
    if (find_verdict(transfer, hash, host, flags))
        return 0;
    fault = check(certificate, host, flags);
    if (fault)
        return fault;
    verdict = &transfer->verdicts[transfer->verdict_next++ % ARRAYSIZE(transfer->verdicts)];
    memcpy(verdict->hash, hash, sizeof(hash));
    snprintf(verdict->host, sizeof(verdict->host), "%s", host);
    verdict->flags = flags;
    verdict->time = GetTickCount64();
    return 0;
}

/* ---- the client's judgement ---- */

/* The certificates the server sent, as CertSaveStore() writes them. */
static BOOL save_store(const CERT_CONTEXT *certificate, struct server_certificate *out)
{
    CERT_BLOB blob = {0};
    BOOL good;

    if (!CertSaveStore(certificate->hCertStore, X509_ASN_ENCODING | PKCS_7_ASN_ENCODING,
                       CERT_STORE_SAVE_AS_STORE, CERT_STORE_SAVE_TO_MEMORY, &blob, 0))
        return FALSE;
    blob.pbData = malloc(blob.cbData);
    good = blob.pbData &&
           CertSaveStore(certificate->hCertStore, X509_ASN_ENCODING | PKCS_7_ASN_ENCODING,
                         CERT_STORE_SAVE_AS_STORE, CERT_STORE_SAVE_TO_MEMORY, &blob, 0);
    out->store = blob.pbData;
    out->store_size = blob.cbData;
    return good;
}

/* TRUE when the client has accepted this certificate. Otherwise outcome says how to go on. */
static BOOL accepted(struct download *download, const CERT_CONTEXT *certificate)
{
    struct server_certificate *known = download->certificate;

    if (known && known->accepted && known->size == certificate->cbCertEncoded &&
        !memcmp(known->der, certificate->pbCertEncoded, known->size))
        return TRUE;
    certificate_free(known);
    known = download->certificate = calloc(1, sizeof(*known));
    download->outcome = OUTCOME_FAILED;
    download->failure = failure_memory();
    if (!known)
        return FALSE;
    known->size = certificate->cbCertEncoded;
    known->der = malloc(known->size);
    if (!known->der || !save_store(certificate, known))
        return FALSE;
    memcpy(known->der, certificate->pbCertEncoded, known->size);
    download->outcome = OUTCOME_ASK;
    return FALSE;
}

static unsigned __stdcall ask_thread(void *argument)
{
    struct download *download = argument;
    struct server_certificate *certificate = download->certificate;

    certificate->answer =
        download->events.certificate(download->context, certificate->der, certificate->size,
                                     certificate->store, certificate->store_size);
    transfer_post(download, TODO_ANSWERED);
    return 0;
}

void tls_ask(struct download *download)
{
    HANDLE thread;

    download->state = STATE_ASKING;
    thread = (HANDLE)_beginthreadex(NULL, 0, ask_thread, download, CREATE_SUSPENDED, NULL);
    if (!thread) {
        struct failure failure = failure_memory();

        download_end(download, &failure);
        return;
    }
    download->certificate->thread = thread;
    ResumeThread(thread);
}

void tls_answered(struct download *download)
{
    struct server_certificate *certificate = download->certificate;
    struct failure failure = {.hr = certificate->answer,
                              .context = BG_ERROR_CONTEXT_SERVER_CERTIFICATE_CALLBACK};

    WaitForSingleObject(certificate->thread, INFINITE); /* it is on its last instructions */
    CloseHandle(certificate->thread);
    if (download->cancelled) {
        download_abort(download);
    } else if (FAILED(failure.hr)) {
        download_end(download, &failure);
    } else {
        certificate->accepted = TRUE;
        http_request(download);
    }
}

/* ---- before a request is sent ---- */

static BOOL url_host(const char *text, char *host, size_t size)
{
    struct bc_url url;

    if (bc_failed(bc_url_parse(text, &url)) || url.host.len >= size)
        return FALSE;
    if (url.host.len > 2 && url.host.ptr[0] == '[') {
        url.host.ptr++;
        url.host.len -= 2;
    }
    snprintf(host, size, "%.*s", (int)url.host.len, url.host.ptr);
    return TRUE;
}

/* libcurl calls this when the connection stands and nothing of the request has been sent. */
static int before_request(void *user, char *remote_ip, char *local_ip, int remote_port,
                          int local_port)
{
    struct download *download = user;
    struct curl_tlssessioninfo *session = NULL;
    const CERT_CONTEXT *certificate = NULL;
    DWORD fault = ERROR_INTERNET_SECURITY_CHANNEL_ERROR;
    char host[256];
    BOOL good = FALSE;

    curl_easy_getinfo(download->easy, CURLINFO_TLS_SSL_PTR, &session);
    if (session && session->internals && url_host(download->url, host, sizeof(host)) &&
        QueryContextAttributesW((CtxtHandle *)session->internals, SECPKG_ATTR_REMOTE_CERT_CONTEXT,
                                &certificate) == SEC_E_OK &&
        certificate)
        fault = check_once(download->transfer, certificate, host, download->spec.security_flags);
    if (fault) {
        download->failure = failure_remote(HRESULT_FROM_WIN32(fault));
        download->outcome = OUTCOME_FAILED;
    } else {
        good = !download->spec.validate_server_certificate || !download->events.certificate ||
               accepted(download, certificate);
    }
    if (certificate)
        CertFreeCertificateContext(certificate);
    return good ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* ---- the client certificate ---- */

static const char *const locations[] = {
    [BG_CERT_STORE_LOCATION_CURRENT_USER] = "CurrentUser",
    [BG_CERT_STORE_LOCATION_LOCAL_MACHINE] = "LocalMachine",
    [BG_CERT_STORE_LOCATION_CURRENT_SERVICE] = "CurrentService",
    [BG_CERT_STORE_LOCATION_SERVICES] = "Services",
    [BG_CERT_STORE_LOCATION_USERS] = "Users",
    [BG_CERT_STORE_LOCATION_CURRENT_USER_GROUP_POLICY] = "CurrentUserGroupPolicy",
    [BG_CERT_STORE_LOCATION_LOCAL_MACHINE_GROUP_POLICY] = "LocalMachineGroupPolicy",
    [BG_CERT_STORE_LOCATION_LOCAL_MACHINE_ENTERPRISE] = "LocalMachineEnterprise",
};

/* Names the certificate in libcurl's way: location\store\hash. */
static BOOL set_client_certificate(const struct model_certificate *wanted, CURL *easy)
{
    char path[512];
    int used;

    if ((ULONG)wanted->location >= ARRAYSIZE(locations) || !wanted->store)
        return FALSE;
    used = snprintf(path, sizeof(path), "%s\\%ls\\", locations[wanted->location], wanted->store);
    if (used < 0 || used > (int)sizeof(path) - 41)
        return FALSE;
    for (size_t i = 0; i < sizeof(wanted->hash); i++)
        used += snprintf(path + used, sizeof(path) - used, "%02x", wanted->hash[i]);
    return curl_easy_setopt(easy, CURLOPT_SSLCERT, path) == CURLE_OK;
}

struct failure tls_options(struct download *download, CURL *easy)
{
    const struct model_certificate *certificate = download->spec.certificate;
    struct failure good = {0};

    if (_strnicmp(download->url, "https:", 6))
        return good;
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L); /* before_request() does it */
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, download);
    if (certificate && !download->left_origin && !set_client_certificate(certificate, easy))
        return failure_remote(HRESULT_FROM_WIN32(ERROR_INTERNET_CLIENT_AUTH_CERT_NEEDED));
    return good;
}
