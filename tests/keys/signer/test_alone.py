"""One person alone, whatever they call and in whatever order, never obtains signed bytes.

The person here is the worst there can be: an approver, with a registered passkey of their own, who holds the
socket of the signer, sees every request, every approval and every answer of the others, and may send any of
it again, changed or not. What the service says of who submits is the one thing that is believed: it comes
from the session, and here it is this person. Beside them honest people go on working.
"""

import shutil
import tempfile
from contextlib import ExitStack, suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from keys.bundle import Entitlement
from keys.errors import KeysError
from keys.requests import (
    ApproverRequest,
    Asked,
    ChipRequest,
    ExtendRequest,
    GrantRequest,
    IssueRequest,
    ReinstateRequest,
    RemovalRequest,
    ReplaceRequest,
    decode_request,
)
from keys.signing import Approval
from tests.keys.signer.bench import (
    OFFICE,
    PARTY,
    PERMIT_DAY,
    Bench,
    gate_card,
    item,
    make_bench,
    number_of,
    payloads,
)
from tests.webauthn_device import Device
from verify.services import Service
from verify.status import GRANTED, REVOKED, SUSPENDED, WITHDRAWN

ME, OTHER = "chief1", "chief2"
PLACES = st.integers(1, 3)
#: Whom the person signs as: with the own passkey, a home-made one, or not at all.
HANDS = st.sampled_from(["own", "home-made", "as chief2", "nobody"])
UID = bytes.fromhex("04a1b2c3d4e5f6")


class Alone(RuleBasedStateMachine):
    """Everything that one person can try, among people who work."""

    seen = Bundle("seen")

    @initialize()
    def begin(self) -> None:
        self.room = ExitStack()
        self.folder = Path(tempfile.mkdtemp())
        self.bench: Bench = self.room.enter_context(make_bench(self.folder / "var"))
        self.bench.found(ME, OTHER)
        self.honest: set[bytes] = set()
        self.held: set[int] = set()
        self.ended: set[int] = set()
        self.home_made = Device(PARTY.id, PARTY.origin)

    def teardown(self) -> None:
        self.room.close()
        shutil.rmtree(self.folder)

    @property
    def service(self) -> Any:
        return self.bench.service

    def mine(self) -> Asked:
        return Asked(ME, (OFFICE,), self.service.nonce(), self.bench.now)

    def hand(self, how: str, request: bytes) -> Approval | None:
        if how == "own":
            return self.bench.approve(ME, request)
        if how == "as chief2":
            return replace(self.bench.approve(ME, request), staff=OTHER)
        return None if how == "nobody" else self.home_made.approve(ME, request)

    def kid(self) -> bytes:
        kid: bytes = self.service.card_kid(1)
        return kid

    def never(self, act: Any) -> None:
        """What is tried is refused with a reason."""
        try:
            act()
        except KeysError:
            return
        raise AssertionError("one person alone was given what two must ask for")

    # Honest people at work: what they send and get is seen by everybody.

    @rule(target=seen, place=PLACES)
    def others_issue(self, place: int) -> Any:
        card = payloads(place, self.bench.clock.now)
        request = self.bench.issue_request(card, submitter="clerk1")
        # A passkey that is kept in step over devices has no counter: then the challenge alone tells.
        approval = self.bench.approve(OTHER, request, counter=0)
        try:
            self.service.sign_cards(request, approval, [card])
        except KeysError as error:
            assert error.reason in ("number_in_use", "slot_in_use")  # noqa: PT017 - the place is taken, or given up
            return multiple()
        self.honest |= {sha256(card.gate).digest()}
        return request, approval, (card,)

    @rule(place=PLACES)
    def others_hold(self, place: int) -> None:
        self.held.add(place)
        self.list_now()

    @rule(place=PLACES)
    def others_revoke(self, place: int) -> None:
        self.ended.add(place)
        self.list_now()

    @rule(minutes=st.integers(1, 20))
    def time_passes(self, minutes: int) -> None:
        self.bench.clock.pass_(minutes=minutes)

    @rule()
    def the_signer_is_started_again(self) -> None:
        self.bench.reopen()

    def list_now(self, **other: Any) -> None:
        statuses = dict.fromkeys(self.held, SUSPENDED) | dict.fromkeys(self.ended, REVOKED)
        self.bench.sign_list(statuses | other.pop("statuses", {}), **other)

    # The one person.

    @rule(place=PLACES, how=HANDS)
    def asks_for_a_card(self, place: int, how: str) -> None:
        card = payloads(place, self.bench.clock.now)
        request = IssueRequest(self.mine(), self.kid(), (item(card),)).encode()
        self.never(lambda: self.service.sign_cards(request, self.hand(how, request), [card]))

    @rule(place=PLACES, how=HANDS, print_number=st.integers(1, 3))
    def asks_for_another_print(self, place: int, how: str, print_number: int) -> None:
        taken = gate_card(100 + place)
        card = payloads(
            place,
            self.bench.clock.now,
            print_number=print_number,
            status=taken.status,
            print_id=taken.print_id,
        )
        request = ReplaceRequest(self.mine(), self.kid(), number_of(place), item(card)).encode()
        self.never(lambda: self.service.sign_cards(request, self.hand(how, request), [card]))

    @rule(place=PLACES, how=HANDS)
    def asks_for_a_chip(self, place: int, how: str) -> None:
        payload = gate_card(place, self.bench.clock.now, chip_uid=UID).encode()
        digest = sha256(payload).digest()
        request = ChipRequest(self.mine(), self.kid(), number_of(place), UID, digest).encode()
        self.never(lambda: self.service.sign_chip(request, self.hand(how, request), payload))

    @rule(one=seen, place=PLACES)
    def sends_an_approval_of_others_with_another_card(self, one: Any, place: int) -> None:
        request, approval, _ = one
        card = payloads(place + 50, self.bench.clock.now)
        self.never(lambda: self.service.sign_cards(request, approval, [card]))
        fresh = IssueRequest(replace(self.mine(), submitter="clerk1"), self.kid(), (item(card),)).encode()
        self.never(lambda: self.service.sign_cards(fresh, approval, [card]))
        same_nonce = replace(decode_request(request), cards=(item(card),)).encode()
        self.never(lambda: self.service.sign_cards(same_nonce, approval, [card]))

    @rule(one=seen, place=st.integers(0, 10_000), bit=st.integers(0, 7))
    def sends_a_request_of_others_with_one_bit_changed(self, one: Any, place: int, bit: int) -> None:
        request, approval, cards = one
        changed = bytearray(request)
        changed[place % len(changed)] ^= 1 << bit
        self.never(lambda: self.service.sign_cards(bytes(changed), approval, cards))

    @rule(one=seen)
    def sends_a_request_of_others_again(self, one: Any) -> None:
        """That gives the bytes they were given, and no others."""
        request, approval, cards = one
        assert self.service.sign_cards(request, approval, cards) == self.service.sign_cards(
            request, None, cards
        )

    @rule(place=PLACES, how=HANDS)
    def lifts_a_hold(self, place: int, how: str) -> None:
        request = ReinstateRequest(self.mine(), number_of(place)).encode()
        self.never(lambda: self.service.record_act(request, self.hand(how, request)))

    @rule(place=PLACES, how=HANDS)
    def lengthens_a_permit(self, place: int, how: str) -> None:
        request = ExtendRequest(self.mine(), number_of(place), PERMIT_DAY + 50).encode()
        self.never(lambda: self.service.record_act(request, self.hand(how, request)))

    @rule(place=PLACES, how=HANDS, service=st.sampled_from([Service.BUS, Service.CREDIT]))
    def grants_a_right(self, place: int, how: str, service: Service) -> None:
        request = GrantRequest(self.mine(), {number_of(place): None}, int(service)).encode()
        self.never(lambda: self.service.record_act(request, self.hand(how, request)))

    @rule(hands=st.lists(HANDS, max_size=3), role=st.sampled_from(["approver", "department"]))
    def makes_another_approver(self, hands: list[str], role: str) -> None:
        device = Device(PARTY.id, PARTY.origin)
        request = ApproverRequest(
            self.mine(),
            staff="chief3",
            role=role,
            office=OFFICE,
            services=(int(Service.BUS),),
            credential_id=device.credential_id,
            public_key=device.public_key,
            sign_count=0,
            label="Mine",
        ).encode()
        given = [one for how in hands if (one := self.hand(how, request)) is not None]
        for approval in (*given, device.approve("chief3", request)):
            # One that counts is noted, and waits for another person's.
            with suppress(KeysError):
                assert self.service.add_approver(request, approval) is None

    @rule(code=st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=0, max_size=32), used=st.booleans())
    def founds_again(self, code: str, used: bool) -> None:
        tried = self.bench.codes[OTHER] if used else code
        self.never(lambda: self.service.found_approver(tried, self.home_made.key()))

    @rule(how=HANDS)
    def takes_the_other_approver_away(self, how: str) -> None:
        request = RemovalRequest(self.mine(), self.bench.device(OTHER).credential_id).encode()
        self.never(lambda: self.service.remove_approver(request, self.hand(how, request)))

    @rule(place=PLACES)
    def has_a_list_say_more_than_is_so(self, place: int) -> None:
        if place in self.ended:
            self.never(lambda: self.list_now(statuses={place: 0}))
        self.never(lambda: self.list_now(permits={place: PERMIT_DAY + 50}))
        card = gate_card(place)
        if place not in self.held | self.ended or card.number not in self.numbers():
            self.never(lambda: self.list_now(rights={Service.CREDIT: {place: Entitlement(GRANTED)}}))

    @rule(place=PLACES)
    def frees_a_card_that_others_hold(self, place: int) -> None:
        if place not in self.ended:
            self.others_issue(place)
            self.others_hold(place)
            self.never(lambda: self.list_now(statuses={place: 0}))

    @rule(place=PLACES)
    def withdraws_which_anybody_may(self, place: int) -> None:
        with suppress(KeysError):
            self.list_now(rights={Service.HOSPITAL: {place: Entitlement(WITHDRAWN)}})

    def numbers(self) -> set[str]:
        with self.service._ledger.transaction() as db:
            return {number for (number,) in db.execute("SELECT number FROM slot")}

    @invariant()
    def only_what_two_people_asked_for_is_signed(self) -> None:
        if not hasattr(self, "bench"):
            return
        with self.service._ledger.transaction() as db:
            signed = {digest for (digest,) in db.execute("SELECT gate_hash FROM slot")}
            chips = db.execute("SELECT count(*) FROM chip").fetchone()
        assert signed == self.honest
        assert chips == (0,)
        assert [one.staff for one in self.service.approvers()] == [ME, OTHER]


TestAlone = Alone.TestCase
TestAlone.settings = settings(max_examples=15, stateful_step_count=25, deadline=None, phases=[Phase.generate])
