"""Who reads: sign-ups, what each reader wants, and who left for good.

``addresses.py`` says what an address is and when two are one, ``wishes.py`` what a reader may want
and ``hours.py`` when they get it; ``links.py`` makes the signed links of mails, ``letters.py``
writes those that are no issue, and ``by_mail.py`` reads who leaves by one. ``store.py`` keeps
readers, ``many.py`` thousands of them at once. ``table.py`` reads and writes them as a table: what
its columns are called elsewhere is in ``columns.py``, and how files are really written in
``csv_file.py``.
"""
