"""Fingerprints: what two sights of one paper have in common, however it was edited in between."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from feeds.model import Entry

_TITLE_LETTERS = 200
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)
_WORDS = re.compile(r"[^\W_]+")
_ARXIV = re.compile(
    r"(?:arxiv\.org|alphaxiv\.org|ar5iv\.org|ar5iv\.labs\.arxiv\.org|huggingface\.co)"
    r"/(?:abs|pdf|html|papers|overview)/"
    r"(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprints:
    """What an entry is known by; None where it has no such part.

    ``works`` is of authors and abstract, ``text`` of these and every commentary, ``whole`` of all
    that was written: title, URL and tags too.
    """

    whole: str
    title: str
    url: str | None
    works: str | None
    text: str | None


def take_fingerprints(entry: Entry) -> Fingerprints:
    """The fingerprints of an entry as it is written now."""
    authors = [normal_title(author) for author in entry.authors]
    abstract = [" ".join(paragraph.split()) for paragraph in entry.abstract]
    commentary = {lang: list(entry.commentary[lang]) for lang in sorted(entry.commentary)}
    written = [entry.title, entry.url, list(entry.authors), abstract, list(entry.tags)]
    return Fingerprints(
        whole=digest(written, commentary),
        title=normal_title(short_title(entry.title)),
        url=paper_id(entry.url) if entry.url else None,
        # Authors alone ("OpenAI") tell no paper from another.
        works=digest(authors, abstract) if abstract else None,
        text=digest(authors, abstract, commentary)
        if abstract or any(commentary.values())
        else None,
    )


def digest(*parts: object) -> str:
    """A hash of JSON-like values, 16 hexadecimal digits."""
    text = _ENCODER.encode(parts)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def short_title(title: str) -> str:
    """A title as the ledger keeps it: on one line, and not without end."""
    return " ".join(title.split())[:_TITLE_LETTERS]


def normal_title(title: str) -> str:
    """A title by its words alone: without case, punctuation, or differences of spacing."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", title).casefold())
    return " ".join(_WORDS.findall(folded)) or " ".join(folded.split())


def paper_id(url: str) -> str:
    """A paper's address without what changes: scheme, ``www.``, arXiv's version and format."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:  # untrusted: an unfinished IPv6 address, perhaps
        return url.strip()
    host = parts.netloc.lower().removeprefix("www.").removeprefix("export.")
    place = f"{host}{unquote(parts.path)}".rstrip("/")
    if match := _ARXIV.match(place):
        return f"arxiv:{match[1]}"
    return f"{place}?{parts.query}" if parts.query else place
