"""A unit turned and moved, and turned back."""

import math

import torch
from hypothesis import given
from hypothesis import strategies as st

from workers.physics.pose import circle, posed, turned

SIDE = 24


def blobs(shift: tuple[float, float] = (0.0, 0.0), turn: float = 0.0) -> torch.Tensor:
    """Two smooth columns of different height, turned and moved exactly."""
    at = torch.arange(SIDE) + 0.5 - SIDE / 2
    image = torch.zeros(SIDE, SIDE)
    for x, y, height in ((4.0, 0.0, 1.0), (-1.0, 3.0, 0.6)):
        seen_x = math.cos(turn) * x - math.sin(turn) * y + shift[0]
        seen_y = math.sin(turn) * x + math.cos(turn) * y + shift[1]
        squares = (at[:, None] - seen_y) ** 2 + (at - seen_x) ** 2
        image += height * torch.exp(-squares / (2 * 2.0**2))
    return image[None]


@given(st.floats(-3.1, 3.1), st.floats(-2, 2), st.floats(-2, 2))
def test_a_pose_turns_then_moves(turn: float, x: float, y: float) -> None:
    pose = torch.tensor([[turn, x, y]])
    seen = posed(blobs(), pose, SIDE)
    inside = circle(SIDE)
    assert (seen - blobs((x, y), turn))[0][inside].abs().max() < 0.08  # bilinear


@given(st.floats(-3.1, 3.1))
def test_turning_back_undoes_a_turn(turn: float) -> None:
    back = turned(blobs(turn=turn), torch.tensor([turn]))[0, 0]
    assert (back - blobs()[0])[circle(SIDE)].abs().max() < 0.08


def test_the_circle_leaves_the_corners_out() -> None:
    inside = circle(SIDE)
    assert not inside[0, 0]
    assert inside[SIDE // 2, 0]
    assert abs(inside.float().mean() - math.pi / 4) < 0.02
