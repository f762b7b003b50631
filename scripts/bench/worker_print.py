"""Run inside ``.venv-oracles`` by ``worker.py``: fpdf2, typst and WeasyPrint each print one file of cards.

Each gets the same pictures and words, keeps what can be kept between files, and gives the PDF's bytes.
"""

import base64
import html
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

Request = dict[str, Any]
WIDTH, HEIGHT = 85.6, 54.02
#: Where portrait and codes stand, in millimetres: x, y, width, height.
PORTRAIT, GATE, IDENTITY = (4, 13.6, 21, 27), (52, 20.5, 29.2, 29.2), (41.5, 6, 42.3, 42.3)


def use_fpdf2(request: Request) -> tuple[Callable[[Any], bytes], list[Any]]:
    """fpdf2: a document a file, fonts added to it, pictures as they are."""
    from fpdf import FPDF

    fonts, faces, art = Path(request["fonts"]), request["faces"], unpacked(request["art"])

    def make(cards: Any) -> bytes:
        pdf = FPDF(unit="mm", format=(WIDTH, HEIGHT))
        pdf.set_auto_page_break(False)
        pdf.set_margin(0)
        for name in faces:
            pdf.add_font(name, fname=fonts / f"{name}.ttf")
        for card in cards:
            for side, name in enumerate(("front", "back")):
                pdf.add_page()
                pdf.image(io.BytesIO(art[side]), 0, 0, WIDTH, HEIGHT)
                pdf.set_text_color(*((255, 255, 255) if side == 0 else (16, 32, 27)))
                for label, x, y, size, words in card[name]:
                    pdf.set_font(faces[2], size=5.2)
                    pdf.text(x, y, label)
                    pdf.set_font(faces[3], size=size)
                    pdf.text(x, y + 3, words)
                for place, kind in pictures(side):
                    pdf.image(io.BytesIO(base64.b64decode(card[kind])), *place)
        return bytes(pdf.output())

    return make, [request["cards"]]


def use_typst(request: Request) -> tuple[Callable[[Any], bytes], list[Any]]:
    """Typst: one document a file, its compiler kept with the fonts."""
    import tempfile

    import typst

    folder = Path(tempfile.mkdtemp(prefix="cardsvc-bench-typst-"))
    main, made = folder / "main.typ", 0
    main.write_text("", "utf-8")
    for side, picture in enumerate(unpacked(request["art"])):
        (folder / f"art{side}.jpg").write_bytes(picture)
    compiler = typst.Compiler(
        str(main), root=str(folder), font_paths=[request["fonts"]], ignore_system_fonts=True
    )

    def make(cards: Any) -> bytes:
        nonlocal made
        # Typst remembers every picture and paragraph by its bytes: other cards are other bytes.
        made += 1
        other = made.to_bytes(4, "big")
        lines = [
            f"#set page(width: {WIDTH}mm, height: {HEIGHT}mm, margin: 0mm)",
            '#set text(font: ("Noto Sans", "Noto Sans SC"), weight: "semibold")',
            "#let put(x, y, body) = place(top + left, dx: x * 1mm, dy: y * 1mm, body)",
        ]
        for index, card in enumerate(cards):
            for side, name in enumerate(("front", "back")):
                if index or side:
                    lines.append("#pagebreak()")
                lines.append(f'#put(0, 0, image("art{side}.jpg", width: {WIDTH}mm, height: {HEIGHT}mm))')
                ink = "white" if side == 0 else 'rgb("#10201b")'
                for label, x, y, size, text in card[name]:
                    words = f"{text} {made}"
                    lines.append(f"#put({x}, {y - 2}, text(size: 5.2pt, fill: {ink})[{escaped(label)}])")
                    lines.append(f"#put({x}, {y}, text(size: {size}pt, fill: {ink})[{escaped(words)}])")
                for (x, y, w, h), kind in pictures(side):
                    ending = "jpg" if kind == "portrait" else "png"
                    file = f"{kind}{index}.{ending}"
                    (folder / file).write_bytes(base64.b64decode(card[kind]) + other)
                    scaling = "" if kind == "portrait" else ', scaling: "pixelated"'
                    lines.append(f'#put({x}, {y}, image("{file}", width: {w}mm, height: {h}mm{scaling}))')
        main.write_text("\n".join(lines), "utf-8")
        return bytes(compiler.compile())

    return make, [request["cards"]]


def use_weasyprint(request: Request) -> tuple[Callable[[Any], bytes], list[Any]]:
    """WeasyPrint: one page of HTML a side, fonts configured once."""
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration

    fonts, art = FontConfiguration(), request["art"]
    style = CSS(
        string=f"@font-face {{ font-family: Card; src: url(file://{request['fonts']}/{request['faces'][3]}.ttf)"
        " }"
        f"@page {{ size: {WIDTH}mm {HEIGHT}mm; margin: 0 }}"
        "body { margin: 0; font-family: Card }"
        "section { position: relative; page-break-after: always; width: 100%; height: 54mm }"
        "section:last-child { page-break-after: avoid }"
        "img, p { position: absolute; margin: 0 } .code { image-rendering: pixelated }",
        font_config=fonts,
    )

    def make(cards: Any) -> bytes:
        parts = []
        for card in cards:
            for side, name in enumerate(("front", "back")):
                parts.append(f"<section style='color:{'#fff' if side == 0 else '#10201b'}'>")
                parts.append(
                    f"<img src='data:image/jpeg;base64,{art[side]}'"
                    f" style='left:0;top:0;width:{WIDTH}mm;height:{HEIGHT}mm'>"
                )
                for label, x, y, size, words in card[name]:
                    parts.append(
                        f"<p style='left:{x}mm;top:{y - 2}mm;font-size:5.2pt'>{html.escape(label)}</p>"
                    )
                    parts.append(
                        f"<p style='left:{x}mm;top:{y}mm;font-size:{size}pt'>{html.escape(words)}</p>"
                    )
                for (x, y, w, h), kind in pictures(side):
                    form = "jpeg" if kind == "portrait" else "png"
                    look = "class='code'" if form == "png" else ""
                    parts.append(
                        f"<img {look} src='data:image/{form};base64,{card[kind]}'"
                        f" style='left:{x}mm;top:{y}mm;width:{w}mm;height:{h}mm'>"
                    )
                parts.append("</section>")
        return bytes(HTML(string="".join(parts)).write_pdf(stylesheets=[style], font_config=fonts))

    return make, [request["cards"]]


def pictures(side: int) -> list[tuple[tuple[float, float, float, float], str]]:
    """The pictures of a side beside its art."""
    return [(PORTRAIT, "portrait"), (GATE, "gate")] if side == 0 else [(IDENTITY, "identity")]


def unpacked(texts: list[str]) -> list[bytes]:
    """Base64 to bytes."""
    return [base64.b64decode(text) for text in texts]


def escaped(words: str) -> str:
    """Words in Typst's markup."""
    return "".join(f"\\{char}" if char in "\\#$*_`<>@[]~-./=+" else char for char in words)
