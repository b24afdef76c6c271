"""Letters: to confirm a sign-up, to say that there is one already, to reach one's data.

They hold nothing that a stranger typed: whoever signs somebody else up cannot make us say a word.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from markupsafe import Markup

from feeds.config import Config
from feeds.database.letters import LetterKind
from feeds.model import Letter, Subscriber
from feeds.outputs.characters import allow_characters, one_line
from feeds.outputs.inline import Styles, inline_css, parse_document
from feeds.outputs.language_marks import mark_languages
from feeds.outputs.theme import Theme
from feeds.secrets import Keys
from feeds.subscribers.links import Links
from feeds.subscribers.store import access_nonce

_STYLES = ("css/newsletter.css", "css/letters.css")


class Letters:
    """Writes letters in the language of each reader; safe to call from several threads."""

    def __init__(self, config: Config, theme: Theme, keys: Keys) -> None:
        self._config = config
        self._theme = theme
        self._keys = keys
        self._styles: Styles = {}
        self._links = Links(keys, confirm_hours=config.readers.confirm_hours)

    def write(
        self, kind: LetterKind, subscriber: Subscriber, nonce: str | None, now: datetime
    ) -> Letter:
        """Write one to a reader; its links are good from ``now`` on.

        :param nonce: of the confirmation that is waited for; other letters need none.
        :raises RenderError: a template does not render.
        """
        wanted = subscriber.preferences.lang
        languages = self._theme.languages
        lang = wanted if wanted in languages else self._config.languages[0]
        context = self._describe(kind, lang)
        context["address"] = self._find_way(kind, lang, subscriber, nonce, now)
        context["unsubscribe"] = self._config.reader_address(
            lang, "unsubscribe", self._links.unsubscribe(subscriber.token)
        )
        style = [self._theme.render(name, lang, languages=languages) for name in _STYLES]
        document = self._theme.render(
            f"letters/{kind}.html",
            lang,
            style=Markup("\n".join(style)),  # noqa: S704  # our own style sheets
            **context,
        )
        root = parse_document(document)
        mark_languages(root, lang, languages)
        return Letter(
            lang=lang,
            subject=context["subject"],
            text=self._theme.render(f"letters/{kind}.txt", lang, **context),
            html=inline_css(root, self._styles),
        )

    def _describe(self, kind: LetterKind, lang: str) -> dict[str, Any]:
        config, words = self._config, self._theme.languages[lang].words["letters"]
        publication = one_line(config.localized(config.title, lang))
        postal = config.mail.postal_address
        return {
            "say": words,
            "subject": words[f"{kind}_subject"].format(title=publication),
            "publication": publication,
            "postal_address": allow_characters(config.localized(postal, lang)) if postal else None,
            "hours": config.readers.confirm_hours,
        }

    def _find_way(
        self, kind: LetterKind, lang: str, subscriber: Subscriber, nonce: str | None, now: datetime
    ) -> str:
        """The page that a letter leads to."""
        token, links = subscriber.token, self._links
        if kind == "confirm":
            # Without a nonce nothing is waited for any more, and the page will say so.
            return self._config.reader_address(
                lang, "confirm", links.confirm(token, nonce or "", now)
            )
        if kind == "access":
            opened = links.access(token, access_nonce(subscriber, self._keys), now)
            return self._config.reader_address(lang, "mine", opened)
        return self._config.reader_address(lang, "preferences", links.preferences(token, now))
