"""Local images that notes show: found beside the note, published by content, sized."""

from __future__ import annotations

import shutil
import struct
import sys
import zlib
from pathlib import Path
from unicodedata import normalize

import pytest

from feeds.model import Finding
from feeds.pipeline import Build
from tests.publications import CHECKOUT, build_at, read_tree, waiting_at_most, write_publication

GIF = b"GIF89a\x02\x00\x03\x00\x00\x00\x00;"


def make_png(width: int, height: int, shade: int = 0) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes([shade]) * width) * height)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


PNG = make_png(3, 2)


def build_with(root: Path, target: str, files: dict[str, bytes], note: str = "a.md") -> Build:
    """A note that shows one image, and files beside it."""
    text = f"---\ntitle: A Title\ndate: 2024-12-17\n---\n한국어 해설.\n\n{target}\n"
    return build_at(write_publication(root, {note: text, **files}))


def images_in(root: Path) -> list[str]:
    return sorted(name for name in read_tree(root / "out") if name.startswith("images/"))


def warnings_of(built: Build) -> list[Finding]:
    return [finding for finding in built.publication.findings if "image" in finding.message]


@pytest.mark.parametrize(
    ("target", "place", "note"),
    [
        ("![[figure.png]]", "figure.png", "a.md"),
        ("![[figure.png]]", "assets/figure.png", "a.md"),
        ("![A figure](assets/figure.png)", "deep/assets/figure.png", "deep/a.md"),
        ("![A figure](../assets/figure.png)", "assets/figure.png", "deep/a.md"),
        ("![A figure](assets/figure.png)", "assets/figure.png", "deep/a.md"),
        ("![A figure](/assets/figure.png)", "assets/figure.png", "deep/a.md"),
        ("![A figure](my%20figure.png)", "my figure.png", "a.md"),
        ("그림: ![A figure](<my figure.png>)", "my figure.png", "a.md"),
        ("![A figure](그림.png)", "그림.png", "a.md"),
        ("![[그림.png]]", "그림.png", "a.md"),
        (normalize("NFD", "![[그림.png]]"), "그림.png", "a.md"),
        ("![[그림.png]]", normalize("NFD", "그림.png"), "a.md"),
        ("![[Figure.PNG]]", "assets/figure.png", "a.md"),
    ],
)
def test_an_image_is_found_as_note_taking_programs_find_it(
    tmp_path: Path, target: str, place: str, note: str
) -> None:
    built = build_with(tmp_path, target, {place: PNG}, note)
    assert warnings_of(built) == []
    [name] = images_in(tmp_path)
    assert (tmp_path / "out" / name).read_bytes() == PNG
    [article] = built.publication.archive.articles["ko"]
    assert article.commentary is not None
    assert f'src="https://example.org/papers/{name}"' in article.commentary.html
    assert 'width="3"' in article.commentary.html
    assert 'height="2"' in article.commentary.html


def test_one_image_in_many_notes_is_published_once(tmp_path: Path) -> None:
    config = write_publication(
        tmp_path,
        {
            f"2024-12-{day} Title {day}.md": f"한국어.\n\n![[{name}]]\n"
            for day, name in (("16", "one.png"), ("17", "two.png"))
        }
        | {"one.png": PNG, "two.png": PNG},
    )
    build_at(config)
    assert len(images_in(tmp_path)) == 1


def test_the_nearest_of_two_images_of_one_name_is_shown(tmp_path: Path) -> None:
    near, far = make_png(3, 2, 1), make_png(3, 2, 2)
    files = {"a/figure.png": far, "deep/figure.png": near}
    build_with(tmp_path, "![x](figure.png)", files, "deep/a.md")
    [name] = images_in(tmp_path)
    assert (tmp_path / "out" / name).read_bytes() == near


def test_an_image_is_known_by_what_it_holds(tmp_path: Path) -> None:
    build_with(tmp_path, "![[photo.jpg]]", {"photo.jpg": GIF})
    [name] = images_in(tmp_path)
    assert name.endswith(".gif")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("figure.png", b"<script>alert(1)</script>", "expected a PNG, JPEG, GIF or WebP image"),
        ("figure.svg", b"<svg onload='x'/>", "expected a PNG, JPEG, GIF or WebP image"),
        ("figure.png", b"<svg width='1' height='1'/>", "expected a PNG, JPEG, GIF or WebP image"),
        ("figure.png", PNG[:12], "its size cannot be read; expected a whole image"),
        ("figure.png", b"", "expected a PNG, JPEG, GIF or WebP image"),
        ("other.png", PNG, "no such file among the notes"),
        ("figure.png", bytes(PNG) + b"\0" * (16 << 20), "expected a file of at most 16 MiB"),
    ],
    ids=["html", "svg", "svg-in-disguise", "cut", "empty", "missing", "huge"],
)
def test_what_is_no_image_is_told_and_left_out(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    target = "figure.svg" if name.endswith("svg") else "figure.png"
    built = build_with(tmp_path, f"![[{target}]]", {name: content})
    [warning] = warnings_of(built)
    assert warning.level == "warning"
    assert str(warning.source).startswith("a.md:")
    assert warning.message == f"the image '{target}' is left out: {reason}"
    assert images_in(tmp_path) == []
    assert len(built.publication.archive.articles["ko"]) == 1


@pytest.mark.parametrize("target", ["../../secret.png", "/etc/secret.png", "..%2f..%2fsecret.png"])
def test_no_image_is_taken_from_outside_of_the_notes(tmp_path: Path, target: str) -> None:
    (tmp_path / "secret.png").write_bytes(PNG)
    built = build_with(tmp_path / "publication", f"![x]({target})", {})
    assert len(warnings_of(built)) == 1
    assert images_in(tmp_path / "publication") == []


@pytest.mark.skipif(sys.platform == "win32", reason="a FIFO is POSIX")
def test_a_pipe_in_place_of_an_image_is_not_waited_for(tmp_path: Path) -> None:
    import os

    (tmp_path / "notes").mkdir()
    os.mkfifo(tmp_path / "notes" / "figure.png")
    with waiting_at_most(10):
        built = build_with(tmp_path, "![[figure.png]]", {})
    assert len(warnings_of(built)) == 1


def test_a_remote_image_is_a_link_and_is_not_fetched(tmp_path: Path) -> None:
    built = build_with(tmp_path, "![A figure](https://example.net/figure.png)", {})
    [article] = built.publication.archive.articles["ko"]
    assert article.commentary is not None
    assert '<a href="https://example.net/figure.png"' in article.commentary.html
    assert "<img" not in article.commentary.html


def test_an_image_that_no_note_shows_is_not_published(tmp_path: Path) -> None:
    sample = CHECKOUT / "notes" / "vault" / "assets"
    (tmp_path / "notes").mkdir()
    shutil.copytree(sample, tmp_path / "notes" / "assets")
    build_with(tmp_path, "No image.", {"unused.png": PNG})
    assert images_in(tmp_path) == []


def test_icon_and_logo_beside_the_configuration_are_published(tmp_path: Path) -> None:
    settings = 'icon = "art/icon.png"\nlogo = "https://a.example/logo.png"'
    config = write_publication(tmp_path, settings=settings)
    (tmp_path / "art").mkdir()
    (tmp_path / "art" / "icon.png").write_bytes(PNG)
    assert build_at(config).publication.findings == ()
    assert (tmp_path / "out" / "art" / "icon.png").read_bytes() == PNG


@pytest.mark.parametrize("value", ["gone.png", "../outside.png", "/etc/hostname"])
def test_an_icon_that_cannot_be_published_is_told(tmp_path: Path, value: str) -> None:
    (tmp_path / "outside.png").write_bytes(PNG)
    config = write_publication(tmp_path / "here", settings=f'icon = "{value}"')
    [finding] = build_at(config).publication.findings
    assert str(finding).startswith(f"{value}:1: icon: ")
    assert not list((tmp_path / "here" / "out").rglob("*.png"))
