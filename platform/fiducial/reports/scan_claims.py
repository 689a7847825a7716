"""What a report on a diffraction scan claims, each with what speaks for and against it."""

from typing import Any

import numpy as np

from fiducial.viewer import scan_figures, scans
from fiducial.viewer.scan_pictures import PARTS
from workers.store import RunStore

from .stated import Claim

EXPLAINED = 1.5  # times the noise: up to there the model is said to explain frames left out
FLAT = 0.05  # of transmission and radians: an object that varies less hardly shows anything
DIPS = 0.1  # of the coarser rings, at most, may lie below the threshold
TRUSTED = 0.1  # a feature's risk, at most, to be claimed
TAU = 0.25  # of the range of a picture, which is not kept itself


def of_run(store: RunStore) -> list[Claim]:
    """Every claim of the run: how fine it is, how well it fits, the places, the features."""
    found = [_resolution(store), _fit(store.summary)]
    if scan_figures.were_moved(store):
        found.append(_places(store))
    return [*found, *(_features(store, channel) for channel in range(len(PARTS)))]


def explained(summary: dict[str, Any]) -> bool:
    """Whether frames left out are missed about as far as noise would, and less than by their mean.

    Runs of earlier versions did not ask the mean frame.
    """
    held = summary["held_out"]
    return bool(held["ratio"] <= EXPLAINED and held["ratio"] < held.get("mean_frame", np.inf))


def ranges(summary: dict[str, Any]) -> tuple[float, float]:
    """How far amplitude and phase vary over the object, from 5 to 95 %."""
    amplitude, phase = (summary["per_channel"][part]["tau"] / TAU for part in PARTS)
    return amplitude, phase


def _resolution(store: RunStore) -> Claim:
    summary = store.summary
    period, (amplitude, phase) = scans.period(summary), ranges(summary)
    below, flat = scan_figures.dips(store), max(amplitude, phase) < FLAT
    because = "Objects from even and from odd frames correlate above the half-bit threshold."
    torn = below.size > 0 and float(below.mean()) > DIPS
    if torn:
        because = "On the way there the correlation lies below the threshold again and again."
    if flat:
        because = "The object hardly varies: what the halves share may be the probe."
    if not period:
        because = "Objects from even and from odd frames do not correlate."
    return Claim(
        about="resolution",
        sentence=f"The object is known down to a period of {period}."
        if period
        else "The object shows something of the sample.",
        stands=bool(period) and not flat and not torn,
        because=because,
        shown=(
            ("half-bit", "half-bit period", period or "none"),
            ("half-bit", "coarser rings below it", f"{int(below.sum())} of {below.size}"),
            ("transmission", "amplitude varies by", f"{amplitude:.2g}"),
            ("transmission", "phase varies by", f"{phase:.2g} rad"),
        ),
        evidence={"resolution": summary["resolution"], "varies": [amplitude, phase]},
    )


def _fit(summary: dict[str, Any]) -> Claim:
    held = summary["held_out"]
    return Claim(
        about="model",
        sentence="The model explains what was counted.",
        stands=explained(summary),
        because="Frames that had no part in it are missed "
        + (
            "about as far as noise would."
            if explained(summary)
            else "further than noise would, or than if each were the mean of all."
        ),
        shown=(
            ("left-out", "frames left out", f"{held['ratio']:.2f} times the noise"),
            ("amplitude-misfit", "misfit R", f"{summary['misfit']['estimate']:.4f}"),
            ("probe-mode", "modes", f"{len(summary['modes'])}"),
        ),
        evidence={key: summary[key] for key in ("held_out", "misfit", "modes", "noise")},
    )


def _places(store: RunStore) -> Claim:
    """Whether moved places help is only told by frames left out, which were not moved."""
    shift = scan_figures.shift(store)
    moved = shift[~store.table("frames")["held"].astype(bool)]
    return Claim(
        about="places",
        sentence=f"The stage was off by {np.median(moved):.2f} pixels in the median.",
        stands=False,
        because="Nothing judges it: corrected places fit noise as well. Compare frames left out "
        "with a run that keeps the places.",
        shown=(
            ("left-out", "frames left out", f"{store.summary['held_out']['ratio']:.2f} × noise"),
        ),
        evidence={"median_px": float(np.median(moved)), "most_px": float(moved.max())},
    )


def _features(store: RunStore, channel: int) -> Claim:
    """Features claimed: hardly ever absent from samples, and no finer than halves agree."""
    table, summary = store.table("features"), store.summary
    period = summary["resolution"]["period_px"]
    mine = table["channel"] == channel
    safe = mine & (table["risk"] <= TRUSTED)
    if period and np.isfinite(period):
        safe &= 2 * table["scale"] >= period
    count, part = int(safe.sum()), PARTS[channel]
    because = "The model explains frames left out."
    if not explained(summary):
        because = "The model does not explain frames left out: what it lacks may look like these."
    if not count:
        because = "None has so low a risk and is as coarse as the period on which halves agree."
    return Claim(
        about=f"features of {part}",
        sentence=f"{count or 'No'} feature{'s' * (count != 1)} of the {part} "
        f"belong{'s' * (count == 1)} to the sample.",
        stands=count > 0 and explained(summary),
        because=because,
        shown=(
            ("object-feature-risk", "risk of each, at most", f"{TRUSTED:.0%}"),
            ("object-feature-risk", "listed in all", f"{int(mine.sum())}"),
        ),
        evidence={
            "features": [
                {name: float(table[name][n]) for name in ("y", "x", "scale", "amplitude", "risk")}
                for n in np.flatnonzero(safe)
            ]
        },
    )
