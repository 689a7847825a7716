"""Files with a wrong convention get a sentence naming it; right ones pass."""

import numpy as np
import pytest

from tests.factories import scans
from workers import readers


def read(tmp_path, told=None, **arrays):
    frames, at, probe = scans.counted()
    np.savez(tmp_path / "s.npz", **({"data": frames, "scan": at, "probe": probe} | arrays))
    return readers.read([tmp_path / "s.npz"], told)


def asked(scan) -> str:
    return " ".join(each.what for each in scan.problems if each.severity == "question")


def turned(at, degrees):
    angle = np.radians(degrees)
    c, s = np.cos(angle), np.sin(angle)
    return at @ np.array([[c, -s], [s, c]])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda at: at[:, ::-1], "rows and columns of the places are swapped"),
        (lambda at: at * [-1, 1], "one axis of the places"),
        (lambda at: at * [1, -1], "one axis of the places"),
        (lambda at: turned(at, 90), "turned by"),
        (lambda at: turned(at, 40), "turned by"),
    ],
    ids=["swapped", "rows reversed", "columns reversed", "quarter turn", "turned"],
)
def test_wrong_axes_are_named_and_asked(change, said, tmp_path):
    _, at, _ = scans.counted()
    scan = read(tmp_path, scan=change(at))
    assert scan.provenance["open"] == ["axes"]
    assert said in asked(scan)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda at: at[:, ::-1], {"axes": "swapped"}),
        (lambda at: at * [-1, 1], {"axes": "rows"}),
        (lambda at: turned(at, -40), {"turned_deg": 40.0}),
    ],
    ids=["swapped", "rows reversed", "turned"],
)
def test_answer_puts_the_places_right(change, told, tmp_path):
    _, at, _ = scans.counted()
    scan = read(tmp_path, told, scan=change(at))
    assert scan.provenance["open"] == []
    assert scan.convention["geometry"]["right"]
    np.testing.assert_allclose(scan.positions, at, atol=1e-9)


def test_wrong_answer_is_kept_with_a_warning(tmp_path):
    scan = read(tmp_path, {"axes": "swapped"})
    assert scan.provenance["open"] == []
    assert any(each.severity == "warning" and "swapped" in each.what for each in scan.problems)


def test_zero_frequency_that_is_elsewhere_than_said_is_asked(tmp_path):
    frames, at, probe = scans.counted()
    np.savez(
        tmp_path / "p.npz",
        diffraction=np.sqrt(frames).astype(np.float32),  # in the corner, where its layout says not
        xcoords=at[:, 1],
        ycoords=at[:, 0],
        probeGuess=probe[0],
    )
    scan = readers.read([tmp_path / "p.npz"])
    assert scan.provenance["open"][0] == "zero"
    assert "said to lie in the middle" in asked(scan)
    right = readers.read([tmp_path / "p.npz"], {"zero": "corner"})
    assert right.provenance["open"] == []
    np.testing.assert_array_equal(right.frames, frames)


def test_counts_in_the_layout_of_amplitudes_are_asked(tmp_path):
    frames, at, _ = scans.counted()
    centred = np.fft.fftshift(frames, (1, 2))
    np.savez(tmp_path / "p.npz", diffraction=centred, xcoords=at[:, 1], ycoords=at[:, 0])
    scan = readers.read([tmp_path / "p.npz"])
    assert "values" in scan.provenance["open"]
    assert "their noise is that of counts" in asked(scan)
    right = readers.read([tmp_path / "p.npz"], {"values": "counts"})
    np.testing.assert_array_equal(right.frames, frames)


def test_amplitudes_are_known_by_their_noise_and_become_counts(tmp_path):
    frames, _, _ = scans.counted()
    scan = read(tmp_path, data=np.sqrt(frames).astype(np.float32))
    assert scan.convention["values"]["seen"] == "amplitude"
    np.testing.assert_array_equal(scan.frames, frames)


def test_scaled_counts_stay_counts_and_keep_their_scale_as_variance(tmp_path):
    frames, _, _ = scans.counted()
    scan = read(tmp_path, data=frames * np.float32(0.25))
    assert scan.convention["values"]["seen"] == "counts"
    assert scan.variance_factor == pytest.approx(0.25, rel=0.1)


@pytest.mark.parametrize("scale", [1e-6, 1e3])
def test_places_that_no_beam_overlaps_are_asked(scale, tmp_path):
    _, at, _ = scans.counted()
    scan = read(tmp_path, scan=at * scale)
    assert scan.provenance["open"] == ["position_unit"]
    assert "no such scan can be reconstructed" in asked(scan)


def test_frames_of_a_bare_beam_cannot_tell_the_axes(tmp_path):
    probe = scans.curved_probe(power=1e5)
    bare = np.abs(np.fft.fft2(probe[0], norm="ortho")) ** 2
    frames = np.random.default_rng(0).poisson(np.repeat(bare[None], 196, axis=0))
    scan = read(tmp_path, data=frames.astype(np.uint16))
    assert scan.convention["geometry"] == {"tells": False}
    assert any("cannot be told from these frames" in each.what for each in scan.problems)


def test_probe_takes_the_power_of_the_data(tmp_path):
    _, _, probe = scans.counted()
    scan = read(tmp_path, probe=probe * 1e-3)
    assert any("was scaled to the counts" in each.do for each in scan.problems)
    assert (np.abs(scan.probe) ** 2).sum() == pytest.approx(scan.frames.sum() / 196, rel=1e-4)
