"""Keys that were stolen, and so are distrusted for ever."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from cardsvc.records.link import Link, record, values_of
from cardsvc.records.tables import DISTRUSTED_KEY


@dataclass(frozen=True, slots=True)
class DistrustedKeyRecord:
    """A distrusted card or token key, and on whose word."""

    kid: bytes
    reason: str
    distrusted_by: str
    distrusted_at: datetime


class Distrusted:
    """Recording and listing distrusted keys; there is no way back."""

    def __init__(self, link: Link) -> None:
        """Work inside the transaction of ``link``."""
        self._link = link

    def add(self, key: DistrustedKeyRecord) -> None:
        """Distrust a key; raises ``already_distrusted``."""
        self._link.run(insert(DISTRUSTED_KEY), [values_of(key)])

    def all(self) -> list[DistrustedKeyRecord]:
        """Every distrusted key, by kid."""
        statement = select(DISTRUSTED_KEY).order_by(DISTRUSTED_KEY.c.kid)
        return [record(DistrustedKeyRecord, row) for row in self._link.all(statement)]
