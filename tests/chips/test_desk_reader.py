"""The desk's reader and a door's: written over PC/SC, read over PC/SC, judged; and what a copy comes to."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cardsvc.desk.chipdesk import WrittenChip, write_on
from cardsvc.trust.publishing import venue_bundle
from issuance.chips.writer import write_message
from issuance.errors import IssuanceError
from issuance.nfc import ndef_message
from tests.chips.cards import Chip, Copy, KeyChip, Type2, Type4
from tests.chips.virtual import VirtualReader
from tests.city import PROGRAMS, ROOT
from tests.desk.conftest import town as town  # the fixture, for pytest to find
from tests.desk.town import NOW, Town, application, make_town, seconds
from verify import phone
from verify.card import Card
from verify.chip_reader import Connection, proof_of, read_chip
from verify.cose import ES256, PublicKey, decode_sign1, thumbprint
from verify.errors import CardsvcError, Unchecked
from verify.pcsc import PcscConnection, Readers
from verify.store import SeenInMemory
from verify.trust import TrustState, accept
from verify.verifier import Presentation, Verifier

UID = bytes.fromhex("04a1b2c3d4e5f6")
OTHER = bytes.fromhex("04ffffffffffff")
WAIT_S = 20


@contextmanager
def lying(virtual_reader: VirtualReader, chip: Chip) -> Iterator[PcscConnection]:
    """A chip on the reader, and PC/SC's connection to it."""
    virtual_reader.lay(chip)
    try:
        with Readers() as readers:
            assert readers.wait(virtual_reader.name, WAIT_S)
            with readers.connect(virtual_reader.name) as connection:
                yield connection
    finally:
        virtual_reader.take_away()


class Door:
    """A door that reads a chip, challenges it where its code names a key, and judges."""

    def __init__(self, town: Town) -> None:
        state = TrustState.pin(town.installation.keyring.roots[-1], now=seconds(NOW))
        bundle = venue_bundle(town.installation, "centre", lambda: NOW)
        self._trust = accept(state, bundle, seconds(NOW))[1]

    def judge(self, connection: Connection) -> str:
        reading = read_chip(connection)
        proof = proof_of(connection, reading)
        shown = Presentation(reading.code, tag_uid=reading.uid, chip_proof=proof)
        verdict = Verifier(self._trust, seen=SeenInMemory()).judge(shown, seconds(NOW))
        assurance = verdict.assurance.label if verdict.assurance else "unproved"
        return f"{verdict.answer} {verdict.reason} {assurance}"


def written(town: Town, connection: Connection) -> WrittenChip:
    card = town.card(application())
    return write_on(town.installation, town.life(NOW), card.number, connection, NOW)


def test_a_type_4_tag_is_written_and_judged(town: Town, virtual_reader: VirtualReader) -> None:
    chip = Type4(UID)
    with lying(virtual_reader, chip) as connection:
        done = written(town, connection)
        assert (done.record.uid, done.proved) == (UID.hex().upper(), False)
        assert chip.file[2 : 2 + len(done.message)] == done.message
    # Taken away and laid down again, at a door.
    with lying(virtual_reader, chip) as connection:
        assert Door(town).judge(connection) == "allow ok chip"
    assert town.actions(Card.decode(done.record.payload).number)[-1] == "chip_written"
    assert town.audit_is_whole()


def test_a_type_2_tag_is_written_and_judged(town: Town, virtual_reader: VirtualReader) -> None:
    chip = Type2(UID)
    with lying(virtual_reader, chip) as connection:
        written(town, connection)
        assert Door(town).judge(connection) == "allow ok chip"


def test_a_key_chip_is_written_and_proves_itself(
    town: Town, virtual_reader: VirtualReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phone, "CHIP_LIFE_S", 60)  # Three programs answer for the chip, on a busy machine.
    chip = KeyChip(UID)
    with lying(virtual_reader, chip) as connection:
        done = written(town, connection)
        assert done.proved
        card = Card.decode(decode_sign1(read_chip(connection).code).payload)
        assert card.chip_key == thumbprint(PublicKey(ES256, chip.public))[:16]
        assert Door(town).judge(connection) == "allow ok chip-proved"


def test_a_copy_on_another_chip_is_the_wrong_chip(town: Town, virtual_reader: VirtualReader) -> None:
    original, copy = Type4(UID), Type4(OTHER)
    written(town, original)
    copy.file[:] = original.file
    with lying(virtual_reader, copy) as connection:
        assert Door(town).judge(connection) == "deny wrong_chip unproved"


@pytest.mark.parametrize("shows_original_key", [True, False])
def test_a_copy_with_a_set_uid_cannot_prove_the_key(
    town: Town, virtual_reader: VirtualReader, shows_original_key: bool
) -> None:
    original = KeyChip(UID)
    written(town, original)
    with lying(virtual_reader, Copy(original, shows_original_key=shows_original_key)) as connection:
        assert Door(town).judge(connection) == "deny chip_not_proved unproved"


def test_a_copy_on_a_chip_without_a_key_cannot_prove_it(town: Town, virtual_reader: VirtualReader) -> None:
    original, copy = KeyChip(UID), Type4(UID, size=1024)
    written(town, original)
    copy.file[:] = original.file
    with lying(virtual_reader, copy) as connection:
        assert Door(town).judge(connection) == "deny chip_not_proved unproved"


def test_an_answer_given_before_proves_nothing_again(town: Town) -> None:
    """A chip that plays back an answer it overheard: the challenge was another one."""
    chip = KeyChip(UID)
    written(town, chip)

    class Recorded(KeyChip):
        def sign(self, message: bytes) -> bytes:
            return heard

    heard = chip.sign(b"cardsvc-chip-1" + bytes(48))
    double = Recorded(UID)
    double.file[:], double._private = chip.file, chip._private
    assert Door(town).judge(double) == "deny chip_not_proved unproved"


def test_a_chip_that_signs_wrongly_is_not_handed_out(town: Town) -> None:
    class Faulty(KeyChip):
        def sign(self, message: bytes) -> bytes:
            return super().sign(message + b"!")

    with pytest.raises(CardsvcError) as caught:
        written(town, Faulty(UID))
    assert caught.value.reason == "chip_not_proved"


def test_a_chip_without_room_is_not_reserved(town: Town) -> None:
    card = town.card(application())
    with pytest.raises(IssuanceError) as caught:
        write_on(town.installation, town.life(NOW), card.number, Type4(UID, size=200), NOW)
    assert caught.value.reason == "chip_too_small"
    with town.installation.store.reading() as tx:
        assert tx.chips.get(UID.hex()) is None


def test_a_chip_taken_away_is_said(town: Town, virtual_reader: VirtualReader) -> None:
    with lying(virtual_reader, Type4(UID)) as connection:
        virtual_reader.take_away()
        with pytest.raises(Unchecked) as caught:
            read_chip(connection)
        assert caught.value.reason == "chip_lost"


def test_waiting_for_a_chip_ends(virtual_reader: VirtualReader) -> None:
    with Readers() as readers:
        assert not readers.wait(virtual_reader.name, 0.2)
        with pytest.raises(Unchecked) as caught:
            readers.connect(virtual_reader.name)
        assert caught.value.reason == "chip_lost"
        with pytest.raises(Unchecked) as caught:
            readers.the("No such reader")
        assert caught.value.reason == "no_reader"
        assert virtual_reader.name in str(caught.value)
        virtual_reader.lay(Type4(UID))
        assert readers.wait(virtual_reader.name, WAIT_S)
        virtual_reader.take_away()
        assert readers.wait(virtual_reader.name, WAIT_S, present=False)


def test_a_foreign_chip_is_not_ours(virtual_reader: VirtualReader) -> None:
    chip = Type4(UID)
    write_message(chip, ndef_message(b"x").replace(b"application/cwt", b"application/foo"))
    with lying(virtual_reader, chip) as connection:
        with pytest.raises(CardsvcError) as caught:
            read_chip(connection)
        assert caught.value.reason == "not_ours"


def test_the_command_writes_the_chip_on_the_reader(tmp_path: Path, virtual_reader: VirtualReader) -> None:
    chip, now = KeyChip(UID), datetime.now(UTC)
    later = {name: f"{now + timedelta(days=200):%F}" for name in ("permit_expiry", "passport_expiry")}
    with make_town(tmp_path / "data", now=now) as town:
        card, settings = town.card(application(**later), now), town.installation.settings
    environment = os.environ | {"CARDSVC_DATA": str(settings.data), "CARDSVC_PUBLIC_URL": settings.public_url}
    virtual_reader.lay(chip)
    try:
        ran = subprocess.run(
            [PROGRAMS / "cardsvc", "chip", card.number, "--write", "--reader", "Virtual", "--json"],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        virtual_reader.take_away()
    assert ran.returncode == 0, ran.stderr
    answer = json.loads(ran.stdout)
    assert (answer["uid"], answer["written"], answer["proved"]) == (UID.hex().upper(), True, True)
    assert read_chip(chip).uid == UID
