"""Whose signature counts: k of n root keys, or one online key of the right use, epoch and time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from verify.cose import (
    KNOWN_ALGORITHMS,
    Headers,
    PublicKey,
    Sign,
    decode_sign,
    decode_sign1,
    fits,
    headers,
    sign1_tbs,
    sign_tbs,
    verify_signature,
)
from verify.errors import CardsvcError, Refused, Unchecked
from verify.fields import malformed
from verify.keylist import KeyUse, TrustedKey
from verify.words import moment

#: Far more than root keys or algorithms: nobody may make a reader check signatures all day.
MAX_SIGNERS: Final = 32


def read_sign(data: bytes, typ: str) -> Sign:
    """The COSE_Sign in ``data``, which must say it is of ``typ``; its signatures are still to be judged.

    Raises ``malformed`` or ``wrong_type``.
    """
    sign = decode_sign(data)
    _check_typ(headers(sign.protected), typ)
    if len(sign.signatures) > MAX_SIGNERS:
        raise malformed(f"{typ}: expected at most {MAX_SIGNERS} signers, found {len(sign.signatures)}")
    return sign


def check_threshold(sign: Sign, keys: Iterable[PublicKey], threshold: int, what: str) -> None:
    """Refuse unless ``threshold`` *different* keys of ``keys`` signed.

    Signers of unknown algorithms or keys are skipped, not fatal, so that a further signer can be added.
    Raises ``bad_signature`` where a listed key's signature is wrong, else ``too_few_signatures``.
    """
    listed = tuple(keys)
    good: set[PublicKey] = set()
    wrong = 0
    for signer in sign.signatures:
        head = _known(signer.protected)
        candidates = [key for key in listed if head and key.kid == head.kid and fits(key, head.algorithm)]
        message = sign_tbs(sign.protected, signer.protected, sign.payload)
        right = [key for key in candidates if verify_signature(key, message, signer.signature)]
        good.update(right)
        wrong += bool(candidates) and not right
    if len(good) >= threshold:
        return
    if wrong:
        raise Refused("bad_signature", f"{what}: {wrong} signature(s) do not belong to these bytes")
    raise Refused(
        "too_few_signatures", f"{what}: expected {threshold} different root keys, found {len(good)}"
    )


@dataclass(frozen=True, slots=True)
class OnlineKeys:
    """The status and bundle keys that may speak in one epoch."""

    keys: Mapping[bytes, Sequence[TrustedKey]]
    epoch: int

    def check_sign(self, sign: Sign, use: KeyUse, iat: int, exp: int, what: str) -> None:
        """Refuse unless one signer of a COSE_Sign living from ``iat`` to ``exp`` is a key of ``use``.

        The reason is the first that a listed signer failed for: ``wrong_key_use`` (also outside the key's
        window), ``wrong_epoch``, ``bad_signature``; ``too_few_signatures`` where no signer is listed.
        """
        failed: CardsvcError | None = None
        for signer in sign.signatures:
            head = _known(signer.protected)
            if head is None or not self.keys.get(head.kid or b""):
                continue
            message = sign_tbs(sign.protected, signer.protected, sign.payload)
            try:
                key = self._signer(head, head.kid, use, message, signer.signature, what)
                check_window(key, iat, exp, what)
            except Refused as error:
                failed = failed or error
            else:
                return
        raise failed or Refused("too_few_signatures", f"{what}: no signer is in the key list")

    def open_list(self, data: bytes, typ: str) -> tuple[bytes, TrustedKey]:
        """The payload of a COSE_Sign1 list of ``typ``, and the status key that signed it.

        The window is still to be checked against iat and exp in the payload (:func:`check_window`).
        """
        sign1 = decode_sign1(data)
        head = headers(sign1.protected)
        _check_typ(head, typ)
        message = sign1_tbs(sign1.protected, sign1.payload)
        key = self._signer(head, sign1.kid(head), KeyUse.STATUS, message, sign1.signature, typ)
        return sign1.payload, key

    def _signer(
        self, head: Headers, kid: bytes | None, use: KeyUse, message: bytes, signature: bytes, what: str
    ) -> TrustedKey:
        listed = [key for key in self.keys.get(kid or b"", ()) if fits(key.public, head.algorithm)]
        if not listed:
            raise Refused("too_few_signatures", f"{what}: the signer is not in the key list")
        fit = [key for key in listed if key.use is use]
        if not fit:
            found = listed[0].use.name.lower()
            raise Refused("wrong_key_use", f"{what}: expected a {use.name.lower()} key, found a {found} key")
        current = [key for key in fit if key.epoch == self.epoch]
        if not current:
            raise Refused("wrong_epoch", f"{what}: expected epoch {self.epoch}, the key is of {fit[0].epoch}")
        for key in current:
            if verify_signature(key.public, message, signature):
                return key
        raise Refused("bad_signature", f"{what}: the signature does not belong to these bytes")


def check_window(key: TrustedKey, iat: int, exp: int, what: str) -> None:
    """Refuse, as ``wrong_key_use``, what a key signed outside its window or what outlives the trust in it."""
    if not key.covers(iat):
        raise Refused(
            "wrong_key_use", f"{what}: made at {moment(iat)}, outside the signing window of its key"
        )
    if exp > key.trust_until:
        raise Refused(
            "wrong_key_use",
            f"{what}: good until {moment(exp)}, its key is trusted until {moment(key.trust_until)} only",
        )


def _known(protected: bytes) -> Headers | None:
    """The headers of a signer that this reader can judge; None for one of another world, which is skipped."""
    try:
        head = headers(protected)
    except Unchecked:
        return None
    return head if head.algorithm in KNOWN_ALGORITHMS else None


def _check_typ(head: Headers, typ: str) -> None:
    if head.typ != typ:
        raise Refused("wrong_type", f"expected an object of type {typ}, found {head.typ}")
