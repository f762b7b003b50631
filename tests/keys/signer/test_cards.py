"""Cards: signed when somebody else approved exactly these bytes, once, and the same for ever."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from keys.cardsigning import Limits
from keys.plan import CARDS_PER_KEY
from keys.requests import ChipRequest, IssueRequest, ReinstateRequest, ReplaceRequest
from keys.signing import CardBytes
from tests.keys.conftest import refused
from tests.keys.signer.bench import (
    OFFICE,
    PERMIT_DAY,
    TODAY,
    Bench,
    gate_card,
    identity_card,
    item,
    make_bench,
    number_of,
    payloads,
)
from verify.cose import protected_header, sign1_tbs, verify_signature
from verify.services import Service

UID = bytes.fromhex("04a1b2c3d4e5f6")


def chip_of(place: int, bench: Bench, uid: bytes = UID, **changed: object) -> bytes:
    gate = gate_card(place, **changed)
    return replace(gate, chip_uid=uid, issued_at=bench.now).encode()


def test_an_approved_card_is_signed_by_the_key_that_the_list_names(bench: Bench) -> None:
    card = payloads()
    (signed,) = bench.issue(card)
    entry = bench.service._keyring.entry_of(signed.kid)
    head = protected_header(entry.public.algorithm, signed.kid)
    assert verify_signature(entry.public, sign1_tbs(head, card.gate), signed.gate)
    assert verify_signature(entry.public, sign1_tbs(head, card.identity), signed.identity)


def test_the_same_request_has_the_same_answer_for_ever_and_asks_nobody_again(bench: Bench) -> None:
    cards = [payloads(1), payloads(2)]
    request = bench.issue_request(*cards)
    first = bench.service.sign_cards(request, bench.approve("chief1", request), cards)
    bench.clock.pass_(days=400)
    assert bench.service.sign_cards(request, None, cards) == first
    assert bench.reopen().sign_cards(request, None, cards) == first


def test_a_repeated_request_still_needs_its_own_bytes(bench: Bench) -> None:
    request = bench.issue_request(payloads(1))
    bench.service.sign_cards(request, bench.approve("chief1", request), [payloads(1)])
    with refused("not_what_was_approved"):
        bench.service.sign_cards(request, None, [payloads(2)])


def test_nobody_approved(bench: Bench) -> None:
    request = bench.issue_request(payloads())
    with refused("approval_needed"):
        bench.service.sign_cards(request, None, [payloads()])


def test_bytes_other_than_those_approved(bench: Bench) -> None:
    request = bench.issue_request(payloads(1))
    approval = bench.approve("chief1", request)
    for others in ([payloads(2)], [], [payloads(1), payloads(2)]):
        with refused("not_what_was_approved"):
            bench.service.sign_cards(request, approval, others)


def test_an_approval_of_another_request(bench: Bench) -> None:
    """Replayed, whoever gave it: its challenge is another request's hash."""
    given = bench.issue_request(payloads(1))
    approval = bench.approve("chief1", given)
    other = bench.issue_request(payloads(2))
    with refused("bad_approval"):
        bench.service.sign_cards(other, approval, [payloads(2)])


def test_an_old_request(bench: Bench) -> None:
    request = bench.issue_request(payloads())
    approval = bench.approve("chief1", request)
    bench.clock.pass_(seconds=601)
    with refused("implausible_iat"):
        bench.service.sign_cards(request, approval, [payloads()])
    with refused("old_request"):
        again = payloads(now=bench.clock.now)
        late = IssueRequest(bench.asked(), bench.service.card_kid(1), (item(again),))
        stale = replace(late, asked=replace(late.asked, made_at=bench.now - 601)).encode()
        bench.service.sign_cards(stale, bench.approve("chief1", stale), [again])


def test_a_nonce_is_good_once_and_only_if_the_signer_gave_it(bench: Bench) -> None:
    asked = bench.asked()
    for place, nonce in ((1, asked.nonce), (2, asked.nonce), (3, bytes(16))):
        card = payloads(place)
        kid = bench.service.card_kid(1)
        request = IssueRequest(replace(asked, nonce=nonce), kid, (item(card),)).encode()
        approval = bench.approve("chief1", request)
        if place == 1:
            bench.service.sign_cards(request, approval, [card])
            continue
        with refused("old_request"):
            bench.service.sign_cards(request, approval, [card])


def test_a_nonce_runs_out_by_itself(bench: Bench) -> None:
    asked = bench.asked()
    bench.clock.pass_(seconds=601)
    card = payloads(now=bench.clock.now)
    request = IssueRequest(replace(asked, made_at=bench.now), bench.service.card_kid(1), (item(card),))
    with refused("old_request"):
        bench.service.sign_cards(request.encode(), bench.approve("chief1", request.encode()), [card])


def test_nobody_approves_their_own(bench: Bench) -> None:
    request = bench.issue_request(payloads(), submitter="chief1")
    with refused("same_person_approves"):
        bench.service.sign_cards(request, bench.approve("chief1", request), [payloads()])


def test_an_approver_of_an_office_that_is_not_above(bench: Bench) -> None:
    request = IssueRequest(
        bench.asked(offices=("Bank branch 7", "Bank")), bench.service.card_kid(1), (item(payloads()),)
    ).encode()
    with refused("not_your_office"):
        bench.service.sign_cards(request, bench.approve("chief1", request), [payloads()])


def test_an_approver_of_the_office_above(bench: Bench) -> None:
    request = IssueRequest(
        bench.asked(offices=("Point 7", OFFICE)), bench.service.card_kid(1), (item(payloads()),)
    ).encode()
    assert bench.service.sign_cards(request, bench.approve("chief1", request), [payloads()])


def test_a_department_approves_no_cards(bench: Bench) -> None:
    bench.add("market1", "department", (int(Service.STANDING),))
    request = bench.issue_request(payloads())
    with refused("not_your_role"):
        bench.service.sign_cards(request, bench.approve("market1", request), [payloads()])


def test_one_wrong_card_stops_all_of_them_and_is_named(bench: Bench) -> None:
    gate = gate_card(2, issuer="cn-other")
    cards = [payloads(1), CardBytes(gate.encode(), identity_card(gate).encode())]
    request = bench.issue_request(*cards)
    approval = bench.approve("chief1", request)
    with pytest.raises(Exception, match=r"^card 1: cn-yiwu was expected"):
        bench.service.sign_cards(request, approval, cards)
    assert bench.issue(payloads(1))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"place": 1}, "number_in_use"),
        ({"place": 2, "status": gate_card(1).status}, "slot_in_use"),
        ({"place": 2, "print_id": gate_card(1).print_id}, "slot_in_use"),
        ({"place": 2, "print_number": 2}, "bad_print_number"),
    ],
)
def test_nothing_is_signed_for_other_bytes(bench: Bench, changed: dict[str, int], reason: str) -> None:
    """Neither the number, nor the index, nor the print id of a card is ever another's."""
    bench.issue(payloads(1))
    bench.clock.pass_(seconds=5)
    place = changed.pop("place")
    with refused(reason):
        bench.issue(payloads(place, bench.clock.now, **changed))


def test_an_index_that_was_given_up_is_not_signed_for(bench: Bench) -> None:
    bench.sign_list(statuses={7: 1})
    with refused("slot_in_use"):
        bench.issue(payloads(7))


def test_two_cards_of_one_request_cannot_share_an_index(bench: Bench) -> None:
    with refused("slot_in_use"):
        bench.issue(payloads(1), payloads(2, status=gate_card(1).status))


def test_a_person_has_so_many_cards_a_day_and_no_more(tmp_path: Path) -> None:
    with make_bench(tmp_path / "var", limits=Limits(per_submitter=2, per_approver=3)) as bench:
        bench.found("chief1", "chief2")
        bench.issue(payloads(1), payloads(2))
        with refused("quota_submitter"):
            bench.issue(payloads(3))
        request = bench.issue_request(payloads(3), payloads(4), submitter="clerk2")
        with refused("quota_approver"):
            bench.service.sign_cards(request, bench.approve("chief1", request), [payloads(3), payloads(4)])
        assert bench.service.sign_cards(request, bench.approve("chief2", request), [payloads(3), payloads(4)])
        bench.clock.pass_(days=1)
        assert bench.issue(payloads(5, bench.clock.now))


def test_a_refused_request_costs_nothing(bench: Bench) -> None:
    """Neither its nonce nor its quota is gone: the person tries again."""
    request = bench.issue_request(payloads())
    with refused("bad_approval"):
        bench.service.sign_cards(
            request, bench.approve("chief1", request, origin="https://evil.example"), [payloads()]
        )
    assert bench.service.sign_cards(request, bench.approve("chief1", request), [payloads()])


def test_a_key_signs_in_its_window_and_up_to_its_count(bench: Bench) -> None:
    kid = bench.service.card_kid(1)
    others = {key.kid for key in bench.service._keyring.key_list.keys} - {kid}
    for wrong, reason in ((bytes(8), "unknown_key"), (min(others), None)):
        request = IssueRequest(bench.asked(), wrong, (item(payloads()),)).encode()
        with pytest.raises(Exception, match="key") as caught:
            bench.service.sign_cards(request, bench.approve("chief1", request), [payloads()])
        assert reason is None or getattr(caught.value, "reason", "") == reason
    with refused("card_keys_spent"):
        bench.service.card_kid(CARDS_PER_KEY + 1)
    bench.clock.pass_(days=100)
    later = payloads(now=bench.clock.now)
    request = IssueRequest(bench.asked(), kid, (item(later),)).encode()
    with refused("no_key_in_window"):
        bench.service.sign_cards(request, bench.approve("chief1", request), [later])


def test_another_print_needs_the_number_and_comes_after_the_last(bench: Bench) -> None:
    bench.issue(payloads(1))
    bench.clock.pass_(days=30)
    at = bench.clock.now
    number = number_of(1)
    fresh = {"status": gate_card(9).status, "print_id": gate_card(9).print_id}
    again = payloads(1, at, print_number=2, **fresh)
    request = bench.replace_request(number, again)
    assert bench.service.sign_cards(request, bench.approve("chief1", request), [again])
    other = {"status": gate_card(10).status, "print_id": gate_card(10).print_id}
    for card, named, reason in (
        (payloads(1, at, print_number=2, **other), number, "bad_print_number"),
        (payloads(1, at, print_number=3, **other), number_of(2), "not_what_was_approved"),
        (payloads(2, at, print_number=3, **other), number_of(2), "unknown_card"),
        (
            payloads(1, at, print_number=3, permit_day=PERMIT_DAY + 1, **other),
            number,
            "permit_not_approved",
        ),
    ):
        request = bench.replace_request(named, card)
        with refused(reason):
            bench.service.sign_cards(request, bench.approve("chief1", request), [card])


def test_a_longer_permit_is_printed_once_its_extension_was_approved(bench: Bench) -> None:
    bench.issue(payloads(1))
    bench.extend(number_of(1), PERMIT_DAY + 100)
    later = payloads(
        1,
        print_number=2,
        permit_day=PERMIT_DAY + 100,
        status=gate_card(9).status,
        print_id=gate_card(9).print_id,
    )
    request = bench.replace_request(number_of(1), later)
    assert bench.service.sign_cards(request, bench.approve("chief1", request), [later])


def test_a_chip_is_signed_for_the_newest_print_and_one_uid(bench: Bench) -> None:
    bench.issue(payloads(1))
    payload = chip_of(1, bench)
    request = bench.chip_request(number_of(1), UID, payload)
    signed = bench.service.sign_chip(request, bench.approve("chief1", request), payload)
    entry = bench.service._keyring.entry_of(signed.kid)
    tbs = sign1_tbs(protected_header(entry.public.algorithm, signed.kid), payload)
    assert verify_signature(entry.public, tbs, signed.signature)
    bench.clock.pass_(days=1)
    assert bench.service.sign_chip(request, None, payload) == signed
    other = chip_of(1, bench)
    request = bench.chip_request(number_of(1), UID, other)
    with refused("chip_in_use"):
        bench.service.sign_chip(request, bench.approve("chief1", request), other)


def test_a_chip_of_a_card_that_was_never_signed_or_is_over(bench: Bench) -> None:
    payload = chip_of(1, bench)
    request = bench.chip_request(number_of(1), UID, payload)
    with refused("unknown_card"):
        bench.service.sign_chip(request, bench.approve("chief1", request), payload)
    bench.issue(payloads(1))
    bench.sign_list(statuses={1: 1})
    with refused("card_is_final"):
        bench.service.sign_chip(request, bench.approve("chief1", request), payload)


def test_a_chip_whose_permit_was_not_approved(bench: Bench) -> None:
    bench.issue(payloads(1))
    payload = chip_of(1, bench, permit_day=PERMIT_DAY + 5)
    request = bench.chip_request(number_of(1), UID, payload)
    approval = bench.approve("chief1", request)
    with refused("permit_not_approved"):
        bench.service.sign_chip(request, approval, payload)
    with refused("not_what_was_approved"):
        bench.service.sign_chip(request, approval, chip_of(1, bench))


def test_each_door_takes_its_own_kind_of_request(bench: Bench) -> None:
    bench.issue(payloads(1))
    reinstate = ReinstateRequest(bench.asked(), number_of(1)).encode()
    issue = bench.issue_request(payloads(2))
    approval = bench.approve("chief1", reinstate)
    with refused("wrong_request"):
        bench.service.sign_cards(reinstate, approval, [payloads(2)])
    with refused("wrong_request"):
        bench.service.sign_chip(issue, approval, b"")
    with refused("wrong_request"):
        bench.service.record_act(issue, approval)
    with refused("wrong_request"):
        bench.service.add_approver(issue, approval)
    with refused("wrong_request"):
        bench.service.remove_approver(issue, approval)


def test_a_demos_console_may_have_made_the_card(tmp_path: Path) -> None:
    with make_bench(tmp_path / "var", demo=True) as bench:
        bench.found("chief1", "chief2")
        card = payloads(1, print_number=3)
        request = ReplaceRequest(bench.asked(), bench.service.card_kid(1), number_of(1), item(card)).encode()
        assert bench.service.sign_cards(request, bench.approve("chief1", request), [card])


def test_every_refusal_and_every_signature_is_in_the_signers_own_log(bench: Bench) -> None:
    before = bench.service._ledger.head().seq
    request = bench.issue_request(payloads())
    with refused("approval_needed"):
        bench.service.sign_cards(request, None, [payloads()])
    bench.service.sign_cards(request, bench.approve("chief1", request), [payloads()])
    with bench.service._ledger.transaction() as db:
        rows = db.execute(
            "SELECT actor, action, subject, details FROM log WHERE seq > ?", (before,)
        ).fetchall()
    subject = sha256(request).hexdigest()
    assert [row[:3] for row in rows] == [
        ("service", "cards_refused", subject),
        ("chief1", "cards_signed", subject),
    ]
    assert number_of(1) in rows[1][3]
    told = "".join(row[3] for row in rows)
    assert all(secret not in told for secret in ("Amina", "A0000001", "1990"))


def test_what_a_request_may_hold_is_bounded(bench: Bench) -> None:
    many = [payloads(place) for place in range(501)]
    request = IssueRequest(
        bench.asked(), bench.service.card_kid(1), tuple(item(card) for card in many)
    ).encode()
    with refused("malformed_request"):
        bench.service.sign_cards(request, bench.approve("chief1", request), many)


def test_a_permit_that_ended_yesterday_is_not_signed_today(bench: Bench) -> None:
    bench.clock.now += timedelta(days=PERMIT_DAY - TODAY + 1)
    with refused("permit_over"):
        bench.issue(payloads(1, bench.clock.now))


def test_a_replacement_for_a_chip_request_is_none(bench: Bench) -> None:
    request = ChipRequest(
        bench.asked(), bench.service.card_kid(1), number_of(1), UID, sha256(b"x").digest()
    ).encode()
    with refused("wrong_request"):
        bench.service.sign_cards(request, None, [])
