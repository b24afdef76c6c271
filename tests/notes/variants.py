"""Ways in which the same note reaches a disk."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from unicodedata import normalize

VARIANTS: Mapping[str, Callable[[str], bytes]] = {
    "crlf": lambda text: text.replace("\n", "\r\n").encode(),
    "cr": lambda text: text.replace("\n", "\r").encode(),
    "byte_order_mark": lambda text: codecs.BOM_UTF8 + text.encode(),
    "utf_16": lambda text: text.encode("utf-16"),
    "decomposed": lambda text: normalize("NFD", text).encode(),
    "blank_lines": lambda text: text.replace("\n", "\n\n \n").encode(),
    "tabs": lambda text: text.replace("\n", "\t\n\t").encode(),
    "no_break_spaces": lambda text: text.replace("\n", "\u00a0\n").encode(),
    "zero_width_spaces": lambda text: text.replace("\n", "\u200b\n").encode(),
    "everything": lambda text: (
        codecs.BOM_UTF8 + normalize("NFD", text.replace("\n", "\u00a0\t\r\n\r\n")).encode()
    ),
}
