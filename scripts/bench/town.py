"""An issuer and its readers for one run: real keys, real lists and bundles, in a folder that goes again."""

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from keys.bundle import ListSnapshot, Snapshot, build_bundle
from keys.demo import init_demo
from keys.files import Cost, Passphrase
from keys.plan import KeyPlan
from keys.signer import sign1
from verify.card import Card, StatusRef
from verify.days import day_at, day_number, end_of, start_of
from verify.identity import MALE, VERSION, WEBP, Identity
from verify.rules import Policy
from verify.services import PRINTABLE, Service
from verify.store import SeenInMemory
from verify.trust import Trust, TrustState, accept
from verify.verifier import Verifier

ISSUER, VENUE = "cn-yiwu", "centre"
#: 33 characters, the longest address of a list that a card may carry.
URI = "https://card.yiwu.example.cn/s/abc"[:33]
#: What the goal's venue serves: three services, each with a list of its own.
SERVICES = (Service.HOSPITAL, Service.LIBRARY, Service.DESK)
#: With the default windows of a year this makes the sixty keys of the goal.
PLAN = KeyPlan(cards_per_window=30_000)
#: Nobody guesses at keys that live for one run; the standard cost would take longer than the benchmark.
COST = Cost(memory_kib=8, passes=1, lanes=1)


class Town:
    """Signs cards and bundles, and accepts bundles as a reader does."""

    def __init__(self, folder: Path, now: datetime) -> None:
        """Make the keys below ``folder``; every card and list is dated shortly before ``now``."""
        self.now, self.second, self.folder = now, int(now.timestamp()), folder
        words = Passphrase(b"for one run of the benchmarks")
        self.keyring = init_demo(folder / "town", words, issuer=ISSUER, now=now, plan=PLAN, cost=COST)
        self._signer = self.keyring.card_signer(now)
        self.public = self._signer.public
        self._seq = 0

    def sign(self, card: Card) -> bytes:
        """The COSE bytes of a card."""
        return sign1(self._signer, card.encode())

    def bundle(self, lists: Iterable[ListSnapshot]) -> bytes:
        """The venue's next bundle."""
        self._seq += 1
        return build_bundle(
            Snapshot(self.now, tuple(lists)),
            keyring=self.keyring,
            venue=VENUE,
            services=SERVICES,
            policy=Policy().encode(),
            epoch=1,
            seq=self._seq,
            now=self.now,
        )

    def accept(self, bundle: bytes) -> Trust:
        """What a reader trusts that is given the root document by hand and then this bundle."""
        state = TrustState.pin(self.keyring.roots[-1], now=self.second, issuer=ISSUER, venue=VENUE)
        return accept(state, bundle, self.second)[1]

    def reader(self, trust: Trust) -> Verifier:
        """A reader that has judged nothing yet."""
        return Verifier(trust, seen=SeenInMemory())

    def gate_cards(self, count: int) -> list[Card]:
        """Different gate codes, each as full as they commonly are: the 14 printable services."""
        issued_at = self.second - 600
        today = day_at(issued_at)
        chance = random.Random(count)  # noqa: S311 - the same cards in every run, no secret
        card = Card(
            issuer=ISSUER,
            number="",
            expires=end_of(today + 4 * 365),
            not_before=start_of(today),
            issued_at=issued_at,
            card_class=1,
            services=sum(1 << service for service in PRINTABLE),
            print_number=1,
            status=None,
            permit_day=today + 300,
        )
        return [
            replace(
                card,
                number=f"{chance.randrange(10**13):013}",
                status=StatusRef(URI, chance.randrange(1 << 16, 1 << 17)),
                print_id=chance.randbytes(8),
            )
            for _ in range(count)
        ]

    def identity_cards(self, count: int, face_bytes: int) -> list[Card]:
        """The same cards with a person each, two names and a face of that many bytes."""
        chance = random.Random(face_bytes)  # noqa: S311 - the same faces in every run, no secret
        return [_with_person(card, chance.randbytes(face_bytes)) for card in self.gate_cards(count)]


def _with_person(card: Card, face: bytes) -> Card:
    person = Identity(
        id=card.number,
        version=VERSION,
        language="eng",
        full_name="AL-NAMUDHAJ, Salim Qasim",
        birth=date(1990, 2, 28),
        gender=MALE,
        nationality="YEM",
        photo=face,
        photo_format=WEBP,
        second_name="萨利姆",
        second_language="zho",
    )
    return replace(card, identity=person, passport=("ZZ0204817", "YEM"), permit_class="A")


def started() -> datetime:
    """The moment of this run: libraries that check dates read the clock themselves."""
    return datetime.now(UTC).replace(microsecond=0)


def in_days(now: datetime, days: int) -> int:
    """The day number so many days after ``now``."""
    return day_number((now + timedelta(days=days)).date())
