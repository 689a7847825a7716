"""The page of a finished run, the tiles and figures it asks for, and its downloads."""

from collections.abc import Iterator
from functools import partial

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from fiducial.accounts import permissions
from fiducial.learning import pages as learning
from fiducial.measurements.queries import visible_measurements
from fiducial.reports.queries import reports_of
from fiducial.reports.services import default_title
from fiducial.runs import describing
from fiducial.runs.models import Run
from fiducial.runs.queries import visible_runs
from workers.recipes.catalogue import RECIPES
from workers.store import ImageStore, StoreError

from . import (
    assessed,
    boundaries,
    crystals,
    export,
    figures,
    glossary,
    page,
    pathways,
    scan_pictures,
    scans,
    showers,
    stores,
    tiles,
    unit_pictures,
)

DOWNLOADS = {
    "text": ("xmaptools-text.zip", lambda store: export.maps(store, "txt", export.text)),
    "tiff": ("tiff.zip", lambda store: export.maps(store, "tif", export.tiff)),
    "ome-zarr": ("ome.zarr.zip", lambda store: export.folder(store.path, "run.ome.zarr")),
    "provenance": ("provenance.json", lambda store: iter([export.provenance(store)])),
}
# What a tile asks of its run: rows are wide, and a page asks for many tiles at once.
BEHIND_A_TILE = ("recipe", "store_path", "measurement_revision", "measurement_id")


def finished_run(request: HttpRequest, run: Run) -> HttpResponse:
    """The page of a run that succeeded; `runs` calls it on its own address."""
    if not describing.answers(run):
        return learning.lesson_page(request, run)
    try:
        if run.recipe == pathways.RECIPE:
            template, context = "viewer/units.html", pathways.of_run(run)
        elif run.recipe == showers.RECIPE:
            template, context = "viewer/events.html", showers.of_run(run)
        elif run.recipe == scans.RECIPE:
            template, context = "viewer/scan.html", scans.of_run(run)
        elif run.recipe == crystals.RECIPE:
            template, context = "viewer/crystal.html", crystals.of_run(run)
        else:
            template, context = "viewer/run.html", page.of_run(run)
    except StoreError as missing:
        return render(request, "viewer/missing.html", {"run": run, "sentence": missing}, status=410)
    around = {
        "reports": reports_of(run),
        "report_title": default_title(run),
        "may_work": permissions.may(request.user, permissions.WORK, run.lab),
    }
    return render(request, template, context | around)


@require_GET
def words(request: HttpRequest) -> HttpResponse:
    """Every definition on one page; open to all, as the planning page is."""
    return render(request, "viewer/words.html", {"groups": glossary.GROUPS})


@login_required
@require_GET
def run_tile(
    request: HttpRequest, pk: str, image: str, channel: int, level: int, row: int, column: int
) -> HttpResponse:
    """A tile of a run's picture, or of the electron image (`guide`) of its measurement."""
    run = finished(request, pk, only=BEHIND_A_TILE)
    try:
        store = stores.behind(run, image)
    except StoreError as missing:
        raise Http404 from missing
    return tile_response(request, store, image, channel, level, row, column)


@login_required
@require_GET
def measurement_tile(
    request: HttpRequest, pk: str, image: str, channel: int, level: int, row: int, column: int
) -> HttpResponse:
    """A tile of a measurement: `measured`, `mask` or `guide`."""
    visible = visible_measurements(request.user).only("revision")
    try:
        store = stores.of_measurement(get_object_or_404(visible, pk=pk))
    except StoreError as missing:
        raise Http404 from missing
    return tile_response(request, store, image, channel, level, row, column)


def tile_response(
    request: HttpRequest,
    store: ImageStore,
    image: str,
    channel: int,
    level: int,
    row: int,
    column: int,
) -> HttpResponse:
    """One tile of `store` as a browser fetches it; 404 where there is none."""
    try:
        tile = tiles.cut(store, image, channel, level, row, column)
    except (StoreError, FileNotFoundError) as missing:
        raise Http404 from missing
    packed = tile.packed if "gzip" in request.headers.get("Accept-Encoding", "") else None
    response = HttpResponse(packed or tile.data, content_type="application/octet-stream")
    if packed:
        response["Content-Encoding"] = "gzip"
    response["Vary"] = "Accept-Encoding"
    response["X-Tile-Shape"] = "{},{}".format(*tile.shape)
    # What a store holds never changes, and the address carries its version.
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


@login_required
@require_GET
def run_features(request: HttpRequest, pk: str) -> JsonResponse:
    """The features the answers table lists, riskiest first, and those perhaps missed."""
    store = stores.of_run(finished(request, pk))
    return JsonResponse({"features": page.features(store), "missed": page.missed(store)})


@login_required
@require_GET
def run_figure(request: HttpRequest, pk: str, name: str) -> JsonResponse:
    """One of the figures drawn from the summary of a run, of `?element=` where it is of one."""
    drawn = figures.OF_SUMMARY.get(name, lambda summary: None)
    if name in figures.OF_ELEMENT:
        drawn = partial(drawn, element=request.GET.get("element"))
    figure = drawn(stores.of_run(of_maps(request, pk)).summary)
    if figure is None:
        raise Http404("This run has no such figure.")
    return JsonResponse(figure)


@login_required
@require_GET
def run_unit(request: HttpRequest, pk: str, number: int) -> JsonResponse:
    """The card of one unit of a movie."""
    try:
        return JsonResponse(
            unit_pictures.unit(stores.of_run(_of_recipe(request, pk, pathways.RECIPE)), number)
        )
    except IndexError as missing:
        raise Http404 from missing


@login_required
@require_GET
def run_frame(request: HttpRequest, pk: str, number: int) -> JsonResponse:
    """One frame of a movie with its units."""
    run = _of_recipe(request, pk, pathways.RECIPE)
    try:
        movie = stores.of_measurement(run.measurement, run.measurement_revision)
        return JsonResponse(unit_pictures.frame(stores.of_run(run), movie, number))
    except (IndexError, StoreError) as missing:
        raise Http404 from missing


@login_required
@require_GET
def run_units(request: HttpRequest, pk: str) -> StreamingHttpResponse:
    """All units of a movie as one table."""
    run = _of_recipe(request, pk, pathways.RECIPE)
    name = f"{slugify(run.measurement.name) or 'units'}-{str(run.pk)[:8]}-units.csv"
    return attachment(pathways.as_csv(stores.of_run(run)), name)


@login_required
@require_GET
def run_object(request: HttpRequest, pk: str, image: str, channel: int) -> JsonResponse:
    """One picture of the object of a diffraction scan: amplitude (0) or phase (1)."""
    store = stores.of_run(_of_recipe(request, pk, scans.RECIPE))
    if image not in scan_pictures.names(store) or channel > 1:
        raise Http404("This run has no such picture.")
    return JsonResponse(scan_pictures.of_object(store, image, channel))


@login_required
@require_GET
def run_frames(request: HttpRequest, pk: str) -> StreamingHttpResponse:
    """All frames of a diffraction scan as one table."""
    run = _of_recipe(request, pk, scans.RECIPE)
    name = f"{slugify(run.measurement.name) or 'scan'}-{str(run.pk)[:8]}-frames.csv"
    return attachment(scans.as_csv(stores.of_run(run)), name)


def _of_recipe(request: HttpRequest, pk: str, recipe: str) -> Run:
    run = finished(request, pk)
    if run.recipe != recipe:
        raise Http404(f"This run is not one of the recipe {recipe}.")
    return run


def of_maps(request: HttpRequest, pk: str) -> Run:
    """A finished run on maps, which has counts, phases and their compositions; otherwise 404."""
    run = finished(request, pk)
    recipe = RECIPES.get(run.recipe)
    if recipe and recipe.accepts != "maps":
        raise Http404("This run is not one of maps.")
    return run


@login_required
@require_GET
def run_event(request: HttpRequest, pk: str) -> JsonResponse:
    """The calorimeter event `?number=`, or the first; of `?shown=` one sample or step alone."""
    run = _of_recipe(request, pk, showers.RECIPE)
    try:
        number = int(request.GET["number"]) if "number" in request.GET else None
        return JsonResponse(showers.event(run, number, request.GET.get("shown", "")))
    except (StoreError, ValueError):
        raise Http404("There is no such event.") from None


@login_required
@require_GET
def run_events(request: HttpRequest, pk: str, kind: str) -> StreamingHttpResponse:
    """Every event as a table, or all samples as one of the files of the run."""
    run = _of_recipe(request, pk, showers.RECIPE)
    name = f"{slugify(run.measurement.name) or 'events'}-{str(run.pk)[:8]}"
    store = stores.of_run(run)
    if kind in showers.FILES:
        if not showers.has_file(store, kind):
            raise Http404("This run has no such file.")
        return attachment(showers.as_file(store, kind), f"{name}-{showers.FILES[kind]}")
    if kind not in showers.TABLES:
        raise Http404
    return attachment(showers.as_csv(store, showers.measurement(run), kind), f"{name}-{kind}.csv")


@login_required
@require_GET
def run_profile(request: HttpRequest, pk: str) -> JsonResponse:
    """One profile and the width of its step: `channel` (index), `from`, `to` as "row,column",
    `level` of its interval."""
    store = stores.of_run(of_maps(request, pk))
    try:
        channel = range(len(store.channels))[int(request.GET["channel"])]
        start, end = (_point(request.GET[name]) for name in ("from", "to"))
        level = request.GET.get("level", assessed.SHOWN_LEVEL)
        figure = figures.profile(store, channel, start, end, level)
        return JsonResponse(figure | {"words": boundaries.width_words(store, channel, start, end)})
    except (KeyError, IndexError):
        sentence = "Name a channel of this run and two points: ?channel=0&from=1,2&to=30,40."
    except ValueError as wrong:
        sentence = str(wrong)
    return JsonResponse({"sentence": sentence}, status=400)


@login_required
@require_GET
def run_download(request: HttpRequest, pk: str, kind: str) -> StreamingHttpResponse:
    """One of the downloads a run offers, streamed."""
    if kind not in DOWNLOADS:
        raise Http404
    run = finished(request, pk)
    suffix, pieces = DOWNLOADS[kind]
    name = slugify(run.measurement.name) or "run"
    return attachment(pieces(stores.of_run(run)), f"{name}-{str(run.pk)[:8]}-{suffix}")


def attachment(pieces: Iterator[bytes], name: str) -> StreamingHttpResponse:
    """A file that is saved, not shown."""
    kind = "application/json" if name.endswith(".json") else "application/zip"
    response = StreamingHttpResponse(pieces, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def finished(request: HttpRequest, pk: str, only: tuple[str, ...] = ()) -> Run:
    """The run, with what belongs to it or with no more than the fields of `only`, if it has a
    result and the visitor may see it; otherwise 404.
    """
    succeeded = visible_runs(request.user).filter(state=Run.State.SUCCEEDED).exclude(store_path="")
    if only:
        succeeded = succeeded.select_related(None).only(*only)
    run = get_object_or_404(succeeded, pk=pk)
    if not describing.answers(run):
        raise Http404("This run made no map to look at.")
    return run


def _point(text: str) -> figures.Point:
    try:
        row, column = (float(part) for part in text.split(","))
    except ValueError as wrong:
        raise ValueError(f"“{text}” is no point; write row,column.") from wrong
    return row, column
