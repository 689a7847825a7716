"""The run that shows a scan while its frames arrive, from a worker's and a visitor's side."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from fiducial.live import queries, services
from fiducial.live.models import LiveScan
from fiducial.measurements import services as measuring
from fiducial.runs import services as runs_services
from fiducial.runs.models import Run
from tests.factories import live, measurements, people, scans
from tests.factories.live import FRAMES, body

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def member():
    return people.person()


@pytest.fixture
def scan(member) -> LiveScan:
    """Open, with a preview queued that starts from the probe of an earlier scan."""
    project = measurements.project(people.lab(member=member))
    earlier = measurements.ready(project, member, scans.scan())
    return live.opened(project, member, preview=True, probe_of=earlier, name="Tip 7")


@pytest.fixture
def page(member, scan, client: Client) -> Callable[..., str]:
    client.force_login(member)
    return lambda part="": client.get(f"/measurements/{scan.measurement_id}/live/{part}")


@pytest.fixture
def worker() -> Iterator[threading.Thread]:
    with live.worker() as thread:
        yield thread


def until(said: Callable[[], Any], seconds: float = 20.0) -> Any:
    end = time.monotonic() + seconds
    while not (answer := said()) and time.monotonic() < end:
        time.sleep(0.05)
    assert answer, "it did not come"
    return answer


def send(scan: LiveScan, member, first: int, last: int) -> None:
    frames, *_ = live.counted()
    services.receive(scan=scan, user=member, body=body(frames[first:last], first))


def text(answer) -> str:
    return " ".join(answer.content.decode().split())


def test_the_page_follows_a_scan_from_its_first_frame_to_the_measurement_it_becomes(
    scan, member, page, worker, client
):
    assert "waiting for the first frame" in text(page())
    assert "The preview waits for a free worker" in text(page("progress/"))
    assert page("picture/").status_code == 204

    worker.start()
    send(scan, member, 0, 18)
    send(scan, member, 20, 30)
    scan.refresh_from_db()
    until(lambda: queries.standing(scan).used == 28)
    moving = text(page("progress/"))
    assert "28 of 36 frames" in moving
    assert "Backlog</dt><dd>0 frames arrived and not used yet" in moving
    assert "2, by number: 18–19" in moving

    shown = page("picture/")
    figures = shown.json()
    assert set(figures) == {"amplitude", "phase"}
    bar = figures["phase"]["data"][0]["marker"]["colorbar"]["title"]["text"]
    axis = figures["phase"]["layout"]["xaxis"]["title"]["text"]
    assert (bar, axis) == ("phase (rad)", "column (pixels)")

    send(scan, member, 30, FRAMES)
    services.close(scan=scan, user=member)
    worker.join(30)
    run = Run.objects.get()
    assert (run.state, run.error) == ("succeeded", "")
    assert run.summary["used"] == FRAMES - 2
    assert page("progress/")["HX-Refresh"] == "true"
    ended = text(page())
    assert "Its 34 frames are <a" in ended
    assert "hx-get" not in ended
    assert set(page("picture/").json()) == {"amplitude", "phase"}
    assert client.get(f"/runs/{run.pk}/")["Location"].endswith(f"{scan.measurement_id}/live/")

    assert measuring.ingest_next()
    found = text(client.get(f"/measurements/{scan.measurement_id}/"))
    assert "Its frames arrived one by one" in found
    again = runs_services.submit(
        measurement=LiveScan.objects.get().measurement,
        recipe="diffraction",
        parameters={},
        seed=0,
        by=member,
    )
    assert again.measurement_revision == 1


def test_a_preview_that_was_stopped_can_be_started_again_and_begins_with_what_arrived(
    scan, member, page, worker, client
):
    runs_services.cancel(run=Run.objects.get(), by=member)
    assert "The preview was stopped." in text(page())
    send(scan, member, 0, FRAMES)
    client.post(f"/measurements/{scan.measurement_id}/live/preview/")
    worker.start()
    until(lambda: queries.standing(scan).used == FRAMES)
    runs_services.cancel(run=scan.run, by=member)
    worker.join(20)
    assert scan.run.state == "cancelled"
    assert page("picture/").status_code == 204


def test_a_browser_that_has_the_picture_is_not_sent_it_again(scan, member, page, worker, client):
    send(scan, member, 0, FRAMES)
    services.close(scan=scan, user=member)
    worker.start()
    worker.join(30)
    shown = page("picture/")
    again = client.get(shown.wsgi_request.path, headers={"If-None-Match": shown["ETag"]})
    assert (shown.status_code, again.status_code) == (200, 304)


def test_a_person_opens_a_scan_with_a_table_of_places(member, client):

    project = measurements.project(people.lab(member=member))
    client.force_login(member)
    _, places, _ = live.counted()
    lines = "\n".join(f"{row:g}, {column:g}" for row, column in places).encode()
    said = {"name": "Tip 8", "frames": FRAMES, "side": scans.SIDE, "type": "uint16"}
    said |= {"zero": "corner", "position_unit": "px", "axes": "stated"}
    said["table"] = SimpleUploadedFile("places.csv", lines[:-4])
    wrong = client.post(f"/projects/{project.pk}/live/", said)
    assert wrong.status_code == 422
    said["table"] = SimpleUploadedFile("places.csv", lines)
    opened = client.post(f"/projects/{project.pk}/live/", said)
    assert opened["Location"] == f"/measurements/{LiveScan.objects.get().measurement_id}/live/"
    assert "POST http://testserver/api/v1/measurements/" in text(client.get(opened["Location"]))
    listed = text(client.get(f"/projects/{project.pk}/"))
    assert "frames still arriving" in listed
