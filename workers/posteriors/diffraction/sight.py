"""The first object of a scan, within seconds: the solver's and the network's, the better one shown.

A few passes of the solver find a probe; under it the pretrained network, which has not adapted,
draws what it sees in all frames. Both are asked how far they are from the counts. The network has
learned to undo one probe in the far field; where that helps little, the solver's object is kept.
"""

from dataclasses import dataclass, replace

import torch

from workers.networks.patchnet import MULTIPLE, PatchNet
from workers.physics.propagation import FarField
from workers.posteriors.diffraction.scan import Scan
from workers.posteriors.diffraction.solver import Reconstruction, refine
from workers.posteriors.diffraction.stitching import found_object

PASSES = 3  # of the solver, for the probe


@dataclass(frozen=True, eq=False)
class FirstSight:
    """What is shown first, and R of either way (`network` is None where it cannot be asked)."""

    shown: Reconstruction
    solver: float
    network: float | None

    @property
    def by_network(self) -> bool:
        return self.network is not None and self.network < self.solver


def can_be_seen(scan: Scan) -> bool:
    """Whether the network can read frames of this side and propagation."""
    return isinstance(scan.propagator, FarField) and scan.side % MULTIPLE == 0


def first_sight(net: PatchNet, start: Reconstruction, generator: torch.Generator) -> FirstSight:
    """The object within seconds of `start`; the solver can go on from what is shown."""
    solver = refine(start, PASSES, generator)
    error = solver.amplitude_error()
    if not can_be_seen(start.scan):
        return FirstSight(solver, error, None)
    drawn = replace(solver, object=found_object(net, solver.scan, solver.probe))
    found = drawn.amplitude_error()
    return FirstSight(drawn if found < error else solver, error, found)
