"""What a command may do with production settings: put work before the people who decide it.

A case is filed as a draft, and a clerk who is signed in looks at it and submits it; only what one person may
do at once is done. So whoever may run commands is nobody's second person: an approver with a shell could
else file in a clerk's name and approve it. The name given with ``--by`` is one of the staff roll and is
audited beside the fact that a command filed it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cardsvc.desk import likeness
from cardsvc.desk.actor import CLERK, Actor
from cardsvc.desk.acts import AT_ONCE, CardActs, Wish
from cardsvc.desk.cases import CaseDesk
from cardsvc.desk.judging import PORTRAIT
from cardsvc.desk.outcomes import Request, refusal
from cardsvc.errors import ServiceError
from cardsvc.installation import ServedInstallation, Site
from cardsvc.records import CaseState
from cardsvc.records.traces import CASE
from issuance.application import parse_application
from issuance.errors import ApplicationRefused, FieldError

_GIVEN_UP = frozenset({CaseState.REFUSED, CaseState.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of one application: a draft that waits, or errors as ``(field, reason, words)``."""

    place: int
    reference: str | None
    case: str | None
    repeated: bool
    errors: tuple[tuple[str, str, str], ...] = ()


def staff_actor(site: Site, staff: str) -> Actor:
    """A member of staff as the roll has them; raises ``staff_not_found``."""
    with site.store.reading() as tx:
        member = tx.staff.get(staff)
        offices = tx.offices.below(member.office)
    return Actor(member.id, member.role, member.office, offices, frozenset(member.services))


def file_cases(
    site: Site, requests: Iterable[Request], *, base: Path, submitted_by: str, now: datetime
) -> Iterator[Filed]:
    """File every application as a draft that could be submitted; one that could not stops none of the others.

    ``base`` is the folder portraits are read from. The same reference again is the same case.
    """
    actor = staff_actor(site, submitted_by)
    if actor.role != CLERK:
        raise ServiceError("not_your_role", f"{submitted_by} is {actor.role}; a clerk files applications")
    desk = CaseDesk(site, actor, now)
    for request in requests:
        yield _file(desk, request, base)


def file_act(site: ServedInstallation, number: str, wish: Wish, *, by: str, now: datetime) -> None:
    """Do an act that one person may do at once; raises ``ask_at_the_desk`` for what takes two."""
    if wish.act not in AT_ONCE:
        words = f"{wish.act} takes two people: whoever asks for it signs in at the desk"
        raise ServiceError("ask_at_the_desk", words)
    CardActs(site, staff_actor(site, by), now).ask(number, wish)
    with site.store.transaction() as tx:
        tx.audit.append("console", "act_filed_by_command", number, {"act": wish.act, "by": by}, now)


def _file(desk: CaseDesk, request: Request, base: Path) -> Filed:
    raw = request.raw
    if isinstance(raw, ApplicationRefused):
        return _refused(request.place, None, raw)
    reference = raw.get("reference")
    known = _known(desk, reference) if isinstance(reference, str) else None
    if known is not None:
        return Filed(request.place, str(reference), known, True)
    try:
        portrait = parse_application(raw, now=desk.now, base=base).portrait
        case = desk.create({name: value for name, value in raw.items() if name != PORTRAIT})
        desk.set_portrait(case, 1, portrait, None)
    except (ApplicationRefused, FieldError) as error:
        return _refused(request.place, reference, error)
    with desk.installation.store.transaction() as tx:
        tx.audit.append("console", "case_filed_by_command", case, {"by": desk.actor.id}, desk.now)
    return Filed(request.place, reference if isinstance(reference, str) else None, case, False)


def _known(desk: CaseDesk, reference: str) -> str | None:
    """The case that bears this reference and still counts."""
    with desk.installation.store.reading() as tx:
        cases = tx.cases.get_many(tx.traces.with_all(CASE, [(likeness.REFERENCE, reference.strip())]))
    return next((one.id for one in cases if one.state not in _GIVEN_UP), None)


def _refused(place: int, reference: object, error: ApplicationRefused | FieldError) -> Filed:
    told = refusal(place, reference, error)
    return Filed(place, told.reference, None, False, told.errors)
