"""Where the marks of a report's small drawings lie; the templates draw them as SVG."""

from typing import Any

TOP, BOTTOM, LEFT, STEP = 14, 130, 44, 54  # SVG units


def agreement(summary: dict[str, Any]) -> dict[str, Any]:
    """χ² per element, of the samples and of the estimate, for `reports/_agreement.html`."""
    values = [
        (element, facts["chi2_samples"], facts["chi2_mean"])
        for element, facts in summary["per_channel"].items()
    ]
    top = max(1.5, *(value for _, *pair in values for value in pair)) * 1.05

    def at(value: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * value / top, 1)

    width = LEFT + STEP * len(values) + 8
    return {
        "left": LEFT,
        "width": width,
        "across": width - LEFT,
        "height": BOTTOM + 24,
        "under": BOTTOM + 16,
        "band": {"y": at(1.1), "height": round(at(0.9) - at(1.1), 1)},
        "lines": [
            {"y": at(value), "words": f"{value:g}"} for value in (0, 0.5, 1, 1.5) if value <= top
        ],
        "marks": [
            {"x": LEFT + STEP * (index + 0.5), "element": element, "y": at(one), "mean": at(mean)}
            for index, (element, one, mean) in enumerate(values)
        ],
    }
