"""What a reviewer sees of a feature: its surroundings, and a small map with a pin."""

from dataclasses import dataclass

from fiducial.reports.models import Report
from fiducial.reports.pictures import Artist, Crop
from fiducial.viewer import stores
from workers.store import StoreError

from .details import Detail


@dataclass(frozen=True)
class Shown:
    """Pictures of one feature; the pin lies at x, y of the map, in fine pixels."""

    crop: Crop
    height: int  # of the map, like `letter` in fine pixels
    width: int
    letter: float


class Album:
    """The pictures of one report's run; empty where the run has none (a movie) or is gone."""

    def __init__(self, report: Report, details: list[Detail]) -> None:
        self._artist = _artist(report) if any(detail.claim for detail in details) else None

    def maps(self, details: list[Detail]) -> dict[int, str]:
        """The estimate of every element among `details`, as data URIs by channel."""
        channels = sorted({detail.claim.channel for detail in details if detail.claim})
        if self._artist is None:
            return {}
        return {channel: self._artist.overview("estimate", channel) for channel in channels}

    def shown(self, detail: Detail) -> Shown | None:
        """The pictures of one feature."""
        if self._artist is None or detail.claim is None:
            return None
        claim, (height, width) = detail.claim, self._artist.store.shape
        crop = self._artist.crop(claim.channel, claim.y, claim.x, claim.size_px)
        return Shown(crop, height, width, max(height, width) / 14)


def _artist(report: Report) -> Artist | None:
    try:
        return Artist(stores.of_run(report.run))
    except StoreError:
        return None
