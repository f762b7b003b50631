"""Chips that sign their taps (NTAG 424 DNA): whose they are, and how far each has counted."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlmodel import Field

from cardsvc.records.columns import Instant
from cardsvc.records.link import Link, record, values_of
from cardsvc.records.tables import Records, table


class SunChip(Records, table=True):
    """One chip; ``counter`` is the highest that was accepted and never falls."""

    __tablename__ = "sun_chip"

    uid: str = Field(primary_key=True)
    print_id: str = Field(foreign_key="print.id", index=True)
    key_version: int
    counter: int
    created_at: datetime = Field(sa_type=Instant)


SUN_CHIP = table(SunChip)


@dataclass(frozen=True, slots=True)
class SunChipRecord:
    """``uid`` is upper-case hex; ``key_version`` names the master its keys came from."""

    uid: str
    print_id: str
    key_version: int
    counter: int
    created_at: datetime


class SunChips:
    """The chips that were personalised, and their counters."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link

    def add(self, chip: SunChipRecord) -> None:
        """Record a chip; raises ``chip_in_use``."""
        self._link.run(insert(SUN_CHIP), [values_of(chip)])

    def get(self, uid: str) -> SunChipRecord | None:
        """The chip with that UID (hex)."""
        row = self._link.first(select(SUN_CHIP).where(SUN_CHIP.c.uid == uid.upper()))
        return None if row is None else record(SunChipRecord, row)

    def advance(self, uid: str, counter: int) -> bool:
        """Note a counter higher than all before it, in one statement; False for any other."""
        higher = update(SUN_CHIP).where(SUN_CHIP.c.uid == uid.upper(), SUN_CHIP.c.counter < counter)
        return self._link.run(higher.values(counter=counter)) == 1
