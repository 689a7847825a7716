"""Drawing the windows of a map, at random and once."""

import secrets

import numpy as np
from django.db import IntegrityError, transaction

from fiducial.measurements.models import Measurement
from fiducial.runs.models import Run
from fiducial.trail.services import record
from fiducial.viewer import stores
from workers.assessment.audit import windows

from ..models import Placement

Kind = Placement.Kind


def draw(*, measurement: Measurement) -> Placement:
    """Draw the audit windows of a measurement that was read, unless they are drawn already.

    A revision with the same measured pixels keeps the windows it has: reading files again must not
    be a way of drawing again. The seed is the portal's own; nobody chooses it.
    """
    before = measurement.placements.filter(kind=Kind.DRAWN).order_by("-revision")
    mask = mask_of(measurement)
    for placement in before:
        if placement.revision == measurement.revision:
            return placement
        if _fits(placement, mask):
            placement.revision = measurement.revision
            placement.save(update_fields=["revision"])
            return placement
    made = Placement(
        measurement=measurement,
        revision=measurement.revision,
        kind=Kind.DRAWN,
        seed=secrets.randbits(63),
        blind=not measurement.runs.filter(state=Run.State.SUCCEEDED).exists(),
    )
    fine = measurement.summary.get("sampling") == "fine"
    try:
        drawn = windows.draw(mask, made.seed, fine=fine)
        made.windows = [[w.row, w.column, w.size] for w in drawn]
    except windows.TooSmall as small:
        made.refusal = str(small)
    try:
        with transaction.atomic():
            made.save()
            if made.windows:
                lab = measurement.project.lab
                record("windows.drawn", by=None, lab=lab, subject=measurement)
    except IntegrityError:  # another worker was faster; its drawing stands
        return before.get(revision=measurement.revision)
    return made


def mask_of(measurement: Measurement) -> windows.Mask:
    """What was measured, bool (h, w); StoreError when the map's folder is gone."""
    store = stores.of_measurement(measurement)
    return np.asarray(store.image("mask")[:]).astype(bool)


def _fits(placement: Placement, mask: windows.Mask) -> bool:
    """Whether there are windows, and all of them lie within what was measured."""
    ends = [(w.row + w.size, w.column + w.size) for w in placement.places]
    inside = all(row <= mask.shape[0] and column <= mask.shape[1] for row, column in ends)
    return bool(ends) and inside and all(mask[w.part()].all() for w in placement.places)
