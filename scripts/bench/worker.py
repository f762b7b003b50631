"""Run by the interpreter of ``.venv-oracles``: other people's libraries read our codes, timed in here.

One JSON object a line in, one out. ``load`` gives a reader its inputs and answers what it read in each;
``lap`` reads all of them so many times and answers the seconds. Nothing here imports our own packages.
"""

import base64
import json
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import base45
import cbor2
import claim169
import cwt
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwcrypto.jwk import JWK
from pycose.keys import OKPKey
from pycose.keys.curves import Ed25519
from pycose.messages import CoseMessage
from sd_jwt.common import SDObj
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier

# Run by path and isolated, so this folder is not on the way by itself.
sys.path.insert(0, str(Path(__file__).parent))
from worker_print import use_fpdf2, use_typst, use_weasyprint

Reader = Callable[[str], Any]
Request = dict[str, Any]

#: Claims of a signed token that everybody must see to check it (RFC 9901 section 9.7).
REGISTERED = ("iss", "exp", "nbf", "iat")


def use_base45(request: Request) -> tuple[Reader, list[str]]:
    """PyPI base45, nothing but the text."""
    return base45.b45decode, request["texts"]


def use_claim169(request: Request) -> tuple[Reader, list[str]]:
    """PyPI claim169 from text to claims, dates judged; it refuses codes without claim 169."""
    raw = bytes.fromhex(request["key"])
    return lambda text: claim169.decode(text, verify_with_ed25519=raw), request["texts"]


def use_cwt(request: Request) -> tuple[Reader, list[str]]:
    """PyPI cwt behind base45 and zlib, its key loaded once."""
    # cwt looks for the key by kid, so the key has to carry it.
    key = {1: 1, -1: 6, 3: -8, 2: bytes.fromhex(request["kid"]), -2: bytes.fromhex(request["key"])}
    loaded = cwt.COSEKey.new(key)
    return lambda text: cwt.decode(zlib.decompress(base45.b45decode(text)), loaded), request["texts"]


def use_pycose(request: Request) -> tuple[Reader, list[str]]:
    """PyPI pycose behind base45 and zlib, its key loaded once; it judges no dates."""
    key = OKPKey(crv=Ed25519, x=bytes.fromhex(request["key"]))

    def read(text: str) -> Any:
        message = CoseMessage.decode(zlib.decompress(base45.b45decode(text)))
        message.key = key
        if not message.verify_signature():
            raise ValueError("the signature does not fit")
        return cbor2.loads(message.payload)

    return read, request["texts"]


def use_pyjwt(request: Request) -> tuple[Reader, list[str]]:
    """PyJWT on tokens with the same claims, signed here by a key of its own."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key()
    tokens = [jwt.encode(claims, private, algorithm="EdDSA") for claims in request["claims"]]
    return lambda token: jwt.decode(token, public, algorithms=["EdDSA"]), [*map(bend(request), tokens)]


def use_sd_jwt(request: Request) -> tuple[Reader, list[str]]:
    """PyPI sd-jwt on the same claims, each that can be hidden in a disclosure, and all disclosed."""
    key = JWK.generate(kty="OKP", crv="Ed25519")
    public = JWK.from_json(key.export_public())

    def token(claims: dict[str, Any]) -> str:
        hidden = {name if name in REGISTERED else SDObj(name): value for name, value in claims.items()}
        # As issued, with every disclosure beside it: all is shown, so the claims are equal to the card's.
        return str(SDJWTIssuer(hidden, key, sign_alg="EdDSA").sd_jwt_issuance)

    def read(presentation: str) -> Any:
        return SDJWTVerifier(presentation, lambda issuer, header: public).get_verified_payload()

    return read, [*map(bend(request), map(token, request["claims"]))]


def bend(request: Request) -> Callable[[str], str]:
    """For a test that forged tokens are refused: one character of the signature is another one."""
    if not request.get("forge"):
        return lambda token: token

    def forge(token: str) -> str:
        head, payload, signature = token.split(".", 2)
        return f"{head}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"

    return forge


USES = {
    "base45": use_base45,
    "claim169": use_claim169,
    "cwt": use_cwt,
    "pycose": use_pycose,
    "pyjwt": use_pyjwt,
    "sd-jwt": use_sd_jwt,
    "fpdf2": use_fpdf2,
    "typst": use_typst,
    "weasyprint": use_weasyprint,
}


def subject(read: Any) -> str:
    """What tells the card in whatever a library gives back; the bytes themselves where it only decodes."""
    if isinstance(read, bytes):
        return base64.b64encode(read).decode("ascii")
    if hasattr(read, "cwt_meta"):
        if not read.is_verified():
            raise ValueError("claim169 did not verify the signature")
        return str(read.cwt_meta.subject)
    return str(read["sub"] if "sub" in read else read[2])


def lap(reader: Reader, inputs: list[str], loops: int) -> float:
    """Seconds for reading all inputs so many times."""
    begun = time.perf_counter()
    for _ in range(loops):
        for text in inputs:
            reader(text)
    return time.perf_counter() - begun


def main() -> None:
    """Answer requests until standard input ends."""
    loaded: dict[str, tuple[Reader, list[str]]] = {}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "load":
                reader, inputs = USES[request["use"]](request)
                answer: Request = {"read": [subject(reader(text)) for text in inputs]}
                loaded[request["as"]] = reader, inputs
            else:
                answer = {"seconds": lap(*loaded[request["as"]], request["loops"])}
        except Exception as error:  # noqa: BLE001 - whatever a library raises is its refusal, named in the answer
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


main()
