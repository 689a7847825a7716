"""Risks with an event: of a pixel being off, of a feature being absent from the truth."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import optimize, special
from torch import Tensor

from workers.assessment.calibration import allowed_loss

Array = NDArray[np.float64]

TAU_SHARE = 0.1  # of a channel's range (99.9th percentile): an error a reader of the map would see


def visible_error(estimate: Tensor, mask: Tensor) -> Tensor:
    """τ per channel `(c,)`, counts: a tenth of the 99.9th percentile of `estimate` (c, H, W)."""
    values = estimate[:, mask.to(estimate.device)].double().cpu().numpy()
    if values.shape[1] == 0:
        return torch.full((len(estimate),), 1.0)
    top = np.quantile(values, 0.999, axis=1)
    # An all-zero channel has no range; one count is then an error to speak of.
    return torch.from_numpy(np.where(top > 0, TAU_SHARE * top, 1.0)).to(estimate)


def covariates(absence: Array, visibility: Array, share: Array, contrast: Array) -> Array:
    """What a feature risk is calibrated on, `(n, 4)`.

    absence : shrunken absence probability among samples; visibility : d; share : measurement
    share; contrast : amplitude over the local standard deviation of the posterior.
    """
    columns = [special.logit(absence.clip(1e-6, 1 - 1e-6)), np.log1p(visibility), share]
    return np.stack([*columns, np.log1p(contrast)], axis=1)


@dataclass(frozen=True)
class FeatureRisk:
    """A logistic map from covariates to P(absent in the truth), as plain numbers for a card."""

    intercept: float
    weights: tuple[float, ...]

    def probability(self, values: Array) -> Array:
        """R of features with covariates `values` (n, 4)."""
        return np.asarray(special.expit(self.intercept + values @ np.array(self.weights)))

    def to_card(self) -> dict[str, object]:
        return {"intercept": self.intercept, "weights": list(self.weights)}

    @classmethod
    def from_card(cls, card: Mapping[str, object]) -> "FeatureRisk":
        """Raises ValueError where the card does not hold four finite weights."""
        weights = card.get("weights")
        if not isinstance(weights, list) or len(weights) != 4:
            raise ValueError("The model card's feature risk needs a list of four weights.")
        numbers = [float(w) for w in (card.get("intercept", np.nan), *weights)]
        if not np.isfinite(numbers).all():
            raise ValueError("The model card's feature risk holds a number that is not finite.")
        return cls(numbers[0], tuple(numbers[1:]))


def false_features(risk: Array, area: int) -> float:
    """Expected number of false features per 10⁴ measured pixels: Σ R / area; 0 without area."""
    return 1e4 * float(risk.sum()) / area if area else 0.0


def fit_feature_risk(
    values: Array, absent: NDArray[np.bool_], specimen: NDArray[np.int64]
) -> FeatureRisk:
    """Logistic regression on held-out truth, every specimen weighing the same.

    `values` (n, 4) as `covariates` makes them; `absent` (n,): the event; `specimen` (n,): where
    each feature comes from. A weak ridge keeps weights finite where classes separate.
    """
    if len(values) == 0:
        raise ValueError("No feature to calibrate on: the held-out specimens gave none.")
    _, inverse, counts = np.unique(specimen, return_inverse=True, return_counts=True)
    weight = 1 / counts[inverse] / len(counts)
    centre = values.mean(axis=0)
    spread = values.std(axis=0) + 1e-9
    scaled = np.column_stack([np.ones(len(values)), (values - centre) / spread])

    def loss(beta: Array) -> tuple[float, Array]:
        logits = scaled @ beta
        cost = weight @ (np.logaddexp(0, logits) - absent * logits)
        slope = scaled.T @ (weight * (special.expit(logits) - absent))
        ridge = np.concatenate([[0.0], 1e-3 * beta[1:]])
        return float(cost + 0.5 * ridge @ beta), slope + ridge

    beta = optimize.minimize(loss, np.zeros(scaled.shape[1]), jac=True, method="L-BFGS-B").x
    weights = beta[1:] / spread
    return FeatureRisk(float(beta[0] - weights @ centre), tuple(float(w) for w in weights))


def green_limit(
    risk: Array, absent: NDArray[np.bool_], specimen: NDArray[np.int64], alpha: float
) -> float:
    """The largest risk at which features may be called safe: their false share stays ≤ α.

    Conformal risk control over specimens, on the false share among the features accepted. That
    share need not grow with the limit, so the limit stops where the bound first breaks. 0 means
    that no list can be given (too few specimens, or even the safest features fail).
    """
    kinds = np.unique(specimen)
    allowed = allowed_loss(len(kinds), alpha)
    if allowed is None:
        return 0.0
    limit = 0.0
    for candidate in np.linspace(0.01, 1.0, 100):
        shares = []
        for kind in kinds:
            accepted = (specimen == kind) & (risk <= candidate)
            shares.append(float(absent[accepted].mean()) if accepted.any() else 0.0)
        if np.mean(shares) > allowed:
            break
        limit = float(candidate)
    return limit
