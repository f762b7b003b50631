"""The lists and bundles that the signer signs, once nothing in them loosens what nobody approved."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from keys import listrules
from keys.bundle import (
    ListSnapshot,
    Snapshot,
    build_bundle,
    sign_issued_list,
    sign_status_jwt,
    sign_status_list,
    status_signer_of,
)
from keys.errors import KeysError
from keys.keyring import Keyring
from keys.ledger import Ledger
from keys.plan import key_file_name
from keys.signing import BundleOrder
from verify.errors import Refused
from verify.keylist import KeyUse
from verify.rules import Policy

#: A snapshot older than this, in seconds, is not what is so now.
SNAPSHOT_S: Final = 300
#: Places of cards that are looked for: a city looks for some hundred people, each with a few of them.
MOST_HOT: Final = 5000
_SIGNED: Final = (
    "SELECT 1 FROM slot WHERE uri = ?1 AND idx = ?2 UNION SELECT 1 FROM phone WHERE uri = ?1 AND idx = ?2"
)


class ListDesk:
    """Signs lists and bundles for one issuer."""

    def __init__(self, keyring: Keyring, ledger: Ledger, *, demo: bool) -> None:
        """``demo``: what a console did with keys of its own is taken over, and logged."""
        self._keyring, self._ledger, self._demo = keyring, ledger, demo

    @property
    def epoch(self) -> int:
        """The latest epoch whose bundle keys are here; those of the next one are kept apart."""
        private = self._keyring.directory / "private"
        here = [
            key.epoch
            for key in self._keyring.key_list.keys
            if key.use is KeyUse.BUNDLE and (private / key_file_name(key.use, key.public)).exists()
        ]
        return max(epoch for epoch in here if epoch is not None)

    def sign_bundle(self, order: BundleOrder, now: int) -> bytes:
        """Build and sign a venue's bundle.

        Raises ``stale_snapshot``, ``rollback``, ``epoch_falls``, ``epoch_ahead``, ``still_distrusted``,
        ``not_issued_here``, ``hotlist_elsewhere``, ``hotlist_too_long``, ``list_missing``,
        ``services_differ``, what :mod:`keys.listrules` finds, and the reason a reader would refuse the bundle
        with.
        """
        taken = int(order.snapshot.taken.timestamp())
        _check_fresh(taken, now)
        if not taken <= order.now <= now:
            raise KeysError("stale_snapshot", f"a bundle dated {order.now} was ordered, and it is {now}")
        try:
            rules = Policy.decode(order.policy)
        except Refused as refused:
            raise KeysError(refused.reason, f"the venue's rules cannot be read: {refused}") from refused
        if rules.services != set(map(int, order.services)):
            carried = sorted(map(int, order.services))
            words = (
                f"the rules of {order.venue} name the services {sorted(rules.services)}, its lists {carried}"
            )
            raise KeysError("services_differ", words)
        with self._ledger.transaction() as db:
            self._check_order(db, order, now)
            self._check_hot(db, order)
            _check_whole(db, order)
            for one in order.snapshot.lists:
                # A service without a word is judged as what a reader will see: everything as printed.
                said = {service: one.entitlements.get(service, {}) for service in order.services}
                judged = replace(one, entitlements={**one.entitlements, **said})
                self._judge(db, judged, taken, now)
            details = {"seq": order.seq, "epoch": order.epoch, "lists": len(order.snapshot.lists)}
            self._ledger.log(now, "service", "bundle_signed", order.venue, details)
            # Inside: a bundle that cannot be built leaves no number behind that the next one must exceed.
            try:
                return build_ordered(self._keyring, order)
            except Refused as refused:
                raise KeysError(refused.reason, f"a reader would refuse this bundle: {refused}") from refused

    def sign_status_list(self, one: ListSnapshot, taken: int, now: int) -> tuple[bytes, str]:
        """Sign one list as CWT and as JWT; the same refusals for what it says."""
        _check_fresh(taken, now)
        with self._ledger.transaction() as db:
            self._judge(db, one, taken, now)
        whole = Snapshot(datetime.fromtimestamp(taken, UTC), (one,))
        try:
            signer = status_signer_of(self._keyring, whole, self.epoch)
            return sign_status_list(whole, one, signer), sign_status_jwt(whole, one, signer)
        except Refused as refused:
            raise KeysError(refused.reason, f"this list cannot be written: {refused}") from refused

    def sign_issued(self, kid: bytes, payloads: Sequence[bytes], now: int) -> bytes:
        """Sign the list of what a distrusted key really signed; raises ``not_issued_here``."""
        with self._ledger.transaction() as db:
            self._check_genuine(db, kid, payloads)
        at = datetime.fromtimestamp(now, UTC)
        signer = self._keyring.status_signer(at, epoch=self.epoch)
        return sign_issued_list(self._ledger.facts.issuer, kid, payloads, signer, now=at)

    def _judge(self, db: sqlite3.Connection, one: ListSnapshot, taken: int, now: int) -> None:
        facts = self._ledger.facts
        if not one.uri.startswith(f"{facts.public_url}/"):
            raise KeysError("wrong_status_uri", f"{one.uri!r:.60} is no list of {facts.public_url}")
        judged = listrules.judge_list(
            db, one, taken=taken, now=now, offset_s=facts.day_offset_s, demo=self._demo
        )
        if judged.unapproved:
            reason, words = judged.unapproved[0]
            if not self._demo:
                raise KeysError(reason, f"{words} ({len(judged.unapproved)} such places)")
            reasons = sorted({reason for reason, _ in judged.unapproved})
            details = {"places": len(judged.unapproved), "reasons": reasons}
            self._ledger.log(now, "console", "taken_over", one.uri, details)
        listrules.write_judged(db, one.uri, judged, now)

    def _check_order(self, db: sqlite3.Connection, order: BundleOrder, now: int) -> None:
        query = "SELECT epoch, seq FROM venue WHERE venue = ?"
        epoch, seq = db.execute(query, (order.venue,)).fetchone() or (0, 0)
        if order.epoch != self.epoch:
            reason = "epoch_falls" if order.epoch < self.epoch else "epoch_ahead"
            raise KeysError(reason, f"the epoch is {self.epoch}, a bundle of {order.epoch} was ordered")
        # As readers compare them: a later epoch begins afresh, whatever number a thief had used.
        if (order.epoch, order.seq) <= (epoch, seq):
            words = f"bundle {seq} of epoch {epoch} of {order.venue} was signed, now {order.seq}"
            raise KeysError("rollback", words)
        db.execute("INSERT OR REPLACE INTO venue VALUES (?, ?, ?)", (order.venue, order.epoch, order.seq))
        known = {kid for (kid,) in db.execute("SELECT kid FROM distrusted")}
        if forgotten := known - order.distrusted.keys():
            kid = min(forgotten).hex()
            raise KeysError("still_distrusted", f"the key {kid} is distrusted for ever, and not named")
        for kid, payloads in order.distrusted.items():
            self._check_genuine(db, kid, payloads)
        fresh = [(kid, now) for kid in order.distrusted.keys() - known]
        db.executemany("INSERT INTO distrusted VALUES (?, ?)", fresh)

    def _check_hot(self, db: sqlite3.Connection, order: BundleOrder) -> None:
        """Who is looked for travels in bundles that carry a hotlist alone, names what was signed, is short.

        That two officers agreed is the service's word: their passkeys are not the signer's. So whoever takes
        the service over can mark cards, or fail to, but not make a list of everybody.
        """
        hot = [(one.uri, index) for one in order.snapshot.lists for index in one.hot]
        if hot and not order.hotlist:
            raise KeysError("hotlist_elsewhere", f"the bundle of {order.venue} carries no hotlist")
        if len(hot) > MOST_HOT:
            raise KeysError(
                "hotlist_too_long", f"{len(hot)} places are looked for, at most {MOST_HOT} may be"
            )
        for place in hot:
            if not self._demo and db.execute(_SIGNED, place).fetchone() is None:
                raise KeysError(
                    "unknown_slot", f"{place[0]} index {place[1]}: nothing was signed here for it"
                )

    def _check_genuine(self, db: sqlite3.Connection, kid: bytes, payloads: Sequence[bytes]) -> None:
        """An issued list names what was signed here and nothing else: it outlives the theft of its key."""
        if self._demo:
            return
        rows = db.execute(
            "SELECT gate_hash FROM slot WHERE kid = ?1 UNION ALL SELECT identity_hash FROM slot"
            " WHERE kid = ?1 UNION ALL SELECT payload_hash FROM chip WHERE kid = ?1",
            (kid,),
        )
        if strange := set(payloads) - {payload for (payload,) in rows}:
            words = f"{len(strange)} payloads are said to be of the key {kid.hex()}, which never signed them"
            raise KeysError("not_issued_here", words)


def build_ordered(keyring: Keyring, order: BundleOrder) -> bytes:
    """Build and sign what was ordered, without asking what it says; raises as ``build_bundle`` does."""
    now = datetime.fromtimestamp(order.now, UTC)
    status = status_signer_of(keyring, order.snapshot, order.epoch)
    issued = {
        kid: sign_issued_list(keyring.issuer, kid, payloads, status, now=now)
        for kid, payloads in order.distrusted.items()
    }
    return build_bundle(
        order.snapshot,
        keyring=keyring,
        venue=order.venue,
        services=order.services,
        policy=order.policy,
        epoch=order.epoch,
        seq=order.seq,
        now=now,
        distrusted={kid: sha256(data).digest() for kid, data in issued.items()},
        issued=issued.values(),
        hotlist=order.hotlist,
    )


def _check_whole(db: sqlite3.Connection, order: BundleOrder) -> None:
    """A list that is left out frees all that it would deny: to a reader its cards are merely unknown."""
    carried = {one.uri for one in order.snapshot.lists}
    if missing := listrules.living_lists(db, order.snapshot.iat) - carried:
        words = f"something lives in {min(missing)}, and the bundle of {order.venue} does not carry it"
        raise KeysError("list_missing", f"{words} ({len(missing)} such lists)")


def _check_fresh(taken: int, now: int) -> None:
    if not now - SNAPSHOT_S <= taken <= now:
        raise KeysError("stale_snapshot", f"a snapshot of {taken} came, and it is {now}; take a new one")
