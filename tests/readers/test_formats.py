"""What is particular to one format: names and facts inside it, and what is left out of it."""

import numpy as np
import pytest
import tifffile

from tests.readers import files
from workers import readers
from workers.readers.xray_lines import ENERGY_KEV, Spectra, full_width_kev

MAPS = files.specimen()


def test_imagej_stack_states_labels_and_pixel_size(tmp_path):
    measurement = readers.read(files.imagej_stack(tmp_path, MAPS))
    assert measurement.channels == files.ELEMENTS
    assert measurement.pixel_size_um == pytest.approx(0.5)
    assert [row["name"] for row in measurement.provenance["files"]] == [
        "stack.tif#1",
        "stack.tif#2",
        "stack.tif#3",
    ]


def test_pages_without_names_are_asked_about_one_by_one(tmp_path):
    path = tmp_path / "stack.tif"
    stack = np.stack(list(MAPS.values())).astype(np.uint16)
    tifffile.imwrite(path, stack, photometric="minisblack")
    measurement = readers.read([path])
    assert measurement.provenance["open"] == ["channels"]
    told = {"stack.tif#1": "Si", "stack.tif#2": "skip", "stack.tif#3": "Fe"}
    told_measurement = readers.read([path], {"channels": told})
    assert told_measurement.channels == ("Si", "Fe")
    np.testing.assert_array_equal(told_measurement.values[1], MAPS["Fe"])


def test_ome_tiff_names_its_channels_and_reads_no_other_file(tmp_path):
    path = tmp_path / "map.ome.tif"
    stack = np.stack(list(MAPS.values())).astype(np.uint16)
    metadata = {"axes": "CYX", "Channel": {"Name": list(MAPS)}}
    tifffile.imwrite(path, stack, ome=True, metadata=metadata)
    assert readers.read([path]).channels == files.ELEMENTS


def test_print_resolution_is_no_pixel_size(tmp_path):
    tifffile.imwrite(
        tmp_path / "Si.tif", MAPS["Si"].astype(np.uint16), resolution=(300, 300), resolutionunit=2
    )
    assert readers.read([tmp_path / "Si.tif"]).pixel_size_um is None


def test_colour_picture_is_left_out_beside_maps_and_refused_alone(tmp_path):
    paths = files.tiffs(tmp_path, MAPS)
    picture = tmp_path / "Ca_overlay.tif"
    tifffile.imwrite(picture, np.zeros((40, 48, 3), np.uint8), photometric="rgb")
    measurement = readers.read([*paths, picture])
    assert measurement.channels == files.ELEMENTS
    note = next(p for p in measurement.problems if p.where == "Ca_overlay.tif")
    assert note.severity == "note"
    with pytest.raises(readers.ReadError, match="colour picture"):
        readers.read([picture])


def test_h5oina_restores_counts_and_states_its_facts(tmp_path):
    measurement = readers.read(files.h5oina(tmp_path, MAPS))
    np.testing.assert_array_equal(measurement.values[measurement.channels.index("Fe")], MAPS["Fe"])
    assert measurement.units == "counts"
    assert measurement.pixel_size_um == 0.75
    assert measurement.dwell_ms == pytest.approx(13.53)
    assert measurement.guide is not None
    acquisition = measurement.provenance["acquisition"]
    assert acquisition["beam_kv"] == 15
    assert acquisition["frames"] == 4
    assert acquisition["quantity"] == "Window Integral"


def test_h5oina_pixels_outside_the_acquisition_are_unmeasured(tmp_path):
    def change(file):
        for dataset in file["1/EDS/Data/Window Integral"].values():
            dataset[:100] = np.nan

    measurement = readers.read(files.h5oina(tmp_path, MAPS, change=change))
    assert (~measurement.mask).sum() == 100
    assert measurement.units == "counts"


def test_h5oina_rates_that_are_no_counts_stay_rates(tmp_path):
    def change(file):
        for dataset in file["1/EDS/Data/Window Integral"].values():
            dataset[...] = dataset[...] * 1.37

    measurement = readers.read(files.h5oina(tmp_path, MAPS, change=change))
    assert measurement.units == "intensity"
    assert any("could not be restored" in p.what for p in measurement.problems)


def test_h5oina_composition_is_wt_percent(tmp_path):
    def change(file):
        data = file["1/EDS/Data"]
        data.move("Window Integral", "Composition")

    measurement = readers.read(files.h5oina(tmp_path, MAPS, change=change))
    assert measurement.units == "wt%"


def test_h5oina_of_several_detectors_reads_the_first(tmp_path):
    def change(file):
        file["1"].move("EDS", "EDS1")

    measurement = readers.read(files.h5oina(tmp_path, MAPS, change=change))
    assert any("several EDS detectors" in p.what for p in measurement.problems)


def test_h5oina_line_scan_is_refused(tmp_path):
    line = {element: plane[:1] for element, plane in MAPS.items()}
    with pytest.raises(readers.ReadError, match="1 × 48 pixels"):
        readers.read(files.h5oina(tmp_path, line))


@pytest.mark.parametrize("write", [files.ome_zarr, files.ome_zarr_2])
def test_ome_zarr_states_its_pixel_size(write, tmp_path):
    assert readers.read(write(tmp_path, MAPS)).pixel_size_um == 2.0


def test_npy_stack_in_picture_order_is_turned(tmp_path):
    np.save(tmp_path / "cube.npy", np.stack(list(MAPS.values()), axis=-1))
    told = {f"cube.npy#{n}": element for n, element in enumerate(MAPS, 1)}
    measurement = readers.read([tmp_path / "cube.npy"], {"channels": told})
    np.testing.assert_array_equal(measurement.values, np.stack(list(MAPS.values())))


def test_zip_of_two_folders_keeps_their_files_apart(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        files.tiffs(tmp_path / name, {"Si": files.specimen(seed=len(name))["Si"]}, "{}.tif")
    archive = files.zipped([tmp_path / "a", tmp_path / "b"], tmp_path / "maps.zip")
    measurement = readers.read([archive])
    assert measurement.provenance["open"] == ["channels"]
    assert any("Two maps are called Si" in p.what for p in measurement.problems)
    told = {"maps.zip/a/Si.tif": "skip"}
    assert readers.read([archive], {"channels": told}).channels == ("Si",)


def test_files_of_one_name_in_two_folders_are_told_apart(tmp_path):
    paths = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        paths += files.tiffs(tmp_path / name, MAPS, "{}.tif")
    measurement = readers.read(paths)
    assert {row["name"] for row in measurement.provenance["files"]} >= {"a/Si.tif", "b/Si.tif"}
    told = {f"b/{element}.tif": "skip" for element in MAPS}
    assert readers.read(paths, {"channels": told}).channels == files.ELEMENTS


def test_second_map_of_an_element_is_asked_about(tmp_path):
    paths = files.tiffs(tmp_path, MAPS) + files.tiffs(tmp_path, {"Si": MAPS["Fe"]}, "{}_PET.tif")
    measurement = readers.read(paths)
    assert "? Si_PET.tif" in measurement.channels
    assert measurement.provenance["open"] == ["channels"]


def test_skipped_file_is_not_even_opened(tmp_path):
    paths = files.tiffs(tmp_path, MAPS)
    (tmp_path / "broken.tif").write_bytes(b"II*\x00nonsense")
    with pytest.raises(readers.ReadError):
        readers.read([*paths, tmp_path / "broken.tif"])
    told = readers.read([*paths, tmp_path / "broken.tif"], {"channels": {"broken.tif": "skip"}})
    assert told.channels == files.ELEMENTS


def test_correction_that_is_no_element_is_told(tmp_path):
    paths = files.tiffs(tmp_path, MAPS)
    measurement = readers.read(paths, {"channels": {"x_32bt_Si.tif": "Quartz"}})
    assert measurement.channels == files.ELEMENTS
    assert any("“Quartz” is not the symbol" in p.what for p in measurement.problems)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"units": "apples"}, "no unit"),
        ({"sampling": "sideways"}, "no way to sample"),
        ({"dwell_ms": -3}, "above 0"),
        ({"pixel_size_um": "wide"}, "above 0"),
    ],
)
def test_impossible_answer_is_refused(tmp_path, told, words):
    with pytest.raises(readers.ReadError, match=words):
        readers.read(files.npz(tmp_path, MAPS), told)


def test_answers_become_facts_and_are_asked_no_more(tmp_path):
    told = {"pixel_size_um": 1.5, "dwell_ms": 15, "current_na": 40, "sampling": "fine"}
    measurement = readers.read(files.npz(tmp_path, MAPS), told)
    facts = ("pixel_size_um", "dwell_ms", "current_na", "sampling")
    assert {fact: getattr(measurement, fact) for fact in facts} == told
    assert not [p for p in measurement.problems if p.severity == "question"]
    assert measurement.provenance["corrections"] == told


def test_nothing_selected_is_refused():
    with pytest.raises(readers.ReadError, match="no map among the files"):
        readers.read([])


def test_electron_image_alone_is_refused(tmp_path):
    with pytest.raises(readers.ReadError, match="no element map"):
        readers.read(files.tiffs(tmp_path, {"BSE": MAPS["Si"]}))


def test_ripple_spectra_are_read_with_their_raw_file(tmp_path):
    generator = np.random.default_rng(0)
    mean = np.full(1024, 0.02)
    mean[165:184] += 0.4  # Si Kα at 1.74 keV
    counts = generator.poisson(mean, (12, 16, 1024)).astype(np.uint8)
    counts.tofile(tmp_path / "map.raw")
    facts = {
        "key": "value",
        "width": 16,
        "height": 12,
        "depth": 1024,
        "offset": 0,
        "data-length": 1,
        "data-type": "unsigned",
        "byte-order": "dont-care",
        "record-by": "vector",
        "ev-per-chan": 10,
        "depth-scale": 0.01,
        "depth-units": "keV",
    }
    (tmp_path / "map.rpl").write_text("".join(f"{k}\t{v}\n" for k, v in facts.items()))
    measurement = readers.read([tmp_path / "map.raw", tmp_path / "map.rpl"])
    assert measurement.channels == ("Si",)
    assert measurement.values.shape == (1, 12, 16)


def test_elements_of_a_spectrum_image_are_found_by_their_peaks():
    generator = np.random.default_rng(0)
    energy = np.arange(1024) * 0.01
    mean = np.full(1024, 0.02)
    for element in ("Si", "Fe"):
        sigma = full_width_kev(ENERGY_KEV[element]) / 2.355
        mean += 0.3 * np.exp(-0.5 * ((energy - ENERGY_KEV[element]) / sigma) ** 2)
    counts = generator.poisson(mean, (20, 20, 1024)).astype(np.uint8)
    spectra = Spectra(counts, 0.0, 0.01)
    assert spectra.elements_seen() == ["Si", "Fe"]
    window = spectra.window("Fe")
    np.testing.assert_array_equal(spectra.element_map("Fe"), counts[:, :, window].sum(axis=2))
