"""Who asks: the site that a form stood on, and the network of the person."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from starlette.datastructures import Headers

UNKNOWN = "unknown"
# What one person or one office commonly has.
_NETWORK_BITS = {4: 24, 6: 56}


def is_foreign(headers: Headers, base_url: str) -> bool:
    """Whether a page of another site sent a form (Fetch Metadata; RFC 6454, section 7).

    ``Origin: null`` says nothing: browsers send it for our own forms, whose pages ask for
    ``Referrer-Policy: no-referrer``. What makes a form ours is the token in it.
    """
    site = headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return True
    origin = headers.get("origin", "null")
    if origin == "null":
        return False
    hosts = {urlsplit(base_url).netloc.lower(), headers.get("host", "").lower()}
    try:
        return urlsplit(origin).netloc.lower() not in hosts - {""}
    except ValueError:
        return True


def find_client(connection: str | None, headers: Headers, proxies: int) -> str:
    """The address of whoever asks: ``proxies`` of our own stand in between, and are believed.

    Each of them adds at the right of ``X-Forwarded-For`` whom it was asked by; what stands further
    left is what strangers wrote.
    """
    direct = _read_ip(connection or "")
    if proxies:
        told = [part for line in headers.getlist("x-forwarded-for") for part in line.split(",")]
        if len(told) >= proxies and (found := _read_ip(told[-proxies])):
            return str(found)
    return str(direct) if direct else UNKNOWN


def network_of(client: str) -> str:
    """The network of an address: an IPv4 /24, an IPv6 /56."""
    address = _read_ip(client)
    if address is None:
        return UNKNOWN
    return str(ip_network(f"{address}/{_NETWORK_BITS[address.version]}", strict=False))


def _read_ip(text: str) -> IPv4Address | IPv6Address | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]  # with a port, as some proxies write it
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
