"""Keys and certificates for the fault server, made by the openssl command in a folder: ca.pem is
the root, ca.crl its list of revoked certificates (DER), each name of NAMES has name.pem and name.key.
Those of CLIENTS are for a client: name.pem, name.key, and both as name.p12 without a password."""

import os
import re
import shutil
import ssl
import subprocess

# listed and revoked say where their list is, wronguse is made out for e-mail only.
NAMES = ("good", "expired", "wronghost", "selfsigned", "clientcert", "wronguse", "listed",
         "revoked")
# stranger and nameless signed themselves, signer is no certificate for clients.
CLIENTS = {"client": "/O=Some tests/OU=Their clients/CN=Test client",
           "stranger": "/CN=Test stranger", "nameless": "/", "signer": "/CN=Test signer"}

_CONFIG = """
[ca]
default_ca = own
[own]
dir = .
database = index.txt
serial = serial
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
policy = any
unique_subject = no
default_crl_days = 365
[any]
organizationName = optional
organizationalUnitName = optional
commonName = supplied
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = CA:false
extendedKeyUsage = %s
subjectAltName = %s
%s
"""


def _openssl(folder, *args):
    subprocess.run(["openssl", *args], cwd=folder, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def _config(folder, names, usage="serverAuth, clientAuth", more=""):
    with open(os.path.join(folder, "openssl.cnf"), "w", encoding="ascii") as f:
        f.write(_CONFIG % (usage, names, more))


def _private_exponent(key):
    """Of an RSA key. With one that begins with a zero byte Wine's Schannel fails to sign."""
    text = subprocess.run(["openssl", "rsa", "-in", key, "-noout", "-text"], check=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, encoding="ascii").stdout
    digits = re.search(r"^privateExponent:\n((?: +[0-9a-f:]+\n)+)", text, re.M).group(1)
    return int(re.sub(r"[^0-9a-f]", "", digits), 16)


def _root(folder):
    if os.path.exists(os.path.join(folder, "ca.pem")):
        return
    os.makedirs(folder, exist_ok=True)
    for name, text in (("index.txt", ""), ("serial", "1000\n")):
        with open(os.path.join(folder, name), "w", encoding="ascii") as f:
            f.write(text)
    _config(folder, "DNS:localhost")
    _openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out",
             "ca.pem", "-days", "3650", "-subj", "/CN=Fault server root", "-config", "openssl.cnf",
             "-extensions", "root")
    while True:  # about one key in twenty is short
        _openssl(folder, "genrsa", "-out", "leaf.key", "2048")
        if _private_exponent(os.path.join(folder, "leaf.key")).bit_length() > 2040:
            break


def _list(folder):
    _openssl(folder, "ca", "-config", "openssl.cnf", "-gencrl", "-out", "ca.crl.pem")
    _openssl(folder, "crl", "-in", "ca.crl.pem", "-outform", "DER", "-out", "ca.crl")


def _usage(name):
    return {"wronguse": "emailProtection", "signer": "codeSigning"}.get(
        name, name in CLIENTS and "clientAuth" or "serverAuth, clientAuth")


def make(folder, name, list_url=None):
    """Returns (certificate file, key file) for a name of NAMES or CLIENTS."""
    folder = os.path.abspath(folder)
    _root(folder)
    pem, key = (os.path.join(folder, name + end) for end in (".pem", ".key"))
    if os.path.exists(pem):
        return pem, key
    host = name == "wronghost" and "DNS:elsewhere.example" or "IP:127.0.0.1,DNS:localhost"
    subject = CLIENTS.get(name) or "/CN=" + (
        name == "wronghost" and "elsewhere.example" or "localhost")
    _config(folder, host, _usage(name),
            list_url and name in ("listed", "revoked") and "crlDistributionPoints = URI:" + list_url
            or "")
    shutil.copy(os.path.join(folder, "leaf.key"), key)  # one for all: making keys takes long
    if name in ("selfsigned", "stranger", "nameless"):
        _openssl(folder, "req", "-x509", "-key", key, "-out", pem, "-days", "365", "-subj", subject,
                 "-config", "openssl.cnf", "-extensions", "leaf")
    else:
        _openssl(folder, "req", "-new", "-key", key, "-out", name + ".csr", "-subj", subject,
                 "-config", "openssl.cnf")
        dates = ["-days", "365"]
        if name == "expired":
            dates = ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"]
        _openssl(folder, "ca", "-batch", "-config", "openssl.cnf", "-extensions", "leaf", "-in",
                 name + ".csr", "-out", pem, "-notext", *dates)
    if name == "revoked":
        _openssl(folder, "ca", "-config", "openssl.cnf", "-revoke", pem)
    if name in ("listed", "revoked"):
        _list(folder)
    if name in CLIENTS:
        _openssl(folder, "pkcs12", "-export", "-in", pem, "-inkey", key, "-passout", "pass:",
                 "-out", name + ".p12")
    return pem, key


def context(folder, name, list_url=None):
    """The ssl.SSLContext of a listener. list_url: where the list of revoked certificates is."""
    if name not in NAMES:
        raise SystemExit(f"{name} is none of {', '.join(NAMES)}")
    pem, key = make(folder, name, list_url)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(pem, key)
    if name == "clientcert":
        make(folder, "client")
        made.verify_mode = ssl.CERT_REQUIRED
        made.load_verify_locations(os.path.join(folder, "ca.pem"))
    return made
