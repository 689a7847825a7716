from functools import cached_property
from typing import NamedTuple

from django.contrib.auth.models import AbstractUser
from django.db import models


class Role(models.TextChoices):
    """What somebody is in a lab."""

    OWNER = "owner"
    MEMBER = "member"
    REVIEWER = "reviewer"
    VIEWER = "viewer"


class Preview(NamedTuple):
    """Whose eyes a person looks through for one request."""

    lab: "Lab"
    role: Role


class User(AbstractUser):
    """A person. What they may do follows from their memberships, and from `is_operator`."""

    preview: Preview | None = None  # of this request only; set by `preview.Middleware`

    is_operator = models.BooleanField(
        default=False, help_text="runs the facility's workers and queue"
    )
    told_of_runs = models.BooleanField(default=True)  # by mail, when a long one has ended

    @cached_property
    def roles(self) -> dict[int, str]:
        """Lab -> what they are in it, asked for once: this object lives as long as a request."""
        return dict(self.memberships.values_list("lab", "role"))

    @property
    def is_awaited(self) -> bool:
        """Whether they were invited and have not signed in yet."""
        return self.last_login is None and not self.has_usable_password()


class Lab(models.Model):
    name = models.CharField(max_length=120, unique=True)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    Role = Role
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    lab = models.ForeignKey(Lab, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role.choices)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "lab"), name="one_role_per_lab"),)


class OneTimeLink(models.Model):
    """Signs one person in once; only the SHA-256 of its token is kept."""

    token_hash = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    next_url = models.CharField(max_length=200, default="/")
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True)


class Letter(models.Model):
    """A mail in the outbox: to be sent from `due` on, tried again a while."""

    to = models.EmailField()
    subject = models.CharField(max_length=200)
    text = models.TextField()
    due = models.DateTimeField()
    sent = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = (models.Index(fields=("sent", "due"), name="letter_due"),)

    def __str__(self) -> str:
        return self.subject
