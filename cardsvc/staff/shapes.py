"""What the routes of the staff take and give, as JSON."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from cardsvc.http.bodies import Answer, Body, Line, Name
from keys.requests import MAX_TEXT
from verify.services import Service

#: A code of an invitation, the name of a ceremony: base64url of random bytes.
Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,128}$")]
Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
Password = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
ServiceName = Literal[
    "bus",
    "hospital",
    "library",
    "bicycle",
    "parking",
    "payment",
    "hotel",
    "community",
    "standing",
    "credit",
    "exchange",
    "enterprise",
    "purchase",
    "desk",
    "network",
    "scenic",
    "campus",
]
Role = Literal["clerk", "approver", "printer", "operator", "officer", "department", "auditor", "dpo"]
Power = Literal["file", "approve", "print", "police"]
Kind = Literal["centre", "community", "scenic", "company", "campus", "bank", "police", "department", "other"]


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("a label has printable characters alone, and no spaces but the usual one")
    return text


#: What the signer takes as a passkey's label (docs/signer.md).
Label = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT), AfterValidator(_printable)]


class Credential(Body):
    """``PublicKeyCredential.toJSON()`` (WebAuthn level 3, section 5.1); browsers may add to it."""

    model_config = Body.model_config | {"extra": "ignore"}

    id: Line
    raw_id: Line = Field(alias="rawId")
    type: Literal["public-key"]
    response: dict[str, Any]

    def plain(self) -> dict[str, Any]:
        """The same as the libraries read it."""
        return {"id": self.id, "rawId": self.raw_id, "type": self.type, "response": self.response}


class Ceremony(Answer):
    """A ceremony begun: its name, and the options for the browser (None: give a code instead)."""

    flow: str
    options: dict[str, Any] | None


class PasskeySignIn(Body):
    """The browser's answer to the options."""

    flow: Token
    credential: Credential


class PasswordSignIn(Body):
    """Name, password and the second factor's code."""

    staff: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    password: Password
    totp: Digits


class StepUp(Body):
    """The browser's answer, or a code where there are no passkeys."""

    flow: Token
    credential: Credential | None = None
    totp: Digits | None = None


class WaysAnswer(Answer):
    """Which ways of signing in are offered; ``oidc`` begins at ``/api/session/oidc``."""

    passkey: bool
    password: bool
    oidc: bool


class StaffFacts(Answer):
    """Who is signed in."""

    id: str
    name: str
    role: str
    office: str
    services: list[ServiceName]
    language: str


class SessionAnswer(Answer):
    """The session, and what pages need to know before they draw anything."""

    staff: StaffFacts
    signed_in_with: str
    stepped_up_until: datetime | None
    approver_key: Literal["active", "waiting", "none"]
    demo: bool
    issuer: str
    public_url: str


class Invitation(Body):
    """The code that opens an invitation: in a body, for addresses are written down on their way."""

    code: Token


class InvitationAnswer(Answer):
    """Whose invitation it is; ``passwords`` says whether a password may be chosen instead of a passkey."""

    staff: str
    name: str
    role: str
    office: str
    founder: bool
    passwords: bool
    expires: datetime


class NewPasskey(Invitation):
    """The browser's answer, and what the owner calls the passkey."""

    flow: Token
    credential: Credential
    label: Label = "Passkey"


class NewPassword(Invitation):
    """A password that somebody chose."""

    password: Password


class SecondFactor(Answer):
    """What an authenticator takes over."""

    flow: str
    totp_uri: str
    totp_svg: str


class ConfirmPassword(Invitation):
    """The first code of the new second factor."""

    flow: Token
    totp: Digits


class PersonAnswer(Answer):
    """A member of staff, as an operator sees it."""

    id: str
    name: str
    role: str
    office: str
    services: list[ServiceName]
    language: str
    state: str
    signs_in_with: list[str]
    invited: bool


class PeopleAnswer(Answer):
    """Everybody the operator looks after."""

    staff: list[PersonAnswer]


class NewPerson(Body):
    """Somebody for the roll."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9._-]{1,31}$")]
    name: Line
    role: Role
    office: Name
    services: list[ServiceName] = Field(default_factory=list)
    language: Language = "en"


class PersonChanges(Body):
    """What shall change; what is left out stays."""

    name: Line | None = None
    role: Role | None = None
    office: Name | None = None
    services: list[ServiceName] | None = None
    language: Language | None = None


class InvitationGiven(Answer):
    """A code, shown this once."""

    code: str
    url: str
    expires: datetime


class OfficeAnswer(Answer):
    """An office of the tree."""

    id: str
    name: str
    parent: str | None
    kind: str
    may: list[Power]


class OfficesAnswer(Answer):
    """The offices the caller looks after."""

    offices: list[OfficeAnswer]


class OfficeBody(Body):
    """An office as it shall be."""

    name: Line
    parent: Name | None
    kind: Kind
    may: list[Power]


class OnRoll(Answer):
    """What the staff roll says of somebody."""

    role: str
    office: str
    services: list[ServiceName]
    state: str


class KeyAnswer(Answer):
    """A passkey that may approve, as the signer knows it; ``credential`` names it to be taken away.

    ``roll`` is there where the staff roll says something else of the person: the key says what counts.
    """

    staff: str
    name: str
    role: str
    office: str
    label: str
    fingerprint: str
    credential: str
    since: datetime
    services: list[ServiceName]
    roll: OnRoll | None


class KeyRequestAnswer(Answer):
    """A request that waits for approvers: what they sign for, out of its own bytes once it was asked."""

    id: str
    kind: str
    staff: str
    name: str
    role: str
    office: str
    label: str
    fingerprint: str
    approvals: list[str]
    needed: int
    services: list[ServiceName]


class KeysAnswer(Answer):
    """Who may approve, and who waits for it."""

    keys: list[KeyAnswer]
    requests: list[KeyRequestAnswer]


class OptionsAnswer(Answer):
    """Options for the browser of an approver."""

    options: dict[str, Any]


class Assertion(Body):
    """The browser's answer."""

    credential: Credential


class Approved(Answer):
    """Whether there were enough approvals now."""

    done: bool


class RemovalAnswer(Answer):
    """The request to take a key away, and the options to approve it."""

    id: str
    options: dict[str, Any]


def service_labels(services: object) -> list[Any]:
    """The outside names of services."""
    return [Service(one).label for one in services] if isinstance(services, (list, tuple)) else []


def service_numbers(names: list[str]) -> list[int]:
    """The numbers of services by their outside names."""
    return [int(Service[name.upper()]) for name in names]
