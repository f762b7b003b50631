"""The staff roll, the offices, and approvers' keys."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from webauthn.helpers import bytes_to_base64url

from cardsvc.http.access import Caller, Serving, roles, running, stepped_up
from cardsvc.http.bodies import Name
from cardsvc.records import ApproverRequestRecord, OfficeRecord, StaffMember, StaffState, Transaction
from cardsvc.staff import people, shapes
from cardsvc.staff.approvers import NEEDED, ApproverKeys, about_whom, fingerprint
from cardsvc.staff.invitations import PATH
from cardsvc.staff.session_routes import party_of
from cardsvc.staff.signin import member_or_none
from keys.signing import Approver

router = APIRouter(prefix="/api", tags=["staff"])

Served = Annotated[Serving, running]
Operator = Annotated[Caller, roles("operator")]
#: Whoever changes who may do what has just proved who it is.
FreshOperator = Annotated[Caller, stepped_up("operator")]
Keyed = Annotated[Caller, roles("approver", "department", "operator", "auditor")]
Approving = Annotated[Caller, roles("approver")]
RequestId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]


@router.get("/staff")
def all_staff(serving: Served, caller: Operator) -> shapes.PeopleAnswer:
    """Everybody of the caller's offices."""
    found = people.all_people(serving.installation.store, caller, serving.clock())
    return shapes.PeopleAnswer(staff=[_person(one) for one in found])


@router.post("/staff", status_code=201)
def add_staff(serving: Served, caller: FreshOperator, body: shapes.NewPerson) -> shapes.PersonAnswer:
    """Put somebody on the roll."""
    services = shapes.service_numbers(list(body.services))
    member = StaffMember(body.id, body.role, body.office, services, body.name, body.language)
    people.add_person(serving.installation.store, caller, member, serving.clock())
    return _person(people.Person(member, passkey=False, password=False, invited=False))


@router.patch("/staff/{staff}")
def change_staff(
    serving: Served, caller: FreshOperator, staff: Name, body: shapes.PersonChanges
) -> shapes.PersonAnswer:
    """Change somebody."""
    services = None if body.services is None else shapes.service_numbers(list(body.services))
    changes = people.Changes(body.name, body.role, body.office, services, body.language)
    people.change_person(serving.installation.store, caller, staff, changes, serving.clock())
    return _of(serving, caller, staff)


@router.post("/staff/{staff}/invitation", status_code=201)
def invite_staff(serving: Served, caller: FreshOperator, staff: Name) -> shapes.InvitationGiven:
    """Invite somebody, or help after a loss: all earlier ways in end."""
    made = people.invite_person(serving.installation.store, caller, staff, serving.clock())
    url = f"{serving.settings.origin}{PATH}{made.code}"
    return shapes.InvitationGiven(code=made.code, url=url, expires=made.expires)


@router.post("/staff/{staff}/lock")
def lock_staff(serving: Served, caller: FreshOperator, staff: Name) -> shapes.PersonAnswer:
    """Lock somebody out, at once."""
    people.set_state(serving.installation.store, caller, staff, StaffState.LOCKED, serving.clock())
    return _of(serving, caller, staff)


@router.post("/staff/{staff}/unlock")
def unlock_staff(serving: Served, caller: FreshOperator, staff: Name) -> shapes.PersonAnswer:
    """Let somebody in again, and forgive failed attempts."""
    people.set_state(serving.installation.store, caller, staff, StaffState.ACTIVE, serving.clock())
    return _of(serving, caller, staff)


@router.get("/offices")
def offices(serving: Served, caller: Operator) -> shapes.OfficesAnswer:
    """The caller's office and those below it."""
    found = people.all_offices(serving.installation.store, caller)
    return shapes.OfficesAnswer(offices=[shapes.OfficeAnswer.model_validate(one) for one in found])


@router.put("/offices/{office}")
def put_office(
    serving: Served, caller: FreshOperator, office: Name, body: shapes.OfficeBody
) -> shapes.OfficeAnswer:
    """Record or change an office."""
    wanted = OfficeRecord(office, body.name, body.parent, body.kind, sorted(set(body.may)))
    made = people.put_office(serving.installation.store, caller, wanted, serving.clock())
    return shapes.OfficeAnswer.model_validate(made)


@router.get("/approver-keys")
def approver_keys(serving: Served, caller: Keyed) -> shapes.KeysAnswer:
    """Who may approve, and who waits for it."""
    known = ApproverKeys(serving.installation, party_of(serving)).known()
    with serving.installation.store.reading() as tx:
        roll = {one.id: one for one in tx.staff.all()}
        keys = [
            shapes.KeyAnswer(
                staff=one.staff,
                name=roll[one.staff].name if one.staff in roll else "",
                role=one.role,
                office=one.office,
                label=one.label,
                fingerprint=one.fingerprint,
                credential=bytes_to_base64url(one.credential_id),
                since=datetime.fromtimestamp(one.since, UTC),
                services=shapes.service_labels(list(one.services)),
                roll=_difference(one, roll.get(one.staff)),
            )
            for one in known
        ]
        requests = [_request(tx, one, known) for one in tx.approver_requests.waiting()]
    return shapes.KeysAnswer(keys=keys, requests=requests)


@router.post("/approver-keys/requests/{request}/challenge")
def key_challenge(serving: Served, caller: Approving, request: RequestId) -> shapes.OptionsAnswer:
    """Give the options with which an approver approves a request."""
    keys = ApproverKeys(serving.installation, party_of(serving))
    return shapes.OptionsAnswer(options=keys.challenge(request, caller.id, serving.clock()))


@router.post("/approver-keys/requests/{request}/approve")
def key_approve(
    serving: Served, caller: Approving, request: RequestId, body: shapes.Assertion
) -> shapes.Approved:
    """Take an approver's assertion; with enough of them the signer carries the request out."""
    keys = ApproverKeys(serving.installation, party_of(serving))
    done = keys.approve(request, caller.id, body.credential.plain(), serving.clock())
    return shapes.Approved(done=done)


@router.delete("/approver-keys/{credential}", status_code=202)
def key_removal(serving: Served, caller: Approving, credential: shapes.Token) -> shapes.RemovalAnswer:
    """Ask that a key's right to approve end; the answer's options approve it, as any request's."""
    keys = ApproverKeys(serving.installation, party_of(serving))
    name = keys.ask_removal(credential, caller.id, serving.clock())
    return shapes.RemovalAnswer(id=name, options=keys.challenge(name, caller.id, serving.clock()))


@router.delete("/approver-keys/requests/{request}", status_code=204)
def drop_request(serving: Served, caller: Approving, request: RequestId) -> Response:
    """Turn a waiting request down."""
    with serving.installation.store.transaction() as tx:
        waiting = tx.approver_requests.get(request)
        tx.approver_requests.close(request, "gone")
        details = {"credential": waiting.credential, "kind": waiting.kind}
        tx.audit.append(caller.id, "approver_key_turned_down", waiting.staff, details, serving.clock())
    return Response(status_code=204)


def _of(serving: Serving, caller: Caller, staff: str) -> shapes.PersonAnswer:
    found = people.all_people(serving.installation.store, caller, serving.clock())
    return next(_person(one) for one in found if one.member.id == staff)


def _person(one: people.Person) -> shapes.PersonAnswer:
    member = one.member
    ways = [name for name, has in (("passkey", one.passkey), ("password", one.password)) if has]
    return shapes.PersonAnswer(
        id=member.id,
        name=member.name,
        role=member.role,
        office=member.office,
        services=shapes.service_labels(list(member.services)),
        language=member.language,
        state=str(member.state),
        signs_in_with=ways,
        invited=one.invited,
    )


def _difference(key: Approver, member: StaffMember | None) -> shapes.OnRoll | None:
    if member is None:
        return shapes.OnRoll(role="", office="", services=[], state="gone")
    same = (member.role, member.office, sorted(member.services)) == (
        key.role,
        key.office,
        sorted(key.services),
    )
    if same and member.state is StaffState.ACTIVE:
        return None
    return shapes.OnRoll(
        role=member.role,
        office=member.office,
        services=shapes.service_labels(list(member.services)),
        state=str(member.state),
    )


def _request(
    tx: Transaction, one: ApproverRequestRecord, known: Sequence[Approver]
) -> shapes.KeyRequestAnswer:
    member = member_or_none(tx, one.staff)
    about = about_whom(one, member, known)
    return shapes.KeyRequestAnswer(
        id=one.id,
        kind=one.kind,
        staff=one.staff,
        name=member.name if member else "",
        role=about.role if about else "",
        office=about.office if about else "",
        label=one.label,
        fingerprint=fingerprint(tx, one),
        approvals=sorted(one.approvals),
        needed=NEEDED[one.kind],
        services=shapes.service_labels(list(about.services)) if about else [],
    )
