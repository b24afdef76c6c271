"""What browsers are told to refuse, by the kind of what is served.

Notes are untrusted: whatever slipped into a page, nothing of it runs, and nothing is fetched from
another host (Content Security Policy Level 3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    # No text becomes markup or a script (Trusted Types): ours make elements, and set their text.
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
# The mail as it was sent: its styles stand in it, and it has no script.
_MAIL = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' https: data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# A feed, a picture in SVG: a document too, when it is opened by itself. Browsers show XML with
# styles of their own.
_DATA = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
)
_COMMON = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_OURS = {"Cross-Origin-Resource-Policy": "same-origin"}
# Readers that run in a browser, and mails that are read in one, show our pictures and fetch our
# feeds from pages of their own. It is all public, and no answer depends on who asks.
_EVERYBODYS = {"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*"}
_DOCUMENT = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
_FOR_OTHERS = {
    *(".atom", ".rss", ".opml"),
    *(".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg", ".ico"),
}


def _encode(*headers: Mapping[str, str]) -> Sequence[tuple[bytes, bytes]]:
    """As ASGI takes them: encoded once, sent with every answer."""
    pairs = [pair for some in headers for pair in some.items()]
    return [(name.lower().encode("ascii"), text.encode("ascii")) for name, text in pairs]


def _policy(text: str) -> Mapping[str, str]:
    return {"Content-Security-Policy": text}


_FOR_PAGES = _encode(_policy(_PAGE), _DOCUMENT, _OURS, _COMMON)
_FOR_MAILS = _encode(_policy(_MAIL), _DOCUMENT, _OURS, _COMMON)
_FOR_SCRIPTS = _encode(_policy(_DATA), _OURS, _COMMON)
_FOR_FEEDS = _encode(_policy(_DATA), _EVERYBODYS, _COMMON)


def safety_headers(path: str) -> Sequence[tuple[bytes, bytes]]:
    """The headers that go with every answer about a path, errors as well; encoded."""
    name = path[path.rfind("/") + 1 :]
    dot = name.rfind(".")
    ending = name[dot:].lower() if dot > 0 else ""
    if name == "newsletter.html":
        return _FOR_MAILS
    if ending in _FOR_OTHERS or name == "feed.json":
        return _FOR_FEEDS
    return _FOR_PAGES if ending in ("", ".html") else _FOR_SCRIPTS
