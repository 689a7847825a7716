"""Thumbnails of a measurement, painted here so that lists need no script, and histograms."""

from uuid import UUID

import imagecodecs
import numpy as np
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET
from numpy.typing import NDArray

from fiducial.viewer import stores, tiles
from fiducial.viewer.colours import painted
from workers.store import MeasurementStore, StoreError

from .. import event_figures, frame_figures, frames, histograms, queries

PALETTES = {"measured": "cividis", "guide": "grey"}


@login_required
@require_GET
def thumbnail(
    request: HttpRequest, pk: UUID, revision: int, image: str, channel: int
) -> HttpResponse:
    """One channel of a picture of a closed revision as a PNG of at most 256 pixels a side."""
    store = _store(request, pk, revision)
    if image not in PALETTES:
        raise Http404("There is no such picture.")
    if frame_figures.holds_frames(store):
        return _png(frame_figures.logarithm(frame_figures.mean(store)))
    if event_figures.holds_events(store):
        return _png(frame_figures.logarithm(event_figures.picture(store)))
    try:
        values = frames.coarsest(store, image, channel)
        mask = tiles.measured(store, image, store.levels(image) - 1, 0, 0, values.shape)
    except StoreError as missing:
        raise Http404("There is no such picture.") from missing
    low, top = frames.span(values[mask]) if mask.any() else (0.0, 0.0)
    start = low if frames.is_movie(store) else 0.0
    png = imagecodecs.png_encode(painted(values, mask, PALETTES[image], (start, top)))
    return _for_ever(HttpResponse(png, content_type="image/png"))


@login_required
@require_GET
def frame(request: HttpRequest, pk: UUID, revision: int, number: int) -> HttpResponse:
    """The figure of one diffraction frame of a closed revision."""
    store = _store(request, pk, revision)
    try:
        return _for_ever(JsonResponse(frame_figures.frame_figure(store, number)))
    except StoreError as missing:
        raise Http404("There is no such frame.") from missing


@login_required
@require_GET
def event(request: HttpRequest, pk: UUID, revision: int) -> HttpResponse:
    """The figure of the event `?number=` of a closed revision, or of its first."""
    store = _store(request, pk, revision)
    number = request.GET.get("number")
    try:
        return _for_ever(JsonResponse(event_figures.event(store, number and int(number))))
    except (StoreError, ValueError):
        raise Http404("There is no such event.") from None


@login_required
@require_GET
def histogram(request: HttpRequest, pk: UUID, revision: int, channel: int) -> HttpResponse:
    """The figure of how often each value occurs in one channel of a closed revision."""
    store = _store(request, pk, revision)
    if channel >= len(store.channels):
        raise Http404("There is no such channel.")
    return _for_ever(JsonResponse(histograms.figure(store, channel)))


def _store(request: HttpRequest, pk: UUID, revision: int) -> MeasurementStore:
    """The revision's store, if the visitor may see it; otherwise 404."""
    found = get_object_or_404(queries.visible_measurements(request.user), pk=pk)
    try:
        return stores.of_measurement(found, revision)
    except StoreError as missing:
        raise Http404("There is no such revision.") from missing


def _png(values: NDArray[np.float64]) -> HttpResponse:
    """A frame painted from its smallest to its largest value."""
    ends = (float(values.min()), float(values.max()) or 1.0)
    everywhere = np.ones(values.shape, bool)
    png = imagecodecs.png_encode(
        painted(values.astype(np.float32), everywhere, PALETTES["measured"], ends)
    )
    return _for_ever(HttpResponse(png, content_type="image/png"))


def _for_ever(response: HttpResponse) -> HttpResponse:
    """A closed revision never changes, and the address names it: the browser may keep this."""
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response
