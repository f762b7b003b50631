"""``check``: the text of a code to its verdict, all steps, off line, against everybody who reads such codes.

Every contestant reads the same sixty-four cards. Ours is a fresh reader for every pass over them, so that no
memory of a code counts; what a door remembers is the goal ``repeat``.
"""

import base64
import time
from collections.abc import Iterator, Mapping, Sequence

from nacl.bindings import crypto_sign_open

from keys.bundle import ListSnapshot
from scripts.bench.measure import Lap, Row, against, duels, require
from scripts.bench.peers import Peers
from scripts.bench.town import URI, Town
from verify import cbor, text
from verify.card import Card
from verify.claims import mapping
from verify.cose import decode_sign1, sign1_tbs
from verify.services import Service
from verify.trust import Trust
from verify.verdict import Answer
from verify.verifier import Presentation

CARDS = 64
#: First steps: raw libsodium does nothing but the signature, so the ratio is the share of it.
RAW_GATE, RAW_IDENTITY = 0.68, 0.60
TARGETS = {"claim169": 0.65, "cwt": 3.0, "pycose": 3.0, "pyjwt": 2.5, "sd-jwt": 4.0}
NAMES = {
    "claim169": "PyPI claim169 (Rust)",
    "cwt": "Base45 + zlib + cwt",
    "pycose": "Base45 + zlib + pycose",
    "pyjwt": "PyJWT EdDSA, equal claims",
    "sd-jwt": "sd-jwt EdDSA, equal claims",
}
_REGISTERED: Mapping[object, str] = {1: "iss", 2: "sub", 4: "exp", 5: "nbf", 6: "iat", 7: "jti"}


def run(town: Town, peers: Peers) -> Iterator[Row]:
    """A row for every size and peer."""
    trust = town.accept(town.bundle([ListSnapshot(URI)]))
    sizes = {
        "gate code": (town.gate_cards(CARDS), RAW_GATE),
        "identity code, face of 250 bytes": (town.identity_cards(CARDS, 250), RAW_IDENTITY),
        "identity code, face of 400 bytes": (town.identity_cards(CARDS, 400), RAW_IDENTITY),
    }
    for size, (cards, raw_target) in sizes.items():
        codes = [town.sign(card) for card in cards]
        texts = [text.encode(code) for code in codes]
        work = f"{size}, {round(sum(map(len, texts)) / CARDS)} characters"
        laps = {use: peers.lap(use) for use in load(peers, town, cards, texts)}
        found = duels(judging(town, trust, texts), {"raw": _raw(town, codes), **laps})
        for peer, duel in found.items():
            name = NAMES.get(peer, "libsodium crypto_sign_open, same bytes")
            target = TARGETS.get(peer, raw_target)
            yield against("check", work, name, duel, unit="µs", scale=1e6 / CARDS, target=target)


def load(
    peers: Peers, town: Town, cards: Sequence[Card], texts: Sequence[str], *, forge: bool = False
) -> list[str]:
    """Give every library that reads such cards its inputs; all of them must have read every card.

    claim169 takes part only where there is a claim 169: it refuses gate codes.
    """
    key = {"key": town.public.raw.hex(), "kid": town.public.kid.hex()}
    numbers = [card.number for card in cards]
    uses = [use for use in NAMES if use != "claim169" or cards[0].identity is not None]
    for use in uses:
        as_json = use in ("pyjwt", "sd-jwt")
        inputs = (
            {"claims": [*map(json_claims, cards)], "forge": forge} if as_json else {"texts": texts, **key}
        )
        read = peers.load(use, use, **inputs)
        require(list(read) == numbers, f"{use} read other cards than were given to it")
    return uses


def judging(town: Town, trust: Trust, texts: Sequence[str]) -> Lap:
    """Our side: a fresh reader judges every card at the library's door; all are allowed."""

    def lap(loops: int) -> float:
        seconds = 0.0
        for _ in range(loops):
            reader = town.reader(trust)
            begun = time.perf_counter()
            for code in texts:
                verdict = reader.judge(Presentation(code, Service.LIBRARY), town.second)
            seconds += time.perf_counter() - begun
            require(verdict.answer is Answer.ALLOW, f"not allowed, {verdict.reason}: {verdict.words}")
        return seconds

    return lap


def json_claims(card: Card) -> dict[str, object]:
    """The same claims as JSON: registered names where there are any, bytes as base64url."""
    claims = mapping(cbor.decode(card.encode()), "the payload")
    return {_REGISTERED.get(label, str(label)): _json(value) for label, value in claims.items()}


def _json(value: object) -> object:
    if isinstance(value, bytes):
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")
    if isinstance(value, Mapping):
        return {str(label): _json(part) for label, part in value.items()}
    return [_json(part) for part in value] if isinstance(value, list | tuple) else value


def _raw(town: Town, codes: Sequence[bytes]) -> Lap:
    """Nothing but libsodium, on messages that lie ready."""
    parts = [decode_sign1(code) for code in codes]
    signed = [part.signature + sign1_tbs(part.protected, part.payload) for part in parts]
    public = town.public.raw

    def lap(loops: int) -> float:
        begun = time.perf_counter()
        for _ in range(loops):
            for message in signed:
                crypto_sign_open(message, public)
        return time.perf_counter() - begun

    return lap
