import base64
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from fiducial.reports.pictures import GROUND, INVENTED, LINE, SHARE, Artist
from fiducial.viewer import colours
from tests.factories import run_store
from workers.store import RunStore


@pytest.fixture(scope="module")
def artist(tmp_path_factory: pytest.TempPathFactory) -> Artist:
    path: Path = tmp_path_factory.mktemp("store") / "run.zarr"
    run_store.write_run(path, run_store.draw_specimen(), samples=1)
    return Artist(RunStore(path))


def pixels(uri: str) -> np.ndarray:
    return imagecodecs.png_decode(base64.b64decode(uri.removeprefix("data:image/png;base64,")))


def test_overview_shows_each_pixel_as_a_square_and_hatches_the_unmeasured(artist: Artist) -> None:
    picture = pixels(artist.overview("measured", 0))
    grow = 640 // 32
    assert picture.shape == (24 * grow, 32 * grow, 3)
    mask = np.asarray(artist.store.image("mask")[:], bool).repeat(grow, 0).repeat(grow, 1)
    assert {tuple(colour) for colour in picture[~mask]} == {GROUND, LINE}
    low, high = artist.ranges[0]["low"], artist.ranges[0]["high"]
    value = artist.store.image("measured")[0, 3, 5]
    expected = colours.lut("cividis")[int(np.clip((value - low) / (high - low), 0, 1) * 255)]
    block = picture[3 * grow : 4 * grow, 5 * grow : 6 * grow]
    assert np.all(block == expected)


def test_stripes_lie_only_where_the_prior_supplied_much(artist: Artist) -> None:
    picture = pixels(artist.overview("estimate", 0, striped=True))
    grow = picture.shape[0] // 96
    store = artist.store
    estimate, invented = (store.image(name)[0] for name in ("estimate", "invented"))
    chosen = np.abs(invented) > SHARE * np.maximum(estimate, artist.tau[0])
    striped = (picture == INVENTED).all(2)
    assert striped.any()
    assert chosen.repeat(grow, 0).repeat(grow, 1)[striped].all()


def test_crop_keeps_its_feature_inside_and_names_its_scale(artist: Artist) -> None:
    crop = artist.crop(1, y=2, x=126, size=5)
    (measured, _), (estimate, _) = crop.pictures
    assert pixels(measured).shape == pixels(estimate).shape
    assert 0 <= crop.y100 <= 100
    assert 90 <= crop.x100 <= 100
    assert crop.bar_words == "5 µm"
    assert crop.bar100 == pytest.approx(100 * 5 / (36 * 0.5), abs=0.01)
