"""``python -m feeds`` is ``paperround``."""

from feeds.cli import main

main()
