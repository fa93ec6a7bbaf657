/*
 * The blocks that several commands print: a job's row in a list, its error, its files.
 */
#ifndef BITSADMIN_REPORT_H
#define BITSADMIN_REPORT_H

#include "bitsadmin.h"

/* "{GUID} 'name' STATE files / total bytes / total" */
HRESULT print_job_row(const struct session *session, IBackgroundCopyJob *job);

/* Everything about a job, over many lines (/INFO /VERBOSE). */
HRESULT print_job_details(const struct session *session, IBackgroundCopyJob *job);

/* ERROR FILE, ERROR CODE and ERROR CONTEXT of a job in a state of error. Prints nothing and returns
 * a failure where it has none. *code, unless NULL, gets the code of the error. */
HRESULT print_job_error(const struct session *session, IBackgroundCopyJob *job, HRESULT *code);

/* One row for each file: "bytes / total STATE url -> file", indented by indent. */
HRESULT print_job_files(const struct session *session, IBackgroundCopyJob *job,
                        const WCHAR *indent);

/* The account behind a SID in text form, without a line end: DOMAIN\\name, or the SID itself. */
void print_account(const WCHAR *sid_text);

/* Tells on standard error of a queue that the service found damaged, as long as the damaged file is
 * where the service put it. */
void warn_of_damage(void);

/* Answers with flags of peer caching as a job or the computer has them (both use the same bits), or
 * reports hr where reading them failed. Returns hr. */
HRESULT print_peer_caching_flags(const struct session *session, HRESULT hr, DWORD flags);

#endif
