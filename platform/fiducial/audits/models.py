from django.conf import settings
from django.db import models

from fiducial.measurements.models import Measurement
from fiducial.runs.models import Run
from workers.assessment.audit.windows import Window


class Placement(models.Model):
    """Where windows of a measurement lie. Places, seed and time are written once."""

    class Kind(models.TextChoices):
        DRAWN = "drawn"  # by the portal, at random: the only ones a claim is made from
        CHOSEN = "chosen"  # where a run expects to be wrong: they measure what looking there gains

    measurement = models.ForeignKey(
        Measurement, on_delete=models.CASCADE, related_name="placements"
    )
    revision = models.PositiveIntegerField()  # the last one that these windows were found to fit
    kind = models.CharField(max_length=8, choices=Kind.choices)
    # Rows and columns in measured pixels: [[row, column, size], ...], in the order to be scanned.
    windows = models.JSONField(default=list)
    refusal = models.CharField(max_length=300, blank=True)  # why there are no windows
    made = models.DateTimeField(auto_now_add=True)
    seed = models.PositiveBigIntegerField(null=True)  # of the drawing
    blind = models.BooleanField(default=False)  # drawn before any run of the map had a result
    run = models.ForeignKey(  # whose risks chose them
        Run, on_delete=models.CASCADE, null=True, related_name="placements"
    )
    chosen_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    gains = models.JSONField(default=list)  # expected false features each chosen window finds out

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("measurement", "revision"),
                condition=models.Q(kind="drawn"),
                name="drawn_once",
            ),
        )

    def __str__(self) -> str:
        return f"{len(self.windows)} windows, {self.kind}"

    @property
    def places(self) -> list[Window]:
        return [Window(*window) for window in self.windows]

    @property
    def size(self) -> int:
        """Measured pixels a side of every window."""
        return self.windows[0][2]

    @property
    def is_drawn(self) -> bool:
        return self.kind == self.Kind.DRAWN


class Rescan(models.Model):
    """The windows of a placement as they were measured again; their files are a measurement."""

    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="rescans")
    measurement = models.OneToOneField(Measurement, on_delete=models.CASCADE, related_name="rescan")
    announced = models.DateTimeField(auto_now_add=True)  # before a byte of them was sent
    # What was found when it was read: of which revision, how much finer, or why it cannot judge.
    revision = models.PositiveIntegerField(default=0)
    factor = models.PositiveSmallIntegerField(null=True)
    refusal = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.measurement}"


class Audit(models.Model):
    """One run judged by rescanned windows. The worker writes `result`; it is small."""

    class State(models.TextChoices):
        WAITING = "waiting"
        JUDGING = "judging"
        DONE = "done"
        REFUSED = "refused"  # `refusal` says why

    rescan = models.ForeignKey(Rescan, on_delete=models.CASCADE, related_name="audits")
    rescan_revision = models.PositiveIntegerField()
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="audits")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    since = models.DateTimeField(auto_now_add=True)  # of the state
    attempt = models.PositiveSmallIntegerField(default=0)
    refusal = models.TextField(blank=True)
    result = models.JSONField(default=dict)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("rescan", "rescan_revision", "run"), name="judged_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.run} judged by {self.rescan}"
