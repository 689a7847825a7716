import hashlib
import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone

from fiducial.accounts.models import Letter
from fiducial.reports.models import Report
from fiducial.trail.kept import Kept


class Link(models.Model):
    """Lets somebody without an account read one version of a report, and decide on it if asked.

    Only the SHA-256 of its token is kept.
    """

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="review_links")
    token_hash = models.CharField(max_length=64, unique=True)
    whom = models.CharField(max_length=80)  # what its maker calls the reader: "referee 2"
    may_decide = models.BooleanField(default=False)
    blind = models.BooleanField(default=False)  # its review is: `blinding`
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    made = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(null=True)  # None: lasts until it is revoked
    revoked = models.DateTimeField(null=True)
    openings = models.PositiveIntegerField(default=0)
    opened = models.DateTimeField(null=True)  # the last time

    def __str__(self) -> str:
        return f"link for {self.whom}"

    @staticmethod
    def hashed(token: str) -> str:
        """What is kept of a token."""
        return hashlib.sha256(token.encode()).hexdigest()

    def is_open(self, now: datetime) -> bool:
        """Whether it still opens the report at this moment."""
        return self.revoked is None and (self.expires is None or now < self.expires)


class ReviewRequest(models.Model):
    """Somebody of the lab was asked to decide on a report by a day."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="requests")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="review_requests"
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked = models.DateTimeField(auto_now_add=True)
    due = models.DateField()
    blind = models.BooleanField(default=False)  # the review of its report is: `blinding`
    reminder = models.ForeignKey(Letter, on_delete=models.SET_NULL, null=True, related_name="+")
    closed = models.DateTimeField(null=True)  # they decided, or it was withdrawn

    class Meta:
        ordering = ("due", "pk")

    def __str__(self) -> str:
        return f"{self.reviewer} on {self.report}"

    @property
    def is_late(self) -> bool:
        """Whether the day is over and it is not done."""
        return self.closed is None and self.due < timezone.now().date()


class Said(Kept):
    """What somebody said of a report, kept as it was said; names are copied."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="%(class)ss")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    link = models.ForeignKey(Link, on_delete=models.PROTECT, null=True)  # instead of an account
    by_name = models.CharField(max_length=150)
    when = models.DateTimeField()
    remark = models.TextField(blank=True)

    class Meta:
        abstract = True

    @property
    def voice(self) -> str:
        """Who speaks: of all that one voice says of one thing, the newest counts."""
        if self.link_id:
            return f"link {self.link_id}"
        return f"account {self.by_id}" if self.by_id else f"gone {self.by_name}"


class Mark(Said):
    """Whether one detail of a report, by its number in `claims.json` from 1, is supported."""

    class Verdict(models.TextChoices):
        SUPPORTED = "supported", "supported"
        NOT_SUPPORTED = "not-supported", "not supported"
        UNSURE = "cannot-tell", "cannot tell"

    number = models.PositiveIntegerField()
    verdict = models.CharField(max_length=16, choices=Verdict.choices)

    class Meta:
        ordering = ("when", "pk")
        indexes = (models.Index(fields=("report", "number")),)

    def __str__(self) -> str:
        return f"{self.by_name}: {self.number} {self.get_verdict_display()}"


class Decision(Said):
    """Whether a report is accepted, bound to its content hash and signed by the facility."""

    class Verdict(models.TextChoices):
        ACCEPT = "accept", "accepted"
        REMARKS = "accept-with-remarks", "accepted with remarks"
        REJECT = "reject", "rejected"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    content_hash = models.CharField(max_length=64)
    verdict = models.CharField(max_length=24, choices=Verdict.choices)
    affiliation = models.CharField(max_length=150)
    signature = models.CharField(max_length=128)  # Ed25519, hex
    key_id = models.CharField(max_length=16)

    class Meta:
        ordering = ("when",)

    def __str__(self) -> str:
        return f"{self.by_name}: {self.get_verdict_display()}"
