"""Ways round an approval that once were open: what is left unsaid, a print after the last, a far number."""

from datetime import UTC, datetime, timedelta

import pytest

from keys.bundle import Entitlement, ListSnapshot, Snapshot
from keys.signing import CardBytes
from tests.keys.conftest import refused
from tests.keys.signer.bench import (
    LAST_DAY,
    PERMIT_DAY,
    PUBLIC_URL,
    TODAY,
    URI,
    Bench,
    gate_card,
    number_of,
    payloads,
)
from tests.keys.signer.test_lists import order
from tests.keys.signer.test_tokens import (
    PHONE_URI,
    enrol,
    proof,
    sign_phones,
    token,
)
from verify.card import StatusRef
from verify.rules import Policy
from verify.services import CardClass, Service
from verify.status import GRANTED, GRANTED_TO_DAY, REPLACED, REVOKED, SUSPENDED, WITHDRAWN

NUMBER = number_of(1)


@pytest.fixture
def carded(bench: Bench) -> Bench:
    bench.issue(payloads(1))
    return bench


def again(place: int = 9) -> CardBytes:
    """The second print of the first card."""
    other = gate_card(place)
    return payloads(1, status=other.status, print_id=other.print_id, print_number=2)


def replace(bench: Bench, card: CardBytes) -> None:
    request = bench.replace_request(NUMBER, card)
    bench.service.sign_cards(request, bench.approve("chief1", request), [card])


def one_list(bench: Bench, rights: dict[Service, dict[int, Entitlement]]) -> Snapshot:
    return Snapshot(datetime.fromtimestamp(bench.now, UTC), (ListSnapshot(URI, entitlements=rights),))


def test_a_service_left_out_does_not_end_a_withdrawal(carded: Bench) -> None:
    withdrawn = {Service.LIBRARY: {1: Entitlement(WITHDRAWN)}}
    carded.service.sign_bundle(order(carded, snapshot=one_list(carded, withdrawn), seq=1))
    with refused("not_granted"):
        carded.service.sign_bundle(order(carded, snapshot=one_list(carded, {}), seq=2))


def lists(bench: Bench, *uris: str) -> Snapshot:
    """These lists, each without a word."""
    taken = datetime.fromtimestamp(bench.now, UTC)
    return Snapshot(taken, tuple(map(ListSnapshot, uris)))


def test_a_list_left_out_frees_nobody(carded: Bench) -> None:
    """To a reader without the list a revoked card is merely unknown, and some doors open to that."""
    other = f"{PUBLIC_URL}/s/xyz"
    carded.issue(payloads(2, status=StatusRef(other, 2)))
    for seq, left in enumerate(((), (URI,), (other,)), 1):
        with refused("list_missing"):
            carded.service.sign_bundle(order(carded, snapshot=lists(carded, *left), seq=seq))
    carded.service.sign_bundle(order(carded, snapshot=lists(carded, URI, other), seq=1))


def test_a_list_whose_codes_have_all_expired_may_go(carded: Bench) -> None:
    carded.clock.now += timedelta(days=LAST_DAY - TODAY + 2)
    # The last window of keys is far behind; what matters is judged before any key is asked.
    with refused("no_key_in_window"):
        carded.service.sign_bundle(order(carded, snapshot=lists(carded)))


def test_a_list_of_phones_is_needed_while_a_token_lives(carded: Bench) -> None:
    enrol(carded)
    carded.service.sign_bundle(order(carded, snapshot=lists(carded, URI), seq=1))
    carded.service.sign_token(proof(carded), token(carded).encode())
    with refused("list_missing"):
        carded.service.sign_bundle(order(carded, snapshot=lists(carded, URI), seq=2))
    carded.service.sign_bundle(order(carded, snapshot=lists(carded, URI, PHONE_URI), seq=2))
    carded.clock.pass_(days=15)
    carded.service.sign_bundle(order(carded, snapshot=lists(carded, URI), seq=3))


@pytest.mark.parametrize("named", [(), (Service.BUS,), (Service.LIBRARY, Service.BUS)])
def test_the_lists_of_a_bundle_are_those_of_its_rules_services(
    carded: Bench, named: tuple[Service, ...]
) -> None:
    """A service that the rules name and the lists do not is as printed, whatever was withdrawn."""
    with refused("services_differ"):
        carded.service.sign_bundle(order(carded, services=named))
    rules = Policy(services=frozenset(map(int, named)))
    carded.service.sign_bundle(order(carded, services=named, policy=rules.encode()))


@pytest.mark.parametrize("used", [False, True])
@pytest.mark.parametrize("right", [Entitlement(GRANTED), Entitlement(GRANTED_TO_DAY, TODAY + 99)])
def test_nothing_is_granted_to_a_phone_between_two_tokens(
    carded: Bench, right: Entitlement, used: bool
) -> None:
    """Its next token lives while the list does that was signed before."""
    enrol(carded)
    if used:
        carded.service.sign_token(proof(carded), token(carded).encode())
        carded.clock.pass_(days=15)
    granted = ListSnapshot(PHONE_URI, entitlements={Service.LIBRARY: {7: right}})
    with refused("not_granted"):
        carded.service.sign_status_list(granted, carded.now)
    with refused("permit_not_approved"):
        sign_phones(carded, {}, {7: PERMIT_DAY + 1})
    carded.add("library1", "department", (int(Service.LIBRARY),))
    carded.grant(NUMBER, Service.LIBRARY, by="library1")
    carded.service.sign_status_list(granted, carded.now)


def test_what_is_withdrawn_may_go_unsaid_of_a_phone_without_a_token(carded: Bench) -> None:
    """No list speaks of it, and its next token is signed without the service."""
    enrol(carded)
    carded.sign_list(rights={Service.LIBRARY: {1: Entitlement(WITHDRAWN)}})
    silent = ListSnapshot(PHONE_URI, entitlements={Service.LIBRARY: {}})
    carded.service.sign_status_list(silent, carded.now)
    with refused("right_withdrawn"):
        carded.service.sign_token(proof(carded), token(carded).encode())


def test_a_new_print_is_held_as_the_card_is(carded: Bench) -> None:
    carded.sign_list({1: SUSPENDED})
    replace(carded, again())
    with refused("hold_not_lifted"):
        carded.sign_list({1: REPLACED})
    carded.sign_list({1: REPLACED, 9: SUSPENDED})
    carded.reinstate(NUMBER)
    carded.sign_list({1: REPLACED})


def test_a_card_that_is_over_gets_no_other_print(carded: Bench) -> None:
    carded.sign_list({1: REVOKED})
    with refused("card_is_final"):
        replace(carded, again())


def test_an_order_that_fails_stands_in_no_later_ones_way(carded: Bench) -> None:
    with refused("epoch_ahead"):
        carded.service.sign_bundle(order(carded, epoch=1_000_000, seq=1))
    carded.service.sign_bundle(order(carded, seq=2))
    with refused("rollback"):
        carded.service.sign_bundle(order(carded, seq=2))


def test_where_there_is_no_permit_none_is_extended(bench: Bench) -> None:
    bench.issue(payloads(1, card_class=int(CardClass.TALENT), permit_day=None))
    with refused("no_permit"):
        bench.extend(NUMBER, TODAY + 1)
    bench.sign_list()


def test_a_founder_whose_answer_was_lost_asks_again_with_the_same_key(fresh: Bench) -> None:
    key, code = fresh.device("chief1").key(), fresh.codes["chief1"]
    first = fresh.service.found_approver(code, key)
    assert fresh.service.found_approver(code, key) == first
    with refused("bad_founding_code"):
        fresh.service.found_approver(code, fresh.device("chief2").key())
