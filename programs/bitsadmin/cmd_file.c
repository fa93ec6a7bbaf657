/*
 * The files of a job: adding them one by one, by ranges or from a list, changing their URLs,
 * listing them and reading their properties. Called from the command table.
 */
#include "handlers.h"

#include <bits2_0.h>
#include <bits3_0.h>
#include <bits4_0.h>
#include <stdlib.h>
#include <wchar.h>

#include "fileset.h"
#include "output.h"
#include "report.h"
#include "session.h"
#include "words.h"

HRESULT command_add_file(const struct invocation *invocation)
{
    const WCHAR *remote = invocation->args[0], *local = invocation->args[1];
    HRESULT hr = IBackgroundCopyJob_AddFile(invocation->job, remote, local);

    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"add file to job");
    output_print(L"Added %ls -> %ls to job.\n", remote, local);
    return S_OK;
}

/* bitsadmin-addfileset: the whole text file is read first, then added in one call. */
HRESULT command_add_file_set(const struct invocation *invocation)
{
    struct fileset set;
    ULONG i;
    HRESULT hr = fileset_read(invocation->args[0], &set);

    if (FAILED(hr)) {
        if (hr != BITSADMIN_E_USAGE)
            report_failure(invocation->session, hr, L"read the list of files");
        return hr == BITSADMIN_E_USAGE ? HRESULT_FROM_WIN32(ERROR_INVALID_DATA) : hr;
    }
    hr = IBackgroundCopyJob_AddFileSet(invocation->job, set.count, set.files);
    if (FAILED(hr)) {
        report_failure(invocation->session, hr, L"add files to job");
    } else {
        for (i = 0; i < set.count; i++)
            output_print(L"Added %ls -> %ls to job.\n", set.files[i].RemoteName,
                         set.files[i].LocalName);
    }
    fileset_free(&set);
    return hr;
}

HRESULT command_add_file_with_ranges(const struct invocation *invocation)
{
    const WCHAR *remote = invocation->args[0], *local = invocation->args[1];
    IBackgroundCopyJob3 *job;
    BG_FILE_RANGE *ranges;
    DWORD count;
    HRESULT hr;

    if (!parse_ranges(invocation->args[2], &ranges, &count))
        return BITSADMIN_E_USAGE;
    hr = query_version(invocation->session, invocation->job, &IID_IBackgroundCopyJob3, L"2.0",
                       (void **)&job);
    if (SUCCEEDED(hr)) {
        hr = IBackgroundCopyJob3_AddFileWithRanges(job, remote, local, count, ranges);
        if (FAILED(hr))
            report_failure(invocation->session, hr, L"add file to job");
        else
            output_print(L"Added %ls -> %ls to job.\n", remote, local);
        IBackgroundCopyJob3_Release(job);
    }
    free(ranges);
    return hr;
}

/* nf-bits2_0-ibackgroundcopyjob3-replaceremoteprefix: S_FALSE where no URL has the old prefix. */
HRESULT command_replace_remote_prefix(const struct invocation *invocation)
{
    IBackgroundCopyJob3 *job;
    HRESULT hr = query_version(invocation->session, invocation->job, &IID_IBackgroundCopyJob3,
                               L"2.0", (void **)&job);

    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJob3_ReplaceRemotePrefix(job, invocation->args[0], invocation->args[1]);
    IBackgroundCopyJob3_Release(job);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"replace the remote prefix");
    if (hr == S_FALSE)
        output_print(L"No file of the job has a URL with that prefix.\n");
    else
        output_print(L"Remote prefix replaced.\n");
    return S_OK;
}

HRESULT command_list_files(const struct invocation *invocation)
{
    return print_job_files(invocation->session, invocation->job, L"");
}

static HRESULT find_file3(const struct invocation *invocation, IBackgroundCopyFile3 **file3)
{
    IBackgroundCopyFile *file;
    HRESULT hr = job_file(invocation, invocation->args[0], &file);

    if (FAILED(hr))
        return hr;
    hr =
        query_version(invocation->session, file, &IID_IBackgroundCopyFile3, L"3.0", (void **)file3);
    IBackgroundCopyFile_Release(file);
    return hr;
}

HRESULT command_get_validation_state(const struct invocation *invocation)
{
    IBackgroundCopyFile3 *file;
    BOOL valid;
    HRESULT hr = find_file3(invocation, &file);

    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyFile3_GetValidationState(file, &valid);
    IBackgroundCopyFile3_Release(file);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"get the validation state");
    output_answer(invocation->session, L"%ls", valid ? L"TRUE" : L"FALSE");
    return S_OK;
}

HRESULT command_set_validation_state(const struct invocation *invocation)
{
    IBackgroundCopyFile3 *file;
    ULONG valid;
    HRESULT hr;

    if (!word_value(boolean_words, L"validation state", invocation->args[1], &valid))
        return BITSADMIN_E_USAGE;
    hr = find_file3(invocation, &file);
    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyFile3_SetValidationState(file, valid);
    IBackgroundCopyFile3_Release(file);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"set the validation state");
    output_print(L"Validation state set to %ls.\n", word_for(boolean_words, valid));
    return S_OK;
}

HRESULT command_get_temporary_name(const struct invocation *invocation)
{
    IBackgroundCopyFile3 *file;
    WCHAR *name;
    HRESULT hr = find_file3(invocation, &file);

    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyFile3_GetTemporaryName(file, &name);
    IBackgroundCopyFile3_Release(file);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"get the temporary name");
    output_answer(invocation->session, L"%ls", name);
    CoTaskMemFree(name);
    return S_OK;
}

HRESULT command_get_peer_stats(const struct invocation *invocation)
{
    IBackgroundCopyFile4 *file4;
    IBackgroundCopyFile *file;
    UINT64 origin, peers;
    HRESULT hr = job_file(invocation, invocation->args[0], &file);

    if (FAILED(hr))
        return hr;
    hr = query_version(invocation->session, file, &IID_IBackgroundCopyFile4, L"4.0",
                       (void **)&file4);
    IBackgroundCopyFile_Release(file);
    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyFile4_GetPeerDownloadStats(file4, &origin, &peers);
    IBackgroundCopyFile4_Release(file4);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"get the peer statistics");
    if (invocation->session->raw)
        output_answer(invocation->session, L"%llu %llu", origin, peers);
    else
        output_print(L"From origin servers: %llu bytes\nFrom peers: %llu bytes\n", origin, peers);
    return S_OK;
}
