#!/usr/bin/env python3
"""Checks the fault server itself: a test that trusts it must know that it does what it says.
Starts one as a process of its own and talks to it by http.client and bare sockets. Last line:
'N passed, N failed'."""

import base64
import gzip
import hashlib
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import behaviour  # noqa: E402
import pattern  # noqa: E402


def content(path, offset, count, gen=0):
    seed = behaviour.content_seed(behaviour.default_seed(path), gen)
    return b"".join(bytes(p) for p in pattern.chunks(seed, offset, count))


def setUpModule():
    Case.folder = tempfile.mkdtemp(prefix="faultserver-")
    Case.process = subprocess.Popen(
        [sys.executable, os.path.join(HERE, "faultserver.py"), "--max-seconds", "300", "--tls",
         "good,expired,wronghost,selfsigned,clientcert", "--tls-dir", Case.folder],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    Case.port = int(Case.process.stdout.readline().split()[1])
    Case.tls = {}
    for _ in range(5):
        _, name, port = Case.process.stdout.readline().split()
        Case.tls[name] = int(port)


def tearDownModule():
    Case.process.stdin.close()
    Case.process.wait(10)
    Case.process.stdout.close()
    shutil.rmtree(Case.folder)


class Case(unittest.TestCase):
    def ask(self, target, method="GET", headers=None, body=None, connection=None):
        """Returns (status, headers, body) of one request."""
        c = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            c.request(method, target, body, headers or {})
            r = c.getresponse()
            return r.status, r.headers, r.read()
        finally:
            if connection is None:
                c.close()

    def order(self, **order):
        return self.ask("/control", "POST", body=json.dumps(order))[0]

    def log(self, path):
        return json.loads(self.ask(f"/log?path={path}")[2])

    def raw(self, text, timeout=10):
        """Sends text, returns everything until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as s:
            s.sendall(text.encode("latin-1"))
            got = b""
            while True:
                try:
                    piece = s.recv(65536)
                except ConnectionResetError:
                    return got + b"<reset>"
                if not piece:
                    return got
                got += piece

    def get(self, target, *fields):
        return self.raw("\r\n".join((f"GET {target} HTTP/1.1", "Host: x", *fields)) + "\r\n\r\n")

    def until(self, condition):
        end = time.monotonic() + 10
        while not condition():
            self.assertLess(time.monotonic(), end, "deadline")
            threading.Event().wait(0.01)


class Content(Case):
    def test_plain_body(self):
        status, headers, body = self.ask("/data/plain?size=3000000")
        self.assertEqual(status, 200)
        self.assertEqual(headers["Content-Length"], "3000000")
        self.assertEqual(body, content("/data/plain", 0, 3000000))
        entry = self.log("/data/plain")[0]
        self.assertEqual((entry["sent"], entry["done"], entry["first"]), (3000000, True, 0))

    def test_seed_and_verify(self):
        name = os.path.join(self.folder, "file")
        with open(name, "wb") as f:
            f.write(self.ask("/data/s?size=1500001&seed=77")[2])
        self.assertIsNone(pattern.first_difference(name, 1500001, 77))
        self.assertEqual(pattern.first_difference(name, 1500002, 77), 1500001)
        self.assertEqual(pattern.first_difference(name, 1500000, 77), 1500000)
        with open(name, "r+b") as f:
            f.seek(1234567)
            byte = f.read(1)[0]
            f.seek(1234567)
            f.write(bytes([byte ^ 1]))
        self.assertEqual(pattern.first_difference(name, 1500001, 77), 1234567)

    def test_pattern_definition(self):
        base = b"".join(pattern.mix(i).to_bytes(8, "little") for i in range(140000))
        for seed, offset in ((0, 0), (1, 4090), (99, 12345678901), ((1 << 64) - 1, 1 << 40)):
            key = pattern.mix(seed)
            got = pattern.data(seed, offset, 5000)
            for i in range(0, 5000, 3):
                o = offset + i
                want = base[(o + key % pattern.PERIOD) % pattern.PERIOD]
                if o % 4096 < 8:
                    want ^= ((o // 4096 ^ key) >> (o % 4096 * 8)) & 255
                self.assertEqual(got[i], want)

    def test_pattern_in_c(self):
        compiler = shutil.which("cc") or shutil.which("gcc")
        if not compiler:
            self.skipTest("no C compiler")
        exe = os.path.join(self.folder, "p")
        with open(exe + ".c", "w", encoding="ascii") as f:
            f.write('#include "pattern.h"\n#include <stdio.h>\nint main(void) { static unsigned '
                    'char b[100000]; pattern_fill(42, 8589930000, b, sizeof(b)); fwrite(b, 1, sizeof(b), '
                    'stdout); return pattern_first_difference(42, 8589930000, b, sizeof(b)) != '
                    'sizeof(b); }\n')
        subprocess.run([compiler, "-Wall", "-Werror", "-I", HERE, "-o", exe, exe + ".c"],
                       check=True)
        got = subprocess.run([exe], check=True, capture_output=True).stdout
        self.assertEqual(got, pattern.data(42, 8589930000, 100000))

    def test_head(self):
        status, headers, body = self.ask("/data/h?size=5000", "HEAD")
        self.assertEqual((status, headers["Content-Length"], body), (200, "5000", b""))
        self.assertIn("ETag", headers)
        self.assertEqual(headers["Accept-Ranges"], "bytes")

    def test_speed(self):
        with socket.create_connection(("127.0.0.1", self.port)) as s:
            s.sendall(b"GET /data/big?size=500000000 HTTP/1.1\r\nConnection: close\r\n\r\n")
            buffer = bytearray(1 << 20)
            began, total = time.monotonic(), 0
            while got := s.recv_into(buffer):
                total += got
        self.assertGreater(total, 500000000)
        self.assertGreater(total / (time.monotonic() - began), 50e6, "bytes per second")

    def test_framing(self):
        got = self.get("/data/f?size=70000&framing=chunked", "Connection: close")
        self.assertIn(b"Transfer-Encoding: chunked", got)
        self.assertNotIn(b"Content-Length", got)
        self.assertEqual(self.ask("/data/f?size=70000&framing=chunked")[2],
                         content("/data/f", 0, 70000))
        got = self.get("/data/f?size=70000&framing=close")
        self.assertNotIn(b"Content-Length", got)
        self.assertTrue(got.endswith(content("/data/f", 0, 70000)))

    def test_gzip(self):
        _, headers, body = self.ask("/data/z?size=9000&gzip=1")
        self.assertEqual(headers["Content-Encoding"], "gzip")
        self.assertEqual(gzip.decompress(body), content("/data/z", 0, 9000))

    def test_rate(self):
        began = time.monotonic()
        self.ask("/data/slow?size=40000&rate=80000")
        self.assertGreater(time.monotonic() - began, 0.4)


class Ranges(Case):
    def part(self, field, query="", **headers):
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        return self.ask(f"/data/r?size=10000{query}", headers={"Range": field, **headers})

    def test_single(self):
        for field, first, last in (("bytes=0-0", 0, 0), ("bytes=5-", 5, 9999),
                                   ("bytes=-7", 9993, 9999), ("bytes=9000-20000", 9000, 9999)):
            status, headers, body = self.part(field)
            self.assertEqual(status, 206)
            self.assertEqual(headers["Content-Range"], f"bytes {first}-{last}/10000")
            self.assertEqual(body, content("/data/r", first, last - first + 1))

    def test_unsatisfiable(self):
        status, headers, _ = self.part("bytes=10000-")
        self.assertEqual((status, headers["Content-Range"]), (416, "bytes */10000"))
        self.assertEqual(self.part("bytes=5-", "&ranges=always416")[0], 416)

    def test_invalid_is_ignored(self):
        for field in ("bytes=9-5", "items=0-5", "bytes=x", "bytes="):
            self.assertEqual(self.part(field)[0], 200, field)

    def test_off(self):
        status, headers, body = self.part("bytes=5-6", "&ranges=off")
        self.assertEqual((status, len(body), headers["Accept-Ranges"]), (200, 10000, None))
        status, headers, body = self.part("bytes=5-6", "&ranges=silent")
        self.assertEqual((status, len(body), headers["Accept-Ranges"]), (206, 2, None))

    def test_multipart(self):
        status, headers, body = self.part("bytes=0-3,100-199,-5")
        self.assertEqual(status, 206)
        boundary = re.fullmatch(r"multipart/byteranges; boundary=(.*)", headers["Content-Type"])[1]
        parts = body.split(b"\r\n--" + boundary.encode())
        self.assertEqual((parts[0], parts[-1], len(parts)), (b"", b"--\r\n", 5))
        for part, first, last in zip(parts[1:], (0, 100, 9995), (3, 199, 9999)):
            head, _, data = part.partition(b"\r\n\r\n")
            self.assertIn(f"Content-Range: bytes {first}-{last}/10000".encode(), head)
            self.assertEqual(data, content("/data/r", first, last - first + 1))

    def test_wrong_content_range(self):
        for fault, want in (("shift", "bytes 6-10/10000"), ("first", "bytes 0-4/10000"),
                            ("total", "bytes 5-9/10001"), ("star", "bytes 5-9/*"),
                            ("missing", None), ("unit", "items 5-9/10000"),
                            ("reversed", "bytes 9-5/10000"),
                            ("garbage", "bytes from here to there"),
                            ("overflow", f"bytes {5 + 2**64}-{9 + 2**64}/{10000 + 2**64}"),
                            ("negative", "bytes -6-9/10000"), ("beyond", "bytes 5-10009/10000")):
            status, headers, body = self.part("bytes=5-9", f"&content_range={fault}")
            self.assertEqual((status, headers["Content-Range"]), (206, want))
            self.assertEqual(body, content("/data/r", 5, 5))

    def test_too_much_or_little(self):
        self.assertEqual(self.part("bytes=5-9", "&body_delta=3")[2], content("/data/r", 5, 8))
        self.assertEqual(self.part("bytes=5-9", "&body_delta=-2")[2], content("/data/r", 5, 3))

    def test_if_range(self):
        tag = self.ask("/data/r?size=10000")[1]["ETag"]
        date = self.ask("/data/r?size=10000")[1]["Last-Modified"]
        self.assertEqual(self.part("bytes=5-9", If_Range=tag)[0], 206)
        self.assertEqual(self.part("bytes=5-9", If_Range=date)[0], 206)
        self.assertEqual(self.part("bytes=5-9", "&gen=1", If_Range=tag)[0], 200)
        self.assertEqual(self.part("bytes=5-9", "&gen=1", If_Range=date)[0], 200)
        self.assertEqual(self.part("bytes=5-9", "&gen=1&ignore_conditions=1", If_Range=tag)[0], 206)
        weak = self.ask("/data/r?size=10000&validators=weak")[1]["ETag"]
        self.assertTrue(weak.startswith('W/"'))
        self.assertEqual(self.part("bytes=5-9", "&validators=weak", If_Range=weak)[0], 200)

    def test_preconditions(self):
        headers = self.ask("/data/r?size=10000")[1]
        tag, date = headers["ETag"], headers["Last-Modified"]
        self.assertEqual(self.part("bytes=5-9", If_Match=tag)[0], 206)
        self.assertEqual(self.part("bytes=5-9", "&gen=1", If_Match=tag)[0], 412)
        self.assertEqual(self.part("bytes=5-9", "&gen=1", If_Unmodified_Since=date)[0], 412)
        self.assertEqual(self.part("bytes=5-9", If_Unmodified_Since=date)[0], 206)
        self.assertEqual(self.part("bytes=5-9", If_None_Match=tag)[0], 304)
        self.assertEqual(self.part("bytes=5-9", If_Modified_Since=date)[0], 304)


class Validators(Case):
    def names(self, query):
        headers = self.ask(f"/data/v?{query}", "HEAD")[1]
        return [n for n in ("ETag", "Last-Modified") if n in headers]

    def test_kinds(self):
        self.assertEqual(self.names("validators=both"), ["ETag", "Last-Modified"])
        self.assertEqual(self.names("validators=etag"), ["ETag"])
        self.assertEqual(self.names("validators=weak"), ["ETag"])
        self.assertEqual(self.names("validators=lm"), ["Last-Modified"])
        self.assertEqual(self.names("validators=none"), [])

    def test_generation(self):
        first, second, third = (self.ask("/data/g?gen_after=2&size=900") for _ in range(3))
        self.assertEqual(first[1]["ETag"], second[1]["ETag"])
        self.assertNotEqual(second[1]["ETag"], third[1]["ETag"])
        self.assertNotEqual(second[1]["Last-Modified"], third[1]["Last-Modified"])
        self.assertEqual(second[2], content("/data/g", 0, 900))
        self.assertEqual(third[2], content("/data/g", 0, 900, gen=1))
        self.assertEqual(self.order(path="/data/g", set={"gen": 4, "size_step": 10}), 200)
        self.assertEqual(self.ask("/data/g?size=900")[2], content("/data/g", 0, 940, gen=4))

    def test_fixed_etag(self):
        for gen in (0, 1):
            self.assertEqual(self.ask(f"/data/e?gen={gen}&etag=%22same%22")[1]["ETag"], '"same"')


class Faults(Case):
    def body(self, got):
        return got.partition(b"\r\n\r\n")[2]

    def test_cut(self):
        got = self.get("/data/c?size=5000000&cut=1234567")
        self.assertIn(b"Content-Length: 5000000", got)
        self.assertEqual(self.body(got), content("/data/c", 0, 1234567))
        got = self.get("/data/c?size=5000&cut_at=3000", "Range: bytes=1000-")
        self.assertEqual(self.body(got), content("/data/c", 1000, 2000))
        self.assertTrue(self.get("/data/c?size=5000&cut=0&reset=1").endswith(b"<reset>"))
        self.assertEqual(self.body(self.get("/data/c?size=5000&cut=0")), b"")

    def test_cut_once(self):
        self.assertEqual(len(self.body(self.get("/data/co?size=500&cut=9&times=1"))), 9)
        self.assertEqual(len(self.ask("/data/co?size=500&cut=9&times=1")[2]), 500)

    def test_gate(self):
        lengths = [len(self.ask("/data/ga?size=50&status=404&skip=1&every=2&times=4")[2]) == 50
                   for _ in range(7)]
        self.assertEqual(lengths, [True, True, False, True, False, True, True])
        self.assertEqual(self.ask("/data/gb?status=500&on=GET", "HEAD")[0], 200)
        self.assertEqual(self.ask("/data/gb?status=500&on=GET")[0], 500)

    def test_stall_and_release(self):
        result = []
        thread = threading.Thread(
            target=lambda: result.append(self.ask("/data/st?size=9000&stall=4000")))
        thread.start()
        self.until(lambda: any(e["sent"] == 4000 for e in self.log("/data/st")))
        self.assertEqual(result, [])
        self.order(path="/data/st", release=True)
        thread.join(10)
        self.assertEqual(result[0][2], content("/data/st", 0, 9000))

    def test_stall_for(self):
        began = time.monotonic()
        self.assertEqual(len(self.ask("/data/sf?size=900&stall=5&stall_for=0.3")[2]), 900)
        self.assertGreater(time.monotonic() - began, 0.25)

    def test_stall_ends_with_the_peer(self):
        with socket.create_connection(("127.0.0.1", self.port)) as s:
            s.sendall(b"GET /data/sp?size=9000&stall=100 HTTP/1.1\r\n\r\n")
            self.until(lambda: any(e["sent"] == 100 for e in self.log("/data/sp")))
        self.assertEqual(self.ask("/data/sp?size=9000")[0], 200)

    def test_wrong_length(self):
        got = self.get("/data/w?size=500&length_delta=7", "Connection: close")
        self.assertIn(b"Content-Length: 507", got)
        self.assertEqual(len(self.body(got)), 500)
        got = self.get("/data/w?size=500&length_delta=-7", "Connection: close")
        self.assertIn(b"Content-Length: 493", got)

    def test_corrupt(self):
        got = self.ask("/data/cr?size=5000&corrupt_at=4321")[2]
        want = bytearray(content("/data/cr", 0, 5000))
        want[4321] ^= 255
        self.assertEqual(got, want)

    def test_drop_and_raw(self):
        self.assertEqual(self.get("/data/d?drop=1"), b"")
        self.assertEqual(self.get("/data/d?drop=1&reset=1"), b"<reset>")
        self.assertEqual(self.get("/data/d?raw=hello%0d%0a"), b"hello\r\n")
        got = self.get("/data/d?drop_body=1")
        self.assertEqual((got[:15], self.body(got)), (b"HTTP/1.1 200 OK", b""))
        got = self.get("/data/d?status_line=HTTP/9.9%20abc", "Connection: close")
        self.assertTrue(got.startswith(b"HTTP/9.9 abc\r\n"))

    def test_headers(self):
        self.assertEqual(len(self.ask("/data/hh?header_bytes=50000")[1]["X-Large"]), 50000)
        self.assertEqual(self.ask("/data/hh?header_count=90")[1]["X-Field-89"], "89")
        headers = self.ask("/data/hh?header=A:%201%0d%0aB:%202")[1]
        self.assertEqual((headers["A"], headers["B"]), ("1", "2"))

    def test_status(self):
        status, headers, _ = self.ask("/data/s5?status=503&retry_after=7&reason=Busy")
        self.assertEqual((status, headers["Retry-After"]), (503, "7"))
        for code in (400, 403, 404, 407, 410, 416, 429, 500, 502, 504, 599, 700):
            self.assertEqual(self.ask(f"/data/s5?status={code}")[0], code)

    def test_redirects(self):
        for code in (301, 302, 303, 307, 308):
            status, headers, _ = self.ask(f"/data/rd?redirect={code}&redirect_to=/data/other")
            self.assertEqual((status, headers["Location"]), (code, "/data/other"))
        target, hops = "/data/rc?size=77&redirect=302&hops=3", 0
        while True:
            status, headers, body = self.ask(target)
            if status != 302:
                break
            target, hops = headers["Location"], hops + 1
        self.assertEqual((status, hops, body), (200, 3, content("/data/rc", 0, 77)))
        target = self.ask("/data/rt?redirect=302&redirect_to={https}/data/x?size=3")[1]["Location"]
        self.assertEqual(target, f"https://127.0.0.1:{self.tls['good']}/data/x?size=3")

    def test_connection_modes(self):
        got = self.get("/data/ka?size=5&http10=1")
        self.assertTrue(got.startswith(b"HTTP/1.0 200 OK"))
        self.assertIn(b"Connection: close", self.get("/data/ka?size=5&keepalive=off"))
        self.assertNotIn(b"Connection: close", self.get("/data/ka?size=5&keepalive=lie"))
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        for _ in range(3):
            self.ask("/data/kb?size=5", connection=connection)
        connection.close()
        self.assertEqual(len({e["connection"] for e in self.log("/data/kb")}), 1)

    def test_unknown_parameter(self):
        self.assertEqual(self.ask("/data/u?sise=5")[0], 400)
        self.assertEqual(self.ask("/data/u?size=x")[0], 400)
        self.assertEqual(self.order(path="/data/u", set={"sise": 5}), 400)
        self.assertEqual(self.ask("/nothing")[0], 404)


class Uploads(Case):
    def test_post(self):
        data = content("/upload/p", 0, 300000)
        status, _, body = self.ask("/upload/p", "POST", body=data)
        self.assertEqual((status, body.decode().split()),
                         (200, [hashlib.sha256(data).hexdigest(), "300000"]))
        entry = self.log("/upload/p")[0]
        self.assertEqual(entry["received"], 300000)
        self.assertEqual(self.ask("/upload/p", "PUT", body=iter([data[:9], data[9:]]))[0], 200)

    def test_read_cut(self):
        with self.assertRaises((http.client.HTTPException, OSError)):
            self.ask("/upload/c?read_cut=1000", "POST", body=b"x" * 5000000)

    def test_expect(self):
        got = self.raw("POST /upload/e HTTP/1.1\r\nExpect: 100-continue\r\nConnection: close\r\n"
                       "Content-Length: 3\r\n\r\nabc")
        self.assertTrue(got.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200"))
        got = self.raw("POST /upload/e?expect=417 HTTP/1.1\r\nExpect: 100-continue\r\n"
                       "Content-Length: 3\r\n\r\n")
        self.assertTrue(got.startswith(b"HTTP/1.1 417"))


class Authentication(Case):
    def digest(self, target, algorithm, qop, challenge, proxied=False):
        f = dict(re.findall(r'(\w+)="?([^",]*)"?', challenge))
        hasher = hashlib.sha256 if algorithm.startswith("SHA") else hashlib.md5

        def h(s):
            return hasher(s.encode()).hexdigest()

        ha1, ha2 = h(f"user:{f['realm']}:password"), h(f"GET:{target}")
        if algorithm.endswith("-sess"):
            ha1 = h(f"{ha1}:{f['nonce']}:c0")
        middle = f"{f['nonce']}:00000001:c0:auth" if qop == "auth" else f["nonce"]
        answer = h(f"{ha1}:{middle}:{ha2}")
        text = (f'Digest username="user", realm="{f["realm"]}", nonce="{f["nonce"]}", '
                f'uri="{target}", algorithm={algorithm}, response="{answer}"')
        if qop == "auth" or algorithm.endswith("-sess"):
            text += ', cnonce="c0"'
        if qop == "auth":
            text += ', qop=auth, nc=00000001'
        return {"Proxy-Authorization" if proxied else "Authorization": text}

    def test_basic(self):
        status, headers, _ = self.ask("/data/b?auth=basic")
        self.assertEqual((status, headers["WWW-Authenticate"].split()[0]), (401, "Basic"))
        for text, want in (("user:password", 200), ("user:wrong", 401)):
            field = "Basic " + base64.b64encode(text.encode()).decode()
            self.assertEqual(self.ask("/data/b?auth=basic", headers={"Authorization": field})[0],
                             want)
        self.assertEqual([e["auth"] for e in self.log("/data/b")], ["none", "ok", "bad"])

    def test_digest(self):
        for algorithm in ("MD5", "MD5-sess", "SHA-256", "SHA-256-sess"):
            for qop in ("auth", "none"):
                target = f"/data/dg?auth=digest&digest={algorithm}&qop={qop}&nonce_uses=1"
                challenge = self.ask(target)[1]["WWW-Authenticate"]
                good = self.digest(target, algorithm, qop, challenge)
                self.assertEqual(self.ask(target, headers=good)[0], 200, (algorithm, qop))
                status, headers, _ = self.ask(target, headers=good)
                self.assertEqual(status, 401)
                self.assertIn("stale=true", headers["WWW-Authenticate"])
                bad = {"Authorization": good["Authorization"].replace('response="', 'response="0')}
                self.assertEqual(self.ask(target, headers=bad)[0], 401)

    def test_ntlm(self):
        def message(kind, user=""):
            name = user.encode("utf-16-le")
            return base64.b64encode(
                b"NTLMSSP\0" + bytes([kind]) + b"\0" * 27
                + struct.pack("<HHI", len(name), len(name), 64) + b"\0" * 20 + name).decode()

        def ask(target, token=None):
            connection.request("GET", target, headers={"Authorization": token} if token else {})
            response = connection.getresponse()
            response.read()
            return response.status, response.headers

        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        for name in ("NTLM", "Negotiate"):
            target = f"/data/nt?size=9&user=*&auth={name.lower()}"
            self.assertEqual(ask(target, f"{name} {message(3, 'early')}")[0], 401)
            status, headers = ask(target)
            self.assertEqual((status, headers["WWW-Authenticate"]), (401, name))
            status, headers = ask(target, f"{name} {message(1)}")
            self.assertEqual(status, 401)
            self.assertEqual(base64.b64decode(headers["WWW-Authenticate"].split()[1])[:9],
                             b"NTLMSSP\0\2")
            status, headers = ask(target, f"{name} {message(3, 'somebody')}")
            self.assertEqual((status, headers["X-User"]), (200, "somebody"))
            self.assertEqual(ask(target)[0], 200)  # the connection is his now
            self.assertEqual(self.ask(target)[0], 401)  # and no other
            ask(target, f"{name} {message(1)}")
            strict = f"/data/nt?size=9&auth={name.lower()}"
            self.assertEqual(ask(strict, f"{name} {message(3, 'user')}")[0], 401)  # no proof
        connection.close()

    def test_proxy(self):
        target = "http://far.example/data/px?size=9"
        self.assertEqual(self.ask(target)[0], 200)
        self.assertEqual(self.ask(target + "&proxy_auth=basic")[0], 407)
        field = "Basic " + base64.b64encode(b"user:password").decode()
        self.assertEqual(self.ask(target + "&proxy_auth=basic",
                                  headers={"Proxy-Authorization": field})[0], 200)
        self.assertEqual(self.ask("/data/px?size=9&proxy_auth=basic")[0], 200)

    def test_tunnel(self):
        self.order(path="CONNECT", set={"proxy_auth": "basic"})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.set_tunnel("a.example", self.port)
        with self.assertRaisesRegex(OSError, "407"):
            self.ask("/data/t?size=5", connection=connection)
        connection.close()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        field = "Basic " + base64.b64encode(b"user:password").decode()
        connection.set_tunnel("a.example", self.port, {"Proxy-Authorization": field})
        self.assertEqual(self.ask("/data/t?size=5", connection=connection)[2],
                         content("/data/t", 0, 5))
        connection.close()


class Tls(Case):
    def fetch(self, name, host="127.0.0.1", client=False):
        context = ssl.create_default_context(cafile=os.path.join(self.folder, "ca.pem"))
        if client:
            context.load_cert_chain(*(os.path.join(self.folder, "client" + e)
                                      for e in (".pem", ".key")))
        c = http.client.HTTPSConnection(host, self.tls[name], timeout=10, context=context)
        try:
            return self.ask("/data/tls?size=100000", connection=c)
        finally:
            c.close()

    def test_certificates(self):
        self.assertEqual(self.fetch("good")[2], content("/data/tls", 0, 100000))
        for name, reason in (("expired", "expired"), ("wronghost", "mismatch|not valid for"),
                             ("selfsigned", "self.signed")):
            with self.assertRaisesRegex(ssl.SSLCertVerificationError, reason):
                self.fetch(name)

    def test_client_certificate(self):
        with self.assertRaises(OSError):
            self.fetch("clientcert")
        self.assertEqual(self.fetch("clientcert", client=True)[0], 200)


class BitsUploads(Case):
    """Packets as the documentation of the protocol has them."""

    PROTOCOL = "{7df0354d-249b-430f-820d-3d2a9bef4931}"

    def packet(self, target, kind, session=None, body=b"", **more):
        headers = {"BITS-Packet-Type": kind, "Content-Length": str(len(body))}
        if session:
            headers["BITS-Session-Id"] = session
        headers.update({k.replace("_", "-"): v for k, v in more.items()})
        status, fields, _ = self.ask(target, "BITS_POST", headers, body)
        return status, {k.lower(): v for k, v in fields.items()}

    def create(self, target):
        status, fields = self.packet(target, "Create-Session",
                                     BITS_Supported_Protocols=self.PROTOCOL)
        self.assertEqual((status, fields["bits-packet-type"]), (200, "Ack"))
        self.assertEqual(fields["bits-protocol"], self.PROTOCOL)
        return fields["bits-session-id"]

    def fragment(self, target, session, first, body, total):
        return self.packet(target, "Fragment", session, body,
                           Content_Range=f"bytes {first}-{first + len(body) - 1}/{total}")

    def uploads(self, path):
        return json.loads(self.ask("/uploads?path=" + path)[2])

    def test_whole(self):
        data = content("/bits/whole", 0, 300)
        status, fields = self.packet("/bits/whole", "Ping")
        self.assertEqual((status, fields["bits-packet-type"]), (200, "Ack"))
        session = self.create("/bits/whole?bits_reply=5")
        status, fields = self.fragment("/bits/whole", session, 0, data[:200], 300)
        self.assertEqual((status, fields["bits-received-content-range"]), (200, "200"))
        status, fields = self.fragment("/bits/whole?bits_reply=5", session, 150, data[150:], 300)
        self.assertEqual((status, fields["bits-received-content-range"]), (200, "300"))
        self.assertEqual(len(self.ask(fields["bits-reply-url"])[2]), 5)
        self.assertEqual(self.packet("/bits/whole", "Close-Session", session)[0], 200)
        facts = self.uploads("/bits/whole")
        self.assertTrue(facts["good"])
        self.assertEqual((facts["size"], facts["closed"], facts["open"]), (300, 1, 0))

    def test_refusals(self):
        session = self.create("/bits/no")
        status, fields = self.fragment("/bits/no", session, 10, b"gap", 300)
        self.assertEqual((status, fields["bits-received-content-range"]), (416, "0"))
        status, fields = self.fragment("/bits/no", "unknown", 0, b"abc", 300)
        self.assertEqual((status, fields["bits-error-code"]), (404, "0x8020001f"))
        self.assertEqual(self.packet("/bits/no", "Nonsense")[0], 400)
        self.assertEqual(self.packet("/bits/no", "Create-Session")[0], 400)
        status, fields = self.fragment("/bits/no?bits_max=2", session, 0, b"abc", 3)
        self.assertEqual((status, fields["bits-error-code"]), (413, "0x80200020"))
        status, fields = self.fragment("/bits/no?bits_body_limit=2", session, 0, b"abc", 3)
        self.assertEqual(status, 413)
        self.assertNotIn("bits-packet-type", fields)
        self.assertEqual(self.ask("/bits/no")[0], 405)
        self.assertEqual(self.packet("/data/no", "Ping")[0], 405)

    def test_faults(self):
        target = "/bits/faults?bits_lose=1&on=Fragment&skip=1&times=1&bits_limit=2"
        session = self.create(target)
        self.assertEqual(self.fragment(target, session, 0, b"abc", 9)[0], 200)
        self.assertEqual(self.fragment(target, session, 3, b"def", 9)[0], 404)
        session = self.create("/bits/limit")
        fields = self.fragment("/bits/limit?bits_limit=2", session, 0, b"abc", 9)[1]
        self.assertEqual(fields["bits-received-content-range"], "2")
        fields = self.fragment("/bits/limit?bits_range=-1", session, 2, b"c", 9)[1]
        self.assertEqual(fields["bits-received-content-range"], "2")
        status, fields = self.packet(
            "/bits/limit?status=500&bits_error=80200020&bits_context=7", "Ping")
        self.assertEqual((status, fields["bits-error-code"], fields["bits-error-context"]),
                         (500, "0x80200020", "0x7"))
        with self.assertRaises((http.client.HTTPException, OSError)):
            self.fragment("/bits/limit?bits_no_ack=1", session, 3, b"def", 9)
        status, fields = self.fragment("/bits/limit", session, 0, b"abc", 9)
        self.assertEqual((status, fields["bits-received-content-range"]), (200, "6"))
        status, fields = self.fragment("/bits/limit?bits_application=403", session, 6, b"ghi", 9)
        self.assertEqual((status, fields["bits-error-context"]), (403, "0x7"))


class Lifetime(unittest.TestCase):
    def start(self, *args):
        return subprocess.Popen([sys.executable, os.path.join(HERE, "faultserver.py"), *args],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def check(self, process, end):
        self.assertRegex(process.stdout.readline(), r"PORT \d+\n")
        end(process)
        self.assertEqual(process.wait(10), 0)
        process.stdin.close()
        process.stdout.close()

    def test_ends(self):
        self.check(self.start(), lambda p: p.stdin.close())
        self.check(self.start(), lambda p: p.terminate())
        self.check(self.start("--max-seconds", "0.2"), lambda p: None)

    def test_port_file(self):
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, "port")
            process = self.start("--port-file", name)
            line = process.stdout.readline()
            with open(name, encoding="ascii") as f:
                self.assertEqual(f.read(), line)
            process.stdin.close()
            process.wait(10)
            process.stdout.close()


def main():
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    result = unittest.TextTestRunner(verbosity=1).run(suite)
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    return 1 if failed or not result.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
