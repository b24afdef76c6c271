from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from feeds.config import Config
from feeds.delivery.dkim import DnsRecord, dns_record, generate_key
from feeds.doctor.diagnosis import Diagnosis
from feeds.doctor.domain import check_domain, check_signing
from feeds.doctor.names import look_up_texts
from tests.doctor.cases import configure, levels, only, run_check, surround

SPF = "v=spf1 include:relay.kr -all"
DMARC = "v=DMARC1; p=none"


def keep_key(config: Config, pem: bytes) -> DnsRecord:
    config.dkim_key_path.parent.mkdir(parents=True, exist_ok=True)
    config.dkim_key_path.write_bytes(pem)
    return dns_record(config.dkim.selector, config.dkim_domain, pem)


@pytest.fixture(scope="module")
def rsa() -> bytes:
    return generate_key("rsa")


def test_without_a_key_it_says_how_to_make_one(tmp_path: Path) -> None:
    [found] = run_check(check_signing, configure(tmp_path))
    assert (found.level, found.remedy) == ("warning", "paperround dkim new")


def test_a_good_key_is_well_and_its_record_is_told(tmp_path: Path, rsa: bytes) -> None:
    config = configure(tmp_path)
    record = keep_key(config, rsa)
    first, second = run_check(check_signing, config)
    assert (first.level, first.message) == ("ok", "the key is RSA of 2048 bits")
    assert (second.level, record.value in second.message) == ("ok", True)


def test_poor_keys_are_told(tmp_path: Path) -> None:
    config = configure(tmp_path)
    keep_key(config, generate_key("ed25519"))
    assert "Ed25519" in only(run_check(check_signing, config), "warning").message
    short = generate_private_key(public_exponent=65537, key_size=1024)
    keep_key(
        config,
        short.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
    assert "1024 bits" in only(run_check(check_signing, config), "warning").message


def look(config: Config, names: Mapping[str, Sequence[str]] | None) -> dict[str, Diagnosis]:
    """What is found by its first word."""
    found = run_check(check_domain, config, surround(names=names))
    return {each.message.partition(":")[0]: each for each in found}


def test_a_domain_that_says_it_all_is_well(tmp_path: Path, rsa: bytes) -> None:
    config = configure(tmp_path)
    record = keep_key(config, rsa)
    spaced = record.value.replace("p=", "p= ").replace("A", "A ", 3)
    found = look(
        config,
        {
            record.name: [spaced],
            "papers.kr": ["another record", SPF],
            "_dmarc.papers.kr": [DMARC],
        },
    )
    assert levels(found.values()) == ["ok"] * 3
    assert list(found) == ["DKIM", "SPF", "DMARC"]


def test_what_the_dns_lacks_is_told_with_what_to_set(tmp_path: Path, rsa: bytes) -> None:
    config = configure(tmp_path)
    record = keep_key(config, rsa)
    found = look(config, {})
    assert (found["DKIM"].level, record.value in found["DKIM"].remedy) == ("error", True)
    assert (found["SPF"].level, "v=spf1" in found["SPF"].remedy) == ("warning", True)
    assert (found["DMARC"].level, "v=DMARC1" in found["DMARC"].remedy) == ("warning", True)


def test_records_that_do_harm_are_told(tmp_path: Path, rsa: bytes) -> None:
    config = configure(tmp_path)
    record = keep_key(config, rsa)
    other = dns_record("a", "b", generate_key("rsa")).value
    found = look(
        config,
        {
            record.name: [other],
            "papers.kr": [SPF, SPF],
            "_dmarc.papers.kr": [DMARC, DMARC],
        },
    )
    assert levels(found.values()) == ["error"] * 3
    assert "another key" in found["DKIM"].message
    open_to_all = look(config, {record.name: [record.value, other], "papers.kr": ["v=spf1 +all"]})
    assert "more than one" in open_to_all["DKIM"].message
    assert "everybody" in open_to_all["SPF"].message


def test_a_domain_above_may_speak_of_dmarc(tmp_path: Path) -> None:
    config = configure(tmp_path, mail={"from_address": "notes@news.papers.kr"})
    assert look(config, {"_dmarc.papers.kr": [DMARC]})["DMARC"].level == "ok"
    assert look(config, {"_dmarc.kr": [DMARC]})["DMARC"].level == "warning"


def test_where_nobody_can_tell_it_is_a_warning(tmp_path: Path, rsa: bytes) -> None:
    config = configure(tmp_path)
    keep_key(config, rsa)
    found = run_check(check_domain, config, surround(names=None))
    assert levels(found) == ["warning"] * 3
    assert all("could not be looked up" in each.message for each in found)


@contextmanager
def name_server(texts: Mapping[str, Sequence[str]]) -> Iterator[dns.resolver.Resolver]:
    """A server of names on this machine, and who asks it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                data, peer = server.recvfrom(4096)
                if not data:
                    return
                query = dns.message.from_wire(data)
                name = query.question[0].name.to_text(omit_final_dot=True)
                answer = dns.message.make_response(query)
                answer.flags |= dns.flags.RA
                if name == "broken.kr":
                    answer.set_rcode(dns.rcode.SERVFAIL)
                elif name not in texts:
                    answer.set_rcode(dns.rcode.NXDOMAIN)
                elif texts[name]:
                    answer.answer.append(
                        dns.rrset.from_text(f"{name}.", 60, "IN", "TXT", *texts[name])
                    )
                server.sendto(answer.to_wire(), peer)

        thread = threading.Thread(target=serve)
        thread.start()
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = server.getsockname()[1]
        try:
            yield resolver
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.sendto(b"", server.getsockname())
            thread.join()


def test_texts_are_looked_up_and_put_together() -> None:
    texts = {"papers.kr": ['"v=spf1 " "-all"', '"other"'], "empty.kr": []}
    with name_server(texts) as resolver:
        assert sorted(look_up_texts("papers.kr", resolver=resolver)) == ["other", "v=spf1 -all"]
        assert look_up_texts("empty.kr", resolver=resolver) == []
        assert look_up_texts("nothing.kr", resolver=resolver) == []
        with pytest.raises(ConnectionError, match=r"broken\.kr could not be looked up"):
            look_up_texts("broken.kr", resolver=resolver, within_s=1)
        with pytest.raises(ConnectionError, match="could not be looked up"):
            look_up_texts("a" * 70 + ".kr", resolver=resolver)
