"""Deciding on a report, marking its details, links that let others do so, and ending blindness."""

import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from fiducial.accounts import permissions
from fiducial.accounts.models import User
from fiducial.errors import Refused
from fiducial.reports import sealing
from fiducial.reports.models import Report
from fiducial.reports.services import folder
from fiducial.trail.models import Entry
from fiducial.trail.services import record

from . import asking, blinding, details, records, signing
from .models import Decision, Link, Mark
from .visitors import Visitor

DAYS = (7, 30, 90)  # a link may last; or until it is revoked
MAX_REMARK = 4000
MAX_REASON = Entry._meta.get_field("reason").max_length
MAX_NAME = Decision._meta.get_field("by_name").max_length
MAX_WHOM = Link._meta.get_field("whom").max_length


@transaction.atomic
def decide(
    *, visitor: Visitor, verdict: str, remark: str = "", name: str = "", affiliation: str = ""
) -> Decision:
    """Decide on the very files that were sealed, and sign it with the facility's key.

    The holder of a link says `name` and `affiliation`. Refused, in a sentence: somebody who may
    not decide, files that are not as sealed, a verdict that needs a remark and has none.
    """
    report, remark = visitor.report, remark.strip()
    _may(visitor)
    if verdict not in Decision.Verdict.values:
        raise Refused("Choose one: accept, accept with remarks, or reject.")
    if verdict != Decision.Verdict.ACCEPT and not remark:
        raise Refused("Say why in the remark: only a plain accept needs none.")
    _fits(remark)
    _as_sealed(report)
    by_name, from_where = _signature(visitor, name.strip(), affiliation.strip())
    decision = Decision(
        report=report,
        content_hash=report.content_hash,
        by=visitor.user,
        link=visitor.link,
        by_name=by_name,
        affiliation=from_where,
        verdict=verdict,
        remark=remark,
        when=timezone.now(),
        key_id=signing.key_id(),
    )
    decision.signature = signing.sign(records.signed(decision))
    decision.save(force_insert=True)
    if visitor.user:
        asking.close(report, visitor.user)
    _note(visitor, "report.decided", by_name, f"{decision.get_verdict_display()}. {remark}")
    return decision


@transaction.atomic
def mark(*, visitor: Visitor, number: int, verdict: str, remark: str = "") -> Mark:
    """Say whether detail `number` of a report is supported. Refused like a decision."""
    remark = remark.strip()
    _may(visitor)
    if verdict not in Mark.Verdict.values:
        raise Refused("Choose one: supported, not supported, or cannot tell.")
    if not 1 <= number <= len(details.of(visitor.report)):
        raise Refused(f"This report has no detail number {number}.")
    _fits(remark)
    _as_sealed(visitor.report)
    made = Mark.objects.create(
        report=visitor.report,
        by=visitor.user,
        link=visitor.link,
        by_name=visitor.name,
        number=number,
        verdict=verdict,
        remark=remark,
        when=timezone.now(),
    )
    said = f"detail {number}: {made.get_verdict_display()}. {remark}"
    _note(visitor, "report.marked", visitor.name, said)
    return made


@transaction.atomic
def make_link(
    *,
    report: Report,
    by: User,
    whom: str,
    days: int | None,
    may_decide: bool,
    blind: bool = False,
) -> tuple[Link, str]:
    """A link to one version of a report for somebody without an account, and its token.

    `blind` makes the review of the report a blind one (`blinding`); only who may decide is blind.

    `days`: one of `DAYS`; None lasts until revoked. The token is not kept: it is told only now.
    """
    lab, whom = report.run.lab, whom.strip()
    permissions.require(by, permissions.WORK, lab)
    if not whom:
        raise Refused("Say for whom the link is; the list of links shows it.")
    if len(whom) > MAX_WHOM:
        raise Refused(f"“For whom” has {len(whom)} characters; at most {MAX_WHOM} fit.")
    if days is not None and days not in DAYS:
        raise Refused(f"A link lasts {', '.join(map(str, DAYS))} days, or until it is revoked.")
    if blind and not may_decide:
        raise Refused("A blind review is for somebody who decides: let the link decide, too.")
    token = secrets.token_urlsafe(32)
    link = Link.objects.create(
        report=report,
        token_hash=Link.hashed(token),
        whom=whom,
        may_decide=may_decide,
        blind=blind,
        made_by=by,
        expires=None if days is None else timezone.now() + timedelta(days=days),
    )
    lasts = "until revoked" if days is None else f"for {days} days"
    use = "may decide, blind" if blind else "may decide" if may_decide else "read only"
    record("review.link", by=by, lab=lab, subject=report, reason=f"for {whom}, {use}, {lasts}")
    return link, token


@transaction.atomic
def revoke(*, link: Link, by: User) -> None:
    """Close a link at once; what was said through it stays."""
    lab = link.report.run.lab
    permissions.require(by, permissions.WORK, lab)
    if Link.objects.filter(pk=link.pk, revoked=None).update(revoked=timezone.now()):
        record("review.revoked", by=by, lab=lab, subject=link.report, reason=f"for {link.whom}")


@transaction.atomic
def lift_blindness(*, report: Report, by: User, reason: str) -> None:
    """Have reviewers who are still to decide told of each other; the trail keeps who and why.

    Refused, in a sentence: for all but owners, without a reason, and where it is not blind.
    """
    lab, reason = report.run.lab, reason.strip()
    permissions.require(by, permissions.MANAGE, lab)
    if not blinding.is_blind(report):
        raise Refused("The review of this version is not blind.")
    if not reason:
        raise Refused("Say why: whoever reads the decisions later must be able to judge it.")
    if len(reason) > MAX_REASON:
        raise Refused(f"The reason has {len(reason)} characters; at most {MAX_REASON} fit.")
    report.requests.update(blind=False)
    report.review_links.update(blind=False)
    record("review.unblinded", by=by, lab=lab, subject=report, reason=reason)


@transaction.atomic
def note_opening(*, visitor: Visitor) -> None:
    """Count that the holder of a link opened the report, its review or one of its files."""
    opened = {"openings": F("openings") + 1, "opened": timezone.now()}
    Link.objects.filter(pk=visitor.link.pk).update(**opened)
    _note(visitor, "review.opened", visitor.name, "")


def _may(visitor: Visitor) -> None:
    if visitor.barred:
        raise permissions.NotAllowed(visitor.barred)


def _fits(remark: str) -> None:
    if len(remark) > MAX_REMARK:
        raise Refused(f"The remark has {len(remark)} characters; at most {MAX_REMARK} fit.")


def _as_sealed(report: Report) -> None:
    if broken := sealing.broken(folder(report), report.content_hash):
        raise Refused(
            f"Nothing was kept: the report is not as it was sealed. {broken[0]} "
            "Ask the lab to freeze the run again."
        )


def _signature(visitor: Visitor, name: str, affiliation: str) -> tuple[str, str]:
    if visitor.user:
        return visitor.name, visitor.lab.name
    if not name or not affiliation:
        raise Refused("Give your name and affiliation: the decision is signed with both.")
    if max(len(name), len(affiliation)) > MAX_NAME:
        raise Refused(f"Name and affiliation may have {MAX_NAME} characters each.")
    return name, affiliation


def _note(visitor: Visitor, action: str, name: str, reason: str) -> None:
    guest = f"{name} (by link)" if visitor.link else ""
    who = {"by": visitor.user, "guest": guest}
    record(action, lab=visitor.lab, subject=visitor.report, reason=reason, **who)
