"""The review of a report, its decision, and the links that invite others to it."""

import zipfile
from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fiducial.accounts.queries import visible_labs
from fiducial.errors import Refused
from fiducial.reports import views as reports
from fiducial.reports.models import Report
from fiducial.reports.queries import visible_reports
from fiducial.viewer.export import zipped
from fiducial.viewer.views import attachment

from . import (
    agreeing,
    archive,
    asking,
    blinding,
    exports,
    page,
    queries,
    services,
    signing,
    verifying,
)
from .details import of as details_of
from .models import Mark
from .pictures import Album
from .visitors import Visitor

SHOWN = 30  # decisions on the page of a lab


@require_GET
def opened(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The frozen report, for the holder of a link."""
    context = reports.frozen(visitor.report) | {
        "visitor": visitor,
        "standing": page.standing(visitor),
        **{name: visitor.address(name) for name in ("review", "download", "pdf")},
    }
    return render(request, "review/opened.html", context)


@require_GET
def download(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The whole report as a zip, for the holder of a link."""
    return reports.zipped(visitor.report)


@require_GET
def printed(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The PDF, for the holder of a link."""
    return reports.pdf_of(visitor.report)


@require_GET
def review(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Page one of the report, its riskiest details to mark, and the decision."""
    context = page.of_report(visitor, request.GET.get("page"))
    return render(request, "review/review.html", context)


@require_POST
def mark(request: HttpRequest, visitor: Visitor, number: int) -> HttpResponse:
    """Mark one detail (a partial for HTMX: the detail as it stands then)."""
    said = {name: request.POST.get(name, "") for name in ("verdict", "remark")}
    refused = ""
    try:
        services.mark(visitor=visitor, number=number, **said)
    except Refused as refusal:
        refused = str(refusal)
    chosen = [detail for detail in details_of(visitor.report) if detail.number == number]
    cards = page.cards(visitor, Album(visitor.report, chosen), chosen)
    context = {
        "card": cards[0] if cards else None,
        "visitor": visitor,
        "verdicts": Mark.Verdict.choices,
        "refused": refused,
        "draft": said if refused else None,
    }
    return render(request, "review/_detail.html", context)


@require_POST
def decide(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Decide; a refusal shows the page again with what was typed."""
    said = {
        name: request.POST.get(name, "") for name in ("verdict", "remark", "name", "affiliation")
    }
    try:
        made = services.decide(visitor=visitor, **said)
    except Refused as refusal:
        unsent = said | {"refused": str(refusal)}
        context = page.of_report(visitor, None) | {"unsent": unsent}
        return render(request, "review/review.html", context)
    messages.success(request, f"Decided and signed: {made.get_verdict_display()}.")
    return redirect(visitor.address("report"))


@require_GET
def decisions(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The decisions on a report as signed JSON; not for who is still to decide blindly."""
    if visitor.blinded:
        return _blinded(request, visitor)
    name = f"{reports.file_name(visitor.report)}-decisions.json"
    return attachment(iter([exports.decisions(visitor.report)]), name)


@require_GET
def crate(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The report with its decisions and signatures as an RO-Crate, likewise; 404 where its files
    are gone.
    """
    if visitor.blinded:
        return _blinded(request, visitor)
    report = visitor.report
    reports.folder_of(report)
    pieces = zipped(exports.crate(report), zipfile.ZIP_DEFLATED)
    return attachment(pieces, f"{reports.file_name(report)}-crate.zip")


@login_required
@require_POST
def make_link(request: HttpRequest, pk: str) -> HttpResponse:
    """Make a link for somebody without an account (a partial for HTMX; the link is told once)."""
    report = get_object_or_404(visible_reports(request.user), pk=pk)
    try:
        _, token = services.make_link(
            report=report,
            by=request.user,
            whom=request.POST.get("whom", ""),
            days=_days(request.POST.get("days", "")),
            may_decide="may_decide" in request.POST,
            blind="blind" in request.POST,
        )
    except Refused as refusal:
        return _links(request, report, refused=str(refusal))
    address = request.build_absolute_uri(reverse("review:link-report", args=[token]))
    return _links(request, report, address=address)


@login_required
@require_POST
def revoke(request: HttpRequest, pk: str, link: int) -> HttpResponse:
    """Close a link (a partial for HTMX: the list as it stands then)."""
    report = get_object_or_404(visible_reports(request.user), pk=pk)
    found = get_object_or_404(report.review_links, pk=link)
    try:
        services.revoke(link=found, by=request.user)
    except Refused as refusal:
        return _links(request, report, refused=str(refusal))
    return _links(request, report)


@login_required
@require_POST
def ask(request: HttpRequest, pk: str) -> HttpResponse:
    """Ask somebody of the lab for a review (a partial for HTMX: the list as it stands then)."""
    report = get_object_or_404(visible_reports(request.user), pk=pk)
    said = {name: request.POST.get(name, "") for name in ("reviewer", "due")}
    try:
        asking.ask(
            report=report,
            by=request.user,
            reviewer=said["reviewer"],
            due=_day(said["due"]),
            blind="blind" in request.POST,
        )
    except Refused as refusal:
        return _asked(request, report, refused=str(refusal), draft=said)
    return _asked(request, report)


@login_required
@require_POST
def withdraw(request: HttpRequest, pk: str, asked: int) -> HttpResponse:
    """Ask somebody no more (a partial for HTMX: the list as it stands then)."""
    report = get_object_or_404(visible_reports(request.user), pk=pk)
    found = get_object_or_404(report.requests, pk=asked)
    try:
        asking.withdraw(request=found, by=request.user)
    except Refused as refusal:
        return _asked(request, report, refused=str(refusal))
    return _asked(request, report)


@login_required
@require_POST
def unblind(request: HttpRequest, pk: str) -> HttpResponse:
    """End the blind review of a report (a partial for HTMX: who was asked, as it stands then)."""
    report = get_object_or_404(visible_reports(request.user), pk=pk)
    reason = request.POST.get("reason", "")
    try:
        services.lift_blindness(report=report, by=request.user, reason=reason)
    except Refused as refusal:
        return _asked(request, report, refused=str(refusal), reason=reason)
    return _asked(request, report)


@login_required
@require_GET
def lab(request: HttpRequest, pk: int) -> HttpResponse:
    """The newest decisions in a lab, and how far its reviewers agree."""
    found = get_object_or_404(visible_labs(request.user), pk=pk)
    hidden = blinding.hidden_from(request.user).filter(run__lab=found)
    context = {
        "lab": found,
        "decisions": queries.decisions_in(found).exclude(report__in=hidden)[:SHOWN],
        "agreement": agreeing.of_lab(found, hidden),
        "hidden": hidden.count(),
    }
    return render(request, "review/lab.html", context)


@csrf_exempt  # It changes nothing; and so no byte of a body is read before its length is checked.
@never_cache
@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Check a report by its content hash or its zip; open to all, nothing is kept."""
    context = {
        "searched": request.GET.get("hash", ""),
        "most": archive.MAX_BYTES // 2**20,
        "key": {"id": signing.key_id(), "hex": signing.public_key(), "pem": signing.public_pem()},
    }
    if int(request.headers.get("Content-Length") or 0) > archive.MAX_BYTES:
        refused = f"The zip is larger than {context['most']} MiB; no report is. Nothing was read."
        return render(request, "review/verify.html", context | {"refused": refused}, status=413)
    try:
        if request.method == "POST":
            context["finding"] = _of_upload(request)
        elif context["searched"]:
            context["finding"] = verifying.of_hash(context["searched"])
    except Refused as refusal:
        context["refused"] = str(refusal)
    return render(request, "review/verify.html", context)


def _of_upload(request: HttpRequest) -> verifying.Finding:
    if "zip" not in request.FILES:
        raise Refused("Choose the zip of a report first.")
    return verifying.of_zip(request.FILES["zip"].file)


def _blinded(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    messages.error(request, visitor.blinded)
    return redirect(visitor.address("report"))


def _days(said: str) -> int | None:
    """How long a link shall last; None until it is revoked, 0 for what nobody offered."""
    if said == "until-revoked":
        return None
    return int(said) if said.isdecimal() else 0


def _day(said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError as fault:
        raise Refused("Choose the day by which it shall be reviewed.") from fault


def _asked(request: HttpRequest, report: Report, **more: Any) -> HttpResponse:
    context = page.requests(report, request.user) | {"used": True} | more
    return render(request, "review/_asked.html", context)


def _links(request: HttpRequest, report: Report, **more: str) -> HttpResponse:
    context = page.links(report, request.user) | {"used": True} | more
    return render(request, "review/_links.html", context)
