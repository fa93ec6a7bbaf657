/*
 * Server certificates: the client is asked once for each server, port and certificate of a job
 * (nf-bits10_3-ibackgroundcopyservercertificatevalidationcallback-validateservercertificate).
 *
 * Called by the events of downloads and uploads, on a thread that may wait for the client.
 */
#include "internal.h"

#include <bitscore/bc_url.h>
#include <bcrypt.h>
#include <bitsmsg.h>
#include <stdlib.h>
#include <string.h>

static BOOL digest(const void *const parts[], const ULONG sizes[], ULONG count,
                   struct accepted *pair)
{
    BCRYPT_ALG_HANDLE algorithm;
    BCRYPT_HASH_HANDLE hash;
    BOOL good;

    if (BCryptOpenAlgorithmProvider(&algorithm, BCRYPT_SHA256_ALGORITHM, NULL, 0))
        return FALSE;
    good = !BCryptCreateHash(algorithm, &hash, NULL, 0, NULL, 0, 0);
    if (good) {
        for (ULONG i = 0; i < count && good; i++)
            good = !BCryptHashData(hash, (BYTE *)parts[i], sizes[i], 0);
        good = good && !BCryptFinishHash(hash, pair->digest, sizeof(pair->digest), 0);
        BCryptDestroyHash(hash);
    }
    BCryptCloseAlgorithmProvider(algorithm, 0);
    return good;
}

/* Server, port and certificate as one digest. No lock. */
static BOOL digest_pair(struct file *file, const BYTE *cert, ULONG cert_size, struct accepted *pair)
{
    struct bc_url url;
    BOOL good = FALSE;
    char *name;

    job_lock(file->job);
    name = utf8_from_wide(file->data.remote_name);
    job_unlock(file->job);
    if (name && bc_succeeded(bc_url_parse(name, &url))) {
        const void *parts[] = {&url.port, url.host.ptr, "", cert};
        const ULONG sizes[] = {sizeof(url.port), (ULONG)url.host.len, 1, cert_size};

        good = digest(parts, sizes, ARRAYSIZE(parts), pair);
    }
    free(name);
    return good;
}

/* Lock held. */
static BOOL was_accepted(const struct job *job, const struct accepted *pair)
{
    for (ULONG i = 0; i < job->accepted_count; i++) {
        if (!memcmp(&job->accepted[i], pair, sizeof(*pair)))
            return TRUE;
    }
    return FALSE;
}

/* Lock held. What finds no room is asked again. */
static void remember_accepted(struct job *job, const struct accepted *pair)
{
    struct accepted *list;

    if (was_accepted(job, pair))
        return;
    list = realloc(job->accepted, (job->accepted_count + 1) * sizeof(*list));
    if (!list)
        return;
    job->accepted = list;
    list[job->accepted_count++] = *pair;
}

HRESULT file_certificate(struct file *file, const BYTE *cert, ULONG cert_size, const BYTE *store,
                         ULONG store_size)
{
    struct job *job = file->job;
    IUnknown *callback;
    struct accepted pair;
    BOOL hashed, known;
    HRESULT hr = BG_E_SERVER_CERT_VALIDATION_INTERFACE_REQUIRED;

    hashed = digest_pair(file, cert, cert_size, &pair);
    AcquireSRWLockShared(&job->engine->lock);
    known = hashed && was_accepted(job, &pair);
    callback = job->certificate_callback;
    if (callback)
        IUnknown_AddRef(callback);
    ReleaseSRWLockShared(&job->engine->lock);
    if (known) {
        hr = S_OK;
    } else if (callback) {
        hr = job->engine->client->validate(callback, job, file, cert, cert_size, store, store_size);
        if (notify_client_gone(hr))
            hr = BG_E_SERVER_CERT_VALIDATION_INTERFACE_REQUIRED;
    }
    if (!known && SUCCEEDED(hr) && hashed) {
        AcquireSRWLockExclusive(&job->engine->lock);
        if (job->certificate_callback == callback)
            remember_accepted(job, &pair);
        ReleaseSRWLockExclusive(&job->engine->lock);
    }
    if (callback)
        IUnknown_Release(callback);
    return hr;
}
