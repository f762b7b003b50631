"""A town with a signer: the real one, in this process, and passkeys in software for those who approve."""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cardsvc.desk import asserting
from cardsvc.desk.actor import Actor
from cardsvc.desk.approving import Approving, Begun
from cardsvc.desk.asserting import SignedCard
from cardsvc.desk.cases import CaseDesk
from cardsvc.desk.signing import CrashPoint, card_keys_of, codes_of, nowhere
from cardsvc.installation import ServedInstallation
from cardsvc.records import CaseRecord
from issuance.application import PERMIT_FREE_CLASSES
from issuance.issuer import Codes
from keys import approvals
from keys.cardsigning import Limits
from keys.ledger import Ledger, LedgerFacts
from keys.service import SignerPolicy, SigningService
from keys.signer import new_signer
from tests.desk.town import EXAMPLES, NOW, PUBLIC_URL, Town, application, make_town
from tests.webauthn_device import Device
from verify.services import Service

CENTRE, OTHER_CENTRE = "Yiwu Centre 01", "Yiwu Centre 02"


class Clock:
    """The time of the signer and of the service, set by hand."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


def actor(staff: str) -> Actor:
    """The demo's staff: ``clerk2`` and ``chief2`` belong to the second centre."""
    role = {"clerk": "clerk", "chief": "approver", "print": "printer", "opera": "operator"}.get(staff[:5])
    office = OTHER_CENTRE if staff.endswith("2") else CENTRE
    return Actor(staff, role or "department", office, frozenset({office}))


@dataclass
class Office:
    """What staff does at the desk, and the keys it does it with."""

    town: Town
    site: ServedInstallation
    ledger: Ledger
    clock: Clock
    devices: dict[str, Device] = field(default_factory=dict)

    def desk(self, staff: str = "clerk1") -> CaseDesk:
        return CaseDesk(self.site, actor(staff), self.clock.now)

    def draft(self, raw: Mapping[str, object] | None = None, staff: str = "clerk1") -> str:
        """A whole case with a portrait, not yet submitted."""
        fields = {name: value for name, value in (raw or application()).items() if name != "portrait"}
        case = self.desk(staff).create(fields)
        self.desk(staff).set_portrait(case, 1, face(), None)
        return case

    def submitted(self, raw: Mapping[str, object] | None = None, staff: str = "clerk1") -> str:
        case = self.draft(raw, staff)
        self.desk(staff).submit(case, self.case(case).version)
        return case

    def case(self, case: str) -> CaseRecord:
        with self.site.store.reading() as tx:
            return tx.cases.get(case)

    def begin(self, *cases: str, staff: str = "chief1", look: bool = True, **how: Any) -> Begun:
        """Open every case, as an approver must, and begin the approval."""
        if look:
            for case in cases:
                self.desk(staff).open(case)
        seen = {case: self.case(case).version for case in cases}
        return Approving(self.site, actor(staff), self.clock.now).begin(seen, **how)

    def sign(
        self, begun: Begun, staff: str = "chief1", reach: CrashPoint = nowhere, **bent: Any
    ) -> list[SignedCard]:
        credential = self.device(staff).get(begun.options, **bent)
        return asserting.sign_approval(
            self.site, begun.approval, credential, by=staff, now=self.clock.now, reach=reach
        )

    def issue(self, *cases: str, staff: str = "chief1") -> list[SignedCard]:
        return self.sign(self.begin(*cases, staff=staff), staff)

    def recover(self) -> int:
        return asserting.recover(self.site, now=self.clock.now)

    def device(self, staff: str) -> Device:
        return self.devices[staff]

    def give_key(self, staff: str, role: str = "approver", services: tuple[int, ...] = ()) -> None:
        """A passkey in the signer's own store, as a founder's would be."""
        made = Device("card.example.org", PUBLIC_URL)
        with self.ledger.transaction() as db:
            office = actor(staff).office
            now = int(self.clock.now.timestamp())
            approvals.register(
                db, made.key(), staff=staff, role=role, office=office, services=services, now=now
            )
        self.devices[staff] = made

    def codes(self, print_id: str) -> Codes:
        with self.site.store.reading() as tx:
            return codes_of(card_keys_of(self.site), tx.prints.get(print_id))

    def judge(self, print_id: str, service: Service | None = Service.BUS) -> list[str]:
        """What a reader with a bundle of now says to both codes."""
        reader = self.town.reader(now=self.clock.now)
        codes = self.codes(print_id)
        return [
            reader.judge(code, self.clock.now, service) for code in (codes.gate_text, codes.identity_text)
        ]


@contextmanager
def make_office(
    data: Path, database_url: str | None = None, limits: Limits | None = None, *, demo: bool = True
) -> Iterator[Office]:
    """A town whose cards are signed by the signer alone; but for a ``demo`` it takes nothing over."""
    clock = Clock()
    with make_town(data, database_url) as town:
        inside, issuer = town.installation, town.installation.issuer
        facts = LedgerFacts(issuer.iss, issuer.public_url, issuer.day_offset_s)
        path = data / "signer-test" / "ledger.db"
        ledger = Ledger.create(path, facts)
        policy = SignerPolicy(demo, frozenset(map(int, PERMIT_FREE_CLASSES)), limits or Limits())
        signer = SigningService(inside.keyring, ledger, new_signer(), policy, clock)
        site = ServedInstallation(inside.settings, inside.store, issuer, signer)
        office = Office(town, site, ledger, clock)
        for chief in ("chief1", "chief2"):
            office.give_key(chief)
        try:
            yield office
        finally:
            ledger.close()


@cache
def face() -> bytes:
    """The portrait of nobody."""
    return (EXAMPLES / "portraits" / "abebe.jpg").read_bytes()


def as_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
