"""Who calls, as use cases know it: a member of staff in a session."""

from dataclasses import dataclass
from datetime import datetime


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
