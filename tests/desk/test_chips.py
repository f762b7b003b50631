"""The code on a chip: bound to its chip, the same bytes when asked for again, finished after a crash."""

from datetime import datetime

import pytest

from cardsvc.desk.chips import write_chip
from cardsvc.records import DistrustedKeyRecord
from issuance.nfc import SMALL_CHIP, read_ndef
from keys.keyring import Keyring
from tests.desk.town import NOW, Town, application, at
from tests.keys.conftest import refused
from verify.card import Card
from verify.cose import decode_sign1

UID = "04:A1:B2:C3:D4:E5:F6"
RAW = bytes.fromhex("04a1b2c3d4e5f6")
LATER = at("2026-03-03 08:00")


def test_the_same_chip_again_has_the_same_bytes(town: Town) -> None:
    card = town.card(application())
    _, message = write_chip(town.installation, town.life(NOW), card.number, UID, NOW)
    _, again = write_chip(town.installation, town.life(LATER), card.number, RAW.hex(), LATER)
    assert again == message
    assert len(message) <= SMALL_CHIP
    assert Card.decode(decode_sign1(read_ndef(message)).payload).chip_uid == RAW
    reader = town.reader(now=LATER)
    assert reader.judge(read_ndef(message), LATER, tag_uid=RAW) == "allow ok"


def test_a_chip_knows_the_permit_of_the_day_it_was_written(town: Town) -> None:
    card = town.card(application())
    town.life(NOW).extend(card.number, at("2026-12-31 00:00").date())
    _, message = write_chip(town.installation, town.life(LATER), card.number, UID, LATER)
    claims = Card.decode(decode_sign1(read_ndef(message)).payload)
    printed = Card.decode(decode_sign1(town.codes(card.print_id).gate).payload)
    assert printed.permit_day is not None
    assert claims.permit_day == printed.permit_day + 184  # From the last day of June to that of December.


def test_a_chip_dies_with_its_print_and_serves_no_other(town: Town) -> None:
    card = town.card(application())
    _, message = write_chip(town.installation, town.life(NOW), card.number, UID, NOW)
    town.life(LATER).replace(card.number, "broken")
    reader = town.reader(now=LATER)
    assert reader.judge(read_ndef(message), LATER, tag_uid=RAW) == "deny replaced"
    with refused("chip_in_use"):
        write_chip(town.installation, town.life(LATER), card.number, UID, LATER)


def test_killed_before_it_was_signed_the_same_command_finishes_it(town: Town) -> None:
    class Stopped(BaseException):
        pass

    def stop(point: str) -> None:
        raise Stopped

    card = town.card(application())
    with pytest.raises(Stopped):
        write_chip(town.installation, town.life(NOW), card.number, UID, NOW, reach=stop)
    with town.installation.store.reading() as tx:
        (intent,) = tx.chips.intents()
    chip, message = write_chip(town.installation, town.life(LATER), card.number, UID, LATER)
    assert chip.payload == intent.payload
    with town.installation.store.reading() as tx:
        assert tx.chips.intents() == []
    assert town.reader(now=LATER).judge(read_ndef(message), LATER, tag_uid=RAW) == "allow ok"
    assert town.audit_is_whole()


@pytest.mark.parametrize("uid", ["", "04a1b2", "04a1b2c3d4e5f6aa", "not hexadecimal", "04a1b2c3d4e5f"])
def test_what_is_no_uid_is_refused(town: Town, uid: str) -> None:
    card = town.card(application())
    with refused("bad_uid"):
        write_chip(town.installation, town.life(NOW), card.number, uid, NOW)


def test_a_card_that_is_over_gets_no_chip(town: Town) -> None:
    card = town.card(application())
    town.life(NOW).revoke(card.number, "fraud")
    with refused("card_is_final"):
        write_chip(town.installation, town.life(LATER), card.number, UID, LATER)


def test_a_chip_that_was_signed_once_needs_no_key_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    card = town.card(application())
    chip, message = write_chip(town.installation, town.life(NOW), card.number, UID, NOW)
    with town.installation.store.transaction() as tx:
        tx.distrusted.add(DistrustedKeyRecord(chip.signing_kid, "stolen", "chief1", LATER))

    def gone(self: Keyring, kid: bytes) -> None:
        raise AssertionError("the key was asked")

    monkeypatch.setattr(Keyring, "signer_of", gone)
    _, again = write_chip(town.installation, town.life(LATER), card.number, UID, LATER)
    assert again == message


@pytest.mark.parametrize(("distrusted", "then"), [(True, LATER), (False, at("2026-06-20 08:00"))])
def test_a_reserved_chip_whose_key_is_over_is_refused(town: Town, distrusted: bool, then: datetime) -> None:
    def stop(point: str) -> None:
        raise KeyboardInterrupt

    card = town.card(application())
    with pytest.raises(KeyboardInterrupt):
        write_chip(town.installation, town.life(NOW), card.number, UID, NOW, reach=stop)
    with town.installation.store.transaction() as tx:
        (intent,) = tx.chips.intents()
        if distrusted:
            tx.distrusted.add(DistrustedKeyRecord(intent.signing_kid, "stolen", "chief1", LATER))
    with refused("chip_key_over"):
        write_chip(town.installation, town.life(then), card.number, UID, then)
    fresh, _ = write_chip(town.installation, town.life(then), card.number, "04a1b2c3", then)
    assert fresh.signing_kid != intent.signing_kid


def test_a_chip_code_is_dated_when_it_is_written(town: Town) -> None:
    card = town.card(application())
    chip, _ = write_chip(town.installation, town.life(NOW), card.number, UID, NOW, clock=lambda: LATER)
    assert Card.decode(chip.payload).issued_at == int(LATER.timestamp())
