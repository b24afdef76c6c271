"""Who is missed, and who is mailed twice, when whoever delivers is killed again and again.

::

    python -m benchmarks.crash [--kills 200] [--readers 2000] [--seed 200]

A run to so many readers is killed (SIGKILL) at random moments: at a step of the protocol, seen by
the server before its answer is out, and up to three milliseconds after it. After each kill another
process goes on; the last one ends the run. A real SMTP server (aiosmtpd) is the ledger of what
arrived. On SQLite, and on a PostgreSQL where PAPERROUND_TEST_DATABASE names one that databases may
be made in.

Nobody may be missed. A kill leaves one mail of each open connection at most of which nobody can
know whether the relay took it: those are sent again, with the same Message-ID. So there are
``kills x connections`` second copies at the most, and a mail that was sent again was always the
last of its session.

The peers, measured the same way with one kill: Mailman mails 702 of 702 readers twice, rss2email
110 of 110 entries; listmonk loses what was queued.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.crashes import CONNECTIONS, Outcome, run_killed
from tests.databases import SERVER, fresh_database


def measure(kind: str, readers: int, kills: int, seed: int) -> bool:
    """Run it on a kind of database and print what came of it; tell whether all is well."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, fresh_database(kind) as database:
        outcome = run_killed(Path(folder), database, readers=readers, kills=kills, seed=seed)
    took_s = time.monotonic() - started
    moments = ", ".join(f"{step} {count}" for step, count in sorted(outcome.killed_in.items()))
    bound = kills * CONNECTIONS
    print(f"{kind}: {readers:,} readers, {kills:,} kills, {took_s:.0f} s")
    print(f"  missed                     {outcome.missed}")
    print(f"  second copies              {outcome.second_copies} (at most {bound:,} may be)")
    print(f"  most copies to one reader  {outcome.most_copies}")
    print(f"  sent again without need    {len(outcome.find_unexplained())}")
    print(f"  different Message-IDs      {outcome.ids:,}")
    print(f"  killed at                  {moments}")
    return _is_well(outcome, bound)


def _is_well(outcome: Outcome, bound: int) -> bool:
    return (
        outcome.missed == 0
        and outcome.second_copies <= bound
        and not outcome.find_unexplained()
        and outcome.ids == outcome.readers
        and outcome.states == {"sent": outcome.readers}
    )


def main() -> None:
    """Read the command line, and measure."""
    parser = argparse.ArgumentParser(description="Kill whoever delivers, and count.")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--readers", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=200)
    options = parser.parse_args()
    kinds = ["sqlite", *(["postgresql"] if SERVER else [])]
    if SERVER is None:
        print("no PostgreSQL: PAPERROUND_TEST_DATABASE names none")
    given = (options.readers, options.kills, options.seed)
    well = [measure(kind, *given) for kind in kinds]  # each of them, whatever the first one says
    if not all(well):
        sys.exit("not as it should be")


if __name__ == "__main__":
    main()
