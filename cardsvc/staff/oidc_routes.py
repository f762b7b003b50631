"""Signing in with an OpenID provider: there and back."""

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from cardsvc.errors import ServiceError
from cardsvc.http.access import Serving, address_of, anyone, running
from cardsvc.http.problems import status_of
from cardsvc.staff import shapes
from cardsvc.staff.oidc import CALLBACK, Provider
from cardsvc.staff.session_routes import set_session
from verify.errors import CardsvcError

router = APIRouter(tags=["sign-in"], dependencies=[anyone])

Served = Annotated[Serving, running]
#: The browser that began is the one that comes back. Lax: it comes back from another site.
COOKIE: Final = "cardsvc-oidc"
_PATH: Final = "/api/session/oidc"


@router.get(_PATH, response_class=RedirectResponse, status_code=303)
def begin(serving: Served, request: Request) -> Response:
    """Send the browser to the provider."""

    def there() -> Response:
        provider = _provider(serving)
        serving.beginnings.spend(address_of(request), serving.clock())
        address, state = provider.begin(serving.installation.store, serving.clock())
        answer = RedirectResponse(address, 303)
        https = serving.settings.origin.startswith("https://")
        answer.set_cookie(COOKIE, state, path=_PATH, secure=https, httponly=True, samesite="lax", max_age=300)
        return answer

    return _or_back_to_the_page(request, there)


@router.get(CALLBACK, response_class=RedirectResponse, status_code=303)
def callback(
    serving: Served,
    request: Request,
    state: shapes.Token,
    code: Annotated[str | None, Query(min_length=1, max_length=2000)] = None,
) -> Response:
    """Take what the provider says, and sign in. Without a code it let nobody in (RFC 6749, 4.1.2.1)."""

    def back() -> Response:
        provider = _provider(serving)
        if code is None:
            raise ServiceError("oidc_refused", "the provider did not let anybody in")
        bound = request.cookies.get(COOKIE)
        now = serving.clock()
        signed = provider.finish(serving.installation.store, state, bound, code, address_of(request), now)
        answer = RedirectResponse("/desk", 303)
        set_session(answer, serving, signed.token)
        answer.delete_cookie(COOKIE, path=_PATH)
        return answer

    return _or_back_to_the_page(request, back)


def _or_back_to_the_page(request: Request, step: Callable[[], Response]) -> Response:
    """The step's answer. A person whose browser goes from page to page reads a refusal on ours.

    Log and figures count it as any other; what the service itself failed at stays a failure.
    """
    try:
        return step()
    except CardsvcError as error:
        if request.headers.get("sec-fetch-mode") != "navigate" or status_of(error) == 500:
            raise
        request.scope["state"]["refused"] = error.reason
        return RedirectResponse(f"/desk?refused={error.reason}", 303)


def _provider(serving: Serving) -> Provider:
    if serving.provider is None:
        raise ServiceError("no_such_page", "no provider is set up here")
    return serving.provider
