import numpy as np

from workers.assessment.audit.gain import propose, risk_mass
from workers.assessment.audit.windows import Window


def features(places, risk):
    y, x = np.array(places).T
    return {"y": y, "x": x, "risk": np.array(risk)}


def test_windows_go_where_most_false_features_are_expected():
    table = features([(10, 10), (11, 12), (40, 40), (41, 41), (70, 20)], [0.9, 0.8, 0.5, 0.5, 0.3])
    mass = risk_mass(table, (40, 40), factor=2)
    assert mass.sum() == 3.0
    mask = np.ones((40, 40), bool)
    found = propose(mass, mask, taken=[], size=5, count=3)
    assert [round(worth, 3) for _, worth in found] == [1.7, 1.0, 0.3]
    first = found[0][0]
    assert first.row <= 5 < first.row + 5
    assert first.column <= 5 < first.column + 5


def test_windows_overlap_neither_each_other_nor_what_was_rescanned():
    rng = np.random.default_rng(0)
    mass, mask = rng.random((30, 30)), np.ones((30, 30), bool)
    mask[:, 25:] = False
    taken = [Window(0, 0, 5), Window(10, 10, 5)]
    found = [window for window, _ in propose(mass, mask, taken, size=5, count=100)]
    times = np.zeros(mask.shape, int)
    for window in [*found, *taken]:
        times[window.part()] += 1
    assert times.max() == 1
    assert not (times[~mask] > 0).any()
    assert propose(0 * mass, mask, [], 5, 3) == []
    assert propose(mass, mask, [], 31, 3) == []
