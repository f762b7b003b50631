"""A page to print, for the tests of this folder: of nobody, with codes of true lengths."""

import io
import random
from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path

from PIL import Image

from issuance.layoutfile import load_layout
from issuance.pdf import CardPage, CardPrinter
from issuance.qr import ALPHANUMERIC
from verify.services import PRINTABLE, CardClass

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
GREEN = TEMPLATES / "card" / "green" / "1.toml"
FONTS = TEMPLATES / "fonts"


def code_text(length: int, seed: int = 1) -> str:
    """A text as a code carries it: the recogniser of zlib, then anything in the alphabet."""
    chance = random.Random(seed)
    return "NCF" + "".join(chance.choice(sorted(ALPHANUMERIC)) for _ in range(length - 3))


@lru_cache
def portrait() -> bytes:
    """A grey gradient: a picture that JPEG takes well."""
    out = io.BytesIO()
    Image.linear_gradient("L").resize((413, 531)).convert("RGB").save(out, "JPEG", quality=85)
    return out.getvalue()


@lru_cache
def printer() -> CardPrinter:
    """One printer for all tests: opening the faces is the slow part."""
    return CardPrinter(load_layout(GREEN), FONTS)


@lru_cache
def _sample() -> CardPage:
    return CardPage(
        number="4417092633585",
        card_class=CardClass.MERCHANT,
        name="AL-NAMUDHAJ, Salim Qasim",
        name_native="سالم قاسم النموذج",
        language_native="ara",
        name_chinese="萨利姆",
        nationality="YEM",
        valid_until=date(2031, 6, 30),
        portrait=portrait(),
        gate_text=code_text(348),
        identity_text=code_text(1217),
        passport="07654321",
        passport_country="YEM",
        birth=date(1979, 11, 30),
        sex="M",
        permit_kind="residence",
        permit="Y1234567",
        permit_until=date(2028, 6, 30),
        office="Yiwu Centre 01",
        services=frozenset(PRINTABLE),
    )


def page(**changes: object) -> CardPage:
    """The sample page with some fields changed."""
    return replace(_sample(), **changes)  # type: ignore[arg-type]  # tests name real fields
