"""Everything that is compared: a method turns a trial into estimates of the scored elements."""

from collections.abc import Callable, Sequence

import numpy as np

from tests.benchmarks import rivals
from tests.benchmarks.protocol import Task, Trial, Values, psnr
from tests.benchmarks.specimens import Specimen

# A trial -> counts per measured dwell of the scored elements, (c, H, W).
Estimate = Callable[[Trial], Values]
# The same by label, for methods that share their work; ours has the label "".
Method = Callable[[Trial], dict[str, Values]]

CHI2_SAMPLES = 16


def rivals_of(task: Task, found: Specimen) -> Method:
    """The rivals that apply to a task, labelled "rival." and their name."""
    named = _rivals_of(task, found)
    return lambda trial: {f"rival.{name}": rival(trial) for name, rival in named.items()}


def _rivals_of(task: Task, found: Specimen) -> dict[str, Estimate]:
    scored = list(found.scored)

    def enlarge(enlarged: Callable[[Values, int], Values]) -> Estimate:
        return lambda trial: enlarged(trial.measured[scored].astype(float), task.factor)

    if task.sampling == "point":
        return {"bilinear": enlarge(rivals.bilinear_from_points)}
    if task.sampling == "binned":
        return {"bicubic": enlarge(rivals.bicubic), "bicubic_bp": enlarge(rivals.back_projected)}
    return {
        "gaussian": _oracle(rivals.gaussian, rivals.GAUSSIAN_SIGMAS, scored),
        "tv": _oracle(rivals.total_variation, rivals.TV_WEIGHTS, scored),
        "tv_joint": _oracle(rivals.joint_total_variation, rivals.TV_JOINT_WEIGHTS, scored),
    }


def _oracle(filtered: rivals.Filter, strengths: Sequence[float], scored: list[int]) -> Estimate:
    """A filter at the strengths that were best against the truth of the first trial it saw."""
    best: dict[bool, Values] = {}  # against the real map, and against half of it

    def estimate(trial: Trial) -> Values:
        measured = trial.measured[scored].astype(float)
        halved = bool(trial.reference_variance.any())
        if halved not in best:
            best[halved] = rivals.best_strengths(
                filtered, strengths, measured, lambda estimate: psnr(estimate, trial)
            )
        return rivals.with_strengths(filtered, best[halved], measured)

    return estimate


def ensemble(task: Task, found: Specimen) -> Method:
    """Our estimate, from every element the laboratory mapped; LookupError without weights.

    Where the measured counts are those that are scored, the estimate agrees with them exactly
    (strict mode) and the one that agrees within noise is labelled "within_noise".
    """
    # Late, since the rivals need neither torch nor weights.
    from workers.posteriors.api import posterior
    from workers.training.registry import ModelError, load_ensemble

    try:
        load_ensemble(max(task.factor, 2))
    except ModelError as error:
        raise LookupError(str(error)) from error
    scored = list(found.scored)

    def method(trial: Trial) -> dict[str, Values]:
        made = posterior(trial.measured, task.factor, task.sampling)
        labelled = {"": made.strictly(), "within_noise": made} if task.exact else {"": made}
        return {
            label: np.asarray(one.estimate.numpy()[scored], float)
            for label, one in labelled.items()
        }

    return method


def chi2_of_samples(task: Task, found: Specimen, trial: Trial, seed: int) -> Values:
    """Deviance of posterior samples over its expectation at their own mean, `(c,)` of scored.

    The counts of a trial are Poisson draws, so their variance factor is 1, dead time or not.
    """
    import torch

    from workers.physics import PoissonNoise, forward_model
    from workers.posteriors.api import estimate

    made = estimate(
        trial.measured,
        task.factor,
        task.sampling,
        seed=seed,
        samples=CHI2_SAMPLES,
    )
    forward, noise = forward_model(task.sampling, task.factor), PoissonNoise(torch.tensor(1.0))
    y = torch.from_numpy(trial.measured)
    each = [noise.chi2(forward.expected(torch.from_numpy(s)), y) for s in made.samples]
    return np.asarray(torch.stack(each).mean(0)[list(found.scored)], float)
