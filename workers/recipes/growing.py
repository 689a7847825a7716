"""The numerics of `diffraction-live`: an object that grows while frames arrive, until they end."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workers import store
from workers.posteriors.diffraction.growing import LOOKS, Growing
from workers.readers.diffraction import placing
from workers.readers.diffraction.building import HC_EV_M, far_field_pixel
from workers.readers.diffraction.pixels import FLAGS
from workers.recipes.scan_pictures import parts_of
from workers.recipes.scan_reading import shrunk
from workers.run import Report, RunError, ShouldStop, Stopped
from workers.store.glimpses import Glimpse, Glimpses
from workers.store.live import Delivery, LiveStore, Optics

FEWEST = 16  # frames before the first round: fewer hardly overlap
LAST_PASSES = 8  # over all frames, when no more will come
QUIET_ROUNDS = 6  # that look at all frames again while no new ones come; then it waits
PAUSE_SECONDS = 0.2
WINDOW_SECONDS = 5.0  # over which frames per second are counted

NOTHING = "No frames arrived before the scan was closed, so there was nothing to show."
NO_CERTAINTY = (
    "This is a preview: it says nothing of what is certain. Run the closed scan for intervals and "
    "for frames that judge it."
)


def run(
    measurement: Path,
    output: Path,
    parameters: dict[str, Any],
    *,
    seed: int,
    report: Report,
    should_stop: ShouldStop,
) -> dict[str, Any]:
    """See `workers.run.run`; `measurement` is a live store. RunError where too few frames came."""
    with _one_thread(), Glimpses(output) as glimpses:
        preview = _Preview(LiveStore(measurement), glimpses, parameters, seed, report, should_stop)
        preview.follow()
        return preview.finish(output, measurement)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Batches are small: a second thread gains little, and where cores are shared it waits for its
    turn at every step: forty times longer, as was seen on two busy cores.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Preview:
    """Follows one live store; `used` frames have joined, of deliveries before `next`."""

    def __init__(
        self,
        live: LiveStore,
        glimpses: Glimpses,
        parameters: dict[str, Any],
        seed: int,
        report: Report,
        should_stop: ShouldStop,
    ) -> None:
        self.began = time.monotonic()
        self.live, self.glimpses, self.parameters, self.seed = live, glimpses, parameters, seed
        self.report, self.should_stop = report, should_stop
        self.side = min(parameters["side"] or live.optics.side, live.optics.side)
        self.growing: Growing | None = None
        self.next = self.rounds = 0
        self.waiting: list[Delivery] = []
        self.joined: deque[tuple[float, int]] = deque([(self.began, 0)])

    @property
    def used(self) -> int:
        """Frames that have joined."""
        return self.growing.count if self.growing else 0

    def follow(self) -> None:
        """Take what arrives, round after round, until the scan has ended and all of it is used."""
        quiet = 0
        while True:
            ended = self.live.has_ended  # asked first: what came before it is there then
            new = self._take(ended)
            quiet = 0 if new else quiet + 1
            if ended and not new:
                return
            if self.growing and quiet <= QUIET_ROUNDS:
                self._round()
            else:
                self._check(0, 0.0)
                time.sleep(PAUSE_SECONDS)

    def finish(self, output: Path, measurement: Path) -> dict[str, Any]:
        """The last passes over all frames, and the store of the run."""
        if self.growing is None:
            raise RunError(NOTHING)
        found = self.growing.settle(LAST_PASSES, self._check)
        x, lit = self.growing.shown()
        summary = self._facts(found.amplitude_error()) | {
            "recipe": "diffraction-live",
            "frames": self.used,
            "side": self.side,
            "shape": list(x.shape),
            "rounds": self.rounds,
            "seconds": time.monotonic() - self.began,
            "verdict": [NO_CERTAINTY],
        }
        with store.RunWriter(
            output,
            channels=("amplitude", "phase"),
            measured_shape=(self.side, self.side),
            shape=(x.shape[0], x.shape[1]),
            samples=0,
            provenance=self._provenance(measurement),
        ) as writer:
            writer.image("mask", lit.numpy())
            writer.image("estimate", parts_of(x))
            writer.close(summary)
        self.report("done", 1.0)
        return summary

    def _take(self, all_of_it: bool) -> int:
        """Have what arrived join, no more than one round looks at; how many frames that were."""
        wanted = LOOKS - sum(len(each.index) for each in self.waiting)
        for delivery in islice(self.live.deliveries(self.next), max(1, wanted)):
            self.next += 1
            wanted -= len(delivery.index)
            lit = np.flatnonzero(delivery.frames.any(axis=(1, 2)))
            if len(lit):  # a frame in which nothing was counted says nothing of the object
                self.waiting.append(delivery.of(lit))
            if wanted <= 0:
                break
        count = sum(len(each.index) for each in self.waiting)
        if not count or (self.growing is None and count < FEWEST and not all_of_it):
            return 0
        self.growing = self.growing or self._started(self.waiting[0].frames)
        for delivery in self.waiting:
            self._join(self.growing, delivery)
        self.waiting.clear()
        return count

    def _started(self, frames: NDArray[Any]) -> Growing:
        plan, probe = self.live.plan, self.live.probe
        return Growing(
            self.side,
            self.parameters["modes"],
            torch.Generator().manual_seed(self.seed),
            planned=None if plan is None else self._in_pixels(plan),
            probe=None if probe is None else shrunk(torch.from_numpy(probe)[0], self.side),
            mask=torch.from_numpy(_counting(self._cornered(frames))),
        )

    def _join(self, growing: Growing, delivery: Delivery) -> None:
        plan = self.live.plan
        places = delivery.places if plan is None else plan[delivery.index]
        assert places is not None, "a delivery without places, and no plan"
        frames = torch.from_numpy(self._cornered(delivery.frames).astype(np.float32))
        growing.join(frames, self._in_pixels(places))

    def _cornered(self, frames: NDArray[Any]) -> NDArray[Any]:
        """Frames with zero frequency at [0, 0]."""
        return np.fft.ifftshift(frames, (1, 2)) if self.live.optics.zero == "middle" else frames

    def _in_pixels(self, places: NDArray[np.float64]) -> Tensor:
        """Places in pixels of the object as this preview has them, along the frames' axes."""
        optics = self.live.optics
        factor = placing.scale(optics.position_unit, object_pixel_m(optics))
        told = {"axes": optics.axes, "turned_deg": optics.turned_deg}
        along = placing.turned(places * factor, told)
        return torch.from_numpy(along.astype(np.float64) * self.side / optics.side)

    def _round(self) -> None:
        assert self.growing is not None
        found = self.growing.round(self._check)
        self.rounds += 1
        self.joined.append((time.monotonic(), self.used))
        while self.joined[-1][0] - self.joined[0][0] > WINDOW_SECONDS and len(self.joined) > 2:
            self.joined.popleft()
        x, lit = self.growing.shown()
        self.glimpses.show(Glimpse(parts_of(x), lit.numpy(), self._facts(found.misfit[-1])))

    def _check(self, number: int, error: float) -> None:
        """Between passes: say how far it is, and stop when told."""
        if self.should_stop():
            raise Stopped
        stage = f"{self.used} of {self.live.planned} frames used"
        self.report(stage, self.used / self.live.planned)

    def _facts(self, misfit: float) -> dict[str, Any]:
        (first, before), (last, now) = self.joined[0], self.joined[-1]
        pixel = object_pixel_m(self.live.optics)
        return {
            "used": self.used,
            "per_second": (now - before) / (last - first) if last > first else 0.0,
            "misfit": misfit,
            "pixel_nm": pixel and pixel * 1e9 * self.live.optics.side / self.side,
        }

    def _provenance(self, measurement: Path) -> dict[str, Any]:
        return {
            "recipe": "diffraction-live",
            "recipe_version": "1",
            "parameters": self.parameters,
            "seed": self.seed,
            "forward_model": "ptychography, far field",
            "units": "transmission; radians",
            "pixel_size_um": None,
            "measurement": {"content_hash": store.content_hash(measurement)},
            "libraries": {name: version(name) for name in ("torch", "numpy", "zarr")},
        }


def object_pixel_m(optics: Optics) -> float | None:
    """Side of an object pixel of whole frames in metres, as said or λz/(s·p); None if not known."""
    if optics.pixel_nm:
        return optics.pixel_nm * 1e-9
    wavelength = HC_EV_M / optics.energy_ev if optics.energy_ev else None
    detector = optics.detector_pixel_um and optics.detector_pixel_um * 1e-6
    return far_field_pixel(wavelength, optics.distance_m, detector, optics.side)


def _counting(frames: NDArray[Any]) -> NDArray[np.bool_]:
    """Pixels `(s, s)` that no frame marks as one that does not count."""
    bad = np.zeros(frames.shape[1:], bool)
    for flag in FLAGS:
        bad |= (frames == flag).all(axis=0)
    return ~bad
