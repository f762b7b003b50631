"""Signing in, out and up, and taking an invitation."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from cardsvc.errors import ServiceError
from cardsvc.http.access import (
    Caller,
    Serving,
    address_of,
    anyone,
    caller_in,
    running,
    session_token,
    signed_in,
)
from cardsvc.http.headers import cookie_name
from cardsvc.staff import shapes
from cardsvc.staff.approvers import ApproverKeys
from cardsvc.staff.invitations import Enrolment
from cardsvc.staff.passkeys import Party
from cardsvc.staff.powers import KEYED_ROLES, PASSKEY_ROLES
from cardsvc.staff.sessions import current
from cardsvc.staff.signin import Door, SignedIn
from verify.errors import CardsvcError

router = APIRouter(prefix="/api", tags=["sign-in"])

Served = Annotated[Serving, running]


def party_of(serving: Serving) -> Party:
    """For whom passkeys are made here."""
    settings = serving.settings
    return Party(settings.rp_id, settings.origin, f"cardsvc {serving.installation.issuer.iss}")


def _door(serving: Serving) -> Door:
    return Door(serving.installation.store, party_of(serving), serving.passwords)


def _enrolment(serving: Serving) -> Enrolment:
    return Enrolment(serving.installation, party_of(serving), serving.passwords)


def set_session(response: Response, serving: Serving, token: str) -> None:
    """Give the browser its token: for this host, for pages of ours, out of reach of scripts."""
    https = serving.settings.origin.startswith("https://")
    response.set_cookie(
        cookie_name(https=https), token, path="/", secure=https, httponly=True, samesite="strict"
    )


def answer_of(serving: Serving, caller: Caller) -> shapes.SessionAnswer:
    """The session as pages see it."""
    return shapes.SessionAnswer(
        staff=shapes.StaffFacts(
            id=caller.id,
            name=caller.name,
            role=caller.role,
            office=caller.office,
            services=shapes.service_labels(caller.services),
            language=caller.language,
        ),
        signed_in_with=caller.method,
        stepped_up_until=caller.stepped_up_until,
        approver_key=_approver_key(serving, caller),
        demo=not serving.settings.production,
        issuer=serving.installation.issuer.iss,
        public_url=serving.installation.issuer.public_url,
    )


def _approver_key(serving: Serving, caller: Caller) -> Any:
    if caller.role not in KEYED_ROLES:
        return "none"
    try:
        return ApproverKeys(serving.installation, party_of(serving)).state_of(caller.id)
    except CardsvcError:
        # A signer that does not answer must not keep anybody from signing in.
        return "none"


def _admitted(serving: Serving, response: Response, signed: SignedIn) -> shapes.SessionAnswer:
    set_session(response, serving, signed.token)
    with serving.installation.store.reading() as tx:
        caller, _, _ = caller_in(tx, signed.token, serving.clock())
    return answer_of(serving, caller)


@router.get("/session")
def session(serving: Served, caller: Annotated[Caller, signed_in]) -> shapes.SessionAnswer:
    """Say who is signed in."""
    return answer_of(serving, caller)


@router.delete("/session", status_code=204)
def sign_out(serving: Served, caller: Annotated[Caller, signed_in]) -> Response:
    """End the session."""
    with serving.installation.store.transaction() as tx:
        tx.sessions.end(bytes.fromhex(caller.session))
        tx.audit.append(caller.id, "signed_out", caller.id, {}, serving.clock())
    https = serving.settings.origin.startswith("https://")
    answer = Response(status_code=204)
    answer.delete_cookie(cookie_name(https=https), path="/", secure=https, httponly=True, samesite="strict")
    return answer


@router.get("/session/ways", dependencies=[anyone])
def ways(serving: Served) -> shapes.WaysAnswer:
    """Say which ways of signing in are offered here, for the page that asks nobody's name yet."""
    return shapes.WaysAnswer(passkey=True, password=True, oidc=serving.provider is not None)


@router.post("/session/passkey/options", dependencies=[anyone])
def passkey_options(serving: Served, request: Request) -> shapes.Ceremony:
    """Begin a sign-in with a passkey."""
    serving.beginnings.spend(address_of(request), serving.clock())
    flow, options = _door(serving).passkey_options(serving.clock())
    return shapes.Ceremony(flow=flow, options=options)


@router.post("/session/passkey", dependencies=[anyone])
def by_passkey(
    serving: Served, request: Request, response: Response, body: shapes.PasskeySignIn
) -> shapes.SessionAnswer:
    """Sign in with a passkey."""
    signed = _door(serving).by_passkey(
        body.flow, body.credential.plain(), address_of(request), serving.clock()
    )
    return _admitted(serving, response, signed)


@router.post("/session/password", dependencies=[anyone])
def by_password(
    serving: Served, request: Request, response: Response, body: shapes.PasswordSignIn
) -> shapes.SessionAnswer:
    """Sign in with a password and a code."""
    serving.beginnings.spend(address_of(request), serving.clock())
    signed = _door(serving).by_password(
        body.staff, body.password, body.totp, address_of(request), serving.clock()
    )
    return _admitted(serving, response, signed)


@router.post("/session/step-up/options")
def step_up_options(
    serving: Served, request: Request, caller: Annotated[Caller, signed_in]
) -> shapes.Ceremony:
    """Begin to prove once more who it is."""
    now = serving.clock()
    with serving.installation.store.reading() as tx:
        held, _ = current(tx, session_token(request, serving), now)
    flow, options = _door(serving).step_up_options(held, now)
    return shapes.Ceremony(flow=flow, options=options)


@router.post("/session/step-up")
def step_up(
    serving: Served,
    request: Request,
    response: Response,
    body: shapes.StepUp,
    caller: Annotated[Caller, signed_in],
) -> shapes.SessionAnswer:
    """Prove once more who it is; the session goes on under a new token."""
    now = serving.clock()
    if (body.credential is None) == (body.totp is None):
        raise ServiceError("bad_request", "give a credential or a code, one of them")
    with serving.installation.store.reading() as tx:
        held, _ = current(tx, session_token(request, serving), now)
    credential = body.credential.plain() if body.credential else None
    signed = _door(serving).step_up(held, body.flow, credential, body.totp, address_of(request), now)
    return _admitted(serving, response, signed)


@router.post("/invitations/look", dependencies=[anyone])
def invitation(serving: Served, request: Request, body: shapes.Invitation) -> shapes.InvitationAnswer:
    """Say whose invitation it is."""
    found, member = _enrolment(serving).look(body.code, address_of(request), serving.clock())
    return shapes.InvitationAnswer(
        staff=member.id,
        name=member.name,
        role=member.role,
        office=member.office,
        founder=found.founder,
        passwords=member.role not in PASSKEY_ROLES,
        expires=found.expires_at,
    )


@router.post("/invitations/passkey/options", dependencies=[anyone])
def enrol_passkey_options(serving: Served, request: Request, body: shapes.Invitation) -> shapes.Ceremony:
    """Begin to make a passkey."""
    flow, options = _enrolment(serving).passkey_options(body.code, address_of(request), serving.clock())
    return shapes.Ceremony(flow=flow, options=options)


@router.post("/invitations/passkey", dependencies=[anyone])
def enrol_passkey(
    serving: Served, request: Request, response: Response, body: shapes.NewPasskey
) -> shapes.SessionAnswer:
    """Take the invitation with a passkey, and sign in."""
    signed = _enrolment(serving).by_passkey(
        body.code, body.flow, body.credential.plain(), body.label, address_of(request), serving.clock()
    )
    return _admitted(serving, response, signed)


@router.post("/invitations/password", dependencies=[anyone])
def enrol_password(serving: Served, request: Request, body: shapes.NewPassword) -> shapes.SecondFactor:
    """Take a password, and give the second factor."""
    flow, uri, svg = _enrolment(serving).begin_password(
        body.code, body.password, address_of(request), serving.clock()
    )
    return shapes.SecondFactor(flow=flow, totp_uri=uri, totp_svg=svg)


@router.post("/invitations/password/confirm", dependencies=[anyone])
def confirm_password(
    serving: Served, request: Request, response: Response, body: shapes.ConfirmPassword
) -> shapes.SessionAnswer:
    """Take the invitation with the password and its second factor, and sign in."""
    signed = _enrolment(serving).confirm_password(
        body.code, body.flow, body.totp, address_of(request), serving.clock()
    )
    return _admitted(serving, response, signed)
