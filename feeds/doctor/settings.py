"""Keys of the configuration that are right one by one, and do not fit together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from feeds.config import Config, Dkim, Mail, Smtp
from feeds.config.checks import is_loopback
from feeds.doctor.diagnosis import Diagnosis, Surroundings, bad, doubtful, fine

# Names that lead nowhere (RFC 2606; RFC 6761, section 6).
_NOWHERE = re.compile(r"(?:.*\.)?(?:example(?:\.(?:com|net|org))?|test|invalid|localhost)\.?", re.I)
_NO_REPLY = re.compile(r"(?:no|do-?not)[._-]?reply", re.I)


def check_settings(config: Config, surroundings: Surroundings) -> Iterator[Diagnosis]:
    """What is set and not used, what is used and not set."""
    del surroundings
    found = [*_check_ways(config), *(_check_mail(config) if config.has_readers else ())]
    if config.log_addresses:
        found.append(
            doubtful("logs hold the addresses of readers", "leave out log_addresses, but to search")
        )
    yield from found
    if not any(each.level != "ok" for each in found):
        yield fine(f"delivers to {', '.join(config.deliver) or 'nobody'}, and fits together")


def _check_ways(config: Config) -> Iterator[Diagnosis]:
    mail = config.mail != Mail() and config.mail.from_address is not None
    if not config.has_readers and (mail or config.smtp != Smtp() or config.dkim != Dkim()):
        deliver = ", ".join(f'"{way}"' for way in (*config.deliver, "mail"))
        yield doubtful("mail is configured, and none is sent", f"deliver = [{deliver}]")
    if config.webhooks and "webhook" not in config.deliver:
        deliver = ", ".join(f'"{way}"' for way in (*config.deliver, "webhook"))
        yield doubtful("webhooks are configured, and none is called", f"deliver = [{deliver}]")


def _check_mail(config: Config) -> Iterator[Diagnosis]:
    yield from _check_base(config)
    yield from _check_sender(config)
    if not config.mail.postal_address:
        yield doubtful(
            "no postal address in the mails, which the law of many countries wants",
            "set mail.postal_address",
        )
    smtp = config.smtp
    if is_loopback(smtp.host):
        return
    if smtp.security == "none":
        remedy = 'smtp.security = "starttls" or "tls"'
        yield doubtful(f"mail goes to {smtp.host} in clear, and anybody may answer for it", remedy)
    elif not smtp.verify:
        yield doubtful(f"anybody may answer for {smtp.host}", "leave out smtp.verify = false")


def _check_base(config: Config) -> Iterator[Diagnosis]:
    parts = urlsplit(config.base_url)
    host = parts.hostname or ""
    if _NOWHERE.fullmatch(host) or is_loopback(host):
        yield bad(
            f"links in mails lead to {host}, where no reader gets", "set base_url to where out/ is"
        )
    elif parts.scheme != "https":
        yield bad(
            "mailboxes offer one click to leave by over https only (RFC 8058)",
            "set base_url to https://…, and have the web server do so",
        )


def _check_sender(config: Config) -> Iterator[Diagnosis]:
    sender = config.mail.from_address or ""
    domain = sender.rpartition("@")[2].lower()
    if _NOWHERE.fullmatch(domain):
        yield bad(f"mail is from {domain}, which is nobody's", "set mail.from_address")
        return
    signing = config.dkim_domain.lower()
    if not _are_aligned(domain, signing):
        yield bad(
            f"mail is from {domain} and signed by {signing}: to DMARC that is no signature",
            f'leave out dkim.domain, or set it to "{domain}"',
        )
    if not config.mail.reply_to and _NO_REPLY.match(sender):
        yield doubtful("readers cannot answer: there is no mail.reply_to", "set mail.reply_to")


def _are_aligned(sender: str, signing: str) -> bool:
    """As DMARC has it by default (RFC 7489, section 3.1.1), without the list of public suffixes."""
    same = sender == signing
    return same or sender.endswith(f".{signing}") or signing.endswith(f".{sender}")
