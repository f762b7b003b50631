"""The one family of errors that leaves this product.

Two kinds must never be confused: *refused* (the thing is wrong: forged, expired, malformed) and
*unchecked* (nobody here can tell). A door shuts on the first and calls a person on the second.
"""


class CardsvcError(Exception):
    """Root of every error raised on purpose: a stable ``reason`` and words that say what to do."""

    def __init__(self, reason: str, words: str) -> None:
        """Keep ``reason`` (snake case, part of the outside contract) beside the ``words`` for people."""
        super().__init__(words)
        self.reason = reason


class Refused(CardsvcError):
    """The input is wrong."""


class Unchecked(CardsvcError):
    """The input could not be checked with what is known here."""
