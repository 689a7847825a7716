"""The networks of scanning diffraction on the Siemens star: previews, their cost, and rivals.

CPU seconds of one thread; the probe is the one that adapting finds, from the file's as a start.
Beside the network stands what the solver makes of the same probe in the same seconds, the same
network untrained, and frames that adapting has not seen.
"""

from collections.abc import Callable
from time import process_time
from typing import TYPE_CHECKING, TypeVar

import torch
from torch import nn

from workers.networks.patchnet import PatchNet
from workers.posteriors.diffraction.preview import Adapted, adapted, previewed
from workers.posteriors.diffraction.scan import Scan
from workers.posteriors.diffraction.solver import refine, started
from workers.posteriors.diffraction.starting import starting_modes
from workers.training.registry import load_patchnet

if TYPE_CHECKING:
    from tests.benchmarks.diffraction import Star

CROP, STEPS = 80, 100
Figures = dict[str, float]
Found = TypeVar("Found")


def preview(star: "Star", seed: int) -> Figures:
    """R of the stitched object over all frames, alone and after one pass of the solver."""
    small = star.cropped(CROP)
    probe = starting_modes(small.probe, 1, small.scan.power)
    adapt_s, by = timed(lambda: _adapted(load_patchnet(), small.scan, probe, seed))
    figures = {"siemens.preview.adapt_cpu_s": adapt_s}
    for name, epochs in (("", 0), ("solved1.", 1)):
        seconds, found = timed(lambda n=epochs: previewed(by, small.scan, n, drawn(seed)))
        figures[f"siemens.preview.{name}r"] = found.amplitude_error()
        figures[f"siemens.preview.{name}seconds"] = seconds
    torch.manual_seed(seed)
    untaught = _adapted(PatchNet().eval(), small.scan, probe, seed)
    alone = previewed(untaught, small.scan, 0, drawn(seed))
    figures["siemens.preview.untrained.r"] = alone.amplitude_error()
    return figures | _solver_alone(small.scan, by, seed) | _other_half(small.scan, by, probe, seed)


def _solver_alone(scan: Scan, by: Adapted, seed: int) -> Figures:
    """The solver from an empty object with the adapted probe: as it goes, and its seconds."""
    figures = {}
    for passes in (2, 4, 8):
        start = started(scan, by.probe)
        seconds, found = timed(lambda s=start, n=passes: refine(s, n, drawn(seed), probe_from=0))
        figures[f"siemens.preview.solver{passes}.r"] = found.amplitude_error()
        figures[f"siemens.preview.solver{passes}.seconds"] = seconds
    return figures


def _other_half(scan: Scan, by: Adapted, probe: torch.Tensor, seed: int) -> Figures:
    """Adapted to the upper half of the object, shown the frames of the lower one."""
    lower = scan.places[:, 0] > scan.places[:, 0].median()
    half = _adapted(load_patchnet(), scan.of((~lower).nonzero()[:, 0]), probe, seed)
    unseen = scan.of(lower.nonzero()[:, 0])
    return {
        "siemens.preview.other_half.r": previewed(half, unseen, 0, drawn(seed)).amplitude_error(),
        "siemens.preview.same_half.r": previewed(by, unseen, 0, drawn(seed)).amplitude_error(),
    }


def timed(work: Callable[[], Found]) -> tuple[float, Found]:
    """CPU seconds of some work, and what came of it."""
    began = process_time()
    found = work()
    return process_time() - began, found


def drawn(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _adapted(net: nn.Module, scan: Scan, probe: torch.Tensor, seed: int) -> Adapted:
    return adapted(net, scan, probe, STEPS, drawn(seed))
