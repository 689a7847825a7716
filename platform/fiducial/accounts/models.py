from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A person. What they may do follows from their memberships, and from `is_operator`."""

    is_operator = models.BooleanField(
        default=False, help_text="runs the facility's workers and queue"
    )


class Lab(models.Model):
    name = models.CharField(max_length=120, unique=True)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    class Role(models.TextChoices):
        OWNER = "owner"
        MEMBER = "member"
        REVIEWER = "reviewer"
        VIEWER = "viewer"

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
