import gzip
import io
import uuid
import zipfile

import numpy as np
import pytest
from django.test import Client

from fiducial.accounts.models import User
from fiducial.runs.models import Run
from fiducial.viewer import stores, tiles
from tests.factories.finished_runs import finished_run

TILE = "/runs/{}/tile/{}/{}/{}/{}/{}"


def tile(client: Client, address: str, *, shape: tuple[int, int]) -> np.ndarray:
    """What a browser that understands gzip makes of a tile."""
    answer = client.get(address, headers={"Accept-Encoding": "gzip"})
    packed = answer.headers.get("Content-Encoding") == "gzip"
    data = gzip.decompress(answer.content) if packed else answer.content
    return np.frombuffer(data, "<f4").reshape(shape)


def test_tile_may_be_kept_and_says_its_shape(client: Client, run: Run) -> None:
    answer = client.get(TILE.format(run.pk, "estimate", 1, 0, 0, 0))
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Cache-Control"].startswith("private")
    assert answer.headers["X-Tile-Shape"] == "96,128"
    assert len(answer.content) == 96 * 128 * 4


def test_tile_holds_the_same_packed_or_not(client: Client, run: Run) -> None:
    store = stores.of_run(run)
    for image, shape in (("estimate", (96, 128)), ("measured", (24, 32))):
        address = TILE.format(run.pk, image, 1, 0, 0, 0)
        values = tile(client, address, shape=shape)
        plain = np.frombuffer(client.get(address).content, "<f4").reshape(shape)
        np.testing.assert_array_equal(values, plain)
        expected = store.image(image)[1][: shape[0] - 16, : shape[1] - 48]
        np.testing.assert_array_equal(values[: shape[0] - 16, : shape[1] - 48], expected)


def test_only_a_tile_that_shrinks_is_packed() -> None:
    flat, noise = np.zeros(9999, "<f4"), np.random.default_rng(1).normal(size=9999).astype("<f4")
    assert gzip.decompress(tiles.packed(flat.tobytes())) == flat.tobytes()
    assert tiles.packed(noise.tobytes()) is None


def test_electron_image_comes_from_the_measurement(client: Client, run: Run) -> None:
    answer = client.get(TILE.format(run.pk, "guide", 0, 0, 0, 0))
    assert answer.headers["X-Tile-Shape"] == "24,32"


def test_measurement_has_tiles_of_its_own(client: Client, run: Run) -> None:
    for image in ("measured", "mask", "guide"):
        address = f"/measurements/{run.measurement_id}/tile/{image}/0/0/0/0"
        assert client.get(address).headers["X-Tile-Shape"] == "24,32"


@pytest.mark.parametrize(
    "where", [("nothing", 0, 0, 0, 0), ("estimate", 9, 0, 0, 0), ("../estimate", 0, 0, 0, 0)]
)
def test_missing_tile_is_404(client: Client, run: Run, where: tuple) -> None:
    assert client.get(TILE.format(run.pk, *where)).status_code == 404


ROUTES = (
    "/runs/{run}/tile/estimate/0/0/0/0",
    "/runs/{run}/features",
    "/runs/{run}/figure/agreement",
    "/runs/{run}/profile?channel=0&from=1,1&to=9,9",
    "/runs/{run}/download/text",
    "/measurements/{measurement}/tile/measured/0/0/0/0",
)


@pytest.mark.parametrize("route", ROUTES)
def test_run_of_another_lab_answers_like_a_missing_one(
    stranger: Client, client: Client, run: Run, route: str
) -> None:
    address = route.format(run=run.pk, measurement=run.measurement_id)
    assert client.get(address).status_code == 200
    assert stranger.get(address).status_code == 404
    assert Client().get(address).status_code == 302  # to the sign-in page


def test_run_without_a_result_has_no_tiles(client: Client, run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(state=Run.State.RUNNING)
    assert client.get(TILE.format(run.pk, "estimate", 0, 0, 0, 0)).status_code == 404


def test_features_come_riskiest_first(client: Client, run: Run) -> None:
    features = client.get(f"/runs/{run.pk}/features").json()["features"]
    risks = [feature["risk"] for feature in features]
    assert risks == sorted(risks, reverse=True)
    assert set(features[0]) == {
        "channel", "y", "x", "scale", "amplitude", "risk", "visibility", "share", "presence",
        "dwell", "step",
    }  # fmt: skip
    assert set(features[0]["presence"]) <= {"0", "1"}
    assert len(features[0]["presence"]) == stores.of_run(run).samples


def test_missed_features_come_beside_the_found(client: Client, run: Run) -> None:
    missed = client.get(f"/runs/{run.pk}/features").json()["missed"]
    assert len(missed) == len(stores.of_run(run).table("missed")["risk"])
    assert missed[0]["presence"][0] == "-"  # the first sample proposed and was not asked


def test_unknown_figure_is_404(client: Client, run: Run) -> None:
    assert client.get(f"/runs/{run.pk}/figure/calibration").status_code == 200
    assert client.get(f"/runs/{run.pk}/figure/horoscope").status_code == 404


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("channel=0&from=1,1", "Name a channel of this run and two points"),
        ("channel=7&from=1,1&to=2,2", "Name a channel of this run and two points"),
        ("channel=0&from=1&to=2,2", "“1” is no point; write row,column."),
        ("channel=0&from=1,1&to=2,9999", "lies outside the map"),
        ("channel=0&from=1,1&to=1,1", "at least one pixel apart"),
        ("channel=0&from=nan,1&to=1,1", "lies outside the map"),
        ("channel=0&from=1,1&to=2,2&level=0.7", "no interval of the level 0.7"),
    ],
)
def test_profile_that_cannot_be_drawn_says_why(
    client: Client, run: Run, query: str, sentence: str
) -> None:
    answer = client.get(f"/runs/{run.pk}/profile?{query}")
    assert answer.status_code == 400
    assert sentence in answer.json()["sentence"]


@pytest.mark.parametrize("kind", ["text", "tiff", "ome-zarr"])
def test_download_is_a_zip_named_after_the_measurement(member: User, kind: str) -> None:
    run = finished_run(member, name="Ooid B3")
    client = Client()
    client.force_login(member)
    answer = client.get(f"/runs/{run.pk}/download/{kind}")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="ooid-b3-')
    with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as archive:
        assert archive.testzip() is None


def test_unknown_download_is_404(client: Client, run: Run) -> None:
    assert client.get(f"/runs/{run.pk}/download/pickle").status_code == 404


def test_a_page_offers_to_ask_another_estimator_the_same(client: Client, run: Run) -> None:
    page = client.get(f"/runs/{run.pk}/").content.decode()
    assert (
        f"/measurements/{run.measurement_id}/run/?recipe=xray-diffusion&amp;from={run.pk}" in page
    )


def test_runs_of_one_map_by_two_estimators_stand_side_by_side(client: Client, run: Run) -> None:
    other = Run.objects.get(pk=run.pk)
    other.pk, other.recipe = None, "xray-diffusion"
    other.id = uuid.uuid4()
    for channel in other.summary["per_channel"].values():
        channel["interval_width"] = 123.456
    other.save(force_insert=True)
    page = client.get(f"/runs/{run.pk}/").content.decode()
    assert "123.46" in page
    assert f"/runs/{other.pk}/" in page
    # Asked otherwise, it is no answer to this question.
    Run.objects.filter(pk=other.pk).update(parameters={"factor": 2, "sampling": "binned"})
    assert "123.46" not in client.get(f"/runs/{run.pk}/").content.decode()
