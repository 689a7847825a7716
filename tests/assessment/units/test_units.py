"""What units are asked without a network: descriptor, states, landscape, where they lie."""

import numpy as np
import pytest
from scipy import ndimage
from sklearn.metrics import adjusted_rand_score

from tests.factories.movies import FLIPS, flipping
from workers.assessment.units import landscape as ground
from workers.assessment.units.descriptor import classes, describe
from workers.assessment.units.finding import Found, columns, cut, drift, find, link, walls
from workers.assessment.units.meanings import of_latents
from workers.assessment.units.neighbours import around
from workers.assessment.units.states import Track, find_states, rates
from workers.assessment.units.symmetry import arc, folded, mean_angle
from workers.training.motifs import GRAPHENE, motifs


def test_the_descriptor_does_not_see_a_turn_and_its_phase_does() -> None:
    made = motifs(GRAPHENE, 200, np.random.default_rng(0))
    found = describe(made.patches)
    quarter = describe(np.rot90(made.patches, -1, (1, 2)).copy())  # x towards y, by 90°
    assert np.abs(found.harmonics).mean() == pytest.approx(np.abs(quarter.harmonics).mean(), 1e-3)
    turn = folded(quarter.angle(3) - found.angle(3), 3)
    assert np.degrees(np.median(np.abs(folded(turn - np.pi / 2, 3)))) < 0.5


def test_classes_of_the_descriptor_are_those_of_the_truth_or_one() -> None:
    made = motifs(GRAPHENE, 300, np.random.default_rng(1))
    values = describe(made.patches).values
    assert adjusted_rand_score(classes(values, 3, 0), made.label) > 0.95
    assert classes(values, None, 0).max() >= 1
    plain = values[made.label == 0]
    assert classes(plain, None, 0).max() == 0


def track(states: list[int], spread: float, seed: int = 0) -> Track:
    rng = np.random.default_rng(seed)
    means = np.array([[0.0, 1.0], [1.0, -1.0]])
    values = means[states] + spread * rng.standard_normal((len(states), 2))
    return Track(values, np.full_like(values, spread**2))


def test_states_changes_and_rates_are_those_of_the_truth() -> None:
    true = [0] * 10 + [1] * 7 + [0] * 9 + [1] * 12
    found = find_states([track(true, 0.05)])
    assert found.count == 2
    assert found.changes == ((10, 17, 26),)
    assert found.paths[0].tolist() == true
    away = next(rate for rate in found.rates if rate.start == 0)
    assert (away.count, away.end) == (2, 1)
    assert away.low < 2 / 19 < away.high


def test_what_only_wanders_is_one_state() -> None:
    steps = np.random.default_rng(2).standard_normal((60, 2))
    drifting = np.cumsum(0.05 * steps, axis=0)
    found = find_states([Track(drifting, np.full_like(drifting, 0.02**2))])
    assert found.count == 1
    assert found.changes == ((),)
    assert found.rates == ()


def test_states_take_two_frames() -> None:
    with pytest.raises(ValueError, match="at least 2 frames; there are 1"):
        find_states([track([0], 0.05)])


def test_rates_hold_the_true_one_nine_times_of_ten() -> None:
    rng, held = np.random.default_rng(3), 0
    for _ in range(200):
        path = [0]
        for _ in range(80):
            path.append(int(rng.random() < 0.1) ^ path[-1])
        found = next(r for r in rates([np.array(path)], 2) if r.start == 0)
        held += found.low <= 0.1 <= found.high
    assert held >= 170


def test_the_way_avoids_empty_space_and_says_where_it_cannot() -> None:
    rng = np.random.default_rng(4)
    bend = np.column_stack([np.linspace(0, 2, 200), np.sin(np.linspace(0, np.pi, 200))])
    places = bend + 0.05 * rng.standard_normal(bend.shape)
    variances, scatter = np.full_like(places, 1e-4), np.full(2, 0.2)
    around = ground.path(places, variances, scatter, (bend[0], bend[-1]), rng)
    assert around.places[:, 1].max() > 0.7  # along the bend, not straight
    assert not around.extrapolated.any()
    ends = np.concatenate([places[:40], places[-40:]])
    across = ground.path(ends, variances[:80], scatter, (bend[0], bend[-1]), rng)
    assert across.extrapolated.any()
    assert across.low <= across.saddle <= across.high
    assert across.saddle > around.saddle + 2


def test_angles_fold_and_arcs_hold_their_share() -> None:
    assert np.degrees(folded(np.radians(np.array([170.0, 59.0, -61.0])), 3)) == pytest.approx(
        [50, 59, 59]
    )
    rng = np.random.default_rng(5)
    samples = np.pi + 0.1 * rng.standard_normal((4000, 1))
    centre, half = arc(samples, 1, 0.9)
    assert abs(folded(centre - np.pi, 1)[0]) < 0.01
    assert half[0] == pytest.approx(0.1645, abs=0.01)
    assert mean_angle(np.array([np.pi - 0.1, -np.pi + 0.1]), 1) == pytest.approx(np.pi)


def test_columns_are_found_below_the_pixel_and_nothing_in_noise() -> None:
    at, image = np.arange(80), np.zeros((80, 80))
    true = np.array([[20.3, 30.7], [50.6, 25.2], [40.0, 60.4]])
    for x, y in true:
        image += np.exp(-((at[:, None] - y) ** 2 + (at - x) ** 2) / 8)
    found = columns(image.astype(np.float32), 24.0)
    apart = np.hypot(*(found[:, None] - true).transpose(2, 0, 1)).min(axis=0)
    assert (apart < 0.25).all()
    assert len(columns(np.zeros((80, 80), np.float32), 24.0)) == 0


def test_drift_is_followed_and_units_keep_their_track() -> None:
    rng = np.random.default_rng(6)
    field = ndimage.gaussian_filter(rng.standard_normal((120, 120)), 2)
    moves = np.array([[0, 0], [3, -2], [7, 1]])
    frames = np.stack([np.roll(field, (y, x), (0, 1)) for x, y in moves]).astype(np.float32)
    assert drift(frames).tolist() == moves.tolist()
    places = [np.array([[10.0, 10.0], [30.0, 10.0]]) + move for move in moves]
    tracks = link([places[0], places[1][::-1], places[2]], moves.astype(float), 5.0)
    assert [each.tolist() for each in tracks] == [[0, 1], [1, 0], [0, 1]]


def test_the_brightest_feature_is_followed_and_cut() -> None:
    movie, _ = flipping(np.random.default_rng(7))
    found = find(movie, "brightest", 28.0)
    assert found.frame.tolist() == list(range(len(movie)))
    assert set(found.track.tolist()) == {0}
    patches = cut(movie, found, 28.0, 24)
    angle = describe(patches).angle(3)
    turned = np.abs(folded(angle - angle[0], 3)) > np.pi / 6
    assert (np.flatnonzero(np.diff(turned)) + 1).tolist() == list(FLIPS)


def test_nothing_is_followed_where_nothing_stands_out() -> None:
    rng = np.random.default_rng(8)
    noise = rng.standard_normal((40, 96, 96)).astype(np.float32)
    assert len(find(noise, "brightest", 28.0).frame) == 0
    assert len(find(np.ones((3, 96, 96), np.float32), "brightest", 28.0).frame) == 0


def test_places_lie_side_by_side_and_follow_the_sample() -> None:
    field = ndimage.gaussian_filter(np.random.default_rng(9).standard_normal((90, 120)), 2)
    moves = [(0, 0), (4, -3)]
    frames = np.stack([np.roll(field, (y, x), (0, 1)) for x, y in moves]).astype(np.float32)
    found = find(frames, "places", 20.0)
    first, second = (found.place[found.frame == t] for t in (0, 1))
    assert (second - first == moves[1]).all()
    assert len(first) == 5 * 4
    assert found.track.tolist() == [*range(20), *range(20)]
    patches = cut(frames, found, 20.0, 24)
    assert np.median(np.abs(patches[:20] - patches[20:])) < 1e-4  # but where the field wraps


def test_places_that_switch_are_two_states_though_all_differ() -> None:
    rng = np.random.default_rng(10)
    place = 0.3 * rng.standard_normal((120, 1, 2))  # more than a place varies while it stays
    values = np.repeat(place, 3, axis=1) + 0.15 * rng.standard_normal((120, 3, 2))
    values[:30, 1:, 0] += 1.6
    variances = np.full((3, 2), 0.1**2)
    found = find_states([Track(each, variances) for each in values])
    assert found.count == 2
    switched = [1 in changed for changed in found.changes]
    assert np.mean(switched[:30]) > 0.9
    assert np.mean(switched[30:]) < 0.1
    still = np.repeat(place, 3, axis=1) + 0.15 * rng.standard_normal((120, 3, 2))
    assert find_states([Track(each, variances) for each in still]).count == 1


def test_neighbours_say_spacing_and_what_is_off_its_middle() -> None:
    at = np.arange(6) * 10.0
    place = np.stack(np.meshgrid(at, at), axis=-1).reshape(-1, 2)
    place[14] += [1.5, -0.5]  # one column off the middle of its four neighbours
    found = Found(place, np.zeros(36, np.int64), np.arange(36))
    seen = around(found)
    inner = seen["spacing"][[7, 8, 22]]
    assert inner == pytest.approx(10, abs=0.5)
    assert (seen["off_x"][14], seen["off_y"][14]) == pytest.approx((1.5, -0.5))
    assert abs(seen["off_x"][28]) < 1e-9
    alone = around(Found(place[:2], np.zeros(2, np.int64), np.arange(2)))
    assert np.isnan(alone["spacing"]).all()


def test_a_latent_is_named_by_what_it_goes_with_and_only_then() -> None:
    rng = np.random.default_rng(11)
    strong = rng.uniform(0.5, 1.0, 200)
    patches = (strong[:, None, None] * np.ones((24, 24))).astype(np.float32)
    nothing = np.full(200, np.nan)
    units = {"z1": np.exp(3 * strong), "z2": rng.standard_normal(200), "spacing": nothing}
    units |= {"off_x": nothing, "off_y": nothing, "frame": np.arange(200), "x": strong, "y": strong}
    rows = {(row["quantity"], row["latent"]): row for row in of_latents(units, patches, 2, 0)}
    assert rows["brightness", "z1"]["rank"] == pytest.approx(1)
    assert rows["brightness", "z1"]["nats"] > 1
    assert rows["brightness", "z2"]["low"] < 0 < rows["brightness", "z2"]["high"]
    assert ("distance of neighbours", "z1") not in rows


def test_walls_between_domains_are_found_along_them_and_nowhere_in_noise() -> None:
    rng = np.random.default_rng(12)
    at = np.arange(96)
    frame = np.where(at[:, None] + at > 95, 1.0, -1.0) + 0.1 * rng.standard_normal((96, 96))
    found = walls(frame.astype(np.float32), 16.0)
    off = np.abs(found.sum(axis=1) - 95.5) / np.sqrt(2)  # pixels from the wall
    assert len(found) >= 8
    assert (off < 2).all()
    assert len(walls(rng.standard_normal((96, 96)).astype(np.float32), 16.0)) == 0
