"""Signatures that mailboxes take, as dkimpy verifies them."""

from __future__ import annotations

import base64
import re
from types import SimpleNamespace
from typing import Any

import dkim  # type: ignore[import-untyped]  # it ships no types
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from feeds.delivery.dkim import SIGNED, DkimSigner, Kind, dns_record, generate_key
from feeds.delivery.message import build_letter
from feeds.errors import SecretError
from tests.delivery.test_message import (
    KOREAN,
    UNSUBSCRIBE,
    build,
    make_letter,
    make_newsletter,
    make_personal,
)
from tests.issues import make_config

KINDS: tuple[Kind, ...] = ("rsa", "ed25519")
KEYS = {kind: generate_key(kind) for kind in KINDS}
SIGNERS = {kind: DkimSigner("pr", "paperround.example", KEYS[kind]) for kind in KINDS}

# RFC 8463, appendix A: signed by somebody else.
FOREIGN_KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
FOREIGN_MAIL = """DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
"""


class VerifyKey:
    """What dkimpy needs of PyNaCl, where that is not installed."""

    def __init__(self, key: bytes, encoder: object) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(base64.b64decode(key))

    def verify(self, data: bytes, signature: bytes) -> None:
        self._key.verify(signature, data)


@pytest.fixture(autouse=True)
def _ed25519(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = SimpleNamespace(
        signing=SimpleNamespace(VerifyKey=VerifyKey),
        encoding=SimpleNamespace(Base64Encoder=None),
        exceptions=SimpleNamespace(BadSignatureError=InvalidSignature, ValueError=ValueError),
    )
    if not hasattr(dkim, "nacl"):
        monkeypatch.setattr(dkim, "nacl", stand_in, raising=False)


def verify(message: bytes, record: str) -> bool:
    def look_up(name: bytes, timeout: int = 5) -> bytes:
        return record.encode()

    return bool(dkim.verify(message, dnsfunc=look_up))


def check(message: bytes, kind: Kind) -> bool:
    return verify(message, dns_record("pr", "paperround.example", KEYS[kind]).value)


def make_mail(**keys: Any) -> bytes:
    return build(make_newsletter(html=f"<p>{KOREAN * 3}</p>\n"), **keys)


def test_the_verifier_of_these_tests_takes_what_others_signed() -> None:
    mail = FOREIGN_MAIL.replace("\n", "\r\n")
    assert verify(mail.encode(), FOREIGN_KEY)
    assert not verify(mail.replace("dinner", "supper").encode(), FOREIGN_KEY)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "mail",
    [
        make_mail(),
        build(make_newsletter(text="Plain English,  two spaces.\n\n", html="<p>a</p>\n\n\n")),
        make_mail(mail={"reply_to": "w@example.org", "unsubscribe_mailto": "l@example.org"}),
        build_letter(make_letter(), make_config(), make_personal()),
        b"From: a@paperround.example\r\n\r\nno line end",
        b"From: a@paperround.example\r\nSubject:  much \t space\r\n\r\nbody\r\n\r\n\r\n",
        b"From: a@paperround.example\r\n\r\n",
    ],
    ids=["korean", "english", "ways out", "letter", "no end", "loose ends", "empty"],
)
def test_what_is_signed_verifies(kind: Kind, mail: bytes) -> None:
    signed = SIGNERS[kind].sign(mail)
    assert signed.endswith(mail)
    assert check(signed, kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"unsubscribe?t={UNSUBSCRIBE[:4]}", "unsubscribe?t=XXXX"),
        ("List-Unsubscribe=One-Click", "List-Unsubscribe=Two-Clicks"),
        ("List-Unsubscribe-Post:", "X-Nothing:"),
        ("To: reader@", "To: somebody@"),
        ("Subject: ", "Subject: Not "),
        ("ko.newsletter.", "en.newsletter."),
        ("text/html", "text/plain"),
        ("Content-Type: multipart/alternative", "Content-Type: multipart/mixed"),
        ("\r\nFrom: ", "\r\nFrom: evil@example.org\r\nFrom: "),
        ("X-Paperround-Delivery: 17", "X-Paperround-Delivery: 18"),
    ],
)
def test_a_change_on_the_way_is_noticed(kind: Kind, old: str, new: str) -> None:
    signed = SIGNERS[kind].sign(make_mail())
    assert old.encode() in signed
    assert not check(signed.replace(old.encode(), new.encode(), 1), kind)


@pytest.mark.parametrize("kind", KINDS)
def test_headers_that_a_relay_folds_anew_still_verify(kind: Kind) -> None:
    signed = SIGNERS[kind].sign(make_mail())
    for header in (b"List-Unsubscribe-Post:", b"Message-ID:", b"To:", b"Feedback-ID:"):
        assert b"\r\n" + header + b" " in signed
        signed = signed.replace(header + b" ", header + b"\r\n\t  ", 1)
    assert check(signed, kind)


REWRITTEN = (b"Date", b"Message-ID")


@pytest.mark.parametrize("kind", KINDS)
def test_a_relay_may_write_its_own_date_and_message_id(kind: Kind) -> None:
    signed = SIGNERS[kind].sign(make_mail())
    ours = {name: re.search(rb"\r\n" + name + rb": [^\r]*", signed) for name in REWRITTEN}
    for name, found in ours.items():
        assert found
        signed = signed.replace(found[0], b"\r\n" + name + b": another one", 1)
    assert check(signed, kind)


def test_both_ways_to_leave_are_covered_and_the_sender_twice() -> None:
    [names] = re.findall(rb"\r\n h=([^;]*);", SIGNERS["rsa"].sign(make_mail()))
    signed = re.sub(rb"\s", b"", names).decode().split(":")
    assert {"list-unsubscribe", "list-unsubscribe-post"} < set(signed)
    assert signed.count("from") == 2
    assert set(signed) <= set(SIGNED)


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_that_is_sent_again_is_signed_the_same(kind: Kind) -> None:
    signed = SIGNERS[kind].sign(make_mail())
    assert SIGNERS[kind].sign(make_mail()) == signed
    assert max(map(len, signed.partition(b"\r\nFrom:")[0].split(b"\r\n"))) <= 78


def test_two_keys_may_sign_one_mail() -> None:
    # Not every mailbox knows Ed25519 yet: RFC 8463, section 2, advises both for a time.
    first = SIGNERS["ed25519"].sign(make_mail())
    both = SIGNERS["rsa"].sign(first)
    assert check(both, "rsa")
    assert check(first, "ed25519")


def test_a_record_is_cut_into_strings_that_a_zone_file_takes() -> None:
    record = dns_record("pr", "paperround.example", KEYS["rsa"])
    name, value = record
    assert name == "pr._domainkey.paperround.example"
    assert value.startswith("v=DKIM1; k=rsa; p=MII")
    strings = re.fullmatch('"([^"]*)" "([^"]*)"', record.zone_value)
    assert strings
    assert "".join(strings.groups()) == value
    assert max(map(len, strings.groups())) <= 255
    short = dns_record("pr", "paperround.example", KEYS["ed25519"])
    assert short.zone_value == f'"{short.value}"'


@pytest.mark.parametrize("pem", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END"])
def test_what_is_no_key_is_told_without_repeating_it(pem: bytes) -> None:
    with pytest.raises(SecretError, match="no private key; expected one in PEM") as told:
        DkimSigner("pr", "paperround.example", pem)
    assert "AAAA" not in str(told.value)


def write_pem(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_keys_of_other_kinds_are_refused() -> None:
    other = write_pem(generate_private_key(SECP256R1()))
    for use in (lambda: DkimSigner("pr", "a.example", other), lambda: dns_record("pr", "a", other)):
        with pytest.raises(SecretError, match="expected RSA of 2048 bits, or Ed25519"):
            use()
