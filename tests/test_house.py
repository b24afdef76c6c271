"""The house keeps its plan: imports point one way, and no text tells of where it was built."""

from __future__ import annotations

import ast
import re
from fnmatch import fnmatch
from pathlib import Path
from types import ModuleType

import pytest

from feeds import outputs, web
from feeds.config.checks import OUTPUT_NAMES
from feeds.outputs import OUTPUTS

FEEDS = Path(__file__).parents[1] / "feeds"

# Lowest first: a part may import from parts of lower rank, and from its own.
RANKS = {
    "errors": 0,
    "model": 0,
    "languages": 1,
    "scripts": 1,
    "slugs": 1,
    "urls": 1,
    "personal": 1,
    "hiding": 1,
    "keys": 1,
    "config": 2,
    "locks": 2,
    "publish.atomic": 2,
    "asking": 2,
    "stamps": 2,
    "secrets": 3,
    "notes": 3,
    "archive": 3,
    "outputs": 3,
    "delivery.message": 3,
    "delivery.variant": 3,
    "publish": 4,
    "sources": 4,
    "images": 4,
    "database": 4,
    "watch": 4,
    "index_file": 4,
    "freshness": 5,
    "bodies": 5,
    "archive_file": 5,
    "ledger_file": 5,
    "starter": 5,
    "subscribers": 5,
    "delivery": 6,
    "web": 6,
    "logs": 6,
    "post_office": 7,
    "pipeline": 7,
    "doctor": 7,
    "schedule": 8,
    "runner": 9,
    "cli": 10,
    "__main__": 11,
}
PURE = {"notes", "archive", "outputs", "delivery.message", "delivery.variant"}
# What a pure part has no use for: clocks, disks, networks, other programs.
IMPURE_MODULES = {"os", "time", "socket", "subprocess", "shutil", "tempfile", "requests", "httpx"}
IMPURE_CALLS = {
    "now",
    "today",
    "utcnow",
    "read_text",
    "read_bytes",
    "write_text",
    "write_bytes",
    "open",
}

MODULES = sorted(path for path in FEEDS.rglob("*.py") if "templates" not in path.parts)


def part_of(name: str) -> str:
    """The part of the plan that a module belongs to: ``feeds.notes.daily`` -> ``notes``."""
    parts = name.split(".")[1:]
    dotted = ".".join(parts[:2])
    return dotted if dotted in RANKS else (parts[0] if parts else "")


def name_of(path: Path) -> str:
    return ".".join(("feeds", *path.relative_to(FEEDS).with_suffix("").parts)).removesuffix(
        ".__init__"
    )


def imports_of(path: Path) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
            found.extend(f"{node.module}.{alias.name}" for alias in node.names)
    return found


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_up_the_plan_only(path: Path) -> None:
    part = part_of(name_of(path))
    if not part:
        return
    for name in imports_of(path):
        if not name.startswith("feeds.") or not part_of(name) or part_of(name) == part:
            continue
        other = part_of(name)
        assert other in RANKS or name == "feeds.__version__", f"{name} is in no part of the plan"
        if other in RANKS:
            assert RANKS[other] < RANKS[part], f"{part} may not import {name}"


@pytest.mark.parametrize(
    "path", [path for path in MODULES if part_of(name_of(path)) in PURE], ids=name_of
)
def test_the_core_reads_no_clock_no_disk_and_no_network(path: Path) -> None:
    names = {name.split(".")[0] for name in imports_of(path)}
    assert not names & IMPURE_MODULES
    calls = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    }
    assert not calls & IMPURE_CALLS


@pytest.mark.parametrize("part", [web, outputs], ids=lambda part: part.__name__)
def test_a_folder_of_many_modules_tells_what_each_of_them_is_for(part: ModuleType) -> None:
    listed = (part.__doc__ or "").split()
    names = {path.stem for path in Path(str(part.__file__)).parent.glob("[a-z]*.py")}
    # Those that have a line of their own in the table of outputs say so there.
    tabled = {write.__module__.rpartition(".")[2] for write in OUTPUTS.values()}
    for name in sorted(names - tabled):
        assert any(fnmatch(f"{name}.py", word.strip(";:")) for word in listed), name


def test_the_configuration_names_every_output_there_is() -> None:
    assert tuple(OUTPUTS) == OUTPUT_NAMES


def test_no_text_names_a_machine_or_an_address_of_packages() -> None:
    top = FEEDS.parent
    texts = [
        path
        for folder in ("feeds", "templates", "tests", "benchmarks", ".ci", "notes")
        for path in (top / folder).rglob("*")
        if path.suffix != ".png" and path.is_file() and "__pycache__" not in path.parts
    ]
    hosts = re.compile("|".join(("py" + r"pi\.org", "python" + "hosted", "npm" + r"js\.org")))
    for path in [*texts, top / "README.md", top / "CHANGELOG.md", top / "pyproject.toml"]:
        if path.exists():
            assert not hosts.search(path.read_text(encoding="utf-8", errors="replace")), path
