"""Requests that two officers make: one asks, another agrees with a passkey of his or her own, on any phone.

The assertion is over the request itself, so that nobody agrees to anything but what was shown; it is kept,
so that who agreed can be proved later.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cardsvc.desk.asserting import packed, read_credential
from cardsvc.errors import ServiceError
from cardsvc.police import hot
from cardsvc.police.asking import Asked, challenge_of
from cardsvc.police.budgets import LOOK_UP, Budgets, Spender
from cardsvc.police.purposes import check_covert
from cardsvc.records import CredentialRecord, NotFound, StaffState, Store, Transaction
from cardsvc.records.police import RequestRecord
from cardsvc.records.police_tables import RequestKind, RequestState
from cardsvc.staff import lockout, passkeys
from cardsvc.staff.caller import Caller
from cardsvc.staff.passkeys import Party

#: How long a request waits for the second officer.
WAITING_LIFE: Final = timedelta(minutes=15)
#: How far back one's own requests are listed: a shift.
OWN_SINCE: Final = timedelta(hours=12)
#: More than anybody reads on a phone.
MOST: Final = 50
_OFFICER, _POLICE = "officer", "police"


@dataclass(frozen=True, slots=True)
class Wish:
    """What an officer asks for; ``until`` (an instant) belongs to the hotlist alone."""

    kind: RequestKind
    purpose: str
    case_number: str
    query: Mapping[str, str]
    covert_days: int | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class TwoOfficers:
    """The requests that one officer may see, ask for and agree to."""

    store: Store
    party: Party
    budgets: Budgets
    covert_days: int
    caller: Caller

    def ask(self, wish: Wish, now: datetime) -> RequestRecord:
        """File a request; a look-up is counted here, whatever becomes of it.

        Raises ``not_covert``, ``too_covert``, ``bad_until``, ``card_not_found``, ``not_on_the_hotlist`` and
        ``budget_spent``.
        """
        covert = check_covert(wish.purpose, wish.covert_days, self.covert_days)
        with self.store.transaction() as tx:
            if wish.kind is not RequestKind.LOOK_UP:
                hot.check(tx, wish.kind, wish.query, wish.until, now)
            refused = None
            if wish.kind is RequestKind.LOOK_UP:
                spender = Spender(self.caller.id, self.caller.office)
                refused = self.budgets.spend(tx, LOOK_UP, spender, now)
            request = self._request(wish, covert, now)
            if refused is None:
                tx.police_requests.add(request)
                details = {"kind": wish.kind.value, "purpose": wish.purpose, "case": wish.case_number}
                tx.audit.append(self.caller.id, "police_asked", request.id, details, now)
        # Raised outside: what was counted of the refusal stays counted.
        if refused is not None:
            raise refused
        return request

    def listed(self, now: datetime) -> tuple[list[RequestRecord], list[RequestRecord]]:
        """One's own requests of this shift, and those of others that wait for a second officer."""
        with self.store.reading() as tx:
            own = tx.police_requests.of(self.caller.id, now - OWN_SINCE, MOST)
            return own, tx.police_requests.waiting(self._line(), self.caller.id, now, MOST)

    def challenge(self, request: str, now: datetime) -> dict[str, Any]:
        """What a passkey is to sign: one's own for another's request, anybody else's for one's own."""
        with self.store.reading() as tx:
            record = self._open(tx, request, now)
            mine = record.asker == self.caller.id
            known = [] if mine else tx.credentials.of(self.caller.id)
        return passkeys.request_options(self.party, challenge_of(record.request), known)

    def approve(
        self, request: str, credential: Mapping[str, Any], address: str, now: datetime
    ) -> RequestRecord:
        """Agree. Raises ``own_request``, ``passkey_refused``, ``not_an_officer``, ``request_over``."""
        with self.store.transaction() as tx:
            record = self._open(tx, request, now)
            account: str | None = None
            refused = None
            try:
                lockout.check_open(tx, None, address, now)
                known = self._owner(tx, record, credential)
                account = known.staff
                lockout.check_open(tx, account, address, now)
                challenge = challenge_of(record.request)
                count = passkeys.check_assertion(self.party, credential, challenge, known)
                tx.credentials.used(known.id, count, now)
                _check_officer(tx, account, record.office)
            except ServiceError as error:
                refused = error
                if error.reason == "passkey_refused":
                    lockout.count_failure(tx, account, address, now)
            if refused is None and account is not None:
                self._agreed(tx, record, account, credential, now)
        if refused is not None:
            raise refused
        with self.store.reading() as tx:
            return tx.police_requests.get(request)

    def refuse(self, request: str, now: datetime) -> RequestRecord:
        """Say no to another's request, or take one's own back."""
        with self.store.transaction() as tx:
            record = self._open(tx, request, now)
            second = None if record.asker == self.caller.id else self.caller.id
            values = {"state": RequestState.REFUSED, "second": second, "decided_at": now}
            tx.police_requests.move(request, RequestState.WAITING, values)
            tx.audit.append(self.caller.id, "police_refused", request, {}, now)
            return tx.police_requests.get(request)

    def _request(self, wish: Wish, covert: int, now: datetime) -> RequestRecord:
        caller, name = self.caller, secrets.token_hex(16)
        until = 0 if wish.until is None else int(wish.until.timestamp())
        asked = Asked(
            id=name,
            kind=wish.kind,
            asker=caller.id,
            office=caller.office,
            purpose=wish.purpose,
            case_number=wish.case_number,
            covert_days=covert,
            until=until,
            query=wish.query,
            at=int(now.timestamp()),
        )
        return RequestRecord(
            id=name,
            kind=wish.kind,
            state=RequestState.WAITING,
            asker=caller.id,
            office=caller.office,
            purpose=wish.purpose,
            case_number=wish.case_number,
            request=asked.encode(),
            made_at=now,
            expires_at=now + WAITING_LIFE,
        )

    def _open(self, tx: Transaction, request: str, now: datetime) -> RequestRecord:
        """A request that waits and that the caller may see; ``request_not_found``, ``request_over``."""
        record = tx.police_requests.get(request)
        if record.asker != self.caller.id and record.office not in self._line():
            raise NotFound("request_not_found", "there is no such request")
        if record.state is not RequestState.WAITING or record.expires_at <= now:
            raise ServiceError("request_over", "this request was decided, or waited too long; ask anew")
        return record

    def _line(self) -> frozenset[str]:
        """The offices above and below one's own: their officers stand in for each other."""
        return self.caller.offices | frozenset(self.caller.above)

    def _owner(
        self, tx: Transaction, record: RequestRecord, credential: Mapping[str, Any]
    ) -> CredentialRecord:
        known = tx.credentials.find(passkeys.id_of(credential))
        if known is None:
            raise passkeys.refused("nobody here has it")
        if known.staff == record.asker:
            raise ServiceError("own_request", "another officer must agree, with a passkey of his or her own")
        if record.asker != self.caller.id and known.staff != self.caller.id:
            raise passkeys.refused("it belongs to somebody else")
        return known

    def _agreed(
        self,
        tx: Transaction,
        record: RequestRecord,
        second: str,
        credential: Mapping[str, Any],
        now: datetime,
    ) -> None:
        values: dict[str, object] = {
            "second": second,
            "decided_at": now,
            "assertion": packed(read_credential(second, credential)),
        }
        asked = Asked.decode(record.request)
        state = RequestState.APPROVED if asked.kind is RequestKind.LOOK_UP else RequestState.DONE
        tx.police_requests.move(record.id, RequestState.WAITING, values | {"state": state})
        tx.audit.append(second, "police_agreed", record.id, {"kind": asked.kind.value}, now)
        if asked.kind is not RequestKind.LOOK_UP:
            hot.enact(tx, asked, second, now)


def _check_officer(tx: Transaction, staff: str, office: str) -> None:
    """Only an officer at work may agree, of an office above or below the one that asks (``not_an_officer``).

    Whose phone it is done on changes nothing: on one's own, others are shown no request.
    """
    member = tx.staff.get(staff)
    above = tx.offices.above(member.office)
    may = all(_POLICE in one.may for one in above) and bool(above)
    line = tx.offices.below(member.office) | {one.id for one in above}
    if member.role != _OFFICER or member.state is not StaffState.ACTIVE or not may or office not in line:
        raise ServiceError("not_an_officer", f"{staff} is no officer who may agree to this")
