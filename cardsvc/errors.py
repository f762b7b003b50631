"""The service's own refusals."""

from verify.errors import CardsvcError


class ServiceError(CardsvcError):
    """A request that the service cannot carry out, with words that say what to do."""
