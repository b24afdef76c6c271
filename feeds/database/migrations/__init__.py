"""The database's way from one version to the next; ``versions/`` has one module a step."""
