"""Records and signer agree: whatever was done to a card, every venue's next bundle is signed and says so.

The signer is one of production, which takes nothing over: a single row that it does not know of would stop
the bundles of whole venues.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cardsvc.desk.actor import Actor
from cardsvc.desk.acts import CardActs, Wish
from cardsvc.records.hotlist import HotRecord
from cardsvc.trust.publishing import served_bundle, status_snapshot
from tests.desk.office import Office, actor, make_office
from tests.desk.town import application, seconds
from tests.keys.conftest import refused
from verify.days import DEFAULT_OFFSET_S, date_of, day_at, day_number
from verify.errors import CardsvcError
from verify.services import Service
from verify.store import SeenInMemory
from verify.trust import Trust, TrustState, accept
from verify.verifier import Presentation, Verifier

#: Every venue; the first has every service, and the lists of all others in its bundle.
VENUES: Final = ("centre", "bus", "hospital", "library", "market", "hotel", "police")
#: Rights that are printed, printed with a day, granted later and never printed, and who owns them.
OWNERS: Final = {
    Service.BUS: "transport1",
    Service.HOSPITAL: "health1",
    Service.LIBRARY: "library1",
    Service.STANDING: "market1",
}
DAYS: Final = (5, 200, None)
WITHDRAWN: Final = -1
Step = tuple[str, Service | None, int | None]
ALONE: Final = ("hold", "free", "extend", "challenge", "refuse", "sign", "ten_minutes", "two_days")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with make_office(tmp_path_factory.mktemp("city") / "data", demo=False) as made:
        for service, owner in OWNERS.items():
            made.give_key(owner, "department", (int(service),))
        yield made


def trust_of(office: Office, venue: str) -> Trust:
    """What a new reader of the venue learns from the bundle of now."""
    bundle = served_bundle(office.site, venue, office.clock)
    now = seconds(office.clock.now)
    pinned = TrustState.pin(office.site.facts.roots[-1], now=now, issuer="cn-yiwu", venue=venue)
    return accept(pinned, bundle, now)[1]


def sign_public_lists(office: Office) -> None:
    snapshot = status_snapshot(office.site, office.clock)
    for one in snapshot.lists:
        office.site.signer.sign_status_list(one, seconds(snapshot.taken))


def today_of(office: Office) -> int:
    return day_at(seconds(office.clock.now), DEFAULT_OFFSET_S)


class Life:
    """One card, what was done to it by people and their keys, and what every door should say to it."""

    def __init__(self, office: Office, place: int) -> None:
        self.office, self.act = office, ""
        # Every life begins on a morning of its own, so that no step comes near midnight.
        now = office.clock.now + timedelta(days=1)
        office.clock.now = datetime(now.year, now.month, now.day, 0, tzinfo=UTC)
        self.today = today_of(office)
        self.held, self.permit = False, self.today + 3
        printed = {"bus": self._iso(90), "bicycle": self._iso(91), "library": None, "standing": None}
        raw = application(place, services=printed, permit_expiry=self._iso(3))
        (card,) = office.issue(office.submitted(raw))
        self.number = card.number
        self.rights: dict[Service, int | None] = {
            Service.BUS: self.today + 90,
            Service.LIBRARY: None,
            Service.STANDING: None,
        }

    def take(self, step: Step) -> None:
        """Two minutes later, do it; what the desk refuses is not done."""
        name, service, days = step
        self._pass(minutes=2)
        try:
            if service is None:
                getattr(self, name)()
            elif name == "grant":
                self.grant(service, days)
            else:
                self.withdraw(service)
        except CardsvcError as error:
            if error.reason not in ("permit_ended", "credential_missing"):
                raise

    def hold(self) -> None:
        self._acts("clerk1").ask(self.number, Wish("suspend", "found in a bus"))
        self.held = True

    def free(self) -> None:
        if self.held:
            self._allowed("clerk1", "chief1", Wish("reinstate", "brought back"))
        self.held = False

    def extend(self) -> None:
        self.permit = max(self.permit, self.today) + 20
        self._allowed("clerk1", "chief1", Wish("extend", "a new permit", permit_until=date_of(self.permit)))

    def grant(self, service: Service, days: int | None) -> None:
        until = None if days is None else date_of(self.today + days)
        owner = OWNERS[service]
        self._allowed(owner, owner, Wish("grant", "asked for", service=service, until=until))
        self.rights[service] = None if until is None else day_number(until)

    def withdraw(self, service: Service) -> None:
        self._acts(OWNERS[service]).ask(self.number, Wish("withdraw", "unpaid", service=service))
        self.rights[service] = WITHDRAWN

    def challenge(self) -> None:
        """Another print is asked for and reserved; nobody has touched the key."""
        self.act = self.act or str(self._acts("clerk1").ask(self.number, Wish("replace", "worn out")))
        self.options, _ = self._acts("chief1").challenge(self.act)

    def refuse(self) -> None:
        if self.act:
            self._acts("chief1").refuse(self.act, "not worn out at all")
        self.act = ""

    def sign(self) -> None:
        if self.act:
            self._acts("chief1").approve(self.act, self.office.device("chief1").get(self.options))
        self.act = ""

    def ten_minutes(self) -> None:
        self._pass(minutes=10)

    def two_days(self) -> None:
        self._pass(days=2)

    def end(self) -> None:
        """Nothing of this card stands in the next one's way, whatever was found."""
        act = self._acts("clerk1").ask(self.number, Wish("revoke", "the end"))
        self._acts("chief1").approve(str(act), None, fresh=True)
        self.office.recover()

    def expected(self, service: Service) -> str:
        if self.held or self.permit < self.today:
            return "deny suspended"
        last = self.rights.get(service, self.today - 1)
        if last == WITHDRAWN:
            return "deny entitlement_withdrawn"
        return "allow ok" if last is None or last >= self.today else "deny no_entitlement"

    def check(self, *venues: str) -> None:
        """The venues' bundles are signed, and a door that has one says what was done."""
        self._pass(minutes=2)
        sign_public_lists(self.office)
        with self.office.site.store.reading() as tx:
            printed = tx.prints.current_of(self.number)
        assert printed is not None
        code, now = self.office.codes(printed.id).gate, seconds(self.office.clock.now)
        for venue in venues or VENUES:
            trust = trust_of(self.office, venue)
            for service in OWNERS:
                if venue in (service.label, "centre") or (venue, service) == ("market", Service.STANDING):
                    verdict = Verifier(trust, seen=SeenInMemory()).judge(Presentation(code, service), now)
                    assert f"{verdict.answer} {verdict.reason}" == self.expected(service), (venue, service)

    def _acts(self, staff: str) -> CardActs:
        who = actor(staff)
        services = frozenset(int(service) for service, owner in OWNERS.items() if owner == staff)
        return CardActs(
            self.office.site,
            Actor(who.id, who.role, who.office, who.offices, services),
            self.office.clock.now,
        )

    def _allowed(self, by: str, approver: str, wish: Wish) -> None:
        act = str(self._acts(by).ask(self.number, wish))
        options, _ = self._acts(approver).challenge(act)
        assert options is not None
        self._acts(approver).approve(act, self.office.device(approver).get(options))

    def _pass(self, **time: float) -> None:
        """Time goes by, and the service gives back what ran out."""
        self.office.clock.pass_by(**time)
        self.office.recover()
        self.today = today_of(self.office)

    def _iso(self, days: int) -> str:
        return date_of(self.today + days).isoformat()


def steps_of(*names: str) -> list[Step]:
    """``hold``, ``grant library 200``, ``withdraw bus``, ``two_days``."""
    found: list[Step] = []
    for name, *more in map(str.split, names):
        service = Service[more[0].upper()] if more else None
        found.append((name, service, int(more[1]) if more[1:] else None))
    return found


def steps() -> st.SearchStrategy[list[Step]]:
    by_key = st.tuples(st.sampled_from(ALONE), st.none(), st.none())
    grants = st.tuples(st.just("grant"), st.sampled_from(list(OWNERS)), st.sampled_from(DAYS))
    withdrawals = st.tuples(st.just("withdraw"), st.sampled_from(list(OWNERS)), st.none())
    return st.lists(st.one_of(by_key, by_key, grants, withdrawals), min_size=4, max_size=8)


@given(taken=steps())
@example(steps_of("hold", "two_days", "two_days", "free", "two_days", "extend"))
@example(steps_of("withdraw library", "hold", "grant library 200", "extend", "two_days", "free"))
@example(steps_of("grant hospital 5", "challenge", "grant standing 5", "withdraw bus", "sign"))
@example(
    steps_of("grant hospital 200", "grant library 200", "challenge", "ten_minutes", "challenge", "refuse")
    + steps_of("challenge", "hold", "sign", "free")
)
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_done_to_a_card_every_venue_is_told(
    office: Office, places: Callable[[], int], taken: list[Step]
) -> None:
    life = Life(office, places())
    try:
        for step in taken:
            life.take(step)
            life.check(VENUES[0])
        life.check()
    finally:
        life.end()


@pytest.fixture(scope="module")
def places() -> Callable[[], int]:
    """Numbers of people who had no card yet."""
    numbers = iter(range(1, 10_000))
    return lambda: next(numbers)


def test_lists_that_nobody_asked_for_in_days_are_signed(office: Office, places: Callable[[], int]) -> None:
    """An act needs no list to show it soon: a small venue may be shut over a week's end."""
    life = Life(office, places())
    life.extend()
    life.hold()
    life.withdraw(Service.LIBRARY)
    life.check()
    life.free()
    life.grant(Service.LIBRARY, 200)
    life.two_days()
    life.check()
    life.end()


def test_an_approval_that_waits_stops_no_bundle(office: Office, places: Callable[[], int]) -> None:
    """Its card has a right by list, and a permit that ends while the lists live."""
    soon = date_of(today_of(office) + 4).isoformat()
    raw = application(places(), services={"bus": None, "standing": None}, permit_expiry=soon)
    begun = office.begin(office.submitted(raw))
    for venue in VENUES:
        trust_of(office, venue)
    sign_public_lists(office)
    office.sign(begun)
    for venue in VENUES:
        trust_of(office, venue)


def test_a_replacement_that_waits_or_was_given_up_is_not_looked_for(
    office: Office, places: Callable[[], int]
) -> None:
    life = Life(office, places())
    now = office.clock.now
    hot = HotRecord("hot", life.number, "a", "b", "Yiwu", "theft", "1", now, now + timedelta(days=9))
    with office.site.store.transaction() as tx:
        tx.hotlist.add(hot)
    life.challenge()
    trust_of(office, "police")
    life.refuse()
    trust_of(office, "police")
    life.end()


def test_a_grant_that_outlives_its_card_is_refused_before_the_signer_hears_of_it(
    office: Office, places: Callable[[], int]
) -> None:
    life = Life(office, places())
    life.grant(Service.STANDING, None)
    with refused("beyond_card"):
        life.grant(Service.STANDING, 4000)
    life.check()
    life.end()


def test_a_list_that_stays_refused_is_said_to_be(office: Office, places: Callable[[], int]) -> None:
    """Somebody writes into the records what no key has allowed."""
    life = Life(office, places())
    life.hold()
    life.check()
    with office.site.store.transaction() as tx:
        tx.cards.reinstate(life.number, by="somebody", now=office.clock.now)
    with refused("lists_refused"):
        trust_of(office, "library")
    life.end()
    trust_of(office, "library")
