/*
 * What a job holds for its owner: credentials, and all that goes when the owner changes.
 */
#include "model.h"

#include <stdlib.h>
#include <string.h>

void model_credential_release(struct model_credential *credential)
{
    free(credential->user);
    if (credential->secret)
        SecureZeroMemory(credential->secret, credential->secret_size);
    free(credential->secret);
    ZeroMemory(credential, sizeof(*credential));
}

void model_secret_release(struct model_secret *secret)
{
    if (secret->data)
        SecureZeroMemory(secret->data, secret->size);
    free(secret->data);
    ZeroMemory(secret, sizeof(*secret));
}

HRESULT model_job_set_credential(struct model_job *job, struct model_credential *credential)
{
    struct model_credential *all;

    model_job_remove_credential(job, credential->target, credential->scheme);
    all = realloc(job->credentials, (job->credential_count + 1) * sizeof(*all));
    if (!all)
        return E_OUTOFMEMORY;
    job->credentials = all;
    all[job->credential_count++] = *credential;
    ZeroMemory(credential, sizeof(*credential));
    return S_OK;
}

BOOL model_job_remove_credential(struct model_job *job, BG_AUTH_TARGET target,
                                 BG_AUTH_SCHEME scheme)
{
    for (ULONG i = 0; i < job->credential_count; i++) {
        struct model_credential *credential = &job->credentials[i];

        if (credential->target != target || credential->scheme != scheme)
            continue;
        model_credential_release(credential);
        *credential = job->credentials[--job->credential_count];
        return TRUE;
    }
    return FALSE;
}

static void drop(WCHAR **slot)
{
    free(*slot);
    *slot = NULL;
}

void model_job_disown(struct model_job *job)
{
    while (job->credential_count)
        model_credential_release(&job->credentials[--job->credential_count]);
    free(job->credentials);
    job->credentials = NULL;
    drop(&job->certificate.store);
    drop(&job->certificate.subject);
    ZeroMemory(&job->certificate, sizeof(job->certificate));
    model_secret_release(&job->custom_headers);
    drop(&job->notify_program);
    drop(&job->notify_parameters);
    job->notify_pending = 0;
}
