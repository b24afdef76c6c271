"""Mails signed by their domain, so that mailboxes can tell that they are ours (RFC 6376, RFC 8463).

dkimpy says what is signed: which headers, and how they and the body are spelled; cryptography signs
it. Headers are spelled relaxed, because relays fold them anew. The body is hashed as it is
(``simple``): dkimpy takes thirty times as long to spell it relaxed, which would be no safer here.
Its lines are of ASCII, short, and without a space at their end: no relay has to touch them.

A signature does not say when it was made. So a mail that is sent again is the same to the byte.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Literal, NamedTuple

import dkim  # type: ignore[import-untyped]  # it ships no types
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from dkim.canonicalization import (  # type: ignore[import-untyped]  # as above
    CanonicalizationPolicy,
)

from feeds.errors import SecretError

Kind = Literal["rsa", "ed25519"]

SIGNED = (
    *("from", "to", "reply-to", "subject"),
    *("mime-version", "content-type", "content-language"),
    # Without the first two, no mailbox offers one click to leave by (RFC 8058, section 4).
    *("list-unsubscribe", "list-unsubscribe-post", "list-id", "list-archive", "feedback-id"),
    "x-paperround-delivery",
)
"""The headers that are signed where a mail has them.

Not ``Date`` and ``Message-ID``: large relays write their own, which would break the signature.
"""

# Signed once more than it stands there: a second sender would break the signature.
_FROZEN = ("from",)
_SPELLING = b"relaxed/simple"
_HEADER = b"DKIM-Signature"
_LINE = 70
_RSA_BITS = 2048  # RFC 8301, section 3.2
_LEAST_RSA_BITS = 1024
_TXT_BYTES = 255  # of one string of a record (RFC 1035, section 3.3)


class DkimSigner:
    """Signs for a domain with one of its keys. Safe to call from several threads.

    :raises SecretError: the key is none, or one that mailboxes do not take.
    """

    def __init__(self, selector: str, domain: str, private_key_pem: bytes) -> None:
        self._key = _read_key(private_key_pem)
        self._policy = CanonicalizationPolicy.from_c_value(_SPELLING)
        algorithm = "rsa-sha256" if isinstance(self._key, RSAPrivateKey) else "ed25519-sha256"
        self._begin = (
            f" v=1; a={algorithm}; c={_SPELLING.decode()};\r\n d={domain}; s={selector};\r\n h="
        ).encode("ascii")

    def sign(self, message: bytes) -> bytes:
        """The message with its signature in front; lines end in CRLF, in both."""
        head, _, body = message.partition(b"\r\n\r\n")
        headers, _ = dkim.rfc822_parse(head)
        present = {name.lower() for name, _ in headers}
        names = [name for name in (*SIGNED, *_FROZEN) if name.encode() in present]
        unsigned = b"".join(
            (
                self._begin,
                "\r\n :".join(_fold_names(names)).encode("ascii"),
                b";\r\n bh=",
                base64.b64encode(self._hash_body(body)),
                b";\r\n b=",
            )
        )
        signature = base64.b64encode(self._sign(self._hash_headers(headers, names, unsigned)))
        lines = [signature[at : at + _LINE] for at in range(0, len(signature), _LINE)]
        return b"".join(
            (_HEADER, b":", unsigned, b"\r\n ".join(lines), b"\r\n", message),
        )

    def _hash_body(self, body: bytes) -> bytes:
        return hashlib.sha256(self._policy.canonicalize_body(body)).digest()

    def _hash_headers(self, headers: list[list[bytes]], names: list[str], unsigned: bytes) -> bytes:
        hasher = hashlib.sha256()
        dkim.hash_headers(
            hasher,
            self._policy,
            self._policy.canonicalize_headers(headers),
            [name.encode() for name in names],
            (_HEADER, unsigned),
            {},
        )
        return hasher.digest()

    def _sign(self, digest: bytes) -> bytes:
        if isinstance(self._key, RSAPrivateKey):
            return self._key.sign(digest, PKCS1v15(), Prehashed(hashes.SHA256()))
        # RFC 8463, section 3: what is signed is the hash.
        return self._key.sign(digest)


class DnsRecord(NamedTuple):
    """The TXT record that a domain's key is found by; ``value`` is the whole of it."""

    name: str
    value: str

    @property
    def zone_value(self) -> str:
        """The value as zone files have it: strings of 255 bytes at most, in quotes."""
        starts = range(0, len(self.value), _TXT_BYTES)
        return " ".join(f'"{self.value[start : start + _TXT_BYTES]}"' for start in starts)


def generate_key(kind: Kind) -> bytes:
    """Make a private key: PEM, PKCS #8, without a password."""
    key: RSAPrivateKey | Ed25519PrivateKey
    if kind == "rsa":
        key = generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
    else:
        key = Ed25519PrivateKey.generate()
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def dns_record(selector: str, domain: str, private_key_pem: bytes) -> DnsRecord:
    """The record that makes a key's signatures known (RFC 6376, section 3.6.1).

    :raises SecretError: the key is none, or one that mailboxes do not take.
    """
    key = _read_key(private_key_pem)
    if isinstance(key, RSAPrivateKey):
        kind = "rsa"
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    else:
        kind, public = "ed25519", key.public_key().public_bytes_raw()
    value = f"v=DKIM1; k={kind}; p={base64.b64encode(public).decode('ascii')}"
    return DnsRecord(f"{selector}._domainkey.{domain}", value)


def _read_key(pem: bytes) -> RSAPrivateKey | Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SecretError("dkim.key", "no private key; expected one in PEM") from error
    if isinstance(key, RSAPrivateKey) and key.key_size >= _LEAST_RSA_BITS:
        return key
    if isinstance(key, Ed25519PrivateKey):
        return key
    message = f"no key for DKIM; expected RSA of {_RSA_BITS} bits, or Ed25519"
    raise SecretError("dkim.key", message)


def _fold_names(names: list[str]) -> Iterator[str]:
    """Names of headers in lines."""
    line = ""
    for name in names:
        if line and len(line) + len(name) > _LINE:
            yield line
            line = ""
        line = f"{line}:{name}" if line else name
    yield line
