"""The relay that takes the mail: reached, secured and logged in to as when mail is sent."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from feeds.config import Config
from feeds.delivery.smtp import Relay, RelayError
from feeds.doctor.diagnosis import Diagnosis, Surroundings, bad, doubtful, fine
from feeds.secrets import read_secret

# A mail with the longest HTML that is sent, in base64, and its text.
_LONGEST_MAIL_BYTES = 512 * 1024
_SECURITY = {"starttls": "with STARTTLS", "tls": "with TLS", "none": "in clear"}


def check_relay(config: Config, surroundings: Surroundings) -> Iterator[Diagnosis]:
    """Connect, log in, and take leave; no message is begun."""
    if not config.has_readers:
        return
    smtp = config.smtp
    patience = min(smtp.timeout_seconds, max(1, round(surroundings.patience_s)))
    relay = Relay(
        msgspec.structs.replace(smtp, timeout_seconds=patience),
        read_secret("SMTP_PASSWORD", surroundings.environment),
    )
    try:
        connection = relay.connect()
    except RelayError as error:
        yield bad(str(error), "smtp.host, port and security say where mail goes")
        return
    limit = connection.limit_bytes
    connection.quit()
    how = f", logged in as {smtp.user}" if smtp.user else ""
    yield fine(f"{relay.name} answers {_SECURITY[smtp.security]}{how}")
    if limit is not None and limit < _LONGEST_MAIL_BYTES:
        message = f"{relay.name} takes mails of {limit // 1024:,} KiB at most"
        yield doubtful(message, f"have it take {_LONGEST_MAIL_BYTES // 1024} KiB")
