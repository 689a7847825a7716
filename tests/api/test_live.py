"""Frames that arrive one by one: opening a scan for them, sending them, closing it."""

import json
from datetime import timedelta

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from fiducial.live import services as live
from fiducial.live.models import LiveScan
from fiducial.measurements import folders, services
from fiducial.measurements.models import Measurement
from fiducial.runs.models import Run
from fiducial.trail.models import Entry
from tests.factories import live as factory
from tests.factories import measurements, people, scans, tokens
from tests.factories.live import FRAMES, body
from workers.scan import DiffractionScan
from workers.store import read_measurement
from workers.store.live import LiveStore


@pytest.fixture
def member(db):
    return people.person()


@pytest.fixture
def project(member):
    return measurements.project(people.lab(member=member))


@pytest.fixture
def program(member) -> Client:
    """The detector's program: a token of the member that may write."""
    return tokens.program(member)


def send(program: Client, scan: LiveScan, sent: bytes):
    return program.post(
        f"/api/v1/measurements/{scan.measurement_id}/live/frames",
        sent,
        content_type="application/octet-stream",
    )


def look(program: Client, scan: LiveScan) -> dict:
    return program.get(f"/api/v1/measurements/{scan.measurement_id}/live").json()


def close(program: Client, scan: LiveScan):
    return program.post(f"/api/v1/measurements/{scan.measurement_id}/live/close")


def open_by_api(program: Client, project, **said):
    asked = {"frames": FRAMES, "side": scans.SIDE, "zero": "corner", "preview": False, **said}
    return program.post(
        f"/api/v1/projects/{project.pk}/live", json.dumps(asked), content_type="application/json"
    )


def test_a_program_opens_a_scan_sends_its_frames_and_closes_it(program, project):
    frames, places, _ = factory.counted()
    made = open_by_api(program, project, name="Tip 7", positions=places.tolist()).json()
    assert (made["state"], made["planned"], made["received"]) == ("waiting", FRAMES, 0)
    assert made["page"] == f"/measurements/{made['id']}/live/"
    scan = LiveScan.objects.get()

    answer = send(program, scan, body(frames[:20], 0))  # the number of the first is enough
    assert answer.json() == {"kept": 20, "again": 0, "received": 20, "planned": FRAMES}
    send(program, scan, body(frames[20:], list(range(20, FRAMES))))
    assert look(program, scan)["state"] == "arriving"
    assert look(program, scan)["per_second"] > 0

    assert close(program, scan).json()["state"] == "ended"
    assert services.ingest(measurement_id=scan.measurement_id)
    found = Measurement.objects.get()
    assert (found.name, found.state, found.content) == ("Tip 7", "ready", "scan")
    read = read_measurement(folders.revision(found.pk, 1), DiffractionScan)
    np.testing.assert_array_equal(read.frames, frames)
    np.testing.assert_array_equal(read.positions, places)
    actions = list(Entry.objects.order_by("pk").values_list("action", "by_name"))
    name = found.uploaded_by.username
    assert actions[-2:] == [("scan.opened", name), ("scan.closed", name)]


def test_frames_that_come_in_any_order_twice_or_never_are_matched_by_their_numbers(
    program, project, member
):
    frames, places, _ = factory.counted()
    scan = factory.opened(project, member)
    send(program, scan, body(frames[[30, 12, 4]], [30, 12, 4]))
    rest = [n for n in range(FRAMES) if n not in (4, 7, 12, 20, 21, 30)]
    send(program, scan, body(frames[rest], rest))
    other = frames[:2] + 1  # the first of each number stays
    assert send(program, scan, body(other, [4, 12])).json()["again"] == 2
    twice = send(program, scan, body(frames[[7, 7]], [7, 7])).json()
    assert (twice["kept"], twice["again"]) == (1, 1)

    seen = look(program, scan)
    assert (seen["received"], seen["again"], seen["dropped"]) == (FRAMES - 2, 3, 2)
    assert seen["gaps"] == [{"first": 20, "last": 21}]
    close(program, scan)
    services.ingest(measurement_id=scan.measurement_id)
    read = read_measurement(folders.revision(scan.measurement_id, 1), DiffractionScan)
    came = [n for n in range(FRAMES) if n not in (20, 21)]
    assert read.index.tolist() == came
    np.testing.assert_array_equal(read.frames, frames[came])
    np.testing.assert_array_equal(read.positions, places[came])


def test_frames_may_bring_their_places(program, project, member):
    frames, places, _ = factory.counted()
    scan = factory.opened(project, member, positions=None)
    order = np.random.default_rng(0).permutation(FRAMES)
    for part in np.array_split(order, 3):
        sent = body(frames[part], part.tolist(), positions=places[part].tolist())
        assert send(program, scan, sent).status_code == 200
    close(program, scan)
    services.ingest(measurement_id=scan.measurement_id)
    read = read_measurement(folders.revision(scan.measurement_id, 1), DiffractionScan)
    np.testing.assert_array_equal(read.frames, frames)
    np.testing.assert_array_equal(read.positions, places)


FRAME = np.ones((1, scans.SIDE, scans.SIDE), np.uint16)
LINE = b'{"index": 0}\n'


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (b"", "Begin with one line of JSON"),
        (FRAME.tobytes(), "Begin with one line of JSON"),
        (b"[1]\n" + FRAME.tobytes(), "The first line is not an object"),
        (b"{index: 1}\n" + FRAME.tobytes(), "The first line is not JSON"),
        (LINE, "0 bytes of frames are no whole number of frames"),
        (LINE + FRAME.tobytes()[:-1], "one of 32 × 32 pixels of uint16 has 2,048"),
        (body(FRAME, [0, 1]), "There are 1 frames and 2 numbers"),
        (body(FRAME, ["0"]), "“index” must be the numbers"),
        (body(FRAME, True), "“index” must be the numbers"),
        (body(FRAME, [-1]), "There is no frame -1"),
        (body(FRAME, [FRAMES]), f"There is no frame {FRAMES}: this scan was opened for {FRAMES}"),
    ],
)
def test_a_delivery_that_cannot_be_right_is_refused_and_nothing_of_it_kept(
    program, project, member, sent, sentence
):
    scan = factory.opened(project, member)
    answer = send(program, scan, sent)
    assert answer.status_code == 400
    assert sentence in answer.json()["detail"]
    assert look(program, scan)["received"] == 0
    assert list(LiveStore(folders.live(scan.measurement_id)).deliveries()) == []


@pytest.mark.parametrize("positions", [None, [[1.0]], [[1.0, float("nan")]], "here", [[1, 2]] * 2])
def test_a_frame_without_its_place_is_refused_where_places_come_with_frames(
    program, project, member, positions
):
    scan = factory.opened(project, member, positions=None)
    answer = send(program, scan, body(FRAME, 0, positions=positions))
    assert answer.status_code == 400
    assert "“positions” must hold (row, column) of each of the 1 frames" in answer.json()["detail"]


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0])
def test_values_that_no_count_can_be_are_refused_with_the_number_of_their_frame(
    program, project, member, value
):
    scan = factory.opened(project, member, optics=factory.optics(type="float32"))
    frames = np.ones((2, scans.SIDE, scans.SIDE), np.float32)
    frames[1, 3, 5] = value
    answer = send(program, scan, body(frames, [8, 9]))
    assert answer.status_code == 400
    assert "Frame 9 holds values that are below 0 or no numbers" in answer.json()["detail"]
    assert send(program, scan, body(frames[:1], [8])).json()["kept"] == 1


def test_more_at_once_than_one_delivery_holds_is_refused(program, project, member, settings):
    settings.LIVE_FRAMES_AT_ONCE, settings.LIVE_BODY_BYTES = 4, 4096
    scan = factory.opened(project, member)
    many = np.zeros((5, scans.SIDE, scans.SIDE), np.uint16)
    for sent in (body(many, 0), b"x" * 5000):
        answer = send(program, scan, sent)
        assert (answer.status_code, answer.json()["type"]) == (
            413,
            "urn:fiducial:problem:too-large",
        )


def test_a_closed_scan_takes_no_more_and_closing_again_changes_nothing(program, project, member):
    frames, *_ = factory.counted()
    scan = factory.opened(project, member)
    empty = close(program, scan)
    assert empty.status_code == 400
    assert "No frame has arrived, so there is nothing to close" in empty.json()["detail"]
    send(program, scan, body(frames, 0))
    assert [close(program, scan).json()["state"] for _ in range(2)] == ["ended", "ended"]
    late = send(program, scan, body(frames[:1], 0))
    assert (late.status_code, late.json()["type"]) == (409, "urn:fiducial:problem:closed")
    assert Entry.objects.filter(action="scan.closed").count() == 1


def test_a_scan_that_is_silent_for_too_long_is_closed_by_the_portal(program, project, member):
    frames, *_ = factory.counted()
    scan = factory.opened(project, member)
    send(program, scan, body(frames[:20], 0))
    live.sweep()
    assert look(program, scan)["state"] == "arriving"
    LiveScan.objects.update(last_frame=timezone.now() - timedelta(hours=1))
    live.sweep()
    scan.refresh_from_db()
    assert (scan.why, scan.measurement.state) == ("silence", "quarantined")
    said = Entry.objects.get(action="scan.closed")
    assert (said.by, said.reason) == (None, "no frames came any more")


def test_room_for_all_frames_is_reserved_and_given_back_when_fewer_came(program, project, member):
    frames, *_ = factory.counted()
    scan = factory.opened(project, member)
    file = scan.measurement.files.get()
    assert file.size == FRAMES * scans.SIDE**2 * 2
    send(program, scan, body(frames[:4], 0))
    close(program, scan)
    file.refresh_from_db()
    assert 0 < file.size < 4 * scans.SIDE**2 * 2


@pytest.mark.parametrize(
    ("said", "status", "sentence"),
    [
        ({"frames": 0}, 400, "opened for 1 to 100,000 frames"),
        ({"side": 513}, 400, "16 to 512 pixels a side"),
        ({"frames": 100_000, "side": 512}, 413, "a scan takes up to 512"),
        ({"positions": [[0, 0]]}, 400, "There are 1 places for 36 frames"),
        ({"position_unit": "um"}, 400, "need the pixel of the object"),
        ({"type": "int8"}, 422, "type"),
    ],
)
def test_a_scan_that_could_never_be_used_is_not_opened(program, project, said, status, sentence):
    answer = open_by_api(program, project, **said)
    assert answer.status_code == status
    assert sentence in answer.json()["detail"]
    assert not Measurement.objects.exists()


def test_the_quota_of_the_lab_counts(program, project, settings):
    settings.STORAGE_GB = 1e-6
    answer = open_by_api(program, project)
    assert (answer.status_code, answer.json()["type"]) == (507, "urn:fiducial:problem:over-quota")


def test_a_preview_may_start_from_the_probe_of_an_earlier_scan(program, project, member):
    earlier = measurements.ready(project, member, scans.scan())
    made = open_by_api(program, project, probe_of=str(earlier.pk)).json()
    store = LiveStore(folders.live(made["id"]))
    np.testing.assert_array_equal(store.probe, scans.scan().probe)
    probeless = measurements.ready(project, member, scans.scan(probe=None))
    answer = open_by_api(program, project, probe_of=str(probeless.pk))
    assert "holds no probe to start from" in answer.json()["detail"]


def test_a_scan_of_another_lab_answers_as_one_that_is_missing(project, member):
    scan = factory.opened(project, member)
    stranger = tokens.program(people.person())
    for answer in (
        send(stranger, scan, body(FRAME, 0)),
        close(stranger, scan),
        stranger.get(f"/api/v1/measurements/{scan.measurement_id}/live"),
        open_by_api(stranger, project),
    ):
        assert answer.status_code == 404


def test_what_is_open_cannot_be_run_and_its_preview_cannot_be_frozen(program, project, member):
    scan = factory.opened(project, member, preview=True)
    run = Run.objects.get()
    assert (run.recipe, run.measurement_revision) == ("diffraction-live", 0)
    asked = {"measurement": str(scan.measurement_id), "recipe": "diffraction"}
    answer = program.post("/api/v1/runs", json.dumps(asked), content_type="application/json")
    assert "its frames are still arriving. Close the scan first." in answer.json()["detail"]
    Run.objects.update(state=Run.State.SUCCEEDED)
    frozen = program.post(f"/api/v1/runs/{run.pk}/reports", "{}", content_type="application/json")
    assert "A preview cannot be frozen" in frozen.json()["detail"]
