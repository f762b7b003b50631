"""A throw-away issuer: every card is signed by it and judged, before the real key signs.

Nothing unchecked can be signed, because what is signed has passed the very procedure that gates run. The
throw-away keys are in no trust list of anybody, so a preview or a slip made with them opens nothing.
"""

from issuance.errors import IssuanceError
from keys.signer import MemorySigner, cosign, new_signer, sign1
from verify import cose, text
from verify.card import Card
from verify.days import DAY_S
from verify.keylist import KEYS_TYP, KeyList, KeyUse, TrustedKey, encode_key_list
from verify.permits import PERMIT_TYP, encode_permit_claims
from verify.rules import Policy
from verify.services import CardClass
from verify.status import STATUS_TYP, encode_status_claims, pack
from verify.store import SeenInMemory
from verify.trust import TrustState, accept
from verify.trustdocs import BUNDLE_TYP, ROOT_TYP, Bundle, RootDocument, encode_bundle, encode_root
from verify.verdict import Answer
from verify.verifier import Presentation, Verifier

_VENUE = "rehearsal"
_LIFE_S = 14 * DAY_S
#: Lists are dated a little before the card, as the real ones are when a card meets its first reader.
_BEFORE_S = 60


class Rehearsal:
    """A throw-away issuer of one moment: keys, root, key list, and a reader that trusts them alone."""

    def __init__(
        self, issuer: str, now: int, *, day_offset_s: int, permit_free: frozenset[CardClass]
    ) -> None:
        """Make the keys; ``now`` is the moment of issue in epoch seconds."""
        self._issuer, self._made, self._offset = issuer, now - _BEFORE_S, day_offset_s
        self._permit_free = frozenset(map(int, permit_free))
        self._card, self._status, self._bundle = new_signer(), new_signer(), new_signer()
        self._root = _root(self._made)
        self._verifiers: dict[str, Verifier] = {}

    def sign(self, payload: bytes) -> bytes:
        """The payload as a card of nobody: what a preview shows."""
        return sign1(self._card, payload)

    def text(self, payload: bytes) -> str:
        """The text of that card, to measure how large the real one will be."""
        return text.encode(self.sign(payload))

    def check(self, payload: bytes, meant: Card) -> None:
        """Judge the payload as a gate would, a moment after issue; anything but ``allow`` is refused here."""
        if Card.decode(payload) != meant:
            raise IssuanceError(
                "not_what_was_meant", "the bytes to be signed do not read back as the card meant"
            )
        if meant.status is None:
            raise IssuanceError("not_what_was_meant", "a printed card needs a place in a status list")
        verifier = self._verifiers.get(meant.status.uri)
        if verifier is None:
            verifier = self._verifiers[meant.status.uri] = self._reader(meant.status.uri)
        verdict = verifier.judge(Presentation(self.sign(payload)), meant.issued_at)
        if verdict.answer is not Answer.ALLOW:
            words = f"a gate would answer {verdict.answer} {verdict.reason} to this card: {verdict.words}"
            raise IssuanceError("fails_rehearsal", words)

    def _reader(self, uri: str) -> Verifier:
        made, exp = self._made, self._made + _LIFE_S
        state, (root, keys) = TrustState.pin(self._root[0], now=made), self._root
        lists = encode_status_claims(uri=uri, iat=made, exp=exp, ttl=None, data=pack({}))
        permits = encode_permit_claims(uri=uri, iat=made, exp=exp, days={})
        bundle = Bundle(
            issuer=self._issuer,
            venue=_VENUE,
            epoch=1,
            seq=1,
            iat=made,
            exp=exp,
            ttl=DAY_S,
            roots=(root,),
            key_list=_cosigned(KEYS_TYP, encode_key_list(self._key_list()), keys),
            status=(sign1(self._status, lists, STATUS_TYP),),
            permits=(sign1(self._status, permits, PERMIT_TYP),),
            entitlements=(),
            policy=Policy(permit_free=self._permit_free).encode(),
        )
        _, trust = accept(state, _cosigned(BUNDLE_TYP, encode_bundle(bundle), (self._bundle,)), made)
        return Verifier(trust, seen=SeenInMemory())

    def _key_list(self) -> KeyList:
        begins, ends = self._made - DAY_S, self._made + DAY_S
        believed = self._made + _LIFE_S
        uses = ((self._card, KeyUse.CARD), (self._status, KeyUse.STATUS), (self._bundle, KeyUse.BUNDLE))
        keys = tuple(
            TrustedKey(signer.public, use, begins, ends, believed, epoch=None if use is KeyUse.CARD else 1)
            for signer, use in uses
        )
        return KeyList(self._issuer, self._made, 1, 1, self._offset, keys)


def _root(made: int) -> tuple[bytes, tuple[MemorySigner, ...]]:
    keys = (new_signer(), new_signer())
    publics = tuple(sorted((key.public for key in keys), key=lambda public: public.raw))
    payload = encode_root(RootDocument(1, made, made + _LIFE_S, 2, publics))
    return _cosigned(ROOT_TYP, payload, keys), keys


def _cosigned(typ: str, payload: bytes, signers: tuple[MemorySigner, ...]) -> bytes:
    protected = cose.protected_header(typ=typ)
    return cose.encode_sign(protected, payload, [cosign(signer, protected, payload) for signer in signers])
