"""NTLM, the server's side ([MS-NLMP]), bare or inside Negotiate: it authenticates a connection, not
a request. Called by reply.py; what it knows of a connection it keeps in the connection itself.

User "*" lets everybody in by the name he gives, unchecked; others must prove the password by an
NTLMv2 response.
"""

import base64
import hmac
import os
import struct

_SIGNATURE = b"NTLMSSP\0"
_UNICODE, _NTLM, _NTLM2, _TARGET_INFO = 1, 0x200, 0x80000, 0x800000


class Session:
    """What a connection has come to: the challenge it was given, who it is authenticated as."""

    def __init__(self):
        self.challenge = None
        self.user = None


def _md4(data):
    """RFC 1320; Python's own is gone where OpenSSL has dropped it."""
    def turn(value, bits):
        value &= 0xFFFFFFFF
        return (value << bits | value >> (32 - bits)) & 0xFFFFFFFF

    rounds = (
        (lambda x, y, z: x & y | ~x & z, 0, range(16), (3, 7, 11, 19)),
        (lambda x, y, z: x & y | x & z | y & z, 0x5A827999,
         [i % 4 * 4 + i // 4 for i in range(16)], (3, 5, 9, 13)),
        (lambda x, y, z: x ^ y ^ z, 0x6ED9EBA1,
         (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15), (3, 9, 11, 15)))
    state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
    padded = data + b"\x80" + b"\0" * ((55 - len(data)) % 64) + struct.pack("<Q", len(data) * 8)
    for at in range(0, len(padded), 64):
        words = struct.unpack_from("<16I", padded, at)
        a, b, c, d = state
        for mix, constant, order, shifts in rounds:
            for i, word in enumerate(order):
                a, b, c, d = d, turn(a + (mix(b, c, d) & 0xFFFFFFFF) + words[word] + constant,
                                     shifts[i % 4]), b, c
        state = [x + y & 0xFFFFFFFF for x, y in zip(state, (a, b, c, d))]
    return struct.pack("<4I", *state)


def _challenge(session):
    session.challenge = os.urandom(8)
    name = "TEST".encode("utf-16-le")
    info = struct.pack("<HH", 2, len(name)) + name + struct.pack("<HH", 0, 0)
    return (_SIGNATURE + struct.pack("<IHHII", 2, len(name), len(name), 48,
                                     _UNICODE | _NTLM | _NTLM2 | _TARGET_INFO)
            + session.challenge + b"\0" * 8
            + struct.pack("<HHI", len(info), len(info), 48 + len(name)) + name + info)


def _field(message, at):
    length, _, offset = struct.unpack_from("<HHI", message, at)
    if offset + length > len(message):
        raise ValueError
    return message[offset:offset + length]


def _proof(user, domain, password, challenge, blob):
    key = hmac.new(_md4(password.encode("utf-16-le")),
                   (user.upper() + domain).encode("utf-16-le"), "md5").digest()
    return hmac.new(key, challenge + blob, "md5").digest()


def _proves(message, user, domain, password, challenge):
    response = _field(message, 20)
    return len(response) >= 24 and hmac.compare_digest(
        _proof(user, domain, password, challenge, response[16:]), response[:16])


def negotiate():
    """The client's side: its first message."""
    return _SIGNATURE + struct.pack("<II", 1, _UNICODE | _NTLM | _NTLM2) + b"\0" * 16


def answer(message, user, password):
    """The client's side: its answer to the server's message."""
    blob = (b"\1\1" + b"\0" * 14 + os.urandom(8) + b"\0" * 4 + _field(message, 40) + b"\0" * 4)
    parts = [b"\0" * 24, _proof(user, "", password, message[24:32], blob) + blob, b"",
             user.encode("utf-16-le"), b"", b""]
    head, at = _SIGNATURE + struct.pack("<I", 3), 64
    for part in parts:
        head += struct.pack("<HHI", len(part), len(part), at)
        at += len(part)
    return head + message[20:24] + b"".join(parts)


def check(scheme, values, session, header):
    """header: value of (Proxy-)Authorization or None. Returns what became of it ("none", "asked",
    "ok" or "bad") and the value of the field that asks for more."""
    if not header:
        return ("ok" if session.user else "none"), scheme
    challenge, session.challenge, session.user = session.challenge, None, None
    name, _, rest = header.partition(" ")
    try:
        message = base64.b64decode(rest, validate=True)
        if name.lower() != scheme.lower() or message[:8] != _SIGNATURE:
            return "bad", scheme
        kind, = struct.unpack_from("<I", message, 8)
        if kind == 1:
            return "asked", f"{scheme} {base64.b64encode(_challenge(session)).decode()}"
        domain, user = (_field(message, at).decode("utf-16-le") for at in (28, 36))
        if kind != 3 or not challenge or not user:
            return "bad", scheme
        if values.user != "*" and (user != values.user or not _proves(
                message, user, domain, values.password, challenge)):
            return "bad", scheme
    except (ValueError, struct.error):
        return "bad", scheme
    session.user = user
    return "ok", scheme
