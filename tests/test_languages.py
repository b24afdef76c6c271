"""Languages: one alone, one in place of another, and one more that is only a file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from lxml import etree

from feeds.config import load_config
from feeds.errors import ConfigError
from feeds.languages import known_languages, load_language, templates_folder
from tests.publications import BASE, NOTE, build_at, read_tree, run, write_publication
from tests.reading import Hypertext, find_dead_links

ENGLISH = (templates_folder() / "languages" / "en.toml").read_text(encoding="utf-8")
MONTHS = [f"{month}月" for month in range(1, 13)]
WEEKDAYS = [f"{day}曜日" for day in "月火水木金土日"]
JAPANESE_NOTE = """2024-12-17
A Paper
(Ada Lovelace)
An abstract in English.
これは最初の論文についての解説です。
#要約 #shared
"""


def write_japanese(root: Path) -> None:
    """A language file as somebody would write it: that of English, translated in part."""
    text = ENGLISH.replace('name = "English"', 'name = "日本語"\nscript = "[ぁ-んァ-ヶ一-龠]"')
    text = re.sub(r"(?m)^months = .*$", f"months = {MONTHS}", text)
    text = re.sub(r"(?m)^weekdays = .*$", f"weekdays = {WEEKDAYS}", text)
    text = re.sub(r'(?m)^full = ".*"$', 'full = "{year}年{month}{day}日 {weekday}"', text)
    text = text.replace('marker = "English"', 'marker = "Japanese"')
    text = text.replace('all_tags = "All tags"', 'all_tags = "すべてのタグ"')
    path = root / "templates" / "languages" / "ja.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")


def test_a_language_is_added_by_a_file_of_the_publication(tmp_path: Path) -> None:
    write_japanese(tmp_path)
    settings = 'languages = ["ja", "en"]\nfolders = { templates = "templates" }'
    config = write_publication(tmp_path, {"a.txt": JAPANESE_NOTE, "b.txt": NOTE}, settings)
    assert run(config, "build").exit_code == 0
    out = tmp_path / "out"
    [entry] = [
        entry
        for entry in etree.parse(out / "ja/feed.atom").iterfind("{*}entry")
        if entry.findtext("{*}title") == "A Paper"
    ]
    content = Hypertext(entry.findtext("{*}content") or "").text
    assert content.strip().startswith("これは最初の論文についての解説です。")
    assert (
        etree.parse(out / "ja/feed.atom")
        .getroot()
        .get("{http://www.w3.org/XML/1998/namespace}lang")
        == "ja"
    )
    assert (out / "ja/tags/要約/feed.rss").is_file()
    page = (out / "ja/2024/12/17/index.html").read_text(encoding="utf-8")
    assert '<html lang="ja"' in page
    assert "2024年12月17日 火曜日" in page
    assert "すべてのタグ" in page
    newsletter = (out / "ja/2024/12/17/newsletter.html").read_text(encoding="utf-8")
    assert "これは最初の論文についての解説です。" in Hypertext(newsletter).text
    assert not (out / "ko").exists()
    assert find_dead_links(out, BASE)[1] == []


def test_the_mail_of_an_added_language_is_whole(tmp_path: Path) -> None:
    write_japanese(tmp_path)
    settings = 'languages = ["ja"]\nfolders = { templates = "templates" }'
    config = write_publication(tmp_path, {"a.txt": JAPANESE_NOTE}, settings)
    result = run(config, "issue", "2024-12-17", "--out", tmp_path / "mail")
    assert result.exit_code == 0
    assert sorted(read_tree(tmp_path / "mail")) == ["ja.eml", "ja.html", "ja.txt"]
    assert "これは最初の論文" in (tmp_path / "mail" / "ja.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_publication_may_have_one_language(tmp_path: Path, lang: str) -> None:
    config = write_publication(tmp_path, settings=f'languages = ["{lang}"]')
    assert run(config, "build").exit_code == 0
    out = tmp_path / "out"
    other = "en" if lang == "ko" else "ko"
    assert not [name for name in read_tree(out) if name.startswith(f"{other}/")]
    assert (out / lang / "2024/12/17/newsletter.html").is_file()
    assert f'hreflang="{other}"' not in (out / lang / "index.html").read_text(encoding="utf-8")
    assert find_dead_links(out, BASE)[1] == []


def test_in_a_publication_of_one_language_that_shares_its_script_all_words_are_kept(
    tmp_path: Path,
) -> None:
    note = "2024-12-17\nTitle\n(A)\n> The abstract.\nThe commentary in English.\n#t\n"
    config = write_publication(tmp_path, {"a.txt": note}, 'languages = ["en"]')
    [article] = build_at(config).publication.archive.articles["en"]
    assert article.commentary is not None
    assert article.abstract is not None
    assert article.commentary.plain == ("The commentary in English.",)
    assert article.abstract.plain == ("The abstract.",)


KOREAN_ONLY = "2024-12-17\nTitle\n(A)\n한국어 해설만 있습니다.\n#t\n"


def test_without_a_fallback_an_entry_is_left_out_of_a_language_it_has_no_words_in(
    tmp_path: Path,
) -> None:
    config = write_publication(tmp_path, {"a.txt": KOREAN_ONLY})
    archive = build_at(config).publication.archive
    assert (len(archive.articles["ko"]), len(archive.articles["en"])) == (1, 0)
    assert archive.issues["en"] == ()


def test_with_the_original_as_fallback_it_is_shown_and_marked_as_what_it_is(tmp_path: Path) -> None:
    config = write_publication(tmp_path, {"a.txt": KOREAN_ONLY}, 'fallback = "original"')
    assert run(config, "build").exit_code == 0
    out = tmp_path / "out"
    [item] = json.loads((out / "en/feed.json").read_bytes())["items"]
    assert "한국어 해설만 있습니다." in item["content_html"]
    page = (out / "en/2024/12/17/title/index.html").read_text(encoding="utf-8")
    assert '<div class="commentary" lang="ko">' in page
    assert find_dead_links(out, BASE)[1] == []


WRONG = [
    ('name = "English"', "", "Object missing required field name"),
    ('months = ["January", ', "months = [", "months: 11 names; expected 12"),
    ('"Sunday"]', '"Sunday", "Oneday"]', "weekdays: 8 names; expected 7"),
    ('dir = "ltr"', 'dir = "ltr"\nscript = "["', "script: "),
    ('day = "{day} {month} {year}"', 'day = "{dey}"', "dates.day: {dey} is never filled in; exp"),
    ('day = "{day} {month} {year}"', "", "dates.day: missing; expected a text, as in en.toml"),
    ('home = "Home"', "", "words.pages.home: missing; expected a text, as in en.toml"),
    (
        'many = "and {count} others"',
        'many = "and {cuont} others"',
        "words.newsletter.others_many: {cuont} is never filled",
    ),
    (
        'many = "and {count} others"',
        'many = "and {count others"',
        "words.newsletter.others_many: expected '}'",
    ),
]


@pytest.mark.parametrize(("old", "new", "message"), WRONG, ids=[m for _, _, m in WRONG])
def test_what_is_wrong_in_a_language_is_told_with_file_and_key(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "templates" / "languages" / "xx.toml"
    path.parent.mkdir(parents=True)
    assert old in ENGLISH
    path.write_text(ENGLISH.replace(old, new, 1), encoding="utf-8")
    settings = 'languages = ["xx"]\nfolders = { templates = "templates" }'
    result = run(write_publication(tmp_path, settings=settings), "build")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"paperround: {path}: {message}")
    assert len(result.stderr.splitlines()) == 1


def test_a_language_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "languages" / "xx.toml"
    path.parent.mkdir()
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"xx\.toml: is not UTF-8"):
        load_language("xx", tmp_path)
    path.write_text("name = ")
    with pytest.raises(ConfigError, match=r"xx\.toml: Invalid value"):
        load_language("xx", tmp_path)


def test_a_publication_may_say_things_its_own_way(tmp_path: Path) -> None:
    path = tmp_path / "templates" / "languages" / "en.toml"
    path.parent.mkdir(parents=True)
    path.write_text(ENGLISH.replace('"All tags"', '"Every single tag"'), encoding="utf-8")
    config = write_publication(tmp_path, settings='folders = { templates = "templates" }')
    build_at(config)
    page = (tmp_path / "out/en/index.html").read_text(encoding="utf-8")
    assert "Every single tag" in page


@pytest.mark.parametrize("code", known_languages())
def test_every_language_that_ships_is_whole(code: str) -> None:
    language = load_language(code)
    assert language.code == code
    model = load_language("en")
    assert {s: set(w) for s, w in language.words.items()} == {
        s: set(w) for s, w in model.words.items()
    }
    assert language.dates.keys() == model.dates.keys()


def test_known_languages_are_those_of_both_folders(tmp_path: Path) -> None:
    write_japanese(tmp_path)
    assert known_languages(tmp_path / "templates") == ("en", "ja", "ko")
    settings = 'languages = ["ja"]\nfolders = { templates = "templates" }'
    assert load_config(write_publication(tmp_path, settings=settings)).languages == ("ja",)
