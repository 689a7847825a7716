"""The numerics of `diffraction`: from counted frames to an object, its spread and its risks."""

import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from workers import store
from workers.assessment.diffraction.held_out import deviance_ratio, mean_frame_ratio
from workers.posteriors.diffraction.answer import answered, solved
from workers.posteriors.diffraction.latent_map import latent_map
from workers.posteriors.diffraction.scan import Scan
from workers.posteriors.diffraction.sight import can_be_seen, first_sight
from workers.posteriors.diffraction.solver import Reconstruction, started
from workers.posteriors.diffraction.starting import starting_modes
from workers.recipes import scan_words
from workers.recipes.scan_pictures import parts_of, sampled
from workers.recipes.scan_reading import first_probe, read_scan
from workers.recipes.scan_tables import tables
from workers.run import Report, RunError, ShouldStop, Stopped
from workers.scan import DiffractionScan
from workers.training.cards import PATCHES, card
from workers.training.registry import load_patchnet

PLACES_FROM = 0.2  # of all passes, before places move
SHARES = {"object": 0.25, "halves": 0.3, "samples": 0.4}  # of the time
Step = Callable[[str, float], None]


def run(
    measurement: Path,
    output: Path,
    parameters: dict[str, Any],
    *,
    seed: int,
    report: Report,
    should_stop: ShouldStop,
) -> dict[str, Any]:
    """See `workers.run.run`. Raises RunError where frames are too few or no probe is to be had."""
    began = time.monotonic()

    def step(stage: str, share: float) -> None:
        if should_stop():
            raise Stopped
        report(stage, share)

    step("reading the frames", 0.0)
    measured = store.read_measurement(measurement)
    if not isinstance(measured, DiffractionScan):
        raise RunError("This is no diffraction scan; choose another recipe.")
    if len(measured.frames) < scan_words.FEW:
        raise RunError(scan_words.too_few(len(measured.frames)))
    scan = read_scan(measured, parameters["crop"])
    probe, probe_from = first_probe(measured, scan)
    generator = torch.Generator().manual_seed(seed)
    held = held_out(len(scan.frames), parameters["held"], generator)
    kept, out = (scan.of(torch.nonzero(each)[:, 0]) for each in (~held, held))
    start = started(kept, starting_modes(probe, parameters["modes"], kept.power))
    with store.RunWriter(
        output,
        channels=("amplitude", "phase"),
        measured_shape=(scan.side, scan.side),
        shape=scan.shape,
        samples=parameters["samples"],
        provenance=_provenance(measured, scan, parameters, seed, measurement),
    ) as writer:
        net = load_patchnet()
        first = first_sight(net, start, generator)
        writer.image("first", parts_of(first.shown.object))
        found = _solved(first.shown, parameters, generator, step)
        ratio = deviance_ratio(found, out, measured.variance_factor)
        # What the model misses counts as noise: it moves the object as noise does.
        noise = measured.variance_factor * max(1.0, ratio)
        answer = answered(
            replace_scan(start, found),
            found,
            parameters["epochs"],
            generator,
            variance_factor=noise,
            told=_telling(step, "halves", 2 * parameters["epochs"]),
        )
        count = parameters["samples"]
        pictures = sampled(
            writer,
            answer,
            count,
            generator,
            told=lambda k: step(
                f"drawing sample {k + 1} of {count}", 0.57 + SHARES["samples"] * k / count
            ),
        )
        for name, columns in tables(pictures, scan, held, measured).items():
            writer.table(name, columns)
        alike = latent_map(net, scan, found.probe) if can_be_seen(scan) else None
        if alike:
            writer.table("latent", alike.columns())
        seen = pictures.summary()
        summary = {
            "recipe": "diffraction",
            "frames": len(scan.frames),
            "side": scan.side,
            "shape": list(scan.shape),
            "pixel_nm": pixel_nm(measured, scan),
            "propagation": measured.propagation,
            "probe_from": probe_from,
            "noise": {"variance_factor": measured.variance_factor, "with_misfit": noise},
            "held_out": {
                "frames": int(held.sum()),
                "ratio": ratio,
                "first": deviance_ratio(first.shown, out, measured.variance_factor),
                "mean_frame": mean_frame_ratio(kept, out, measured.variance_factor),
            },
            **seen,
            "misfit": {**seen["misfit"], "first": first.solver, "network": first.network},
            "latent": {"share": list(alike.share)} if alike else None,
            "seconds": time.monotonic() - began,
        }
        summary["verdict"] = scan_words.verdict(summary)
        writer.close(summary)
    report("done", 1.0)
    return summary


def held_out(count: int, percent: float, generator: torch.Generator) -> Tensor:
    """Which frames are left out, bool `(n,)`: drawn, at least one."""
    held = torch.zeros(count, dtype=torch.bool)
    held[torch.randperm(count, generator=generator)[: max(1, round(percent / 100 * count))]] = True
    return held


def pixel_nm(measured: DiffractionScan, scan: Scan) -> float | None:
    """Side of a pixel of the object: larger where frames were cropped."""
    return None if measured.pixel_nm is None else measured.pixel_nm * measured.side / scan.side


def _solved(
    first: Reconstruction, parameters: dict[str, Any], generator: torch.Generator, step: Step
) -> Reconstruction:
    epochs = parameters["epochs"]
    places = round(PLACES_FROM * epochs) if parameters["places"] else None
    return solved(first, epochs, generator, places, _telling(step, "object", epochs))


def _telling(step: Step, of: str, epochs: int) -> Callable[[int, float], None]:
    before = {"object": 0.02, "halves": 0.27}[of]
    what = {"object": "finding object and probe", "halves": "finding them again from halves"}[of]

    def told(epoch: int, error: float) -> None:
        stage = f"{what}: pass {epoch + 1} of {epochs}, misfit {error:.4f}"
        step(stage, before + SHARES[of] * epoch / epochs)

    return told


def replace_scan(start: Reconstruction, found: Reconstruction) -> Reconstruction:
    """The start again, with the places that were found."""
    return Reconstruction(start.object, start.probe, found.scan)


def _provenance(
    measured: DiffractionScan, scan: Scan, parameters: dict[str, Any], seed: int, path: Path
) -> dict[str, Any]:
    side = pixel_nm(measured, scan)
    # A store counts the scale from the measured pixel: here that of a frame, s / H of the whole.
    pixel_um = None if side is None else side / 1000 * scan.shape[0] / scan.side
    return {
        "recipe": "diffraction",
        "recipe_version": "1",
        "model": {"name": PATCHES, "weights": card(PATCHES)["weights"]},
        "parameters": parameters,
        "seed": seed,
        "forward_model": f"ptychography, {measured.propagation} field",
        "noise": {"model": "Poisson", "variance_factor": measured.variance_factor},
        "units": "transmission; radians",
        "pixel_size_um": pixel_um,
        "measurement": {"content_hash": store.content_hash(path), **measured.provenance},
        "libraries": {name: version(name) for name in ("torch", "numpy", "zarr", "scipy")},
    }
