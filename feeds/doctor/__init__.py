"""What stands in the way of a publication that is set up: looked for, and told with a remedy.

Nothing is sent, made or mended, and only what the configuration names is asked.

::

    diagnosis.py      what a check says, and what it looks at beside the configuration
    settings.py       keys that do not fit together
    variables.py      secrets in the environment, and files that it names
    files.py          who may read keys, and what git was told of
    database.py       the database, what it knows, and the moments in it
    relay.py          where mail goes
    domain.py         what mailboxes look for in the DNS: DKIM, SPF, DMARC
    names.py          asking the DNS
    site.py           what readers find at the base URL
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from feeds.config import load_config
from feeds.doctor.database import check_database
from feeds.doctor.diagnosis import Check, Diagnosis, Surroundings, bad
from feeds.doctor.domain import check_domain, check_signing
from feeds.doctor.files import check_files, check_git
from feeds.doctor.relay import check_relay
from feeds.doctor.settings import check_settings
from feeds.doctor.site import check_clock, check_site
from feeds.doctor.variables import check_variables
from feeds.errors import ConfigError, PaperroundError

CHECKS: Mapping[str, Check] = {
    "configuration": check_settings,
    "secrets": check_variables,
    "files": check_files,
    "git": check_git,
    "database": check_database,
    "clock": check_clock,
    "signing": check_signing,
}
"""Every check of this machine, by what is told in front of its findings."""

NETWORK_CHECKS: Mapping[str, Check] = {
    "relay": check_relay,
    "domain": check_domain,
    "site": check_site,
}
"""Every check that asks others."""


def examine(path: Path, surroundings: Surroundings, *, offline: bool) -> Iterator[Diagnosis]:
    """Look at everything that belongs to a configuration; a check that fails hides no other.

    With ``offline`` nobody is asked. Without a configuration that can be read, that is all there
    is to tell.
    """
    try:
        config = load_config(path)
    except ConfigError as error:
        yield replace(bad(str(error)), topic="configuration")
        return
    checks = CHECKS if offline else {**CHECKS, **NETWORK_CHECKS}
    for topic, check in checks.items():
        try:
            for diagnosis in check(config, surroundings):
                yield replace(diagnosis, topic=topic)
        except PaperroundError as error:
            yield replace(bad(str(error)), topic=topic)
        except Exception as error:  # whatever one check stumbles over, the others are made
            said = f"could not be looked at: {type(error).__name__}: {error}"
            yield replace(bad(said, "this is a fault of Paperround"), topic=topic)
