"""Real bytes against docs/format.cddl, and changed bytes that it must refuse.

The validator cannot check that a map is empty, how short an array is, and several ``.cbor`` controls in one
array, so envelopes and payloads are checked as rules of their own.
"""

import re
import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path

import cbor2
import pytest
from pycddl import Schema, ValidationError

from tests.verify import trustkit as kit
from verify import cbor
from verify.card import Card, StatusRef
from verify.cose import decode_sign, decode_sign1, encode_sign1, protected_header, sign1_tbs
from verify.days import DAY_S
from verify.identity import Identity
from verify.phone import PhoneCode
from verify.rules import Assurance, Hours, Policy, Quota

CDDL = (Path(__file__).parents[2] / "docs" / "format.cddl").read_text("utf-8")

GATE = Card(
    issuer=kit.ISS,
    number="1234567890128",
    expires=kit.NOW + 1000 * DAY_S,
    not_before=kit.NOW,
    issued_at=kit.NOW,
    card_class=1,
    services=0b1101_1111_0001_1111_10,
    print_number=1,
    status=StatusRef(kit.URI, 70_000),
    print_id=bytes(8),
    permit_day=2500,
    service_days={2: 2400, 3: 2300},
    chip_uid=bytes(7),
    chip_key=bytes(16),
)
IDENTITY = replace(
    GATE,
    chip_uid=None,
    chip_key=None,
    passport=("AB1234567", "SEN"),
    native_name=("ara", "محمد"),
    permit_class="B",
    identity=Identity(
        id="1234567890128",
        version="1.0.0",
        language="eng",
        full_name="DIOP, Aminata",
        birth=date(1990, 2, 28),
        gender=2,
        nationality="SEN",
        guardian="DIOP, Awa",
        photo=b"RIFF",
        photo_format=4,
        second_name="阿米",
        second_language="zho",
    ),
)
TOKEN = replace(GATE, chip_uid=None, chip_key=None, holder_key=kit.P256("phone").public)
POLICY = Policy(
    services=frozenset({3}),
    accept=frozenset(Assurance),
    opens_on=frozenset({"data_stale"}),
    hours=(Hours(127, 480, 1320),),
    quota=Quota(2, 3600),
    passback_s=60,
    permit_free=frozenset({5}),
)


def card_bytes(payload: bytes, signer: kit.Signer = kit.CARD) -> bytes:
    head = protected_header(signer.public.algorithm, signer.public.kid)
    return encode_sign1(head, payload, signer.sign(sign1_tbs(head, payload)))


PHONE = PhoneCode(kit.NOW, card_bytes(TOKEN.encode(), kit.TOKEN), bytes(16), "library", frozenset({9}))
ISSUED = kit.issued_list()


def sign1_payload(data: bytes) -> bytes:
    return decode_sign1(data).payload


def sign_payload(data: bytes) -> bytes:
    return decode_sign(data).payload


def inflated(data: bytes, label: int) -> bytes:
    claims = cbor.decode(sign1_payload(data))
    assert isinstance(claims, dict)
    return zlib.decompress(claims[label])


@cache
def full_bundle() -> bytes:
    return kit.bundle(
        policy=POLICY.encode(),
        hotlists=(kit.hotlist(),),
        issued=(ISSUED,),
        distrusted={kit.CARD.public.kid: sha256(ISSUED).digest(), bytes(8): None},
    )


GOOD: Mapping[str, list[bytes]] = {
    "cose-sign1": [card_bytes(GATE.encode()), kit.status_list(), kit.permit_list(kit.P256("status"))],
    "cose-sign": [kit.root_document(), kit.key_list(), full_bundle(), ISSUED],
    "card-header": [decode_sign1(card_bytes(GATE.encode())).protected],
    "list-header": [decode_sign1(kit.status_list()).protected, decode_sign1(kit.permit_list()).protected],
    "object-header": [
        decode_sign(data).protected for data in (kit.root_document(), kit.key_list(), full_bundle(), ISSUED)
    ],
    "signer-header": [one.protected for one in decode_sign(kit.key_list()).signatures],
    "gate-claims": [GATE.encode()],
    "identity-claims": [IDENTITY.encode()],
    "token-claims": [TOKEN.encode(), replace(TOKEN, status=None, expires=kit.NOW + DAY_S).encode()],
    "phone-claims": [PHONE.encode(), PhoneCode(kit.NOW, PHONE.token).encode()],
    "status-claims": [sign1_payload(kit.status_list()), sign1_payload(kit.hotlist())],
    "entitlement-claims": [sign1_payload(kit.entitlement_list())],
    "last-days": [inflated(kit.entitlement_list(), -70010)],
    "permit-claims": [sign1_payload(kit.permit_list())],
    "permit-rows": [inflated(kit.permit_list(), -70011)],
    "root-claims": [sign_payload(kit.root_document()), sign_payload(kit.root_document(2))],
    "key-list-claims": [sign_payload(kit.key_list())],
    "bundle-claims": [sign_payload(full_bundle()), sign_payload(kit.bundle())],
    "policy": [cbor.encode(POLICY.encode()), cbor.encode(Policy().encode())],
    "issued-claims": [sign_payload(ISSUED)],
}


@cache
def schema(rule: str) -> Schema:
    """The CDDL with ``rule`` as its first, which is the one that is checked."""
    return Schema(f"start = {rule}\n{CDDL}")


@pytest.mark.parametrize(("rule", "data"), [(rule, data) for rule, rows in GOOD.items() for data in rows])
def test_real_bytes_match(rule: str, data: bytes) -> None:
    schema(rule).validate_cbor(data)


MAPS = [rule for rule in GOOD if rule not in {"cose-sign1", "cose-sign", "last-days", "permit-rows"}]


@pytest.mark.parametrize("rule", MAPS)
def test_every_member_matters(rule: str) -> None:
    """A member of another type is refused, whichever it is, and so is a member nobody described."""
    claims = cbor2.loads(GOOD[rule][0])
    assert claims
    for label in claims:
        with pytest.raises(ValidationError):
            schema(rule).validate_cbor(cbor.encode({**claims, label: False}))
    if "* int => any" not in rule_text(rule) and "* uint => any" not in rule_text(rule):
        with pytest.raises(ValidationError):
            schema(rule).validate_cbor(cbor.encode({**claims, 12_345: 0}))


@pytest.mark.parametrize("rule", MAPS)
def test_every_member_that_is_not_optional_is_wanted(rule: str) -> None:
    claims = cbor2.loads(GOOD[rule][0])
    for label in claims:
        wanted = f"? {label} =>" not in rule_text(rule)
        rest = cbor.encode({other: value for other, value in claims.items() if other != label})
        if wanted:
            with pytest.raises(ValidationError):
                schema(rule).validate_cbor(rest)
        else:
            schema(rule).validate_cbor(rest)


def rule_text(rule: str) -> str:
    """The rule as it stands: up to the brace that closes it, at the beginning of a line or at its end."""
    found = re.search(rf"^{rule} += \{{(?:[^\n]*\}}$|.*?^\}})", CDDL, re.MULTILINE | re.DOTALL)
    assert found, rule
    return found.group()


@pytest.mark.parametrize(
    ("rule", "data"),
    [
        ("cose-sign1", cbor2.dumps(cbor2.CBORTag(18, [b"", {}, b"", bytes(63)]))),
        ("cose-sign1", cbor2.dumps(cbor2.CBORTag(17, [b"", {}, b"", bytes(64)]))),
        ("cose-sign1", cbor2.dumps([b"", {}, b"", bytes(64)])),
        ("cose-sign", cbor2.dumps(cbor2.CBORTag(98, [b"", {}, b"", [[b"", {}]]]))),
        ("cose-sign", kit.status_list()),
        ("key-list-claims", sign_payload(kit.root_document())),
        ("last-days", cbor2.dumps([-1])),
        ("permit-rows", cbor2.dumps({"day": [1]})),
        ("permit-rows", cbor2.dumps({5: [b"1"]})),
    ],
)
def test_other_bytes_do_not(rule: str, data: bytes) -> None:
    with pytest.raises(ValidationError):
        schema(rule).validate_cbor(data)


def test_every_payload_and_header_of_the_format_is_checked() -> None:
    described = set(re.findall(r"^([a-z0-9-]+-(?:claims|header)) +=", CDDL, re.MULTILINE))
    assert described == {rule for rule in GOOD if rule.endswith(("-claims", "-header"))}
