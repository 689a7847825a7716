"""The null-space flow whose regression also looks at an electron image."""

from dataclasses import dataclass

import torch
from torch import Tensor

from workers.device import asked
from workers.networks.cellnet import HALO
from workers.networks.guidenet import REACH, GuideNet
from workers.physics import LinearForwardModel
from workers.posteriors.cells import Cells, Seen
from workers.posteriors.flow import FlowModel
from workers.posteriors.guided import detail
from workers.posteriors.tiles import Window

# Of a correction, how much is made. Guides in laboratories are worse than those practised on, in
# ways nobody listed; half a correction keeps three quarters of the gain of a right one, and one
# that would do harm if made whole does little or none.
BELIEVED = 0.5


@dataclass(frozen=True)
class GuidedFlow(FlowModel):
    """A flow and the guide of one measurement.

    guide : grey values `(H, W)` on the fine grid, registered and `detail.standardised`.
    trusted : bool `(e,)`, the elements whose mean and spread the guide may change.
    """

    net: GuideNet
    guide: Tensor
    trusted: Tensor

    @property
    def halo(self) -> int:
        return HALO + max(REACH, detail.REACH)

    def look(self, y: Tensor, cells: Cells, forward: LinearForwardModel, window: Window) -> Seen:
        """As without a guide, corrected by it where an element trusts it."""
        seen = super().look(y, cells, forward, window)
        f = forward.factor
        guide = self.guide[tuple(slice(s.start * f, s.stop * f) for s in window)][None]
        proposals = detail.explained_detail(y, guide, cells, forward)
        contrast = detail.contrast(guide, forward)
        mean, log_sigma = asked(
            self.net, self.net, seen.features, seen.mean, seen.log_sigma, proposals, contrast
        )
        share = BELIEVED * self.trusted[:, None, None, None]
        return Seen(
            seen.features,
            torch.lerp(seen.mean, mean, share.to(mean)),
            torch.lerp(seen.log_sigma, log_sigma, share.to(mean)),
        )
