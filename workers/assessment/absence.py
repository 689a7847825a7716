"""From absence counts to a probability: the beta-binomial shrinkage, fitted without any truth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

Array = NDArray[np.float64]


@dataclass(frozen=True)
class BetaBinomial:
    """How absence probabilities are distributed over features: Beta(a, c)."""

    a: float
    c: float

    def probability(self, absent: NDArray[np.int64], samples: int) -> Array:
        """r = (a + b)/(a + c + K): the mean absence probability of a feature absent b times in K.

        With few samples a raw share b/K is far too sure of itself; shrunk, exact posterior
        samples come out calibrated.
        """
        return np.asarray((self.a + absent) / (self.a + self.c + samples))


def fit_absence(absent: NDArray[np.int64], samples: int) -> BetaBinomial:
    """Maximum likelihood over all features of their absence counts among `samples` samples.

    With no feature, Beta(1, 1). Parameters stay within e^±6, so that counts that are all alike
    (always present, say) shrink a little instead of claiming certainty.
    """
    if len(absent) == 0:
        return BetaBinomial(1.0, 1.0)
    if samples < 1:
        raise ValueError("An absence probability needs at least one sample.")
    histogram = np.bincount(absent, minlength=samples + 1)
    counts = np.arange(samples + 1)

    def loss(log_parameters: Array) -> float:
        a, c = np.exp(log_parameters)
        # A whole feature's weight on Beta(1, 1) keeps one-sided tables away from certainty.
        prior = 0.5 * float(np.square(log_parameters).sum()) / 9
        return prior - float(histogram @ stats.betabinom.logpmf(counts, samples, a, c))

    found = optimize.minimize(loss, np.zeros(2), method="L-BFGS-B", bounds=[(-6, 6)] * 2)
    a, c = np.exp(found.x)
    return BetaBinomial(float(a), float(c))
