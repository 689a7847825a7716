"""Small drawings of a report as SVG; colours come from its style sheet."""

from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

TOP, BOTTOM, LEFT, STEP = 14, 130, 44, 54


def percent(share: float) -> str:
    """A probability as whole percent; what is not quite 0 or 1 never looks like it."""
    rounded = round(100 * share)
    if rounded == 0 and share > 0:
        return "below 1 %"
    return "above 99 %" if rounded == 100 and share < 1 else f"{rounded} %"


def agreement(summary: dict[str, Any]) -> SafeString:
    """χ² per element: of the samples (filled) and of the estimate (open); shaded 0.9 to 1.1."""
    per_channel = summary["per_channel"]
    values = [
        (element, facts["chi2_samples"], facts["chi2_mean"])
        for element, facts in per_channel.items()
    ]
    top = max(1.5, *(value for _, *pair in values for value in pair)) * 1.05

    def at(value: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * value / top, 1)

    width = LEFT + STEP * len(values) + 8
    dots = format_html_join(
        "",
        '<circle class="dot" cx="{x}" cy="{samples}" r="4.5"/>'
        '<circle class="ring" cx="{x}" cy="{mean}" r="4"/>'
        '<text class="tick" x="{x}" y="{under}" text-anchor="middle">{element}</text>',
        (
            {
                "x": LEFT + STEP * (index + 0.5),
                "samples": at(samples),
                "mean": at(mean),
                "under": BOTTOM + 16,
                "element": element,
            }
            for index, (element, samples, mean) in enumerate(values)
        ),
    )
    lines = format_html_join(
        "",
        '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>'
        '<text class="tick" x="{}" y="{}" text-anchor="end">{}</text>',
        (
            (LEFT, width, at(value), at(value), LEFT - 8, at(value) + 4, f"{value:g}")
            for value in (0, 0.5, 1, 1.5)
            if value <= top
        ),
    )
    return format_html(
        '<svg class="chart" viewBox="0 0 {width} {height}" style="max-width:{width}px" role="img" '
        'aria-label="Chi-square of the samples and of the estimate for each element">'
        '<rect class="band" x="{left}" y="{high}" width="{across}" height="{tall}"/>'
        "{lines}{dots}</svg>",
        width=width,
        height=BOTTOM + 24,
        left=LEFT,
        across=width - LEFT,
        high=at(1.1),
        tall=round(at(0.9) - at(1.1), 1),
        lines=lines,
        dots=dots,
    )
