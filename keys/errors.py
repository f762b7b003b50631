"""The errors of this package: one root, told apart by their stable reason."""

from verify.errors import CardsvcError


class KeysError(CardsvcError):
    """A key could not be opened, made or used, or a document could not be signed."""
