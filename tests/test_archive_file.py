"""What a build keeps for combined feeds: whole, only when it changed, and never in the way."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from feeds import archive_file
from feeds.archive_file import KeptSite, entries_path, keep_entries, load_entries
from feeds.config import load_config
from feeds.model import Feed
from feeds.outputs.atom import render_atom
from feeds.outputs.feed_list import list_feeds
from feeds.outputs.jsonfeed import render_json
from feeds.outputs.rss import render_rss
from feeds.outputs.site import Site
from tests.outputs.samples import HOSTILE_TITLES, RL, make_article, make_config, make_site
from tests.publications import build_at, copy_sample, run, waiting_at_most, write_publication
from tests.system import NOBODY, without_privileges

posix_only = pytest.mark.skipif(os.name == "nt", reason="rights and pipes are others there")


def keep(root: Path, *titles: str, **keys: object) -> Site:
    """A site of articles with these titles, kept in a folder."""
    config = make_config(folders={"state": str(root / "state")}, **keys)
    articles = [make_article(title, position=place) for place, title in enumerate(titles)]
    site = make_site(articles, config=config)
    assert keep_entries(site) == []
    return site


def titles_of(site: Site | None) -> list[str]:
    assert site is not None
    return [article.title for article in site.archive.articles["ko"]]


def test_every_feed_of_what_was_kept_is_the_file_that_was_written(tmp_path: Path) -> None:
    config = copy_sample(tmp_path, settings='rights = "©"\ntags = { aliases = { "ai" = "llm" } }')
    built = build_at(config).publication.site
    kept = load_entries(load_config(config))
    assert kept is not None
    feeds = list_feeds(kept.archive, kept.config, kept.languages)
    assert feeds == built.feeds
    assert kept.config == built.config
    out = load_config(config).out_folder
    render: dict[str, Callable[[Feed, Site], bytes]] = {
        "atom": render_atom,
        "rss": render_rss,
        "json": render_json,
    }
    for feed in [feed for feed in feeds if feed.kind in ("all", "named")]:
        for ending, write in render.items():
            assert write(feed, kept) == (out / f"{feed.stem}.{ending}").read_bytes()


def test_hostile_text_comes_back_as_it_was(tmp_path: Path) -> None:
    site = keep(tmp_path, *HOSTILE_TITLES)
    assert titles_of(load_entries(site.config)) == titles_of(site)


def test_stubs_are_not_kept(tmp_path: Path) -> None:
    config = make_config(folders={"state": str(tmp_path)})
    stub = make_article("Stub", position=1, stub=True, commentary=None, abstract=None)
    keep_entries(make_site([make_article("Whole"), stub], config=config))
    assert titles_of(load_entries(config)) == ["Whole"]


def test_it_says_nothing_of_the_folder_that_it_was_made_in(tmp_path: Path) -> None:
    contents = []
    for name in ("one", "another"):
        config = write_publication(tmp_path / name)
        build_at(config)
        contents.append(entries_path(load_config(config)).read_bytes())
    assert contents[0] == contents[1]


def test_it_is_written_only_when_it_changed(tmp_path: Path) -> None:
    site = keep(tmp_path, "One")
    path = entries_path(site.config)
    os.utime(path, (1, 1))
    keep(tmp_path, "One")
    assert path.stat().st_mtime == 1
    keep(tmp_path, "Another")
    assert path.stat().st_mtime > 1


def test_where_no_feed_is_written_nothing_is_kept(tmp_path: Path) -> None:
    site = keep(tmp_path, "One")
    assert entries_path(site.config).is_file()
    keep(tmp_path, "One", outputs=["pages", "newsletter"])
    assert not entries_path(site.config).exists()


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def turn(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def age(content: bytes) -> bytes:
    return content.replace(b" entries 1 ", b" entries 0 ", 1)


@pytest.mark.parametrize("damage", [cut, turn, age, lambda _: b"", lambda _: b"\x00" * 99])
def test_what_is_damaged_or_of_another_version_is_as_good_as_absent(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    site = keep(tmp_path, "One", "Two")
    path = entries_path(site.config)
    content = path.read_bytes()
    path.write_bytes(damage(content))
    assert load_entries(site.config) is None
    keep_entries(site)
    assert path.read_bytes() == content


def test_another_release_reads_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = keep(tmp_path, "One")
    monkeypatch.setattr(archive_file, "_FIRST_LINE", b"paperround entries 1 99.0\n")
    assert load_entries(site.config) is None


@posix_only
def test_a_state_folder_that_cannot_be_written_is_a_warning() -> None:
    # Not below the folder of pytest, which lets nobody but its owner in.
    with tempfile.TemporaryDirectory() as name:
        root, state = Path(name), Path(name) / ".paperround"
        config = write_publication(root)
        state.mkdir()
        for path in [root, *root.rglob("*")] if os.geteuid() == 0 else []:
            os.chown(path, NOBODY, NOBODY)
        state.chmod(0o555)
        with without_privileges():
            built = run(config, "build")
        state.chmod(0o755)
        assert built.exit_code == 0
        assert " ".join(built.stderr.split()) == (
            ".paperround/entries.z:1: warning: cannot be written: Permission denied; "
            "feeds by a combination of tags stay as they were"
        )
        assert (root / "out/ko/feed.atom").is_file()


def test_a_folder_in_its_place_is_a_warning_too(tmp_path: Path) -> None:
    config = make_config(folders={"state": str(tmp_path)})
    entries_path(config).mkdir()
    [finding] = keep_entries(make_site([make_article()], config=config))
    assert finding.level == "warning"
    assert "cannot be written: Is a directory; " in finding.message
    assert KeptSite(config)() is None


# --- whoever serves -------------------------------------------------------------------------------


def test_what_is_kept_is_read_once_and_again_when_it_changed(tmp_path: Path) -> None:
    config = make_config(folders={"state": str(tmp_path / "state")})
    kept = KeptSite(config)
    assert kept() is None
    keep(tmp_path, "One")
    first = kept()
    assert titles_of(first) == ["One"]
    assert kept() is first
    keep(tmp_path, "Another")
    assert titles_of(kept()) == ["Another"]


@pytest.mark.parametrize("fault", ["damaged", "gone", "a folder"])
def test_the_last_good_one_stays_while_it_cannot_be_read(tmp_path: Path, fault: str) -> None:
    config = keep(tmp_path, "One").config
    path = entries_path(config)
    kept = KeptSite(config)
    first = kept()
    assert first is not None
    path.unlink()
    if fault == "damaged":
        path.write_bytes(b"?")
    elif fault == "a folder":
        path.mkdir()
    assert kept() is first
    if fault == "a folder":
        path.rmdir()
    keep(tmp_path, "Another")
    assert titles_of(kept()) == ["Another"]


@posix_only
def test_a_pipe_in_its_place_is_not_waited_for(tmp_path: Path) -> None:
    config = make_config(folders={"state": str(tmp_path)})
    os.mkfifo(entries_path(config))
    with waiting_at_most(5):
        assert KeptSite(config)() is None


def test_a_site_that_is_handed_over_is_shown_whatever_the_file_says(tmp_path: Path) -> None:
    site = keep(tmp_path, "In the file")
    kept = KeptSite(site.config)
    assert titles_of(kept()) == ["In the file"]
    mine = make_site([make_article("Handed over", tags=(RL,))])
    kept.hand_over(mine)
    keep(tmp_path, "In the file again")
    assert kept() is mine
    kept.hand_over(make_site([make_article("Handed over", tags=(RL,))]))
    assert kept() is mine  # one that says the same is no other
    kept.hand_over(make_site([make_article("Another", tags=(RL,))]))
    assert titles_of(kept()) == ["Another"]


def test_many_at_once_are_shown_the_same(tmp_path: Path) -> None:
    kept = KeptSite(keep(tmp_path, *(f"Paper {number}" for number in range(50))).config)
    together = Barrier(12)

    def look(_number: int) -> Site | None:
        together.wait()
        return kept()

    with ThreadPoolExecutor(12) as pool:
        sites = list(pool.map(look, range(12)))
    assert {id(site) for site in sites} == {id(kept())}
    assert sites[0] is not None


def test_the_address_of_the_build_is_that_of_the_feeds(tmp_path: Path) -> None:
    """A build may have been made for another address than the configuration's own."""
    config = write_publication(tmp_path)
    assert run(config, "build", "--base-url", "http://localhost:8000").exit_code == 0
    kept = KeptSite(load_config(config))()
    assert kept is not None
    assert kept.config.base_url == "http://localhost:8000"
    assert kept.config.root == tmp_path
