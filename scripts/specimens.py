"""Draws the sheet of specimens: the hardest names of every script in every design, for people to look at.

``python -m scripts.specimens [FOLDER]`` writes, for each design, a PDF of all cards and pictures of them, and
says what a search of the PDF does not find. Run it after a change of lettering, typefaces or layouts.
"""

import sys
import unicodedata
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pypdfium2
from PIL import Image

from issuance.errors import FieldError
from issuance.layoutfile import Designs
from issuance.pdf import CardPage, CardPrinter, print_cards
from issuance.portrait import prepare_portrait
from verify.services import PRINTABLE, CardClass

ROOT = Path(__file__).resolve().parent.parent
FONTS = ROOT / "templates" / "fonts"
CARDS = ROOT / "templates" / "card"
PORTRAITS = ROOT / "examples" / "portraits"
#: Cards in a row of the picture, and its size beside the printer's.
ACROSS, SCALE = 3, 0.6


@dataclass(frozen=True, slots=True)
class Specimen:
    """A holder nobody is: the names of one script at their hardest."""

    name: str
    native: str | None = None
    language: str | None = None
    chinese: str | None = None
    nationality: str = "UTO"


SPECIMENS = (
    Specimen("AL-NAMUDHAJ, Salim Qasim", "سالم قاسم النموذج", "ara", "萨利姆", "YEM"),
    Specimen("MUHAMMAD, Ahmad", "مُحَمَّد أَحْمَد", "ara", None, "SAU"),
    Specimen("ALAA, Abdullah Al-Islam", "عبدالله الإسلام لآلئ ١٢٣٤", "ara", "阿卜杜拉", "EGY"),
    Specimen("NAMOONA, Muhammad Bilal", "محمد بلال نمونہ ڈاکٹر", "urd", "比拉勒", "PAK"),
    Specimen("NEMOONEH, Shirin Zahra", "نمونه‌ای شیرین ۱۲۳", "fas", "希琳", "IRN"),
    Specimen("DUGMA, Noa Chava", "נֹעָה חַוָּה דּוּגְמָה", "heb", "诺娅", "ISR"),
    Specimen("SHRIVASTAVA, Kshitij", "क्षितिज श्रीवास्तव द्ध्र्य", "hin", "克希蒂", "IND"),
    Specimen("NAMUNA, Shrabanti", "শ্রাবন্তী ক্ষ্ম নমুনা র‍্যাব", "ben", "什拉", "BGD"),
    Specimen("MAATHIRI, Kausalya", "கௌசல்யா ஸ்ரீ மாதிரி", "tam", "高萨", "LKA"),
    Specimen("TUAYANG, Phattharaphon", "ภัทรพล ตัวอย่าง ปู่ญี่ปุ่น กำ", "tha", "帕他蓬", "THA"),
    Specimen("U, Thant", "ဦ", "mya", "吴", "MMR"),
    Specimen("SAMPLE, Kyaw Myint", "ကျော်မြင့် နမူနာ ဩင်္ဂုတ်", "mya", "觉敏", "MMR"),
    Specimen("NAMUNO, Kshama Shraddha", "ક્ષમા શ્રદ્ધા નમૂનો", "guj", "克莎玛", "IND"),
    Specimen("NAMUNA, Harpreet Sardhanjali", "ਹਰਪ੍ਰੀਤ ਸ਼੍ਰੱਧਾਂਜਲੀ", "pan", "哈普", "IND"),
    Specimen("NAMUNA, Sri Lakshmi Jnana", "శ్రీ లక్ష్మీ జ్ఞాన", "tel", "拉克什米", "IND"),
    Specimen("MADARI, Kshetrajna", "ಕ್ಷೇತ್ರಜ್ಞ ಶ್ರೀ ಮಾದರಿ", "kan", "克谢", "IND"),
    Specimen("MATHRUKA, Krishnan", "കൃഷ്ണൻ ക്ഷേത്രസ്ത്രീ മാതൃക", "mal", "克里希南", "IND"),
    Specimen("NIDARSHANA, Sri Kshema", "ශ්‍රී ක්ෂේම නිදර්ශන", "sin", "谢玛", "LKA"),
    Specimen("KOMROU, Sreymom Khmaer", "ស្រីមុំ ខ្មែរ គំរូ ស្ត្រី", "khm", "斯蕾", "KHM"),
    Specimen("TUAYANG, Bounmi Khampheng", "ບຸນມີ ຄຳແພງ ຕົວຢ່າງ ນ້ຳ", "lao", "本米", "LAO"),
    Specimen("NIMUSHI, Ketevan", "ქეთევან ნიმუში ჭყ", "kat", "凯捷", "GEO"),
    Specimen("ORINAK, Hayk", "Հայկ Օրինակ և Ֆ", "hye", "海克", "ARM"),
    Specimen("NAMUNA, Abebech", "አበበች ናሙና ጿጸጐ", "amh", "阿贝贝", "ETH"),
    Specimen("GYEONBON, Haneul", "견본 하늘 뷁쐛", "kor", "見本 하늘", "KOR"),
    Specimen("MIHON, Sakura", "見本 さくら ヴァージニア 髙﨑", "jpn", "见本樱", "JPN"),
    Specimen("YANGBEN, Rare", None, None, "𠀀龘𪚥𠮷", "CHN"),
    Specimen("NGUYỄN THỊ, Ếch Đặng Tuyết", "Nguyễn Thị Ếch Đặng Ẫ", "vie", "阮氏", "VNM"),
    Specimen("IĞDIR, Şükrü İsmail", "Şükrü İsmail Iğdır", "tur", "许克吕", "TUR"),
    Specimen("OBRAZTSOVA, Anna", "Образцова Анна Щёголева", "rus", "安娜", "RUS"),
    Specimen("PRIMEROVA, Đorđe", "Ђорђе Љубић Џ", "srp", "乔尔杰", "SRB"),
    Specimen("DEIGMA, Eleni", "Ἑλένη Δεῖγμα Ϊ́ Ώ", "ell", "埃莱尼", "GRC"),
    Specimen(
        "DE LOS ESPÍRITUS SANTOS, María Guadalupe Concepción Ángeles",
        "María Guadalupe Concepción de los Ángeles Fernández y Gómez",
        "spa",
        "玛丽亚·瓜达卢佩",
        "ESP",
    ),
    Specimen("A", None, None, None, "UTO"),
    Specimen("MUSTERMANN, Ǻñçð Ẵ́ǭ̂", "Z̃ȩ́ o̱͡e", "und", "样本", "UTO"),
    Specimen("MIXED, Al-Fatih 4U", "الفاتح Al-Fatih بن 42", "ara", "法提赫", "LBY"),
)


def page_of(one: Specimen, portrait: bytes, seed: int) -> CardPage:
    """The card of a specimen; its codes are texts of true lengths that nobody signed."""
    # Capitals fill a code as Base45 does, which rows of digits would not, and scan as what they are: no card.
    codes = [(f"SPECIMEN {seed} " * length)[:length] for length in (348, 1217)]
    return CardPage(
        number=f"{4417092633500 + seed}",
        card_class=tuple(CardClass)[seed % len(CardClass)],
        name=one.name,
        name_native=one.native,
        language_native=one.language,
        name_chinese=one.chinese,
        nationality=one.nationality,
        valid_until=date(2031, 6, 30),
        portrait=portrait,
        gate_text=codes[0],
        identity_text=codes[1],
        passport="ZZ0765432",
        passport_country="UTO",
        birth=date(1979, 11, 30),
        sex="MFX"[seed % 3],
        permit_kind=("residence", "visa", "work", "none")[seed % 4],
        permit=None if seed % 4 == 3 else "Y1234567",
        permit_until=None if seed % 4 == 3 else date(2028, 6, 30),
        office="Yiwu Centre 01",
        services=frozenset(sorted(PRINTABLE)[: seed % (len(PRINTABLE) + 1)]),
    )


def pages() -> list[CardPage]:
    """All specimens, with the examples' portraits in turn."""
    files = sorted(PORTRAITS.glob("*.jpg"))
    faces = [prepare_portrait(path.read_bytes()).print_jpeg for path in files]
    return [page_of(one, faces[index % len(faces)], index) for index, one in enumerate(SPECIMENS)]


def words_of(one: Specimen) -> list[str]:
    """What a search of the PDF must find: every word of every name."""
    return [word for text in (one.name, one.native, one.chinese) if text for word in text.split()]


def main() -> int:
    """Write the specimens of every design."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "var" / "specimens"
    out.mkdir(parents=True, exist_ok=True)
    designs = Designs(CARDS)
    missing = 0
    for design in designs.names():
        missing += draw(CardPrinter(designs.newest(design), FONTS), out)
    return 1 if missing else 0


def draw(printer: CardPrinter, out: Path) -> int:
    """Write the specimens of one design; how many cards or words of them are missing."""
    design, cards, missing = printer.layout.name, [], 0
    for one, page in zip(SPECIMENS, pages(), strict=True):
        try:
            cards.append((one, printer.prepare(page)))
        except FieldError as error:
            missing += 1
            print(f"{design}: {page.name}: {error}")
    pdf = print_cards([ready for _, ready in cards])
    (out / f"{design}.pdf").write_bytes(pdf)
    document = pypdfium2.PdfDocument(pdf)
    for side, first in (("front", 0), ("back", 1)):
        drawn = sheet([document[index] for index in range(first, len(document), 2)])
        drawn.save(out / f"{design}-{side}.png")
    for index, (one, _) in enumerate(cards):
        for word in not_found(document[2 * index], one):
            missing += 1
            print(f"{design}: a search does not find {word} of {one.name}")
    document.close()
    print(f"{out / design}.pdf: {len(cards)} cards, {len(pdf) / len(cards) / 1000:.1f} KB each")
    return missing


def not_found(page: pypdfium2.PdfPage, one: Specimen) -> list[str]:
    """The words of a specimen's names that a search of its page does not find.

    PDFium cannot search beyond the basic plane; what it gives as text is then compared.
    """
    text = page.get_textpage()
    return [
        word
        for word in (unicodedata.normalize("NFC", word) for word in words_of(one))
        if text.search(word).get_next() is None
        and (max(word) <= "\uffff" or word not in text.get_text_range())
    ]


def sheet(drawn: list[pypdfium2.PdfPage]) -> Image.Image:
    """Pages side by side."""
    pictures = [page.render(scale=300 / 72 * SCALE).to_pil().convert("RGB") for page in drawn]
    width, height = (size + 12 for size in pictures[0].size)
    rows = -(-len(pictures) // ACROSS)
    whole = Image.new("RGB", (width * ACROSS + 12, height * rows + 12), "#9aa5a0")
    for index, picture in enumerate(pictures):
        whole.paste(picture, (12 + index % ACROSS * width, 12 + index // ACROSS * height))
    return whole


if __name__ == "__main__":
    sys.exit(main())
