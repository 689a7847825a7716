"""Files go up in parts; an interruption costs at most the part it met."""

import pytest

from fiducial.measurements import folders, tasks
from fiducial.measurements.models import Measurement
from fiducial_client import Refused, uploading
from tests.data import ROOT

PART = 16 * 1024
METEORITE = ROOT / "demo/amnh-meteorite-obj1"


class Unplugged(Exception):
    """The cable was pulled."""


@pytest.fixture(autouse=True)
def parts(settings):
    settings.UPLOAD_PART_BYTES = PART


def test_an_upload_that_was_interrupted_goes_on_where_it_was(portal, project):
    files = [METEORITE / f"obj1_32bt_{element}.tif" for element in ("S", "P")]
    total = sum(file.stat().st_size for file in files)
    seen = []

    def unplug(there, total):
        seen.append(there)
        if there >= total / 2:
            raise Unplugged

    with pytest.raises(Unplugged):
        portal.upload(files, project=project.pk, progress=unplug)
    arrived = sum(len(file.parts) for file in Measurement.objects.get().files.all())
    assert 0 < arrived < total // PART

    again = []
    made = portal.upload(files, project=project.pk, progress=lambda there, _: again.append(there))
    assert again[0] == seen[-1]  # nothing that arrived was sent again
    assert again[-1] == total
    assert made.state == "quarantined"
    stored = Measurement.objects.get()
    assert str(stored.pk) == made.id
    for file in stored.files.all():
        assert folders.arrived_file(file).read_bytes() == (METEORITE / file.name).read_bytes()
    tasks.ingest()
    read = portal.measurement(made.id)
    assert sorted(read.summary["channels"]) == ["P", "S"]


def test_files_are_uploaded_by_a_command_read_and_run(typed, project, maps):
    status, key, told = typed("upload", maps, "--project", "Meteorites")
    assert status == 0, told
    tasks.ingest()
    made = Measurement.objects.get()
    assert (str(made.pk), made.state) == (key, "ready")
    assert sorted(made.summary["channels"]) == ["Fe", "Si"]
    # The same files again: nothing new, the same measurement, and now it has been read.
    status, same, told = typed("upload", maps, "--project", project.pk, "--wait")
    assert (status, same) == (0, key)
    assert "The files were read" in told


def test_files_that_cannot_be_read_are_a_failure_with_its_reasons(typed, project, tmp_path):
    (tmp_path / "Si.txt").write_text("this is no map\n")
    typed("upload", tmp_path / "Si.txt", "--project", project.pk)
    tasks.ingest()
    status, _, told = typed("upload", tmp_path / "Si.txt", "--project", project.pk, "--wait")
    assert status == 1
    assert "Si.txt" in told
    assert "The portal needs you" in told


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nothing.txt", "--project", "Meteorites"], "There is no file nothing.txt."),
        (["nothing.txt", "--project", "Comets"], "You have no project called “Comets”"),
    ],
)
def test_what_is_not_there_is_said(typed, project, words, sentence):
    status, _, told = typed("upload", *words)
    assert status == 3
    assert sentence in told


def test_the_portal_refuses_in_its_own_words(portal, project, maps, settings):
    settings.UPLOAD_MAX_BYTES = 10
    with pytest.raises(Refused, match="one upload holds at most") as refused:
        portal.upload([maps], project=project.pk)
    assert (refused.value.status, refused.value.kind) == (413, "too-large")


def test_folders_are_announced_as_the_page_does(tmp_path):
    for name in ("a/Si.txt", "a/.DS_Store", "b.zarr/zarr.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1")
    found = uploading.gathered([tmp_path / "a", tmp_path / "b.zarr"])
    assert list(found) == ["Si.txt", "b.zarr/zarr.json"]
