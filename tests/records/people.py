"""Small ready-made records: whole, plausible, and of nobody."""

import itertools
import secrets
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from cardsvc.records import IssuerSettings, NewCard, NewPrint, RecordsError, Store, Transaction
from cardsvc.records.people import Facts

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
IAT = int(NOW.timestamp())
#: 2026-03-02 counted from 2020-01-01.
TODAY = 2252
YEAR_S = 365 * 86_400
CANARY = "Zyxwvcanary"
_numbers = itertools.count(1)


def facts(passport: str = "C123456", surname: str = CANARY) -> Facts:
    return {"surname": surname, "given_names": "Ada", "passport": passport, "passport_country": "UTO"}


def new_number() -> str:
    return f"{next(_numbers):013d}"


def new_card(person: str, number: str | None = None, permit: int | None = TODAY + 100) -> NewCard:
    return NewCard(
        number=number or new_number(),
        person_id=person,
        card_class=1,
        services=0b1110,
        service_days={3: TODAY + 10},
        valid_from=TODAY,
        valid_until=TODAY + 365,
        permit_true_day=permit,
        iss="cn-yiwu",
    )


def new_print(tx: Transaction, card: NewCard, print_no: int = 1, exp: int = IAT + YEAR_S) -> NewPrint:
    ((list_id, index),) = tx.status.allot(1, now=NOW)
    return NewPrint(
        card_number=card.number,
        print_no=print_no,
        cti=secrets.token_bytes(8),
        list_id=list_id,
        list_index=index,
        gate_payload=b"gate",
        identity_payload=b"identity of " + CANARY.encode(),
        signing_kid=b"k" * 8,
        iat=IAT,
        exp=exp,
        permit_day=card.permit_true_day,
    )


def refusal(
    store: Store, change: Callable[[Transaction], object], kind: type[RecordsError] = RecordsError
) -> str:
    """Why the records refuse a change; the transaction it was tried in is rolled back."""

    def transact() -> None:
        with store.transaction() as tx:
            change(tx)

    with pytest.raises(kind) as caught:
        transact()
    return caught.value.reason


def set_up(store: Store) -> None:
    with store.transaction() as tx:
        tx.issuer.init(IssuerSettings("cn-yiwu", "http://localhost:8000", 28_800, 1))


def issue(tx: Transaction, passport: str, permit: int | None = TODAY + 100, exp: int = IAT + YEAR_S) -> str:
    """A person with an issued card; returns the card's number."""
    person = tx.people.add(facts(passport), b"portrait", now=NOW)
    card = new_card(person, permit=permit)
    tx.cards.add(card, now=NOW)
    tx.prints.issue(tx.prints.add_intent(new_print(tx, card, exp=exp)), b"g" * 64, b"i" * 64)
    return card.number


def slot_of(tx: Transaction, number: str) -> tuple[str, int]:
    current = tx.prints.current_of(number)
    assert current is not None
    return current.list_id, current.list_index
