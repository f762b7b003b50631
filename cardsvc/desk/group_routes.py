"""The routes of families and of files of applications."""

from typing import Annotated, Any

from fastapi import APIRouter, Path

from cardsvc.desk import asks, shapes
from cardsvc.desk.case_routes import Served, desk_of
from cardsvc.desk.families import Families
from cardsvc.desk.imports import Imports
from cardsvc.http.access import Caller, roles

router = APIRouter(prefix="/api/desk", tags=["desk"])

Clerk = Annotated[Caller, roles("clerk")]
Desk = Annotated[Caller, roles("clerk", "approver")]
FamilyId = Annotated[asks.Id, Path(description="The family.")]
ImportId = Annotated[asks.Id, Path(alias="import", description="The import.")]
CaseId = Annotated[asks.Id, Path(description="The case.")]


@router.post("/families", status_code=201, response_model=shapes.FamilyAnswer)
def make_family(serving: Served, caller: Clerk, body: asks.FamilyBody) -> Any:
    """Put cases together."""
    families = Families(desk_of(serving, caller))
    return families.view(families.make(body.cases, body.guardian))


@router.get("/families/{family}", response_model=shapes.FamilyAnswer)
def family(serving: Served, caller: Desk, family: FamilyId) -> Any:
    """A family with its members."""
    return Families(desk_of(serving, caller)).view(family)


@router.post("/families/{family}/cases", response_model=shapes.FamilyAnswer)
def add_member(serving: Served, caller: Clerk, family: FamilyId, body: asks.MemberBody) -> Any:
    """One more member."""
    families = Families(desk_of(serving, caller))
    families.add(family, body.case)
    return families.view(family)


@router.delete("/families/{family}/cases/{case}", response_model=shapes.FamilyAnswer)
def remove_member(serving: Served, caller: Clerk, family: FamilyId, case: CaseId) -> Any:
    """Let a member go alone."""
    families = Families(desk_of(serving, caller))
    families.remove(family, case)
    return families.view(family)


@router.post("/imports", status_code=201, response_model=shapes.ImportAnswer)
def take_file(serving: Served, caller: Clerk, body: asks.ImportBody) -> Any:
    """Look a file of applications through."""
    imports = Imports(desk_of(serving, caller))
    return imports.view(imports.take(body.name, body.text))


@router.get("/imports/{import}", response_model=shapes.ImportAnswer)
def read_file(serving: Served, caller: Clerk, taken: ImportId) -> Any:
    """A file that was looked through before."""
    return Imports(desk_of(serving, caller)).view(taken)


@router.post("/imports/{import}/accept", response_model=shapes.AcceptedAnswer)
def accept_rows(serving: Served, caller: Clerk, taken: ImportId, body: asks.Accepting) -> Any:
    """Make drafts of rows."""
    return {"cases": Imports(desk_of(serving, caller)).accept(taken, body.rows)}
