from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from feeds.errors import PublishError, RenderError
from feeds.model import OutputFile
from feeds.publish.folder import MANIFEST, publish_folder
from tests.system import files_of_at_most, without_privileges


def page(path: str, content: str = "text") -> OutputFile:
    return OutputFile(path=path, content=content.encode(), media_type="text/html; charset=utf-8")


def names_in(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_files_are_written_below_the_folder(out: Path) -> None:
    published = publish_folder([page("ko/2026/index.html"), page("논문.html", "둘")], out)
    assert published.written == 2
    assert (out / "논문.html").read_text(encoding="utf-8") == "둘"


def test_an_unchanged_file_is_not_touched(out: Path) -> None:
    publish_folder([page("a.html"), page("b.html")], out)
    before = {path: path.stat() for path in out.rglob("*")}
    published = publish_folder([page("a.html"), page("b.html")], out)
    assert (published.written, published.unchanged, published.removed) == (0, 2, 0)
    for path, status in before.items():
        assert path.stat().st_mtime_ns == status.st_mtime_ns, path


def test_what_has_no_source_any_more_is_removed_with_its_empty_folder(out: Path) -> None:
    publish_folder([page("a.html"), page("old/day/index.html")], out)
    published = publish_folder([page("a.html")], out)
    assert published.removed == 1
    assert not (out / "old").exists()


def test_a_file_that_somebody_else_put_there_stays(out: Path) -> None:
    publish_folder([page("a.html"), page("old/index.html")], out)
    (out / "CNAME").write_text("example.org")
    (out / "old" / "mine.txt").write_text("mine")
    publish_folder([page("a.html")], out)
    assert names_in(out) == {"a.html", "CNAME", "old/mine.txt"}


@pytest.mark.parametrize(
    "path",
    [
        "../a.html",
        "/etc/a.html",
        "a/../../b.html",
        "a//b.html",
        "./a.html",
        "",
        "a\\b",
        "c:a",
        "a\0b",
    ],
)
def test_a_path_that_could_leave_the_folder_is_refused_before_anything_is_written(
    out: Path, path: str
) -> None:
    with pytest.raises(PublishError, match="not a path inside"):
        publish_folder([page("good.html"), page(path)], out)
    assert not out.exists()


def test_a_symbolic_link_never_leads_a_write_out_of_the_folder(out: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    out.mkdir()
    (out / "ko").symlink_to(elsewhere)
    with pytest.raises(PublishError, match="symbolic link"):
        publish_folder([page("ko/index.html")], out)
    assert list(elsewhere.iterdir()) == []


def test_a_list_of_files_that_was_tampered_with_removes_nothing_outside(
    out: Path, tmp_path: Path
) -> None:
    (tmp_path / "precious.txt").write_text("precious")
    publish_folder([page("a.html")], out)
    (out / MANIFEST).write_text("../precious.txt\na.html\n")
    publish_folder([page("a.html")], out)
    assert (tmp_path / "precious.txt").exists()


def test_what_is_gone_is_not_removed_through_a_symbolic_link(out: Path, tmp_path: Path) -> None:
    publish_folder([page("a.html"), page("old/day/b.html")], out)
    (out / "old").rename(tmp_path / "elsewhere")
    (out / "old").symlink_to(tmp_path / "elsewhere")
    assert publish_folder([page("a.html")], out).removed == 0
    assert (tmp_path / "elsewhere" / "day" / "b.html").exists()


def test_a_file_that_is_a_symbolic_link_is_refused(out: Path, tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("precious")
    out.mkdir()
    (out / "a.html").symlink_to(tmp_path / "precious.txt")
    with pytest.raises(PublishError, match=r"a\.html: is a symbolic link"):
        publish_folder([page("a.html")], out)
    assert (tmp_path / "precious.txt").read_text() == "precious"


def test_a_reader_meanwhile_sees_the_old_file_or_the_new_one(out: Path) -> None:
    versions = [str(digit) * 200_000 for digit in range(2)]
    publish_folder([page("a.html", versions[0])], out)
    seen: set[str] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add((out / "a.html").read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(60):
        publish_folder([page("a.html", versions[turn % 2])], out)
    done.set()
    reader.join()
    assert seen <= set(versions)


def test_what_others_link_to_is_put_in_its_place_first(out: Path) -> None:
    (out / "a.html" / "of somebody else").mkdir(parents=True)
    files = [
        OutputFile(path="feed.atom", content=b"f", media_type="application/atom+xml"),
        page("a.html"),
        OutputFile(path="z.css", content=b"c", media_type="text/css; charset=utf-8"),
    ]
    with pytest.raises(PublishError, match=r"a\.html: cannot be written"):
        publish_folder(files, out)
    assert names_in(out) & {"feed.atom", "z.css"} == {"z.css"}


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a file's size are POSIX")
def test_a_disk_that_is_full_is_told_and_changes_nothing(out: Path) -> None:
    publish_folder([page("a.html", "old"), page("b.html", "old"), page("c.html", "old")], out)
    with files_of_at_most(4096), pytest.raises(PublishError, match=r"b\.html: cannot be written"):
        publish_folder([page("a.html", "new"), page("b.html", "x" * 8192), page("c.html")], out)
    assert {(out / name).read_text() for name in ("a.html", "b.html", "c.html")} == {"old"}
    assert names_in(out) == {"a.html", "b.html", "c.html"}


@pytest.mark.skipif(sys.platform == "win32", reason="modes of folders are POSIX")
def test_a_read_only_folder_is_told_with_its_path() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        with without_privileges(), pytest.raises(PublishError, match="out: cannot be written"):
            publish_folder([page("a.html")], folder / "out")


def test_a_file_in_place_of_a_folder_is_told(out: Path) -> None:
    out.mkdir()
    (out / "ko").write_text("in the way")
    with pytest.raises(PublishError, match="ko"):
        publish_folder([page("ko/index.html")], out)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files are Unicode always")
def test_a_system_that_cannot_spell_a_name_is_told(out: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from tests.publish.test_folder import page;"
        "from feeds.publish.folder import publish_folder;"
        "publish_folder([page('a.html'), page('\\ub17c\\ubb38.html')], Path(sys.argv[1]))"
    )
    result = subprocess.run(
        [sys.executable, "-X", "utf8=0", "-c", script, out],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "PublishError: 논문.html: names of files are ascii here" in result.stderr
    assert not out.exists()


def test_unfinished_files_of_a_dead_build_are_cleared(out: Path) -> None:
    left = out / ".paperround-tmp-999999999"
    left.mkdir(parents=True)
    (left / "half.tmp").write_text("half")
    publish_folder([page("a.html")], out)
    assert [path.name for path in out.glob(".paperround-tmp-*")] == []


# --- what need not be made again -----------------------------------------------------------------


def counted(path: str, key: bytes, made: list[str]) -> OutputFile:
    def make() -> bytes:
        made.append(path)
        return path.encode()

    return OutputFile(
        path=path, content=make, media_type="text/html; charset=utf-8", key=lambda: key
    )


def test_a_file_is_made_once_and_again_when_its_key_or_it_itself_is_another(out: Path) -> None:
    made: list[str] = []
    names = ("same", "of another key", "edited", "gone")
    first = publish_folder([counted(name, b"1", made) for name in names], out)
    assert sorted(made) == sorted(names)
    assert set(first.there) == set(names)
    (out / "edited").write_text("by hand")
    (out / "gone").unlink()
    made.clear()
    keys = {"of another key": b"2"}
    files = [counted(name, keys.get(name, b"1"), made) for name in names]
    second = publish_folder(files, out, there=first.there)
    assert sorted(made) == ["edited", "gone", "of another key"]
    assert (second.written, second.unchanged) == (2, 2)
    assert {(out / name).read_text() for name in names} == set(names)
    assert second.there["of another key"].key == b"2"


def test_what_cannot_be_made_changes_nothing(out: Path) -> None:
    publish_folder([page("a.html", "old"), page("b.html", "old")], out)

    def fail() -> bytes:
        raise RenderError("b.html", "no such word")

    broken = OutputFile(path="b.html", content=fail, media_type="text/html; charset=utf-8")
    with pytest.raises(RenderError):
        publish_folder([page("a.html", "new"), page("0.html"), broken], out)
    assert {path.read_text() for path in out.glob("*.html")} == {"old"}
    assert names_in(out) == {"a.html", "b.html"}
