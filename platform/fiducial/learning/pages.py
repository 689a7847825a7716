"""The page of a finished lesson, its figures in words and its learning curve."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from fiducial.accounts import permissions
from fiducial.runs import describing
from fiducial.runs.models import Run
from fiducial.viewer import stores
from workers.recipes.teach import CURVE
from workers.store import ImageStore, StoreError

from . import queries

SMOOTHED = 20  # steps that the line of a curve is a mean over


@dataclass(frozen=True)
class Row:
    """One figure on the judge, of the network that ships and of the taught one."""

    word: str  # in the glossary
    unit: str
    shipped: str
    taught: str
    better: bool


def lesson_page(request: HttpRequest, run: Run) -> HttpResponse:
    """What a finished lesson taught; `viewer` calls it on the address of the run."""
    card = run.summary["card"]
    lab = run.lab
    context = {
        "run": run,
        "card": card,
        "rows": rows(card),
        "sentence": sentence(card),
        "model": queries.model_of(run),
        "may_work": permissions.may(request.user, permissions.WORK, lab),
        "parameters": describing.parameters(run),
        "curve": reverse("learning:curve", args=[run.pk]) if run.store_path else "",
    }
    return render(request, "learning/lesson.html", context)


def rows(card: dict[str, Any]) -> list[Row]:
    """Both figures a network is judged by."""
    before, after = card["before"], card["after"]
    gaps = [100 * each["coverage_gap"] for each in (before, after)]
    return [
        Row(
            "lesson-psnr",
            "dB",
            f"{before['psnr_db']:.2f}",
            f"{after['psnr_db']:.2f}",
            after["psnr_db"] > before["psnr_db"],
        ),
        Row("lesson-coverage", "% of pixels", *(f"{gap:.2f}" for gap in gaps), gaps[1] < gaps[0]),
    ]


def sentence(card: dict[str, Any]) -> str:
    """Whether the network was accepted and why, in words."""
    closer, covers = (row.better for row in rows(card))
    if card["accepted"]:
        return (
            "On the specimen it was not taught with, the taught network comes closer to the truth "
            "and its samples cover it better than those of the network that ships."
        )
    if not closer and not covers:
        return (
            "On the specimen it was not taught with, the taught network neither comes closer to "
            "the truth nor do its samples cover it better. The network that ships stays."
        )
    helped, hurt = "comes closer to the truth", "its samples do not cover it better"
    if not closer:
        helped, hurt = "covers the truth better", "its estimate comes no closer to it"
    return (
        f"On the specimen it was not taught with, the taught network {helped}, but {hurt}. Both "
        "must be better, so the network that ships stays."
    )


def lines_of(run: Run) -> list[str]:
    """The curve of a lesson as far as it was written; empty while it has not begun."""
    try:
        store: ImageStore
        store = stores.under_way(run) if run.state == Run.State.RUNNING else stores.of_run(run)
        return store.lines(CURVE)
    except (StoreError, FileNotFoundError):  # nothing yet, or it has just been published
        return []


def figure(lines: list[str]) -> dict[str, Any]:
    """The learning curve: the loss of every step, and its mean over the last few."""
    pairs = [line.split(",") for line in lines[1:]]
    steps, losses = [int(step) for step, _ in pairs], [float(loss) for _, loss in pairs]
    recent = [losses[max(0, k - SMOOTHED + 1) : k + 1] for k in range(len(losses))]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "name": "each step",
                "x": steps,
                "y": losses,
                "marker": {"size": 5, "color": "var(--line-strong)"},
            },
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"mean of the last {SMOOTHED}",
                "x": steps,
                "y": [round(sum(last) / len(last), 6) for last in recent],
                "line": {"color": "var(--accent)", "width": 2.2},
            },
        ],
        "layout": {
            "xaxis": {"title": {"text": "step"}, "rangemode": "tozero"},
            "yaxis": {"title": {"text": "loss: ln(error ÷ range)"}},
        },
    }
