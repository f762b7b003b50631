"""One record of the gate log as bytes (docs/readers.md, "Records"): a link of a chain."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from verify import cbor
from verify.cose import ES256, PublicKey, decode_sign1, headers, sign1_tbs, verify_signature
from verify.errors import Refused
from verify.fields import Fields, malformed, uint

CHECKPOINT_TYP: Final = "application/cardsvc-journal+cose"
#: What the first record of a device names as the one before it.
NO_RECORD: Final = bytes(32)
ANSWERS: Final = {"allow": 1, "deny": 2, "attention": 3}
DIRECTIONS: Final = {"in": 1, "out": 2}
_ANSWER_NAMES: Final = {number: name for name, number in ANSWERS.items()}
_DIRECTION_NAMES: Final = {number: name for name, number in DIRECTIONS.items()}

_DEVICE, _SEQ, _TIME, _DIRECTION, _VENUE, _SERVICE, _WHO, _MONTH, _ANSWER, _REASON = range(1, 11)
_BUNDLE, _BEFORE, _OPENED, _NOTED, _MISSED, _ASSURANCE = range(11, 17)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a reader has to say about one presentation; ``who`` is the pseudonym of its month (202611).

    ``bundle`` is (epoch, seq), (0, 0) before the first; ``time`` is the reader's clock in epoch seconds.
    """

    time: int
    direction: str
    venue: str
    service: int | None
    who: bytes | None
    month: int | None
    answer: str
    reason: str
    bundle: tuple[int, int]
    opened: bool
    noted: tuple[str, ...] = ()
    assurance: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """An entry in its place.

    ``before`` is the hash of the record before, ``missed`` how many verdicts before it were not recorded.
    """

    device: str
    seq: int
    before: bytes
    entry: Entry
    missed: int = 0

    def encode(self) -> bytes:
        """Deterministic CBOR; its SHA-256 is what the next record names."""
        entry = self.entry
        members: dict[int, object] = {
            _DEVICE: self.device,
            _SEQ: self.seq,
            _TIME: entry.time,
            _DIRECTION: DIRECTIONS[entry.direction],
            _VENUE: entry.venue,
            _ANSWER: ANSWERS[entry.answer],
            _REASON: entry.reason,
            _BUNDLE: list(entry.bundle),
            _BEFORE: self.before,
            _OPENED: entry.opened,
        }
        members |= {
            label: value
            for label, value in (
                (_SERVICE, entry.service),
                (_WHO, entry.who),
                (_MONTH, entry.month),
                (_NOTED, list(entry.noted) or None),
                (_MISSED, self.missed or None),
                (_ASSURANCE, entry.assurance),
            )
            if value is not None
        }
        return cbor.encode(members)

    @classmethod
    def decode(cls, data: bytes) -> "Record":
        """Read it strictly; raises ``malformed``."""
        fields = Fields(cbor.decode(data), "record")
        answer, direction = fields.uint(_ANSWER), fields.uint(_DIRECTION)
        bundle, opened = fields.array(_BUNDLE), fields.any(_OPENED)
        noted = fields.array(_NOTED) if fields.has(_NOTED) else []
        if answer not in _ANSWER_NAMES or direction not in _DIRECTION_NAMES or type(opened) is not bool:
            raise malformed("record: an answer, direction or opening that does not exist")
        if len(bundle) != 2:
            raise malformed("record: a bundle is [epoch, seq]")
        epoch, seq = (uint(part, "record, a bundle") for part in bundle)
        if not all(type(name) is str for name in noted):
            raise malformed("record: findings are texts")
        return cls(
            device=fields.text(_DEVICE),
            seq=fields.uint(_SEQ),
            before=fields.octets(_BEFORE, 32),
            missed=fields.optional_uint(_MISSED) or 0,
            entry=Entry(
                time=fields.uint(_TIME),
                direction=_DIRECTION_NAMES[direction],
                venue=fields.text(_VENUE),
                service=fields.optional_uint(_SERVICE),
                who=fields.octets(_WHO) if fields.has(_WHO) else None,
                month=fields.optional_uint(_MONTH),
                answer=_ANSWER_NAMES[answer],
                reason=fields.text(_REASON),
                bundle=(epoch, seq),
                opened=opened,
                noted=tuple(str(name) for name in noted),
                assurance=fields.optional_uint(_ASSURANCE),
            ),
        )


def record_hash(encoded: bytes) -> bytes:
    """What the next record calls this one."""
    return sha256(encoded).digest()


def checkpoint_payload(device: str, seq: int, time: int, digest: bytes) -> bytes:
    """What a device signs: that its record ``seq`` has this hash, and so all before it theirs."""
    return cbor.encode({_DEVICE: device, _SEQ: seq, _TIME: time, _BEFORE: digest})


def read_checkpoint(data: bytes, key: PublicKey) -> tuple[str, int, bytes]:
    """The device, seq and hash that a checkpoint vouches for; raises ``malformed`` or ``bad_signature``."""
    signed = decode_sign1(data)
    head = headers(signed.protected)
    if head.typ != CHECKPOINT_TYP or head.algorithm != ES256:
        raise malformed(f"a checkpoint has the typ {CHECKPOINT_TYP} and algorithm {ES256}")
    if not verify_signature(key, sign1_tbs(signed.protected, signed.payload), signed.signature):
        raise Refused("bad_signature", "the checkpoint was not signed by this device")
    fields = Fields(cbor.decode(signed.payload), "checkpoint")
    return fields.text(_DEVICE), fields.uint(_SEQ), fields.octets(_BEFORE, 32)
