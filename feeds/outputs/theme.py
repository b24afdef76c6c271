"""The Jinja environment, and how dates and words are said in a language."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from traceback import walk_tb
from types import CodeType
from typing import Any, cast

import jinja2
from jinja2 import nodes
from jinja2.bccache import Bucket
from jinja2.compiler import CodeGenerator, Frame
from jinja2.environment import TemplateModule
from markupsafe import Markup, escape

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


class _Generator(CodeGenerator):
    """Has what is output escaped by the environment, which is quick where there is nothing to do.

    Of all that a page shows, one value in ten has a character to escape.
    """

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        """Begin the call around an expression whose value is output."""
        if frame.eval_ctx.autoescape and not frame.eval_ctx.volatile:
            self.write("environment.escape(")
        else:
            super()._output_child_pre(node, frame, finalize)


class _Environment(jinja2.Environment):
    """Reads ``words.pages.copy`` as the word that it is, not as a method of dictionaries."""

    code_generator_class = _Generator

    def getattr(self, obj: Any, attribute: str) -> Any:
        """What ``obj.attribute`` is in a template."""
        try:
            return obj[attribute] if type(obj) is dict else getattr(obj, attribute)
        except (AttributeError, KeyError):
            return super().getattr(obj, attribute)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """What every template sees: one plain dictionary, since each page starts with a copy."""
        return {**self.globals, **d} if d else self.globals

    @staticmethod
    def escape(value: Any) -> str:
        """A value as it stands in HTML; what is HTML already stays."""
        if type(value) is Markup:
            return value
        if type(value) is str and not (
            "&" in value or "<" in value or ">" in value or '"' in value or "'" in value
        ):
            return value
        return escape(value)


class _Code(jinja2.BytecodeCache):
    """The code of templates, compiled once for all languages and all builds of a process.

    Of each file the newest: a template is known by its file, and its code by what the file said.
    """

    def __init__(self) -> None:
        self._code: dict[str, tuple[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill in the code of a template, if it is known."""
        checksum, code = self._code.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a template."""
        assert bucket.code is not None  # noqa: S101  # given; the library's type is optional
        self._code[bucket.key] = bucket.checksum, bucket.code


_CODE = _Code()


class Templates:
    """The templates in one language, with what is the same for all that is rendered by them.

    A template that is imported without context sees that too, and is made once.
    """

    def __init__(self, environment: jinja2.Environment) -> None:
        self._environment = environment

    def render(self, template: str, **context: Any) -> str:
        """Render a template.

        :raises RenderError: the template is missing or does not render.
        """
        with _telling(template):
            return self._environment.get_template(template).render(context)

    def find_macro(self, template: str, name: str) -> Callable[..., Markup]:
        """A macro that needs no context, to be called; a call may raise a RenderError.

        :raises RenderError: the template or its macro is missing, or it does not render.
        """
        with _telling(template):
            macro = getattr(self._environment.get_template(template).module, name)

        def call(*values: Any) -> Markup:
            with _telling(template):
                return cast("Markup", macro(*values))

        return call

    def make_module(self, template: str, **context: Any) -> TemplateModule:
        """What a template sets.

        :raises RenderError: the template is missing or does not render.
        """
        with _telling(template):
            return self._environment.get_template(template).make_module(context)


class Theme:
    """Templates, found in the publication's own folder first and then in the package's."""

    def __init__(self, languages: Mapping[str, Language], folder: Path | None = None) -> None:
        folders = [folder] if folder else []
        self.languages = languages
        self._loader = jinja2.FileSystemLoader([*folders, templates_folder()])
        self._templates = {lang: self.fix(lang) for lang in languages}

    def fix(self, lang: str, **constants: Any) -> Templates:
        """The templates with ``language``, its ``words`` and ``constants`` at hand."""
        environment = _Environment(
            loader=self._loader,
            undefined=jinja2.StrictUndefined,
            # .txt templates are the text parts of mails: there, an entity would be a fault.
            autoescape=lambda name: not (name or "").endswith(".txt"),
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            bytecode_cache=_CODE,
        )
        language = self.languages[lang]
        environment.globals.update(
            constants, format_date=format_date, language=language, lang=lang, words=language.words
        )
        return Templates(environment)

    def render(self, template: str, lang: str, **context: Any) -> str:
        """Render a template with ``language`` and its ``words`` at hand.

        :raises RenderError: the template is missing or does not render.
        """
        return self._templates[lang].render(template, **context)

    def read(self, name: str) -> str:
        """The text of a file of the theme that is no template (a style sheet).

        :raises RenderError: there is no such file.
        """
        try:
            return self._loader.get_source(_Environment(), name)[0]
        except jinja2.TemplateNotFound as error:
            raise RenderError(name, "no such file in the templates") from error
        except UnicodeDecodeError as error:
            raise RenderError(name, "is not UTF-8; expected text in UTF-8") from error


@contextmanager
def _telling(template: str) -> Iterator[None]:
    """Tell the faults of a template as ours."""
    try:
        yield
    except jinja2.TemplateNotFound as error:
        raise RenderError(template, f"no template {error.name!r}") from error
    except jinja2.TemplateSyntaxError as error:
        raise RenderError(f"{error.name or template}:{error.lineno}", str(error)) from error
    except _FAULTS as error:
        message = str(error) or type(error).__name__
        raise RenderError(_find_place(error) or template, message) from error


def _find_place(error: BaseException) -> str:
    """The innermost line of a template that an error passed through; Jinja puts them in."""
    places = [
        f"{frame.f_code.co_filename}:{line}"
        for frame, line in walk_tb(error.__traceback__)
        if frame.f_code.co_filename.endswith((".html", ".txt"))
    ]
    return places[-1] if places else ""
