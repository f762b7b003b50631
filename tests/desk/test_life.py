"""A card's whole life, in virtual time, as readers without a network judge it from real bundles."""

import dataclasses

import pytest

from cardsvc.desk import signing
from cardsvc.desk.chips import write_chip
from cardsvc.records import DistrustedKeyRecord, PrintRecord, Signatures
from issuance.nfc import read_ndef
from issuance.number import new_number
from keys.errors import KeysError
from keys.keyring import Keyring
from keys.signer import sign1
from tests.desk.town import NOW, Town, application, at
from tests.keys.conftest import refused
from verify.card import Card
from verify.cose import decode_sign1
from verify.days import DAY_S
from verify.services import Service

SUSPENDED = "deny suspended"
UNKNOWN = "attention permit_unknown"
ALLOW = "allow ok"


def test_held_freed_and_ended_for_ever(either_town: Town) -> None:
    town = either_town
    card = town.card(application())
    gate, identity = town.codes(card.print_id).gate_text, town.codes(card.print_id).identity_text
    reader = town.reader(now=at("2026-03-02 08:05"))
    assert reader.judge(gate, at("2026-03-02 08:06")) == ALLOW
    assert reader.judge(identity, at("2026-03-02 08:06")) == ALLOW

    town.life(at("2026-03-02 09:00")).suspend(card.number, "reported lost")
    assert reader.judge(gate, at("2026-03-02 09:01")) == ALLOW  # It cannot know yet.
    reader.sync(at("2026-03-02 09:05"))
    assert reader.judge(gate, at("2026-03-02 09:06")) == SUSPENDED
    assert reader.judge(identity, at("2026-03-02 09:06")) == SUSPENDED

    town.life(at("2026-03-02 10:00")).reinstate(card.number, "found again")
    reader.sync(at("2026-03-02 10:05"))
    assert reader.judge(gate, at("2026-03-02 10:06")) == ALLOW

    town.life(at("2026-03-02 11:00")).revoke(card.number, "fraud")
    reader.sync(at("2026-03-02 11:05"))
    assert reader.judge(gate, at("2026-03-02 11:06")) == "deny revoked"
    for act in ("reinstate", "suspend", "revoke", "replace"):
        with refused("card_is_final"):
            getattr(town.life(at("2026-03-02 12:00")), act)(card.number, "changed my mind")
    reader.sync(at("2026-03-02 12:05"))
    assert reader.judge(gate, at("2026-03-02 12:06")) == "deny revoked"
    assert town.actions(card.number) == [
        "card_reserved", "card_issued", "card_suspended", "card_reinstated", "card_revoked",
    ]  # fmt: skip


def test_a_card_that_was_never_held_cannot_be_freed(town: Town) -> None:
    card = town.card(application())
    with refused("not_suspended"):
        town.life(NOW).reinstate(card.number, "to be sure")
    assert town.actions(card.number) == ["card_reserved", "card_issued"]


def test_granted_after_printing_until_a_last_day_and_withdrawn(either_town: Town) -> None:
    town = either_town
    card = town.card(application())
    code = town.codes(card.print_id).gate_text
    door = town.reader("hospital", at("2026-03-02 08:05"))
    assert door.judge(code, at("2026-03-02 08:06"), Service.HOSPITAL) == "deny no_entitlement"

    owner = town.life(at("2026-03-02 09:00"), by="health1")
    owner.grant(card.number, Service.HOSPITAL, at("2026-03-10 00:00").date())
    assert door.judge(code, at("2026-03-02 09:01"), Service.HOSPITAL) == "deny no_entitlement"
    door.sync(at("2026-03-10 10:00"))
    assert door.judge(code, at("2026-03-10 15:59:59"), Service.HOSPITAL) == ALLOW
    assert door.judge(code, at("2026-03-10 16:00:00"), Service.HOSPITAL) == "deny no_entitlement"

    town.life(at("2026-03-11 01:00"), by="health1").grant(card.number, Service.HOSPITAL, None)
    door.sync(at("2026-03-11 02:00"))
    assert door.judge(code, at("2026-03-11 03:00"), Service.HOSPITAL) == ALLOW
    town.life(at("2026-03-11 04:00"), by="health1").withdraw(card.number, Service.HOSPITAL)
    door.sync(at("2026-03-11 05:00"))
    assert door.judge(code, at("2026-03-11 06:00"), Service.HOSPITAL) == "deny entitlement_withdrawn"


def test_a_printed_right_is_withdrawn_and_ends_on_its_printed_day(town: Town) -> None:
    card = town.card(application(services={"bus": "2026-03-10", "library": None}))
    code = town.codes(card.print_id).gate_text
    bus, library = (town.reader(venue, at("2026-03-10 10:00")) for venue in ("bus", "library"))
    assert bus.judge(code, at("2026-03-10 15:59:59"), Service.BUS) == ALLOW
    assert bus.judge(code, at("2026-03-10 16:00:00"), Service.BUS) == "deny no_entitlement"
    assert library.judge(code, at("2026-03-10 16:00:00"), Service.LIBRARY) == ALLOW
    town.life(at("2026-03-11 01:00"), by="library1").withdraw(card.number, Service.LIBRARY)
    library.sync(at("2026-03-11 02:00"))
    assert library.judge(code, at("2026-03-11 03:00"), Service.LIBRARY) == "deny entitlement_withdrawn"


def test_the_permit_ends_and_is_extended_on_the_same_plastic(either_town: Town) -> None:
    town = either_town
    card = town.card(application())
    code = town.codes(card.print_id).gate_text
    older = town.reader(now=at("2026-06-30 10:00"))
    assert older.judge(code, at("2026-06-30 15:59:59")) == ALLOW
    assert older.judge(code, at("2026-06-30 16:00:00")) == UNKNOWN
    # Lists are dated a minute back, so that one made at this very second still says 0.
    at_once, newer = town.reader(now=at("2026-06-30 16:00:59")), town.reader(now=at("2026-06-30 16:01:00"))
    assert at_once.judge(code, at("2026-06-30 16:00:59")) == UNKNOWN
    assert newer.judge(code, at("2026-06-30 16:01:00")) == SUSPENDED

    town.life(at("2026-07-02 02:00")).extend(card.number, at("2027-02-27 00:00").date())
    newer.sync(at("2026-07-02 02:05"))
    assert newer.judge(code, at("2026-07-02 02:06")) == ALLOW
    newer.sync(at("2027-02-27 10:00"))
    assert newer.judge(code, at("2027-02-27 15:59:59")) == ALLOW
    assert newer.judge(code, at("2027-02-27 16:00:00")) == UNKNOWN


def test_who_extended_early_passes_an_offline_reader_across_the_printed_day(either_town: Town) -> None:
    town = either_town
    early, late = town.card(application(1)), town.card(application(2))
    town.life(at("2026-06-29 02:00")).extend(early.number, at("2027-02-27 00:00").date())
    reader = town.reader(now=at("2026-06-30 10:00"))
    across = at("2026-06-30 16:00:00")
    assert reader.judge(town.codes(early.print_id).gate_text, across) == ALLOW
    assert reader.judge(town.codes(late.print_id).gate_text, across) == UNKNOWN


@pytest.mark.parametrize(
    ("day", "reason"),
    [("2026-06-30", "not_longer"), ("2026-06-01", "not_longer"), ("2026-07-01", "day_passed")],
)
def test_a_permit_is_only_made_longer_and_not_into_the_past(town: Town, day: str, reason: str) -> None:
    card = town.card(application())
    with refused(reason):
        town.life(at("2026-07-02 02:00")).extend(card.number, at(f"{day} 00:00").date())


def test_extending_lifts_no_hold(town: Town) -> None:
    card = town.card(application())
    town.life(at("2026-06-29 02:00")).suspend(card.number, "a question")
    town.life(at("2026-06-29 03:00")).extend(card.number, at("2027-02-27 00:00").date())
    reader = town.reader(now=at("2026-06-29 03:05"))
    assert reader.judge(town.codes(card.print_id).gate_text, at("2026-06-29 03:06")) == SUSPENDED


def test_replaced_the_old_print_says_so_and_the_new_one_has_the_rights_of_today(either_town: Town) -> None:
    town = either_town
    card = town.card(application(services={"bus": None, "library": None, "scenic": "2026-03-20"}))
    town.life(at("2026-03-05 01:00"), by="health1").grant(card.number, Service.HOSPITAL, None)
    town.life(at("2026-03-05 01:00"), by="library1").withdraw(card.number, Service.LIBRARY)
    town.life(at("2026-03-05 02:00")).extend(card.number, at("2027-02-27 00:00").date())
    print_id, answer = town.life(at("2026-04-01 01:00")).replace(card.number, "broken")
    assert answer["print"] == 2
    old, new = town.codes(card.print_id).gate_text, town.codes(print_id).gate_text
    reader = town.reader(now=at("2026-04-01 01:05"))
    assert reader.judge(old, at("2026-04-01 01:06")) == "deny replaced"
    assert reader.judge(new, at("2026-04-01 01:06")) == ALLOW
    assert reader.judge(new, at("2026-04-01 01:06"), Service.HOSPITAL) == ALLOW
    assert reader.judge(new, at("2026-04-01 01:06"), Service.LIBRARY) == "deny entitlement_withdrawn"

    first, second = (
        Card.decode(decode_sign1(town.codes(one).gate).payload) for one in (card.print_id, print_id)
    )
    assert (first.number, first.expires) == (second.number, second.expires)
    assert second.print_number == 2
    assert second.services == 1 << Service.BUS | 1 << Service.HOSPITAL
    assert not second.service_days
    assert second.permit_day is not None
    assert first.permit_day is not None
    assert second.permit_day > first.permit_day
    assert second.status != first.status
    assert second.print_id != first.print_id


def test_a_card_lost_while_held_stays_held_when_it_is_printed_anew(town: Town) -> None:
    card = town.card(application())
    town.life(at("2026-03-03 01:00")).suspend(card.number, "lost")
    print_id, answer = town.life(at("2026-03-03 02:00")).replace(card.number, "lost")
    assert answer["state"] == "suspended"
    reader = town.reader(now=at("2026-03-03 02:05"))
    assert reader.judge(town.codes(print_id).gate_text, at("2026-03-03 02:06")) == SUSPENDED
    town.life(at("2026-03-03 03:00")).reinstate(card.number, "new plastic handed out")
    reader.sync(at("2026-03-03 03:05"))
    assert reader.judge(town.codes(print_id).gate_text, at("2026-03-03 03:06")) == ALLOW
    assert reader.judge(town.codes(card.print_id).gate_text, at("2026-03-03 03:06")) == "deny replaced"


def test_no_new_print_without_a_permit(town: Town) -> None:
    card = town.card(application())
    with refused("permit_ended"):
        town.life(at("2026-06-30 16:00:00")).replace(card.number, "broken")
    town.life(at("2026-06-30 15:59:59")).replace(card.number, "broken")


def test_the_card_ends_with_its_last_day_and_a_new_one_can_be_issued(town: Town) -> None:
    raw = application(valid_until="2026-04-30")
    card = town.card(raw)
    code = town.codes(card.print_id).gate_text
    reader = town.reader(now=at("2026-04-30 10:00"))
    assert reader.judge(code, at("2026-04-30 15:59:59")) == ALLOW
    assert reader.judge(code, at("2026-04-30 16:00:00")) == "deny expired"
    with refused("card_over"):
        town.life(at("2026-04-30 16:00:00")).replace(card.number, "broken")
    (too_early,) = town.issue(
        raw | {"reference": "next", "valid_until": "2026-12-31"}, now=at("2026-04-30 15:59:59")
    )
    assert not hasattr(too_early, "number")
    following = town.card(raw | {"reference": "next", "valid_until": "2026-12-31"}, at("2026-04-30 16:00:00"))
    assert following.number != card.number
    assert town.actions(card.number)[-1] == "card_ended"
    reader.sync(at("2026-04-30 17:00"))
    assert reader.judge(town.codes(following.print_id).gate_text, at("2026-04-30 17:01")) == ALLOW


def test_a_stolen_card_key_is_distrusted_and_its_genuine_cards_go_on(either_town: Town) -> None:
    town = either_town
    honest = [town.card(application(number)) for number in (1, 2)]
    with town.installation.store.reading() as tx:
        printed = tx.prints.get(honest[0].print_id)
    thief = town.installation.keyring.signer_of(printed.signing_kid)
    genuine = Card.decode(printed.gate_payload)
    made_up = dataclasses.replace(genuine, number="0000000000000", print_id=b"\1" * 8)
    back_dated = dataclasses.replace(made_up, issued_at=genuine.issued_at - DAY_S // 2, services=(1 << 9) - 2)
    forged = [sign1(thief, card.encode()) for card in (made_up, back_dated)]
    reader = town.reader(now=at("2026-03-02 08:05"))
    assert [reader.judge(code, at("2026-03-02 08:06")) for code in forged] == [ALLOW, ALLOW]

    with town.installation.store.transaction() as tx:
        tx.distrusted.add(
            DistrustedKeyRecord(printed.signing_kid, "stolen", "chief1", at("2026-03-02 09:00"))
        )
    after = town.card(application(3), at("2026-03-02 09:01"))
    reader.sync(at("2026-03-02 09:05"))
    codes = [town.codes(card.print_id) for card in honest]
    for code in codes:
        assert reader.judge(code.gate_text, at("2026-03-02 09:06")) == ALLOW
        assert reader.judge(code.identity_text, at("2026-03-02 09:06")) == ALLOW
    assert [reader.judge(code, at("2026-03-02 09:06")) for code in forged] == ["deny distrusted_key"] * 2
    assert reader.judge(town.codes(after.print_id).gate_text, at("2026-03-02 09:06")) == ALLOW
    with town.installation.store.reading() as tx:
        assert tx.prints.get(after.print_id).signing_kid != printed.signing_kid


def test_a_chip_written_later_outlives_the_theft_of_its_own_key(town: Town) -> None:
    card = town.card(application())
    # The next window of card keys has begun: print and chip have signatures of different keys.
    now, uid = at("2026-06-20 08:00"), "04a1b2c3d4e5f6"
    chip, message = write_chip(town.installation, town.life(now), card.number, uid, now)
    with town.installation.store.transaction() as tx:
        assert tx.prints.get(card.print_id).signing_kid != chip.signing_kid
        tx.distrusted.add(DistrustedKeyRecord(chip.signing_kid, "stolen", "chief1", now))
    reader = town.reader(now=at("2026-06-20 09:00"))
    code = read_ndef(message)
    assert reader.judge(code, at("2026-06-20 09:01"), tag_uid=bytes.fromhex(uid)) == ALLOW
    other = bytes.fromhex("04a1b2c3d4e5f7")
    assert reader.judge(code, at("2026-06-20 09:01"), tag_uid=other) == "deny wrong_chip"


def test_only_the_department_that_owns_a_service_grants_it(town: Town) -> None:
    card = town.card(application())
    for by in ("clerk1", "chief1", "library1", "officer1"):
        with refused("not_your_service"):
            town.life(NOW, by=by).grant(card.number, Service.HOSPITAL, None)
        with refused("not_your_service"):
            town.life(NOW, by=by).withdraw(card.number, Service.BUS)
    with refused("staff_not_found"):
        town.life(NOW, by="nobody")
    with refused("same_person_approves"):
        town.life(NOW, by="health1", approved_by="health1")
    assert town.actions(card.number) == ["card_reserved", "card_issued"]


def test_nothing_is_granted_beyond_the_card_or_into_the_past(town: Town) -> None:
    card = town.card(application(valid_until="2026-04-30"))
    owner = town.life(NOW, by="health1")
    with refused("beyond_card"):
        owner.grant(card.number, Service.HOSPITAL, at("2026-05-01 00:00").date())
    with refused("day_passed"):
        owner.grant(card.number, Service.HOSPITAL, at("2026-03-01 00:00").date())


def test_a_number_that_is_none_and_a_card_that_is_not_there(town: Town) -> None:
    with refused("wrong_number"):
        town.life(NOW).suspend("1234567890123", "typed wrong")
    with refused("card_not_found"):
        town.life(NOW).suspend(new_number(lambda _: 0), "never issued")


def test_a_bundle_before_the_first_card_serves_a_reader(town: Town) -> None:
    reader = town.reader(now=NOW)
    card = town.card(application(), at("2026-03-02 08:01"))
    # It has no list for this card yet: the printed claims stand, and the door's policy decides.
    assert (
        reader.judge(town.codes(card.print_id).gate_text, at("2026-03-02 08:02"))
        == "attention status_unknown"
    )
    reader.sync(at("2026-03-02 08:03"))
    assert reader.judge(town.codes(card.print_id).gate_text, at("2026-03-02 08:04")) == ALLOW


@pytest.mark.parametrize("act", ["suspend", "reinstate", "revoke", "replace"])
@pytest.mark.parametrize(("text", "reason"), [(" \t", "reason_missing"), ("x" * 201, "reason_too_long")])
def test_an_act_says_why_in_a_few_words(town: Town, act: str, text: str, reason: str) -> None:
    card = town.card(application())
    with refused(reason):
        getattr(town.life(NOW), act)(card.number, text)
    assert town.actions(card.number) == ["card_reserved", "card_issued"]


def test_a_permit_is_extended_by_ten_years_at_most(town: Town) -> None:
    card = town.card(application())
    with refused("too_far"):
        town.life(NOW).extend(card.number, at("2036-03-03 00:00").date())
    town.life(NOW).extend(card.number, at("2036-03-02 00:00").date())


@pytest.mark.parametrize("who", ["health1", "auditor1", "dpo1", "printer1", "officer1"])
def test_only_the_desk_acts_on_the_card_as_such(town: Town, who: str) -> None:
    card = town.card(application())
    for by, approved_by in ((who, "console"), ("clerk1", who)):
        life = town.life(NOW, by, approved_by)
        for act in ("suspend", "reinstate", "revoke", "replace"):
            with refused("not_your_role"):
                getattr(life, act)(card.number, "a reason")
        with refused("not_your_role"):
            life.extend(card.number, at("2027-02-27 00:00").date())
    assert town.actions(card.number) == ["card_reserved", "card_issued"]
    for by in ("clerk1", "chief1", "operator1"):
        town.life(NOW, by).suspend(card.number, "a question")


def test_a_new_print_is_dated_when_it_is_written(town: Town) -> None:
    card = town.card(application())
    then = at("2026-03-05 08:00")
    print_id, _ = town.life(NOW).replace(card.number, "broken", clock=lambda: then)
    assert Card.decode(decode_sign1(town.codes(print_id).gate).payload).issued_at == int(then.timestamp())


def test_a_new_print_that_cannot_be_signed_leaves_the_card_as_it_was(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = town.card(application())

    def broken(keyring: Keyring, intent: PrintRecord) -> Signatures:
        raise KeysError("key_file_missing", "the key is gone")

    monkeypatch.setattr(signing, "_signed", broken)
    with refused("not_signed"):
        town.life(NOW).replace(card.number, "broken")
    assert town.actions(card.number)[-2:] == ["replacement_reserved", "print_given_up"]
    assert town.reader(now=NOW).judge(town.codes(card.print_id).gate_text, NOW) == ALLOW
