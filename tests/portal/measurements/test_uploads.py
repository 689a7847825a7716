"""The upload protocol, over HTTP and down to the files on disk."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from fiducial.accounts.models import User
from fiducial.measurements import folders
from fiducial.measurements.models import Measurement, Project
from fiducial.runs.models import Allotment
from tests.factories.measurements import ready
from tests.factories.people import lab, person

pytestmark = pytest.mark.django_db
State = Measurement.State
Answer = dict[str, Any]


@pytest.fixture(autouse=True)
def small_parts(settings: Settings) -> None:
    settings.UPLOAD_PART_BYTES = 10


def announce(client: Client, project: Project, files: dict[str, bytes], name: str = "") -> Any:
    listed = [{"path": path, "size": len(body)} for path, body in files.items()]
    return client.post(
        f"/projects/{project.pk}/uploads/",
        json.dumps({"name": name, "files": listed}),
        content_type="application/json",
    )


def put(client: Client, file: Answer, number: int, body: bytes, sha256: str = "") -> Any:
    return client.put(
        f"{file['parts_url']}{number}/",
        body,
        content_type="application/octet-stream",
        headers={"X-Content-SHA256": sha256 or hashlib.sha256(body).hexdigest()},
    )


def send(client: Client, project: Project, files: dict[str, bytes]) -> Any:
    """The whole protocol; the answer of its last step."""
    state = announce(client, project, files).json()
    for file in state["files"]:
        body = files[file["given"]]
        for number in range(-(-len(body) // 10)):
            put(client, file, number, body[10 * number : 10 * number + 10])
    return client.post(state["complete_url"])


def test_upload_arrives_whole_and_waits_for_the_reader(browser: Client, project: Project) -> None:
    answer = send(browser, project, {"Si.txt": b"1 2 3 4 5 6 7 8 9", "Fe.txt": b"4 5"})

    made = Measurement.objects.get()
    assert answer.json() == {"state": "quarantined", "page": f"/measurements/{made.pk}/"}
    silicon = made.files.get(name="Si.txt")
    assert folders.arrived_file(silicon).read_bytes() == b"1 2 3 4 5 6 7 8 9"
    assert silicon.sha256 == hashlib.sha256(b"1 2 3 4 5 6 7 8 9").hexdigest()
    assert silicon.complete


def test_upload_is_continued_after_everything_was_lost(browser: Client, project: Project) -> None:
    files = {"Si.txt": b"0123456789abcdefghij!"}
    first = announce(browser, project, files)
    put(browser, first.json()["files"][0], 1, b"abcdefghij")

    again = announce(browser, project, files)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == first.json()["id"]
    (file,) = again.json()["files"]
    assert file["parts"] == {"1": hashlib.sha256(b"abcdefghij").hexdigest()}
    put(browser, file, 2, b"!")
    put(browser, file, 0, b"0123456789")
    assert browser.post(again.json()["complete_url"]).json()["state"] == State.QUARANTINED
    stored = folders.arrived_file(Measurement.objects.get().files.get())
    assert stored.read_bytes() == files["Si.txt"]


def test_upload_state_says_which_parts_arrived(browser: Client, project: Project) -> None:
    state = announce(browser, project, {"Si.txt": b"x" * 25}).json()
    put(browser, state["files"][0], 0, b"x" * 10)

    answer = browser.get(f"/measurements/{state['id']}/upload/").json()

    assert list(answer["files"][0]["parts"]) == ["0"]
    assert answer["part_bytes"] == 10


def test_part_with_a_wrong_hash_is_refused_and_can_be_sent_again(
    browser: Client, project: Project
) -> None:
    file = announce(browser, project, {"Si.txt": b"0123456789"}).json()["files"][0]

    damaged = put(browser, file, 0, b"012345678X", hashlib.sha256(b"0123456789").hexdigest())

    assert damaged.status_code == 422
    assert damaged.json()["error"] == (
        "Part 0 of Si.txt was damaged on its way: its hash differs. Send it again."
    )
    assert Measurement.objects.get().files.get().parts == {}
    assert put(browser, file, 0, b"0123456789").json() == {"received": 0}


@pytest.mark.parametrize(
    ("number", "body", "status", "sentence"),
    [
        (0, b"short", 409, "has 5 bytes instead of 10"),
        (0, b"much too long for this", 409, "has 11 bytes instead of 10"),
        (7, b"0123456789", 400, "There is no part 7"),
    ],
)
def test_part_of_another_size_is_refused(
    browser: Client, project: Project, number: int, body: bytes, status: int, sentence: str
) -> None:
    file = announce(browser, project, {"Si.txt": b"x" * 25}).json()["files"][0]

    answer = put(browser, file, number, body)

    assert answer.status_code == status
    assert sentence in answer.json()["error"]


def test_complete_says_what_is_missing(browser: Client, project: Project) -> None:
    state = announce(browser, project, {"Si.txt": b"x" * 25}).json()
    put(browser, state["files"][0], 0, b"x" * 10)

    answer = browser.post(state["complete_url"])

    assert answer.status_code == 409
    assert "2 parts of Si.txt have not arrived" in answer.json()["error"]
    assert Measurement.objects.get().state == State.UPLOADING


def test_upload_over_the_limit_is_refused_before_a_byte_is_sent(
    browser: Client, project: Project, settings: Settings
) -> None:
    settings.UPLOAD_MAX_BYTES, settings.UPLOAD_MAX_FILES = 30, 3

    large = announce(browser, project, {"Si.txt": b"x" * 20, "Fe.txt": b"x" * 11})
    many = announce(browser, project, {f"{k}.txt": b"x" for k in range(4)})

    assert (large.status_code, many.status_code) == (413, 413)
    assert "31\xa0bytes together; one upload holds at most 30\xa0bytes" in large.json()["error"]
    assert "one upload holds at most 3" in many.json()["error"]
    assert not Measurement.objects.exists()


def test_upload_that_does_not_fit_on_the_disk_is_refused(
    browser: Client, project: Project, settings: Settings
) -> None:
    settings.UPLOAD_MAX_BYTES, settings.STORAGE_GB = 10**18, 10**10

    answer = browser.post(
        f"/projects/{project.pk}/uploads/",
        json.dumps({"files": [{"path": "Si.txt", "size": 10**17}]}),
        content_type="application/json",
    )

    assert answer.status_code == 507
    assert "Nothing was sent; ask the operator for room." in answer.json()["error"]


def test_full_disk_keeps_the_parts_that_arrived(browser: Client, project: Project) -> None:
    file = announce(browser, project, {"Si.txt": b"x" * 25}).json()["files"][0]
    put(browser, file, 0, b"x" * 10)
    arriving = folders.arriving_file(Measurement.objects.get().files.get())
    kept = arriving.rename(arriving.with_suffix(".kept"))
    arriving.symlink_to("/dev/full")  # a device on which every write finds the disk full

    answer = put(browser, file, 1, b"x" * 10)

    assert answer.status_code == 507
    assert "The parts that arrived are kept" in answer.json()["error"]
    assert list(Measurement.objects.get().files.get().parts) == ["0"]
    arriving.unlink()
    kept.rename(arriving)
    assert put(browser, file, 1, b"x" * 10).status_code == 200


def test_same_files_twice_point_to_the_first(
    browser: Client, project: Project, django_capture_on_commit_callbacks: Any
) -> None:
    send(browser, project, {"Si.txt": b"1 2 3", "Fe.txt": b"4 5 6"})
    first = Measurement.objects.get()

    with django_capture_on_commit_callbacks(execute=True):
        answer = send(browser, project, {"iron.txt": b"4 5 6", "silicon.txt": b"1 2 3"})

    assert answer.status_code == 409
    assert answer.json()["existing"] == f"/measurements/{first.pk}/"
    assert f"as “{first.name}”" in answer.json()["error"]
    assert list(Measurement.objects.all()) == [first]
    assert folders.arrived_file(first.files.get(name="Fe.txt")).read_bytes() == b"4 5 6"
    assert list(folders.quarantine(first.pk).parent.iterdir()) == [folders.quarantine(first.pk)]


def test_same_files_may_be_in_two_projects(browser: Client, member: User) -> None:
    mine = lab(member=member)
    one, two = mine.projects.create(name="One"), mine.projects.create(name="Two")

    assert send(browser, one, {"Si.txt": b"1 2 3"}).status_code == 200
    assert send(browser, two, {"Si.txt": b"1 2 3"}).status_code == 200


def test_upload_makes_names_harmless_and_takes_folders(browser: Client, project: Project) -> None:
    send(browser, project, {"../../map.zarr/zarr.json": b"{}", "map.zarr/0/c/0": b"1"})

    made = Measurement.objects.get()
    root = folders.quarantine(made.pk) / "files"
    assert sorted(made.files.values_list("name", flat=True)) == [
        "map.zarr/0/c/0",
        "map.zarr/zarr.json",
    ]
    assert folders.files_to_read(made) == [root / "map.zarr"]
    assert made.name == "zarr"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        '{"files": 3}',
        '{"files": [{"path": "x"}]}',
        '{"files": [{"path": "x", "size": "y"}]}',
    ],
)
def test_create_explains_what_it_wants(browser: Client, project: Project, body: str) -> None:
    answer = browser.post(f"/projects/{project.pk}/uploads/", body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["error"].startswith("Send {")


def test_create_refuses_no_files_and_empty_files(browser: Client, project: Project) -> None:
    assert announce(browser, project, {}).json()["error"] == "Choose at least one file."
    assert "Si.txt is empty" in announce(browser, project, {"Si.txt": b""}).json()["error"]


def test_upload_tells_a_signed_out_person_to_sign_in(client: Client, project: Project) -> None:
    answer = announce(client, project, {"Si.txt": b"1"})

    assert answer.status_code == 401
    assert "Sign in and choose the same files again" in answer.json()["error"]


def test_reviewer_sees_but_cannot_upload(client: Client) -> None:
    reviewer = person()
    project = lab(reviewer=reviewer).projects.create(name="Read only")
    client.force_login(reviewer)

    answer = announce(client, project, {"Si.txt": b"1"})

    assert answer.status_code == 403
    assert "Only owners and members" in answer.json()["error"]


def test_complete_measurement_takes_no_more_parts(browser: Client, project: Project) -> None:
    made = ready(project)
    file = made.files.create(name="late.txt", size=10)

    answer = browser.put(
        f"/measurements/{made.pk}/files/{file.pk}/parts/0/",
        b"x" * 10,
        content_type="application/octet-stream",
        headers={"X-Content-SHA256": hashlib.sha256(b"x" * 10).hexdigest()},
    )

    assert answer.status_code == 400
    assert "is complete; start a new upload" in answer.json()["error"]
    assert not Path(folders.arriving_file(file)).exists()


def test_what_a_lab_has_no_room_for_is_refused_before_a_byte_is_sent(
    browser: Client, project: Project
) -> None:
    Allotment.objects.create(lab=project.lab, storage_gb=0.003)
    assert (
        "has 3 MB of 3 MB left in the store"
        in browser.get(f"/projects/{project.pk}/upload/").content.decode()
    )
    listed = {"files": [{"path": "Si.txt", "size": 2_000_000}]}
    address = f"/projects/{project.pk}/uploads/"
    first = browser.post(address, json.dumps(listed), content_type="application/json")
    assert first.status_code == 201
    listed["files"][0]["size"] = 1_100_000
    second = browser.post(address, json.dumps(listed), content_type="application/json")
    assert second.status_code == 507
    assert second.json()["error"].startswith(
        f"This takes 1 MB, and {project.lab} has 1 MB of 3 MB left in the store. Delete"
    )
    assert Measurement.objects.count() == 1


def test_room_that_went_meanwhile_refuses_the_end_and_keeps_what_arrived(
    browser: Client, project: Project
) -> None:
    allotted = Allotment.objects.create(lab=project.lab, storage_gb=1.0)
    state = announce(browser, project, {"Si.txt": b"1 2 3"}).json()
    put(browser, state["files"][0], 0, b"1 2 3")
    allotted.storage_gb = 0.0
    allotted.save()
    answer = browser.post(state["complete_url"])
    assert answer.status_code == 507
    assert "What arrived is kept; complete it again when there is room." in answer.json()["error"]
    assert Measurement.objects.get().state == "uploading"
    allotted.storage_gb = 1.0
    allotted.save()
    assert browser.post(state["complete_url"]).json()["state"] == "quarantined"
