"""``issue``: applications to finished cards, end to end, against the plain way (``scripts/bench/plain.py``).

Ours is what ``cardsvc issue`` does, in one process as the plain way is: applications checked, portraits
shrunk, codes fitted, rehearsed and signed, rows with sealed persons and chained audit durable on disk, pages
drawn, rasterised and read back, files written. Both begin with the same applications.
"""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from cardsvc.desk.issuing import IssuingDesk
from cardsvc.desk.outcomes import Issued, Request
from cardsvc.desk.printing import Workshop
from cardsvc.installation import Installation, fonts_folder, record_keys
from cardsvc.records import IssuerSettings, StaffMember, open_store
from cardsvc.settings import Settings
from issuance.selfcheck import check_file
from scripts.bench.measure import Duel, Row, against, median_duel, require
from scripts.bench.peers import ROOT, Peers
from scripts.bench.plain import PlainDesk
from scripts.bench.plain_page import OFFICE, backgrounds
from scripts.bench.town import ISSUER, Town
from verify.days import DEFAULT_OFFSET_S

#: Ours takes a batch because it is made for batches; the plain way has none, so one card tells as much.
BATCH, ROUNDS, TARGET = 20, 5, 15.0
NAMES = {
    "plain": "the plain way: segno, ReportLab one file a card, ORM row by row",
    "tuned": "the plain way, typefaces kept open and no Base85",
}
SUBMITTED, APPROVED = "clerk1", "chief1"
EXAMPLES = ROOT / "examples"
_SURNAMES = ("NAMUDHAJ", "ORNEK", "MUSTERMANN", "OBRIEN-HADDAD", "PRIMER", "ESEMPIO", "NGUYEN")
_PORTRAITS = ("salim.jpg", "haneul.jpg", "asha.jpg", "rahim.jpg")


class Office:
    """One installation of ours, with keys and records of its own."""

    def __init__(self, town: Town, folder: Path) -> None:
        """Make the records below ``folder``; the keys are the town's."""
        settings = Settings(data=folder / "data", database_url=f"sqlite:///{folder / 'cardsvc.db'}")
        issuer = IssuerSettings(ISSUER, "https://card.example", DEFAULT_OFFSET_S, 1)
        self._store = open_store(settings.database, record_keys(town.keyring), create=True)
        with self._store.transaction() as tx:
            tx.issuer.init(issuer)
            tx.staff.put(StaffMember(SUBMITTED, "clerk", OFFICE, []))
            tx.staff.put(StaffMember(APPROVED, "approver", OFFICE, []))
        installation = Installation(settings, self._store, issuer, town.keyring)
        self.out = folder / "cards"
        self.out.mkdir(parents=True)
        self._now = town.now
        self._desk = IssuingDesk(installation, submitted_by=SUBMITTED, approved_by=APPROVED)
        self._shop = Workshop(installation, self.out, None, actor=APPROVED)

    def issue(self, raws: list[dict[str, object]]) -> list[str]:
        """Issue and produce all of them; gives the numbers of the cards."""
        requests = [Request(place, raw) for place, raw in enumerate(raws)]
        numbers = []
        for outcomes in self._desk.issue(requests, base=EXAMPLES, clock=lambda: self._now):
            issued = [one.print_id for one in outcomes if isinstance(one, Issued)]
            require(len(issued) == len(outcomes), f"an application was refused: {outcomes}")
            for produced in self._shop.produce(issued, now=self._now):
                require(produced.held_back is None, f"a card was held back: {produced.held_back}")
                numbers.append(produced.number)
        return numbers

    def close(self) -> None:
        """Let go of the database."""
        self._store.close()


class Applications:
    """Applications without end, no two for the same person."""

    def __init__(self, now: datetime) -> None:
        self._now, self._made = now, 0

    def take(self, count: int) -> list[dict[str, object]]:
        """So many new ones."""
        return [self._next() for _ in range(count)]

    def _next(self) -> dict[str, object]:
        self._made += 1
        today = self._now.date()
        return {
            "surname": _SURNAMES[self._made % len(_SURNAMES)],
            "given_names": "Salim Qasim",
            "nationality": "YEM",
            "birth": "1990-02-28",
            "sex": "M",
            "passport": f"ZZ{self._made:07}",
            "passport_country": "YEM",
            "passport_expiry": (today + timedelta(days=2000)).isoformat(),
            "name_chinese": "萨利姆",
            "permit_kind": "residence",
            "permit": f"Y{self._made:07}",
            "permit_expiry": (today + timedelta(days=500)).isoformat(),
            "permit_class": "A",
            "class": "merchant",
            "services": ["bus", "hospital", "library", "payment", "community", "scenic"],
            "portrait": f"portraits/{_PORTRAITS[self._made % len(_PORTRAITS)]}",
            "phone": "+8657900000101",
            "address": "1 Example Road, Yiwu",
            "reference": f"bench-{self._made}",
        }


def run(town: Town, _peers: Peers) -> Iterator[Row]:
    """Three rows: the same work on both sides, ours with its pages read back, and a tuned plain way.

    The plain way reads nothing back, so what that takes is measured apart, within the same laps.
    """
    applications, office = Applications(town.now), Office(town, town.folder / "office")
    (first,) = office.issue(applications.take(1))
    art = backgrounds((office.out / f"{first}.pdf").read_bytes())
    plain = PlainDesk(town, town.folder / "plain", fonts_folder(Settings()), art)
    plain.issue(applications.take(1))
    seconds: dict[str, list[float]] = {name: [] for name in ("ours", "read", "plain", "tuned")}
    try:
        for _ in range(ROUNDS):
            checks = Watch(check_file)
            with patch("cardsvc.desk.printing.check_file", checks):
                whole = _seconds(lambda: office.issue(applications.take(BATCH)))
            seconds["read"].append(whole / BATCH)
            seconds["ours"].append((whole - checks.seconds) / BATCH)
            seconds["plain"].append(_seconds(lambda: plain.issue(applications.take(1))))
            seconds["tuned"].append(_seconds(lambda: plain.issue(applications.take(1), tuned=True)))
    finally:
        office.close()
        plain.close()
    unread, read = f"a card in a batch of {BATCH}", f"a card in a batch of {BATCH}, its pages read back"
    for ours, work, theirs in (("ours", unread, "plain"), ("ours", unread, "tuned"), ("read", read, "plain")):
        duel = median_duel(map(Duel, seconds[ours], seconds[theirs]))
        yield against("issue", work, NAMES[theirs], duel, unit="ms", scale=1e3, target=TARGET)


class Watch:
    """A function that also sums up the seconds spent in it."""

    def __init__(self, watched: Callable[..., object]) -> None:
        """Watch this function."""
        self._watched, self.seconds = watched, 0.0

    def __call__(self, *values: object, **named: object) -> object:
        """Call it."""
        begun = time.perf_counter()
        try:
            return self._watched(*values, **named)
        finally:
            self.seconds += time.perf_counter() - begun


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
