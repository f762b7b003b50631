"""A whole issuer in a temporary folder, whose time is an argument: years of a card's life in a second."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cardsvc.desk.issuing import IssuingDesk
from cardsvc.desk.life import CardLife, People
from cardsvc.desk.outcomes import Issued, Outcome, Request
from cardsvc.desk.signing import CrashPoint, codes_of, nowhere
from cardsvc.installation import Installation, open_installation
from cardsvc.settings import Settings
from cardsvc.setup import initialise
from cardsvc.trust.publishing import venue_bundle
from issuance.issuer import Codes
from keys.files import Cost
from verify.services import Service
from verify.store import SeenInMemory
from verify.trust import Trust, TrustState, accept
from verify.verifier import Presentation, Verifier

EXAMPLES = Path(__file__).parents[2] / "examples"
#: The least that Argon2 allows; nothing but a test may use it.
CHEAP = Cost(memory_kib=8, passes=1, lanes=1)
#: A Monday afternoon in the city.
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
PUBLIC_URL = "https://card.example.org"
#: The last day of the permit in every application here, unless it says another.
PERMIT_DAY = "2026-06-30"

Raw = Mapping[str, object]


def application(number: int = 1, **changed: object) -> dict[str, object]:
    """A sound application of nobody; another number is another person with a reference of its own."""
    raw: dict[str, object] = {
        "surname": "Mwangi",
        "given_names": "Amina Zeynep",
        "nationality": "KEN",
        "birth": "1990-02-28",
        "sex": "F",
        "passport": f"A{number:07d}",
        "passport_country": "KEN",
        "passport_expiry": "2030-01-01",
        "permit_kind": "residence",
        "permit": f"RP{number:06d}",
        "permit_expiry": PERMIT_DAY,
        "permit_class": "A",
        "class": "merchant",
        "services": ["bus", "library"],
        "portrait": "portraits/abebe.jpg",
        "reference": f"desk-{number}",
    } | changed
    return {name: value for name, value in raw.items() if value is not None}


def at(text: str) -> datetime:
    """``2026-06-30 15:59:59`` in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Town:
    """An issuer with staff and venues, and the acts of its people."""

    installation: Installation

    def issue(
        self,
        *raws: Raw,
        now: datetime = NOW,
        submitted_by: str = "clerk1",
        approved_by: str = "chief1",
        crash_point: CrashPoint = nowhere,
    ) -> list[Outcome]:
        """What became of every application."""
        desk = IssuingDesk(
            self.installation, submitted_by=submitted_by, approved_by=approved_by, crash_point=crash_point
        )
        requests = [Request(place, raw) for place, raw in enumerate(raws, 1)]
        batches = desk.issue(requests, base=EXAMPLES, clock=lambda: now)
        return [outcome for batch in batches for outcome in batch]

    def card(self, raw: Raw, now: datetime = NOW) -> Issued:
        """Issue one card that must become one."""
        (outcome,) = self.issue(raw, now=now)
        assert isinstance(outcome, Issued), outcome
        return outcome

    def codes(self, print_id: str) -> Codes:
        """The two signed codes of a print."""
        with self.installation.store.reading() as tx:
            return codes_of(self.installation.keyring, tx.prints.get(print_id))

    def life(self, now: datetime, by: str = "console", approved_by: str = "console") -> CardLife:
        """The acts on cards, as those people at that instant."""
        return CardLife(self.installation, People(by, approved_by), now)

    def reader(self, venue: str = "centre", now: datetime = NOW) -> "Reader":
        """A reader that was given the root document by hand, and has synced once."""
        reader = Reader(self, venue, TrustState.pin(self.installation.keyring.roots[-1], now=seconds(now)))
        reader.sync(now)
        return reader

    def actions(self, subject: str) -> list[str]:
        """What the audit says was done to a card, oldest first."""
        with self.installation.store.reading() as tx:
            return [entry.action for entry in tx.audit.of_subject(subject)]

    def audit_is_whole(self) -> bool:
        """Whether the chain of the audit holds."""
        with self.installation.store.reading() as tx:
            return tx.verify_audit().ok


class Reader:
    """A reader of a venue: what it remembers goes through its file form between any two syncs."""

    def __init__(self, town: Town, venue: str, state: TrustState) -> None:
        self._town, self._venue, self._state = town, venue, state.to_json()
        self._trust: Trust | None = None

    def sync(self, now: datetime) -> None:
        """Take the venue's next bundle, as its bytes come."""
        bundle = venue_bundle(self._town.installation, self._venue, lambda: now)
        state, self._trust = accept(TrustState.from_json(self._state), bundle, seconds(now))
        self._state = state.to_json()

    def judge(
        self,
        code: str | bytes,
        now: datetime,
        service: Service | None = Service.BUS,
        tag_uid: bytes | None = None,
    ) -> str:
        """Answer and reason, without asking anybody."""
        assert self._trust is not None
        verifier = Verifier(self._trust, seen=SeenInMemory())
        verdict = verifier.judge(Presentation(code, service, tag_uid=tag_uid), seconds(now))
        return f"{verdict.answer} {verdict.reason}"


def seconds(now: datetime) -> int:
    return int(now.timestamp())


def settings_for(data: Path, database_url: str | None = None) -> Settings:
    """Settings of a test, whatever stands in the environment."""
    return Settings(
        data=data,
        database_url=database_url,
        public_url=PUBLIC_URL,
        key_passphrase_file=None,
        production=False,
    )


@contextmanager
def make_town(data: Path, database_url: str | None = None, now: datetime = NOW) -> Iterator[Town]:
    """Set an issuer up as ``cardsvc init`` does, with keys that cost nothing to open."""
    settings = settings_for(data, database_url)
    staff, venues = EXAMPLES / "staff.toml", EXAMPLES / "venues.toml"
    initialise(settings, issuer="cn-yiwu", staff=staff, venues=venues, now=now, cost=CHEAP)
    with open_installation(settings) as installation:
        yield Town(installation)
