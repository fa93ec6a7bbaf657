/*
 * Command-line notification: starts a job's program as the job's owner
 * (registering-to-execute-a-program). Called by the engine's notifications; calls kernel32,
 * advapi32 and userenv.
 */
#include <windows.h>
#include <sddl.h>
#include <userenv.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "os_private.h"

/*
 * The command line: the parameters as they are, which begin with the program's name by contract
 * (nf-bits1_5-ibackgroundcopyjob2-setnotifycmdline); without any, the quoted program. CreateProcess
 * may write to it; free().
 */
static WCHAR *command_line(const WCHAR *program, const WCHAR *parameters)
{
    const WCHAR *text = parameters && parameters[0] ? parameters : NULL;
    size_t length = wcslen(text ? text : program) + 3;
    WCHAR *line;

    if (length > MAXLONG || !(line = malloc(length * sizeof(WCHAR))))
        return NULL;
    if (text) {
        wcscpy(line, text);
    } else {
        wcscpy(line, L"\"");
        wcscat(line, program);
        wcscat(line, L"\"");
    }
    return line;
}

static HRESULT run_as_user(HANDLE token, const WCHAR *program, WCHAR *line, STARTUPINFOW *startup,
                           PROCESS_INFORMATION *process)
{
    HANDLE primary;
    void *environment = NULL;
    HRESULT hr = S_OK;

    if (!DuplicateTokenEx(token, MAXIMUM_ALLOWED, NULL, SecurityImpersonation, TokenPrimary,
                          &primary)) {
        return HRESULT_FROM_WIN32(GetLastError());
    }
    if (!CreateEnvironmentBlock(&environment, primary, FALSE))
        environment = NULL;
    if (!CreateProcessAsUserW(primary, program, line, NULL, NULL, FALSE, CREATE_UNICODE_ENVIRONMENT,
                              environment, NULL, startup, process)) {
        hr = HRESULT_FROM_WIN32(GetLastError());
    }
    if (environment)
        DestroyEnvironmentBlock(environment);
    CloseHandle(primary);
    return hr;
}

BOOL os_is_service_account(const WCHAR *sid)
{
    return !wcscmp(sid, L"S-1-5-18") || !wcscmp(sid, L"S-1-5-19") || !wcscmp(sid, L"S-1-5-20");
}

/* Whether a program may run as this process does: its account is the owner's and no service's. */
static BOOL may_run_as_self(HANDLE token)
{
    struct os_identity self;
    TOKEN_USER *user = NULL;
    PSID sid = NULL;
    DWORD size = 0;
    BOOL may = FALSE;

    if (FAILED(os_process_identity(&self)))
        return FALSE;
    if (!os_is_service_account(self.sid)) {
        if (!token) {
            may = TRUE;
        } else {
            GetTokenInformation(token, TokenUser, NULL, 0, &size);
            may = size && (user = malloc(size)) &&
                  GetTokenInformation(token, TokenUser, user, size, &size) &&
                  ConvertStringSidToSidW(self.sid, &sid) && EqualSid(user->User.Sid, sid);
        }
    }
    LocalFree(sid);
    free(user);
    os_identity_release(&self);
    return may;
}

HRESULT os_run_program(HANDLE token, const WCHAR *program, const WCHAR *parameters, HANDLE *running)
{
    static WCHAR desktop[] = L"winsta0\\default";
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION process;
    HRESULT hr = E_ACCESSDENIED;
    WCHAR *line;

    *running = NULL;

    if (!program || !program[0])
        return E_INVALIDARG;
    if (!(line = command_line(program, parameters)))
        return E_OUTOFMEMORY;
    if (token) {
        startup.lpDesktop = desktop;
        hr = run_as_user(token, program, line, &startup, &process);
        startup.lpDesktop = NULL;
    }
    if (hr != S_OK && may_run_as_self(token)) {
        hr = CreateProcessW(program, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process)
                 ? S_OK
                 : HRESULT_FROM_WIN32(GetLastError());
    }
    free(line);
    if (hr == S_OK) {
        CloseHandle(process.hThread);
        *running = process.hProcess;
    }
    return hr;
}
