"""What ``publish`` prints, and what it refuses before it asks anything of anybody."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.buckets import SECRET, Store, look_at, running_store, write_out
from tests.publications import invoke, read_tree, run, run_on_terminal, write_publication

SITE = {
    "assets/site.0123456789abcdef.css": "body {}",
    "ko/2024/12/17/논문 하나/index.html": "x" * 1500,
    "ko/index.html": "page",
    "en/index.html": "page",
    "404.html": "page",
    "ko/feed.atom": "f" * 12_345,
    "sitemap.xml": "list",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Store]:
    with running_store() as store:
        yield store


@pytest.fixture
def store(server: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    look_at(server, monkeypatch)
    return server


def write_site(root: Path, settings: str = "") -> Path:
    config = write_publication(root, settings=settings)
    (root / "out").mkdir()
    write_out(root / "out", SITE)
    return config


def test_a_publish_says_what_it_did(store: Store, tmp_path: Path) -> None:
    bucket = store.make_bucket()
    config = write_site(tmp_path, f'publish = "s3://{bucket}/논문"')
    first = run(config, "publish")
    assert (first.exit_code, first.stderr) == (0, "")
    assert first.stdout.startswith("7 uploaded (14 KB), 0 unchanged, in ")
    assert first.stdout.endswith(f" s, s3://{bucket}/논문\n")
    store.client.put_object(Bucket=bucket, Key="논문/mine.txt", Body=b"")
    changed = {**SITE, "ko/index.html": "other"}
    del changed["sitemap.xml"]
    write_out(tmp_path / "out", changed)
    second = run(config, "publish")
    assert second.stdout.startswith("1 uploaded (5 B), 5 unchanged, 1 removed, in ")
    assert second.stdout.endswith("\n1 object of others there: left alone\n")
    assert run(config, "publish").stdout.startswith("0 uploaded, 6 unchanged, in ")


def test_a_dry_run_says_what_would_change_and_changes_nothing(store: Store, tmp_path: Path) -> None:
    bucket = store.make_bucket()
    config = write_site(tmp_path)
    run(config, "publish", f"s3://{bucket}")
    changed = {**SITE, "ko/index.html": "other", "ko/new/index.html": "new"}
    del changed["sitemap.xml"]
    write_out(tmp_path / "out", changed)
    before, here = store.read(bucket), read_tree(tmp_path)
    store.asked.clear()
    result = run(config, "publish", "--dry-run", f"s3://{bucket}")
    nothing = f"s3://{bucket} (nothing was changed)"
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "change  ko/index.html  (5 B)",
        "add     ko/new/index.html  (3 B)",
        "remove  sitemap.xml",
        f"2 to upload (2 pages, 8 B), 5 unchanged, 1 to remove, {nothing}",
    ]
    assert {one.method for one in store.asked} == {"GET"}
    assert (store.read(bucket), read_tree(tmp_path)) == (before, here)


def test_much_that_would_go_is_told_and_needs_leave(store: Store, tmp_path: Path) -> None:
    bucket = store.make_bucket()
    config = write_site(tmp_path, f'publish = "s3://{bucket}"')
    run(config, "publish")
    write_out(tmp_path / "out", {"ko/index.html": "page"})
    store.asked.clear()
    for arguments in ([], ["--dry-run"]):
        result = run(config, "publish", *arguments)
        assert result.exit_code == 1
        assert result.stderr.startswith("paperround: 5 of 6 published files are gone from the last")
        assert result.stderr.endswith("publish with --allow-deletes\n")
        assert len(result.stderr.splitlines()) == 1
    assert "remove  ko/feed.atom\n" in result.stdout
    assert {one.method for one in store.asked} == {"GET"}
    assert run(config, "publish", "--allow-deletes").exit_code == 0
    assert list(store.read(bucket)) == ["ko/index.html"]


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("gs://bucket", "expected s3://bucket or s3://bucket/prefix: gs:// is not supported"),
        ("az://bucket/x", "az:// is not supported"),
        ("bucket", "'bucket'; expected s3://bucket or s3://bucket/prefix"),
        ("s3://", "a bucket is 3 to 63 letters, digits, dots or hyphens"),
        ("s3://b ucket/x", "a bucket is"),
        ("s3://-bucket", "a bucket is"),
        ("s3://bucket//x", "without an empty part, '.' or '..'"),
        ("s3://bucket/x//", "without an empty part"),
        ("s3://bucket/x/../y", "without an empty part, '.' or '..'"),
        ("s3://bucket/x\ny", "without control characters"),
    ],
)
def test_a_place_that_is_none_is_wrong_use(
    store: Store, tmp_path: Path, place: str, told: str
) -> None:
    result = run(write_site(tmp_path), "publish", place)
    assert result.exit_code == 2
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert store.asked == []


def test_a_place_in_the_configuration_is_checked_with_it(tmp_path: Path) -> None:
    config = write_publication(tmp_path, settings='publish = "s3://bucket/../x"')
    result = run(config, "check")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"paperround: {config}: publish: 's3://bucket/../x'; expected")


def test_no_place_and_no_build_are_told_with_what_to_do(store: Store, tmp_path: Path) -> None:
    config = write_publication(tmp_path)
    result = run(config, "publish")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "publish: missing; expected s3://bucket or s3://bucket/prefix here, or" in result.stderr
    result = run(config, "publish", "s3://bucket")
    assert result.exit_code == 2
    assert result.stderr.endswith("out: holds no build yet; paperround build makes one\n")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "precious.txt").write_text("of another program")
    assert "holds no build yet" in run(config, "publish", "s3://bucket").stderr
    assert store.asked == []


def test_feeds_that_only_the_application_makes_are_warned_of(store: Store, tmp_path: Path) -> None:
    bucket = store.make_bucket()
    config = write_site(tmp_path, f'publish = "s3://{bucket}"\napplication = true')
    result = run(config, "publish")
    assert result.exit_code == 0
    assert result.stderr.startswith("warning: application = true, but a bucket combines no tags")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("variables", "code", "told"),
    [
        ({"AWS_SECRET_ACCESS_KEY": f"{SECRET}\n"}, 2, "AWS_SECRET_ACCESS_KEY: holds a space, a li"),
        ({"AWS_SESSION_TOKEN": "비밀"}, 2, "AWS_SESSION_TOKEN: holds a space"),
        ({"AWS_REGION": "us east"}, 2, "AWS_REGION: holds a space"),
        ({"AWS_ENDPOINT_URL": "notaurl"}, 2, "AWS_ENDPOINT_URL: 'notaurl'; expected an address"),
        (
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:99999"},
            2,
            "AWS_ENDPOINT_URL: 'http://127.0.0.1:9",
        ),
        ({"AWS_ENDPOINT_URL": "http://host/{x}"}, 2, "expected an address such as https://host"),
        (
            {"AWS_ENDPOINT_URL_S3": "https://user:pass@host"},
            2,
            "AWS_ENDPOINT_URL_S3: expected an address such as https://host, without a password",
        ),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, 1, "127.0.0.1:9 does not answer: connection"),
        (
            {"AWS_ENDPOINT_URL": "http://nowhere.invalid"},
            1,
            "nowhere.invalid is not known: no such name",
        ),
        ({"AWS_SECRET_ACCESS_KEY": ""}, 1, "no keys; expected AWS_ACCESS_KEY_ID and AWS_SECRET"),
        ({"AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "sure"}, 1, 'failed to parse "sure" as boolean'),
    ],
)
def test_an_environment_that_leads_nowhere_is_told_without_its_secrets(
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    code: int,
    told: str,
) -> None:
    config = write_site(tmp_path)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    result = run(config, "publish", "s3://bucket")
    assert result.exit_code == code
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1
    for secret in (SECRET, "비밀", "pass@"):
        assert secret not in result.output


def test_variables_that_are_empty_count_as_none(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_SESSION_TOKEN", "AWS_REGION"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-northeast-2")
    bucket = store.make_bucket()
    assert run(write_site(tmp_path), "publish", f"s3://{bucket}").exit_code == 0
    assert "/ap-northeast-2/s3/" in store.asked[0].headers["AUTHORIZATION"]
    assert not any("X_AMZ_SECURITY_TOKEN" in one.headers for one in store.asked)


def test_only_this_command_waits_for_the_library_of_buckets() -> None:
    script = "import sys, feeds.cli; print([name for name in sys.modules if 'obstore' in name])"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.stdout == "[]\n"


def test_the_help_says_where_keys_come_from_and_what_serves_pages() -> None:
    help_text = " ".join(invoke("publish", "--help").stdout.split())
    assert "AWS_SECRET_ACCESS_KEY" in help_text
    assert "lead /ko/ to ko/index.html, and what is not there to 404.html" in help_text


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_on_a_terminal_a_publish_shows_bars_and_leaves_none_behind(
    store: Store, tmp_path: Path
) -> None:
    config = write_site(tmp_path)
    printed, seen = run_on_terminal(config, "publish", f"s3://{store.make_bucket()}")
    assert printed.startswith(b"7 uploaded")
    assert b"Uploading" in seen
    assert b"Uploading" not in seen[seen.rindex(b"\x1b[2K") :]
