"""By how much spreads of amplitude and phase are scaled: `python -m tests.benchmarks.spreading`.

Drawn scans of a known object under calculated probes; no measured probe is among them. Prints, for
each scan and dose, the factor by which the pooled spread of samples must be multiplied to hold the
truth in nine of ten lit pixels: of whole scans, then of small ones, which have fewer frames.
"""

from itertools import product

import numpy as np
import torch

from tests.benchmarks.known_truth import Scene, drawn_scene, drawn_shapes, reconstructed
from tests.benchmarks.xray import say
from workers.assessment.diffraction.gauge import registered
from workers.assessment.diffraction.spread import NINETY, Spread, parts_about
from workers.posteriors.diffraction.answer import LIT

SEEDS, DOSES = (0, 1, 2), (1e3, 1e4, 1e5)
FIELD, SIDE, FRAMES, SAMPLES = 124, 64, 120, 12
UNWIDENED = (1.0, 1.0)


def small_scene(seed: int) -> Scene:
    """A third of the frames of `drawn_scene`, under a spot whose width and curvature are drawn."""
    generator = np.random.default_rng(seed)
    drawn = drawn_shapes(generator, FIELD, count=12, margin=16)
    at = torch.arange(SIDE) - SIDE / 2
    squared = at[:, None].square() + at.square()
    width, curvature = generator.uniform(7, 11), generator.uniform(1.5, 3.5)
    spot = torch.exp(-squared / (2 * width**2) + 1j * curvature * squared / SIDE)
    places = generator.uniform(6, FIELD - SIDE - 6, (FRAMES, 2))
    return Scene(drawn, spot.to(torch.complex64), torch.from_numpy(places))


def factors(scene: Scene, seed: int, dose: float) -> list[float]:
    """For amplitude and phase, what the spread must be multiplied by."""
    _, x, answer, drawn = reconstructed(scene, dose, seed, SAMPLES)
    shown, lit = answer.estimate, answer.light > LIT
    away = parts_about(shown, registered(x, shown, answer.weight)).abs()
    ratio = away / Spread.of(shown, drawn, UNWIDENED).std.clamp_min(1e-9)
    return [float(torch.quantile(part[lit], 0.9)) / NINETY for part in ratio]


def main() -> None:
    """A line for each scan and dose, then the medians of both parts."""
    torch.set_num_threads(1)
    for name, scene in (("whole", drawn_scene), ("small", small_scene)):
        found = []
        for seed, dose in product(SEEDS, DOSES):
            found.append(factors(scene(seed), seed, dose))
            say(
                "{} {}, {:g} counts: amplitude {:.2f}, phase {:.2f}".format(
                    name, seed, dose, *found[-1]
                )
            )
        say("{}, medians: amplitude {:.2f}, phase {:.2f}".format(name, *np.median(found, axis=0)))


if __name__ == "__main__":
    main()
