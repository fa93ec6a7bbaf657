/*
 * The legacy queue manager of qmgr.h, from before BITS 1.0: what its three classes share. A group
 * is a download job of the queue that carries the client's id of the group, and the id of the
 * group's one job once that was made; so groups outlive the service as all jobs do, and the newer
 * interfaces see them.
 *
 *   legacy_manager.c  IBackgroundCopyQMgr
 *   legacy_group.c    IBackgroundCopyGroup
 *   legacy_job.c      IBackgroundCopyJob1, and what of a job's state both speak of
 *
 * callback.c calls IBackgroundCopyCallback1.
 */
#ifndef OPENBITS_LEGACY_H
#define OPENBITS_LEGACY_H

#include "com.h"

#include <qmgr.h>

/* How a group or its job does, in legacy terms. */
struct legacy_status {
    BG_JOB_STATE state;
    BOOL foreground;
    DWORD win32_result;     /* a Win32 code; an HRESULT where there is none */
    DWORD transport_result; /* the HTTP status */
    DWORD retries;
    ULONG file; /* of the error, or MODEL_NO_FILE */
};
void legacy_status(struct job *job, struct legacy_status *status);

/* nf-qmgr-ibackgroundcopygroup-getprogress, and the job's: per cent or bytes. E_NOTIMPL for other
 * flags. */
HRESULT legacy_progress(struct job *job, DWORD flags, DWORD *progress);

/* An engine's result in the words of qmgr.h: QM_E_INVALID_STATE for BG_E_INVALID_STATE. */
HRESULT legacy_result(HRESULT hr);

/* Enumerators: the ids of owner's groups (NULL: of all), of a group's job (NULL: none). */
HRESULT enum_groups_create(struct engine *engine, const WCHAR *owner,
                           IEnumBackgroundCopyGroups **object);
HRESULT enum_jobs1_create(const GUID *id, IEnumBackgroundCopyJobs1 **object);

/* The objects; one reference each. job is referenced, not consumed. */
HRESULT legacy_manager_create(IBackgroundCopyQMgr **object);
HRESULT legacy_group_create(struct job *job, BOOL privileged, IBackgroundCopyGroup **object);
HRESULT legacy_job_create(struct job *job, BOOL privileged, IBackgroundCopyJob1 **object);

#endif
