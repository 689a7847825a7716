import hashlib
import re

import numpy as np
import pytest
import tifffile

from fiducial.demo import specimen


@pytest.fixture(scope="module")
def counts():
    return specimen.read()[0]


def test_specimen_has_the_pixels_its_attribution_names():
    attribution = (specimen.FOLDER / "ATTRIBUTION.md").read_text()
    named = dict(re.findall(r"\| (\S+\.tif) \| ([0-9a-f]{16}) \|", attribution))
    found = {
        path.name: hashlib.sha256(tifffile.imread(path).tobytes()).hexdigest()[:16]
        for path in specimen.FOLDER.glob("*.tif")
    }
    assert found == named
    assert len(found) == 11


def test_share_out_gives_every_count_to_exactly_one_scan(counts):
    scans = specimen.share_out(counts, np.random.default_rng(1))
    whole = specimen.block_sum(scans.fine + scans.slow) + scans.coarse
    np.testing.assert_array_equal(whole, specimen.block_sum(counts))


def test_share_out_gives_both_short_scans_a_sixteenth_of_the_time(counts):
    scans = specimen.share_out(counts, np.random.default_rng(2))
    total = counts.sum()
    for short in (scans.fine, scans.coarse):
        # the share of a binomial: within five standard deviations of 1/16
        assert abs(short.sum() / total - 1 / 16) < 5 * np.sqrt(15 / 256 / total)


def test_share_out_makes_scans_whose_noise_is_independent():
    flat = np.full((1, 512, 512), 160)
    poisson = np.random.default_rng(3).poisson(flat)
    scans = specimen.share_out(poisson, np.random.default_rng(4))
    together = np.corrcoef(scans.fine.ravel(), scans.slow.ravel())[0, 1]
    assert abs(together) < 5 / 512
    assert scans.fine.var() == pytest.approx(scans.fine.mean(), rel=0.02)
    assert scans.coarse.var() == pytest.approx(scans.coarse.mean(), rel=0.05)


def test_write_maps_keeps_counts_and_shape(tmp_path):
    counts = np.arange(10 * 8 * 8).reshape(10, 8, 8)
    paths = specimen.write_maps(tmp_path, counts, np.full((8, 8), 3.0, np.float32))
    assert [p.name for p in paths][-1] == "obj1_8bt_BSE.tif"
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "obj1_32bt_Al.tif"), counts[0])
