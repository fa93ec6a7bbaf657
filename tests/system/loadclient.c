/*
 * A client of the service for the system tests: a long-lived program that reads commands from its
 * standard input, makes the COM calls and says what came of each.
 *
 * harness.py starts it and is its only caller. One command is one line of words separated by
 * blanks, the first being a tag that comes back with the answer; words and values are UTF-8 with
 * %XX for blanks and such. One answer is one line: the tag, an outcome, hr=0x%08x, and key=value
 * pairs. Outcomes:
 *     ok           the call succeeded (hr may be a success code other than S_OK)
 *     fail         the service refused, hr says why
 *     lost         the connection broke during the call: it may or may not have happened
 *     unreachable  no service within the deadline: the call was not made
 *     bad          no such command, or not enough words
 * After a broken connection the next command connects anew, which starts the service.
 *
 * It uses nothing but the public headers and may call nothing of this project.
 */
#include "loadclient.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINE          (1 << 20) /* bytes of a command line */
#define MAX_WORDS         4096      /* words of a command line */
#define REACH_DEADLINE_MS 30000u    /* for a new connection to the service */
#define REACH_PAUSE_MS    50u       /* between two tries of it */

/* Outcomes of a command that are no HRESULT of the service. */
enum outcome { OUTCOME_CALLED, OUTCOME_UNREACHABLE, OUTCOME_BAD };

static IBackgroundCopyManager *manager;

/* Forgets the service; its proxies are released, which does not block when it is gone. */
static void disconnect(void)
{
    if (manager)
        IBackgroundCopyManager_Release(manager);
    manager = NULL;
}

/* Makes sure of a manager, trying until the deadline (a tick count); *hr is the last failure. */
static BOOL connect_until(ULONGLONG deadline, HRESULT *hr)
{
    while (!manager) {
        *hr = CoCreateInstance(&CLSID_BackgroundCopyManager, NULL, CLSCTX_LOCAL_SERVER,
                               &IID_IBackgroundCopyManager, (void **)&manager);
        if (SUCCEEDED(*hr))
            break;
        manager = NULL;
        if (GetTickCount64() >= deadline)
            return FALSE;
        Sleep(REACH_PAUSE_MS);
    }
    *hr = S_OK;
    return TRUE;
}

/* Decodes %XX in place and returns the word as UTF-16, to be freed; NULL when it is no UTF-8. */
static WCHAR *decode_word(const char *word)
{
    size_t length = strlen(word), in, out = 0;
    char *utf8 = malloc(length + 1);
    WCHAR *text = malloc((length + 1) * sizeof(*text));

    if (!utf8 || !text)
        exit(3);
    for (in = 0; in < length; in++, out++) {
        char digits[3] = {0};

        if (word[in] != '%' || length - in < 3) {
            utf8[out] = word[in];
            continue;
        }
        memcpy(digits, word + in + 1, 2);
        utf8[out] = (char)strtoul(digits, NULL, 16);
        in += 2;
    }
    utf8[out] = 0;
    if (!MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, utf8, -1, text, (int)length + 1)) {
        free(text);
        text = NULL;
    }
    free(utf8);
    return text;
}

static HRESULT add_file_set(IBackgroundCopyJob *job, WCHAR **words, int count)
{
    BG_FILE_INFO files[MAX_WORDS / 2];
    int i;

    for (i = 0; i < count / 2; i++) {
        files[i].RemoteName = words[i * 2];
        files[i].LocalName = words[i * 2 + 1];
    }
    return IBackgroundCopyJob_AddFileSet(job, (ULONG)(count / 2), files);
}

static HRESULT set_command_line(IBackgroundCopyJob *job, const WCHAR *program,
                                const WCHAR *parameters)
{
    IBackgroundCopyJob2 *job2;
    HRESULT hr = IBackgroundCopyJob_QueryInterface(job, &IID_IBackgroundCopyJob2, (void **)&job2);

    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJob2_SetNotifyCmdLine(job2, program, parameters);
    IBackgroundCopyJob2_Release(job2);
    return hr;
}

static HRESULT set_credentials(IBackgroundCopyJob *job, WCHAR **words)
{
    BG_AUTH_CREDENTIALS credentials;
    IBackgroundCopyJob2 *job2;
    HRESULT hr = IBackgroundCopyJob_QueryInterface(job, &IID_IBackgroundCopyJob2, (void **)&job2);

    if (FAILED(hr))
        return hr;
    credentials.Target = (BG_AUTH_TARGET)_wtoi(words[0]);
    credentials.Scheme = (BG_AUTH_SCHEME)_wtoi(words[1]);
    credentials.Credentials.Basic.UserName = words[2];
    credentials.Credentials.Basic.Password = words[3];
    hr = IBackgroundCopyJob2_SetCredentials(job2, &credentials);
    IBackgroundCopyJob2_Release(job2);
    return hr;
}

static HRESULT set_headers(IBackgroundCopyJob *job, const WCHAR *headers)
{
    IBackgroundCopyJobHttpOptions *http;
    HRESULT hr =
        IBackgroundCopyJob_QueryInterface(job, &IID_IBackgroundCopyJobHttpOptions, (void **)&http);

    if (FAILED(hr))
        return hr;
    hr = IBackgroundCopyJobHttpOptions_SetCustomHeaders(http, headers);
    IBackgroundCopyJobHttpOptions_Release(http);
    return hr;
}

/* The commands on one job: their names, how many words they need, and the calls. */
enum job_command {
    JOB_ADD_FILE,
    JOB_ADD_SET,
    JOB_SET_NAME,
    JOB_SET_DESCRIPTION,
    JOB_SET_PRIORITY,
    JOB_SET_RETRY,
    JOB_SET_NO_PROGRESS,
    JOB_SET_FLAGS,
    JOB_SET_PROXY,
    JOB_SET_COMMAND_LINE,
    JOB_SET_CREDENTIALS,
    JOB_SET_HEADERS,
    JOB_SUSPEND,
    JOB_RESUME,
    JOB_COMPLETE,
    JOB_CANCEL,
    JOB_STATE,
    JOB_GET_ALL
};

static const struct {
    const char *name;
    int words; /* besides the GUID */
    enum job_command command;
} job_commands[] = {
    {"addfile", 2, JOB_ADD_FILE},
    {"addset", 2, JOB_ADD_SET},
    {"setname", 1, JOB_SET_NAME},
    {"setdescription", 1, JOB_SET_DESCRIPTION},
    {"setprio", 1, JOB_SET_PRIORITY},
    {"setretry", 1, JOB_SET_RETRY},
    {"setnoprogress", 1, JOB_SET_NO_PROGRESS},
    {"setflags", 1, JOB_SET_FLAGS},
    {"setproxy", 3, JOB_SET_PROXY},
    {"setcmdline", 2, JOB_SET_COMMAND_LINE},
    {"setcredentials", 4, JOB_SET_CREDENTIALS},
    {"setheaders", 1, JOB_SET_HEADERS},
    {"suspend", 0, JOB_SUSPEND},
    {"resume", 0, JOB_RESUME},
    {"complete", 0, JOB_COMPLETE},
    {"cancel", 0, JOB_CANCEL},
    {"state", 0, JOB_STATE},
    {"getall", 0, JOB_GET_ALL},
};

static HRESULT call_job(IBackgroundCopyJob *job, enum job_command command, WCHAR **words, int count)
{
    switch (command) {
    case JOB_ADD_FILE:
        return IBackgroundCopyJob_AddFile(job, words[0], words[1]);
    case JOB_ADD_SET:
        return add_file_set(job, words, count);
    case JOB_SET_NAME:
        return IBackgroundCopyJob_SetDisplayName(job, words[0]);
    case JOB_SET_DESCRIPTION:
        return IBackgroundCopyJob_SetDescription(job, words[0]);
    case JOB_SET_PRIORITY:
        return IBackgroundCopyJob_SetPriority(job, (BG_JOB_PRIORITY)_wtoi(words[0]));
    case JOB_SET_RETRY:
        return IBackgroundCopyJob_SetMinimumRetryDelay(job, wcstoul(words[0], NULL, 0));
    case JOB_SET_NO_PROGRESS:
        return IBackgroundCopyJob_SetNoProgressTimeout(job, wcstoul(words[0], NULL, 0));
    case JOB_SET_FLAGS:
        return IBackgroundCopyJob_SetNotifyFlags(job, wcstoul(words[0], NULL, 0));
    case JOB_SET_PROXY:
        return IBackgroundCopyJob_SetProxySettings(job, (BG_JOB_PROXY_USAGE)_wtoi(words[0]),
                                                   words[1][0] ? words[1] : NULL,
                                                   words[2][0] ? words[2] : NULL);
    case JOB_SET_COMMAND_LINE:
        return set_command_line(job, words[0], words[1]);
    case JOB_SET_CREDENTIALS:
        return set_credentials(job, words);
    case JOB_SET_HEADERS:
        return set_headers(job, words[0]);
    case JOB_SUSPEND:
        return IBackgroundCopyJob_Suspend(job);
    case JOB_RESUME:
        return IBackgroundCopyJob_Resume(job);
    case JOB_COMPLETE:
        return IBackgroundCopyJob_Complete(job);
    case JOB_CANCEL:
        return IBackgroundCopyJob_Cancel(job);
    case JOB_STATE:
        return print_state(job);
    case JOB_GET_ALL:
        return print_job(job);
    }
    return E_UNEXPECTED;
}

/* Finds the job and makes the call. Only a break during the call itself counts as lost: looking
 * the job up changes nothing, and is tried again until the deadline. */
static enum outcome run_job_command(enum job_command command, WCHAR **words, int count, HRESULT *hr)
{
    ULONGLONG deadline = GetTickCount64() + REACH_DEADLINE_MS;
    IBackgroundCopyJob *job;
    GUID id;

    if (FAILED(CLSIDFromString(words[0], &id)))
        return OUTCOME_BAD;
    for (;;) {
        if (!connect_until(deadline, hr))
            return OUTCOME_UNREACHABLE;
        *hr = IBackgroundCopyManager_GetJob(manager, &id, &job);
        if (!connection_broke(*hr))
            break;
        disconnect();
        if (GetTickCount64() >= deadline)
            return OUTCOME_UNREACHABLE;
    }
    if (FAILED(*hr))
        return OUTCOME_CALLED;
    *hr = call_job(job, command, words + 1, count - 1);
    IBackgroundCopyJob_Release(job);
    return OUTCOME_CALLED;
}

static HRESULT create_job(WCHAR **words)
{
    IBackgroundCopyJob *job;
    GUID id;
    HRESULT hr;

    hr = IBackgroundCopyManager_CreateJob(manager, words[0], (BG_JOB_TYPE)_wtoi(words[1]), &id,
                                          &job);
    if (FAILED(hr))
        return hr;
    print_guid("guid", &id);
    IBackgroundCopyJob_Release(job);
    return hr;
}

static HRESULT list_jobs(void)
{
    IEnumBackgroundCopyJobs *jobs;
    IBackgroundCopyJob *job;
    unsigned int count = 0;
    char key[16];
    GUID id;
    HRESULT hr = IBackgroundCopyManager_EnumJobs(manager, 0, &jobs);

    if (FAILED(hr))
        return hr;
    while ((hr = IEnumBackgroundCopyJobs_Next(jobs, 1, &job, NULL)) == S_OK) {
        hr = IBackgroundCopyJob_GetId(job, &id);
        IBackgroundCopyJob_Release(job);
        if (FAILED(hr))
            break;
        snprintf(key, sizeof(key), "j%u", count++);
        print_guid(key, &id);
    }
    IEnumBackgroundCopyJobs_Release(jobs);
    if (SUCCEEDED(hr))
        printf(" jobs=%u", count);
    return SUCCEEDED(hr) ? S_OK : hr;
}

/* Opens a file so that nobody else can, until the next hold; an empty path only lets go. */
static HRESULT hold_file(const WCHAR *path)
{
    static HANDLE held = INVALID_HANDLE_VALUE;

    if (held != INVALID_HANDLE_VALUE)
        CloseHandle(held);
    held = INVALID_HANDLE_VALUE;
    if (!path[0])
        return S_OK;
    held = CreateFileW(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_ALWAYS, 0, NULL);
    return held == INVALID_HANDLE_VALUE ? HRESULT_FROM_WIN32(GetLastError()) : S_OK;
}

static enum outcome run_command(const char *name, WCHAR **words, int count, HRESULT *hr)
{
    ULONGLONG deadline = GetTickCount64() + REACH_DEADLINE_MS;
    size_t i;

    *hr = S_OK;
    for (i = 0; i < ARRAYSIZE(job_commands); i++) {
        if (strcmp(name, job_commands[i].name))
            continue;
        if (count < job_commands[i].words + 1)
            return OUTCOME_BAD;
        return run_job_command(job_commands[i].command, words, count, hr);
    }
    if (!strcmp(name, "create") && count == 2) {
        if (!connect_until(deadline, hr))
            return OUTCOME_UNREACHABLE;
        *hr = create_job(words);
        return OUTCOME_CALLED;
    }
    if (!strcmp(name, "list") && count == 0) {
        if (!connect_until(deadline, hr))
            return OUTCOME_UNREACHABLE;
        *hr = list_jobs();
        return OUTCOME_CALLED;
    }
    if (!strcmp(name, "connect") && count == 0)
        return connect_until(deadline, hr) ? OUTCOME_CALLED : OUTCOME_UNREACHABLE;
    if (!strcmp(name, "hold") && count == 1) {
        *hr = hold_file(words[0]);
        return OUTCOME_CALLED;
    }
    return OUTCOME_BAD;
}

/* Takes a line apart, runs it, answers it. */
static void run_line(char *line)
{
    static char *raw[MAX_WORDS];
    static WCHAR *words[MAX_WORDS];
    enum outcome outcome = OUTCOME_BAD;
    HRESULT hr = S_OK;
    int count = 0, i;
    char *word;

    for (word = strtok(line, " \r\n"); word && count < MAX_WORDS; word = strtok(NULL, " \r\n"))
        raw[count++] = word;
    if (!count)
        return;
    for (i = 2; i < count; i++) {
        /* "%" alone stands for the empty word. */
        words[i - 2] = decode_word(strcmp(raw[i], "%") ? raw[i] : "");
        if (!words[i - 2])
            exit(4);
    }
    printf("%s", raw[0]);
    if (count > 1)
        outcome = run_command(raw[1], words, count - 2, &hr);
    for (i = 2; i < count; i++)
        free(words[i - 2]);
    if (outcome == OUTCOME_BAD)
        printf(" outcome=bad");
    else if (outcome == OUTCOME_UNREACHABLE)
        printf(" outcome=unreachable");
    else if (connection_broke(hr))
        printf(" outcome=lost");
    else
        printf(" outcome=%s", SUCCEEDED(hr) ? "ok" : "fail");
    printf(" hr=0x%08lx\n", (unsigned long)hr);
    fflush(stdout);
    if (outcome == OUTCOME_CALLED && connection_broke(hr))
        disconnect();
}

int main(void)
{
    char *line = malloc(MAX_LINE);
    HRESULT hr = CoInitializeEx(NULL, COINIT_MULTITHREADED);

    if (!line || FAILED(hr))
        return 2;
    /* Calls that need the client's name, such as credentials, must let the server impersonate. */
    hr = CoInitializeSecurity(NULL, -1, NULL, NULL, RPC_C_AUTHN_LEVEL_CONNECT,
                              RPC_C_IMP_LEVEL_IMPERSONATE, NULL, EOAC_NONE, NULL);
    if (FAILED(hr))
        return 2;
    printf("ready\n");
    fflush(stdout);
    while (fgets(line, MAX_LINE, stdin))
        run_line(line);
    disconnect();
    CoUninitialize();
    free(line);
    return 0;
}
