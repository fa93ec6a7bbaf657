/*
 * Proxies: which one a request goes through.
 *
 * Called by http.c and http_options.c on the transfer thread.
 */
#include "transfer_private.h"

HRESULT proxy_find(struct download *download, BOOL block)
{
    return S_OK;
}

const char *proxy_current(struct download *download)
{
    return "";
}

BOOL proxy_next(struct download *download)
{
    return FALSE;
}
