"""Who reads a report: somebody with an account in its lab, or the holder of a link."""

from dataclasses import dataclass
from functools import cached_property

from django.urls import reverse
from django.utils import timezone

from fiducial.accounts import permissions
from fiducial.accounts.models import Lab, User
from fiducial.reports.models import Report

from . import blinding
from .models import Link


@dataclass(frozen=True)
class Visitor:
    """One reader of one report; exactly one of `user` and `link` is given."""

    report: Report
    user: User | None = None
    link: Link | None = None
    token: str = ""  # of the link

    @property
    def lab(self) -> Lab:
        return self.report.run.lab

    @property
    def name(self) -> str:
        """What this visitor is called until they say otherwise."""
        if self.user:
            return self.user.get_full_name() or self.user.username
        return self.link.whom if self.link else ""

    @cached_property
    def barred(self) -> str:
        """Why this visitor may not mark or decide, in a sentence; empty when they may."""
        if self.link:
            return _barred_link(self.link)
        if not self.user or not permissions.may(self.user, permissions.REVIEW, self.lab):
            return f"Only owners and reviewers of {self.lab} decide on its reports."
        if self.report.frozen_by_id == self.user.pk:
            return "You froze this report, so somebody else has to decide on it."
        return ""

    @cached_property
    def blinded(self) -> str:
        """Why this visitor is not told of other reviewers, in a sentence; empty when they are."""
        if self.barred:
            return blinding.under_way(self.report) if self.link else ""
        mine = {"link": self.link} if self.link else {"by": self.user}
        if not blinding.is_blind(self.report) or self.report.decisions.filter(**mine).exists():
            return ""
        return blinding.UNTIL_DECIDED

    @property
    def voice(self) -> str:
        """As `Said.voice` names it."""
        return f"link {self.link.pk}" if self.link else f"account {self.user.pk}"

    def address(self, page: str, *more: object) -> str:
        """Where this visitor finds a page of the report: `report`, `review`, `download` …"""
        if self.link:
            return reverse(f"review:link-{page}", args=[self.token, *more])
        room = "reports" if page in ("report", "download", "pdf") else "review"
        return reverse(f"{room}:{page}", args=[self.report.pk, *more])


def _barred_link(link: Link) -> str:
    if not link.is_open(timezone.now()):
        return "This link is closed: it has expired or was revoked. Ask the lab for a new one."
    return "" if link.may_decide else "This link opens the report for reading only."
