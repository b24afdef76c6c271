"""Taking e-mail addresses out of a text, whatever it is."""

from __future__ import annotations

import re
from collections.abc import Callable

# What an address may hold before its @, and a good deal that it may not: rather a word too many is
# hidden than a name is told. The other @ is as wide as a Korean letter; in links it is %40.
_LOCAL = r"[^\s\"<>()\[\],;:@＠]"
_DOMAIN = r"(?:\[[^\s\[\]]+\]|[^\s\"'<>()\[\]{},;:@＠|/?&=#!*`\\]+)"
_ADDRESS = re.compile(
    rf"(?:\"(?:[^\"\\\n]|\\.){{1,320}}\"|(?<!{_LOCAL}){_LOCAL}+)(?:[@＠]{_DOMAIN})+", re.I
)
# In a link the other signs are encoded as well.
_LINKED = r"[^\s\"<>()\[\],;:@＠?&=/#]"
_ENCODED = re.compile(rf"(?<!{_LINKED})(?:(?!%40){_LINKED})+(?:%40{_DOMAIN})+", re.I)
# A letter or a word that stands before an address in a text rather than in it.
_BEFORE = re.compile(r"(?:(?:to|from|address|email|recipient)=)?['`{|/=*]*", re.I)
_AFTER = ".…"
# Of a database: a name and a host, and nobody's mail.
_SERVER = re.compile(r"postgresql(?:\+\w+)?://[^\s/?\"']*")


def hide_addresses(text: str, name: Callable[[str], str]) -> str:
    """Put ``name(address)`` where an address stands; the domain goes too: it may be a person's own.

    In time that is linear in the length of the text.
    """
    if "%40" in text:
        text = _ENCODED.sub(lambda found: _replace(found, name), text)
    if "@" not in text and "＠" not in text:
        return text
    pieces, at = [], 0
    for server in _SERVER.finditer(text):
        pieces += [_hide(text[at : server.start()], name), server[0]]
        at = server.end()
    return "".join([*pieces, _hide(text[at:], name)])


def _hide(text: str, name: Callable[[str], str]) -> str:
    return _ADDRESS.sub(lambda found: _replace(found, name), text)


def _replace(found: re.Match[str], name: Callable[[str], str]) -> str:
    whole = found[0]
    before = _BEFORE.match(whole)
    start = before.end() if before else 0
    end = len(whole.rstrip(_AFTER))
    return f"{whole[:start]}{name(whole[start:end])}{whole[end:]}"
