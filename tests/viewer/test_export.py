import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tifffile

from fiducial.viewer import export
from tests.factories import run_store
from workers import readers
from workers.store import RunStore, content_hash


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    path: Path = tmp_path_factory.mktemp("store") / "run.zarr"
    run_store.write_run(path, run_store.draw_specimen(), samples=2)
    return RunStore(path)


def unpacked(pieces: object, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    return folder


def test_text_holds_estimate_sigma_and_mask_as_headerless_grids(
    store: RunStore, tmp_path: Path
) -> None:
    folder = unpacked(export.maps(store, "txt", export.text), tmp_path)
    mask = np.loadtxt(folder / "mask.txt")
    np.testing.assert_array_equal(mask, export.fine_mask(store))
    for index, element in enumerate(store.channels):
        for name, image in (("estimate", "estimate"), ("sigma", "std")):
            grid = np.loadtxt(folder / name / f"{element}.txt")
            np.testing.assert_allclose(grid, store.image(image)[index] * mask, rtol=1e-5)


def test_exported_text_can_be_read_in_again(store: RunStore, tmp_path: Path) -> None:
    folder = unpacked(export.maps(store, "txt", export.text), tmp_path)
    files = sorted((folder / "estimate").iterdir())
    again = readers.read(files, {"units": "counts"})
    assert set(again.channels) == set(store.channels)
    for index, element in enumerate(store.channels):
        values = again.values[again.channels.index(element)]
        np.testing.assert_allclose(values, store.image("estimate")[index], rtol=1e-5)


def test_tiff_is_float_with_its_pixel_size(store: RunStore, tmp_path: Path) -> None:
    folder = unpacked(export.maps(store, "tif", export.tiff), tmp_path)
    with tifffile.TiffFile(folder / "estimate" / "Fe.tif") as file:
        page = file.pages[0]
        assert page.dtype == np.float32
        numerator, denominator = page.tags["XResolution"].value
        assert numerator / denominator == pytest.approx(1e4 / 0.5)  # pixels per centimetre
        np.testing.assert_array_equal(
            page.asarray(), store.image("estimate")[1] * export.fine_mask(store)
        )
    assert (folder / "sigma" / "Fe.tif").is_file()
    assert (folder / "mask.tif").is_file()


def test_zip_says_in_words_what_it_holds(store: RunStore, tmp_path: Path) -> None:
    folder = unpacked(export.maps(store, "txt", export.text), tmp_path)
    words = (folder / "README.md").read_text()
    assert "96 rows by 128 columns in counts per measured dwell, 0.5 µm per pixel." in words
    facts = json.loads((folder / "provenance.json").read_text())
    assert facts["provenance"]["recipe"] == "xray-ensemble"
    assert facts["summary"]["channels"] == list(store.channels)


def test_ome_zarr_zip_is_the_run_to_the_byte(store: RunStore, tmp_path: Path) -> None:
    folder = unpacked(export.folder(store.path, "run.ome.zarr"), tmp_path) / "run.ome.zarr"
    assert content_hash(folder) == content_hash(store.path)
    assert RunStore(folder).samples == 2


def test_zip_is_handed_out_in_pieces(store: RunStore) -> None:
    pieces = list(export.maps(store, "txt", export.text))
    assert len(pieces) == 2 * len(store.channels) + 4
    assert max(map(len, pieces)) < sum(map(len, pieces)) / 2
