#!/usr/bin/env python3
"""An HTTP server for tests that misbehaves on request.

    /data/NAME?size=N&seed=S&...    content by pattern.py; the parameters are those of behaviour.py
    /upload/NAME?...                takes POST and PUT, answers with SHA-256 and length of the body
    BITS_POST /bits/NAME?...        the BITS upload protocol, see bits_upload.py
    GET /uploads?path=/bits/NAME    what became of those uploads, as JSON
    POST /control                   {"path": P, "set": {...}, "clear": bool, "release": bool}, or
                                    {"reset": true}: changes the behaviour of path P at run time
    GET /log[?path=P&since=ID]      what was asked and answered, as JSON; DELETE /log empties it
    GET /parameters                 the table of parameters
    GET /ca.crl                     the list of revoked certificates of --tls-dir

A request with an absolute URL is answered as a proxy would, CONNECT opens a tunnel to a port of
this machine; the settings of the path "CONNECT" apply to it.

Prints "PORT n" when it listens, and "TLS name n" for each certificate named by --tls: good,
expired, wronghost, wronguse, selfsigned, clientcert (asks the client for one), listed, revoked (the
last two name /ca.crl). Ends at the end of its standard input, at SIGTERM, or after --max-seconds.
"""

import argparse
import hashlib
import json
import os
import re
import select
import signal
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import auth  # noqa: E402
import behaviour  # noqa: E402
import bits_upload  # noqa: E402
import ntlm  # noqa: E402
import pattern  # noqa: E402
import reply  # noqa: E402

MAX_HEAD = 1 << 20
IDLE_SECONDS = 120


class Gone(Exception):
    """The connection is over, by us or by the peer."""


class Request:
    def __init__(self, method, target, version, headers, proxied):
        self.method = method
        self.version = version
        self.headers = headers
        self.proxied = proxied
        self.path, _, self.query = target.partition("?")
        pairs = [p for p in self.query.split("&") if p]
        hops = [p[4:] for p in pairs if re.fullmatch(r"hop=\d+", p)]
        self.hop = hops[-1] if hops else None
        self.query_without_hop = "&".join(p for p in pairs if not re.fullmatch(r"hop=\d+", p))
        self.body_length = 0
        self.body_sha256 = ""
        self.auth = None
        self.user = None  # by NTLM or Negotiate
        self.sessions = {}


class Log:
    """What was asked and answered. Entries are dicts that grow while the response runs."""

    def __init__(self):
        self._lock = threading.Lock()
        self._entries = []
        self._next = 1

    def add(self, request, connection, proto):
        entry = {"id": 0, "time": time.time(), "connection": connection, "proto": proto,
                 "method": request.method, "path": request.path, "query": request.query,
                 "proxied": request.proxied, "headers": request.headers, "status": None,
                 "first": None, "declared": None, "sent": 0, "gen": None, "auth": None,
                 "user": None,
                 "received": 0, "sha256": None, "done": False}
        with self._lock:
            entry["id"] = self._next
            self._next += 1
            self._entries.append(entry)
        return entry

    def entries(self, path=None, since=0):
        with self._lock:
            return [dict(e) for e in self._entries
                    if e["id"] > since and (path is None or e["path"] == path)]

    def clear(self):
        with self._lock:
            self._entries.clear()


class Connection:
    def __init__(self, server, sock, number, proto):
        self.server = server
        self.sock = sock
        self.number = number
        self.proto = proto
        self.buffer = b""
        self.sessions = {401: ntlm.Session(), 407: ntlm.Session()}

    # Reading.

    def _more(self):
        try:
            got = self.sock.recv(1 << 16)
        except (OSError, ValueError):
            raise Gone from None
        if not got:
            raise Gone
        self.buffer += got

    def read_request(self):
        while b"\r\n\r\n" not in self.buffer:
            if len(self.buffer) > MAX_HEAD:
                raise Gone
            self._more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").lstrip("\r\n").split("\r\n")
        try:
            method, target, version = lines[0].split(" ")
        except ValueError:
            raise Gone from None
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            name, value = name.strip().lower(), value.strip()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        proxied = False
        m = re.match(r"https?://[^/?]*", target, re.I)
        if m:
            proxied = True
            target = target[m.end():] or "/"
        return Request(method, target, version, headers, proxied)

    def _body_pieces(self, request):
        if request.headers.get("transfer-encoding", "").lower() == "chunked":
            while True:
                while b"\r\n" not in self.buffer:
                    self._more()
                line, _, self.buffer = self.buffer.partition(b"\r\n")
                left = int(line.split(b";")[0], 16)
                if left == 0:
                    while b"\r\n" not in self.buffer:
                        self._more()
                    self.buffer = self.buffer.partition(b"\r\n")[2]
                    return
                while len(self.buffer) < left + 2:
                    self._more()
                yield self.buffer[:left]
                self.buffer = self.buffer[left + 2:]
        left = int(request.headers.get("content-length", "0"))
        while left:
            if not self.buffer:
                self._more()
            piece, self.buffer = self.buffer[:left], self.buffer[left:]
            left -= len(piece)
            yield piece

    def read_body(self, request, entry, values=None, keep=False):
        """Reads the request's body; returns it if keep."""
        digest = hashlib.sha256()
        kept = []
        if request.headers.get("expect", "").lower() == "100-continue":
            if values is None or values.expect == "continue":
                self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        try:
            for piece in self._body_pieces(request):
                digest.update(piece)
                request.body_length += len(piece)
                if entry is not None:
                    entry["received"] = request.body_length
                if keep:
                    kept.append(piece)
                if values and values.read_cut is not None and (
                        request.body_length >= values.read_cut):
                    self.close(values.reset)
        except ValueError:
            raise Gone from None
        request.body_sha256 = digest.hexdigest()
        if entry is not None and request.body_length:
            entry["sha256"] = request.body_sha256
        return b"".join(kept)

    # Writing.

    def send(self, data):
        try:
            self.sock.sendall(data)
        except (OSError, ValueError):
            raise Gone from None

    def close(self, reset=False):
        if reset:
            try:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except OSError:
                pass
        raise Gone

    def stall(self, path, seconds):
        """Waits until /control releases the path, the seconds (0: for ever) are over or the peer
        is gone."""
        event = self.server.book.release_event(path)
        end = time.monotonic() + seconds if seconds else None
        poll = select.poll()
        poll.register(self.sock, select.POLLRDHUP)
        while not event.wait(0.05):
            if poll.poll(0):
                raise Gone
            if end is not None and time.monotonic() >= end:
                return

    def send_head(self, response, values, framing):
        version = "HTTP/1.0" if values.http10 else "HTTP/1.1"
        lines = [values.status_line or f"{version} {response.status} {response.reason}"]
        lines += [f"{n}: {v}" for n, v in response.fields]
        lines.append("Date: " + reply.formatdate(usegmt=True))
        if response.status >= 200 and response.status not in (204, 304):
            if framing == "chunked":
                lines.append("Transfer-Encoding: chunked")
            elif framing == "length":
                lines.append(f"Content-Length: {max(0, response.length() + values.length_delta)}")
        if values.keepalive == "off" or framing == "close":
            lines.append("Connection: close")
        if values.header is not None:
            lines.append(values.header)
        if values.header_bytes:
            lines.append("X-Large: " + "x" * values.header_bytes)
        lines += [f"X-Field-{i}: {i}" for i in range(values.header_count)]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace"))

    def send_body(self, request, response, values, framing, entry):
        first = next((s.first for s in response.body if isinstance(s, reply.Span)), 0)
        stops = []
        for kind, at, offset in (("cut", values.cut, values.cut_at),
                                 ("stall", values.stall, values.stall_at)):
            if at is None and offset is not None and offset >= first:
                at = offset - first
            if at is not None and at < response.length():
                stops.append((at, kind))
        stops.sort()
        # Small pieces: what is in the peer's socket buffer at a kill counts as fetched.
        step = min(65536, max(512, values.rate // 50)) if values.rate else pattern.CHUNK
        if values.rate:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        began = time.monotonic()
        pos = 0
        for segment in response.body:
            done = 0
            while True:
                while stops and stops[0][0] == pos:
                    if stops.pop(0)[1] == "cut":
                        self.close(values.reset)
                    self.stall(request.path, values.stall_for)
                    began = time.monotonic() - (pos / values.rate if values.rate else 0)
                if done == len(segment):
                    break
                count = min(len(segment) - done, step)
                if stops:
                    count = min(count, stops[0][0] - pos)
                if isinstance(segment, reply.Span):
                    offset = segment.first + done
                    count = min(count, pattern.CHUNK - offset % pattern.PAGE)
                    piece = pattern.data(values.content, offset, count)
                    if values.corrupt_at is not None and 0 <= values.corrupt_at - offset < count:
                        piece[values.corrupt_at - offset] ^= 0xFF
                else:
                    piece = memoryview(segment)[done:done + count]
                if framing == "chunked":
                    self.send(b"%x\r\n" % count)
                self.send(piece)
                if framing == "chunked":
                    self.send(b"\r\n")
                done += count
                pos += count
                entry["sent"] = pos
                if values.rate:
                    wait = began + pos / values.rate - time.monotonic()
                    if wait > 0:
                        time.sleep(wait)
        if framing == "chunked":
            self.send(b"0\r\n\r\n")

    # The parts together.

    def answer(self, request):
        """Answers one request for a resource. Raises Gone if the connection ends with it."""
        entry = self.server.log.add(request, self.number, self.proto)
        request.sessions = self.sessions
        try:
            settings = behaviour.parse_query(request.query_without_hop)
        except ValueError as e:
            self.read_body(request, entry)
            entry["status"] = 400
            self.plain(400, str(e))
            return
        bits = request.path.startswith("/bits/")
        values = self.server.book.values(
            request.path, settings, bits_upload.packet_of(request) if bits else request.method)
        entry["gen"] = values.gen
        if values.delay:
            time.sleep(values.delay)
        if values.drop:
            self.close(values.reset)
        if values.expect == "417" and "expect" in request.headers:
            values.status = 417
            values.keepalive = "off"
        elif not bits or values.raw is not None:
            self.read_body(request, entry, values)
        if values.raw is not None:
            entry["status"] = 0
            self.send(values.raw.encode("latin-1", "replace"))
            raise Gone
        if bits:
            response = bits_upload.answer(self, self.server.uploads, request, values, entry)
            if response is None:
                self.close(values.reset)
        else:
            response = reply.make(request, values, self.server.place)
        framing = values.framing
        if framing == "chunked" and (values.http10 or request.version == "HTTP/1.0"):
            framing = "close"
        entry["status"] = response.status
        entry["auth"] = request.auth
        entry["user"] = request.user
        if request.user:
            response.add("X-User", request.user)
            response.add("X-Connection", self.number)
        entry["declared"] = response.length()
        entry["first"] = next((s.first for s in response.body if isinstance(s, reply.Span)), None)
        self.send_head(response, values, framing)
        if values.drop_body:
            self.close(values.reset)
        if request.method != "HEAD":
            self.send_body(request, response, values, framing, entry)
        entry["done"] = True
        asked_close = request.headers.get("connection", "").lower() == "close"
        if (framing == "close" or values.keepalive != "on" or values.http10 or asked_close
                or request.version == "HTTP/1.0"):
            raise Gone

    def plain(self, status, text, content_type="text/plain; charset=utf-8"):
        body = text if isinstance(text, bytes) else text.encode()
        self.send((f"HTTP/1.1 {status} {reply.REASONS.get(status, '')}\r\n"
                   f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n").encode()
                  + body)

    def control(self, request):
        body = self.read_body(request, None, keep=True)
        try:
            order = json.loads(body)
            if order.get("reset"):
                self.server.book.reset()
            else:
                path = order["path"]
                self.server.book.control(path, behaviour.parse_settings(order.get("set") or {}),
                                         bool(order.get("clear")))
                if order.get("release"):
                    self.server.book.release(path)
        except (ValueError, KeyError, AttributeError, TypeError) as e:
            self.plain(400, json.dumps({"error": str(e)}), "application/json")
            return
        self.plain(200, '{"ok": true}', "application/json")

    def show_log(self, request):
        query = dict(urllib.parse.parse_qsl(request.query))
        if request.method == "DELETE":
            self.server.log.clear()
            self.plain(200, "[]", "application/json")
            return
        entries = self.server.log.entries(query.get("path"), int(query.get("since", 0)))
        self.plain(200, json.dumps(entries), "application/json")

    def show_uploads(self, request):
        query = dict(urllib.parse.parse_qsl(request.query))
        self.plain(200, json.dumps(self.server.uploads.show(query.get("path", "")),
                                   sort_keys=True), "application/json")

    def tunnel(self, request):
        entry = self.server.log.add(request, self.number, self.proto)
        request.proxied = True
        values = self.server.book.values("CONNECT", {}, "CONNECT")
        if values.proxy_auth != "none":
            outcome = auth.check(values.proxy_auth, values, "CONNECT",
                                 request.headers.get("proxy-authorization"))
            entry["auth"] = outcome
            if outcome != "ok":
                entry["status"] = 407
                challenge = auth.challenge(values.proxy_auth, values, outcome == "stale")
                self.send((f"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: "
                           f"{challenge}\r\nContent-Length: 0\r\n\r\n").encode())
                return
        if values.status is not None:
            entry["status"] = values.status
            self.plain(values.status, "no tunnel\n")
            return
        try:
            port = int(request.path.rpartition(":")[2])
            other = socket.create_connection(("127.0.0.1", port), timeout=10)
        except (OSError, ValueError):
            entry["status"] = 502
            self.plain(502, "no such peer\n")
            return
        entry["status"] = 200
        self.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with other:
            other.settimeout(None)
            if self.buffer:
                other.sendall(self.buffer)
            ends = {self.sock: other, other: self.sock}
            while True:
                for end in select.select(list(ends), [], [])[0]:
                    got = end.recv(1 << 16)
                    if not got:
                        raise Gone
                    ends[end].sendall(got)

    def run(self):
        try:
            while True:
                request = self.read_request()
                if request.method == "CONNECT":
                    self.tunnel(request)
                elif request.path == "/control":
                    self.control(request)
                elif request.path == "/log":
                    self.show_log(request)
                elif request.path == "/uploads":
                    self.show_uploads(request)
                elif request.path == "/parameters":
                    table = {n: {"default": d, "fault": f, "meaning": m}
                             for n, (_, d, f, m) in behaviour.PARAMETERS.items()}
                    self.plain(200, json.dumps(table, indent=1), "application/json")
                elif request.path == "/ca.crl" and self.server.revoked:
                    self.server.log.add(request, self.number, self.proto)["status"] = 200
                    with open(self.server.revoked, "rb") as f:
                        self.plain(200, f.read(), "application/pkix-crl")
                elif re.match(r"/(data|upload|bits)/", request.path):
                    self.answer(request)
                else:
                    entry = self.server.log.add(request, self.number, self.proto)
                    entry["status"] = 404
                    self.read_body(request, entry)
                    self.plain(404, "no such thing here\n")
        except (Gone, OSError):
            pass
        finally:
            try:
                self.sock.close()
            except OSError:
                pass


class Server:
    def __init__(self):
        self.book = behaviour.Book()
        self.log = Log()
        self.uploads = bits_upload.Uploads()
        self.place = {"http": "", "https": "", "host": "127.0.0.1"}
        self.connections = 0
        self.revoked = None

    def _serve(self, sock, context, number, proto):
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(IDLE_SECONDS)
            if context:
                sock = context.wrap_socket(sock, server_side=True)
        except OSError:
            sock.close()
            return
        Connection(self, sock, number, proto).run()

    def _accept(self, listener, context, proto):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(sock, context, self.connections, proto),
                             daemon=True).start()

    def listen(self, address, port, context=None, proto="http"):
        listener = socket.create_server((address, port), backlog=512)
        threading.Thread(target=self._accept, args=(listener, context, proto), daemon=True).start()
        return listener.getsockname()[1]


def _end_event():
    """An event that SIGTERM and SIGINT set."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    return ended


def _wait_for_end(ended, max_seconds, watch_stdin):
    """Returns when ended is set, at the end of standard input, or after max_seconds."""

    def watch():
        while os.read(0, 4096):
            pass
        ended.set()

    if watch_stdin:
        threading.Thread(target=watch, daemon=True).start()
    end = time.monotonic() + max_seconds if max_seconds else None
    while not ended.wait(1.0 if end is None else max(0.0, min(1.0, end - time.monotonic()))):
        if end is not None and time.monotonic() >= end:
            return


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument("--port-file", help="gets the PORT and TLS lines when all is ready")
    parser.add_argument("--max-seconds", type=float, default=0, help="0: no limit")
    parser.add_argument("--ignore-stdin", action="store_true", help="do not end with stdin")
    parser.add_argument("--tls", default="", metavar="NAMES", help="for example good,expired")
    parser.add_argument("--tls-dir", help="keeps keys and certificates, ca.pem is the root")
    args = parser.parse_args()
    ended = _end_event()
    server = Server()
    lines = [f"PORT {server.listen(args.address, args.port)}"]
    server.place["http"] = f"http://{args.address}:{lines[0].split()[1]}"
    for name in [n for n in args.tls.split(",") if n]:
        import certificates
        if not args.tls_dir:
            parser.error("--tls needs --tls-dir")
        server.revoked = os.path.join(args.tls_dir, "ca.crl")
        context = certificates.context(args.tls_dir, name, server.place["http"] + "/ca.crl")
        port = server.listen(args.address, 0, context, "https")
        lines.append(f"TLS {name} {port}")
        if name == "good":
            server.place["https"] = f"https://{args.address}:{port}"
    if args.port_file:
        with open(args.port_file + ".new", "w", encoding="ascii") as f:
            f.write("\n".join(lines) + "\n")
        os.rename(args.port_file + ".new", args.port_file)
    print("\n".join(lines), flush=True)
    _wait_for_end(ended, args.max_seconds, not args.ignore_stdin)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
