"""token-status-list reads our status lists, in the CWT and in the JWT form."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from keys.signer import new_signer, sign1
from tests.city import City
from tests.oracles.conftest import PeerRefused
from tests.oracles.test_cards import flipped, signed_by
from verify import text
from verify.card import Card
from verify.cose import EDDSA, ES256, decode_sign1
from verify.status import REPLACED, REVOKED, STATUS_TYP, SUSPENDED, StatusList, encode_status_claims, pack
from verify.status_jwt import encode_status_jwt, jwt_signing_input

Ask = Callable[..., dict[str, object]]

URI = "https://card.example/s/abc"
VALUES = {0: REVOKED, 1: SUSPENDED, 5: REPLACED, 131071: SUSPENDED}
INDICES = [0, 1, 2, 3, 4, 5, 6, 70000, 131070, 131071]
EXPECTED = [VALUES.get(index, 0) for index in INDICES]


@pytest.mark.parametrize("algorithm", [EDDSA, ES256])
def test_reads_the_cwt_form(ask: Ask, algorithm: int) -> None:
    iat, signer = int(datetime.now(UTC).timestamp()), new_signer(algorithm)
    payload = encode_status_claims(uri=URI, iat=iat, exp=iat + 3600, ttl=600, data=pack(VALUES))
    message = sign1(signer, payload, STATUS_TYP)
    read = ask("status_cwt", signer.public, cose=message.hex(), indices=INDICES)
    assert read == {"sub": URI, "size": 131072, "at": EXPECTED}
    with pytest.raises(PeerRefused):
        ask("status_cwt", signer.public, cose=flipped(message, len(message) - 1).hex(), indices=INDICES)


@pytest.mark.parametrize("algorithm", [EDDSA, ES256])
def test_reads_the_jwt_form(ask: Ask, algorithm: int) -> None:
    iat, signer = int(datetime.now(UTC).timestamp()), new_signer(algorithm)
    status = StatusList(uri=URI, iat=iat, exp=iat + 3600, ttl=600, bits=2, data=pack(VALUES))
    signing_input = jwt_signing_input(status, signer.public)
    token = encode_status_jwt(signing_input, signer.sign(signing_input))
    read = ask("status_jwt", signer.public, jwt=token, indices=INDICES)
    assert read == {"sub": URI, "size": 131072, "at": EXPECTED}
    forged = encode_status_jwt(signing_input, signer.sign(signing_input + b"."))
    with pytest.raises(PeerRefused, match="Signature"):
        ask("status_jwt", signer.public, jwt=forged, indices=INDICES)


def test_reads_the_lists_of_a_bundle(ask: Ask, city: City) -> None:
    valid, suspended = (Card.decode(decode_sign1(text.decode(card.gate_text)).payload) for card in city.cards)
    assert valid.status is not None
    assert suspended.status is not None
    (message,) = city.status_lists()
    read = ask(
        "status_cwt",
        signed_by(city, message),
        cose=message.hex(),
        indices=[valid.status.index, suspended.status.index],
    )
    assert (read["sub"], read["at"]) == (valid.status.uri, [0, SUSPENDED])
