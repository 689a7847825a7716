"""Whether one more run may be queued, and in which lane."""

from django.conf import settings
from django.utils import timezone

from fiducial.accounts.models import Lab, User
from fiducial.errors import Refused

from . import words
from .allotments import FREE, allotment_of, quota
from .models import Run

Lane = Run.Lane


def lane(asked: str, seconds: float, lab: Lab) -> str:
    """The lane asked for, or (“”) the one for a run of this length. Refused where it may not."""
    short = seconds <= settings.INTERACTIVE_SECONDS
    if not asked:
        return Lane.INTERACTIVE if short else Lane.BATCH
    if asked not in Lane.values:
        raise Refused(f"There is no lane “{asked}”; choose one of {', '.join(Lane.values)}.")
    if asked == Lane.INTERACTIVE and not short:
        most = words.duration(settings.INTERACTIVE_SECONDS)
        raise Refused(
            f"The interactive lane takes runs of up to {most}, and this one would take about "
            f"{words.duration(seconds)}. Queue it as batch, or choose fewer elements, fewer "
            "samples or a smaller factor."
        )
    if asked == Lane.BEAMTIME and not allotment_of(lab).has_beamtime(timezone.now()):
        raise Refused(
            f"{lab} has no beam time now. Ask an operator to grant it for the days at the "
            "instrument, or choose another lane."
        )
    return asked


def admit(seconds: float, lab: Lab, user: User) -> None:
    """Refuse a run of `seconds` that would pass the cap of its person or a quota of its lab."""
    queued = Run.objects.filter(state=Run.State.QUEUED, submitted_by=user).count()
    if queued >= settings.QUEUED_PER_USER:
        raise Refused(
            f"You have {queued} runs waiting, and the cap for a person is "
            f"{settings.QUEUED_PER_USER}. Cancel some, or wait until some have started."
        )
    left = quota(lab)
    if seconds > left.seconds_left:
        raise Refused(
            f"This run would take about {words.duration(seconds)}, and {lab} has "
            f"{words.duration(left.seconds_left)} of {words.duration(left.seconds)} computing left "
            "in these thirty days. Cancel runs that wait, choose fewer samples, or ask an "
            "operator for more."
        )
    if left.stored >= left.bytes:
        raise Refused(f"{lab} has used its {words.size(left.bytes)} in the store. {FREE}")
