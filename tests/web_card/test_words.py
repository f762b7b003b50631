"""The page's words and weight, without a browser: the service's codes have words, and the page is light."""

import gzip
import re
from pathlib import Path

from cardsvc.desk.preapplications import BRING
from cardsvc.holder.looking import DESK, LIKENESS
from cardsvc.police.purposes import PURPOSES, SCAN
from cardsvc.records import LookKind
from issuance.application import PERMIT_KINDS
from issuance.findings import WORDS
from tests.web.house import PAGES
from verify.services import CardClass, Service

CARD = Path(__file__).resolve().parents[2] / "cardsvc" / "web" / "src" / "card"
#: What an old and cheap phone fetches before it shows anything (bytes on the line).
BUDGET = 150_000
#: How a renewal says that a card stands, where nothing waits.
STATES = ("valid", "suspended", "permit_over", "expired", "revoked", "phone_over")


def known() -> set[str]:
    """Every key of the page's words; that each has all languages is the units' own test."""
    tables = "".join(file.read_text("utf-8") for file in (CARD / "words").glob("*.ts"))
    return set(re.findall(r'^  "?([\w.]+)"?: \[', tables, re.MULTILINE))


def test_what_the_service_can_say_has_words() -> None:
    light = set(re.findall(r"\w+", (CARD / "screens" / "portrait.tsx").read_text("utf-8")))
    wanted = {
        *(f"bring.{thing}" for thing in BRING),
        *(f"purpose.{purpose}" for purpose in (*PURPOSES, SCAN, LIKENESS)),
        *(f"look.{kind}" for kind in (*LookKind, DESK)),
        *(f"permitkind.{kind}" for kind in PERMIT_KINDS),
        *(f"class.{one.label}" for one in CardClass),
        *(f"service.{one.label}" for one in Service),
        *(f"portrait.{finding}" for finding in WORDS if finding not in light),
        *(
            f"became.{state}"
            for state in ("received", "taken", "submitted", "issued", "refused", "withdrawn", "forgotten")
        ),
        *(f"state.{state}" for state in STATES),
    }  # fmt: skip
    assert wanted - known() == set()


def test_the_page_is_light() -> None:
    page = (PAGES / "card.html").read_text("utf-8")
    files = [PAGES / name for name in re.findall(r'(?:src|href)="/(assets/[^"]+)"', page)]
    assert any(file.suffix == ".js" for file in files)
    fetched = [page.encode(), *(file.read_bytes() for file in files)]
    weights = [len(gzip.compress(one, 6)) for one in fetched]
    assert sum(weights) <= BUDGET, dict(
        zip(["card.html", *(file.name for file in files)], weights, strict=True)
    )
