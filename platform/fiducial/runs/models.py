import uuid

from django.conf import settings
from django.db import models

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

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    measurement = models.ForeignKey(Measurement, on_delete=models.PROTECT, related_name="runs")
    measurement_revision = models.PositiveIntegerField()
    recipe = models.CharField(max_length=40)
    parameters = models.JSONField(default=dict)
    seed = models.PositiveIntegerField(default=0)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    created = models.DateTimeField(auto_now_add=True)

    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    token = models.PositiveIntegerField(default=0)  # fencing: rises with every claim
    worker = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True)
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
        indexes = (models.Index(fields=("state", "created")),)
