"""A signer on the bench: real keys, a real ledger, passkeys in software, and a clock in hand."""

import atexit
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

from stdnum.iso7064 import mod_11_10

from keys.approvals import RelyingParty
from keys.bundle import Entitlement, ListSnapshot
from keys.cardsigning import Limits
from keys.demo import init_demo
from keys.files import Passphrase
from keys.founding import Founder, found_signer, open_signer_service
from keys.ledger import LedgerFacts
from keys.requests import (
    ApproverRequest,
    Asked,
    CardItem,
    ChipRequest,
    ExtendRequest,
    GrantRequest,
    IssueRequest,
    ReinstateRequest,
    ReplaceRequest,
)
from keys.service import SignerPolicy, SigningService
from keys.signing import Approval, CardBytes, CardSignatures
from tests.keys.conftest import CHEAP, NOW
from tests.webauthn_device import Device
from verify.card import Card, StatusRef
from verify.days import DEFAULT_OFFSET_S, day_at, day_number, end_of, start_of
from verify.identity import MALE, VERSION, WEBP, Identity
from verify.services import CardClass, Service
from verify.status import LIST_SLOTS

PUBLIC_URL = "https://card.example.org"
PARTY = RelyingParty.of(PUBLIC_URL)
URI = f"{PUBLIC_URL}/s/abc"
OFFICE = "Centre 01"
FACE = b"RIFF\x00\x00\x00\x00WEBP" + bytes(200)
TODAY = day_at(int(NOW.timestamp()))
PERMIT_DAY = day_number(date(2026, 6, 30))
LAST_DAY = day_number(date(2031, 3, 1))
SERVICES = 1 << Service.BUS | 1 << Service.LIBRARY


def number_of(place: int) -> str:
    """A card number with its check digit (ISO 7064 Mod 11,10)."""
    digits = f"{place:012d}"
    return digits + str(mod_11_10.calc_check_digit(digits))


def gate_card(place: int = 1, now: datetime = NOW, **changed: object) -> Card:
    """A sound gate code of nobody; another place is another card at another index."""
    iat = int(now.timestamp())
    card = Card(
        issuer="cn-yiwu",
        number=number_of(place),
        expires=end_of(LAST_DAY),
        not_before=start_of(day_at(iat)),
        issued_at=iat,
        card_class=int(CardClass.MERCHANT),
        services=SERVICES,
        print_number=1,
        status=StatusRef(URI, place),
        print_id=place.to_bytes(8, "big"),
        permit_day=PERMIT_DAY,
    )
    return replace(card, **changed)  # type: ignore[arg-type]  # tests name fields of Card


def identity_card(gate: Card, **changed: object) -> Card:
    """The identity code beside a gate code; ``changed`` are members of claim 169 or of the card."""
    identity = Identity(
        id=gate.number,
        version=VERSION,
        language="eng",
        full_name="O'Neil-Žižek, Amina",
        birth=date(1990, 2, 28),
        gender=MALE,
        nationality="KEN",
        photo=FACE,
        photo_format=WEBP,
        second_name="阿米娜",
        second_language="zho",
    )
    members = {name: changed.pop(name) for name in list(changed) if hasattr(identity, name)}
    card = replace(
        gate,
        identity=replace(identity, **members),  # type: ignore[arg-type]  # tests name fields of Identity
        passport=("A0000001", "KEN"),
        native_name=("ara", "أمينة"),
        permit_class="A",
    )
    return replace(card, **changed)  # type: ignore[arg-type]  # tests name fields of Card


def payloads(place: int = 1, now: datetime = NOW, **changed: object) -> CardBytes:
    """The two payloads of a sound card."""
    gate = gate_card(place, now, **changed)
    return CardBytes(gate.encode(), identity_card(gate).encode())


def item(card: CardBytes, by_list: dict[int, int | None] | None = None) -> CardItem:
    return CardItem.of(card.gate, card.identity, by_list)


@dataclass
class Bench:
    """A signing service and the people around it."""

    data: Path
    service: SigningService
    codes: dict[str, str]
    clock: "Clock"
    devices: dict[str, Device] = field(default_factory=dict)

    @property
    def now(self) -> int:
        return int(self.clock.now.timestamp())

    def device(self, name: str) -> Device:
        """The passkey of that name, made when it is first asked for."""
        return self.devices.setdefault(name, Device(PARTY.id, PARTY.origin))

    def found(self, *people: str) -> None:
        """Let founders register their passkeys."""
        for name in people:
            self.service.found_approver(self.codes[name], self.device(name).key())

    def asked(self, submitter: str = "clerk1", offices: tuple[str, ...] = (OFFICE,)) -> Asked:
        return Asked(submitter, offices, self.service.nonce(), self.now)

    def approve(self, staff: str, request: bytes, **bent: object) -> Approval:
        return self.device(staff).approve(staff, request, **bent)

    def issue_request(self, *cards: CardBytes, submitter: str = "clerk1", **by_list: int | None) -> bytes:
        """A request for these cards, with rights by list given as ``standing=None``."""
        rights = {int(Service[name.upper()]): day for name, day in by_list.items()}
        kid = self.service.card_kid(len(cards))
        return IssueRequest(self.asked(submitter), kid, tuple(item(one, rights) for one in cards)).encode()

    def issue(self, *cards: CardBytes, **by_list: int | None) -> list[CardSignatures]:
        """Have cards signed as everyday life does it."""
        request = self.issue_request(*cards, **by_list)
        return self.service.sign_cards(request, self.approve("chief1", request), cards)

    def replace_request(self, number: str, card: CardBytes) -> bytes:
        return ReplaceRequest(self.asked(), self.service.card_kid(1), number, item(card)).encode()

    def chip_request(self, number: str, uid: bytes, payload: bytes) -> bytes:
        digest = sha256(payload).digest()
        return ChipRequest(self.asked(), self.service.card_kid(1), number, uid, digest).encode()

    def reinstate(self, number: str, by: str = "chief1") -> None:
        request = ReinstateRequest(self.asked(), number).encode()
        self.service.record_act(request, self.approve(by, request))

    def extend(self, number: str, day: int, by: str = "chief1") -> None:
        request = ExtendRequest(self.asked(), number, day).encode()
        self.service.record_act(request, self.approve(by, request))

    def grant(self, number: str, service: Service, until: int | None = None, by: str = "market1") -> None:
        request = GrantRequest(self.asked(by), {number: until}, int(service)).encode()
        self.service.record_act(request, self.approve(by, request))

    def approver_request(self, staff: str, role: str = "approver", services: tuple[int, ...] = ()) -> bytes:
        device = self.device(staff)
        return ApproverRequest(
            self.asked("operator1"),
            staff=staff,
            role=role,
            office=OFFICE,
            services=services,
            credential_id=device.credential_id,
            public_key=device.public_key,
            sign_count=device.counter,
            label=f"Key of {staff}",
        ).encode()

    def add(self, staff: str, role: str = "approver", services: tuple[int, ...] = ()) -> None:
        """Register a further passkey as two founders approve it."""
        request = self.approver_request(staff, role, services)
        for name in ("chief1", "chief2"):
            self.service.add_approver(request, self.approve(name, request))

    def sign_list(
        self,
        statuses: dict[int, int] | None = None,
        permits: dict[int, int] | None = None,
        rights: dict[Service, dict[int, Entitlement]] | None = None,
    ) -> tuple[bytes, str]:
        """Have the one list signed as it is now."""
        snapshot = ListSnapshot(URI, statuses or {}, permits or {}, rights or {}, slots=LIST_SLOTS)
        return self.service.sign_status_list(snapshot, self.now)

    def reopen(self) -> SigningService:
        """Stop the signer and start it again on the same directory."""
        self.service.close()
        self.service = open_at(self.data, self.clock)
        return self.service


@dataclass
class Clock:
    """The one clock of a bench; it goes where it is set."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **span: float) -> None:
        self.now += timedelta(**span)


PASSPHRASE = Passphrase(b"correct horse")


def open_at(data: Path, clock: Clock, *, demo: bool = False, limits: Limits | None = None) -> SigningService:
    policy = SignerPolicy(demo, frozenset({int(CardClass.TALENT)}), limits or Limits())
    return open_signer_service(data, PASSPHRASE, policy, clock)


@cache
def _founded() -> tuple[Path, dict[str, str]]:
    """A founded signer on disk, made once: some fifty key files are synced for it."""
    data = Path(mkdtemp(prefix="bench-")) / "var"
    atexit.register(shutil.rmtree, data.parent)
    init_demo(data, PASSPHRASE, issuer="cn-yiwu", now=NOW, cost=CHEAP)
    facts = LedgerFacts("cn-yiwu", PUBLIC_URL, DEFAULT_OFFSET_S)
    founders = [Founder("chief1", OFFICE), Founder("chief2", OFFICE)]
    return data, found_signer(data, PASSPHRASE, facts, founders, now=NOW, cost=CHEAP)


@contextmanager
def make_bench(data: Path, *, demo: bool = False, limits: Limits | None = None) -> Iterator[Bench]:
    """A signer whose two founders hold their codes and have no passkey yet."""
    founded, codes = _founded()
    shutil.copytree(founded, data)
    clock = Clock(NOW)
    bench = Bench(data, open_at(data, clock, demo=demo, limits=limits), codes, clock)
    try:
        yield bench
    finally:
        bench.service.close()
