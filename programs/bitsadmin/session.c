/*
 * The connection to the BITS service. See session.h; the COM security is that of the page "Setting
 * up COM security" for BITS clients: connect-level authentication, impersonation allowed.
 */
#include "session.h"

#include <stdio.h>
#include <wchar.h>

#include "format.h"
#include "output.h"
#include "words.h"

HRESULT session_init(void)
{
    HRESULT hr = CoInitializeEx(NULL, COINIT_MULTITHREADED);

    if (FAILED(hr))
        return hr;
    hr = CoInitializeSecurity(NULL, -1, NULL, NULL, RPC_C_AUTHN_LEVEL_CONNECT,
                              RPC_C_IMP_LEVEL_IMPERSONATE, NULL, EOAC_DYNAMIC_CLOAKING, NULL);
    return hr == RPC_E_TOO_LATE ? S_OK : hr;
}

HRESULT session_connect(struct session *session)
{
    HRESULT hr;

    session_close(session);
    hr = CoCreateInstance(&CLSID_BackgroundCopyManager, NULL, CLSCTX_LOCAL_SERVER,
                          &IID_IBackgroundCopyManager, (void **)&session->manager);
    if (FAILED(hr))
        session->manager = NULL;
    return hr;
}

void session_close(struct session *session)
{
    if (session->manager)
        IBackgroundCopyManager_Release(session->manager);
    session->manager = NULL;
}

bool is_lost_connection(HRESULT code)
{
    return code == RPC_E_DISCONNECTED || code == RPC_E_SERVER_DIED ||
           code == RPC_E_SERVER_DIED_DNE || code == CO_E_OBJNOTCONNECTED ||
           code == HRESULT_FROM_WIN32(RPC_S_SERVER_UNAVAILABLE) ||
           code == HRESULT_FROM_WIN32(RPC_S_CALL_FAILED) ||
           code == HRESULT_FROM_WIN32(RPC_S_CALL_FAILED_DNE);
}

static WCHAR *task_copy(const WCHAR *text)
{
    size_t size = (wcslen(text) + 1) * sizeof(*text);
    WCHAR *copy = CoTaskMemAlloc(size);

    if (copy)
        memcpy(copy, text, size);
    return copy;
}

static WCHAR *system_text(DWORD code)
{
    WCHAR *text, *copy;

    if (!FormatMessageW(FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM |
                            FORMAT_MESSAGE_IGNORE_INSERTS,
                        NULL, code, 0, (WCHAR *)&text, 0, NULL))
        return NULL;
    copy = task_copy(text);
    LocalFree(text);
    return copy;
}

static WCHAR *trimmed(WCHAR *text)
{
    size_t length = wcslen(text);

    while (length && iswspace(text[length - 1]))
        text[--length] = 0;
    return text;
}

WCHAR *error_text(const struct session *session, HRESULT code)
{
    static const LANGID english = MAKELANGID(LANG_ENGLISH, SUBLANG_ENGLISH_US);
    WCHAR *text = NULL;
    HRESULT hr = E_FAIL;

    if (session->manager) {
        hr = IBackgroundCopyManager_GetErrorDescription(session->manager, code,
                                                        GetUserDefaultLangID(), &text);
        if (FAILED(hr) || !text)
            hr = IBackgroundCopyManager_GetErrorDescription(session->manager, code, english, &text);
    }
    if (FAILED(hr) || !text)
        text = system_text(code);
    if (!text && HRESULT_FACILITY(code) == FACILITY_WIN32)
        text = system_text(HRESULT_CODE(code));
    return text ? trimmed(text) : NULL;
}

HRESULT report_failure(const struct session *session, HRESULT code, const WCHAR *doing)
{
    WCHAR *text = error_text(session, code);

    output_print(L"Unable to %ls - 0x%08x\n", doing, (unsigned)code);
    if (text && *text)
        output_print(L"%ls\n", text);
    CoTaskMemFree(text);
    return code;
}

HRESULT query_version(const struct session *session, void *object, REFIID iid, const WCHAR *version,
                      void **result)
{
    HRESULT hr = IUnknown_QueryInterface((IUnknown *)object, iid, result);

    if (hr == E_NOINTERFACE)
        output_print(L"The running BITS service does not support this command; BITS %ls or later "
                     L"is required.\n",
                     version);
    else if (FAILED(hr))
        report_failure(session, hr, L"get the interface for this command");
    return hr;
}

static bool is_named(IBackgroundCopyJob *job, const WCHAR *name)
{
    WCHAR *display;
    bool same;

    if (FAILED(IBackgroundCopyJob_GetDisplayName(job, &display)))
        return false;
    same = !wcscmp(display, name);
    CoTaskMemFree(display);
    return same;
}

static void print_candidate(IBackgroundCopyJob *job)
{
    BG_JOB_STATE state;
    WCHAR text[GUID_TEXT];
    GUID id;

    if (SUCCEEDED(IBackgroundCopyJob_GetId(job, &id)) &&
        SUCCEEDED(IBackgroundCopyJob_GetState(job, &state)))
        output_print(L"%ls %ls\n", format_guid(&id, text), word_for(job_state_words, state));
}

/* Counts the jobs of that name; *job is the first one. Later ones are printed if list is set. */
static HRESULT scan_jobs(struct session *session, DWORD whose, const WCHAR *name, bool list,
                         ULONG *matches, IBackgroundCopyJob **job)
{
    IEnumBackgroundCopyJobs *jobs;
    IBackgroundCopyJob *next;
    HRESULT hr = IBackgroundCopyManager_EnumJobs(session->manager, whose, &jobs);

    *matches = 0;
    *job = NULL;
    if (FAILED(hr))
        return hr;
    while (IEnumBackgroundCopyJobs_Next(jobs, 1, &next, NULL) == S_OK) {
        if (!is_named(next, name)) {
            IBackgroundCopyJob_Release(next);
            continue;
        }
        if (list)
            print_candidate(next);
        if (++*matches == 1)
            *job = next;
        else
            IBackgroundCopyJob_Release(next);
    }
    IEnumBackgroundCopyJobs_Release(jobs);
    return S_OK;
}

static HRESULT find_by_name(struct session *session, DWORD whose, const WCHAR *name,
                            IBackgroundCopyJob **job)
{
    ULONG matches;
    HRESULT hr = scan_jobs(session, whose, name, false, &matches, job);

    if (FAILED(hr) || matches == 1)
        return hr;
    if (!matches)
        return HRESULT_FROM_WIN32(ERROR_NOT_FOUND);
    IBackgroundCopyJob_Release(*job);
    output_print(
        L"The name \"%ls\" is ambiguous: %lu jobs have it. Give the GUID of one of them:\n", name,
        matches);
    if (SUCCEEDED(scan_jobs(session, whose, name, true, &matches, job)) && *job)
        IBackgroundCopyJob_Release(*job);
    *job = NULL;
    return HRESULT_FROM_WIN32(ERROR_DUP_NAME);
}

HRESULT session_find_job(struct session *session, const WCHAR *name, IBackgroundCopyJob **job)
{
    const HRESULT not_found = HRESULT_FROM_WIN32(ERROR_NOT_FOUND);
    HRESULT hr;
    GUID id;

    *job = NULL;
    if (name[0] == '{' && SUCCEEDED(CLSIDFromString(name, &id))) {
        hr = IBackgroundCopyManager_GetJob(session->manager, &id, job);
        return FAILED(hr) ? report_failure(session, hr, L"find the job") : S_OK;
    }
    hr = find_by_name(session, 0, name, job);
    if (hr == not_found) {
        /* An administrator may name another user's job; others are refused the list. */
        hr = find_by_name(session, BG_JOB_ENUM_ALL_USERS, name, job);
        if (hr == not_found || hr == E_ACCESSDENIED) {
            output_print(L"There is no job \"%ls\".\n", name);
            return not_found;
        }
    }
    if (FAILED(hr) && hr != HRESULT_FROM_WIN32(ERROR_DUP_NAME))
        report_failure(session, hr, L"enumerate the jobs");
    return hr;
}

HRESULT job_file(const struct invocation *invocation, const WCHAR *index,
                 IBackgroundCopyFile **file)
{
    IEnumBackgroundCopyFiles *files;
    ULONG number, count = 0;
    HRESULT hr;

    if (!parse_number(L"file index", index, &number))
        return BITSADMIN_E_USAGE;
    hr = IBackgroundCopyJob_EnumFiles(invocation->job, &files);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"enumerate the files of the job");
    *file = NULL;
    hr = IEnumBackgroundCopyFiles_GetCount(files, &count);
    if (SUCCEEDED(hr) && number >= count) {
        output_print(L"The job has no file with index %lu; it has %lu file(s), counted from 0.\n",
                     number, count);
        IEnumBackgroundCopyFiles_Release(files);
        return HRESULT_FROM_WIN32(ERROR_NO_MORE_ITEMS);
    }
    if (SUCCEEDED(hr) && number)
        hr = IEnumBackgroundCopyFiles_Skip(files, number);
    if (SUCCEEDED(hr))
        hr = IEnumBackgroundCopyFiles_Next(files, 1, file, NULL);
    IEnumBackgroundCopyFiles_Release(files);
    if (hr == S_OK)
        return S_OK;
    return report_failure(invocation->session, FAILED(hr) ? hr : E_UNEXPECTED, L"get the file");
}
