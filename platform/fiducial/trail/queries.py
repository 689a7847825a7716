"""Reading the trail."""

from django.db.models import Q, QuerySet

from fiducial.accounts import permissions
from fiducial.accounts.models import User
from fiducial.review.blinding import hidden_from

from .models import Entry

SAID = ("report.marked", "report.decided", "review.opened")  # of a report, by a reviewer


def visible_entries(user: User) -> QuerySet[Entry]:
    """What happened in the labs `user` manages; for an operator, also what operators did.

    An entry of a lab that is gone is seen by operators alone, and what was said in a blind review
    by nobody who is still to decide in it.
    """
    labs = permissions.lab_keys(user, permissions.MANAGE)
    seen = Q(lab__in=labs)
    if permissions.may_operate(user):
        seen |= Q(as_operator=True) | Q(lab=None)
    blind = [str(key) for key in hidden_from(user).values_list("pk", flat=True)]
    return Entry.objects.filter(seen).exclude(action__in=SAID, subject_id__in=blind)


def named(entries: QuerySet[Entry], words: str) -> QuerySet[Entry]:
    """Those in which a person, a lab, a thing or its number is called so."""
    return entries.filter(
        Q(by_name__icontains=words)
        | Q(lab_name__icontains=words)
        | Q(subject__icontains=words)
        | Q(subject_id=words)
    )
