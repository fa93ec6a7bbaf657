/*
 * What the server answered to an upload-reply job. Called from the command table; methods of
 * IBackgroundCopyJob2.
 */
#include "handlers.h"

#include <bits1_5.h>

#include "format.h"
#include "output.h"
#include "session.h"

#define BYTES_PER_LINE 16

static HRESULT query_job2(const struct invocation *invocation, IBackgroundCopyJob2 **job)
{
    return query_version(invocation->session, invocation->job, &IID_IBackgroundCopyJob2, L"1.5",
                         (void **)job);
}

HRESULT command_get_reply_file_name(const struct invocation *invocation)
{
    IBackgroundCopyJob2 *job;
    WCHAR *name;
    HRESULT hr = query_job2(invocation, &job);

    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJob2_GetReplyFileName(job, &name);
    IBackgroundCopyJob2_Release(job);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"get the reply file name");
    output_answer(invocation->session, L"%ls", or_null(name));
    CoTaskMemFree(name);
    return S_OK;
}

HRESULT command_set_reply_file_name(const struct invocation *invocation)
{
    IBackgroundCopyJob2 *job;
    HRESULT hr = query_job2(invocation, &job);

    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJob2_SetReplyFileName(job, invocation->args[0]);
    IBackgroundCopyJob2_Release(job);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"set the reply file name");
    output_print(L"Reply file name set to '%ls'.\n", invocation->args[0]);
    return S_OK;
}

HRESULT command_get_reply_progress(const struct invocation *invocation)
{
    BG_JOB_REPLY_PROGRESS progress;
    IBackgroundCopyJob2 *job;
    WCHAR total[SIZE_TEXT];
    HRESULT hr = query_job2(invocation, &job);

    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJob2_GetReplyProgress(job, &progress);
    IBackgroundCopyJob2_Release(job);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"get the reply progress");
    output_answer(invocation->session, L"%llu / %ls", progress.BytesTransferred,
                  format_size(progress.BytesTotal, total));
    return S_OK;
}

/* Offset, bytes in hexadecimal, and the printable ones as text. */
static void print_dump(const BYTE *data, UINT64 length)
{
    UINT64 offset;

    for (offset = 0; offset < length; offset += BYTES_PER_LINE) {
        WCHAR hex[3 * BYTES_PER_LINE + 1], text[BYTES_PER_LINE + 1];
        static const WCHAR digits[] = L"0123456789abcdef";
        int i;

        for (i = 0; i < BYTES_PER_LINE; i++) {
            bool inside = offset + i < length;
            BYTE byte = inside ? data[offset + i] : 0;

            hex[3 * i] = inside ? digits[byte >> 4] : ' ';
            hex[3 * i + 1] = inside ? digits[byte & 15] : ' ';
            hex[3 * i + 2] = ' ';
            text[i] = !inside ? 0 : byte >= ' ' && byte < 127 ? byte : '.';
        }
        hex[3 * BYTES_PER_LINE] = 0;
        text[BYTES_PER_LINE] = 0;
        output_print(L"%08llx  %ls %ls\n", offset, hex, text);
    }
}

HRESULT command_get_reply_data(const struct invocation *invocation)
{
    IBackgroundCopyJob2 *job;
    UINT64 length = 0, i;
    BYTE *data = NULL;
    HRESULT hr = query_job2(invocation, &job);

    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJob2_GetReplyData(job, &data, &length);
    IBackgroundCopyJob2_Release(job);
    if (FAILED(hr))
        return report_failure(invocation->session, hr, L"get the reply data");
    if (invocation->session->raw) {
        for (i = 0; i < length; i++)
            output_print(L"%02x", data[i]);
    } else if (!length) {
        output_print(L"The job has no reply data.\n");
    } else {
        print_dump(data, length);
    }
    CoTaskMemFree(data);
    return S_OK;
}
