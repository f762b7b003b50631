from datetime import timedelta

import pytest

from cardsvc.desk.chips import read_uid, write_chip
from cardsvc.errors import ServiceError
from cardsvc.trust.publishing import venue_bundle
from issuance.nfc import read_ndef
from keys.errors import KeysError
from tests.desk.town import NOW, Town, application, seconds
from verify.card import Card
from verify.cose import decode_sign1
from verify.rules import Assurance
from verify.store import SeenInMemory
from verify.trust import TrustState, accept
from verify.verifier import Presentation, Verifier

UID = "04:a1:b2:c3:d4:e5:f6"
LATER = NOW + timedelta(hours=1)


def test_a_chip_is_its_own_proof_of_place_and_a_copy_is_refused(town: Town) -> None:
    issued = town.card(application())
    chip, message = write_chip(town.installation, town.life(LATER), issued.number, UID, LATER)
    assert len(message) <= 256
    code = read_ndef(message)
    assert Card.decode(decode_sign1(code).payload).chip_uid == read_uid(UID) == bytes.fromhex(chip.uid)
    verifier = _verifier(town)
    here = verifier.judge(Presentation(code, tag_uid=read_uid(UID)), seconds(LATER))
    assert (here.reason, here.assurance) == ("ok", Assurance.CHIP)
    copied = verifier.judge(Presentation(code, tag_uid=b"\x04" * 7), seconds(LATER))
    assert copied.reason == "wrong_chip"
    printed = verifier.judge(Presentation(code), seconds(LATER))
    assert (printed.reason, printed.assurance) == ("ok", Assurance.PRINT)
    assert town.audit_is_whole()


def test_the_same_chip_again_gives_the_same_bytes(town: Town) -> None:
    issued = town.card(application())
    _, first = write_chip(town.installation, town.life(LATER), issued.number, UID, LATER)
    again = LATER + timedelta(days=1)
    _, second = write_chip(town.installation, town.life(again), issued.number, UID, again)
    assert second == first


def test_a_chip_reserved_before_a_crash_is_finished_by_the_same_command(town: Town) -> None:
    issued = town.card(application())

    def crash(point: str) -> None:
        raise KeyboardInterrupt(point)

    with pytest.raises(KeyboardInterrupt):
        write_chip(town.installation, town.life(LATER), issued.number, UID, LATER, reach=crash)
    write_chip(town.installation, town.life(LATER), issued.number, UID, LATER)
    assert town.actions(issued.number).count("chip_issued") == 1


def test_a_chip_of_another_card_is_refused_and_a_bad_uid_named(town: Town) -> None:
    first, second = town.card(application(1)), town.card(application(2))
    write_chip(town.installation, town.life(LATER), first.number, UID, LATER)
    with pytest.raises(ServiceError) as caught:
        write_chip(town.installation, town.life(LATER), second.number, UID, LATER)
    assert caught.value.reason == "chip_in_use"
    for uid in ("", "04A1", "zz", "04A1B2C3D4E5F6F7"):
        with pytest.raises(ServiceError) as caught:
            read_uid(uid)
        assert caught.value.reason == "bad_uid"


def test_a_key_that_signs_no_cards_is_not_found(town: Town) -> None:
    with pytest.raises(KeysError) as caught:
        town.installation.keyring.entry_of(bytes(8))
    assert caught.value.reason == "unknown_key"


def _verifier(town: Town) -> Verifier:
    state = TrustState.pin(town.installation.keyring.roots[-1], now=seconds(LATER))
    bundle = venue_bundle(town.installation, "centre", LATER)
    return Verifier(accept(state, bundle, seconds(LATER))[1], seen=SeenInMemory())
