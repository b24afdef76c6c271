"""Absolute addresses: of what the site has, and of what a note points at."""

from __future__ import annotations

import re
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from feeds.config import Config, encode_path
from feeds.model import Article, Feed

# RFC 3986, section 2.2 and 2.3, less the brackets: validators of feeds know RFC 2396 only.
_SAFE = ";/?:@&=+$.-_!~*'(),%"
_AUTHORITY = re.compile(r"[A-Za-z0-9.:@_~%-]+|\[[0-9A-Fa-f:.]+\](:\d+)?")


def encode_address(url: str) -> str | None:
    """Spell a web address in ASCII (RFC 3986), or say None where it is none.

    ``https://arxiv.org/abs/1 2`` becomes ``https://arxiv.org/abs/1%202``; ``javascript:`` and
    relative references are None.
    """
    try:
        parts = urlsplit(url.strip())
        authority = parts.netloc
        if not authority.isascii():
            authority = authority.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        return None
    if parts.scheme not in ("http", "https") or not _AUTHORITY.fullmatch(authority):
        return None
    path, query, fragment = (
        quote(part, safe=_SAFE) for part in (parts.path, parts.query, parts.fragment)
    )
    return urlunsplit((parts.scheme, authority, path, query, fragment))


def shorten_address(url: str, limit: int = 60) -> str:
    """How an address is shown: ``arxiv.org/abs/2403.17297``, ``limit`` characters at most."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    text = f"{parts.netloc.removeprefix('www.')}{parts.path.rstrip('/')}{query}"
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def resolve_address(value: str | None, config: Config) -> str | None:
    """The address of an icon or a logo of the configuration; a relative one is below the base."""
    return encode_address(urljoin(config.address(), value)) if value else None


def find_article_address(article: Article, config: Config) -> str:
    """Where an entry is read: its page; without pages its paper, else the site."""
    if "pages" in config.outputs:
        return config.address(article.path)
    return (article.url and encode_address(article.url)) or config.address()


def find_feed_page(feed: Feed, config: Config) -> str:
    """The page that shows what a feed holds; without pages the site."""
    return config.address(feed.page if "pages" in config.outputs else "")


def find_tag_index(lang: str, config: Config) -> str:
    """The scheme of a language's categories: the page of all its tags."""
    return config.address(f"{lang}/tags/")


def find_tag_page(slug: str, lang: str, config: Config) -> str | None:
    """The page of a tag, or None without pages."""
    if "pages" not in config.outputs:
        return None
    return config.address(f"{lang}/tags/{encode_path(slug)}/")
