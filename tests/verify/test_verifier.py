"""The verdict table of the format's section 8: one field changed, signed again, one reason expected."""

from dataclasses import replace
from datetime import date
from itertools import combinations
from typing import Any

import pytest

from keys.signer import sign1
from tests.verify import world as w
from tests.verify.world import CODE, IDENTITY_CODE, INDEX, NOW, TODAY, World, code, judge
from verify import cbor, cose
from verify.card import StatusRef
from verify.cose import ES256, PublicKey, encode_sign1, protected_header
from verify.days import DAY_S, day_number, end_of, start_of
from verify.keylist import KeyUse, TrustedKey
from verify.rules import Assurance, Hours, Policy, Quota
from verify.services import Service
from verify.store import SeenInMemory
from verify.verdict import Answer, Role
from verify.verifier import Direction, Presentation

LIBRARY, BUS = 3, 1
DENY, ATTENTION, ALLOW = Answer.DENY, Answer.ATTENTION, Answer.ALLOW


def keys(*changed: TrustedKey) -> World:
    return World(keys=(*changed, *w.KEYS[2:]))


def with_policy(**rules: Any) -> World:
    return World(policy=Policy(**rules).encode())


class Visits:
    """A history with one visit in the past."""

    def __init__(self, count: int = 0, entered: int | None = None) -> None:
        self.count, self.entered = count, entered
        self.asked: list[tuple[str, int | None, int, int]] = []

    def admissions(self, number: str, service: int | None, since: int, until: int) -> int:
        self.asked.append((number, service, since, until))
        return self.count

    def last_entry(self, number: str) -> int | None:
        return self.entered


def test_sound_codes_are_allowed() -> None:
    for cose_bytes in (code(), code(IDENTITY_CODE), w.phone_code()):
        for shown in (cose_bytes, w.text_of(cose_bytes)):
            verdict = judge(shown, service=LIBRARY)
            assert (verdict.answer, verdict.reason, verdict.opens) == (ALLOW, "ok", True)
            assert (verdict.card, verdict.service, verdict.data_age_s) == (CODE.number, LIBRARY, 600)
            assert verdict.noted == ()


# --- Step by step: how a sound code is changed, and what must come of it ----------------------------------

Case = tuple[Any, World | None, int | None, Answer, str]


def bent(label: Any, value: Any, city: bool = False) -> bytes:
    claims = w.claims_of()
    (claims[-70001] if city else claims)[label] = value
    return w.sign_claims(claims)


def without(label: Any, city: bool = False) -> bytes:
    claims = w.claims_of()
    del (claims[-70001] if city else claims)[label]
    return w.sign_claims(claims)


def headed(header: dict[Any, Any]) -> bytes:
    """The code signed by the right key under a header of one's own."""
    return w.sign_under(cbor.encode(header), CODE.encode())


KID = w.CARD.public.kid
PROTECTED = protected_header(-8, KID)
DISTRUST = {KID: None}
GENUINE = {KID: [CODE.encode()]}
OTHERS = {KID: [b"another card's payload"]}

CASES: dict[str, Case] = {
    # 1. Text, inflate, CBOR, COSE, claims
    "a link": ("https://example.com/", None, None, DENY, "not_ours"),
    "nothing": ("", None, None, DENY, "not_ours"),
    "an EU pass": ("HC1:NCFOXN", None, None, DENY, "not_ours"),
    "lower case": (w.text_of(code()).lower(), None, None, DENY, "not_ours"),
    "a torn text": (w.text_of(code())[:-9], None, None, DENY, "malformed"),
    "a character more": (w.text_of(code()) + "0", None, None, DENY, "malformed"),
    "too long a text": ("NCF" + "0" * 4294, None, None, DENY, "malformed"),
    "no bytes": (b"", None, None, DENY, "malformed"),
    "no tag": (code()[1:], None, None, DENY, "malformed"),
    "tag 98": (b"\xd8\x62" + code()[1:], None, None, DENY, "malformed"),
    "tag 61 twice": (b"\xd8\x3d\xd8\x3d" + code(), None, None, DENY, "malformed"),
    "a byte after it": (code() + b"\0", None, None, DENY, "malformed"),
    "typ of another object": (
        sign1(w.CARD, CODE.encode(), "application/statuslist+cwt"), None, None, DENY, "malformed",
    ),
    "no algorithm": (headed({4: KID}), None, None, DENY, "malformed"),
    "crit unprotected": (
        encode_sign1(PROTECTED, CODE.encode(), bytes(64)).replace(b"\xa0", b"\xa1\x02\x81\x01", 1),
        None, None, DENY, "malformed",
    ),
    "header key 1.0": (
        w.sign_under(b"\xa2\xf9\x3c\x00\x27\x04\x48" + KID, CODE.encode()), None, None, DENY, "malformed",
    ),
    "crit": (headed({1: -8, 2: [1], 4: KID}), None, None, ATTENTION, "unsupported"),
    "unknown algorithm": (headed({1: -35, 4: KID}), None, None, ATTENTION, "unsupported"),
    "algorithm as text": (headed({1: "EdDSA", 4: KID}), None, None, ATTENTION, "unsupported"),
    "numeric typ": (headed({1: -8, 4: KID, 16: 61}), None, None, ATTENTION, "unsupported"),
    "no status": (without(65535), None, None, DENY, "malformed"),
    "status index negative": (
        bent(65535, {"status_list": {"idx": -1, "uri": w.URI}}), None, None, DENY, "malformed",
    ),
    "no iss": (without(1), None, None, DENY, "malformed"),
    "no exp": (without(4), None, None, DENY, "malformed"),
    "no city claims": (without(-70001), None, None, DENY, "malformed"),
    "no services": (without(2, city=True), None, None, DENY, "malformed"),
    "exp is true": (bent(4, True), None, None, DENY, "malformed"),
    "exp beyond 2^53": (bent(4, 2**53), None, None, DENY, "malformed"),
    "exp beyond the calendar": (bent(4, 2**52), None, None, DENY, "malformed"),
    "nbf before the calendar": (bent(5, -(2**52)), None, None, DENY, "malformed"),
    "mask of 2^53": (bent(2, 2**53, city=True), None, None, DENY, "malformed"),
    "negative mask": (bent(2, -1, city=True), None, None, DENY, "malformed"),
    "permit day of no calendar": (bent(8, 2**40, city=True), None, None, DENY, "malformed"),
    # 3. Key
    "unknown key": (code(by=w.STRANGER), None, None, ATTENTION, "unknown_key"),
    "no kid": (headed({1: -8}), None, None, ATTENTION, "unknown_key"),
    "no longer trusted": (
        code(), keys(w.entry(w.CARD, KeyUse.CARD, sign_until=NOW - 1, trust_until=NOW)),
        None, ATTENTION, "unknown_key",
    ),
    "trusted to the last second": (
        code(), keys(w.entry(w.CARD, KeyUse.CARD, sign_until=NOW - 1, trust_until=NOW + 1)),
        None, ALLOW, "ok",
    ),
    "a token key": (code(by=w.TOKEN), None, None, DENY, "wrong_key_use"),
    "a status key": (code(by=w.STATUS), None, None, DENY, "wrong_key_use"),
    "a card key for a token": (code(w.TOKEN_CARD), None, None, DENY, "wrong_key_use"),
    "another city": (code(issuer="cn-other"), None, None, DENY, "wrong_key_use"),
    "before the key's window": (
        code(), keys(w.entry(w.CARD, KeyUse.CARD, sign_from=CODE.issued_at + 1)), None, DENY, "wrong_key_use",
    ),
    "at the end of the key's window": (
        code(), keys(w.entry(w.CARD, KeyUse.CARD, sign_until=CODE.issued_at)), None, DENY, "wrong_key_use",
    ),
    "class of another key": (
        code(), keys(w.entry(w.CARD, KeyUse.CARD, classes=frozenset({2, 3}))), None, DENY, "wrong_key_use",
    ),
    "class of this key": (
        code(), keys(w.entry(w.CARD, KeyUse.CARD, classes=frozenset({1}))), None, ALLOW, "ok",
    ),
    "algorithm of another kind of key": (
        headed({1: -7, 4: KID}), None, None, DENY, "wrong_key_use",
    ),
    "distrusted, no issued list": (code(), World(distrusted=DISTRUST), None, ATTENTION, "distrusted_key"),
    "distrusted, in the issued list": (code(), World(distrusted=GENUINE), None, ALLOW, "ok"),
    "distrusted, not in it": (code(), World(distrusted=OTHERS), None, DENY, "distrusted_key"),
    "distrusted, back-dated": (
        code(issued_at=NOW - 50 * DAY_S), World(distrusted=OTHERS), None, DENY, "distrusted_key",
    ),
    # 4. Signature, critical claims
    "signed by a stranger under our kid": (
        w.sign_under(PROTECTED, CODE.encode(), w.STRANGER), None, None, DENY, "bad_signature",
    ),
    "no signature": (encode_sign1(PROTECTED, CODE.encode(), b""), None, None, DENY, "bad_signature"),
    "unknown critical claim": (bent(-1, 0, city=True), None, None, ATTENTION, "unsupported"),
    "unknown claim of the city": (bent(99, 0, city=True), None, None, ALLOW, "ok"),
    "unknown claim": (bent(-75000, "whatever"), None, None, ALLOW, "ok"),
    # 6. Dates
    "not yet": (code(not_before=NOW + 1), None, None, DENY, "not_yet_valid"),
    "from this second": (code(not_before=NOW), None, None, ALLOW, "ok"),
    "expired": (code(expires=NOW), None, None, DENY, "expired"),
    "the last second": (code(expires=NOW + 1), None, None, ALLOW, "ok"),
    # 7. Age of data
    "a day old": (code(), None, w.MADE + DAY_S, ALLOW, "ok"),
    "over a day old": (code(), None, w.MADE + DAY_S + 1, ATTENTION, "data_stale"),
    "a week old": (code(), None, w.MADE + 7 * DAY_S, ATTENTION, "data_stale"),
    "over a week old": (code(), None, w.MADE + 7 * DAY_S + 1, DENY, "data_expired"),
    "lists older than the bundle": (
        code(), World(lists_iat=w.MADE - DAY_S), None, ATTENTION, "data_stale",
    ),
    "past the bundle's exp, whatever the policy": (
        code(), with_policy(stale_after_s=99 * DAY_S, expired_after_s=99 * DAY_S), w.LISTS_EXP,
        DENY, "data_expired",
    ),
    "a second before it": (
        code(), with_policy(stale_after_s=99 * DAY_S, expired_after_s=99 * DAY_S), w.LISTS_EXP - 1,
        ALLOW, "ok",
    ),
    # 8. Status and permit
    "revoked": (code(), World(status={INDEX: 1}), None, DENY, "revoked"),
    "suspended": (code(), World(status={INDEX: 2}), None, DENY, "suspended"),
    "replaced": (code(), World(status={INDEX: 3}), None, DENY, "replaced"),
    "the neighbours revoked": (code(), World(status={INDEX - 1: 1, INDEX + 1: 1}), None, ALLOW, "ok"),
    "past the end of the list": (
        code(status=StatusRef(w.URI, 1024)), None, None, ATTENTION, "status_unknown",
    ),
    "far past the end": (
        code(status=StatusRef(w.URI, 2**52)), None, None, ATTENTION, "status_unknown",
    ),
    "another list": (
        code(status=StatusRef(w.URI + "/", INDEX)), None, None, ATTENTION, "status_unknown",
    ),
    "no list, printed day passed": (
        code(permit_day=TODAY - 1), World(uri=None), None, ATTENTION, "permit_unknown",
    ),
    "no list, no printed day": (code(permit_day=None), World(uri=None), None, ATTENTION, "permit_unknown"),
    "no printed day": (code(permit_day=None), None, None, ATTENTION, "permit_unknown"),
    "no printed day, class needs none": (
        code(permit_day=None), with_policy(permit_free=frozenset({1})), None, ALLOW, "ok",
    ),
    "another class needs none": (
        code(permit_day=None), with_policy(permit_free=frozenset({2})), None, ATTENTION, "permit_unknown",
    ),
    "permit ended yesterday by the list": (
        code(), World(permits={INDEX: TODAY - 1}), None, ATTENTION, "permit_unknown",
    ),
    "permit ends today by the list": (code(), World(permits={INDEX: TODAY}), None, ALLOW, "ok"),
    "extended: the list's day over a printed day": (
        code(permit_day=TODAY - 30), World(permits={INDEX: TODAY + 5}), None, ALLOW, "ok",
    ),
    "extended beyond the list": (code(permit_day=TODAY - 30), None, None, ALLOW, "ok"),
    "made after the list, printed day to come": (
        code(issued_at=w.MADE + 1, permit_day=TODAY), World(permits={INDEX: TODAY - 1}), None, ALLOW, "ok",
    ),
    "made after the list, printed day passed": (
        code(issued_at=w.MADE + 1, permit_day=TODAY - 1), World(permits={INDEX: TODAY + 5}), None,
        ATTENTION, "permit_unknown",
    ),
    # 10. Venue rules (9, entitlements, has a table of its own below)
    "paper where a chip is asked for": (
        code(), with_policy(accept=frozenset({Assurance.CHIP, Assurance.PHONE})), None, DENY, "low_assurance",
    ),
    "closed on Mondays": (
        code(), with_policy(hours=(Hours(0b1111110, 0, 1440),)), None, DENY, "outside_hours",
    ),
    "open on Mondays": (code(), with_policy(hours=(Hours(1, 600, 601),)), None, ALLOW, "ok"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_one_change_one_reason(name: str) -> None:
    shown, world, now, answer, reason = CASES[name]
    verdict = judge(shown, world, NOW if now is None else now)
    assert (verdict.answer, verdict.reason) == (answer, reason), verdict.words
    assert verdict.opens is (answer is ALLOW)
    passed_step_4 = verdict.card is not None
    assert (verdict.view is not None) is passed_step_4
    ended_before = {
        *(
            "not_ours",
            "malformed",
            "unsupported",
            "unknown_key",
            "wrong_key_use",
            "bad_signature",
            "clock_suspect",
        ),
        *(("distrusted_key",) if answer is DENY else ()),
    }
    assert passed_step_4 is (reason not in ended_before)


def test_a_code_of_unusual_but_allowed_form_passes() -> None:
    payload = CODE.encode()
    tagged = b"\xd8\x3d" + code()
    named_by_curve = w.sign_under(protected_header(-19, KID), payload)
    head = protected_header(-8)
    signature = w.CARD.sign(cose.sign1_tbs(head, payload))
    beside = encode_sign1(head, payload, signature).replace(b"\xa0", b"\xa1\x04\x48" + KID, 1)
    protected_wins = encode_sign1(PROTECTED, payload, w.CARD.sign(cose.sign1_tbs(PROTECTED, payload)))
    protected_wins = protected_wins.replace(b"\xa0", b"\xa1\x04\x48" + bytes(8), 1)
    long_form = cbor.encode(w.claims_of()).replace(b"\x02\x6d", b"\x18\x02\x78\x0d", 1)
    for shown in (tagged, named_by_curve, beside, protected_wins, w.sign_under(PROTECTED, long_form)):
        assert judge(shown).reason == "ok"
    assert long_form != payload


def p256(header_algorithm: int) -> bytes:
    key = w.signer("card on P-256", ES256)
    return w.sign_under(protected_header(header_algorithm, key.public.kid), CODE.encode(), key)


@pytest.mark.parametrize(
    ("algorithm", "reason"), [(-7, "ok"), (-9, "ok"), (-8, "wrong_key_use"), (-19, "wrong_key_use")]
)
def test_a_card_key_on_p256(algorithm: int, reason: str) -> None:
    world = keys(w.entry(w.signer("card on P-256", ES256), KeyUse.CARD))
    assert judge(p256(algorithm), world).reason == reason


def test_two_keys_with_one_kid_are_both_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    # 64 bits cannot be made to collide here, so the reader is told that these two do.
    first, second = w.signer("one"), w.signer("two")
    world = World(keys=(*(w.entry(key, KeyUse.CARD) for key in (first, second)), *w.KEYS[2:]))
    header = protected_header(-8, b"same kid")
    kid = {key.public.raw: b"same kid" for key in (first, second)}
    monkeypatch.setattr(PublicKey, "kid", property(lambda key: kid.get(key.raw, cose.thumbprint(key)[:8])))
    reader = world.reader()
    for key in (first, second):
        assert reader.judge(Presentation(w.sign_under(header, CODE.encode(), key)), NOW).reason == "ok"
    stranger = w.sign_under(header, CODE.encode(), w.STRANGER)
    assert reader.judge(Presentation(stranger), NOW).reason == "bad_signature"


# --- 2. Clock ---------------------------------------------------------------------------------------------


def test_a_clock_before_the_data_judges_nothing() -> None:
    assert judge(code(), now=w.MADE - 120).reason == "ok"
    early = judge(code(), now=w.MADE - 121)
    assert (early.answer, early.reason, early.opens, early.card) == (ATTENTION, "clock_suspect", False, None)
    assert judge(code(expires=NOW - DAY_S), now=w.MADE - 10 * DAY_S).reason == "clock_suspect"


def test_ten_years_either_way_turn_no_expired_card_green() -> None:
    expired = code(expires=w.MADE - DAY_S)
    for years in range(-10, 11):
        assert judge(expired, now=NOW + years * 365 * DAY_S).answer is not ALLOW


# --- Days end at 16:00:00Z ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("instant", "reason"), [("15:59:59", "ok"), ("16:00:00", "expired")])
def test_a_day_ends_at_the_issuers_midnight(instant: str, reason: str) -> None:
    hours, minutes, seconds = map(int, instant.split(":"))
    utc_midnight = start_of(day_number(date(2026, 9, 21)), 0)
    now = utc_midnight + 3600 * hours + 60 * minutes + seconds
    last = day_number(date(2026, 9, 21))
    assert judge(code(expires=end_of(last)), now=now).reason == reason
    by_service = judge(code(service_days={3: last}), now=now, service=LIBRARY)
    assert by_service.reason == {"ok": "ok", "expired": "no_entitlement"}[reason]
    by_list = judge(code(), World(permits={INDEX: last}), now)
    assert by_list.reason == {"ok": "ok", "expired": "permit_unknown"}[reason]


def test_the_offset_is_the_issuers() -> None:
    # At +05:30 the day is over 2.5 hours later than at +08:00.
    world = World(offset_s=19_800, permits={INDEX: TODAY})
    end = end_of(TODAY, 19_800)
    assert end - end_of(TODAY) == 9_000
    assert judge(code(), world, end - 1).reason == "ok"
    assert judge(code(), world, end).reason == "permit_unknown"


def test_valid_until_is_the_first_end_of_all() -> None:
    assert judge(code()).valid_until == date(2028, 2, 3)
    assert judge(code(permit_day=TODAY + 4000)).valid_until == date(2030, 12, 31)
    assert judge(code(), World(permits={INDEX: TODAY + 3})).valid_until == date(2026, 9, 24)
    assert judge(code(service_days={3: TODAY + 1}), service=LIBRARY).valid_until == date(2026, 9, 22)
    assert judge(code(), World(status={INDEX: 1})).valid_until is None


# --- 9. Entitlements ----------------------------------------------------------------------------------------

PRINTED, NOT_PRINTED = {"services": 1 << 3}, {"services": 1 << 1}


@pytest.mark.parametrize(
    ("printed", "listed", "answer", "reason"),
    [
        (PRINTED, {}, ALLOW, "ok"),
        (PRINTED, {INDEX: 0}, ALLOW, "ok"),
        (PRINTED, {INDEX: 1}, ALLOW, "ok"),
        (PRINTED, {INDEX: 2}, DENY, "entitlement_withdrawn"),
        (PRINTED, {INDEX: (3, TODAY)}, ALLOW, "ok"),
        (PRINTED, {INDEX: (3, TODAY - 1)}, DENY, "no_entitlement"),
        (PRINTED, {INDEX - 1: 2, INDEX + 1: 2}, ALLOW, "ok"),
        (NOT_PRINTED, {}, DENY, "no_entitlement"),
        (NOT_PRINTED, {INDEX: 1}, ALLOW, "ok"),
        (NOT_PRINTED, {INDEX: 2}, DENY, "entitlement_withdrawn"),
        (NOT_PRINTED, {INDEX: (3, TODAY)}, ALLOW, "ok"),
        (NOT_PRINTED, {INDEX: (3, TODAY - 1)}, DENY, "no_entitlement"),
        ({"service_days": {3: TODAY}}, {}, ALLOW, "ok"),
        ({"service_days": {3: TODAY - 1}}, {}, DENY, "no_entitlement"),  # Claim 6 rules over the mask.
        ({"service_days": {3: TODAY - 1}}, {INDEX: 1}, ALLOW, "ok"),
        (PRINTED, None, ATTENTION, "status_unknown"),
        (NOT_PRINTED, None, DENY, "no_entitlement"),
    ],
)
def test_entitlements(
    printed: dict[str, Any], listed: dict[int, Any] | None, answer: Answer, reason: str
) -> None:
    world = World(entitlements={} if listed is None else {3: listed})
    verdict = judge(code(**printed), world, service=LIBRARY)
    assert (verdict.answer, verdict.reason) == (answer, reason)
    assert ("status_unknown" in verdict.noted) is (listed is None)


def test_bit_0_grants_nothing_and_a_list_is_one_services() -> None:
    assert judge(code(services=1), World(entitlements={}), service=0).reason == "no_entitlement"
    world = World(entitlements={3: {INDEX: 1}, 1: {}})
    assert judge(code(services=0), world, service=BUS).reason == "no_entitlement"


def test_without_a_service_the_card_alone_is_judged() -> None:
    assert judge(code(services=0), World(entitlements={3: {INDEX: 2}})).reason == "ok"


# --- Order --------------------------------------------------------------------------------------------------

#: One way to fail at each step, in the order of the steps; all can be combined.
FAILURES: list[tuple[str, Answer, dict[str, Any]]] = [
    ("distrusted_key", ATTENTION, {"world": {"distrusted": DISTRUST}}),
    ("wrong_chip", DENY, {"card": {"chip_uid": b"another"}}),
    ("expired", DENY, {"card": {"expires": NOW - 1}}),
    ("data_stale", ATTENTION, {"world": {"lists_iat": w.MADE - 2 * DAY_S}}),
    ("suspended", DENY, {"world": {"status": {INDEX: 2}}}),
    ("permit_unknown", ATTENTION, {"world": {"permits": {INDEX: TODAY - 1}}}),
    ("entitlement_withdrawn", DENY, {"world": {"entitlements": {3: {INDEX: 2}}}}),
    ("status_unknown", ATTENTION, {"world": {"entitlements": {}}}),
    ("low_assurance", DENY, {"world": {"policy": Policy(accept=frozenset({Assurance.PHONE})).encode()}}),
]


def expected(reasons: list[tuple[str, Answer]]) -> tuple[Answer, str]:
    denials = [name for name, answer in reasons if answer is DENY]
    if denials:
        return DENY, denials[0]
    heavy = [name for name, _ in reasons if name not in ("data_stale", "status_unknown")]
    return ATTENTION, (heavy or [name for name, _ in reasons])[0]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_deny_beats_attention_and_the_first_is_the_reason(size: int) -> None:
    for combination in combinations(FAILURES, size):
        names = [name for name, _, _ in combination]
        changes = [change for _, _, change in combination]
        fields = [field for change in changes for field in change.get("world", {})]
        if len(set(fields)) < len(fields) or {"suspended", "permit_unknown"} <= set(names):
            continue  # A suspended card's permit is not asked about.
        world = World(**{k: v for change in changes for k, v in change.get("world", {}).items()})
        card = {k: v for change in changes for k, v in change.get("card", {}).items()}
        verdict = judge(Presentation(code(**card), LIBRARY, tag_uid=w.CHIP_UID), world)
        assert (verdict.answer, verdict.reason) == expected([(n, a) for n, a, _ in combination]), names
        assert not verdict.opens


def test_the_three_that_end_the_procedure_beat_every_later_deny() -> None:
    gone = {"expires": NOW - 1}
    assert judge(code(by=w.STRANGER, **gone), World(status={INDEX: 1})).reason == "unknown_key"
    assert judge(code(**gone), now=w.MADE - DAY_S).reason == "clock_suspect"
    assert judge(code(city_unknown={-5: 1}, **gone)).reason == "unsupported"
    assert judge(b"\0", now=w.MADE - DAY_S).reason == "malformed"
    assert judge(code(by=w.STRANGER), now=w.MADE - DAY_S).reason == "clock_suspect"


# --- Doors --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "opens_on", [(), ("data_stale",), ("status_unknown",), ("data_stale", "status_unknown")]
)
def test_a_door_opens_if_every_attention_is_one_it_names(opens_on: tuple[str, ...]) -> None:
    policy = Policy(opens_on=frozenset(opens_on)).encode()
    stale = World(policy=policy, lists_iat=w.MADE - 2 * DAY_S)
    unknown = World(policy=policy, entitlements={})
    both = World(policy=policy, entitlements={}, lists_iat=w.MADE - 2 * DAY_S)
    permit = World(policy=policy, lists_iat=w.MADE - 2 * DAY_S, permits={INDEX: TODAY - 1})
    for world, needed in (
        (stale, {"data_stale"}), (unknown, {"status_unknown"}), (both, {"data_stale", "status_unknown"}),
    ):  # fmt: skip
        verdict = judge(code(), world, service=LIBRARY)
        assert verdict.answer is ATTENTION
        assert set(verdict.noted) == needed
        assert verdict.opens is (needed <= set(opens_on))
    verdict = judge(code(), permit, service=LIBRARY)
    assert (verdict.reason, verdict.opens) == ("permit_unknown", False)


def test_no_policy_opens_on_anything_else() -> None:
    world = with_policy(opens_on=frozenset({"data_stale", "status_unknown"}))
    for shown in (code(by=w.STRANGER), code(city_unknown={-5: 1}), code(permit_day=None)):
        assert judge(shown, world).opens is False
    assert judge(code(), world, w.MADE - 10_000).opens is False


@pytest.mark.parametrize("shown", ["", b"junk", code(by=w.STRANGER), code(expires=NOW - 1), code()])
def test_leaving_is_always_allowed_and_what_was_found_stays_on_record(shown: str | bytes) -> None:
    reader = World(status={INDEX: 1}).reader()
    entering = reader.judge(Presentation(shown, LIBRARY), NOW)
    leaving = reader.judge(Presentation(shown, LIBRARY, Direction.OUT), NOW)
    assert entering.answer is not ALLOW
    assert (leaving.answer, leaving.reason, leaving.opens) == (ALLOW, "ok", True)
    assert leaving.noted == entering.noted
    assert entering.reason in leaving.noted


# --- Roles --------------------------------------------------------------------------------------------------


def test_views_are_cut_to_the_role() -> None:
    shown = code(IDENTITY_CODE)
    assert judge(shown).view == {}
    seller = judge(shown, role=Role.SELLER)
    assert (seller.view, seller.card, seller.answer) == ({"standing": "unknown"}, None, ALLOW)
    desk = judge(shown, role=Role.DESK).view
    police = judge(shown, role=Role.POLICE).view
    assert desk is not None
    assert police is not None
    assert (desk["name"], desk["passport"], desk["birth"]) == ("HADDAD, Amina", "A1234567", "1990-02-28")
    assert police == {**desk, "hotlist": None}
    assert all("HADDAD" not in str(verdict.to_json()) for verdict in (judge(shown), seller))


def test_a_hotlist_hit_is_a_field_beside_every_verdict() -> None:
    hit, clean = World(hotlist=[INDEX]), World(hotlist=[INDEX + 1])
    for world, listed in ((hit, True), (clean, False), (replace(hit, status={INDEX: 1}), True)):
        verdict = judge(code(), world, role=Role.POLICE)
        assert verdict.view is not None
        assert verdict.view["hotlist"] is listed
        assert "hotlist" not in str(judge(code(), world, role=Role.DESK).view)
    assert judge(code(), hit, role=Role.POLICE).answer is ALLOW


@pytest.mark.parametrize(
    ("listed", "consent", "standing"),
    [
        ({INDEX: 1}, {9}, "good"),
        ({INDEX: (3, TODAY)}, {9}, "limited"),
        ({INDEX: (3, TODAY - 1)}, {9}, "unknown"),
        ({INDEX: 2}, {9}, "unknown"),
        ({}, {9}, "unknown"),
        ({INDEX: 1}, {}, "unknown"),
        ({INDEX: 1}, {1}, "unknown"),
    ],
)
def test_a_seller_sees_the_standing_the_holder_consents_to_show(
    listed: dict[int, Any], consent: set[int], standing: str
) -> None:
    world = World(entitlements={int(Service.STANDING): listed})
    verdict = judge(w.phone_code(consent=frozenset(consent)), world, role=Role.SELLER)
    assert (verdict.view, verdict.card) == ({"standing": standing}, None)


#: Names nobody and no list (section 6); its standing is limited, to the day it ends.
SELLERS = replace(
    w.TOKEN_CARD,
    number="0123456789abcdef0123",
    issued_at=NOW - 3600,
    expires=NOW + DAY_S // 2,
    card_class=0,
    print_number=0,
    services=0,
    service_days={int(Service.STANDING): TODAY + 1},
    status=None,
    permit_day=TODAY + 1,
)


def test_a_sellers_token_tells_sellers_a_standing_and_opens_nothing() -> None:
    shown = w.phone_code(card=SELLERS, consent=frozenset({9}))
    seller = judge(shown, role=Role.SELLER)
    assert (seller.answer, seller.view, seller.card) == (ALLOW, {"standing": "limited"}, None)
    good = replace(SELLERS, services=1 << Service.STANDING, service_days={})
    verdict = judge(w.phone_code(card=good, consent=frozenset({9})), role=Role.SELLER)
    assert verdict.view == {"standing": "good"}
    # It stands in no list, so nothing would revoke it: nobody else takes it for a card, or for a standing.
    for role in (Role.GATE, Role.DESK, Role.POLICE):
        for service in (None, int(Service.STANDING), LIBRARY):
            refused = judge(w.phone_code(card=good), role=role, service=service)
            assert (refused.answer, refused.reason) == (Answer.DENY, "no_entitlement")
    later = judge(w.phone_code(NOW + DAY_S, SELLERS), now=NOW + DAY_S, role=Role.SELLER)
    assert later.reason == "expired"


# --- 10. Venue rules with a memory --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "history", "reason"),
    [
        ({"quota": Quota(2, 3600)}, Visits(1), "ok"),
        ({"quota": Quota(2, 3600)}, Visits(2), "quota_used"),
        ({"passback_s": 60}, Visits(), "ok"),
        ({"passback_s": 60}, Visits(entered=NOW - 60), "ok"),
        ({"passback_s": 60}, Visits(entered=NOW - 59), "passback"),
        ({"passback_s": 60}, Visits(entered=NOW + 120), "passback"),
        ({"passback_s": 60}, Visits(entered=NOW + 121), "ok"),  # A clock that ran ahead locks nobody out.
        ({}, Visits(99, NOW), "ok"),
    ],
)
def test_quota_and_passback(rules: dict[str, Any], history: Visits, reason: str) -> None:
    reader = with_policy(**rules).reader(history=history)
    verdict = reader.judge(Presentation(code(), LIBRARY), NOW)
    assert (verdict.reason, verdict.not_judged) == (reason, ())
    if "quota" in rules:
        assert history.asked == [(CODE.number, LIBRARY, NOW - 3600, NOW + 120)]


def test_a_check_without_a_memory_says_what_it_did_not_judge() -> None:
    verdict = judge(code(), with_policy(quota=Quota(1, 60), passback_s=5))
    assert (verdict.reason, verdict.not_judged) == ("ok", ("quota", "passback"))


def test_the_object_outsiders_rely_on() -> None:
    said: dict[str, Any] = judge(code(), service=LIBRARY).to_json()
    assert said["verdict"] == "allow"
    assert said["service"] == "library"
    assert said["valid_until"] == "2028-02-03"
    assert said["assurance"] == "print"
    assert said["offline"] is True
    refused = judge("nonsense").to_json()
    assert (refused["card"], refused["view"], refused["assurance"]) == (None, None, None)


def test_every_reason_of_the_table_is_provoked() -> None:
    table = {
        *("not_ours", "malformed", "unsupported", "clock_suspect", "wrong_key_use", "distrusted_key"),
        *("unknown_key", "bad_signature", "stripped_binding", "stale_code", "replayed", "wrong_chip"),
        *(
            "chip_not_proved",
            "not_yet_valid",
            "expired",
            "data_expired",
            "data_stale",
            "revoked",
            "suspended",
        ),
        *("replaced", "status_unknown", "permit_unknown", "no_entitlement", "entitlement_withdrawn"),
        *("low_assurance", "outside_hours", "quota_used", "passback", "ok"),
    }
    here = {case[4] for case in CASES.values()}
    elsewhere = {
        # test_phone.py, and the tests of steps 2, 9 and 10 above
        *("stripped_binding", "stale_code", "replayed", "wrong_chip", "chip_not_proved", "clock_suspect"),
        *("no_entitlement", "entitlement_withdrawn", "quota_used", "passback"),
    }
    assert here | elsewhere == table
    assert not here & elsewhere


def test_a_repeated_judgement_is_the_same_verdict() -> None:
    reader = World().reader(seen=SeenInMemory())
    verdicts = [reader.judge(Presentation(w.text_of(code()), LIBRARY), NOW) for _ in range(3)]
    assert verdicts[0] == verdicts[1] == verdicts[2]
