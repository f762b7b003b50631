"""The errors that leave issuance: everything wrong with an application is said at once, by field."""

from collections.abc import Iterable

from verify.errors import CardsvcError


class IssuanceError(CardsvcError):
    """Root of what issuance raises."""


class FieldError(IssuanceError):
    """One field is wrong; ``field`` is its name in an application."""

    def __init__(self, field: str, reason: str, words: str) -> None:
        """Keep the ``field`` beside the stable ``reason`` and the ``words`` for the clerk."""
        super().__init__(reason, words)
        self.field = field


class FieldsRefused(IssuanceError):
    """Several things are wrong at once: ``errors`` holds one :class:`FieldError` for each, in order."""

    def __init__(self, reason: str, errors: Iterable[FieldError]) -> None:
        """Join the words of all ``errors``, so that the clerk corrects them in one go."""
        self.errors = tuple(errors)
        super().__init__(reason, " ".join(f"{error.field}: {error}" for error in self.errors))


class ApplicationRefused(FieldsRefused):
    """An application cannot become a card."""

    def __init__(self, errors: Iterable[FieldError]) -> None:
        """Take every error found; the reason is always ``application_refused``."""
        super().__init__("application_refused", errors)


class LinesRefused(FieldsRefused):
    """The machine-readable lines of a passport do not hold together."""

    def __init__(self, errors: Iterable[FieldError]) -> None:
        """Take every error found; the reason is always ``lines_refused``."""
        super().__init__("lines_refused", errors)


class FileRefused(IssuanceError):
    """A file of applications cannot be read as a whole."""
