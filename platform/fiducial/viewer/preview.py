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

from . import scales, stores, tiles
from .colours import painted

SIDE = 512  # pixels; a larger picture is shown at a coarser level
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
        if not store.has("estimate"):
            return JsonResponse(NOTHING)
        ranges = [scales.counts_range(plane) for plane in scales.overview(store, "estimate")]
    except (StoreError, FileNotFoundError):  # nothing yet, or it has just been published
        return JsonResponse(NOTHING)
    address = reverse("viewer:run-preview-picture", args=[pk, run.token, "IMAGE", 0])
    return JsonResponse(
        {
            "estimate": True,
            "samples": store.samples,
            "wanted": store.attributes["samples"],
            "elements": [
                {"name": name, "low": low, "high": high}
                for name, (low, high) in zip(store.channels, ranges, strict=True)
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
    """One channel of the estimate or of a sample (`samples/3`) as a PNG, both in one scale."""
    running = visible_runs(request.user).filter(state=Run.State.RUNNING)
    run = get_object_or_404(running, pk=pk)
    try:
        store = stores.under_way(run)
        if run.token != token or not (image == "estimate" or image.startswith("samples/")):
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
    scale = scales.counts_range(store.window("estimate", channel, 0, 0, SIDE, SIDE, level))
    mask = tiles.measured(store, image, level, 0, 0, values.shape)
    return painted(values, mask, "cividis", scale)
