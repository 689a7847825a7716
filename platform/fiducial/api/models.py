from django.conf import settings
from django.db import models
from django.utils import timezone


class Token(models.Model):
    """Lets a program act for one person; only the SHA-256 of its secret is kept."""

    class Scope(models.TextChoices):
        READ = "read"
        WRITE = "write"  # and read

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens"
    )
    name = models.CharField(max_length=80)
    scope = models.CharField(max_length=8, choices=Scope.choices)
    secret_hash = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True)  # the last time, to the minute
    revoked = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name

    @property
    def is_valid(self) -> bool:
        """Neither revoked nor run out."""
        return self.revoked is None and self.expires > timezone.now()
