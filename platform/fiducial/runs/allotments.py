"""What a lab may use, and what is left of it: computing in thirty days, and room in the store."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import F, Sum

from fiducial.accounts.models import Lab
from fiducial.measurements.models import UploadedFile

from . import use, words
from .models import Allotment, Run

GIGABYTE = 10**9


@dataclass(frozen=True)
class Quota:
    """A lab's quotas beside what it used; `planned` are seconds of runs not over yet."""

    seconds: float
    used: float
    planned: float
    bytes: float
    stored: int

    @property
    def seconds_left(self) -> float:
        """Seconds nobody of the lab has used or asked for."""
        return max(0.0, self.seconds - self.used - self.planned)

    @property
    def bytes_left(self) -> float:
        return max(0.0, self.bytes - self.stored)

    @property
    def words(self) -> str:
        """What is left, in a sentence."""
        return (
            f"The lab has {words.duration(self.seconds_left)} of {words.duration(self.seconds)} "
            f"computing left in these thirty days, and {words.size(self.bytes_left)} of "
            f"{words.size(self.bytes)} in the store."
        )


def allotment_of(lab: Lab) -> Allotment:
    """What operators allotted to `lab`; the facility's settings where they did not."""
    return Allotment.objects.filter(lab=lab).first() or Allotment(lab=lab)


def quota(lab: Lab) -> Quota:
    """What `lab` may use and uses."""
    allotted = allotment_of(lab)
    hours = settings.COMPUTE_HOURS if allotted.compute_hours is None else allotted.compute_hours
    room = settings.STORAGE_GB if allotted.storage_gb is None else allotted.storage_gb
    active = Run.objects.filter(lab=lab, state__in=Run.ACTIVE)
    return Quota(
        seconds=hours * 3600,
        used=use.last_month([lab.pk]).get(lab.pk, 0.0),
        planned=active.aggregate(seconds=Sum("estimated"))["seconds"] or 0.0,
        bytes=room * GIGABYTE,
        stored=stored([lab.pk]).get(lab.pk, 0),
    )


def stored(labs: list[int]) -> dict[int, int]:
    """Bytes of what each lab uploaded and of its results."""
    files = UploadedFile.objects.filter(measurement__project__lab__in=labs)
    uploaded = files.order_by().values(lab=F("measurement__project__lab"))
    results = Run.objects.filter(lab__in=labs, size__gt=0).order_by().values("lab")
    found: dict[int, int] = dict.fromkeys(labs, 0)
    for of_labs in (uploaded, results):
        for row in of_labs.annotate(bytes=Sum("size")):
            found[row["lab"]] += row["bytes"] or 0
    return found
