"""The Jinja environment, and how dates and words are said in a language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from traceback import walk_tb
from typing import Any

import jinja2

from feeds.errors import RenderError
from feeds.languages import templates_folder
from feeds.model import Language

# What the expressions of a publication's own templates can raise beside Jinja's errors.
_FAULTS = (
    jinja2.TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


def format_date(day: date, language: Language, style: str) -> str:
    """Say a date in a language; ``style`` is a key of the language's ``[dates]``."""
    return language.dates[style].format(
        year=day.year,
        month=language.months[day.month - 1],
        month_number=day.month,
        day=day.day,
        weekday=language.weekdays[day.weekday()],
    )


class _Environment(jinja2.Environment):
    """Reads ``words.pages.copy`` as the word that it is, not as a method of dictionaries."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """What ``obj.attribute`` is in a template."""
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


class Theme:
    """Templates, found in the publication's own folder first and then in the package's."""

    def __init__(self, languages: Mapping[str, Language], folder: Path | None = None) -> None:
        folders = [folder] if folder else []
        self.languages = languages
        self.environment = _Environment(
            loader=jinja2.FileSystemLoader([*folders, templates_folder()]),
            undefined=jinja2.StrictUndefined,
            # .txt templates are the text parts of mails: there, an entity would be a fault.
            autoescape=lambda name: not (name or "").endswith(".txt"),
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self.environment.globals["format_date"] = format_date

    def render(self, template: str, lang: str, **context: Any) -> str:
        """Render a template with ``language`` and its ``words`` at hand.

        :raises RenderError: the template is missing or does not render.
        """
        language = self.languages[lang]
        try:
            return self.environment.get_template(template).render(
                language=language, lang=lang, words=language.words, **context
            )
        except jinja2.TemplateNotFound as error:
            raise RenderError(template, f"no template {error.name!r}") from error
        except jinja2.TemplateSyntaxError as error:
            raise RenderError(f"{error.name or template}:{error.lineno}", str(error)) from error
        except _FAULTS as error:
            message = str(error) or type(error).__name__
            raise RenderError(_find_place(error) or template, message) from error

    def read(self, name: str) -> str:
        """The text of a file of the theme that is no template (a style sheet).

        :raises RenderError: there is no such file.
        """
        try:
            loader = self.environment.loader
            assert loader is not None  # noqa: S101  # given in __init__; the library's type is optional
            return loader.get_source(self.environment, name)[0]
        except jinja2.TemplateNotFound as error:
            raise RenderError(name, "no such file in the templates") from error
        except UnicodeDecodeError as error:
            raise RenderError(name, "is not UTF-8; expected text in UTF-8") from error


def _find_place(error: BaseException) -> str:
    """The innermost line of a template that an error passed through; Jinja puts them in."""
    places = [
        f"{frame.f_code.co_filename}:{line}"
        for frame, line in walk_tb(error.__traceback__)
        if frame.f_code.co_filename.endswith((".html", ".txt"))
    ]
    return places[-1] if places else ""
