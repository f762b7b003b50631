"""Chips that sign their taps: personalised for a print, and judged on line (docs/chips.md)."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from cardsvc.desk.chips import read_uid
from cardsvc.desk.life import CardLife
from cardsvc.desk.orders import rights_today
from cardsvc.errors import ServiceError
from cardsvc.installation import Installation, ServedInstallation, Site
from cardsvc.records import CardRecord, CardState, PrintRecord, SunChipRecord, Transaction
from issuance.chips.sun import (
    FILE_NUMBER,
    MAC_FIELD,
    PICC_FIELD,
    SIGNING_KEY,
    chip_key,
    meta_key,
    personalise,
    read_tap,
    sun_master,
)
from verify.days import day_at
from verify.errors import Refused
from verify.sun import SunMessage, SunTap, check_sun, open_sun

#: Where the address of a chip points to, below the public address.
TAP_PATH = "/t"


@dataclass(frozen=True, slots=True)
class TapAnswer:
    """What a genuine tap says: the card, and why it is not good where it is not (``ok`` where it is)."""

    card: str
    uid: str
    tap: int
    reason: str
    services: tuple[str, ...]


def masters_of(site: Site) -> Mapping[int, bytes]:
    """The masters of chip keys by version, whoever holds the records' keys; they are asked for once."""
    if site.chip_masters:
        return site.chip_masters
    if isinstance(site, Installation):
        keys = site.keyring.record_keys()
    elif isinstance(site, ServedInstallation):
        keys = site.signer.record_keys()
    else:
        raise TypeError(f"{type(site).__name__} names no keys")
    site.chip_masters.update({version: sun_master(secret) for version, secret in keys.masters.items()})
    return site.chip_masters


def personalise_chip(
    site: Site, life: CardLife, number: str, uid: str, now: datetime, station: bytes
) -> dict[str, object]:
    """Give the data for one chip of a card's newest print; the same chip again gets the same keys.

    They are for the station that writes chips: what is public in hexadecimal, the keys sealed to its X25519
    key. Raises ``chip_in_use`` for a chip that stands for another print, or that carries a code already.
    """
    raw, masters = read_uid(uid), masters_of(site)
    with site.store.transaction() as tx:
        card = life.living(tx, number)
        printed = tx.prints.current_of(card.number)
        if printed is None:
            raise ServiceError(
                "no_print", f"the card {card.number} has no print yet that a chip could stand for"
            )
        known = tx.sun_chips.get(raw.hex())
        if tx.chips.get(raw.hex()) is not None or (known is not None and known.print_id != printed.id):
            words = f"the chip {raw.hex()} stands for another print or carries a code; take a fresh one"
            raise ServiceError("chip_in_use", words)
        version = max(masters) if known is None else known.key_version
        made = personalise(raw, f"{site.issuer.public_url}{TAP_PATH}", masters[version], version)
        sealed = made.sealed_keys(station)
        if known is None:
            tx.sun_chips.add(SunChipRecord(raw.hex().upper(), printed.id, version, 0, now))
        details = {"uid": raw.hex(), "print": printed.print_no, "approved_by": life.people.approved_by}
        tx.audit.append(life.people.by, "chip_personalised", card.number, details, now)
    return {
        "uid": raw.hex().upper(),
        "chip": "NTAG 424 DNA",
        "file_number": FILE_NUMBER,
        "file": made.file.hex(),
        "file_settings": made.settings.hex(),
        "picc_offset": made.picc_offset,
        "mac_offset": made.mac_offset,
        "key_version": version,
        "sealed_keys": base64.b64encode(sealed).decode("ascii"),
    }


def judge_tap(site: Site, address: str, now: datetime) -> TapAnswer:
    """Judge the address that a chip gave: genuine, never shown before, and what its card may do now.

    Raises ``bad_tap``, and what ``judge_message`` does.
    """
    return judge_message(site, _message(address), now)


def judge_message(site: Site, message: SunMessage, now: datetime) -> TapAnswer:
    """Judge what a chip wrote into its address; the counter is stored before the answer is given.

    Raises ``bad_signature`` and ``replayed``.
    """
    masters = masters_of(site)
    genuine = _opened(message, masters)
    with site.store.transaction() as tx:
        chip = tx.sun_chips.get(genuine.uid.hex())
        if chip is None or chip.key_version not in masters:
            raise Refused("bad_signature", "the chip is not one that was personalised here")
        tap = check_sun(message, *_keys(masters, chip.key_version), _Stored(tx))
        printed = tx.prints.get(chip.print_id)
        card = tx.cards.get(printed.card_number)
        today = day_at(int(now.timestamp()), site.issuer.day_offset_s)
        reason = _reason(card, printed, tx, today)
        rights = rights_today(card.services, card.service_days, tx.entitlements.of_card(card.number), today)
    services = tuple(sorted(service.label for service in rights)) if reason == "ok" else ()
    return TapAnswer(card.number, chip.uid, tap.counter, reason, services)


class _Stored:
    """The counters in the records; implements ``verify.sun.Counters`` inside one transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def advance(self, uid: bytes, counter: int) -> bool:
        return self._tx.sun_chips.advance(uid.hex(), counter)


def _message(address: str) -> SunMessage:
    fields = dict(parse_qsl(urlsplit(address).query))
    return read_tap(fields.get(PICC_FIELD, ""), fields.get(MAC_FIELD, ""))


def _keys(masters: Mapping[int, bytes], version: int) -> tuple[bytes, Callable[[bytes], bytes]]:
    master = masters[version]
    return meta_key(master), lambda uid: chip_key(master, uid, SIGNING_KEY, version)


def _opened(message: SunMessage, masters: Mapping[int, bytes]) -> SunTap:
    """The tap by whichever master its chip's keys came from: which one only the UID inside would say."""
    for version in sorted(masters, reverse=True):
        try:
            return open_sun(message, *_keys(masters, version))
        except Refused as error:
            if error.reason != "bad_signature":
                raise
    raise Refused("bad_signature", "the tap was not made by a chip of this service")


def _reason(card: CardRecord, printed: PrintRecord, tx: Transaction, today: int) -> str:
    """``ok``, or why the card is not good, as a reader of its printed code would say (section 8)."""
    current = tx.prints.current_of(card.number)
    if card.state is CardState.REVOKED:
        return "revoked"
    if current is None or current.id != printed.id:
        return "replaced"
    if today > card.valid_until:
        return "expired"
    ended = card.permit_true_day is not None and today > card.permit_true_day
    held = ended or card.state is not CardState.ACTIVE or tx.phones.is_lost(printed.id)
    return "suspended" if held else "ok"
