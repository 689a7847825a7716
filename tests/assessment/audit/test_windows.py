import numpy as np
import pytest

from workers.assessment.audit.windows import TooSmall, draw


def covered(mask, windows):
    times = np.zeros(mask.shape, int)
    for window in windows:
        times[window.part()] += 1
    return times


@pytest.mark.parametrize("shape", [(88, 88), (128, 128), (150, 74), (512, 512), (1500, 1100)])
def test_windows_cover_three_percent_without_overlap(shape):
    mask = np.ones(shape, bool)
    for seed in range(5):
        windows = draw(mask, seed)
        times = covered(mask, windows)
        assert 16 <= len(windows) <= 32
        assert times.max() == 1
        assert 0.024 < times.mean() < 0.05


def test_windows_lie_in_what_was_measured_and_follow_from_the_seed():
    mask = np.ones((128, 128), bool)
    mask[:, 64:] = False
    windows = draw(mask, 3)
    assert not (covered(mask, windows) & ~mask).any()
    assert draw(mask, 3) == windows != draw(mask, 4)


def test_every_place_away_from_the_border_is_equally_likely():
    mask = np.ones((96, 96), bool)
    drawn = [draw(mask, seed) for seed in range(1500)]
    times = sum(covered(mask, windows) for windows in drawn)
    inner = times[8:-8, 8:-8].reshape(8, 10, 8, 10).mean((1, 3))
    assert inner.std() / inner.mean() < 0.12
    first, last = (np.mean([windows[k].row for windows in drawn]) for k in (0, 15))
    assert abs(first - last) < 4


def test_a_small_map_is_refused_in_a_sentence():
    with pytest.raises(TooSmall, match="Rescan all of it"):
        draw(np.ones((24, 32), bool), 0)
    with pytest.raises(TooSmall, match="8 × 8"):
        draw(np.ones((64, 64), bool), 0, fine=True)
    with pytest.raises(TooSmall):
        draw(np.zeros((256, 256), bool), 0)
