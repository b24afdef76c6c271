"""The rules by which the W3C's feed validator gives errors and warnings, as far as ours could.

The names are the validator's own. It cannot be installed here; its behaviour was read from its
source (``validators``, ``base``, ``feed``, ``entry``, ``channel``, ``item``, ``link``,
``content``, ``image``, ``author``, ``category``, ``uri``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import entities
from html.parser import HTMLParser
from typing import Any
from unicodedata import normalize
from urllib.parse import unquote

from lxml import etree

ATOM = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
HISTORY = "{http://purl.org/syndication/history/1.0}"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

PREFIXES = {"atom": ATOM, "dc": DC, "content": CONTENT, "fh": HISTORY, None: ATOM}
RELS = {"alternate", "current", "next-archive", "prev-archive", "related", "self"}
URI = re.compile(r"[a-zA-Z][0-9a-zA-Z+\-.]*:(//)?[0-9a-zA-Z;/?:@&=+$.\-_!~*'()%,#]+")
TAG_URI = re.compile(
    r"tag:([a-z0-9\-._]+?@)?[a-z0-9.\-]+?,\d{4}(-\d{2}(-\d{2})?)?:[0-9a-zA-Z;/?:@&=+$.\-_!~*'()%,]*"
)
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*)?(Z|[+-]\d\d:\d\d)")
RFC2822 = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d? (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) "
    r"\d{4} \d\d:\d\d:\d\d (GMT|[+-]\d\d[03]0)"
)
HTML_TAGS = re.compile(
    "a|abbr|acronym|address|applet|area|article|aside|audio|b|base|basefont|bdi|bdo|big|blockquote|"
    "body|br|button|canvas|caption|center|cite|code|col|colgroup|command|comment|data|datagrid|"
    "datalist|dd|del|details|dfn|dialog|dir|div|dl|dt|em|embed|eventsource|fieldset|figcaption|"
    "figure|font|footer|form|frame|frameset|h[1-6]|head|header|hgroup|hr|html|i|iframe|img|input|"
    "ins|isindex|kbd|label|legend|li|link|listing|m|main|map|mark|menu|meta|meter|nav|noframes|"
    "noscript|object|ol|optgroup|option|output|p|param|picture|plaintext|pre|progress|q|rp|rt|ruby|"
    "s|samp|script|section|select|slot|small|source|span|strike|strong|style|sub|summary|sup|table|"
    "tbody|td|template|textarea|tfoot|th|thead|time|title|tr|track|tt|u|ul|var|video|wbr|xmp"
)
ACCEPTED = re.compile(
    "a|abbr|b|blockquote|br|caption|code|col|dd|del|details|div|dl|dt|em|figcaption|figure|"
    "h[1-6]|hr|i|img|ins|kbd|li|mark|ol|p|pre|q|s|samp|small|span|strong|sub|summary|sup|table|"
    "tbody|td|tfoot|th|thead|tr|u|ul|var"
)
BAD_CHARACTER = re.compile("[\x80-\x9f\ufffd]")


def find_faults(document: bytes) -> list[str]:
    """What the validator would say against an Atom or RSS document."""
    root = etree.fromstring(document)
    text = document.decode()
    lines = text.split("\n")
    plain = _check_plain(lines, rss=root.tag == "rss")
    faults = list(_check_atom(root) if root.tag == f"{ATOM}feed" else _check_rss(root[0]))
    faults += plain
    if BAD_CHARACTER.search(text):
        faults.append("BadCharacters")
    for prefix, namespace in root.nsmap.items():
        if PREFIXES.get(prefix) != f"{{{namespace}}}":
            faults.append(f"UnknownNamespace or NonstdPrefix: {prefix}")
    if len(document) > 5_000_000:
        faults.append("ValidatorLimit")
    return faults


def _check_plain(lines: list[str], *, rss: bool) -> Iterator[str]:
    """Texts in which markup is unwelcome; a line with ``&#x`` in it is trusted to be plain."""
    pattern = re.compile(
        r"<(title|subtitle|rights|name|category|copyright|description|generator)\b([^>]*)>"
        r"(?:(.*)</\1>)?"
    )
    for line in lines:
        match = pattern.match(line.strip())
        if not match or 'type="html"' in match[2]:
            continue
        if rss and match[1] == "description" and line.startswith("      "):
            continue  # an item's: HTML is welcome
        label = re.search(r'label="([^"]*)"', match[2])
        for escaped in filter(None, (match[3], label and label[1])):
            value = etree.fromstring(f"<x>{escaped}</x>").text or ""
            closing = [
                tag for tag in re.findall(r"</(\w+)>", value) if HTML_TAGS.fullmatch(tag.lower())
            ]
            if closing:
                yield f"ContainsHTML: {value}"
            elif "&#x" not in line:
                for name in re.findall(r"&(#?\w+)", value):
                    if name in entities.name2codepoint or name == "apos" or not name.isalpha():
                        yield f"ContainsUndeclaredHTML: {value}"
                if rss and re.search(r"&#[x0-9]|<[/a-zA-Z]", value):
                    yield f"CharacterData: {value}"
            if match[1] == "name" and re.search(r"<[\w.+'-]+@[\w.-]+>", value):
                yield f"ContainsEmail: {value}"


def _check_atom(feed: Any) -> Iterator[str]:
    yield from _check_metadata(feed)
    entries = feed.findall(f"{ATOM}entry")
    tags = [child.tag for child in feed]
    if f"{ATOM}entry" in tags and set(tags[tags.index(f"{ATOM}entry") :]) != {f"{ATOM}entry"}:
        yield "MisplacedMetadata"
    if feed.find(f"{ATOM}author") is None:
        yield "MissingElement: author"
    if not re.fullmatch("[a-z]{2,3}(-.*)?", feed.get(XML_LANG, "")):
        yield "InvalidLanguage"
    rels = {link.get("rel") for link in feed.findall(f"{ATOM}link")}
    if "self" not in rels:
        yield "MissingSelf"
    if feed.find(f"{HISTORY}archive") is not None:
        if not rels & {"prev-archive", "next-archive"}:
            yield "ArchiveIncomplete"
        if "current" not in rels:
            yield "MissingCurrentInArchive"
    for name, code in (("id", "DuplicateEntries"), ("updated", "DuplicateUpdated")):
        values = [entry.findtext(f"{ATOM}{name}") for entry in entries]
        if len(set(values)) != len(values):
            yield code
    for entry in entries:
        yield from _check_metadata(entry)
        content = entry.find(f"{ATOM}content")
        if content is None or not content.text:
            yield "MissingTextualContent"
        else:
            yield from _check_html(content.text)
        for link in entry.findall(f"{ATOM}link"):
            if link.get("rel") not in ("alternate", "related"):
                yield f"FeedHistoryRelInEntry: {link.get('rel')}"


def _check_metadata(element: Any) -> Iterator[str]:
    for name in ("id", "title", "updated"):
        if len(element.findall(f"{ATOM}{name}")) != 1 or not element.findtext(f"{ATOM}{name}"):
            yield f"MissingElement, DuplicateElement or NotBlank: {name}"
    yield from _check_id(element.findtext(f"{ATOM}id"))
    for name in ("updated", "published"):
        moment = element.findtext(f"{ATOM}{name}")
        if moment is not None and not RFC3339.fullmatch(moment):
            yield f"InvalidRFC3339Date: {moment}"
        if moment is not None and moment < "1990":
            yield f"ImplausibleDate: {moment}"
    for name in ("icon", "logo"):
        value = element.findtext(f"{ATOM}{name}")
        if value is not None and not URI.fullmatch(value):
            yield f"InvalidLink: {value}"
    for title in element.findall(f"{ATOM}title[@type='html']"):
        yield from _check_html(title.text)
    alternates = []
    for link in element.findall(f"{ATOM}link"):
        yield from _check_link(link)
        if link.get("rel") == "alternate":
            alternates.append((link.get("type"), link.get("hreflang")))
    if len(alternates) != 1:
        yield "MissingAlternateLink or DuplicateAtomLink"
    for person in element.iterfind("*/" + f"{ATOM}name"):
        if not (person.text or "").strip():
            yield "NotBlank: name"
    for category in element.findall(f"{ATOM}category"):
        if not category.get("term") or not URI.fullmatch(category.get("scheme", "")):
            yield "MissingAttribute or InvalidIRI: category"


def _check_id(value: str) -> Iterator[str]:
    if not TAG_URI.fullmatch(value):
        yield f"InvalidTAG: {value}"
    for octet in re.findall("%(..)", value):
        if octet != octet.upper() or re.fullmatch(r"[\w.~-]", chr(int(octet, 16)), re.ASCII):
            yield f"NonCanonicalURI: {value}"
    if unquote(value) != normalize("NFC", unquote(value)):
        yield f"NonCanonicalURI: {value}"


def _check_link(link: Any) -> Iterator[str]:
    href = link.get("href") or ""
    if not URI.fullmatch(href):
        yield f"InvalidIRI or RelativeSelf: {href}"
    if link.get("rel") not in RELS:
        yield f"UnregisteredAtomLinkRel: {link.get('rel')}"
    if link.text or len(link):
        yield "AtomLinkNotEmpty"
    if link.get("rel") == "self" and link.get("type") not in (
        "application/atom+xml",
        "application/rss+xml",
    ):
        yield f"SelfNotAtom: {link.get('type')}"
    if set(link.attrib) - {"href", "rel", "type", "hreflang"}:
        yield f"UnexpectedAttribute: {dict(link.attrib)}"


def _check_rss(channel: Any) -> Iterator[str]:
    for name in ("title", "link", "description", "language"):
        if len(channel.findall(name)) != 1 or not channel.findtext(name):
            yield f"Missing or DuplicateElement: {name}"
    links = channel.findall(f"{ATOM}link")
    if [link.get("rel") for link in links] != ["self"]:
        yield "MissingAtomSelfLink"
    for link in links:
        yield from _check_link(link)
    tags = [child.tag for child in channel]
    if "item" in tags and set(tags[tags.index("item") :]) != {"item"}:
        yield "MisplacedItem"
    if channel.findtext("docs") != "http://www.rssboard.org/rss-specification":
        yield "UseOfExtensionAttr"
    image = channel.find("image")
    if image is not None:
        if image.findtext("title") != channel.findtext("title"):
            yield "ImageTitleDoesntMatch"
        if image.findtext("link") != channel.findtext("link"):
            yield "ImageLinkDoesntMatch"
        ending = image.findtext("url").rsplit(".")[-1].lower()
        if re.fullmatch(r"\w+", ending) and ending not in ("jpg", "jpeg", "gif", "png"):
            yield f"ImageUrlFormat: {ending}"
    dates = [channel.findtext("lastBuildDate")]
    guids = []
    for item in channel.findall("item"):
        dates.append(item.findtext("pubDate"))
        guids.append(item.findtext("guid"))
        yield from _check_item(item)
    for moment in dates:
        if not RFC2822.fullmatch(moment or ""):
            yield f"ProblematicalRFC822Date: {moment}"
    if len(set(guids)) != len(guids):
        yield "DuplicateValue: guid"


def _check_item(item: Any) -> Iterator[str]:
    children = [child.tag for child in item]
    for name in ("title", "link", "description", "guid", "pubDate", f"{DC}creator"):
        if children.count(name) != 1 or not item.findtext(name):
            yield f"Missing, NotBlank or DuplicateElement: {name}"
    if "author" in children:
        yield "DuplicateItemSemantics: author"
    if f"{CONTENT}encoded" not in children or children.index("description") > children.index(
        f"{CONTENT}encoded"
    ):
        yield "NeedDescriptionBeforeContent"
    if item.find("guid").get("isPermaLink") != "false":
        yield "InvalidPermalink"
    if not URI.fullmatch(item.findtext("link")):
        yield f"InvalidFullLink: {item.findtext('link')}"
    for category in item.findall("category"):
        if not category.text or set(category.attrib) != {"domain"}:
            yield "NotBlank or UnexpectedAttribute: category"
    yield from _check_html(item.findtext("description"))
    yield from _check_html(item.findtext(f"{CONTENT}encoded"))


class _Html(HTMLParser):
    """Finds what the validator does not accept in HTML, and elements that are left open."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not ACCEPTED.fullmatch(tag):
            self.faults.append(f"SecurityRisk or NotHtml: {tag}")
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.faults.append(f"SecurityRiskAttr: {name}")
            if name in ("href", "src") and not re.match(r"(https?|mailto):", value or ""):
                self.faults.append(f"ContainsRelRef: {value}")
        if tag not in ("br", "hr", "img", "col"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"NotHtml: </{tag}>")


def _check_html(html: str) -> list[str]:
    parser = _Html()
    parser.feed(html)
    parser.close()
    if re.search(r"&(?!#?\w+;)\S", html):
        parser.faults.append(f"NotHtml: & in {html}")
    return parser.faults + [f"NotHtml: <{tag}> is open" for tag in parser.open]
