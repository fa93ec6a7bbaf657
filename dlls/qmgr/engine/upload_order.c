/*
 * Uploads: giving the next order to the transfers.
 *
 * Called by the worker, and by whoever has ended an order; calls transfer/. What an order needs is
 * copied under the lock, the order is given without.
 */
#include "upload.h"

#include <stdlib.h>
#include <wchar.h>

/* What an order needs, copied under the lock. */
struct order {
    enum upload_stage stage;
    BOOL cancel; /* STAGE_CLOSE: the job is dead */
    struct model_file file;
    WCHAR *session, *host;
    UINT64 host_failing_since;
    BOOL validate;
    UINT64 rate;
    ULONG number;
};

static void order_release(struct order *order)
{
    model_file_release(&order->file);
    free(order->session);
    free(order->host);
}

/* Lock held. */
static HRESULT order_copy(struct job *job, struct order *order)
{
    struct file *file = order->stage == STAGE_REPLY ? job->upload->reply : job->files[0];
    HRESULT hr;

    order->validate = job->certificate_callback != NULL;
    order->rate = engine_rate(job->engine, job->data.priority);
    order->host_failing_since = job->upload->host_failing_since;
    order->number = ++job->upload->start;
    hr = model_file_copy(&file->data, &order->file);
    if (SUCCEEDED(hr))
        hr = model_set_string(&order->session, job->upload->session);
    if (SUCCEEDED(hr))
        hr = model_set_string(&order->host, job->upload->host);
    if (order->stage == STAGE_REPLY)
        file->created = TRUE;
    return hr;
}

static HRESULT give_reply_order(struct job *job, const struct order *order,
                                struct download_spec *spec, struct download **download)
{
    char *etag = utf8_from_wide(order->file.etag);
    char *last_modified = utf8_from_wide(order->file.last_modified);
    HRESULT hr;

    spec->method = NULL; /* a client's own method is the upload's */
    spec->offset = order->file.progress.transferred;
    spec->remote_size = order->file.remote_size;
    spec->etag = etag;
    spec->last_modified = last_modified;
    hr = file_write_forgotten(job->upload->reply);
    if (SUCCEEDED(hr))
        hr = transfer_download(job->engine->transfer, spec, &upload_reply_events, job, download);
    free(etag);
    free(last_modified);
    return hr;
}

static HRESULT give_upload_order(struct job *job, const struct order *order,
                                 struct download_spec *spec, struct download **download)
{
    const WCHAR *name = wcsrchr(order->file.local_name, '\\');
    char *utf8 = utf8_from_wide(name ? name + 1 : order->file.local_name);
    char *session = utf8_from_wide(order->session), *host = utf8_from_wide(order->host);
    struct upload_spec upload = {.order = UPLOAD_FILE, .events = &upload_events};
    const struct download_events *events = &upload_file_events;
    HRESULT hr = E_OUTOFMEMORY;

    if (order->stage == STAGE_CLOSE) {
        upload.order = order->cancel ? UPLOAD_CANCEL : UPLOAD_CLOSE;
        events = order->cancel ? &upload_cancel_events : &upload_close_events;
    }
    upload.wants_reply = job->data.type == BG_JOB_TYPE_UPLOAD_REPLY;
    upload.name = utf8;
    upload.session.id = session ? session : "";
    upload_host_read(host, &upload.session);
    upload.host_failing_since = order->host_failing_since;
    upload_version_read(&order->file, &upload);
    spec->offset = order->file.progress.transferred;
    spec->upload = &upload;
    if (utf8)
        hr = transfer_download(job->engine->transfer, spec, events, job, download);
    free(utf8);
    free(session);
    free(host);
    return hr;
}

static HRESULT give_order(struct job *job, const struct order *order, struct download **download)
{
    char *url = utf8_from_wide(order->file.remote_name);
    struct download_spec spec = {0};
    WCHAR *path = NULL;
    struct run *run;
    HRESULT hr = job_current_run(job, &run);

    if (SUCCEEDED(hr) && !url)
        hr = E_OUTOFMEMORY;
    if (SUCCEEDED(hr))
        hr = local_path_extended(order->stage == STAGE_REPLY ? order->file.temporary_name
                                                             : order->file.local_name,
                                 &path);
    if (SUCCEEDED(hr)) {
        run_fill_spec(run, &spec);
        spec.url = url;
        spec.path = path;
        spec.validate_server_certificate = order->validate;
        spec.rate = order->rate;
        if (order->stage == STAGE_REPLY)
            hr = give_reply_order(job, order, &spec, download);
        else
            hr = give_upload_order(job, order, &spec, download);
    }
    run_release(run);
    free(path);
    free(url);
    return hr;
}

/* Gives the order that was marked as under way; the reference it holds is there. No lock. */
static void begin_order(struct job *job, struct order *order, HRESULT hr)
{
    struct download *download;

    if (SUCCEEDED(hr))
        hr = give_order(job, order, &download);
    AcquireSRWLockExclusive(&job->engine->lock);
    if (FAILED(hr)) {
        job_upload_order_done(job);
        job->upload->cancel_at =
            engine_ticks(job->engine) + job->data.minimum_retry_delay * 1000ull;
        job_fail(job, job->files[0], hr, BG_ERROR_CONTEXT_GENERAL_QUEUE_MANAGER,
                 hr == E_OUTOFMEMORY, 0);
        job_idle(job);
    } else if (job->upload->ordered && job->upload->start == order->number) {
        job->upload->download = download;
        if (!job->running && !order->cancel)
            transfer_cancel(job->engine->transfer, download);
    }
    ReleaseSRWLockExclusive(&job->engine->lock);
    if (FAILED(hr))
        job_release(job); /* the order that never was */
    order_release(order);
}

/* Lock held. */
static BOOL may_order(const struct job *job)
{
    return job->running && job->outcome == OUTCOME_NONE && !job->engine->stopping &&
           !job->upload->ordered && !job->upload->advance && job_upload_due(job) != STAGE_DONE;
}

void job_upload_start(struct job *job)
{
    struct order order = {0};
    HRESULT hr = S_OK;
    BOOL may;

    AcquireSRWLockExclusive(&job->engine->lock);
    may = may_order(job);
    if (may) {
        order.stage = job_upload_due(job);
        job->upload->ordered = TRUE;
        job->active++;
        job_addref(job); /* the order's */
        hr = order_copy(job, &order);
    }
    ReleaseSRWLockExclusive(&job->engine->lock);
    if (may)
        begin_order(job, &order, hr);
}

BOOL job_upload_cancel(struct job *job, ULONGLONG now, ULONGLONG *deadline)
{
    struct order order = {.stage = STAGE_CLOSE, .cancel = TRUE};
    HRESULT hr = S_OK;
    BOOL lingers, due;

    AcquireSRWLockExclusive(&job->engine->lock);
    lingers = job_upload_lingers(job) && job->file_count;
    due = lingers && !job->engine->stopping && now >= job->upload->cancel_at;
    if (due) {
        job->upload->ordered = TRUE;
        job->active++;
        job_addref(job); /* the order's */
        hr = order_copy(job, &order);
    } else if (lingers && job->upload->cancel_at < *deadline) {
        *deadline = job->upload->cancel_at;
    }
    if (!lingers) {
        free(job->upload->session);
        job->upload->session = NULL;
    }
    ReleaseSRWLockExclusive(&job->engine->lock);
    if (due)
        begin_order(job, &order, hr);
    return lingers;
}
