"""Lets the time pass: changes, taps, errands and losses of power, each at its second, until the end."""

import heapq
import random
import resource
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final

from sqlalchemy import select

from cardsvc.records.engine import open_engine
from cardsvc.records.reader_tables import GATE_RECORD, QUARANTINED, USAGE
from cardsvc.settings import Settings
from cardsvc.setup import initialise
from scripts.bench.town import COST, ISSUER
from scripts.gatelogs import taking
from scripts.simulation.city import ASKED, City, Life, Print
from scripts.simulation.door import Door
from scripts.simulation.judge import Arrived, Judge, Seen, Tap, compare
from scripts.simulation.office import Office
from scripts.simulation.plan import BEGIN, KEYS_AGE_S, Plan
from scripts.simulation.weather import Weather
from verify.services import Service
from verify.verifier import Direction, Presentation

ROOT: Final = Path(__file__).resolve().parents[2]
URL, LIST = "https://card.example.org", "aaa"
#: Of ten readers so many stand in buses, clinics and libraries.
_SHARES: Final = {"bus": 5, "hospital": 3, "library": 2}
#: How busy each hour of the day is, from four in the morning on.
_HOURS: Final = (1, 2, 6, 10, 9, 7, 6, 7, 8, 7, 6, 6, 7, 9, 10, 8, 6, 5, 4, 4, 4, 2, 1, 1)
_LEAVING, _OLD_PLASTIC = 0.1, 0.3
#: A day that has not settled after so many rounds of errands never will.
_ROUNDS: Final = 50
_FILES_A_READER, _FILES = 6, 256

Told = Callable[[float, str], None]


@dataclass(slots=True)
class Outcome:
    """What came of a run."""

    judge: Judge
    records: Counter[str]
    weather: Counter[str]
    city: Counter[str]
    bundles: int
    log: Counter[str] = field(default_factory=Counter)

    @property
    def sound(self) -> bool:
        """Nothing lost, double, changed or wrong."""
        bad = (
            "lost",
            "double",
            "changed",
            "broken logs",
            "unsigned logs",
            "left in quarantine",
            "miscounted",
        )
        return not self.judge.wrong and not any(self.records[name] for name in bad)


class Day:
    """One run of a plan in a folder of its own."""

    def __init__(self, plan: Plan, folder: Path, told: Told = lambda share, words: None) -> None:
        """``told`` hears now and then which share of the run is over, and what happens."""
        self._plan, self._folder, self._told = plan, folder, told
        self._now = BEGIN
        self._chance = random.Random(f"{plan.seed}/day")  # noqa: S311 - the same day for a seed, no secret
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()

    def run(self) -> Outcome:
        """All of it; the folder is filled and left."""
        with self._open() as office:
            self._office, self._city, self._weather = office, office.city, office.weather
            with office.site.store.reading() as tx:
                self._judge = Judge({one.id: one.config for one in tx.venues.all()})
            self._doors = [self._enrolled(number) for number in range(self._plan.readers)]
            with ExitStack() as stack:
                for door in self._doors:
                    stack.callback(door.stop)
                self._schedule()
                self._pass_by()
                self._settle()
            return self._outcome()

    # The beginning.

    @contextmanager
    def _open(self) -> Iterator[Office]:
        _allow_files(_FILES + _FILES_A_READER * self._plan.readers)
        data = self._folder / "service"
        settings = Settings(data=data, database_url=None, public_url=URL, production=False)
        staff, venues = ROOT / "examples" / "staff.toml", ROOT / "examples" / "venues.toml"
        self._told(0, "making keys")
        made = datetime.fromtimestamp(BEGIN - KEYS_AGE_S, UTC)
        initialise(settings, issuer=ISSUER, staff=staff, venues=venues, now=made, cost=COST)
        with taking(settings) as (site, keyring):
            self._told(0, "issuing cards")
            city = City(self._plan, keyring, f"{URL}/s/{LIST}")
            yield Office(self._plan, city, Weather(self._plan), site, keyring, lambda: self._now)

    def _enrolled(self, number: int) -> Door:
        venues = [*_SHARES]
        venue = self._plan.venue or self._chance.choices(venues, [*_SHARES.values()])[0]
        if number % 100 == 0:
            self._told(0, f"letting readers in: {number}")
        name = f"{venue}-{number + 1}"
        door = Door(
            number,
            name,
            venue,
            self._folder / name,
            self._office,
            lambda: self._now,
            self._weather,
            self._plan,
        )
        door.enrol(URL, self._office.keyring.roots[-1])
        return door

    def _schedule(self) -> None:
        plan, chance = self._plan, self._chance
        for number, door in enumerate(self._doors):
            self._at(BEGIN + number % 60, lambda door=door: self._errands(door))  # type: ignore[misc]  # mypy guesses no type for what a loop binds
        for at, reader, point in self._weather.power:
            self._at(at, lambda reader=reader, point=point: self._doom(reader, point))  # type: ignore[misc]  # the same
        for _ in range(plan.changes):
            self._at(chance.randrange(BEGIN, plan.end), lambda: self._city.change(self._now))
        hours = chance.choices(range(len(_HOURS)), _HOURS, k=plan.taps)
        for hour in hours:
            share = (hour + chance.random()) / len(_HOURS)
            self._at(BEGIN + int(share * plan.seconds), self._tap)

    def _at(self, at: int, do: Callable[[], None]) -> None:
        heapq.heappush(self._events, (at, next(self._order), do))

    # The day.

    def _pass_by(self) -> None:
        """Every event at its second; errands go on for as long as there is a day."""
        step = max(1, self._plan.seconds // 200)
        tell = BEGIN
        while self._events and self._events[0][0] <= self._plan.end:
            at, _, do = heapq.heappop(self._events)
            self._now = max(self._now, at)
            if self._now >= tell:
                tell += step
                self._told((self._now - BEGIN) / self._plan.seconds, f"{_clock(self._now)} in the city")
                self._office.deliver()
                self._office.mend()
            do()

    def _errands(self, door: Door) -> None:
        wait = door.step()
        self._at(self._now + max(1, int(wait)), lambda: self._errands(door))

    def _doom(self, reader: int, point: str) -> None:
        self._doors[reader].doomed = point

    def _tap(self) -> None:
        chance, door = self._chance, self._chance.choice(self._doors)
        life, shown = self._holder()
        service = Service.HOSPITAL if door.venue == "hospital" else Service[door.venue.upper()]
        leaving = chance.random() < _LEAVING
        tap = Tap(door.name, life, shown, service, leaving, self._now, door.clock())
        way = Direction.OUT if leaving else Direction.IN
        said = door.tap(Presentation(shown.code, service, way))
        # Afterwards: a reader whose clock was set right may just have taken its last bundle up again.
        seq = door.bundle_seq()
        if said is not None:
            taken = None if seq is None else self._office.taken[door.venue, seq]
            self._judge.judge(tap, door.venue, taken, said)

    def _holder(self) -> tuple[Life, Print]:
        """Somebody with a card: rather often one that something has just happened to, or an old print."""
        chance, recent = self._chance, self._city.recent
        curious = recent and chance.random() * 100 < self._plan.curious
        life = chance.choice(recent) if curious else chance.choice(self._city.lives)
        shown = life.prints[-1]
        if len(life.prints) > 1 and chance.random() < _OLD_PLASTIC:
            shown = chance.choice(life.prints)
        return life, shown

    # The end.

    def _settle(self) -> None:
        """The sky clears: everything that waits anywhere comes home, late copies too."""
        self._weather.over = True
        for _ in range(_ROUNDS):
            self._now += max(self._plan.upload_s, self._plan.sync_s) * 2
            self._told(1, "bringing home what waits")
            self._office.deliver()
            for door in self._doors:
                door.doomed = None
                door.step()
            self._office.mend()
            if not self._office.held_back and not any(door.waiting for door in self._doors):
                return

    def _outcome(self) -> Outcome:
        arrived = {door.name: Arrived([], {}, 0, 0, 0) for door in self._doors}
        engine = open_engine(self._office.site.settings.database)
        with engine.connect() as connection:
            for row in connection.execute(select(GATE_RECORD)).mappings():
                one = arrived[row["device"]]
                one.seqs.append(row["seq"])
                one.rows[row["seq"]] = Seen(
                    row["time"], row["direction"], row["answer"], row["reason"], row["opened"]
                )
                one.missed += row["missed"]
            counted = sum(connection.execute(select(USAGE.c["count"])).scalars())
            apart = len(connection.execute(select(QUARANTINED)).all())
        engine.dispose()
        with self._office.site.store.reading() as tx:
            for reader in tx.readers.all():
                arrived[reader.id].head, arrived[reader.id].vouched = reader.head_seq, reader.vouched
        records = compare(self._judge, arrived)
        records["left in quarantine"] = apart
        records["miscounted"] = abs(counted - records["arrived"])
        log = Counter(line.partition(":")[0] for door in self._doors for line in door.log)
        return Outcome(
            self._judge, records, self._weather.counts, self._city.changes, len(self._office.taken), log
        )


def run(plan: Plan, folder: Path, told: Told = lambda share, words: None) -> Outcome:
    """One day below ``folder``, which is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return Day(plan, folder, told).run()


def _allow_files(wanted: int) -> None:
    """A process with thousands of readers has some files open for each."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


def _clock(now: int) -> str:
    return datetime.fromtimestamp(now + 8 * 3600, UTC).strftime("%H:%M")


assert set(_SHARES) == {service.label for service in ASKED}  # noqa: S101 - a venue is called after its service
