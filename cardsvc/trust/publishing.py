"""From one reading transaction to a venue's signed bundle (docs/format.md sections 4 and 5)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final, TypeVar

from cardsvc.errors import ServiceError
from cardsvc.installation import Installation, ServedInstallation, Site
from cardsvc.records import BundleRecord, Transaction, Unavailable
from cardsvc.records import ListSnapshot as Recorded
from keys.bundle import Entitlement, ListSnapshot, Snapshot
from keys.errors import KeysError
from keys.listrules import REASONS
from keys.listsigning import build_ordered
from keys.signing import BundleOrder
from verify.errors import Refused
from verify.permits import permit_rows
from verify.rules import Assurance, Hours, Policy, Quota
from verify.services import CardClass, Service

#: What the signer says to an order whose snapshot was overtaken by a later one.
_OVERTAKEN: Final = REASONS | {"rollback"}
#: Snapshots that are taken for one bundle: whoever loses that often to other processes may ask again.
_TRIES: Final = 5
_Signed = TypeVar("_Signed")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def venue_bundle(installation: Installation, venue: str, clock: Callable[[], datetime]) -> bytes:
    """The next bundle of a venue, signed in this process: the console's way."""
    order = order_bundle(installation, venue, clock, actor="console")
    return _kept(installation, order, 0, build_ordered(installation.keyring, order))


def served_bundle(
    installation: ServedInstallation, venue: str, clock: Callable[[], datetime], mark: int = 0
) -> bytes:
    """The next bundle of a venue, signed by the signer; ``mark`` is the newest audited change by now.

    Raises as :func:`agreed` does.
    """

    def sign() -> bytes:
        order = order_bundle(installation, venue, clock, actor="service")
        return _kept(installation, order, mark, installation.signer.sign_bundle(order))

    return agreed(sign)


def agreed(sign: Callable[[], _Signed]) -> _Signed:
    """What the signer signs of the records as they are now; raises ``lists_refused`` where the two disagree.

    Of two snapshots that meet there the later one may come first; the other is then made once more.
    """
    try:
        return sign()
    except KeysError as error:
        if error.reason not in _OVERTAKEN:
            raise
    try:
        return sign()
    except KeysError as error:
        if error.reason not in REASONS:
            raise
        words = f"the signer refuses what the lists would say, {error.reason}: {error}"
        raise ServiceError("lists_refused", words) from error


def _kept(site: Site, order: BundleOrder, mark: int, data: bytes) -> bytes:
    """Keep a signed bundle before anybody has it: whoever does refuses an earlier one from then on."""
    made = BundleRecord(order.epoch, order.seq, datetime.fromtimestamp(order.now, UTC), mark)
    with site.store.transaction() as tx:
        tx.venues.keep_bundle(order.venue, made, data)
    return data


def order_bundle(site: Site, venue: str, clock: Callable[[], datetime], *, actor: str) -> BundleOrder:
    """What a venue's next bundle shall say; its number is taken from the database and never falls.

    The snapshot is read while others write; then its number is taken, unless another bundle took it since the
    snapshot. So of two bundles the one with the higher number has the later snapshot, and nothing revoked can
    come back. Raises ``database_busy`` where others were faster each time.
    """
    for _ in range(_TRIES):
        with _reading(site, clock) as (tx, now):
            order = _next_order(site, tx, venue, now)
        with site.store.transaction() as tx:
            if tx.venues.get(venue).seq != order.seq - 1:
                continue
            tx.venues.next_seq(venue, epoch=order.epoch)
            tx.audit.append(actor, "bundle_made", venue, {"seq": order.seq, "epoch": order.epoch}, now)
        return order
    raise Unavailable("database_busy", f"others made bundles of {venue} all the while; try again")


def _next_order(site: Site, tx: Transaction, venue: str, now: datetime) -> BundleOrder:
    """The order of the bundle after the venue's last one, as the records are now."""
    found = tx.venues.get(venue)
    services = tuple(Service[name.upper()] for name in found.config.get("services", ()))
    hotlist = bool(found.config.get("hotlist"))
    return BundleOrder(
        venue=venue,
        services=services,
        policy=policy_of(found.config).encode(),
        epoch=tx.issuer.get().epoch,
        seq=found.seq + 1,
        now=int(now.timestamp()),
        snapshot=_snapshot(site, tx, services, now, living=True, hotlist=hotlist),
        distrusted={key.kid: tuple(genuine(tx, key.kid)) for key in tx.distrusted.all()},
        hotlist=hotlist,
    )


def status_snapshot(site: Site, clock: Callable[[], datetime]) -> Snapshot:
    """Every status list as it is now, for the public addresses: no entitlements."""
    with _reading(site, clock) as (tx, now):
        return _snapshot(site, tx, (), now, living=False)


@contextmanager
def _reading(site: Site, clock: Callable[[], datetime]) -> Iterator[tuple[Transaction, datetime]]:
    """A reading transaction and its instant: of two, the one of the later state has no earlier second.

    The signer tells by those seconds which of two lists is the later one (:mod:`keys.listrules`).
    """
    while True:
        with site.store.reading() as tx:
            now = clock()
            tx.issuer.get()  # The first look fixes the state that is read.
            if int(clock().timestamp()) == int(now.timestamp()):
                yield tx, now
                return


def _snapshot(
    site: Site,
    tx: Transaction,
    services: tuple[Service, ...],
    now: datetime,
    *,
    living: bool,
    hotlist: bool = False,
) -> Snapshot:
    """All lists; ``living`` leaves out those whose codes have all expired, ``hotlist`` is for the police."""
    # Dated before the snapshot: a card with a later iat is surely not in it (section 3).
    taken = Snapshot(now, ())
    recorded = tx.status.snapshot(taken.iat, services)
    hot = tx.hotlist.indices(now) if hotlist else {}
    lists = [
        _list(site, one, taken, hot.get(one.id, ()))
        for one in recorded.lists.values()
        if not living or one.last_exp is not None
    ]
    return Snapshot(now, tuple(lists))


def genuine(tx: Transaction, kid: bytes) -> list[bytes]:
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


def _list(site: Site, one: Recorded, taken: Snapshot, hot: Sequence[int]) -> ListSnapshot:
    uri, offset_s = site.status_ref(one.id, 0).uri, site.issuer.day_offset_s
    return ListSnapshot(
        uri=uri,
        statuses={index: value for index, value in enumerate(one.values) if value},
        permit_days=permit_rows(one.permits, iat=taken.iat, exp=taken.exp, offset_s=offset_s),
        entitlements={
            Service(service): {index: Entitlement(value, day) for index, value, day in rows}
            for service, rows in one.entitlements.items()
        },
        hot=hot,
    )
