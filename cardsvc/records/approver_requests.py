"""Approvers' keys that wait for existing approvers, and what these have given so far."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from cardsvc.records.columns import epoch_s
from cardsvc.records.errors import NotFound
from cardsvc.records.link import Link, record, values_of
from cardsvc.records.staff_tables import APPROVER_REQUEST


@dataclass(frozen=True, slots=True)
class ApproverRequestRecord:
    """A request to the signer: ``kind`` add or remove, ``request`` its bytes, ``approvals`` when by whom."""

    id: str
    kind: str
    staff: str
    credential: str
    label: str
    request: bytes
    approvals: Mapping[str, Any]
    state: str
    made_at: datetime


class ApproverRequests:
    """Filing and approving them."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link

    def add(self, request: ApproverRequestRecord) -> None:
        """File a request; an earlier one of the same kind for the same passkey is gone."""
        same = (APPROVER_REQUEST.c.kind == request.kind) & (
            APPROVER_REQUEST.c.credential == request.credential
        )
        waiting = same & (APPROVER_REQUEST.c.state == "waiting")
        self._link.run(update(APPROVER_REQUEST).where(waiting).values(state="gone"))
        self._link.run(
            insert(APPROVER_REQUEST), [values_of(request) | {"approvals": dict(request.approvals)}]
        )

    def waiting(self) -> list[ApproverRequestRecord]:
        """What waits, oldest first."""
        rows = select(APPROVER_REQUEST).where(APPROVER_REQUEST.c.state == "waiting")
        ordered = rows.order_by(APPROVER_REQUEST.c.made_at, APPROVER_REQUEST.c.id)
        return [record(ApproverRequestRecord, row) for row in self._link.all(ordered)]

    def get(self, request: str) -> ApproverRequestRecord:
        """The request of that id that waits; raises ``request_not_found``."""
        own = (APPROVER_REQUEST.c.id == request) & (APPROVER_REQUEST.c.state == "waiting")
        row = self._link.first(select(APPROVER_REQUEST).where(own))
        if row is None:
            raise NotFound("request_not_found", "no such request waits: it was done, or never was")
        return record(ApproverRequestRecord, row)

    def renew(self, request: ApproverRequestRecord) -> None:
        """Take the bytes, approvals and time of ``request`` in place of those before."""
        own = update(APPROVER_REQUEST).where(APPROVER_REQUEST.c.id == request.id)
        values = {
            "request": request.request,
            "approvals": dict(request.approvals),
            "made_at": request.made_at,
        }
        self._link.run(own.values(values))

    def approve(self, request: str, asked: bytes, by: str, now: datetime) -> None:
        """Note that ``by`` approved ``asked``; nothing where something else is asked for by now."""
        own = (APPROVER_REQUEST.c.id == request) & (APPROVER_REQUEST.c.request == asked)
        row = self._link.first(select(APPROVER_REQUEST.c.approvals).where(own))
        if row is not None:
            approvals = row["approvals"] | {by: epoch_s(now)}
            self._link.run(update(APPROVER_REQUEST).where(own).values(approvals=approvals))

    def close(self, request: str, state: str) -> None:
        """It is ``done``, or ``gone`` without having been."""
        self._link.run(update(APPROVER_REQUEST).where(APPROVER_REQUEST.c.id == request).values(state=state))

    def drop_of(self, staff: str) -> None:
        """Somebody's requests are gone: the passkeys they are about no longer exist."""
        mine = (APPROVER_REQUEST.c.staff == staff) & (APPROVER_REQUEST.c.state == "waiting")
        self._link.run(update(APPROVER_REQUEST).where(mine).values(state="gone"))
