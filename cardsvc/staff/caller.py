"""Who calls, as use cases know it: a member of staff in a session."""

from dataclasses import dataclass
from datetime import datetime

from cardsvc.errors import ServiceError


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. ``offices`` are the own one and all below it, ``above`` the own one first and those above.

    ``session`` names the session; it changes at sign-in and step-up.
    """

    id: str
    name: str
    role: str
    office: str
    offices: frozenset[str]
    above: tuple[str, ...]
    services: tuple[int, ...]
    language: str
    session: str
    method: str
    stepped_up_until: datetime | None


def check_top(caller: Caller) -> None:
    """Let nobody do what concerns the whole city whose office has others above it; raises ``only_at_top``."""
    if len(caller.above) > 1:
        words = f"this concerns every office; an operator of {caller.above[-1]} does it"
        raise ServiceError("only_at_top", words)
