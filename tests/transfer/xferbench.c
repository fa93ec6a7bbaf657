/*
 * xferbench URL FOLDER [COUNT [PARALLEL [CHECKPOINT [BUFFER]]]]: how long the transfers take by
 * themselves, without engine, store or COM.
 *
 * Fetches URL COUNT times ("%u" in it stands for the number) into FOLDER, PARALLEL at once, each
 * done event starting the next download as the engine does. CHECKPOINT and BUFFER are bytes. Prints
 * the time, the bytes and the first error, if any.
 */
#include <winsock2.h>

#include "../../dlls/qmgr/transfer/transfer.h"

#include <stdio.h>
#include <stdlib.h>

struct bench {
    struct transfer *transfer;
    const char *url;
    const WCHAR *folder;
    LONG count;
    volatile LONG next, left, failed;
    volatile LONG64 bytes;
    HANDLE finished;
};

static void start_next(struct bench *bench);

static void done(void *context, const struct download_result *result)
{
    struct bench *bench = context;

    if (FAILED(result->hr) && InterlockedIncrement(&bench->failed) == 1)
        printf("error %08lx context %d transient %d\n", result->hr, result->context,
               result->transient);
    InterlockedAdd64(&bench->bytes, result->received);
    start_next(bench);
    if (!InterlockedDecrement(&bench->left))
        SetEvent(bench->finished);
}

static void start_next(struct bench *bench)
{
    static const struct download_events events = {.done = done};
    LONG number = InterlockedIncrement(&bench->next) - 1;
    struct download_spec spec = {.create = TRUE,
                                 .remote_size = (UINT64)BG_SIZE_UNKNOWN,
                                 .maximum_size = (UINT64)BG_SIZE_UNKNOWN,
                                 .proxy.usage = BG_JOB_PROXY_USAGE_NO_PROXY};
    struct download *download;
    WCHAR path[MAX_PATH];
    const char *mark = strstr(bench->url, "%u");
    char url[2048];

    if (number >= bench->count)
        return;
    swprintf(path, ARRAYSIZE(path), L"%ls\\BIT%ld.tmp", bench->folder, number);
    if (mark)
        snprintf(url, sizeof(url), "%.*s%ld%s", (int)(mark - bench->url), bench->url, number,
                 mark + 2);
    else
        snprintf(url, sizeof(url), "%s", bench->url);
    spec.url = url;
    spec.path = path;
    if (FAILED(transfer_download(bench->transfer, &spec, &events, bench, &download))) {
        printf("cannot start\n");
        exit(1);
    }
}

int main(int argc, char **argv)
{
    struct bench bench = {.count = argc > 3 ? atoi(argv[3]) : 1};
    LONG parallel = argc > 4 ? atoi(argv[4]) : 1;
    struct transfer_options options = {.checkpoint_bytes = argc > 5 ? atoi(argv[5]) : 0,
                                       .receive_buffer = argc > 6 ? atoi(argv[6]) : 0};
    LARGE_INTEGER begin, end, frequency;
    WCHAR folder[MAX_PATH];
    double seconds;

    if (argc < 3 || bench.count < 1) {
        printf("usage: xferbench URL FOLDER [COUNT [PARALLEL [CHECKPOINT [BUFFER]]]]\n");
        return 2;
    }
    swprintf(folder, ARRAYSIZE(folder), L"%hs", argv[2]);
    bench.url = argv[1];
    bench.folder = folder;
    bench.left = bench.count;
    bench.finished = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!bench.finished || FAILED(transfer_create(&options, &bench.transfer)))
        return 1;
    QueryPerformanceCounter(&begin);
    for (LONG i = 0; i < parallel && i < bench.count; i++)
        start_next(&bench);
    WaitForSingleObject(bench.finished, INFINITE);
    QueryPerformanceCounter(&end);
    QueryPerformanceFrequency(&frequency);
    seconds = (double)(end.QuadPart - begin.QuadPart) / (double)frequency.QuadPart;
    transfer_destroy(bench.transfer);
    printf("%.3f s, %lld bytes, %ld failed\n", seconds, (long long)bench.bytes, bench.failed);
    return bench.failed != 0;
}
