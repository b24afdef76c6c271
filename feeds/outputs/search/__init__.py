"""The search: an index in many small files, of which a browser fetches the few that it needs.

A static site has nobody to ask, so the browser looks things up itself (``templates/js/search.js``).
It reads a short list of names (the manifest), the index files of the words that were typed, and the
texts of the results that are shown; whatever it does not need stays where it is.

``words.py`` says what a word is, ``index.py`` which entries have it, ``files.py`` how that is
written. The script has the first of these as well, and the same cases test both.
"""

from feeds.outputs.search.files import write_search

__all__ = ["write_search"]
