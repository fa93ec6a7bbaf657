/*
 * The durable shape of the queue: what the service knows of a job and of a file, and keeps in the
 * store.
 *
 * The engine owns the values, the store writes and reads them, the COM facade only looks at them
 * through the engine. Nothing here locks, waits or touches the disk. Strings are UTF-16, owned by
 * the struct that points at them, NULL where the property is unset. Times are UTC FILETIMEs.
 * Lengths and offsets are bytes.
 */
#ifndef OPENBITS_MODEL_H
#define OPENBITS_MODEL_H

#include <windows.h>
#include <bits.h>

/* The ordinal of no file, for errors that concern the whole job. */
#define MODEL_NO_FILE 0xffffffffu

/* An error as IBackgroundCopyError reports it. code is S_OK when the job has none. */
struct model_error {
    BG_ERROR_CONTEXT context;
    HRESULT code;
    ULONG file; /* ordinal of the file concerned, or MODEL_NO_FILE */
};

/* A text protected by os_protect(), never clear text; data NULL where there is none. */
struct model_secret {
    BYTE *data;
    ULONG size;
};

/* One SetCredentials entry. The secret is the password, protected by os_protect(), never clear
 * text. */
struct model_credential {
    BG_AUTH_TARGET target;
    BG_AUTH_SCHEME scheme;
    WCHAR *user;
    BYTE *secret;
    ULONG secret_size;
};

/* A client certificate; by_id tells which of hash and subject the client gave. */
struct model_certificate {
    BOOL present;
    BOOL by_id;
    BG_CERT_STORE_LOCATION location;
    WCHAR *store;
    WCHAR *subject;
    BYTE hash[20];
};

/* Everything about a job that outlives the process, its files apart. */
struct model_job {
    GUID id;
    BG_JOB_TYPE type;
    BG_JOB_STATE state; /* QUEUED stands for CONNECTING and TRANSFERRING in the store */
    BG_JOB_PRIORITY priority;
    UINT64 sequence; /* order of creation, unique: EnumJobs and FIFO order */

    WCHAR *display_name;
    WCHAR *description;

    WCHAR *owner_sid;      /* string form */
    DWORD owner_integrity; /* SECURITY_MANDATORY_*_RID */
    BOOL owner_elevated;

    FILETIME created;
    FILETIME modified;
    FILETIME transferred; /* zero until the job gets to TRANSFERRED */
    FILETIME active;      /* last activity, for the inactivity limit: engine_steady() */

    ULONG notify_flags;
    WCHAR *notify_program;
    WCHAR *notify_parameters;
    ULONG notify_pending; /* BG_NOTIFY_* whose command line is still to be run */

    ULONG minimum_retry_delay;   /* seconds */
    ULONG no_progress_timeout;   /* seconds */
    ULONG maximum_download_time; /* seconds */
    ULONG error_count;
    struct model_error error;
    FILETIME retry_at; /* when a job in TRANSIENT_ERROR is to be tried again */

    BG_JOB_PROXY_USAGE proxy_usage;
    WCHAR *proxy_list;
    WCHAR *proxy_bypass;

    struct model_credential *credentials;
    ULONG credential_count;

    WCHAR *reply_file;
    WCHAR *upload_session; /* session id of the BITS upload protocol, while one is open */
    WCHAR *upload_host;    /* BITS-Host-Id, and behind a blank its time-out (s) if it has one */
    UINT64 reply_total;    /* BG_SIZE_UNKNOWN until known */
    UINT64 reply_transferred;

    ULONG acl_flags;
    ULONG peer_flags;

    struct model_certificate certificate;
    struct model_secret custom_headers;
    BOOL custom_headers_write_only;
    ULONG security_flags;
    WCHAR *http_method;

    DWORD cost_flags;
    GUID notify_clsid;
    BOOL dynamic_content;
    BOOL high_performance;
    UINT64 maximum_download_size; /* 0: no limit set */
    DWORD stored_credentials;     /* bit (1 << BG_AUTH_TARGET_*) set: use stored credentials */
    DWORD minimum_notification_interval; /* ms */
    BOOL on_demand;
    BOOL resumed_once; /* properties that are read-only after the first Resume */

    DWORD helper_token_flags;
    WCHAR *helper_token_sid;

    GUID group;     /* of a job that is a legacy group (qmgr.h): the client's id of it; or zero */
    GUID group_job; /* the client's id of the group's one job; zero until there is one */
};

/* How far a file has come. Written often, therefore apart from the rest. */
struct model_progress {
    UINT64 total; /* BG_SIZE_UNKNOWN until known */
    UINT64
    transferred; /* bytes of the local file that are flushed: the claim that survives a crash */
    BOOL completed;
};

/* Everything about a file that outlives the process. */
struct model_file {
    ULONG ordinal; /* position in the job, from 0, never reused */
    WCHAR *remote_name;
    WCHAR *local_name;
    WCHAR *temporary_name; /* full path of BITxxxx.tmp, NULL until the transfer has begun */
    DWORD volume;          /* serial number of the volume it is on, 0: not known */
    BG_FILE_RANGE *ranges; /* as given by the client, NULL for the whole file */
    ULONG range_count;
    struct model_progress progress;
    WCHAR *etag; /* validators of the version being fetched; of an upload: size and time sent */
    WCHAR *last_modified;
    UINT64 remote_size;    /* size of the whole remote file, BG_SIZE_UNKNOWN until known */
    BG_FILE_RANGE *filled; /* on-demand jobs: what is on the disk */
    ULONG filled_count;
    BG_FILE_RANGE *wanted; /* ... requested (RequestFileRanges) and not yet there */
    ULONG wanted_count;
    WCHAR *response_headers;  /* the last response's, CRLF separated */
    BOOL renamed;             /* Complete has set out to put the file under its final name */
    BOOL validated;           /* IBackgroundCopyFile3::SetValidationState */
    BOOL validation_set;      /* ... was called */
    UINT64 bytes_from_origin; /* GetPeerDownloadStats */
    UINT64 bytes_from_peers;
};

/* Fills a fresh job with the documented defaults (no strings, no id, SUSPENDED). */
void model_job_init(struct model_job *job);

/* TRUE for a job that is a group of the legacy queue manager. */
BOOL model_job_is_group(const struct model_job *job);

/* Deep copy. On E_OUTOFMEMORY *out is empty and needs no release. */
HRESULT model_job_copy(const struct model_job *job, struct model_job *out);

/* Puts a credential into the job in place of one for the same target and scheme; its contents are
 * moved. */
HRESULT model_job_set_credential(struct model_job *job, struct model_credential *credential);
/* FALSE when there was none. */
BOOL model_job_remove_credential(struct model_job *job, BG_AUTH_TARGET target,
                                 BG_AUTH_SCHEME scheme);
/* Wipes and frees what the struct points at. */
void model_credential_release(struct model_credential *credential);

/* Wipes and frees what the struct points at, and empties it. */
void model_secret_release(struct model_secret *secret);

/* Takes away what belongs to the owner of a job and not to the job: credentials, certificate,
 * headers, command line. */
void model_job_disown(struct model_job *job);

/* Releases what the struct points at (credentials are wiped), not the struct itself. */
void model_job_release(struct model_job *job);

void model_file_init(struct model_file *file);
HRESULT model_file_copy(const struct model_file *file, struct model_file *out);
void model_file_release(struct model_file *file);

/* Replaces *slot by a copy of value (NULL clears). E_OUTOFMEMORY leaves *slot as it was. */
HRESULT model_set_string(WCHAR **slot, const WCHAR *value);

#endif
