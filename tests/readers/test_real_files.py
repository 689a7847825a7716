"""What the real maps of public repositories must come out as."""

import numpy as np
import pytest

from tests.data import data_path
from workers import readers


def read_folder(name):
    return readers.read(sorted(data_path(f"xray/{name}").iterdir()))


@pytest.mark.parametrize(("sample", "width"), [("b3", 300), ("e1", 400)])
def test_ooid_folder_with_its_readme_needs_no_answer_before_a_run(sample, width):
    measurement = read_folder(f"khufai-ooid-{sample}")
    assert measurement.channels == ("Fe", "Mg", "Mn", "Si", "Sr")
    assert measurement.values.shape == (5, 600, width)
    assert measurement.units == "counts"
    assert measurement.mask.all()
    assert measurement.provenance["open"] == []
    guide = np.array(
        [line.split() for line in data_path(f"xray/khufai-ooid-{sample}/6_map.txt").open()], float
    )
    np.testing.assert_array_equal(measurement.guide, guide)
    asked = [p.where for p in measurement.problems if p.severity == "question"]
    assert asked == ["6_map.txt", "all files"]
    assert [p.where for p in measurement.problems if p.severity == "note"] == ["SOURCE.md"]


def test_meteorite_has_ten_elements_and_its_electron_image():
    measurement = read_folder("amnh-meteorite-obj1")
    assert measurement.channels == ("Al", "Ca", "Cr", "Fe", "Mg", "Ni", "P", "S", "Si", "Ti")
    assert measurement.values.shape == (10, 512, 512)
    assert measurement.units == "counts"
    assert measurement.guide is not None
    assert float(measurement.values[8].mean()) == pytest.approx(158.9, abs=0.1)


def test_standards_have_spikes_set_aside_and_masks_left_out():
    measurement = read_folder("amnh-standards")
    assert len(measurement.channels) == 10
    spikes = next(p for p in measurement.problems if "spikes" in p.what)
    assert "Ni 3111 at row 74, column 512" in spikes.where
    assert not measurement.mask[73, 511]
    assert measurement.values[measurement.channels.index("Ni")].max() < 1000
    left_out = next(p for p in measurement.problems if "Masks" in p.what)
    assert left_out.where.count("mask_") == 8


def test_textured_rock_with_many_counts_is_still_counts():
    assert read_folder("stkitts-sk401").units == "counts"


def test_processed_intensities_are_told_from_counts():
    measurement = read_folder("gabbro-aztec-csv")
    assert measurement.values.shape == (10, 134, 179)
    assert measurement.units == "intensity"
    assert "C" in measurement.channels
    assert any("Poisson" in p.what and p.severity == "warning" for p in measurement.problems)


def test_bruker_map_is_summed_to_its_elements():
    measurement = readers.read([data_path("xray/format-fixtures/Hitachi_TM3030Plus.bcf")])
    assert measurement.channels == ("Al", "Cu")
    assert measurement.values.shape == (2, 240, 320)
    assert measurement.guide is not None
    assert measurement.provenance["acquisition"]["beam_kv"] == 15
    rows, columns = np.nonzero(measurement.mask)  # only a window of this field was ever scanned
    assert measurement.mask.sum() == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
    assert 0.2 < measurement.mask.mean() < 0.25


def test_vendor_file_without_rosettasciio_is_refused_with_a_way_out(monkeypatch):
    import sys

    path = data_path("xray/format-fixtures/Hitachi_TM3030Plus.bcf")
    monkeypatch.setitem(sys.modules, "rsciio.bruker", None)  # what an absent package looks like
    with pytest.raises(readers.ReadError, match=r"vendor-formats.*or export text or TIFF"):
        readers.read([path])


def test_fields_of_two_sizes_are_refused_by_name():
    folder = data_path("xray/format-fixtures")
    with pytest.raises(readers.ReadError, match="240 × 320"):
        readers.read([folder / "Elid2Version4.elid", folder / "Hitachi_TM3030Plus.bcf"])
