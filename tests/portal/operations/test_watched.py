"""What an instrument wrote is taken once, when it stood still, and only from inside its folder."""

import os
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from fiducial.measurements import folders
from fiducial.measurements.models import Measurement
from fiducial.operations import watched
from fiducial.trail.models import Entry
from tests.factories import measurements
from tests.factories.people import lab, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings, tmp_path) -> watched.Folder:
    """A watched folder of a project in which its user may work; files need not stand still."""
    settings.STORE, settings.HOME = tmp_path / "store", tmp_path / "home"
    settings.WATCHED_SECONDS = 0
    user = person("beamline")
    root = tmp_path / "instrument"
    root.mkdir()
    return watched.Folder(root, measurements.project(lab(member=user)).pk, "beamline")


def taken() -> list[str]:
    return [made.name for made in Measurement.objects.order_by("created")]


def test_a_file_and_a_folder_are_a_measurement_each_and_stay_as_they_are(folder):
    (folder.root / "scan.txt").write_text("1 2\n3 4\n")
    (folder.root / "map").mkdir()
    (folder.root / "map" / "Si.txt").write_text("1 2\n")
    (folder.root / "map" / "Fe.txt").write_text("3 4\n")
    before = {p: (p.stat().st_ino, p.stat().st_mtime_ns) for p in folder.root.rglob("*")}

    assert watched.look(folder) == ["map: was taken.", "scan.txt: was taken."]
    of_map, of_file = Measurement.objects.order_by("created")
    assert (of_map.name, of_map.state, of_file.name) == ("map", "quarantined", "scan")
    assert sorted(file.name for file in of_map.files.all()) == ["map/Fe.txt", "map/Si.txt"]
    assert folders.arrived_file(of_file.files.get()).read_text() == "1 2\n3 4\n"
    assert len(of_file.files.get().sha256) == 64
    entry = Entry.objects.filter(subject="scan").get()
    assert (entry.action, entry.by_name, entry.reason) == (
        *("measurement.uploaded", "beamline", "from a watched folder"),
    )
    after = {p: (p.stat().st_ino, p.stat().st_mtime_ns) for p in folder.root.rglob("*")}
    assert after == before


def test_what_was_taken_is_not_taken_again_under_another_name_neither(folder):
    (folder.root / "scan.txt").write_text("1 2\n")
    watched.look(folder)
    assert watched.look(folder) == []
    (folder.root / "again.txt").write_text("1 2\n")
    [said] = watched.look(folder)
    assert said.startswith("again.txt: is known: These very files are in")
    assert watched.look(folder) == []
    assert taken() == ["scan"]


def test_lost_notes_make_nothing_double(folder, settings):
    (folder.root / "scan.txt").write_text("1 2\n")
    watched.look(folder)
    for note in (settings.HOME / "watched").iterdir():
        note.unlink()
    assert "is known" in watched.look(folder)[0]
    assert taken() == ["scan"]


def test_a_file_that_grows_is_left_until_it_stands_still(folder, settings):
    settings.WATCHED_SECONDS = 0.2
    scan = folder.root / "scan.txt"
    scan.write_text("1 2\n")
    assert watched.look(folder) == []
    scan.write_text("1 2\n3 4\n")
    assert watched.look(folder) == []
    settings.WATCHED_SECONDS = 0
    assert watched.look(folder) == ["scan.txt: was taken."]
    assert folders.arrived_file(Measurement.objects.get().files.get()).stat().st_size == 8


def test_an_old_file_is_not_trusted_by_its_date_alone(folder, settings):
    settings.WATCHED_SECONDS = 60
    scan = folder.root / "scan.txt"
    scan.write_text("1 2\n")
    os.utime(scan, (0, 0))
    assert watched.look(folder) == []
    assert taken() == []


@pytest.mark.parametrize("inside", [False, True])
def test_a_link_that_leads_out_is_refused_and_nothing_read(folder, tmp_path, inside):
    secret = tmp_path / "secret.txt"
    secret.write_text("hush")
    place = folder.root
    if inside:
        place = folder.root / "map"
        place.mkdir()
        (place / "Si.txt").write_text("1 2\n")
    (place / "link.txt").symlink_to(secret)
    [said] = watched.look(folder)
    assert "is a link that leads out of the watched folder." in said
    assert watched.look(folder) == []  # it is said once
    assert taken() == []


def test_a_link_put_there_after_the_look_is_not_followed(folder, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("hush")
    scan = folder.root / "scan.txt"
    scan.write_text("1 2\n")
    [(_, source)] = watched._files(folder.root, scan)
    scan.unlink()
    scan.symlink_to(secret)
    with pytest.raises(OSError, match="symbolic"):
        source.open()


def test_what_is_no_file_is_refused(folder):
    os.mkfifo(folder.root / "pipe")
    assert "neither a file nor a folder" in watched.look(folder)[0]


def test_a_file_that_cannot_be_a_measurement_is_said_once(folder):
    (folder.root / "empty.txt").touch()
    assert "was refused: empty.txt is empty" in watched.look(folder)[0]
    assert watched.look(folder) == []


def test_hidden_files_are_left_alone(folder):
    (folder.root / ".scan.txt.part").write_text("1 2\n")
    assert watched.look(folder) == []


def test_larger_files_than_browsers_may_send_are_taken_up_to_a_limit(folder, settings):
    settings.UPLOAD_MAX_BYTES, settings.WATCHED_MAX_BYTES = 2, 6
    (folder.root / "a.txt").write_text("1 2\n")
    (folder.root / "b.txt").write_text("1 2 3 4\n")
    first, second = watched.look(folder)
    assert first == "a.txt: was taken."
    assert "b.txt: was refused: These files have" in second


def test_who_may_not_upload_there_does_not_by_a_folder_neither(folder):
    person("stranger")
    (folder.root / "scan.txt").write_text("1 2\n")
    stranger = watched.Folder(folder.root, folder.project, "stranger")
    assert "stranger may not upload into" in watched.look(stranger)[0]
    assert "is not there" in watched.look(watched.Folder(folder.root, 10**6, "beamline"))[0]
    assert taken() == []


def test_the_command_reads_which_folders_there_are(folder, settings, tmp_path):
    (folder.root / "scan.txt").write_text("1 2\n")
    listed = tmp_path / "watched.toml"
    listed.write_text(
        f'[[folder]]\nroot = "{folder.root}"\nproject = {folder.project}\nuser = "beamline"\n'
    )
    settings.WATCHED = str(listed)
    said = StringIO()
    call_command("ingest_folder", stdout=said)
    assert said.getvalue() == "scan.txt: was taken.\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[[folder]]\nroot = 'data'\nproject = 1\nuser = 'a'", "must begin with"),
        ("[[folder]]\nroot = '/data'", "cannot be read as a list"),
        ("nonsense", "cannot be read as a list"),
    ],
)
def test_a_list_that_is_wrong_is_refused(settings, tmp_path, text, sentence):
    listed: Path = tmp_path / "watched.toml"
    listed.write_text(text)
    settings.WATCHED = str(listed)
    with pytest.raises(CommandError, match=sentence):
        call_command("ingest_folder")
    settings.WATCHED = ""
    with pytest.raises(CommandError, match="no folder is watched"):
        call_command("ingest_folder")
