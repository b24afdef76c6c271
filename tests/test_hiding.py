from __future__ import annotations

import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.hiding import hide_addresses


def hide(text: str) -> str:
    return hide_addresses(text, lambda address: f"({address.upper()})")


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("to jane@example.org, at once", "to (JANE@EXAMPLE.ORG), at once"),
        ("jane@example.org.", "(JANE@EXAMPLE.ORG)."),
        ("<jane@example.org>: 550 no such user", "<(JANE@EXAMPLE.ORG)>: 550 no such user"),
        ("'jane@example.org': no address", "'(JANE@EXAMPLE.ORG)': no address"),
        ("to=jane@example.org", "to=(JANE@EXAMPLE.ORG)"),
        ("o'brien+news@mail.example.org", "(O'BRIEN+NEWS@MAIL.EXAMPLE.ORG)"),
        ("root@localhost", "(ROOT@LOCALHOST)"),
        ("mailto:jane@example.org?subject=x", "mailto:(JANE@EXAMPLE.ORG)?subject=x"),
        ('"jane doe"@example.org', '("JANE DOE"@EXAMPLE.ORG)'),
        ('{"to": "jane@example.org"}', '{"to": "(JANE@EXAMPLE.ORG)"}'),
        ("김하나@예시.한국에게", "(김하나@예시.한국에게)"),
        ("jane＠example.org", "(JANE＠EXAMPLE.ORG)"),
        ("jane@[192.0.2.1] left", "(JANE@[192.0.2.1]) left"),
        ("/ko/subscribe?address=jane%40example.org&x=1", "address=(JANE%40EXAMPLE.ORG)&x=1"),
        (
            "bounce+jane=example.org@lists.example.net",
            "(BOUNCE+JANE=EXAMPLE.ORG@LISTS.EXAMPLE.NET)",
        ),
        ("a@b.org,c@d.org;e@f.org", "(A@B.ORG),(C@D.ORG);(E@F.ORG)"),
    ],
)
def test_an_address_is_named_and_the_rest_stays(text: str, hidden: str) -> None:
    assert hide(text).endswith(hidden)


@pytest.mark.parametrize(
    "text",
    [
        "no address here",
        "    @property",
        "weights @ inputs",
        "50 % 40",
        "postgresql://paperround@db.example.org:5432/papers: connection refused",
    ],
)
def test_what_is_no_address_stays(text: str) -> None:
    assert hide(text) == text


@given(
    st.emails(),
    st.sampled_from(
        ["", " ", "<", "(", '"', "'", "to=", "RCPT TO:<", "실패: ", "[", ",", "mailto:"]
    ),
    st.sampled_from(["", " ", ">", ")", '"', "'", ":", ", and", "]", "?subject=x", "\n", ";"]),
)
def test_no_address_comes_out_wherever_it_stands(address: str, before: str, after: str) -> None:
    for written in (address, address.upper(), quote(address, safe="")):
        hidden = hide_addresses(f"{before}{written}{after}", lambda _address: "X")
        assert written not in hidden
        assert hidden.startswith(before)
        assert address.rpartition("@")[2].casefold() not in hidden.casefold()


@given(st.text(), st.text())
def test_no_text_is_too_odd(before: str, after: str) -> None:
    hidden = hide_addresses(f"{before} jane@example.org {after}", lambda _address: "X")
    assert "jane@example.org" not in hidden


@pytest.mark.parametrize("piece", ["a", '"', '"a', "a@", "@", "%40", "a%40", "=@", "@a.", "'"])
def test_long_texts_take_no_longer_than_they_are(piece: str) -> None:
    started = time.perf_counter()
    hide_addresses(piece * (300_000 // len(piece)) + "@", lambda _address: "X")
    assert time.perf_counter() - started < 5
