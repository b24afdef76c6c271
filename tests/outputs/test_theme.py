"""Templates of a publication's own: they stand in for ours, and their faults are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from markupsafe import Markup

from feeds.languages import load_languages
from feeds.outputs.theme import Theme
from tests.publications import read_tree, run, write_publication

SETTINGS = 'folders = { templates = "mine" }'


def write_template(root: Path, name: str, content: str | bytes) -> Path:
    path = root / "mine" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return write_publication(root, settings=SETTINGS)


def test_a_template_of_ones_own_stands_in_for_ours(tmp_path: Path) -> None:
    page = '{% extends "site/base.html" %}{% block main %}<h1>Mine, {{ lang }}</h1>{% endblock %}'
    config = write_template(tmp_path, "site/home.html", page)
    assert run(config, "build").exit_code == 0
    home = (tmp_path / "out/ko/index.html").read_text(encoding="utf-8")
    assert "<h1>Mine, ko</h1>" in home
    assert 'rel="stylesheet"' in home


def test_a_style_of_ones_own_reaches_pages_and_mails(tmp_path: Path) -> None:
    config = write_template(tmp_path, "css/site.css", "h1 { color: #123456; }\n")
    (tmp_path / "mine/css/newsletter.css").write_text("h1, h2 { color: #654321 !important; }\n")
    assert run(config, "build").exit_code == 0
    tree = read_tree(tmp_path / "out")
    [style] = [name for name in tree if name.startswith("assets/site.") and name.endswith(".css")]
    assert tree[style] == b"h1 { color: #123456; }\n"
    assert f'href="/papers/{style}"'.encode() in tree["ko/index.html"]
    assert b"#654321" in tree["ko/2024/12/17/newsletter.html"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{% if %}", "site/home.html:1: Expected an expression"),
        ("<p>\n{{ nope }}", "mine/site/home.html:2: 'nope' is undefined"),
        ("{{ words.pages.nope }}", "mine/site/home.html:1: 'dict object' has no attribute 'nope'"),
        ("\n\n{{ 1 / 0 }}", "mine/site/home.html:3: division by zero"),
        ('{{ format_date(1, language, "x") }}', "mine/site/home.html:1: 'x'"),
        ('{{ "{x}".format() }}', "mine/site/home.html:1: 'x'"),
        ('{% extends "nope.html" %}', "site/home.html: no template 'nope.html'"),
        ('{% include "site/home.html" %}', "site/home.html:1: maximum recursion depth exceeded"),
        (
            '{% import "site/macros.html" as macros with context %}{{ macros.article_body(3) }}',
            "site/macros.html:",
        ),
        (b"\xff", "site/home.html: 'utf-8' codec can't decode"),
    ],
    ids=lambda value: value if isinstance(value, str) else "bytes",
)
def test_a_fault_in_a_template_is_told_with_its_line_and_nothing_is_written(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    config = write_template(tmp_path, "site/home.html", content)
    result = run(config, "build")
    assert result.exit_code == 1
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "ledger.jsonl").exists()


def test_a_fault_in_a_macro_of_ones_own_is_told_too(tmp_path: Path) -> None:
    config = write_template(tmp_path, "site/links.html", "{% macro link(a, b, c) %}{{ nope }}")
    result = run(config, "build")
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "site/links.html:1: " in result.stderr
    config = write_template(tmp_path, "site/links.html", "nothing here")
    result = run(config, "build")
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "site/links.html: " in result.stderr


def test_whatever_a_template_shows_is_escaped_once(tmp_path: Path) -> None:
    (tmp_path / "try.html").write_text("{% for value in values %}{{ value }} {% endfor %}")
    (tmp_path / "try.txt").write_text("{{ values[0] }}")

    class Name(str):
        __slots__ = ()

    theme = Theme(load_languages(("ko", "en")), tmp_path)
    values = ["<", ">", "&", '"', "'", Name("<b>"), Markup("<i>&amp;</i>"), 3, None, ["<"], "plain"]
    assert theme.render("try.html", "ko", values=values).split() == [
        *("&lt;", "&gt;", "&amp;", "&#34;", "&#39;", "&lt;b&gt;", "<i>&amp;</i>", "3", "None"),
        *("[&#39;&lt;&#39;]", "plain"),
    ]
    assert theme.render("try.txt", "ko", values=values) == "<"


def test_a_template_imported_without_context_has_what_is_the_same_for_a_language(
    tmp_path: Path,
) -> None:
    (tmp_path / "try.html").write_text('{% import "own.html" as own %}{{ own.say() }}')
    (tmp_path / "own.html").write_text("{% macro say() %}{{ lang }} {{ where }}{% endmacro %}")
    theme = Theme(load_languages(("ko", "en")), tmp_path)
    fixed = {lang: theme.fix(lang, where=f"<{lang}>") for lang in ("ko", "en")}
    assert fixed["ko"].render("try.html") == "ko &lt;ko&gt;"
    assert fixed["en"].render("try.html") == "en &lt;en&gt;"


def test_a_fault_in_a_template_leaves_the_last_good_site_in_place(tmp_path: Path) -> None:
    config = write_template(tmp_path, "site/tag.html", '{% extends "site/base.html" %}')
    assert run(config, "build").exit_code == 0
    before = read_tree(tmp_path / "out")
    write_template(tmp_path, "site/tag.html", "<p>\n{{ nope }}")
    result = run(config, "build")
    assert (result.exit_code, "mine/site/tag.html:2: 'nope'" in result.stderr) == (1, True)
    assert read_tree(tmp_path / "out") == before


def test_a_style_that_is_no_text_is_told(tmp_path: Path) -> None:
    config = write_template(tmp_path, "css/site.css", b"\xff")
    result = run(config, "build")
    assert result.exit_code == 1
    assert result.stderr == "paperround: css/site.css: is not UTF-8; expected text in UTF-8\n"
