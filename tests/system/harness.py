"""What the system tests share: Wine prefixes, the service process, servers, the client, the checks.

Standard library only. Everything lives in one temporary folder of the test and is ended and removed
by Bench.close(). Waiting is always for an event, with a deadline.
"""

import argparse
import glob
import json
import os
import queue
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
SERVER = os.path.join(os.path.dirname(HERE), "server")
sys.path.insert(0, SERVER)

import pattern  # noqa: E402
import turned_away  # noqa: E402

BG_E_NOT_FOUND = 0x80200001

STORE_FOLDER = "ProgramData/Microsoft/Network/Downloader"  # below drive C:
LINK_FROM = 1 << 16  # bytes; bigger files below windows/ are hard links in a copied prefix


class Failure(Exception):
    """A test cannot go on; the text says why."""


def until(condition, seconds, what, pause=0.02):
    """Polls until condition() is true and returns its value; Failure after so many seconds."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise Failure(f"not within {seconds} s: {what}")
        time.sleep(pause)


class Prefix:
    """A Wine prefix of our own."""

    def __init__(self, folder):
        self.folder = os.path.realpath(folder)
        self.drive_c = os.path.join(self.folder, "drive_c")
        self.activation = threading.Lock()
        self.hangs = 0  # calls that did not return although the service was well
        self.environment = dict(os.environ, WINEPREFIX=self.folder, WINEDEBUG="-all",
                                WINEDLLOVERRIDES="mscoree,mshtml=;winemenubuilder.exe=d")

    @classmethod
    def copy(cls, template, folder):
        """Copies a prefix. Big files below windows/ become hard links, so whoever replaces one
        must not write into it (setup_openbits.sh renames)."""
        windows = os.path.join(os.path.realpath(template), "drive_c", "windows") + os.sep

        def copy_one(source, target):
            if source.startswith(windows) and os.path.getsize(source) >= LINK_FROM:
                try:
                    os.link(source, target)
                    return
                except OSError:
                    pass
            shutil.copy2(source, target)

        shutil.copytree(os.path.realpath(template), folder, symlinks=True, copy_function=copy_one)
        return cls(folder)

    @classmethod
    def make(cls, folder):
        os.makedirs(folder)
        prefix = cls(folder)
        prefix.run("wineboot", "-i", timeout=300)
        prefix.wait_idle()
        return prefix

    def install(self, package):
        """Installs an unpacked release by its own script."""
        subprocess.run(["sh", os.path.join(package, "setup_openbits.sh"), "install", "--quiet"],
                       env=self.environment, stdin=subprocess.DEVNULL, timeout=300, check=True)
        self.wait_idle()

    def run(self, *args, timeout=60):
        """Runs a Windows program to its end and returns the CompletedProcess, output as text. The
        output goes to a file: the first program of a prefix starts Wine's services, which would hold
        a pipe open for as long as they live."""
        def once():
            with tempfile.TemporaryFile("w+", errors="replace") as output:
                done = subprocess.run(["wine", *args], env=self.environment,
                                      stdin=subprocess.DEVNULL, stdout=output,
                                      stderr=subprocess.STDOUT, timeout=timeout, check=False)
                output.seek(0)
                done.stdout = output.read()
            return done, done.returncode, done.stdout

        return turned_away.run(once)

    def wait_idle(self):
        subprocess.run(["wineserver", "-w"], env=self.environment, timeout=120, check=False)

    def windows_path(self, path):
        path = os.path.realpath(path)
        if path.startswith(self.drive_c + os.sep):
            return "C:" + path[len(self.drive_c):].replace("/", "\\")
        return "Z:" + path.replace("/", "\\")

    def pids(self):
        """All processes of this prefix, the wineserver among them."""
        mark = b"WINEPREFIX=" + os.fsencode(self.folder) + b"\0"
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) == os.getpid():
                continue
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as f:
                    command = f.read()
                if b".exe" not in command.lower() and b"wine" not in command:
                    continue
                with open(f"/proc/{entry}/environ", "rb") as f:
                    environ = f.read() + b"\0"
            except OSError:
                continue
            if mark in environ:
                found.append(int(entry))
        return found

    def service_pids(self):
        """The processes that host qmgr.dll as a service: svchost.exe or bitssvc.exe."""
        found = []
        for pid in self.pids():
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    command = f.read().lower()
                if b"svchost.exe" not in command and b"bitssvc.exe" not in command:
                    continue
                if b"/guard" in command:
                    continue
                with open(f"/proc/{pid}/maps", "rb") as f:
                    if b"qmgr.dll" in f.read().lower():
                        found.append(pid)
            except OSError:
                continue
        return found

    def describe(self):
        """The processes of the prefix, one a line, the service marked."""
        service, lines = self.service_pids(), []
        for pid in self.pids():
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    command = f.read().rstrip(b"\0 ").decode(errors="replace")
                threads = len(os.listdir(f"/proc/{pid}/task"))
            except OSError:
                continue
            lines.append(f"  {pid} {command} ({threads} threads)"
                         + (" <- service" if pid in service else ""))
        return "\n".join(lines)

    def service_pid(self, seconds=30):
        return until(self.service_pids, seconds, "a service process")[0]

    def _stop_still(self, pids):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGSTOP)
            except OSError:
                pass
        for pid in pids:
            until(lambda p=pid: _stands_still(p), 10, "the processes stand still", 0.001)

    def kill_service(self, while_stopped=None):
        """SIGKILLs the service. while_stopped(), if given, runs when it stands still already: the
        disk then looks as it does after the kill, and nobody starts a new one yet. Returns the
        number of service processes killed."""
        pids = self.service_pids()
        try:
            if pids and while_stopped:
                self._stop_still(pids)
                while_stopped()
        finally:
            _kill_all(pids)
        return len(pids)

    def kill_everything(self, while_stopped=None):
        """SIGKILLs every process of the prefix at once, as a power cut would; while_stopped() as
        with kill_service()."""
        pids = self.pids()
        try:
            if while_stopped:
                self._stop_still(pids)
                while_stopped()
        finally:
            # Again for processes that were being born while we looked.
            deadline = time.monotonic() + 30
            while pids:
                _kill_all(pids)
                pids = self.pids()
                if time.monotonic() > deadline:
                    raise Failure("processes of the prefix do not die")

    def starts_by_itself(self):
        """Is the service's automatic start in the registry's file? Wine writes that every half
        minute and when a prefix ends, not at once."""
        with open(os.path.join(self.folder, "system.reg"), encoding="utf-8",
                  errors="replace") as f:
            text = f.read()
        section = text.partition("[System\\\\CurrentControlSet\\\\Services\\\\BITS]")[2]
        return '"Start"=dword:00000002' in section.partition("\n[")[0]

    def stop(self):
        """Ends the prefix in an orderly way, then by force."""
        try:
            subprocess.run(["wineserver", "-k"], env=self.environment, timeout=30, check=False)
            until(lambda: not self.pids(), 10, "the prefix ends")
        except (Failure, subprocess.TimeoutExpired):
            self.kill_everything()

    def store_files(self):
        """Paths of the store's files, without those that were put aside as damaged."""
        found = glob.glob(os.path.join(self.drive_c, STORE_FOLDER, "qmgr.db*"))
        return sorted(f for f in found if ".damaged" not in f)


def _state(pid):
    try:
        with open(f"/proc/{pid}/stat", "rb") as f:
            return f.read().rpartition(b")")[2].split()[0]
    except OSError:
        return b"X"


def _stands_still(pid):
    """All threads have stopped, or the process is dead."""
    if _state(pid) in b"XZ":
        return True
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return True
    return all(_state(f"{pid}/task/{t}") in b"TtXZ" for t in threads)


def _kill_all(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
    for pid in pids:
        until(lambda p=pid: _state(p) in b"XZ", 20, f"process {pid} dies", 0.002)


def check_store(files, folder):
    """Copies the store's files into a fresh folder and returns what the integrity check of the copy
    complains about (an empty list is good). The service must not be running on them."""
    databases = [f for f in files if f.endswith("qmgr.db")]
    if len(databases) != 1:
        return [f"one store, not {databases}"]
    if os.path.exists(folder):
        shutil.rmtree(folder)
    os.makedirs(folder)
    for name in files:
        # The shared-memory index is made anew from the log, as after a crash of the machine.
        if os.path.basename(name) in ("qmgr.db", "qmgr.db-wal", "qmgr.db-journal"):
            shutil.copy(name, folder)
    connection = sqlite3.connect(os.path.join(folder, "qmgr.db"))
    try:
        problems = [r[0] for r in connection.execute("PRAGMA integrity_check") if r[0] != "ok"]
        problems += [f"foreign key: {r}" for r in connection.execute("PRAGMA foreign_key_check")]
        return problems
    except sqlite3.DatabaseError as e:
        return [str(e)]
    finally:
        connection.close()


def temporary_files(folder):
    """Paths of the BIT*.tmp files below a folder."""
    found = []
    for where, _, names in os.walk(folder):
        found += [os.path.join(where, n) for n in names
                  if n.upper().startswith("BIT") and n.upper().endswith(".TMP")]
    return found


def fetched(entries):
    """From the log entries of one resource: (bytes sent in all, bytes of the resource sent at
    least once). Their difference is what was fetched twice."""
    spans = sorted((e["first"], e["first"] + e["sent"]) for e in entries
                   if e["first"] is not None and e["sent"])
    total = sum(end - begin for begin, end in spans)
    once, reach = 0, 0
    for begin, end in spans:
        once += max(0, end - max(begin, reach))
        reach = max(reach, end)
    return total, once


def encode_word(text):
    return urllib.parse.quote(str(text), safe="/:\\.,-_?&;{}()+@!*'") or "%"


class Reply:
    """What came of a command. outcome as in loadclient.c, or "dead" when the client itself ended
    (the call may or may not have happened)."""

    def __init__(self, outcome, hr=0, values=None):
        self.outcome = outcome
        self.hr = hr
        self.values = values or {}

    ok = property(lambda self: self.outcome == "ok")
    unknown = property(lambda self: self.outcome in ("lost", "dead"))

    def __repr__(self):
        return f"<{self.outcome} {self.hr:#010x} {self.values}>"


class Client:
    """A loadclient.exe. One thread at a time may use it."""

    def __init__(self, prefix, exe, probe=False):
        self.prefix = prefix
        self.exe = exe
        self.probe = probe
        self.process = None
        self.lines = None
        self.connected = False
        self.tag = 0

    def _start(self):
        self.process = subprocess.Popen(["wine", self.exe], env=self.prefix.environment,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, start_new_session=True)
        self.lines = queue.Queue()

        def read(stream, lines):
            for line in stream:
                lines.put(line)
            lines.put(b"")

        threading.Thread(target=read, args=(self.process.stdout, self.lines), daemon=True).start()
        try:
            return self._line(60) == b"ready"
        except queue.Empty:
            return False

    def _line(self, timeout):
        """The next line, b"" at the end of the output; queue.Empty after the time-out."""
        line = self.lines.get(timeout=timeout)
        return line.strip() if line.endswith(b"\n") else b""

    def end(self):
        if self.process:
            try:
                self.process.stdin.close()
                self.process.wait(5)
            except (OSError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()
            self.process.stdout.close()
            self.process = None
            self.connected = False

    def call(self, command, *args, timeout=60):
        """Sends a command and waits for its answer, for ever so many seconds; then the client is
        killed, and the answer is "dead". Raises Failure when it is the service that hangs."""
        if not self.connected:
            # One at a time: of several clients that start a service together Wine may let one wait
            # for half a minute.
            with self.prefix.activation:
                if self.process is None and not self._start():
                    self.end()
                    return Reply("unreachable")
                reply = self._call("connect", (), timeout)
            self.connected = reply.ok
            if not reply.ok:
                return Reply("unreachable", reply.hr)
        reply = self._call(command, args, timeout)
        if reply.outcome in ("lost", "unreachable"):
            self.connected = False
        return reply

    def _after_hang(self, words, timeout):
        """A call did not return. Wine's RPC runtime does that now and then, when the last object of
        an interface is released while another call on the interface ends; the service is all right
        then, and answers another client. If it does not, it hangs: Failure."""
        there = self.prefix.describe()
        other = None if self.probe else Client(self.prefix, self.exe, probe=True)
        try:
            if not (other and other._start() and other._call("connect", (), 60).ok
                    and other._call("list", (), 20).ok):
                raise Failure(f"no answer within {timeout} s, nor to another client: {words}\n"
                              f"{there}")
        finally:
            if other:
                other.end()
        self.prefix.hangs += 1

    def _call(self, command, args, timeout):
        self.tag += 1
        words = [str(self.tag), command] + [encode_word(a) for a in args]
        try:
            self.process.stdin.write((" ".join(words) + "\n").encode())
            self.process.stdin.flush()
            line = self._line(timeout)
        except (OSError, ValueError):
            line = b""
        except queue.Empty:
            self.process.kill()
            self.end()
            self._after_hang(" ".join(words), timeout)
            line = b""
        if not line:
            self.end()
            return Reply("dead")
        answer = line.decode().split(" ")
        if answer[0] != str(self.tag):
            raise Failure(f"answer out of order: {line!r}")
        values = {}
        for word in answer[1:]:
            key, _, value = word.partition("=")
            values[key] = urllib.parse.unquote(value)
        return Reply(values.pop("outcome"), int(values.pop("hr"), 16), values)


class Program:
    """Any Windows program that stays: keeps a prefix alive without being a client of the service.
    Its start is the start of the prefix."""

    def __init__(self, prefix):
        self.process = subprocess.Popen(["wine", "cmd", "/q", "/k"], env=prefix.environment,
                                        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True)

    def end(self):
        try:
            self.process.stdin.close()
            self.process.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()


class FaultServer:
    """tests/server/faultserver.py as a process of its own."""

    def __init__(self, *args):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(SERVER, "faultserver.py"), *args],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline().split()
        if not line:
            raise Failure("the fault server did not start")
        self.port = int(line[1])
        self.base = f"http://127.0.0.1:{self.port}"

    def url(self, name, **parameters):
        query = urllib.parse.urlencode(parameters)
        return f"{self.base}/data/{name}" + ("?" + query if query else "")

    def _ask(self, target, method="GET", body=None):
        request = urllib.request.Request(self.base + target, data=body, method=method)
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.loads(response.read())

    def control(self, name, release=False, clear=False, **settings):
        order = {"path": f"/data/{name}", "set": settings, "release": release, "clear": clear}
        self._ask("/control", "POST", json.dumps(order).encode())

    def log(self, name=None):
        """The requests so far, as faultserver.Log has them."""
        return self._ask("/log" + (f"?path=/data/{name}" if name else ""))

    def clear_log(self):
        self._ask("/log", "DELETE")

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Nginx:
    """A real nginx on loopback that serves folder/www."""

    CONFIG = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    sendfile on;
    server {{
        listen 127.0.0.1:{port};
        root {folder}/www;
        location /slow/ {{ alias {folder}/www/; limit_rate 2m; }}
    }}
}}
"""

    def __init__(self, folder):
        self.folder = folder
        self.root = os.path.join(folder, "www")
        os.makedirs(self.root)
        for _ in range(20):
            # The port may be taken between our look and nginx's: then it ends, and we try again.
            with socket.create_server(("127.0.0.1", 0)) as s:
                self.port = s.getsockname()[1]
            config = os.path.join(folder, "nginx.conf")
            with open(config, "w", encoding="ascii") as f:
                f.write(self.CONFIG.format(folder=folder, port=self.port))
            self.process = subprocess.Popen(["nginx", "-c", config, "-e", "stderr"],
                                            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if until(lambda: self.process.poll() is not None or self._answers(), 20, "nginx"):
                if self.process.poll() is None:
                    self.base = f"http://127.0.0.1:{self.port}"
                    return
        raise Failure("nginx does not start")

    def _answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def add(self, name, size, seed):
        """Makes a file of test data and returns its URL."""
        path = os.path.join(self.root, name)
        pattern.write_file(path + ".new", size, seed)
        os.rename(path + ".new", path)
        return f"{self.base}/{name}"

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


class Bench:
    """A temporary folder with a prefix, servers and clients, and the tally of the checks."""

    def __init__(self, args):
        self.args = args
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="openbits-system-"))
        self.passed = 0
        self.failed = 0
        self.prefix = None
        self.servers = []
        self.clients = []
        self.lock = threading.Lock()
        self.exe = os.path.abspath(args.client)

    def start_prefix(self):
        template = self.args.prefix_template
        target = os.path.join(self.folder, "prefix")
        if template:
            self.prefix = Prefix.copy(template, target)
        else:
            self.prefix = Prefix.make(target)
        if self.args.package:
            self.prefix.install(self.args.package)
        return self.prefix

    def fault_server(self, *args):
        self.servers.append(FaultServer(*args))
        return self.servers[-1]

    def nginx(self):
        self.servers.append(Nginx(os.path.join(self.folder, f"nginx{len(self.servers)}")))
        return self.servers[-1]

    def client(self):
        self.clients.append(Client(self.prefix, self.exe))
        return self.clients[-1]

    def program(self):
        """A Program that ends with the bench."""
        self.clients.append(Program(self.prefix))
        return self.clients[-1]

    def target_folder(self, name):
        """A fresh folder on the prefix's drive C: for downloads."""
        folder = os.path.join(self.prefix.drive_c, "downloads", name)
        os.makedirs(folder)
        return folder

    def check(self, good, what):
        """Counts one check; says what failed."""
        with self.lock:
            if good:
                self.passed += 1
            else:
                self.failed += 1
                print(f"FAILED: {what}", flush=True)
        return bool(good)

    def problems(self, problems, what):
        """One check that passes when the list of problems is empty."""
        return self.check(not problems, f"{what}: " + "; ".join(map(str, problems[:10])))

    def close(self):
        for client in self.clients:
            client.end()
        if self.prefix:
            self.prefix.stop()
        for server in self.servers:
            server.stop()
        if self.args.keep:
            print(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def parser(description):
    """The options that all system tests have."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--client", required=True, help="path of loadclient.exe")
    made.add_argument("--prefix-template", help="Wine prefix to copy; default: a fresh one is made")
    made.add_argument("--package", default=os.environ.get("OPENBITS_TEST_PACKAGE"),
                      help="unpacked release to install in the prefix, default: "
                           "$OPENBITS_TEST_PACKAGE; without one the prefix is taken as it is")
    made.add_argument("--keep", action="store_true", help="leave the temporary folder")
    return made


def main(args, test):
    """Runs test(bench) and exits as the project's tests do. SIGTERM ends it in good order."""

    def interrupt(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    bench = Bench(args)
    try:
        bench.start_prefix()
        test(bench)
    except (Failure, subprocess.SubprocessError, OSError) as e:
        bench.check(False, f"{type(e).__name__}: {e}")
    except KeyboardInterrupt:
        bench.check(False, "interrupted")
    finally:
        bench.close()
    print(f"{bench.passed} passed, {bench.failed} failed")
    sys.exit(1 if bench.failed or not bench.passed else 0)
