"""Where the address of a chip that signs its taps leads: whoever holds it is told whether it is good."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from cardsvc.desk.taps import TAP_PATH, judge_message
from cardsvc.http.access import Serving, address_of, anyone, running
from cardsvc.http.bodies import Answer
from issuance.chips.sun import MAC_CHARACTERS, PICC_CHARACTERS, read_tap
from verify.errors import Refused

router = APIRouter(tags=["chips"])

_WORDS: Final = {
    "ok": ("This card is genuine and good today.", "此卡为真卡，今日有效。"),
    "replayed": ("This address was shown before; tap the card again.", "此链接已用过，请重新触碰卡片。"),
    "bad_signature": ("This is no card of this city.", "此卡不是本市签发。"),
}
_NOT_GOOD: Final = ("The card is genuine, but not good today; ask its office.", "此卡为真卡，但今日无效。")


class Tapped(Answer):
    """What anybody may know who holds the chip: no number, no name; the services only where it is good."""

    genuine: bool
    reason: str
    services: list[str]


_TOLD: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": Tapped, "content": {"text/plain": {"schema": {"type": "string"}}}}
}


@router.get(TAP_PATH, dependencies=[anyone], response_class=Response, responses=_TOLD)
def tapped(
    request: Request,
    serving: Annotated[Serving, running],
    p: Annotated[
        str, Query(min_length=PICC_CHARACTERS, max_length=PICC_CHARACTERS, pattern="^[0-9A-Fa-f]+$")
    ],
    c: Annotated[str, Query(min_length=MAC_CHARACTERS, max_length=MAC_CHARACTERS, pattern="^[0-9A-Fa-f]+$")],
) -> Response:
    """Judge a tap of a chip; each address is good once. Words for a browser, JSON for a reader."""
    now = serving.clock()
    serving.taps.spend(address_of(request), now)
    try:
        answer = judge_message(serving.installation, read_tap(p, c), now)
    except Refused as error:
        told = Tapped(genuine=False, reason=error.reason, services=[])
    else:
        told = Tapped(genuine=True, reason=answer.reason, services=list(answer.services))
    headers = {"Cache-Control": "no-store", "Vary": "Accept"}
    if "text/html" in request.headers.get("accept", ""):
        return PlainTextResponse("\n".join(_WORDS.get(told.reason, _NOT_GOOD)) + "\n", headers=headers)
    return JSONResponse(told.model_dump(), headers=headers)
