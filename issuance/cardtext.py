"""Fitting the texts of a card: fixed words once, fields for every card, boxes that move up under others."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from issuance.cardpage import LANGUAGES
from issuance.errors import FieldError
from issuance.layout import POINTS_PER_MM, Label, Piece, Seal, Text
from issuance.lettering import CAP_HEIGHT, Fitted, Letterer, Room
from issuance.typefaces import Weight

_WEIGHTS = {"regular": Weight.REGULAR, "strong": Weight.STRONG}
#: White between a label and the field under it, in points.
_UNDER_LABEL = 1.6
#: The seal's character fills so much of its square.
_SEAL_FILL = 0.74

#: How much lower a box is made at a time for the sake of the text under it, in millimetres.
_SQUEEZE = 0.6
#: Names meant to be of one size, one under the other, may differ by so many points.
_UNEVEN = 1.5

#: Fields that many cards share.
_COMMON = frozenset(
    {"nationality", "nationality_named", "valid_until", "card_class", "sex", "permit_until", "office"}
)

Placed = list[tuple[Text, Fitted]]
Fits = dict[tuple[str, Room], Fitted]


class Setter:
    """Fits what stands on a card, with the letterer's faces."""

    def __init__(self, letterer: Letterer) -> None:
        """Keep the letterer."""
        self._letterer = letterer
        # Dates, classes and offices come again and again; what tells a person is never kept.
        self._fit_common = lru_cache(maxsize=1024)(letterer.fit)

    def fixed_word(self, piece: Label | Seal) -> Fitted:
        """A label or a seal: fitted once, the same on every card."""
        if isinstance(piece, Seal):
            return self._fixed(piece.text, piece.h * _SEAL_FILL * POINTS_PER_MM, Weight.STRONG, "text")
        return self._letterer.fit(
            piece.text, _room(piece, 0.0), _WEIGHTS[piece.weight], field="text", tracking=piece.tracking
        )

    def _fixed(self, text: str, size: float, weight: Weight, field: str) -> Fitted:
        """One line at its natural width, whatever that is."""
        line = self._letterer.shape(text, weight, language="zho", field=field)
        return Fitted((line,), size, 1.0, (CAP_HEIGHT * size,), size)

    def label(self, piece: Text) -> Fitted:
        """The small words over a field, which the layout's author has to keep short enough."""
        fitted = self._fixed(piece.label, piece.label_size, Weight.REGULAR, "label")
        width = fitted.lines[0].width * piece.label_size / POINTS_PER_MM
        if width > piece.w:
            words = f"label: needs {width:.1f} mm, and the box has {piece.w:.1f} mm"
            raise FieldError("label", "does_not_fit", words)
        return fitted

    def place(self, side: Sequence[Piece], values: Mapping[str, str], language: str | None) -> Placed:
        """Fit every text of a side; a box ``below`` another moves up under what stands there.

        A text that finds no room under a tall one has it set smaller. Raises `FieldError` ``no_glyph``,
        ``name_does_not_fit`` and ``does_not_fit``.
        """
        texts = {piece.field: piece for piece in side if isinstance(piece, Text)}
        squeezed: dict[str, float] = {}
        fits: Fits = {}  # what stays as it was is not fitted again
        placed, first = None, None
        while True:
            try:
                placed = self._placed(texts.values(), values, language, squeezed, fits)
                tall = _too_tall(placed)
            except FieldError as error:
                first = first or error
                under = texts[error.field]
                tall = next((one for one in texts.values() if one.name == under.below), None)
                if placed is not None or tall is None or error.reason == "no_glyph":
                    break
            if tall is None or not values.get(tall.field) or squeezed.get(tall.name, 0.0) >= tall.h:
                break
            squeezed[tall.name] = squeezed.get(tall.name, 0.0) + _SQUEEZE
        if placed is None:
            raise first or AssertionError("nothing was placed and nothing was wrong")
        return placed

    def _placed(
        self,
        side: Iterable[Text],
        values: Mapping[str, str],
        language: str | None,
        squeezed: Mapping[str, float],
        fits: Fits,
    ) -> Placed:
        placed: Placed = []
        ends: dict[str, float] = {}
        for piece in side:
            top = ends[piece.below] + piece.gap if piece.below in ends else piece.y
            if not values.get(piece.field):
                if piece.below in ends:  # nothing stands here, so what follows moves up as well
                    ends[piece.name] = ends[piece.below]
                continue
            box = replace(piece, y=top, h=piece.y + piece.h - top - squeezed.get(piece.name, 0.0))
            room = _room(box, piece.label_size + _UNDER_LABEL if piece.label else 0.0)
            fitted = fits.get((piece.name, room))
            if fitted is None:
                fit = self._fit_common if piece.field in _COMMON else self._letterer.fit
                fitted = fits[piece.name, room] = fit(
                    values[piece.field],
                    room,
                    _WEIGHTS[piece.weight],
                    language=language if piece.field == "name_native" else LANGUAGES.get(piece.field),
                    field=piece.field,
                    tracking=piece.tracking,
                )
            ends[piece.name] = top + fitted.height / POINTS_PER_MM
            placed.append((box, fitted))
        return placed


def _too_tall(placed: Placed) -> Text | None:
    """A text set much larger than its equal under it, which had to make do with what was left."""
    found = {text.name: (text, fitted.size) for text, fitted in placed}
    for text, fitted in placed:
        above, size = found.get(text.below, (text, fitted.size))
        if above.size == text.size and fitted.size < size - _UNEVEN:
            return above
    return None


def _room(piece: Text | Label, taken: float) -> Room:
    """The room of a text in points, less what its label takes."""
    lines = piece.lines if isinstance(piece, Text) else 1
    taken = taken if isinstance(piece, Text) else 0.0
    return Room(
        width=piece.w * POINTS_PER_MM,
        # One line is set on the box's base line and may rise over capitals, as Han characters do.
        height=max(piece.h * POINTS_PER_MM - taken, piece.size * 1.1 if lines == 1 else 0.0),
        size=piece.size,
        lines=lines,
    )
