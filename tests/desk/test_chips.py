"""The code on a chip: bound to its chip, the same bytes when asked for again, finished after a crash."""

from datetime import datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cardsvc.cli_chips import kind_of
from cardsvc.desk.chips import read_chip_key, write_chip
from cardsvc.records import DistrustedKeyRecord
from issuance.chips.tags import TagKind
from issuance.nfc import SMALL_CHIP, read_ndef
from keys.keyring import Keyring
from tests.desk.town import NOW, Town, application, at
from tests.keys.conftest import refused
from verify.card import Card
from verify.cose import ES256, PublicKey, decode_sign1, thumbprint

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


def key_of_a_chip() -> PublicKey:
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    return PublicKey(ES256, point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def test_a_chips_own_key_is_signed_in_and_needs_room(town: Town) -> None:
    card, key = town.card(application()), key_of_a_chip()
    with refused("chip_too_small"):
        write_chip(town.installation, town.life(NOW), card.number, UID, NOW, room=220, chip_key=key)
    with town.installation.store.reading() as tx:
        assert tx.chips.get(RAW.hex()) is None
    _, message = write_chip(town.installation, town.life(NOW), card.number, UID, NOW, room=492, chip_key=key)
    claims = Card.decode(decode_sign1(read_ndef(message)).payload)
    assert claims.chip_key == thumbprint(key)[:16]
    assert town.reader().judge(read_ndef(message), NOW, tag_uid=RAW) == "allow ok"


def test_a_chip_keeps_the_key_it_was_written_with(town: Town) -> None:
    card, key = town.card(application()), key_of_a_chip()
    _, message = write_chip(town.installation, town.life(NOW), card.number, UID, NOW, room=492, chip_key=key)
    for other in (None, key_of_a_chip()):
        with refused("chip_key_differs"):
            write_chip(town.installation, town.life(NOW), card.number, UID, NOW, room=492, chip_key=other)
    _, again = write_chip(
        town.installation, town.life(LATER), card.number, UID, LATER, room=492, chip_key=key
    )
    assert again == message


def test_a_chip_key_is_read_from_hexadecimal_and_pem(tmp_path: Path) -> None:
    private = ec.generate_private_key(ec.SECP256R1()).public_key()
    raw = private.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    file = tmp_path / "chip.pem"
    file.write_bytes(private.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert read_chip_key(raw.hex()).raw == read_chip_key(str(file)).raw == raw
    other = ec.generate_private_key(ec.SECP384R1()).public_key()
    file.write_bytes(other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    off_the_curve = raw[:-1] + bytes((raw[-1] ^ 1,))
    for wrong in (str(file), off_the_curve.hex(), raw[1:].hex(), "04", "no key", str(tmp_path / "none.pem")):
        with refused("bad_chip_key"):
            read_chip_key(wrong)


@pytest.mark.parametrize(
    ("tag", "has_key", "meant"),
    [
        (None, False, TagKind.NTAG424),
        (None, True, TagKind.KEY),
        (TagKind.KEY, True, TagKind.KEY),
        (TagKind.NTAG215, False, TagKind.NTAG215),
    ],
)
def test_the_kind_of_chip_that_is_meant(tag: TagKind | None, has_key: bool, meant: TagKind) -> None:
    assert kind_of(tag, has_key=has_key) is meant


@pytest.mark.parametrize(("tag", "has_key"), [(TagKind.KEY, False), (TagKind.NTAG215, True)])
def test_a_kind_and_a_key_that_no_door_would_take(tag: TagKind, has_key: bool) -> None:
    with refused("wrong_tag"):
        kind_of(tag, has_key=has_key)
