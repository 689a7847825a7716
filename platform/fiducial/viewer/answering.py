"""The answers of a finished run beside its page: map of phases, table, and standards for wt%."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_POST

from fiducial.errors import Refused
from fiducial.measurements import services
from workers.assessment.answers.standards_table import LARGEST

from . import answers, stores
from .views import of_maps


@login_required
@require_GET
def run_phases(request: HttpRequest, pk: str) -> HttpResponse:
    """The map of phases, as a PNG of at most 512 pixels."""
    store = stores.of_run(of_maps(request, pk))
    if not store.has("phases"):
        raise Http404("This run is older than the map of phases.")
    response = HttpResponse(answers.picture(store), content_type="image/png")
    response["Cache-Control"] = "private, max-age=3600"
    return response


@login_required
@require_GET
def run_answers(request: HttpRequest, pk: str) -> HttpResponse:
    """Modes and compositions with their intervals as CSV, in the units of the page."""
    run = of_maps(request, pk)
    table = answers.as_csv(stores.of_run(run), answers.quantification(run.measurement))
    response = HttpResponse(table, content_type="text/csv; charset=utf-8")
    name = f"{slugify(run.measurement.name) or 'run'}-{str(run.pk)[:8]}-answers.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@login_required
@require_POST
def run_standards(request: HttpRequest, pk: str) -> HttpResponse:
    """Take standards for the map behind the run, or with `counts` go back to counts."""
    run = of_maps(request, pk)
    try:
        if "counts" in request.POST:
            services.detach_standards(measurement=run.measurement, by=request.user)
            messages.success(request, "Compositions are shown in counts again.")
        elif (file := request.FILES.get("table")) is None:
            messages.error(request, "Choose a file first: a table of standards as CSV.")
        else:
            services.attach_standards(
                measurement=run.measurement,
                name=file.name or "standards.csv",
                data=file.read(LARGEST + 1),
                by=request.user,
            )
            messages.success(request, f"Compositions are now in wt%, by {file.name}.")
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect(f"{run.get_absolute_url()}#phases")
