"""Lists: tightening is always signed, loosening only as it was approved."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from keys.bundle import Entitlement, ListSnapshot, Snapshot
from keys.listrules import REPLACED_S
from keys.listsigning import MOST_HOT
from keys.requests import CardItem, ExtendRequest, GrantRequest, ReinstateRequest, ReplaceRequest
from keys.signing import BundleOrder, CardBytes
from tests.keys.conftest import NOW, refused
from tests.keys.signer.bench import (
    LAST_DAY,
    PERMIT_DAY,
    TODAY,
    URI,
    Bench,
    gate_card,
    identity_card,
    item,
    make_bench,
    number_of,
    payloads,
)
from verify import cose
from verify.rules import Policy
from verify.services import Service
from verify.status import (
    GRANTED,
    GRANTED_TO_DAY,
    REPLACED,
    REVOKED,
    SUSPENDED,
    VALID,
    WITHDRAWN,
    decode_status_claims,
)
from verify.trust import TrustState, accept

NUMBER = number_of(1)
STANDING = Service.STANDING
LIBRARY = Service.LIBRARY


@pytest.fixture
def carded(bench: Bench) -> Bench:
    """One card at index 1, whose permit ends in four months."""
    bench.issue(payloads(1))
    return bench


def test_a_list_says_what_it_was_given(carded: Bench) -> None:
    cwt, jwt = carded.sign_list({1: SUSPENDED, 5: REVOKED})
    found = decode_status_claims(cose.decode_sign1(cwt).payload)
    assert (found.uri, found.at(1), found.at(5), found.at(2)) == (URI, SUSPENDED, REVOKED, VALID)
    assert found.iat == carded.now - 60
    assert jwt.count(".") == 2


@pytest.mark.parametrize("final", [REVOKED, REPLACED])
@pytest.mark.parametrize("after", [VALID, REVOKED, SUSPENDED, REPLACED])
@pytest.mark.parametrize("index", [1, 77])
def test_one_and_three_never_change_back(carded: Bench, final: int, after: int, index: int) -> None:
    """At an index that was signed for, and at one that was given up before."""
    carded.sign_list({index: final})
    if after == final:
        carded.sign_list({index: after})
        return
    with refused("final_status"):
        carded.sign_list({index: after} if after else {})


def test_they_do_not_in_a_demo_either(tmp_path: Path) -> None:
    with make_bench(tmp_path / "var", demo=True) as bench:
        bench.sign_list({3: REVOKED})
        with refused("final_status"):
            bench.sign_list({})


def test_a_print_leaves_the_lists_when_it_is_over(carded: Bench) -> None:
    carded.extend(NUMBER, LAST_DAY + 30)
    carded.sign_list({1: REVOKED})
    carded.clock.now = datetime(2031, 3, 1, tzinfo=UTC)
    # The last window of keys is far behind; what matters is judged before any key is asked.
    with refused("final_status"):
        carded.sign_list({})
    carded.clock.now = datetime(2031, 3, 4, tzinfo=UTC)
    with refused("no_key_in_window"):
        carded.sign_list({})


def replaced(bench: Bench) -> None:
    """A second print of the card, at index 2."""
    gate = gate_card(2, bench.clock.now, number=NUMBER, print_number=2)
    card = CardBytes(gate.encode(), identity_card(gate).encode())
    request = bench.replace_request(NUMBER, card)
    bench.service.sign_cards(request, bench.approve("chief1", request), [card])


def test_the_print_before_is_over_an_hour_after_the_next_was_signed(carded: Bench) -> None:
    """For so long the service may be writing down that it was replaced."""
    replaced(carded)
    carded.sign_list({})
    carded.clock.pass_(seconds=REPLACED_S - 1)
    carded.sign_list({})
    carded.clock.pass_(seconds=1)
    with refused("replaced_not_listed"):
        carded.sign_list({})
    with refused("replaced_not_listed"):
        carded.sign_list({2: REPLACED})
    carded.sign_list({1: REPLACED})


@pytest.mark.parametrize("denied", [REVOKED, SUSPENDED])
def test_a_print_that_opens_nothing_anyway_may_stay(carded: Bench, denied: int) -> None:
    replaced(carded)
    carded.clock.pass_(hours=2)
    carded.sign_list({1: denied})
    carded.reinstate(NUMBER)
    with refused("final_status" if denied == REVOKED else "replaced_not_listed"):
        carded.sign_list({})


def test_a_hold_is_lifted_by_a_reinstatement_and_by_nothing_else(carded: Bench) -> None:
    carded.sign_list({1: SUSPENDED})
    with refused("hold_not_lifted"):
        carded.sign_list({})
    carded.extend(NUMBER, PERMIT_DAY + 1)
    with refused("hold_not_lifted"):
        carded.sign_list({})
    carded.reinstate(NUMBER)
    carded.sign_list({})
    carded.sign_list({})


def test_a_list_made_in_the_minute_of_the_act_stands_in_nobodys_way(carded: Bench) -> None:
    carded.sign_list({1: SUSPENDED})
    carded.reinstate(NUMBER)
    carded.sign_list({1: SUSPENDED})  # from a snapshot before the records knew
    carded.sign_list({})


def test_a_reinstatement_lifts_once_and_whenever_it_is_shown(carded: Bench) -> None:
    carded.sign_list({1: SUSPENDED})
    carded.reinstate(NUMBER)
    carded.sign_list({})
    carded.clock.pass_(seconds=1)  # within one second nobody knows which snapshot is the later one
    carded.sign_list({1: SUSPENDED})
    with refused("hold_not_lifted"):
        carded.sign_list({})
    carded.reinstate(NUMBER)
    carded.clock.pass_(days=3)
    carded.sign_list({})


def test_a_reinstatement_that_no_list_ever_shows_frees_the_next_hold_for_no_longer_than_a_day(
    carded: Bench,
) -> None:
    carded.sign_list({1: SUSPENDED})
    carded.reinstate(NUMBER)
    carded.clock.pass_(days=1, seconds=1)
    carded.sign_list({1: SUSPENDED})
    with refused("hold_not_lifted"):
        carded.sign_list({})


def one_of(bench: Bench, taken: int, statuses: dict[int, int]) -> None:
    """A list of a snapshot of ``taken``, which comes now."""
    bench.service.sign_status_list(ListSnapshot(URI, statuses), taken)


def test_an_older_snapshot_brings_no_hold_back(carded: Bench) -> None:
    """Of two snapshots around an act the earlier one may be signed last."""
    before = carded.now
    carded.clock.pass_(seconds=5)
    carded.sign_list({1: SUSPENDED})
    during = carded.now
    carded.clock.pass_(seconds=5)
    carded.reinstate(NUMBER)
    one_of(carded, before, {})  # of before the hold: it shows nothing of the act
    one_of(carded, during, {1: SUSPENDED})
    carded.sign_list({})
    one_of(carded, during, {1: SUSPENDED})
    carded.clock.pass_(seconds=5)
    carded.sign_list({})


def test_a_hold_that_ended_while_the_permit_was_over_does_not_come_back(carded: Bench) -> None:
    carded.sign_list({1: SUSPENDED})
    carded.clock.now = NOW + timedelta(days=PERMIT_DAY - TODAY + 1)
    carded.sign_list({1: SUSPENDED})
    carded.reinstate(NUMBER)
    carded.clock.pass_(days=2)
    carded.sign_list({1: SUSPENDED})
    carded.extend(NUMBER, PERMIT_DAY + 100)
    carded.sign_list({})


def test_a_list_of_the_moment_of_an_extension_is_no_hold(carded: Bench) -> None:
    """The signer knows the later day first; the records still suspend for the earlier one."""
    carded.clock.now = NOW + timedelta(days=PERMIT_DAY - TODAY + 1)
    carded.sign_list({1: SUSPENDED})
    carded.extend(NUMBER, PERMIT_DAY + 100)
    carded.sign_list({1: SUSPENDED})
    carded.clock.pass_(seconds=1)
    carded.sign_list({})
    carded.clock.pass_(seconds=1)
    carded.sign_list({1: SUSPENDED})
    with refused("hold_not_lifted"):
        carded.sign_list({})


def test_an_extension_in_time_makes_no_room_for_a_hold_to_be_forgotten(carded: Bench) -> None:
    carded.extend(NUMBER, PERMIT_DAY + 100)
    carded.sign_list({1: SUSPENDED})
    with refused("hold_not_lifted"):
        carded.sign_list({})


def test_another_print_of_a_card_that_was_freed_just_now_is_not_held(carded: Bench) -> None:
    carded.sign_list({1: SUSPENDED})
    carded.reinstate(NUMBER)
    replaced(carded)
    carded.sign_list({1: SUSPENDED, 2: SUSPENDED})  # from a snapshot before the records knew
    carded.sign_list({1: REPLACED})


def test_the_records_may_lag_behind_a_card_whose_permit_ends_soon(bench: Bench) -> None:
    """Its code says the day itself; but for the hour after it was signed, lists must say it too."""
    bench.issue(payloads(1, permit_day=TODAY + 3))
    bench.sign_list({})
    bench.clock.pass_(seconds=REPLACED_S)
    with refused("permit_not_listed"):
        bench.sign_list({})
    bench.sign_list(permits={1: TODAY + 3})


def test_a_refused_list_changes_nothing(carded: Bench) -> None:
    carded.issue(payloads(2))
    carded.sign_list({2: SUSPENDED})
    with refused("hold_not_lifted"):
        carded.sign_list({1: REVOKED})
    carded.sign_list({2: SUSPENDED})


def test_a_permit_that_is_over_is_said_to_be(carded: Bench) -> None:
    """A reader that finds no row trusts the list up to its exp: silence must not lengthen a stay."""
    carded.clock.now = NOW + timedelta(days=PERMIT_DAY - TODAY - 3)
    with refused("permit_not_listed"):
        carded.sign_list({})
    carded.sign_list(permits={1: PERMIT_DAY})
    with refused("permit_not_approved"):
        carded.sign_list(permits={1: PERMIT_DAY + 1})
    carded.sign_list(permits={1: PERMIT_DAY - 1})  # shorter is always signed
    carded.clock.now = NOW + timedelta(days=PERMIT_DAY - TODAY + 1)
    with refused("permit_over"):
        carded.sign_list({})
    with refused("permit_over"):
        carded.sign_list(permits={1: PERMIT_DAY})
    carded.sign_list({1: SUSPENDED})


def test_a_longer_stay_is_listed_once_it_was_approved(carded: Bench) -> None:
    carded.clock.now = NOW + timedelta(days=PERMIT_DAY - TODAY + 1)
    carded.sign_list({1: SUSPENDED})
    carded.extend(NUMBER, PERMIT_DAY + 10)
    carded.sign_list(permits={1: PERMIT_DAY + 10})
    carded.extend(NUMBER, PERMIT_DAY + 200)
    carded.sign_list({})


def test_an_extension_has_bounds_and_an_owner(carded: Bench) -> None:
    for day in (TODAY - 1, TODAY + 3661):
        with refused("implausible_permit"):
            carded.extend(NUMBER, day)
    with refused("unknown_card"):
        carded.extend(number_of(2), PERMIT_DAY + 1)
    carded.add("market1", "department", (int(STANDING),))
    request = ExtendRequest(carded.asked(), NUMBER, PERMIT_DAY + 1).encode()
    with refused("not_your_role"):
        carded.service.record_act(request, carded.approve("market1", request))


def test_an_index_that_nothing_was_signed_for_gets_nothing(carded: Bench) -> None:
    with refused("unknown_slot"):
        carded.sign_list(permits={2: TODAY + 5})
    with refused("unknown_slot"):
        carded.sign_list(rights={STANDING: {2: Entitlement(GRANTED)}})
    carded.sign_list({2: SUSPENDED}, rights={STANDING: {2: Entitlement(WITHDRAWN)}})


@pytest.fixture
def market(carded: Bench) -> Bench:
    """The same with the department that owns standing."""
    carded.add("market1", "department", (int(STANDING), int(LIBRARY)))
    return carded


def rights(value: int, day: int | None = None) -> dict[Service, dict[int, Entitlement]]:
    return {STANDING: {1: Entitlement(value, day)}}


def test_a_grant_is_its_departments_word(market: Bench) -> None:
    with refused("not_granted"):
        market.sign_list(rights=rights(GRANTED))
    for who in ("chief1", "market1"):
        request = GrantRequest(market.asked(), {NUMBER: None}, int(Service.BUS)).encode()
        with refused("not_your_service"):
            market.service.record_act(request, market.approve(who, request))
    market.grant(NUMBER, STANDING, TODAY + 10)
    with refused("not_granted"):
        market.sign_list(rights=rights(GRANTED))
    with refused("not_granted"):
        market.sign_list(rights=rights(GRANTED_TO_DAY, TODAY + 11))
    market.sign_list(rights=rights(GRANTED_TO_DAY, TODAY + 10))
    market.sign_list(rights=rights(GRANTED_TO_DAY, TODAY + 9))
    market.grant(NUMBER, STANDING)
    market.sign_list(rights=rights(GRANTED))


def test_a_withdrawal_lasts_until_the_department_grants_again(market: Bench) -> None:
    printed = {LIBRARY: {1: Entitlement(WITHDRAWN)}}
    market.sign_list(rights=printed)
    with refused("not_granted"):
        market.sign_list(rights={LIBRARY: {}})
    market.grant(NUMBER, LIBRARY)
    market.sign_list(rights=printed)  # from a snapshot before the records knew
    market.sign_list(rights={LIBRARY: {1: Entitlement(GRANTED)}})
    market.sign_list(rights=printed)  # from a snapshot of the same second
    market.clock.pass_(seconds=1)
    market.sign_list(rights={LIBRARY: {1: Entitlement(GRANTED)}})
    market.sign_list(rights=printed)
    market.clock.pass_(days=1, seconds=1)
    with refused("not_granted"):
        market.sign_list(rights={LIBRARY: {1: Entitlement(GRANTED)}})


def test_a_grant_to_a_held_card_is_shown_whenever_the_hold_ends(market: Bench) -> None:
    market.sign_list(rights={LIBRARY: {1: Entitlement(WITHDRAWN)}})
    market.sign_list({1: SUSPENDED})
    market.grant(NUMBER, LIBRARY)
    market.clock.pass_(days=3)
    market.reinstate(NUMBER)
    market.sign_list(rights={LIBRARY: {1: Entitlement(GRANTED)}})


def test_rights_that_the_application_got_by_list_are_approved_with_it(bench: Bench) -> None:
    bench.issue(payloads(1), standing=None, credit=LAST_DAY - 5)
    bench.sign_list(
        rights={STANDING: {1: Entitlement(GRANTED)}, Service.CREDIT: {1: Entitlement(3, LAST_DAY - 5)}}
    )
    with refused("not_granted"):
        bench.sign_list(rights={Service.CREDIT: {1: Entitlement(GRANTED)}})


def test_what_is_granted_to_a_held_card_opens_nothing_and_is_not_asked_about(market: Bench) -> None:
    market.sign_list({1: SUSPENDED}, rights=rights(GRANTED))


def test_a_new_print_has_the_rights_of_the_card(market: Bench) -> None:
    market.grant(NUMBER, STANDING)
    fresh = {"status": gate_card(9).status, "print_id": gate_card(9).print_id, "print_number": 2}
    again = payloads(1, **fresh)
    request = market.replace_request(NUMBER, again)
    market.service.sign_cards(request, market.approve("chief1", request), [again])
    market.sign_list({1: REPLACED}, rights={STANDING: {9: Entitlement(GRANTED)}})


def test_another_print_takes_no_later_word_of_the_department_back(market: Bench) -> None:
    """Its request was made before, with the rights of then."""
    again = payloads(1, status=gate_card(9).status, print_id=gate_card(9).print_id, print_number=2)
    rights_of_then = CardItem.of(again.gate, again.identity, {int(STANDING): TODAY + 10})
    kid = market.service.card_kid(1)
    market.grant(NUMBER, STANDING, TODAY + 10)
    request = ReplaceRequest(market.asked(), kid, NUMBER, rights_of_then).encode()
    market.grant(NUMBER, STANDING, TODAY + 90)
    market.service.sign_cards(request, market.approve("chief1", request), [again])
    granted = {STANDING: {9: Entitlement(GRANTED_TO_DAY, TODAY + 90)}}
    market.sign_list({1: REPLACED}, rights=granted)
    with refused("not_granted"):
        market.sign_list({1: REPLACED}, rights={STANDING: {9: Entitlement(GRANTED)}})


def test_a_demos_console_is_taken_over_and_logged_as_such(tmp_path: Path) -> None:
    with make_bench(tmp_path / "var", demo=True) as bench:
        bench.found("chief1", "chief2")
        bench.issue(payloads(1))
        bench.sign_list({1: SUSPENDED}, rights={LIBRARY: {1: Entitlement(WITHDRAWN)}})
        before = bench.service._ledger.head().seq
        for _ in range(2):
            bench.sign_list(
                permits={1: PERMIT_DAY + 5, 4: TODAY + 3}, rights={LIBRARY: {1: Entitlement(GRANTED)}}
            )
        with bench.service._ledger.transaction() as db:
            rows = db.execute("SELECT actor, action FROM log WHERE seq > ?", (before,)).fetchall()
        assert rows == [("console", "taken_over")]


@pytest.mark.parametrize("off", [-301, 1])
def test_a_snapshot_is_of_now(bench: Bench, off: int) -> None:
    with refused("stale_snapshot"):
        bench.service.sign_status_list(ListSnapshot(URI), bench.now + off)


def test_only_lists_of_this_issuer_are_signed(bench: Bench) -> None:
    with refused("wrong_status_uri"):
        bench.service.sign_status_list(ListSnapshot("https://card.example.net/s/abc"), bench.now)


def order(bench: Bench, **changed: object) -> BundleOrder:
    whole: dict[str, object] = {
        "venue": "library",
        "services": (LIBRARY,),
        "policy": Policy(services=frozenset({int(LIBRARY)})).encode(),
        "epoch": 1,
        "seq": 1,
        "now": bench.now,
        "snapshot": Snapshot(
            datetime.fromtimestamp(bench.now, UTC), (ListSnapshot(URI, entitlements={LIBRARY: {}}),)
        ),
        "distrusted": {},
    }
    return BundleOrder(**(whole | changed))  # type: ignore[arg-type]  # tests name fields of the order


def test_a_reader_accepts_the_bundle(carded: Bench) -> None:
    bundle = carded.service.sign_bundle(order(carded))
    root = carded.service.hello().roots[-1]
    accept(TrustState.pin(root, now=carded.now, issuer="cn-yiwu", venue="library"), bundle, carded.now)


def test_the_number_of_a_bundle_only_rises(carded: Bench) -> None:
    carded.service.sign_bundle(order(carded, seq=5))
    for seq in (5, 4):
        with refused("rollback"):
            carded.service.sign_bundle(order(carded, seq=seq))
    carded.service.sign_bundle(order(carded, seq=6))
    carded.service.sign_bundle(order(carded, venue="bus", seq=1))
    with refused("epoch_falls"):
        carded.service.sign_bundle(order(carded, epoch=0, seq=7))


def test_a_bundle_is_of_now_and_after_its_snapshot(carded: Bench) -> None:
    for now in (carded.now + 1, carded.now - 1):
        with refused("stale_snapshot"):
            carded.service.sign_bundle(order(carded, now=now))


def test_a_bundle_loosens_nothing(carded: Bench) -> None:
    carded.sign_list({1: SUSPENDED})
    with refused("hold_not_lifted"):
        carded.service.sign_bundle(order(carded))


def test_a_distrusted_key_stays_so_and_signs_no_more(carded: Bench) -> None:
    kid = carded.service.card_kid(1)
    card = payloads(1)
    genuine = tuple(sha256(one).digest() for one in (card.gate, card.identity))
    carded.service.sign_bundle(order(carded, distrusted={kid: genuine}))
    with refused("still_distrusted"):
        carded.service.sign_bundle(order(carded, seq=2))
    assert carded.service.card_kid(1) != kid
    other = gate_card(2)
    with refused("card_keys_spent"):
        from keys.requests import IssueRequest
        from keys.signing import CardBytes

        forged = CardBytes(other.encode(), identity_card(other).encode())
        request = IssueRequest(carded.asked(), kid, (item(forged),)).encode()
        carded.service.sign_cards(request, carded.approve("chief1", request), [forged])


def test_a_forged_card_cannot_be_slipped_into_the_list_of_honest_ones(carded: Bench) -> None:
    kid = carded.service.card_kid(1)
    with refused("not_issued_here"):
        carded.service.sign_bundle(order(carded, distrusted={kid: (bytes(32),)}))
    with refused("not_issued_here"):
        carded.service.sign_issued(kid, [bytes(32)])


def test_a_policy_that_no_reader_takes_is_refused_with_its_reason(carded: Bench) -> None:
    with refused("malformed"):
        carded.service.sign_bundle(order(carded, policy={1: "nonsense"}))


def test_acts_name_cards_that_exist(carded: Bench) -> None:
    request = ReinstateRequest(carded.asked(), number_of(3)).encode()
    with refused("unknown_card"):
        carded.service.record_act(request, carded.approve("chief1", request))


def test_the_hotlist_names_what_was_signed_and_travels_where_it_belongs(carded: Bench) -> None:
    def hot(*places: int, seq: int, hotlist: bool = True) -> bytes:
        lists = (ListSnapshot(URI, permit_days={1: PERMIT_DAY}, hot=places),)
        snapshot = Snapshot(datetime.fromtimestamp(carded.now, UTC), lists)
        served = {"services": (), "policy": Policy().encode(), "hotlist": hotlist}
        return carded.service.sign_bundle(order(carded, venue="police", seq=seq, snapshot=snapshot, **served))

    root = carded.service.hello().roots[-1]
    pinned = TrustState.pin(root, now=carded.now, issuer="cn-yiwu", venue="police")
    _, trust = accept(pinned, hot(1, seq=1), carded.now)
    found = trust.hotlist(URI)
    assert found is not None
    assert [found.at(index) for index in (1, 2)] == [1, 0]
    with refused("hotlist_elsewhere"):
        hot(1, seq=2, hotlist=False)
    with refused("unknown_slot"):
        hot(1, 2, seq=2)
    with refused("hotlist_too_long"):
        hot(*range(MOST_HOT + 1), seq=2)
