"""Pages of the queue: a new run, everybody's runs, one run until it is over."""

from hashlib import sha256
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fiducial.accounts import permissions
from fiducial.errors import Refused
from fiducial.measurements.models import Measurement
from fiducial.measurements.queries import visible_measurements
from fiducial.viewer.finders import NAME as PLOTLY
from fiducial.viewer.views import finished_run
from workers.recipes.catalogue import RECIPES, Recipe

from . import advice, comparing, describing, following, queries, recent, services
from .forms import RecipeForm
from .models import Run

ACTIVE_SHOWN = 25
OVER_PER_PAGE = 10


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Choose a recipe's parameters and queue the run; `?from=` starts from an earlier run's,
    `?after=` asks the network of a lesson under way.
    """
    measurement = _measurement(request, pk)
    recipe = _recipe(request, measurement)
    try:
        services.refuse_unready(measurement)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(measurement)
    if request.method == "GET":
        form = RecipeForm(recipe, measurement, initial=_earlier(request, recipe))
        return _form_page(request, measurement, recipe, form)
    form = RecipeForm(recipe, measurement, request.POST)
    if not form.is_valid():
        return _form_page(request, measurement, recipe, form, status=422)
    try:
        run = services.submit(
            measurement=measurement,
            recipe=recipe.name,
            parameters=form.parameters,
            seed=form.seed,
            lane=form.lane,
            by=request.user,
        )
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return _form_page(request, measurement, recipe, form, status=422)
    return redirect(run)


@login_required
@require_POST
def cost(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What the form as it stands would cost; asked for at every change."""
    measurement = _measurement(request, pk)
    recipe = _recipe(request, measurement)
    form = RecipeForm(recipe, measurement, request.POST)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        context["cost"] = advice.cost(
            recipe, form.parameters, measurement, lane=form.lane, by=request.user
        )
        context["equal_time"] = advice.equal_time(form.parameters)
    return render(request, "runs/_cost.html", context)


@login_required
@require_GET
def compare(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Every estimator that answered for one map, question by question."""
    measurement = get_object_or_404(
        visible_measurements(request.user).select_related("project__lab"), pk=pk
    )
    questions = comparing.questions(measurement)
    figures = {each.name: comparing.figure(each) for each in questions}
    context = {
        "measurement": measurement,
        "questions": questions,
        "drawn": [name for name, figure in figures.items() if figure],
        "config": {"figures": figures, "plotly": static(PLOTLY)},
        "may_work": permissions.may(request.user, permissions.WORK, measurement.project.lab),
    }
    return render(request, "runs/compare.html", context)


@login_required
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """Everything my labs wait for, and what is over."""
    return render(request, "runs/queue.html", _lists(request))


@login_required
@require_GET
def lines(request: HttpRequest) -> HttpResponse:
    """The lists of the queue page, asked for every three seconds while something is under way."""
    return render(request, "runs/_lines.html", _lists(request))


@login_required
@require_GET
def run(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One run: its result where there is one, otherwise how far it is or why it ended."""
    found = _run(request, pk)
    if describing.previews(found):
        return redirect("live:scan", found.measurement_id)
    if found.state == Run.State.SUCCEEDED:
        return finished_run(request, found)
    return render(request, "runs/run.html", _about(request, found))


@require_GET
def progress(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The moving part of a run's page, asked for every two seconds until a final state; a browser
    that has it as it is now is told so.
    """
    user = recent.visitor(request.session)
    if user and (seen := recent.followed(user, pk)):
        request._cached_user = user  # whom the database need not be asked for
        return _as_it_moves(request, _moving(*seen))
    return _progress_now(request, pk)


@login_required
def _progress_now(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _run(request, pk)
    if found.is_final:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return _as_it_moves(request, _moving(found, queries.may_change(request.user, found)))


@login_required
@require_POST
def cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _run(request, pk)
    try:
        services.cancel(run=found, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect(_back(request, found))


@login_required
@require_POST
def retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _run(request, pk)
    try:
        return redirect(services.retry(run=found, by=request.user))
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(found)


def _measurement(request: HttpRequest, pk: UUID) -> Measurement:
    visible = visible_measurements(request.user, permissions.WORK)
    return get_object_or_404(visible.select_related("project__lab"), pk=pk)


def _run(request: HttpRequest, pk: UUID) -> Run:
    return get_object_or_404(queries.visible_runs(request.user), pk=pk)


def _recipe(request: HttpRequest, measurement: Measurement) -> Recipe:
    """The recipe asked for, or the first that takes what the measurement holds."""
    offered = _offered(measurement)
    name = request.GET.get("recipe", next(iter(offered), ""))
    if name not in offered:
        raise Http404
    return offered[name]


def _offered(measurement: Measurement) -> dict[str, Recipe]:
    return {name: each for name, each in RECIPES.items() if each.takes(measurement.summary)}


def _earlier(request: HttpRequest, recipe: Recipe) -> dict[str, Any]:
    if "after" in request.GET:
        return following.suggested(_named(request, "after"))
    if "from" not in request.GET:
        return {}
    earlier = _named(request, "from")
    asked = {parameter.name for parameter in recipe.parameters}
    shared = {name: value for name, value in earlier.parameters.items() if name in asked}
    return shared | {"seed": earlier.seed}


def _named(request: HttpRequest, name: str) -> Run:
    """The run that a query names; 404 for what is no run's number, too."""
    try:
        key = UUID(request.GET[name])
    except ValueError:
        raise Http404 from None
    return _run(request, key)


def _form_page(
    request: HttpRequest,
    measurement: Measurement,
    recipe: Recipe,
    form: RecipeForm,
    status: int = 200,
) -> HttpResponse:
    context = {
        "measurement": measurement,
        "recipe": recipe,
        "recipes": _offered(measurement).values(),
        "form": form,
    }
    return render(request, "runs/new.html", context, status=status)


def _moving(found: Run, may_change: bool) -> dict[str, Any]:
    """What changes while a run is under way; hundreds of pages ask for it all the time."""
    queue = recent.queue_of(found)
    return {
        "run": found,
        "line": queries.line(found, queue),
        "hands": queries.hands(found),
        "left_alone": queries.left_alone(found, queue),
        "may_change": may_change,
    }


def _as_it_moves(request: HttpRequest, moving: dict[str, Any]) -> HttpResponse:
    tag = quote_etag(_mark(request, moving))
    answer = get_conditional_response(request, etag=tag)
    answer = answer or render(request, "runs/_progress.html", moving)
    answer["ETag"], answer["Cache-Control"] = tag, "private, no-cache"
    return answer


def _mark(request: HttpRequest, moving: dict[str, Any]) -> str:
    """Differs where the moving part would, or where its form belongs to another visit."""
    run, line = moving["run"], moving["line"]
    said = (line.words, line.detail, line.place, run.state, run.percent, run.cancel_requested)
    held = (
        run.attempt,
        run.worker,
        run.lease_until,
        run.in_tiles,
        moving["hands"],
        moving["left_alone"],
    )
    visit = (request.META.get("CSRF_COOKIE"), moving["may_change"])
    return sha256(repr((run.pk, said, held, visit)).encode()).hexdigest()[:32]


def _about(request: HttpRequest, found: Run) -> dict[str, Any]:
    teaches = describing.teaches(found)
    about = following.page(found) if teaches and not found.is_final else {}
    return (
        about
        | _moving(found, queries.may_change(request.user, found))
        | {
            "recipe": queries.recipe_title(found),
            "parameters": describing.parameters(found),
            "curve": reverse("learning:curve", args=[found.pk]) if teaches else "",
            "retry": found.retries.order_by("-created").first(),
        }
    )


def _lists(request: HttpRequest) -> dict[str, Any]:
    visible = queries.in_lists(queries.visible_runs(request.user))
    waiting = visible.filter(state=Run.State.QUEUED, cancel_requested=False)
    queue = recent.queue(list(waiting.values_list("pk", flat=True)))
    active, more = queries.first_active(visible, queue, ACTIVE_SHOWN)
    over = visible.filter(state__in=Run.FINAL).order_by("-finished")
    page = Paginator(over, OVER_PER_PAGE).get_page(request.GET.get("page"))
    return {
        "active": [queries.line(run, queue) for run in active],
        "more": more,
        "over": [queries.line(run, queue) for run in page],
        "page": page,
        "queue": queue,
        "may_work_in": permissions.lab_keys(request.user, permissions.WORK),
    }


def _back(request: HttpRequest, found: Run) -> str:
    return "runs:queue" if request.POST.get("next") == "queue" else found.get_absolute_url()
