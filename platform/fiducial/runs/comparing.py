"""Answers to one question side by side: finished runs of one map by different estimators."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, log
from typing import Any

from fiducial.measurements.models import Measurement
from workers.recipes.catalogue import RECIPES, Recipe

from .models import Run
from .queries import recipe_title

# What decides whether two runs answered the same question, besides the map and its revision.
QUESTION = ("factor", "sampling", "strict")
LEVEL = 0.9  # of the interval compared
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star", "pentagon", "x")


@dataclass(frozen=True)
class Answer:
    """The newest run of one estimator."""

    run: Run
    title: str  # the estimator in words
    width: float  # geometric mean over the elements that all answers share, counts
    chi2: float  # mean over these elements
    widths: list[float]  # per element of the question

    @property
    def seconds(self) -> float | None:
        """What the run took, from reading the map to the last table."""
        seconds: float | None = self.run.summary.get("seconds")
        return seconds

    @property
    def features(self) -> dict[str, Any]:
        found: dict[str, Any] = self.run.summary["features"]
        return found

    @property
    def held_out(self) -> dict[str, float | None]:
        """Figures of the model on specimens it never saw; None where its card does not say."""
        card = {} if self.run.parameters.get("network") else self.run.summary["calibration"]
        said = card.get("held_out", {})
        return {
            "psnr": said.get("psnr_db"),
            "crps": said.get("crps"),
            "coverage": said.get(f"coverage_{LEVEL:g}"),
            "worst": said.get(f"coverage_{LEVEL:g}_worst"),
        }


@dataclass(frozen=True)
class Question:
    """One map asked at one factor for one way of sampling, and everybody's answers."""

    name: str  # for addresses: “x4-binned”
    title: str  # in words: “×4 · binned”
    elements: list[str]
    answers: list[Answer]
    unasked: list[Recipe]  # recipes of this instrument that could answer too

    @property
    def asked_by(self) -> Run:
        """The newest run: another estimator is asked with its parameters."""
        return self.answers[0].run


def questions(measurement: Measurement) -> list[Question]:
    """Every question that was asked of `measurement` and answered, the newest first."""
    finished = Run.objects.filter(measurement=measurement, state=Run.State.SUCCEEDED)
    groups: dict[tuple[Any, ...], list[Run]] = {}
    for run in finished.order_by("-finished"):
        if run.summary.get("per_channel") and run.parameters.get("factor"):
            groups.setdefault(_key(run), []).append(run)
    return [_question(runs) for runs in groups.values()]


def question_of(run: Run) -> Question | None:
    """The question `run` answered, its own answer first; None where there is nothing to compare."""
    if not run.summary.get("per_channel") or not run.parameters.get("factor"):
        return None
    others = Run.objects.filter(measurement=run.measurement_id, state=Run.State.SUCCEEDED)
    same = [one for one in others.exclude(pk=run.pk).order_by("-finished") if _same(one, run)]
    return _question([run, *same])


def _key(run: Run) -> tuple[Any, ...]:
    return (run.measurement_revision, *(run.parameters.get(name) for name in QUESTION))


def _same(one: Run, other: Run) -> bool:
    return _key(one) == _key(other) and bool(one.summary.get("per_channel"))


def estimator(run: Run) -> str:
    """Who drew the samples of `run`, in words: one recipe may hold several estimators."""
    recipe = RECIPES.get(run.recipe)
    for parameter in recipe.parameters if recipe else ():
        for choice in parameter.choices if parameter.name == "estimator" else ():
            if choice.value == run.parameters.get("estimator", parameter.default):
                guided = ", with electron image" if run.parameters.get("guide") else ""
                taught = ", taught by the lab" if run.parameters.get("network") else ""
                return choice.label.partition(":")[0] + guided + taught
    return recipe_title(run).partition(" of ")[0]


def _question(runs: Iterable[Run]) -> Question:
    newest: dict[str, Run] = {}
    for run in runs:
        newest.setdefault(estimator(run), run)
    asked = next(iter(newest.values()))
    factor, sampling, strict = (asked.parameters.get(name) for name in QUESTION)
    words = [f"×{factor}", str(sampling), "exact agreement" if strict else ""]
    sets = [set(run.summary["per_channel"]) for run in newest.values()]
    elements = [el for el in asked.summary["per_channel"] if all(el in each for each in sets)]
    return Question(
        "-".join(filter(None, (f"x{factor}", str(sampling), "strict" if strict else "")))
        + f"-{asked.measurement_revision}",
        " · ".join(filter(None, words)),
        elements,
        [_answer(run, title, elements) for title, run in newest.items()],
        _unasked(asked, {run.recipe for run in newest.values()}),
    )


def _answer(run: Run, title: str, elements: list[str]) -> Answer:
    channels = [run.summary["per_channel"][element] for element in elements]
    widths = [each["interval_width"] for each in channels]
    count = max(len(elements), 1)
    return Answer(
        run,
        title,
        exp(sum(log(max(width, 1e-9)) for width in widths) / count),
        sum(each["chi2_samples"] for each in channels) / count,
        widths,
    )


def _unasked(run: Run, answered: set[str]) -> list[Recipe]:
    asked = set(QUESTION) & set(run.parameters)
    return [
        recipe
        for recipe in RECIPES.values()
        if recipe.name not in answered and asked and asked <= {p.name for p in recipe.parameters}
    ]


def figure(question: Question) -> dict[str, Any] | None:
    """Coverage on held-out specimens against width on this map; None with fewer than two."""
    shown = [each for each in question.answers if each.held_out["coverage"] is not None]
    if len(shown) < 2:
        return None
    data: list[dict[str, Any]] = []
    for each, symbol in zip(shown, SYMBOLS, strict=False):
        coverage, worst = each.held_out["coverage"], each.held_out["worst"]
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": each.title,
                "x": [each.width, each.width],
                "y": [coverage, worst],
                "line": {"color": "var(--line-strong)", "width": 1, "dash": "dot"},
                "marker": {
                    "symbol": [symbol, f"{symbol}-open"],
                    "size": 12,
                    "color": "var(--accent)",
                },
                "hovertemplate": "%{x:.2f} counts wide, %{y:.1%}<extra>%{fullData.name}</extra>",
            }
        )
    widest = max(each.width for each in shown)
    line = {"color": "var(--line-strong)", "width": 1.5, "dash": "dash"}
    promised = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": LEVEL, "y1": LEVEL}
    return {
        "data": data,
        "layout": {
            "xaxis": {
                "title": {"text": "width of the interval (counts)"},
                "range": [0, 1.15 * widest],
            },
            "yaxis": {
                "title": {"text": "truth inside, held out"},
                "tickformat": ".0%",
            },
            "shapes": [{**promised, "line": line}],
            "legend": {"orientation": "v", "y": -0.28},  # below: names are long, screens narrow
            "margin": {"t": 12},
        },
    }
