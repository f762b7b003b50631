"""Chips that sign their taps: personalised sealed, judged on line, good once, and dead with their print."""

import base64
import threading
from collections.abc import Mapping
from datetime import datetime

import pytest
from nacl.public import PrivateKey, SealedBox

from cardsvc.desk.chips import write_chip
from cardsvc.desk.taps import TapAnswer, judge_tap, personalise_chip
from issuance.chips.sun import personalise
from issuance.nfc import read_records
from tests.desk.town import NOW, Town, application, at
from tests.keys.conftest import refused
from tests.verify.suntag import SunTag
from verify import cbor
from verify.errors import CardsvcError
from verify.services import Service

UID = "04:DE:5F:1E:AC:C0:40"
RAW = bytes.fromhex("04de5f1eacc040")
STATION = PrivateKey.generate()
LATER = at("2026-03-03 08:00")


class Chip:
    """An NTAG 424 DNA that does what its file settings say: it writes into its own file at every tap."""

    def __init__(self, data: Mapping[str, object]) -> None:
        self._file, settings = bytes.fromhex(str(data["file"])), bytes.fromhex(str(data["file_settings"]))
        keys = cbor.decode(SealedBox(STATION).decrypt(base64.b64decode(str(data["sealed_keys"]))))
        assert isinstance(keys, dict)
        assert sorted(keys) == [0, 1, 2, 3, 4]
        assert len(set(keys.values())) == 5
        self.keys = keys
        # ChangeFileSettings as the data sheet reads it: key numbers, then three offsets.
        assert settings[0] & 0x40
        access = int.from_bytes(settings[4:6], "little")
        self._picc, covered, self._mac = (
            int.from_bytes(settings[6 + 3 * n : 9 + 3 * n], "little") for n in range(3)
        )
        assert covered == self._mac
        self._tag = SunTag(RAW, keys[access >> 12], keys[access >> 8 & 15])

    def tap(self) -> str:
        """The address that a phone is sent to."""
        tap = self._tag.tap()
        file = bytearray(self._file)
        file[self._picc : self._picc + 32] = tap.picc.hex().upper().encode()
        file[self._mac : self._mac + 16] = tap.mac.hex().upper().encode()
        size = int.from_bytes(file[:2], "big")
        (record,) = read_records(bytes(file[2 : 2 + size]))
        return str(record.iri)


def personalised(town: Town, number: str, now: datetime = NOW, uid: str = UID) -> dict[str, object]:
    return personalise_chip(town.installation, town.life(now), number, uid, now, bytes(STATION.public_key))


def judged(town: Town, address: str, now: datetime = NOW) -> TapAnswer:
    return judge_tap(town.installation, address, now)


def lose(town: Town, number: str) -> None:
    """The holder reports the print lost; a chip shares its index."""
    with town.installation.store.transaction() as tx:
        printed = tx.prints.current_of(number)
        assert printed is not None
        assert tx.phones.report_lost(printed.id, NOW)


def test_each_tap_is_good_once(either_town: Town) -> None:
    card = either_town.card(application())
    chip = Chip(personalised(either_town, card.number))
    first, second = chip.tap(), chip.tap()
    assert first.startswith("https://card.example.org/t?p=")
    answer = judged(either_town, first)
    assert answer == TapAnswer(card.number, RAW.hex().upper(), 1, "ok", ("bus", "library"))
    assert judged(either_town, second).tap == 2
    for again in (first, second):
        with refused("replayed"):
            judged(either_town, again)
    assert judged(either_town, chip.tap()).tap == 3
    assert either_town.actions(card.number)[-1] == "chip_personalised"


def test_of_two_readers_at_once_one_is_told_that_it_was_shown(either_town: Town) -> None:
    card = either_town.card(application())
    address = Chip(personalised(either_town, card.number)).tap()
    said: list[str] = []

    def read() -> None:
        try:
            said.append(judged(either_town, address).reason)
        except CardsvcError as error:
            said.append(error.reason)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["ok", "replayed", "replayed", "replayed"]


def test_the_same_chip_again_has_the_same_keys_and_keeps_its_counter(town: Town) -> None:
    card = town.card(application())
    chip = Chip(personalised(town, card.number))
    shown = chip.tap()
    assert judged(town, shown).tap == 1
    again = personalised(town, card.number, LATER)
    assert Chip(again).keys == chip.keys
    with refused("replayed"):
        judged(town, shown)


def test_a_chip_stands_for_one_print_and_carries_no_code(town: Town) -> None:
    card, other = town.card(application(1)), town.card(application(2))
    personalised(town, card.number)
    with refused("chip_in_use"):
        personalised(town, other.number)
    with refused("chip_in_use"):
        write_chip(town.installation, town.life(NOW), card.number, UID, NOW)
    write_chip(town.installation, town.life(NOW), card.number, "04a1b2c3d4e5f6", NOW)
    with refused("chip_in_use"):
        personalised(town, card.number, uid="04a1b2c3d4e5f6")


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (lambda town, number: town.life(NOW).suspend(number, "lost"), "suspended"),
        (lambda town, number: town.life(NOW).revoke(number, "fraud"), "revoked"),
        (lambda town, number: town.life(NOW).replace(number, "broken"), "replaced"),
        (lose, "suspended"),
    ],
)
def test_a_genuine_chip_of_a_card_that_is_not_good(town: Town, act: object, reason: str) -> None:
    card = town.card(application())
    chip = Chip(personalised(town, card.number))
    assert callable(act)
    act(town, card.number)
    answer = judged(town, chip.tap(), LATER)
    assert (answer.reason, answer.services) == (reason, ())


def test_a_permit_that_ended_and_one_that_was_extended(town: Town) -> None:
    card = town.card(application())
    chip, end = Chip(personalised(town, card.number)), at("2026-06-30 16:00")
    assert judged(town, chip.tap(), at("2026-06-30 15:59:59")).reason == "ok"
    assert judged(town, chip.tap(), end).reason == "suspended"
    town.life(LATER).extend(card.number, at("2026-12-31 00:00").date())
    assert judged(town, chip.tap(), end).reason == "ok"


def test_a_lost_print_that_was_brought_back_is_good_again(either_town: Town) -> None:
    card = either_town.card(application())
    chip = Chip(personalised(either_town, card.number))
    lose(either_town, card.number)
    assert judged(either_town, chip.tap()).reason == "suspended"
    with either_town.installation.store.transaction() as tx:
        tx.phones.found_prints(card.number)
    assert judged(either_town, chip.tap()).reason == "ok"


def test_a_right_withdrawn_is_gone_at_the_next_tap(town: Town) -> None:
    card = town.card(application())
    chip = Chip(personalised(town, card.number))
    town.life(NOW).withdraw(card.number, Service.LIBRARY)
    assert judged(town, chip.tap()).services == ("bus",)


def test_what_no_chip_of_ours_made_is_refused(town: Town) -> None:
    card = town.card(application())
    address = Chip(personalised(town, card.number)).tap()
    with refused("bad_signature"):
        judged(town, address[:-1] + ("0" if address[-1] != "0" else "1"))
    with refused("bad_signature"):
        judged(town, f"https://card.example.org/t?p={'00' * 16}&c={'00' * 8}")
    for wrong in (
        "",
        "https://card.example.org/t",
        f"{address}00",
        address.replace("c=", "d="),
        "t?p=xx&c=y",
    ):
        with refused("bad_tap"):
            judged(town, wrong)
    with refused("bad_tap"):
        judged(town, f"https://card.example.org/t?p={'zz' * 16}&c={'00' * 8}")
    assert judged(town, address).reason == "ok"


def test_the_settings_are_those_of_the_papers_example() -> None:
    # AN12196, 5.4 has this address and these offsets; there key 1 may also ask for the counter, here nobody.
    made = personalise(RAW, "https://choose.url.com/ntag424", bytes(16), 1)
    assert made.settings.hex().upper() == "4000E0C1FF21200000430000430000"
    assert len(made.file) == 2 + int.from_bytes(made.file[:2], "big")
    assert "keys" not in repr(made)


def test_what_cannot_be_personalised(town: Town) -> None:
    card = town.card(application())
    for uid, reason in (("04a1b2c3", "bad_uid"), ("nothing", "bad_uid")):
        with refused(reason):
            personalised(town, card.number, uid=uid)
    with refused("chip_too_small"):
        personalise(RAW, "https://" + "x" * 250, bytes(16), 1)
    for station in (b"", bytes(31), bytes(32)):
        with refused("bad_station_key"):
            personalise_chip(town.installation, town.life(NOW), card.number, UID, NOW, station)
    with town.installation.store.reading() as tx:
        assert tx.sun_chips.get(RAW.hex()) is None
