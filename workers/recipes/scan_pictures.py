"""Pictures of a reconstructed scan, its samples as they are drawn, and what they come to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import stats
from torch import Tensor

from workers import store
from workers.assessment.absence import fit_absence
from workers.assessment.census import FeatureCensus
from workers.assessment.diffraction.next_places import NextPlaces, next_places
from workers.assessment.diffraction.resolution import RingCorrelation, ring_correlation
from workers.assessment.diffraction.spread import Spread, parts, parts_about
from workers.posteriors.diffraction.answer import LIT, Answer
from workers.posteriors.diffraction.scan import scanned
from workers.posteriors.diffraction.starting import norm

TAU = 0.25  # of the 5 to 95 % range of a picture: an error to be told of
LIKELY = 0.5


@dataclass(frozen=True, eq=False)
class Pictures:
    """What was drawn of an answer: spread, features, rings, and where to look next."""

    answer: Answer
    spread: Spread
    features: dict[str, NDArray[Any]]
    rings: RingCorrelation
    next: NextPlaces
    tau: Tensor

    def summary(self) -> dict[str, Any]:
        """Its part of a run's summary."""
        solved, mode = self.answer.solved, self.answer.posterior.mode
        share = norm(solved.probe).flatten().square()
        risk = self.features["risk"]
        lit = self.answer.light > LIT
        return {
            "misfit": {"solver": solved.amplitude_error(), "estimate": mode.amplitude_error()},
            "modes": (share / share.sum()).tolist(),
            "resolution": {"period_px": self.rings.period},
            "features": {"count": len(risk), "high_risk": int((risk > LIKELY).sum())},
            "next": {"gain": float(self.next.gain.sum())},
            "per_channel": {
                name: {
                    "tau": float(self.tau[n]),
                    "interval_width": 2 * float(self.spread.std[n][lit].mean()) * 1.645,
                }
                for n, name in enumerate(("amplitude", "phase"))
            },
        }


def parts_of(x: Tensor) -> NDArray[np.float32]:
    """Amplitude and phase `(2, H, W)` of an object."""
    return np.asarray(parts(x).numpy(), np.float32)


def sampled(
    writer: store.RunWriter,
    answer: Answer,
    count: int,
    generator: torch.Generator,
    told: Callable[[int], None],
) -> Pictures:
    """Write every picture of `answer`, and `count` samples as they are drawn."""
    shown, lit = answer.estimate, answer.light > LIT
    estimate = parts(shown)
    _write_first(writer, answer, estimate, lit)
    tau = _tau(estimate, lit)
    census = FeatureCensus(estimate, tau, lit)
    drawn = []
    for k, sample in enumerate(answer.samples(count, generator)):
        told(k)
        # The phase of a sample goes on where that of the estimate is: no jump between them.
        seen = estimate + parts_about(sample, shown)
        census.add(seen)
        writer.sample(k, np.asarray(seen.numpy(), np.float32))
        drawn.append(sample)
    samples = torch.stack(drawn)
    spread = Spread.of(shown, samples)
    mean = estimate + torch.stack([parts_about(each, shown) for each in samples]).mean(dim=0)
    lower, upper = spread.interval()
    risk = 2 * stats.norm.sf(tau[:, None, None].numpy() / spread.std.clamp_min(1e-9).numpy())
    for name, values in {
        "mean": mean.numpy(),
        "std": spread.std.numpy(),
        "lower": lower.numpy(),
        "upper": upper.numpy(),
        "risk": risk,
    }.items():
        writer.image(name, np.asarray(values, np.float32))
    variance = (samples - shown).abs().square().mean(dim=0) * lit
    mode = answer.posterior.mode
    noise = answer.posterior.variance_factor
    found = next_places(variance, mode.probe, mode.scan.places, noise)
    square = scanned(mode.scan)
    rings = ring_correlation(*(half[square] for half in answer.halves))
    return Pictures(answer, spread, _features(census, count), rings, found, tau)


def _write_first(writer: store.RunWriter, answer: Answer, estimate: Tensor, lit: Tensor) -> None:
    """What is known before any sample."""
    probe = answer.posterior.mode.probe
    centred = torch.fft.fftshift(_mean_residual(answer)).numpy()
    for name, values in {
        "mask": lit.numpy(),
        "estimate": estimate.numpy(),
        "solver": parts(answer.solved.object).numpy(),
        "light": answer.light.numpy(),
        "probe_amplitude": probe.abs().numpy(),
        "probe_phase": probe.angle().numpy(),
        "residual_pattern": centred,
    }.items():
        writer.image(name, values)


def _mean_residual(answer: Answer) -> Tensor:
    """Counts seen less those expected, over the noise of their mean, `(s, s)` from [0, 0]."""
    mode = answer.posterior.mode
    more, expected = torch.zeros(mode.scan.side, mode.scan.side), torch.zeros(1)
    for counts, mean in mode.compared(mode.scan):
        more = more + (counts - mean).sum(dim=0)
        expected = expected + mean.sum(dim=0)
    return more / (answer.posterior.variance_factor * expected).clamp_min(1).sqrt()


def _tau(estimate: Tensor, lit: Tensor) -> Tensor:
    """A quarter of the range of each picture where it is lit, `(2,)`."""
    ends = torch.tensor([0.05, 0.95])
    low, high = torch.stack([torch.quantile(each[lit], ends) for each in estimate]).T
    tau: Tensor = (TAU * (high - low)).clamp_min(1e-3)
    return tau


def _features(census: FeatureCensus, count: int) -> dict[str, NDArray[Any]]:
    """The features of the estimate and the probability that each is absent from the truth."""
    shown = census.shown()
    risk = fit_absence(shown.absent, count).probability(shown.absent, count)
    return {**shown.features.columns(), "risk": risk, "presence": shown.presence}
