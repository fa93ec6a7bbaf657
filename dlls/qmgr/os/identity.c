/*
 * Who calls: SID, integrity, elevation of the COM client that the thread serves, else of the
 * process. Called by the COM facade at every call; calls advapi32 and ole32.
 */
#include <windows.h>
#include <objbase.h>
#include <sddl.h>
#include <stdlib.h>
#include <string.h>

#include "os_private.h"

/* A variable-sized piece of token information; free(). */
static void *token_information(HANDLE token, TOKEN_INFORMATION_CLASS class)
{
    DWORD size = 0;
    void *information;

    GetTokenInformation(token, class, NULL, 0, &size);
    if (!size || !(information = malloc(size)))
        return NULL;
    if (GetTokenInformation(token, class, information, size, &size))
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

/* Membership is asked of an impersonation token; NULL means the effective token of the thread. */
static BOOL token_administrator(HANDLE token)
{
    SID_IDENTIFIER_AUTHORITY authority = {SECURITY_NT_AUTHORITY};
    BOOL member = FALSE;
    PSID administrators;

    if (!AllocateAndInitializeSid(&authority, 2, SECURITY_BUILTIN_DOMAIN_RID,
                                  DOMAIN_ALIAS_RID_ADMINS, 0, 0, 0, 0, 0, 0, &administrators)) {
        return FALSE;
    }
    if (!CheckTokenMembership(token, administrators, &member))
        member = FALSE;
    FreeSid(administrators);
    return member;
}

/* membership: the token to ask for groups, see token_administrator(). */
static HRESULT describe(HANDLE token, HANDLE membership, struct os_identity *identity)
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
    identity->administrator = token_administrator(membership);
    identity->restricted = IsTokenRestricted(token);
    return S_OK;
}

/* The token of the client while the thread impersonates it, or serves its COM call; else NULL. */
static HANDLE client_token(void)
{
    HANDLE token = NULL;

    if (OpenThreadToken(GetCurrentThread(), TOKEN_QUERY | TOKEN_DUPLICATE | TOKEN_IMPERSONATE, TRUE,
                        &token)) {
        return token;
    }
    if (FAILED(CoImpersonateClient()))
        return NULL;
    if (!OpenThreadToken(GetCurrentThread(), TOKEN_QUERY | TOKEN_DUPLICATE | TOKEN_IMPERSONATE,
                         TRUE, &token)) {
        token = NULL;
    }
    CoRevertToSelf();
    return token;
}

HRESULT os_process_identity(struct os_identity *identity)
{
    HANDLE token, duplicate = NULL;
    HRESULT hr;

    memset(identity, 0, sizeof(*identity));
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_DUPLICATE, &token))
        return HRESULT_FROM_WIN32(GetLastError());
    if (!DuplicateToken(token, SecurityIdentification, &duplicate))
        duplicate = NULL;
    hr = describe(token, duplicate, identity);
    if (duplicate)
        CloseHandle(duplicate);
    CloseHandle(token);
    return hr;
}

HRESULT os_client_identity(struct os_identity *identity)
{
    HANDLE token = client_token();
    HRESULT hr;

    if (!token)
        return os_process_identity(identity);
    memset(identity, 0, sizeof(*identity));
    hr = describe(token, token, identity);
    if (SUCCEEDED(hr))
        identity->token = token;
    else
        CloseHandle(token);
    return hr;
}

void os_identity_release(struct os_identity *identity)
{
    LocalFree(identity->sid);
    if (identity->token)
        CloseHandle(identity->token);
    memset(identity, 0, sizeof(*identity));
}
