"""How often one person may ask: so many requests in every minute of the clock."""

import time

from django.conf import settings
from django.db.models import Case, F, Value, When

from fiducial.accounts.models import User
from fiducial.errors import Refused

from .models import Pace

MINUTE = 60


class TooFast(Refused):
    """More requests than the portal serves one person in a minute; ask again in `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"You asked more than {settings.API_PER_MINUTE} times within a minute; "
            f"go on in {seconds} s."
        )
        self.seconds = seconds


def count(user: User) -> None:
    """Count a request of `user`, whatever session or token it came by; may raise TooFast."""
    now = time.time()
    minute = int(now // MINUTE)
    mine = Pace.objects.filter(user=user)
    # One statement, so that no request is lost between two processes.
    asked = Case(When(minute=minute, then=F("asked") + 1), default=Value(1))
    if not mine.update(asked=asked, minute=minute):
        Pace.objects.get_or_create(user=user, defaults={"asked": 1, "minute": minute})
    if mine.get().asked > settings.API_PER_MINUTE:
        raise TooFast(MINUTE - int(now % MINUTE))
