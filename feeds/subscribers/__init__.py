"""Who reads: sign-ups, what each reader wants, and who left for good.

``addresses.py`` says what an address is and when two are one; ``links.py`` makes the signed links
of mails; ``store.py`` keeps readers; ``table.py`` reads and writes them as CSV.
"""
