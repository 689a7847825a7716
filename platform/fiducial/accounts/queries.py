"""Reading people and labs."""

from django.db.models import QuerySet

from . import permissions
from .models import Lab, Membership, Role, User


def visible_labs(user: User) -> QuerySet[Lab]:
    """The labs `user` belongs to, by name."""
    return permissions.labs_where_may(user, permissions.SEE).order_by("name")


def memberships_of(user: User) -> QuerySet[Membership]:
    """The labs `user` belongs to and as what, by lab name."""
    return Membership.objects.filter(user=user).select_related("lab").order_by("lab__name")


def members_of(lab: Lab) -> QuerySet[Membership]:
    """The people of `lab`, by username."""
    return lab.memberships.select_related("user").order_by("user__username")


def seen_by(lab: Lab) -> list[tuple[Role, list[str]]]:
    """Who may open what is in `lab`: the names of its people by role, owners first."""
    people = list(members_of(lab))
    names = {role: [str(one.user) for one in people if one.role == role] for role in Role}
    return [(role, names[role]) for role in Role if names[role]]
