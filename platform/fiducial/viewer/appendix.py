"""Figures of the appendix: how often the model of a run was right on specimens held out."""

from typing import Any

Figure = dict[str, Any]
Summary = dict[str, Any]


def curves(summary: Summary) -> dict[str, Any]:
    """What the model's card says in curves (`workers.training.held_out`); empty for older runs."""
    return summary.get("calibration", {}).get("curves") or {}


def strata(summary: Summary) -> dict[str, Any] | None:
    """Coverage by stratum as a table: levels, and rows of (stratum, shares)."""
    found: dict[str, dict[str, float]] = curves(summary).get("strata", {})
    if not found:
        return None
    levels = sorted(found["all"], key=float)
    return {
        "levels": [f"{100 * float(level):g} %" for level in levels],
        "rows": [(name, [shares[level] for level in levels]) for name, shares in found.items()],
    }


def right(summary: Summary, most: float = 0.1) -> dict[str, Any] | None:
    """How many of the features with a stated risk of at most `most` were real; None if unknown."""
    bins = [one for one in curves(summary).get("reliability", []) if one["high"] <= most]
    count = sum(one["count"] for one in bins)
    if not count:
        return None
    real = count - sum(one["absent"] for one in bins)
    return {"most": f"{100 * most:g}\N{NO-BREAK SPACE}%", "real": real, "count": count}


def reliability(summary: Summary) -> Figure | None:
    """Stated risk against the share of features that were absent, one point per bin."""
    bins = curves(summary).get("reliability")
    if not bins:
        return None
    shares = [one["absent"] / one["count"] for one in bins]
    # Wilson's interval needs no normal share near 0 or 1.
    edges = [_wilson(one["absent"], one["count"]) for one in bins]
    words = [f"{one['absent']} of {one['count']} absent" for one in bins]
    percent = {"tickformat": ".0%", "range": [0, 1.02]}
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "x": [0, 1],
                "y": [0, 1],
                "name": "right",
                "line": {"color": "var(--line-strong)", "dash": "dot", "width": 1.5},
                "hoverinfo": "skip",
            },
            {
                "type": "scatter",
                "mode": "markers",
                "x": [one["stated"] for one in bins],
                "y": shares,
                "text": words,
                "hoverinfo": "text",
                "name": "held-out features",
                "marker": {"size": 9, "color": "var(--accent)"},
                "error_y": {
                    "type": "data",
                    "symmetric": False,
                    "array": [high - y for (_, high), y in zip(edges, shares, strict=True)],
                    "arrayminus": [y - low for (low, _), y in zip(edges, shares, strict=True)],
                    "color": "var(--accent)",
                    "thickness": 1,
                },
            },
        ],
        "layout": {
            "xaxis": {**percent, "title": {"text": "stated risk"}},
            "yaxis": {**percent, "title": {"text": "absent in truth"}},
        },
    }


def ranks(summary: Summary) -> Figure | None:
    """How often the truth lay at each rank among the samples of its pixel."""
    shares = curves(summary).get("ranks")
    if not shares:
        return None
    places = list(range(len(shares)))
    return _bars(places, shares, f"rank among {len(shares) - 1} samples")


def tarp(summary: Summary) -> Figure | None:
    """How far whole patches of the truth lie, beside those of the samples."""
    found = curves(summary).get("tarp")
    if not found:
        return None
    shares = found["histogram"]
    places = [(k + 0.5) / len(shares) for k in range(len(shares))]
    return _bars(places, shares, "share of samples nearer than the truth")


def _bars(places: list[float], shares: list[float], title: str) -> Figure:
    even = 1 / len(shares)
    step = places[1] - places[0]
    ends = [places[0] - step / 2, places[-1] + step / 2]
    return {
        "data": [
            {
                "type": "bar",
                "x": places,
                "y": shares,
                "name": "held-out specimens",
                "marker": {"color": "var(--accent)"},
                "hoverinfo": "x+y",
            },
            {
                "type": "scatter",
                "mode": "lines",
                "x": ends,
                "y": [even, even],
                "name": "a right posterior",
                "line": {"color": "var(--soft)", "dash": "dot", "width": 1.5},
                "hoverinfo": "skip",
            },
        ],
        "layout": {
            "bargap": 0.08,
            "xaxis": {"title": {"text": title}, "range": ends},
            "yaxis": {
                "title": {"text": "share"},
                "tickformat": ".0%",
                "range": [0, 1.15 * max(*shares, even)],
            },
        },
    }


def _wilson(events: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927)."""
    share = events / count
    centre = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z * (share * (1 - share) / count + z**2 / (4 * count**2)) ** 0.5 / (1 + z**2 / count)
    return max(0.0, centre - half), min(1.0, centre + half)
