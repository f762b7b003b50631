"""Logs of readers that stand nowhere, for measuring and breaking what takes them.

A :class:`Scribe` writes what a reader's journal would hold: records in a chain, each sealed, and a signature
over the last. :func:`taking` opens an installation far enough to take them: its signer does nothing but
unseal, in this process.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, cast

from cryptography.hazmat.primitives.asymmetric import ec
from nacl.public import PrivateKey, SealedBox
from nacl.public import PublicKey as SealKey

from cardsvc.installation import ServedInstallation, record_keys
from cardsvc.readers.ingest import Brought
from cardsvc.records import Store, open_store
from cardsvc.records.readers import ReaderRecord
from cardsvc.settings import Settings
from keys.files import Passphrase
from keys.keyring import Keyring
from keys.signing import Signing
from verify.cose import PublicKey
from verify.reader.device import Device
from verify.reader.months import month_of
from verify.reader.records import CHECKPOINT_TYP, NO_RECORD, Entry, Record, checkpoint_payload, record_hash
from verify.verdict import Role

_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Upload:
    """One request of a reader: records, oldest first, and what vouches for them."""

    reader: str
    records: tuple[Brought, ...]
    checkpoints: tuple[bytes, ...]


@dataclass(slots=True)
class Scribe:
    """One reader: its keys and where its log ends."""

    reader: str
    venue: str
    service: int
    seal_to: PublicKey
    seq: int = 0
    before: bytes = NO_RECORD
    device: Device = field(default_factory=lambda: _device())

    def enrolled(self, now: datetime) -> ReaderRecord:
        """What the records hold of it."""
        return ReaderRecord(
            id=self.reader,
            venue=self.venue,
            profile=Role.GATE.value,
            state="active",
            public_key=self.device.public.raw,
            seal_key=self.device.seal_public,
            enrolled_at=now,
        )

    def write(self, count: int, now: datetime) -> Upload:
        """The next records of its log, one a second up to ``now``, as they are sent."""
        box, last = SealedBox(SealKey(self.seal_to.raw)), int(now.timestamp())
        records = []
        for ago in range(count - 1, -1, -1):
            encoded = Record(self.reader, self.seq + 1, self.before, self._entry(last - ago)).encode()
            self.seq, self.before = self.seq + 1, record_hash(encoded)
            records.append(Brought(self.seq, bytes(box.encrypt(encoded))))
        payload = checkpoint_payload(self.reader, self.seq, last, self.before)
        return Upload(self.reader, tuple(records), (self.device.sign1(payload, CHECKPOINT_TYP),))

    def _entry(self, time: int) -> Entry:
        who = sha256(b"%d" % (self.seq % 500)).digest()[:16]
        month = month_of(time, 0)
        return Entry(
            time, "in", self.venue, self.service, who, month, "allow", "ok", (1, 1), opened=True, assurance=1
        )


def enrol(store: Store, scribes: Sequence[Scribe]) -> None:
    """Let all of them in."""
    with store.transaction() as tx:
        for one in scribes:
            tx.readers.add(one.enrolled(datetime.now(UTC)))


@contextmanager
def taking(settings: Settings) -> Iterator[tuple[ServedInstallation, Keyring]]:
    """An installation that takes logs, and its keys; logs are sealed to ``seal_key`` of those."""
    keyring = Keyring.open(settings.keys, Passphrase.from_file(settings.passphrase_file))
    store = open_store(settings.database, record_keys(keyring))
    try:
        with store.reading() as tx:
            issuer = tx.issuer.get()
        site = ServedInstallation(settings, store, issuer, cast(Signing, keyring))
        yield site, keyring
    finally:
        store.close()


def _device() -> Device:
    key = ec.generate_private_key(ec.SECP256R1())
    return Device(key, PrivateKey.generate(), secrets.token_bytes(_BYTES))
