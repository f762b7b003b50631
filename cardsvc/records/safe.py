"""Sealed columns of rows that belong to nobody in the records yet: a data key for every row.

The same sealing as for people (docs/decisions/0006-records.md); the row's key is wrapped for its own table:
no key of one table opens another's. Destroying the key destroys what the row says.
"""

import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Table, bindparam, select, update

from cardsvc.records import sealing
from cardsvc.records.errors import RecordsError
from cardsvc.records.link import Link
from cardsvc.records.sealing import RecordKeys


class Safe:
    """Seals and opens the columns of one table."""

    def __init__(self, keys: RecordKeys, table: str) -> None:
        """Wrap with ``keys`` for ``table``."""
        self._keys, self._table = keys, table
        self._open: dict[str, AESGCM] = {}

    def make(self, row: str) -> dict[str, object]:
        """A fresh data key for a new row: the values of its columns ``key_version`` and ``data_key``."""
        data_key = sealing.new_data_key()
        self._open[row] = AESGCM(data_key)
        master = AESGCM(self._keys.master[self._keys.current])
        wrapped = sealing.seal(master, data_key, self._table, "data_key", row)
        return {"key_version": self._keys.current, "data_key": wrapped}

    def rewrapped(self, row: str, version: int, wrapped: bytes) -> dict[str, object]:
        """The same data key under the master of now: the values of its columns."""
        data_key = sealing.unseal(AESGCM(self._master(version)), wrapped, self._table, "data_key", row)
        master = AESGCM(self._master(self._keys.current))
        return {
            "key_version": self._keys.current,
            "data_key": sealing.seal(master, data_key, self._table, "data_key", row),
        }

    def load(self, row: str, version: int, wrapped: bytes) -> None:
        """Take the key of a row that was read; raises ``master_key_missing`` and ``seal_broken``."""
        if row in self._open:
            return
        master = self._keys.master.get(version)
        if master is None:
            words = f"the records need the master key of version {version}, which was not given"
            raise RecordsError("master_key_missing", words)
        self._open[row] = AESGCM(sealing.unseal(AESGCM(master), wrapped, self._table, "data_key", row))

    def seal(self, row: str, column: str, plain: bytes) -> bytes:
        """Seal bytes for their place."""
        return sealing.seal(self._open[row], plain, self._table, column, row)

    def unseal(self, row: str, column: str, sealed: bytes) -> bytes:
        """Open bytes from their place; raises ``seal_broken``."""
        return sealing.unseal(self._open[row], sealed, self._table, column, row)

    def seal_json(self, row: str, column: str, content: Mapping[str, Any]) -> bytes:
        """Seal a JSON object; raises ``bad_content`` for what is none."""
        try:
            return self.seal(row, column, json.dumps(dict(content), ensure_ascii=False).encode())
        except (TypeError, ValueError) as error:
            raise RecordsError("bad_content", f"expected plain JSON in Unicode text: {error}") from error

    def unseal_json(self, row: str, column: str, sealed: bytes) -> dict[str, Any]:
        """Open a JSON object."""
        opened: dict[str, Any] = json.loads(self.unseal(row, column, sealed))
        return opened

    def _master(self, version: int) -> bytes:
        master = self._keys.master.get(version)
        if master is None:
            words = f"the records need the master key of version {version}, which was not given"
            raise RecordsError("master_key_missing", words)
        return master


def rewrap(link: Link, keys: RecordKeys, table: Table, limit: int) -> int:
    """Move up to ``limit`` data keys of a table to the current master version; how many, 0 when done."""
    safe = Safe(keys, table.name)
    statement = (
        select(table.c.id, table.c.key_version, table.c.data_key)
        .where(table.c.key_version != keys.current, table.c.data_key.is_not(None))
        .limit(limit)
    )
    moved = [
        safe.rewrapped(row["id"], row["key_version"], row["data_key"]) | {"row_id": row["id"]}
        for row in link.all(statement)
    ]
    link.run(update(table).where(table.c.id == bindparam("row_id")), moved)
    return len(moved)
