"""The readers in Python and TypeScript judge the same ten thousand: same verdict, same reason, same view."""

import json
import random
from collections import Counter
from typing import Any

import cbor2
import pytest

from tests.verify import trustkit as kit
from tests.verify.test_hostile import mutate
from tests.web_reader import cases
from tests.web_reader.bundles import bundles
from tests.web_reader.driver import Driver, form_of, item_of
from verify import cbor
from verify.card import Card
from verify.errors import CardsvcError, Refused
from verify.rules import Policy
from verify.store import SeenInMemory
from verify.trust import TrustState, accept
from verify.verifier import Presentation, Verifier

CODES, BUNDLES, ITEMS = 9_500, 500, 3_000
#: Every reason of section 8 but those of a reader with a memory of its own.
REASONS = {
    *("ok", "not_ours", "malformed", "unsupported", "clock_suspect", "unknown_key", "wrong_key_use"),
    *("distrusted_key", "bad_signature", "stripped_binding", "stale_code", "replayed", "wrong_chip"),
    *("chip_not_proved", "not_yet_valid", "expired", "data_expired", "data_stale", "revoked", "suspended"),
    *("replaced", "status_unknown", "permit_unknown", "no_entitlement", "entitlement_withdrawn"),
    *("low_assurance", "outside_hours"),
}


def test_codes(browser_reader: Driver) -> None:
    readers: list[Verifier] = []
    for number, (world, role) in enumerate(cases.worlds()):
        root, bundle = cases.w.root(), world.bundle()
        browser_reader.ask("pin", reader=str(number), root=root, now=world.iat)
        browser_reader.ask("accept", reader=str(number), bundle=bundle, now=world.iat, role=role.value)
        _, trust = accept(TrustState.pin(root, now=world.iat), bundle, world.iat)
        readers.append(Verifier(trust, role=role, seen=SeenInMemory()))
    judged = list(cases.Maker().presentations(CODES))
    requests = [request_of(case) for case in judged]
    reasons: Counter[str] = Counter()
    for case, request, answer in zip(judged, requests, browser_reader.answers(requests), strict=True):
        verdict = readers[case.world].judge(case.shown, case.now)
        mine = json.loads(json.dumps(verdict.to_json() | {"language": verdict.language}))
        theirs = answer.get("result")
        assert theirs is not None, (answer, request)
        mine["words"] = theirs["words"] = None
        assert theirs == mine, json.dumps(request)
        reasons[mine["reason"]] += 1
    print(f" {reasons.total()} codes: {dict(reasons)} ")
    assert reasons.keys() >= REASONS


def request_of(case: cases.Judged) -> dict[str, Any]:
    shown: Presentation = case.shown
    request: dict[str, Any] = {"op": "judge", "reader": str(case.world), "now": case.now}
    request |= {"service": shown.service, "direction": shown.direction.value}
    request |= {"text": shown.code} if isinstance(shown.code, str) else {"cose": shown.code.hex()}
    if shown.tag_uid is not None:
        request["tag_uid"] = shown.tag_uid.hex()
    if shown.chip_proof is not None:
        proof = shown.chip_proof
        request["chip_proof"] = {"key": proof.key.hex(), "challenge": proof.challenge.hex()}
        request["chip_proof"] |= {"signature": proof.signature.hex(), "took_s": proof.took_s}
    if shown.challenge is not None:
        asked = shown.challenge
        request["challenge"] = {
            "nonce": asked.nonce.hex(),
            "audience": asked.audience,
            "shown_at": asked.shown_at,
        }
    return request


def test_bundles(browser_reader: Driver) -> None:
    reasons: Counter[str] = Counter()
    state = TrustState.pin(kit.root_document(), now=kit.NOW)
    for bundle, now, afresh in bundles(BUNDLES):
        if afresh:
            state = TrustState.pin(kit.root_document(), now=kit.NOW)
            browser_reader.ask("pin", reader="bundles", root=kit.root_document(), now=kit.NOW)
        mine: object
        try:
            following, trust = accept(state, bundle, now)
            Policy.decode(trust.policy)  # Rules that a reader lacks must not push out the last good bundle.
            state = following
            mine = json.loads(state.to_json())
            reasons["ok"] += 1
        except CardsvcError as error:
            mine = (type(error).__name__, error.reason)
            reasons[error.reason] += 1
        theirs: object
        try:
            theirs = json.loads(
                browser_reader.ask("accept", reader="bundles", bundle=bundle, now=now)["state"]
            )
        except CardsvcError as error:
            theirs = (type(error).__name__, error.reason)
        assert theirs == mine, (bundle.hex(), now)
    print(f" {reasons.total()} bundles: {dict(reasons)} ")
    assert len(reasons) >= 14


def test_cbor_items(browser_reader: Driver) -> None:
    choose = random.Random(8949)
    samples = [random_item(choose, 0) for _ in range(ITEMS)]
    inputs = [data if choose.random() < 0.6 else mutate(data, choose) for data in samples]
    requests = [{"op": "cbor", "data": data.hex()} for data in inputs]
    outcomes: Counter[str] = Counter()
    for data, answer in zip(inputs, browser_reader.answers(requests), strict=True):
        refused = None
        try:
            item = cbor.decode(data)
        except Refused as error:
            refused = error.reason
        if refused is not None:
            assert answer.get("reason") == refused, data.hex()
            outcomes["refused"] += 1
            continue
        assert "result" in answer, data.hex()
        assert form_of(item_of(answer["result"])) == form_of(item), data.hex()
        outcomes["read"] += 1
    print(f" {dict(outcomes)} ")
    assert min(outcomes.values()) > ITEMS // 10


def random_item(choose: random.Random, depth: int) -> bytes:
    """An item of any kind, deep and with keys of any kind; now and then with a key twice."""
    kind = choose.randrange(12 if depth < choose.choice((3, 3, 18)) else 8)
    if kind < 2:
        return cbor2.dumps(
            choose.choice((0, 1, 23, 24, 255, 256, 2**32, 2**53, 2**53 + 1, 2**64 - 1, -1, -(2**53) - 1))
        )
    if kind < 4:
        return cbor2.dumps(choose.choice(("", "a", "é", "𠀀", "\ufeffx", b"", b"a", b"x" * 300)))
    if kind < 6:
        return cbor2.dumps(choose.choice((True, False, None, 1.0, 0.0, -0.0, 1.5, float("nan"), 2.0**60)))
    if kind < 8:
        return bytes.fromhex(
            choose.choice(("f7", "e0", "f0", "f818", "f8ff", "1801", "190001", "f97e00", "c001", "9fff"))
        )
    size = choose.choice((0, 1, 1, 2, 3))
    if kind < 10:
        return bytes((0x80 | size,)) + b"".join(random_item(choose, depth + 1) for _ in range(size))
    return bytes((0xA0 | size,)) + b"".join(random_item(choose, depth + 1) for _ in range(2 * size))


@pytest.mark.parametrize("kind", [(2, 1), (2, True), (2.0, 1), (2, 6), (1, 6), (None, 1)], ids=str)
def test_a_key_of_nearly_the_right_kind(kind: tuple[object, object], browser_reader: Driver) -> None:
    claims = cases.w.claims_of(cases.w.TOKEN_CARD)
    claims[8][1] |= {1: kind[0], -1: kind[1]}
    payload = cbor2.dumps(claims)
    outcomes = []
    for decode in (lambda data: Card.decode(data).number, browser_reader.card):
        try:
            outcomes.append(decode(payload))
        except Refused as error:
            outcomes.append(error.reason)
    right = kind == (2, 1) and all(type(part) is int for part in kind)
    assert outcomes == [cases.w.TOKEN_CARD.number if right else "malformed"] * 2
