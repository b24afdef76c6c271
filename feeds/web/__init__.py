"""What is answered over HTTP: what was built, readers, and the preview of what is being written.

The way of a request, which is also the folder listing::

    server.py         listens, in a thread of its own
    connections.py    one connection: what may be sent on it, and how long it may take
    static.py         the application: who answers for a path
    paths.py            the target of a request -> a path
    combined.py         a path and a query -> a feed by any combination of tags
    files.py            a path -> a file of out/, remembered while it stays as it is
    opening.py            its bytes, and those of no other place
    memory.py             the bytes that are asked for often
    responses.py        what is known of a content, and the headers of a request -> an answer
    conditions.py         whether the reader has it already
    ranges.py             which part of it is asked for
    encodings.py          in which coding the reader takes it
    compression.py        it in that coding, kept for the next reader
    readers/          sign-up, preferences, leaving: the pages that take something in
    policies.py       the headers of every answer: what browsers are told to refuse

    preview.py        the newsletter of a day, while its notes are written
    changes.py          telling the open pages of it that something changed
"""
