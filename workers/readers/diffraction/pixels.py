"""Frames that can be counted with: which pixels count, which frames are there, squares."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from workers.readers.diffraction.checks.zero import Centre, centre_of
from workers.readers.diffraction.heard import Heard
from workers.readers.problems import refusal
from workers.scan import MAX_SIDE

FLAGS = (2**16 - 1, 2**32 - 1, -1, -2)  # what detectors write where they do not count
EVERY = 16  # frames looked at, for what is the same in all


class Cleaned(NamedTuple):
    """Frames `(n, h, w)` without gaps, 0 where `mask` `(h, w)` is False; `kept`, their numbers."""

    frames: NDArray[Any]
    mask: NDArray[np.bool_]
    kept: NDArray[np.int64]


def cleaned(frames: NDArray[Any], mask: NDArray[np.bool_] | None, heard: Heard) -> Cleaned:
    """Pixels that do not count masked, frames that hold nothing left out (ReadError if all)."""
    counts = np.ones(frames.shape[1:], bool) if mask is None else mask.copy()
    bad = np.zeros_like(counts)
    for flag in FLAGS:
        bad |= (frames[:: max(1, len(frames) // EVERY)] == flag).all(axis=0)
    if frames.dtype.kind == "f":
        bad |= ~np.isfinite(frames).all(axis=0) & ~(~np.isfinite(frames)).all(axis=(1, 2)).any()
    counts &= ~bad
    lost = int((~counts).sum())
    if not counts.any():
        raise refusal(heard.where, "No pixel of the detector counts.", "Look at the mask.")
    if lost:
        heard.say(
            "note",
            f"{lost:,} of {counts.size:,} pixels of the detector do not count (marked, or NaN).",
            "Nothing; they are left out of every comparison.",
        )
    held = np.where(counts, np.nan_to_num(frames) if frames.dtype.kind == "f" else frames, 0)
    below = held < 0
    if held.dtype.kind in "if" and below.any():
        heard.say(
            "warning",
            f"{int(below.sum()):,} values are below 0, which no count can be.",
            "They were set to 0; upload the frames before a background was subtracted.",
        )
        held[below] = 0
    lit = held.any(axis=(1, 2))
    kept = np.flatnonzero(lit)
    if not len(kept):
        raise refusal(heard.where, "Every frame is empty: nothing was counted.", "Check the file.")
    if len(kept) < len(held):
        dark = ", ".join(str(n) for n in np.flatnonzero(~lit)[:8])
        heard.say(
            "warning",
            f"{len(held) - len(kept)} frames hold nothing and were left out: {dark}"
            f"{' …' if len(held) - len(kept) > 8 else ''}.",
            "Places keep their own frames; nothing, if the shutter was closed there.",
        )
    return Cleaned(held[kept] if len(kept) < len(held) else held, counts, kept)


def centred(frames: NDArray[Any], values: str, heard: Heard, stated: str | None) -> str:
    """ "corner" or "middle": where zero frequency is; asks where it cannot be told."""
    mean = frames.astype(np.float64) if len(frames) < EVERY else frames
    power = mean[:: max(1, len(mean) // (4 * EVERY))].astype(np.float64)
    centre = centre_of((power**2 if values == "amplitude" else power).mean(axis=0))
    seen, said = centre.place, heard.told.get("zero") or stated
    heard.convention["zero"] = {
        "stated": stated,
        "seen": seen,
        "centre": [round(at, 2) for at in centre.at],
    }
    words = {"corner": "the corner, at [0, 0]", "middle": "the middle"}
    if seen and said and seen != said:
        heard.ask(
            "zero",
            f"Zero frequency is said to lie in {words[said]} of a frame, but the counts lie about "
            f"{words[seen]} (row {centre.at[0]:.0f}, column {centre.at[1]:.0f}).",
            f"Choose {words[seen]}, unless the beam itself was blocked.",
        )
    elif not seen and not said:
        heard.ask(
            "zero",
            "Where zero frequency lies in a frame is neither said nor to be seen.",
            "Choose the corner, [0, 0], or the middle.",
        )
    place = said or seen or "middle"
    _offset(centre, place, frames.shape[1:], heard)
    return str(place)


def _offset(centre: Centre, place: str, shape: tuple[int, ...], heard: Heard) -> None:
    """Say how far the counts lie from where zero frequency should, where that is much."""
    off = []
    for at, side in zip(centre.at, shape, strict=True):
        aim = side // 2 if place == "middle" else 0
        off.append((at - aim + side / 2) % side - side / 2)
    if max(map(abs, off)) > max(2.0, min(shape) / 24) and centre.place == place:
        heard.say(
            "warning",
            f"The middle of the counts lies {off[0]:+.1f} rows and {off[1]:+.1f} columns from zero "
            "frequency: the object will have a phase ramp.",
            "Nothing, if the beam came in at an angle; otherwise centre the frames and upload "
            "again.",
        )


def square(
    frames: NDArray[Any], mask: NDArray[np.bool_], place: str, heard: Heard
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Frames of one side with zero frequency at [0, 0], and their mask; cropped to be square."""
    if place == "corner":
        frames, mask = np.fft.fftshift(frames, (1, 2)), np.fft.fftshift(mask)
    height, width = mask.shape
    side = min(height, width)
    if side > MAX_SIDE:
        raise refusal(
            heard.where,
            f"The frames have {height} × {width} pixels; up to {MAX_SIDE} × {MAX_SIDE} are read.",
            "Crop or bin them.",
        )
    if height != width:
        heard.say(
            "warning",
            f"The frames are not square: {height} × {width} pixels.",
            f"They were cropped to {side} × {side} about zero frequency.",
        )
        top, left = height // 2 - side // 2, width // 2 - side // 2
        frames = frames[:, top : top + side, left : left + side]
        mask = mask[top : top + side, left : left + side]
    return np.fft.ifftshift(frames, (1, 2)), np.fft.ifftshift(mask)


def smallest(frames: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers in the smallest type that holds them; others as float32."""
    if frames.dtype.kind == "f":
        whole = np.rint(frames)
        if not np.allclose(frames, whole, rtol=1e-5, atol=1e-3):
            return frames.astype(np.float32)
        frames = whole
    most = int(frames.max())
    name = "uint8" if most < 2**8 else "uint16" if most < 2**16 else "uint32"
    return frames.astype(name) if most < 2**32 else frames.astype(np.float32)
