"""Writing the trail: one entry, in the transaction of what it speaks of."""

from typing import Any

from fiducial.accounts.models import Lab, User

from .actions import ACTIONS
from .models import Entry


def record(
    action: str,
    *,
    by: User | None,
    subject: Any,
    lab: Lab | None = None,
    reason: str = "",
    as_operator: bool = False,
    guest: str = "",
) -> Entry:
    """Note that `by` (None: the portal itself) did `action` to `subject`, a row or a name.

    `guest` names somebody who acted without an account.
    Call it inside the transaction of the action: both are kept, or neither. KeyError for an action
    that has no words in `actions.ACTIONS`.
    """
    if action not in ACTIONS:
        raise KeyError(f"{action} has no words in fiducial.trail.actions.ACTIONS")
    return Entry.objects.create(
        action=action,
        by=by,
        by_name=by.username if by else guest[:150] or "the portal",
        lab=lab,
        lab_name=lab.name if lab else "",
        subject=str(subject)[:200],
        subject_id=str(getattr(subject, "pk", "")),
        reason=reason[:400],
        as_operator=as_operator,
    )
