#!/usr/bin/env python3
"""The service in its three hosts: svchost (the drop-in's), bitssvc.exe as a service, and bitssvc.exe
/console, which ends in good order at Ctrl+C. In each a client downloads a file. A service with jobs
that nothing is to be done for uses no processor time.

Last line: 'N passed, N failed'.
"""

import os
import queue
import signal
import subprocess
import threading
import time

import harness
import pattern

SIZE = 300000
SEED = 31
SERVICE_KEY = "HKLM\\System\\CurrentControlSet\\Services\\BITS"


def download(bench, url, name):
    """One file, from create to complete, by a client of its own."""
    client = bench.client()
    path = os.path.join(bench.target_folder(name), "file.bin")
    reply = client.call("create", name, 0)
    if not bench.check(reply.ok, f"{name}: create: {reply}"):
        return
    guid = reply.values["guid"]
    for call, *words in (("setprio", 0), ("addfile", url, bench.prefix.windows_path(path)),
                         ("resume",)):
        reply = client.call(call, guid, *words)
        bench.check(reply.ok, f"{name}: {call}: {reply}")
    harness.until(lambda: client.call("state", guid).values.get("state") in ("4", "6"), 60,
                  f"{name}: the end of the download", 0.05)
    reply = client.call("complete", guid)
    bench.check(reply.ok and reply.hr == 0, f"{name}: complete: {reply}")
    bench.check(os.path.exists(path) and pattern.first_difference(path, SIZE, SEED) is None,
                f"{name}: the file is the server's")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def idle(bench, url):
    """A suspended job and one that waits for Complete."""
    client = bench.client()
    guids = []
    for name in ("suspended", "transferred"):
        path = os.path.join(bench.target_folder(name), "file.bin")
        guids.append(client.call("create", name, 0).values["guid"])
        client.call("setprio", guids[-1], 0)
        client.call("addfile", guids[-1], url, bench.prefix.windows_path(path))
    client.call("resume", guids[1])
    harness.until(lambda: client.call("state", guids[1]).values.get("state") == "6", 60,
                  "the end of the download", 0.05)
    pid = bench.prefix.service_pids()[0]
    before = cpu_seconds(pid)
    time.sleep(5)  # the time that is measured
    used = cpu_seconds(pid) - before
    bench.check(used <= 0.1, f"an idle service used {used:.2f} s of 5")
    for guid in guids:
        bench.check(client.call("cancel", guid).ok, "cancel")


def hosts(prefix):
    """The programs that host the service, by their command lines."""
    found = []
    for pid in prefix.service_pids():
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            found.append(f.read().rstrip(b"\0 ").decode(errors="replace").lower())
    return found


def in_console(bench, url):
    prefix = bench.prefix
    console = subprocess.Popen(["wine", "C:\\windows\\system32\\bitssvc.exe", "/console"], env=prefix.environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, start_new_session=True)
    lines = queue.Queue()
    threading.Thread(target=lambda: [lines.put(line) for line in console.stdout],
                     daemon=True).start()
    try:
        bench.check(b"running" in lines.get(timeout=60), "/console says that it is running")
        download(bench, url, "console")
        found = hosts(prefix)
        bench.check(len(found) == 1 and "bitssvc" in found[0] and "/console" in found[0],
                    f"hosted by bitssvc /console, not {found}")
        console.send_signal(signal.SIGINT)
        bench.check(console.wait(30) == 0, f"Ctrl+C ends it: {console.returncode}")
    except queue.Empty:
        bench.check(False, "/console does not start")
    finally:
        if console.poll() is None:
            console.kill()
            console.wait()


def test(bench):
    prefix = bench.prefix
    url = bench.nginx().add("file.bin", SIZE, SEED)
    bench.program()
    in_console(bench, url)

    download(bench, url, "svchost")
    found = hosts(prefix)
    bench.check(len(found) == 1 and "svchost.exe -k netsvcs" in found[0].replace("\0", " "),
                f"hosted by svchost -k netsvcs, not {found}")
    idle(bench, url)

    for value, kind, data in (("ImagePath", "REG_EXPAND_SZ", "C:\\windows\\system32\\bitssvc.exe"),
                              ("Type", "REG_DWORD", "16")):
        done = prefix.run("reg", "add", SERVICE_KEY, "/v", value, "/t", kind, "/d", data, "/f")
        bench.check(done.returncode == 0, f"reg add: {done.returncode} {done.stdout}")
    for client in bench.clients:
        client.end()
    prefix.stop()
    bench.program()
    download(bench, url, "bitssvc")
    found = hosts(prefix)
    bench.check(len(found) == 1 and "bitssvc" in found[0] and "/" not in found[0],
                f"hosted by bitssvc.exe, not {found}")


if __name__ == "__main__":
    harness.main(harness.parser(__doc__.split("\n", maxsplit=1)[0]).parse_args(), test)
