from django.conf import settings
from django.db import models

from fiducial.measurements.models import Measurement
from fiducial.runs.models import Run


class SlowScan(models.Model):
    """The rest of the beam time of a demo measurement: what its run did not see."""

    scan = models.CharField(max_length=12, unique=True)  # which of the demo's scans
    measurement = models.OneToOneField(
        Measurement, on_delete=models.CASCADE, related_name="slow_scan"
    )
    store_path = models.CharField(max_length=200)  # a measurement store below STORE, in run units
    counts_per_unit = models.FloatField(help_text="counts of the slow scan per count of the run")


class Reveal(models.Model):
    """Five features a visitor believed before the slow scan was shown, and how all fared."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="reveals")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    believed = models.JSONField()  # [{channel, y, x}] in fine pixels
    score = models.JSONField()
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("run", "user"), name="one_reveal_each"),)
