"""What the crash harness downloads: each Source is a URL with a known behaviour and the contents it
may rightly end with. Called by crash.py."""

import os

import harness
import pattern

MIB = 1 << 20


class Source:
    """versions: (size, seed) of every version that may be served. healthy: nothing is wrong with
    it, a job of healthy sources must not end in an error."""

    def __init__(self, url, versions, healthy, kind, credentials=None):
        self.url = url
        self.versions = versions
        self.healthy = healthy
        self.kind = kind
        self.credentials = credentials

    def whole(self, path):
        """Is the file one whole version?"""
        size = os.path.getsize(path)
        return any(size == s and pattern.first_difference(path, s, seed) is None
                   for s, seed in self.versions)

    def begins(self, path, length):
        """Are the first length bytes of the file those of one version?"""
        with open(path, "rb") as f:
            data = f.read(length)
        if len(data) < length:
            return False
        return any(length <= s and data == b"".join(pattern.chunks(seed, 0, length))
                   for s, seed in self.versions)


class Menu:
    """Makes sources from a random generator: half of them healthy, the others broken in one way."""

    STATIC = (0, 1, 4095, 65536, 300000, MIB, 5 * MIB + 3)

    def __init__(self, nginx, faults):
        self.faults = faults
        self.static = []
        for i, size in enumerate(self.STATIC):
            url = nginx.add(f"file{i}.bin", size, 1000 + i)
            self.static.append((url, size, 1000 + i))
            self.static.append((url.replace("/file", "/slow/file"), size, 1000 + i))
        self.count = 0

    def pick(self, rng):
        if rng.random() < 0.3:
            url, size, seed = rng.choice(self.static)
            return Source(url, [(size, seed)], True, "nginx")
        return self._fault(rng, rng.choice(_KINDS))

    def _fault(self, rng, make):
        self.count += 1
        size = rng.choice((rng.randrange(1, 65536), rng.randrange(65536, 4 * MIB)))
        # As slow as makes a transfer last about half a second: kills then land inside.
        settings, healthy, generations, credentials = make(rng, size)
        settings = {"size": size, "seed": self.count, "rate": max(4096, size * 2), **settings}
        name = f"s{self.count}-{make.__name__.strip('_')}"
        versions = [(size, (self.count + g * 1000003) & pattern.MASK) for g in range(generations)]
        return Source(self.faults.url(name, **settings), versions, healthy, make.__name__,
                      credentials)


# Each: (settings, healthy, number of versions that may be served, credentials or None).

def _plain(rng, size):
    return {"rate": 0}, True, 1, None


def _slow(rng, size):
    return {}, True, 1, None


def _validators(rng, size):
    return {"validators": rng.choice(("etag", "weak", "lm", "none"))}, True, 1, None


def _no_ranges(rng, size):
    # What is cut off there is an error in the background (bits-return-values).
    return {"ranges": rng.choice(("off", "silent"))}, False, 1, None


def _redirect(rng, size):
    return {"redirect": rng.choice((301, 302, 303, 307, 308)), "hops": 2}, True, 1, None


def _basic(rng, size):
    return {"auth": "basic", "user": "al", "password": "pa ss"}, True, 1, ("al", "pa ss")


def _cut(rng, size):
    return {"cut": rng.randrange(size), "times": rng.randrange(1, 4),
            "reset": rng.randrange(2)}, False, 1, None


def _stall(rng, size):
    return {"stall": rng.randrange(size), "stall_for": 0.7, "times": 2}, True, 1, None


def _wrong_length(rng, size):
    return {"length_delta": rng.randrange(1, 5000), "keepalive": "off", "times": 1,
            "on": "GET"}, False, 1, None


def _changes(rng, size):
    return {"gen_every": rng.randrange(2, 5)}, False, 400, None


def _changes_blindly(rng, size):
    return {"gen_after": rng.randrange(1, 4), "ignore_conditions": 1}, False, 2, None


def _drops_ranges(rng, size):
    # The first answer announces ranges, later ones ignore them.
    return {"ranges": "always416", "validators": rng.choice(("both", "lm"))}, False, 1, None


def _wrong_range(rng, size):
    return {"content_range": rng.choice(("shift", "first", "total", "star", "missing", "unit",
                                         "reversed", "garbage", "overflow", "negative",
                                         "beyond"))}, False, 1, None


def _busy(rng, size):
    return {"status": rng.choice((500, 502, 503, 504)), "retry_after": 1,
            "times": rng.randrange(1, 4)}, False, 1, None


def _missing(rng, size):
    return {"status": rng.choice((403, 404, 410))}, False, 1, None


def _drop(rng, size):
    return {rng.choice(("drop", "drop_body")): 1, "times": rng.randrange(1, 4),
            "reset": rng.randrange(2)}, False, 1, None


def _garbage(rng, size):
    return {"raw": "garbage\r\n\r\n", "times": 1}, False, 1, None


def _chunked(rng, size):
    return {"framing": "chunked"}, False, 1, None


_KINDS = (_plain, _plain, _slow, _slow, _slow, _slow, _validators, _no_ranges, _redirect, _basic,
          _cut, _stall, _wrong_length, _changes, _changes_blindly, _drops_ranges, _wrong_range,
          _busy, _missing, _drop, _garbage, _chunked)
