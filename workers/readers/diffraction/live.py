"""Frames that arrived one by one (`workers.store.live`), in the order of their numbers."""

from pathlib import Path

import numpy as np

from workers.readers.diffraction.found import Found
from workers.readers.diffraction.limits import check_frames
from workers.readers.problems import refusal
from workers.store.files import StoreError
from workers.store.live import LiveStore

METRES = {"um": 1e-6, "nm": 1e-9}  # of a unit of places that is neither pixels nor metres


def recognises(path: Path) -> bool:
    """A folder that was opened for frames."""
    if not path.is_dir():
        return False
    try:
        LiveStore(path)
    except StoreError:
        return False
    return True


def read(path: Path) -> Found:
    """Everything that arrived and was said when the scan was opened (ReadError)."""
    store = LiveStore(path)
    optics, arrived = store.optics, list(store.deliveries())
    if not arrived:
        raise refusal(path.name, "No frame arrived.", "Delete it, and open the scan again.")
    check_frames(path.name, (sum(len(each.index) for each in arrived), optics.side, optics.side))
    index = np.concatenate([each.index for each in arrived])
    order = np.argsort(index, kind="stable")
    places = store.plan
    if places is None:
        told = [each.places for each in arrived if each.places is not None]
        places = np.concatenate(told)[order]
    return Found(
        format="live frames",
        frames=np.concatenate([each.frames for each in arrived])[order],
        positions=places * METRES.get(optics.position_unit, 1.0),
        unit="px" if optics.position_unit == "px" else "m",
        index=index[order],
        probe=store.probe,
        values="counts",
        zero=optics.zero,
        energy_ev=optics.energy_ev,
        distance_m=optics.distance_m,
        detector_pixel_m=optics.detector_pixel_um and optics.detector_pixel_um * 1e-6,
        pixel_m=optics.pixel_nm and optics.pixel_nm * 1e-9,
    )
