/*
 * The COM facade's own header: constructors and helpers shared by its classes. One file per class;
 * each checks arguments and access, calls the engine and returns the HRESULT.
 */
#ifndef OPENBITS_COM_H
#define OPENBITS_COM_H

#include "../engine/engine.h"

#include <bitsmsg.h>

/* nf-bits-ibackgroundcopymanager-createjob, nf-bits-ibackgroundcopyjob-setdescription,
 * ns-bits1_5-bg_basic_credentials, ... */
#define COM_MAX_DISPLAY_NAME       256
#define COM_MAX_DESCRIPTION        1024
#define COM_MAX_PROXY_LIST         4000
#define COM_MAX_PROGRAM            260
#define COM_MAX_PARAMETERS         4000
#define COM_MAX_USER_NAME          300
#define COM_MAX_PASSWORD           65536
#define COM_MAX_CERTIFICATE_STRING 255
#define COM_MAX_CUSTOM_HEADERS     16383
#define COM_MAX_REPLY_DATA         (1024 * 1024)
#define COM_MINIMUM_RETRY_DELAY    5

/* dll.c: the engine behind the class factories, and how many objects keep the DLL loaded. */
struct engine *com_engine(void);
void com_module_addref(void);
void com_module_release(void);

/* The engine alone, for com_start() and for tests in process; com_close() ends it, once no object
 * is left. */
HRESULT com_open(const struct engine_options *options);
void com_close(void);

/* Starts the engine for the process and registers the class objects; com_stop() ends both. service:
 * see engine_options. */
HRESULT com_start(BOOL service);
void com_stop(void);

/* factory.c: a class factory for one of our CLSIDs, or CLASS_E_CLASSNOTAVAILABLE. */
HRESULT factory_create(REFCLSID clsid, REFIID iid, void **out);
#define COM_CLASS_COUNT  11
#define COM_COOKIE_COUNT (COM_CLASS_COUNT + 2)
/* cookies: COM_COOKIE_COUNT, zero. alias (os_class_alias()) may be NULL. */
HRESULT factory_register_all(DWORD *cookies, const GUID *alias);
void factory_revoke_all(DWORD *cookies, ULONG count);
/* The CLSIDs served, by index; NULL past the last. */
const CLSID *factory_class(ULONG index);

/* pin.c: keeps every interface registered with RPC until the process ends. */
void pin_interfaces(void);

/* register.c: the registry entries of the classes, the AppID and the service. */
HRESULT register_server(HMODULE module);
HRESULT unregister_server(void);
/* Leads clients that create the class to the alias, until Windows ends. */
void register_alias(const CLSID *class, const GUID *alias);

/*
 * Constructors. Each gives one reference. privileged: the caller is an administrator, for whom the
 * per-user limits do not count. job and file are referenced, not consumed.
 */
HRESULT manager_create(IBackgroundCopyManager **manager);
HRESULT job_object_create(struct job *job, BOOL privileged, IBackgroundCopyJob **object);
HRESULT file_object_create(struct file *file, IBackgroundCopyFile **object);
HRESULT error_object_create(const struct model_error *error, struct file *file,
                            IBackgroundCopyError **object);
/* caller's jobs, or those of all users. */
HRESULT enum_jobs_create(struct engine *engine, const struct os_identity *caller, BOOL all,
                         IEnumBackgroundCopyJobs **object);
HRESULT enum_files_create(struct job *job, IEnumBackgroundCopyFiles **object);
HRESULT enum_records_create(IEnumBitsPeerCacheRecords **object);
HRESULT enum_peers_create(IEnumBitsPeers **object);

/* The manager, and its second face (peer_cache.c). */
struct manager_object {
    IBackgroundCopyManager manager_iface;
    IBitsPeerCacheAdministration peer_cache_iface;
    LONG refs;
};
extern const IBitsPeerCacheAdministrationVtbl peer_cache_vtbl;

/* The second faces of a job object, implemented beside the first (job_http.c, job_token.c). */
struct job_object {
    IBackgroundCopyJob5 job_iface;
    IBackgroundCopyJobHttpOptions3 http_iface;
    IBitsTokenOptions token_iface;
    LONG refs;
    struct job *job;
    BOOL privileged;
};
extern const IBackgroundCopyJob5Vtbl job_vtbl;
extern const IBackgroundCopyJobHttpOptions3Vtbl job_http_vtbl;
extern const IBitsTokenOptionsVtbl job_token_vtbl;

static inline struct job_object *impl_from_job5(IBackgroundCopyJob5 *iface)
{
    return CONTAINING_RECORD(iface, struct job_object, job_iface);
}

/* Methods of Job2 to Job5, in job_extended.c, for the table in job.c. */
HRESULT STDMETHODCALLTYPE job_SetNotifyCmdLine(IBackgroundCopyJob5 *iface, LPCWSTR program,
                                               LPCWSTR parameters);
HRESULT STDMETHODCALLTYPE job_GetNotifyCmdLine(IBackgroundCopyJob5 *iface, LPWSTR *program,
                                               LPWSTR *parameters);
HRESULT STDMETHODCALLTYPE job_GetReplyProgress(IBackgroundCopyJob5 *iface,
                                               BG_JOB_REPLY_PROGRESS *progress);
HRESULT STDMETHODCALLTYPE job_GetReplyData(IBackgroundCopyJob5 *iface, byte **buffer,
                                           UINT64 *length);
HRESULT STDMETHODCALLTYPE job_SetReplyFileName(IBackgroundCopyJob5 *iface, LPCWSTR name);
HRESULT STDMETHODCALLTYPE job_GetReplyFileName(IBackgroundCopyJob5 *iface, LPWSTR *name);
HRESULT STDMETHODCALLTYPE job_SetCredentials(IBackgroundCopyJob5 *iface,
                                             BG_AUTH_CREDENTIALS *credentials);
HRESULT STDMETHODCALLTYPE job_RemoveCredentials(IBackgroundCopyJob5 *iface, BG_AUTH_TARGET target,
                                                BG_AUTH_SCHEME scheme);
HRESULT STDMETHODCALLTYPE job_ReplaceRemotePrefix(IBackgroundCopyJob5 *iface, LPCWSTR old_prefix,
                                                  LPCWSTR new_prefix);
HRESULT STDMETHODCALLTYPE job_AddFileWithRanges(IBackgroundCopyJob5 *iface, LPCWSTR remote,
                                                LPCWSTR local, DWORD count, BG_FILE_RANGE ranges[]);
HRESULT STDMETHODCALLTYPE job_SetFileACLFlags(IBackgroundCopyJob5 *iface, DWORD flags);
HRESULT STDMETHODCALLTYPE job_GetFileACLFlags(IBackgroundCopyJob5 *iface, DWORD *flags);
HRESULT STDMETHODCALLTYPE job_SetPeerCachingFlags(IBackgroundCopyJob5 *iface, DWORD flags);
HRESULT STDMETHODCALLTYPE job_GetPeerCachingFlags(IBackgroundCopyJob5 *iface, DWORD *flags);
HRESULT STDMETHODCALLTYPE job_GetOwnerIntegrityLevel(IBackgroundCopyJob5 *iface, ULONG *level);
HRESULT STDMETHODCALLTYPE job_GetOwnerElevationState(IBackgroundCopyJob5 *iface, BOOL *elevated);
HRESULT STDMETHODCALLTYPE job_SetMaximumDownloadTime(IBackgroundCopyJob5 *iface, ULONG timeout);
HRESULT STDMETHODCALLTYPE job_GetMaximumDownloadTime(IBackgroundCopyJob5 *iface, ULONG *timeout);
HRESULT STDMETHODCALLTYPE job_SetProperty(IBackgroundCopyJob5 *iface, BITS_JOB_PROPERTY_ID id,
                                          BITS_JOB_PROPERTY_VALUE value);
HRESULT STDMETHODCALLTYPE job_GetProperty(IBackgroundCopyJob5 *iface, BITS_JOB_PROPERTY_ID id,
                                          BITS_JOB_PROPERTY_VALUE *value);

/*
 * access.c. com_admit(): E_ACCESSDENIED for who may not have the job at all: neither owner nor
 * administrator; the owner with less elevation or integrity than the job was made with
 * (user-account-control-and-bits).
 */
HRESULT com_admit(struct job *job, const struct os_identity *caller);
/* E_ACCESSDENIED for everybody but the owner, administrators too. */
HRESULT com_check_owner(struct job *job);
/* An administrator's token is no helper of somebody else who is none. */
HRESULT com_check_helper(struct job *job, const struct os_identity *caller);
/* nf-bits-ibackgroundcopyjob-takeownership: BG_E_NEW_OWNER_NO_FILE_ACCESS for temporary files that
 * are closed to the caller, BG_E_NEW_OWNER_DIFF_MAPPING for drives that are others to him. */
HRESULT com_check_new_owner(struct job *job, const struct os_identity *caller);

/* The thread acts as the client until com_act_as_self(), which must follow a success. */
struct com_acting {
    struct os_identity caller;
    HANDLE before; /* the token that the thread had */
};
HRESULT com_act_as_caller(struct com_acting *acting);
void com_act_as_self(struct com_acting *acting);

/* callback.c: how the engine reaches clients. */
extern const struct engine_client com_client;

/* E_INVALIDARG for custom headers or a method that could not be sent as such (bitscore decides).
 * NULL headers are fine. */
HRESULT com_check_headers(const WCHAR *headers);
HRESULT com_check_method(const WCHAR *method);

/* targets.c. E_ACCESSDENIED when the caller may not make files in one of the local names'
 * directories; what else is wrong with a name is found later. */
HRESULT com_check_writable(const struct file_request *requests, ULONG count);

/* job_complete(), whose files become the caller's. */
HRESULT com_complete(struct job *job);

/* text.c: strings for clients (task allocator) and descriptions. */
/* A copy of text, of the empty string for NULL. NULL when memory is short. */
WCHAR *com_string(const WCHAR *text);
/* The same, but NULL stays NULL; E_OUTOFMEMORY or S_OK. */
HRESULT com_string_or_null(const WCHAR *text, WCHAR **out);
/* The length in characters, or limit + 1 when there are more: never reads further. */
size_t com_length(const WCHAR *text, size_t limit);
/* English description of a result; HRESULT_FROM_WIN32(ERROR_RESOURCE_LANG_NOT_FOUND) for other
 * languages. */
HRESULT com_error_text(HRESULT code, DWORD language, WCHAR **out);
HRESULT com_context_text(BG_ERROR_CONTEXT context, DWORD language, WCHAR **out);

#endif
