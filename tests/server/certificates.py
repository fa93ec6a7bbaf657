"""Keys and certificates for the fault server, made by the openssl command in a folder: ca.pem is
the root, each name of NAMES has name.pem and name.key, and client.pem/client.key is for a client."""

import os
import ssl
import subprocess

NAMES = ("good", "expired", "wronghost", "selfsigned", "clientcert")

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
[any]
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
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = %s
"""


def _openssl(folder, *args):
    subprocess.run(["openssl", *args], cwd=folder, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def _config(folder, names):
    with open(os.path.join(folder, "openssl.cnf"), "w", encoding="ascii") as f:
        f.write(_CONFIG % names)


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


def make(folder, name):
    """Returns (certificate file, key file) for a name of NAMES or "client"."""
    folder = os.path.abspath(folder)
    _root(folder)
    pem, key = (os.path.join(folder, name + end) for end in (".pem", ".key"))
    if os.path.exists(pem):
        return pem, key
    host = name == "wronghost" and "DNS:elsewhere.example" or "IP:127.0.0.1,DNS:localhost"
    subject = "/CN=" + {"wronghost": "elsewhere.example", "client": "Test client"}.get(
        name, "localhost")
    _config(folder, host)
    if name == "selfsigned":
        _openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out",
                 pem, "-days", "365", "-subj", subject, "-config", "openssl.cnf", "-extensions",
                 "leaf")
        return pem, key
    _openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", name + ".csr",
             "-subj", subject, "-config", "openssl.cnf")
    dates = ["-days", "365"]
    if name == "expired":
        dates = ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"]
    _openssl(folder, "ca", "-batch", "-config", "openssl.cnf", "-extensions", "leaf", "-in",
             name + ".csr", "-out", pem, "-notext", *dates)
    return pem, key


def context(folder, name):
    """The ssl.SSLContext of a listener."""
    if name not in NAMES:
        raise SystemExit(f"{name} is none of {', '.join(NAMES)}")
    pem, key = make(folder, name)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(pem, key)
    if name == "clientcert":
        make(folder, "client")
        made.verify_mode = ssl.CERT_REQUIRED
        made.load_verify_locations(os.path.join(folder, "ca.pem"))
    return made
