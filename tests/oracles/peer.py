"""Run by the interpreter of the oracles' environment: other people's libraries read what stands on stdin.

One JSON object in, one out: {"ok": true, "claims": …} or {"ok": false, "error": name of the exception}.
"""

import base64
import json
import sys
import zlib

import base45
import cbor2
import claim169
import cwt
import jwt
from pycose.keys import EC2Key, OKPKey
from pycose.keys.curves import P256, Ed25519
from pycose.messages import CoseMessage
from token_status_list import BitArray

NOW_IS_JUDGED_ELSEWHERE = {"validate_timestamps": False}


def cose_of(request):
    if "cose" in request:
        return bytes.fromhex(request["cose"])
    return zlib.decompress(base45.b45decode(request["text"]))


def read_claim169(request):
    name = "verify_with_ed25519" if request["algorithm"] == -8 else "verify_with_ecdsa_p256"
    key = {name: bytes.fromhex(request["key"])}
    result = claim169.decode(request["text"], **key, **NOW_IS_JUDGED_ELSEWHERE)
    assert result.is_verified()
    person, meta = result.claim169, result.cwt_meta
    return {
        "iss": meta.issuer,
        "sub": meta.subject,
        "exp": meta.expires_at,
        "id": person.id,
        "full_name": person.full_name,
        "birth": person.date_of_birth,
        "gender": int(person.gender),
        "nationality": person.nationality,
        "photo": bytes(person.photo).hex() if person.photo else None,
        "photo_format": int(person.photo_format) if person.photo_format else None,
    }


def read_cwt(request):
    raw = bytes.fromhex(request["key"])
    # cwt looks for the key by kid, so the key has to carry it.
    key = {2: bytes.fromhex(request["kid"]), 3: request["algorithm"]}
    if request["algorithm"] == -8:
        key |= {1: 1, -1: 6, -2: raw}
    else:
        key |= {1: 2, -1: 1, -2: raw[1:33], -3: raw[33:]}
    claims = cwt.decode(cose_of(request), cwt.COSEKey.new(key))
    return {"iss": claims.get(1), "sub": claims.get(2), "exp": claims.get(4)}


def read_pycose(request):
    raw = bytes.fromhex(request["key"])
    message = CoseMessage.decode(cose_of(request))
    if request["algorithm"] == -8:
        message.key = OKPKey(crv=Ed25519, x=raw)
    else:
        message.key = EC2Key(crv=P256, x=raw[1:33], y=raw[33:])
    if not message.verify_signature():
        raise ValueError("signature")
    claims = cbor2.loads(message.payload)
    return {"iss": claims.get(1), "sub": claims.get(2), "exp": claims.get(4)}


def read_status_cwt(request):
    read_pycose(request)
    claims = cbor2.loads(CoseMessage.decode(cose_of(request)).payload)
    inner = claims[65533]
    values = BitArray(inner["bits"], zlib.decompress(inner["lst"]))
    return {"sub": claims[2], "size": len(values), "at": [values[index] for index in request["indices"]]}


def read_status_jwt(request):
    name = "Ed25519" if request["algorithm"] == -8 else "P-256"
    raw = bytes.fromhex(request["key"])
    parts = {"x": raw} if name == "Ed25519" else {"x": raw[1:33], "y": raw[33:]}
    jwk = {"kty": "OKP" if name == "Ed25519" else "EC", "crv": name}
    jwk |= {part: base64.urlsafe_b64encode(value).rstrip(b"=").decode() for part, value in parts.items()}
    claims = jwt.decode(request["jwt"], jwt.PyJWK.from_dict(jwk).key, algorithms=["EdDSA", "ES256"])
    assert jwt.get_unverified_header(request["jwt"])["typ"] == "statuslist+jwt"
    values = BitArray.load(claims["status_list"])
    return {"sub": claims["sub"], "size": len(values), "at": [values[index] for index in request["indices"]]}


READERS = {
    "claim169": read_claim169,
    "cwt": read_cwt,
    "pycose": read_pycose,
    "status_cwt": read_status_cwt,
    "status_jwt": read_status_jwt,
}


def main():
    request = json.load(sys.stdin)
    try:
        answer = {"ok": True, "claims": READERS[request["reader"]](request)}
    except Exception as error:  # noqa: BLE001 - whatever a library raises is its refusal, named in the answer
        answer = {"ok": False, "error": f"{type(error).__name__}: {error}"}
    json.dump(answer, sys.stdout)


main()
