/*
 * Who calls: SID, integrity, elevation of the COM client that the thread serves, else of the
 * process. Called by the COM facade at every call; calls advapi32 and ole32.
 */
#include <windows.h>
#include <objbase.h>
#include <sddl.h>
#include <wtsapi32.h>
#include <stdlib.h>
#include <string.h>

#include "os_private.h"

/* Enough for what most tokens say; each further question is a trip to another process in Wine. */
#define USUAL_BYTES 2048

/* A variable-sized piece of token information; free(). */
static void *token_information(HANDLE token, TOKEN_INFORMATION_CLASS class)
{
    DWORD size = USUAL_BYTES, needed = 0, error;
    void *information = malloc(size);

    if (!information || GetTokenInformation(token, class, information, size, &needed))
        return information;
    error = GetLastError();
    free(information);
    if (error != ERROR_INSUFFICIENT_BUFFER || !(information = malloc(needed)))
        return NULL;
    size = needed;
    if (GetTokenInformation(token, class, information, size, &needed))
        return information;
    free(information);
    return NULL;
}

static DWORD token_integrity(HANDLE token)
{
    TOKEN_MANDATORY_LABEL *label = token_information(token, TokenIntegrityLevel);
    DWORD level = SECURITY_MANDATORY_MEDIUM_RID;

    if (label && IsValidSid(label->Label.Sid) && *GetSidSubAuthorityCount(label->Label.Sid)) {
        UCHAR count = *GetSidSubAuthorityCount(label->Label.Sid);

        level = *GetSidSubAuthority(label->Label.Sid, count - 1u);
    }
    free(label);
    return level;
}

static BOOL token_elevated(HANDLE token)
{
    TOKEN_ELEVATION elevation = {0};
    DWORD size;

    return GetTokenInformation(token, TokenElevation, &elevation, sizeof(elevation), &size) &&
           elevation.TokenIsElevated;
}

/* Whether administrators are among the groups, in force rather than for denial only. */
static BOOL token_administrator(HANDLE token)
{
    TOKEN_GROUPS *groups = token_information(token, TokenGroups);
    BYTE administrators[SECURITY_MAX_SID_SIZE];
    DWORD size = sizeof(administrators), i;
    BOOL member = FALSE;

    if (groups && CreateWellKnownSid(WinBuiltinAdministratorsSid, NULL, administrators, &size)) {
        for (i = 0; i < groups->GroupCount && !member; i++) {
            const SID_AND_ATTRIBUTES *group = &groups->Groups[i];

            member = (group->Attributes & SE_GROUP_ENABLED) &&
                     !(group->Attributes & SE_GROUP_USE_FOR_DENY_ONLY) &&
                     EqualSid(group->Sid, administrators);
        }
    }
    free(groups);
    return member;
}

static BOOL token_restricted(HANDLE token)
{
    TOKEN_GROUPS *sids = token_information(token, TokenRestrictedSids);
    BOOL restricted = sids ? sids->GroupCount > 0 : IsTokenRestricted(token);

    free(sids);
    return restricted;
}

static HRESULT describe(HANDLE token, struct os_identity *identity)
{
    TOKEN_USER *user = token_information(token, TokenUser);
    BOOL ok;

    if (!user)
        return HRESULT_FROM_WIN32(ERROR_NO_TOKEN);
    ok = ConvertSidToStringSidW(user->User.Sid, &identity->sid);
    free(user);
    if (!ok) {
        identity->sid = NULL;
        return HRESULT_FROM_WIN32(ERROR_INVALID_SID);
    }
    identity->integrity = token_integrity(token);
    identity->elevated = token_elevated(token);
    identity->administrator = token_administrator(token);
    identity->restricted = token_restricted(token);
    return S_OK;
}

/*
 * The token of the client whose COM call the thread serves, or else of whom it impersonates; NULL
 * with S_OK when there is no client. A client that hides who it is must not pass for the service
 * itself. COM is asked first: under Wine that is no round trip to the wineserver, the token is one.
 */
static HRESULT client_token(HANDLE *token)
{
    const DWORD access = TOKEN_QUERY | TOKEN_DUPLICATE | TOKEN_IMPERSONATE;
    HRESULT hr = CoImpersonateClient();
    BOOL serves = hr != RPC_E_CALL_COMPLETE && hr != CO_E_NOTINITIALIZED;

    *token = NULL;
    if (!serves || SUCCEEDED(hr)) {
        hr = S_OK;
        if (!OpenThreadToken(GetCurrentThread(), access, TRUE, token)) {
            *token = NULL;
            if (serves || GetLastError() != ERROR_NO_TOKEN)
                hr = E_ACCESSDENIED;
        }
        if (serves)
            CoRevertToSelf();
    }
    /* All programs of a Wine prefix are one user's, and not every Wine can impersonate. */
    if (serves && FAILED(hr))
        return os_is_wine() ? S_OK : E_ACCESSDENIED;
    return hr;
}

static struct os_identity process_identity; /* who the process is does not change */
static INIT_ONCE process_known = INIT_ONCE_STATIC_INIT;

static BOOL CALLBACK describe_process(INIT_ONCE *once, void *parameter, void **context)
{
    HRESULT *hr = parameter;
    HANDLE token;

    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) {
        *hr = HRESULT_FROM_WIN32(GetLastError());
        return FALSE;
    }
    *hr = describe(token, &process_identity);
    CloseHandle(token);
    return SUCCEEDED(*hr);
}

HRESULT os_process_identity(struct os_identity *identity)
{
    HRESULT hr = S_OK;
    size_t size;

    memset(identity, 0, sizeof(*identity));
    if (!InitOnceExecuteOnce(&process_known, describe_process, &hr, NULL))
        return hr;
    size = (wcslen(process_identity.sid) + 1) * sizeof(WCHAR);
    *identity = process_identity;
    identity->sid = LocalAlloc(LMEM_FIXED, size);
    if (!identity->sid)
        return E_OUTOFMEMORY;
    memcpy(identity->sid, process_identity.sid, size);
    return S_OK;
}

HRESULT os_client_identity(struct os_identity *identity)
{
    HANDLE token;
    HRESULT hr = client_token(&token);

    if (SUCCEEDED(hr) && !token)
        return os_process_identity(identity);
    memset(identity, 0, sizeof(*identity));
    if (FAILED(hr))
        return hr;
    hr = describe(token, identity);
    if (SUCCEEDED(hr))
        identity->token = token;
    else
        CloseHandle(token);
    return hr;
}

/* Whether the token's user has that SID. */
static BOOL is_user(HANDLE token, PSID sid)
{
    TOKEN_USER *user = token_information(token, TokenUser);
    BOOL same = user && EqualSid(user->User.Sid, sid);

    free(user);
    return same;
}

/* The token of the session whose user has that SID, or NULL. */
static HANDLE session_token(PSID sid)
{
    WTS_SESSION_INFOW *sessions = NULL;
    DWORD count = 0, i;
    HANDLE token = NULL;

    if (!WTSEnumerateSessionsW(WTS_CURRENT_SERVER_HANDLE, 0, 1, &sessions, &count))
        return NULL;
    for (i = 0; i < count && !token; i++) {
        if (!WTSQueryUserToken(sessions[i].SessionId, &token)) {
            token = NULL;
        } else if (!is_user(token, sid)) {
            CloseHandle(token);
            token = NULL;
        }
    }
    WTSFreeMemory(sessions);
    return token;
}

HRESULT os_user_token(const WCHAR *text, HANDLE *token)
{
    HANDLE self;
    HRESULT hr = S_OK;
    PSID sid;

    *token = NULL;
    /* The usual case, without a question to anybody. */
    if (text && InitOnceExecuteOnce(&process_known, describe_process, &hr, NULL) &&
        !lstrcmpiW(process_identity.sid, text))
        return S_OK;
    hr = S_OK;
    if (!text || !ConvertStringSidToSidW(text, &sid))
        return E_INVALIDARG;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &self)) {
        hr = HRESULT_FROM_WIN32(GetLastError());
    } else {
        if (!is_user(self, sid) && !(*token = session_token(sid)))
            hr = HRESULT_FROM_WIN32(ERROR_NOT_LOGGED_ON);
        CloseHandle(self);
    }
    LocalFree(sid);
    return hr;
}

void os_identity_release(struct os_identity *identity)
{
    LocalFree(identity->sid);
    if (identity->token)
        CloseHandle(identity->token);
    memset(identity, 0, sizeof(*identity));
}
