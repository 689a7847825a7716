"""What a lab may use, and what is left of it: computing in thirty days, and room in the store."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import F, Sum

from fiducial.accounts.models import Lab
from fiducial.learning.models import TaughtModel
from fiducial.measurements.errors import OverQuota
from fiducial.measurements.models import UploadedFile

from . import use, words
from .models import Allotment, Run

GIGABYTE = 10**9
FREE = "Delete measurements that are not needed, or ask an operator for more."


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
    def room(self) -> str:
        """What is left in the store, in a sentence."""
        return (
            f"The lab has {words.size(self.bytes_left)} of {words.size(self.bytes)} left in the "
            "store."
        )

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


def refuse_over_quota(lab: Lab, size: int) -> None:
    """OverQuota when `size` more bytes are more than `lab` has left in the store."""
    left = quota(lab)
    if left.stored + size > left.bytes:
        raise OverQuota(
            f"This takes {words.size(size)}, and {lab} has {words.size(left.bytes_left)} of "
            f"{words.size(left.bytes)} left in the store. {FREE}"
        )


def refuse_passed_quota(lab: Lab) -> None:
    """OverQuota when what `lab` announced and made is more than it may keep."""
    left = quota(lab)
    if left.stored > left.bytes:
        raise OverQuota(
            f"{lab} keeps {words.size(left.stored)} with this, and may keep "
            f"{words.size(left.bytes)} in the store: its quota has been used up since the upload "
            f"began. What arrived is kept; complete it again when there is room. {FREE}"
        )


def stored(labs: list[int]) -> dict[int, int]:
    """Bytes of what each lab uploads and uploaded, of its results and of the networks it keeps."""
    files = UploadedFile.objects.filter(measurement__project__lab__in=labs)
    uploaded = files.order_by().values(lab=F("measurement__project__lab"))
    results = Run.objects.filter(lab__in=labs, size__gt=0).order_by().values("lab")
    found: dict[int, int] = dict.fromkeys(labs, 0)
    networks = TaughtModel.objects.filter(lab__in=labs).order_by().values("lab")
    for of_labs in (uploaded, results, networks):
        for row in of_labs.annotate(bytes=Sum("size")):
            found[row["lab"]] += row["bytes"] or 0
    return found
