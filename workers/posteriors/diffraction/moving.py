"""Places corrected by what the frames say: where was the probe really?"""

from dataclasses import replace

import torch
from torch import Tensor

from workers.physics.ptychography import Ptychography, misfit
from workers.posteriors.diffraction.scan import Scan

PART = 32  # frames at a time
LONGEST = 0.5  # pixels a place may move in one pass
DAMPING = 0.5


def moved_places(x: Tensor, probe: Tensor, scan: Scan) -> Scan:
    """`scan` with every place moved along the gradient of its own misfit, least squares.

    A frame whose place is off by d sees P ∂O · d too little (Odstrčil et al. 2018, section 3.4);
    the two numbers d are fitted to the wanted change of exit waves. No place leaves the border of
    the object, and the mean stays where it was: it could not be told from a moved object.
    """
    model = scan.seen_by(probe)
    steps = torch.cat(
        [_steps(x, model.frames(which), scan.of(which)) for which in scan.batches(PART)]
    ).clamp(-LONGEST, LONGEST)
    places = scan.places + DAMPING * (steps - steps.mean(dim=0))
    room = torch.tensor(scan.shape, dtype=torch.float64) - scan.side
    return replace(scan, places=places.clamp_min(0).minimum(room))


def _steps(x: Tensor, model: Ptychography, scan: Scan) -> Tensor:
    """How far each place of these frames should move, float64 `(b, 2)`."""
    phases = model.phases()
    probes, fields = model.probes(phases), model.fields(x)
    waves = model.to_detector(probes * fields[:, None], phases)
    change = model.from_detector(misfit(waves, scan.frames, scan.mask), phases)
    slopes = torch.stack(torch.gradient(fields, dim=(1, 2)), dim=1)
    ways = torch.view_as_real(probes[:, None] * slopes[:, :, None]).flatten(2)
    aim = torch.view_as_real(change).flatten(1)
    normal = torch.einsum("bip,bjp->bij", ways, ways)
    ridge = 1e-3 * normal.diagonal(dim1=1, dim2=2).mean(dim=1)
    normal = normal + ridge[:, None, None] * torch.eye(2)
    steps: Tensor = torch.linalg.solve(normal, torch.einsum("bip,bp->bi", ways, aim))
    return steps.double()
