/*
 * Owner, group and access lists of a source that go to its copy
 * (nf-bits2_0-ibackgroundcopyjob3-setfileaclflags): explicit entries only, for those that are
 * inherited come from the folder of the copy.
 *
 * share_copy.c calls it on a worker, once everything is copied; calls advapi32.
 */
#include "transfer_private.h"

#include <aclapi.h>
#include <stdlib.h>

static void enable(HANDLE token, const WCHAR *privilege)
{
    TOKEN_PRIVILEGES privileges = {.PrivilegeCount = 1};

    if (!LookupPrivilegeValueW(NULL, privilege, &privileges.Privileges[0].Luid))
        return;
    privileges.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
    AdjustTokenPrivileges(token, FALSE, &privileges, 0, NULL, NULL);
}

/* Acts as who owns the job with the privileges that the flags need; who has not got them is told
 * when they are asked for. */
static DWORD act(HANDLE token, ULONG flags)
{
    HANDLE own;

    if (token ? !SetThreadToken(NULL, token) : !ImpersonateSelf(SecurityImpersonation))
        return GetLastError();
    if (OpenThreadToken(GetCurrentThread(), TOKEN_ADJUST_PRIVILEGES, TRUE, &own)) {
        if (flags & (BG_COPY_FILE_OWNER | BG_COPY_FILE_GROUP))
            enable(own, SE_RESTORE_NAME);
        if (flags & BG_COPY_FILE_SACL)
            enable(own, SE_SECURITY_NAME);
        CloseHandle(own);
    }
    return ERROR_SUCCESS;
}

/* A copy without inherited entries, for free(); NULL stays NULL. FALSE: no memory, or no list. */
static BOOL explicit_entries(const ACL *from, ACL **out)
{
    *out = NULL;
    if (!from)
        return TRUE;
    *out = calloc(1, from->AclSize);
    if (!*out || !InitializeAcl(*out, from->AclSize, from->AclRevision))
        return FALSE;
    for (DWORD i = 0; i < from->AceCount; i++) {
        ACE_HEADER *ace;

        if (!GetAce((ACL *)from, i, (void **)&ace))
            return FALSE;
        if (!(ace->AceFlags & INHERITED_ACE) &&
            !AddAce(*out, from->AclRevision, MAXDWORD, ace, ace->AceSize))
            return FALSE;
    }
    return TRUE;
}

static HANDLE open_file(const WCHAR *path, DWORD access)
{
    return CreateFileW(path, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                       OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
}

static DWORD copy(HANDLE from, HANDLE to, SECURITY_INFORMATION what)
{
    ACL *dacl = NULL, *sacl = NULL, *own_dacl = NULL, *own_sacl = NULL;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    PSID owner = NULL, group = NULL;
    DWORD volume = 0, error;

    /* A file system that keeps no access lists has nothing to be kept on it. */
    if (GetVolumeInformationByHandleW(to, NULL, 0, NULL, NULL, &volume, NULL, 0) &&
        !(volume & FILE_PERSISTENT_ACLS))
        return ERROR_SUCCESS;
    error = GetSecurityInfo(from, SE_FILE_OBJECT, what, &owner, &group, &dacl, &sacl, &descriptor);
    if (!error && (!explicit_entries(dacl, &own_dacl) || !explicit_entries(sacl, &own_sacl)))
        error = ERROR_NOT_ENOUGH_MEMORY;
    if (what & DACL_SECURITY_INFORMATION)
        what |= UNPROTECTED_DACL_SECURITY_INFORMATION;
    if (what & SACL_SECURITY_INFORMATION)
        what |= UNPROTECTED_SACL_SECURITY_INFORMATION;
    if (!error)
        error = SetSecurityInfo(to, SE_FILE_OBJECT, what, owner, group, own_dacl, own_sacl);
    free(own_dacl);
    free(own_sacl);
    LocalFree(descriptor);
    return error;
}

DWORD share_acl_copy(const WCHAR *source, const WCHAR *target, HANDLE token, ULONG flags)
{
    SECURITY_INFORMATION what = (flags & BG_COPY_FILE_OWNER ? OWNER_SECURITY_INFORMATION : 0) |
                                (flags & BG_COPY_FILE_GROUP ? GROUP_SECURITY_INFORMATION : 0) |
                                (flags & BG_COPY_FILE_DACL ? DACL_SECURITY_INFORMATION : 0) |
                                (flags & BG_COPY_FILE_SACL ? SACL_SECURITY_INFORMATION : 0);
    DWORD lists = flags & BG_COPY_FILE_SACL ? ACCESS_SYSTEM_SECURITY : 0;
    HANDLE from = INVALID_HANDLE_VALUE, to = INVALID_HANDLE_VALUE;
    DWORD error;

    if (!what)
        return ERROR_SUCCESS;
    error = act(token, flags);
    if (!error) {
        from = open_file(source, READ_CONTROL | lists);
        if (from != INVALID_HANDLE_VALUE)
            to = open_file(
                target, READ_CONTROL | lists | (flags & BG_COPY_FILE_DACL ? WRITE_DAC : 0) |
                            (flags & (BG_COPY_FILE_OWNER | BG_COPY_FILE_GROUP) ? WRITE_OWNER : 0));
        error = to == INVALID_HANDLE_VALUE ? GetLastError() : copy(from, to, what);
    }
    SetThreadToken(NULL, NULL);
    if (from != INVALID_HANDLE_VALUE)
        CloseHandle(from);
    if (to != INVALID_HANDLE_VALUE)
        CloseHandle(to);
    return error == ERROR_PRIVILEGE_NOT_HELD || error == ERROR_INVALID_OWNER ? ERROR_ACCESS_DENIED
                                                                             : error;
}
