"""Web addresses: which are one, how they are spelled in ASCII, and how they are said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.urls import encode_link, encode_url, is_generic, show_url


@pytest.mark.parametrize(
    ("url", "encoded"),
    [
        ("https://arxiv.org/abs/1 2", "https://arxiv.org/abs/1%202"),
        ("HTTPS://Example.org/A", "https://example.org/A"),
        ("https://한국.example/한?q=가#나", "https://xn--3e0b707e.example/%ED%95%9C?q=%EA%B0%80#%EB%82%98"),
        ("https://example.org/100%", "https://example.org/100%25"),
        ("https://example.org/%ED%95%9C", "https://example.org/%ED%95%9C"),
        ("https://example.org/wiki/A_(B)", "https://example.org/wiki/A_(B)"),
        ("https://example.org/#a#b", "https://example.org/#a%23b"),
        ("https://example.org:8080", "https://example.org:8080"),
        ("https://[::1]/x", "https://[::1]/x"),
        ("https://example.org/\ud800", "https://example.org/?"),
        ("https://example.org:port/", None),
        ("https://[broken", None),
        ("https://", None),
        ("javascript:alert(1)", None),
        ("mailto:a@example.org", None),
        ("/relative", None),
    ],
)  # fmt: skip
def test_an_address_is_spelled_in_ascii_or_none(url: str, encoded: str | None) -> None:
    assert encode_url(url) == encoded


@given(st.text(max_size=30).map("https://example.org/".__add__))
def test_what_is_encoded_stays_as_it_is(url: str) -> None:
    encoded = encode_url(url)
    assert encoded is not None
    assert encoded.isascii()
    assert encode_url(encoded) == encoded


def test_a_link_does_not_end_where_programs_would_cut_it() -> None:
    assert encode_link("https://example.org/A_(B)") == "https://example.org/A_(B%29"
    assert encode_link("https://example.org/a,") == "https://example.org/a%2C"
    assert encode_link("mailto:a@example.org") == "mailto:a@example.org"
    assert encode_link("data:text/html,x") is None


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://www.arxiv.org/abs/2403.17297", "arxiv.org/abs/2403.17297"),
        ("https://example.org/", "example.org"),
        ("https://example.org/a/", "example.org/a"),
        ("https://example.org/A_(B%29", "example.org/A_(B)"),
        ("https://example.org/%ED%95%9C", "example.org/한"),
        ("mailto:a@example.org", "a@example.org"),
    ],
)
def test_an_address_is_said_as_people_say_it(address: str, said: str) -> None:
    assert show_url(address) == said


def test_a_long_address_keeps_its_end_and_is_told_apart_when_it_is_whole() -> None:
    address = f"https://example.org/{'x' * 100}/paper.pdf"
    assert len(show_url(address)) == 60
    assert show_url(address).endswith("/paper.pdf")
    assert show_url(address, whole=True) == address.removeprefix("https://")
    assert show_url("https://example.org/a/", whole=True) == "example.org/a/"


def test_a_text_that_says_nothing_of_where_it_leads_is_known() -> None:
    assert all(map(is_generic, ("here", "Click here", "Read more", "여기", "더보기", "바로가기")))
    assert not any(map(is_generic, ("Attention", "the paper", "코드")))
