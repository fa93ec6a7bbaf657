"""Basic and Digest authentication, the server's side (RFC 7617, RFC 7616, RFC 2069 without qop).
Called by reply.py; owns the nonces it gave out."""

import base64
import hashlib
import os
import re
import threading

_lock = threading.Lock()
_nonces = {}


def _parse_fields(text):
    fields = {}
    field = r'([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]*))'
    for name, quoted, plain in re.findall(field, text):
        fields[name.lower()] = re.sub(r"\\(.)", r"\1", quoted) if quoted else plain
    return fields


def challenge(scheme, values, stale=False):
    """The value of WWW-Authenticate or Proxy-Authenticate."""
    if scheme == "basic":
        return f'Basic realm="{values.realm}", charset="UTF-8"'
    nonce = os.urandom(12).hex()
    with _lock:
        _nonces[nonce] = 0
    parts = [f'realm="{values.realm}"', f'nonce="{nonce}"', f"algorithm={values.digest}",
             'opaque="5ccc069c403ebaf9f0171e9517f40e41"']
    if values.qop != "none":
        parts.append(f'qop="{values.qop}"')
    if stale:
        parts.append("stale=true")
    return "Digest " + ", ".join(parts)


def _check_basic(text, values):
    try:
        user, _, password = base64.b64decode(text, validate=True).decode("utf-8").partition(":")
    except ValueError:
        return "bad"
    return "ok" if (user, password) == (values.user, values.password) else "bad"


def _check_digest(text, values, method):
    f = _parse_fields(text)
    algorithm = f.get("algorithm", "MD5")
    if algorithm.lower() != values.digest.lower() or f.get("username") != values.user:
        return "bad"
    if f.get("realm") != values.realm or "uri" not in f or "response" not in f:
        return "bad"
    nonce = f.get("nonce", "")
    with _lock:
        if nonce not in _nonces:
            return "stale"
        _nonces[nonce] += 1
        if values.nonce_uses and _nonces[nonce] > values.nonce_uses:
            return "stale"

    def h(s):
        hasher = hashlib.sha256 if algorithm.lower().startswith("sha-256") else hashlib.md5
        return hasher(s.encode("utf-8")).hexdigest()

    ha1 = h(f"{values.user}:{values.realm}:{values.password}")
    if algorithm.lower().endswith("-sess"):
        ha1 = h(f"{ha1}:{nonce}:{f.get('cnonce', '')}")
    ha2 = h(f"{method}:{f['uri']}")
    if values.qop != "none":
        if f.get("qop") != "auth" or not f.get("nc") or not f.get("cnonce"):
            return "bad"
        want = h(f"{ha1}:{nonce}:{f['nc']}:{f['cnonce']}:auth:{ha2}")
    else:
        want = h(f"{ha1}:{nonce}:{ha2}")
    return "ok" if f["response"] == want else "bad"


def check(scheme, values, method, header):
    """header: value of (Proxy-)Authorization or None. Returns "none" (nothing was sent), "ok",
    "bad" or "stale"."""
    if not header:
        return "none"
    name, _, rest = header.partition(" ")
    if name.lower() != scheme:
        return "bad"
    if scheme == "basic":
        return _check_basic(rest.strip(), values)
    return _check_digest(rest, values, method)
