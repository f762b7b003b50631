"""claim169, cwt, pycose and @auth0/cose read our codes, and refuse them with one bit flipped."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from keys.signer import new_signer, sign1
from tests.city import City
from tests.oracles.conftest import AUTH0, PeerRefused
from verify import text
from verify.card import Card, StatusRef
from verify.cose import EDDSA, ES256, PublicKey, decode_sign1, headers
from verify.identity import MALE, VERSION, WEBP, Identity

Ask = Callable[..., dict[str, object]]

#: Who reads which code: claim169 knows no card without claim 169.
READS = [
    ("claim169", "identity"),
    ("cwt", "identity"),
    ("pycose", "identity"),
    (AUTH0, "identity"),
    ("cwt", "gate"),
    ("pycose", "gate"),
    (AUTH0, "gate"),
]
PERSON = Identity(
    id="4718200653195",
    version=VERSION,
    language="eng",
    full_name="MUSTERMANN, JÖRG",
    birth=date(1984, 2, 29),
    gender=MALE,
    nationality="DEU",
    photo=bytes(range(200)),
    photo_format=WEBP,
)


def code(kind: str, algorithm: int) -> tuple[str, PublicKey]:
    """The text of a card signed by a fresh key, without any database or page."""
    now = int(datetime.now(UTC).timestamp())
    card = Card(
        issuer="cn-yiwu",
        number="4718200653195",
        expires=now + int(timedelta(days=900).total_seconds()),
        not_before=now - 3600,
        issued_at=now - 60,
        card_class=1,
        services=0b1110,
        print_number=1,
        status=StatusRef("https://card.example/s/abc", 77),
        print_id=b"\x01" * 8,
        permit_day=3000,
        identity=PERSON if kind == "identity" else None,
    )
    signer = new_signer(algorithm)
    return text.encode(sign1(signer, card.encode())), signer.public


def flipped(cose: bytes, index: int) -> bytes:
    """``cose`` with the lowest bit of one byte changed."""
    return cose[:index] + bytes([cose[index] ^ 1]) + cose[index + 1 :]


@pytest.mark.parametrize("algorithm", [EDDSA, ES256])
@pytest.mark.parametrize(("reader", "kind"), READS)
def test_reads_what_we_wrote(ask: Ask, reader: str, kind: str, algorithm: int) -> None:
    written, public = code(kind, algorithm)
    claims = ask(reader, public, text=written)
    assert (claims["iss"], claims["sub"]) == ("cn-yiwu", "4718200653195")
    if reader == "claim169":
        assert claims["full_name"] == PERSON.full_name
        assert (claims["birth"], claims["gender"], claims["nationality"]) == ("19840229", MALE, "DEU")
        assert (claims["photo"], claims["photo_format"]) == (bytes(range(200)).hex(), WEBP)


@pytest.mark.parametrize("algorithm", [EDDSA, ES256])
@pytest.mark.parametrize(("reader", "kind"), READS)
def test_refuses_a_flipped_bit(ask: Ask, reader: str, kind: str, algorithm: int) -> None:
    written, public = code(kind, algorithm)
    cose = text.decode(written)
    # A byte in the card's number, which every reader shows, and one in the signature.
    for index in (cose.index(b"4718200653195") + 12, len(cose) - 1):
        with pytest.raises(PeerRefused, match=r"(?i)signature|verif"):
            ask(reader, public, text=text.encode(flipped(cose, index)))


def test_claim169_refuses_gate_codes(ask: Ask) -> None:
    """Not a wish but a fact that docs/format.md states: gate codes carry no claim 169."""
    written, public = code("gate", EDDSA)
    with pytest.raises(PeerRefused, match="Claim169NotFound"):
        ask("claim169", public, text=written)


@pytest.mark.parametrize(("reader", "kind"), READS)
def test_reads_issued_cards(ask: Ask, city: City, reader: str, kind: str) -> None:
    card = city.cards[0]
    written = card.gate_text if kind == "gate" else card.identity_text
    public = signed_by(city, text.decode(written))
    claims = ask(reader, public, text=written)
    assert claims["sub"] == card.number
    if reader == "claim169":
        assert claims["id"] == card.number
        assert claims["nationality"] == "KEN"
        assert str(claims["full_name"]).startswith("O'Brien-Haddad")


def signed_by(city: City, cose: bytes) -> PublicKey:
    """The key of the city's key list that the message names."""
    kid = headers(decode_sign1(cose).protected).kid
    assert kid is not None
    return city.keys()[kid]
