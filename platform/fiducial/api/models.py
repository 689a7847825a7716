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


class Pace(models.Model):
    """How often somebody asked within the minute at hand, by session and tokens together."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    minute = models.BigIntegerField(default=0)  # since 1970
    asked = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.user}: {self.asked}"


class KeptAnswer(models.Model):
    """What a request with an `Idempotency-Key` was answered, so that it can be said again."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    route = models.CharField(max_length=200)
    key = models.CharField(max_length=200)
    body_hash = models.CharField(max_length=64)
    created = models.DateTimeField(auto_now_add=True, db_index=True)
    status = models.PositiveSmallIntegerField(null=True)  # none while the first request is served
    answer = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("user", "route", "key"), name="one_answer_per_key"),
        )

    def __str__(self) -> str:
        return f"{self.route}: {self.key}"
