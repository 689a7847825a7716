"""`make benchmark-calorimeter`: finer calorimeter events beside their rivals.

Simulated showers that nothing was trained on; thresholds and penalties are chosen on `showers_a`,
every figure is of `showers_b`, its error (`.error`) of drawing groups of showers again. Counts are
local maxima on a map; `template_particles` are the particles of the fit itself, `flowhead` those of
a learned reconstruction, `limit` what physics alone can say of fewer events. Writes
`results/calorimeter.json` and the tables of the decision; `--only networks` keeps what is known of
the rest, `--factors 4` what is known of the other.
"""

import argparse
import json
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from time import process_time

import numpy as np

from tests.benchmarks.calorimeter_events import EventSet, Figures
from tests.benchmarks.calorimeter_heads import heads
from tests.benchmarks.calorimeter_limit import limit
from tests.benchmarks.calorimeter_networks import networks
from tests.benchmarks.calorimeter_speed import speed
from tests.benchmarks.calorimeter_table import PAGE, heads_table, table, with_figures
from tests.benchmarks.xray import commit, say, write
from workers.assessment.calorimeter import splits
from workers.assessment.calorimeter.maxima import maxima
from workers.assessment.calorimeter.particles import Found, best_threshold
from workers.assessment.calorimeter.template import Template
from workers.assessment.calorimeter.template_fit import Fit, TemplateFit, found_of
from workers.events import Float
from workers.physics.calorimeter.geometry import PITCH_MM, ROWS, SIGMA_MEV
from workers.training.registry import load_showers

RESULT = Path(__file__).parent / "results" / "calorimeter.json"
FACTORS = (4, 2)
PARTS = ("rivals", "networks", "heads", "limit")
EVERY = 4  # one event in so many asks for the limit, which takes a second each
EVENTS, TUNED_ON = 1000, 400
PENALTIES = (5.0, 10.0, 20.0, 40.0, 80.0)
Maps = Callable[[EventSet], Float]


def divided(fits: list[Fit], fitter: TemplateFit, events: EventSet) -> Float:
    each = zip(fits, events.energies, strict=True)
    return np.stack([fitter.map_of(fit, event, events.factor) for fit, event in each])


def at_the_truth(fitter: TemplateFit, events: EventSet) -> list[Fit]:
    places = np.column_stack([events.particles.x_mm, events.particles.y_mm])
    whose = events.particles.event
    return [fitter.at(event, places[whose == i]) for i, event in enumerate(events.energies)]


@cache
def courses_of(fitter: TemplateFit, events: EventSet) -> list[list[Fit]]:
    """The course of every event: what two parts of the benchmark need is fitted once."""
    return [fitter.course(event) for event in events.energies]


def chosen(courses: list[list[Fit]], penalty: float) -> list[Fit]:
    return [min(c, key=lambda fit: fit.chi2 + penalty * len(fit.places)) for c in courses]


def best_penalty(courses: list[list[Fit]], truth: Found) -> float:
    """The penalty of a particle with which most counts are right."""
    number = truth.number()
    right = [(found_of(chosen(courses, p)).number() == number).mean() for p in PENALTIES]
    return PENALTIES[int(np.argmax(right))]


def rivals(events: EventSet, tuning: EventSet, fitter: TemplateFit) -> Figures:
    """Every rival at this factor, by its name."""
    factor, coarse_mm = events.factor, PITCH_MM * events.factor
    figures: Figures = {}

    def add(name: str, more: Figures) -> None:
        figures.update({f"{name}.{key}": value for key, value in more.items()})
        say("  " + name + "  " + line(more))

    def counted(name: str, pitch_mm: float, of: Maps) -> None:
        tuned = maxima(of(tuning), pitch_mm), tuning.particles
        add(name, events.particle_figures(maxima(of(events), pitch_mm), tuned))

    def mapped(name: str, of: Maps) -> None:
        add(name, events.map_figures(of(events)))
        counted(name, PITCH_MM, of)

    counted("truth", PITCH_MM, lambda which: which.truth)
    counted("coarse", coarse_mm, lambda which: which.energies)
    mapped("uniform", lambda which: splits.uniform(which.energies, factor))
    mapped("bicubic", lambda which: splits.bicubic(which.energies, factor))
    least = best_threshold(maxima(tuning.energies, coarse_mm), tuning.particles)
    of_maxima = {
        which: divided([fitter.at_maxima(e, least) for e in which.energies], fitter, which)
        for which in (tuning, events)
    }
    mapped("template_per_maximum", of_maxima.__getitem__)
    began = process_time()
    courses = {which: courses_of(fitter, which) for which in (tuning, events)}
    seconds = (process_time() - began) / (len(events) + len(tuning))
    penalty = best_penalty(courses[tuning], tuning.particles)
    fits = {which: chosen(courses[which], penalty) for which in courses}
    fitted = {which: divided(fits[which], fitter, which) for which in fits}
    mapped("template_fit", fitted.__getitem__)
    add("template_fit", {"penalty": penalty, "cpu_s": seconds})
    found = {which: found_of(fits[which]) for which in fits}
    add(
        "template_particles",
        events.particle_figures(found[events], (found[tuning], tuning.particles)),
    )
    known = {which: divided(at_the_truth(fitter, which), fitter, which) for which in fits}
    mapped("template_at_truth", known.__getitem__)
    return figures


def single(events: EventSet, fitter: TemplateFit) -> Figures:
    """Events of one particle."""
    maps = {
        "uniform": splits.uniform(events.energies, events.factor),
        "bicubic": splits.bicubic(events.energies, events.factor),
        "template_at_truth": divided(at_the_truth(fitter, events), fitter, events),
    }
    figures: Figures = {}
    for name, fine in maps.items():
        of_map = events.map_figures(fine)
        figures |= {f"single.{name}.{key}": value for key, value in of_map.items()}
    return figures


def line(figures: Figures) -> str:
    return "  ".join(
        f"{key} {value:.3f}"
        + (f" ±{figures[f'{key}.error']:.3f}" if f"{key}.error" in figures else "")
        for key, value in figures.items()
        if not key.endswith(".error")
    )


def measure(factor: int, parts: list[str], known: Figures) -> Figures:
    """Every figure of `parts`; `known` are those of before, with the penalty chosen then."""
    events = EventSet.of("showers_b", factor, EVENTS, seed=11, numbers=(1, 5))
    tuning = EventSet.of("showers_a", factor, TUNED_ON, seed=12, numbers=(1, 5))
    figures: Figures = {}
    fitter = TemplateFit(Template.generated(), ROWS // factor, PITCH_MM * factor, SIGMA_MEV)
    if "rivals" in parts:
        figures |= rivals(events, tuning, fitter)
        alone = EventSet.of("showers_b", factor, EVENTS, seed=13, numbers=(1, 1))
        figures |= single(alone, fitter)
    if "networks" in parts:
        figures |= networks(events, tuning)
        figures |= speed(load_showers(factor), events)
    if "heads" in parts:
        penalty = (known | _named(factor, figures))[f"x{factor}.template_fit.penalty"]
        fits = chosen(courses_of(fitter, events), penalty)
        figures |= heads(events, divided(fits, fitter, events))
    if "limit" in parts:
        figures |= limit(events.every(EVERY), tuning.every(EVERY), fitter.template)
    return _named(factor, figures)


def _named(factor: int, figures: Figures) -> Figures:
    return {f"x{factor}.{key}": value for key, value in figures.items()}


def main() -> int:
    """Measure, print and write every figure."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART")
    asked.add_argument("--factors", type=int, nargs="+", choices=FACTORS, default=list(FACTORS))
    given = asked.parse_args()
    parts, measured = given.only, commit()
    facts = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    figures = {k: facts.pop(k) for k in list(facts) if k[:3] in ("x4.", "x2.")}
    for factor in given.factors:
        say(f"x{factor}")
        figures |= measure(factor, parts, figures)
    facts |= {"events": EVENTS, "tuned_on": TUNED_ON}
    facts |= {f"commit_{part}": measured for part in parts}
    write(RESULT, figures, facts)
    PAGE.write_text(with_figures(PAGE.read_text(), figures))
    say(table(figures))
    say(heads_table(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
