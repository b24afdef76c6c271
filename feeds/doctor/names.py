"""Asking the DNS for the texts of a name."""

from __future__ import annotations

from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer, Resolver


def look_up_texts(name: str, *, resolver: Resolver | None = None, within_s: float = 5) -> list[str]:
    """The TXT records of a name, the strings of each joined; none where there are none.

    :raises ConnectionError: nobody could tell.
    """
    try:
        asked = resolver or Resolver()
        answer = asked.resolve(name, "TXT", lifetime=within_s, search=False)
    except (NXDOMAIN, NoAnswer):
        return []
    except (DNSException, OSError, UnicodeError) as error:
        raise ConnectionError(f"{name} could not be looked up") from error
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]
