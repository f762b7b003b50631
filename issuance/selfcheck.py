"""Reading cards back: every page is drawn as the printer would, and its codes are read from the picture.

A card counts as produced only when both texts come back exactly as they were signed, each from its own side
and with no other code beside it, and when what was read carries the key's signature and is about one print.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pypdfium2
from PIL import Image

from issuance.backdrop import Backdrop, behind_card, behind_sheet, draw_page, open_pdf, silenced
from issuance.errors import IssuanceError
from issuance.layout import PAGE_PIXELS
from issuance.qr import read_codes
from issuance.sheets import Form, Tuning, sheets, slot
from verify.card import Card
from verify.cose import PublicKey, decode_sign1, sign1_tbs, verify_signature
from verify.errors import CardsvcError
from verify.text import decode as decode_text

_SIDES = ("front", "back")


class ReadBack(NamedTuple):
    """The texts found on each side."""

    front: list[str]
    back: list[str]


class Texts(NamedTuple):
    """The texts that the two codes of a card must give, and the key that must have signed both.

    Without a key they are compared and not verified, as for a specimen that nobody signed.
    """

    gate: str
    identity: str
    key: PublicKey | None = None


def read_back(pdf: bytes) -> ReadBack:
    """The texts of all codes on both pages; raises `IssuanceError` ``not_a_card`` for anything else."""
    return read_file(pdf, 1)[0]


def read_file(
    pdf: bytes,
    count: int,
    form: Form = Form.CR80,
    tuning: Tuning | None = None,
    backdrops: Sequence[Backdrop] = (),
) -> list[ReadBack]:
    """The texts on both sides of every card of a file, in order; raises ``not_a_card``.

    ``backdrops`` (one a card) save drawing the art for every card; they are used if the file holds that art.
    """
    distinct = list({id(one): one for one in backdrops}.values())
    quiet = silenced(pdf, distinct) if distinct else None
    grounds: Sequence[Backdrop | None] = [None] * count if quiet is None else backdrops
    document = open_pdf(quiet or pdf)
    try:
        pages = 2 * (len(list(sheets(count))) if form is Form.A4 else count)
        if len(document) != pages:
            words = f"{pages} pages were expected, and this file has {len(document)}"
            raise IssuanceError("not_a_card", words)
        drawn = _sheets if form is Form.A4 else _pages
        sides = [read_codes(picture) for picture in drawn(document, grounds, tuning or Tuning())]
    finally:
        document.close()
    return [ReadBack(*pair) for pair in zip(sides[::2], sides[1::2], strict=True)]


def check_printed(
    pdf: bytes, *, gate_text: str, identity_text: str, backdrop: Backdrop | None = None
) -> None:
    """Accept a card only if the front shows exactly the gate code and the back the identity code.

    Raises `IssuanceError` ``not_readable`` naming the side.
    """
    backdrops = () if backdrop is None else (backdrop,)
    (fault,) = check_file(pdf, [Texts(gate_text, identity_text)], backdrops=backdrops)
    if fault is not None:
        raise fault


def check_file(
    pdf: bytes,
    wanted: Sequence[Texts],
    form: Form = Form.CR80,
    tuning: Tuning | None = None,
    backdrops: Sequence[Backdrop] = (),
) -> list[IssuanceError | None]:
    """For every card of a file what is wrong with it, None for nothing.

    ``not_readable`` names the side that gave other codes than this one; ``not_signed`` is what a reader would
    refuse though it reads back as it was stored.
    """
    found = read_file(pdf, len(wanted), form, tuning, backdrops)
    return [_fault(read, texts) for read, texts in zip(found, wanted, strict=True)]


def _fault(read: ReadBack, wanted: Texts) -> IssuanceError | None:
    for side, texts, text in zip(_SIDES, read, (wanted.gate, wanted.identity), strict=True):
        if texts != [text]:
            return IssuanceError(
                "not_readable",
                f"{side}: one code of {len(text)} characters was printed, and reading the page gave"
                f" {[len(one) for one in texts] or 'nothing'}: the card is not handed out",
            )
    return None if wanted.key is None else _unproved(read, wanted.key)


def _unproved(read: ReadBack, key: PublicKey) -> IssuanceError | None:
    """What a reader would find wrong with the texts that were read: a signature, or two different prints."""
    about = set()
    for side, (text,) in zip(_SIDES, read, strict=True):
        try:
            signed = decode_sign1(decode_text(text))
            card = Card.decode(signed.payload)
        except CardsvcError as error:
            return IssuanceError("not_signed", f"{side}: the code is no card: {error}")
        if not verify_signature(key, sign1_tbs(signed.protected, signed.payload), signed.signature):
            return IssuanceError("not_signed", f"{side}: the code does not carry its key's signature")
        about.add((card.issuer, card.number, card.print_number, card.print_id, card.status))
    if len(about) != 1:
        return IssuanceError("not_signed", "front and back are not about the same print")
    return None


def _pages(
    document: pypdfium2.PdfDocument, backdrops: Sequence[Backdrop | None], tuning: Tuning
) -> Iterator[Image.Image]:
    """Front and back of each card, a page each."""
    grounds: dict[tuple[int, int], Image.Image] = {}
    for index, backdrop in enumerate(backdrops):
        for side, name in enumerate(_SIDES):
            key = id(backdrop), side
            if key not in grounds:
                grounds[key] = behind_card(backdrop, side, tuning.shift(name))
            yield draw_page(document[2 * index + side], grounds[key])


def _sheets(
    document: pypdfium2.PdfDocument, backdrops: Sequence[Backdrop | None], tuning: Tuning
) -> Iterator[Image.Image]:
    """Front and back of each card, cut out of its sheets."""
    width, height = PAGE_PIXELS
    for number, members in enumerate(sheets(len(backdrops))):
        both = []
        for side, name in enumerate(_SIDES):
            places = [slot(index - members.start, name, tuning) for index in members]
            ground = behind_sheet(backdrops[members.start : members.stop], side, places)
            sheet = draw_page(document[2 * number + side], ground)
            both.append([sheet.crop((at.x, at.y, at.x + width, at.y + height)) for at in places])
        for pair in zip(*both, strict=True):
            yield from pair
