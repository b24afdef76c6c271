"""The calendar of days: right in every month that there is, and whole."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from feeds.languages import load_languages
from feeds.model import Day
from feeds.outputs.assets import collect_assets
from feeds.outputs.pages.calendar import arrange_months, order_weekdays, write_calendar
from feeds.outputs.pages.frame import Frame
from feeds.outputs.pages.home import write_home
from tests.outputs.pages import hrefs, read_page, render_pages, texts
from tests.outputs.samples import make_article, make_site
from tests.publications import BASE, build_at, write_publication
from tests.reading import find_dead_links

LANGUAGES = load_languages(("ko", "en"))
SITE = make_site([])
FRAMES = {lang: Frame(SITE, lang, collect_assets(SITE.theme)) for lang in LANGUAGES}


def make_note(day: str) -> str:
    return f"{day}\nPaper of {day}\n(A)\n한국어 해설입니다.\nEnglish words.\n#t\n"


DAYS = ("2024-02-29", "2024-12-01", "2024-12-17", "2023-10-01", "0999-01-01", "0999-12-31")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("calendar")
    build_at(write_publication(root, {f"{day}.txt": make_note(day) for day in DAYS}))
    return root / "out"


@given(st.dates(), st.sampled_from(["ko", "en"]))
def test_every_day_of_a_month_stands_below_its_weekday(day: date, lang: str) -> None:
    language, frame = LANGUAGES[lang], FRAMES[lang]
    frame.days = (Day(date=day, lang=lang, articles=()),)
    [month] = arrange_months(frame)
    heads = [whole for _, whole in order_weekdays(language)]
    assert [len(week) for week in month.weeks] == [7] * len(month.weeks)
    found = [
        (cell.number, heads[column])
        for week in month.weeks
        for column, cell in enumerate(week)
        if cell.number
    ]
    length = calendar.monthrange(day.year, day.month)[1]
    dates = [day.replace(day=number) for number in range(1, length + 1)]
    assert found == [(each.day, language.weekdays[each.weekday()]) for each in dates]
    linked = [cell.number for week in month.weeks for cell in week if cell.href]
    assert linked == [day.day]
    assert all(any(cell.number for cell in week) for week in month.weeks)


def test_a_week_begins_as_the_language_likes() -> None:
    assert order_weekdays(LANGUAGES["ko"])[0] == ("일", "일요일")
    assert order_weekdays(LANGUAGES["en"])[0] == ("Mon", "Monday")


def test_a_month_that_begins_on_a_sunday_begins_in_its_column(out: Path) -> None:
    # 1 October 2023 and 1 December 2024 were Sundays.
    for month in ("2023/10", "2024/12"):
        rows = read_page(out / "ko" / month / "index.html").xpath("//table//tbody/tr")
        assert [cell.text_content() for cell in rows[0]][:2] == ["1", "2"]
        rows = read_page(out / "en" / month / "index.html").xpath("//table//tbody/tr")
        assert [cell.text_content() for cell in rows[0]] == [*[""] * 6, "1"]


def test_a_leap_day_leads_to_its_page(out: Path) -> None:
    page = read_page(out / "en/2024/02/index.html")
    [link] = page.xpath("//table//a")
    assert (link.text, link.get("href")) == ("29", "/papers/en/2024/02/29/")
    assert link.get("aria-label") == "29 February: 1 paper"
    assert [td.text_content() for td in page.xpath("//td")][-4:] == ["29", "", "", ""]


def test_a_year_shows_its_months_that_have_days_and_leads_to_those_beside_it(out: Path) -> None:
    page = read_page(out / "ko/2024/index.html")
    assert texts(page, "//h1") == ["2024년"]
    assert texts(page, "//caption") == ["2024년 2월", "2024년 12월"]
    assert hrefs(page, ".//caption/a") == ["/papers/ko/2024/02/", "/papers/ko/2024/12/"]
    assert hrefs(page, ".//a[@rel='prev']") == ["/papers/ko/2023/"]
    assert hrefs(page, ".//a[@rel='next']") == []
    assert hrefs(read_page(out / "ko/2023/index.html"), ".//a[@rel='prev']") == ["/papers/ko/0999/"]


def test_years_of_three_digits_have_their_pages(out: Path) -> None:
    page = read_page(out / "en/0999/index.html")
    assert texts(page, "//caption") == ["January 999", "December 999"]
    assert (out / "en/0999/12/31/index.html").is_file()
    time = read_page(out / "en/0999/12/31/index.html").find(".//h1/time")
    assert time is not None
    assert time.get("datetime") == "0999-12-31"


def test_a_month_lists_its_days_and_leads_to_those_beside_it(out: Path) -> None:
    page = read_page(out / "en/2024/12/index.html")
    assert hrefs(page, ".//h2/a") == ["/papers/en/2024/12/17/", "/papers/en/2024/12/01/"]
    assert texts(page, "//ul[@class='titles']/li/a") == [
        "Paper of 2024-12-17",
        "Paper of 2024-12-01",
    ]
    assert hrefs(page, ".//a[@rel='prev']") == ["/papers/en/2024/02/"]
    assert hrefs(page, ".//a[@rel='next']") == []
    assert hrefs(page, ".//nav[@class='place']/a") == ["/papers/en/2024/"]


def test_the_home_page_has_the_newest_months_and_all_years(out: Path) -> None:
    page = read_page(out / "ko/index.html")
    assert texts(page, "//caption") == ["2024년 12월", "2024년 2월", "2023년 10월"]
    assert hrefs(page, ".//ul[@class='years']//a") == [
        f"/papers/ko/{year}/" for year in ("2024", "2023", "0999")
    ]
    assert texts(page, "//ul[@class='years']//small") == ["글 3편", "글 1편", "글 2편"]


def test_nothing_of_it_leads_nowhere(out: Path) -> None:
    assert find_dead_links(out, BASE)[1] == []


def test_ten_years_of_days_leave_home_and_year_light() -> None:
    days = [date(2013, 1, 1) + timedelta(days=number) for number in range(3652)]
    articles = [make_article(f"Paper {day}", day=day, lang="en") for day in days]
    home = render_pages(make_site(articles), "en", write_home)["en/index.html"]
    last = make_site(article for article in articles if article.day.year == 2022)
    year = render_pages(last, "en", write_calendar)["en/2022/index.html"]
    assert len(home) < 40_000
    assert len(year) < 100_000
    assert len(html.document_fromstring(year.decode()).findall(".//td/a")) == 365
