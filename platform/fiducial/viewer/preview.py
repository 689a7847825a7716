"""What a run has found before it is over: the estimate at once, samples as they arrive."""

import imagecodecs
import numpy as np
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET

from fiducial.runs.models import Run
from fiducial.runs.queries import visible_runs
from workers.store import RunPreview, StoreError

from . import crystals, scales, scans, stores, tiles
from .scan_pictures import Paint

SIDE = 512  # pixels; a larger picture is shown at a coarser level
SHOWN = ("estimate", "first")  # of these the best that is there
NOTHING = {"estimate": False, "samples": 0, "elements": []}


@login_required
@require_GET
def run_preview(request: HttpRequest, pk: str) -> JsonResponse:
    """What can be shown of a run by now: elements with their scales, and how many samples."""
    run = get_object_or_404(visible_runs(request.user), pk=pk)
    if run.state != Run.State.RUNNING:  # it waits, or the page is about to show the whole
        return JsonResponse(NOTHING)
    try:
        store = stores.under_way(run)
        shown = _shown(store)
        if not shown:
            return JsonResponse(NOTHING)
        paints = [
            _paint(store, channel, plane)
            for channel, plane in enumerate(scales.overview(store, shown))
        ]
    except (StoreError, FileNotFoundError):  # nothing yet, or it has just been published
        return JsonResponse(NOTHING)
    address = reverse("viewer:run-preview-picture", args=[pk, run.token, "IMAGE", 0])
    return JsonResponse(
        {
            "estimate": True,
            "samples": store.samples,
            "wanted": store.attributes["samples"],
            "image": shown,
            "elements": [
                {
                    "name": name,
                    "low": paint.low,
                    "high": paint.high,
                    "palette": paint.palette,
                    "title": paint.title,
                }
                for name, paint in zip(store.channels, paints, strict=True)
            ],
            "picture": address.replace("IMAGE/0.png", "{image}/{channel}.png"),
            "shape": store.attributes["shape"],
        }
    )


@login_required
@require_GET
def run_preview_picture(
    request: HttpRequest, pk: str, token: int, image: str, channel: int
) -> HttpResponse:
    """One channel of the estimate (of a scan, before it, of what the `first` passes found) or of a
    sample (`samples/3`) as a PNG, both in one scale."""
    running = visible_runs(request.user).filter(state=Run.State.RUNNING)
    run = get_object_or_404(running, pk=pk)
    try:
        store = stores.under_way(run)
        if run.token != token or not (image in SHOWN or image.startswith("samples/")):
            raise Http404("There is no such picture.")
        png = imagecodecs.png_encode(_picture(store, image, channel))
    except (StoreError, FileNotFoundError) as missing:
        raise Http404("There is no such picture.") from missing
    response = HttpResponse(png, content_type="image/png")
    response["Cache-Control"] = "private, max-age=3600"  # the address names the claim
    return response


def _picture(store: RunPreview, image: str, channel: int) -> np.ndarray:
    level = 0
    while max(store.image(image, level).shape[-2:]) > SIDE:
        level += 1
    values = store.window(image, channel, 0, 0, SIDE, SIDE, level)
    of = store.window(_shown(store), channel, 0, 0, SIDE, SIDE, level)
    paint = _paint(store, channel, of)
    if paint.palette == "cyclic":  # samples go on beyond half a turn
        values = np.angle(np.exp(1j * values))
    if not store.has("mask"):  # nobody knows yet where the light is enough
        return paint.rgba(values, np.ones(values.shape, bool))
    return paint.rgba(values, tiles.measured(store, image, level, 0, 0, values.shape))


def _shown(store: RunPreview) -> str:
    return next((name for name in SHOWN if store.has(name)), "")


def _paint(store: RunPreview, channel: int, values: np.ndarray) -> Paint:
    """The colours of one channel; `values` are those of what is shown, `(h, w)`."""
    name = store.channels[channel]
    if store.attributes["provenance"].get("recipe") not in (scans.RECIPE, crystals.RECIPE):
        return Paint("cividis", *scales.counts_range(values), f"{name}, counts")
    if name == "phase":
        return Paint("cyclic", -np.pi, np.pi, "phase (rad)")
    low, high = np.percentile(values, (0.5, 99.5))
    return Paint("cividis", float(low), max(float(high), float(low) + 1e-6), name)
