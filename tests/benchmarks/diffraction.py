"""`make benchmark-diffraction`: reconstructions of a measured Siemens star, beside pty-chi.

CPU seconds of one thread; medians over three drawn orders of the frames, the worst as `.worst`.
No truth is known of a measured object: frames that were left out and two halves that never met
are the judges. Writes `results/diffraction.json`; `--only PART …` measures some parts and keeps
what the file holds of the others.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np
import torch
from torch import Tensor

from tests.benchmarks import known_truth, stock_ptychi
from tests.benchmarks.bragg import two_starts
from tests.benchmarks.diffraction_preview import controls, preview, vit
from tests.benchmarks.xray import commit, device, say, write
from tests.data import DATA
from workers.assessment.diffraction.held_out import deviance
from workers.assessment.diffraction.resolution import RingCorrelation, ring_correlation
from workers.physics.propagation import FarField
from workers.posteriors.diffraction.answer import solved
from workers.posteriors.diffraction.scan import Scan, cropped, middle, scan_of, scanned
from workers.posteriors.diffraction.solver import Reconstruction, refine, started
from workers.posteriors.diffraction.starting import starting_modes

FILE = DATA / "diffraction" / "siemens-star-aps" / "siemens-star-aps.npz"
RESULT = Path(__file__).parent / "results" / "diffraction.json"
SEEDS = (0, 1, 2)
EPOCHS, HALF_EPOCHS = 30, 60
CROP, HELD = 80, 52
BARS = {
    "siemens.solver.r": 0.0125,
    "siemens.solver.cpu_s": 70.0,
    "siemens.solver.ratio_to_ptychi": 1.0,
    "siemens.modes3.heldout_deviance": 1.85,
    "siemens.frc_halfbit_px": 3.8,
    "siemens.preview.r": 0.0117,
    "siemens.preview.seconds": 4.0,
    "bragg.amplitude_error": 0.02,
}
LEAST = {"vit.speedup_to_solver": 20.0}  # bars that a figure must reach

Figures = dict[str, float]


@dataclass(frozen=True, eq=False)
class Star:
    """The measured scan and its probe `(s, s)`."""

    scan: Scan
    probe: Tensor

    def cropped(self, side: int) -> "Star":
        spectrum = middle(torch.fft.fft2(torch.fft.ifftshift(self.probe)), side)
        return Star(cropped(self.scan, side), torch.fft.fftshift(torch.fft.ifft2(spectrum)))

    def solved(self, seed: int, epochs: int, modes: int = 1, **options: object) -> Reconstruction:
        probe = starting_modes(self.probe, modes, self.scan.power)
        generator = torch.Generator().manual_seed(seed)
        return refine(started(self.scan, probe), epochs, generator, **options)  # type: ignore[arg-type]

    def counted(self, seed: int, epochs: int, modes: int) -> Reconstruction:
        """As the recipe does it: by nearest amplitudes, then by the likelihood of the counts."""
        probe = starting_modes(self.probe, modes, self.scan.power)
        return solved(started(self.scan, probe), epochs, torch.Generator().manual_seed(seed))

    def of(self, which: Tensor) -> "Star":
        return Star(self.scan.of(which), self.probe)


def siemens_star() -> Star:
    with np.load(FILE) as file:
        frames = torch.from_numpy(file["diffraction"].astype(np.float32))
        scan = scan_of(frames, torch.from_numpy(file["scan_px"]), FarField())
        return Star(scan, torch.from_numpy(file["probe"]))


def solver(star: Star, seed: int) -> tuple[Figures, list[tuple[float, float]]]:
    """R after thirty epochs with one mode, and CPU seconds and R of every epoch as it went."""
    began, course = process_time(), []
    found = star.solved(
        seed, EPOCHS, told=lambda _, error: course.append((process_time() - began, error))
    )
    seconds = process_time() - began
    return {"siemens.solver.r": found.amplitude_error(), "siemens.solver.cpu_s": seconds}, course


def modes(star: Star, seed: int) -> Figures:
    """Frames left out of a reconstruction, with one and three modes, places as told and moved."""
    small = star.cropped(CROP)
    order = torch.randperm(len(small.scan.frames), generator=torch.Generator().manual_seed(seed))
    out, kept = small.scan.of(order[:HELD]), small.of(order[HELD:])
    arms = {
        "modes1": kept.solved(seed, EPOCHS),
        "modes3": kept.counted(seed, HALF_EPOCHS, 3),
        "modes3_amplitudes": kept.solved(seed, HALF_EPOCHS, 3),
        "modes3_moved": kept.solved(seed, HALF_EPOCHS, 3, places_from=10),
    }
    return {f"siemens.{name}.heldout_deviance": deviance(arm, out) for name, arm in arms.items()}


def halves(star: Star, seed: int) -> Figures:
    """The finest period on which even and odd frames agree, three modes."""
    count = len(star.scan.frames)
    first, second = (
        star.of(torch.arange(start, count, 2)).counted(seed + start, HALF_EPOCHS, 3).object
        for start in (0, 1)
    )
    there = scanned(star.scan)
    whole = ring_correlation(first[there], second[there])
    phases = ring_correlation(phase_of(first[there]), phase_of(second[there]))
    return {
        "siemens.frc_halfbit_px": whole.period,
        "siemens.frc_phase_halfbit_px": phases.period,
        "siemens.frc_half_px": at_half(whole),
    }


def phase_of(x: Tensor) -> Tensor:
    return torch.polar(torch.ones_like(x.abs()), x.angle())


def at_half(found: RingCorrelation) -> float:
    """The period of the last ring that correlates by at least one half."""
    return 1 / float(found.frequency[np.flatnonzero(found.correlation >= 0.5)[-1]])


def rival(courses: list[list[tuple[float, float]]]) -> Figures:
    """pty-chi's seconds to the R it ends with, and ours to the same."""
    theirs = stock_ptychi.measured(FILE)
    aim = theirs[-1]["r"]
    ours = [next((s for s, r in course if r <= aim), float("inf")) for course in courses]
    return {
        "ptychi.r": aim,
        "ptychi.cpu_s": theirs[-1]["cpu_s"],
        "siemens.solver.ratio_to_ptychi": median(ours) / theirs[-1]["cpu_s"],
    }


def medians(found: list[Figures]) -> Figures:
    """The median over seeds of every figure, and its worst (largest)."""
    middle_of = {key: median(each[key] for each in found) for key in found[0]}
    return middle_of | {f"{key}.worst": max(each[key] for each in found) for key in found[0]}


def solvers(star: Star) -> Figures:
    """One mode with all frames, and pty-chi's way to the R it ends with."""
    runs = [solver(star, seed) for seed in SEEDS]
    figures = medians([each for each, _ in runs])
    try:
        figures |= rival([course for _, course in runs])
    except LookupError as error:
        say(f"{error}: the ratio to it is missing")
    return figures


def previews(star: Star) -> Figures:
    """Previews of every seed; what they are compared with, of the first."""
    return medians([preview(star, seed) for seed in SEEDS]) | controls(star, SEEDS[0])


PARTS: dict[str, Callable[[Star], Figures]] = {
    "solver": solvers,
    "modes": lambda star: medians([modes(star, seed) for seed in SEEDS]),
    "halves": lambda star: medians([halves(star, seed) for seed in SEEDS]),
    "preview": previews,
    "vit": lambda star: vit(star, stock_ptychi.measured(FILE)[-1]["cpu_s"]),
    "bragg": lambda _: two_starts(),
    "truth": lambda _: known_truth.measured(SEEDS),
}


def kept() -> tuple[Figures, dict[str, str]]:
    """What the result file holds of earlier runs: figures, and the commit of each part."""
    found = json.loads(RESULT.read_text())
    facts = {name: found.pop(name) for name in ("commits", "seeds", "epochs", "device")}
    return found, facts["commits"]


def main() -> int:
    """Measure, print each figure beside its bar, write; 1 when a bar is missed."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART")
    torch.set_num_threads(1)
    star = siemens_star()
    figures, commits = kept()
    for part in asked.parse_args().only:
        figures |= PARTS[part](star)
        commits[part] = commit()
        say(f"{part} measured")
    facts = {"commits": commits, "seeds": list(SEEDS), "epochs": EPOCHS, "device": device()}
    write(RESULT, figures, facts)
    for key, value in figures.items():
        say(f"{key:44} {value:9.4f}  {beside_its_bar(key, value)}")
    above = any(figures.get(key, np.inf) > bar for key, bar in BARS.items())
    below = any(figures.get(key, 0) < bar for key, bar in LEAST.items())
    return int(above or below or known_truth.missed(figures))


def beside_its_bar(key: str, value: float) -> str:
    """What the table says beside a figure: its bar, if it has one."""
    if key in BARS:
        return f"bar {BARS[key]:g}  {'holds' if value <= BARS[key] else 'MISSED'}"
    if key in LEAST:
        return f"bar {LEAST[key]:g}  {'holds' if value >= LEAST[key] else 'MISSED'}"
    return known_truth.beside_its_bar(key, value)


if __name__ == "__main__":
    sys.exit(main())
