"""No link of a page, a feed or a mail to the site leads nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.model import Article
from tests.publications import BASE, NOTE, build_at, copy_sample, read_tree, run, write_publication
from tests.reading import find_dead_links


@pytest.mark.parametrize(
    "base_url",
    [
        "https://example.org",
        "https://example.org/",
        "https://example.org/papers",
        "http://localhost:8000/papers",
    ],
)
def test_wherever_the_site_is_every_link_to_it_leads_to_a_file(
    tmp_path: Path, base_url: str
) -> None:
    config = write_publication(tmp_path)
    config.write_text(config.read_text("utf-8").replace(BASE, base_url), "utf-8")
    assert run(config, "build").exit_code == 0
    assert run(config, "issue", "2024-12-17", "--out", tmp_path / "mail").exit_code == 0
    mails = tuple((tmp_path / "mail").glob("*.eml"))
    followed, dead = find_dead_links(tmp_path / "out", base_url, mails)
    assert mails
    assert dead == []
    assert followed > 500


def test_every_link_of_the_sample_leads_to_a_file(tmp_path: Path) -> None:
    base_url = "https://example.org/a%20b/papers/"
    config = copy_sample(tmp_path, base_url=base_url)
    assert run(config, "build").exit_code == 0
    mails: list[Path] = []
    for day in ("2026-11-03", "2026-11-18"):
        assert run(config, "issue", day, "--out", tmp_path / day).exit_code == 0
        mails.extend((tmp_path / day).glob("*.eml"))
    followed, dead = find_dead_links(tmp_path / "out", base_url, tuple(mails))
    assert mails
    assert dead == []
    assert followed > 5000


def test_images_of_notes_are_published_and_shown(tmp_path: Path) -> None:
    assert run(copy_sample(tmp_path), "build").exit_code == 0
    images = {path.name for path in (tmp_path / "out" / "images").iterdir()}
    pages = b"".join(
        content for name, content in read_tree(tmp_path / "out").items() if name.endswith(".html")
    )
    assert images
    assert all(f'src="/papers/images/{name}"'.encode() in pages for name in images)


ENDINGS = {
    "pages": {".html", ".css", ".js", ".svg", ".json", ".xml", ".txt"},
    "search": {".json"},
    "atom": {".atom"},
    "rss": {".rss"},
    "json": {".json"},
    "opml": {".opml"},
    "newsletter": {".html"},
}


@pytest.mark.parametrize(
    "outputs",
    [
        ("pages",),
        ("atom",),
        ("rss",),
        ("json",),
        ("newsletter",),
        ("pages", "newsletter"),
        ("atom", "opml"),
        ("pages", "rss", "opml"),
        ("pages", "opml"),
        ("pages", "search", "json"),
    ],
    ids="-".join,
)
def test_some_outputs_alone_are_whole(tmp_path: Path, outputs: tuple[str, ...]) -> None:
    settings = f'outputs = {list(outputs)}\n[feeds.one]\nany = ["one"]'
    config = write_publication(tmp_path, settings=settings)
    assert run(config, "build").exit_code == 0
    out = tmp_path / "out"
    endings = set().union(*(ENDINGS[name] for name in outputs))
    if not {"atom", "rss", "json"}.intersection(outputs):
        endings.discard(".opml")  # a list of no feeds
    assert {Path(name).suffix for name in read_tree(out)} - {""} == endings
    followed, dead = find_dead_links(out, BASE)
    # Without pages the top of the site is where the publication's own page is, which nobody wrote.
    known = set() if "pages" in outputs else {BASE, f"{BASE}/"}
    assert followed
    assert [link for link in dead if link.rpartition(": ")[2] not in known] == []


def test_an_output_that_is_wanted_no_more_is_taken_away(tmp_path: Path) -> None:
    config = write_publication(tmp_path)
    run(config, "build")
    write_publication(tmp_path, settings='outputs = ["atom", "pages"]')
    assert "removed" in run(config, "build").stdout
    out = tmp_path / "out"
    assert not [name for name in read_tree(out) if name.endswith((".rss", "newsletter.html"))]
    assert find_dead_links(out, BASE)[1] == []


def test_a_note_that_writes_about_an_address_keeps_its_words(tmp_path: Path) -> None:
    text = NOTE.replace("Words on the first paper.", f'Write `href="{BASE}/ko/"` and {BASE}/en/ .')
    built = build_at(write_publication(tmp_path, {"2024-12-17.txt": text}))
    article = next(a for a in built.publication.archive.articles["en"] if a.title == "First Paper")
    page = read_page(tmp_path, article)
    assert f'href="{BASE}/ko/"' in page.replace("&quot;", '"')
    assert '<a href="/papers/en/"' in page


def read_page(root: Path, article: Article) -> str:
    return (root / "out" / article.path / "index.html").read_text(encoding="utf-8")
