"""The city: every card's life, and what the issuer says of it in lists. Here everything is true."""

import random
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from issuance.number import new_number
from keys.bundle import Entitlement, ListSnapshot, Snapshot
from keys.keyring import Keyring
from keys.signer import sign1
from scripts.simulation.history import History
from scripts.simulation.plan import BEGIN, KEYS_AGE_S, Plan
from verify import text
from verify.card import Card, StatusRef
from verify.days import DAY_S, day_at, end_of, start_of
from verify.permits import permit_rows
from verify.services import CardClass, Service
from verify.status import (
    GRANTED,
    GRANTED_TO_DAY,
    LIST_SLOTS,
    REPLACED,
    REVOKED,
    SUSPENDED,
    VALID,
    WITHDRAWN,
)

#: What the venues of the simulation serve; the rest of a card's services is there, and nobody asks for it.
ASKED: Final = (Service.BUS, Service.HOSPITAL, Service.LIBRARY)
ACTIVE, HELD, GONE = "active", "suspended", "revoked"
#: One list has room for so many prints (docs/format.md section 4).
ROOM: Final = LIST_SLOTS * 15 // 16
TODAY: Final = day_at(BEGIN)
_LIFE_DAYS: Final = 4 * 365
#: How often each change is made, and what it is called in the report.
_CHANGES: Final = {
    "revoked": 3,
    "suspended": 3,
    "reinstated": 2,
    "stay extended": 4,
    "stay cut short": 2,
    "granted": 4,
    "granted to a day": 3,
    "withdrawn": 4,
    "replaced": 3,
    "issued": 4,
}


@dataclass(frozen=True, slots=True, eq=False)
class Print:
    """One print of a card, and what stands on it; ``made`` is its iat, ``trusted_until`` its key's end."""

    index: int
    made: int
    expires: int
    services: int
    service_days: dict[int, int]
    permit_day: int | None
    number: int
    code: str
    trusted_until: int

    @property
    def not_before(self) -> int:
        """Midnight of the day it was made."""
        return start_of(day_at(self.made))

    def right(self, service: Service) -> Entitlement | None:
        """The printed right, as a list would say it."""
        if service in self.service_days:
            return Entitlement(GRANTED_TO_DAY, self.service_days[service])
        return Entitlement(GRANTED) if self.services >> service & 1 else None


@dataclass(slots=True, eq=False)
class Life:
    """A card from its issue on; ``permit`` is the stay's last day, None for classes that need none."""

    number: str
    card_class: int
    state: History[str]
    permit: History[int | None]
    rights: dict[Service, History[Entitlement | None]]
    prints: list[Print] = field(default_factory=list)

    def print_at(self, at: int) -> Print:
        """The print that was the valid one at that second."""
        return next(one for one in reversed(self.prints) if one.made <= at)

    def right_at(self, at: int, one: Print, service: Service) -> Entitlement | None:
        """What was known at that second of a right: the list's word, or else what is printed."""
        listed = self.rights[service].at(at) if one.made <= at else None
        return listed if listed is not None else one.right(service)

    def stay_lasts(self, at: int) -> bool:
        """Whether the stay had not ended."""
        day = self.permit.at(at)
        return day is None or at < end_of(day)


class City:
    """All cards of one issuer, and the officers who change them."""

    def __init__(self, plan: Plan, keyring: Keyring, uri: str) -> None:
        """Issue the cards of the last months; ``uri`` is the address of their list."""
        if plan.cards + plan.changes > ROOM * 9 // 10:
            raise ValueError(f"one list has room for {ROOM} prints; ask for fewer cards")
        self._chance = random.Random(f"{plan.seed}/city")  # noqa: S311 - the same city for a seed, no secret
        self._keyring, self._uri, self._tonight = keyring, uri, plan.tonight
        self._indices = iter(self._chance.sample(range(ROOM), ROOM))
        self.lives = [self._past_life() for _ in range(plan.cards)]
        #: Whom something has just happened to.
        self.recent: deque[Life] = deque(maxlen=max(20, plan.changes // 20))
        self.changes: Counter[str] = Counter()

    # What is true becomes lists.

    def snapshot(self, at: int) -> Snapshot:
        """All lists as the issuer makes them at that second (docs/format.md sections 3 and 4)."""
        taken = Snapshot(datetime.fromtimestamp(at, UTC), ())
        statuses: dict[int, int] = {}
        rights: dict[Service, dict[int, Entitlement]] = {service: {} for service in ASKED}
        permits: list[tuple[int, int, list[int]]] = []
        for life in self.lives:
            changed = [(service, right) for service in ASKED if (right := life.rights[service].at(at))]
            day = life.permit.at(at)
            for one in life.prints:
                if one.made > at:
                    continue
                value = _status(life, one, at)
                if value:
                    statuses[one.index] = value
                elif day is not None:
                    permits.append((one.index, day, [] if one.permit_day is None else [one.permit_day]))
                for service, right in changed:
                    rights[service][one.index] = right
        days = permit_rows(permits, iat=taken.iat, exp=taken.exp)
        return Snapshot(taken.taken, (ListSnapshot(self._uri, statuses, days, rights),))

    # What happens to cards.

    def change(self, at: int) -> None:
        """Something happens to somebody's card."""
        chance = self._chance
        (kind,) = chance.choices([*_CHANGES], [*_CHANGES.values()])
        life = self._issue(at) if kind == "issued" else chance.choice(self.lives)
        if kind == "issued" or self._happens(kind, life, at):
            self.changes[kind] += 1
            self.recent.append(life)

    def _happens(self, kind: str, life: Life, at: int) -> bool:
        """False where it makes no sense for this card."""
        chance, today = self._chance, day_at(at)
        state, day = life.state.now, life.permit.now
        if state == GONE:
            return False
        service = chance.choice(ASKED)
        match kind:
            case "revoked":
                life.state.change(at, GONE)
            case "suspended" if state == ACTIVE:
                life.state.change(at, HELD)
            case "reinstated" if state == HELD:
                life.state.change(at, ACTIVE)
            case "stay extended" if day is not None:
                life.permit.change(at, max(day, today) + chance.choice((1, 7, 30, 300)))
            case "stay cut short" if day is not None and day > today:
                life.permit.change(at, today + chance.choice((0, 0, 1)))
            case "granted":
                life.rights[service].change(at, Entitlement(GRANTED))
            case "granted to a day":
                until = today + chance.choice((0, 1, 60))
                life.rights[service].change(at, Entitlement(GRANTED_TO_DAY, until))
            case "withdrawn":
                life.rights[service].change(at, Entitlement(WITHDRAWN))
            case "replaced" if state == ACTIVE:
                life.prints.append(self._print_anew(life, at))
            case _:
                return False
        return True

    def _issue(self, at: int) -> Life:
        life = self._life(permit=day_at(at) + self._chance.choice((0, 1, 30, 300)), made=at)
        self.lives.append(life)
        return life

    def _print_anew(self, life: Life, at: int) -> Print:
        """The same card once more; the new code carries the rights of the day (docs/format.md section 4)."""
        last = life.prints[-1]
        mask, days = last.services, dict(last.service_days)
        for service in ASKED:
            right = life.right_at(at, last, service)
            mask &= ~(1 << service)
            days.pop(service, None)
            if right is not None and right.value == GRANTED:
                mask |= 1 << service
            elif right is not None and right.last_day is not None and len(days) < 2:
                days[int(service)] = right.last_day
        return self._print(life, at, last.expires, mask, days, life.permit.now, last.number + 1)

    # Cards that are there when the day begins.

    def _past_life(self) -> Life:
        chance = self._chance
        made = BEGIN - chance.randrange(DAY_S, KEYS_AGE_S - 2 * DAY_S)
        # Stays that ended, that end in this very night, soon, and later.
        days = [-20, 0, 1, chance.randrange(2, 15), chance.randrange(15, 700)]
        permit: int | None = TODAY + chance.choices(days, (3, self._tonight, 2, 6, 89 - self._tonight))[0]
        if chance.random() < 0.02:
            permit = None
        life = self._life(permit=permit, made=made)
        after = made
        if permit is not None and chance.random() < 0.1:
            after = chance.randrange(made, BEGIN)
            life.permit.change(after, max(permit, TODAY) + chance.choice((0, 3, 40, 300)))
        for service in ASKED:
            if chance.random() < 0.05:
                right = Entitlement(chance.choice((GRANTED, WITHDRAWN)))
                if chance.random() < 0.4:
                    right = Entitlement(GRANTED_TO_DAY, TODAY + chance.choice((-3, 0, 1, 90)))
                life.rights[service].change(chance.randrange(made, BEGIN), right)
        if chance.random() < 0.1:
            life.prints.append(self._print_anew(life, chance.randrange(after, BEGIN)))
        state = chance.choices((ACTIVE, HELD, GONE), (94, 3, 3))[0]
        if state != ACTIVE:
            life.state.change(BEGIN - chance.randrange(DAY_S), state)
        return life

    def _life(self, *, permit: int | None, made: int) -> Life:
        chance = self._chance
        life = Life(
            number=new_number(chance.randrange),
            card_class=CardClass.TALENT if permit is None else CardClass.MERCHANT,
            state=History(ACTIVE),
            permit=History(permit),
            rights={service: History(None) for service in ASKED},
        )
        mask = sum(1 << service for service in ASKED if chance.random() < 0.75) | 1 << Service.COMMUNITY
        days = {}
        if chance.random() < 0.05:
            days[int(chance.choice(ASKED))] = TODAY + chance.choice((-1, 0, 30))
        ends = TODAY if chance.random() < 0.01 else day_at(made) + _LIFE_DAYS
        life.prints.append(self._print(life, made, end_of(ends), mask, days, permit, 1))
        return life

    def _print(
        self,
        life: Life,
        made: int,
        expires: int,
        services: int,
        service_days: dict[int, int],
        permit_day: int | None,
        number: int,
    ) -> Print:
        index, signer = next(self._indices), self._keyring.card_signer(datetime.fromtimestamp(made, UTC))
        card = Card(
            issuer=self._keyring.issuer,
            number=life.number,
            expires=expires,
            not_before=start_of(day_at(made)),
            issued_at=made,
            card_class=life.card_class,
            services=services,
            print_number=number,
            status=StatusRef(self._uri, index),
            print_id=self._chance.randbytes(8),
            permit_day=permit_day,
            service_days=service_days,
        )
        code = text.encode(sign1(signer, card.encode()))
        until = self._keyring.entry_of(signer.public.kid).trust_until
        return Print(index, made, expires, services, service_days, permit_day, number, code, until)


def _status(life: Life, one: Print, at: int) -> int:
    if one is not life.print_at(at):
        return REPLACED
    if life.state.at(at) == GONE:
        return REVOKED
    return VALID if life.state.at(at) == ACTIVE and life.stay_lasts(at) else SUSPENDED
