import uuid

from django.conf import settings
from django.db import models
from django.urls import reverse

from fiducial import places
from fiducial.accounts.models import Lab
from fiducial.runs.models import Run
from workers.store import Place


class TaughtModel(models.Model):
    """A network a lab taught with a map of its own, and kept; its files lie in `folder`."""

    class State(models.TextChoices):
        CANDIDATE = "candidate"  # kept, and offered to nobody yet
        PROMOTED = "promoted"  # an owner stands for it
        RETIRED = "retired"  # not to be used any more; it stays to be read

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    lab = models.ForeignKey(Lab, on_delete=models.CASCADE, related_name="taught_models")
    run = models.OneToOneField(Run, on_delete=models.PROTECT, related_name="taught_model")
    name = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=State.choices, default=State.CANDIDATE)
    scale = models.PositiveSmallIntegerField()  # for maps made finer by this factor
    size = models.BigIntegerField(default=0)  # bytes of its files
    card = models.JSONField()  # as the lesson wrote it: figures, base, counts and weights by hash
    sources = models.JSONField()  # {"taught_on" | "judged_on": {name, content_hash}}
    kept_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    kept = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("lab", "name"), name="model_name_in_lab"),)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("learning:model", args=[self.pk])

    @property
    def path(self) -> str:
        """Where its weights, its card and its learning curve lie, relative to the store."""
        return f"models/{self.pk}"

    @property
    def folder(self) -> Place:
        """The same, to read from."""
        return places.of(self.path)

    @property
    def weights(self) -> tuple[str, str]:
        """The name of its weights file and the SHA-256 of what is in it."""
        ((name, digest),) = self.card["weights"].items()
        return name, digest
