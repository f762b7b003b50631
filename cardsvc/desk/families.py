"""Families: cases that are accepted together, decided one by one and issued together."""

from collections.abc import Sequence
from typing import Any

from cardsvc.desk.actor import Actor
from cardsvc.desk.cases import OPEN, CaseDesk, remembered
from cardsvc.desk.judging import display_name, filled
from cardsvc.errors import ServiceError
from cardsvc.records import CaseRecord, CaseState, FamilyRecord, Transaction

#: Papers of more people than this are no family's.
MOST = 20
_OVER = frozenset({CaseState.ISSUED, CaseState.REFUSED, CaseState.WITHDRAWN})


class Families:
    """Putting cases together, for one member of staff at one instant."""

    def __init__(self, desk: CaseDesk) -> None:
        """Act as the member of staff whose desk it is."""
        self._desk, self._site = desk, desk.installation

    def make(self, cases: Sequence[str], guardian: str | None) -> str:
        """Make a family of these cases and return its id; raises what :meth:`add` raises."""
        with self._site.store.transaction() as tx:
            actor, now = self._desk.actor, self._desk.now
            family = tx.cases.add_family(guardian, actor.office, actor.id, now=now)
            for case in dict.fromkeys([*cases, *([guardian] if guardian else [])]):
                self._join(tx, family, case)
            tx.audit.append(actor.id, "family_made", family, {"cases": len(cases)}, now)
            self._name_guardian(tx, tx.cases.family(family))
        return family

    def add(self, family: str, case: str) -> None:
        """One more member; raises ``family_not_found``, ``in_a_family``, ``case_not_open``, ``too_many``."""
        with self._site.store.transaction() as tx:
            record = self.found(tx, family)
            self._join(tx, family, case)
            self._name_guardian(tx, record)

    def remove(self, family: str, case: str) -> None:
        """Let a member go alone; raises ``not_in_family``."""
        with self._site.store.transaction() as tx:
            record, member = self.found(tx, family), self._desk.found(tx, case)
            if member.family != family:
                raise ServiceError("not_in_family", "this case belongs to another family, or to none")
            tx.cases.change(case, {"family": None}, now=self._desk.now)
            if record.guardian == case:
                tx.cases.set_guardian(family, None)
            tx.audit.append(self._desk.actor.id, "family_left", case, {"family": family}, self._desk.now)

    def found(self, tx: Transaction, family: str) -> FamilyRecord:
        """A family of the actor's offices; any other is ``family_not_found``."""
        record = tx.cases.family(family)
        self._desk.actor.check_office(record.office, "family_not_found", f"family {family}")
        return record

    def view(self, family: str) -> dict[str, Any]:
        """The family with its members."""
        with self._site.store.reading() as tx:
            record = self.found(tx, family)
            members = [one for one in tx.cases.of_family(family) if one.office in self._actor.offices]
        # Cases of one second have no order of their own; the guardian answers for all and stands first.
        members.sort(key=lambda one: one.id != record.guardian)
        waiting = [one for one in members if one.state not in _OVER]
        return {
            "id": family,
            "guardian": record.guardian,
            "cases": [self._member(record, one) for one in members],
            "ready": bool(waiting) and all(one.state is CaseState.SUBMITTED for one in waiting),
        }

    @property
    def _actor(self) -> Actor:
        return self._desk.actor

    def _member(self, family: FamilyRecord, case: CaseRecord) -> dict[str, Any]:
        return {
            "case": case.id,
            "name": display_name(filled(case.content["application"], self._desk.now)),
            "state": case.state.value,
            "card_number": case.card_number,
            "is_guardian": case.id == family.guardian,
        }

    def _join(self, tx: Transaction, family: str, case: str) -> None:
        record = self._desk.found(tx, case)
        if record.family not in (None, family):
            raise ServiceError("in_a_family", f"the case {record.reference} belongs to a family already")
        if record.state in _OVER:
            raise ServiceError("case_not_open", f"the case {record.reference} is {record.state.value}")
        if len(tx.cases.of_family(family)) >= MOST:
            raise ServiceError("too_many", f"a family has at most {MOST} members here")
        tx.cases.change(case, {"family": family}, now=self._desk.now)

    def _name_guardian(self, tx: Transaction, family: FamilyRecord) -> None:
        """Members who are still drafts and name no guardian get the name of the guardian's case."""
        if family.guardian is None:
            return
        guardian = tx.cases.get(family.guardian)
        name = display_name(filled(guardian.content["application"], self._desk.now))
        for member in tx.cases.of_family(family.id):
            raw = member.content["application"]
            if member.id == guardian.id or member.state not in OPEN or raw.get("guardian") or not name:
                continue
            # Remembered as a change, so that a clerk who has the case open does not save it away again.
            changes = remembered(member, {"guardian": raw.get("guardian")}, self._actor.id)
            content = dict(member.content) | {
                "application": raw | {"guardian": name[:60]},
                "changes": changes,
            }
            values = {"content": content, "version": member.version + 1}
            tx.cases.change(member.id, values, now=self._desk.now)
