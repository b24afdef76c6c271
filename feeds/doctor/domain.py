"""What mailboxes look for before they take a mail for good: DKIM, SPF and DMARC."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from feeds.config import Config
from feeds.delivery.dkim import DnsRecord, dns_record
from feeds.doctor.diagnosis import Diagnosis, Surroundings, bad, doubtful, fine
from feeds.errors import SecretError

_GOOD_BITS = 2048


def check_signing(config: Config, surroundings: Surroundings) -> Iterator[Diagnosis]:
    """Whether the key that signs mail is there and good; says what the DNS should have."""
    del surroundings
    if not config.has_readers:
        return
    path = config.dkim_key_path
    if not path.is_file():
        message = f"mail is not signed: there is no {path}; large mailboxes refuse such mail"
        yield doubtful(message, "paperround dkim new")
        return
    record = _read_record(config)
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, RSAPrivateKey):
        message = "the key is Ed25519: mailboxes that cannot verify it take the mail for unsigned"
        yield doubtful(message, "paperround dkim new --kind rsa --selector ANOTHER")
    elif key.key_size < _GOOD_BITS:
        message = f"the key has {key.key_size} bits, which mailboxes come to refuse"
        yield doubtful(message, "paperround dkim new --selector ANOTHER")
    else:
        yield fine(f"the key is RSA of {key.key_size} bits")
    yield fine(f'the DNS should say {record.name} TXT "{record.value}"')


def check_domain(config: Config, surroundings: Surroundings) -> Iterator[Diagnosis]:
    """Whether the DNS says what mailboxes look for; what cannot be looked up is a warning."""
    if not config.has_readers:
        return
    for check in (_check_dkim, _check_spf, _check_dmarc):
        try:
            yield from check(config, surroundings)
        except ConnectionError as error:
            yield doubtful(str(error), "try again where the DNS answers")


def _read_record(config: Config) -> DnsRecord:
    path = config.dkim_key_path
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise SecretError(str(path), f"cannot be read: {error.strerror}") from error
    return dns_record(config.dkim.selector, config.dkim_domain, pem)


def _check_dkim(config: Config, surroundings: Surroundings) -> Iterator[Diagnosis]:
    if not config.dkim_key_path.is_file():
        return
    try:
        record = _read_record(config)
    except SecretError:
        return  # told by check_signing
    found = surroundings.look_up(record.name)
    keys = [_read_tags(text).get("p") for text in found]
    if not found:
        remedy = f'set {record.name} TXT "{record.value}"'
        yield bad(f"DKIM: {record.name} has no record: no signature can be verified", remedy)
    elif keys == [_read_tags(record.value)["p"]]:
        yield fine(f"DKIM: {record.name} has this key")
    else:
        told = "more than one record" if len(found) > 1 else "another key"
        remedy = f'set {record.name} TXT "{record.value}"'
        yield bad(f"DKIM: {record.name} has {told}: no signature is good", remedy)


def _check_spf(config: Config, surroundings: Surroundings) -> Iterator[Diagnosis]:
    """SPF (RFC 7208): who may send for the domain, of which there is one record at most."""
    domain = _sender_domain(config)
    found = [text for text in surroundings.look_up(domain) if re.match(r"v=spf1(\s|$)", text, re.I)]
    if not found:
        remedy = f'set {domain} TXT "v=spf1 … -all", with what your relay names for it'
        yield doubtful(f"SPF: {domain} does not say who sends for it", remedy)
    elif len(found) > 1:
        yield bad(f"SPF: {domain} has {len(found)} records, which count as none", "make them one")
    elif re.search(r"(?:^|\s)\+?all(?:\s|$)", found[0], re.I):
        yield bad(f"SPF: {domain} lets everybody send for it", "end the record in -all")
    else:
        yield fine(f"SPF: {domain} says {found[0]}")


def _check_dmarc(config: Config, surroundings: Surroundings) -> Iterator[Diagnosis]:
    """DMARC (RFC 7489): what to do with mail that is not signed; a domain above may say so too."""
    domain = _sender_domain(config)
    labels = domain.split(".")
    for start in range(max(1, len(labels) - 1)):
        name = f"_dmarc.{'.'.join(labels[start:])}"
        found = [text for text in surroundings.look_up(name) if text.lower().startswith("v=dmarc1")]
        if len(found) > 1:
            yield bad(f"DMARC: {name} has {len(found)} records, which count as none", "keep one")
            return
        if found:
            yield fine(f"DMARC: {name} says {found[0]}")
            return
    remedy = f'set _dmarc.{domain} TXT "v=DMARC1; p=none"; p=quarantine when all is well'
    yield doubtful(f"DMARC: {domain} has no record, which large mailboxes want", remedy)


def _sender_domain(config: Config) -> str:
    domain = (config.mail.from_address or "").rpartition("@")[2].lower()
    return domain if domain.isascii() else domain.encode("idna").decode("ascii")


def _read_tags(text: str) -> dict[str, str]:
    """The tags of a record (RFC 6376, section 3.2), without white space in their values."""
    pairs = [pair.partition("=") for pair in text.split(";")]
    return {name.strip(): re.sub(r"\s", "", value) for name, _, value in pairs if name.strip()}
