"""Sentences a run says about itself, most important first. No figure here is made up: each comes
from the run or from the card of the model that made it."""

from collections.abc import Mapping, Sequence
from typing import Any

WORST_RISK_ERROR = 0.1  # a feature risk further off than this on held-out specimens is no risk


def verdict(
    factor: int,
    channels: Mapping[str, Mapping[str, Any]],
    operator: Mapping[str, Any],
    features: Mapping[str, int],
    risk_error: float,
    checks: Mapping[str, Any],
) -> list[str]:
    """The strip of words on top of a run page.

    `risk_error`: how far feature risks were off on held-out specimens, from the model card;
    `checks`: what the run checked of itself (`recipes.checking.of_run`).
    """
    lines = []
    if operator["suspicious"]:
        lines.append(operator["sentence"])
    lines += [_material(checks["material"]), _halves(checks["thinning"])]
    lines.append(_agreement(channels))
    lines.append(_detail(factor, channels))
    lines.append(_features(features, risk_error))
    lines.append(_limits(channels))
    return [line for line in lines if line]


def _agreement(channels: Mapping[str, Mapping[str, Any]]) -> str:
    off = [el for el, c in channels.items() if not 0.85 <= c["chi2_samples"] <= 1.15]
    if not off:
        return (
            "Pushed back through the instrument, the samples match every measured map within its "
            "counting noise. That is necessary; it does not prove the finer detail."
        )
    return (
        f"The samples of {_listed(off)} do not scatter about the counts as counting noise does; "
        "read their intervals with care."
    )


def _material(known: Mapping[str, Any] | None) -> str:
    if known is None or known["known"]:
        return ""
    return (
        "Not calibrated for this material: to the networks the map looks unlike their training "
        f"scenes (distance {known['distance']:.1f}, limit {known['limit']:.1f}), so its intervals "
        "and risks are a model's opinion. Scan an audit window to learn what they are worth here."
    )


def _halves(thinned: Mapping[str, Any]) -> str:
    failed = {el: c for el, c in thinned.get("checks", {}).items() if c["failure"]}
    if not failed:
        return ""
    element, worst = max(failed.items(), key=lambda item: abs(item[1]["coverage"] - 0.9))
    inside = f"{100 * worst['coverage']:.0f} % of the other half lay in the 90 % range"
    found = {
        "narrow": f"only {inside}",
        "wide": f"as much as {inside}",
        "rough": "the smoothest picture came closer to the other half than the networks did",
    }[worst["failure"]]
    return (
        f"The data-only check failed for {_listed(list(failed))}: predicted from half of the "
        f"counts of {element}, {found}. Read their intervals and risks as a "
        "model's opinion."
    )


def _detail(factor: int, channels: Mapping[str, Mapping[str, Any]]) -> str:
    if factor == 1:
        return (
            "Every pixel here was measured: the estimate removes noise and adds no pixels. What it "
            "smoothed away is in the residuals."
        )
    learned = sorted(channels.items(), key=lambda item: -item[1]["shares"]["learned"])
    element, most = learned[0]
    return (
        f"Each measured pixel became {factor} × {factor}. The learned prior, not the measurement, "
        f"supplied up to {100 * most['shares']['learned']:.0f} % of the fine detail (most in "
        f"{element}); the overlay “invented” shows where."
    )


def _features(features: Mapping[str, int], risk_error: float) -> str:
    if not features["count"]:
        return "No separate feature stands out of the noise."
    if risk_error > WORST_RISK_ERROR:
        return (
            f"The estimate shows {features['count']} features, but at this factor feature risks "
            f"were {risk_error:.2f} off on held-out specimens: take them for guesses."
        )
    return (
        f"Of {features['count']} features in the estimate, {features['low_risk']} are at most 10 % "
        f"likely to be absent in truth and {features['high_risk']} are more likely absent than not."
    )


def _limits(channels: Mapping[str, Mapping[str, Any]]) -> str:
    noise = [el for el, c in channels.items() if c["limited_by"] == "noise"]
    resolution = [el for el, c in channels.items() if c["limited_by"] == "resolution"]
    parts = []
    if noise:
        parts.append(f"{_listed(noise)}: limited by noise, more counts would help most")
    if resolution:
        parts.append(f"{_listed(resolution)}: limited by resolution, finer steps would help most")
    return "; ".join(parts) + "."


def equal_time(factor: int, sampling: str, figures: Mapping[str, float]) -> str:
    """What the same beam time would have bought as a fine map; dB on held-out synthetic scenes."""
    if factor == 1:
        return (
            "This is the fine, short-dwell way of spending the beam time. On held-out synthetic "
            "specimens it beat a coarse scan of the same total time by "
            f"{figures['x4_fine_db'] - figures['x4_coarse_db']:.1f} dB at ×4 and by "
            f"{figures['x2_fine_db'] - figures['x2_coarse_db']:.1f} dB at ×2."
        )
    key = f"x{factor}"
    if sampling != "binned" or f"{key}_fine_db" not in figures:
        return (
            "In the same beam time a fine scan with a shorter dwell was not compared for this way "
            "of sampling; where your instrument allows it, prefer it."
        )
    fine, coarse = figures[f"{key}_fine_db"], figures[f"{key}_coarse_db"]
    better = "better" if fine > coarse else "no better"
    return (
        f"In the same beam time a fine map with 1/{factor**2} of the dwell, denoised, is {better}: "
        f"{fine:.1f} dB against {coarse:.1f} dB for this coarse scan on held-out synthetic "
        "specimens. A coarse scan earns its place in archives, at the minimum dwell and where "
        "moving the stage costs the time."
    )


def strict_cost(factor: int, figures: Mapping[str, float]) -> str:
    """What strict mode costs, from the figures of the model card."""
    if factor == 1:
        return "At ×1 strict mode returns the measured map itself, noise included."
    lost = figures["psnr_db"] - figures["strict_psnr_db"]
    return (
        "Strict mode returns the measured counts exactly, noise included. On held-out synthetic "
        f"specimens it cost {lost:.1f} dB on average, more where counts were fewer."
    )


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def guide(trusted: Sequence[str], gains: Mapping[str, float], moved: float, doubt: float) -> str:
    """What the electron image did; `gains` in dB one level coarser, lengths in fine pixels."""
    placed = f"Aligned to the maps it moved by {moved:.1f} pixels (uncertain by {doubt:.1f}). "
    if not trusted:
        return (
            f"Electron image not used. {placed}Tried on this map one level coarser it helped no "
            "element, so the estimate is the one without it."
        )
    worth = ", ".join(f"{el} {gains[el]:+.1f} dB" for el in trusted)
    rest = [el for el in gains if el not in trusted]
    alone = f"; {_listed(rest)} left alone" if rest else ""
    return (
        f"Electron image used for {_listed(trusted)}{alone}. {placed}"
        f"Tried on this map one level coarser it gained {worth}. Boundaries placed with it are "
        "not X-ray signal."
    )


def taught(name: str) -> str:
    """What a run says of a network that its lab taught."""
    return (
        f"The estimate is by “{name}”, a network that your lab taught. Intervals and risks were "
        "calibrated with the network that ships, so here they are a model's opinion."
    )
