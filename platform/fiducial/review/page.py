"""What the page of a review is given to show."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils import timezone

from fiducial.accounts import mailing, permissions
from fiducial.accounts.models import User
from fiducial.audits import queries as audits
from fiducial.audits import words
from fiducial.reports import sealing
from fiducial.reports.models import Report
from fiducial.reports.services import folder

from . import agreeing, asking, blinding, details, queries, services
from .details import Detail
from .models import Decision, Mark
from .pictures import Album, Shown
from .visitors import Visitor

PER_PAGE = 8


@dataclass(frozen=True)
class Card:
    """One detail with what was said of it."""

    detail: Detail
    shown: Shown | None
    mine: Mark | None  # the visitor's mark that counts
    history: list[Mark]  # what the visitor said before
    others: list[Mark]  # the marks that count of everybody else
    address: str  # where the visitor's mark goes


def of_report(visitor: Visitor, number: str | None) -> dict[str, Any]:
    """The context of `review/review.html`, with page `number` of the details."""
    report, found = visitor.report, details.of(visitor.report)
    album = Album(report, found)
    page = Paginator(found, PER_PAGE).get_page(number)
    audit, back = audits.claim(report.run), visitor.address("report")
    return {
        "report": report,
        "visitor": visitor,
        "back": back,
        "decide": visitor.address("decide"),
        "broken": sealing.broken(folder(report), report.content_hash),
        "claims": details.claimed(found),
        "guarantee": details.guarantee(report, back),
        "methods": details.methods(report),
        "worst": words.worst(audit.result["features"]) if audit else "",
        "audited": words.features(audit.result["features"]) if audit else "",
        "cards": cards(visitor, album, page),
        "maps": album.maps(list(page)),
        "of_maps": any(detail.claim for detail in found),
        "page": page,
        "verdicts": Mark.Verdict.choices,
        "decisions": Decision.Verdict.choices,
        "standing": standing(visitor),
        "asked": asking.open_for(visitor.user).filter(report=report).first()
        if visitor.user
        else None,
        # Those a link is given to need not know who the lab's reviewers are.
        "agreement": agreeing.of_report(report) if visitor.user and not visitor.blinded else None,
    }


def cards(visitor: Visitor, album: Album, chosen: Page | list[Detail]) -> list[Card]:
    """The chosen details as cards."""
    marks = queries.marks_of(visitor.report)
    return [_card(visitor, album, detail, marks.get(detail.number, [])) for detail in chosen]


def _card(visitor: Visitor, album: Album, detail: Detail, marks: list[Mark]) -> Card:
    mine = [mark for mark in marks if mark.voice == visitor.voice]
    others = [mark for mark in queries.newest(marks) if mark.voice != visitor.voice]
    return Card(
        detail=detail,
        shown=album.shown(detail),
        mine=mine[-1] if mine else None,
        history=mine[-2::-1],
        # Who is still to judge shall not be told what the others found.
        others=others if not visitor.blinded and (mine or visitor.barred) else [],
        address=visitor.address("mark", detail.number),
    )


def standing(visitor: Visitor) -> dict[str, Any]:
    """The decisions on a report, for `review/_standing.html`, as far as a visitor is told them."""
    report, blinded = visitor.report, visitor.blinded
    return {
        "report": report,
        "blinded": blinded,
        "standings": [] if blinded else queries.standings(report),
        "earlier": [] if blinded else queries.earlier_standings(report),
        "superseded": queries.superseded(report),
    }


def requests(report: Report, user: User) -> dict[str, Any]:
    """Who was asked to review a report, for `review/_asked.html`."""
    lab = report.run.lab
    may_ask = permissions.may(user, permissions.MANAGE, lab)
    return {
        "report": report,
        "blind": blinding.is_blind(report),
        "lifted": queries.lifted(report),
        "requests": queries.requests_of(report, user),
        "may_ask": may_ask,
        "reviewers": queries.reviewers_for(report) if may_ask else [],
        "usual": (timezone.now().date() + asking.USUAL).isoformat(),
        "longest_reason": services.MAX_REASON,
        "mails": mailing.may_mail(),
    }


def links(report: Report, user: User) -> dict[str, Any]:
    """The links to a report, for `review/_links.html`."""
    now = timezone.now()
    return {
        "report": report,
        "links": [(link, link.is_open(now)) for link in queries.links_of(report)],
        "days": services.DAYS,
        "may_work": permissions.may(user, permissions.WORK, report.run.lab),
    }
