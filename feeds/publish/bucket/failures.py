"""What a store or the way to it answers instead of an object, in a line that a person can use.

Stores say it in XML (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html), of which
only the code, the region and, for codes not known here, the message are told: the rest holds
headers and ids of keys.
"""

from __future__ import annotations

import re

_KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_NO_KEYS = (
    f"no keys; expected {_KEYS} in the environment (profiles are not read: "
    'eval "$(aws configure export-credentials --format env)" sets them)'
)
_OTHER_REGION = "the bucket is in another region{}; expected it in AWS_REGION"
_CODES = {
    "NoSuchBucket": "there is no such bucket",
    "AccessDenied": "access is denied; expected keys that may list the bucket, and read, write "
    "and delete objects in it",
    "InvalidAccessKeyId": "AWS_ACCESS_KEY_ID is not known there",
    "SignatureDoesNotMatch": "AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID",
    "ExpiredToken": "AWS_SESSION_TOKEN has expired",
    "InvalidToken": "AWS_SESSION_TOKEN is not valid",
    "RequestTimeTooSkewed": "the clock of this machine is wrong",
    "KeyTooLongError": "the name is too long for an object; expected 1,024 bytes at most",
    "PermanentRedirect": _OTHER_REGION,
    "AuthorizationHeaderMalformed": _OTHER_REGION,
    "IllegalLocationConstraintException": _OTHER_REGION,
}
# What a text holds, and what that means. The first that is found counts.
_SIGNS = (
    (r"169\.254\.169\.254|Missing\s?(?:SecretAccessKey|AccessKeyId)", _NO_KEYS),
    (r"redirect without LOCATION", _OTHER_REGION),
    (r"dns error|failed to lookup address", "{host} is not known: no such name"),
    (r"[Cc]onnection ?[Rr]efused", "{host} does not answer: connection refused"),
    (r"invalid peer certificate|UnknownIssuer", "{host} has a certificate that is not trusted"),
    (r"BadScheme", "{host} is not spoken to without encryption"),
    (r"[Tt]imed ?[Oo]ut|deadline has elapsed", "{host} does not answer in time"),
    (r"HTTP error", "{host} cannot be reached, or breaks off"),
    (r"status code: 403", _CODES["AccessDenied"]),
)
_CONTROLS = re.compile(r"[\s\x00-\x1f\x7f]+")


def explain_failure(text: str, *, host: str) -> str:
    """Say what an error of obstore means; ``host`` is that of the store."""
    code, message = _find("Code", text), _find("Message", text)
    known = _CODES.get(code)
    if not code:
        known = next((said for sign, said in _SIGNS if re.search(sign, text)), None)
    if known:
        region = _find("Region", text)
        told = f" ({region})" if re.fullmatch(r"[a-z0-9-]+", region) else ""
        return known.replace("{}", told).replace("{host}", host)
    if code:
        return f"{host} refuses: {code}: {message or 'no reason given'}"
    # The rest of it is for programmers.
    return _shorten(text.partition("Debug source")[0]) or "failed without a reason"


def is_unsupported(text: str) -> bool:
    """Whether a store does not know the headers of a conditional request (status 501)."""
    return _find("Code", text) == "NotImplemented" or "status code: 501" in text


def _find(tag: str, text: str) -> str:
    found = re.search(rf"<{tag}>([^<]*)</{tag}>", text)
    return _shorten(found[1]) if found else ""


def _shorten(text: str) -> str:
    text = _CONTROLS.sub(" ", text).strip()
    return text if len(text) <= 200 else f"{text[:199]}…"
