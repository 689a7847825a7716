"""The numerics of `bragg`: from a rocking curve to a crystal, and what several starts share."""

import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workers import store
from workers.posteriors.bragg.agreeing import Agreement, agreement, centred
from workers.posteriors.bragg.curve import amplitudes
from workers.posteriors.bragg.phasing import Crystal, phased
from workers.recipes import bragg_words
from workers.run import Report, RunError, ShouldStop, Stopped
from workers.volume import Volume

ITERATIONS = 440  # of a start, as `workers.posteriors.bragg.phasing` plans them
SURFACE = 0.3  # of the largest magnitude: where the crystal is taken to end


def run(
    measurement: Path,
    output: Path,
    parameters: dict[str, Any],
    *,
    seed: int,
    report: Report,
    should_stop: ShouldStop,
) -> dict[str, Any]:
    """See `workers.run.run`. Raises RunError where no cube fits or nothing stands out."""
    began = time.monotonic()

    def step(stage: str, share: float) -> None:
        if should_stop():
            raise Stopped
        report(stage, share)

    step("reading the frames", 0.0)
    measured = store.read_measurement(measurement)
    if not isinstance(measured, Volume):
        raise RunError("This is no rocking curve; choose another recipe.")
    side, count = parameters["side"], parameters["starts"]
    try:
        amplitude = amplitudes(counts_of(measured), side, parameters["threshold"])
    except ValueError as error:
        raise RunError(str(error)) from error
    with store.RunWriter(
        output,
        channels=("magnitude", "phase"),
        measured_shape=(side, side),
        shape=(side, side),
        samples=0,
        provenance=_provenance(measured, parameters, seed, measurement),
    ) as writer:
        found = []
        for k in range(count):

            def told(iteration: int, error: float, k: int = k) -> None:
                stage = f"phasing, start {k + 1} of {count}: misfit {error:.4f}"
                step(stage, 0.02 + 0.96 * (k + iteration / ITERATIONS) / count)

            found.append(phased(amplitude, torch.Generator().manual_seed(seed + k), told))
            if k == 0:
                writer.image("first", slices(centred(found[0].density)))
        shared = agreement(found, amplitude)
        _write(writer, found, shared)
        summary = _summary(found, shared, side) | {
            "frames": len(measured.frames),
            "seconds": time.monotonic() - began,
        }
        summary["verdict"] = bragg_words.verdict(summary)
        writer.close(summary)
    report("done", 1.0)
    return summary


def counts_of(measured: Volume) -> Tensor:
    """Counts float32 `(n, h, w)`, NaN where the detector does not count."""
    counts = torch.from_numpy(measured.frames.astype(np.float32))
    if measured.mask is not None:
        counts[:, torch.from_numpy(~measured.mask)] = torch.nan
    return counts


def slices(density: Tensor) -> NDArray[np.float32]:
    """Magnitude over its largest, and phase, of the middle slice across the turn, `(2, s, s)`."""
    middle = density[len(density) // 2]
    largest = density.abs().max().clamp_min(1e-30)
    return torch.stack([middle.abs() / largest, middle.angle()]).numpy().astype(np.float32)


def _write(writer: store.RunWriter, found: list[Crystal], shared: Agreement) -> None:
    """Pictures of the best start, how far the others are from it, and curves."""
    best = shared.density[0]
    largest = best.abs().max().clamp_min(1e-30)
    differ = (shared.density[1:] - best).abs().square().mean(dim=0).sqrt() / largest
    writer.image("estimate", slices(best))
    for name, values in {
        "magnitude": best.abs() / largest,
        "phase": best.angle(),
        "differ": differ,
    }.items():
        writer.image(name, values.numpy().astype(np.float32))
    writer.table("transfer", {"frequency": shared.frequency, "share": shared.transfer})
    looked = len(found[0].misfit)
    writer.table(
        "course",
        {
            "start": np.repeat(np.arange(len(found)), looked),
            "look": np.tile(np.arange(1, looked + 1), len(found)),
            "misfit": np.concatenate([each.misfit for each in found]),
        },
    )


def _summary(found: list[Crystal], shared: Agreement, side: int) -> dict[str, Any]:
    squared = sorted(each.misfit[-1] for each in found)
    magnitude = shared.density[0].abs()
    there = magnitude > SURFACE * magnitude.max()
    sides = [int(there.any(dim=tuple({0, 1, 2} - {axis})).sum()) for axis in range(3)]
    return {
        "recipe": "bragg",
        "side": side,
        "misfit": {"squared": squared, "root": [error**0.5 for error in squared]},
        "agreement": {"least": shared.least, "period_px": shared.period},
        "crystal": {"voxels": int(there.sum()), "sides": sides},
    }


def _provenance(
    measured: Volume, parameters: dict[str, Any], seed: int, path: Path
) -> dict[str, Any]:
    return {
        "recipe": "bragg",
        "recipe_version": "1",
        "parameters": parameters,
        "seed": seed,
        "forward_model": "the far field of a complex crystal, in three axes",
        "noise": {"model": "none: amplitudes are met, counts below the threshold are nothing"},
        "units": "share of the largest; radians",
        "pixel_size_um": None,
        "measurement": {"content_hash": store.content_hash(path), **measured.provenance},
        "libraries": {name: version(name) for name in ("torch", "numpy", "zarr")},
    }
