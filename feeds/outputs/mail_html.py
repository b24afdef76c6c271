"""Make a document fit for mail clients, which know less HTML than browsers.

What notes hold is safe already; here it becomes something that every client shows: links that say
where they lead, code that wraps, headings without gaps, no image that a client cannot draw.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from lxml import etree

from feeds.outputs.shorten import collapse
from feeds.urls import encode_link, is_generic, show_url

_URL = re.compile(r"https?://\S+", re.IGNORECASE)
_DRAWN = re.compile(r"\.(?:png|jpe?g|gif)(?:[?#]|$)", re.IGNORECASE)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_SAID = etree.XPath("string()", smart_strings=False)
# What an element is called that is not to stay.
_DROPPED = "dropped"
_CHANGED = ("img", "pre", "table", *_HEADINGS)


def fit_for_mail(root: etree._Element) -> None:
    """Change a parsed document in place; what notes gave stands in elements of class ``prose``."""
    for prose in [each for each in root.iter("*") if "prose" in each.get("class", "").split()]:
        top = int(prose.attrib.pop("data-level", "2"))
        # Most hold nothing but paragraphs.
        if next(prose.iter(*_CHANGED), None) is None:
            continue
        _replace_undrawn_images(prose)
        _name_images(prose)
        _wrap_code(prose)
        _level_headings(prose, top)
        _frame_tables(prose)
    _settle_links(root)


def _replace_undrawn_images(prose: etree._Element) -> None:
    """Outlook draws neither WebP nor AVIF nor SVG: such an image becomes a link to it."""
    for image in list(prose.iter("img")):
        source = image.get("src", "")
        if _DRAWN.search(source):
            continue
        link = etree.Element("a", href=source)
        link.text = collapse(image.get("alt", "")) or source.rpartition("/")[2]
        link.tail = image.tail
        parent = image.getparent()
        if parent is None:
            continue
        if any(above.tag == "a" for above in image.iterancestors()):
            link.tag = "span"
            del link.attrib["href"]
        parent.replace(image, link)


def _name_images(prose: etree._Element) -> None:
    """Outlook reads conditional comments wherever they stand, in an attribute too."""
    for image in prose.iter("img"):
        image.set("alt", re.sub("[<>]", "", image.get("alt", "")))


def _wrap_code(prose: etree._Element) -> None:
    """Turn ``<pre>`` into a paragraph with line breaks.

    Outlook has no ``white-space``, and a wide line would push the whole mail sideways.
    """
    for block in list(prose.iter("pre")):
        code = etree.Element("code")
        for position, line in enumerate(_read_all(block).strip("\n").split("\n")):
            kept = re.sub(r"^ +| {2,}", lambda m: "\xa0" * len(m[0]), line.expandtabs(4))
            if position == 0:
                code.text = kept
            else:
                line_break = etree.Element("br")
                line_break.tail = kept
                code.append(line_break)
        paragraph = etree.Element("p")
        paragraph.set("class", "code")
        if language := block.get("lang"):
            paragraph.set("lang", language)
        paragraph.append(code)
        paragraph.tail = block.tail
        parent = block.getparent()
        if parent is not None:
            parent.replace(block, paragraph)


def _level_headings(prose: etree._Element, top: int) -> None:
    """Put headings below the entry's own, which is of level ``top``; none skipped, none empty."""
    last = top
    for heading in list(prose.iter(*_HEADINGS)):
        if not _read_all(heading).strip():
            heading.tag = _DROPPED
            continue
        # Notes are rendered with headings from h3 on, under an h2.
        wanted = int(heading.tag[1]) + top - 2
        last = max(top + 1, min(wanted, last + 1, 6))
        heading.tag = f"h{last}"
    etree.strip_elements(prose, _DROPPED, with_tail=False)


def _frame_tables(prose: etree._Element) -> None:
    """Let a wide table scroll by itself, with the keyboard too, rather than break its figures.

    One without a heading cell holds no data that a screen reader could name.
    """
    for table in list(prose.iter("table")):
        if table.find(".//th") is None:
            table.set("role", "presentation")
        parent = table.getparent()
        if parent is None:
            continue
        frame = etree.Element("div", tabindex="0")
        frame.set("class", "frame")
        frame.tail, table.tail = table.tail, None
        parent.replace(table, frame)
        frame.append(table)


def _settle_links(root: etree._Element) -> None:
    """Give every link a text that says where it leads, and no text two targets (WCAG 2.4.4)."""
    targets: dict[str, str] = {}
    for link in [link for link in root.iter("a") if link.get("href")]:
        address = encode_link(link.get("href", ""))
        if not address:
            link.tag = _DROPPED
            continue
        link.set("href", address)
        text = _name_link(link, address)
        if targets.setdefault(text, address) == address:
            continue
        for said in _distinctions(text, address):
            if targets.setdefault(f"{text} ({said})", address) == address:
                _append_text(link, f" ({said})")
                break
    etree.strip_tags(root, _DROPPED)


def _name_link(link: etree._Element, address: str) -> str:
    """Say an address without its scheme; add it to a text that says nothing by itself."""
    text = _read(link)
    if not text:
        _put_images_before(link)
        link.text = show_url(address)
    elif _URL.fullmatch(text):
        for child in list(link):
            link.remove(child)
        link.text = show_url(address)
    elif _URL.match(text):
        _drop_scheme(link)
    elif is_generic(text):
        _append_text(link, f" ({show_url(address)})")
    else:
        return text
    return _read(link)


def _read_all(element: etree._Element) -> str:
    """The text of an element and of all that is in it."""
    return str(_SAID(element))


def _read(link: etree._Element) -> str:
    # Most hold no element, and to gather text from a tree takes as long as all else here.
    return collapse(_read_all(link) if len(link) else link.text or "")


def _put_images_before(link: etree._Element) -> None:
    """A linked image has no text to tell it by: the image goes first, the link after it."""
    parent = link.getparent()
    for child in list(link):
        link.remove(child)
        if parent is not None and child.tag == "img":
            child.tail = " "
            parent.insert(parent.index(link), child)


def _drop_scheme(link: etree._Element) -> None:
    for element in link.iter():
        if element.text and element.text.strip():
            element.text = re.sub(r"^\s*https?://", "", element.text, flags=re.IGNORECASE)
            return


def _append_text(link: etree._Element, text: str) -> None:
    if len(link):
        link[-1].tail = (link[-1].tail or "") + text
    else:
        link.text = (link.text or "") + text


def _distinctions(text: str, address: str) -> Iterator[str]:
    """What may tell two links of the same text apart: where they lead, else a number."""
    for said in (show_url(address), show_url(address, whole=True)):
        if said != text:
            yield said
    yield from map(str, itertools.count(2))
