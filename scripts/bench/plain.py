"""The plain way to issue a card: what somebody writes who takes each library as its manual shows it.

The same applications become the same content: a portrait for the print and a face for the code, the same two
signed codes, a page for each side, four files, rows for person, card, print, application and audit. Whatever
would need more thought is left out, in its favour: the art is one picture, nothing is sealed or chained, no
code is rehearsed, nothing is read back from the page.
"""

import io
import json
import secrets
from datetime import datetime
from pathlib import Path
from typing import ClassVar
from unittest.mock import patch

import ndef
from PIL import Image, ImageOps
from reportlab import rl_config
from sqlalchemy import MetaData
from sqlmodel import Field, Session, SQLModel, create_engine, func, select

from issuance.application import Application, parse_application
from issuance.issuer import Holder, PrintOrder, gate_card, identity_card
from issuance.number import new_number
from scripts.bench.peers import ROOT
from scripts.bench.plain_page import Page, face, printed_portrait, register
from scripts.bench.town import ISSUER, URI, Town
from verify import text
from verify.card import StatusRef

EXAMPLES = ROOT / "examples"


class Plain(SQLModel):
    """Base of the plain tables."""

    metadata: ClassVar[MetaData] = MetaData()


class PlainPerson(Plain, table=True):
    """A person, in the clear."""

    id: int | None = Field(default=None, primary_key=True)
    passport: str = Field(unique=True)
    facts: str
    portrait: bytes


class PlainCard(Plain, table=True):
    """A card."""

    number: str = Field(primary_key=True)
    person_id: int = Field(foreign_key="plainperson.id", index=True)
    card_class: int
    valid_until: str
    permit_until: str


class PlainPrint(Plain, table=True):
    """A print with its codes; its own number is its status index."""

    id: int | None = Field(default=None, primary_key=True)
    card_number: str = Field(foreign_key="plaincard.number", index=True)
    gate: bytes
    identity: bytes
    status: int = 0


class PlainApplication(Plain, table=True):
    """An application."""

    reference: str = Field(primary_key=True)
    card_number: str = Field(foreign_key="plaincard.number", index=True)
    submitted_by: str
    approved_by: str
    created_at: datetime


class PlainAudit(Plain, table=True):
    """Who did what."""

    seq: int | None = Field(default=None, primary_key=True)
    time: datetime
    actor: str
    action: str
    subject: str


class PlainDesk:
    """Issues one card after the other."""

    def __init__(self, town: Town, folder: Path, fonts: Path, art: tuple[bytes, ...]) -> None:
        """Make an empty database below ``folder``; codes are signed with the town's key."""
        self._town, self._fonts, self._art, self.out = town, fonts, art, folder / "cards"
        self.out.mkdir(parents=True)
        self._engine = create_engine(f"sqlite:///{folder / 'plain.db'}")
        Plain.metadata.create_all(self._engine)
        register(fonts)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def issue(self, raws: list[dict[str, object]], *, tuned: bool = False) -> list[str]:
        """Issue all of them; gives the numbers of the cards.

        ``tuned`` is somebody who has measured once: typefaces stay open, and no Base85 in Python.
        """
        with patch.object(rl_config, "useA85", not tuned):
            return [self._issue(raw, tuned) for raw in raws]

    def _issue(self, raw: dict[str, object], tuned: bool) -> str:
        application = parse_application(raw, now=self._town.now, base=EXAMPLES)
        portrait = ImageOps.exif_transpose(Image.open(io.BytesIO(application.portrait))).convert("RGB")
        printed = printed_portrait(portrait)
        with Session(self._engine) as session:
            order = self._order(session, application, face(portrait))
            gate = gate_card(order, order.services)
            identity = identity_card(order, gate, with_native=True, face=order.face)
            codes = self._town.sign(gate), self._town.sign(identity)
            self._record(session, order, application, printed, codes)
        texts = text.encode(codes[0]), text.encode(codes[1])
        if not tuned:
            register(self._fonts)
        chip = b"".join(ndef.message_encoder([ndef.Record("application/cwt", "", codes[0])]))
        self._file(order, "pdf", Page(order, texts, printed, self._art).draw())
        self._file(order, "gate.txt", texts[0].encode())
        self._file(order, "identity.txt", texts[1].encode())
        self._file(order, "ndef", chip)
        return order.number

    def _order(self, session: Session, application: Application, small: bytes) -> PrintOrder:
        number = new_number(secrets.randbelow)
        while session.get(PlainCard, number) is not None:
            number = new_number(secrets.randbelow)
        index = session.exec(select(func.max(PlainPrint.id))).one() or 0
        return PrintOrder(
            holder=_holder(application),
            issuer=ISSUER,
            number=number,
            print_number=1,
            print_id=secrets.token_bytes(8),
            status=StatusRef(URI, index + 1),
            card_class=application.card_class,
            services=application.services,
            valid_until=application.valid_until,
            permit_until=application.permit_expiry,
            permit_class=application.permit_class,
            issued_at=self._town.second,
            face=small,
        )

    def _record(
        self,
        session: Session,
        order: PrintOrder,
        application: Application,
        portrait: bytes,
        codes: tuple[bytes, bytes],
    ) -> None:
        """A row, a commit, and the next row."""
        facts = {"name": order.holder.full_name, "phone": application.phone, "address": application.address}
        person = PlainPerson(passport=application.passport, facts=json.dumps(facts), portrait=portrait)
        self._add(session, person)
        session.refresh(person)
        card = PlainCard(
            number=order.number,
            person_id=person.id or 0,
            card_class=order.card_class,
            valid_until=order.valid_until.isoformat(),
            permit_until=str(order.permit_until),
        )
        self._add(session, card)
        self._add(session, PlainPrint(card_number=order.number, gate=codes[0], identity=codes[1]))
        request = PlainApplication(
            reference=application.reference or order.number,
            card_number=order.number,
            submitted_by="clerk1",
            approved_by="chief1",
            created_at=self._town.now,
        )
        self._add(session, request)
        for action in ("card_reserved", "card_issued", "files_written"):
            act = PlainAudit(time=self._town.now, actor="chief1", action=action, subject=order.number)
            self._add(session, act)

    @staticmethod
    def _add(session: Session, row: Plain) -> None:
        session.add(row)
        session.commit()

    def _file(self, order: PrintOrder, kind: str, data: bytes) -> None:
        (self.out / f"{order.number}.{kind}").write_bytes(data)


def _holder(application: Application) -> Holder:
    return Holder(
        full_name=application.full_name,
        birth=application.birth,
        sex=application.sex,
        nationality=application.nationality,
        passport=application.passport,
        passport_country=application.passport_country,
        name_chinese=application.name_chinese,
        language=application.language,
    )
