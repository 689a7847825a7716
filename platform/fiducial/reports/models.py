import uuid

from django.conf import settings
from django.db import models

from fiducial.runs.models import Run


class Report(models.Model):
    """A frozen version of a run: its files never change, its hash says so."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="reports")
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    content_hash = models.CharField(max_length=64)
    path = models.CharField(max_length=200)  # folder under STORE
    frozen_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    frozen = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("run", "version"), name="report_version"),)

    def __str__(self) -> str:
        return f"{self.title}, version {self.version}"
