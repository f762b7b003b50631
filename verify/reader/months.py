"""Pseudonyms: what the log calls a card, the same within one venue and month and nowhere else.

The venue's key of the month comes sealed to the device (docs/readers.md, "Month keys") and is kept sealed.
"""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hmac import digest as hmac_digest
from typing import Final

from verify.errors import CardsvcError
from verify.fields import Fields, malformed, octets, uint
from verify.reader.device import PSEUDONYM_BYTES, Device
from verify.store import StateDirectory

_FILE: Final = "month-keys.json"
_KEY_BYTES: Final = 32


def month_of(now: int, offset_s: int) -> int:
    """The month at the issuer, as 202611."""
    day = datetime.fromtimestamp(now + offset_s, UTC)
    return day.year * 100 + day.month


def month_after(month: int) -> int:
    """The month that follows: 202701 after 202612."""
    return month + 1 if month % 100 < 12 else month + 89


class MonthKeys:
    """The keys at hand, by month."""

    def __init__(self, directory: StateDirectory, device: Device) -> None:
        """Read those that were kept; raises ``malformed`` or ``not_for_this_device``."""
        self._directory, self._device = directory, device
        kept = directory.read(_FILE)
        self._sealed: dict[int, bytes] = {} if kept is None else _read(kept)
        self._keys = {month: self._open(sealed) for month, sealed in self._sealed.items()}

    def __contains__(self, month: object) -> bool:
        """Whether the key of that month is here."""
        return month in self._keys

    def keep(self, sealed: Mapping[int, bytes]) -> None:
        """Take keys from the service, durably; those it no longer gives are forgotten.

        One that cannot be opened is refused with all of them: then the old ones stand.
        """
        keys = {month: self._open(data) for month, data in sealed.items()}
        text = json.dumps(
            {"format": 1, "keys": {str(m): base64.b64encode(d).decode() for m, d in sealed.items()}}
        )
        self._directory.write(_FILE, text.encode())
        self._sealed, self._keys = dict(sealed), keys

    def pseudonym(self, number: str, month: int) -> bytes | None:
        """What the log of this month calls the card; None where the month's key is not here."""
        key = self._keys.get(month)
        return None if key is None else hmac_digest(key, number.encode(), "sha256")[:PSEUDONYM_BYTES]

    def _open(self, sealed: bytes) -> bytes:
        return octets(self._device.unseal(sealed), "a month key", _KEY_BYTES)


def _read(kept: bytes) -> dict[int, bytes]:
    try:
        fields = Fields(json.loads(kept), "the month keys")
        keys = fields.any("keys")
        if not isinstance(keys, dict):
            raise malformed("the month keys: expected a map")
        return {
            uint(int(m), "a month", 999_912): base64.b64decode(str(d), validate=True) for m, d in keys.items()
        }
    except CardsvcError:
        raise
    except (ValueError, RecursionError) as error:
        raise malformed(f"the month keys: {error}") from error
