"""Facts that stand beside the numbers: JEOL `.cnd`, Cameca headers, CalcImage positions."""

import numpy as np
import pytest

from tests.readers import files
from workers import readers

NEW_JEOL = """$SEM_DATA_VERSION 1
$XM_DATA_PROBE_CURRENT 1.201e-008
$XM_ANALYSIS_INSTRUMENT JXA8530
$XM_EC_ACCEL_VOLT 15.0
$XM_ELEM_NAME%0 {element}
$XM_ELEM_IMS_SIGNAL_TYPE%0 {signal}
$XM_AP_SA_PIXELS%0 48 40
$XM_AP_SA_PIXEL_SIZE%0 0.50 0.50 50.00
$XM_AP_SA_DWELL_TIME%0 5.0
$XM_AP_SA_ACCUM%0 2
"""
OLD_JEOL = """48      X-axis Step Number [1~1024]
40      Y-axis Step Number [1~1024]
4.0      X Step Size [um]
30.0      Dwell Time [msec]
Si                       Element Name No.1-Seq.1 **********
Ka                      X-ray Name
Fe                       Element Name No.2-Seq.1 **********
"""


def test_new_jeol_conditions_name_the_numbered_maps(tmp_path):
    maps = files.specimen(("Ti", "Ca", "BSE"))
    paths = files.jeol(tmp_path, dict(zip("123", maps.values(), strict=True)), "data00{}.csv")
    signals = {"1": ("Ti", ""), "2": ("Ca", ""), "3": ("", "COMPO")}
    for number, (element, signal) in signals.items():
        path = tmp_path / f"data00{number}.cnd"
        path.write_text(NEW_JEOL.format(element=element, signal=signal))
        paths.append(path)
    measurement = readers.read(sorted(paths))
    assert measurement.channels == ("Ti", "Ca")
    np.testing.assert_array_equal(measurement.guide, maps["BSE"])
    assert measurement.pixel_size_um == 0.5
    assert measurement.dwell_ms == 10.0
    assert measurement.current_na == pytest.approx(12.01)
    assert measurement.provenance["acquisition"]["instrument"] == "JEOL JXA8530"
    rows = {row["name"]: row["channel"] for row in measurement.provenance["files"]}
    assert rows["data001.cnd"] == "conditions"


def test_old_jeol_session_file_names_the_numbered_maps(tmp_path):
    maps = files.specimen(("Si", "Fe"))
    paths = files.jeol(tmp_path, dict(zip("12", maps.values(), strict=True)), "{}_map.txt")
    (tmp_path / "0.cnd").write_text(OLD_JEOL)
    measurement = readers.read([tmp_path / "0.cnd", *paths])
    assert measurement.channels == ("Si", "Fe")
    assert measurement.pixel_size_um == 4.0
    assert measurement.dwell_ms == 30.0


def test_numbered_maps_without_conditions_are_asked_about(tmp_path):
    maps = files.specimen(("Si", "Fe"))
    paths = files.jeol(tmp_path, dict(zip("12", maps.values(), strict=True)), "{}_map.txt")
    measurement = readers.read(paths)
    assert measurement.channels == ("? 1_map.txt", "? 2_map.txt")
    assert measurement.provenance["open"] == ["channels"]
    assert [p.where for p in measurement.problems if p.severity == "question"] == [
        "1_map.txt",
        "2_map.txt",
        "all files",
    ]
    told = readers.read(paths, {"channels": {"1_map.txt": "Si", "2_map.txt": "fe"}})
    assert told.channels == ("Si", "Fe")
    assert told.provenance["open"] == []


def test_files_that_contradict_each_other_state_nothing(tmp_path):
    paths = files.jeol(tmp_path, dict(zip("12", files.specimen().values(), strict=False)), "{}.txt")
    for number, dwell in (("1", "5.0"), ("2", "9.0")):
        path = tmp_path / f"{number}.cnd"
        text = NEW_JEOL.format(element={"1": "Si", "2": "Fe"}[number], signal="")
        path.write_text(text.replace("DWELL_TIME%0 5.0", f"DWELL_TIME%0 {dwell}"))
        paths.append(path)
    measurement = readers.read(paths)
    assert measurement.dwell_ms is None
    assert any("do not agree about the dwell time" in p.what for p in measurement.problems)


def test_cameca_header_states_step_and_dwell(tmp_path):
    measurement = readers.read(files.cameca(tmp_path, files.specimen()))
    assert measurement.pixel_size_um == 2.5
    assert measurement.dwell_ms == 20.0


def test_calcimage_positions_give_the_pixel_size_and_names_the_units(tmp_path):
    measurement = readers.read(files.calcimage(tmp_path, files.specimen()))
    assert measurement.pixel_size_um == pytest.approx(2.0)
    assert measurement.units == "wt%"


@pytest.mark.parametrize("missing", [10, 41, 4000])
def test_calcimage_cut_off_is_refused(tmp_path, missing):
    (path,) = files.calcimage(tmp_path, files.specimen())
    path.write_text(path.read_text()[:-missing])
    with pytest.raises(readers.ReadError, match="cut off"):
        readers.read([path])
