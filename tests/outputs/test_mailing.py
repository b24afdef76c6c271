"""What is kept of an issue for its readers: their own links, and weeks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import msgspec
import pytest

from feeds.delivery.variant import assemble
from feeds.errors import RenderError
from feeds.model import Issue, Mailing, Tag
from feeds.outputs.mailing import render_mailing
from feeds.outputs.theme import Theme
from feeds.personal import PREFERENCES_MARK, UNSUBSCRIBE_MARK
from tests.issues import (
    BASE,
    LANGUAGES,
    abstract,
    commentary,
    long_issue,
    make_article,
    make_issue,
    make_site,
    make_week,
)
from tests.outputs.newsletters import headings, links, mail, mail_to_readers, tree


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_readers_have_links_of_their_own_where_there_was_none(lang: str) -> None:
    issue = make_issue([make_article("A B", lang=lang)], lang=lang)
    leave = f"{BASE}/{lang}/unsubscribe?t={UNSUBSCRIBE_MARK}"
    change = f"{BASE}/{lang}/preferences?t={PREFERENCES_MARK}"
    newsletter = mail_to_readers(issue)
    assert [href for _, href in links(newsletter)][-2:] == [leave, change]
    assert newsletter.text.count(leave) == newsletter.text.count(change) == 1
    assert "preferences" not in mail(issue).html


def test_a_mailing_is_plain_data() -> None:
    late = make_article("Late", day=date(2024, 12, 3))
    article = make_article("A B", tags=(Tag(slug="rl", label="RL"), Tag(slug="c", label="c")))
    mailing = render_mailing(make_issue([article], late=[late]), make_site())
    assert msgspec.json.decode(msgspec.json.encode(mailing), type=Mailing) == mailing
    assert [(entry.article, entry.tags, entry.late) for entry in mailing.entries] == [
        (article.id, ("rl", "c"), False),
        (late.id, (), True),
    ]


def test_only_a_long_issue_is_kept_at_several_lengths() -> None:
    assert len(render_mailing(long_issue(9, sentences=9), make_site()).rooms) == 1
    assert len(render_mailing(long_issue(20, sentences=99), make_site()).rooms) == 6


def test_a_note_that_looks_like_a_mark_is_no_mark() -> None:
    fake = "<!--paperround:entry 1--> \ufdd0entry 1\ufdd0 [a](https://example.org/<!--x-->)"
    articles = [
        make_article(
            f"One {fake}", path="ko/1/", commentary=commentary(fake), abstract=abstract(fake)
        ),
        make_article("Two", path="ko/2/"),
    ]
    mailing = render_mailing(make_issue(articles), make_site())
    alone = assemble(mailing, [0])
    assert "paperround:entry 1" in tree(alone).text_content()
    assert [href for _, href in links(alone) if href.endswith("/ko/2/")] == []


@pytest.mark.parametrize("name", ["newsletter.html", "newsletter.txt"])
def test_a_template_that_does_not_tell_entries_apart_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "newsletter"
    folder.mkdir()
    (folder / name).write_text("<p>{% for item in shown.items %}{{ item.title }}{% endfor %}</p>")
    site = replace(make_site(), theme=Theme(LANGUAGES, tmp_path))
    with pytest.raises(RenderError, match=f"{name}: an entry is not marked; expected"):
        render_mailing(make_issue([make_article("A B")]), site)


# --- weeks ----------------------------------------------------------------------------------------


def make_days(first: date, last: date, lang: str) -> Issue:
    articles = (make_article("A Title", lang=lang, day=first),)
    return Issue(kind="weekly", first_day=first, day=last, lang=lang, articles=articles, late=())


@pytest.mark.parametrize(
    ("first", "last", "lang", "heading", "subject"),
    [
        ("2026-11-23", "2026-11-29", "ko", "2026년 11월 23일–29일", "11월 23일–29일"),
        ("2026-11-30", "2026-12-06", "ko", "2026년 11월 30일–12월 6일", "11월 30일–12월 6일"),
        ("2026-12-28", "2027-01-03", "ko", "2026년 12월 28일–2027년 1월 3일", "12월 28일–1월 3일"),
        ("2026-12-28", "2026-12-28", "ko", "2026년 12월 28일", "12월 28일"),
        ("2026-11-23", "2026-11-29", "en", "23–29 November 2026", "23–29 November"),
        ("2026-11-30", "2026-12-06", "en", "30 November – 6 December 2026", "30 November – 6 Dec"),
        ("2026-12-28", "2027-01-03", "en", "28 December 2026 – 3 January 2027", "28 December – 3"),
        ("2025-12-01", "2026-12-06", "en", "1 December 2025 – 6 December 2026", "1 December – 6 "),
    ],
)
def test_a_week_is_said_as_the_language_says_it(
    first: str, last: str, lang: str, heading: str, subject: str
) -> None:
    issue = make_days(date.fromisoformat(first), date.fromisoformat(last), lang)
    newsletter = mail_to_readers(issue)
    assert headings(newsletter)[0] == ("h1", heading)
    assert heading in newsletter.text.splitlines()
    assert newsletter.subject.startswith(subject)
    assert newsletter.subject.endswith(" · A Title")
    assert newsletter.kind == "weekly"


def test_each_entry_of_a_week_says_its_day() -> None:
    days = [date(2024, 12, 16), date(2024, 12, 16), date(2024, 12, 22)]
    articles = [make_article(f"Title {n}", day=day) for n, day in enumerate(days)]
    newsletter = mail_to_readers(make_week(articles))
    facts = [part.text_content().split("일 ")[0] for part in tree(newsletter).find_class("facts")]
    assert facts == ["\n2024년 12월 16", "\n2024년 12월 16", "\n2024년 12월 22"]
    assert newsletter.text.count("2024년 12월 16일 월요일\n") == 2
    assert "지난 날짜의 논문" not in newsletter.html


def test_a_week_has_no_page_and_leads_to_the_archive() -> None:
    newsletter = mail_to_readers(make_week(long_issue(90, sentences=1).articles))
    assert "newsletter.html" not in newsletter.html + newsletter.text
    assert ("지난 논문 모아 보기", f"{BASE}/ko/") in links(newsletter)
    [rest] = [href for text, href in links(newsletter) if text.startswith("웹에서 나머지")]
    assert rest == f"{BASE}/ko/"


def test_a_weekly_reader_is_told_why_a_mail_comes_once_a_week() -> None:
    article = make_article("A B", lang="en")
    assert "once a week" in mail_to_readers(make_week([article], lang="en")).html
    assert "once a week" not in mail_to_readers(make_issue([article], lang="en")).html


def test_a_style_of_dates_that_is_none_is_told() -> None:
    words = LANGUAGES["ko"].words
    broken = {**words, "newsletter": {**words["newsletter"], "week_in_month": "{first:lang}"}}
    languages = {**LANGUAGES, "ko": replace(LANGUAGES["ko"], words=broken)}
    site = replace(make_site(), languages=languages, theme=Theme(languages))
    with pytest.raises(RenderError, match=r"ko\.toml: words\.newsletter\.week_in_month: no style"):
        render_mailing(make_days(date(2026, 11, 23), date(2026, 11, 29), "ko"), site)
