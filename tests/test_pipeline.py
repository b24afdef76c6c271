"""The whole flow with real files: the same bytes everywhere, and ids and dates that stay."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from feeds.delivery.audience import choose
from feeds.errors import ManyDeletionsError
from feeds.model import Article
from feeds.pipeline import Build
from feeds.publish.folder import MANIFEST
from tests.publications import (
    CHECKOUT,
    NOTE,
    NOW,
    build_at,
    copy_sample,
    read_product,
    read_times,
    read_tree,
    write_publication,
)

BUILD = """
import sys
from datetime import datetime
from pathlib import Path
from feeds.config import load_config
from feeds.pipeline import build

build(load_config(Path(sys.argv[1])), now=datetime.fromisoformat(sys.argv[2]))
"""
MORNING, EVENING = "2026-11-20T00:01:02+09:00", "2026-11-20T14:58:59.9+00:00"


def build_elsewhere(
    config: Path, now: str, variables: Mapping[str, str] | None = None, *options: str
) -> None:
    subprocess.run(
        [sys.executable, *options, "-c", BUILD, config, now],
        cwd=CHECKOUT,
        env={**os.environ, **(variables or {})},
        check=True,
    )


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sample")
    build_elsewhere(copy_sample(root), MORNING)
    return root


def test_a_second_build_changes_no_byte_and_no_time_of_a_file(sample: Path) -> None:
    product, times = read_product(sample), read_times(sample)
    build_elsewhere(sample / "paperround.toml", EVENING)
    assert read_product(sample) == product
    now = read_times(sample)
    # Its own folder in out/, for unfinished files, comes and goes.
    assert {name for name in times if now.get(name) != times[name]} <= {"out", "."}


@pytest.mark.parametrize(
    ("variables", "options"),
    [
        ({"TZ": "America/Los_Angeles", "PYTHONHASHSEED": "1"}, ()),
        ({"TZ": "Pacific/Kiritimati", "LC_ALL": "C"}, ()),
        ({"PYTHONHASHSEED": "77"}, ("-O",)),
    ],
    ids=["behind", "ahead-in-the-plain-locale", "optimized"],
)
def test_the_same_notes_give_the_same_bytes_on_any_machine(
    sample: Path, tmp_path: Path, variables: Mapping[str, str], options: tuple[str, ...]
) -> None:
    root = tmp_path / "다른 폴더"
    root.mkdir()
    config = copy_sample(root)
    put_in_another_order(root / "notes")
    build_elsewhere(config, EVENING, variables, *options)
    assert_same(read_product(root), read_product(sample))


def put_in_another_order(folder: Path) -> None:
    """Write every file anew, the last one first: folders list them as they came."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file():
            content = path.read_bytes()
            path.unlink()
            path.write_bytes(content)


def assert_same(product: dict[str, bytes], expected: dict[str, bytes]) -> None:
    assert product.keys() == expected.keys()
    assert [name for name in product if product[name] != expected[name]] == []


def test_nothing_of_a_build_asks_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise AssertionError("the network was asked")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    built = build_at(copy_sample(tmp_path), datetime.fromisoformat(MORNING))
    publication = built.publication
    for issues in publication.archive.issues.values():
        assert publication.render(issues[0]).html


# --- ids and dates -------------------------------------------------------------------------------


def articles_of(built: Build) -> dict[tuple[str, str], Article]:
    """The articles by language and title."""
    articles = built.publication.archive.articles
    return {(lang, article.title): article for lang in articles for article in articles[lang]}


def edit(root: Path, old: str, new: str, name: str = "2024-12-17.txt") -> None:
    path = root / "notes" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


TOMORROW = NOW + timedelta(days=1)


def test_a_corrected_title_keeps_id_and_address_and_moves_its_own_updated(tmp_path: Path) -> None:
    config = write_publication(tmp_path)
    before = articles_of(build_at(config))
    lines = (tmp_path / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
    edit(tmp_path, "First Paper", "The First Paper, Corrected")
    after = articles_of(build_at(config, TOMORROW))
    for lang in ("ko", "en"):
        old, new = before[lang, "First Paper"], after[lang, "The First Paper, Corrected"]
        assert (new.id, new.path, new.published) == (old.id, old.path, old.published)
        assert new.updated > old.updated
        assert after[lang, "Second Paper"] == before[lang, "Second Paper"]
    now = (tmp_path / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(now) == len(lines)
    assert sum(a != b for a, b in zip(lines, now, strict=True)) == 1


def test_an_edit_in_one_language_moves_one_updated(tmp_path: Path) -> None:
    config = write_publication(tmp_path)
    before = articles_of(build_at(config))
    edit(tmp_path, "Words on the second paper.", "Better words on the second paper.")
    after = articles_of(build_at(config, TOMORROW))
    assert before.keys() == after.keys()
    moved = [place for place in after if after[place].updated != before[place].updated]
    assert moved == [("en", "Second Paper")]
    assert {place for place in after if after[place] != before[place]} == set(moved)


def test_an_edit_writes_only_the_files_that_show_it(tmp_path: Path) -> None:
    config = write_publication(tmp_path)
    build_at(config)
    before = read_tree(tmp_path / "out")
    edit(tmp_path, "Words on the second paper.", "Better words on the second paper.")
    published = build_at(config, TOMORROW).published
    after = read_tree(tmp_path / "out")
    changed = {name for name in after if after[name] != before.get(name)} - {MANIFEST}
    assert published.written == len(changed)
    assert {name for name in changed if name.startswith("ko/")} == set()
    assert {"en/feed.atom", "en/tags/two/feed.rss", "en/2024/12/17/newsletter.html"} <= changed
    assert not any(name.startswith("en/tags/one/") for name in changed)


def test_a_moved_entry_and_a_renamed_file_keep_id_and_address(tmp_path: Path) -> None:
    config = write_publication(tmp_path)
    before = articles_of(build_at(config))
    second = NOTE.partition("\n\n")[2]
    edit(tmp_path, f"\n\n{second}", "\n")
    write_publication(tmp_path, {"later.txt": f"2024-12-18\n{second}"})
    after = articles_of(build_at(config, TOMORROW))
    (tmp_path / "notes" / "later.txt").rename(tmp_path / "notes" / "renamed.md")
    again = articles_of(build_at(config, TOMORROW))
    for now in (after, again):
        assert {place: (a.id, a.path, a.published) for place, a in now.items()} == {
            place: (a.id, a.path, a.published) for place, a in before.items()
        }


def test_the_feed_of_a_tag_that_is_used_no_more_stays(tmp_path: Path) -> None:
    config = write_publication(tmp_path)
    build_at(config)
    edit(tmp_path, "#two #shared", "#shared")
    build_at(config, TOMORROW)
    out = tmp_path / "out"
    for name in ("feed.atom", "feed.rss", "feed.json", "index.html"):
        content = (out / "ko" / "tags" / "two" / name).read_text(encoding="utf-8")
        assert "Second Paper" not in content
    assert "two/feed.atom" not in (out / "feeds.opml").read_text(encoding="utf-8")


def test_an_entry_that_is_taken_out_is_gone_and_comes_back_as_itself(tmp_path: Path) -> None:
    config = write_publication(tmp_path)
    before = articles_of(build_at(config))
    edit(tmp_path, NOTE.partition("\n\n")[2], "")
    with pytest.raises(ManyDeletionsError):
        build_at(config, TOMORROW)
    gone = build_at(config, TOMORROW, allow_deletes=True)
    assert ("ko", "Second Paper") not in articles_of(gone)
    page = tmp_path / "out" / before["ko", "Second Paper"].path
    assert not page.exists()
    write_publication(tmp_path)
    after = articles_of(build_at(config, TOMORROW + timedelta(days=1)))
    assert after["ko", "Second Paper"].id == before["ko", "Second Paper"].id
    assert (page / "index.html").is_file()


def test_a_note_of_tomorrow_waits_for_its_day(tmp_path: Path) -> None:
    config = write_publication(tmp_path, {"2024-12-21.txt": NOTE.replace("12-17", "12-21")})
    assert build_at(config, NOW).publication.archive.days["ko"] == ()
    # Midnight in Seoul is the afternoon before in UTC.
    days = build_at(config, NOW.replace(hour=15)).publication.archive.days["ko"]
    assert [day.date for day in days] == [date(2024, 12, 21)]


def test_the_last_edit_of_a_day_is_that_of_its_newest_file(tmp_path: Path) -> None:
    config = write_publication(tmp_path, {"a.txt": NOTE, "b.txt": NOTE.replace("Paper", "Essay")})
    os.utime(tmp_path / "notes" / "a.txt", (1_734_400_000, 1_734_400_000))
    os.utime(tmp_path / "notes" / "b.txt", (1_734_500_000, 1_734_500_000))
    [(day, edited)] = build_at(config).publication.edits.items()
    assert (day, edited.timestamp()) == (date(2024, 12, 17), 1_734_500_000)


def test_progress_tells_of_every_step(tmp_path: Path) -> None:
    from feeds.config import load_config
    from feeds.pipeline import build

    steps: dict[str, list[int]] = {}

    def start(what: str, pieces: int) -> object:
        steps[what] = [pieces, 0]

        def advance() -> None:
            steps[what][1] += 1

        return advance

    config = load_config(write_publication(tmp_path))
    built = build(config, now=NOW, progress=start)  # type: ignore[arg-type]
    assert list(steps) == ["Reading", "Writing"]
    assert all(pieces == done for pieces, done in steps.values())
    assert steps["Writing"][0] == built.published.written


# --- mail for whoever chose tags ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selection", "first", "second"),
    [
        ("any=one", True, False),  # as the tag was called when the reader chose it
        ("any=first", True, False),  # as it is called now
        ("any=premier", True, False),  # a name that only joins others to it
        ("any=two", False, True),
        ("not=one", False, True),
        ("not=premier", False, True),
        ("all=one,shared", True, False),
        ("any=never-heard-of", False, False),
    ],
)
def test_a_reader_gets_what_they_chose_by_any_name_a_tag_ever_had(
    tmp_path: Path, selection: str, *, first: bool, second: bool
) -> None:
    build_at(write_publication(tmp_path))
    aliases = 'tags = {aliases = {one = "first", premier = "One"}}'
    note = NOTE.replace("#one", "#first")
    config = write_publication(tmp_path, {"2024-12-17.txt": note}, aliases)
    publication = build_at(config).publication
    mailing = publication.mail(publication.archive.issues["ko"][0])
    assert [entry.tags[0] for entry in mailing.entries] == ["first", "two"]
    assert choose(mailing, selection) == tuple(
        number for number, chosen in enumerate((first, second)) if chosen
    )


def test_a_tag_that_was_joined_by_its_notes_alone_keeps_its_readers(tmp_path: Path) -> None:
    build_at(write_publication(tmp_path))
    config = write_publication(tmp_path, None, 'tags = {aliases = {one = "two"}}')
    publication = build_at(config).publication
    mailing = publication.mail(publication.archive.issues["ko"][0])
    assert choose(mailing, "any=one") == choose(mailing, "any=two") == (0, 1)
