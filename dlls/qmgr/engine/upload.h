/*
 * What the three files of uploads share, and nobody else uses.
 */
#ifndef OPENBITS_ENGINE_UPLOAD_H
#define OPENBITS_ENGINE_UPLOAD_H

#include "internal.h"

/* The reply's place among the rows of the job's files: an upload job has but one file. */
#define REPLY_ORDINAL 1

enum upload_stage { STAGE_FILE, STAGE_REPLY, STAGE_CLOSE, STAGE_DONE };

/* upload.c */
/* What is to be done next. Lock held. */
enum upload_stage job_upload_due(const struct job *job);
/* Takes over both strings. Lock held. */
void job_upload_set_session(struct job *job, WCHAR *session, WCHAR *host);
/* Host and fallback time-out as model_job.upload_host has them; free(). NULL: there is no host, or
 * no memory. */
WCHAR *upload_host_write(const struct upload_session *session);
/* The other way round: cuts host, which may be NULL, at the blank; session points into it. */
void upload_host_read(char *host, struct upload_session *session);
/* Size and time (FILETIME) of the local file, kept where a download has its validator. Lock held.
 * FALSE: out of memory. */
BOOL upload_version_write(struct file *file, UINT64 size, UINT64 modified);
/* The other way round; size BG_SIZE_UNKNOWN when none is kept. */
void upload_version_read(const struct model_file *data, struct upload_spec *spec);

/* upload_event.c */
extern const struct upload_events upload_events;
extern const struct download_events upload_file_events;
extern const struct download_events upload_close_events;
extern const struct download_events upload_reply_events;
extern const struct download_events upload_cancel_events;
/* Every order ends here. Lock held. */
void job_upload_order_done(struct job *job);

#endif
