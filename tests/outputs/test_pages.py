"""The plain pages: whole, in their language, and so that every feed is found from them."""

from __future__ import annotations

import re
import shutil
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest

from feeds.outputs.formats import FORMATS
from tests.outputs.pages import hrefs, pages_in, read_page, texts
from tests.publications import build_at, copy_sample, run, write_publication
from tests.reading import find_dead_links


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pages")
    assert run(copy_sample(root), "build").exit_code == 0
    return root / "out"


def test_every_page_has_a_title_of_its_own_language_and_an_address(out: Path) -> None:
    for path in pages_in(out):
        page = read_page(path)
        name = path.relative_to(out).as_posix()
        assert (page.findtext(".//title") or "").strip(), name
        assert page.get("lang") == (name.split("/")[0] if "/" in name else "ko")
        assert (page.find(".//meta[@name='description']").get("content") or "").strip(), name
        [canonical] = hrefs(page, ".//link[@rel='canonical']") or ["none"]
        assert (canonical == "none") == (name == "404.html"), name
        assert len(page.findall(".//h1")) == 1, name
        assert page.find(".//meta[@name='viewport']") is not None


def test_no_page_has_a_style_or_a_script_inside(out: Path) -> None:
    for path in pages_in(out):
        page = read_page(path)
        assert not page.xpath(
            "//*[@style] | //style | //script[text()] | //@*[starts-with(name(), 'on')]"
        ), path
        assert all(str(src).startswith("/papers/assets/") for src in page.xpath("//script/@src"))


def test_no_template_leaves_its_marks(out: Path) -> None:
    for path in pages_in(out):
        text = path.read_text(encoding="utf-8")
        for mark in ("{{", "{%", "Undefined", "&amp;amp;", "&amp;lt;", "None</", "built-in method"):
            assert mark not in text, (path, mark)


def test_every_page_leads_to_the_feeds_of_its_language_and_of_its_own_first(out: Path) -> None:
    for path in pages_in(out):
        page = read_page(path)
        lang = page.get("lang")
        feeds = hrefs(page, ".//link[@rel='alternate'][@type]")
        assert feeds[-3:] == [f"/papers/{lang}/feed.{form.ending}" for form in FORMATS], path
        stem = path.parent.relative_to(out).as_posix()
        if (path.parent / "feed.atom").is_file():
            assert unquote(feeds[0]) == f"/papers/{stem}/feed.atom"


def test_the_page_of_feeds_names_every_feed_that_is_current(out: Path) -> None:
    for lang in ("ko", "en"):
        page = read_page(out / lang / "feeds" / "index.html")
        named = {unquote(href).removeprefix("/papers/") for href in hrefs(page, ".//main//a")}
        current = {
            path.relative_to(out).as_posix()
            for path in (out / lang).rglob("feed.atom")
            if b"<entry" in path.read_bytes()
        }
        assert len(current) > 10
        assert current <= named
        assert f"{lang}/feeds.opml" in named


def test_a_day_leads_to_its_neighbours_and_its_newsletter(out: Path) -> None:
    days = sorted((out / "ko").glob("[0-9]*/[0-9]*/[0-9]*/index.html"))
    assert len(days) > 8
    for index, path in enumerate(days):
        page = read_page(path)
        before = [f"/papers/{days[index - 1].parent.relative_to(out).as_posix()}/"] if index else []
        after = [f"/papers/{day.parent.relative_to(out).as_posix()}/" for day in days[index + 1 :]]
        assert hrefs(page, ".//a[@rel='prev']") == before
        assert hrefs(page, ".//a[@rel='next']") == after[:1]
        has_newsletter = (path.parent / "newsletter.html").is_file()
        assert bool([h for h in hrefs(page, ".//a") if "newsletter" in h]) == has_newsletter


def test_an_entry_leads_to_itself_in_the_other_language(out: Path) -> None:
    pages = sorted((out / "ko").glob("[0-9]*/[0-9]*/[0-9]*/*/index.html"))
    both = 0
    for path in pages:
        there = out / "en" / path.relative_to(out / "ko")
        links = hrefs(read_page(path), ".//link[@hreflang='en']")
        address = f"https://example.org/papers/{there.parent.relative_to(out).as_posix()}/"
        assert links == ([address] if there.is_file() else [])
        both += there.is_file()
    assert both


def test_a_tag_page_shows_its_entries_newest_first(out: Path) -> None:
    longest = 0
    for path in (out / "ko" / "tags").glob("*/index.html"):
        days = hrefs(read_page(path), ".//h2/a")
        assert days == sorted(set(days), reverse=True)
        longest = max(longest, len(days))
    assert longest > 2


def test_rights_subtitle_and_an_empty_publication_are_shown(tmp_path: Path) -> None:
    config = write_publication(
        tmp_path, {}, 'subtitle = "A <b> & more"\nrights = { ko = "© 나", en = "© Me" }'
    )
    (tmp_path / "notes").mkdir()
    assert run(config, "build").exit_code == 0
    for lang, rights in (("ko", "© 나"), ("en", "© Me")):
        page = read_page(tmp_path / "out" / lang / "index.html")
        assert page.findtext(".//footer/p") == rights
        assert page.findtext(".//p[@class='subtitle']") == "A <b> & more"


def test_headings_begin_with_one_and_skip_no_level(out: Path) -> None:
    deepest = 0
    for path in pages_in(out):
        levels = [int(each.tag[1]) for each in read_page(path).iter("h1", "h2", "h3", "h4", "h5")]
        assert levels[0] == 1, path
        assert levels.count(1) == 1, path
        for before, after in pairwise(levels):
            assert after <= before + 1, path
        deepest = max(deepest, *levels)
    assert deepest >= 3


def test_headings_of_a_commentary_stand_below_the_entrys_own(tmp_path: Path) -> None:
    note = "---\ntitle: A\ndate: 2024-12-17\n---\n글.\n## 첫째 소제목\n글.\n### 둘째 소제목\n글.\n"
    build_at(write_publication(tmp_path, {"a.md": note}))
    ko = tmp_path / "out/ko"
    for path, levels in (
        (ko / "2024/12/17/a/index.html", ["h2", "h3"]),
        (ko / "2024/12/17/index.html", ["h3", "h4"]),
        (ko / "index.html", ["h4", "h5"]),
    ):
        headings = read_page(path).xpath("//*[@class='commentary']/*[contains('h2h3h4h5', name())]")
        assert [heading.tag for heading in headings] == levels, path
        assert [heading.text for heading in headings] == ["첫째 소제목", "둘째 소제목"]


def test_no_id_stands_twice_on_a_page(out: Path) -> None:
    found = 0
    for path in pages_in(out):
        ids = read_page(path).xpath("//@id")
        assert len(ids) == len(set(ids)), path
        found += len(ids)
    assert found


def test_no_link_image_or_anchor_of_the_site_leads_nowhere(out: Path) -> None:
    followed, dead = find_dead_links(out, "https://example.org/papers")
    assert dead == []
    assert followed > 2000


def test_an_anchor_that_is_not_there_is_found(out: Path, tmp_path: Path) -> None:
    shutil.copytree(out, tmp_path / "out")
    home = tmp_path / "out/ko/index.html"
    home.write_text(home.read_text(encoding="utf-8").replace('id="days"', 'id="nights"'), "utf-8")
    dead = find_dead_links(tmp_path / "out", "https://example.org/papers")[1]
    assert dead
    assert all(link.endswith("/papers/ko/#days") for link in dead)


def test_every_table_says_what_it_is_and_heads_its_columns(out: Path) -> None:
    tables = 0
    for path in pages_in(out):
        for table in read_page(path).xpath("//main//table[not(ancestor::*[@class='commentary'])]"):
            assert table.find("caption").text_content().strip(), path
            assert {th.get("scope") for th in table.iter("th")} <= {"col", "row"}, path
            tables += 1
    assert tables > 10


def test_every_nav_has_a_name_in_the_language_of_its_page(out: Path) -> None:
    for lang, letters in (("ko", "[가-힣]"), ("en", "[A-Za-z]")):
        names: set[str] = set()
        for path in pages_in(out / lang):
            labels = [nav.get("aria-label") or "" for nav in read_page(path).iter("nav")]
            assert labels, path
            assert len(labels) == len(set(labels)), path
            names.update(labels)
        assert len(names) >= 4
        assert all(re.search(letters, name) for name in names), names


def test_what_is_in_another_language_says_so(out: Path) -> None:
    marked = 0
    for path in pages_in(out / "ko"):
        for element in read_page(path).xpath("//main//*[self::a or self::h1][not(@aria-label)]"):
            text = element.text_content()
            foreign = len(re.findall("[A-Za-z]{2,}", text)) > 3 and not re.search("[가-힣]", text)
            if foreign and not element.xpath("ancestor::*[@class='commentary']"):
                langs = element.xpath("descendant-or-self::*/@lang | ancestor::blockquote/@lang")
                assert langs == ["en"], (path, text)
                marked += 1
    assert marked > 50
    for path in pages_in(out / "en"):
        for tag in read_page(path).xpath("//*[contains(@class, 'tags')]//a"):
            hangul = re.search("[가-힣]", tag.text_content())
            assert tag.get("lang") == ("ko" if hangul else None), path
    # A term in Latin letters is at home among Korean words.
    assert read_page(out / "ko/tags/index.html").xpath("//li[@data-tag='rl']/a[not(@lang)]")


def test_the_home_page_shows_the_newest_day_in_full_and_days_before_it_by_titles(out: Path) -> None:
    days = sorted((out / "ko").glob("[0-9]*/[0-9]*/[0-9]*/index.html"), reverse=True)
    home = read_page(out / "ko/index.html")
    shown = [f"/papers/{day.parent.relative_to(out).as_posix()}/" for day in days]
    assert hrefs(home, ".//section[@class='day']/h2/a") == shown[:1]
    assert hrefs(home, ".//section[@class='recent']//h3/a") == shown[1:15]
    newest = read_page(days[0])
    for query in ("//article//h2/a", "//article//h3/a"):
        titles = texts(newest, query) or texts(home, query)
        assert titles == texts(home, "//section[@class='day']/article/h3/a")
    assert len(home.xpath("//article//*[@class='commentary']")) == len(newest.xpath("//article"))


def test_every_entry_is_reached_by_links_without_a_script(out: Path) -> None:
    for lang in ("ko", "en"):
        seen: set[str] = set()
        waiting = [f"/papers/{lang}/"]
        while waiting:
            address = waiting.pop()
            if address in seen or not address.startswith(f"/papers/{lang}/"):
                continue
            seen.add(address)
            path = out / unquote(address).removeprefix("/papers/")
            if address.endswith("/"):
                page = read_page(path / "index.html")
                waiting += [href.partition("#")[0] for href in hrefs(page, ".//a")]
        pages = {
            f"/papers/{path.parent.relative_to(out).as_posix()}/" for path in pages_in(out / lang)
        }
        missing = pages - {unquote(address) for address in seen} - {f"/papers/{lang}/search/"}
        assert missing == set()


def test_an_entry_leads_to_what_its_writer_named_and_to_others_with_its_tags(
    tmp_path: Path,
) -> None:
    head = "---\ntitle: {0}\ndate: 2024-12-{1}\ntags: [t]\n---\n해설입니다.\n"
    notes = {
        f"{name}.md": head.format(name, day) for name, day in (("A", 10), ("B", 12), ("C", 14))
    }
    notes["A.md"] += "## Related\n- [[C]]\n"
    build_at(write_publication(tmp_path, notes))
    ko = tmp_path / "out/ko/2024/12"
    page = read_page(ko / "10/a/index.html")
    assert texts(page, "//section[@class='related']/h2") == ["관련 글", "태그가 겹치는 글"]
    assert texts(page, "//section[@class='related']//a") == ["C", "B"]
    assert hrefs(page, ".//nav[@class='around']/a[@rel='next']") == ["/papers/ko/2024/12/12/b/"]
    page = read_page(ko / "12/b/index.html")
    assert texts(page, "//section[@class='related']//a") == ["C", "A"]
    assert hrefs(page, ".//nav[@class='around']/a") == [
        "/papers/ko/2024/12/10/a/",
        "/papers/ko/2024/12/14/c/",
    ]


def test_what_a_filter_reads_stands_on_the_pages(out: Path) -> None:
    day = next(iter((out / "ko").glob("2026/11/03/index.html")))
    entries = [
        [
            unquote(href).rstrip("/").rpartition("/")[2]
            for href in hrefs(article, "ul[@class='tags']//a")
        ]
        for article in read_page(day).iter("article")
    ]
    slugs = [" ".join(each) for each in entries]
    assert any(slugs)
    assert [article.get("data-tags") for article in read_page(day).iter("article")] == slugs
    for calendar in ("index.html", "2026/index.html", "2026/11/index.html"):
        page = read_page(out / "ko" / calendar)
        [cell] = page.xpath("//td[a[contains(@href, '/ko/2026/11/03/')]]")
        assert cell.get("data-entries") == "|".join(slugs)
        assert page.xpath("//*[@data-filter]")
    tags = read_page(out / "ko/tags/index.html")
    assert {"rl", "한국어"} <= set(tags.xpath("//*[@data-tag]/@data-tag"))


def test_a_publication_of_one_language_without_notes_is_whole(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    config = write_publication(tmp_path, {}, 'languages = ["en"]')
    assert run(config, "build").exit_code == 0
    out = tmp_path / "out"
    for path in pages_in(out):
        assert not read_page(path).xpath("//link[@hreflang] | //nav[@class='languages']"), path
    assert find_dead_links(out, "https://example.org/papers")[1] == []
    assert "Nothing has been written yet." in texts(read_page(out / "en/index.html"), "//main/p")


def test_in_place_of_a_missing_language_the_original_is_marked(tmp_path: Path) -> None:
    note = "2024-12-17\nTitle\n(A)\n한국어 해설만 있습니다.\n#t\n"
    build_at(write_publication(tmp_path, {"a.txt": note}, 'fallback = "original"'))
    for name in ("index.html", "2024/12/17/index.html", "2024/12/17/title/index.html"):
        [text] = read_page(tmp_path / "out/en" / name).xpath("//*[@class='commentary']")
        assert text.get("lang") == "ko"
        assert texts(text, "preceding-sibling::*[@class='label']") == ["Original"]


def test_a_page_for_an_address_that_leads_nowhere_leads_on(out: Path) -> None:
    page = read_page(out / "404.html")
    links = hrefs(page, ".//main//a")
    assert links == [
        f"/papers/{each}" for each in ("ko/", "ko/#days", "ko/tags/", "ko/feeds/", "en/")
    ]
    assert page.xpath("//form[@role='search']")


def test_a_day_of_fifteen_entries_weighs_at_most_a_hundred_kilobytes(tmp_path: Path) -> None:
    entry = "A Title of Some Length on Learning {0}\n(Ada Lovelace, Alan Turing, Grace Hopper)\n"
    entry += f"{'We show that models learn faster when data is chosen. ' * 25}\n"
    entry += f"{'모델이 데이터를 고르면 더 빨리 배운다는 점을 보인 논문입니다. ' * 12}\n"
    entry += f"{'It is worth a read for how it measures things. ' * 12}\n#rl #llm #tag-{{0}}\n"
    note = "2024-12-17\n" + "\n".join(entry.format(number) for number in range(15))
    build_at(write_publication(tmp_path, {"a.txt": note}))
    out = tmp_path / "out"
    path = out / "ko/2024/12/17/index.html"
    page = read_page(path)
    assert len(page.xpath("//article")) == 15
    used = page.xpath(
        "//link[@rel='stylesheet' or @rel='modulepreload' or @rel='icon']/@href | //script/@src"
    )
    files = [path, *{out / str(href).removeprefix("/papers/") for href in used}]
    assert len(files) > 3
    assert sum(file.stat().st_size for file in files) <= 100_000
