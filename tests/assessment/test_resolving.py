"""Where detail is measured, and what more dwell or finer steps would do for one feature."""

import numpy as np
import torch

from workers.assessment.evidence import measurement_share
from workers.assessment.features import Features
from workers.assessment.judgement import Scene
from workers.assessment.resolving import (
    BEYOND,
    RESOLVED_SHARE,
    RESOLVED_VISIBILITY,
    needed,
    resolution_map,
)
from workers.assessment.visibility import visibility
from workers.physics import PoissonNoise, forward_model
from workers.physics.spectrum import Fit
from workers.stationary import FWHM, Specimen

SPECIMEN = Specimen(4.0, 3.0, 0.4)
FIT = Fit(SPECIMEN, 40.0, 1.0)


def scene(name: str = "binned", factor: int = 4, counts: float = 40.0) -> Scene:
    model = forward_model(name, factor)
    side = 64 // factor
    mask = torch.ones(side, side, dtype=torch.bool)
    mean = torch.full((2, side, side), counts, dtype=torch.float64)
    std = torch.full((2, 64, 64), 3.0)
    return Scene(model, PoissonNoise(torch.ones(2).double()), [FIT, None], mask, std, mean)


def features(amplitude: float, scale: float = 2.0) -> Features:
    place = (np.array([0, 1]), np.array([32, 32]), np.array([32, 32]))
    return Features(*place, np.full(2, scale), np.full(2, amplitude))


def asked(found: Features, here: Scene) -> tuple[np.ndarray, np.ndarray]:
    """Share and visibility of features in a scene."""
    size = float(FWHM * found.scale[0])
    (share,) = measurement_share(here.model, SPECIMEN, [float(here.smooth_mean[0, 0, 0])], size)
    seen = visibility(found, here.model, here.noise.sigma(here.smooth_mean))
    return np.array([share, 0.0]), seen


def test_detail_is_trusted_further_where_there_are_more_counts():
    here = scene()
    mean = here.smooth_mean.clone()
    mean[:, 8:] = 4.0  # the same specimen of the same contrast, less noise in counts
    factors = here.noise.variance_factor
    mask = here.mask.clone()
    mask[0] = False
    found = resolution_map(mean, here.model, factors, here.fits, mask)
    assert float(found[0, 9, 0]) < float(found[0, 4, 0]) < BEYOND
    assert bool((found[0, 0] == BEYOND).all())
    assert bool((found[1] == BEYOND).all())


def test_so_much_more_dwell_does_resolve_the_feature():
    here = scene()
    found = features(6.0)
    share, seen = asked(found, here)
    dwell = needed(found, share, seen, here).dwell
    assert dwell[0] > 1
    longer = scene(counts=40.0 / dwell[0])  # in counts per old dwell the noise falls so
    after, sees = asked(found, longer)
    assert after[0] >= RESOLVED_SHARE - 0.01
    assert sees[0] >= RESOLVED_VISIBILITY * 0.999
    assert min(after[0] - RESOLVED_SHARE, sees[0] - RESOLVED_VISIBILITY) < 0.01


def test_no_dwell_resolves_what_is_finer_than_the_steps_but_finer_steps_do():
    here = scene(factor=8)
    found = features(60.0, scale=1.0)
    share, seen = asked(found, here)
    needs = needed(found, share, seen, here)
    assert needs.dwell[0] == 0
    assert needs.step[0] in (4, 8)
    closer = scene(factor=8 // int(needs.step[0])) if needs.step[0] < 8 else scene("fine", 1)
    after, sees = asked(found, closer)
    assert after[0] >= RESOLVED_SHARE
    assert sees[0] >= RESOLVED_VISIBILITY


def test_what_is_resolved_needs_nothing_and_noise_can_not_be_helped():
    here = scene(factor=2)
    found = features(400.0, scale=4.0)
    needs = needed(found, *asked(found, here), here)
    assert (needs.dwell[0], needs.step[0]) == (1, 1)
    # Channel 1 has no structure that stands out of its noise: nothing can be promised.
    assert (needs.dwell[1], needs.step[1]) == (0, 0)


def test_a_fine_map_has_no_finer_steps_and_a_beam_none_smaller_than_itself():
    found = features(1.0)
    for case in (("fine", 1), ("psf", 4)):
        here = scene(*case)
        step = needed(found, *asked(found, here), here).step
        assert set(step) <= {0.0, 1.0, 2.0}
