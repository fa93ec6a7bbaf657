/*
 * The connection to the BITS service and what every handler needs of it: jobs by name or GUID,
 * newer interfaces, error reports and the texts for them. Calls output.h; called by main.c and
 * handlers.
 */
#ifndef BITSADMIN_SESSION_H
#define BITSADMIN_SESSION_H

#include "bitsadmin.h"

/* Starts COM on this thread with the security that BITS asks of its clients. */
HRESULT session_init(void);

/* Gets the manager, starting the service if need be; reports nothing. A second call drops the old
 * connection first. */
HRESULT session_connect(struct session *session);

void session_close(struct session *session);

/* The job whose display name (exact) or GUID (in braces) is given. Reports a missing or ambiguous
 * name, the latter with the GUIDs to choose from. *job is the caller's to release. */
HRESULT session_find_job(struct session *session, const WCHAR *name, IBackgroundCopyJob **job);

/* Prints "Unable to <doing> - 0x<code>" and the text of the code; returns the code. */
HRESULT report_failure(const struct session *session, HRESULT code, const WCHAR *doing);

/* The text of a code in the user's language, else in English, else NULL. Free with CoTaskMemFree.
 */
WCHAR *error_text(const struct session *session, HRESULT code);

/* QueryInterface that reports: version is the BITS version that brought the interface. */
HRESULT query_version(const struct session *session, void *object, REFIID iid, const WCHAR *version,
                      void **result);

/* The file with that index (from 0) of the invocation's job; reports failures. */
HRESULT job_file(const struct invocation *invocation, const WCHAR *index,
                 IBackgroundCopyFile **file);

/* True when the code says that the service went away rather than that the call was refused. */
bool is_lost_connection(HRESULT code);

#endif
