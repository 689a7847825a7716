import numpy as np
import pytest
from scipy import ndimage

from workers.assessment.audit.registration import Field, NotFound, register
from workers.assessment.audit.windows import draw

FACTOR, SIDE = 4, 80


def specimen(seed=0):
    """Grains of three phases over four elements, counts per measured dwell, `(4, 320, 320)`."""
    rng = np.random.default_rng(seed)
    rough = ndimage.gaussian_filter(rng.normal(size=(3, SIDE * FACTOR, SIDE * FACTOR)), (0, 9, 9))
    levels = rng.uniform(20, 200, (4, 3))
    return levels[:, rough.argmax(0)]


def measured(truth, rng):
    c, height, width = truth.shape
    blocks = truth.reshape(c, height // FACTOR, FACTOR, width // FACTOR, FACTOR).mean((2, 4))
    mask = np.ones(blocks.shape[1:], bool)
    return Field(rng.poisson(blocks).astype(float), mask, np.ones(c), FACTOR)


def rescanned(truth, windows, rng, *, ratio=1.0, moved=(0, 0)):
    cut = []
    for window in windows:
        rows, columns = window.part(FACTOR)
        there = truth[:, :, columns.start + moved[1] : columns.stop + moved[1]]
        there = there[:, rows.start + moved[0] : rows.stop + moved[0]]
        cut.append(rng.poisson(ratio * there).astype(float))
    return cut


@pytest.fixture
def inner_windows():
    inner = np.zeros((SIDE, SIDE), bool)
    inner[2:-2, 2:-2] = True
    return draw(inner, 5)


@pytest.mark.parametrize("moved", [(0, 0), (2, -1), (-3, 3)])
@pytest.mark.parametrize("ratio", [1.0, 1 / 16])
def test_a_drifted_stage_is_found_again(moved, ratio, inner_windows):
    rng, truth = np.random.default_rng(1), specimen()
    rescans = rescanned(truth, inner_windows, rng, ratio=ratio, moved=moved)
    found = register(measured(truth, rng), inner_windows, rescans)
    assert np.abs(np.subtract(found.common, moved)).max() <= 1
    off = np.abs(np.subtract(found.shifts, moved))
    assert off.mean() < 0.6
    assert found.dwell_ratio == pytest.approx(ratio, rel=0.02)
    assert max(found.misfit) < 4


def test_windows_of_another_specimen_are_refused_by_number(inner_windows):
    rng, truth = np.random.default_rng(2), specimen()
    rescans = rescanned(truth, inner_windows, rng)
    field = measured(truth, rng)
    assert register(field, inner_windows, rescans).misfit
    swapped = [*rescans[8:], *rescans[:8]]
    elsewhere = rescanned(specimen(9), inner_windows, rng)
    with pytest.raises(NotFound, match=r"Windows? \d"):
        register(field, inner_windows, swapped)
    with pytest.raises(NotFound, match="Was the stage"):
        register(field, inner_windows, elsewhere)
    with pytest.raises(NotFound, match="no counts"):
        register(field, inner_windows, [0 * z for z in rescans])


def test_a_window_without_structure_is_at_home(inner_windows):
    rng = np.random.default_rng(3)
    flat = np.full((4, SIDE * FACTOR, SIDE * FACTOR), 50.0)
    found = register(measured(flat, rng), inner_windows, rescanned(flat, inner_windows, rng))
    assert max(found.misfit) < 2
