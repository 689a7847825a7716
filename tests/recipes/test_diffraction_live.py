"""A preview that grows while frames arrive, and what is left of it."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tests.data import data_path
from tests.factories import scans
from workers import run as door
from workers.readers import read
from workers.recipes.catalogue import RECIPES
from workers.store import RunStore, glimpses, write_measurement
from workers.store.live import Delivery, LiveStore, Optics, open_live

ACROSS = 8
FRAMES = ACROSS**2
PARAMETERS = {"modes": 1, "side": 0}


def live_store(folder: Path, **said) -> LiveStore:
    _, places, probe = scans.counted(across=ACROSS)
    optics = Optics(side=scans.SIDE, zero="corner", pixel_nm=10.0)
    return open_live(
        folder / "frames.zarr", optics, FRAMES, **{"plan": places, "probe": probe, **said}
    )


def deliver(store: LiveStore, number: int, index: np.ndarray) -> None:
    frames, *_ = scans.counted(across=ACROSS)
    store.add(number, Delivery(frames[index], index))


def preview(store: LiveStore, output: Path, should_stop=lambda: False) -> dict:
    return door.run(
        "diffraction-live",
        store.path,
        output,
        PARAMETERS,
        seed=0,
        report=lambda stage, share: None,
        should_stop=should_stop,
    )


def until(said, seconds: float = 20.0):
    """What `said` answers as soon as that is something."""
    end = time.monotonic() + seconds
    while not (answer := said()) and time.monotonic() < end:
        time.sleep(0.02)
    assert answer, "it did not come"
    return answer


def test_a_preview_grows_with_the_frames_and_ends_when_no_more_come(tmp_path):
    store, output = live_store(tmp_path), tmp_path / "1.zarr"
    deliver(store, 0, np.arange(24))
    with_summary = []
    worker = threading.Thread(target=lambda: with_summary.append(preview(store, output)))
    worker.start()
    until(lambda: glimpses.facts(output).get("used") == 24)
    first = until(lambda: glimpses.newest(output))
    deliver(store, 1, np.arange(24, FRAMES - 4))
    until(lambda: glimpses.facts(output).get("used") == FRAMES - 4)
    later = until(lambda: glimpses.newest(output))
    assert later.lit.sum() > 1.5 * first.lit.sum()
    assert first.pictures.shape == later.pictures.shape == (2, *first.lit.shape)
    assert later.facts["pixel_nm"] == 10.0
    deliver(store, 2, np.arange(FRAMES - 4, FRAMES))
    store.end("closed")
    worker.join(30)
    (summary,) = with_summary
    assert summary["frames"] == summary["used"] == FRAMES
    assert "says nothing of what is certain" in summary["verdict"][0]
    assert RunStore(output).image("estimate").shape[0] == 2
    assert glimpses.newest(output) is None  # the result has taken their place


def test_a_preview_that_is_stopped_leaves_nothing(tmp_path):
    store, output = live_store(tmp_path), tmp_path / "runs" / "1.zarr"
    deliver(store, 0, np.arange(FRAMES))
    with pytest.raises(door.Stopped):
        preview(store, output, should_stop=lambda: glimpses.number(output) >= 1)
    assert list(output.parent.iterdir()) == []


def test_a_scan_that_ends_without_a_frame_says_so(tmp_path):
    store = live_store(tmp_path)
    store.end("silence")
    with pytest.raises(door.RunError, match="No frames arrived before the scan was closed"):
        preview(store, tmp_path / "1.zarr")


def test_dark_frames_and_pixels_that_do_not_count_are_left_out(tmp_path):
    frames, *_ = scans.counted(across=ACROSS)
    frames = frames.copy()
    frames[:, 3, 4] = 2**16 - 1  # what detectors write where they do not count
    frames[5] = 0
    store = live_store(tmp_path)
    store.add(0, Delivery(frames, np.arange(FRAMES)))
    store.end("closed")
    summary = preview(store, tmp_path / "1.zarr")
    assert summary["used"] == FRAMES - 1
    assert summary["misfit"] < 0.02


def test_a_preview_is_like_the_run_that_follows_it(tmp_path):
    """A cut of the measured Siemens star: half of it in a drawn order, some frames dropped."""
    path = data_path("diffraction/siemens-star-aps/siemens-star-aps.npz")
    with np.load(path) as held:
        frames, at, probe = held["diffraction"], held["scan_px"].astype(float), held["probe"]
    near = np.flatnonzero((np.abs(at - np.median(at, axis=0)) < 50).all(axis=1))
    optics = Optics(side=128, zero="corner")
    store = open_live(tmp_path / "frames.zarr", optics, len(near), at[near], probe[None])
    order = np.random.default_rng(0).permutation(len(near))[: len(near) - 6]
    for number, part in enumerate(np.array_split(order, 4)):
        store.add(number, Delivery(frames[near][part], part))
    store.end("closed")
    seen = door.run(
        "diffraction-live",
        store.path,
        tmp_path / "1.zarr",
        {"modes": 1, "side": 64},
        seed=0,
        report=lambda stage, share: None,
        should_stop=lambda: False,
    )
    assert seen["used"] == len(near) - 6

    closed = read([store.path], {})
    assert closed.index.tolist() == sorted(order.tolist())
    write_measurement(tmp_path / "r1.zarr", closed)
    summary = {"frames": len(closed.frames), "shape": [128, 128], "content": "scan"}
    asked = RECIPES["diffraction"].clean(
        {"modes": 1, "crop": 64, "epochs": 12, "samples": 8}, summary
    )
    door.run(
        "diffraction",
        tmp_path / "r1.zarr",
        tmp_path / "2.zarr",
        asked,
        seed=0,
        report=lambda stage, share: None,
        should_stop=lambda: False,
    )
    assert _alike(RunStore(tmp_path / "1.zarr"), RunStore(tmp_path / "2.zarr")) > 0.8


def _alike(preview: RunStore, run: RunStore) -> float:
    """Correlation of the phases where both are bright, at the shift where it is largest."""
    (one, other) = (np.asarray(store.image("estimate")[1]) for store in (preview, run))
    height, width = (min(pair) for pair in zip(one.shape, other.shape, strict=True))
    inner = (slice(24, height - 24), slice(24, width - 24))
    one, other = (_flat(each[inner]) for each in (one, other))
    product = np.fft.fft2(one) * np.fft.fft2(other).conj()
    return float(np.abs(np.fft.ifft2(product)).max() / np.sqrt((one**2).sum() * (other**2).sum()))


def _flat(phase: np.ndarray) -> np.ndarray:
    """Without the mean and the ramp that no frame tells."""
    rows, columns = np.indices(phase.shape)
    plane = np.stack([np.ones(phase.size), rows.ravel(), columns.ravel()], axis=1)
    fitted, *_ = np.linalg.lstsq(plane, phase.ravel(), rcond=None)
    return phase - (plane @ fitted).reshape(phase.shape)
