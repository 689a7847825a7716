import uuid

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from fiducial.accounts.models import Lab


class Project(models.Model):
    lab = models.ForeignKey(Lab, on_delete=models.CASCADE, related_name="projects")
    name = models.CharField(max_length=120)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("lab", "name"), name="project_name_in_lab"),)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("measurements:project", args=[self.pk])


class Measurement(models.Model):
    """One measured specimen area; its arrays lie in `STORE / store_path` (Zarr)."""

    class State(models.TextChoices):
        UPLOADING = "uploading"  # files are still arriving
        LIVE = "live"  # frames are still arriving, one by one (`fiducial.live`)
        QUARANTINED = "quarantined"  # complete, waiting for the separate ingest process
        INGESTING = "ingesting"
        ATTENTION = "attention"  # read, but a person must answer `questions` first
        READY = "ready"
        REFUSED = "refused"  # `problems` says why and what to do

    class Kind(models.TextChoices):
        MAP = "map"
        WINDOWS = "windows"  # small areas of another map, measured again to audit it

    FINAL = (State.ATTENTION, State.READY, State.REFUSED)  # nothing moves until a person acts
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="measurements")
    name = models.CharField(max_length=160)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.MAP)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    created = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.UPLOADING)
    state_since = models.DateTimeField(default=timezone.now)
    # Rises with every claim: a process that lost its claim cannot publish over a newer one.
    ingest_attempt = models.PositiveIntegerField(default=0)
    # How often in a row the reading process vanished without an answer.
    ingest_losses = models.PositiveSmallIntegerField(default=0)
    revision = models.PositiveIntegerField(default=0)
    store_path = models.CharField(max_length=200, blank=True)
    content_hash = models.CharField(max_length=64, blank=True)
    # What the reader found: channels, shape, units, pixel size, dwell, current, sampling.
    summary = models.JSONField(default=dict)
    problems = models.JSONField(default=list)  # [{severity, where, what, do}]
    answers = models.JSONField(default=dict)  # what a person corrected or added

    class Meta:
        indexes = (
            models.Index(fields=("state", "state_since"), name="measurement_waiting"),
            models.Index(fields=("project", "content_hash"), name="measurement_same"),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("measurements:measurement", args=[self.pk])

    @property
    def content(self) -> str:
        """ "maps", "movie", "scan", …; "live" while frames arrive. Summaries older than movies do
        not say.
        """
        return str(self.summary.get("content", "maps"))

    @property
    def holds_frames(self) -> bool:
        """Diffraction frames, which have no channels."""
        return self.content in ("scan", "volume")

    @property
    def holds_events(self) -> bool:
        """Events of a calorimeter that were read, which have no channels either."""
        return self.is_readable and self.content == "events"

    @property
    def is_final(self) -> bool:
        """Nothing moves until a person acts."""
        return self.state in self.FINAL

    @property
    def is_readable(self) -> bool:
        """There is a revision to show, whatever happens to newer corrections."""
        return self.revision > 0

    @property
    def stands(self) -> bool:
        """Windows that were read: what they showed can be neither changed nor taken back."""
        return self.kind == self.Kind.WINDOWS and self.is_ready

    @property
    def is_ready(self) -> bool:
        """A run can be made of it."""
        return self.state == self.State.READY


class UploadedFile(models.Model):
    """One file of a measurement, arriving in parts that can resume."""

    measurement = models.ForeignKey(Measurement, on_delete=models.CASCADE, related_name="files")
    # A path inside the upload ("map.zarr/0/c/0"): every component was made harmless on arrival.
    name = models.CharField(max_length=200)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)  # of the whole file, once complete
    parts = models.JSONField(default=dict)  # part number -> sha256 of the part received
    complete = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("measurement", "name"), name="file_once"),)


class Standards(models.Model):
    """A table of standards (CSV) by which the counts of a measurement become wt%."""

    measurement = models.ForeignKey(Measurement, on_delete=models.CASCADE, related_name="standards")
    name = models.CharField(max_length=200)  # of the file
    table = models.TextField()  # as uploaded, checked on arrival
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        get_latest_by = "pk"

    def __str__(self) -> str:
        return self.name
