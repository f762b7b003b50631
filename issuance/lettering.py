"""Setting a line of text in any script: direction, script, shaping, and fitting it into a box.

Text is split by direction (UAX 9) and script, each piece is shaped by HarfBuzz into glyphs with positions,
and the pieces are put into the order of reading on paper. What comes out is drawn glyph by glyph
(``issuance/pdf.py``): no text library between has a chance to reorder digits or to break a ligature.
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import uharfbuzz as hb
from bidi import algorithm as uax9

from issuance.errors import FieldError
from issuance.typefaces import Typeface, Typefaces, Weight, character_name, script_of

#: Narrower than this and letters look squeezed; the same limit passports use for condensing.
MIN_CONDENSE = 0.88
#: The smallest type that a dye printer of 300 dpi still draws legibly, in points.
MIN_SIZE = 5.5
#: Steps in which a size is tried, in points.
SIZE_STEP = 0.25
#: Distance of base lines, in em, when the ink of the lines does not ask for more.
LEADING = 1.14
#: Least white between the ink of two lines, in em.
LINE_GAP = 0.08
#: Height of a capital letter in the base face, in em: every line is at least that high.
CAP_HEIGHT = 0.714

#: Texts that their holder may spell shorter; any other is what a document says.
_NAMES = frozenset({"name", "name_native", "name_chinese"})

#: Format characters that change shapes and have no glyph of their own (Persian, Indic names).
_JOINERS = frozenset("\u200c\u200d")
#: Scripts that are broken between any two characters.
_UNSPACED = frozenset({"Hani", "Hira", "Kana"})
#: Small kana and marks that belong to the character before them (JIS X 4051, 6.1.2).
_NEVER_FIRST = frozenset("ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶー々ゝゞヽヾ")
#: HarfBuzz knows languages by ISO 639-1 where there is one.
_LANGUAGE_TAGS: Mapping[str, str] = {
    "urd": "ur",
    "fas": "fa",
    "ara": "ar",
    "jpn": "ja",
    "kor": "ko",
    "zho": "zh",
    "hin": "hi",
    "ben": "bn",
    "tam": "ta",
    "tha": "th",
    "heb": "he",
    "amh": "am",
    "mar": "mr",
    "nep": "ne",
    "srp": "sr",
    "bul": "bg",
    "mkd": "mk",
    "mya": "my",
    "pus": "ps",
    "uig": "ug",
    "vie": "vi",
    "tur": "tr",
    "guj": "gu",
    "pan": "pa",
    "tel": "te",
    "kan": "kn",
    "mal": "ml",
    "sin": "si",
    "khm": "km",
    "lao": "lo",
    "kat": "ka",
    "hye": "hy",
}


@dataclass(frozen=True, slots=True)
class Glyph:
    """A glyph of a face and where it stands; lengths in 1/1000 em."""

    gid: int
    advance: float
    dx: float
    dy: float
    text: str  #: the characters it stands for; empty for the further glyphs of a cluster


@dataclass(frozen=True, slots=True)
class Run:
    """Glyphs of one face in the order in which they are drawn, from left to right."""

    face: Typeface
    glyphs: tuple[Glyph, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A shaped line; lengths in em."""

    text: str
    runs: tuple[Run, ...]
    width: float
    top: float  #: highest ink over the base line, at least a capital's
    bottom: float  #: lowest ink, negative below the base line
    right_to_left: bool
    turned: bool  #: something in it runs from right to left
    plain: bool  #: every glyph stands for its own characters, in reading order


@dataclass(frozen=True, slots=True)
class Fitted:
    """Lines that fit a box, at ``size`` points, drawn at ``scale`` of their natural width."""

    lines: tuple[Line, ...]
    size: float
    scale: float
    baselines: tuple[float, ...]  #: distance of each base line below the top of the first ink, in points
    height: float  #: from the first to the last ink, in points


@dataclass(frozen=True, slots=True)
class Room:
    """What a text may take: width and height in points, the size it wants, how many lines."""

    width: float
    height: float
    size: float
    lines: int = 1
    min_size: float = MIN_SIZE


class Letterer:
    """Shapes and fits texts with the faces it was given. Holds no state but the opened faces."""

    def __init__(self, faces: Typefaces) -> None:
        """``faces`` are opened as the texts ask for them."""
        self._faces = faces

    def shape(
        self,
        text: str,
        weight: Weight,
        *,
        language: str | None = None,
        field: str = "text",
        tracking: float = 0.0,
        base: int | None = None,
    ) -> Line:
        """One line of ``text``; ``tracking`` is added after each glyph, in em.

        ``base`` is the paragraph's direction (0 left to right, 1 right to left) where the line is a part of
        it; without it, the line's first letter decides.

        Raises `FieldError` ``no_glyph``, naming the character, when no face can write it.
        """
        base, levels = _levels(text, field, base)
        faces = self._itemise(text, levels, weight, language, field)
        runs = [
            (
                levels[start],
                _shape_run(text, start, end, levels[start], faces[start], language, field, tracking),
            )
            for start, end in _equal_stretches(faces, levels)
        ]
        ordered = tuple(_reorder(runs))
        glyphs = [(run.face, glyph) for run in ordered for glyph in run.glyphs]
        ink = [
            (low + glyph.dy, high + glyph.dy)
            for face, glyph in glyphs
            for low, high in (face.ink(glyph.gid),)
        ]
        return Line(
            text=text,
            runs=ordered,
            width=sum(glyph.advance for _, glyph in glyphs) / 1000 - (tracking if glyphs else 0.0),
            top=max(CAP_HEIGHT, max((high for _, high in ink), default=0.0) / 1000),
            bottom=min(0.0, min((low for low, _ in ink), default=0.0) / 1000),
            right_to_left=bool(base % 2),
            turned=any(level % 2 for level in levels),
            plain=max(levels, default=0) == 0 and all(len(glyph.text) == 1 for _, glyph in glyphs),
        )

    def fit(
        self,
        text: str,
        room: Room,
        weight: Weight,
        *,
        language: str | None = None,
        field: str = "text",
        tracking: float = 0.0,
    ) -> Fitted:
        """The text inside ``room``: condensed, else on more lines, else smaller; never clipped.

        Raises `FieldError` ``no_glyph``, or with the sizes, when nothing helps, ``name_does_not_fit`` and for
        other fields ``does_not_fit``.
        """
        whole = self.shape(text, weight, language=language, field=field, tracking=tracking)
        base = int(whole.right_to_left)

        def shaped(piece: str) -> Line:
            return self.shape(piece, weight, language=language, field=field, tracking=tracking, base=base)

        settings: list[tuple[Line, ...]] = [(whole,)]
        unbroken = room.lines > 1
        size = room.size
        while size >= room.min_size:
            fitted = next(filter(None, (_placed(lines, size, room) for lines in settings)), None)
            if fitted is not None:
                return fitted
            if unbroken:
                # Breaking costs a shaping for each possible place, and most texts never need it.
                settings += _broken(text, shaped, room.lines)
                unbroken = False
            else:
                size -= SIZE_STEP
        raise _does_not_fit(text, shaped, room, field)

    def _itemise(
        self, text: str, levels: list[int], weight: Weight, language: str | None, field: str
    ) -> list[Typeface]:
        """The face of every character: its script's, and for common characters their neighbour's."""
        scripts = _resolved_scripts(text)
        faces: list[Typeface] = []
        for index, char in enumerate(text):
            if char in _JOINERS or (unicodedata.combining(char) and faces and faces[-1].has(char)):
                faces.append(faces[-1] if faces else self._faces.face("NotoSans", weight))
                continue
            families = (*self._faces.families(scripts[index], language), "NotoSans", "NotoSansSC")
            for family in families:
                face = self._faces.face(family, weight)
                if face.has(char):
                    faces.append(face)
                    break
            else:
                raise _no_glyph(char, field)
        return faces


def _no_glyph(char: str, field: str) -> FieldError:
    return FieldError(
        field,
        "no_glyph",
        f"{field}: no typeface here can write {character_name(char)}: correct it or leave it out",
    )


def _does_not_fit(text: str, shaped: Callable[[str], Line], room: Room, field: str) -> FieldError:
    """Says what is too long: one word that cannot be broken, or all of them together."""
    parts = _parts(text) if room.lines > 1 else [text]
    widths = [shaped(part).width * room.min_size for part in parts]
    widest = max(range(len(parts)), key=widths.__getitem__)
    lines = f"{room.lines} lines of {room.width:.0f} pt" if room.lines > 1 else f"{room.width:.0f} pt"
    if len(parts) > 1 and widths[widest] * MIN_CONDENSE > room.width:
        long = f"one word of {len(parts[widest])} characters needs {widths[widest]:.0f} pt"
        lines = f"a line has {room.width:.0f} pt"
    elif widths[widest] * MIN_CONDENSE > room.width:
        long = f"{len(text)} characters without a place to break need {widths[widest]:.0f} pt"
        lines = f"a line has {room.width:.0f} pt"
    else:
        long = f"{len(text)} characters need {shaped(text).width * room.min_size:.0f} pt"
        lines = f"there are {lines}, {room.height:.0f} pt high"
    words = f"{field}: {long} at the smallest readable size of {room.min_size} pt, and {lines}"
    if field not in _NAMES:
        return FieldError(field, "does_not_fit", f"{words}: read it again, or write it shorter")
    return FieldError(field, "name_does_not_fit", f"{words}: ask the holder how the name may be shortened")


def _levels(text: str, field: str, given: int | None = None) -> tuple[int, list[int]]:
    """The paragraph's base level and the embedding level of each character (UAX 9)."""
    for char in text:
        if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and char not in _JOINERS:
            raise _no_glyph(char, field)
    if not given and not any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in text):
        return 0, [0] * len(text)
    for char in text:  # the algorithm cannot place a character whose direction is not known
        if not unicodedata.bidirectional(char):
            raise _no_glyph(char, field)
    visible = "".join(char for char in text if char not in _JOINERS)
    storage = uax9.get_empty_storage()
    storage["base_level"] = base = uax9.get_base_level(visible) if given is None else given
    storage["base_dir"] = ("L", "R")[base]
    uax9.get_embedding_levels(visible, storage)
    uax9.explicit_embed_and_overrides(storage)
    uax9.resolve_weak_types(storage)
    uax9.resolve_neutral_types(storage, False)
    uax9.resolve_implicit_levels(storage, False)
    found = iter([char["level"] for char in storage["chars"]])
    levels: list[int] = []
    for char in text:  # a joiner goes with the character before it (UAX 9, 5.2)
        levels.append((levels[-1] if levels else base) if char in _JOINERS else int(next(found)))
    return base, levels


def _resolved_scripts(text: str) -> list[str | None]:
    """The script of each character; common ones take the script before them, or else the one after."""
    scripts = [script_of(char) for char in text]
    for index in range(1, len(scripts)):
        scripts[index] = scripts[index] or scripts[index - 1]
    for index in range(len(scripts) - 2, -1, -1):
        scripts[index] = scripts[index] or scripts[index + 1]
    return scripts


def _equal_stretches(faces: list[Typeface], levels: list[int]) -> list[tuple[int, int]]:
    """Start and end of each stretch with one face and one level, in logical order."""
    cuts = [
        index
        for index in range(1, len(faces))
        if faces[index] is not faces[index - 1] or levels[index] != levels[index - 1]
    ]
    return list(pairwise([0, *cuts, len(faces)])) if faces else []


def _shape_run(
    text: str,
    start: int,
    end: int,
    level: int,
    face: Typeface,
    language: str | None,
    field: str,
    tracking: float,
) -> Run:
    """Shape ``text[start:end]``, with the text around it as context for joining."""
    buffer = hb.Buffer()
    buffer.add_str(text, start, end - start)
    buffer.direction = "rtl" if level % 2 else "ltr"
    script = next(filter(None, (script_of(char) for char in text[start:end])), "Zyyy")
    buffer.script = script
    buffer.language = _LANGUAGE_TAGS.get(language or "", language or "en")
    hb.shape(face.font, buffer, {"kern": True, "liga": tracking == 0, "tnum": True})
    texts = _cluster_texts(text, start, end, [info.cluster for info in buffer.glyph_infos])
    scale = face.per_mille
    glyphs = []
    for info, position, own in zip(buffer.glyph_infos, buffer.glyph_positions, texts, strict=True):
        if info.codepoint == 0:
            raise _no_glyph(text[info.cluster], field)
        glyphs.append(
            Glyph(
                gid=info.codepoint,
                advance=position.x_advance * scale + (tracking * 1000 if position.x_advance else 0.0),
                dx=position.x_offset * scale,
                dy=position.y_offset * scale,
                text=own,
            )
        )
    return Run(face, tuple(glyphs))


def _cluster_texts(text: str, start: int, end: int, clusters: list[int]) -> list[str]:
    """For each glyph the characters of its cluster, given once: to the cluster's first glyph."""
    starts = sorted({*clusters, start})
    ends = dict(pairwise([*starts, end]))
    seen: set[int] = set()
    texts = []
    for cluster in clusters:
        texts.append("" if cluster in seen else text[cluster : ends[cluster]])
        seen.add(cluster)
    return texts


def _reorder(runs: list[tuple[int, Run]]) -> list[Run]:
    """Runs in the order of reading from left to right (UAX 9, rule L2)."""
    ordered = list(runs)
    highest = max((level for level, _ in runs), default=0)
    for level in range(highest, 0, -1):
        index = 0
        while index < len(ordered):
            stop = index
            while stop < len(ordered) and ordered[stop][0] >= level:
                stop += 1
            ordered[index:stop] = reversed(ordered[index:stop])
            index = max(stop, index + 1)
    return [run for _, run in ordered]


def _placed(lines: tuple[Line, ...], size: float, room: Room) -> Fitted | None:
    """The lines at this size, condensed as needed, or None when they do not fit."""
    width = max(line.width for line in lines) * size
    scale = min(1.0, room.width / width) if width else 1.0
    baselines = [lines[0].top * size]
    for above, below in pairwise(lines):
        baselines.append(baselines[-1] + max(LEADING, below.top - above.bottom + LINE_GAP) * size)
    height = baselines[-1] - lines[-1].bottom * size
    # A descender may hang out of a single line's box by a quarter em: boxes are drawn for capitals.
    if scale < MIN_CONDENSE or height > room.height + min(0.25, -lines[-1].bottom) * size:
        return None
    return Fitted(lines, size, scale, tuple(baselines), height)


def _broken(text: str, shaped: Callable[[str], Line], count: int) -> list[tuple[Line, ...]]:
    """The text on two up to ``count`` lines, each time broken where the longest line is shortest."""
    found = []
    pieces = [text]
    for _ in range(count - 1):
        longest = max(range(len(pieces)), key=lambda index: shaped(pieces[index]).width)
        options = _halves(pieces[longest])
        if not options:
            break
        best = min(options, key=lambda pair: max(shaped(pair[0]).width, shaped(pair[1]).width))
        pieces[longest : longest + 1] = best
        found.append(tuple(shaped(piece) for piece in pieces))
    return found


def _parts(text: str) -> list[str]:
    """The pieces between all places where the text may be broken."""
    parts, rest = [], text
    while options := _halves(rest):
        head, rest = options[0]
        parts.append(head)
    return [*parts, rest]


def _halves(text: str) -> list[tuple[str, str]]:
    """Every way to break a text in two: at spaces, or else after hyphens and between Han or kana."""
    spaces, others = [], []
    for index in range(1, len(text)):
        before, after = text[index - 1], text[index]
        if after == " ":
            spaces.append((text[:index].rstrip(), text[index:].lstrip()))
        elif before == "-" or (
            script_of(before) in _UNSPACED and script_of(after) in _UNSPACED and after not in _NEVER_FIRST
        ):
            others.append((text[:index], text[index:]))
    return [pair for pair in spaces if all(pair)] or [pair for pair in others if all(pair)]
