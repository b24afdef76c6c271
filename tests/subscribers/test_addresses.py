"""Addresses: what is one, how it is kept, and what no log tells."""

from __future__ import annotations

import re
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.errors import SubscriptionError
from feeds.secrets import Keys
from feeds.subscribers.addresses import (
    LONGEST,
    _read_carefully,
    address_key,
    hash_address,
    name_address,
    read_address,
)

KEYS = Keys(signing=(b"signs",), permanent=b"stays")
OTHER_KEYS = Keys(signing=(b"signs",), permanent=b"another")
LABEL = "a" * 61

GOOD = {
    "reader@example.org": "reader@example.org",
    "  reader@example.org\t": "reader@example.org",
    "Reader.Name+papers@Example.ORG": "Reader.Name+papers@example.org",
    "o'brien@example.org": "o'brien@example.org",
    "reader@한글.kr": "reader@xn--bj0bj06e.kr",
    "reader@bücher.example.com": "reader@xn--bcher-kva.example.com",
    "reader@BÜCHER.example.com": "reader@xn--bcher-kva.example.com",
    normalize("NFD", "reader@한글.kr"): "reader@xn--bj0bj06e.kr",  # as macOS writes it
    f"{'a' * 64}@example.org": f"{'a' * 64}@example.org",
}
BAD = [
    "",
    " ",
    "reader",
    "reader@",
    "@example.org",
    "reader@example",
    "reader@@example.org",
    "a@b@example.org",
    "reader@example..org",
    "reader@-example.org",
    "reader@example.org.",
    ".reader@example.org",
    "reader.@example.org",
    "re..ader@example.org",
    "re ader@example.org",
    "reader@exam ple.org",
    "reader@example.org, other@example.org",
    "reader@example.org other@example.org",
    "Reader <reader@example.org>",
    "mailto:reader@example.org",
    '"reader"@example.org',
    '"a b"@example.org',
    "reader(comment)@example.org",
    "reader@[192.0.2.1]",
    "reader@[IPv6:::1]",
    "reader@localhost",
    "한글@example.org",
    "réader@example.org",
    "reader@exa\u200bmple.org",
    "reader\u202e@example.org",
    "reader@example.org\r\nBcc: victim@example.org",
    "reader\r@example.org",
    "reader\n@example.org",
    "reader\0@example.org",
    "reader%0d%0a@exam\x7fple.org",
    "=?utf-8?q?reader=0D=0ABcc:_x?=@exa mple.org",
    f"{'a' * 65}@example.org",
    f"reader@{'a' * 64}.org",
    f"reader@{'.'.join([LABEL] * 4)}.org",
    f"{'a' * 64}@{'.'.join([LABEL] * 3)}.example.org",
    f"reader@{'한' * 60}.kr",
    "a" * 10_000_000,
    "@" * 1000,
]


@pytest.mark.parametrize(("written", "kept"), GOOD.items())
def test_an_address_is_kept_as_mail_servers_take_it(written: str, kept: str) -> None:
    assert read_address(written) == kept
    assert read_address(kept) == kept


@pytest.mark.parametrize("written", BAD, ids=lambda text: ascii(text[:40]))
def test_what_is_none_is_told_in_a_short_line(written: str) -> None:
    with pytest.raises(SubscriptionError, match=r"^address: .*expected") as told:
        read_address(written)
    assert told.value.key == "address"
    assert str(told.value).isprintable()
    assert re.fullmatch(r"address: .*[^.;:]; expected [^.;][^;]*[^.;]", str(told.value))
    assert not re.search(r"\. [A-Za-z]", str(told.value))
    assert len(str(told.value)) < 300


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("", "'': an email address must have an @-sign"),
        ("reader@", "'reader@': there must be something after the @-sign"),
        (
            "reader@example",
            "'reader@example': the part after the @-sign is not valid: it should have a period",
        ),
        (
            "a:b@c.org",
            "'a:b@c.org': the email address contains invalid characters before the @-sign: ':'",
        ),
    ],
)
def test_what_is_none_is_told_in_one_sentence(written: str, wrong: str) -> None:
    with pytest.raises(SubscriptionError) as told:
        read_address(written)
    assert str(told.value) == f"address: {wrong}; expected one such as reader@example.org"


def test_the_longest_has_254_characters() -> None:
    domain = ".".join([LABEL] * 3) + ".org"
    local = "a" * (LONGEST - len(domain) - 1)
    assert len(read_address(f"{local}@{domain}")) == LONGEST
    with pytest.raises(SubscriptionError):
        read_address(f"a{local}@{domain}")


# Parts that are mostly plain, with what makes them not so strewn in.
locals_ = st.text(st.sampled_from("abz09._-+'=AZ@é \t한"), max_size=70)
domains = st.text(st.sampled_from("abz09.-AZ한ü_ @"), max_size=70) | st.sampled_from(
    ["example.org", "EXAMPLE.org", "naver.com", f"{'.'.join([LABEL] * 4)}.org"]
)


@given(local=locals_, domain=domains)
def test_what_is_read_fast_is_what_is_read_carefully(local: str, domain: str) -> None:
    def outcome(read: object) -> str:
        assert callable(read)
        try:
            return f"kept as {read(f'{local}@{domain}')}"
        except SubscriptionError as error:
            return str(error)

    assert outcome(read_address) == outcome(_read_carefully)


def test_two_spellings_with_other_capitals_are_one() -> None:
    assert address_key("Reader@example.org") == address_key("rEADER@example.org")
    assert address_key("reader+a@example.org") != address_key("reader@example.org")


def test_a_hash_tells_an_address_again_and_only_who_has_the_key() -> None:
    told = hash_address("reader@example.org", KEYS)
    assert told == hash_address("READER@example.org", KEYS)
    assert told != hash_address("other@example.org", KEYS)
    assert told != hash_address("reader@example.org", OTHER_KEYS)
    assert "reader" not in told
    assert len(told) == 64


def test_a_log_names_an_address_the_same_each_time_and_nobody() -> None:
    name = name_address("Reader@example.org", KEYS)
    assert name == name_address("reader@example.org", KEYS)
    assert name != name_address("other@example.org", KEYS)
    assert "example" not in name
    assert name.removeprefix("reader-") not in hash_address("reader@example.org", KEYS)
