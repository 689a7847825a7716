"""A reconstruction finds the object, modes and places that a scan was drawn from."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.data import data_path
from tests.factories.diffraction import SIDE, Known, curved_probe, known_scan
from workers.assessment.diffraction.gauge import registered, window
from workers.assessment.diffraction.held_out import deviance
from workers.physics.propagation import FarField, NearField
from workers.posteriors.diffraction.scan import Scan, cropped, middle, scan_of
from workers.posteriors.diffraction.solver import Reconstruction, refine, started
from workers.posteriors.diffraction.starting import guessed_probe, norm, orthogonal, starting_modes


def solved(known: Known, epochs: int = 40, modes: int = 1, **options: int | None) -> Reconstruction:
    probe = starting_modes(0.7 * curved_probe()[0], modes, known.scan.power)
    start = started(known.scan, probe)
    return refine(start, epochs, torch.Generator().manual_seed(1), **options)


def agreement(found: Tensor, truth: Tensor) -> float:
    """Correlation with the truth where the scan has looked, once the gauge is taken off."""
    inner = slice(SIDE // 2, -SIDE // 2)
    found, truth = found[inner, inner], truth[inner, inner]
    there = registered(found, truth, window(*truth.shape))
    kept = window(*truth.shape) > 0.3
    return float(np.corrcoef(there[kept].angle(), truth[kept].angle())[0, 1])


def test_the_object_is_found_down_to_the_noise() -> None:
    known = known_scan()
    found = solved(known)
    assert agreement(found.object, known.object) > 0.98
    floor = Reconstruction(known.object, known.probe, known.scan).amplitude_error()
    assert found.amplitude_error() < 1.1 * floor
    assert found.misfit[-1] < found.misfit[0] / 20


def test_the_same_generator_gives_the_same_object() -> None:
    known = known_scan(frames=36)
    first, second = solved(known, 3), solved(known, 3)
    assert torch.equal(first.object, second.object)


def test_a_near_field_scan_is_found_too() -> None:
    """Slower than a far-field one: free space hardly shows phases that vary slowly."""
    known = known_scan(propagator=NearField(0.1, SIDE))
    assert agreement(solved(known, 150).object, known.object) > 0.95


def test_a_dead_row_of_the_detector_disturbs_nothing() -> None:
    known = known_scan()
    mask = torch.ones(SIDE, SIDE, dtype=torch.bool)
    mask[3] = False
    frames = known.scan.frames.clone()
    frames[:, 3] = 1e4
    scan = replace(known.scan, frames=frames, mask=mask)
    assert agreement(solved(replace(known, scan=scan)).object, known.object) > 0.97


def test_two_modes_are_told_from_one_on_frames_not_fitted() -> None:
    known = known_scan(modes=(0.7, 0.3))
    held = torch.arange(len(known.scan.frames)) % 5 == 0
    kept, out = (known.scan.of(torch.nonzero(which)[:, 0]) for which in (~held, held))
    one, two = (solved(replace(known, scan=kept), 100, modes=count) for count in (1, 2))
    assert deviance(two, out) < 1.1 < 1.5 < deviance(one, out)
    share = norm(two.probe).square().flatten() / kept.power
    assert float(share[1]) == pytest.approx(0.3, abs=0.08)


def test_places_that_were_told_wrong_are_found() -> None:
    known = known_scan(astray=1.0)
    found = solved(known, 80, places_from=10)

    def off(places: Tensor) -> float:
        away = places - known.places
        return float((away - away.mean(dim=0)).square().mean().sqrt())

    assert off(known.scan.places) > 0.8
    assert off(found.scan.places) < 0.35 * off(known.scan.places)


def test_who_is_told_may_stop_a_reconstruction() -> None:
    def stop(epoch: int, error: float) -> None:
        if epoch == 1:
            raise InterruptedError

    known = known_scan(frames=36)
    with pytest.raises(InterruptedError):
        refine(started(known.scan, known.probe), 9, torch.Generator(), told=stop)


def test_modes_become_orthogonal_and_keep_their_intensity() -> None:
    modes = torch.randn(3, 8, 8, dtype=torch.complex64, generator=torch.Generator().manual_seed(0))
    axes = orthogonal(modes)
    flat = axes.reshape(3, -1)
    product = flat @ flat.conj().T
    assert float((product - torch.diag(product.diagonal())).abs().max()) < 1e-3
    torch.testing.assert_close(
        axes.abs().square().sum(dim=0), modes.abs().square().sum(dim=0), rtol=1e-4, atol=1e-4
    )
    assert norm(axes).flatten().diff().max() <= 0


def test_a_probe_is_guessed_with_the_power_of_the_frames() -> None:
    known = known_scan(frames=36)
    modes = starting_modes(guessed_probe(known.scan), 3, known.scan.power)
    assert float(modes.abs().square().sum()) == pytest.approx(known.scan.power, rel=1e-4)
    assert float(norm(modes)[0] / norm(modes)[1]) > 2


def test_numbers_that_do_not_fit_are_refused() -> None:
    frames = torch.zeros(3, 8, 8)
    with pytest.raises(ValueError, match="3 frames, but 2 positions"):
        scan_of(frames, torch.zeros(2, 2), FarField())
    with pytest.raises(ValueError, match="not square"):
        scan_of(torch.zeros(3, 8, 9), torch.zeros(3, 2), FarField())
    with pytest.raises(ValueError, match="not numbers"):
        scan_of(frames, torch.full((3, 2), torch.nan), FarField())


def siemens_star(side: int) -> tuple[Scan, Tensor]:
    """The measured scan, the middle of its frames, and its probe on the same pixels."""
    with np.load(data_path("diffraction/siemens-star-aps/siemens-star-aps.npz")) as file:
        frames = torch.from_numpy(file["diffraction"].astype(np.float32))
        whole = scan_of(frames, torch.from_numpy(file["scan_px"]), FarField())
        spectrum = torch.fft.fft2(torch.fft.ifftshift(torch.from_numpy(file["probe"])))
    return cropped(whole, side), torch.fft.fftshift(torch.fft.ifft2(middle(spectrum, side)))


def test_a_measured_siemens_star_is_explained() -> None:
    scan, probe = siemens_star(64)
    start = started(scan, starting_modes(probe, 1, scan.power))
    found = refine(start, 12, torch.Generator().manual_seed(0))
    assert start.amplitude_error() > 0.05
    assert found.amplitude_error() < 0.012
