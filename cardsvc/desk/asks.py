"""What comes to the desk's routes: strict bodies."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from cardsvc.http.bodies import Body

#: The ids of cases, approvals, acts, jobs: 16 random bytes in hexadecimal.
Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Number = Annotated[str, StringConstraints(pattern=r"^[0-9]{13}$")]
Words = Annotated[str, StringConstraints(max_length=2000)]
Version = Annotated[int, Field(ge=1, le=10**9)]
#: An application as somebody typed it; nothing in it need be right, so nothing of it is judged here.
Fields = dict[str, Any]
#: ``PublicKeyCredential.toJSON()``; the signer judges it, strictly.
Credential = dict[str, Any]
Cases = Annotated[list[Id], Field(min_length=1, max_length=500)]


class Draft(Body):
    """A new case, perhaps with fields already."""

    application: Fields = Field(default_factory=dict)


class Save(Body):
    """A case as the clerk sees it, and the version the clerk began from."""

    version: Version
    application: Fields


class Versioned(Body):
    """Which version of the case is meant."""

    version: Version


class Returning(Versioned):
    """Back to the clerk, with words."""

    words: Words


class Refusing(Versioned):
    """A refusal: a reason of the list, and words of the office's own."""

    reason: str
    words: Words = ""


class CropBox(Body):
    """A part of the upright picture, in its pixels."""

    x: Annotated[int, Field(ge=0, le=20_000)]
    y: Annotated[int, Field(ge=0, le=20_000)]
    w: Annotated[int, Field(ge=1, le=20_000)]
    h: Annotated[int, Field(ge=1, le=20_000)]


class PortraitBody(Versioned):
    """A portrait in base64, or nothing where only the crop changes."""

    base64: str | None = None
    crop: CropBox | None = None


class Lines(Body):
    """Passport lines as a reader sends them."""

    lines: list[str] | None = None
    text: str | None = None


class PreviewBody(Body):
    """What is typed so far, and whose portrait to show."""

    application: Fields
    case: Id | None = None


class FamilyBody(Body):
    """Cases that belong together."""

    cases: Annotated[list[Id], Field(min_length=1, max_length=20)]
    guardian: Id | None = None


class MemberBody(Body):
    """One more member of a family."""

    case: Id


class ImportBody(Body):
    """A file of applications as text."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    text: str


class Accepting(Body):
    """Which rows of an import become cases."""

    rows: Annotated[list[int], Field(min_length=1, max_length=2000)]


class Seen(Body):
    """A case, and the version of it that was on the screen."""

    id: Id
    version: Version


class Approve(Body):
    """The cases that one touch of a key shall approve."""

    cases: Annotated[list[Seen], Field(min_length=1, max_length=500)]
    apart: bool = False


class Signed(Body):
    """What the approver's key answered."""

    credential: Credential


class MaybeSigned(Body):
    """The same, where an act may need no key."""

    credential: Credential | None = None


class ActBody(Body):
    """An act on a card."""

    act: Literal["suspend", "revoke", "reinstate", "extend", "replace", "chip", "grant", "withdraw"]
    reason: Words
    service: str | None = None
    until: str | None = None
    permit_until: str | None = None
    #: The number of a chip (UID) in hexadecimal, with or without colons, and what kind of chip it is.
    chip: Annotated[str, StringConstraints(max_length=40)] | None = None
    tag: Literal["ntag215", "ntag216", "ntag424", "desfire"] | None = None


class WordsBody(Body):
    """Words alone."""

    words: Words


class PrintBody(Body):
    """Cards to be printed together."""

    cards: Annotated[list[Number], Field(min_length=1, max_length=500)]
    form: Literal["cr80", "a4"] = "cr80"
    printer: Annotated[str, StringConstraints(max_length=100)] | None = None


class ReleaseBody(Body):
    """What became of the blanks."""

    spoiled: Annotated[list[Number], Field(max_length=500)] = Field(default_factory=list)
    blanks_used: Annotated[int, Field(ge=0, le=10_000)] = 0


class BlanksBody(Body):
    """A count of blanks."""

    office: Annotated[str, StringConstraints(max_length=100)] | None = None
    count: Annotated[int, Field(ge=0, le=1_000_000)]
