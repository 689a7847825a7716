"""How a structural unit is seen: turned and moved, in a patch of which only a circle is compared.

A pose is `(θ, x, y)`: an angle in radians from x (to the right) towards y (down), then a shift in
pixels. What lies at p in the canonical image is seen at R(θ) p + (x, y), both from the middle.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def circle(side: int, share: float = 1.0) -> Tensor:
    """Which pixels lie in a `share` of the radius of the inscribed circle, bool `(side, side)`.

    Corners leave a patch when it turns.
    """
    at = _places(side)
    return at[:, None] ** 2 + at**2 <= (share * side / 2) ** 2


def posed(canonical: Tensor, pose: Tensor, side: int) -> Tensor:
    """Canonical images `(n, c, c)` seen in poses (n, 3), as patches `(n, side, side)`.

    Bilinear; beyond the canonical image there is nothing (0).
    """
    at = _places(side)
    cos, sin = torch.cos(pose[:, 0])[:, None, None], torch.sin(pose[:, 0])[:, None, None]
    x = at[None, None, :] - pose[:, 1, None, None]
    y = at[None, :, None] - pose[:, 2, None, None]
    source = torch.stack([cos * x + sin * y, cos * y - sin * x], dim=-1)
    return _sampled(canonical, source, "zeros")


def unposed(patches: Tensor, pose: Tensor) -> Tensor:
    """Patches `(n, p, p)` moved and turned back from poses (n, 3): `(n, p, p)`.

    Bilinear; what would come from beyond the patch is its nearest pixel.
    """
    at = _places(patches.shape[-1])
    cos, sin = torch.cos(pose[:, 0])[:, None, None], torch.sin(pose[:, 0])[:, None, None]
    x, y = at[None, None, :], at[None, :, None]
    source = torch.stack(
        [
            cos * x - sin * y + pose[:, 1, None, None],
            sin * x + cos * y + pose[:, 2, None, None],
        ],
        dim=-1,
    )
    return _sampled(patches, source, "border")


def turned(patches: Tensor, angles: Tensor) -> Tensor:
    """Every patch `(n, p, p)` turned back by each angle (b,), radians: `(n, b, p, p)`."""
    poses = torch.zeros(len(angles), 3)
    poses[:, 0] = angles
    moved = [unposed(patches, pose.expand(len(patches), 3)) for pose in poses]
    return torch.stack(moved, dim=1)


def rotation(angle: Tensor) -> Tensor:
    """R(θ) of angles `(n,)`, `(n, 2, 2)`: how canonical directions are seen."""
    cos, sin = torch.cos(angle), torch.sin(angle)
    return torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)


def _places(side: int) -> Tensor:
    """Middles of the pixels along a side, from the middle of the image."""
    return torch.arange(side, dtype=torch.float32) + 0.5 - side / 2


def _sampled(images: Tensor, source: Tensor, beyond: str) -> Tensor:
    grid = source * (2 / images.shape[-1])
    return F.grid_sample(images[:, None], grid, padding_mode=beyond, align_corners=False)[:, 0]
