/*
 * Life of the model structs: defaults, deep copies, release.
 *
 * The engine calls it wherever it makes, stages or drops a job or a file, the store when it reads
 * them back. Everything the structs point at comes from malloc(), so that each side may take
 * contents over from the other. Calls nothing but the C library and the Windows heap beneath it.
 */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "model.h"

/* Defaults of the documentation. */
#define DEFAULT_RETRY_DELAY           600u /* s, nf-bits-ibackgroundcopyjob-setminimumretrydelay */
#define DEFAULT_NO_PROGRESS_TIMEOUT   1209600u /* s, ...-setnoprogresstimeout: 14 days */
#define DEFAULT_MAXIMUM_DOWNLOAD_TIME 7776000u /* s, ...job4-setmaximumdownloadtime: 90 days */
#define DEFAULT_NOTIFICATION_INTERVAL 500u     /* ms, ne-bits5_0-bits_job_property_id */

/* Every cost state allowed (BITS_JOB_TRANSFER_POLICY_ALWAYS of bits5_0.h, an enum there). */
#define COST_ALWAYS 0x800000ffu

HRESULT model_set_string(WCHAR **slot, const WCHAR *value)
{
    WCHAR *copy = NULL;

    if (value) {
        size_t length = wcslen(value) + 1;

        if (length > SIZE_MAX / sizeof(WCHAR) || !(copy = malloc(length * sizeof(WCHAR))))
            return E_OUTOFMEMORY;
        memcpy(copy, value, length * sizeof(WCHAR));
    }
    free(*slot);
    *slot = copy;
    return S_OK;
}

/* Replaces a string pointer that was copied along with its struct by a copy of its own. */
static BOOL own_string(WCHAR **slot)
{
    const WCHAR *shared = *slot;

    *slot = NULL;
    return SUCCEEDED(model_set_string(slot, shared));
}

/* The same for count elements of size bytes; an empty array becomes NULL. */
static BOOL own_array(void **slot, size_t count, size_t size)
{
    const void *shared = *slot;

    *slot = NULL;
    if (!shared || !count)
        return TRUE;
    if (count > SIZE_MAX / size || !(*slot = malloc(count * size)))
        return FALSE;
    memcpy(*slot, shared, count * size);
    return TRUE;
}

void model_job_init(struct model_job *job)
{
    memset(job, 0, sizeof(*job));
    job->type = BG_JOB_TYPE_DOWNLOAD;
    job->state = BG_JOB_STATE_SUSPENDED;
    job->priority = BG_JOB_PRIORITY_NORMAL;
    job->owner_integrity = SECURITY_MANDATORY_MEDIUM_RID;
    job->notify_flags = BG_NOTIFY_JOB_ERROR | BG_NOTIFY_JOB_TRANSFERRED;
    job->minimum_retry_delay = DEFAULT_RETRY_DELAY;
    job->no_progress_timeout = DEFAULT_NO_PROGRESS_TIMEOUT;
    job->maximum_download_time = DEFAULT_MAXIMUM_DOWNLOAD_TIME;
    job->error.context = BG_ERROR_CONTEXT_NONE;
    job->error.code = S_OK;
    job->error.file = MODEL_NO_FILE;
    job->proxy_usage = BG_JOB_PROXY_USAGE_PRECONFIG;
    job->reply_total = BG_SIZE_UNKNOWN;
    job->cost_flags = COST_ALWAYS;
    job->minimum_notification_interval = DEFAULT_NOTIFICATION_INTERVAL;
}

BOOL model_job_is_group(const struct model_job *job)
{
    return !IsEqualGUID(&job->group, &GUID_NULL);
}

/* The string slots of a job, one by one: the only list of them. */
static WCHAR **job_string(struct model_job *job, unsigned int index)
{
    WCHAR **slots[] = {
        &job->display_name,   &job->description,       &job->owner_sid,
        &job->notify_program, &job->notify_parameters, &job->proxy_list,
        &job->proxy_bypass,   &job->reply_file,        &job->upload_session,
        &job->upload_host,    &job->certificate.store, &job->certificate.subject,
        &job->http_method,    &job->helper_token_sid,
    };

    return index < ARRAYSIZE(slots) ? slots[index] : NULL;
}

HRESULT model_job_copy(const struct model_job *job, struct model_job *out)
{
    unsigned int i;
    ULONG c;
    WCHAR **slot;
    BOOL ok = TRUE;

    *out = *job;
    /* Every pointer becomes out's own or NULL, whatever fails: release then works at any point. */
    for (i = 0; (slot = job_string(out, i)); i++) {
        if (!own_string(slot))
            ok = FALSE;
    }
    if (!own_array((void **)&out->credentials, out->credential_count, sizeof(*out->credentials)))
        ok = FALSE;
    if (!out->credentials)
        out->credential_count = 0;
    if (!own_array((void **)&out->custom_headers.data, out->custom_headers.size, 1))
        ok = FALSE;
    if (!out->custom_headers.data)
        out->custom_headers.size = 0;
    for (c = 0; c < out->credential_count; c++) {
        struct model_credential *credential = &out->credentials[c];

        if (!own_string(&credential->user))
            ok = FALSE;
        if (!own_array((void **)&credential->secret, credential->secret_size, 1))
            ok = FALSE;
        if (!credential->secret)
            credential->secret_size = 0;
    }
    if (ok)
        return S_OK;
    model_job_release(out);
    return E_OUTOFMEMORY;
}

void model_job_release(struct model_job *job)
{
    unsigned int i;
    ULONG c;
    WCHAR **slot;

    for (i = 0; (slot = job_string(job, i)); i++)
        free(*slot);
    for (c = 0; c < job->credential_count; c++) {
        struct model_credential *credential = &job->credentials[c];

        if (credential->user)
            SecureZeroMemory(credential->user, wcslen(credential->user) * sizeof(WCHAR));
        if (credential->secret)
            SecureZeroMemory(credential->secret, credential->secret_size);
        free(credential->user);
        free(credential->secret);
    }
    free(job->credentials);
    model_secret_release(&job->custom_headers);
    memset(job, 0, sizeof(*job));
}

void model_file_init(struct model_file *file)
{
    memset(file, 0, sizeof(*file));
    file->progress.total = BG_SIZE_UNKNOWN;
    file->remote_size = BG_SIZE_UNKNOWN;
}

static WCHAR **file_string(struct model_file *file, unsigned int index)
{
    WCHAR **slots[] = {
        &file->remote_name, &file->local_name,    &file->temporary_name,
        &file->etag,        &file->last_modified, &file->response_headers,
    };

    return index < ARRAYSIZE(slots) ? slots[index] : NULL;
}

HRESULT model_file_copy(const struct model_file *file, struct model_file *out)
{
    unsigned int i;
    WCHAR **slot;
    BOOL ok = TRUE;

    *out = *file;
    for (i = 0; (slot = file_string(out, i)); i++) {
        if (!own_string(slot))
            ok = FALSE;
    }
    if (!own_array((void **)&out->ranges, out->range_count, sizeof(*out->ranges)))
        ok = FALSE;
    if (!own_array((void **)&out->filled, out->filled_count, sizeof(*out->filled)))
        ok = FALSE;
    if (!own_array((void **)&out->wanted, out->wanted_count, sizeof(*out->wanted)))
        ok = FALSE;
    if (!out->ranges)
        out->range_count = 0;
    if (!out->filled)
        out->filled_count = 0;
    if (!out->wanted)
        out->wanted_count = 0;
    if (ok)
        return S_OK;
    model_file_release(out);
    return E_OUTOFMEMORY;
}

void model_file_release(struct model_file *file)
{
    unsigned int i;
    WCHAR **slot;

    for (i = 0; (slot = file_string(file, i)); i++)
        free(*slot);
    free(file->ranges);
    free(file->filled);
    free(file->wanted);
    memset(file, 0, sizeof(*file));
}
