"""Approvals and acts that wait: what a second person was asked, and what that person's key answered.

An approval goes ``waiting`` → ``asserted`` → ``done``, or back to ``returned``. The key's answer is stored
before the signer is called, so that a process killed in between is followed by one that knows what was meant.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, insert, select, update

from cardsvc.records.desk_tables import (
    ACT_REQUEST,
    APPROVAL,
    APPROVAL_PRINT,
    CASE_FILE,
    ActState,
    ApprovalState,
    CaseState,
)
from cardsvc.records.errors import Conflict, NotFound
from cardsvc.records.link import Link, record, values_of


@dataclass(frozen=True, slots=True)
class ApprovalRecord:
    """What was asked of an approver: ``request`` are the bytes whose hash the key signs.

    It is empty while cards are still being reserved: then there is nothing that a key could sign.
    """

    id: str
    state: ApprovalState
    submitter: str
    approver: str
    office: str
    request: bytes
    assertion: bytes | None
    made_at: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class ApprovalPrintRecord:
    """One print of an approval, in the order the request names them."""

    approval: str
    place: int
    print_id: str
    case_id: str | None


@dataclass(frozen=True, slots=True)
class NewAct:
    """An act somebody asks for; days are numbers from 2020-01-01, ``chip`` is a UID in hexadecimal.

    ``holds`` is what held the card when its reinstatement was asked for, by ids (``Cards.held_by``).
    """

    card_number: str
    act: str
    reason: str
    service: int | None
    last_day: int | None
    office: str
    requested_by: str
    chip: str | None = None
    holds: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class ActRecord:
    """An act that waits or waited; ``challenged`` is who was shown the challenge of ``request``."""

    id: str
    card_number: str
    act: str
    reason: str
    service: int | None
    last_day: int | None
    state: ActState
    office: str
    requested_by: str
    requested_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    approval: str | None
    challenged: str | None
    request: bytes | None
    assertion: bytes | None
    expires: datetime | None
    chip: str | None
    holds: Sequence[str] | None


class Approvals:
    """Asking, keeping the answer, and finding what a killed process left."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link

    def add(self, approval: ApprovalRecord, prints: Sequence[ApprovalPrintRecord] = ()) -> None:
        """Record an approval and its prints; raises ``same_person_approves``."""
        self._link.run(insert(APPROVAL), [values_of(approval)])
        self.add_prints(prints)

    def add_prints(self, prints: Sequence[ApprovalPrintRecord]) -> None:
        """Have prints wait for an approval."""
        self._link.run(insert(APPROVAL_PRINT), list(map(values_of, prints)))

    def ask(self, approval: str, request: bytes) -> None:
        """Give the request of an approval whose cards are all reserved; raises ``approval_moved``."""
        statement = update(APPROVAL).where(
            APPROVAL.c.id == approval, APPROVAL.c.state == ApprovalState.WAITING, APPROVAL.c.request == b""
        )
        if not self._link.run(statement.values(request=request)):
            raise Conflict("approval_moved", f"the approval {approval} was given back meanwhile")

    def get(self, approval: str) -> ApprovalRecord:
        """The approval of that id; raises ``approval_not_found``."""
        found = self._where(APPROVAL.c.id == approval)
        if not found:
            raise NotFound("approval_not_found", f"there is no approval {approval}")
        return found[0]

    def prints(self, approval: str) -> list[ApprovalPrintRecord]:
        """The prints of an approval, in their order."""
        statement = select(APPROVAL_PRINT).where(APPROVAL_PRINT.c.approval == approval)
        rows = self._link.all(statement.order_by(APPROVAL_PRINT.c.place))
        return [record(ApprovalPrintRecord, row) for row in rows]

    def prints_of_cases(self, approval: str, cases: Sequence[str]) -> list[str]:
        """The prints of these cases that wait for an approval, as far as they are reserved."""
        statement = select(APPROVAL_PRINT.c.print_id).where(
            APPROVAL_PRINT.c.approval == approval, APPROVAL_PRINT.c.case_id.in_(cases)
        )
        return [str(row["print_id"]) for row in self._link.all(statement)]

    def half_returned(self) -> list[str]:
        """Approvals that were given back while some of their cases still wait to be."""
        statement = (
            select(CASE_FILE.c.approval)
            .distinct()
            .join(APPROVAL, CASE_FILE.c.approval == APPROVAL.c.id)
            .where(CASE_FILE.c.state == CaseState.APPROVING, APPROVAL.c.state == ApprovalState.RETURNED)
        )
        return sorted(str(row["approval"]) for row in self._link.all(statement))

    def move(
        self, approval: str, expected: ApprovalState, to: ApprovalState, assertion: bytes | None = None
    ) -> None:
        """Go one state on; raises ``approval_moved`` where another process was faster."""
        statement = update(APPROVAL).where(APPROVAL.c.id == approval, APPROVAL.c.state == expected)
        if not self._link.run(statement.values(state=to, assertion=assertion)):
            raise Conflict("approval_moved", f"the approval {approval} is not {expected.value} any more")

    def asserted(self) -> list[ApprovalRecord]:
        """Approvals whose key has spoken and whose signatures are not recorded, oldest first."""
        return self._where(APPROVAL.c.state == ApprovalState.ASSERTED)

    def expired(self, now: datetime) -> list[ApprovalRecord]:
        """Approvals whose time ran out while they waited."""
        return self._where((APPROVAL.c.state == ApprovalState.WAITING) & (APPROVAL.c.expires <= now))

    def _where(self, condition: ColumnElement[bool]) -> list[ApprovalRecord]:
        statement = select(APPROVAL).where(condition).order_by(APPROVAL.c.made_at, APPROVAL.c.id)
        return [record(ApprovalRecord, row) for row in self._link.all(statement)]


class Acts:
    """Acts on cards that one person asked for."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link

    def add(self, act: NewAct, *, now: datetime) -> str:
        """Record a request and return its id."""
        row = secrets.token_hex(16)
        extra = {"id": row, "state": ActState.WAITING, "requested_at": now}
        self._link.run(insert(ACT_REQUEST), [values_of(act) | extra])
        return row

    def get(self, act: str) -> ActRecord:
        """The act of that id; raises ``act_not_found``."""
        found = self._where(ACT_REQUEST.c.id == act)
        if not found:
            raise NotFound("act_not_found", f"there is no request {act}")
        return found[0]

    def of_card(self, number: str) -> list[ActRecord]:
        """Everything that was asked for one card, newest first."""
        return self._where(ACT_REQUEST.c.card_number == number)

    def of_approval(self, approval: str) -> ActRecord | None:
        """The act an approval decides."""
        return next(iter(self._where(ACT_REQUEST.c.approval == approval)), None)

    def page(self, states: Collection[ActState], limit: int = 200) -> list[ActRecord]:
        """Acts in these states, newest first, of all offices."""
        return self._where(ACT_REQUEST.c.state.in_(states), limit)

    def page_of(
        self,
        states: Collection[ActState],
        grants: str,
        *,
        offices: Collection[str],
        services: Collection[int],
        limit: int = 200,
    ) -> list[ActRecord]:
        """Those of these offices, but acts called ``grants`` by their service alone."""
        granted = (ACT_REQUEST.c.act == grants) & ACT_REQUEST.c.service.in_(services)
        other = (ACT_REQUEST.c.act != grants) & ACT_REQUEST.c.office.in_(offices)
        return self._where(ACT_REQUEST.c.state.in_(states) & (granted | other), limit)

    def change(self, act: str, expected: ActState, values: Mapping[str, object]) -> None:
        """Write columns; raises ``act_moved`` where another was faster, ``same_person_approves``."""
        statement = update(ACT_REQUEST).where(ACT_REQUEST.c.id == act, ACT_REQUEST.c.state == expected)
        if not self._link.run(statement.values(values)):
            raise Conflict("act_moved", f"the request {act} is not {expected.value} any more")

    def _where(self, condition: ColumnElement[bool], limit: int | None = None) -> list[ActRecord]:
        statement = select(ACT_REQUEST).where(condition)
        ordered = statement.order_by(ACT_REQUEST.c.requested_at.desc(), ACT_REQUEST.c.id).limit(limit)
        return [record(ActRecord, row) for row in self._link.all(ordered)]
