"""What a resource of the fault server does: the table of parameters, their values for one request,
and the state that lasts over requests (counters, settings made through /control).

Owned by faultserver.Server; reply.py reads the values. A parameter comes from the query string of
the request or from `POST /control`; the latter wins, so that a test can change a resource whose
URL a job already holds.

Parameters marked as faults apply only to the requests that the gate lets through:
on=GET,POST names the methods, skip=N lets the first N requests of the path go unharmed, times=N
ends it after N, every=N hits every Nth. Without a gate a fault strikes every time.
"""

import threading
import urllib.parse
import zlib

import pattern


def _flag(text):
    if text in ("1", "true", "yes", "on"):
        return True
    if text in ("0", "false", "no", "off", ""):
        return False
    raise ValueError(f"not a flag: {text}")


def _choice(*names):
    def parse(text):
        if text not in names:
            raise ValueError(f"{text} is none of {', '.join(names)}")
        return text

    return parse


# name: (parse, default, is a fault, meaning)
PARAMETERS = {
    # The resource.
    "size": (int, 65536, False, "bytes of the resource"),
    "seed": (int, None, False, "content, see pattern.py; default: crc32 of the path"),
    "gen": (int, 0, False, "generation: another one has other content, ETag and date"),
    "gen_after": (int, 0, False, "the generation goes up by one after N requests of the path"),
    "gen_every": (int, 0, False, "the generation goes up by one with every N requests"),
    "size_step": (int, 0, False, "each generation is this many bytes longer"),
    "validators": (_choice("both", "etag", "weak", "lm", "none"), "both", False,
                   "ETag and Last-Modified, one of them, a weak ETag (no date), or none"),
    "etag": (str, None, False, "this ETag, literally, whatever the generation"),
    "type": (str, "application/octet-stream", False, "Content-Type"),
    "ranges": (_choice("on", "silent", "off", "always416"), "on", False,
               "silent: honoured but not announced; off: ignored, 200"),
    "max_ranges": (int, 64, False, "more ranges than this in one request are ignored"),
    "framing": (_choice("length", "chunked", "close"), "length", False, "how the body's end shows"),
    "rate": (int, 0, False, "bytes per second of each response, 0: unlimited"),
    "gzip": (_flag, False, False, "Content-Encoding: gzip although nobody asked"),
    "ignore_conditions": (_flag, False, False, "If-Range, If-Match and friends are not looked at"),
    "http10": (_flag, False, False, "answer as HTTP/1.0 and close"),
    "keepalive": (_choice("on", "off", "lie"), "on", False,
                  "off: Connection: close; lie: close without having said so"),
    "expect": (_choice("continue", "ignore", "417"), "continue", False, "answer to Expect"),
    "methods": (str, "GET,HEAD,POST,PUT", False, "others get 405"),
    "auth": (_choice("none", "basic", "digest", "ntlm", "negotiate"), "none", False,
             "401 without the credentials"),
    "proxy_auth": (_choice("none", "basic", "digest", "ntlm", "negotiate"), "none", False,
                   "407 without them"),
    "user": (str, "user", False, "for auth and proxy_auth; *: any, see ntlm.py"),
    "password": (str, "password", False, "for auth and proxy_auth"),
    "realm": (str, "test", False, "for auth and proxy_auth"),
    "digest": (_choice("MD5", "MD5-sess", "SHA-256", "SHA-256-sess"), "MD5", False, "algorithm"),
    "qop": (_choice("auth", "none"), "auth", False, "none: as in RFC 2069"),
    "nonce_uses": (int, 0, False, "a digest nonce is stale after N uses, 0: never"),
    # BITS uploads (bits_upload.py).
    "bits_created": (int, 200, False, "status of the Ack for Create-Session"),
    "bits_protocol": (str, None, False, "this protocol is chosen, whatever was offered"),
    "bits_host": (str, None, False, "BITS-Host-Id"),
    "bits_fallback": (int, None, False, "BITS-Host-Id-Fallback-Timeout"),
    "bits_max": (int, None, False, "a larger file is 413, BG_E_TOO_LARGE"),
    "bits_body_limit": (int, None, False, "a longer fragment is 413 without Ack"),
    "bits_reply": (int, None, False, "the application replies with so many bytes"),
    "bits_reply_url": (str, None, False, "this BITS-Reply-URL, literally"),
    # The gate.
    "on": (str, "", False, "methods or BITS packets that faults apply to, default all"),
    "skip": (int, 0, False, "see above"),
    "times": (int, 0, False, "see above"),
    "every": (int, 0, False, "see above"),
    # The faults.
    "cut": (int, None, True, "close the connection after K bytes of the body"),
    "cut_at": (int, None, True, "the same, K being an offset into the resource"),
    "reset": (_flag, False, True, "cuts and drops are a TCP reset"),
    "stall": (int, None, True, "fall silent after K bytes of the body"),
    "stall_at": (int, None, True, "the same, K being an offset into the resource"),
    "stall_for": (float, 0.0, True, "seconds of silence; 0: until released or the peer goes"),
    "delay": (float, 0.0, True, "seconds before the response"),
    "length_delta": (int, 0, True, "Content-Length says this many more (or fewer) than are sent"),
    "body_delta": (int, 0, True, "more (or fewer) bytes than the range asked for"),
    "content_range": (_choice("shift", "first", "total", "star", "missing", "unit", "reversed",
                              "garbage", "overflow", "negative", "beyond"), None, True,
                      "a wrong Content-Range, see reply.py"),
    "corrupt_at": (int, None, True, "the byte at this offset of the resource is wrong"),
    "redirect": (int, None, True, "this status with a Location"),
    "redirect_to": (str, "", True, "Location; {http}, {https} and {host} stand for our addresses"),
    "hops": (int, 1, True, "redirects to itself this often, then to redirect_to or no more"),
    "status": (int, None, True, "this status instead"),
    "reason": (str, None, True, "reason phrase of status"),
    "retry_after": (str, None, True, "Retry-After of status"),
    "status_line": (str, None, True, "this status line, literally"),
    "raw": (str, None, True, "these bytes (latin-1) instead of a response, then close"),
    "header": (str, None, True, "this line (or lines) into the header, literally"),
    "header_bytes": (int, 0, True, "one header field of this size"),
    "header_count": (int, 0, True, "this many header fields"),
    "drop": (_flag, False, True, "close instead of answering"),
    "read_cut": (int, None, True, "close after K bytes of the request's body"),
    "drop_body": (_flag, False, True, "close right after the header"),
    "bits_limit": (int, None, True, "only so many bytes of a fragment are taken"),
    "bits_lose": (_flag, False, True, "the session is forgotten before the packet is looked at"),
    "bits_no_ack": (_flag, False, True, "what the packet asks for is done, but not answered"),
    "bits_range": (int, 0, True, "BITS-Received-Content-Range is so many bytes off"),
    "bits_error": (lambda text: int(text, 16), None, True, "BITS-Error-Code beside status"),
    "bits_context": (int, 5, True, "BITS-Error-Context beside status"),
    "bits_application": (int, None, True, "the application answers the whole file with this"),
}


class Values:
    """The parameters of one request as attributes."""

    def __init__(self, settings):
        for name, (_, default, _, _) in PARAMETERS.items():
            setattr(self, name, settings.get(name, default))


def parse_settings(pairs):
    """Turns {name: text or JSON value} into typed settings. Raises ValueError with the reason."""
    settings = {}
    for name, value in pairs.items():
        if name not in PARAMETERS:
            raise ValueError(f"no such parameter: {name}")
        if isinstance(value, bool):
            value = "1" if value else "0"
        if value is None:
            settings[name] = PARAMETERS[name][1]
            continue
        try:
            settings[name] = PARAMETERS[name][0](str(value))
        except ValueError as e:
            raise ValueError(f"{name}: {e}") from None
    return settings


def parse_query(query):
    return parse_settings(dict(urllib.parse.parse_qsl(query, keep_blank_values=True)))


def default_seed(path):
    return zlib.crc32(path.encode("utf-8", "surrogateescape"))


def content_seed(seed, gen):
    """The seed of pattern.py for a generation of a resource."""
    return (seed + gen * 1000003) & pattern.MASK


class Book:
    """Settings made through /control and the request counters, by path. Thread safe."""

    def __init__(self):
        self._lock = threading.Lock()
        self._settings = {}
        self._seen = {}
        self._gated = {}
        self._release = {}

    def control(self, path, settings, clear):
        with self._lock:
            if clear:
                self._settings.pop(path, None)
                self._seen.pop(path, None)
                self._gated.pop(path, None)
            if settings:
                self._settings.setdefault(path, {}).update(settings)
                # A new order is counted from now on.
                self._gated.pop(path, None)

    def reset(self):
        with self._lock:
            self._settings.clear()
            self._seen.clear()
            self._gated.clear()
            waiting = list(self._release.values())
            self._release.clear()
        for event in waiting:
            event.set()

    def release(self, path):
        """Lets the stalled responses of the path go on."""
        with self._lock:
            event = self._release.pop(path, None)
        if event:
            event.set()

    def release_event(self, path):
        with self._lock:
            return self._release.setdefault(path, threading.Event())

    def values(self, path, query_settings, method):
        """Counts a request and returns the Values that apply to it. Raises nothing."""
        with self._lock:
            settings = dict(query_settings)
            settings.update(self._settings.get(path, {}))
            values = Values(settings)
            seen = self._seen[path] = self._seen.get(path, 0) + 1
            struck = False
            if not values.on or method in values.on.split(","):
                n = self._gated[path] = self._gated.get(path, 0) + 1
                n -= values.skip
                struck = n > 0 and (not values.times or n <= values.times) and (
                    not values.every or n % values.every == 0)
        if not struck:
            for name, (_, default, fault, _) in PARAMETERS.items():
                if fault:
                    setattr(values, name, default)
        if values.gen_after and seen > values.gen_after:
            values.gen += 1
        if values.gen_every:
            values.gen += (seen - 1) // values.gen_every
        if values.seed is None:
            values.seed = default_seed(path)
        values.size = max(0, values.size + values.gen * values.size_step)
        values.content = content_seed(values.seed, values.gen)
        return values
