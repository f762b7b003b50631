"""Ways round an approval that once were open: what is left unsaid, a print after the last, a far number."""

from datetime import UTC, datetime

import pytest

from keys.bundle import Entitlement, ListSnapshot, Snapshot
from keys.signing import CardBytes
from tests.keys.conftest import refused
from tests.keys.signer.bench import TODAY, URI, Bench, gate_card, number_of, payloads
from tests.keys.signer.test_lists import order
from verify.services import CardClass, Service
from verify.status import REPLACED, REVOKED, SUSPENDED, WITHDRAWN

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
