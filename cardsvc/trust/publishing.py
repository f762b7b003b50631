"""From one reading transaction to a venue's signed bundle (docs/format.md sections 4 and 5)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from cardsvc.errors import ServiceError
from cardsvc.installation import Installation
from cardsvc.records import ListSnapshot as Recorded
from cardsvc.records import Transaction
from keys.bundle import (
    Entitlement,
    ListSnapshot,
    Snapshot,
    build_bundle,
    sign_issued_list,
    status_signer_of,
)
from verify.errors import Refused
from verify.permits import permit_rows
from verify.rules import Assurance, Hours, Policy, Quota
from verify.services import CardClass, Service

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def venue_bundle(installation: Installation, venue: str, clock: Callable[[], datetime]) -> bytes:
    """The next bundle of a venue, whole and signed; its number is taken from the database and never falls.

    Number, instant and snapshot are taken while no other transaction writes: of two bundles made at once, the
    one with the higher number has the later snapshot, so nothing revoked can come back.
    """
    store, issuer = installation.store, installation.issuer
    with store.transaction() as tx:
        now = clock()
        config = tx.venues.get(venue).config
        services = tuple(Service[name.upper()] for name in config.get("services", ()))
        epoch = tx.issuer.get().epoch
        seq = tx.venues.next_seq(venue, epoch=epoch)
        # Dated before the snapshot: a card with a later iat is surely not in it (section 3).
        taken = Snapshot(now, ())
        recorded = tx.status.snapshot(taken.iat, services)
        stolen = {key.kid: _genuine(tx, key.kid) for key in tx.distrusted.all()}
        tx.audit.append("console", "bundle_made", venue, {"seq": seq, "epoch": epoch}, now)
    status_signer = status_signer_of(installation.keyring, taken, epoch)
    issued = {
        kid: sign_issued_list(issuer.iss, kid, hashes, status_signer, now=now)
        for kid, hashes in stolen.items()
    }
    lists = tuple(
        _list(installation, one, taken, issuer.day_offset_s)
        for one in recorded.lists.values()
        if one.last_exp is not None
    )
    return build_bundle(
        Snapshot(now, lists),
        keyring=installation.keyring,
        venue=venue,
        services=services,
        policy=policy_of(config).encode(),
        epoch=epoch,
        seq=seq,
        now=now,
        distrusted={kid: sha256(data).digest() for kid, data in issued.items()},
        issued=issued.values(),
        hotlist=bool(config.get("hotlist")),
    )


def _genuine(tx: Transaction, kid: bytes) -> list[bytes]:
    """Hashes of every payload that the key signed for us: on them, honest cards outlive the theft."""
    payloads: list[bytes | None] = [chip.payload for chip in tx.chips.of_key(kid)]
    for one in tx.prints.of_key(kid):
        payloads += [one.gate_payload, one.identity_payload]
    return [sha256(payload).digest() for payload in payloads if payload is not None]


def policy_of(config: Mapping[str, Any]) -> Policy:
    """A venue's rules as its bundle says them, from its settings (``examples/venues.toml``)."""
    defaults = Policy()
    quota, accept = config.get("quota"), config.get("accept")
    try:
        policy = Policy(
            services=frozenset(int(Service[name.upper()]) for name in config.get("services", ())),
            stale_after_s=int(config.get("stale_after_s", defaults.stale_after_s)),
            expired_after_s=int(config.get("expired_after_s", defaults.expired_after_s)),
            accept=defaults.accept if accept is None else frozenset(map(_assurance, accept)),
            opens_on=frozenset(config.get("opens_on", ())),
            hours=tuple(map(_hours, config.get("hours", ()))),
            quota=None if quota is None else Quota(int(quota["count"]), int(quota["period_s"])),
            passback_s=config.get("passback_s"),
            permit_free=frozenset(int(CardClass[name.upper()]) for name in config.get("permit_free", ())),
        )
        # Tried as a reader will read it, so that no bundle carries rules that every reader refuses.
        return Policy.decode(policy.encode())
    except (KeyError, ValueError, TypeError, AttributeError, Refused) as error:
        raise ServiceError("bad_venue", f"the venue's settings cannot be used: {error}") from error


def _assurance(name: str) -> Assurance:
    return Assurance[name.upper().replace("-", "_")]


def _hours(rule: Mapping[str, str]) -> Hours:
    """``{days = "mon-fri", from = "08:00", to = "20:00"}``."""
    first, _, last = rule["days"].partition("-")
    begin, end = _WEEKDAYS.index(first), _WEEKDAYS.index(last or first)
    days = sum(1 << day % 7 for day in range(begin, (end if end >= begin else end + 7) + 1))
    return Hours(days, _minute(rule["from"]), _minute(rule["to"]))


def _minute(text: str) -> int:
    hour, minute = map(int, text.split(":"))
    if not (0 <= hour <= 24 and 0 <= minute < 60):
        raise ValueError(f"{text} is no time of day")
    return 60 * hour + minute


def _list(installation: Installation, one: Recorded, taken: Snapshot, offset_s: int) -> ListSnapshot:
    uri = installation.status_ref(one.id, 0).uri
    return ListSnapshot(
        uri=uri,
        statuses={index: value for index, value in enumerate(one.values) if value},
        permit_days=permit_rows(one.permits, iat=taken.iat, exp=taken.exp, offset_s=offset_s),
        entitlements={
            Service(service): {index: Entitlement(value, day) for index, value, day in rows}
            for service, rows in one.entitlements.items()
        },
    )
