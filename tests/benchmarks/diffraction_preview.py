"""The networks of scanning diffraction on the Siemens star: previews, their cost, and rivals.

CPU seconds of one thread; the probe is the one that adapting finds, from the file's as a start.
Beside the network stands what the solver makes of the same probe in the same seconds, the same
network untrained, and frames that adapting has not seen. The hyperparameters of adapting (passes,
steps, rate) were chosen on this star: its figures are those of a set that was tuned on.
"""

from collections.abc import Callable
from time import process_time
from typing import TYPE_CHECKING, TypeVar

import torch
from torch import nn

from workers.networks.framevit import FrameViT
from workers.networks.patchnet import PatchNet
from workers.posteriors.diffraction.glance import first_guess, glance
from workers.posteriors.diffraction.preview import Adapted, adapted, previewed
from workers.posteriors.diffraction.scan import Scan
from workers.posteriors.diffraction.solver import refine, started
from workers.posteriors.diffraction.starting import starting_modes
from workers.posteriors.diffraction.stitching import found_object
from workers.training.registry import load_patchnet

if TYPE_CHECKING:
    from tests.benchmarks.diffraction import Star

CROP, STEPS = 80, 100
VIT_BATCH = 32
Figures = dict[str, float]
Found = TypeVar("Found")


def preview(star: "Star", seed: int) -> Figures:
    """R of what is shown, the network's object after one pass of the solver, and of each alone."""
    small = star.cropped(CROP)
    probe = _started(small)
    adapt_s, by = timed(lambda: _adapted(load_patchnet(), small.scan, probe, seed))
    figures = {"siemens.preview.adapt_cpu_s": adapt_s}
    for name, epochs in (("", 1), ("network.", 0)):
        seconds, found = timed(lambda n=epochs: previewed(by, small.scan, n, drawn(seed)))
        figures[f"siemens.preview.{name}r"] = found.amplitude_error()
        figures[f"siemens.preview.{name}seconds"] = seconds
    return figures | _solver_alone(small.scan, by, seed)


def controls(star: "Star", seed: int) -> Figures:
    """The network untrained, and adapted to the upper half alone but shown the lower one."""
    small = star.cropped(CROP)
    probe = _started(small)
    torch.manual_seed(seed)
    untaught = _adapted(PatchNet().eval(), small.scan, probe, seed)
    upper, lower = halves_of(small.scan)
    half = _adapted(load_patchnet(), upper, probe, seed)
    return {
        "siemens.preview.untrained.network.r": alone(untaught, small.scan, seed),
        "siemens.preview.seen_half.network.r": alone(half, upper, seed),
        "siemens.preview.unseen_half.network.r": alone(half, lower, seed),
    }


def alone(by: Adapted, scan: Scan, seed: int) -> float:
    """R of the network's object, no pass of the solver behind it."""
    return previewed(by, scan, 0, drawn(seed)).amplitude_error()


def halves_of(scan: Scan) -> tuple[Scan, Scan]:
    """Frames of the upper and of the lower half of the object."""
    lower = scan.places[:, 0] > scan.places[:, 0].median()
    upper, below = (scan.of(which.nonzero()[:, 0]) for which in (~lower, lower))
    return upper, below


def vit(star: "Star", theirs_s: float) -> Figures:
    """Milliseconds a frame of the transformer at 128 × 128, and pty-chi's thirty epochs over them.

    `vit.ms_per_frame` is the network alone, from its inputs to patches, as speeds of networks are
    usually stated; `vit.from_counts` includes the physics that turns counts into inputs.
    """
    scan = star.scan
    probe, net = _started(star), FrameViT().eval()
    guess = first_guess(scan, probe)
    seen = glance(scan.of(torch.arange(VIT_BATCH)), probe, guess)
    batches = list(scan.batches(VIT_BATCH))
    with torch.inference_mode():
        net(seen.inputs, seen.base)  # the first call also warms up
        network, _ = timed(lambda: [net(seen.inputs, seen.base) for _ in batches])
        whole, _ = timed(lambda: found_object(net, scan, probe))
    ours, counted = network / len(batches) / VIT_BATCH, whole / len(scan.frames)
    solver = theirs_s / len(scan.frames)
    return {
        "vit.ms_per_frame": 1e3 * ours,
        "vit.from_counts.ms_per_frame": 1e3 * counted,
        "ptychi.ms_per_frame": 1e3 * solver,
        "vit.speedup_to_solver": solver / ours,
        "vit.from_counts.speedup_to_solver": solver / counted,
    }


def _solver_alone(scan: Scan, by: Adapted, seed: int) -> Figures:
    """The solver from an empty object with the adapted probe: as it goes, and its seconds."""
    figures = {}
    for passes in (2, 4, 6):
        start = started(scan, by.probe)
        seconds, found = timed(lambda s=start, n=passes: refine(s, n, drawn(seed), probe_from=0))
        figures[f"siemens.preview.solver{passes}.r"] = found.amplitude_error()
        figures[f"siemens.preview.solver{passes}.seconds"] = seconds
    return figures


def timed(work: Callable[[], Found]) -> tuple[float, Found]:
    """CPU seconds of some work, and what came of it."""
    began = process_time()
    found = work()
    return process_time() - began, found


def drawn(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _started(star: "Star") -> torch.Tensor:
    return starting_modes(star.probe, 1, star.scan.power)


def _adapted(net: nn.Module, scan: Scan, probe: torch.Tensor, seed: int) -> Adapted:
    return adapted(net, scan, probe, STEPS, drawn(seed))
