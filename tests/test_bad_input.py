"""Bad input through the commands: told with its place, everything else built, nothing live."""

from __future__ import annotations

import email
import email.policy
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import etree

from tests.publications import NOTE, read_tree, run, waiting_at_most, write_publication
from tests.reading import Hypertext, find_dead_links, read_html
from tests.system import NOBODY, without_privileges

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="files of this kind are POSIX")

SCRIPT = "<script>alert(1)</script>"
HANDLER = '<img src=x onerror="alert(2)">'
HOSTILE = f"""2024-12-14
{SCRIPT}{HANDLER} & <EOS> in a title
(Eve {SCRIPT}, "Bob" onload="alert(3)")
Abstract {SCRIPT} <svg onload="alert(4)"> javascript:alert(5) </blockquote></body>
한국어 {SCRIPT} {HANDLER} [k](javascript:alert(6)) [d](data:text/html,x) <a href="javascript:a">x
![i](javascript:alert(7)) ![d](data:image/svg+xml,x) <javascript:alert(8)> [v](vbscript:x) [r]
[r]: JaVaScRiPt:alert(9)
[[x" onclick="alert(10)]] <details ontoggle=a open> [t](https://y.example "on\\"click=x")
English {SCRIPT} [k](&#106;avascript:alert(11)) [n](java\tscript:alert(12)) <iframe src=//x>
#../../etc/passwd #con #nul #aux.txt #{SCRIPT} #a"onclick="x #.. #index.html

[t](javascript:alert(13)) (javascript:alert(14))
(A)
한국어 하나
#x

U (https://x.example/"onclick="alert(15))
(A)
한국어 둘
#x

../../../etc/passwd
(A)
한국어 셋
#x
"""
CONTROLS = (
    "2024-12-13\nBell\x07 and \x1b[31mred\x1b[0m \x00title\ufffe\n(A\x01, B\x0b)\n"
    "abstract \x02\x7f\n한국어 \x03해설\x08 \x1b]0;x\x07\x85\n#t\x00ag\n"
)
TWINS = "2024-12-12\n" + "".join(
    f"Same Title\n(Author {number})\n해설 {number}번입니다.\n#tag\n\n" for number in (1, 2)
)
LONG = f"2024-12-11\n{'긴 title ' * 1250}\n(A)\n한국어\n#{'x' * 5000}\n"
FRONT = (
    f"---\ntitle: '{SCRIPT}'\ndate: 2024-12-10\nauthors: ['{HANDLER}']\n"
    f"tags: ['{SCRIPT}', '../../../x']\nurl: 'javascript:alert(16)'\n---\n한국어 {SCRIPT}\n"
)
BAD: dict[str, str | bytes] = {
    "good.txt": NOTE,
    "2024-12-14.txt": HOSTILE,
    "2024-12-13.txt": CONTROLS,
    "2024-12-12.txt": TWINS,
    "2024-12-11.txt": LONG,
    "front.md": FRONT,
    "nodate.txt": "A Title\n(A)\n한국어\n",
    "2024-12-09.txt": "2024-12-09\nTitle\n(A)\n한국".encode() + b"\xff\xfe\n",
    "x.md/inside.txt": "2024-12-08\nInside\n(A)\n한국어\n",
    "names/2024-12-07 \x1b[31m:x:\n.md": "한국어\n",
    "2024-12-06.txt": "",
    "2024-99-99.txt": "A Title\n(A)\n한국어\n",
}
TOLD = {
    "nodate.txt:1: error: no date; expected",
    "2024-12-09.txt:4: error: not UTF-8; expected",
    "2024-12-05.txt:1: error: a file of 200 MiB; expected at most",
    "x.md:1: error: a folder; expected",
    "dangling.md:1: error: cannot be read: a link to nothing; expected",
    "2024-12-04.txt:1: error: no regular file; expected",
    "circle.md:1: error: cannot be read: ",
    "2024-99-99.txt:1: error: no date; expected",
}
WARNED = {
    "2024-12-13.txt:2: warning: control character",
    "2024-12-11.txt:2: warning: a title of ",
    "2024-12-14.txt:10: warning: tag ",
}


@dataclass(frozen=True)
class Ruin:
    """What a build of the worst folder of notes printed and wrote."""

    root: Path
    built: str
    checked: str

    @property
    def out(self) -> Path:
        return self.root / "out"


@pytest.fixture(scope="module")
def ruin(tmp_path_factory: pytest.TempPathFactory) -> Ruin:
    root = tmp_path_factory.mktemp("ruin") / "publication"
    config = write_publication(root, BAD)
    notes = root / "notes"
    with (notes / "2024-12-05.txt").open("wb") as file:
        file.truncate(200 << 20)
    (notes / "dangling.md").symlink_to("nowhere.md")
    (notes / "circle.md").symlink_to("circle.md")
    (notes / "round").symlink_to(".")
    os.mkfifo(notes / "2024-12-04.txt")
    with waiting_at_most(30):
        checked = run(config, "check")
        assert not (root / "out").exists()
        assert not (root / "ledger.jsonl").exists()
        built = run(config, "build")
    assert (checked.exit_code, built.exit_code) == (1, 1)
    return Ruin(root=root, built=built.stderr, checked=checked.stdout)


@posix_only
@pytest.mark.parametrize("start", sorted(TOLD | WARNED))
def test_what_is_wrong_is_told_with_its_place_and_what_was_expected(ruin: Ruin, start: str) -> None:
    assert any(line.startswith(start) for line in ruin.built.splitlines())
    assert any(line.startswith(start) for line in ruin.checked.splitlines())


@posix_only
def test_there_are_no_other_errors_and_every_line_has_its_place(ruin: Ruin) -> None:
    errors = [line for line in ruin.built.splitlines() if " error: " in line]
    assert len(errors) == len(TOLD)
    for line in [*ruin.built.splitlines(), *ruin.checked.splitlines()[:-1]]:
        assert re.match(r".+:\d+: (error|warning|notice): ", line), line


@posix_only
def test_no_name_of_a_file_reaches_the_terminal_raw(ruin: Ruin) -> None:
    assert r"2024-12-07 \x1b[31m:x:\n.md:1: " in ruin.checked
    assert "\x1b" not in ruin.built + ruin.checked


@posix_only
def test_everything_else_is_built(ruin: Ruin) -> None:
    titles = [
        item["title"] for item in json.loads((ruin.out / "ko/feed.json").read_bytes())["items"]
    ]
    assert {"First Paper", "Second Paper", "Inside", "../../../etc/passwd"} <= set(titles)
    assert titles.count("Same Title") == 2
    assert any(title.startswith(SCRIPT) and "<EOS>" in title for title in titles)
    assert len(titles) == 13


@posix_only
def test_nothing_is_written_outside_the_output_folder(ruin: Ruin) -> None:
    there = {
        path.relative_to(ruin.root).as_posix()
        for path in ruin.root.rglob("*")
        if not path.is_relative_to(ruin.out) and not path.is_relative_to(ruin.root / "notes")
    }
    state = {".paperround", ".paperround/entries.z", ".paperround/index.sqlite3"}
    assert there == {"paperround.toml", "ledger.jsonl", *state}
    assert [path.name for path in ruin.root.parent.iterdir()] == ["publication"]


@posix_only
def test_paths_are_such_as_every_system_can_hold(ruin: Ruin) -> None:
    reserved = re.compile(r"(con|nul|aux|prn|com\d|lpt\d)(\..*)?", re.I)
    for name in read_tree(ruin.out):
        for part in name.split("/"):
            assert not reserved.fullmatch(part)
            assert not re.search(r'[<>:"\\|?*\x00-\x1f]', part)
            assert len(part.encode()) <= 255
            assert part == part.rstrip(". ")


@posix_only
def test_two_entries_of_one_title_have_pages_of_their_own(ruin: Ruin) -> None:
    for number, key in ((1, "same-title"), (2, "same-title-2")):
        page = (ruin.out / f"ko/2024/12/12/{key}/index.html").read_text(encoding="utf-8")
        assert f"해설 {number}번입니다." in page


def all_html(ruin: Ruin, tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """Of every page and feed, and of every mail."""
    config = ruin.root / "paperround.toml"
    for day in ("2024-12-10", "2024-12-11", "2024-12-12", "2024-12-13", "2024-12-14"):
        assert run(config, "issue", day, "--out", tmp_path / day).exit_code == 1
    for path in [*ruin.out.rglob("*"), *tmp_path.rglob("*")]:
        for html in read_html(path):
            yield path, html


@posix_only
def test_nothing_of_a_note_is_live_in_a_page_a_feed_or_a_mail(ruin: Ruin, tmp_path: Path) -> None:
    kinds = set()
    for path, html in all_html(ruin, tmp_path):
        assert Hypertext(html).attacks == [], path
        kinds.add(path.suffix)
    assert kinds == {".html", ".atom", ".rss", ".json", ".eml"}


@posix_only
def test_what_looked_like_html_is_still_read_as_text(ruin: Ruin, tmp_path: Path) -> None:
    shown = {
        name: Hypertext((ruin.out / name).read_text(encoding="utf-8")).text
        for name in (
            "ko/2024/12/14/index.html",
            "en/2024/12/14/index.html",
            "ko/2024/12/14/newsletter.html",
            "en/2024/12/14/newsletter.html",
        )
    }
    for name, text in shown.items():
        assert f"{SCRIPT}{HANDLER} & <EOS> in a title" in text, name
        assert f"Abstract {SCRIPT}" in text
        assert f"{'한국어' if name.startswith('ko') else 'English'} {SCRIPT}" in text
    run(ruin.root / "paperround.toml", "issue", "2024-12-14", "--out", tmp_path)
    mail = email.message_from_bytes((tmp_path / "ko.eml").read_bytes(), policy=email.policy.default)
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert f"{SCRIPT}{HANDLER} & <EOS> in a title" in plain.get_content()


@posix_only
def test_titles_and_tags_of_feeds_are_text(ruin: Ruin) -> None:
    atom = etree.parse(ruin.out / "ko/feed.atom")
    titles = [
        Hypertext(title.text or "").text if title.get("type") == "html" else title.text
        for title in atom.iterfind(".//{*}entry/{*}title")
    ]
    assert f"{SCRIPT}{HANDLER} & <EOS> in a title" in titles
    for path in [path for path in ruin.out.rglob("*") if path.suffix in (".atom", ".rss")]:
        names = {element.tag.rpartition("}")[2] for element in etree.parse(path).iter()}
        assert not names & {"script", "img", "svg"}, path


@posix_only
def test_no_control_character_is_left_anywhere(ruin: Ruin) -> None:
    for name, content in read_tree(ruin.out).items():
        found = re.findall(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]", content.decode())
        assert found == [], name


@posix_only
def test_no_link_leads_nowhere_for_all_that(ruin: Ruin) -> None:
    assert find_dead_links(ruin.out, "https://example.org/papers")[1] == []


@posix_only
def test_a_second_build_of_it_changes_nothing(ruin: Ruin) -> None:
    before = read_tree(ruin.out)
    assert " 0 files written" in run(ruin.root / "paperround.toml", "build").stdout
    assert read_tree(ruin.out) == before


@posix_only
def test_a_note_and_a_folder_that_may_not_be_read_are_told() -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        config = write_publication(
            root, {"good.txt": NOTE, "secret.txt": NOTE, "closed/2024-12-16.txt": NOTE}
        )
        if os.geteuid() == 0:
            for path in [root, *root.rglob("*")]:
                os.chown(path, NOBODY, NOBODY)
        (root / "notes" / "secret.txt").chmod(0)
        (root / "notes" / "closed").chmod(0)
        try:
            with without_privileges():
                checked, built = run(config, "check"), run(config, "build")
            for result, printed in ((checked, checked.stdout), (built, built.stderr)):
                assert result.exit_code == 1
                assert "secret.txt:1: error: cannot be read: Permission denied; expected" in printed
                assert (
                    "closed:1: error: cannot be read: Permission denied; expected a folder"
                    in printed
                )
            assert (root / "out/ko/2024/12/17/first-paper/index.html").is_file()
        finally:
            (root / "notes" / "closed").chmod(0o755)


def test_an_empty_folder_of_notes_is_an_empty_publication(tmp_path: Path) -> None:
    config = write_publication(tmp_path, {})
    (tmp_path / "notes").mkdir()
    built = run(config, "build")
    assert (built.exit_code, built.stderr) == (0, "")
    assert built.stdout.startswith("Built 0 entries of 0 days")
    assert find_dead_links(tmp_path / "out", "https://example.org/papers")[1] == []
    assert run(config, "check").exit_code == 0


def test_a_missing_folder_of_notes_is_told_by_its_key(tmp_path: Path) -> None:
    config = write_publication(tmp_path, {})
    for command in ("build", "check"):
        result = run(config, command)
        assert result.exit_code == 2
        assert "folders.notes: no such folder; expected" in result.stderr
    assert not (tmp_path / "out").exists()


def test_most_notes_gone_stops_the_build_until_it_is_allowed(tmp_path: Path) -> None:
    config = write_publication(tmp_path)
    run(config, "build")
    before = read_tree(tmp_path)
    (tmp_path / "notes" / "2024-12-17.txt").unlink()
    refused = run(config, "build")
    assert refused.exit_code == 1
    assert "2 of 2 published entries are gone" in refused.stderr
    assert "--allow-deletes" in refused.stderr
    after = read_tree(tmp_path)
    assert {name: after[name] for name in before if not name.startswith("notes/")} == {
        name: before[name] for name in before if not name.startswith("notes/")
    }
    assert run(config, "check").exit_code == 0
    assert run(config, "build", "--allow-deletes").exit_code == 0
    assert not (tmp_path / "out" / "ko" / "2024").exists()
    assert run(config, "build").exit_code == 0
