"""What an installation is set up with: the issuer, its staff and its venues."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from cardsvc.records.errors import Conflict, NotFound
from cardsvc.records.link import Link, record, values_of
from cardsvc.records.tables import ISSUER, STAFF, VENUE, VENUE_BUNDLE, StaffState


@dataclass(frozen=True, slots=True)
class IssuerSettings:
    """What ``init`` fixes for ever, and the epoch, which rises after a restore."""

    iss: str
    public_url: str
    day_offset_s: int
    epoch: int


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A member of staff; ``services`` are those the member's department may grant and withdraw."""

    id: str
    role: str
    office: str
    services: Sequence[int]
    name: str = ""
    language: str = "en"
    state: StaffState = StaffState.ACTIVE


@dataclass(frozen=True, slots=True)
class VenueRecord:
    """A venue: its settings as plain JSON, the number of its last bundle (0: none) and that one's epoch."""

    id: str
    config: Mapping[str, Any]
    seq: int
    epoch: int


@dataclass(frozen=True, slots=True)
class BundleRecord:
    """A kept bundle without its bytes; ``mark`` is the newest audited change that it shows."""

    epoch: int
    seq: int
    made_at: datetime
    mark: int


class IssuerRow:
    """The one row of settings that never change."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link

    def init(self, settings: IssuerSettings) -> None:
        """Fix the settings; raises ``already_initialised`` the second time."""
        self._link.run(insert(ISSUER), [values_of(settings) | {"id": 1}])

    def get(self) -> IssuerSettings:
        """The settings; raises ``not_initialised``."""
        row = self._link.first(select(ISSUER))
        if row is None:
            raise NotFound("not_initialised", "the issuer is not set up yet: run `cardsvc init` first")
        return record(IssuerSettings, row)

    def raise_epoch(self, epoch: int) -> None:
        """Go to a later epoch; raises ``epoch_falls`` for an earlier one or the same."""
        if not self._link.run(update(ISSUER).where(ISSUER.c.epoch < epoch).values(epoch=epoch)):
            raise Conflict("epoch_falls", f"the epoch only rises, and {epoch} is not above the present one")


class StaffRoll:
    """Who works here."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link

    def put(self, member: StaffMember) -> None:
        """Record or change a member of staff."""
        values = values_of(member)
        if not self._link.run(update(STAFF).where(STAFF.c.id == member.id).values(values)):
            self._link.run(insert(STAFF), [values])

    def remove(self, member: str) -> None:
        """Take a member off the roll who never signed in; what the member did stays in the audit."""
        self._link.run(delete(STAFF).where(STAFF.c.id == member))

    def get(self, member: str) -> StaffMember:
        """The member of that id; raises ``staff_not_found`` and names those there are."""
        row = self._link.first(select(STAFF).where(STAFF.c.id == member))
        if row is None:
            known = ", ".join(item.id for item in self.all()) or "nobody"
            raise NotFound("staff_not_found", f"{member} is not on the staff roll; there are: {known}")
        return record(StaffMember, row)

    def all(self) -> list[StaffMember]:
        """Everybody, by id."""
        return [record(StaffMember, row) for row in self._link.all(select(STAFF).order_by(STAFF.c.id))]


class Venues:
    """Where cards are read, and the numbers of their bundles."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link

    def put(self, venue: str, config: Mapping[str, Any]) -> None:
        """Record a venue or change its settings; the number of its bundles stays."""
        changed = self._link.run(update(VENUE).where(VENUE.c.id == venue).values(config=dict(config)))
        if not changed:
            self._link.run(insert(VENUE), [{"id": venue, "config": dict(config), "seq": 0, "epoch": 0}])

    def get(self, venue: str) -> VenueRecord:
        """The venue of that id; raises ``venue_not_found`` and names those there are."""
        row = self._link.first(select(VENUE).where(VENUE.c.id == venue))
        if row is None:
            known = ", ".join(item.id for item in self.all()) or "none"
            raise NotFound("venue_not_found", f"there is no venue {venue}; known are: {known}")
        return record(VenueRecord, row)

    def all(self) -> list[VenueRecord]:
        """Every venue, by id."""
        return [record(VenueRecord, row) for row in self._link.all(select(VENUE).order_by(VENUE.c.id))]

    def next_seq(self, venue: str, epoch: int) -> int:
        """The number of the venue's next bundle. It never falls, in no epoch; nor does the epoch.

        Raises ``epoch_falls`` if a later epoch was already used for this venue.
        """
        current = self.get(venue)
        if epoch < current.epoch:
            raise Conflict("epoch_falls", f"{venue} had a bundle of epoch {current.epoch}, this is {epoch}")
        seq = current.seq + 1
        self._link.run(update(VENUE).where(VENUE.c.id == venue).values(seq=seq, epoch=epoch))
        return seq

    def keep_bundle(self, venue: str, made: BundleRecord, data: bytes) -> None:
        """Keep a signed bundle for all processes to give out, unless a later one is kept already."""
        before = self.bundle(venue)
        if before is not None and (before.epoch, before.seq) >= (made.epoch, made.seq):
            return
        values = values_of(made) | {"data": data}
        if not self._link.run(update(VENUE_BUNDLE).where(VENUE_BUNDLE.c.venue == venue).values(values)):
            self._link.run(insert(VENUE_BUNDLE), [values | {"venue": venue}])

    def bundle(self, venue: str) -> BundleRecord | None:
        """What is known of the venue's newest signed bundle; None before the first."""
        known = select(*(column for column in VENUE_BUNDLE.c if column.name not in ("venue", "data")))
        row = self._link.first(known.where(VENUE_BUNDLE.c.venue == venue))
        return None if row is None else record(BundleRecord, row)

    def bundle_bytes(self, venue: str) -> bytes:
        """The venue's newest signed bundle; raises ``no_bundle``."""
        row = self._link.first(select(VENUE_BUNDLE.c.data).where(VENUE_BUNDLE.c.venue == venue))
        if row is None:
            raise NotFound("no_bundle", f"no bundle of {venue} was signed yet")
        return bytes(row["data"])
