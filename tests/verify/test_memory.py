"""A card seen again is not checked for its signature again, and judged anew in everything else."""

import gc
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.verify import world as w
from tests.verify.world import CARD, CODE, NOW, STRANGER, World, code, entry
from verify import cose
from verify.days import DAY_S
from verify.keylist import KeyUse
from verify.memory import CodeMemory
from verify.rules import Policy
from verify.store import SeenInMemory
from verify.trust import Trust
from verify.verdict import Verdict
from verify.verifier import Presentation, Verifier

LIBRARY = 3


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every signature that is really computed."""
    found: list[bytes] = []
    real = cose.verify_signature

    def count(public: cose.PublicKey, message: bytes, signature: bytes) -> bool:
        found.append(signature)
        return real(public, message, signature)

    monkeypatch.setattr(cose, "verify_signature", count)
    return found


def reader(world: World, memory: CodeMemory) -> Verifier:
    trust = world.trust()
    return Verifier(trust, seen=SeenInMemory(), memory=memory)


def judge(verifier: Verifier, shown: str | bytes, now: int = NOW) -> Verdict:
    return verifier.judge(Presentation(shown, LIBRARY), now)


@pytest.mark.parametrize("shown", [code(), w.text_of(code()), w.text_of(code(w.IDENTITY_CODE))])
def test_the_signature_is_checked_once_and_the_verdict_is_the_same(
    shown: str | bytes, checked: list[bytes]
) -> None:
    verifier = reader(World(), CodeMemory())
    checked.clear()
    verdicts = [judge(verifier, shown) for _ in range(3)]
    assert len(checked) == 1
    assert verdicts[0].reason == "ok"
    assert verdicts[1:] == verdicts[:1] * 2


@pytest.mark.parametrize(
    "forged",
    [code(by=STRANGER), code()[:-1] + bytes([code()[-1] ^ 1]), w.sign_under(b"\xa1\x01\x27", CODE.encode())],
)
def test_what_did_not_pass_is_not_remembered(forged: bytes) -> None:
    memory = CodeMemory()
    verifier = reader(World(), memory)
    first, again = judge(verifier, forged), judge(verifier, forged)
    assert first == again
    assert first.reason != "ok"
    assert len(memory) == 0


def test_a_changed_text_is_another_code(checked: list[bytes]) -> None:
    memory = CodeMemory()
    verifier = reader(World(), memory)
    judge(verifier, code())
    forged = code()[:-1] + bytes([code()[-1] ^ 1])
    assert judge(verifier, forged).reason == "bad_signature"
    assert len(memory) == 1


def test_a_remembered_code_keeps_no_old_bundle_alive() -> None:
    """A door sees a new bundle every few minutes; each holds the lists of a city."""
    memory = CodeMemory()

    def alive() -> int:
        gc.collect()
        return sum(type(one) is Trust for one in gc.get_objects())

    judge(reader(World(), memory), code())
    before = alive()
    for index in range(1, 4):
        changed = w.text_of(w.code(number=f"{index:013}"))
        assert judge(reader(World(), memory), changed).reason == "ok"
    assert (alive(), len(memory)) == (before, 4)


CHOOSY = replace(Policy(), accept=frozenset()).encode()
LATER = [
    pytest.param(World(status={w.INDEX: 1}), NOW, "revoked", id="revoked in the next bundle"),
    pytest.param(World(status={w.INDEX: 2}), NOW, "suspended", id="suspended"),
    pytest.param(World(entitlements={3: {w.INDEX: 2}}), NOW, "entitlement_withdrawn", id="withdrawn"),
    pytest.param(World(keys=w.KEYS[1:]), NOW, "unknown_key", id="key no longer listed"),
    pytest.param(
        World(keys=(entry(CARD, KeyUse.CARD, classes=frozenset({2})), *w.KEYS[1:])),
        NOW,
        "wrong_key_use",
        id="key no longer for this class",
    ),
    pytest.param(
        World(keys=(entry(CARD, KeyUse.CARD, trust_until=NOW + 40 * DAY_S), *w.KEYS[1:])),
        NOW + 40 * DAY_S,
        "unknown_key",
        id="key past the trust in it",
    ),
    pytest.param(World(distrusted={CARD.public.kid: []}), NOW, "distrusted_key", id="distrusted, not issued"),
    pytest.param(World(distrusted={CARD.public.kid: None}), NOW, "distrusted_key", id="distrusted, no list"),
    pytest.param(World(), CODE.not_before - 1, "clock_suspect", id="clock set back"),
    pytest.param(World(), NOW + 8 * DAY_S, "data_expired", id="old data"),
    pytest.param(World(policy=CHOOSY), NOW, "low_assurance", id="rule"),
]


@pytest.mark.parametrize(("then", "now", "reason"), LATER)
def test_everything_but_the_signature_is_judged_anew(then: World, now: int, reason: str) -> None:
    memory = CodeMemory()
    assert judge(reader(World(), memory), code()).reason == "ok"
    fresh = judge(reader(then, CodeMemory()), code(), now)
    remembered = judge(reader(then, memory), code(), now)
    assert remembered.reason == reason
    assert remembered == fresh


def test_a_card_expires_while_it_is_remembered() -> None:
    memory = CodeMemory()
    short = code(expires=NOW + 100)
    verifier = reader(World(), memory)
    assert [judge(verifier, short, NOW + late).reason for late in (0, 99, 100)] == ["ok", "ok", "expired"]


def test_distrust_with_an_issued_list_is_asked_every_time(checked: list[bytes]) -> None:
    world = World(distrusted={CARD.public.kid: [CODE.encode()]})
    verifier = reader(world, CodeMemory())
    assert [judge(verifier, code()).reason for _ in range(3)] == ["ok"] * 3


def test_a_new_bundle_with_the_same_keys_costs_no_signature(checked: list[bytes]) -> None:
    memory, shown = CodeMemory(), code()
    judge(reader(World(), memory), shown)
    newer = reader(World(seq=2), memory)
    checked.clear()
    assert judge(newer, shown).reason == "ok"
    assert checked == []


def test_phone_codes_are_not_kept() -> None:
    memory = CodeMemory()
    verifier = reader(World(), memory)
    verifier.judge(Presentation(w.phone_code()), NOW)
    assert len(memory) == 0


def test_the_code_not_seen_for_longest_is_forgotten_first(checked: list[bytes]) -> None:
    memory = CodeMemory(2)
    verifier = reader(World(), memory)
    codes: Sequence[bytes] = [code(print_number=number) for number in (1, 2, 3)]
    for shown in (codes[0], codes[1], codes[0], codes[2]):
        judge(verifier, shown)
    checked.clear()
    for shown in (codes[0], codes[2], codes[1]):
        judge(verifier, shown)
    assert len(memory) == 2
    assert len(checked) == 1
