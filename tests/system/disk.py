#!/usr/bin/env python3
"""The file system says no: full, gone, read-only, in use, taken away. Each has a defined outcome, and
the job goes on when the cause is gone.

Full and read-only disks are small tmpfs mounts, which needs root; without it those tests say that
they are skipped. Last line: 'N passed, N failed'.
"""

import os
import shutil
import subprocess

import harness
import pattern

MIB = 1 << 20
SUSPENDED, ERROR, TRANSFERRED = "3", "4", "6"
CONTEXT_LOCAL_FILE = "4"  # BG_ERROR_CONTEXT_LOCAL_FILE
DISK_FULL = 0x80070070
FILE_NOT_FOUND = 0x80070002
PATH_NOT_FOUND = 0x80070003
ACCESS_DENIED = 0x80070005
WRITE_PROTECT = 0x80070013


class Mount:
    """A small tmpfs on a folder."""

    def __init__(self, folder, size):
        self.folder = folder
        self._mount("-t", "tmpfs", "-o", f"size={size},mode=777", "tmpfs")

    def _mount(self, *args):
        subprocess.run(["mount", *args, self.folder], check=True, stderr=subprocess.PIPE)

    def remount(self, options):
        self._mount("-o", "remount," + options)

    def fill(self):
        """Takes all the space that is left; returns the file to remove."""
        path = os.path.join(self.folder, "filler")
        with open(path, "wb", buffering=0) as f:
            for size in (65536, 4096, 1):
                try:
                    while f.write(b"x" * size):
                        pass
                except OSError:
                    pass
        return path

    def end(self):
        subprocess.run(["umount", "-l", self.folder], check=False)


class Test:
    """One download job with the steps that all tests here need."""

    def __init__(self, bench, name, size=3 * MIB, **behaviour):
        self.bench = bench
        self.name = name
        self.size = size
        self.seed = sum(name.encode())
        self.server = bench.servers[0]
        self.url = self.server.url(name, size=size, seed=self.seed, **behaviour)
        self.client = bench.clients[0]
        self.folder = bench.target_folder(name)
        self.path = os.path.join(self.folder, "f.bin")
        self.guid = None

    def check(self, good, what):
        return self.bench.check(good, f"{self.name}: {what}")

    def call(self, command, *args):
        return self.client.call(command, self.guid, *args)

    def must(self, command, *args):
        reply = self.call(command, *args)
        self.check(reply.ok, f"{command}: {reply}")
        return reply

    def create(self):
        reply = self.client.call("create", self.name, 0)
        if not reply.ok:
            raise harness.Failure(f"create: {reply}")
        self.guid = reply.values["guid"]
        self.must("addfile", self.url, self.bench.prefix.windows_path(self.path))

    def state(self, *wanted, seconds=60):
        """Waits until the job is in one of the states; returns all of its properties."""
        state = None

        def there():
            nonlocal state
            state = self.call("state").values.get("state")
            return state in wanted

        try:
            harness.until(there, seconds, "")
        except harness.Failure:
            pass
        seen = self.call("getall").values
        self.check(state in wanted, f"state {state}, not {wanted}: {seen}")
        return seen

    def error(self, *codes):
        """The job must come to the error state with one of these codes, about the local file."""
        seen = self.state(ERROR)
        code = int(seen.get("error", "0"), 16)
        self.check(code in codes and seen.get("context") == CONTEXT_LOCAL_FILE,
                   f"error {code:#010x} in context {seen.get('context')}, not one of "
                   f"{', '.join(f'{c:#010x}' for c in codes)}")
        return seen

    def finish(self):
        """Resumed, the job must come to its end and bring the file."""
        self.must("resume")
        self.state(TRANSFERRED)
        self.complete()

    def complete(self):
        reply = self.must("complete")
        self.check(reply.hr == 0, f"complete: {reply}")
        self.check(os.path.exists(self.path)
                   and pattern.first_difference(self.path, self.size, self.seed) is None,
                   "the file is not the server's")
        self.check(not harness.temporary_files(self.folder), "a temporary file is left")

    def temp(self):
        found = harness.temporary_files(self.folder)
        self.check(len(found) == 1, f"one temporary file, not {found}")
        return found[0] if found else None


def target_full(bench):
    """The disk of the target is full: error; more space, resume: done."""
    test = Test(bench, "full", size=12 * MIB)
    mount = Mount(test.folder, "4m")
    try:
        test.create()
        test.must("resume")
        test.error(DISK_FULL)
        other = Test(bench, "full-other")
        other.create()
        other.finish()
        mount.remount("size=32m")
        test.finish()
    finally:
        mount.end()


def target_full_twice(bench):
    """Resumed while the disk is still full, the job comes to the same error again."""
    test = Test(bench, "still-full", size=12 * MIB)
    mount = Mount(test.folder, "4m")
    try:
        test.create()
        for _ in range(2):
            test.must("resume")
            test.error(DISK_FULL)
        test.must("cancel")
        test.check(not harness.temporary_files(test.folder), "a temporary file after Cancel")
    finally:
        mount.end()


def target_read_only(bench):
    """The folder does not let itself be written to: error; writable again, resume: done."""
    test = Test(bench, "read-only")
    mount = Mount(test.folder, "16m")
    try:
        test.create()
        mount.remount("ro")
        test.must("resume")
        test.error(ACCESS_DENIED, WRITE_PROTECT)
        mount.remount("rw")
        test.finish()
    finally:
        mount.end()


def store_full(bench):
    """The disk of the store is full: calls that change something fail, those that read go on, and
    nothing acknowledged is lost. Runs in a prefix of its own, whose store lies on a small disk."""
    own = harness.Bench(bench.args)
    try:
        prefix = own.start_prefix()
        folder = os.path.join(prefix.drive_c, harness.STORE_FOLDER)
        os.makedirs(folder, exist_ok=True)
        mount = Mount(folder, "6m")
        try:
            own.servers.append(harness.FaultServer())
            own.client()
            _store_full(own, mount)
        finally:
            for client in own.clients:
                client.end()
            prefix.stop()
            mount.end()
    finally:
        own.close()
        bench.passed += own.passed
        bench.failed += own.failed


def _store_full(bench, mount):
    test = Test(bench, "store-full")
    test.create()
    filler = mount.fill()
    refused = None
    acknowledged = ""
    for i in range(2000):
        # Long texts, as the store may have some room of its own left.
        text = f"{i} " + "x" * 900
        refused = test.call("setdescription", text)
        if not refused.ok:
            break
        acknowledged = text
    test.check(refused.outcome == "fail" and refused.hr in (DISK_FULL, 0x80070027),
               f"refused for want of space: {refused}")
    created = test.client.call("create", "no room", 0)
    test.check(created.outcome == "fail", f"create without space: {created}")
    seen = test.must("getall").values
    test.check(seen.get("description") == acknowledged, "the last acknowledged text")
    # What was acknowledged survives a crash on the full disk, and what was refused stays away.
    bench.prefix.kill_service()
    reply = test.call("getall")
    if reply.unknown:
        reply = test.call("getall")
    test.check(reply.ok and reply.values.get("description") == acknowledged,
               f"after the kill: {reply.outcome} {reply.hr:#x}")
    os.remove(filler)
    test.must("setdescription", "room again")
    test.finish()
    listed = test.client.call("list")
    test.check(listed.values.get("jobs") == "0", f"an empty queue: {listed}")


def target_gone(bench):
    """The folder is gone before the transfer begins: error; back again, resume: done."""
    test = Test(bench, "gone")
    test.create()
    shutil.rmtree(test.folder)
    test.must("resume")
    test.error(PATH_NOT_FOUND)
    os.makedirs(test.folder)
    test.finish()


def target_gone_under_way(bench):
    """The folder is taken away in the middle: no success may be reported, and the job can be
    brought to its end."""
    test = Test(bench, "gone-under-way", stall=MIB, times=1)
    test.create()
    test.must("resume")
    harness.until(lambda: harness.temporary_files(test.folder), 60, "a temporary file")
    harness.until(lambda: any(e["sent"] == MIB for e in test.server.log(test.name)), 60, "stalled")
    shutil.rmtree(test.folder)
    test.server.control(test.name, release=True)
    if test.state(ERROR, TRANSFERRED).get("state") == TRANSFERRED:
        reply = test.call("complete")
        test.check(reply.hr == PATH_NOT_FOUND, f"complete without a folder: {reply}")
    test.error(PATH_NOT_FOUND)
    test.must("resume")  # the cause is still there
    test.error(PATH_NOT_FOUND)
    os.makedirs(test.folder)
    test.finish()


def final_read_only(bench):
    """A read-only file has the final name: Complete fails, the job stays; it works afterwards."""
    test = Test(bench, "final-read-only")
    test.create()
    with open(test.path, "wb") as f:
        f.write(b"old")
    os.chmod(test.path, 0o444)
    test.must("resume")
    test.state(TRANSFERRED)
    reply = test.call("complete")
    test.check(reply.hr == ACCESS_DENIED, f"complete over a read-only file: {reply}")
    with open(test.path, "rb") as f:
        test.check(f.read() == b"old", "the old file was changed by a failing Complete")
    test.state(TRANSFERRED)
    os.chmod(test.path, 0o644)
    test.complete()


def final_in_use(bench):
    """A file of the final name is open in another program: the same."""
    test = Test(bench, "final-in-use")
    test.create()
    test.must("resume")
    test.state(TRANSFERRED)
    holder = bench.client()
    reply = holder.call("hold", bench.prefix.windows_path(test.path))
    test.check(reply.ok, f"hold: {reply}")
    reply = test.call("complete")
    test.check(reply.outcome == "fail", f"complete over a file in use: {reply}")
    test.state(TRANSFERRED)
    test.check(holder.call("hold", "").ok, "let go")
    test.complete()


def final_exists(bench):
    """A file that has the final name already is replaced."""
    test = Test(bench, "final-exists")
    test.create()
    with open(test.path, "wb") as f:
        f.write(b"old" * 1000)
    test.must("resume")
    test.state(TRANSFERRED)
    test.complete()


def temp_deleted_suspended(bench):
    """The temporary file is deleted while the job is suspended: resumed, it begins again."""
    test = Test(bench, "temp-suspended", stall=MIB, times=1)
    test.create()
    test.must("resume")
    harness.until(lambda: any(e["sent"] == MIB for e in test.server.log(test.name)), 60, "stalled")
    harness.until(lambda: int(test.call("state").values.get("bytes", 0)) > 0, 60, "progress")
    test.must("suspend")
    test.state(SUSPENDED)
    temp = test.temp()
    if temp:
        os.remove(temp)
    test.finish()


def temp_shortened_suspended(bench):
    """The temporary file is cut short while the job is suspended: never a file with a hole."""
    test = Test(bench, "temp-short", stall=MIB, times=1)
    test.create()
    test.must("resume")
    harness.until(lambda: int(test.call("state").values.get("bytes", 0)) > 100000, 60, "progress")
    test.must("suspend")
    test.state(SUSPENDED)
    temp = test.temp()
    if temp:
        os.truncate(temp, 1000)
    test.finish()


def temp_deleted_transferred(bench):
    """The temporary file is deleted after the transfer: Complete fails, the job is in error, and
    Resume fetches the file again. An older file of the same size does not pass for it."""
    test = Test(bench, "temp-transferred")
    test.create()
    with open(test.path, "wb") as f:
        f.truncate(test.size)
    test.must("resume")
    test.state(TRANSFERRED)
    temp = test.temp()
    if temp:
        os.remove(temp)
    reply = test.call("complete")
    test.check(reply.hr == FILE_NOT_FOUND, f"complete without the bytes: {reply}")
    test.error(FILE_NOT_FOUND)
    bench.prefix.kill_service()
    seen = test.call("getall")
    if seen.unknown:
        seen = test.call("getall")
    test.check(seen.values.get("state") == ERROR, f"after a restart: {seen}")
    test.finish()


def bad_names(bench):
    """Names that Windows does not take are refused at once, or end in an error; nothing hangs."""
    test = Test(bench, "names")
    created = test.client.call("create", "names", 0)
    test.guid = created.values["guid"]
    base = bench.prefix.windows_path(test.folder)
    for name in ("x" * 300, "a*b", "a?b", "a\"b", "a|b", "a<b", "stream:x", "sub\\none\\f"):
        reply = test.call("addfile", test.url, f"{base}\\{name}")
        test.check(reply.outcome == "fail", f"file name {name[:20]!r}: {reply}")
    test.must("cancel")
    for name in ("CON", "nul", "COM1.txt"):
        test.guid = test.client.call("create", name, 0).values["guid"]
        reply = test.call("addfile", test.url, f"{base}\\{name}")
        if reply.ok:
            test.must("resume")
            test.error(*range(0x80070000, 0x80080000))
        test.must("cancel")


ROOT_TESTS = (target_full, target_full_twice, target_read_only, store_full)
TESTS = (target_gone, target_gone_under_way, final_read_only, final_in_use, final_exists,
         temp_deleted_suspended, temp_shortened_suspended, temp_deleted_transferred, bad_names)


def test_all(bench):
    bench.fault_server()
    bench.client()
    tests = TESTS
    if os.geteuid() == 0 and shutil.which("mount"):
        tests = ROOT_TESTS + tests
    else:
        for test in ROOT_TESTS:
            print(f"SKIPPED {test.__name__}: needs root to mount a tmpfs")
    for test in tests:
        if bench.args.only and test.__name__ not in bench.args.only.split(","):
            continue
        before = bench.failed
        try:
            test(bench)
        except (harness.Failure, subprocess.SubprocessError, OSError, KeyError) as e:
            bench.check(False, f"{test.__name__}: {type(e).__name__}: {e}")
        print(f"{'ok' if bench.failed == before else 'FAILED'} {test.__name__}", flush=True)


if __name__ == "__main__":
    options = harness.parser(__doc__.split("\n", maxsplit=1)[0])
    options.add_argument("--only", help="names of tests, separated by commas")
    harness.main(options.parse_args(), test_all)
