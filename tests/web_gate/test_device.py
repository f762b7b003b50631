"""The parts of a browser's reader that have an exact form, against PyNaCl and the reader in Python."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox
from nacl.public import PublicKey as SealKey

from cardsvc.readers.jwt import from_base64url, key_of, read_token
from tests.web_reader.driver import Driver, build
from verify.errors import Refused
from verify.reader.records import ANSWERS, DIRECTIONS, Entry, Record, read_checkpoint, record_hash
from verify.rules import Assurance

SECRET = PrivateKey(bytes(range(32)))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    driver = Driver(build(tmp_path_factory.mktemp("device"), "src/device/cli.ts"))
    yield driver
    driver.close()


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 300, 5000])
def test_what_the_browser_seals_pynacl_opens_and_the_other_way_round(browser: Driver, size: int) -> None:
    data = random.Random(size).randbytes(size)
    sealed = bytes.fromhex(browser.ask("seal", data=data, to=bytes(SECRET.public_key)))
    assert bytes(SealedBox(SECRET).decrypt(sealed)) == data
    theirs = bytes(SealedBox(SECRET.public_key).encrypt(data))
    assert bytes.fromhex(browser.ask("unseal", sealed=theirs, secret=bytes(SECRET))) == data


def test_each_box_has_a_key_of_its_own(browser: Driver) -> None:
    boxes = {browser.ask("seal", data=b"the same", to=bytes(SECRET.public_key)) for _ in range(20)}
    assert len(boxes) == 20


def test_a_changed_box_opens_for_neither(browser: Driver) -> None:
    whole = bytes(SealedBox(SECRET.public_key).encrypt(b"a record"))
    for at in range(0, len(whole), 7):
        bent = bytearray(whole)
        bent[at] ^= 1
        with pytest.raises(CryptoError):
            SealedBox(SECRET).decrypt(bytes(bent))
        with pytest.raises(Refused) as refused:
            browser.ask("unseal", sealed=bytes(bent), secret=bytes(SECRET))
        assert refused.value.reason == "not_for_this_device"
    for damaged in (b"", whole[:47], bytes(len(whole))):  # Nothing, half a box, a point of small order.
        with pytest.raises(Refused):
            browser.ask("unseal", sealed=damaged, secret=bytes(SECRET))


@pytest.mark.parametrize("old", [{}, {"old": "1"}], ids=["platform's X25519", "older browser"])
def test_the_keys_prove_themselves_to_the_service_and_open_what_it_seals(
    browser: Driver, old: dict[str, str]
) -> None:
    made = browser.ask("keys", **old)
    claims = json.dumps({"aud": "https://card.example", "code": "K7F2-9QXM", "seal": made["seal"]})
    token = read_token(browser.ask("jws", claims=claims, typ="cardsvc-enrol+jwt"))
    key = key_of(made["jwk"])
    token.check(key, "cardsvc-enrol+jwt")
    assert token.text("code") == "K7F2-9QXM"
    sealed = SealedBox(SealKey(bytes.fromhex(made["seal"]))).encrypt(b"a month's key")
    assert bytes.fromhex(browser.ask("open", sealed=bytes(sealed))) == b"a month's key"
    assert from_base64url(made["jwk"]["x"]) == key.raw[1:33]
    checkpoint = browser.ask("checkpoint", device="door-7", seq="70000", time="1800000000", hash=bytes(32))
    assert read_checkpoint(bytes.fromhex(checkpoint), key) == ("door-7", 70_000, bytes(32))


def test_records_are_the_same_bytes_in_both(browser: Driver) -> None:
    chance = random.Random(6)
    for seq in range(1, 301):
        record = _record(chance, seq)
        found = browser.ask("record", record=_as_json(record))
        assert bytes.fromhex(found["encoded"]) == record.encode()
        assert bytes.fromhex(found["hash"]) == record_hash(record.encode())
        assert Record.decode(bytes.fromhex(found["encoded"])) == record


def _record(chance: random.Random, seq: int) -> Record:
    known = chance.random() < 0.7
    entry = Entry(
        time=chance.choice([0, 23, 24, 65_536, 1_800_000_000, 2**40]),
        direction=chance.choice(list(DIRECTIONS)),
        venue=chance.choice(["library", "义乌图书馆", "x" * 60]),
        service=chance.choice([None, 1, 17, 52]),
        who=chance.randbytes(16) if known else None,
        month=202_611 if known else None,
        answer=chance.choice(list(ANSWERS)),
        reason=chance.choice(["ok", "revoked", "data_stale"]),
        bundle=(chance.randrange(3), chance.randrange(100_000)),
        opened=chance.random() < 0.5,
        noted=tuple(chance.sample(["revoked", "data_stale", "permit_unknown"], chance.randrange(4))),
        assurance=chance.choice([None, *map(int, Assurance)]),
    )
    return Record("door-7", seq, chance.randbytes(32), entry, chance.choice([0, 0, 1, 300]))


def _as_json(record: Record) -> str:
    one = record.entry
    entry: dict[str, Any] = {
        name: getattr(one, name) for name in Entry.__dataclass_fields__ if name not in ("who", "assurance")
    }
    entry["who"] = None if one.who is None else one.who.hex()
    entry["assurance"] = None if one.assurance is None else Assurance(one.assurance).label
    place = {"device": record.device, "seq": record.seq, "missed": record.missed}
    return json.dumps({"place": place | {"before": record.before.hex()}, "entry": entry})
