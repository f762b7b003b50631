"""Readers: enrolment, tokens, codes seen on line, and the keys of their pseudonyms."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, tuple_, update

from cardsvc.records.errors import Conflict, NotFound
from cardsvc.records.link import Link, record, values_of
from cardsvc.records.reader_tables import (
    ASSERTION,
    ENROLMENT,
    MONTH_KEY,
    READER,
    READER_PLACE,
    SEEN_CODE,
    TOKEN,
    ReaderState,
)
from cardsvc.records.safe import Safe
from cardsvc.records.sealing import KEY_BYTES, RecordKeys, reader_code_index

_NO_HASH = bytes(32)


@dataclass(frozen=True, slots=True)
class ReaderRecord:
    """A reader; ``bundle_iat`` (epoch seconds) dates the bundle it has, 0 before the first."""

    id: str
    venue: str
    profile: str
    state: str
    public_key: bytes
    seal_key: bytes
    enrolled_at: datetime
    revoked_at: datetime | None = None
    seen_at: datetime | None = None
    bundle_epoch: int = 0
    bundle_seq: int = 0
    bundle_iat: int = 0
    head_seq: int = 0
    head_hash: bytes = _NO_HASH
    vouched: int = 0


@dataclass(frozen=True, slots=True)
class EnrolmentRecord:
    """What a one-time code was given out for."""

    code: bytes
    reader: str
    venue: str
    profile: str
    made_by: str
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlaceRecord:
    """What kind of reader it is and where; positions in hundred-thousandths of a degree, both or neither."""

    reader: str
    kind: str
    site: str | None = None
    latitude: int | None = None
    longitude: int | None = None


class Readers:
    """Who stands at the doors."""

    def __init__(self, link: Link, keys: RecordKeys) -> None:
        """Work inside the transaction of ``link``; ``keys`` hash codes and seal months' keys."""
        self._link, self._keys = link, keys

    # Enrolment.

    def offer(self, code: str, enrolment: Mapping[str, object]) -> None:
        """Record a one-time code; raises ``constraint_broken`` for a reader's name that is taken."""
        self._link.run(insert(ENROLMENT), [{**enrolment, "code": reader_code_index(self._keys, code)}])

    def offered(self, code: str) -> EnrolmentRecord | None:
        """What that code was given out for."""
        query = select(ENROLMENT).where(ENROLMENT.c.code == reader_code_index(self._keys, code))
        row = self._link.first(query)
        return None if row is None else record(EnrolmentRecord, row)

    def name_taken(self, reader: str) -> bool:
        """Whether a reader, or a code that waits or waited for one, has that name."""
        asked = (select(READER.c.id).where(READER.c.id == reader),)
        codes = select(ENROLMENT.c.reader).where(ENROLMENT.c.reader == reader)
        return any(self._link.first(query) is not None for query in (*asked, codes))

    def use(self, enrolment: EnrolmentRecord, now: datetime) -> None:
        """Note that the code was used."""
        self._link.run(update(ENROLMENT).where(ENROLMENT.c.code == enrolment.code).values(used_at=now))

    def waiting(self, now: datetime) -> list[EnrolmentRecord]:
        """Codes that nobody has used, and that still may be."""
        unused = ENROLMENT.c.used_at.is_(None) & (ENROLMENT.c.expires_at > now)
        rows = self._link.all(select(ENROLMENT).where(unused).order_by(ENROLMENT.c.reader))
        return [record(EnrolmentRecord, row) for row in rows]

    def withdraw_offer(self, reader: str, now: datetime) -> bool:
        """End the code for a reader of that name, if one still waits."""
        waits = (
            (ENROLMENT.c.reader == reader) & ENROLMENT.c.used_at.is_(None) & (ENROLMENT.c.expires_at > now)
        )
        return self._link.run(update(ENROLMENT).where(waits).values(expires_at=now)) > 0

    # Readers.

    def add(self, reader: ReaderRecord) -> None:
        """Record a reader."""
        self._link.run(insert(READER), [values_of(reader)])

    def find(self, reader: str) -> ReaderRecord | None:
        """The reader of that id, if there is one."""
        row = self._link.first(select(READER).where(READER.c.id == reader))
        return None if row is None else record(ReaderRecord, row)

    def get(self, reader: str) -> ReaderRecord:
        """The reader of that id; raises ``reader_not_found``."""
        found = self.find(reader)
        if found is None:
            raise NotFound("reader_not_found", f"there is no reader {reader}")
        return found

    def hold(self, reader: str) -> ReaderRecord:
        """The same, and nobody else moves its log before this transaction ends. Comes before all else."""
        row = self._link.first(select(READER).where(READER.c.id == reader).with_for_update())
        if row is None:
            raise NotFound("reader_not_found", f"there is no reader {reader}")
        return record(ReaderRecord, row)

    def all(self) -> list[ReaderRecord]:
        """Every reader, by venue and id."""
        rows = self._link.all(select(READER).order_by(READER.c.venue, READER.c.id))
        return [record(ReaderRecord, row) for row in rows]

    def seen(self, reader: str, now: datetime) -> None:
        """Note that it asked for something."""
        self._link.run(update(READER).where(READER.c.id == reader).values(seen_at=now))

    def has_bundle(self, reader: str, epoch: int, seq: int, iat: int) -> None:
        """Note which bundle it was given, or said that it has; it takes none that is earlier."""
        values = {"bundle_epoch": epoch, "bundle_seq": seq, "bundle_iat": iat}
        earlier = tuple_(READER.c.bundle_epoch, READER.c.bundle_seq) < (epoch, seq)
        self._link.run(update(READER).where(READER.c.id == reader, earlier).values(values))

    def move_head(self, held: ReaderRecord, seq: int, digest: bytes) -> None:
        """The unbroken log of a reader that is held ends here now."""
        as_held = (READER.c.id == held.id) & (READER.c.head_seq == held.head_seq)
        moved = self._link.run(update(READER).where(as_held).values(head_seq=seq, head_hash=digest))
        if moved != 1:
            raise Conflict("log_moved", f"the log of {held.id} went on meanwhile")

    def vouch(self, reader: str, seq: int) -> None:
        """The device has signed for its log up to ``seq``."""
        higher = update(READER).where(READER.c.id == reader, READER.c.vouched < seq)
        self._link.run(higher.values(vouched=seq))

    def revoke(self, reader: str, now: datetime) -> None:
        """Let it in no more, from now on and for ever."""
        values = {"state": ReaderState.REVOKED.value, "revoked_at": now}
        self._link.run(update(READER).where(READER.c.id == reader).values(values))
        self._link.run(delete(TOKEN).where(TOKEN.c.reader == reader))

    # Places.

    def places(self) -> dict[str, PlaceRecord]:
        """What is known of where readers stand, by reader; of those enrolled long ago, perhaps nothing."""
        return {row["reader"]: record(PlaceRecord, row) for row in self._link.all(select(READER_PLACE))}

    def put_place(self, place: PlaceRecord) -> None:
        """Let this be known of a reader, or of one that is still to come."""
        here = READER_PLACE.c.reader == place.reader
        if not self._link.run(update(READER_PLACE).where(here).values(values_of(place))):
            self._link.run(insert(READER_PLACE), [values_of(place)])

    # Tokens.

    def add_token(self, digest: bytes, reader: str, expires_at: datetime) -> None:
        """Record an access token by its SHA-256."""
        self._link.run(insert(TOKEN), [{"id": digest, "reader": reader, "expires_at": expires_at}])

    def of_token(self, digest: bytes, now: datetime) -> ReaderRecord | None:
        """Whose token it is, while both are good."""
        joined = select(READER).join(TOKEN, TOKEN.c.reader == READER.c.id)
        good = (TOKEN.c.id == digest) & (TOKEN.c.expires_at > now)
        row = self._link.first(joined.where(good, READER.c.state == ReaderState.ACTIVE.value))
        return None if row is None else record(ReaderRecord, row)

    def use_assertion(self, digest: bytes, expires_at: datetime) -> bool:
        """Note an assertion; False where it was used before. Writers take turns, so asking first is safe."""
        if self._link.first(select(ASSERTION.c.id).where(ASSERTION.c.id == digest)) is not None:
            return False
        self._link.run(insert(ASSERTION), [{"id": digest, "expires_at": expires_at}])
        return True

    def forget_over(self, now: datetime) -> None:
        """Delete tokens and assertions that nothing can be done with any more."""
        for one in (TOKEN, ASSERTION):
            self._link.run(delete(one).where(one.c.expires_at <= now))

    # Codes seen on line.

    def when_seen(self, key: bytes) -> int | None:
        """When a phone's code was first seen, in epoch seconds."""
        row = self._link.first(select(SEEN_CODE.c.at).where(SEEN_CODE.c.id == key))
        return None if row is None else int(row["at"])

    def note_seen(self, key: bytes, at: int) -> None:
        """Remember a phone's code."""
        self._link.run(insert(SEEN_CODE), [{"id": key, "at": at}])

    def forget_seen(self, before: int) -> None:
        """Delete codes that are too old to be shown again."""
        self._link.run(delete(SEEN_CODE).where(SEEN_CODE.c.at < before))

    # Keys of the month.

    def month_key(self, venue: str, month: int) -> bytes | None:
        """The key of a venue's pseudonyms in a month (202611)."""
        row = self._link.first(select(MONTH_KEY).where(MONTH_KEY.c.id == _month_id(venue, month)))
        if row is None:
            return None
        safe = Safe(self._keys, MONTH_KEY.name)
        safe.load(row["id"], row["key_version"], row["data_key"])
        return safe.unseal(row["id"], "secret", row["secret"])

    def make_month_key(self, venue: str, month: int) -> bytes:
        """The same, made where there is none yet."""
        known = self.month_key(venue, month)
        if known is not None:
            return known
        safe, name, secret = Safe(self._keys, MONTH_KEY.name), _month_id(venue, month), _fresh()
        values = {"id": name, "venue": venue, "month": month, **safe.make(name)}
        self._link.run(insert(MONTH_KEY), [values | {"secret": safe.seal(name, "secret", secret)}])
        return secret

    def forget_months(self, before: int) -> None:
        """Destroy the keys of earlier months: nobody can tell any more whose their pseudonyms were."""
        self._link.run(delete(MONTH_KEY).where(MONTH_KEY.c.month < before))


def _fresh() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def _month_id(venue: str, month: int) -> str:
    return f"{venue}/{month}"
