"""Assertions: each check of WebAuthn left out in turn, and who may say who approves."""

from dataclasses import replace
from typing import Any

import cbor2
import pytest

from keys import approvals
from keys.approvals import MAX_NONCES, NONCE_LIFE_S, RelyingParty
from keys.errors import KeysError
from keys.requests import ReinstateRequest, RemovalRequest
from keys.signing import Approval, ApproverKey
from tests.keys.conftest import refused
from tests.keys.signer.bench import OFFICE, PARTY, Bench, number_of, payloads
from tests.webauthn_device import USER_PRESENT, USER_VERIFIED, Device
from verify.services import Service


def sign(bench: Bench, request: bytes, approval: Approval) -> None:
    bench.service.sign_cards(request, approval, [payloads()])


@pytest.mark.parametrize(
    ("bent", "words"),
    [
        ({"kind": "webauthn.create"}, "type"),
        ({"origin": "https://card.example.net"}, "origin"),
        ({"origin": "http://card.example.org"}, "origin"),
        ({"origin": "https://card.example.org.evil.example"}, "origin"),
        ({"rp_id": "example.org"}, "RP ID"),
        ({"flags": USER_VERIFIED}, "present"),
        ({"flags": USER_PRESENT}, "verified"),
        ({"cross_origin": True}, "another origin"),
        ({"counter": 0}, "sign count"),
    ],
)
def test_one_check_of_an_assertion(bench: Bench, bent: dict[str, Any], words: str) -> None:
    bench.issue(payloads(9))  # so that the counter has risen once
    request = bench.issue_request(payloads())
    approval = bench.approve("chief1", request, **bent)
    with pytest.raises(KeysError, match=words) as caught:
        sign(bench, request, approval)
    assert caught.value.reason == "bad_approval"
    sign(bench, request, bench.approve("chief1", request))


@pytest.mark.parametrize("part", ["authenticator_data", "client_data", "signature"])
def test_a_changed_byte_in_any_part(bench: Bench, part: str) -> None:
    request = bench.issue_request(payloads())
    sound = bench.approve("chief1", request)
    for place in range(0, len(getattr(sound, part)), 7):
        changed = bytearray(getattr(sound, part))
        changed[place] ^= 1
        with refused("bad_approval"):
            sign(bench, request, replace(sound, **{part: bytes(changed)}))
    for cut in (b"", b"{}", b"null", b"[]", b"\xff"):
        with refused("bad_approval"):
            sign(bench, request, replace(sound, **{part: cut}))


def test_an_approval_with_another_persons_key_or_name(bench: Bench) -> None:
    request = bench.issue_request(payloads())
    with refused("wrong_approver"):
        sign(bench, request, replace(bench.approve("chief1", request), staff="chief2"))
    with refused("unknown_approver"):
        sign(bench, request, Device(PARTY.id, PARTY.origin).approve("chief1", request))
    stolen_id = Device(PARTY.id, PARTY.origin, credential_id=bench.device("chief1").credential_id)
    with refused("bad_approval"):
        sign(bench, request, stolen_id.approve("chief1", request))


def test_the_counter_of_a_passkey_never_falls(bench: Bench) -> None:
    bench.issue(payloads(9))
    request = bench.issue_request(payloads())
    bench.device("chief1").counter -= 1  # a clone that was made before
    with refused("bad_approval"):
        sign(bench, request, bench.approve("chief1", request))


def test_a_passkey_without_a_counter_may_stay_at_zero(fresh: Bench) -> None:
    fresh.found("chief1", "chief2")
    for place in (1, 2):
        request = fresh.issue_request(payloads(place))
        approval = fresh.approve("chief1", request, counter=0)
        assert fresh.service.sign_cards(request, approval, [payloads(place)])


def test_an_ed25519_passkey_approves_too(fresh: Bench) -> None:
    fresh.devices["chief1"] = Device(PARTY.id, PARTY.origin, "EdDSA")
    fresh.found("chief1")
    assert fresh.issue(payloads())


@pytest.mark.parametrize(
    ("url", "party"),
    [
        ("https://card.example.org", RelyingParty("card.example.org", "https://card.example.org")),
        ("https://Card.Example.org:443/", RelyingParty("card.example.org", "https://card.example.org")),
        ("http://localhost:8000", RelyingParty("localhost", "http://localhost:8000")),
    ],
)
def test_the_relying_party_is_the_address_printed_on_cards(url: str, party: RelyingParty) -> None:
    assert RelyingParty.of(url) == party


def test_a_founding_code_is_good_once_and_for_its_own_person(fresh: Bench) -> None:
    assert fresh.service.hello().founders_open == ("chief1", "chief2")
    with refused("bad_founding_code"):
        fresh.service.found_approver("a" * 32, fresh.device("chief1").key())
    made = fresh.service.found_approver(fresh.codes["chief1"], fresh.device("chief1").key())
    assert (made.staff, made.role, made.office) == ("chief1", "approver", OFFICE)
    assert fresh.service.hello().founders_open == ("chief2",)
    with refused("bad_founding_code"):
        fresh.service.found_approver(fresh.codes["chief1"], fresh.device("other").key())


@pytest.mark.parametrize(
    "public",
    [
        b"",
        b"\xff",
        cbor2.dumps({1: 2, 3: -7, -1: 1, -2: bytes(32), -3: bytes(32)}),
        cbor2.dumps({1: 2, 3: -7}),
        cbor2.dumps([1, 2]),
    ],
)
def test_a_public_key_that_is_none(fresh: Bench, public: bytes) -> None:
    with refused("bad_approver_key"):
        fresh.service.found_approver(fresh.codes["chief1"], ApproverKey(b"id", public, 0, "Key"))
    assert fresh.service.hello().founders_open == ("chief1", "chief2")


def test_one_passkey_is_registered_once(fresh: Bench) -> None:
    key = fresh.device("chief1").key()
    fresh.service.found_approver(fresh.codes["chief1"], key)
    with refused("credential_in_use"):
        fresh.service.found_approver(fresh.codes["chief2"], key)


def test_a_further_passkey_needs_two_different_people(bench: Bench) -> None:
    request = bench.approver_request("chief3")
    one = bench.approve("chief1", request)
    assert bench.service.add_approver(request, one) is None
    with refused("bad_approval"):
        bench.service.add_approver(request, one)
    assert bench.service.add_approver(request, bench.approve("chief1", request)) is None
    forged = replace(bench.approve("chief1", request), staff="chief2")
    with refused("wrong_approver"):
        bench.service.add_approver(request, forged)
    other = bench.approver_request("chief4")
    with refused("bad_approval"):
        bench.service.add_approver(request, bench.approve("chief2", other))
    assert [one.staff for one in bench.service.approvers()] == ["chief1", "chief2"]
    last = bench.approve("chief2", request)
    added = bench.service.add_approver(request, last)
    assert added is not None
    assert [one.staff for one in bench.service.approvers()] == ["chief1", "chief2", "chief3"]
    assert bench.service.add_approver(request, last) == added


def test_who_approved_a_passkey_may_go_on_with_the_days_work(bench: Bench) -> None:
    """The counter of the first one's key has moved on by the time the second one answers."""
    request = bench.approver_request("chief3")
    bench.service.add_approver(request, bench.approve("chief1", request))
    bench.issue(payloads(1))
    bench.reopen()
    assert bench.service.add_approver(request, bench.approve("chief2", request)) is not None


def test_an_approval_of_a_passkey_is_for_that_request_and_for_minutes(bench: Bench) -> None:
    request, other = bench.approver_request("chief3"), bench.approver_request("chief4")
    bench.service.add_approver(request, bench.approve("chief1", request))
    assert bench.service.add_approver(other, bench.approve("chief2", other)) is None
    bench.clock.pass_(seconds=NONCE_LIFE_S + 1)
    for late in (request, other):
        with refused("old_request"):
            bench.service.add_approver(late, bench.approve("chief1", late))
    assert [one.staff for one in bench.service.approvers()] == ["chief1", "chief2"]


def test_who_may_not_approve_any_more_does_not_count(bench: Bench) -> None:
    bench.add("chief3")
    request = bench.approver_request("chief4")
    bench.service.add_approver(request, bench.approve("chief3", request))
    removal = RemovalRequest(bench.asked(), bench.device("chief3").credential_id).encode()
    bench.service.remove_approver(removal, bench.approve("chief1", removal))
    assert bench.service.add_approver(request, bench.approve("chief1", request)) is None
    assert bench.service.add_approver(request, bench.approve("chief2", request)) is not None


def test_the_new_one_does_not_count_for_itself(fresh: Bench) -> None:
    fresh.found("chief1")
    request = fresh.approver_request("chief3")
    fresh.service.add_approver(request, fresh.approve("chief1", request))
    with refused("unknown_approver"):
        fresh.service.add_approver(request, fresh.approve("chief3", request))


def test_a_department_has_no_say_in_who_approves(bench: Bench) -> None:
    bench.add("market1", "department", (int(Service.STANDING),))
    request = bench.approver_request("chief3")
    bench.service.add_approver(request, bench.approve("chief1", request))
    with refused("not_your_role"):
        bench.service.add_approver(request, bench.approve("market1", request))
    removal = RemovalRequest(bench.asked(), bench.device("chief1").credential_id).encode()
    with refused("not_your_role"):
        bench.service.remove_approver(removal, bench.approve("market1", removal))


def test_there_are_two_roles_that_approve(bench: Bench) -> None:
    request = bench.approver_request("clerk1", "clerk")
    bench.service.add_approver(request, bench.approve("chief1", request))
    with refused("unknown_role"):
        bench.service.add_approver(request, bench.approve("chief2", request))


def test_a_passkey_taken_away_approves_nothing_and_never_comes_back(bench: Bench) -> None:
    bench.add("chief3")
    removal = RemovalRequest(bench.asked(), bench.device("chief3").credential_id).encode()
    approval = bench.approve("chief1", removal)
    bench.service.remove_approver(removal, approval)
    bench.service.remove_approver(removal, approval)  # repeated, it is done already
    request = bench.issue_request(payloads())
    with refused("unknown_approver"):
        sign(bench, request, bench.approve("chief3", request))
    with refused("credential_in_use"):
        bench.add("chief3")


def test_two_people_stay_who_can_approve(bench: Bench) -> None:
    removal = RemovalRequest(bench.asked(), bench.device("chief2").credential_id).encode()
    with refused("too_few_approvers"):
        bench.service.remove_approver(removal, bench.approve("chief1", removal))


def test_two_people_read_the_same_fingerprint_to_each_other(bench: Bench) -> None:
    (chief1, chief2) = bench.service.approvers()
    assert chief1.fingerprint == approvals.fingerprint_of(bench.device("chief1").public_key)
    assert chief1.fingerprint != chief2.fingerprint


def test_nobody_floods_the_signer_with_requests_that_wait(bench: Bench) -> None:
    with bench.service._ledger.transaction() as db:
        rows = [(place.to_bytes(16, "big"), bench.now + 10) for place in range(MAX_NONCES)]
        db.executemany("INSERT INTO nonce VALUES (?, ?)", rows)
    with refused("too_many_requests"):
        bench.service.nonce()
    bench.clock.pass_(seconds=11)
    assert len(bench.service.nonce()) == 16


def test_an_act_needs_an_approver_other_than_who_asks(bench: Bench) -> None:
    bench.issue(payloads(1))
    request = ReinstateRequest(bench.asked("chief1"), number_of(1)).encode()
    with refused("same_person_approves"):
        bench.service.record_act(request, bench.approve("chief1", request))
    with refused("approval_needed"):
        bench.service.record_act(request, None)
    approval = bench.approve("chief2", request)
    bench.service.record_act(request, approval)
    bench.service.record_act(request, None)  # repeated, it is done already
