"""Uncertainty of diffraction judged where the truth is known: counts drawn of a known object.

The probe, object and places that LCLS XPP measured and reconstructed (GPL data, only read here),
at several doses. The solver starts from the same probe out of focus. What is tuned was tuned on
drawn objects under calculated probes (`drawn_scene`, `spreading`), never on these.
"""

import math
from dataclasses import dataclass
from statistics import mean

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage, stats
from torch import Tensor

from tests.data import DATA
from workers.assessment.diffraction.gauge import registered
from workers.assessment.diffraction.resolution import ring_correlation
from workers.assessment.diffraction.spread import NINETY, Spread, parts_about
from workers.physics.propagation import FarField
from workers.physics.ptychography import Ptychography
from workers.posteriors.diffraction.answer import LIT, Answer, answered, solved
from workers.posteriors.diffraction.scan import Scan, scan_of, scanned
from workers.posteriors.diffraction.solver import started
from workers.posteriors.diffraction.starting import norm, starting_modes

FILE = DATA / "diffraction" / "lcls-xpp-run1084-recon" / "Run1084_recon3_postPC.npz"
DOSES = (1e3, 1e4, 1e5)  # counts of a frame
EVERY = 3  # of the places: 363 frames
EPOCHS, SAMPLES = 60, 12
EDGES = 0.85  # quantile of the slope of the truth above which a pixel is an edge
SPOT = 3  # pixels

BARS = {
    "truth.spearman": (0.5, 1.0),
    "truth.coverage90": (0.88, 0.92),
    "truth.coverage90_edge": (0.85, 1.0),
}

Figures = dict[str, float]
Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scene:
    """An object `(H, W)`, a probe `(s, s)` of power 1, places `(n, 2)` on the object."""

    object: Tensor
    probe: Tensor
    places: Tensor


def lcls() -> Scene:
    with np.load(FILE) as file:
        x = torch.from_numpy(file["objectGuess"]).to(torch.complex64)
        probe = torch.from_numpy(file["probeGuess"]).to(torch.complex64)
        middles = np.stack([file["ycoords"], file["xcoords"]], axis=1)[::EVERY]
    return Scene(x, probe, torch.from_numpy(middles) - probe.shape[-1] / 2)


def counted(scene: Scene, dose: float, seed: int) -> tuple[Scan, Tensor, Tensor]:
    """A scan of so many counts a frame, the object on its field, and its probe `(1, s, s)`."""
    side = scene.probe.shape[-1]
    empty = scan_of(torch.zeros(len(scene.places), side, side), scene.places, FarField())
    corner = (scene.places - empty.places)[0].round()
    rows, columns = corner.long().tolist()
    height, width = empty.shape
    x = scene.object[rows : rows + height, columns : columns + width]
    probe = scene.probe[None] / norm(scene.probe[None])
    model = Ptychography(probe, scene.places - corner, empty.shape, FarField())
    expected = model.expected(x)
    size = dose / float(expected.sum(dim=(1, 2)).mean())
    drawn = torch.poisson(size * expected, generator=torch.Generator().manual_seed(seed))
    return Scan(drawn, model.places, empty.shape, FarField()), x, probe * math.sqrt(size)


def out_of_focus(probe: Tensor) -> Tensor:
    """The probe `(s, s)` with a parabolic phase of a quarter turn at the edge of its spectrum."""
    frequency = torch.fft.fftfreq(probe.shape[-1])
    squared = frequency[:, None].square() + frequency.square()
    turned = torch.fft.fft2(probe) * torch.exp(2j * math.pi * squared)
    return torch.fft.ifft2(turned)


def drawn_scene(seed: int) -> Scene:
    """Polygons, discs and lines of drawn phase and absorption, under a curved spot."""
    generator = np.random.default_rng(seed)
    side, field = 64, 160
    drawn = drawn_shapes(generator, field, count=18, margin=20)
    at = torch.arange(side) - side / 2
    squared = at[:, None].square() + at.square()
    spot = torch.exp(-squared / (2 * 9**2)) * torch.exp(2.5j * squared / side)
    places = generator.uniform(8, field - side - 8, (360, 2))
    return Scene(drawn, spot, torch.from_numpy(places))


def drawn_shapes(generator: np.random.Generator, field: int, count: int, margin: int) -> Tensor:
    """So many boxes and discs of drawn phase and absorption, hardly blurred, `(field, field)`."""
    rows, columns = np.mgrid[:field, :field]
    phase, absorbed = np.zeros((field, field)), np.zeros((field, field))
    for _ in range(count):
        y, x = generator.uniform(margin, field - margin, 2)
        turn, size = generator.uniform(0, np.pi), generator.uniform(2, 22, 2)
        along = (rows - y) * np.cos(turn) + (columns - x) * np.sin(turn)
        across = (columns - x) * np.cos(turn) - (rows - y) * np.sin(turn)
        inside = (
            np.hypot(along / size[0], across / size[1]) < 1
            if generator.random() < 0.5
            else (abs(along) < size[0]) & (abs(across) < size[1])
        )
        phase[inside] += generator.uniform(-0.8, 0.8)
        absorbed[inside] = generator.uniform(0, 0.35)
    blurred = ndimage.gaussian_filter((1 - absorbed) * np.exp(1j * phase), 0.6)
    return torch.from_numpy(blurred).to(torch.complex64)


def reconstructed(
    scene: Scene, dose: float, seed: int, samples: int
) -> tuple[Scan, Tensor, Answer, Tensor]:
    """One draw of the counts: the scan, the object it is of, the answer, and samples of it."""
    scan, x, probe = counted(scene, dose, seed)
    first = started(scan, starting_modes(out_of_focus(probe[0]), 1, scan.power))
    generator = torch.Generator().manual_seed(seed + 100)
    found = solved(first, EPOCHS, generator)
    answer = answered(first, found, EPOCHS, generator, variance_factor=1.0)
    drawn = torch.stack(list(answer.samples(samples, generator)))
    return scan, x, answer, drawn


def judged(scene: Scene, dose: float, seed: int, samples: int = SAMPLES) -> Figures:
    """One draw of the counts, reconstructed and compared with the object they came from."""
    scan, x, answer, drawn = reconstructed(scene, dose, seed, samples)
    there = scanned(scan)
    period = ring_correlation(*(half[there] for half in answer.halves)).period
    return compared(answer, drawn, x) | {"period_px": period}


def compared(answer: Answer, drawn: Tensor, x: Tensor) -> Figures:
    """Deviation from the truth beside the spread, of amplitude and phase where it is lit."""
    shown, lit = answer.estimate, (answer.light > LIT).numpy()
    truth = registered(x, shown, answer.weight)
    slope = np.sqrt(sum(np.abs(each) ** 2 for each in np.gradient(truth.numpy())))
    edges = lit & (slope > np.quantile(slope[lit], EDGES))
    away = parts_about(shown, truth).numpy()
    std = Spread.of(shown, drawn).std.numpy()
    one, others = parts_about(drawn[0], shown).numpy(), Spread.of(shown, drawn[1:]).std.numpy()
    held = np.abs(away) <= NINETY * std
    ranks = [_ranked(away[n], std[n], lit) for n in (0, 1)]
    solved_off = parts_about(registered(answer.solved.object, truth, answer.weight), truth).numpy()
    rms = {
        "away": away,
        "spread": std,
        "solver_away": solved_off,
    }
    return {
        "spearman": mean(ranks),
        "spearman_amplitude": ranks[0],
        "spearman_phase": ranks[1],
        "spearman_ceiling": mean(_ranked(one[n], others[n], lit) for n in (0, 1)),
        "coverage90": float(held[:, lit].mean()),
        "coverage90_edge": float(held[:, edges].mean()),
    } | {
        f"{name}_{part}": float(np.sqrt((each[n][lit] ** 2).mean()))
        for name, each in rms.items()
        for n, part in enumerate(("amplitude", "phase"))
    }


def _ranked(away: Array, std: Array, lit: NDArray[np.bool_]) -> float:
    """Rank correlation of deviation and spread, both root mean squares of 3 × 3 pixels."""
    spots = [np.sqrt(ndimage.uniform_filter(np.square(each), SPOT))[lit] for each in (away, std)]
    return float(stats.spearmanr(*spots).statistic)


def measured(seeds: tuple[int, ...]) -> Figures:
    """Means over doses and seeds under `truth.`, of every dose under `truth.dose<n>.`, the worst
    of a dose as `.worst` (for coverages and ranks the lowest).
    """
    scene = lcls()
    found = {dose: [judged(scene, dose, seed) for seed in seeds] for dose in DOSES}
    figures: Figures = {}
    for dose, each in found.items():
        for key in each[0]:
            figures[f"truth.dose{dose:.0e}.{key}"] = mean(one[key] for one in each)
    for key in ("spearman", "spearman_ceiling", "coverage90", "coverage90_edge"):
        values = [one[key] for each in found.values() for one in each]
        figures[f"truth.{key}"] = mean(values)
        figures[f"truth.{key}.worst"] = min(values)
    return figures


def beside_its_bar(key: str, value: float) -> str:
    """What a table says beside a figure: its bar, if it has one."""
    if key not in BARS:
        return ""
    low, high = BARS[key]
    return f"bar {low:g} to {high:g}  {'holds' if low <= value <= high else 'MISSED'}"


def missed(figures: Figures) -> bool:
    """Whether a bar of these is missed, or was not measured."""
    return any(not low <= figures.get(key, np.nan) <= high for key, (low, high) in BARS.items())
