"""Pages that say one thing."""

from __future__ import annotations

from collections.abc import Iterator

from feeds.model import Link, OutputFile
from feeds.outputs.pages.frame import Frame


def write_unsubscribe(frame: Frame) -> Iterator[OutputFile]:
    """How to stop the newsletter."""
    words = frame.words["pages"]
    # Who has a mail has a link in it; on the page itself there is nobody known.
    linked = frame.config.has_readers
    text = frame.words["readers"]["leave_static"] if linked else words["unsubscribe_text"]
    yield frame.page(
        "site/message.html",
        f"{frame.lang}/unsubscribe/",
        words["unsubscribe"],
        description=(text,),
        indexed=False,
        heading=words["unsubscribe"],
        message=text,
        ways=[],
        homes=[],
    )


def write_languages(frame: Frame) -> OutputFile:
    """The page at the base URL: a choice of languages."""
    config = frame.config
    return frame.page(
        "site/languages.html",
        "",
        frame.title,
        elsewhere={},
        homes=[
            (
                home,
                config.localized(config.title, home.lang),
                config.localized(config.subtitle, home.lang),
            )
            for home in _list_homes(frame)
        ],
    )


def write_not_found(frame: Frame) -> OutputFile:
    """What a server shows for an address that leads nowhere, in the first language.

    It is one file for all languages: it leads to the first page of each.
    """
    words = frame.words["pages"]
    lang = frame.lang
    return frame.page(
        "site/message.html",
        "",
        words["not_found"],
        description=(words["not_found_text"],),
        elsewhere={},
        canonical=None,
        indexed=False,
        heading=words["not_found"],
        message=words["not_found_text"],
        ways=[
            Link(path=f"{lang}/", title=words["home"], lang=lang),
            Link(path=f"{lang}/#days", title=words["calendar"], lang=lang),
            Link(path=f"{lang}/tags/", title=words["all_tags"], lang=lang),
            Link(path=f"{lang}/feeds/", title=words["feeds"], lang=lang),
        ],
        homes=[home for home in _list_homes(frame) if home.lang != lang],
        file="404.html",
    )


def _list_homes(frame: Frame) -> list[Link]:
    """The first page of each language, called by that language's name."""
    return [
        Link(path=f"{code}/", title=language.name, lang=code)
        for code, language in frame.site.languages.items()
    ]
