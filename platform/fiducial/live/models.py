from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from fiducial.measurements.models import Measurement
from fiducial.runs.models import Run

PREVIEW = "diffraction-live"  # the recipe
WINDOW_SECONDS = 5.0  # over which arriving frames are counted


class LiveScan(models.Model):
    """What is counted of a measurement while its frames arrive; they themselves lie in the store.

    While `measurement` is in the state "live", frames are taken; then it is like any other.
    """

    class End(models.TextChoices):
        CLOSED = "closed"  # somebody, or a program, said so
        SILENCE = "silence"  # no frame for LIVE_SILENCE_SECONDS

    measurement = models.OneToOneField(Measurement, on_delete=models.CASCADE, related_name="live")
    planned = models.PositiveIntegerField()  # frames; numbers go from 0 to this, excluded
    received = models.PositiveIntegerField(default=0)  # frames, each number once
    again = models.PositiveIntegerField(default=0)  # frames whose number had come before
    last = models.IntegerField(default=-1)  # the highest number that came
    numbers = models.BinaryField(default=b"")  # a bit for each number that came
    deliveries = models.PositiveIntegerField(default=0)
    last_frame = models.DateTimeField(null=True)
    # How fast frames come: counted since `window`, and as it was in the window before.
    window = models.DateTimeField(null=True)
    in_window = models.PositiveIntegerField(default=0)
    rate = models.FloatField(default=0.0)  # per second
    closed = models.DateTimeField(null=True)
    why = models.CharField(max_length=8, choices=End.choices, blank=True)

    def __str__(self) -> str:
        return f"live frames of {self.measurement}"

    @property
    def run(self) -> Run | None:
        """The newest preview of it, if any."""
        return self.measurement.runs.filter(recipe=PREVIEW).order_by("-created").first()

    @property
    def is_open(self) -> bool:
        return self.closed is None

    @property
    def silent_at(self) -> datetime:
        """When it is closed for silence, unless a frame comes before."""
        since = self.last_frame or self.measurement.created
        return since + timedelta(seconds=settings.LIVE_SILENCE_SECONDS)

    def count(self, new: int, now: datetime) -> None:
        """Note that `new` frames came at `now`; the row is not written."""
        self.received += new
        if self.window is None or now - self.window >= timedelta(seconds=WINDOW_SECONDS):
            self.rate, self.window, self.in_window = self.per_second(now), now, 0
        self.in_window += new
        self.last_frame = now

    def per_second(self, now: datetime | None = None) -> float:
        """Frames that arrived per second lately; 0 when none did for two windows."""
        now = now or timezone.now()
        if self.window is None or self.last_frame is None:
            return 0.0
        if (now - self.last_frame).total_seconds() > 2 * WINDOW_SECONDS:
            return 0.0
        seconds = (now - self.window).total_seconds()
        # A window that has just begun says little: the one before still holds.
        known = self.rate and seconds < WINDOW_SECONDS / 2
        return self.rate if known else self.in_window / max(seconds, 1.0)
