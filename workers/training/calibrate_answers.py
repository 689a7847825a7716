"""How wide the intervals of answers have to be, found on scenes that no network was trained on.

`python -m workers.training.calibrate_answers --model xray-ensemble-1 --factor 4`

Asks each calibration specimen what a user would ask (modes, mean compositions, widths of
boundaries), compares with the truth asked the same, and writes the factors on the model's card.
A specimen is one vote, however many phases it has.
"""

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage

from workers.assessment.answers.finding import find_phases
from workers.assessment.answers.intervals import (
    Factors,
    composition_unit,
    mode_unit,
    profile_unit,
)
from workers.assessment.answers.phases import Array, Labels, Phases
from workers.assessment.answers.profile import LEAST_FIT, Line, fit_steps
from workers.assessment.answers.tally import Tally, compositions, modes
from workers.assessment.calibration import conformal_scale
from workers.physics import forward_model
from workers.posteriors.posterior import Model
from workers.training.calibrate import OPERATORS, SAMPLES, SIDE, Specimen, mapped
from workers.training.cards import MODELS
from workers.training.registry import LOADERS
from workers.training.scenes import rate_of

SEED = 4  # of scenes that serve nothing else
SPECIMENS = 120
ALPHA = 0.1
REACH = (6.0, 10.0)  # pixels from the middle of a line to its ends, drawn anew for each
CLEAR = 3  # pixels from a boundary on, along the line, in which there is one phase only
LINES = 12  # of a specimen


@dataclass(frozen=True)
class Scores:
    """Errors of the answers of one specimen in the units of `intervals`, |truth − value|/unit."""

    mode: Array
    composition: Array
    profile: Array


def as_it_is(sample: np.ndarray) -> np.ndarray:
    return sample


def scores(
    model: Model,
    asked: Specimen,
    seed: int,
    seen: Callable[[np.ndarray], np.ndarray] = as_it_is,
) -> Scores:
    """What a user would be told of the specimen, compared with its truth.

    `seen`: what a sample would look like if it were known as the truth is, where that is noisy.
    """
    posterior = asked.posterior(model)
    estimate, std = posterior.estimate.numpy(), posterior.std.numpy()
    mask = np.ones(posterior.shape, bool)
    phases = find_phases(estimate, std, mask)
    tally = Tally(phases, estimate, std, mask)
    lines = boundaries(phases, estimate, np.random.default_rng(seed))
    along: list[list[Array]] = [[] for _ in lines]
    for sample in posterior.sample(SAMPLES, torch.Generator().manual_seed(seed)):
        shown = seen(sample.numpy())
        tally.add(shown)
        for profiles, (channel, line) in zip(along, lines, strict=True):
            profiles.append(line.read(shown[channel]))
    labels = phases.assign(asked.truth)
    true_modes = modes(labels, mask, len(phases))
    nowhere = np.full_like(phases.centres, np.nan)  # the truth lacks the phase: nothing to be right
    true_means = compositions(asked.truth, labels, mask, nowhere)
    error = np.abs(true_means - tally.compositions.mean(axis=0)) / composition_unit(tally)
    several = len(phases) > 1  # one phase is all there is, and no answer
    return Scores(
        (np.abs(true_modes - tally.modes.mean(axis=0)) / mode_unit(tally)) if several else _NONE,
        error[np.isfinite(error)],
        np.concatenate([_NONE, *_profile_errors(lines, along, asked.truth)]),
    )


_NONE = np.empty(0)


def specimen(n: int, factor: int, seed: int, side: int = SIDE) -> Specimen:
    """Scene `n` of the set `seed`, mapped by one of the operators, which take turns."""
    name = OPERATORS[n % len(OPERATORS)] if factor > 1 else "fine"
    rng = np.random.default_rng([seed, n, factor])
    return mapped(rate_of(n, seed, 2 * SIDE), forward_model(name, factor), rng, side)


def calibrate(model: Model, factor: int) -> dict[str, float]:
    """The factors of the intervals at one factor, for a card."""
    found = [scores(model, specimen(n, factor, SEED), n) for n in range(SPECIMENS)]
    fitted = Factors(
        *(
            conformal_scale([x for s in found if len(x := getattr(s, kind))], ALPHA)
            for kind in ("mode", "composition", "profile")
        )
    )
    return {**fitted.to_card(), "specimens": SPECIMENS}


def _profile_errors(
    lines: Sequence[tuple[int, Line]], along: Sequence[list[Array]], truth: np.ndarray
) -> Iterable[Array]:
    for (channel, line), profiles in zip(lines, along, strict=True):
        steps = fit_steps(line.along, np.stack(profiles))
        if np.median(steps.fit) < LEAST_FIT:
            continue  # a page would say that there is no step
        true = fit_steps(line.along, line.read(truth[channel])[None])
        yield np.abs(np.log(true.width) - np.log(steps.width).mean()) / profile_unit(steps)


def boundaries(
    phases: Phases, estimate: np.ndarray, rng: np.random.Generator
) -> list[tuple[int, Line]]:
    """Lines a user might draw: straight across a boundary between two phases, and the channel that
    tells the two apart best."""
    labels = phases.assign(estimate)
    edge = np.zeros(labels.shape, bool)
    edge[:-1] |= labels[:-1] != labels[1:]
    edge[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    blurred = ndimage.gaussian_filter(estimate, (0, 1.5, 1.5))
    found: list[tuple[int, Line]] = []
    for place in rng.permutation(np.argwhere(edge)):
        row, column = place
        around = np.unique(labels[row : row + 2, column : column + 2])
        if len(around) != 2:
            continue
        first, second = phases.centres[around] / phases.scale
        channel = int(np.abs(first - second).argmax())
        line = _across(blurred[channel], place, rng.uniform(*REACH))
        if line is not None and _clear(labels, line):
            found.append((channel, line))
        if len(found) == LINES:
            break
    return found


def _across(plane: np.ndarray, place: np.ndarray, reach: float) -> Line | None:
    """The line up the slope of `plane` through `place`; None where it would leave the map."""
    margin = int(REACH[1]) + 2
    if (place < margin).any() or (place >= np.array(plane.shape) - margin).any():
        return None
    row, column = place
    slope = np.array(
        [
            plane[row + 1, column] - plane[row - 1, column],
            plane[row, column + 1] - plane[row, column - 1],
        ]
    )
    steepness = float(np.hypot(*slope))
    if steepness == 0:
        return None
    middle, step = place + 0.5, reach * slope / steepness
    start, end = middle - step, middle + step
    return Line((float(start[0]), float(start[1])), (float(end[0]), float(end[1])))


def _clear(labels: Labels, line: Line) -> bool:
    """Whether each side of the line is one phase, beyond `CLEAR` pixels of its middle."""
    rows, columns = line.points[:, 1].astype(int)
    beyond = np.abs(line.along - line.length / 2) >= CLEAR
    sides = labels[rows, columns], line.along < line.length / 2
    first, second = (sides[0][beyond & side] for side in (sides[1], ~sides[1]))
    return bool((first == first[0]).all() and (second == second[0]).all() and first[0] != second[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=LOADERS, required=True)
    parser.add_argument("--factor", type=int, required=True)
    given = parser.parse_args()
    fitted = calibrate(LOADERS[given.model](max(given.factor, 2), given.model), given.factor)
    file = MODELS / given.model / "card.json"
    card = json.loads(file.read_text())
    card.setdefault("answers", {})[str(given.factor)] = fitted
    file.write_text(json.dumps(card, indent=1) + "\n")
    print(given.model, given.factor, fitted)  # noqa: T201  a command's output


if __name__ == "__main__":
    main()
