"""The configuration: what is wrong in it is told in one line, with its file and its key."""

from __future__ import annotations

import json
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from feeds.config import find_config, load_config, parse_hour
from feeds.errors import ConfigError
from feeds.urls import encode_path
from tests.publications import run, write_publication

GOOD = 'title = "Papers"\nbase_url = "https://example.org/papers"\n'

# The configuration, the key that is named, and what is said of it.
WRONG = [
    ("", "title", "missing; expected"),
    ('title = "Papers"', "base_url", "missing; expected"),
    (f"{GOOD}nope = 1", "nope", "unknown key; expected one of title, base_url, subtitle"),
    (f"{GOOD}titel = 1", "titel", "unknown key; expected title, perhaps"),
    (f"{GOOD}notes = 1", "notes", "unknown key; expected under [folders]"),
    (
        f"{GOOD}[mail]\noutputs = []",
        "mail.outputs",
        "unknown key; expected before the first [table]",
    ),
    (f"{GOOD}root = '/'", "root", "unknown key"),
    (f"{GOOD}[folders]\nnope = 1", "folders.nope", "unknown key"),
    (
        f"{GOOD}[feeds.x]\nnope = 1",
        "feeds.x.nope",
        "unknown key; expected one of title, any, all, not",
    ),
    (f'{GOOD}author = {{ nam = "X" }}', "author.nam", "unknown key"),
    (f"{GOOD}author = {{}}", "author.name", "missing; expected"),
    (f"{GOOD}hour = true", "hour", "true or false; expected a whole number or a string"),
    (f'{GOOD}languages = "ko"', "languages", "a string; expected a list"),
    (f"{GOOD}languages = [1]", "languages", "a whole number; expected a string"),
    (f"{GOOD}feed_entries = 1.5", "feed_entries", "a number with a point; expected a whole"),
    (f"{GOOD}tags.aliases = {{ a = 1 }}", "tags.aliases.a", "a whole number; expected a string"),
    (f'{GOOD}tags.aliases = {{ a = "!" }}', "tags.aliases.a", "expected letters or digits on both"),
    (f'{GOOD}tags.aliases = {{ a = "b", b = "a" }}', "tags.aliases.a", "goes in a circle: a -> b"),
    (f'{GOOD}tags.aliases = {{ A = "b", a = "c" }}', "tags.aliases.a", "stands twice (as a)"),
    (f'{GOOD}[feeds.x]\nany = ["!"]', "feeds.x", "'!'; expected a letter or a digit in a tag"),
    (
        f'{GOOD}[feeds.a]\nany = ["b"]\n[feeds.c]\nany = "d"',
        "feeds.c.any",
        "a string; expected a l",
    ),
    (f'{GOOD}[feeds.a]\nany = ["b"]\ntitle = {{ ko = 1 }}', "feeds.a.title.ko", "a whole number"),
    (f'{GOOD}[feeds."*"]\nany = "b"', "feeds.*.any", "a string; expected a list"),
    (f'{GOOD}fallback = "x"', "fallback", "'x'; expected none or original"),
    (f'{GOOD}issue_day = "x"', "issue_day", "'x'; expected next or same"),
    (f"{GOOD}hour = 24", "hour", "24; expected 0 to 23"),
    (f'{GOOD}hour = "7:61"', "hour", "'7:61'; expected 0 to 23"),
    (f'{GOOD}hour = "seven"', "hour", "'seven'; expected 0 to 23"),
    (f'{GOOD}timezone = "Mars/Olympus"', "timezone", "'Mars/Olympus'; expected a name such as"),
    (f'{GOOD}timezone = "../../etc"', "timezone", "'../../etc'; expected a name such as"),
    (f'{GOOD}timezone = ""', "timezone", "''; expected a name such as"),
    (f"{GOOD}quiet_minutes = -1", "quiet_minutes", "expected 0 or more"),
    (f"{GOOD}backfill_days = -1", "backfill_days", "expected 0 or more"),
    (f"{GOOD}feed_entries = 0", "feed_entries", "expected 1 or more"),
    (f"{GOOD}languages = []", "languages", "empty; expected at least one"),
    (f'{GOOD}languages = ["xx"]', "languages", "'xx'; expected one of en, ko"),
    (f'{GOOD}languages = ["ko", "ko"]', "languages", "a language stands twice"),
    (f"{GOOD}outputs = []", "outputs", "empty; expected some of pages, search, atom"),
    (f'{GOOD}outputs = ["html"]', "outputs", "'html'; expected some of pages, search, atom"),
    (f'{GOOD}outputs = ["search"]', "outputs", "'search' without 'pages'; expected both"),
    (f'{GOOD}application = "yes"', "application", "a string; expected true or false"),
    (f'{GOOD}tags.descriptions = {{ "!" = "a" }}', "tags.descriptions.!", "expected a letter or"),
    (f"{GOOD}tags.descriptions = {{ a.kr = 'x' }}", "tags.descriptions.a.kr", "no such language"),
    (f"{GOOD}tags.descriptions = {{ a = 1 }}", "tags.descriptions.a", "a whole number; expected a"),
    (f'{GOOD}outputs = ["rss", "rss"]', "outputs", "an output stands twice"),
    (f'{GOOD}domain = "https://example.org"', "domain", "'https://example.org'; expected a name"),
    (f'{GOOD}domain = ""', "domain", "''; expected a name such as example.org"),
    (f'{GOOD}author = {{ name = "X", email = "x" }}', "author.email", "'x'; expected an address"),
    (f'{GOOD}author = {{ name = "X", url = "x.org" }}', "author.url", "'x.org'; expected an addr"),
    (f'{GOOD}icon = "javascript:x"', "icon", "'javascript:x'; expected an address, or a file"),
    (f'{GOOD}logo = "data:image/png,x"', "logo", "'data:image/png,x'; expected an address"),
    (f'{GOOD}mail.from_address = "x y"', "mail.from_address", "'x y'; expected an address"),
    (f'{GOOD}mail.reply_to = "x\\ny@z"', "mail.reply_to", "'x\\ny@z'; expected an address"),
    (f'{GOOD}mail.unsubscribe_mailto = "x"', "mail.unsubscribe_mailto", "'x'; expected an"),
    (f'{GOOD}[feeds.Upper]\nany = ["a"]', "feeds.Upper", "expected a name of lower-case letters"),
    (f"{GOOD}[feeds.empty]", "feeds.empty", "expected any, all or not"),
    (f'{GOOD}subtitle = {{ kr = "x" }}', "subtitle.kr", "no such language; expected one of en, ko"),
    (f'{GOOD}[feeds.x]\ntitle = {{ kr = "x" }}\nany = ["a"]', "feeds.x.title.kr", "no such lang"),
    (f'{GOOD}folders = {{ out = "." }}', "folders.out", "'.' holds folders.notes; expected"),
    (f'{GOOD}folders = {{ out = "notes" }}', "folders.out", "'notes' holds folders.notes; exp"),
    (f'{GOOD}folders = {{ state = "out/s" }}', "folders.out", "'out' holds folders.state; exp"),
    (f'{GOOD}folders = {{ templates = "t" }}', "folders.templates", "'t': no such folder; expect"),
    (f'{GOOD}deliver = ["post"]', "deliver", "'post'; expected some of folder, mail, webhook"),
    (f'{GOOD}deliver = ["folder", "folder"]', "deliver", "a way stands twice; expected each once"),
    (f'{GOOD}deliver = ["mail"]', "mail.from_address", "missing; expected the address that mail"),
    (
        f'{GOOD}deliver = ["mail"]\noutputs = ["atom"]\nmail.from_address = "a@example.org"',
        "outputs",
        "no 'newsletter'; expected it where mail is delivered",
    ),
    (f'{GOOD}deliver = ["webhook"]', "webhooks", "missing; expected a table [webhooks.NAME]"),
    (
        f'{GOOD}[webhooks.Chat]\nurl = "https://example.org"',
        "webhooks.Chat",
        "expected a name of",
    ),
    (f"{GOOD}[webhooks.chat]", "webhooks.chat.url", "missing; expected"),
    (
        f'{GOOD}[webhooks.chat]\nurl = "https://a:b@example.org"',
        "webhooks.chat.url",
        "expected an address such as https://example.org/hook, no password",
    ),
    (
        f'{GOOD}[webhooks.chat]\nurl = "https://example.org"\nlanguages = ["fr"]',
        "webhooks.chat.languages",
        "'fr'; expected some of ko, en",
    ),
    (f'{GOOD}smtp.host = "a b"', "smtp.host", "'a b'; expected a host's name"),
    (f'{GOOD}smtp.hello = "a\\r\\nb"', "smtp.hello", "'a\\r\\nb'; expected a name"),
    (f"{GOOD}smtp.port = 65536", "smtp.port", "expected 1 to 65535"),
    (f"{GOOD}smtp.port = -1", "smtp.port", "expected 1 to 65535"),
    (f'{GOOD}smtp.security = "ssl"', "smtp.security", "'ssl'; expected starttls, tls or none"),
    (f"{GOOD}smtp.connections = 0", "smtp.connections", "expected 1 to 64"),
    (f"{GOOD}smtp.timeout_seconds = 0", "smtp.timeout_seconds", "expected 1 or more"),
    (f"{GOOD}smtp.give_up_hours = 0", "smtp.give_up_hours", "expected 1 or more"),
    (f"{GOOD}smtp.per_second = -1", "smtp.per_second", "expected 0 (no limit) or more"),
    (f"{GOOD}smtp.daily_limit = -1", "smtp.daily_limit", "expected 0 (no limit) or more"),
    (f"{GOOD}smtp.warm_up_from = 50", "smtp.warm_up_from", "expected daily_limit, the number"),
    (f'{GOOD}smtp.on_ambiguous = "x"', "smtp.on_ambiguous", "'x'; expected retry or hold"),
    (f'{GOOD}smtp.password = "x"', "smtp.password", "unknown key; expected one of host, port"),
    (f'{GOOD}dkim.selector = "a b"', "dkim.selector", "'a b'; expected a name"),
    (f'{GOOD}dkim.domain = "a b"', "dkim.domain", "'a b'; expected a name"),
    (f"{GOOD}readers.confirm_hours = 0", "readers.confirm_hours", "expected 1 to 8760, a year"),
    (f"{GOOD}readers.confirm_hours = 9999", "readers.confirm_hours", "expected 1 to 8760, a year"),
    (f"{GOOD}readers.evidence_days = -1", "readers.evidence_days", "expected 0 to 36500"),
    (f"{GOOD}readers.evidence_days = 36501", "readers.evidence_days", "expected 0 to 36500"),
    (f"{GOOD}readers.address_per_day = 0", "readers.address_per_day", "expected 1 or more"),
    (f"{GOOD}readers.network_per_hour = 0", "readers.network_per_hour", "expected 1 or more"),
    (f"{GOOD}readers.total_per_hour = 0", "readers.total_per_hour", "expected 1 or more"),
    (f"{GOOD}readers.proxies = -1", "readers.proxies", "expected 0 or more"),
    (f'{GOOD}database = "mysql://localhost/x"', "database", "expected postgresql://host/name, or"),
    (f'{GOOD}database = "postgresql://[::1/x"', "database", "expected postgresql://host/name, or"),
    (f'{GOOD}database = "postgresql://a:x/y"', "database", "expected postgresql://host/name, or"),
    (f'{GOOD}database = "postgresql://a:b@c/d"', "database", "holds a password; expected it in"),
    (f'{GOOD}database = "postgresql://c/d?password=b"', "database", "holds a password; expected"),
    (f'{GOOD}durability = "x"', "durability", "'x'; expected process or power"),
    (f'{GOOD}log_addresses = "no"', "log_addresses", "a string; expected true or false"),
    ('title = {}\nbase_url = "https://example.org"', "title", "empty; expected a name"),
    ('title = " "\nbase_url = "https://example.org"', "title", "empty; expected a name"),
]
BAD_BASES = [
    "",
    "example.org",
    "https://",
    "ftp://example.org",
    "https://example.org/?a",
    "https://example.org/#a",
    "https://example.org//papers",
    "https://example.org/a b",
    "https://example.org/a%2",
    'https://example.org/"><script>',
    "https://example.org:99999",
    "https://user@example.org",
    "https://[::1/papers",
    "https://한글.kr",
    "https://example.org/노트",
    "https://example.org/\n",
]


@pytest.mark.parametrize(("text", "key", "message"), WRONG, ids=[f"{k}-{m}" for _, k, m in WRONG])
def test_a_wrong_key_is_one_line_with_file_key_and_what_was_expected(
    tmp_path: Path, text: str, key: str, message: str
) -> None:
    path = tmp_path / "paperround.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as told:
        load_config(path)
    assert str(told.value).startswith(f"{path}: {key}: {message}")
    assert len(str(told.value).splitlines()) == 1


@pytest.mark.parametrize("base", BAD_BASES)
def test_what_no_address_can_start_with_is_no_base_url(tmp_path: Path, base: str) -> None:
    path = tmp_path / "paperround.toml"
    path.write_text(f'title = "Papers"\nbase_url = {json.dumps(base)}\n')
    with pytest.raises(ConfigError, match=r"paperround\.toml: base_url: .*; expected"):
        load_config(path)


@pytest.mark.parametrize(
    "base",
    [
        "https://example.org",
        "HTTPS://EXAMPLE.org/",
        "http://localhost:8000/papers/",
        "https://xn--bj0bj06e.kr/a%20b/~c",
        "https://example.org/it's(fine)&so",
    ],
)
def test_other_addresses_are_base_urls(tmp_path: Path, base: str) -> None:
    path = tmp_path / "paperround.toml"
    path.write_text(f'title = "Papers"\nbase_url = "{base}"\n')
    assert load_config(path).address("ko/") == f"{base.rstrip('/')}/ko/"


@pytest.mark.parametrize(
    "url",
    [
        "http://chat.example.org/hook",
        "http://192.0.2.1/hook",
        "https://hunter2@example.org/hook",
        "https:///hook",
        "https://example.org:port/hook",
        "https://example.org/a hook",
        "https://example.org/채팅",
        "https://example.org/hook#room",
        "ftp://example.org/hook",
    ],
)
def test_issues_are_posted_encrypted_and_an_address_is_not_repeated(
    tmp_path: Path, url: str
) -> None:
    path = tmp_path / "paperround.toml"
    path.write_text(f'{GOOD}[webhooks.chat]\nurl = "{url}"\n', encoding="utf-8")
    with pytest.raises(ConfigError) as told:
        load_config(path)
    assert str(told.value).startswith(f"{path}: webhooks.chat.url: expected an address such as")
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/hook?room=1",
        "https://[2001:db8::1]:8443",
        "http://127.0.0.1:9000/hook",
        "http://[::1]/",
        "http://localhost:9000",
    ],
)
def test_what_stays_on_this_machine_may_be_posted_as_it_is(tmp_path: Path, url: str) -> None:
    path = tmp_path / "paperround.toml"
    path.write_text(f'{GOOD}[webhooks.chat]\nurl = "{url}"\n', encoding="utf-8")
    assert load_config(path).webhooks["chat"].url == url


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"title = [", "is no TOML: "),
        (b'title = "a"\ntitle = "b"', "is no TOML: "),
        (b"title = Papers", "is no TOML: Invalid value (at line 1, column 9); expected a text in"),
        (b"title = '\xff'", "is not UTF-8; expected TOML in UTF-8"),
    ],
)
def test_a_file_that_is_no_toml_is_told(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "paperround.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as told:
        load_config(path)
    assert str(told.value).startswith(f"{path}: {message}")


@pytest.mark.parametrize("line", ['효율 = "efficiency"', "[feeds.효율]"])
def test_a_name_that_needs_quotes_is_told(tmp_path: Path, line: str) -> None:
    path = tmp_path / "paperround.toml"
    path.write_text(f"{GOOD}[tags.aliases]\n{line}", encoding="utf-8")
    with pytest.raises(ConfigError) as told:
        load_config(path)
    assert "at line 4" in str(told.value)
    assert str(told.value).endswith("; expected quotes around a name in other letters than a to z")


@pytest.mark.parametrize("command", ["build", "check", "status", "serve", "run"])
def test_commands_end_with_2_and_one_line(tmp_path: Path, command: str) -> None:
    config = write_publication(tmp_path, settings="nope = 1")
    result = run(config, command)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"paperround: {config}: nope: unknown key; expected one of ")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_configuration_that_is_not_there_is_told(tmp_path: Path) -> None:
    result = run(tmp_path / "nope.toml", "build")
    assert result.exit_code == 2
    assert result.stderr.endswith("nope.toml: cannot be read: No such file or directory\n")


def test_the_nearest_configuration_counts(tmp_path: Path) -> None:
    (tmp_path / "paperround.toml").write_text(GOOD)
    inner = tmp_path / "inner" / "notes"
    inner.mkdir(parents=True)
    assert find_config(inner) == tmp_path / "paperround.toml"
    (tmp_path / "inner" / "pyproject.toml").write_text("[tool.other]\n")
    assert find_config(inner) == tmp_path / "paperround.toml"
    (tmp_path / "inner" / "pyproject.toml").write_text("[tool.paperround]\ntitle = 'x'\n")
    assert find_config(inner) == tmp_path / "inner" / "pyproject.toml"


def test_a_table_of_pyproject_is_a_configuration(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text('[tool.paperround]\ntitle = "x"\nbase_url = "https://example.org"\n')
    config = load_config(path)
    assert config.notes_folder == tmp_path / "notes"
    for content in ("[tool.other]\n", "tool = 1\n", "[tool]\npaperround = 1\n"):
        path.write_text(content)
        with pytest.raises(ConfigError, match=r"tool\.paperround: no such table"):
            load_config(path)


def test_another_base_url_changes_no_id(tmp_path: Path) -> None:
    path = tmp_path / "paperround.toml"
    path.write_text(GOOD)
    config = load_config(path, base_url="http://localhost:8000")
    assert config.address("ko/") == "http://localhost:8000/ko/"
    assert config.id_domain == "example.org"
    with pytest.raises(ConfigError, match="--base-url: base_url: 'localhost'; expected"):
        load_config(path, base_url="localhost")


def test_texts_are_in_the_language_or_the_first_that_has_one(tmp_path: Path) -> None:
    path = tmp_path / "paperround.toml"
    path.write_text(GOOD)
    config = load_config(path)
    assert config.localized("A", "ko") == "A"
    assert config.localized({"ko": "가", "en": "A"}, "en") == "A"
    assert config.localized({"ko": "가"}, "en") == "가"
    assert config.localized({}, "en") == ""


def test_hours_are_read_as_people_write_them() -> None:
    assert [parse_hour(hour) for hour in (7, "7", "07:30", " 23:59 ")] == [
        time(7),
        time(7),
        time(7, 30),
        time(23, 59),
    ]


def test_the_defaults_are_those_of_the_manual(tmp_path: Path) -> None:
    path = tmp_path / "paperround.toml"
    path.write_text("\ufeff" + GOOD, encoding="utf-8")
    config = load_config(path)
    assert config.languages == ("ko", "en")
    assert config.zone == ZoneInfo("Asia/Seoul")
    assert config.publication_time == time(7)
    assert (config.quiet_minutes, config.backfill_days, config.feed_entries) == (30, 14, 50)
    assert config.out_folder == tmp_path / "out"
    assert config.ledger_path == tmp_path / "ledger.jsonl"
    assert config.writer.name == "Paperround"


def test_a_password_that_stands_in_the_configuration_is_not_repeated(tmp_path: Path) -> None:
    path = tmp_path / "paperround.toml"
    for database in ("postgresql://me:open-sesame@db/x", "postgresql://db/x?password=open-sesame"):
        path.write_text(f'{GOOD}database = "{database}"')
        with pytest.raises(ConfigError) as told:
            load_config(path)
        assert "sesame" not in str(told.value)


def test_mail_goes_to_the_port_that_its_security_has(tmp_path: Path) -> None:
    path = tmp_path / "paperround.toml"
    ports = {"starttls": 587, "tls": 465, "none": 25}
    for security, port in ports.items():
        path.write_text(f'{GOOD}smtp.security = "{security}"')
        assert load_config(path).smtp.port_number == port
        path.write_text(f'{GOOD}smtp.security = "{security}"\nsmtp.port = 2525')
        assert load_config(path).smtp.port_number == 2525


def test_what_signs_mail_is_of_its_sender_and_kept_with_the_state(tmp_path: Path) -> None:
    path = tmp_path / "paperround.toml"
    path.write_text(GOOD)
    assert load_config(path).dkim_domain == "example.org"
    path.write_text(f'{GOOD}mail.from_address = "papers@mail.example.org"')
    config = load_config(path)
    assert config.dkim_domain == "mail.example.org"
    assert config.dkim_key_path == tmp_path / ".paperround" / "paperround.dkim.pem"
    path.write_text(f'{GOOD}[dkim]\ndomain = "example.net"\nselector = "s1"\nkey = "k.pem"')
    config = load_config(path)
    assert (config.dkim_domain, config.dkim_key_path) == ("example.net", tmp_path / "k.pem")


def test_people_can_sign_up_where_mail_is_delivered(tmp_path: Path) -> None:
    path = tmp_path / "paperround.toml"
    path.write_text(GOOD)
    assert not load_config(path).has_readers
    path.write_text(f'{GOOD}deliver = ["folder", "mail"]\nmail.from_address = "a@example.org"')
    config = load_config(path)
    assert config.has_readers
    assert config.reader_address("en", "confirm", "t-1") == (
        "https://example.org/papers/en/confirm?t=t-1"
    )


def test_addresses_are_ascii() -> None:
    assert encode_path("ko/tags/한국어 #1/") == "ko/tags/%ED%95%9C%EA%B5%AD%EC%96%B4%20%231/"
