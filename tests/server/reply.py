"""Makes the response to one request: status, header fields, body segments. No I/O; faultserver.py
sends what comes out. A body is a list of segments, each either bytes or a Span of the resource.

The wrong Content-Range fields (parameter content_range), for bytes A-B/T:
    shift     A+1 to B+1            first     0 to B-A (another range than asked for)
    total     total T+1             star      total *
    missing   no such field         unit      "items" in place of "bytes"
    reversed  B-A                   garbage   "bytes from here to there"
    overflow  numbers beyond 64 bit negative  -A
    beyond    B+T (an end past the total)
"""

import gzip
import re
from email.utils import formatdate, parsedate_to_datetime
from http.client import responses as REASONS

import auth
import ntlm
import pattern

BASE_TIME = 1577934245  # Thu, 02 Jan 2020 03:04:05 GMT; one hour later per generation
BOUNDARY = "=_b17s_b0undary"


class Span:
    """count bytes of the resource from offset first on."""

    def __init__(self, first, count):
        self.first = first
        self.count = count

    def __len__(self):
        return self.count


class Response:
    def __init__(self, status, reason=None):
        self.status = status
        self.reason = reason if reason is not None else REASONS.get(status, "Unknown")
        self.fields = []
        self.body = []
        self.range = None  # (first, last) of a 206

    def add(self, name, value):
        self.fields.append((name, str(value)))

    def text(self, text):
        self.body = [text.encode()]
        self.add("Content-Type", "text/plain; charset=utf-8")

    def length(self):
        return sum(len(s) for s in self.body)


def last_modified(values):
    return BASE_TIME + values.gen * 3600


def etag(values):
    if values.etag is not None:
        return values.etag
    tag = f'"{values.seed:x}-{values.gen:x}-{values.size:x}"'
    return "W/" + tag if values.validators == "weak" else tag


def has_etag(values):
    return values.etag is not None or values.validators in ("both", "etag", "weak")


def has_date(values):
    return values.validators in ("both", "lm")


def _date(text):
    try:
        return int(parsedate_to_datetime(text).timestamp())
    except (TypeError, ValueError):
        return None


def _matches(field, values, weak):
    if field.strip() == "*":
        return True
    if not has_etag(values):
        return False
    mine = etag(values)
    for tag in re.findall(r'(?:W/)?"[^"]*"', field):
        if weak and tag.removeprefix("W/") == mine.removeprefix("W/"):
            return True
        if not weak and tag == mine and not tag.startswith("W/"):
            return True
    return False


def precondition(request, values):
    """Returns 412, 304 or None (RFC 9110 section 13.2.2)."""
    headers = request.headers
    if "if-match" in headers:
        if not _matches(headers["if-match"], values, weak=False):
            return 412
    elif "if-unmodified-since" in headers and has_date(values):
        date = _date(headers["if-unmodified-since"])
        if date is not None and last_modified(values) > date:
            return 412
    if request.method in ("GET", "HEAD"):
        if "if-none-match" in headers:
            if _matches(headers["if-none-match"], values, weak=True):
                return 304
        elif "if-modified-since" in headers and has_date(values):
            date = _date(headers["if-modified-since"])
            if date is not None and last_modified(values) <= date:
                return 304
    return None


def if_range_holds(request, values):
    field = request.headers.get("if-range")
    if field is None or values.ignore_conditions:
        return True
    if '"' in field:
        return _matches(field, values, weak=False)
    return has_date(values) and _date(field) == last_modified(values)


def parse_ranges(field, size, most):
    """Returns None (ignore the field), [] (none can be satisfied) or [(first, last), ...]."""
    m = re.fullmatch(r"\s*bytes\s*=\s*(.*)", field, re.I)
    if not m:
        return None
    ranges = []
    specs = [s.strip() for s in m.group(1).split(",") if s.strip()]
    if not specs or len(specs) > most:
        return None
    for spec in specs:
        m = re.fullmatch(r"(\d*)-(\d*)", spec)
        if not m or spec == "-":
            return None
        first, last = m.groups()
        if not first:
            if int(last) > 0 and size > 0:
                ranges.append((max(0, size - int(last)), size - 1))
        elif last and int(last) < int(first):
            return None
        elif int(first) < size:
            ranges.append((int(first), min(int(last), size - 1) if last else size - 1))
    return ranges


def content_range(first, last, size, fault):
    """The Content-Range field, or a wrong one; None leaves it out."""
    return {
        None: f"bytes {first}-{last}/{size}",
        "shift": f"bytes {first + 1}-{last + 1}/{size}",
        "first": f"bytes 0-{last - first}/{size}",
        "total": f"bytes {first}-{last}/{size + 1}",
        "star": f"bytes {first}-{last}/*",
        "missing": None,
        "unit": f"items {first}-{last}/{size}",
        "reversed": f"bytes {last}-{first}/{size}",
        "garbage": "bytes from here to there",
        "overflow": f"bytes {first + (1 << 64)}-{last + (1 << 64)}/{size + (1 << 64)}",
        "negative": f"bytes -{first + 1}-{last}/{size}",
        "beyond": f"bytes {first}-{last + size}/{size}",
    }[fault]


def _ranged(response, request, values, ranges):
    size = values.size
    if not ranges:
        response.status, response.reason = 416, REASONS[416]
        response.add("Content-Range", f"bytes */{size}")
        return
    response.status, response.reason = 206, REASONS[206]
    if len(ranges) == 1:
        first, last = ranges[0]
        response.range = (first, last)
        field = content_range(first, last, size, values.content_range)
        if field is not None:
            response.add("Content-Range", field)
        response.add("Content-Type", values.type)
        count = max(0, last - first + 1 + values.body_delta)
        response.body = [Span(first, count)]
        return
    response.add("Content-Type", f"multipart/byteranges; boundary={BOUNDARY}")
    for first, last in ranges:
        lines = [f"\r\n--{BOUNDARY}", f"Content-Type: {values.type}"]
        field = content_range(first, last, size, values.content_range)
        if field is not None:
            lines.append(f"Content-Range: {field}")
        response.body.append(("\r\n".join(lines) + "\r\n\r\n").encode())
        response.body.append(Span(first, max(0, last - first + 1 + values.body_delta)))
    response.body.append(f"\r\n--{BOUNDARY}--\r\n".encode())


def resource(request, values):
    """GET or HEAD of the resource itself."""
    response = Response(200)
    if has_etag(values):
        response.add("ETag", etag(values))
    if has_date(values):
        response.add("Last-Modified", formatdate(last_modified(values), usegmt=True))
    if values.ranges in ("on", "always416"):
        response.add("Accept-Ranges", "bytes")
    if not values.ignore_conditions:
        status = precondition(request, values)
        if status:
            response.status, response.reason = status, REASONS[status]
            return response
    if request.method == "GET" and "range" in request.headers and if_range_holds(request, values):
        if values.ranges == "always416":
            _ranged(response, request, values, [])
            return response
        ranges = None
        if values.ranges in ("on", "silent"):
            ranges = parse_ranges(request.headers["range"], values.size, values.max_ranges)
        if ranges is not None:
            _ranged(response, request, values, ranges)
            return response
    response.add("Content-Type", values.type)
    if values.gzip:
        plain = b"".join(pattern.chunks(values.content, 0, values.size))
        response.body = [gzip.compress(plain, 1, mtime=0)]
        response.add("Content-Encoding", "gzip")
    else:
        response.body = [Span(0, max(0, values.size + values.body_delta))]
    return response


def needs_credentials(request, values):
    """Returns a 401 or 407 Response, or None; notes the outcome in request.auth."""
    tries = [("proxy_auth", 407, "Proxy-Authenticate", "proxy-authorization")] * request.proxied
    tries.append(("auth", 401, "WWW-Authenticate", "authorization"))
    request.user = None
    for parameter, status, field, credentials in tries:
        scheme = getattr(values, parameter)
        if scheme == "none":
            continue
        header = request.headers.get(credentials)
        if scheme in ("ntlm", "negotiate"):
            name = "NTLM" if scheme == "ntlm" else "Negotiate"
            request.auth, challenge = ntlm.check(name, values, request.sessions[status], header)
        else:
            request.auth = auth.check(scheme, values, request.method, header)
            challenge = None
        if request.auth != "ok":
            response = Response(status)
            response.add(field, challenge
                         or auth.challenge(scheme, values, request.auth == "stale"))
            response.text("credentials, please\n")
            return response
        request.user = request.sessions[status].user
    return None


def _redirect(request, values, place):
    """hops=N: the client comes back to the same resource N times with a counter in the query; only
    then does redirect_to apply, or the resource answers."""
    hop = int(request.hop or 0)
    if hop >= values.hops:
        return None
    response = Response(values.redirect)
    location = values.redirect_to
    for name, text in place.items():
        location = location.replace("{" + name + "}", text)
    if not location or hop + 1 < values.hops:
        location = f"{request.path}?{request.query_without_hop}"
        location += ("" if location.endswith("?") else "&") + f"hop={hop + 1}"
    response.add("Location", location)
    response.text("elsewhere\n")
    return response


def make(request, values, place):
    """The response to a request for a resource. place: the texts for {http}, {https}, {host}."""
    response = needs_credentials(request, values)
    if response:
        return response
    if values.status is not None:
        response = Response(values.status, values.reason)
        if values.retry_after is not None:
            response.add("Retry-After", values.retry_after)
        if values.status >= 200 and values.status not in (204, 304):
            response.text(f"status {values.status}\n")
        return response
    if values.redirect is not None:
        response = _redirect(request, values, place)
        if response:
            return response
    if request.method not in values.methods.split(","):
        response = Response(405)
        response.add("Allow", values.methods)
        response.text("no\n")
        return response
    if request.method in ("POST", "PUT"):
        response = Response(200)
        response.text(f"{request.body_sha256} {request.body_length}\n")
        return response
    return resource(request, values)
