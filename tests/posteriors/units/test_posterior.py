"""Units of known pose: what is learned of them, and whether its intervals hold."""

import numpy as np
import pytest
import torch

from tests.benchmarks.rvae import said_by
from tests.benchmarks.unit_scores import angle_scores
from workers.assessment.units.descriptor import describe
from workers.assessment.units.symmetry import arc, folded, order
from workers.networks.rvae import RVAE, Shape
from workers.posteriors.units.fitting import epochs, fit
from workers.posteriors.units.learning import BATCH, Epoch
from workers.posteriors.units.posterior import UnitPosterior, correlation
from workers.posteriors.units.templates import start
from workers.training.motifs import GRAPHENE, SQUARE, Motifs, motifs

FEW = 240


@pytest.fixture(scope="module")
def learned() -> tuple[Motifs, RVAE, UnitPosterior, list[Epoch]]:
    made = motifs(GRAPHENE, FEW, np.random.default_rng(0))
    told: list[Epoch] = []
    passes = epochs(FEW, BATCH)
    net, found = fit(made.patches, describe(made.patches), 3, 3, 0, passes, told.append)
    return made, net, found, told


def test_angles_and_classes_are_found_and_arcs_hold_them(learned) -> None:  # type: ignore[no-untyped-def]
    made, _, found, _ = learned
    best = said_by(found, 0)
    r, degrees, offset, _ = angle_scores(best.angle, made.angle, 3)
    assert r > 0.99
    assert degrees < 1.0
    agree = [(best.label[made.label == k] == j).mean() for k in range(3) for j in range(3)]
    assert sorted(agree)[-3:] == pytest.approx([1, 1, 1], abs=0.05)
    _, angle, _ = found.sample(200, torch.Generator().manual_seed(0))
    centre, half = arc(angle.double().numpy(), 3, 0.9)
    assert (np.abs(folded(centre - offset - made.angle, 3)) <= half).mean() > 0.75


def test_the_order_of_symmetry_is_found(learned) -> None:  # type: ignore[no-untyped-def]
    _, net, found, _ = learned
    assert order([(net, 0, found.noise)]) == 3


def test_weights_are_a_distribution_and_patches_are_explained(learned) -> None:  # type: ignore[no-untyped-def]
    _, net, found, told = learned
    assert torch.allclose(found.weight.sum(1), torch.ones(FEW), atol=1e-5)
    assert 0.7 < float(found.misfit.median()) < 1.1  # of few patches some are explained less well
    assert told[-1].held_out < told[0].held_out
    with torch.inference_mode():
        assert net.decode(torch.zeros(2, 3), torch.tensor([0, 1])).shape == (2, 30, 30)


def test_a_patch_of_something_else_is_not_explained(learned) -> None:  # type: ignore[no-untyped-def]
    from workers.posteriors.units.posterior import ask

    made, net, _, _ = learned
    odd = made.patches.copy()
    odd[0] = np.random.default_rng(1).random((24, 24))
    assert float(ask(net, torch.from_numpy(odd)).misfit[0]) > 3


def test_templates_find_poses_on_the_full_circle() -> None:
    made = motifs(SQUARE, FEW, np.random.default_rng(2))
    begun = start(torch.from_numpy(made.patches), made.label, 3, torch.Generator().manual_seed(0))
    bright = made.label == 1  # one corner tells the angle
    r, degrees, *_ = angle_scores(begun.pose[bright, 0].double().numpy(), made.angle[bright], 1)
    assert r > 0.97
    assert degrees < 4
    assert begun.latents.std(dim=0).numpy() == pytest.approx(1, abs=0.05)


def test_patches_without_content_are_said_to_be_so_soon() -> None:
    noise = 0.5 + 0.1 * np.random.default_rng(3).standard_normal((120, 24, 24))
    told: list[Epoch] = []
    patches = noise.astype(np.float32)
    fit(patches, describe(patches), 1, 2, 0, 20, told.append)
    assert not any(epoch.collapsed for epoch in told[:1])  # too early to say
    assert any(epoch.collapsed for epoch in told)


def test_learning_stops_when_it_is_told_to() -> None:
    class Stop(Exception):
        pass

    def heard(epoch: Epoch) -> None:
        raise Stop

    made = motifs(GRAPHENE, 40, np.random.default_rng(4))
    with pytest.raises(Stop):
        fit(made.patches, describe(made.patches), 1, 2, 0, 5, heard)


def test_shared_noise_is_counted_once() -> None:
    generator = torch.Generator().manual_seed(0)
    white = torch.randn(50, 24, 24, generator=generator)
    smooth = torch.nn.functional.avg_pool2d(white[:, None], 3, 1, 1)[:, 0]
    inside = RVAE(Shape(24)).inside
    assert correlation(white.flatten(1)[:, inside], 24) == pytest.approx(1, abs=0.3)
    assert correlation(smooth.flatten(1)[:, inside], 24) == pytest.approx(9, abs=2)
