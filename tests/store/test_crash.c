/*
 * Durable means after a kill: a child commits from several threads and tells of each commit that
 * was acknowledged; it is terminated at any moment, and the store must then hold exactly what was
 * acknowledged, plus at most the one transaction that each thread had under way.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "support.h"

#define ROUNDS      12
#define THREADS     4
#define STEPS       5 /* of one job, see run_step() */
#define DEADLINE_MS 60000

/* What a thread of the child writes to its standard output after each acknowledged step. */
struct ack {
    ULONG thread, step;
};

/* What is left of a thread's steps 0..count - 1 in the store: jobs 0.. of it, by number. */
struct expected {
    BOOL present;
    UINT64 transferred;
    BOOL final;
};

static GUID job_id(ULONG round, ULONG thread, ULONG number)
{
    return guid_number((round * THREADS + thread) * 100000 + number);
}

static struct expected expect(ULONG count, ULONG number)
{
    ULONG done = count > number * STEPS ? count - number * STEPS : 0;
    struct expected expected = {FALSE, 0, FALSE};

    expected.present = done > 0 && !(done >= STEPS && number % 3 == 0);
    if (done > 1)
        expected.transferred = done > 4 ? 3 : done - 1;
    expected.final = done >= STEPS;
    return expected;
}

/* Step 0 creates job number step / STEPS, 1 to 3 are progress, 4 deletes it or changes it. */
static HRESULT run_step(struct store *store, ULONG round, ULONG thread, ULONG step)
{
    ULONG number = step / STEPS;
    GUID id = job_id(round, thread, number);
    struct model_file file;
    struct model_job job;
    HRESULT hr;

    if (step % STEPS >= 1 && step % STEPS <= 3)
        return put_progress(store, &id, 0, step % STEPS);
    if (step % STEPS == 4 && number % 3 == 0)
        return delete_job(store, &id);
    fill_job(&job, number);
    fill_file(&file, number, 0);
    file.progress.transferred = 0;
    job.id = id;
    if (step % STEPS == 4) {
        model_set_string(&job.description, L"final");
        hr = put_job(store, &job, NULL, 0);
    } else {
        hr = put_job(store, &job, &file, 1);
    }
    model_job_release(&job);
    model_file_release(&file);
    return hr;
}

struct worker {
    struct store *store;
    ULONG round, thread;
};

static DWORD WINAPI work(void *argument)
{
    const struct worker *worker = argument;
    struct ack ack = {worker->thread, 0};
    DWORD written;

    while (run_step(worker->store, worker->round, worker->thread, ack.step) == S_OK) {
        if (!WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), &ack, sizeof(ack), &written, NULL))
            return 0;
        ack.step++;
    }
    return 1;
}

static int child(const WCHAR *folder, ULONG round)
{
    struct worker workers[THREADS];
    HANDLE threads[THREADS];
    enum store_found found;
    struct store *store;
    WCHAR *aside;
    ULONG i;

    if (store_open(folder, &store, &found, &aside) != S_OK)
        return 1;
    for (i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){store, round, i};
        threads[i] = CreateThread(NULL, 0, work, &workers[i], 0, NULL);
    }
    WaitForMultipleObjects(THREADS, threads, FALSE, INFINITE);
    return 1;
}

/* Starts the child with its standard output in a pipe. */
static HANDLE start_child(const WCHAR *folder, ULONG round, HANDLE *acks)
{
    SECURITY_ATTRIBUTES inherit = {sizeof(inherit), NULL, TRUE};
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION process;
    WCHAR program[MAX_PATH], line[3 * MAX_PATH];
    HANDLE write;

    GetModuleFileNameW(NULL, program, MAX_PATH);
    swprintf(line, ARRAYSIZE(line), L"\"%ls\" child %lu \"%ls\"", program, round, folder);
    assert_true(CreatePipe(acks, &write, &inherit, 0));
    SetHandleInformation(*acks, HANDLE_FLAG_INHERIT, 0);
    startup.dwFlags = STARTF_USESTDHANDLES;
    startup.hStdOutput = write;
    startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    assert_true(CreateProcessW(program, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process));
    CloseHandle(write);
    CloseHandle(process.hThread);
    return process.hProcess;
}

static BOOL read_ack(HANDLE acks, struct ack *ack)
{
    DWORD size, used = 0;

    while (used < sizeof(*ack)) {
        if (!ReadFile(acks, (BYTE *)ack + used, sizeof(*ack) - used, &size, NULL) || !size)
            return FALSE;
        used += size;
    }
    return TRUE;
}

/* Whether the jobs of one thread are what count steps leave behind. */
static BOOL matches(struct loaded *loaded, ULONG round, ULONG thread, ULONG count)
{
    ULONG number;

    for (number = 0; number <= count / STEPS + 1; number++) {
        struct expected expected = expect(count, number);
        GUID id = job_id(round, thread, number);
        const struct loaded_job *job = find_job(loaded, &id);

        if (!job != !expected.present)
            return FALSE;
        if (!job)
            continue;
        if (job->count != 1 || job->files[0].progress.transferred != expected.transferred ||
            (wcscmp(job->job.description, L"final") == 0) != expected.final) {
            return FALSE;
        }
    }
    return TRUE;
}

static void test_kill(void **state)
{
    WCHAR *folder = make_folder();
    ULONG round, i, counts[THREADS];

    srand(20261121);
    store_close(open_store(folder, STORE_FRESH));
    for (round = 0; round < ROUNDS; round++) {
        ULONG wanted = 20 + (ULONG)rand() % 200;
        struct loaded loaded;
        struct store *store;
        HANDLE process, acks;
        struct ack ack;

        memset(counts, 0, sizeof(counts));
        process = start_child(folder, round, &acks);
        for (i = 0; i < wanted && read_ack(acks, &ack); i++) {
            assert_true(ack.thread < THREADS && ack.step == counts[ack.thread]);
            counts[ack.thread]++;
        }
        assert_int_equal(i, wanted);
        assert_true(TerminateProcess(process, 9));
        while (read_ack(acks, &ack)) {
            assert_true(ack.thread < THREADS && ack.step == counts[ack.thread]);
            counts[ack.thread]++;
        }
        assert_int_equal(WaitForSingleObject(process, DEADLINE_MS), WAIT_OBJECT_0);
        CloseHandle(process);
        CloseHandle(acks);

        store = open_store(folder, STORE_INTACT);
        assert_int_equal(store_check(store), S_OK);
        assert_int_equal(load_all(store, &loaded), S_OK);
        for (i = 0; i < THREADS; i++) {
            if (!matches(&loaded, round, i, counts[i]) &&
                !matches(&loaded, round, i, counts[i] + 1)) {
                fail_msg("round %lu thread %lu: not what %lu steps leave", round, i, counts[i]);
            }
        }
        release_loaded(&loaded);
        store_close(store);
    }
    remove_folder(folder);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_kill)};
    WCHAR folder[MAX_PATH];

    if (argc == 4 && !strcmp(argv[1], "child") &&
        MultiByteToWideChar(CP_ACP, 0, argv[3], -1, folder, MAX_PATH)) {
        return child(folder, strtoul(argv[2], NULL, 10));
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
