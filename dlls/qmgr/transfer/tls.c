/*
 * TLS: what is checked of a server's certificate, and the certificate we show.
 *
 * Called by http_options.c for every request; calls libcurl's setters, which hand it to Schannel.
 */
#include "transfer_private.h"

#include <stdio.h>

#ifndef BG_SSL_ENABLE_CRL_CHECK
#define BG_SSL_ENABLE_CRL_CHECK         0x0001
#define BG_SSL_IGNORE_CERT_CN_INVALID   0x0002
#define BG_SSL_IGNORE_CERT_DATE_INVALID 0x0004
#define BG_SSL_IGNORE_UNKNOWN_CA        0x0008
#define BG_SSL_IGNORE_CERT_WRONG_USAGE  0x0010
#endif

void tls_options(struct download *download, CURL *easy)
{
    ULONG flags = download->spec.security_flags;

    curl_easy_setopt(easy, CURLOPT_SSL_OPTIONS,
                     flags & BG_SSL_ENABLE_CRL_CHECK ? 0L : (long)CURLSSLOPT_NO_REVOKE);
}
