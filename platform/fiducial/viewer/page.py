"""What the page of a finished run needs to know: words for the template, facts for the canvas."""

from functools import lru_cache
from typing import Any

from django.templatetags.static import static
from django.urls import reverse

from fiducial.runs import comparing
from fiducial.runs.models import Run
from workers.store import ImageStore, RunStore, StoreError

from . import answers, appendix, assessed, export, figures, finders, scales, stores

OVERLAYS: dict[str, tuple[str, ...]] = {  # and the pictures each is made of
    "none": (),
    "invented": ("invented",),
    "risk": ("risk",),
    "interval": ("lower", "upper"),
}
# Pictures of what the counts fixed, as the evidence tab offers them.
EVIDENCE = ("evidence", "resolution", "reliance", "smooth", "invented")
LABELS = {
    "pixel_size_um": "measured pixel (µm)",
    "models": "weights (SHA-256)",
    "specimens": "calibration specimens",
    "interval": "standard deviations of the interval, from gentle to steep places",
    "held_out": "held-out specimens",
    "psnr_db": "PSNR (dB)",
    "bicubic_psnr_db": "PSNR of bicubic (dB)",
    "strict_psnr_db": "PSNR in strict mode (dB)",
    "chi2_samples": "χ² of the samples",
    "coverage_0.5": "coverage of the 50 % interval",
    "coverage_0.8": "coverage of the 80 % interval",
    "coverage_0.9": "coverage of the 90 % interval",
    "coverage_0.9_worst": "the same, worst specimen",
    "coverage_0.95": "coverage of the 95 % interval",
}
LONGEST = 12  # of a list that a page still writes out
Feature = dict[str, float | str]
PER_ELEMENT = 300  # features a page carries for each element: the riskiest and the safest


def of_run(run: Run) -> dict[str, Any]:
    """The context of `viewer/run.html`."""
    store = stores.of_run(run)
    guide = _guide(run)
    height, width = store.shape
    rows, columns = store.measured_shape
    return {
        "run": run,
        "summary": store.summary,
        "provenance": store.provenance,
        "factor": height // rows,
        "size": {"fine": (height, width), "measured": (rows, columns)},
        "elements": elements(store),
        "overlays": [name for name, needs in OVERLAYS.items() if all(map(store.has, needs))],
        "samples": store.samples,
        "has_guide": guide is not None,
        "evidence": [name for name in EVIDENCE if store.has(name)],
        **assessed.context(store),
        "calibration": facts(without_curves(store.summary.get("calibration", {}))),
        "strata": appendix.strata(store.summary),
        "right": appendix.right(store.summary),
        "tarp": appendix.curves(store.summary).get("tarp"),
        "parameters": facts(store.provenance),
        "config": config(run, store, guide),
        **answers.context(store, run.measurement),
        "question": comparing.question_of(run),
    }


def config(run: Run, store: RunStore, guide: ImageStore | None) -> dict[str, Any]:
    """What the canvas viewer is told: pictures, scales, addresses."""
    images = {name: picture(store, name) for name in store.names}
    # Samples lie on the estimate's grid; asking each file would cost two reads per sample.
    images |= {f"samples/{k}": images["estimate"] for k in range(store.samples)}
    guide_range = None
    if guide:
        images["guide"] = picture(guide, "guide")
        guide_range = scales.counts_range(scales.overview(guide, "guide"))
    return {
        "tile": tile_address("viewer:run-tile", str(run.pk), run.store_path),
        "images": images,
        "shape": store.shape,
        "measuredShape": store.measured_shape,
        "pixelUm": store.provenance.get("pixel_size_um"),
        "units": store.provenance.get("units", "counts"),
        "samples": store.samples,
        "elements": elements(store),
        "intervals": assessed.intervals(store.summary),
        "reliability": appendix.curves(store.summary).get("reliability", []),
        "green": store.summary.get("features", {}).get("green"),
        "guideRange": guide_range,
        "features": reverse("viewer:run-features", args=[run.pk]),
        "profile": reverse("viewer:run-profile", args=[run.pk]),
        "figures": {
            name: reverse("viewer:run-figure", args=[run.pk, name])
            for name, drawn in figures.OF_SUMMARY.items()
            if drawn(store.summary)
        },
        "plotly": static(finders.NAME),
    }


@lru_cache(maxsize=64)
def elements(store: RunStore) -> list[dict[str, Any]]:
    """Per channel: its name, the scales of its pictures, and what the summary says of it."""
    per_channel = store.summary.get("per_channel", {})
    pixel_um = export.fine_pixel_um(store)
    found = []
    for element, scale in zip(store.channels, scales.of_run(store.path), strict=True):
        said = per_channel.get(element, {})
        evidence = said.get("resolution_of_evidence_px")
        um = {"resolution_of_evidence_um": evidence * pixel_um} if evidence and pixel_um else {}
        rests = assessed.of_element(store.summary, element)
        found.append({"name": element, **scale, **said, **um, **rests})
    return found


def without_curves(calibration: dict[str, Any]) -> dict[str, Any]:
    """The figures of the appendix are drawn, not listed."""
    return {key: value for key, value in calibration.items() if key != "curves"}


def facts(tree: dict[str, Any], path: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Nested facts as lines of (label, value); lists too long to read are left to the download."""
    lines: list[tuple[str, str]] = []
    for key, value in tree.items():
        here = (*path, LABELS.get(key, key.replace("_", " ")))
        if isinstance(value, dict):
            lines += facts(value, here)
        elif not isinstance(value, list) or _short(value):
            lines.append((" · ".join(here), in_words(value)))
    return lines


def _short(values: list[Any]) -> bool:
    return 0 < len(values) <= LONGEST and not any(isinstance(each, (dict, list)) for each in values)


def in_words(value: Any) -> str:
    """A fact as a person writes it."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "not stated"}[value]
    if isinstance(value, list):
        return ", ".join(map(in_words, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def tile_address(route: str, pk: str, version: str) -> str:
    """The address of a tile, {image} and so on to fill in; `version` lets browsers keep it."""
    address = reverse(route, args=[pk, "IMAGE", 0, 0, 0, 0])
    return address.replace("IMAGE/0/0/0/0", "{image}/{channel}/{level}/{row}/{column}") + (
        f"?v={version}"
    )


def features(store: RunStore) -> list[Feature]:
    """The features a page lists, riskiest first, with the columns of the table `features`.

    Of an element with more than `PER_ELEMENT` of them, the riskiest and the safest half of that.
    """
    return _listed(store, "features", PER_ELEMENT // 2)


def missed(store: RunStore) -> list[Feature]:
    """Features of the samples that the estimate lacks, the likeliest to be real last."""
    asked_from = store.summary.get("features", {}).get("proposers", 0)
    return _listed(store, "missed", 0, asked_from) if store.has_table("missed") else []


def _listed(store: RunStore, table: str, riskiest: int, asked_from: int = 0) -> list[Feature]:
    columns = {name: values.tolist() for name, values in store.table(table).items()}
    risk, channels = columns["risk"], columns["channel"]
    order = sorted(range(len(risk)), key=lambda index: -risk[index])
    kept: set[int] = set()
    for channel in set(channels):
        own = [index for index in order if channels[index] == channel]
        kept |= set(own[:riskiest] + own[riskiest - PER_ELEMENT :])
    found: list[Feature] = []
    for index in (index for index in order if index in kept):
        row: Feature = {name: round(values[index], 4) for name, values in columns.items()}
        if "presence" in row:
            row["presence"] = assessed.presence(
                columns["presence"][index], store.samples, asked_from
            )
        found.append(row)
    return found


def picture(store: ImageStore, name: str) -> dict[str, Any]:
    """What the canvas must know of a picture to place it: `shape` (rows, columns), `levels`."""
    array = store.image(name)
    return {"shape": array.shape[-2:], "levels": store.levels(name)}


def _guide(run: Run) -> ImageStore | None:
    """The store that holds the electron image of the run's field, if there is one."""
    try:
        store = stores.behind(run, "guide")
    except StoreError:
        return None
    return store if store.has("guide") else None
