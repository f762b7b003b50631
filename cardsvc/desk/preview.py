"""Both sides of a card as they would be, while somebody still types: signed by a throw-away key, and marked.

The codes open nothing: no trust list holds the key, it is gone with the process, and number and status index
are nobody's. What is not typed yet is left blank or shown by a stand-in.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from cardsvc.desk import printing
from cardsvc.desk.checking import NOBODY
from cardsvc.desk.designs import DEFAULT_DESIGN, designs, newest_layout
from cardsvc.desk.drawing import DRAWING
from cardsvc.desk.judging import Raw
from cardsvc.desk.screen import draw_sides
from cardsvc.installation import Site, fonts_folder
from issuance import fields
from issuance.application import CLASS_YEARS, MAX_PERMIT, PERMIT_FREE_CLASSES, PERMIT_KINDS, last_day
from issuance.errors import FieldError
from issuance.form import Form
from issuance.issuer import Holder, PrintOrder, fit_gate, identity_card
from issuance.layout import DESIGNS
from issuance.names import name_on_card
from issuance.passport import day_of
from issuance.pdf import CardPage, CardPrinter
from issuance.person import UNKNOWN_DAY, Person, read_person
from issuance.rehearsal import Rehearsal
from verify.card import CTI_BYTES
from verify.services import CardClass, Service

MARK = "SPECIMEN 样本"
#: The ground of a portrait that was not taken yet, and the colour of the mark.
_GREY = (224, 228, 226)
_SOMEDAY = date(2000, 1, 1)
#: What stands in place of a text that no typeface has, or that has no room.
_BLANK: Mapping[str, Any] = {
    "name": "-",
    "name_native": None,
    "name_chinese": None,
    "passport": "-",
    "permit": None,
    "office": "",
}


@dataclass(frozen=True, slots=True)
class Sides:
    """Two pictures, drawn and marked; written in the form that is asked for."""

    front: Image.Image
    back: Image.Image


@dataclass(frozen=True, slots=True)
class Picture:
    """The portrait that the preview shows: JPEG for the print, WebP for the code."""

    printed: bytes
    face: bytes


@dataclass(frozen=True, slots=True)
class _Typed:
    """What can be read of an unfinished application; the rest is a stand-in."""

    person: Person
    card_class: CardClass
    services: dict[Service, date | None]
    valid_until: date
    permit_kind: str
    permit: str | None
    permit_until: date | None
    native: str | None
    language_native: str | None
    chinese: str | None
    design: str | None


def preview(site: Site, raw: Raw, picture: Picture | None, *, office: str, now: datetime) -> Sides:
    """Draw both sides of what is typed so far; what cannot be drawn is left out, never refused."""
    typed = _read(raw, now)
    shown = picture or _nobody()
    rehearsal = Rehearsal(
        site.issuer.iss,
        int(now.timestamp()),
        day_offset_s=site.issuer.day_offset_s,
        permit_free=PERMIT_FREE_CLASSES,
    )
    order = _order(site, typed, shown, now)
    gate, _ = fit_gate(order, rehearsal)
    identity = identity_card(order, gate, with_native=False, face=shown.face)
    texts = rehearsal.text(gate.encode()), rehearsal.text(identity.encode())
    page = _page(order, typed, shown, office, printing.rights_of(gate), *texts)
    fonts = fonts_folder(site.settings)
    with DRAWING:
        printer = printing.printer_for(fonts, newest_layout(_design(raw)))
        pdf = _rendered(printer, page)
        front, back = draw_sides(pdf, printer, page.edition)
    return Sides(_marked(front, fonts), _marked(back, fonts))


def as_png(picture: Image.Image) -> bytes:
    """Without loss, for who looks closely."""
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)  # A screen's picture for a moment: speed before size.
    return out.getvalue()


def as_jpeg(picture: Image.Image) -> bytes:
    """For the eye while somebody types: a tenth of a PNG's time and a third of its bytes."""
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90, subsampling=0)  # Coloured letters stay sharp.
    return out.getvalue()


def _design(raw: Raw) -> str | None:
    """The design that was chosen; of anything else the error stands beside its field."""
    chosen = raw.get("design")
    return chosen if isinstance(chosen, str) and chosen in DESIGNS else None


def _read(raw: Raw, now: datetime) -> _Typed:
    form = Form(dict(raw))
    person, today = read_person(form, now), day_of(now)
    card_class = form.take("class", fields.one_of({one.label: one for one in CardClass}))
    card_class = card_class or CardClass.MERCHANT
    until = form.take("valid_until", fields.day)
    whole = last_day(today, CLASS_YEARS[card_class])
    return _Typed(
        person=person,
        card_class=card_class,
        services=form.take("services", fields.services) or {},
        valid_until=until if until is not None and today < until <= whole else whole,
        permit_kind=form.take("permit_kind", fields.one_of({one: one for one in PERMIT_KINDS}))
        or "residence",
        permit=form.take("permit", fields.text(MAX_PERMIT)),
        permit_until=form.take("permit_expiry", fields.day),
        native=form.take("name_native", fields.text(60)),
        language_native=form.take("language_native", fields.language("3")),
        chinese=form.take("name_chinese", fields.text(20)),
        design=form.take("design", fields.one_of({one: one for one in DESIGNS})),
    )


def _order(site: Site, typed: _Typed, shown: Picture, now: datetime) -> PrintOrder:
    person = typed.person
    holder = Holder(
        full_name=name_on_card(person.surname, person.given_names).name or "-",
        birth=_SOMEDAY if person.birth == UNKNOWN_DAY else person.birth,
        sex=person.sex or "X",
        nationality=person.nationality or "UTO",
        passport=person.passport or "-",
        passport_country=person.passport_country or "UTO",
        name_chinese=typed.chinese,
    )
    layout = designs().newest(typed.design or DEFAULT_DESIGN)
    return PrintOrder(
        layout=layout.id,
        masks=layout.masks,
        holder=holder,
        issuer=site.issuer.iss,
        number=NOBODY,
        print_number=1,
        print_id=bytes(CTI_BYTES),
        status=site.status_ref("aaa", 0),
        card_class=typed.card_class,
        services=typed.services,
        valid_until=typed.valid_until,
        permit_until=typed.permit_until,
        permit_class=None,
        issued_at=int(now.timestamp()),
        face=shown.face,
        day_offset_s=site.issuer.day_offset_s,
    )


def _page(
    order: PrintOrder,
    typed: _Typed,
    shown: Picture,
    office: str,
    rights: frozenset[Service],
    gate_text: str,
    identity_text: str,
) -> CardPage:
    holder, both = order.holder, bool(typed.native and typed.language_native)
    return CardPage(
        number=order.number,
        card_class=order.card_class,
        name=holder.full_name,
        name_native=typed.native if both else None,
        language_native=typed.language_native if both else None,
        name_chinese=holder.name_chinese,
        nationality=holder.nationality,
        valid_until=order.valid_until,
        portrait=shown.printed,
        gate_text=gate_text,
        identity_text=identity_text,
        passport=holder.passport,
        passport_country=holder.passport_country,
        birth=holder.birth,
        sex=holder.sex,
        permit_kind=typed.permit_kind,
        permit=typed.permit,
        permit_until=typed.permit_until,
        office=office,
        services=rights,
    )


def _rendered(printer: CardPrinter, page: CardPage) -> bytes:
    """The file of the card, each text that cannot be printed left out: its error stands beside the field."""
    for _ in _BLANK:
        try:
            return printer.render(page)
        except FieldError as error:
            if error.field not in _BLANK:
                raise
            page = replace(page, **{error.field: _BLANK[error.field]})
    return printer.render(page)


def _marked(drawn: Image.Image, fonts: Path) -> Image.Image:
    drawn.paste(_GREY, mask=_mark(drawn.size, fonts))
    return drawn


@cache
def _mark(size: tuple[int, int], fonts: Path) -> Image.Image:
    """The watermark as a mask: the words across the whole side, again and again."""
    mask = Image.new("L", (size[0] * 2, size[1] * 2), 0)
    draw = ImageDraw.Draw(mask)
    font = ImageFont.truetype(str(_typeface(fonts)), size[1] // 9)
    width = int(draw.textlength(MARK + "   ", font=font))
    for row, top in enumerate(range(0, mask.height, size[1] // 4)):
        for left in range(-(row % 2) * width // 2, mask.width, width):
            draw.text((left, top), MARK, fill=120, font=font)
    turned = mask.rotate(24, resample=Image.Resampling.BILINEAR)
    left, top = size[0] // 2, size[1] // 2
    return turned.crop((left, top, left + size[0], top + size[1]))


def _typeface(fonts: Path) -> Path:
    return next(iter(sorted(fonts.glob("NotoSansSC*.ttf"))))


@cache
def _nobody() -> Picture:
    """A grey portrait, and a face of it, where nobody was photographed yet."""
    grey = Image.new("RGB", (280, 360), _GREY)
    printed, face = io.BytesIO(), io.BytesIO()
    grey.save(printed, "JPEG", quality=80)
    grey.resize((48, 64)).save(face, "WEBP", quality=10)
    return Picture(printed.getvalue(), face.getvalue())
