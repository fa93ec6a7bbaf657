/*
 * Result codes as plain integers.
 *
 * bitscore returns HRESULTs without knowing windows.h: an int32_t whose value equals the symbol
 * of the same name in bitsmsg.h (BG_ becomes BC_) or winerror.h (BC_E_, BC_HR_WIN32). Everything
 * in the library and everything that calls it may include this header; it includes nothing of the
 * project. Values are listed on the page bits-return-values.
 */
#ifndef BITSCORE_BC_RESULT_H
#define BITSCORE_BC_RESULT_H

#include <stdbool.h>
#include <stdint.h>

/* Success and failure, as SUCCEEDED and FAILED of winerror.h. */
static inline bool bc_succeeded(int32_t hr)
{
    return hr >= 0;
}

static inline bool bc_failed(int32_t hr)
{
    return hr < 0;
}

/* The errors of the system that say that a volume is locked, and will be there again when somebody
 * unlocks it: ERROR_DRIVE_LOCKED, and the HRESULT that BitLocker gives in its place,
 * FVE_E_LOCKED_VOLUME. */
static inline bool bc_is_volume_locked(uint32_t error)
{
    return error == 108 || error == 0x80310000u;
}

/* HRESULT_FROM_WIN32 for a non-zero Win32 error code below 65536. */
#define BC_HR_WIN32(code) ((int32_t)(0x80070000u | (code)))

/* BG_E_HTTP_ERROR_nnn for any three-digit HTTP status: facility 25 (HTTP). */
#define BC_HR_HTTP(status) ((int32_t)(0x80190000u | (uint32_t)(status)))

/* Common codes of winerror.h. */
#define BC_S_OK           ((int32_t)0x00000000)
#define BC_S_FALSE        ((int32_t)0x00000001)
#define BC_E_NOTIMPL      ((int32_t)0x80004001)
#define BC_E_NOINTERFACE  ((int32_t)0x80004002)
#define BC_E_POINTER      ((int32_t)0x80004003)
#define BC_E_ABORT        ((int32_t)0x80004004)
#define BC_E_FAIL         ((int32_t)0x80004005)
#define BC_E_UNEXPECTED   ((int32_t)0x8000FFFF)
#define BC_E_ACCESSDENIED ((int32_t)0x80070005)
#define BC_E_HANDLE       ((int32_t)0x80070006)
#define BC_E_OUTOFMEMORY  ((int32_t)0x8007000E)
#define BC_E_INVALIDARG   ((int32_t)0x80070057)

/* Win32 errors that bitscore itself gives, as HRESULTs. */
#define BC_E_WIN32_FILE_NOT_FOUND       BC_HR_WIN32(2u)
#define BC_E_WIN32_PATH_NOT_FOUND       BC_HR_WIN32(3u)
#define BC_E_WIN32_INSUFFICIENT_BUFFER  BC_HR_WIN32(122u)
#define BC_E_WIN32_INVALID_NAME         BC_HR_WIN32(123u)
#define BC_E_WIN32_FILENAME_EXCED_RANGE BC_HR_WIN32(206u)
#define BC_E_WIN32_ARITHMETIC_OVERFLOW  BC_HR_WIN32(534u)

/* bitsmsg.h: results of BITS. */
#define BC_E_NOT_FOUND                                 ((int32_t)0x80200001)
#define BC_E_INVALID_STATE                             ((int32_t)0x80200002)
#define BC_E_EMPTY                                     ((int32_t)0x80200003)
#define BC_E_FILE_NOT_AVAILABLE                        ((int32_t)0x80200004)
#define BC_E_PROTOCOL_NOT_AVAILABLE                    ((int32_t)0x80200005)
#define BC_S_ERROR_CONTEXT_NONE                        ((int32_t)0x00200006)
#define BC_E_ERROR_CONTEXT_UNKNOWN                     ((int32_t)0x80200007)
#define BC_E_ERROR_CONTEXT_GENERAL_QUEUE_MANAGER       ((int32_t)0x80200008)
#define BC_E_ERROR_CONTEXT_LOCAL_FILE                  ((int32_t)0x80200009)
#define BC_E_ERROR_CONTEXT_REMOTE_FILE                 ((int32_t)0x8020000A)
#define BC_E_ERROR_CONTEXT_GENERAL_TRANSPORT           ((int32_t)0x8020000B)
#define BC_E_ERROR_CONTEXT_QUEUE_MANAGER_NOTIFICATION  ((int32_t)0x8020000C)
#define BC_E_DESTINATION_LOCKED                        ((int32_t)0x8020000D)
#define BC_E_VOLUME_CHANGED                            ((int32_t)0x8020000E)
#define BC_E_ERROR_INFORMATION_UNAVAILABLE             ((int32_t)0x8020000F)
#define BC_E_NETWORK_DISCONNECTED                      ((int32_t)0x80200010)
#define BC_E_MISSING_FILE_SIZE                         ((int32_t)0x80200011)
#define BC_E_INSUFFICIENT_HTTP_SUPPORT                 ((int32_t)0x80200012)
#define BC_E_INSUFFICIENT_RANGE_SUPPORT                ((int32_t)0x80200013)
#define BC_E_REMOTE_NOT_SUPPORTED                      ((int32_t)0x80200014)
#define BC_E_NEW_OWNER_DIFF_MAPPING                    ((int32_t)0x80200015)
#define BC_E_NEW_OWNER_NO_FILE_ACCESS                  ((int32_t)0x80200016)
#define BC_S_PARTIAL_COMPLETE                          ((int32_t)0x00200017)
#define BC_E_PROXY_LIST_TOO_LARGE                      ((int32_t)0x80200018)
#define BC_E_PROXY_BYPASS_LIST_TOO_LARGE               ((int32_t)0x80200019)
#define BC_S_UNABLE_TO_DELETE_FILES                    ((int32_t)0x0020001A)
#define BC_E_INVALID_SERVER_RESPONSE                   ((int32_t)0x8020001B)
#define BC_E_TOO_MANY_FILES                            ((int32_t)0x8020001C)
#define BC_E_LOCAL_FILE_CHANGED                        ((int32_t)0x8020001D)
#define BC_E_ERROR_CONTEXT_REMOTE_APPLICATION          ((int32_t)0x8020001E)
#define BC_E_SESSION_NOT_FOUND                         ((int32_t)0x8020001F)
#define BC_E_TOO_LARGE                                 ((int32_t)0x80200020)
#define BC_E_STRING_TOO_LONG                           ((int32_t)0x80200021)
#define BC_E_CLIENT_SERVER_PROTOCOL_MISMATCH           ((int32_t)0x80200022)
#define BC_E_SERVER_EXECUTE_ENABLE                     ((int32_t)0x80200023)
#define BC_E_NO_PROGRESS                               ((int32_t)0x80200024)
#define BC_E_USERNAME_TOO_LARGE                        ((int32_t)0x80200025)
#define BC_E_PASSWORD_TOO_LARGE                        ((int32_t)0x80200026)
#define BC_E_INVALID_AUTH_TARGET                       ((int32_t)0x80200027)
#define BC_E_INVALID_AUTH_SCHEME                       ((int32_t)0x80200028)
#define BC_E_FILE_NOT_FOUND                            ((int32_t)0x80200029)
#define BC_S_PROXY_CHANGED                             ((int32_t)0x0020002A)
#define BC_E_INVALID_RANGE                             ((int32_t)0x8020002B)
#define BC_E_OVERLAPPING_RANGES                        ((int32_t)0x8020002C)
#define BC_E_CONNECT_FAILURE                           ((int32_t)0x8020002D)
#define BC_E_CONNECTION_CLOSED                         ((int32_t)0x8020002E)
#define BC_E_BLOCKED_BY_POLICY                         ((int32_t)0x8020003E)
#define BC_E_INVALID_PROXY_INFO                        ((int32_t)0x8020003F)
#define BC_E_INVALID_CREDENTIALS                       ((int32_t)0x80200040)
#define BC_E_INVALID_HASH_ALGORITHM                    ((int32_t)0x80200041)
#define BC_E_RECORD_DELETED                            ((int32_t)0x80200042)
#define BC_E_COMMIT_IN_PROGRESS                        ((int32_t)0x80200043)
#define BC_E_DISCOVERY_IN_PROGRESS                     ((int32_t)0x80200044)
#define BC_E_UPNP_ERROR                                ((int32_t)0x80200045)
#define BC_E_TEST_OPTION_BLOCKED_DOWNLOAD              ((int32_t)0x80200046)
#define BC_E_PEERCACHING_DISABLED                      ((int32_t)0x80200047)
#define BC_E_BUSYCACHERECORD                           ((int32_t)0x80200048)
#define BC_E_TOO_MANY_JOBS_PER_USER                    ((int32_t)0x80200049)
#define BC_E_TOO_MANY_JOBS_PER_MACHINE                 ((int32_t)0x80200050)
#define BC_E_TOO_MANY_FILES_IN_JOB                     ((int32_t)0x80200051)
#define BC_E_TOO_MANY_RANGES_IN_FILE                   ((int32_t)0x80200052)
#define BC_E_VALIDATION_FAILED                         ((int32_t)0x80200053)
#define BC_E_MAXDOWNLOAD_TIMEOUT                       ((int32_t)0x80200054)
#define BC_S_OVERRIDDEN_BY_POLICY                      ((int32_t)0x00200055)
#define BC_E_TOKEN_REQUIRED                            ((int32_t)0x80200056)
#define BC_E_UNKNOWN_PROPERTY_ID                       ((int32_t)0x80200057)
#define BC_E_READ_ONLY_PROPERTY                        ((int32_t)0x80200058)
#define BC_E_BLOCKED_BY_COST_TRANSFER_POLICY           ((int32_t)0x80200059)
#define BC_E_PROPERTY_SUPPORTED_FOR_DOWNLOAD_JOBS_ONLY ((int32_t)0x80200060)
#define BC_E_READ_ONLY_PROPERTY_AFTER_ADDFILE          ((int32_t)0x80200061)
#define BC_E_READ_ONLY_PROPERTY_AFTER_RESUME           ((int32_t)0x80200062)
#define BC_E_MAX_DOWNLOAD_SIZE_INVALID_VALUE           ((int32_t)0x80200063)
#define BC_E_MAX_DOWNLOAD_SIZE_LIMIT_REACHED           ((int32_t)0x80200064)
#define BC_E_STANDBY_MODE                              ((int32_t)0x80200065)
#define BC_E_USE_STORED_CREDENTIALS_NOT_SUPPORTED      ((int32_t)0x80200066)
#define BC_E_BLOCKED_BY_BATTERY_POLICY                 ((int32_t)0x80200067)
#define BC_E_BLOCKED_BY_BATTERY_SAVER                  ((int32_t)0x80200068)
#define BC_E_WATCHDOG_TIMEOUT                          ((int32_t)0x80200069)
#define BC_E_APP_PACKAGE_NOT_FOUND                     ((int32_t)0x8020006A)
#define BC_E_APP_PACKAGE_SCENARIO_NOT_SUPPORTED        ((int32_t)0x8020006B)
#define BC_E_DATABASE_CORRUPT                          ((int32_t)0x8020006C)
#define BC_E_RANDOM_ACCESS_NOT_SUPPORTED               ((int32_t)0x8020006D)
#define BC_E_BLOCKED_BY_BACKGROUND_ACCESS_POLICY       ((int32_t)0x8020006E)
#define BC_E_BLOCKED_BY_GAME_MODE                      ((int32_t)0x8020006F)
#define BC_E_BLOCKED_BY_SYSTEM_POLICY                  ((int32_t)0x80200070)
#define BC_E_NOT_SUPPORTED_WITH_CUSTOM_HTTP_METHOD     ((int32_t)0x80200071)
#define BC_E_UNSUPPORTED_JOB_CONFIGURATION             ((int32_t)0x80200072)
#define BC_E_REMOTE_FILE_CHANGED                       ((int32_t)0x80200073)
#define BC_E_SERVER_CERT_VALIDATION_INTERFACE_REQUIRED ((int32_t)0x80200074)
#define BC_E_READ_ONLY_WHEN_JOB_ACTIVE                 ((int32_t)0x80200075)
#define BC_E_ERROR_CONTEXT_SERVER_CERTIFICATE_CALLBACK ((int32_t)0x80200076)

/* bitsmsg.h: HTTP statuses, see also BC_HR_HTTP. */
#define BC_E_HTTP_ERROR_100 ((int32_t)0x80190064)
#define BC_E_HTTP_ERROR_101 ((int32_t)0x80190065)
#define BC_E_HTTP_ERROR_200 ((int32_t)0x801900C8)
#define BC_E_HTTP_ERROR_201 ((int32_t)0x801900C9)
#define BC_E_HTTP_ERROR_202 ((int32_t)0x801900CA)
#define BC_E_HTTP_ERROR_203 ((int32_t)0x801900CB)
#define BC_E_HTTP_ERROR_204 ((int32_t)0x801900CC)
#define BC_E_HTTP_ERROR_205 ((int32_t)0x801900CD)
#define BC_E_HTTP_ERROR_206 ((int32_t)0x801900CE)
#define BC_E_HTTP_ERROR_300 ((int32_t)0x8019012C)
#define BC_E_HTTP_ERROR_301 ((int32_t)0x8019012D)
#define BC_E_HTTP_ERROR_302 ((int32_t)0x8019012E)
#define BC_E_HTTP_ERROR_303 ((int32_t)0x8019012F)
#define BC_E_HTTP_ERROR_304 ((int32_t)0x80190130)
#define BC_E_HTTP_ERROR_305 ((int32_t)0x80190131)
#define BC_E_HTTP_ERROR_307 ((int32_t)0x80190133)
#define BC_E_HTTP_ERROR_400 ((int32_t)0x80190190)
#define BC_E_HTTP_ERROR_401 ((int32_t)0x80190191)
#define BC_E_HTTP_ERROR_402 ((int32_t)0x80190192)
#define BC_E_HTTP_ERROR_403 ((int32_t)0x80190193)
#define BC_E_HTTP_ERROR_404 ((int32_t)0x80190194)
#define BC_E_HTTP_ERROR_405 ((int32_t)0x80190195)
#define BC_E_HTTP_ERROR_406 ((int32_t)0x80190196)
#define BC_E_HTTP_ERROR_407 ((int32_t)0x80190197)
#define BC_E_HTTP_ERROR_408 ((int32_t)0x80190198)
#define BC_E_HTTP_ERROR_409 ((int32_t)0x80190199)
#define BC_E_HTTP_ERROR_410 ((int32_t)0x8019019A)
#define BC_E_HTTP_ERROR_411 ((int32_t)0x8019019B)
#define BC_E_HTTP_ERROR_412 ((int32_t)0x8019019C)
#define BC_E_HTTP_ERROR_413 ((int32_t)0x8019019D)
#define BC_E_HTTP_ERROR_414 ((int32_t)0x8019019E)
#define BC_E_HTTP_ERROR_415 ((int32_t)0x8019019F)
#define BC_E_HTTP_ERROR_416 ((int32_t)0x801901A0)
#define BC_E_HTTP_ERROR_417 ((int32_t)0x801901A1)
#define BC_E_HTTP_ERROR_449 ((int32_t)0x801901C1)
#define BC_E_HTTP_ERROR_500 ((int32_t)0x801901F4)
#define BC_E_HTTP_ERROR_501 ((int32_t)0x801901F5)
#define BC_E_HTTP_ERROR_502 ((int32_t)0x801901F6)
#define BC_E_HTTP_ERROR_503 ((int32_t)0x801901F7)
#define BC_E_HTTP_ERROR_504 ((int32_t)0x801901F8)
#define BC_E_HTTP_ERROR_505 ((int32_t)0x801901F9)

/* bitsmsg.h: messages of the event log. */
#define BC_MC_JOB_CANCELLED             ((int32_t)0x80194000)
#define BC_MC_FILE_DELETION_FAILED      ((int32_t)0x80194001)
#define BC_MC_FILE_DELETION_FAILED_MORE ((int32_t)0x80194002)
#define BC_MC_JOB_PROPERTY_CHANGE       ((int32_t)0x80194003)
#define BC_MC_JOB_TAKE_OWNERSHIP        ((int32_t)0x80194004)
#define BC_MC_JOB_SCAVENGED             ((int32_t)0x80194005)
#define BC_MC_JOB_NOTIFICATION_FAILURE  ((int32_t)0x80194006)
#define BC_MC_STATE_FILE_CORRUPT        ((int32_t)0x80194007)
#define BC_MC_FAILED_TO_START           ((int32_t)0x80194008)
#define BC_MC_FATAL_IGD_ERROR           ((int32_t)0x80194009)
#define BC_MC_PEERCACHING_PORT          ((int32_t)0x8019400A)
#define BC_MC_WSD_PORT                  ((int32_t)0x8019400B)

/*
 * BG_ERROR_CONTEXT: where an error happened (ne-bits-bg_error_context). The values are those of the
 * SDK's enumeration.
 */
enum bc_error_context {
    BC_CONTEXT_NONE = 0,
    BC_CONTEXT_UNKNOWN = 1,
    BC_CONTEXT_GENERAL_QUEUE_MANAGER = 2,
    BC_CONTEXT_QUEUE_MANAGER_NOTIFICATION = 3,
    BC_CONTEXT_LOCAL_FILE = 4,
    BC_CONTEXT_REMOTE_FILE = 5,
    BC_CONTEXT_GENERAL_TRANSPORT = 6,
    BC_CONTEXT_REMOTE_APPLICATION = 7,
    BC_CONTEXT_SERVER_CERTIFICATE_CALLBACK = 8
};

#endif
