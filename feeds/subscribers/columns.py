"""What the columns of a table of readers say, under the names that newsletter services give them.

Those of Mailchimp, Substack, Buttondown, Ghost, beehiiv, Kit, MailerLite, listmonk and Stibee
(스티비) are known, and those of our own export. A name counts by its letters and digits alone.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Standing = Literal["reads", "unconfirmed", "gone"]

# The first of these that is there is the address: "Address" may be that of a house.
_ADDRESSES = (
    "emailaddress",
    "email",
    "useremailaddress",
    "subscriberemail",
    "이메일주소",
    "이메일",
    "메일주소",
    "전자우편",
    "emailadresse",
    "mail",
    "email1value",
    "subscriber",
    "address",
)
# Of a reader's wishes and of their consent there is one column each.
_SINGLE: Mapping[str, tuple[str, ...]] = {
    "language": ("language", "lang", "locale", "언어"),
    "any": ("any",),
    "all": ("all",),
    "not": ("not",),
    "tags": ("tags", "labels", "태그", "관심사"),
    "rhythm": ("rhythm",),
    "hour": ("hour",),
    "zone": ("zone",),
    "paused_until": ("pauseduntil",),
    "created": (
        "created",
        "createdat",
        "creationdate",
        "optintime",
        "subscribedat",
        "datesubscribed",
        "구독일",
        "구독일시",
        "등록일",
        "추가일",
    ),
    "confirmed": ("confirmed", "confirmtime", "confirmedat", "optedinat"),
    "consent": ("consent",),
}
# A column that says how things stand, in a word.
_STATUSES = frozenset(
    ("status", "subscriptionstatus", "subscriberstatus", "emailstatus", "구독상태", "상태")
)
# These may also name a part of a country, or a kind of customer: they count where the first line
# has a word of those below in them.
_PERHAPS_STATUSES = frozenset(("state", "type"))
# Yes or no: they want mail; and the other way around, where a moment says yes as well.
_WANTS = frozenset(
    (
        "subscribed",
        "subscribedtoemails",
        "issubscribed",
        "acceptsmarketing",
        "acceptsemailmarketing",
        "emailmarketing",
        "optin",
        "수신동의",
        "광고성정보수신동의",
        "마케팅수신동의",
    )
)
_REFUSES = frozenset(
    (
        "unsubscribed",
        "unsubscribedat",
        "unsubtime",
        "unsubscribedfromallemail",
        "cleantime",
        "emaildisabled",
        "deletedat",
        "bouncedat",
        "optout",
        "blocklisted",
        "수신거부",
        "수신거부일",
        "수신거부일시",
    )
)
_WORDS: Mapping[Standing, frozenset[str]] = {
    "reads": frozenset(
        (
            "active",
            "subscribed",
            "enabled",
            "confirmed",
            "regular",
            "premium",
            "free",
            "paid",
            "comped",
            "gifted",
            "trialed",
            "unpaid",
            "churning",
            "churned",
            "pastdue",
            "paused",
            "구독",
            "구독중",
            "무료구독",
            "유료구독",
        )
    ),
    "unconfirmed": frozenset(
        (
            "pending",
            "unconfirmed",
            "unactivated",
            "validating",
            "대기",
            "구독대기",
            "승인대기",
            "인증대기",
            "미인증",
        )
    ),
    "gone": frozenset(
        (
            "unsubscribed",
            "nonsubscribed",
            "transactional",
            "cleaned",
            "bounced",
            "hardbounced",
            "softbounced",
            "undeliverable",
            "invalid",
            "complained",
            "complaint",
            "spam",
            "spammy",
            "junk",
            "inactive",
            "needsattention",
            "disabled",
            "blocked",
            "blocklisted",
            "blacklisted",
            "suppressed",
            "left",
            "removed",
            "deleted",
            "archived",
            "cancelled",
            "수신거부",
            "구독취소",
            "구독해지",
            "자동삭제",
            "삭제",
            "반송",
            "차단",
            "탈퇴",
        )
    ),
}
_STANDINGS: Mapping[str, Standing] = {
    word: standing for standing, words in _WORDS.items() for word in words
}
_NO = frozenset(
    ("", "0", "no", "n", "false", "f", "off", "none", "null", "아니오", "거부", "미동의")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Where in a line things stand: positions from 0; ``ignored`` are the names of the rest."""

    address: int
    single: Mapping[str, int]
    statuses: tuple[int, ...]
    wants: tuple[int, ...]
    refuses: tuple[int, ...]
    ignored: tuple[str, ...]

    @property
    def last(self) -> int:
        """The last position that says something."""
        flags = (*self.statuses, *self.wants, *self.refuses)
        return max((self.address, *self.single.values(), *flags))


def find_columns(header: Sequence[str], first: Sequence[str], *, take_tags: bool) -> Columns | None:
    """What the columns of a header are; None where none of them is an address.

    ``first`` is the line after it. ``take_tags``: a column of tags is what readers want to read;
    with other services it says something else, so by default it is ignored.
    """
    names = [normalize(name) for name in header]
    address = next((names.index(name) for name in _ADDRESSES if name in names), None)
    if address is None:
        return None
    single = {
        role: next(position for position, name in enumerate(names) if name in known)
        for role, known in _SINGLE.items()
        if not set(known).isdisjoint(names) and (take_tags or role != "tags")
    }
    statuses = tuple(
        position
        for position, name in enumerate(names)
        if name in _STATUSES or (name in _PERHAPS_STATUSES and _is_standing(first, position))
    )
    wants = _find(names, _WANTS)
    refuses = _find(names, _REFUSES)
    taken = {address, *single.values(), *statuses, *wants, *refuses}
    ignored = tuple(
        name.strip() or "(no name)" for position, name in enumerate(header) if position not in taken
    )
    return Columns(
        address=address,
        single=single,
        statuses=statuses,
        wants=wants,
        refuses=refuses,
        ignored=ignored,
    )


def judge(columns: Columns, cells: Sequence[str]) -> Standing:
    """How things stand with the reader of a line.

    :raises ValueError: a word says so that is not known; its text is that word.
    """
    worst: Standing = "reads"
    for position in columns.statuses:
        word = cells[position].strip()
        standing = _STANDINGS.get(normalize(word)) if word else "reads"
        if standing is None:
            raise ValueError(word)
        if standing != "reads" and worst != "gone":
            worst = standing
    if any(says_no(cells[position]) and cells[position].strip() for position in columns.wants):
        return "gone"
    if any(not says_no(cells[position]) for position in columns.refuses):
        return "gone"
    return worst


def says_no(cell: str) -> bool:
    """Whether a cell of a column of yes and no says no, or nothing."""
    return cell.strip().casefold() in _NO


def normalize(name: str) -> str:
    """What names of columns and words for a status are compared by."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


def _find(names: Sequence[str], known: frozenset[str]) -> tuple[int, ...]:
    return tuple(position for position, name in enumerate(names) if name in known)


def _is_standing(cells: Sequence[str], position: int) -> bool:
    return position < len(cells) and normalize(cells[position]) in _STANDINGS
