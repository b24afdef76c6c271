"""Paperround: daily notes in; feeds and newsletters out.

The flow, which is also the folder listing::

    sources.py     0. a folder          -> the bytes of its notes
    notes/         1. bytes             -> notes (one module a dialect)
    archive/       2. notes and ledger  -> an archive by day, tag and language
    outputs/       3. archive           -> files, in memory (one module a format)
    publish/       4. files             -> out/, only what changed, atomically
    delivery/      5. an issue          -> its ways out, once

``pipeline.build`` is steps 0 to 4 on one page, ``schedule`` says when step 5 comes, ``cli`` is the
only place that prints, exits and reads the clock.
"""

__version__ = "0.1.0"
