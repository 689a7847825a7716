import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse

from fiducial.accounts.models import Lab
from fiducial.measurements.models import Measurement


class Run(models.Model):
    """One recipe on one closed revision of a measurement. This row is the truth about it."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    FINAL = (State.SUCCEEDED, State.FAILED, State.CANCELLED)
    ACTIVE = (State.QUEUED, State.RUNNING)

    class Lane(models.TextChoices):
        """Who waits for it: the beam, a person, or nobody just now."""

        BEAMTIME = "beamtime"
        INTERACTIVE = "interactive"
        BATCH = "batch"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    measurement = models.ForeignKey(Measurement, on_delete=models.PROTECT, related_name="runs")
    measurement_revision = models.PositiveIntegerField()
    # That of its project, kept here: claims and pages ask for it all the time.
    lab = models.ForeignKey(Lab, on_delete=models.PROTECT, editable=False, related_name="runs")
    recipe = models.CharField(max_length=40)
    parameters = models.JSONField(default=dict)
    seed = models.PositiveIntegerField(default=0)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    created = models.DateTimeField(auto_now_add=True)
    retry_of = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, related_name="retries"
    )
    after = models.ForeignKey(  # the lesson that teaches its network: it waits for it
        "self", on_delete=models.SET_NULL, null=True, related_name="followers"
    )

    lane = models.CharField(max_length=12, choices=Lane.choices, default=Lane.INTERACTIVE)
    front = models.BooleanField(default=False)  # an operator put it before all others
    estimated = models.FloatField(default=0.0)  # seconds, by its recipe when it was queued
    # Bytes, by its recipe (0: it does not say): what a worker takes of it next needs, which is a
    # tile where workers share it; and what is needed to finish it.
    memory = models.BigIntegerField(default=0)
    whole_memory = models.BigIntegerField(default=0)
    size = models.BigIntegerField(default=0)  # bytes its result takes in the store

    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    token = models.PositiveIntegerField(default=0)  # fencing: rises with every claim
    worker = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True)
    in_tiles = models.BooleanField(default=False)  # under way as tiles: no worker holds the run
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    cancel_requested = models.BooleanField(default=False)

    stage = models.CharField(max_length=80, blank=True)
    fraction = models.FloatField(default=0.0)
    seconds_left = models.FloatField(null=True)

    store_path = models.CharField(max_length=200, blank=True)  # relative to STORE, set on success
    summary = models.JSONField(default=dict)  # what the recipe returned; small
    error = models.TextField(blank=True)  # a sentence for the person who queued it

    class Meta:
        indexes = (
            models.Index(fields=("state", "created")),
            models.Index(fields=("finished",), name="run_finished"),
            # What a lab has under way, and what is over: lists of its people.
            models.Index(fields=("lab", "state", "created"), name="run_of_lab"),
            models.Index(fields=("lab", "state", "finished"), name="run_over_of_lab"),
            # The line of each lab, as a claim looks for its front.
            models.Index(
                fields=("lab", "lane", "created"),
                condition=models.Q(state="queued"),
                name="run_line",
            ),
        )

    def __str__(self) -> str:
        return f"{self.recipe} on {self.measurement}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the row; a new one belongs to the lab of its measurement."""
        if self.lab_id is None:
            self.lab_id = self.measurement.project.lab_id
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("runs:run", args=[self.pk])

    @property
    def is_final(self) -> bool:
        return self.state in self.FINAL

    @property
    def percent(self) -> int:
        """How much is done, as a whole number that reaches 100 only at the end."""
        return int(100 * self.fraction)

    @property
    def heartbeat(self) -> datetime | None:
        """When its worker last gave a sign of life; None while nobody holds it."""
        if self.lease_until is None:
            return None
        return self.lease_until - timedelta(seconds=settings.LEASE_SECONDS)


class Tile(models.Model):
    """A part of the work of a large run, which any worker may do without the others.

    What it leaves on disk depends on nothing but the run's inputs, so a tile that is done stays
    done, whoever holds the run afterwards.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        STOPPED = "stopped"  # its run ended without it

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="tiles")
    number = models.PositiveIntegerField()  # as its recipe counts them, from 0
    estimated = models.FloatField()  # seconds

    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempt = models.PositiveSmallIntegerField(default=0)
    token = models.PositiveIntegerField(default=0)  # fencing: rises with every claim
    worker = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    fraction = models.FloatField(default=0.0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("run", "number"), name="one_tile_a_place"),)
        indexes = (
            models.Index(fields=("state", "lease_until"), name="tile_state"),
            models.Index(fields=("finished",), name="tile_finished"),
        )

    def __str__(self) -> str:
        return f"tile {self.number} of {self.run_id}"


class Worker(models.Model):
    """A worker that gave a sign of life lately; its row goes when it stops."""

    class Order(models.TextChoices):
        """What an operator wants of it."""

        SERVE = "serve"
        DRAIN = "drain"  # finish the run it has, take no other
        PAUSE = "pause"  # hand the run it has back to the queue, take no other

    name = models.CharField(max_length=120, unique=True)
    queues = models.JSONField(default=list)
    lanes = models.JSONField(default=list)  # those of runs it takes
    order = models.CharField(max_length=8, choices=Order.choices, default=Order.SERVE)
    seen = models.DateTimeField()
    version = models.CharField(max_length=40, blank=True)
    memory = models.BigIntegerField(default=0)  # bytes of its machine; 0: not known
    gpus = models.JSONField(default=list)  # [{name, used, total}], bytes

    def __str__(self) -> str:
        return self.name


class Allotment(models.Model):
    """What operators allot to one lab; None takes the facility's setting."""

    lab = models.OneToOneField(Lab, on_delete=models.CASCADE, related_name="allotment")
    share = models.FloatField(default=1.0)  # of the computing, relative to other labs
    compute_hours = models.FloatField(null=True)  # in any thirty days
    storage_gb = models.FloatField(null=True)
    beamtime_from = models.DateTimeField(null=True)
    beamtime_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"what is allotted to {self.lab}"

    def has_beamtime(self, now: datetime) -> bool:
        """Whether its runs go before all others at `now`."""
        began, ends = self.beamtime_from, self.beamtime_until
        return began is not None and ends is not None and began <= now < ends
