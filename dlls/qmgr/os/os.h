/*
 * What belongs to the operating system: secrets, boot identity, folders, network state, policy,
 * service control, event log. Each function stands alone and may block shortly; none is called
 * under the engine lock.
 */
#ifndef OPENBITS_OS_H
#define OPENBITS_OS_H

#include <windows.h>

/* TRUE under Wine. */
BOOL os_is_wine(void);

/* Protects a secret for the store (CryptProtectData). *blob by free(). */
HRESULT os_protect(const WCHAR *clear, BYTE **blob, ULONG *size);
/* The reverse; *clear by os_wipe_free(). */
HRESULT os_unprotect(const BYTE *blob, ULONG size, WCHAR **clear);
void os_wipe_free(WCHAR *clear);

/*
 * Identity of this run of the machine: changes when, and only when, the operating system (not Wine,
 * not the service) is started again. While it is the same, bytes written before a crash of the
 * service are still in their file.
 */
HRESULT os_boot_identity(GUID *identity);

/* %ALLUSERSPROFILE%\Microsoft\Network\Downloader, made when missing. *path by LocalFree. */
HRESULT os_downloader_folder(WCHAR **path);

/* FALSE when the thread's user is refused to make files in that directory (with its last
 * backslash). What is no directory at all is none of its business: TRUE. */
BOOL os_may_make_files(const WCHAR *directory);

/* Where os_may_make_files() notes the file it makes to find out (the store's folder). Deletes the
 * one that a crash has left. Without this call it makes none. */
void os_probe_notes(const WCHAR *folder);

/* The same path in a form that Wine takes as it is, without reading the folder for a name that
 * differs in case only; for names that nobody else has. NULL on Windows, or when there is none.
 * free(). */
WCHAR *os_exact_path(const WCHAR *path);

/* All names of the folder that path lies in. NULL on Windows, or when it cannot be read. */
struct os_names *os_names_read(const WCHAR *path);
void os_names_free(struct os_names *names);
/* TRUE when the folder has no name like that of path, whatever the case; from then on it has.
 * Threads may call it side by side. */
BOOL os_names_take(struct os_names *names, const WCHAR *path);

/* The serial number of the volume that a file lies on or would; 0 when it is not known. An error of
 * the system, or ERROR_SUCCESS. */
DWORD os_volume_serial(const WCHAR *path, DWORD *serial);

/* Makes the user with that SID the owner of a file. Only an account with the restore privilege can
 * give files away: without it the file stays whose it is. */
void os_give_file(const WCHAR *path, const WCHAR *sid);

/* Who calls: the client while impersonating (a COM call), else the process. E_ACCESSDENIED for a
 * client that may not be identified. */
struct os_identity {
    WCHAR *sid;      /* string form */
    DWORD integrity; /* SECURITY_MANDATORY_*_RID */
    BOOL elevated;
    BOOL administrator;
    BOOL restricted; /* the token has restricting SIDs */
    HANDLE token;    /* impersonation token for file access, NULL when not impersonating */
};
HRESULT os_client_identity(struct os_identity *identity);
void os_identity_release(struct os_identity *identity);

/* TRUE when there is a network that could carry a transfer (any interface up, loopback included
 * when alone). */
BOOL os_network_connected(void);
/* Calls changed() on a thread of its own whenever the answer may have changed, until
 * os_network_unwatch(). */
struct os_network_watch;
HRESULT os_network_watch(void (*changed)(void *context), void *context,
                         struct os_network_watch **watch);
void os_network_unwatch(struct os_network_watch *watch);

/* What the network costs now: one BITS_COST_STATE_*; UNRESTRICTED where nobody knows. */
ULONG os_network_cost(void);

/* A DWORD of HKLM\Software\Policies\Microsoft\Windows\BITS, or fallback when it is not set or no
 * DWORD. */
DWORD os_policy_dword(const WCHAR *name, DWORD fallback);

/* Whether jobs have the credentials of their owners although nobody has set them: UseLMCompat and
 * LmCompatibilityLevel (authentication). */
BOOL os_unasked_credentials(void);

/* Start type of the service "BITS": automatic or demand. S_FALSE when there is no such service. */
HRESULT os_set_start_type(BOOL automatic);

/* The service's process begins; stop is the event that is set when it is to end. Under Wine this
 * has the service started again should it die before. */
void os_service_begins(HANDLE stop);
/* It is about to register its classes. TRUE, under Wine, when a service of the same prefix was
 * killed before, whose registrations clients would get: the classes need an alias, too. */
BOOL os_class_alias(GUID *alias);
/* It has ended well: its classes are registered no more. */
void os_service_ended(void);

/*
 * What the engine learns of the machine while it runs, and tells it. Everything that such an answer
 * can change is done through one of these, so that a test can put a clock, a network or a policy of
 * its own in place of os_world, which is the machine's.
 */
struct os_world {
    void(WINAPI *utc)(FILETIME *now); /* the system's clock: it may be set at any time */
    ULONGLONG(WINAPI *ticks)(void);   /* ms of a clock that only goes on (GetTickCount64) */
    BOOL (*network_connected)(void);
    HRESULT(*network_watch)
    (void (*changed)(void *context), void *context, struct os_network_watch **watch);
    void (*network_unwatch)(struct os_network_watch *watch);
    DWORD (*policy_dword)(const WCHAR *name, DWORD fallback);
    BOOL (*unasked_credentials)(void);
    HRESULT (*set_start_type)(BOOL automatic);
    DWORD (*volume_serial)(const WCHAR *path, DWORD *serial);
};
extern const struct os_world os_world;

/* Notes for programs that manage the queue (bitsadmin) where its damaged file was put aside: the
 * value DamagedQueue of HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\BITS. */
void os_note_damage(const WCHAR *aside);
/* Takes the note back when the file it names is there no more: who deleted or moved it knows. */
void os_check_damage_note(void);

/* Writes an event to the application log, source "Bits"; id is a BITS_MC_* code. */
void os_log_event(WORD type, DWORD id, const WCHAR *text);

/*
 * The token of a logged-on user by SID (users-and-network-connections), to act as the owner of a
 * job: *token by CloseHandle, NULL when that is the account of this process. Fails with
 * HRESULT_FROM_WIN32(ERROR_NOT_LOGGED_ON) when the user has no session.
 */
HRESULT os_user_token(const WCHAR *sid, HANDLE *token);

/* Whether the SID is that of LocalSystem, LocalService or NetworkService. */
BOOL os_is_service_account(const WCHAR *sid);

/*
 * Runs a program as the job's owner (registering-to-execute-a-program); does not wait for it:
 * *running is the process, for CloseHandle. token is the owner's, NULL when the owner is the
 * account of this process. Service accounts run no programs
 * (nf-bits1_5-ibackgroundcopyjob2-setnotifycmdline): E_ACCESSDENIED, so that a client's program
 * never gets the service's own rights.
 */
HRESULT os_run_program(HANDLE token, const WCHAR *program, const WCHAR *parameters,
                       HANDLE *running);

#endif
