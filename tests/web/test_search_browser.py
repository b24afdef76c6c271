"""The search in a real browser: in Korean, with particles, half typed, by keyboard, republished."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urljoin, urlsplit

import pytest
from lxml import html
from playwright.sync_api import Browser, Locator, Page, Response, expect

from tests.browsing import browsing, check_access, looking, needs_chromium, serving_site
from tests.publications import build_at, write_publication

pytestmark = needs_chromium

NOTES = """2024-12-17
Reward Hacking <b>Explained</b>
(Ada Lovelace, 허준이)
We train a language model with self-attention and a reward model. Tokenizers and tokenizers differ.
보상 모델을 속이는 언어모델의 이야기. 강화 학습에서 흔합니다.
How a policy fools its reward model, and what fine-tuning does.
#RL #alignment

Scaling DeepSeek-V3
(Grace Hopper)
A mixture of experts, trained on 14.8T tokens, each a token. We explain: explain, explain, explain!
LoRA를 쓰지 않고 모델이 커집니다. GPT-4의 크기와 견줍니다.
No LoRA here.
#MoE

Plain Title
(Alan Turing)
Nothing common to see.
강화학습과 정확도. 모델은 하나. 좋은 글
Model of everything; finetuning in C++.
#RL #C++

A Stub Without Text
(Nobody Known)
#later
"""
MANY = "2024-12-10\n" + "\n".join(
    f"Common Paper {number}\n(Ada {one}, Grace {other})\n흔한 해설, 해설{mark} 드문 말.\n#bulk\n"
    for number in range(23)
    for mark in ["" if number == 22 else ","]
    for one, other in [("Kay", "Lovelace") if number == 21 else ("Lovelace", "Kay")]
)
HOSTILE = (
    '"><img src=x onerror="document.title=\'broken\'"><script>document.title="broken"</script>'
)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("search")
    build_at(write_publication(root, {"a.txt": NOTES, "b.txt": MANY}))
    return root / "out"


@pytest.fixture(scope="module")
def site(out: Path) -> Iterator[str]:
    with serving_site(out) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    with looking(browser, site, locale="ko") as page:
        yield page


@pytest.fixture(scope="module")
def window(browser: Browser, site: str) -> Iterator[Page]:
    """One for all who only look: opening one takes longer than loading a page."""
    with looking(browser, site, locale="ko") as page:
        yield page


def look(page: Page, site: str, query: str, lang: str = "ko", rest: str = "") -> None:
    """Open the page of the search with a query, and wait for its answer."""
    page.goto(f"{site}{lang}/search/?q={quote(query)}{rest}")
    expect(status(page)).not_to_be_empty()
    expect(status(page)).not_to_have_text("찾고 있습니다 …")


def field(page: Page) -> Locator:
    return page.locator("main [data-search-field]")


def status(page: Page) -> Locator:
    return page.locator("[data-search-status]")


def results(page: Page) -> Locator:
    return page.locator("[data-search-results] > li")


def titles(page: Page) -> list[str]:
    return results(page).locator("h2").all_inner_texts()


def marks(page: Page) -> list[str]:
    return page.locator("[data-search-results] mark").all_inner_texts()


REWARD, SCALING, PLAIN = "Reward Hacking <b>Explained</b>", "Scaling DeepSeek-V3", "Plain Title"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("모델", [REWARD, SCALING, PLAIN]),
        ("모델을", [REWARD, SCALING, PLAIN]),
        ("모델에서는", [REWARD, SCALING, PLAIN]),
        ("언어모델", [REWARD]),
        ("강화학습", [REWARD, PLAIN]),
        ("강화 학습", [REWARD, PLAIN]),
        ("정확도가", [PLAIN]),
        ("글", [PLAIN]),
        ("\u1106\u1169\u1103\u1166\u11af", [REWARD, SCALING, PLAIN]),
        ("LoRA를", [SCALING]),
        ("gpt-4", [SCALING]),
        ("ＧＰＴ－４의", [SCALING]),
        ("Attention", [REWARD]),
        ("self attention", [REWARD]),
        ("selfattention", [REWARD]),
        ("deepseek", [SCALING]),
        ("seek", [SCALING]),
        ("c++", [PLAIN]),
        ("허준이", [REWARD]),
        ("lovelace reward", [REWARD]),
        ("14.8T", [SCALING]),
        ("alignment", [REWARD]),
        ("없는말", []),
        ("model nothing", []),
        ("constructor", []),
        ("__proto__", []),
    ],
)
def test_a_query_finds_what_it_means(window: Page, site: str, query: str, found: list[str]) -> None:
    look(window, site, query)
    assert sorted(titles(window)) == sorted(found)


def test_words_written_together_and_apart_find_each_other(page: Page, site: str) -> None:
    for query in ("finetuning", "fine-tuning", "fine tuning"):
        look(page, site, query, lang="en")
        assert sorted(titles(page)) == sorted([REWARD, PLAIN]), query


def test_quoted_words_are_found_side_by_side_only(page: Page, site: str) -> None:
    look(page, site, "language attention")
    assert titles(page) == [REWARD]
    look(page, site, '"language attention"')
    assert titles(page) == []
    look(page, site, '"reward model"')
    assert titles(page) == [REWARD]
    assert "reward model" in marks(page)


def test_titles_come_first_and_then_what_is_new(page: Page, site: str) -> None:
    look(page, site, "common")
    expect(status(page)).to_have_text("글 24편을 찾았습니다.")
    assert titles(page) == [f"Common Paper {number}" for number in range(10)]
    for shown in (20, 24):
        page.get_by_role("button", name="결과 더 보기").click()
        expect(results(page)).to_have_count(shown)
    assert titles(page)[-1] == PLAIN


def test_a_title_that_begins_so_comes_before_a_text_that_has_it_often(
    page: Page, site: str
) -> None:
    look(page, site, "explain")
    assert titles(page) == [REWARD, SCALING]


def test_the_whole_word_comes_before_one_that_begins_so(page: Page, site: str) -> None:
    look(page, site, "token")
    assert titles(page) == [SCALING, REWARD]


def test_words_side_by_side_come_before_words_apart(page: Page, site: str) -> None:
    look(page, site, "해설 드문")
    expect(status(page)).to_have_text("글 23편을 찾았습니다.")
    assert titles(page)[0] == "Common Paper 22"


def test_a_name_comes_before_two_names_that_share_its_words(page: Page, site: str) -> None:
    look(page, site, "ada kay")
    expect(status(page)).to_have_text("글 23편을 찾았습니다.")
    assert titles(page)[0] == "Common Paper 21"


def test_a_result_says_what_when_and_where(page: Page, site: str) -> None:
    look(page, site, "모델을")
    first = results(page).filter(has_text="Reward Hacking")
    assert first.locator(".snippet mark").all_inner_texts() == ["모델을", "모델"]
    expect(first.locator(".snippet")).to_contain_text("보상 모델을 속이는")
    expect(first.locator("time")).to_have_text("2024년 12월 17일")
    expect(first.locator("time")).to_have_attribute("datetime", "2024-12-17")
    expect(first.locator("h2 a")).to_have_attribute("lang", "en")
    assert first.locator(".tags a").all_inner_texts() == ["#RL", "#alignment"]
    expect(first.locator(".tags a").first).to_have_attribute("href", "/papers/ko/tags/rl/")
    expect(status(page)).to_have_text("글 3편을 찾았습니다.")


def test_a_name_that_was_found_is_shown(page: Page, site: str) -> None:
    look(page, site, "허준이")
    expect(results(page).locator(".authors mark")).to_have_text("허준이")
    look(page, site, "모델")
    expect(results(page).locator(".authors")).to_have_count(0)


def test_a_note_without_text_is_found_by_its_title(page: Page, site: str) -> None:
    look(page, site, "stub without")
    assert titles(page) == ["A Stub Without Text"]
    expect(results(page).locator(".snippet")).to_have_count(0)


def test_a_word_that_nothing_has_is_shortened_and_said(page: Page, site: str) -> None:
    look(page, site, "모델링하자")
    assert sorted(titles(page)) == sorted([REWARD, SCALING, PLAIN])
    expect(status(page)).to_contain_text("줄인 말로 찾았습니다: 모델")


def test_more_results_come_below_and_are_still_there_on_coming_back(page: Page, site: str) -> None:
    look(page, site, "흔한")
    expect(results(page)).to_have_count(10)
    expect(status(page)).to_have_text("글 23편을 찾았습니다.")
    more = page.get_by_role("button", name="결과 더 보기")
    more.click()
    expect(results(page)).to_have_count(20)
    expect(results(page).nth(10).locator("h2 a")).to_be_focused()
    results(page).nth(10).locator("h2 a").click()
    expect(page.locator("h1")).to_have_text("Common Paper 10")
    page.go_back()
    expect(results(page)).to_have_count(20)
    more.click()
    expect(results(page)).to_have_count(23)
    expect(more).to_be_hidden()


def test_the_tags_that_are_chosen_hold_for_results(page: Page, site: str) -> None:
    look(page, site, "모델", rest="&any=rl")
    assert sorted(titles(page)) == sorted([REWARD, PLAIN])
    expect(status(page)).to_contain_text("숨긴 글이 1편")
    page.locator("summary").first.click()
    page.get_by_role("button", name="숨기기: #alignment").click()
    expect(results(page)).to_have_count(1)
    assert titles(page) == [PLAIN]
    asked = parse_qs(urlsplit(page.url).query)
    assert (asked["q"], asked["any"], asked["not"]) == (["모델"], ["rl"], ["alignment"])
    page.get_by_role("button", name="거르기 해제").click()
    expect(results(page)).to_have_count(3)


def test_tags_of_the_selection_that_no_note_has_hide_everything(page: Page, site: str) -> None:
    look(page, site, "모델", rest="&all=rl,moe")
    assert titles(page) == []
    expect(status(page)).to_contain_text("숨긴 글이 3편")


def test_the_keyboard_is_enough(page: Page, site: str) -> None:
    page.goto(f"{site}ko/search/")
    page.keyboard.press("/")
    expect(field(page)).to_be_focused()
    page.keyboard.type("reward")
    expect(results(page)).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(results(page).locator("h2 a")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(field(page)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(REWARD)
    page.go_back()
    expect(field(page)).to_have_value("reward")
    expect(results(page)).to_have_count(1)
    field(page).focus()
    page.keyboard.press("Escape")
    expect(field(page)).to_have_value("")
    expect(field(page)).to_be_focused()
    expect(results(page)).to_have_count(0)
    expect(status(page)).to_be_empty()
    assert urlsplit(page.url).query == ""


def test_the_field_of_any_page_leads_to_the_results(page: Page, site: str) -> None:
    page.goto(f"{site}ko/tags/")
    page.keyboard.press("/")
    page.keyboard.type("모델을")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ko/search/?q=*")
    expect(field(page)).to_have_value("모델을")
    expect(results(page)).to_have_count(3)


def test_the_address_says_what_was_asked(page: Page, site: str) -> None:
    page.goto(f"{site}ko/search/")
    length = page.evaluate("history.length")
    field(page).fill("C++ 모델")
    expect(results(page)).to_have_count(1)
    assert parse_qs(urlsplit(page.url).query) == {"q": ["C++ 모델"]}
    assert page.evaluate("history.length") == length


def test_korean_is_found_while_it_is_put_together(page: Page, site: str) -> None:
    page.goto(f"{site}ko/search/")
    field(page).focus()
    method = page.context.new_cdp_session(page)

    def compose(text: str) -> None:
        place = len(text)
        method.send(
            "Input.imeSetComposition",
            {"text": text, "selectionStart": place, "selectionEnd": place},
        )

    for text in ("ㅁ", "모", "몯", "모데", "모델"):
        compose(text)
    # Not finished: no key after the last letter, and it is found all the same.
    expect(results(page)).to_have_count(3)
    expect(field(page)).to_have_value("모델")
    method.send("Input.insertText", {"text": "모델"})
    expect(field(page)).to_have_value("모델")
    compose("ㅇ")
    expect(field(page)).to_have_value("모델ㅇ")
    method.send("Input.insertText", {"text": "은"})
    expect(page).to_have_url(re.compile(f"q={quote('모델은')}$"))
    expect(results(page)).to_have_count(3)


def test_a_syllable_on_its_way_takes_no_result_away(page: Page, site: str) -> None:
    page.clock.install()
    look(page, site, "모델 뷁")  # which fetches all that is asked for below
    field(page).fill("모델 ")
    page.clock.run_for(1_000)
    expect(results(page)).to_have_count(3)
    field(page).press("End")
    method = page.context.new_cdp_session(page)
    half = {"text": "뷁", "selectionStart": 1, "selectionEnd": 1}
    method.send("Input.imeSetComposition", half)
    page.clock.run_for(1_000)
    expect(field(page)).to_have_value("모델 뷁")
    assert results(page).count() == 3
    method.send("Input.insertText", {"text": "뷁"})
    page.clock.run_for(1_000)
    expect(results(page)).to_have_count(0)
    expect(status(page)).to_contain_text("없습니다")


@pytest.mark.parametrize(
    "query", [HOSTILE, "%00%ff", "(((((", "[a-z]{99}", "\\", '"', '""', "\ud7b0" * 99]
)
def test_a_hostile_query_is_only_text(page: Page, site: str, query: str) -> None:
    page.goto(f"{site}ko/search/?q={quote(query)}")
    field(page).press("End")
    field(page).press_sequentially(" 모델")
    expect(status(page)).not_to_be_empty()
    assert page.title() == "검색 – 논문"
    expect(page.locator("main img")).to_have_count(0)


def test_a_hostile_title_is_only_text(page: Page, site: str) -> None:
    look(page, site, "explained")
    expect(results(page).locator("h2")).to_have_text(REWARD)
    expect(results(page).locator("b")).to_have_count(0)
    assert marks(page) == ["Explained"]


def test_axe_finds_nothing_wrong_with_results(page: Page, site: str) -> None:
    look(page, site, "모델을")
    check_access(page)
    expect(page.get_by_role("search").get_by_role("searchbox")).to_have_count(1)
    expect(page.get_by_role("list", name="검색 결과").get_by_role("article")).to_have_count(3)


def test_a_small_phone_never_scrolls_sideways(page: Page, site: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    look(page, site, "모델을")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_query_fetches_a_manifest_its_words_and_the_texts_that_are_shown(
    page: Page, site: str
) -> None:
    fetched: list[str] = []

    def note(response: Response) -> None:
        if response.url.endswith(".json"):
            fetched.append(urlsplit(response.url).path.rpartition("/")[2].partition(".")[0])

    page.on("response", note)
    look(page, site, "흔한")
    assert fetched[0] == "index"
    assert len([name for name in fetched if name.startswith("words")]) == 1
    assert 3 <= len([name for name in fetched if name.startswith("texts")]) <= 4  # of four each
    assert len(fetched) == len(set(fetched))


# --- what changes meanwhile, and what is missing -------------------------------------------------


@pytest.fixture
def changing(out: Path, tmp_path: Path) -> Path:
    """A publication of its own, to be built anew."""
    shutil.copytree(out.parent, tmp_path, dirs_exist_ok=True)
    return tmp_path


def complaining(browser: Browser) -> Page:
    """A page that may complain: of files that are not there."""
    page = browser.new_context(locale="ko").new_page()
    page.set_default_timeout(5_000)
    return page


def test_a_site_published_anew_is_read_anew(browser: Browser, changing: Path) -> None:
    page = complaining(browser)
    with serving_site(changing / "out") as address:
        page.goto(f"{address}ko/search/")
        field(page).fill("자연어")
        expect(status(page)).to_contain_text("없습니다")
        older = "2023-01-01\nOlder\n(A. B.)\n자연어 모델을 봅니다.\nModel.\n#RL\n"
        (changing / "notes" / "c.txt").write_text(older, encoding="utf-8")
        build_at(changing / "paperround.toml")
        field(page).fill("모델을")
        expect(results(page)).to_have_count(4)
        assert sorted(titles(page)) == sorted([REWARD, SCALING, PLAIN, "Older"])
    page.context.close()


def test_a_file_that_stays_away_is_told_and_asked_for_again(
    browser: Browser, changing: Path
) -> None:
    page = complaining(browser)
    folder = changing / "out" / "assets" / "search" / "ko"
    with serving_site(changing / "out") as address:
        page.goto(f"{address}ko/search/")
        folder.rename(folder.parent / "away")
        field(page).fill("모델을")
        expect(status(page)).to_contain_text("불러오지 못했습니다")
        (folder.parent / "away").rename(folder)
        field(page).press("Enter")
        expect(results(page)).to_have_count(3)
    page.context.close()


def test_a_format_of_tomorrow_is_refused(browser: Browser, changing: Path) -> None:
    page = complaining(browser)
    manifest = changing / "out" / "ko" / "search" / "index.json"
    known = json.loads(manifest.read_bytes())
    manifest.write_text(json.dumps({**known, "format": known["format"] + 1}))
    with serving_site(changing / "out") as address:
        page.goto(f"{address}ko/search/?q=model")
        expect(status(page)).to_contain_text("불러오지 못했습니다")
    page.context.close()


def test_without_scripts_the_page_says_so_and_where_to_go(browser: Browser, site: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}ko/search/?q=x")
    shown = page.locator("main").inner_text()
    expect(field(page)).to_be_hidden()
    for said in ("자바스크립트가 켜져 있어야", "날짜로 찾아보기", "모든 태그"):
        assert said in shown
    # The browser's driver does not look into <noscript>.
    links = html.document_fromstring(page.content()).findall(".//noscript//a")
    assert len(links) == 2
    for link in links:
        assert page.request.get(urljoin(site, str(link.get("href")))).ok
    context.close()
