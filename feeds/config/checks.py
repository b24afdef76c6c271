"""What the types of the configuration cannot say: each rule with its key and what it expects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from feeds.config.places import parse_place
from feeds.languages import known_languages
from feeds.slugs import AliasError, join_tags, tag_slug

if TYPE_CHECKING:
    from feeds.config import Config

WAY_NAMES = ("folder", "mail", "webhook")
OUTPUT_NAMES = ("pages", "search", "atom", "rss", "json", "opml", "newsletter")

Check = tuple[object, str, str]
"""Whether it is good, the key, and what to say if it is not."""


def find_problems(config: Config) -> Iterator[tuple[str, str]]:
    """What is wrong with a configuration, each as a key and what was expected."""
    checks = chain(
        _check_base(config),
        _check_addresses(config),
        _check_texts(config),
        _check_mail(config),
        _check_times(config),
        _check_feeds(config),
        _check_tags(config),
        _check_folders(config),
        _check_publish(config),
        _check_deliver(config),
        _check_smtp(config),
        _check_database(config),
    )
    # One by one: without a base URL that is one, the rest cannot even be looked at.
    return ((key, message) for good, key, message in checks if not good)


def _check_base(config: Config) -> Iterator[Check]:
    base = config.base_url
    yield (
        base.isascii(),
        "base_url",
        f"{base!r}; expected ASCII: a host as xn--…, a path percent-encoded",
    )
    yield (
        _is_base(base),
        "base_url",
        f"{base!r}; expected an address such as https://example.org/papers",
    )


def _check_addresses(config: Config) -> Iterator[Check]:
    domain = config.domain if config.domain is not None else config.id_domain
    yield (
        re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*", domain.lower()),
        "domain",
        f"{domain!r}; expected a name such as example.org",
    )
    yield (
        re.fullmatch(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+", config.writer.email or "a@b.c"),
        "author.email",
        f"{config.writer.email!r}; expected an address such as name@example.org",
    )
    url = config.writer.url
    yield (
        url is None or _is_web(url),
        "author.url",
        f"{url!r}; expected an address such as https://example.org",
    )
    for key in ("icon", "logo"):
        value = getattr(config, key)
        yield (
            value is None or _is_web(value) or re.fullmatch(r"[^\s:?#]+", value),
            key,
            f"{value!r}; expected an address, or a file beside the configuration",
        )


def _check_texts(config: Config) -> Iterator[Check]:
    known = known_languages(config.templates_folder)
    yield config.languages, "languages", "empty; expected at least one language"
    for code in config.languages:
        yield code in known, "languages", f"{code!r}; expected one of {', '.join(known)}"
    twice = len(set(config.languages)) < len(config.languages)
    yield not twice, "languages", "a language stands twice; expected each once"
    texts = {"title": config.title, "subtitle": config.subtitle, "rights": config.rights}
    texts.update({f"feeds.{name}.title": feed.title for name, feed in config.feeds.items()})
    texts["mail.from_name"] = config.mail.from_name
    texts["mail.postal_address"] = config.mail.postal_address
    texts.update({f"tags.descriptions.{t}": said for t, said in config.tags.descriptions.items()})
    for key, value in texts.items():
        for code in value if isinstance(value, dict) else ():
            expected = f"no such language; expected one of {', '.join(known)}"
            yield code in known, f"{key}.{code}", expected
    for lang in config.languages:
        yield config.localized(config.title, lang).strip(), "title", "empty; expected a name"


def _check_mail(config: Config) -> Iterator[Check]:
    mail = config.mail
    addresses = {
        "from_address": mail.from_address,
        "reply_to": mail.reply_to,
        "unsubscribe_mailto": (mail.unsubscribe_mailto or "").removeprefix("mailto:") or None,
    }
    for key, value in addresses.items():
        yield (
            value is None or re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", value),
            f"mail.{key}",
            f"{value!r}; expected an address such as name@example.org",
        )


def _check_deliver(config: Config) -> Iterator[Check]:
    expected = ", ".join(WAY_NAMES)
    for name in config.deliver:
        yield name in WAY_NAMES, "deliver", f"{name!r}; expected some of {expected}"
    twice = len(set(config.deliver)) < len(config.deliver)
    yield not twice, "deliver", "a way stands twice; expected each once"
    mailing = "mail" in config.deliver
    yield (
        not mailing or config.mail.from_address,
        "mail.from_address",
        "missing; expected the address that mail is from, such as notes@example.org",
    )
    yield (
        not mailing or "newsletter" in config.outputs,
        "outputs",
        "no 'newsletter'; expected it where mail is delivered",
    )
    yield (
        "webhook" not in config.deliver or config.webhooks,
        "webhooks",
        "missing; expected a table [webhooks.NAME] with an url",
    )
    for name, hook in config.webhooks.items():
        yield (
            re.fullmatch(r"[a-z0-9][a-z0-9-]{0,47}", name),
            f"webhooks.{name}",
            "expected a name of lower-case letters, digits and hyphens",
        )
        # What is written there may be a secret: it is not repeated.
        yield (
            _is_hook(hook.url),
            f"webhooks.{name}.url",
            "expected an address such as https://example.org/hook, no password; http:// only here",
        )
        for code in hook.languages:
            yield (
                code in config.languages,
                f"webhooks.{name}.languages",
                f"{code!r}; expected some of {', '.join(config.languages)}",
            )


def _check_smtp(config: Config) -> Iterator[Check]:
    smtp, readers = config.smtp, config.readers
    host = r"[A-Za-z0-9.:_-]+"
    yield re.fullmatch(host, smtp.host), "smtp.host", f"{smtp.host!r}; expected a host's name"
    hello = smtp.hello or "localhost"
    yield re.fullmatch(r"[A-Za-z0-9.:\[\]_-]+", hello), "smtp.hello", f"{hello!r}; expected a name"
    yield 0 < smtp.port_number < 65536, "smtp.port", "expected 1 to 65535"
    yield 1 <= smtp.connections <= 64, "smtp.connections", "expected 1 to 64"
    for key in ("timeout_seconds", "give_up_hours"):
        yield getattr(smtp, key) >= 1, f"smtp.{key}", "expected 1 or more"
    for key in ("per_second", "domain_per_minute", "daily_limit", "warm_up_from"):
        yield getattr(smtp, key) >= 0, f"smtp.{key}", "expected 0 (no limit) or more"
    yield (
        not smtp.warm_up_from or smtp.daily_limit >= smtp.warm_up_from,
        "smtp.warm_up_from",
        "expected daily_limit, the number it grows to",
    )
    for key in ("address_per_day", "network_per_hour", "total_per_hour"):
        yield getattr(readers, key) >= 1, f"readers.{key}", "expected 1 or more"
    yield readers.proxies >= 0, "readers.proxies", "expected 0 or more"
    # Longer than these there is nothing to wait for, and calendars end.
    yield 1 <= readers.confirm_hours <= 8760, "readers.confirm_hours", "expected 1 to 8760, a year"
    yield 0 <= readers.evidence_days <= 36_500, "readers.evidence_days", "expected 0 to 36500"
    label = r"[a-z0-9-]+(\.[a-z0-9-]+)*"
    selector, domain = config.dkim.selector, config.dkim_domain
    yield re.fullmatch(label, selector, re.I), "dkim.selector", f"{selector!r}; expected a name"
    yield re.fullmatch(label, domain, re.I), "dkim.domain", f"{domain!r}; expected a name"


_EXPECTED_DATABASE = (
    "expected postgresql://host/name, or no such key for SQLite in the state folder"
)


def _check_database(config: Config) -> Iterator[Check]:
    url = config.database
    if url is None:
        return
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "postgresql" and parts.port != 0
    except ValueError:  # a port that is no number, a bracket without its other
        yield False, "database", _EXPECTED_DATABASE
        return
    yield usable, "database", _EXPECTED_DATABASE
    yield (
        not parts.password and "password" not in parts.query,
        "database",
        "holds a password; expected it in PAPERROUND_DATABASE_PASSWORD, or …_PASSWORD_FILE",
    )


def _check_times(config: Config) -> Iterator[Check]:
    yield (
        _is_readable(config, "zone"),
        "timezone",
        f"{config.timezone!r}; expected a name such as Asia/Seoul",
    )
    yield (
        _is_readable(config, "publication_time"),
        "hour",
        f'{config.hour!r}; expected 0 to 23, or a time such as "07:30"',
    )
    for key in ("quiet_minutes", "backfill_days"):
        yield getattr(config, key) >= 0, key, "expected 0 or more"


def _check_feeds(config: Config) -> Iterator[Check]:
    yield config.feed_entries >= 1, "feed_entries", "expected 1 or more"
    for name, feed in config.feeds.items():
        yield (
            re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", name),
            f"feeds.{name}",
            "expected a name of lower-case letters, digits and hyphens",
        )
        yield feed.any or feed.all or feed.not_, f"feeds.{name}", "expected any, all or not"
        for tag in (*feed.any, *feed.all, *feed.not_):
            yield tag_slug(tag), f"feeds.{name}", f"{tag!r}; expected a letter or a digit in a tag"
    expected = ", ".join(OUTPUT_NAMES)
    yield config.outputs, "outputs", f"empty; expected some of {expected}"
    for name in config.outputs:
        yield name in OUTPUT_NAMES, "outputs", f"{name!r}; expected some of {expected}"
    searchable = "search" not in config.outputs or "pages" in config.outputs
    yield searchable, "outputs", "'search' without 'pages'; expected both: the search is a page"
    twice = len(set(config.outputs)) < len(config.outputs)
    yield not twice, "outputs", "an output stands twice; expected each once"


def _check_tags(config: Config) -> Iterator[Check]:
    try:
        join_tags(config.tags.aliases)
    except AliasError as error:
        yield False, f"tags.aliases.{error.alias}", str(error)
    for tag in config.tags.descriptions:
        expected = "expected a letter or a digit in a tag"
        yield tag_slug(tag), f"tags.descriptions.{tag}", expected


def _check_folders(config: Config) -> Iterator[Check]:
    out = config.out_folder.resolve()
    for key, folder in (("notes", config.notes_folder), ("state", config.state_folder)):
        # What is in out/ is served to everybody.
        yield (
            not folder.resolve().is_relative_to(out),
            "folders.out",
            f"{config.folders.out!r} holds folders.{key}; expected a folder of its own",
        )
    templates = config.templates_folder
    yield (
        templates is None or templates.is_dir(),
        "folders.templates",
        f"{config.folders.templates!r}: no such folder; expected that of your templates",
    )


def _check_publish(config: Config) -> Iterator[Check]:
    try:
        parse_place(config.publish or "s3://none")
    except ValueError as error:
        yield False, "publish", str(error)


def _is_base(url: str) -> bool:
    """Whether addresses can be made by writing a path behind it (RFC 3986, section 3)."""
    host = r"(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])"
    segment = r"(?:[a-z0-9._~!$&'()*+,;=:@-]|%[0-9a-f]{2})+"
    match = re.fullmatch(rf"https?://{host}(?::(\d{{1,5}}))?(?:/{segment})*/?", url, re.I)
    return match is not None and int(match[1] or 0) < 65536


def _is_web(url: str) -> bool:
    return re.fullmatch(r"https?://[^\s/?#]+\S*", url, re.I) is not None


def _is_hook(url: str) -> bool:
    """Whether an issue may be posted there: encrypted, unless it stays on this machine."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:  # a port that is no number
        return False
    if not host or port == 0 or "@" in parts.netloc or not re.fullmatch(r"[!-~]+", url):
        return False
    return not parts.fragment and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    )


def is_loopback(host: str) -> bool:
    """Whether a host is this machine (RFC 6761, section 6.3, for its name)."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def _is_readable(config: Config, name: str) -> bool:
    """Whether something that is worked out from a key can be worked out."""
    try:
        getattr(config, name)
    except (OSError, ValueError, LookupError):  # an unknown zone is a KeyError
        return False
    return True
