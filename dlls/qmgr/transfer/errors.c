/*
 * What goes wrong, in the terms of IBackgroundCopyError: a code, a context, and whether trying
 * again by itself can help.
 *
 * Called by the downloads; calls libcurl for details of a failed request. Codes of the network are
 * those that WinINet and WinHTTP give the same events (12000 and up), because that is what clients
 * of BITS know; see the pages bits-return-values and handling-errors.
 */
#include "transfer_private.h"

/* HRESULT_FROM_WIN32() of the WinINet and WinHTTP errors used here. */
#define NET_TIMEOUT            ((HRESULT)0x80072ee2)
#define NET_NAME_NOT_RESOLVED  ((HRESULT)0x80072ee7)
#define NET_CANNOT_CONNECT     ((HRESULT)0x80072efd)
#define NET_CLIENT_CERT_NEEDED ((HRESULT)0x80072f0c)
#define NET_INVALID_CA         ((HRESULT)0x80072f0d)
#define NET_CERT_CN_INVALID    ((HRESULT)0x80072f06)
#define NET_CERT_DATE_INVALID  ((HRESULT)0x80072f05)
#define NET_CERT_REVOKED       ((HRESULT)0x80072f8a)
#define NET_SECURE_FAILURE     ((HRESULT)0x80072f8f)
#define NET_SECURE_CHANNEL     ((HRESULT)0x80072f7d)

static struct failure make(HRESULT hr, BG_ERROR_CONTEXT context, BOOL transient)
{
    struct failure failure = {.hr = hr, .context = context, .transient = transient};

    return failure;
}

struct failure failure_remote(HRESULT hr)
{
    return make(hr, BG_ERROR_CONTEXT_REMOTE_FILE, FALSE);
}

struct failure failure_memory(void)
{
    return make(E_OUTOFMEMORY, BG_ERROR_CONTEXT_GENERAL_QUEUE_MANAGER, TRUE);
}

struct failure failure_closed(void)
{
    return make(BC_E_CONNECTION_CLOSED, BG_ERROR_CONTEXT_REMOTE_FILE, TRUE);
}

/* A path on the network that is out of reach for now. */
static BOOL is_network_error(DWORD error)
{
    switch (error) {
    case ERROR_REM_NOT_LIST:
    case ERROR_BAD_NETPATH:
    case ERROR_NETWORK_BUSY:
    case ERROR_DEV_NOT_EXIST:
    case ERROR_UNEXP_NET_ERR:
    case ERROR_NETNAME_DELETED:
    case ERROR_BAD_NET_NAME:
    case ERROR_TOO_MANY_NAMES:
    case ERROR_SEM_TIMEOUT:
    case ERROR_NO_NET_OR_BAD_PATH:
    case ERROR_NETWORK_UNREACHABLE:
    case ERROR_HOST_UNREACHABLE:
    case ERROR_CONNECTION_ABORTED:
        return TRUE;
    default:
        return FALSE;
    }
}

struct failure failure_local(DWORD error)
{
    struct failure failure;

    if (error == ERROR_NOT_ENOUGH_MEMORY || error == ERROR_OUTOFMEMORY)
        return failure_memory();
    if (bc_is_volume_locked(error))
        return make(BC_E_DESTINATION_LOCKED, BG_ERROR_CONTEXT_LOCAL_FILE, TRUE);
    failure = make(HRESULT_FROM_WIN32(error), BG_ERROR_CONTEXT_LOCAL_FILE, is_network_error(error));
    /* The bytes that are claimed are not there any more. */
    failure.discard = error == ERROR_HANDLE_EOF || error == ERROR_FILE_NOT_FOUND;
    return failure;
}

struct failure failure_share(DWORD error)
{
    if (error == ERROR_NOT_ENOUGH_MEMORY || error == ERROR_OUTOFMEMORY)
        return failure_memory();
    return make(HRESULT_FROM_WIN32(error), BG_ERROR_CONTEXT_REMOTE_FILE,
                is_network_error(error) || error == ERROR_SHARING_VIOLATION ||
                    error == ERROR_LOCK_VIOLATION || error == ERROR_NOT_READY);
}

struct failure failure_http(const struct bc_http_meaning *meaning)
{
    return make(meaning->code, (BG_ERROR_CONTEXT)meaning->context,
                meaning->klass == BC_HTTP_TRANSIENT);
}

/* The reason inside a Schannel failure, where libcurl hands it on as a Windows error. */
static HRESULT certificate_error(long os_error)
{
    switch ((DWORD)os_error) {
    case (DWORD)SEC_E_UNTRUSTED_ROOT:
    case (DWORD)CERT_E_UNTRUSTEDROOT:
        return NET_INVALID_CA;
    case (DWORD)SEC_E_WRONG_PRINCIPAL:
    case (DWORD)CERT_E_CN_NO_MATCH:
        return NET_CERT_CN_INVALID;
    case (DWORD)SEC_E_CERT_EXPIRED:
    case (DWORD)CERT_E_EXPIRED:
        return NET_CERT_DATE_INVALID;
    case (DWORD)CRYPT_E_REVOKED:
        return NET_CERT_REVOKED;
    default:
        return NET_SECURE_FAILURE;
    }
}

struct failure failure_curl(CURL *easy, CURLcode code)
{
    const BG_ERROR_CONTEXT remote = BG_ERROR_CONTEXT_REMOTE_FILE;
    const BG_ERROR_CONTEXT transport = BG_ERROR_CONTEXT_GENERAL_TRANSPORT;
    struct bc_http_meaning meaning;
    long value = 0;

    curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &value);
    if (value >= 300 && (code == CURLE_RECV_ERROR || code == CURLE_COULDNT_CONNECT ||
                         code == CURLE_PROXY || code == CURLE_SEND_ERROR)) {
        meaning = bc_http_classify((int)value); /* the proxy would not open a tunnel */
        meaning.context = BC_CONTEXT_GENERAL_TRANSPORT;
        return failure_http(&meaning);
    }
    switch (code) {
    case CURLE_OUT_OF_MEMORY:
        return failure_memory();
    case CURLE_COULDNT_RESOLVE_HOST:
        return make(NET_NAME_NOT_RESOLVED, remote, TRUE);
    case CURLE_COULDNT_RESOLVE_PROXY:
        return make(NET_NAME_NOT_RESOLVED, transport, TRUE);
    case CURLE_COULDNT_CONNECT:
        return make(NET_CANNOT_CONNECT, remote, TRUE);
    case CURLE_PROXY:
        return make(BC_E_INVALID_PROXY_INFO, transport, FALSE);
    case CURLE_OPERATION_TIMEDOUT:
        return make(NET_TIMEOUT, remote, TRUE);
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return make(BC_E_CONNECTION_CLOSED, remote, TRUE);
    case CURLE_PEER_FAILED_VERIFICATION:
        curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &value);
        return make(certificate_error(value), remote, FALSE);
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
        return make(NET_INVALID_CA, remote, FALSE);
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CLIENTCERT:
        return make(NET_CLIENT_CERT_NEEDED, remote, FALSE);
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CRL_BADFILE:
        return make(NET_CERT_REVOKED, remote, FALSE);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_SHUTDOWN_FAILED:
        return make(NET_SECURE_CHANNEL, remote, FALSE);
    case CURLE_URL_MALFORMAT:
        return make(E_INVALIDARG, remote, FALSE);
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_UNSUPPORTED_PROTOCOL: /* an answer without a status line, too */
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_TOO_LARGE:
        return make(BC_E_INVALID_SERVER_RESPONSE, remote, FALSE);
    case CURLE_LOGIN_DENIED:
    case CURLE_AUTH_ERROR:
        return make(BC_E_HTTP_ERROR_401, remote, FALSE);
    default:
        return make(BC_E_CONNECT_FAILURE, transport, TRUE);
    }
}
