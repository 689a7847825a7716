"""Labs, the people in them, and what was done there."""

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Status
from ninja.pagination import paginate

from fiducial.accounts import queries, services
from fiducial.accounts.models import Lab, Membership, User
from fiducial.trail.models import Entry
from fiducial.trail.queries import named, visible_entries

from .auth import SIGNED_IN
from .paging import Pages
from .schemas import EntryOut, LabOut, PersonOut, RoleIn

router = Router(tags=["labs"])


@router.get("/labs", response=list[LabOut], auth=SIGNED_IN)
@paginate(Pages)
def list_labs(request: HttpRequest) -> QuerySet[Membership]:
    """Your labs, and what you are in each."""
    return queries.memberships_of(request.user)


@router.get("/labs/{int:lab}/people", response=list[PersonOut], auth=SIGNED_IN)
@paginate(Pages)
def list_people(request: HttpRequest, lab: int) -> QuerySet[Membership]:
    """Who belongs to a lab, and as what."""
    return queries.members_of(_visible(request, lab))


@router.put("/labs/{int:lab}/people/{int:person}", response=PersonOut, auth=SIGNED_IN)
def set_role(request: HttpRequest, lab: int, person: int, body: RoleIn) -> Membership:
    """Change what somebody is in a lab; only its owners can."""
    found = _visible(request, lab)
    return services.set_role(by=request.user, lab=found, user=_of(found, person), role=body.role)


@router.delete("/labs/{int:lab}/people/{int:person}", response={204: None}, auth=SIGNED_IN)
def remove_person(request: HttpRequest, lab: int, person: int) -> Status:
    """Take somebody out of a lab; what they uploaded stays. Only its owners can."""
    found = _visible(request, lab)
    services.remove_member(by=request.user, lab=found, user=_of(found, person))
    return Status(204, None)


@router.get("/trail", response=list[EntryOut], auth=SIGNED_IN)
@paginate(Pages)
def list_trail(request: HttpRequest, q: str = "") -> QuerySet[Entry]:
    """What was done in the labs you own, newest first; `q` names a person, a thing, its number."""
    found = visible_entries(request.user)
    return named(found, q) if q else found


def _visible(request: HttpRequest, number: int) -> Lab:
    return get_object_or_404(queries.visible_labs(request.user), pk=number)


def _of(lab: Lab, person: int) -> User:
    return get_object_or_404(User, pk=person, memberships__lab=lab)
