"""What search engines are told: the pages that they may list (sitemaps.org, 0.9), and robots.txt.

An address with its languages is one entry, as Google asks for: each names all of them by
``xhtml:link``, itself too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from urllib.parse import urlsplit

from feeds.config import Config
from feeds.model import Link, OutputFile
from feeds.outputs.formats import FORMATS

# The protocol allows 50,000 addresses and 50 MiB a file: what grows a little stays below.
MOST_ADDRESSES = 45_000
MOST_CHARACTERS = 45_000_000  # everything in it is ASCII
_XML = "application/xml; charset=utf-8"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_XHTML = "http://www.w3.org/1999/xhtml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A page that search engines may list: its path below the base URL, percent-encoded.

    ``alternates`` are the same page in every language, itself too; ``updated`` is when what it
    shows last changed, where that is known.
    """

    path: str
    alternates: Sequence[Link]
    updated: datetime | None


def write_sitemap(pages: Iterable[Listed], config: Config) -> Iterator[OutputFile]:
    """``sitemap.xml``: all pages, or where they are too many an index of files that hold them."""
    parts = list(_divide(_write_page(page, config) for page in pages))
    if len(parts) <= 1:
        yield _make_file("sitemap.xml", "urlset", parts[0] if parts else "")
        return
    names = [f"sitemap-{number}.xml" for number in range(1, len(parts) + 1)]
    for name, part in zip(names, parts, strict=True):
        yield _make_file(name, "urlset", part)
    index = "".join(
        f"<sitemap><loc>{escape(config.address(name))}</loc></sitemap>\n" for name in names
    )
    yield _make_file("sitemap.xml", "sitemapindex", index)


def write_robots(config: Config) -> OutputFile:
    """``robots.txt`` (RFC 9309): all may read all, but for feeds that are combined when asked for.

    It is heeded at the root of a host only; below a path it does no harm.
    """
    root = urlsplit(config.address()).path
    lines = ["User-agent: *", "Allow: /"]
    if config.application:
        # Any set of tags makes an address: there is no end of them.
        lines += [f"Disallow: {root}*/feed.{form.ending}?" for form in FORMATS]
    lines += ["", f"Sitemap: {config.address('sitemap.xml')}", ""]
    content = "\n".join(lines).encode()
    return OutputFile(path="robots.txt", content=content, media_type="text/plain; charset=utf-8")


def _divide(entries: Iterable[str]) -> Iterator[str]:
    """Entries, joined to as few files as the protocol allows."""
    part: list[str] = []
    size = 0
    for entry in entries:
        if part and (len(part) >= MOST_ADDRESSES or size + len(entry) > MOST_CHARACTERS):
            yield "".join(part)
            part, size = [], 0
        part.append(entry)
        size += len(entry)
    if part:
        yield "".join(part)


def _write_page(page: Listed, config: Config) -> str:
    links = "".join(
        f'<xhtml:link rel="alternate" hreflang="{escape(link.lang)}"'
        f' href="{escape(config.address(link.path))}"/>'
        for link in page.alternates
    )
    changed = f"<lastmod>{page.updated.isoformat()}</lastmod>" if page.updated else ""
    return f"<url><loc>{escape(config.address(page.path))}</loc>{changed}{links}</url>\n"


def _make_file(path: str, element: str, entries: str) -> OutputFile:
    xhtml = f' xmlns:xhtml="{_XHTML}"' if element == "urlset" else ""
    content = f'{_HEAD}<{element} xmlns="{_NAMESPACE}"{xhtml}>\n{entries}</{element}>\n'
    return OutputFile(path=path, content=content.encode(), media_type=_XML)
