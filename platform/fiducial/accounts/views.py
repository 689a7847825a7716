"""The front page, a person's own page, their labs, and the door a one-time link opens."""

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fiducial.errors import Refused
from fiducial.reports.queries import visible_reports

from . import front, mailing, permissions, picture, preview, queries, services
from .forms import InviteForm
from .models import Lab, User

INVITATION_MINUTES = 7 * 24 * 60


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Signed out: what this is. Signed in: what waits for me."""
    if not request.user.is_authenticated:
        return render(request, "accounts/front.html", {"caption": picture.caption()})
    return render(request, "accounts/home.html", front.context(request.user))


@login_required
@require_GET
def example(request: HttpRequest) -> HttpResponse:
    """The newest report I may see."""
    report = visible_reports(request.user).order_by("-frozen").first()
    if report is None:
        messages.info(
            request, "No report has been frozen here yet. Freeze one from a finished run."
        )
        return redirect("accounts:home")
    return redirect("reports:report", pk=report.pk)


@login_required
@require_GET
def under_way(request: HttpRequest) -> HttpResponse:
    """The list of runs that wait or run, asked for every three seconds until there is none."""
    items = list(front.under_way(request.user))
    if not items:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "accounts/_under_way.html", {"under_way": items})


@login_required
@require_GET
def account(request: HttpRequest) -> HttpResponse:
    """Who I am here and which labs I belong to."""
    memberships = queries.memberships_of(request.user)
    return render(
        request,
        "accounts/account.html",
        {
            "memberships": memberships,
            "operates": permissions.may_operate(request.user),
            "mails": mailing.may_mail(),
        },
    )


@login_required
@require_POST
def mail(request: HttpRequest) -> HttpResponse:
    """Say whether I want to be told when my runs end."""
    wanted = request.POST.get("told_of_runs") == "yes"
    services.tell_of_runs(user=request.user, wanted=wanted)
    messages.success(request, "You are mailed." if wanted else "You are not mailed any more.")
    return redirect("accounts:account")


@never_cache
@require_GET
def one_time(request: HttpRequest, token: str) -> HttpResponse:
    """Sign in the person a one-time link was made for; the link is spent by this."""
    try:
        link = services.use_one_time_link(token=token)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("account_login")
    login(request, link.user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect(link.next_url)


@login_required
@require_http_methods(["GET", "POST"])
def lab(request: HttpRequest, pk: int) -> HttpResponse:
    """The people of a lab; its owners invite others here."""
    found = get_object_or_404(queries.visible_labs(request.user), pk=pk)
    form = InviteForm(request.POST or None)
    link = None
    if request.method == "POST" and form.is_valid():
        link = _invite(request, found, form)
    context = {
        "lab": found,
        "members": queries.members_of(found),
        "form": InviteForm() if link else form,
        "link": link,
        "roles": permissions.ROLE_WORDS.items(),
        "may_manage": permissions.may(request.user, permissions.MANAGE, found),
    }
    return render(request, "accounts/lab.html", context)


@login_required
@require_POST
def member(request: HttpRequest, pk: int, user_pk: int) -> HttpResponse:
    """Change what somebody is in a lab, or take them out of it (`role` is "none")."""
    found = get_object_or_404(queries.visible_labs(request.user), pk=pk)
    person = get_object_or_404(User, pk=user_pk, memberships__lab=found)
    role = request.POST.get("role", "")
    try:
        if role == "none":
            services.remove_member(by=request.user, lab=found, user=person)
        else:
            services.set_role(by=request.user, lab=found, user=person, role=role)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("accounts:lab", pk=found.pk)


@login_required
@require_POST
def view_as(request: HttpRequest, pk: int) -> HttpResponse:
    """Look at a lab as a lesser role does, beginning with the page this was asked on."""
    found = get_object_or_404(queries.visible_labs(request.user), pk=pk)
    try:
        preview.begin(request=request, lab=found, role=request.POST.get("role", ""))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect(_next(request))


@login_required
@require_POST
def back(request: HttpRequest) -> HttpResponse:
    """End a look through another role."""
    preview.end(request=request)
    return redirect(_next(request))


def _next(request: HttpRequest) -> str:
    """The page of this portal a form names as the one to go on with."""
    page = request.POST.get("next", "")
    return page if url_has_allowed_host_and_scheme(page, None) else reverse("accounts:home")


def _invite(request: HttpRequest, lab: Lab, form: InviteForm) -> str | None:
    """Let the person in; returns the address of a sign-in link for a new account."""
    try:
        user, new = services.invite(by=request.user, lab=lab, **form.cleaned_data)
    except Refused as refusal:
        messages.error(request, str(refusal))
    except ValidationError as fault:
        form.add_error(None, fault)
    else:
        if new:
            return _link(request, lab, user)
        messages.success(request, f"{user} belongs to {lab} now.")
    return None


def _link(request: HttpRequest, lab: Lab, user: User) -> str:
    """The address that lets a new person in; mailed to them where that can be done."""
    path = services.one_time_link(
        user=user, next_url=reverse("account_set_password"), minutes=INVITATION_MINUTES
    )
    link = request.build_absolute_uri(path)
    if mailing.may_mail() and user.email:
        membership = lab.memberships.get(user=user)
        try:
            mailing.mail_invitation(membership=membership, by=request.user, link=link)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"The invitation was mailed to {user.email}.")
    return link
