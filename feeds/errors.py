"""Every error that a person can meet.

::

    PaperroundError            anything that is told in one line instead of a traceback
    ├── ConfigError            a wrong or unknown key of the configuration
    ├── NoteError              a note that cannot be read
    ├── LedgerError            a ledger that cannot be trusted
    ├── ManyDeletionsError     a build that would take away more than a fifth of what is published
    ├── ManyRemovalsError      a publish that would take away more than a fifth of a bucket's files
    ├── NoIssueError           a day without an issue, where one was asked for
    ├── RenderError            a template that does not render
    ├── PublishError           a file that cannot be written
    ├── StateError             a database that cannot be opened or moved forward
    ├── SecretError            a key or a password that cannot be read or kept
    ├── InUseError             a state folder or a port that another process has
    ├── SubscriptionError      something a reader or an importer asked for that cannot be
    └── DeliveryError          an issue that a way of delivery did not take

A message says where, what, and what was expected.
"""

from __future__ import annotations


class PaperroundError(Exception):
    """The root of the tree: ``str()`` of it is the line that a person reads."""


class ConfigError(PaperroundError):
    """A wrong or unknown key of the configuration: ``file: key: what was expected``."""

    def __init__(self, file: str, key: str, message: str) -> None:
        super().__init__(f"{file}: {key}: {message}" if key else f"{file}: {message}")
        self.file = file
        self.key = key


class NoteError(PaperroundError):
    """A note that cannot be read: ``path:line: what is wrong, what was expected``."""

    def __init__(self, path: str, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")
        self.path = path
        self.line = line
        self.message = message


class LedgerError(PaperroundError):
    """A ledger of an unknown version, or one that is no ledger at all."""


class ManyDeletionsError(PaperroundError):
    """More than a fifth of the published entries would vanish: an unmounted folder, perhaps."""

    def __init__(self, vanished: int, published: int) -> None:
        super().__init__(
            f"{vanished} of {published} published entries are gone from the notes, "
            "more than a fifth. Is the folder of the notes complete? "
            "If they were meant to go, build with --allow-deletes"
        )
        self.vanished = vanished
        self.published = published


class ManyRemovalsError(PaperroundError):
    """More than a fifth of what a bucket was given would go: another publication, perhaps."""

    def __init__(self, gone: int, published: int) -> None:
        super().__init__(
            f"{gone} of {published} published files are gone from the last build, "
            "more than a fifth. Is this the publication that belongs there, and its build "
            "complete? If they were meant to go, publish with --allow-deletes"
        )
        self.gone = gone
        self.published = published


class NoIssueError(PaperroundError):
    """There is no issue of that day in that language."""


class RenderError(PaperroundError):
    """A template that does not render: ``template: what the engine said``."""

    def __init__(self, template: str, message: str) -> None:
        super().__init__(f"{template}: {message}")
        self.template = template


class PublishError(PaperroundError):
    """A file that cannot be written, with the reason the system gave."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.reason = message


class StateError(PaperroundError):
    """The database of issues cannot be opened or moved forward."""


class SecretError(PaperroundError):
    """A key or a password that cannot be read or kept; its value is never told."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name


class SubscriptionError(PaperroundError):
    """What a subscription cannot be; ``key`` names the field or the column (``address``)."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key}: {message}")
        self.key = key
        self.message = message


class InUseError(PaperroundError):
    """Another process has what this one needs: a state folder, or a port."""


class DeliveryError(PaperroundError):
    """A way of delivery did not take an issue; ``temporary`` tells whether to try again."""

    def __init__(self, recipient: str, message: str, *, temporary: bool) -> None:
        super().__init__(f"{recipient}: {message}")
        self.recipient = recipient
        self.temporary = temporary
