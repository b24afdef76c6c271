"""Reads what a build wrote as its readers do: which links lead where, and what would run."""

from __future__ import annotations

import email
import email.policy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from lxml import etree

LINKS = ("href", "src", "action", "poster", "data", "formaction", "xlink:href", "background")
LIVE = {"script", "iframe", "object", "embed", "form", "base", "svg", "template", "link"}


@dataclass
class Hypertext(HTMLParser):
    """What a browser would meet in a piece of HTML."""

    html: str
    links: list[str] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)
    attacks: list[str] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._quiet = self._formula = False
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._quiet = tag == "style"
        values = {name: value or "" for name, value in attributes}
        if tag in LIVE and not _is_ours(tag, values):
            self.attacks.append(f"<{tag}>")
        self._formula = self._formula or tag == "math"
        if self._formula and not is_plain_math(tag, set(values)):
            self.attacks.append(f"<{tag}> in a formula")
        if tag == "meta" and values.get("http-equiv", "").lower() == "refresh":
            self.attacks.append("<meta refresh>")
        for name, value in values.items():
            if name.startswith("on") or name == "srcdoc":
                self.attacks.append(f"{name}={value}")
            if name == "id":
                self.anchors.append(value)
            if name in LINKS:
                self.links.append(value)
                scheme = urlsplit(value.strip()).scheme.lower()
                if scheme not in ("", "http", "https", "mailto"):
                    self.attacks.append(f"{name}={value}")

    def handle_endtag(self, tag: str) -> None:
        self._quiet = False
        self._formula = self._formula and tag != "math"

    def handle_data(self, data: str) -> None:
        if not self._quiet:
            self.text += data


_MATH = re.compile(
    "math|m(row|style|i|n|o|text|space|padded|phantom|frac|sqrt|root|sub|sup|subsup|over|under"
    "|underover|multiscripts|prescripts|table|tr|td)"
)
_MATH_ATTRIBUTES = re.compile(
    "display|tabindex|alttext|displaystyle|scriptlevel|mathvariant|form|stretchy|symmetric|largeop"
    "|movablelimits|[lr]space|m(in|ax)size|width|height|linethickness|accent(under)?|columnalign"
)


def is_plain_math(tag: str, attributes: set[str]) -> bool:
    """Whether a formula may hold this: how it is set, and nothing that links, runs or is styled."""
    return bool(_MATH.fullmatch(tag)) and all(map(_MATH_ATTRIBUTES.fullmatch, attributes))


KNOWN_RELATIONS = ("alternate", "canonical", "icon", "modulepreload", "stylesheet")
_OWN_SCRIPT = re.compile(r"/([\w./-]+/)?assets/[a-z_-]+\.[0-9a-f]{16}\.js")
_OWN_SEARCH = re.compile(r"/([\w./-]+/)?search/")


def _is_ours(tag: str, values: dict[str, str]) -> bool:
    """Whether a page may hold this: what our templates write, and notes cannot."""
    if tag == "script":
        return bool(_OWN_SCRIPT.fullmatch(values.get("src", "")))
    if tag == "form":
        return values.get("role") == "search" and bool(_OWN_SEARCH.fullmatch(values["action"]))
    if tag == "svg":
        return values.get("class", "").startswith("plot")
    if tag == "template":
        return any(name.startswith("data-") for name in values)
    return tag == "link" and values.get("rel") in KNOWN_RELATIONS


def read_html(path: Path) -> Iterator[str]:
    """Every piece of HTML in a file: a page, the contents of a feed, the rich part of a mail."""
    if path.suffix == ".html":
        yield path.read_text(encoding="utf-8")
    elif path.suffix in (".atom", ".rss"):
        for element in etree.parse(path).iter("{*}content", "{*}encoded", "{*}summary"):
            yield element.text or ""
        yield from (element.text or "" for element in etree.parse(path).iter("description"))
    elif path.suffix == ".json":
        # Not the lists that scripts read.
        found = json.loads(path.read_bytes())
        items = found.get("items", ()) if isinstance(found, dict) else ()
        yield from (item["content_html"] for item in items)
    elif path.suffix == ".eml":
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        part = message.get_body(("html",))
        assert part is not None
        yield part.get_content()


def read_addresses(path: Path) -> Iterator[str]:
    """Addresses that stand in a file outside of HTML."""
    if path.suffix in (".atom", ".rss", ".opml", ".xml"):
        for element in etree.parse(path).iter():
            for name in ("href", "xmlUrl", "htmlUrl", "url"):
                if name in element.attrib:
                    yield str(element.attrib[name])
            text = (element.text or "").strip()
            if text.startswith("http") and len(element) == 0 and " " not in text:
                yield text
    elif path.name == "robots.txt":
        yield from re.findall(r"(?m)^Sitemap: (\S+)$", path.read_text(encoding="utf-8"))
    elif path.suffix == ".json" and b'"feed_url"' in path.read_bytes()[:4000]:
        feed = json.loads(path.read_bytes())
        yield from (feed[key] for key in ("home_page_url", "feed_url"))
        for item in feed["items"]:
            yield item["url"]


def find_dead_links(out: Path, base_url: str, also: tuple[Path, ...] = ()) -> tuple[int, list[str]]:
    """How many links to the site there are in ``out`` and in mails, and those that lead nowhere.

    A link without a host is followed from where its file stands. One that would leave the base
    URL's folder on the same host is dead as well, and so is one to a place that its page lacks.
    """
    base = f"{base_url.rstrip('/')}/"
    anchors = Anchors(out)
    followed, dead = 0, []
    for path in [path for path in out.rglob("*") if path.is_file()] + list(also):
        here = base + (path.relative_to(out).as_posix() if path.is_relative_to(out) else "")
        found = [link for html in read_html(path) for link in Hypertext(html).links]
        for link in [*found, *read_addresses(path)]:
            address = urljoin(here, link)
            if urlsplit(address).netloc != urlsplit(base).netloc:
                continue
            followed += 1
            if not _leads_somewhere(address, base, out, anchors):
                dead.append(f"{here}: {link}")
    return followed, dead


class Anchors:
    """The places inside of pages that a link can lead to; each page is read once."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._known: dict[Path, frozenset[str]] = {}

    def has(self, path: Path, name: str) -> bool:
        """Whether a page has an element of this id."""
        if path not in self._known:
            html = path.read_text(encoding="utf-8") if path.suffix == ".html" else ""
            self._known[path] = frozenset(Hypertext(html).anchors)
        return name in self._known[path]


def _leads_somewhere(address: str, base: str, out: Path, anchors: Anchors) -> bool:
    if not address.startswith(base):
        return False
    parts = urlsplit(address.removeprefix(base))
    path = unquote(parts.path)
    file = out / f"{path}index.html" if not path or path.endswith("/") else out / path
    return file.is_file() and (not parts.fragment or anchors.has(file, unquote(parts.fragment)))
