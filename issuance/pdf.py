"""Cards as PDF: pages of exactly the printer's 1011 × 638 pixels at 300 dpi, or sheets of ten on A4.

A `CardPrinter` keeps what cards share: opened faces, the art of an edition, the words that never change, all
as finished streams. A card then costs its own glyphs, its picture and its two codes; a file of many holds
art and fonts once. The same pages give the same bytes: nothing depends on the clock or on earlier files.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from issuance import art, carddraw
from issuance.backdrop import Backdrop, make_backdrop
from issuance.cardpage import CardPage, values_of
from issuance.cardtext import Placed, Setter
from issuance.errors import FieldError, IssuanceError
from issuance.layout import (
    PAGE_POINTS,
    POINTS_PER_MM,
    POINTS_PER_PIXEL,
    Code,
    Label,
    Layout,
    Portrait,
    Seal,
    Services,
    Text,
)
from issuance.lettering import Fitted, Letterer
from issuance.pdffile import Art, Box, Document, Reference, picture_size
from issuance.pdftext import Lettered, draw_lines
from issuance.qr import Matrix, modules
from issuance.sheets import (
    A4_PIXELS,
    A4_POINTS,
    BLEED_PIXELS,
    Flip,
    Form,
    Slot,
    Tuning,
    crop_marks,
    matrix,
    sheets,
    slot,
)
from issuance.typefaces import open_typefaces
from verify.services import PRINTABLE

__all__ = ["CardPage", "CardPrinter", "Ready", "print_cards"]

SIDES = ("front", "back")
#: All digits are of one width: where one number and one day fit, all do. They are fitted with the layout.
ALIKE: Mapping[str, str] = {"number": "0000 0000 0000 0", "birth": "0000-00-00"}
_BLEED = BLEED_PIXELS * POINTS_PER_PIXEL
#: A hair less, so that rounding does not light a further row of pixels.
_CUT = _BLEED - 0.01
#: The card and its bleed: beyond that, a card on a sheet would draw over its neighbour.
BLEED_BOX: Box = (-_CUT, -_CUT, PAGE_POINTS[0] + _CUT, PAGE_POINTS[1] + _CUT)


@dataclass(frozen=True, slots=True)
class Ready:
    """A card whose texts fit, whose codes are made and whose picture can be printed: it will not fail."""

    printer: "CardPrinter"
    page: CardPage
    texts: Mapping[str, Placed]
    codes: Mapping[str, Matrix]


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all cards of one file have in common."""

    document: Document
    own: Lettered
    fonts: Reference
    arts: Mapping[tuple[str, str], Mapping[str, Reference]]  #: by layout and edition, then by side


class CardPrinter:
    """Prints cards of one layout, one after the other; keep one a process."""

    def __init__(self, layout: Layout, fonts_dir: Path) -> None:
        """Open the faces and set the words that every card of ``layout`` carries; raises ``bad_layout``."""
        self.layout = layout
        self._setter = Setter(Letterer(open_typefaces(fonts_dir)))
        self._pictograms = art.pictograms(layout.pictograms)
        missing = [service.label for service in sorted(PRINTABLE) if service.label not in self._pictograms]
        if missing:
            raise IssuanceError("bad_art", f"{layout.pictograms} has no drawing for: {', '.join(missing)}")
        self._sides = {"front": layout.front, "back": layout.back}
        self._labels: dict[tuple[str, float], Fitted] = {}
        self._words: dict[str, dict[str, Fitted]] = {side: {} for side in SIDES}
        self._set_words()
        self.static = Lettered()
        fixed = [fitted for words in self._words.values() for fitted in words.values()]
        for fitted in (*self._labels.values(), *fixed):
            self.static.take(fitted.lines)
        # Files may hold cards of several layouts, so the names of these fonts are the layout's own.
        self.static.cut(f"S{layout.name}{layout.version}F")
        self._art: dict[str, Mapping[str, Art]] = {}
        self._backdrops: dict[str, Backdrop] = {}

    def _set_words(self) -> None:
        """Fit what every card says; raises ``bad_layout`` with the line of words that cannot be printed."""
        for side, pieces in self._sides.items():
            for piece in pieces:
                try:
                    if isinstance(piece, Label | Seal):
                        self._words[side][piece.name] = self._setter.fixed_word(piece)
                    elif isinstance(piece, Text):
                        if piece.label:
                            self._labels[piece.label, piece.label_size] = self._setter.label(piece)
                        if piece.field in ALIKE:
                            self._setter.place([piece], ALIKE, None)
                except FieldError as error:
                    where = self.layout.where[f"{side}.{piece.name}"]
                    raise IssuanceError("bad_layout", f"{where} {error}") from error

    def prepare(self, page: CardPage) -> Ready:
        """Fit a card and make its codes: what is wrong with it is said here, before a file is begun.

        Raises `FieldError` ``no_glyph``, ``…does_not_fit`` and ``bad_picture``, and `IssuanceError`
        ``code_too_large`` and ``not_alphanumeric``; nothing is clipped or left out silently.
        """
        values = values_of(page, self.layout)
        language, place = page.language_native, self._setter.place
        texts = {side: place(pieces, values, language) for side, pieces in self._sides.items()}
        picture_size(page.portrait)
        wanted = {"gate": page.gate_text, "identity": page.identity_text}
        codes = {
            piece.source: modules(wanted[piece.source], max_version=piece.max_version)
            for pieces in self._sides.values()
            for piece in pieces
            if isinstance(piece, Code)
        }
        return Ready(self, page, texts, codes)

    def render(self, page: CardPage) -> bytes:
        """The PDF of one card, front and back; raises what :meth:`prepare` does."""
        return print_cards([self.prepare(page)])

    def backdrop(self, edition: str) -> Backdrop:
        """The art of an edition, drawn once, to check this printer's files against."""
        found = self._backdrops.get(edition)
        if found is None:
            streams = [drawn.content for drawn in self.edition(edition).values()]
            found = self._backdrops[edition] = make_backdrop(self.art_alone(edition), streams)
        return found

    def art_alone(self, edition: str) -> bytes:
        """Two pages of the card with its bleed around it, showing nothing but what all cards share."""
        document = Document(title="Art")
        fonts = document.fonts(self.static)
        size = (PAGE_POINTS[0] + 2 * _BLEED, PAGE_POINTS[1] + 2 * _BLEED)
        for drawn in self.edition(edition).values():
            resources = document.resources(fonts, {"Art": document.art(drawn, fonts, BLEED_BOX)})
            document.page(f"q\n1 0 0 1 {art.num(_BLEED)} {art.num(_BLEED)} cm\n/Art Do\nQ\n", resources, size)
        return document.finish()

    def check_texts(self, page: CardPage) -> None:
        """Fit the texts of a card that is not made yet, and draw nothing.

        Raises `FieldError` ``no_glyph`` and ``…does_not_fit`` for the field of the layout that cannot be
        printed, exactly when :meth:`render` would.
        """
        values = {name: text for name, text in values_of(page, self.layout).items() if name not in ALIKE}
        for pieces in self._sides.values():
            self._setter.place(pieces, values, page.language_native)

    def side(self, side: str, card: Ready, shared: _Shared) -> tuple[str, Reference]:
        """The operators of one side of a card, and the resources they name."""
        objects = {"Art": shared.arts[self.layout.id, card.page.edition][side]}
        content = ["q\n/Art Do\nQ\n"]
        for piece in self._sides[side]:
            if isinstance(piece, Code):
                code = card.codes[piece.source]
                objects[piece.source] = shared.document.mask(code)
                content.append(carddraw.code(piece, code.size, piece.source))
            elif isinstance(piece, Portrait):
                objects[piece.name], width, height = shared.document.picture(card.page.portrait)
                content.append(carddraw.portrait(piece, width, height, piece.name))
            elif isinstance(piece, Services):
                content.append(carddraw.services(piece, card.page.services, self._pictograms))
        content += [self._text(text, fitted, shared.own) for text, fitted in card.texts[side]]
        return "".join(content), shared.document.resources(shared.fonts, objects)

    def edition(self, edition: str) -> Mapping[str, Art]:
        """The art of both sides, compressed; an issuer prints few editions, so all are kept."""
        found = self._art.get(edition)
        if found is None:
            found = self._art[edition] = {
                side: carddraw.side_art(pieces, self._words[side], self.static, edition, self.layout.bleed)
                for side, pieces in self._sides.items()
            }
        return found

    def _text(self, piece: Text, fitted: Fitted, own: Lettered) -> str:
        """A field with its label over it, both from the top of the box."""
        if not piece.label:
            return draw_lines(fitted, piece, piece.align, piece.colour, own)
        over = self._labels[piece.label, piece.label_size]
        label = draw_lines(over, piece, piece.align, piece.label_colour, self.static)
        value = replace(piece, y=piece.y + piece.h - fitted.lines[0].top * fitted.size / POINTS_PER_MM)
        return label + draw_lines(fitted, value, piece.align, piece.colour, own)


def print_cards(cards: Sequence[Ready], form: Form = Form.CR80, tuning: Tuning | None = None) -> bytes:
    """One file of many cards: two pages each of card size, or a front and a back for ten on A4.

    The cards may be of several layouts; each layout's art stands in the file once, and so does every font.
    """
    tuning = tuning or Tuning()
    duplex = {Flip.LONG: "FlipLongEdge", Flip.SHORT: "FlipShortEdge"}[tuning.flip]
    document = Document(title="Cards" if len(cards) > 1 else "Card", duplex=duplex)
    own = Lettered()
    for one in cards:
        for placed in one.texts.values():
            for _, fitted in placed:
                own.take(fitted.lines)
    own.cut("D")
    printers = {one.printer.layout.id: one.printer for one in cards}
    fonts = document.fonts(*(printer.static for printer in printers.values()), own)
    arts = {
        (layout, edition): {
            side: document.art(drawn, fonts, BLEED_BOX)
            for side, drawn in printers[layout].edition(edition).items()
        }
        for layout, edition in dict.fromkeys((one.printer.layout.id, one.page.edition) for one in cards)
    }
    shared = _Shared(document, own, fonts, arts)
    (_lay_out if form is Form.A4 else _page_by_page)(cards, shared, tuning)
    return document.finish()


def _page_by_page(cards: Sequence[Ready], shared: _Shared, tuning: Tuning) -> None:
    """Front and back of each card on pages of their own."""
    for one in cards:
        for side in SIDES:
            content, resources = one.printer.side(side, one, shared)
            shared.document.page(_shifted(content, side, tuning), resources, PAGE_POINTS)


def _lay_out(cards: Sequence[Ready], shared: _Shared, tuning: Tuning) -> None:
    """Sheets of ten, the fronts of a sheet and then its backs."""
    for members in sheets(len(cards)):
        for side in SIDES:
            content, objects = [], {}
            for index in members:
                drawn, resources = cards[index].printer.side(side, cards[index], shared)
                name = f"C{index - members.start}"
                stream = zlib.compress(drawn.encode("ascii"), 6)
                objects[name] = shared.document.form(stream, resources, BLEED_BOX)
                place: Slot = slot(index - members.start, side, tuning)
                content.append(f"q\n{matrix(place, A4_PIXELS[1])}/{name} Do\nQ\n")
            content.append(crop_marks(side, tuning))
            resources = shared.document.resources(shared.fonts, objects)
            shared.document.page("".join(content), resources, A4_POINTS)


def _shifted(content: str, side: str, tuning: Tuning) -> str:
    """A page pushed by its printer's offset."""
    right, down = tuning.shift(side)
    if not right and not down:
        return content
    return (
        f"q\n1 0 0 1 {art.num(right * POINTS_PER_PIXEL)} {art.num(-down * POINTS_PER_PIXEL)} cm\n{content}Q\n"
    )
