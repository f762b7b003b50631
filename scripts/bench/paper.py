"""``print``: the pages of many different cards, against ReportLab's plain way, fpdf2, typst and WeasyPrint.

Every contestant makes one file of the same cards, its typefaces once, and keeps whatever it can keep between
files. Peers are spared: their art is one picture a side, their codes come to them as finished pictures, their
names are Latin and Chinese only, and nothing of theirs is read back. What none of the three does by itself,
making the codes' modules, is counted to each with the writer that we use.
"""

import base64
import io
import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import pypdfium2
from PIL import Image, ImageEnhance
from reportlab import rl_config
from reportlab.pdfgen.canvas import Canvas

from cardsvc.installation import fonts_folder
from cardsvc.settings import Settings
from issuance.layout import PAGE_POINTS
from issuance.layoutfile import Designs
from issuance.pdf import CardPage, CardPrinter, print_cards
from issuance.qr import ALPHANUMERIC, modules, read_codes
from issuance.selfcheck import Texts, check_file
from scripts.bench.measure import Lap, Row, against, duels, require, timed, within
from scripts.bench.peers import ROOT, Peers
from scripts.bench.plain_page import FACES, backgrounds, printed_portrait, register
from scripts.bench.plain_sheet import PlainSheet
from scripts.bench.town import Town
from scripts.specimens import pages

#: Cards in the file that is compared; in the whole run; and in each file of that.
COMPARED, WHOLE, A_FILE = 20, 1000, 100
ROUNDS = 3
PEERS = {"fpdf2": "fpdf2", "typst": "typst", "weasyprint": "WeasyPrint"}
PLAIN = "ReportLab's plain way, no Base85"
#: Against whoever prints; and what a second process must bring.
TARGET, TWO_PROCESSES = 1.0, 1.8
GATE, IDENTITY = 348, 1217


def run(_town: Town, peers: Peers) -> Iterator[Row]:
    """Time and bytes against everybody; then a thousand cards, read back, by one process and by two."""
    batch = list(different(COMPARED))
    ours = print_cards([printer().prepare(page) for page in batch])
    art = backgrounds(ours)
    laps = {PLAIN: timed(lambda: plain(batch, art))}
    sizes = {PLAIN: len(plain(batch, art))}
    cards = [as_told(page) for page in batch]
    for use, name in PEERS.items():
        told = {"cards": cards, "art": [in_base64(one) for one in art], "fonts": str(fonts()), "faces": FACES}
        (made,) = peers.load(use, use, **told)
        pdf = base64.b64decode(made)
        check_peer(name, pdf, batch[0])
        laps[name], sizes[name] = with_codes(peers.lap(use), batch), len(pdf)
    found = duels(timed(lambda: print_cards([printer().prepare(one) for one in batch])), laps, rounds=ROUNDS)
    for name, duel in found.items():
        work = f"a card in a file of {COMPARED}"
        yield against("print", work, name, duel, unit="ms", scale=1e3 / COMPARED, target=TARGET)
    for name, size in sizes.items():
        mine, theirs = len(ours) / COMPARED / 1e3, size / COMPARED / 1e3
        work = f"bytes a card in a file of {COMPARED}"
        yield Row("print", work, mine, name, theirs, "KB", theirs / mine, TARGET, mine <= theirs)
    yield from a_thousand()


def a_thousand() -> Iterator[Row]:
    """Different cards with portraits of their own, every page read back."""
    parts = [list(different(A_FILE, start)) for start in range(0, WHOLE, A_FILE)]
    one, size = by_processes(1, parts)
    two, _ = by_processes(2, parts)
    work = f"a card of {WHOLE:,}, its pages read back"
    yield within("print", f"{work}, one process", one * 1e3 / WHOLE, unit="ms", limit=60.0)
    yield within("print", f"bytes a card in files of {A_FILE}", size / WHOLE / 1e3, unit="KB", limit=40.0)
    mine, theirs = two * 1e3 / WHOLE, one * 1e3 / WHOLE
    ratio = theirs / mine
    yield Row(
        "print",
        f"{work}, two processes",
        mine,
        "one process",
        theirs,
        "ms",
        ratio,
        TWO_PROCESSES,
        ratio >= TWO_PROCESSES,
    )


def by_processes(count: int, parts: Sequence[Sequence[CardPage]]) -> tuple[float, int]:
    """Seconds for all parts by so many processes that are warm already, and the bytes they made."""
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        # As many at once as there are processes, so that each of them opens its typefaces.
        list(pool.map(whole_file, [part[:2] for part in parts[:count]]))
        begun = time.perf_counter()
        made = sum(pool.map(whole_file, parts))
        return time.perf_counter() - begun, made


def whole_file(batch: Sequence[CardPage]) -> int:
    """Print and read back one file; its bytes."""
    ready = [printer().prepare(page) for page in batch]
    pdf = print_cards(ready)
    wanted = [Texts(page.gate_text, page.identity_text) for page in batch]
    faults = check_file(pdf, wanted, backdrops=[one.printer.backdrop(one.page.edition) for one in ready])
    require(not any(faults), f"a page was not read back: {faults}")
    return len(pdf)


@cache
def printer() -> CardPrinter:
    """Ours, once a process."""
    return CardPrinter(Designs(ROOT / "templates" / "card").newest("green"), fonts())


def fonts() -> Path:
    """Where the typefaces lie."""
    return fonts_folder(Settings())


def different(count: int, start: int = 0) -> Iterator[CardPage]:
    """Cards no two of which share a number, a code or a portrait."""
    alphabet, shown = sorted(ALPHANUMERIC), pages()
    for index in range(start, start + count):
        chance = random.Random(index)  # noqa: S311 - the same cards in every run, no secret
        texts = ["NCF" + "".join(chance.choices(alphabet, k=length - 3)) for length in (GATE, IDENTITY)]
        page = shown[index % len(shown)]
        yield replace(
            page,
            number=f"{4417092000000 + index}",
            name=f"NAMUDHAJ {index}, Salim Qasim",
            # Peers have no typeface for rare characters; native names in every script are ours alone.
            name_chinese="萨利姆",
            portrait=portrait(page.portrait, chance),
            gate_text=texts[0],
            identity_text=texts[1],
        )


def portrait(jpeg: bytes, chance: random.Random) -> bytes:
    """The same person in another light: different bytes, the same size."""
    with Image.open(io.BytesIO(jpeg)) as picture:
        return printed_portrait(ImageEnhance.Brightness(picture).enhance(chance.uniform(0.85, 1.15)))


def plain(batch: Sequence[CardPage], art: tuple[bytes, ...]) -> bytes:
    """ReportLab as its manual shows it, but for Base85."""
    before, rl_config.useA85 = rl_config.useA85, 0
    try:
        register(fonts())
        file = io.BytesIO()
        canvas = Canvas(file, pagesize=PAGE_POINTS)
        sheet = PlainSheet(canvas, art)
        for page in batch:
            sheet.card(page)
        canvas.save()
        return file.getvalue()
    finally:
        rl_config.useA85 = before


def as_told(page: CardPage) -> dict[str, object]:
    """A card for a peer: words, and pictures in Base64."""
    front = [("", 28, 14.4, 10.6, page.name), ("", 28, 22.4, 9.4, page.name_chinese or "")]
    front += [("Nationality 国籍", 28, 36.2, 7.6, page.nationality), ("No. 卡号", 4, 46.0, 10.6, page.number)]
    front += [("Valid until 有效期至", 28, 42.4, 7.6, page.valid_until.isoformat())]
    back = [
        ("Passport 护照号", 4, 8.0, 7.4, page.passport),
        ("Born 出生日期", 4, 14.3, 7.4, page.birth.isoformat()),
    ]
    back += [
        ("Issued by 发卡窗口", 4, 33.2, 7.4, page.office),
        ("Permit 许可", 4, 20.6, 7.4, page.permit or ""),
    ]
    return {
        "front": front,
        "back": back,
        "portrait": in_base64(page.portrait),
        "gate": in_base64(code(page.gate_text)),
        "identity": in_base64(code(page.identity_text)),
    }


def code(text: str) -> bytes:
    """A code as a small picture, one pixel a module, with its quiet zone."""
    matrix = modules(text, max_version=25)
    size = matrix.size + 8
    picture = Image.new("1", (size, size), 1)
    for y in range(matrix.size):
        for x in range(matrix.size):
            if matrix.dark(x, y):
                picture.putpixel((x + 4, y + 4), 0)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def check_peer(name: str, pdf: bytes, page: CardPage) -> None:
    """A peer must have made what it is timed at: a page a side, with the codes on it."""
    document = pypdfium2.PdfDocument(pdf)
    require(len(document) == 2 * COMPARED, f"{name} made {len(document)} pages")
    for index, text in ((0, page.gate_text), (1, page.identity_text)):
        picture = document[index].render(scale=400 / 72, grayscale=True).to_pil()
        require(read_codes(picture) == [text], f"{name}: the code on page {index + 1} cannot be read")
    document.close()


def with_codes(lap: Lap, batch: Sequence[CardPage]) -> Lap:
    """A peer's lap and the time for making the codes of its cards."""

    def work() -> None:
        for page in batch:
            modules(page.gate_text, max_version=11)
            modules(page.identity_text, max_version=25)

    codes = timed(work)
    return lambda loops: lap(loops) + codes(loops)


def in_base64(data: bytes) -> str:
    """Bytes for a pipe of JSON."""
    return base64.b64encode(data).decode("ascii")
