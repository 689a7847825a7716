"""What a delivery looks like on the wire: one line of JSON, then the frames as they are in memory.

The line is `{"index": …, "positions": …}`. `index` is the number of each frame, or of the first one
where they follow each other. `positions`, (row, column) of each, comes where places were not given
ahead. The frames follow one after another, row by row, least significant byte first.
"""

import json
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from fiducial.errors import Refused
from fiducial.measurements.errors import TooLarge
from workers.store.live import Delivery, Optics

MAX_LINE_BYTES = 2**16


def parsed(body: bytes | bytearray, optics: Optics, planned: int, places: bool) -> Delivery:
    """The frames in `body`; `places` says whether each must bring its own.

    Refused with what is wrong and where: the whole delivery is kept, or nothing of it.
    """
    if len(body) > settings.LIVE_BODY_BYTES:
        raise TooLarge(
            f"One delivery has at most {settings.LIVE_BODY_BYTES:,} bytes. Send fewer frames at "
            "once."
        )
    head, found, rest = bytes(body).partition(b"\n")
    if not found or len(head) > MAX_LINE_BYTES:
        raise Refused('Begin with one line of JSON, {"index": …}, and a line feed after it.')
    said = _said(head)
    frames = _frames(rest, optics)
    index = _index(said.get("index"), len(frames), planned)
    at = _places(said.get("positions"), len(frames)) if places else None
    _refuse_impossible(frames, index)
    return Delivery(frames, index, at)


def _said(head: bytes) -> dict[str, Any]:
    try:
        said = json.loads(head)
    except ValueError as fault:
        raise Refused("The first line is not JSON; it names the frames that follow.") from fault
    if not isinstance(said, dict):
        raise Refused('The first line is not an object, as in {"index": [40, 41]}.')
    return said


def _frames(rest: bytes, optics: Optics) -> NDArray[Any]:
    size = optics.frame_bytes
    if not rest or len(rest) % size:
        raise Refused(
            f"{len(rest):,} bytes of frames are no whole number of frames: one of {optics.side} × "
            f"{optics.side} pixels of {optics.type} has {size:,}."
        )
    if len(rest) // size > settings.LIVE_FRAMES_AT_ONCE:
        most = settings.LIVE_FRAMES_AT_ONCE
        raise TooLarge(f"One delivery has at most {most} frames. Send fewer at once.")
    kind = np.dtype(optics.type).newbyteorder("<")
    frames = np.frombuffer(rest, kind).reshape(-1, optics.side, optics.side)
    return frames.astype(optics.type)


def _index(said: Any, count: int, planned: int) -> NDArray[np.int64]:
    numbers = list(range(said, said + count)) if _whole(said) else said
    if not isinstance(numbers, list) or not all(map(_whole, numbers)):
        raise Refused('“index” must be the numbers of the frames, as in {"index": [40, 41]}.')
    if len(numbers) != count:
        raise Refused(f"There are {count} frames and {len(numbers)} numbers in “index”.")
    for number in numbers:
        if not 0 <= number < planned:
            raise Refused(
                f"There is no frame {number}: this scan was opened for {planned:,}, numbered from "
                "0."
            )
    return np.array(numbers, np.int64)


def _places(said: Any, count: int) -> NDArray[np.float64]:
    try:
        places = np.array(said, np.float64)
    except (TypeError, ValueError):
        places = np.empty(0)
    if places.shape != (count, 2) or not np.isfinite(places).all():
        raise Refused(
            f"“positions” must hold (row, column) of each of the {count} frames: no places were "
            "given when the scan was opened."
        )
    return places


def _refuse_impossible(frames: NDArray[Any], index: NDArray[np.int64]) -> None:
    if frames.dtype.kind != "f":
        return
    fine = (np.isfinite(frames) & (frames >= 0)).all(axis=(1, 2))
    if not fine.all():
        raise Refused(
            f"Frame {index[~fine][0]} holds values that are below 0 or no numbers, which counts "
            "never are. Send what the detector counted."
        )


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
