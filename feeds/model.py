"""The nouns of the flow: frozen, slotted, keyword-only, and nothing but data.

A note holds entries as their writer wrote them; the archive gives each entry an identity and shows
it in every language of the publication as an ``Article``; outputs turn articles into files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import blake2b
from typing import Literal

Level = Literal["error", "warning", "notice"]
Rhythm = Literal["daily", "weekly"]


# --- 1. what a note holds -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where something stands: a path below the notes' folder (POSIX, NFC), and a line from 1."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something to tell the writer about a note, a tag or the ledger."""

    level: Level
    source: Source
    message: str

    def __str__(self) -> str:
        return f"{self.source}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One paper as the writer noted it: NFC text, otherwise untouched and untrusted.

    A paragraph of ``abstract`` is plain text with LaTeX; a paragraph of ``commentary`` is Markdown
    (a fenced code block is one paragraph with its line ends; any other line is one, its indent
    kept). ``related`` are the targets of a section that holds nothing but ``[[links]]``; ``images``
    the local images that the commentary shows, as written, without size or title.
    """

    title: str
    url: str | None = None
    authors: tuple[str, ...] = ()
    abstract: tuple[str, ...] = ()
    commentary: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A file of notes, parsed.

    ``date`` is None where no date was found, which is no error in Markdown; ``draft`` means that
    the writer asked for it to be left out.
    """

    path: str
    dialect: str
    date: date | None
    entries: tuple[Entry, ...]
    findings: tuple[Finding, ...] = ()
    draft: bool = False


# --- languages ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A language of a publication, as ``templates/languages/<code>.toml`` describes it.

    ``script`` is a regular expression of the letters that tell this language (``[가-힣]``), or
    None where its letters are shared with others (English). ``words`` are the texts around the
    notes, by section; ``fonts`` CSS font families, the generic one last, and ``page_fonts`` those
    for reading on pages where these differ from a mail's. ``locale`` is language and territory as
    OpenGraph writes them (``ko_KR``), or empty. ``weekdays`` and ``weekdays_short`` begin on
    Monday; ``week_begins`` is the day that calendars begin with, 1 for Monday to 7.
    """

    code: str
    name: str
    dir: str
    fonts: str
    word_break: str
    months: tuple[str, ...]
    weekdays: tuple[str, ...]
    weekdays_short: tuple[str, ...]
    dates: Mapping[str, str]
    words: Mapping[str, Mapping[str, str]]
    script: str | None = None
    locale: str = ""
    page_fonts: str = ""
    week_begins: int = 1


# --- 2. the archive -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A tag: its slug (the part of an address) and the spelling that is shown."""

    slug: str
    label: str


class Text:
    """A piece of text in one language: as safe HTML blocks, and as plain paragraphs.

    Formulas are readable Unicode in both, as feeds and mails need them. ``mathml`` is the HTML with
    formulas as MathML, for pages; None where the text has none. ``digest`` tells it from every
    other text; no dataclass, so that whatever is made of articles is known by that alone.
    """

    __slots__ = ("_digest", "html", "lang", "mathml", "plain")

    def __init__(
        self,
        *,
        lang: str,
        html: str,
        plain: tuple[str, ...],
        mathml: str | None = None,
        digest: bytes | None = None,
    ) -> None:
        """:param digest: where it is known already."""
        self.lang = lang
        self.html = html
        self.plain = plain
        self.mathml = mathml
        self._digest = digest

    @property
    def digest(self) -> bytes:
        """16 bytes of a hash of all of it."""
        if self._digest is None:
            # No text holds a NUL: what comes from notes is cleaned of it.
            parts = "\0".join((self.lang, self.html, self.mathml or "\0", *self.plain))
            self._digest = blake2b(parts.encode("utf-8", "replace"), digest_size=16).digest()
        return self._digest

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"Text(lang={self.lang!r}, html={self.html!r}, plain={self.plain!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A local image that is published: its absolute address and its size in pixels."""

    address: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link inside the site: a path relative to the base URL, and what it is called."""

    path: str
    title: str
    lang: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An entry in one language: what its feeds, its pages and its mail show.

    ``title`` is plain text (LaTeX already readable Unicode). ``path`` is the page's address,
    relative to the base URL, percent-encoded, with a slash at the end
    (``ko/2024/12/17/some-title/``). ``published`` and ``updated`` are aware datetimes in the
    publication's time zone, whole seconds. ``commentary`` and ``abstract`` are None where there is
    none; the commentary's own ``lang`` differs from ``lang`` where the publication falls back to
    the original. A ``stub`` has neither: it has a page, but stands in no feed and no mail.
    ``issue_day`` is the day of the issue that it belongs to, which is later than ``day`` for an
    entry that was written after its own day's issue had gone out; ``first_seen`` the day on which
    a build first met it.
    """

    id: str
    lang: str
    day: date
    issue_day: date
    first_seen: date
    key: str
    path: str
    published: datetime
    updated: datetime
    title: str
    url: str | None
    authors: tuple[str, ...]
    tags: tuple[Tag, ...]
    commentary: Text | None
    abstract: Text | None
    links: tuple[str, ...]
    translations: tuple[Link, ...]
    related: tuple[Link, ...]
    stub: bool
    source: Source

    @property
    def content(self) -> Text | None:
        """What the entry has to say first: the commentary, else the abstract."""
        return self.commentary or self.abstract


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The articles of a day in one language, in the order of the notes."""

    date: date
    lang: str
    articles: tuple[Article, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """What a newsletter holds: the day's own articles, then those that came too late for theirs.

    A ``weekly`` one holds the articles of several days, oldest first, and is named by its last
    ``day`` and its ``first_day``.
    """

    day: date
    lang: str
    articles: tuple[Article, ...]
    late: tuple[Article, ...]
    kind: Rhythm = "daily"
    first_day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """Everything that is published, by language; each inner tuple is in the order it is shown.

    ``articles``: newest first, stubs included. ``days``: newest first. ``issues``: newest first,
    only those that exist (one commentary in the language at least). ``tags``: by label; ``slugs``
    maps every slug ever published to the tag that has it now (to one without any article where
    the tag is used no more).
    """

    languages: tuple[str, ...]
    articles: Mapping[str, tuple[Article, ...]]
    days: Mapping[str, tuple[Day, ...]]
    issues: Mapping[str, tuple[Issue, ...]]
    tags: tuple[Tag, ...]
    slugs: Mapping[str, Tag]
    findings: tuple[Finding, ...]


# --- 3. outputs -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed without its format: what it holds and how it is called.

    ``stem`` is the address without its ending, relative to the base URL (``ko/tags/rl/feed``).
    ``page`` is the page that shows the same. ``id`` never changes; ``updated`` is that of the
    newest change in it. ``previous``/``next``/``current`` are stems of RFC 5005 neighbours.
    ``query`` stands behind the address of a feed that is combined when it is asked for, encoded.
    """

    kind: Literal["all", "tag", "named", "month", "combined"]
    id: str
    lang: str
    title: str
    subtitle: str
    stem: str
    page: str
    updated: datetime
    articles: tuple[Article, ...]
    previous: str | None = None
    next: str | None = None
    current: str | None = None
    query: str = ""


class OutputFile:
    """A file to write: a path relative to ``out/`` (POSIX, decoded), its media type, its bytes.

    ``key`` is a hash of everything that the bytes are made from: two files of one path and one key
    are the same, so that a file need not be made to know that it would not change. None: there is
    nothing to be spared.
    """

    __slots__ = ("_content", "_key", "media_type", "path")

    def __init__(
        self,
        *,
        path: str,
        content: bytes | Callable[[], bytes],
        media_type: str,
        key: Callable[[], bytes] | None = None,
    ) -> None:
        """:param content: the bytes, or what makes them when asked; so does ``key`` the key."""
        self.path = path
        self.media_type = media_type
        self._key: Callable[[], bytes] | bytes | None = key
        self._content = content

    @property
    def key(self) -> bytes | None:
        """Its key, made when it is asked for first."""
        if callable(self._key):
            self._key = self._key()
        return self._key

    @property
    def content(self) -> bytes:
        """Its bytes; made each time, where they were not given."""
        return self._content() if callable(self._content) else self._content

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, OutputFile)
            and (self.path, self.media_type) == (other.path, other.media_type)
            and self.content == other.content
        )

    __hash__ = None  # type: ignore[assignment]  # its content may be made anew each time


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a build came to: how much it read, how many files it wrote, and what there is to tell.

    ``entries`` and ``days`` are those that are published, ``unchanged`` and ``removed`` files.
    """

    entries: int
    days: int
    written: int
    unchanged: int
    removed: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Newsletter:
    """An issue, rendered: the same for every reader of a variant."""

    day: date
    lang: str
    subject: str
    preheader: str
    html: str
    text: str
    kind: Rhythm = "daily"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a mail, and when it stands in it.

    An empty ``when`` means always; else it is one of the facts about what a reader has chosen
    (entries by their position from 0): ``entry 3``: it is chosen, and there is room for it;
    ``listed 3``: so it is, as one of several; ``lead 3``: it is the first that is chosen;
    ``count 4``: so many are chosen; ``rest 2``: there is no room for so many of them;
    ``several``: more than one is chosen; ``late``: a late one is shown; ``tagged``, ``tag rl``:
    a chosen one has tags, has this tag.
    """

    text: str
    when: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailedEntry:
    """An entry of a mailing: its article's id, its slugs, and what a mail that it leads says."""

    article: str
    tags: tuple[str, ...]
    late: bool
    subject: str
    preheader: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """What the readers of a language get for an issue, frozen when it is published.

    A reader's variant is put together from pieces, whatever has become of notes and templates by
    then. ``rooms`` are whole HTML documents, each with less of every entry than the one before;
    the first in which a variant has ``limit_bytes`` at most (line ends counted as two) is taken.
    Where there is only one, every variant fits. Addresses that are one reader's hold marks
    (``feeds.personal``).
    """

    kind: Rhythm
    day: date
    lang: str
    entries: tuple[MailedEntry, ...]
    rooms: tuple[tuple[Piece, ...], ...]
    text: tuple[Piece, ...]
    limit_bytes: int


# --- 4. readers -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What a reader wants to be mailed, and when.

    ``selection`` is a query of tags in its one spelling (``any=rl,rlhf&not=gan``), empty for all.
    ``hour`` is the hour of the day (0 to 23) in ``zone``, None for as soon as an issue is out;
    without a ``zone`` it is the publication's. Mail stops until the day ``paused_until``.
    """

    lang: str
    selection: str = ""
    rhythm: Rhythm = "daily"
    hour: int | None = None
    zone: str | None = None
    paused_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A reader. ``token`` stands for them in links; ``address`` is as they wrote it.

    ``pending``: asked to confirm. ``active``: confirmed. ``left``: gets nothing any more.
    ``revision`` counts changes. Moments are aware (UTC).
    """

    id: int
    token: str
    address: str
    state: Literal["pending", "active", "left"]
    preferences: Preferences
    created: datetime
    confirmed: datetime | None
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail to one reader that is no issue: to confirm, to reach their data."""

    lang: str
    subject: str
    text: str
    html: str
