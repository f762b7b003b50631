"""The service's own refusals."""

from collections.abc import Mapping, Sequence

from verify.errors import CardsvcError


class ServiceError(CardsvcError):
    """A request that the service cannot carry out, with words that say what to do."""


class Explained(ServiceError):
    """A refusal that says more than words: ``fields`` ``(field, reason, words)``, and ``members`` of its own.

    Members are plain JSON; outside they stand beside the members of every problem (RFC 9457 section 3.2).
    """

    def __init__(
        self,
        reason: str,
        words: str,
        *,
        fields: Sequence[tuple[str, str, str]] = (),
        members: Mapping[str, object] | None = None,
    ) -> None:
        """Keep what belongs to the stable ``reason``."""
        super().__init__(reason, words)
        self.fields, self.members = tuple(fields), dict(members or {})
