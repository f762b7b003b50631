"""What a reader remembers between bundles, so that old data cannot come back as new (section 5)."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from verify.fields import Fields, malformed, octets, uint
from verify.root import check_not_ahead, read_root

_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class TrustState:
    """The memory of one reader; :func:`verify.trust.accept` makes the next one.

    ``root`` is the newest signed root document; ``key_list_hash`` the SHA-256 of the last key list's payload
    and ``bundle_hash`` that of the last bundle's bytes, None before the first; ``list_iats`` the iat of each
    list by its sub; ``time_floor`` the latest iat of an accepted bundle; ``distrusted`` the keys distrusted
    within ``epoch``, with the hash of their issued list. Times are epoch seconds.
    """

    root: bytes
    issuer: str | None = None
    venue: str | None = None
    key_list_version: int = 0
    key_list_hash: bytes | None = None
    epoch: int = 0
    seq: int = 0
    bundle_hash: bytes | None = None
    list_iats: Mapping[str, int] = field(default_factory=dict)
    time_floor: int = 0
    distrusted: Mapping[bytes, bytes | None] = field(default_factory=dict)

    @classmethod
    def pin(
        cls, root: bytes, *, now: int, issuer: str | None = None, venue: str | None = None
    ) -> "TrustState":
        """The memory of a reader that was given ``root`` by hand, and nothing else yet.

        Issuer and venue, where not named here, are those of the first bundle. Raises what a bad root document
        is refused for, and ``future_iat``.
        """
        check_not_ahead(read_root(root).iat, now, "root document")
        return cls(root=root, issuer=issuer, venue=venue)

    def to_json(self) -> str:
        """The state as one JSON object; :meth:`from_json` gives an equal one."""
        return json.dumps(
            {
                "format": _FORMAT,
                "root": base64.b64encode(self.root).decode("ascii"),
                "issuer": self.issuer,
                "venue": self.venue,
                "key_list_version": self.key_list_version,
                "key_list_sha256": _hex(self.key_list_hash),
                "epoch": self.epoch,
                "seq": self.seq,
                "bundle_sha256": _hex(self.bundle_hash),
                "list_iats": dict(self.list_iats),
                "time_floor": self.time_floor,
                "distrusted": {kid.hex(): _hex(digest) for kid, digest in self.distrusted.items()},
            },
            indent=1,
            sort_keys=True,
        )

    @classmethod
    def from_json(cls, text: str) -> "TrustState":
        """The state that :meth:`to_json` wrote; a damaged one is ``malformed``, never half a memory."""
        try:
            fields = Fields(json.loads(text), "reader state")
            return _read(fields)
        except (binascii.Error, ValueError, RecursionError) as error:
            raise malformed(f"reader state: {error}") from error


def _read(fields: Fields) -> TrustState:
    if fields.uint("format") != _FORMAT:
        raise malformed(f"reader state: expected format {_FORMAT}")
    list_iats, distrusted = fields.any("list_iats"), fields.any("distrusted")
    if not isinstance(list_iats, dict) or not isinstance(distrusted, dict):
        raise malformed("reader state: expected maps of lists and of distrusted keys")
    root = base64.b64decode(fields.text("root"), validate=True)
    read_root(root)
    return TrustState(
        root=root,
        issuer=_optional_text(fields, "issuer"),
        venue=_optional_text(fields, "venue"),
        key_list_version=fields.uint("key_list_version"),
        key_list_hash=_unhex(fields.any("key_list_sha256"), 32),
        epoch=fields.uint("epoch"),
        seq=fields.uint("seq"),
        bundle_hash=_unhex(fields.any("bundle_sha256"), 32),
        list_iats={sub: uint(iat, "reader state, an iat") for sub, iat in list_iats.items()},
        time_floor=fields.uint("time_floor"),
        distrusted={_kid(kid): _unhex(digest, 32) for kid, digest in distrusted.items()},
    )


def _kid(text: str) -> bytes:
    return octets(bytes.fromhex(text), "reader state, a distrusted kid", 8)


def _optional_text(fields: Fields, label: str) -> str | None:
    return None if fields.any(label) is None else fields.text(label)


def _hex(data: bytes | None) -> str | None:
    return None if data is None else data.hex()


def _unhex(text: object, size: int) -> bytes | None:
    if text is None:
        return None
    if not isinstance(text, str):
        raise malformed("reader state: a hash is hexadecimal text or null")
    return octets(bytes.fromhex(text), "reader state, a hash", size)
