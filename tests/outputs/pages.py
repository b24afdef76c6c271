"""Reads the pages of a site as its tests need them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from lxml import html
from lxml.html import HtmlElement

from feeds.archive.grouping import group_days
from feeds.model import OutputFile
from feeds.outputs.assets import collect_assets
from feeds.outputs.pages.frame import Frame
from feeds.outputs.site import Site

BASE = "https://example.org/papers/"


def pages_in(out: Path) -> list[Path]:
    """Every page of a site, without the newsletters, which are documents of their own."""
    return [path for path in sorted(out.rglob("*.html")) if path.name != "newsletter.html"]


def read_page(path: Path) -> HtmlElement:
    """A page as a tree."""
    return html.document_fromstring(path.read_text(encoding="utf-8"))


def hrefs(page: HtmlElement, query: str) -> list[str]:
    """Where the elements of a query lead."""
    return [str(element.get("href")) for element in page.iterfind(query)]


def address_of(path: Path, out: Path) -> str:
    """The address of a page by its file."""
    return BASE + path.relative_to(out).as_posix().removesuffix("index.html")


def texts(page: HtmlElement, query: str) -> list[str]:
    """What the elements of a query say, white space joined."""
    return [" ".join(element.text_content().split()) for element in page.xpath(query)]


def render_pages(
    site: Site, lang: str, write: Callable[[Frame], Iterable[OutputFile]]
) -> dict[str, bytes]:
    """What one writer makes of a site made by hand, by path; its days are told by its entries."""
    days = {code: group_days(code, each) for code, each in site.archive.articles.items()}
    site = replace(site, archive=replace(site.archive, days=days))
    frame = Frame(site, lang, collect_assets(site.theme))
    return {file.path: file.content for file in write(frame)}
