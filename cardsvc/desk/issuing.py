"""Issuing cards, so that nothing is lost and nothing is doubled (docs/decisions/0005-issuing.md).

1. Applications are checked and portraits made, outside any transaction.
2. One transaction decides, reserves numbers and status indices, and stores the very bytes to be signed.
3. The card key signs them.
4. A second transaction stores the signatures, durable before anybody sees a card.

A process killed between 2 and 4 leaves intents, which :func:`cardsvc.desk.signing.recover` finishes at the
next start: signing is deterministic, so the same bytes come out.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from cardsvc.desk.checking import check_application
from cardsvc.desk.facts import facts_of
from cardsvc.desk.outcomes import Issued, Outcome, Refused, Request, audited_name, refusal, request_digest
from cardsvc.desk.parts import BATCH
from cardsvc.desk.reserving import Candidate, Reserved, Reserving, refuse
from cardsvc.desk.roles import check_desk_role
from cardsvc.desk.signing import CrashPoint, card_signer, finish, nowhere
from cardsvc.errors import ServiceError
from cardsvc.installation import Installation
from cardsvc.records import AuditEntry, Transaction
from issuance.application import Application, parse_application
from issuance.errors import ApplicationRefused, FieldError
from issuance.pictures import PortraitError
from issuance.portrait import Portrait, prepare_portrait

#: How work on many things is done: in order, by this process or by others.
Spread = Callable[..., Iterable[Any]]


class _Sound(NamedTuple):
    """An application that keeps its own rules, and the digest of what came in."""

    place: int
    application: Application
    digest: bytes


def _portrait(picture: bytes) -> Portrait | tuple[str, str]:
    """A portrait, or the reason and the words of its refusal, which pass from process to process."""
    try:
        return prepare_portrait(picture)
    except PortraitError as error:
        return error.reason, str(error)


class IssuingDesk:
    """Issues for one pair of people: who submits and who approves (never the same person)."""

    def __init__(
        self,
        installation: Installation,
        *,
        submitted_by: str,
        approved_by: str,
        crash_point: CrashPoint = nowhere,
    ) -> None:
        """Check both names against the staff roll; the submitter's office goes on the card."""
        self._installation, self._store = installation, installation.store
        self._submitted_by, self._approved_by, self._reach = submitted_by, approved_by, crash_point
        if submitted_by == approved_by:
            words = f"{submitted_by} cannot approve what {submitted_by} submitted; another person must"
            raise ServiceError("same_person_approves", words)
        with self._store.reading() as tx:
            submitter, approver = tx.staff.get(submitted_by), tx.staff.get(approved_by)
        check_desk_role(submitter)
        check_desk_role(approver)
        self._office = submitter.office
        self._reserving = Reserving(installation, submitted_by, approved_by, self._key_for)

    def issue(
        self, requests: Iterable[Request], *, base: Path, clock: Callable[[], datetime], spread: Spread = map
    ) -> Iterator[list[Outcome]]:
        """Issue batch after batch; an outcome for every request, in order.

        ``base`` is the folder portraits are read from; ``clock`` is asked twice a batch: to check the
        applications, and inside the transaction that reserves the cards, which it dates. ``spread`` is
        ``map`` or that of a pool of processes, in which the portraits are made.
        """
        waiting = iter(requests)
        while batch := list(islice(waiting, BATCH)):
            yield self._issue_batch(batch, base, clock, spread)

    def _issue_batch(
        self, batch: Sequence[Request], base: Path, clock: Callable[[], datetime], spread: Spread
    ) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        candidates = []
        began = clock()
        for request, checked in zip(batch, self._checked(batch, base, began, spread), strict=True):
            if isinstance(checked, Refused):
                outcomes[request.place] = checked
            else:
                candidates.append(checked)
        self._reach("checked")
        with self._store.transaction() as tx:
            # Taken while no other process writes: whoever waited here is not dated before it began.
            now = clock()
            fresh = self._reserving.decide(tx, candidates, outcomes, now)
            self._audit_repeats(tx, outcomes.values(), now)
            reserved = self._reserving.reserve(tx, fresh, outcomes, now)
            print_ids = self._reserving.record(tx, reserved, now)
            self._audit_refusals(tx, outcomes.values(), now)
        self._reach("reserved")
        self._finish(reserved, print_ids, outcomes, now)
        return [outcomes[request.place] for request in batch]

    def _key_for(self, tx: Transaction, now: datetime, count: int) -> bytes:
        return card_signer(tx, self._installation.keyring, now, count).public.kid

    def _finish(
        self,
        reserved: Sequence[Reserved],
        print_ids: Sequence[str],
        outcomes: dict[int, Outcome],
        now: datetime,
    ) -> None:
        """Steps 3 and 4; a card that could not be signed is a refusal, and the others go on."""
        if not reserved:
            return
        with self._store.reading() as tx:
            intents = list(tx.prints.get_many(print_ids).values())
        failed = finish(self._installation, intents, actor=self._approved_by, now=now, reach=self._reach)
        for one, print_id in zip(reserved, print_ids, strict=True):
            candidate, error = one.candidate, failed.get(print_id)
            if error is not None:
                words = f"The card {one.order.number} was given up, since it could not be signed: {error}"
                outcomes[candidate.place] = refuse(candidate, "card", "not_signed", words)
                continue
            outcomes[candidate.place] = Issued(
                candidate.place,
                candidate.reference,
                one.order.number,
                print_id,
                False,
                tuple(candidate.notes),
            )

    def _checked(
        self, batch: Sequence[Request], base: Path, now: datetime, spread: Spread
    ) -> Iterator[Candidate | Refused]:
        """Step 1: every application's own rules, and the portraits of those that keep them."""
        read = [self._read(request, base, now) for request in batch]
        pictures = [one.application.portrait for one in read if isinstance(one, _Sound)]
        portraits = iter(spread(_portrait, pictures))
        for one in read:
            yield self._candidate(one, next(portraits)) if isinstance(one, _Sound) else one

    def _read(self, request: Request, base: Path, now: datetime) -> _Sound | Refused:
        raw = request.raw
        if isinstance(raw, ApplicationRefused):
            return refusal(request.place, None, raw)
        try:
            application = parse_application(raw, now=now, base=base)
            check_application(self._installation.settings, application, self._office)
        except (ApplicationRefused, FieldError) as error:
            return refusal(request.place, raw.get("reference"), error)
        return _Sound(request.place, application, request_digest(raw, application.portrait))

    def _candidate(self, one: _Sound, portrait: Portrait | tuple[str, str]) -> Candidate | Refused:
        place, application, digest = one
        if isinstance(portrait, tuple):
            return refusal(place, application.reference, PortraitError(*portrait))
        facts = facts_of(application, self._office)
        candidate = Candidate(place, application.reference or "", digest, application, facts, portrait)
        if application.card_name.was_cut:
            candidate.notes.append("name_cut")
        candidate.notes.extend(f"portrait_{finding.reason}" for finding in portrait.findings)
        return candidate

    def _audit_repeats(self, tx: Transaction, outcomes: Iterable[Outcome], now: datetime) -> None:
        tx.audit.append_many(
            AuditEntry(self._submitted_by, "issue_repeated", outcome.number, {"print": 1}, now)
            for outcome in outcomes
            if isinstance(outcome, Issued)
        )

    def _audit_refusals(self, tx: Transaction, outcomes: Iterable[Outcome], now: datetime) -> None:
        """Refusals are acts too; fields and reasons are recorded, never what stood in the fields."""
        tx.audit.append_many(
            AuditEntry(
                self._submitted_by,
                "application_refused",
                outcome.reference or f"place {outcome.place}",
                {"errors": [f"{audited_name(name)}: {reason}" for name, reason, _ in outcome.errors]},
                now,
            )
            for outcome in outcomes
            if isinstance(outcome, Refused)
        )
