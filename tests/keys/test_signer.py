import json
from pathlib import Path

import pytest
from nacl.public import PublicKey as SealKey
from nacl.public import SealedBox

from keys.errors import KeysError
from keys.files import Passphrase, seal_file
from keys.signer import (
    memory_signer,
    new_secret,
    new_signer,
    open_key,
    open_signer,
    seal_box,
    seal_key,
    sign1,
    unseal,
)
from tests.keys.conftest import CHEAP
from verify.cose import (
    EDDSA,
    ES256,
    SEALING,
    decode_sign1,
    headers,
    sign1_tbs,
    verify_signature,
)

# RFC 8032 section 7.1, test 2, and RFC 6979 A.2.5 (P-256, SHA-256, message "sample").
ED_SECRET = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
ED_SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)
P256_SECRET = bytes.fromhex("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721")
P256_SIGNATURE = bytes.fromhex(
    "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
    "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
)


def test_signatures_are_those_of_the_standards() -> None:
    assert memory_signer(ED_SECRET).sign(b"\x72") == ED_SIGNATURE
    assert memory_signer(P256_SECRET, ES256).sign(b"sample") == P256_SIGNATURE


@pytest.mark.parametrize("algorithm", [EDDSA, ES256])
def test_sign1_verifies_and_repeats(algorithm: int) -> None:
    signer = new_signer(algorithm)
    assert new_signer(algorithm).public != signer.public
    data = sign1(signer, b"payload", "application/x")
    assert data == sign1(signer, b"payload", "application/x")
    read = decode_sign1(data)
    head = headers(read.protected)
    assert (head.algorithm, head.kid, head.typ) == (algorithm, signer.public.kid, "application/x")
    assert verify_signature(signer.public, sign1_tbs(read.protected, b"payload"), read.signature)
    assert not verify_signature(signer.public, sign1_tbs(read.protected, b"Payload"), read.signature)


@pytest.mark.parametrize(("name", "algorithm"), [("EdDSA", EDDSA), ("ES256", ES256)])
def test_a_file_key_opens_by_uri(vault: Path, passphrase: Passphrase, name: str, algorithm: int) -> None:
    path = vault / "a key.key"
    public = seal_key(path, new_secret(algorithm), algorithm, "card", passphrase, cost=CHEAP)
    signer = open_signer(path.as_uri(), passphrase, use="card")
    assert signer.public == public
    assert verify_signature(public, b"m", signer.sign(b"m"))
    assert "_sign" not in repr(signer)
    with pytest.raises(KeysError) as caught:
        open_signer(path.as_uri(), passphrase, use="status")
    assert caught.value.reason == "wrong_key_use"
    assert open_signer(f"memory:{name}").public.algorithm == algorithm


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("hsm:slot/1", "signer_unsupported"),
        ("pkcs11:token=city", "signer_unsupported"),
        ("memory:RSA", "signer_unsupported"),
        ("http://example.org/key", "signer_unsupported"),
        ("file://example.org/key", "signer_unsupported"),
        ("/plain/path.key", "signer_unsupported"),
        ("file:/nowhere.key", "passphrase_missing"),
    ],
)
def test_other_uris_are_refused(uri: str, reason: str) -> None:
    with pytest.raises(KeysError) as caught:
        open_signer(uri)
    assert caught.value.reason == reason


def test_a_private_key_that_is_not_its_header_is_refused(vault: Path, passphrase: Passphrase) -> None:
    # The passphrase holder themself writes the wrong pair: the seal holds, the keys do not match.
    path = vault / "odd.key"
    other = new_signer().public
    header = {"use": "card", "algorithm": "EdDSA", "kid": other.kid.hex(), "public": other.raw.hex()}
    seal_file(path, ED_SECRET, header, passphrase, cost=CHEAP)
    with pytest.raises(KeysError) as caught:
        open_key(path, passphrase)
    assert caught.value.reason == "key_mismatch"
    seal_file(vault / "name.key", ED_SECRET, header | {"algorithm": "none"}, passphrase, cost=CHEAP)
    with pytest.raises(KeysError) as caught:
        open_key(vault / "name.key", passphrase)
    assert caught.value.reason == "wrong_algorithm"


@pytest.mark.parametrize(("secret", "algorithm"), [(b"", EDDSA), (bytes(32), ES256), (b"\xff" * 32, ES256)])
def test_secrets_that_are_no_key(secret: bytes, algorithm: int) -> None:
    with pytest.raises(KeysError) as caught:
        memory_signer(secret, algorithm)
    assert caught.value.reason == "key_mismatch"


def test_seal_key_opens_what_was_sealed_to_it(vault: Path, passphrase: Passphrase) -> None:
    path = vault / "seal.key"
    public = seal_key(path, new_secret(SEALING), SEALING, "seal", passphrase, cost=CHEAP)
    assert json.loads(path.read_text())["header"]["algorithm"] == "X25519"
    _, secret = open_key(path, passphrase, use="seal")
    sealed = SealedBox(SealKey(public.raw)).encrypt(b"records")
    box = seal_box(secret)
    assert unseal(box, sealed) == b"records"
    assert unseal(box, sealed[:-1]) is None
    with pytest.raises(KeysError) as caught:
        memory_signer(secret, SEALING)
    assert caught.value.reason == "wrong_algorithm"
