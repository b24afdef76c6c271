"""Paperround: daily notes in; feeds and newsletters out.

The flow, which is also the folder listing::

    sources.py     0. a folder          -> the files of notes in it
    notes/         1. bytes             -> notes (one module a dialect)
    archive/       2. notes and ledger  -> an archive by day, tag and language
    outputs/       3. archive           -> files, in memory (one module a format)
    publish/       4. files             -> out/ or a bucket, only what changed
    subscribers/   5. who reads         -> what each wants, and the signed links that they get
    delivery/      6. an issue          -> its ways out: one mail a reader, a folder, a webhook
    web/           7. a request         -> a file of out/, or a feed or a reader's page, made then

``pipeline.build`` is steps 0 to 4 on one page, and takes what is known from the index of earlier
builds; ``schedule`` says when step 6 comes, ``runner`` does all of them in one process, and ``cli``
is the only place that prints, exits and reads the clock.
Steps 1 to 3 know nothing of each other; what they share beside ``model`` is how tags compare
(``slugs``), how web addresses are spelled (``urls``) and which letters tell a language
(``scripts``).
"""

__version__ = "0.1.0"
