"""The filter by tag in a real browser: choosing, hiding, sharing an address, and coming back."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browsing import browsing, looking, needs_chromium, serving_site
from tests.publications import build_at, write_publication

pytestmark = needs_chromium

# More tags than stand on a page, so that some must be looked for.
MANY = " ".join(f"#tag-{number:02}" for number in range(30))


def make_note(day: str, *papers: tuple[str, str]) -> str:
    parts = [
        f"{title}\n(Ada Lovelace)\nAn abstract.\n해설 하나.\nA few words.\n{tags}\n"
        for title, tags in papers
    ]
    return f"{day}\n" + "\n".join(parts)


NOTES = {
    "a.txt": make_note("2024-12-17", ("First", "#RL #shared"), ("Second", "#GAN #shared")),
    "b.txt": make_note("2024-12-16", ("Third", "#RL #diffusion")),
    "c.txt": make_note("2024-12-12", ("Fourth", f"#GAN {MANY}"), ("Fifth", "#한국어")),
    "d.txt": make_note("2024-11-02", ("Sixth", "#diffusion")),
}
DAY = "en/2024/12/17/"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("filtered")
    build_at(write_publication(root, NOTES, settings="application = true"))
    with serving_site(root / "out") as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    with looking(browser, site, locale="en") as page:
        yield page


def panel(page: Page) -> Locator:
    return page.get_by_role("region", name="Filter by tag")


def unfold(page: Page) -> Locator:
    panel(page).locator("summary").click()
    return panel(page)


def press(page: Page, name: str) -> None:
    panel(page).get_by_role("button", name=name).first.click()


def shown(page: Page) -> list[str]:
    """The titles of the entries that are seen."""
    return [
        text
        for entry in page.locator("[data-tags]:visible").all()
        for text in [entry.inner_text().split("\n")[0].strip()]
    ]


def query(page: Page) -> str:
    return page.url.partition("?")[2]


def test_a_chosen_tag_leaves_only_its_entries(page: Page, site: str) -> None:
    page.goto(f"{site}{DAY}")
    assert len(shown(page)) == 2
    unfold(page)
    press(page, "#RL")
    assert [title.startswith("First") for title in shown(page)] == [True]
    expect(panel(page).get_by_role("status")).to_have_text("Papers shown: 1 of 2.")
    assert query(page) == "any=rl"


@pytest.mark.parametrize("typed", ["RL", " rl", "ｒｌ"])
def test_a_tag_in_an_address_may_be_spelled_as_people_type(
    page: Page, site: str, typed: str
) -> None:
    page.goto(f"{site}{DAY}?any={typed}")
    assert [title.startswith("First") for title in shown(page)] == [True]
    assert query(page) == "any=rl"


def test_a_tag_may_be_composed_as_another_system_does(page: Page, site: str) -> None:
    page.goto(f"{site}en/2024/12/12/?any={unicodedata.normalize('NFD', '한국어')}")
    assert [title.startswith("Fifth") for title in shown(page)] == [True]


def test_several_chosen_tags_show_what_has_any_of_them(page: Page, site: str) -> None:
    page.goto(f"{site}{DAY}")
    unfold(page)
    press(page, "#RL")
    press(page, "#GAN")
    assert len(shown(page)) == 2
    assert query(page) == "any=gan,rl"


def test_a_hidden_tag_hides_its_entries_even_chosen_ones(page: Page, site: str) -> None:
    page.goto(f"{site}{DAY}")
    unfold(page)
    press(page, "#shared")
    press(page, "Hide: #GAN")
    assert len(shown(page)) == 1
    assert query(page) == "any=shared&not=gan"
    press(page, "Hide: #GAN")
    assert len(shown(page)) == 2
    assert query(page) == "any=shared"


def test_what_must_be_there_is_read_from_the_address(page: Page, site: str) -> None:
    page.goto(f"{site}{DAY}?all=gan,shared")
    assert [title.startswith("Second") for title in shown(page)] == [True]
    expect(panel(page)).to_contain_text("Required")


def test_where_nothing_matches_the_page_says_so_and_leads_back(page: Page, site: str) -> None:
    page.goto(f"{site}{DAY}?any=diffusion")
    assert shown(page) == []
    expect(panel(page).get_by_role("status")).to_contain_text("No paper here matches")
    press(page, "Turn the filter off")
    assert len(shown(page)) == 2
    assert query(page) == ""
    expect(panel(page).locator("summary")).to_be_focused()


def test_it_is_remembered_by_a_reload_another_page_and_the_next_visit(
    page: Page, site: str
) -> None:
    page.goto(f"{site}{DAY}")
    unfold(page)
    press(page, "#RL")
    page.reload()
    assert len(shown(page)) == 1
    page.goto(f"{site}en/2024/12/16/")
    assert query(page) == "any=rl"  # an address that can be given to another
    later = page.context.new_page()
    later.goto(f"{site}ko/2024/12/17/")
    assert len(shown(later)) == 1
    expect(later.get_by_role("button", name="거르기 해제")).to_be_visible()
    later.get_by_role("button", name="거르기 해제").click()
    later.goto(f"{site}{DAY}")
    assert len(shown(later)) == 2


def test_the_back_button_shows_what_was_seen_then(page: Page, site: str) -> None:
    page.goto(f"{site}{DAY}")
    unfold(page)
    press(page, "#RL")
    page.goto(f"{site}en/2024/12/12/?not=gan")
    assert len(shown(page)) == 1
    page.go_back()
    expect(page.locator("[data-tags]:visible")).to_have_count(1)
    assert query(page) == "any=rl"


def test_an_entry_is_never_seen_before_it_is_hidden(page: Page, site: str) -> None:
    page.add_init_script(
        """window.shifts = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((e) => (shifts += e.value)))
          .observe({ type: "layout-shift", buffered: true });"""
    )
    page.goto(f"{site}en/?any=rl&not=gan")
    page.evaluate(
        """() => new Promise((done) =>
          new PerformanceObserver(done).observe({ type: "paint", buffered: true }))"""
    )
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    assert len(shown(page)) < page.locator("[data-tags]").count()
    assert page.evaluate("shifts") == 0


def test_days_that_do_not_match_are_dim_and_the_others_count_what_does(
    page: Page, site: str
) -> None:
    page.goto(f"{site}en/?any=gan")
    days = page.locator("[data-entries]")
    dim = page.locator("[data-entries][data-dim]")
    assert 0 < dim.count() < days.count()
    assert dim.first.is_visible()
    expect(panel(page).get_by_role("status")).to_contain_text("of 4.")


def test_a_section_without_an_entry_left_goes_whole(page: Page, site: str) -> None:
    page.goto(f"{site}en/2024/12/")
    assert page.locator("section.day:visible").count() == 3
    page.goto(f"{site}en/2024/12/?any=diffusion")
    assert page.locator("section.day:visible").count() == 1


def test_all_tags_are_marked_and_the_entries_of_the_language_counted(page: Page, site: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site}en/tags/")
    assert not [url for url in asked if "entries.json" in url]
    unfold(page)
    press(page, "#RL")
    press(page, "Hide: #diffusion")
    expect(panel(page).get_by_role("status")).to_have_text("Papers that match: 1 of 6.")
    expect(page.locator('[data-tag="rl"]').first).to_have_attribute("data-state", "chosen")
    expect(page.locator('[data-tag="diffusion"]').last).to_have_attribute("data-state", "hidden")
    panel(page).get_by_role("link", name="Look on the front page").click()
    page.wait_for_url("**/en/?any=rl&not=diffusion")


def test_a_tag_that_is_not_on_the_page_is_found_by_its_name(page: Page, site: str) -> None:
    page.goto(f"{site}en/2024/12/12/")
    unfold(page)
    panel(page).get_by_label("Find another tag").fill("한국")
    press(page, "#한국어")
    assert [title.startswith("Fifth") for title in shown(page)] == [True]
    panel(page).get_by_label("Find another tag").fill("no such tag")
    expect(panel(page)).to_contain_text("There is no such tag.")


@pytest.mark.parametrize(
    "strange",
    [
        "any=no-such-tag",
        "any=%3Cimg%20src=x%20onerror=alert(1)%3E",
        "any=%ED%95%9C&any=&not=%00,%2F..%2F&all=%22%27%5D",
        "any=%E0%A4%A&not=%",
        "any=" + ",".join(f"t{number}" for number in range(500)),
        "not=" + "x" * 3000,
        "any=__proto__,constructor",
    ],
)
def test_a_strange_address_is_shown_as_text_and_breaks_nothing(
    page: Page, site: str, strange: str
) -> None:
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.goto(f"{site}{DAY}?{strange}")
    assert page.locator("[data-drop]").count() <= 150
    assert page.locator(".filter img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if page.locator("[data-filter-clear]").is_visible():
        press(page, "Turn the filter off")
    assert len(shown(page)) == 2


def test_it_is_worked_from_the_keyboard_alone(page: Page, site: str) -> None:
    page.goto(f"{site}{DAY}")
    tab_to(page, "summary")
    page.keyboard.press("Enter")
    tab_to(page, "[data-slug=rl] [data-choose]")
    page.keyboard.press("Space")
    assert len(shown(page)) == 1
    expect(page.locator("[data-slug=rl] [data-choose]")).to_have_attribute("aria-pressed", "true")
    tab_to(page, "[data-slug=rl] [data-hide]")
    page.keyboard.press("Enter")
    assert query(page) == "not=rl"
    tab_to(page, "[data-drop=rl]")
    page.keyboard.press("Enter")
    assert len(shown(page)) == 2
    assert page.evaluate("document.activeElement.localName") == "summary"


def tab_to(page: Page, query: str) -> None:
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("(query) => document.activeElement.matches(query)", query):
            return
    pytest.fail(f"the keyboard does not reach {query}")


def test_without_storage_the_address_alone_holds_it(page: Page, site: str) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('refused'); } });"
    )
    page.goto(f"{site}{DAY}")
    unfold(page)
    press(page, "#RL")
    assert len(shown(page)) == 1
    page.reload()
    assert len(shown(page)) == 1
