"""Who acts at the desk, as the session knows it: nothing of it ever comes from a form."""

from dataclasses import dataclass

from cardsvc.records import NotFound

CLERK, APPROVER, PRINTER, OPERATOR, DEPARTMENT = "clerk", "approver", "printer", "operator", "department"


@dataclass(frozen=True, slots=True)
class Actor:
    """A member of staff; ``offices`` are the own one and all below it, ``services`` a department's."""

    id: str
    role: str
    office: str
    offices: frozenset[str]
    services: frozenset[int] = frozenset()

    def check_office(self, office: str, reason: str, what: str) -> None:
        """Show what belongs to other offices as if it were not there; raises ``reason`` as not found."""
        if office not in self.offices:
            raise NotFound(reason, f"there is no {what}")
