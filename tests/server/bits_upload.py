"""A BITS upload server for tests, written from the protocol's documentation (pages
bits-upload-protocol, create-session, fragment, close-session, cancel-session, ping and their Acks).

    BITS_POST /bits/NAME?...        the packets; the parameters are those of behaviour.py, where
                                    on= names packets (on=Fragment) as it names methods elsewhere
    GET /uploads?path=/bits/NAME    what became of the uploads to that path, as JSON

Sessions live in memory and hold what was received, also of a fragment that was cut off. Called by
faultserver.py for each request to /bits/; calls reply.py for credentials and for error statuses.
"""

import hashlib
import re
import threading
import urllib.parse
import uuid

import pattern
import reply

PROTOCOL = "{7df0354d-249b-430f-820d-3d2a9bef4931}"
PACKETS = ("Ping", "Create-Session", "Fragment", "Close-Session", "Cancel-Session")
E_INVALIDARG = 0x80070057
BG_E_SESSION_NOT_FOUND = 0x8020001F
BG_E_TOO_LARGE = 0x80200020
BG_E_INVALID_RANGE = 0x8020002B
REMOTE_FILE, REMOTE_APPLICATION = 5, 7


class Session:
    def __init__(self, path):
        self.path = path
        self.data = bytearray()
        self.total = None
        self.delivered = False


class Uploads:
    """All sessions of a server, and for each path what has been delivered."""

    def __init__(self):
        self.lock = threading.Lock()
        self.sessions = {}
        self.paths = {}

    def count(self, path, what, number=1):
        with self.lock:
            counts = self.paths.setdefault(path, {})
            counts[what] = counts.get(what, 0) + number

    def note(self, path, **facts):
        with self.lock:
            self.paths.setdefault(path, {}).update(facts)

    def show(self, path):
        with self.lock:
            facts = dict(self.paths.get(path, {}))
            facts["open"] = sum(s.path == path for s in self.sessions.values())
        return facts


def packet_of(request):
    name = request.headers.get("bits-packet-type", "")
    return next((p for p in PACKETS if p.lower() == name.lower()), "")


def _ack(status, session=None, error=None, context=REMOTE_FILE):
    response = reply.Response(status)
    response.add("BITS-Packet-Type", "Ack")
    if session:
        response.add("BITS-Session-Id", session)
    if error is not None:
        response.add("BITS-Error-Code", f"0x{error:x}")
        response.add("BITS-Error-Context", f"0x{context:x}")
    return response


def _parse_range(text):
    """(first, count, total) of a Content-Range, or None."""
    m = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", text or "", re.I)
    if not m:
        return None
    first, last, total = map(int, m.groups())
    if total == 0 and first == 0 and last == 2**64 - 1:
        return 0, 0, 0
    if last < first or last >= total:
        return None
    return first, last - first + 1, total


def _create(uploads, request, values):
    if PROTOCOL not in request.headers.get("bits-supported-protocols", "").lower():
        return _ack(400, error=E_INVALIDARG)
    session = "{" + str(uuid.uuid4()) + "}"
    with uploads.lock:
        uploads.sessions[session] = Session(request.path)
    uploads.count(request.path, "created")
    response = _ack(values.bits_created, session)
    response.add("BITS-Protocol", values.bits_protocol or PROTOCOL)
    response.add("Accept-Encoding", "Identity")
    if values.bits_host:
        response.add("BITS-Host-Id", values.bits_host)
        if values.bits_fallback is not None:
            response.add("BITS-Host-Id-Fallback-Timeout", values.bits_fallback)
    return response


def _deliver(uploads, request, session, values, place):
    """The upload is whole: the file goes to its place, or to the application. Returns the URL of a
    reply, or None."""
    content = bytes(session.data)
    good = hashlib.sha256()
    for piece in pattern.chunks(values.content, 0, len(content)):
        good.update(piece)
    digest = hashlib.sha256(content)
    session.delivered = True
    uploads.count(request.path, "delivered")
    uploads.note(request.path, size=len(content), sha256=digest.hexdigest(),
                 good=digest.digest() == good.digest())
    url = values.bits_reply_url
    if url is None and values.bits_reply is not None:
        name = urllib.parse.quote(request.path.rpartition("/")[2])
        url = f"{{http}}/data/reply-{name}?size={values.bits_reply}&seed={values.seed}"
    for name, text in place.items():
        url = url.replace("{" + name + "}", text) if url else url
    return url


def _fragment(connection, uploads, request, name, session, values):
    """Takes a fragment. Everything that is to be kept is written as it comes in."""
    where = _parse_range(request.headers.get("content-range"))
    length = request.headers.get("content-length", "")
    if where is None or not length.isdigit() or int(length) != where[1]:
        connection.read_body(request, None)
        return _ack(400, name, E_INVALIDARG)
    first, count, total = where
    if values.bits_max is not None and total > values.bits_max:
        connection.read_body(request, None)
        return _ack(413, name, BG_E_TOO_LARGE)
    if session.total not in (None, total) or first > len(session.data):
        connection.read_body(request, None)
        response = _ack(416, name, BG_E_INVALID_RANGE)
        response.add("BITS-Received-Content-Range", len(session.data))
        return response
    if session.total is None and "content-name" in request.headers:
        uploads.note(request.path, name=request.headers["content-name"])
    session.total = total
    at, end = first, first + count
    if values.bits_limit is not None:
        end = min(end, len(session.data) + values.bits_limit)
    for piece in connection._body_pieces(request):
        have = len(session.data)
        request.body_length += len(piece)
        # What is there already is not written again.
        session.data += piece[max(0, have - at):max(0, end - at)]
        at += len(piece)
        if values.read_cut is not None and request.body_length >= values.read_cut:
            connection.close(values.reset)
    response = _ack(200, name)
    received = len(session.data) + values.bits_range
    response.add("BITS-Received-Content-Range", received)
    if first + count == total == len(session.data):
        if values.bits_application is not None:
            return _ack(values.bits_application, name, 0x80190000 + values.bits_application,
                        REMOTE_APPLICATION)
        url = _deliver(uploads, request, session, values, connection.server.place)
        if url:
            response.add("BITS-Reply-URL", url)
    return response


def _packet(connection, uploads, request, packet, values):
    name = request.headers.get("bits-session-id", "")
    if packet in ("Ping", "Create-Session", ""):
        connection.read_body(request, None)
        if packet == "Ping":
            return _ack(200)
        return _create(uploads, request, values) if packet else _ack(400, error=E_INVALIDARG)
    with uploads.lock:
        if values.bits_lose:
            uploads.sessions.pop(name, None)
        session = uploads.sessions.get(name)
    if session is None:
        connection.read_body(request, None)
        return _ack(404, name, BG_E_SESSION_NOT_FOUND)
    if packet == "Fragment":
        return _fragment(connection, uploads, request, name, session, values)
    connection.read_body(request, None)
    with uploads.lock:
        uploads.sessions.pop(name, None)
    uploads.count(request.path, "closed" if packet == "Close-Session" else "cancelled")
    return _ack(200, name)


def answer(connection, uploads, request, values, entry):
    """The response to one request to /bits/, or None when the connection is to be closed."""
    response = reply.needs_credentials(request, values)
    if response:
        connection.read_body(request, None)
        return response
    packet = packet_of(request)
    if request.method != "BITS_POST":
        connection.read_body(request, None)
        return reply.Response(405)
    too_long = values.bits_body_limit is not None and (
        int(request.headers.get("content-length", "0")) > values.bits_body_limit)
    if values.status is not None or values.redirect is not None or too_long:
        connection.read_body(request, None)
        if values.bits_error is not None:
            response = _ack(values.status, request.headers.get("bits-session-id"),
                            values.bits_error, values.bits_context)
        else:
            response = reply.Response(413 if too_long else values.status or values.redirect,
                                      values.reason)
            if values.redirect is not None:
                response.add("Location", values.redirect_to or "/bits/elsewhere")
        if values.retry_after is not None:
            response.add("Retry-After", values.retry_after)
        return response
    response = _packet(connection, uploads, request, packet, values)
    entry["received"] = request.body_length
    return None if values.bits_no_ack else response
