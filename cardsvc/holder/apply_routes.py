"""The routes of applications from phones."""

import base64
import binascii
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field, StringConstraints

from cardsvc.desk import asks
from cardsvc.desk.case_routes import Served
from cardsvc.errors import ServiceError
from cardsvc.holder import applying
from cardsvc.holder.applying import Sent, Told, Wish, check_portrait
from cardsvc.holder.proofs import Bytes64, Proof, bytes_of, proof_of
from cardsvc.http.access import address_of, anyone
from cardsvc.http.bodies import Answer, Body
from issuance.portrait import Crop, prepare_portrait

router = APIRouter(tags=["applications"])

#: A portrait of ``applying.PORTRAIT_MAX`` bytes in base64, and no more.
Picture64 = Annotated[str, StringConstraints(max_length=applying.PORTRAIT_MAX * 4 // 3 + 4)]
Office = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Desk(Answer):
    """An office that takes applications."""

    id: str
    name: str
    kind: str


class Desks(Answer):
    """All of them; their days end at midnight ``day_offset_s`` east of UTC."""

    desks: list[Desk]
    day_offset_s: int


class WishBody(Body):
    """Where and when somebody would like to come."""

    office: Office
    day: Annotated[date, Field(strict=False)]
    half: Literal["am", "pm"]


class Sending(Proof):
    """An application; the proof is over ``apply``."""

    application: asks.Fields
    portrait: Picture64 | None = None
    crop: asks.CropBox | None = None
    wish: WishBody | None = None
    family: Bytes64 | None = None
    head: bool = False


class Missing(Answer):
    """A field that is not right yet, and why."""

    field: str
    reason: str


class Became(Answer):
    """What became of an application. ``phone`` is how far the card is on the phone that sent it."""

    reference: str
    state: Literal["received", "taken", "submitted", "issued", "refused", "withdrawn"]
    fingerprint: str
    office: str | None
    day: date | None
    half: Literal["am", "pm"] | None
    confirmed: bool
    bring: list[str]
    errors: list[Missing]
    kept_until: date
    letter: dict[str, str] | None
    phone: Literal["waiting", "active", "revoked"] | None
    time: int


class PictureBody(Body):
    """A portrait to be looked at, and the part of it that is meant."""

    portrait: Picture64
    crop: asks.CropBox | None = None


class Found(Answer):
    """What is to be bettered about a portrait, and which part of it would be printed."""

    findings: list[str]
    size: list[int]
    crop: list[int]


class Asked(Answer):
    """How far the card is on this phone."""

    state: Literal["waiting", "active", "revoked"]
    time: int


class Done(Answer):
    """It is done."""

    done: bool


@router.get("/api/holder/desks", dependencies=[anyone], response_model=Desks)
def desks(serving: Served) -> Any:
    """The offices that take applications."""
    site = serving.installation
    with site.store.reading() as tx:
        return {"desks": applying.desks(tx), "day_offset_s": site.issuer.day_offset_s}


@router.post("/api/holder/portraits", dependencies=[anyone], response_model=Found)
def portrait(request: Request, serving: Served, body: PictureBody) -> Any:
    """Look at a portrait; nothing of it is kept."""
    serving.pictures.spend(address_of(request), serving.clock())
    data = _picture(body.portrait)
    check_portrait(data)
    made = prepare_portrait(data, crop=_crop(body.crop))
    crop = made.crop
    findings = [one.reason for one in made.findings]
    return Found(findings=findings, size=list(made.size), crop=[crop.x, crop.y, crop.w, crop.h])


@router.post("/api/holder/applications", dependencies=[anyone], response_model=Became)
def send(request: Request, serving: Served, body: Sending) -> Any:
    """Keep an application until a desk takes it over; sent again, it replaces what was sent before."""
    now, address = serving.clock(), address_of(request)
    serving.pictures.spend(address, now)
    wish = None if body.wish is None else Wish(body.wish.office, body.wish.day, body.wish.half)
    data = None if body.portrait is None else _picture(body.portrait)
    family = None if body.family is None else bytes_of(body.family)
    sent = Sent(body.application, data, _crop(body.crop), wish, family, body.head)
    told = applying.send(serving.installation, address, proof_of(body), sent, now)
    return _became(told, int(now.timestamp()))


@router.post("/api/holder/applications/state", dependencies=[anyone], response_model=Became)
def state(serving: Served, body: Proof) -> Any:
    """What became of it; the proof is over ``application``."""
    now = serving.clock()
    return _became(applying.state(serving.installation, proof_of(body), now), int(now.timestamp()))


@router.post("/api/holder/applications/withdraw", dependencies=[anyone], response_model=Done)
def withdraw(serving: Served, body: Proof) -> Any:
    """Delete it; the proof is over ``withdraw-application``."""
    applying.withdraw(serving.installation, proof_of(body), serving.clock())
    return Done(done=True)


@router.post("/api/holder/applications/card", dependencies=[anyone], response_model=Asked)
def ask(serving: Served, body: Proof) -> Any:
    """Ask for the issued card on this phone; the proof is over ``ask-card``."""
    now = serving.clock()
    return {"state": applying.ask(serving.installation, proof_of(body), now), "time": int(now.timestamp())}


def _picture(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ServiceError("portrait_format", "the portrait is no base64; take it again") from error


def _crop(box: asks.CropBox | None) -> Crop | None:
    return None if box is None else Crop(box.x, box.y, box.w, box.h)


def _became(told: Told, time: int) -> dict[str, Any]:
    return {
        "reference": told.reference,
        "state": told.state,
        "fingerprint": told.fingerprint,
        "office": told.office,
        "day": told.day,
        "half": told.half,
        "confirmed": told.confirmed,
        "bring": list(told.bring),
        "errors": [{"field": field, "reason": reason} for field, reason in told.errors],
        "kept_until": told.kept_until,
        "letter": told.letter,
        "phone": told.phone,
        "time": time,
    }
